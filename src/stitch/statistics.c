/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/statistics.h"

#include "stitch/chunk_facts.h"

/* Whether min_value and max_value mean anything (parquet.thrift, FileMetaData.column_orders). */
static bool has_known_order(const struct rg_leaf *leaf, enum rg_order order)
{
    return leaf->column_order == RG_COLUMN_ORDER_TYPE ||
           (leaf->column_order == RG_COLUMN_ORDER_IEEE_754_TOTAL && rg_order_is_floating(order));
}

static bool is_equal_pair(struct rg_span min, struct rg_span max)
{
    return min.data != NULL && max.data != NULL && rg_span_equal(min, max);
}

/* Bounds of decimals in bytes were compared as what they are not. */
static bool has_wrong_decimals(const struct rg_writer *writer, const struct rg_leaf *leaf)
{
    return writer->has_wrong_decimals ||
           (writer->has_wrong_long_decimals && leaf->type == RG_TYPE_BYTE_ARRAY);
}

static void drop_bounds(struct rg_statistics *statistics)
{
    statistics->min_value = (struct rg_span){NULL, 0};
    statistics->max_value = (struct rg_span){NULL, 0};
    statistics->has_min_exact = statistics->is_min_exact = false;
    statistics->has_max_exact = statistics->is_max_exact = false;
}

/*
 * What is left of a longer bound that could not be raised: parquet-go 0.25 writes it into column
 * indexes (run), where it is below what it was.
 */
static bool may_be_cut(enum rg_order order, const struct rg_leaf *leaf, struct rg_span max)
{
    static const size_t bytes_min = 8; /* It cuts at 16, or where it is told to. */
    size_t i = 0;

    if (order != RG_ORDER_BYTES || leaf->type != RG_TYPE_BYTE_ARRAY || max.bytes < bytes_min)
        return false;
    while (i < max.bytes && max.data[i] == 0xff)
        i++;
    return i == max.bytes;
}

/* Puts the bounds into `kept` that can be believed. */
static void trust_bounds(const struct rg_writer *writer, enum rg_order order,
                         const struct rg_leaf *leaf, const struct rg_statistics *given,
                         struct rg_statistics *kept)
{
    const bool is_binary =
        leaf->type == RG_TYPE_BYTE_ARRAY || leaf->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY;
    const bool is_signed = rg_order_is_signed(order);
    const bool has_new = given->min_value.data != NULL || given->max_value.data != NULL;
    const bool is_new = has_new && has_known_order(leaf, order);
    const struct rg_span min = is_new ? given->min_value : given->min;
    const struct rg_span max = is_new ? given->max_value : given->max;
    /* Equal bounds have no order; said of the two writers that are known to have got them right. */
    const bool is_any_order =
        is_signed || (writer->has_signed_order_only && is_equal_pair(min, max));

    if (order == RG_ORDER_NONE)
        return;
    if (rg_order_is_floating(order) && writer->has_nan_bounds)
        return;
    /*
     * The fields min_value and max_value came with format 2.4.0, after PARQUET-251 was mended: a
     * writer of no name that has them is none of those. parquet-java asks created_by for the
     * deprecated pair only, too.
     */
    const bool is_suspect = !is_new || writer->application.bytes > 0;
    if (is_binary && writer->has_wrong_binary_bounds && is_suspect)
        return;
    if ((!is_new || writer->has_signed_order_only) && !is_any_order)
        return;
    if (order == RG_ORDER_SIGNED_BYTES && has_wrong_decimals(writer, leaf) &&
        !is_equal_pair(min, max))
        return;

    if (rg_order_accepts(order, leaf, min)) {
        kept->min_value = rg_order_lower_bound(order, min);
        kept->has_min_exact = is_new && given->has_min_exact;
        kept->is_min_exact = kept->has_min_exact && given->is_min_exact;
    }
    if (rg_order_accepts(order, leaf, max) && !may_be_cut(order, leaf, max)) {
        kept->max_value = rg_order_upper_bound(order, max);
        kept->has_max_exact = is_new && given->has_max_exact;
        kept->is_max_exact = kept->has_max_exact && given->is_max_exact;
    }
    /* A lower bound above the upper one: nobody can tell which of them is wrong. */
    if (kept->min_value.data != NULL && kept->max_value.data != NULL &&
        rg_order_compare(order, kept->min_value, kept->max_value) > 0)
        drop_bounds(kept);
}

struct rg_statistics rg_statistics_trusted(const struct rg_writer *writer, enum rg_order order,
                                           const struct rg_leaf *leaf,
                                           const struct rg_statistics *given, uint64_t value_count)
{
    struct rg_statistics kept = {.has_null_count = leaf->def_max == 0};
    const bool has_any_bound = given->min.data != NULL || given->max.data != NULL ||
                               given->min_value.data != NULL || given->max_value.data != NULL;
    /* Bounds of nothing but nulls: one of these is not of this page or chunk alone. */
    const uint64_t null_count_max =
        has_any_bound && value_count > 0 ? value_count - 1 : value_count;

    if (leaf->def_max > 0 && given->has_null_count && given->null_count <= null_count_max) {
        kept.has_null_count = true;
        kept.null_count = given->null_count;
    }
    if (leaf->def_max > 0 && !given->has_null_count && has_any_bound && writer->omits_no_nulls)
        kept.has_null_count = true;
    if (rg_order_is_floating(order) && given->has_nan_count &&
        given->nan_count <= value_count - kept.null_count) {
        kept.has_nan_count = true;
        kept.nan_count = given->nan_count;
    }
    trust_bounds(writer, order, leaf, given, &kept);
    return kept;
}

bool rg_statistics_has_wrong_unions(const struct rg_writer *writer, enum rg_order order,
                                    const struct rg_leaf *leaf)
{
    const bool is_unsigned = order == RG_ORDER_UINT32 || order == RG_ORDER_UINT64;
    const bool is_string = order == RG_ORDER_BYTES && leaf->type == RG_TYPE_BYTE_ARRAY;

    return (writer->has_wrong_unions && (is_unsigned || rg_order_is_floating(order))) ||
           (writer->has_prefix_unions && is_string);
}

bool rg_statistics_repeat_nulls(const struct rg_writer *writer, const struct rg_column_chunk *chunk)
{
    return writer->has_repeated_null_counts && rg_chunk_has_indices(chunk) &&
           chunk->statistics.has_null_count && chunk->statistics.null_count > 0;
}

static bool is_categorical(const struct rg_leaf *leaf, const struct rg_column_chunk *chunk)
{
    return leaf->type == RG_TYPE_BYTE_ARRAY && rg_chunk_has_indices(chunk);
}

bool rg_statistics_must_count_nulls(const struct rg_writer *writer, const struct rg_leaf *leaf,
                                    const struct rg_column_chunk *chunk)
{
    if (leaf->def_max == 0)
        return false;
    return (writer->has_odd_null_counts && is_categorical(leaf, chunk)) ||
           (writer->has_few_list_nulls && leaf->rep_max > 0) ||
           (writer->has_running_null_counts && chunk->statistics.has_null_count &&
            chunk->statistics.null_count > 0);
}

bool rg_statistics_has_part_bounds(const struct rg_writer *writer, const struct rg_leaf *leaf,
                                   const struct rg_column_chunk *chunk)
{
    return (writer->has_category_bounds && rg_chunk_has_indices(chunk)) ||
           (writer->has_first_bounds && is_categorical(leaf, chunk));
}

struct rg_statistics rg_statistics_of_chunk(const struct rg_writer *writer, enum rg_order order,
                                            const struct rg_leaf *leaf,
                                            const struct rg_column_chunk *chunk,
                                            uint64_t page_count)
{
    struct rg_statistics kept =
        rg_statistics_trusted(writer, order, leaf, &chunk->statistics, chunk->value_count);
    const bool is_union = page_count != 1 && rg_statistics_has_wrong_unions(writer, order, leaf);
    const bool are_repeated = page_count != 1 && rg_statistics_repeat_nulls(writer, chunk);

    if (is_union || rg_statistics_has_part_bounds(writer, leaf, chunk))
        drop_bounds(&kept);
    if (leaf->def_max > 0 &&
        (are_repeated || rg_statistics_must_count_nulls(writer, leaf, chunk))) {
        kept.has_null_count = false;
        kept.null_count = 0;
    }
    return kept;
}

void rg_statistics_merge_init(struct rg_statistics_merge *merge, enum rg_order order,
                              const struct rg_leaf *leaf)
{
    *merge = (struct rg_statistics_merge){.order = order, .leaf = leaf};
}

/*
 * Of two equal bounds one that is exact suffices: the value is there. Otherwise one that may be
 * exact leaves it open.
 */
static void join_exactness(bool *has, bool *is, bool part_has, bool part_is)
{
    const bool is_exact = (*has && *is) || (part_has && part_is);

    *has = is_exact || (*has && part_has);
    *is = is_exact;
}

static void add_min(struct rg_statistics_merge *merge, const struct rg_statistics *part)
{
    struct rg_statistics *sum = &merge->sum;

    if (part->min_value.data == NULL) {
        merge->lacks_min = true;
        return;
    }
    const bool is_first = sum->min_value.data == NULL;
    const int order =
        is_first ? -1 : rg_order_compare(merge->order, part->min_value, sum->min_value);
    if (order < 0) {
        sum->min_value = part->min_value;
        sum->has_min_exact = part->has_min_exact;
        sum->is_min_exact = part->is_min_exact;
    } else if (order == 0) {
        join_exactness(&sum->has_min_exact, &sum->is_min_exact, part->has_min_exact,
                       part->is_min_exact);
    }
}

static void add_max(struct rg_statistics_merge *merge, const struct rg_statistics *part)
{
    struct rg_statistics *sum = &merge->sum;

    if (part->max_value.data == NULL) {
        merge->lacks_max = true;
        return;
    }
    const bool is_first = sum->max_value.data == NULL;
    const int order =
        is_first ? 1 : rg_order_compare(merge->order, part->max_value, sum->max_value);
    if (order > 0) {
        sum->max_value = part->max_value;
        sum->has_max_exact = part->has_max_exact;
        sum->is_max_exact = part->is_max_exact;
    } else if (order == 0) {
        join_exactness(&sum->has_max_exact, &sum->is_max_exact, part->has_max_exact,
                       part->is_max_exact);
    }
}

void rg_statistics_merge_add(struct rg_statistics_merge *merge, const struct rg_statistics *part,
                             uint64_t value_count)
{
    if (value_count == 0)
        return;
    merge->has_any = true;

    if (part->has_null_count)
        merge->sum.null_count += part->null_count;
    else
        merge->lacks_nulls = true;

    const bool is_all_null = part->has_null_count && part->null_count == value_count;
    if (part->has_nan_count)
        merge->sum.nan_count += part->nan_count;
    else if (!is_all_null)
        merge->lacks_nans = true;

    /*
     * A part of nothing but NaN has no bounds either, but does count: bounds of the others alone
     * would have Spark and DuckDB, to which NaN is the largest value, pass over it.
     */
    if (merge->order == RG_ORDER_NONE || is_all_null)
        return;
    add_min(merge, part);
    add_max(merge, part);
}

static enum rg_status copy_min(const struct rg_statistics_merge *merge, struct rg_arena *arena,
                               struct rg_statistics *sum, struct rg_error *err)
{
    const struct rg_span given = rg_order_lower_bound(merge->order, merge->sum.min_value);
    bool is_shorter;
    const struct rg_span bound =
        rg_order_shorten_lower(merge->order, merge->leaf, given, rg_bound_bytes_max, &is_shorter);

    if (bound.bytes > rg_bound_bytes_max)
        return RG_OK;
    sum->min_value = rg_arena_copy(arena, bound);
    if (sum->min_value.data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu bytes of bounds", bound.bytes);
    sum->has_min_exact = is_shorter || merge->sum.has_min_exact;
    sum->is_min_exact = !is_shorter && merge->sum.is_min_exact;
    return RG_OK;
}

static enum rg_status copy_max(const struct rg_statistics_merge *merge, struct rg_arena *arena,
                               struct rg_statistics *sum, struct rg_error *err)
{
    const struct rg_span given = rg_order_upper_bound(merge->order, merge->sum.max_value);
    bool is_shorter;
    const struct rg_span bound = rg_order_shorten_upper(merge->order, merge->leaf, given,
                                                        rg_bound_bytes_max, arena, &is_shorter);

    if (bound.bytes > rg_bound_bytes_max)
        return RG_OK;
    sum->max_value = is_shorter || bound.data == NULL ? bound : rg_arena_copy(arena, bound);
    if (sum->max_value.data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu bytes of bounds", given.bytes);
    sum->has_max_exact = is_shorter || merge->sum.has_max_exact;
    sum->is_max_exact = !is_shorter && merge->sum.is_max_exact;
    return RG_OK;
}

/* Then bounds are not the extremes: DuckDB answers max() by them where they are exact (run). */
static bool may_hold_nan(const struct rg_statistics_merge *merge)
{
    return rg_order_is_floating(merge->order) && (merge->lacks_nans || merge->sum.nan_count > 0);
}

enum rg_status rg_statistics_merge_finish(const struct rg_statistics_merge *merge,
                                          struct rg_arena *arena,
                                          struct rg_statistics *ret_statistics,
                                          struct rg_error *err)
{
    struct rg_statistics sum = {
        .has_null_count = !merge->lacks_nulls,
        .has_nan_count = rg_order_is_floating(merge->order) && !merge->lacks_nans,
    };

    if (sum.has_null_count)
        sum.null_count = merge->sum.null_count;
    if (sum.has_nan_count)
        sum.nan_count = merge->sum.nan_count;
    /* Bounds of what may hold nulls that nobody counted are read as those of a column of none. */
    const bool has_bounds = sum.has_null_count && !merge->lacks_min && !merge->lacks_max &&
                            merge->sum.min_value.data != NULL && merge->sum.max_value.data != NULL;
    if (has_bounds) {
        RG_TRY(copy_min(merge, arena, &sum, err));
        RG_TRY(copy_max(merge, arena, &sum, err));
    }
    /* One of them alone is read as if the other were empty. */
    if (sum.min_value.data == NULL || sum.max_value.data == NULL)
        drop_bounds(&sum);
    if (may_hold_nan(merge))
        sum.has_min_exact = sum.has_max_exact = sum.is_min_exact = sum.is_max_exact = false;
    *ret_statistics = sum;
    return RG_OK;
}

static bool may_lack_bounds(const struct rg_column_chunk *chunk)
{
    const struct rg_statistics *s = &chunk->statistics;

    return chunk->value_count == 0 || (s->has_null_count && s->null_count == chunk->value_count);
}

void rg_statistics_level(struct rg_row_group *groups, uint32_t group_count, uint32_t leaf_count)
{
    for (uint32_t c = 0; c < leaf_count; c++) {
        bool has_all = true;

        for (uint32_t g = 0; g < group_count && has_all; g++) {
            const struct rg_column_chunk *chunk = &groups[g].columns[c];

            has_all = may_lack_bounds(chunk) || chunk->statistics.min_value.data != NULL;
        }
        for (uint32_t g = 0; g < group_count && !has_all; g++)
            drop_bounds(&groups[g].columns[c].statistics);
    }
}
