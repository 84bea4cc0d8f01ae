/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cancels stores soon after a flag was set. A signal handler may set a flag; rg_store_cancel()
 * takes locks.
 */

#ifndef STORE_CANCEL_WATCH_H
#define STORE_CANCEL_WATCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

enum {
    RG_CANCEL_WATCH_STORES_MAX = 2
};

struct rg_cancel_watch {
    /* Set at init, then constant. */
    const atomic_bool *is_cancelled;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ends;
    /* Guarded by lock. */
    struct rg_store *stores[RG_CANCEL_WATCH_STORES_MAX]; /* NULL: a free place. */
    bool is_over;
};

/*
 * Starts the thread that looks at the flag, every tenth of a second.
 *
 * Errors:  RG_ERR_NOMEM: there is no thread to be had.
 */
RG_MUST_CHECK enum rg_status rg_cancel_watch_start(struct rg_cancel_watch *watch,
                                                   const atomic_bool *is_cancelled,
                                                   struct rg_error *err);

/* Borrows the store until it is removed; no more than RG_CANCEL_WATCH_STORES_MAX at a time. */
void rg_cancel_watch_add(struct rg_cancel_watch *watch, struct rg_store *store);

/* Before the store is freed. Fine for one that was never added. */
void rg_cancel_watch_remove(struct rg_cancel_watch *watch, const struct rg_store *store);

/* Ends the thread and what was started. */
void rg_cancel_watch_finish(struct rg_cancel_watch *watch);

#endif
