# SPDX-License-Identifier: Apache-2.0

"""Walks a file page by page and tells whatever an output must not have.

Readers forgive much, each something else; what is written must need no forgiveness. Nothing here
shares code with the command: footers and page headers are read with thrift.py by the numbers of
parquet.thrift, bodies are decompressed by Arrow, values decoded by values.py, and what metadata
say of them is recomputed by recompute.py.
"""

import re
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

import recompute
import thrift
import values as decoding
from kinds import (BOOLEAN, BYTE_ARRAY, DELTA, DELTA_BYTES, DELTA_LENGTH, DOUBLE, FIXED, FLOAT,
                   INT32, INT64, INT96, RLE, SPLIT)  # fmt: skip

CODECS = {1: "snappy", 2: "gzip", 4: "brotli", 5: "lz4", 6: "zstd", 7: "lz4_raw"}
DATA, INDEX, DICTIONARY, DATA_V2 = 0, 1, 2, 3
DICTIONARY_ENCODINGS = (2, 8)
# Encodings of data pages that some types only can have (Encodings.md).
TYPES_OF = {RLE: (BOOLEAN,), DELTA: (INT32, INT64), DELTA_LENGTH: (BYTE_ARRAY,),
            DELTA_BYTES: (BYTE_ARRAY, FIXED),
            SPLIT: (INT32, INT64, FLOAT, DOUBLE, FIXED)}  # fmt: skip
REQUIRED, OPTIONAL, REPEATED = 0, 1, 2
CHUNK_BYTES_MAX = 2**31
# More row groups than this have no ordinal.
ORDINAL_MAX = 32767
# "name version X.Y.Z (build HASH)": what parquet-java's VersionParser takes.
CREATED_BY = re.compile(rb"regroup version \d+\.\d+\.\d+ \(build [^)]+\)")

Wrong = recompute.Wrong
require = recompute.require


def decompress(codec, body, size):
    if size == 0:
        return b""
    if codec == 0:
        return body
    return pa.Codec(CODECS[codec]).decompress(body, size).to_pybytes()


def levels(data, count, level_max):
    """`count` levels of an RLE/bit-packed hybrid; no byte may be left over."""
    width = level_max.bit_length()
    reader = thrift.Reader(data)
    found = []
    while len(found) < count:
        head = reader.varint()
        if head & 1:
            packed = int.from_bytes(reader.take((head >> 1) * width), "little")
            take = min((head >> 1) * 8, count - len(found))
            found += [packed >> (i * width) & ((1 << width) - 1) for i in range(take)]
        else:
            value = int.from_bytes(reader.take((width + 7) // 8), "little")
            require(head >> 1 <= count - len(found), "a level run goes beyond its page")
            found += [value] * (head >> 1)
    require(reader.at == len(data), f"{len(data) - reader.at} bytes behind the levels")
    require(all(level <= level_max for level in found), "a level above its maximum")
    return found


class Page:
    """One page: its header's fields and what its levels say."""

    def __init__(self, header, body, offset, header_size, chunk):
        self.offset = offset
        self.kind = header[1]
        self.size = header_size + len(body)
        self.raw_size = header_size + header[2]
        self.crc = header.get(4)
        if self.crc is not None:
            require(self.crc & 0xFFFFFFFF == zlib.crc32(body), f"CRC of the page at {offset}")
        if self.kind == DICTIONARY:
            self.count = header[7][1]
            self.encoding = header[7].get(2)
            self.body = decompress(chunk.codec, body, header[2])
            return
        require(self.kind in (DATA, DATA_V2), f"page of type {self.kind}")
        fields = header[5] if self.kind == DATA else header[8]
        self.count = fields[1]
        require(self.count > 0, "a data page without values")
        if self.kind == DATA:
            self.encoding = fields[2]
            require(fields[3] == RLE or chunk.definition_max == 0, "encoding of levels")
            self._v1(decompress(chunk.codec, body, header[2]), chunk, len(body), header[2])
        else:
            self.encoding = fields[4]
            self._v2(fields, body, chunk, header[2])
        self.rows = self.repetition.count(0) if chunk.repetition_max else self.count
        self.nulls = sum(level < chunk.definition_max for level in self.definition)
        self.is_all_null = self.nulls == self.count
        if self.kind == DATA_V2:
            require(self.nulls == fields[2], f"num_nulls {fields[2]}, not {self.nulls}")
            require(self.rows == fields[3], f"num_rows {fields[3]}, not {self.rows}")
        require(
            chunk.repetition_max == 0 or self.repetition[0] == 0 or self.kind == DATA,
            "a V2 page that begins inside a row",
        )

    def _v1(self, raw, chunk, size, raw_size):
        require(len(raw) == raw_size, f"{len(raw)} bytes when decompressed, not {raw_size}")
        at = 0
        found = []
        for level_max in (chunk.repetition_max, chunk.definition_max):
            if level_max == 0:
                found.append([])
                continue
            (size,) = struct.unpack_from("<I", raw, at)
            found.append(levels(raw[at + 4 : at + 4 + size], self.count, level_max))
            at += 4 + size
        self.repetition, self.definition = found
        self.body = raw[at:]

    def _v2(self, fields, body, chunk, raw_size):
        definition_size, repetition_size = fields[5], fields[6]
        levels_size = definition_size + repetition_size
        self.repetition = self.definition = []
        if chunk.repetition_max:
            self.repetition = levels(body[:repetition_size], self.count, chunk.repetition_max)
        if chunk.definition_max:
            self.definition = levels(
                body[repetition_size:levels_size], self.count, chunk.definition_max
            )
        values = body[levels_size:]
        is_compressed = fields.get(7, True)
        require(
            values or not is_compressed or chunk.codec == 0,
            "a V2 page of no value bytes that says it is compressed",
        )
        self.body = (
            decompress(chunk.codec, values, raw_size - levels_size) if is_compressed else values
        )
        require(levels_size + len(self.body) == raw_size, "size of a V2 page")


class Chunk:
    def __init__(self, file, group, index):
        entry = file.footer[4][group][1][index]
        self.file = file
        self.meta = entry[3]
        self.entry = entry
        self.element, self.definition_max, self.repetition_max = file.leaves[index]
        self.codec = self.meta[4]
        self.kind = self.meta[1]
        self.rows = file.footer[4][group][3]
        self.pages = self._read_pages()
        self.data_pages = [page for page in self.pages if page.kind != DICTIONARY]

    def _read_pages(self):
        start = min(o for o in (self.meta.get(11), self.meta[9]) if o is not None)
        end = start + self.meta[7]
        pages = []
        at = start
        while at < end:
            reader = thrift.Reader(self.file.data, at)
            header = reader.struct()
            body = reader.take(header[3])
            pages.append(Page(header, body, at, reader.at - at - header[3], self))
            at = reader.at
        require(at == end, f"pages end at {at}, the chunk at {end}")
        self.start = start
        return pages

    def check(self):
        self._check_sizes()
        self._check_order()
        self._check_encodings()
        self._check_dictionary()
        self._check_offset_index()
        self._check_column_index()
        self.check_values()

    def _check_sizes(self):
        require(sum(p.count for p in self.data_pages) == self.meta[5], "num_values")
        require(sum(p.rows for p in self.data_pages) == self.rows, "rows of the pages")
        require(sum(p.raw_size for p in self.pages) == self.meta[6], "total_uncompressed_size")
        require(self.data_pages[0].offset == self.meta[9], "data_page_offset")
        require(max(self.meta[5], self.meta[6], self.meta[7]) < CHUNK_BYTES_MAX, "2^31 in a chunk")
        require(1 not in self.entry, "file_path")
        require(self.entry[2] == 0, "file_offset of a chunk")
        require(self.meta.get(10) is None, "index_page_offset")

    def _check_order(self):
        """Spark reads wrong values otherwise; see the essay on the order rule."""
        is_plain = False
        for number, page in enumerate(self.pages):
            if page.kind == DICTIONARY:
                require(number == 0, "a dictionary page that is not the first")
                require(self.meta.get(11) == page.offset, "dictionary_page_offset")
                continue
            if page.encoding in DICTIONARY_ENCODINGS:
                require(self.pages[0].kind == DICTIONARY, "indices without a dictionary")
                require(not is_plain, f"order rule: dictionary page {number} after a plain one")
                require(page.body, "a dictionary page without its width")
            elif not page.is_all_null or self.repetition_max:
                is_plain = True

    def _misleads(self):
        """Impala, Doris, StarRocks: all is in the dictionary unless a V1 page says otherwise."""
        others = [page for page in self.data_pages if page.encoding not in DICTIONARY_ENCODINGS]
        return (self.pages[0].kind == DICTIONARY and all(page.kind == DATA_V2 for page in others)
                and not all(page.is_all_null for page in others))

    def _check_encodings(self):
        # (page type, encoding) -> pages; the two kinds of data page are told apart.
        counted = {}
        for page in self.pages:
            key = (page.kind, page.encoding)
            counted[key] = counted.get(key, 0) + 1
        for page in self.data_pages:
            # Also where all are null: Arrow C++ makes a decoder all the same.
            require(self.kind in TYPES_OF.get(page.encoding, range(8)),
                    f"encoding {page.encoding} of type {self.kind}")
        stats = {(s[1], s[2]): s[3] for s in self.meta.get(13, [])}
        if self._misleads():
            require(13 not in self.meta, f"encoding_stats {stats} hide values from Impala")
        else:
            require(stats == counted, f"encoding_stats {stats}, counted {counted}")
            # Arrow C++ looks for the dictionary in the first entry.
            first = self.meta[13][0][1]
            require((first == DICTIONARY) is (self.pages[0].kind == DICTIONARY),
                    "first encoding_stats")
        wanted = {encoding for _, encoding in counted}
        if self.definition_max:
            wanted.add(RLE)
        require(wanted <= set(self.meta[2]), f"encodings {self.meta[2]}, used {wanted}")
        require(set(self.meta[2]) <= wanted | {RLE}, f"encodings {self.meta[2]}, used {wanted}")

    def _check_dictionary(self):
        if self.pages[0].kind != DICTIONARY or self.kind != BYTE_ARRAY:
            return
        page = self.pages[0]
        entries = []
        at = 0
        while at < len(page.body):
            (size,) = struct.unpack_from("<I", page.body, at)
            entries.append(page.body[at + 4 : at + 4 + size])
            at += 4 + size
        require(len(entries) == page.count, f"{len(entries)} entries, {page.count} told")
        require(len(set(entries)) == len(entries), "a dictionary entry that is there twice")

    def _check_offset_index(self):
        # An index says in which row a page begins: of pages that begin inside one there is none.
        splits = self.repetition_max and any(page.repetition[0] for page in self.data_pages)
        require((self.entry.get(4) is not None) == (not splits), "offset index")
        if splits:
            return
        index = thrift.Reader(self.file.data, self.entry[4])
        locations = index.struct()[1]
        require(index.at == self.entry[4] + self.entry[5], "length of the offset index")
        require(len(locations) == len(self.data_pages), "pages in the offset index")
        row = 0
        for location, page in zip(locations, self.data_pages):
            require(location[1] == page.offset, "offset in the offset index")
            require(location[2] == page.size, "size in the offset index")
            require(location[3] == row, f"first row {location[3]} in the offset index, not {row}")
            row += page.rows

    def _check_column_index(self):
        if self.entry.get(6) is None:
            return
        require(self.entry.get(4) is not None, "a column index without an offset index")
        index = thrift.Reader(self.file.data, self.entry[6]).struct()
        require(len(index[1]) == len(self.data_pages), "pages in the column index")
        require(len(index[2]) == len(index[3]) == len(index[1]), "bounds in the column index")
        require(
            index[1] == [p.is_all_null for p in self.data_pages], "null_pages in the column index"
        )
        if 5 in index:
            require(
                index[5] == [p.nulls for p in self.data_pages], "null_counts in the column index"
            )
        if 7 in index:
            counted = []
            for page in self.data_pages:
                counted += [page.definition.count(i) for i in range(self.definition_max + 1)] if (
                    page.definition
                ) else [page.count]
            require(index[7] == counted or not self.definition_max, "histogram of levels")

    def _dictionary(self):
        page = self.pages[0]
        if page.kind != DICTIONARY:
            return None
        width = 12 if self.kind == INT96 else self.element.get(2, 0)
        return decoding.plain(self.kind, width, page.body, page.count)

    def values(self):
        """The values of each data page, without its nulls."""
        dictionary = self._dictionary()
        width = 12 if self.kind == INT96 else self.element.get(2, 0)
        for number, page in enumerate(self.data_pages):
            count = page.count - page.nulls
            found = decoding.decode(self.kind, width, page.encoding, page.body, count, dictionary)
            require(len(found) == count, f"{len(found)} values in page {number}, {count} told")
            yield found

    def check_values(self):
        """Decodes all pages, and holds against their values whatever metadata say of them."""
        pages = list(self.values())
        parts = [
            recompute.Part(self.element, found, page.nulls)
            for found, page in zip(pages, self.data_pages)
        ]
        whole = recompute.Part.whole(parts)
        recompute.check_statistics(self.meta.get(12, {}), whole)
        recompute.check_sizes(self.meta.get(16, {}), self, whole)
        if self.entry.get(4) is not None:
            offsets = thrift.Reader(self.file.data, self.entry[4]).struct()
            wanted = [part.bytes for part in parts]
            require(offsets.get(2, wanted) == wanted, "unencoded bytes in the offset index")
        if self.entry.get(6) is not None:
            index = thrift.Reader(self.file.data, self.entry[6]).struct()
            recompute.check_column_index(index, self, parts)
        self._check_bloom(pages)

    def _check_bloom(self, pages):
        if self.meta.get(14) is None:
            return
        reader = thrift.Reader(self.file.data, self.meta[14])
        header = reader.struct()
        bits = reader.take(header[1])
        size = reader.at - self.meta[14]
        require(self.meta.get(15) == size, f"bloom_filter_length {self.meta.get(15)}, not {size}")
        for found in pages:
            recompute.check_bloom(header, bits, self.kind, found)


def leaves(elements):
    """(element, definition level, repetition level) of each column, depth first."""
    # Children left to come, and the levels, of the groups that are open.
    open_groups = [[elements[0].get(5, 0), 0, 0]]
    for element in elements[1:]:
        while open_groups[-1][0] == 0:
            open_groups.pop()
        open_groups[-1][0] -= 1
        repetition = element.get(3, REQUIRED)
        definition = open_groups[-1][1] + (repetition != REQUIRED)
        repeated = open_groups[-1][2] + (repetition == REPEATED)
        if 1 in element:
            yield element, definition, repeated
        else:
            open_groups.append([element.get(5, 0), definition, repeated])


class File:
    def __init__(self, path):
        self.data = path.read_bytes()
        require(self.data[:4] == b"PAR1" and self.data[-4:] == b"PAR1", "magic")
        (size,) = struct.unpack("<I", self.data[-8:-4])
        self.footer_size = size
        self.footer = thrift.Reader(self.data, len(self.data) - 8 - size).struct()
        self.leaves = list(leaves(self.footer[2]))

    def key_values(self):
        return {pair[1].decode(): pair.get(2, b"").decode() for pair in self.footer.get(5, [])}

    def check(self):
        groups = self.footer[4]
        self._check_footer()
        require(sum(group[3] for group in groups) == self.footer[3], "num_rows")
        last_end = 4
        for number, group in enumerate(groups):
            require(group[3] > 0, "a row group without rows")
            chunks = [Chunk(self, number, i) for i in range(len(group[1]))]
            for chunk in chunks:
                try:
                    chunk.check()
                    require(chunk.start >= last_end, "chunks overlap")
                except Wrong as wrong:
                    name = b".".join(chunk.meta[3]).decode()
                    raise Wrong(f"row group {number}, column {name}: {wrong}") from None
                last_end = chunk.start + chunk.meta[7]
            raw = sum(chunk.meta[6] for chunk in chunks)
            require(group[2] == raw, f"total_byte_size {group[2]}, chunks have {raw}")
            if 6 in group:
                stored = sum(chunk.meta[7] for chunk in chunks)
                require(group[6] == stored, f"total_compressed_size {group[6]}, not {stored}")
            require(group[5] == chunks[0].start, "file_offset of the row group")
            require(group.get(7, number) == number <= ORDINAL_MAX, "ordinal of the row group")
        self._check_places(last_end)

    def _check_footer(self):
        require(self.footer[1] == 1, f"version {self.footer[1]}")
        has_int96 = any(element[1] == INT96 for element, _, _ in self.leaves)
        created_by = self.footer[6]
        is_kept = has_int96 and created_by.startswith(b"parquet-mr")
        require(CREATED_BY.fullmatch(created_by) or is_kept, f"created_by {created_by!r}")
        # TYPE_ORDER for each column.
        require(self.footer.get(7) == [{1: {}}] * len(self.leaves), "column_orders")

    def _check_places(self, at):
        """Behind the pages: bloom filters, column indexes, offset indexes, one behind another."""
        entries = [entry for group in self.footer[4] for entry in group[1]]
        blooms = [(e[3].get(14), e[3].get(15)) for e in entries]
        columns = [(e.get(6), e.get(7)) for e in entries]
        offsets = [(e.get(4), e.get(5)) for e in entries]
        for kind in (blooms, columns, offsets):
            for offset, size in kind:
                if offset is None:
                    continue
                require(offset >= at, "order of indexes and bloom filters")
                require(kind is not offsets or offset == at or offset == offsets[0][0],
                        "a gap between offset indexes")
                at = offset + size
        require(at <= len(self.data) - 8 - self.footer_size, "indexes beyond the footer")


def column_of(paths, index):
    """(repetition levels, definition levels, values as bytes) of one column of several files."""
    repetition, definition, found = [], [], []
    for path in paths:
        file = File(path)
        for group in range(len(file.footer[4])):
            chunk = Chunk(file, group, index)
            for page, values in zip(chunk.data_pages, chunk.values()):
                repetition += page.repetition
                definition += page.definition
                found += decoding.as_bytes(chunk.kind, values)
    return repetition, definition, found


def check(path):
    """Raises Wrong with the first thing that an output must not have."""
    try:
        File(path).check()
    except Wrong as wrong:
        raise Wrong(f"{path.name}: {wrong}") from None


def statistics_problem(path):
    """None, or where the statistics, as Arrow reads them, are not those of the values."""
    file = pq.ParquetFile(path)
    for number in range(file.num_row_groups):
        table = file.read_row_group(number)
        group = file.metadata.row_group(number)
        for index in range(group.num_columns):
            chunk = group.column(index)
            stats = chunk.statistics
            is_flat = file.schema.column(index).max_repetition_level == 0
            if stats is None or "." in chunk.path_in_schema or not is_flat:
                continue
            column = table[chunk.path_in_schema]
            where = f"{path.name}, row group {number}, column {chunk.path_in_schema}"
            if stats.has_null_count and stats.null_count != column.null_count:
                return f"{where}: null_count {stats.null_count}, not {column.null_count}"
            if stats.has_min_max:
                problem = bounds_problem(stats, column)
                if problem:
                    return f"{where}: {problem}"
    return None


def bounds_problem(stats, column):
    least, most = stats.min_raw, stats.max_raw
    if pa.types.is_temporal(column.type) and isinstance(least, int):
        # Python has no nanoseconds.
        width = pa.int64() if column.type.bit_width == 64 else pa.int32()
        column = column.cast(width)
    else:
        least, most = stats.min, stats.max
    values = [value for value in column.to_pylist() if value is not None and value == value]
    if not values:
        return "bounds without values"
    low, high = min(values), max(values)
    try:
        is_right = least <= low and most >= high
    except TypeError:
        return None
    return None if is_right else f"bounds {least!r}..{most!r}, values {low!r}..{high!r}"
