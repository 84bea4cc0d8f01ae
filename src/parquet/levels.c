/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/levels.h"

#include <string.h>

#include "parquet/types.h"
#include "parquet/values.h"

enum {
    BATCH = 1024
};

uint64_t rg_level_packed_bytes(uint8_t level_max, uint32_t value_count)
{
    return ((uint64_t)value_count * rg_bit_width(level_max) + 7) / 8;
}

enum rg_status rg_level_decoder_init(struct rg_level_decoder *decoder, unsigned encoding,
                                     uint8_t level_max, struct rg_span bytes, uint32_t value_count,
                                     struct rg_error *err)
{
    *decoder = (struct rg_level_decoder){
        .is_bit_packed = level_max > 0 && encoding == RG_ENCODING_BIT_PACKED,
        .level_max = level_max,
        .width = rg_bit_width(level_max),
        .packed = bytes,
    };
    /* Where there are no levels, what is said of them means nothing. */
    if (level_max == 0)
        return RG_OK;
    if (encoding != RG_ENCODING_RLE && encoding != RG_ENCODING_BIT_PACKED)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "levels of encoding %u", encoding);
    if (!decoder->is_bit_packed)
        rg_rle_decoder_init(&decoder->runs, bytes, decoder->width, value_count);
    else if (bytes.bytes < rg_level_packed_bytes(level_max, value_count))
        return rg_fail(err, RG_ERR_CORRUPT, "%u bit-packed levels in %zu bytes", value_count,
                       bytes.bytes);
    return RG_OK;
}

/* Most significant bit first, one level after the other: such pages are rare. */
static void unpack_reversed(struct rg_level_decoder *decoder, uint32_t count, uint8_t *ret_levels)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t level = 0;

        for (uint32_t k = 0; k < decoder->width; k++) {
            const uint64_t bit = decoder->bit++;
            level = level << 1 | (decoder->packed.data[bit / 8] >> (7 - bit % 8) & 1u);
        }
        ret_levels[i] = (uint8_t)level;
    }
}

enum rg_status rg_level_decoder_next(struct rg_level_decoder *decoder, uint32_t count,
                                     uint8_t *ret_levels, struct rg_error *err)
{
    if (decoder->level_max == 0) {
        memset(ret_levels, 0, count);
        return RG_OK;
    }
    if (decoder->is_bit_packed)
        unpack_reversed(decoder, count, ret_levels);
    else
        RG_TRY(rg_rle_decoder_next_u8(&decoder->runs, count, ret_levels, err));
    const uint8_t max = rg_max_u8(ret_levels, count);
    if (max > decoder->level_max)
        return rg_fail(err, RG_ERR_CORRUPT, "level %u where the largest is %u", max,
                       decoder->level_max);
    return RG_OK;
}

enum rg_status rg_level_count_equal(const struct rg_level_decoder *decoder, uint32_t value_count,
                                    uint8_t level, uint32_t *ret_count, struct rg_error *err)
{
    struct rg_level_decoder walker = *decoder;
    uint32_t count = 0;

    if (!walker.is_bit_packed && walker.level_max > 0)
        return rg_rle_count_equal(walker.packed, walker.width, value_count, level, ret_count, err);
    for (uint32_t first = 0; first < value_count; first += BATCH) {
        uint8_t levels[BATCH];
        const uint32_t left = value_count - first;
        const uint32_t here = left < BATCH ? left : BATCH;

        RG_TRY(rg_level_decoder_next(&walker, here, levels, err));
        for (uint32_t i = 0; i < here; i++)
            count += levels[i] == level;
    }
    *ret_count = count;
    return RG_OK;
}
