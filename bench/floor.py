# SPDX-License-Identifier: Apache-2.0

"""What no merger of pages can go below: decompressing and recompressing what had to change.

Which columns had to change, and how much of each, is what regroup's report tells. Only the calls of
the codec are timed, on the very pages of the inputs; a sample of the files stands for all.
"""

import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "e2e"))

import thrift

FILES_MAX = 200
UNCHANGED = ("copy", "promote")
# Page types of parquet.thrift.
DATA, DATA_V2 = 0, 3


def changed_shares(columns):
    """Column -> share of its bytes that were not moved as they are."""
    shares = {}
    for column in columns:
        moved = {verdict: counts["bytes_in"] for verdict, counts in column["moves"].items()}
        total = sum(moved.values())
        changed = sum(count for verdict, count in moved.items() if verdict not in UNCHANGED)
        if changed:
            shares[column["column"]] = changed / total
    return shares


def bodies_of(data, start, end):
    """(compressed body, its size when decompressed) of each data page of a chunk."""
    at = start
    while at < end:
        reader = thrift.Reader(data, at)
        header = reader.struct()
        body = reader.take(header[3])
        at = reader.at
        if header[1] == DATA:
            yield body, header[2]
        elif header[1] == DATA_V2:
            levels = header[8][5] + header[8][6]
            if header[8].get(7, True) and len(body) > levels:
                yield body[levels:], header[2] - levels


def codec_seconds(files, columns, level):
    """CPU seconds in the codec, both ways, for all files."""
    shares = changed_shares(columns)
    if not shares:
        return 0.0
    sample = files[:: max(1, len(files) // FILES_MAX)]
    spent = 0.0
    for path in sample:
        data = path.read_bytes()
        meta = pq.read_metadata(path)
        for group in range(meta.num_row_groups):
            for index in range(meta.num_columns):
                chunk = meta.row_group(group).column(index)
                share = shares.get(chunk.path_in_schema)
                if share is None or chunk.compression == "UNCOMPRESSED":
                    continue
                spent += share * chunk_seconds(data, chunk, level)
    return spent * len(files) / len(sample)


def chunk_seconds(data, chunk, level):
    starts = [chunk.data_page_offset]
    if chunk.has_dictionary_page:
        starts.append(chunk.dictionary_page_offset)
    start = min(starts)
    name = chunk.compression.lower()
    codec = pa.Codec(name, level if name == "zstd" else None)
    spent = 0.0
    for body, size in bodies_of(data, start, start + chunk.total_compressed_size):
        begin = time.perf_counter()
        codec.compress(codec.decompress(body, size))
        spent += time.perf_counter() - begin
    return spent
