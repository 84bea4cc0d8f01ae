#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Cuts Parquet files into seeds for the fuzz targets: whole files, footers, page headers,
chunks, frames of codecs, encoded values, levels, page indexes, bloom filters, key-values.

tools/fuzz.py takes what is in build/fuzz/seeds besides tests/fuzz/corpus. Seeds of files that are
not ours stay there; they are as large as libFuzzer likes them (16 KiB at most), and equal ones are
kept once. Broken files give what can be cut from them.

    tools/fuzz_seeds.py FOLDER... [--out build/fuzz/seeds] [--each 400]
"""

import argparse
import gzip
import hashlib
import struct
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import thrift  # noqa: E402

BYTES_MAX = 16384
DICTIONARY, V1, V2 = 2, 0, 3
BIT_PACKED = 4
NONE, SNAPPY, GZIP, BROTLI, LZ4, ZSTD, LZ4_RAW = 0, 1, 2, 4, 5, 6, 7
# As stitched.c and fuzz_stitch.c number them: codecs, and levels of a path.
STITCH_CODECS = {NONE: 0, SNAPPY: 1, ZSTD: 2, LZ4: 3, LZ4_RAW: 4, GZIP: 5, BROTLI: 6}
STITCH_PATHS = {(0, 0): 0, (1, 0): 1, (2, 0): 2, (3, 1): 3}
# As fuzz_adapt.c does: a pair of types and which of them; groups, and a leaf that is required.
ADAPT_KINDS = {0: (9, 0), 1: (0, 0), 2: (0, 1), 4: (3, 0), 5: (3, 1), 6: (8, 0), 7: (6, 1)}
ADAPT_SHAPES = {(0, 0): (0, 8), (1, 0): (0, 0), (2, 0): (1, 0), (3, 1): (2, 0)}


class Seeds:
    """Where seeds go; `each` at most for a target."""

    def __init__(self, folder, each):
        self.folder = folder
        self.each = each
        self.count = {}

    def add(self, target, data):
        if not 0 < len(data) <= BYTES_MAX or self.count.get(target, 0) >= self.each:
            return
        path = self.folder / target / hashlib.sha256(data).hexdigest()[:16]
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.count[target] = self.count.get(target, 0) + 1


def leaves_of(elements):
    """(type, type_length, definition and repetition maximum) of each leaf, in order."""
    found = []

    def walk(at, definition, repetition):
        element = elements[at]
        own = element.get(3, 0) if at > 0 else 0
        definition += own != 0
        repetition += own == 2
        at += 1
        children = element.get(5, 0)
        if not children:
            found.append((element.get(1, 0), element.get(2, 0), definition, repetition))
        for _ in range(children):
            at = walk(at, definition, repetition)
        return at

    walk(0, 0, 0)
    return found


def cut_file(data, seeds):
    size = struct.unpack("<I", data[-8:-4])[0]
    if data[-4:] != b"PAR1" or size + 12 > len(data):
        return
    footer = data[-8 - size : -8]
    seeds.add("footer", footer)
    seeds.add("thrift", footer)
    for options in (0, 1 + len(data) % 64):
        seeds.add("job", bytes([options]) + data)
    meta = thrift.Reader(footer).struct()
    pairs = b"".join(pair[1] + b"\xfe" + pair.get(2, b"") + b"\xfe" for pair in meta.get(5, []))
    if pairs:
        seeds.add("key_values", (pairs + b"\xff") * 2)
    leaves = leaves_of(meta[2])
    for group in meta.get(4, []):
        for entry, leaf in zip(group[1], leaves):
            cut_indexes(data, entry, seeds)
            cut_chunk(data, entry, leaf, group[3], seeds)


def cut_indexes(data, entry, seeds):
    for place, size in ((4, 5), (6, 7)):
        if place in entry and size in entry:
            seeds.add("page_index", data[entry[place] : entry[place] + entry[size]])
    bloom = entry.get(3, {}).get(14)
    if bloom:
        reader = thrift.Reader(data, bloom)
        filled = reader.struct()[1]
        # Hashes that are looked up stand at the end.
        seeds.add("bloom", data[bloom : reader.at + filled] + bytes(range(64)))


def cut_chunk(data, entry, leaf, row_count, seeds):
    meta = entry[3]
    kind, length, definition, repetition = leaf
    begin = min(offset for offset in (meta[9], meta.get(11)) if offset)
    chunk = data[begin : begin + meta[7]]
    codec, count = meta[4], meta[5]
    if count < 1 << 24 and row_count < 1 << 24 and definition < 5 and repetition < 4:
        head = bytes([kind, definition, repetition, length & 0xFF, codec, 0])
        head += struct.pack("<I", count)[:3] + struct.pack("<I", row_count)[:3]
        seeds.add("chunk", head + chunk)
    path = STITCH_PATHS.get((definition, repetition))
    if path is not None and codec in STITCH_CODECS and count < 65536 and row_count < 65536:
        for sources in (1, 8):
            head = bytes([kind, path, STITCH_CODECS[codec], 8 * (sources & 1), sources])
            seeds.add("stitch", head + struct.pack("<HH", count, row_count) + chunk)
        if kind in ADAPT_KINDS and len(chunk) < 65536:
            pair, own = ADAPT_KINDS[kind]
            shape, required = ADAPT_SHAPES[definition, repetition]
            head = bytes([pair, shape, own | required, own | required, STITCH_CODECS[codec], 0])
            head += 2 * struct.pack("<HH", count, row_count) + struct.pack("<H", len(chunk))
            seeds.add("adapt", head + 2 * chunk)
    cut_pages(chunk, codec, leaf, seeds)


def cut_pages(chunk, codec, leaf, seeds):
    at = 0
    entries = (b"", 0)
    while at < len(chunk):
        reader = thrift.Reader(chunk, at)
        header = reader.struct()
        seeds.add("page_header", chunk[at : reader.at])
        body = reader.take(header[3])
        at = reader.at
        packed, raw_size = body, header[2]
        levels = b""
        if header[1] == V2:
            skipped = header[8][5] + header[8][6]
            levels, packed, raw_size = body[:skipped], body[skipped:], raw_size - skipped
            if not header[8].get(7, True):
                packed = None
        if packed is not None and raw_size < 1 << 18:
            seeds.add("codec", bytes([codec]) + struct.pack("<I", raw_size)[:3] + packed)
        values = body[len(levels) :] if packed is None else decompress(codec, packed)
        if values is None:
            continue
        if header[1] == DICTIONARY:
            entries = (values, header[7][1])
        elif header[1] in (V1, V2):
            cut_values(header, levels, values, leaf, entries, seeds)


def decompress(codec, data):
    """None where only a library could: stitch and chunk have those pages whole."""
    if codec == NONE:
        return data
    return gzip.decompress(data) if codec == GZIP else None


def cut_values(header, levels, values, leaf, entries, seeds):
    kind, length, definition, repetition = leaf
    fields = header.get(5) or header[8]
    count = fields[1]
    streams = []
    if header[1] == V1:
        for level_max, how in ((repetition, fields[4]), (definition, fields[3])):
            if level_max and how == BIT_PACKED:
                values = values[(count * level_max.bit_length() + 7) // 8 :]
            elif level_max:
                size = struct.unpack_from("<I", values)[0]
                streams.append((level_max, values[4 : 4 + size]))
                values = values[4 + size :]
        encoding = fields[2]
    else:
        streams = [(repetition, levels[: fields[6]]), (definition, levels[fields[6] :])]
        encoding = fields[4]
    for level_max, stream in streams:
        if level_max and stream and count < 20000:
            head = bytes([level_max.bit_length()]) + struct.pack("<H", count) + bytes([level_max])
            seeds.add("rle", head + stream)
    if count >= 20000 or definition:
        return
    head = bytes([encoding, kind, length & 0xFF]) + struct.pack("<H", count)
    if encoding in (2, 8):
        # The fuzz target cuts what it gets into two halves of equal length.
        if entries[1] < 256 and len(entries[0]) >= len(values):
            pad = values + bytes(len(entries[0]) - len(values))
            seeds.add("decoder", head + bytes([entries[1]]) + entries[0] + pad)
    else:
        seeds.add("decoder", head + b"\0" + values)


def files_below(folders):
    """In an order that mixes them and is always the same: not only the first folder gives seeds."""
    found = {path for folder in folders for path in (folder, *folder.rglob("*")) if path.is_file()}
    return sorted(found, key=lambda path: (hashlib.sha256(path.name.encode()).digest(), path))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "fuzz" / "seeds")
    parser.add_argument("--each", type=int, default=400, help="seeds for a target, at most")
    options = parser.parse_args()
    seeds = Seeds(options.out, options.each)
    files = broken = 0
    for path in files_below(options.folders):
        if not 12 <= path.stat().st_size <= 1 << 26:
            continue
        files += 1
        try:
            cut_file(path.read_bytes(), seeds)
        except (ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, struct.error,
                zlib.error, RecursionError, OverflowError):  # fmt: skip
            broken += 1
    print(f"{files} files, {broken} of them broken somewhere")
    for target, count in sorted(seeds.count.items()):
        print(f"{target:12} {count}")


if __name__ == "__main__":
    main()
