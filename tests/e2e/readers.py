# SPDX-License-Identifier: Apache-2.0

"""Readers that we did not write. Each takes paths in row order and answers with one Arrow table."""

import os
import shutil

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

ROW_COLUMNS = ("file_of_row", "number_of_row")


def with_pyarrow(paths, columns=None):
    """ParquetFile and not the dataset: each file as it is, in this order."""
    read = [pq.ParquetFile(path).read(columns=columns) for path in paths]
    return pa.concat_tables([table.replace_schema_metadata() for table in read])


def string_columns(path):
    """Paths of the leaves that read_dictionary can be asked for."""
    schema = pq.ParquetFile(path).schema
    leaves = [schema.column(i) for i in range(len(schema))]
    return [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"
            and leaf.logical_type.type != "DECIMAL" and leaf.max_repetition_level == 0
            and "." not in leaf.path]


def with_pyarrow_dictionaries(paths):
    """Strings as dictionaries: the way of reading that sees dictionary entries that are doubled."""
    names = string_columns(paths[0])
    read = []
    for path in paths:
        table = pq.ParquetFile(path, read_dictionary=names).read(columns=names)
        plain = [column.cast(column.type.value_type) for column in table.columns]
        read.append(pa.table(plain, names=table.column_names))
    return pa.concat_tables(read)


def with_duckdb(paths, columns="*", where="true"):
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    listed = "[" + ", ".join(f"'{path}'" for path in paths) + "]"
    source = f"read_parquet({listed}, hive_partitioning = false)"
    query = f"SELECT {columns} FROM {source} WHERE {where}"
    table = connection.sql(query).to_arrow_table()
    connection.close()
    return table


def with_polars(paths):
    frames = [polars.read_parquet(path, use_pyarrow=False, glob=False) for path in paths]
    return polars.concat(frames).to_arrow()


class Spark:
    """One session for all tests, with the vectorised reader, for flat and for nested columns."""

    def __init__(self, folder):
        # Spark looks its own machine up by name otherwise, which not every machine can.
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        os.environ["SPARK_LOCAL_HOSTNAME"] = "localhost"
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2]").appName("regroup")
        settings = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.memory": "1g",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.warehouse.dir": f"{folder}/warehouse",
            "spark.local.dir": f"{folder}/local",
            "spark.sql.parquet.enableVectorizedReader": "true",
            "spark.sql.parquet.enableNestedColumnVectorizedReader": "true",
            "spark.sql.legacy.parquet.nanosAsLong": "true",
            "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
            "spark.log.level": "ERROR",
        }
        for key, value in settings.items():
            builder = builder.config(key, value)
        self.session = builder.getOrCreate()

    def read(self, paths):
        """All files in one job; the rows are put in order by file and row number afterwards."""
        frame = self.session.read.parquet(*[f"file://{path}" for path in paths])
        ordered = frame.selectExpr(
            *[f"`{name}`" for name in frame.columns],
            f"_metadata.file_path AS {ROW_COLUMNS[0]}",
            f"_metadata.row_index AS {ROW_COLUMNS[1]}",
        )
        table = ordered.toArrow()
        table = table.sort_by([(name, "ascending") for name in ROW_COLUMNS])
        return table.drop_columns(list(ROW_COLUMNS))

    def write(self, table, path, options):
        """One file, in order."""
        folder = path.with_suffix(".spark")
        writer = self.session.createDataFrame(table).coalesce(1).write
        writer.options(**options).parquet(f"file://{folder}")
        (part,) = folder.glob("part-*.parquet")
        part.rename(path)
        shutil.rmtree(folder)

    def stop(self):
        self.session.stop()
