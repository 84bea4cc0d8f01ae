/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the codecs share among themselves: the context, the table's row, and memory for libraries.
 *
 * A codec's functions may count on this, which parquet/codec.c sees to: sizes fit an int, `out` has
 * room for the whole result, and `in` is not empty unless `out_bytes` is 0.
 */

#ifndef PARQUET_CODEC_CODEC_IMPL_H
#define PARQUET_CODEC_CODEC_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/span.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;
struct libdeflate_compressor;
struct libdeflate_decompressor;

struct rg_codec_context {
    const struct rg_allocator *allocator; /* Set at init, then constant. */
    const struct rg_allocator *lent;      /* For single calls; NULL: the above. */
    /* Made by the first call that needs them, kept until the context goes. */
    struct ZSTD_CCtx_s *zstd_compressor;
    bool is_zstd_compressor_lent; /* Its memory is, so that it goes when that is taken back. */
    struct ZSTD_DCtx_s *zstd_decompressor;
    struct libdeflate_compressor *gzip_compressor;
    struct libdeflate_decompressor *gzip_decompressor;
    int gzip_level; /* Of gzip_compressor. */
};

/* One codec. NULL for what it cannot do. */
struct rg_codec_ops {
    int level_default;
    int level_min;
    int level_max;
    enum rg_status (*decompress)(struct rg_codec_context *context, struct rg_span in, uint8_t *out,
                                 size_t out_bytes, struct rg_error *err);
    size_t (*decompress_bound)(struct rg_span in);
    size_t (*compress_bound)(size_t bytes);
    enum rg_status (*compress)(struct rg_codec_context *context, int level, struct rg_span in,
                               uint8_t *out, size_t out_capacity, size_t *ret_bytes,
                               struct rg_error *err);
    /* What a call may take and what stays in the context; see rg_codec_memory_bytes_max(). */
    size_t (*compress_memory_bytes)(int level);
    size_t decompress_memory_bytes;
    /* Of that, what comes from lent memory, for a page of so many bytes; NULL: nothing. */
    size_t (*compress_call_bytes)(int level, size_t page_bytes);
    size_t (*decompress_call_bytes)(size_t page_bytes);
    /* Lent memory is taken back; NULL: nothing of it is kept. */
    void (*give_back)(struct rg_codec_context *context);
    void (*fini)(struct rg_codec_context *context);
};

/* The allocator of what does not outlive a call. */
const struct rg_allocator *rg_codec_call_allocator(const struct rg_codec_context *context);

/*
 * Memory for libraries that give it back without saying how much: the size lies in front of it.
 * `context` is a struct rg_codec_context; the second takes lent memory.
 */
void *rg_codec_library_alloc(void *context, size_t bytes);
void *rg_codec_library_alloc_lent(void *context, size_t bytes);
/* The same from any allocator. */
void *rg_codec_library_alloc_from(const struct rg_allocator *allocator, size_t bytes);
void rg_codec_library_free(void *context, void *memory);
/* What a block of these takes in all. */
size_t rg_codec_library_bytes(const void *memory);

/* A frame that yields another number of bytes than its page header says. */
enum rg_status rg_codec_fail_length(struct rg_error *err, const char *name, uint64_t got,
                                    size_t wanted);

#endif
