/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two kinds of numbers: likely ones, from which work is planned, and bounds, which a stitch never
 * passes. A bound has to assume the worst of what footers do not tell: that dictionaries have to be
 * dissolved or indices to be as wide as they can be, whatever is more; that pages are as many as
 * encoding_stats say or, without them, as would fit.
 *
 * How large dissolved strings become is not bounded by a footer without size statistics: then the
 * bound is that of a whole chunk, which rg_stitch_chunk() keeps.
 */

#include "stitch/estimate.h"

#include "base/limits.h"
#include "parquet/codec.h"
#include "parquet/rle.h"
#include "parquet/types.h"
#include "stitch/bench.h"
#include "stitch/dict_table.h"
#include "stitch/proven.h"
#include "stitch/source.h"

/* A page in the output, apart from its body: header, segments, entries of the indexes. */
static const uint64_t page_overhead_bytes = 320;
/* A source: its survey, its place in the tables of dictionaries. */
static const uint64_t source_overhead_bytes = 700;
/* Strings of which nothing is known. */
static const uint64_t string_bytes_likely = 24;

/* What the chunks say together. */
struct sums {
    const struct rg_leaf *leaf;
    uint32_t page_bytes;
    uint32_t page_rows;
    uint32_t index_rows;
    uint64_t dictionary_bytes_max;
    uint8_t codec;
    uint64_t chunk_count;
    uint64_t value_count;
    uint64_t bytes;
    uint64_t raw_bytes;
    uint64_t raw_bytes_max; /* Of one chunk. */
    uint64_t value_count_max;
    uint64_t page_count;
    uint64_t index_values; /* Of chunks with a dictionary. */
    uint64_t dictionary_bytes;
    uint64_t dissolved_bytes; /* Raw, at most. */
    uint64_t dissolved_bytes_likely;
    uint64_t unique_bytes; /* Of chunks whose values seem to be all different. */
    uint64_t indexed_bytes;
    uint64_t tiny_bytes;
    uint64_t other_codec_bytes;
    bool has_plain_tail;
};

static bool has_encoding(const struct rg_column_chunk *chunk, unsigned encoding)
{
    return (chunk->encodings & UINT32_C(1) << encoding) != 0;
}

static bool has_indices(const struct rg_column_chunk *chunk)
{
    return has_encoding(chunk, RG_ENCODING_PLAIN_DICTIONARY) ||
           has_encoding(chunk, RG_ENCODING_RLE_DICTIONARY);
}

uint64_t rg_pages_bound(const struct rg_column_chunk *chunk)
{
    /* The shortest header of a data page, and an empty body. */
    const uint64_t page_bytes_min = 16;
    const uint64_t by_bytes = chunk->compressed_bytes / page_bytes_min + 1;
    uint64_t pages = 0;

    for (uint32_t i = 0; i < chunk->encoding_stats_count; i++) {
        if (chunk->encoding_stats[i].page_type != RG_PAGE_DICTIONARY)
            pages += chunk->encoding_stats[i].page_count;
    }
    if (pages == 0 || pages > by_bytes)
        pages = by_bytes;
    return pages < chunk->value_count ? pages : chunk->value_count;
}

/* Data pages that are said to hold no indices. */
static bool has_other_pages(const struct rg_column_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->encoding_stats_count; i++) {
        const struct rg_page_encoding_stats *stats = &chunk->encoding_stats[i];

        if (stats->page_type != RG_PAGE_DICTIONARY && !rg_encoding_is_dictionary(stats->encoding))
            return true;
    }
    return false;
}

static uint64_t dictionary_bytes_of(const struct rg_column_chunk *chunk)
{
    const bool is_told =
        chunk->has_dictionary_offset && chunk->dictionary_page_offset > 0 &&
        chunk->dictionary_page_offset < chunk->data_page_offset &&
        chunk->data_page_offset - chunk->dictionary_page_offset <= chunk->compressed_bytes;

    return is_told ? chunk->data_page_offset - chunk->dictionary_page_offset : 0;
}

/* Indices that take about as many bits as there are values to tell apart. */
static bool seems_unique(const struct rg_column_chunk *chunk)
{
    const uint64_t dictionary_bytes = dictionary_bytes_of(chunk);
    const uint64_t index_bits = (chunk->compressed_bytes - dictionary_bytes) * 8;
    const uint32_t count =
        chunk->value_count > UINT32_MAX ? UINT32_MAX : (uint32_t)chunk->value_count;

    return dictionary_bytes > chunk->compressed_bytes / 2 && count > 1 &&
           index_bits >= chunk->value_count * (rg_bit_width(count - 1) - 1);
}

/* Raw bytes of the chunk's values when its dictionary is dissolved. */
static uint64_t dissolved_bytes(const struct rg_leaf *leaf, const struct rg_column_chunk *chunk)
{
    const struct rg_size_statistics *sizes = &chunk->size_statistics;

    if (leaf->type != RG_TYPE_BYTE_ARRAY)
        return chunk->value_count * rg_plain_bytes(leaf);
    if (sizes->is_present && sizes->has_unencoded_bytes)
        return sizes->unencoded_bytes + 4 * chunk->value_count;
    return rg_chunk_bytes_max;
}

static uint64_t dissolved_bytes_likely(const struct rg_leaf *leaf,
                                       const struct rg_column_chunk *chunk)
{
    const uint64_t bound = dissolved_bytes(leaf, chunk);
    const uint64_t likely = chunk->value_count * (4 + string_bytes_likely);

    return leaf->type != RG_TYPE_BYTE_ARRAY || bound < likely ? bound : likely;
}

static void add_chunk(struct sums *sums, const struct rg_column_chunk *chunk)
{
    const uint64_t pages = rg_pages_bound(chunk);
    const uint8_t codec = chunk->codec == RG_CODEC_LZ4 ? RG_CODEC_LZ4_RAW : chunk->codec;

    sums->chunk_count++;
    sums->value_count += chunk->value_count;
    sums->bytes += chunk->compressed_bytes;
    sums->raw_bytes += chunk->uncompressed_bytes;
    sums->page_count += pages;
    if (chunk->uncompressed_bytes > sums->raw_bytes_max)
        sums->raw_bytes_max = chunk->uncompressed_bytes;
    if (chunk->value_count > sums->value_count_max)
        sums->value_count_max = chunk->value_count;
    if (codec != sums->codec)
        sums->other_codec_bytes += chunk->compressed_bytes;
    if (pages > 0 && chunk->value_count / pages < rg_tiny_values &&
        chunk->compressed_bytes / pages < rg_tiny_bytes)
        sums->tiny_bytes += chunk->compressed_bytes;
    if (!has_indices(chunk))
        return;
    sums->index_values += chunk->value_count;
    sums->dictionary_bytes += dictionary_bytes_of(chunk);
    sums->dissolved_bytes += dissolved_bytes(sums->leaf, chunk);
    sums->dissolved_bytes_likely += dissolved_bytes_likely(sums->leaf, chunk);
    sums->indexed_bytes += chunk->compressed_bytes;
    sums->has_plain_tail = sums->has_plain_tail || has_other_pages(chunk);
    if (seems_unique(chunk))
        sums->unique_bytes += chunk->compressed_bytes;
}

/* What most bytes will need, by the order of rg_layout_choose(). */
static void predict(const struct sums *sums, bool is_asked, struct rg_stitch_estimate *estimate)
{
    const bool is_mostly_indexed = sums->indexed_bytes * 2 > sums->bytes;

    estimate->verdict = RG_VERDICT_COPY;
    estimate->reason = RG_REASON_NONE;
    if (sums->chunk_count > 1 && is_mostly_indexed &&
        sums->unique_bytes * 2 > sums->indexed_bytes) {
        estimate->verdict = RG_VERDICT_PROMOTE;
    } else if (sums->chunk_count > 1 && is_mostly_indexed && sums->has_plain_tail) {
        estimate->verdict = RG_VERDICT_DISSOLVE;
        estimate->reason = RG_REASON_PLAIN_TAIL;
    } else if (sums->chunk_count > 1 && is_mostly_indexed) {
        estimate->verdict = RG_VERDICT_REMAP;
        estimate->reason = RG_REASON_DICTIONARIES_DIFFER;
    } else if (sums->other_codec_bytes * 2 > sums->bytes) {
        estimate->verdict = RG_VERDICT_RECOMPRESS;
        estimate->reason = is_asked ? RG_REASON_CODEC_ASKED : RG_REASON_CODECS_DIFFER;
    } else if (sums->chunk_count > 1 && sums->tiny_bytes * 2 > sums->bytes) {
        estimate->verdict = RG_VERDICT_JOIN;
        estimate->reason = RG_REASON_TINY_PAGES;
    }
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Pages that the output can have. */
static uint64_t output_pages(const struct sums *sums, uint64_t raw_bytes)
{
    return sums->page_count + sums->chunk_count + raw_bytes / sums->page_bytes +
           sums->value_count / sums->page_rows + 1;
}

/* Bytes that go into the arena beside the pages. */
static uint64_t fixed_bytes(const struct sums *sums)
{
    return UINT64_C(65536) + 16 * ((uint64_t)sums->leaf->rep_max + sums->leaf->def_max + 2);
}

static void estimate_arena(const struct sums *sums, struct rg_stitch_estimate *estimate)
{
    const uint64_t levels = sums->value_count / 4 + 32 * (sums->page_count + sums->chunk_count);
    const uint64_t dissolved = lesser(sums->dissolved_bytes, rg_chunk_bytes_max);
    const uint64_t indices = sums->index_values * 4 + sums->dictionary_bytes_max;
    const uint64_t others = sums->raw_bytes + sums->raw_bytes / 6;
    const uint64_t bodies_max = greater(dissolved, indices) + others + levels;
    const uint64_t histograms = 8 * ((uint64_t)sums->leaf->rep_max + sums->leaf->def_max + 2);
    uint64_t bodies = 0;

    switch (estimate->verdict) {
    case RG_VERDICT_COPY:
    case RG_VERDICT_PROMOTE:
    case RG_VERDICT_RECODE:
    case RG_VERDICT_COUNT:
        break;
    case RG_VERDICT_REMAP:
        bodies = sums->bytes + sums->bytes / 4;
        break;
    case RG_VERDICT_DISSOLVE:
        bodies = sums->dissolved_bytes_likely;
        break;
    case RG_VERDICT_JOIN:
    case RG_VERDICT_RECOMPRESS:
        bodies = sums->bytes + sums->bytes / 4;
        break;
    }
    const uint64_t pages_max = output_pages(sums, dissolved);
    estimate->arena_bytes_max =
        bodies_max + pages_max * (page_overhead_bytes + histograms) + fixed_bytes(sums);
    estimate->arena_bytes =
        lesser(bodies +
                   lesser(sums->page_count, sums->value_count / 100 + sums->chunk_count) *
                       page_overhead_bytes +
                   fixed_bytes(sums),
               estimate->arena_bytes_max);
    estimate->output_bytes = sums->bytes + (bodies > sums->bytes ? bodies - sums->bytes : 0);
    estimate->output_bytes_max = sums->bytes + estimate->arena_bytes_max;
}

static void estimate_scratch(const struct sums *sums, struct rg_stitch_estimate *estimate)
{
    const uint64_t cap = greater(sums->dictionary_bytes_max, sums->raw_bytes_max);
    const uint64_t entries = lesser(sums->index_values, cap / 4);
    const uint64_t page = greater(sums->page_bytes, sums->raw_bytes_max);
    const uint64_t pages_max =
        output_pages(sums, lesser(sums->dissolved_bytes, rg_chunk_bytes_max));
    const uint64_t per_source = sums->chunk_count * source_overhead_bytes;
    const uint64_t likely_dictionary =
        lesser(sums->dictionary_bytes * 3, sums->dictionary_bytes_max);

    estimate->scratch_bytes_max =
        8 * page + 4 * cap + entries * 120 + lesser(sums->index_rows, sums->value_count) * 16 +
        sums->value_count_max * 16 + per_source + pages_max * 500 + (UINT64_C(1) << 20);
    estimate->scratch_bytes = lesser(
        2 * (uint64_t)sums->page_bytes + 2 * sums->raw_bytes_max + 3 * likely_dictionary +
            lesser(sums->index_rows, sums->value_count) * 4 + per_source + (UINT64_C(1) << 19),
        estimate->scratch_bytes_max);
}

static uint32_t or_default(uint32_t given, uint32_t fallback)
{
    return given != 0 ? given : fallback;
}

void rg_stitch_estimate(const struct rg_stitch_column *column,
                        const struct rg_column_chunk *const *chunks, size_t chunk_count,
                        struct rg_stitch_estimate *ret_estimate)
{
    const struct rg_stitch_options *options = column->options;
    const bool is_asked = options->codec != RG_CODEC_KEEP;
    struct sums sums = {
        .leaf = &column->schema->leaves[column->leaf_index],
        .page_bytes = or_default(options->page_bytes_target, rg_page_bytes_default),
        .page_rows = or_default(options->page_rows_target, rg_page_rows_default),
        .index_rows = or_default(options->page_rows_target, rg_index_rows_default),
        .dictionary_bytes_max =
            lesser(or_default(options->dictionary_bytes_max, rg_dictionary_bytes_default),
                   rg_dictionary_bytes_max),
        .codec = is_asked ? options->codec : rg_codec_kept(chunks, chunk_count),
    };

    *ret_estimate = (struct rg_stitch_estimate){.arena_bytes = 0};
    for (size_t i = 0; i < chunk_count; i++)
        add_chunk(&sums, chunks[i]);
    predict(&sums, is_asked, ret_estimate);
    estimate_arena(&sums, ret_estimate);
    estimate_scratch(&sums, ret_estimate);
}

/* Encodings whose pages can at least be copied. */
static bool is_known_encoding(unsigned encoding)
{
    return encoding <= RG_ENCODING_ALP && encoding != 1;
}

enum rg_status rg_stitch_acceptable(const struct rg_schema *schema, uint32_t leaf_index,
                                    const struct rg_column_chunk *chunk,
                                    const struct rg_writer *writer, struct rg_error *err)
{
    const struct rg_leaf *leaf = &schema->leaves[leaf_index];
    const bool has_levels = leaf->def_max > 0 || leaf->rep_max > 0;

    if (chunk->is_encrypted)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "the column is encrypted");
    if (chunk->is_elsewhere)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "the column's data lies in another file");
    if (!rg_codec_can_decompress(chunk->codec))
        return rg_fail(err, RG_ERR_UNSUPPORTED, "codec %s (%u)", rg_codec_name(chunk->codec),
                       chunk->codec);
    for (unsigned encoding = 0; encoding < 32; encoding++) {
        if (has_encoding(chunk, encoding) && !is_known_encoding(encoding))
            return rg_fail(err, RG_ERR_UNSUPPORTED, "encoding %u", encoding);
    }
    /* Impala lists PLAIN_DICTIONARY for every column, dictionary or not. */
    if (leaf->type == RG_TYPE_BOOLEAN && has_indices(chunk) && chunk->has_dictionary_offset)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "a dictionary of booleans needs a recode");
    if (has_levels && has_encoding(chunk, RG_ENCODING_BIT_PACKED) &&
        !has_encoding(chunk, RG_ENCODING_RLE))
        return rg_fail(err, RG_ERR_UNSUPPORTED, "BIT_PACKED levels need a recode");
    if (writer->has_linked_delta_pages && has_encoding(chunk, RG_ENCODING_DELTA_BYTE_ARRAY))
        return rg_fail(err, RG_ERR_UNSUPPORTED,
                       "DELTA_BYTE_ARRAY pages that lean on the page before (PARQUET-246) need a "
                       "recode");
    if (chunk->compressed_bytes > rg_chunk_bytes_max ||
        chunk->uncompressed_bytes > rg_chunk_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "a chunk of %llu bytes",
                       (unsigned long long)chunk->uncompressed_bytes);
    return RG_OK;
}
