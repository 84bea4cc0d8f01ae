/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SNAPPY: raw blocks, without the framing format.
 *
 * The library keeps nothing between calls. Compression takes its work memory from C++'s operator
 * new in every call, out of sight of our allocator; it is counted in the reserve. Decompression
 * takes none.
 */

#include "parquet/codec/snappy.h"

#include <snappy-c.h>

#include "parquet/codec/snappy_call.h"

/* snappy 1.1.9: hash table of 2^14 u16, a 64 KiB block and its bound; measured 173,722. */
static const size_t work_bytes = 176 * 1024;

static enum rg_status snappy_decompress(struct rg_codec_context *context, struct rg_span in,
                                        uint8_t *out, size_t out_bytes, struct rg_error *err)
{
    const char *bytes = (const char *)in.data;
    size_t raw_bytes;

    (void)context;
    if (snappy_uncompressed_length(bytes, in.bytes, &raw_bytes) != SNAPPY_OK)
        return rg_fail(err, RG_ERR_CORRUPT, "snappy: no length in front of %zu bytes", in.bytes);
    if (raw_bytes != out_bytes)
        return rg_codec_fail_length(err, "snappy block", raw_bytes, out_bytes);
    if (snappy_uncompress(bytes, in.bytes, (char *)out, &raw_bytes) != SNAPPY_OK)
        return rg_fail(err, RG_ERR_CORRUPT, "snappy: %zu bytes are no block of %zu bytes", in.bytes,
                       out_bytes);
    return RG_OK;
}

static size_t snappy_compress_bound(size_t bytes)
{
    return snappy_max_compressed_length(bytes);
}

static enum rg_status compress_block(struct rg_codec_context *context, int level, struct rg_span in,
                                     uint8_t *out, size_t out_capacity, size_t *ret_bytes,
                                     struct rg_error *err)
{
    size_t bytes = out_capacity;

    (void)context;
    (void)level;
    switch (rg_snappy_compress((const char *)in.data, in.bytes, (char *)out, &bytes)) {
    case RG_SNAPPY_DONE:
        *ret_bytes = bytes;
        return RG_OK;
    case RG_SNAPPY_NO_ROOM:
        return rg_fail(err, RG_ERR_BUG, "snappy: room for %zu bytes is too little", out_capacity);
    case RG_SNAPPY_NO_MEMORY:
        break;
    }
    return rg_fail(err, RG_ERR_NOMEM, "no memory for snappy");
}

static size_t snappy_compress_memory_bytes(int level)
{
    (void)level;
    return work_bytes;
}

static size_t snappy_decompress_bound(struct rg_span in)
{
    size_t raw_bytes;

    if (snappy_uncompressed_length((const char *)in.data, in.bytes, &raw_bytes) != SNAPPY_OK)
        return 0;
    return raw_bytes;
}

const struct rg_codec_ops rg_codec_ops_snappy = {
    .decompress = snappy_decompress,
    .decompress_bound = snappy_decompress_bound,
    .compress_bound = snappy_compress_bound,
    .compress = compress_block,
    .compress_memory_bytes = snappy_compress_memory_bytes,
};
