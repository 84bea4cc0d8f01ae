# SPDX-License-Identifier: Apache-2.0

"""Limits (docs/limits.md) that need whole files to be met."""

import os
import shutil
import struct

import pyarrow as pa
import pyarrow.parquet as pq

import raw
import thrift
import writer
from conftest import live_files
from thrift import Small
from kinds import BYTE_ARRAY, RLE, RLE_DICTIONARY


def long_list(path, count):
    """One row: a list of `count` equal strings, in one page of three runs."""
    levels = b""
    for runs in ([(1, 0), (count - 1, 1)], [(count, 3)]):
        encoded = b"".join(thrift.varint(length << 1) + bytes([level]) for length, level in runs)
        levels += struct.pack("<I", len(encoded)) + encoded
    data = levels + b"\x01" + thrift.varint(count << 1) + b"\0"
    how = Small(RLE)
    column = writer.Column(BYTE_ARRAY, 3, 1)
    column.dictionary([b"v"])
    column.add(0, data, len(data), {5: {1: Small(count), 2: Small(RLE_DICTIONARY), 3: how, 4: how}})
    column.count = count
    column.encodings.add(RLE_DICTIONARY)
    writer.write(path, pa.table({"x": [["v"]]}), [column])


def test_a_list_of_files_is_not_too_long(regroup, tmp_path):
    (tmp_path / "in").mkdir()
    names = tmp_path / "names"
    names.touch()
    os.truncate(names, (1 << 30) + 1)
    result = regroup("compact", tmp_path / "in", tmp_path / "home", "--files-from", names,
                     "--memory", "8GiB")
    assert "larger than 1073741824 bytes" in result.must(2).err


def test_columns_of_bloom_and_order_have_room_in_the_ledger(regroup, tmp_path):
    """They are in a line of each record; one that is too long could never be read again."""
    source, home = tmp_path / "in", tmp_path / "home"
    source.mkdir()
    for number in range(2):
        pq.write_table(pa.table({"a": [number]}), source / f"{number}.parquet")
    names = [f"c{number:03}{'x' * 123}" for number in range(256)]
    result = regroup("compact", source, home, "--bloom", ",".join(names) + "12")
    assert "--bloom: its names take 32769 bytes" in result.must(2).err
    assert not home.exists()
    result = regroup("compact", source, home, "--order", "col:" + "x" * 8189)
    assert "--order: its names take 8193 bytes" in result.must(2).err
    # The longest; together with a path of which each byte is written as six.
    partition = "k=1"
    for _ in range(11):
        partition += "/k=" + "\x01" * 249
    partition += "/k=" + "\x01" * (2999 - len(partition) - 3)
    (source / partition).mkdir(parents=True)
    for number in range(2):
        shutil.copy(source / f"{number}.parquet", source / partition)
    longest = ["--bloom", ",".join(names) + "1", "--order", "path,col:" + "x" * 8183]
    for _ in range(2):
        regroup("compact", source, home, *longest).must(0)
        assert len(live_files(regroup, home)) == 2
    regroup("gc", home).must(0)


def test_an_output_chunk_has_no_more_values_than_readers_count(regroup, tmp_path):
    """Nine rows, 2.4 thousand million values, two KiB."""
    source = tmp_path / "in"
    source.mkdir()
    for number in range(9):
        long_list(source / f"{number}.parquet", 1 << 28)
    regroup("compact", source, tmp_path / "home").must(0)
    [output] = live_files(regroup, tmp_path / "home")
    footer, _ = raw.footer_of(output.read_bytes())
    counts = [group[1][0][3][5] for group in footer[4]]
    assert max(counts) < 1 << 31
    assert sum(counts) == 9 << 28
    assert len(counts) == 2
