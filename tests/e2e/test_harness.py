# SPDX-License-Identifier: Apache-2.0

"""The checks of these tests can fail: each is shown something wrong."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import compare
import raw
import readers
import strict
import tables
import thrift
import writer
from conftest import ROOT
from kinds import INT32, PLAIN, RLE_DICTIONARY

EVERY_GROUP = tuple(tables.GROUPS)


def test_equal_tables_do_not_differ():
    left = tables.make(EVERY_GROUP, 200)
    right = pa.concat_tables([left.slice(0, 77), left.slice(77)])
    assert compare.difference(left, right) is None


@pytest.mark.parametrize("group", EVERY_GROUP)
def test_rows_in_another_order_differ(group):
    left = tables.make((group,), 200)
    swapped = pa.concat_tables([left.slice(100), left.slice(0, 100)])
    alike = ("never", "never_text", "constant", "file_constant", "only_nan")
    for name in left.column_names:
        if name not in alike:
            assert compare.difference(left.select([name]), swapped.select([name])), name


def bits(*patterns):
    return pa.table({"x": pa.array(np.array(patterns, dtype=np.uint64).view(np.float64))})


def test_a_nan_with_another_payload_differs():
    assert compare.difference(bits(0x7FF8000000000000), bits(0x7FF8000000000001))


def test_the_other_zero_differs():
    assert compare.difference(bits(0), bits(1 << 63))


@pytest.mark.parametrize(
    "left, right",
    [
        ([[1], None], [[1], []]),
        ([[1, None]], [[1, 0]]),
        ([[1], [2]], [[1, 2], []]),
        ([{"a": None}], [None]),
        ([{"a": 1}, {"a": None}], [{"a": 1}, {"a": 2}]),
    ],
    ids=str,
)
def test_nesting_that_differs_is_seen(left, right):
    kind = pa.list_(pa.int32()) if isinstance(left[0], list) else pa.struct([("a", pa.int32())])
    assert compare.difference(
        pa.table({"x": pa.array(left, kind)}), pa.table({"x": pa.array(right, kind)})
    )


ENTRIES, OTHERS = list(range(1000, 1100)), list(range(100))
ORDERS = {
    "right": [(RLE_DICTIONARY, ENTRIES), (PLAIN, OTHERS)],
    "broken": [(RLE_DICTIONARY, ENTRIES), (PLAIN, OTHERS), (RLE_DICTIONARY, ENTRIES)],
}


@pytest.mark.parametrize("order", ORDERS)
def test_spark_reads_wrong_values_where_the_order_rule_is_broken(order, spark, tmp_path):
    """All others read both files right: only this reader tells whether an output keeps the rule."""
    path = tmp_path / f"{order}.parquet"
    writer.write_flat(path, INT32, ORDERS[order], ENTRIES)
    values = [value for _, page in ORDERS[order] for value in page]
    for read in (readers.with_pyarrow, readers.with_duckdb, readers.with_polars):
        assert read([path])["x"].to_pylist() == values
    assert (spark.read([path])["x"].to_pylist() == values) is (order == "right")


def test_spark_reads_files_of_the_corpora_wrong(spark, corpora):
    """The same with files of several types and page versions that were made elsewhere."""
    broken = sorted((corpora / "readers").glob("o_P*_D*.parquet"))
    if not broken:
        pytest.skip("no files that break the order rule in these corpora")
    wrong = [
        path
        for path in broken
        if compare.difference(spark.read([path]), readers.with_duckdb([path]))
    ]
    assert wrong


def test_the_page_walk_sees_a_broken_order(tmp_path):
    path = tmp_path / "broken.parquet"
    writer.write_flat(path, INT32, ORDERS["broken"], ENTRIES)
    file = strict.File(path)
    with pytest.raises(strict.Wrong, match="order rule"):
        strict.Chunk(file, 0, 0)._check_order()


def test_the_page_walk_sees_a_flipped_bit(tmp_path):
    path = tmp_path / "crc.parquet"
    pq.write_table(pa.table({"x": range(1000)}), path, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    with pytest.raises(strict.Wrong, match="CRC"):
        strict.Chunk(strict.File(path), 0, 0)


def test_statistics_that_lie_are_seen(tmp_path):
    path = tmp_path / "lie.parquet"
    pq.write_table(
        pa.table({"x": [7_000_001] * 50 + [5]}), path, use_dictionary=False, compression="none"
    )
    assert strict.statistics_problem(path) is None
    data = path.read_bytes()
    value = (7_000_001).to_bytes(8, "little")
    # Two in a row are values of the page; bounds stand alone.
    path.write_bytes(data.replace(value + value, (7_000_999).to_bytes(8, "little") * 2, 1))
    assert "bounds" in strict.statistics_problem(path)


def lying_file(path):
    """A file whose metadata a test can make lie: pages, an index, bloom filters, NaN, nulls."""
    table = pa.table(
        {
            "n": pa.array([None if i % 7 == 0 else i for i in range(3000)], pa.int64()),
            "f": pa.array([0.0, float("nan"), 2.5] * 1000),
            "s": [f"word {i % 50}" for i in range(3000)],
            "u": pa.array([2**32 - 1 - i for i in range(3000)], pa.uint32()),
            "l": [["a"] * (i % 3) for i in range(3000)],
        }
    )
    pq.write_table(
        table,
        path,
        data_page_size=2000,
        write_batch_size=500,
        write_page_index=True,
        bloom_filter_options={"s": {"ndv": 50}, "n": {"ndv": 3000}},
    )

    def drop_deprecated(footer):
        for column in range(len(table.column_names)):
            for field in (1, 2):
                statistics_of(footer, column).pop(field, None)

    raw.edit_footer(path, drop_deprecated)
    return path


def statistics_of(footer, column):
    return footer[4][0][1][column][3][12]


def sizes_of(footer, column):
    return footer[4][0][1][column][3][16]


def number(value):
    return value.to_bytes(8, "little")


LIES = {
    "null_count": (0, "null_count", lambda f: statistics_of(f, 0).update({3: 5})),
    "upper bound": (0, "bounds", lambda f: statistics_of(f, 0).update({5: number(2998)})),
    "lower bound": (0, "bounds", lambda f: statistics_of(f, 0).update({6: number(2)})),
    "loose but exact": (0, "is no value", lambda f: statistics_of(f, 0).update({5: number(3009)})),
    "distinct_count": (0, "distinct", lambda f: statistics_of(f, 0).update({4: 3})),
    "deprecated": (0, "deprecated", lambda f: statistics_of(f, 0).update({1: number(1)})),
    "positive zero": (1, "zero", lambda f: statistics_of(f, 1).update({6: bytes(8)})),
    "nan_count": (1, "nan_count", lambda f: statistics_of(f, 1).update({9: 999})),
    "NaN as bound": (1, "NaN", lambda f: statistics_of(f, 1).update({5: b"\xff" * 8})),
    "unsigned": (3, "bounds", lambda f: statistics_of(f, 3).update({5: b"\xff\xff\xff\x7f"})),
    "no order": (2, "no order", lambda f: f[2][3].update({10: {17: {}}, 6: None})),
    "text": (2, "bounds", lambda f: statistics_of(f, 2).update({5: b"word 8"})),
    "unencoded bytes": (2, "unencoded", lambda f: sizes_of(f, 2).update({1: 5})),
    "histogram": (4, "histogram", lambda f: sizes_of(f, 4).update({3: [1000, 0, 0, 3000]})),
}


@pytest.mark.parametrize("lie", LIES)
def test_metadata_that_lie_are_seen(lie, tmp_path):
    column, match, change = LIES[lie]
    path = lying_file(tmp_path / "x.parquet")

    def change_and_drop(footer):
        change(footer)
        for element in footer[2]:
            if element.get(6, 0) is None:
                del element[6]

    # As written all is right, as far as the values go.
    for number_of in range(5):
        strict.Chunk(strict.File(path), 0, number_of).check_values()
    raw.edit_footer(path, change_and_drop)
    with pytest.raises(strict.Wrong, match=match):
        strict.Chunk(strict.File(path), 0, column).check_values()


def test_a_bloom_filter_without_a_value_is_seen(tmp_path):
    path = lying_file(tmp_path / "x.parquet")
    file = strict.File(path)
    bloom = file.footer[4][0][1][0][3][14]
    data = bytearray(file.data)
    # Behind its header, whichever block it is: 3,000 values use them all.
    data[bloom + 100 : bloom + 132] = bytes(32)
    path.write_bytes(data)
    with pytest.raises(strict.Wrong, match="bloom filter does not have"):
        strict.Chunk(strict.File(path), 0, 0).check_values()


@pytest.mark.parametrize("change", ["bound", "order"])
def test_a_column_index_that_lies_is_seen(change, tmp_path):
    path = lying_file(tmp_path / "x.parquet")
    file = strict.File(path)
    entry = file.footer[4][0][1][0]
    index = thrift.Reader(file.data, entry[6]).struct()
    if change == "bound":
        index[3][1] = number(501)
    else:
        index[4] = thrift.Small(2)
    encoded = thrift.emit(index)
    assert len(encoded) <= entry[7]
    path.write_bytes(file.data[: entry[6]] + encoded + file.data[entry[6] + len(encoded) :])
    with pytest.raises(strict.Wrong, match="column index" if change == "bound" else "boundary"):
        strict.Chunk(strict.File(path), 0, 0).check_values()


def test_the_rules_of_metadata_name_tests_that_are_there():
    text = (ROOT / "docs" / "metadata-rules.md").read_text()
    named = re.findall(r"`(e2e|[a-z]+/[a-z_]+): ([a-z_0-9]+)`", text)
    assert len(named) > 60
    ends = "".join(path.read_text() for path in sorted((ROOT / "tests" / "e2e").glob("test_*.py")))
    for where, name in named:
        if where == "e2e":
            assert f"def {name}(" in ends, name
            continue
        folder, file = where.split("/")
        code = (ROOT / "tests" / "unit" / folder / f"test_{file}.c").read_text()
        assert f"TEST({name})" in code, f"{where}: {name}"
