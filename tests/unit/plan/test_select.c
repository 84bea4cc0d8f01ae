/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/select.h"

#include <stdio.h>

#include "support/test.h"

TEST(names_tell_data)
{
    static const struct {
        const char *name;
        enum rg_select wanted;
    } rows[] = {
        {"a.parquet", RG_SELECT_YES},
        {"a.parq", RG_SELECT_YES},
        {"a.pq", RG_SELECT_YES},
        {"a.PARQUET", RG_SELECT_YES},
        {"a.snappy.parquet", RG_SELECT_YES},
        {"a.parquet.crc", RG_SELECT_NO},
        {"a.csv", RG_SELECT_NO},
        {"a.", RG_SELECT_NO},
        {"000000_0", RG_SELECT_MAGIC},
        {"part-00000", RG_SELECT_MAGIC},
        {"", RG_SELECT_NO},
        {"a.parquets", RG_SELECT_NO},
        {"parquet", RG_SELECT_MAGIC},
        {".parquet", RG_SELECT_YES},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rg_select_by_name(rg_span_of(rows[i].name)) != rows[i].wanted)
            test_fail(__FILE__, __LINE__, "%s", rows[i].name);
}

TEST(hidden_components_hide_what_lies_below)
{
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK(rg_select_file(&o, rg_span_of("a.parquet")) == RG_SELECT_YES);
    CHECK(rg_select_file(&o, rg_span_of(".a.parquet")) == RG_SELECT_NO);
    CHECK(rg_select_file(&o, rg_span_of("_a.parquet")) == RG_SELECT_NO);
    CHECK(rg_select_file(&o, rg_span_of("_a=1.parquet")) == RG_SELECT_YES);
    CHECK(rg_select_file(&o, rg_span_of("_dt=1/a.parquet")) == RG_SELECT_YES);
    CHECK(rg_select_file(&o, rg_span_of("_tmp/x/a.parquet")) == RG_SELECT_NO);
    CHECK(rg_select_file(&o, rg_span_of("x/.git/a.parquet")) == RG_SELECT_NO);
    CHECK(rg_select_file(&o, rg_span_of("x/_SUCCESS")) == RG_SELECT_NO);
    CHECK(rg_select_file(&o, rg_span_of("x/data")) == RG_SELECT_MAGIC);
    CHECK(!rg_select_prefix(&o, rg_span_of("_regroup/")));
    CHECK(!rg_select_prefix(&o, rg_span_of("x/.y/")));
    CHECK(rg_select_prefix(&o, rg_span_of("x/_y=1/")));
    CHECK(rg_select_prefix(&o, rg_span_of("")));
    rg_options_fini(&o);
}

TEST(globs_and_keys_select)
{
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_OK(rg_options_set(&o, "include", "dt=*/**", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "exclude", "**/bad*", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "exclude", "dt=2024-02/**", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "where", "dt>=2024-01", RG_ORIGIN_FLAG, &t->err));
    CHECK(rg_select_file(&o, rg_span_of("dt=2024-01/a.pq")) == RG_SELECT_YES);
    CHECK(rg_select_file(&o, rg_span_of("dt=2024-01/bad.pq")) == RG_SELECT_NO);
    CHECK(rg_select_file(&o, rg_span_of("dt=2024-02/a.pq")) == RG_SELECT_NO);
    CHECK(rg_select_file(&o, rg_span_of("dt=2023-12/a.pq")) == RG_SELECT_NO);
    CHECK(rg_select_file(&o, rg_span_of("other/a.pq")) == RG_SELECT_NO);
    /* The key must be a directory's: a file's own name does not count. */
    CHECK(rg_select_file(&o, rg_span_of("dt=2024-01.pq")) == RG_SELECT_NO);
    CHECK(rg_select_prefix(&o, rg_span_of("dt=2024-01/")));
    CHECK(!rg_select_prefix(&o, rg_span_of("dt=2024-02/")));
    CHECK(!rg_select_prefix(&o, rg_span_of("dt=2023-12/")));
    CHECK(!rg_select_prefix(&o, rg_span_of("other/")));
    rg_options_fini(&o);
}

TEST(young_files_are_left)
{
    struct rg_options o;
    static const uint64_t second = UINT64_C(1000000000);

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK(rg_select_is_old_enough(&o, 100 * second, 50 * second));
    CHECK_OK(rg_options_set(&o, "min-age", "90s", RG_ORIGIN_FLAG, &t->err));
    CHECK(rg_select_is_old_enough(&o, 100 * second, 190 * second));
    CHECK(!rg_select_is_old_enough(&o, 100 * second, 190 * second - 1));
    CHECK(!rg_select_is_old_enough(&o, 100 * second, 50 * second));
    rg_options_fini(&o);
}

TEST(table_formats_are_told_by_their_folders)
{
    CHECK_TEXT(rg_select_table_format(rg_span_of("_delta_log/")), "Delta Lake");
    CHECK_TEXT(rg_select_table_format(rg_span_of(".hoodie/")), "Hudi");
    CHECK_TEXT(rg_select_table_format(rg_span_of("metadata/v3.metadata.json")), "Iceberg");
    static const char *const iceberg[] = {
        "v12.gz.metadata.json",
        "v1.metadata.json.gz",
        "00000-12345678-9abc-def0-1234-56789abcdef0.metadata.json",
        "00000-12345678-9ABC-def0-1234-56789abcdef0.gz.metadata.json",
        "12345678-9abc-def0-1234-56789abcdef0.metadata.json",
    };
    static const char *const others[] = {
        "",
        ".metadata.json",
        "v.metadata.json",
        "v1x.metadata.json",
        "v1.metadata.jsonl",
        "1-a.metadata.json",
        "report.pdf.metadata.json",
        "00000-12345678-9abc-def0-1234-56789abcdef.metadata.json",
        "12345678-9abc-def0-1234-56789abcdefg.metadata.json",
        "12345678_9abc-def0-1234-56789abcdef0.metadata.json",
    };
    char name[128];

    for (size_t i = 0; i < sizeof iceberg / sizeof iceberg[0]; i++) {
        (void)snprintf(name, sizeof name, "metadata/%s", iceberg[i]);
        CHECK_TEXT(rg_select_table_format(rg_span_of(name)), "Iceberg");
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        (void)snprintf(name, sizeof name, "metadata/%s", others[i]);
        CHECK(rg_select_table_format(rg_span_of(name)) == NULL);
    }
    CHECK(rg_select_table_format(rg_span_of("metadata/")) == NULL);
    CHECK(rg_select_table_format(rg_span_of("metadata/notes.json")) == NULL);
    CHECK(rg_select_table_format(rg_span_of("_delta_log")) == NULL);
}

TEST(partition_is_the_directory)
{
    const struct rg_span root = rg_select_partition_of(rg_span_of("a.pq"));
    const struct rg_span deep = rg_select_partition_of(rg_span_of("a=1/b=2/c.pq"));

    CHECK_U64(root.bytes, 0);
    CHECK(rg_span_equal(deep, rg_span_of("a=1/b=2/")));
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"names_tell_data", names_tell_data},
        {"hidden_components_hide_what_lies_below", hidden_components_hide_what_lies_below},
        {"globs_and_keys_select", globs_and_keys_select},
        {"young_files_are_left", young_files_are_left},
        {"table_formats_are_told_by_their_folders", table_formats_are_told_by_their_folders},
        {"partition_is_the_directory", partition_is_the_directory},
    };

    return test_main("plan/select", cases, sizeof cases / sizeof cases[0], argc, argv);
}
