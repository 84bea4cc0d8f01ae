#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""`make fuzz`: builds the fuzz targets with clang's sanitizers and lets libFuzzer run each of them
for as long as asked; ends with the table of docs/testing.md.

Seconds are those of a processor, so that a busy machine makes a run longer, not worse. Targets take
turns in short slices: whenever a run is ended (SIGINT, SIGTERM), all of them had their share. What
is below build/fuzz stays: inputs that reach new code (corpus/NAME), findings (findings/NAME), what
was counted (results.json). The next run goes on from there; --fresh counts from nothing again, and
a finding that is none any more with the code of now is put into findings/NAME/mended. Seeds are
tests/fuzz/corpus, and build/fuzz/seeds where tools/fuzz_seeds.py has been.

    tools/fuzz.py [--seconds 300] [--target NAME[=SECONDS]]... [--jobs 2] [--total] [--fresh]
                  [--table]

Exit status 1: there are findings.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "tests" / "fuzz" / "corpus"
# A target that fails so often in one run is broken at the first step: more of it tells nothing.
FINDINGS_MAX = 10
INPUT_SECONDS_MAX = 25
ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}
# grown_at: after how many seconds the count of edges last became larger.
EMPTY = {"seconds": 0.0, "executions": 0, "coverage": 0, "corpus": 0, "grown_at": 0.0}


def build(folder):
    if not (folder / "build.ninja").exists():
        options = ["-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"]
        options += ["-Dbuildtype=debug", "-Doptimization=1"]
        subprocess.run(
            ["meson", "setup", *options, str(folder), str(ROOT)],
            env={**os.environ, "CC": "clang", "CXX": "clang++"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    names = [f"tests/fuzz/fuzz_{name}" for name in all_targets()]
    subprocess.run(["ninja", "-C", str(folder), *names], stdout=subprocess.DEVNULL, check=True)


def all_targets():
    found = sorted(path.stem[len("fuzz_") :] for path in (ROOT / "tests/fuzz").glob("fuzz_*.c"))
    return [name for name in found if (SEEDS / name).is_dir()]


class Runs:
    """What has been done and found so far, by target; kept in a file from run to run."""

    def __init__(self, folder, is_fresh):
        self.folder = folder
        self.path = folder / "results.json"
        self.by_target = {}
        if self.path.exists() and not is_fresh:
            self.by_target = json.loads(self.path.read_text())

    def of(self, target):
        record = self.by_target.setdefault(target, {})
        for name, nothing in EMPTY.items():
            record.setdefault(name, nothing)
        return record

    def add(self, target, seconds, log):
        record = self.of(target)
        executed = re.findall(r"stat::number_of_executed_units:\s*(\d+)", log)
        # A slice that ends in a finding prints no sum: the last line of progress has the number.
        executed = executed or re.findall(r"^#(\d+)", log, re.MULTILINE)[-1:]
        coverage = [int(edges) for edges in re.findall(r"cov: (\d+)", log)]
        record["seconds"] += seconds
        record["executions"] += int(executed[-1]) if executed else 0
        if max(coverage, default=0) > record["coverage"]:
            record["coverage"] = max(coverage)
            record["grown_at"] = record["seconds"]
        record["corpus"] = len(list((self.folder / "corpus" / target).iterdir()))
        kept = self.path.with_suffix(".new")
        kept.write_text(json.dumps(self.by_target, indent=1, sort_keys=True))
        kept.replace(self.path)

    def findings(self, target):
        folder = self.folder / "findings" / target
        return sorted(path for path in folder.glob("*") if path.is_file())

    def table(self):
        lines = ["| target | seconds | executions | edges | no new edge for | inputs kept | open |"]
        lines.append("|---|--:|--:|--:|--:|--:|--:|")
        for target in sorted(self.by_target):
            record = self.of(target)
            lines.append(
                f"| {target} | {record['seconds']:,.0f} | {record['executions']:,} "
                f"| {record['coverage']:,} | {record['seconds'] - record['grown_at']:,.0f} "
                f"| {record['corpus']:,} "
                f"| {len(self.findings(target))} |"
            )
        return "\n".join(lines)


class Fuzzer:
    """Slices of targets, side by side, until each has had what it was to have."""

    def __init__(self, folder, wanted, runs, slice_seconds):
        self.folder = folder
        self.left = dict(wanted)
        self.wanted = wanted
        self.runs = runs
        self.slice_seconds = slice_seconds
        self.failed = {target: 0 for target in wanted}
        self.running = {}
        self.lock = threading.Lock()
        self.is_ended = False

    def command(self, target):
        # By its whole name: what stops fuzzers for a while looks for tests/fuzz/fuzz_.
        return str(self.folder / "tests" / "fuzz" / f"fuzz_{target}")

    def replay(self, target):
        """Findings of former runs that the code of now takes are put aside."""
        for path in self.runs.findings(target):
            done = subprocess.run(
                [self.command(target), f"-timeout={INPUT_SECONDS_MAX}", str(path)],
                env={**os.environ, **ENVIRONMENT},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            if done.returncode == 0:
                mended = path.parent / "mended"
                mended.mkdir(exist_ok=True)
                path.rename(mended / path.name)

    def choose(self):
        """The target that lacks most of its share; None: nothing is left to do."""
        open_targets = [name for name, seconds in self.left.items() if seconds > 0]
        if self.is_ended or not open_targets:
            return None
        busy = [process.target for process in self.running.values()]
        return min(
            open_targets,
            key=lambda name: (busy.count(name), -self.left[name] / self.wanted[name], name),
        )

    def start(self, target, log_path):
        folders = [self.folder / "corpus" / target, SEEDS / target]
        extra = self.folder / "seeds" / target
        findings = self.folder / "findings" / target
        for folder in (folders[0], findings):
            folder.mkdir(parents=True, exist_ok=True)
        if extra.is_dir():
            folders.append(extra)
        seconds = max(2, min(self.slice_seconds, int(self.left[target]) + 1))
        command = [self.command(target), f"-max_total_time={seconds}", "-print_final_stats=1"]
        # Its weights of inputs take nine tenths of the time where an input reaches much (stitch:
        # 300 executions a second with them, 3,000 without).
        command.append("-entropic=0")
        # Not one that had to wait for a processor, either: what is slow runs into the time-out.
        command.append(f"-report_slow_units={INPUT_SECONDS_MAX}")
        command += [f"-timeout={INPUT_SECONDS_MAX}", f"-artifact_prefix={findings}/"]
        command += [str(folder) for folder in folders]
        with open(log_path, "wb") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **ENVIRONMENT},
                preexec_fn=lambda: os.nice(19),
                start_new_session=True,
            )
        process.target = target
        return process

    def work(self, number):
        logs = self.folder / "logs"
        while True:
            with self.lock:
                target = self.choose()
                if target is None:
                    return
                log_path = logs / f"{target}-{number}.log"
                process = self.start(target, log_path)
                self.running[number] = process
            _, status, usage = os.wait4(process.pid, 0)
            seconds = usage.ru_utime + usage.ru_stime
            with self.lock:
                process.returncode = os.waitstatus_to_exitcode(status)
                del self.running[number]
                self.end(target, process.returncode, seconds, log_path)

    def end(self, target, code, seconds, log_path):
        log = log_path.read_text(errors="replace")
        self.runs.add(target, seconds, log)
        self.left[target] -= max(seconds, 0.1)
        if code != 0 and not self.is_ended:
            self.failed[target] += 1
            (log_path.parent / f"{target}-failed-{self.failed[target]}.log").write_text(log)
            print(f"fuzz_{target}: failed, see {log_path.parent}/{target}-failed-*", flush=True)
        if self.failed[target] >= FINDINGS_MAX:
            self.left[target] = 0

    def stop(self, *_):
        """libFuzzer takes SIGUSR1 as: finish the input at hand, print the sum, end."""
        self.is_ended = True
        for process in list(self.running.values()):
            process.send_signal(signal.SIGUSR1)

    def run(self, jobs):
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        for target in self.wanted:
            self.replay(target)
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, self.stop)
        workers = [threading.Thread(target=self.work, args=(number,)) for number in range(jobs)]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            time.sleep(0.2)


def parse_targets(texts, seconds):
    """Without any =SECONDS-less name all targets run, those named for the time named."""
    known = all_targets()
    named = {}
    for text in texts:
        name, _, own = text.partition("=")
        if name not in known:
            sys.exit(f"fuzz.py: no target {name}; there are: {' '.join(known)}")
        named[name] = int(own) if own else seconds
    if texts and all("=" not in text for text in texts):
        return named
    return {name: named.get(name, seconds) for name in known}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=300, help="of a processor, for each target")
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="NAME[=SECONDS]",
        help="only these; with =SECONDS: all, and this one for so long",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--slice", type=int, default=120, help="seconds of one turn of a target")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument(
        "--total", action="store_true", help="seconds of former runs count: only what is missing"
    )
    parser.add_argument("--fresh", action="store_true", help="count from nothing")
    parser.add_argument("--table", action="store_true", help="only print the table so far")
    options = parser.parse_args()

    wanted = parse_targets(options.target, options.seconds)
    folder = options.build.resolve()
    runs = Runs(folder, options.fresh)
    if options.total:
        wanted = {name: seconds - runs.of(name)["seconds"] for name, seconds in wanted.items()}
    if not options.table:
        build(folder)
        wanted = {name: seconds for name, seconds in wanted.items() if seconds > 0}
        Fuzzer(folder, wanted, runs, options.slice).run(options.jobs)
    print(runs.table())
    return 1 if any(runs.findings(target) for target in all_targets()) else 0


if __name__ == "__main__":
    sys.exit(main())
