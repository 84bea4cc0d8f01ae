/* SPDX-License-Identifier: Apache-2.0 */

/*
 *   (1) The thread exists from the first time that it is needed: credentials that never expire and
 *       are never refused need none.
 *   (2) One load at a time: only the thread loads, and only while `wants_load`.
 *   (3) `generation` changes exactly when `current` does.
 *
 * When a load fails while the old ones are still good, they go on being used and it is tried again
 * after a while; the failure is told when they are not good any more.
 */

#include "store/s3/keeper.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* So early new ones are got; less than half of what short-lived ones (15 min) live. */
static const uint64_t early_ns = UINT64_C(300000000000);
/* What is about to expire is not signed with: the request has to reach the store. */
static const uint64_t margin_ns = UINT64_C(10000000000);
/* Between two loads: while the old ones are good, and when they are not. */
static const uint64_t pause_ns = UINT64_C(10000000000);
static const uint64_t pause_bad_ns = UINT64_C(1000000000);

struct rg_keeper {
    /* Set at init, then constant. */
    rg_credentials_load_fn *load;
    void *user;
    const struct rg_allocator *allocator;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Guarded by lock. */
    struct rg_credentials current;
    uint64_t generation;
    struct rg_error failure; /* Of the last load; RG_OK: none. */
    uint64_t loaded_ns;      /* When it ended, wall time. */
    bool was_refused;        /* The store does not take `current`. */
    bool is_doubted;         /* Perhaps it does not: the next load tells. */
    uint64_t doubted_ns;     /* When that was last so, wall time, */
    uint64_t doubted;        /* and of which generation. */
    char why[300];           /* It was refused. */
    bool wants_load;
    bool has_thread;
    bool is_stopping;
    pthread_t thread;
};

static bool is_same(const struct rg_credentials *a, const struct rg_credentials *b)
{
    return strcmp(a->access_key, b->access_key) == 0 && strcmp(a->secret_key, b->secret_key) == 0 &&
           strcmp(a->session_token, b->session_token) == 0;
}

static bool expires_within(const struct rg_credentials *credentials, uint64_t ns)
{
    return credentials->expires_ns != 0 && credentials->expires_ns <= rg_clock_wall_ns() + ns;
}

static void take_locked(struct rg_keeper *keeper, const struct rg_credentials *got)
{
    const bool are_others = !is_same(&keeper->current, got);

    keeper->current = *got;
    /* Given out now, and expired: our clock may be wrong. The store has the last word. */
    if (expires_within(got, margin_ns))
        keeper->current.expires_ns = 0;
    if (are_others) {
        keeper->generation++;
        keeper->was_refused = false;
    } else if (keeper->was_refused) {
        (void)rg_fail(&keeper->failure, RG_ERR_DENIED,
                      "%s, and where they come from there are no others", keeper->why);
    }
}

static void *run_thread(void *argument)
{
    struct rg_keeper *keeper = argument;
    struct rg_credentials got;
    struct rg_error err;

    (void)pthread_mutex_lock(&keeper->lock);
    while (!keeper->is_stopping) {
        if (!keeper->wants_load) {
            (void)pthread_cond_wait(&keeper->changed, &keeper->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&keeper->lock);
        memset(&got, 0, sizeof got);
        err = (struct rg_error){.status = RG_OK};
        const enum rg_status status = keeper->load(keeper->user, &got, &err);
        (void)pthread_mutex_lock(&keeper->lock);
        keeper->failure = (struct rg_error){.status = RG_OK};
        if (status == RG_OK) {
            take_locked(keeper, &got);
        } else {
            keeper->failure = err;
            keeper->failure.status = status;
        }
        keeper->loaded_ns = rg_clock_wall_ns();
        keeper->wants_load = false;
        keeper->is_doubted = false;
        explicit_bzero(&got, sizeof got);
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

static void want_load_locked(struct rg_keeper *keeper)
{
    sigset_t all;
    sigset_t before;

    if (keeper->wants_load)
        return;
    keeper->wants_load = true;
    if (!keeper->has_thread) {
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        keeper->has_thread = pthread_create(&keeper->thread, NULL, run_thread, keeper) == 0;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (!keeper->has_thread) {
        keeper->wants_load = false;
        keeper->is_doubted = false;
        (void)rg_fail(&keeper->failure, RG_ERR_AGAIN, "no thread to get credentials");
        keeper->loaded_ns = rg_clock_wall_ns();
    }
    (void)pthread_cond_signal(&keeper->changed);
}

enum rg_status rg_keeper_new(rg_credentials_load_fn *load, void *user,
                             const struct rg_allocator *allocator, struct rg_keeper **ret_keeper,
                             struct rg_error *err)
{
    struct rg_keeper *keeper = rg_alloc(allocator, sizeof *keeper);

    if (keeper == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for credentials");
    memset(keeper, 0, sizeof *keeper);
    keeper->load = load;
    keeper->user = user;
    keeper->allocator = allocator;
    keeper->generation = 1;
    keeper->loaded_ns = rg_clock_wall_ns();
    const enum rg_status status = load(user, &keeper->current, err);
    if (status != RG_OK) {
        rg_release(allocator, keeper, sizeof *keeper);
        return status;
    }
    (void)pthread_mutex_init(&keeper->lock, NULL);
    (void)pthread_cond_init(&keeper->changed, NULL);
    *ret_keeper = keeper;
    return RG_OK;
}

void rg_keeper_free(struct rg_keeper *keeper)
{
    if (keeper == NULL)
        return;
    (void)pthread_mutex_lock(&keeper->lock);
    keeper->is_stopping = true;
    const bool has_thread = keeper->has_thread;
    (void)pthread_cond_signal(&keeper->changed);
    (void)pthread_mutex_unlock(&keeper->lock);
    if (has_thread)
        (void)pthread_join(keeper->thread, NULL);
    (void)pthread_cond_destroy(&keeper->changed);
    (void)pthread_mutex_destroy(&keeper->lock);
    explicit_bzero(&keeper->current, sizeof keeper->current);
    rg_release(keeper->allocator, keeper, sizeof *keeper);
}

enum rg_keeper_answer rg_keeper_get(struct rg_keeper *keeper, uint64_t *generation,
                                    struct rg_credentials *credentials, struct rg_error *err)
{
    enum rg_keeper_answer answer = RG_KEEPER_READY;

    (void)pthread_mutex_lock(&keeper->lock);
    const bool is_bad = keeper->was_refused || expires_within(&keeper->current, margin_ns);
    const bool is_old = is_bad || expires_within(&keeper->current, early_ns);
    const uint64_t needed_ns = is_bad ? pause_bad_ns : pause_ns;
    const bool may_load = rg_clock_wall_ns() - keeper->loaded_ns > needed_ns;

    if (is_old && may_load)
        want_load_locked(keeper);
    const bool is_asked_for = keeper->is_doubted && keeper->wants_load;
    if (is_asked_for || (is_bad && (keeper->wants_load || keeper->failure.status == RG_OK))) {
        answer = RG_KEEPER_WAIT;
    } else if (is_bad) {
        answer = RG_KEEPER_FAILED;
        *err = keeper->failure;
    } else if (*generation != keeper->generation) {
        *credentials = keeper->current;
        *generation = keeper->generation;
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    return answer;
}

void rg_keeper_renew(struct rg_keeper *keeper, uint64_t generation, const char *why)
{
    if (keeper == NULL)
        return;
    (void)pthread_mutex_lock(&keeper->lock);
    if (generation == keeper->generation && !keeper->was_refused) {
        keeper->was_refused = true;
        (void)snprintf(keeper->why, sizeof keeper->why, "%s", why);
        keeper->failure = (struct rg_error){.status = RG_OK};
        want_load_locked(keeper);
    }
    (void)pthread_mutex_unlock(&keeper->lock);
}

void rg_keeper_doubt(struct rg_keeper *keeper, uint64_t generation)
{
    if (keeper == NULL)
        return;
    (void)pthread_mutex_lock(&keeper->lock);
    const uint64_t now_ns = rg_clock_wall_ns();
    /* Not for each of many objects that are refused for a reason of their own. */
    const bool is_new = keeper->doubted != generation || now_ns - keeper->doubted_ns > pause_ns;

    if (generation == keeper->generation && is_new && !keeper->was_refused) {
        keeper->doubted = generation;
        keeper->doubted_ns = now_ns;
        keeper->is_doubted = true;
        want_load_locked(keeper);
    }
    (void)pthread_mutex_unlock(&keeper->lock);
}
