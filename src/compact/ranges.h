/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which requests fetch a set of byte ranges of one file: neighbours are read together, large ones
 * are cut. Pure.
 */

#ifndef COMPACT_RANGES_H
#define COMPACT_RANGES_H

#include "base/arena.h"
#include "base/error.h"

/* Bytes that are wanted. */
struct rg_extent {
    uint64_t offset;        /* In the file. */
    uint64_t bytes;         /* May be 0: then nothing is fetched for it. */
    uint64_t buffer_offset; /* Result: where they begin in the buffer. */
};

struct rg_request {
    uint64_t offset; /* In the file. */
    uint64_t bytes;
    uint64_t buffer_offset;
};

struct rg_range_options {
    uint64_t gap_bytes_max;     /* Ranges that are no farther apart are read together. */
    uint64_t request_bytes_max; /* A longer range is cut. */
};

/*
 * Places all extents in one buffer of *ret_buffer_bytes and tells the requests that fill it.
 * Extents may overlap and come in any order; `extents` keeps its order.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status
rg_ranges_plan(struct rg_extent *extents, size_t count, const struct rg_range_options *options,
               struct rg_arena *arena, struct rg_request **ret_requests, size_t *ret_request_count,
               uint64_t *ret_buffer_bytes, struct rg_error *err);

#endif
