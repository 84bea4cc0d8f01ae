/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/json_field.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

TEST(finds_members_of_the_top)
{
    static const struct {
        const char *document;
        const char *wanted; /* NULL: not there. */
    } rows[] = {
        {"{\"a\":\"b\"}", "b"},
        {" {\"x\":[1,{\"a\":\"no\"}],\"a\" : \"yes\" } ", "yes"},
        {"{\"a\":12}", "12"},
        {"{\"a\":-1.5e3}", "-1.5e3"},
        {"{\"a\":true}", NULL},
        {"{\"a\":null}", NULL},
        {"{\"a\":{}}", NULL},
        {"{\"b\":\"a\"}", NULL},
        {"{}", NULL},
        {"{\"a\":\"1\",\"a\":\"2\"}", "2"},
        {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"},
        {"{\"a\":\"\\u0041\\u00e9\\u65e5\\ud83c\\udf89\"}",
         "A\xc3\xa9\xe6\x97\xa5\xf0\x9f\x8e\x89"},
        {"{\"\\u0061\":\"x\"}", "x"},
        {"{\"a\":\"nul \\u0000\"}", NULL},
        {"{\"a\":\"0123456789012345678901234567890\"}", "0123456789012345678901234567890"},
        {"{\"a\":\"01234567890123456789012345678901\"}", NULL}, /* Does not fit. */
    };
    char text[32];
    bool is_there;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_OK(rg_json_field(rg_span_of(rows[i].document), "a", text, sizeof text, &is_there,
                               &t->err));
        CHECK(is_there == (rows[i].wanted != NULL));
        CHECK_TEXT(text, rows[i].wanted != NULL ? rows[i].wanted : "");
    }
}

TEST(what_is_no_json_is_refused)
{
    static char deep[80] = "{\"a\":";
    static const char *const rows[] = {
        "",
        "[]",
        "x",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{a:1}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1}x",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":[1}",
        "{\"a\":nul}",
        "{\"a\":\"",
        deep,
    };
    char text[32];
    bool is_there;

    memset(deep + 5, '[', 70);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ERROR(rg_json_field(rg_span_of(rows[i]), "a", text, sizeof text, &is_there, &t->err),
                    RG_ERR_CORRUPT, "JSON");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"finds_members_of_the_top", finds_members_of_the_top},
        {"what_is_no_json_is_refused", what_is_no_json_is_refused},
    };

    return test_main("store/json_field", cases, sizeof cases / sizeof cases[0], argc, argv);
}
