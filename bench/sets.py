# SPDX-License-Identifier: Apache-2.0

"""The data sets of the benchmark: small files as pipelines leave them, kept in build/bench/sets.

A set is some tables, one for each file, that follow from their number alone; a writer turns them
into files with its own defaults, but for the codec of the set.
"""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "bench" / "sets"
sys.path.insert(0, str(ROOT / "tools"))

HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def fixed_text(characters):
    """A string column from a matrix of characters, one row each: no Python object is made."""
    rows, width = characters.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(
        rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(characters))
    )


def uuids(random, rows):
    digits = HEX[random.integers(0, 16, (rows, 32))]
    dash = np.full((rows, 1), ord("-"), dtype=np.uint8)
    parts = [digits[:, a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))]
    woven = [piece for part in parts for piece in (part, dash)][:-1]
    return fixed_text(np.hstack(woven))


def pick(random, words, rows, null_share=0.0):
    """A plain string column with few distinct values."""
    indices = pa.array(
        random.integers(0, len(words), rows, dtype=np.int32),
        mask=random.random(rows) < null_share if null_share else None,
    )
    return pa.DictionaryArray.from_arrays(indices, pa.array(words)).dictionary_decode()


def stamps(first, rows, step_us=1_000_037):
    return pa.array(1_700_000_000_000_000 + (first + np.arange(rows)) * step_us, pa.timestamp("us"))


def events(number, rows, random):
    first = number * rows
    return pa.table(
        {
            "id": np.arange(first, first + rows),
            "at": stamps(first, rows),
            "session": uuids(random, rows),
            "user": random.integers(0, 2**40, rows),
            "score": random.random(rows),
            "price": np.round(random.gamma(2.0, 20.0, rows), 2),
            "country": pick(random, [f"C{i:02}" for i in range(60)], rows),
            "kind": pick(random, ["view", "click", "buy", "leave", "search"], rows),
            "page": pick(random, [f"/section/{i % 17}/page/{i}" for i in range(2000)], rows),
            "comment": pick(random, [f"remark number {i} on it" for i in range(5000)], rows, 0.7),
            "count": random.integers(0, 50, rows, dtype=np.int32),
            "ok": random.random(rows) < 0.97,
        }
    )


def taxi(number, rows, random):
    """Nineteen columns like those of the trip records of a city's taxis."""
    begin = 1_700_000_000_000_000 + number * rows * 300_000
    pickup = begin + np.sort(random.integers(0, rows * 300_000, rows))
    distance = np.round(random.gamma(1.5, 2.0, rows), 2)
    fare = np.round(3 + distance * 2.5 / 0.1) * 0.1
    tip = np.round(fare * random.choice([0, 0, 0.15, 0.2, 0.25], rows), 2)
    passengers = random.integers(1, 6, rows).astype(float)
    gone = random.random(rows) < 0.03
    return pa.table(
        {
            "vendor": random.integers(1, 3, rows, dtype=np.int32),
            "pickup": pa.array(pickup, pa.timestamp("us")),
            "dropoff": pa.array(
                pickup + (distance * 2.4e8).astype(np.int64), pa.timestamp("us")
            ),
            "passengers": pa.array(passengers, mask=gone),
            "distance": distance,
            "rate": pa.array(random.choice([1.0, 1.0, 1.0, 2.0, 5.0], rows), mask=gone),
            "flag": pick(random, ["N", "N", "N", "Y"], rows, 0.03),
            "from_zone": random.integers(1, 265, rows, dtype=np.int32),
            "to_zone": random.integers(1, 265, rows, dtype=np.int32),
            "payment": random.integers(1, 5, rows),
            "fare": fare,
            "extra": random.choice([0.0, 1.0, 2.5, 5.0], rows),
            "tax": np.full(rows, 0.5),
            "tip": tip,
            "tolls": random.choice([0.0] * 15 + [6.94], rows),
            "improvement": np.full(rows, 1.0),
            "total": np.round(fare + tip + 1.5, 2),
            "congestion": pa.array(random.choice([0.0, 2.5], rows), mask=gone),
            "airport": pa.array(random.choice([0.0] * 9 + [1.75], rows), mask=gone),
        }
    )


def tiny(number, rows, random):
    first = number * rows
    return pa.table(
        {
            "id": np.arange(first, first + rows),
            "at": stamps(first, rows),
            "value": random.random(rows),
            "device": pick(random, [f"device-{i}" for i in range(40)], rows),
            "state": pick(random, ["on", "off", "idle"], rows),
            "key": uuids(random, rows),
            "level": random.integers(0, 100, rows, dtype=np.int32),
            "note": pick(random, ["a", "b", "c"], rows, 0.8),
        }
    )


def wide(number, rows, random):
    columns = {"id": np.arange(number * rows, (number + 1) * rows)}
    for i in range(499):
        kind = i % 5
        if kind == 0:
            columns[f"f{i}"] = random.random(rows)
        elif kind == 1:
            columns[f"f{i}"] = random.integers(0, 1000, rows)
        elif kind == 2:
            columns[f"f{i}"] = np.round(random.normal(0, 10, rows), 1)
        elif kind == 3:
            columns[f"f{i}"] = pick(random, [f"v{k}" for k in range(20)], rows, 0.1)
        else:
            columns[f"f{i}"] = pa.array(
                random.integers(0, 5, rows, dtype=np.int32), mask=random.random(rows) < 0.5
            )
    return pa.table(columns)


TEMPLATES = [
    "GET /api/v1/items/{} 200 in {} ms",
    "user {} signed in from 10.0.{}.17",
    "cache miss for key item:{} after {} tries",
    "retrying request {} to backend {} because it timed out",
    "wrote {} rows to shard {}",
]


def logs(number, rows, random):
    first = number * rows
    a, b = random.integers(0, 10**6, rows).tolist(), random.integers(0, 250, rows).tolist()
    which = random.integers(0, len(TEMPLATES), rows).tolist()
    lines = [TEMPLATES[w].format(x, y) for w, x, y in zip(which, a, b)]
    return pa.table(
        {
            "at": stamps(first, rows, 1013),
            "level": pick(random, ["INFO"] * 8 + ["WARN", "ERROR"], rows),
            "host": pick(random, [f"host-{i:03}" for i in range(120)], rows),
            "thread": random.integers(0, 64, rows, dtype=np.int32),
            "line": pa.array(lines),
        }
    )


def nested(number, rows, random):
    first = number * rows
    counts = random.integers(0, 6, rows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    items = int(counts.sum())
    tags = pa.ListArray.from_arrays(offsets, pick(random, [f"tag{i}" for i in range(80)], items))
    lines = pa.ListArray.from_arrays(
        offsets,
        pa.StructArray.from_arrays(
            [
                pa.array(random.integers(0, 10**6, items)),
                pa.array(np.round(random.random(items) * 100, 2)),
                pick(random, ["a", "b", "c", "d"], items, 0.2),
            ],
            ["sku", "price", "grade"],
        ),
    )
    place = pa.StructArray.from_arrays(
        [
            pa.array(random.random(rows)),
            pa.array(random.random(rows)),
            pick(random, [f"city {i}" for i in range(300)], rows, 0.05),
        ],
        ["lat", "lon", "city"],
    )
    return pa.table(
        {
            "id": np.arange(first, first + rows),
            "at": stamps(first, rows),
            "tags": tags,
            "lines": lines,
            "place": place,
        }
    )


@dataclass(frozen=True)
class Set:
    """How many files of how many rows, with which codec and level; and rows of an output group."""

    make: object
    files: int
    rows: int
    codec: str
    group_rows: int

    @property
    def level(self):
        """What all writers of the benchmark use: the codec's level that most take by default."""
        return {"zstd": 3}.get(self.codec)


SETS = {
    "events-snappy": Set(events, 400, 10_000, "snappy", 500_000),
    "events-zstd": Set(events, 400, 10_000, "zstd", 500_000),
    "taxi": Set(taxi, 60, 100_000, "zstd", 1_000_000),
    "tiny": Set(tiny, 10_000, 200, "snappy", 500_000),
    "wide": Set(wide, 100, 2_000, "snappy", 50_000),
    "logs-zstd": Set(logs, 200, 20_000, "zstd", 1_000_000),
    "logs-snappy": Set(logs, 200, 20_000, "snappy", 1_000_000),
    "nested": Set(nested, 200, 10_000, "snappy", 500_000),
    "flights": Set(None, 0, 0, "snappy", 500_000),
}


def codec_options(codec, level):
    return {"compression": codec} | ({"compression_level": level} if level else {})


def write_pyarrow(table, path, codec, level):
    pq.write_table(table, path, **codec_options(codec, level))


def write_polars(table, path, codec, level):
    import polars

    polars.from_arrow(table).write_parquet(path, **codec_options(codec, level))


def write_duckdb(table, path, codec, level):
    import duckdb

    more = f", COMPRESSION_LEVEL {level}" if level else ""
    with duckdb.connect() as connection:
        connection.register("source", table)
        connection.execute(f"COPY source TO '{path}' (FORMAT parquet, COMPRESSION {codec}{more})")


def write_delta(table, path, codec, level):
    """delta-rs, which is arrow-rs: one table for each file, of which only the file is kept."""
    import deltalake

    folder = path.with_suffix(".delta")
    properties = deltalake.WriterProperties(
        compression=codec.upper(), compression_level=level if level else None
    )
    deltalake.write_deltalake(folder, table, writer_properties=properties)
    (part,) = folder.glob("*.parquet")
    part.rename(path)
    shutil.rmtree(folder)


WRITERS = {
    "pyarrow": write_pyarrow,
    "polars": write_polars,
    "duckdb": write_duckdb,
    "delta": write_delta,
    "spark": None,
}


def tables_of(name, scale):
    """(file name, table) of each file."""
    of = SETS[name]
    if of.make is None:
        import flights

        for _, file_name, rows in flights.deliveries(hours=1):
            yield file_name, rows
        return
    for number in range(max(4, round(of.files * scale))):
        random = np.random.default_rng([number, 77])
        yield f"{number:06}.parquet", of.make(number, of.rows, random)


def rewrite_with_spark(source, folder, codec, level):
    """Each file read and written again by Spark, as one task."""
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["SPARK_LOCAL_HOSTNAME"] = "localhost"
    from pyspark.sql import SparkSession

    huge = str(1 << 40)
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "2g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.log.level": "ERROR",
        # A file is a task of its own.
        "spark.sql.files.openCostInBytes": huge,
        "spark.sql.files.maxPartitionBytes": huge,
        "spark.sql.parquet.compression.codec": codec,
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    if level:
        options = session.sparkContext._jsc.hadoopConfiguration()
        options.set(f"parquet.compression.codec.{codec}.level", str(level))
    written = folder.with_suffix(".spark")
    session.read.parquet(f"file://{source}").write.parquet(f"file://{written}")
    for number, part in enumerate(sorted(written.glob("part-*.parquet"))):
        part.rename(folder / f"{number:06}.parquet")
    shutil.rmtree(written)
    session.stop()


def make(name, writer="pyarrow", scale=1.0):
    """The folder of a set as a writer leaves it; made on the first call."""
    of = SETS[name]
    folder = FOLDER / f"{name}-{writer}-{scale:g}"
    done = folder / "_made.json"
    if done.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if writer == "spark":
        rewrite_with_spark(make(name, "pyarrow", scale), folder, of.codec, of.level)
    else:
        for file_name, table in tables_of(name, scale):
            WRITERS[writer](table, folder / file_name, of.codec, of.level)
    files = sorted(folder.glob("*.parquet"))
    size = sum(path.stat().st_size for path in files)
    done.write_text(json.dumps({"files": len(files), "bytes": size}))
    return folder
