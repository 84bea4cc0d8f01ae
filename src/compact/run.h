/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What all jobs of one run share: places, options, the engine and its stages, counters, and the
 * list of what went wrong.
 */

#ifndef COMPACT_RUN_H
#define COMPACT_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include <regroup/job.h>
#include <weir/weir.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/purse.h"
#include "compact/compact.h"
#include "compact/tally.h"
#include "journal/home.h"
#include "plan/options.h"
#include "stitch/chunk.h"
#include "store/store.h"

/* Ids of the engine's stages; see pipeline.c. */
struct rg_stages {
    int list;
    int footers;
    int footers_read;
    int footers_parse;
    int plan;
    int intent;
    int outputs;
    int commit;
    int open;
    int reload;
    int locate;
    int read;
    int stitch;
    int append;
    int serialise;
    int publish;
};

/* What happened, counted; one for each run. All atomic. */
struct rg_counters {
    atomic_uint_fast64_t partitions_found;
    atomic_uint_fast64_t partitions_done;
    atomic_uint_fast64_t partitions_written;
    atomic_uint_fast64_t files_seen;     /* Data files that the selection lets through. */
    atomic_uint_fast64_t files_recorded; /* Of these: named by a record before. */
    atomic_uint_fast64_t files_good;     /* In place: left as they are. */
    atomic_uint_fast64_t files_waiting;  /* In place: too few in their partition. */
    atomic_uint_fast64_t files_alone;    /* Left alone, each named. */
    atomic_uint_fast64_t files_done;     /* Of files_seen: their batch is committed. */
    atomic_uint_fast64_t in_files;
    atomic_uint_fast64_t in_row_groups;
    atomic_uint_fast64_t in_bytes;
    atomic_uint_fast64_t planned_row_groups; /* Of inputs, in batches that began; */
    atomic_uint_fast64_t planned_in_bytes;   /* with those of later batches: todo.h. */
    atomic_uint_fast64_t moved_in_bytes;     /* Chunks in outputs; of made batches all. */
    atomic_uint_fast64_t out_files;
    atomic_uint_fast64_t out_row_groups;
    atomic_uint_fast64_t out_rows;
    atomic_uint_fast64_t out_bytes;
    atomic_uint_fast64_t forecast_bytes; /* Of out_bytes, by the plans. */
    atomic_uint_fast64_t forecast_bytes_max;
    atomic_uint_fast64_t read_bytes;
    atomic_uint_fast64_t written_bytes;
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t retries;
    atomic_uint_fast64_t records;
    atomic_uint_fast64_t records_smaller; /* Of these: row groups were made to fit the memory. */
    atomic_uint_fast64_t deleted_files;
    atomic_uint_fast64_t deleted_bytes;
};

struct rg_run {
    /* Set at init, then constant. */
    const struct rg_options *options;
    const struct rg_allocator *allocator;
    struct rg_store *source;
    struct rg_store *home; /* The same as `source` in place. */
    struct rg_store_caps source_caps;
    struct rg_store_caps home_caps;
    bool is_in_place;
    bool is_dry; /* Plan only. */
    struct rg_home journal_home;
    const char *shape_text; /* rg_options_shape(). */
    struct weir *weir;
    struct rg_stages stages;
    int heads; /* Ids of the engine's resources. */
    int reads;
    int writes;
    struct rg_stitch_options stitch_options;
    uint64_t memory_limit_bytes;
    uint64_t data_budget_bytes;
    uint64_t meta_budget_bytes;
    uint64_t bin_claim_max;      /* A bin asks for no more unless one column needs it. */
    uint64_t slice_bytes_target; /* Columns that are handled together need no more, about. */
    uint32_t request_count_max;  /* At once, of each store. */
    uint64_t part_bytes;         /* Of an upload; 0 where the home takes any. */
    uint64_t keep_bytes_max;     /* Of input files, in each partition's memory. */
    struct rg_stitch_context **contexts; /* One for each CPU worker. */
    uint32_t context_count;
    rg_event_fn *event;
    rg_compare_fn *compare; /* NULL: --verify meta. */
    uint64_t compare_bytes; /* Memory of one comparison. */
    uint64_t plan_bytes;    /* Memory for what a dry run's events tell. */
    void *event_user;
    struct rg_arena *arena; /* Guarded by lock: texts that live as long as the run. */

    struct rg_purse run_purse;   /* Of `tally` below; */
    struct rg_purse batch_purse; /* of partitions' tallies, together. */

    struct rg_counters counters;
    atomic_uint open_outputs;  /* Atomic: outputs that some bin is being made for. */
    atomic_bool is_draining;   /* Atomic: take in nothing new, finish what is open. */
    atomic_bool has_warned;    /* Atomic: that two runs at once may double rows. */
    atomic_uint passing_count; /* Atomic: partitions that failed of what may pass, */
    atomic_uint unread_count;  /* and of what the home's disk could not do. */

    /* Guarded by lock. */
    pthread_mutex_t lock;
    struct rg_tally tally; /* Of all batches that are recorded. */
    struct rg_left_alone *alone;
    uint32_t alone_count;
    struct rg_error error; /* The first fatal one. */
    bool has_error;
    uint64_t failed_more; /* What was wrong with partitions after that. */

    pthread_mutex_t compare_lock; /* One comparison at a time: it has that memory. */
    pthread_mutex_t event_lock;   /* Held while the caller's event function runs; taken last. */
};

/* Sets up locks, lists and purses: memory_limit_bytes is set. Everything else is the caller's. */
void rg_run_init(struct rg_run *run);
void rg_run_fini(struct rg_run *run);

/* Notes a fatal error (the first one is kept) and stops the engine. Threads: any. */
void rg_run_fail(struct rg_run *run, const struct rg_error *err);

/*
 * Notes what is wrong with one partition: the others are done, and the run ends with the first such
 * error. Those behind it are warned of, the first of them, and counted. Threads: any.
 */
void rg_run_note_partition(struct rg_run *run, const struct rg_error *err);

/*
 * One partition cannot be written to, or its ledger cannot be read: that is told, the others are
 * done, and the run ends with the first such error. False: what it is concerns all of them.
 */
bool rg_run_fail_partition(struct rg_run *run, const struct rg_error *err);

/*
 * The same where the disk could not give a partition's listing or its ledger, which may be a sector
 * of it. False as well when so many met it already that the disk itself fails. Threads: any.
 */
bool rg_run_fail_look(struct rg_run *run, const struct rg_error *err);

/*
 * The store did not do what one partition needs, and may a while later: that is told, the others
 * are done, and the run ends with RG_ERR_AGAIN. False: it is something else, or so many met it
 * already that the store itself is away. Threads: any.
 */
bool rg_run_fail_for_now(struct rg_run *run, const struct rg_error *err);

/* A --memory that leaves so much more for what is claimed, about; whole MiB. */
uint64_t rg_run_limit_bytes_for(const struct rg_run *run, uint64_t data_bytes_more);

/* Adds a batch that is recorded. Threads: any. */
void rg_run_add_tally(struct rg_run *run, const struct rg_tally *tally);

/* An input that is not taken: told, counted, listed. Threads: any. */
void rg_run_leave_alone(struct rg_run *run, const char *path, enum rg_status status,
                        const char *text);

/* The same without telling: it was told with others. */
void rg_run_list_alone(struct rg_run *run, const char *path, enum rg_status status,
                       const char *text);

/* Tells the caller something. Threads: any. */
void rg_run_tell(struct rg_run *run, const struct rg_event *event);
void rg_run_warn(struct rg_run *run, const char *format, ...) RG_PRINTF(2, 3);
void rg_run_note(struct rg_run *run, const char *format, ...) RG_PRINTF(2, 3);

/* True when nothing new shall be begun. */
bool rg_run_is_stopping(const struct rg_run *run);

#endif
