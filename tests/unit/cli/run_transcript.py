#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Runs the commands of a transcript and compares what they say with what the transcript says.

    run_transcript.py [--update] REGROUP TRANSCRIPT...

A transcript is text. Lines that begin with `$ ` are commands for sh, with `regroup` in the path
and an empty directory as the place where they run. Behind a command stands what it said: `  `
before a line of standard output, `! ` before one of standard error (`~` is an empty line), and
`= N` when the exit status is not 0. Lines with `@ ` make input: `@ PATH FIRST COUNT` is a Parquet
file with one INT32 column x that counts up from FIRST. All other lines are for the reader.
--update writes what was said into the transcript.

What differs from run to run is replaced before comparing: see REPLACED.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "e2e"))

import writer  # noqa: E402
from kinds import INT32, PLAIN, RLE_DICTIONARY  # noqa: E402

REPLACED = [
    (re.compile(r"part-(\d{6}-\d{3})-[0-9a-f]{24}"), r"part-\1-HASH"),
    (re.compile(r"\b[\d.]+ (ms|s)\b|\b\d+[mhd]\d\d[smh]\b"), "TIME"),
    (re.compile(r"\b[\d.,]+ MB/s|(?<=TIME, )-(?=,)"), "RATE"),
    (re.compile(r"\b[\d.]+ ([KMGT]i)?B\b"), "SIZE"),
    (re.compile(r'"(bytes|read_bytes|modified_ns)":\d+'), r'"\1":N'),
    (re.compile(r"commit [0-9a-f]+(-dirty)?"), "commit HASH"),
]


def environment(regroup, folder):
    env = {name: value for name, value in os.environ.items() if not name.startswith("REGROUP_")}
    for name in ("NO_COLOR", "TERM", "LC_ALL", "LANG", "AWS_PROFILE"):
        env.pop(name, None)
    (folder / ".bin").mkdir()
    (folder / ".bin" / "regroup").symlink_to(regroup)
    env["PATH"] = f"{folder / '.bin'}:{env['PATH']}"
    return env


def make(folder, line):
    name, first, count = line.split()
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    values = list(range(int(first), int(first) + int(count)))
    dictionary, rest = values[:200], values[200:]
    pages = [(RLE_DICTIONARY, dictionary)] + ([(PLAIN, rest)] if rest else [])
    writer.write_flat(path, INT32, pages, dictionary)
    # A fixed time, so that ids are the same in every run.
    os.utime(path, (1700000000, 1700000000))


def said(text, prefix, folder):
    text = text.decode("utf-8", "backslashreplace").replace(str(folder), "TMP")
    for pattern, replacement in REPLACED:
        text = pattern.sub(replacement, text)
    return [prefix + (line.rstrip() or "~") for line in text.splitlines()]


def run(command, folder, env):
    result = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
    )
    lines = said(result.stdout, "  ", folder) + said(result.stderr, "! ", folder)
    if result.returncode != 0:
        lines.append(f"= {result.returncode}")
    return lines


def replay(path, regroup):
    """The transcript as it should be."""
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        env = environment(regroup, folder)
        for line in path.read_text().splitlines():
            if line.startswith(("  ", "! ", "= ")):
                continue
            lines.append(line)
            if line.startswith("$ "):
                lines += run(line[2:], folder, env)
            elif line.startswith("@ "):
                make(folder, line[2:])
    return "\n".join(lines) + "\n"


def main():
    arguments = sys.argv[1:]
    updates = arguments[:1] == ["--update"]
    regroup, *paths = arguments[1:] if updates else arguments
    failed = 0
    for path in map(Path, paths):
        wanted = path.read_text()
        got = replay(path, Path(regroup).resolve())
        if got == wanted:
            continue
        if updates:
            path.write_text(got)
            print(f"updated {path.name}")
            continue
        failed += 1
        import difflib

        diff = difflib.unified_diff(
            wanted.splitlines(), got.splitlines(), f"{path.name}", "what was said", lineterm=""
        )
        print("\n".join(diff))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
