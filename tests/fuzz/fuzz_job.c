/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A whole file through a job as a program would run it, and through a verification: nothing is used
 * but the public headers. Whatever the bytes are, the job comes to its end, every input is in an
 * output or left alone, and what was written has the inputs' values or cannot be read on either
 * side. The first byte chooses options and whether the file is there twice; the file follows.
 */

/* nftw() */
#define _XOPEN_SOURCE 700 /* NOLINT: a macro of POSIX */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <regroup/regroup.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

enum {
    FOLDER_BYTES = 64,
    PATH_BYTES = 128,
};

/* Bits of the byte of options. */
enum {
    HAS_TWIN = 1, /* The same file once more, under another name. */
    IS_SNAPPY = 2,
    IS_ENCODING_SMALL = 4,
    IS_UNION = 8,
    HAS_SMALL_GROUPS = 16,
    HAS_SMALL_PAGES = 32,
};

static char folder[FOLDER_BYTES];
static char source[PATH_BYTES];
static char dest[PATH_BYTES];

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *path)
{
    FUZZ_CHECK(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT);
}

static void remove_all(void)
{
    remove_tree(folder);
}

static void make_folders(void)
{
    /* On a disk a job waits for it, some ten times. */
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    if (folder[0] == 0) {
        (void)snprintf(folder, sizeof folder, "%s/fuzz-job-XXXXXX", base);
        FUZZ_CHECK(mkdtemp(folder) != NULL && atexit(remove_all) == 0);
        (void)snprintf(source, sizeof source, "%s/in", folder);
        (void)snprintf(dest, sizeof dest, "%s/out", folder);
        FUZZ_CHECK(mkdir(source, 0700) == 0);
    }
    remove_tree(dest);
}

static void write_file(const char *name, const uint8_t *data, size_t bytes)
{
    char path[2 * PATH_BYTES];

    (void)snprintf(path, sizeof path, "%s/%s", source, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, data, bytes) == (ssize_t)bytes && close(fd) == 0);
}

static void remove_file(const char *name)
{
    char path[2 * PATH_BYTES];

    (void)snprintf(path, sizeof path, "%s/%s", source, name);
    FUZZ_CHECK(unlink(path) == 0 || errno == ENOENT);
}

static void set(struct rg_options *options, const char *name, const char *value)
{
    struct rg_error err;

    FUZZ_CHECK(rg_options_set(options, name, value, RG_ORIGIN_FLAG, &err) == RG_OK);
}

static struct rg_options *make_options(uint8_t choice)
{
    struct rg_options *options = rg_options_new();

    FUZZ_CHECK(options != NULL);
    set(options, "memory", "2GiB"); /* A sanitizer and a fuzzer have their part of it. */
    set(options, "jobs", "1");
    if ((choice & IS_SNAPPY) != 0)
        set(options, "codec", "snappy");
    if ((choice & IS_ENCODING_SMALL) != 0)
        set(options, "encoding", "small");
    if ((choice & IS_UNION) != 0)
        set(options, "schema", "union");
    if ((choice & HAS_SMALL_GROUPS) != 0)
        set(options, "row-group-rows", "100");
    if ((choice & HAS_SMALL_PAGES) != 0)
        set(options, "page-rows", "50");
    return options;
}

/* Returns how many inputs are in outputs. */
static uint64_t compact(const struct rg_options *options, uint64_t file_count)
{
    const struct rg_job_config config = {
        .size = sizeof config, .options = options, .source = source, .dest = dest};
    struct rg_job *job = NULL;
    struct rg_error err;

    enum rg_status status = rg_job_new(&config, &job, &err);
    if (status == RG_OK)
        status = rg_job_run(job, &err);
    if (status != RG_OK)
        (void)fprintf(stderr, "%s\n", err.text);
    FUZZ_CHECK(status == RG_OK);
    const struct rg_report *report = rg_job_report(job);
    const uint64_t taken = report->file_in_count;
    FUZZ_CHECK(report->file_seen_count == file_count);
    FUZZ_CHECK(taken + report->file_alone_count == file_count);
    rg_job_free(job);
    return taken;
}

static void take_finding(void *user, const struct rg_verify_finding *finding)
{
    (void)user;
    if (finding->outcome == RG_VERIFY_DIFFERENT)
        (void)fprintf(stderr, "%s\n", finding->text);
    FUZZ_CHECK(finding->outcome != RG_VERIFY_DIFFERENT);
}

static void verify(const struct rg_options *options)
{
    const struct rg_verify_config config = {.size = sizeof config,
                                            .options = options,
                                            .source = source,
                                            .dest = dest,
                                            .finding = take_finding};
    struct rg_verify_totals totals = {.size = sizeof totals};
    struct rg_verify *run = NULL;
    struct rg_error err;

    FUZZ_CHECK(rg_verify_new(&config, &run, &err) == RG_OK);
    FUZZ_CHECK(rg_verify_run(run, &totals, &err) == RG_OK);
    rg_verify_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes < 1)
        return 0;
    make_folders();
    const bool has_twin = (data[0] & HAS_TWIN) != 0;
    write_file("a.parquet", data + 1, bytes - 1);
    if (has_twin)
        write_file("b.parquet", data + 1, bytes - 1);
    else
        remove_file("b.parquet");
    struct rg_options *options = make_options(data[0]);
    if (compact(options, has_twin ? 2 : 1) > 0)
        verify(options);
    rg_options_free(options);
    return 0;
}
