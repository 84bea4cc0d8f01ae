/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/plain_bounds.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum {
    VALUES_MAX = 5000,
    BYTES_MAX = VALUES_MAX * 24,
};

struct kind {
    enum rg_order order;
    enum rg_type type;
    int32_t type_length;
    size_t width; /* 0: length in front. */
};

static const struct kind kinds[] = {
    {RG_ORDER_INT32, RG_TYPE_INT32, 0, 4},
    {RG_ORDER_INT64, RG_TYPE_INT64, 0, 8},
    {RG_ORDER_UINT32, RG_TYPE_INT32, 0, 4},
    {RG_ORDER_UINT64, RG_TYPE_INT64, 0, 8},
    {RG_ORDER_FLOAT, RG_TYPE_FLOAT, 0, 4},
    {RG_ORDER_DOUBLE, RG_TYPE_DOUBLE, 0, 8},
    {RG_ORDER_FLOAT16, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 2, 2},
    {RG_ORDER_BYTES, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 3, 3},
    {RG_ORDER_BYTES, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 16, 16},
    {RG_ORDER_SIGNED_BYTES, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 5, 5},
    {RG_ORDER_SIGNED_BYTES, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 16, 16},
    {RG_ORDER_BYTES, RG_TYPE_BYTE_ARRAY, 0, 0},
    {RG_ORDER_SIGNED_BYTES, RG_TYPE_BYTE_ARRAY, 0, 0},
};

/* A byte that is often one of a few, so that prefixes, signs and whole values collide. */
static uint8_t random_byte(struct choices *c)
{
    static const uint8_t usual[] = {0, 0xff, 0x80, 0x7f, 'a', 'b'};
    const uint32_t n = choose(c, 9);

    return n < sizeof usual ? usual[n] : (uint8_t)choose(c, 255);
}

static size_t put_special_double(struct choices *c, uint8_t *out)
{
    static const double specials[] = {0.0, -0.0, 1.5, -1.5, 1e308, -1e308};
    const uint32_t n = choose(c, 8);
    uint64_t bits = n == 6   ? UINT64_C(0x7ff0000000000000)
                    : n == 7 ? UINT64_C(0xfff0000000000000)
                             : UINT64_C(0x7ff8000000000001);

    if (n < 6)
        memcpy(&bits, &specials[n], 8);
    memcpy(out, &bits, 8);
    return 8;
}

/*
 * The model looks at each value by itself, with rg_order_accepts() and rg_order_compare(), which
 * have tests of their own.
 */
struct model {
    struct rg_span min, max;
    uint64_t nan_count;
};

static void model_add(struct model *m, const struct kind *kind, const struct rg_leaf *leaf,
                      struct rg_span value)
{
    if (!rg_order_accepts(kind->order, leaf, value)) {
        m->nan_count++;
        return;
    }
    if (m->min.data == NULL || rg_order_compare(kind->order, value, m->min) < 0)
        m->min = value;
    if (m->max.data == NULL || rg_order_compare(kind->order, value, m->max) > 0)
        m->max = value;
}

static void check_against_model(const struct kind *kind, const struct rg_leaf *leaf,
                                struct rg_span plain, uint32_t count, const struct model *m,
                                struct test *t)
{
    struct rg_statistics s;

    const bool is_floating = rg_order_is_floating(kind->order);
    const bool has_bounds = m->min.data != NULL && !(is_floating && m->nan_count > 0);

    CHECK_OK(rg_statistics_of_plain(kind->order, leaf, plain, count, true, &s, &t->err));
    CHECK((s.min_value.data != NULL) == has_bounds);
    CHECK((s.max_value.data != NULL) == has_bounds);
    CHECK(s.has_min_exact == has_bounds && s.has_max_exact == has_bounds);
    CHECK_U64(s.nan_count, is_floating ? m->nan_count : 0);
    CHECK(s.has_nan_count == is_floating);
    if (!has_bounds)
        return;
    CHECK_SPAN(s.min_value, rg_order_lower_bound(kind->order, m->min));
    CHECK_SPAN(s.max_value, rg_order_upper_bound(kind->order, m->max));
    CHECK(s.has_min_exact && s.is_min_exact && s.has_max_exact && s.is_max_exact);
}

static void bounds_are_those_of_a_naive_loop(struct test *t, struct choices *c)
{
    const struct kind *kind = &kinds[choose(c, sizeof kinds / sizeof kinds[0] - 1)];
    const struct rg_leaf leaf = {.type = (uint8_t)kind->type, .type_length = kind->type_length};
    const uint32_t count = choose_bool(c) ? choose(c, 40) : choose(c, 3000);
    const bool is_common = choose_bool(c); /* A long common prefix. */
    uint8_t *bytes = rg_alloc(&t->allocator, BYTES_MAX);
    struct model m = {{NULL, 0}, {NULL, 0}, 0};
    size_t used = 0;

    if (bytes == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        size_t width = kind->width;

        if (width == 0) {
            const bool is_number = kind->order == RG_ORDER_SIGNED_BYTES;
            width = is_number ? 1 + choose(c, 17) : choose(c, 19);
            bytes[used] = (uint8_t)width;
            memset(bytes + used + 1, 0, 3);
            used += 4;
        }
        const size_t begin = used;
        if (kind->order == RG_ORDER_DOUBLE && choose_bool(c))
            used += put_special_double(c, bytes + used);
        for (; used < begin + width; used++)
            bytes[used] = is_common && used < begin + 9 ? 0x61 : random_byte(c);
        model_add(&m, kind, &leaf, (struct rg_span){bytes + begin, width});
    }
    /* To the byte, so that a read past the end is seen. */
    uint8_t *exact = rg_alloc(&t->allocator, used + 1);
    if (exact != NULL) {
        memcpy(exact + 1, bytes, used); /* Not aligned. */
        check_against_model(kind, &leaf, (struct rg_span){exact + 1, used}, count, &m, t);
        rg_release(&t->allocator, exact, used + 1);
    }
    rg_release(&t->allocator, bytes, BYTES_MAX);
}

TEST(agrees_with_a_naive_loop)
{
    test_property(t, "bounds", 3000, bounds_are_those_of_a_naive_loop);
}

TEST(extremes_are_found_at_every_place)
{
    const struct rg_leaf leaf = {.type = RG_TYPE_INT64};
    static int64_t values[2100];
    struct rg_statistics s;

    for (size_t place = 0; place < 2100; place += 97) {
        for (size_t i = 0; i < 2100; i++)
            values[i] = 5;
        values[place] = -7;
        values[(place + 1) % 2100] = 9;
        CHECK_OK(
            rg_statistics_of_plain(RG_ORDER_INT64, &leaf, SPAN(values), 2100, false, &s, &t->err));
        CHECK(s.min_value.data == (const uint8_t *)&values[place]);
        CHECK(s.max_value.data == (const uint8_t *)&values[(place + 1) % 2100]);
        CHECK(s.has_min_exact && !s.is_min_exact);
    }
}

TEST(booleans_are_bits)
{
    static const struct {
        const char *about;
        uint8_t bytes[2];
        uint32_t count;
        int min, max; /* -1: none. */
    } rows[] = {
        {"none", {0, 0}, 0, -1, -1},
        {"one false, padding set", {0xfe, 0xff}, 1, 0, 0},
        {"one true", {1, 0}, 1, 1, 1},
        {"all true to the ninth", {0xff, 1}, 9, 1, 1},
        {"the ninth is false", {0xff, 0}, 9, 0, 1},
        {"false, padding set", {0, 0xfe}, 9, 0, 0},
    };
    const struct rg_leaf leaf = {.type = RG_TYPE_BOOLEAN};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_statistics s;
        const struct rg_span plain = {rows[i].bytes, 2};

        CHECK_OK(rg_statistics_of_plain(RG_ORDER_BOOLEAN, &leaf, plain, rows[i].count, true, &s,
                                        &t->err));
        const int min = s.min_value.data == NULL ? -1 : s.min_value.data[0];
        const int max = s.max_value.data == NULL ? -1 : s.max_value.data[0];
        if (min != rows[i].min || max != rows[i].max)
            test_fail(__FILE__, __LINE__, "%s: %d to %d", rows[i].about, min, max);
    }
}

TEST(zeros_get_the_sign_of_the_format)
{
    static const double zeros[2] = {0.0, 0.0};
    static const double negative[2] = {-0.0, -0.0};
    static const uint8_t lower[8] = {0, 0, 0, 0, 0, 0, 0, 0x80};
    static const uint8_t upper[8] = {0};
    const struct rg_leaf leaf = {.type = RG_TYPE_DOUBLE};
    struct rg_statistics s;

    CHECK_OK(rg_statistics_of_plain(RG_ORDER_DOUBLE, &leaf, SPAN(zeros), 2, true, &s, &t->err));
    CHECK_SPAN(s.min_value, SPAN(lower));
    CHECK_OK(rg_statistics_of_plain(RG_ORDER_DOUBLE, &leaf, SPAN(negative), 2, true, &s, &t->err));
    CHECK_SPAN(s.max_value, SPAN(upper));
}

TEST(nan_gives_counts_and_no_bounds)
{
    static const uint64_t values[4] = {UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000001),
                                       UINT64_C(0x7ff0000000000001), 0 /* 0.0. */};
    const struct rg_leaf leaf = {.type = RG_TYPE_DOUBLE};
    struct rg_statistics s;

    for (uint32_t count = 3; count <= 4; count++) {
        const struct rg_span plain = {(const uint8_t *)values, count * sizeof *values};

        CHECK_OK(rg_statistics_of_plain(RG_ORDER_DOUBLE, &leaf, plain, count, true, &s, &t->err));
        CHECK(s.min_value.data == NULL && s.max_value.data == NULL);
        CHECK(!s.has_min_exact && !s.has_max_exact);
        CHECK(s.has_nan_count);
        CHECK_U64(s.nan_count, 3);
    }
}

TEST(an_empty_decimal_spoils_the_bounds)
{
    static const uint8_t plain[] = {1, 0, 0, 0, 5, 0, 0, 0, 0};
    const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY};
    struct rg_statistics s;

    CHECK_OK(
        rg_statistics_of_plain(RG_ORDER_SIGNED_BYTES, &leaf, SPAN(plain), 2, true, &s, &t->err));
    CHECK(s.min_value.data == NULL && s.max_value.data == NULL);
}

TEST(pages_that_end_early_are_corrupt)
{
    static const struct {
        const char *about;
        enum rg_type type;
        enum rg_order order;
        uint8_t bytes[9];
        size_t used;
        uint32_t count;
        const char *text;
    } rows[] = {
        {"ints", RG_TYPE_INT32, RG_ORDER_INT32, {0}, 7, 2, "7 bytes cannot hold 2"},
        {"booleans", RG_TYPE_BOOLEAN, RG_ORDER_BOOLEAN, {0}, 1, 9, "1 bytes cannot hold 9"},
        {"too many", RG_TYPE_INT96, RG_ORDER_NONE, {0}, 9, UINT32_MAX, "cannot hold"},
        {"half a length", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, {0, 0, 0}, 3, 1, "end at 0 of 1"},
        {"length of 4 GiB",
         RG_TYPE_BYTE_ARRAY,
         RG_ORDER_BYTES,
         {255, 255, 255, 255, 1},
         5,
         1,
         "end at 0 of 1"},
        {"decimal",
         RG_TYPE_BYTE_ARRAY,
         RG_ORDER_SIGNED_BYTES,
         {1, 0, 0, 0, 1, 1},
         6,
         2,
         "end at 1 of 2"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_leaf leaf = {.type = (uint8_t)rows[i].type};
        const struct rg_span plain = {rows[i].bytes, rows[i].used};
        struct rg_statistics s;

        CHECK_ERROR(
            rg_statistics_of_plain(rows[i].order, &leaf, plain, rows[i].count, true, &s, &t->err),
            RG_ERR_CORRUPT, rows[i].text);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"agrees_with_a_naive_loop", agrees_with_a_naive_loop},
        {"extremes_are_found_at_every_place", extremes_are_found_at_every_place},
        {"booleans_are_bits", booleans_are_bits},
        {"zeros_get_the_sign_of_the_format", zeros_get_the_sign_of_the_format},
        {"nan_gives_counts_and_no_bounds", nan_gives_counts_and_no_bounds},
        {"an_empty_decimal_spoils_the_bounds", an_empty_decimal_spoils_the_bounds},
        {"pages_that_end_early_are_corrupt", pages_that_end_early_are_corrupt},
    };

    return test_main("stitch/plain_bounds", cases, sizeof cases / sizeof cases[0], argc, argv);
}
