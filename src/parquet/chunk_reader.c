/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A batch ends where a page ends, where its levels fill the arrays, and where the decoder gives
 * fewer values than asked for; then the levels that are left wait for the next batch.
 *
 * Invariants, checked by chunk_reader_check() in debug builds:
 *
 *   (1) level_at <= level_end <= RG_BATCH_VALUES_MAX.
 *   (2) Levels that wait and levels_left together are what is left of the page; the values that the
 *       decoder has left are those of them that are defined.
 *   (3) With is_all_defined the definition levels are not decoded: the page's count of levels
 *       that equal def_max has proven them.
 */

#include "parquet/chunk_reader.h"

#include <assert.h>

#include "base/limits.h"

static void chunk_reader_check(const struct rg_chunk_reader *reader)
{
    assert(reader->level_at <= reader->level_end);
    assert(reader->level_end <= RG_BATCH_VALUES_MAX);
    assert(reader->pages.values_seen <= reader->source.chunk->value_count);
    (void)reader;
}

void rg_chunk_reader_init(struct rg_chunk_reader *reader, struct rg_codec_context *codecs,
                          const struct rg_allocator *allocator)
{
    reader->codecs = codecs;
    reader->allocator = allocator;
    reader->has_dict = false;
    reader->dict = (struct rg_dict){.allocator = NULL};
    reader->values = (struct rg_value_room){.allocator = NULL};
    rg_page_room_init(&reader->page_room, allocator);
    rg_page_room_init(&reader->dictionary_room, allocator);
}

void rg_chunk_reader_fini(struct rg_chunk_reader *reader)
{
    rg_dict_fini(&reader->dict);
    rg_value_room_fini(&reader->values);
    rg_page_room_fini(&reader->page_room);
    rg_page_room_fini(&reader->dictionary_room);
}

static bool is_same_kind(const struct rg_value_kind *a, const struct rg_value_kind *b)
{
    return a->type == b->type && a->width_bytes == b->width_bytes;
}

enum rg_status rg_chunk_reader_open(struct rg_chunk_reader *reader,
                                    const struct rg_chunk_source *source, struct rg_error *err)
{
    struct rg_value_kind kind;

    rg_dict_fini(&reader->dict);
    reader->has_dict = false;
    reader->source = *source;
    reader->levels_left = 0;
    reader->level_at = 0;
    reader->level_end = 0;
    reader->rows_seen = 0;
    rg_page_reader_init(&reader->pages, &reader->source);
    RG_TRY(rg_value_kind_init(&kind, source->leaf->type, source->leaf->type_length, err));
    if (!rg_codec_can_decompress(source->chunk->codec))
        return rg_fail(err, RG_ERR_UNSUPPORTED, "codec %u", source->chunk->codec);
    if (reader->values.allocator == NULL || !is_same_kind(&reader->values.kind, &kind)) {
        rg_value_room_fini(&reader->values);
        RG_TRY(rg_value_room_init(&reader->values, reader->allocator, &kind, err));
    }
    rg_buffer_reset(&reader->values.last);
    return RG_OK;
}

static enum rg_status open_dictionary(struct rg_chunk_reader *reader, const struct rg_page *page,
                                      struct rg_error *err)
{
    struct rg_page_content content;

    RG_TRY(rg_page_open(reader->codecs, &reader->source, page, &reader->dictionary_room, &content,
                        err));
    if (content.encoding != RG_ENCODING_PLAIN && content.encoding != RG_ENCODING_PLAIN_DICTIONARY)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "dictionary page of encoding %u", content.encoding);
    RG_TRY(rg_dict_init(&reader->dict, reader->allocator, &reader->values.kind, content.values,
                        content.value_count, err));
    reader->has_dict = true;
    return RG_OK;
}

static enum rg_status open_data(struct rg_chunk_reader *reader, const struct rg_page *page,
                                struct rg_error *err)
{
    const struct rg_leaf *leaf = reader->source.leaf;
    struct rg_page_content content;
    uint32_t value_count = 0;

    RG_TRY(rg_page_open(reader->codecs, &reader->source, page, &reader->page_room, &content, err));
    RG_TRY(rg_level_decoder_init(&reader->rep_decoder, content.rep_encoding, leaf->rep_max,
                                 content.rep_levels, content.value_count, err));
    RG_TRY(rg_level_decoder_init(&reader->def_decoder, content.def_encoding, leaf->def_max,
                                 content.def_levels, content.value_count, err));
    RG_TRY(rg_level_count_equal(&reader->def_decoder, content.value_count, leaf->def_max,
                                &value_count, err));
    const struct rg_encoded_values encoded = {
        .encoding = content.encoding,
        .bytes = content.values,
        .value_count = value_count,
        .dictionary = reader->has_dict ? &reader->dict : NULL,
        .is_linked = reader->source.has_linked_delta_pages,
    };
    RG_TRY(rg_decoder_init(&reader->decoder, &encoded, &reader->values, err));
    reader->encoding = content.encoding;
    reader->page_index = page->data_index;
    reader->levels_left = content.value_count;
    reader->is_all_defined = value_count == content.value_count;
    return RG_OK;
}

/* Opens pages until there are levels to decode. */
static enum rg_status next_data_page(struct rg_chunk_reader *reader, bool *ret_is_end,
                                     struct rg_error *err)
{
    const uint64_t row_count = reader->source.row_count;
    enum rg_status status = RG_OK;

    while (status == RG_OK && reader->levels_left == 0) {
        struct rg_page page = {.offset = 0};

        RG_TRY(rg_page_next(&reader->pages, &page, ret_is_end, err));
        if (*ret_is_end && reader->rows_seen != row_count)
            return rg_fail(err, RG_ERR_CORRUPT, "chunk of %llu rows in a row group of %llu",
                           (unsigned long long)reader->rows_seen, (unsigned long long)row_count);
        if (*ret_is_end)
            return RG_OK;
        status = page.header.type == RG_PAGE_DICTIONARY ? open_dictionary(reader, &page, err)
                                                        : open_data(reader, &page, err);
        if (status != RG_OK)
            return rg_within(err, "page at %zu", page.offset);
    }
    return RG_OK;
}

/* Fills the level arrays from the page's streams. */
static enum rg_status decode_levels(struct rg_chunk_reader *reader, struct rg_error *err)
{
    const uint32_t count =
        reader->levels_left < RG_BATCH_VALUES_MAX ? reader->levels_left : RG_BATCH_VALUES_MAX;

    if (reader->source.leaf->rep_max > 0)
        RG_TRY(rg_level_decoder_next(&reader->rep_decoder, count, reader->rep_levels, err));
    if (!reader->is_all_defined)
        RG_TRY(rg_level_decoder_next(&reader->def_decoder, count, reader->def_levels, err));
    reader->level_at = 0;
    reader->level_end = count;
    reader->levels_left -= count;
    return RG_OK;
}

static uint32_t count_equal(const uint8_t *levels, uint32_t count, uint8_t level)
{
    uint32_t equal = 0;

    for (uint32_t i = 0; i < count; i++)
        equal += levels[i] == level;
    return equal;
}

/* How many of the waiting levels `value_count` values belong to; nulls behind the last are left. */
static uint32_t levels_of(const struct rg_chunk_reader *reader, uint32_t value_count)
{
    const uint8_t def_max = reader->source.leaf->def_max;
    uint32_t at = reader->level_at;

    if (reader->is_all_defined)
        return value_count;
    for (uint32_t seen = 0; seen < value_count; at++)
        seen += reader->def_levels[at] == def_max;
    return at - reader->level_at;
}

static enum rg_status decode_values(struct rg_chunk_reader *reader, uint32_t wanted,
                                    struct rg_chunk_batch *batch, struct rg_error *err)
{
    const uint32_t count = wanted < reader->values.count_max ? wanted : reader->values.count_max;

    batch->is_dictionary = count > 0 && rg_encoding_is_dictionary(reader->encoding);
    batch->value_count = count;
    if (count == 0) {
        batch->values = (struct rg_values){.width_bytes = reader->values.kind.width_bytes,
                                           .is_variable = reader->values.kind.is_variable};
        return RG_OK;
    }
    if (batch->is_dictionary) {
        batch->indices = reader->values.words;
        batch->dictionary = &reader->dict.values;
        return rg_decoder_next_indices(&reader->decoder, count, &reader->values, err);
    }
    RG_TRY(rg_decoder_next(&reader->decoder, count, &reader->values, &batch->values, err));
    batch->value_count = batch->values.count;
    return RG_OK;
}

static enum rg_status next_batch(struct rg_chunk_reader *reader, struct rg_chunk_batch *ret_batch,
                                 struct rg_error *err)
{
    const struct rg_leaf *leaf = reader->source.leaf;
    struct rg_chunk_batch batch = {.encoding = reader->encoding, .page_index = reader->page_index};

    if (reader->level_at == reader->level_end)
        RG_TRY(decode_levels(reader, err));
    const uint8_t *def_levels = reader->def_levels + reader->level_at;
    const uint8_t *rep_levels = reader->rep_levels + reader->level_at;
    const uint32_t waiting = reader->level_end - reader->level_at;
    const uint32_t defined =
        reader->is_all_defined ? waiting : count_equal(def_levels, waiting, leaf->def_max);
    RG_TRY(decode_values(reader, defined, &batch, err));
    batch.level_count =
        batch.value_count == defined ? waiting : levels_of(reader, batch.value_count);
    batch.def_levels = reader->is_all_defined ? NULL : def_levels;
    batch.rep_levels = leaf->rep_max == 0 ? NULL : rep_levels;
    batch.row_count =
        leaf->rep_max == 0 ? batch.level_count : count_equal(rep_levels, batch.level_count, 0);
    if (reader->rows_seen == 0 && leaf->rep_max > 0 && rep_levels[0] != 0)
        return rg_fail(err, RG_ERR_CORRUPT, "chunk begins inside a row");
    reader->rows_seen += batch.row_count;
    reader->level_at += batch.level_count;
    *ret_batch = batch;
    return RG_OK;
}

enum rg_status rg_chunk_next(struct rg_chunk_reader *reader, struct rg_chunk_batch *ret_batch,
                             bool *ret_is_end, struct rg_error *err)
{
    *ret_is_end = false;
    if (reader->level_at == reader->level_end && reader->levels_left == 0) {
        RG_TRY(next_data_page(reader, ret_is_end, err));
        if (*ret_is_end)
            return RG_OK;
    }
    const enum rg_status status = next_batch(reader, ret_batch, err);
    chunk_reader_check(reader);
    return status == RG_OK ? RG_OK : rg_within(err, "data page %u", reader->page_index);
}

void rg_chunk_batch_values(struct rg_chunk_reader *reader, const struct rg_chunk_batch *batch,
                           struct rg_values *ret_values)
{
    if (batch->is_dictionary)
        rg_values_lookup(batch->dictionary, batch->indices, batch->value_count, &reader->values,
                         ret_values);
    else
        *ret_values = batch->values;
}

/* What the dictionary of this page will take. Entries that cannot be there are refused before
 * anything is allocated for them. */
static size_t dictionary_bytes_of(const struct rg_value_kind *kind, const struct rg_page *page,
                                  size_t raw_bytes)
{
    const uint64_t page_bytes = page->header.uncompressed_bytes;
    const uint64_t possible = kind->is_variable ? page_bytes / sizeof(uint32_t) : page_bytes * 8;
    const uint32_t claimed = page->header.value_count;

    return raw_bytes + rg_slack_bytes +
           rg_dict_bytes(kind, claimed < possible ? claimed : (uint32_t)possible);
}

enum rg_status rg_chunk_measure(const struct rg_chunk_source *source, size_t *ret_bytes,
                                struct rg_error *err)
{
    struct rg_page_reader pages;
    struct rg_value_kind kind;
    size_t dictionary_bytes = 0;
    size_t page_bytes_max = 0;

    RG_TRY(rg_value_kind_init(&kind, source->leaf->type, source->leaf->type_length, err));
    rg_page_reader_init(&pages, source);
    for (;;) {
        struct rg_page page = {.offset = 0};
        bool is_end = false;

        RG_TRY(rg_page_next(&pages, &page, &is_end, err));
        if (is_end)
            break;
        const size_t raw_bytes = rg_page_room_bytes_needed(source, &page);
        if (page.header.type == RG_PAGE_DICTIONARY)
            dictionary_bytes = dictionary_bytes_of(&kind, &page, raw_bytes);
        else if (raw_bytes > page_bytes_max)
            page_bytes_max = raw_bytes;
    }
    *ret_bytes = dictionary_bytes + page_bytes_max + rg_slack_bytes + rg_value_room_bytes(&kind);
    return RG_OK;
}
