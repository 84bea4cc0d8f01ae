# SPDX-License-Identifier: Apache-2.0
"""Bytes that user space writes for each byte that is moved, set by set, as a Markdown table:

    copied.py FOLDER...

each a set of bench/sets.py or any folder of Parquet files with one schema. What is counted: bytes
that went through memcpy, a codec or an encoder between the read and the write of a chunk. The two
copies that the kernel makes of every byte come on top. All row groups become one chunk for each
column; the first 100 files are taken.
"""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent / "build" / "bench" / "bench_stitch"
FILES_MAX = 100


def measure(folder):
    files = sorted(Path(folder).rglob("*.parquet"))[:FILES_MAX]
    command = [str(BENCH), "--times", "3", *map(str, files)]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    words = told.splitlines()[-1].replace(",", "").split()
    name = Path(folder).resolve().name
    ns, copied = words[words.index("ns") - 1], words[words.index("copied") + 1]
    return f"| {name} | {len(files)} | {words[9]} | {float(copied):.2f} | {float(ns):.2f} |"


def main():
    print("| set | files | MiB in | written in user space / byte | CPU ns / byte |")
    print("|---|--:|--:|--:|--:|")
    for folder in sys.argv[1:]:
        print(measure(folder), flush=True)


if __name__ == "__main__":
    main()
