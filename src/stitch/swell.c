/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/swell.h"

#include "base/limits.h"
#include "stitch/chunk_facts.h"
#include "stitch/estimate.h"
#include "stitch/indices.h"
#include "stitch/page_walk.h"
#include "stitch/parts.h"

/* Short values do not come to that, as a copy of 64 bytes takes snappy 3. */
static const uint64_t factor_min = 16;
static const uint64_t entries_max = UINT64_C(1) << 21;

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

void rg_swell_add(struct rg_swell *swell, const struct rg_stitch_source *source,
                  uint64_t dissolved_bytes)
{
    const struct rg_column_chunk *chunk = source->chunk;

    if (source->map != NULL && source->map->origin != RG_LEAF_VALUES)
        return;
    swell->source_count++;
    swell->raw_bytes = sum(swell->raw_bytes, rg_raw_bytes_bound(chunk));
    if (source->leaf->type != RG_TYPE_BYTE_ARRAY || !rg_chunk_has_indices(chunk))
        return;
    if (rg_chunk_tells_bytes(chunk, source->writer))
        dissolved_bytes = chunk->size_statistics.unencoded_bytes;
    else
        swell->is_guessed = true;
    swell->dissolved_bytes = sum(swell->dissolved_bytes, dissolved_bytes);
    swell->dissolved_values = sum(swell->dissolved_values, rg_chunk_present_count(chunk));
}

bool rg_swell_is_large(const struct rg_swell *swell)
{
    return swell->source_count > 1 && swell->dissolved_values > 0 &&
           swell->dissolved_bytes / RG_SWELL_VALUE_BYTES >= swell->dissolved_values &&
           swell->dissolved_bytes / factor_min >= swell->raw_bytes;
}

uint64_t rg_swell_guess(const struct rg_survey *survey)
{
    if (survey->index_page_count == 0 || survey->dictionary_entries == 0)
        return 0;
    return survey->dictionary_raw_bytes / survey->dictionary_entries *
           lesser(survey->index_values, rg_survey_present_count(survey));
}

bool rg_swell_must_count(const struct rg_survey *survey)
{
    const struct rg_stitch_source *source = survey->source;
    const uint64_t lengths = 4 * (uint64_t)survey->dictionary_entries;

    return survey->index_page_count > 0 && !rg_chunk_tells_bytes(source->chunk, source->writer) &&
           survey->dictionary_raw_bytes >= lengths + RG_SWELL_VALUE_BYTES;
}

/* Of the values of one index page, without what tells their lengths. */
static enum rg_status add_lengths(struct rg_bench *bench, const struct rg_survey *survey,
                                  const struct rg_source_page *page,
                                  const struct rg_dict_table *table, uint64_t *bytes,
                                  struct rg_error *err)
{
    enum {
        STEP_VALUES = 1024
    };
    uint32_t indices[STEP_VALUES];
    struct rg_index_reader reader;
    struct rg_parts parts;

    RG_TRY(rg_parts_take(bench, survey->source, page, true, &parts, err));
    RG_TRY(
        rg_index_reader_init(&reader, parts.values, parts.present_count, table->entry_count, err));
    for (uint32_t at = 0; at < parts.present_count;) {
        const uint32_t left = parts.present_count - at;
        const uint32_t step = left < STEP_VALUES ? left : STEP_VALUES;

        RG_TRY(rg_index_read(&reader, step, indices, err));
        for (uint32_t i = 0; i < step; i++)
            *bytes += rg_dict_table_entry(table, indices[i]).bytes - 4;
        at += step;
    }
    return RG_OK;
}

enum rg_status rg_swell_count(struct rg_bench *bench, const struct rg_survey *survey,
                              struct rg_dict_table *table, uint64_t *bytes, struct rg_error *err)
{
    struct rg_page_walk walk;
    struct rg_source_page page;
    struct rg_span plain;
    bool is_end;

    RG_TRY(rg_survey_dictionary(bench, survey, &plain, err));
    RG_TRY(rg_dict_table_fill(table, bench, plain, survey->dictionary_entries, err));
    if (table->entry_bytes_max < RG_SWELL_VALUE_BYTES)
        return RG_OK;
    *bytes = 0;
    rg_page_walk_init(&walk, survey);
    for (;;) {
        RG_TRY(rg_page_walk_next(&walk, &page, &is_end, err));
        if (is_end)
            return RG_OK;
        if (rg_is_index_page(&page))
            RG_TRY(add_lengths(bench, survey, &page, table, bytes, err));
    }
}

uint32_t rg_swell_dictionary_bytes(const struct rg_swell *swell)
{
    const uint64_t bytes = swell->dissolved_bytes / factor_min;

    /* Elsewhere it is assumed that indices have 21 bits. */
    if (swell->entry_count >= entries_max || bytes < rg_dictionary_bytes_max)
        return rg_dictionary_bytes_max;
    return bytes < rg_dictionary_bytes_swell_max ? (uint32_t)bytes : rg_dictionary_bytes_swell_max;
}
