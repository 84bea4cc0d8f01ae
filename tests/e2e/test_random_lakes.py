# SPDX-License-Identifier: Apache-2.0

"""Random lakes (random_lakes.py), each with random options: what comes out is what went in.

LAKES says how many, LAKES_SEED with which they begin. A lake that fails stays in build/lakes, with
what was told to its writers and to the command; LAKES=1 LAKES_SEED=n makes it again.
"""

import json
import os
import random
import re
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import compare
import readers
import strict
from conftest import ROOT, data_files, live_files
from random_lakes import Lake

COUNT = int(os.environ.get("LAKES", "25"))
FIRST = int(os.environ.get("LAKES_SEED", "1"))
KEPT = ROOT / "build" / "lakes"
ID = b"PARQUET:field_id"
# An output that was taken again is in the number of its batch, and has the home's mark in its name.
BATCH = re.compile(rb"regroup\.batch.{0,4}[0-9a-f]{32}", re.DOTALL)


def random_options(draw, lake):
    def maybe(share, name, *values):
        if draw.random() < share:
            options.extend([name, draw.choice(values)])

    options = ["--schema", "union"] if lake.is_varied else []
    maybe(0.5, "--row-group-size", "4KiB", "20KiB", "100KiB")
    maybe(0.2, "--row-group-rows", "100", "1000")
    maybe(0.3, "--row-groups-per-file", "1", "2", "8")
    maybe(0.3, "--page-size", "1KiB", "10KiB", "64KiB")
    maybe(0.3, "--page-rows", "10", "1000")
    maybe(0.4, "--codec", "snappy", "zstd", "zstd:5", "gzip", "lz4_raw", "brotli", "none")
    maybe(0.35, "--encoding", "small")
    maybe(0.2, "--batch-size", "10KiB", "1")
    columns = pq.ParquetFile(lake.files[-1]).schema
    paths = [columns.column(i).path for i in range(len(columns))]
    maybe(0.3, "--bloom", ",".join(path for path in paths if draw.random() < 0.5) or "rid")
    return options


# What a column is in another schema.


def key_of(field, uses_ids):
    return (field.metadata or {}).get(ID) if uses_ids else field.name


def have_ids(kind_or_schema):
    """Whether all leaves and groups have one: then names do not count."""
    for field in kind_or_schema:
        if ID not in (field.metadata or {}):
            return False
        nested = field.type
        if pa.types.is_nested(nested):
            inner = [nested.field(i) for i in range(nested.num_fields)]
            if not pa.types.is_map(nested) and not have_ids(inner):
                return False
    return True


def widened(array, kind):
    """Floats as doubles, NaN bit by bit; everything else as Arrow does it."""
    if array.type != pa.float32() or kind != pa.float64():
        return array.cast(kind)
    mask = array.is_null().to_numpy(zero_copy_only=False)
    filled = pc.fill_null(array, pa.scalar(0, pa.float32()))
    narrow = np.array(filled.view(pa.uint32()).to_numpy(zero_copy_only=False), "u8")
    wide = np.array(filled.cast(kind).view(pa.uint64()).to_numpy(zero_copy_only=False), "u8")
    fraction = narrow & 0x7FFFFF
    is_nan = ((narrow & 0x7F800000) == 0x7F800000) & (fraction != 0)
    nans = (narrow & 0x80000000) << 32 | 0x7FF << 52 | fraction << 29
    wide[is_nan] = nans[is_nan]
    return pa.array(wide, pa.uint64(), mask=mask).view(kind)


def converted(array, kind, uses_ids):
    """`array` with its values and nulls, as a column of another type of the same values."""
    types = pa.types
    if array.type == kind:
        return array
    if types.is_dictionary(array.type):
        return converted(array.dictionary_decode(), kind, uses_ids)
    if types.is_dictionary(kind):
        return converted(array, kind.value_type, uses_ids).dictionary_encode().cast(kind)
    if types.is_null(array.type):
        return pa.nulls(len(array), kind)
    nulls = array.is_null()
    if types.is_struct(kind):
        places = {key_of(field, uses_ids): i for i, field in enumerate(array.type)}
        fields = [
            converted(array.field(places[key]), field.type, uses_ids)
            if (key := key_of(field, uses_ids)) in places
            else pa.nulls(len(array), field.type)
            for field in kind
        ]
        return pa.StructArray.from_arrays(fields, fields=list(kind), mask=nulls)
    if types.is_map(kind) or types.is_list(kind) or types.is_large_list(kind):
        return converted_list(array, kind, uses_ids)
    if types.is_duration(array.type) or types.is_duration(kind):
        return array.view(kind)
    return widened(array, kind)


def converted_list(array, kind, uses_ids):
    nulls = array.is_null()
    if pa.types.is_map(kind):
        entries = pa.struct([("key", array.type.key_type), ("value", array.type.item_type)])
        array = array.cast(pa.list_(entries))
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    values = array.flatten()
    if pa.types.is_map(kind):
        mask = np.append(nulls.to_numpy(zero_copy_only=False), False)
        offsets = pa.array(ends.astype("i4"), mask=mask)
        keys = converted(values.field("key"), kind.key_type, uses_ids)
        items = converted(values.field("value"), kind.item_type, uses_ids)
        return pa.MapArray.from_arrays(offsets, keys, items, type=kind)
    values = converted(values, kind.value_type, uses_ids)
    if pa.types.is_large_list(kind):
        return pa.LargeListArray.from_arrays(pa.array(ends), values, type=kind, mask=nulls)
    offsets = pa.array(ends.astype("i4"))
    return pa.ListArray.from_arrays(offsets, values, type=kind, mask=nulls)


# What an output must hold.


def pieces_of(rids, tables):
    """The slices of the inputs that these rows are."""
    starts = np.cumsum([0] + [table.num_rows for table in tables])
    at = 0
    while at < len(rids):
        number = int(np.searchsorted(starts, rids[at], "right")) - 1
        first = int(rids[at] - starts[number])
        most = min(len(rids) - at, tables[number].num_rows - first)
        same = rids[at : at + most] == np.arange(rids[at], rids[at] + most)
        length = most if same.all() else int(np.argmin(same))
        yield tables[number].slice(first, length)
        at += length


def wanted_table(schema, pieces):
    uses_ids = all(have_ids(known) for known in [schema, *[piece.schema for piece in pieces]])
    names = {key_of(field, uses_ids) for field in schema}
    columns = []
    for field in schema:
        parts = []
        for piece in pieces:
            assert {key_of(f, uses_ids) for f in piece.schema} <= names, "a column is gone"
            found = [c for f, c in zip(piece.schema, piece.columns)
                     if key_of(f, uses_ids) == key_of(field, uses_ids)]  # fmt: skip
            parts.append(
                converted(compare.as_one(found[0]), field.type, uses_ids)
                if found
                else pa.nulls(piece.num_rows, field.type)
            )
        columns.append(pa.concat_arrays(parts) if parts else pa.nulls(0, field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def check_values(outputs, tables, is_ordered):
    """Each row once, with its values. Answers with what each output must be."""
    seen = []
    wanted = []
    for path in outputs:
        table = pq.ParquetFile(path).read()
        rids = table["rid"].to_numpy()
        assert not is_ordered or (np.diff(rids) > 0).all(), f"{path.name}: rows out of order"
        seen.extend(rids.tolist())
        want = wanted_table(table.schema, list(pieces_of(rids, tables)))
        assert compare.difference(want, table) is None, path.name
        wanted.append(want)
    assert sorted(seen) == list(range(sum(table.num_rows for table in tables)))
    return wanted


def check_dictionaries(path, wanted):
    try:
        found = readers.with_pyarrow_dictionaries([path])
    except (pa.ArrowException, OSError, AttributeError):
        return  # reader-quirks.md
    for name, column in zip(found.column_names, found.columns):
        want = converted(compare.as_one(wanted[name]), column.type, False)
        assert compare.array_difference(want, compare.as_one(column), name) is None, path.name


def check_duckdb(path, wanted, scratch):
    """DuckDB reads the same as from a file that pyarrow made of the same rows."""
    plain = scratch / "plain.parquet"
    try:
        pq.write_table(wanted.replace_schema_metadata(), plain)
        left, right = (readers.with_duckdb([p]) for p in (plain, path))
    except Exception:
        return  # Types that DuckDB does not know: check_values() has seen them.
    # Some are told by annotations that pyarrow writes otherwise: times of UTC, INT96.
    names = [f.name for f in left.schema if f.type == right.schema.field(f.name).type]
    columns = pq.ParquetFile(path).schema
    if all(columns.column(i).physical_type != "INT96" for i in range(len(columns))):
        assert compare.difference(left.select(names), right.select(names)) is None, path.name


def read_by_spark(spark, path):
    """What its vectorised reader makes of a file; None where it cannot read it."""
    try:
        return spark.read([path])
    except Exception:
        return None


def check_spark(spark, path, wanted, files, scratch):
    """Spark reads the same as from a file that pyarrow made of the same rows."""
    found = read_by_spark(spark, path)
    if found is None:
        # It comes without brotli; the rest are types: wide decimals, times, halves.
        group = pq.ParquetFile(path).metadata.row_group(0)
        codecs = {group.column(i).compression for i in range(group.num_columns)}
        is_known = "BROTLI" not in codecs and all(
            read_by_spark(spark, file) is not None for file in files
        )
        assert not is_known, f"Spark reads the inputs, but not {path.name}"
        return
    plain = scratch / "plain.parquet"
    try:
        pq.write_table(wanted.replace_schema_metadata(), plain)
    except pa.ArrowException:
        return
    right = read_by_spark(spark, plain)
    if right is None:
        return
    # Some are told by annotations that pyarrow writes otherwise, as times of UTC.
    names = [f.name for f in right.schema if f.type == found.schema.field(f.name).type]
    assert compare.difference(right.select(names), found.select(names)) is None, path.name


def has_right_statistics(path):
    """pyarrow counts nulls below structs wrong at times: such a file proves nothing of ours."""
    file = strict.File(path)
    try:
        for group, entry in enumerate(file.footer[4]):
            for index in range(len(entry[1])):
                strict.Chunk(file, group, index).check_values()
    except (strict.Wrong, ValueError, IndexError):
        return False
    return True


def check_lake(regroup, lake, folder, options, spark):
    tables = [pq.ParquetFile(path).read() for path in lake.files]
    home = folder / "out"
    regroup("compact", folder / "in", home, *options).must(0)
    outputs = live_files(regroup, home)
    # Outputs of different schemas that later ones bring together follow each other whole.
    is_ordered = not lake.is_varied or "--batch-size" not in options
    wanted = check_values(outputs, tables, is_ordered)
    regroup("verify", folder / "in", home).must(0)
    if all(has_right_statistics(path) for path in lake.files):
        for path in outputs:
            strict.check(path)
    for path, want in list(zip(outputs, wanted))[:3]:
        check_dictionaries(path, want)
        check_duckdb(path, want, folder)
    for path, want in list(zip(outputs, wanted))[:1]:
        check_spark(spark, path, want, lake.files, folder)
    again = folder / "again"
    result = regroup("compact", folder / "in", again, *options, "--memory", "256MiB", "--jobs", "3")
    result.must(0)
    bodies = [BATCH.sub(b"", path.read_bytes()) for path in outputs]
    assert [BATCH.sub(b"", path.read_bytes()) for path in live_files(regroup, again)] == bodies
    regroup("compact", "--in-place", folder / "in", *options, "--all", "--verify", "full").must(0)
    check_values(data_files(folder / "in"), tables, is_ordered=False)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_a_random_lake(seed, regroup, tmp_path, spark):
    try:
        lake = Lake(seed, tmp_path / "in")
    except pa.ArrowException as problem:
        pytest.skip(f"pyarrow cannot write this and read it back: {problem}")
    shutil.copytree(tmp_path / "in", tmp_path / "kept")
    options = random_options(random.Random(f"{seed} options"), lake)
    try:
        check_lake(regroup, lake, tmp_path, options, spark)
    except BaseException:
        kept = KEPT / str(seed)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(tmp_path / "kept", kept)
        told = {"seed": seed, "options": options, "files": lake.told}
        (kept / "told.json").write_text(json.dumps(told, indent=1, default=str))
        raise
    shutil.rmtree(tmp_path)
