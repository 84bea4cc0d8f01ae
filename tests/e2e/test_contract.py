# SPDX-License-Identifier: Apache-2.0

"""The command line as documented: what is taken, what is left, what is said, exit statuses."""

import contextlib
import fcntl
import itertools
import json
import math
import os
import re
import shutil
import signal
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import ROOT, alone, data_files, live_files, rows_of, snapshot, write

# Runs again, late files, changed files.


def test_a_second_run_writes_nothing_and_says_so(regroup, source, home):
    regroup("compact", source, home).must(0)
    before = snapshot(home)
    again = regroup("compact", source, home).must(0)
    assert snapshot(home) == before
    assert "nothing" in again.err.lower()


def test_in_place_a_second_run_says_that_all_is_good(regroup, source):
    regroup("compact", "--in-place", source).must(0)
    result = regroup("compact", "--in-place", source)
    assert "nothing to do: 1 file is good already" in result.must(0).err


def test_all_in_place_where_nothing_but_outputs_is_left(regroup, source):
    regroup("compact", "--in-place", source).must(0)
    regroup("plan", "--in-place", source, "--all", timeout=60).must(0)
    regroup("compact", "--in-place", source, "--all", timeout=60).must(0)
    assert rows_of(live_files(regroup, source)) == list(range(500))


def test_a_damaged_output_does_not_stop_deliveries(regroup, source, home):
    regroup("compact", source, home).must(0)
    [output] = data_files(home)
    data = bytearray(output.read_bytes())
    data[8:40] = bytes(32)
    output.write_bytes(data)
    write(source / "late.parquet", 500, 500)
    regroup("compact", source, home).must(3)
    assert len(data_files(home)) == 2
    write(source / "later.parquet", 1000, 500)
    result = regroup("compact", source, home).must(3)
    assert result.err.count("left alone: ") == 1
    assert rows_of(data_files(home)[1:]) == list(range(500, 1500))


def test_the_source_is_never_touched(regroup, source, home):
    before = snapshot(source)
    regroup("compact", source, home).must(0)
    assert snapshot(source) == before


def test_late_files_are_added_once(regroup, source, home):
    regroup("compact", source, home).must(0)
    for number in range(5, 8):
        write(source / f"f{number}.parquet", number * 100)
        regroup("compact", source, home).must(0)
        assert rows_of(live_files(regroup, home)) == list(range((number + 1) * 100))
    regroup("verify", source, home).must(0)


def test_a_late_file_that_sorts_first_is_added_behind(regroup, source, home):
    regroup("compact", source, home).must(0)
    write(source / "a.parquet", 1000)
    regroup("compact", source, home).must(0)
    found = rows_of(live_files(regroup, home))
    assert found == list(range(500)) + list(range(1000, 1100))


def test_a_changed_input_without_an_extension_is_named_as_well(regroup, source, home):
    write(source / "data").rename(source / "other")
    regroup("compact", source, home).must(0)
    write(source / "other", 9000, rows=7)
    assert list(alone(regroup("compact", source, home).must(3))) == ["other"]
    # Nothing but the magic makes it data.
    (source / "other").write_text("a note")
    assert not alone(regroup("compact", source, home).must(0))


def test_a_changed_input_is_named_and_left(regroup, source, home):
    regroup("compact", source, home).must(0)
    write(source / "f2.parquet", 9000, rows=7)
    write(source / "f9.parquet", 900)
    result = regroup("compact", source, home).must(3)
    assert "f2.parquet: was rewritten after it had been taken" in result.err
    wanted = list(range(500)) + list(range(900, 1000))
    assert rows_of(live_files(regroup, home)) == wanted


def test_every_output_that_is_gone_is_named(regroup, tmp_path, home):
    source = tmp_path / "source"
    for number in range(12):
        write(source / f"p={number:02}" / "f.parquet", number * 100)
    regroup("compact", source, home).must(0)
    gone = [str(path.relative_to(home)) for path in data_files(home)]

    def named(result):
        return [name for name in gone if name in result.must(1).err]

    for name in gone[:4]:
        (home / name).unlink()
    for command in ("compact", "plan"):
        result = regroup(command, source, home)
        assert named(result) == gone[:4]
        assert result.err.count("warning: ") == 3
        assert result.err.count("error: ") == 1
        assert result.err.endswith("; 3 other failures\n")
    lines = regroup("compact", source, home, "--progress", "json").must(1).err.splitlines()
    warnings = [line["text"] for line in map(json.loads, lines) if line["event"] == "warning"]
    assert len(warnings) == 3
    assert json.loads(lines[-1])["text"].endswith("; 3 other failures")
    # So many are named, all are counted.
    for name in gone[4:]:
        (home / name).unlink()
    result = regroup("compact", source, home)
    assert len(named(result)) == 9
    assert result.err.endswith("; 11 other failures\n")


# Bad input.


def truncated(path):
    path.write_bytes(path.read_bytes()[:-40])


def cut_in_front(path):
    path.write_bytes(path.read_bytes()[:300] + path.read_bytes()[-200:])


def no_parquet(path):
    path.write_text("id,text\n1,one\n")


def empty(path):
    path.write_bytes(b"")


def only_magic(path):
    path.write_bytes(b"PAR1PAR1")


def encrypted(path):
    data = path.read_bytes()
    path.write_bytes(data[:-4] + b"PARE")


def long_footer(path):
    data = path.read_bytes()
    path.write_bytes(data[:-8] + b"\xff\xff\xff\x7fPAR1")


def garbage_footer(path):
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[-8:-4], "little")
    data[-8 - size : -8] = bytes(i * 37 % 256 for i in range(size))
    path.write_bytes(data)


BREAKAGES = [
    truncated,
    cut_in_front,
    no_parquet,
    empty,
    only_magic,
    encrypted,
    long_footer,
    garbage_footer,
]


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda f: f.__name__)
def test_a_bad_input_is_named_and_the_rest_done(breakage, regroup, source, home):
    breakage(source / "f2.parquet")
    result = regroup("compact", source, home).must(3)
    assert "f2.parquet" in result.err
    wanted = [n for n in range(500) if not 200 <= n < 300]
    assert rows_of(live_files(regroup, home)) == wanted
    # It is named again as long as it lies there.
    again = regroup("compact", source, home).must(3)
    assert "f2.parquet" in again.err


def test_all_bad_inputs_at_once(regroup, source, home):
    for number, breakage in enumerate(BREAKAGES):
        breakage(write(source / f"x{number}.parquet"))
    result = regroup("compact", source, home).must(3)
    for number in range(len(BREAKAGES)):
        assert f"x{number}.parquet" in result.err
    assert rows_of(live_files(regroup, home)) == list(range(500))


def test_a_page_whose_checksum_is_wrong_is_named(regroup, source, home):
    path = write(source / "f2.parquet", 200, write_page_checksum=True, compression="none",
                 use_dictionary=False)
    data = bytearray(path.read_bytes())
    at = data.index(b"row 250")
    data[at] ^= 1
    path.write_bytes(data)
    result = regroup("compact", source, home).must(3)
    assert "f2.parquet" in result.err
    wanted = [n for n in range(500) if not 200 <= n < 300]
    assert rows_of(live_files(regroup, home)) == wanted


def test_a_file_without_rows_is_no_bad_input(regroup, source, home):
    write(source / "f2.parquet", 0, rows=0)
    regroup("compact", source, home).must(0)
    wanted = [n for n in range(500) if not 200 <= n < 300]
    assert rows_of(live_files(regroup, home)) == wanted


def test_files_without_rows_are_recorded_as_others(regroup, tmp_path, home):
    """No output comes of them; that they were taken is told the same."""
    source = tmp_path / "source"
    for number in range(3):
        write(source / f"f{number}.parquet", 0, rows=0)
    regroup("compact", source, home).must(0)
    for _ in range(2):
        assert "nothing to do: 3 files are recorded" in regroup("compact", source, home).must(0).err
    assert "3 files are recorded" in regroup("plan", source, home).must(0).out
    assert summary_of(regroup, tmp_path / "r.json", "compact", source, home)["partitions"] == 1


@pytest.mark.parametrize("options", [[], ["--all"]])
def test_files_without_rows_stay_in_place_until_there_are_rows(options, regroup, tmp_path):
    """They tell the columns: a table that lost them cannot be read at all."""
    folder = tmp_path / "k=1"
    table = pq.read_table(write(folder / "a.parquet", rows=10))
    for name in "abc":
        pq.write_table(table.slice(0, 0), folder / f"{name}.parquet")
    before = snapshot(tmp_path)
    for _ in range(2):
        regroup("plan", "--in-place", tmp_path, *options, timeout=60).must(0)
        regroup("compact", "--in-place", tmp_path, *options, timeout=60).must(0)
        after = snapshot(tmp_path)
        assert {name: after[name] for name in before} == before
    pq.write_table(table, folder / "d.parquet")
    regroup("compact", "--in-place", tmp_path, *options).must(0)
    assert len(data_files(tmp_path)) == 1
    assert rows_of(live_files(regroup, tmp_path)) == list(range(10))
    pq.write_table(table.slice(0, 0), folder / "e.parquet")
    regroup("compact", "--in-place", tmp_path, *options).must(0)
    assert rows_of(live_files(regroup, tmp_path)) == list(range(10))


def test_only_bad_inputs(regroup, tmp_path, home):
    source = tmp_path / "source"
    truncated(write(source / "a.parquet"))
    regroup("compact", source, home).must(3)
    assert data_files(home) == []


def test_an_empty_source(regroup, tmp_path, home):
    (tmp_path / "source").mkdir()
    regroup("compact", tmp_path / "source", home).must(0)
    assert not home.exists() or data_files(home) == []


# Which files are data.


def test_partitions_are_kept(regroup, tmp_path, home):
    source = tmp_path / "source"
    for day in ("2024-05-01", "2024-05-02"):
        for number in range(3):
            write(source / f"dt={day}" / f"hour={number}" / "a.parquet", number * 10, rows=10)
            write(source / f"dt={day}" / f"hour={number}" / "b.parquet", number * 10 + 5, rows=10)
    regroup("compact", source, home).must(0)
    folders = {str(path.parent.relative_to(home)) for path in live_files(regroup, home)}
    assert folders == {
        f"dt={day}/hour={number}" for day in ("2024-05-01", "2024-05-02") for number in range(3)
    }
    assert len(data_files(home)) == 6
    for path in data_files(home):
        number = int(path.parent.name.split("=")[1])
        wanted = [*range(number * 10, number * 10 + 10), *range(number * 10 + 5, number * 10 + 15)]
        assert rows_of([path]) == wanted


def test_hidden_and_other_files_are_no_data(regroup, source, home):
    write(source / ".hidden.parquet", 7000)
    write(source / "_tmp" / "x.parquet", 7000)
    write(source / "_a=1" / "x.parquet", 500)
    write(source / ".crc" / "x.parquet", 7000)
    (source / "_SUCCESS").write_text("")
    (source / "readme.txt").write_text("no data")
    shutil.copy(write(source / "z.parq", 600), source / "without_extension")
    (source / "text_without_extension").write_text("nothing like it")
    regroup("compact", source, home).must(0)
    found = rows_of(live_files(regroup, home))
    assert sorted(found) == sorted([*range(700), *range(600, 700)])


def test_one_file_as_source(regroup, source, home):
    regroup("compact", source / "f3.parquet", home).must(0)
    assert rows_of(live_files(regroup, home)) == list(range(300, 400))


def test_file_urls(regroup, source, home):
    regroup("compact", f"file://{source}", f"file://{home}").must(0)
    assert rows_of(live_files(regroup, home)) == list(range(500))


def test_names_that_need_care(regroup, tmp_path, home):
    source = tmp_path / "source"
    names = ["with space", "per%20cent", "ünïcode", "quote'", 'double"', "new\nline", "#?&="]
    for number, name in enumerate(names):
        write(source / f"k={name}" / f"{name}.parquet", number * 10, rows=10)
    regroup("compact", source, home).must(0)
    for number, name in enumerate(names):
        assert rows_of(data_files(home / f"k={name}")) == list(range(number * 10, number * 10 + 10))


def test_other_schemas_get_outputs_of_their_own(regroup, source, home):
    pq.write_table(pa.table({"id": pa.array([1, 2], pa.int32())}), source / "g1.parquet")
    pq.write_table(pa.table({"other": ["a"]}), source / "g2.parquet")
    regroup("compact", source, home).must(0)
    outputs = live_files(regroup, home)
    by_columns = {tuple(pq.ParquetFile(path).schema_arrow.names): path for path in outputs}
    assert len(outputs) == 3
    assert pq.ParquetFile(by_columns["other",]).read()["other"].to_pylist() == ["a"]


# Selection.


@pytest.fixture
def hive(tmp_path):
    source = tmp_path / "hive"
    for year in (2022, 2023):
        for month in (1, 2, 10):
            write(source / f"y={year}" / f"m={month}" / "a.parquet", year * 100 + month, rows=1)
            write(source / f"y={year}" / f"m={month}" / "b.parquet", year * 100 + month, rows=1)
    write(source / "loose.parquet", 1, rows=1)
    return source


@pytest.mark.parametrize(
    "options, wanted",
    [
        (["--where", "y = 2023"], [202301, 202302, 202310]),
        (["--where", "y = 2023 and m >= 2"], [202302, 202310]),
        (["--where", "m != 10"], [202201, 202202, 202301, 202302]),
        (["--where", "m < 10 and y < 2023"], [202201, 202202]),
        (["--include", "y=2022/**"], [202201, 202202, 202210]),
        (["--include", "**/m=1/*", "--exclude", "y=2022/**"], [202301]),
        (["--exclude", "**/b.parquet", "--exclude", "loose*"], None),
    ],
    ids=str,
)
def test_selection(options, wanted, regroup, hive, home):
    regroup("compact", hive, home, *options).must(0)
    found = sorted(set(rows_of(data_files(home))))
    assert found == (wanted or [202201, 202202, 202210, 202301, 202302, 202310])


def test_a_selection_holds_for_changed_files_as_well(regroup, hive, home, tmp_path):
    regroup("compact", hive, home).must(0)
    write(hive / "y=2022" / "m=1" / "a.parquet", 9000, rows=7)
    write(hive / "y=2022" / "m=1" / "c.parquet", 9100, rows=7)
    listed = tmp_path / "list"
    for number, (options, names) in enumerate([
        (["--exclude", "**/a.parquet"], []),
        (["--include", "**/[b-z]*.parquet"], []),
        (["--where", "y = 2023"], []),
        (["--files-from", listed], ["y=2022/m=1/c.parquet"]),
        (["--exclude", "**/b.parquet"], None),
        (["--files-from", listed], ["y=2022/m=1/a.parquet"]),
        (["--files-from", listed], ["y=2022/"]),
    ]):  # fmt: skip
        listed.write_text("".join(f"{name}\n" for name in names or []))
        is_named = number >= 4
        for command in ("plan", "compact"):
            result = regroup(command, hive, home, *options).must(3 if is_named else 0)
            assert list(alone(result)) == is_named * ["y=2022/m=1/a.parquet"]


def test_a_selection_of_nothing_is_told_from_a_source_without_files(regroup, hive, home, tmp_path):
    """A slip in a key looks like a partition that is not there."""
    nothing = regroup("compact", hive, home, "--where", "Dt = 1").must(0)
    assert "no data files that --where" in nothing.err
    (tmp_path / "empty").mkdir()
    assert "--where" not in regroup("compact", tmp_path / "empty", home).must(0).err


def test_who_looks_names_a_changed_input_as_who_runs(regroup, source):
    """Scripts take the name from `left alone: NAME: why`, whichever command said it."""
    regroup("compact", "--in-place", source).must(0)
    write(source / "f1.parquet", 7000)
    for command in (["compact", "--in-place"], ["list"]):
        result = regroup(*command, source)
        assert alone(result) == {"f1.parquet": "was rewritten after it had been taken"}


@pytest.mark.parametrize("zero", [False, True], ids=["lines", "nul"])
def test_files_from(zero, regroup, hive, home, tmp_path):
    names = [hive / "y=2022/m=1/a.parquet", hive / "y=2023/m=2/b.parquet"]
    listed = tmp_path / "list"
    listed.write_text("".join(f"{name}{chr(0) if zero else chr(10)}" for name in names))
    options = ["--files-from", listed, *(["-0"] if zero else [])]
    regroup("compact", hive, home, *options).must(0)
    assert sorted(rows_of(data_files(home))) == [202201, 202302]


@pytest.mark.parametrize(
    "names, wanted",
    [
        # Names of a/ stand before and behind those of a/b/ in the order of bytes.
        (["a/a.parquet", "a/b/z.parquet", "a/x.parquet"], [1, 2, 3]),
        (["a/"], [1, 2, 3]),
        (["a/b/", "a/x.parquet"], [2, 3]),
        (["a/x.parquet", "a/", "a/b/z.parquet", "a/b/"], [1, 2, 3]),
        (["./"], [1, 2, 3, 4]),
        (["a-b/", "", "./a/a.parquet\r"], [1, 4]),
        # As a loop over `*/` writes them.
        (["a//a.parquet", ".//a/./b//z.parquet", "a-b//"], [1, 2, 4]),
    ],
    ids=str,
)
def test_files_and_prefixes_from(names, wanted, regroup, tmp_path, home):
    source = tmp_path / "source"
    for number, name in enumerate(["a/a", "a/b/z", "a/x", "a-b/y"]):
        write(source / f"{name}.parquet", number + 1, rows=1)
    listed = tmp_path / "list"
    listed.write_text("".join(f"{name}\n" for name in names))
    regroup("compact", source, home, "--files-from", listed).must(0)
    assert sorted(rows_of(data_files(home))) == wanted


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_files_by_their_urls(scheme, regroup, hive, home):
    """Engines name the files that they read by URLs, whatever the command was given."""
    names = f"file://{hive}/y=2022/m=1/a.parquet\n{hive}/y=2023/m=2/b.parquet\n"
    regroup("compact", f"{scheme}{hive}", home, "--files-from", "-", stdin=None,
            input=names.encode()).must(0)
    assert sorted(rows_of(data_files(home))) == [202201, 202302]


@pytest.mark.parametrize("name", ["../f1.parquet", "k=1/../f1.parquet", "k=1/.."])
def test_a_name_of_the_list_that_leads_up_is_refused(name, regroup, source, home):
    result = regroup("compact", source, home, "--files-from", "-", stdin=None,
                     input=f"f2.parquet\n{name}\n".encode())
    assert f"--files-from names {name}, which is not below {source}" in result.must(2).err
    assert not data_files(home)


def test_a_list_that_cannot_be_read_says_why(regroup, source, home, tmp_path):
    for path, why in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        assert why in regroup("compact", source, home, "--files-from", path).must(2).err


def test_a_path_that_is_too_long_is_left_alone(regroup, tmp_path, home):
    """3,000 bytes of partition: deeper than the system takes in one name, so step by step."""
    source = tmp_path / "source"
    write(source / "a.parquet")
    here = os.open(source, os.O_RDONLY)
    for number in range(14):
        folder = f"k{number:02}=" + "x" * 230
        os.mkdir(folder, dir_fd=here)
        below = os.open(folder, os.O_RDONLY, dir_fd=here)
        os.link(source / "a.parquet", "a.parquet", dst_dir_fd=below)
        os.close(here)
        here = below
    os.close(here)
    result = regroup("compact", source, home).must(3)
    # 12 folders have 2,820 bytes, the slashes among them.
    assert len(data_files(home)) == 13
    assert result.err.count("left alone: ") == 1
    assert "bytes, at most 3000 are taken here" in result.err
    assert regroup("compact", source, home).must(3).err.count("left alone: ") == 1


def test_names_of_the_list_that_are_no_files_are_told(regroup, source, home, tmp_path):
    listed = tmp_path / "list"
    write(source / "k=1" / "a.parquet", 900)
    listed.write_text("f1.parquet\nk=1\nnope.parquet\nnope.parquet\nk=2/b.parquet\n")
    result = regroup("compact", source, home, "--files-from", listed).must(0)
    warnings = [line for line in result.err.splitlines() if line.startswith("warning: ")]
    assert sorted(warnings) == [
        "warning: --files-from names k=1 and 1 more beside it that are no files there "
        "(folders end in '/')",
        "warning: --files-from names k=2/b.parquet, which is no file there (folders end in '/')",
    ]
    assert rows_of(data_files(home)) == list(range(100, 200))


def test_names_that_end_in_nul_are_taken_as_they_are(regroup, source, home, tmp_path):
    write(source / "noext\r", 900)
    listed = tmp_path / "list"
    listed.write_bytes(b"noext\r\0")
    regroup("compact", source, home, "--files-from", listed, "-0").must(0)
    assert rows_of(data_files(home)) == list(range(900, 1000))


def test_young_files_wait(regroup, source, home):
    old = time.time() - 3600
    for number in range(4):
        os.utime(source / f"f{number}.parquet", (old, old))
    regroup("compact", source, home, "--min-age", "15m").must(0)
    assert rows_of(live_files(regroup, home)) == list(range(400))


@pytest.mark.parametrize("key, wanted", [("path:desc", 4), ("rows", 2), ("col:id:desc", 4)])
def test_order_of_row_groups(key, wanted, regroup, source, home):
    write(source / "f2.parquet", 200, rows=10)
    regroup("compact", source, home, "--order", key).must(0)
    assert rows_of(live_files(regroup, home))[0] == wanted * 100


def test_replaced_files_stay_for_their_grace(regroup, source):
    """Readers hold old listings: neither a run with that grace nor gc deletes younger ones."""
    regroup("compact", "--in-place", source, "--grace", "1h").must(0)
    before = data_files(source)
    assert len(before) == 6
    regroup("compact", "--in-place", source, "--grace", "1h").must(0)
    assert "0 dead files" in regroup("gc", source).must(0).err
    assert "0 dead files" in regroup("gc", source, "--older-than", "1h").must(0).err
    assert data_files(source) == before
    assert "5 dead files" in regroup("gc", source, "--older-than", "0s").must(0).err
    assert rows_of(live_files(regroup, source)) == list(range(500))


# Refusals.


def test_foreign_files_in_the_home(regroup, source, home):
    write(home / "mine.parquet")
    write(home / "other.parquet")
    result = regroup("compact", source, home).must(2)
    assert "2" in result.err and "mine.parquet" in result.err
    assert len(data_files(home)) == 2


@pytest.mark.parametrize("where", ["", "below", ".."], ids=["same", "inside", "around"])
def test_source_and_home_apart(where, regroup, source):
    result = regroup("compact", source, source / where).must(2)
    assert "--in-place" in result.err


@pytest.mark.parametrize("where, home", [
    (".", "./out"), (".", "out"), (".", "new/../out"), (".", "../s/out"), (".", "../new/../s/out"),
    ("..", "s/out"), ("..", "s/new/out"), ("..", "link/out"), ("..", "new/../s/out"),
])
def test_source_and_home_apart_whatever_they_are_called(where, home, regroup, tmp_path):
    """Also where the path of the home begins with one letter, and where it is not there yet."""
    folder = tmp_path / "s"
    write(folder / "f.parquet")
    (tmp_path / "link").symlink_to("s")
    before = snapshot(tmp_path)
    source = "." if where == "." else "s"
    result = regroup("compact", source, home, cwd=folder / where).must(2)
    assert "--in-place" in result.err
    assert snapshot(tmp_path) == before


def test_a_home_that_looks_like_a_file(regroup, source, tmp_path):
    regroup("compact", source, tmp_path / "out.parquet").must(2)


@pytest.mark.parametrize("document", ["_home", "_000001.json"])
def test_a_ledger_of_a_later_version(document, regroup, source, home):
    regroup("compact", source, home).must(0)
    path = home / "_regroup" / document
    text = path.read_text()
    assert text.startswith('{"v":1,')
    path.write_text(text.replace('"v":1', '"v":2', 1))
    before = snapshot(home)
    for command in (["compact", source, home], ["plan", source, home], ["list", home], ["gc", home],
                    ["compact", "--in-place", home], ["verify", source, home]):
        is_finding = command[0] == "verify" and document != "_home"
        result = regroup(*command).must(1 if is_finding else 65)
        assert f"{document}: version 2, made by a newer regroup" in result.err
    assert snapshot(home) == before


@pytest.mark.parametrize("marker", ["_delta_log", "metadata", ".hoodie"])
def test_table_folders_are_refused(marker, regroup, source, home):
    (source / marker).mkdir()
    names = {"_delta_log": "00000000000000000000.json", "metadata": "v1.metadata.json"}
    (source / marker / names.get(marker, "hoodie.properties")).write_text("{}")
    regroup("compact", source, home).must(2)
    assert not home.exists() or data_files(home) == []
    regroup("plan", source, home).must(0)


@pytest.mark.parametrize("way", ["to a destination", "in place"])
@pytest.mark.parametrize("marker, below", [
    ("_delta_log/0.json", "k=1"), (".hoodie/hoodie.properties", "k=1"),
    ("metadata/v1.metadata.json", "data/k=1"),
])
def test_tables_below_the_source_are_left_alone(way, marker, below, regroup, source, home):
    """Files that a table's log names are not to be replaced, nor may those it gave up come back."""
    table = source / "db" / "table"
    for name in "ab":
        write(table / below / f"{name}.parquet")
        write(source / "db" / "hive" / "metadata" / f"{name}.parquet", rows=7)
    (table / marker).parent.mkdir()
    (table / marker).write_text("{}")
    before = snapshot(table)
    places = [source, home] if way == "to a destination" else ["--in-place", source]
    for command in ("plan", "compact", "compact"):
        result = regroup(command, *places).must(3)
        assert list(alone(result)) == ["db/table/"]
        assert snapshot(table) == before
    made = data_files(home if way == "to a destination" else source / "db" / "hive")
    assert not any("table" in path.parts for path in made)
    assert rows_of([path for path in made if "hive" in path.parts]) == 2 * list(range(7))
    regroup("compact", *places, "--exclude", "db/table/**").must(0)


@pytest.mark.parametrize("way", ["to a destination", "in place"])
def test_ledgers_below_the_source_are_left_alone(way, regroup, source, home):
    """Of files that were replaced there the new ones have the same rows."""
    nested = source / "db" / "nested"
    for number in range(3):
        write(nested / "k=1" / f"g{number}.parquet", 500 + number * 100)
    regroup("compact", "--in-place", nested, "--grace", "1h").must(0)
    before = snapshot(nested)
    places = [source, home] if way == "to a destination" else ["--in-place", source]
    for command in ("plan", "compact", "compact"):
        result = regroup(command, *places).must(3)
        assert list(alone(result)) == ["db/nested/"]
        assert result.err.count("left alone: ") == 1
        assert "has a ledger of regroup of its own" in alone(result)["db/nested/"]
        assert snapshot(nested) == before
    made = data_files(home if way == "to a destination" else source)
    assert rows_of([path for path in made if nested not in path.parents]) == list(range(500))


@pytest.mark.parametrize("below", ["", "deep/k=1/"])
@pytest.mark.parametrize("marker", ["_delta_log/0.json", "metadata/v1.metadata.json",
                                    "_regroup/_home"])
def test_a_list_leads_past_no_table_and_no_ledger(marker, below, regroup, source, home, tmp_path):
    table = source / "db" / "table"
    for name in "ab":
        write(table / below / f"{name}.parquet")
    if marker == "_regroup/_home":
        regroup("compact", "--in-place", table, "--grace", "1h").must(0)
    else:
        (table / marker).parent.mkdir()
        (table / marker).write_text("{}")
    before = snapshot(table)
    names = tmp_path / "names"
    for places in ([source, home], ["--in-place", source]):
        for listed in (f"db/table/{below}", f"db/table/{below}a.parquet\nf1.parquet"):
            names.write_text(listed + "\n")
            result = regroup("compact", *places, "--files-from", names).must(3)
            assert list(alone(result)) == [f"db/table/{below}"]
            assert snapshot(table) == before


@pytest.mark.parametrize("marker", ["_delta_log/0.json", ".hoodie/x", "metadata/v1.metadata.json"])
def test_a_place_in_a_table_is_refused(marker, regroup, home, tmp_path):
    table = tmp_path / "table"
    for name in "ab":
        write(table / "data" / "k=1" / f"{name}.parquet")
    (table / marker).parent.mkdir()
    (table / marker).write_text("{}")
    before = snapshot(tmp_path)
    place = table / "data" / "k=1"
    for places in (["--in-place", place], ["--in-place", place / "a.parquet"], [place, home]):
        result = regroup("compact", *places).must(2)
        assert f"lies in {table}, a" in result.err and "table" in result.err
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("folder", ["_delta_log", "_change_data/k=1", ".hoodie/x"])
def test_files_of_a_table_s_own_are_refused(folder, regroup, tmp_path, home):
    """Checkpoints of a log are Parquet files; globs of a shell find them."""
    for name in "ab":
        write(tmp_path / "table" / folder / f"{name}.parquet")
    before = snapshot(tmp_path)
    for places in (["--in-place", tmp_path / "table" / folder],
                   [tmp_path / "table" / folder, home]):
        assert "keeps files of its own" in regroup("compact", *places).must(2).err
    assert snapshot(tmp_path) == before


def test_links_lead_into_no_table(regroup, tmp_path):
    """Neither where a link lies nor where it leads to may be a table's."""
    table = tmp_path / "table"
    elsewhere = tmp_path / "elsewhere"
    for folder in (table / "k=1", elsewhere):
        for name in "ab":
            write(folder / f"{name}.parquet")
    (table / "_delta_log").mkdir()
    (table / "_delta_log" / "0.json").write_text("{}")
    (table / "k=2").symlink_to(elsewhere)
    (table / "k=1" / "a name of many letters.parquet").symlink_to(elsewhere / "a.parquet")
    (tmp_path / "link").symlink_to(table / "k=1")
    before = snapshot(tmp_path)
    for place in (table / "k=2", table / "k=1" / "a name of many letters.parquet",
                  tmp_path / "link", f"{tmp_path}/table/../link/.//"):
        assert f"lies in {table}, a Delta" in regroup("compact", "--in-place", place).must(2).err
    assert snapshot(tmp_path) == before


def test_a_folder_called_metadata_is_no_table(regroup, tmp_path):
    lake = tmp_path / "bucket" / "lake"
    for name in "ab":
        write(lake / f"{name}.parquet")
        write(lake / "metadata" / f"{name}.parquet")
    (lake / "metadata" / "report.pdf.metadata.json").write_text("{}")
    (tmp_path / "bucket" / "metadata").mkdir()
    (tmp_path / "bucket" / "metadata" / "report.pdf.metadata.json").write_text("{}")
    regroup("compact", "--in-place", lake).must(0)
    assert rows_of(data_files(lake)) == 4 * list(range(100))


def test_a_home_that_is_older_than_the_one_above(regroup, tmp_path):
    """The one above leaves it alone, so it may go on; a younger one may not begin."""
    lake = tmp_path / "lake"
    for part in "kl":
        for number in range(3):
            write(lake / f"{part}=1" / f"f{number}.parquet", number * 100)
    regroup("compact", "--in-place", lake / "k=1").must(0)
    for night in range(2):
        assert list(alone(regroup("compact", "--in-place", lake).must(3))) == ["k=1/"]
        write(lake / "k=1" / f"late{night}.parquet", 300 + night * 100)
        regroup("compact", "--in-place", lake / "k=1").must(0)
        rows = rows_of(live_files(regroup, lake / "k=1"))
        assert sorted(rows) == list(range(400 + night * 100))
    result = regroup("compact", "--in-place", lake / "l=1").must(2)
    assert f"lies in {lake}, which has a ledger" in result.err
    # Whatever the times say: what the one above has done here decides.
    (lake / "_regroup" / "k=1").mkdir(exist_ok=True)
    (lake / "_regroup" / "k=1" / "_000001.json").write_text("{}")
    assert "lies in" in regroup("compact", "--in-place", lake / "k=1").must(2).err


@pytest.mark.skipif(os.getuid() != 0, reason="becomes somebody else")
def test_what_may_not_be_looked_into_is_there(regroup, tmp_path):
    table = tmp_path / "table"
    lake = tmp_path / "lake"
    for name in "ab":
        write(table / "k=1" / f"{name}.parquet")
        write(lake / "x" / f"{name}.parquet")
        write(lake / "y" / f"{name}.parquet")
    for folder in (table / "_delta_log", lake / "x" / "metadata", lake / "y" / "_regroup"):
        folder.mkdir()
        folder.chmod(0o700)
    for folder in [tmp_path, *tmp_path.rglob("*")]:
        if folder.name not in ("_delta_log", "metadata", "_regroup"):
            os.chown(folder, 65534, 65534)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == 0 and parent != parent.parent:
            parent.chmod(parent.stat().st_mode | 0o005)
    nobody = {"user": 65534, "group": 65534}
    assert "lies in" in regroup("compact", "--in-place", table / "k=1", **nobody).must(2).err
    result = regroup("compact", "--in-place", lake, **nobody).must(3)
    assert sorted(alone(result)) == ["x/metadata/", "y/"]
    assert len(data_files(lake / "x")) == 1 and len(data_files(lake / "y")) == 2


def test_a_ledger_that_has_nothing_is_in_nobody_s_way(regroup, source, home):
    """Whoever swaps the places has begun a ledger in the source, and no more."""
    write(source / "k=1" / "f9.parquet", 500)
    (home / "k=1").mkdir(parents=True)
    write(home / "k=1" / "f1.parquet")
    assert "Parquet file" in regroup("compact", home, source).must(2).err
    regroup("compact", "--in-place", source / "k=1").must(2)
    assert (source / "_regroup" / "_home").exists()
    shutil.rmtree(home)
    regroup("compact", source, home).must(0)
    assert sorted(rows_of(data_files(home))) == list(range(600))
    # Of one above or below it is said how to get rid of it.
    result = regroup("compact", "--in-place", source / "k=1").must(2)
    assert "no record of anything, remove the _regroup" in result.err
    shutil.rmtree(source / "_regroup")
    regroup("compact", "--in-place", source / "k=1").must(0)
    for places in ([source, home], ["--in-place", source]):
        result = regroup("compact", *places).must(3)
        assert "its _regroup can be removed" in alone(result)["k=1/"]
    shutil.rmtree(source / "k=1" / "_regroup")
    regroup("compact", "--in-place", source).must(0)


def test_one_file_in_place_is_taken_again_and_again(regroup, tmp_path):
    """The ledger of its folder is its own."""
    lake = tmp_path / "lake"
    for name in "abc":
        write(lake / f"{name}.parquet")
    for _ in range(2):
        regroup("compact", "--in-place", lake / "a.parquet").must(0)
    regroup("compact", "--in-place", lake / "a.parquet", "--min-input-files", "1", "--codec",
            "zstd").must(0)
    assert sorted(rows_of(data_files(lake))) == sorted(3 * list(range(100)))


def test_a_source_with_a_ledger_is_refused(regroup, source, home, tmp_path):
    """What it replaced, and what it replaces later, would come twice."""
    regroup("compact", source, home).must(0)
    regroup("compact", "--in-place", source, "--grace", "1h").must(0)
    before = snapshot(tmp_path)
    for place in (source, source / "f1.parquet", f"file://{source}"):
        for where in (home, tmp_path / "other"):
            result = regroup("compact", place, where).must(2)
            assert f"{place} has a ledger of regroup" in result.err and "--in-place" in result.err
    assert snapshot(tmp_path) == before
    regroup("plan", source, tmp_path / "other").must(0)
    regroup("compact", "--in-place", source).must(0)


def test_a_place_below_a_ledger_is_refused(regroup, source, tmp_path):
    lake = tmp_path / "lake"
    for number in range(4):
        write(lake / "k=1" / "l=2" / f"f{number}.parquet", number * 100)
    write(lake / "_staging" / "f9.parquet", 900)
    regroup("compact", "--in-place", lake).must(0)
    (tmp_path / "link").symlink_to(lake / "k=1")
    write(lake / "k=1" / "l=2" / "late.parquet", 400)
    before = snapshot(tmp_path)
    for places in (["--in-place", lake / "k=1"], ["--in-place", lake / "k=1" / "l=2"],
                   [lake / "k=1", tmp_path / "other"], [tmp_path / "link", tmp_path / "other"],
                   [lake / "k=1" / "l=2" / "late.parquet", tmp_path / "other"],
                   [source, lake / "k=2"], [source, lake / "new" / "deep"]):
        result = regroup("compact", *places).must(2)
        assert f"lies in {lake}, which has a ledger of regroup" in result.err
        assert snapshot(tmp_path) == before
        regroup("plan", *places).must(0)
    # What lies below a hidden name is nothing that the lake has.
    regroup("compact", lake / "_staging", tmp_path / "other").must(0)
    regroup("compact", source, lake / ".tmp" / "out").must(0)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["compact"],
        ["compact", "a"],
        ["compact", "a", "b", "c"],
        ["compact", "a", "b", "--no-such-option"],
        ["compact", "a", "b", "--memory", "lots"],
        ["compact", "a", "b", "--memory", "-1"],
        ["compact", "a", "b", "--codec", "zip"],
        ["compact", "a", "b", "--codec", "zstd:99"],
        ["compact", "a", "b", "--order", "colour"],
        ["compact", "a", "b", "--where", "y >> 3"],
        ["compact", "a", "b", "--row-group-rows", "many"],
        ["compact", "a", "b", "--config", "/does/not/exist"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments, regroup, tmp_path):
    result = regroup(*arguments, cwd=tmp_path).must(2)
    assert result.err.strip() and not result.out
    assert not (tmp_path / "b").exists()


def test_a_source_that_is_not_there(regroup, tmp_path, home):
    result = regroup("compact", tmp_path / "nowhere", home)
    assert result.status not in (0, 3)
    assert "nowhere" in result.err


# What it says.


def test_help_and_version(regroup):
    text = regroup("--help").must(0).out
    for word in ("compact", "plan", "inspect", "verify", "list", "gc"):
        assert word in text
    options = regroup("compact", "--help").must(0).out
    for word in ("--memory", "--row-group-size", "--codec", "--where", "REGROUP_"):
        assert word in options
    assert regroup("--version").must(0).out.strip()


def test_plan_writes_nothing(regroup, source, home):
    told = regroup("plan", source, home).must(0)
    assert told.out.strip()
    assert not home.exists()
    regroup("compact", source, home, "--dry-run").must(0)
    assert not home.exists()


def test_quiet_is_quiet(regroup, source, home):
    result = regroup("compact", source, home, "--quiet").must(0)
    assert result.out == "" and result.err == ""


def test_the_summary_tells_files_rows_and_memory(regroup, source, home):
    result = regroup("compact", source, home, "--progress", "none").must(0)
    assert result.out == ""
    for word in ("file", "row group", "KiB", "MB/s", "pages", "memory"):
        assert word in result.err


def test_the_report_as_data(regroup, source, home, tmp_path):
    report = tmp_path / "report.json"
    regroup("compact", source, home, "--report-json", report).must(0)
    told = json.loads(report.read_text())
    assert told["v"] == 1
    assert told["replaced"]


def summary_of(regroup, path, *arguments, status=0):
    """What the report says; every file that was seen is one of these."""
    regroup(*arguments, "--report-json", path).must(status)
    report = json.loads(path.read_text())
    summary = report["summary"]
    again = sum(file.get("home", False) for batch in report["replaced"] for file in batch["inputs"])
    kinds = ("recorded_before", "good_already", "waiting", "left_alone", "in")
    assert summary["files_seen"] == sum(summary[f"files_{kind}"] for kind in kinds) - again
    return summary


def test_a_filter_that_lets_nothing_through_says_so(regroup, tmp_path, home):
    lake, listed = partitioned(tmp_path / "lake"), tmp_path / "listed"
    regroup("compact", lake, home).must(0)
    report = tmp_path / "report.json"
    run = ("compact", lake, home)
    assert "nothing to do: 4 files are recorded already" in regroup(*run).must(0).err
    for options in (["--include", "**/nothing*"], ["--exclude", "**/f*"]):
        assert "nothing to do: no data files that --where" in regroup(*run, *options).must(0).err
        assert summary_of(regroup, report, *run, *options)["files_seen"] == 0
    listed.write_text("p=1/f0.parquet\n")
    for options in (["--include", "**/f[12]*"], ["--files-from", listed]):
        wanted = 1 if "--files-from" in options else 2
        summary = summary_of(regroup, report, *run, *options)
        assert (summary["files_seen"], summary["files_recorded_before"]) == (wanted, wanted)
    one = regroup("compact", lake / "p=1" / "f0.parquet", tmp_path / "other").must(0)
    assert "1 file, " in one.err
    again = regroup("compact", lake / "p=1" / "f0.parquet", tmp_path / "other").must(0)
    assert "nothing to do: 1 file is recorded already" in again.err


def test_the_counts_of_a_report_add_up(regroup, tmp_path):
    lake, report = tmp_path / "lake", tmp_path / "report.json"
    for number in range(5):
        write(lake / "k=1" / f"f{number}.parquet", number * 100)
    write(lake / "k=2" / "f5.parquet", 500)
    (lake / "k=1" / "bad.parquet").write_text("not Parquet")
    size = sum(path.stat().st_size for path in (lake / "k=1").glob("f*"))
    run = ("compact", "--in-place", lake)
    summary = summary_of(regroup, report, *run, status=3)
    assert [summary[f"files_{kind}"] for kind in ("in", "waiting", "left_alone")] == [5, 1, 1]
    assert (summary["files_deleted"], summary["bytes_deleted"]) == (5, size)
    (lake / "k=1" / "bad.parquet").unlink()
    result = regroup(*run).must(0)
    assert "nothing to do: 1 file is good already, 1 waits for more in its partition" in result.err
    for number in range(6, 8):
        write(lake / "k=1" / f"f{number}.parquet", number * 100)
    summary = summary_of(regroup, report, *run, "--grace", "1h")
    assert (summary["files_in"], summary["files_deleted"]) == (3, 0)
    summary = summary_of(regroup, report, *run, "--grace", "1h")
    assert (summary["files_recorded_before"], summary["files_good_already"]) == (2, 1)
    assert "3 files removed" in regroup(*run).must(0).err


def test_a_plan_counts_what_it_passes_over(regroup, tmp_path, home):
    source, report = tmp_path / "source", tmp_path / "report.json"
    for number in range(6):
        write(source / f"k={number % 2}" / f"f{number}.parquet", number * 100)
    regroup("compact", source, home).must(0)
    write(source / "k=1" / "f6.parquet", 600)
    (source / "k=1" / "f7.parquet").write_text("not Parquet")
    write(source / "k=0" / "f0.parquet", 900, rows=3)
    result = regroup("plan", source, home).must(3)
    assert "5 files are recorded already\n2 files are left alone\n" in result.out
    plan = json.loads(regroup("plan", source, home, "--json").must(3).out)
    [partition] = plan["partitions"]
    kinds = ("files_recorded_before", "files_left_alone", "files_good_already")
    assert [partition[kind] for kind in kinds] == [3, 1, 0]
    assert [plan["total"][kind] for kind in kinds] == [5, 2, 0]
    summary = summary_of(regroup, report, "compact", source, home, status=3)
    for kind in (*kinds, "files_in", "files_out", "row_groups_in", "row_groups_out", "rows"):
        assert summary[kind] == plan["total"][kind], kind


def test_progress_as_data(regroup, source, home):
    """The last state says that all is done, in the program's and in the engine's figures."""
    write(source / "dt=1" / "a.parquet")
    told = regroup("compact", source, home, "--progress", "json").must(0).err
    lines = [json.loads(line) for line in told.splitlines()]
    assert all(line["v"] == 1 for line in lines)
    state = [line for line in lines if line["event"] == "progress"][-1]
    assert state["partitions"] == state["partitions_done"] == 2
    assert state["files"] == state["files_done"] == 6
    assert state["in_bytes"] == state["in_bytes_moved"] == state["in_bytes_done"] > 0
    assert state["out_bytes"] == sum(path.stat().st_size for path in data_files(home))
    assert state["wall_ns"] > 0
    assert {"list", "stitch", "commit"} <= {stage["name"] for stage in state["stages"]}
    assert lines[-1]["event"] == "finished" and lines[-1]["status"] == "ok"


@pytest.mark.parametrize("batch", ["1GiB", "1KiB"])
def test_a_plan_has_the_columns_of_all_schemas(batch, regroup, tmp_path, home):
    """Files of two schemas in a folder, in one batch and in a batch each."""
    folder = tmp_path / "in"
    folder.mkdir()
    kinds = [["x", "y"], ["foo", "y", "bar", "x"]]
    for number in range(6):
        table = pa.table({name: [number] * 100 for name in kinds[number % 2]})
        pq.write_table(
            table, folder / f"{number}.parquet", use_dictionary=False, compression="none"
        )
    plan = json.loads(regroup("plan", folder, home, "--json", "--batch-size", batch).must(0).out)
    assert plan["total"]["batches"] == (1 if batch == "1GiB" else 6)
    for columns in (plan["total"]["columns"], plan["partitions"][0]["columns"]):
        moved = {column["column"]: sum(column["bytes_in"].values()) for column in columns}
        assert sorted(moved) == ["bar", "foo", "x", "y"] and len(columns) == 4
        assert moved["x"] == moved["y"] == 2 * moved["foo"] == 2 * moved["bar"] > 0


@pytest.mark.parametrize("command", [["plan"], ["compact", "--dry-run"]])
def test_the_end_of_a_plan_is_told_as_data(command, regroup, source, home):
    told = regroup(*command, source, home, "--progress", "json").must(0).err
    finished = [line for line in map(json.loads, told.splitlines()) if line["event"] == "finished"]
    assert [line["status"] for line in finished] == ["ok"] and finished[0]["files_in"] == 5


def test_a_flag_goes_before_what_the_environment_says(regroup, source, home):
    loud = {"REGROUP_VERBOSE": "1", "REGROUP_NULL": "true"}
    assert regroup("compact", source, home, "-q", env=loud).must(0).err == ""
    regroup("list", home, env=loud).must(0)
    regroup("compact", source, home, "-q", "-v").must(2)


@pytest.mark.parametrize("command", ["compact", "plan", "verify"])
def test_what_cannot_begin_is_told_as_data(command, regroup, tmp_path):
    nowhere = tmp_path / "nowhere"
    result = regroup(command, nowhere, tmp_path / "home", "--progress", "json").must(1)
    *before, told = [json.loads(line) for line in result.err.splitlines()]
    assert all(line["event"] == "progress" for line in before)
    assert (told["v"], told["event"], told["status"]) == (1, "finished", "absent")
    assert str(nowhere) in told["text"]


def test_findings_are_told_as_data_beside_progress(regroup, source, home):
    regroup("compact", source, home).must(0)
    write(source / "new.parquet")
    told = regroup("verify", source, home, "--progress", "json", "-v").must(3).err
    lines = [json.loads(line) for line in told.splitlines()]
    outcomes = [line["outcome"] for line in lines if "outcome" in line]
    assert sorted(outcomes) == ["equal", "missing"]
    assert lines[-1]["missing"] == 1 and lines[-1]["equal"] == 1


@pytest.mark.parametrize("command", ["plan", "compact"])
def test_warnings_are_told_as_data(command, regroup, source, home):
    told = regroup(command, source, home, "--bloom", "none", "--progress", "json").must(0).err
    lines = [json.loads(line) for line in told.splitlines()]
    assert "--bloom names none" in next(x["text"] for x in lines if x["event"] == "warning")
    assert lines[-1]["event"] == "finished"


def test_a_plan_knows_the_columns_of_all_schemas(regroup, source, home):
    for number in range(2):
        table = pa.table({"other": [1, 2], "id": [1, 2], "more": [0.5, 1.5]})
        pq.write_table(table, source / f"g{number}.parquet")
    options = ["--bloom", "text,more", "--order", "col:nope"]
    told = regroup("plan", source, home, "--json", *options).must(0)
    assert re.findall(r"warning: (.*)", told.err) == \
        ["--order names nope, a column that no output has"]
    for part in (json.loads(told.out)["total"], *json.loads(told.out)["partitions"]):
        names = [column["column"] for column in part["columns"]]
        assert sorted(names) == ["id", "more", "other", "text"]


def test_a_variable_that_is_no_option_is_warned_of(regroup, source, home):
    slip = {"REGROUP_MEMROY": "1G", "REGROUP_CORPORA": "/nowhere"}
    said = "REGROUP_MEMROY is no option; did you mean REGROUP_MEMORY?"
    for arguments in (["plan", source, home], ["compact", source, home], ["list", home],
                      ["verify", source, home], ["inspect", source / "f0.parquet"]):
        result = regroup(*arguments, env=slip).must(0)
        assert re.findall(r"warning: (.*)", result.err) == [said], arguments
    told = regroup("compact", source, home, "--progress", "json", env=slip).must(0).err
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["text"] for line in lines if line["event"] == "warning"] == [said]
    assert regroup("list", home, "-qq", env=slip).must(0).err == ""
    assert regroup("--version", env=slip).must(0).err == ""


class Outline(HTMLParser):
    """What a page is made of: its elements, whether they are closed in order, its texts."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.seen = {}
        self.texts = []
        self.nameless = 0  # Bars that say nothing to those who do not see them.

    def handle_starttag(self, tag, attributes):
        self.seen[tag] = self.seen.get(tag, 0) + 1
        names = {name for name, _ in attributes}
        assert not {"src", "href", "onclick", "onload"} & names
        if tag == "svg" and ("class", "bar") in attributes:
            self.nameless += "aria-label" not in names
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        self.seen[tag] = self.seen.get(tag, 0) + 1

    def handle_data(self, data):
        self.texts.append(data)


def test_the_report_to_look_at(regroup, tmp_path):
    source = tmp_path / "<b>src & 'co'"
    for number in range(3):
        write(source / f"<script>f{number}.parquet", number * 100)
    broken = source / '"><img src=x>.parquet'
    broken.write_bytes(b"PAR1 no footer PAR1")
    page = tmp_path / "report.html"
    result = regroup("compact", source, tmp_path / "home", "--report", page)
    assert result.status == 3
    outline = Outline()
    outline.feed(page.read_text())
    outline.close()
    assert outline.open == [] and outline.nameless == 0
    # Long paths in headings and errors do not push the page out of a narrow screen.
    assert "h1,p{overflow-wrap:anywhere}" in page.read_text()
    assert "script" not in outline.seen and "img" not in outline.seen
    assert outline.seen["table"] >= 3 and outline.seen["svg"] >= 3
    for text in (str(source), broken.name, "Left alone", "How pages moved", "Files written"):
        assert text in outline.texts, text
    assert not page.with_name("report.html.part").exists()


def test_the_report_of_a_plan_is_no_report_of_a_job(regroup, source, home, tmp_path):
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    result = regroup("plan", source, home, "--json", "--report", page, "--report-json", data)
    total = json.loads(result.must(0).out)["total"]
    told = json.loads(data.read_text())
    assert told["dry_run"] and told["replaced"] == []
    names = "batches files_in files_out row_groups_in row_groups_out rows bytes_in bytes_out"
    for name in names.split():
        assert told["summary"][name] == total[name] > 0, name
    outline = Outline()
    outline.feed(page.read_text())
    assert "Planned: nothing was written" in outline.texts and "Done" not in outline.texts
    assert f"{total['files_in']} \u2192 {total['files_out']}" in outline.texts


# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision
# Deficiency (2009), of full severity, on linear RGB: for whom red and green look alike.
SEEN_BY = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopes": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopes": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def lab(color, matrix):
    """CIELAB of #rrggbb as it looks to those whom the matrix is of."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    seen = [min(max(sum(m * x for m, x in zip(row, linear)), 0), 1) for row in matrix]
    x = (0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.95047
    y = 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]
    z = (0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.08883
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_colours_of_the_report_are_told_apart(regroup, source, home, tmp_path, eyes):
    page = tmp_path / "report.html"
    regroup("compact", source, home, "--report", page).must(0)
    style = re.search("<style>(.*)</style>", page.read_text())[1]
    rule = re.compile(r"([.\w,-]+)\{fill:#(\w{6})\}")
    states = "run", "no-cpu", "no-slot", "no-memory", "starved", "order", "cap", "done"
    verdicts = "copy", "promote", "remap", "dissolve", "join", "recompress", "recode"
    fills = {}
    # As they are, and then, after the last rule for dark screens, as they are on those.
    for part in style.rsplit("@media(prefers-color-scheme:dark)", 1):
        for names, color in rule.findall(part):
            fills.update((name.lstrip("."), color) for name in names.split(","))
        points = {name: lab(fills[name], SEEN_BY[eyes]) for name in states + verdicts}
        pairs = [*itertools.combinations(states, 2), *itertools.combinations(verdicts, 2)]
        for one, other in pairs:
            # 2 is what is just noticed side by side.
            assert math.dist(points[one], points[other]) > 17, (one, other)


def test_a_report_that_cannot_be_written(regroup, source, home, tmp_path):
    result = regroup("compact", source, home, "--report", tmp_path / "none" / "page.html").must(2)
    assert "--report" in result.err
    assert not home.exists() or data_files(home) == []


def test_a_report_in_the_place_of_a_directory(regroup, source, home, tmp_path):
    regroup("compact", source, home, "--report", tmp_path).must(2)
    assert not home.exists() or data_files(home) == []


def foreign_home(source, home):
    home.mkdir()
    pq.write_table(pa.table({"a": [1]}), home / "foreign.parquet")
    return [source, home], 2, "invalid"


def no_source(source, home):
    return [source / "nowhere", home], 1, "absent"


def little_memory(source, home):
    return [source, home, "--memory", "8MiB"], 2, "invalid"


@pytest.mark.parametrize("command", ["compact", "plan"])
@pytest.mark.parametrize("why", [foreign_home, no_source, little_memory])
def test_reports_say_how_a_job_ended_that_did_nothing(why, command, regroup, source, home,
                                                      tmp_path):
    """Else who reads them would take yesterday's for what was done today."""
    paths = [tmp_path / "report.json", tmp_path / "page.html"]
    for path in paths:
        path.write_text("yesterday's")
    places, exit_status, status = why(source, home)
    options = ["--report-json", paths[0], "--report", paths[1]]
    result = regroup(command, *places, *options).must(exit_status)
    told = json.loads(paths[0].read_text())
    assert told["status"] == status and f"error: {told['text']}\n" in result.err
    assert told["source"] == str(places[0]) and told["replaced"] == []
    assert told["dry_run"] == (command == "plan")
    page = paths[1].read_text()
    assert "<b>Failed</b>" in page and "yesterday" not in page


def test_reports_say_that_a_job_went_well(regroup, source, home, tmp_path):
    path = tmp_path / "report.json"
    for command in ("plan", "compact"):
        regroup(command, source, home, "--report-json", path).must(0)
        told = json.loads(path.read_text())
        assert told["status"] == "ok" and "text" not in told


@pytest.mark.parametrize("option", ["--report", "--report-json"])
def test_a_report_that_finds_no_room_says_so(option, regroup, source, home):
    result = regroup("compact", source, home, option, "/dev/full").must(1)
    assert f"error: {option}: /dev/full: No space left on device" in result.err
    assert rows_of(live_files(regroup, home)) == list(range(500))


def test_one_file_for_both_reports(regroup, source, home, tmp_path):
    both = tmp_path / "both"
    result = regroup("compact", source, home, "--report", both, "--report-json", both).must(2)
    assert str(both) in result.err
    assert not both.exists()


@pytest.mark.parametrize("kind", ["pipe", "link to a device", "link to a pipe", "link to a file"])
def test_a_report_takes_the_place_of_files_only(kind, regroup, source, home, tmp_path):
    """--report-json /dev/stdout: what stands there is written to, and stays what it is."""
    place = tmp_path / "place"
    told = tmp_path / "told"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "link to a device":
        place.symlink_to("/dev/null")
    elif kind == "link to a pipe":
        place.symlink_to("/dev/fd/1")
    else:
        told.write_text("of yesterday, and longer than what is told today" * 1000)
        place.symlink_to("told")
    before = place.lstat()
    reader = subprocess.Popen(["cat", place], stdout=subprocess.PIPE) if kind == "pipe" else None
    result = regroup("compact", source, home, "--report-json", place).must(0)
    text = {
        "pipe": lambda: reader.communicate(timeout=60)[0],
        "link to a device": lambda: None,
        "link to a pipe": lambda: result.out,
        "link to a file": told.read_text,
    }[kind]()
    assert text is None or json.loads(text)["summary"]["files_in"] == 5
    after = place.lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)
    assert not (tmp_path / "place.part").exists()


def test_inspect_tells_what_comes_before_a_broken_page(regroup, source, tmp_path):
    whole = source / "f1.parquet"
    broken = tmp_path / "broken.parquet"
    column = pq.ParquetFile(whole).metadata.row_group(0).column(1)
    at = column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset
    data = bytearray(whole.read_bytes())
    data[at : at + 8] = b"\xff" * 8
    broken.write_bytes(data)
    told = regroup("inspect", broken, whole, "--json", "--pages").must(65)
    first, second = (json.loads(line) for line in told.out.splitlines())
    assert f"row group 0: column {column.path_in_schema}: page at {at}" in first["error"]
    assert first["row_groups"][0]["chunks"][0]["pages"] and "error" not in second
    assert "row group 0, column " in regroup("inspect", broken, "--pages").must(65).out


def test_inspect_says_that_pages_are_encrypted(regroup, corpora):
    path = corpora / "parquet-testing/data/encrypt_columns_plaintext_footer.parquet.encrypted"
    told = regroup("inspect", path, "--pages")
    assert "row group 0: column float_field: encrypted" in told.must(65).err


def test_inspect_as_data(regroup, source):
    told = regroup("inspect", source / "f1.parquet", "--json").must(0).out
    documents = [json.loads(line) for line in told.splitlines() if line.strip()]
    assert all(document["v"] == 1 for document in documents)
    assert "100" in told
    assert "text" in regroup("inspect", source / "f1.parquet", "--pages").must(0).out


def test_list_as_data(regroup, source, home):
    regroup("compact", source, home).must(0)
    lines = regroup("list", home, "--json").must(0).out.splitlines()
    assert all(json.loads(line)["v"] == 1 for line in lines)
    assert len([line for line in lines if ".parquet" in line]) == 1


# Options from elsewhere.


def groups_of(home):
    return sum(pq.ParquetFile(path).num_row_groups for path in data_files(home))


def test_options_from_the_environment_and_a_file(regroup, source, tmp_path):
    config = tmp_path / "config"
    config.write_text("# a comment\nrow-group-rows = 100\n")
    cases = [
        ([], {}, 1),
        (["--row-group-rows", "100"], {}, 5),
        ([], {"REGROUP_ROW_GROUP_ROWS": "100"}, 5),
        (["--config", config], {}, 5),
        ([], {"REGROUP_CONFIG": str(config)}, 5),
        (["--row-group-rows", "500"], {"REGROUP_ROW_GROUP_ROWS": "100"}, 1),
        (["--config", config], {"REGROUP_ROW_GROUP_ROWS": "500"}, 1),
    ]
    for number, (options, env, wanted) in enumerate(cases):
        home = tmp_path / f"home{number}"
        regroup("compact", source, home, *options, env=env).must(0)
        assert groups_of(home) == wanted, (options, env)


def test_an_unknown_key_in_the_file(regroup, source, home, tmp_path):
    config = tmp_path / "config"
    config.write_text("row-group-rowz = 100\n")
    result = regroup("compact", source, home, "--config", config).must(2)
    assert "row-group-rowz" in result.err


# verify.


def test_verify_tells_different_rows(regroup, source, home):
    regroup("compact", source, home, "--codec", "none").must(0)
    (path,) = data_files(home)
    data = path.read_bytes()
    at = data.index(b"row 250")
    path.write_bytes(data[:at] + b"row 205" + data[at + 7 :])
    result = regroup("verify", source, home).must(1)
    assert "text" in result.err + result.out


def test_verify_names_what_is_not_there_yet(regroup, source, home):
    regroup("compact", source, home).must(0)
    write(source / "f7.parquet", 700)
    result = regroup("verify", source, home).must(3)
    assert "f7.parquet" in result.err + result.out


def extra(result):
    lines = result.err.splitlines()
    return [line.split()[1] for line in lines if line.startswith("extra: ")]


def test_verify_names_what_lies_beside_the_outputs(regroup, source, home):
    regroup("compact", source, home).must(0)
    (first,) = data_files(home)
    write(home / "copy.parquet")
    (home / "notes.txt").write_text("no data")
    assert extra(regroup("verify", source, home).must(3)) == ["copy.parquet"]
    (home / "copy.parquet").unlink()

    # What was killed before its sweep, or runs with --grace.
    regroup("compact", source, home, "--all", "--codec", "none", "--grace", "1h").must(0)
    assert extra(regroup("verify", source, home).must(3)) == [first.name]
    assert '"extra":1' in regroup("verify", source, home, "--json").must(3).out
    first.unlink()
    regroup("verify", source, home).must(0)


def partitioned(lake):
    """Rows 0 to 399 in two partitions."""
    for number in range(4):
        write(lake / f"p={1 + number // 2}" / f"f{number}.parquet", number * 100)
    return lake


def test_verify_names_foreign_files_wherever_they_lie(regroup, tmp_path, home):
    """Who reads the folder reads them, too; `list` does not call them live."""
    lake = partitioned(tmp_path / "lake")
    regroup("compact", lake, home).must(0)
    outputs = data_files(home)
    (home / "p=0" / "deep=1").mkdir(parents=True)
    shutil.copy(outputs[0], home / "p=0" / "deep=1")
    shutil.copy(lake / "p=1" / "f0.parquet", home / "p=0" / "deep=1")
    (home / "p=3").mkdir()
    shutil.copy(lake / "p=1" / "f1.parquet", home / "p=3")
    shutil.copytree(lake / "p=1", lake / "p=3")
    strays = ["p=0/deep=1/f0.parquet", f"p=0/deep=1/{outputs[0].name}", "p=3/f1.parquet"]
    result = regroup("verify", lake, home).must(3)
    assert extra(result) == strays
    # It is not in DEST because somebody put it there.
    assert "missing: p=3/f1.parquet is in no record" in result.err
    assert "equal: 400 rows of 4 files in SOURCE, 400 rows of 2 in DEST" in result.err
    listed = regroup("list", home).must(0)
    assert [home / line for line in listed.out.splitlines()] == outputs
    warnings = [line for line in listed.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2
    assert "2 files that regroup did not write" in warnings[0] and strays[0] in warnings[0]
    assert "1 file that regroup did not write" in warnings[1] and strays[2] in warnings[1]
    for path in ("p=0", "p=3"):
        shutil.rmtree(home / path)
    shutil.copy(lake / "p=1" / "f0.parquet", home / "p=1")
    assert extra(regroup("verify", lake, home).must(3)) == ["p=1/f0.parquet"]
    assert "p=1/f0.parquet" not in regroup("list", home).must(0).out


def test_verify_names_outputs_that_nobody_knows_of_any_more(regroup, tmp_path, home):
    lake = partitioned(tmp_path / "lake")
    regroup("compact", lake, home).must(0)
    (output,) = data_files(home / "p=1")
    shutil.rmtree(lake / "p=1")
    shutil.rmtree(home / "_regroup" / "p=1")
    assert extra(regroup("verify", lake, home).must(3)) == [f"p=1/{output.name}"]


def test_verify_lets_foreign_files_lie_in_place_wherever_they_are(regroup, tmp_path):
    lake = partitioned(tmp_path / "lake")
    write(lake / "p=0" / "f4.parquet", 400)
    write(lake / "p=3" / "f5.parquet", 500)
    before = shutil.copytree(lake, tmp_path / "before")
    regroup("compact", "--in-place", lake, "--where", "p = 1").must(0)
    # `gc` says that what a run began in p=0 will not be: no record of rows.
    intent = lake / "_regroup" / "p=0" / f"_000001-{'0' * 16}-{'1' * 16}.intent"
    intent.parent.mkdir()
    intent.write_text("")
    regroup("gc", lake, "--older-than", "0s").must(0)
    assert [path.name for path in intent.parent.glob("*.json")] == ["_000001.json"]
    result = regroup("verify", before, lake).must(0)
    told = "equal: 600 rows of 6 files in SOURCE, 600 rows of 5 in DEST, partitions: 4"
    assert told in result.err
    assert live_files(regroup, lake) == data_files(lake)
    for name in ("p=0/f4.parquet", "p=3/f5.parquet"):
        table = pq.read_table(before / name)
        pq.write_table(table.slice(1), lake / name)
    result = regroup("verify", before, lake).must(1)
    assert result.err.count("different: ") == 2


def test_verify_names_what_was_written_to_a_file_that_had_no_rows(regroup, source, home):
    write(source / "g.parquet", rows=0)
    regroup("compact", source, home).must(0)
    regroup("verify", source, home).must(0)
    write(source / "g.parquet", 500)
    result = regroup("verify", source, home).must(3)
    assert "missing: g.parquet was changed after record 1 took it" in result.err
    regroup("compact", source, home, "--all").must(0)
    regroup("verify", source, home).must(0)
    write(source / "g.parquet", 900)
    write(source / "f2.parquet", 900)
    # Of those that have a group it says so.
    result = regroup("verify", source, home).must(1)
    assert result.err.count("after record 2 took it") == 1


def test_verify_lets_outputs_be_that_are_under_way(regroup, source, home):
    """Without its record an output is one of a run that was killed, or is at it."""
    regroup("compact", source, home).must(0)
    (output,) = data_files(home)
    (record,) = (home / "_regroup").glob("_*.json")
    record.unlink()
    name = output.name.split("-")[3][:16]
    intent = home / "_regroup" / f"_000001-{'0' * 16}-{name}.intent"
    intent.write_text("")
    assert extra(regroup("verify", source, home).must(3)) == []
    intent.unlink()
    assert extra(regroup("verify", source, home).must(3)) == [output.name]


def test_verify_lets_replaced_files_lie_in_place(regroup, source, tmp_path):
    before = shutil.copytree(source, tmp_path / "before")
    regroup("compact", "--in-place", source, "--grace", "1h").must(0)
    for number in range(5):
        late = write(source / f"late{number}.parquet", 500 + 100 * number, 100)
        shutil.copy2(late, before)
    regroup("compact", "--in-place", source, "--grace", "1h").must(0)
    assert len([path for path in data_files(source) if path.name[0] == "p"]) == 2
    regroup("verify", before, source).must(0)


def test_verify_in_place_with_a_copy_from_between_two_runs(regroup, source, tmp_path):
    regroup("compact", "--in-place", source).must(0)
    for number in range(5):
        write(source / f"late{number}.parquet", 500 + 100 * number, 100)
    between = shutil.copytree(source, tmp_path / "between")
    regroup("compact", "--in-place", source).must(0)
    regroup("verify", between, source).must(0)
    after = shutil.copytree(source, tmp_path / "after")
    regroup("verify", after, source).must(0)
    (between / "late3.parquet").unlink()
    said = regroup("verify", between, source).must(1).err
    assert "late3.parquet, which record 2 took, is not in SOURCE" in said
    next(path for path in between.iterdir() if path.name.startswith("part-")).unlink()
    assert re.search("f.[.]parquet, which record 1 took", regroup("verify", between, source).err)


def test_verify_reads_large_outputs_to_their_end(regroup, tmp_path, home):
    """They are read row group by row group; a record that knows of fewer does not hide the rest."""
    source = tmp_path / "in"
    source.mkdir()
    for number in range(2):
        path = source / f"{number}.parquet"
        table = pa.table({"x": pa.array(range(4_300_000 * number, 4_300_000 * (number + 1)))})
        pq.write_table(table, path, compression="none", use_dictionary=False)
    shape = ["--row-group-size", "16MiB", "--row-groups-per-file", "9"]
    regroup("compact", source, home, *shape).must(0)
    (output,) = data_files(home)
    assert output.stat().st_size > 64 << 20
    groups = pq.ParquetFile(output).metadata.num_row_groups
    assert groups > 2
    (record,) = (home / "_regroup").glob("_*.json")
    text = record.read_text()
    assert text.count(f",8600000,{groups}]") == 1
    record.write_text(text.replace(f",8600000,{groups}]", ",8600000,2]"))
    regroup("verify", source, home).must(0)


def test_verify_counts_the_rows_of_the_record(regroup, source, home):
    regroup("compact", source, home).must(0)
    (record,) = (home / "_regroup").glob("_*.json")
    lines = record.read_text().split("\n")
    fewer = [re.sub(r",500,(\d+)\]$", r",400,\1]", line) for line in lines]
    assert fewer != lines
    record.write_text("\n".join(fewer))
    result = regroup("verify", source, home).must(1)
    assert "record 1 took 500 rows, and its outputs have 400" in result.err
    # One that names an input less would agree with itself.
    less = [re.sub(r'^(,?\["f0.*),100\]$', r"\1,0]", line) for line in fewer]
    assert less != fewer
    record.write_text("\n".join(less))
    result = regroup("verify", source, home).must(1)
    assert "500 rows in the outputs, 400 in the record" in result.err


@pytest.mark.parametrize("lost", [1, 2])
def test_verify_names_a_record_that_is_missing(lost, regroup, source, home):
    for number in range(3):
        write(source / f"late{number}.parquet", 1000 * number, 10)
        regroup("compact", source, home).must(0)
    write(source / "dt=1" / "a.parquet", rows=70)
    regroup("compact", source, home).must(0)
    (home / "_regroup" / f"_{lost:06}.json").unlink()
    told = regroup("verify", source, home, "--json").must(1).out
    findings = [json.loads(line) for line in told.splitlines()]
    by_partition = {x["partition"]: x for x in findings if "partition" in x}
    assert f"record {lost} is missing" in by_partition[""]["text"]
    # Nobody knows anything of that one; others are compared.
    assert by_partition[""]["outcome"] == "failed"
    assert by_partition["dt=1/"]["outcome"] == "equal"


def test_verify_compares_no_place_with_itself(regroup, source):
    """In place only a copy can tell what the rows were."""
    regroup("compact", "--in-place", source, "--grace", "1h").must(0)
    regroup("verify", source, source).must(0)
    regroup("compact", "--in-place", source).must(0)
    result = regroup("verify", source, source).must(1)
    assert "which record 1 took, is not in SOURCE" in result.err


def test_verify_in_place_where_names_were_taken_anew(regroup, source, tmp_path):
    regroup("compact", "--in-place", source).must(0)
    for number in range(2):
        write(source / f"f{number}.parquet", 1000 + number, rows=30 + number)
    copy = tmp_path / "copy"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("_regroup"))
    # What is new lies there as it is.
    assert "equal: 561 rows of 3 files" in regroup("verify", copy, source).must(0).err
    write(source / "f0.parquet", 2000, rows=30)
    assert "different: " in regroup("verify", copy, source).must(1).err


def test_standard_output_may_be_closed(regroup, source, home):
    regroup("compact", source, home).must(0)
    process = subprocess.run(
        ["sh", "-c", '"$@" | true', "sh", *regroup.command("list", home)],
        stderr=subprocess.PIPE,
    )
    assert b"Sanitizer" not in process.stderr


def members(value):
    """Names of members, but for those that are data: verdicts, reasons, states, outcomes."""
    if isinstance(value, list):
        for each in value:
            yield from members(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            if name in ("reasons", "bytes_in", "state_ns"):
                continue
            for inner in each.values() if name == "moves" else [each]:
                yield from members(inner)


def test_every_member_is_documented(regroup, source, home, tmp_path):
    report = tmp_path / "report.json"
    (source / "broken.parquet").write_bytes(b"PAR1 no more")
    done = regroup("compact", source, home, "--progress", "json", "--report-json", report).must(3)
    (file,) = data_files(home)[:1]
    texts = [
        done.err,
        report.read_text(),
        regroup("plan", source, tmp_path / "other", "--json", "--encoding", "small").must(3).out,
        regroup("list", home, "--json").must(0).out,
        regroup("verify", source, home, "--json", "--progress", "json").must(3).out,
        regroup("inspect", file, "--json", "--pages").must(0).out,
    ]
    lines = [line for text in texts for line in text.splitlines()]
    names = {name for line in lines for name in members(json.loads(line))}
    told = re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "json.md").read_text())
    assert {"replaced", "memory_bytes_min", "outcome", "rows_said", "in_bytes_moved"} <= names
    assert names - set(told) == set()


# Standard error that nobody reads.


def start_unread(regroup, *arguments):
    """Standard error is a pipe of one page that is full already: who is told does not read."""
    reader, end = os.pipe()
    fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(end, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(end, b".")
    os.set_blocking(end, True)
    process = subprocess.Popen(regroup.command(*arguments), stdin=subprocess.DEVNULL, stderr=end,
                               env=regroup.environment)
    os.close(end)
    return process, reader


def wait_until_it_takes_signals(process):
    """It blocks them, for its watching thread, before it does anything."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        blocked = next(int(line.split()[1], 16) for line in lines if line.startswith("SigBlk"))
        if blocked & (1 << (signal.SIGTERM - 1)):
            return
        time.sleep(0.01)
    pytest.fail("SIGTERM is not blocked")


@pytest.mark.parametrize("options", [[], ["--progress", "json"]])
@pytest.mark.parametrize("command", ["compact", "plan", "verify"])
def test_a_signal_is_heeded_while_nobody_reads_what_is_said(command, options, regroup, tmp_path,
                                                            home):
    source = tmp_path / "source"
    source.mkdir()
    for number in range(200):
        (source / f"f{number}.parquet").write_text("no Parquet")
    if command == "verify":
        regroup("compact", write(source / "good.parquet").parent, home).must(3)
    process, reader = start_unread(regroup, command, source, home, *options)
    try:
        wait_until_it_takes_signals(process)
        time.sleep(1)  # By now it has something to say.
        assert process.poll() is None
        process.terminate()
        # All that verify had left to do was to say it.
        assert process.wait(timeout=60) in ([3, 130] if command == "verify" else [130])
    finally:
        process.kill()
        os.close(reader)


def test_a_reader_that_is_late_gets_every_line(regroup, tmp_path, home):
    source = tmp_path / "source"
    source.mkdir()
    for number in range(200):
        (source / f"f{number}.parquet").write_text("no Parquet")
    process, reader = start_unread(regroup, "compact", source, home)
    time.sleep(1)
    said = b""
    while data := os.read(reader, 65536):
        said += data
    os.close(reader)
    assert process.wait(timeout=60) == 3
    assert said.count(b"left alone: f") == 200
