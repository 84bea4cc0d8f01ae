/* SPDX-License-Identifier: Apache-2.0 */

#include "store/local/local_read.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#include "local_place.h"

static const struct rg_local_options plain = {0};

TEST(a_rewrite_of_the_same_size_and_time_shows_in_the_tag)
{
    struct local_place p;
    struct rg_object_id id;
    uint8_t buffer[8];
    struct stat before;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "x", "12345", 5);
    const char *path = local_place_path(t, &p, "x");
    CHECK_OK(store_head(p.store, "x", &p.arena, &id, &t->err));
    CHECK(stat(path, &before) == 0);
    scratch_write(p.root, "other", "54321", 5);
    const struct timespec times[] = {before.st_atim, before.st_mtim};
    CHECK(utimensat(AT_FDCWD, local_place_path(t, &p, "other"), times, 0) == 0);
    CHECK(rename(local_place_path(t, &p, "other"), path) == 0);

    struct rg_store_op op = {
        .verb = RG_STORE_GET, .key = "x", .buffer = buffer, .in_bytes = 8, .expected = &id};
    CHECK_OK(rg_store_wait(p.store, &op, &t->err));
    op.id_is_strict = true;
    CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_CHANGED,
                "x: changed since it was listed (5 bytes then, 5 bytes now)");
    local_place_fini(&p);
}

TEST(what_is_no_file_is_not_read)
{
    struct local_place p;
    uint8_t buffer[8];

    local_place_init(t, &p, plain);
    CHECK(mkfifo(local_place_path(t, &p, "pipe"), 0600) == 0);
    CHECK(mkdir(local_place_path(t, &p, "d"), 0777) == 0);
    struct rg_store_op op = {
        .verb = RG_STORE_GET, .key = "pipe", .buffer = buffer, .in_bytes = sizeof buffer};
    CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_ABSENT, "pipe: not a regular file");
    op.key = "d";
    CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_ABSENT, "d: not a regular file");
    op.key = "pipe/x";
    CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_ABSENT, "pipe/x");
    local_place_fini(&p);
}

/* With a root that is held open, as a SOURCE's is, and without. */
TEST(a_body_that_is_expected_is_the_one_that_is_read)
{
    static const struct rg_local_options options[] = {{0}, {.must_exist = true}};

    for (size_t i = 0; i < 2; i++) {
        struct local_place p;
        struct rg_object_id id;
        uint8_t buffer[8] = {0};

        local_place_init(t, &p, options[i]);
        CHECK(mkdir(local_place_path(t, &p, "a"), 0777) == 0);
        scratch_write(p.root, "a/x", "12345", 5);
        CHECK_OK(store_head(p.store, "a/x", &p.arena, &id, &t->err));
        struct rg_store_op op = {.verb = RG_STORE_GET,
                                 .key = "a/x",
                                 .buffer = buffer,
                                 .in_bytes = 3,
                                 .is_suffix = true,
                                 .expected = &id};
        CHECK_OK(rg_store_wait(p.store, &op, &t->err));
        CHECK(op.out_bytes == 3 && memcmp(buffer, "345", 4) == 0);
        CHECK(op.id.bytes == 5 && op.id.modified_ns == id.modified_ns);
        op = (struct rg_store_op){
            .verb = RG_STORE_GET, .key = "a/x", .buffer = buffer, .in_bytes = 8, .expected = &id};
        op.offset = 4;
        CHECK_OK(rg_store_wait(p.store, &op, &t->err));
        CHECK(op.out_bytes == 1 && buffer[0] == '5');
        op.offset = 6;
        CHECK_OK(rg_store_wait(p.store, &op, &t->err));
        CHECK(op.out_bytes == 0);
        /* Longer or shorter than it was: said so, whatever was read. */
        op.offset = 0;
        scratch_write(p.root, "a/x", "1234567", 7);
        CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_CHANGED,
                    "a/x: changed since it was listed (5 bytes then, 7 bytes now)");
        scratch_write(p.root, "a/x", "123", 3);
        CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_CHANGED,
                    "a/x: changed since it was listed (5 bytes then, 3 bytes now)");
        CHECK(unlink(local_place_path(t, &p, "a/x")) == 0);
        CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_ABSENT, "a/x");
        CHECK(mkdir(local_place_path(t, &p, "a/x"), 0777) == 0);
        CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_ABSENT, "a/x: not a regular file");
        op.key = "pipe";
        CHECK(mkfifo(local_place_path(t, &p, "pipe"), 0600) == 0);
        CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_ABSENT,
                    "pipe: not a regular file");
        local_place_fini(&p);
    }
}

TEST(keys_do_not_leave_the_tree)
{
    static const char *const keys[] = {"../x", "a/../../x", "/etc/passwd", "a//b",
                                       ".",    "a/./b",     "..",          "a/.."};
    struct local_place p;
    struct rg_object_id id;
    struct rg_object *objects;
    size_t count;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "a/b", "1", 1);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        CHECK_ERROR(store_head(p.store, keys[i], NULL, &id, &t->err), RG_ERR_INVALID, "is no key");
        CHECK_ERROR(store_put_text(p.store, keys[i], "1", true, &t->err), RG_ERR_INVALID,
                    "is no key");
        CHECK_ERROR(store_delete(p.store, keys[i], NULL, &t->err), RG_ERR_INVALID, "is no key");
        CHECK_ERROR(rg_store_list_all(p.store, keys[i], &p.arena, &objects, &count, &t->err),
                    RG_ERR_INVALID, "is no key");
    }
    static char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    CHECK_ERROR(store_head(p.store, longest, NULL, &id, &t->err), RG_ERR_LIMIT, "too long");
    longest[300] = '\0';
    CHECK_ERROR(store_head(p.store, longest, NULL, &id, &t->err), RG_ERR_LIMIT,
                "File name too long");
    local_place_fini(&p);
}

TEST(files_without_permission_are_denied)
{
    struct local_place p;
    uint8_t buffer[8];

    local_place_init(t, &p, plain);
    scratch_write(p.root, "x", "1", 1);
    CHECK(chmod(local_place_path(t, &p, "x"), 0) == 0);
    struct rg_store_op op = {
        .verb = RG_STORE_GET, .key = "x", .buffer = buffer, .in_bytes = sizeof buffer};
    local_place_as_nobody(t, &p, "x");
    const enum rg_status status = rg_store_wait(p.store, &op, &t->err);
    local_place_as_before();
    CHECK_ERROR(status, RG_ERR_DENIED, "x: open: Permission denied");
    local_place_fini(&p);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_rewrite_of_the_same_size_and_time_shows_in_the_tag",
         a_rewrite_of_the_same_size_and_time_shows_in_the_tag},
        {"what_is_no_file_is_not_read", what_is_no_file_is_not_read},
        {"a_body_that_is_expected_is_the_one_that_is_read",
         a_body_that_is_expected_is_the_one_that_is_read},
        {"keys_do_not_leave_the_tree", keys_do_not_leave_the_tree},
        {"files_without_permission_are_denied", files_without_permission_are_denied},
    };

    return test_main("store/local_read", cases, sizeof cases / sizeof cases[0], argc, argv);
}
