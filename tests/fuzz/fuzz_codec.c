/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A byte names the codec, three the length that the page header promises, and the rest is the
 * frame. Nothing is written past the promised length, and the answer does not depend on what a
 * context did before; what was taken as raw bytes comes back when it is compressed again.
 */

#include <string.h>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "parquet/codec.h"

enum {
    HEAD_BYTES = 4,
    ROOM_BYTES_MAX = 1 << 18,
};
static const uint8_t fence = 0xA5;

static void check_fence(const uint8_t *room, size_t bytes)
{
    for (size_t i = 0; i < rg_slack_bytes; i++)
        FUZZ_CHECK(room[bytes + i] == fence);
}

static void compress_again(struct rg_codec_context *context, unsigned codec, struct rg_span raw)
{
    const size_t bound = rg_codec_compress_bound(codec, raw.bytes);
    uint8_t *packed = malloc(bound + 1);
    uint8_t *back = malloc(raw.bytes + 1);
    size_t packed_bytes = 0;
    struct rg_error err;

    FUZZ_CHECK(packed != NULL && back != NULL);
    FUZZ_CHECK(rg_codec_compress(context, codec, rg_codec_level_default(codec), raw, packed, bound,
                                 &packed_bytes, &err) == RG_OK);
    const struct rg_span span = {packed, packed_bytes};
    FUZZ_CHECK(rg_codec_decompress(context, codec, span, back, raw.bytes, &err) == RG_OK);
    FUZZ_CHECK(memcmp(back, raw.data, raw.bytes) == 0);
    free(back);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct rg_codec_context *context = rg_codec_context_new(&rg_allocator_system);
    struct rg_error err = {.status = RG_OK};

    if (bytes < HEAD_BYTES) {
        rg_codec_context_free(context);
        return 0;
    }
    FUZZ_CHECK(context != NULL);
    const unsigned codec = data[0] % 9;
    const size_t raw_bytes =
        ((size_t)data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16) % ROOM_BYTES_MAX;
    const struct rg_span frame = {data + HEAD_BYTES, bytes - HEAD_BYTES};
    uint8_t *first = malloc(raw_bytes + rg_slack_bytes);
    uint8_t *second = malloc(raw_bytes + rg_slack_bytes);
    FUZZ_CHECK(first != NULL && second != NULL);
    memset(first, fence, raw_bytes + rg_slack_bytes);
    memset(second, fence, raw_bytes + rg_slack_bytes);

    const enum rg_status status =
        rg_codec_decompress(context, codec, frame, first, raw_bytes, &err);
    FUZZ_CHECK(status == RG_OK || status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED);
    FUZZ_CHECK(rg_codec_decompress(context, codec, frame, second, raw_bytes, &err) == status);
    check_fence(first, raw_bytes);
    check_fence(second, raw_bytes);
    if (status == RG_OK) {
        FUZZ_CHECK(memcmp(first, second, raw_bytes) == 0);
        if (rg_codec_can_compress(codec))
            compress_again(context, codec, (struct rg_span){first, raw_bytes});
    }
    free(second);
    free(first);
    rg_codec_context_free(context);
    return 0;
}
