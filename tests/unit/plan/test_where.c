/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/where.h"

#include <string.h>

#include "support/test.h"

TEST(paths_are_wanted_or_not)
{
    static const struct {
        const char *where;
        const char *path;
        bool is_wanted;
        bool may_below;
    } rows[] = {
        {"dt=2024-05-01", "dt=2024-05-01/", true, true},
        {"dt=2024-05-01", "dt=2024-05-02/", false, false},
        {"dt=2024-05-01", "", false, true},
        {"dt>=2024-05-01", "dt=2024-11-01/", true, true},
        {"dt >= 2024-05-01 and dt < 2024-06-01", "dt=2024-05-31/", true, true},
        {"dt >= 2024-05-01 AND dt < 2024-06-01", "dt=2024-06-01/", false, false},
        {"month<10", "month=9/", true, true},
        {"month<10", "month=09/", true, true},
        {"month<10", "month=10/", false, false},
        {"month=5", "month=05/", true, true},
        {"name<10", "name=9x/", false, false},
        {"a != 1", "a=2/", true, true},
        {"a != 1", "a=1.0/", false, false},
        {"a<='b c'", "a=b%20c/", true, true},
        {"a=\"it's\"", "a=it's/", true, true},
        {"a='it''s'", "a=it's/", true, true},
        {"a=b=c", "a=b=c/", true, true},
        {"a=x and b=y", "a=x/b=y/", true, true},
        {"a=x and b=y", "a=x/", false, true},
        {"a=x and b=y", "a=x/b=z/", false, false},
        {"a=x", "z/a=x/w/", true, true},
        {"a=x", "a=x/a=y/", false, false},
        {"a=x", "a=%zz/", false, false},
        {"a=%zz", "a=%zz/", true, true},
        {"a=%4", "a=%4/", true, true},
        {"a=''", "a=/", true, true},
        {"a!=x", "a=__HIVE_DEFAULT_PARTITION__/", false, false},
        {"a<zzz", "a=__HIVE_DEFAULT_PARTITION__/", false, false},
        {"a=__HIVE_DEFAULT_PARTITION__", "a=__HIVE_DEFAULT_PARTITION__/", true, true},
        {"a!=__HIVE_DEFAULT_PARTITION__", "a=x/", false, false},
        {"and=1", "and=1/", true, true},
        {"a=1 and and=2", "a=1/and=2/", true, true},
        {"%C3%A9=1", "x/", false, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_arena arena;
        struct rg_where where = {0};
        const struct rg_span path = rg_span_of(rows[i].path);

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        const enum rg_status status = rg_where_parse(rows[i].where, &arena, &where, &t->err);
        const bool is_wanted = status == RG_OK && rg_where_matches(&where, path);
        const bool may_below = status == RG_OK && rg_where_may_match_below(&where, path);
        rg_arena_fini(&arena);
        CHECK_OK(status);
        if (is_wanted != rows[i].is_wanted || may_below != rows[i].may_below)
            test_fail(__FILE__, __LINE__, "%s and %s", rows[i].where, rows[i].path);
    }
}

TEST(mistakes_are_named_with_their_place)
{
    static const struct {
        const char *where;
        const char *text;
    } rows[] = {
        {"", "ends where a key should be"},
        {"dt", "ends where one of = != < <= > >= should be"},
        {"dt=", "ends where a value should be"},
        {"dt==1", "at character 4 ('=1')"},
        {"dt<>1", "at character 4"},
        {"dt=1 or dt=2", "at character 6 ('or dt=2'): 'and', or the end, should be here"},
        {"dt=1 and", "ends where a key should be"},
        {"dt=1 android=2", "'and', or the end,"},
        {"dt='1", "a quote (') is not closed"},
        {"=1", "at character 1"},
        {"a ! 1", "at character 3"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_arena arena;
        struct rg_where where;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        const enum rg_status status = rg_where_parse(rows[i].where, &arena, &where, &t->err);
        rg_arena_fini(&arena);
        CHECK_ERROR(status, RG_ERR_INVALID, rows[i].text);
    }
}

TEST(numbers_are_compared_exactly)
{
    static const struct {
        const char *a;
        const char *b;
        int order;
    } rows[] = {
        {"9", "10", -1},
        {"-9", "-10", 1},
        {"0", "-0", 0},
        {"+5", "5.0", 0},
        {"1.5", "1.25", 1},
        {"123456789012345678901234567890", "123456789012345678901234567891", -1},
        {"-1", "1", -1},
        {"1e3", "2", -1}, /* Not a decimal number: as text. */
        {"1.", "1", 1},
        {".5", "0.5", -1},
        {"", "0", -1},
        {"-", "0", -1},
        {"b", "a", 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const int order = rg_where_compare(rg_span_of(rows[i].a), rg_span_of(rows[i].b));
        const int back = rg_where_compare(rg_span_of(rows[i].b), rg_span_of(rows[i].a));

        CHECK_I64((order > 0) - (order < 0), rows[i].order);
        CHECK_I64((back > 0) - (back < 0), -rows[i].order);
    }
}

TEST(there_is_an_end_to_conditions)
{
    struct rg_arena arena;
    struct rg_where where;
    char text[RG_WHERE_BYTES_MAX + 2] = "a=1";

    for (int i = 0; i < RG_WHERE_TERMS_MAX; i++)
        strcat(text, " and a=1");
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const enum rg_status many = rg_where_parse(text, &arena, &where, &t->err);
    memset(text, 'a', RG_WHERE_BYTES_MAX + 1);
    const enum rg_status large = rg_where_parse(text, &arena, &where, &t->err);
    rg_arena_fini(&arena);
    CHECK(many == RG_ERR_INVALID || many == RG_ERR_NOMEM);
    CHECK(large == RG_ERR_INVALID);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"paths_are_wanted_or_not", paths_are_wanted_or_not},
        {"mistakes_are_named_with_their_place", mistakes_are_named_with_their_place},
        {"numbers_are_compared_exactly", numbers_are_compared_exactly},
        {"there_is_an_end_to_conditions", there_is_an_end_to_conditions},
    };

    return test_main("plan/where", cases, sizeof cases / sizeof cases[0], argc, argv);
}
