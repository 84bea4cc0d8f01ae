/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/chunk_bloom.h"

#include "parquet/schema.h"
#include "parquet/types.h"
#include "stitch/bloom.h"
#include "stitch/page_walk.h"

/* False positives of a merged filter that is still worth keeping. */
static const double rate_kept = 0.05;
/* Of a filter over values: sizes are powers of two, and the next larger one is not worth it. */
static const double rate_asked = 0.025;

static bool has_values(const struct rg_survey *survey)
{
    return survey->index_page_count + survey->value_page_count > 0;
}

/* A filter that readers would be wrong to trust is none at all. */
static bool parse(struct rg_span bytes, struct rg_bloom *ret_bloom)
{
    struct rg_error ignored;

    return bytes.bytes > 0 && rg_bloom_parse(bytes, ret_bloom, &ignored) == RG_OK;
}

/* The filter of a source that has none, from its dictionary, where that holds all its values. */
static enum rg_status make_for(struct rg_bench *bench, const struct rg_survey *survey,
                               struct rg_bloom *ret_bloom, struct rg_error *err)
{
    struct rg_span plain;

    if (survey->value_page_count > 0)
        return RG_OK;
    RG_TRY(rg_survey_dictionary(bench, survey, &plain, err));
    return rg_bloom_of_dictionary(bench->leaf, plain, survey->dictionary_entries, rg_bloom_rate,
                                  bench->scratch, ret_bloom, err);
}

static enum rg_status merge(struct rg_bench *bench, const struct rg_survey *surveys,
                            size_t survey_count, struct rg_bloom *ret_bloom, size_t *ret_culprit,
                            struct rg_error *err)
{
    struct rg_bloom *filters = rg_arena_array(bench->scratch, survey_count, sizeof *filters);
    size_t count = 0;
    bool is_kept;

    if (filters == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu bloom filters", survey_count);
    for (size_t i = 0; i < survey_count; i++) {
        struct rg_bloom *filter = &filters[count];

        if (!has_values(&surveys[i]))
            continue;
        *ret_culprit = i;
        if (!parse(surveys[i].source->bloom, filter))
            RG_TRY(make_for(bench, &surveys[i], filter, err));
        if (filter->blocks == NULL)
            return RG_OK;
        count++;
    }
    RG_TRY(rg_bloom_merge(filters, count, rate_kept, bench->scratch, ret_bloom, &is_kept, err));
    if (!is_kept)
        *ret_bloom = (struct rg_bloom){NULL, 0};
    return RG_OK;
}

/* How many values there are at most that may be different. */
static uint64_t count_values(const struct rg_chunk_bloom *of)
{
    uint64_t count = 0;

    for (size_t i = 0; i < of->survey_count; i++) {
        const struct rg_survey *survey = &of->surveys[i];
        const uint64_t present = rg_survey_present_count(survey);
        const uint64_t entries = survey->dictionary_entries + survey->value_values;

        count += present < entries ? present : entries;
    }
    return count;
}

static enum rg_status add_page(const struct rg_chunk_bloom *of, const struct rg_survey *survey,
                               const struct rg_source_page *page, struct rg_bloom_build *build,
                               struct rg_error *err)
{
    struct rg_parts parts;
    struct rg_span plain;

    RG_TRY(rg_parts_take(of->bench, survey->source, page, true, &parts, err));
    RG_TRY(rg_page_encoder_plain(of->encoder, survey, page, &parts, UINT32_MAX, &plain, err));
    return rg_bloom_add(build, plain, parts.present_count, err);
}

/* Entries of the dictionary, used or not, and values of all other pages. */
static enum rg_status add_source(const struct rg_chunk_bloom *of, const struct rg_survey *survey,
                                 struct rg_bloom_build *build, struct rg_error *err)
{
    struct rg_bench *bench = of->bench;
    struct rg_page_walk walk;
    struct rg_source_page page;
    struct rg_span plain;
    bool is_end;

    if (survey->index_page_count > 0) {
        RG_TRY(rg_survey_dictionary(bench, survey, &plain, err));
        RG_TRY(rg_bloom_add(build, plain, survey->dictionary_entries, err));
    }
    if (survey->value_page_count == 0)
        return RG_OK;
    of->encoder->recoder->survey = NULL;
    rg_page_walk_init(&walk, survey);
    for (;;) {
        RG_TRY(rg_page_walk_next(&walk, &page, &is_end, err));
        if (is_end)
            return RG_OK;
        if (!rg_is_index_page(&page) && !rg_is_null_page(&page))
            RG_TRY(add_page(of, survey, &page, build, err));
    }
}

static enum rg_status build_filter(const struct rg_chunk_bloom *of, struct rg_bloom *ret_bloom,
                                   size_t *ret_culprit, struct rg_error *err)
{
    struct rg_bloom_build build;

    RG_TRY(rg_bloom_begin(&build, of->bench->leaf, count_values(of), rg_bloom_rate,
                          of->bench->scratch, err));
    for (size_t i = 0; i < of->survey_count; i++) {
        *ret_culprit = i;
        RG_TRY(add_source(of, &of->surveys[i], &build, err));
    }
    *ret_bloom = rg_bloom_end(&build, rate_asked);
    return RG_OK;
}

/*
 * Readers that ask a filter for other bytes than the format says find no row. So these get one only
 * where it is asked for, or a source had one: bytes without an annotation (DuckDB up to 1.5.5 asks
 * for their escaped text: issue 24994) and decimals in fewer than 16 bytes (DataFusion asks for 16:
 * issue 22994).
 */
static bool is_asked_wrongly(const struct rg_bench *bench)
{
    const struct rg_leaf *leaf = bench->leaf;
    const uint8_t logical =
        rg_schema_annotation(&bench->schema->elements[leaf->element_index]).logical;

    if (leaf->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY)
        return logical == RG_LOGICAL_NONE ||
               (logical == RG_LOGICAL_DECIMAL && leaf->type_length != 16);
    return leaf->type == RG_TYPE_BYTE_ARRAY &&
           (logical == RG_LOGICAL_NONE || logical == RG_LOGICAL_DECIMAL);
}

enum rg_status rg_chunk_bloom_make(const struct rg_chunk_bloom *of, struct rg_span *ret_bloom,
                                   size_t *ret_culprit, struct rg_error *err)
{
    struct rg_bench *bench = of->bench;
    struct rg_bloom bloom = {NULL, 0};
    bool has_some = false;

    *ret_bloom = (struct rg_span){NULL, 0};
    if (bench->leaf->type == RG_TYPE_BOOLEAN)
        return RG_OK;
    /* DuckDB 2.0 reads FLOAT16 as FLOAT, and asks the filter for four bytes: no row is found (run).
     */
    if (bench->order == RG_ORDER_FLOAT16)
        return RG_OK;
    for (size_t i = 0; i < of->survey_count; i++)
        has_some =
            has_some || (has_values(&of->surveys[i]) && of->surveys[i].source->bloom.bytes > 0);
    const bool has_default = bench->has_bloom && !is_asked_wrongly(bench);
    if (of->dictionary.data != NULL && (has_default || has_some || bench->is_bloom_asked))
        RG_TRY(rg_bloom_of_dictionary(bench->leaf, of->dictionary, of->entry_count, rg_bloom_rate,
                                      bench->scratch, &bloom, err));
    else if (has_some)
        RG_TRY(merge(bench, of->surveys, of->survey_count, &bloom, ret_culprit, err));
    if (bloom.blocks == NULL && bench->is_bloom_asked)
        RG_TRY(build_filter(of, &bloom, ret_culprit, err));
    if (bloom.blocks == NULL)
        return RG_OK;
    return rg_bloom_emit(&bloom, bench->arena, ret_bloom, err);
}
