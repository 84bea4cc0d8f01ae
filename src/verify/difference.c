/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A side is a cursor over entries: one entry is a repetition level, a depth in the reference
 * (column_map.h) and, where the depth is that of the leaf, a value. Entries that a missing column
 * does not have are passed over when a batch comes in, so that what is compared is compared one by
 * one.
 *
 * Invariant: at < count means that the entry at `at` is there on this side; value_at is the number
 * of values in front of it in the batch.
 */

#include "verify/difference.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct side {
    void *user;
    struct rg_chunk_reader *reader;
    struct rg_side_chunk chunk;
    struct rg_values values; /* Of the batch. */
    uint32_t count;          /* Entries of the batch. */
    uint32_t at;
    uint32_t value_at;
    uint64_t null_rows_left;
    bool is_chunk_open;
    bool is_end;
    uint8_t *converted; /* converted_bytes of them. */
    size_t converted_bytes;
    uint8_t rep[RG_BATCH_VALUES_MAX];
    uint8_t depth[RG_BATCH_VALUES_MAX];
};

struct search {
    const struct rg_difference_request *request;
    struct side *sides[2];
    uint32_t leaf_depth; /* In the reference. */
    uint64_t rows_begun;
};

/* Makes the batch's values those of the reference's type. */
static enum rg_status convert_values(const struct search *search, struct side *side,
                                     struct rg_error *err)
{
    const struct rg_allocator *allocator = search->request->allocator;
    const struct rg_column_source *column = side->chunk.column;
    const size_t bytes = (size_t)side->values.count * column->to_width;

    if (column->convert == RG_CONVERT_NONE)
        return RG_OK;
    if (side->converted_bytes < bytes) {
        rg_release(allocator, side->converted, side->converted_bytes);
        side->converted_bytes = 0;
        side->converted = rg_alloc(allocator, bytes);
        if (side->converted == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory to convert values");
        side->converted_bytes = bytes;
    }
    rg_convert_values(column->convert, column->is_integer, &side->values, 0, side->values.count,
                      column->to_width, side->converted);
    side->values.width_bytes = column->to_width;
    side->values.fixed = side->converted;
    return RG_OK;
}

/* Takes a batch's entries over, with their depths. */
static enum rg_status take_batch(const struct search *search, struct side *side,
                                 const struct rg_chunk_batch *batch, struct rg_error *err)
{
    const struct rg_column_source *column = side->chunk.column;
    const uint8_t def_max = side->chunk.chunk.leaf->def_max;

    side->count = 0;
    side->at = 0;
    side->value_at = 0;
    for (uint32_t i = 0; i < batch->level_count; i++) {
        const uint8_t rep = batch->rep_levels == NULL ? 0 : batch->rep_levels[i];
        const uint8_t def = batch->def_levels == NULL ? def_max : batch->def_levels[i];

        if (column->is_missing && rep > column->rep_kept_max)
            continue;
        side->rep[side->count] = rep;
        side->depth[side->count] = column->depths[def];
        side->count++;
    }
    if (column->is_missing)
        return RG_OK;
    rg_chunk_batch_values(side->reader, batch, &side->values);
    return convert_values(search, side, err);
}

static void take_nulls(struct side *side)
{
    const uint64_t left = side->null_rows_left;

    side->count = left < RG_BATCH_VALUES_MAX ? (uint32_t)left : RG_BATCH_VALUES_MAX;
    side->at = 0;
    side->null_rows_left -= side->count;
    memset(side->rep, 0, side->count);
    memset(side->depth, side->chunk.column->depths[0], side->count);
}

/* Makes sure that there is an entry, or that the side is at its end. */
static enum rg_status fill(const struct search *search, struct side *side, struct rg_error *err)
{
    while (side->at == side->count && !side->is_end) {
        struct rg_chunk_batch batch;
        bool is_chunk_end = false;

        if (side->null_rows_left > 0) {
            take_nulls(side);
        } else if (side->is_chunk_open) {
            RG_TRY(rg_chunk_next(side->reader, &batch, &is_chunk_end, err));
            side->is_chunk_open = !is_chunk_end;
            if (!is_chunk_end)
                RG_TRY(take_batch(search, side, &batch, err));
        } else {
            RG_TRY(search->request->next_chunk(side->user, &side->chunk, &side->is_end, err));
            if (side->is_end)
                break;
            side->is_chunk_open = !side->chunk.column->has_no_levels;
            if (side->is_chunk_open)
                RG_TRY(rg_chunk_reader_open(side->reader, &side->chunk.chunk, err));
            else
                side->null_rows_left = side->chunk.null_row_count;
        }
    }
    return RG_OK;
}

static bool has_value(const struct search *search, const struct side *side)
{
    return side->depth[side->at] == search->leaf_depth && !side->chunk.column->is_missing;
}

static bool is_equal_here(const struct search *search)
{
    const struct side *a = search->sides[0];
    const struct side *b = search->sides[1];

    if (a->rep[a->at] != b->rep[b->at] || a->depth[a->at] != b->depth[b->at])
        return false;
    if (has_value(search, a) != has_value(search, b))
        return false;
    return !has_value(search, a) || rg_span_equal(rg_values_at(&a->values, a->value_at),
                                                  rg_values_at(&b->values, b->value_at));
}

/* Compares entries as long as both sides have some; false at a difference. */
static bool compare_batches(struct search *search)
{
    struct side *a = search->sides[0];
    struct side *b = search->sides[1];

    while (a->at < a->count && b->at < b->count) {
        if (!is_equal_here(search))
            return false;
        search->rows_begun += a->rep[a->at] == 0;
        a->value_at += has_value(search, a);
        b->value_at += has_value(search, b);
        a->at++;
        b->at++;
    }
    return true;
}

/* True where a row begins, or nothing follows. */
static bool begins_row(const struct side *side)
{
    return side->at == side->count || side->rep[side->at] == 0;
}

/* What a side has at the difference; `other_begins_row` tells whether the other side begins a row.
 */
static void describe(const struct search *search, const struct side *side, bool other_begins_row,
                     char text[RG_VALUE_TEXT_BYTES])
{
    const struct rg_schema *reference = search->request->reference;

    if (begins_row(side) && !other_begins_row) {
        (void)snprintf(text, RG_VALUE_TEXT_BYTES, "the end of the row");
    } else if (side->at == side->count) {
        (void)snprintf(text, RG_VALUE_TEXT_BYTES, "no more rows");
    } else if (has_value(search, side)) {
        (void)rg_value_text(reference, search->request->leaf_index,
                            rg_values_at(&side->values, side->value_at), text);
    } else if (search->leaf_depth == 1) {
        (void)snprintf(text, RG_VALUE_TEXT_BYTES, "null");
    } else {
        (void)snprintf(text, RG_VALUE_TEXT_BYTES, "null (depth %u of %u)", side->depth[side->at],
                       search->leaf_depth);
    }
}

enum {
    SHOWN_BYTES = 8
};

/* Cuts the text, between characters, where both do not fit. */
static void append_text(char text[RG_VALUE_TEXT_BYTES], const char *suffix)
{
    const size_t room = RG_VALUE_TEXT_BYTES - 1 - strlen(suffix);
    size_t length = strlen(text);

    if (length > room) {
        length = room - 3;
        while (length > 0 && ((uint8_t)text[length] & 0xc0) == 0x80)
            length--;
        memcpy(text + length, "...", 3);
        length += 3;
    }
    memcpy(text + length, suffix, strlen(suffix) + 1);
}

/*
 * Different values can have one text: NaN is many, and long ones are cut. Then each text gets its
 * bytes from the first that differs on; those of a number as a whole, its highest first.
 */
static void add_bytes(const struct side *side, bool is_number, size_t first,
                      char text[RG_VALUE_TEXT_BYTES])
{
    const struct rg_span value = rg_values_at(&side->values, side->value_at);
    const size_t left = value.bytes - first;
    const size_t shown = left < SHOWN_BYTES ? left : SHOWN_BYTES;
    char hex[2 * SHOWN_BYTES + 1] = "";
    char suffix[80];

    for (size_t i = 0; i < shown; i++) {
        const uint8_t byte = value.data[is_number ? value.bytes - 1 - i : first + i];
        (void)snprintf(hex + 2 * i, 3, "%02x", byte);
    }
    if (is_number)
        (void)snprintf(suffix, sizeof suffix, " (0x%s)", hex);
    else if (shown == 0)
        (void)snprintf(suffix, sizeof suffix, " (%zu bytes)", value.bytes);
    else
        (void)snprintf(suffix, sizeof suffix, " (%zu bytes, from byte %zu on 0x%s%s)", value.bytes,
                       first, hex, left > shown ? "..." : "");
    append_text(text, suffix);
}

/* The same value, or nothing, but not in the same list. */
static void add_repetition(const struct search *search, const struct side *side,
                           char text[RG_VALUE_TEXT_BYTES])
{
    const struct rg_leaf *leaf = &search->request->reference->leaves[search->request->leaf_index];
    char suffix[48];

    (void)snprintf(suffix, sizeof suffix, " (repetition level %u of %u)", side->rep[side->at],
                   leaf->rep_max);
    append_text(text, suffix);
}

static void tell_apart(const struct search *search, struct rg_difference *ret_difference)
{
    const struct side *a = search->sides[0];
    const struct side *b = search->sides[1];
    size_t first = 0;

    if (a->at == a->count || b->at == b->count ||
        strcmp(ret_difference->texts[0], ret_difference->texts[1]) != 0)
        return;
    if (a->rep[a->at] != b->rep[b->at]) {
        add_repetition(search, a, ret_difference->texts[0]);
        add_repetition(search, b, ret_difference->texts[1]);
        return;
    }
    if (!has_value(search, a) || !has_value(search, b))
        return;
    const struct rg_span x = rg_values_at(&a->values, a->value_at);
    const struct rg_span y = rg_values_at(&b->values, b->value_at);
    const bool is_number = !a->values.is_variable && x.bytes == y.bytes && x.bytes <= SHOWN_BYTES;
    while (!is_number && first < x.bytes && first < y.bytes && x.data[first] == y.data[first])
        first++;
    add_bytes(a, is_number, first, ret_difference->texts[0]);
    add_bytes(b, is_number, first, ret_difference->texts[1]);
}

static void report(const struct search *search, struct rg_difference *ret_difference)
{
    const struct side *a = search->sides[0];
    const struct side *b = search->sides[1];
    const bool is_new_row = begins_row(a) && begins_row(b);

    ret_difference->is_found = true;
    ret_difference->row_index = is_new_row ? search->rows_begun : search->rows_begun - 1;
    describe(search, a, begins_row(b), ret_difference->texts[0]);
    describe(search, b, begins_row(a), ret_difference->texts[1]);
    tell_apart(search, ret_difference);
}

static enum rg_status run_search(struct search *search, struct rg_difference *ret_difference,
                                 struct rg_error *err)
{
    for (;;) {
        bool is_end = true;

        for (int i = 0; i < 2; i++) {
            RG_TRY(fill(search, search->sides[i], err));
            is_end = is_end && search->sides[i]->is_end;
        }
        if (is_end)
            return RG_OK;
        if (search->sides[0]->is_end || search->sides[1]->is_end || !compare_batches(search)) {
            report(search, ret_difference);
            return RG_OK;
        }
    }
}

/* How deep a leaf lies; a column below the root at 1. */
static uint32_t depth_of(const struct rg_schema *schema, uint32_t leaf_index)
{
    uint32_t depth = 0;

    for (uint32_t i = schema->leaves[leaf_index].element_index; i != 0;
         i = schema->elements[i].parent_index)
        depth++;
    return depth;
}

static struct side *new_side(const struct rg_difference_request *request, void *user)
{
    struct side *side = rg_alloc(request->allocator, sizeof *side);

    if (side == NULL)
        return NULL;
    *side = (struct side){.user = user};
    side->reader = rg_alloc(request->allocator, sizeof *side->reader);
    if (side->reader == NULL) {
        rg_release(request->allocator, side, sizeof *side);
        return NULL;
    }
    rg_chunk_reader_init(side->reader, request->codecs, request->allocator);
    return side;
}

static void free_side(const struct rg_difference_request *request, struct side *side)
{
    if (side == NULL)
        return;
    rg_chunk_reader_fini(side->reader);
    rg_release(request->allocator, side->converted, side->converted_bytes);
    rg_release(request->allocator, side->reader, sizeof *side->reader);
    rg_release(request->allocator, side, sizeof *side);
}

enum rg_status rg_difference_find(const struct rg_difference_request *request,
                                  struct rg_difference *ret_difference, struct rg_error *err)
{
    struct search search = {
        .request = request,
        .leaf_depth = depth_of(request->reference, request->leaf_index),
    };
    enum rg_status status;

    *ret_difference = (struct rg_difference){.is_found = false};
    for (int i = 0; i < 2; i++)
        search.sides[i] = new_side(request, request->users[i]);
    if (search.sides[0] == NULL || search.sides[1] == NULL)
        status = rg_fail(err, RG_ERR_NOMEM, "no memory to look for a difference");
    else
        status = run_search(&search, ret_difference, err);
    for (int i = 0; i < 2; i++)
        free_side(request, search.sides[i]);
    return status;
}
