# SPDX-License-Identifier: Apache-2.0

"""--schema union: files that lack columns, or have them in narrower types, in one output with all
others. What comes out is what pyarrow makes of the inputs, put together in Python."""

import decimal
import os
import random
import re
import shutil

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import compare
import raw
import readers
import strict
import kinds
import writer
from conftest import data_files
from thrift import Byte, Small

READERS = {
    "pyarrow": readers.with_pyarrow,
    "duckdb": readers.with_duckdb,
    "polars": readers.with_polars,
}


def lake(folder, tables, **options):
    """Writes tables as files, each newer than the one before; options may be one for each."""
    folder.mkdir(parents=True, exist_ok=True)
    begin = len(list(folder.iterdir()))
    paths = []
    for number, table in enumerate(tables, begin):
        path = folder / f"{number:04}.parquet"
        chosen = {k: v[number % len(v)] if isinstance(v, list) else v for k, v in options.items()}
        pq.write_table(table, path, **chosen)
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
        paths.append(path)
    return paths


def expected(tables, schema):
    """All rows in the output's schema. By way of Python's values, in which nothing is lost."""
    rows = [row for table in tables for row in table.to_pylist()]
    return pa.Table.from_pylist(rows, schema=schema.remove_metadata())


def united(regroup, tmp_path, *options, files=1):
    home = tmp_path / "out"
    result = regroup("compact", tmp_path / "in", home, "--schema", "union", *options).must(0)
    outputs = data_files(home)
    assert len(outputs) == files, result.err
    regroup("verify", tmp_path / "in", home).must(0)
    for path in outputs:
        strict.check(path)
        assert strict.statistics_problem(path) is None
    return outputs


def check(tables, outputs, request=None, left_out=()):
    """Every reader sees all rows in order; Spark too where `request` is there to ask for it."""
    schema = pq.ParquetFile(outputs[0]).schema_arrow
    wanted = expected(tables, schema)
    assert compare.difference(wanted, readers.with_pyarrow(outputs)) is None
    python = wanted.to_pylist()
    for name, read in READERS.items():
        if name not in left_out:
            assert read(outputs).to_pylist() == python, name
    if request is not None:
        spark = request.getfixturevalue("spark")
        assert spark.read(outputs).to_pylist() == python
    return wanted


def numbers(count, seed, repeat=False):
    draw = random.Random(seed)
    top = 20 if repeat else 2_000_000_000
    return [None if draw.random() < 0.1 else draw.randrange(-top, top) for _ in range(count)]


def words(count, seed, repeat=True):
    draw = random.Random(seed)
    top = 30 if repeat else 10**9
    return [None if draw.random() < 0.1 else f"word {draw.randrange(top)}" for _ in range(count)]


OPTIONS = {
    "dictionary": {},
    "plain": {"use_dictionary": False},
    "by_turns": {"use_dictionary": [True, False], "data_page_version": ["1.0", "2.0"]},
    "codecs": {"compression": ["snappy", "zstd", "none"]},
    "index": {"write_page_index": True, "data_page_size": 2000},
    "delta": {"use_dictionary": False, "column_encoding": [{"n": "DELTA_BINARY_PACKED"}, None]},
}


@pytest.mark.parametrize("options", OPTIONS)
def test_columns_come_and_go(options, regroup, tmp_path, request):
    tables = []
    for number in range(8):
        count = 1000 + 500 * number
        columns = {"n": pa.array(numbers(count, number), pa.int64())}
        if number % 2 == 1:
            columns["late"] = pa.array(words(count, number))
        if number < 3:
            columns["early"] = pa.array([number + 0.5] * count)
        if number % 4 == 3:
            columns = dict(reversed(columns.items()))
        tables.append(pa.table(columns))
    lake(tmp_path / "in", tables, **OPTIONS[options])
    outputs = united(regroup, tmp_path)
    # The newest file's order, then what it lacks.
    assert pq.ParquetFile(outputs[0]).schema_arrow.names == ["late", "n", "early"]
    wanted = check(tables, outputs, request)
    promoted = pa.concat_tables(tables, promote_options="permissive").select(wanted.column_names)
    assert compare.difference(wanted, promoted) is None


WIDENINGS = {
    "int8_int32": (pa.int8(), pa.int32(), lambda n: n % 100),
    "int16_int64": (pa.int16(), pa.int64(), lambda n: n % 30000),
    "int32_int64": (pa.int32(), pa.int64(), lambda n: n),
    "uint32_uint64": (pa.uint32(), pa.uint64(), lambda n: abs(n) + 2**31),
    "uint8_uint16": (pa.uint8(), pa.uint16(), lambda n: n % 256),
    "int32_double": (pa.int32(), pa.float64(), lambda n: n),
    "float_double": (pa.float32(), pa.float64(), lambda n: n / 1024),
    "int8_int16": (pa.int8(), pa.int16(), lambda n: n % 100),
    "int16_int32": (pa.int16(), pa.int32(), lambda n: n % 30000),
    "int8_double": (pa.int8(), pa.float64(), lambda n: n % 100),
    "uint16_uint64": (pa.uint16(), pa.uint64(), lambda n: n % 65536),
    "decimal_digits": (pa.decimal128(9, 2), pa.decimal128(25, 2),
                       lambda n: decimal.Decimal(n % 10**9).scaleb(-2)),
    "decimal_negative": (pa.decimal128(5, 0), pa.decimal128(38, 0),
                         lambda n: decimal.Decimal(n % 199999 - 99999)),
}


INTEGER_DECIMALS = {
    # As INT32, INT64 and fixed bytes, by digits.
    "int32_int32": (5, 9),
    "int32_int64": (9, 18),
    "int32_fixed": (9, 30),
    "int64_fixed": (18, 19),
}


@pytest.mark.parametrize("options", ["dictionary", "plain"])
@pytest.mark.parametrize("name", INTEGER_DECIMALS)
def test_decimals_widen_whatever_holds_them(name, options, regroup, tmp_path, request):
    narrow, wide = INTEGER_DECIMALS[name]
    tables = []
    for number in range(4):
        digits = wide if number in (1, 2) else narrow
        made = [n and decimal.Decimal(n % (2 * 10**narrow - 1) - 10**narrow + 1).scaleb(-2)
                for n in numbers(2000, number, number % 2 == 0)]
        tables.append(pa.table({"n": pa.array(made, pa.decimal128(digits, 2))}))
    lake(tmp_path / "in", tables, store_decimal_as_integer=True, **OPTIONS[options])
    check(tables, united(regroup, tmp_path), request)


@pytest.mark.parametrize("repeat", [True, False], ids=["few", "many"])
@pytest.mark.parametrize("options", ["dictionary", "plain", "by_turns", "index"])
@pytest.mark.parametrize("name", WIDENINGS)
def test_types_widen(name, options, repeat, regroup, tmp_path, request):
    narrow, wide, make = WIDENINGS[name]
    tables = []
    for number in range(6):
        made = [None if n is None else make(n) for n in numbers(2000, number, repeat)]
        tables.append(pa.table({"n": pa.array(made, wide if number in (1, 4) else narrow)}))
    lake(tmp_path / "in", tables, **OPTIONS[options])
    outputs = united(regroup, tmp_path)
    assert pq.ParquetFile(outputs[0]).schema_arrow.field("n").type == wide
    # Unsigned numbers of 64 bits are decimals to Spark.
    is_spark = options in ("plain", "by_turns") and not name.endswith("uint64")
    check(tables, outputs, request if is_spark else None)


@pytest.mark.parametrize("encoding", ["DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_nulls_lose_an_encoding_that_the_wider_type_cannot_have(
    version, encoding, regroup, tmp_path
):
    # Each a row group by itself, of which nothing need be changed but the type.
    tables = [pa.table({"n": pa.nulls(10000, pa.int32())}),
              pa.table({"n": pa.array([n + 0.5 for n in range(10000)])})]
    lake(tmp_path / "in", tables, use_dictionary=False, data_page_version=version,
         column_encoding=[{"n": encoding}, None])
    outputs = united(regroup, tmp_path, "--row-group-rows", "10000")
    assert pq.ParquetFile(outputs[0]).num_row_groups == 2
    check(tables, outputs)


def test_dictionaries_alone_are_rewritten(regroup, tmp_path):
    """Index pages of narrow columns go over as they are."""
    draw = random.Random(8)
    numbers = [draw.randrange(50) for _ in range(100_000)]
    tables = [pa.table({"n": pa.array(numbers, pa.int32())}) for _ in range(3)]
    tables.append(pa.table({"n": pa.array(numbers[:9], pa.int64())}))
    lake(tmp_path / "in", tables)
    outputs = united(regroup, tmp_path)
    check(tables, outputs)
    chunk = pq.ParquetFile(outputs[0]).metadata.row_group(0).column(0)
    assert chunk.physical_type == "INT64" and "RLE_DICTIONARY" in chunk.encodings
    assert (chunk.statistics.min, chunk.statistics.max) == (0, 49)


def test_checksums_are_not_those_of_the_narrow_type(regroup, tmp_path):
    """A dictionary of unique values becomes a page; widened, it is another one."""
    kinds = [pa.int32(), pa.int64()]
    tables = [
        pa.table([pa.array(range(30_000), kind)], pa.schema([pa.field("n", kind, False)]))
        for kind in kinds
    ]
    lake(tmp_path / "in", tables, compression="none", write_page_checksum=True)
    outputs = united(regroup, tmp_path)
    check(tables, outputs)
    chunk = strict.Chunk(strict.File(outputs[0]), 0, 0)
    assert {page.encoding for page in chunk.data_pages} == {0}
    assert all(page.crc is not None for page in chunk.data_pages)


def test_bounds_are_those_of_the_wider_type(regroup, tmp_path):
    tables = [
        pa.table({"n": pa.array([-5, 7], pa.int32()), "f": pa.array([-1.5, 2.5], pa.float32())}),
        pa.table({"n": pa.array([2**40], pa.int64()), "f": pa.array([1e300], pa.float64())}),
    ]
    lake(tmp_path / "in", tables, write_page_index=True)
    outputs = united(regroup, tmp_path)
    check(tables, outputs)
    group = pq.ParquetFile(outputs[0]).metadata.row_group(0)
    bounds = {group.column(i).path_in_schema: group.column(i).statistics for i in range(2)}
    assert (bounds["n"].min, bounds["n"].max) == (-5, 2**40)
    assert (bounds["f"].min, bounds["f"].max) == (-1.5, 1e300)
    for where, count in {"n = 7": 1, "n > 8": 1, "n < -4": 1, "f > 2": 2, "f = -1.5": 1}.items():
        assert readers.with_duckdb(outputs, where=where).num_rows == count


def nested_tables():
    point = pa.struct([("x", pa.int32()), ("y", pa.float32())])
    wide = pa.struct([("z", pa.string()), ("y", pa.float64()), ("x", pa.int64()),
                      ("tags", pa.list_(pa.string()))])
    draw = random.Random(5)

    def one(number):
        kind = draw.randrange(5)
        if kind == 0:
            return None
        if number % 2 == 0:
            return {"x": draw.randrange(100), "y": draw.choice([None, 0.5])}
        return {"z": draw.choice([None, "z"]), "y": 1.25, "x": draw.choice([None, 2**40]),
                "tags": draw.choice([None, [], ["a", None]])}

    def row(number):
        points = draw.choice([None, [], [one(number)], [one(number) for _ in range(5)]])
        keys = draw.sample(["k", "l", "m"], draw.randrange(4))
        named = draw.choice([None, [(key, one(number)) for key in keys]])
        return {"id": draw.randrange(10**6), "point": one(number), "points": points,
                "named": named}

    tables = []
    for number in range(5):
        kind = wide if number % 2 == 1 else point
        schema = pa.schema([("id", pa.int64()), ("point", kind), ("points", pa.list_(kind)),
                            ("named", pa.map_(pa.string(), kind))])
        tables.append(pa.Table.from_pylist([row(number) for _ in range(700)], schema=schema))
    return tables


@pytest.mark.parametrize("options", ["dictionary", "plain", "by_turns", "codecs", "index"])
def test_fields_inside_structs_lists_and_maps(options, regroup, tmp_path, request):
    tables = nested_tables()
    lake(tmp_path / "in", tables, **OPTIONS[options])
    outputs = united(regroup, tmp_path)
    wanted = expected(tables, pq.ParquetFile(outputs[0]).schema_arrow)
    assert compare.difference(wanted, readers.with_pyarrow(outputs)) is None
    flat = "id, point.x, point.z, len(points), points[1].y, points[2].tags"
    assert readers.with_duckdb(outputs, flat).num_rows == 3500
    seen = readers.with_duckdb(outputs, "points").to_pylist()
    assert [row["points"] for row in seen] == wanted.column("points").to_pylist()
    spark = request.getfixturevalue("spark").read(outputs)
    assert spark.column("points").to_pylist() == wanted.column("points").to_pylist()


def points(rows, has_label, first=0):
    kind = pa.struct([("x", pa.int64())] + ([("label", pa.string())] if has_label else []))
    labels = [None, *(f"label {i}" for i in range(7))]
    made = [
        [{"x": i + j, "label": labels[(i + j) % 8]} if has_label else {"x": i + j}
         for j in range(i % (4 if has_label else 30))]
        for i in range(first, first + rows)
    ]  # fmt: skip
    return pa.table({"id": range(first, first + rows), "points": pa.array(made, pa.list_(kind))})


@pytest.mark.parametrize("options", ["default", "small", "plain pages", "split rows"])
def test_elements_without_a_field_go_before_those_that_have_it(options, regroup, tmp_path, request):
    """
    Spark's reader of lists takes no indices behind nulls that are not indices: not where a batch of
    4,096 rows has more of these nulls than that, and fewer indices.
    """
    has_label = [False, True, False, False, True, True, False]
    tables = [points(700, has, i * 700) for i, has in enumerate(has_label)]
    written = {"data_page_size": 500} if options == "split rows" else {}
    lake(tmp_path / "in", tables, use_dictionary=options != "plain pages", **written)
    more = ["--encoding", "small"] if options == "small" else []
    check(tables, united(regroup, tmp_path, *more), request)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("page_rows", [20_000, 100])
@pytest.mark.parametrize("dictionaries", [True, [["list"], ["list"], []]])
def test_lists_of_nulls_go_before_lists_of_values(
    version, page_rows, dictionaries, regroup, tmp_path, request
):
    def table(number):
        value = [None] if number in (0, 2, 3) else [None, number, number + 1]
        lengths = [i % (30 if len(value) == 1 else 4) for i in range(1000)]
        lists = [[value[j % len(value)] for j in range(length)] for length in lengths]
        return pa.table({"n": range(1000), "list": pa.array(lists, pa.list_(pa.int32()))})

    tables = [table(number) for number in range(6)]
    lake(
        tmp_path / "in",
        tables,
        data_page_version=version,
        max_rows_per_page=page_rows,
        use_dictionary=dictionaries,
    )
    check(tables, united(regroup, tmp_path), request)


def test_a_struct_that_is_missing_as_a_whole(regroup, tmp_path, request):
    inner = pa.struct([("x", pa.int32()), ("list", pa.list_(pa.int64()))])
    tables = [
        pa.table({"id": [1, 2, 3]}),
        pa.table({"id": [4, 5], "s": pa.array([{"x": 1, "list": [1, 2]}, None], inner),
                  "l": pa.array([[{"x": 1, "list": []}], []], pa.list_(inner))}),
    ]
    lake(tmp_path / "in", [tables[1], tables[0], tables[1], tables[0]])
    check([tables[1], tables[0], tables[1], tables[0]], united(regroup, tmp_path), request)


def test_required_and_optional(regroup, tmp_path, request):
    draw = random.Random(3)

    def table(nullable, count):
        element = pa.field("element", pa.int32(), nullable=nullable)
        inner = pa.struct([pa.field("x", pa.int64(), nullable=nullable)])
        schema = pa.schema([
            pa.field("a", pa.int64(), nullable=nullable),
            pa.field("b", pa.string(), nullable=nullable),
            pa.field("s", inner, nullable=nullable),
            pa.field("l", pa.list_(element), nullable=nullable),
        ])

        def maybe(value):
            return None if nullable and draw.random() < 0.3 else value

        rows = [{"a": maybe(draw.randrange(10**9)), "b": maybe(draw.choice(["p", "q"])),
                 "s": maybe({"x": maybe(n)}), "l": maybe([maybe(n)] * draw.randrange(4))}
                for n in range(count)]
        return pa.Table.from_pylist(rows, schema=schema)

    tables = [table(number % 3 == 2, 300 * (number + 1)) for number in range(6)]
    lake(tmp_path / "in", tables, **OPTIONS["by_turns"])
    check(tables, united(regroup, tmp_path), request)


def test_columns_that_only_some_require_stay_optional(regroup, tmp_path):
    schema = pa.schema([pa.field("a", pa.int64(), nullable=False),
                        pa.field("b", pa.int64(), nullable=False)])
    tables = [pa.table({"a": [1], "b": [2]}, schema=schema),
              pa.table({"a": [3]}, schema=schema.remove(1))]
    lake(tmp_path / "in", tables)
    outputs = united(regroup, tmp_path)
    found = pq.ParquetFile(outputs[0]).schema_arrow
    assert not found.field("a").nullable and found.field("b").nullable
    check(tables, outputs)


def test_one_old_file_takes_arrows_schema_from_its_own_output_only(regroup, tmp_path):
    berlin = pa.array([1, 2, 3], pa.timestamp("us", tz="Europe/Berlin"))
    new = pa.table({"x": [1, 2, 3], "t": berlin})
    lake(tmp_path / "in", [pa.table({"x": [1, 2, 3]}), new, new])
    options = ("--schema", "union", "--row-group-rows", "3", "--row-groups-per-file", "1")
    regroup("compact", tmp_path / "in", tmp_path / "home", *options).must(0)
    outputs = [pq.read_table(path) for path in data_files(tmp_path / "home")]
    zones = [table.schema.field("t").type.tz for table in outputs]
    assert zones == ["UTC", "Europe/Berlin", "Europe/Berlin"]


def with_ids(fields):
    return pa.schema([pa.field(name, kind, metadata={"PARQUET:field_id": str(number)})
                      for name, kind, number in fields])


def test_renamed_columns_are_matched_by_field_id(regroup, tmp_path):
    old = with_ids([("a", pa.int32(), 1), ("b", pa.string(), 2), ("gone", pa.string(), 3)])
    new = with_ids([("b", pa.int64(), 1), ("c", pa.string(), 2)])
    tables = [pa.table({"a": [1, 2], "b": ["x", "y"], "gone": ["g", None]}, schema=old),
              pa.table({"b": [3], "c": ["z"]}, schema=new)]
    lake(tmp_path / "in", tables)
    outputs = united(regroup, tmp_path)
    assert readers.with_pyarrow(outputs).to_pylist() == [
        {"b": 1, "c": "x", "gone": "g"}, {"b": 2, "c": "y", "gone": None},
        {"b": 3, "c": "z", "gone": None}]


def test_two_columns_never_come_to_have_one_id(regroup, tmp_path):
    # A file without ids among them: all are matched by name, and the column renamed is two.
    tables = [pa.table({"a": [1]}),
              pa.table({"a": [2]}, schema=with_ids([("a", pa.int64(), 1)])),
              pa.table({"b": [3]}, schema=with_ids([("b", pa.int64(), 1)]))]
    lake(tmp_path / "in", tables)
    (output,) = united(regroup, tmp_path)
    rows = [{"b": None, "a": 1}, {"b": None, "a": 2}, {"b": 3, "a": None}]
    assert readers.with_pyarrow([output]).to_pylist() == rows
    assert all(not field.metadata for field in pq.ParquetFile(output).schema_arrow)
    # The next run has ids on one side only, and goes by names again.
    lake(tmp_path / "in", [tables[1]])
    (output,) = united(regroup, tmp_path)
    found = readers.with_pyarrow([output]).select(["b", "a"])
    assert found.to_pylist() == [*rows, {"b": None, "a": 2}]


def arrow_4(table, path):
    """As Arrow 4 wrote it: field ids 1, 2, ... in the order of columns (PARQUET-1798)."""
    schema = pa.schema([field.with_metadata({"PARQUET:field_id": str(number)})
                        for number, field in enumerate(table.schema, 1)])
    pq.write_table(table.cast(schema), path, store_schema=False)
    ours = f"parquet-cpp-arrow version {pa.__version__}".encode()
    theirs = b"parquet-cpp-arrow version 4.0".ljust(len(ours) - 2, b"0") + b".1"
    content = path.read_bytes()
    assert content.count(ours) == 1 and len(ours) == len(theirs)
    path.write_bytes(content.replace(ours, theirs))


def test_ids_that_arrow_made_up_stay_such_in_outputs(regroup, tmp_path):
    """Which column is which, outputs of such files do not tell either."""
    tables = [pa.table({"a": [1], "b": [2]}), pa.table({"b": [3], "c": [4]})]
    first = tmp_path / "first"
    first.mkdir()
    for number, table in enumerate(tables * 2):
        arrow_4(table, first / f"{number}.parquet")
    regroup("compact", first, tmp_path / "in").must(0)
    for number, path in enumerate(data_files(tmp_path / "in")):
        path.rename(tmp_path / "in" / f"{number}.parquet")
        os.utime(tmp_path / "in" / f"{number}.parquet", (1_700_000_000 + number,) * 2)
    for path in (tmp_path / "in").iterdir():
        if path.name.startswith("_"):
            shutil.rmtree(path)
    outputs = united(regroup, tmp_path, "--verify", "full")
    check([tables[0], tables[0], tables[1], tables[1]], outputs)


def test_variants_are_renamed_by_field_id(regroup, tmp_path):
    """What lies inside a variant has no ids."""
    source = tmp_path / "in"
    source.mkdir()
    turns = [("1 AS a, 5::VARIANT AS v", "{a: 1, v: 2}"),
             ("2 AS b, 6::VARIANT AS w", "{b: 1, w: 2}")]
    for number, (names, ids) in enumerate(turns):
        path = source / f"{number}.parquet"
        duckdb.sql(f"COPY (SELECT {names}) TO '{path}' (FORMAT parquet, FIELD_IDS {ids})")
        os.utime(path, (1_700_000_000 + number,) * 2)
    (output,) = united(regroup, tmp_path, "--verify", "full")
    assert duckdb.sql(f"SELECT b, w::INT AS w FROM '{output}'").fetchall() == [(1, 5), (2, 6)]


def test_ids_of_leaves_only_are_no_ids_of_columns(regroup, tmp_path):
    def table(number):
        inner = pa.struct([pa.field("x", pa.int64(), metadata={"PARQUET:field_id": str(number)})])
        columns = [pa.field("a", pa.int64(), metadata={"PARQUET:field_id": "1"}),
                   pa.field("g", inner)]
        rows = [{"a": number, "g": {"x": number}}]
        if number == 3:
            columns.append(pa.field("more", pa.int64(), metadata={"PARQUET:field_id": "9"}))
        return pa.Table.from_pylist(rows, schema=pa.schema(columns))

    tables = [table(2), table(3)]
    lake(tmp_path / "in", tables)
    check(tables, united(regroup, tmp_path, "--verify", "full"))


def test_ids_that_are_the_same_for_each_column_are_none(regroup, tmp_path, request):
    """parquet-go of xitongsys writes 0 for each."""
    def table(names, values):
        fields = [pa.field(name, pa.int64(), metadata={"PARQUET:field_id": "0"}) for name in names]
        return pa.Table.from_pylist([dict(zip(names, values))], schema=pa.schema(fields))

    tables = [table("ab", [1, 2]), table("bca", [3, 4, 5]), table("ab", [6, 7])]
    lake(tmp_path / "in", tables)
    outputs = united(regroup, tmp_path)
    check(tables, outputs, request)
    assert [field.metadata for field in pq.ParquetFile(outputs[0]).schema_arrow] == [None] * 3


def test_names_that_differ_in_case_only_stay_apart(regroup, tmp_path):
    """Spark and DuckDB take them for one; an output with both has one too many for them."""
    tables = [pa.table({"ID": [1]}), pa.table({"id": [2], "v": ["x"]}), pa.table({"ID": [3]})]
    paths = lake(tmp_path / "in", tables)
    home = tmp_path / "out"
    result = regroup("compact", tmp_path / "in", home, "--schema", "union").must(0)
    assert ("files like 0001.parquet get outputs of their own: "
            "column id: differs only in case from a column of another input") in result.err
    outputs = data_files(home)
    assert len(outputs) == 2
    query = "SELECT id, v FROM read_parquet({}, union_by_name = true) ORDER BY id"
    seen = [duckdb.sql(query.format([str(path) for path in files])).fetchall()
            for files in (paths, outputs)]
    assert seen[0] == seen[1] == [(1, None), (2, "x"), (3, None)]
    regroup("verify", tmp_path / "in", home).must(0)


def test_names_of_repeated_levels_make_no_difference(regroup, tmp_path):
    table = pa.table({"l": pa.array([[1, 2], [], None]),
                      "m": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64()))})
    lake(tmp_path / "in", [table] * 3, use_compliant_nested_type=[True, False])
    check([table] * 3, united(regroup, tmp_path))


def test_nulls_without_a_type_are_nulls_of_any(regroup, tmp_path):
    tables = [pa.table({"id": [1, 2], "v": pa.nulls(2)}),
              pa.table({"id": [3, 4], "v": pa.array(["x", None])})]
    lake(tmp_path / "in", [*tables, tables[0]])
    outputs = united(regroup, tmp_path)
    assert pq.ParquetFile(outputs[0]).schema_arrow.field("v").type == pa.string()
    check([*tables, tables[0]], outputs)


@pytest.mark.parametrize("value", [{"a": 1, "b": [2]}, [3, None], [{"a": None}]], ids=str)
@pytest.mark.parametrize("where", ["on top", "in a list", "in a struct"])
def test_nulls_without_a_type_are_nulls_of_a_group(where, value, regroup, tmp_path):
    wrap = {"on top": lambda v: v, "in a list": lambda v: [v, None],
            "in a struct": lambda v: {"v": v, "n": 7}}[where]
    tables = [pa.table({"id": [1, 2, 3], "v": [wrap(None), wrap(None), None]}),
              pa.table({"id": [4, 5], "v": [wrap(value), wrap(None)]})]
    lake(tmp_path / "in", [*tables, tables[0]])
    outputs = united(regroup, tmp_path, "--verify", "full")
    check([*tables, tables[0]], outputs)


APART = {
    # name: (older, newer, what is said of the column)
    "text_and_number": (pa.array(["x"]), pa.array([1]), "BYTE_ARRAY STRING does not go with INT64"),
    "text_and_bytes": (pa.array(["x"]), pa.array([b"x"]), "BYTE_ARRAY STRING does not go with"),
    "units": (pa.array([1], pa.timestamp("ms")), pa.array([1], pa.timestamp("us")),
              "INT64 TIMESTAMP(MILLIS) does not go with INT64 TIMESTAMP(MICROS)"),
    "zones": (pa.array([1], pa.timestamp("us")), pa.array([1], pa.timestamp("us", "UTC")),
              "INT64 TIMESTAMP(MICROS) does not go with INT64 TIMESTAMP(MICROS, UTC)"),
    "date_and_timestamp": (pa.array([1], pa.date32()), pa.array([1], pa.timestamp("us")),
                           "INT32 DATE does not go with INT64 TIMESTAMP(MICROS)"),
    "date_and_number": (pa.array([1], pa.date32()), pa.array([1], pa.int32()),
                        "INT32 DATE does not go with INT32"),
    "time_units": (pa.array([1], pa.time32("ms")), pa.array([1], pa.time64("us")),
                   "INT32 TIME(MILLIS"),
    "scales": (pa.array([1], pa.decimal128(9, 2)), pa.array([1], pa.decimal128(9, 3)),
               "FIXED_LEN_BYTE_ARRAY(4) DECIMAL(9,2) does not go with"),
    "decimal_and_number": (pa.array([1], pa.decimal128(9, 2)), pa.array([1], pa.int64()),
                           "FIXED_LEN_BYTE_ARRAY(4) DECIMAL(9,2) does not go with INT64"),
    "long_and_double": (pa.array([1]), pa.array([1.5]), "INT64 does not go with DOUBLE"),
    "half_and_float": (pa.array([1], pa.float16()), pa.array([1], pa.float32()),
                       "FIXED_LEN_BYTE_ARRAY(2) FLOAT16 does not go with FLOAT"),
    "signs": (pa.array([1], pa.int32()), pa.array([1], pa.uint32()),
              "INT32 does not go with INT32 INTEGER(32, unsigned)"),
    "fixed": (pa.array([b"ab"], pa.binary(2)), pa.array([b"abc"], pa.binary(3)),
              "FIXED_LEN_BYTE_ARRAY(2) does not go with FIXED_LEN_BYTE_ARRAY(3)"),
    "list_and_value": (pa.array([[1]]), pa.array([1]),
                       "LIST does not go with INT64 of another input"),
    "list_and_map": (pa.array([[1]]), pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
                     "LIST does not go with MAP of another input"),
}


@pytest.mark.parametrize("name", APART)
def test_what_cannot_be_united_gets_outputs_of_its_own(name, regroup, tmp_path):
    first, second = (pa.table({"v": array}) for array in APART[name][:2])
    more = second.append_column("more", pa.array([7]))
    paths = lake(tmp_path / "in", [first, second, first, more])
    home = tmp_path / "out"
    result = regroup("compact", tmp_path / "in", home, "--schema", "union").must(0)
    assert f"get outputs of their own: column v: {APART[name][2]}" in result.err
    outputs = data_files(home)
    assert len(outputs) == 2
    seen = {tuple(pq.ParquetFile(path).schema_arrow.names): path for path in outputs}
    assert readers.with_pyarrow([seen[("v",)]]).equals(
        readers.with_pyarrow([paths[0], paths[2]]))
    assert pq.read_table(seen[("v", "more")]).column("more").to_pylist() == [None, 7]
    regroup("verify", tmp_path / "in", home).must(0)


def variants(path, typed):
    """A VARIANT column v of 100 rows, without typed_value or with one of this type."""
    fields = [("metadata", pa.binary()), ("value", pa.binary())]
    rows = [{"metadata": b"\1\0\0", "value": bytes([12, i])} for i in range(100)]
    if typed is not None:
        fields.append(("typed_value", typed))
        rows[50:] = [{"metadata": b"\1\0\0", "typed_value": i} for i in range(50)]
    pq.write_table(pa.table({"v": pa.array(rows, pa.struct(fields))}), path, store_schema=False)
    raw.edit_footer(path, lambda footer: footer[2][1].update({10: {16: {1: Byte(1)}}}))


@pytest.mark.parametrize("schema", ["strict", "union"])
def test_variants_that_are_shredded_differently_stay_apart(schema, regroup, tmp_path):
    """What a variant's fields mean hangs on each other: none is filled up with nulls or widened."""
    source, home = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    kinds = [None, pa.int32(), pa.int64()]
    for number in range(6):
        path = source / f"{number}.parquet"
        variants(path, kinds[number % 3])
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    result = regroup("compact", source, home, "--schema", schema).must(0)
    outputs = data_files(home)
    assert len(outputs) == 3
    for path in outputs:
        number = len(pq.read_schema(path).field("v").type) - 2
        number += number and pq.read_schema(path).field("v").type[2].type == pa.int64()
        like = [source / f"{number}.parquet", source / f"{number + 3}.parquet"]
        assert strict.File(path).footer[2] == strict.File(like[0]).footer[2]
        assert readers.with_pyarrow([path]).equals(readers.with_pyarrow(like))
    regroup("verify", source, home).must(0)
    if schema == "union":
        said = [line for line in result.err.splitlines() if "outputs of their own" in line]
        assert len(said) == 3 and all("column v.typed_value" in line for line in said), result.err
        assert "is part of a variant that is shredded differently" in result.err


def test_maps_with_optional_keys_stay_apart(regroup, tmp_path):
    """They are not legal (LogicalTypes.md), and readers may refuse them: not others with them."""
    source, home = tmp_path / "in", tmp_path / "out"
    table = pa.table({"m": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int32()))})
    for path in lake(source, [table] * 4)[::2]:
        key = writer.Column(kinds.BYTE_ARRAY, 3, 1)
        key.page(writer.entries_of([[b"k"], []], True), kinds.PLAIN)
        value = writer.Column(kinds.INT32, 3, 1)
        value.page(writer.entries_of([[1], []], True), kinds.PLAIN)
        modified = path.stat().st_mtime
        writer.write(path, table, [key, value])
        raw.edit_footer(path, lambda footer: footer[2][3].update({3: Small(1)}))
        os.utime(path, (modified, modified))
    result = regroup("compact", source, home, "--schema", "union").must(0)
    assert "column m.key_value.key: is the key of a map" in result.err
    outputs = data_files(home)
    good = [path for path in outputs if strict.File(path).footer[2][3][3] == 0]
    assert len(outputs) == 2 and len(good) == 1
    assert readers.with_pyarrow(good).to_pylist() == 2 * table.to_pylist()
    regroup("verify", source, home).must(0)


def test_strict_keeps_schemas_apart(regroup, tmp_path):
    lake(tmp_path / "in", [pa.table({"a": [1]}), pa.table({"a": [2], "b": [3]})])
    regroup("compact", tmp_path / "in", tmp_path / "out").must(0)
    assert len(data_files(tmp_path / "out")) == 2


def test_files_without_rows_have_no_say(regroup, tmp_path):
    """pandas takes columns of an empty frame for numbers with a point, or for nothing at all."""
    tables = [pa.table({"n": pa.array([1], pa.int32())}),
              pa.table({"n": pa.array([2], pa.int64())}),
              pa.table({"n": pa.array([], pa.float64()), "m": pa.array([], pa.string())}),
              pa.table({"n": pa.array([3], pa.int32())})]
    lake(tmp_path / "in", tables + tables[2:3])
    outputs = united(regroup, tmp_path)
    assert check(tables, outputs).schema.types == [pa.int64()]


def test_why_strict_merges_less_is_said_to_those_who_ask(regroup, tmp_path):
    tables = [pa.table({"a": [1], "b": [2]}), pa.table({"b": [1], "a": [2]})]
    lake(tmp_path / "in", tables * 2)
    kinds = ("files of 2 kinds share no outputs, by their schemas or what key-values say of "
             "values: such as 0000.parquet, and 0001.parquet (--schema union unites schemas)")
    quiet = regroup("compact", tmp_path / "in", tmp_path / "quiet").must(0)
    told = regroup("compact", "-v", tmp_path / "in", tmp_path / "told").must(0)
    assert kinds not in quiet.err and kinds in told.err
    like = regroup("compact", "-v", tmp_path / "in", tmp_path / "united", "--schema", "union")
    assert "kinds share no outputs" not in like.must(0).err


def test_writers_mix(regroup, tmp_path, request):
    """Files of three writers, whose schemas differ in more than one way."""
    folder = tmp_path / "in"
    rows = 5000
    arrow = pa.table({"id": pa.array(range(rows), pa.int64()), "w": words(rows, 1),
                      "x": pa.array(numbers(rows, 1), pa.int32())})
    lake(folder, [arrow])
    polars.DataFrame({"w": words(rows, 2, False), "id": range(rows)}).write_parquet(
        folder / "0001.parquet")
    duckdb.sql(
        f"COPY (SELECT i::INTEGER AS id, 'd' || (i % 7) AS w, i::BIGINT << 33 AS x, i / 4 AS q "
        f"FROM range({rows}) t(i)) TO '{folder / '0002.parquet'}' (FORMAT parquet)")
    tables = [pq.read_table(path) for path in sorted(folder.iterdir())]
    check(tables, united(regroup, tmp_path), request)


def test_late_files_bring_columns(regroup, tmp_path):
    """A second run takes the first one's short output again, and what it lacks is null there."""
    first = pa.table({"a": pa.array([1, 2], pa.int32())})
    late = pa.table({"a": pa.array([2**35], pa.int64()), "b": ["x"]})
    lake(tmp_path / "in", [first, first])
    united(regroup, tmp_path)
    lake(tmp_path / "in", [late])
    outputs = united(regroup, tmp_path)
    check([first, first, late], outputs)


def test_in_place(regroup, tmp_path):
    tables = [pa.table({"a": [1, 2]}), pa.table({"a": [3], "b": ["x"]})]
    folder = tmp_path / "in"
    lake(folder, tables)
    regroup("compact", folder, "--in-place", "--schema", "union").must(0)
    check(tables, data_files(folder))


def test_memory_and_workers_change_no_byte(regroup, tmp_path):
    tables = nested_tables() * 3
    lake(tmp_path / "in", tables, **OPTIONS["by_turns"])
    homes = []
    for options in (["--jobs", "1"], ["--jobs", "4"], ["--memory", "64MiB"]):
        homes.append(tmp_path / f"out{len(homes)}")
        regroup("compact", tmp_path / "in", homes[-1], "--schema", "union",
                "--row-group-rows", "3000", *options).must(0)
    contents = [[path.read_bytes() for path in data_files(home)] for home in homes]
    assert contents[0] == contents[1] == contents[2] and len(contents[0]) > 0


def test_the_whole_job_is_verified(regroup, tmp_path):
    tables = nested_tables()
    lake(tmp_path / "in", tables)
    united(regroup, tmp_path, "--verify", "full")


def test_a_plan_unites_too(regroup, tmp_path):
    lake(tmp_path / "in", [pa.table({"a": [1]}), pa.table({"a": [2], "b": ["x"]})])
    home = tmp_path / "out"
    result = regroup("plan", tmp_path / "in", home, "--schema", "union").must(0)
    assert re.search(r"^\./ +2 +1 ", result.out, re.MULTILINE), result.out
