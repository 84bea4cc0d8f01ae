/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A file of --report or --report-json: written beside its name, and renamed when it is whole. It is
 * opened before the job begins, so that a name that cannot be written is no surprise at its end.
 */

#ifndef API_REPORT_FILE_H
#define API_REPORT_FILE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"

/* Zeroed: none is wanted; all functions but open do nothing then. */
struct rg_report_file {
    const char *option;    /* "--report-json", for messages. */
    const char *path;      /* Borrowed. */
    const char *part_path; /* Where it is written. */
    bool has_part;         /* That is another path than `path`, which it gets at the end. */
    FILE *part;            /* NULL: not open. */
    int write_errno;       /* Of the first write that failed; 0: none did. */
};

/*
 * Errors:  RG_ERR_INVALID when it cannot be created; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_report_file_open(struct rg_report_file *file,
                                                 struct rg_arena *arena, const char *option,
                                                 const char *path, struct rg_error *err);

/* A rg_write_fn; `user` is the file. */
bool rg_report_file_write(void *user, const void *data, size_t bytes);

/*
 * Closes it; with `content` RG_OK it gets its name, else `err` has said already why not.
 *
 * Errors:  `content`; RG_ERR_IO.
 */
RG_MUST_CHECK enum rg_status rg_report_file_finish(struct rg_report_file *file,
                                                   enum rg_status content, struct rg_error *err);

/* Of a job that never ran. */
void rg_report_file_drop(struct rg_report_file *file);

#endif
