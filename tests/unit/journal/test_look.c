/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The protocol as a whole, on a real directory: every store call of a job is a place where it is
 * killed, or where somebody else acts, and afterwards every row must be there once and nothing must
 * be left over.
 */

#include "journal/look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/local.h"
#include "support/fake_world.h"
#include "support/store_contract.h"

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

/* A history takes long to make, so quick runs try even fewer places after one. */
static uint64_t stride_of(unsigned history_runs)
{
    return stride() == 1 || history_runs < 2 ? stride() : 7 * stride();
}

/* What a job is like in one of the scenarios. */
struct shape {
    const char *about;
    bool is_in_place;
    size_t outputs_max;
    size_t short_max;
    size_t batch_max;
    bool takes_all;
    unsigned history_runs; /* So many runs have been there before. */
    uint32_t page_key_max;
};

static const struct shape shapes[] = {
    {"to DEST", false, 1, 0, 2, false, 0, 0},
    {"to DEST, two outputs", false, 2, 0, 3, false, 0, 0},
    {"to DEST, short outputs again", false, 1, 2, 2, false, 1, 0},
    {"to DEST, --all", false, 2, 0, 2, true, 1, 0},
    {"in place", true, 1, 0, 2, false, 0, 0},
    {"in place, two outputs", true, 2, 0, 3, false, 0, 0},
    {"in place, short outputs again", true, 1, 2, 2, false, 1, 0},
    {"in place, --all", true, 2, 0, 2, true, 1, 0},
};
enum {
    shape_count = sizeof shapes / sizeof shapes[0]
};

/* 22: listings in pages of one or two keys, between which anything may happen. */
static const struct shape paged_shapes[] = {
    {"to DEST in pages", false, 2, 1, 2, false, 1, 2},
    {"in place in pages", true, 2, 1, 2, false, 1, 1},
};

/* With a snapshot in the ledger, or one that is due. */
static const struct shape snapshot_shapes[] = {
    {"to DEST, snapshot", false, 2, 1, 2, false, 17, 0},
    {"in place, snapshot", true, 2, 2, 2, false, 17, 0},
    {"in place, snapshot due", true, 1, 0, 2, false, 15, 0},
    {"in place, snapshot, --all", true, 2, 0, 2, true, 17, 0},
    {"to DEST, snapshot, --all", false, 2, 0, 2, true, 17, 0},
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

static void write_row(const struct fake_world *w, const char *name, unsigned row)
{
    char text[16];

    (void)snprintf(text, sizeof text, "r%u\n", row);
    fake_world_write(w, name, text);
}

/* Returns how many rows there are: from r1 on, the last one in a file of its own. */
static unsigned begin_world(struct test *t, struct fake_world *w, const struct shape *shape)
{
    unsigned rows = 0;

    fake_world_init_paged(t, w, shape->is_in_place, shape->page_key_max);
    write_row(w, "a.parquet", ++rows);
    write_row(w, "b.parquet", ++rows);
    struct fake_job job = job_of(w, shape);
    job.takes_all = false;
    job.batch_max = 3;
    for (unsigned i = 0; i < shape->history_runs; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "d%02u.parquet", i);
        write_row(w, name, ++rows);
        CHECK_OK(fake_job_run(&job, &t->err));
    }
    if (shape->history_runs > 0)
        write_row(w, "e.parquet", ++rows);
    write_row(w, "f.parquet", ++rows);
    return rows;
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

/* Only who loses what is in the ledger may be told that it lost something. */
static void check_told(const struct fake_job *job, const char *about)
{
    if (job->problems[RG_PROBLEM_LEDGER_LOST] > 0)
        test_fail(__FILE__, __LINE__, "%s: %s", about, job->problem);
}

/* Test 1 of the protocol's list, and test 2 with `changes_options`. */
static void kill_everywhere(struct test *t, const struct shape *shape, bool changes_options,
                            bool has_late_file)
{
    for (int moment = FAULTY_BEFORE; moment <= FAULTY_AFTER; moment++) {
        for (uint64_t number = 1 + shape->outputs_max % stride();;
             number += stride_of(shape->history_runs)) {
            struct fake_world w;
            char about[128];

            (void)snprintf(about, sizeof about, "%s, killed %s change %u", shape->about,
                           moment == FAULTY_BEFORE ? "before" : "after", (unsigned)number);
            unsigned rows = begin_world(t, &w, shape);
            struct fake_job job = job_of(&w, shape);
            const bool has_ended = run_until_killed(job, number, (enum faulty_moment)moment);
            if (has_late_file)
                write_row(&w, "late.parquet", ++rows);
            if (changes_options)
                job.outputs_max = 3 - job.outputs_max;
            CHECK_OK(fake_job_run(&job, &t->err));
            check_told(&job, about);
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

TEST(killed_anywhere_beside_a_snapshot)
{
    for (size_t i = 0; i < sizeof snapshot_shapes / sizeof snapshot_shapes[0]; i++)
        kill_everywhere(t, &snapshot_shapes[i], false, true);
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
    ACT_GARBLE,       /* All intents become garbage, and there is one more. */
    ACT_HIT_OUTPUT,   /* A user overwrites one of our outputs. */
    ACT_COUNT,
};

static const char *const act_names[ACT_COUNT] = {
    "the same run", "another run",     "a run that is killed",  "a late file and a run",
    "gc",           "a late file",     "a rewritten input",     "a removed input",
    "lost intents", "garbled intents", "an overwritten output",
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
    unsigned excused;                    /* A row that need not be there any more. */
    unsigned overwritten[fake_rows_max]; /* Rows that a user overwrote in our output. */
    bool lacks_create_if_absent;
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
    struct rg_store *home = job.home;
    struct faulty_store faulty;
    if (actor->lacks_create_if_absent) {
        job.home = faulty_store_init(&faulty, home);
        faulty.lacks_create_if_absent = true;
    }
    job.outputs_max = outputs_max;
    job.takes_all = false;
    const enum rg_status status = fake_job_run(&job, &t->err);
    CHECK(status == RG_OK || status == RG_ERR_AGAIN);
    check_told(&job, "a run beside");
    rg_store_free(home);
}

/* 21. */
static void garble_intents(struct actor *actor)
{
    static const char garbage[] = "{\"v\":1,\"kind\":\"intent\"\n";
    unsigned last = 0;
    struct test *t = actor->t;
    struct rg_arena arena;
    struct rg_object *objects;
    size_t count;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_OK(rg_store_list_all(actor->w->home, "_regroup/p=1/", &arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++) {
        last += strstr(objects[i].key, ".json") != NULL;
        if (strstr(objects[i].key, ".intent") != NULL)
            CHECK_OK(store_put_text(actor->w->home, objects[i].key, garbage, false, &t->err));
    }
    char key[128];
    (void)snprintf(key, sizeof key, "_regroup/p=1/_%06u-0123456789abcdef-0123456789abcdef.intent",
                   last + 1);
    CHECK_OK(store_put_text(actor->w->home, key, garbage, false, &t->err));
    rg_arena_fini(&arena);
}

/* There is an intent again for each output, though it cannot be read. */
static void give_intents(struct actor *actor)
{
    struct test *t = actor->t;
    struct rg_arena arena;
    struct rg_object *objects;
    size_t count;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_OK(rg_store_list_all(actor->w->home, "p=1/", &arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++) {
        struct rg_minted minted;
        char key[128];

        if (!rg_minted_parse(objects[i].key + strlen("p=1/"), &minted))
            continue;
        (void)snprintf(key, sizeof key,
                       "_regroup/p=1/_%06" PRIu32 "-0123456789abcdef-%016" PRIx64 ".intent",
                       minted.number, minted.hash);
        CHECK_OK(store_put_text(actor->w->home, key, "", false, &t->err));
    }
    rg_arena_fini(&arena);
}

/* 24: the first of our outputs that is there becomes a user's. */
static void hit_output(struct actor *actor)
{
    struct test *t = actor->t;
    struct rg_arena arena;
    struct rg_object *objects;
    size_t count;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_OK(rg_store_list_all(actor->w->home, "p=1/", &arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++) {
        if (strncmp(objects[i].key, "p=1/part-", 9) != 0)
            continue;
        const char *text = store_get_text(t, actor->w->home, objects[i].key, &arena);
        fake_count_rows(text, actor->overwritten);
        fake_world_write_home(actor->w, objects[i].key + 4, "r110\n");
        break;
    }
    rg_arena_fini(&arena);
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
        write_row(actor->w, "late.parquet", ++actor->rows);
        run_beside(actor, actor->shape->outputs_max);
        break;
    case ACT_GC:
        CHECK_OK(fake_job_gc(&job, 0, NULL, &t->err));
        break;
    case ACT_LATE_FILE:
        write_row(actor->w, "late.parquet", ++actor->rows);
        break;
    case ACT_OVERWRITE:
        /* The last input. */
        fake_world_write(actor->w, "f.parquet", "r100\nr101\n");
        actor->excused = actor->rows;
        break;
    case ACT_REMOVE:
        fake_world_remove(actor->w, "f.parquet");
        actor->excused = actor->rows;
        break;
    case ACT_LOSE_INTENTS:
        lose_intents(actor);
        break;
    case ACT_GARBLE:
        garble_intents(actor);
        break;
    case ACT_HIT_OUTPUT:
        hit_output(actor);
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
        if (row == actor->excused || actor->overwritten[row] > 0)
            continue;
        if (anywhere[row] == 0)
            test_fail(__FILE__, __LINE__, "%s, %s at call %u: row %u is lost", actor->shape->about,
                      act_names[actor->act], (unsigned)actor->number, row);
        const unsigned live_min = actor->w->is_in_place ? 1 : 0;
        if (is_whole && actor->act != ACT_HIT_OUTPUT && (live[row] > 1 || live[row] < live_min))
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

/* The same without looking at every step. */
static enum faulty_action act_only(void *user, enum faulty_moment moment, uint64_t number,
                                   const struct rg_store_op *op)
{
    struct actor *actor = user;

    (void)op;
    if (moment == FAULTY_BEFORE && number == actor->number) {
        actor->has_acted = true;
        act(actor);
    }
    return FAULTY_GO;
}

/* New rows of a rewritten file: in place always there, to DEST unless its old body was taken. */
static void check_rewritten(struct actor *actor, const char *about)
{
    struct test *t = actor->t;
    unsigned counts[fake_rows_max] = {0};

    fake_world_visible(t, actor->w, counts);
    const bool is_new_owed = actor->w->is_in_place || counts[actor->excused] == 0;
    if (counts[100] != counts[101] || counts[100] > 1 || (is_new_owed && counts[100] != 1))
        test_fail(__FILE__, __LINE__, "%s: the new row is visible %u times", about, counts[100]);
    if (counts[actor->excused] > 1)
        test_fail(__FILE__, __LINE__, "%s: the old row is visible %u times", about,
                  counts[actor->excused]);
}

/* No other row goes with an output that a user overwrote. */
static void check_others(struct actor *actor, const char *about)
{
    struct test *t = actor->t;
    unsigned counts[fake_rows_max] = {0};

    fake_world_anywhere(t, actor->w, counts);
    for (unsigned row = 1; row <= actor->rows; row++) {
        if (actor->overwritten[row] == 0 && counts[row] == 0)
            test_fail(__FILE__, __LINE__, "%s: row %u is gone", about, row);
    }
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
    if (what != ACT_LOSE_INTENTS)
        check_told(&job, about);

    /* One more complete run, which finds every intent old. */
    job = job_of(&w, shape);
    job.takes_all = false;
    job.later_ns = 2 * rg_intent_age_max_ns;
    CHECK_OK(fake_job_run(&job, &t->err));
    if (what != ACT_LOSE_INTENTS)
        check_told(&job, about);
    if (job.problems[RG_PROBLEM_LEDGER_LOST] > 0) {
        /* Nothing is done to outputs without one, until somebody puts it back. */
        check_others(&actor, about);
        give_intents(&actor);
        CHECK_OK(fake_job_run(&job, &t->err));
    }
    if (what == ACT_HIT_OUTPUT) {
        check_others(&actor, about);
        fake_world_fini(&w);
        return actor.has_acted;
    }
    unsigned rows = actor.rows;
    if (what == ACT_OVERWRITE && actor.has_acted)
        check_rewritten(&actor, about);
    if (actor.excused != 0)
        rows--; /* It is the last one. */
    fake_world_check_clean(t, &w, rows, about);
    fake_world_fini(&w);
    return actor.has_acted;
}

static void meet_in(struct test *t, const struct shape *in, size_t count, enum act what)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t number = 1 + (i + what) % stride();

        while (meet_at(t, &in[i], what, number))
            number += stride_of(in[i].history_runs);
    }
}

static void meet_everywhere(struct test *t, enum act what)
{
    meet_in(t, shapes, shape_count, what);
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

TEST(meets_garbled_intents)
{
    meet_everywhere(t, ACT_GARBLE);
}

TEST(meets_a_user_who_overwrites_an_output)
{
    meet_everywhere(t, ACT_HIT_OUTPUT);
}

TEST(meets_others_between_pages)
{
    meet_in(t, paged_shapes, 2, ACT_OTHER_RUN);
    meet_in(t, paged_shapes, 2, ACT_LATE_RUN);
    meet_in(t, paged_shapes, 2, ACT_OVERWRITE);
    meet_in(t, paged_shapes, 2, ACT_GC);
}

TEST(meets_others_beside_a_snapshot)
{
    static const enum act acts[] = {ACT_OTHER_RUN, ACT_LATE_RUN, ACT_OVERWRITE, ACT_HIT_OUTPUT};

    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        meet_in(t, snapshot_shapes, sizeof snapshot_shapes / sizeof snapshot_shapes[0], acts[i]);
}

/* 20, its second half: two runs may double rows there, but lose none. */
static bool meet_unprotected(struct test *t, const struct shape *shape, uint64_t number)
{
    struct faulty_store home;
    struct fake_world w;
    struct actor actor = {.t = t, .w = &w, .shape = shape, .act = ACT_OTHER_RUN, .number = number};

    actor.rows = begin_world(t, &w, shape);
    actor.lacks_create_if_absent = true;
    struct fake_job job = job_of(&w, shape);
    job.home = faulty_store_init(&home, w.home);
    home.lacks_create_if_absent = true;
    home.hook = act_only;
    home.user = &actor;
    CHECK_OK(fake_job_run(&job, &t->err));
    home.hook = NULL;
    CHECK_OK(fake_job_run(&job, &t->err));
    check_told(&job, "unprotected");
    unsigned counts[fake_rows_max] = {0};
    CHECK(fake_world_live(t, &w, counts));
    for (unsigned row = 1; row <= actor.rows; row++) {
        if (counts[row] == 0)
            test_fail(__FILE__, __LINE__, "%s, unprotected, call %u: row %u is lost", shape->about,
                      (unsigned)number, row);
    }
    fake_world_fini(&w);
    return actor.has_acted;
}

TEST(unprotected_runs_lose_nothing)
{
    for (size_t i = 0; i < shape_count; i++) {
        uint64_t number = 1 + i % stride();

        while (!shapes[i].is_in_place && meet_unprotected(t, &shapes[i], number))
            number += stride();
    }
}

/* 22: a reader of the ledger, while a job runs from its beginning to its end. */
static bool read_beside(struct test *t, const struct shape *shape, uint64_t number)
{
    struct faulty_store home;
    struct fake_world w;
    struct actor actor = {.t = t, .w = &w, .shape = shape, .act = ACT_SAME_RUN, .number = number};
    unsigned counts[fake_rows_max] = {0};

    actor.rows = begin_world(t, &w, shape);
    struct fake_world reader = w;
    reader.home = faulty_store_init(&home, w.home);
    home.hook = act_only;
    home.user = &actor;
    if (fake_world_live(t, &reader, counts)) {
        for (unsigned row = 1; row <= actor.rows; row++) {
            if (counts[row] > 1 || (shape->is_in_place && counts[row] == 0))
                test_fail(__FILE__, __LINE__, "%s, read beside at call %u: row %u %u times",
                          shape->about, (unsigned)number, row, counts[row]);
        }
    }
    fake_world_fini(&w);
    return actor.has_acted;
}

TEST(readers_of_the_ledger_see_each_row_once)
{
    for (size_t i = 0; i < shape_count; i++) {
        for (uint64_t number = 1; read_beside(t, &shapes[i], number);)
            number++;
    }
    for (size_t i = 0; i < sizeof paged_shapes / sizeof paged_shapes[0]; i++) {
        for (uint64_t number = 1; read_beside(t, &paged_shapes[i], number);)
            number++;
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"killed_anywhere_beside_a_snapshot", killed_anywhere_beside_a_snapshot},
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
        {"meets_garbled_intents", meets_garbled_intents},
        {"meets_a_user_who_overwrites_an_output", meets_a_user_who_overwrites_an_output},
        {"meets_others_between_pages", meets_others_between_pages},
        {"meets_others_beside_a_snapshot", meets_others_beside_a_snapshot},
        {"unprotected_runs_lose_nothing", unprotected_runs_lose_nothing},
        {"readers_of_the_ledger_see_each_row_once", readers_of_the_ledger_see_each_row_once},
    };

    return test_main("journal/look", cases, sizeof cases / sizeof cases[0], argc, argv);
}
