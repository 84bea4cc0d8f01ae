/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Several copies of a job at once, killed, stopped and continued at random while files arrive: 25
 * of the protocol's list. In the end every row is there once, and nobody needed more than 20 looks.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/local.h"
#include "support/fake_world.h"

enum {
    copy_count = 3
};

static void nap(unsigned microseconds)
{
    const struct timespec time = {0, (long)microseconds * 1000};

    (void)nanosleep(&time, NULL);
}

/* A copy runs the job again and again, each time with a store of its own, until it is killed. */
static _Noreturn void run_copy(const struct fake_world *w, unsigned number)
{
    static const struct rg_local_options options = {.keeps_page_cache = true};
    struct rg_error err;
    char path[512];

    (void)snprintf(path, sizeof path, "%s/home", w->root);
    for (;;) {
        struct fake_job job = fake_world_job(w);

        if (rg_local_store_new(path, &options, &rg_allocator_system, &job.home, &err) != RG_OK)
            _exit(1);
        job.outputs_max = 1 + number % 2;
        job.batch_max = 3;
        job.short_max = 2;
        job.short_rows = 3;
        const enum rg_status status = fake_job_run(&job, &err);
        rg_store_free(job.home);
        if (status != RG_OK) {
            (void)fprintf(stderr, "copy %u: %s\n", number, err.text);
            _exit(1);
        }
    }
}

static pid_t start_copy(const struct fake_world *w, unsigned number)
{
    const pid_t child = fork();

    if (child == 0)
        run_copy(w, number);
    CHECK(child > 0);
    return child;
}

/* Ends a copy; true when it had not ended by itself. */
static bool stop_copy(pid_t child)
{
    int status;

    (void)kill(child, SIGKILL);
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status);
}

static unsigned make_trouble(struct test *t, struct choices *c, const struct fake_world *w,
                             unsigned rounds)
{
    pid_t copies[copy_count];
    unsigned rows = 0;

    (void)t;
    for (unsigned i = 0; i < copy_count; i++)
        copies[i] = start_copy(w, i);
    for (unsigned round = 0; round < rounds; round++) {
        const uint32_t victim = choose(c, copy_count - 1);
        char name[32];
        char text[32];

        if (round % 2 == 0) {
            (void)snprintf(name, sizeof name, "x%03u.parquet", choose(c, 1) * 500 + round);
            (void)snprintf(text, sizeof text, "r%u\n", ++rows);
            fake_world_write(w, name, text);
        }
        nap(choose(c, 3000));
        (void)kill(copies[victim], SIGSTOP);
        nap(choose(c, 3000));
        if (choose(c, 2) > 0) {
            (void)kill(copies[victim], SIGCONT);
            continue;
        }
        CHECK(stop_copy(copies[victim]));
        copies[victim] = start_copy(w, victim + choose(c, 1));
    }
    for (unsigned i = 0; i < copy_count; i++) {
        if (!stop_copy(copies[i]))
            test_fail(__FILE__, __LINE__, "copy %u gave up", i);
    }
    return rows;
}

static void property_chaos(struct test *t, struct choices *c)
{
    const bool is_in_place = choose_bool(c);
    struct fake_world w;

    fake_world_init(t, &w, is_in_place);
    const unsigned rows = make_trouble(t, c, &w, 50);
    struct fake_job job = fake_world_job(&w);
    job.later_ns = 2 * rg_intent_age_max_ns;
    CHECK_OK(fake_job_run(&job, &t->err));
    fake_world_check_clean(t, &w, rows, is_in_place ? "in place" : "to DEST");
    fake_world_fini(&w);
}

TEST(copies_in_trouble_lose_and_double_nothing)
{
    test_property(t, "chaos", 10, property_chaos);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"copies_in_trouble_lose_and_double_nothing", copies_in_trouble_lose_and_double_nothing},
    };

    return test_main("journal/chaos", cases, sizeof cases / sizeof cases[0], argc, argv);
}
