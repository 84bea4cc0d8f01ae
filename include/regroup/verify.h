/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A second opinion: whether DEST holds the rows of SOURCE, every one of them, in order. Both sides
 * are decoded; nothing of what made DEST is used again.
 *
 * Each partition is compared in the order that the ledger of DEST tells: the live outputs of a
 * record with the inputs that they were made of. Where there is no ledger, because another tool
 * made DEST, the files of a partition are compared in the order of their names. Columns are
 * compared by one digest for levels and one for values; values are equal when their bytes are.
 * REQUIRED and OPTIONAL, another order of columns and columns that an input lacks make no
 * difference.
 *
 * What else lies in a DEST that has a ledger, in whatever partition, is told as extra: foreign
 * files, and outputs that were replaced or that nobody recorded. Not those that a run under way, or
 * one that was killed, makes for the next record; and in place neither foreign files nor what was
 * replaced, which may lie there by right. (A partition without records is in place where any other
 * is, or none has records.)
 *
 * Runs may be at work meanwhile: what they record, and replace, is compared as it is by then.
 */

#ifndef REGROUP_VERIFY_H
#define REGROUP_VERIFY_H

#include <regroup/options.h>
#include <regroup/report.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rg_verify_outcome {
    RG_VERIFY_EQUAL,
    RG_VERIFY_DIFFERENT,
    RG_VERIFY_FAILED,  /* Could not be compared, or listed; or "memory" is too little for that. */
    RG_VERIFY_MISSING, /* An input that is in no record yet, as it is. */
    RG_VERIFY_EXTRA,   /* A file in DEST that is no live output: readers may read rows twice. */
    RG_VERIFY_OUTCOME_COUNT,
};

/* "equal", "different", "failed", "missing", "extra". */
RG_API const char *rg_verify_outcome_name(enum rg_verify_outcome outcome);

/*
 * What was found out about the outputs of one record, the files of one partition (without a
 * ledger), one input, or one file of DEST. Valid during the call.
 */
struct rg_verify_finding {
    size_t size; /* sizeof(struct rg_verify_finding) of the library. */
    enum rg_verify_outcome outcome;
    const char *partition; /* "dt=2024-05-01/", "" for the root. */
    uint32_t record;       /* Its number; 0: none. */
    const char *key;       /* MISSING: the input, below SOURCE. EXTRA: below DEST. Else NULL. */
    const char *text;      /* Column, row and both values, or the reason. EQUAL: "". */
    uint64_t input_file_count, output_file_count;
    uint64_t input_row_count, output_row_count;
    uint32_t column_count;
    uint32_t different_count; /* Of columns. */
};

/* Called by the thread that runs rg_verify_run(). */
typedef void rg_verify_finding_fn(void *user, const struct rg_verify_finding *finding);

struct rg_verify_totals {
    /* What a run at work replaced before it was compared may be counted with both outputs. */
    size_t size; /* Set by the caller: sizeof(struct rg_verify_totals) of its header. */
    uint64_t partition_count;
    uint64_t outcome_counts[RG_VERIFY_OUTCOME_COUNT]; /* Findings. */
    uint64_t input_file_count, output_file_count;
    uint64_t input_row_count, output_row_count;
    uint64_t read_bytes;
};

struct rg_verify_config {
    size_t size;                      /* sizeof(struct rg_verify_config) of the caller's header. */
    const struct rg_options *options; /* "memory", "jobs", "io" and how stores are reached. */
    const char *source;               /* Path, file:///... or s3://bucket/prefix. Borrowed. */
    const char *dest;                 /* The same. */
    rg_verify_finding_fn *finding;    /* May be NULL. */
    void *user;
};

struct rg_verify;

/*
 * Makes a verification; nothing is read yet.
 *
 * Errors:  RG_ERR_INVALID, RG_ERR_NOMEM.
 */
RG_API RG_MUST_CHECK enum rg_status rg_verify_new(const struct rg_verify_config *config,
                                                  struct rg_verify **ret_verify,
                                                  struct rg_error *err);

/*
 * Runs it, once. Blocks. Differences and unreadable files are findings, not errors. `ret_totals`
 * may be NULL; a size of 0 counts as that of the library.
 *
 * Errors:  RG_ERR_ABSENT, RG_ERR_DENIED when a place cannot be opened, or a bucket refuses;
 *          RG_ERR_ABSENT also when neither has a data file or a ledger; RG_ERR_CORRUPT,
 *          RG_ERR_UNSUPPORTED for a ledger of which not even the name can be read, or that is of a
 *          later version (what cannot be read of a partition, or needs more than "memory", is a
 *          finding, be it files, a folder or the ledger); RG_ERR_INVALID when "memory" is too
 *          little to begin with, or DEST is a file; RG_ERR_AGAIN, RG_ERR_IO from the stores;
 *          RG_ERR_NOMEM: for the root, or the names of all partitions; RG_ERR_CANCELLED.
 */
RG_API RG_MUST_CHECK enum rg_status
rg_verify_run(struct rg_verify *verify, struct rg_verify_totals *ret_totals, struct rg_error *err);

/* Of a verification that runs. */
struct rg_verify_sample {
    size_t size;         /* Set by the caller: sizeof(struct rg_verify_sample) of its header. */
    uint64_t wall_ns;    /* Since rg_verify_run() was called; 0: it was not yet. */
    uint64_t read_bytes; /* Of both sides. Where they differ, parts are read again. */
    /* Of both sides; what is not listed yet is an estimate. */
    uint64_t total_bytes;
    bool is_total_known; /* False while partitions are looked for. */
    uint64_t partition_count, partition_done_count;
};

/*
 * Where it stands. Cheap: five times a second is fine. A sample of size 0 stays as it is. Threads:
 * any, while the verification lives.
 */
RG_API void rg_verify_take_sample(const struct rg_verify *verify,
                                  struct rg_verify_sample *ret_sample);

/*
 * Makes rg_verify_run() return soon, with RG_ERR_CANCELLED; requests to a store end as well.
 * Threads: any; may be called in a signal handler.
 */
RG_API void rg_verify_cancel(struct rg_verify *verify);

/* Not while it runs. NULL is fine. */
RG_API void rg_verify_free(struct rg_verify *verify);

/* As one JSON object in one line. Errors: RG_ERR_NOMEM; RG_ERR_IO when `write` gave up. */
RG_API RG_MUST_CHECK enum rg_status rg_verify_finding_json(const struct rg_verify_finding *finding,
                                                           rg_write_fn *write, void *user,
                                                           struct rg_error *err);
RG_API RG_MUST_CHECK enum rg_status rg_verify_totals_json(const struct rg_verify_totals *totals,
                                                          rg_write_fn *write, void *user,
                                                          struct rg_error *err);

#ifdef __cplusplus
}
#endif

#endif
