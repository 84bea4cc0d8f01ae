/* SPDX-License-Identifier: Apache-2.0 */

#include "base/json.h"

#include <math.h>

#include "support/test.h"

TEST(document_with_everything)
{
    struct rg_buffer out;
    struct rg_json json;
    static const uint8_t odd[] = {'a', 0xff, '"', 0xc3, 0xa9, 0xed, 0xa0, 0x80};

    rg_buffer_init(&out, &t->allocator, 10000);
    rg_json_init(&json, &out);
    rg_json_object_begin(&json, NULL);
    rg_json_u64(&json, "v", 1);
    rg_json_array_begin(&json, "list");
    rg_json_i64(&json, NULL, -5);
    rg_json_object_begin(&json, NULL);
    rg_json_object_end(&json);
    rg_json_bool(&json, NULL, true);
    rg_json_double(&json, NULL, NAN);
    rg_json_array_end(&json);
    rg_json_span(&json, "odd", SPAN(odd));
    rg_json_text(&json, "line", "a\nb\x01");
    rg_json_null(&json, "none");
    rg_json_object_end(&json);
    rg_buffer_append_byte(&out, 0);
    if (!out.failed)
        CHECK_TEXT((const char *)out.data,
                   "{\"v\":1,\"list\":[-5,{},true,null],"
                   "\"odd\":\"a\xef\xbf\xbd\\\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
                   "\"line\":\"a\\nb\\u0001\",\"none\":null}");
    rg_buffer_fini(&out);
}

TEST(numbers_and_texts_at_their_ends)
{
    struct rg_buffer out;
    struct rg_json json;

    rg_buffer_init(&out, &t->allocator, 10000);
    rg_json_init(&json, &out);
    rg_json_array_begin(&json, NULL);
    rg_json_u64(&json, NULL, 0);
    rg_json_u64(&json, NULL, 10);
    rg_json_u64(&json, NULL, UINT64_MAX);
    rg_json_i64(&json, NULL, 0);
    rg_json_i64(&json, NULL, INT64_MAX);
    rg_json_i64(&json, NULL, INT64_MIN);
    rg_json_text(&json, NULL, "");
    rg_json_text(&json, NULL, " ~\x7f");
    rg_json_text(&json, NULL, "\"in\\between\"");
    rg_json_array_end(&json);
    rg_buffer_append_byte(&out, 0);
    if (!out.failed)
        CHECK_TEXT((const char *)out.data,
                   "[0,10,18446744073709551615,0,9223372036854775807,-9223372036854775808,"
                   "\"\",\" ~\\u007f\",\"\\\"in\\\\between\\\"\"]");
    rg_buffer_fini(&out);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"document_with_everything", document_with_everything},
        {"numbers_and_texts_at_their_ends", numbers_and_texts_at_their_ends},
    };

    return test_main("base/json", cases, sizeof cases / sizeof cases[0], argc, argv);
}
