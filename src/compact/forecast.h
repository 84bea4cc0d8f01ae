/* SPDX-License-Identifier: Apache-2.0 */

/* What footers tell of a partition before its data is read: bytes, memory, requests, and why. */

#ifndef COMPACT_FORECAST_H
#define COMPACT_FORECAST_H

#include "base/allocator.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "stitch/estimate.h"

struct rg_bin;
struct rg_forecast;
struct rg_open_batch;
struct rg_partition;

/* What row groups of the size asked for take: members of struct rg_partition_plan. */
struct rg_forecast_memory {
    uint64_t bytes;
    uint64_t bytes_min;
};

/* Dry: the turn's row groups do not fit; what they would take is told of the smaller ones. */
void rg_forecast_keep_memory(struct rg_partition *partition);

/* Forgets what was forecast of a turn that did not come to its end. */
void rg_forecast_begin_turn(struct rg_partition *partition);

/*
 * Adds a bin whose footers are parsed, once: always to its batch's forecast of output bytes, in a
 * dry run also to the turn's part of its partition's plan. `in_bytes` is what must be read of each
 * column. Threads: any.
 */
void rg_forecast_add(const struct rg_bin *bin, const struct rg_stitch_estimate *estimates,
                     const uint64_t *in_bytes, const struct rg_schema *schema);

/* The batch is done: its forecast of output bytes counts for the run. */
void rg_forecast_count(const struct rg_open_batch *batch);

/*
 * Dry: the turn's forecast is its partition's, with the turn's counts; its files need not be
 * planned again.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_forecast_end_turn(struct rg_partition *partition,
                                                  struct rg_error *err);

/* Tells the partition's plan to the caller, or fails the run without memory. */
void rg_forecast_tell(struct rg_partition *partition);

/* NULL is fine. */
void rg_forecast_free(struct rg_forecast *forecast, const struct rg_allocator *allocator);

#endif
