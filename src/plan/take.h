/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which files of a partition are taken, and where its batches are cut. Pure functions on listings
 * and on what the ledger and the footers say.
 */

#ifndef PLAN_TAKE_H
#define PLAN_TAKE_H

#include "base/span.h"
#include "plan/options.h"

/*
 * Where the next batch ends: files[first .. returned index) are one batch, at least one file and
 * else at most --batch-size bytes. `bytes` are the files' sizes in byte order of their paths.
 */
size_t rg_take_batch_end(const uint64_t *bytes, size_t file_count, size_t first,
                         const struct rg_options *options);

/* What in-place work asks about a file that no record names. */
struct rg_take_file {
    uint64_t bytes;
    uint64_t row_group_count;
    struct rg_span shape; /* Of its footer key regroup.shape; data NULL: it has none. */
};

/* Why a file is left alone in place. */
enum rg_take {
    RG_TAKE_YES,
    RG_TAKE_NO_STAMP, /* It carries our stamp with today's shaping options. */
    RG_TAKE_NO_GOOD,  /* 3/4 of a target file, its mean row group half a target. */
};

/* `shape` is today's, from rg_options_shape(). With --all everything is taken. */
enum rg_take rg_take_file(const struct rg_take_file *file, const struct rg_options *options,
                          struct rg_span shape);

/*
 * How many of our own last outputs are taken again with `new_bytes` of new input: from the last one
 * backwards, as long as each is below half a target file and at most twice what is gathered.
 * `bytes` are the sizes of the live outputs in order of their names. 0 when new_bytes is 0.
 */
size_t rg_take_trailing(const uint64_t *bytes, size_t output_count, uint64_t new_bytes,
                        const struct rg_options *options);

/* In place: whether this many candidates, short trailing outputs included, are worth it. */
bool rg_take_is_enough(uint64_t candidate_count, const struct rg_options *options);

#endif
