/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GZIP: one or more RFC 1952 members, and nothing behind them; and CRC-32, which is the same
 * library's.
 *
 * libdeflate takes memory from malloc: its only hook is one for the whole process. It does so when
 * a context first meets the codec, never later, and the amount is counted in the reserve.
 */

#include "parquet/codec/gzip.h"

#include <libdeflate.h>

#include "base/checked.h"
#include "parquet/codec.h"

static const int level_fastest = 1;
static const int level_usual = 6;
static const int level_highest = 9; /* 10 to 12 search optimally and take 9 MB of tables. */

/* Deflate: a match of 258 bytes in two bits (zlib's technical notes). */
static const size_t ratio_max = 1032;

/* Measured with libdeflate 1.14: 11,576; 202,775 at level 1, 668,311 above. */
static const size_t decompressor_bytes = 12 * 1024;
static const size_t compressor_bytes = 656 * 1024;

/* One member from the front of *in; moves *in and returns how many bytes it gave. */
static enum rg_status decompress_member(struct rg_codec_context *context, struct rg_span *in,
                                        uint8_t *out, size_t out_bytes, size_t *ret_bytes,
                                        struct rg_error *err)
{
    size_t in_used;
    size_t out_used;

    const enum libdeflate_result result = libdeflate_gzip_decompress_ex(
        context->gzip_decompressor, in->data, in->bytes, out, out_bytes, &in_used, &out_used);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        return rg_fail(err, RG_ERR_CORRUPT, "gzip: a member has more than the %zu bytes left",
                       out_bytes);
    if (result != LIBDEFLATE_SUCCESS)
        return rg_fail(err, RG_ERR_CORRUPT, "gzip: broken member at %zu bytes from the end",
                       in->bytes);
    *in = (struct rg_span){in->data + in_used, in->bytes - in_used};
    *ret_bytes = out_used;
    return RG_OK;
}

static enum rg_status gzip_decompress(struct rg_codec_context *context, struct rg_span in,
                                      uint8_t *out, size_t out_bytes, struct rg_error *err)
{
    size_t done = 0;

    if (context->gzip_decompressor == NULL)
        context->gzip_decompressor = libdeflate_alloc_decompressor();
    if (context->gzip_decompressor == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a gzip decompressor");

    while (in.bytes > 0) {
        size_t bytes = 0;

        RG_TRY(decompress_member(context, &in, out + done, out_bytes - done, &bytes, err));
        done += bytes;
    }
    if (done != out_bytes)
        return rg_codec_fail_length(err, "gzip", done, out_bytes);
    return RG_OK;
}

static size_t gzip_compress_bound(size_t bytes)
{
    return libdeflate_gzip_compress_bound(NULL, bytes);
}

static enum rg_status gzip_compress(struct rg_codec_context *context, int level, struct rg_span in,
                                    uint8_t *out, size_t out_capacity, size_t *ret_bytes,
                                    struct rg_error *err)
{
    if (context->gzip_compressor != NULL && context->gzip_level != level) {
        libdeflate_free_compressor(context->gzip_compressor);
        context->gzip_compressor = NULL;
    }
    if (context->gzip_compressor == NULL)
        context->gzip_compressor = libdeflate_alloc_compressor(level);
    if (context->gzip_compressor == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a gzip compressor of level %d", level);
    context->gzip_level = level;

    const size_t bytes =
        libdeflate_gzip_compress(context->gzip_compressor, in.data, in.bytes, out, out_capacity);
    if (bytes == 0)
        return rg_fail(err, RG_ERR_BUG, "gzip: room for %zu bytes is too little", out_capacity);
    *ret_bytes = bytes;
    return RG_OK;
}

static size_t gzip_compress_memory_bytes(int level)
{
    (void)level;
    return compressor_bytes;
}

static void gzip_fini(struct rg_codec_context *context)
{
    libdeflate_free_decompressor(context->gzip_decompressor);
    libdeflate_free_compressor(context->gzip_compressor);
}

static size_t gzip_decompress_bound(struct rg_span in)
{
    size_t bytes;

    return rg_mul_size(in.bytes, ratio_max, &bytes) ? bytes : SIZE_MAX;
}

const struct rg_codec_ops rg_codec_ops_gzip = {
    .level_default = level_usual,
    .level_min = level_fastest,
    .level_max = level_highest,
    .decompress = gzip_decompress,
    .decompress_bound = gzip_decompress_bound,
    .compress_bound = gzip_compress_bound,
    .compress = gzip_compress,
    .compress_memory_bytes = gzip_compress_memory_bytes,
    .decompress_memory_bytes = decompressor_bytes,
    .fini = gzip_fini,
};

uint32_t rg_crc32_update(uint32_t crc, struct rg_span bytes)
{
    return bytes.bytes == 0 ? crc : libdeflate_crc32(crc, bytes.data, bytes.bytes);
}

uint32_t rg_crc32(struct rg_span bytes)
{
    return rg_crc32_update(0, bytes);
}
