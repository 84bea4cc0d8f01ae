# SPDX-License-Identifier: Apache-2.0

"""Readers that skip by statistics, page index, dictionary or bloom filter find the same rows in the
outputs as in the inputs."""

import duckdb
import polars
import pyarrow.dataset
import pytest

import compare
import readers
import tables

LAKES = ["arrow", "arrow_index", "arrow_mixed", "arrow_v2_tail", "polars", "duckdb", "spark"]
# Small groups and pages, so that there is something to skip.
OPTIONS = ("--row-group-size", "150KiB", "--page-size", "4KiB")
BLOOM = ("--bloom", "id,key,double_price,float_null,date,ts_us,decimal18_null,word,text")
VARIATIONS = {
    "keep": OPTIONS,
    "small": (*OPTIONS, "--encoding", "small"),
    "bloom": (*OPTIONS, *BLOOM),
    "small_bloom": (*OPTIONS, "--encoding", "small", *BLOOM),
}
CASES = [(name, "keep") for name in LAKES] + [
    (name, variation)
    for name in ("arrow", "polars", "duckdb")
    for variation in VARIATIONS
    if variation != "keep"
]

# In SQL, which DuckDB, Polars and Spark all take.
FILTERS = [
    "id = 3141",
    "id BETWEEN 1799 AND 1802",
    "id < 5 OR id > 6290",
    "id = -1",
    "int32_few = 5",
    "int32_few > 2147483000",
    "int8_many IS NULL",
    "int64_many IS NOT NULL AND int64_many < -9000000000000000000",
    "double_price = 42.5",
    "double_price > 99.5",
    "float_null IS NULL AND id < 1000",
    "word = 'west'",
    "word = 'nowhere'",
    "word = ''",
    "word_null IS NULL AND word = 'east'",
    f"key = '{tables.key_of(1234)}'",
    f"key < '{tables.key_of(300)}'",
    "text LIKE 'line 44%'",
    "file_constant = 'file at 1800'",
    "flag AND id > 6000",
    "date = DATE '2022-01-20'",
    "ts_us >= TIMESTAMP '2023-11-14 23:50:00'",
    "decimal9 < -990000",
    "decimal18_null IS NULL AND flag",
    "never IS NOT NULL",
    "some_files IS NULL AND id < 1000",
    "some_files_text = 't3' AND some_files = 12",
]


def polars_rows(paths, where):
    frame = polars.scan_parquet([str(path) for path in paths], use_statistics=True)
    context = polars.SQLContext(lake=frame)
    return context.execute(f"SELECT id FROM lake WHERE {where}").collect()["id"].to_list()


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def both(request, compacted):
    name, variation = request.param
    inputs, outputs = compacted(name, *VARIATIONS[variation])
    return inputs, outputs


@pytest.mark.parametrize("where", FILTERS)
def test_duckdb_and_polars_find_the_same_rows(both, where):
    inputs, outputs = both
    wanted = readers.with_duckdb(inputs, "id", where)["id"].to_pylist()
    assert readers.with_duckdb(outputs, "id", where)["id"].to_pylist() == wanted
    if "TIMESTAMP" not in where:
        assert polars_rows(outputs, where) == wanted


def test_spark_finds_the_same_rows(both, spark):
    # Every other one: each costs two jobs.
    for where in FILTERS[::2]:
        wanted, found = (
            sorted(
                row.id
                for row in spark.session.read.parquet(*[f"file://{path}" for path in paths])
                .where(where)
                .select("id")
                .collect()
            )
            for paths in both
        )
        assert found == wanted, where


def test_pyarrow_finds_the_same_rows(both):
    field = pyarrow.dataset.field
    filters = [
        field("id") == 3141,
        (field("id") > 1799) & (field("id") < 1802),
        field("word") == "west",
        field("key") < tables.key_of(300),
        field("double_price") > 99.5,
        field("int8_many").is_null(),
        field("some_files").is_null(),
    ]
    for expression in filters:
        wanted, found = (
            pyarrow.dataset.dataset([str(path) for path in paths], format="parquet")
            .to_table(filter=expression)
            .replace_schema_metadata()
            for paths in both
        )
        assert compare.difference(wanted, found) is None, expression


def test_duckdb_answers_counts_and_bounds_alike(both):
    """Aggregates that DuckDB may answer from footers alone."""
    inputs, outputs = both
    names = ["id", "int32_few", "int64_many", "double_price", "word", "date", "ts_us", "decimal9"]
    names += ["word_null", "never", "some_files", "flag"]
    asked = ", ".join(f"min({n}), max({n}), count({n})" for n in names) + ", count(*)"
    answers = []
    for paths in both:
        listed = [str(path) for path in paths]
        answers.append(duckdb.sql(f"SELECT {asked} FROM read_parquet({listed})").fetchall())
    assert answers[0] == answers[1]
