# SPDX-License-Identifier: Apache-2.0

"""Resident memory stays within --memory, on data that are larger than it."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lakes
from conftest import ROOT, data_files, live_files

MIB = 1 << 20


def events(folder, file_count=40):
    """Some 4 MB a file: unique ids and doubles, which Arrow gives dictionaries."""
    random = np.random.default_rng(1)
    for number in range(file_count):
        rows = 100_000
        table = pa.table(
            {
                "id": np.arange(number * rows, (number + 1) * rows),
                "value": random.random(rows),
                "other": random.integers(0, 2**62, rows),
                "kind": pa.array([f"kind {i % 20}" for i in range(rows)]),
                "key": pa.array([f"{number}-{i}-{i * 7919 % 10007}" for i in range(rows)]),
            }
        )
        pq.write_table(table, folder / f"{number:03}.parquet")


def wide(folder):
    random = np.random.default_rng(2)
    for number in range(20):
        columns = {f"c{i}": random.integers(0, 1000, 2000) for i in range(500)}
        pq.write_table(pa.table(columns), folder / f"{number:03}.parquet")


def tiny(folder):
    for number in range(2000):
        table = pa.table({"id": range(number * 20, number * 20 + 20), "word": ["a", "b"] * 10})
        pq.write_table(table, folder / f"{number:05}.parquet")


def skewed(folder):
    """One large file among small ones."""
    events(folder)
    big = pa.concat_tables([pq.read_table(folder / f"{n:03}.parquet") for n in range(15)])
    pq.write_table(big, folder / "x.parquet")


LAKES = {"events": events, "wide": wide, "tiny": tiny, "skewed": skewed}


@pytest.fixture(scope="module", params=LAKES)
def lake(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    LAKES[request.param](folder)
    return folder


def peak_of(regroup, tmp_path, *arguments, statuses=(0, 3)):
    result = tmp_path / "used.json"
    measure = [sys.executable, "-I", "-S", str(ROOT / "tools" / "measure.py"), str(result)]
    process = subprocess.run(
        measure + regroup.command(*arguments), stderr=subprocess.PIPE, env=regroup.environment
    )
    used = json.loads(result.read_text())
    used["said"] = process.stderr.decode()
    assert used["status"] in statuses, used["said"]
    return used


@pytest.mark.parametrize("limit_mib, group", [(96, "8MiB"), (256, "64MiB")])
def test_peak_is_within_the_limit(limit_mib, group, lake, regroup, tmp_path):
    home = tmp_path / "home"
    used = peak_of(
        regroup,
        tmp_path,
        *("compact", lake, home, "--memory", f"{limit_mib}MiB", "--row-group-size", group),
    )
    assert used["peak_bytes"] <= limit_mib * MIB
    if used["status"] == 0:
        rows = [pq.ParquetFile(path).metadata.num_rows for path in data_files(home)]
        wanted = [pq.ParquetFile(path).metadata.num_rows for path in data_files(lake)]
        assert sum(rows) == sum(wanted)
    else:
        # Refusing is allowed for what cannot fit, and must be the exception.
        assert limit_mib < 256


def lengthen(ledger, record_count, input_count, rows=1000):
    """Adds records of files that are long gone from SOURCE."""
    head = json.loads((ledger / "_000001.json").read_text().split("\n")[0] + "}")
    name = "delivery-2026-01-01T00-00-00-%08d.parquet"
    for number in range(2, 2 + record_count):
        head["number"] = number
        lines = [json.dumps(head, separators=(",", ":"))[:-1], ',"inputs":[']
        first = number * input_count
        for index in range(first, first + input_count):
            comma = "," if index > first else ""
            lines.append(f'{comma}["{name % index}",1048576,1714521600000000000,"",{rows}]')
        for section in ("taken", "retired", "outputs", "runs"):
            lines += ["]", f',"{section}":[']
        (ledger / f"_{number:06}.json").write_text("\n".join([*lines, "]}", ""]))


def test_a_snapshot_is_within_the_limit(regroup, tmp_path):
    """One that does not fit is not made: it saves time, and the run does without."""
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    pq.write_table(pa.table({"a": [0]}), source / "0.parquet")
    regroup("compact", source, home).must(0)
    lengthen(home / "_regroup", 35, 8000)
    for number, (limit_mib, has_snapshot) in enumerate([(64, False), (1024, True), (64, True)]):
        pq.write_table(pa.table({"a": [number + 1]}), source / f"{number + 1}.parquet")
        used = peak_of(
            regroup, tmp_path, "compact", source, home, "--memory", f"{limit_mib}MiB", statuses=(0,)
        )
        assert used["peak_bytes"] <= limit_mib * MIB
        assert bool(list((home / "_regroup").glob("*.snapshot"))) == has_snapshot
        rows = [pq.ParquetFile(path).metadata.num_rows for path in live_files(regroup, home)]
        assert sum(rows) == number + 2


def test_verify_of_a_long_ledger_is_within_the_limit(regroup, tmp_path):
    """What a run can be made with is enough to verify it, and what is not stops no other."""
    source, home = tmp_path / "source", tmp_path / "home"
    for partition in ("p=1", "p=2"):
        (source / partition).mkdir(parents=True)
        pq.write_table(pa.table({"a": [0]}), source / partition / "0.parquet")
    regroup("compact", source, home).must(0)
    lengthen(home / "_regroup" / "p=1", 35, 8000, rows=0)
    for limit_mib, statuses in [(64, (0,)), (48, (1,))]:
        arguments = (source, home, "--memory", f"{limit_mib}MiB", "--jobs", "2")
        used = peak_of(regroup, tmp_path, "verify", *arguments, statuses=statuses)
        assert used["peak_bytes"] <= limit_mib * MIB
    said = regroup("verify", *arguments).must(1).err
    assert 'partition "p=1/": its listing and ledger need more than --memory gives' in said
    assert "1 row of 1 file in SOURCE" in said


def test_verify_is_within_the_limit(lake, regroup, tmp_path):
    """Both sides are decoded, the larger one in one chunk per column."""
    home = tmp_path / "home"
    regroup("compact", lake, home, "--memory", "400MiB").must(0)
    used = peak_of(regroup, tmp_path, "verify", lake, home, "--memory", "128MiB")
    assert used["status"] == 0 and used["peak_bytes"] <= 128 * MIB


@pytest.mark.parametrize("limit_mib, status", [(64, 1), (192, 0)])
def test_verify_of_a_wide_table_is_within_the_limit(limit_mib, status, regroup, tmp_path):
    """The schema that all files are compared with, and digests, are memory, too."""
    source, other = tmp_path / "source", tmp_path / "other"
    source.mkdir(), other.mkdir()
    column = pa.array([1, 2], pa.int32())
    table = pa.table({f"a column of many, number {i}": column for i in range(80_000)})
    pq.write_table(table, source / "0.parquet", use_dictionary=False, compression="none")
    (other / "0.parquet").hardlink_to(source / "0.parquet")
    used = peak_of(
        regroup,
        tmp_path,
        *("verify", source, other, "--memory", f"{limit_mib}MiB", "--jobs", "2"),
        statuses=(0, 1),
    )
    assert used["peak_bytes"] <= limit_mib * MIB
    assert used["status"] == status


@pytest.mark.parametrize("limit_mib, group", [(96, "8MiB"), (256, "64MiB")])
def test_peak_with_other_encodings_and_bloom_filters(limit_mib, group, lake, regroup, tmp_path):
    home = tmp_path / "home"
    used = peak_of(
        regroup,
        tmp_path,
        *("compact", lake, home, "--memory", f"{limit_mib}MiB", "--row-group-size", group),
        *("--encoding", "small", "--bloom", "id,key,other,c1"),
    )
    assert used["peak_bytes"] <= limit_mib * MIB
    assert used["status"] == 0 or limit_mib < 256


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """Strings in pages that are compressed anew."""
    folder = tmp_path_factory.mktemp("words")
    random = np.random.default_rng(4)
    for number in range(2):
        columns = {f"c{i}": [f"{x:o}" for x in random.integers(0, 1 << 30, 60_000)] for i in "abcd"}
        pq.write_table(pa.table(columns), folder / f"{number}.parquet", use_dictionary=False)
    return folder


@pytest.mark.parametrize("limit_mib", [64, 160])
@pytest.mark.parametrize("codec", ["brotli:9", "brotli:5", "zstd:19"])
def test_encoders_are_within_the_limit(codec, limit_mib, words, regroup, tmp_path):
    """Tables of an encoder are 40 MiB, whatever it is given, and each worker has one."""
    home = tmp_path / "home"
    used = peak_of(
        regroup,
        tmp_path,
        *("compact", words, home, "--codec", codec, "--jobs", "4"),
        *("--memory", f"{limit_mib}MiB"),
    )
    assert used["peak_bytes"] <= limit_mib * MIB
    assert used["status"] == (3 if codec == "brotli:9" and limit_mib == 64 else 0)


@pytest.fixture(scope="module")
def small_events(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small_events")
    events(folder, 10)
    return folder


@pytest.mark.parametrize("limit_mib", range(56, 128, 4))
def test_little_memory_makes_smaller_row_groups(limit_mib, small_events, regroup, tmp_path):
    """Bins meet their limit in all possible ways; none is forgotten, and none is too large."""
    home = tmp_path / "home"
    used = peak_of(
        regroup,
        tmp_path,
        *("compact", small_events, home, "--memory", f"{limit_mib}MiB"),
        *("--row-group-rows", "300000", "--row-group-size", "1GiB"),
    )
    assert used["status"] == 0
    assert used["peak_bytes"] <= limit_mib * MIB
    assert sum(pq.ParquetFile(path).metadata.num_rows for path in data_files(home)) == 1_000_000


def test_what_cannot_be_compared_is_made_smaller(regroup, tmp_path):
    """A column that is copied is more than --verify full has of the memory."""
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    table = pa.table({"id": np.random.default_rng(5).integers(0, 1 << 60, 400_000)})
    for number in range(12):
        path = source / f"{number:02}.parquet"
        pq.write_table(table, path, use_dictionary=False, compression="none")
    used = peak_of(
        regroup,
        tmp_path,
        *("compact", source, home, "--memory", "128MiB", "--jobs", "2", "--verify", "full"),
        *("--report-json", tmp_path / "report.json"),
    )
    # What was planned before, and given up, is no part of the plan.
    summary = json.loads((tmp_path / "report.json").read_text())["summary"]
    assert 0.9 < summary["bytes_out_planned"] / summary["bytes_out"] < 1.1
    assert used["status"] == 0 and used["peak_bytes"] <= 128 * MIB
    assert sorted(live_files(regroup, home)) == sorted(data_files(home))
    assert sum(pq.ParquetFile(path).metadata.num_rows for path in data_files(home)) == 4_800_000
    assert min(row_groups(home)) > 1


def test_neighbours_of_what_cannot_be_compared_are_not_left_alone(regroup, tmp_path):
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    random = np.random.default_rng(2)
    for number in range(8):
        table = pa.table({"id": random.integers(0, 1 << 60, 2_000_000 if number == 4 else 20_000)})
        path = source / f"{number}.parquet"
        pq.write_table(
            table, path, use_dictionary=False, compression="none", row_group_size=1 << 30
        )
    used = peak_of(
        regroup,
        tmp_path,
        *("compact", source, home, "--memory", "68MiB", "--jobs", "2", "--verify", "full"),
    )
    assert used["peak_bytes"] <= 68 * MIB
    assert sum(pq.ParquetFile(path).metadata.num_rows for path in data_files(home)) == 140_000
    # The output that could not be compared is gone: its name would help nobody.
    about = "4.parquet: --verify full of what was made of it: row group "
    assert f"left alone: {about}" in used["said"] and "part-" not in used["said"]


def test_an_output_that_keeps_more_than_usual_is_tried_again(regroup, tmp_path):
    """Filters over dictionaries of 200,000 entries, where the claim was all there is."""
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    random = np.random.default_rng(7)
    for number in range(6):
        words = pa.array([f"{number}-{i:07}-{'x' * 20}" for i in range(200_000)])
        table = pa.table(
            {
                "a": words.take(pa.array(random.integers(0, 200_000, 600_000))),
                "b": random.integers(0, 1 << 60, 600_000),
            }
        )
        path = source / f"{number}.parquet"
        pq.write_table(table, path, dictionary_pagesize_limit=16 << 20)
    used = peak_of(
        regroup, tmp_path, *("compact", source, home, "--memory", "96MiB", "--jobs", "2")
    )
    assert used["status"] == 0 and used["peak_bytes"] <= 96 * MIB


def row_groups(home):
    return [pq.ParquetFile(path).metadata.num_row_groups for path in data_files(home)]


@pytest.mark.parametrize("name", ["arrow_plain", "arrow_mixed", "duckdb", "polars"])
def test_small_encodings_need_little_memory(name, regroup, tmp_path):
    """What a trial may need is no more than there are values: row groups are as asked for."""
    source, home = tmp_path / "source", tmp_path / "home"
    lakes.build(dataclasses.replace(lakes.LAKES[name], files=8, rows=4000), source)
    used = peak_of(
        regroup,
        tmp_path,
        *("compact", source, home, "--memory", "48MiB", "--encoding", "small"),
    )
    assert used["status"] == 0 and used["peak_bytes"] <= 48 * MIB
    assert row_groups(home) == [1]


def test_little_is_read_that_nobody_wants(regroup, tmp_path):
    """Row groups so small that there is hardly a gap between those of a column."""
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    random = np.random.default_rng(3)
    for number in range(8):
        columns = {f"c{i}": random.integers(0, 1 << 60, 8000) for i in range(60)}
        pq.write_table(
            pa.table(columns),
            source / f"{number}.parquet",
            row_group_size=100,
            use_dictionary=False,
            compression="none",
        )
    used = peak_of(regroup, tmp_path, *("compact", source, home, "--memory", "64MiB"))
    assert used["status"] == 0 and used["peak_bytes"] <= 64 * MIB
    assert row_groups(home) == [1]


def test_many_files_go_in_smaller_batches(regroup, tmp_path):
    """Footers of 20,000 files are more than a small --memory holds at once."""
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    pq.write_table(pa.table({"id": range(20), "word": ["a", "b"] * 10}), source / "00000.parquet")
    for number in range(1, 20_000):
        (source / f"{number:05}.parquet").hardlink_to(source / "00000.parquet")
    used = peak_of(regroup, tmp_path, *("compact", source, home, "--memory", "80MiB"))
    assert used["status"] == 0
    assert used["peak_bytes"] <= 80 * MIB
    live = live_files(regroup, home)
    assert sum(pq.ParquetFile(path).metadata.num_rows for path in live) == 400_000


def test_a_file_that_cannot_be_planned_is_left_alone(regroup, tmp_path):
    """Of 31,000 row groups; those beside it are merged, and so is another folder."""
    source, home = tmp_path / "source", tmp_path / "home"
    small = pa.table({"a": range(100)})
    for folder in ("p=1", "p=2"):
        (source / folder).mkdir(parents=True)
        for name in "024":
            pq.write_table(small, source / folder / f"{name}.parquet")
    pq.write_table(
        pa.table({"a": range(31_000)}),
        source / "p=1" / "1.parquet",
        row_group_size=1,
        use_dictionary=False,
        write_statistics=False,
    )
    result = regroup("compact", source, home, "--memory", "52MiB", "--jobs", "1").must(3)
    assert "p=1/1.parquet: planning its 31000 row groups takes more memory" in result.err
    live = live_files(regroup, home)
    assert sum(pq.ParquetFile(path).metadata.num_rows for path in live) == 600
    assert len(live) == 2


@pytest.fixture(scope="module")
def large_columns(tmp_path_factory):
    """Row groups of one column of 22 MiB each."""
    folder = tmp_path_factory.mktemp("large_columns")
    random = np.random.default_rng(3)
    for number in range(3):
        table = pa.table({"id": random.integers(0, 2**62, 2_900_000)})
        pq.write_table(table, folder / f"{number}.parquet", use_dictionary=False,
                       row_group_size=len(table))
    return folder


@pytest.mark.parametrize("limit_mib", [45, 100, 200])
def test_a_plan_foresees_what_does_not_fit(limit_mib, large_columns, regroup, tmp_path):
    options = ["--memory", f"{limit_mib}MiB", "--jobs", 1, "--row-group-size", "1GiB"]
    plan = regroup("plan", large_columns, tmp_path / "home", "--json", *options)
    told = json.loads(plan.out)
    report = tmp_path / "report.json"
    job = regroup("compact", large_columns, tmp_path / "home", "--report-json", report, *options)
    assert plan.status == job.status == (3 if limit_mib == 45 else 0)
    summary = json.loads(report.read_text())["summary"]
    for member in ("files_in", "files_out", "row_groups_out", "files_left_alone"):
        assert told["total"][member] == summary[member], member
    # The memory that is told of is for row groups as they were asked for.
    assert [p["memory_bytes_min"] > 60 * MIB for p in told["partitions"]] == \
        ([] if limit_mib == 45 else [True])
    for result in (plan, job):
        assert ("smaller than asked for" in result.err) == (limit_mib == 100)
        named = re.findall(r"--memory (\d+)MiB would do", result.err)
        assert bool(named) == (limit_mib == 45)
    if limit_mib == 45:
        options[1] = max(named, key=int) + "MiB"
        regroup("compact", large_columns, tmp_path / "home", *options).must(0)


def test_what_a_codec_takes_is_foreseen_and_named(words, regroup, tmp_path):
    options = ["--memory", "64MiB", "--codec", "brotli:9"]
    for command in ("plan", "compact"):
        result = regroup(command, words, tmp_path / "home", *options).must(3)
        assert "most of it for --codec brotli:9; --memory " in result.err
    assert not data_files(tmp_path / "home")


def test_footers_of_the_home_are_within_the_limit(regroup, tmp_path):
    """They are read again where an output's time is another, as that of a copy."""
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    column = pa.array([1], pa.int32())
    table = pa.table({f"a column of many, number {i}": column for i in range(100_000)})
    pq.write_table(table, source / "0.parquet", use_dictionary=False, compression="none")
    regroup("compact", source, home, "--memory", "4GiB").must(0)
    for path in data_files(home):
        path.touch()
    again = ("compact", source, home, "--memory")
    used = peak_of(regroup, tmp_path, *again, "64MiB", statuses=(1,))
    assert used["peak_bytes"] <= 64 * MIB
    result = regroup(*again, "64MiB").must(1)
    assert "the footer of part-" in result.err
    result = regroup(*again, "256MiB").must(0)
    assert "nothing to do" in result.err


def test_a_plan_is_within_the_limit(regroup, tmp_path):
    """Columns of all partitions, each by itself, would take 86 MiB."""
    source = tmp_path / "source"
    (source / "p=000").mkdir(parents=True)
    table = pa.table({f"column {i:04}": pa.array([i], pa.int32()) for i in range(2000)})
    pq.write_table(table, source / "p=000" / "a.parquet", compression="none")
    for number in range(1, 600):
        (source / f"p={number:03}").mkdir()
        target = source / f"p={number:03}" / "a.parquet"
        target.hardlink_to(source / "p=000" / "a.parquet")
    arguments = ("plan", source, tmp_path / "home", "--memory")
    used = peak_of(regroup, tmp_path, *arguments, "64MiB")
    assert used["status"] == 0 and used["peak_bytes"] <= 64 * MIB
    result = regroup(*arguments, "64MiB", "--json").must(0)
    assert "warning: columns are told of all partitions together only" in result.err
    plan = json.loads(result.out)
    assert len(plan["total"]["columns"]) == 2000
    assert [len(partition["columns"]) for partition in plan["partitions"]] == [0] * 600
    plan = json.loads(regroup(*arguments, "1GiB", "--json").must(0).out)
    assert [len(partition["columns"]) for partition in plan["partitions"]] == [2000] * 600


def test_a_plan_of_many_partitions_needs_little(regroup, tmp_path):
    """Most gain first: folders of two files, then those of one."""
    source = tmp_path / "source"
    first = tmp_path / "first.parquet"
    pq.write_table(pa.table({"a": [1, 2]}), first)
    wanted = []
    for number in range(9000):
        folder = source / f"p={number * 7919 % 9000:05}"
        folder.mkdir(parents=True)
        count = 1 + (number % 7 == 0)
        for name in "ab"[:count]:
            (folder / f"{name}.parquet").hardlink_to(first)
        wanted.append((-count, folder.name + "/"))
    arguments = ("plan", source, tmp_path / "home", "--memory", "64MiB", "--json")
    plan = json.loads(regroup(*arguments).must(0).out)
    assert [p["partition"] for p in plan["partitions"]] == [name for _, name in sorted(wanted)]


@pytest.fixture(scope="module")
def tenants(tmp_path_factory):
    """Partitions that all have columns of their own: 120,000 in all."""
    folder = tmp_path_factory.mktemp("tenants")
    for number in range(200):
        partition = folder / f"p={number:03}"
        partition.mkdir()
        columns = {f"tenant_{number}_column_{i}": pa.array([i], pa.int32()) for i in range(600)}
        options = dict(use_dictionary=False, compression="none", store_schema=False)
        pq.write_table(pa.table(columns), partition / "0.parquet", **options)
        (partition / "1.parquet").hardlink_to(partition / "0.parquet")
    return folder


def test_columns_of_the_report_are_within_the_limit(tenants, regroup, tmp_path):
    """Of those there is no room for it says so, and takes none for unknown."""
    used = peak_of(
        regroup,
        tmp_path,
        *("compact", tenants, tmp_path / "home", "--memory", "64MiB"),
        *("--bloom", "tenant_199_column_599", "--report-json", tmp_path / "report.json"),
        statuses=(0,),
    )
    assert used["peak_bytes"] <= 64 * MIB
    assert "columns it is known how pages moved: --memory has no room for more" in used["said"]
    assert "warning" not in used["said"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["columns_incomplete"] and 1000 <= len(report["columns"]) < 120_000
    assert report["moves"]["join"]["pages"] == 200 * 600 * 2
    assert report["summary"]["memory_peak_bytes"] <= 64 * MIB


def test_columns_of_a_plan_are_within_the_limit(tenants, regroup, tmp_path):
    arguments = ("plan", tenants, tmp_path / "home", "--memory")
    used = peak_of(regroup, tmp_path, *arguments, "64MiB", statuses=(0,))
    assert used["peak_bytes"] <= 64 * MIB
    result = regroup(*arguments, "64MiB", "--json").must(0)
    assert "columns are told, of all partitions together: --memory has no room" in result.err
    plan = json.loads(result.out)
    assert 1000 <= len(plan["total"]["columns"]) < 120_000
    plan = json.loads(regroup(*arguments, "1GiB", "--json").must(0).out)
    assert len(plan["total"]["columns"]) == 120_000
    assert [len(partition["columns"]) for partition in plan["partitions"]] == [600] * 200


def test_folders_are_counted_once(regroup, tmp_path):
    """After a first run they are in the home and in the ledger, too."""
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    pq.write_table(pa.table({"a": [1]}), source / "0.parquet")
    regroup("compact", source, home).must(0)
    for number in range(40_000):
        for place in (source, home, home / "_regroup"):
            (place / f"p={number:05}").mkdir()
    for command in ("compact", "plan"):
        used = peak_of(
            regroup, tmp_path, command, source, home, "--memory", "64MiB", statuses=(0,)
        )
        assert used["peak_bytes"] <= 64 * MIB


def test_a_list_of_files_is_within_the_limit(regroup, words, tmp_path):
    """It is read before memory is divided."""
    names = tmp_path / "names"
    with names.open("w") as file:
        for number in range(1_000_000):
            file.write(f"p={number % 1000:04}/a-file-of-which-there-are-many-{number:08}\n")
    arguments = ("compact", words, tmp_path / "home", "--memory", "64MiB", "--files-from", names)
    used = peak_of(regroup, tmp_path, *arguments, statuses=(2,))
    assert used["peak_bytes"] <= 64 * MIB


def control_group(limit_bytes):
    """A new control group with a memory limit, and the file to write a process id into; or None."""
    two = Path("/sys/fs/cgroup/cgroup.controllers")
    parents = [(Path("/sys/fs/cgroup"), "memory.max", "memory.swap.max")]
    if not two.exists() or "memory" not in two.read_text():
        parents = [(Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", None)]
    for parent, limit, swap in parents:
        group = parent / "regroup-test"
        try:
            group.mkdir(exist_ok=True)
            (group / limit).write_text(str(limit_bytes))
            if swap and (group / swap).exists():
                (group / swap).write_text("0")
            return group
        except OSError:
            continue
    return None


def test_a_control_group_does_not_kill_it(lake, regroup, tmp_path):
    limit = 128 * MIB
    group = control_group(limit)
    if group is None:
        pytest.skip("no right to make control groups here")
    try:
        enter = f'echo $$ > "{group}/cgroup.procs" && exec "$@"'
        arguments = regroup.command(
            *("compact", lake, tmp_path / "home", "--memory", "96MiB"),
            *("--row-group-size", "8MiB"),
        )
        process = subprocess.run(
            ["sh", "-c", enter, "sh", *arguments],
            stderr=subprocess.PIPE,
            env=regroup.environment,
        )
        assert process.returncode in (0, 3), process.stderr.decode()
    finally:
        group.rmdir()


def test_small_files_are_read_twice(regroup, tmp_path):
    """Their footers, then all of them; by ranges where there is no memory for that."""
    source = tmp_path / "source"
    source.mkdir()
    tiny(source)
    told = {}
    for limit, jobs in (("256MiB", "2"), ("64MiB", "4")):
        report = tmp_path / f"{limit}.json"
        regroup(
            *("compact", source, tmp_path / limit, "--memory", limit, "--jobs", jobs),
            *("--row-group-rows", "40000", "--report-json", report),
        ).must(0)
        told[limit] = json.loads(report.read_text())["summary"]["requests"]
    assert told == {"256MiB": 2 * 2000, "64MiB": 3 * 2000}
    bodies = [[path.read_bytes() for path in data_files(tmp_path / limit)] for limit in told]
    assert bodies[0] == bodies[1] != []


@pytest.fixture(scope="module")
def small_keys(tmp_path_factory):
    """Small files of little but one column, whose pages are all made anew."""
    folder = tmp_path_factory.mktemp("small_keys")
    random = np.random.default_rng(5)
    for number in range(1200):
        keys = [random.bytes(20).hex() for _ in range(250)]
        table = pa.table({"key": keys, "n": range(250)})
        pq.write_table(table, folder / f"{number:05}.parquet", use_dictionary=False)
    return folder


@pytest.mark.parametrize("jobs", ["1", "2", "4"])
def test_whole_files_give_way_to_their_columns(jobs, small_keys, regroup, tmp_path):
    """Read whole, they may leave too little: then they are read again by ranges, all the same."""
    bodies = set()
    requests = set()
    for limit_mib in (64, 72, 80, 88, 256):
        home = tmp_path / f"{limit_mib}"
        report = tmp_path / "report.json"
        used = peak_of(
            regroup,
            tmp_path,
            *("compact", small_keys, home, "--memory", f"{limit_mib}MiB", "--jobs", jobs),
            *("--row-group-rows", "300000", "--row-group-size", "1GiB", "--report-json", report),
        )
        assert used["status"] == 0 and used["peak_bytes"] <= limit_mib * MIB
        told = json.loads(report.read_text())["summary"]
        assert told["rows"] == 1200 * 250
        requests.add(told["requests"])
        if "batches_made_smaller" not in told:
            bodies.add(tuple(path.read_bytes() for path in data_files(home)))
    assert len(bodies) == 1
    assert min(requests) == 2 * 1200
