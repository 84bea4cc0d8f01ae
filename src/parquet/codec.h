/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compression codecs behind one table; one file each in parquet/codec/.
 *
 * A context holds what the libraries want to keep between calls (zstd, libdeflate, brotli). It
 * belongs to one worker at a time.
 */

#ifndef PARQUET_CODEC_H
#define PARQUET_CODEC_H

#include "base/allocator.h"
#include "base/error.h"
#include "base/span.h"
#include "parquet/types.h"

struct rg_codec_context;

/* A context that allocates from `allocator`; NULL without memory. Library state is made lazily. */
struct rg_codec_context *rg_codec_context_new(const struct rg_allocator *allocator);
void rg_codec_context_free(struct rg_codec_context *context);

/*
 * From now on what is not worth keeping comes from `allocator`: all of brotli's memory, and a zstd
 * compressor of a level above the default, which is large. Everything of it is given back, and the
 * context's own allocator used again, by take_back(); both cost nothing where nothing was taken.
 */
void rg_codec_context_lend(struct rg_codec_context *context, const struct rg_allocator *allocator);
void rg_codec_context_take_back(struct rg_codec_context *context);

/*
 * What is taken of lent memory for a page of so many bytes, about. For pages of the largest size
 * that is the most, whatever the stream.
 */
size_t rg_codec_compress_call_bytes(unsigned codec, int level, size_t page_bytes);
size_t rg_codec_decompress_call_bytes(unsigned codec, size_t page_bytes);

/*
 * What one context can reach at most, calls under way included: reading all codecs but brotli, and
 * writing them at their default levels. Measured; part of it is taken by libraries (libdeflate,
 * snappy) past our allocator. Claims reserve it.
 */
size_t rg_codec_context_bytes_max(void);

/*
 * The same for one codec: reading it, and writing it at `level` (one of its levels). To be added to
 * the above for brotli (28 MiB: a reader's window is the stream's choice) and for other levels than
 * the defaults.
 */
size_t rg_codec_memory_bytes_max(unsigned codec, int level);

/* True when pages of this codec can be read; RG_CODEC_LZ4 included. */
bool rg_codec_can_decompress(unsigned codec);

/* True when we may write it: never RG_CODEC_LZ4 or RG_CODEC_LZO. */
bool rg_codec_can_compress(unsigned codec);

/* The level that stands for "none given": snappy and lz4_raw 0, zstd 1, gzip 6, brotli 1. */
int rg_codec_level_default(unsigned codec);
/* Lowest and highest level; both 0 where a codec has none. */
void rg_codec_level_range(unsigned codec, int *ret_min, int *ret_max);

/*
 * Decompresses `in` to exactly `out_bytes` bytes at `out`, and writes nothing behind them, whatever
 * the input. Nothing decompresses to nothing in every codec: such pages are in the wild.
 *
 * Errors:  RG_ERR_CORRUPT when the bytes are no such frame or their length differs;
 *          RG_ERR_UNSUPPORTED for unknown codecs and LZO; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_codec_decompress(struct rg_codec_context *context, unsigned codec,
                                                 struct rg_span in, uint8_t *out, size_t out_bytes,
                                                 struct rg_error *err);

/*
 * The most that `in` can be decompressed to, from its length and what stands in front: what a page
 * header promises beyond it is a lie, and no memory need be made for it. SIZE_MAX where nothing is
 * known.
 */
size_t rg_codec_decompress_bound(unsigned codec, struct rg_span in);

/* The most that compressing `bytes` can yield. */
size_t rg_codec_compress_bound(unsigned codec, size_t bytes);

/*
 * Compresses into `out` of `out_capacity` >= rg_codec_compress_bound() bytes. Equal input, level
 * and library version give equal bytes.
 *
 * Errors:  RG_ERR_UNSUPPORTED, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_codec_compress(struct rg_codec_context *context, unsigned codec,
                                               int level, struct rg_span in, uint8_t *out,
                                               size_t out_capacity, size_t *ret_bytes,
                                               struct rg_error *err);

/* CRC-32 as page headers carry it (gzip's polynomial). */
uint32_t rg_crc32(struct rg_span bytes);
/* The CRC of two pieces one after the other; start with crc = 0. */
uint32_t rg_crc32_update(uint32_t crc, struct rg_span bytes);

enum {
    RG_CODEC_VERSIONS_BYTES = 160
};

/* "snappy 1.1.9, zstd 1.5.4, ..." as they run, for --version and the batch hash; with a NUL. */
void rg_codec_versions(char ret_text[RG_CODEC_VERSIONS_BYTES]);

#endif
