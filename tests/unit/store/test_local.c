/* SPDX-License-Identifier: Apache-2.0 */

#include "store/local.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local_place.h"

static void check_contract(struct test *t, struct rg_local_options options)
{
    for (size_t i = 0; i < store_contract_count; i++) {
        struct local_place p;

        (void)snprintf(t->err.text, sizeof t->err.text, "%s", store_contract[i].name);
        local_place_init(t, &p, options);
        store_contract[i].run(t, p.store);
        local_place_fini(&p);
    }
}

TEST(contract_holds)
{
    check_contract(t, (struct rg_local_options){.must_exist = true});
}

TEST(contract_holds_with_named_temporaries)
{
    if (t->allocations_allowed != UINT64_MAX)
        return; /* One variant is enough to starve. */
    check_contract(t, (struct rg_local_options){
                          .names_temporaries = true,
                          .keeps_page_cache = true,
                      });
}

TEST(contract_holds_with_links)
{
    if (t->allocations_allowed != UINT64_MAX)
        return; /* One variant is enough to starve. */
    check_contract(t, (struct rg_local_options){
                          .names_temporaries = true,
                          .lacks_rename_absent = true,
                      });
}

TEST(contract_holds_in_small_pages)
{
    if (t->allocations_allowed != UINT64_MAX)
        return; /* One variant is enough to starve. */
    check_contract(t, (struct rg_local_options){.page_key_max = 1});
}

TEST(contract_holds_with_threads)
{
    if (t->allocations_allowed != UINT64_MAX)
        return; /* A starved test would leave its threads running. */
    check_contract(t, (struct rg_local_options){.thread_count = 3});
}

TEST(root_may_be_missing_or_not)
{
    static const struct rg_local_options lenient = {0};
    static const struct rg_local_options strict = {.must_exist = true};
    struct local_place p;
    struct rg_store *store;

    local_place_init(t, &p, lenient);
    const char *missing = local_place_path(t, &p, "new/deep");
    CHECK_ERROR(rg_local_store_new(missing, &strict, &t->allocator, &store, &t->err), RG_ERR_ABSENT,
                "new/deep: no such directory");
    CHECK_OK(rg_local_store_new(missing, &lenient, &t->allocator, &store, &t->err));
    CHECK(access(missing, F_OK) != 0);
    CHECK_TEXT(store_list_text(t, store, "", &p.arena), "");
    CHECK_OK(store_put_text(store, "a/x", "1", true, &t->err));
    rg_store_free(store);
    CHECK_TEXT(store_get_text(t, p.store, "new/deep/a/x", &p.arena), "1");

    const char *file = local_place_path(t, &p, "new/deep/a/x");
    CHECK_ERROR(rg_local_store_new(file, &lenient, &t->allocator, &store, &t->err), RG_ERR_INVALID,
                "not a directory");
    CHECK_ERROR(rg_local_store_new("", &lenient, &t->allocator, &store, &t->err), RG_ERR_INVALID,
                "empty");
    local_place_fini(&p);
}

TEST(relative_roots_stay_where_they_were)
{
    static const struct rg_local_options options = {0};
    struct local_place p;
    struct rg_store *store;
    char before[4096];

    local_place_init(t, &p, options);
    CHECK_OK(store_put_text(p.store, "sub/x", "1", true, &t->err));
    CHECK(getcwd(before, sizeof before) != NULL);
    CHECK(chdir(p.root) == 0);
    const enum rg_status status =
        rg_local_store_new("sub//", &options, &t->allocator, &store, &t->err);
    CHECK(chdir(before) == 0);
    CHECK_OK(status);
    CHECK_TEXT(store->url + strlen(store->url) - 4, "/sub");
    CHECK_TEXT(store_list_text(t, store, "", &p.arena), "x");
    rg_store_free(store);
    local_place_fini(&p);
}

TEST(probe_leaves_nothing_behind)
{
    static const struct rg_local_options options[] = {
        {0}, {.names_temporaries = true}, {.names_temporaries = true, .lacks_rename_absent = true}};

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct local_place p;
        struct rg_store_caps caps;

        local_place_init(t, &p, options[i]);
        CHECK_OK(rg_store_probe(p.store, false, &caps, &t->err));
        CHECK_TEXT(store_list_text(t, p.store, "", &p.arena), "");
        CHECK_OK(rg_store_probe(p.store, true, &caps, &t->err));
        CHECK_TEXT(store_list_text(t, p.store, "_regroup/", &p.arena), "");
        CHECK(caps.is_local && caps.has_create_if_absent && caps.has_finish_if_absent &&
              caps.has_conditional_delete && !caps.has_tokens);
        CHECK_U64(caps.part_bytes_min, 0);
        local_place_fini(&p);
    }
}

/* Many operations at once, from several threads, over a pool. */

enum {
    client_count = 4,
    rounds = 60
};

struct client {
    struct rg_store *store;
    unsigned number;
    bool failed;
};

static void *run_client(void *argument)
{
    struct client *c = argument;
    struct rg_error err;

    for (unsigned i = 0; i < rounds && !c->failed; i++) {
        char key[64];
        char text[64];
        uint8_t buffer[64];

        (void)snprintf(key, sizeof key, "d%u/%u/x%u", c->number, i % 3, i);
        (void)snprintf(text, sizeof text, "client %u round %u", c->number, i);
        struct rg_store_op get = {
            .verb = RG_STORE_GET, .key = key, .buffer = buffer, .in_bytes = sizeof buffer};
        c->failed =
            store_put_text(c->store, key, text, true, &err) != RG_OK ||
            rg_store_wait(c->store, &get, &err) != RG_OK || get.out_bytes != strlen(text) ||
            memcmp(buffer, text, strlen(text)) != 0 ||
            store_put_text(c->store, "same", text, true, &err) == (i > 0 ? RG_OK : RG_ERR_ABSENT) ||
            store_delete(c->store, key, NULL, &err) != RG_OK;
    }
    return NULL;
}

TEST(operations_from_many_threads)
{
    static const struct rg_local_options options = {.thread_count = 4};
    struct rg_store *store;
    struct client clients[client_count];
    pthread_t threads[client_count];

    CHECK_OK(rg_local_store_new(scratch_new(), &options, &rg_allocator_system, &store, &t->err));
    for (unsigned i = 0; i < client_count; i++) {
        clients[i] = (struct client){store, i, false};
        CHECK(pthread_create(&threads[i], NULL, run_client, &clients[i]) == 0);
    }
    for (unsigned i = 0; i < client_count; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(!clients[i].failed);
    }
    rg_store_free(store);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"contract_holds", contract_holds},
        {"contract_holds_with_named_temporaries", contract_holds_with_named_temporaries},
        {"contract_holds_with_links", contract_holds_with_links},
        {"contract_holds_in_small_pages", contract_holds_in_small_pages},
        {"contract_holds_with_threads", contract_holds_with_threads},
        {"root_may_be_missing_or_not", root_may_be_missing_or_not},
        {"relative_roots_stay_where_they_were", relative_roots_stay_where_they_were},
        {"probe_leaves_nothing_behind", probe_leaves_nothing_behind},
        {"operations_from_many_threads", operations_from_many_threads},
    };

    return test_main("store/local", cases, sizeof cases / sizeof cases[0], argc, argv);
}
