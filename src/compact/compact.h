/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The job behind <regroup/job.h>: formats meet threads here. The public functions are thin: each
 * checks its caller's struct sizes and NULLs, opens the report file, and calls the one of the same
 * name here. Terms, errors and threads are those of the public header.
 */

#ifndef COMPACT_COMPACT_H
#define COMPACT_COMPACT_H

#include <regroup/job.h>
#include <regroup/plan.h>

#include "base/allocator.h"
#include "base/error.h"
#include "plan/options.h"

struct rg_compact;

struct rg_compact_config {
    const struct rg_options *options; /* Borrowed; checked by rg_options_check(). */
    const char *source;               /* Copied. */
    const char *dest;                 /* Copied; NULL exactly when options->is_in_place. */
    rg_event_fn *event;               /* Never NULL. */
    void *user;
};

RG_MUST_CHECK enum rg_status rg_compact_new(const struct rg_compact_config *config,
                                            const struct rg_allocator *allocator,
                                            struct rg_compact **ret_compact, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_compact_run(struct rg_compact *compact, struct rg_error *err);
void rg_compact_cancel(struct rg_compact *compact, enum rg_cancel how);
void rg_compact_sample(struct rg_compact *compact, struct rg_job_sample *ret_sample);
size_t rg_compact_explain(struct rg_compact *compact, const struct rg_job_sample *since, char *text,
                          size_t bytes);
const struct rg_report *rg_compact_report(const struct rg_compact *compact);
void rg_compact_free(struct rg_compact *compact);

#endif
