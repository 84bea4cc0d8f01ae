/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs of any width, decoded whole, in pieces, as bytes and as levels of both encodings: all say
 * the same. What was decoded comes back when it is encoded again.
 */

#include <string.h>

#include "fuzz/fuzz.h"
#include "parquet/levels.h"
#include "parquet/types.h"

enum {
    HEAD_BYTES = 4,
    VALUES_MAX = 20000,
};

static void check_bytes(struct rg_span runs, uint32_t width, const uint32_t *values, uint32_t count)
{
    uint8_t *bytes = malloc(count + 1);
    struct rg_error err;

    FUZZ_CHECK(bytes != NULL);
    FUZZ_CHECK(rg_rle_decode_u8(runs, width, count, bytes, &err) == RG_OK);
    for (uint32_t i = 0; i < count; i++)
        FUZZ_CHECK(bytes[i] == values[i]);
    free(bytes);
}

static void check_pieces(struct rg_span runs, uint32_t width, const uint32_t *values,
                         uint32_t count, uint32_t piece_max)
{
    uint32_t *pieces = malloc((count + 1) * sizeof *pieces);
    struct rg_rle_decoder decoder;
    struct rg_error err;

    FUZZ_CHECK(pieces != NULL);
    rg_rle_decoder_init(&decoder, runs, width, count);
    for (uint32_t at = 0; at < count;) {
        const uint32_t here = count - at < piece_max ? count - at : piece_max;

        FUZZ_CHECK(rg_rle_decoder_next(&decoder, here, pieces + at, &err) == RG_OK);
        at += here;
    }
    FUZZ_CHECK(memcmp(pieces, values, count * sizeof *values) == 0);
    free(pieces);
}

static void check_encoded(uint32_t width, const uint32_t *values, uint32_t count,
                          uint32_t repeat_min)
{
    struct rg_buffer out;
    struct rg_error err;

    uint32_t *back = malloc((count + 1) * sizeof *back);
    FUZZ_CHECK(back != NULL);
    rg_buffer_init(&out, &rg_allocator_system, SIZE_MAX);
    rg_rle_encode(values, count, width, repeat_min, &out);
    FUZZ_CHECK(!out.failed);
    FUZZ_CHECK(rg_rle_decode(rg_buffer_span(&out), width, count, back, &err) == RG_OK);
    FUZZ_CHECK(memcmp(back, values, count * sizeof *values) == 0);
    rg_buffer_fini(&out);
    free(back);
}

static void check_levels(unsigned encoding, struct rg_span bytes, uint8_t level_max, uint32_t count)
{
    struct rg_level_decoder decoder;
    struct rg_error err;
    uint32_t equal = 0;
    uint32_t counted = 0;

    if (rg_level_decoder_init(&decoder, encoding, level_max, bytes, count, &err) != RG_OK)
        return;
    uint8_t *levels = malloc(count + 1);
    FUZZ_CHECK(levels != NULL);
    const enum rg_status counting =
        rg_level_count_equal(&decoder, count, level_max, &counted, &err);
    if (rg_level_decoder_next(&decoder, count, levels, &err) == RG_OK) {
        for (uint32_t i = 0; i < count; i++) {
            FUZZ_CHECK(levels[i] <= level_max);
            equal += levels[i] == level_max;
        }
        FUZZ_CHECK(counting == RG_OK && equal == counted);
    }
    free(levels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct rg_error err;
    uint32_t counted = 0;
    uint32_t equal = 0;

    if (bytes < HEAD_BYTES)
        return 0;
    const uint32_t width = data[0] % 33;
    const uint32_t count = ((uint32_t)data[1] | (uint32_t)data[2] << 8) % VALUES_MAX;
    const struct rg_span runs = {data + HEAD_BYTES, bytes - HEAD_BYTES};
    check_levels(RG_ENCODING_RLE, runs, data[3], count);
    check_levels(RG_ENCODING_BIT_PACKED, runs, data[3], count);

    uint32_t *values = malloc((count + 1) * sizeof *values);
    FUZZ_CHECK(values != NULL);
    const enum rg_status status = rg_rle_decode(runs, width, count, values, &err);
    FUZZ_CHECK(status == RG_OK || status == RG_ERR_CORRUPT);
    FUZZ_CHECK(rg_rle_count_equal(runs, width, count, 1, &counted, &err) == status);
    if (status == RG_OK) {
        for (uint32_t i = 0; i < count; i++) {
            FUZZ_CHECK(width == 32 || values[i] >> width == 0);
            equal += values[i] == 1;
        }
        FUZZ_CHECK(equal == counted);
        if (width <= 8)
            check_bytes(runs, width, values, count);
        check_pieces(runs, width, values, count, 1u + data[3] % 50);
        check_encoded(width, values, count, data[3] % 80);
    }
    free(values);
    return 0;
}
