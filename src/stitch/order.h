/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How the values of a column compare, and what makes a bound of one (parquet.thrift, ColumnOrder).
 */

#ifndef STITCH_ORDER_H
#define STITCH_ORDER_H

#include "base/arena.h"
#include "parquet/metadata.h"

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

/*
 * What an output's column_orders says of every column, whatever its sources said: bounds of columns
 * under IEEE 754 total order mean the same under this one once NaN bounds are left out, which the
 * trust filter does, and readers that do not know an order ignore the bounds with it.
 */
enum {
    RG_COLUMN_ORDER_WRITTEN = RG_COLUMN_ORDER_TYPE
};

enum rg_order rg_order_of(const struct rg_schema *schema, uint32_t leaf_index);

/* Columns that may hold NaN: FLOAT, DOUBLE, FLOAT16. */
bool rg_order_is_floating(enum rg_order order);

/* Those for which signed comparison, that of the deprecated min and max, is the right one. */
bool rg_order_is_signed(enum rg_order order);

/* < 0, 0, > 0. Not for RG_ORDER_NONE; NaN must not come in. Bytes must have the type's length. */
int rg_order_compare(enum rg_order order, struct rg_span a, struct rg_span b);

/* True when `value` is a well-formed bound: right length, no NaN. */
bool rg_order_accepts(enum rg_order order, const struct rg_leaf *leaf, struct rg_span value);

/*
 * The bound to write for `bound`: a zero of a floating point column has the sign that the format
 * demands (min -0.0, max +0.0). Points to `bound`'s bytes or to a constant.
 */
struct rg_span rg_order_lower_bound(enum rg_order order, struct rg_span bound);
struct rg_span rg_order_upper_bound(enum rg_order order, struct rg_span bound);

/*
 * A bound of at most `bytes_max` bytes (at least 8) that is still one: only RG_ORDER_BYTES of
 * variable length are shortened; UTF-8 stays UTF-8. Where that cannot be done the answer is
 * `bound` itself. *ret_is_shorter tells; an upper bound's new bytes lie in `arena`, and data is
 * NULL when there was no memory.
 */
struct rg_span rg_order_shorten_lower(enum rg_order order, const struct rg_leaf *leaf,
                                      struct rg_span bound, size_t bytes_max, bool *ret_is_shorter);
struct rg_span rg_order_shorten_upper(enum rg_order order, const struct rg_leaf *leaf,
                                      struct rg_span bound, size_t bytes_max,
                                      struct rg_arena *arena, bool *ret_is_shorter);

#endif
