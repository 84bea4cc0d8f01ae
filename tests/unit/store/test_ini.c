/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/ini.h"

#include <string.h>

#include "support/test.h"

static const char file_text[] = "# comment\n"
                                "before = ignored\n"
                                "[default]\n"
                                "Region = eu-west-1 \r\n"
                                "s3 =\n"
                                "  addressing_style = path\n"
                                "\tmax = 3\n"
                                "last = x = y # kept\n"
                                "; comment\n"
                                "[ profile  \"my name\" ]\n"
                                "region=a\n"
                                "region=b\n"
                                "no equals sign\n"
                                "[broken\n"
                                "after = broken\n"
                                "empty =\n"
                                "[services s]\n"
                                "s3 =\n"
                                " endpoint_url = http://x";

TEST(finds_what_a_file_says)
{
    static const struct {
        const char *section;
        const char *key;
        const char *wanted;
    } rows[] = {
        {"default", "region", "eu-west-1"},
        {"default", "s3.addressing_style", "path"},
        {"default", "s3.max", "3"},
        {"default", "s3", ""},
        {"default", "last", "x = y # kept"},
        {"profile my name", "region", "b"},
        {"profile my name", "after", "broken"},
        {"profile my name", "empty", ""},
        {"services s", "s3.endpoint_url", "http://x"},
    };
    struct rg_arena arena;
    struct rg_ini ini;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_ini_parse(rg_span_of(file_text), &arena, &ini, &t->err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = rg_ini_find(&ini, rows[i].section, rows[i].key);

        CHECK(value != NULL);
        CHECK_TEXT(value, rows[i].wanted);
    }
    CHECK(rg_ini_find(&ini, "default", "before") == NULL);
    CHECK(rg_ini_find(&ini, "default", "max") == NULL);
    CHECK(rg_ini_has_section(&ini, "services s"));
    CHECK(!rg_ini_has_section(&ini, "broken"));
    rg_arena_fini(&arena);
}

TEST(odd_files_are_no_danger)
{
    static uint8_t large[(1 << 20) + 1];
    static const char with_nul[] = "[a]\nx = 1\0 2\ny = 3\n";
    struct rg_arena arena;
    struct rg_ini ini;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_ERROR(rg_ini_parse(SPAN(large), &arena, &ini, &t->err), RG_ERR_LIMIT, "1048577 bytes");
    CHECK_OK(rg_ini_parse((struct rg_span){NULL, 0}, &arena, &ini, &t->err));
    CHECK_U64(ini.count, 0);
    CHECK_OK(rg_ini_parse((struct rg_span){(const uint8_t *)with_nul, sizeof with_nul - 1}, &arena,
                          &ini, &t->err));
    CHECK(rg_ini_find(&ini, "a", "x") == NULL);
    CHECK_TEXT(rg_ini_find(&ini, "a", "y"), "3");
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"finds_what_a_file_says", finds_what_a_file_says},
        {"odd_files_are_no_danger", odd_files_are_no_danger},
    };

    return test_main("store/ini", cases, sizeof cases / sizeof cases[0], argc, argv);
}
