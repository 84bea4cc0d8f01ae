/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/recode.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/encoding/delta.h"
#include "parquet/encoding/delta_bytes.h"
#include "parquet/encoding/plain.h"
#include "parquet/types.h"
#include "stitch/dict_table.h"
#include "stitch/feed.h"
#include "stitch/plain_bounds.h"

enum {
    BATCH_VALUES = 1024, /* Decoded at a time. */
};

/* The values of a page on their way. */
struct stream {
    struct rg_recoder *recoder;
    struct rg_joiner *joiner;
    struct rg_buffer *out;      /* Where values go: those of the page in the making, as a rule. */
    const struct rg_leaf *leaf; /* The source's. */
    enum rg_conversion conversion;
    struct rg_decoder decoder;
    struct rg_values batch; /* Decoded; `used` of them were moved. */
    uint32_t used;
    uint32_t left;      /* Not decoded yet. */
    uint32_t bit_count; /* Booleans that are in the page in the making. */
};

void rg_recoder_init(struct rg_recoder *recoder, struct rg_bench *bench)
{
    *recoder = (struct rg_recoder){.bench = bench};
    rg_buffer_init(&recoder->min, &bench->memory, rg_page_bytes_max);
    rg_buffer_init(&recoder->max, &bench->memory, rg_page_bytes_max);
}

static enum rg_conversion conversion_of(const struct rg_survey *survey)
{
    const struct rg_leaf_map *map = survey->source->map;

    return map != NULL ? map->conversion : RG_CONVERSION_NONE;
}

static enum rg_status load_dictionary(struct rg_recoder *recoder, const struct rg_survey *survey,
                                      struct rg_error *err)
{
    struct rg_bench *bench = recoder->bench;
    struct rg_span plain;

    if (survey->dictionary.data == NULL)
        return RG_OK;
    RG_TRY(rg_bench_decompress(bench, &bench->dictionary, survey->source->chunk->codec, true,
                               survey->dictionary, survey->dictionary_raw_bytes, &plain, err));
    RG_TRY(rg_dict_init(&recoder->dictionary, &bench->memory, &recoder->room->kind, plain,
                        survey->dictionary_entries, err));
    recoder->has_dictionary = true;
    return RG_OK;
}

/* The room for this kind of value; they are few, and what is made is not given back. */
static enum rg_status find_room(struct rg_recoder *recoder, const struct rg_leaf *leaf,
                                struct rg_error *err)
{
    struct rg_value_kind kind;

    RG_TRY(rg_value_kind_init(&kind, leaf->type, leaf->type_length, err));
    for (uint32_t i = 0; i < recoder->room_count; i++) {
        recoder->room = &recoder->rooms[i];
        if (kind.type == recoder->room->kind.type &&
            kind.width_bytes == recoder->room->kind.width_bytes)
            return RG_OK;
    }
    recoder->room_count += recoder->room_count < RG_RECODE_ROOMS;
    recoder->room = &recoder->rooms[recoder->room_count - 1];
    return rg_value_room_init(recoder->room, &recoder->bench->memory, &kind, err);
}

/* Begins with a source. */
static enum rg_status begin_source(struct rg_recoder *recoder, const struct rg_survey *survey,
                                   struct rg_error *err)
{
    const struct rg_leaf *leaf = survey->source->leaf;

    recoder->survey = NULL;
    RG_TRY(find_room(recoder, leaf, err));
    if (recoder->has_dictionary)
        rg_dict_fini(&recoder->dictionary);
    recoder->has_dictionary = false;
    recoder->page_count = 0;
    recoder->statistics = (struct rg_statistics){.has_min_exact = false};
    recoder->has_bounds = recoder->bench->order != RG_ORDER_NONE;
    if (leaf->type == RG_TYPE_BOOLEAN)
        RG_TRY(load_dictionary(recoder, survey, err));
    recoder->survey = survey;
    return RG_OK;
}

/* Takes a bound over where it is lower or higher than the one that is there. */
static enum rg_status widen_bound(struct rg_recoder *recoder, struct rg_span bound, int sign,
                                  struct rg_buffer *kept, struct rg_span *known,
                                  struct rg_error *err)
{
    const enum rg_order order = recoder->bench->order;

    if (known->data != NULL && rg_order_compare(order, bound, *known) * sign <= 0)
        return RG_OK;
    rg_buffer_reset(kept);
    /* One byte more, so that there is memory for an empty bound too. */
    if (rg_buffer_reserve(kept, bound.bytes + 1) == NULL)
        return rg_buffer_check(kept, "a bound", err);
    rg_buffer_append(kept, bound.data, bound.bytes);
    *known = rg_buffer_span(kept);
    return RG_OK;
}

/* None of some values, none of all: values that are NaN have none. */
static enum rg_status add_bounds(struct rg_recoder *recoder, const struct rg_statistics *found,
                                 struct rg_error *err)
{
    struct rg_statistics *sum = &recoder->statistics;

    recoder->has_bounds = found->min_value.data != NULL && found->max_value.data != NULL;
    if (!recoder->has_bounds)
        return RG_OK;
    RG_TRY(widen_bound(recoder, found->min_value, -1, &recoder->min, &sum->min_value, err));
    return widen_bound(recoder, found->max_value, 1, &recoder->max, &sum->max_value, err);
}

/* Bounds of what was appended to the page in the making behind its first `begin` bytes. */
static enum rg_status look_at(struct stream *stream, size_t begin, const struct rg_values *values,
                              struct rg_error *err)
{
    struct rg_recoder *recoder = stream->recoder;
    const struct rg_buffer *page = stream->out;
    const struct rg_span appended = {page->data + begin, page->bytes - begin};
    struct rg_statistics found = {.has_nan_count = false};

    if (!recoder->has_bounds || page->failed)
        return RG_OK;
    if (stream->leaf->type != RG_TYPE_BOOLEAN) {
        RG_TRY(rg_statistics_of_plain(recoder->bench->order, recoder->bench->leaf, appended,
                                      values->count, true, &found, err));
        return add_bounds(recoder, &found, err);
    }
    for (uint32_t i = 0; i < values->count && found.min_value.data == NULL; i++)
        found.min_value = values->fixed[i] == 0 ? rg_values_at(values, i) : found.min_value;
    for (uint32_t i = 0; i < values->count && found.max_value.data == NULL; i++)
        found.max_value = values->fixed[i] != 0 ? rg_values_at(values, i) : found.max_value;
    found.min_value = found.min_value.data == NULL ? found.max_value : found.min_value;
    found.max_value = found.max_value.data == NULL ? found.min_value : found.max_value;
    return add_bounds(recoder, &found, err);
}

/* Makes sure that a value is there, where some are left. */
static enum rg_status need_batch(struct stream *stream, struct rg_error *err)
{
    struct rg_recoder *recoder = stream->recoder;
    struct rg_value_room *room = recoder->room;
    uint32_t count = stream->left < BATCH_VALUES ? stream->left : BATCH_VALUES;

    if (stream->used < stream->batch.count || stream->left == 0)
        return RG_OK;
    count = count < room->count_max ? count : room->count_max;
    stream->used = 0;
    stream->batch.count = 0;
    if (rg_encoding_is_dictionary(stream->decoder.encoding)) {
        RG_TRY(rg_decoder_next_indices(&stream->decoder, count, room, err));
        rg_values_lookup(&recoder->dictionary.values, room->words, count, room, &stream->batch);
    } else {
        RG_TRY(rg_decoder_next(&stream->decoder, count, room, &stream->batch, err));
    }
    stream->left -= stream->batch.count;
    return RG_OK;
}

/* The next values of the batch, at most `count`. */
static struct rg_values take_values(struct stream *stream, uint32_t count)
{
    struct rg_values values = stream->batch;
    const uint32_t rest = stream->batch.count - stream->used;

    if (values.is_variable)
        values.views += stream->used;
    else
        values.fixed += (size_t)stream->used * values.width_bytes;
    values.count = count < rest ? count : rest;
    stream->used += values.count;
    return values;
}

static enum rg_status append_values(struct stream *stream, const struct rg_values *values,
                                    struct rg_error *err)
{
    const struct rg_leaf *to = stream->recoder->bench->leaf;
    struct rg_buffer *out = stream->out;
    const size_t begin = out->bytes;

    if (stream->conversion == RG_CONVERSION_NONE) {
        rg_plain_encode(&stream->recoder->room->kind, values, stream->bit_count, out);
    } else {
        const size_t bytes = (size_t)values->count * rg_plain_bytes(to);
        const struct rg_span plain = {values->fixed, (size_t)values->count * values->width_bytes};
        uint8_t *room = rg_buffer_reserve(out, bytes + rg_slack_bytes);

        if (room != NULL) {
            RG_TRY(rg_widen_plain(stream->conversion, stream->leaf, to, plain, values->count, room,
                                  err));
            out->bytes += bytes;
        }
    }
    stream->bit_count += values->count;
    RG_TRY(rg_buffer_check(out, "recoded page", err));
    return look_at(stream, begin, values, err);
}

static enum rg_status move_values(struct stream *stream, uint32_t count, struct rg_error *err)
{
    while (count > 0) {
        RG_TRY(need_batch(stream, err));
        const struct rg_values values = take_values(stream, count);

        RG_TRY(append_values(stream, &values, err));
        count -= values.count;
    }
    return RG_OK;
}

/* PLAIN bytes of the largest value of the batch that was not moved. */
static size_t widest_value(const struct stream *stream)
{
    const struct rg_leaf *to = stream->recoder->bench->leaf;
    uint32_t widest = 0;

    if (!stream->batch.is_variable)
        return rg_plain_bytes(to);
    for (uint32_t i = stream->used; i < stream->batch.count; i++) {
        const uint32_t bytes = stream->batch.views[i].bytes;

        widest = bytes > widest ? bytes : widest;
    }
    return (size_t)widest + 4;
}

/* How many levels may come in so that the page does not grow past its target, but for one value. */
static uint32_t find_step(const struct stream *stream)
{
    const struct rg_joiner *joiner = stream->joiner;
    const size_t target = joiner->bench->page_bytes;
    const size_t bytes = joiner->values.bytes;
    const uint32_t rest = stream->batch.count - stream->used;
    uint32_t step = rg_joiner_room(joiner);

    if (joiner->is_alone || rest == 0 || stream->leaf->type == RG_TYPE_BOOLEAN)
        return step;
    const size_t widest = widest_value(stream);
    const size_t fitting = bytes < target && widest > 0 ? (target - bytes) / widest : 0;
    step = step < rest ? step : rest;
    if (step > fitting && widest > 0)
        step = (uint32_t)fitting;
    return step > 0 ? step : 1;
}

static enum rg_status begin_page(struct stream *stream, const struct rg_survey *survey,
                                 const struct rg_source_page *page, const struct rg_parts *parts,
                                 struct rg_error *err)
{
    struct rg_recoder *recoder = stream->recoder;
    const struct rg_encoded_values encoded = {
        .encoding = page->header.encoding,
        .bytes = parts->values,
        .value_count = parts->present_count,
        .dictionary = recoder->has_dictionary ? &recoder->dictionary : NULL,
        .is_linked = survey->has_links && recoder->page_count > 0,
    };

    recoder->page_count++;
    stream->left = parts->present_count;
    return rg_decoder_init(&stream->decoder, &encoded, recoder->room, err);
}

static enum rg_join_kind kind_of(const struct rg_joiner *joiner)
{
    if (joiner->bench->leaf->type == RG_TYPE_BOOLEAN)
        return RG_JOIN_BITS;
    return joiner->delta_encoding != RG_ENCODING_PLAIN ? RG_JOIN_DELTA : RG_JOIN_VALUES;
}

static enum rg_status move_page(struct stream *stream, const struct rg_survey *survey,
                                const struct rg_source_page *page, const struct rg_parts *parts,
                                struct rg_error *err)
{
    struct rg_joiner *joiner = stream->joiner;
    const struct rg_feed_options options = {
        .survey = survey,
        .page = page,
        .parts = parts,
        .kind = kind_of(joiner),
        .verdict = RG_VERDICT_RECODE,
        /* The values are at hand. */
        .are_bounds_found = true,
    };
    struct rg_feed feed;

    rg_feed_init(&feed, joiner, &options);
    while (rg_feed_is_left(&feed)) {
        RG_TRY(rg_feed_begin(&feed, err));
        RG_TRY(need_batch(stream, err));
        stream->bit_count = joiner->present_count;
        RG_TRY(rg_feed_levels(&feed, find_step(stream), err));
        RG_TRY(move_values(stream, feed.step.present_count, err));
        RG_TRY(rg_feed_end(&feed, err));
    }
    return RG_OK;
}

enum rg_status rg_recode_page(struct rg_recoder *recoder, struct rg_joiner *joiner,
                              const struct rg_survey *survey, const struct rg_source_page *page,
                              struct rg_error *err)
{
    struct stream stream = {
        .recoder = recoder,
        .joiner = joiner,
        .out = &joiner->values,
        .leaf = survey->source->leaf,
        .conversion = conversion_of(survey),
    };
    struct rg_parts parts;

    if (recoder->survey != survey)
        RG_TRY(begin_source(recoder, survey, err));
    RG_TRY(rg_parts_take(recoder->bench, survey->source, page, true, &parts, err));
    RG_TRY(begin_page(&stream, survey, page, &parts, err));
    rg_bench_count(recoder->bench, RG_VERDICT_RECODE, rg_recode_reason(survey, page),
                   page->body.bytes);
    return move_page(&stream, survey, page, &parts, err);
}

enum rg_reason rg_recode_reason(const struct rg_survey *survey, const struct rg_source_page *page)
{
    if (conversion_of(survey) != RG_CONVERSION_NONE)
        return RG_REASON_TYPE_WIDENED;
    if (page->is_recoded)
        return RG_REASON_ENCODING;
    return survey->bench->is_small ? RG_REASON_ENCODING_ASKED : RG_REASON_LONG_VALUES;
}

enum rg_status rg_recode_values(struct rg_recoder *recoder, const struct rg_survey *survey,
                                const struct rg_source_page *page, const struct rg_parts *parts,
                                uint32_t count_max, struct rg_buffer *out, struct rg_error *err)
{
    struct stream stream = {
        .recoder = recoder,
        .out = out,
        .leaf = survey->source->leaf,
        .conversion = conversion_of(survey),
    };

    if (recoder->survey != survey)
        RG_TRY(begin_source(recoder, survey, err));
    recoder->has_bounds = false;
    RG_TRY(begin_page(&stream, survey, page, parts, err));
    return move_values(&stream, parts->present_count < count_max ? parts->present_count : count_max,
                       err);
}

bool rg_recoder_bounds(const struct rg_recoder *recoder, const struct rg_survey *survey,
                       struct rg_statistics *ret_statistics)
{
    const bool is_whole = recoder->survey == survey && survey->index_page_count == 0 &&
                          recoder->page_count == survey->value_page_count;

    if (!is_whole || !recoder->has_bounds)
        return false;
    *ret_statistics = recoder->statistics;
    /* There would be no bounds with a NaN. */
    ret_statistics->has_nan_count = rg_order_is_floating(recoder->bench->order);
    ret_statistics->has_min_exact = true;
    ret_statistics->has_max_exact = true;
    ret_statistics->is_min_exact = true;
    ret_statistics->is_max_exact = true;
    return true;
}

uint8_t rg_recode_encoding(const struct rg_leaf *leaf, uint32_t encodings)
{
    const bool are_integers = leaf->type == RG_TYPE_INT32 || leaf->type == RG_TYPE_INT64;
    const bool are_bytes =
        leaf->type == RG_TYPE_BYTE_ARRAY || leaf->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY;

    if (are_integers && encodings == UINT32_C(1) << RG_ENCODING_DELTA_BINARY_PACKED)
        return RG_ENCODING_DELTA_BINARY_PACKED;
    if (are_bytes && encodings == UINT32_C(1) << RG_ENCODING_DELTA_BYTE_ARRAY)
        return RG_ENCODING_DELTA_BYTE_ARRAY;
    return RG_ENCODING_PLAIN;
}

enum rg_status rg_recode_encode(struct rg_bench *bench, struct rg_room *room, uint8_t encoding,
                                struct rg_span plain, uint32_t value_count, struct rg_buffer *out,
                                struct rg_error *err)
{
    struct rg_values values = {
        .count = value_count,
        .width_bytes = rg_plain_bytes(bench->leaf),
        .is_variable = bench->leaf->type == RG_TYPE_BYTE_ARRAY,
        .fixed = plain.data,
        .bytes = plain.data,
    };
    const size_t scratch_bytes = 2 * (size_t)value_count * sizeof(uint32_t);
    const size_t view_bytes = (size_t)value_count * sizeof(struct rg_view);
    uint64_t at = 0;

    if (encoding == RG_ENCODING_DELTA_BINARY_PACKED) {
        rg_delta_encode(plain.data, values.width_bytes, value_count, out);
        return rg_buffer_check(out, "page", err);
    }
    RG_TRY(rg_bench_room(bench, room, scratch_bytes + view_bytes, 0, err));
    if (values.is_variable) {
        struct rg_view *views = (void *)(room->data + scratch_bytes);

        RG_TRY(rg_plain_read_views(plain, &at, value_count, views, err));
        values.views = views;
    }
    rg_delta_bytes_encode(&values, (void *)room->data, out);
    return rg_buffer_check(out, "page", err);
}
