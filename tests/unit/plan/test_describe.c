/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/describe.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/schema.h"
#include "stitch/order.h"
#include "support/test.h"

/* A file of two columns, a (INT64) and b (BYTE_ARRAY), and three row groups. */
struct sample {
    struct rg_schema_element elements[3];
    struct rg_schema schema;
    struct rg_column_chunk chunks[3][2];
    struct rg_row_group groups[3];
    struct rg_file_meta meta;
};

static struct rg_column_chunk chunk_of(uint8_t type, uint8_t codec, uint64_t compressed,
                                       uint64_t uncompressed)
{
    return (struct rg_column_chunk){.type = type,
                                    .codec = codec,
                                    .value_count = 100,
                                    .compressed_bytes = compressed,
                                    .uncompressed_bytes = uncompressed};
}

static void make_sample(struct test *t, struct sample *s, struct rg_arena *arena)
{
    *s = (struct sample){0};
    s->elements[0] = (struct rg_schema_element){
        .name = rg_span_of("schema"), .child_count = 2, .converted_type = RG_CONVERTED_NONE};
    s->elements[1] = (struct rg_schema_element){.name = rg_span_of("a"),
                                                .has_type = true,
                                                .has_repetition = true,
                                                .type = RG_TYPE_INT64,
                                                .converted_type = RG_CONVERTED_NONE};
    s->elements[2] = (struct rg_schema_element){.name = rg_span_of("b"),
                                                .has_type = true,
                                                .has_repetition = true,
                                                .type = RG_TYPE_BYTE_ARRAY,
                                                .converted_type = RG_CONVERTED_UTF8};
    CHECK_OK(rg_schema_build(s->elements, 3, arena, &s->schema, &t->err));
    for (uint32_t i = 0; i < 2; i++)
        s->schema.leaves[i].column_order = RG_COLUMN_ORDER_TYPE;
    for (uint32_t i = 0; i < 3; i++) {
        s->chunks[i][0] = chunk_of(RG_TYPE_INT64, RG_CODEC_SNAPPY, 300, 800);
        s->chunks[i][1] = chunk_of(RG_TYPE_BYTE_ARRAY, RG_CODEC_ZSTD, 50, 900);
        s->groups[i] = (struct rg_row_group){.columns = s->chunks[i], .row_count = 100};
    }
    s->meta = (struct rg_file_meta){.schema = s->schema,
                                    .row_groups = s->groups,
                                    .row_group_count = 3,
                                    .has_column_orders = true};
}

struct bench {
    struct rg_options options;
    struct rg_arena arena;
    struct sample sample;
    struct rg_plan_file file;
};

static void bench_init(struct test *t, struct bench *b)
{
    rg_arena_init(&b->arena, &t->allocator, SIZE_MAX);
    b->options = (struct rg_options){0};
    b->file = (struct rg_plan_file){0};
    CHECK_OK(rg_options_init(&b->options, &t->allocator, &t->err));
    make_sample(t, &b->sample, &b->arena);
}

static void bench_fini(struct bench *b)
{
    rg_options_fini(&b->options);
    rg_arena_fini(&b->arena);
}

static enum rg_status describe(struct test *t, struct bench *b)
{
    return rg_plan_describe(&b->sample.meta, &b->options, &b->arena, &b->file, &t->err);
}

TEST(row_groups_are_summed_and_empty_ones_passed_over)
{
    struct bench b;

    bench_init(t, &b);
    b.sample.groups[1].row_count = 0;
    CHECK_OK(describe(t, &b));
    CHECK_U64(b.file.row_group_count, 2);
    CHECK_U64(b.file.row_groups[0].index, 0);
    CHECK_U64(b.file.row_groups[1].index, 2);
    CHECK_U64(b.file.row_groups[0].row_count, 100);
    CHECK_U64(b.file.row_groups[0].compressed_bytes, 350);
    CHECK_U64(b.file.row_groups[0].uncompressed_bytes, 1700);
    CHECK_U64(b.file.row_groups[0].weight_bytes, 350);
    CHECK(b.file.row_groups[0].bounds == NULL);
    bench_fini(&b);
}

TEST(another_codec_weighs_a_third_of_the_uncompressed)
{
    struct bench b;

    bench_init(t, &b);
    CHECK_OK(rg_options_set(&b.options, "codec", "zstd:3", RG_ORIGIN_FLAG, &t->err));
    CHECK_OK(describe(t, &b));
    CHECK_U64(b.file.row_groups[0].weight_bytes, 800 / 3 + 50);
    bench_fini(&b);
}

TEST(largest_chunk_counts_what_dissolving_may_make_of_it)
{
    struct bench b;

    bench_init(t, &b);
    CHECK_OK(describe(t, &b));
    CHECK_U64(b.file.row_groups[0].chunk_bytes_max, 900);
    /* 100 values of 8 bytes are 800; ten times as many are 8,000. */
    b.sample.chunks[0][0].value_count = 1000;
    CHECK_OK(describe(t, &b));
    CHECK_U64(b.file.row_groups[0].chunk_bytes_max, 8000);
    b.sample.chunks[0][1].size_statistics.is_present = true;
    b.sample.chunks[0][1].size_statistics.has_unencoded_bytes = true;
    b.sample.chunks[0][1].size_statistics.unencoded_bytes = 50000;
    CHECK_OK(describe(t, &b));
    CHECK_U64(b.file.row_groups[0].chunk_bytes_max, 50000 + 4 * 100);
    /* Never more than an output chunk holds: it could not be in one at all then. */
    b.sample.chunks[0][0].value_count = (UINT64_C(1) << 40) - 1;
    CHECK_OK(describe(t, &b));
    CHECK_U64(b.file.row_groups[0].chunk_bytes_max, rg_chunk_bytes_max);
    bench_fini(&b);
}

TEST(the_most_values_of_a_chunk_are_told)
{
    struct bench b;

    bench_init(t, &b);
    CHECK_OK(describe(t, &b));
    CHECK_U64(b.file.row_groups[0].chunk_values_max, 100);
    b.sample.chunks[0][1].value_count = rg_chunk_values_max;
    CHECK_OK(describe(t, &b));
    CHECK_U64(b.file.row_groups[0].chunk_values_max, rg_chunk_values_max);
    CHECK_U64(b.file.row_groups[1].chunk_values_max, b.sample.chunks[1][0].value_count);
    /* A lie adds up with others all the same. */
    b.sample.chunks[0][1].value_count = UINT64_MAX;
    CHECK_OK(describe(t, &b));
    CHECK_U64(b.file.row_groups[0].chunk_values_max, rg_chunk_values_max + 1);
    bench_fini(&b);
}

TEST(what_no_output_may_hold_is_refused)
{
    struct bench b;

    bench_init(t, &b);
    b.sample.chunks[2][1].uncompressed_bytes = rg_chunk_bytes_max;
    CHECK_OK(describe(t, &b));
    b.sample.chunks[2][1].uncompressed_bytes = rg_chunk_bytes_max + 1;
    CHECK_ERROR(describe(t, &b), RG_ERR_LIMIT, "row group 2: column b: a chunk of 2147483648");
    b.sample.chunks[2][1].uncompressed_bytes = 1;
    b.sample.chunks[2][1].compressed_bytes = UINT64_MAX;
    CHECK_ERROR(describe(t, &b), RG_ERR_LIMIT, "row group 2: column b");
    /* Of a long name its beginning is told, however long it is. */
    static char name[257];
    memset(name, 'n', sizeof name - 1);
    b.sample.elements[2].name = rg_span_of(name);
    b.sample.schema.leaves[1].path = rg_span_of(name);
    CHECK_ERROR(describe(t, &b), RG_ERR_LIMIT, "row group 2: column nnnnnnnn");
    b.sample.groups[1].row_count = UINT64_MAX;
    CHECK_ERROR(describe(t, &b), RG_ERR_LIMIT, "row group 1: 18446744073709551615 rows");
    bench_fini(&b);
}

TEST(bounds_come_from_statistics_that_can_be_trusted)
{
    static const uint8_t minus_one[] = {255, 255, 255, 255, 255, 255, 255, 255};
    static const uint8_t two[] = {2, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t odd[] = {2, 0, 0};
    struct bench b;

    bench_init(t, &b);
    CHECK_OK(rg_options_set(&b.options, "order", "col:b,path,col:a,col:nothing", RG_ORIGIN_FLAG,
                            &t->err));
    b.sample.chunks[0][0].statistics.min_value = SPAN(minus_one);
    b.sample.chunks[0][0].statistics.max_value = SPAN(two);
    b.sample.chunks[1][0].statistics.min_value = SPAN(two);
    b.sample.chunks[1][0].statistics.max_value = SPAN(two);
    b.sample.chunks[2][0].statistics.min_value = SPAN(odd);
    b.sample.chunks[0][1].statistics.min_value = rg_span_of("abc");
    b.sample.chunks[0][1].statistics.max_value = rg_span_of("abd");
    CHECK_OK(describe(t, &b));
    CHECK(rg_span_equal(b.file.row_groups[0].bounds[0], rg_span_of("abc")));
    CHECK(b.file.row_groups[1].bounds[0].data == NULL);
    CHECK(rg_span_compare(b.file.row_groups[0].bounds[1], b.file.row_groups[1].bounds[1]) < 0);
    CHECK(b.file.row_groups[2].bounds[1].data == NULL);
    CHECK(b.file.row_groups[0].bounds[2].data == NULL);
    bench_fini(&b);
}

static const enum rg_order orders[] = {
    RG_ORDER_BOOLEAN, RG_ORDER_INT32,  RG_ORDER_INT64,   RG_ORDER_UINT32, RG_ORDER_UINT64,
    RG_ORDER_FLOAT,   RG_ORDER_DOUBLE, RG_ORDER_FLOAT16, RG_ORDER_BYTES,  RG_ORDER_SIGNED_BYTES,
};
static const size_t widths[] = {1, 4, 8, 4, 8, 4, 8, 2, 0, 0};

/* A value of that order, often one at an edge. */
static struct rg_span draw(struct choices *c, size_t width, uint8_t value[8])
{
    const size_t bytes = width != 0 ? width : choose(c, 8);
    static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0x81, 0xff};

    for (size_t i = 0; i < bytes; i++)
        value[i] = choose_bool(c) ? edges[choose(c, 5)] : (uint8_t)choose(c, 255);
    return (struct rg_span){value, bytes};
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void property_keys_compare_as_values_do(struct test *t, struct choices *c)
{
    const uint32_t which = choose(c, 9);
    const enum rg_order order = orders[which];
    struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY};
    struct rg_arena arena;
    uint8_t values[2][8];
    const struct rg_span a = draw(c, widths[which], values[0]);
    const struct rg_span b = draw(c, widths[which], values[1]);

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_span x = {0};
    struct rg_span y = {0};
    enum rg_status status = rg_plan_bound(order, a, &arena, &x, &t->err);
    if (status == RG_OK)
        status = rg_plan_bound(order, b, &arena, &y, &t->err);
    const bool is_floating = rg_order_is_floating(order);
    leaf.type_length = (int32_t)widths[which];
    leaf.type = order == RG_ORDER_FLOAT    ? RG_TYPE_FLOAT
                : order == RG_ORDER_DOUBLE ? RG_TYPE_DOUBLE
                                           : RG_TYPE_FIXED_LEN_BYTE_ARRAY;
    const bool is_number =
        !is_floating || (rg_order_accepts(order, &leaf, a) && rg_order_accepts(order, &leaf, b));
    const int got = x.data != NULL && y.data != NULL ? sign(rg_span_compare(x, y)) : 2;
    rg_arena_fini(&arena);
    CHECK_OK(status);
    if (!is_number) {
        CHECK(got == 2);
        return;
    }
    const bool has_length = a.bytes > 0 && b.bytes > 0;
    if (order == RG_ORDER_SIGNED_BYTES && !has_length)
        return; /* No number at all. */
    CHECK_I64(got, sign(rg_order_compare(order, a, b)));
}

TEST(keys_compare_as_values_do)
{
    test_property(t, "keys_compare_as_values_do", 20000, property_keys_compare_as_values_do);
}

/* The same number in a narrow and in a wide type. */
static void property_keys_do_not_change_with_the_width(struct test *t, struct choices *c)
{
    static const struct {
        enum rg_order narrow, wide;
        bool is_signed, is_reversed;
    } pairs[] = {
        {RG_ORDER_INT32, RG_ORDER_INT64, true, false},
        {RG_ORDER_UINT32, RG_ORDER_UINT64, false, false},
        {RG_ORDER_INT32, RG_ORDER_SIGNED_BYTES, true, true},
        {RG_ORDER_FLOAT, RG_ORDER_DOUBLE, false, false},
    };
    const uint32_t which = choose(c, 3);
    uint8_t number[8];
    uint8_t wide[8] = {0};
    struct rg_arena arena;
    const struct rg_span value = draw(c, 4, number);
    const bool is_negative = (number[3] & 0x80) != 0;
    uint64_t bits = 0;
    float single;

    memcpy(&single, number, sizeof single);
    const double both = (double)single;
    memcpy(&bits, &both, sizeof bits);
    for (size_t i = 0; i < 8; i++) {
        const uint8_t byte = i < 4 ? number[i] : pairs[which].is_signed && is_negative ? 0xff : 0;

        wide[pairs[which].is_reversed ? 7 - i : i] =
            pairs[which].narrow == RG_ORDER_FLOAT ? (uint8_t)(bits >> (8 * i)) : byte;
    }
    struct rg_span x = {0};
    struct rg_span y = {0};
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    enum rg_status status = rg_plan_bound(pairs[which].narrow, value, &arena, &x, &t->err);
    if (status == RG_OK)
        status = rg_plan_bound(pairs[which].wide, (struct rg_span){wide, 8}, &arena, &y, &t->err);
    const bool is_same = (x.data == NULL) == (y.data == NULL) && rg_span_equal(x, y);
    rg_arena_fini(&arena);
    CHECK_OK(status);
    CHECK(is_same);
}

TEST(keys_do_not_change_with_the_width)
{
    test_property(t, "keys_do_not_change_with_the_width", 20000,
                  property_keys_do_not_change_with_the_width);
}

TEST(zeros_of_both_signs_are_one)
{
    static const uint8_t plus[] = {0, 0, 0, 0};
    static const uint8_t minus[] = {0, 0, 0, 0x80};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_span a;
    struct rg_span b;
    CHECK_OK(rg_plan_bound(RG_ORDER_FLOAT, SPAN(plus), &arena, &a, &t->err));
    CHECK_OK(rg_plan_bound(RG_ORDER_FLOAT, SPAN(minus), &arena, &b, &t->err));
    CHECK(a.data != NULL && rg_span_equal(a, b));
    CHECK_OK(rg_plan_bound(RG_ORDER_NONE, SPAN(plus), &arena, &a, &t->err));
    CHECK(a.data == NULL);
    CHECK_OK(rg_plan_bound(RG_ORDER_INT64, SPAN(plus), &arena, &a, &t->err));
    CHECK(a.data == NULL);
    CHECK_OK(rg_plan_bound(RG_ORDER_INT32, (struct rg_span){0}, &arena, &a, &t->err));
    CHECK(a.data == NULL);
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"row_groups_are_summed_and_empty_ones_passed_over",
         row_groups_are_summed_and_empty_ones_passed_over},
        {"another_codec_weighs_a_third_of_the_uncompressed",
         another_codec_weighs_a_third_of_the_uncompressed},
        {"largest_chunk_counts_what_dissolving_may_make_of_it",
         largest_chunk_counts_what_dissolving_may_make_of_it},
        {"the_most_values_of_a_chunk_are_told", the_most_values_of_a_chunk_are_told},
        {"what_no_output_may_hold_is_refused", what_no_output_may_hold_is_refused},
        {"bounds_come_from_statistics_that_can_be_trusted",
         bounds_come_from_statistics_that_can_be_trusted},
        {"keys_compare_as_values_do", keys_compare_as_values_do},
        {"keys_do_not_change_with_the_width", keys_do_not_change_with_the_width},
        {"zeros_of_both_signs_are_one", zeros_of_both_signs_are_one},
    };

    return test_main("plan/describe", cases, sizeof cases / sizeof cases[0], argc, argv);
}
