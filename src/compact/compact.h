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
#include "store/store.h"

struct rg_compact;

/* --verify full: the rows of one output against those that it was made of. */
struct rg_compare_file {
    struct rg_store *store;
    const char *key;
    struct rg_object_id id;
    uint32_t row_group;       /* The first one that counts. */
    uint32_t row_group_count; /* 0: all that follow. */
};

struct rg_compare_call {
    const struct rg_compare_file *inputs; /* In the order of rows. */
    size_t input_count;
    struct rg_compare_file output;
    uint64_t memory_bytes;
    uint32_t thread_count;
};

/*
 * Decodes both sides. compact/ may not know how (ARCHITECTURE.md), so it is handed in.
 *
 * Errors:  RG_ERR_BUG naming the first difference; those of reading.
 */
typedef enum rg_status rg_compare_fn(const struct rg_compare_call *call, struct rg_error *err);

struct rg_compact_config {
    const struct rg_options *options; /* Borrowed; checked by rg_options_check(). */
    const char *source;               /* Copied. */
    const char *dest;                 /* Copied; NULL exactly when options->is_in_place. */
    rg_event_fn *event;               /* Never NULL. */
    rg_compare_fn *compare;           /* Needed with --verify full. */
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
/* Of a dry run: memory that is left to whoever keeps the columns that its events tell of. */
uint64_t rg_compact_plan_bytes(const struct rg_compact *compact);
/* What --memory comes to. */
uint64_t rg_compact_memory_bytes(const struct rg_compact *compact);
const struct rg_report *rg_compact_report(const struct rg_compact *compact);
void rg_compact_free(struct rg_compact *compact);

#endif
