# SPDX-License-Identifier: Apache-2.0

"""Decodes pages by the text of Encodings.md, for tests that must not trust the command's decoders.

Numbers come as NumPy arrays of the physical type, byte arrays as lists of bytes.
"""

import struct

import numpy as np

import thrift
from kinds import (BOOLEAN, BYTE_ARRAY, DELTA, DELTA_BYTES, DELTA_LENGTH, DOUBLE, FLOAT, INT32,
                   INT64, PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY, SPLIT)  # fmt: skip

DTYPES = {INT32: "<i4", INT64: "<i8", FLOAT: "<f4", DOUBLE: "<f8"}


def unpack(data, width):
    """All bit-packed values of `data`, the lowest bits first."""
    if width == 0:
        return np.zeros(len(data) * 8, dtype=np.uint64)
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), bitorder="little")
    bits = bits[: len(bits) // width * width].reshape(-1, width).astype(np.uint64)
    return bits @ (np.uint64(1) << np.arange(width, dtype=np.uint64))


def hybrid(reader, count, width):
    """`count` values of an RLE/bit-packed hybrid."""
    found = []
    left = count
    while left > 0:
        head = reader.varint()
        if head & 1:
            # The last run may lack bytes of padding.
            size = min((head >> 1) * width, len(reader.data) - reader.at)
            run = unpack(reader.take(size), width)[:left]
            if width == 0:
                run = np.zeros(min((head >> 1) * 8, left), dtype=np.uint64)
        else:
            value = int.from_bytes(reader.take((width + 7) // 8), "little")
            run = np.full(min(head >> 1, left), value, dtype=np.uint64)
        found.append(run)
        left -= len(run)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.uint64)


def delta(reader):
    """DELTA_BINARY_PACKED as signed numbers of 64 bits; 32-bit ones wrap when they are narrowed."""
    block, parts, count = reader.varint(), reader.varint(), reader.varint()
    deltas = [np.array([reader.signed()], dtype=np.int64).view(np.uint64)]
    left = count - 1
    while left > 0:
        least = np.array([reader.signed()], dtype=np.int64).view(np.uint64)
        widths = reader.take(parts)
        for width in widths:
            if left <= 0:
                break
            part = unpack(reader.take(block // parts * width // 8), width)
            if width == 0:
                part = np.zeros(block // parts, dtype=np.uint64)
            deltas.append(part[:left] + least)
            left -= min(left, block // parts)
    return np.cumsum(np.concatenate(deltas), dtype=np.uint64).view(np.int64)[:count]


def slices(data, at, lengths):
    found = []
    for length in lengths:
        found.append(data[at : at + length])
        at += length
    if at > len(data):
        raise ValueError("the data end inside a value")
    return found


def delta_length(reader):
    lengths = delta(reader).tolist()
    found = slices(reader.data, reader.at, lengths)
    reader.at += sum(lengths)
    return found


def delta_bytes(reader):
    prefixes = delta(reader).tolist()
    found = []
    last = b""
    for prefix, suffix in zip(prefixes, delta_length(reader), strict=True):
        last = last[:prefix] + suffix
        found.append(last)
    return found


def plain(kind, width, data, count):
    if kind == BOOLEAN:
        return unpack(data, 1)[:count].astype(bool)
    if kind in DTYPES:
        return np.frombuffer(data, dtype=DTYPES[kind], count=count)
    if kind != BYTE_ARRAY:
        return slices(data, 0, [width] * count)
    found = []
    at = 0
    for _ in range(count):
        (size,) = struct.unpack_from("<I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes behind the values")
    return found


def split(kind, width, data, count):
    width = np.dtype(DTYPES[kind]).itemsize if kind in DTYPES else width
    rows = np.frombuffer(data, dtype=np.uint8, count=width * count).reshape(width, count).T
    return plain(kind, width, rows.tobytes(), count)


def take(dictionary, indices):
    if isinstance(dictionary, np.ndarray):
        return dictionary[indices.astype(np.int64)]
    return [dictionary[i] for i in indices.tolist()]


def decode(kind, width, encoding, data, count, dictionary=None):
    """The `count` values of a page that are not null; `width` is type_length."""
    if count == 0:
        return plain(kind, width, b"", 0)
    reader = thrift.Reader(data)
    if encoding == PLAIN:
        return plain(kind, width, data, count)
    if encoding in (PLAIN_DICTIONARY, RLE_DICTIONARY):
        return take(dictionary, hybrid(reader, count, reader.byte()))
    if encoding == RLE and kind == BOOLEAN:
        return hybrid(thrift.Reader(data, 4), count, 1).astype(bool)
    if encoding == DELTA and kind in (INT32, INT64):
        return delta(reader).astype(DTYPES[kind])[:count]
    if encoding == DELTA_LENGTH:
        return delta_length(reader)[:count]
    if encoding == DELTA_BYTES:
        return delta_bytes(reader)[:count]
    if encoding == SPLIT:
        return split(kind, width, data, count)
    raise ValueError(f"encoding {encoding} of type {kind}")


def as_bytes(kind, values):
    """Each value as PLAIN has it, without the length of a byte array."""
    if kind == BOOLEAN:
        return [bytes([value]) for value in values.tolist()]
    if kind not in DTYPES:
        return values
    width = values.dtype.itemsize
    data = values.tobytes()
    return [data[i : i + width] for i in range(0, len(data), width)]
