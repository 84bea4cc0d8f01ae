/* SPDX-License-Identifier: Apache-2.0 */

#include "store/cancel_watch.h"

#include <time.h>

#include "support/test.h"

/* A store that only knows whether it was cancelled. */
struct idle_store {
    struct rg_store base;
    atomic_int cancel_count;
};

static void cancel(struct rg_store *base)
{
    atomic_fetch_add(&((struct idle_store *)base)->cancel_count, 1);
}

static const struct rg_store_driver driver = {.cancel = cancel};

static void wait_for(struct idle_store *store)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; i < 10000 && atomic_load(&store->cancel_count) == 0; i++)
        (void)nanosleep(&pause, NULL);
    CHECK_U64((uint64_t)atomic_load(&store->cancel_count), 1);
}

TEST(stores_are_cancelled_when_the_flag_is_set)
{
    struct idle_store stores[3] = {
        {.base.driver = &driver}, {.base.driver = &driver}, {.base.driver = &driver}};
    struct rg_cancel_watch watch;
    atomic_bool flag;

    atomic_init(&flag, false);
    CHECK_OK(rg_cancel_watch_start(&watch, &flag, &t->err));
    rg_cancel_watch_add(&watch, &stores[0].base);
    rg_cancel_watch_add(&watch, &stores[1].base);
    rg_cancel_watch_remove(&watch, &stores[1].base);
    rg_cancel_watch_remove(&watch, &stores[2].base);
    CHECK_U64((uint64_t)atomic_load(&stores[0].cancel_count), 0);
    atomic_store(&flag, true);
    wait_for(&stores[0]);
    /* One that comes later needs no thread for it. */
    rg_cancel_watch_add(&watch, &stores[2].base);
    CHECK_U64((uint64_t)atomic_load(&stores[2].cancel_count), 1);
    rg_cancel_watch_remove(&watch, &stores[0].base);
    rg_cancel_watch_remove(&watch, &stores[2].base);
    rg_cancel_watch_finish(&watch);
    CHECK_U64((uint64_t)atomic_load(&stores[1].cancel_count), 0);
}

TEST(without_the_flag_nothing_is_cancelled)
{
    struct idle_store store = {.base.driver = &driver};
    struct rg_cancel_watch watch;
    atomic_bool flag;

    atomic_init(&flag, false);
    CHECK_OK(rg_cancel_watch_start(&watch, &flag, &t->err));
    rg_cancel_watch_add(&watch, &store.base);
    rg_cancel_watch_finish(&watch);
    CHECK_U64((uint64_t)atomic_load(&store.cancel_count), 0);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"stores_are_cancelled_when_the_flag_is_set", stores_are_cancelled_when_the_flag_is_set},
        {"without_the_flag_nothing_is_cancelled", without_the_flag_nothing_is_cancelled},
    };

    return test_main("store/cancel_watch", cases, sizeof cases / sizeof cases[0], argc, argv);
}
