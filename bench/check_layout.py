#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Holds the rule by which dictionaries are united or given up against brute force.

    bench/check_layout.py build/bench/bench_stitch FOLDER...

Every column of every folder (Parquet files of one schema) is stitched both ways and by the rule. A
way costs what the rule counts: 2 ns for each byte of output, and the CPU time that was measured.
Named are the columns where the rule took the way that costs more than 3 %, and more than a
millisecond, above the better one.
"""

import re
import subprocess
import sys
from pathlib import Path

NS_PER_BYTE = 2
TOLERANCE = 1.03
LEAST_NS = 1_000_000
LINE = re.compile(
    r"^(?P<name>\S+) +\S+ +(?P<ms>[\d.]+) ms .*-> +(?P<mib>[\d.]+) MiB"
)


def measure(program, layout, files):
    """The cost of each column, in ns."""
    command = [program, "--times", "5", "--layout", layout, *files]
    costs = {}
    for line in subprocess.check_output(command, text=True).splitlines():
        found = LINE.match(line)
        if found:
            out_bytes = float(found["mib"]) * 2**20
            costs[found["name"]] = float(found["ms"]) * 1e6 + out_bytes * NS_PER_BYTE
    return costs


def main():
    program, *folders = sys.argv[1:]
    columns = wrong = 0
    for folder in folders:
        files = sorted(str(path) for path in Path(folder).glob("*.parquet"))
        rule, plain, dictionary = (
            measure(program, layout, files) for layout in ("rule", "plain", "dictionary")
        )
        for name, cost in rule.items():
            best, worse = sorted((plain[name], dictionary[name]))
            columns += 1
            # Which way the rule went shows in what it cost; the clock is noisy.
            went_wrong = abs(cost - worse) < abs(cost - best)
            if went_wrong and worse > best * TOLERANCE and worse - best > LEAST_NS:
                wrong += 1
                print(
                    f"{Path(folder).name}: {name}: {cost / 1e6:.2f} ms, plain "
                    f"{plain[name] / 1e6:.2f}, dictionary {dictionary[name] / 1e6:.2f}"
                )
    print(f"{wrong} of {columns} columns wrong at {TOLERANCE - 1:.0%}")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
