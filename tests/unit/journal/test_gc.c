/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/gc.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/local.h"
#include "support/fake_world.h"
#include "support/faulty_store.h"
#include "support/scratch.h"
#include "support/store_contract.h"

static const uint64_t hour_ns = UINT64_C(3600) * 1000000000;

/* A home with a void record, a dead output, an intent, and a pending output; in DEST. */
struct left_overs {
    struct fake_world w;
    struct rg_home home;
    struct rg_commit commit;
    struct rg_arena arena;
};

static uint64_t now_ns(void *user)
{
    return *(const uint64_t *)user;
}

static uint64_t clock_ns;

static struct rg_batch small_batch(uint32_t number)
{
    return (struct rg_batch){.number = number, .options = "", .content = "x"};
}

static void put_output(struct test *t, struct left_overs *l, uint32_t number)
{
    const struct rg_batch batch = small_batch(number);
    char name[rg_minted_name_bytes];
    char key[128];

    rg_minted_name(&l->home.id, "p=1/", number, 0, 1, rg_batch_hash(&batch, "p=1/"), name);
    (void)snprintf(key, sizeof key, "p=1/%s", name);
    CHECK_OK(store_put_text(l->w.home, key, "batch x\n", true, &t->err));
}

static void begin(struct test *t, struct left_overs *l)
{
    static const struct rg_home_options home_options = {.may_write = true};
    const struct rg_batch batch = small_batch(2);

    fake_world_init(t, &l->w, false);
    CHECK_OK(rg_home_open(l->w.home, &home_options, &l->home, &t->err));
    clock_ns = UINT64_C(4000000000) * 1000000000; /* Long after any test. */
    const struct rg_commit_options options = {
        .home = &l->home,
        .partition = "p=1/",
        .asks = {.now_ns = now_ns, .user = &clock_ns},
    };
    rg_commit_init(&l->commit, &options, &t->allocator);
    rg_arena_init(&l->arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_commit_void(&l->commit, 1, &t->err));
    put_output(t, l, 1);
    put_output(t, l, 2);
    CHECK_OK(rg_commit_intent(&l->commit, &batch, &t->err));
}

static void end(struct left_overs *l)
{
    rg_commit_fini(&l->commit);
    rg_arena_fini(&l->arena);
    fake_world_fini(&l->w);
}

TEST(what_dead_runs_left_is_removed)
{
    struct rg_gc_result result;
    struct left_overs l;
    struct rg_look look;

    begin(t, &l);
    CHECK_OK(rg_gc(&l.commit, hour_ns, &l.arena, &look, &result, &t->err));
    CHECK(result.has_voided);
    CHECK_U64(result.dead_count, 2);
    CHECK_TEXT(fake_world_home_text(t, &l.w, &l.arena), "");
    CHECK_TEXT(store_list_text(t, l.w.home, "_regroup/p=1/", &l.arena),
               "_regroup/p=1/_000001.json _regroup/p=1/_000002.json");
    CHECK_OK(rg_gc(&l.commit, hour_ns, &l.arena, &look, &result, &t->err));
    CHECK(!result.has_voided);
    CHECK_U64(result.dead_count, 0);
    end(&l);
}

TEST(what_may_be_alive_is_kept)
{
    struct rg_gc_result result;
    struct left_overs l;
    struct rg_look look;

    begin(t, &l);
    clock_ns = 0; /* Every intent is younger than this. */
    CHECK_OK(rg_gc(&l.commit, hour_ns, &l.arena, &look, &result, &t->err));
    CHECK(!result.has_voided);
    CHECK_U64(result.dead_count, 1);
    CHECK_U64(look.pending_count, 1);
    CHECK_U64(look.intent_count, 1);
    CHECK_TEXT(fake_world_home_text(t, &l.w, &l.arena), "part-000002-000");
    end(&l);
}

TEST(a_store_without_create_if_absent_gets_no_voids)
{
    struct rg_gc_result result;
    struct left_overs l;
    struct rg_look look;

    begin(t, &l);
    l.home.is_unprotected = true;
    CHECK_OK(rg_gc(&l.commit, hour_ns, &l.arena, &look, &result, &t->err));
    CHECK(!result.has_voided);
    CHECK_U64(result.dead_count, 0);
    CHECK_ERROR(rg_commit_void(&l.commit, 2, &t->err), RG_ERR_INVALID, "--alone");
    end(&l);
}

/* A store that lists one upload, begun at a time that it does not tell. */
struct timeless {
    struct faulty_store faulty;
    struct rg_object upload;
    uint32_t aborted_count;
};

static enum faulty_action list_upload(void *user, enum faulty_moment moment, uint64_t number,
                                      const struct rg_store_op *op)
{
    struct timeless *timeless = user;
    struct rg_store_op *listed = (struct rg_store_op *)(uintptr_t)op;

    (void)number;
    if (moment == FAULTY_BEFORE && op->verb == RG_STORE_ABORT_STALE) {
        timeless->aborted_count++;
        listed->key = "p=1/.regroup-0.tmp"; /* As the store behind calls such things; none there. */
    }
    if (moment == FAULTY_BEFORE || op->verb != RG_STORE_LIST_UPLOADS)
        return FAULTY_GO;
    listed->objects = &timeless->upload;
    listed->object_count =
        strncmp(timeless->upload.key, listed->key, strlen(listed->key)) == 0 ? 1 : 0;
    return FAULTY_GO;
}

TEST(uploads_of_unknown_age_are_forgotten_only_with_all_others)
{
    static const uint64_t older_than_ns[] = {UINT64_C(3600) * 1000000000, 1, 0};
    static struct timeless timeless;
    struct rg_gc_result result;
    struct left_overs l;
    struct rg_look look;
    size_t probe_count;
    char key[128];

    begin(t, &l);
    const struct rg_batch batch = small_batch(3);
    char name[rg_minted_name_bytes];
    rg_minted_name(&l.home.id, "p=1/", 3, 0, 1, rg_batch_hash(&batch, "p=1/"), name);
    (void)snprintf(key, sizeof key, "p=1/%s", name);
    l.home.store = faulty_store_init(&timeless.faulty, l.w.home);
    l.home.caps.is_local = false;
    timeless.faulty.hook = list_upload;
    timeless.faulty.user = &timeless;
    for (size_t i = 0; i < 3; i++) {
        const bool is_forgotten = older_than_ns[i] == 0;

        timeless.aborted_count = 0;
        timeless.upload = (struct rg_object){.key = key, .id = {0, 0, ".regroup-0.tmp"}};
        CHECK_OK(rg_gc(&l.commit, older_than_ns[i], &l.arena, &look, &result, &t->err));
        CHECK_U64(timeless.aborted_count, is_forgotten);
        CHECK_U64(result.upload_count, is_forgotten);
        timeless.upload.key = "_regroup/_probe-1";
        CHECK_OK(rg_gc_probes(&l.home, older_than_ns[i], &l.arena, &probe_count, &t->err));
        CHECK_U64(probe_count, is_forgotten);
    }
    faulty_store_fini(&timeless.faulty);
    end(&l);
}

TEST(temporary_files_are_removed_when_they_are_old)
{
    static const struct rg_local_options named = {.names_temporaries = true};
    struct rg_gc_result result;
    struct left_overs l;
    struct rg_look look;
    struct rg_store *store;
    char path[512];

    begin(t, &l);
    (void)snprintf(path, sizeof path, "%s/home", l.w.root);
    CHECK_OK(rg_local_store_new(path, &named, &t->allocator, &store, &t->err));
    struct rg_store_op first = {.verb = RG_STORE_UPLOAD_BEGIN, .key = "p=1/part.parquet"};
    struct rg_store_op second = {.verb = RG_STORE_UPLOAD_BEGIN, .key = "_regroup/p=1/_x"};
    CHECK_OK(rg_store_wait(store, &first, &t->err));
    CHECK_OK(rg_store_wait(store, &second, &t->err));
    clock_ns = 0;
    CHECK_OK(rg_gc(&l.commit, hour_ns, &l.arena, &look, &result, &t->err));
    CHECK_U64(result.upload_count, 0);
    clock_ns = rg_clock_wall_ns() + hour_ns / 2; /* They were begun just now. */
    CHECK_OK(rg_gc(&l.commit, hour_ns, &l.arena, &look, &result, &t->err));
    CHECK_U64(result.upload_count, 0);
    clock_ns = UINT64_C(4000000000) * 1000000000;
    CHECK_OK(rg_gc(&l.commit, hour_ns, &l.arena, &look, &result, &t->err));
    CHECK_U64(result.upload_count, 2);
    CHECK_TEXT(fake_world_home_text(t, &l.w, &l.arena), "");
    first.verb = RG_STORE_UPLOAD_ABORT;
    second.verb = RG_STORE_UPLOAD_ABORT;
    CHECK_OK(rg_store_wait(store, &first, &t->err));
    CHECK_OK(rg_store_wait(store, &second, &t->err));
    rg_store_free(store);
    end(&l);
}

/* Taken inputs in place are gc's business too, although it lists no inputs of its own. */
TEST(replaced_files_are_removed)
{
    struct rg_arena arena;
    struct fake_world w;
    bool has_voided;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    fake_world_init(t, &w, true);
    fake_world_write(&w, "a.parquet", "r1\n");
    struct fake_job job = fake_world_job(&w);
    job.grace_ns = 1000 * hour_ns;
    CHECK_OK(fake_job_run(&job, &t->err));
    fake_world_write(&w, "b.parquet", "r2\n");
    job.grace_ns = 0;
    job.source = w.home; /* Any store: so that the job is not in place, as gc is not. */
    job.only = "z";
    CHECK_OK(fake_job_gc(&job, 0, &has_voided, &t->err));
    CHECK(!has_voided);
    CHECK_TEXT(fake_world_home_text(t, &w, &arena), "b.parquet part-000001-000");
    rg_arena_fini(&arena);
    fake_world_fini(&w);
}

TEST(the_end_of_a_run_takes_its_intents_unless_an_output_may_come)
{
    static const struct rg_home_options home_options = {.may_write = true};
    const struct rg_batch batch = small_batch(1);

    for (int keeps = 0; keeps < 2; keeps++) {
        struct rg_home home;
        struct rg_commit commit;
        struct rg_arena arena;
        struct rg_look look;
        struct fake_world w;
        bool looks_again;

        fake_world_init(t, &w, false);
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        CHECK_OK(rg_home_open(w.home, &home_options, &home, &t->err));
        const struct rg_commit_options options = {.home = &home, .partition = "p=1/"};
        rg_commit_init(&commit, &options, &t->allocator);
        CHECK_OK(rg_commit_intent(&commit, &batch, &t->err));
        commit.keeps_intents = keeps == 1;
        CHECK_OK(rg_commit_look(&commit, &arena, &look, &t->err));
        CHECK_U64(look.intent_count, 1);
        CHECK_OK(rg_commit_end(&commit, &look, &looks_again, &t->err));
        CHECK(!looks_again);
        CHECK_OK(rg_commit_look(&commit, &arena, &look, &t->err));
        CHECK_U64(look.intent_count, keeps == 1 ? 1 : 0);
        rg_commit_fini(&commit);
        rg_arena_fini(&arena);
        fake_world_fini(&w);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"the_end_of_a_run_takes_its_intents_unless_an_output_may_come",
         the_end_of_a_run_takes_its_intents_unless_an_output_may_come},
        {"what_dead_runs_left_is_removed", what_dead_runs_left_is_removed},
        {"what_may_be_alive_is_kept", what_may_be_alive_is_kept},
        {"a_store_without_create_if_absent_gets_no_voids",
         a_store_without_create_if_absent_gets_no_voids},
        {"uploads_of_unknown_age_are_forgotten_only_with_all_others",
         uploads_of_unknown_age_are_forgotten_only_with_all_others},
        {"temporary_files_are_removed_when_they_are_old",
         temporary_files_are_removed_when_they_are_old},
        {"replaced_files_are_removed", replaced_files_are_removed},
    };

    return test_main("journal/gc", cases, sizeof cases / sizeof cases[0], argc, argv);
}
