# SPDX-License-Identifier: Apache-2.0

"""Writes Parquet files page by page, so that a test can break a rule that no writer breaks, and
changes what the footer of a file says."""

import struct

import thrift
from thrift import Small

INT32, BYTE_ARRAY = 1, 6
PLAIN, RLE, DELTA_BYTE_ARRAY, RLE_DICTIONARY = 0, 3, 7, 8


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


def delta(numbers):
    """DELTA_BINARY_PACKED of at most 33 numbers, all differences in one miniblock of 32 bits."""
    steps = [b - a for a, b in zip(numbers, numbers[1:])]
    least = min(steps)
    padded = steps + [least] * (32 - len(steps))
    packed = b"".join(struct.pack("<I", step - least) for step in padded)
    head = thrift.varint(128) + thrift.varint(4) + thrift.varint(len(numbers))
    return head + thrift.zigzag(numbers[0]) + thrift.zigzag(least) + b"\x20\0\0\0" + packed


def delta_bytes(values, before=b""):
    """DELTA_BYTE_ARRAY; the first value leans on `before`, as only PARQUET-246 does it."""
    prefixes, suffixes = [], []
    for value in values:
        shared = 0
        while shared < min(len(value), len(before)) and value[shared] == before[shared]:
            shared += 1
        prefixes.append(shared)
        suffixes.append(value[shared:])
        before = value
    return delta(prefixes) + delta([len(s) for s in suffixes]) + b"".join(suffixes)


def write_strings(path, created_by, pages):
    """One REQUIRED BYTE_ARRAY column x of DELTA_BYTE_ARRAY pages, each leaning on the last."""
    out = bytearray(b"PAR1")
    before = b""
    for values in pages:
        out += data_page(delta_bytes(values, before), len(values), DELTA_BYTE_ARRAY)
        before = values[-1]
    count = sum(map(len, pages))
    size = len(out) - 4
    chunk = {1: Small(BYTE_ARRAY), 2: [Small(DELTA_BYTE_ARRAY)], 3: [b"x"], 4: Small(0), 5: count,
             6: size, 7: size, 9: 4}  # fmt: skip
    footer = {
        1: Small(1),
        2: [{4: b"schema", 5: Small(1)}, {1: Small(BYTE_ARRAY), 3: Small(0), 4: b"x"}],
        3: count,
        4: [{1: [{2: 4, 3: chunk}], 2: size, 3: count}],
        6: created_by,
    }
    encoded = thrift.emit(footer)
    path.write_bytes(out + encoded + struct.pack("<I", len(encoded)) + b"PAR1")


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
