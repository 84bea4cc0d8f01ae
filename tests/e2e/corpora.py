#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Every Parquet file of the corpora through `regroup compact`: merged right, or named with exit 3.

Right means: each reader that reads the input reads the same from the output, and where the values
are known (expect.json beside the files) the output has them. Run as a program it writes the table
of docs/corpora.md to standard output:

    build/venv/bin/python tests/e2e/corpora.py [folder of the corpora]
"""

import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pyarrow.parquet as pq

import compare
import readers

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS_MAX = 60
JSON_TYPES = (int, str, float, list, dict, type(None))
READERS = {"pyarrow": readers.with_pyarrow, "duckdb": readers.with_duckdb}
SUFFIXES = (".parquet", ".parq", ".pq")
# What lies beside the files of the corpora and is no candidate for one.
BESIDE = (".json", ".md", ".tsv", ".csv", ".txt", ".py", ".value", ".metadata")


def is_data(path, root):
    """The rule of the command itself: hidden parts hide."""
    parts = path.relative_to(root).parts
    hidden = any(p[0] == "." or (p[0] == "_" and "=" not in p) for p in parts)
    return path.suffix in SUFFIXES and not hidden


def data_files(root):
    return sorted(p for p in root.rglob("*") if p.is_file() and is_data(p, root))


def candidates(root):
    """All files that are Parquet or were meant to be, whatever they are called."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and path.suffix not in BESIDE and not path.name.startswith("LICENSE")
    )


INTRODUCTION = """# Files of many writers

Each file through `regroup compact` alone: merged right (pyarrow and DuckDB read from the output
what they read from the input, and known values are there), or named with a reason and left alone.
Most of what is left alone are findings of fuzzers, encrypted files and files that are broken on
purpose.
Written by `tests/e2e/corpora.py`; the files are not part of this repository.
"""


class Outcome:
    """What became of one file: "merged", "refused" (with the reason) or "wrong" (with what)."""

    def __init__(self, kind, text=""):
        self.kind = kind
        self.text = text


def read(reader, paths):
    """A table, or None where the reader cannot."""
    try:
        return READERS[reader](paths)
    except Exception:
        return None


def run(executable, *arguments):
    """Exit status and what it said; a status of None for a hang."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("REGROUP")}
    try:
        process = subprocess.run(
            [str(executable), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS_MAX,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return None, "it hangs"
    return process.returncode, process.stdout.decode(errors="replace")


def reason_for(said, path):
    """What was said of a file that was left alone: the line that names it, behind its name."""
    named = re.compile(rf"(?:^|[/\s\"']){re.escape(path.name)}[\"']?[:\s]+(.*)")
    for line in said.splitlines():
        match = named.search(line)
        if match:
            return match.group(1).strip()
    return None


def expected_of(path):
    """What is known of the values of a file, or {}."""
    known = path.parent / "expect.json"
    if not known.exists():
        return {}
    return load_expected(known).get(path.stem, {})


_loaded = {}


def load_expected(known):
    if known not in _loaded:
        _loaded[known] = json.loads(known.read_text())
    return _loaded[known]


def plain(value):
    """Values as JSON has them."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def expected_problem(known, outputs):
    """None, or how the outputs differ from known values. Compares what JSON can hold exactly."""
    # Of big files only a sum is known.
    if not known.get("legal", True) or known.get("big") or "expect" not in known:
        return None
    table = readers.with_pyarrow(outputs)
    if table.num_rows != known["rows"]:
        return f"{table.num_rows} rows, {known['rows']} expected"
    for name, wanted in known["expect"].items():
        if name not in table.column_names:
            continue
        found = plain(table[name].to_pylist())
        # What JSON has no form for (times, decimals) is left to the readers.
        if not all(isinstance(value, JSON_TYPES) for value in found):
            continue
        for row, (value, expected) in enumerate(zip(found, wanted, strict=True)):
            both_nan = value != value and expected != expected
            if value != expected and not both_nan:
                return f"column {name}, row {row}: {value!r}, {expected!r} expected"
    return None


def readers_problem(inputs, outputs, without=()):
    """None, or what a reader sees in the outputs that it does not see in the inputs."""
    for reader in READERS:
        if reader in without:
            continue
        before = read(reader, inputs)
        if before is None:
            continue
        after = read(reader, outputs)
        if after is None:
            return f"{reader} reads the input but not the output"
        said = compare.difference(before, after)
        if said:
            return f"{reader}: {said}"
    return None


def try_alone(executable, path):
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if path.suffix not in SUFFIXES or path.name.startswith("_"):
            # Only names of data are taken.
            path = Path(shutil.copy(path, Path(folder) / f"{path.name.lstrip('_')}.parquet"))
        status, said = run(executable, "compact", path, home, "--memory", "512MiB")
        outputs = data_files(home) if home.exists() else []
        if status == 3:
            reason = reason_for(said, path)
            if reason is None:
                return Outcome("wrong", f"left alone, but not named: {said[-300:]}")
            if outputs:
                return Outcome("wrong", "left alone, and yet there is an output")
            return Outcome("refused", reason)
        if status != 0:
            return Outcome("wrong", f"exit {status}: {said[-300:]}")
        known = expected_of(path)
        deviating = tuple(known.get("deviates") or ())
        if not outputs:
            rows = rows_of([path])
            return Outcome("merged") if rows == 0 else Outcome("wrong", f"{rows} rows are gone")
        problem = readers_problem([path], outputs, deviating)
        problem = problem or expected_problem(known, outputs)
        return Outcome("wrong", problem) if problem else Outcome("merged")


def try_folder(executable, folder):
    """All files of one folder at once, as a lake; returns the problems."""
    files = [path for path in data_files(folder) if path.parent == folder]
    with tempfile.TemporaryDirectory() as scratch:
        source, home = Path(scratch) / "source", Path(scratch) / "home"
        source.mkdir()
        for path in files:
            shutil.copyfile(path, source / path.name)
        status, said = run(executable, "compact", source, home, "--memory", "512MiB")
        if status not in (0, 3):
            return [f"exit {status}: {said[-300:]}"]
        taken = [path for path in files if reason_for(said, path) is None]
        outputs = data_files(home) if home.exists() else []
        counted = rows_of(outputs)
        wanted = rows_of(taken)
        problems = []
        if counted is not None and wanted is not None and counted != wanted:
            problems.append(f"{counted} rows, the inputs that were taken have {wanted}")
        again, said = run(executable, "verify", source, home)
        # A broken page that was only copied is broken in both: verify names it, and cannot compare.
        is_broken = again == 1 and "failed:" in said and "different:" not in said
        if again not in (0, 3) and not is_broken:
            problems.append(f"verify: exit {again}: {said[-300:]}")
        return problems


def rows_of(paths):
    """Rows by the row groups, as footers may lie of their sum; None where one cannot be read."""
    try:
        footers = [pq.ParquetFile(path).metadata for path in paths]
    except Exception:
        return None
    return sum(f.row_group(i).num_rows for f in footers for i in range(f.num_row_groups))


def try_all(executable, root):
    """path -> Outcome for every file. A file on which a reader itself crashes is tried alone."""
    files = candidates(root)
    outcomes = {}
    left = list(files)
    while left:
        # Spawned, because forks of a process whose libraries have threads may hang.
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
            futures = {path: pool.submit(try_alone, executable, path) for path in left}
            for path, future in futures.items():
                try:
                    outcomes[path] = future.result()
                except BrokenProcessPool:
                    break
        left = [path for path in left if path not in outcomes]
        if left:
            outcomes[left[0]] = Outcome("wrong", "a reader crashed on it")
            left = left[1:]
    return outcomes


def category(reason):
    """The reason without names and numbers, so that equal ones are counted together."""
    reason = re.sub(r"(row group|column|page|entry|offset|at) [^:,]*", r"\1 N", reason)
    return re.sub(r"\d+", "N", reason)[:90]


def table(root, outcomes):
    """Markdown."""
    lines = [INTRODUCTION]
    lines += ["| corpus | files | merged | left alone, named | wrong |", "|---|--:|--:|--:|--:|"]
    by_corpus = {}
    for path, outcome in outcomes.items():
        corpus = path.relative_to(root).parts[0]
        by_corpus.setdefault(corpus, Counter())[outcome.kind] += 1
    for corpus, counts in sorted(by_corpus.items()):
        lines.append(
            f"| {corpus} | {sum(counts.values())} | {counts['merged']} | {counts['refused']} "
            f"| {counts['wrong']} |"
        )
    total = Counter(outcome.kind for outcome in outcomes.values())
    lines.append(
        f"| all | {len(outcomes)} | {total['merged']} | {total['refused']} | {total['wrong']} |"
    )
    lines += ["", "| file left alone | why |", "|---|---|"]
    for path, outcome in sorted(outcomes.items()):
        if outcome.kind != "merged":
            text = outcome.text.replace("|", "\\|").replace("\n", " ")
            mark = "**wrong** " if outcome.kind == "wrong" else ""
            lines.append(f"| {path.relative_to(root)} | {mark}{text} |")
    return "\n".join(lines) + "\n"


def main():
    default = os.environ.get("REGROUP_CORPORA", ROOT.parent / "shared" / "corpora")
    root = Path(sys.argv[1] if len(sys.argv) > 1 else default).resolve()
    executable = Path(os.environ.get("REGROUP", ROOT / "build" / "regroup"))
    if not root.is_dir() or not executable.exists():
        sys.exit(f"{root} and {executable} must both be there")
    outcomes = try_all(executable, root)
    print(table(root, outcomes), end="")
    return 1 if any(outcome.kind == "wrong" for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
