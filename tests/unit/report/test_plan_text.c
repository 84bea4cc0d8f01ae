/* SPDX-License-Identifier: Apache-2.0 */

#include "report/plan_text.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static bool collect(void *user, const void *data, size_t bytes)
{
    rg_buffer_append(user, data, bytes);
    return true;
}

static const struct rg_column_forecast columns[] = {
    {"id", RG_VERDICT_PROMOTE, RG_REASON_NONE, {[RG_VERDICT_PROMOTE] = 5000}},
    {"city",
     RG_VERDICT_REMAP,
     RG_REASON_DICTIONARIES_DIFFER,
     {[RG_VERDICT_REMAP] = 2000, [RG_VERDICT_COPY] = 48}},
};

static const struct rg_partition_plan partitions[] = {
    {.path = "dt=1/",
     .batch_count = 1,
     .file_in_count = 400,
     .file_out_count = 2,
     .row_group_in_count = 400,
     .row_group_out_count = 5,
     .row_count = 4000,
     .in_bytes = 5000000,
     .out_bytes = 4900000,
     .out_bytes_max = 6000000,
     .out_bytes_min = 4900000,
     .request_count = 1234,
     .memory_bytes = 3000000,
     .memory_bytes_min = 1000000,
     .columns = columns,
     .column_count = 2},
    {.path = "",
     .file_in_count = 3,
     .file_out_count = 1,
     .row_group_in_count = 3,
     .row_group_out_count = 1},
    {.path = "dt=0/", .file_done_count = 7},
};

static const struct rg_report report = {.size = sizeof report, .source = "lake", .dest = "out"};

static void check(struct test *t, struct rg_plan_text *plan, bool is_json, bool is_verbose,
                  const char *wanted)
{
    struct rg_buffer out;
    struct rg_outlet outlet;
    struct rg_error err;

    rg_buffer_init(&out, &t->allocator, 100000);
    rg_outlet_init(&outlet, &t->allocator, collect, &out);
    const enum rg_status status = is_json ? rg_plan_text_json(plan, &outlet, &err)
                                          : rg_plan_text_write(plan, is_verbose, &outlet, &err);
    rg_outlet_fini(&outlet);
    rg_buffer_append_byte(&out, 0);
    if (status == RG_OK && !out.failed)
        CHECK_TEXT((const char *)out.data, wanted);
    rg_buffer_fini(&out);
    CHECK(status == RG_OK || status == RG_ERR_NOMEM);
}

TEST(a_plan_for_people)
{
    struct rg_partition_plan total = partitions[0];
    struct rg_plan_text plan = {partitions, 3, &total, &report};

    total.path = NULL;
    total.file_in_count = 403;
    total.file_done_count = 7;
    total.file_alone_count = 1;
    check(t, &plan, false, false,
          "partition  files  to  row groups  to     bytes  to about   at most  requests  memory "
          "from  no wait from\n"
          "dt=1/        400   2         400   5  4.77 MiB  4.67 MiB  5.72 MiB     1,234    976.6 "
          "KiB      2.86 MiB\n"
          "./             3   1           3   1       0 B       0 B       0 B         0          "
          "0 B           0 B\n"
          "all          403   2         400   5  4.77 MiB  4.67 MiB  5.72 MiB     1,234    976.6 "
          "KiB      2.86 MiB\n"
          "\n"
          "column  most of it by  why                     bytes\n"
          "city    remap          dictionaries differ  2.00 KiB\n"
          "7 files are recorded already\n"
          "1 file is left alone\n");
}

TEST(what_footers_do_not_tell_is_a_range)
{
    struct rg_partition_plan total = partitions[1];
    struct rg_plan_text plan = {NULL, 0, &total, &report};

    total.path = NULL;
    total.out_bytes = 2048;
    total.out_bytes_min = 1024;
    check(t, &plan, false, false,
          "partition  files  to  row groups  to  bytes              to about  at most  requests  "
          "memory from  no wait from\n"
          "all            3   1           3   1    0 B  1.00 KiB to 2.00 KiB      0 B         0  "
          "        0 B           0 B\n"
          "\n"
          "all columns are copied or promoted, as far as footers tell\n");
}

TEST(a_plan_of_nothing)
{
    const struct rg_partition_plan total = {.file_good_count = 2};
    struct rg_plan_text plan = {NULL, 0, &total, &report};

    const struct rg_report waiting = {.size = sizeof waiting, .file_waiting_count = 1};

    check(t, &plan, false, false, "nothing to do\n2 files are good already\n");
    plan.report = &waiting;
    check(t, &plan, false, false,
          "nothing to do\n2 files are good already\n"
          "1 file waits for more in its partition (--min-input-files)\n");
    plan.report = &report;
    check(t, &plan, true, false,
          "{\"v\":1,\"source\":\"lake\",\"dest\":\"out\",\"in_place\":false,\"total\":{"
          "\"batches\":0,\"files_in\":0,\"files_out\":0,\"row_groups_in\":0,"
          "\"row_groups_out\":0,\"rows\":0,\"bytes_in\":0,\"bytes_out\":0,\"bytes_out_max\":0,"
          "\"requests\":0,\"memory_bytes\":0,\"memory_bytes_min\":0,\"files_left_alone\":0,"
          "\"files_recorded_before\":0,\"files_good_already\":2,\"columns\":[]},"
          "\"partitions\":[]}\n");
}

TEST(a_plan_as_data_has_columns)
{
    struct rg_buffer out;
    struct rg_outlet outlet;
    struct rg_error err;
    const struct rg_plan_text plan = {partitions, 1, &partitions[0], &report};

    rg_buffer_init(&out, &t->allocator, 100000);
    rg_outlet_init(&outlet, &t->allocator, collect, &out);
    const enum rg_status status = rg_plan_text_json(&plan, &outlet, &err);
    rg_outlet_fini(&outlet);
    rg_buffer_append_byte(&out, 0);
    if (status == RG_OK && !out.failed)
        CHECK(strstr((const char *)out.data,
                     "{\"column\":\"city\",\"verdict\":\"remap\",\"reason\":\"dictionaries "
                     "differ\",\"bytes_in\":{\"copy\":48,\"remap\":2000}}") != NULL);
    rg_buffer_fini(&out);
    CHECK(status == RG_OK || status == RG_ERR_NOMEM);
}

TEST(most_gain_comes_first)
{
    const struct rg_partition_plan more = {
        .path = "z/", .row_group_in_count = 9, .row_group_out_count = 1};
    const struct rg_partition_plan less = {
        .path = "a/", .row_group_in_count = 20, .row_group_out_count = 15, .file_in_count = 100};
    const struct rg_partition_plan files = {
        .path = "b/", .row_group_in_count = 5, .file_in_count = 101};
    const struct rg_partition_plan worse = {.path = "a/", .row_group_out_count = 1};

    CHECK(rg_plan_text_compare(&more, &less) < 0);
    CHECK(rg_plan_text_compare(&less, &more) > 0);
    CHECK(rg_plan_text_compare(&files, &less) < 0);
    CHECK(rg_plan_text_compare(&less, &worse) < 0);
    CHECK(rg_plan_text_compare(&less, &less) == 0);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_plan_for_people", a_plan_for_people},
        {"what_footers_do_not_tell_is_a_range", what_footers_do_not_tell_is_a_range},
        {"a_plan_of_nothing", a_plan_of_nothing},
        {"a_plan_as_data_has_columns", a_plan_as_data_has_columns},
        {"most_gain_comes_first", most_gain_comes_first},
    };

    return test_main("report/plan_text", cases, sizeof cases / sizeof cases[0], argc, argv);
}
