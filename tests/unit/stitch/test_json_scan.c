/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/json_scan.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

static bool hashes_alike(const char *a, const char *b, rg_json_filter_fn *filter)
{
    struct rg_span x;
    struct rg_span y;

    CHECK(rg_json_check(rg_span_of(a), &x));
    CHECK(rg_json_check(rg_span_of(b), &y));
    const struct rg_hash128 of_x = rg_json_hash(x, filter);
    const struct rg_hash128 of_y = rg_json_hash(y, filter);
    return of_x.high == of_y.high && of_x.low == of_y.low;
}

TEST(only_json_is_json)
{
    static const struct {
        const char *text;
        bool is_json;
    } rows[] = {
        {"{}", true},
        {" [ ] ", true},
        {"0", true},
        {"-0.5e+10", true},
        {"\"a\"", true},
        {"true", true},
        {"null", true},
        {"[1, 2, [3, {\"a\": [], \"b\": {}}]]", true},
        {"{\"a\" : 1 , \"b\":[true,false]}", true},
        {"\"\\u00e9\\n\\\\\\\"/\"", true},
        {"", false},
        {" ", false},
        {"[", false},
        {"]", false},
        {"[1,]", false},
        {"[,1]", false},
        {"[1 2]", false},
        {"{\"a\"}", false},
        {"{\"a\":}", false},
        {"{\"a\":1,}", false},
        {"{a:1}", false},
        {"{1:1}", false},
        {"{\"a\":1]", false},
        {"[1}", false},
        {"{} {}", false},
        {"01", false},
        {"-", false},
        {"1.", false},
        {".5", false},
        {"1e", false},
        {"+1", false},
        {"NaN", false},
        {"tru", false},
        {"\"a", false},
        {"\"\n\"", false},
        {"\"\\x\"", false},
        {"\"\\u12g4\"", false},
        {"\"\\", false},
    };
    char deep[2 * RG_JSON_DEPTH_MAX + 3];
    struct rg_span value;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rg_json_check(rg_span_of(rows[i].text), &value) != rows[i].is_json)
            test_fail(__FILE__, __LINE__, "'%s'", rows[i].text);
    }
    for (size_t depth = RG_JSON_DEPTH_MAX; depth <= RG_JSON_DEPTH_MAX + 1; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        CHECK(rg_json_check((struct rg_span){(const uint8_t *)deep, 2 * depth}, &value) ==
              (depth == RG_JSON_DEPTH_MAX));
    }
    CHECK(!rg_json_check((struct rg_span){NULL, 0}, &value));
}

TEST(members_are_walked_and_found)
{
    static const char text[] =
        " {\"a\": 1, \"\\u0062\" : [ \"x,]\" , {\"c\":[2]} ,3], \"a\": {} , \"e\":\"\"} ";
    struct rg_json_cursor cursor;
    struct rg_span root;
    struct rg_span value;
    struct rg_span key;
    uint32_t count = 0;

    CHECK(rg_json_check(rg_span_of(text), &root));
    rg_json_open(&cursor, root);
    while (rg_json_next(&cursor, &key, &value))
        count++;
    CHECK_U64(count, 4);
    CHECK_SPAN(value, rg_span_of("\"\""));
    CHECK(rg_json_find(root, "a", &value));
    CHECK_SPAN(value, rg_span_of("{}"));
    CHECK(!rg_json_find(root, "c", &value));
    CHECK(rg_json_find(root, "b", &value));
    rg_json_open(&cursor, value);
    CHECK(rg_json_next(&cursor, &key, &value));
    CHECK_SPAN(value, rg_span_of("\"x,]\""));
    CHECK(rg_json_next(&cursor, &key, &value));
    CHECK_SPAN(value, rg_span_of("{\"c\":[2]}"));
    CHECK(rg_json_next(&cursor, &key, &value));
    CHECK_SPAN(value, rg_span_of("3"));
    CHECK(!rg_json_next(&cursor, &key, &value));
}

TEST(strings_compare_with_their_escapes_resolved)
{
    CHECK(rg_json_string_equal(rg_span_of("\"\\u00e9\""), rg_span_of("\"\xc3\xa9\"")));
    CHECK(
        rg_json_string_equal(rg_span_of("\"\\ud83d\\ude00\""), rg_span_of("\"\xf0\x9f\x98\x80\"")));
    CHECK(
        rg_json_string_equal(rg_span_of("\"\\u20ac\\t\""), rg_span_of("\"\xe2\x82\xac\\u0009\"")));
    CHECK(!rg_json_string_equal(rg_span_of("\"\\ud83d\""), rg_span_of("\"\\ud83e\"")));
    CHECK(!rg_json_string_equal(rg_span_of("\"a\""), rg_span_of("\"ab\"")));
    CHECK(rg_json_string_is(rg_span_of("\"a\\/b\""), "a/b"));
    CHECK(!rg_json_string_is(rg_span_of("\"a\""), "ab"));
    CHECK(!rg_json_string_is(rg_span_of("\"ab\""), "a"));
}

TEST(numbers_compare_by_value)
{
    /* In order; those on one line are equal. */
    static const char *const numbers[][4] = {
        {"-1e400", NULL},
        {"-100.5", "-1.005e2", "-1005E-1", NULL},
        {"-100", NULL},
        {"-0.001", "-1e-3", NULL},
        {"0", "-0", "0.000e99", NULL},
        {"1e-400", NULL},
        {"0.1", "1e-1", "0.10000", NULL},
        {"0.10000000000000000000000000001", NULL},
        {"9", "0.9e1", "90e-1", NULL},
        {"10", "1e1", "1E+1", NULL},
        {"123456789012345678901234567890", NULL},
        {"1e99999999999999999999", NULL},
    };
    const size_t count = sizeof numbers / sizeof numbers[0];

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            for (size_t x = 0; x < 4 && numbers[i][x] != NULL; x++) {
                for (size_t y = 0; y < 4 && numbers[j][y] != NULL; y++) {
                    const int order = rg_json_number_compare(rg_span_of(numbers[i][x]),
                                                             rg_span_of(numbers[j][y]));
                    if ((order > 0) - (order < 0) != (i > j) - (i < j))
                        test_fail(__FILE__, __LINE__, "%s and %s: %d", numbers[i][x], numbers[j][y],
                                  order);
                }
            }
        }
    }
}

TEST(integers_are_read_if_they_fit)
{
    static const struct {
        const char *text;
        bool is_integer;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-12", true, -12},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"1.0", false, 0},
        {"1e2", false, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t value = 0;
        const bool is_integer = rg_json_integer(rg_span_of(rows[i].text), &value);
        if (is_integer != rows[i].is_integer || value != rows[i].value)
            test_fail(__FILE__, __LINE__, "%s", rows[i].text);
    }
}

static bool leaves_b_out(uint32_t depth, struct rg_span root_key, struct rg_span key)
{
    return depth == 2 && rg_json_string_is(root_key, "a") && rg_json_string_is(key, "b");
}

TEST(hashes_know_no_order_and_no_space)
{
    CHECK(hashes_alike("{\"a\":1,\"b\":[1,2]}", " { \"b\" : [ 1 , 2 ] , \"\\u0061\" : 1 } ", NULL));
    CHECK(!hashes_alike("{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}", NULL));
    CHECK(!hashes_alike("[1,2]", "[2,1]", NULL));
    CHECK(!hashes_alike("[1,[2]]", "[[1],2]", NULL));
    CHECK(!hashes_alike("{}", "[]", NULL));
    CHECK(!hashes_alike("\"1\"", "1", NULL));
    CHECK(!hashes_alike("{\"a\":{}}", "{\"a\":[]}", NULL));
    CHECK(!hashes_alike("{\"a\":1}", "{\"a\":1,\"a\":1}", NULL));
    CHECK(hashes_alike("{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"c\":2}}", leaves_b_out));
    CHECK(!hashes_alike("{\"b\":{\"b\":1,\"c\":2}}", "{\"b\":{\"c\":2}}", leaves_b_out));
    CHECK(!hashes_alike("[{\"b\":1}]", "[{}]", leaves_b_out));
}

/* Random bytes made of what JSON is made of; what passes the check can be walked. */
static void whatever_passes_can_be_walked(struct test *t, struct choices *c)
{
    static const char *const pieces[] = {"{", "}", "[", "]", ",",    ":", "\"a\"",   "\"",     "\\",
                                         "1", "-", ".", "e", "true", " ", "{\"k\":", "\\u00e9"};
    uint8_t text[200];
    struct rg_span value;
    size_t used = 0;
    const uint32_t count = choose(c, 24);

    (void)t;
    for (uint32_t i = 0; i < count; i++) {
        const char *piece = pieces[choose(c, sizeof pieces / sizeof pieces[0] - 1)];
        memcpy(text + used, piece, strlen(piece));
        used += strlen(piece);
    }
    if (rg_json_check((struct rg_span){text, used}, &value)) {
        (void)rg_json_hash(value, NULL);
        (void)rg_json_find(value, "k", &value);
    }
}

TEST(walks_rely_on_the_check_alone)
{
    test_property(t, "json", 50000, whatever_passes_can_be_walked);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"only_json_is_json", only_json_is_json},
        {"members_are_walked_and_found", members_are_walked_and_found},
        {"strings_compare_with_their_escapes_resolved",
         strings_compare_with_their_escapes_resolved},
        {"numbers_compare_by_value", numbers_compare_by_value},
        {"integers_are_read_if_they_fit", integers_are_read_if_they_fit},
        {"hashes_know_no_order_and_no_space", hashes_know_no_order_and_no_space},
        {"walks_rely_on_the_check_alone", walks_rely_on_the_check_alone},
    };

    return test_main("stitch/json_scan", cases, sizeof cases / sizeof cases[0], argc, argv);
}
