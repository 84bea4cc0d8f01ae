/* SPDX-License-Identifier: Apache-2.0 */

/* Scenes of the protocol, one by one; numbers are those of the list of tests in README.md. */

#include "journal/commit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "journal/look_impl.h"
#include "support/fake_world.h"
#include "support/store_contract.h"

/* Does something at the n-th operation of a kind. */
struct trap {
    enum rg_store_verb verb;
    const char *key_part; /* "" for any. */
    unsigned turn;        /* From 1. */
    enum faulty_action action;
    bool dies;  /* Afterwards every operation fails, as if the process were gone. */
    bool exits; /* It is gone. */
    void (*act)(struct trap *trap);
    struct test *t;
    struct fake_world *w;
    struct faulty_store *faulty;
    unsigned seen;
    bool is_dead;
};

static enum faulty_action spring(void *user, enum faulty_moment moment, uint64_t number,
                                 const struct rg_store_op *op)
{
    struct trap *trap = user;

    (void)number;
    if (moment == FAULTY_AFTER)
        return FAULTY_GO;
    if (trap->is_dead)
        return FAULTY_FAIL;
    if (op->verb != trap->verb || strstr(op->key, trap->key_part) == NULL ||
        ++trap->seen != trap->turn)
        return FAULTY_GO;
    if (trap->exits)
        _exit(137);
    trap->is_dead = trap->dies;
    if (trap->act != NULL)
        trap->act(trap);
    return trap->action;
}

static void set_trap(struct test *t, struct trap *trap, struct fake_world *w,
                     struct faulty_store *faulty, struct fake_job *job)
{
    trap->t = t;
    trap->w = w;
    trap->faulty = faulty;
    job->home = faulty_store_init(faulty, w->home);
    faulty->hook = spring;
    faulty->user = trap;
}

/* Runs the job in a process that ends at the trap. */
static void run_and_kill(struct test *t, struct fake_world *w, struct fake_job job,
                         struct trap trap)
{
    int status;
    const pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        struct faulty_store faulty;

        trap.exits = true;
        set_trap(t, &trap, w, &faulty, &job);
        (void)!fake_job_run(&job, &t->err);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 137);
}

static const struct trap at_record = {.verb = RG_STORE_PUT, .key_part = ".json", .turn = 1};
static const struct trap at_output = {.verb = RG_STORE_PUT, .key_part = "part-", .turn = 1};

static void write_three(struct fake_world *w)
{
    fake_world_write(w, "a.parquet", "r1\n");
    fake_world_write(w, "b.parquet", "r2\n");
    fake_world_write(w, "c.parquet", "r3\n");
}

static void run(struct test *t, struct fake_job *job)
{
    CHECK_OK(fake_job_run(job, &t->err));
}

/* "part-..." names of the home, in order; NULL behind the last. */
static const char *minted_name(struct test *t, struct fake_world *w, struct rg_arena *arena,
                               size_t index)
{
    struct rg_object *objects;
    struct rg_minted minted;
    size_t count;

    CHECK_OK(rg_store_list_all(w->home, w->partition, arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++) {
        const char *name = objects[i].key + strlen(w->partition);

        if (rg_minted_parse(name, &minted) && index-- == 0)
            return name;
    }
    return NULL;
}

TEST(a_second_run_does_nothing)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        struct rg_arena arena;
        struct fake_world w;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        fake_world_init(t, &w, in_place == 1);
        write_three(&w);
        struct fake_job job = fake_world_job(&w);
        job.batch_max = 10;
        run(t, &job);
        CHECK_U64(job.record_count, 1);
        CHECK_U64(job.look_count, 2);
        fake_world_check_clean(t, &w, 3, "first");
        CHECK_TEXT(fake_world_home_text(t, &w, &arena), "part-000001-000");
        run(t, &job);
        CHECK_U64(job.record_count, 1);
        CHECK_U64(job.look_count, 3);
        CHECK_TEXT(store_list_text(t, w.home, "_regroup/p=1/", &arena),
                   "_regroup/p=1/_000001.json");
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

TEST(what_the_options_leave_out_is_not_counted)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        struct rg_arena arena;
        struct rg_look look;
        struct fake_world w;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        fake_world_init(t, &w, in_place == 1);
        write_three(&w);
        struct fake_job job = fake_world_job(&w);
        job.grace_ns = UINT64_MAX; /* In place they lie there still. */
        run(t, &job);
        CHECK_OK(fake_job_look(&job, &arena, &look, &t->err));
        CHECK_U64(look.named_count, 3);
        job.only = "b";
        CHECK_OK(fake_job_look(&job, &arena, &look, &t->err));
        CHECK_U64(look.named_count, 1);
        job.only = "z";
        CHECK_OK(fake_job_look(&job, &arena, &look, &t->err));
        CHECK_U64(look.named_count, 0);
        CHECK_U64(look.free_count + look.changed_count, 0);
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

TEST(records_that_are_not_void_tell_of_what_the_home_is)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        struct rg_arena arena;
        struct rg_look look;
        struct fake_world w;
        bool has_voided;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        fake_world_init(t, &w, in_place == 1);
        write_three(&w);
        struct fake_job job = fake_world_job(&w);
        run_and_kill(t, &w, job, at_record);
        CHECK_OK(fake_job_gc(&job, 0, &has_voided, &t->err));
        CHECK(has_voided);
        CHECK_OK(fake_job_look(&job, &arena, &look, &t->err));
        CHECK_U64(look.next_number, 2);
        CHECK(!look.has_in_place && !look.has_from_source);
        run(t, &job);
        CHECK_OK(fake_job_look(&job, &arena, &look, &t->err));
        CHECK(look.has_in_place == (in_place == 1));
        CHECK(look.has_from_source == (in_place == 0));
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

TEST(a_late_file_is_added_with_short_outputs)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        struct rg_arena arena;
        struct fake_world w;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        fake_world_init(t, &w, in_place == 1);
        write_three(&w);
        struct fake_job job = fake_world_job(&w);
        job.batch_max = 2;
        job.short_max = 1;
        job.short_rows = 2;
        run(t, &job);
        /* a b; then that short output again with c. */
        CHECK_TEXT(fake_world_home_text(t, &w, &arena), "part-000002-000");
        CHECK_U64(job.taken_count, 1);
        run(t, &job);
        CHECK_U64(job.record_count, 2); /* Short outputs alone are not taken: 18. */
        fake_world_write(&w, "d.parquet", "r4\n");
        run(t, &job);
        CHECK_TEXT(fake_world_home_text(t, &w, &arena), "part-000002-000 part-000003-000");
        fake_world_check_clean(t, &w, 4, "late");
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

static void check_changed(struct test *t, bool is_in_place)
{
    struct fake_world w;

    fake_world_init(t, &w, is_in_place);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.batch_max = 10;
    run(t, &job);
    /* 13: with the same size and time, in place. */
    char path[512];
    struct stat before = {.st_size = 0};
    (void)snprintf(path, sizeof path, "%s/source/p=1/b.parquet", w.root);
    (void)stat(path, &before);
    fake_world_write(&w, "b.parquet", is_in_place ? "r7\n" : "r7\nr8\n");
    fake_world_write(&w, "d.parquet", "r4\n");
    run(t, &job);
    CHECK_U64(job.record_count, 2); /* The rest goes on. */
    CHECK(job.problems[RG_PROBLEM_INPUT_CHANGED] > 0);
    CHECK(strstr(job.problem, "p=1/b.parquet was rewritten after it had been taken") != NULL);
    unsigned counts[fake_rows_max] = {0};
    fake_world_visible(t, &w, counts);
    CHECK_U64(counts[7], is_in_place ? 1 : 0);
    fake_world_check_clean(t, &w, 4, "changed");
    /* --all takes it. From SOURCE its old row goes with the output that is retired. */
    job.takes_all = true;
    run(t, &job);
    memset(counts, 0, sizeof counts);
    fake_world_visible(t, &w, counts);
    CHECK_U64(counts[7], 1);
    CHECK_U64(counts[2], is_in_place ? 1 : 0);
    CHECK_U64(counts[1], 1);
    CHECK_U64(counts[4], 1);
    fake_world_fini(&w);
}

TEST(a_rewritten_input_is_left_alone)
{
    check_changed(t, true);
    check_changed(t, false);
}

/* 13, to the letter: `cp -p` of an older file over the place of a compacted one. */
TEST(an_old_id_that_comes_back_is_not_deleted)
{
    struct fake_world w;
    struct stat before;
    char path[512];

    fake_world_init(t, &w, true);
    write_three(&w);
    (void)snprintf(path, sizeof path, "%s/home/p=1/b.parquet", w.root);
    CHECK(stat(path, &before) == 0);
    struct fake_job job = fake_world_job(&w);
    run(t, &job);
    fake_world_write(&w, "b.parquet", "r7\n");
    const struct timespec times[] = {before.st_atim, before.st_mtim};
    CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
    run(t, &job);
    CHECK(job.problems[RG_PROBLEM_INPUT_CHANGED] > 0);
    CHECK(access(path, F_OK) == 0);
    fake_world_check_clean(t, &w, 3, "cp -p");
    fake_world_fini(&w);
}

/* What a listing shows in the middle of another run's rename into the trash. */
struct moving {
    struct fake_world *w;
    bool goes; /* Else a user touched the file, and it stays. */
    bool is_touched;
};

/* Gives a file a new ctime: the clock of file systems ticks slowly. */
static bool touch(const char *path)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    struct stat before = {.st_size = 0};
    struct stat now;

    (void)stat(path, &before);
    for (int i = 0; i < 1000; i++) {
        (void)chmod(path, 0600);
        if (stat(path, &now) == 0 && memcmp(&now.st_ctim, &before.st_ctim, sizeof now.st_ctim) != 0)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

static enum faulty_action move_away(void *user, enum faulty_moment moment, uint64_t number,
                                    const struct rg_store_op *op)
{
    struct moving *moving = user;
    char path[512];

    (void)number;
    if (moment == FAULTY_AFTER || op->verb != RG_STORE_LIST)
        return FAULTY_GO;
    (void)snprintf(path, sizeof path, "%s/home/p=1/b.parquet", moving->w->root);
    if (!moving->is_touched && strcmp(op->key, "p=1/") == 0) {
        moving->is_touched = touch(path);
    } else if (moving->is_touched && moving->goes && strcmp(op->key, "_regroup/p=1/") == 0) {
        (void)unlink(path);
    }
    return FAULTY_GO;
}

TEST(an_input_moved_away_while_listed_was_not_changed)
{
    for (int goes = 0; goes < 2; goes++) {
        for (int takes_all = 0; takes_all < 2; takes_all++) {
            struct faulty_store faulty;
            struct fake_world w;
            struct moving moving = {.w = &w, .goes = goes == 1};

            fake_world_init(t, &w, true);
            write_three(&w);
            struct fake_job job = fake_world_job(&w);
            job.batch_max = 10;
            job.grace_ns = 1000 * rg_intent_refresh_ns; /* Inputs stay. */
            run(t, &job);
            job.grace_ns = 0;
            job.takes_all = takes_all == 1;
            job.home = faulty_store_init(&faulty, w.home);
            faulty.hook = move_away;
            faulty.user = &moving;
            run(t, &job);
            CHECK(moving.is_touched);
            CHECK_U64(job.problems[RG_PROBLEM_INPUT_CHANGED] > 0, goes == 0 && takes_all == 0);
            unsigned counts[fake_rows_max] = {0};
            fake_world_visible(t, &w, counts);
            CHECK_U64(counts[1], 1);
            CHECK_U64(counts[2], goes == 1 ? 1 : 2);
            faulty_store_fini(&faulty);
            fake_world_fini(&w);
        }
    }
}

/* 4: a PUT is held, the other run commits and sweeps, the PUT lands, the run is dead. */
TEST(an_output_that_lands_late_is_cleared)
{
    for (int how = 0; how < 4; how++) {
        const bool is_in_place = how % 2 == 1;
        const bool uses_gc = how >= 2;
        struct faulty_store faulty;
        struct fake_world w;
        struct trap trap = at_output;

        trap.action = FAULTY_HOLD;
        trap.dies = true;
        fake_world_init(t, &w, is_in_place);
        write_three(&w);
        struct fake_job dead = fake_world_job(&w);
        dead.outputs_max = 2;
        set_trap(t, &trap, &w, &faulty, &dead);
        CHECK_ERROR(fake_job_run(&dead, &t->err), RG_ERR_AGAIN, "no answer");

        struct fake_job job = fake_world_job(&w);
        bool has_voided = false;
        if (uses_gc)
            CHECK_OK(fake_job_gc(&job, 0, &has_voided, &t->err));
        CHECK(has_voided == uses_gc);
        run(t, &job);
        CHECK_OK(faulty_store_release(&faulty, &t->err));
        unsigned counts[fake_rows_max] = {0};
        fake_world_visible(t, &w, counts);
        CHECK_U64(counts[1], 2); /* It is there, */
        run(t, &job);
        fake_world_check_clean(t, &w, 3, "late PUT"); /* and gone. */
        faulty_store_fini(&faulty);
        fake_world_fini(&w);
    }
}

/* 5: a copy of the same plan makes an output again that was taken and deleted. */
TEST(an_output_that_is_made_again_is_dead)
{
    struct faulty_store faulty;
    struct fake_world w;
    struct trap trap = at_output;

    trap.action = FAULTY_HOLD;
    trap.dies = true;
    fake_world_init(t, &w, false);
    fake_world_write(&w, "a.parquet", "r1\n");
    struct fake_job dead = fake_world_job(&w);
    set_trap(t, &trap, &w, &faulty, &dead);
    CHECK_ERROR(fake_job_run(&dead, &t->err), RG_ERR_AGAIN, "no answer");
    struct fake_job job = fake_world_job(&w);
    job.short_max = 1;
    job.short_rows = 1;
    run(t, &job);
    fake_world_write(&w, "b.parquet", "r2\n");
    run(t, &job);
    CHECK_U64(job.taken_count, 1);
    fake_world_check_clean(t, &w, 2, "before");
    CHECK_OK(faulty_store_release(&faulty, &t->err));
    run(t, &job);
    fake_world_check_clean(t, &w, 2, "made again");
    faulty_store_fini(&faulty);
    fake_world_fini(&w);
}

/* 5, the other half: one that is live, with a new inode and time. */
TEST(a_live_output_that_is_made_again_is_ours)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, true);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.grace_ns = 1000 * rg_intent_refresh_ns;
    job.batch_max = 10;
    run(t, &job);
    char key[128];
    (void)snprintf(key, sizeof key, "p=1/%s", minted_name(t, &w, &arena, 0));
    const char *text = store_get_text(t, w.home, key, &arena);
    CHECK_OK(store_delete(w.home, key, NULL, &t->err));
    CHECK_OK(store_put_text(w.home, key, text, true, &t->err));
    /* The inputs go only because it is ours. */
    job.grace_ns = 0;
    run(t, &job);
    CHECK_U64(job.problems[RG_PROBLEM_OUTPUT_FOREIGN] + job.problems[RG_PROBLEM_OUTPUT_GONE], 0);
    fake_world_check_clean(t, &w, 3, "made again");
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

static void rewrite_c(struct trap *trap)
{
    fake_world_write(trap->w, "c.parquet", "r30\nr31\n");
}

static struct trap release_trap;

static enum faulty_action hold_then_release(void *user, enum faulty_moment moment, uint64_t number,
                                            const struct rg_store_op *op)
{
    struct trap *trap = user;
    struct test *t = trap->t;

    (void)number;
    const bool is_record = op->verb == RG_STORE_PUT && strstr(op->key, ".json") != NULL;
    if (moment == FAULTY_AFTER || !is_record)
        return FAULTY_GO;
    trap->seen++;
    if (trap->seen == 1) {
        rewrite_c(trap);
        return FAULTY_HOLD;
    }
    if (trap->seen == 2)
        CHECK_OK(faulty_store_release(trap->faulty, &t->err));
    return FAULTY_GO;
}

/* 6: the held request for a record lands before the one of the new plan. */
TEST(a_record_that_lands_late_is_another_runs_win)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        struct faulty_store faulty;
        struct fake_world w;

        fake_world_init(t, &w, in_place == 1);
        write_three(&w);
        struct fake_job job = fake_world_job(&w);
        job.batch_max = 3;
        release_trap = (struct trap){.t = t, .w = &w, .faulty = &faulty};
        job.home = faulty_store_init(&faulty, w.home);
        faulty.hook = hold_then_release;
        faulty.user = &release_trap;
        run(t, &job);
        CHECK_U64(release_trap.seen, 2);
        job.home = w.home;
        run(t, &job);
        fake_world_check_clean(t, &w, 3, "late record");
        unsigned counts[fake_rows_max] = {0};
        fake_world_visible(t, &w, counts);
        CHECK_U64(counts[30], in_place == 1 ? 1 : 0);
        CHECK(job.problems[RG_PROBLEM_INPUT_CHANGED] > 0);
        faulty_store_fini(&faulty);
        fake_world_fini(&w);
    }
}

/* 7. */
TEST(a_record_whose_answer_is_lost_counts)
{
    struct faulty_store faulty;
    struct fake_world w;
    struct trap trap = at_record;

    trap.action = FAULTY_LOSE;
    fake_world_init(t, &w, true);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.batch_max = 10;
    set_trap(t, &trap, &w, &faulty, &job);
    run(t, &job);
    CHECK_U64(job.record_count, 0);
    fake_world_check_clean(t, &w, 3, "lost answer");
    faulty_store_fini(&faulty);
    fake_world_fini(&w);
}

TEST(an_intent_whose_answer_is_lost_is_there)
{
    struct faulty_store faulty;
    struct fake_world w;
    struct trap trap = {
        .verb = RG_STORE_PUT, .key_part = ".intent", .turn = 1, .action = FAULTY_LOSE};

    fake_world_init(t, &w, true);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.batch_max = 10;
    set_trap(t, &trap, &w, &faulty, &job);
    run(t, &job);
    CHECK_U64(job.record_count, 1);
    fake_world_check_clean(t, &w, 3, "lost answer");
    faulty_store_fini(&faulty);
    fake_world_fini(&w);
}

static enum faulty_action fail_intents(void *user, enum faulty_moment moment, uint64_t number,
                                       const struct rg_store_op *op)
{
    (void)user;
    (void)number;
    const bool is_intent = op->verb == RG_STORE_PUT && strstr(op->key, ".intent") != NULL;
    return moment == FAULTY_BEFORE && is_intent ? FAULTY_FAIL : FAULTY_GO;
}

TEST(no_output_is_made_without_an_intent)
{
    struct rg_arena arena;
    struct faulty_store faulty;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, false);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.home = faulty_store_init(&faulty, w.home);
    faulty.hook = fail_intents;
    CHECK(fake_job_run(&job, &t->err) == RG_ERR_AGAIN);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), "");
    rg_arena_fini(&arena);
    faulty_store_fini(&faulty);
    fake_world_fini(&w);
}

/* It would keep everybody from the partition. */
TEST(a_document_that_cannot_be_read_is_not_written)
{
    static char options[70000];
    struct rg_arena arena;
    struct fake_world w;
    struct rg_home home;
    struct rg_commit commit;
    bool is_made;

    memset(options, 'x', sizeof options - 1);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, true);
    CHECK_OK(rg_home_open(w.home, &(struct rg_home_options){.is_in_place = true, .may_write = true},
                          &home, &t->err));
    const struct rg_commit_options how = {.home = &home, .partition = "p=1/", .options = options};
    const struct rg_batch batch = {
        .number = 1, .is_in_place = true, .options = options, .content = ""};
    rg_commit_init(&commit, &how, &t->allocator);
    CHECK_ERROR(rg_commit_intent(&commit, &batch, &t->err), RG_ERR_LIMIT, "line 1 would have 70");
    CHECK_ERROR(rg_commit_record(&commit, &batch, &is_made, &t->err), RG_ERR_LIMIT,
                "_regroup/p=1/_000001.json: line 1 would have 70");
    CHECK_TEXT(store_list_text(t, w.home, "_regroup/p=1/", &arena), "");
    rg_commit_fini(&commit);
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* Record 2, its inputs and its intent are gone; its output is there. */
static void check_kept(struct test *t, struct fake_world *w, struct fake_job job)
{
    unsigned counts[fake_rows_max] = {0};
    bool has_voided;

    run(t, &job);
    CHECK(job.problems[RG_PROBLEM_LEDGER_LOST] > 0);
    CHECK_OK(fake_job_gc(&job, 0, &has_voided, &t->err));
    CHECK(!has_voided);
    run(t, &job);
    fake_world_anywhere(t, w, counts);
    for (unsigned row = 1; row <= 3; row++) {
        if (counts[row] == 0)
            test_fail(__FILE__, __LINE__, "row %u is gone", row);
    }
}

/* The intents that are there, as keys and texts; returns how many. */
static size_t copy_intents(struct test *t, struct fake_world *w, struct rg_arena *arena,
                           const char *keys[2], const char *texts[2])
{
    struct rg_object *objects;
    size_t count;
    size_t end = 0;

    CHECK_OK(rg_store_list_all(w->home, "_regroup/p=1/", arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++) {
        if (strstr(objects[i].key, ".intent") == NULL)
            continue;
        CHECK(end < 2);
        keys[end] = objects[i].key;
        texts[end++] = store_get_text(t, w->home, objects[i].key, arena);
    }
    return end;
}

/*
 * A copy of the ledger that is older than its outputs; with an intent: of while they were made; of
 * two, the other is of a run whose input is there still.
 */
static void restore_older_ledger(struct test *t, size_t intent_count)
{
    static const char record_key[] = "_regroup/p=1/_000002.json";
    const char *intents[2];
    const char *texts[2];
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, true);
    fake_world_write(&w, "a.parquet", "r1\n");
    fake_world_write(&w, "c.parquet", "r3\n"); /* Never taken, and older than all outputs. */
    struct fake_job job = fake_world_job(&w);
    job.only = "a";
    run(t, &job);
    fake_world_write(&w, "b.parquet", "r2\n");
    job.only = "b";
    run_and_kill(t, &w, job, at_record);
    if (intent_count == 2) {
        job.only = "c";
        run_and_kill(t, &w, job, at_output);
        job.only = "b";
    }
    CHECK(copy_intents(t, &w, &arena, intents, texts) == (intent_count == 2 ? 2 : 1));
    run(t, &job);

    const char *record = store_get_text(t, w.home, record_key, &arena);
    CHECK_OK(store_delete(w.home, record_key, NULL, &t->err));
    for (size_t i = 0; i < intent_count; i++)
        CHECK_OK(store_put_text(w.home, intents[i], texts[i], false, &t->err));
    job.only = NULL;
    job.later_ns = 2 * rg_intent_age_max_ns;
    memset(job.problems, 0, sizeof job.problems);
    check_kept(t, &w, job);
    CHECK_OK(store_put_text(w.home, record_key, record, false, &t->err));
    run(t, &job);
    fake_world_check_clean(t, &w, 3, "put back");
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

TEST(a_ledger_that_is_older_than_its_outputs_costs_no_rows)
{
    restore_older_ledger(t, 0);
    restore_older_ledger(t, 1);
    restore_older_ledger(t, 2);
}

/*
 * Of such a copy: the output took another one again, which was deleted. To DEST the new inputs are
 * always there, and in place when the sweep was killed early, so they do not tell.
 */
TEST(a_ledger_that_is_older_than_an_output_that_took_one_costs_no_rows)
{
    static const char record_key[] = "_regroup/p=1/_000002.json";

    for (int in_place = 0; in_place < 2; in_place++) {
        const char *intents[2];
        const char *texts[2];
        unsigned counts[fake_rows_max] = {0};
        struct rg_arena arena;
        struct fake_world w;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        fake_world_init(t, &w, in_place == 1);
        fake_world_write(&w, "a.parquet", "r1\n");
        struct fake_job job = fake_world_job(&w);
        run(t, &job);
        fake_world_write(&w, "b.parquet", "r2\n");
        job.short_max = 1;
        job.short_rows = 3;
        run_and_kill(t, &w, job, at_record);
        CHECK(copy_intents(t, &w, &arena, intents, texts) == 1);
        run(t, &job);
        CHECK_U64(job.taken_count, 1);

        const char *record = store_get_text(t, w.home, record_key, &arena);
        CHECK_OK(store_delete(w.home, record_key, NULL, &t->err));
        CHECK_OK(store_put_text(w.home, intents[0], texts[0], false, &t->err));
        if (in_place == 1)
            fake_world_write(&w, "b.parquet", "r2\n");
        fake_world_write(&w, "c.parquet", "r3\n");
        job.later_ns = 2 * rg_intent_age_max_ns;
        run(t, &job);
        CHECK(job.problems[RG_PROBLEM_LEDGER_LOST] > 0);
        fake_world_visible(t, &w, counts);
        CHECK(counts[1] == 1 && counts[2] >= 1);

        CHECK_OK(store_put_text(w.home, record_key, record, false, &t->err));
        if (in_place == 1)
            fake_world_remove(&w, "b.parquet");
        run(t, &job);
        fake_world_check_clean(t, &w, 3, "put back");
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

/* 14. */
TEST(an_output_of_another_home_is_foreign)
{
    struct rg_arena arena;
    struct fake_world other;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &other, true);
    fake_world_write(&other, "a.parquet", "r1\n");
    struct fake_job job = fake_world_job(&other);
    run(t, &job);
    const char *name = minted_name(t, &other, &arena, 0);
    char key[128];
    (void)snprintf(key, sizeof key, "p=1/%s", name);
    const char *text = store_get_text(t, other.home, key, &arena);

    fake_world_init(t, &w, true);
    fake_world_write(&w, "b.parquet", "r2\n");
    job = fake_world_job(&w);
    run(t, &job);
    /* It is dead by its number, but not ours: an input. */
    fake_world_write_home(&w, name, text);
    run(t, &job);
    CHECK_U64(job.record_count, 2);
    fake_world_check_clean(t, &w, 2, "copied");
    CHECK(strstr(fake_world_home_text(t, &w, &arena), "part-000002-000") != NULL);
    fake_world_fini(&w);

    /* In DEST it stops the partition. */
    fake_world_init(t, &w, false);
    fake_world_write(&w, "b.parquet", "r2\n");
    job = fake_world_job(&w);
    run(t, &job);
    fake_world_write_home(&w, name, text);
    struct rg_look look;
    CHECK_OK(fake_job_look(&job, &arena, &look, &t->err));
    CHECK_U64(look.foreign_count, 1);
    CHECK_TEXT(look.foreign_first, key);
    fake_world_fini(&w);
    fake_world_fini(&other);
    rg_arena_fini(&arena);
}

/* 15. */
TEST(a_body_that_is_not_ours_under_our_name_is_kept)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, true);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.batch_max = 10;
    run_and_kill(t, &w, job, at_record);
    const char *name = minted_name(t, &w, &arena, 0);
    fake_world_write_home(&w, name, "r40\n");
    run(t, &job);
    CHECK_U64(job.void_count, 1);
    CHECK(job.problems[RG_PROBLEM_DEAD_FOREIGN] > 0);
    CHECK(strstr(job.problem, "has the name of an output that was given up") != NULL);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), "part-000001-000 part-000002-000");
    unsigned counts[fake_rows_max] = {0};
    fake_world_visible(t, &w, counts);
    CHECK_U64(counts[40], 1);
    CHECK_U64(counts[1], 1);
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* 16. */
TEST(inputs_are_kept_when_their_output_is_gone)
{
    for (int is_gone = 0; is_gone < 2; is_gone++) {
        struct rg_arena arena;
        struct fake_world w;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        fake_world_init(t, &w, true);
        write_three(&w);
        struct fake_job job = fake_world_job(&w);
        job.batch_max = 10;
        job.grace_ns = 1000 * rg_intent_refresh_ns;
        run(t, &job);
        CHECK_TEXT(fake_world_home_text(t, &w, &arena),
                   "a.parquet b.parquet c.parquet part-000001-000");
        const char *name = minted_name(t, &w, &arena, 0);
        char key[128];
        (void)snprintf(key, sizeof key, "p=1/%s", name);
        const char *text = store_get_text(t, w.home, key, &arena);
        if (is_gone == 1)
            fake_world_remove(&w, name);
        else
            fake_world_write_home(&w, name, "r40\n");
        job.grace_ns = 0;
        run(t, &job);
        CHECK_U64(job.problems[is_gone == 1 ? RG_PROBLEM_OUTPUT_GONE : RG_PROBLEM_OUTPUT_FOREIGN],
                  1);
        CHECK_U64(job.problems[RG_PROBLEM_INPUTS_KEPT], 1);
        CHECK(strstr(job.problem, name) != NULL);
        CHECK(strstr(fake_world_home_text(t, &w, &arena), "a.parquet b.parquet c.parquet") != NULL);
        /* Once it is back, they go. */
        fake_world_write_home(&w, name, text);
        run(t, &job);
        fake_world_check_clean(t, &w, 3, "back");
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

/* 17. */
TEST(an_idle_run_clears_what_the_dead_left)
{
    static const struct {
        const char *about;
        uint64_t later_ns;
        bool loses_intent;
        bool loses_input;
        bool is_cleared;
    } rows[] = {
        {"young", 0, false, false, false},
        {"old", UINT64_C(25) * 3600 * 1000000000, false, false, true},
        {"no intent", 0, true, false, false},
        {"input gone", 0, false, true, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_arena arena;
        struct rg_object *objects;
        size_t count;
        struct fake_world w;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        fake_world_init(t, &w, false);
        fake_world_write(&w, "a.parquet", "r1\n");
        struct fake_job job = fake_world_job(&w);
        run_and_kill(t, &w, job, at_record);
        CHECK_OK(rg_store_list_all(w.home, "_regroup/p=1/", &arena, &objects, &count, &t->err));
        CHECK_U64(count, 1);
        if (rows[i].loses_intent)
            CHECK_OK(store_delete(w.home, objects[0].key, NULL, &t->err));
        if (rows[i].loses_input)
            fake_world_remove(&w, "a.parquet");
        job.only = "z"; /* Nothing to do. */
        job.later_ns = rows[i].later_ns;
        run(t, &job);
        CHECK_TEXT(fake_world_home_text(t, &w, &arena),
                   rows[i].is_cleared ? "" : "part-000001-000");
        if (rows[i].is_cleared) {
            CHECK_TEXT(store_list_text(t, w.home, "_regroup/p=1/", &arena),
                       "_regroup/p=1/_000001.json");
            fake_world_check_clean(t, &w, 0, rows[i].about);
        }
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

/* 18: void records between short outputs and the end of the ledger. */
TEST(short_outputs_are_found_behind_void_records)
{
    struct fake_world w;

    fake_world_init(t, &w, true);
    fake_world_write(&w, "a.parquet", "r1\n");
    struct fake_job job = fake_world_job(&w);
    job.short_max = 5;
    job.short_rows = 5;
    run(t, &job);
    fake_world_write(&w, "b.parquet", "r2\n");
    run_and_kill(t, &w, job, at_record);
    bool has_voided;
    CHECK_OK(fake_job_gc(&job, 0, &has_voided, &t->err));
    CHECK(has_voided);
    run(t, &job);
    CHECK_U64(job.taken_count, 1);
    fake_world_check_clean(t, &w, 2, "void between");
    fake_world_fini(&w);
}

/* An intent with our options is finished as it was begun, whatever came in the meantime. */
TEST(a_dead_runs_plan_is_adopted)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, false);
    fake_world_write(&w, "b.parquet", "r1\n");
    struct fake_job job = fake_world_job(&w);
    job.batch_max = 10;
    run_and_kill(t, &w, job, at_record);
    const char *name = minted_name(t, &w, &arena, 0);
    fake_world_write(&w, "a.parquet", "r2\n");
    run(t, &job);
    CHECK_U64(job.record_count, 2);
    CHECK_TEXT(minted_name(t, &w, &arena, 0), name);
    fake_world_check_clean(t, &w, 2, "adopted");
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* 24. */
TEST(all_from_source_keeps_rows_that_are_in_outputs_only)
{
    struct fake_world w;

    fake_world_init(t, &w, false);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    run(t, &job);
    fake_world_remove(&w, "b.parquet");
    job.takes_all = true;
    run(t, &job);
    CHECK(job.problems[RG_PROBLEM_SOURCE_GONE] > 0);
    CHECK(strstr(job.problem, "p=1/b.parquet is not among the inputs of this run") != NULL);
    fake_world_check_clean(t, &w, 3, "refused");
    /* A filter must not do it either. */
    fake_world_write(&w, "b.parquet", "r2\n");
    job.only = "a";
    memset(job.problems, 0, sizeof job.problems);
    run(t, &job);
    CHECK(job.problems[RG_PROBLEM_SOURCE_GONE] > 0);
    fake_world_check_clean(t, &w, 3, "filtered");
    job.only = NULL;
    run(t, &job);
    struct rg_arena arena;
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), "part-000003-000");
    rg_arena_fini(&arena);
    fake_world_check_clean(t, &w, 3, "all");
    fake_world_fini(&w);
}

TEST(all_in_place_takes_outputs_and_the_rest)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, true);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    run(t, &job);
    fake_world_write(&w, "d.parquet", "r4\n");
    job.takes_all = true;
    job.batch_max = 1; /* Whatever the size of batches. */
    run(t, &job);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), "part-000003-000");
    fake_world_check_clean(t, &w, 4, "all");
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* Another run is always faster, and there is always something left. */
static void be_faster(struct trap *trap)
{
    struct test *t = trap->t;
    struct fake_job job = fake_world_job(trap->w);
    char name[32];

    (void)snprintf(name, sizeof name, "x%02u.parquet", trap->turn);
    job.only = name;
    job.outputs_max = 2;
    fake_world_write(trap->w, name, "r50\n");
    CHECK_OK(fake_job_run(&job, &t->err));
    trap->turn++;
}

TEST(after_twenty_lost_races_a_run_gives_up)
{
    struct faulty_store faulty;
    struct fake_world w;
    struct trap trap = at_record;

    trap.act = be_faster;
    fake_world_init(t, &w, false);
    fake_world_write(&w, "a.parquet", "r1\n");
    struct fake_job job = fake_world_job(&w);
    job.only = "a";
    set_trap(t, &trap, &w, &faulty, &job);
    CHECK_ERROR(fake_job_run(&job, &t->err), RG_ERR_AGAIN, "were faster 20 times");
    CHECK_U64(job.look_count, 21);
    CHECK_U64(trap.seen, 21);
    job.home = w.home;
    run(t, &job);
    fake_world_check_clean(t, &w, 1, "in the end");
    faulty_store_fini(&faulty);
    fake_world_fini(&w);
}

/* Step 6: what a user does to an input before it is seen; the old row does not come back. */
TEST(an_input_that_changes_while_it_is_read_is_honoured)
{
    static const struct trap traps[] = {
        {.verb = RG_STORE_PUT, .key_part = ".intent", .turn = 1, .act = rewrite_c},
        {.verb = RG_STORE_PUT, .key_part = "part-", .turn = 1, .act = rewrite_c},
    };

    for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++) {
        struct faulty_store faulty;
        struct fake_world w;
        struct trap trap = traps[i];

        fake_world_init(t, &w, true);
        write_three(&w);
        struct fake_job job = fake_world_job(&w);
        job.batch_max = 3;
        set_trap(t, &trap, &w, &faulty, &job);
        run(t, &job);
        unsigned counts[fake_rows_max] = {0};
        fake_world_visible(t, &w, counts);
        CHECK_U64(counts[3], 0);
        CHECK_U64(counts[30], 1);
        fake_world_check_clean(t, &w, 2, "changed while read");
        CHECK_U64(job.problems[RG_PROBLEM_INPUT_CHANGED], 0);
        faulty_store_fini(&faulty);
        fake_world_fini(&w);
    }
}

/* What is not ours to finish: other options, --all, inputs that a record took meanwhile. */
TEST(only_a_plan_of_our_own_is_adopted)
{
    struct fake_world w;

    fake_world_init(t, &w, false);
    fake_world_write(&w, "b.parquet", "r1\n");
    struct fake_job job = fake_world_job(&w);
    job.batch_max = 10;
    job.outputs_max = 2;
    run_and_kill(t, &w, job, at_record);
    fake_world_write(&w, "a.parquet", "r2\n");
    job.outputs_max = 1;
    run(t, &job);
    CHECK_U64(job.record_count, 1); /* Both at once. */
    fake_world_check_clean(t, &w, 2, "other options");
    fake_world_fini(&w);

    fake_world_init(t, &w, true);
    fake_world_write(&w, "a.parquet", "r1\n");
    job = fake_world_job(&w);
    run(t, &job);
    fake_world_write(&w, "b.parquet", "r2\n");
    job.takes_all = true;
    run_and_kill(t, &w, job, at_record);
    job.takes_all = false;
    job.record_count = 0;
    run(t, &job);
    CHECK_U64(job.record_count, 1);
    CHECK_U64(job.taken_count, 0);
    fake_world_check_clean(t, &w, 2, "--all");
    fake_world_fini(&w);
}

TEST(a_plan_with_inputs_that_were_taken_is_not_adopted)
{
    static const struct rg_home_options options = {.is_in_place = true};
    struct rg_object_id id;
    struct rg_arena arena;
    struct rg_buffer out;
    struct rg_home home;
    struct fake_world w;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    fake_world_init(t, &w, true);
    fake_world_write(&w, "a.parquet", "r1\n");
    struct fake_job job = fake_world_job(&w);
    job.grace_ns = 1000 * rg_intent_refresh_ns; /* So that it stays. */
    CHECK_OK(store_head(w.home, "p=1/a.parquet", &arena, &id, &t->err));
    run(t, &job);
    CHECK_OK(rg_home_open(w.home, &options, &home, &t->err));
    const struct rg_batch_input input = {"a.parquet", id, 1};
    const struct rg_batch batch = {
        .number = 2,
        .is_in_place = true,
        .options = "outputs=1",
        .content = "x",
        .inputs = &input,
        .input_count = 1,
    };
    rg_buffer_init(&out, &rg_allocator_system, SIZE_MAX);
    rg_batch_emit(&batch, RG_DOCUMENT_INTENT, &home.id, "p=1/", &out);
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(store_put_text(w.home, "_regroup/p=1/_000002-0123456789abcdef-0123456789abcdef.intent",
                            (const char *)out.data, true, &t->err));
    job.record_count = 0;
    run(t, &job);
    CHECK_U64(job.record_count, 0);
    job.grace_ns = 0;
    run(t, &job);
    fake_world_check_clean(t, &w, 1, "taken meanwhile");
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

static void record_late_file(struct trap *trap)
{
    struct test *t = trap->t;
    struct fake_job job = fake_world_job(trap->w);

    fake_world_write(trap->w, "late.parquet", "r4\n");
    CHECK_OK(fake_job_run(&job, &t->err));
}

/* 24: a late file that another run records between the first listing of SOURCE and the ledger. */
TEST(all_from_source_lists_again_after_the_ledger)
{
    struct faulty_store faulty;
    struct fake_world w;
    struct trap trap = {
        .verb = RG_STORE_LIST, .key_part = "_regroup/p=1/", .turn = 2, .act = record_late_file};

    fake_world_init(t, &w, false);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    run(t, &job);
    job.takes_all = true;
    set_trap(t, &trap, &w, &faulty, &job);
    run(t, &job);
    CHECK(trap.seen >= 2);
    CHECK_U64(job.problems[RG_PROBLEM_SOURCE_GONE], 0);
    struct rg_arena arena;
    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), "part-000004-000");
    rg_arena_fini(&arena);
    fake_world_check_clean(t, &w, 4, "listed again");
    faulty_store_fini(&faulty);
    fake_world_fini(&w);
}

/* 16, for outputs that were taken again: they go only when what took them is there. */
TEST(taken_outputs_are_kept_when_their_taker_is_gone)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    fake_world_init(t, &w, true);
    fake_world_write(&w, "a.parquet", "r1\n");
    struct fake_job job = fake_world_job(&w);
    job.short_max = 1;
    job.short_rows = 5;
    job.grace_ns = 1000 * rg_intent_refresh_ns;
    run(t, &job);
    fake_world_write(&w, "b.parquet", "r2\n");
    run(t, &job);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena),
               "a.parquet b.parquet part-000001-000 part-000002-000");
    const char *taker = minted_name(t, &w, &arena, 1);
    char key[128];
    (void)snprintf(key, sizeof key, "p=1/%s", taker);
    const char *text = store_get_text(t, w.home, key, &arena);
    fake_world_remove(&w, taker);
    job.grace_ns = 0;
    run(t, &job);
    /* a.parquet too: its record's output was taken by one that does not hold. */
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), "a.parquet b.parquet part-000001-000");
    fake_world_write_home(&w, taker, text);
    run(t, &job);
    fake_world_check_clean(t, &w, 2, "back");
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

static void remove_dead(struct trap *trap)
{
    struct test *t = trap->t;
    struct fake_job job = fake_world_job(trap->w);

    CHECK_OK(fake_job_gc(&job, 0, NULL, &t->err));
}

/* Another run deletes a dead output after it was listed and before it is asked what it is. */
TEST(a_file_that_goes_while_it_is_looked_at_is_no_error)
{
    struct faulty_store faulty;
    struct fake_world w;
    struct trap trap = {
        .verb = RG_STORE_GET, .key_part = "p=1/part-", .turn = 1, .act = remove_dead};

    fake_world_init(t, &w, false);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.outputs_max = 2;
    run_and_kill(t, &w, job, at_record);
    bool has_voided;
    CHECK_OK(fake_job_gc(&job, 0, &has_voided, &t->err));
    CHECK(has_voided);
    /* A dead output, made again by nobody knows whom. */
    struct rg_home home;
    CHECK_OK(
        rg_home_open(w.home, &(const struct rg_home_options){.is_alone = true}, &home, &t->err));
    char name[rg_minted_name_bytes];
    rg_minted_name(&home.id, "p=1/", 1, 0, 1, 7, name);
    fake_world_write_home(&w, name, "batch x\nr1\n");
    job.outputs_max = 1;
    set_trap(t, &trap, &w, &faulty, &job);
    run(t, &job);
    CHECK_U64(trap.seen > 0, 1);
    CHECK_U64(job.problems[RG_PROBLEM_DEAD_FOREIGN], 0);
    fake_world_check_clean(t, &w, 3, "gone");
    faulty_store_fini(&faulty);
    fake_world_fini(&w);
}

/* A garbled ledger stops everything. */
TEST(a_ledger_that_cannot_be_read_is_not_touched)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, true);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.batch_max = 10;
    job.grace_ns = 1000 * rg_intent_refresh_ns;
    run(t, &job);
    const char *before = fake_world_home_text(t, &w, &arena);
    CHECK_OK(store_put_text(w.home, "_regroup/p=1/_000001.json", "{\"v\":9\n", false, &t->err));
    job.grace_ns = 0;
    CHECK_ERROR(fake_job_run(&job, &t->err), RG_ERR_UNSUPPORTED,
                "_regroup/p=1/_000001.json: version 9, made by a newer regroup");
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), before);
    CHECK_OK(store_put_text(w.home, "_regroup/p=1/_000001.json", "{\"v\":1\n", false, &t->err));
    CHECK_ERROR(fake_job_run(&job, &t->err), RG_ERR_CORRUPT, "line 1: is of another kind");
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), before);
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* --grace: replaced files stay for later runs. */
TEST(grace_delays_deletion)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, true);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.batch_max = 10;
    job.grace_ns = rg_intent_refresh_ns;
    run(t, &job);
    run(t, &job);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena),
               "a.parquet b.parquet c.parquet part-000001-000");
    CHECK_U64(job.record_count, 1);
    job.later_ns = rg_intent_refresh_ns;
    run(t, &job);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), "part-000001-000");
    fake_world_check_clean(t, &w, 3, "grace");
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* 12, its second half: what a killed run left in the trash. */
TEST(trash_is_deleted_or_given_back)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, true);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    job.batch_max = 10;
    job.grace_ns = 1000 * rg_intent_refresh_ns;
    run(t, &job);
    /* A taken file, moved away but not unlinked; a user's file; and one whose name is taken. */
    char from[512];
    char to[512];
    CHECK_OK(store_put_text(w.home, "_regroup/p=1/_trash/77/x.parquet", "r8\n", true, &t->err));
    CHECK_OK(store_put_text(w.home, "_regroup/p=1/_trash/77/b.parquet", "r9\n", true, &t->err));
    (void)snprintf(from, sizeof from, "%s/home/p=1/a.parquet", w.root);
    (void)snprintf(to, sizeof to, "%s/home/_regroup/p=1/_trash/77/a.parquet", w.root);
    CHECK(rename(from, to) == 0);
    struct fake_job later = fake_world_job(&w);
    later.only = "z";
    later.grace_ns = job.grace_ns;
    run(t, &later);
    CHECK(later.problems[RG_PROBLEM_RESTORED] == 2);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena),
               "b-restored-1.parquet b.parquet c.parquet part-000001-000 x.parquet");
    job.grace_ns = 0;
    run(t, &job);
    unsigned counts[fake_rows_max] = {0};
    fake_world_visible(t, &w, counts);
    CHECK_U64(counts[8], 1);
    CHECK_U64(counts[9], 1);
    CHECK_U64(counts[1], 1);
    CHECK_U64(counts[2], 1);
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* Another run takes everything, after our listing of the home and before our look at the ledger. */
static void take_everything(struct trap *trap)
{
    struct test *t = trap->t;
    struct fake_job job = fake_world_job(trap->w);

    job.batch_max = 10;
    CHECK_OK(fake_job_run(&job, &t->err));
    CHECK_U64(job.record_count, 1);
}

TEST(an_output_that_comes_after_the_listing_is_there)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        struct faulty_store faulty;
        struct fake_world w;
        struct trap trap = {
            .verb = RG_STORE_LIST, .key_part = "_trash/", .turn = 1, .act = take_everything};

        fake_world_init(t, &w, in_place == 1);
        write_three(&w);
        struct fake_job job = fake_world_job(&w);
        set_trap(t, &trap, &w, &faulty, &job);
        run(t, &job);
        CHECK(trap.seen > 0);
        CHECK_U64(job.record_count, 0);
        CHECK_U64(job.problems[RG_PROBLEM_OUTPUT_GONE], 0);
        CHECK_U64(job.problems[RG_PROBLEM_INPUTS_KEPT], 0);
        fake_world_check_clean(t, &w, 3, "late");
        faulty_store_fini(&faulty);
        fake_world_fini(&w);
    }
}

/* And once more, when its first output is asked for: that is taken with a late file. */
static void take_output_again(struct trap *trap)
{
    struct test *t = trap->t;
    struct fake_job job = fake_world_job(trap->w);

    fake_world_write(trap->w, "d.parquet", "r4\n");
    job.short_max = 2;
    job.short_rows = 3;
    CHECK_OK(fake_job_run(&job, &t->err));
    CHECK_U64(job.taken_count, 1);
}

static void take_everything_first(struct trap *trap)
{
    take_everything(trap);
    trap->verb = RG_STORE_HEAD;
    trap->key_part = "p=1/part-";
    trap->seen = 0;
    trap->act = take_output_again;
}

TEST(an_output_that_is_taken_after_the_ledger_was_read_is_not_missed)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        struct faulty_store faulty;
        struct fake_world w;
        struct trap trap = {
            .verb = RG_STORE_LIST, .key_part = "_trash/", .turn = 1, .act = take_everything_first};

        fake_world_init(t, &w, in_place == 1);
        write_three(&w);
        struct fake_job job = fake_world_job(&w);
        set_trap(t, &trap, &w, &faulty, &job);
        run(t, &job);
        CHECK(trap.verb == RG_STORE_HEAD && trap.seen > 0);
        CHECK_U64(job.problems[RG_PROBLEM_OUTPUT_GONE], 0);
        CHECK_U64(job.problems[RG_PROBLEM_INPUTS_KEPT], 0);
        faulty_store_fini(&faulty);
        run(t, &(struct fake_job){.home = w.home, .source = w.source, .partition = "p=1/"});
        fake_world_check_clean(t, &w, 4, "taken");
        fake_world_fini(&w);
    }
}

/* Of a run that was killed while it deleted: who else makes that record may need it. */
TEST(a_pending_output_in_the_trash_is_given_back)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    fake_world_init(t, &w, false);
    write_three(&w);
    struct fake_job job = fake_world_job(&w);
    run_and_kill(t, &w, job, at_record);
    const char *name = minted_name(t, &w, &arena, 0);
    CHECK(name != NULL);
    char from[512];
    char to[512];
    CHECK_OK(store_put_text(w.home, "_regroup/p=1/_trash/77/x", "", true, &t->err));
    (void)snprintf(from, sizeof from, "%s/home/p=1/%s", w.root, name);
    (void)snprintf(to, sizeof to, "%s/home/_regroup/p=1/_trash/77/%s", w.root, name);
    CHECK(rename(from, to) == 0);

    struct rg_look look;
    CHECK_OK(fake_job_look(&job, &arena, &look, &t->err));
    const struct rg_look_state *state = look.state;
    size_t found = 0;
    for (size_t i = 0; i < state->trash_count; i++) {
        if (strstr(state->trash[i].key, name) == NULL)
            continue;
        found++;
        CHECK(!state->trash[i].is_dead);
    }
    CHECK_U64(found, 1);
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_second_run_does_nothing", a_second_run_does_nothing},
        {"what_the_options_leave_out_is_not_counted", what_the_options_leave_out_is_not_counted},
        {"records_that_are_not_void_tell_of_what_the_home_is",
         records_that_are_not_void_tell_of_what_the_home_is},
        {"a_late_file_is_added_with_short_outputs", a_late_file_is_added_with_short_outputs},
        {"a_rewritten_input_is_left_alone", a_rewritten_input_is_left_alone},
        {"an_old_id_that_comes_back_is_not_deleted", an_old_id_that_comes_back_is_not_deleted},
        {"an_input_moved_away_while_listed_was_not_changed",
         an_input_moved_away_while_listed_was_not_changed},
        {"an_output_that_lands_late_is_cleared", an_output_that_lands_late_is_cleared},
        {"an_output_that_is_made_again_is_dead", an_output_that_is_made_again_is_dead},
        {"a_live_output_that_is_made_again_is_ours", a_live_output_that_is_made_again_is_ours},
        {"a_record_that_lands_late_is_another_runs_win",
         a_record_that_lands_late_is_another_runs_win},
        {"a_record_whose_answer_is_lost_counts", a_record_whose_answer_is_lost_counts},
        {"an_intent_whose_answer_is_lost_is_there", an_intent_whose_answer_is_lost_is_there},
        {"no_output_is_made_without_an_intent", no_output_is_made_without_an_intent},
        {"a_document_that_cannot_be_read_is_not_written",
         a_document_that_cannot_be_read_is_not_written},
        {"a_ledger_that_is_older_than_its_outputs_costs_no_rows",
         a_ledger_that_is_older_than_its_outputs_costs_no_rows},
        {"a_ledger_that_is_older_than_an_output_that_took_one_costs_no_rows",
         a_ledger_that_is_older_than_an_output_that_took_one_costs_no_rows},
        {"an_output_of_another_home_is_foreign", an_output_of_another_home_is_foreign},
        {"a_body_that_is_not_ours_under_our_name_is_kept",
         a_body_that_is_not_ours_under_our_name_is_kept},
        {"inputs_are_kept_when_their_output_is_gone", inputs_are_kept_when_their_output_is_gone},
        {"an_idle_run_clears_what_the_dead_left", an_idle_run_clears_what_the_dead_left},
        {"short_outputs_are_found_behind_void_records",
         short_outputs_are_found_behind_void_records},
        {"a_dead_runs_plan_is_adopted", a_dead_runs_plan_is_adopted},
        {"all_from_source_keeps_rows_that_are_in_outputs_only",
         all_from_source_keeps_rows_that_are_in_outputs_only},
        {"all_in_place_takes_outputs_and_the_rest", all_in_place_takes_outputs_and_the_rest},
        {"after_twenty_lost_races_a_run_gives_up", after_twenty_lost_races_a_run_gives_up},
        {"an_input_that_changes_while_it_is_read_is_honoured",
         an_input_that_changes_while_it_is_read_is_honoured},
        {"only_a_plan_of_our_own_is_adopted", only_a_plan_of_our_own_is_adopted},
        {"a_plan_with_inputs_that_were_taken_is_not_adopted",
         a_plan_with_inputs_that_were_taken_is_not_adopted},
        {"all_from_source_lists_again_after_the_ledger",
         all_from_source_lists_again_after_the_ledger},
        {"taken_outputs_are_kept_when_their_taker_is_gone",
         taken_outputs_are_kept_when_their_taker_is_gone},
        {"a_file_that_goes_while_it_is_looked_at_is_no_error",
         a_file_that_goes_while_it_is_looked_at_is_no_error},
        {"a_ledger_that_cannot_be_read_is_not_touched",
         a_ledger_that_cannot_be_read_is_not_touched},
        {"grace_delays_deletion", grace_delays_deletion},
        {"trash_is_deleted_or_given_back", trash_is_deleted_or_given_back},
        {"an_output_that_comes_after_the_listing_is_there",
         an_output_that_comes_after_the_listing_is_there},
        {"an_output_that_is_taken_after_the_ledger_was_read_is_not_missed",
         an_output_that_is_taken_after_the_ledger_was_read_is_not_missed},
        {"a_pending_output_in_the_trash_is_given_back",
         a_pending_output_in_the_trash_is_given_back},
    };

    return test_main("journal/commit", cases, sizeof cases / sizeof cases[0], argc, argv);
}
