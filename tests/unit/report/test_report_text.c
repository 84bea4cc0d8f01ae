/* SPDX-License-Identifier: Apache-2.0 */

#include "report/report_text.h"

#include <stdio.h>
#include <string.h>

#include "parquet/types.h"
#include "report/report_json.h"
#include "support/test.h"

static void check_summary(struct test *t, const struct rg_report *report, bool is_verbose,
                          const char *wanted)
{
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, 100000);
    rg_report_text_write(report, is_verbose, &out);
    rg_buffer_append_byte(&out, 0);
    if (!out.failed)
        CHECK_TEXT((const char *)out.data, wanted);
    rg_buffer_fini(&out);
}

static const struct rg_column_moves columns[] = {
    {"id", {.pages = {[RG_VERDICT_COPY] = 10}, .in_bytes = {[RG_VERDICT_COPY] = 1000}}},
    {"city",
     {.pages = {[RG_VERDICT_COPY] = 5, [RG_VERDICT_REMAP] = 5},
      .in_bytes = {[RG_VERDICT_COPY] = 3000, [RG_VERDICT_REMAP] = 1000},
      .reason_pages = {[RG_REASON_DICTIONARIES_DIFFER] = 4, [RG_REASON_TINY_PAGES] = 1}}},
    {"note",
     {.pages = {[RG_VERDICT_DISSOLVE] = 3},
      .in_bytes = {[RG_VERDICT_DISSOLVE] = 2000},
      .reason_pages = {[RG_REASON_VALUES_HARDLY_REPEAT] = 3}}},
};

static struct rg_report report_of_a_job(void)
{
    return (struct rg_report){
        .size = sizeof(struct rg_report),
        .source = "lake",
        .dest = "lake_c",
        .partition_count = 3,
        .partition_written_count = 2,
        .batch_count = 2,
        .file_seen_count = 402,
        .file_alone_count = 1,
        .file_in_count = 401,
        .file_out_count = 2,
        .row_group_in_count = 401,
        .row_group_out_count = 5,
        .row_count = 4010000,
        .in_bytes = UINT64_C(512) << 20,
        .out_bytes = UINT64_C(510) << 20,
        .wall_ns = UINT64_C(3200000000),
        .memory_limit_bytes = UINT64_C(512) << 20,
        .memory_peak_bytes = UINT64_C(98) << 20,
        .moves =
            {.pages = {[RG_VERDICT_COPY] = 15, [RG_VERDICT_REMAP] = 5, [RG_VERDICT_DISSOLVE] = 3},
             .in_bytes = {[RG_VERDICT_COPY] = 4000,
                          [RG_VERDICT_REMAP] = 1000,
                          [RG_VERDICT_DISSOLVE] = 2000},
             .out_bytes = {[RG_VERDICT_COPY] = 4000,
                           [RG_VERDICT_REMAP] = 1100,
                           [RG_VERDICT_DISSOLVE] = 5000},
             .codecs = 1U << RG_CODEC_SNAPPY | 1U << RG_CODEC_ZSTD,
             .levels = {[RG_CODEC_ZSTD] = 3}},
        .columns = columns,
        .column_count = sizeof columns / sizeof columns[0],
    };
}

TEST(a_job_is_summed_up)
{
    struct rg_report report = report_of_a_job();

    check_summary(t, &report, false,
                  "401 files, 401 row groups, 512.0 MiB -> 2 files, 5 row groups, 510.0 MiB\n"
                  "4,010,000 rows in 3.2 s, 168 MB/s, 2 partitions, 2 batches\n"
                  "pages moved by  pages          bytes in  bytes out\n"
                  "copy               15  65.2 %  3.91 KiB   3.91 KiB\n"
                  "remap               5  21.7 %    1000 B   1.07 KiB\n"
                  "dissolve            3  13.0 %  1.95 KiB   4.88 KiB\n"
                  "made anew: compressed with snappy, zstd:3\n"
                  "columns that needed more  how             why\n"
                  "note                      dissolve 100 %  values hardly repeat\n"
                  "city                      remap 25.0 %    dictionaries differ\n"
                  "memory: at most 98.0 MiB of 512.0 MiB\n"
                  "1 file was left alone, named above\n");
}

TEST(doing_nothing_is_said)
{
    struct rg_report report = {.size = sizeof report, .memory_peak_bytes = 2048};

    check_summary(t, &report, false,
                  "nothing to do: no data files\nmemory: at most 2.00 KiB of 0 B\n");
    report.is_selective = true;
    check_summary(t, &report, false,
                  "nothing to do: no data files that --where, --include, --exclude, --files-from "
                  "and --min-age let through\nmemory: at most 2.00 KiB of 0 B\n");
    report.is_selective = false;
    report.memory_peak_bytes = 0;
    report.file_seen_count = 5;
    report.file_done_count = 5;
    check_summary(t, &report, false, "nothing to do: 5 files are recorded already\n");
    report.file_good_count = 1;
    check_summary(t, &report, false,
                  "nothing to do: 5 files are recorded already, 1 is good already\n");
    report.file_done_count = 0;
    report.deleted_count = 3;
    report.deleted_bytes = 3072;
    check_summary(t, &report, false,
                  "nothing to do: 1 file is good already\n3 files removed, 3.00 KiB\n");
    report.dest = "lake_c";
    check_summary(t, &report, false,
                  "nothing to do: 1 file is good already\n"
                  "3 outputs removed that no record needs, 3.00 KiB\n");
    report.dest = NULL;
    report.deleted_count = 0;
    report.file_waiting_count = 1;
    check_summary(t, &report, false,
                  "nothing to do: 1 file is good already, 1 waits for more in its "
                  "partition (--min-input-files)\n");
    report.file_good_count = 0;
    report.file_waiting_count = 2;
    check_summary(t, &report, false,
                  "nothing to do: 2 files wait for more in their partitions "
                  "(--min-input-files)\n");
}

TEST(many_columns_are_cut_unless_asked_for)
{
    struct rg_report report = report_of_a_job();
    struct rg_column_moves many[30];
    char names[30][8];
    struct rg_buffer out;
    size_t lines = 0;

    for (size_t i = 0; i < 30; i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        many[i] = columns[1];
        many[i].column = names[i];
        many[i].moves.in_bytes[RG_VERDICT_REMAP] = (i * 7 % 30) + 1;
    }
    report.columns = many;
    report.column_count = 30;
    rg_buffer_init(&out, &t->allocator, 100000);
    rg_report_text_write(&report, true, &out);
    for (size_t i = 0; i < out.bytes; i++)
        lines += out.data[i] == '\n';
    if (!out.failed)
        CHECK_U64(lines, 2 + 4 + 1 + 31 + 2);
    rg_buffer_reset(&out);
    report.lacks_columns = true;
    rg_report_text_write(&report, false, &out);
    rg_buffer_append_byte(&out, 0);
    if (!out.failed) {
        CHECK(strstr((const char *)out.data, "\nof 30 columns it is known how pages moved: "
                                             "--memory has no room for more\n") != NULL);
        /* 17 * 7 % 30 is 29: the largest. */
        CHECK(strstr((const char *)out.data, "c17 ") != NULL);
        CHECK(strstr((const char *)out.data, "c0 ") == NULL);
        CHECK(strstr((const char *)out.data, "and 22 more; --verbose shows them\n") != NULL);
    }
    rg_buffer_fini(&out);
}

static bool collect(void *user, const void *data, size_t bytes)
{
    struct rg_buffer *out = user;

    rg_buffer_append(out, data, bytes);
    return true;
}

static bool refuse(void *user, const void *data, size_t bytes)
{
    (void)user;
    (void)data;
    (void)bytes;
    return false;
}

TEST(the_document_tells_all)
{
    static const struct rg_batch_file inputs[] = {{"a\"b.parquet", 10, 100, false},
                                                  {"part-000001.parquet", 20, 200, true}};
    static const struct rg_batch_file outputs[] = {{"part-000002.parquet", 30, 290, false}};
    static const struct rg_report_batch batch = {"dt=1/", 2, inputs, 2, outputs, 1};
    static const struct rg_left_alone alone[] = {{"bad.parquet", RG_ERR_CORRUPT, "no magic"}};
    static const struct rg_setting settings[] = {{"memory", "1G", "flag"},
                                                 {"where", NULL, "default"}};
    struct rg_report report = report_of_a_job();
    struct rg_report_json document;
    struct rg_buffer out;
    struct rg_error err;

    report.columns = NULL;
    report.column_count = 0;
    report.lacks_columns = true;
    report.alone = alone;
    report.alone_count = 1;
    report.explanation = "stitch limits the run";
    rg_buffer_init(&out, &t->allocator, 100000);
    rg_report_json_init(&document, &t->allocator, collect, &out);
    enum rg_status status = rg_report_json_batch(&document, &batch, &err);
    if (status == RG_OK)
        status = rg_report_json_finish(&document, &report, settings, 2, &err);
    rg_report_json_fini(&document);
    rg_buffer_append_byte(&out, 0);
    if (status == RG_OK && !out.failed)
        CHECK_TEXT(
            (const char *)out.data,
            "{\"v\":1,\"replaced\":[{\"partition\":\"dt=1/\",\"record\":2,\"inputs\":["
            "{\"path\":\"a\\\"b.parquet\",\"rows\":10,\"bytes\":100},"
            "{\"path\":\"part-000001.parquet\",\"rows\":20,\"bytes\":200,\"home\":true}],"
            "\"outputs\":[{\"path\":\"part-000002.parquet\",\"rows\":30,\"bytes\":290}]}],"
            "\"source\":\"lake\",\"dest\":\"lake_c\",\"in_place\":false,\"dry_run\":false,"
            "\"status\":\"ok\",\"summary\":{\"partitions\":3,\"partitions_written\":2,"
            "\"batches\":2,"
            "\"files_seen\":402,\"files_recorded_before\":0,\"files_good_already\":0,"
            "\"files_waiting\":0,\"files_left_alone\":1,\"files_in\":401,\"files_out\":2,"
            "\"row_groups_in\":401,\"row_groups_out\":5,\"rows\":4010000,\"bytes_in\":536870912,"
            "\"bytes_out\":534773760,\"bytes_out_planned\":0,\"bytes_out_planned_max\":0,"
            "\"files_deleted\":0,\"bytes_deleted\":0,\"wall_ns\":3200000000,\"cpu_ns\":0,"
            "\"memory_limit_bytes\":536870912,\"memory_peak_bytes\":102760448,\"requests\":0,"
            "\"retries\":0},\"moves\":{\"copy\":{\"pages\":15,\"bytes_in\":4000,"
            "\"bytes_out\":4000},\"remap\":{\"pages\":5,\"bytes_in\":1000,\"bytes_out\":1100},"
            "\"dissolve\":{\"pages\":3,\"bytes_in\":2000,\"bytes_out\":5000}},\"reasons\":{},"
            "\"compressed_with\":[\"snappy\",\"zstd:3\"],"
            "\"columns\":[],\"columns_incomplete\":true,\"left_alone\":[{\"path\":\"bad.parquet\","
            "\"status\":\"corrupt\","
            "\"reason\":\"no magic\"}],\"explanation\":\"stitch limits the run\","
            "\"settings\":[{\"name\":\"memory\",\"value\":\"1G\",\"origin\":\"flag\"},"
            "{\"name\":\"where\",\"value\":null,\"origin\":\"default\"}]}\n");
    rg_buffer_fini(&out);
    CHECK_OK(status);
}

TEST(a_document_that_cannot_be_written_fails)
{
    struct rg_report report = report_of_a_job();
    struct rg_report_json document;
    struct rg_error err;

    rg_report_json_init(&document, &t->allocator, refuse, NULL);
    const enum rg_status status = rg_report_json_finish(&document, &report, NULL, 0, &err);
    rg_report_json_fini(&document);
    CHECK(status == RG_ERR_IO || status == RG_ERR_NOMEM);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_job_is_summed_up", a_job_is_summed_up},
        {"doing_nothing_is_said", doing_nothing_is_said},
        {"many_columns_are_cut_unless_asked_for", many_columns_are_cut_unless_asked_for},
        {"the_document_tells_all", the_document_tells_all},
        {"a_document_that_cannot_be_written_fails", a_document_that_cannot_be_written_fails},
    };

    return test_main("report/report_text", cases, sizeof cases / sizeof cases[0], argc, argv);
}
