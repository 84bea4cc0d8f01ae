/* SPDX-License-Identifier: Apache-2.0 */

#include "store/local/local_write.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "local_place.h"
#include "wrapped.h"

static const struct rg_local_options plain = {0};

/* What the calls fail with; 0: they do what they should. */
static int mkdir_error;
static int linkat_error;

int __wrap_mkdir(const char *path, mode_t mode)
{
    if (mkdir_error == 0)
        return __real_mkdir(path, mode);
    errno = mkdir_error;
    return -1;
}

int __wrap_linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    if (linkat_error == 0)
        return __real_linkat(from_directory, from, to_directory, to, flags);
    errno = linkat_error;
    return -1;
}

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

static enum rg_status put_with_linkat_error(struct local_place *p, int error, struct rg_error *err)
{
    linkat_error = error;
    const enum rg_status status = store_put_text(p->store, "x", "1", true, err);
    linkat_error = 0;
    return status;
}

static enum rg_status probe_with_errors(struct local_place *p, int of_mkdir, int of_linkat,
                                        struct rg_store_caps *ret_caps, struct rg_error *err)
{
    mkdir_error = of_mkdir;
    linkat_error = of_linkat;
    const enum rg_status status = rg_store_probe(p->store, true, ret_caps, err);
    mkdir_error = 0;
    linkat_error = 0;
    return status;
}

TEST(a_full_disk_is_one_like_others)
{
    static const int errors[] = {ENOSPC, EDQUOT};
    struct rg_store_caps caps;
    struct local_place p;

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        local_place_init(t, &p, plain);
        /* First there is no room for "_regroup/", then none for the name in it. */
        CHECK_OK(probe_with_errors(&p, errors[i], 0, &caps, &t->err));
        CHECK(caps.has_create_if_absent && caps.has_finish_if_absent);
        CHECK_OK(probe_with_errors(&p, 0, errors[i], &caps, &t->err));
        CHECK(caps.has_create_if_absent && caps.has_finish_if_absent);
        CHECK_TEXT(store_list_text(t, p.store, "_regroup/", &p.arena), "");
        local_place_fini(&p);
    }
    local_place_init(t, &p, plain);
    CHECK_ERROR(probe_with_errors(&p, EIO, 0, &caps, &t->err), RG_ERR_IO,
                "_regroup/_probe: create its directory: ");
    local_place_fini(&p);
}

TEST(what_a_full_disk_left_unproven_is_not_done_in_another_way)
{
    static const struct rg_local_options poor = {.names_temporaries = true,
                                                 .lacks_rename_absent = true};
    struct rg_store_caps caps;
    struct local_place p;

    local_place_init(t, &p, poor);
    CHECK_OK(probe_with_errors(&p, 0, ENOSPC, &caps, &t->err));
    CHECK(caps.has_create_if_absent);
    CHECK_ERROR(put_with_linkat_error(&p, EPERM, &t->err), RG_ERR_IO,
                "x: name: Operation not supported");
    CHECK_TEXT(store_list_text(t, p.store, "", &p.arena), "_regroup/");
    /* Now it is known. */
    CHECK_OK(probe_with_errors(&p, 0, EPERM, &caps, &t->err));
    CHECK(!caps.has_create_if_absent);
    CHECK_OK(put_with_linkat_error(&p, EPERM, &t->err));
    local_place_fini(&p);
}

TEST(a_file_in_the_place_of_a_directory_is_named)
{
    struct local_place p;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "file", "1", 1);
    CHECK_ERROR(store_put_text(p.store, "file/x", "1", true, &t->err), RG_ERR_DENIED,
                "file/x: create");
    CHECK_ERROR(store_put_text(p.store, "file/a/x", "1", true, &t->err), RG_ERR_DENIED,
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
        {"a_full_disk_is_one_like_others", a_full_disk_is_one_like_others},
        {"what_a_full_disk_left_unproven_is_not_done_in_another_way",
         what_a_full_disk_left_unproven_is_not_done_in_another_way},
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
