# SPDX-License-Identifier: Apache-2.0

"""LIST and MAP as old writers shaped them (shapes.py): alone, among their like, and among new ones.
Each reader that reads the inputs reads the same rows, in the same order, from what they became."""

import os
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import raw
import readers
import shapes
import strict
from conftest import data_files

ROWS = 300
READ = {"pyarrow": readers.with_pyarrow, "duckdb": readers.with_duckdb}
EVERY = {**shapes.OLD, **{f"new {kind}": shape for kind, shape in shapes.NEW.items()}}
# Who cannot read a shape that is legal, or was.
BLIND = {("pyarrow", "map of optional keys"), ("duckdb", "MAP_KEY_VALUE")}
# Lists of structs of one field: DuckDB takes the struct for a level in between.
ONE_FIELD = ("array of one field", "x_tuple of one field")


def lake(folder, names):
    """A file for each name of a shape, each newer than the one before; their rows."""
    folder.mkdir()
    made = []
    for place, name in enumerate(names):
        path = folder / f"{place}.parquet"
        made.append(shapes.write(path, EVERY[name], place * ROWS, ROWS - 10 * place, place))
        os.utime(path, (1_700_000_000 + place, 1_700_000_000 + place))
    return made


def read_each(read, paths):
    """All rows, file by file: inputs and outputs may differ in what they call inner levels."""
    return [row for path in paths for row in read([path]).to_pylist()]


def compacted(regroup, source, home, *options):
    regroup("compact", source, home, *options).must(0)
    regroup("verify", source, home).must(0)
    return data_files(home)


def check(names, made, outputs, order=None, spark=None):
    """`order`: of the inputs in the outputs, where that is not their own."""
    blind = {reader for reader, name in BLIND if name in names}
    wanted = [row for place in order or range(len(made)) for row in made[place]]
    for path in outputs:
        strict.check(path)
    source = outputs[0].parent.parent / "in"
    inputs = [source / f"{place}.parquet" for place in order or range(len(made))]
    for name, read in READ.items():
        if name not in blind:
            assert read_each(read, outputs) == read_each(read, inputs), name
    # What the rows were made of, by a reader that takes every shape as the format says.
    reader = "duckdb" if "pyarrow" in blind else "pyarrow"
    assert read_each(READ[reader], outputs) == wanted
    if spark is not None:
        assert read_with(spark, outputs) == read_with(spark, inputs)


def read_with(spark, paths):
    """None where Spark does not read the inputs."""
    try:
        return [row for path in paths for row in spark.read([path]).to_pylist()]
    except Exception:
        return None


@pytest.mark.parametrize("name", EVERY)
def test_the_files_of_these_tests_are_what_they_should_be(name, tmp_path):
    path = tmp_path / "x.parquet"
    made = shapes.write(path, EVERY[name], 5, ROWS, 1)
    for reader, read in READ.items():
        if (reader, name) in BLIND:
            with pytest.raises((pa.ArrowInvalid, duckdb.IOException)):
                read([path])
        elif reader == "duckdb" and name in ONE_FIELD:
            assert read([path]).to_pylist() != made
        else:
            assert read([path]).to_pylist() == made


@pytest.mark.parametrize("name", EVERY)
def test_alone(name, regroup, tmp_path):
    made = lake(tmp_path / "in", [name])
    outputs = compacted(regroup, tmp_path / "in", tmp_path / "home")
    assert len(outputs) == 1
    check([name], made, outputs)


@pytest.mark.parametrize("mode", ["strict", "union"])
@pytest.mark.parametrize("name", EVERY)
def test_among_its_like(name, mode, regroup, tmp_path, spark):
    names = [name] * 4
    made = lake(tmp_path / "in", names)
    outputs = compacted(regroup, tmp_path / "in", tmp_path / "home", "--schema", mode)
    assert len(outputs) == 1
    check(names, made, outputs, spark=spark)
    # The schema is the inputs' own.
    (output, _), (source, _) = (
        raw.footer_of(path.read_bytes()) for path in (outputs[0], tmp_path / "in/0.parquet")
    )
    assert output[2] == source[2]
    assert len(output[4]) == 1


# Old shapes that are lists or maps of the same levels as the new ones of their kind.
UNITED = ("bag.array_element", "list.item", "list.element, never null",
          "bag.array_element of structs", "map", "map.map", "MAP_KEY_VALUE",
          "map of other names")  # fmt: skip
TURNS = {"the new one is newest": (0, 1, 0, 1), "the old one is newest": (1, 0, 1, 0)}


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize("name", shapes.OLD)
def test_among_new_ones_united(name, turns, regroup, tmp_path, spark):
    new = f"new {EVERY[name].kind}"
    names = [(name, new)[turn] for turn in TURNS[turns]]
    made = lake(tmp_path / "in", names)
    outputs = compacted(regroup, tmp_path / "in", tmp_path / "home", "--schema", "union")
    assert len(outputs) == (1 if name in UNITED else 2)
    check(names, made, outputs, None if name in UNITED else (0, 2, 1, 3), spark)


@pytest.mark.parametrize("name", shapes.OLD)
def test_among_new_ones_apart(name, regroup, tmp_path):
    names = [name, f"new {EVERY[name].kind}"] * 2
    made = lake(tmp_path / "in", names)
    outputs = compacted(regroup, tmp_path / "in", tmp_path / "home", "--schema", "strict")
    assert len(outputs) == 2
    check(names, made, outputs, (0, 2, 1, 3))


def structs_of(repeated, *fields):
    """LIST { repeated group <repeated> { <fields> } }, of which rows may have more than that."""
    shape = shapes.two_level("structs", shapes.Node(repeated, shapes.REPEATED, *fields))
    names = [field.name for field in fields]
    shape.place = lambda row: {repeated: [{name: one[name] for name in names} for one in row]}
    return shape, names


@pytest.mark.parametrize("turn", [False, True])
def test_fields_of_structs_in_two_levels_come_and_go(turn, regroup, tmp_path):
    """They go by their names, wherever they stand."""
    a, b = shapes.number("a", shapes.REQUIRED), shapes.text("b", shapes.OPTIONAL)
    kinds = [structs_of("array", a), structs_of("element", b, a), structs_of("x_tuple", a, b)]
    source = tmp_path / "in"
    source.mkdir()
    wanted = []
    for place, (shape, names) in enumerate(reversed(kinds) if turn else kinds):
        path = source / f"{place}.parquet"
        rows = shapes.write(path, shape, place * ROWS, ROWS, place)
        os.utime(path, (1_700_000_000 + place, 1_700_000_000 + place))
        for row in rows:
            row["x"] = row["x"] and [
                {name: one[name] if name in names else None for name in "ab"} for one in row["x"]
            ]
        wanted += rows
    [output] = compacted(regroup, source, tmp_path / "home", "--schema", "union")
    strict.check(output)
    for name, read in READ.items():
        assert read([output]).to_pylist() == wanted, name


@pytest.mark.parametrize("turns", TURNS)
def test_map_key_value_spreads_to_no_other_file(turns, regroup, tmp_path):
    """DuckDB reads no such map; it reads an output if it read one of the inputs."""
    names = [("MAP_KEY_VALUE", "map")[turn] for turn in TURNS[turns]]
    for mode in ("strict", "union"):
        made = lake(tmp_path / f"in {mode}", names)
        outputs = compacted(regroup, tmp_path / f"in {mode}", tmp_path / mode, "--schema", mode)
        wanted = [rows for name, rows in zip(names, made) if mode == "union" or name == "map"]
        read = [path for path in outputs if is_read(READ["duckdb"], path)]
        assert read_each(READ["duckdb"], read) == sum(wanted, [])
        assert len(outputs) == (1 if mode == "union" else 2)


def is_read(read, path):
    try:
        read([path])
    except (pa.ArrowException, duckdb.Error):
        return False
    return True


@pytest.mark.parametrize("kind", shapes.NEW)
def test_all_of_a_kind_united(kind, regroup, tmp_path):
    """Every shape twice; which of them go together makes no difference to the rows."""
    names = [name for name, shape in EVERY.items() if shape.kind == kind] * 2
    made = lake(tmp_path / "in", names)
    outputs = compacted(regroup, tmp_path / "in", tmp_path / "home", "--schema", "union")
    assert len(outputs) < len(names) / 2 or len(names) <= 4
    wanted = sorted((row for rows in made for row in rows), key=lambda row: row["id"])
    found = []
    for path in outputs:
        strict.check(path)
        reader = "pyarrow" if is_read(READ["pyarrow"], path) else "duckdb"
        found += READ[reader]([path]).to_pylist()
    assert sorted(found, key=lambda row: row["id"]) == wanted


def arrow_table(seed):
    count = 500 + 100 * seed
    return pa.table({
        "list": pa.array([None if i % 7 == 0 else [i, None, seed][: i % 4] for i in range(count)],
                         pa.list_(pa.int64())),
        "deep": pa.array([[[f"{i}"], None, []][: i % 4] for i in range(count)],
                         pa.list_(pa.list_(pa.string()))),
        "structs": pa.array([[{"a": i, "m": [("k", [i])]}] * (i % 3) for i in range(count)],
                            pa.list_(pa.struct([("a", pa.int64()),
                                                ("m", pa.map_(pa.string(),
                                                              pa.list_(pa.int64())))]))),
    })  # fmt: skip


@pytest.mark.parametrize("mode", ["strict", "union"])
def test_list_item_of_arrow(mode, regroup, tmp_path, spark):
    """Until version 11 pyarrow called elements "item", and still can."""
    source = tmp_path / "in"
    source.mkdir()
    tables = [arrow_table(seed) for seed in range(4)]
    for place, table in enumerate(tables):
        path = source / f"{place}.parquet"
        pq.write_table(table, path, use_compliant_nested_type=place % 2 == 1)
        os.utime(path, (1_700_000_000 + place, 1_700_000_000 + place))
    outputs = compacted(regroup, source, tmp_path / "home", "--schema", mode)
    assert len(outputs) == (1 if mode == "union" else 2)
    order = range(4) if mode == "union" else (0, 2, 1, 3)
    wanted = [row for place in order for row in tables[place].to_pylist()]
    for read in (*READ.values(), spark.read):
        assert read_each(read, outputs) == wanted


# Files of other projects that have such shapes.
FOREIGN = (
    "parquet-testing/data/old_list_structure.parquet",
    "parquet-testing/data/repeated_primitive_no_list.parquet",
    "parquet-testing/data/nullable.impala.parquet",
    "parquet-testing/data/nonnullable.impala.parquet",
    "parquet-testing/data/null_list.parquet",
    "parquet-testing/data/list_columns.parquet",
    "parquet-dotnet/src/Parquet.Test/data/legacy_primitives_collection_arrays.parquet",
    "parquet-dotnet/src/Parquet.Test/data/legacy-list-onearray.parquet",
    "parquet-dotnet/src/Parquet.Test/data/special/legacy-list.parquet",
    "parquet-dotnet/src/Parquet.Test/data/delta.checkpoint.parquet",
    "parquet-go/testdata/small.parquet",
    "hyparquet/test/files/duckdb2557.parquet",
    "hyparquet/test/files/duckdb5533.parquet",
    "hyparquet/test/files/issue23.parquet",
    "hyparquet/test/files/adam_genotypes.parquet",
)


@pytest.mark.parametrize("mode", ["strict", "union"])
@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_other_projects(name, mode, regroup, corpora, tmp_path):
    """Three times the same file in one output. Null counts are what each file says, and some leave
    out what an empty list leaves behind: no strict.check() here."""
    path = corpora / name
    if not path.exists():
        pytest.skip(f"no {name} in these corpora")
    source = tmp_path / "in"
    source.mkdir()
    for place in range(3):
        shutil.copy(path, source / f"{place}.parquet")
    outputs = compacted(regroup, source, tmp_path / "home", "--schema", mode)
    assert len(outputs) == 1
    read_by = 0
    for read in READ.values():
        if is_read(read, path):
            # NaN is not equal to itself, but is written like itself.
            assert repr(read(outputs).to_pylist()) == repr(read([path]).to_pylist() * 3)
            read_by += 1
    assert read_by > 0
