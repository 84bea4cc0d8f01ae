/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/uri.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

TEST(encodes_all_but_unreserved)
{
    static const struct {
        const char *text;
        bool keeps_slash;
        const char *wanted;
    } rows[] = {
        {"", true, ""},
        {"aZ09-._~", true, "aZ09-._~"},
        {"a/b", true, "a/b"},
        {"a/b", false, "a%2Fb"},
        {"dt=1 +%", true, "dt%3D1%20%2B%25"},
        {"\xc3\xa9\x01\x7f", true, "%C3%A9%01%7F"},
        {"a//../b", true, "a//../b"},
    };
    struct rg_buffer out;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rg_buffer_init(&out, &t->allocator, 100);
        rg_uri_encode(&out, rg_span_of(rows[i].text), rows[i].keeps_slash);
        rg_buffer_append_byte(&out, 0);
        CHECK_OK(rg_buffer_check(&out, "it", &t->err));
        CHECK_TEXT((const char *)out.data, rows[i].wanted);
        rg_buffer_fini(&out);
    }
}

TEST(decodes_what_is_encoded_and_leaves_the_rest)
{
    static const struct {
        const char *text;
        bool plus_is_blank;
        const char *wanted;
    } rows[] = {
        {"a%2fb%2Fc", false, "a/b/c"}, {"100%", false, "100%"}, {"%4", false, "%4"},
        {"%zz%41", false, "%zzA"},     {"a+b", false, "a+b"},   {"a+b%2B", true, "a b+"},
        {"%%41", false, "%A"},
    };
    char text[32];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(text, sizeof text, "%s", rows[i].text);
        text[rg_uri_decode(text, strlen(text), rows[i].plus_is_blank)] = '\0';
        CHECK_TEXT(text, rows[i].wanted);
    }
}

static void decoding_undoes_encoding(struct test *t, struct choices *c)
{
    uint8_t bytes[40];
    char text[160];
    const uint32_t count = choose(c, sizeof bytes);
    struct rg_buffer out;

    for (uint32_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)choose(c, 255);
    rg_buffer_init(&out, &t->allocator, sizeof text);
    rg_uri_encode(&out, (struct rg_span){bytes, count}, choose_bool(c));
    CHECK_OK(rg_buffer_check(&out, "it", &t->err));
    if (out.bytes > 0)
        memcpy(text, out.data, out.bytes);
    const size_t back = rg_uri_decode(text, out.bytes, choose_bool(c));
    CHECK_SPAN(((struct rg_span){(const uint8_t *)text, back}), ((struct rg_span){bytes, count}));
    rg_buffer_fini(&out);
}

TEST(encoding_is_undone_by_decoding)
{
    test_property(t, "encoding_is_undone_by_decoding", 2000, decoding_undoes_encoding);
}

TEST(query_is_sorted_by_encoded_bytes)
{
    static const struct rg_uri_parameter parameters[] = {
        {"prefix", "a/b"}, {"list-type", "2"}, {"a", "2"},
        {"a", "1"},        {"delimiter", ""},  {"B", "x y"},
    };
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, 1000);
    CHECK_OK(rg_uri_query(&out, parameters, sizeof parameters / sizeof parameters[0], &t->err));
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "it", &t->err));
    CHECK_TEXT((const char *)out.data, "B=x%20y&a=1&a=2&delimiter=&list-type=2&prefix=a%2Fb");
    CHECK_ERROR(rg_uri_query(&out, parameters, 17, &t->err), RG_ERR_LIMIT, "17 parameters");
    rg_buffer_fini(&out);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"encodes_all_but_unreserved", encodes_all_but_unreserved},
        {"decodes_what_is_encoded_and_leaves_the_rest",
         decodes_what_is_encoded_and_leaves_the_rest},
        {"encoding_is_undone_by_decoding", encoding_is_undone_by_decoding},
        {"query_is_sorted_by_encoded_bytes", query_is_sorted_by_encoded_bytes},
    };

    return test_main("store/uri", cases, sizeof cases / sizeof cases[0], argc, argv);
}
