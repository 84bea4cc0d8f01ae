/* SPDX-License-Identifier: Apache-2.0 */

#include "store/local/local_write.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "local_place.h"

static const struct rg_local_options plain = {0};

static struct rg_upload *begin(struct test *t, struct local_place *p, const char *key)
{
    struct rg_store_op op = {.verb = RG_STORE_UPLOAD_BEGIN, .key = key};

    CHECK_OK(rg_store_wait(p->store, &op, &t->err));
    return op.upload;
}

static enum rg_status part(struct local_place *p, struct rg_upload *upload, uint32_t number,
                           const struct rg_segment *segment, struct rg_error *err)
{
    struct rg_store_op op = {
        .verb = RG_STORE_UPLOAD_PART,
        .key = "x",
        .upload = upload,
        .part_number = number,
        .segments = segment,
        .segment_count = 1,
    };

    return rg_store_wait(p->store, &op, err);
}

static enum rg_status end(struct local_place *p, struct rg_upload *upload, enum rg_store_verb verb,
                          struct rg_error *err)
{
    struct rg_store_op op = {.verb = verb,
                             .key = "x",
                             .upload = upload,
                             .must_be_absent = true,
                             .must_be_durable = true,
                             .arena = &p->arena};

    return rg_store_wait(p->store, &op, err);
}

static const struct rg_segment abc = {(const uint8_t *)"abc", 3};

TEST(parts_out_of_order_are_refused)
{
    struct local_place p;

    local_place_init(t, &p, plain);
    struct rg_upload *upload = begin(t, &p, "x");
    CHECK_OK(part(&p, upload, 1, &abc, &t->err));
    CHECK_ERROR(part(&p, upload, 3, &abc, &t->err), RG_ERR_BUG, "part 3 was started out of order");
    /* What has failed cannot be finished. */
    CHECK_ERROR(end(&p, upload, RG_STORE_UPLOAD_FINISH, &t->err), RG_ERR_IO,
                "an earlier write failed");
    CHECK_OK(end(&p, upload, RG_STORE_UPLOAD_ABORT, &t->err));
    CHECK_TEXT(store_list_text(t, p.store, "", &p.arena), "");
    local_place_fini(&p);
}

TEST(a_full_disk_leaves_nothing)
{
    static uint8_t body[100000];
    static const struct rg_segment large = {body, sizeof body};
    struct rlimit before;
    struct local_place p;

    local_place_init(t, &p, plain);
    /* A limit on the size of files fails a write in the middle, as a full disk does. */
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const struct rlimit limit = {70000, before.rlim_max};
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    struct rg_store_op op = {
        .verb = RG_STORE_PUT, .key = "d/x", .segments = &large, .segment_count = 1};
    const enum rg_status status = rg_store_wait(p.store, &op, &t->err);
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK_ERROR(status, RG_ERR_IO, "d/x: write: File too large");
    CHECK_TEXT(store_list_text(t, p.store, "d/", &p.arena), "");
    local_place_fini(&p);
}

TEST(a_file_in_the_place_of_a_directory_is_named)
{
    struct local_place p;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "file", "1", 1);
    CHECK_ERROR(store_put_text(p.store, "file/x", "1", true, &t->err), RG_ERR_INVALID,
                "file/x: create");
    CHECK_ERROR(store_put_text(p.store, "file/a/x", "1", true, &t->err), RG_ERR_INVALID,
                "file/a/x: create");
    local_place_fini(&p);
}

TEST(directories_without_permission_are_denied)
{
    struct local_place p;

    local_place_init(t, &p, plain);
    CHECK(mkdir(local_place_path(t, &p, "d"), 0500) == 0);
    local_place_as_nobody(t, &p, "d");
    enum rg_status status = store_put_text(p.store, "d/x", "1", true, &t->err);
    local_place_as_before();
    CHECK_ERROR(status, RG_ERR_DENIED, "d/x: create: Permission denied");
    local_place_as_nobody(t, &p, "d");
    status = store_put_text(p.store, "d/e/x", "1", true, &t->err);
    local_place_as_before();
    CHECK_ERROR(status, RG_ERR_DENIED, "d/e/x: create its directory: Permission denied");
    local_place_fini(&p);
}

TEST(a_removed_directory_is_made_again)
{
    static const struct rg_local_options named = {.names_temporaries = true};
    struct local_place p;

    local_place_init(t, &p, plain);
    struct rg_upload *upload = begin(t, &p, "d/x");
    CHECK_OK(part(&p, upload, 1, &abc, &t->err));
    CHECK(rmdir(local_place_path(t, &p, "d")) == 0);
    CHECK_OK(end(&p, upload, RG_STORE_UPLOAD_FINISH, &t->err));
    CHECK_TEXT(store_get_text(t, p.store, "d/x", &p.arena), "abc");
    local_place_fini(&p);

    local_place_init(t, &p, named);
    upload = begin(t, &p, "d/x");
    CHECK_OK(part(&p, upload, 1, &abc, &t->err));
    scratch_remove(local_place_path(t, &p, "d"));
    CHECK_ERROR(end(&p, upload, RG_STORE_UPLOAD_FINISH, &t->err), RG_ERR_CHANGED,
                "temporary file was removed");
    CHECK_OK(end(&p, upload, RG_STORE_UPLOAD_ABORT, &t->err));
    local_place_fini(&p);
}

TEST(temporary_files_carry_our_mark)
{
    static const struct rg_local_options named = {.names_temporaries = true};
    struct local_place p;

    local_place_init(t, &p, named);
    struct rg_upload *upload = begin(t, &p, "d/x.parquet");
    scratch_write(p.root, "d/.other.tmp", "1", 1);
    struct rg_store_op list = {.verb = RG_STORE_LIST_UPLOADS, .key = "d/", .arena = &p.arena};
    CHECK_OK(rg_store_wait(p.store, &list, &t->err));
    CHECK_U64(list.object_count, 1);
    CHECK(strncmp(list.objects[0].key, "d/.regroup-", 11) == 0);
    struct rg_store_op wrong = {.verb = RG_STORE_ABORT_STALE, .key = "d/.other.tmp"};
    wrong.upload_id = ".other.tmp";
    CHECK_ERROR(rg_store_wait(p.store, &wrong, &t->err), RG_ERR_INVALID, "not a temporary file");
    CHECK_OK(end(&p, upload, RG_STORE_UPLOAD_ABORT, &t->err));
    CHECK_TEXT(store_list_text(t, p.store, "d/", &p.arena), "d/.other.tmp");
    local_place_fini(&p);
}

TEST(a_large_upload_is_whole_with_small_page_cache)
{
    enum {
        part_bytes = 3000000,
        part_count = 12
    };
    static uint8_t body[part_bytes];
    static uint8_t back[part_bytes];
    static const struct rg_segment segment = {body, sizeof body};
    struct local_place p;

    local_place_init(t, &p, plain);
    struct rg_upload *upload = begin(t, &p, "big");
    for (uint32_t i = 0; i < part_count; i++) {
        memset(body, (int)i + 1, sizeof body);
        CHECK_OK(part(&p, upload, i + 1, &segment, &t->err));
    }
    CHECK_OK(end(&p, upload, RG_STORE_UPLOAD_FINISH, &t->err));
    for (uint32_t i = 0; i < part_count; i++) {
        struct rg_store_op op = {
            .verb = RG_STORE_GET,
            .key = "big",
            .buffer = back,
            .offset = (uint64_t)i * part_bytes,
            .in_bytes = part_bytes,
        };

        CHECK_OK(rg_store_wait(p.store, &op, &t->err));
        memset(body, (int)i + 1, sizeof body);
        CHECK(memcmp(body, back, sizeof body) == 0);
    }
    local_place_fini(&p);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"parts_out_of_order_are_refused", parts_out_of_order_are_refused},
        {"a_full_disk_leaves_nothing", a_full_disk_leaves_nothing},
        {"a_file_in_the_place_of_a_directory_is_named",
         a_file_in_the_place_of_a_directory_is_named},
        {"directories_without_permission_are_denied", directories_without_permission_are_denied},
        {"a_removed_directory_is_made_again", a_removed_directory_is_made_again},
        {"temporary_files_carry_our_mark", temporary_files_carry_our_mark},
        {"a_large_upload_is_whole_with_small_page_cache",
         a_large_upload_is_whole_with_small_page_cache},
    };

    return test_main("store/local_write", cases, sizeof cases / sizeof cases[0], argc, argv);
}
