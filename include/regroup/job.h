/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The job: compacts a place into another, or in place.
 *
 *     struct rg_options *options = rg_options_new();
 *     rg_options_set(options, "memory", "512MiB", RG_ORIGIN_FLAG, &err);
 *     struct rg_job_config config = {.size = sizeof config, .options = options,
 *                                    .source = "lake", .dest = "lake_c"};
 *     rg_job_new(&config, &job, &err);
 *     rg_job_run(job, &err);
 *     rg_report_text(rg_job_report(job), ...);
 *     rg_job_free(job);
 *
 * The library never prints; what happens on the way is told by events.
 */

#ifndef REGROUP_JOB_H
#define REGROUP_JOB_H

#include <regroup/options.h>
#include <regroup/report.h>
#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rg_job;
struct rg_partition_plan; /* <regroup/plan.h> */

enum rg_event_kind {
    RG_EVENT_LEFT_ALONE, /* `alone`: an input that is not taken, named; `text` is its text. */
    RG_EVENT_WARNING,    /* `text`. */
    RG_EVENT_NOTE,       /* `text`: worth a line only when somebody asked for more (--verbose). */
    RG_EVENT_PLANNED,    /* `plan`: a partition was planned, nothing is written yet. */
    RG_EVENT_COMMITTED,  /* `batch`: a record was made. */
};

/* Valid during the call. */
struct rg_event {
    size_t size; /* sizeof(struct rg_event) of the library. */
    enum rg_event_kind kind;
    const char *text;
    const struct rg_left_alone *alone;
    const struct rg_partition_plan *plan;
    const struct rg_report_batch *batch;
};

/* Called by one thread at a time, from any thread of the job; must return soon. */
typedef void rg_event_fn(void *user, const struct rg_event *event);

struct rg_job_config {
    size_t size;                      /* sizeof(struct rg_job_config) of the caller's header. */
    const struct rg_options *options; /* Borrowed until rg_job_free(). */
    const char *source;               /* Path, file:///... or s3://bucket/prefix. Copied. */
    const char *dest;                 /* The same; NULL with the option "in-place". Copied. */
    rg_event_fn *event;               /* May be NULL. */
    void *user;
    /* Of rg_plan_run() only, to sample its job and cancel it: the job before it runs, and NULL when
       it has ended. May be NULL. */
    void (*runs)(void *user, struct rg_job *job);
};

/*
 * Makes a job. Nothing is read yet but what opening both places takes, and the names in
 * "files-from"; but unless "dry-run" is set, the ledger of DEST, or of SOURCE in place, is founded
 * where there is none: a directory, `_regroup/_home`, and on S3 objects that try out conditional
 * writes and are deleted.
 *
 * "memory" is for the process, not for the job: what is resident when the job is made is taken off,
 * and when the rest of the process, other jobs included, brings it near the limit later, the job
 * goes on with less. So a program gives the limit that all of it may reach. Jobs that are made
 * before others have taken their memory do not see it: where several run at a time, give each its
 * share.
 *
 * Errors:  RG_ERR_INVALID where source, dest and options do not go together, or "memory" is less
 *          than what is needed before anything begins; RG_ERR_ABSENT,
 *          RG_ERR_DENIED, RG_ERR_IO, RG_ERR_AGAIN when a place cannot be opened; RG_ERR_CORRUPT,
 *          RG_ERR_UNSUPPORTED for a ledger that cannot be read, or is of a later version;
 *          RG_ERR_NOMEM. Reports that options ask for are written for these, too, but for what does
 *          not go together.
 */
RG_API RG_MUST_CHECK enum rg_status rg_job_new(const struct rg_job_config *config,
                                               struct rg_job **ret_job, struct rg_error *err);

/*
 * Runs the job to its end, once: a second time is RG_ERR_INVALID. Blocks; workers are started on
 * entry and joined before return, and have the signal mask of the caller: block what they should
 * not get. With the option "dry-run" it stops after planning. Where a report is written to a pipe
 * whose reader is gone, or a file becomes larger than the process may write, the system sends
 * SIGPIPE or SIGXFSZ, which end the process: ignore both, as examples/regroup does, and it is
 * RG_ERR_IO.
 *
 * What was committed before a failure stays committed, and the same job made again goes on there:
 * outputs are named after their inputs, and inputs go only after their output is durable.
 *
 * Errors:  RG_ERR_CANCELLED after rg_job_cancel(); RG_ERR_CHANGED when DEST, or SOURCE in place,
 *          was replaced since the job was made: make another one; RG_ERR_INVALID (foreign files in
 *          DEST, a memory limit below what is needed, ...); RG_ERR_DENIED; RG_ERR_AGAIN when a
 *          store stayed unreachable through all retries; RG_ERR_IO; RG_ERR_CORRUPT for a ledger
 *          that cannot be read; RG_ERR_UNSUPPORTED, RG_ERR_LIMIT for what one of its partitions
 *          has; RG_ERR_BUG when "verify" is "full" and an output is not its inputs; RG_ERR_NOMEM. A
 *          bad input is no error of the run: it is left alone and counted in the report.
 */
RG_API RG_MUST_CHECK enum rg_status rg_job_run(struct rg_job *job, struct rg_error *err);

/* How to stop. */
enum rg_cancel {
    RG_CANCEL_DRAIN, /* Takes in nothing new; batches that are being written are committed. */
    RG_CANCEL_ABORT, /* Stops as soon as running steps notice. */
};

/*
 * Asks a running job to stop; the second, stronger one may follow the first. Threads: any, but not
 * from a signal handler: it takes locks.
 */
RG_API void rg_job_cancel(struct rg_job *job, enum rg_cancel how);

enum {
    RG_JOB_STAGES_MAX = 16,
    RG_JOB_RESOURCES_MAX = 8,
};

/* A moment of a running job. */
struct rg_job_sample {
    size_t size; /* Set by the caller: sizeof(struct rg_job_sample) of its header. */
    uint64_t partition_count, partition_done_count;
    uint64_t file_count, file_done_count; /* Done: recorded, now or before, or left as they are. */
    uint64_t row_group_count, row_group_done_count;
    uint64_t in_bytes, in_bytes_done; /* Of inputs. */
    uint64_t in_bytes_moved;          /* Of them: stitched, maybe not committed yet. */
    uint64_t out_file_count;
    uint64_t out_bytes; /* Written. */
    uint64_t file_alone_count;
    uint64_t retry_count;
    uint64_t resident_bytes; /* Of the process. */
    uint64_t memory_limit_bytes;
    bool is_total_known; /* False: listing goes on, counts of what is to do still grow. */
    bool is_draining;
    bool is_dry; /* A plan is made: nothing moves, and a partition is done when it is planned. */
    struct rg_moves moves;
    struct weir_sample engine;
    struct weir_stage_sample stages[RG_JOB_STAGES_MAX];          /* engine.stage_count of them. */
    struct weir_resource_sample resources[RG_JOB_RESOURCES_MAX]; /* engine.resource_count. */
};

/*
 * Cheap: five times a second is fine. With the option "report" samples that are taken this way make
 * the curves of its page. Threads: any, while the job lives.
 */
#if defined(__cplusplus) && defined(__GNUC__) /* -Wshadow: the struct has the same name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
RG_API void rg_job_sample(struct rg_job *job, struct rg_job_sample *ret_sample);
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/*
 * What limits the run, in a sentence or two, over the time since `since` (NULL: since its start).
 * Returns the length, as snprintf() does; what is written is cut to `bytes`. Threads: any, while
 * the job lives.
 */
RG_API size_t rg_job_explain(struct rg_job *job, const struct rg_job_sample *since, char *text,
                             size_t bytes);

/*
 * What it did; complete after rg_job_run(), whatever that returned. Before that it has the places
 * and the memory limit, and all counts are 0: rg_job_sample() tells how far a job is.
 */
RG_API const struct rg_report *rg_job_report(const struct rg_job *job);

/* Not while it runs. NULL is fine. */
RG_API void rg_job_free(struct rg_job *job);

#ifdef __cplusplus
}
#endif

#endif
