# SPDX-License-Identifier: Apache-2.0

"""Lakes of small files, each as a writer makes them by default or with one setting changed.

A lake is a folder of files whose byte order is their row order. LAKES names how each is made.
"""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

import tables

FILES = 7
ROWS = 900


@dataclass(frozen=True)
class Lake:
    """How to make a lake, and what is known of it."""

    writer: str
    groups: tuple
    options: dict = field(default_factory=dict)
    files: int = FILES
    rows: int = ROWS
    # Readers that cannot read the inputs either.
    not_read_by: tuple = ()


def pyarrow_file(table, path, options, number):
    # A list of option sets is dealt out to the files in turn.
    varying = options.get("in_turn")
    if varying:
        options = varying[number % len(varying)]
    options = dict(options)
    required = options.pop("required", ())
    pq.write_table(tables.with_required(table, required), path, **options)


def polars_file(table, path, options, number):
    polars.from_arrow(table).write_parquet(path, **options)


def duckdb_file(table, path, options, number):
    connection = duckdb.connect()
    connection.register("source", table)
    more = "".join(f", {key} {value}" for key, value in options.items())
    connection.execute(f"COPY source TO '{path}' (FORMAT parquet{more})")
    connection.close()


WRITERS = {"pyarrow": pyarrow_file, "polars": polars_file, "duckdb": duckdb_file}

ALL = tables.COMMON + ("fixed",)
NESTED = ("nested", "gaps")


def arrow(groups=ALL, **options):
    return Lake("pyarrow", groups, options)


LAKES = {
    # Arrow C++ with its defaults: a dictionary for every column, snappy, V1 pages.
    "arrow": arrow(),
    "arrow_nested": arrow(NESTED),
    "arrow_zstd": arrow(compression="zstd"),
    "arrow_gzip": arrow(compression="gzip"),
    # Spark comes without this codec.
    "arrow_brotli": Lake("pyarrow", ALL, {"compression": "brotli"}, not_read_by=("spark",)),
    "arrow_lz4": arrow(compression="lz4"),
    "arrow_none": arrow(compression="none"),
    "arrow_plain": arrow(use_dictionary=False),
    # A dictionary that is given up in the middle of a chunk: a PLAIN tail.
    "arrow_tail": arrow(dictionary_pagesize_limit=2000, data_page_size=1500),
    "arrow_tail_nested": arrow(NESTED, dictionary_pagesize_limit=500, data_page_size=700),
    "arrow_v2": arrow(data_page_version="2.0"),
    "arrow_v2_zstd_nested": arrow(NESTED, data_page_version="2.0", compression="zstd"),
    "arrow_v2_tail": arrow(
        data_page_version="2.0", dictionary_pagesize_limit=2000, data_page_size=1500
    ),
    "arrow_index": arrow(write_page_index=True, data_page_size=2000),
    "arrow_index_nested": arrow(NESTED, write_page_index=True, data_page_size=2000),
    "arrow_crc": arrow(write_page_checksum=True),
    "arrow_pages": arrow(data_page_size=300, write_batch_size=50),
    "arrow_bloom": arrow(
        bloom_filter_options={
            name: {"ndv": ROWS}
            for name in ("id", "word_null", "key", "double_bits", "fixed16", "int32_few")
        }
    ),
    "arrow_row_groups": arrow(row_group_size=250),
    "arrow_int96": arrow(("integers", "times", "texts"), use_deprecated_int96_timestamps=True),
    # Spark refuses a file that has a FLOAT16 column, whichever columns are asked for.
    "arrow_odd_types": Lake("pyarrow", tables.ODD, not_read_by=("spark",)),
    "arrow_no_schema": arrow(store_schema=False),
    "arrow_no_statistics": arrow(write_statistics=False),
    "arrow_required": arrow(required=("id", "word", "key", "double_price", "flag", "ts_us")),
    # Files of one schema that differ in everything else.
    "arrow_mixed": arrow(
        in_turn=[
            {},
            {"use_dictionary": False},
            {"compression": "zstd", "data_page_version": "2.0"},
            {"dictionary_pagesize_limit": 1000, "data_page_size": 900},
            {"compression": "none", "write_page_index": True},
            {"compression": "gzip", "row_group_size": 200},
            {"use_dictionary": ["word", "flag"], "write_page_checksum": True},
        ]
    ),
    "arrow_mixed_nested": arrow(
        NESTED,
        in_turn=[
            {},
            {"use_dictionary": False},
            {"compression": "zstd", "data_page_version": "2.0"},
            {"dictionary_pagesize_limit": 300, "data_page_size": 400},
        ],
    ),
    # Arrow C++ has no way from these encodings to a dictionary.
    "arrow_delta": Lake(
        "pyarrow",
        ("integers", "texts"),
        {
            "use_dictionary": False,
            "column_encoding": {"id": "DELTA_BINARY_PACKED", "key": "DELTA_BYTE_ARRAY"},
        },
        not_read_by=("pyarrow_dictionaries",),
    ),
    "arrow_split": arrow(
        ("floats",), use_dictionary=False, use_byte_stream_split=["double_bits", "float_null"]
    ),
    # Polars and DuckDB choose PLAIN or dictionary file by file: the same column is both.
    "polars": Lake("polars", tables.COMMON),
    "polars_nested": Lake("polars", NESTED),
    "polars_snappy": Lake("polars", tables.COMMON, {"compression": "snappy"}),
    "duckdb": Lake("duckdb", tables.COMMON),
    "duckdb_nested": Lake("duckdb", NESTED),
    "duckdb_zstd": Lake("duckdb", tables.COMMON, {"COMPRESSION": "zstd"}),
    # Arrow C++ fails on DuckDB's empty DELTA pages.
    "duckdb_v2": Lake(
        "duckdb",
        tables.COMMON,
        {"PARQUET_VERSION": "V2"},
        not_read_by=("pyarrow", "pyarrow_dictionaries"),
    ),
    "spark": Lake("spark", tables.COMMON, {}, files=4),
    "spark_nested": Lake("spark", NESTED, {}, files=4),
    "spark_zstd": Lake("spark", tables.COMMON, {"compression": "zstd"}, files=4),
}


def build(lake, folder, spark=None):
    """Writes the files of a lake into a new folder and returns their paths in row order."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    paths = []
    for number in range(lake.files):
        table = tables.make(lake.groups, lake.rows, number * lake.rows)
        if lake.writer != "pyarrow":
            table = plain_types(table)
        path = folder / f"part-{number:04}.parquet"
        if lake.writer == "spark":
            spark.write(table, path, lake.options)
        else:
            WRITERS[lake.writer](table, path, lake.options, number)
        paths.append(path)
    return paths


def plain_types(table):
    """Without what Polars and Spark do not take from Arrow."""
    kept = [
        field.name
        for field in table.schema
        if not pa.types.is_map(field.type) and not field.name.startswith("uint")
    ]
    return table.select(kept)
