/* SPDX-License-Identifier: Apache-2.0 */

#include "store/local/local_delete.h"

#include <errno.h>
#include <string.h>

#include "local_place.h"
#include "wrapped.h"

static const struct rg_local_options plain = {0};

/* What mkdir() fails with; 0: it does what it should. */
static int mkdir_error;
static const char *rewritten_by_mkdir; /* Path of a file that somebody writes just then; or NULL. */

int __wrap_mkdir(const char *path, mode_t mode)
{
    if (mkdir_error == 0)
        return __real_mkdir(path, mode);
    if (rewritten_by_mkdir != NULL) {
        FILE *file = fopen(rewritten_by_mkdir, "w");

        (void)fputs("newer", file);
        (void)fclose(file);
    }
    errno = mkdir_error;
    return -1;
}

TEST(a_deleted_file_is_gone_from_the_trash_too)
{
    static const char *const keys[] = {"x", "d/x", "d/e=1/x"};
    struct local_place p;
    struct rg_object_id id;

    local_place_init(t, &p, plain);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        scratch_write(p.root, keys[i], "1", 1);
        CHECK_OK(store_head(p.store, keys[i], &p.arena, &id, &t->err));
        CHECK_OK(store_delete(p.store, keys[i], &id, &t->err));
        CHECK(access(local_place_path(t, &p, keys[i]), F_OK) != 0);
    }
    CHECK_TEXT(store_list_text(t, p.store, "_regroup/", &p.arena), "_regroup/_trash/ _regroup/d/");
    struct rg_object *runs;
    size_t count;
    CHECK_OK(
        rg_store_list_all(p.store, "_regroup/d/e=1/_trash/", &p.arena, &runs, &count, &t->err));
    CHECK_U64(count, 1);
    CHECK_TEXT(store_list_text(t, p.store, runs[0].key, &p.arena), "");
    CHECK_OK(store_delete(p.store, runs[0].key, NULL, &t->err));
    CHECK_OK(store_delete(p.store, "_regroup/d/e=1/_trash/", NULL, &t->err));
    CHECK_TEXT(store_list_text(t, p.store, "_regroup/d/e=1/", &p.arena), "");
    local_place_fini(&p);
}

TEST(a_link_goes_and_its_target_stays)
{
    struct local_place p;
    struct rg_object_id id;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "real/x", "1", 1);
    scratch_write(p.root, "d/y", "1", 1);
    CHECK(symlink("../real/x", local_place_path(t, &p, "d/link")) == 0);
    CHECK_OK(store_head(p.store, "d/link", &p.arena, &id, &t->err));
    CHECK_OK(store_delete(p.store, "d/link", &id, &t->err));
    CHECK_TEXT(store_list_text(t, p.store, "d/", &p.arena), "d/y");
    CHECK_TEXT(store_get_text(t, p.store, "real/x", &p.arena), "1");
    local_place_fini(&p);
}

TEST(a_link_goes_after_its_target)
{
    struct local_place p;
    struct rg_object_id id;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "d/x", "1", 1);
    CHECK(symlink("x", local_place_path(t, &p, "d/link")) == 0);
    CHECK(symlink("loop", local_place_path(t, &p, "d/loop")) == 0);
    CHECK_OK(store_head(p.store, "d/link", &p.arena, &id, &t->err));
    CHECK_OK(store_delete(p.store, "d/x", &id, &t->err));
    CHECK_OK(store_delete(p.store, "d/link", &id, &t->err));
    CHECK_ERROR(store_delete(p.store, "d/loop", &id, &t->err), RG_ERR_CHANGED, "d/loop: changed");
    CHECK_TEXT(store_list_text(t, p.store, "d/", &p.arena), "d/loop");

    /* The target is there again, and is another file. */
    CHECK(symlink("x", local_place_path(t, &p, "d/link")) == 0);
    scratch_write(p.root, "d/x", "newer", 5);
    CHECK_ERROR(store_delete(p.store, "d/link", &id, &t->err), RG_ERR_CHANGED, "d/link: changed");
    local_place_fini(&p);
}

static enum rg_status delete_with_mkdir_error(struct local_place *p, int error,
                                              const struct rg_object_id *id, struct rg_error *err)
{
    mkdir_error = error;
    const enum rg_status status = store_delete(p->store, "d/x", id, err);
    mkdir_error = 0;
    return status;
}

TEST(a_full_disk_keeps_nothing_from_being_deleted)
{
    static const int errors[] = {ENOSPC, EDQUOT, EIO};
    struct local_place p;
    struct rg_object_id id;

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        const bool is_full = errors[i] != EIO;

        local_place_init(t, &p, plain);
        scratch_write(p.root, "d/x", "1", 1);
        CHECK_OK(store_head(p.store, "d/x", &p.arena, &id, &t->err));
        enum rg_status status = delete_with_mkdir_error(&p, errors[i], &id, &t->err);
        if (is_full)
            CHECK_OK(status);
        else
            CHECK_ERROR(status, RG_ERR_IO, "d/x: move to the trash: ");
        CHECK_TEXT(store_list_text(t, p.store, "d/", &p.arena), is_full ? "" : "d/x");

        /* Written anew between the look and the way to the trash. */
        scratch_write(p.root, "d/x", "1", 1);
        CHECK_OK(store_head(p.store, "d/x", &p.arena, &id, &t->err));
        rewritten_by_mkdir = local_place_path(t, &p, "d/x");
        status = delete_with_mkdir_error(&p, ENOSPC, &id, &t->err);
        rewritten_by_mkdir = NULL;
        CHECK_ERROR(status, RG_ERR_CHANGED, "d/x: changed since it was listed");
        CHECK_TEXT(store_get_text(t, p.store, "d/x", &p.arena), "newer");
        local_place_fini(&p);
    }
}

TEST(ledger_files_are_deleted_without_trash)
{
    struct local_place p;
    struct rg_object_id id;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "_regroup/d/_000001.intent", "1", 1);
    CHECK_OK(store_head(p.store, "_regroup/d/_000001.intent", &p.arena, &id, &t->err));
    CHECK_OK(store_delete(p.store, "_regroup/d/_000001.intent", &id, &t->err));
    CHECK_TEXT(store_list_text(t, p.store, "_regroup/", &p.arena), "_regroup/d/");
    CHECK_TEXT(store_list_text(t, p.store, "_regroup/d/", &p.arena), "");
    local_place_fini(&p);
}

static const char *restore(struct test *t, struct local_place *p, const char *key)
{
    struct rg_store_op op = {.verb = RG_STORE_RESTORE, .key = key, .arena = &p->arena};

    CHECK_OK(rg_store_wait(p->store, &op, &t->err));
    return op.new_key;
}

TEST(trash_gets_its_name_back)
{
    struct local_place p;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "_regroup/d/e=1/_trash/0123/x.parquet", "1", 1);
    scratch_write(p.root, "_regroup/_trash/0123/y", "2", 1);
    CHECK_TEXT(restore(t, &p, "_regroup/d/e=1/_trash/0123/x.parquet"), "d/e=1/x.parquet");
    CHECK_TEXT(restore(t, &p, "_regroup/_trash/0123/y"), "y");
    CHECK_TEXT(store_get_text(t, p.store, "d/e=1/x.parquet", &p.arena), "1");
    CHECK_TEXT(store_get_text(t, p.store, "y", &p.arena), "2");
    local_place_fini(&p);
}

TEST(trash_whose_name_is_taken_gets_one_beside_it)
{
    struct local_place p;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "d/x.parquet", "newest", 6);
    scratch_write(p.root, "_regroup/d/_trash/1/x.parquet", "new", 3);
    scratch_write(p.root, "_regroup/d/_trash/2/x.parquet", "newer", 5);
    CHECK_TEXT(restore(t, &p, "_regroup/d/_trash/1/x.parquet"), "d/x-restored-1.parquet");
    CHECK_TEXT(restore(t, &p, "_regroup/d/_trash/2/x.parquet"), "d/x-restored-2.parquet");
    CHECK_TEXT(store_get_text(t, p.store, "d/x.parquet", &p.arena), "newest");
    CHECK_TEXT(store_get_text(t, p.store, "d/x-restored-1.parquet", &p.arena), "new");
    CHECK_TEXT(store_get_text(t, p.store, "d/x-restored-2.parquet", &p.arena), "newer");
    local_place_fini(&p);
}

TEST(only_trash_is_restored)
{
    static const char *const keys[] = {"d/x", "_regroup/d/x", "_regroup/d/_trash/x", "_trash/r/x"};
    struct local_place p;

    local_place_init(t, &p, plain);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct rg_store_op op = {.verb = RG_STORE_RESTORE, .key = keys[i]};

        scratch_write(p.root, keys[i], "1", 1);
        CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_INVALID,
                    "not a name in the trash");
    }
    struct rg_store_op op = {.verb = RG_STORE_RESTORE, .key = "_regroup/d/_trash/1/gone"};
    CHECK_ERROR(rg_store_wait(p.store, &op, &t->err), RG_ERR_ABSENT, "gone");
    local_place_fini(&p);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_deleted_file_is_gone_from_the_trash_too", a_deleted_file_is_gone_from_the_trash_too},
        {"a_link_goes_and_its_target_stays", a_link_goes_and_its_target_stays},
        {"a_link_goes_after_its_target", a_link_goes_after_its_target},
        {"a_full_disk_keeps_nothing_from_being_deleted",
         a_full_disk_keeps_nothing_from_being_deleted},
        {"ledger_files_are_deleted_without_trash", ledger_files_are_deleted_without_trash},
        {"trash_gets_its_name_back", trash_gets_its_name_back},
        {"trash_whose_name_is_taken_gets_one_beside_it",
         trash_whose_name_is_taken_gets_one_beside_it},
        {"only_trash_is_restored", only_trash_is_restored},
    };

    return test_main("store/local_delete", cases, sizeof cases / sizeof cases[0], argc, argv);
}
