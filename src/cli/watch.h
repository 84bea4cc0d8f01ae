/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Watches a running job from a thread of its own: shows progress, prints what events tell above it,
 * and takes signals. The first SIGINT or SIGTERM lets the job finish what is begun, the second
 * stops it, the third ends the process. SIGUSR1 shows a line of progress at once. What only reads,
 * a plan or a verification, is stopped by the first signal.
 */

#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <regroup/verify.h>

#include "cli/arguments.h"
#include "cli/terminal.h"

enum watch_mode {
    WATCH_NONE,
    WATCH_LINE,
    WATCH_BLOCK,
    WATCH_JSON,
};

struct watch {
    /* Set at init, then constant. */
    enum watch_mode mode;
    struct terminal terminal;
    bool is_quiet;  /* No progress, no summary. */
    bool is_silent; /* Nothing but the error that ends the run. */
    bool is_verbose;
    bool only_reads;              /* There is nothing to finish: the first signal stops it. */
    bool has_report;              /* Samples are wanted for the page of --report. */
    struct rg_progress *progress; /* NULL: none is shown. What it points to: guarded by lock. */
    pthread_t thread;
    sigset_t signals;
    pthread_mutex_t lock;     /* Also of standard error. */
    pthread_mutex_t job_lock; /* Taken last; nothing is written under it. */
    /* Atomic. */
    atomic_bool is_ending;
    atomic_uint signal_count;
    atomic_bool is_stuck; /* There was no room on standard error when there was no time left. */
    atomic_bool is_torn;  /* A line was left without its end. */
    /* Guarded by lock and job_lock: both to change them, one to look. */
    struct rg_job *job;       /* NULL: none runs. */
    struct rg_verify *verify; /* Likewise. */
    /* Guarded by lock. */
    bool is_paused;
    struct rg_job_sample since; /* What explanations count from; size 0: the beginning. */
    uint64_t begin_ns;
    uint64_t shown_ns; /* 0: nothing yet. */
};

/*
 * Blocks the watched signals in this thread and all that it starts, and starts the watching thread;
 * call it before anything else starts threads. False, with a message, when that cannot be.
 */
bool rg_watch_init(struct watch *watch, const struct arguments *arguments, const char *title);

/* Tells which job runs now; NULL: none any more. */
void rg_watch_job(struct watch *watch, struct rg_job *job);

/* Tells which verification runs now; NULL: none any more. */
void rg_watch_verify(struct watch *watch, struct rg_verify *verify);

/* Takes progress off the terminal, and keeps it off until it may go on: the caller writes. */
void rg_watch_pause(struct watch *watch);
void rg_watch_resume(struct watch *watch);

/*
 * Ends the thread, and takes progress off the terminal. Signals stay blocked, so call it when all
 * is said: until then they end the process, whatever it writes to.
 */
void rg_watch_fini(struct watch *watch);

/*
 * A rg_write_fn of standard error; `user` is the watch. It waits for room as long as nobody wants
 * the process to end. Call it while the watch is paused, or from a place that nothing runs beside.
 */
bool rg_watch_write(void *user, const void *data, size_t bytes);

/* Writes a line to it, as rg_output_say() does. */
void rg_watch_say(struct watch *watch, const char *format, ...) RG_PRINTF(2, 3);

/* A rg_event_fn; `user` is the watch. */
void rg_watch_event(void *user, const struct rg_event *event);

/* The end of the job, in words or as JSON; `err` counts unless `status` is RG_OK. */
void rg_watch_summary(struct watch *watch, const struct rg_report *report, enum rg_status status,
                      const struct rg_error *err);

/* Writes "error: ..." and returns rg_exit_status(). */
int rg_watch_exit(struct watch *watch, const struct rg_error *err);

/* Tells an error of what has nothing to sum up; returns the exit status. Before _fini. */
int rg_watch_fail(struct watch *watch, const struct rg_error *err);

#endif
