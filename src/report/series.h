/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a run looked like over time, in bounded memory: samples come as often as somebody takes
 * them; whenever there is no room left every other point goes, and points are kept half as often.
 */

#ifndef REPORT_SERIES_H
#define REPORT_SERIES_H

#include <regroup/job.h>

enum {
    RG_SERIES_POINTS_MAX = 256,
};

/* All but resident and claimed bytes add up since the run's beginning. */
struct rg_series_point {
    uint64_t wall_ns;
    uint64_t in_bytes;
    uint64_t out_bytes;
    uint64_t resident_bytes;
    uint64_t claimed_bytes; /* Of the engine's budgets. */
    uint64_t state_ns[RG_JOB_STAGES_MAX][WEIR_STATE_COUNT];
};

/* Zeroed memory is an empty one. */
struct rg_series {
    struct rg_series_point points[RG_SERIES_POINTS_MAX]; /* In order of time. */
    uint32_t point_count;
    uint64_t interval_ns;      /* Between two points, at least; 0: not begun. */
    struct rg_job_sample last; /* The newest that was offered; size 0: none yet. */
};

/* Samples in order of time; one that is older than the newest is ignored. */
void rg_series_add(struct rg_series *series, const struct rg_job_sample *sample);

/*
 * The state in which a stage was for most of the time between a point and the one before it (or the
 * run's beginning); WEIR_STATE_DONE where it was in none.
 */
enum weir_state rg_series_state(const struct rg_series *series, uint32_t point, uint32_t stage);

#endif
