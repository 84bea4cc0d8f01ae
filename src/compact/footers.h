/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step 4: reads the footers of a batch's inputs, some files to a job, and leaves a summary of each.
 */

#ifndef COMPACT_FOOTERS_H
#define COMPACT_FOOTERS_H

#include "compact/input.h"
#include "compact/run.h"

/*
 * Who wants the footers. Summaries and kept bytes are allocated from `keeper`, a job that stays
 * until the inputs are not needed any more; `lock` guards what is allocated from its arena.
 */
struct rg_footers_order {
    struct rg_run *run;
    struct weir_job *keeper;
    struct rg_arena *arena;        /* Over keeper's memory. */
    pthread_mutex_t *lock;         /* Guards arena. */
    struct rg_schema_shelf *shelf; /* Where schemas are kept, guarded by lock; NULL: not. */
    struct rg_input *inputs;
    uint32_t input_count;
    uint64_t keep_bytes_max;                         /* Bytes of files that may be kept. */
    void (*done)(void *user, enum rg_status status); /* Once, when all inputs are done. */
    void *user;
};

/*
 * Starts. Every input ends with `status` set: RG_OK, or why it cannot be used. done() gets RG_OK;
 * RG_ERR_NOMEM when the arena was too small for the summaries; RG_ERR_CANCELLED; another status
 * when the store failed (the error is noted in the run).
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_CANCELLED: nothing was started.
 */
RG_MUST_CHECK enum rg_status rg_footers_start(const struct rg_footers_order *order,
                                              struct rg_error *err);

/* The two steps of a footer job, for the stage table. */
enum weir_status rg_footers_run_read(struct weir_job *job, void *item,
                                     const struct weir_call *call);
enum weir_status rg_footers_run_parse(struct weir_job *job, void *item,
                                      const struct weir_call *call);

#endif
