/* SPDX-License-Identifier: Apache-2.0 */

/* The library as an embedder sees it: the shared one, by its public headers. */

#include <regroup/regroup.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "small_lake.h"
#include "support/test.h"

TEST(options_come_from_anywhere)
{
    static const char *const environment[] = {"REGROUP_IO=12", NULL};
    char path[] = "/tmp/regroup-test-XXXXXX";
    const int descriptor = mkstemp(path);
    struct rg_options *options = rg_options_new();
    struct rg_error err;

    CHECK(options != NULL && descriptor >= 0);
    CHECK(write(descriptor, "io = 1\njobs = 3\n", 16) == 16);
    close(descriptor);
    CHECK_OK(rg_options_read_config(options, path, &err));
    CHECK_OK(rg_options_set_environment(options, environment, NULL));
    CHECK_OK(rg_options_set(options, "verbose", "true", RG_ORIGIN_FLAG, NULL));
    unlink(path);
    CHECK_TEXT(rg_options_get(options, "io"), "12");
    CHECK_TEXT(rg_options_get(options, "jobs"), "3");
    CHECK_TEXT(rg_options_get(options, "codec"), "keep");
    CHECK(rg_options_get(options, "no-such-option") == NULL);
    CHECK(rg_options_origin(options, "jobs") == RG_ORIGIN_FILE);
    CHECK_U64(rg_options_count(options, "verbose"), 1);
    CHECK(!rg_options_is_on(options, "all"));
    CHECK_ERROR(rg_options_read_config(options, path, &t->err), RG_ERR_INVALID, path);
    CHECK(rg_options_set(options, "io", "many", RG_ORIGIN_FLAG, NULL) == RG_ERR_INVALID);
    rg_options_free(options);
    rg_options_free(NULL);
}

TEST(versions_are_told)
{
    char text[400];
    char cut[8];
    char own[40];

    const size_t length = rg_version_describe(text, sizeof text);
    CHECK_U64(length, strlen(text));
    CHECK(strstr(text, rg_version()) != NULL && strstr(text, "zstd") != NULL &&
          strstr(text, "s3: libcurl/") != NULL);
    snprintf(own, sizeof own, "%d.%d.%d", RG_VERSION_MAJOR, RG_VERSION_MINOR, RG_VERSION_PATCH);
    CHECK_TEXT(rg_version(), own);
    CHECK_U64(rg_version_describe(cut, sizeof cut), 7);
    CHECK_TEXT(cut, "regroup");
}

TEST(files_that_cannot_be_opened)
{
    char path[] = "/tmp/regroup-test-XXXXXX";
    const int descriptor = mkstemp(path);
    struct rg_file *file;

    CHECK(descriptor >= 0);
    CHECK_ERROR(rg_file_open(path, NULL, &file, &t->err), RG_ERR_CORRUPT, path);
    CHECK(write(descriptor, "PAR1 and then nothing else", 26) == 26);
    close(descriptor);
    CHECK_ERROR(rg_file_open(path, NULL, &file, &t->err), RG_ERR_CORRUPT, path);
    unlink(path);
    CHECK_ERROR(rg_file_open(path, NULL, &file, &t->err), RG_ERR_ABSENT, path);
    CHECK_ERROR(rg_file_open("/tmp", NULL, &file, &t->err), RG_ERR_INVALID, "not a file");
    CHECK_ERROR(rg_file_open("file://tmp/x", NULL, &file, &t->err), RG_ERR_INVALID,
                "neither a path nor file:///");
    CHECK_ERROR(rg_file_open("file:///", NULL, &file, &t->err), RG_ERR_INVALID, "not a file");
    CHECK(rg_file_open(path, NULL, &file, NULL) == RG_ERR_ABSENT);
    rg_file_close(NULL);
}

TEST(jobs_are_checked_before_they_begin)
{
    struct rg_options *options = rg_options_new();
    struct rg_job_config config = {.size = sizeof config, .options = options, .source = "/tmp"};
    struct rg_job *job;

    CHECK(options != NULL);
    config.size = 0;
    CHECK_ERROR(rg_job_new(&config, &job, &t->err), RG_ERR_INVALID, "size of an options struct");
    /* A caller whose header ends before `event` gets no events. */
    config.size = offsetof(struct rg_job_config, event);
    config.event = (rg_event_fn *)(uintptr_t)1;
    CHECK_ERROR(rg_job_new(&config, &job, &t->err), RG_ERR_INVALID, "no DEST is given");
    config.size = sizeof config;
    config.event = NULL;
    CHECK_OK(rg_options_set(options, "in-place", "true", RG_ORIGIN_FLAG, &t->err));
    config.dest = "x";
    CHECK_ERROR(rg_job_new(&config, &job, &t->err), RG_ERR_INVALID, "takes no DEST");
    CHECK_OK(rg_options_set(options, "in-place", "false", RG_ORIGIN_FLAG, &t->err));
    config.source = "/no/such/place";
    CHECK_ERROR(rg_job_new(&config, &job, &t->err), RG_ERR_ABSENT, "/no/such/place");
    rg_options_free(options);
    rg_job_free(NULL);
    rg_plan_free(NULL);
}

/* Counts what is written. */
static bool count_bytes(void *user, const void *data, size_t bytes)
{
    (void)data;
    *(size_t *)user += bytes;
    return true;
}

/* Before its run, and behind one that could not begin. */
TEST(the_report_of_a_job_that_did_nothing)
{
    char source[] = "/tmp/regroup-test-XXXXXX";
    char dest[64];
    struct rg_options *options = rg_options_new();
    struct rg_job *job;

    CHECK(options != NULL && mkdtemp(source) != NULL);
    snprintf(dest, sizeof dest, "%s-home", source);
    CHECK_OK(rg_options_set(options, "report-json", "/no/such/place/r", RG_ORIGIN_FLAG, &t->err));
    const struct rg_job_config config = {
        .size = sizeof config, .options = options, .source = source, .dest = dest};
    CHECK_OK(rg_job_new(&config, &job, &t->err));
    for (int i = 0; i < 2; i++) {
        const struct rg_report *report = rg_job_report(job);
        size_t bytes = 0;

        CHECK_U64(report->size, sizeof *report);
        CHECK_TEXT(report->source, source);
        CHECK_TEXT(report->dest, dest);
        CHECK(report->memory_limit_bytes > 0);
        struct rg_report_writer *writer = rg_report_writer_new(count_bytes, &bytes);
        CHECK(writer != NULL);
        CHECK_OK(rg_report_writer_finish(writer, report, options, &t->err));
        rg_report_writer_free(writer);
        CHECK_OK(rg_report_text(report, true, count_bytes, &bytes, &t->err));
        CHECK(bytes > 0);
        CHECK((report->status != RG_OK) == (i == 1));
        CHECK((report->error != NULL) == (i == 1));
        if (i == 0)
            CHECK(rg_job_run(job, &t->err) != RG_OK);
        else
            CHECK_TEXT(report->error, t->err.text);
    }
    rg_job_free(job);
    rmdir(dest);
    rmdir(source);
    rg_options_free(options);
}

/* A job over nothing, from its beginning to its report. */
TEST(a_job_over_an_empty_place)
{
    char source[] = "/tmp/regroup-test-XXXXXX";
    char dest[64];
    char report_path[64];
    struct rg_options *options = rg_options_new();
    struct rg_job_sample sample = {.size = sizeof sample};
    struct rg_ledger_findings findings = {.size = sizeof findings};
    struct rg_job *job;
    char text[100];

    CHECK(options != NULL && mkdtemp(source) != NULL);
    snprintf(dest, sizeof dest, "%s-home", source);
    snprintf(report_path, sizeof report_path, "%s.json", source);
    CHECK_OK(rg_options_set(options, "report-json", report_path, RG_ORIGIN_FLAG, &t->err));
    const struct rg_job_config config = {
        .size = sizeof config, .options = options, .source = source, .dest = dest};
    CHECK_OK(rg_job_new(&config, &job, &t->err));
    rg_job_sample(job, &sample);
    CHECK_OK(rg_job_run(job, &t->err));
    CHECK_U64(rg_job_report(job)->file_in_count, 0);
    rg_job_explain(job, NULL, text, sizeof text);
    rg_job_free(job);

    FILE *report = fopen(report_path, "rb");
    CHECK(report != NULL);
    CHECK(fgets(text, sizeof text, report) != NULL);
    CHECK(strncmp(text, "{\"v\":1,\"replaced\":[],\"source\":", 30) == 0);
    fclose(report);
    unlink(report_path);
    CHECK(rg_ledger_list(source, options, NULL, NULL, NULL, &findings, &t->err) != RG_OK);
    rmdir(source);
    rg_options_free(options);
}

static bool count_page(void *user, const struct rg_page_info *page)
{
    (void)page;
    ++*(uint32_t *)user;
    return true;
}

/* Its footer says nothing of what has that name now. */
TEST(a_file_that_was_replaced_is_told)
{
    char path[] = "/tmp/regroup-test-XXXXXX";
    char other[64];
    const int descriptor = mkstemp(path);
    struct rg_file *file;
    uint32_t page_count = 0;

    CHECK(descriptor >= 0 && close(descriptor) == 0 && rg_small_file_write(path));
    CHECK_OK(rg_file_open(path, NULL, &file, &t->err));
    CHECK_OK(rg_file_pages(file, 0, 0, count_page, &page_count, &t->err));
    CHECK_U64(page_count, 1);
    snprintf(other, sizeof other, "%s.new", path);
    CHECK(rg_small_file_write(other));
    FILE *longer = fopen(other, "ab");
    CHECK(longer != NULL && fputc(0, longer) == 0 && fclose(longer) == 0);
    CHECK(rename(other, path) == 0);
    CHECK_ERROR(rg_file_pages(file, 0, 0, count_page, &page_count, &t->err), RG_ERR_CHANGED,
                "changed since");
    CHECK_U64(page_count, 1);
    rg_file_close(file);
    CHECK(unlink(path) == 0);
}

static bool count_live(void *user, const struct rg_live_file *file)
{
    *(uint64_t *)user += file->row_count;
    return true;
}

TEST(a_job_runs_once_and_its_ledger_is_told)
{
    char folder[] = "/tmp/regroup-test-XXXXXX";
    char source[64];
    char dest[64];
    char path[80];
    uint64_t row_count = 0;
    struct rg_options *options = rg_options_new();
    struct rg_ledger_findings findings = {.size = sizeof findings};
    struct rg_job *job;

    CHECK(options != NULL && mkdtemp(folder) != NULL);
    snprintf(source, sizeof source, "%s/source", folder);
    snprintf(dest, sizeof dest, "%s/dest", folder);
    CHECK(mkdir(source, 0777) == 0);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%d.parquet", source, i);
        CHECK(rg_small_file_write(path));
    }
    const struct rg_job_config config = {
        .size = sizeof config, .options = options, .source = source, .dest = dest};
    CHECK_OK(rg_job_new(&config, &job, &t->err));
    CHECK_OK(rg_job_run(job, &t->err));
    CHECK_U64(rg_job_report(job)->row_count, 6);
    CHECK_ERROR(rg_job_run(job, &t->err), RG_ERR_INVALID, "ran already");
    CHECK(rg_job_run(job, NULL) == RG_ERR_INVALID);
    CHECK_U64(rg_job_report(job)->row_count, 6);
    rg_job_free(job);

    /* Counting alone is no clearing. */
    CHECK_OK(rg_options_set(options, "older-than", "0", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_ledger_list(dest, options, NULL, NULL, NULL, &findings, &t->err));
    CHECK_U64(findings.live_count, 1);
    findings = (struct rg_ledger_findings){.size = 0}; /* As the library has it. */
    CHECK_OK(rg_ledger_list(dest, options, NULL, NULL, NULL, &findings, &t->err));
    CHECK_U64(findings.size, sizeof findings);
    CHECK_U64(findings.partition_count, 1);
    CHECK_OK(rg_ledger_list(dest, NULL, count_live, NULL, &row_count, NULL, &t->err));
    CHECK_U64(row_count, 6);
    CHECK_OK(rg_ledger_gc(dest, options, NULL, NULL, NULL, &t->err));
    rg_tree_remove(folder);
    rg_options_free(options);
}

/* A home that goes between making a job and running it, or another one that comes in its place. */
TEST(a_job_is_for_the_home_that_it_was_made_for)
{
    char folder[] = "/tmp/regroup-test-XXXXXX";
    char source[64];
    char dest[64];
    char path[80];
    struct rg_options *options = rg_options_new();
    uint64_t row_count = 0;
    struct rg_job *early;
    struct rg_job *job;

    CHECK(options != NULL && mkdtemp(folder) != NULL);
    snprintf(source, sizeof source, "%s/source", folder);
    snprintf(dest, sizeof dest, "%s/dest", folder);
    CHECK(mkdir(source, 0777) == 0);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%d.parquet", source, i);
        CHECK(rg_small_file_write(path));
    }
    const struct rg_job_config config = {
        .size = sizeof config, .options = options, .source = source, .dest = dest};
    for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
        CHECK_OK(rg_job_new(&config, &early, &t->err));
        rg_tree_remove(dest);
        if (is_replaced != 0) {
            CHECK_OK(rg_job_new(&config, &job, &t->err));
            CHECK_OK(rg_job_run(job, &t->err));
            rg_job_free(job);
        }
        CHECK_ERROR(rg_job_run(early, &t->err), RG_ERR_CHANGED, "replaced since the job was made");
        CHECK_U64(rg_job_report(early)->row_count, 0);
        rg_job_free(early);
    }
    CHECK_OK(rg_job_new(&config, &job, &t->err));
    CHECK_OK(rg_job_run(job, &t->err));
    rg_job_free(job);
    CHECK_OK(rg_ledger_list(dest, NULL, count_live, NULL, &row_count, NULL, &t->err));
    CHECK_U64(row_count, 6);
    rg_tree_remove(folder);
    rg_options_free(options);
}

/* What a job tells of itself whenever it has recorded a batch. */
struct told_progress {
    struct rg_job *job;
    uint64_t batch_count;
    uint64_t in_bytes; /* At the first of them. */
    bool is_within;
};

static void take_progress(void *user, const struct rg_event *event)
{
    struct told_progress *told = user;
    struct rg_job_sample sample = {.size = sizeof sample};

    if (event->kind != RG_EVENT_COMMITTED)
        return;
    rg_job_sample(told->job, &sample);
    if (told->batch_count++ == 0)
        told->in_bytes = sample.in_bytes;
    told->is_within = told->is_within && sample.in_bytes_moved <= sample.in_bytes &&
                      sample.in_bytes_done <= sample.in_bytes_moved &&
                      sample.row_group_done_count <= sample.row_group_count &&
                      sample.file_done_count <= sample.file_count;
}

/* Batches of a partition are planned one after the other; how many bytes there are is known. */
TEST(batches_that_come_later_are_part_of_what_is_to_do)
{
    char folder[] = "/tmp/regroup-test-XXXXXX";
    char source[64];
    char dest[64];
    char path[80];
    struct rg_options *options = rg_options_new();
    struct told_progress told = {.is_within = true};
    struct rg_job_sample last = {.size = sizeof last};
    struct stat about;
    uint64_t bytes = 0;

    CHECK(options != NULL && mkdtemp(folder) != NULL);
    snprintf(source, sizeof source, "%s/source", folder);
    snprintf(dest, sizeof dest, "%s/dest", folder);
    CHECK(mkdir(source, 0777) == 0);
    for (int i = 0; i < 9; i++) {
        snprintf(path, sizeof path, "%s/%d.parquet", source, i);
        CHECK(rg_small_file_write(path) && stat(path, &about) == 0);
        bytes += (uint64_t)about.st_size;
    }
    CHECK_OK(rg_options_set(options, "batch-size", "300B", RG_ORIGIN_FLAG, &t->err));
    const struct rg_job_config config = {.size = sizeof config,
                                         .options = options,
                                         .source = source,
                                         .dest = dest,
                                         .event = take_progress,
                                         .user = &told};
    CHECK_OK(rg_job_new(&config, &told.job, &t->err));
    CHECK_OK(rg_job_run(told.job, &t->err));
    rg_job_sample(told.job, &last);
    CHECK(told.batch_count > 2);
    CHECK(told.is_within);
    /* More may come: short outputs, taken again. */
    CHECK(told.in_bytes >= bytes);
    CHECK_U64(last.in_bytes, rg_job_report(told.job)->in_bytes);
    CHECK_U64(last.in_bytes_moved, last.in_bytes);
    CHECK_U64(last.row_group_count, last.row_group_done_count);
    CHECK_U64(last.file_done_count, 9);
    rg_job_free(told.job);

    /* Recorded before is done, too. */
    CHECK_OK(rg_job_new(&config, &told.job, &t->err));
    CHECK_OK(rg_job_run(told.job, &t->err));
    rg_job_sample(told.job, &last);
    CHECK_U64(last.file_count, 9);
    CHECK_U64(last.file_done_count, 9);
    rg_job_free(told.job);
    rg_tree_remove(folder);
    rg_options_free(options);
}

/* In place a large file is most likely good, and nothing of it is to be moved. */
TEST(what_is_good_already_is_not_to_be_done)
{
    static const char zeros[2000];
    char source[] = "/tmp/regroup-test-XXXXXX";
    char path[80];
    struct rg_options *options = rg_options_new();
    struct told_progress told = {.is_within = true};
    struct stat about;
    uint64_t bytes = 0;

    CHECK(options != NULL && mkdtemp(source) != NULL);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%d.parquet", source, i);
        CHECK(rg_small_file_write(path) && stat(path, &about) == 0);
        bytes += (uint64_t)about.st_size;
    }
    /* What it is is seen later, when its batch has its turn. */
    snprintf(path, sizeof path, "%s/large.parquet", source);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(zeros, sizeof zeros, 1, file) == 1 && fclose(file) == 0);
    CHECK_OK(rg_options_set(options, "in-place", "true", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(options, "batch-size", "300B", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(options, "row-group-size", "1KiB", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(options, "row-groups-per-file", "1", RG_ORIGIN_FLAG, &t->err));
    const struct rg_job_config config = {.size = sizeof config,
                                         .options = options,
                                         .source = source,
                                         .event = take_progress,
                                         .user = &told};
    CHECK_OK(rg_job_new(&config, &told.job, &t->err));
    CHECK_OK(rg_job_run(told.job, &t->err));
    CHECK_U64(told.batch_count, 1);
    CHECK_U64(told.in_bytes, bytes);
    CHECK_U64(rg_job_report(told.job)->file_alone_count, 1);
    rg_job_free(told.job);
    rg_tree_remove(source);
    rg_options_free(options);
}

/* A file whose page is seen to be wrong when the row group is made; then it is made without it. */
TEST(what_is_made_again_counts_once)
{
    char folder[] = "/tmp/regroup-test-XXXXXX";
    char source[64];
    char dest[64];
    char path[80];
    struct rg_options *options = rg_options_new();
    struct told_progress told = {.is_within = true};
    struct rg_job_sample last = {.size = sizeof last};

    CHECK(options != NULL && mkdtemp(folder) != NULL);
    snprintf(source, sizeof source, "%s/source", folder);
    snprintf(dest, sizeof dest, "%s/dest", folder);
    CHECK(mkdir(source, 0777) == 0);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%d.parquet", source, i);
        CHECK(rg_small_file_write(path));
    }
    FILE *file = fopen(path, "r+b");
    CHECK(file != NULL && fseek(file, 12, SEEK_SET) == 0 && fputc(0x06, file) == 0x06 &&
          fclose(file) == 0);
    const struct rg_job_config config = {.size = sizeof config,
                                         .options = options,
                                         .source = source,
                                         .dest = dest,
                                         .event = take_progress,
                                         .user = &told};
    CHECK_OK(rg_job_new(&config, &told.job, &t->err));
    CHECK_OK(rg_job_run(told.job, &t->err));
    rg_job_sample(told.job, &last);
    CHECK_U64(last.file_alone_count, 1);
    CHECK(told.is_within);
    CHECK_U64(last.in_bytes, rg_job_report(told.job)->in_bytes);
    CHECK_U64(last.in_bytes_moved, last.in_bytes);
    CHECK_U64(last.row_group_count, 3);
    CHECK_U64(last.file_done_count, 4);
    rg_job_free(told.job);
    rg_tree_remove(folder);
    rg_options_free(options);
}

static void refuse_finding(void *user, const struct rg_verify_finding *finding)
{
    (void)finding;
    *(bool *)user = true;
}

/* Of a caller whose header is older: its structs end before the last members. */
TEST(verify_takes_and_gives_what_the_caller_knows)
{
    char folder[] = "/tmp/regroup-test-XXXXXX";
    char path[64];
    bool is_told = false;
    struct rg_verify_config config = {
        .size = sizeof config, .finding = refuse_finding, .user = &is_told};
    struct rg_verify_totals totals = {.size = offsetof(struct rg_verify_totals, input_row_count)};
    struct rg_verify *verify;

    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/a.parquet", folder);
    CHECK(rg_small_file_write(path));
    config.source = config.dest = folder;
    config.size = 0;
    CHECK_ERROR(rg_verify_new(&config, &verify, &t->err), RG_ERR_INVALID,
                "size of an options struct");
    config.size = offsetof(struct rg_verify_config, finding);
    CHECK_OK(rg_verify_new(&config, &verify, &t->err));
    totals.read_bytes = 77;
    CHECK_OK(rg_verify_run(verify, &totals, &t->err));
    rg_verify_free(verify);
    CHECK(!is_told);
    CHECK_U64(totals.size, offsetof(struct rg_verify_totals, input_row_count));
    CHECK_U64(totals.outcome_counts[RG_VERIFY_EQUAL], 1);
    CHECK_U64(totals.input_row_count, 0);
    CHECK_U64(totals.read_bytes, 77);

    config.size = sizeof config;
    totals.size = 0;
    CHECK_OK(rg_verify_new(&config, &verify, &t->err));
    struct rg_verify_sample sample = {.size = sizeof sample};
    rg_verify_take_sample(verify, &sample);
    CHECK(sample.wall_ns == 0 && !sample.is_total_known);
    CHECK_OK(rg_verify_run(verify, &totals, &t->err));
    rg_verify_take_sample(verify, &sample);
    CHECK(sample.wall_ns > 0 && sample.is_total_known && sample.total_bytes > 0);
    CHECK_U64(sample.read_bytes, totals.read_bytes);
    CHECK_U64(sample.partition_count, 1);
    CHECK_U64(sample.partition_done_count, 1);
    sample.size = offsetof(struct rg_verify_sample, total_bytes);
    sample.total_bytes = 77;
    rg_verify_take_sample(verify, &sample);
    CHECK_U64(sample.total_bytes, 77);
    rg_verify_free(verify);
    CHECK(is_told);
    CHECK_U64(totals.size, sizeof totals);
    CHECK_U64(totals.input_row_count, 2);
    CHECK_OK(rg_verify_new(&config, &verify, &t->err));
    CHECK_OK(rg_verify_run(verify, NULL, &t->err));
    rg_verify_free(verify);
    rg_tree_remove(folder);
}

/* Whoever looks at a job, all the time. */
struct looker {
    struct rg_job *job;
    atomic_bool is_over;
    pthread_t thread;
};

static void *look_on(void *user)
{
    struct looker *looker = user;
    struct rg_job_sample sample = {.size = sizeof sample};

    while (!atomic_load(&looker->is_over))
        rg_job_sample(looker->job, &sample);
    return NULL;
}

static void check_page(const char *path)
{
    char text[100];
    FILE *page = fopen(path, "rb");

    CHECK(page != NULL && fgets(text, sizeof text, page) != NULL);
    CHECK_TEXT(text, "<!DOCTYPE html>\n");
    fclose(page);
    CHECK(unlink(path) == 0);
}

/* Of jobs that end in all ways, and of one whose page cannot be written. */
TEST(a_page_is_whole_or_not_there)
{
    char folder[] = "/tmp/regroup-test-XXXXXX";
    char source[64];
    char dest[64];
    char page_path[64];
    char part_path[80];
    char path[80];
    struct rg_options *options = rg_options_new();
    struct rg_job *job;

    CHECK(options != NULL && mkdtemp(folder) != NULL);
    snprintf(source, sizeof source, "%s/none", folder);
    snprintf(dest, sizeof dest, "%s/home", folder);
    snprintf(page_path, sizeof page_path, "%s/page.html", folder);
    snprintf(part_path, sizeof part_path, "%s.part", page_path);
    CHECK_OK(rg_options_set(options, "report", page_path, RG_ORIGIN_FLAG, &t->err));
    const struct rg_job_config config = {
        .size = sizeof config, .options = options, .source = source, .dest = dest};
    CHECK_ERROR(rg_job_new(&config, &job, &t->err), RG_ERR_ABSENT, source);
    check_page(page_path);
    CHECK(access(part_path, F_OK) != 0);

    /* Of a job that does its work, and then of one that is refused, while somebody looks on. */
    snprintf(source, sizeof source, "%s/source", folder);
    CHECK(mkdir(source, 0777) == 0);
    for (int is_refused = 0; is_refused < 2; is_refused++) {
        struct looker looker = {.is_over = false};

        snprintf(path, sizeof path, "%s/x.parquet", is_refused != 0 ? dest : source);
        CHECK(rg_small_file_write(path));
        CHECK_OK(rg_job_new(&config, &looker.job, &t->err));
        CHECK(pthread_create(&looker.thread, NULL, look_on, &looker) == 0);
        const enum rg_status status = rg_job_run(looker.job, &t->err);
        atomic_store(&looker.is_over, true);
        CHECK(pthread_join(looker.thread, NULL) == 0);
        rg_job_free(looker.job);
        CHECK(status == (is_refused != 0 ? RG_ERR_INVALID : RG_OK));
        check_page(page_path);
        CHECK(access(part_path, F_OK) != 0);
    }
    rg_tree_remove(source);
    rg_tree_remove(dest);

    /* A name in a folder that is not there fails before anything is done. */
    snprintf(page_path, sizeof page_path, "%s/none/page.html", folder);
    snprintf(source, sizeof source, "%s", folder);
    CHECK_OK(rg_options_set(options, "report", page_path, RG_ORIGIN_FLAG, &t->err));
    snprintf(dest, sizeof dest, "%s-home", folder);
    CHECK_OK(rg_job_new(&config, &job, &t->err));
    CHECK_ERROR(rg_job_run(job, &t->err), RG_ERR_INVALID, "--report: ");
    rg_job_free(job);

    /* So does one that is a folder. */
    CHECK_OK(rg_options_set(options, "report", folder, RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_job_new(&config, &job, &t->err));
    CHECK_ERROR(rg_job_run(job, &t->err), RG_ERR_INVALID, folder);
    rg_job_free(job);
    snprintf(part_path, sizeof part_path, "%s.part", folder);
    CHECK(access(part_path, F_OK) != 0);
    rmdir(dest);
    CHECK(rmdir(folder) == 0);
    rg_options_free(options);
}

TEST(progress_can_be_made_of_any_sample)
{
    const struct rg_progress_style style = {.size = sizeof style, .form = RG_PROGRESS_FORM_LINE};
    const struct rg_job_sample sample = {.size = sizeof sample};
    struct rg_progress *progress = rg_progress_new(&style, "a job");

    CHECK(progress != NULL);
    CHECK(rg_progress_text(progress, &sample, NULL, NULL) != NULL);
    CHECK_TEXT(rg_progress_erase(progress), "");
    rg_progress_free(progress);
    rg_progress_free(NULL);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"options_come_from_anywhere", options_come_from_anywhere},
        {"versions_are_told", versions_are_told},
        {"files_that_cannot_be_opened", files_that_cannot_be_opened},
        {"jobs_are_checked_before_they_begin", jobs_are_checked_before_they_begin},
        {"the_report_of_a_job_that_did_nothing", the_report_of_a_job_that_did_nothing},
        {"a_job_over_an_empty_place", a_job_over_an_empty_place},
        {"a_file_that_was_replaced_is_told", a_file_that_was_replaced_is_told},
        {"a_job_runs_once_and_its_ledger_is_told", a_job_runs_once_and_its_ledger_is_told},
        {"a_job_is_for_the_home_that_it_was_made_for", a_job_is_for_the_home_that_it_was_made_for},
        {"batches_that_come_later_are_part_of_what_is_to_do",
         batches_that_come_later_are_part_of_what_is_to_do},
        {"what_is_good_already_is_not_to_be_done", what_is_good_already_is_not_to_be_done},
        {"what_is_made_again_counts_once", what_is_made_again_counts_once},
        {"verify_takes_and_gives_what_the_caller_knows",
         verify_takes_and_gives_what_the_caller_knows},
        {"a_page_is_whole_or_not_there", a_page_is_whole_or_not_there},
        {"progress_can_be_made_of_any_sample", progress_can_be_made_of_any_sample},
    };

    return test_main("api", cases, sizeof cases / sizeof cases[0], argc, argv);
}
