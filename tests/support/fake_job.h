/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A compaction whose files are a few lines of text, on the real journal: for tests of the protocol.
 *
 * An input holds rows, one a line. An output holds "batch <F>" and then rows. A job takes what is
 * free, at most `batch_max` files at a time, and makes up to `outputs_max` outputs of them.
 */

#ifndef SUPPORT_FAKE_JOB_H
#define SUPPORT_FAKE_JOB_H

#include "journal/commit.h"
#include "support/test.h"

enum {
    fake_problem_kinds = RG_PROBLEM_RESTORED + 1
};

struct fake_job {
    /* Set by the caller. */
    struct rg_store *home;
    struct rg_store *source; /* NULL: in place. */
    const char *partition;
    const struct rg_allocator *allocator; /* NULL: the system's. */
    const struct rg_allocator *memory;    /* See rg_commit. */
    size_t batch_max;                     /* 0: 2. */
    size_t outputs_max;                   /* 0: 1. The option that shapes outputs. */
    size_t short_max;  /* Short trailing outputs taken again with new files, at most. */
    size_t short_rows; /* An output is short up to so many rows. */
    bool takes_all;    /* --all. */
    bool is_alone;     /* --alone. */
    uint64_t grace_ns; /* --grace. */
    uint64_t later_ns; /* The clock goes ahead by so much. */
    const char *only;  /* Inputs are names that begin so; NULL: all. */

    /* Filled by fake_job_run(). */
    size_t record_count; /* Made by this job. */
    size_t taken_count;  /* Outputs taken again in them. */
    size_t void_count;   /* Given up in step 5. */
    size_t look_count;
    size_t problems[fake_problem_kinds]; /* Of all looks. */
    char problem[256];                   /* Text of the last one. */
};

/* Runs to its end. Statuses are those of the journal; errors leave things as they are. */
enum rg_status fake_job_run(struct fake_job *job, struct rg_error *err);

/* Looks once and sweeps nothing: what is in the ledger's eyes. Everything is in `arena`. */
enum rg_status fake_job_look(const struct fake_job *job, struct rg_arena *arena,
                             struct rg_look *ret_look, struct rg_error *err);

/* `regroup gc`. */
enum rg_status fake_job_gc(const struct fake_job *job, uint64_t older_than_ns, bool *ret_has_voided,
                           struct rg_error *err);

/* Rows are words like "r17"; counts go up by one for each row seen. */
enum {
    fake_rows_max = 128
};
void fake_count_rows(const char *text, unsigned counts[fake_rows_max]);

#endif
