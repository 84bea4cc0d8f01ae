#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Compiles every header alone, as C17: each includes what it uses."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [
    os.environ.get("CC", "gcc"),
    "-std=c17",
    "-fsyntax-only",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    "-D_POSIX_C_SOURCE=200809L",
    "-D_DEFAULT_SOURCE",
    "-x",
    "c",
    "-",
]


def compile_alone(header):
    """None, or what the compiler says."""
    folder, name = header
    # A public header is on its own: it must not need the sources.
    include = ["-Iinclude"] if folder == "include" else ["-Iinclude", f"-I{folder}", "-Isrc"]
    result = subprocess.run(
        COMMAND[:-3] + include + COMMAND[-3:],
        input=f'#include "{name}"\nextern int not_empty;\n',
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return None if result.returncode == 0 else f"{folder}/{name}:\n{result.stdout}"


def main():
    headers = [
        (folder, str(path.relative_to(ROOT / folder)))
        for folder in ("include", "src", "tests")
        for path in sorted((ROOT / folder).rglob("*.h"))
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [said for said in pool.map(compile_alone, headers) if said]
    print("\n".join(problems) if problems else f"{len(headers)} headers compile alone")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
