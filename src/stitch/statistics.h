/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Statistics of an output chunk from those of its sources (stitching.md section 4).
 *
 * First the trust filter for each source, then the merge. A bound that cannot be vouched for is
 * left out: an absent bound costs a reader work, a wrong one costs rows.
 */

#ifndef STITCH_STATISTICS_H
#define STITCH_STATISTICS_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "stitch/writer.h"

/* How values of a column compare, as bytes of their PLAIN form (BYTE_ARRAY without its length). */
enum rg_order {
    RG_ORDER_NONE, /* INT96, INTERVAL, GEOMETRY, ... : bounds are dropped. */
    RG_ORDER_BOOLEAN,
    RG_ORDER_INT32,
    RG_ORDER_INT64,
    RG_ORDER_UINT32,
    RG_ORDER_UINT64,
    RG_ORDER_FLOAT,
    RG_ORDER_DOUBLE,
    RG_ORDER_FLOAT16,
    RG_ORDER_BYTES,        /* Unsigned, bytewise: strings, UUIDs, plain binary. */
    RG_ORDER_SIGNED_BYTES, /* Big-endian two's complement: DECIMAL in byte arrays. */
};

enum rg_order rg_order_of(const struct rg_schema *schema, uint32_t leaf_index);

/* < 0, 0, > 0. Not for RG_ORDER_NONE; NaN must not come in. Bytes must have the type's length. */
int rg_order_compare(enum rg_order order, struct rg_span a, struct rg_span b);

/* True when `value` is a well-formed bound: right length, no NaN. */
bool rg_order_accepts(enum rg_order order, const struct rg_leaf *leaf, struct rg_span value);

/*
 * What of `given` can be believed: bounds end up in min_value/max_value or are absent, the
 * deprecated pair is gone, distinct_count too. A null_count above `value_count` is dropped.
 */
struct rg_statistics rg_statistics_trusted(const struct rg_writer *writer, enum rg_order order,
                                           const struct rg_leaf *leaf,
                                           const struct rg_statistics *given, uint64_t value_count);

/*
 * A running merge. Bounds point into what was added; rg_statistics_merge_finish() copies them.
 */
struct rg_statistics_merge {
    enum rg_order order;
    const struct rg_leaf *leaf;
    struct rg_statistics sum;
    bool has_any;   /* Something was added. */
    bool lacks_min; /* Some part with values has no trusted bound. */
    bool lacks_max;
    bool lacks_nulls; /* Some part has no null count. */
    bool lacks_nans;
};

void rg_statistics_merge_init(struct rg_statistics_merge *merge, enum rg_order order,
                              const struct rg_leaf *leaf);

/* Adds trusted statistics of a part with `value_count` values, nulls included. */
void rg_statistics_merge_add(struct rg_statistics_merge *merge, const struct rg_statistics *part,
                             uint64_t value_count);

/*
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_statistics_merge_finish(const struct rg_statistics_merge *merge,
                                                        struct rg_arena *arena,
                                                        struct rg_statistics *ret_statistics,
                                                        struct rg_error *err);

/*
 * Bounds of PLAIN-encoded values: of a page, or of a dictionary (then valid but maybe wide: pass
 * is_exact false). Spans point into `plain`. NaNs are passed over and counted; no bounds when there
 * is no other value. Zeros are signed as the format demands (min -0.0, max +0.0).
 *
 * Errors:  RG_ERR_CORRUPT when `plain` does not hold `value_count` values.
 */
RG_MUST_CHECK enum rg_status rg_statistics_of_plain(enum rg_order order, const struct rg_leaf *leaf,
                                                    struct rg_span plain, uint32_t value_count,
                                                    bool is_exact,
                                                    struct rg_statistics *ret_statistics,
                                                    struct rg_error *err);

#endif
