/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/chunk_facts.h"

#include "parquet/types.h"

bool rg_chunk_has_encoding(const struct rg_column_chunk *chunk, unsigned encoding)
{
    return (chunk->encodings & UINT32_C(1) << encoding) != 0;
}

bool rg_chunk_may_have_packed_levels(const struct rg_column_chunk *chunk,
                                     const struct rg_leaf *leaf)
{
    if (!rg_chunk_has_encoding(chunk, RG_ENCODING_BIT_PACKED) || leaf->def_max == 0)
        return false;
    /* parquet-mr names it for repetition levels that are not there, beside RLE. */
    return leaf->rep_max > 0 || !rg_chunk_has_encoding(chunk, RG_ENCODING_RLE);
}

bool rg_chunk_has_odd_encodings(const struct rg_column_chunk *chunk)
{
    for (unsigned encoding = 0; encoding < 32; encoding++) {
        const bool is_simple = encoding == RG_ENCODING_PLAIN || encoding == RG_ENCODING_RLE ||
                               encoding == RG_ENCODING_BIT_PACKED ||
                               rg_encoding_is_dictionary((uint8_t)encoding);

        if (!is_simple && rg_chunk_has_encoding(chunk, encoding))
            return true;
    }
    return false;
}

bool rg_chunk_has_indices(const struct rg_column_chunk *chunk)
{
    return rg_chunk_has_encoding(chunk, RG_ENCODING_PLAIN_DICTIONARY) ||
           rg_chunk_has_encoding(chunk, RG_ENCODING_RLE_DICTIONARY);
}

bool rg_chunk_may_have_other_pages(const struct rg_column_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->encoding_stats_count; i++) {
        const struct rg_page_encoding_stats *stats = &chunk->encoding_stats[i];

        if (stats->page_type != RG_PAGE_DICTIONARY && !rg_encoding_is_dictionary(stats->encoding))
            return true;
    }
    return rg_chunk_page_count(chunk) == 0;
}

uint64_t rg_chunk_dictionary_bytes(const struct rg_column_chunk *chunk)
{
    const bool is_told =
        chunk->has_dictionary_offset && chunk->dictionary_page_offset > 0 &&
        chunk->dictionary_page_offset < chunk->data_page_offset &&
        chunk->data_page_offset - chunk->dictionary_page_offset <= chunk->compressed_bytes;

    return is_told ? chunk->data_page_offset - chunk->dictionary_page_offset : 0;
}

uint64_t rg_chunk_present_count(const struct rg_column_chunk *chunk)
{
    const uint64_t nulls = chunk->statistics.has_null_count ? chunk->statistics.null_count : 0;

    return nulls <= chunk->value_count ? chunk->value_count - nulls : chunk->value_count;
}

bool rg_chunk_tells_bytes(const struct rg_column_chunk *chunk, const struct rg_writer *writer)
{
    const struct rg_size_statistics *sizes = &chunk->size_statistics;

    return sizes->is_present && sizes->has_unencoded_bytes &&
           !(writer->has_doubled_sizes && !rg_chunk_has_indices(chunk)) &&
           !(writer->has_short_sizes && rg_chunk_has_encoding(chunk, RG_ENCODING_DELTA_BYTE_ARRAY));
}

uint64_t rg_chunk_page_count(const struct rg_column_chunk *chunk)
{
    uint64_t pages = 0;

    for (uint32_t i = 0; i < chunk->encoding_stats_count; i++) {
        if (chunk->encoding_stats[i].page_type != RG_PAGE_DICTIONARY)
            pages += chunk->encoding_stats[i].page_count;
    }
    return pages;
}
