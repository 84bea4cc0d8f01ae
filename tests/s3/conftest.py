# SPDX-License-Identifier: Apache-2.0

import io
import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pyarrow
import pyarrow.parquet
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import fault_proxy
import s3_server

SECONDS_MAX = 120
BUCKETS = itertools.count(1)


class Result:
    def __init__(self, process, seconds):
        self.status = process.returncode
        self.out = process.stdout.decode(errors="replace")
        self.err = process.stderr.decode(errors="replace")
        self.seconds = seconds

    def must(self, *statuses):
        assert self.status in statuses, f"exit {self.status}, not {statuses}\n{self.err}{self.out}"
        return self


class Place:
    """A bucket of its own for each test, the command, and what is true of it."""

    def __init__(self, server, proxy, bucket, binary):
        self.server = server
        self.proxy = proxy
        self.bucket = bucket
        self.binary = binary
        self.client = server.client()
        self.client.create_bucket(Bucket=bucket)
        self.endpoint = proxy.endpoint

    def url(self, prefix):
        return f"s3://{self.bucket}/{prefix}"

    def environment(self, more=None):
        plain = {k: v for k, v in os.environ.items()
                 if not k.startswith(("REGROUP", "AWS_")) and "proxy" not in k.lower()}
        return {**plain, **self.server.environment(self.endpoint), **(more or {})}

    def start(self, *arguments, env=None):
        return subprocess.Popen(
            [str(self.binary), *map(str, arguments)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(env),
        )

    def regroup(self, *arguments, env=None, timeout=SECONDS_MAX):
        begin = time.monotonic()
        process = self.start(*arguments, env=env)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"it did not end within {timeout} s\n{err.decode(errors='replace')}")
        done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
        result = Result(done, time.monotonic() - begin)
        assert result.status >= 0, f"died of signal {-result.status}\n{result.err}"
        assert "Sanitizer" not in result.err and "runtime error" not in result.err, result.err
        return result

    def compact(self, *options, source="in", dest="out", **more):
        return self.regroup("compact", self.url(source), self.url(dest), *options, **more)

    def put(self, key, body):
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def get(self, key):
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self, prefix=""):
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def data_keys(self, prefix):
        """What any reader of a plain prefix finds."""
        return [
            key for key in self.keys(prefix)
            if key.endswith(".parquet")
            and not any(part.startswith("_") and "=" not in part for part in key.split("/"))
        ]

    def rows(self, prefix):
        """All values of column `n` below a prefix, in key order."""
        found = []
        for key in self.data_keys(prefix):
            found += pyarrow.parquet.read_table(io.BytesIO(self.get(key)))["n"].to_pylist()
        return found

    def uploads(self):
        answer = self.client.list_multipart_uploads(Bucket=self.bucket)
        return answer.get("Uploads", [])

    def fill(self, partitions=("dt=2024-05-01", "dt=2024-05-02"), files=6, rows=500, wide=0,
             prefix="in"):
        """Small files, each with a column `n` that counts through; returns all of n in order."""
        numbers = []
        draw = numpy.random.default_rng(len(partitions) * 1000 + files)
        for partition in sorted(partitions):
            for file in range(files):
                n = numpy.arange(len(numbers), len(numbers) + rows)
                columns = {"n": n, "text": [f"row {i % 37}" for i in n]}
                for i in range(wide):
                    columns[f"noise{i}"] = draw.random(rows)
                sink = io.BytesIO()
                pyarrow.parquet.write_table(pyarrow.table(columns), sink)
                folder = f"{prefix}/{partition}/" if partition else f"{prefix}/"
                self.put(f"{folder}file {file:03}.parquet", sink.getvalue())
                numbers += n.tolist()
        return numbers

    def check_whole(self, numbers, source="in", dest="out", clears=False):
        """Every row once, in order, in what a reader sees; and nothing left behind.

        An upload whose creation was not answered is known to nobody but gc: `clears` runs it.
        """
        assert self.rows(dest) == numbers
        self.endpoint = self.server.endpoint
        if clears:
            self.regroup("gc", self.url(dest), "--older-than", "0s").must(0)
        assert self.uploads() == []
        listed = self.regroup("list", self.url(dest)).must(0).out.splitlines()
        assert sorted(listed) == sorted(key[len(dest) + 1:] for key in self.data_keys(dest))
        if source != dest:
            self.regroup("verify", self.url(source), self.url(dest)).must(0)

    def check_nothing(self, dest="out"):
        """Nothing is published, and nothing recorded."""
        assert self.data_keys(dest) == []
        assert [key for key in self.keys(dest) if key.endswith(".json")] == []


@pytest.fixture(scope="session")
def server():
    if not s3_server.is_installed():
        pytest.skip("no S3 server: tools/setup/s3.sh installs one")
    with s3_server.Server() as running:
        yield running


# Sanitizers take memory of their own, and want to be loaded before anything else.
COMMAND = Path(os.environ.get("REGROUP", ROOT / "build" / "regroup"))
IS_SANITIZED = any(word in str(COMMAND) for word in ("asan", "tsan"))
not_sanitized = pytest.mark.skipif(IS_SANITIZED, reason="not with a sanitizer")


@pytest.fixture(scope="session")
def binary():
    path = COMMAND
    if not path.exists():
        pytest.fail(f"{path} is not there: build first")
    return path


@pytest.fixture
def place(server, binary, request):
    name = request.node.name.lower()
    bucket = "".join(c if c.isalnum() and c.isascii() else "-" for c in name)[:45].strip("-")
    bucket = f"{bucket}-{next(BUCKETS)}"
    with fault_proxy.Proxy(server.endpoint) as proxy:
        yield Place(server, proxy, bucket, binary)
