#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""`make check`: runs every stage, prints a line for each, and closes with `N passed, M failed`.

A stage is a name and a function that answers with counts. C tests are counted from Meson's log
(one JSON object a test program) and what cmocka says inside it; Python tests from pytest's JUnit
file; a tool that only says yes or no counts as one. A stage that fails does not stop the others:
one run tells everything that is wrong. All output of a stage goes to build/check/<stage>.log.

    tools/check.py [--long] [--list] [stage...]
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "check"
PYTHON = ROOT / "build" / "venv" / "bin" / "python"
# What a stage may take before it counts as hung.
STAGE_SECONDS_MAX = 40 * 60

ASAN_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}
TSAN_ENV = {"TSAN_OPTIONS": "halt_on_error=1"}


class Counts:
    def __init__(self, passed=0, failed=0, skipped=0, problems=()):
        self.passed = passed
        self.failed = failed
        self.skipped = skipped
        self.problems = list(problems)

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.problems += other.problems
        return self


class Log:
    """The log file of one stage, and the commands that write into it."""

    def __init__(self, stage):
        LOGS.mkdir(parents=True, exist_ok=True)
        self.path = LOGS / (re.sub(r"\W+", "-", stage) + ".log")
        self.file = open(self.path, "wb")

    def run(self, command, env=None):
        """Runs a command to its end and returns its exit status (124: it hung)."""
        self.file.write(("$ " + " ".join(map(str, command)) + "\n").encode())
        self.file.flush()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self.file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
        try:
            return process.wait(timeout=STAGE_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.file.write(b"\nthis command did not end and was killed\n")
            self.file.flush()
            return 124

    def tail(self, count=25):
        text = self.path.read_bytes().decode(errors="replace")
        return text.splitlines()[-count:]


def tool(*command):
    """A stage that is a tool of ours: one check, right or wrong."""

    def run(log):
        if log.run([sys.executable, *command]) == 0:
            return Counts(passed=1)
        return Counts(failed=1, problems=log.tail())

    return run


def cmocka_counts(record):
    """How many tests the output of one test program tells of; the program itself, if none."""
    text = (record.get("stdout") or "") + (record.get("stderr") or "")
    passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", text))
    failed = sum(int(n) for n in re.findall(r"\[  FAILED  \] (?:\w+: )?(\d+) test", text))
    result = record["result"]
    if result in ("OK", "EXPECTEDFAIL"):
        return Counts(passed=max(passed, 1))
    if result == "SKIP":
        return Counts(skipped=1)
    lines = [line for line in text.splitlines() if line.strip()]
    telling = [
        line
        for line in lines
        if re.search(r"FAILED|error|ERROR|Sanitizer|runtime error|\.c:\d+", line)
    ]
    problem = [f"{record['name']}: {result}"] + ["    " + line for line in (telling or lines)[-12:]]
    return Counts(passed=passed, failed=max(failed, 1), problems=problem)


def build(log, folder, options=(), env=None):
    """Builds into a folder; None, or what went wrong."""
    if log.run(["tools/build.sh", folder, *options], env) == 0:
        return None
    telling = [line for line in log.tail(400) if re.search(r"error|FAILED|ERROR", line)]
    return Counts(failed=1, problems=(telling or log.tail())[:25])


def meson(folder, suites, options=(), env=None, test_env=None, without=(), may_be_empty=False):
    """A stage that builds into a folder and runs some suites of Meson tests there."""

    def run(log):
        broken = build(log, folder, options, env)
        if broken:
            return broken
        name = log.path.stem
        records = ROOT / folder / "meson-logs" / (name + ".json")
        records.unlink(missing_ok=True)
        command = ["meson", "test", "-C", folder, "--no-rebuild", "--logbase", name]
        # CI machines are slow at times, sanitizers always.
        command += ["--print-errorlogs", "--timeout-multiplier", "10"]
        for suite in suites:
            command += ["--suite", suite]
        for suite in without:
            command += ["--no-suite", suite]
        status = log.run(command, test_env)
        counts = Counts()
        if records.exists():
            for line in records.read_text().splitlines():
                counts += cmocka_counts(json.loads(line))
        if status != 0 and counts.failed == 0:
            counts += Counts(failed=1, problems=log.tail())
        if counts.passed + counts.failed + counts.skipped == 0 and not may_be_empty:
            counts += Counts(failed=1, problems=["no test ran"])
        return counts

    return run


def junit_counts(path):
    """What a JUnit file of pytest tells; of each failure its name and the lines of the reason."""
    counts = Counts()
    for test in ElementTree.parse(path).getroot().iter("testcase"):
        wrong = test.find("failure")
        if wrong is None:
            wrong = test.find("error")
        if wrong is not None:
            text = wrong.text or wrong.get("message") or ""
            reason = [line for line in text.splitlines() if re.match(r"E  |\S+:\d+: ", line)]
            counts += Counts(failed=1, problems=[f"{test.get('classname')}::{test.get('name')}"]
                             + ["    " + line[:300] for line in reason[:12]])
        elif test.find("skipped") is not None:
            counts.skipped += 1
        else:
            counts.passed += 1
    return counts


def pytest(*arguments, env=None, folder="build", options=(), build_env=None):
    """A stage of Python tests, in the virtual environment."""

    def run(log):
        broken = build(log, folder, options, build_env)
        if broken:
            return broken
        junit = log.path.with_suffix(".xml")
        junit.unlink(missing_ok=True)
        command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs"]
        command += [f"--junitxml={junit}", *arguments]
        status = log.run(command, {"PYTHONDONTWRITEBYTECODE": "1", **(env or {})})
        counts = junit_counts(junit) if junit.exists() else Counts()
        if not counts.failed:
            counts.problems = [line for line in log.tail(60) if line.startswith("SKIPPED")]
        if status != 0 and counts.failed == 0:
            counts += Counts(failed=1, problems=log.tail())
        return counts

    return run


CLANG = {"CC": "clang"}
ASAN = ["-Dbuildtype=debug", "-Doptimization=1", "-Db_sanitize=address,undefined"]
TSAN = ["-Dbuildtype=debug", "-Doptimization=1", "-Db_sanitize=thread"]
LUNDEF = ["-Db_lundef=false"]

STAGES = [
    ("layers", tool("tools/check_layers.py")),
    ("style", tool("tools/check_style.py")),
    ("headers", tool("tools/check_headers.py")),
    ("unit, gcc", meson("build", ["unit"])),
    (
        "unit, clang asan+ubsan",
        meson("build/asan", ["unit"], ASAN + LUNDEF, CLANG, ASAN_ENV),
    ),
    (
        "torture, clang asan+ubsan",
        meson("build/asan", ["torture"], ASAN + LUNDEF, CLANG, ASAN_ENV),
    ),
    (
        "fuzz corpora, clang asan+ubsan",
        meson("build/asan", ["fuzz"], ASAN + LUNDEF, CLANG, ASAN_ENV),
    ),
    (
        "threads, clang tsan",
        meson(
            "build/tsan",
            ["weir", "store", "compact", "api", "sim"],
            TSAN + LUNDEF,
            CLANG,
            TSAN_ENV,
            without=["torture"],
            may_be_empty=True,
        ),
    ),
    ("crash", meson("build", ["crash"])),
    ("the checks themselves", pytest("tests/tools")),
    ("end to end", pytest("tests/e2e")),
    ("S3, end to end", pytest("-n", "3", "tests/s3")),
]

LONG_STAGES = [
    (
        "S3, clang asan+ubsan",
        pytest(
            *("-n", "3", "tests/s3"),
            env={**ASAN_ENV, "REGROUP": str(ROOT / "build/asan/src/cli/regroup")},
            folder="build/asan",
            options=ASAN + LUNDEF,
            build_env=CLANG,
        ),
    ),
    (
        "S3, clang tsan",
        pytest(
            *("-n", "3", "tests/s3"),
            env={**TSAN_ENV, "REGROUP": str(ROOT / "build/tsan/src/cli/regroup")},
            folder="build/tsan",
            options=TSAN + LUNDEF,
            build_env=CLANG,
        ),
    ),
    ("random lakes", pytest("tests/e2e/test_random_lakes.py", env={"LAKES": "1500"})),
    ("long", meson("build", ["long"])),
    ("mutations", tool("tools/mutate.py")),
]


def cpu_seconds():
    """User and system time of all that ended below us; tells what a quiet machine would need."""
    times = os.times()
    return times.children_user + times.children_system


def run_stage(name, function):
    log = Log(name)
    start = time.monotonic()
    cpu_start = cpu_seconds()
    try:
        counts = function(log)
    except Exception as error:  # A broken check must not look like a passed one.
        counts = Counts(failed=1, problems=[f"the check itself broke: {error!r}"])
    seconds = time.monotonic() - start
    cpu = cpu_seconds() - cpu_start
    said = f"{counts.passed} passed"
    if counts.failed:
        said += f", {counts.failed} FAILED"
    if counts.skipped:
        said += f", {counts.skipped} skipped"
    print(f"{name:32} {said:32} {seconds:7.1f} s {cpu:7.1f} s CPU", flush=True)
    for line in counts.problems:
        print("    " + line)
    if counts.failed:
        print(f"    everything it said: {log.path.relative_to(ROOT)}", flush=True)
    return counts


def main():
    # A shell has what it runs in the background ignore SIGINT, and the command keeps to that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--long", action="store_true", help="the long suites too")
    parser.add_argument("--list", action="store_true", help="only name the stages")
    parser.add_argument("stage", nargs="*", help="run those whose name contains one of these")
    arguments = parser.parse_args()

    stages = STAGES + (LONG_STAGES if arguments.long or arguments.stage else [])
    if arguments.stage:
        stages = [s for s in stages if any(word in s[0] for word in arguments.stage)]
    if arguments.list:
        print("\n".join(name for name, _ in stages))
        return 0
    start = time.monotonic()
    total = Counts()
    failures = []
    for name, function in stages:
        counts = run_stage(name, function)
        if counts.failed:
            failures += [f"{name}:"] + ["    " + line for line in counts.problems]
        total += counts
    # Once more at the end, where it is found: a log may be cut.
    print("\n".join(failures), end="\n" if failures else "")
    if not stages:
        total.failed += 1
        print("no stage of that name")
    print(f"{len(stages)} stages in {time.monotonic() - start:.0f} s, {cpu_seconds():.0f} s of CPU")
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{skipped}")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
