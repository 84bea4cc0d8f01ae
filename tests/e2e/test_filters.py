# SPDX-License-Identifier: Apache-2.0

"""Readers that skip by statistics, page index, dictionary or bloom filter find the same rows in the
outputs as in the inputs."""

import decimal

import duckdb
import numpy
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest

import compare
import raw
import readers
import tables
from conftest import live_files

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


def nan_table(number, is_repeated):
    """NaN of three kinds among values of which none is above 1e6."""
    kinds = numpy.array([0x7FF8000000000000, 0xFFF8000000000000, 0x7FF8000000000001], "u8")
    values = numpy.arange(5000.0) % (50 if is_repeated else 1e6) + number
    values[7::100] = kinds.view("f8")[number]
    lone = numpy.full(5000, kinds.view("f8")[number]) if number == 1 else values % 7
    small = values.astype("f4")
    return pyarrow.table({"id": numpy.arange(5000) + number * 5000, "x": values, "f": small,
                          "lone": lone})  # fmt: skip


@pytest.mark.parametrize("writer", ["arrow without statistics", "duckdb", "spark"])
@pytest.mark.parametrize("is_repeated", [True, False])
@pytest.mark.parametrize("options", [(), ("--bloom", "x,f,lone")])
def test_nan_is_found(writer, is_repeated, options, regroup, spark, tmp_path):
    """To Spark and DuckDB NaN is equal to itself, and the largest number: where a source says
    nothing of its values, nothing that is said of them may hide it."""
    source = tmp_path / "in"
    source.mkdir()
    tables_of = [nan_table(number, is_repeated) for number in range(3)]
    for number, rows in enumerate(tables_of):
        path = source / f"{number}.parquet"
        if writer == "duckdb":
            duckdb.sql(f"COPY (SELECT * FROM rows ORDER BY id) TO '{path}'")
        elif writer == "spark":
            spark.write(rows, path, {})
        else:
            pyarrow.parquet.write_table(rows, path, write_statistics=False, data_page_size=8192)
    regroup("compact", source, tmp_path / "home", "--page-size", "8KiB", *options).must(0)
    outputs = live_files(regroup, tmp_path / "home")
    rows = pyarrow.concat_tables(tables_of)
    frame = spark.session.read.parquet(*[f"file://{path}" for path in outputs])
    for column in ("x", "f", "lone"):
        values = rows[column].to_numpy()
        nan = numpy.isnan(values)
        asked = {
            f"{column} = CAST('NaN' AS DOUBLE)": nan.sum(),
            f"{column} > 2e6": nan.sum(),
            f"{column} >= 30": (nan | (values >= 30)).sum(),
        }
        for where, wanted in asked.items():
            assert readers.with_duckdb(outputs, "id", where).num_rows == wanted, where
            if column == "x" or "CAST" not in where:
                assert frame.where(where).count() == wanted, where
        query = f"SELECT isnan(max({column})), min({column}) FROM read_parquet($1)"
        listed = [str(path) for path in outputs]
        assert duckdb.execute(query, [listed]).fetchall() == [(True, numpy.nanmin(values))]


def test_nan_is_found_in_pages(regroup, spark, tmp_path):
    """Arrow's page headers have bounds without NaN; nobody looks there, but in a column index."""
    source = tmp_path / "in"
    source.mkdir()
    values = numpy.arange(60000.0)
    values[5] = numpy.nan
    for number in range(2):
        rows = pyarrow.table({"id": numpy.arange(60000) + number * 60000, "x": values})
        pyarrow.parquet.write_table(rows, source / f"{number}.parquet", use_dictionary=False,
                                    data_page_size=100000)  # fmt: skip
    regroup("compact", source, tmp_path / "home").must(0)
    outputs = live_files(regroup, tmp_path / "home")
    frame = spark.session.read.parquet(*[f"file://{path}" for path in outputs])
    assert frame.where("x > 50000").count() == 2 * 10000
    assert readers.with_duckdb(outputs, "id", "x > 50000").num_rows == 2 * 10000


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_zeros_of_either_sign_are_found(sign, regroup, spark, tmp_path):
    """parquet-java tells zeros apart in dictionaries: values that come into one are still found."""
    source = tmp_path / "in"
    source.mkdir()
    numbers = numpy.arange(20000)
    values = numpy.where(numbers % 3 == 0, 1.0 + numbers % 50, numpy.copysign(0.0, sign))
    rows = pyarrow.table({"x": values, "f": values.astype("f4")})
    for number in range(2):
        pyarrow.parquet.write_table(rows, source / f"{number}.parquet", use_dictionary=False,
                                    write_statistics=False)  # fmt: skip
    regroup("compact", source, tmp_path / "home", "--encoding", "small").must(0)
    outputs = live_files(regroup, tmp_path / "home")
    encodings = pyarrow.parquet.read_metadata(outputs[0]).row_group(0).column(0).encodings
    assert "RLE_DICTIONARY" in encodings
    frame = spark.session.read.parquet(*[f"file://{path}" for path in outputs])
    for where in ("x = 0", "x = -0.0D", "f = 0"):
        assert frame.where(where).count() == 2 * (values == 0).sum(), where


def test_minus_zero_in_dictionaries_that_nothing_is_said_of(regroup, spark, tmp_path):
    """Without encoding_stats parquet-java does not ask the dictionary; outputs have them."""
    source = tmp_path / "in"
    source.mkdir()
    rows = pyarrow.table({"x": [-0.0, 1.0, 2.0] * 2000})

    def forget(footer):
        for group in footer[4]:
            for chunk in group[1]:
                chunk[3].pop(13, None)

    for number in range(2):
        path = source / f"{number}.parquet"
        pyarrow.parquet.write_table(rows, path, store_schema=False, write_statistics=False)
        raw.edit_footer(path, forget)
    regroup("compact", source, tmp_path / "home").must(0)
    outputs = live_files(regroup, tmp_path / "home")
    frame = spark.session.read.parquet(*[f"file://{path}" for path in outputs])
    assert frame.where("x = 0").count() == 4000


@pytest.mark.parametrize("asked", [False, True])
def test_filters_that_readers_ask_wrongly_are_for_whoever_wants_them(asked, regroup, tmp_path):
    """DuckDB 1.5 asks for a BLOB's text, DataFusion 50 for 16 bytes of a decimal."""
    source = tmp_path / "in"
    source.mkdir()
    short = [decimal.Decimal(i % 20) / 4 for i in range(500)]
    rows = pyarrow.table({
        "short": pyarrow.array(short, pyarrow.decimal128(12, 2)),
        "full": pyarrow.array(short, pyarrow.decimal128(38, 2)),
        "bytes": pyarrow.array([bytes([255, i % 9]) for i in range(500)], pyarrow.binary()),
        "word": [f"word {i % 9}" for i in range(500)],
    })
    for number in range(2):
        pyarrow.parquet.write_table(rows, source / f"{number}.parquet")
    options = ("--bloom", "short,bytes") if asked else ()
    regroup("compact", source, tmp_path / "home", *options).must(0)
    (output,) = live_files(regroup, tmp_path / "home")
    footer, _ = raw.footer_of(output.read_bytes())
    has_filter = [14 in chunk[3] for chunk in footer[4][0][1]]
    assert has_filter == [asked, True, asked, True]


@pytest.mark.parametrize("options", [(), ("--bloom", "half")])
def test_halves_are_found(options, regroup, tmp_path):
    """DuckDB asks bloom filters for halves as if they were FLOAT: there may be none."""
    source = tmp_path / "in"
    source.mkdir()
    halves = pyarrow.array((numpy.arange(5000) % 50 + 0.5).astype("f2"))
    for number in range(2):
        ids = numpy.arange(5000) + number * 5000
        rows = pyarrow.table({"id": ids, "half": halves})
        pyarrow.parquet.write_table(rows, source / f"{number}.parquet")
    regroup("compact", source, tmp_path / "home", *options).must(0)
    outputs = live_files(regroup, tmp_path / "home")
    assert readers.with_duckdb(outputs, "id", "half = 7.5").num_rows == 200
