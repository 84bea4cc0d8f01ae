/* SPDX-License-Identifier: Apache-2.0 */

/* From a footer to what planning wants to know of it. */

#ifndef PLAN_DESCRIBE_H
#define PLAN_DESCRIBE_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "plan/options.h"
#include "plan/plan.h"
#include "stitch/order.h"

/*
 * Fills the row groups of `file`; its other fields are the caller's. `meta` must have passed
 * rg_file_acceptable(). Row groups without rows are passed over. Everything lies in `arena`, and
 * bounds are copies, so that `meta` may go.
 *
 * A row group above 1 GiB uncompressed is no error: it can only be a bin of its own.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_LIMIT for a chunk that no output may hold (above 2^31-1 bytes) and
 *          for row counts above 2^40.
 */
RG_MUST_CHECK enum rg_status rg_plan_describe(const struct rg_file_meta *meta,
                                              const struct rg_options *options,
                                              struct rg_arena *arena, struct rg_plan_file *file,
                                              struct rg_error *err);

/*
 * A value as bytes that compare bytewise as the values do in `order`: -0 as +0; and as they do
 * among those of a type that it may widen to, but for INT32 and DOUBLE. No bound (data is NULL) for
 * RG_ORDER_NONE, for a value of a wrong length, and for NaN.
 *
 * Errors:  RG_ERR_NOMEM: never taken for "no bound", because that would be another plan.
 */
RG_MUST_CHECK enum rg_status rg_plan_bound(enum rg_order order, struct rg_span value,
                                           struct rg_arena *arena, struct rg_span *ret_bound,
                                           struct rg_error *err);

#endif
