/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_world.h"
#include "support/scratch.h"
#include "support/store_contract.h"

/* A history of `runs` records of one file each; its last output is always taken again. */
static void make_history(struct test *t, struct fake_world *w, struct fake_job *job, unsigned first,
                         unsigned runs)
{
    for (unsigned i = first; i < first + runs; i++) {
        char name[32];
        char text[32];

        (void)snprintf(name, sizeof name, "x%04u.parquet", i);
        (void)snprintf(text, sizeof text, "r%u\n", i % 100);
        fake_world_write(w, name, text);
        CHECK_OK(fake_job_run(job, &t->err));
    }
}

static struct fake_job short_job(const struct fake_world *w)
{
    struct fake_job job = fake_world_job(w);

    job.short_max = 1;
    job.short_rows = 2;
    return job;
}

/* "_regroup/p=1/_000017.snapshot": the names of all there are, with blanks between. */
static const char *snapshot_names(struct test *t, struct fake_world *w, struct rg_arena *arena)
{
    struct rg_object *objects;
    size_t count;
    char *text = rg_arena_array(arena, 4096, 1);
    size_t end = 0;

    CHECK(text != NULL);
    CHECK_OK(rg_store_list_all(w->home, "_regroup/p=1/", arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++) {
        const char *name = objects[i].key + strlen("_regroup/p=1/");

        if (strstr(name, ".snapshot") != NULL)
            end += (size_t)snprintf(text + end, 4096 - end, "%s%s", end > 0 ? " " : "", name);
    }
    return text;
}

static void remove_snapshots(struct test *t, struct fake_world *w)
{
    struct rg_arena arena;
    struct rg_object *objects;
    size_t count;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_OK(rg_store_list_all(w->home, "_regroup/p=1/", &arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++) {
        if (strstr(objects[i].key, ".snapshot") != NULL)
            CHECK_OK(store_delete(w->home, objects[i].key, NULL, &t->err));
    }
    rg_arena_fini(&arena);
}

static void append(char *text, size_t bytes_max, const char *what, const char *name)
{
    const size_t end = strlen(text);

    (void)snprintf(text + end, bytes_max - end, "%s %s\n", what, name);
}

/* All that a look says, as text. */
static const char *look_text(struct test *t, const struct fake_job *job, struct rg_arena *arena,
                             bool *ret_is_from_snapshot)
{
    enum {
        text_bytes_max = 100000
    };
    struct rg_look look;
    char *text = rg_arena_array(arena, text_bytes_max, 1);
    char numbers[128];

    CHECK(text != NULL);
    CHECK_OK(fake_job_look(job, arena, &look, &t->err));
    *ret_is_from_snapshot = look.state->ledger.records[0].is_snapshot;
    for (size_t i = 0; i < look.live_count; i++) {
        (void)snprintf(numbers, sizeof numbers, "live %d %d %u %u", look.live[i].is_there,
                       look.live[i].is_ours, (unsigned)look.live[i].rows, look.live[i].row_groups);
        append(text, text_bytes_max, numbers, look.live[i].name);
    }
    for (size_t i = 0; i < look.free_count; i++)
        append(text, text_bytes_max, "free", look.free[i].name);
    for (size_t i = 0; i < look.changed_count; i++)
        append(text, text_bytes_max, "changed", look.changed[i].name);
    for (size_t i = 0; i < look.problem_count; i++)
        append(text, text_bytes_max, "problem", look.problems[i].text);
    (void)snprintf(numbers, sizeof numbers, "next %u pending %zu dead %zu intents %zu foreign %zu",
                   look.next_number, look.pending_count, look.dead_count, look.intent_count,
                   look.foreign_count);
    append(text, text_bytes_max, numbers, "");
    return text;
}

TEST(a_snapshot_says_what_its_records_say)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        struct rg_arena arena;
        struct fake_world w;
        bool is_from_snapshot;

        rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
        fake_world_init(t, &w, in_place == 1);
        struct fake_job job = short_job(&w);
        make_history(t, &w, &job, 0, 20);
        CHECK_TEXT(snapshot_names(t, &w, &arena), "_000016.snapshot");
        fake_world_write(&w, "x0003.parquet", "r77\nr78\n"); /* Named in it. */
        fake_world_write(&w, "x0018.parquet", "r79\nr80\n"); /* Named after it. */
        fake_world_write(&w, "free.parquet", "r81\n");
        const char *with = look_text(t, &job, &arena, &is_from_snapshot);
        CHECK(is_from_snapshot);
        CHECK(strstr(with, "changed x0003.parquet") != NULL);
        CHECK(strstr(with, "changed x0018.parquet") != NULL);
        CHECK(strstr(with, "free free.parquet") != NULL);
        remove_snapshots(t, &w);
        const char *without = look_text(t, &job, &arena, &is_from_snapshot);
        CHECK(!is_from_snapshot);
        CHECK_TEXT(with, without);
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

/* A function of the records: from the snapshot before it, or from the beginning. */
TEST(a_snapshot_is_made_of_records_only)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    fake_world_init(t, &w, true);
    struct fake_job job = short_job(&w);
    make_history(t, &w, &job, 0, 60);
    const char *names = snapshot_names(t, &w, &arena);
    CHECK(strcmp(names, "_000016.snapshot") != 0);
    char key[128];
    (void)snprintf(key, sizeof key, "_regroup/p=1/%s", names);
    const char *incremental = store_get_text(t, w.home, key, &arena);
    CHECK(incremental != NULL); /* One, or the name would be none. */
    /* The ledger up to there in another home with the same id. */
    const unsigned last = (unsigned)strtoul(names + 1, NULL, 10);
    struct fake_world again;
    fake_world_init(t, &again, true);
    CHECK_OK(store_put_text(again.home, "_regroup/_home",
                            store_get_text(t, w.home, "_regroup/_home", &arena), true, &t->err));
    for (unsigned number = 1; number <= last; number++) {
        char record[64];

        (void)snprintf(record, sizeof record, "_regroup/p=1/_%06u.json", number);
        CHECK_OK(store_put_text(again.home, record, store_get_text(t, w.home, record, &arena), true,
                                &t->err));
    }
    job = fake_world_job(&again);
    CHECK_OK(fake_job_run(&job, &t->err));
    CHECK_TEXT(snapshot_names(t, &again, &arena), names);
    CHECK_TEXT(store_get_text(t, again.home, key, &arena), incremental);
    fake_world_fini(&again);
    fake_world_fini(&w);
    rg_arena_fini(&arena);
}

TEST(a_garbled_snapshot_is_passed_over)
{
    struct rg_arena arena;
    struct fake_world w;
    bool is_from_snapshot;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    fake_world_init(t, &w, true);
    struct fake_job job = short_job(&w);
    make_history(t, &w, &job, 0, 17);
    const char *good = look_text(t, &job, &arena, &is_from_snapshot);
    CHECK(is_from_snapshot);
    const char *text = store_get_text(t, w.home, "_regroup/p=1/_000016.snapshot", &arena);
    char *half = rg_arena_array(&arena, strlen(text) + 1, 1);
    CHECK(half != NULL);
    memcpy(half, text, strlen(text) / 2);
    CHECK_OK(store_put_text(w.home, "_regroup/p=1/_000016.snapshot", half, false, &t->err));
    CHECK_TEXT(look_text(t, &job, &arena, &is_from_snapshot), good);
    CHECK(!is_from_snapshot);
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* Memory that ends: what a job's claim is. */
struct purse {
    size_t bytes_max;
    size_t bytes;
    size_t bytes_peak;
    unsigned refusals;
};

static void *take(void *context, size_t bytes)
{
    struct purse *purse = context;

    if (bytes > purse->bytes_max - purse->bytes) {
        purse->refusals++;
        return NULL;
    }
    purse->bytes += bytes;
    if (purse->bytes > purse->bytes_peak)
        purse->bytes_peak = purse->bytes;
    return rg_alloc(&rg_allocator_system, bytes);
}

static void give(void *context, void *memory, size_t bytes)
{
    struct purse *purse = context;

    purse->bytes -= memory == NULL ? 0 : bytes;
    rg_release(&rg_allocator_system, memory, bytes);
}

/* Records do without the memory that they should be made in, and a snapshot is not made. */
TEST(a_snapshot_that_does_not_fit_is_not_made)
{
    static const struct {
        size_t bytes_max;
        bool has_snapshot;
    } rows[] = {
        {0, false},
        {(size_t)70 << 10, false}, /* A document's window fits, but not its records. */
        {(size_t)1 << 20, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct purse purse = {.bytes_max = rows[i].bytes_max};
        const struct rg_allocator memory = {take, give, &purse};
        struct rg_arena arena;
        struct fake_world w;

        rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
        fake_world_init(t, &w, true);
        struct fake_job job = short_job(&w);
        make_history(t, &w, &job, 1, 15);
        job.memory = &memory;
        make_history(t, &w, &job, 16, 2);
        fake_world_check_clean(t, &w, 17, "without memory");
        CHECK_U64(job.record_count, 17);
        CHECK_TEXT(snapshot_names(t, &w, &arena), rows[i].has_snapshot ? "_000016.snapshot" : "");
        CHECK_U64(purse.bytes, 0);
        CHECK((purse.bytes_peak > 0) == (rows[i].bytes_max > 0));
        CHECK((purse.refusals > 0) != rows[i].has_snapshot);
        /* The next run has it. */
        job.memory = NULL;
        make_history(t, &w, &job, 18, 1);
        CHECK(strstr(snapshot_names(t, &w, &arena), ".snapshot") != NULL);
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

/* --grace: what a snapshot replaces is as old as the snapshot, so look from an older one. */
TEST(grace_asks_for_an_older_snapshot)
{
    struct rg_arena arena;
    struct fake_world w;
    bool is_from_snapshot;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    fake_world_init(t, &w, true);
    struct fake_job job = short_job(&w);
    job.grace_ns = rg_intent_refresh_ns;
    make_history(t, &w, &job, 0, 17);
    CHECK_TEXT(snapshot_names(t, &w, &arena), "_000016.snapshot");
    (void)look_text(t, &job, &arena, &is_from_snapshot);
    CHECK(!is_from_snapshot);
    /* All inputs and outputs are still there; an hour later they may go. */
    CHECK(strstr(fake_world_home_text(t, &w, &arena), "x0000.parquet") != NULL);
    job.later_ns = rg_intent_refresh_ns;
    (void)look_text(t, &job, &arena, &is_from_snapshot);
    CHECK(is_from_snapshot);
    CHECK_OK(fake_job_run(&job, &t->err));
    fake_world_check_clean(t, &w, 0, "after the grace");
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* What a snapshot took goes only while every output that it names is there or safely taken. */
TEST(a_snapshot_guards_what_it_took)
{
    struct rg_arena arena;
    struct fake_world w;
    struct rg_look look;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    fake_world_init(t, &w, true);
    struct fake_job job = short_job(&w);
    job.grace_ns = 1000 * rg_intent_refresh_ns;
    make_history(t, &w, &job, 0, 18);
    const char *before = fake_world_home_text(t, &w, &arena);
    CHECK_OK(fake_job_look(&job, &arena, &look, &t->err));
    /* A live output that the snapshot names. */
    const char *name = look.live[0].name;
    char key[128];
    (void)snprintf(key, sizeof key, "p=1/%s", name);
    const char *text = store_get_text(t, w.home, key, &arena);
    fake_world_remove(&w, name);
    job.grace_ns = 0;
    CHECK_OK(fake_job_run(&job, &t->err));
    CHECK(job.problems[RG_PROBLEM_INPUTS_KEPT] > 0);
    const char *after = fake_world_home_text(t, &w, &arena);
    CHECK(strstr(after, "x0000.parquet") != NULL);
    CHECK(strstr(after, "part-000001-000") != NULL); /* Taken, in the snapshot. */
    CHECK(strlen(after) < strlen(before));           /* What came after it went. */
    fake_world_write_home(&w, name, text);
    CHECK_OK(fake_job_run(&job, &t->err));
    fake_world_check_clean(t, &w, 17, "back");
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* Older ones go, so that they do not pile up. */
TEST(old_snapshots_are_deleted)
{
    struct rg_arena arena;
    struct fake_world w;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    fake_world_init(t, &w, false);
    struct fake_job job = short_job(&w);
    make_history(t, &w, &job, 0, 100);
    const char *names = snapshot_names(t, &w, &arena);
    CHECK_U64(strlen(names), strlen("_000016.snapshot"));
    CHECK(strtoul(names + 1, NULL, 10) > 40);
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

/* The last record that a home can have is made, and is the last. */
TEST(a_full_ledger_is_read_and_not_written)
{
    struct rg_arena arena;
    struct fake_world w;
    bool is_from_snapshot;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    fake_world_init(t, &w, false);
    struct fake_job job = short_job(&w);
    make_history(t, &w, &job, 0, 20);
    const char *text = store_get_text(t, w.home, "_regroup/p=1/_000016.snapshot", &arena);
    const char *number = strstr(text, "\"number\":16,");
    CHECK(number != NULL);
    const size_t bytes = strlen(text) + 16;
    char *later = rg_arena_alloc(&arena, bytes);
    CHECK(later != NULL);
    (void)snprintf(later, bytes, "%.*s\"number\":999998,%s", (int)(number - text), text,
                   number + strlen("\"number\":16,"));
    CHECK_OK(store_put_text(w.home, "_regroup/p=1/_999998.snapshot", later, true, &t->err));
    fake_world_write(&w, "y1.parquet", "r81\n");
    job.batch_max = 100; /* And what the snapshot does not know. */
    const size_t before = job.record_count;
    CHECK_OK(fake_job_run(&job, &t->err));
    CHECK_U64(job.record_count, before + 1);
    fake_world_write(&w, "y2.parquet", "r82\n");
    CHECK_ERROR(fake_job_run(&job, &t->err), RG_ERR_LIMIT, "the ledger is full: it has 999999");
    CHECK(strstr(look_text(t, &job, &arena, &is_from_snapshot), "free y2.parquet") != NULL);
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_snapshot_says_what_its_records_say", a_snapshot_says_what_its_records_say},
        {"a_snapshot_is_made_of_records_only", a_snapshot_is_made_of_records_only},
        {"a_garbled_snapshot_is_passed_over", a_garbled_snapshot_is_passed_over},
        {"a_snapshot_that_does_not_fit_is_not_made", a_snapshot_that_does_not_fit_is_not_made},
        {"grace_asks_for_an_older_snapshot", grace_asks_for_an_older_snapshot},
        {"a_snapshot_guards_what_it_took", a_snapshot_guards_what_it_took},
        {"old_snapshots_are_deleted", old_snapshots_are_deleted},
        {"a_full_ledger_is_read_and_not_written", a_full_ledger_is_read_and_not_written},
    };

    return test_main("journal/snapshot", cases, sizeof cases / sizeof cases[0], argc, argv);
}
