/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Split block bloom filters: merged, folded, built from dictionaries, or dropped (stitching.md
 * section 5). Dropping is always legal; a false negative never is.
 */

#ifndef STITCH_BLOOM_H
#define STITCH_BLOOM_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"

/* One filter, its header parsed away. */
struct rg_bloom {
    const uint8_t *blocks; /* block_count blocks of 32 bytes. NULL: no filter. */
    uint32_t block_count;
};

/*
 * Reads header and bitset.
 *
 * Errors:  RG_ERR_CORRUPT; RG_ERR_UNSUPPORTED for another algorithm, hash or compression.
 */
RG_MUST_CHECK enum rg_status rg_bloom_parse(struct rg_span bytes, struct rg_bloom *ret_bloom,
                                            struct rg_error *err);

/* Probability that a value that is not there seems to be: from the bits alone. */
double rg_bloom_false_positives(const struct rg_bloom *bloom);

/*
 * The union of `count` filters with `block_count` blocks (a power of two), or *ret_is_kept false
 * when its false-positive rate would pass `rate_max`.
 */
RG_MUST_CHECK enum rg_status rg_bloom_merge(const struct rg_bloom *filters, size_t count,
                                            double rate_max, struct rg_arena *arena,
                                            struct rg_bloom *ret_bloom, bool *ret_is_kept,
                                            struct rg_error *err);

/* A filter over the entries of a PLAIN dictionary page, sized for them at `rate`. */
RG_MUST_CHECK enum rg_status rg_bloom_of_dictionary(const struct rg_leaf *leaf,
                                                    struct rg_span plain, uint32_t entry_count,
                                                    double rate, struct rg_arena *arena,
                                                    struct rg_bloom *ret_bloom,
                                                    struct rg_error *err);

/* Header and bitset as they stand in a file. */
RG_MUST_CHECK enum rg_status rg_bloom_emit(const struct rg_bloom *bloom, struct rg_arena *arena,
                                           struct rg_span *ret_bytes, struct rg_error *err);

/* True when `hash` (XXH64 of the PLAIN bytes) may be in the filter. */
bool rg_bloom_may_contain(const struct rg_bloom *bloom, uint64_t hash);

#endif
