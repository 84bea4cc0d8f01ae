# SPDX-License-Identifier: Apache-2.0

"""What does the same job: reads all files of a folder and writes few with large row groups.

Each peer is a process of its own, so that its time and memory are told apart:

    peers.py PEER SOURCE DEST '{"codec": "zstd", "level": 3, "group_rows": 500000, "threads": 2}'

DEST is a new folder. Libraries are imported by the peer alone.
"""

import json
import os
import sys
from pathlib import Path


def files_of(source):
    return sorted(str(path) for path in Path(source).glob("*.parquet"))


def duckdb(source, dest, codec, level, group_rows, threads, ordered=True):
    import duckdb

    more = f", COMPRESSION_LEVEL {level}" if level else ""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute(f"SET preserve_insertion_order = {str(ordered).lower()}")
    connection.execute(
        f"COPY (SELECT * FROM read_parquet({files_of(source)})) TO '{dest}/out.parquet' "
        f"(FORMAT parquet, COMPRESSION {codec}{more}, ROW_GROUP_SIZE {group_rows})"
    )


def duckdb_unordered(source, dest, **options):
    duckdb(source, dest, ordered=False, **options)


def polars(source, dest, codec, level, group_rows, threads):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars

    polars.scan_parquet(files_of(source)).sink_parquet(
        f"{dest}/out.parquet",
        compression=codec,
        compression_level=level,
        row_group_size=group_rows,
    )


def pyarrow(source, dest, codec, level, group_rows, threads):
    import pyarrow
    import pyarrow.dataset

    pyarrow.set_cpu_count(threads)
    written = pyarrow.dataset.ParquetFileFormat().make_write_options(
        compression=codec, compression_level=level
    )
    pyarrow.dataset.write_dataset(
        pyarrow.dataset.dataset(files_of(source), format="parquet"),
        dest,
        format="parquet",
        file_options=written,
        min_rows_per_group=group_rows,
        max_rows_per_group=group_rows,
        preserve_order=True,
    )


def clickhouse(source, dest, codec, level, group_rows, threads):
    from chdb import session

    settings = {
        "output_format_parquet_row_group_size": group_rows,
        "output_format_parquet_row_group_size_bytes": 1 << 40,
        "output_format_parquet_compression_method": f"'{codec}'",
        "max_threads": threads,
        "max_insert_threads": threads,
        "schema_inference_make_columns_nullable": "'auto'",
    }
    if level:
        settings["output_format_compression_level"] = level
    told = ", ".join(f"{key} = {value}" for key, value in settings.items())
    with session.Session() as connection:
        connection.query(
            f"INSERT INTO FUNCTION file('{dest}/out.parquet', Parquet) "
            f"SELECT * FROM file('{source}/*.parquet', Parquet) SETTINGS {told}"
        )


PEERS = {
    "DuckDB": duckdb,
    "DuckDB, unordered": duckdb_unordered,
    "Polars": polars,
    "pyarrow": pyarrow,
    "ClickHouse": clickhouse,
}
LIBRARIES = {
    "DuckDB": "duckdb",
    "DuckDB, unordered": "duckdb",
    "Polars": "polars",
    "pyarrow": "pyarrow.dataset",
    "ClickHouse": "chdb.session",
}
# Those that promise the order of the rows.
ORDERED = ("DuckDB", "Polars", "pyarrow")


if __name__ == "__main__":
    name, source, dest, options = sys.argv[1:]
    PEERS[name](source, dest, **json.loads(options))
