/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two kinds of numbers: likely ones (likely.h), from which work is planned, and bounds, which a
 * stitch never passes (a property of test_chunk.c). A bound has to assume the worst of what footers
 * do not tell: that dictionaries have to be dissolved, or indices to be as wide as they can be,
 * whatever is more; that pages are as many as encoding_stats say or, without them, as would fit.
 * The survey refuses sources that hold more pages or raw bytes than their footers promised, so the
 * promise can be built on.
 *
 * How large dissolved strings become is not bounded by a footer without size statistics: then the
 * bound is that of a whole chunk.
 */

#include "stitch/estimate.h"

#include "base/limits.h"
#include "parquet/codec.h"
#include "parquet/decoder.h"
#include "parquet/types.h"
#include "stitch/bench.h"
#include "stitch/bloom.h"
#include "stitch/chunk_bloom.h"
#include "stitch/chunk_facts.h"
#include "stitch/dict_groups.h"
#include "stitch/dict_table.h"
#include "stitch/likely.h"
#include "stitch/source.h"
#include "stitch/statistics.h"
#include "stitch/swell.h"

/* The longest header that a page of ours gets. */
static const uint64_t header_bytes = 64;

/* What adapting a source takes whatever it is: its chunk, histograms, buffers. */
static const uint64_t adapted_bytes_min = 4096 + 2 * 256 * 8;
/* Bodies up to this are copied; a page has three pieces. */
static const uint64_t small_piece_bytes = 256;
/* Shortened bounds of strings in a column index, and a little. */
static const uint64_t bound_bytes = 80;
static const uint64_t bound_bytes_max = 4096;
/* Levels that may go into runs of their own whenever a stream is cut. */
static const uint64_t cut_bytes = 32;
static const uint64_t cut_values = 1024;

/* What the chunks say together. Sums, but for those that end in _max, which are of one chunk. */
struct sums {
    const struct rg_stitch_column *column;
    const struct rg_leaf *leaf;
    uint32_t page_bytes;
    uint32_t page_rows;
    uint32_t index_rows;
    uint64_t dictionary_bytes_max;
    bool may_swell; /* All values may go into one dictionary. */
    uint8_t codec;
    uint64_t source_count; /* Known before the chunks are added. */
    uint64_t value_count;
    uint64_t value_count_max;
    uint64_t bytes;
    uint64_t raw_bytes_max;
    uint64_t page_count;
    uint64_t level_bytes;   /* Of pages made anew, at most. */
    uint64_t made_bytes;    /* Values of pages made anew, at most. */
    uint64_t indexed_max;   /* The same from index pages, or by recoding. */
    uint64_t decode_bytes;  /* What decoders hold, beside a page. */
    uint64_t adapted_bytes; /* Null pages, converted dictionaries and bounds, until the end. */
    uint64_t small_bytes;   /* Bodies that are copied because they are short. */
    uint64_t index_values;  /* Of chunks with a dictionary. */
    uint64_t entry_count;   /* At most. */
    uint64_t entry_count_max;
    uint64_t bloom_bytes_max;
    uint64_t asked_bloom_bytes; /* Of the filter that is made because it was asked for. */
    uint64_t key_value_bytes;
    uint64_t page_raw_bytes;   /* Of a page in the sources, as a rule no more. */
    uint64_t decompress_bytes; /* Of a codec, for one of these. */
    bool has_brotli;
};

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t rg_pages_bound(const struct rg_column_chunk *chunk)
{
    /* The shortest header of a data page, and an empty body. */
    const uint64_t page_bytes_min = 16;
    const uint64_t by_bytes = chunk->compressed_bytes / page_bytes_min + 1;
    uint64_t pages = rg_chunk_page_count(chunk);

    if (pages == 0 || pages > by_bytes)
        pages = by_bytes;
    return lesser(pages, chunk->value_count);
}

uint64_t rg_raw_bytes_bound(const struct rg_column_chunk *chunk)
{
    const uint64_t raw_bytes = chunk->uncompressed_bytes;
    const uint64_t bytes = chunk->compressed_bytes;

    if (chunk->codec == RG_CODEC_NONE)
        return greater(bytes, raw_bytes);
    /*
     * Some old writers gave the compressed size twice, or none. Pages that do not compress, and are
     * written as they are, have one size, too.
     */
    if (raw_bytes == bytes && chunk->has_counted_sizes)
        return raw_bytes;
    if (raw_bytes == bytes || raw_bytes < bytes / 2)
        return bytes > rg_chunk_bytes_max / 64 ? rg_chunk_bytes_max : bytes * 64 + 65536;
    return raw_bytes;
}

static uint64_t compressed_bound(uint64_t raw_bytes)
{
    /* What the worst of the codecs (snappy) adds at most. */
    return raw_bytes + raw_bytes / 6 + 64;
}

/* A chunk of a footer, and what becomes of it. */
struct part {
    const struct rg_column_chunk *chunk;
    const struct rg_leaf *leaf;
    enum rg_conversion conversion;
    bool has_packed_levels;
    bool has_other_levels;
    bool tells_bytes; /* rg_chunk_tells_bytes(). */
    bool is_linked;   /* Pages may lean on the page before. */
    bool is_recoded;  /* Values may have to be decoded. */
    bool is_tried;    /* Or all of them encoded anew, if a trial says so. */
    bool is_hashed;   /* Into a bloom filter, and they must be decoded for that. */
};

/* Raw bytes of the chunk's values, one by one, as values of `leaf`. */
static uint64_t dissolved_bytes(const struct rg_leaf *leaf, const struct part *part)
{
    const struct rg_column_chunk *chunk = part->chunk;

    if (leaf->type != RG_TYPE_BYTE_ARRAY)
        return chunk->value_count * rg_plain_bytes(leaf);
    if (part->tells_bytes)
        return lesser(chunk->size_statistics.unencoded_bytes, rg_chunk_bytes_max) +
               4 * chunk->value_count;
    return rg_chunk_bytes_max;
}

static bool is_all_null(const struct rg_stitch_source *source)
{
    return source->map != NULL && source->map->origin != RG_LEAF_VALUES;
}

static struct part part_of(const struct sums *sums, const struct rg_stitch_source *source)
{
    const struct rg_column_chunk *chunk = source->chunk;
    struct part part = {
        .chunk = chunk,
        .leaf = source->leaf,
        .conversion = source->map != NULL ? source->map->conversion : RG_CONVERSION_NONE,
        .has_packed_levels = rg_chunk_may_have_packed_levels(chunk, source->leaf),
        .has_other_levels = source->map != NULL && source->map->def_map != NULL,
        .tells_bytes = rg_chunk_tells_bytes(chunk, source->writer),
        .is_linked = source->writer->has_linked_delta_pages &&
                     rg_chunk_has_encoding(chunk, RG_ENCODING_DELTA_BYTE_ARRAY),
    };

    part.is_recoded = part.is_linked || part.conversion != RG_CONVERSION_NONE ||
                      (source->leaf->type == RG_TYPE_BOOLEAN && rg_chunk_has_indices(chunk));
    part.is_tried = (sums->column->options->encoding == RG_STITCH_ENCODING_SMALL &&
                     source->leaf->type != RG_TYPE_BOOLEAN) ||
                    sums->may_swell;
    /* Deltas of integers go through the decoder, whatever they were. */
    part.is_hashed = sums->column->is_bloom_asked &&
                     (rg_chunk_has_odd_encodings(chunk) || part.conversion != RG_CONVERSION_NONE);
    if (part.is_tried && (sums->leaf->type == RG_TYPE_INT32 || sums->leaf->type == RG_TYPE_INT64 ||
                          rg_chunk_has_odd_encodings(chunk)))
        part.is_recoded = true;
    return part;
}

/* How many times as long values become. */
static uint64_t growth(const struct sums *sums, const struct part *part)
{
    const uint64_t from = rg_plain_bytes(part->leaf);
    const uint64_t to = rg_plain_bytes(sums->leaf);

    return part->conversion == RG_CONVERSION_NONE || from == 0 ? 1 : (to + from - 1) / from;
}

/* Raw bytes of the chunk, its values as wide as they become. */
static uint64_t raw_bytes_of(const struct sums *sums, const struct part *part)
{
    return lesser(rg_raw_bytes_bound(part->chunk) * growth(sums, part), 2 * rg_chunk_bytes_max);
}

/* Values of pages that are decoded. */
static uint64_t recoded_bytes(const struct sums *sums, const struct part *part)
{
    const uint64_t bytes = dissolved_bytes(sums->leaf, part);

    return part->is_recoded ? compressed_bound(bytes) + 64 * rg_pages_bound(part->chunk) : 0;
}

/* Buffers of decoders; the scratch arena keeps those that they grew out of. */
static uint64_t decode_bytes(const struct part *part)
{
    const uint64_t raw_bytes = rg_raw_bytes_bound(part->chunk);
    struct rg_value_kind kind;
    struct rg_error ignored;

    const bool is_decoded = part->is_recoded || part->is_hashed;

    if (!is_decoded ||
        rg_value_kind_init(&kind, part->leaf->type, part->leaf->type_length, &ignored) != RG_OK)
        return 0;
    const uint64_t bounds = kind.is_variable ? 8 * raw_bytes : 8 * (uint64_t)kind.width_bytes;
    const uint64_t linked = part->is_linked ? 8 * raw_bytes + (UINT64_C(8) << 20) : 0;
    const uint64_t booleans = kind.type == RG_TYPE_BOOLEAN ? 8 * raw_bytes : 0;

    /* Decoded pages as a whole: a buffer that doubles, and what it grew out of. */
    const uint64_t whole = part->is_tried || part->is_hashed
                               ? 4 * lesser(dissolved_bytes(part->leaf, part), rg_page_bytes_max)
                               : 0;

    return rg_value_room_bytes(&kind) + bounds + linked + booleans + whole + 4096;
}

/* Values of pages without indices that may have to be joined or compressed anew. */
static uint64_t other_bytes(const struct sums *sums, const struct part *part)
{
    const struct rg_column_chunk *chunk = part->chunk;
    const bool is_boolean = sums->leaf->type == RG_TYPE_BOOLEAN;
    const uint64_t width = is_boolean ? 1 : rg_plain_bytes(sums->leaf);
    const uint64_t raw_bytes = compressed_bound(raw_bytes_of(sums, part));
    const uint64_t pages = rg_pages_bound(chunk);

    if (part->is_recoded || part->is_tried || part->has_packed_levels || part->has_other_levels)
        return raw_bytes + 64 * pages;
    if (rg_chunk_has_indices(chunk) && !rg_chunk_may_have_other_pages(chunk))
        return 0;
    if (chunk->codec != sums->codec || sums->column->has_other_levels)
        return raw_bytes + 64 * pages;
    if (is_boolean && rg_chunk_has_encoding(chunk, RG_ENCODING_RLE))
        return chunk->value_count / 8 + 64 * pages;
    if (sums->source_count <= 1)
        return 0;
    return width == 0 ? raw_bytes
                      : lesser(raw_bytes, pages * compressed_bound(rg_tiny_values * width));
}

/* Values that come out of index pages: dissolved, remapped, or promoted in another codec. */
static uint64_t indexed_bytes(const struct sums *sums, const struct part *part)
{
    const struct rg_column_chunk *chunk = part->chunk;
    /* United dictionaries have less than 2^21 entries. */
    const uint64_t indices = chunk->value_count * 3 + 16 * rg_pages_bound(chunk);

    if (!rg_chunk_has_indices(chunk))
        return 0;
    if (sums->source_count <= 1 && !rg_chunk_may_have_other_pages(chunk) && !part->is_recoded &&
        !part->is_tried)
        return indices;
    return greater(greater(dissolved_bytes(sums->leaf, part), indices),
                   compressed_bound(raw_bytes_of(sums, part)));
}

/* Level streams of V2 pages that are made from this chunk. */
static uint64_t level_bytes(const struct sums *sums, const struct rg_column_chunk *chunk)
{
    const uint64_t streams = (uint64_t)(sums->leaf->def_max > 0) + (sums->leaf->rep_max > 0);
    const uint64_t raw_bytes = rg_raw_bytes_bound(chunk) + chunk->value_count / 2;
    const uint64_t cuts = chunk->value_count / cut_values + rg_pages_bound(chunk) + 1;

    return streams * cuts * cut_bytes +
           (streams == 0 ? 0 : lesser(2 * raw_bytes, 2 * streams * chunk->value_count));
}

/* Entries that a dictionary can have. */
static uint64_t entry_bound(const struct part *part)
{
    const uint64_t width = rg_plain_bytes(part->leaf);
    const uint64_t raw_bytes = rg_raw_bytes_bound(part->chunk);
    const uint64_t entries =
        rg_chunk_has_indices(part->chunk) ? raw_bytes / (width == 0 ? 4 : width) : 0;

    /* Some need not be used. */
    return part->is_tried ? greater(entries, part->chunk->value_count) : entries;
}

static void add_values(struct sums *sums, const struct part *part)
{
    const struct rg_column_chunk *chunk = part->chunk;
    const uint64_t entries = entry_bound(part);
    const uint64_t indexed = greater(indexed_bytes(sums, part), recoded_bytes(sums, part));

    sums->made_bytes += indexed + other_bytes(sums, part);
    sums->small_bytes +=
        lesser(chunk->compressed_bytes, 3 * small_piece_bytes * rg_pages_bound(chunk));
    sums->raw_bytes_max = greater(sums->raw_bytes_max, raw_bytes_of(sums, part));
    sums->indexed_max = greater(sums->indexed_max, indexed);
    sums->decode_bytes = greater(sums->decode_bytes, decode_bytes(part));
    sums->entry_count_max = greater(sums->entry_count_max, entries);
    sums->entry_count += entries;
    sums->index_values += part->is_tried || rg_chunk_has_indices(chunk) ? chunk->value_count : 0;
    if (chunk->has_bloom_filter_length)
        sums->bloom_bytes_max = greater(sums->bloom_bytes_max, chunk->bloom_filter_length);
    for (uint32_t i = 0; i < chunk->key_value_count; i++)
        sums->key_value_bytes += chunk->key_values[i].key.bytes + chunk->key_values[i].value.bytes;
}

/* Nulls: one for each row, or where a sibling's levels say. */
static void add_nulls(struct sums *sums, const struct rg_stitch_source *source)
{
    const bool has_levels = source->map->origin == RG_LEAF_LEVELS;
    const uint64_t count = has_levels ? source->chunk->value_count : source->row_count;
    const uint64_t cuts = count / lesser(sums->page_rows, sums->index_rows) + 2;

    sums->value_count += count;
    sums->value_count_max = greater(sums->value_count_max, count);
    sums->page_count += cuts;
    sums->level_bytes += 2 * cuts * cut_bytes;
    /* Buffers that double are left behind, and are half empty. */
    sums->adapted_bytes += 4 * cuts * (header_bytes + 2 * cut_bytes) + adapted_bytes_min;
    if (!has_levels)
        return;
    sums->level_bytes += level_bytes(sums, source->chunk);
    sums->adapted_bytes +=
        8 * level_bytes(sums, source->chunk) + 2 * rg_raw_bytes_bound(source->chunk);
    sums->raw_bytes_max = greater(sums->raw_bytes_max, rg_raw_bytes_bound(source->chunk));
}

/* Dictionary and bounds of a source that is widened. */
static uint64_t adapted_bytes_of(const struct sums *sums, const struct part *part)
{
    const uint64_t each_bytes = rg_plain_bytes(sums->leaf) + rg_slack_bytes + 48;
    const uint64_t dictionary = rg_chunk_has_indices(part->chunk) ? raw_bytes_of(sums, part) : 0;

    return dictionary + 2 * (rg_pages_bound(part->chunk) + 4) * each_bytes + adapted_bytes_min;
}

/* What its codec takes to open a page; pages are not of one size. */
static void add_codec(struct sums *sums, const struct rg_column_chunk *chunk)
{
    const uint64_t raw_bytes = rg_raw_bytes_bound(chunk);
    const uint64_t page = lesser(raw_bytes, 2 * raw_bytes / greater(rg_chunk_page_count(chunk), 1));

    sums->page_raw_bytes = greater(sums->page_raw_bytes, page);
    sums->decompress_bytes =
        greater(sums->decompress_bytes, rg_codec_decompress_call_bytes(chunk->codec, page));
    sums->has_brotli = sums->has_brotli || chunk->codec == RG_CODEC_BROTLI;
}

static void add_source(struct sums *sums, const struct rg_stitch_source *source)
{
    if (is_all_null(source)) {
        add_nulls(sums, source);
        return;
    }
    const struct part part = part_of(sums, source);
    add_codec(sums, part.chunk);
    sums->value_count += part.chunk->value_count;
    sums->value_count_max = greater(sums->value_count_max, part.chunk->value_count);
    sums->bytes += part.chunk->compressed_bytes;
    sums->page_count += rg_pages_bound(part.chunk);
    sums->level_bytes += level_bytes(sums, part.chunk);
    if (part.conversion != RG_CONVERSION_NONE)
        sums->adapted_bytes += adapted_bytes_of(sums, &part);
    add_values(sums, &part);
}

/* The united dictionary, raw. */
static uint64_t union_bytes_max(const struct sums *sums)
{
    return sums->entry_count == 0 ? 0 : greater(sums->dictionary_bytes_max, sums->raw_bytes_max);
}

/* Pages that the output can have: they end where a source's do, or when they are full. */
static uint64_t pages_max(const struct sums *sums)
{
    return sums->page_count + sums->source_count + sums->made_bytes / sums->page_bytes +
           sums->value_count / lesser(sums->page_rows, sums->index_rows) + 1;
}

/* What a page takes beside its body: header, segments, its places in the indexes. */
static uint64_t page_overhead(const struct sums *sums)
{
    const uint64_t levels = (uint64_t)sums->leaf->rep_max + sums->leaf->def_max + 2;
    const uint64_t width = rg_plain_bytes(sums->leaf);
    const uint64_t bounds = width == 0 ? 2 * bound_bytes : 2 * lesser(width + 16, bound_bytes_max);

    return header_bytes + 3 * sizeof(struct rg_segment) + sizeof(struct rg_page_location) + 64 +
           bounds + 8 * levels;
}

static bool has_bloom(const struct sums *sums)
{
    return sums->column->options->has_bloom || sums->bloom_bytes_max > 0 ||
           sums->column->is_bloom_asked;
}

/* Bytes of the arena that do not depend on the number of pages. */
static uint64_t arena_fixed(const struct sums *sums)
{
    const uint64_t bloom = lesser(sums->entry_count, union_bytes_max(sums) / 4) * 3 +
                           2 * sums->bloom_bytes_max + sums->asked_bloom_bytes;

    return UINT64_C(80000) + 64 * ((uint64_t)sums->leaf->rep_max + sums->leaf->def_max) +
           compressed_bound(union_bytes_max(sums)) + sums->key_value_bytes * 2 +
           (has_bloom(sums) ? bloom + 64 : 0);
}

/* Blocks of an arena cannot be filled to the last byte. */
static uint64_t with_block_ends(uint64_t bytes)
{
    return bytes + bytes / 3 + 4096;
}

static void bound_arena(const struct sums *sums, struct rg_stitch_estimate *estimate)
{
    /* A chunk that would become larger is refused. */
    const uint64_t made = lesser(sums->made_bytes, compressed_bound(rg_chunk_bytes_max));

    estimate->arena_bytes_max =
        with_block_ends(made + sums->level_bytes + sums->small_bytes +
                        pages_max(sums) * page_overhead(sums) + arena_fixed(sums));
    estimate->output_bytes_max =
        lesser(sums->bytes + estimate->arena_bytes_max, rg_chunk_bytes_max);
    estimate->arena_bytes = lesser(estimate->arena_bytes, estimate->arena_bytes_max);
    estimate->output_bytes = lesser(estimate->output_bytes, estimate->output_bytes_max);
    estimate->output_bytes_min = lesser(estimate->output_bytes_min, estimate->output_bytes);
}

/* The page in the making: values, indices, levels, and what is made of them. */
static uint64_t making_bytes(const struct sums *sums)
{
    const bool is_nested = sums->leaf->rep_max > 0;
    const uint64_t width = rg_plain_bytes(sums->leaf);
    /* One value more than fits, or one row where a row is many values. */
    const uint64_t row = greater(sums->indexed_max, sums->raw_bytes_max);
    const uint64_t more = is_nested ? row : width == 0 ? sums->raw_bytes_max : width;
    const uint64_t values = sums->page_bytes + sums->page_bytes / 8 + more;
    const uint64_t indices =
        sums->index_values == 0
            ? 0
            : lesser(sums->index_values,
                     sums->index_rows + (is_nested ? sums->value_count_max : 0));
    /* Twice, for those that come BIT_PACKED. */
    const uint64_t streams =
        2 * (uint64_t)(sums->leaf->def_max > 0) + (sums->leaf->rep_max > 0 ? 3 : 0);
    const uint64_t levels = lesser(2 * (sums->index_rows + sums->value_count_max),
                                   2 * sums->raw_bytes_max + sums->index_rows / 8 + 4096);
    /* Pages of another codec are compressed anew as a whole, whatever their size. */
    const uint64_t packed = greater(greater(values, sums->raw_bytes_max), union_bytes_max(sums));

    return 4 * values + 2 * compressed_bound(values) + 3 * compressed_bound(packed) + 12 * indices +
           8 * streams * levels + sums->decode_bytes;
}

/* Tables over dictionaries: the union, the map into it, samples. */
static uint64_t table_bytes(const struct sums *sums)
{
    const uint64_t united = lesser(sums->entry_count, union_bytes_max(sums) / 4);
    const uint64_t bloom = has_bloom(sums)
                               ? united * 3 + 2 * sums->bloom_bytes_max + sums->asked_bloom_bytes +
                                     lesser(sums->source_count, UINT64_C(1) << 20) * 64
                               : 0;

    const uint64_t offset = rg_plain_bytes(sums->leaf) == 0 ? 16 : 0;

    /*
     * Slots of the union and those that it grew out of; the map and three samples. A sample has a
     * slot for each entry at most, or four where they are few (sample.c).
     */
    return 3 * union_bytes_max(sums) + united * (64 + offset) +
           sums->entry_count_max * (4 + offset + 24) + 6 * UINT64_C(65536) + bloom;
}

static void bound_scratch(const struct sums *sums, struct rg_stitch_estimate *estimate)
{
    const uint64_t per_source = sizeof(struct rg_survey) + sizeof(struct rg_dict_group) + 64 +
                                sizeof(uint32_t) * 12 + (sums->leaf->def_max > 0 ? 256 : 0) +
                                2 * rg_bound_bytes_max;
    const uint64_t per_page = 6 * page_overhead(sums) + 24 * 12 + sizeof(struct rg_page_look);

    estimate->scratch_bytes_max = with_block_ends(
        sums->source_count * per_source + pages_max(sums) * per_page + 2 * sums->raw_bytes_max +
        making_bytes(sums) + table_bytes(sums) + sums->adapted_bytes + 65536);
    estimate->scratch_bytes = lesser(estimate->scratch_bytes, estimate->scratch_bytes_max);
}

/*
 * What codecs take of scratch's memory beside the arena. A column that is copied needs them for few
 * pages, if for any, and a second try has room for them.
 */
static void add_codecs(const struct sums *sums, struct rg_stitch_estimate *estimate)
{
    const struct rg_stitch_options *options = sums->column->options;
    const int level =
        options->codec != RG_CODEC_KEEP ? options->level : rg_codec_level_default(sums->codec);
    const uint64_t page =
        lesser(sums->raw_bytes_max, greater(sums->page_bytes, sums->page_raw_bytes));

    estimate->scratch_bytes_max +=
        rg_codec_compress_call_bytes(sums->codec, level, rg_page_bytes_max) +
        (sums->has_brotli ? rg_codec_decompress_call_bytes(RG_CODEC_BROTLI, rg_page_bytes_max) : 0);
    if (estimate->verdict != RG_VERDICT_COPY)
        estimate->scratch_bytes +=
            rg_codec_compress_call_bytes(sums->codec, level, page) + sums->decompress_bytes;
}

static uint32_t or_default(uint32_t given, uint32_t fallback)
{
    return given != 0 ? given : fallback;
}

static struct rg_swell swell_of(const struct rg_stitch_source *sources, size_t source_count)
{
    struct rg_swell swell = {.source_count = 0};

    for (size_t i = 0; i < source_count; i++)
        rg_swell_add(&swell, &sources[i], 0);
    return swell;
}

/* What one dictionary of all values may take: they lie in the sources, but for what they share. */
static uint64_t swell_bytes_max(const struct rg_swell *swell,
                                const struct rg_stitch_source *sources, size_t source_count)
{
    for (size_t i = 0; i < source_count; i++) {
        if (!is_all_null(&sources[i]) &&
            rg_chunk_has_encoding(sources[i].chunk, RG_ENCODING_DELTA_BYTE_ARRAY))
            return rg_dictionary_bytes_swell_max;
    }
    return greater(rg_dictionary_bytes_max,
                   lesser(swell->raw_bytes, rg_dictionary_bytes_swell_max));
}

void rg_stitch_estimate(const struct rg_stitch_column *column,
                        const struct rg_stitch_source *sources, size_t source_count,
                        struct rg_stitch_estimate *ret_estimate)
{
    const struct rg_stitch_options *options = column->options;
    const bool is_asked = options->codec != RG_CODEC_KEEP;
    struct sums sums = {
        .column = column,
        .leaf = &column->schema->leaves[column->leaf_index],
        .page_bytes = or_default(options->page_bytes_target, rg_page_bytes_default),
        .page_rows = or_default(options->page_rows_target, rg_page_rows_default),
        .index_rows = or_default(options->page_rows_target, rg_index_rows_default),
        .dictionary_bytes_max =
            lesser(or_default(options->dictionary_bytes_max, rg_dictionary_bytes_default),
                   rg_dictionary_bytes_max),
        .codec = is_asked ? options->codec : rg_codec_kept(sources, source_count),
        .source_count = source_count,
    };
    const struct rg_swell swell = swell_of(sources, source_count);
    const bool is_swelling = rg_swell_is_large(&swell);
    sums.may_swell = is_swelling || swell.is_guessed;
    struct rg_likely likely = {
        .column = column,
        .leaf = sums.leaf,
        .source_count = source_count,
        .page_bytes = sums.page_bytes,
        .page_rows = sums.page_rows,
        .index_rows = sums.index_rows,
        .dictionary_bytes_max = is_swelling ? rg_dictionary_bytes_max : sums.dictionary_bytes_max,
        .codec = sums.codec,
        .is_swelling = is_swelling,
    };

    if (sums.may_swell)
        sums.dictionary_bytes_max = swell_bytes_max(&swell, sources, source_count);

    *ret_estimate = (struct rg_stitch_estimate){.arena_bytes = 0};
    for (size_t i = 0; i < source_count; i++) {
        add_source(&sums, &sources[i]);
        rg_likely_add(&likely, &sources[i]);
    }
    if (column->is_bloom_asked && sums.leaf->type != RG_TYPE_BOOLEAN)
        sums.asked_bloom_bytes = rg_bloom_bytes_for(sums.value_count, rg_bloom_rate);
    rg_likely_finish(&likely, ret_estimate);
    /* Its blocks, and the filter as it is written; it reads the pages once more. */
    ret_estimate->arena_bytes += sums.asked_bloom_bytes;
    if (sums.asked_bloom_bytes > 0)
        ret_estimate->scratch_bytes += sums.asked_bloom_bytes + sums.raw_bytes_max;
    bound_arena(&sums, ret_estimate);
    bound_scratch(&sums, ret_estimate);
    add_codecs(&sums, ret_estimate);
}

/* Encodings whose pages can at least be copied. */
static bool is_known_encoding(unsigned encoding)
{
    return encoding <= RG_ENCODING_ALP && encoding != 1;
}

enum rg_status rg_stitch_acceptable(const struct rg_column_chunk *chunk, struct rg_error *err)
{
    if (chunk->is_encrypted)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "the column is encrypted");
    if (chunk->is_elsewhere)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "the column's data lies in another file");
    if (!rg_codec_can_decompress(chunk->codec))
        return rg_fail(err, RG_ERR_UNSUPPORTED, "codec %s (%u) is not supported",
                       rg_codec_name(chunk->codec), chunk->codec);
    for (unsigned encoding = 0; encoding < 32; encoding++) {
        if (rg_chunk_has_encoding(chunk, encoding) && !is_known_encoding(encoding))
            return rg_fail(err, RG_ERR_UNSUPPORTED, "encoding %u is not supported", encoding);
    }
    if (chunk->compressed_bytes > rg_chunk_bytes_max ||
        chunk->uncompressed_bytes > rg_chunk_bytes_max)
        return rg_fail(
            err, RG_ERR_LIMIT, "a chunk of %llu bytes; outputs hold at most %llu",
            (unsigned long long)greater(chunk->compressed_bytes, chunk->uncompressed_bytes),
            (unsigned long long)rg_chunk_bytes_max);
    return RG_OK;
}
