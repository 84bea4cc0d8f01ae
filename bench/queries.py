# SPDX-License-Identifier: Apache-2.0

"""How much CPU readers take for the same queries on each tool's output.

Each reader is a process of its own that asks every query of every output, round by round, each
round beginning with another output; the first round, which pays for page faults, does not count.

    queries.py READER SPEC.json      writes {query: {tool: seconds of CPU, median}} to stdout
"""

import datetime
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 5
SPARK_ROUNDS = 3  # It takes long, and what it takes hardly varies.
# Of each set: three columns, a filter that few rows pass, a lookup, a range of time.
QUERIES = {
    "events": {
        "three": ["id", "price", "country"],
        "filter": ("price", ">", 160.0),
        "lookup": "session",
        "range": "at",
    },
    "taxi": {
        "three": ["pickup", "distance", "total"],
        "filter": ("total", ">", 60.0),
        "lookup": "pickup",
        "range": "pickup",
    },
    "tiny": {
        "three": ["id", "value", "device"],
        "filter": ("value", ">", 0.999),
        "lookup": "key",
        "range": "at",
    },
    "logs": {
        "three": ["at", "level", "line"],
        "filter": ("thread", "=", 17),
        "lookup": "at",
        "range": "at",
    },
}


def questions(name, files):
    """{query: (columns or None, condition or None)}; a condition is a list of comparisons."""
    import pyarrow.parquet as pq

    known = QUERIES[name.split("-")[0]]
    middle = pq.ParquetFile(files[len(files) // 2])
    sample = middle.read_row_group(
        middle.num_row_groups // 2, columns=list({known["lookup"], known["range"]})
    )
    found = sample[known["lookup"]][len(sample) // 2].as_py()
    begin = sample[known["range"]][len(sample) // 2].as_py()
    end = sample[known["range"]][min(len(sample) - 1, len(sample) // 2 + 500)].as_py()
    return {
        "full read": (None, None),
        "three columns": (known["three"], None),
        "selective filter": (known["three"], [known["filter"]]),
        "lookup": (known["three"], [(known["lookup"], "=", found)]),
        "range": (known["three"], [(known["range"], ">=", begin), (known["range"], "<=", end)]),
    }


def sql(columns, condition):
    def literal(value):
        return str(value) if isinstance(value, (int, float)) else f"'{value}'"

    asked = "*" if columns is None else ", ".join(f'"{c}"' for c in columns)
    tested = " AND ".join(f'"{c}" {op} {literal(v)}' for c, op, v in condition or [])
    return asked, tested or "1 = 1"


def ask_duckdb():
    import duckdb

    connection = duckdb.connect()
    # Statistics that it keeps of files would make the second round another question.
    connection.execute("SET enable_object_cache = false")

    def ask(files, columns, condition):
        asked, tested = sql(columns, condition)
        query = f"SELECT {asked} FROM read_parquet({files}) WHERE {tested}"
        return connection.sql(query).to_arrow_table().num_rows

    return ask


def zoned(files, column, value):
    """Some writers make every timestamp one of UTC; readers compare like with like only."""
    import pyarrow.parquet as pq

    kind = pq.read_schema(files[0]).field(column).type
    return value.replace(tzinfo=datetime.UTC) if getattr(kind, "tz", None) else value


def ask_pyarrow():
    import pyarrow.dataset as dataset

    operators = {"=": "__eq__", ">": "__gt__", ">=": "__ge__", "<=": "__le__"}

    def ask(files, columns, condition):
        wanted = None
        for column, op, value in condition or []:
            part = getattr(dataset.field(column), operators[op])(zoned(files, column, value))
            wanted = part if wanted is None else wanted & part
        return dataset.dataset(files).to_table(columns=columns, filter=wanted).num_rows

    return ask


def ask_polars():
    import polars

    operators = {"=": "eq", ">": "gt", ">=": "ge", "<=": "le"}

    def ask(files, columns, condition):
        frame = polars.scan_parquet(files)
        for column, op, value in condition or []:
            value = zoned(files, column, value)
            frame = frame.filter(getattr(polars.col(column), operators[op])(value))
        return (frame.select(columns) if columns else frame).collect().height

    return ask


def ask_clickhouse():
    from chdb import session

    connection = session.Session()

    def ask(files, columns, condition):
        asked, tested = sql(columns, condition)
        # All files of a folder: alternatives in braces are for names without a slash.
        listed = f"{Path(files[0]).parent}/*.parquet"
        query = f"SELECT {asked} FROM file('{listed}', Parquet) WHERE {tested}"
        return connection.query(query, "Arrow").rows_read()

    return ask


def ask_spark():
    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", SPARK_LOCAL_HOSTNAME="localhost", TZ="UTC")
    from pyspark.sql import SparkSession, functions

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "3g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    global cpu_seconds
    cpu_seconds = process_seconds(session.sparkContext._gateway.proc.pid)
    operators = {"=": "__eq__", ">": "__gt__", ">=": "__ge__", "<=": "__le__"}

    def ask(files, columns, condition):
        frame = session.read.parquet(*files)
        for column, op, value in condition or []:
            frame = frame.filter(
                getattr(functions.col(column), operators[op])(functions.lit(value))
            )
        frame = frame.select(*columns) if columns else frame
        frame.write.format("noop").mode("overwrite").save()

    return ask


READERS = {
    "DuckDB": ask_duckdb,
    "pyarrow": ask_pyarrow,
    "Polars": ask_polars,
    "ClickHouse": ask_clickhouse,
    "Spark": ask_spark,
}


def process_seconds(pid):
    """CPU of another process, which does the reader's work."""
    ticks = os.sysconf("SC_CLK_TCK")

    def seconds():
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    return seconds


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(reader, spec):
    ask = READERS[reader]()
    outputs = spec["outputs"]
    tools = list(outputs)
    asked = questions(spec["set"], outputs[tools[0]])
    times = {query: {tool: [] for tool in tools} for query in asked}
    for round_number in range((SPARK_ROUNDS if reader == "Spark" else ROUNDS) + 1):
        for query, (columns, condition) in asked.items():
            shift = round_number % len(tools)
            for tool in tools[shift:] + tools[:shift]:
                start = cpu_seconds()
                ask(outputs[tool], columns, condition)
                if round_number:
                    times[query][tool].append(cpu_seconds() - start)
    return {
        query: {tool: statistics.median(told) for tool, told in by_tool.items()}
        for query, by_tool in times.items()
    }


def run_all(name, outputs, scratch, readers):
    """{reader: {query: {tool: seconds}}} for a set's outputs, {tool: [file]}."""
    spec = scratch / "queries.json"
    spec.write_text(json.dumps({"set": name, "outputs": outputs}))
    told = {}
    for reader in readers:
        process = subprocess.run(
            [sys.executable, str(Path(__file__)), reader, str(spec)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if process.returncode == 0:
            told[reader] = json.loads(process.stdout)
        else:
            told[reader] = {"failed": process.stderr[-300:]}
    return told


if __name__ == "__main__":
    json.dump(measure(sys.argv[1], json.loads(Path(sys.argv[2]).read_text())), sys.stdout)
