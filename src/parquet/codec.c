/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table, what is the same for all codecs, and the memory that libraries get.
 *
 * Invariants:
 *
 *   (1) A codec's function sees an empty input only where an empty output is wanted from
 *       compression: decompressing nothing to nothing is done here. Pages of 0 bytes that claim to
 *       be compressed were written by parquet-java (#3122), and so were dictionary pages.
 *   (2) Sizes fit an int: pages do by format (i32 in the header).
 *   (3) A library's memory has its size and origin in front; the header keeps the alignment.
 */

#include "parquet/codec.h"

#include <stdio.h>

#include <brotli/decode.h>
#include <libdeflate.h>
#include <lz4.h>
#include <zstd.h>

#include "base/checked.h"
#include "base/limits.h"
#include "parquet/codec/brotli.h"
#include "parquet/codec/codec_impl.h"
#include "parquet/codec/gzip.h"
#include "parquet/codec/lz4.h"
#include "parquet/codec/lz4raw.h"
#include "parquet/codec/none.h"
#include "parquet/codec/snappy.h"
#include "parquet/codec/zstd.h"

/* Sixteen bytes: what is behind it stays aligned. */
struct library_block {
    const struct rg_allocator *allocator;
    size_t bytes; /* With this header. */
};

static const struct rg_codec_ops *const codecs[] = {
    [RG_CODEC_NONE] = &rg_codec_ops_none,     [RG_CODEC_SNAPPY] = &rg_codec_ops_snappy,
    [RG_CODEC_GZIP] = &rg_codec_ops_gzip,     [RG_CODEC_LZO] = NULL,
    [RG_CODEC_BROTLI] = &rg_codec_ops_brotli, [RG_CODEC_LZ4] = &rg_codec_ops_lz4,
    [RG_CODEC_ZSTD] = &rg_codec_ops_zstd,     [RG_CODEC_LZ4_RAW] = &rg_codec_ops_lz4raw,
};
static const unsigned codec_count = sizeof codecs / sizeof codecs[0];

static const struct rg_codec_ops *find_codec(unsigned codec)
{
    return codec < codec_count ? codecs[codec] : NULL;
}

const struct rg_allocator *rg_codec_call_allocator(const struct rg_codec_context *context)
{
    return context->lent != NULL ? context->lent : context->allocator;
}

void *rg_codec_library_alloc_from(const struct rg_allocator *allocator, size_t bytes)
{
    size_t with_header;

    if (!rg_add_size(bytes, sizeof(struct library_block), &with_header))
        return NULL;
    struct library_block *block = rg_alloc(allocator, with_header);
    if (block == NULL)
        return NULL;
    *block = (struct library_block){allocator, with_header};
    return block + 1;
}

void *rg_codec_library_alloc(void *context, size_t bytes)
{
    const struct rg_codec_context *owner = context;

    return rg_codec_library_alloc_from(owner->allocator, bytes);
}

void *rg_codec_library_alloc_lent(void *context, size_t bytes)
{
    return rg_codec_library_alloc_from(rg_codec_call_allocator(context), bytes);
}

size_t rg_codec_library_bytes(const void *memory)
{
    return ((const struct library_block *)memory - 1)->bytes;
}

void rg_codec_library_free(void *context, void *memory)
{
    (void)context;
    if (memory == NULL)
        return;
    struct library_block *block = (struct library_block *)memory - 1;
    rg_release(block->allocator, block, block->bytes);
}

enum rg_status rg_codec_fail_length(struct rg_error *err, const char *name, uint64_t got,
                                    size_t wanted)
{
    return rg_fail(err, RG_ERR_CORRUPT, "%s holds %llu bytes, not %zu", name,
                   (unsigned long long)got, wanted);
}

struct rg_codec_context *rg_codec_context_new(const struct rg_allocator *allocator)
{
    struct rg_codec_context *context = rg_alloc(allocator, sizeof *context);

    if (context != NULL)
        *context = (struct rg_codec_context){.allocator = allocator};
    return context;
}

void rg_codec_context_free(struct rg_codec_context *context)
{
    if (context == NULL)
        return;
    for (unsigned i = 0; i < codec_count; i++) {
        if (codecs[i] != NULL && codecs[i]->fini != NULL)
            codecs[i]->fini(context);
    }
    rg_release(context->allocator, context, sizeof *context);
}

void rg_codec_context_lend(struct rg_codec_context *context, const struct rg_allocator *allocator)
{
    context->lent = allocator;
}

void rg_codec_context_take_back(struct rg_codec_context *context)
{
    for (unsigned i = 0; i < codec_count; i++) {
        if (codecs[i] != NULL && codecs[i]->give_back != NULL)
            codecs[i]->give_back(context);
    }
    context->lent = NULL;
}

size_t rg_codec_compress_call_bytes(unsigned codec, int level, size_t page_bytes)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    return ops != NULL && ops->compress_call_bytes != NULL
               ? ops->compress_call_bytes(level, page_bytes)
               : 0;
}

size_t rg_codec_decompress_call_bytes(unsigned codec, size_t page_bytes)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    return ops != NULL && ops->decompress_call_bytes != NULL
               ? ops->decompress_call_bytes(page_bytes)
               : 0;
}

size_t rg_codec_memory_bytes_max(unsigned codec, int level)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    if (ops == NULL)
        return 0;
    size_t bytes = ops->decompress_memory_bytes;
    if (ops->compress_memory_bytes != NULL)
        bytes += ops->compress_memory_bytes(level);
    return bytes;
}

size_t rg_codec_context_bytes_max(void)
{
    size_t bytes = sizeof(struct rg_codec_context);

    for (unsigned i = 0; i < codec_count; i++) {
        if (i != RG_CODEC_BROTLI)
            bytes += rg_codec_memory_bytes_max(i, rg_codec_level_default(i));
    }
    return bytes;
}

bool rg_codec_can_decompress(unsigned codec)
{
    return find_codec(codec) != NULL;
}

bool rg_codec_can_compress(unsigned codec)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    return ops != NULL && ops->compress != NULL;
}

int rg_codec_level_default(unsigned codec)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    return ops != NULL ? ops->level_default : 0;
}

void rg_codec_level_range(unsigned codec, int *ret_min, int *ret_max)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    *ret_min = ops != NULL ? ops->level_min : 0;
    *ret_max = ops != NULL ? ops->level_max : 0;
}

static enum rg_status fail_unknown(unsigned codec, struct rg_error *err)
{
    if (codec == RG_CODEC_LZO)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "codec LZO is not supported");
    return rg_fail(err, RG_ERR_UNSUPPORTED, "codec %u is not known", codec);
}

enum rg_status rg_codec_decompress(struct rg_codec_context *context, unsigned codec,
                                   struct rg_span in, uint8_t *out, size_t out_bytes,
                                   struct rg_error *err)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    if (ops == NULL)
        return fail_unknown(codec, err);
    if (in.bytes > rg_page_bytes_max || out_bytes > rg_page_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "page of %zu bytes, compressed to %zu", out_bytes,
                       in.bytes);
    if (in.bytes == 0) {
        if (out_bytes == 0)
            return RG_OK;
        return rg_codec_fail_length(err, "empty page", 0, out_bytes);
    }
    return ops->decompress(context, in, out, out_bytes, err);
}

size_t rg_codec_decompress_bound(unsigned codec, struct rg_span in)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    if (ops == NULL || ops->decompress_bound == NULL)
        return SIZE_MAX;
    return in.bytes == 0 ? 0 : ops->decompress_bound(in);
}

size_t rg_codec_compress_bound(unsigned codec, size_t bytes)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    return ops != NULL && ops->compress_bound != NULL ? ops->compress_bound(bytes) : 0;
}

enum rg_status rg_codec_compress(struct rg_codec_context *context, unsigned codec, int level,
                                 struct rg_span in, uint8_t *out, size_t out_capacity,
                                 size_t *ret_bytes, struct rg_error *err)
{
    const struct rg_codec_ops *ops = find_codec(codec);

    if (ops == NULL)
        return fail_unknown(codec, err);
    if (ops->compress == NULL)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "codec %u is never written", codec);
    if (level < ops->level_min || level > ops->level_max)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "codec %u has levels %d to %d, not %d", codec,
                       ops->level_min, ops->level_max, level);
    if (in.bytes > rg_page_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "page of %zu bytes", in.bytes);
    return ops->compress(context, level, in, out, out_capacity, ret_bytes, err);
}

/* snappy and libdeflate cannot be asked at run time: theirs are the versions built against. */
void rg_codec_versions(char ret_text[RG_CODEC_VERSIONS_BYTES])
{
    const uint32_t brotli = BrotliDecoderVersion();

    (void)snprintf(ret_text, RG_CODEC_VERSIONS_BYTES,
                   "snappy %s, zstd %s, libdeflate %s, lz4 %s, brotli %u.%u.%u", RG_SNAPPY_VERSION,
                   ZSTD_versionString(), LIBDEFLATE_VERSION_STRING, LZ4_versionString(),
                   brotli >> 24, brotli >> 12 & 0xfff, brotli & 0xfff);
}
