/* SPDX-License-Identifier: Apache-2.0 */

/* What footers alone tell of a stitch before it is made: memory, bytes, verdict, or a refusal. */

#ifndef STITCH_ESTIMATE_H
#define STITCH_ESTIMATE_H

#include "base/error.h"
#include "parquet/metadata.h"
#include "stitch/chunk.h"
#include "stitch/moves.h"
#include "stitch/writer.h"

/* What the footers alone tell of memory and of the way the pages will go. */
struct rg_stitch_estimate {
    uint64_t arena_bytes;     /* Likely. */
    uint64_t arena_bytes_max; /* Never more. */
    uint64_t scratch_bytes;
    uint64_t scratch_bytes_max;
    uint64_t input_bytes;      /* Of the sources' chunks, compressed. */
    uint64_t output_bytes;     /* Likely, compressed. */
    uint64_t output_bytes_min; /* Hardly less; far away where footers do not tell. */
    uint64_t output_bytes_max;
    enum rg_verdict verdict; /* What most bytes will need, as far as footers tell. */
    enum rg_reason reason;
};

/* Data pages that a chunk can have at most, by its footer. */
uint64_t rg_pages_bound(const struct rg_column_chunk *chunk);

/* Bytes that its pages' bodies can have at most when decompressed. */
uint64_t rg_raw_bytes_bound(const struct rg_column_chunk *chunk);

/*
 * From the footers: of the sources only chunk, leaf, writer, row_count, schema and map are looked
 * at. Pure.
 */
void rg_stitch_estimate(const struct rg_stitch_column *column,
                        const struct rg_stitch_source *sources, size_t source_count,
                        struct rg_stitch_estimate *ret_estimate);

/*
 * Whether this chunk can be stitched at all, from its metadata: codec and encodings known, and not
 * too large.
 *
 * Errors:  RG_ERR_UNSUPPORTED or RG_ERR_LIMIT with the reason.
 */
RG_MUST_CHECK enum rg_status rg_stitch_acceptable(const struct rg_column_chunk *chunk,
                                                  struct rg_error *err);

#endif
