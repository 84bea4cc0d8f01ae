/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/summary.h"

#include "stitch/chunk_facts.h"

/* Of a source that says none. */
static const struct rg_geospatial_statistics nothing = {.has_box = false};

static bool are_pairs_equal(const struct rg_column_chunk *a, const struct rg_column_chunk *b)
{
    if (a->key_value_count != b->key_value_count)
        return false;
    for (uint32_t i = 0; i < a->key_value_count; i++) {
        const struct rg_key_value *left = &a->key_values[i];
        const struct rg_key_value *right = &b->key_values[i];
        const bool is_same_kind = (left->value.data == NULL) == (right->value.data == NULL);

        if (!is_same_kind || !rg_span_equal(left->key, right->key) ||
            !rg_span_equal(left->value, right->value))
            return false;
    }
    return true;
}

enum rg_status rg_summary_init(struct rg_summary *summary, struct rg_bench *bench,
                               struct rg_error *err)
{
    *summary = (struct rg_summary){.bench = bench, .are_key_values_equal = true};
    rg_statistics_merge_init(&summary->statistics, bench->order, bench->leaf);
    rg_geospatial_merge_init(&summary->geospatial, bench->schema, bench->leaf_index, bench->arena);
    return rg_size_merge_init(&summary->sizes, bench->leaf, bench->arena, err);
}

/* The source's definition histogram in the output's levels. */
static enum rg_status translate_histogram(struct rg_summary *summary,
                                          const struct rg_survey *survey,
                                          const struct rg_statistics *statistics,
                                          struct rg_size_statistics *sizes, struct rg_error *err)
{
    const struct rg_leaf *leaf = survey->source->leaf;
    const uint64_t value_count = survey->source->chunk->value_count;
    const uint32_t count = (uint32_t)summary->bench->leaf->def_max + 1;
    const bool is_given = sizes->def_histogram_count == (uint32_t)leaf->def_max + 1;
    const bool is_known = leaf->rep_max == 0 && leaf->def_max <= 1 && statistics->has_null_count &&
                          statistics->null_count <= value_count;
    uint64_t *histogram;

    sizes->def_histogram_count = is_given ? sizes->def_histogram_count : 0;
    if (!is_given && !is_known)
        return RG_OK;
    histogram = rg_arena_array(summary->bench->scratch, count, sizeof *histogram);
    if (histogram == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a histogram");
    for (uint32_t level = 0; level <= leaf->def_max && is_given; level++)
        histogram[survey->def_map[level]] += sizes->def_histogram[level];
    if (!is_given) {
        histogram[survey->def_map[leaf->def_max]] = value_count - statistics->null_count;
        histogram[survey->def_map[0]] += statistics->null_count;
    }
    sizes->is_present = true;
    sizes->def_histogram = histogram;
    sizes->def_histogram_count = count;
    return RG_OK;
}

enum rg_status rg_summary_add(struct rg_summary *summary, const struct rg_survey *survey,
                              const struct rg_statistics *statistics, struct rg_error *err)
{
    const struct rg_column_chunk *chunk = survey->source->chunk;
    struct rg_size_statistics sizes = chunk->size_statistics;
    const bool has_values = survey->index_page_count + survey->value_page_count > 0;
    const bool has_delta_strings =
        (survey->source_encodings & UINT32_C(1) << RG_ENCODING_DELTA_BYTE_ARRAY) != 0;

    if (!rg_chunk_tells_bytes(chunk, survey->source->writer) ||
        (has_delta_strings && survey->source->writer->has_short_sizes))
        sizes.has_unencoded_bytes = false;
    if (survey->def_map != NULL)
        RG_TRY(translate_histogram(summary, survey, statistics, &sizes, err));
    rg_statistics_merge_add(&summary->statistics, statistics, chunk->value_count);
    rg_size_merge_add(&summary->sizes, &sizes, chunk->value_count);
    const struct rg_geospatial_statistics *geospatial = chunk->geospatial_statistics;
    RG_TRY(rg_geospatial_merge_add(&summary->geospatial, geospatial != NULL ? geospatial : &nothing,
                                   has_values, err));
    if (summary->first == NULL)
        summary->first = chunk;
    summary->are_key_values_equal =
        summary->are_key_values_equal && are_pairs_equal(summary->first, chunk);
    return RG_OK;
}

/* A copy in the arena; an absent span stays absent. */
static bool copy_span(struct rg_arena *arena, struct rg_span *span)
{
    if (span->data == NULL)
        return true;
    *span = rg_arena_copy(arena, *span);
    return span->data != NULL;
}

/* Key-values of the column are kept where all sources have the same. */
static enum rg_status copy_pairs(const struct rg_summary *summary, struct rg_column_chunk *chunk,
                                 struct rg_error *err)
{
    const struct rg_column_chunk *first = summary->first;
    struct rg_arena *arena = summary->bench->arena;

    if (first == NULL || !summary->are_key_values_equal || first->key_value_count == 0)
        return RG_OK;
    chunk->key_values = rg_arena_array(arena, first->key_value_count, sizeof *chunk->key_values);
    if (chunk->key_values == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for key-values");
    for (uint32_t i = 0; i < first->key_value_count; i++) {
        chunk->key_values[i] = first->key_values[i];
        if (!copy_span(arena, &chunk->key_values[i].key) ||
            !copy_span(arena, &chunk->key_values[i].value))
            return rg_fail(err, RG_ERR_NOMEM, "no memory for key-values");
    }
    chunk->key_value_count = first->key_value_count;
    return RG_OK;
}

static enum rg_status finish_geospatial(const struct rg_summary *summary,
                                        struct rg_column_chunk *chunk, struct rg_error *err)
{
    const struct rg_geospatial_statistics sum = rg_geospatial_merge_finish(&summary->geospatial);

    if (!sum.has_box && sum.types == NULL)
        return RG_OK;
    chunk->geospatial_statistics = rg_arena_alloc(summary->bench->arena, sizeof sum);
    if (chunk->geospatial_statistics == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for geospatial statistics");
    *chunk->geospatial_statistics = sum;
    return RG_OK;
}

enum rg_status rg_summary_finish(const struct rg_summary *summary, struct rg_column_chunk *chunk,
                                 struct rg_error *err)
{
    RG_TRY(rg_statistics_merge_finish(&summary->statistics, summary->bench->arena,
                                      &chunk->statistics, err));
    chunk->size_statistics = rg_size_merge_finish(&summary->sizes);
    RG_TRY(finish_geospatial(summary, chunk, err));
    return copy_pairs(summary, chunk, err);
}
