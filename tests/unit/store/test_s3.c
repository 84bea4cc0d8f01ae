/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The contract of stores on a real server: S3_TEST_ENDPOINT and S3_TEST_BUCKET name it (see
 * tests/support/s3_server.py, which also sets the credentials). Skipped without.
 */

#include "store/s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/store_contract.h"

static struct rg_store *open_place(struct test *t, const char *name)
{
    const struct rg_s3_options options = {
        .endpoint_url = getenv("S3_TEST_ENDPOINT"),
        .region = "us-east-1",
        .request_count_max = 8,
        .stall_ns = UINT64_C(3000000000),
    };
    struct rg_store *store;
    char url[256];
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)snprintf(url, sizeof url, "s3://%s/contract-%ld.%09ld/%s", getenv("S3_TEST_BUCKET"),
                   (long)now.tv_sec, now.tv_nsec, name);
    CHECK_OK(rg_s3_store_new(url, &options, &rg_allocator_system, &store, &t->err));
    return store;
}

TEST(contract_holds)
{
    const char *only = getenv("S3_TEST_ONLY");

    for (size_t i = 0; i < store_contract_count; i++) {
        if (only != NULL && strcmp(only, store_contract[i].name) != 0)
            continue;
        struct rg_store *store = open_place(t, store_contract[i].name);

        (void)snprintf(t->err.text, sizeof t->err.text, "%s", store_contract[i].name);
        (void)fprintf(stderr, "%s\n", store_contract[i].name);
        store_contract[i].run(t, store);
        rg_store_free(store);
    }
}

/* Keys that no directory can have: nothing is normalised on the way. */
TEST(keys_of_dots_and_slashes_round_trip)
{
    static const char *const keys[] = {
        "a//b",  "/lead",      "./x", "../y",   "a/./b",        "a/../b", "a///",
        "a/b//", "\x01\x02/c", "%2F", "d\r\ne", "\xef\xbf\xbf", "+ +",    "..",
    };
    struct rg_store *store = open_place(t, "keys of dots");
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        CHECK_OK(store_put_text(store, keys[i], keys[i], true, &t->err));
        CHECK_TEXT(store_get_text(t, store, keys[i], &arena), keys[i]);
        char prefix[64];
        (void)snprintf(prefix, sizeof prefix, "%s", keys[i]);
        char *slash = strrchr(prefix, '/');
        const bool is_marker = slash != NULL && slash[1] == '\0';

        /* radosgw 16 repeats such a prefix in a form that is no XML. */
        const bool has_controls = keys[i][0] < ' ';

        if (slash == NULL || is_marker || has_controls)
            continue;
        slash[1] = '\0';
        const char *listed = store_list_text(t, store, prefix, &arena);
        CHECK(strstr(listed, keys[i]) != NULL);
    }
    rg_arena_fini(&arena);
    rg_store_free(store);
}

/* Nothing is sent of what the store would refuse when all else is done. */
TEST(parts_are_numbered_up_to_ten_thousand)
{
    struct rg_store *store = open_place(t, "parts");
    struct rg_store_op op = {.verb = RG_STORE_UPLOAD_BEGIN, .key = "x"};
    const struct rg_segment segment = {(const uint8_t *)"x", 1};

    CHECK_OK(rg_store_wait(store, &op, &t->err));
    struct rg_upload *upload = op.upload;
    const uint64_t sent = rg_store_request_count(store);
    for (uint32_t i = 0; i < 2; i++) {
        op = (struct rg_store_op){
            .verb = RG_STORE_UPLOAD_PART,
            .key = "x",
            .upload = upload,
            .part_number = i == 0 ? 0 : 10001,
            .segments = &segment,
            .segment_count = 1,
        };
        CHECK_ERROR(rg_store_wait(store, &op, &t->err), RG_ERR_LIMIT, "10000");
    }
    CHECK_U64(rg_store_request_count(store), sent);
    op = (struct rg_store_op){.verb = RG_STORE_UPLOAD_ABORT, .key = "x", .upload = upload};
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    rg_store_free(store);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"contract_holds", contract_holds},
        {"keys_of_dots_and_slashes_round_trip", keys_of_dots_and_slashes_round_trip},
        {"parts_are_numbered_up_to_ten_thousand", parts_are_numbered_up_to_ten_thousand},
    };

    if (getenv("S3_TEST_ENDPOINT") == NULL) {
        (void)fprintf(stderr, "skipped: S3_TEST_ENDPOINT names no server\n");
        return 77; /* Meson: skipped. */
    }
    return test_main("store/s3", cases, sizeof cases / sizeof cases[0], argc, argv);
}
