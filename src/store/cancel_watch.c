/* SPDX-License-Identifier: Apache-2.0 */

#include "store/cancel_watch.h"

#include <assert.h>
#include <signal.h>
#include <time.h>

static const long look_ns = 100000000;

static void cancel_locked(struct rg_cancel_watch *watch)
{
    for (size_t i = 0; i < RG_CANCEL_WATCH_STORES_MAX; i++) {
        if (watch->stores[i] != NULL)
            rg_store_cancel(watch->stores[i]);
    }
}

static void *run_thread(void *argument)
{
    struct rg_cancel_watch *watch = argument;
    struct timespec until;

    (void)pthread_mutex_lock(&watch->lock);
    while (!watch->is_over && !atomic_load(watch->is_cancelled)) {
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += look_ns;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        (void)pthread_cond_timedwait(&watch->ends, &watch->lock, &until);
    }
    /* Those that are added from now on are cancelled when they are. */
    if (!watch->is_over)
        cancel_locked(watch);
    (void)pthread_mutex_unlock(&watch->lock);
    return NULL;
}

enum rg_status rg_cancel_watch_start(struct rg_cancel_watch *watch, const atomic_bool *is_cancelled,
                                     struct rg_error *err)
{
    pthread_condattr_t attributes;
    sigset_t all;
    sigset_t before;

    *watch = (struct rg_cancel_watch){.is_cancelled = is_cancelled};
    (void)pthread_mutex_init(&watch->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watch->ends, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&watch->thread, NULL, run_thread, watch);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0)
        return RG_OK;
    (void)pthread_cond_destroy(&watch->ends);
    (void)pthread_mutex_destroy(&watch->lock);
    return rg_fail(err, RG_ERR_NOMEM, "no thread that looks whether to stop can be started");
}

void rg_cancel_watch_add(struct rg_cancel_watch *watch, struct rg_store *store)
{
    size_t at = 0;

    (void)pthread_mutex_lock(&watch->lock);
    while (at < RG_CANCEL_WATCH_STORES_MAX && watch->stores[at] != NULL)
        at++;
    assert(at < RG_CANCEL_WATCH_STORES_MAX);
    watch->stores[at] = store;
    if (atomic_load(watch->is_cancelled))
        rg_store_cancel(store);
    (void)pthread_mutex_unlock(&watch->lock);
}

void rg_cancel_watch_remove(struct rg_cancel_watch *watch, const struct rg_store *store)
{
    (void)pthread_mutex_lock(&watch->lock);
    for (size_t i = 0; i < RG_CANCEL_WATCH_STORES_MAX; i++) {
        if (watch->stores[i] == store)
            watch->stores[i] = NULL;
    }
    (void)pthread_mutex_unlock(&watch->lock);
}

void rg_cancel_watch_finish(struct rg_cancel_watch *watch)
{
    (void)pthread_mutex_lock(&watch->lock);
    watch->is_over = true;
    (void)pthread_cond_signal(&watch->ends);
    (void)pthread_mutex_unlock(&watch->lock);
    (void)pthread_join(watch->thread, NULL);
    (void)pthread_cond_destroy(&watch->ends);
    (void)pthread_mutex_destroy(&watch->lock);
}
