/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PLAIN values of tiny pages moved into the page in the making: concatenated, or spliced as snappy
 * elements (README.md section 8).
 */

#ifndef STITCH_VALUES_H
#define STITCH_VALUES_H

#include "base/error.h"
#include "stitch/join.h"

/* PLAIN values as they lie in a page. */
struct rg_plain_values {
    struct rg_span body;
    struct rg_span front; /* Raw bytes that come out of the body before the values. */
    uint32_t raw_bytes;   /* Of the values. */
    uint32_t value_count; /* Nulls have no place in it. */
    uint8_t encoding;     /* PLAIN, or RLE of booleans. */
    uint8_t codec;
    bool is_compressed;
    bool is_lasting; /* The body outlives the making of the chunk. */
    bool has_bounds; /* The least and the greatest are known without looking at them. */
};

/*
 * The length of `value_count` PLAIN values at the start of `plain`: of BOOLEAN in whole bytes.
 *
 * Errors:  RG_ERR_CORRUPT when they end earlier.
 */
RG_MUST_CHECK enum rg_status rg_plain_extent(const struct rg_leaf *leaf, struct rg_span plain,
                                             uint32_t value_count, size_t *ret_bytes,
                                             struct rg_error *err);

/* The kind of page in the making that these values would go into best. */
enum rg_join_kind rg_values_kind(const struct rg_joiner *joiner,
                                 const struct rg_plain_values *values);

/*
 * Appends the values to the page in the making, which is of the kind above. *ret_extent is what
 * they are long, PLAIN; 0 where they were RLE.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_values_move(struct rg_joiner *joiner,
                                            const struct rg_plain_values *values,
                                            size_t *ret_extent, struct rg_error *err);

#endif
