/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Row groups one after another are sorted by keys 1 .. p if each of them is, and if at every
 * border no row of the left one sorts after a row of the right one.
 *
 * Bounds prove that: where, key by key, the last of the left is at or before the first of the
 * right, the keys up to there are in order, whichever rows tie; and where one is strictly before,
 * no row ties any more, so all keys behind it are in order too.
 *
 * A place in the order of one key is null or a value. Where NaN sorts is not said by the format,
 * so a column that may hold NaN proves nothing.
 */

#include "stitch/sorting.h"

#include "stitch/chunk_facts.h"
#include "stitch/statistics.h"

/* The ends of a row group in the order of one key; `first` sorts before `last`. */
struct place {
    bool is_null;
    struct rg_span value;
};

struct range {
    bool is_known;
    struct place first, last;
};

static uint32_t common_prefix(const struct rg_row_group *a, const struct rg_row_group *b,
                              uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i == b->sorting_column_count)
            return i;
        const struct rg_sorting_column *x = &a->sorting_columns[i];
        const struct rg_sorting_column *y = &b->sorting_columns[i];
        if (x->column_index != y->column_index || x->is_descending != y->is_descending ||
            x->is_nulls_first != y->is_nulls_first)
            return i;
    }
    return count;
}

static struct range range_of(const struct rg_sorting_source *source,
                             const struct rg_sorting_column *key, enum rg_order order)
{
    const struct rg_leaf *leaf = &source->schema->leaves[key->column_index];
    const struct rg_column_chunk *chunk = &source->group->columns[key->column_index];
    const struct rg_statistics s =
        rg_statistics_of_chunk(source->writer, order, leaf, chunk, rg_chunk_page_count(chunk));
    struct range r = {.is_known = false};

    if (leaf->rep_max > 0 || order == RG_ORDER_NONE || !s.has_null_count)
        return r;
    const bool is_all_null = s.null_count == chunk->value_count;
    const bool has_bounds = s.min_value.data != NULL && s.max_value.data != NULL;
    const bool may_have_nan = rg_order_is_floating(order) && !(s.has_nan_count && s.nan_count == 0);
    if (!is_all_null && (!has_bounds || may_have_nan))
        return r;

    const struct place null = {.is_null = true};
    r.is_known = true;
    r.first.value = key->is_descending ? s.max_value : s.min_value;
    r.last.value = key->is_descending ? s.min_value : s.max_value;
    if (is_all_null || (s.null_count > 0 && key->is_nulls_first))
        r.first = null;
    if (is_all_null || (s.null_count > 0 && !key->is_nulls_first))
        r.last = null;
    return r;
}

static int compare_places(const struct rg_sorting_column *key, enum rg_order order,
                          const struct place *a, const struct place *b)
{
    if (a->is_null && b->is_null)
        return 0;
    if (a->is_null || b->is_null)
        return a->is_null == key->is_nulls_first ? -1 : 1;
    const int sign = rg_order_compare(order, a->value, b->value);
    return key->is_descending ? -sign : sign;
}

/* How many of the first `count` keys are in order across the border between `a` and `b`. */
static uint32_t proven_keys(const struct rg_sorting_source *a, const struct rg_sorting_source *b,
                            const struct rg_sorting_column *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct rg_sorting_column *key = &keys[i];
        const enum rg_order order = rg_order_of(a->schema, key->column_index);
        const struct range left = range_of(a, key, order);
        const struct range right = range_of(b, key, order);

        if (!left.is_known || !right.is_known)
            return i;
        const int sign = compare_places(key, order, &left.last, &right.first);
        if (sign < 0)
            return count;
        if (sign > 0)
            return i;
    }
    return count;
}

enum rg_status rg_sorting_merge(const struct rg_sorting_source *sources, size_t count,
                                struct rg_arena *arena, struct rg_sorting_column **ret_columns,
                                uint32_t *ret_count, struct rg_error *err)
{
    const struct rg_sorting_source *last = NULL;
    const struct rg_sorting_source *first = NULL;
    uint32_t key_count = 0;

    *ret_columns = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rg_row_group *group = sources[i].group;

        if (group->row_count == 0)
            continue;
        if (first == NULL) {
            first = &sources[i];
            key_count = group->sorting_column_count;
            for (uint32_t k = 0; k < key_count; k++) {
                if (group->sorting_columns[k].column_index >= first->schema->leaf_count)
                    key_count = k;
            }
        } else {
            key_count = common_prefix(first->group, group, key_count);
            key_count = proven_keys(last, &sources[i], first->group->sorting_columns, key_count);
        }
        if (key_count == 0)
            return RG_OK;
        last = &sources[i];
    }
    if (first == NULL)
        return RG_OK;
    struct rg_sorting_column *columns = rg_arena_array(arena, key_count, sizeof *columns);
    if (columns == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u sorting columns", key_count);
    for (uint32_t i = 0; i < key_count; i++)
        columns[i] = first->group->sorting_columns[i];
    *ret_columns = columns;
    *ret_count = key_count;
    return RG_OK;
}
