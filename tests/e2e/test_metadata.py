# SPDX-License-Identifier: Apache-2.0

"""What metadata mean: who is believed, which files may share an output, what is kept of it.

docs/metadata-rules.md names the test of each rule. Files are written by Arrow, and then their
footers are changed to what other writers say or said. Bounds that are to be left out are made
lies, so that a test fails if one of them gets through.
"""

import json
import os
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import raw
import strict
import thrift
import writer
from conftest import data_files, live_files
from thrift import Byte, Small
from kinds import BYTE_ARRAY, DELTA_BYTES

ROWS = 4000
MODERN = b"parquet-mr version 1.13.1 (build db4183109d5b734ec5930d870cdae161e408ddba)"


def compacted(regroup, source, home, *options):
    """The outputs, each of them held against its values."""
    regroup("compact", source, home, *options).must(0)
    outputs = live_files(regroup, home)
    for path in outputs:
        strict.check(path)
    return outputs


def key_values(path):
    return strict.File(path).key_values()


# Who is believed.

COLUMNS = {
    # name: (values of a file, bounds that lie)
    "int": (pa.array(np.arange(ROWS), pa.int32()), (b"\x05\0\0\0", b"\x09\0\0\0")),
    "uint": (pa.array(np.arange(ROWS), pa.uint32()), (b"\x05\0\0\0", b"\x09\0\0\0")),
    "double": (pa.array(np.arange(ROWS) * 1.5), (struct.pack("<d", 5), struct.pack("<d", 9))),
    "text": (pa.array([f"{i:06}" for i in range(ROWS)]), (b"000005", b"000009")),
    # The equal bounds of one file are truth for some and a sign of PARQUET-251 for others.
    "equal": (pa.array([f"{i:06}" for i in range(ROWS)]), (b"000007", b"000007")),
    "fixed": (
        pa.array([struct.pack(">I", i) for i in range(ROWS)], pa.binary(4)),
        (struct.pack(">I", 5), struct.pack(">I", 9)),
    ),
}
EVERY = set(COLUMNS)
NEW, OLD, NO_ORDER = "new fields", "deprecated fields", "new fields without column orders"
BELIEF = [
    # created_by, fields, columns whose bounds are believed.
    (b"parquet-mr version 1.7.0 (build x)", NEW, {"int"}),
    (b"parquet-mr version 1.7.0 (build x)", OLD, {"int"}),
    (b"parquet-mr version 1.5.0-cdh5.7.0 (build x)", NEW, {"int", "equal"}),
    (b"parquet-mr version 1.8.3 (build x)", NEW, {"int", "equal"}),
    (b"parquet-mr version 1.9.0 (build x)", NEW, {"int", "equal"}),
    (b"parquet-mr version 1.10.0 (build x)", NEW, EVERY),
    (b"parquet-cpp version 1.2.1-SNAPSHOT", NEW, {"int", "equal"}),
    (b"parquet-cpp version 1.3.1-SNAPSHOT", NEW, EVERY - {"double"}),
    (b"parquet-cpp version 1.5.1-SNAPSHOT", NEW, EVERY),
    (b"impala version 2.11.0-RELEASE (build x)", NEW, EVERY - {"double"}),
    (b"impala version 2.11.0-RELEASE (build x)", OLD, {"int"}),
    (b"impala version 3.2.0-cdh6.3.2 (build x)", NEW, EVERY),
    (b"Polars", NEW, EVERY),
    (None, NEW, EVERY),
    (None, OLD, {"int", "double"}),
    (MODERN, NEW, EVERY),
    (MODERN, OLD, {"int", "double"}),
    (MODERN, NO_ORDER, set()),
]


def lie_in_index(data, entry, bounds):
    """The column index with other bounds; they are as long as those that are there."""
    index = thrift.Reader(data, entry[6]).struct()
    assert len(index[2][0]) == len(bounds[0])
    index[2] = [bounds[0]] * len(index[2])
    index[3] = [bounds[1]] * len(index[3])
    encoded = thrift.emit(index)
    assert len(encoded) == entry[7]
    data[entry[6] : entry[6] + entry[7]] = encoded


def write_lies(path, created_by, fields):
    table = pa.table({name: values for name, (values, _) in COLUMNS.items()})
    pq.write_table(table, path, use_dictionary=False, write_page_index=True, data_page_size=4000)
    data = bytearray(path.read_bytes())
    footer, _ = raw.footer_of(data)
    for entry, (_, bounds) in zip(footer[4][0][1], COLUMNS.values()):
        lie_in_index(data, entry, bounds)
    path.write_bytes(data)

    def change(footer):
        footer.pop(6)
        if created_by is not None:
            footer[6] = created_by
        if fields is NO_ORDER:
            del footer[7]
        for entry, (_, (least, most)) in zip(footer[4][0][1], COLUMNS.values()):
            stats = entry[3][12]
            for field in (1, 2, 5, 6, 7, 8):
                stats.pop(field, None)
            stats.update({1: most, 2: least} if fields is OLD else {5: most, 6: least})

    raw.edit_footer(path, change)


def lies_of(path, part):
    """Names of the columns whose metadata are not true; `part`: "chunk" or "pages"."""
    found = set()
    file = strict.File(path)
    for index, name in enumerate(COLUMNS):
        chunk = strict.Chunk(file, 0, index)
        if part == "chunk":
            chunk.entry.pop(6, None)
        else:
            chunk.meta.pop(12, None)
        try:
            chunk.check_values()
        except strict.Wrong as wrong:
            assert "bounds" in str(wrong) or "boundary_order" in str(wrong)
            found.add(name)
    return found


@pytest.mark.parametrize("created_by, fields, believed", BELIEF)
def test_bounds_of_writers_that_lie_do_not_get_through(
    created_by, fields, believed, regroup, tmp_path
):
    source = tmp_path / "in"
    source.mkdir()
    for number in range(2):
        write_lies(source / f"{number}.parquet", created_by, fields)
    home = tmp_path / "home"
    regroup("compact", source, home, "--page-size", "4KiB").must(0)
    (output,) = live_files(regroup, home)
    # What is believed is still a lie: without this the test would pass if nothing were kept.
    assert lies_of(output, "chunk") == believed
    # Page indexes came with the new fields; what is true of a chunk's is true of theirs.
    in_pages = lies_of(output, "pages")
    assert in_pages <= (believed if fields is not OLD else believed | EVERY)
    for stats in (entry[3].get(12, {}) for entry in strict.File(output).footer[4][0][1]):
        assert 1 not in stats and 2 not in stats and 4 not in stats


@pytest.mark.parametrize("has_index", [False, True])
def test_bounds_that_polars_united_wrongly(has_index, regroup, tmp_path):
    """Before 2.1.0 it united unsigned bounds of pages as signed ones, those of floats without pages
    that hold NaN, and of strings of which one begins with the other it took the first page's."""
    source = tmp_path / "in"
    source.mkdir()
    numbers = list(range(10, 10 + ROWS))
    numbers[-3] = 2**63 + 7
    words = [f"aa{i:06}" for i in range(ROWS)]
    words[5], words[-4], words[-3] = "ab", "abc", ""
    for number in range(2):
        path = source / f"{number}.parquet"
        options = {"use_dictionary": False, "data_page_size": 4000, "write_batch_size": 100}
        columns = {"number": pa.array(numbers, pa.uint64()), "word": words}
        nan = float("nan")
        columns["nan"] = [float(i) if i < 5 or i > 700 else nan for i in range(ROWS)]
        columns["float"] = [float(i) for i in range(ROWS)]
        table = pa.table(columns)
        pq.write_table(table, path, write_page_index=has_index, **options)

        def change(footer):
            footer[6] = b"Polars"
            first, second, third, _ = (entry[3][12] for entry in footer[4][0][1])
            first.update({5: struct.pack("<Q", 25803), 6: struct.pack("<Q", 10)})
            second.update({5: b"ab", 6: b"aa000000"})
            third.update({5: struct.pack("<d", ROWS - 1), 6: struct.pack("<d", 1000)})

        raw.edit_footer(path, change)
    (output,) = compacted(regroup, source, tmp_path / "home")
    found = [e[3].get(12, {}) for e in strict.File(output).footer[4][0][1]]
    bounds = [(stats.get(6), stats.get(5)) for stats in found]
    if has_index:
        assert bounds[0] == (struct.pack("<Q", 10), struct.pack("<Q", 2**63 + 7))
        assert bounds[1] == (b"", b"abc")
        assert bounds[3] == (struct.pack("<d", -0.0), struct.pack("<d", ROWS - 1))
    else:
        assert bounds == [(None, None)] * 4


@pytest.mark.parametrize("has_index", [False, True])
def test_nulls_that_polars_counted_for_each_page(has_index, regroup, tmp_path):
    """From 1.37 to 1.44 pages with indices have the nulls of all of them, and chunks their sum."""
    source = tmp_path / "in"
    source.mkdir()
    rows, pages, nulls = 9000, 5, 50
    values = [None if i % 900 == 7 else i % 11 for i in range(rows * pages)]
    for number in range(2):
        path = source / f"{number}.parquet"
        options = {"write_batch_size": rows, "data_page_size": 1, "write_page_index": has_index}
        pq.write_table(pa.table({"x": pa.array(values, pa.int64())}), path, **options)
        data = bytearray(path.read_bytes())
        entry = raw.footer_of(data)[0][4][0][1][0]
        if has_index:
            index = thrift.Reader(data, entry[6]).struct()
            assert index[5] == [nulls // pages] * pages
            index[5] = [nulls] * pages
            encoded = thrift.emit(index)
            assert len(encoded) == entry[7]
            data[entry[6] : entry[6] + entry[7]] = encoded
            path.write_bytes(data)

        def change(footer):
            footer[6] = b"Polars"
            footer[4][0][1][0][3][12][3] = nulls * pages

        raw.edit_footer(path, change)
    (output,) = compacted(regroup, source, tmp_path / "home")
    assert strict.File(output).footer[4][0][1][0][3][12][3] == 2 * nulls


def test_bounds_of_categories_do_not_get_through(regroup, tmp_path):
    """fastparquet has the first and the last category as they stand in the dictionary."""
    source = tmp_path / "in"
    source.mkdir()
    for number in range(2):
        path = source / f"{number}.parquet"
        pq.write_table(pa.table({"x": pa.array([2, 1, 3, 5, 4] * 50, pa.int64())}), path)

        def change(footer):
            footer[6] = b"fastparquet-python version 2024.11.0 (build 0)"
            del footer[7]
            stats = footer[4][0][1][0][3][12]
            for field in (5, 6, 7, 8):
                stats.pop(field, None)
            stats.update({1: struct.pack("<q", 4), 2: struct.pack("<q", 2)})

        raw.edit_footer(path, change)
    (output,) = compacted(regroup, source, tmp_path / "home")
    stats = strict.File(output).footer[4][0][1][0][3][12]
    assert (stats[6], stats[5]) == (struct.pack("<q", 1), struct.pack("<q", 5))


def lie_in_headers(path, name, tell):
    """tell(statistics, number of the page, its values) changes what V1 headers of `name` say."""
    data = bytearray(path.read_bytes())
    footer, at = raw.footer_of(data)
    out = bytearray(data[:at])
    for entry in reversed([e for group in footer[4] for e in group[1]]):
        meta = entry[3]
        begin = min(meta[9], meta.get(11) or meta[9])
        if meta[3] != [name]:
            continue
        chunk, place, number, gained = bytearray(), begin, 0, 0
        while place < begin + meta[7]:
            reader = thrift.Reader(out, place)
            header = reader.struct()
            old = reader.at - place
            if header[1] == 0:
                tell(header[5].setdefault(5, {}), number, header[5][1])
                number += 1
            head = thrift.emit(header)
            chunk += head + out[reader.at : reader.at + header[3]]
            gained += len(head) - old
            place = reader.at + header[3]
        assert gained == 0, "other lengths: offsets behind it would change"
        out[begin : begin + meta[7]] = chunk
    path.write_bytes(out + data[at:])


@pytest.mark.parametrize("version", ["8.0.0", "11.0.0"])
def test_nulls_that_arrow_counted_for_the_first_page(version, regroup, tmp_path):
    """Those of the whole write: a page of values would be one of nulls (arrow issue 34106)."""
    source = tmp_path / "in"
    source.mkdir()
    rows = 17408
    values = [f"k{i % 1000}" for i in range(rows - 1)] + ["needle"] + [None] * rows
    for number in range(2):
        path = source / f"{number}.parquet"
        table = pa.table({"c": pa.array(values)})
        pq.write_table(table, path, write_batch_size=rows, data_page_size=1)

        def tell(statistics, page, count):
            assert count == rows
            statistics[3] = rows if page == 0 else 0

        def change(footer):
            footer[6] = f"parquet-cpp-arrow version {version}".encode()

        raw.edit_footer(path, change)
        lie_in_headers(path, b"c", tell)
    (output,) = compacted(regroup, source, tmp_path / "home")
    strict.check(output)
    assert strict.File(output).footer[4][0][1][0][3][12][3] == 2 * rows


def test_bounds_and_nulls_of_the_first_part_of_a_write(regroup, tmp_path):
    """Arrow 6 to 10 told those of the first batch that shares a dictionary (its issue 15042)."""
    source = tmp_path / "in"
    source.mkdir()
    values = ["mm", "sean", None, "aaa", "zzz", None] * 50
    for number in range(2):
        path = source / f"{number}.parquet"
        pq.write_table(pa.table({"c": pa.array(values)}), path)

        def change(footer):
            footer[6] = b"parquet-cpp-arrow version 10.0.1"
            footer[4][0][1][0][3][12].update({3: 50, 5: b"sean", 6: b"mm", 1: b"sean", 2: b"mm"})

        raw.edit_footer(path, change)
    (output,) = compacted(regroup, source, tmp_path / "home")
    strict.check(output)
    stats = strict.File(output).footer[4][0][1][0][3][12]
    assert (stats[6], stats[5], stats[3]) == (b"aaa", b"zzz", 200)


@pytest.mark.parametrize("writer", ["pyarrow", "parquet-rs version 52.0.0"])
def test_nulls_that_nobody_counted(writer, regroup, tmp_path):
    """Bounds without a count of nulls are read as those of a column that has none."""
    source = tmp_path / "in"
    source.mkdir()
    is_rust = writer != "pyarrow"
    for number in range(2):
        path = source / f"{number}.parquet"
        words = [None if i % 3 == 0 and not is_rust else f"w{i % 50}" for i in range(ROWS)]
        pq.write_table(pa.table({"w": words}), path, write_statistics=is_rust,
                       data_page_size=500, write_batch_size=100)

        def change(footer):
            footer[6] = writer.encode()
            del footer[4][0][1][0][3][12][3]

        if is_rust:
            raw.edit_footer(path, change)
    (output,) = compacted(regroup, source, tmp_path / "home")
    stats = strict.File(output).footer[4][0][1][0][3][12]
    nulls = 0 if is_rust else 2 * len(range(0, ROWS, 3))
    assert (stats[3], stats[6], stats[5]) == (nulls, b"w0", b"w9")


def test_bounds_are_in_all_row_groups_or_in_none(regroup, tmp_path):
    """DataFusion to 55.0.0 passes over a file by the bounds of some of its row groups."""
    source = tmp_path / "in"
    source.mkdir()
    for number in range(4):
        rows = pa.table({"x": pa.array(range(number * ROWS, (number + 1) * ROWS), pa.int64()),
                         "y": pa.array([number] * ROWS, pa.int64())})
        pq.write_table(rows, source / f"{number}.parquet", use_dictionary=False,
                       write_statistics=True if number < 2 else ["y"])
    options = ("--row-group-rows", str(2 * ROWS), "--min-input-files", "1")
    (output,) = compacted(regroup, source, tmp_path / "home", *options)
    groups = strict.File(output).footer[4]
    assert len(groups) == 2
    assert all(6 not in g[1][0][3][12] and 6 in g[1][1][3][12] for g in groups)
    assert all(g[1][0][3][12][3] == 0 for g in groups)


def test_nulls_that_duckdb_counted_on(regroup, tmp_path):
    """Until 0.9 those of the row groups before were in them."""
    source = tmp_path / "in"
    source.mkdir()
    values = [None if i % 4 == 1 else i for i in range(4000)]
    for number in range(2):
        path = source / f"{number}.parquet"
        pq.write_table(pa.table({"x": pa.array(values, pa.int64())}), path, row_group_size=1000)

        def change(footer):
            footer[6] = b"DuckDB"
            for i, group in enumerate(footer[4]):
                group[1][0][3][12][3] = 250 * (i + 1)

        raw.edit_footer(path, change)
    (output,) = compacted(regroup, source, tmp_path / "home")
    strict.check(output)
    assert strict.File(output).footer[4][0][1][0][3][12][3] == 2000


@pytest.mark.parametrize("has_index", [False, True])
def test_sizes_of_delta_strings_by_arrow_do_not_get_through(has_index, regroup, tmp_path):
    """Arrow counts what a value does not share with the one before, not its bytes."""
    for number in range(3):
        words = [None if i % 7 == 0 else "north" * (i % 9) for i in range(900)]
        options = {} if number == 2 else {"column_encoding": {"word": "DELTA_BYTE_ARRAY"}}
        raw_options = {"use_dictionary": False, "data_page_size": 500, "write_batch_size": 50}
        (tmp_path / "in").mkdir(exist_ok=True)
        pq.write_table(
            pa.table({"word": words}),
            tmp_path / "in" / f"{number}.parquet",
            write_page_index=has_index,
            **raw_options,
            **options,
        )
    outputs = compacted(regroup, tmp_path / "in", tmp_path / "out")
    assert pq.read_table(outputs)["word"].to_pylist() == words * 3


def test_sizes_that_clickhouse_counted_twice(regroup, tmp_path):
    """It begins anew without a dictionary where one grows too large, but not to count bytes."""
    source = tmp_path / "in"
    source.mkdir()
    schema = pa.schema([pa.field("x", pa.string(), nullable=False)])
    for number in range(2):
        path = source / f"{number}.parquet"
        table = pa.table({"x": [f"{i:09}" for i in range(ROWS)]}, schema)
        pq.write_table(table, path, use_dictionary=False)

        def change(footer):
            footer[6] = b"ClickHouse version 26.9.2 (build x)"
            sizes = footer[4][0][1][0][3][16]
            assert sizes[1] == 9 * ROWS
            sizes[1] *= 2

        raw.edit_footer(path, change)
    compacted(regroup, source, tmp_path / "home")


def test_nan_and_zeros_in_bounds(regroup, tmp_path):
    """A bound that is NaN goes; a zero gets the sign that holds for both zeros."""
    source = tmp_path / "in"
    source.mkdir()
    zero, nan = struct.pack("<d", 0.0), struct.pack("<d", float("nan"))
    for number in range(2):
        path = source / f"{number}.parquet"
        table = pa.table({"zero": [0.0, -0.0] * ROWS, "nan": [1.0, float("nan")] * ROWS})
        pq.write_table(table, path, use_dictionary=False)

        def change(footer):
            first, second = (entry[3][12] for entry in footer[4][0][1])
            first.update({5: struct.pack("<d", -0.0), 6: zero, 7: True, 8: True})
            second.update({5: nan, 6: struct.pack("<d", 1.0)})

        raw.edit_footer(path, change)
    (output,) = compacted(regroup, source, tmp_path / "home")
    first, second = (e[3].get(12, {}) for e in strict.File(output).footer[4][0][1])
    assert (first[6], first[5]) == (struct.pack("<d", -0.0), zero)
    assert second.get(6, struct.pack("<d", 1.0)) == struct.pack("<d", 1.0)


@pytest.mark.parametrize(
    "versions, names",
    [(["1.0", "1.0"], {2}), (["1.0", "2.6"], {0, 8}), (["2.6", "1.0"], {0, 8})],
)
@pytest.mark.parametrize("is_same", [True, False])
def test_the_old_name_of_dictionaries_stays_where_all_use_it(is_same, versions, names, regroup,
                                                             tmp_path):
    """Old readers know PLAIN_DICTIONARY only; the format wants the new names for the rest."""
    source = tmp_path / "in"
    source.mkdir()
    for number, version in enumerate(versions):
        words = [f"word {(row + number * 7 * (not is_same)) % 50}" for row in range(20_000)]
        pq.write_table(pa.table({"word": words}), source / f"{number}.parquet", version=version)
    (output,) = compacted(regroup, source, tmp_path / "home")
    chunk = strict.Chunk(strict.File(output), 0, 0)
    assert {page.encoding for page in chunk.pages} == names


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64(), pa.float16()], ids=str)
@pytest.mark.parametrize("has_index", [False, True])
@pytest.mark.parametrize("is_dictionary", [True, False])
def test_a_part_of_a_page_that_is_all_nan(is_dictionary, has_index, kind, regroup, tmp_path):
    """The bounds of a page are not those of a part of it that holds nothing but its NaN."""
    source = tmp_path / "in"
    source.mkdir()
    nan = float("nan")
    for number in range(2):
        mixed, apart = [number, nan, 2, nan] * 100, [2, number, *[nan] * 398]
        table = pa.table({"mixed": pa.array(mixed, kind), "apart": pa.array(apart, kind)})
        pq.write_table(table, source / f"{number}.parquet", write_page_index=has_index,
                       use_dictionary=is_dictionary or number == 1)  # fmt: skip
    (output,) = compacted(regroup, source, tmp_path / "home", "--page-rows", "100")
    group = strict.File(output).footer[4][0]
    assert [11 in entry[3] for entry in group[1]] == [is_dictionary] * 2
    assert [6 in entry for entry in group[1]] == [True, False]


@pytest.mark.parametrize("field", [6, 7], ids=["raw", "stored"])
def test_chunks_that_are_shorter_than_they_say(field, regroup, tmp_path):
    """What lies behind the last value is no page, whatever it looks like."""
    source = tmp_path / "in"
    source.mkdir()
    table = pa.table({"number": range(ROWS)})
    for number in range(2):
        path = source / f"{number}.parquet"
        pq.write_table(table, path, use_dictionary=number == 0)

        def change(footer):
            footer[4][0][1][0][3][field] += 100

        raw.edit_footer(path, change)
    (output,) = compacted(regroup, source, tmp_path / "home")
    assert pq.read_table(output)["number"].to_pylist() == [*range(ROWS)] * 2


def change_index(path, change):
    """Writes all column indexes anew, behind what is there, as change(index) leaves them."""
    data = bytearray(path.read_bytes())
    footer, begin = raw.footer_of(data)
    body = data[:begin]
    for entry in footer[4][0][1]:
        index = thrift.Reader(data, entry[6]).struct()
        change(index)
        encoded = thrift.emit(index)
        entry[6], entry[7] = len(body), Small(len(encoded))
        body += encoded
    path.write_bytes(raw.with_footer(body, footer))


def test_empty_lists_that_are_no_nulls(regroup, tmp_path):
    """Some writers count no nulls for what an empty list leaves behind: then a page has no values
    although its nulls are fewer, and its dictionary no entries."""
    source = tmp_path / "in"
    source.mkdir()
    table = pa.table({"list": pa.array([[]] * ROWS, pa.list_(pa.string()))})
    for number in range(2):
        path = source / f"{number}.parquet"
        pq.write_table(table, path)
        raw.edit_footer(path, lambda footer: footer[4][0][1][0][3][12].update({3: 0}))
    (output,) = compacted(regroup, source, tmp_path / "home")
    assert pq.read_table(output)["list"].to_pylist() == [[]] * (2 * ROWS)


HISTOGRAMS = {
    "as they are": lambda counts: counts,
    "none of any page": lambda counts: [],
    "of too few levels": lambda counts: counts[: len(counts) // 2],
    "of too many levels": lambda counts: counts * 2,
    "of more values": lambda counts: [count + 1 for count in counts],
    "of more values than there can be": lambda counts: [2**63 - 1] * len(counts),
}


@pytest.mark.parametrize("about", HISTOGRAMS)
def test_histograms_of_another_length_go(about, regroup, tmp_path):
    """What a column index counts of levels is kept where it can be true."""
    source = tmp_path / "in"
    source.mkdir()
    lists = [list(range(n % 3)) if n % 5 else None for n in range(120000)]
    structs = [{"a": n if n % 3 else None} if n % 7 else None for n in range(120000)]
    table = pa.table({"list": lists, "struct": structs})
    for number in range(2):
        path = source / f"{number}.parquet"
        # Pages of this size are copied, the last ones too.
        pq.write_table(table, path, write_page_index=True, use_dictionary=False,
                       data_page_size=100000)  # fmt: skip

        def change(index):
            for field in {6, 7} & index.keys():
                index[field] = HISTOGRAMS[about](index[field])

        change_index(path, change)
    (output,) = compacted(regroup, source, tmp_path / "home")
    file = strict.File(output)
    for entry, fields in zip(file.footer[4][0][1], ({6, 7}, {7})):
        index = thrift.Reader(file.data, entry[6]).struct()
        assert {6, 7} & index.keys() == (fields if about == "as they are" else set())


@pytest.mark.parametrize("created_by", [b"parquet-mr version 1.7.0 (build x)", None])
def test_delta_pages_that_lean_on_the_page_before(created_by, regroup, tmp_path):
    """PARQUET-246: copied under our name, no reader would look for it any more."""
    source = tmp_path / "in"
    source.mkdir()
    wanted = []
    for number in range(3):
        pages = [[f"shared {number} {p} {i}".encode() for i in range(20)] for p in range(3)]
        writer.write_flat(source / f"{number}.parquet", BYTE_ARRAY,
                          [(DELTA_BYTES, page) for page in pages],
                          is_linked=True, created_by=created_by or b"")
        wanted += sum(pages, [])
    result = regroup("compact", source, tmp_path / "home")
    if result.status == 3:
        # Left alone, each by its name.
        assert all(f"{number}.parquet" in result.err for number in range(3))
        assert not list((tmp_path / "home").glob("*.parquet"))
        return
    outputs = live_files(regroup, tmp_path / "home")
    for path in outputs:
        strict.check(path)
    assert strict.column_of(outputs, 0)[2] == wanted


# Types: what is kept of their annotations, and that nothing is said where no order is.


def fixed(width, rows=ROWS):
    return pa.array([i.to_bytes(width, "big") for i in range(rows)], pa.binary(width))


def binary(rows=ROWS):
    return pa.array([i.to_bytes(3, "big") for i in range(rows)], pa.binary())


NUMBERS = pa.array(np.arange(ROWS), pa.int32())
LARGE = pa.array(np.arange(ROWS), pa.int64())
DECIMAL = {10: {5: {1: Small(2), 2: Small(9)}}, 6: Small(5), 7: Small(2), 8: Small(9)}
TYPES = {
    "decimal in INT32": (NUMBERS, DECIMAL),
    "decimal in INT64": (LARGE, DECIMAL),
    "decimal in BYTE_ARRAY": (binary(), DECIMAL),
    "decimal in FIXED": (fixed(5), DECIMAL),
    "converted decimal": (fixed(5), {6: Small(5), 7: Small(2), 8: Small(9)}),
    "FLOAT16": (pa.array(np.arange(ROWS, dtype=np.float16)), None),
    "UUID": (fixed(16), {10: {14: {}}}),
    "INTERVAL": (fixed(12), {6: Small(21)}),
    "ENUM": (binary(), {10: {4: {}}, 6: Small(4)}),
    "JSON": (binary(), {10: {12: {}}, 6: Small(19)}),
    "BSON": (binary(), {10: {13: {}}, 6: Small(20)}),
    "GEOMETRY": (binary(), {10: {17: {}}}),
    "GEOMETRY with a CRS": (binary(), {10: {17: {1: b"EPSG:3857"}}}),
    "GEOGRAPHY": (binary(), {10: {18: {1: b"OGC:CRS84", 2: Small(1)}}}),
    "UNKNOWN": (pa.nulls(ROWS, pa.int32()), {10: {11: {}}}),
    "a type that is not known yet": (binary(), {10: {99: {}}}),
    "INTEGER(8, unsigned)": (NUMBERS, {10: {10: {1: Byte(8), 2: False}}, 6: Small(11)}),
    "TIME in nanoseconds": (LARGE, {10: {7: {1: False, 2: {3: {}}}}}),
    "TIMESTAMP in milliseconds": (LARGE, {10: {8: {1: True, 2: {1: {}}}}, 6: Small(9)}),
    "converted DATE": (NUMBERS, {6: Small(6)}),
}
NO_ORDER_DEFINED = {
    "INTERVAL",
    "GEOMETRY",
    "GEOMETRY with a CRS",
    "GEOGRAPHY",
    "UNKNOWN",
    "a type that is not known yet",
}


def write_annotated(path, values, annotation):
    pq.write_table(pa.table({"x": values}), path, store_schema=False, write_page_index=True)

    def change(footer):
        element = footer[2][1]
        if annotation is not None:
            for field in (6, 7, 8, 10):
                element.pop(field, None)
            element.update(annotation)
        element[9] = Small(17)

    raw.edit_footer(path, change)


@pytest.mark.parametrize("name", TYPES)
def test_types_pass_through(name, regroup, tmp_path):
    values, annotation = TYPES[name]
    source = tmp_path / "in"
    source.mkdir()
    inputs = [source / f"{number}.parquet" for number in range(3)]
    for path in inputs:
        write_annotated(path, values, annotation)
    (output,) = compacted(regroup, source, tmp_path / "home")
    assert strict.File(output).footer[2][1:] == strict.File(inputs[0]).footer[2][1:]
    assert strict.column_of([output], 0) == strict.column_of(inputs, 0)
    regroup("verify", source, tmp_path / "home").must(0)
    entry = strict.File(output).footer[4][0][1][0]
    has_bounds = 5 in entry[3].get(12, {}) or 6 in entry[3].get(12, {})
    assert has_bounds is (name not in NO_ORDER_DEFINED)
    if name in NO_ORDER_DEFINED - {"UNKNOWN"}:
        assert 6 not in entry


def test_variant_passes_through(regroup, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    group = pa.struct([("metadata", pa.binary()), ("value", pa.binary())])
    rows = [{"metadata": b"\1\0\0", "value": bytes([12, i % 256])} for i in range(ROWS)]
    inputs = [source / f"{number}.parquet" for number in range(3)]
    for path in inputs:
        pq.write_table(pa.table({"v": pa.array(rows, group)}), path, store_schema=False)
        raw.edit_footer(path, lambda footer: footer[2][1].update({10: {16: {1: Byte(1)}}}))
    (output,) = compacted(regroup, source, tmp_path / "home")
    assert strict.File(output).footer[2][1:] == strict.File(inputs[0]).footer[2][1:]
    for leaf in (0, 1):
        assert strict.column_of([output], leaf) == strict.column_of(inputs, leaf)


def test_int96_has_no_bounds_and_no_column_index(regroup, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for number in range(2):
        table = pa.table({"t": pa.array(np.arange(ROWS), pa.timestamp("ns"))})
        path = source / f"{number}.parquet"
        pq.write_table(table, path, use_deprecated_int96_timestamps=True)
        raw.edit_footer(path, lambda f: f[4][0][1][0][3].update({12: {5: bytes(12), 6: bytes(12)}}))
    (output,) = compacted(regroup, source, tmp_path / "home")
    entry = strict.File(output).footer[4][0][1][0]
    assert 6 not in entry and not {5, 6} & set(entry[3].get(12, {}))


def test_integers_with_and_without_annotation_share_an_output(regroup, tmp_path):
    """INTEGER(32, signed) on INT32 and (64, signed) on INT64 are implied by LogicalTypes.md."""
    source = tmp_path / "in"
    source.mkdir()
    for number in range(4):
        path = source / f"{number}.parquet"
        pq.write_table(pa.table({"a": NUMBERS, "b": LARGE, "c": NUMBERS}), path)

        def change(footer, number=number):
            if number == 1:
                footer[2][1].update({10: {10: {1: Byte(32), 2: True}}})
                footer[2][2].update({10: {10: {1: Byte(64), 2: True}}})
            if number == 2:
                footer[2][1].update({6: Small(17)})
                footer[2][2].update({6: Small(18)})
            if number == 3:
                # Of another width: another type, another output.
                footer[2][3].update({10: {10: {1: Byte(16), 2: True}}})

        raw.edit_footer(path, change)
    outputs = compacted(regroup, source, tmp_path / "home")
    assert sorted(strict.File(path).footer[3] for path in outputs) == [ROWS, 3 * ROWS]


# Key-values: which files stay apart, what of them is kept.

DATES = pa.array(np.arange(ROWS, dtype=np.int32), pa.date32())
TIMES = pa.array(np.arange(ROWS), pa.timestamp("us"))
OLD_TIMES = "INT96"
TEXTS = pa.array(["x"] * ROWS)
SPARK = "org.apache.spark.version"
SPARK_ROW = "org.apache.spark.sql.parquet.row.metadata"


def pandas_of(start, stop):
    index = {"kind": "range", "name": None, "start": start, "stop": stop, "step": 1}
    return json.dumps({"index_columns": [index], "columns": [], "pandas_version": "2.0"})


def geo_of(box, crs=None, types=("Point",)):
    column = {"encoding": "WKB", "geometry_types": list(types), "bbox": box}
    if crs is not None:
        column["crs"] = crs
    return json.dumps({"version": "1.1.0", "primary_column": "x", "columns": {"x": column}})


def write_with_keys(path, values, pairs, created_by=MODERN):
    if isinstance(values, str):
        table = pa.table({"x": TIMES})
        pq.write_table(table, path, use_deprecated_int96_timestamps=True, store_schema=False)
    else:
        pq.write_table(pa.table({"x": values}), path, store_schema=False)

    def change(footer):
        footer.pop(5, None)
        if pairs:
            footer[5] = [{1: k.encode(), 2: v.encode()} for k, v in pairs.items()]
        footer[6] = created_by

    raw.edit_footer(path, change)


APART = {
    # name: (column, key-values of two files); they mean other values, or may.
    "spark 2.4 and none": (DATES, {}, {SPARK: "3.5.0"}),
    "spark 2.4 and 3": (TIMES, {SPARK: "2.4.8"}, {SPARK: "3.5.0"}),
    "legacy calendar": (
        DATES,
        {SPARK: "3.5.0", "org.apache.spark.legacyDateTime": ""},
        {SPARK: "3.5.0"},
    ),
    "legacy calendar in two zones": (
        TIMES,
        {SPARK: "3.5.0", "org.apache.spark.legacyDateTime": "", "org.apache.spark.timeZone": "UTC"},
        {SPARK: "3.5.0", "org.apache.spark.legacyDateTime": "", "org.apache.spark.timeZone": "CET"},
    ),
    "legacy INT96": (
        OLD_TIMES,
        {SPARK: "3.5.0", "org.apache.spark.legacyINT96": ""},
        {SPARK: "3.5.0"},
    ),
    "hive's calendar": (
        DATES,
        {"writer.date.proleptic": "true"},
        {"writer.date.proleptic": "false"},
    ),
    "hive's zone": (TIMES, {"writer.time.zone": "UTC"}, {"writer.time.zone": "CET"}),
    "hive's conversion": (
        TIMES,
        {"writer.zone.conversion.legacy": "true"},
        {"writer.zone.conversion.legacy": "false"},
    ),
    "drill's dates": (
        DATES,
        {"drill.version": "1.9.0", "is.date.correct": "true"},
        {"drill.version": "1.8.0"},
    ),
    "geo of two systems": (
        binary(),
        {"geo": geo_of([0, 0, 1, 1], {"id": {"code": 4326}})},
        {"geo": geo_of([0, 0, 1, 1], {"id": {"code": 3857}})},
    ),
    "geo, crs absent and null": (
        binary(),
        {"geo": geo_of([0, 0, 1, 1])},
        {"geo": geo_of([0, 0, 1, 1]).replace('"bbox"', '"crs": null, "bbox"')},
    ),
}


@pytest.mark.parametrize("name", APART)
def test_files_of_another_meaning_stay_apart(name, regroup, tmp_path):
    values, *both = APART[name]
    source = tmp_path / "in"
    source.mkdir()
    for number in range(4):
        write_with_keys(source / f"{number}.parquet", values, both[number % 2])
    outputs = compacted(regroup, source, tmp_path / "home")
    assert len(outputs) == 2
    kept = [key_values(path) for path in outputs]
    for pairs in both:
        assert any(pairs.items() <= found.items() for found in kept)


@pytest.mark.parametrize("values", [DATES, OLD_TIMES], ids=["dates", "INT96"])
def test_old_calendars_stay_old(values, regroup, tmp_path):
    """Spark 2.4 says by its version what Spark 3 says by a key: none of the two gets lost."""
    source = tmp_path / "in"
    source.mkdir()
    keys = ("org.apache.spark.legacyDateTime", "org.apache.spark.legacyINT96")
    for number in range(4):
        pairs = {SPARK: "2.4.8"} if number % 2 else {SPARK: "3.2.0", **dict.fromkeys(keys, "")}
        write_with_keys(source / f"{number}.parquet", values, pairs)
    (output,) = compacted(regroup, source, tmp_path / "home")
    kept = key_values(output)
    assert kept[SPARK] < "3" or set(keys) <= kept.keys()


def test_int96_of_two_programs_stays_apart_and_keeps_its_name(regroup, tmp_path):
    """Readers shift INT96 by whether created_by begins with parquet-mr."""
    source = tmp_path / "in"
    source.mkdir()
    older = b"parquet-mr version 1.10.1 (build x)"
    impala = b"impala version 3.2.0 (build x)"
    for number, name in enumerate((older, MODERN, impala, impala)):
        write_with_keys(source / f"{number}.parquet", OLD_TIMES, {}, name)
    outputs = [strict.File(path) for path in compacted(regroup, source, tmp_path / "home")]
    by_name = {file.footer[6]: file.key_values()["original.created.by"] for file in outputs}
    assert by_name.pop(MODERN) == "\n".join((older.decode(), MODERN.decode()))
    ((ours, origins),) = by_name.items()
    assert ours.startswith(b"regroup version ") and origins == impala.decode()


KEPT = {
    # name: (key-values of two files, what the output has of them).
    "equal": ({"a": "1"}, {"a": "1"}, {"a": "1"}),
    "different": ({"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"a": "1"}),
    "missing": ({"a": "1", "b": "2"}, {"a": "1"}, {"a": "1"}),
    "iceberg's schema": ({"iceberg.schema": "{1}"}, {"iceberg.schema": "{1}"},
                         {"iceberg.schema": "{1}"}),
    "iceberg's schemas": ({"iceberg.schema": "{1}"}, {"iceberg.schema": "{2}"}, {}),
    "avro": (
        {"parquet.avro.schema": "{}", "writer.model.name": "avro"},
        {"parquet.avro.schema": "{}", "writer.model.name": "avro"},
        {"parquet.avro.schema": "{}", "writer.model.name": "avro"},
    ),
    "spark's row": ({SPARK: "3.4.0", SPARK_ROW: "{}"}, {SPARK: "3.5.0", SPARK_ROW: "{}"},
                    {SPARK: "3.4.0", SPARK_ROW: "{}"}),
    "spark's rows": ({SPARK: "3.5.0", SPARK_ROW: "{}"}, {SPARK: "3.5.0", SPARK_ROW: "[]"},
                     {SPARK: "3.5.0"}),
    "pandas": ({"pandas": pandas_of(0, ROWS)}, {"pandas": pandas_of(0, ROWS)},
               {"pandas": pandas_of(0, 2 * ROWS)}),
    "geo": (
        {"geo": geo_of([0, 0, 1, 1])},
        {"geo": geo_of([-1, 0, 3, 2], types=("Polygon",))},
        {"geo": geo_of([-1, 0, 3, 2], types=("Point", "Polygon"))},
    ),
    "arrow": ({"ARROW:schema": "AAAA"}, {"ARROW:schema": "AAAA"}, {"ARROW:schema": "AAAA"}),
    "arrow's differ": ({"ARROW:schema": "AAAA"}, {"ARROW:schema": "AAAB"}, {}),
    "thrift and proto": (
        {"thrift.class": "a", "parquet.proto.class": "b"},
        {"thrift.class": "a", "parquet.proto.class": "b"},
        {"thrift.class": "a", "parquet.proto.class": "b"},
    ),
}  # fmt: skip


def normal(pairs):
    """JSON compared by what it says."""
    return {
        key: json.loads(text) if key in ("pandas", "geo") else text for key, text in pairs.items()
    }


@pytest.mark.parametrize("name", KEPT)
def test_key_values_are_merged(name, regroup, tmp_path):
    first, second, wanted = KEPT[name]
    source = tmp_path / "in"
    source.mkdir()
    for number, pairs in enumerate((first, second)):
        write_with_keys(source / f"{number}.parquet", TEXTS, pairs)
    (output,) = compacted(regroup, source, tmp_path / "home")
    found = {
        key: text for key, text in key_values(output).items() if not key.startswith("regroup.")
    }
    assert found.pop("original.created.by") == MODERN.decode()
    assert normal(found) == normal(wanted)


def test_pandas_reads_its_index(regroup, tmp_path):
    """pyarrow passes over a range of the wrong length, and then there is no index."""
    pandas = pytest.importorskip("pandas")
    source = tmp_path / "in"
    source.mkdir()
    for number in range(3):
        pandas.DataFrame({"a": range(100)}).to_parquet(source / f"{number}.parquet")
    (output,) = compacted(regroup, source, tmp_path / "home")
    frame = pandas.read_parquet(output)
    assert frame.index.equals(pandas.RangeIndex(300)) and list(frame.columns) == ["a"]


def test_types_that_only_arrow_knows_are_kept(regroup, tmp_path):
    """ARROW:schema: large strings, dictionaries, time zones, durations."""
    source = tmp_path / "in"
    source.mkdir()
    table = pa.table(
        {
            "large": pa.array(["a", "b"] * 500, pa.large_string()),
            "category": pa.array(["a", "b"] * 500).dictionary_encode(),
            "zone": pa.array(range(1000), pa.timestamp("us", "Europe/Prague")),
            "duration": pa.array(range(1000), pa.duration("s")),
        }
    )
    for number in range(3):
        pq.write_table(table, source / f"{number}.parquet")
    (output,) = compacted(regroup, source, tmp_path / "home")
    assert pq.read_table(output).schema.equals(table.schema)


@pytest.mark.parametrize("mode", ["strict", "union"])
@pytest.mark.parametrize("where", ["column", "list", "beside a dictionary"])
def test_durations_of_two_units_stay_apart(where, mode, regroup, tmp_path):
    """To Parquet they are numbers; 1000 us must not become 1000 ms, nor a number."""
    def table(number, unit):
        lengths = pa.array([number, None], pa.duration(unit))
        columns = {"a": [1, 2], "d": lengths}
        if where == "list":
            columns["d"] = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), lengths)
        if where == "beside a dictionary":
            columns["c"] = pa.array(["x", "y"]).dictionary_encode()
        return pa.table(columns)

    source = tmp_path / "in"
    source.mkdir()
    tables = [table(1000, "us"), table(1, "ms"), table(3000, "us"), table(5, "ms")]
    for number, rows in enumerate(tables):
        path = source / f"{number}.parquet"
        pq.write_table(rows, path)
        os.utime(path, (1_700_000_000 + number,) * 2)
    home = tmp_path / "home"
    result = regroup("compact", source, home, "--schema", mode).must(0)
    seen = {}
    for path in data_files(home):
        unit = "us" if "duration[us]" in str(pq.read_schema(path).field("d").type) else "ms"
        seen[unit] = pq.read_table(path)
    for unit, turn in (("us", tables[::2]), ("ms", tables[1::2])):
        assert f"duration[{unit}]" in str(seen[unit].schema.field("d").type)
        assert seen[unit].to_pylist() == pa.concat_tables(turn).to_pylist()
    told = "only Arrow's own schema says what some of their integers are"
    assert (f"files like 2.parquet get outputs of their own: {told}" in result.err) == (
        mode == "union")


@pytest.mark.parametrize("others", ["none", "nulls first", "values in between"])
def test_nested_dictionaries_of_arrow_stay_readable(others, regroup, tmp_path):
    # pyarrow makes no dictionaries inside of lists of pages with indices and pages without them:
    # then they are read as strings. Pages of nulls in front of others are pages of indices.
    def lists(values):
        ends = pa.array(range(len(values) + 1), pa.int32())
        words = pa.array(values, pa.string()).dictionary_encode()
        return pa.table({"l": pa.ListArray.from_arrays(ends, words)})

    source = tmp_path / "in"
    source.mkdir()
    tables = [lists(["x", "y"] * 5000) for _ in range(5)]
    if others == "nulls first":
        tables.insert(0, lists([None] * 10000))
    for number, table in enumerate(tables):
        # The fourth is none of those that are looked at first.
        is_plain = others == "values in between" and number == 3
        path = source / f"{number}.parquet"
        pq.write_table(table, path, data_page_version="2.0", use_dictionary=not is_plain)
    (output,) = compacted(regroup, source, tmp_path / "home")
    found = pq.ParquetFile(output).read()
    assert found["l"].to_pylist() == [row for t in tables for row in t["l"].to_pylist()]
    is_dictionary = pa.types.is_dictionary(found.schema.field("l").type.value_type)
    assert is_dictionary is (others != "values in between")


@pytest.mark.parametrize("why", ["delta", "mixed"])
def test_durations_outlive_dictionaries(why, regroup, tmp_path):
    """Arrow's schema goes on without its dictionaries, not away: a duration is no number."""
    source = tmp_path / "in"
    source.mkdir()
    words = pa.array(["x", "y"] * 5000).dictionary_encode()
    lists = pa.ListArray.from_arrays(pa.array(range(10001), pa.int32()), words)
    table = pa.table({"c": words if why == "delta" else lists, "s": ["a", "b"] * 5000,
                      "d": pa.array([1, None] * 5000, pa.duration("us")),
                      "t": pa.array([1, 2] * 5000, pa.timestamp("us", tz="Europe/Berlin"))})
    for number in range(5):
        how = {"use_dictionary": why == "delta" or number != 3}
        if why == "delta":
            how = {"use_dictionary": ["c"], "column_encoding": {"s": "DELTA_LENGTH_BYTE_ARRAY"}}
        pq.write_table(table, source / f"{number}.parquet", data_page_version="2.0", **how)
    (output,) = compacted(regroup, source, tmp_path / "home")
    found = pq.ParquetFile(output).read()
    assert found.to_pylist() == pa.concat_tables([table] * 5).to_pylist()
    assert found.schema.field("d").type == pa.duration("us")
    assert found.schema.field("t").type == pa.timestamp("us", tz="Europe/Berlin")
    assert not pa.types.is_dictionary(found.schema.field("c").type)


def test_durations_stay_where_only_inner_names_differ(regroup, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    table = pa.table({"l": [[1], [2, 3]], "d": pa.array([1, 2], pa.duration("us"))})
    for number in range(4):
        pq.write_table(table, source / f"{number}.parquet", use_compliant_nested_type=number < 2)
    regroup("compact", source, tmp_path / "home", "--schema", "union").must(0)
    for path in data_files(tmp_path / "home"):
        assert pq.read_table(path).schema.field("d").type == pa.duration("us")


def test_what_becomes_of_keys_is_told_to_whoever_asks(regroup, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for number in range(2):
        write_with_keys(source / f"{number}.parquet", TEXTS, {"who": f"writer {number}"})
    told = regroup("compact", source, tmp_path / "home", "-v").must(0).err
    assert "key-value who: differs between inputs" in told
    told = regroup("compact", source, tmp_path / "home", "--all").must(0).err
    assert "key-value" not in told


REFUSED = {
    "iceberg deletes": ({"delete-type": "equality"}, "Iceberg delete file"),
    "iceberg delete ids": ({"delete-field-ids": "1"}, "Iceberg delete file"),
    "hudi's keys": ({"hoodie_min_record_key": "a"}, "Hudi"),
    "hudi's filter": ({"org.apache.hudi.bloomfilter": "a"}, "Hudi"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_of_tables_are_left_alone(name, regroup, tmp_path):
    pairs, said = REFUSED[name]
    source = tmp_path / "in"
    source.mkdir()
    for number in range(2):
        write_with_keys(source / f"{number}.parquet", TEXTS, {})
    write_with_keys(source / "2.parquet", TEXTS, pairs)
    result = regroup("compact", source, tmp_path / "home").must(3)
    assert "2.parquet" in result.err and said in result.err
    (output,) = live_files(regroup, tmp_path / "home")
    assert strict.File(output).footer[3] == 2 * ROWS


def test_field_ids_are_kept_and_count(regroup, tmp_path):
    """Iceberg finds columns by them: other ids, another output."""
    source = tmp_path / "in"
    source.mkdir()
    for number, field_id in enumerate((7, 7, 8)):
        field = pa.field("x", pa.string(), metadata={"PARQUET:field_id": str(field_id)})
        table = pa.table([TEXTS], schema=pa.schema([field]))
        pq.write_table(table, source / f"{number}.parquet", store_schema=False)
    outputs = [strict.File(path) for path in compacted(regroup, source, tmp_path / "home")]
    assert sorted((f.footer[2][1][9], f.footer[3]) for f in outputs) == [(7, 2 * ROWS), (8, ROWS)]


# Order and filters.


@pytest.mark.parametrize("first_of_second, kept", [(ROWS, True), (ROWS - 1, True), (0, False)])
def test_sorting_columns_are_kept_where_they_are_true(first_of_second, kept, regroup, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for number, first in enumerate((0, first_of_second)):
        table = pa.table({"x": np.arange(first, first + ROWS)})
        order = [pq.SortingColumn(0)]
        pq.write_table(table, source / f"{number}.parquet", sorting_columns=order)
    (output,) = compacted(regroup, source, tmp_path / "home")
    group = strict.File(output).footer[4][0]
    assert bool(group.get(4)) is kept


@pytest.mark.parametrize("rows", [4, 3000])
def test_nulls_that_nobody_counted_are_counted(rows, regroup, tmp_path):
    """V2 pages of parquet-java before 1.18 without statistics say -1, which readers refuse."""
    source = tmp_path / "in"
    source.mkdir()
    values = [None if n == 1 else n * 2**40 for n in range(rows)]
    count = b"\x15\x08" if rows == 4 else b"\x15\xf0\x2e"  # Zigzag.
    for number in range(2):
        path = source / f"{number}.parquet"
        pq.write_table(
            pa.table({"x": pa.array(values, pa.int64())}), path, data_page_version="2.0",
            write_statistics=False, use_dictionary=False, compression="none",
        )  # fmt: skip
        data = path.read_bytes()
        assert data.count(count + b"\x15\x02" + count) == 1
        path.write_bytes(data.replace(count + b"\x15\x02", count + b"\x15\x01"))
    regroup("verify", source, source).must(0)
    shown = regroup("inspect", "--pages", "--json", source / "0.parquet").must(0).out
    (page,) = json.loads(shown)["row_groups"][0]["chunks"][0]["pages"]
    assert page["rows"] == rows and "nulls" not in page
    (output,) = compacted(regroup, source, tmp_path / "home")
    assert pq.read_table(output)["x"].to_pylist() == 2 * values


def test_sorting_columns_that_do_not_exist_are_dropped(regroup, tmp_path):
    """DataFusion of early 2026 counted columns that are in the names of folders only."""
    source = tmp_path / "in"
    source.mkdir()
    for number in range(2):
        path = source / f"{number}.parquet"
        table = pa.table({"x": np.arange(number * ROWS, (number + 1) * ROWS)})
        pq.write_table(table, path, sorting_columns=[pq.SortingColumn(0)])
        raw.edit_footer(path, lambda footer: footer[4][0][4][0].update({1: Small(1)}))
    (output,) = compacted(regroup, source, tmp_path / "home")
    assert 4 not in strict.File(output).footer[4][0]
    regroup("verify", source, tmp_path / "home").must(0)


BLOOMS = {
    # name: (distinct values of each file, whether files share them, whether a filter is merged
    # without dictionaries); None: a file without a filter. Arrow makes filters as small as its
    # false-positive rate allows: those of other values do not fit into one another.
    "same values": ([200, 200, 200], True, True),
    "of two sizes": ([200, 2000], True, False),
    "of other values": ([200, 200, 200, 200], False, False),
    "one without": ([200, None], True, False),
}


def test_bloom_filters_without_a_length(regroup, tmp_path):
    """The field came late (format 2.10, parquet-java 1.14): what follows tells, or the header."""
    found = []
    for place in ("with", "without"):
        source = tmp_path / place
        source.mkdir()
        for number in range(2):
            path = source / f"{number}.parquet"
            rows = pa.table({"x": [str(i % 200) for i in range(ROWS)], "y": [7] * ROWS})
            filters = {"x": {"ndv": ROWS}, "y": {"ndv": 4 * ROWS}}
            pq.write_table(rows, path, use_dictionary=False, bloom_filter_options=filters,
                           row_group_size=ROWS // 2)

            def change(footer):
                for group in footer[4]:
                    for entry in group[1]:
                        del entry[3][15]

            if place == "without":
                raw.edit_footer(path, change)
        (output,) = compacted(regroup, source, tmp_path / f"{place}-home")
        found.append([entry[3].get(15) for entry in strict.File(output).footer[4][0][1]])
    assert found[0] == found[1] and None not in found[0]


@pytest.mark.parametrize("name", BLOOMS)
@pytest.mark.parametrize("is_dictionary", [True, False])
def test_bloom_filters_find_every_value(name, is_dictionary, regroup, tmp_path):
    """Merged, folded, rebuilt of dictionaries, or dropped: compacted() looks up each value."""
    counts, is_shared, is_merged = BLOOMS[name]
    source = tmp_path / "in"
    source.mkdir()
    for number, count in enumerate(counts):
        prefix = "" if is_shared else f"{number}-"
        words = [f"{prefix}{i % (count or 200)}" for i in range(ROWS)]
        options = {} if count is None else {"bloom_filter_options": {"x": {"ndv": ROWS}}}
        pq.write_table(
            pa.table({"x": words}), source / f"{number}.parquet",
            use_dictionary=is_dictionary, **options,
        )  # fmt: skip
    (output,) = compacted(regroup, source, tmp_path / "home")
    # Of a dictionary a filter can always be made.
    has_filter = 14 in strict.File(output).footer[4][0][1][0][3]
    assert has_filter is (is_dictionary or is_merged)
