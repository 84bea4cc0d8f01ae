/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ZSTD: one or more frames. Both library contexts are made once and reused, from our allocator.
 *
 * Pages are known as a whole, so the library needs no window of its own: what a compressor takes is
 * its tables, and the window is capped so that they stay small at any level and any page size. The
 * levels up to 3 never ask for more than the cap.
 */

/* For ZSTD_customMem and the estimates of memory; these are exported by the shared library. */
#define ZSTD_STATIC_LINKING_ONLY

#include "parquet/codec/zstd.h"

#include <zstd.h>
#include <zstd_errors.h>

static const unsigned window_log_max = 21;
static const int level_lowest = 1;
static const int level_highest = 22;

/* sizeof(ZSTD_DCtx) of 1.5.4 is 95,968. */
static const size_t decompressor_bytes = 104 * 1024;

/* A context's compressor is kept while it is no larger than the default level's. */
static bool is_kept(int level)
{
    return level <= level_lowest;
}

static ZSTD_customMem memory_of(struct rg_codec_context *context)
{
    return (ZSTD_customMem){rg_codec_library_alloc, rg_codec_library_free, context};
}

static void drop_compressor(struct rg_codec_context *context)
{
    (void)ZSTD_freeCCtx(context->zstd_compressor);
    context->zstd_compressor = NULL;
    context->is_zstd_compressor_lent = false;
}

static ZSTD_CCtx *compressor_for(struct rg_codec_context *context, int level)
{
    const bool is_lent = context->lent != NULL && !is_kept(level);
    const ZSTD_customMem lent = {rg_codec_library_alloc_lent, rg_codec_library_free, context};

    if (context->zstd_compressor != NULL && context->is_zstd_compressor_lent != is_lent)
        drop_compressor(context);
    if (context->zstd_compressor == NULL) {
        context->zstd_compressor = ZSTD_createCCtx_advanced(is_lent ? lent : memory_of(context));
        context->is_zstd_compressor_lent = is_lent;
    }
    return context->zstd_compressor;
}

static enum rg_status zstd_decompress(struct rg_codec_context *context, struct rg_span in,
                                      uint8_t *out, size_t out_bytes, struct rg_error *err)
{
    if (context->zstd_decompressor == NULL)
        context->zstd_decompressor = ZSTD_createDCtx_advanced(memory_of(context));
    if (context->zstd_decompressor == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a zstd decompressor");

    const size_t raw_bytes =
        ZSTD_decompressDCtx(context->zstd_decompressor, out, out_bytes, in.data, in.bytes);
    if (ZSTD_getErrorCode(raw_bytes) == ZSTD_error_memory_allocation)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for zstd");
    if (ZSTD_isError(raw_bytes))
        return rg_fail(err, RG_ERR_CORRUPT, "zstd: %zu bytes are no frame of %zu bytes: %s",
                       in.bytes, out_bytes, ZSTD_getErrorName(raw_bytes));
    if (raw_bytes != out_bytes)
        return rg_codec_fail_length(err, "zstd frame", raw_bytes, out_bytes);
    return RG_OK;
}

static size_t zstd_compress_bound(size_t bytes)
{
    return ZSTD_compressBound(bytes);
}

static bool set_parameters(ZSTD_CCtx *compressor, int level, size_t in_bytes)
{
    /* 0 would mean "unknown" to ZSTD_getCParams(), and a window of 2^27 at the highest level. */
    const ZSTD_compressionParameters wanted =
        ZSTD_getCParams(level, in_bytes == 0 ? 1 : in_bytes, 0);
    const unsigned window_log =
        wanted.windowLog < window_log_max ? wanted.windowLog : window_log_max;

    return !ZSTD_isError(ZSTD_CCtx_reset(compressor, ZSTD_reset_session_and_parameters)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, level)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(compressor, ZSTD_c_windowLog, (int)window_log)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(compressor, ZSTD_c_enableLongDistanceMatching,
                                                ZSTD_ps_disable));
}

static enum rg_status zstd_compress(struct rg_codec_context *context, int level, struct rg_span in,
                                    uint8_t *out, size_t out_capacity, size_t *ret_bytes,
                                    struct rg_error *err)
{
    ZSTD_CCtx *compressor = compressor_for(context, level);

    if (compressor == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a zstd compressor");
    if (!set_parameters(compressor, level, in.bytes))
        return rg_fail(err, RG_ERR_BUG, "zstd: level %d was refused", level);

    const size_t bytes = ZSTD_compress2(compressor, out, out_capacity, in.data, in.bytes);
    if (ZSTD_getErrorCode(bytes) == ZSTD_error_memory_allocation)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for zstd at level %d", level);
    if (ZSTD_isError(bytes))
        return rg_fail(err, RG_ERR_BUG, "zstd: %s", ZSTD_getErrorName(bytes));
    *ret_bytes = bytes;
    return RG_OK;
}

/* The library's own estimate for the largest page. */
static size_t zstd_compress_memory_bytes(int level)
{
    ZSTD_compressionParameters parameters = ZSTD_getCParams(level, 0, 0);

    if (parameters.windowLog > window_log_max)
        parameters.windowLog = window_log_max;
    parameters = ZSTD_adjustCParams(parameters, (unsigned long long)1 << window_log_max, 0);
    return ZSTD_estimateCCtxSize_usingCParams(parameters) + 64;
}

/* Tables are made for the page, and made anew for a larger one. */
static size_t zstd_compress_call_bytes(int level, size_t page_bytes)
{
    if (is_kept(level))
        return 0;
    ZSTD_compressionParameters parameters =
        ZSTD_getCParams(level, page_bytes == 0 ? 1 : page_bytes, 0);
    if (parameters.windowLog > window_log_max)
        return zstd_compress_memory_bytes(level);
    const size_t bytes = ZSTD_estimateCCtxSize_usingCParams(parameters) + 64;
    const size_t most = zstd_compress_memory_bytes(level);
    return bytes < most ? bytes : most;
}

static void zstd_give_back(struct rg_codec_context *context)
{
    if (context->is_zstd_compressor_lent)
        drop_compressor(context);
}

static void zstd_fini(struct rg_codec_context *context)
{
    (void)ZSTD_freeDCtx(context->zstd_decompressor);
    (void)ZSTD_freeCCtx(context->zstd_compressor);
}

static size_t zstd_decompress_bound(struct rg_span in)
{
    const unsigned long long bytes = ZSTD_decompressBound(in.data, in.bytes);

    return bytes == ZSTD_CONTENTSIZE_ERROR ? 0 : (size_t)bytes;
}

const struct rg_codec_ops rg_codec_ops_zstd = {
    .level_default = level_lowest,
    .level_min = level_lowest,
    .level_max = level_highest,
    .decompress = zstd_decompress,
    .decompress_bound = zstd_decompress_bound,
    .compress_bound = zstd_compress_bound,
    .compress = zstd_compress,
    .compress_memory_bytes = zstd_compress_memory_bytes,
    .decompress_memory_bytes = decompressor_bytes,
    .compress_call_bytes = zstd_compress_call_bytes,
    .give_back = zstd_give_back,
    .fini = zstd_fini,
};
