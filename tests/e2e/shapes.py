# SPDX-License-Identifier: Apache-2.0

"""Every shape that writers ever gave lists and maps, as schemas and as files of known rows.

A shape says how a row's value stands in its groups; `shred` makes levels of that for any schema
(Dremel's way, by the text of the format). See LogicalTypes.md, "Nested Types".
"""

import random

import writer
from thrift import Small
from kinds import BYTE_ARRAY, INT64, PLAIN, RLE_DICTIONARY

REQUIRED, OPTIONAL, REPEATED = range(3)
# (converted type, field of LogicalType); old writers knew the former only.
STRING, MAP, MAP_KEY_VALUE, LIST = (0, 1), (1, 2), (2, None), (3, 3)


class Node:
    """An element of a schema: a group where it has children, else a leaf of a physical type."""

    def __init__(self, name, repetition, *children, kind=None, annotation=None, is_new=False):
        self.name = name
        self.repetition = repetition
        self.children = children
        self.kind = kind
        self.annotation = annotation
        self.is_new = is_new

    def elements(self):
        """As they stand in a footer, depth first."""
        element = {3: Small(self.repetition), 4: self.name.encode()}
        if self.children:
            element[5] = Small(len(self.children))
        else:
            element[1] = Small(self.kind)
        if self.annotation:
            converted, logical = self.annotation
            element[6] = Small(converted)
            if self.is_new and logical:
                element[10] = {logical: {}}
        return [element] + [e for child in self.children for e in child.elements()]

    def leaves(self, definition=0, repetition=0):
        """(leaf, its highest definition and repetition level)."""
        definition += self.repetition != REQUIRED
        repetition += self.repetition == REPEATED
        if not self.children:
            return [(self, definition, repetition)]
        return [leaf for child in self.children for leaf in child.leaves(definition, repetition)]


def shred(node, value, out, repetition=0, definition=0, depth=0):
    """Appends (repetition level, definition level, value) to out[leaf]. A value is a list where the
    node repeats, a dict where it is a group, None where there is none."""
    if node.repetition == REPEATED:
        for index, item in enumerate(value):
            again = repetition if index == 0 else depth + 1
            _shred_one(node, item, out, again, definition + 1, depth + 1)
        if value:
            return
        value = None
    elif value is not None:
        definition += node.repetition == OPTIONAL
        _shred_one(node, value, out, repetition, definition, depth)
    if value is None:
        assert node.repetition != REQUIRED, node.name
        for leaf, _, _ in node.leaves():
            out.setdefault(leaf, []).append((repetition, definition, None))


def _shred_one(node, value, out, repetition, definition, depth):
    if not node.children:
        out.setdefault(node, []).append((repetition, definition, value))
    for child in node.children:
        shred(child, value[child.name], out, repetition, definition, depth)


def number(name, repetition):
    return Node(name, repetition, kind=INT64)


def text(name, repetition, is_new=False):
    return Node(name, repetition, kind=BYTE_ARRAY, annotation=STRING, is_new=is_new)


class Shape:
    """Column x: its node, how a row's value stands in it, and what it has no room for."""

    def __init__(self, kind, node, place, has_null_rows=True, has_null_elements=True):
        self.kind = kind
        self.node = node
        self.place = place
        self.has_null_rows = has_null_rows
        self.has_null_elements = has_null_elements


def two_level(kind, repeated, name=None):
    """LIST { repeated <element> }: no element is null."""
    node = Node("x", OPTIONAL, repeated, annotation=LIST)
    return Shape(kind, node, lambda row: {repeated.name: row}, has_null_elements=False)


def three_level(kind, middle, element, is_new=False):
    """LIST { repeated group <middle> { <element> } }."""
    group = Node(middle, REPEATED, element)
    node = Node("x", OPTIONAL, group, annotation=LIST, is_new=is_new)
    return Shape(kind, node, lambda row: {middle: [{element.name: item} for item in row]},
                 has_null_elements=element.repetition == OPTIONAL)  # fmt: skip


def repeated(kind, node):
    """Neither null lists nor null elements."""
    return Shape(kind, node, lambda row: row, has_null_rows=False, has_null_elements=False)


def map_of(middle, outer=MAP, inner=None, key="key", value="value", key_repetition=REQUIRED,
           is_new=False):  # fmt: skip
    group = Node(middle, REPEATED, text(key, key_repetition, is_new), number(value, OPTIONAL),
                 annotation=inner)  # fmt: skip
    node = Node("x", OPTIONAL, group, annotation=outer, is_new=is_new)
    return Shape("map", node,
                 lambda row: {middle: [{key: k.encode(), value: v} for k, v in row]})  # fmt: skip


def fields():
    return number("a", REQUIRED), text("b", OPTIONAL)


def lists_of(inner):
    """LIST { repeated group array (LIST) { ... } }, parquet-avro's list of lists."""
    group = Node("array", REPEATED, inner, annotation=LIST)
    node = Node("x", OPTIONAL, group, annotation=LIST)
    return Shape("lists", node, lambda row: {"array": [{inner.name: item} for item in row]},
                 has_null_elements=False)  # fmt: skip


def new_lists():
    inner = Node("list", REPEATED, number("element", OPTIONAL))
    element = Node("element", OPTIONAL, inner, annotation=LIST, is_new=True)
    shape = three_level("lists", "list", element, is_new=True)
    place = lambda one: None if one is None else {"list": [{"element": n} for n in one]}  # noqa
    shape.place = lambda row: {"list": [{"element": place(one)} for one in row]}
    return shape


NEW = {
    "numbers": three_level("numbers", "list", number("element", OPTIONAL), is_new=True),
    "structs": three_level(
        "structs", "list", Node("element", OPTIONAL, *fields()), is_new=True
    ),
    "single": three_level(
        "single", "list", Node("element", OPTIONAL, number("a", REQUIRED)), is_new=True
    ),
    "lists": new_lists(),
    "map": map_of("key_value", is_new=True),
}
OLD = {
    "two levels": two_level("numbers", number("element", REPEATED)),
    "two levels, array": two_level("numbers", number("array", REPEATED)),
    "two levels, x_tuple": two_level("numbers", number("x_tuple", REPEATED)),
    "bag.array_element": three_level("numbers", "bag", number("array_element", OPTIONAL)),
    "list.item": three_level("numbers", "list", number("item", OPTIONAL)),
    "list.element, never null": three_level("numbers", "list", number("element", REQUIRED)),
    "repeated numbers": repeated("numbers", number("x", REPEATED)),
    "two levels of structs": two_level("structs", Node("element", REPEATED, *fields())),
    "two levels of structs, array": two_level("structs", Node("array", REPEATED, *fields())),
    "two levels of structs, x_tuple": two_level("structs", Node("x_tuple", REPEATED, *fields())),
    "bag.array_element of structs": three_level(
        "structs", "bag", Node("array_element", OPTIONAL, *fields())
    ),
    "repeated structs": repeated("structs", Node("x", REPEATED, *fields())),
    "array of one field": two_level("single", Node("array", REPEATED, number("a", REQUIRED))),
    "x_tuple of one field": two_level("single", Node("x_tuple", REPEATED, number("a", REQUIRED))),
    "two levels of two levels": lists_of(number("array", REPEATED)),
    "map": map_of("map"),
    "map.map": map_of("map", inner=MAP_KEY_VALUE),
    "MAP_KEY_VALUE": map_of("map", outer=MAP_KEY_VALUE),
    "map of other names": map_of("entries", key="k", value="v"),
    "map of optional keys": map_of("map", key_repetition=OPTIONAL),
}


def row_of(shape, draw):
    """A value of column x."""
    def element():
        if shape.has_null_elements and draw.random() < 0.2:
            return None
        if shape.kind == "numbers":
            return draw.randrange(50)
        if shape.kind == "lists":
            return [draw.randrange(50) for _ in range(draw.randrange(3))]
        one = {"a": draw.randrange(50)}
        if shape.kind == "structs":
            one["b"] = draw.choice([None, "p", "qq"])
        return one

    if shape.has_null_rows and draw.random() < 0.2:
        return None
    count = draw.choice([0, 1, 2, 5])
    if shape.kind == "map":
        keys = draw.sample(["k", "l", "m", "n", "o", "p"], count)
        return [(key, draw.choice([None, draw.randrange(50)])) for key in keys]
    return [element() for _ in range(count)]


def as_bytes(value):
    """Texts as they stand in pages."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return [as_bytes(item) for item in value]
    if isinstance(value, dict):
        return {key: as_bytes(item) for key, item in value.items()}
    return value


PAGES = [
    [(PLAIN, 1)],
    [(RLE_DICTIONARY, 1), (PLAIN, 2)],
    [(RLE_DICTIONARY, 2)],
]
CODECS = ["none", "snappy", "gzip"]


def write(path, shape, first, count, variant=0, created_by=b"parquet-mr version 1.8.1 (build old)"):
    """A file of columns id (counted on from `first`) and x; returns its rows."""
    draw = random.Random(first)
    root = Node("schema", REQUIRED, number("id", REQUIRED), shape.node)
    rows = [{"id": first + i, "x": row_of(shape, draw)} for i in range(count)]
    out = {}
    for row in rows:
        value = as_bytes(row["x"])
        placed = None if value is None else shape.place(value if shape.kind != "map" else row["x"])
        shred(root, {"id": row["id"], "x": placed}, out)
    columns = []
    for leaf, definition, repetition in root.leaves():
        column = writer.Column(leaf.kind, definition, repetition, CODECS[variant % len(CODECS)])
        entries = out[leaf]
        pages = PAGES[variant % len(PAGES)]
        if any(encoding == RLE_DICTIONARY for encoding, _ in pages):
            column.dictionary(sorted({entry[2] for entry in entries if entry[2] is not None}))
        starts = [i for i, entry in enumerate(entries) if entry[0] == 0]
        cuts = starts[:: max(1, count // 4)] + [len(entries)]
        for number_of_page, (begin, end) in enumerate(zip(cuts, cuts[1:])):
            encoding, version = pages[min(number_of_page, len(pages) - 1)]
            column.page(entries[begin:end], encoding, version)
        columns.append(column)
    elements = root.elements()
    del elements[0][3]
    writer.write_as(path, elements, columns, count, created_by)
    return rows
