# SPDX-License-Identifier: Apache-2.0

"""The checks of these tests can fail: each is shown something wrong."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import compare
import raw
import readers
import strict
import tables

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


ORDERS = {
    "right": [("dictionary", list(range(100))), ("plain", list(range(100)))],
    "broken": [
        ("dictionary", list(range(100))),
        ("plain", list(range(100))),
        ("dictionary", list(range(100))),
    ],
}


@pytest.mark.parametrize("order", ORDERS)
def test_spark_reads_wrong_values_where_the_order_rule_is_broken(order, spark, tmp_path):
    """All others read both files right: only this reader tells whether an output keeps the rule."""
    path = tmp_path / f"{order}.parquet"
    values = raw.write_int32(path, list(range(1000, 1100)), ORDERS[order])
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
    raw.write_int32(path, list(range(100)), ORDERS["broken"])
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
