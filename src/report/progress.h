/* SPDX-License-Identifier: Apache-2.0 */

/*
 * <regroup/progress.h>, in pure form: what rates, shares and the limiting stage are, and the three
 * texts. Time comes from the samples alone.
 */

#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <regroup/progress.h>

#include "base/buffer.h"

enum {
    RG_PROGRESS_TITLE_BYTES = 256,
    RG_PROGRESS_POINTS = 64, /* Samples that rates are taken from. */
};

/* What of a sample rates need. */
struct rg_progress_point {
    uint64_t wall_ns;
    uint64_t in_bytes;
    uint64_t out_bytes;
};

struct rg_progress {
    struct rg_progress_style style;
    char title[RG_PROGRESS_TITLE_BYTES];
    struct rg_buffer text;
    struct rg_job_sample last;                           /* The one before; size 0: none yet. */
    struct rg_progress_point points[RG_PROGRESS_POINTS]; /* A ring. */
    uint32_t point_count;
    uint32_t point_next;
    uint32_t drawn_line_count; /* BLOCK: lines on the terminal. */
};

void rg_progress_init(struct rg_progress *progress, const struct rg_progress_style *style,
                      const char *title, const struct rg_allocator *allocator);
void rg_progress_fini(struct rg_progress *progress);

/* What is known of the run's pace at a sample. */
struct rg_pace {
    uint64_t in_rate; /* Bytes a second over the last ten seconds. */
    uint64_t out_rate;
    bool has_share; /* The total is known. */
    double share;   /* Of the input's bytes, 0 .. 1. */
    bool has_eta;
    uint64_t eta_ns;
};

struct rg_pace rg_progress_pace(const struct rg_progress *progress,
                                const struct rg_job_sample *sample);

/*
 * The stage that limits the run between two samples, and by what: the last one in the pipeline that
 * runs, or wants to, for most of the time. stage_count when none does.
 */
uint32_t rg_progress_limit(const struct rg_job_sample *since, const struct rg_job_sample *sample,
                           enum weir_state *ret_state);

#endif
