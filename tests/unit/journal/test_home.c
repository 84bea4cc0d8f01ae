/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/home.h"

#include <stdio.h>
#include <string.h>

#include "store/local.h"
#include "support/faulty_store.h"
#include "support/scratch.h"
#include "support/store_contract.h"

static struct rg_store *open_store(struct test *t)
{
    static const struct rg_local_options options = {.keeps_page_cache = true};
    struct rg_store *store;

    CHECK_OK(rg_local_store_new(scratch_new(), &options, &t->allocator, &store, &t->err));
    return store;
}

TEST(an_id_is_made_once)
{
    static const struct rg_home_options writing = {.may_write = true};
    static const struct rg_home_options looking = {.may_write = false};
    struct rg_home first;
    struct rg_home again;
    struct rg_arena arena;
    struct rg_store *store = open_store(t);

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_home_open(store, &looking, &first, &t->err));
    CHECK_TEXT(first.id.digits, "");
    CHECK_TEXT(store_list_text(t, store, "", &arena), "");
    CHECK_OK(rg_home_open(store, &writing, &first, &t->err));
    CHECK_U64(strlen(first.id.digits), 32);
    CHECK_OK(rg_home_open(store, &writing, &again, &t->err));
    CHECK_TEXT(again.id.digits, first.id.digits);
    CHECK(again.token != first.token);
    CHECK_OK(rg_home_open(store, &looking, &again, &t->err));
    CHECK_TEXT(again.id.digits, first.id.digits);
    CHECK_TEXT(store_list_text(t, store, "_regroup/", &arena), "_regroup/_home");
    rg_arena_fini(&arena);
    rg_store_free(store);
}

TEST(what_is_no_id_is_refused)
{
    static const struct {
        const char *text;
        enum rg_status status;
        const char *error;
    } rows[] = {
        {"", RG_ERR_CORRUPT, "_home: not the id of a home"},
        {"{\"v\":1}", RG_ERR_CORRUPT, "not the id"},
        {"{\"v\":1,\"id\":\"abc\"}", RG_ERR_CORRUPT, "not the id"},
        {"{\"v\":1,\"id\":\"0123456789ABCDEF0123456789abcdef\"}", RG_ERR_CORRUPT, "not the id"},
        {"{\"id\":\"0123456789abcdef0123456789abcdef\"}", RG_ERR_CORRUPT, "not the id"},
        {"{\"v\":2,\"id\":5}", RG_ERR_UNSUPPORTED, "version 2, made by a newer regroup"},
        {"[1]", RG_ERR_CORRUPT, "not the id"},
        {"{\"v\":1,\"id\":\"0123456789abcdef0123456789abcdef\"", RG_ERR_CORRUPT, "not the id"},
        {"{\"v\":1,\"id\":{\"hex\":\"61\"}}", RG_ERR_CORRUPT, "not the id"},
        {"{\"v\":1,\"id\":\"0123456789abcdef0123456789abcdef\"}", RG_OK, ""},
        {"{\"v\":1,\"new\":[{}],\"id\":\"0123456789abcdef0123456789abcdef\"}\n", RG_OK, ""},
    };
    static const struct rg_home_options options = {.may_write = true};
    struct rg_store *store = open_store(t);
    struct rg_home home;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_OK(store_put_text(store, "_regroup/_home", rows[i].text, false, &t->err));
        const enum rg_status status = rg_home_open(store, &options, &home, &t->err);
        if (rows[i].status == RG_OK)
            CHECK_OK(status);
        else
            CHECK_ERROR(status, rows[i].status, rows[i].error);
    }
    rg_store_free(store);
}

TEST(a_home_that_was_replaced_is_noticed)
{
    static const struct rg_home_options options = {.may_write = true};
    struct rg_store *store = open_store(t);
    struct rg_home home;

    CHECK_OK(rg_home_open(store, &options, &home, &t->err));
    CHECK_OK(rg_home_check(&home, &t->err));
    CHECK_OK(store_put_text(store, "_regroup/_home",
                            "{\"v\":1,\"id\":\"0123456789abcdef0123456789abcdef\"}\n", false,
                            &t->err));
    CHECK_ERROR(rg_home_check(&home, &t->err), RG_ERR_CHANGED, "was replaced since");
    CHECK_OK(store_put_text(store, "_regroup/_home", "{\"v\":2}", false, &t->err));
    CHECK_ERROR(rg_home_check(&home, &t->err), RG_ERR_UNSUPPORTED, "version 2");
    struct rg_store_op deletion = {.verb = RG_STORE_DELETE, .key = "_regroup/_home"};
    CHECK_OK(rg_store_wait(store, &deletion, &t->err));
    CHECK_ERROR(rg_home_check(&home, &t->err), RG_ERR_CHANGED, "was replaced since");
    rg_store_free(store);
}

/* Test 20 of the protocol's list, its first half. */
TEST(in_place_needs_create_if_absent)
{
    struct rg_home_options options = {.is_in_place = true, .may_write = true};
    struct rg_store *inner = open_store(t);
    struct faulty_store faulty;
    struct rg_store *store = faulty_store_init(&faulty, inner);
    struct rg_home home;

    CHECK_OK(rg_home_open(store, &options, &home, &t->err));
    CHECK(!home.is_unprotected);
    faulty.lacks_create_if_absent = true;
    CHECK_ERROR(rg_home_open(store, &options, &home, &t->err), RG_ERR_INVALID,
                "--in-place needs --alone");
    options.is_alone = true;
    CHECK_OK(rg_home_open(store, &options, &home, &t->err));
    CHECK(!home.is_unprotected);
    options = (struct rg_home_options){.may_write = true};
    CHECK_OK(rg_home_open(store, &options, &home, &t->err));
    CHECK(home.is_unprotected);
    options = (struct rg_home_options){.is_in_place = true};
    CHECK_OK(rg_home_open(store, &options, &home, &t->err));
    faulty_store_fini(&faulty);
    rg_store_free(inner);
}

static enum faulty_action lose_home(void *user, enum faulty_moment moment, uint64_t number,
                                    const struct rg_store_op *op)
{
    (void)user;
    (void)number;
    const bool is_home = moment == FAULTY_BEFORE && op->verb == RG_STORE_PUT;
    return is_home ? FAULTY_LOSE : FAULTY_GO;
}

TEST(a_lost_answer_does_no_harm)
{
    static const struct rg_home_options options = {.may_write = true};
    struct rg_store *inner = open_store(t);
    struct faulty_store faulty;
    struct rg_store *store = faulty_store_init(&faulty, inner);
    struct rg_home home;
    struct rg_home again;

    faulty.hook = lose_home;
    CHECK_OK(rg_home_open(store, &options, &home, &t->err));
    CHECK_OK(rg_home_open(inner, &options, &again, &t->err));
    CHECK_TEXT(again.id.digits, home.id.digits);
    faulty_store_fini(&faulty);
    rg_store_free(inner);
}

TEST(partitions_are_found_by_their_ledgers)
{
    static const char *const keys[] = {
        "_regroup/_home",
        "_regroup/dt=2/_000001.json",
        "_regroup/dt=1/h=2/_000001-0123456789abcdef-0123456789abcdef.intent",
        "_regroup/dt=1/h=1/_trash/1/x",
        "_regroup/dt=3/x",
        "_regroup/_a=b/_000001.json",
        "dt=9/x.parquet",
    };
    static const struct rg_home_options options = {.may_write = false};
    struct rg_store *store = open_store(t);
    const char *const *partitions;
    struct rg_arena arena;
    struct rg_home home = {.store = store, .options = options};
    size_t count;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_home_partitions(&home, &arena, &partitions, &count, &t->err));
    CHECK_U64(count, 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        CHECK_OK(store_put_text(store, keys[i], "x", true, &t->err));
    CHECK_OK(rg_home_partitions(&home, &arena, &partitions, &count, &t->err));
    CHECK_U64(count, 4);
    CHECK_TEXT(partitions[0], "_a=b/");
    CHECK_TEXT(partitions[1], "dt=1/h=1/");
    CHECK_TEXT(partitions[2], "dt=1/h=2/");
    CHECK_TEXT(partitions[3], "dt=2/");
    /* The whole home is a partition when files lie in it directly. */
    CHECK_OK(store_put_text(store, "_regroup/_000001.json", "x", true, &t->err));
    CHECK_OK(rg_home_partitions(&home, &arena, &partitions, &count, &t->err));
    CHECK_U64(count, 5);
    CHECK_TEXT(partitions[0], "");
    rg_arena_fini(&arena);
    rg_store_free(store);
}

/* Only the listing of one partition is in memory at a time. */
TEST(records_are_not_kept_while_partitions_are_found)
{
    static const struct rg_home_options options = {.may_write = false};
    struct rg_store *store = open_store(t);
    const char *const *partitions;
    struct rg_arena arena;
    struct rg_home home = {.store = store, .options = options};
    size_t count;
    char key[64];

    for (unsigned i = 0; i < 6; i++) {
        for (unsigned number = 1; number <= 300; number++) {
            (void)snprintf(key, sizeof key, "_regroup/dt=%u/_%06u.json", i, number);
            CHECK_OK(store_put_text(store, key, "x", true, &t->err));
        }
    }
    rg_arena_init(&arena, &t->allocator, 120000);
    CHECK_OK(rg_home_partitions(&home, &arena, &partitions, &count, &t->err));
    CHECK_U64(count, 6);
    CHECK(arena.bytes < 10000);
    rg_arena_fini(&arena);
    rg_store_free(store);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"an_id_is_made_once", an_id_is_made_once},
        {"what_is_no_id_is_refused", what_is_no_id_is_refused},
        {"a_home_that_was_replaced_is_noticed", a_home_that_was_replaced_is_noticed},
        {"in_place_needs_create_if_absent", in_place_needs_create_if_absent},
        {"a_lost_answer_does_no_harm", a_lost_answer_does_no_harm},
        {"partitions_are_found_by_their_ledgers", partitions_are_found_by_their_ledgers},
        {"records_are_not_kept_while_partitions_are_found",
         records_are_not_kept_while_partitions_are_found},
    };

    return test_main("journal/home", cases, sizeof cases / sizeof cases[0], argc, argv);
}
