/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One partition on its way through the commit protocol (journal/commit.h): a job that looks, reads
 * footers, plans, waits for its outputs, commits, and looks again until there is nothing to do. The
 * steps are in partition_list.h, partition_plan.h, partition_outputs.h and partition_commit.h.
 */

#ifndef COMPACT_PARTITION_H
#define COMPACT_PARTITION_H

#include "compact/discover.h"
#include "compact/forecast.h"
#include "compact/left_files.h"
#include "compact/open_batch.h"
#include "compact/tally.h"
#include "compact/unite.h"
#include "journal/commit.h"

/* What one turn of the loop needs; in the memory of the partition's job. */
struct rg_turn {
    struct rg_look look;
    struct rg_input *inputs; /* Taken outputs first, then foreign files. */
    uint32_t input_count;
    uint32_t taken_count;
    bool is_adopted;
    bool is_all;
    bool has_left;                /* An input was bad and is left alone: a step forward. */
    bool is_disturbed;            /* An input was gone or another file when it was read. */
    bool is_chosen;               /* The listing, and what is derived from it, had memory enough. */
    bool is_done;                 /* Recorded, or planned in a dry run. */
    uint64_t later_bytes;         /* Of candidates that later turns will take. */
    uint64_t listed_count;        /* Candidates that this turn covers, good ones included. */
    const char *scanned_name;     /* In place: the last of those; NULL before it is known. */
    uint64_t good_count;          /* In place: those that are good already, and stay. */
    struct rg_schema_shelf shelf; /* Under --schema union. */
    struct rg_hash128 united_hash;
    struct rg_plan plan;
    struct rg_batch batch; /* Of the journal. */
    struct rg_open_batch open;
};

struct rg_partition {
    /* Set at init, then constant. */
    struct rg_run *run;
    struct rg_discover *discover;
    char *prefix; /* "" or ends in '/'. */
    const char *const *only_names;
    size_t only_count; /* Of only_names; 0 and NULL: all. */
    bool is_restricted;

    /* Owned by the worker that runs the job. */
    struct rg_commit commit;
    struct rg_left_files left;    /* Not taken in this run any more. */
    struct rg_left_files carried; /* In place, up to scanned_to: were too few, wait for more. */
    uint64_t *told;               /* Hashes of problems that were told. */
    size_t told_count;
    size_t told_capacity;
    uint64_t claim_bytes;   /* Of the next job. */
    size_t batch_files;     /* New files of a batch at most, after one that did not fit; or 0. */
    uint64_t bin_rows_max;  /* Of a row group, after one that did not fit; or 0. */
    uint64_t done_count;    /* Files: named by a record before this run, */
    uint64_t good_count;    /* good already in place, */
    uint64_t alone_count;   /* and left alone; */
    uint64_t waiting_count; /* in place, those that are too few to be taken, at the end. */
    uint64_t todo_bytes;    /* Of the run's totals: what is to do here; see todo.h. */
    uint64_t todo_row_groups;
    bool is_listed;     /* rg_discover_listed() was called. */
    bool has_told_rows; /* Of bin_rows_max. */
    bool is_seen;       /* Its files were counted. */
    bool is_counted;    /* It has files. */
    bool lacks_footer;  /* There was no memory for a footer of the home; the error names it. */
    bool is_table;      /* It has a log or a ledger of its own: nothing of it is taken. */
    bool is_unreadable; /* Its listing failed, and not for lack of memory or time. */
    bool has_written;
    bool goes_on;                      /* Another job follows when this one is dropped. */
    struct rg_forecast *forecast;      /* Dry: over all turns that ended; NULL before the first. */
    struct rg_forecast *forecast_turn; /* Dry: of this turn; guarded by its batch's lock. */
    struct rg_forecast_memory forecast_memory; /* Dry: of turns with row groups that do not fit. */
    char *scanned_to; /* Candidates up to this name were found good, or planned (dry). */
    struct rg_arena arena;
    struct rg_allocator memory; /* Of the job. */
    struct rg_turn *turn;       /* In the arena. */
    atomic_uint meetings;       /* Of the step that waits. */
    struct weir_job *job;
    bool is_crowded; /* Its files are too many for the memory to go through them in batches. */
    bool is_refused; /* --all met a file that it may not leave out, or none that it can use. */
    enum rg_status footers_status;

    pthread_mutex_t intent_lock; /* Guards the commit while outputs are made. */
    uint64_t intent_ns;          /* Guarded by intent_lock: when it was written. */
    pthread_mutex_t lock;        /* Guards the arena while other jobs allocate from it, */
    struct rg_tally tally;       /* and how pages moved into the outputs of this turn. */
};

/*
 * Submits the partition at `prefix`, which it takes.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_CANCELLED: prefix is still the caller's.
 */
RG_MUST_CHECK enum rg_status rg_partition_start(struct rg_run *run, struct rg_discover *discover,
                                                char *prefix, struct rg_error *err);

#endif
