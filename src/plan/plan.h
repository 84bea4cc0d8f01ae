/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What becomes of the inputs of one partition: batches, and the layout of a batch in bins and
 * files. Pure: the same inputs and options give the same plan, byte for byte.
 *
 * Definitions.
 *
 *   Weight  of a row group: its compressed bytes, chunk by chunk; of a chunk whose codec is not the
 *           one asked for, a third of its uncompressed bytes.
 *   Unit    what is never cut: a row group, or the row groups of a file that is read with one
 *           request (rg_plan_is_small()), where the order keeps them together.
 *   Caps    on a bin of more than one row group: rows (--row-group-rows), uncompressed bytes
 *           (rg_row_group_bytes_max), and the sums of the largest chunks, in bytes
 *           (rg_chunk_bytes_max) and in values (rg_chunk_values_max).
 *   Good    a unit of one row group with at least 3/4 of the target weight, or of the cap on rows.
 *
 * Rules. Row groups of equal shape form a group; groups come in the order of their first row group,
 * and each is laid out alone. Inside a group:
 *
 *   (1) Row groups are in the order of --order; ties by path, which puts home inputs before others.
 *   (2) A good unit is a bin of its own.
 *   (3) A run of other units, of weight T, is cut into n = ceil(T / target) bins, or into as many
 *       as the caps ask for if that is more: cut i lies at the unit boundary that is closest to
 *       i * T / n (the earlier one of two). Where caps are what asks, rows or bytes of that cap
 *       stand for T. A bin that still passes a cap is cut in the same way again.
 *   (4) A bin below half the target is joined with its lighter neighbour (the earlier one of two),
 *       as long as no cap is passed by that.
 *   (5) Files are runs of --row-groups-per-file bins.
 */

#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "plan/options.h"

struct rg_plan_row_group {
    uint32_t index;            /* Its number in the file. */
    uint64_t row_count;        /* Not 0. */
    uint64_t compressed_bytes; /* Of its chunks: what is read. */
    uint64_t uncompressed_bytes;
    uint64_t weight_bytes;
    uint64_t chunk_bytes_max;  /* The most that one of its chunks adds to an output chunk. */
    uint64_t chunk_values_max; /* The same of values, nulls included. */
    /* One for each RG_SORT_COLUMN of the order, as bytes that compare bytewise; data NULL: missing.
       NULL when there is none. */
    const struct rg_span *bounds;
};

/* An input of a batch. */
struct rg_plan_file {
    const char *path; /* What orders it: below SOURCE, or a name in the home. Unique. */
    uint64_t bytes;
    struct rg_hash128 shape; /* Inputs share an output only where this is equal. */
    struct rg_plan_row_group *row_groups;
    uint32_t row_group_count;
    bool is_home; /* One of our own outputs that is taken again; by path before all others. */
};

struct rg_plan_source {
    uint32_t file_index;
    uint32_t row_group_index; /* In rg_plan_file.row_groups, which says its number in the file. */
};

/* An output row group. */
struct rg_plan_bin {
    uint32_t first_source; /* In rg_plan.sources. */
    uint32_t source_count; /* At least 1. */
    uint64_t row_count;
    uint64_t compressed_bytes;
    uint64_t uncompressed_bytes;
    uint64_t weight_bytes;
};

/* An output file; its number K in names is its index. */
struct rg_plan_output {
    uint32_t first_bin;
    uint32_t bin_count; /* At least 1. */
    uint32_t group;     /* Outputs of one group have inputs of one shape. */
    uint64_t row_count;
    uint64_t weight_bytes;
};

struct rg_plan {
    struct rg_plan_source *sources; /* Every row group once, in the order of output rows. */
    struct rg_plan_bin *bins;
    struct rg_plan_output *outputs;
    bool *is_whole; /* For each file: small, and all its row groups lie in one bin. */
    uint32_t source_count;
    uint32_t bin_count;
    uint32_t output_count;
    uint32_t group_count;
    uint64_t row_count;
};

/* Up to this many bytes a file is read with one request, footer included. */
static const uint64_t rg_small_file_bytes_max = UINT64_C(8) << 20;

/* At most that, and at most half a row-group target (else whole files would make bins uneven). */
bool rg_plan_is_small(uint64_t file_bytes, const struct rg_options *options);

/*
 * Lays out one batch. The plan lies in `arena`; `scratch` is empty again on return. Files without
 * row groups are fine: they have rows in no output.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_LIMIT when there are more than 2^32 - 1 row groups, or when rows,
 *          values or bytes add up to more than 2^60.
 */
RG_MUST_CHECK enum rg_status rg_plan_batch(const struct rg_plan_file *files, uint32_t file_count,
                                           const struct rg_options *options, struct rg_arena *arena,
                                           struct rg_arena *scratch, struct rg_plan *ret_plan,
                                           struct rg_error *err);

/* Asserts what the rules say of any plan; for tests and debug builds. */
void rg_plan_check(const struct rg_plan *plan, const struct rg_plan_file *files,
                   uint32_t file_count, const struct rg_options *options);

#endif
