# SPDX-License-Identifier: Apache-2.0

"""Writes Parquet files page by page, so that a test can break a rule that no writer breaks, and
changes what the footer of a file says."""

import struct

import thrift
from thrift import Small

INT32, BYTE_ARRAY = 1, 6
PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8


def plain(values):
    return struct.pack(f"<{len(values)}i", *values)


def page(kind, body, header):
    head = {1: Small(kind), 2: Small(len(body)), 3: Small(len(body)), **header}
    return thrift.emit(head) + body


def dictionary_page(values):
    return page(2, plain(values), {7: {1: Small(len(values)), 2: Small(PLAIN)}})


def data_page(body, count, encoding):
    header = {1: Small(count), 2: Small(encoding), 3: Small(RLE), 4: Small(RLE)}
    return page(0, body, {5: header})


def index_body(indices, width=8):
    """Indices of 8 bits, bit-packed in one run of whole groups of eight."""
    padded = indices + [0] * (-len(indices) % 8)
    return bytes([width]) + thrift.varint(len(padded) // 8 << 1 | 1) + bytes(padded)


def write_int32(path, dictionary, pages):
    """One REQUIRED INT32 column x, uncompressed, in one row group.

    Pages are ("plain", values) or ("dictionary", indices), in that order. Returns what x holds.
    """
    out = bytearray(b"PAR1")
    values = []
    dictionary_offset = len(out)
    out += dictionary_page(dictionary)
    data_offset = len(out)
    for kind, content in pages:
        if kind == "plain":
            values += content
            out += data_page(plain(content), len(content), PLAIN)
        else:
            values += [dictionary[i] for i in content]
            out += data_page(index_body(content), len(content), RLE_DICTIONARY)
    size = len(out) - dictionary_offset
    chunk = {
        1: Small(INT32),
        2: [Small(PLAIN), Small(RLE), Small(RLE_DICTIONARY)],
        3: [b"x"],
        4: Small(0),
        5: len(values),
        6: size,
        7: size,
        9: data_offset,
        11: dictionary_offset,
    }
    footer = {
        1: Small(1),
        2: [{4: b"schema", 5: Small(1)}, {1: Small(INT32), 3: Small(0), 4: b"x"}],
        3: len(values),
        4: [{1: [{2: dictionary_offset, 3: chunk}], 2: size, 3: len(values)}],
        6: b"regroup tests",
    }
    encoded = thrift.emit(footer)
    out += encoded + struct.pack("<I", len(encoded)) + b"PAR1"
    path.write_bytes(out)
    return values


def footer_of(data):
    """(footer, where it begins)."""
    (size,) = struct.unpack("<I", data[-8:-4])
    begin = len(data) - 8 - size
    return thrift.Reader(data, begin).struct(), begin


def edit_footer(path, change):
    """Calls change(footer), which alters it in place, and writes the file with what came of it."""
    data = path.read_bytes()
    footer, begin = footer_of(data)
    change(footer)
    encoded = thrift.emit(footer)
    path.write_bytes(data[:begin] + encoded + struct.pack("<I", len(encoded)) + b"PAR1")
