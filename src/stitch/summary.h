/* SPDX-License-Identifier: Apache-2.0 */

/* What the metadata of an output chunk says, summed up over its sources. */

#ifndef STITCH_SUMMARY_H
#define STITCH_SUMMARY_H

#include "base/error.h"
#include "stitch/bench.h"
#include "stitch/chunk.h"
#include "stitch/geospatial.h"
#include "stitch/index_merge.h"
#include "stitch/source.h"
#include "stitch/statistics.h"

struct rg_summary {
    struct rg_bench *bench; /* Set at init, then constant. */
    struct rg_statistics_merge statistics;
    struct rg_size_merge sizes;
    struct rg_geospatial_merge geospatial;
    const struct rg_column_chunk *first; /* Of the sources. */
    bool are_key_values_equal;
};

/*
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_summary_init(struct rg_summary *summary, struct rg_bench *bench,
                                             struct rg_error *err);

/*
 * Adds a source. `statistics` are trusted; their spans must last until finish.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_summary_add(struct rg_summary *summary,
                                            const struct rg_survey *survey,
                                            const struct rg_statistics *statistics,
                                            struct rg_error *err);

/*
 * Fills statistics and key-values of the chunk; all of it lies in the bench's arena.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_summary_finish(const struct rg_summary *summary,
                                               struct rg_column_chunk *chunk, struct rg_error *err);

#endif
