# SPDX-License-Identifier: Apache-2.0

"""Tables for the lakes: all types, with nulls, nesting, NaN payloads and extremes, from a seed.

Every value follows from the seed and the row number alone, so that two runs make equal files.
"""

import decimal
import uuid

import numpy as np
import pyarrow as pa

# Bit patterns that a reader or a merger may be tempted to make equal: quiet NaNs of either sign
# with different payloads, a signalling NaN, both zeros, both infinities, the smallest subnormal.
DOUBLE_BITS = np.array(
    [
        0x7FF8000000000000,
        0xFFF8000000000000,
        0x7FF8000000000001,
        0xFFF80000DEADBEEF,
        0x7FF0000000000001,
        0x0000000000000000,
        0x8000000000000000,
        0x7FF0000000000000,
        0xFFF0000000000000,
        0x0000000000000001,
    ],
    dtype=np.uint64,
)
FLOAT_BITS = np.array(
    [0x7FC00000, 0xFFC00000, 0x7FC00001, 0xFFC0BEEF, 0x7F800001, 0, 0x80000000, 0x7F800000],
    dtype=np.uint32,
)
WORDS = ["north", "south", "east", "west", "", "žluť", "a" * 40, "b\x00c"]


def nulls(values, random, share):
    """The values with a share of them made null."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    mask = random.random(len(array)) < share
    return pa.array(
        [None if gone else value for value, gone in zip(array.to_pylist(), mask)], array.type
    )


def masked(values, random, share, type=None):
    """The same for NumPy arrays: keeps every bit of a float."""
    return pa.array(values, type=type, mask=random.random(len(values)) < share)


def integers(rows, first, random):
    """Every integer type, with few and with many distinct values, and the extremes."""
    columns = {"id": pa.array(np.arange(first, first + rows, dtype=np.int64))}
    for signed in ("int", "uint"):
        for bits in (8, 16, 32, 64):
            kind = np.dtype(f"{signed}{bits}")
            info = np.iinfo(kind)
            many = random.integers(info.min, info.max, rows, dtype=kind, endpoint=True)
            few = random.choice(np.array([info.min, 0, 1, 5, info.max], dtype=kind), rows)
            columns[f"{kind.name}_many"] = masked(many, random, 0.1)
            columns[f"{kind.name}_few"] = pa.array(few)
    columns["serial_null"] = masked(np.arange(first, first + rows), random, 0.3)
    return columns


def floats(rows, first, random):
    double = random.random(rows)
    double[::3] = random.choice(DOUBLE_BITS, len(double[::3])).view(np.float64)
    single = random.random(rows).astype(np.float32)
    single[::4] = random.choice(FLOAT_BITS, len(single[::4])).view(np.float32)
    price = np.round(random.random(rows) * 100, 1)
    return {
        "double_bits": pa.array(double),
        "double_null": masked(double, random, 0.2),
        "double_price": pa.array(price),
        "float_bits": pa.array(single),
        "float_null": masked(single, random, 0.5),
        "only_nan": pa.array(np.full(rows, np.nan)),
        "flag": pa.array(random.random(rows) < 0.5),
        "flag_null": masked(random.random(rows) < 0.9, random, 0.3),
    }


def halves(rows, first, random):
    bits = random.integers(0, 65536, rows, dtype=np.uint16)
    half = bits.view(np.float16)
    return {"half": pa.array(half), "half_null": masked(half, random, 0.2)}


def key_of(number):
    return str(uuid.UUID(int=int(number) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128))


def texts(rows, first, random):
    words = random.choice(np.array(WORDS, dtype=object), rows)
    unique = [key_of(first + i) for i in range(rows)]
    long = ["line %d " % (first + i) * (i % 7) for i in range(rows)]
    raw = [bytes([i % 256, first % 256]) * (i % 5) for i in range(rows)]
    return {
        "word": pa.array(words.tolist()),
        "word_null": nulls(words.tolist(), random, 0.4),
        "key": pa.array(unique),
        "key_null": nulls(unique, random, 0.1),
        "text": nulls(long, random, 0.2),
        "raw": pa.array(raw, pa.binary()),
        "raw_null": nulls(pa.array(raw, pa.binary()), random, 0.3),
        "constant": pa.array(["same"] * rows),
        "file_constant": pa.array([f"file at {first}"] * rows),
    }


def fixed(rows, first, random):
    sixteen = [random.bytes(16) for _ in range(rows)]
    few = [bytes([i % 3]) * 5 for i in range(rows)]
    return {
        "fixed16": pa.array(sixteen, pa.binary(16)),
        "fixed16_null": nulls(pa.array(sixteen, pa.binary(16)), random, 0.3),
        "fixed5_few": pa.array(few, pa.binary(5)),
    }


def times(rows, first, random):
    micros = 1_700_000_000_000_000 + (first + np.arange(rows)) * 1_000_037
    old = random.integers(-(2**50), 2**50, rows)
    return {
        "date": pa.array((19000 + (first + np.arange(rows)) // 100).astype(np.int32), pa.date32()),
        "ts_ms": pa.array(micros // 1000, pa.timestamp("ms")),
        "ts_us": pa.array(micros, pa.timestamp("us")),
        "ts_utc_null": masked(old, random, 0.2, pa.timestamp("us", "UTC")),
    }


def clock_times(rows, first, random):
    """What not every reader takes: nanoseconds, times of day."""
    of_day = random.integers(0, 86_400_000, rows)
    nanos = 1_700_000_000_000_000_000 + (first + np.arange(rows)) * 1_000_000_007
    return {
        "ts_ns": pa.array(nanos, pa.timestamp("ns")),
        "time_ms": pa.array(of_day.astype(np.int32), pa.time32("ms")),
        "time_us_null": masked(of_day * 1000, random, 0.2, pa.time64("us")),
        "time_ns": pa.array(of_day * 1_000_000, pa.time64("ns")),
    }


def decimals(rows, first, random):
    cents = [decimal.Decimal(int(n)).scaleb(-2) for n in random.integers(-(10**8), 10**8, rows)]
    large = random.integers(0, 10**9, rows)
    big = [decimal.Decimal(int(n) * 10**15 + 7).scaleb(-10) for n in large]
    return {
        "decimal9": pa.array(cents, pa.decimal128(11, 2)),
        "decimal18_null": nulls(pa.array(cents, pa.decimal128(18, 4)), random, 0.2),
        "decimal38": pa.array(big, pa.decimal128(38, 10)),
    }


def maybe(make, random, share):
    return None if random.random() < share else make()


def nested(rows, first, random):
    """Lists, structs and maps in one another, each level null and empty at times."""

    def number():
        return int(random.integers(-5, 5))

    def word():
        return WORDS[random.integers(len(WORDS))]

    def some(make, share=0.1, longest=4):
        return [maybe(make, random, share) for _ in range(random.integers(longest))]

    def pair():
        return {"a": maybe(number, random, 0.2), "b": maybe(word, random, 0.2)}

    def deep():
        return {"tags": maybe(lambda: some(word), random, 0.2), "at": maybe(pair, random, 0.2)}

    kinds = {
        "list_int": (pa.list_(pa.int32()), lambda: some(number)),
        "list_word": (pa.list_(pa.string()), lambda: some(word)),
        "list_list": (
            pa.list_(pa.list_(pa.int64())),
            lambda: some(lambda: some(number), 0.2),
        ),
        "struct": (pa.struct([("a", pa.int32()), ("b", pa.string())]), pair),
        "struct_deep": (
            pa.struct(
                [
                    ("tags", pa.list_(pa.string())),
                    ("at", pa.struct([("a", pa.int32()), ("b", pa.string())])),
                ]
            ),
            deep,
        ),
        "list_struct": (
            pa.list_(pa.struct([("a", pa.int32()), ("b", pa.string())])),
            lambda: some(pair, 0.2),
        ),
        "map": (
            pa.map_(pa.string(), pa.int64()),
            lambda: [(f"k{i}", maybe(number, random, 0.3)) for i in range(random.integers(3))],
        ),
    }
    columns = {"id": pa.array(np.arange(first, first + rows, dtype=np.int64))}
    for name, (kind, make) in kinds.items():
        columns[name] = pa.array([maybe(make, random, 0.15) for _ in range(rows)], kind)
    unique = [[f"{first + i}-{k}" for k in range(i % 4)] for i in range(rows)]
    columns["list_unique"] = pa.array(unique, pa.list_(pa.string()))
    return columns


def gaps(rows, first, random):
    """Columns that are null throughout, or throughout some files."""
    in_this_file = (first // max(rows, 1)) % 2 == 0
    return {
        "never": pa.nulls(rows, pa.int32()),
        "never_text": pa.nulls(rows, pa.string()),
        "some_files": pa.array(np.arange(rows)) if in_this_file else pa.nulls(rows, pa.int64()),
        "some_files_text": pa.array([f"t{i % 9}" for i in range(rows)])
        if in_this_file
        else pa.nulls(rows, pa.string()),
    }


GROUPS = {
    "integers": integers,
    "floats": floats,
    "halves": halves,
    "texts": texts,
    "fixed": fixed,
    "times": times,
    "clock_times": clock_times,
    "decimals": decimals,
    "nested": nested,
    "gaps": gaps,
}
# What every writer and reader of the tests takes.
COMMON = ("integers", "floats", "texts", "times", "decimals", "gaps")
ODD = ("integers", "halves", "fixed", "clock_times")


def make(groups, rows, first=0, seed=1):
    """A table of `rows` rows whose first row is number `first` of the lake."""
    columns = {}
    for name in groups:
        columns.update(GROUPS[name](rows, first, np.random.default_rng([seed, first, rows])))
    return pa.table(columns)


def with_required(table, names):
    """The same table with some columns declared NOT NULL."""
    fields = [f.with_nullable(False) if f.name in names else f for f in table.schema]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))
