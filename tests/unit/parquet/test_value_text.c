/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/value_text.h"

#include <string.h>

#include "support/test.h"

/* A column of one type and annotation. */
static const char *text_of(struct rg_schema_element element, const void *value, size_t bytes,
                           char text[RG_VALUE_TEXT_BYTES])
{
    struct rg_leaf leaf = {
        .element_index = 0, .type = element.type, .type_length = element.type_length};
    const struct rg_schema schema = {
        .elements = &element, .leaves = &leaf, .element_count = 1, .leaf_count = 1};

    element.has_type = true;
    if (element.converted_type == 0)
        element.converted_type = RG_CONVERTED_NONE;
    return rg_value_text(&schema, 0, (struct rg_span){value, bytes}, text);
}

#define INT32(...)                                                                                 \
    (struct rg_schema_element)                                                                     \
    {                                                                                              \
        .type = RG_TYPE_INT32, __VA_ARGS__                                                         \
    }
#define INT64(...)                                                                                 \
    (struct rg_schema_element)                                                                     \
    {                                                                                              \
        .type = RG_TYPE_INT64, __VA_ARGS__                                                         \
    }
#define BYTES(...)                                                                                 \
    (struct rg_schema_element)                                                                     \
    {                                                                                              \
        .type = RG_TYPE_BYTE_ARRAY, __VA_ARGS__                                                    \
    }

TEST(integers_mean_what_their_annotation_says)
{
    const struct {
        struct rg_schema_element element;
        int64_t number;
        const char *wanted;
    } rows[] = {
        {INT32(.field_id = 0), -5, "-5"},
        {INT64(.field_id = 0), INT64_MIN, "-9223372036854775808"},
        {INT32(.logical = RG_LOGICAL_INTEGER, .bit_width = 32), -1, "4294967295"},
        {INT32(.logical = RG_LOGICAL_INTEGER, .bit_width = 32, .is_signed = true), -1, "-1"},
        {INT32(.converted_type = RG_CONVERTED_UINT_8), 200, "200"},
        {INT32(.logical = RG_LOGICAL_DATE), 0, "1970-01-01"},
        {INT32(.logical = RG_LOGICAL_DATE), -1, "1969-12-31"},
        {INT32(.logical = RG_LOGICAL_DATE), 19844, "2024-05-01"},
        {INT32(.logical = RG_LOGICAL_DATE), 11016, "2000-02-29"},
        {INT32(.logical = RG_LOGICAL_DATE), -719528, "0000-01-01"},
        {INT64(.logical = RG_LOGICAL_DATE), INT64_MAX, "9223372036854775807"},
        {INT32(.logical = RG_LOGICAL_TIME, .time_unit = RG_TIME_UNIT_MILLIS), 45296007,
         "12:34:56.007"},
        {INT64(.logical = RG_LOGICAL_TIME, .time_unit = RG_TIME_UNIT_NANOS), -1, "-1"},
        {INT64(.logical = RG_LOGICAL_TIMESTAMP, .time_unit = RG_TIME_UNIT_MICROS, .is_utc = true),
         INT64_C(1714566896000001), "2024-05-01 12:34:56.000001Z"},
        {INT64(.logical = RG_LOGICAL_TIMESTAMP, .time_unit = RG_TIME_UNIT_MILLIS), -1,
         "1969-12-31 23:59:59.999"},
        {INT64(.logical = RG_LOGICAL_TIMESTAMP, .time_unit = RG_TIME_UNIT_NANOS), INT64_MIN,
         "1677-09-21 00:12:43.145224192"},
        {INT32(.logical = RG_LOGICAL_DECIMAL, .precision = 9, .scale = 2), 1250, "12.50"},
        {INT32(.logical = RG_LOGICAL_DECIMAL, .precision = 9, .scale = 2), -5, "-0.05"},
        {INT64(.logical = RG_LOGICAL_DECIMAL, .precision = 18, .scale = 0), 0, "0"},
        {INT64(.logical = RG_LOGICAL_DECIMAL, .precision = 18, .scale = 0), INT64_MIN,
         "-9223372036854775808"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[RG_VALUE_TEXT_BYTES];
        uint8_t bytes[8];
        const size_t width = rows[i].element.type == RG_TYPE_INT32 ? 4 : 8;

        for (size_t j = 0; j < 8; j++)
            bytes[j] = (uint8_t)((uint64_t)rows[i].number >> (8 * j));
        CHECK_TEXT(text_of(rows[i].element, bytes, width, text), rows[i].wanted);
    }
}

TEST(bytes_mean_what_their_annotation_says)
{
    static const uint8_t odd[] = {'a', '\n', '\'', 0xff, 0xc3, 0xa9, 0xc2, 0x9b};
    static const uint8_t uuid[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t big[] = {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t half[] = {0x00, 0xc0};
    static const uint8_t tiny[] = {0x01, 0x00};
    static const uint8_t infinite[] = {0x00, 0x7c};
    struct rg_schema_element fixed = {.type = RG_TYPE_FIXED_LEN_BYTE_ARRAY, .type_length = 16};
    struct rg_schema_element decimal = {.type = RG_TYPE_BYTE_ARRAY, .logical = RG_LOGICAL_DECIMAL};
    char text[RG_VALUE_TEXT_BYTES];

    CHECK_TEXT(text_of(BYTES(.logical = RG_LOGICAL_STRING), odd, sizeof odd, text),
               "'a\\x0a\\'\\xff\xc3\xa9\\xc2\\x9b'");
    CHECK_TEXT(text_of(BYTES(.converted_type = RG_CONVERTED_JSON), "{}", 2, text), "'{}'");
    CHECK_TEXT(text_of(BYTES(.field_id = 0), "ab", 2, text), "0x6162");
    CHECK_TEXT(text_of(BYTES(.field_id = 0), NULL, 0, text), "0x");
    fixed.logical = RG_LOGICAL_UUID;
    CHECK_TEXT(text_of(fixed, uuid, 16, text), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    CHECK_TEXT(text_of(fixed, uuid, 3, text), "0x000102");
    fixed.logical = RG_LOGICAL_FLOAT16;
    CHECK_TEXT(text_of(fixed, half, 2, text), "-2");
    CHECK_TEXT(text_of(fixed, tiny, 2, text), "5.9605e-08");
    CHECK_TEXT(text_of(fixed, infinite, 2, text), "inf");
    CHECK_TEXT(text_of(decimal, big, 1, text), "-128");
    CHECK_TEXT(text_of(decimal, big, 32, text),
               "-57896044618658097711785492504343953926634992332820282019728792003956564819968");
    decimal.scale = 78;
    CHECK_TEXT(text_of(decimal, big, 32, text),
               "-0.057896044618658097711785492504343953926634992332820282019728792003956564819968");
    decimal.scale = 79;
    CHECK_TEXT(text_of(decimal, big, 1, text), "0x80");
    decimal.scale = 0;
    CHECK_TEXT(text_of(decimal, NULL, 0, text), "0x");
}

TEST(other_types)
{
    static const uint8_t one[] = {0, 0, 0x80, 0x3f};
    static const uint8_t nan[] = {0, 0, 0, 0, 0, 0, 0xf8, 0x7f};
    static const uint8_t int96[] = {0x00, 0x40, 0x99, 0x1d, 0x92, 0x22,
                                    0x00, 0x00, 0x8c, 0x3d, 0x25, 0x00};
    static const uint8_t wild[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0};
    char text[RG_VALUE_TEXT_BYTES];
    const struct rg_schema_element boolean = {.type = RG_TYPE_BOOLEAN};
    const struct rg_schema_element single = {.type = RG_TYPE_FLOAT};
    const struct rg_schema_element number = {.type = RG_TYPE_DOUBLE};
    const struct rg_schema_element old = {.type = RG_TYPE_INT96};

    CHECK_TEXT(text_of(boolean, "\1", 1, text), "true");
    CHECK_TEXT(text_of(boolean, "\0", 1, text), "false");
    CHECK_TEXT(text_of(single, one, 4, text), "1");
    CHECK_TEXT(text_of(number, nan, 8, text), "nan");
    CHECK_TEXT(text_of(number, nan, 7, text), "0x000000000000f8");
    CHECK_TEXT(text_of(old, int96, 12, text), "1970-01-01 10:33:30.957152256");
    CHECK_TEXT(text_of(old, wild, 12, text), "0xffffffffffffff7f00000000");
}

TEST(what_is_too_long_is_cut)
{
    char value[1000];
    char text[RG_VALUE_TEXT_BYTES];

    memset(value, 'x', sizeof value);
    text_of(BYTES(.logical = RG_LOGICAL_STRING), value, sizeof value, text);
    CHECK_U64(strlen(text), RG_VALUE_TEXT_BYTES - 1);
    CHECK_TEXT(text + strlen(text) - 4, "x...");
    text_of(BYTES(.field_id = 0), value, sizeof value, text);
    CHECK_TEXT(text + strlen(text) - 3, "...");
}

TEST(types_and_annotations_have_names)
{
    char text[RG_VALUE_TEXT_BYTES];
    struct rg_schema_element element = {.converted_type = RG_CONVERTED_NONE,
                                        .logical = RG_LOGICAL_TIMESTAMP,
                                        .time_unit = RG_TIME_UNIT_MICROS,
                                        .is_utc = true};
    const struct rg_leaf fixed = {.type = RG_TYPE_FIXED_LEN_BYTE_ARRAY, .type_length = 16};
    const struct rg_leaf plain = {.type = RG_TYPE_INT64};

    CHECK_TEXT(rg_leaf_type_text(&fixed, text), "FIXED_LEN_BYTE_ARRAY(16)");
    CHECK_TEXT(rg_leaf_type_text(&plain, text), "INT64");
    CHECK_TEXT(rg_annotation_text(&element, text), "TIMESTAMP(MICROS, UTC)");
    element.logical = RG_LOGICAL_INTEGER;
    element.bit_width = 8;
    CHECK_TEXT(rg_annotation_text(&element, text), "INTEGER(8, unsigned)");
    element.logical = RG_LOGICAL_DECIMAL;
    element.precision = 9;
    element.scale = 2;
    CHECK_TEXT(rg_annotation_text(&element, text), "DECIMAL(9,2)");
    element.logical = RG_LOGICAL_NONE;
    CHECK_TEXT(rg_annotation_text(&element, text), "");
    element.converted_type = RG_CONVERTED_INTERVAL;
    CHECK_TEXT(rg_annotation_text(&element, text), "INTERVAL");
    element.converted_type = RG_CONVERTED_UTF8;
    CHECK_TEXT(rg_annotation_text(&element, text), "STRING");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"integers_mean_what_their_annotation_says", integers_mean_what_their_annotation_says},
        {"bytes_mean_what_their_annotation_says", bytes_mean_what_their_annotation_says},
        {"other_types", other_types},
        {"what_is_too_long_is_cut", what_is_too_long_is_cut},
        {"types_and_annotations_have_names", types_and_annotations_have_names},
    };

    return test_main("parquet/value_text", cases, sizeof cases / sizeof cases[0], argc, argv);
}
