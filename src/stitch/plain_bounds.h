/* SPDX-License-Identifier: Apache-2.0 */

/* Bounds of values in their PLAIN form: the kernels behind statistics that no source brought. */

#ifndef STITCH_PLAIN_BOUNDS_H
#define STITCH_PLAIN_BOUNDS_H

#include "base/error.h"
#include "parquet/metadata.h"
#include "stitch/order.h"

/*
 * Bounds of PLAIN-encoded values: of a page, or of a dictionary (then valid but maybe wide: pass
 * is_exact false). Spans point into `plain` or to constants. NaNs are counted. Where there is one
 * there are no bounds: the format has them of the other values, but to Spark and DuckDB NaN is the
 * largest value, and they would pass over it by such bounds (run). parquet-java writes none either.
 * Zeros are signed as the format demands (min -0.0, max +0.0). null_count is left absent. Bytes
 * behind the values are ignored.
 *
 * Errors:  RG_ERR_CORRUPT when `plain` does not hold `value_count` values.
 */
RG_MUST_CHECK enum rg_status rg_statistics_of_plain(enum rg_order order, const struct rg_leaf *leaf,
                                                    struct rg_span plain, uint32_t value_count,
                                                    bool is_exact,
                                                    struct rg_statistics *ret_statistics,
                                                    struct rg_error *err);

#endif
