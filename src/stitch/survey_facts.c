/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/survey_facts.h"

#include "stitch/page_walk.h"
#include "stitch/statistics.h"

/* A page's entry in the column index, as statistics. */
static struct rg_statistics statistics_of_index(const struct rg_column_index *index, uint32_t at)
{
    struct rg_statistics statistics = {0};

    if (!index->is_null_page[at]) {
        statistics.min_value = index->min_values[at];
        statistics.max_value = index->max_values[at];
    }
    if (index->null_counts != NULL) {
        statistics.has_null_count = true;
        statistics.null_count = index->null_counts[at];
    }
    if (index->nan_counts != NULL) {
        statistics.has_nan_count = true;
        statistics.nan_count = index->nan_counts[at];
    }
    return statistics;
}

/* Adds a page's bounds to those before; false where it has none, and is not null. */
static bool add_page_bounds(const struct rg_survey *survey, uint32_t at, struct rg_statistics *sum)
{
    const struct rg_stitch_source *source = survey->source;
    const enum rg_order order = survey->bench->order;
    const struct rg_statistics given = statistics_of_index(source->column_index, at);
    const struct rg_statistics page = rg_statistics_trusted(
        source->writer, order, &survey->bounds_leaf, &given, source->chunk->value_count);

    /* Polars takes pages that hold NaN, of which it says no bounds, for null. */
    if (source->column_index->is_null_page[at])
        return given.has_null_count && given.null_count > 0;
    if (page.min_value.data == NULL || page.max_value.data == NULL)
        return false;
    if (sum->min_value.data == NULL || rg_order_compare(order, page.min_value, sum->min_value) < 0)
        sum->min_value = page.min_value;
    if (sum->max_value.data == NULL || rg_order_compare(order, page.max_value, sum->max_value) > 0)
        sum->max_value = page.max_value;
    return true;
}

/* Bounds of pages united anew, where the writer got that wrong. */
static void unite_page_bounds(struct rg_survey *survey)
{
    const struct rg_stitch_source *source = survey->source;
    struct rg_statistics sum = {.has_null_count = false};

    if (survey->page_count <= 1 || !survey->has_column_index ||
        !rg_statistics_has_wrong_unions(source->writer, survey->bench->order, &survey->bounds_leaf))
        return;
    for (uint32_t i = 0; i < source->column_index->page_count; i++) {
        if (!add_page_bounds(survey, i, &sum))
            return;
    }
    survey->statistics.min_value = sum.min_value;
    survey->statistics.max_value = sum.max_value;
}

void rg_survey_settle_statistics(struct rg_survey *survey)
{
    const struct rg_stitch_source *source = survey->source;

    survey->statistics =
        rg_statistics_of_chunk(source->writer, survey->bench->order, &survey->bounds_leaf,
                               source->chunk, survey->page_count);
    unite_page_bounds(survey);
}

/* The chunk's bounds hold for each of its pages, but its counts only where it has one. */
static struct rg_statistics statistics_of_chunk(const struct rg_survey *survey)
{
    struct rg_statistics statistics = survey->statistics;

    if (survey->page_count == 1)
        return statistics;
    statistics.has_min_exact = false;
    statistics.has_max_exact = false;
    statistics.has_null_count = statistics.has_null_count && statistics.null_count == 0;
    statistics.has_nan_count = statistics.has_nan_count && statistics.nan_count == 0;
    return statistics;
}

static bool has_bounds(const struct rg_statistics *statistics)
{
    return statistics->min_value.data != NULL && statistics->max_value.data != NULL;
}

bool rg_survey_has_bounds(const struct rg_survey *survey)
{
    return survey->bench->order == RG_ORDER_NONE || has_bounds(&survey->statistics);
}

/*
 * Whether the chunk's bounds are said of each of its pages. Not where one may hold nothing but NaN,
 * which has no bounds: parquet.thrift, ColumnIndex, under TYPE_ORDER.
 */
static bool are_bounds_of_pages(const struct rg_bench *bench, const struct rg_survey *survey,
                                const struct rg_statistics *whole)
{
    return !rg_order_is_floating(bench->order) || survey->page_count <= 1 ||
           (whole->has_nan_count && whole->nan_count == 0);
}

/*
 * Then readers to which NaN is the largest number must not pass over pages of which only their
 * headers spoke, where these readers do not look: the chunk's bounds are all that they went by.
 */
static bool may_hold_nan(const struct rg_bench *bench, const struct rg_statistics *found)
{
    return rg_order_is_floating(bench->order) && !(found->has_nan_count && found->nan_count == 0);
}

void rg_survey_page_statistics(const struct rg_bench *bench, const struct rg_survey *survey,
                               const struct rg_source_page *page,
                               struct rg_statistics *ret_statistics)
{
    const struct rg_stitch_source *source = survey->source;
    const bool has_parts =
        rg_statistics_has_part_bounds(source->writer, source->leaf, source->chunk);
    struct rg_statistics found = {0};

    if (survey->has_column_index) {
        const struct rg_statistics given =
            statistics_of_index(source->column_index, page->index_ordinal);

        found = rg_statistics_trusted(source->writer, bench->order, &survey->bounds_leaf, &given,
                                      page->header.value_count);
    }
    /* Those of headers were not converted. */
    if (!has_bounds(&found) && page->header.has_statistics && !has_parts &&
        !rg_source_is_converted(source)) {
        found = rg_statistics_trusted(source->writer, bench->order, &survey->bounds_leaf,
                                      &page->header.statistics, page->header.value_count);
        if (has_bounds(&found) && may_hold_nan(bench, &found)) {
            found.min_value = survey->statistics.min_value;
            found.max_value = survey->statistics.max_value;
        }
    }
    if (!has_bounds(&found)) {
        const struct rg_statistics whole = statistics_of_chunk(survey);

        if (are_bounds_of_pages(bench, survey, &whole)) {
            found.min_value = whole.min_value;
            found.max_value = whole.max_value;
        }
        if (!found.has_null_count) {
            found.has_null_count = whole.has_null_count;
            found.null_count = whole.null_count;
        }
        found.has_nan_count = whole.has_nan_count;
        found.nan_count = whole.nan_count;
    }
    if (page->has_present_count) {
        found.has_null_count = true;
        found.null_count = page->header.value_count - page->present_count;
    } else if (rg_statistics_must_count_nulls(source->writer, source->leaf, source->chunk)) {
        found.has_null_count = source->leaf->def_max == 0;
    }
    *ret_statistics = found;
}

bool rg_survey_unencoded_bytes(const struct rg_survey *survey, const struct rg_source_page *page,
                               uint64_t *ret_bytes)
{
    const struct rg_stitch_source *source = survey->source;

    if (!survey->has_offset_index || source->offset_index->unencoded_bytes == NULL)
        return false;
    if (page->header.encoding == RG_ENCODING_DELTA_BYTE_ARRAY && source->writer->has_short_sizes)
        return false;
    *ret_bytes = source->offset_index->unencoded_bytes[page->index_ordinal];
    return true;
}
