/* SPDX-License-Identifier: Apache-2.0 */

#include "store/local/local_tree.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "local_place.h"

static const struct rg_local_options plain = {0};

TEST(paths_of_keys)
{
    static const struct {
        const char *key;
        const char *wanted; /* Below the root. */
    } rows[] = {{"", ""}, {"a", "/a"}, {"a/b", "/a/b"}, {"a/b/", "/a/b"}, {"...", "/..."}};
    struct local_place p;

    local_place_init(t, &p, plain);
    const struct rg_local_store *store = (const struct rg_local_store *)p.store;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_local_path path;

        CHECK_OK(rg_local_path_of(store, rows[i].key, &path, &t->err));
        CHECK_TEXT(path.text + strlen(p.root), rows[i].wanted);
    }
    local_place_fini(&p);
}

TEST(paths_below_the_top)
{
    static const struct rg_local_path deep = {"/a/b"};
    static const struct rg_local_path shallow = {"/a"};
    struct rg_local_path path;
    struct rg_store *store;

    CHECK_OK(rg_local_store_new("/", &plain, &t->allocator, &store, &t->err));
    CHECK_OK(rg_local_path_of((struct rg_local_store *)store, "", &path, &t->err));
    CHECK_TEXT(path.text, "/");
    CHECK_OK(rg_local_path_of((struct rg_local_store *)store, "a", &path, &t->err));
    CHECK_TEXT(path.text, "/a");
    rg_store_free(store);
    rg_local_parent_of(&deep, &path);
    CHECK_TEXT(path.text, "/a");
    rg_local_parent_of(&shallow, &path);
    CHECK_TEXT(path.text, "/");
    CHECK_TEXT(rg_local_name_of(&deep), "b");
}

TEST(error_numbers_become_what_callers_do_next)
{
    static const struct {
        int error_number;
        enum rg_status wanted;
        const char *text;
    } rows[] = {
        {ENOENT, RG_ERR_ABSENT, "k: read: No such file"},
        {EACCES, RG_ERR_DENIED, "k: read: Permission denied"},
        {EROFS, RG_ERR_DENIED, "Read-only file system"},
        {ENOSPC, RG_ERR_IO, "No space left on device"},
        {EDQUOT, RG_ERR_IO, "quota exceeded"},
        {EFBIG, RG_ERR_IO, "File too large"},
        {EIO, RG_ERR_IO, "Input/output error"},
        {EMFILE, RG_ERR_AGAIN, "Too many open files"},
        {ENOMEM, RG_ERR_NOMEM, "Cannot allocate memory"},
        {EEXIST, RG_ERR_EXISTS, "File exists"},
        {ESTALE, RG_ERR_AGAIN, "Stale file handle"},
        {ELOOP, RG_ERR_DENIED, "symbolic links"},
        {ENAMETOOLONG, RG_ERR_LIMIT, "File name too long"},
        {EISDIR, RG_ERR_INVALID, "Is a directory"},
    };
    struct local_place p;

    local_place_init(t, &p, plain);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const enum rg_status status = rg_local_fail((struct rg_local_store *)p.store, "k", "read",
                                                    rows[i].error_number, &t->err);
        CHECK_U64(status, rows[i].wanted);
        CHECK(strstr(t->err.text, rows[i].text) != NULL);
    }
    local_place_fini(&p);
}

TEST(directories_are_made_once_and_again)
{
    struct local_place p;
    struct rg_local_path path;

    local_place_init(t, &p, plain);
    struct rg_local_store *store = (struct rg_local_store *)p.store;
    CHECK_OK(rg_local_path_of(store, "a/b/c", &path, &t->err));
    CHECK_I64(rg_local_make_directories(store, &path), 0);
    CHECK_I64(rg_local_make_directories(store, &path), 0);
    CHECK_I64(rg_local_sync_directory(store, &path), 0);
    CHECK_I64(rg_local_sync_directory(store, &path), 0);
    CHECK(rmdir(path.text) == 0);
    CHECK_I64(rg_local_sync_directory(store, &path), ENOENT);
    CHECK_I64(rg_local_make_directories(store, &path), 0);
    CHECK(access(path.text, F_OK) == 0);

    scratch_write(p.root, "file", "1", 1);
    CHECK_OK(rg_local_path_of(store, "file/b", &path, &t->err));
    CHECK_I64(rg_local_make_directories(store, &path), ENOTDIR);
    local_place_fini(&p);
}

static void *free_descriptor(void *argument)
{
    const struct timespec interval = {.tv_nsec = 20000000};

    (void)nanosleep(&interval, NULL);
    (void)close(*(const int *)argument);
    return NULL;
}

/* What was named must not look like a failure because the process is short of them for a moment. */
TEST(syncing_a_directory_waits_for_a_descriptor)
{
    struct rlimit before;
    struct local_place p;
    struct rg_local_path path;
    pthread_t thread;
    int taken[64];
    int count = 0;

    local_place_init(t, &p, plain);
    CHECK_OK(rg_local_path_of((struct rg_local_store *)p.store, "", &path, &t->err));
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const struct rlimit few = {.rlim_cur = 40, .rlim_max = before.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    while (count < 64 && (taken[count] = dup(STDERR_FILENO)) >= 0)
        count++;
    CHECK(count > 0 && count < 64 && errno == EMFILE);
    CHECK(pthread_create(&thread, NULL, free_descriptor, &taken[count - 1]) == 0);
    CHECK_I64(rg_local_sync_directory((struct rg_local_store *)p.store, &path), 0);
    CHECK(pthread_join(thread, NULL) == 0);
    for (int i = 0; i + 1 < count; i++)
        (void)close(taken[i]);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    local_place_fini(&p);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"paths_of_keys", paths_of_keys},
        {"paths_below_the_top", paths_below_the_top},
        {"error_numbers_become_what_callers_do_next", error_numbers_become_what_callers_do_next},
        {"directories_are_made_once_and_again", directories_are_made_once_and_again},
        {"syncing_a_directory_waits_for_a_descriptor", syncing_a_directory_waits_for_a_descriptor},
    };

    return test_main("store/local_tree", cases, sizeof cases / sizeof cases[0], argc, argv);
}
