/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/encoding/byte_stream_split.h"

#include <assert.h>

enum rg_status rg_byte_stream_split_decoder_init(struct rg_byte_stream_split_decoder *decoder,
                                                 const struct rg_value_kind *kind,
                                                 struct rg_span bytes, struct rg_error *err)
{
    if (kind->is_variable || kind->type == RG_TYPE_BOOLEAN)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "BYTE_STREAM_SPLIT of physical type %u",
                       kind->type);
    if (kind->width_bytes == 0 ? bytes.bytes != 0 : bytes.bytes % kind->width_bytes != 0)
        return rg_fail(err, RG_ERR_CORRUPT, "%zu bytes are no streams of values of %u bytes",
                       bytes.bytes, kind->width_bytes);
    *decoder = (struct rg_byte_stream_split_decoder){
        .width_bytes = kind->width_bytes,
        .bytes = bytes,
        /* Of values without bytes there are as many as one likes. */
        .value_count = kind->width_bytes == 0 ? SIZE_MAX : bytes.bytes / kind->width_bytes,
    };
    return RG_OK;
}

/* Four bytes of `count` values, from four streams; written so that it becomes vector code. */
static void join_4(const uint8_t *streams, size_t stream_bytes, uint32_t count, uint8_t *out,
                   size_t width)
{
    const uint8_t *a = streams;
    const uint8_t *b = a + stream_bytes;
    const uint8_t *c = b + stream_bytes;
    const uint8_t *d = c + stream_bytes;

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t word =
            a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24;
        memcpy(out + i * width, &word, sizeof word);
    }
}

enum rg_status rg_byte_stream_split_decoder_next(struct rg_byte_stream_split_decoder *decoder,
                                                 uint32_t count, struct rg_value_room *room,
                                                 struct rg_values *ret_values, struct rg_error *err)
{
    const size_t width = decoder->width_bytes;
    const size_t left = decoder->value_count - decoder->at;
    size_t k = 0;

    assert(count <= room->count_max);
    if (count > left)
        return rg_fail(err, RG_ERR_CORRUPT, "byte streams have %zu values where %u are wanted",
                       left, count);
    if (width == 4) {
        join_4(decoder->bytes.data + decoder->at, decoder->value_count, count, room->fixed, 4);
        k = 4;
    }
    for (; k + 4 <= width; k += 4)
        join_4(decoder->bytes.data + k * decoder->value_count + decoder->at, decoder->value_count,
               count, room->fixed + k, width);
    for (; k < width; k++) {
        const uint8_t *stream = decoder->bytes.data + k * decoder->value_count + decoder->at;

        for (uint32_t i = 0; i < count; i++)
            room->fixed[i * width + k] = stream[i];
    }
    decoder->at += count;
    *ret_values = (struct rg_values){
        .count = count, .width_bytes = decoder->width_bytes, .fixed = room->fixed};
    return RG_OK;
}
