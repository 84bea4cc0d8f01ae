/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/order.h"

#include <string.h>

#include "support/test.h"

TEST(order_follows_type_and_annotation)
{
    enum {
        CONVERTED_ONLY = 0x100
    };
    static const struct {
        const char *about;
        enum rg_type type;
        int32_t type_length;
        unsigned annotation; /* enum rg_logical, or CONVERTED_ONLY | enum rg_converted_type. */
        uint8_t bit_width;
        bool is_signed;
        enum rg_order order;
    } rows[] = {
        {"boolean", RG_TYPE_BOOLEAN, 0, RG_LOGICAL_NONE, 0, 0, RG_ORDER_BOOLEAN},
        {"int32", RG_TYPE_INT32, 0, RG_LOGICAL_NONE, 0, 0, RG_ORDER_INT32},
        {"int8", RG_TYPE_INT32, 0, RG_LOGICAL_INTEGER, 8, true, RG_ORDER_INT32},
        {"uint8", RG_TYPE_INT32, 0, RG_LOGICAL_INTEGER, 8, false, RG_ORDER_UINT32},
        {"uint32", RG_TYPE_INT32, 0, RG_LOGICAL_INTEGER, 32, false, RG_ORDER_UINT32},
        {"uint64 in int32", RG_TYPE_INT32, 0, RG_LOGICAL_INTEGER, 64, false, RG_ORDER_NONE},
        {"UINT_16", RG_TYPE_INT32, 0, CONVERTED_ONLY | RG_CONVERTED_UINT_16, 0, 0, RG_ORDER_UINT32},
        {"INT_16", RG_TYPE_INT32, 0, CONVERTED_ONLY | RG_CONVERTED_INT_16, 0, 0, RG_ORDER_INT32},
        {"date", RG_TYPE_INT32, 0, RG_LOGICAL_DATE, 0, 0, RG_ORDER_INT32},
        {"time millis", RG_TYPE_INT32, 0, CONVERTED_ONLY | RG_CONVERTED_TIME_MILLIS, 0, 0,
         RG_ORDER_INT32},
        {"decimal in int32", RG_TYPE_INT32, 0, RG_LOGICAL_DECIMAL, 0, 0, RG_ORDER_INT32},
        {"string in int32", RG_TYPE_INT32, 0, RG_LOGICAL_STRING, 0, 0, RG_ORDER_NONE},
        {"null in int32", RG_TYPE_INT32, 0, RG_LOGICAL_UNKNOWN, 0, 0, RG_ORDER_NONE},
        {"int64", RG_TYPE_INT64, 0, RG_LOGICAL_NONE, 0, 0, RG_ORDER_INT64},
        {"uint64", RG_TYPE_INT64, 0, RG_LOGICAL_INTEGER, 64, false, RG_ORDER_UINT64},
        {"UINT_64", RG_TYPE_INT64, 0, CONVERTED_ONLY | RG_CONVERTED_UINT_64, 0, 0, RG_ORDER_UINT64},
        {"timestamp", RG_TYPE_INT64, 0, RG_LOGICAL_TIMESTAMP, 0, 0, RG_ORDER_INT64},
        {"decimal in int64", RG_TYPE_INT64, 0, CONVERTED_ONLY | RG_CONVERTED_DECIMAL, 0, 0,
         RG_ORDER_INT64},
        {"int96", RG_TYPE_INT96, 0, RG_LOGICAL_NONE, 0, 0, RG_ORDER_NONE},
        {"float", RG_TYPE_FLOAT, 0, RG_LOGICAL_NONE, 0, 0, RG_ORDER_FLOAT},
        {"double", RG_TYPE_DOUBLE, 0, RG_LOGICAL_NONE, 0, 0, RG_ORDER_DOUBLE},
        {"binary", RG_TYPE_BYTE_ARRAY, 0, RG_LOGICAL_NONE, 0, 0, RG_ORDER_BYTES},
        {"string", RG_TYPE_BYTE_ARRAY, 0, RG_LOGICAL_STRING, 0, 0, RG_ORDER_BYTES},
        {"UTF8", RG_TYPE_BYTE_ARRAY, 0, CONVERTED_ONLY | RG_CONVERTED_UTF8, 0, 0, RG_ORDER_BYTES},
        {"enum", RG_TYPE_BYTE_ARRAY, 0, RG_LOGICAL_ENUM, 0, 0, RG_ORDER_BYTES},
        {"json", RG_TYPE_BYTE_ARRAY, 0, RG_LOGICAL_JSON, 0, 0, RG_ORDER_BYTES},
        {"bson", RG_TYPE_BYTE_ARRAY, 0, CONVERTED_ONLY | RG_CONVERTED_BSON, 0, 0, RG_ORDER_BYTES},
        {"decimal in bytes", RG_TYPE_BYTE_ARRAY, 0, RG_LOGICAL_DECIMAL, 0, 0,
         RG_ORDER_SIGNED_BYTES},
        {"geometry", RG_TYPE_BYTE_ARRAY, 0, RG_LOGICAL_GEOMETRY, 0, 0, RG_ORDER_NONE},
        {"geography", RG_TYPE_BYTE_ARRAY, 0, RG_LOGICAL_GEOGRAPHY, 0, 0, RG_ORDER_NONE},
        {"variant", RG_TYPE_BYTE_ARRAY, 0, RG_LOGICAL_VARIANT, 0, 0, RG_ORDER_NONE},
        {"not known yet", RG_TYPE_BYTE_ARRAY, 0, 77, 0, 0, RG_ORDER_NONE},
        {"fixed", RG_TYPE_FIXED_LEN_BYTE_ARRAY, 7, RG_LOGICAL_NONE, 0, 0, RG_ORDER_BYTES},
        {"uuid", RG_TYPE_FIXED_LEN_BYTE_ARRAY, 16, RG_LOGICAL_UUID, 0, 0, RG_ORDER_BYTES},
        {"short uuid", RG_TYPE_FIXED_LEN_BYTE_ARRAY, 15, RG_LOGICAL_UUID, 0, 0, RG_ORDER_NONE},
        {"float16", RG_TYPE_FIXED_LEN_BYTE_ARRAY, 2, RG_LOGICAL_FLOAT16, 0, 0, RG_ORDER_FLOAT16},
        {"wide float16", RG_TYPE_FIXED_LEN_BYTE_ARRAY, 4, RG_LOGICAL_FLOAT16, 0, 0, RG_ORDER_NONE},
        {"decimal in fixed", RG_TYPE_FIXED_LEN_BYTE_ARRAY, 9, RG_LOGICAL_DECIMAL, 0, 0,
         RG_ORDER_SIGNED_BYTES},
        {"interval", RG_TYPE_FIXED_LEN_BYTE_ARRAY, 12, CONVERTED_ONLY | RG_CONVERTED_INTERVAL, 0, 0,
         RG_ORDER_NONE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const bool is_converted = (rows[i].annotation & CONVERTED_ONLY) != 0;
        struct rg_schema_element element = {
            .has_type = true,
            .type = (uint8_t)rows[i].type,
            .type_length = rows[i].type_length,
            .converted_type =
                is_converted ? (int8_t)(rows[i].annotation & 0xff) : RG_CONVERTED_NONE,
            .logical = is_converted ? RG_LOGICAL_NONE : (uint8_t)rows[i].annotation,
            .bit_width = rows[i].bit_width,
            .is_signed = rows[i].is_signed,
        };
        struct rg_leaf leaf = {.type = (uint8_t)rows[i].type, .type_length = rows[i].type_length};
        const struct rg_schema schema = {&element, &leaf, 1, 1};

        if (rg_order_of(&schema, 0) != rows[i].order)
            test_fail(__FILE__, __LINE__, "%s: order %d", rows[i].about,
                      (int)rg_order_of(&schema, 0));
    }
}

TEST(values_compare_by_their_meaning)
{
    static const struct {
        const char *about;
        enum rg_order order;
        const char *a;
        size_t a_bytes;
        const char *b;
        size_t b_bytes;
        int sign;
    } rows[] = {
        {"false before true", RG_ORDER_BOOLEAN, "\0", 1, "\1", 1, -1},
        {"-1 before 0", RG_ORDER_INT32, "\377\377\377\377", 4, "\0\0\0\0", 4, -1},
        {"2^32 - 1 after 0", RG_ORDER_UINT32, "\377\377\377\377", 4, "\0\0\0\0", 4, 1},
        {"low byte last", RG_ORDER_INT32, "\2\0\0\0", 4, "\1\1\0\0", 4, -1},
        {"-1 before 0, long", RG_ORDER_INT64, "\377\377\377\377\377\377\377\377", 8,
         "\0\0\0\0\0\0\0\0", 8, -1},
        {"large after 0, long", RG_ORDER_UINT64, "\377\377\377\377\377\377\377\377", 8,
         "\0\0\0\0\0\0\0\0", 8, 1},
        {"-2.0f before -1.0f", RG_ORDER_FLOAT, "\0\0\0\300", 4, "\0\0\200\277", 4, -1},
        {"-0.0f is 0.0f", RG_ORDER_FLOAT, "\0\0\0\200", 4, "\0\0\0\0", 4, 0},
        {"-1.0 before 1.0", RG_ORDER_DOUBLE, "\0\0\0\0\0\0\360\277", 8, "\0\0\0\0\0\0\360\77", 8,
         -1},
        {"half -1 before half 1", RG_ORDER_FLOAT16, "\0\274", 2, "\0\74", 2, -1},
        {"half -2 before half -1", RG_ORDER_FLOAT16, "\0\300", 2, "\0\274", 2, -1},
        {"half -0 is half 0", RG_ORDER_FLOAT16, "\0\200", 2, "\0\0", 2, 0},
        {"prefix first", RG_ORDER_BYTES, "a", 1, "ab", 2, -1},
        {"bytes are unsigned", RG_ORDER_BYTES, "\377", 1, "a", 1, 1},
        {"empty first", RG_ORDER_BYTES, "", 0, "\0", 1, -1},
        {"decimal -1 before 1", RG_ORDER_SIGNED_BYTES, "\377", 1, "\1", 1, -1},
        {"decimal 1 is 0001", RG_ORDER_SIGNED_BYTES, "\1", 1, "\0\1", 2, 0},
        {"decimal -1 is fffff", RG_ORDER_SIGNED_BYTES, "\377\377\377", 3, "\377", 1, 0},
        {"decimal 256 after 255", RG_ORDER_SIGNED_BYTES, "\1\0", 2, "\0\377", 2, 1},
        {"decimal 300 after 2", RG_ORDER_SIGNED_BYTES, "\1\54", 2, "\2", 1, 1},
        {"decimal -300 before -2", RG_ORDER_SIGNED_BYTES, "\376\324", 2, "\376", 1, -1},
        {"decimal -128 before -127", RG_ORDER_SIGNED_BYTES, "\200", 1, "\377\201", 2, -1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_span a = {(const uint8_t *)rows[i].a, rows[i].a_bytes};
        const struct rg_span b = {(const uint8_t *)rows[i].b, rows[i].b_bytes};
        const int ab = rg_order_compare(rows[i].order, a, b);
        const int ba = rg_order_compare(rows[i].order, b, a);

        if ((ab > 0) - (ab < 0) != rows[i].sign || (ba > 0) - (ba < 0) != -rows[i].sign)
            test_fail(__FILE__, __LINE__, "%s: %d and %d", rows[i].about, ab, ba);
    }
}

/* Decimals of one to eight bytes against 64-bit numbers. */
static void signed_bytes_compare_like_numbers(struct test *t, struct choices *c)
{
    uint8_t bytes[2][8];
    int64_t number[2];
    struct rg_span span[2];

    (void)t;
    for (size_t i = 0; i < 2; i++) {
        const size_t width = 1 + choose(c, 7);
        uint64_t n = 0;

        for (size_t j = 0; j < width; j++) {
            static const uint8_t usual[] = {0, 0xff, 0x80, 0x7f, 1};
            const uint32_t draw = choose(c, 7);
            bytes[i][j] = draw < 5 ? usual[draw] : (uint8_t)choose(c, 255);
            if (j == 0)
                n = bytes[i][0] >= 0x80 ? UINT64_MAX : 0;
            n = n << 8 | bytes[i][j];
        }
        number[i] = (int64_t)n;
        span[i] = (struct rg_span){bytes[i], width};
    }
    const int order = rg_order_compare(RG_ORDER_SIGNED_BYTES, span[0], span[1]);
    CHECK_I64((order > 0) - (order < 0), (number[0] > number[1]) - (number[0] < number[1]));
}

TEST(decimals_in_bytes_compare_like_numbers)
{
    test_property(t, "signed bytes", 20000, signed_bytes_compare_like_numbers);
}

TEST(bounds_that_are_none_are_seen)
{
    static const struct {
        const char *about;
        enum rg_order order;
        enum rg_type type;
        int32_t type_length;
        const char *value;
        size_t bytes;
        bool is_accepted;
    } rows[] = {
        {"short int", RG_ORDER_INT32, RG_TYPE_INT32, 0, "\0\0\0", 3, false},
        {"long int", RG_ORDER_INT32, RG_TYPE_INT32, 0, "\0\0\0\0\0", 5, false},
        {"int", RG_ORDER_UINT32, RG_TYPE_INT32, 0, "\0\0\0\0", 4, true},
        {"boolean 2", RG_ORDER_BOOLEAN, RG_TYPE_BOOLEAN, 0, "\2", 1, false},
        {"boolean 1", RG_ORDER_BOOLEAN, RG_TYPE_BOOLEAN, 0, "\1", 1, true},
        {"NaN", RG_ORDER_FLOAT, RG_TYPE_FLOAT, 0, "\0\0\300\177", 4, false},
        {"-NaN", RG_ORDER_FLOAT, RG_TYPE_FLOAT, 0, "\1\0\200\377", 4, false},
        {"infinity", RG_ORDER_FLOAT, RG_TYPE_FLOAT, 0, "\0\0\200\177", 4, true},
        {"-infinity", RG_ORDER_DOUBLE, RG_TYPE_DOUBLE, 0, "\0\0\0\0\0\0\360\377", 8, true},
        {"long NaN", RG_ORDER_DOUBLE, RG_TYPE_DOUBLE, 0, "\1\0\0\0\0\0\360\377", 8, false},
        {"half infinity", RG_ORDER_FLOAT16, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 2, "\0\174", 2, true},
        {"half NaN", RG_ORDER_FLOAT16, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 2, "\1\374", 2, false},
        {"short fixed", RG_ORDER_BYTES, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 3, "ab", 2, false},
        {"fixed", RG_ORDER_BYTES, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 3, "abc", 3, true},
        {"empty string", RG_ORDER_BYTES, RG_TYPE_BYTE_ARRAY, 0, "", 0, true},
        {"absent string", RG_ORDER_BYTES, RG_TYPE_BYTE_ARRAY, 0, NULL, 0, false},
        {"empty decimal", RG_ORDER_SIGNED_BYTES, RG_TYPE_BYTE_ARRAY, 0, "", 0, false},
        {"no order", RG_ORDER_NONE, RG_TYPE_INT96, 0, "abcdefghijkl", 12, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_leaf leaf = {.type = (uint8_t)rows[i].type,
                                     .type_length = rows[i].type_length};
        const struct rg_span value = {(const uint8_t *)rows[i].value, rows[i].bytes};

        if (rg_order_accepts(rows[i].order, &leaf, value) != rows[i].is_accepted)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
    }
}

TEST(long_strings_are_cut_between_characters)
{
    static const struct {
        const char *about;
        const char *value;
        const char *lower; /* At most 8 bytes. */
        const char *upper; /* NULL: the value itself. */
    } rows[] = {
        {"short stays", "abcdefgh", "abcdefgh", "abcdefgh"},
        {"ascii", "abcdefghi", "abcdefgh", "abcdefh"},
        {"before a half character", "abcdef\xc3\xa9\xc3\xa9", "abcdef\xc3\xa9", "abcdeg"},
        {"raised within a character", "abcde\xc3\xa9zzzz", "abcde\xc3\xa9z", "abcde\xc3\xaa"},
        {"carry over the last character", "abc\xf4\x8f\xbf\xbfxxx", "abc\xf4\x8f\xbf\xbfx", "abd"},
        {"over the surrogates", "abcd\xed\x9f\xbfzz", "abcd\xed\x9f\xbfz", "abcd\xee\x80\x80"},
        {"grows by a byte", "abcdef\x7fzz", "abcdef\x7fz", "abcdef\xc2\x80"},
        {"binary", "\xff\xfe\x01\x02\x03\x04\x05\xff\x07", "\xff\xfe\x01\x02\x03\x04\x05\xff",
         "\xff\xfe\x01\x02\x03\x04\x06"},
        {"binary that cannot be raised", "\xff\xff\xff\xff\xff\xff\xff\xff\xff",
         "\xff\xff\xff\xff\xff\xff\xff\xff", NULL},
        {"characters that cannot be raised", "\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf\xf4",
         "\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf", NULL},
    };
    const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_span value = rg_span_of(rows[i].value);
        bool is_shorter;
        const struct rg_span lower =
            rg_order_shorten_lower(RG_ORDER_BYTES, &leaf, value, 8, &is_shorter);
        const struct rg_span upper =
            rg_order_shorten_upper(RG_ORDER_BYTES, &leaf, value, 8, &arena, &is_shorter);

        CHECK_MEMORY(upper.data);
        const struct rg_span wanted = rows[i].upper == NULL ? value : rg_span_of(rows[i].upper);
        if (!rg_span_equal(lower, rg_span_of(rows[i].lower)) || !rg_span_equal(upper, wanted) ||
            is_shorter != !rg_span_equal(upper, value))
            test_fail(__FILE__, __LINE__, "%s: '%.*s' to '%.*s'", rows[i].about, (int)lower.bytes,
                      (const char *)lower.data, (int)upper.bytes, (const char *)upper.data);
    }
    rg_arena_fini(&arena);
}

TEST(only_byte_arrays_in_byte_order_are_cut)
{
    static const uint8_t value[40] = {1, 2, 3};
    const struct rg_leaf fixed = {.type = RG_TYPE_FIXED_LEN_BYTE_ARRAY, .type_length = 40};
    const struct rg_leaf decimal = {.type = RG_TYPE_BYTE_ARRAY};
    bool is_shorter;

    (void)rg_order_shorten_lower(RG_ORDER_BYTES, &fixed, SPAN(value), 8, &is_shorter);
    CHECK(!is_shorter);
    (void)rg_order_shorten_lower(RG_ORDER_SIGNED_BYTES, &decimal, SPAN(value), 8, &is_shorter);
    CHECK(!is_shorter);
}

static void cut_bounds_stay_bounds(struct test *t, struct choices *c)
{
    static const uint8_t usual[] = {'a',  0x7f, 0xc3, 0xa9, 0xed, 0x9f, 0xbf,
                                    0xf4, 0x8f, 0xff, 0xe2, 0x82, 0xac, 0x80};
    const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY};
    uint8_t bytes[32];
    const struct rg_span value = {bytes, choose(c, 32)};
    struct rg_arena arena;
    bool is_shorter;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = usual[choose(c, sizeof usual - 1)];
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const struct rg_span lower =
        rg_order_shorten_lower(RG_ORDER_BYTES, &leaf, value, 8, &is_shorter);
    CHECK(rg_span_compare(lower, value) <= 0 && lower.bytes <= 8);
    const struct rg_span upper =
        rg_order_shorten_upper(RG_ORDER_BYTES, &leaf, value, 8, &arena, &is_shorter);
    if (upper.data != NULL)
        CHECK(rg_span_compare(upper, value) >= 0 && (upper.bytes <= 8 || !is_shorter));
    rg_arena_fini(&arena);
}

TEST(whatever_is_cut_bounds_the_value)
{
    test_property(t, "cut", 20000, cut_bounds_stay_bounds);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"order_follows_type_and_annotation", order_follows_type_and_annotation},
        {"values_compare_by_their_meaning", values_compare_by_their_meaning},
        {"decimals_in_bytes_compare_like_numbers", decimals_in_bytes_compare_like_numbers},
        {"bounds_that_are_none_are_seen", bounds_that_are_none_are_seen},
        {"long_strings_are_cut_between_characters", long_strings_are_cut_between_characters},
        {"only_byte_arrays_in_byte_order_are_cut", only_byte_arrays_in_byte_order_are_cut},
        {"whatever_is_cut_bounds_the_value", whatever_is_cut_bounds_the_value},
    };

    return test_main("stitch/order", cases, sizeof cases / sizeof cases[0], argc, argv);
}
