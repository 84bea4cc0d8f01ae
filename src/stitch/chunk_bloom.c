/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/chunk_bloom.h"

#include "parquet/types.h"
#include "stitch/bloom.h"

/* False positives: of a filter that is made, and of one that is still worth keeping. */
static const double rate_made = 0.01;
static const double rate_kept = 0.05;

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
    RG_TRY(rg_bench_decompress(bench, &bench->dictionary, survey->dictionary_codec, true,
                               survey->dictionary, survey->dictionary_raw_bytes, &plain, err));
    return rg_bloom_of_dictionary(bench->leaf, plain, survey->dictionary_entries, rate_made,
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

enum rg_status rg_chunk_bloom_make(struct rg_bench *bench, const struct rg_survey *surveys,
                                   size_t survey_count, struct rg_span dictionary,
                                   uint32_t entry_count, struct rg_span *ret_bloom,
                                   size_t *ret_culprit, struct rg_error *err)
{
    struct rg_bloom bloom = {NULL, 0};
    bool has_some = false;

    *ret_bloom = (struct rg_span){NULL, 0};
    if (bench->leaf->type == RG_TYPE_BOOLEAN)
        return RG_OK;
    for (size_t i = 0; i < survey_count; i++)
        has_some = has_some || (has_values(&surveys[i]) && surveys[i].source->bloom.bytes > 0);
    if (dictionary.data != NULL && (bench->has_bloom || has_some))
        RG_TRY(rg_bloom_of_dictionary(bench->leaf, dictionary, entry_count, rate_made,
                                      bench->scratch, &bloom, err));
    else if (has_some)
        RG_TRY(merge(bench, surveys, survey_count, &bloom, ret_culprit, err));
    if (bloom.blocks == NULL)
        return RG_OK;
    return rg_bloom_emit(&bloom, bench->arena, ret_bloom, err);
}
