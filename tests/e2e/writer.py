# SPDX-License-Identifier: Apache-2.0

"""A Parquet writer, by the text of the format, for what no writer at hand does any more: levels in
BIT_PACKED, the LZ4 of Hadoop, gzip in several members, DELTA_BYTE_ARRAY that leans on the page
before (PARQUET-246), dictionaries of booleans, encodings that change from page to page.

A file is one row group. Its schema is given, or the one that pyarrow writes for the same table, so
that it can share an output with files of pyarrow.
"""

import gzip
import struct

import raw
import thrift
from kinds import (BIT_PACKED, BOOLEAN, BYTE_ARRAY, DELTA, DELTA_BYTES, DELTA_LENGTH, DOUBLE, FLOAT,
                   INT32, INT64, PLAIN, RLE, RLE_DICTIONARY, SPLIT)  # fmt: skip
from thrift import Small

FORMATS = {INT32: "i", INT64: "q", FLOAT: "f", DOUBLE: "d"}
UNCOMPRESSED, SNAPPY, GZIP, LZ4, LZ4_RAW = 0, 1, 2, 5, 7


# Codecs: name -> (number in the footer, function).


def block(name):
    def compress(data):
        # Only here and in write(): what needs neither runs without pyarrow.
        import pyarrow as pa

        return pa.compress(data, codec=name, asbytes=True)

    return compress


def hadoop(data, pieces=1, inner=1):
    """Blocks of Hadoop: raw length, then chunks of (length, LZ4 block) until it is reached."""
    out = b""
    for part in cut(data, pieces):
        out += struct.pack(">I", len(part))
        for chunk in cut(part, inner):
            packed = block("lz4_raw")(chunk)
            out += struct.pack(">I", len(packed)) + packed
    return out


def cut(data, pieces):
    size = max(1, -(-len(data) // pieces))
    return [data[at : at + size] for at in range(0, len(data), size)] or [b""]


CODECS = {
    "none": (UNCOMPRESSED, bytes),
    "snappy": (SNAPPY, block("snappy")),
    "gzip": (GZIP, block("gzip")),
    "gzip in members": (GZIP, lambda data: b"".join(gzip.compress(part) for part in cut(data, 3))),
    "lz4 of hadoop": (LZ4, hadoop),
    "lz4 of hadoop, many blocks": (LZ4, lambda data: hadoop(data, pieces=3)),
    "lz4 of hadoop, split blocks": (LZ4, lambda data: hadoop(data, inner=2)),
    "lz4 frames": (LZ4, block("lz4")),
    "lz4 bare": (LZ4, block("lz4_raw")),
    "lz4_raw": (LZ4_RAW, block("lz4_raw")),
}


# Levels and indices.


def hybrid(numbers, width):
    """Runs of equal numbers as such, what lies between bit-packed, in whole groups at the end."""
    out = b""
    at = 0
    while at < len(numbers):
        end = at
        while end < len(numbers) and numbers[end] == numbers[at]:
            end += 1
        if end - at >= 8 or end == len(numbers):
            value = numbers[at].to_bytes((width + 7) // 8, "little")
            out += thrift.varint((end - at) << 1) + value
            at = end
            continue
        group = numbers[at : at + 8]
        group = group + [0] * (8 - len(group))
        packed = sum(number << i * width for i, number in enumerate(group))
        out += thrift.varint(1 << 1 | 1) + packed.to_bytes(width, "little")
        at += 8
    return out


def packed_levels(levels, width):
    """BIT_PACKED: the highest bits first, without a length."""
    bits = "".join(f"{level:0{width}b}" for level in levels)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def v1_levels(levels, level_max, is_packed):
    if level_max == 0:
        return b""
    width = level_max.bit_length()
    if is_packed:
        return packed_levels(levels, width)
    encoded = hybrid(levels, width)
    return struct.pack("<I", len(encoded)) + encoded


# Values.


def plain(kind, values):
    if kind == BOOLEAN:
        packed = sum(1 << i for i, value in enumerate(values) if value)
        return packed.to_bytes((len(values) + 7) // 8, "little")
    if kind == BYTE_ARRAY:
        return b"".join(struct.pack("<I", len(value)) + value for value in values)
    return struct.pack(f"<{len(values)}{FORMATS[kind]}", *values)


def delta(numbers, bits=64):
    """DELTA_BINARY_PACKED in blocks of 128, four miniblocks each."""
    out = thrift.varint(128) + thrift.varint(4) + thrift.varint(len(numbers))
    out += thrift.zigzag(numbers[0] if numbers else 0)
    wrap = 1 << bits
    # Differences wrap around as numbers of the type do.
    steps = [(b - a + wrap // 2) % wrap - wrap // 2 for a, b in zip(numbers, numbers[1:])]
    for at in range(0, len(steps), 128):
        part = steps[at : at + 128]
        least = min(part)
        minis = [part[i : i + 32] for i in range(0, len(part), 32)]
        widths = [max((step - least) % wrap for step in mini).bit_length() for mini in minis]
        out += thrift.zigzag(least) + bytes(widths + [0] * (4 - len(minis)))
        for mini, width in zip(minis, widths):
            packed = sum((step - least) % wrap << i * width for i, step in enumerate(mini))
            out += packed.to_bytes(4 * width, "little")
    return out


def delta_length(values):
    return delta([len(value) for value in values], 32) + b"".join(values)


def delta_bytes(values, before):
    prefixes, suffixes = [], []
    for value in values:
        shared = 0
        while shared < min(len(value), len(before)) and value[shared] == before[shared]:
            shared += 1
        prefixes.append(shared)
        suffixes.append(value[shared:])
        before = value
    return delta(prefixes, 32) + delta_length(suffixes)


def split(kind, values):
    data = plain(kind, values)
    width = len(data) // len(values) if values else 1
    return b"".join(data[byte::width] for byte in range(width))


def body(kind, encoding, values, before):
    if encoding == PLAIN:
        return plain(kind, values)
    if encoding == RLE:
        encoded = hybrid([int(value) for value in values], 1)
        return struct.pack("<I", len(encoded)) + encoded
    if encoding == DELTA:
        return delta(values, 32 if kind == INT32 else 64)
    if encoding == DELTA_LENGTH:
        return delta_length(values)
    if encoding == DELTA_BYTES:
        return delta_bytes(values, before)
    assert encoding == SPLIT
    return split(kind, values)


class Column:
    """A column chunk in the making: OPTIONAL, REQUIRED, or a list of the pages' levels.

    `is_linked`: DELTA_BYTE_ARRAY leans on the last value of the page before.
    """

    def __init__(self, kind, definition_max, repetition_max=0, codec="none", is_linked=False):
        self.kind = kind
        self.definition_max = definition_max
        self.repetition_max = repetition_max
        self.codec, self.compress = CODECS[codec]
        self.is_linked = is_linked
        self.out = bytearray()
        self.raw_size = 0
        self.count = 0
        self.encodings = {RLE}
        self.entries = None
        self.data_at = 0
        self.last = b""

    def add(self, kind, payload, raw_size, header):
        head = thrift.emit({1: Small(kind), 2: Small(raw_size), 3: Small(len(payload)), **header})
        self.out += head + payload
        self.raw_size += len(head) + raw_size

    def dictionary(self, values):
        data = plain(self.kind, values)
        self.add(2, self.compress(data), len(data), {7: {1: Small(len(values)), 2: Small(PLAIN)}})
        self.encodings.add(PLAIN)
        self.entries = {value: index for index, value in enumerate(values)}
        self.data_at = len(self.out)

    def encode(self, encoding, values):
        if encoding != RLE_DICTIONARY:
            encoded = body(self.kind, encoding, values, self.last if self.is_linked else b"")
            if values and encoding == DELTA_BYTES:
                self.last = values[-1]
            return encoded
        width = max(1, (len(self.entries) - 1).bit_length())
        return bytes([width]) + hybrid([self.entries[value] for value in values], width)

    def page(self, entries, encoding, version=1, is_packed=False):
        """`entries`: (repetition level, definition level, value or None)."""
        repetition = [entry[0] for entry in entries]
        definition = [entry[1] for entry in entries]
        values = [value for _, level, value in entries if level == self.definition_max]
        encoded = self.encode(encoding, values)
        self.count += len(entries)
        self.encodings.add(encoding)
        if is_packed:
            self.encodings.add(BIT_PACKED)
        if version == 1:
            levels = v1_levels(repetition, self.repetition_max, is_packed)
            levels += v1_levels(definition, self.definition_max, is_packed)
            how = Small(BIT_PACKED if is_packed else RLE)
            header = {1: Small(len(entries)), 2: Small(encoding), 3: how, 4: how}
            data = levels + encoded
            self.add(0, self.compress(data), len(data), {5: header})
            return
        parts = [b"", b""]
        for index, (levels, most) in enumerate(
            ((repetition, self.repetition_max), (definition, self.definition_max))
        ):
            if most:
                parts[index] = hybrid(levels, most.bit_length())
        header = {
            1: Small(len(entries)),
            2: Small(len(entries) - len(values)),
            3: Small(repetition.count(0)),
            4: Small(encoding),
            5: Small(len(parts[1])),
            6: Small(len(parts[0])),
            7: True,
        }
        levels = b"".join(parts)
        payload = self.compress(encoded) if encoded else b""
        if not encoded:
            header[7] = False
        self.add(3, levels + payload, len(levels) + len(encoded), {8: header})

    def chunk(self, begin, path):
        fields = {
            1: Small(self.kind),
            2: [Small(encoding) for encoding in sorted(self.encodings)],
            3: path,
            4: Small(self.codec),
            5: self.count,
            6: self.raw_size,
            7: len(self.out),
            9: begin + self.data_at,
        }
        if self.entries is not None:
            fields[11] = begin
        return fields


def entries_of(rows, is_list):
    """Rows of an OPTIONAL column, or of an OPTIONAL list of OPTIONAL elements, as (repetition
    level, definition level, value)."""
    if not is_list:
        return [(0, int(value is not None), value) for value in rows]
    entries = []
    for row in rows:
        if not row:
            entries.append((0, 0 if row is None else 1, None))
            continue
        for index, value in enumerate(row):
            entries.append((int(index > 0), 2 + int(value is not None), value))
    return entries


def leaf_paths(elements):
    """Of a footer's schema: the path of each leaf, in order."""
    paths = []
    groups = [[b"", elements[0][5]]]
    for element in elements[1:]:
        while groups[-1][1] == 0:
            groups.pop()
        groups[-1][1] -= 1
        groups.append([element[4], element.get(5, 0)])
        if 1 in element:
            paths.append([name for name, _ in groups[1:]])
    return paths


def write_as(path, elements, columns, rows, created_by, orders=None):
    """A file of one row group; `elements` and `orders`, the schema and the column orders, are as
    they stand in a footer."""
    out = bytearray(b"PAR1")
    chunks = []
    for column, name in zip(columns, leaf_paths(elements), strict=True):
        chunks.append({2: len(out), 3: column.chunk(len(out), name)})
        out += column.out
    size = sum(column.raw_size for column in columns)
    groups = [{1: chunks, 2: size, 3: rows}]
    footer = {1: Small(1), 2: elements, 3: rows, 4: groups, 6: created_by}
    if orders is not None:
        footer[7] = orders
    path.write_bytes(raw.with_footer(out, footer))


def write(path, table, columns, created_by=b"parquet-mr version 1.13.1 (build abc)"):
    """`columns` are those of the table, its leaves in order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table.slice(0, 0), sink, store_schema=False)
    footer, _ = raw.footer_of(sink.getvalue().to_pybytes())
    write_as(path, footer[2], columns, table.num_rows, created_by, footer.get(7))


def write_flat(path, kind, pages, entries=None, is_linked=False, created_by=b"regroup tests"):
    """One REQUIRED column x of pages (encoding, values); `entries` are those of its dictionary."""
    column = Column(kind, 0, is_linked=is_linked)
    if entries is not None:
        column.dictionary(entries)
    for encoding, values in pages:
        column.page([(0, 0, value) for value in values], encoding)
    elements = [{4: b"schema", 5: Small(1)}, {1: Small(kind), 3: Small(0), 4: b"x"}]
    write_as(path, elements, [column], column.count, created_by)
