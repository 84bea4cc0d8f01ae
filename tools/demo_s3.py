# SPDX-License-Identifier: Apache-2.0

"""`make demo-s3`: a lake of small files on S3, compacted there, checked, and shown.

The server is radosgw, started here on loopback, in memory, and stopped at the end: nothing leaves
the machine, and no account is needed.
"""

import io
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import fault_proxy
import s3_server

BUCKET = "lake"
DAYS = [f"day=2024-05-{day:02}" for day in range(1, 8)]
FILES_A_DAY = 288  # One every five minutes.
ROWS = 400
TOWNS = np.array(["Aachen", "Bergen", "Cork", "Dijon", "Évora", "Faro", "Ghent", "Hull"])
DEVICES = 500
MEMORY = "256MiB"


def say(text=""):
    print(text, flush=True)


def step(number, title):
    say(f"\n{number}. {title}")


class Demo:
    def __init__(self, server, proxy):
        self.client = server.client()
        self.proxy = proxy
        self.environment = {**os.environ, **server.environment(proxy.endpoint)}
        self.client.create_bucket(Bucket=BUCKET)

    def run(self, *arguments, wanted=0):
        """Shows a command as a user types it, runs it, and shows what it says."""
        say("   $ regroup " + " ".join(arguments))
        process = subprocess.run(
            [str(ROOT / "build" / "regroup"), *arguments], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        for line in process.stdout.splitlines():
            say("   " + line)
        if process.returncode != wanted:
            sys.exit(f"exit status {process.returncode}, {wanted} expected")

    def put(self, day, number):
        """What arrives in five minutes: readings of devices, in order of time."""
        draw = np.random.default_rng([DAYS.index(day), number])
        device = draw.integers(0, DEVICES, ROWS)
        table = pa.table({
            "at": pa.array(number * 300_000 + np.sort(draw.integers(0, 300_000, ROWS)),
                           pa.timestamp("ms")),
            "device": pa.array(device),
            "town": pa.array(TOWNS[device % len(TOWNS)]),
            "celsius": pa.array(np.round(draw.normal(12, 6, ROWS), 1)),
        })
        sink = io.BytesIO()
        pq.write_table(table, sink)
        key = f"raw/{day}/{number // 12:02}h {number % 12 * 5:02}min.parquet"
        self.client.put_object(Bucket=BUCKET, Key=key, Body=sink.getvalue())

    def fill(self, days):
        jobs = [(day, number) for day in days for number in range(FILES_A_DAY)]
        with ThreadPoolExecutor(8) as threads:
            for done in [threads.submit(self.put, *job) for job in jobs]:
                done.result()
        return len(jobs)

    def objects(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        found = [item for page in pages for item in page.get("Contents", [])]
        return [
            item for item in found
            if item["Key"].endswith(".parquet") and "/_" not in item["Key"]
        ]

    def table(self, prefix, day):
        """All rows of a day, as boto3 fetches and pyarrow reads them: neither knows of us."""
        parts = []
        for item in self.objects(f"{prefix}/{day}/"):
            body = self.client.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
            parts.append(pq.read_table(io.BytesIO(body)))
        return pa.concat_tables(parts).combine_chunks()

    def compare(self, days):
        rows = 0
        for day in days:
            before, after = self.table("raw", day), self.table("compacted", day)
            if not before.equals(after):
                sys.exit(f"{day}: pyarrow reads other rows")
            rows += after.num_rows
        say(f"   {rows:,} rows: every value equal, in order")
        say("   " + f"{'':12}{'objects':>10}{'KiB':>10}")
        for prefix in ("raw", "compacted"):
            found = self.objects(f"{prefix}/")
            size = sum(item["Size"] for item in found)
            say("   " + f"{prefix:12}{len(found):10,}{size // 1024:10,}")

    def tell_requests(self):
        """What the run sent, from the log of a proxy that stands before the server."""
        counts = {}
        for entry in self.proxy.log:
            counts[entry["operation"]] = counts.get(entry["operation"], 0) + 1
        inputs = self.proxy.select(operation="get", key="raw/*")
        told = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
        say(f"   requests: {told}")
        say(f"   for {len({entry['key'] for entry in inputs}):,} inputs: {len(inputs):,} get")
        self.proxy.log.clear()


def show(demo):
    step(1, "A lake on S3: a small object every five minutes, a prefix a day")
    begin = time.monotonic()
    count = demo.fill(DAYS[:-1])
    say(f"   {count:,} objects put by boto3 in {time.monotonic() - begin:.0f} s")

    step(2, f"Compacted from prefix to prefix, with no more than {MEMORY} of memory")
    demo.run("compact", f"s3://{BUCKET}/raw", f"s3://{BUCKET}/compacted", "--memory", MEMORY)
    demo.tell_requests()

    step(3, "The same rows? By its own second opinion, then by boto3 and pyarrow")
    demo.run("verify", f"s3://{BUCKET}/raw", f"s3://{BUCKET}/compacted")
    demo.compare(DAYS[:-1])

    step(4, "Run again: there is nothing to do")
    demo.proxy.log.clear()
    demo.run("compact", f"s3://{BUCKET}/raw", f"s3://{BUCKET}/compacted", "--memory", MEMORY)
    demo.tell_requests()

    step(5, "The last day arrives, and a store that fails one request in ten")
    demo.fill(DAYS[-1:])
    for action in (fault_proxy.refuse(503, "SlowDown"), fault_proxy.lose(), fault_proxy.cut(0.5)):
        demo.proxy.add(fault_proxy.Rule(action, chance=0.033, times=None))
    demo.run("compact", f"s3://{BUCKET}/raw", f"s3://{BUCKET}/compacted", "--memory", MEMORY)
    demo.proxy.clear()
    demo.compare(DAYS)

    step(6, "What is there now, by name")
    demo.run("list", f"s3://{BUCKET}/compacted")


def main():
    if not s3_server.is_installed():
        sys.exit("no S3 server: tools/setup/s3.sh installs one")
    step(0, "A server is started (Ceph's radosgw, in memory)")
    with s3_server.Server() as server, fault_proxy.Proxy(server.endpoint) as proxy:
        show(Demo(server, proxy))
    say("\nThe server is stopped, and what it held is gone.")


if __name__ == "__main__":
    main()
