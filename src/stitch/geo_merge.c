/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first value is kept as text and given out again with two members of each column exchanged.
 * Numbers are compared as decimals and kept as they were written, so nothing is rounded.
 *
 * Invariants:
 *
 *   (1) has_box: box holds box_length (4 or 6) numbers, and covers the boxes of all values so far.
 *   (2) types_are_unknown, or types holds each type of all values so far once.
 */

#include "stitch/geo_merge.h"

#include <string.h>

#include "stitch/json_scan.h"

enum {
    BOX_LENGTH_MAX = 6,   /* xmin, ymin, zmin, xmax, ymax, zmax. */
    NUMBER_BYTES_MAX = 40 /* More digits than a double has; longer ones give the box up. */
};

static const uint32_t columns_max = 256;
static const uint32_t types_max = 64; /* geoparquet.md names 14. */
static const size_t type_bytes_max = 64;

struct number {
    char text[NUMBER_BYTES_MAX];
    size_t bytes;
};

struct column {
    struct rg_span key; /* Points into the first value. */
    bool has_box;
    bool types_are_unknown;
    uint32_t box_length;
    uint32_t type_count;
    struct number box[BOX_LENGTH_MAX];
    struct rg_span *types; /* Strings as in the JSON. */
};

struct rg_geo_merge {
    struct rg_arena *arena;
    struct rg_span text; /* The first value. */
    struct column *columns;
    uint32_t column_count;
};

static bool is_merged_member(uint32_t depth, struct rg_span root_key, struct rg_span key)
{
    return depth == 3 && rg_json_string_is(root_key, "columns") &&
           (rg_json_string_is(key, "bbox") || rg_json_string_is(key, "geometry_types"));
}

struct rg_hash128 rg_geo_semantics(struct rg_span text)
{
    struct rg_span value;
    struct rg_hasher hasher;

    if (rg_json_check(text, &value))
        return rg_json_hash(value, is_merged_member);
    rg_hasher_init(&hasher);
    rg_hasher_add_text(&hasher, "not json");
    rg_hasher_add(&hasher, text);
    return rg_hasher_result(&hasher);
}

static struct rg_span span_of(const struct number *n)
{
    return (struct rg_span){(const uint8_t *)n->text, n->bytes};
}

static int compare(const struct number *a, const struct number *b)
{
    return rg_json_number_compare(span_of(a), span_of(b));
}

/* Reads "bbox"; false when it is none that bounds anything. */
static bool read_box(struct rg_span column, struct number box[BOX_LENGTH_MAX], uint32_t *ret_length)
{
    struct rg_json_cursor cursor;
    struct rg_span value;
    struct rg_span key;
    uint32_t length = 0;

    if (!rg_json_find(column, "bbox", &value) || rg_json_kind_of(value) != RG_JSON_ARRAY)
        return false;
    rg_json_open(&cursor, value);
    while (rg_json_next(&cursor, &key, &value)) {
        if (length == BOX_LENGTH_MAX || rg_json_kind_of(value) != RG_JSON_NUMBER ||
            value.bytes > NUMBER_BYTES_MAX)
            return false;
        memcpy(box[length].text, value.data, value.bytes);
        box[length].bytes = value.bytes;
        length++;
    }
    if (length != 4 && length != BOX_LENGTH_MAX)
        return false;
    /* X alone may run backwards: across the antimeridian (RFC 7946, 5.2). */
    for (uint32_t i = 1; i < length / 2; i++) {
        if (compare(&box[i], &box[length / 2 + i]) > 0)
            return false;
    }
    *ret_length = length;
    return true;
}

static void take_min(struct number *sum, const struct number *part)
{
    if (compare(part, sum) < 0)
        *sum = *part;
}

static void take_max(struct number *sum, const struct number *part)
{
    if (compare(part, sum) > 0)
        *sum = *part;
}

/* Joins X of a straight box to one around the globe; false when everything would be covered. */
static bool join_around(struct number *east_min, struct number *west_max, const struct number *min,
                        const struct number *max)
{
    if (compare(max, west_max) <= 0 || compare(min, east_min) >= 0)
        return true;
    if (compare(max, east_min) < 0) {
        *west_max = *max;
        return true;
    }
    if (compare(min, west_max) <= 0)
        return false;
    *east_min = *min;
    return true;
}

static bool join_x(struct number *min, struct number *max, const struct number *part_min,
                   const struct number *part_max)
{
    const bool is_around = compare(min, max) > 0;
    const bool is_part_around = compare(part_min, part_max) > 0;

    if (is_around && !is_part_around)
        return join_around(min, max, part_min, part_max);
    if (!is_around && is_part_around) {
        const struct number straight_min = *min;
        const struct number straight_max = *max;
        *min = *part_min;
        *max = *part_max;
        return join_around(min, max, &straight_min, &straight_max);
    }
    take_min(min, part_min);
    take_max(max, part_max);
    return !is_around || compare(min, max) > 0;
}

static void add_box(struct column *c, struct rg_span value)
{
    struct number part[BOX_LENGTH_MAX];
    uint32_t length;

    if (!c->has_box)
        return;
    c->has_box = read_box(value, part, &length) && length == c->box_length;
    if (!c->has_box)
        return;
    const uint32_t half = length / 2;
    c->has_box = join_x(&c->box[0], &c->box[half], &part[0], &part[half]);
    for (uint32_t i = 1; i < half; i++) {
        take_min(&c->box[i], &part[i]);
        take_max(&c->box[half + i], &part[half + i]);
    }
}

static bool has_type(const struct column *c, struct rg_span type)
{
    for (uint32_t i = 0; i < c->type_count; i++) {
        if (rg_json_string_equal(c->types[i], type))
            return true;
    }
    return false;
}

/* False without memory. An empty list means any type (geoparquet.md, geometry_types). */
static bool add_types(struct rg_arena *arena, struct column *c, struct rg_span column)
{
    struct rg_json_cursor cursor;
    struct rg_span value;
    struct rg_span key;
    bool is_empty = true;

    if (!rg_json_find(column, "geometry_types", &value) ||
        rg_json_kind_of(value) != RG_JSON_ARRAY) {
        c->types_are_unknown = true;
        return true;
    }
    rg_json_open(&cursor, value);
    while (!c->types_are_unknown && rg_json_next(&cursor, &key, &value)) {
        is_empty = false;
        if (rg_json_kind_of(value) != RG_JSON_STRING || value.bytes > type_bytes_max) {
            c->types_are_unknown = true;
        } else if (!has_type(c, value)) {
            if (c->type_count == types_max) {
                c->types_are_unknown = true;
                return true;
            }
            const struct rg_span copy = rg_arena_copy(arena, value);
            if (copy.data == NULL)
                return false;
            c->types[c->type_count++] = copy;
        }
    }
    c->types_are_unknown = c->types_are_unknown || is_empty;
    return true;
}

static uint32_t count_members(struct rg_span object)
{
    struct rg_json_cursor cursor;
    struct rg_span key;
    struct rg_span value;
    uint32_t count = 0;

    rg_json_open(&cursor, object);
    while (rg_json_next(&cursor, &key, &value)) {
        if (rg_json_kind_of(value) != RG_JSON_OBJECT || ++count > columns_max)
            return columns_max + 1;
    }
    return count;
}

static bool find_columns(struct rg_span text, struct rg_span *ret_columns)
{
    struct rg_span value;

    return rg_json_check(text, &value) && rg_json_find(value, "columns", ret_columns) &&
           rg_json_kind_of(*ret_columns) == RG_JSON_OBJECT &&
           count_members(*ret_columns) <= columns_max;
}

struct rg_geo_merge *rg_geo_merge_new(struct rg_arena *arena, struct rg_span text,
                                      bool *ret_is_starved)
{
    struct rg_json_cursor cursor;
    struct rg_span columns;
    struct rg_span value;

    *ret_is_starved = false;
    if (!find_columns(text, &columns))
        return NULL;
    *ret_is_starved = true;
    struct rg_geo_merge *merge = rg_arena_array(arena, 1, sizeof *merge);
    if (merge == NULL)
        return NULL;
    *merge = (struct rg_geo_merge){.arena = arena, .text = text};
    merge->columns = rg_arena_array(arena, count_members(columns), sizeof *merge->columns);
    if (merge->columns == NULL)
        return NULL;
    rg_json_open(&cursor, columns);
    for (struct column *c = merge->columns; rg_json_next(&cursor, &c->key, &value); c++) {
        c->types = rg_arena_array(arena, types_max, sizeof *c->types);
        if (c->types == NULL || !add_types(arena, c, value))
            return NULL;
        c->has_box = read_box(value, c->box, &c->box_length);
        merge->column_count++;
    }
    *ret_is_starved = false;
    return merge;
}

static struct column *find_column(struct rg_geo_merge *merge, struct rg_span key)
{
    for (uint32_t i = 0; i < merge->column_count; i++) {
        if (rg_json_string_equal(merge->columns[i].key, key))
            return &merge->columns[i];
    }
    return NULL;
}

enum rg_status rg_geo_merge_add(struct rg_geo_merge *merge, struct rg_span text,
                                struct rg_error *err)
{
    struct rg_json_cursor cursor;
    struct rg_span columns;
    struct rg_span value;
    struct rg_span key;

    if (rg_span_equal(text, merge->text) || !find_columns(text, &columns))
        return RG_OK;
    rg_json_open(&cursor, columns);
    while (rg_json_next(&cursor, &key, &value)) {
        struct column *c = find_column(merge, key);

        if (c == NULL)
            continue;
        add_box(c, value);
        if (!c->types_are_unknown && !add_types(merge->arena, c, value))
            return rg_fail(err, RG_ERR_NOMEM, "no memory for geometry types");
    }
    return RG_OK;
}

static void append(struct rg_buffer *out, struct rg_span text)
{
    rg_buffer_append(out, text.data, text.bytes);
}

static void append_separator(struct rg_buffer *out, bool *is_first)
{
    if (!*is_first)
        rg_buffer_append_text(out, ", ");
    *is_first = false;
}

static void append_member(struct rg_buffer *out, bool *is_first, struct rg_span key,
                          struct rg_span value)
{
    append_separator(out, is_first);
    append(out, key);
    rg_buffer_append_text(out, ": ");
    append(out, value);
}

static void emit_box(const struct column *c, struct rg_buffer *out)
{
    bool is_first = true;

    rg_buffer_append_text(out, "[");
    for (uint32_t i = 0; i < c->box_length; i++) {
        append_separator(out, &is_first);
        append(out, span_of(&c->box[i]));
    }
    rg_buffer_append_text(out, "]");
}

static void emit_types(const struct column *c, struct rg_buffer *out)
{
    const uint32_t count = c->types_are_unknown ? 0 : c->type_count;
    bool is_first = true;

    rg_buffer_append_text(out, "[");
    for (uint32_t i = 0; i < count; i++) {
        append_separator(out, &is_first);
        append(out, c->types[i]);
    }
    rg_buffer_append_text(out, "]");
}

static void emit_column(const struct column *c, struct rg_span column, struct rg_buffer *out)
{
    const struct rg_span nothing = {NULL, 0};
    struct rg_json_cursor cursor;
    struct rg_span key;
    struct rg_span value;
    bool is_first = true;

    rg_buffer_append_text(out, "{");
    rg_json_open(&cursor, column);
    while (rg_json_next(&cursor, &key, &value)) {
        if (rg_json_string_is(key, "bbox")) {
            if (!c->has_box)
                continue;
            append_member(out, &is_first, key, nothing);
            emit_box(c, out);
        } else if (rg_json_string_is(key, "geometry_types")) {
            append_member(out, &is_first, key, nothing);
            emit_types(c, out);
        } else {
            append_member(out, &is_first, key, value);
        }
    }
    rg_buffer_append_text(out, "}");
}

static void emit_columns(const struct rg_geo_merge *merge, struct rg_span columns,
                         struct rg_buffer *out)
{
    const struct rg_span nothing = {NULL, 0};
    const struct column *c = merge->columns;
    struct rg_json_cursor cursor;
    struct rg_span key;
    struct rg_span value;
    bool is_first = true;

    rg_buffer_append_text(out, "{");
    rg_json_open(&cursor, columns);
    for (; rg_json_next(&cursor, &key, &value); c++) {
        append_member(out, &is_first, key, nothing);
        emit_column(c, value, out);
    }
    rg_buffer_append_text(out, "}");
}

void rg_geo_merge_emit(const struct rg_geo_merge *merge, struct rg_buffer *out)
{
    const struct rg_span nothing = {NULL, 0};
    struct rg_json_cursor cursor;
    struct rg_span root;
    struct rg_span columns;
    struct rg_span key;
    struct rg_span value;
    bool is_first = true;

    if (!rg_json_check(merge->text, &root) || !rg_json_find(root, "columns", &columns))
        return; /* Cannot be: it was checked when the merge began. */
    rg_buffer_append_text(out, "{");
    rg_json_open(&cursor, root);
    while (rg_json_next(&cursor, &key, &value)) {
        if (value.data == columns.data) {
            append_member(out, &is_first, key, nothing);
            emit_columns(merge, value, out);
        } else {
            append_member(out, &is_first, key, value);
        }
    }
    rg_buffer_append_text(out, "}");
}
