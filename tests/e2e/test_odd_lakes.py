# SPDX-License-Identifier: Apache-2.0

"""Lakes as they should not be, and what breaks while the command runs."""

import base64
import json
import os
import random
import re
import resource
import shlex
import shutil
import subprocess

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import strict
from conftest import alone, data_files, live_files, rows_of, snapshot, write

SECONDS = 60

# What is listed and cannot be read.


def test_links_that_lead_nowhere_are_named_and_left(regroup, source, home):
    (source / "self.parquet").symlink_to("self.parquet")
    (source / "dangling.parquet").symlink_to("nowhere")
    result = regroup("compact", source, home, timeout=SECONDS).must(3)
    reasons = alone(result)
    assert sorted(reasons) == ["dangling.parquet", "self.parquet"]
    assert str(source) not in "".join(reasons.values())
    assert rows_of(data_files(home)) == list(range(500))
    regroup("plan", source, home, "--all", timeout=SECONDS).must(3)
    regroup("compact", source, home, "--all", timeout=SECONDS).must(3)
    assert rows_of(data_files(home)) == list(range(500))


def test_links_to_folders_that_hold_them_are_not_followed(regroup, source, home):
    (source / "loop").symlink_to(source)
    os.mkfifo(source / "pipe.parquet")
    os.mkfifo(source / "pipe")
    regroup("compact", source, home, timeout=SECONDS).must(0)
    assert rows_of(data_files(home)) == list(range(500))


def test_a_link_to_the_destination_is_not_followed(regroup, source, home):
    (source / "latest").symlink_to(home)
    for _ in range(3):
        result = regroup("compact", source, home, timeout=SECONDS).must(3)
        assert list(alone(result)) == ["latest/"]
        assert rows_of(live_files(regroup, home)) == list(range(500))


def test_files_of_several_names_in_place(regroup, source, tmp_path):
    """Each name is a file like any other: deleting one changes the ctime of the others."""
    (source / "g0.parquet").hardlink_to(source / "f0.parquet")
    write(source / "k=1" / "f9.parquet", 900)
    (source / "k=1" / "f1.parquet").hardlink_to(source / "f1.parquet")
    (tmp_path / "backup.parquet").hardlink_to(source / "f2.parquet")
    rows = [*range(500), *range(100), *range(100, 200), *range(900, 1000)]
    for _ in range(2):
        regroup("compact", "--in-place", source).must(0)
        assert sorted(rows_of(live_files(regroup, source))) == sorted(rows)
    assert len(data_files(source)) == 2
    assert rows_of([tmp_path / "backup.parquet"]) == list(range(200, 300))


def test_links_in_place_go_with_their_targets(regroup, source):
    """Deletions have no order: the target of a link may be the first."""
    write(source / "k=1" / "f5.parquet", 500)
    (source / "aa.parquet").symlink_to("f0.parquet")
    (source / "latest.parquet").symlink_to("f0.parquet")
    (source / "k=1" / "latest.parquet").symlink_to("f5.parquet")
    rows = [*range(600), *range(100), *range(100), *range(500, 600)]
    for _ in range(2):
        regroup("compact", "--in-place", source).must(0)
        assert sorted(rows_of(data_files(source))) == sorted(rows)
    assert not [path for path in source.rglob("*.parquet") if path.is_symlink()]


@pytest.mark.parametrize("where", ["place", "trash"])
def test_a_run_that_was_killed_between_a_target_and_its_link(where, regroup, source):
    (source / "latest.parquet").symlink_to("f0.parquet")
    regroup("compact", "--in-place", source, "--grace", "1h").must(0)
    (source / "f0.parquet").unlink()
    (source / "f1.parquet").unlink()
    (source / "f1.parquet").symlink_to("not there yet")
    if where == "trash":
        (source / "_regroup" / "_trash" / "0123456789abcdef").mkdir(parents=True)
        trash = source / "_regroup" / "_trash" / "0123456789abcdef" / "latest.parquet"
        (source / "latest.parquet").rename(trash)
    # What a user made of a name since then is the user's.
    for _ in range(2):
        reasons = alone(regroup("compact", "--in-place", source).must(3))
        assert list(reasons) == ["f1.parquet"]
    (source / "f1.parquet").unlink()
    regroup("compact", "--in-place", source).must(0)
    assert sorted(rows_of(data_files(source))) == sorted([*range(500), *range(100)])
    assert not [path for path in source.rglob("*.parquet") if path.is_symlink()]


def test_files_of_several_names_in_a_record_that_does_not_say_so(regroup, source):
    """Older versions wrote no "n" behind the inode: what was taken then counts as taken."""
    (source / "g0.parquet").hardlink_to(source / "f0.parquet")
    regroup("compact", "--in-place", source, "--grace", "1h").must(0)
    (record,) = (source / "_regroup").glob("_0*.json")
    text = record.read_text()
    older = re.sub(r'("c[0-9]+i[0-9]+)n"', r'\1"', text)
    assert len(text) - len(older) == 2
    record.write_text(older)
    for grace in ("1h", "0s"):
        regroup("compact", "--in-place", source, "--grace", grace).must(0)
    assert sorted(rows_of(data_files(source))) == sorted([*range(500), *range(100)])


def test_a_file_that_was_linked_after_it_was_taken(regroup, source, tmp_path):
    """It may have been rewritten as well: it is left, and what is said names both."""
    regroup("compact", "--in-place", source, "--grace", "1h").must(0)
    (tmp_path / "backup.parquet").hardlink_to(source / "f0.parquet")
    reasons = alone(regroup("compact", "--in-place", source).must(3))
    assert list(reasons) == ["f0.parquet"] and "links" in reasons["f0.parquet"]
    assert [path.name[0] for path in data_files(source)] == ["f", "p"]


@pytest.mark.parametrize("way", ["to a destination", "in place"])
def test_a_folder_that_cannot_be_listed_stops_no_other(way, regroup, source, home, unprivileged):
    write(source / "p=1" / "a.parquet", 500)
    write(source / "p=1" / "b.parquet", 600)
    write(source / "p=2" / "a.parquet", 700)
    if unprivileged:
        for folder in (source, source / "p=1", source / "p=2"):
            folder.chmod(0o777)
    (source / "p=2").chmod(0)
    places = [source, home] if way == "to a destination" else ["--in-place", source]
    result = regroup("compact", *places, timeout=SECONDS, **unprivileged).must(3)
    assert list(alone(result)) == ["p=2/"]
    assert regroup("plan", *places, timeout=SECONDS, **unprivileged).must(3)
    (source / "p=2").chmod(0o777)
    regroup("compact", *places, timeout=SECONDS, **unprivileged).must(0)
    found = rows_of(data_files(source if way == "in place" else home))
    assert sorted(found) == list(range(800))


def fill_partitions(lake, count=6):
    for number in range(count * 3):
        write(lake / f"p={number % count}" / f"f{number}.parquet", number * 100)
    return lake


def test_a_partition_that_cannot_be_written_to_stops_no_other(regroup, tmp_path, unprivileged):
    lake = fill_partitions(tmp_path / "lake")
    bad = [lake / "p=0", lake / "p=3"]
    for path in [lake, *lake.iterdir()]:
        path.chmod(0o555 if path in bad else 0o777)
    for _ in range(2):
        result = regroup("compact", "--in-place", lake, **unprivileged).must(1)
        said = [line for line in result.err.splitlines() if "Permission denied" in line]
        assert [line.split(": ")[0] for line in said] == ["warning", "error"]
        assert "p=0/" in "".join(said) and "p=3/" in "".join(said)
        assert said[1].endswith("; 1 other failure")
        made = [path.parent for path in data_files(lake) if path.name.startswith("part-")]
        assert sorted(made) == sorted(set(lake.glob("p=*")) - set(bad))
    for path in bad:
        path.chmod(0o777)
    regroup("compact", "--in-place", lake, **unprivileged).must(0)
    assert sorted(rows_of(live_files(regroup, lake))) == list(range(1800))


@pytest.mark.parametrize("what", ["a file", "a file for its ledger", "a link to itself"])
def test_a_partition_that_has_no_place_stops_no_other(what, regroup, tmp_path, home):
    source = fill_partitions(tmp_path / "source", 4)
    place = home / "_regroup" / "p=1" if what == "a file for its ledger" else home / "p=1"
    place.parent.mkdir(parents=True)
    if what == "a link to itself":
        place.symlink_to("p=1")
    else:
        place.write_bytes(b"")
    for _ in range(2):
        result = regroup("compact", source, home).must(1)
        assert f"{place}/" in result.err
        assert sorted(path.parent.name for path in data_files(home)) == ["p=0", "p=2", "p=3"]
    place.unlink()
    regroup("compact", source, home).must(0)
    assert sorted(rows_of(live_files(regroup, home))) == list(range(1200))


def test_a_partition_whose_path_gets_too_long_stops_no_other(regroup, tmp_path):
    """2,700 bytes of partition, and 1,400 and more of the destination."""
    source = fill_partitions(tmp_path / "source", 3)
    here = os.open(source, os.O_RDONLY)
    for _ in range(12):
        os.mkdir("k" * 225, dir_fd=here)
        below = os.open("k" * 225, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.link(source / "p=0" / "f0.parquet", "f.parquet", dst_dir_fd=here)
    os.close(here)
    home = tmp_path.joinpath(*(7 * ["d" * 200]))
    regroup("compact", source, home).must(65)
    assert sorted(path.parent.name for path in data_files(home)) == ["p=0", "p=1", "p=2"]
    regroup("compact", source, tmp_path / "near").must(0)
    assert len(data_files(tmp_path / "near")) == 4


def test_a_ledger_that_cannot_be_read_stops_no_other(regroup, tmp_path, home):
    source = fill_partitions(tmp_path / "source", 3)
    regroup("compact", source, home).must(0)
    record = home / "_regroup" / "p=1" / "_000001.json"
    text = record.read_text()
    record.write_text(text[:-40])
    for number in range(3):
        write(source / f"p={number}" / "late.parquet", 900 + number * 100)
    result = regroup("compact", source, home).must(65)
    assert "error: p=1/: " in result.err and "_000001.json" in result.err
    assert "2 partitions" in result.err
    assert rows_of(data_files(home / "p=2"))[-100:] == list(range(1100, 1200))
    record.write_text(text)
    regroup("compact", source, home).must(0)
    assert sorted(rows_of(live_files(regroup, home))) == list(range(1200))


BAD_SECTOR = r"""
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first bytes of each file with $BAD_SECTOR in its path. */
static int is_bad(int file, off_t offset)
{
    char link[64], path[4096] = "";

    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return readlink(link, path, sizeof path - 1) > 0 && offset < 4096 &&
           strstr(path, getenv("BAD_SECTOR")) != NULL;
}

#define READ(name)                                                       \
    ssize_t name(int file, void *to, size_t bytes, off_t offset)         \
    {                                                                    \
        ssize_t (*next)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, #name); \
        if (!is_bad(file, offset))                                       \
            return next(file, to, bytes, offset);                        \
        errno = EIO;                                                     \
        return -1;                                                       \
    }
READ(pread)
READ(pread64)
"""


@pytest.fixture
def bad_sector(tmp_path):
    """An environment in which the begin of the files with a text in their path cannot be read."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path / "bad_sector.so"
    library.with_suffix(".c").write_text(BAD_SECTOR)
    subprocess.run([compiler, "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library,
                    library.with_suffix(".c"), "-ldl"], check=True)
    return lambda text: {"LD_PRELOAD": str(library), "BAD_SECTOR": text}


def write_large(path, number, rows):
    return write(path, number * rows, rows, compression="none", use_dictionary=False)


# Up to 128 KiB a file is read whole once its footer is known, else by pages.
@pytest.mark.parametrize("rows", [5000, 20_000])
def test_a_page_that_cannot_be_read_stops_no_other_file(rows, regroup, tmp_path, home, bad_sector):
    source = tmp_path / "source"
    for number in range(12):
        write_large(source / f"p={number % 4}" / f"f{number}.parquet", number, rows)
    result = regroup("compact", source, home, env=bad_sector("f5.parquet")).must(3)
    assert alone(result) == {"p=1/f5.parquet": "read: Input/output error"}
    wanted = [n for n in range(12 * rows) if n // rows != 5]
    assert sorted(rows_of(live_files(regroup, home))) == wanted
    regroup("compact", source, home).must(0)
    assert sorted(rows_of(live_files(regroup, home))) == list(range(12 * rows))
    result = regroup("compact", "--in-place", source, env=bad_sector("f5.parquet")).must(3)
    assert alone(result) == {"p=1/f5.parquet": "read: Input/output error"}
    assert sorted(rows_of(data_files(source))) == list(range(12 * rows))


def test_an_output_that_cannot_be_read_is_not_taken_again(regroup, tmp_path, home, bad_sector):
    source = tmp_path / "source"
    write_large(source / "f0.parquet", 0, 5000)
    regroup("compact", source, home).must(0)
    [output] = data_files(home)
    write_large(source / "f1.parquet", 1, 5000)
    result = regroup("compact", source, home, env=bad_sector("home/part-")).must(3)
    assert alone(result) == {output.name: "read: Input/output error"}
    assert len(data_files(home)) == 2
    assert sorted(rows_of(live_files(regroup, home))) == list(range(10_000))


def test_a_ledger_with_a_bad_sector_stops_no_other(regroup, tmp_path, home, bad_sector):
    source = fill_partitions(tmp_path / "source")
    regroup("compact", source, home).must(0)
    for number in range(6):
        write(source / f"p={number}" / "late.parquet", 1800 + number * 100)
    bad = bad_sector("_regroup/p=2/_000001.json")
    for command in ("plan", "compact"):
        result = regroup(command, source, home, env=bad).must(1)
        assert "error: p=2/: " in result.err and "Input/output error" in result.err
    assert len(data_files(home)) == 6
    assert len(rows_of(data_files(home))) == 1800 + 500
    regroup("compact", source, home).must(0)
    assert sorted(rows_of(live_files(regroup, home))) == list(range(2400))


def test_a_disk_that_gives_no_ledger_ends_the_run(regroup, tmp_path, home, bad_sector):
    source = fill_partitions(tmp_path / "source", 40)
    regroup("compact", source, home).must(0)
    result = regroup("compact", source, home, env=bad_sector("_regroup/p=")).must(1)
    failed = re.search(r"; (\d+) other failures", result.err)
    assert 16 <= int(failed.group(1)) + 1 <= 20


def test_a_file_that_cannot_be_opened_is_taken_when_it_can(regroup, source, home, unprivileged):
    (source / "f1.parquet").chmod(0)
    if unprivileged:
        result = regroup("compact", source, home, timeout=SECONDS, **unprivileged).must(3)
        assert alone(result) == {"f1.parquet": "open: Permission denied"}
    (source / "f1.parquet").chmod(0o644)
    regroup("compact", source, home, timeout=SECONDS, **unprivileged).must(0)
    assert sorted(rows_of(data_files(home))) == list(range(500))


def test_a_file_without_extension_that_cannot_be_opened_is_named(
    regroup, source, home, unprivileged
):
    """As Hive names them: whether it is data nobody can tell."""
    if not unprivileged:
        pytest.skip("who may read everything is never denied, and cannot be somebody else here")
    (source / "f1.parquet").rename(source / "000001_0")
    (source / "000001_0").chmod(0)
    result = regroup("compact", source, home, timeout=SECONDS, **unprivileged).must(3)
    assert alone(result) == {"000001_0": "open: Permission denied"}
    result = regroup("verify", source, home, timeout=SECONDS, **unprivileged).must(1)
    (failed,) = [line for line in result.err.splitlines() if line.startswith("failed: ")]
    assert "000001_0: open: Permission denied" in failed
    assert "NOT VERIFIED: 400 rows of 4 files in SOURCE, 400 rows of 1 in DEST" in result.err
    (source / "000001_0").chmod(0o644)
    regroup("compact", source, home, timeout=SECONDS, **unprivileged).must(0)
    assert sorted(rows_of(data_files(home))) == list(range(500))


def test_list_shows_a_file_without_extension_that_cannot_be_opened(regroup, source, unprivileged):
    if not unprivileged:
        pytest.skip("who may read everything is never denied, and cannot be somebody else here")
    source.chmod(0o777)
    (source / "f1.parquet").rename(source / "000001_0")
    (source / "000001_0").chmod(0)
    result = regroup("compact", "--in-place", source, timeout=SECONDS, **unprivileged).must(3)
    assert alone(result) == {"000001_0": "open: Permission denied"}
    result = regroup("list", source, timeout=SECONDS, **unprivileged).must(0)
    assert "000001_0" in result.out


@pytest.mark.parametrize("bad", ["source", "home", "ledger", "record", "all of it"])
def test_what_cannot_be_read_stops_no_other_partition(bad, regroup, tmp_path, home, unprivileged):
    if not unprivileged:
        pytest.skip("who may read everything is never denied, and cannot be somebody else here")
    source = fill_partitions(tmp_path / "source", 4)
    regroup("compact", source, home).must(0)
    outputs = data_files(home)
    for path in [*source.rglob("*"), *home.rglob("*"), source, home]:
        path.chmod(0o777)
    sealed = {
        "source": [source / "p=1", source / "p=3"],
        "home": [home / "p=1", home / "p=3"],
        "ledger": [home / "_regroup" / "p=1", home / "_regroup" / "p=3"],
        "record": [home / "_regroup" / f"p={n}" / "_000001.json" for n in (1, 3)],
        "all of it": [place / "p=1" for place in (source, home, home / "_regroup")],
    }[bad]
    for path in sealed:
        path.chmod(0)
    result = regroup("verify", source, home, timeout=SECONDS, **unprivileged).must(1)
    failed = [line for line in result.err.splitlines() if line.startswith("failed: ")]
    lost = ["p=1/"] if bad == "all of it" else ["p=1/", "p=3/"]
    assert [line.split('"')[1] for line in failed] == lost
    assert all("Permission denied" in line for line in failed)
    left = 4 - len(lost)
    assert f"NOT VERIFIED: {left * 300} rows of {left * 3} files in SOURCE" in result.err
    assert "partitions: 4" in result.err and "extra: " not in result.err
    if bad != "source":
        result = regroup("list", home, timeout=SECONDS, **unprivileged).must(1)
        shown = [home / line for line in result.out.splitlines()]
        assert shown == [path for path in outputs if f"{path.parent.name}/" not in lost]
        said = [line for line in result.err.splitlines() if "Permission denied" in line]
        assert len(said) == len(lost) and said[-1].startswith("error: ")
        assert ("; 1 other partition failed" in said[-1]) == (len(lost) == 2)
        regroup("gc", home, timeout=SECONDS, **unprivileged).must(1)
    for path in sealed:
        path.chmod(0o777)
    regroup("verify", source, home, timeout=SECONDS, **unprivileged).must(0)
    assert live_files(regroup, home) == outputs


def test_a_path_that_is_too_long_stops_nothing(regroup, source, home):
    deep = os.open(source, os.O_RDONLY)
    for _ in range(40):
        os.mkdir("x" * 120, dir_fd=deep)
        below = os.open("x" * 120, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    result = regroup("compact", source, home, timeout=SECONDS).must(3)
    assert len(alone(result)) == 1
    assert rows_of(data_files(home)) == list(range(500))


def test_names_of_every_kind(regroup, source, home):
    names = ["a\nb", "ü ñ", "100%", "%2F", " ", "-x", '"q"', "\\", "tab\t", "\x1b[31m", "*"]
    folders = ["é=1", "k=a b", "k=%0A", "k=\n"]
    count = 5
    for name in names:
        write(source / f"{name}.parquet", count * 100)
        count += 1
    for folder in folders:
        write(source / folder / "x.parquet", count * 100)
        count += 1
    raw = os.fsencode(source) + b"/\xff\xfe.parquet"
    os.rename(write(source / "z.parquet", count * 100), raw)
    count += 1
    result = regroup("compact", source, home).must(0)
    assert "\x1b" not in result.err
    assert sorted(rows_of(data_files(home))) == list(range(count * 100))
    assert "nothing" in regroup("compact", source, home).must(0).err
    regroup("verify", source, home).must(0)
    regroup("compact", "--in-place", source).must(0)
    assert sorted(rows_of(data_files(source))) == list(range(count * 100))


# Damage to the home.


def test_an_output_that_is_gone_is_a_failure_and_all_mends_it(regroup, source, home):
    regroup("compact", source, home).must(0)
    [output] = data_files(home)
    output.unlink()
    result = regroup("compact", source, home).must(1)
    assert output.name in result.err
    write(source / "late.parquet", 500)
    regroup("compact", source, home).must(1)
    assert rows_of(data_files(home)) == list(range(500, 600))
    regroup("plan", source, home, "--all").must(0)
    regroup("compact", source, home, "--all").must(0)
    assert sorted(rows_of(live_files(regroup, home))) == list(range(600))
    regroup("compact", source, home).must(0)


def test_all_that_mends_nothing_says_what_is_gone(regroup, source, home):
    regroup("compact", source, home).must(0)
    [output] = data_files(home)
    output.unlink()
    # The rows of a file that cannot be read were in that output.
    data = (source / "f3.parquet").read_bytes()
    (source / "f3.parquet").write_bytes(b"")
    result = regroup("compact", source, home, "--all").must(1)
    assert output.name in result.err
    (source / "f3.parquet").unlink()
    result = regroup("compact", source, home, "--all").must(1)
    assert output.name in result.err
    (source / "f3.parquet").write_bytes(data)
    regroup("compact", source, home, "--all").must(0)
    assert sorted(rows_of(live_files(regroup, home))) == list(range(500))


def test_all_of_some_partitions_says_nothing_of_the_others(regroup, tmp_path, home):
    source = tmp_path / "source"
    for number in range(6):
        write(source / f"k={number % 2}" / f"f{number}.parquet", number * 100)
    for number in range(6, 8):
        write(source / "d=1" / f"f{number}.parquet", number * 100)
    regroup("compact", source, home).must(0)
    before = data_files(home)
    # In d=1 there might be partitions below that have the key: it is looked at.
    result = regroup("compact", source, home, "--all", "--where", "k = 1").must(0)
    assert "left alone" not in result.err and "3 files" in result.err
    assert len(set(before) - set(data_files(home))) == 1
    result = regroup("compact", source, home, "--all", "--include", "**/f6*").must(3)
    assert "d=1/f7.parquet" in alone(result) and len(alone(result)) == 1
    (source / "k=1" / "f1.parquet").unlink()
    result = regroup("compact", source, home, "--all", "--where", "k = 1").must(3)
    assert alone(result) == {
        "k=1/f1.parquet": "is not among the inputs of this run, and its rows are in outputs"
    }
    assert sorted(rows_of(live_files(regroup, home))) == list(range(800))


@pytest.mark.parametrize("breakage", ["no footer", "a page"])
def test_all_goes_on_without_a_file_that_was_always_bad(breakage, regroup, source, home):
    """No output holds rows of it; where one does, nothing is made anew, and that is said."""
    bad = source / "f2.parquet"
    good = bad.read_bytes()
    rows = [*range(200), *range(300, 500)]
    if breakage == "no footer":
        bad.write_bytes(good[:-1])
    else:
        bad.write_bytes(good[:4] + bytes(20) + good[24:])
    for _ in range(2):
        result = regroup("compact", source, home, "--all").must(3)
        assert list(alone(result)) == ["f2.parquet"] and "--all" not in result.err
        assert rows_of(live_files(regroup, home)) == rows
    bad.write_bytes(good)
    regroup("compact", source, home).must(0)
    bad.write_bytes(good[:-1])
    before = data_files(home)
    result = regroup("compact", source, home, "--all").must(3)
    assert list(alone(result)) == ["f2.parquet"]
    assert result.err.count("warning: --all leaves the partition of f2.parquet as it is") == 1
    assert live_files(regroup, home) == before
    assert sorted(rows_of(before)) == list(range(500))


@pytest.mark.parametrize("way", ["to a destination", "in place"])
def test_a_ledger_that_was_removed_costs_no_rows(way, regroup, source, home, tmp_path):
    """Outputs without a record look like those of a dead run; here they are all that there is."""
    in_place = way == "in place"
    for number in range(5):
        (source / f"f{number}.parquet").rename(write(source / "k=1" / f"f{number}.parquet"))
    home = source if in_place else home
    places = ["--in-place", source] if in_place else [source, home]
    regroup("compact", *places).must(0)
    for path in source.rglob("f*.parquet"):
        path.unlink()
    ledger = home / "_regroup" / "k=1"
    kept = ledger.rename(tmp_path / "kept")
    (output,) = data_files(home)
    write(source / "k=1" / "late.parquet", 500)
    for command in (["plan", *places], ["compact", *places], ["compact", *places, "--all"],
                    ["gc", home, "--older-than", "0s"], ["compact", *places]):
        result = regroup(*command).must(1)
        assert f"k=1/{output.name} is in no record" in result.err
        assert output in data_files(home)
    kept.rename(ledger)
    regroup("compact", *places).must(0)
    assert sorted(rows_of(live_files(regroup, home))) == list(range(600))


@pytest.mark.parametrize("kept_count", [0, 1])
@pytest.mark.parametrize("way", ["to a destination", "in place"])
def test_the_end_of_a_ledger_that_was_removed_costs_no_rows(way, kept_count, regroup, source, home,
                                                            tmp_path):
    """Outputs for record 3 cannot be those of a dead run where record 2 is not there."""
    in_place = way == "in place"
    home = source if in_place else home
    places = ["--in-place", source] if in_place else [source, home]
    full = ["--row-group-rows", "100", "--row-groups-per-file", "1"]
    (source / "bad.parquet").write_bytes(b"PAR1 as old as can be PAR1")
    for number in range(3):
        write(source / f"new{number}.parquet", 1000 + 100 * number)
        regroup("compact", *places, *full).must(3)
    wanted = sorted(path for path in live_files(regroup, home) if path.name != "bad.parquet")
    for path in [*source.glob("f*.parquet"), *source.glob("new*.parquet")]:
        path.unlink()
    (tmp_path / "kept").mkdir()
    records = sorted((home / "_regroup").glob("_0*"))
    kept = [path.rename(tmp_path / "kept" / path.name) for path in records[kept_count:]]
    outputs = data_files(home)
    assert set(wanted) <= set(outputs)
    for command in (["plan", *places, *full], ["compact", *places, *full],
                    ["gc", home, "--older-than", "0s"], ["compact", *places, *full]):
        result = regroup(*command).must(1)
        if kept_count == 0:  # Else record 1's outputs, which were taken, are missed before.
            assert f"was made for record {len(records)}, but _regroup/ has 0;" in result.err
        assert data_files(home) == outputs
    for path in kept:
        path.rename(home / "_regroup" / path.name)
    regroup("compact", *places, *full).must(3)
    assert sorted(rows_of(wanted)) == [*range(500), *range(1000, 1100), *range(1100, 1200),
                                       *range(1200, 1300)]
    assert data_files(home) == outputs


@pytest.mark.parametrize("way", ["to a destination", "in place"])
def test_a_ledger_that_was_removed_while_its_inputs_are_there(way, regroup, source, home, tmp_path):
    """Nobody knows that; once the outputs are deleted, as is advised, they are made again."""
    in_place = way == "in place"
    home = source if in_place else home
    places = ["--in-place", source, "--grace", "1h"] if in_place else [source, home]
    regroup("compact", *places).must(0)
    for path in (home / "_regroup").glob("_0*"):
        path.unlink()
    (output,) = (path for path in data_files(home) if path.name.startswith("part-"))
    result = regroup("compact", *places).must(1)
    assert f"{output.name} is in no record, and no intent in _regroup/ tells" in result.err
    assert "else delete the file" in result.err
    output.unlink()
    regroup("compact", *places).must(0)
    regroup("compact", *places[:2]).must(0)
    assert rows_of(live_files(regroup, home)) == list(range(500))


def test_a_limit_on_the_size_of_files_is_an_error_of_the_output(regroup, source, home):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    result = regroup("compact", source, home, "-q", preexec_fn=limit)
    assert result.status in (1, 75) and "part-000001" in result.err
    assert data_files(home) == []
    regroup("compact", source, home).must(0)
    assert rows_of(live_files(regroup, home)) == list(range(500))


# Wrong usage.


@pytest.mark.parametrize("place", ["http://x/y", "FILE:///x", "gs://bucket/x", "file:/x", "s3:/x"])
def test_other_schemes_are_wrong_usage(place, regroup, source, home, tmp_path):
    """Hadoop writes file:/x: no directory "file:" is made of it."""
    assert place in regroup("compact", place, home, cwd=tmp_path).must(2).err
    assert place in regroup("compact", source, place, cwd=tmp_path).must(2).err
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


# Row groups that do not fit into the memory.


def write_text(path, rows, seed, **options):
    """Text that does not get smaller: about 120 bytes a row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = random.Random(seed)
    text = [base64.b64encode(generator.randbytes(90)).decode() for _ in range(rows)]
    table = pa.table({"id": [seed * 1000000 + n for n in range(rows)], "text": text})
    pq.write_table(table, path, **options)


def test_row_groups_are_made_smaller_where_memory_is_short(regroup, tmp_path, home):
    source = tmp_path / "source"
    for number in range(24):
        write_text(source / f"f{number:02}.parquet", 20000, number)
    result = regroup("compact", source, home, "--memory", "64MiB", "--report-json",
                     tmp_path / "report.json").must(0)
    assert "smaller than asked for" in result.err
    assert not alone(result)
    assert '"batches_made_smaller":1' in (tmp_path / "report.json").read_text()
    groups = [pq.ParquetFile(path).num_row_groups for path in data_files(home)]
    assert 2 < sum(groups) < 24
    before = data_files(home)
    assert "nothing" in regroup("compact", source, home, "--memory", "64MiB").must(0).err
    assert "nothing" in regroup("compact", source, home).must(0).err
    assert data_files(home) == before
    regroup("verify", source, home).must(0)


def test_a_row_group_that_does_not_fit_at_all_is_left_alone(regroup, tmp_path, home):
    source = tmp_path / "source"
    for number in range(4):
        write_text(source / f"f{number}.parquet", 1000, number)
    write_text(source / "large.parquet", 400000, 9, row_group_size=10**7)
    lake = shutil.copytree(source, tmp_path / "lake")
    result = regroup("compact", source, home, "--memory", "72MiB").must(3)
    assert list(alone(result)) == ["large.parquet"]
    [output] = data_files(home)
    assert pq.ParquetFile(output).metadata.num_rows == 4000
    assert pq.ParquetFile(output).num_row_groups == 1
    result = regroup("compact", "--in-place", lake, "--memory", "72MiB").must(3)
    assert list(alone(result)) == ["large.parquet"]
    assert [path.name[:5] for path in data_files(lake)] == ["large", "part-"]


def test_a_footer_that_does_not_fit_is_left_alone(regroup, source, home):
    table = pa.table({"id": [500], "text": ["row 500"]})
    table = table.replace_schema_metadata({"large": "x" * 5_000_000})
    pq.write_table(table, source / "f9.parquet")
    result = regroup("compact", source, home, "--memory", "64MiB").must(3)
    assert list(alone(result)) == ["f9.parquet"]
    assert "needs more memory than --memory gives" in alone(result)["f9.parquet"]
    assert rows_of(data_files(home)) == list(range(500))
    # With more it is a late file like others.
    regroup("compact", source, home, "--memory", "512MiB").must(0)
    assert rows_of(data_files(home)) == list(range(501))


def test_many_bad_files_in_one_batch(regroup, tmp_path, home):
    source = tmp_path / "source"
    for number in range(60):
        path = write(source / f"f{number:02}.parquet", number * 5000, 5000, compression="none",
                     use_dictionary=False, write_page_checksum=True)
        if number % 2 == 1:
            data = bytearray(path.read_bytes())
            data[5000] ^= 0xFF
            path.write_bytes(data)
    bad = [f"f{number:02}.parquet" for number in range(1, 60, 2)]
    wanted = [n for number in range(0, 60, 2) for n in range(number * 5000, number * 5000 + 5000)]
    result = regroup("compact", source, home, "--row-group-size", "64KiB",
                     "--row-groups-per-file", "1").must(3)
    assert sorted(alone(result)) == bad
    assert rows_of(data_files(home)) == wanted
    # In place what is good is merged as well, and the bad ones stay as they are.
    result = regroup("compact", "--in-place", source, "--row-group-size", "1MiB").must(3)
    assert sorted(alone(result)) == bad
    left = data_files(source)
    assert [path.name for path in left if path.name[0] == "f"] == bad
    assert rows_of([path for path in left if path.name[0] == "p"]) == wanted


def write_undecodable(path, first):
    """Its pages are copied as they are, and one of them is no text any more."""
    write(path, first, 60_000, use_dictionary=False)
    chunk = pq.read_metadata(path).row_group(0).column(1)
    data = bytearray(path.read_bytes())
    at = chunk.data_page_offset + chunk.total_compressed_size // 2
    data[at : at + 40] = bytes(byte ^ 0xFF for byte in data[at : at + 40])
    path.write_bytes(data)


@pytest.mark.parametrize("mode", ["meta", "full"])
def test_nothing_is_left_of_a_batch_that_was_given_up(mode, regroup, tmp_path, home):
    """No intent stays, which would be a run at work, and no output of bad rows."""
    source = tmp_path / "source"
    write(source / "f0.parquet")
    regroup("compact", source, home, "--verify", mode).must(0)
    before = snapshot(home)
    write_undecodable(source / "f1.parquet", 100)
    if mode == "meta":
        # Of pages with a checksum that is found without decoding.
        write(source / "f1.parquet", 100, 60_000, use_dictionary=False, write_page_checksum=True)
        data = bytearray((source / "f1.parquet").read_bytes())
        data[5000] ^= 0xFF
        (source / "f1.parquet").write_bytes(data)
    for night in range(3):
        result = regroup("compact", source, home, "--verify", mode).must(3)
        assert list(alone(result)) == ["f1.parquet"]
        assert data_files(home) == live_files(regroup, home)
        new = {name for name in snapshot(home) if name not in before}
        # An output that was made and found bad when it was read again takes its number with it.
        voids = range(2, 3 + night) if mode == "full" else []
        assert new == {f"_regroup/_{number:06}.json" for number in voids}
    write(source / "f2.parquet", 60_100)
    regroup("compact", source, home, "--verify", mode).must(3)
    assert rows_of(live_files(regroup, home)) == [*range(100), *range(60_100, 60_200)]


@pytest.mark.parametrize("way", ["home", "in place"])
def test_what_verify_full_cannot_read_is_left_alone(way, regroup, tmp_path, home):
    """Only the bad file: its neighbours, and the partitions behind it, are done."""
    source = tmp_path / "source"
    for number in range(6):
        name = source / f"k={number % 2}" / f"f{number}.parquet"
        if number == 2:
            write_undecodable(name, number * 60_000)
        else:
            write(name, number * 60_000, 60_000, use_dictionary=False)
    places = (source, home) if way == "home" else ("--in-place", source)
    result = regroup("compact", *places, "--verify", "full").must(3)
    assert list(alone(result)) == ["k=0/f2.parquet"]
    assert alone(result)["k=0/f2.parquet"].startswith("row group 0: column text: page at ")
    made = [path for path in data_files(home if way == "home" else source)
            if path.name[0] == "p"]  # fmt: skip
    wanted = [n for k in (0, 4, 1, 3, 5) for n in range(k * 60_000, (k + 1) * 60_000)]
    assert len(made) == 2 and rows_of(made) == wanted
    # In place one file is too few to be read.
    again = regroup("compact", *places, "--verify", "full").must(3 if way == "home" else 0)
    assert "nothing to do" in again.err


def test_pages_count_once_where_a_batch_is_planned_anew(regroup, tmp_path, home):
    source = tmp_path / "source"
    for number in range(8):
        path = write(source / f"f{number}.parquet", number * 20000, 20000, compression="none",
                     use_dictionary=False, write_page_checksum=True, data_page_size=4096)
    data = bytearray(path.read_bytes())
    data[5000] ^= 0xFF
    path.write_bytes(data)
    # Outputs of the good files are there before the last file turns out bad.
    regroup("compact", source, home, "--row-group-size", "512KiB", "--row-groups-per-file", "1",
            "--jobs", "1", "--report-json", tmp_path / "bad.json").must(3)
    path.unlink()
    regroup("compact", source, tmp_path / "again", "--row-group-size", "512KiB",
            "--row-groups-per-file", "1", "--report-json", tmp_path / "good.json").must(0)
    reports = [json.loads((tmp_path / name).read_text()) for name in ("bad.json", "good.json")]
    assert reports[0]["moves"] == reports[1]["moves"]
    assert reports[0]["columns"] == reports[1]["columns"]


def test_dictionaries_alone_are_no_copied_pages(regroup, tmp_path, home):
    source = tmp_path / "source"
    source.mkdir()
    for number in range(8):
        table = pa.table({"text": [f"v{n % 977}" for n in range(20000)]})
        pq.write_table(table, source / f"{number}.parquet", row_group_size=7000)
    result = regroup("compact", source, home).must(0)
    [copied] = [line.split() for line in result.err.splitlines() if line.startswith("copy ")]
    assert copied[1:] == ["0", "0", "%", "0", "B", "0", "B"]


# Whoever is spoken to.


def pyarrow_long_values(path, value, rows):
    words = pa.array([value, "short"])
    column = pa.DictionaryArray.from_arrays(pa.array([n % 2 for n in range(rows)]), words)
    pq.write_table(pa.table({"text": column}), path, store_schema=False)


def duckdb_long_values(path, value, rows):
    text = f"CASE n % 2 WHEN 0 THEN '{value}' ELSE 'short' END AS text"
    query = f"SELECT {text} FROM range({rows}) t(n)"
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def duckdb_skewed_values(path, value, rows):
    # Long on average only if counted: most entries of the dictionary are short.
    text = f"CASE WHEN n % 10 < 8 THEN '{value}' ELSE 'v' || n % 400 END AS text"
    query = f"SELECT {text} FROM range({rows}) t(n)"
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


@pytest.mark.parametrize("encoding", ["keep", "small"])
@pytest.mark.parametrize("writer", [pyarrow_long_values, duckdb_long_values, duckdb_skewed_values])
def test_long_values_that_repeat_do_not_swell(writer, encoding, regroup, tmp_path, home):
    # Each of 100 KB, 400 times in its file: 40 MB a file, were they written one by one. A file
    # without a dictionary lies between: pages of indices must not follow pages of values.
    folder = tmp_path / "in"
    folder.mkdir()
    draw = random.Random(1)
    for number in range(6):
        writer(folder / f"{number}.parquet", draw.randbytes(50_000).hex(), 800)
    plain = pa.table({"text": [f"value {n}" for n in range(2000)]})
    pq.write_table(plain, folder / "2b.parquet", use_dictionary=False, store_schema=False)
    size = sum(path.stat().st_size for path in folder.iterdir())
    options = ["--schema", "union", "--encoding", encoding]
    regroup("compact", folder, home, *options, timeout=SECONDS).must(0)
    outputs = data_files(home)
    assert sum(path.stat().st_size for path in outputs) < 1.2 * size
    regroup("verify", folder, home).must(0)
    for path in outputs:
        strict.check(path)


def test_long_values_that_repeat_may_need_a_large_dictionary(regroup, tmp_path, home):
    # 12 MB of dictionary, which is more than others may have; 2.4 GB without it.
    folder = tmp_path / "in"
    folder.mkdir()
    draw = random.Random(1)
    for number in range(120):
        duckdb_long_values(folder / f"{number:03}.parquet", draw.randbytes(50_000).hex(), 400)
    size = sum(path.stat().st_size for path in folder.iterdir())
    regroup("compact", folder, home, timeout=SECONDS).must(0)
    (output,) = data_files(home)
    assert output.stat().st_size < 1.2 * size
    regroup("verify", folder, home).must(0)


def test_nothing_is_said_into_a_data_file(regroup, source, home):
    for number in range(200):
        write(source / f"p={number % 50}" / f"{number}.parquet", 500 + number * 100)
        (source / f"p={number % 50}" / f"bad{number}.parquet").write_bytes(b"no Parquet file")
    command = shlex.join(regroup.command("compact", source, home, "--verbose"))
    for closed in ("2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(["sh", "-c", f"{command} {closed}"], timeout=SECONDS)
        assert done.returncode == 3
        assert sorted(rows_of(data_files(home))) == list(range(20500))
        shutil.rmtree(home)


def test_a_reader_that_goes_does_not_end_the_job(regroup, source, home):
    for number in range(50):
        (source / f"bad{number}.parquet").write_bytes(b"no Parquet file")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(regroup.command("compact", source, home), stderr=writer, timeout=SECONDS)
    os.close(writer)
    assert done.returncode == 3
    assert rows_of(data_files(home)) == list(range(500))
    regroup("compact", source, home).must(3)


def test_a_long_list_of_files_counts_as_memory(regroup, source, home, tmp_path):
    names = tmp_path / "names"
    with names.open("w") as out:
        for n in range(500000):
            out.write(f"k={n % 1000:04}/a-rather-long-name-{n:08}.parquet\n")
        out.write("f1.parquet\nf3.parquet\n")
    result = regroup("compact", source, home, "--files-from", names, "--memory", "64MiB").must(2)
    assert "not enough" in result.err
    regroup("compact", source, home, "--files-from", names, "--memory", "256MiB").must(0)
    assert rows_of(data_files(home)) == [*range(100, 200), *range(300, 400)]


def test_a_folder_that_is_too_large_for_the_memory_names_what_would_do(regroup, tmp_path, home):
    source = tmp_path / "lake" / "source"
    first = write(source / "first.parquet", rows=1)
    for n in range(60000):
        os.link(first, source / f"k-{n:08}.parquet")
    # The trouble of one folder is not that of others.
    write(tmp_path / "lake" / "other" / "a.parquet", rows=7)
    result = regroup("compact", tmp_path / "lake", home, "--memory", "64MiB").must(3)
    assert "left alone: source/: 60001 entries in one folder" in result.err
    assert rows_of(data_files(home)) == list(range(7))
    result = regroup("plan", source, home, "--memory", "64MiB").must(1)
    assert "60001 entries in one folder" in result.err
    wanted = re.search(r"--memory (\d+MiB) would do", result.err).group(1)
    regroup("plan", source, home, "--memory", wanted).must(0)


@pytest.mark.parametrize("order", ["rows", "rows:desc", "size,col:id:desc"])
def test_row_groups_that_later_batches_put_elsewhere_are_verified(order, regroup, tmp_path, home):
    """Every batch takes all outputs again, and sorts their row groups among those of the next file;
    files of two schemas take turns, and most have several row groups."""
    folder = tmp_path / "in"
    folder.mkdir()
    rows, at = [400, 300, 100, 200, 700, 50, 900, 10], 0
    for number, count in enumerate(rows):
        ids = list(range(at, at + count))
        columns = {"twice": [2 * n for n in ids], "id": ids} if number % 2 else {"id": ids}
        pq.write_table(pa.table(columns), folder / f"{number}.parquet", row_group_size=150)
        at += count
    shape = ("--batch-size", "1", "--order", order, "--row-group-rows", "250")
    regroup("compact", folder, home, *shape, "--verify", "full").must(0)
    tables = [pq.read_table(path, columns=["id"]) for path in live_files(regroup, home)]
    ids = [value for table in tables for value in table["id"].to_pylist()]
    assert ids != sorted(ids) and sorted(ids) == list(range(at))
    done = regroup("verify", folder, home).must(0)
    assert done.err.startswith(f"equal: {at} rows of {len(rows)} files in SOURCE"), done.err
