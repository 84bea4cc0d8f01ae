/* SPDX-License-Identifier: Apache-2.0 */

/*
 * BROTLI: one stream. The library's states cannot be used twice, so they live for one call; their
 * memory is ours, lent for that call: a decoder keeps a window of what it gave, up to 16 MiB if the
 * stream asks for it, and an encoder has tables of up to 32 MiB.
 *
 * The encoder of brotli 1.0.9, as built by default, calls exit() when it gets no memory (memory.c).
 * So there is one block for all of it before it begins, or it does not begin; what it takes are
 * pieces of that block. Nothing is asked of the system meanwhile, which might say no.
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

/* Of those tables, for a page that is not made to have many. */
static const size_t decoder_tables_bytes = (size_t)256 << 10;
static const size_t decoder_tables_bytes_max = (size_t)4 << 20;
static const size_t decoder_window_bytes_max = (size_t)16 << 20;

/*
 * By level, in KiB: the end of the last piece that was ever taken, and an eighth more; measured
 * with brotli 1.0.9 and this window, on 4 KiB to 16 MiB (1 MiB from level 10 on) of random bytes,
 * digits, texts and runs between them.
 */
static const uint32_t encoder_kib[] = {1312,  2464,  7488,  7488,  20032, 20864,
                                       20288, 24832, 34048, 54784, 28608, 48128};

static enum rg_status brotli_decompress(struct rg_codec_context *context, struct rg_span in,
                                        uint8_t *out, size_t out_bytes, struct rg_error *err)
{
    const uint8_t *next_in = in.data;
    size_t in_left = in.bytes;
    uint8_t *next_out = out;
    size_t out_left = out_bytes;

    BrotliDecoderState *decoder =
        BrotliDecoderCreateInstance(rg_codec_library_alloc_lent, rg_codec_library_free, context);
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

static size_t brotli_decompress_call_bytes(size_t page_bytes)
{
    /* The window is no more than twice of what there is to be kept. */
    const size_t window =
        page_bytes < decoder_window_bytes_max / 2 ? 2 * page_bytes : decoder_window_bytes_max;
    const size_t tables = decoder_tables_bytes + page_bytes / 8;

    return window + window / 2 +
           (tables < decoder_tables_bytes_max ? tables : decoder_tables_bytes_max);
}

/* Sixteen bytes: what is behind it stays aligned. */
struct piece {
    size_t bytes; /* With this header. */
    size_t is_taken;
};

/* The memory of one encoder: pieces that fill the block, one behind the other. */
struct loan {
    const struct rg_allocator *allocator;
    uint8_t *block;
    size_t bytes;
    bool is_short; /* There was less than it wanted. */
};

static bool loan_init(struct loan *loan, const struct rg_allocator *allocator, size_t bytes)
{
    *loan = (struct loan){.allocator = allocator, .bytes = bytes};
    loan->block = rg_alloc(allocator, bytes);
    if (loan->block == NULL)
        return false;
    *(struct piece *)(void *)loan->block = (struct piece){.bytes = bytes};
    return true;
}

static void loan_fini(struct loan *loan)
{
    rg_release(loan->allocator, loan->block, loan->bytes);
}

/* The piece behind one, or NULL. */
static struct piece *next_piece(const struct loan *loan, struct piece *piece)
{
    uint8_t *next = (uint8_t *)piece + piece->bytes;

    return next < loan->block + loan->bytes ? (struct piece *)(void *)next : NULL;
}

/* Takes in the free ones behind it. */
static void join_free(const struct loan *loan, struct piece *piece)
{
    struct piece *next = next_piece(loan, piece);

    while (next != NULL && next->is_taken == 0) {
        piece->bytes += next->bytes;
        next = next_piece(loan, piece);
    }
}

/* What is left of it becomes a piece of its own. */
static void *take_piece(struct piece *piece, size_t bytes)
{
    if (piece->bytes > bytes + sizeof *piece) {
        struct piece *rest = (struct piece *)(void *)((uint8_t *)piece + bytes);

        *rest = (struct piece){.bytes = piece->bytes - bytes};
        piece->bytes = bytes;
    }
    piece->is_taken = 1;
    return piece + 1;
}

static void *loan_alloc(void *context, size_t bytes)
{
    struct loan *loan = context;
    const size_t wanted = bytes > loan->bytes ? SIZE_MAX
                                              : (bytes + 2 * sizeof(struct piece) - 1) /
                                                    sizeof(struct piece) * sizeof(struct piece);

    for (struct piece *piece = (struct piece *)(void *)loan->block; piece != NULL;
         piece = next_piece(loan, piece)) {
        if (piece->is_taken != 0)
            continue;
        join_free(loan, piece);
        if (piece->bytes >= wanted)
            return take_piece(piece, wanted);
    }
    /* More than was ever measured. */
    void *memory = rg_codec_library_alloc_from(loan->allocator, bytes);
    if (memory != NULL)
        return memory;
    loan->is_short = true;
    return rg_codec_library_alloc_from(&rg_allocator_system, bytes);
}

static void loan_free(void *context, void *memory)
{
    const struct loan *loan = context;
    const uint8_t *bytes = memory;
    const bool is_piece = bytes >= loan->block && bytes < loan->block + loan->bytes;

    if (memory != NULL && is_piece)
        ((struct piece *)memory - 1)->is_taken = 0;
    else
        rg_codec_library_free(NULL, memory);
}

static size_t brotli_compress_memory_bytes(int level)
{
    return (size_t)encoder_kib[level] * 1024;
}

static size_t brotli_compress_call_bytes(int level, size_t page_bytes)
{
    (void)page_bytes;
    return brotli_compress_memory_bytes(level);
}

static enum rg_status brotli_compress(struct rg_codec_context *context, int level,
                                      struct rg_span in, uint8_t *out, size_t out_capacity,
                                      size_t *ret_bytes, struct rg_error *err)
{
    struct loan loan;
    const uint8_t *next_in = in.data;
    size_t in_left = in.bytes;
    uint8_t *next_out = out;
    size_t out_left = out_capacity;

    if (!loan_init(&loan, rg_codec_call_allocator(context), brotli_compress_memory_bytes(level)))
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a brotli encoder");
    BrotliEncoderState *encoder = BrotliEncoderCreateInstance(loan_alloc, loan_free, &loan);
    if (encoder == NULL) {
        loan_fini(&loan);
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a brotli encoder");
    }
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
    loan_fini(&loan);

    if (!is_set)
        return rg_fail(err, RG_ERR_BUG, "brotli: level %d was refused", level);
    if (loan.is_short)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for brotli at level %d", level);
    if (!is_done)
        return rg_fail(err, RG_ERR_BUG, "brotli: room for %zu bytes is too little", out_capacity);
    *ret_bytes = out_capacity - out_left;
    return RG_OK;
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
    .compress_call_bytes = brotli_compress_call_bytes,
    .decompress_call_bytes = brotli_decompress_call_bytes,
};
