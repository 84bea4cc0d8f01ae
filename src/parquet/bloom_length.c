/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/bloom_length.h"

#include "parquet/footer.h"

/* Lookups of one file: beyond, filters are dropped rather than searched for. */
static const uint64_t look_count_max = UINT64_C(1) << 24;

/* The format's largest bitset, and room for the header in front of it. */
static const uint64_t filter_bytes_max = (UINT64_C(128) << 20) + 64;

static void take_nearer(uint64_t begin, uint64_t offset, uint64_t *end)
{
    if (offset > begin && offset < *end)
        *end = offset;
}

/* Where whatever follows a filter begins at the latest. */
static uint64_t find_end(const struct rg_file_meta *meta, uint64_t begin, uint64_t end)
{
    for (uint32_t g = 0; g < meta->row_group_count; g++) {
        const struct rg_row_group *group = &meta->row_groups[g];

        for (uint32_t c = 0; c < meta->schema.leaf_count; c++) {
            const struct rg_column_chunk *chunk = &group->columns[c];

            take_nearer(begin, rg_chunk_begin(chunk), &end);
            take_nearer(begin, chunk->offset_index_offset, &end);
            take_nearer(begin, chunk->column_index_offset, &end);
            if (chunk->has_bloom_filter_offset)
                take_nearer(begin, chunk->bloom_filter_offset, &end);
        }
    }
    return end;
}

static bool lacks_length(const struct rg_column_chunk *chunk)
{
    return chunk->has_bloom_filter_offset && !chunk->has_bloom_filter_length;
}

void rg_bloom_lengths_complete(struct rg_file_meta *meta, uint64_t data_end)
{
    uint64_t chunk_count = 0;
    uint64_t lacking = 0;

    for (uint32_t g = 0; g < meta->row_group_count; g++) {
        chunk_count += meta->schema.leaf_count;
        for (uint32_t c = 0; c < meta->schema.leaf_count; c++)
            lacking += lacks_length(&meta->row_groups[g].columns[c]);
    }
    if (lacking == 0 || lacking > look_count_max / chunk_count)
        return;
    for (uint32_t g = 0; g < meta->row_group_count; g++) {
        for (uint32_t c = 0; c < meta->schema.leaf_count; c++) {
            struct rg_column_chunk *chunk = &meta->row_groups[g].columns[c];
            const uint64_t begin = chunk->bloom_filter_offset;

            if (!lacks_length(chunk) || begin >= data_end)
                continue;
            const uint64_t bytes = find_end(meta, begin, data_end) - begin;
            chunk->has_bloom_filter_length = bytes <= filter_bytes_max;
            chunk->bloom_filter_length = chunk->has_bloom_filter_length ? (uint32_t)bytes : 0;
        }
    }
}
