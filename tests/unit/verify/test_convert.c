/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/convert.h"

#include "parquet/schema.h"
#include "support/test.h"
#include "verify/value_hash.h"

static struct rg_schema_element element(int type, int converted, int32_t length, int32_t scale)
{
    return (struct rg_schema_element){.has_type = true,
                                      .type = (uint8_t)type,
                                      .converted_type = (int8_t)converted,
                                      .type_length = length,
                                      .scale = scale,
                                      .precision = 5};
}

enum {
    NO = RG_CONVERTED_NONE
};

TEST(only_lossless_widenings_can_be_compared)
{
    static const struct {
        int from, from_converted;
        int32_t from_length, from_scale;
        int to, to_converted;
        int32_t to_length, to_scale;
        enum rg_convert wanted;
    } rows[] = {
        {RG_TYPE_INT32, NO, 0, 0, RG_TYPE_INT32, NO, 0, 0, RG_CONVERT_NONE},
        {RG_TYPE_INT64, NO, 64, 0, RG_TYPE_INT64, NO, 0, 0, RG_CONVERT_NONE},
        {RG_TYPE_INT32, NO, 32, 0, RG_TYPE_INT64, NO, 0, 0, RG_CONVERT_SIGNED},
        {RG_TYPE_INT32, RG_CONVERTED_INT_8, 0, 0, RG_TYPE_INT64, NO, 0, 0, RG_CONVERT_SIGNED},
        {RG_TYPE_INT32, RG_CONVERTED_UINT_32, 0, 0, RG_TYPE_INT64, RG_CONVERTED_UINT_64, 0, 0,
         RG_CONVERT_UNSIGNED},
        {RG_TYPE_INT32, RG_CONVERTED_UINT_32, 0, 0, RG_TYPE_INT64, NO, 0, 0, RG_CONVERT_NEVER},
        {RG_TYPE_INT32, NO, 0, 0, RG_TYPE_DOUBLE, NO, 0, 0, RG_CONVERT_INT_TO_DOUBLE},
        {RG_TYPE_INT64, NO, 0, 0, RG_TYPE_DOUBLE, NO, 0, 0, RG_CONVERT_NEVER},
        {RG_TYPE_FLOAT, NO, 0, 0, RG_TYPE_DOUBLE, NO, 0, 0, RG_CONVERT_FLOAT_TO_DOUBLE},
        {RG_TYPE_INT64, NO, 0, 0, RG_TYPE_INT32, NO, 0, 0, RG_CONVERT_NEVER},
        {RG_TYPE_INT32, RG_CONVERTED_DECIMAL, 0, 2, RG_TYPE_INT64, RG_CONVERTED_DECIMAL, 0, 2,
         RG_CONVERT_SIGNED},
        {RG_TYPE_INT32, RG_CONVERTED_DECIMAL, 0, 2, RG_TYPE_INT64, RG_CONVERTED_DECIMAL, 0, 3,
         RG_CONVERT_NEVER},
        {RG_TYPE_INT64, RG_CONVERTED_DECIMAL, 0, 2, RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         RG_CONVERTED_DECIMAL, 16, 2, RG_CONVERT_DECIMAL},
        {RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_CONVERTED_DECIMAL, 5, 2, RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         RG_CONVERTED_DECIMAL, 9, 2, RG_CONVERT_DECIMAL},
        {RG_TYPE_FIXED_LEN_BYTE_ARRAY, NO, 5, 0, RG_TYPE_FIXED_LEN_BYTE_ARRAY, NO, 9, 0,
         RG_CONVERT_NEVER},
        {RG_TYPE_INT32, RG_CONVERTED_DATE, 0, 0, RG_TYPE_BYTE_ARRAY, NO, 0, 0, RG_CONVERT_NEVER},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_schema_element from =
            element(rows[i].from, rows[i].from_converted, rows[i].from_length, rows[i].from_scale);
        const struct rg_schema_element to =
            element(rows[i].to, rows[i].to_converted, rows[i].to_length, rows[i].to_scale);

        CHECK_U64(rg_convert_of(&from, &to), rows[i].wanted);
    }
}

static const uint8_t narrow[] = {1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff};
static const uint8_t as_signed[] = {1,    0,    0,    0,    0,    0,    0,    0,
                                    0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t as_unsigned[] = {1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0};
static const uint8_t as_double[] = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0};
static const uint8_t as_decimal[] = {0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xfe};
static const uint8_t big_endian[] = {0x01, 0x02, 0xff, 0xfe};
static const uint8_t longer[] = {0, 1, 2, 0xff, 0xff, 0xfe};
static const uint8_t floats[] = {0, 0, 0xc0, 0x3f, 1, 0, 0x80, 0x7f}; /* 1.5, a signalling NaN. */
static const uint8_t doubles[] = {0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0x20, 0, 0, 0xf0, 0x7f};

TEST(values_are_what_they_were)
{
    static const struct {
        enum rg_convert convert;
        bool is_integer;
        const uint8_t *values;
        uint32_t width;
        uint32_t to_width;
        const uint8_t *wanted;
    } rows[] = {
        {RG_CONVERT_SIGNED, true, narrow, 4, 8, as_signed},
        {RG_CONVERT_UNSIGNED, true, narrow, 4, 8, as_unsigned},
        {RG_CONVERT_INT_TO_DOUBLE, true, narrow, 4, 8, as_double},
        {RG_CONVERT_DECIMAL, true, narrow, 4, 5, as_decimal},
        {RG_CONVERT_DECIMAL, false, big_endian, 2, 3, longer},
        {RG_CONVERT_FLOAT_TO_DOUBLE, false, floats, 4, 8, doubles},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_values values = {
            .count = 2, .width_bytes = rows[i].width, .fixed = rows[i].values};
        const struct rg_column_source column = {.convert = rows[i].convert,
                                                .is_integer = rows[i].is_integer,
                                                .to_width = rows[i].to_width};
        const struct rg_values wanted = {
            .count = 2, .width_bytes = rows[i].to_width, .fixed = rows[i].wanted};
        uint8_t out[16];
        uint64_t hashes[2];
        uint64_t wanted_hashes[2];

        rg_convert_values(rows[i].convert, rows[i].is_integer, &values, 0, 2, rows[i].to_width,
                          out);
        CHECK(memcmp(out, rows[i].wanted, (size_t)2 * rows[i].to_width) == 0);
        rg_convert_values(rows[i].convert, rows[i].is_integer, &values, 1, 1, rows[i].to_width,
                          out);
        CHECK(memcmp(out, rows[i].wanted + rows[i].to_width, rows[i].to_width) == 0);
        rg_value_hash_converted(&column, &values, hashes);
        rg_value_hash(&wanted, wanted_hashes);
        CHECK(memcmp(hashes, wanted_hashes, sizeof hashes) == 0);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"only_lossless_widenings_can_be_compared", only_lossless_widenings_can_be_compared},
        {"values_are_what_they_were", values_are_what_they_were},
    };

    return test_main("verify/convert", cases, sizeof cases / sizeof cases[0], argc, argv);
}
