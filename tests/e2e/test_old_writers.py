# SPDX-License-Identifier: Apache-2.0

"""Files of writers that nobody has any more, made page by page (writer.py): alone and among files
of pyarrow, with all values known beforehand and read back from the output."""

import os
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import compare
import raw
import readers
import strict
import writer
from conftest import data_files, live_files
from kinds import (BOOLEAN, BYTE_ARRAY, DELTA, DELTA_BYTES, DELTA_LENGTH, DOUBLE, FLOAT, INT32,
                   INT64, PLAIN, RLE, RLE_DICTIONARY, SPLIT)  # fmt: skip

OLD = b"parquet-mr version 1.7.0 (build 123)"
PAGE_ENTRIES = 300
ROWS = 2000
TYPES = {
    BOOLEAN: (pa.bool_(), lambda draw: draw.random() < 0.3),
    INT32: (pa.int32(), lambda draw: draw.choice([draw.randrange(90), -(2**31), 2**31 - 1])),
    INT64: (pa.int64(), lambda draw: draw.choice([draw.randrange(90), -(2**63), 2**63 - 1])),
    FLOAT: (pa.float32(), lambda draw: draw.randrange(900) / 8),
    DOUBLE: (pa.float64(), lambda draw: draw.randrange(900) / 8),
    BYTE_ARRAY: (pa.string(), lambda draw: "shared " * draw.randrange(4) + str(draw.randrange(99))),
}
FLAT, LIST = "flat", "list"


class Old:
    """How a file is written: `pages` are (encoding, version) that take turns."""

    def __init__(self, kinds, pages, shapes=(FLAT, LIST), codec="none", is_packed=False,
                 is_linked=False, created_by=OLD):  # fmt: skip
        self.kinds = kinds
        self.pages = pages
        self.shapes = shapes
        self.codec = codec
        self.is_packed = is_packed
        self.is_linked = is_linked
        self.created_by = created_by


STRINGS, NUMBERS = (BYTE_ARRAY,), (INT32, INT64, DOUBLE)
EVERY = tuple(TYPES)
OLD_FILES = {
    # PARQUET-246.
    "delta strings that lean": Old(STRINGS, [(DELTA_BYTES, 1)], is_linked=True),
    "delta strings that lean, v2": Old(STRINGS, [(DELTA_BYTES, 2)], is_linked=True),
    "delta strings that lean, behind a dictionary": Old(
        STRINGS, [(RLE_DICTIONARY, 2), (DELTA_BYTES, 2), (DELTA_BYTES, 2)], is_linked=True
    ),
    "delta strings that lean, snappy": Old(
        STRINGS, [(DELTA_BYTES, 1)], codec="snappy", is_linked=True
    ),
    "delta strings of old that do not lean": Old(STRINGS, [(DELTA_BYTES, 1), (DELTA_BYTES, 2)]),
    # Levels of parquet-mr before 1.0 and of Impala.
    "bit-packed levels": Old(EVERY, [(PLAIN, 1)], is_packed=True),
    "bit-packed levels, dictionary": Old(
        (INT64, BYTE_ARRAY), [(RLE_DICTIONARY, 1)], is_packed=True
    ),
    "bit-packed levels, dictionary given up": Old(
        (INT64, BYTE_ARRAY), [(RLE_DICTIONARY, 1), (PLAIN, 1)], is_packed=True, codec="snappy"
    ),
    "bit-packed levels, delta": Old((INT32, INT64), [(DELTA, 1)], is_packed=True),
    # Encodings that change from page to page, in an order that no output may have.
    "dictionary behind plain": Old((INT32, INT64, FLOAT, DOUBLE, BYTE_ARRAY),
                                   [(PLAIN, 1), (RLE_DICTIONARY, 1)]),
    "dictionary behind delta": Old((INT32, INT64), [(DELTA, 2), (RLE_DICTIONARY, 1), (PLAIN, 2)]),
    "dictionary behind delta strings": Old(
        STRINGS, [(DELTA_LENGTH, 2), (RLE_DICTIONARY, 2), (DELTA_BYTES, 1), (PLAIN, 1)]
    ),
    "split streams and dictionaries": Old((FLOAT, DOUBLE), [(SPLIT, 1), (RLE_DICTIONARY, 2)]),
    "dictionary of booleans": Old((BOOLEAN,), [(RLE_DICTIONARY, 1), (RLE_DICTIONARY, 2)]),
    "booleans of every kind": Old(
        (BOOLEAN,), [(RLE, 2), (PLAIN, 1), (RLE_DICTIONARY, 2), (RLE, 1)]
    ),
    **{
        f"codec {name}": Old((INT64, BYTE_ARRAY), [(RLE_DICTIONARY, 1), (PLAIN, 1), (PLAIN, 2)],
                             codec=name)
        for name in writer.CODECS
    },
}  # fmt: skip


UNREAD = ["dictionary of booleans", "booleans of every kind"]
UNREAD += [n for n in OLD_FILES if n.startswith(("codec lz4 frames", "codec lz4 of hadoop, s"))]


def value_of(kind, value):
    return value.encode() if kind == BYTE_ARRAY and value is not None else value


def table_of(old, seed, rows=ROWS):
    """Random rows; the last quarter of each column repeats one value or is null."""
    draw = random.Random(seed)
    columns = {}
    for kind in old.kinds:
        arrow, make = TYPES[kind]
        for shape in old.shapes:
            def one():
                return None if draw.random() < 0.2 else make(draw)

            if shape == FLAT:
                data = [one() for _ in range(rows * 3 // 4)]
                data += [None] * (rows - len(data))
                columns[f"{arrow} {shape}"] = pa.array(data, arrow)
            else:
                data = [draw.choice([None, [], [one()], [one() for _ in range(5)]])
                        for _ in range(rows)]  # fmt: skip
                columns[f"{arrow} {shape}"] = pa.array(data, pa.list_(arrow))
    return pa.table(columns)


def write_old(path, table, old):
    columns = []
    for index, (kind, shape) in enumerate((k, s) for k in old.kinds for s in old.shapes):
        is_list = shape == LIST
        column = writer.Column(kind, 3 if is_list else 1, int(is_list), old.codec, old.is_linked)
        entries = [
            (repetition, definition, value_of(kind, value))
            for repetition, definition, value in writer.entries_of(
                table.column(index).to_pylist(), is_list
            )
        ]
        if any(encoding == RLE_DICTIONARY for encoding, _ in old.pages):
            column.dictionary(sorted({entry[2] for entry in entries if entry[2] is not None}))
        at = number = 0
        while at < len(entries):
            encoding, version = old.pages[number % len(old.pages)]
            end = min(at + PAGE_ENTRIES + number, len(entries))
            # Pages of version 1 may end inside a row, those of version 2 not, nor those before.
            while end < len(entries) and entries[end][0] != 0 and _must_end_rows(old):
                end += 1
            column.page(entries[at:end], encoding, version, old.is_packed and version == 1)
            at = end
            number += 1
        columns.append(column)
    writer.write(path, table, columns, old.created_by)


def _must_end_rows(old):
    return any(version == 2 for _, version in old.pages)


def read_back(outputs, wanted, spark):
    for path in outputs:
        strict.check(path)
        assert strict.statistics_problem(path) is None
    assert compare.difference(wanted, readers.with_pyarrow(outputs)) is None
    python = wanted.to_pylist()
    assert readers.with_duckdb(outputs).to_pylist() == python
    assert spark.read(outputs).to_pylist() == python


def compacted(regroup, source, home):
    for number, path in enumerate(sorted(source.iterdir())):
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    result = regroup("compact", source, home).must(0)
    outputs = data_files(home)
    assert len(outputs) == 1, result.err
    regroup("verify", source, home).must(0)
    return outputs


@pytest.mark.parametrize("name", OLD_FILES)
def test_the_writer_of_these_tests_is_right(name, tmp_path):
    """What it writes is what an independent decoder reads."""
    old = OLD_FILES[name]
    if old.is_linked or old.is_packed or name in UNREAD:
        pytest.skip("pyarrow does not read it, or wrong")
    table = table_of(old, 1)
    write_old(tmp_path / "x.parquet", table, old)
    assert compare.difference(table, readers.with_pyarrow([tmp_path / "x.parquet"])) is None


@pytest.mark.parametrize("name", OLD_FILES)
def test_an_old_file_alone(name, regroup, tmp_path, spark):
    old = OLD_FILES[name]
    source = tmp_path / "in"
    source.mkdir()
    table = table_of(old, 2)
    write_old(source / "0.parquet", table, old)
    read_back(compacted(regroup, source, tmp_path / "home"), table, spark)


NEW = [
    {"compression": "snappy"},
    {"compression": "zstd", "use_dictionary": False, "data_page_version": "2.0"},
]


@pytest.mark.parametrize("name", OLD_FILES)
def test_old_files_among_new_ones(name, regroup, tmp_path, spark):
    old = OLD_FILES[name]
    source = tmp_path / "in"
    source.mkdir()
    tables = []
    for number in range(6):
        table = table_of(old, 3 + number, ROWS - 200 * number)
        path = source / f"{number}.parquet"
        if number % 2 == 0:
            write_old(path, table, old)
        else:
            pq.write_table(table, path, **NEW[number // 2 % 2], write_page_index=number == 3)
        tables.append(table)
    wanted = pa.concat_tables(tables)
    read_back(compacted(regroup, source, tmp_path / "home"), wanted, spark)


@pytest.mark.parametrize("writer_name", ["fastparquet-python version 1.0.0 (build 111)",
                                         "parquet-mr version 1.8.1 (build x)"])
def test_lengths_without_the_dictionary_page(writer_name, regroup, tmp_path):
    """fastparquet of before 2018 counted from behind it; of others that is a page that is lost."""
    source = tmp_path / "in"
    source.mkdir()
    rows = pa.table({"c": ["x", "y"] * 50, "z": range(100)})

    def leave_out(footer):
        footer[6] = writer_name.encode()
        meta = footer[4][0][1][0][3]
        page_bytes = meta[9] - meta[11]
        assert page_bytes <= 100
        meta[6] -= page_bytes
        meta[7] -= page_bytes

    for number in range(2):
        path = source / f"{number}.parquet"
        pq.write_table(rows, path, use_dictionary=["c"], compression="none")
        raw.edit_footer(path, leave_out)
    if writer_name.startswith("fastparquet"):
        regroup("compact", source, tmp_path / "home").must(0)
        regroup("verify", source, tmp_path / "home").must(0)
        regroup("inspect", "--pages", source / "0.parquet").must(0)
        (output,) = live_files(regroup, tmp_path / "home")
        assert pq.read_table(output).to_pylist() == 2 * rows.to_pylist()
    else:
        result = regroup("compact", source, tmp_path / "home").must(3)
        assert "0.parquet: row group 0: column c" in result.err
        told = regroup("inspect", "--pages", source / "0.parquet").must(65)
        assert "ends behind the chunk" in told.err
