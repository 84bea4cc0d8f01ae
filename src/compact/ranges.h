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
    uint64_t gap_bytes_max;     /* Ranges that are no farther apart are read together, */
    uint64_t gaps_bytes_max;    /* as long as all that lies between them takes no more memory; */
    uint64_t gap_bytes_min;     /* where no farther apart than this, always. */
    uint64_t request_bytes_max; /* A longer range is cut. */
};

struct rg_range_plan {
    struct rg_request *requests;
    size_t request_count;
    uint64_t buffer_bytes;      /* All of them. */
    uint64_t gaps_bytes;        /* Of these, what is in no extent. */
    uint64_t gaps_bytes_wanted; /* What that would be without gaps_bytes_max. */
};

/*
 * Places all extents in one buffer and tells the requests that fill it, in the order of the file.
 * Extents may overlap and come in any order; `extents` keeps its order. Where gaps up to
 * gap_bytes_max would be too much in all, only those up to a half of it are read, or a quarter, and
 * so on down to gap_bytes_min.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_ranges_plan(struct rg_extent *extents, size_t count,
                                            const struct rg_range_options *options,
                                            struct rg_arena *arena, struct rg_range_plan *ret_plan,
                                            struct rg_error *err);

#endif
