/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/pandas_merge.h"

#include <inttypes.h>

#include "stitch/json_scan.h"

static bool is_merged_member(uint32_t depth, struct rg_span root_key, struct rg_span key)
{
    if (depth == 1)
        return rg_json_string_is(key, "creator") || rg_json_string_is(key, "pandas_version");
    return depth == 3 && rg_json_string_is(root_key, "index_columns") &&
           (rg_json_string_is(key, "start") || rg_json_string_is(key, "stop") ||
            rg_json_string_is(key, "step"));
}

static bool find_integer(struct rg_span object, const char *name, int64_t *ret)
{
    struct rg_span value;

    return rg_json_find(object, name, &value) && rg_json_kind_of(value) == RG_JSON_NUMBER &&
           rg_json_integer(value, ret);
}

/* The one element of index_columns that is a range; false when there is none or more than it. */
static bool find_range(struct rg_span root, struct rg_span *ret_element,
                       struct rg_pandas_range *ret_range)
{
    struct rg_json_cursor cursor;
    struct rg_span index_columns;
    struct rg_span element;
    struct rg_span kind;
    struct rg_span key;

    if (!rg_json_find(root, "index_columns", &index_columns) ||
        rg_json_kind_of(index_columns) != RG_JSON_ARRAY)
        return false;
    rg_json_open(&cursor, index_columns);
    if (!rg_json_next(&cursor, &key, &element) || !rg_json_find(element, "kind", &kind) ||
        rg_json_kind_of(kind) != RG_JSON_STRING || !rg_json_string_is(kind, "range") ||
        !find_integer(element, "start", &ret_range->start) ||
        !find_integer(element, "stop", &ret_range->stop) ||
        !find_integer(element, "step", &ret_range->step))
        return false;
    *ret_element = element;
    return !rg_json_next(&cursor, &key, &kind);
}

/* True when the range has `row_count` labels exactly. */
static bool is_as_long(const struct rg_pandas_range *range, uint64_t row_count)
{
    int64_t length;
    int64_t stop;

    if (row_count > INT64_MAX || __builtin_mul_overflow((int64_t)row_count, range->step, &length))
        return false;
    return !__builtin_add_overflow(range->start, length, &stop) && stop == range->stop;
}

static bool begin(struct rg_pandas_merge *merge, struct rg_span text, uint64_t row_count)
{
    struct rg_span element;
    struct rg_span root;

    if (!rg_json_check(text, &root) || rg_json_kind_of(root) != RG_JSON_OBJECT)
        return false;
    *merge = (struct rg_pandas_merge){
        .text = text,
        .semantics = rg_json_hash(root, is_merged_member),
        .row_count = row_count,
    };
    merge->has_range = find_range(root, &element, &merge->first);
    merge->range = merge->first;
    merge->is_contiguous = merge->has_range && is_as_long(&merge->range, row_count);
    return true;
}

bool rg_pandas_merge_begin(struct rg_pandas_merge *merge, struct rg_span text, uint64_t row_count)
{
    return begin(merge, text, row_count);
}

bool rg_pandas_merge_add(struct rg_pandas_merge *merge, struct rg_span text, uint64_t row_count)
{
    struct rg_pandas_merge part = {
        .semantics = merge->semantics,
        .has_range = merge->has_range,
        .is_contiguous = merge->has_range && is_as_long(&merge->first, row_count),
        .range = merge->first,
    };
    const bool is_same = rg_span_equal(text, merge->text);

    if ((!is_same && !begin(&part, text, row_count)) ||
        part.semantics.high != merge->semantics.high ||
        part.semantics.low != merge->semantics.low || part.has_range != merge->has_range)
        return false;
    merge->is_contiguous = merge->is_contiguous && part.is_contiguous &&
                           part.range.step == merge->range.step &&
                           part.range.start == merge->range.stop;
    merge->range.stop = part.range.stop;
    merge->row_count += row_count;
    return true;
}

static void append(struct rg_buffer *out, struct rg_span text)
{
    rg_buffer_append(out, text.data, text.bytes);
}

/* The range's object with its three numbers exchanged. */
static void emit_element(struct rg_span element, const struct rg_pandas_range *range,
                         struct rg_buffer *out)
{
    const char *separator = "{";
    struct rg_json_cursor cursor;
    struct rg_span key;
    struct rg_span value;

    rg_json_open(&cursor, element);
    while (rg_json_next(&cursor, &key, &value)) {
        rg_buffer_append_text(out, separator);
        separator = ", ";
        append(out, key);
        rg_buffer_append_text(out, ": ");
        if (rg_json_string_is(key, "start"))
            rg_buffer_printf(out, "%" PRId64, range->start);
        else if (rg_json_string_is(key, "stop"))
            rg_buffer_printf(out, "%" PRId64, range->stop);
        else if (rg_json_string_is(key, "step"))
            rg_buffer_printf(out, "%" PRId64, range->step);
        else
            append(out, value);
    }
    rg_buffer_append_text(out, "}");
}

void rg_pandas_merge_emit(const struct rg_pandas_merge *merge, uint64_t row_count,
                          struct rg_buffer *out)
{
    const bool has_all = merge->is_contiguous && row_count == merge->row_count;
    struct rg_pandas_range range = merge->range;
    struct rg_span element;
    struct rg_span root;

    if (!has_all)
        range = (struct rg_pandas_range){0, (int64_t)row_count, 1};
    if (!merge->has_range || !rg_json_check(merge->text, &root) ||
        !find_range(root, &element, &(struct rg_pandas_range){0, 0, 0})) {
        append(out, merge->text);
        return;
    }
    const size_t before = (size_t)(element.data - merge->text.data);
    append(out, (struct rg_span){merge->text.data, before});
    emit_element(element, &range, out);
    append(out, (struct rg_span){element.data + element.bytes,
                                 merge->text.bytes - before - element.bytes});
}
