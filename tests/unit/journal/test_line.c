/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/line.h"

#include <string.h>

#include "support/test.h"

enum {
    TEXT_BYTES_MAX = 256
};

/* Reads from a block without room behind the text, so that a reader beyond it is noticed. */
static bool read_element(struct test *t, const char *text, size_t bytes, char **ret_copy,
                         struct rg_line_element *ret_element)
{
    char *copy = rg_alloc(&t->allocator, bytes == 0 ? 1 : bytes);

    CHECK_MEMORY(copy);
    memcpy(copy, text, bytes);
    *ret_copy = copy;
    return rg_line_read_element(copy, bytes, ret_element);
}

TEST(a_value_is_read_as_it_stands)
{
    static const struct {
        const char *text;
        enum rg_line_kind kind;
        const char *value;
        int64_t integer;
    } rows[] = {
        {"\"\"", RG_LINE_TEXT, "", 0},
        {"\"a b\"", RG_LINE_TEXT, "a b", 0},
        {" \t\"a\" \r", RG_LINE_TEXT, "a", 0},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", RG_LINE_TEXT, "\"\\/\b\f\n\r\t", 0},
        {"\"\\u0041\\u00e9\\u20AC\"", RG_LINE_TEXT, "A\xc3\xa9\xe2\x82\xac", 0},
        {"\"\\ud83d\\ude00\"", RG_LINE_TEXT, "\xf0\x9f\x98\x80", 0},
        {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"", RG_LINE_TEXT,
         "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f", 0},
        {"{\"hex\":\"61ff\"}", RG_LINE_HEX, "a\xff", 0},
        {"{ \"hex\" : \"\" }", RG_LINE_HEX, "", 0},
        {"{\"\\u0068ex\":\"\\u0036\\u0031\"}", RG_LINE_HEX, "a", 0},
        {"{\"hex\":\"6\"}", RG_LINE_OTHER, NULL, 0},
        {"{\"hex\":\"FF\"}", RG_LINE_OTHER, NULL, 0},
        {"{\"hex\":\"6100\"}", RG_LINE_OTHER, NULL, 0},
        {"{\"hex\":61}", RG_LINE_OTHER, NULL, 0},
        {"{\"hex\":\"61\",\"x\":1}", RG_LINE_OTHER, NULL, 0},
        {"{\"x\":1,\"hex\":\"61\"}", RG_LINE_OTHER, NULL, 0},
        {"{\"hexx\":\"61\"}", RG_LINE_OTHER, NULL, 0},
        {"{}", RG_LINE_OTHER, NULL, 0},
        {"0", RG_LINE_INTEGER, NULL, 0},
        {"-0", RG_LINE_INTEGER, NULL, 0},
        {"10", RG_LINE_INTEGER, NULL, 10},
        {"-7", RG_LINE_INTEGER, NULL, -7},
        {"9223372036854775807", RG_LINE_INTEGER, NULL, INT64_MAX},
        {"-9223372036854775808", RG_LINE_INTEGER, NULL, INT64_MIN},
        {"1.5", RG_LINE_OTHER, NULL, 0},
        {"1e5", RG_LINE_OTHER, NULL, 0},
        {"1.0E+5", RG_LINE_OTHER, NULL, 0},
        {"true", RG_LINE_BOOL, NULL, 1},
        {"false", RG_LINE_BOOL, NULL, 0},
        {"null", RG_LINE_OTHER, NULL, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t bytes = strlen(rows[i].text);
        struct rg_line_element element;
        char *copy;

        if (!read_element(t, rows[i].text, bytes, &copy, &element))
            test_fail(__FILE__, __LINE__, "not read: %s", rows[i].text);
        CHECK(!element.is_array);
        CHECK_U64(element.count, 1);
        CHECK_U64(element.values[0].kind, rows[i].kind);
        CHECK((element.values[0].text == NULL) == (rows[i].value == NULL));
        if (rows[i].value != NULL)
            CHECK_TEXT(element.values[0].text, rows[i].value);
        CHECK_I64(element.values[0].integer, rows[i].integer);
        CHECK_U64(element.values[1].kind, RG_LINE_ABSENT);
        rg_release(&t->allocator, copy, bytes);
    }
}

TEST(what_is_no_json_is_not_read)
{
    static const char *const rows[] = {
        "",
        " ",
        "x",
        "tru",
        "truex",
        "nul",
        "1 2",
        "01",
        "-",
        "-a",
        "+1",
        ".5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "1a",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "\"",
        "\"a",
        "\"a\\",
        "\"a\\\"",
        "\"\\x\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u00g0\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"a\x1f\"",
        "\"a\nb\"",
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "'a'",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "[[1}]",
        "[1]]",
        "[1],",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "[{\"a\":1]]",
        "[[1,]]",
        "[[,]]",
        "[{\"a\":{\"b\"}}]",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t bytes = strlen(rows[i]);
        struct rg_line_element element;
        char *copy;

        if (read_element(t, rows[i], bytes, &copy, &element))
            test_fail(__FILE__, __LINE__, "read: %s", rows[i]);
        rg_release(&t->allocator, copy, bytes == 0 ? 1 : bytes);
    }
    struct rg_line_element element;
    char *copy;
    CHECK(!read_element(t, "1\0", 2, &copy, &element));
    rg_release(&t->allocator, copy, 2);
}

TEST(an_array_has_its_values)
{
    char line[] = "[ \"a\" ,{\"hex\":\"62\"},-3,true, [1,[],{\"x\":[{}]}] ,null,7,[8]]";
    char none[] = "[]";
    char deep[2 * 65 + 1];
    struct rg_line_element element;

    CHECK(rg_line_read_element(line, strlen(line), &element));
    CHECK(element.is_array);
    CHECK_U64(element.count, 8);
    CHECK_TEXT(element.values[0].text, "a");
    CHECK_U64(element.values[1].kind, RG_LINE_HEX);
    CHECK_TEXT(element.values[1].text, "b");
    CHECK_I64(element.values[2].integer, -3);
    CHECK_U64(element.values[3].kind, RG_LINE_BOOL);
    CHECK_U64(element.values[4].kind, RG_LINE_OTHER);
    CHECK_U64(element.values[5].kind, RG_LINE_OTHER);
    CHECK(rg_line_read_element(none, strlen(none), &element));
    CHECK(element.is_array);
    CHECK_U64(element.count, 0);
    CHECK_U64(element.values[0].kind, RG_LINE_ABSENT);

    /* As deep as there are bits, within the element's own bracket; and one deeper. */
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    CHECK(rg_line_read_element(deep, 130, &element));
    deep[65] = '[';
    CHECK(!rg_line_read_element(deep, 130, &element));
}

TEST(members_are_found_by_name)
{
    static const char *const names[] = {"v", "name", "none"};
    static const struct {
        const char *text;
        bool is_open;
        bool is_read;
    } rows[] = {
        {"{\"v\":1,\"name\":\"a\",\"new\":[1,{\"v\":2}],\"newer\":{\"v\":3}}", false, true},
        {" { \"v\" : 1 , \"x\":null, \"na\\u006de\" : \"a\" } ", false, true},
        {"{\"v\":1,\"name\":\"a\"", true, true},
        {"{\"v\":1,\"name\":\"a\" ", true, true},
        {"{\"v\":1,\"name\":\"a\"", false, false},
        {"{\"v\":1,\"name\":\"a\"}", true, false},
        {"{\"v\":1,\"name\":\"a\",", true, false},
        {"{\"v\":1,\"name\":\"a\"}}", false, false},
        {"{\"v\":1,\"v\":1}", false, false},
        {"{\"v\":1,\"name\":\"a\",\"\\u0076\":2}", false, false},
        {"[\"v\",1]", false, false},
        {"", true, false},
        {"\"v\":1", true, false},
    };
    static const char *const empty[] = {"{}", "{ }", "{", "{ "};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_line_value values[3];
        char text[TEXT_BYTES_MAX];
        const size_t bytes = strlen(rows[i].text);

        memcpy(text, rows[i].text, bytes);
        if (rg_line_read_members(text, bytes, rows[i].is_open, names, 3, values) != rows[i].is_read)
            test_fail(__FILE__, __LINE__, "%s", rows[i].text);
        if (!rows[i].is_read)
            continue;
        CHECK_I64(values[0].integer, 1);
        CHECK_TEXT(values[1].text, "a");
        CHECK_U64(values[2].kind, RG_LINE_ABSENT);
    }
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        struct rg_line_value values[3];
        char text[TEXT_BYTES_MAX];

        memcpy(text, empty[i], strlen(empty[i]));
        CHECK(rg_line_read_members(text, strlen(empty[i]), i > 1, names, 3, values));
        CHECK_U64(values[0].kind, RG_LINE_ABSENT);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_value_is_read_as_it_stands", a_value_is_read_as_it_stands},
        {"what_is_no_json_is_not_read", what_is_no_json_is_not_read},
        {"an_array_has_its_values", an_array_has_its_values},
        {"members_are_found_by_name", members_are_found_by_name},
    };

    return test_main("journal/line", cases, sizeof cases / sizeof cases[0], argc, argv);
}
