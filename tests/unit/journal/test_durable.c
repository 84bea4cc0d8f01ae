/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Power cuts (23 of the protocol's list): the system calls of a job are logged, and from the log
 * follows what a disk may have forgotten. A file's name is safe when its bytes were synced before
 * the name was given and its directory afterwards, and the same for every directory above that the
 * job made.
 */

#include "wrapped.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/local.h"
#include "support/fake_world.h"

enum kind {
    KIND_SYNC,   /* Of a file or directory: its inode; of directories also the path. */
    KIND_NAME,   /* A file got the name `path`. */
    KIND_MAKE,   /* A directory was made. */
    KIND_REMOVE, /* A data file went away. */
};

struct event {
    enum kind kind;
    ino_t inode;
    char path[PATH_MAX];
};

enum {
    events_max = 2000
};

/* In memory that a process that is killed shares with the one that looks at the log. */
struct call_log {
    size_t count;
    struct event events[events_max];
};
static struct call_log *calls;
static const char *dies_at; /* In a name: the process ends as soon as a file has it. */

static void add(enum kind kind, ino_t inode, const char *path)
{
    if (calls == NULL || calls->count == events_max)
        return;
    calls->events[calls->count].kind = kind;
    calls->events[calls->count].inode = inode;
    (void)snprintf(calls->events[calls->count].path, PATH_MAX, "%s", path);
    calls->count++;
}

int __wrap_fsync(int file)
{
    char link[64];
    char path[PATH_MAX] = "";
    struct stat stat;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0)
        path[length] = '\0';
    const int result = __real_fsync(file);
    if (result == 0 && fstat(file, &stat) == 0)
        add(KIND_SYNC, stat.st_ino, path);
    return result;
}

static void add_name(const char *path)
{
    struct stat found;

    if (stat(path, &found) == 0)
        add(KIND_NAME, found.st_ino, path);
    if (dies_at != NULL && strstr(path, dies_at) != NULL)
        _exit(137);
}

int __wrap_linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    const int result = __real_linkat(from_directory, from, to_directory, to, flags);

    if (result == 0)
        add_name(to);
    return result;
}

int __wrap_renameat2(int from_directory, const char *from, int to_directory, const char *to,
                     unsigned flags)
{
    const int result = __real_renameat2(from_directory, from, to_directory, to, flags);

    if (result == 0 && strstr(to, "/_trash/") != NULL)
        add(KIND_REMOVE, 0, from);
    else if (result == 0)
        add_name(to);
    return result;
}

int __wrap_unlink(const char *path)
{
    const int result = __real_unlink(path);

    if (result == 0 && strstr(path, ".parquet") != NULL)
        add(KIND_REMOVE, 0, path);
    return result;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    const int result = __real_mkdir(path, mode);

    if (result == 0)
        add(KIND_MAKE, 0, path);
    return result;
}

static bool is_synced_between(size_t begin, size_t end, ino_t inode, const char *path)
{
    for (size_t i = begin; i < end; i++) {
        const bool is_it = path == NULL ? calls->events[i].inode == inode
                                        : strcmp(calls->events[i].path, path) == 0;

        if (calls->events[i].kind == KIND_SYNC && is_it)
            return true;
    }
    return false;
}

static void directory_of(const char *path, char *ret_directory)
{
    (void)snprintf(ret_directory, PATH_MAX, "%s", path);
    *strrchr(ret_directory, '/') = '\0';
}

/* The name given by event `named` survives a power cut at event `at`. */
static void check_safe(struct test *t, size_t named, size_t at)
{
    char directory[PATH_MAX];

    (void)t;
    if (!is_synced_between(0, named, calls->events[named].inode, NULL))
        test_fail(__FILE__, __LINE__, "%s got its name before it was synced",
                  calls->events[named].path);
    directory_of(calls->events[named].path, directory);
    if (!is_synced_between(named, at, 0, directory))
        test_fail(__FILE__, __LINE__, "%s: its directory was not synced before %s",
                  calls->events[named].path, calls->events[at].path);
    for (size_t i = 0; i < named; i++) {
        const size_t bytes = strlen(calls->events[i].path);
        const bool is_above = strncmp(directory, calls->events[i].path, bytes) == 0 &&
                              (directory[bytes] == '/' || directory[bytes] == '\0');

        if (calls->events[i].kind != KIND_MAKE || !is_above)
            continue;
        char above[PATH_MAX];
        directory_of(calls->events[i].path, above);
        if (!is_synced_between(i, at, 0, above))
            test_fail(__FILE__, __LINE__, "%s, made for %s, was not synced before %s",
                      calls->events[i].path, calls->events[named].path, calls->events[at].path);
    }
}

static bool is_record(const char *path)
{
    const size_t bytes = strlen(path);

    return bytes > 5 && strcmp(path + bytes - 5, ".json") == 0;
}

static bool is_output(const struct event *event)
{
    return event->kind == KIND_NAME && strstr(event->path, "/part-") != NULL;
}

static bool is_intent(const struct event *event)
{
    return event->kind == KIND_NAME && strstr(event->path, ".intent") != NULL;
}

static void check_log(struct test *t, size_t *ret_records, size_t *ret_removals)
{
    for (size_t at = 0; at < calls->count; at++) {
        const bool is_record_now =
            calls->events[at].kind == KIND_NAME && is_record(calls->events[at].path);
        const bool is_removal = calls->events[at].kind == KIND_REMOVE;

        *ret_records += is_record_now;
        *ret_removals += is_removal;
        /* Before an output: all intents. Before a record: all outputs. Before a removal: outputs,
         * records. */
        for (size_t i = 0; i < at; i++) {
            const bool is_record_then =
                calls->events[i].kind == KIND_NAME && is_record(calls->events[i].path);
            const bool is_output_then = is_output(&calls->events[i]);

            if ((is_output(&calls->events[at]) && is_intent(&calls->events[i])) ||
                (is_record_now && is_output_then) ||
                (is_removal && (is_output_then || is_record_then)))
                check_safe(t, i, at);
        }
    }
}

static void run_job(struct test *t, const struct fake_world *w)
{
    struct fake_job job = fake_world_job(w);

    job.short_max = 1;
    job.short_rows = 2;
    CHECK_OK(fake_job_run(&job, &t->err));
}

/* Another process begins the job and is killed when it has given a file the name `at`. */
static void run_and_die(struct test *t, const struct fake_world *w, const char *at)
{
    int how = 0;
    const pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        dies_at = at;
        run_job(t, w);
        _exit(0);
    }
    CHECK(waitpid(child, &how, 0) == child);
    CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 137);
}

static void check_order(struct test *t, bool is_in_place, bool names_temporaries,
                        const char *killed_at)
{
    const struct rg_local_options options = {.names_temporaries = names_temporaries};
    size_t record_count = 0;
    size_t removal_count = 0;
    struct fake_world w;
    char path[512];

    fake_world_init(t, &w, is_in_place);
    fake_world_write(&w, "a.parquet", "r1\n");
    fake_world_write(&w, "b.parquet", "r2\n");
    fake_world_write(&w, "c.parquet", "r3\n");
    rg_store_free(w.home);
    (void)snprintf(path, sizeof path, "%s/home", w.root);
    CHECK_OK(rg_local_store_new(path, &options, &rg_allocator_system, &w.home, &t->err));
    calls = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(calls != MAP_FAILED);
    if (killed_at != NULL)
        run_and_die(t, &w, killed_at);
    run_job(t, &w);
    CHECK(calls->count < events_max);
    check_log(t, &record_count, &removal_count);
    CHECK_U64(record_count, 2);
    CHECK_U64(removal_count > 0, 1);
    (void)munmap(calls, sizeof *calls);
    calls = NULL;
    fake_world_fini(&w);
}

TEST(what_counts_is_durable_before_what_relies_on_it)
{
    check_order(t, false, false, NULL);
    check_order(t, true, false, NULL);
    check_order(t, true, true, NULL);
}

/* Whoever made it may have been killed before it was durable. */
TEST(so_is_what_a_killed_run_has_left)
{
    static const char *const places[] = {"/part-000001", "_000001.json", "/part-000002",
                                         "_000002.json"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        check_order(t, false, false, places[i]);
        check_order(t, true, false, places[i]);
        check_order(t, true, true, places[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_counts_is_durable_before_what_relies_on_it",
         what_counts_is_durable_before_what_relies_on_it},
        {"so_is_what_a_killed_run_has_left", so_is_what_a_killed_run_has_left},
    };

    return test_main("journal/durable", cases, sizeof cases / sizeof cases[0], argc, argv);
}
