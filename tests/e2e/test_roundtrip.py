# SPDX-License-Identifier: Apache-2.0

"""Every lake, compacted, holds for every reader what that reader sees in the inputs: each value,
in order."""

import pyarrow.parquet as pq
import pytest

import compare
import lakes
import readers
import strict

READERS = {
    "pyarrow": readers.with_pyarrow,
    "pyarrow_dictionaries": readers.with_pyarrow_dictionaries,
    "duckdb": readers.with_duckdb,
    "polars": readers.with_polars,
}
# Lakes that are compacted with each of the option sets below as well.
VARIED = [
    "arrow",
    "arrow_nested",
    "arrow_tail",
    "arrow_mixed",
    "arrow_mixed_nested",
    "polars",
    "duckdb",
]
VARIATIONS = {
    "small_groups": ("--row-group-size", "100KiB", "--row-groups-per-file", "2"),
    "few_rows": ("--row-group-rows", "2000"),
    "small_pages": ("--page-size", "4KiB", "--page-rows", "500"),
    "zstd": ("--codec", "zstd:3"),
    "gzip": ("--codec", "gzip:5"),
    "lz4_raw": ("--codec", "lz4_raw"),
    "snappy": ("--codec", "snappy"),
    "none": ("--codec", "none"),
    "small": ("--encoding", "small"),
    "small_zstd": ("--encoding", "small", "--codec", "zstd:3"),
    "small_small_pages": ("--encoding", "small", "--page-size", "4KiB", "--page-rows", "500"),
    "bloom": ("--bloom", "id,key,double_price,float_null,date,ts_us,decimal18_null,word,text"),
    "full": ("--verify", "full"),
}
CASES = [(name, "default") for name in lakes.LAKES] + [
    (name, variation) for variation in VARIATIONS for name in VARIED
]


def options_of(variation):
    return () if variation == "default" else VARIATIONS[variation]


def read_by(reader, name, request):
    if reader in lakes.LAKES[name].not_read_by:
        pytest.skip(f"{reader} cannot read the inputs of {name}")
    return request.getfixturevalue("spark").read if reader == "spark" else READERS[reader]


@pytest.mark.parametrize("name, variation", CASES)
def test_outputs_keep_the_format(name, variation, compacted):
    inputs, outputs = compacted(name, *options_of(variation))
    assert 0 < len(outputs) < len(inputs) or variation != "default"
    for path in outputs:
        strict.check(path)
        if "pyarrow" not in lakes.LAKES[name].not_read_by:
            assert strict.statistics_problem(path) is None


@pytest.mark.parametrize("reader", [*READERS, "spark"])
@pytest.mark.parametrize("name, variation", CASES)
def test_values_in_order(name, variation, reader, compacted, request):
    read = read_by(reader, name, request)
    inputs, outputs = compacted(name, *options_of(variation))
    assert compare.difference(read(inputs), read(outputs)) is None


@pytest.mark.parametrize("name", lakes.LAKES)
def test_verify_agrees(name, compacted, regroup):
    inputs, outputs = compacted(name)
    regroup("verify", inputs[0].parent, outputs[0].parent).must(0)


@pytest.mark.parametrize("name", ["arrow", "arrow_nested", "polars", "duckdb"])
def test_types_and_names_are_kept(name, compacted):
    """The Arrow schema with its logical types, and the annotations below it."""
    inputs, outputs = compacted(name)
    wanted = pq.ParquetFile(inputs[0])
    for path in outputs:
        file = pq.ParquetFile(path)
        assert file.schema_arrow.equals(wanted.schema_arrow)
        # Its first line has the object's address.
        assert str(file.schema).split("\n")[1:] == str(wanted.schema).split("\n")[1:]


@pytest.mark.parametrize("codec", ["zstd", "gzip", "lz4_raw", "snappy", "none"])
def test_the_codec_asked_for_is_used(codec, compacted):
    names = {"none": "UNCOMPRESSED", "lz4_raw": "LZ4"}
    _, outputs = compacted("arrow", *VARIATIONS[codec])
    for path in outputs:
        group = pq.ParquetFile(path).metadata.row_group(0)
        used = {group.column(i).compression for i in range(group.num_columns)}
        assert used == {names.get(codec, codec.upper())}


def test_row_groups_are_capped_by_rows(compacted):
    inputs, outputs = compacted("arrow", *VARIATIONS["few_rows"])
    rows = [
        pq.ParquetFile(path).metadata.row_group(i).num_rows
        for path in outputs
        for i in range(pq.ParquetFile(path).num_row_groups)
    ]
    assert sum(rows) == lakes.FILES * lakes.ROWS
    assert max(rows) <= 2000
    assert len(rows) < len(inputs)
