/* SPDX-License-Identifier: Apache-2.0 */

/*
 * BROTLI: one stream. The library's states cannot be used twice, so they live for one call; their
 * memory is ours.
 *
 * A decoder keeps a window of what it gave, up to 16 MiB if the stream asks for it; that is why
 * this codec's memory is reserved apart (rg_codec_memory_bytes_max()).
 */

#include "parquet/codec/brotli.h"

#include <brotli/decode.h>
#include <brotli/encode.h>

static const int level_fastest = 0;
static const int level_usual = 1;
static const int level_highest = 11;

/* Keeps an encoder's memory in bounds at every level; pages are hardly larger. */
static const uint32_t window_log = 20;

/*
 * Window of 2^24, half of that while it is copied to a larger one, and 4 MiB for the most tables
 * that a stream can ask for (3 kinds, 256 trees each of at most 1,080 entries of 4 bytes, maps).
 */
static const size_t decoder_bytes = (size_t)28 << 20;

/*
 * By level, in KiB: the most that was measured with brotli 1.0.9 and this window on 64 KiB to
 * 32 MiB, and an eighth more.
 */
static const uint32_t encoder_kib[] = {1312,  2464,  2944,  2944,  13056, 7808,
                                       10752, 15360, 24576, 45056, 26112, 33280};

static enum rg_status brotli_decompress(struct rg_codec_context *context, struct rg_span in,
                                        uint8_t *out, size_t out_bytes, struct rg_error *err)
{
    const uint8_t *next_in = in.data;
    size_t in_left = in.bytes;
    uint8_t *next_out = out;
    size_t out_left = out_bytes;

    BrotliDecoderState *decoder =
        BrotliDecoderCreateInstance(rg_codec_library_alloc, rg_codec_library_free, context);
    if (decoder == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a brotli decoder");
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(decoder, &in_left, &next_in, &out_left, &next_out, NULL);
    const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(decoder);
    BrotliDecoderDestroyInstance(decoder);

    const bool is_out_of_memory = code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                                  code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
    if (result == BROTLI_DECODER_RESULT_ERROR && is_out_of_memory)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for brotli");
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT)
        return rg_fail(err, RG_ERR_CORRUPT, "brotli: stream has more than %zu bytes", out_bytes);
    if (result != BROTLI_DECODER_RESULT_SUCCESS)
        return rg_fail(err, RG_ERR_CORRUPT, "brotli: %zu bytes are no stream of %zu bytes",
                       in.bytes, out_bytes);
    if (out_left != 0)
        return rg_codec_fail_length(err, "brotli stream", out_bytes - out_left, out_bytes);
    if (in_left != 0)
        return rg_fail(err, RG_ERR_CORRUPT, "brotli: %zu bytes after the stream", in_left);
    return RG_OK;
}

static size_t brotli_compress_bound(size_t bytes)
{
    /* The library's own bound holds for qualities from 2 on only. */
    return BrotliEncoderMaxCompressedSize(bytes) + bytes / 64 + 1024;
}

static enum rg_status brotli_compress(struct rg_codec_context *context, int level,
                                      struct rg_span in, uint8_t *out, size_t out_capacity,
                                      size_t *ret_bytes, struct rg_error *err)
{
    const uint8_t *next_in = in.data;
    size_t in_left = in.bytes;
    uint8_t *next_out = out;
    size_t out_left = out_capacity;

    /* brotli 1.0.9 as built by default calls exit() when it gets no memory (memory.c). */
    context->is_short = false;
    BrotliEncoderState *encoder =
        BrotliEncoderCreateInstance(rg_codec_library_alloc_always, rg_codec_library_free, context);
    if (encoder == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a brotli encoder");
    const bool is_set =
        BrotliEncoderSetParameter(encoder, BROTLI_PARAM_QUALITY, (uint32_t)level) == BROTLI_TRUE &&
        BrotliEncoderSetParameter(encoder, BROTLI_PARAM_LGWIN, window_log) == BROTLI_TRUE &&
        BrotliEncoderSetParameter(encoder, BROTLI_PARAM_SIZE_HINT, (uint32_t)in.bytes) ==
            BROTLI_TRUE;
    const bool is_done =
        is_set &&
        BrotliEncoderCompressStream(encoder, BROTLI_OPERATION_FINISH, &in_left, &next_in, &out_left,
                                    &next_out, NULL) == BROTLI_TRUE &&
        BrotliEncoderIsFinished(encoder) == BROTLI_TRUE;
    BrotliEncoderDestroyInstance(encoder);

    if (!is_set)
        return rg_fail(err, RG_ERR_BUG, "brotli: level %d was refused", level);
    if (context->is_short)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for brotli at level %d", level);
    if (!is_done)
        return rg_fail(err, RG_ERR_BUG, "brotli: room for %zu bytes is too little", out_capacity);
    *ret_bytes = out_capacity - out_left;
    return RG_OK;
}

static size_t brotli_compress_memory_bytes(int level)
{
    return (size_t)encoder_kib[level] * 1024;
}

const struct rg_codec_ops rg_codec_ops_brotli = {
    .level_default = level_usual,
    .level_min = level_fastest,
    .level_max = level_highest,
    .decompress = brotli_decompress,
    .compress_bound = brotli_compress_bound,
    .compress = brotli_compress,
    .compress_memory_bytes = brotli_compress_memory_bytes,
    .decompress_memory_bytes = decoder_bytes,
};
