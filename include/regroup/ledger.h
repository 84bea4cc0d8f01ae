/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The ledger of a home (DEST of a job, or SOURCE of one in place): which of its files count, and
 * clearing what dead runs left behind.
 *
 * A plain listing of a home shows too much while a job runs: outputs whose record is not made yet,
 * in place also inputs whose rows are in outputs already. The ledger tells exactly.
 */

#ifndef REGROUP_LEDGER_H
#define REGROUP_LEDGER_H

#include <regroup/job.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file whose rows count. Valid during the call. */
struct rg_live_file {
    size_t size;           /* sizeof(struct rg_live_file) of the library. */
    const char *path;      /* Below the home. */
    const char *partition; /* "dt=2024-05-01/", "" for the root. */
    uint64_t bytes;
    bool is_output;     /* One of ours; else, in place, a file that nobody has compacted yet. */
    uint64_t row_count; /* Of outputs, these two. */
    uint32_t row_group_count;
};

/* Returns false to stop. */
typedef bool rg_live_file_fn(void *user, const struct rg_live_file *file);

/* What was found wrong while looking; each is told by an event. */
struct rg_ledger_findings {
    size_t size; /* sizeof(struct rg_ledger_findings) of the caller's header; 0: the library's. */
    uint64_t live_count;
    uint64_t missing_count;   /* Live outputs that are gone or not ours: their rows are lost. */
    uint64_t alone_count;     /* Files left alone, each named. */
    uint64_t partition_count; /* That were looked at. */
    uint64_t deleted_count;   /* gc: files. */
    uint64_t upload_count;    /* gc: unfinished uploads and temporary files. */
    uint64_t void_count;      /* gc: records of nothing, made so that what died stays dead. */
};

/*
 * Tells the live files of `home`, partition by partition in byte order, in row order inside each.
 * Each partition is listed before its ledger is read, so its answer is exact for the moment of the
 * reading; a file that is gone when it is opened was replaced since: list again. Nothing is
 * written. Files that are not ours are live in place only; in a DEST there is a warning for each
 * partition that has some. `options` (how stores are reached), `show`, `event` and `ret_findings`
 * may be NULL.
 *
 * Errors:  RG_ERR_ABSENT when there is no home; RG_ERR_CORRUPT for a ledger that cannot be read;
 *          RG_ERR_UNSUPPORTED for one of a later version; RG_ERR_INVALID for what is no place;
 *          RG_ERR_DENIED, RG_ERR_AGAIN, RG_ERR_IO from the store; RG_ERR_CANCELLED when `show` said
 *          stop; RG_ERR_NOMEM. A partition with a ledger that cannot be read, or of which a local
 *          file or folder cannot, stops no other: the first error is returned at the end, and what
 *          others had is told as warnings.
 */
RG_API RG_MUST_CHECK enum rg_status
rg_ledger_list(const char *home, const struct rg_options *options, rg_live_file_fn *show,
               rg_event_fn *event, void *user, struct rg_ledger_findings *ret_findings,
               struct rg_error *err);

/*
 * Writes a file as one JSON object in one line.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_IO when `write` gave up.
 */
RG_API RG_MUST_CHECK enum rg_status rg_live_file_json(const struct rg_live_file *file,
                                                      rg_write_fn *write, void *user,
                                                      struct rg_error *err);

/*
 * Deletes what no live row needs and is older than the option "older-than": outputs that are dead,
 * what runs left that ended early (intents, outputs without a record, unfinished uploads), and in
 * place the files that were replaced so long ago; "grace" of the run that replaced them is not
 * known here. `options`, `event` and `ret_findings` may be NULL.
 *
 * Errors:  as rg_ledger_list(), but for RG_ERR_CANCELLED.
 */
RG_API RG_MUST_CHECK enum rg_status rg_ledger_gc(const char *home, const struct rg_options *options,
                                                 rg_event_fn *event, void *user,
                                                 struct rg_ledger_findings *ret_findings,
                                                 struct rg_error *err);

#ifdef __cplusplus
}
#endif

#endif
