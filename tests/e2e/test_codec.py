# SPDX-License-Identifier: Apache-2.0

"""What --codec does to sizes: kept, small pages are spliced; named, they are compressed as one."""

import random

import pyarrow as pa
import pyarrow.parquet as pq

import readers
from conftest import data_files


def test_a_named_codec_compresses_what_is_joined_as_one(regroup, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    digits = random.Random(1)
    for number in range(60):
        keys = [f"{digits.getrandbits(128):032x}" for _ in range(200)]
        path = source / f"{number:03}.parquet"
        pq.write_table(pa.table({"key": keys}), path)
    sizes = {}
    for codec in ("keep", "snappy"):
        home = tmp_path / codec
        regroup("compact", source, home, "--codec", codec).must(0)
        (path,) = data_files(home)
        assert readers.with_pyarrow([path]).equals(readers.with_pyarrow(data_files(source)))
        assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "SNAPPY"
        sizes[codec] = pq.ParquetFile(path).metadata.row_group(0).column(0).total_compressed_size
    assert sizes["snappy"] < sizes["keep"] * 0.98


def test_sorted_repeats_of_short_files_are_compressed(regroup, tmp_path):
    """Source pages of 700 rows show the codec nothing; joined, their indices repeat."""
    source = tmp_path / "source"
    source.mkdir()
    for number in range(60):
        first = number * 700
        at = pa.array([(first + row) // 15 for row in range(700)], pa.timestamp("ms"))
        pq.write_table(pa.table({"at": at}), source / f"{number:03}.parquet")
    regroup("compact", source, tmp_path / "home").must(0)
    (path,) = data_files(tmp_path / "home")
    assert readers.with_pyarrow([path]).equals(readers.with_pyarrow(data_files(source)))
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(0)
    assert chunk.total_compressed_size < chunk.total_uncompressed_size * 0.7


def test_an_order_by_a_column_that_is_not_there_is_said(regroup, source, home):
    result = regroup("compact", source, home, "--order", "col:idd:desc,size,col:id,path").must(0)
    assert "--order names idd, a column that no output has" in result.err
    assert result.err.count("no output has") == 1


def test_a_bloom_filter_for_a_column_that_is_not_there_is_said(regroup, source, home):
    result = regroup("compact", source, home, "--bloom", "id,idd").must(0)
    assert "--bloom names idd, a column that no output has" in result.err
    assert "names id," not in result.err
    (path,) = data_files(home)
    chunk = regroup("inspect", path, "--json").must(0).out
    assert '"bloom_filter' in chunk
