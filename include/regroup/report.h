/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a job did: as structs, as text for people and as one JSON document.
 *
 * Lifetimes: a report and everything that it points to lives as long as its job.
 */

#ifndef REGROUP_REPORT_H
#define REGROUP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <regroup/error.h>
#include <regroup/moves.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rg_options;

/* Takes text or data as it is made. Returns false to stop: the caller gets RG_ERR_IO. */
typedef bool rg_write_fn(void *user, const void *data, size_t bytes);

/* An input that was left alone, and why. */
struct rg_left_alone {
    const char *path;
    enum rg_status status; /* RG_ERR_CORRUPT, _UNSUPPORTED, _LIMIT, _CHANGED, ... */
    const char *text;      /* "row group 2: column a.b: ..." */
};

/* How the pages of one column moved, over all inputs that have it. */
struct rg_column_moves {
    const char *column; /* Path with '.'. */
    struct rg_moves moves;
};

/* One file of a committed batch. */
struct rg_batch_file {
    const char *path; /* Below SOURCE, or below the home. */
    uint64_t row_count;
    uint64_t bytes;
    bool is_home; /* Of inputs: one of our own outputs that was taken again. */
};

/* One record of the ledger, when it was made by this job. */
struct rg_report_batch {
    const char *partition; /* "dt=2024-05-01/", "" for the root. */
    uint64_t record_number;
    const struct rg_batch_file *inputs;
    size_t input_count;
    const struct rg_batch_file *outputs;
    size_t output_count;
};

/* What the whole job did so far; at its end, what it did. */
struct rg_report {
    size_t size; /* sizeof(struct rg_report) of whoever made it. */

    const char *source;
    const char *dest; /* NULL: in place. */
    bool is_dry_run;

    uint64_t partition_count;         /* Seen. */
    uint64_t partition_written_count; /* In which something was written. */
    uint64_t batch_count;             /* Records made. */
    uint64_t file_seen_count;         /* Data files that the selection lets through. */
    uint64_t file_done_count;         /* Of these: named by a record before this job. */
    uint64_t file_good_count;         /* In place: good already, left as they are. */
    uint64_t file_alone_count;        /* Left alone for a reason that exit status 3 tells. */
    uint64_t file_in_count, file_out_count;
    uint64_t row_group_in_count, row_group_out_count;
    uint64_t row_count; /* Written. */
    uint64_t in_bytes, out_bytes;
    uint64_t planned_out_bytes, planned_out_bytes_max; /* What the plans said of out_bytes. */
    uint64_t deleted_count;                            /* Replaced, or of no record. */
    uint64_t deleted_bytes;

    uint64_t wall_ns;
    uint64_t cpu_ns; /* User and system time of the process. */
    uint64_t memory_limit_bytes;
    uint64_t memory_peak_bytes; /* Resident, of the process; 0 where it cannot be known. */
    uint64_t request_count;     /* Operations of both stores. */
    uint64_t retry_count;

    struct rg_moves moves;
    const struct rg_column_moves *columns; /* In order of first appearance. */
    size_t column_count;
    const struct rg_left_alone
        *alone; /* The first of them, at most 1,000; events tell all, alike ones once. */
    size_t alone_count;
    const char *explanation;      /* What limited the run; NULL: it did nothing. */
    uint64_t batch_smaller_count; /* Of batch_count: row groups smaller than asked, for memory. */
    bool is_selective;            /* Some option lets only some files of SOURCE through. */
    uint64_t file_waiting_count;  /* In place: fewer than --min-input-files in their partition. */
    enum rg_status status;        /* At the end: what rg_job_run() returned, */
    const char *error;            /* and the error's text; NULL: RG_OK. */
    bool lacks_columns;           /* Of some there was no memory for: they are in `moves` only. */
};

/*
 * The summary for people: files, row groups, bytes, time, memory, and how pages moved; with
 * --verbose every column that needed more than copy and promote.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_IO.
 */
RG_API RG_MUST_CHECK enum rg_status rg_report_text(const struct rg_report *report, bool is_verbose,
                                                   rg_write_fn *write, void *user,
                                                   struct rg_error *err);

/*
 * The JSON document of --report-json is made as the job goes: begin (NULL without memory), each
 * batch, end. Its first member is "v":1. Threads: one at a time, as events are.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_IO when `write` gave up.
 */
struct rg_report_writer;
RG_API struct rg_report_writer *rg_report_writer_new(rg_write_fn *write, void *user);
RG_API RG_MUST_CHECK enum rg_status rg_report_writer_batch(struct rg_report_writer *writer,
                                                           const struct rg_report_batch *batch,
                                                           struct rg_error *err);
/* `options` may be NULL: no settings then. Frees nothing. */
RG_API RG_MUST_CHECK enum rg_status rg_report_writer_finish(struct rg_report_writer *writer,
                                                            const struct rg_report *report,
                                                            const struct rg_options *options,
                                                            struct rg_error *err);
/* NULL is fine. */
RG_API void rg_report_writer_free(struct rg_report_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
