# SPDX-License-Identifier: Apache-2.0

"""Lakes of random files by real writers: schemas, values and settings all follow from one number.

A schema is a tree of nodes; a file has a view of it, in which columns and fields may be missing, of
a narrower type, required, or elsewhere. Each file has a column `rid`, which counts on over all
files of its lake, so that a row is recognised wherever it comes out.
"""

import os
import random

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq

WORDS = ["", "a", "ab", "word", "wörd", "日本語", "\U0001f600", "x\0y", "prefix/common/", "A" * 300]
LIST_NAMES = ["element", "item", "array"]
ROWS = [0, 1, 2, 7, 8, 9, 33, 100, 300, 1000, 2500]
# A list gets shorter elements where its file would become larger than this.
VALUES_MAX = 6000


class Node:
    def __init__(self, kind, name, draw, children=(), chain=None, extra=None):
        self.kind = kind
        self.name = name
        self.children = list(children)
        self.chain = chain  # Of a leaf: the types that it has, each wider than the one before.
        self.extra = extra
        self.is_required = draw.random() < 0.2
        self.dictionary = None
        self.id = None


def leaf_chain(draw, is_nested):
    kinds = [
        lambda: [pa.int8(), pa.int16(), pa.int32(), pa.int64()],
        lambda: [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()],
        lambda: [draw.choice([pa.int32(), pa.int64()])],
        lambda: [pa.float32(), pa.float64()],
        lambda: [pa.int32(), pa.float64()],
        lambda: [pa.float16()],
        lambda: [pa.bool_()],
        lambda: [draw.choice([pa.string(), pa.large_string()])],
        lambda: [draw.choice([pa.binary(), pa.large_binary()])],
        lambda: [pa.binary(draw.choice([1, 2, 3, 4, 8, 12, 16, 17, 33]))],
        lambda: [pa.date32()],
        lambda: [draw.choice([pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")])],
        lambda: [pa.timestamp(draw.choice(["s", "ms", "us", "ns"]), draw.choice([None, "UTC"]))],
        lambda: [pa.duration(draw.choice(["s", "ms", "us", "ns"]))],
        lambda: [pa.decimal128(digits, 1) for digits in sorted(draw.sample(range(1, 39), 3))],
        lambda: [pa.decimal256(draw.randint(39, 76), draw.randint(0, 10))],
        # Arrow cannot filter it inside of others, which comparing needs.
        lambda: [pa.binary(16) if is_nested else pa.uuid()],
        lambda: [pa.null()],
    ]
    return draw.choice(kinds)()


def make_node(draw, name, depth):
    kind = draw.random()
    if depth == 0 or kind < 0.55:
        node = Node("leaf", name, draw, chain=leaf_chain(draw, is_nested=name[0] != "c"))
        if draw.random() < 0.1 and node.chain[0] in (pa.string(), pa.int32(), pa.binary()):
            node.dictionary = draw.choice([pa.int16(), pa.int32()])
        return node
    if kind < 0.72:
        fields = [make_node(draw, f"f{i}", depth - 1) for i in range(draw.randint(1, 4))]
        return Node("struct", name, draw, fields)
    if kind < 0.9:
        element = make_node(draw, "element", depth - 1)
        # Arrow cannot read those of a fixed size back where a null is among them or above.
        extra = draw.choice(["list", "list", "large"])
        return Node("list", name, draw, [element], extra=extra)
    key = Node("leaf", "key", draw, chain=[draw.choice([pa.string(), pa.int32()])])
    return Node("map", name, draw, [key, make_node(draw, "value", depth - 1)])


def number_nodes(nodes, next_id=2):
    for node in nodes:
        node.id = next_id
        next_id = number_nodes(node.children, next_id + 1)
    return next_id


class View:
    """A node as one file has it. `varies`: files of the lake may have it otherwise."""

    def __init__(self, node, draw, varies, style):
        self.node = node
        self.kind = node.kind
        self.name = node.name
        is_key = node.name == "key"
        self.is_required = node.is_required or is_key
        if varies and not is_key and draw.random() < 0.15:
            self.is_required = not self.is_required
        fields = node.children
        if varies and self.kind == "struct" and draw.random() < 0.4:
            fields = [f for f in fields if draw.random() < 0.7] or [draw.choice(fields)]
            draw.shuffle(fields)
        self.children = [View(field, draw, varies, style) for field in fields]
        self.has_ids = style["ids"]
        self.dictionary = None
        self.leaf_type = self._leaf_type(draw, varies, style) if self.kind == "leaf" else None
        self.type = self._type(style)
        nested_names = (*LIST_NAMES, "key", "value", "rid")
        if varies and self.has_ids and node.name not in nested_names and draw.random() < 0.15:
            self.name += "_new"

    def _leaf_type(self, draw, varies, style):
        chain = self.node.chain
        rung = draw.randrange(4) if varies else style["rung"]
        found = chain[rung % len(chain)]
        if varies and self.name != "key" and draw.random() < 0.02:
            found = pa.null()
        if pa.types.is_null(found):
            self.is_required = False
        elif not varies or draw.random() < 0.7:
            self.dictionary = self.node.dictionary
        return found

    def _type(self, style):
        if self.kind == "leaf":
            known = self.leaf_type
            return pa.dictionary(self.dictionary, known) if self.dictionary else known
        if self.kind == "struct":
            return pa.struct([child.field() for child in self.children])
        if self.kind == "map":
            return pa.map_(*[child.field() for child in self.children])
        self.children[0].name = style["list_name"]
        element = self.children[0].field()
        return pa.large_list(element) if self.node.extra == "large" else pa.list_(element)

    def field(self):
        metadata = {"PARQUET:field_id": str(self.node.id)} if self.has_ids else None
        return pa.field(self.name, self.type, not self.is_required, metadata)


# Values.


def bits(draw, width, count):
    """Integers of any magnitude, as unsigned ones."""
    numbers = [draw.getrandbits(draw.randint(1, width)) for _ in range(count)]
    return np.array(numbers, f"u{width//8}")


def texts(draw, count):
    kind = draw.randrange(5)
    if kind == 0:
        return [draw.choice(WORDS) for _ in range(count)]
    if kind == 1:
        return [f"https://example.org/{n % 7}/{draw.randrange(10**6):x}" for n in range(count)]
    if kind == 2:
        letters = [chr(code) for code in (65, 97, 0xE9, 0x4E2D, 0x1F600, 0, 0x7F)]
        return ["".join(draw.choices(letters, k=draw.randrange(12))) for _ in range(count)]
    if kind == 3:
        return ["x" * draw.choice([0, 1, 10, 200]) + str(draw.randrange(99)) for _ in range(count)]
    return [str(n) for n in range(count)]


def raw_array(kind, values):
    """An array without nulls of a fixed width, from what it lies in memory as."""
    data = values.tobytes() if isinstance(values, np.ndarray) else b"".join(values)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(data)])


def leaf_values(kind, draw, count):
    """So many values, none of them null; of floats all bits, NaN's among them."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, leaf_values(kind.storage_type, draw, count))
    if types.is_boolean(kind):
        share = draw.choice([0.5, 0.05, 0, 1])
        return pa.array([draw.random() < share for _ in range(count)])
    if types.is_string(kind) or types.is_large_string(kind):
        return pa.array(texts(draw, count), kind)
    if types.is_binary(kind) or types.is_large_binary(kind):
        longest = draw.choice([1, 20, 300])
        return pa.array([draw.randbytes(draw.randrange(longest)) for _ in range(count)], kind)
    if types.is_fixed_size_binary(kind):
        return raw_array(kind, [draw.randbytes(kind.byte_width) for _ in range(count)])
    if types.is_decimal(kind):
        top = 10**kind.precision
        numbers = [draw.choice([draw.randrange(1 - top, top), 0, top - 1, 1 - top])
                   for _ in range(count)]  # fmt: skip
        return raw_array(kind, [n.to_bytes(kind.byte_width, "little", signed=True)
                                for n in numbers])  # fmt: skip
    if types.is_floating(kind):
        if draw.random() < 0.5:
            return raw_array(kind, bits(draw, kind.bit_width, count))
        special = [float("nan"), -0.0, 0.0, float("inf"), -float("inf"), 1.5]
        numbers = [draw.choice([draw.gauss(0, 100), *special]) for _ in range(count)]
        return raw_array(kind, np.array(numbers, f"f{kind.bit_width//8}"))
    if types.is_time(kind):
        top = 86400 * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
        numbers = [draw.randrange(top) for _ in range(count)]
        return raw_array(kind, np.array(numbers, f"i{kind.bit_width//8}"))
    if types.is_timestamp(kind) or types.is_duration(kind):
        # What fits when seconds become milliseconds, and nanoseconds microseconds and back.
        numbers = [draw.randrange(-(2**52), 2**52) for _ in range(count)]
        return raw_array(kind, np.array(numbers, "i8"))
    if types.is_date(kind):
        days = [draw.randrange(-20000, 40000) for _ in range(count)]
        return raw_array(kind, np.array(days, "i4"))
    if draw.random() < 0.3:
        return pa.array([draw.randrange(50) for _ in range(count)], kind)
    return raw_array(kind, bits(draw, kind.bit_width, count))


def null_mask(draw, count, is_required):
    share = 0 if is_required else draw.choice([0, 0.01, 0.1, 0.5, 0.95, 1, "runs"])
    if share != "runs":
        return np.array([draw.random() < share for _ in range(count)], bool)
    mask = np.zeros(count, bool)
    at = 0
    while at < count:
        length = draw.randrange(1, 400)
        mask[at : at + length] = draw.random() < 0.5
        at += length
    return mask


def places(draw, count, pool):
    """Which of the pool's values stand where."""
    style = draw.choice(["any", "any", "in turn", "runs", "few, then in turn"])
    if style == "any":
        return [draw.randrange(pool) for _ in range(count)]
    if style == "runs":
        found = []
        while len(found) < count:
            found += [draw.randrange(pool)] * draw.randrange(1, 60)
        return found[:count]
    found = [n % pool for n in range(count)]
    if style != "in turn":
        found[: count // 2] = [draw.randrange(min(5, pool)) for _ in range(count // 2)]
    return found


def leaf_array(view, draw, count):
    if pa.types.is_null(view.leaf_type):
        return pa.nulls(count)
    mask = null_mask(draw, count, view.is_required)
    pool = draw.choice([1, 2, 17, 200, max(1, min(count, 1500))])
    # Files share their values, more often than not.
    own = draw if draw.random() < 0.4 else random.Random(f"{view.leaf_type} {view.node.id} {pool}")
    values = leaf_values(view.leaf_type, own, pool)
    found = values.take(pa.array(places(draw, count, pool), pa.int64(), mask=mask))
    if view.dictionary:
        found = found.dictionary_encode().cast(view.type)
    return found


def array_of(view, draw, count):
    if view.kind == "leaf":
        return leaf_array(view, draw, count)
    mask = null_mask(draw, count, view.is_required)
    nulls = pa.array(mask)
    if view.kind == "struct":
        fields = [child.field() for child in view.children]
        arrays = [array_of(child, draw, count) for child in view.children]
        return pa.StructArray.from_arrays(arrays, fields=fields, mask=nulls)
    longest = draw.choice([1, 2, 4, 8]) if count < VALUES_MAX // 8 else 1
    lengths = np.array([0 if null else draw.randint(0, longest) for null in mask], "i8")
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    arrays = [array_of(child, draw, int(offsets[-1])) for child in view.children]
    if view.kind == "map":
        ends = pa.array(offsets.astype("i4"), mask=np.append(mask, False))
        return pa.MapArray.from_arrays(ends, *arrays, type=view.type)
    if view.node.extra == "large":
        return pa.LargeListArray.from_arrays(pa.array(offsets), *arrays, type=view.type, mask=nulls)
    ends = pa.array(offsets.astype("i4"))
    return pa.ListArray.from_arrays(ends, *arrays, type=view.type, mask=nulls)


# Writers. What they were told goes into the lake's description.

CODECS = ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]
ENCODINGS = {
    "INT32": ["DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
    "INT64": ["DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
    "FLOAT": ["BYTE_STREAM_SPLIT"],
    "DOUBLE": ["BYTE_STREAM_SPLIT"],
    "BOOLEAN": ["RLE"],
    "BYTE_ARRAY": ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
    "FIXED_LEN_BYTE_ARRAY": ["DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT"],
}


def leaves_of(schema, options):
    sink = pa.BufferOutputStream()
    pq.ParquetWriter(sink, schema, **options).close()
    columns = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    leaves = [columns.column(i) for i in range(len(columns))]
    return {leaf.path: leaf.physical_type for leaf in leaves}


def pyarrow_options(table, draw):
    def maybe(share, name, *values):
        if draw.random() < share:
            options[name] = draw.choice(values)

    rows = table.num_rows
    options = {"store_decimal_as_integer": draw.random() < 0.4}
    maybe(0.2, "version", "1.0", "2.4")
    leaves = leaves_of(table.schema, options)
    options["data_page_version"] = draw.choice(["1.0", "2.0"])
    options["compression"] = draw.choice(CODECS)
    if draw.random() < 0.3:
        options["compression"] = {path: draw.choice(CODECS) for path in leaves}
    with_dictionary = draw.choice([1, 1, 0, 0.5])
    options["use_dictionary"] = [p for p in leaves if draw.random() < with_dictionary] or False
    encodings = {
        path: draw.choice(ENCODINGS[kind])
        for path, kind in leaves.items()
        if path not in (options["use_dictionary"] or []) and kind in ENCODINGS
        if draw.random() < 0.5
    }
    if encodings:
        options["column_encoding"] = encodings
    maybe(0.4, "write_page_index", True)
    maybe(0.3, "write_page_checksum", True)
    maybe(0.15, "write_statistics", False)
    maybe(0.15, "store_schema", False)
    maybe(0.05, "use_deprecated_int96_timestamps", True)
    maybe(0.4, "dictionary_pagesize_limit", 1, 50, 300, 1000, 20000)
    maybe(0.5, "data_page_size", 100, 300, 1000, 10000)
    maybe(0.5, "write_batch_size", 7, 64, 1000)
    maybe(0.3, "max_rows_per_page", 7, 100, 333)
    if "version" not in options:
        maybe(0.15, "use_content_defined_chunking",
              {"min_chunk_size": 1024, "max_chunk_size": 4096, "norm_level": 0})
    if draw.random() < 0.25:
        options["bloom_filter_options"] = {
            path: {"ndv": draw.choice([1, 10, rows + 1, 100 * rows + 1]), "fpp": 0.05}
            for path, kind in leaves.items()
            if kind != "BOOLEAN" and draw.random() < 0.6
        } or None
    if draw.random() < 0.2:
        options["sorting_columns"] = [pq.SortingColumn(list(leaves).index("rid"))]
    options["row_group_size"] = draw.choice([None, None, None, rows // 2 + 1, rows // 7 + 1])
    return options


def write_pyarrow(table, path, draw):
    options = pyarrow_options(table, draw)
    # Not all of them go with all types; what is refused is left out.
    doubtful = ["column_encoding", "bloom_filter_options", "use_deprecated_int96_timestamps",
                "version", "use_content_defined_chunking", "store_decimal_as_integer"]
    while True:
        try:
            pq.write_table(table, path, **options)
            pq.ParquetFile(path).read()
            return options
        except (pa.ArrowException, OSError):
            present = [name for name in doubtful if options.get(name)]
            if not present:
                raise
            del options[present[0]]


def write_polars(table, path, draw):
    options = {
        "compression": draw.choice(["lz4", "uncompressed", "snappy", "gzip", "brotli", "zstd"]),
        "row_group_size": draw.choice([None, max(1, table.num_rows // 3)]),
        "data_page_size": draw.choice([None, 100, 5000]),
    }
    polars.from_arrow(table).write_parquet(path, **options)
    pq.ParquetFile(path).read()
    return options


def write_duckdb(table, path, draw):
    options = [
        f"COMPRESSION {draw.choice(['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4_raw'])}",
        f"PARQUET_VERSION {draw.choice(['V1', 'V2'])}",
        f"DICTIONARY_SIZE_LIMIT {draw.choice([1, 10, 1000])}",
    ]
    with duckdb.connect() as connection:
        connection.register("source", table)
        settings = ", ".join(["FORMAT parquet", *options])
        connection.execute(f"COPY (SELECT * FROM source) TO '{path}' ({settings})")
    pq.ParquetFile(path).read()
    return options


WRITERS = {"pyarrow": write_pyarrow, "polars": write_polars, "duckdb": write_duckdb}


def write(table, path, writer, draw):
    """Writes with that writer, or with pyarrow what it does not take. Returns what was used."""
    try:
        return writer, WRITERS[writer](table, path, draw)
    except BaseException as problem:  # Polars ends in a panic, which is no Exception.
        if writer == "pyarrow" or isinstance(problem, KeyboardInterrupt):
            raise
        return "pyarrow", write_pyarrow(table, path, draw)


class Lake:
    """Files in a folder, in row order. `is_varied`: their schemas differ."""

    def __init__(self, seed, folder):
        draw = random.Random(seed)
        self.seed = seed
        self.is_varied = draw.random() < 0.5
        self.has_ids = draw.random() < 0.25
        count = draw.choice([1, 2, 3, 4, 6, 10])
        nodes = [make_node(draw, f"c{i}", draw.randint(0, 4)) for i in range(count)]
        number_nodes(nodes)
        self.style = {"ids": self.has_ids, "rung": draw.randrange(4), "list_name": "element"}
        writer = draw.choice(["pyarrow", "pyarrow", "pyarrow", "polars", "duckdb", None])
        self.files = []
        self.told = []
        rows_before = 0
        folder.mkdir(parents=True)
        for number in range(draw.randint(2, 7)):
            own = random.Random(f"{seed} {number}")
            table = self._table(nodes, own, rows_before)
            rows_before += table.num_rows
            path = folder / f"{number:03}.parquet"
            chosen = writer or own.choice(list(WRITERS))
            self.told.append((path.name, table.num_rows, *write(table, path, chosen, own)))
            os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
            self.files.append(path)

    def _table(self, nodes, draw, rows_before):
        style = dict(self.style)
        if self.is_varied and draw.random() < 0.15:
            style["list_name"] = draw.choice(LIST_NAMES)
        chosen = [node for node in nodes if not self.is_varied or draw.random() < 0.85]
        views = [View(node, draw, self.is_varied, style) for node in chosen]
        rid = Node("leaf", "rid", random.Random(self.seed), chain=[pa.int64()])
        rid.id = 1
        place = draw.randint(0, len(views)) if self.is_varied else 0
        views.insert(place, View(rid, draw, False, style))
        rows = draw.choice(ROWS)
        arrays = [
            pa.array(range(rows_before, rows_before + rows), pa.int64())
            if view.node is rid
            else array_of(view, draw, rows)
            for view in views
        ]
        return pa.Table.from_arrays(arrays, schema=pa.schema([view.field() for view in views]))
