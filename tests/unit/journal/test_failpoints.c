/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Journal and local store built with their fail points, which here call this test: a job is killed
 * at every one of them, also between the system calls of a single operation, and met there by
 * users and by other jobs.
 */

#include "base/failpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/local.h"
#include "support/fake_world.h"

enum act {
    ACT_NOTHING,
    ACT_KILL,
    ACT_OVERWRITE,      /* A user rewrites an input. */
    ACT_OVERWRITE_LATE, /* A user writes a new file where one was taken, and perhaps deleted. */
    ACT_REMOVE,         /* A user deletes an input. */
    ACT_RUN,            /* Another run, from its beginning to its end. */
    ACT_KILLED_RUN,     /* Another run, killed in the middle of its first deletion. */
};

static struct {
    struct test *t;
    struct fake_world *w;
    enum act act;
    uint64_t number;
    uint64_t passed;
    bool has_acted;
    char place[64];
    const char *kill_at; /* A name; NULL: by number. */
} plot;

static void run_beside(bool is_killed)
{
    static const struct rg_local_options options = {.keeps_page_cache = true};
    struct test *t = plot.t;
    struct fake_job job = fake_world_job(plot.w);
    char path[512];

    (void)snprintf(path, sizeof path, "%s/home", plot.w->root);
    CHECK_OK(rg_local_store_new(path, &options, &rg_allocator_system, &job.home, &t->err));
    job.outputs_max = 2;
    if (is_killed) {
        const pid_t child = fork();

        CHECK(child >= 0);
        if (child == 0) {
            plot.act = ACT_KILL;
            plot.kill_at = "store.after_trash";
            (void)!fake_job_run(&job, &t->err);
            _exit(0);
        }
        CHECK(waitpid(child, NULL, 0) == child);
    } else {
        const enum rg_status status = fake_job_run(&job, &t->err);
        CHECK(status == RG_OK || status == RG_ERR_AGAIN);
    }
    rg_store_free(job.home);
}

static void act_now(void)
{
    const enum act act = plot.act;

    plot.has_acted = true;
    plot.act = ACT_NOTHING; /* What is done here passes fail points too. */
    switch (act) {
    case ACT_NOTHING:
        break;
    case ACT_KILL:
        _exit(137);
    case ACT_OVERWRITE:
        fake_world_write(plot.w, "c.parquet", "r100\nr101\n");
        break;
    case ACT_OVERWRITE_LATE:
        fake_world_write(plot.w, "a.parquet", "r100\nr101\n");
        break;
    case ACT_REMOVE:
        fake_world_remove(plot.w, "c.parquet");
        break;
    case ACT_RUN:
        run_beside(false);
        break;
    case ACT_KILLED_RUN:
        run_beside(true);
        break;
    }
}

void rg_failpoint_pass(const char *name)
{
    if (plot.act == ACT_NOTHING)
        return;
    plot.passed++;
    if (plot.kill_at != NULL ? strcmp(plot.kill_at, name) != 0 : plot.passed != plot.number)
        return;
    (void)snprintf(plot.place, sizeof plot.place, "%s", name);
    act_now();
}

static void begin_plot(struct test *t, struct fake_world *w, enum act act, uint64_t number,
                       bool is_in_place)
{
    fake_world_init(t, w, is_in_place);
    fake_world_write(w, "a.parquet", "r1\n");
    fake_world_write(w, "b.parquet", "r2\n");
    fake_world_write(w, "c.parquet", "r3\n");
    memset(&plot, 0, sizeof plot);
    plot.t = t;
    plot.w = w;
    plot.act = act;
    plot.number = number;
}

static struct fake_job short_job(const struct fake_world *w)
{
    struct fake_job job = fake_world_job(w);

    job.short_max = 1;
    job.short_rows = 2;
    return job;
}

/* Returns false when the job passed fewer points than that. */
static bool kill_at(struct test *t, uint64_t number, bool is_in_place)
{
    char about[64];
    struct fake_world w;
    int status;

    (void)snprintf(about, sizeof about, "killed at point %u", (unsigned)number);
    begin_plot(t, &w, ACT_KILL, number, is_in_place);
    struct fake_job job = short_job(&w);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const enum rg_status ended = fake_job_run(&job, &t->err);

        _exit(ended == RG_OK ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 137 || WEXITSTATUS(status) == 0));
    plot.act = ACT_NOTHING;
    CHECK_OK(fake_job_run(&job, &t->err));
    fake_world_check_clean(t, &w, 3, about);
    fake_world_fini(&w);
    return WEXITSTATUS(status) == 137;
}

TEST(killed_between_system_calls)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        uint64_t number = 1;

        while (kill_at(t, number, in_place == 1))
            number++;
        CHECK(number > 10);
    }
}

static void check_rows(struct test *t, enum act act, const char *about)
{
    const unsigned excused = act == ACT_OVERWRITE_LATE ? 1 : 3;
    unsigned counts[fake_rows_max] = {0};

    fake_world_visible(t, plot.w, counts);
    for (unsigned row = 1; row <= 3; row++) {
        const bool is_excused =
            row == excused && plot.has_acted && act != ACT_RUN && act != ACT_KILLED_RUN;

        if (counts[row] > 1 || (counts[row] == 0 && !is_excused))
            test_fail(__FILE__, __LINE__, "%s: row %u is visible %u times", about, row,
                      counts[row]);
    }
    const bool is_rewritten = act == ACT_OVERWRITE || act == ACT_OVERWRITE_LATE;
    if (is_rewritten && plot.has_acted && counts[100] != 1)
        test_fail(__FILE__, __LINE__, "%s: the new row is visible %u times", about, counts[100]);
}

static bool meet_at(struct test *t, enum act act, uint64_t number)
{
    char about[128];
    struct fake_world w;

    begin_plot(t, &w, act, number, true);
    struct fake_job job = short_job(&w);
    CHECK_OK(fake_job_run(&job, &t->err));
    plot.act = ACT_NOTHING;
    (void)snprintf(about, sizeof about, "act %d at %s, point %u", (int)act, plot.place,
                   (unsigned)number);
    job.later_ns = 2 * rg_intent_age_max_ns;
    CHECK_OK(fake_job_run(&job, &t->err));
    check_rows(t, act, about);
    fake_world_check_clean(t, &w, 0, about);
    fake_world_fini(&w);
    return plot.has_acted;
}

/* 10 to 12 of the protocol's list, also between stat and rename and unlink of one deletion. */
TEST(met_between_system_calls)
{
    static const enum act acts[] = {ACT_OVERWRITE, ACT_OVERWRITE_LATE, ACT_REMOVE, ACT_RUN,
                                    ACT_KILLED_RUN};

    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        uint64_t number = 1;

        while (meet_at(t, acts[i], number))
            number++;
        CHECK(number > 10);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"killed_between_system_calls", killed_between_system_calls},
        {"met_between_system_calls", met_between_system_calls},
    };

    return test_main("journal/failpoints", cases, sizeof cases / sizeof cases[0], argc, argv);
}
