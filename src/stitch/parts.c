/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/parts.h"

#include "parquet/levels.h"
#include "parquet/types.h"
#include "stitch/levels.h"
#include "stitch/snappy_cut.h"

enum {
    BLOCK_LEVELS = 256, /* Decoded at a time. */
};

static const size_t front_bytes_usual = 4096;

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Cuts a stream with its four-byte length off the front of `rest` (V1 pages, Encodings.md). */
static enum rg_status cut_stream(struct rg_span *rest, const char *what, struct rg_span *ret_stream,
                                 struct rg_error *err)
{
    if (rest->bytes < 4)
        return rg_fail(err, RG_ERR_CORRUPT, "a page ends at its %s levels", what);
    const uint32_t bytes = read_u32(rest->data);
    if (bytes > rest->bytes - 4)
        return rg_fail(err, RG_ERR_CORRUPT, "%u bytes of %s levels in a page that has %zu left",
                       bytes, what, rest->bytes - 4);
    *ret_stream = (struct rg_span){rest->data + 4, bytes};
    rest->data += 4 + (size_t)bytes;
    rest->bytes -= 4 + (size_t)bytes;
    return RG_OK;
}

/*
 * Cuts bit-packed levels, which have no length, and makes them the runs of `writer`: the encoding
 * is deprecated (Encodings.md), pages that are made have none of it.
 */
static enum rg_status cut_packed(struct rg_span *rest, const char *what, uint8_t level_max,
                                 uint32_t value_count, struct rg_level_writer *writer,
                                 struct rg_span *ret_stream, struct rg_error *err)
{
    const uint64_t bytes = rg_level_packed_bytes(level_max, value_count);
    struct rg_level_decoder decoder;
    uint8_t levels[BLOCK_LEVELS];
    uint32_t wide[BLOCK_LEVELS];

    if (bytes > rest->bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "%u bit-packed %s levels in %zu bytes", value_count,
                       what, rest->bytes);
    RG_TRY(rg_level_decoder_init(&decoder, RG_ENCODING_BIT_PACKED, level_max, *rest, value_count,
                                 err));
    rg_level_writer_reset(writer);
    writer->width = rg_bit_width(level_max);
    for (uint32_t at = 0; at < value_count; at += BLOCK_LEVELS) {
        const uint32_t step = value_count - at < BLOCK_LEVELS ? value_count - at : BLOCK_LEVELS;

        RG_TRY(rg_level_decoder_next(&decoder, step, levels, err));
        for (uint32_t i = 0; i < step; i++)
            wide[i] = levels[i];
        rg_level_writer_append(writer, wide, step);
    }
    *ret_stream = rg_level_writer_finish(writer);
    rest->data += bytes;
    rest->bytes -= (size_t)bytes;
    return rg_buffer_check(&writer->out, "levels", err);
}

/* Fills the counts from the level streams. */
static enum rg_status count_levels(const struct rg_leaf *leaf, struct rg_parts *parts,
                                   struct rg_error *err)
{
    struct rg_level_sum rep = {.zero_count = parts->value_count};
    struct rg_level_sum def = {.max_count = parts->value_count};

    if (leaf->rep_max > 0 &&
        rg_levels_count(parts->rep, leaf->rep_max, parts->value_count, &rep, err) != RG_OK)
        return rg_within(err, "repetition levels");
    if (leaf->def_max > 0 &&
        rg_levels_count(parts->def, leaf->def_max, parts->value_count, &def, err) != RG_OK)
        return rg_within(err, "definition levels");
    parts->row_count = rep.zero_count;
    parts->is_row_begin = rep.first == 0;
    parts->present_count = def.max_count;
    return RG_OK;
}

static enum rg_status split_v1(struct rg_bench *bench, const struct rg_leaf *leaf,
                               const struct rg_page_header *header, struct rg_span raw,
                               struct rg_parts *parts, struct rg_error *err)
{
    const uint32_t count = parts->value_count;

    if (leaf->rep_max > 0 && header->rep_encoding == RG_ENCODING_BIT_PACKED)
        RG_TRY(cut_packed(&raw, "repetition", leaf->rep_max, count, &bench->unpacked_rep,
                          &parts->rep, err));
    else if (leaf->rep_max > 0)
        RG_TRY(cut_stream(&raw, "repetition", &parts->rep, err));
    if (leaf->def_max > 0 && header->def_encoding == RG_ENCODING_BIT_PACKED)
        RG_TRY(cut_packed(&raw, "definition", leaf->def_max, count, &bench->unpacked_def,
                          &parts->def, err));
    else if (leaf->def_max > 0)
        RG_TRY(cut_stream(&raw, "definition", &parts->def, err));
    parts->values = raw;
    parts->values_raw_bytes = (uint32_t)raw.bytes;
    parts->is_compressed = false;
    return count_levels(leaf, parts, err);
}

static enum rg_status split_v2(const struct rg_leaf *leaf, const struct rg_source_page *page,
                               struct rg_parts *parts, struct rg_error *err)
{
    const struct rg_page_header *header = &page->header;
    const uint8_t *data = page->body.data;
    const uint64_t all_bytes = (uint64_t)header->rep_bytes + header->def_bytes;

    if (all_bytes > page->body.bytes || all_bytes > header->uncompressed_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "%llu bytes of levels in a page of %zu",
                       (unsigned long long)all_bytes, page->body.bytes);
    const uint32_t level_bytes = (uint32_t)all_bytes;
    parts->rep = (struct rg_span){data, header->rep_bytes};
    parts->def = (struct rg_span){data + header->rep_bytes, header->def_bytes};
    parts->values = (struct rg_span){data + level_bytes, page->body.bytes - level_bytes};
    parts->values_raw_bytes = header->uncompressed_bytes - level_bytes;
    parts->is_compressed = header->is_compressed;
    RG_TRY(count_levels(leaf, parts, err));
    if (!parts->is_row_begin)
        return rg_fail(err, RG_ERR_CORRUPT, "a V2 page does not begin with a row");
    return RG_OK;
}

enum rg_status rg_parts_peek(struct rg_bench *bench, const struct rg_stitch_source *source,
                             const struct rg_source_page *page, bool *ret_has_levels,
                             struct rg_parts *ret_parts, struct rg_error *err)
{
    struct rg_parts parts = {.value_count = page->header.value_count};

    *ret_has_levels = true;
    if (page->header.type == RG_PAGE_DATA_V2)
        RG_TRY(split_v2(source->leaf, page, &parts, err));
    else if (!page->header.is_compressed)
        RG_TRY(split_v1(bench, source->leaf, &page->header, page->body, &parts, err));
    else
        *ret_has_levels = false;
    *ret_parts = parts;
    return RG_OK;
}

/* A compressed V1 page without levels: its body is its values. */
static struct rg_parts parts_of_required(const struct rg_source_page *page)
{
    const uint32_t count = page->header.value_count;

    return (struct rg_parts){
        .value_count = count,
        .present_count = count,
        .row_count = count,
        .is_row_begin = true,
        .values = page->body,
        .values_raw_bytes = page->header.uncompressed_bytes,
        .is_compressed = true,
    };
}

static enum rg_status take_v1(struct rg_bench *bench, const struct rg_stitch_source *source,
                              const struct rg_source_page *page, struct rg_parts *parts,
                              struct rg_error *err)
{
    struct rg_span raw;

    if (source->leaf->rep_max == 0 && source->leaf->def_max == 0) {
        *parts = parts_of_required(page);
        return RG_OK;
    }
    RG_TRY(rg_bench_decompress(bench, &bench->page, source->chunk->codec, true, page->body,
                               page->header.uncompressed_bytes, &raw, err));
    return split_v1(bench, source->leaf, &page->header, raw, parts, err);
}

enum rg_status rg_parts_take(struct rg_bench *bench, const struct rg_stitch_source *source,
                             const struct rg_source_page *page, bool is_raw_wanted,
                             struct rg_parts *ret_parts, struct rg_error *err)
{
    struct rg_parts parts;
    bool has_levels;

    RG_TRY(rg_parts_peek(bench, source, page, &has_levels, &parts, err));
    if (!has_levels)
        RG_TRY(take_v1(bench, source, page, &parts, err));
    if (is_raw_wanted && parts.is_compressed) {
        RG_TRY(rg_bench_decompress(bench, &bench->page, source->chunk->codec, true, parts.values,
                                   parts.values_raw_bytes, &parts.values, err));
        parts.is_compressed = false;
    }
    *ret_parts = parts;
    return RG_OK;
}

bool rg_parts_has_front(const struct rg_stitch_source *source, const struct rg_source_page *page)
{
    const struct rg_page_header *header = &page->header;
    const struct rg_leaf *leaf = source->leaf;

    return header->type == RG_PAGE_DATA && header->is_compressed &&
           source->chunk->codec == RG_CODEC_SNAPPY && (leaf->rep_max > 0 || leaf->def_max > 0) &&
           (leaf->rep_max == 0 || header->rep_encoding == RG_ENCODING_RLE) &&
           (leaf->def_max == 0 || header->def_encoding == RG_ENCODING_RLE);
}

/* Decompresses the first `count` raw bytes of a page. */
static enum rg_status open_front(struct rg_bench *bench, const struct rg_source_page *page,
                                 size_t count, struct rg_span *ret_front, struct rg_error *err)
{
    const uint32_t raw_bytes = page->header.uncompressed_bytes;

    if (count > raw_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "%zu bytes of levels in a page of %u", count,
                       raw_bytes);
    RG_TRY(rg_bench_room(bench, &bench->front, count, front_bytes_usual, err));
    RG_TRY(rg_snappy_front(page->body, raw_bytes, count, bench->front.data, err));
    *ret_front = (struct rg_span){bench->front.data, count};
    return RG_OK;
}

enum rg_status rg_parts_take_front(struct rg_bench *bench, const struct rg_stitch_source *source,
                                   const struct rg_source_page *page, struct rg_parts *ret_parts,
                                   struct rg_error *err)
{
    struct rg_parts parts = {.value_count = page->header.value_count};
    const int stream_count = (source->leaf->rep_max > 0) + (source->leaf->def_max > 0);
    struct rg_span front = {NULL, 0};
    size_t bytes = 0;

    /* The length of a stream stands behind the stream before. */
    for (int i = 0; i < stream_count; i++) {
        RG_TRY(open_front(bench, page, bytes + 4, &front, err));
        bytes += 4 + (size_t)read_u32(front.data + bytes);
    }
    RG_TRY(open_front(bench, page, bytes, &front, err));
    RG_TRY(split_v1(bench, source->leaf, &page->header, front, &parts, err));
    parts.front = front;
    parts.values = page->body;
    parts.values_raw_bytes = page->header.uncompressed_bytes - (uint32_t)front.bytes;
    parts.is_compressed = true;
    *ret_parts = parts;
    return RG_OK;
}
