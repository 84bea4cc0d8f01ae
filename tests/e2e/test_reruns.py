# SPDX-License-Identifier: Apache-2.0

"""Disks that are full or cannot be written: the run says so, nothing is lost, and the next run,
when there is room, has every row once. (Runs that are killed: test_kill.py.) And what a run in
several batches makes of what was there before."""

import json
import os
import re
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import data_files, live_files, rows_of, snapshot

FILES, ROWS = 8, 20_000
SHAPE = ("--row-group-size", "150KiB", "--row-groups-per-file", "1")
LARGER = ("--row-group-size", "1MiB", "--row-groups-per-file", "1")
ROOMY = "20m"
FULL, READ_ONLY = "No space left on device", "Read-only file system"


def mount(*arguments):
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    return done.stderr.strip() if done.returncode != 0 else None


class Disk:
    """A file system of its own, of a size that can be changed."""

    def __init__(self, path):
        self.path = path

    def resize(self, size):
        assert mount("-o", f"remount,size={size}", str(self.path)) is None

    def set_read_only(self, is_read_only):
        how = "ro" if is_read_only else "rw"
        assert mount("-o", f"remount,{how}", str(self.path)) is None


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    if os.getuid() != 0:
        pytest.skip("only root can mount a small file system")
    problem = mount("-t", "tmpfs", "-o", f"size={ROOMY}", "tmpfs", str(path))
    if problem:
        pytest.skip(f"no small file system can be mounted: {problem}")
    yield Disk(path)
    subprocess.run(["umount", str(path)], check=True)


def fill(folder, first=0, files=FILES):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + files):
        draw = np.random.default_rng(number)
        table = pa.table({"id": np.arange(number * ROWS, (number + 1) * ROWS),
                          "noise": draw.integers(0, 1 << 62, ROWS)})
        pq.write_table(table, folder / f"{number}.parquet", use_dictionary=False)
    return folder


def refused(result, what, url):
    """Exit 1, and one line that names the place once."""
    result.must(1)
    [line] = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert what in line, line
    assert line.count(url) == 1, line
    return line


def all_rows(files=FILES):
    return list(range(files * ROWS))


def check_whole(regroup, home, files=FILES):
    assert rows_of(live_files(regroup, home)) == all_rows(files)
    kept = (".parquet", ".json", ".snapshot")
    left = [path for path in home.rglob("*") if path.is_file() and path.suffix not in kept]
    assert [path.name for path in left] == ["_home"]


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.6, 0.95])
def test_a_disk_that_is_full_half_way(share, regroup, disk, tmp_path):
    source, home = fill(tmp_path / "in"), disk.path / "home"
    before = snapshot(source)
    total = sum(path.stat().st_size for path in source.iterdir())
    disk.resize(max(4096, int(total * share)))
    line = refused(regroup("compact", source, home, *SHAPE), FULL, "disk/home")
    assert line.count(".parquet") <= 1
    assert regroup("list", home).must(0).out == ""
    # Still full: the same again.
    refused(regroup("compact", source, home, *SHAPE), FULL, "disk/home")
    disk.resize(ROOMY)
    regroup("compact", source, home, *SHAPE).must(0)
    check_whole(regroup, home)
    assert len(live_files(regroup, home)) > 3
    regroup("verify", source, home).must(0)
    assert snapshot(source) == before


def test_a_disk_that_is_full_at_the_end(regroup, disk, tmp_path):
    """Some pages less than all that is written: the last output, or what the ledger says of it."""
    source, home = fill(tmp_path / "in", files=2), disk.path / "home"
    regroup("compact", source, home, *SHAPE).must(0)
    used = os.statvfs(disk.path)
    pages = used.f_blocks - used.f_bfree
    failed = 0
    for less in range(1, 6):
        subprocess.run(["rm", "-r", str(home)], check=True)
        disk.resize((pages - less) * used.f_bsize)
        result = regroup("compact", source, home, *SHAPE)
        if result.status != 0:
            refused(result, FULL, "disk/home")
            failed += 1
        disk.resize(ROOMY)
        regroup("compact", source, home, *SHAPE).must(0)
        check_whole(regroup, home, 2)
    assert failed > 0


def test_a_disk_that_is_full_when_files_come_late(regroup, disk, tmp_path):
    source, home = fill(tmp_path / "in", files=4), disk.path / "home"
    regroup("compact", source, home, *SHAPE).must(0)
    before = snapshot(home)
    fill(source, 4, 4)
    used = sum(size for size, _ in before.values())
    disk.resize(used + 400 * 1024)
    refused(regroup("compact", source, home, *SHAPE), FULL, "disk/home")
    # What was there is there, and it is all that counts.
    assert before.items() <= snapshot(home).items()
    listed = regroup("list", home).must(0).out.splitlines()
    assert rows_of(sorted(home / name for name in listed)) == all_rows(4)
    disk.resize(ROOMY)
    regroup("compact", source, home, *SHAPE).must(0)
    check_whole(regroup, home)


def test_in_place_on_a_disk_that_is_full(regroup, disk):
    """Outputs have to stand beside their inputs until these may go."""
    lake = fill(disk.path / "lake")
    before = snapshot(lake)
    disk.resize(sum(size for size, _ in before.values()) + 600 * 1024)
    for _ in range(2):
        refused(regroup("compact", "--in-place", lake, *LARGER), FULL, "disk/lake")
        assert before.items() <= snapshot(lake).items()
    disk.resize(ROOMY)
    regroup("compact", "--in-place", lake, *LARGER).must(0)
    check_whole(regroup, lake)
    assert not before.keys() & snapshot(lake).keys()


def test_a_disk_that_is_read_only(regroup, disk, tmp_path):
    source, home = fill(tmp_path / "in", files=4), disk.path / "home"
    regroup("compact", source, home, *SHAPE).must(0)
    before = snapshot(home)
    fill(source, 4, 4)
    disk.set_read_only(True)
    for place in (home, disk.path / "other"):
        line = refused(regroup("compact", source, place, *SHAPE), READ_ONLY, str(place) + " ")
        assert f"{place} cannot be written to" in line
    refused(regroup("gc", home), READ_ONLY, f"{home} cannot be written to")
    # Reading goes on.
    assert rows_of(live_files(regroup, home)) == all_rows(4)
    regroup("plan", source, home, *SHAPE).must(0)
    regroup("verify", source, home).must(3)
    disk.set_read_only(False)
    assert snapshot(home) == before
    regroup("compact", source, home, *SHAPE).must(0)
    check_whole(regroup, home)


def test_in_place_on_a_disk_that_is_read_only(regroup, disk):
    lake = fill(disk.path / "lake", files=3)
    before = snapshot(lake)
    disk.set_read_only(True)
    refused(regroup("compact", "--in-place", lake), READ_ONLY, f"{lake} cannot be written to")
    disk.set_read_only(False)
    assert snapshot(lake) == before
    regroup("compact", "--in-place", lake).must(0)
    check_whole(regroup, lake, 3)


def test_a_source_that_is_read_only(regroup, disk, tmp_path):
    source = fill(disk.path / "in", files=3)
    disk.set_read_only(True)
    regroup("compact", source, tmp_path / "home").must(0)
    check_whole(regroup, tmp_path / "home", 3)


def test_a_folder_without_permission(regroup, tmp_path, unprivileged):
    source, home = fill(tmp_path / "in", files=3), tmp_path / "home"
    home.mkdir()
    home.chmod(0o555)
    result = regroup("compact", source, home, **unprivileged)
    refused(result, "Permission denied", f"{home} cannot be written to")
    assert data_files(home) == []
    home.chmod(0o777)
    regroup("compact", source, home, **unprivileged).must(0)
    check_whole(regroup, home, 3)


def write_bytes(path, first, size):
    """A file of about that many bytes: eight for each row, which are numbers from `first` on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"id": np.arange(first, first + size // 8)})
    pq.write_table(table, path, use_dictionary=False, compression="none", write_statistics=False)
    return path


TWENTY = ("--row-group-size", "20KiB", "--row-groups-per-file", "1")


def scatter(lake, count=24, every=6):
    """One file in six is small; the others are good as they are."""
    for number in range(count):
        is_small = number % every == every // 2
        write_bytes(lake / f"f{number:02}.parquet", number * 10_000, 1000 if is_small else 20_000)
    small = [path for path in data_files(lake) if path.stat().st_size < 10_000]
    return sorted(set(data_files(lake)) - set(small)), small


def summary_of(regroup, folder, *arguments):
    regroup(*arguments, "--report-json", folder / "report.json").must(0)
    return json.loads((folder / "report.json").read_text())["summary"]


@pytest.mark.parametrize("size, waiting",
                         [("1GiB", 0), ("100KiB", 1), ("50KiB", 1), ("21KiB", 1), ("19KiB", 1)])
def test_small_files_among_good_ones_are_merged(size, waiting, regroup, tmp_path):
    """However the batches fall; also where a good file is more than a batch. For the sake of the
    last small one an output of three is not made again."""
    lake = tmp_path / "lake"
    good, small = scatter(lake)
    before, rows = snapshot(lake), rows_of(data_files(lake))
    run = ("compact", "--in-place", lake, *TWENTY, "--batch-size", size)
    plan = summary_of(regroup, tmp_path, *run, "--dry-run")
    summary = summary_of(regroup, tmp_path, *run)
    assert (summary["files_good_already"], summary["files_waiting"]) == (len(good), waiting)
    # A plan takes no outputs of its own again, and each file once.
    assert (plan["files_good_already"], plan["files_in"], plan["files_waiting"]) == \
        (len(good), len(small), 0)
    assert [path for path in small if path.exists()] == small[len(small) - waiting :]
    assert {str(path.relative_to(lake)) for path in good} <= before.keys() & snapshot(lake).keys()
    assert len(data_files(lake)) == len(good) + 1 + waiting
    assert sorted(rows_of(live_files(regroup, lake))) == sorted(rows)
    assert "nothing to do" in regroup(*run).must(0).err


def test_files_that_wait_are_counted_once(regroup, tmp_path):
    lake = tmp_path / "lake"
    good, small = scatter(lake)
    before = snapshot(lake)
    for size, fewest in (("1", "2"), ("50KiB", "5"), ("1GiB", "5")):
        run = ("compact", "--in-place", lake, *TWENTY, "--batch-size", size, "--min-input-files",
               fewest)
        for more in (["--dry-run"], []):
            summary = summary_of(regroup, tmp_path, *run, *more)
            counts = (summary["files_good_already"], summary["files_waiting"], summary["files_in"])
            assert counts == (len(good), len(small), 0)
        assert before.items() <= snapshot(lake).items()


def test_what_waits_goes_on_without_a_file_that_is_bad(regroup, tmp_path):
    lake = tmp_path / "lake"
    good, small = scatter(lake)
    content = small[1].read_bytes()
    small[1].write_bytes(content[:-1])
    run = ("compact", "--in-place", lake, *TWENTY, "--batch-size", "50KiB")
    result = regroup(*run, "--min-input-files", "3").must(3)
    assert result.err.count("left alone: ") == 1 and small[1].name in result.err
    assert len(data_files(lake)) == len(good) + 2
    small[1].write_bytes(content)
    write_bytes(lake / "late.parquet", 500_000, 1000)
    regroup(*run).must(0)
    assert len(data_files(lake)) == len(good) + 1


def test_good_files_are_no_reason_to_take_an_output_again(regroup, tmp_path):
    lake = tmp_path / "lake"
    shape = ("--row-group-size", "100KiB", "--row-groups-per-file", "1")
    for number in range(2):
        write_bytes(lake / f"a{number}.parquet", number * 10_000, 20_000)
    regroup("compact", "--in-place", lake, *shape).must(0)
    [output] = data_files(lake)
    write_bytes(lake / "b.parquet", 20_000, 90_000)
    write_bytes(lake / "c.parquet", 40_000, 1000)
    for command in ("plan", "compact"):
        result = regroup(command, "--in-place", lake, *shape).must(0)
        assert re.search("1 (file )?waits for more in its partition", result.err + result.out)
    assert output.exists()
    write_bytes(lake / "d.parquet", 50_000, 30_000)
    regroup("compact", "--in-place", lake, *shape).must(0)
    assert not output.exists()
    assert len(live_files(regroup, lake)) == 2


@pytest.mark.parametrize("way", ["to a destination", "in place"])
def test_a_plan_takes_an_output_once(way, regroup, tmp_path):
    """Whatever the number of batches. A run takes the short outputs that it made itself, too."""
    source = tmp_path / "source"
    in_place = way == "in place"
    places = ["--in-place", source] if in_place else [source, tmp_path / "home"]
    for number in range(4):
        write_bytes(source / f"f{number:02}.parquet", number * 1000, 4000)
    regroup("compact", *places).must(0)
    for number in range(4, 12):
        size = write_bytes(source / f"f{number:02}.parquet", number * 1000, 4000).stat().st_size
    for batch_size, batches in (("1GiB", 1), (str(2 * size), 4)):
        plan = summary_of(regroup, tmp_path, "compact", *places, "--batch-size", batch_size,
                          "--dry-run")
        assert (plan["batches"], plan["files_in"], plan["rows"]) == (batches, 9, 12 * 500)
