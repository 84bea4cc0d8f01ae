/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the library does when the system has no memory to give: one allocation fails, the 1st, the
 * 2nd, ... or all from there on. The linker sends what the library asks of malloc() through this
 * file.
 *
 * Whatever fails, the call ends, in success or RG_ERR_NOMEM; what it made is whole, and the next
 * run finishes what a job left. What leaks the sanitizers tell.
 */

#include <regroup/regroup.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "small_lake.h"
#include "support/test.h"
#include "wrapped.h"

enum {
    PARTITIONS = 3,
    FILES = 2, /* Of each. */
    ROWS = PARTITIONS * FILES * 2,
};

static atomic_uint_fast64_t call_count;
static uint64_t failing_first = UINT64_MAX;
static uint64_t failing_last = UINT64_MAX;

void *__wrap_malloc(size_t bytes)
{
    const uint64_t call = atomic_fetch_add(&call_count, 1);

    return call >= failing_first && call <= failing_last ? NULL : __real_malloc(bytes);
}

static void fail_from(uint64_t first, uint64_t last)
{
    atomic_store(&call_count, 0);
    failing_first = first;
    failing_last = last;
}

/* Ends that; true if it came to a failure. */
static bool fail_no_more(void)
{
    const bool has_failed = atomic_load(&call_count) > failing_first;

    failing_first = failing_last = UINT64_MAX;
    return has_failed;
}

struct lake {
    char folder[64];
    char source[80];
    char home[80];
    struct rg_options *options;
    struct rg_job_config config;
};

static void make_lake(struct test *t, struct lake *lake)
{
    char path[120];

    const char *folder = getenv("TMPDIR");

    snprintf(lake->folder, sizeof lake->folder, "%s/regroup-test-XXXXXX",
             folder != NULL && strlen(folder) < 40 ? folder : "/tmp");
    CHECK(mkdtemp(lake->folder) != NULL);
    snprintf(lake->source, sizeof lake->source, "%s/source", lake->folder);
    snprintf(lake->home, sizeof lake->home, "%s/home", lake->folder);
    CHECK(mkdir(lake->source, 0777) == 0);
    for (int p = 0; p < PARTITIONS; p++) {
        snprintf(path, sizeof path, "%s/k=%d", lake->source, p);
        CHECK(mkdir(path, 0777) == 0);
        for (int f = 0; f < FILES; f++) {
            snprintf(path, sizeof path, "%s/k=%d/%d.parquet", lake->source, p, f);
            CHECK(rg_small_file_write(path));
        }
    }
    lake->options = rg_options_new();
    CHECK(lake->options != NULL);
    CHECK_OK(rg_options_set(lake->options, "jobs", "1", RG_ORIGIN_FLAG, &t->err));
    lake->config = (struct rg_job_config){
        .size = sizeof lake->config,
        .options = lake->options,
        .source = lake->source,
        .dest = lake->home,
    };
}

static void remove_lake(struct lake *lake)
{
    rg_options_free(lake->options);
    rg_tree_remove(lake->folder);
}

static void check_same_plan(const struct rg_plan_view *plan, const struct rg_plan_view *wanted)
{
    const struct rg_partition_plan *got = rg_plan_total(plan);
    const struct rg_partition_plan *all = rg_plan_total(wanted);
    size_t count;
    const struct rg_partition_plan *partitions = rg_plan_partitions(plan, &count);

    CHECK_U64(count, PARTITIONS);
    CHECK_U64(got->row_count, ROWS);
    CHECK_U64(got->file_in_count, all->file_in_count);
    CHECK_U64(got->file_out_count, all->file_out_count);
    CHECK_U64(got->in_bytes, all->in_bytes);
    CHECK_U64(got->out_bytes, all->out_bytes);
    CHECK_U64(got->out_bytes_max, all->out_bytes_max);
    CHECK_U64(got->request_count, all->request_count);
    CHECK_U64(got->memory_bytes, all->memory_bytes);
    CHECK_U64(got->column_count, 1);
    CHECK_TEXT(got->columns[0].column, "a");
    CHECK(memcmp(got->columns[0].in_bytes, all->columns[0].in_bytes,
                 sizeof got->columns[0].in_bytes) == 0);
    for (size_t i = 0; i < count; i++)
        CHECK_U64(partitions[i].column_count, 1);
}

static void check_plan(const struct lake *lake, const struct rg_plan_view *wanted, uint64_t first,
                       uint64_t last, bool *ret_has_failed)
{
    struct rg_plan_view *plan;
    struct rg_error err;

    fail_from(first, last);
    const enum rg_status status = rg_plan_run(&lake->config, &plan, &err);
    *ret_has_failed = fail_no_more();
    CHECK(status == RG_OK || (status == RG_ERR_NOMEM && *ret_has_failed));
    if (status != RG_OK) {
        CHECK(err.status == RG_ERR_NOMEM && err.text[0] != 0);
        return;
    }
    check_same_plan(plan, wanted);
    rg_plan_free(plan);
}

TEST(a_plan_is_whole_or_not_there)
{
    struct lake lake;
    struct rg_plan_view *wanted;
    bool has_failed = true;

    make_lake(t, &lake);
    CHECK_OK(rg_plan_run(&lake.config, &wanted, &t->err));
    for (uint64_t first = 0; has_failed; first++) {
        check_plan(&lake, wanted, first, first, &has_failed);
        check_plan(&lake, wanted, first, UINT64_MAX, &has_failed);
    }
    rg_plan_free(wanted);
    remove_lake(&lake);
}

static bool count_rows(void *user, const struct rg_live_file *file)
{
    *(uint64_t *)user += file->row_count;
    return true;
}

static enum rg_status run_job(const struct lake *lake, struct rg_error *err)
{
    struct rg_job *job;
    enum rg_status status = rg_job_new(&lake->config, &job, err);

    if (status != RG_OK)
        return status;
    status = rg_job_run(job, err);
    rg_job_free(job);
    return status;
}

static void check_job(struct test *t, const struct lake *lake, uint64_t first, uint64_t last,
                      bool *ret_has_failed)
{
    struct rg_error err;
    uint64_t row_count = 0;

    fail_from(first, last);
    const enum rg_status status = run_job(lake, &err);
    *ret_has_failed = fail_no_more();
    CHECK(status == RG_OK || (status == RG_ERR_NOMEM && *ret_has_failed));
    CHECK_OK(run_job(lake, &t->err));
    CHECK_OK(rg_ledger_list(lake->home, NULL, count_rows, NULL, &row_count, NULL, &t->err));
    CHECK_U64(row_count, ROWS);
    rg_tree_remove(lake->home);
}

TEST(a_job_that_lacked_memory_is_finished_by_the_next)
{
    struct lake lake;
    bool has_failed = true;

    make_lake(t, &lake);
    for (uint64_t first = 0; has_failed; first++)
        check_job(t, &lake, first, first % 2 == 0 ? first : UINT64_MAX, &has_failed);
    remove_lake(&lake);
}

/* What was written, to compare it with what is written when nothing fails. */
struct text {
    char bytes[8000];
    size_t length;
};

static bool keep_text(void *user, const void *data, size_t bytes)
{
    struct text *text = user;

    if (bytes > sizeof text->bytes - text->length)
        return false;
    memcpy(text->bytes + text->length, data, bytes);
    text->length += bytes;
    return true;
}

static enum rg_status show_file(const char *path, struct text *text, struct rg_error *err)
{
    const struct rg_file_view view = {
        .size = sizeof view, .is_json = true, .has_pages = true, .is_verbose = true};
    struct rg_file *file;
    enum rg_status status = rg_file_open(path, NULL, &file, err);

    text->length = 0;
    if (status != RG_OK)
        return status;
    status = rg_file_show(file, &view, keep_text, text, err);
    rg_file_close(file);
    return status;
}

TEST(a_file_is_shown_whole_or_not)
{
    struct lake lake;
    struct text wanted;
    struct text got;
    struct rg_error err;
    char path[120];
    bool has_failed = true;

    make_lake(t, &lake);
    snprintf(path, sizeof path, "%s/k=0/0.parquet", lake.source);
    CHECK_OK(show_file(path, &wanted, &t->err));
    for (uint64_t first = 0; has_failed; first++) {
        fail_from(first, first);
        const enum rg_status status = show_file(path, &got, &err);
        has_failed = fail_no_more();
        CHECK(status == RG_OK || (status == RG_ERR_NOMEM && has_failed));
        if (status == RG_OK) {
            CHECK_U64(got.length, wanted.length);
            CHECK(memcmp(got.bytes, wanted.bytes, got.length) == 0);
        }
    }
    remove_lake(&lake);
}

static void check_ledger(const struct lake *lake, uint64_t first, bool *ret_has_failed)
{
    struct rg_ledger_findings findings = {.size = sizeof findings};
    struct rg_error err;
    uint64_t row_count = 0;

    fail_from(first, first);
    enum rg_status status =
        rg_ledger_list(lake->home, NULL, count_rows, NULL, &row_count, &findings, &err);
    *ret_has_failed = fail_no_more();
    CHECK(status == RG_OK || (status == RG_ERR_NOMEM && *ret_has_failed));
    CHECK(status != RG_OK || row_count == ROWS);
    CHECK_U64(findings.missing_count, 0);
    fail_from(first, first);
    status = rg_ledger_gc(lake->home, lake->options, NULL, NULL, &findings, &err);
    *ret_has_failed = fail_no_more() || *ret_has_failed;
    CHECK(status == RG_OK || status == RG_ERR_NOMEM);
    CHECK_U64(findings.deleted_count, 0);
}

static enum rg_status verify(const struct lake *lake, struct rg_verify_totals *ret_totals,
                             struct rg_error *err)
{
    const struct rg_verify_config config = {
        .size = sizeof config,
        .options = lake->options,
        .source = lake->source,
        .dest = lake->home,
    };
    struct rg_verify *verify;
    enum rg_status status = rg_verify_new(&config, &verify, err);

    if (status != RG_OK)
        return status;
    status = rg_verify_run(verify, ret_totals, err);
    rg_verify_free(verify);
    return status;
}

static void check_verify(const struct lake *lake, uint64_t first, bool *ret_has_failed)
{
    struct rg_verify_totals totals = {.size = sizeof totals};
    struct rg_error err;

    fail_from(first, first);
    const enum rg_status status = verify(lake, &totals, &err);
    *ret_has_failed = fail_no_more();
    CHECK(status == RG_OK || (status == RG_ERR_NOMEM && *ret_has_failed));
    if (status != RG_OK)
        return;
    /* What could not be compared is told as that, not as a difference. */
    CHECK_U64(totals.outcome_counts[RG_VERIFY_DIFFERENT], 0);
    CHECK_U64(totals.outcome_counts[RG_VERIFY_MISSING], 0);
    CHECK_U64(totals.outcome_counts[RG_VERIFY_EQUAL] + totals.outcome_counts[RG_VERIFY_FAILED],
              PARTITIONS);
    CHECK(totals.outcome_counts[RG_VERIFY_FAILED] == 0 || *ret_has_failed);
}

TEST(what_lacks_memory_finds_nothing_wrong)
{
    struct lake lake;
    bool has_failed = true;

    make_lake(t, &lake);
    CHECK_OK(run_job(&lake, &t->err));
    CHECK_OK(rg_options_set(lake.options, "older-than", "0", RG_ORIGIN_FLAG, &t->err));
    for (uint64_t first = 0; has_failed; first++)
        check_ledger(&lake, first, &has_failed);
    has_failed = true;
    for (uint64_t first = 0; has_failed; first++)
        check_verify(&lake, first, &has_failed);
    remove_lake(&lake);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_plan_is_whole_or_not_there", a_plan_is_whole_or_not_there},
        {"a_job_that_lacked_memory_is_finished_by_the_next",
         a_job_that_lacked_memory_is_finished_by_the_next},
        {"a_file_is_shown_whole_or_not", a_file_is_shown_whole_or_not},
        {"what_lacks_memory_finds_nothing_wrong", what_lacks_memory_finds_nothing_wrong},
    };

    return test_main("api/starved", cases, sizeof cases / sizeof cases[0], argc, argv);
}
