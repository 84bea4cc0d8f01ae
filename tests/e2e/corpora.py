#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Every Parquet file of the corpora through `regroup compact`: merged right, or named with exit 3.

Right means: each reader that reads the input reads the same from the output, and where the values
are known (expect.json beside the files) the output has them. Run as a program it lets Spark read
all of them, too, and writes docs/readers.md to standard output:

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
BESIDE = (".json", ".md", ".tsv", ".csv", ".txt", ".py", ".value", ".metadata", ".bin")


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


INTRODUCTION = """# Files of many writers, read back

Each file through `regroup compact` alone: merged right, or named with a reason and left alone.
Right means that what pyarrow, DuckDB and Spark read from the output is what they read from the
input, value by value and in order, and that known values are there. Files that Spark reads wrong
([reader-quirks.md](reader-quirks.md)) it must read right from the output. The columns of readers
count the files whose output they read so; the rest they cannot read before either (types and
encodings that a reader does not know, files that only some take), or it is known that they read
the input wrong. Most of what is left alone are findings of fuzzers, encrypted files and files that
are broken on purpose; the last column of their table tells which reader opens a file all the same:
checksums that are not right, chunks and indexes outside the file, tables without a column, and a
dictionary larger than the memory these runs are given.
Written by `tests/e2e/corpora.py`; the files are not part of this repository.
"""


class Outcome:
    """What became of one file: "merged", "refused" (with the reason) or "wrong" (with what).

    `read_by` are the readers that read the same from the output as from the input, or that read a
    file which was refused; `kept` are inputs and outputs, where they were to be kept.
    """

    def __init__(self, kind, text="", read_by=(), kept=None):
        self.kind = kind
        self.text = text
        self.read_by = list(read_by)
        self.kept = kept


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


def readers_problem(inputs, outputs, without, read_by):
    """None, or what a reader sees in the outputs that it does not see in the inputs.

    Adds to `read_by` who reads both.
    """
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
        read_by.append(reader)
    return None


def try_alone(executable, path, keep=None):
    """With `keep`, input and output stay in that folder, which is made."""
    with tempfile.TemporaryDirectory() as folder:
        if keep:
            # Of a try that a crash of another file ended.
            shutil.rmtree(keep, ignore_errors=True)
            keep.mkdir(parents=True)
            folder = keep
        folder = Path(folder)
        home = folder / "home"
        if path.suffix not in SUFFIXES or path.name.startswith("_"):
            # Only names of data are taken.
            path = Path(shutil.copy(path, folder / f"{path.name.lstrip('_')}.parquet"))
        status, said = run(executable, "compact", path, home, "--memory", "512MiB")
        outputs = data_files(home) if home.exists() else []
        if status == 3:
            reason = reason_for(said, path)
            if reason is None:
                return Outcome("wrong", f"left alone, but not named: {said[-300:]}")
            if outputs:
                return Outcome("wrong", "left alone, and yet there is an output")
            opened = [reader for reader in READERS if read(reader, [path]) is not None]
            return Outcome("refused", reason, opened, ([path], [], ()) if keep else None)
        if status != 0:
            return Outcome("wrong", f"exit {status}: {said[-300:]}")
        known = expected_of(path)
        deviating = tuple(known.get("deviates") or ())
        if not outputs:
            rows = rows_of([path])
            return Outcome("merged") if rows == 0 else Outcome("wrong", f"{rows} rows are gone")
        read_by = []
        problem = readers_problem([path], outputs, deviating, read_by)
        problem = problem or expected_problem(known, outputs)
        kept = ([path], outputs, deviating) if keep else None
        return Outcome("wrong", problem) if problem else Outcome("merged", "", read_by, kept)


def try_spark(spark, outcome):
    """Makes the outcome wrong where Spark reads the input and something else from the output.

    Some inputs it reads wrong in silence (reader-quirks.md): of those it must read the output as
    another reader does the input.
    """
    inputs, outputs, deviating = outcome.kept
    if any("spark" in name for name in deviating):
        return
    try:
        before = spark.read(inputs)
    except Exception:
        return
    if outcome.kind == "refused":
        outcome.read_by.append("spark")
        return
    try:
        after = spark.read(outputs)
        problem = compare.difference(before, after)
        if problem and outcome.read_by:
            other = READERS[outcome.read_by[0]](inputs).cast(after.schema)
            problem = compare.difference(other, after)
    except Exception as error:
        problem = f"reads the input but not the output: {str(error)[:200]}"
    if problem:
        outcome.kind, outcome.text = "wrong", f"spark: {problem}"
    else:
        outcome.read_by.append("spark")


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


def try_all(executable, root, keep=None):
    """path -> Outcome for every file. A file on which a reader itself crashes is tried alone."""
    files = candidates(root)
    names = {path: str(number) for number, path in enumerate(files)}
    outcomes = {}
    left = list(files)
    while left:
        # Spawned, because forks of a process whose libraries have threads may hang.
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
            futures = {
                path: pool.submit(try_alone, executable, path, keep and keep / names[path])
                for path in left
            }
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
    reason = re.sub(r"it ends in .* instead", "it ends in other bytes instead", reason)
    reason = re.sub(r"(row group|column|page|entry|offset|at) [^:,]*", r"\1 N", reason)
    return re.sub(r"\b\d+", "N", reason)[:90]


def escaped(text):
    """For a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(root, outcomes):
    """Markdown."""
    names = (*READERS, "spark")
    heads = ["corpus", "files", "merged", *names, "left alone, named", "wrong"]
    lines = [INTRODUCTION, "| " + " | ".join(heads) + " |", "|---" + "|--:" * 7 + "|"]
    by_corpus = {}
    for path, outcome in outcomes.items():
        for corpus in (path.relative_to(root).parts[0], "all"):
            counts = by_corpus.setdefault(corpus, Counter())
            counts.update(["files", outcome.kind])
            if outcome.kind != "refused":
                counts.update(outcome.read_by)
    corpora = sorted(set(by_corpus) - {"all"}) + ["all"]
    for corpus in corpora:
        counts = by_corpus[corpus]
        columns = ("files", "merged", *names, "refused", "wrong")
        lines.append(f"| {corpus} | " + " | ".join(str(counts[c]) for c in columns) + " |")
    lines += ["", "| reason for leaving files alone | files |", "|---|--:|"]
    reasons = Counter(category(o.text) for o in outcomes.values() if o.kind == "refused")
    for reason, count in reasons.most_common(25):
        lines.append(f"| {escaped(reason)} | {count} |")
    if len(reasons) > 25:
        rest = sum(count for _, count in reasons.most_common()[25:])
        lines.append(f"| {len(reasons) - 25} other reasons | {rest} |")
    lines += ["", "| file left alone | why | read by |", "|---|---|---|"]
    for path, outcome in sorted(outcomes.items()):
        if outcome.kind != "merged":
            text = escaped(outcome.text)
            mark = "**wrong** " if outcome.kind == "wrong" else ""
            opened = ", ".join(outcome.read_by) if outcome.kind == "refused" else ""
            lines.append(f"| {path.relative_to(root)} | {mark}{text} | {opened} |")
    return "\n".join(lines) + "\n"


def main():
    default = os.environ.get("REGROUP_CORPORA", ROOT.parent / "shared" / "corpora")
    root = Path(sys.argv[1] if len(sys.argv) > 1 else default).resolve()
    executable = Path(os.environ.get("REGROUP", ROOT / "build" / "regroup"))
    if not root.is_dir() or not executable.exists():
        sys.exit(f"{root} and {executable} must both be there")
    with tempfile.TemporaryDirectory() as folder:
        outcomes = try_all(executable, root, Path(folder))
        spark = readers.Spark(Path(folder) / "spark")
        # Broken files last: who knows what Spark makes of them.
        for outcome in sorted(outcomes.values(), key=lambda outcome: outcome.kind != "merged"):
            if outcome.kept:
                try_spark(spark, outcome)
        spark.stop()
    print(table(root, outcomes), end="")
    return 1 if any(outcome.kind == "wrong" for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
