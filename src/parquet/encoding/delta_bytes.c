/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A DELTA_BYTE_ARRAY value needs the one before it, so the values of a batch are put together in a
 * buffer one after another, and the last one is kept for the batch that follows.
 *
 * Invariant: between batches room->last holds the last value that was delivered.
 */

#include "parquet/encoding/delta_bytes.h"

#include <assert.h>

enum {
    COPY_BYTES = 16
};

/* A batch ends when its values together reach this. */
static const size_t batch_bytes_max = (size_t)1 << 20;

enum rg_status rg_delta_length_decoder_init(struct rg_delta_length_decoder *decoder,
                                            struct rg_span bytes, struct rg_error *err)
{
    const uint8_t *begin = NULL;

    RG_TRY(rg_delta_decoder_init(&decoder->lengths, sizeof(uint32_t), bytes, err));
    RG_TRY(rg_delta_find_end(&decoder->lengths, &begin, err));
    decoder->bytes = (struct rg_span){begin, (size_t)(decoder->lengths.end - begin)};
    decoder->at = 0;
    return RG_OK;
}

/* The next `count` values as views into decoder->bytes. */
static enum rg_status next_views(struct rg_delta_length_decoder *decoder, uint32_t count,
                                 uint32_t *scratch, struct rg_view *ret_views, struct rg_error *err)
{
    size_t at = decoder->at;

    RG_TRY(rg_delta_decoder_next(&decoder->lengths, count, (uint8_t *)scratch, err));
    for (uint32_t i = 0; i < count; i++) {
        /* A negative length is a large one here. */
        if (scratch[i] > decoder->bytes.bytes - at)
            return rg_fail(err, RG_ERR_CORRUPT, "byte array of %u bytes where %zu are left",
                           scratch[i], decoder->bytes.bytes - at);
        ret_views[i] = (struct rg_view){(uint32_t)at, scratch[i]};
        at += scratch[i];
    }
    decoder->at = at;
    return RG_OK;
}

enum rg_status rg_delta_length_decoder_next(struct rg_delta_length_decoder *decoder, uint32_t count,
                                            struct rg_value_room *room,
                                            struct rg_values *ret_values, struct rg_error *err)
{
    assert(count <= room->count_max && room->kind.is_variable);
    RG_TRY(next_views(decoder, count, room->words, room->views, err));
    *ret_values = (struct rg_values){
        .count = count, .is_variable = true, .views = room->views, .bytes = decoder->bytes.data};
    return RG_OK;
}

void rg_delta_length_encode(const struct rg_values *values, uint32_t *scratch,
                            struct rg_buffer *out)
{
    for (uint32_t i = 0; i < values->count; i++)
        scratch[i] = values->views[i].bytes;
    rg_delta_encode((const uint8_t *)scratch, sizeof(uint32_t), values->count, out);
    for (uint32_t i = 0; i < values->count; i++)
        rg_buffer_append(out, values->bytes + values->views[i].offset, values->views[i].bytes);
}

enum rg_status rg_delta_bytes_decoder_init(struct rg_delta_bytes_decoder *decoder,
                                           struct rg_span bytes, uint32_t value_count,
                                           bool is_linked, struct rg_value_room *room,
                                           struct rg_error *err)
{
    const uint8_t *begin = NULL;

    *decoder = (struct rg_delta_bytes_decoder){.kind = room->kind, .values_left = value_count};
    if (!is_linked)
        rg_buffer_reset(&room->last);
    /* A page of nulls only may hold nothing at all. */
    if (bytes.bytes == 0 && value_count == 0)
        return RG_OK;
    RG_TRY(rg_delta_decoder_init(&decoder->prefixes, sizeof(uint32_t), bytes, err));
    RG_TRY(rg_delta_find_end(&decoder->prefixes, &begin, err));
    return rg_delta_length_decoder_init(
        &decoder->suffixes, (struct rg_span){begin, (size_t)(decoder->prefixes.end - begin)}, err);
}

static uint32_t shared_bytes(struct rg_span a, struct rg_span b)
{
    const size_t most = a.bytes < b.bytes ? a.bytes : b.bytes;
    uint32_t bytes = 0;

    while (bytes < most && a.data[bytes] == b.data[bytes])
        bytes++;
    return bytes;
}

void rg_delta_bytes_encode(const struct rg_values *values, uint32_t *scratch, struct rg_buffer *out)
{
    uint32_t *prefixes = scratch;
    uint32_t *suffixes = scratch + values->count;
    struct rg_span last = {NULL, 0};

    for (uint32_t i = 0; i < values->count; i++) {
        const struct rg_span value = rg_values_at(values, i);

        prefixes[i] = shared_bytes(last, value);
        suffixes[i] = (uint32_t)value.bytes - prefixes[i];
        last = value;
    }
    rg_delta_encode((const uint8_t *)prefixes, sizeof(uint32_t), values->count, out);
    rg_delta_encode((const uint8_t *)suffixes, sizeof(uint32_t), values->count, out);
    for (uint32_t i = 0; i < values->count; i++) {
        const struct rg_span value = rg_values_at(values, i);

        rg_buffer_append(out, value.data + prefixes[i], suffixes[i]);
    }
}

static enum rg_status read_ahead(struct rg_delta_bytes_decoder *decoder, struct rg_error *err)
{
    uint32_t scratch[RG_DELTA_BYTES_AHEAD];
    const uint32_t count =
        decoder->values_left < RG_DELTA_BYTES_AHEAD ? decoder->values_left : RG_DELTA_BYTES_AHEAD;

    if (count == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "page has no byte array left");
    RG_TRY(rg_delta_decoder_next(&decoder->prefixes, count, (uint8_t *)decoder->prefix_bytes, err));
    RG_TRY(next_views(&decoder->suffixes, count, scratch, decoder->suffix_views, err));
    decoder->values_left -= count;
    decoder->ahead_count = count;
    decoder->ahead_used = 0;
    return RG_OK;
}

/* In whole steps: up to COPY_BYTES - 1 bytes too many, and one step for nothing. */
static inline void copy_wide(uint8_t *to, const uint8_t *from, size_t bytes)
{
    size_t done = 0;

    do {
        uint8_t step[COPY_BYTES];

        memcpy(step, from + done, sizeof step);
        memcpy(to + done, step, sizeof step);
        done += sizeof step;
    } while (done < bytes);
}

/*
 * append_value() where there is room to read and write too much, which is nearly always: values are
 * short, and memcpy() of so few bytes costs more than they do. What is written behind the value is
 * written over by the next. The prefix may be read as it is written, but only beyond its end.
 */
static inline bool append_quickly(const struct rg_delta_bytes_decoder *decoder, uint32_t prefix,
                                  struct rg_view suffix, struct rg_value_room *room,
                                  struct rg_view *last)
{
    const size_t used = room->bytes.bytes;
    const size_t suffix_left = decoder->suffixes.bytes.bytes - suffix.offset;
    const uint64_t bytes = (uint64_t)prefix + suffix.bytes;

    if (room->bytes.capacity - used < bytes + COPY_BYTES ||
        suffix_left < (uint64_t)suffix.bytes + COPY_BYTES)
        return false;
    uint8_t *at = room->bytes.data + used;
    copy_wide(at, room->bytes.data + last->offset, prefix);
    copy_wide(at + prefix, decoder->suffixes.bytes.data + suffix.offset, suffix.bytes);
    *last = (struct rg_view){(uint32_t)used, (uint32_t)bytes};
    room->bytes.bytes += bytes;
    return true;
}

/* Puts one value behind the others in room->bytes; *last tells where the one before it lies. */
static enum rg_status append_value(const struct rg_delta_bytes_decoder *decoder, uint32_t ahead,
                                   struct rg_value_room *room, bool is_first, struct rg_view *last,
                                   struct rg_error *err)
{
    const uint32_t prefix = decoder->prefix_bytes[ahead];
    const struct rg_view suffix = decoder->suffix_views[ahead];
    const uint64_t bytes = (uint64_t)prefix + suffix.bytes;

    if (prefix > last->bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "byte array shares %u bytes with one of %u", prefix,
                       last->bytes);
    if (!decoder->kind.is_variable && bytes != decoder->kind.width_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "byte array of %llu bytes where all have %u",
                       (unsigned long long)bytes, decoder->kind.width_bytes);
    if (!is_first && append_quickly(decoder, prefix, suffix, room, last))
        return RG_OK;
    uint8_t *at = rg_buffer_reserve(&room->bytes, bytes);
    if (at == NULL)
        return rg_buffer_check(&room->bytes, "a byte array", err);
    if (prefix > 0)
        memcpy(at, is_first ? room->last.data : room->bytes.data + last->offset, prefix);
    if (suffix.bytes > 0)
        memcpy(at + prefix, decoder->suffixes.bytes.data + suffix.offset, suffix.bytes);
    *last = (struct rg_view){(uint32_t)room->bytes.bytes, (uint32_t)bytes};
    room->bytes.bytes += bytes;
    return RG_OK;
}

enum rg_status rg_delta_bytes_decoder_next(struct rg_delta_bytes_decoder *decoder, uint32_t count,
                                           struct rg_value_room *room, struct rg_values *ret_values,
                                           struct rg_error *err)
{
    struct rg_view last = {0, (uint32_t)room->last.bytes};
    uint32_t done = 0;

    assert(count <= room->count_max);
    rg_buffer_reset(&room->bytes);
    while (done < count && (done == 0 || room->bytes.bytes < batch_bytes_max)) {
        if (decoder->ahead_used == decoder->ahead_count)
            RG_TRY(read_ahead(decoder, err));
        RG_TRY(append_value(decoder, decoder->ahead_used, room, done == 0, &last, err));
        decoder->ahead_used++;
        if (room->kind.is_variable)
            room->views[done] = last;
        done++;
    }
    if (done > 0) {
        rg_buffer_reset(&room->last);
        rg_buffer_append(&room->last, room->bytes.data + last.offset, last.bytes);
        RG_TRY(rg_buffer_check(&room->last, "a byte array", err));
    }
    *ret_values = (struct rg_values){
        .count = done,
        .width_bytes = room->kind.width_bytes,
        .is_variable = room->kind.is_variable,
        .fixed = room->bytes.data,
        .views = room->views,
        .bytes = room->bytes.data,
    };
    return RG_OK;
}
