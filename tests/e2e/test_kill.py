# SPDX-License-Identifier: Apache-2.0

"""Killed at some moment and run again, the job is done once. (Every single point: tests/crash.)"""

import signal
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import readers
from conftest import data_files, live_files, rows_of, write


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    random = np.random.default_rng(3)
    for number in range(150):
        rows = 5000
        table = pa.table(
            {
                "id": np.arange(number * rows, (number + 1) * rows),
                "value": random.random(rows),
                "word": [f"w{i % 50}" for i in range(rows)],
            }
        )
        day = folder / f"day={number % 3}"
        day.mkdir(exist_ok=True)
        pq.write_table(table, day / f"{number:04}.parquet")
    return folder


def test_killed_and_run_again(regroup, source, tmp_path):
    options = ("--row-group-size", "500KiB")
    start = time.monotonic()
    regroup("compact", source, tmp_path / "whole", *options).must(0)
    whole = time.monotonic() - start
    wanted = readers.with_pyarrow(live_files(regroup, tmp_path / "whole"))
    for number in range(8):
        home = tmp_path / str(number)
        for _ in range(3):
            process = regroup.start("compact", source, home, *options)
            time.sleep(whole * (number + 0.5) / 8)
            process.kill()
            process.communicate()
        regroup("compact", source, home, *options).must(0)
        found = readers.with_pyarrow(live_files(regroup, home))
        assert found.equals(wanted)
        kept = (".parquet", ".json", ".snapshot")
        left = [path for path in home.rglob("*") if path.is_file() and path.suffix not in kept]
        assert [path.name for path in left] == ["_home"]


def test_five_copies_in_place_at_once(regroup, tmp_path):
    """All of them end well, whoever does the work, and each row is there once."""
    for turn in range(4):
        lake = tmp_path / str(turn)
        for number in range(24):
            write(lake / f"k={number % 4}" / f"f{number:03}.parquet", number * 100)
        copies = [regroup.start("compact", "--in-place", lake) for _ in range(5)]
        for copy in copies:
            _, said = copy.communicate(timeout=120)
            assert copy.returncode == 0, said.decode(errors="replace")
        assert sorted(rows_of(live_files(regroup, lake))) == list(range(2400))


def test_another_run_wins_while_outputs_are_compared(regroup, tmp_path):
    """Its record makes ours dead, and sweeps them: no failure, but nothing left to do."""
    lake = tmp_path / "lake"
    for number in range(12):
        rows = 50_000
        table = pa.table({"id": range(number * rows, (number + 1) * rows)})
        lake.mkdir(exist_ok=True)
        pq.write_table(table, lake / f"f{number:02}.parquet", use_dictionary=False)
    slow = regroup.start("compact", "--in-place", lake, "--verify", "full", "--jobs", "1",
                         "--row-groups-per-file", "1", "--row-group-size", "1500KiB")  # fmt: skip
    end = time.monotonic() + 60
    while len(data_files(lake)) < 12 + 2 and slow.poll() is None and time.monotonic() < end:
        time.sleep(0.001)
    slow.send_signal(signal.SIGSTOP)
    regroup("compact", "--in-place", lake).must(0)
    slow.send_signal(signal.SIGCONT)
    _, said = slow.communicate(timeout=120)
    assert slow.returncode == 0, said.decode(errors="replace")
    assert sorted(rows_of(live_files(regroup, lake))) == list(range(12 * 50_000))
