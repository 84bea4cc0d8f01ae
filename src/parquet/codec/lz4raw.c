/* SPDX-License-Identifier: Apache-2.0 */

/* LZ4_RAW: one LZ4 block. The library's work memory (16 KiB) lies on the stack. */

#include "parquet/codec/lz4raw.h"

#include <lz4.h>

#include "base/checked.h"

/* A byte of a match's length stands for 255 bytes (lz4 Block Format); 258 for the first three. */
static const size_t ratio_max = 258;

static enum rg_status lz4raw_decompress(struct rg_codec_context *context, struct rg_span in,
                                        uint8_t *out, size_t out_bytes, struct rg_error *err)
{
    (void)context;
    const int raw_bytes =
        LZ4_decompress_safe((const char *)in.data, (char *)out, (int)in.bytes, (int)out_bytes);
    if (raw_bytes < 0)
        return rg_fail(err, RG_ERR_CORRUPT, "lz4: %zu bytes are no block of %zu bytes", in.bytes,
                       out_bytes);
    if ((size_t)raw_bytes != out_bytes)
        return rg_codec_fail_length(err, "lz4 block", (uint64_t)raw_bytes, out_bytes);
    return RG_OK;
}

static size_t lz4raw_compress_bound(size_t bytes)
{
    /* Above what fits the library's int the answer is 0; codec.c refuses such pages. */
    return bytes > LZ4_MAX_INPUT_SIZE ? 0 : (size_t)LZ4_compressBound((int)bytes);
}

static enum rg_status lz4raw_compress(struct rg_codec_context *context, int level,
                                      struct rg_span in, uint8_t *out, size_t out_capacity,
                                      size_t *ret_bytes, struct rg_error *err)
{
    const int capacity = out_capacity > INT32_MAX ? INT32_MAX : (int)out_capacity;

    (void)context;
    (void)level;
    const int bytes =
        LZ4_compress_default((const char *)in.data, (char *)out, (int)in.bytes, capacity);
    if (bytes <= 0)
        return rg_fail(err, RG_ERR_BUG, "lz4: room for %zu bytes is too little", out_capacity);
    *ret_bytes = (size_t)bytes;
    return RG_OK;
}

static size_t lz4raw_decompress_bound(struct rg_span in)
{
    size_t bytes;

    return rg_mul_size(in.bytes, ratio_max, &bytes) ? bytes : SIZE_MAX;
}

const struct rg_codec_ops rg_codec_ops_lz4raw = {
    .decompress = lz4raw_decompress,
    .decompress_bound = lz4raw_decompress_bound,
    .compress_bound = lz4raw_compress_bound,
    .compress = lz4raw_compress,
};
