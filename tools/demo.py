# SPDX-License-Identifier: Apache-2.0

"""`make demo`: three million real flights in thousands of small files, compacted and checked."""

import shutil
import subprocess
import sys
import time

import duckdb
import pyarrow.parquet as pq

import flights

REGROUP = flights.ROOT / "build" / "regroup"
LAKE = flights.CACHE / "lake"
HOME = flights.CACHE / "compacted"
MEMORY = "256MiB"
QUERY = """
    SELECT origin, count(*) AS flights, round(avg(delay), 2) AS delay
    FROM read_parquet('{}/**/*.parquet', hive_partitioning = true)
    WHERE distance > 1000 AND month >= '2001-03'
    GROUP BY origin ORDER BY flights DESC LIMIT 5
"""


def say(text=""):
    print(text, flush=True)


def step(number, title):
    say(f"\n{number}. {title}")


def run(*arguments, wanted=0):
    """Shows a command as a user types it, runs it, and shows what it says."""
    shown = [str(part).replace(f"{flights.ROOT}/", "") for part in (REGROUP, *arguments)]
    say("   $ " + " ".join(shown))
    process = subprocess.run(
        shown, cwd=flights.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout.splitlines():
        say("   " + line)
    if process.returncode != wanted:
        sys.exit(f"exit status {process.returncode}, {wanted} expected")


def files_of(folder):
    return sorted(folder.rglob("*.parquet"))


def measure(folder):
    """Files, row groups, bytes, and the best of three times of the query with its answer."""
    files = files_of(folder)
    groups = sum(pq.read_metadata(path).num_row_groups for path in files)
    size = sum(path.stat().st_size for path in files)
    times = []
    for _ in range(3):
        # A new connection, so that no footer is known from the time before.
        with duckdb.connect() as connection:
            start = time.monotonic()
            answer = connection.sql(QUERY.format(folder)).fetchall()
            times.append(time.monotonic() - start)
    return len(files), groups, size, min(times), answer


def compare(before, after):
    say("   " + f"{'':22}{'before':>12}{'after':>12}")
    for label, index, unit in (("files", 0, 1), ("row groups", 1, 1), ("KiB", 2, 1024)):
        say("   " + f"{label:22}{before[index] // unit:12,}{after[index] // unit:12,}")
    say("   " + f"{'a query in DuckDB, ms':22}{before[3] * 1e3:12.1f}{after[3] * 1e3:12.1f}")
    if before[4] != after[4]:
        sys.exit("the query's answer is another one")


def same_rows():
    """DuckDB reads both, month by month; every value must be equal, in order."""
    rows = 0
    for month in sorted(path for path in LAKE.iterdir() if path.is_dir()):
        tables = []
        for folder in (month, HOME / month.name):
            listed = [str(path) for path in files_of(folder)]
            tables.append(duckdb.sql(f"SELECT * FROM read_parquet({listed})").to_arrow_table())
        if not tables[0].equals(tables[1]):
            sys.exit(f"{month.name}: DuckDB reads other rows")
        rows += tables[0].num_rows
    say(f"   {rows:,} rows: every value equal, in order")


def main():
    for folder in (LAKE, HOME):
        shutil.rmtree(folder, ignore_errors=True)

    step(1, "A lake as an hourly job leaves it: one small file an hour, a folder a month")
    delivered = list(flights.deliveries(hours=1))
    in_time = [d for d in delivered if d[1] < "2001-06-30"]
    late = delivered[len(in_time) :]
    for folder, name, rows in in_time:
        flights.write(folder, name, rows, LAKE)
    say(f"   {sum(rows.num_rows for _, _, rows in in_time):,} flights in {len(in_time):,} files")
    before = measure(LAKE)

    step(2, f"Compacted, with no more than {MEMORY} of memory")
    run("compact", LAKE, HOME, "--memory", MEMORY)

    step(3, "The same rows? First by its own second opinion, which decodes both sides")
    run("verify", LAKE, HOME)

    step(4, "And by DuckDB, which knows nothing of us")
    same_rows()

    step(5, "What became of the lake")
    compare(before, measure(HOME))

    step(6, "Run again: there is nothing to do")
    run("compact", LAKE, HOME, "--memory", MEMORY)

    step(7, f"The last day arrives late ({len(late)} files), and is added by the same command")
    for folder, name, rows in late:
        flights.write(folder, name, rows, LAKE)
    run("compact", LAKE, HOME, "--memory", MEMORY)
    run("verify", LAKE, HOME)
    same_rows()
    compare(measure(LAKE), measure(HOME))
    say("\nAll of it is in build/demo: lake (what came) and compacted (what is to be queried).")


if __name__ == "__main__":
    main()
