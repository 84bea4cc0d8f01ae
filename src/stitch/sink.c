/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes that are ours (headers, pages made anew) are packed into blocks of the arena; they may be
 * cut anywhere, since the output is a list anyway. Pieces that lie one behind the other in memory
 * are one segment, whoever's they are.
 *
 *   (1) The pieces together are the data pages, in order, nothing between them: sink->bytes is
 *       their sum.
 *   (2) Once has_indices_ended is set no dictionary-encoded page is let in: Spark's vectorised
 *       reader would return wrong values in silence, or end in an exception (README.md section 1).
 */

#include "stitch/sink.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/codec.h"
#include "parquet/page_header.h"
#include "parquet/types.h"
#include "stitch/index_copy.h"

static const size_t block_bytes_min = 1024;
static const size_t block_bytes_max = 65536;
/* A segment costs more than copying this. */
static const size_t copied_bytes_max = 256;

struct rg_sink_piece {
    const uint8_t *data;
    size_t bytes;
    bool is_lasting;
};

enum rg_status rg_sink_init(struct rg_sink *sink, struct rg_bench *bench, struct rg_error *err)
{
    *sink = (struct rg_sink){.bench = bench, .block_bytes = block_bytes_min};
    sink->index = rg_index_merge_new(bench->scratch, bench->order, bench->leaf);
    if (sink->index == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a page index");
    return RG_OK;
}

static enum rg_status grow_pieces(struct rg_sink *sink, struct rg_error *err)
{
    const size_t capacity = sink->piece_capacity == 0 ? 32 : sink->piece_capacity * 2;
    struct rg_sink_piece *pieces =
        rg_arena_array(sink->bench->scratch, capacity, sizeof *sink->pieces);

    if (pieces == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu segments", capacity);
    if (sink->piece_count > 0)
        memcpy(pieces, sink->pieces, sink->piece_count * sizeof *pieces);
    sink->pieces = pieces;
    sink->piece_capacity = capacity;
    return RG_OK;
}

/* Adds bytes that stay where they are. */
static enum rg_status add_piece(struct rg_sink *sink, struct rg_span span, bool is_lasting,
                                struct rg_error *err)
{
    struct rg_sink_piece *last =
        sink->piece_count == 0 ? NULL : &sink->pieces[sink->piece_count - 1];

    if (span.bytes == 0)
        return RG_OK;
    const bool may_grow = last != NULL && last->is_lasting == is_lasting && !sink->is_closed;

    if (may_grow && last->data + last->bytes == span.data) {
        last->bytes += span.bytes;
        return RG_OK;
    }
    if (sink->piece_count == sink->piece_capacity)
        RG_TRY(grow_pieces(sink, err));
    sink->is_closed = false;
    sink->pieces[sink->piece_count++] = (struct rg_sink_piece){span.data, span.bytes, is_lasting};
    return RG_OK;
}

static enum rg_status add_block(struct rg_sink *sink, struct rg_error *err)
{
    sink->block = rg_arena_alloc(sink->bench->arena, sink->block_bytes);
    if (sink->block == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu bytes of pages", sink->block_bytes);
    sink->block_left = sink->block_bytes;
    if (sink->block_bytes < block_bytes_max)
        sink->block_bytes *= 2;
    return RG_OK;
}

/* Copies bytes into the arena. */
static enum rg_status add_copy(struct rg_sink *sink, struct rg_span span, struct rg_error *err)
{
    sink->bench->moves.copied_bytes += span.bytes;
    while (span.bytes > 0) {
        if (sink->block_left == 0)
            RG_TRY(add_block(sink, err));
        const size_t step = span.bytes < sink->block_left ? span.bytes : sink->block_left;

        memcpy(sink->block, span.data, step);
        RG_TRY(add_piece(sink, (struct rg_span){sink->block, step}, false, err));
        sink->block += step;
        sink->block_left -= step;
        span.data += step;
        span.bytes -= step;
    }
    return RG_OK;
}

static enum rg_status add_pieces(struct rg_sink *sink, const struct rg_piece *pieces,
                                 size_t piece_count, struct rg_error *err)
{
    for (size_t i = 0; i < piece_count; i++) {
        if (pieces[i].is_lasting && pieces[i].bytes.bytes > copied_bytes_max)
            RG_TRY(add_piece(sink, pieces[i].bytes, true, err));
        else
            RG_TRY(add_copy(sink, pieces[i].bytes, err));
    }
    return RG_OK;
}

static enum rg_status measure(const struct rg_piece *pieces, size_t piece_count,
                              uint32_t *ret_bytes, struct rg_error *err)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < piece_count; i++)
        bytes += pieces[i].bytes.bytes;
    if (bytes > rg_page_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "a page of %llu bytes", (unsigned long long)bytes);
    *ret_bytes = (uint32_t)bytes;
    return RG_OK;
}

static uint32_t crc_of(const struct rg_piece *pieces, size_t piece_count)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < piece_count; i++)
        crc = rg_crc32_update(crc, pieces[i].bytes);
    return crc;
}

bool rg_sink_counts_null_pages(const struct rg_leaf *leaf)
{
    return leaf->rep_max > 0;
}

static enum rg_status check_order(struct rg_sink *sink, const struct rg_page_header *header,
                                  uint32_t present_count, struct rg_error *err)
{
    if (!rg_encoding_is_dictionary(header->encoding)) {
        sink->has_values_written = sink->has_values_written || present_count > 0;
        sink->has_indices_ended =
            sink->has_values_written || rg_sink_counts_null_pages(sink->bench->leaf);
    } else if (sink->has_indices_ended) {
        return rg_fail(err, RG_ERR_BUG, "a page with indices behind one without");
    }
    return RG_OK;
}

static enum rg_status count_page(struct rg_sink *sink, const struct rg_page_header *header,
                                 uint64_t header_bytes, struct rg_error *err)
{
    const bool is_v2 = header->type == RG_PAGE_DATA_V2;

    sink->page_counts[is_v2][header->encoding & 15]++;
    sink->has_levels_v1 = sink->has_levels_v1 || !is_v2;
    sink->bytes += header_bytes + header->compressed_bytes;
    sink->raw_bytes += header_bytes + header->uncompressed_bytes;
    sink->value_count += header->value_count;
    if (sink->bytes > rg_chunk_bytes_max || sink->raw_bytes > rg_chunk_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "the chunk would pass %llu bytes",
                       (unsigned long long)rg_chunk_bytes_max);
    return RG_OK;
}

enum rg_status rg_sink_page(struct rg_sink *sink, struct rg_page_header *header, bool is_crc_known,
                            const struct rg_piece *pieces, size_t piece_count,
                            uint32_t present_count, const struct rg_page_facts *facts,
                            uint64_t *ret_bytes, struct rg_error *err)
{
    uint8_t out[RG_PAGE_HEADER_EMIT_BYTES_MAX];

    RG_TRY(check_order(sink, header, present_count, err));
    RG_TRY(measure(pieces, piece_count, &header->compressed_bytes, err));
    header->has_crc = header->has_crc || sink->bench->has_crc;
    if (header->has_crc && !is_crc_known)
        header->crc = crc_of(pieces, piece_count);
    const size_t header_bytes = rg_page_header_emit(header, out);

    RG_TRY(count_page(sink, header, header_bytes, err));
    RG_TRY(add_copy(sink, (struct rg_span){out, header_bytes}, err));
    RG_TRY(add_pieces(sink, pieces, piece_count, err));
    *ret_bytes = header_bytes + header->compressed_bytes;
    sink->row_count += facts->row_count;

    const struct rg_index_page page = {
        .bytes = *ret_bytes,
        .row_count = facts->row_count,
        .value_count = header->value_count,
        .statistics = &facts->statistics,
        .has_unencoded_bytes = facts->has_unencoded_bytes,
        .unencoded_bytes = facts->unencoded_bytes,
        .rep_histogram = facts->rep_histogram,
        .def_histogram = facts->def_histogram,
    };
    return rg_index_merge_add(sink->index, &page, facts->is_row_count_known, err);
}

/* Writes the dictionary page behind the data pages; its pieces are then the list's last ones. */
static enum rg_status add_dictionary(struct rg_sink *sink,
                                     const struct rg_sink_dictionary *dictionary,
                                     struct rg_column_chunk *chunk, struct rg_error *err)
{
    uint8_t out[RG_PAGE_HEADER_EMIT_BYTES_MAX];
    struct rg_page_header header = {
        .type = RG_PAGE_DICTIONARY,
        .encoding = dictionary->encoding,
        .value_count = dictionary->entry_count,
        .uncompressed_bytes = dictionary->raw_bytes,
        .has_crc = dictionary->has_crc || sink->bench->has_crc,
        .is_compressed = true,
    };

    RG_TRY(measure(&dictionary->body, 1, &header.compressed_bytes, err));
    if (header.has_crc)
        header.crc = rg_crc32(dictionary->body.bytes);
    const size_t header_bytes = rg_page_header_emit(&header, out);

    sink->is_closed = true; /* The dictionary's pieces will be moved to the front. */
    RG_TRY(add_copy(sink, (struct rg_span){out, header_bytes}, err));
    RG_TRY(add_pieces(sink, &dictionary->body, 1, err));
    chunk->has_dictionary_offset = true;
    chunk->dictionary_page_offset = 0;
    chunk->data_page_offset = header_bytes + header.compressed_bytes;
    chunk->compressed_bytes = sink->bytes + header_bytes + header.compressed_bytes;
    chunk->uncompressed_bytes = sink->raw_bytes + header_bytes + header.uncompressed_bytes;
    return RG_OK;
}

/* Turns pieces first .. and then 0 .. first into segments. */
static enum rg_status make_segments(struct rg_sink *sink, size_t first,
                                    struct rg_stitch_output *output, struct rg_error *err)
{
    struct rg_segment *segments =
        rg_arena_array(sink->bench->arena, sink->piece_count, sizeof *segments);

    if (segments == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu segments", sink->piece_count);
    for (size_t i = 0; i < sink->piece_count; i++) {
        const size_t behind = i + first;
        const struct rg_sink_piece *piece =
            &sink->pieces[behind < sink->piece_count ? behind : behind - sink->piece_count];

        segments[i] = (struct rg_segment){piece->data, piece->bytes};
        output->bytes += piece->bytes;
        if (!piece->is_lasting)
            output->changed_crc =
                rg_crc32_update(output->changed_crc, (struct rg_span){piece->data, piece->bytes});
    }
    output->segments = segments;
    output->segment_count = sink->piece_count;
    return RG_OK;
}

/* A data page that holds values themselves, of V1 (0) or V2 (1). */
static bool has_value_page(const struct rg_sink *sink, unsigned is_v2)
{
    for (uint8_t encoding = 0; encoding < 16; encoding++) {
        if (sink->page_counts[is_v2][encoding] > 0 && !rg_encoding_is_dictionary(encoding))
            return true;
    }
    return false;
}

/*
 * Exact counts, the dictionary first: readers prune by them (README.md section 1). Impala, Doris
 * and StarRocks look at V1 pages alone: where only V2 pages hold values that are in no dictionary,
 * they would take the dictionary for all there is (Impala HdfsParquetScanner::IsDictionaryEncoded).
 * So nothing is said there; `encodings`, which they go by then, names those pages' encoding.
 */
static enum rg_status make_encoding_stats(const struct rg_sink *sink,
                                          const struct rg_sink_dictionary *dictionary,
                                          struct rg_column_chunk *chunk, struct rg_error *err)
{
    struct rg_page_encoding_stats *stats =
        rg_arena_array(sink->bench->arena, 1 + 2 * 16, sizeof *stats);
    uint32_t count = 0;

    if (stats == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for encoding stats");
    if (dictionary != NULL) {
        stats[count++] =
            (struct rg_page_encoding_stats){RG_PAGE_DICTIONARY, dictionary->encoding, 1};
        chunk->encodings |= UINT32_C(1) << dictionary->encoding;
    }
    for (unsigned is_v2 = 0; is_v2 < 2; is_v2++) {
        for (uint8_t encoding = 0; encoding < 16; encoding++) {
            const uint32_t pages = sink->page_counts[is_v2][encoding];

            if (pages == 0)
                continue;
            stats[count++] = (struct rg_page_encoding_stats){is_v2 ? RG_PAGE_DATA_V2 : RG_PAGE_DATA,
                                                             encoding, pages};
            chunk->encodings |= UINT32_C(1) << encoding;
        }
    }
    /* Levels: RLE is what V1 headers name even where there are none. */
    if (sink->has_levels_v1 || sink->bench->leaf->def_max > 0)
        chunk->encodings |= UINT32_C(1) << RG_ENCODING_RLE;
    if (dictionary != NULL && sink->has_values_written && has_value_page(sink, 1) &&
        !has_value_page(sink, 0))
        return RG_OK;
    chunk->encoding_stats = stats;
    chunk->encoding_stats_count = count;
    return RG_OK;
}

enum rg_status rg_sink_finish(struct rg_sink *sink, const struct rg_sink_dictionary *dictionary,
                              struct rg_stitch_output *ret_output, struct rg_error *err)
{
    struct rg_stitch_output output = {.has_offset_index = false};
    struct rg_column_chunk *chunk = &output.chunk;
    const size_t data_pieces = sink->piece_count;

    *chunk = (struct rg_column_chunk){
        .type = sink->bench->leaf->type,
        .codec = sink->bench->codec,
        .value_count = sink->value_count,
        .compressed_bytes = sink->bytes,
        .uncompressed_bytes = sink->raw_bytes,
    };
    if (dictionary != NULL)
        RG_TRY(add_dictionary(sink, dictionary, chunk, err));
    RG_TRY(make_segments(sink, dictionary != NULL ? data_pieces : 0, &output, err));
    RG_TRY(make_encoding_stats(sink, dictionary, chunk, err));
    RG_TRY(rg_index_merge_finish(sink->index, chunk->data_page_offset, &output.has_offset_index,
                                 &output.offset_index, &output.has_column_index,
                                 &output.column_index, err));
    if (output.has_offset_index)
        RG_TRY(rg_offset_index_copy(&output.offset_index, sink->bench->arena, err));
    if (output.has_column_index)
        RG_TRY(rg_column_index_copy(&output.column_index, sink->bench->arena, err));
    *ret_output = output;
    return RG_OK;
}
