# SPDX-License-Identifier: Apache-2.0

"""`make bench`: regroup against what else does the job, side by side on the same files.

Rounds are interleaved (every tool once, then again, each round in another order), so that what else
the machine does falls on all. Told are medians and spreads of wall time, CPU time and peak resident
memory, and the bytes written; Python's start and a library's import are measured apart and taken
off the peers' times. Every output is checked once for equal rows, by DuckDB.

    run.py [--quick] [--sets a,b] [--writers a,b] [--rounds N] [--disk-rounds N] [--scale X]
           [--out FOLDER] [--readers DuckDB,Spark] [--no-queries]

Outputs go to memory (tmpfs), so that it is the tools that are compared and not a disk that is in a
good mood or not; then, for some rounds more, to the disk below build/, where the time until all is
synced is taken: regroup ends only then, peers do not wait for it.

Results go to build/bench/results: results.json, results.md, results.html.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import duckdb

import floor
import page
import peers
import queries
import sets

ROOT = Path(__file__).resolve().parent.parent
REGROUP = Path(os.environ.get("REGROUP", ROOT / "build" / "regroup"))
SCRATCH = ROOT / "build" / "bench" / "scratch"
SHARED_MEMORY = Path("/dev/shm")
# All outputs of the largest set, one for each tool, kept for the queries.
MEMORY_FREE_MIN = 6 << 30
US = "regroup"
SMALL = "regroup, small"
COPY = "cp -r"
QUICK = {
    "sets": "events-snappy,tiny,wide",
    "writers": "pyarrow",
    "readers": "DuckDB,pyarrow,Polars,ClickHouse",  # Spark takes longer than all of them.
    "rounds": 3,
    "scale": 0.25,
}
FULL = {
    "sets": ",".join(sets.SETS),
    "writers": ",".join(sets.WRITERS),
    "readers": ",".join(queries.READERS),
    "rounds": 3,
    "scale": 1.0,
}
MEMORY = "256MiB"


def measure(command, env=None):
    result = SCRATCH / "measured.json"
    result.unlink(missing_ok=True)
    process = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "tools" / "measure.py"), str(result), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
    )
    said = process.stdout.decode(errors="replace")[-500:]
    if not result.exists():
        raise RuntimeError(f"{command[0]} did not start: {said}")
    measured = json.loads(result.read_text())
    if measured["status"] != 0:
        raise RuntimeError(f"{command[0]} ended with {measured['status']}: {said}")
    measured["cpu_s"] = measured["user_s"] + measured["system_s"]
    return measured


def seconds_to_disk(paths):
    """How long it takes until what was written is on disk: regroup waits for that, peers do not."""
    begun = time.monotonic()
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    return time.monotonic() - begun


class Tool:
    """One of those compared: how it is run, and what it takes to start at all."""

    def __init__(self, name, threads):
        self.name = name
        self.threads = threads
        self.startup = {"wall_s": 0.0, "cpu_s": 0.0}
        if name in peers.PEERS:
            library = peers.LIBRARIES[name]
            runs = [measure([sys.executable, "-c", f"import {library}"]) for _ in range(3)]
            self.startup = {
                key: statistics.median(run[key] for run in runs) for key in self.startup
            }

    def command(self, source, dest, of):
        if self.name in (US, SMALL):
            small = self.name == SMALL
            return [
                *(str(REGROUP), "compact", str(source), str(dest), "--memory", MEMORY),
                *("--row-group-rows", str(of.group_rows), "--row-group-size", "1GiB"),
                *("--jobs", str(self.threads), "--progress", "none"),
                *("--report-json", str(SCRATCH / ("small.json" if small else "report.json"))),
                *(("--encoding", "small") if small else ()),
            ]
        if self.name == COPY:
            return ["cp", "-r", str(source), str(dest)]
        options = {
            "codec": of.codec,
            "level": of.level,
            "group_rows": of.group_rows,
            "threads": self.threads,
        }
        program = str(ROOT / "bench" / "peers.py")
        return [sys.executable, program, self.name, str(source), str(dest), json.dumps(options)]

    def run(self, source, of, folder):
        """One run into a fresh folder; answers with what was measured and the files."""
        dest = folder / "out"
        shutil.rmtree(dest, ignore_errors=True)
        if self.name in peers.PEERS:
            dest.mkdir()
        measured = measure(self.command(source, dest, of))
        for key, taken in self.startup.items():
            measured[key] = max(measured[key] - taken, 0.001)
        files = sorted(dest.rglob("*.parquet"))
        measured["bytes"] = sum(path.stat().st_size for path in files)
        measured["files"] = len(files)
        return measured, files


    def run_to_disk(self, source, of):
        """Seconds until the outputs are on disk."""
        os.sync()  # What others left to be written is not this tool's to wait for.
        measured, files = self.run(source, of, SCRATCH)
        return measured["wall_s"] + seconds_to_disk([*files, SCRATCH / "out"])


def memory_folder():
    """Where outputs need no disk, if there is such a place."""
    if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free >= MEMORY_FREE_MIN:
        return SHARED_MEMORY / f"regroup-bench-{os.getpid()}"
    return SCRATCH


def digest(files, types, in_order):
    """What DuckDB makes of all rows; independent of their order unless asked otherwise."""
    columns = [f'CAST("{name}" AS {kind})' for name, kind in types.items()]
    listed = [str(path) for path in files]
    rows = f"SELECT *, row_number() OVER () AS number FROM read_parquet({listed})"
    hashed = ", ".join(columns + (["number"] if in_order else []))
    query = f"SELECT count(*), sum(hash({hashed})::HUGEINT) FROM ({rows})"
    with duckdb.connect() as connection:
        return connection.sql(query).fetchall()[0]


def types_of(files):
    with duckdb.connect() as connection:
        described = connection.sql(f"DESCRIBE SELECT * FROM read_parquet('{files[0]}')").fetchall()
    return {row[0]: row[1] for row in described}


def check_rows(name, source, files):
    inputs = sorted(source.glob("*.parquet"))
    types = types_of(inputs)
    in_order = name in (US, SMALL, *peers.ORDERED)
    if digest(inputs, types, in_order) != digest(files, types, in_order):
        sys.exit(f"{name}: the rows of its output are not those of its input")


def keep(scratch):
    """Puts an output aside for the queries; answers with its files."""
    folder = scratch / "kept" / str(len(list((scratch / "kept").glob("*"))))
    folder.parent.mkdir(exist_ok=True)
    (scratch / "out").rename(folder)
    return [str(path) for path in sorted(folder.rglob("*.parquet"))]


def summary(runs):
    told = {}
    for key in ("wall_s", "disk_s", "cpu_s", "peak_bytes"):
        values = sorted(run[key] for run in runs if key in run)
        if not values:
            continue
        told[key] = {"median": statistics.median(values), "low": values[0], "high": values[-1]}
    told["bytes"] = runs[0]["bytes"]
    told["files"] = runs[0]["files"]
    return told


def in_turns(tools, rounds):
    """Every tool in each round, in an order that changes from round to round."""
    for number in range(rounds):
        shift = number % len(tools)
        for tool in tools[shift:] + tools[:shift]:
            yield number, tool


def run_set(name, writer, arguments, tools, scratch):
    of = sets.SETS[name]
    source = sets.make(name, writer, arguments.scale)
    made = json.loads((source / "_made.json").read_text())
    for path in source.iterdir():
        path.read_bytes()  # Else the first of the first round pays for the disk.
    runs = {tool.name: [] for tool in tools}
    failed = {}
    kept = {}
    report = {}
    for round_number, tool in in_turns(tools, arguments.rounds):
        if tool.name in failed:
            continue
        try:
            measured, files = tool.run(source, of, scratch)
        except RuntimeError as error:
            if tool.name == US:
                raise
            failed[tool.name] = str(error)
            continue
        if round_number == 0 and tool.name != COPY:
            check_rows(tool.name, source, files)
            kept[tool.name] = keep(scratch)
        runs[tool.name].append(measured)
        if tool.name == US and (SCRATCH / "report.json").exists():
            report = json.loads((SCRATCH / "report.json").read_text())
    for _, tool in in_turns(tools, arguments.disk_rounds):
        if tool.name not in failed:
            runs[tool.name].append({"disk_s": tool.run_to_disk(source, of)})
    shutil.rmtree(SCRATCH / "out", ignore_errors=True)
    medians = [
        f"{tool} {statistics.median(run['wall_s'] for run in told if 'wall_s' in run):.2f} s"
        for tool, told in runs.items()
        if told
    ]
    print(f"{name}, {writer}: " + ", ".join(medians), flush=True)
    told = {}
    if name.split("-")[0] in queries.QUERIES and not arguments.no_queries:
        told = queries.run_all(name, kept, scratch, arguments.readers.split(","))
    shutil.rmtree(scratch, ignore_errors=True)
    return {
        "set": name,
        "writer": writer,
        "codec": of.codec,
        "level": of.level,
        "group_rows": of.group_rows,
        "files": made["files"],
        "bytes": made["bytes"],
        "tools": {tool: summary(told) for tool, told in runs.items() if told},
        "failed": failed,
        "moves": report.get("moves"),
        "codec_s": floor.codec_seconds(
            sorted(source.glob("*.parquet")), report.get("columns", []), of.level
        ),
        "queries": told,
    }


def machine():
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{model}, {os.cpu_count()} cores, {memory >> 30} GiB, Linux {platform.release()}"


def versions():
    told = {}
    for library in ("duckdb", "polars", "pyarrow", "chdb", "deltalake", "pyspark"):
        code = f"import importlib.metadata as m; print(m.version('{library}'))"
        answer = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        told[library] = answer.stdout.strip() or "not there"
    answer = subprocess.run([str(REGROUP), "--version"], stdout=subprocess.PIPE, text=True)
    told["regroup"] = answer.stdout.splitlines()[0] if answer.stdout else "unknown"
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-queries", action="store_true")
    for name in ("sets", "writers", "readers"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--disk-rounds", type=int, default=2)
    parser.add_argument("--scale", type=float)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench" / "results")
    arguments = parser.parse_args()
    for key, value in (QUICK if arguments.quick else FULL).items():
        if getattr(arguments, key) is None:
            setattr(arguments, key, value)

    SCRATCH.mkdir(parents=True, exist_ok=True)
    tools = [Tool(name, arguments.threads) for name in (US, SMALL, *peers.PEERS, COPY)]
    started = time.strftime("%Y-%m-%d")
    scratch = memory_folder()
    results = []
    for name in arguments.sets.split(","):
        for writer in arguments.writers.split(","):
            # The flights are one writer's delivery.
            if name != "flights" or writer == "pyarrow":
                scratch.mkdir(parents=True, exist_ok=True)
                results.append(run_set(name, writer, arguments, tools, scratch))
    shutil.rmtree(SCRATCH, ignore_errors=True)

    told = {
        "v": 1,
        "date": started,
        "machine": machine(),
        "versions": versions(),
        "threads": arguments.threads,
        "memory": MEMORY,
        "rounds": arguments.rounds,
        "disk_rounds": arguments.disk_rounds,
        "is_in_memory": scratch != SCRATCH,
        "scale": arguments.scale,
        "results": results,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "results.json").write_text(json.dumps(told, indent=1) + "\n")
    (arguments.out / "results.md").write_text(page.markdown(told))
    (arguments.out / "results.html").write_text(page.html(told))
    print()
    print(page.markdown(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
