/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/options.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

TEST(defaults_are_those_of_the_documentation)
{
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_U64(o.row_group_bytes, UINT64_C(128) << 20);
    CHECK_U64(o.row_group_rows_max, 0);
    CHECK_U64(o.row_groups_per_file, 3);
    CHECK_U64(o.batch_bytes, UINT64_C(16) << 30);
    CHECK_U64(o.memory.bytes, 0);
    CHECK_U64(o.memory.percent, 0);
    CHECK_U64(o.order.term_count, 1);
    CHECK(o.order.terms[0].key == RG_SORT_PATH && !o.order.terms[0].is_descending);
    CHECK_U64(o.codec.codec, RG_CODEC_KEEP);
    CHECK_U64(o.schema, RG_SCHEMA_STRICT);
    CHECK_U64(o.verify, RG_VERIFY_META);
    CHECK_U64(o.min_age_ns, 0);
    CHECK_U64(o.min_input_files, 2);
    CHECK_U64(o.grace_ns, 0);
    CHECK_U64(o.io_max, 256);
    CHECK_U64(o.worker_count, 0);
    CHECK_U64(o.progress, RG_PROGRESS_AUTO);
    CHECK_U64(o.older_than_ns, UINT64_C(86400000000000));
    CHECK(o.report == NULL && o.report_json == NULL && o.config == NULL && o.files_from == NULL);
    CHECK(!o.takes_all && !o.is_in_place && !o.is_alone && !o.is_dry_run && !o.is_unsigned);
    CHECK_U64(rg_options_file_bytes(&o), UINT64_C(384) << 20);
    CHECK_OK(rg_options_check(&o, &t->err));
    rg_options_fini(&o);
}

/* Every row has what its readers rely on. */
TEST(the_table_is_in_order)
{
    size_t count;
    const struct rg_option *table = rg_option_table(&count);

    for (size_t i = 0; i < count; i++) {
        const struct rg_option_info *info = &table[i].info;
        char name[RG_OPTION_ENVIRONMENT_BYTES_MAX];

        CHECK(info->help != NULL && info->help[0] != 0 && strchr(info->help, '\n') == NULL);
        CHECK(info->help[strlen(info->help) - 1] != '.');
        CHECK(info->commands != 0 && (info->commands & ~(uint32_t)RG_COMMAND_ALL) == 0);
        CHECK(strlen(info->name) < 40);
        rg_option_environment(info, name);
        CHECK(strncmp(name, "REGROUP_", 8) == 0 && strlen(name) == 8 + strlen(info->name));
        CHECK((table[i].kind == RG_OPTION_CHOICE) == (info->choices != NULL));
        CHECK(rg_option_find(info->name) == info);
        for (size_t j = 0; j < i; j++) {
            CHECK(strcmp(table[j].info.name, info->name) != 0);
            CHECK(info->short_name == 0 || table[j].info.short_name != info->short_name);
        }
    }
    CHECK(rg_option_at(count) == NULL);
    CHECK(rg_option_find("no-such-thing") == NULL);
}

TEST(names_in_the_environment)
{
    char name[RG_OPTION_ENVIRONMENT_BYTES_MAX];

    rg_option_environment(rg_option_find("row-groups-per-file"), name);
    CHECK_TEXT(name, "REGROUP_ROW_GROUPS_PER_FILE");
}

TEST(values_become_fields)
{
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_OK(rg_options_set(&o, "memory", "512MiB", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.memory.bytes, UINT64_C(512) << 20);
    CHECK_OK(rg_options_set(&o, "memory", "25%", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.memory.bytes, 0);
    CHECK_U64(o.memory.percent, 25);
    CHECK_OK(
        rg_options_set(&o, "order", "col:a.b:desc,rows,size:desc,path", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.order.term_count, 4);
    CHECK_U64(o.order.column_count, 1);
    CHECK_TEXT(o.order.terms[0].column, "a.b");
    CHECK(o.order.terms[0].is_descending && !o.order.terms[1].is_descending);
    CHECK(o.order.terms[1].key == RG_SORT_ROWS && o.order.terms[2].key == RG_SORT_SIZE);
    CHECK_OK(rg_options_set(&o, "codec", "zstd:7", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.codec.codec, RG_CODEC_ZSTD);
    CHECK_I64(o.codec.level, 7);
    CHECK_OK(rg_options_set(&o, "codec", "zstd", RG_ORIGIN_FLAG, &t->err));
    CHECK_I64(o.codec.level, rg_codec_level_default(RG_CODEC_ZSTD));
    CHECK_OK(rg_options_set(&o, "row-group-rows", "1000000", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.row_group_rows_max, 1000000);
    CHECK_OK(rg_options_set(&o, "row-group-rows", "none", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.row_group_rows_max, 0);
    CHECK_OK(rg_options_set(&o, "schema", "union", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.schema, RG_SCHEMA_UNION);
    CHECK_OK(rg_options_set(&o, "encoding", "small", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.encoding, RG_STITCH_ENCODING_SMALL);
    CHECK_U64(rg_options_stitch(&o).encoding, RG_STITCH_ENCODING_SMALL);
    CHECK_OK(rg_options_set(&o, "bloom", "user,a.b,id", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.bloom.count, 3);
    CHECK_TEXT(o.bloom.paths[0], "a.b");
    CHECK(rg_column_list_has(&o.bloom, rg_span_of("user")));
    CHECK(!rg_column_list_has(&o.bloom, rg_span_of("use")));
    CHECK_OK(rg_options_set(&o, "progress", "json", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.progress, RG_PROGRESS_JSON);
    CHECK_OK(rg_options_set(&o, "all", "true", RG_ORIGIN_FLAG, &t->err));
    CHECK(o.takes_all && rg_options_is_on(&o, "all"));
    CHECK_OK(rg_options_set(&o, "all", "No", RG_ORIGIN_FLAG, &t->err));
    CHECK(!o.takes_all && !rg_options_is_on(&o, "all"));
    CHECK_OK(rg_options_set(&o, "verbose", "true", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "verbose", "true", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.verbose_count, 2);
    CHECK_OK(rg_options_set(&o, "endpoint-url", "http://127.0.0.1:9000", RG_ORIGIN_FLAG, &t->err));
    CHECK_TEXT(o.source_place.endpoint_url, "http://127.0.0.1:9000");
    CHECK_TEXT(rg_options_get(&o, "endpoint-url"), "http://127.0.0.1:9000");
    CHECK(rg_options_origin(&o, "endpoint-url") == RG_ORIGIN_FLAG);
    CHECK(rg_options_origin(&o, "region") == RG_ORIGIN_DEFAULT);
    rg_options_fini(&o);
}

TEST(wrong_values_are_named_and_leave_no_trace)
{
    static const struct {
        const char *name;
        const char *value;
        const char *text;
    } rows[] = {
        {"memory", "12X", "--memory: '12X' is no size"},
        {"memory", "0", "--memory: '0' is no memory at all"},
        {"memory", "200%", "--memory: '200%' is no share"},
        {"row-group-size", "2GiB", "--row-group-size: '2GiB' is too large: at most 1073741824"},
        {"row-group-size", "1", "too small: at least 1024"},
        {"row-groups-per-file", "0", "too small"},
        {"row-groups-per-file", "40000", "too large: at most 32767"},
        {"row-group-rows", "0", "too small"},
        {"encoding", "smaller", "'smaller' is none of: keep small"},
        {"bloom", "a,,b", "--bloom: a column without a name"},
        {"bloom", "", "--bloom: a column without a name"},
        {"order", "name", "'name' is none of: path, size, rows, col:NAME"},
        {"order", "", "'' is none of"},
        {"order", "path,", "'' is none of"},
        {"order", "col:", "'col:' is none of"},
        {"order", "path:asc", "'path:asc' is none of"},
        {"codec", "lzo", "'lzo' is none of: keep, snappy"},
        {"codec", "keep:1", "keep has no levels"},
        {"codec", "snappy:1", "this codec has no levels"},
        {"codec", "zstd:99", "levels of this codec are"},
        {"codec", "zstd:-3", "levels of this codec are"},
        {"codec", "zstd:", "'' is no whole number"},
        {"codec", "zstd:x", "'x' is no whole number"},
        {"schema", "loose", "'loose' is none of: strict union"},
        {"schema", "", "'' is none of"},
        {"verify", "met", "'met' is none of"},
        {"all", "perhaps", "'perhaps' is neither true nor false"},
        {"where", "dt", "--where: ends where one of"},
        {"include", "a[", "'[' without its ']'"},
        {"min-age", "5", "is no duration"},
        {"region", "", "an empty text"},
        {"help", "true", "--help: cannot be set"},
        {"no-such-option", "1", "there is no option 'no-such-option'"},
    };
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_options before = o;

        CHECK_ERROR(rg_options_set(&o, rows[i].name, rows[i].value, RG_ORIGIN_FLAG, &t->err),
                    RG_ERR_INVALID, rows[i].text);
        struct rg_options after = o;
        after.arena = before.arena;
        CHECK(memcmp(&before, &after, sizeof after) == 0);
    }
    CHECK_ERROR(rg_options_set(&o, "help", "true", RG_ORIGIN_FILE, &t->err), RG_ERR_INVALID,
                "there is no option 'help'");
    rg_options_fini(&o);
}

TEST(flag_over_environment_over_file)
{
    static const char config[] = "memory = 1G\njobs=2\nio = 7\n";
    static const char *const environment[] = {"PATH=/bin",       "REGROUP_JOBS=3", "REGROUP_IO=8",
                                              "REGROUP_REGION=", "REGROUP_HELP=1", NULL};
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_OK(rg_options_set(&o, "io", "9", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set_environment(&o, environment, &t->err));
    CHECK_OK(rg_options_set_config(&o, config, sizeof config - 1, "x.conf", &t->err));
    CHECK_U64(o.memory.bytes, UINT64_C(1) << 30);
    CHECK_U64(o.worker_count, 3);
    CHECK_U64(o.io_max, 9);
    CHECK(rg_options_origin(&o, "memory") == RG_ORIGIN_FILE);
    CHECK(rg_options_origin(&o, "jobs") == RG_ORIGIN_ENVIRONMENT);
    CHECK(rg_options_origin(&o, "io") == RG_ORIGIN_FLAG);
    CHECK(o.source_place.region == NULL);
    /* A wrong value is an error also where it does not count. */
    CHECK_ERROR(rg_options_set(&o, "io", "x", RG_ORIGIN_ENVIRONMENT, &t->err), RG_ERR_INVALID,
                "REGROUP_IO: 'x' is no whole number");
    CHECK_U64(o.io_max, 9);
    rg_options_fini(&o);
}

TEST(repeatable_options_add_up_within_an_origin)
{
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_OK(rg_options_set(&o, "include", "a*", RG_ORIGIN_FILE, &t->err));
    CHECK_OK(rg_options_set(&o, "include", "b*", RG_ORIGIN_FILE, &t->err));
    CHECK_OK(rg_options_set(&o, "include", "c*", RG_ORIGIN_FILE, &t->err));
    CHECK_U64(o.include.glob_count, 3);
    CHECK(rg_glob_matches(o.include.globs[0], rg_span_of("ax")));
    CHECK(rg_glob_matches(o.include.globs[2], rg_span_of("cx")));
    CHECK_OK(rg_options_set(&o, "include", "d*", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.include.glob_count, 1);
    CHECK(rg_glob_matches(o.include.globs[0], rg_span_of("dx")));
    CHECK_OK(rg_options_set(&o, "include", "e*", RG_ORIGIN_FILE, &t->err));
    CHECK_U64(o.include.glob_count, 1);
    CHECK_OK(rg_options_set(&o, "include", "", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.include.glob_count, 0);
    CHECK_OK(rg_options_set(&o, "where", "a=1 and b=2", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "where", "c=3", RG_ORIGIN_FLAG, &t->err));
    CHECK_U64(o.where.term_count, 3);
    CHECK(rg_where_matches(&o.where, rg_span_of("a=1/b=2/c=3/")));
    CHECK(!rg_where_matches(&o.where, rg_span_of("a=1/b=2/")));
    rg_options_fini(&o);
}

TEST(configuration_files)
{
    static const char good[] =
        "# a comment\n\n  memory =  4G  \r\nprofile=\"a = b \"\n\tall = true";
    static const char wrong[] = "memory = 4G\nmemroy = 4G\n";
    static const char line[] = "\n\njust words\n";
    static const char nul[] = "memory = 4G\0\n";
    static const char value[] = "jobs = none\n";
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_OK(rg_options_set_config(&o, good, sizeof good - 1, "x.conf", &t->err));
    CHECK_U64(o.memory.bytes, UINT64_C(4) << 30);
    CHECK_TEXT(o.source_place.profile, "a = b ");
    CHECK(o.takes_all);
    CHECK_ERROR(rg_options_set_config(&o, wrong, sizeof wrong - 1, "x.conf", &t->err),
                RG_ERR_INVALID, "x.conf:2: there is no option 'memroy'");
    CHECK_ERROR(rg_options_set_config(&o, line, sizeof line - 1, "x.conf", &t->err), RG_ERR_INVALID,
                "x.conf:3: lines are like 'memory = 4G'");
    CHECK_ERROR(rg_options_set_config(&o, nul, sizeof nul - 1, "x.conf", &t->err), RG_ERR_INVALID,
                "x.conf:1: a NUL byte");
    CHECK_ERROR(rg_options_set_config(&o, value, sizeof value - 1, "x.conf", &t->err),
                RG_ERR_INVALID, "x.conf:1: jobs: 'none' is no whole number");
    CHECK_ERROR(rg_options_set_config(&o, good, (1 << 20) + 1, "x.conf", &t->err), RG_ERR_LIMIT,
                "x.conf: a configuration of 1048577 bytes");
    rg_options_fini(&o);
}

/* `count` times `word`, with commas between. */
static const char *repeat(const char *word, unsigned count, char *text, size_t bytes)
{
    size_t at = 0;

    text[0] = 0;
    for (unsigned i = 0; i < count && at < bytes; i++)
        at += (size_t)snprintf(text + at, bytes - at, "%s%s", i > 0 ? "," : "", word);
    return text;
}

TEST(lists_have_an_end)
{
    struct rg_options o;
    char text[2000];

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_OK(rg_options_set(&o, "order", repeat("rows", 16, text, sizeof text), RG_ORIGIN_FLAG,
                            &t->err));
    CHECK_U64(o.order.term_count, 16);
    CHECK_ERROR(
        rg_options_set(&o, "order", repeat("rows", 17, text, sizeof text), RG_ORIGIN_FLAG, &t->err),
        RG_ERR_INVALID, "--order: more than 16 keys");
    CHECK_OK(rg_options_set(&o, "bloom", repeat("a.b", 256, text, sizeof text), RG_ORIGIN_FLAG,
                            &t->err));
    CHECK_U64(o.bloom.count, 256);
    CHECK_ERROR(
        rg_options_set(&o, "bloom", repeat("a.b", 257, text, sizeof text), RG_ORIGIN_FLAG, &t->err),
        RG_ERR_INVALID, "--bloom: more than 256 columns");
    rg_options_fini(&o);
}

/* As they will be written: quotes are two bytes, control characters six. */
TEST(names_of_columns_have_room_in_the_ledger)
{
    static const struct {
        const char *name;
        const char *front;
        const char *character;
        size_t count; /* Of them: the longest value. */
        const char *error;
    } rows[] = {
        {"bloom", "", "x", 32768, "--bloom: its names take 32769 bytes"},
        {"bloom", "", "\"", 16384, "--bloom: its names take 32770 bytes"},
        {"bloom", "ab", "\x01", 5461, "--bloom: its names take 32774 bytes"},
        {"bloom", "ab", "\xff", 10922, "--bloom: its names take 32771 bytes"},
        {"bloom", "", "\xc3\xa4", 16384, "--bloom: its names take 32770 bytes"},
        {"order", "col:", "x", 8188, "--order: its names take 8193 bytes"},
    };
    static char text[40000];
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t at = (size_t)snprintf(text, sizeof text, "%s", rows[i].front);

        for (size_t k = 0; k < rows[i].count; k++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s", rows[i].character);
        CHECK_OK(rg_options_set(&o, rows[i].name, text, RG_ORIGIN_FLAG, &t->err));
        (void)snprintf(text + at, sizeof text - at, "%s", rows[i].character);
        CHECK_ERROR(rg_options_set(&o, rows[i].name, text, RG_ORIGIN_FLAG, &t->err), RG_ERR_INVALID,
                    rows[i].error);
    }
    rg_options_fini(&o);
}

TEST(options_that_exclude_one_another)
{
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_OK(rg_options_set(&o, "null", "true", RG_ORIGIN_FLAG, &t->err));
    CHECK_ERROR(rg_options_check(&o, &t->err), RG_ERR_INVALID, "--files-from");
    CHECK_OK(rg_options_set(&o, "files-from", "-", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_check(&o, &t->err));
    CHECK_OK(rg_options_set(&o, "quiet", "true", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "verbose", "true", RG_ORIGIN_FLAG, &t->err));
    CHECK_ERROR(rg_options_check(&o, &t->err), RG_ERR_INVALID, "exclude one another");
    rg_options_fini(&o);
}

TEST(a_flag_takes_back_what_the_environment_says)
{
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_OK(rg_options_set(&o, "null", "true", RG_ORIGIN_ENVIRONMENT, &t->err));
    CHECK_OK(rg_options_set(&o, "verbose", "2", RG_ORIGIN_ENVIRONMENT, &t->err));
    CHECK_U64(rg_options_count(&o, "verbose"), 2);
    CHECK_OK(rg_options_set(&o, "quiet", "true", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_check(&o, &t->err));
    CHECK_U64(rg_options_count(&o, "verbose"), 0);
    CHECK_U64(rg_options_count(&o, "quiet"), 1);
    rg_options_fini(&o);
}

TEST(shape_is_a_line_that_tells_all_shaping_options)
{
    struct rg_options o;
    struct rg_buffer out;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    rg_buffer_init(&out, &t->allocator, 1000);
    rg_options_shape(&o, &out);
    rg_buffer_append_byte(&out, '\n');
    CHECK_OK(rg_options_set(&o, "codec", "zstd:5", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "order", "col:x,rows:desc", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "memory", "1G", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "row-group-rows", "5", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "schema", "union", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "encoding", "small", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(rg_options_set(&o, "bloom", "b,a", RG_ORIGIN_FLAG, &t->err));
    rg_options_shape(&o, &out);
    rg_buffer_append_byte(&out, 0);
    rg_options_fini(&o);
    if (!out.failed)
        CHECK_TEXT((const char *)out.data,
                   "row-group-size=134217728 row-group-rows=0 row-groups-per-file=3 "
                   "page-size=1048576 page-rows=0 codec=keep schema=strict order=path\n"
                   "row-group-size=134217728 row-group-rows=5 row-groups-per-file=3 "
                   "page-size=1048576 page-rows=0 codec=zstd:5 encoding=small bloom=a,b "
                   "schema=union "
                   "order=col:x,rows:desc");
    rg_buffer_fini(&out);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"defaults_are_those_of_the_documentation", defaults_are_those_of_the_documentation},
        {"the_table_is_in_order", the_table_is_in_order},
        {"names_in_the_environment", names_in_the_environment},
        {"values_become_fields", values_become_fields},
        {"wrong_values_are_named_and_leave_no_trace", wrong_values_are_named_and_leave_no_trace},
        {"flag_over_environment_over_file", flag_over_environment_over_file},
        {"repeatable_options_add_up_within_an_origin", repeatable_options_add_up_within_an_origin},
        {"configuration_files", configuration_files},
        {"names_of_columns_have_room_in_the_ledger", names_of_columns_have_room_in_the_ledger},
        {"lists_have_an_end", lists_have_an_end},
        {"options_that_exclude_one_another", options_that_exclude_one_another},
        {"a_flag_takes_back_what_the_environment_says",
         a_flag_takes_back_what_the_environment_says},
        {"shape_is_a_line_that_tells_all_shaping_options",
         shape_is_a_line_that_tells_all_shaping_options},
    };

    return test_main("plan/options", cases, sizeof cases / sizeof cases[0], argc, argv);
}
