/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/swell.h"

#include "base/limits.h"
#include "stitch/chunk_facts.h"
#include "stitch/estimate.h"

/* Short values do not come to that, as a copy of 64 bytes takes snappy 3. */
static const uint64_t factor_min = 16;
static const uint64_t entries_max = UINT64_C(1) << 21;

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

/* Size statistics say it, those of writers that are right about it. */
bool rg_swell_is_told(const struct rg_stitch_source *source)
{
    const struct rg_size_statistics *sizes = &source->chunk->size_statistics;

    return sizes->is_present && sizes->has_unencoded_bytes &&
           !(source->writer->has_short_sizes &&
             rg_chunk_has_encoding(source->chunk, RG_ENCODING_DELTA_BYTE_ARRAY));
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
    if (rg_swell_is_told(source))
        dissolved_bytes = chunk->size_statistics.unencoded_bytes;
    else
        swell->is_guessed = true;
    swell->dissolved_bytes = sum(swell->dissolved_bytes, dissolved_bytes);
    swell->dissolved_values = sum(swell->dissolved_values, chunk->value_count);
}

bool rg_swell_is_large(const struct rg_swell *swell)
{
    return swell->source_count > 1 && swell->dissolved_values > 0 &&
           swell->dissolved_bytes / RG_SWELL_VALUE_BYTES >= swell->dissolved_values &&
           swell->dissolved_bytes / factor_min >= swell->raw_bytes;
}

uint32_t rg_swell_dictionary_bytes(const struct rg_swell *swell)
{
    const uint64_t bytes = swell->dissolved_bytes / factor_min;

    /* Elsewhere it is assumed that indices have 21 bits. */
    if (swell->entry_count >= entries_max || bytes < rg_dictionary_bytes_max)
        return rg_dictionary_bytes_max;
    return bytes < rg_dictionary_bytes_swell_max ? (uint32_t)bytes : rg_dictionary_bytes_swell_max;
}
