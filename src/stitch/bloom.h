/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Split block bloom filters: merged, folded, built from dictionaries, or dropped (README.md
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
 * `bytes` may go on behind the filter; blocks point into it.
 *
 * Errors:  RG_ERR_CORRUPT when they end early or the size is not one of whole blocks;
 *          RG_ERR_UNSUPPORTED for another algorithm, hash or compression.
 */
RG_MUST_CHECK enum rg_status rg_bloom_parse(struct rg_span bytes, struct rg_bloom *ret_bloom,
                                            struct rg_error *err);

/* Probability that a value that is not there seems to be: from the bits alone. */
double rg_bloom_false_positives(const struct rg_bloom *bloom);

/*
 * The union of `count` filters of any sizes, as small as a power of two of blocks can be at a rate
 * of false positives of `rate_max`; *ret_is_kept false when it would pass that at the size of the
 * largest, or when one of them is no filter (its values could not be vouched for). A single filter
 * is kept as it is.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bloom_merge(const struct rg_bloom *filters, size_t count,
                                            double rate_max, struct rg_arena *arena,
                                            struct rg_bloom *ret_bloom, bool *ret_is_kept,
                                            struct rg_error *err);

/*
 * A filter over the entries of a PLAIN dictionary page (or the values of a PLAIN data page), sized
 * for them at `rate`. Zeros of floating point columns are found under both signs.
 *
 * Errors:  RG_ERR_CORRUPT when `plain` does not hold the entries; RG_ERR_UNSUPPORTED for booleans;
 *          RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bloom_of_dictionary(const struct rg_leaf *leaf,
                                                    struct rg_span plain, uint32_t entry_count,
                                                    double rate, struct rg_arena *arena,
                                                    struct rg_bloom *ret_bloom,
                                                    struct rg_error *err);

/* A filter in the making. */
struct rg_bloom_build {
    const struct rg_leaf *leaf;
    uint8_t *blocks; /* In the arena. */
    uint32_t block_count;
};

/*
 * Begins an empty filter with room for `value_count` different values at `rate`, but of 16 MiB at
 * most.
 *
 * Errors:  RG_ERR_UNSUPPORTED for booleans; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bloom_begin(struct rg_bloom_build *build,
                                            const struct rg_leaf *leaf, uint64_t value_count,
                                            double rate, struct rg_arena *arena,
                                            struct rg_error *err);

/*
 * Puts PLAIN values in.
 *
 * Errors:  RG_ERR_CORRUPT when `plain` does not hold them.
 */
RG_MUST_CHECK enum rg_status rg_bloom_add(struct rg_bloom_build *build, struct rg_span plain,
                                          uint32_t value_count, struct rg_error *err);

/*
 * The filter, as small as it can be at `rate`: values that came again and again needed less room
 * than was kept for them.
 */
struct rg_bloom rg_bloom_end(struct rg_bloom_build *build, double rate);

/* The most that a filter takes that is begun for `value_count` values. */
uint64_t rg_bloom_bytes_for(uint64_t value_count, double rate);

/*
 * Header and bitset as they stand in a file.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bloom_emit(const struct rg_bloom *bloom, struct rg_arena *arena,
                                           struct rg_span *ret_bytes, struct rg_error *err);

/* True when `hash` (XXH64 of the PLAIN bytes) may be in the filter. */
bool rg_bloom_may_contain(const struct rg_bloom *bloom, uint64_t hash);

#endif
