/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/page_reader.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/levels.h"
#include "parquet/page_header.h"

enum {
    LENGTH_BYTES = 4
};

void rg_page_reader_init(struct rg_page_reader *reader, const struct rg_chunk_source *source)
{
    *reader = (struct rg_page_reader){.source = source};
}

static bool is_data(const struct rg_page_header *header)
{
    return header->type == RG_PAGE_DATA || header->type == RG_PAGE_DATA_V2;
}

/*
 * Where pages end, in source->bytes. What the chunk's length may leave out is the header of the
 * dictionary page (PARQUET-816), of fastparquet the page, and nothing else: what begins behind is
 * the next column's.
 */
static uint64_t find_end(const struct rg_page_reader *reader)
{
    const struct rg_chunk_source *source = reader->source;
    const uint64_t end = source->chunk->compressed_bytes + reader->lacking_bytes;

    return end < source->bytes.bytes ? end : source->bytes.bytes;
}

/* The page at `at`, whatever its type; moves behind it. */
static enum rg_status read_page(struct rg_page_reader *reader, struct rg_page *ret_page,
                                struct rg_error *err)
{
    const struct rg_span bytes = reader->source->bytes;
    const struct rg_span left = {bytes.data + reader->at, bytes.bytes - reader->at};
    struct rg_page page = {.offset = reader->at,
                           .data_index = reader->data_count,
                           .value_offset = reader->values_seen};

    RG_TRY(rg_page_header_parse(left, &page.header, &page.header_bytes, err));
    if (page.header.type == RG_PAGE_DICTIONARY)
        reader->lacking_bytes =
            page.header_bytes +
            (reader->source->has_dictionary_outside ? page.header.compressed_bytes : 0);
    const uint64_t end = find_end(reader);
    const uint64_t begin = reader->at + page.header_bytes;
    if (begin > end)
        return rg_fail(err, RG_ERR_CORRUPT, "page header of %zu bytes where %llu are left",
                       page.header_bytes, (unsigned long long)(end - reader->at));
    if (page.header.compressed_bytes > end - begin)
        return rg_fail(err, RG_ERR_CORRUPT, "page of %u bytes where %llu are left",
                       page.header.compressed_bytes, (unsigned long long)(end - begin));
    page.body = (struct rg_span){left.data + page.header_bytes, page.header.compressed_bytes};
    reader->at += page.header_bytes + page.body.bytes;
    *ret_page = page;
    return RG_OK;
}

static enum rg_status accept_dictionary(struct rg_page_reader *reader, struct rg_error *err)
{
    if (reader->has_dictionary)
        return rg_fail(err, RG_ERR_CORRUPT, "second dictionary page");
    if (reader->data_count > 0)
        return rg_fail(err, RG_ERR_CORRUPT, "dictionary page behind %u data pages",
                       reader->data_count);
    reader->has_dictionary = true;
    return RG_OK;
}

static enum rg_status accept_data(struct rg_page_reader *reader, const struct rg_page *page,
                                  struct rg_error *err)
{
    const uint64_t wanted = reader->source->chunk->value_count;

    if (page->header.value_count > wanted - reader->values_seen)
        return rg_fail(err, RG_ERR_CORRUPT,
                       "data pages hold %llu values or more where the chunk claims %llu",
                       (unsigned long long)(reader->values_seen + page->header.value_count),
                       (unsigned long long)wanted);
    reader->values_seen += page->header.value_count;
    reader->data_count++;
    return RG_OK;
}

static enum rg_status next_page(struct rg_page_reader *reader, struct rg_page *ret_page,
                                bool *ret_is_end, struct rg_error *err)
{
    const struct rg_chunk_source *source = reader->source;
    const uint64_t wanted = source->chunk->value_count;

    for (;;) {
        const bool is_full = reader->values_seen == wanted;
        /* Behind the last value only what the chunk's length covers is looked at. */
        const uint64_t end = is_full && source->chunk->compressed_bytes < source->bytes.bytes
                                 ? source->chunk->compressed_bytes
                                 : find_end(reader);
        struct rg_page page = {.offset = 0};

        *ret_is_end = reader->at >= end;
        if (*ret_is_end && !is_full)
            return rg_fail(err, RG_ERR_CORRUPT,
                           "data pages hold %llu values where the chunk claims %llu",
                           (unsigned long long)reader->values_seen, (unsigned long long)wanted);
        if (*ret_is_end)
            return RG_OK;
        const enum rg_status status = read_page(reader, &page, err);
        if (status != RG_OK && is_full) {
            /* Padding, or what follows a chunk without values: nothing is missing. */
            *ret_is_end = true;
            return RG_OK;
        }
        if (status != RG_OK)
            return status;
        if (reader->page_count++ == rg_pages_max)
            return rg_fail(err, RG_ERR_LIMIT, "chunk of more than %u pages", rg_pages_max);
        const bool is_dictionary = page.header.type == RG_PAGE_DICTIONARY;
        if (is_dictionary)
            RG_TRY(accept_dictionary(reader, err));
        else if (!is_data(&page.header) || page.header.value_count == 0)
            continue;
        else
            RG_TRY(accept_data(reader, &page, err));
        *ret_page = page;
        return RG_OK;
    }
}

enum rg_status rg_page_next(struct rg_page_reader *reader, struct rg_page *ret_page,
                            bool *ret_is_end, struct rg_error *err)
{
    const size_t at = reader->at;
    const enum rg_status status = next_page(reader, ret_page, ret_is_end, err);

    return status == RG_OK ? RG_OK : rg_within(err, "page at %zu", at);
}

void rg_page_room_init(struct rg_page_room *room, const struct rg_allocator *allocator)
{
    *room = (struct rg_page_room){.allocator = allocator};
}

void rg_page_room_fini(struct rg_page_room *room)
{
    if (room->data != NULL)
        rg_release(room->allocator, room->data, room->capacity + rg_slack_bytes);
    room->data = NULL;
    room->capacity = 0;
}

/* Room for `bytes`; what was in it is gone. */
static enum rg_status make_room(struct rg_page_room *room, size_t bytes, struct rg_error *err)
{
    if (room->data != NULL && room->capacity >= bytes)
        return RG_OK;
    rg_page_room_fini(room);
    room->data = rg_alloc(room->allocator, bytes + rg_slack_bytes);
    if (room->data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a page of %zu bytes", bytes);
    room->capacity = bytes;
    return RG_OK;
}

/* Whether what follows the levels (V2), or the whole body, went through the chunk's codec. */
static bool is_compressed(const struct rg_chunk_source *source, const struct rg_page *page)
{
    if (source->chunk->codec == RG_CODEC_NONE)
        return false;
    return page->header.is_compressed || source->has_lying_v2_flag;
}

static size_t raw_bytes_of(const struct rg_page_header *header)
{
    const size_t levels =
        header->type == RG_PAGE_DATA_V2 ? (size_t)header->def_bytes + header->rep_bytes : 0;

    return header->uncompressed_bytes - levels;
}

size_t rg_page_room_bytes_needed(const struct rg_chunk_source *source, const struct rg_page *page)
{
    return is_compressed(source, page) ? raw_bytes_of(&page->header) : 0;
}

/* The raw form of `packed`, which is the page's body, or what follows the levels in it. */
static enum rg_status unpack(struct rg_codec_context *codecs, const struct rg_chunk_source *source,
                             const struct rg_page *page, struct rg_span packed,
                             struct rg_page_room *room, struct rg_span *ret_raw,
                             struct rg_error *err)
{
    const size_t raw_bytes = raw_bytes_of(&page->header);

    if (!is_compressed(source, page)) {
        if (packed.bytes != raw_bytes)
            return rg_fail(err, RG_ERR_CORRUPT, "uncompressed page of %zu bytes claims %zu",
                           packed.bytes, raw_bytes);
        *ret_raw = packed;
        return RG_OK;
    }
    if (raw_bytes > rg_codec_decompress_bound(source->chunk->codec, packed))
        return rg_fail(err, RG_ERR_CORRUPT, "page of %zu bytes cannot hold the %zu that it claims",
                       packed.bytes, raw_bytes);
    RG_TRY(make_room(room, raw_bytes, err));
    RG_TRY(rg_codec_decompress(codecs, source->chunk->codec, packed, room->data, raw_bytes, err));
    *ret_raw = (struct rg_span){room->data, raw_bytes};
    return RG_OK;
}

/* Cuts `bytes` off the front of *rest. */
static enum rg_status cut(struct rg_span *rest, uint64_t bytes, const char *what,
                          struct rg_span *ret_piece, struct rg_error *err)
{
    if (bytes > rest->bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "%s of %llu bytes where %zu are left", what,
                       (unsigned long long)bytes, rest->bytes);
    *ret_piece = (struct rg_span){rest->data, (size_t)bytes};
    *rest = (struct rg_span){rest->data + bytes, rest->bytes - (size_t)bytes};
    return RG_OK;
}

/* Levels in front of a V1 page's values: with their length, or as many bits as there are levels. */
static enum rg_status cut_levels(struct rg_span *rest, unsigned encoding, uint8_t level_max,
                                 uint32_t value_count, const char *what, struct rg_span *ret_levels,
                                 struct rg_error *err)
{
    struct rg_span prefix = *rest;
    uint32_t length = 0;

    *ret_levels = (struct rg_span){NULL, 0};
    if (level_max == 0)
        return RG_OK;
    if (encoding == RG_ENCODING_BIT_PACKED)
        return cut(rest, rg_level_packed_bytes(level_max, value_count), what, ret_levels, err);
    if (encoding != RG_ENCODING_RLE)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "%s of encoding %u", what, encoding);
    RG_TRY(cut(rest, LENGTH_BYTES, what, &prefix, err));
    memcpy(&length, prefix.data, LENGTH_BYTES);
    return cut(rest, length, what, ret_levels, err);
}

static enum rg_status open_v1(struct rg_codec_context *codecs, const struct rg_chunk_source *source,
                              const struct rg_page *page, struct rg_page_room *room,
                              struct rg_page_content *content, struct rg_error *err)
{
    const struct rg_page_header *header = &page->header;

    content->rep_encoding = header->rep_encoding;
    content->def_encoding = header->def_encoding;
    RG_TRY(unpack(codecs, source, page, page->body, room, &content->values, err));
    RG_TRY(cut_levels(&content->values, header->rep_encoding, source->leaf->rep_max,
                      header->value_count, "repetition levels", &content->rep_levels, err));
    return cut_levels(&content->values, header->def_encoding, source->leaf->def_max,
                      header->value_count, "definition levels", &content->def_levels, err);
}

static enum rg_status open_v2(struct rg_codec_context *codecs, const struct rg_chunk_source *source,
                              const struct rg_page *page, struct rg_page_room *room,
                              struct rg_page_content *content, struct rg_error *err)
{
    const struct rg_page_header *header = &page->header;
    struct rg_span rest = page->body;

    content->rep_encoding = RG_ENCODING_RLE;
    content->def_encoding = RG_ENCODING_RLE;
    if (header->uncompressed_bytes < (uint64_t)header->def_bytes + header->rep_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "levels of %u and %u bytes in a page of %u",
                       header->rep_bytes, header->def_bytes, header->uncompressed_bytes);
    RG_TRY(cut(&rest, header->rep_bytes, "repetition levels", &content->rep_levels, err));
    RG_TRY(cut(&rest, header->def_bytes, "definition levels", &content->def_levels, err));
    return unpack(codecs, source, page, rest, room, &content->values, err);
}

enum rg_status rg_page_open(struct rg_codec_context *codecs, const struct rg_chunk_source *source,
                            const struct rg_page *page, struct rg_page_room *room,
                            struct rg_page_content *ret_content, struct rg_error *err)
{
    if (page->header.has_crc) {
        const uint32_t crc = rg_crc32(page->body);

        if (crc != page->header.crc)
            return rg_fail(err, RG_ERR_CORRUPT, "CRC is %08x, not %08x", crc, page->header.crc);
    }
    *ret_content = (struct rg_page_content){
        .encoding = page->header.encoding,
        .value_count = page->header.value_count,
    };
    if (page->header.type == RG_PAGE_DATA)
        return open_v1(codecs, source, page, room, ret_content, err);
    if (page->header.type == RG_PAGE_DATA_V2)
        return open_v2(codecs, source, page, room, ret_content, err);
    return unpack(codecs, source, page, page->body, room, &ret_content->values, err);
}
