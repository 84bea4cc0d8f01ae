/* SPDX-License-Identifier: Apache-2.0 */

#include "store/local/local_list.h"

#include <fcntl.h>

#include "local_place.h"

static const struct rg_local_options plain = {0};

TEST(links_to_files_are_files)
{
    struct local_place p;
    struct rg_object *objects;
    size_t count;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "real/x", "12345", 5);
    CHECK(mkdir(local_place_path(t, &p, "d"), 0777) == 0);
    CHECK(symlink("../real/x", local_place_path(t, &p, "d/link")) == 0);
    CHECK(symlink("nowhere", local_place_path(t, &p, "d/none")) == 0);
    CHECK(symlink("self", local_place_path(t, &p, "d/self")) == 0);
    CHECK_OK(rg_store_list_all(p.store, "d/", &p.arena, &objects, &count, &t->err));
    CHECK_U64(count, 3);
    CHECK_TEXT(objects[0].key, "d/link");
    CHECK_U64(objects[0].id.bytes, 5);
    CHECK_TEXT(store_get_text(t, p.store, "d/link", &p.arena), "12345");
    /* One that leads nowhere is shown as an empty file, so that somebody says so. */
    CHECK_TEXT(objects[1].key, "d/none");
    CHECK_U64(objects[1].id.bytes, 0);
    CHECK_U64(objects[2].id.bytes, 0);
    CHECK(!objects[0].lacks_target && objects[1].lacks_target && !objects[2].lacks_target);
    local_place_fini(&p);
}

TEST(names_alone_are_those_of_a_whole_listing)
{
    struct local_place p;
    struct rg_object *objects;
    struct rg_object *names;
    size_t count;
    size_t name_count;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "real/x", "12345", 5);
    scratch_write(p.root, "b", "1", 1);
    CHECK(symlink("real/x", local_place_path(t, &p, "link")) == 0);
    CHECK(symlink("nowhere", local_place_path(t, &p, "none")) == 0);
    CHECK(symlink("real", local_place_path(t, &p, "again")) == 0);
    CHECK(mkfifo(local_place_path(t, &p, "pipe"), 0600) == 0);
    CHECK_OK(rg_store_list_all(p.store, "", &p.arena, &objects, &count, &t->err));
    CHECK_OK(rg_store_list_names(p.store, "", &p.arena, &names, &name_count, &t->err));
    CHECK_U64(count, 4);
    CHECK_U64(name_count, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_TEXT(names[i].key, objects[i].key);
        CHECK(names[i].is_prefix == objects[i].is_prefix);
    }
    local_place_fini(&p);
}

TEST(links_to_directories_do_not_loop)
{
    struct local_place p;
    const char *outside = scratch_new();

    local_place_init(t, &p, plain);
    scratch_write(outside, "sub/y", "1", 1);
    scratch_write(p.root, "a/x", "1", 1);
    scratch_write(p.root, "ab/x", "1", 1);
    CHECK(symlink(".", local_place_path(t, &p, "a/self")) == 0);
    CHECK(symlink("..", local_place_path(t, &p, "a/up")) == 0);
    CHECK(symlink("/", local_place_path(t, &p, "a/top")) == 0);
    CHECK(symlink("../ab", local_place_path(t, &p, "a/side")) == 0);
    CHECK(symlink("loop", local_place_path(t, &p, "a/loop")) == 0);
    CHECK(symlink(outside, local_place_path(t, &p, "a/away")) == 0);
    CHECK_TEXT(store_list_text(t, p.store, "a/", &p.arena), "a/away/ a/loop a/x");
    CHECK_TEXT(store_list_text(t, p.store, "a/away/sub/", &p.arena), "a/away/sub/y");
    local_place_fini(&p);
    scratch_remove(outside);
}

TEST(links_outside_the_tree_do_not_loop)
{
    struct local_place p;
    const char *outside = scratch_new();
    const char *other = scratch_new();
    char path[4096];

    local_place_init(t, &p, plain);
    scratch_write(p.root, "x", "1", 1);
    scratch_write(outside, "sub/y", "1", 1);
    scratch_write(outside, "side/z", "1", 1);
    scratch_write(other, "w", "1", 1);
    CHECK(symlink(outside, local_place_path(t, &p, "away")) == 0);
    (void)snprintf(path, sizeof path, "%s/sub/self", outside);
    CHECK(symlink(".", path) == 0);
    (void)snprintf(path, sizeof path, "%s/sub/up", outside);
    CHECK(symlink("..", path) == 0);
    (void)snprintf(path, sizeof path, "%s/sub/side", outside);
    CHECK(symlink("../side", path) == 0);
    (void)snprintf(path, sizeof path, "%s/sub/other", outside);
    CHECK(symlink(other, path) == 0);
    (void)snprintf(path, sizeof path, "%s/back", other);
    CHECK(symlink(outside, path) == 0);
    CHECK_TEXT(store_list_text(t, p.store, "", &p.arena), "away/ x");
    CHECK_TEXT(store_list_text(t, p.store, "away/", &p.arena), "away/side/ away/sub/");
    CHECK_TEXT(store_list_text(t, p.store, "away/sub/", &p.arena), "away/sub/other/ away/sub/y");
    CHECK_TEXT(store_list_text(t, p.store, "away/sub/other/", &p.arena), "away/sub/other/w");
    local_place_fini(&p);
    scratch_remove(outside);
    scratch_remove(other);
}

TEST(a_root_that_is_a_link_knows_its_own_tree)
{
    struct local_place p;
    struct rg_store *store;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "real/a/x", "1", 1);
    scratch_write(p.root, "real/b/y", "1", 1);
    CHECK(symlink("../b", local_place_path(t, &p, "real/a/b")) == 0);
    CHECK(symlink("real", local_place_path(t, &p, "link")) == 0);
    CHECK_OK(rg_local_store_new(local_place_path(t, &p, "link"), &plain, &t->allocator, &store,
                                &t->err));
    CHECK_TEXT(store_list_text(t, store, "a/", &p.arena), "a/x");
    rg_store_free(store);
    local_place_fini(&p);
}

TEST(only_files_and_directories_are_shown)
{
    struct local_place p;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "file", "1", 1);
    CHECK(mkfifo(local_place_path(t, &p, "pipe"), 0600) == 0);
    CHECK(symlink("pipe", local_place_path(t, &p, "to_pipe")) == 0);
    CHECK(mkdir(local_place_path(t, &p, "empty"), 0777) == 0);
    CHECK_TEXT(store_list_text(t, p.store, "", &p.arena), "empty/ file");
    CHECK_TEXT(store_list_text(t, p.store, "empty/", &p.arena), "");
    local_place_fini(&p);
}

TEST(names_that_are_no_text_round_trip)
{
    static const char *const names[] = {"\xff\xfe", "a\nb", "\x01", "\xc3("};
    struct local_place p;

    local_place_init(t, &p, plain);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK_OK(store_put_text(p.store, names[i], "1", true, &t->err));
        CHECK_TEXT(store_list_text(t, p.store, "", &p.arena), names[i]);
        CHECK_OK(store_delete(p.store, names[i], NULL, &t->err));
    }
    local_place_fini(&p);
}

TEST(directories_without_permission_are_denied)
{
    struct local_place p;
    struct rg_object *objects;
    size_t count;

    local_place_init(t, &p, plain);
    scratch_write(p.root, "d/x", "1", 1);
    CHECK(chmod(local_place_path(t, &p, "d"), 0) == 0);
    local_place_as_nobody(t, &p, "d");
    const enum rg_status status =
        rg_store_list_all(p.store, "d/", &p.arena, &objects, &count, &t->err);
    local_place_as_before();
    CHECK_ERROR(status, RG_ERR_DENIED, "d/: list: Permission denied");
    local_place_fini(&p);
}

TEST(pages_show_changes_between_them)
{
    static const struct rg_local_options options = {.page_key_max = 2};
    struct local_place p;

    local_place_init(t, &p, options);
    for (char c = 'a'; c <= 'f'; c++)
        scratch_write(p.root, (const char[]){c, '\0'}, "1", 1);
    struct rg_store_op op = {.verb = RG_STORE_LIST, .key = "", .arena = &p.arena};
    CHECK_OK(rg_store_wait(p.store, &op, &t->err));
    CHECK_U64(op.object_count, 2);
    CHECK_TEXT(op.next_page_token, "b");
    CHECK_OK(store_delete(p.store, "c", NULL, &t->err));
    scratch_write(p.root, "aa", "1", 1); /* Behind us: missed. */
    scratch_write(p.root, "bb", "1", 1);
    op.page_token = op.next_page_token;
    CHECK_OK(rg_store_wait(p.store, &op, &t->err));
    CHECK_U64(op.object_count, 2);
    CHECK_TEXT(op.objects[0].key, "bb");
    CHECK_TEXT(op.objects[1].key, "d");
    local_place_fini(&p);
}

TEST(temporary_names_are_told_by_their_form)
{
    CHECK(rg_local_is_temporary(".regroup-0123456789abcdef00000001.tmp"));
    CHECK(rg_local_is_temporary(".regroup-x.tmp"));
    CHECK(!rg_local_is_temporary(".regroup-.tmp"));
    CHECK(!rg_local_is_temporary(".regroup.tmp"));
    CHECK(!rg_local_is_temporary("regroup-0123.tmp"));
    CHECK(!rg_local_is_temporary(".regroup-0123.tmp2"));
    CHECK(!rg_local_is_temporary(""));
}

TEST(without_memory_a_listing_tells_how_many_there_are)
{
    struct local_place p;
    struct rg_arena small;
    struct rg_arena enough;
    char name[32];

    local_place_init(t, &p, (struct rg_local_options){.lacks_tags = true});
    for (int i = 0; i < 700; i++) {
        (void)snprintf(name, sizeof name, "d/file-%04d", i);
        scratch_write(p.root, name, "1", 1);
    }
    rg_arena_init(&small, &t->allocator, 8192);
    struct rg_store_op op = {.verb = RG_STORE_LIST, .key = "d/", .arena = &small};
    CHECK(rg_store_wait(p.store, &op, &t->err) == RG_ERR_NOMEM);
    CHECK_U64(op.entry_count, 700);
    rg_arena_fini(&small);

    rg_arena_init(&enough, &t->allocator, SIZE_MAX);
    op = (struct rg_store_op){.verb = RG_STORE_LIST, .key = "d/", .arena = &enough};
    CHECK_OK(rg_store_wait(p.store, &op, &t->err));
    CHECK_U64(op.object_count, 700);
    CHECK_TEXT(op.objects[699].key, "d/file-0699");
    CHECK_TEXT(op.objects[699].id.tag, "");
    CHECK(enough.bytes < 700 * 120);
    rg_arena_fini(&enough);
    local_place_fini(&p);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"links_to_files_are_files", links_to_files_are_files},
        {"names_alone_are_those_of_a_whole_listing", names_alone_are_those_of_a_whole_listing},
        {"links_to_directories_do_not_loop", links_to_directories_do_not_loop},
        {"links_outside_the_tree_do_not_loop", links_outside_the_tree_do_not_loop},
        {"a_root_that_is_a_link_knows_its_own_tree", a_root_that_is_a_link_knows_its_own_tree},
        {"only_files_and_directories_are_shown", only_files_and_directories_are_shown},
        {"names_that_are_no_text_round_trip", names_that_are_no_text_round_trip},
        {"directories_without_permission_are_denied", directories_without_permission_are_denied},
        {"pages_show_changes_between_them", pages_show_changes_between_them},
        {"without_memory_a_listing_tells_how_many_there_are",
         without_memory_a_listing_tells_how_many_there_are},
        {"temporary_names_are_told_by_their_form", temporary_names_are_told_by_their_form},
    };

    return test_main("store/local_list", cases, sizeof cases / sizeof cases[0], argc, argv);
}
