/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/widen.h"

#include <string.h>

#include "stitch/order.h"
#include "support/test.h"

TEST(values_keep_their_meaning)
{
    static const struct {
        const char *about;
        enum rg_conversion conversion;
        uint8_t from_type, to_type;
        int32_t from_length, to_length;
        uint8_t in[8];
        size_t in_bytes;
        uint8_t out[12];
        size_t out_bytes;
    } rows[] = {
        {"-2 in int64",
         RG_CONVERSION_INT32_INT64,
         RG_TYPE_INT32,
         RG_TYPE_INT64,
         0,
         0,
         {0xfe, 0xff, 0xff, 0xff},
         4,
         {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
         8},
        {"2^32 - 2 in uint64",
         RG_CONVERSION_UINT32_UINT64,
         RG_TYPE_INT32,
         RG_TYPE_INT64,
         0,
         0,
         {0xfe, 0xff, 0xff, 0xff},
         4,
         {0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0},
         8},
        {"-2 in double",
         RG_CONVERSION_INT32_DOUBLE,
         RG_TYPE_INT32,
         RG_TYPE_DOUBLE,
         0,
         0,
         {0xfe, 0xff, 0xff, 0xff},
         4,
         {0, 0, 0, 0, 0, 0, 0, 0xc0},
         8},
        {"1.5f in double",
         RG_CONVERSION_FLOAT_DOUBLE,
         RG_TYPE_FLOAT,
         RG_TYPE_DOUBLE,
         0,
         0,
         {0, 0, 0xc0, 0x3f},
         4,
         {0, 0, 0, 0, 0, 0, 0xf8, 0x3f},
         8},
        {"the smallest float in double",
         RG_CONVERSION_FLOAT_DOUBLE,
         RG_TYPE_FLOAT,
         RG_TYPE_DOUBLE,
         0,
         0,
         {1, 0, 0, 0},
         4,
         {0, 0, 0, 0, 0, 0, 0xa0, 0x36},
         8},
        {"a signalling NaN in double",
         RG_CONVERSION_FLOAT_DOUBLE,
         RG_TYPE_FLOAT,
         RG_TYPE_DOUBLE,
         0,
         0,
         {1, 0, 0x80, 0xff},
         4,
         {0, 0, 0, 0x20, 0, 0, 0xf0, 0xff},
         8},
        {"-infinity in double",
         RG_CONVERSION_FLOAT_DOUBLE,
         RG_TYPE_FLOAT,
         RG_TYPE_DOUBLE,
         0,
         0,
         {0, 0, 0x80, 0xff},
         4,
         {0, 0, 0, 0, 0, 0, 0xf0, 0xff},
         8},
        {"int32 in 5 bytes",
         RG_CONVERSION_DECIMAL_FIXED,
         RG_TYPE_INT32,
         RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         0,
         5,
         {0xfe, 0xff, 0xff, 0xff},
         4,
         {0xff, 0xff, 0xff, 0xff, 0xfe},
         5},
        {"int64 in 9 bytes",
         RG_CONVERSION_DECIMAL_FIXED,
         RG_TYPE_INT64,
         RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         0,
         9,
         {1, 2, 3, 4, 5, 6, 7, 8},
         8,
         {0, 8, 7, 6, 5, 4, 3, 2, 1},
         9},
        {"3 bytes in 6",
         RG_CONVERSION_DECIMAL_FIXED,
         RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         3,
         6,
         {0x80, 1, 2},
         3,
         {0xff, 0xff, 0xff, 0x80, 1, 2},
         6},
        {"as it is",
         RG_CONVERSION_NONE,
         RG_TYPE_BYTE_ARRAY,
         RG_TYPE_BYTE_ARRAY,
         0,
         0,
         {1, 0, 0, 0, 'a'},
         5,
         {1, 0, 0, 0, 'a'},
         5},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_leaf from = {.type = rows[i].from_type, .type_length = rows[i].from_length};
        const struct rg_leaf to = {.type = rows[i].to_type, .type_length = rows[i].to_length};
        uint8_t out[12 + 64];

        CHECK_OK(rg_widen_plain(rows[i].conversion, &from, &to,
                                (struct rg_span){rows[i].in, rows[i].in_bytes}, 1, out, &t->err));
        if (memcmp(out, rows[i].out, rows[i].out_bytes) != 0)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
    }
}

TEST(pages_of_another_length_are_corrupt)
{
    static const uint8_t plain[7] = {0};
    const struct rg_leaf from = {.type = RG_TYPE_INT32};
    const struct rg_leaf to = {.type = RG_TYPE_INT64};
    uint8_t out[100];

    CHECK_ERROR(rg_widen_plain(RG_CONVERSION_INT32_INT64, &from, &to, SPAN(plain), 2, out, &t->err),
                RG_ERR_CORRUPT, "7 bytes are not 2");
    CHECK_ERROR(rg_widen_plain(RG_CONVERSION_INT32_INT64, &from, &to, SPAN(plain), 1, out, &t->err),
                RG_ERR_CORRUPT, "7 bytes are not 1");
}

/* What makes bounds of converted values out of converted bounds. */
static void order_is_kept(struct test *t, struct choices *c)
{
    static const struct {
        enum rg_conversion conversion;
        uint8_t from_type, to_type;
        enum rg_order from_order, to_order;
    } kinds[] = {
        {RG_CONVERSION_INT32_INT64, RG_TYPE_INT32, RG_TYPE_INT64, RG_ORDER_INT32, RG_ORDER_INT64},
        {RG_CONVERSION_UINT32_UINT64, RG_TYPE_INT32, RG_TYPE_INT64, RG_ORDER_UINT32,
         RG_ORDER_UINT64},
        {RG_CONVERSION_INT32_DOUBLE, RG_TYPE_INT32, RG_TYPE_DOUBLE, RG_ORDER_INT32,
         RG_ORDER_DOUBLE},
        {RG_CONVERSION_FLOAT_DOUBLE, RG_TYPE_FLOAT, RG_TYPE_DOUBLE, RG_ORDER_FLOAT,
         RG_ORDER_DOUBLE},
        {RG_CONVERSION_DECIMAL_FIXED, RG_TYPE_INT32, RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_ORDER_INT32,
         RG_ORDER_SIGNED_BYTES},
    };
    const size_t kind = choose(c, sizeof kinds / sizeof kinds[0] - 1);
    const struct rg_leaf from = {.type = kinds[kind].from_type};
    const struct rg_leaf to = {.type = kinds[kind].to_type, .type_length = 11};
    const size_t out_width = to.type == RG_TYPE_FIXED_LEN_BYTE_ARRAY ? 11 : 8;
    uint8_t in[2][4];
    uint8_t out[2 * 11 + 64];

    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < 4; j++) {
            static const uint8_t usual[] = {0, 0xff, 0x80, 0x7f};
            const uint32_t n = choose(c, 5);
            in[i][j] = n < 4 ? usual[n] : (uint8_t)choose(c, 255);
        }
        if (!rg_order_accepts(kinds[kind].from_order, &from, (struct rg_span){in[i], 4}))
            return; /* NaN. */
    }
    CHECK_OK(rg_widen_plain(kinds[kind].conversion, &from, &to,
                            (struct rg_span){&in[0][0], sizeof in}, 2, out, &t->err));
    const int before = rg_order_compare(kinds[kind].from_order, (struct rg_span){in[0], 4},
                                        (struct rg_span){in[1], 4});
    const int after = rg_order_compare(kinds[kind].to_order, (struct rg_span){out, out_width},
                                       (struct rg_span){out + out_width, out_width});
    CHECK((before > 0) - (before < 0) == (after > 0) - (after < 0));
}

TEST(widening_keeps_the_order)
{
    test_property(t, "widen", 20000, order_is_kept);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"values_keep_their_meaning", values_keep_their_meaning},
        {"pages_of_another_length_are_corrupt", pages_of_another_length_are_corrupt},
        {"widening_keeps_the_order", widening_keeps_the_order},
    };

    return test_main("stitch/widen", cases, sizeof cases / sizeof cases[0], argc, argv);
}
