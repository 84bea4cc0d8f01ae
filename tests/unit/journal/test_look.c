/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The protocol as a whole, on a real directory: every store call of a job is a place where it is
 * killed, or where somebody else acts, and afterwards every row must be there once and nothing must
 * be left over.
 */

#include "journal/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/local.h"
#include "support/fake_world.h"

/*
 * TEST_STRIDE=n in the environment tries every n-th place only, beginning at another one in each
 * scenario, so that a quick run still sees most kinds of places.
 */
static uint64_t stride(void)
{
    const char *text = getenv("TEST_STRIDE");
    const uint64_t value = text == NULL ? 1 : strtoull(text, NULL, 10);

    return value == 0 ? 1 : value;
}

/* What a job is like in one of the scenarios. */
struct shape {
    const char *about;
    bool is_in_place;
    size_t outputs_max;
    size_t short_max;
    size_t batch_max;
    bool takes_all;
    bool has_history; /* One run has been there before. */
};

static const struct shape shapes[] = {
    {"to DEST", false, 1, 0, 2, false, false},
    {"to DEST, two outputs", false, 2, 0, 3, false, false},
    {"to DEST, short outputs again", false, 1, 2, 2, false, true},
    {"to DEST, --all", false, 2, 0, 2, true, true},
    {"in place", true, 1, 0, 2, false, false},
    {"in place, two outputs", true, 2, 0, 3, false, false},
    {"in place, short outputs again", true, 1, 2, 2, false, true},
    {"in place, --all", true, 2, 0, 2, true, true},
};
enum {
    shape_count = sizeof shapes / sizeof shapes[0]
};

static struct fake_job job_of(const struct fake_world *w, const struct shape *shape)
{
    struct fake_job job = fake_world_job(w);

    job.outputs_max = shape->outputs_max;
    job.short_max = shape->short_max;
    job.short_rows = 3;
    job.batch_max = shape->batch_max;
    job.takes_all = shape->takes_all;
    return job;
}

/* Rows 1 to 3 (4 to 6 of files that came later with a history). */
static unsigned begin_world(struct test *t, struct fake_world *w, const struct shape *shape)
{
    fake_world_init(t, w, shape->is_in_place);
    fake_world_write(w, "a.parquet", "r1\n");
    fake_world_write(w, "b.parquet", "r2\n");
    fake_world_write(w, "c.parquet", "r3\n");
    if (!shape->has_history)
        return 3;
    struct fake_job job = job_of(w, shape);
    job.takes_all = false;
    CHECK_OK(fake_job_run(&job, &t->err));
    fake_world_write(w, "d.parquet", "r4\n");
    fake_world_write(w, "e.parquet", "r5\n");
    return 5;
}

/* Ends the process at one operation. */
struct killer {
    uint64_t number; /* Of the change, from 1. */
    enum faulty_moment moment;
    uint64_t changes;
};

static enum faulty_action kill_at(void *user, enum faulty_moment moment, uint64_t number,
                                  const struct rg_store_op *op)
{
    struct killer *killer = user;

    (void)number;
    if (!faulty_is_change(op))
        return FAULTY_GO;
    if (moment == FAULTY_BEFORE)
        killer->changes++;
    if (killer->changes == killer->number && moment == killer->moment)
        _exit(137);
    return FAULTY_GO;
}

/* Runs the job in a process of its own, which is killed; true when it got to its end. */
static bool run_until_killed(struct fake_job job, uint64_t number, enum faulty_moment moment)
{
    struct killer killer = {.number = number, .moment = moment};
    int status;

    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct faulty_store faulty;
        struct rg_error err;

        job.home = faulty_store_init(&faulty, job.home);
        faulty.hook = kill_at;
        faulty.user = &killer;
        const enum rg_status ended = fake_job_run(&job, &err);
        if (ended != RG_OK)
            (void)fprintf(stderr, "child: %s\n", err.text);
        _exit(ended == RG_OK ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    if (WEXITSTATUS(status) != 137 && WEXITSTATUS(status) != 0)
        test_fail(__FILE__, __LINE__, "the job failed by itself");
    return WEXITSTATUS(status) == 0;
}

/* Test 1 of the protocol's list, and test 2 with `changes_options`. */
static void kill_everywhere(struct test *t, const struct shape *shape, bool changes_options,
                            bool has_late_file)
{
    for (int moment = FAULTY_BEFORE; moment <= FAULTY_AFTER; moment++) {
        for (uint64_t number = 1 + shape->outputs_max % stride();; number += stride()) {
            struct fake_world w;
            char about[128];

            (void)snprintf(about, sizeof about, "%s, killed %s change %u", shape->about,
                           moment == FAULTY_BEFORE ? "before" : "after", (unsigned)number);
            unsigned rows = begin_world(t, &w, shape);
            struct fake_job job = job_of(&w, shape);
            const bool has_ended = run_until_killed(job, number, (enum faulty_moment)moment);
            if (has_late_file)
                fake_world_write(&w, "late.parquet", ++rows == 4 ? "r4\n" : "r6\n");
            if (changes_options)
                job.outputs_max = 3 - job.outputs_max;
            CHECK_OK(fake_job_run(&job, &t->err));
            fake_world_check_clean(t, &w, rows, about);
            /* And once more: nothing to do. */
            const size_t records = job.record_count;
            job.takes_all = false;
            CHECK_OK(fake_job_run(&job, &t->err));
            CHECK_U64(job.record_count, records);
            fake_world_check_clean(t, &w, rows, about);
            fake_world_fini(&w);
            if (has_ended)
                break;
        }
    }
}

TEST(killed_anywhere_and_run_again)
{
    for (size_t i = 0; i < shape_count; i++)
        kill_everywhere(t, &shapes[i], false, false);
}

TEST(killed_anywhere_and_run_again_with_a_late_file)
{
    for (size_t i = 0; i < shape_count; i++)
        kill_everywhere(t, &shapes[i], false, true);
}

TEST(killed_anywhere_and_run_again_with_other_options)
{
    for (size_t i = 0; i < shape_count; i++)
        kill_everywhere(t, &shapes[i], true, false);
}

/* What somebody else does at one operation of a job. */
enum act {
    ACT_SAME_RUN,     /* Another run like this one, to its end. */
    ACT_OTHER_RUN,    /* One with other options. */
    ACT_KILLED_RUN,   /* One that is killed after its outputs. */
    ACT_LATE_RUN,     /* A late file comes, and another run. */
    ACT_GC,           /* gc --older-than 0. */
    ACT_LATE_FILE,    /* A late file comes. */
    ACT_OVERWRITE,    /* A user rewrites an input. */
    ACT_REMOVE,       /* A user deletes an input. */
    ACT_LOSE_INTENTS, /* All intents vanish. */
    ACT_COUNT,
};

static const char *const act_names[ACT_COUNT] = {
    "the same run", "another run",       "a run that is killed", "a late file and a run", "gc",
    "a late file",  "a rewritten input", "a removed input",      "lost intents",
};

struct actor {
    struct test *t;
    struct fake_world *w;
    const struct shape *shape;
    enum act act;
    uint64_t number;
    uint64_t seen;
    bool has_acted;
    unsigned rows;
    unsigned excused; /* A row that need not be there any more. */
};

static void run_beside(struct actor *actor, size_t outputs_max)
{
    static const struct rg_local_options options = {.keeps_page_cache = true};
    struct test *t = actor->t;
    struct fake_job job = job_of(actor->w, actor->shape);
    char path[512];

    /* A store of its own, as another process has. */
    (void)snprintf(path, sizeof path, "%s/home", actor->w->root);
    CHECK_OK(rg_local_store_new(path, &options, &rg_allocator_system, &job.home, &t->err));
    job.outputs_max = outputs_max;
    job.takes_all = false;
    const enum rg_status status = fake_job_run(&job, &t->err);
    CHECK(status == RG_OK || status == RG_ERR_AGAIN);
    rg_store_free(job.home);
}

static void lose_intents(struct actor *actor)
{
    struct test *t = actor->t;
    struct rg_arena arena;
    struct rg_object *objects;
    size_t count;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_OK(rg_store_list_all(actor->w->home, "_regroup/p=1/", &arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++) {
        struct rg_store_op op = {.verb = RG_STORE_DELETE, .key = objects[i].key};

        if (strstr(objects[i].key, ".intent") != NULL)
            CHECK_OK(rg_store_wait(actor->w->home, &op, &t->err));
    }
    rg_arena_fini(&arena);
}

static void act(struct actor *actor)
{
    struct test *t = actor->t;
    struct fake_job job = job_of(actor->w, actor->shape);

    switch (actor->act) {
    case ACT_SAME_RUN:
        run_beside(actor, actor->shape->outputs_max);
        break;
    case ACT_OTHER_RUN:
        run_beside(actor, 3 - actor->shape->outputs_max);
        break;
    case ACT_KILLED_RUN:
        job.outputs_max = 3 - job.outputs_max;
        job.takes_all = false;
        (void)run_until_killed(job, 4, FAULTY_BEFORE);
        break;
    case ACT_LATE_RUN:
        actor->rows++;
        fake_world_write(actor->w, "late.parquet", actor->rows == 4 ? "r4\n" : "r6\n");
        run_beside(actor, actor->shape->outputs_max);
        break;
    case ACT_GC:
        CHECK_OK(fake_job_gc(&job, 0, NULL, &t->err));
        break;
    case ACT_LATE_FILE:
        actor->rows++;
        fake_world_write(actor->w, "late.parquet", actor->rows == 4 ? "r4\n" : "r6\n");
        break;
    case ACT_OVERWRITE:
        /* The last input; r30 instead of its row. */
        fake_world_write(actor->w, actor->rows == 3 ? "c.parquet" : "e.parquet", "r30\nr31\n");
        actor->excused = actor->rows;
        break;
    case ACT_REMOVE:
        fake_world_remove(actor->w, actor->rows == 3 ? "c.parquet" : "e.parquet");
        actor->excused = actor->rows;
        break;
    case ACT_LOSE_INTENTS:
        lose_intents(actor);
        break;
    case ACT_COUNT:
        break;
    }
}

/* At all times: each row is in some file, and live once (to DEST: at most once until recorded). */
static void check_now(struct actor *actor)
{
    struct test *t = actor->t;
    unsigned anywhere[fake_rows_max] = {0};
    unsigned live[fake_rows_max] = {0};

    fake_world_anywhere(t, actor->w, anywhere);
    const bool is_whole = fake_world_live(t, actor->w, live);
    for (unsigned row = 1; row <= actor->rows; row++) {
        if (row == actor->excused)
            continue;
        if (anywhere[row] == 0)
            test_fail(__FILE__, __LINE__, "%s, %s at call %u: row %u is lost", actor->shape->about,
                      act_names[actor->act], (unsigned)actor->number, row);
        const unsigned live_min = actor->w->is_in_place ? 1 : 0;
        if (is_whole && (live[row] > 1 || live[row] < live_min))
            test_fail(__FILE__, __LINE__, "%s, %s at call %u: row %u is live %u times",
                      actor->shape->about, act_names[actor->act], (unsigned)actor->number, row,
                      live[row]);
    }
}

static enum faulty_action act_at(void *user, enum faulty_moment moment, uint64_t number,
                                 const struct rg_store_op *op)
{
    struct actor *actor = user;

    (void)op;
    if (moment == FAULTY_AFTER)
        return FAULTY_GO;
    actor->seen = number;
    if (number == actor->number) {
        actor->has_acted = true;
        act(actor);
    }
    /* Once something has happened, or at the change itself. */
    if (actor->has_acted && faulty_is_change(op))
        check_now(actor);
    return FAULTY_GO;
}

/* New rows of a rewritten file: in place always there, to DEST unless its old body was taken. */
static void check_rewritten(struct actor *actor, const char *about)
{
    struct test *t = actor->t;
    unsigned counts[fake_rows_max] = {0};

    fake_world_visible(t, actor->w, counts);
    const bool is_new_owed = actor->w->is_in_place || counts[actor->excused] == 0;
    if (counts[30] != counts[31] || counts[30] > 1 || (is_new_owed && counts[30] != 1))
        test_fail(__FILE__, __LINE__, "%s: the new row is visible %u times", about, counts[30]);
    if (counts[actor->excused] > 1)
        test_fail(__FILE__, __LINE__, "%s: the old row is visible %u times", about,
                  counts[actor->excused]);
}

/* Returns false when the job had fewer calls than that. */
static bool meet_at(struct test *t, const struct shape *shape, enum act what, uint64_t number)
{
    struct faulty_store home;
    struct faulty_store source;
    struct fake_world w;
    char about[128];

    (void)snprintf(about, sizeof about, "%s, %s at call %u", shape->about, act_names[what],
                   (unsigned)number);
    struct actor actor = {.t = t, .w = &w, .shape = shape, .act = what, .number = number};
    actor.rows = begin_world(t, &w, shape);
    struct fake_job job = job_of(&w, shape);
    job.home = faulty_store_init(&home, w.home);
    home.hook = act_at;
    home.user = &actor;
    if (w.source != NULL)
        job.source = faulty_store_init(&source, w.source);
    const enum rg_status status = fake_job_run(&job, &t->err);
    if (status != RG_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", about, t->err.text);

    /* One more complete run, which finds every intent old. */
    job = job_of(&w, shape);
    job.takes_all = false;
    job.later_ns = 2 * rg_intent_age_max_ns;
    CHECK_OK(fake_job_run(&job, &t->err));
    unsigned rows = actor.rows;
    if (what == ACT_OVERWRITE && actor.has_acted)
        check_rewritten(&actor, about);
    if (actor.excused != 0)
        rows--; /* It is the last one. */
    fake_world_check_clean(t, &w, rows, about);
    fake_world_fini(&w);
    return actor.has_acted;
}

static void meet_everywhere(struct test *t, enum act what)
{
    for (size_t i = 0; i < shape_count; i++) {
        uint64_t number = 1 + (i + what) % stride();

        while (meet_at(t, &shapes[i], what, number))
            number += stride();
    }
}

TEST(meets_the_same_run)
{
    meet_everywhere(t, ACT_SAME_RUN);
}

TEST(meets_a_run_with_other_options)
{
    meet_everywhere(t, ACT_OTHER_RUN);
}

TEST(meets_a_run_that_is_killed)
{
    meet_everywhere(t, ACT_KILLED_RUN);
}

TEST(meets_a_late_file_and_a_run)
{
    meet_everywhere(t, ACT_LATE_RUN);
}

TEST(meets_gc)
{
    meet_everywhere(t, ACT_GC);
}

TEST(meets_a_late_file)
{
    meet_everywhere(t, ACT_LATE_FILE);
}

TEST(meets_a_user_who_rewrites_an_input)
{
    meet_everywhere(t, ACT_OVERWRITE);
}

TEST(meets_a_user_who_removes_an_input)
{
    meet_everywhere(t, ACT_REMOVE);
}

TEST(meets_lost_intents)
{
    meet_everywhere(t, ACT_LOSE_INTENTS);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"killed_anywhere_and_run_again", killed_anywhere_and_run_again},
        {"killed_anywhere_and_run_again_with_a_late_file",
         killed_anywhere_and_run_again_with_a_late_file},
        {"killed_anywhere_and_run_again_with_other_options",
         killed_anywhere_and_run_again_with_other_options},
        {"meets_the_same_run", meets_the_same_run},
        {"meets_a_run_with_other_options", meets_a_run_with_other_options},
        {"meets_a_run_that_is_killed", meets_a_run_that_is_killed},
        {"meets_a_late_file_and_a_run", meets_a_late_file_and_a_run},
        {"meets_gc", meets_gc},
        {"meets_a_late_file", meets_a_late_file},
        {"meets_a_user_who_rewrites_an_input", meets_a_user_who_rewrites_an_input},
        {"meets_a_user_who_removes_an_input", meets_a_user_who_removes_an_input},
        {"meets_lost_intents", meets_lost_intents},
    };

    return test_main("journal/look", cases, sizeof cases / sizeof cases[0], argc, argv);
}
