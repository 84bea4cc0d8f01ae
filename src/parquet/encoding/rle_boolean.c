/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/encoding/rle_boolean.h"

#include <assert.h>

enum {
    LENGTH_BYTES = 4,
    REPEAT_MIN = 64, /* As for index pages (dict.c). */
};

enum rg_status rg_rle_boolean_decoder_init(struct rg_rle_boolean_decoder *decoder,
                                           struct rg_span bytes, uint32_t value_count,
                                           struct rg_error *err)
{
    uint32_t length = 0;

    /* A page of nulls only may hold nothing at all. */
    if (bytes.bytes == 0 && value_count == 0) {
        rg_rle_decoder_init(&decoder->runs, bytes, 1, 0);
        return RG_OK;
    }
    if (bytes.bytes < LENGTH_BYTES)
        return rg_fail(err, RG_ERR_CORRUPT, "no length in %zu bytes of booleans", bytes.bytes);
    memcpy(&length, bytes.data, LENGTH_BYTES);
    if (length > bytes.bytes - LENGTH_BYTES)
        return rg_fail(err, RG_ERR_CORRUPT, "%u bytes of boolean runs where %zu are left", length,
                       bytes.bytes - LENGTH_BYTES);
    rg_rle_decoder_init(&decoder->runs, (struct rg_span){bytes.data + LENGTH_BYTES, length}, 1,
                        value_count);
    return RG_OK;
}

enum rg_status rg_rle_boolean_decoder_next(struct rg_rle_boolean_decoder *decoder, uint32_t count,
                                           struct rg_value_room *room, struct rg_values *ret_values,
                                           struct rg_error *err)
{
    assert(count <= room->count_max);
    RG_TRY(rg_rle_decoder_next_u8(&decoder->runs, count, room->fixed, err));
    *ret_values = (struct rg_values){.count = count, .width_bytes = 1, .fixed = room->fixed};
    return RG_OK;
}

void rg_rle_boolean_encode(const uint8_t *values, uint32_t count, uint32_t *scratch,
                           struct rg_buffer *out)
{
    static const uint8_t no_length[LENGTH_BYTES] = {0};
    const size_t begin = out->bytes;

    for (uint32_t i = 0; i < count; i++)
        scratch[i] = values[i] & 1;
    rg_buffer_append(out, no_length, LENGTH_BYTES);
    rg_rle_encode(scratch, count, 1, REPEAT_MIN, out);
    if (out->failed)
        return;
    const uint32_t length = (uint32_t)(out->bytes - begin - LENGTH_BYTES);
    memcpy(out->data + begin, &length, LENGTH_BYTES);
}
