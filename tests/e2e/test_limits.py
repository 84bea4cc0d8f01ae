# SPDX-License-Identifier: Apache-2.0

"""Limits (docs/limits.md) that need whole files to be met."""

import os
import struct

import pyarrow as pa

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
