#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""What the command shows on a terminal, and what signals do to it.

    test_terminal.py REGROUP

Standard error is a pseudo-terminal. The job is slow because it compresses anew, at a high level,
one partition after another; a signal ends it early.
"""

import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "e2e"))

import writer  # noqa: E402
from kinds import INT32, PLAIN, RLE_DICTIONARY  # noqa: E402

ESC = b"\x1b"


def make_lake(folder):
    first = folder / "a.parquet"
    values = [number * 2654435761 % 1000003 for number in range(60000)]
    pages = [(RLE_DICTIONARY, [1, 2, 3]), (PLAIN, values)]
    writer.write_flat(first, INT32, pages, [1, 2, 3])
    for number in range(150):
        partition = folder / "lake" / f"k={number}"
        partition.mkdir(parents=True)
        os.link(first, partition / "a.parquet")
    (folder / "one").mkdir()
    for number in range(60):
        os.link(first, folder / "one" / f"{number}.parquet")


class Job:
    def __init__(self, regroup, folder, *options, ignored=(), lake="lake", **env):
        self.master, slave = pty.openpty()
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **env}
        self.home = tempfile.mkdtemp(dir=folder)
        slow = ["--jobs=1", "--memory=64MiB", "--codec=zstd:19"]
        before = {number: signal.signal(number, signal.SIG_IGN) for number in ignored}
        self.process = subprocess.Popen(
            [regroup, "compact", folder / lake, self.home, *slow, *options],
            stdin=subprocess.DEVNULL, stderr=slave, env=environment,
        )
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(slave)
        self.said = b""

    def begin(self):
        """Returns when an output is made: signals are taken and there is a job to end."""
        end = time.monotonic() + 30
        while not any(name.endswith(".parquet") for _, _, names in os.walk(self.home)
                      for name in names):
            assert time.monotonic() < end, "no output after 30 s"
            self.read(0.05)

    def read(self, seconds, until=None):
        """What it says in so much time, or until it says this."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (until is None or until not in self.said):
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            self.said += data
        return self.said

    def interrupt(self):
        """Ends the job after what is begun; returns its exit status."""
        assert self.process.poll() is None, "the job was over too soon"
        self.process.send_signal(signal.SIGINT)
        # Whoever does not read would block it.
        self.read(30, until=b"memory: at most")
        status = self.process.wait(timeout=30)
        self.read(0.2)
        os.close(self.master)
        return status


def test_a_block_is_shown_and_taken_away(regroup, folder):
    job = Job(regroup, folder, TERM="xterm-256color")
    job.read(5, until=b"compact ")
    assert ESC + b"[1mcompact " in job.said, job.said
    assert job.interrupt() == 130
    # The block is erased before what is said last.
    summary = job.said.index(b" row groups, ")
    assert ESC + b"[J" in job.said[:summary] and ESC not in job.said[summary:], job.said
    assert b"interrupted: finishing what is begun; once more stops at once" in job.said, job.said


def test_no_color_keeps_the_block(regroup, folder):
    job = Job(regroup, folder, TERM="xterm", NO_COLOR="1")
    job.read(5, until=b"compact ")
    job.interrupt()
    assert ESC + b"[K" in job.said, job.said
    assert ESC + b"[1m" not in job.said and ESC + b"[0m" not in job.said, job.said


def test_a_dumb_terminal_gets_no_escapes(regroup, folder):
    for env in ({"TERM": "dumb"}, {}):
        job = Job(regroup, folder, "--progress", "block", **env)
        job.begin()
        job.read(0.5)
        job.interrupt()
        assert ESC not in job.said and b" row groups, " in job.said, job.said


def test_quiet_shows_nothing_but_why_it_ended(regroup, folder):
    job = Job(regroup, folder, "-qq", TERM="xterm")
    job.begin()
    job.read(0.5)
    job.process.send_signal(signal.SIGTERM)
    assert job.process.wait(timeout=30) == 130
    job.read(0.2)
    os.close(job.master)
    assert job.said.count(b"\n") == 1 and job.said.startswith(b"error: "), job.said


def test_what_was_ignored_stays_ignored(regroup, folder):
    """A shell has `regroup &` of a script ignore SIGINT, which is meant for others."""
    job = Job(regroup, folder, ignored=[signal.SIGINT], TERM="dumb")
    job.begin()
    for number in (signal.SIGINT, signal.SIGTERM):
        job.process.send_signal(number)
    job.read(30, until=b"memory: at most")
    assert job.process.wait(timeout=30) == 130
    os.close(job.master)
    assert b"interrupted: " in job.said and b"interrupted again" not in job.said, job.said


def test_usr1_shows_a_line(regroup, folder):
    job = Job(regroup, folder, "--progress", "none", TERM="xterm")
    job.begin()
    job.process.send_signal(signal.SIGUSR1)
    job.read(5, until=b"limit=")
    assert b" mem=" in job.said and ESC not in job.said, job.said
    job.interrupt()


def test_a_run_that_is_stopped_does_not_say_that_there_was_nothing_to_do(regroup, folder):
    job = Job(regroup, folder, "--progress", "none", lake="one", TERM="dumb")
    end = time.monotonic() + 30
    while not any((Path(job.home) / "_regroup").rglob("*.intent*")):
        assert time.monotonic() < end, "no intent after 30 s"
        job.read(0.02)
    for words in (b"interrupted: ", b"interrupted again: stopping"):
        job.process.send_signal(signal.SIGINT)
        job.read(30, until=words)
    assert job.process.wait(timeout=30) == 130
    job.read(0.2)
    os.close(job.master)
    assert b"error: cancelled" in job.said, job.said
    assert b"nothing to do" not in job.said, job.said


def test_usr1_shows_json_to_who_reads_json(regroup, folder):
    job = Job(regroup, folder, "--progress", "json", TERM="xterm")
    job.begin()
    job.process.send_signal(signal.SIGUSR1)
    job.read(5, until=b'"event":"progress"')
    job.process.send_signal(signal.SIGINT)
    job.read(30, until=b'"event":"finished"')
    assert job.process.wait(timeout=30) == 130
    job.read(0.2)
    os.close(job.master)
    events = [json.loads(line)["event"] for line in job.said.splitlines()]
    assert "progress" in events and events[-1] == "finished", events


def test_a_verification_is_stopped_by_the_first_signal(regroup, folder):
    """Its findings go into a pipe that is soon full: it cannot end by itself meanwhile."""
    reader, writer_end = os.pipe()
    fcntl.fcntl(writer_end, fcntl.F_SETPIPE_SZ, 4096)
    lake = folder / "lake"
    process = subprocess.Popen(
        [regroup, "verify", lake, lake, "--json", "--progress", "none"],
        stdin=subprocess.DEVNULL, stdout=writer_end, stderr=subprocess.PIPE,
    )
    os.close(writer_end)
    said = os.read(reader, 1)
    time.sleep(0.2)
    process.send_signal(signal.SIGUSR1)
    line = process.stderr.readline()
    assert b" partitions=" in line and b"/150 in=" in line, line
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == b"interrupted: stopping\n"
    while data := os.read(reader, 65536):
        said += data
    assert process.wait(timeout=30) == 130
    assert said.count(b"\n") < 150, said
    process.stderr.close()
    os.close(reader)


def test_a_plan_tells_its_progress_as_json(regroup, folder):
    done = subprocess.run([regroup, "plan", folder / "lake", folder / "nowhere", "--progress=json"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    *_, last, end = [json.loads(line) for line in done.stderr.splitlines()]
    assert last["event"] == "progress" and last["dry_run"], last
    assert end["event"] == "finished" and end["status"] == "ok", end
    assert last["partitions"] == last["partitions_done"] == 150 and last["files"] == 150, last


def test_a_verification_tells_its_progress_as_json(regroup, folder):
    lake = folder / "lake"
    done = subprocess.run([regroup, "verify", lake, lake, "--progress", "json"],
                          stderr=subprocess.PIPE, check=True)
    *lines, end = done.stderr.splitlines()
    last = json.loads(lines[-1])
    assert last["event"] == "progress" and last["v"] == 1, last
    assert last["partitions"] == last["partitions_done"] == 150, last
    assert last["total_known"] and last["read_bytes"] > 0, last
    # Its totals as well: all of what a program reads along is JSON.
    assert json.loads(end)["equal"] == 150, end


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Not what a shell ignored.
    regroup = str(Path(sys.argv[1]).resolve())
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        make_lake(Path(folder))
        for name, test in tests:
            try:
                test(regroup, Path(folder))
            except (AssertionError, ValueError, subprocess.TimeoutExpired) as problem:
                failed += 1
                print(f"{name}: {problem}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
