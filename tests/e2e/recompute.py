# SPDX-License-Identifier: Apache-2.0

"""What the metadata of a chunk must be, computed from its values, against what it is.

Values are decoded by values.py; orders are those of parquet.thrift (ColumnOrder, TypeDefinedOrder).
Whatever is absent is right: readers take absence for not known.
"""

import struct

import numpy as np

import values as decoding
from kinds import BOOLEAN, BYTE_ARRAY, DOUBLE, FIXED, FLOAT, INT32, INT64

# Members of LogicalType and ConvertedType.
STRING, ENUM, DECIMAL, INTEGER, JSON, BSON, UUID, FLOAT16 = 1, 4, 5, 10, 12, 13, 14, 15
DATE, TIME, TIMESTAMP = 6, 7, 8
CONVERTED = {0: STRING, 4: ENUM, 5: DECIMAL, 6: DATE, 7: TIME, 8: TIME, 9: TIMESTAMP,
             10: TIMESTAMP, 19: JSON, 20: BSON}  # fmt: skip
ASCENDING, DESCENDING = 1, 2
MASK = 2**64 - 1


class Wrong(AssertionError):
    pass


def require(condition, text):
    if not condition:
        raise Wrong(text)


def signed_bytes(value):
    return int.from_bytes(value, "big", signed=True)


def half(value):
    return float(np.frombuffer(value, dtype="<f2")[0])


def annotation(element):
    """(member of LogicalType or None, whether an integer is signed)."""
    logical = element.get(10)
    if logical:
        ((member, fields),) = logical.items()
        return member, fields.get(2, True) if member == INTEGER else True
    converted = element.get(6)
    if converted is None:
        return None, True
    if 11 <= converted <= 18:
        return INTEGER, converted >= 15
    return CONVERTED.get(converted, -1), True


def key_of(element):
    """Function from a value as bytes to what Python orders; None: no order is defined."""
    kind = element[1]
    member, is_signed = annotation(element)
    if kind == BOOLEAN and member is None:
        return lambda value: value[0]
    if kind in (INT32, INT64) and member in (None, DECIMAL, DATE, TIME, TIMESTAMP, INTEGER):
        return lambda value: int.from_bytes(value, "little", signed=is_signed)
    if kind in (FLOAT, DOUBLE) and member is None:
        form = "<f" if kind == FLOAT else "<d"
        return lambda value: struct.unpack(form, value)[0]
    if kind in (BYTE_ARRAY, FIXED) and member == DECIMAL:
        return signed_bytes
    if kind == FIXED and member == FLOAT16:
        return half
    if kind in (BYTE_ARRAY, FIXED) and member in (None, STRING, ENUM, JSON, BSON, UUID):
        return bytes
    return None


def extremes(element, found):
    """(least, most, number of NaN) of values as the keys order them; None, None without any."""
    kind = element[1]
    key = key_of(element)
    if kind in decoding.DTYPES or kind == BOOLEAN:
        if key is None or len(found) == 0:
            return None, None, 0
        if not annotation(element)[1]:
            found = found.view(found.dtype.str.replace("i", "u"))
        nan = np.isnan(found) if kind in (FLOAT, DOUBLE) else np.zeros(len(found), dtype=bool)
        rest = found[~nan]
        if len(rest) == 0:
            return None, None, int(nan.sum())
        return rest.min().item(), rest.max().item(), int(nan.sum())
    keys = [key(value) for value in found] if key else []
    rest = [k for k in keys if k == k]
    return min(rest, default=None), max(rest, default=None), len(keys) - len(rest)


def is_negative_zero(value):
    return value == 0 and struct.pack("<d", value)[7] == 0x80


class Part:
    """What the values of a page, or of a chunk, come to."""

    def __init__(self, element, found, nulls):
        self.element = element
        self.count = len(found)
        self.nulls = nulls
        self.least, self.most, self.nans = extremes(element, found)
        self.bytes = sum(map(len, found)) if element[1] == BYTE_ARRAY else None

    @classmethod
    def whole(cls, parts):
        """The sum of the pages."""
        whole = cls(parts[0].element, [], 0)
        for part in parts:
            whole.count += part.count
            whole.nulls += part.nulls
            whole.nans += part.nans
            whole.bytes = None if part.bytes is None else whole.bytes + part.bytes
        known = [part for part in parts if part.least is not None]
        whole.least = min((part.least for part in known), default=None)
        whole.most = max((part.most for part in known), default=None)
        return whole

    def check_bounds(self, least, most, is_least_exact, is_most_exact, what):
        """`least` and `most` as bytes or None."""
        key = key_of(self.element)
        require(key or (least is None and most is None), f"{what} where no order is defined")
        for bound, value, is_exact, is_lower in (
            (least, self.least, is_least_exact, True),
            (most, self.most, is_most_exact, False),
        ):
            if bound is None:
                continue
            require(value is not None, f"{what} without a value")
            told = key(bound)
            require(told == told, f"{what} that are NaN")
            is_right = told <= value if is_lower else told >= value
            require(is_right, f"{what}: {told!r}, a value is {value!r}")
            require(not is_exact or told == value, f"{what}: {told!r} is no value, {value!r} is")
            if isinstance(told, float) and told == 0:
                require(is_negative_zero(told) is is_lower, f"{what}: the other zero")


def check_statistics(stats, part):
    require(1 not in stats and 2 not in stats, "deprecated bounds")
    require(stats.get(3, part.nulls) == part.nulls, f"null_count {stats.get(3)}, not {part.nulls}")
    require(4 not in stats, "a distinct_count, which nobody counted")
    require(stats.get(9, part.nans) == part.nans, f"nan_count {stats.get(9)}, not {part.nans}")
    part.check_bounds(stats.get(6), stats.get(5), stats.get(8), stats.get(7), "bounds")


def histogram(levels, level_max, count):
    if level_max == 0:
        return [count]
    return [levels.count(level) for level in range(level_max + 1)]


def check_sizes(sizes, chunk, part):
    pages = chunk.data_pages
    if 1 in sizes:
        require(sizes[1] == part.bytes, f"unencoded bytes {sizes[1]}, not {part.bytes}")
    for field, level_max, name in (
        (2, chunk.repetition_max, "repetition"),
        (3, chunk.definition_max, "definition"),
    ):
        if not sizes.get(field):
            continue
        counted = [0] * (level_max + 1)
        for page in pages:
            added = histogram(getattr(page, name), level_max, page.count)
            counted = [a + b for a, b in zip(counted, added)]
        require(sizes[field] == counted, f"{name} histogram {sizes[field]}, counted {counted}")


def check_column_index(index, chunk, parts):
    """Bounds, NaN counts and histograms page by page; the rest is strict.py's."""
    require(key_of(chunk.element) is not None, "a column index where no order is defined")
    for number, part in enumerate(parts):
        what = f"bounds of page {number} in the column index"
        if index[1][number]:
            require(not index[2][number] and not index[3][number], f"{what}: null page")
            continue
        require(part.count > part.nans, f"{what}: nothing but NaN")
        part.check_bounds(index[2][number], index[3][number], False, False, what)
        if 8 in index:
            require(index[8][number] == part.nans, f"nan_counts of page {number}")
    for field, level_max, name in (
        (6, chunk.repetition_max, "repetition"),
        (7, chunk.definition_max, "definition"),
    ):
        counted = []
        for page in chunk.data_pages:
            counted += histogram(getattr(page, name), level_max, page.count)
        require(index.get(field, counted) == counted, f"{name} histograms of the column index")
    check_boundary_order(index, key_of(chunk.element))


def check_boundary_order(index, key):
    bounds = [
        (key(least), key(most))
        for least, most, is_null in zip(index[2], index[3], index[1])
        if not is_null
    ]
    pairs = list(zip(bounds, bounds[1:]))
    is_ascending = all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairs)
    is_descending = all(a[0] >= b[0] and a[1] >= b[1] for a, b in pairs)
    wanted = ASCENDING if is_ascending else DESCENDING if is_descending else 0
    require(index[4] == wanted, f"boundary_order {index[4]}, not {wanted}")


PRIMES = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
          2870177450012600261)  # fmt: skip


def rotate(value, bits):
    return (value << bits | value >> 64 - bits) & MASK


def round_of(lane, word):
    return rotate((lane + word * PRIMES[1]) & MASK, 31) * PRIMES[0] & MASK


def xxh64(data):
    """XXH64 with seed 0, by the text of its specification."""
    p1, p2, p3, p4, p5 = PRIMES
    at, size = 0, len(data)
    total = p5
    if size >= 32:
        lanes = [(p1 + p2) & MASK, p2, 0, -p1 & MASK]
        while at + 32 <= size:
            words = struct.unpack_from("<4Q", data, at)
            lanes = [round_of(lane, word) for lane, word in zip(lanes, words)]
            at += 32
        total = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            total = ((total ^ round_of(0, lane)) * p1 + p4) & MASK
    total = (total + size) & MASK
    while at + 8 <= size:
        (word,) = struct.unpack_from("<Q", data, at)
        total = (rotate(total ^ round_of(0, word), 27) * p1 + p4) & MASK
        at += 8
    if at + 4 <= size:
        (word,) = struct.unpack_from("<I", data, at)
        total = (rotate(total ^ word * p1 & MASK, 23) * p2 + p3) & MASK
        at += 4
    for byte in data[at:]:
        total = rotate(total ^ byte * p5 & MASK, 11) * p1 & MASK
    total = (total ^ total >> 33) * p2 & MASK
    total = (total ^ total >> 29) * p3 & MASK
    return total ^ total >> 32


SALT = (0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947,
        0x5C6BFB31)  # fmt: skip


def bloom_has(bits, data):
    """BloomFilter.md: block by the upper half of the hash, one bit of each word by the lower."""
    hashed = xxh64(data)
    block = (hashed >> 32) * (len(bits) // 32) >> 32
    words = struct.unpack_from("<8I", bits, block * 32)
    low = hashed & 0xFFFFFFFF
    return all(
        word >> ((low * salt & 0xFFFFFFFF) >> 27) & 1 for word, salt in zip(words, SALT)
    )


def check_bloom(header, bits, kind, found):
    require(header[1] == len(bits), "size of the bloom filter")
    require(len(bits) >= 32 and len(bits) & (len(bits) - 1) == 0, "size of the bloom filter")
    for data in set(decoding.as_bytes(kind, found)):
        require(bloom_has(bits, data), f"the bloom filter does not have {data[:40]!r}")
