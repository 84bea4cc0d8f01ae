# SPDX-License-Identifier: Apache-2.0

"""Compares Arrow tables exactly: type, order, nulls, nesting, every bit of a float."""

import pyarrow as pa
import pyarrow.compute as pc

BITS = {pa.float16(): pa.uint16(), pa.float32(): pa.uint32(), pa.float64(): pa.uint64()}


def as_one(column):
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    # Since some version combine_chunks answers with a ChunkedArray where offsets would overflow.
    return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column


def shown(array, index):
    """A value for people. Not every value of Arrow has one in Python."""
    try:
        return repr(array[index].as_py())
    except (ValueError, OverflowError):
        return str(array.slice(index, 1).cast(pa.string())[0])


def first_difference(left, right):
    """The first index at which two arrays of one type and length without nulls differ, or None."""
    if left.type in BITS:
        left, right = left.view(BITS[left.type]), right.view(BITS[right.type])
    if left.equals(right):
        return None
    wrong = pc.index(pc.equal(left, right), False).as_py()
    return wrong if wrong >= 0 else 0


def array_difference(left, right, path, normalise=False):
    """None, or in words where two arrays begin to differ."""
    if left.type != right.type:
        return f"{path}: type {left.type} and {right.type}"
    if len(left) != len(right):
        return f"{path}: {len(left)} and {len(right)} values"
    wrong = first_difference(left.is_valid(), right.is_valid())
    if wrong is not None:
        return f"{path}[{wrong}]: {shown(left, wrong)} and {shown(right, wrong)}"
    kind = left.type
    if pa.types.is_dictionary(kind):
        return array_difference(left.dictionary_decode(), right.dictionary_decode(), path)
    if isinstance(kind, pa.BaseExtensionType):
        return array_difference(left.storage, right.storage, path)
    if pa.types.is_struct(kind):
        valid = left.is_valid()
        for i in range(kind.num_fields):
            # field() ignores the struct's own nulls; what lies below a null does not count.
            said = array_difference(
                left.field(i).filter(valid), right.field(i).filter(valid),
                f"{path}.{kind.field(i).name}",
            )
            if said:
                return said
        return None
    left, right = left.drop_null(), right.drop_null()
    if pa.types.is_map(kind):
        kind = pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))
        left, right = (
            pa.ListArray.from_arrays(
                pa.concat_arrays([a.offsets]),
                pa.StructArray.from_arrays([a.keys, a.items], ["key", "value"]),
            )
            for a in (left, right)
        )
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        wrong = first_difference(pc.list_value_length(left), pc.list_value_length(right))
        if wrong is not None:
            return f"{path}: list {wrong}: {shown(left, wrong)} and {shown(right, wrong)}"
        return array_difference(left.flatten(), right.flatten(), path + "[]")
    if pa.types.is_fixed_size_list(kind):
        return array_difference(left.flatten(), right.flatten(), path + "[]")
    wrong = first_difference(left, right)
    if wrong is not None:
        return f"{path}: non-null value {wrong}: {shown(left, wrong)} and {shown(right, wrong)}"
    return None


def difference(left, right):
    """None, or in words where two tables begin to differ."""
    if left.column_names != right.column_names:
        return f"columns {left.column_names} and {right.column_names}"
    if left.num_rows != right.num_rows:
        return f"{left.num_rows} and {right.num_rows} rows"
    for name, a, b in zip(left.column_names, left.columns, right.columns):
        said = array_difference(as_one(a), as_one(b), name)
        if said:
            return said
    return None
