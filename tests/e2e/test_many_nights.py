# SPDX-License-Identifier: Apache-2.0

"""Weeks of deliveries, each followed by a night's run with other options, some of them killed.

A model of its own says after each night which rows are live, that nothing else of the user's was
touched, what was left alone, and that the counts of the report add up.
"""

import json
import os
import random
import re
import signal
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import alone, data_files

NIGHTS = 12
PARTITIONS = ["d=1", "d=2", "a b/k=ü", "x='\"%3D"]
NAMES = ["f", "o'x", 'q"', "ü", "100%", "new\nline", "part-000001-000-", "[z]*", "-x"]
OURS = re.compile(r"part-\d{6}-\d{3}-[0-9a-f]{24}\.parquet")


def tree(folder):
    """Files outside of the ledger -> what tells whether they were touched."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith("_regroup/"):
            status = path.stat()
            found[name] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found


class Lake:
    def __init__(self, draw, folder, is_in_place):
        self.draw = draw
        self.source = folder / "lake"
        self.is_in_place = is_in_place
        self.home = self.source if is_in_place else folder / "home"
        self.files = {}  # Name -> its rows; None: no Parquet file.
        self.rows = {}  # (name, size, mtime) -> rows of whatever was there once.
        self.next_row = 0
        self.columns = ["id", "text"]

    def put(self, name, rows):
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if rows is None:
            path.write_bytes(self.draw.randbytes(self.draw.randrange(300)))
        else:
            texts = [f"row {n % 50}" for n in rows]
            of = {"id": rows, "text": texts, "more": [n / 2 for n in rows]}
            table = pa.table({column: of[column] for column in self.columns})
            pq.write_table(table, path, compression=self.draw.choice(["zstd", "snappy", "none"]),
                           use_dictionary=self.draw.random() < 0.5)  # fmt: skip
        if self.draw.random() < 0.3:
            age = self.draw.choice([-400, 3, 9000]) * 86400  # The clock of a writer is off.
            moment = time.time_ns() - age * 10**9 + self.draw.randrange(10**6)
            os.utime(path, ns=(moment, moment))
        self.files[name] = rows
        status = path.stat()
        self.rows[(name, status.st_size, status.st_mtime_ns)] = rows

    def new_rows(self):
        count = self.draw.choice([0, 1, 9, 100, 1000])
        self.next_row += count
        return range(self.next_row - count, self.next_row)

    def deliver(self):
        if self.draw.random() < 0.15:
            self.columns = self.draw.sample(["id", "text", "more"], self.draw.choice([2, 3]))
            self.columns += [] if "id" in self.columns else ["id"]
        for _ in range(self.draw.randint(1, 5)):
            name = self.draw.choice(NAMES) + f"{len(self.rows)}.parquet"
            name = f"{self.draw.choice(PARTITIONS)}/{name}"
            self.put(name, None if self.draw.random() < 0.1 else self.new_rows())
        there = sorted(name for name in self.files if (self.source / name).exists())
        if self.draw.random() < 0.4:
            name = self.draw.choice(there)
            what = self.draw.randrange(3)
            if what == 0:
                self.put(name, self.new_rows())
            elif what == 1:
                (self.source / name).unlink()
                del self.files[name]
            else:
                (self.source / name).chmod(0o600)

    def options(self):
        draw = self.draw
        options = ["--memory", draw.choice(["64MiB", "256MiB"])]
        options += ["--row-group-size", draw.choice(["4KiB", "50KiB", "128MiB"])]
        for share, more in [
            (0.4, ["--schema", "union"]),
            (0.2, ["--batch-size", "5KiB"]),
            (0.2, ["--verify", "full"]),
            (0.2, ["--encoding", "small"]),
            (0.2, ["--codec", "zstd"]),
            (0.2, ["--order", "rows:desc"]),
            (0.3, ["--jobs", "1"]),
        ]:
            options += more if draw.random() < share else []
        return options

    def ledger(self):
        """Inputs of all records, and the rows that they had."""
        taken, rows = set(), []
        for path in (self.home / "_regroup").rglob("_*.json"):
            record = json.loads(path.read_text())
            for name, size, mtime, *_ in record["inputs"]:
                taken.add((record["partition"] + name, size, mtime))
                rows += self.rows[(record["partition"] + name, size, mtime)]
        return taken, rows

    def live(self, regroup):
        listed = regroup("list", self.home, "--json").out.splitlines()
        return [json.loads(line)["path"] for line in listed]

    def check_rows(self, regroup):
        """Whatever happened: each row of each file that a record took is there once."""
        taken, wanted = self.ledger()
        live = self.live(regroup)
        outputs = [name for name in live if OURS.fullmatch(os.path.basename(name))]
        found = [n for name in outputs
                 for n in pq.ParquetFile(self.home / name).read()["id"].to_pylist()]  # fmt: skip
        assert sorted(found) == sorted(wanted)
        foreign = {name for name, (size, mtime, _) in tree(self.source).items()
                   if name in self.files and (name, size, mtime) not in taken}  # fmt: skip
        assert set(live) - set(outputs) == (foreign if self.is_in_place else set())

    def disturb(self, regroup, run):
        """A run that is killed, or another one at the same time."""
        other = regroup.start(*run)
        time.sleep(self.draw.random() * 0.03)
        if self.draw.random() < 0.5:
            other.kill()
        else:
            other.send_signal(signal.SIGSTOP)
            regroup(*run[:-2]).must(3 if self.expected_alone() else 0)
            other.send_signal(signal.SIGCONT)
        other.communicate(timeout=120)
        if (self.home / "_regroup" / "_home").exists():
            self.check_rows(regroup)

    def expected_alone(self):
        taken, _ = self.ledger()
        named = {name for name, _, _ in taken}
        found = set()
        for name, (size, mtime, _) in tree(self.source).items():
            if name not in self.files or (name, size, mtime) in taken:
                continue
            if self.files[name] is None or name in named:
                found.add(name)
        return found

    def night(self, regroup, report):
        places = ["--in-place", self.source] if self.is_in_place else [self.source, self.home]
        run = ["compact", *places, *self.options()]
        if self.draw.random() < 0.3:
            self.disturb(regroup, [*run, "--io", "64"])
        before, wanted = tree(self.source), self.expected_alone()
        result = regroup(*run, "--report-json", report).must(3 if wanted else 0)
        after, (taken, _) = tree(self.source), self.ledger()
        assert {name.replace("\n", "?") for name in wanted} == set(alone(result))
        self.check_counts(json.loads(report.read_text()), wanted)
        if (self.home / "_regroup" / "_home").exists():
            self.check_rows(regroup)
        for name in set(before) - set(after):
            assert self.is_in_place
            assert (name, *before[name][:2]) in taken or OURS.fullmatch(os.path.basename(name))
        same = {name for name in set(before) & set(after) if before[name] == after[name]}
        assert {name for name in set(before) & set(after) if not OURS.search(name)} <= same
        if not self.is_in_place:
            left = {name for name in self.files if (name, *after[name][:2]) not in taken}
            assert left == wanted
        if "--batch-size" not in run:
            again = tree(self.home)
            assert "nothing to do" in regroup(*run).must(3 if wanted else 0).err
            assert tree(self.home) == again
        for name in set(self.files) - set(after):
            del self.files[name]

    def check_counts(self, report, wanted):
        summary = report["summary"]
        inputs = [file for batch in report["replaced"] for file in batch["inputs"]]
        again = sum(file.get("home", False) for file in inputs)
        kinds = ("recorded_before", "good_already", "waiting", "left_alone", "in")
        assert summary["files_seen"] == sum(summary[f"files_{kind}"] for kind in kinds) - again
        assert {left["path"] for left in report["left_alone"]} == wanted
        assert summary["files_in"] == len(inputs)
        outputs = [file for batch in report["replaced"] for file in batch["outputs"]]
        assert summary["files_out"] == len(outputs)
        assert summary["rows"] == sum(file["rows"] for file in outputs)
        assert summary["memory_peak_bytes"] <= summary["memory_limit_bytes"]


@pytest.mark.parametrize("way", ["home", "in place"])
@pytest.mark.parametrize("seed", range(4))
def test_many_nights(seed, way, regroup, tmp_path):
    lake = Lake(random.Random(f"{seed} {way}"), tmp_path, way == "in place")
    for _ in range(NIGHTS):
        lake.deliver()
        lake.night(regroup, tmp_path / "report.json")
    assert data_files(lake.home)
