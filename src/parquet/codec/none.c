/* SPDX-License-Identifier: Apache-2.0 */

/* UNCOMPRESSED: the bytes themselves. */

#include "parquet/codec/none.h"

#include <string.h>

static enum rg_status none_decompress(struct rg_codec_context *context, struct rg_span in,
                                      uint8_t *out, size_t out_bytes, struct rg_error *err)
{
    (void)context;
    if (in.bytes != out_bytes)
        return rg_codec_fail_length(err, "uncompressed page", in.bytes, out_bytes);
    if (out_bytes > 0)
        memcpy(out, in.data, out_bytes);
    return RG_OK;
}

static size_t none_compress_bound(size_t bytes)
{
    return bytes;
}

static enum rg_status none_compress(struct rg_codec_context *context, int level, struct rg_span in,
                                    uint8_t *out, size_t out_capacity, size_t *ret_bytes,
                                    struct rg_error *err)
{
    (void)context;
    (void)level;
    if (in.bytes > out_capacity)
        return rg_fail(err, RG_ERR_BUG, "room for %zu bytes, not for %zu", out_capacity, in.bytes);
    if (in.bytes > 0)
        memcpy(out, in.data, in.bytes);
    *ret_bytes = in.bytes;
    return RG_OK;
}

static size_t none_decompress_bound(struct rg_span in)
{
    return in.bytes;
}

const struct rg_codec_ops rg_codec_ops_none = {
    .decompress = none_decompress,
    .decompress_bound = none_decompress_bound,
    .compress_bound = none_compress_bound,
    .compress = none_compress,
};
