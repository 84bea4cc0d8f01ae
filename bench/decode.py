#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Decoding against arrow-rs: nanoseconds per value, one column at a time, on one core.

    build/venv/bin/python bench/decode.py build/bench/bench_decode [folder for the files]

Needs cargo for bench/arrow_rs (a project of its own, not part of the build). Byte arrays are
BINARY, so that arrow-rs does not check UTF-8. Rounds of both programs alternate; the best counts.
Prints the table of docs/bench/decode.md.
"""

import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
NUMBERS, TEXTS = 4_000_000, 1_000_000
ROUNDS = 5
RANDOM = np.random.default_rng(7)


def some_null(values, share, run=1):
    """A share of the values null, in runs."""
    mask = np.repeat(RANDOM.random(len(values) // run + 1) < share, run)[: len(values)]
    return pa.array(values, mask=mask)


def words(count, distinct):
    pool = np.array([b"word number %d" % (i * 7919) for i in range(distinct)], dtype=object)
    return pa.array(RANDOM.choice(pool, count).tolist(), pa.binary())


def keys(count):
    return pa.array([b"host-%05d/metric/%09d" % (i // 500, i * 3) for i in range(count)])


def cases():
    """(name, values, options of write_table)."""
    numbers = RANDOM.integers(-(2**62), 2**62, NUMBERS)
    few = RANDOM.integers(0, 1000, NUMBERS)
    clock = 1_700_000_000_000 + np.cumsum(RANDOM.integers(0, 1000, NUMBERS))
    doubles = RANDOM.random(NUMBERS)
    unique = pa.array([b"%d" % n for n in RANDOM.integers(0, 10**12, TEXTS)])
    plain = {"use_dictionary": False}

    def encoded(encoding):
        return {"use_dictionary": False, "column_encoding": {"x": encoding}}

    yield "PLAIN INT64", pa.array(numbers), plain
    yield "PLAIN DOUBLE", pa.array(doubles), plain
    yield "PLAIN BYTE_ARRAY", unique, plain
    yield "PLAIN BOOLEAN", pa.array(few < 300), encoded("PLAIN")
    yield "dictionary INT64, 1000 entries", pa.array(few), {}
    yield "dictionary BYTE_ARRAY, 1000 entries", words(TEXTS, 1000), {}
    yield "dictionary BYTE_ARRAY, 5 entries", words(TEXTS, 5), {}
    yield "PLAIN INT64, 10 % null here and there", some_null(numbers, 0.1), plain
    yield "PLAIN INT64, 50 % null in runs of 100", some_null(numbers, 0.5, 100), plain
    yield "dictionary INT64, 10 % null", some_null(few, 0.1), {}
    yield "DELTA_BINARY_PACKED INT64, clock", pa.array(clock), encoded("DELTA_BINARY_PACKED")
    yield "DELTA_BINARY_PACKED INT64, random", pa.array(numbers), encoded("DELTA_BINARY_PACKED")
    yield "DELTA_BINARY_PACKED INT32, few", pa.array(few, pa.int32()), encoded(
        "DELTA_BINARY_PACKED")
    yield "DELTA_LENGTH_BYTE_ARRAY", unique, encoded("DELTA_LENGTH_BYTE_ARRAY")
    yield "DELTA_BYTE_ARRAY, sorted keys", keys(TEXTS), encoded("DELTA_BYTE_ARRAY")
    yield "DELTA_BYTE_ARRAY, random", unique, encoded("DELTA_BYTE_ARRAY")
    yield "BYTE_STREAM_SPLIT DOUBLE", pa.array(doubles), encoded("BYTE_STREAM_SPLIT")
    yield "BYTE_STREAM_SPLIT FLOAT", pa.array(doubles, pa.float32()), encoded("BYTE_STREAM_SPLIT")
    yield "lists of INT64, 0 to 4 of them", lists(), {"use_dictionary": False}


def lists():
    lengths = RANDOM.integers(0, 5, NUMBERS // 4)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.array(RANDOM.integers(0, 2**40, offsets[-1])))


def write(folder):
    """name -> path."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, values, options in cases():
        path = folder / (re.sub(r"\W+", "_", name) + ".parquet")
        files[name] = path
        if not path.exists():
            pq.write_table(
                pa.table({"x": values}), path, compression="none", store_schema=False,
                row_group_size=len(values), data_page_size=1 << 20, **options,
            )  # fmt: skip
    return files


def run(program, files, found):
    """Adds the nanoseconds of each file to found[path] where they are the least so far."""
    said = subprocess.run(
        [str(program), *map(str, files.values())], check=True, capture_output=True, text=True
    ).stdout
    for line in said.splitlines():
        path, *numbers = line.rsplit(" ", 1)
        found[path] = min(found.get(path, 1e9), float(numbers[-1]))


def version_of(package):
    text = (HERE / "arrow_rs" / "Cargo.lock").read_text()
    return re.search(rf'name = "{package}"\nversion = "([^"]+)"', text).group(1)


def main():
    ours = Path(sys.argv[1])
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else HERE.parent / "build" / "bench" / "decode")
    project = HERE / "arrow_rs" / "Cargo.toml"
    target = folder / "target"
    subprocess.run(
        ["cargo", "build", "--release", "--quiet", "--manifest-path", project,
         "--target-dir", target],
        check=True,
    )  # fmt: skip
    theirs = target / "release" / "arrow_rs_decode"
    files = write(folder)
    our_ns, their_ns = {}, {}
    for _ in range(ROUNDS):
        run(ours, files, our_ns)
        run(theirs, files, their_ns)
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()[1]
    print(f"arrow-rs {version_of('parquet')} (rustc {rustc}), files of pyarrow {pa.__version__},")
    print(f"{platform.machine()}, ns per value, the best of {ROUNDS} runs of 15 rounds.\n")
    print("| path | regroup | arrow-rs | arrow-rs / regroup |\n|---|--:|--:|--:|")
    for name, path in files.items():
        a, b = our_ns[str(path)], their_ns[str(path)]
        print(f"| {name} | {a:.2f} | {b:.2f} | {b / a:.1f} |")


if __name__ == "__main__":
    main()
