/* SPDX-License-Identifier: Apache-2.0 */

#include "thrift/reader.h"

#include <string.h>

#include "support/test.h"

static struct rg_thrift_reader reader_of(const uint8_t *bytes, size_t count)
{
    struct rg_thrift_reader reader;
    const struct rg_span span = {bytes, count};

    rg_thrift_reader_init(&reader, span);
    return reader;
}

#define READER(array) reader_of((array), sizeof(array))

TEST(numbers_of_every_length_are_read)
{
    static const struct {
        uint8_t bytes[10];
        size_t count;
        uint64_t value;
    } rows[] = {
        {{0x00}, 1, 0},
        {{0x7f}, 1, 127},
        {{0x80, 0x01}, 2, 128},
        {{0xff, 0x7f}, 2, 16383},
        {{0x80, 0x80, 0x01}, 3, 16384},
        {{0xff, 0xff, 0xff, 0x7f}, 4, 0x0fffffff},
        {{0xff, 0xff, 0xff, 0xff, 0x0f}, 5, UINT32_MAX},
        {{0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 6, UINT64_C(1) << 35},
        {{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 8, UINT64_C(1) << 49},
        {{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 9, UINT64_C(1) << 56},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 10, UINT64_MAX},
        {{0x85, 0x80, 0x80, 0x00}, 4, 5}, /* Longer than it need be. */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        /* Once at the very end of the bytes, once with more behind. */
        for (size_t more = 0; more <= 12; more += 12) {
            uint8_t bytes[24];

            memset(bytes, 0xff, sizeof bytes);
            memcpy(bytes, rows[i].bytes, rows[i].count);
            struct rg_thrift_reader reader = reader_of(bytes, rows[i].count + more);
            const uint64_t value = rg_thrift_varint(&reader);
            CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
            CHECK_U64(rg_thrift_offset(&reader), rows[i].count);
            CHECK_U64(value, rows[i].value);
        }
    }
}

/* Against the definition: seven bits a byte, lowest first. */
static void number_model(struct test *t, struct choices *c)
{
    uint8_t bytes[20];
    const uint32_t shift = choose(c, 63);
    const uint64_t value = choose_u64(c) >> shift;
    uint32_t count = 0;

    memset(bytes, (int)choose(c, 255), sizeof bytes);
    for (uint64_t rest = value; rest >= 0x80; rest >>= 7)
        bytes[count++] = (uint8_t)(rest | 0x80);
    bytes[count] = (uint8_t)(value >> (7 * count));
    count++;
    struct rg_thrift_reader reader = reader_of(bytes, count + choose(c, 20 - count));
    CHECK_U64(rg_thrift_varint(&reader), value);
    CHECK_U64(rg_thrift_offset(&reader), count);
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
}

TEST(numbers_equal_their_definition)
{
    test_property(t, "numbers_equal_their_definition", 20000, number_model);
}

TEST(numbers_that_are_none_are_refused)
{
    static const uint8_t cut[] = {0x80, 0x80};
    static const uint8_t long_cut[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    static const uint8_t wide[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    static const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    struct rg_thrift_reader reader = READER(cut);

    CHECK_U64(rg_thrift_varint(&reader), 0);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "end inside a number");
    reader = READER(long_cut);
    CHECK_U64(rg_thrift_varint(&reader), 0);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "end inside a number");
    reader = READER(wide);
    CHECK_U64(rg_thrift_varint(&reader), 0);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "more than 64 bits");
    reader = READER(endless);
    CHECK_U64(rg_thrift_varint(&reader), 0);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "more than 64 bits");
}

TEST(integers_are_zigzag_and_kept_in_range)
{
    static const uint8_t minus_one[] = {0x01};
    static const uint8_t largest[] = {0xfe, 0xff, 0xff, 0xff, 0x0f};   /* 2^31 - 1. */
    static const uint8_t too_large[] = {0x80, 0x80, 0x80, 0x80, 0x10}; /* 2^31. */
    static const uint8_t smallest[] = {0xff, 0xff, 0xff, 0xff, 0x0f};  /* -2^31. */
    static const uint8_t too_small[] = {0x81, 0x80, 0x80, 0x80, 0x10}; /* -2^31 - 1. */
    static const uint8_t byte[] = {0x80};                              /* As an i8. */
    static const uint8_t choice[] = {0xfe, 0x03};                      /* 255. */
    static const uint8_t no_choice[] = {0x80, 0x04};                   /* 256. */
    struct rg_thrift_reader reader = READER(minus_one);

    CHECK_I64(rg_thrift_read_i64(&reader, RG_THRIFT_I64), -1);
    reader = READER(byte);
    CHECK_I64(rg_thrift_read_i64(&reader, RG_THRIFT_I8), -128);
    reader = READER(largest);
    CHECK_U64(rg_thrift_read_u31(&reader, RG_THRIFT_I32), INT32_MAX);
    reader = READER(smallest);
    CHECK_I64(rg_thrift_read_i32(&reader, RG_THRIFT_I32), INT32_MIN);
    reader = READER(choice);
    CHECK_U64(rg_thrift_read_u8(&reader, RG_THRIFT_I32), 255);
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));

    reader = READER(minus_one);
    CHECK_U64(rg_thrift_read_u63(&reader, RG_THRIFT_I64), 0);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "negative number");
    reader = READER(minus_one);
    (void)rg_thrift_read_u31(&reader, RG_THRIFT_I32);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "count or a size");
    reader = READER(too_large);
    (void)rg_thrift_read_u31(&reader, RG_THRIFT_I32);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "count or a size");
    reader = READER(too_small);
    (void)rg_thrift_read_i32(&reader, RG_THRIFT_I32);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "range of 32 bits");
    reader = READER(no_choice);
    (void)rg_thrift_read_u8(&reader, RG_THRIFT_I32);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "an enumeration");
    reader = READER(minus_one);
    (void)rg_thrift_read_i64(&reader, RG_THRIFT_BINARY);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "integer belongs");
}

/* Fields 1 (true), 17 in the long form (false), 16 as one going back (a byte), the end. */
TEST(fields_are_numbered_in_both_forms)
{
    static const uint8_t bytes[] = {0x11, 0x02, 0x22, 0x03, 0x20, 0x07, 0x00};
    struct rg_thrift_reader reader = READER(bytes);
    struct rg_thrift_field field = {0};

    CHECK(rg_thrift_next_field(&reader, &field));
    CHECK_I64(field.id, 1);
    CHECK(rg_thrift_read_bool(&reader, field.type));
    CHECK(rg_thrift_next_field(&reader, &field));
    CHECK_I64(field.id, 17);
    CHECK(!rg_thrift_read_bool(&reader, field.type));
    CHECK(rg_thrift_next_field(&reader, &field));
    CHECK_I64(field.id, 16);
    CHECK_I64(rg_thrift_read_i64(&reader, field.type), 7);
    CHECK(!rg_thrift_next_field(&reader, &field));
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
    CHECK(!rg_thrift_next_field(&reader, &field));
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "end inside a struct");
}

TEST(field_numbers_stay_within_16_bits)
{
    static const uint8_t at_once[] = {0x05, 0x80, 0x80, 0x04, 0x00};        /* 32768. */
    static const uint8_t last[] = {0x01, 0xfe, 0xff, 0x03, 0x00};           /* 32767. */
    static const uint8_t stepwise[] = {0x01, 0xfe, 0xff, 0x03, 0x11, 0x00}; /* One more. */
    struct rg_thrift_reader reader = READER(at_once);
    struct rg_thrift_field field = {0};

    CHECK(!rg_thrift_next_field(&reader, &field));
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "field number");
    reader = READER(last);
    field.id = 0;
    CHECK(rg_thrift_next_field(&reader, &field));
    CHECK_I64(field.id, 32767);
    CHECK(!rg_thrift_next_field(&reader, &field));
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
    reader = READER(stepwise);
    field.id = 0;
    CHECK(rg_thrift_next_field(&reader, &field));
    CHECK(!rg_thrift_next_field(&reader, &field));
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "field number");
}

TEST(binaries_are_borrowed_and_bounded)
{
    static const uint8_t bytes[] = {0x03, 'a', 'b', 'c', 0x00, 0x02, 'd'};
    struct rg_thrift_reader reader = READER(bytes);

    struct rg_span span = rg_thrift_read_binary(&reader, RG_THRIFT_BINARY);
    CHECK(span.data == bytes + 1);
    CHECK_U64(span.bytes, 3);
    span = rg_thrift_read_binary(&reader, RG_THRIFT_BINARY);
    CHECK(span.data != NULL);
    CHECK_U64(span.bytes, 0);
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
    span = rg_thrift_read_binary(&reader, RG_THRIFT_BINARY);
    CHECK(span.data == NULL);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "longer than what is");
}

TEST(lists_hold_no_more_than_the_bytes_can)
{
    static const uint8_t short_form[] = {0x36, 0x02, 0x04, 0x05};
    static const uint8_t long_form[] = {0xf5, 0x80, 0x08, 0x00};
    static const uint8_t empty_of_another[] = {0x00};
    static const uint8_t of_another[] = {0x18, 0x00};
    struct rg_thrift_reader reader = READER(short_form);

    struct rg_thrift_list list = rg_thrift_read_list(&reader, RG_THRIFT_LIST, RG_THRIFT_I32, 1);
    CHECK_U64(list.count, 3);
    CHECK_I64(rg_thrift_read_i64(&reader, list.type), 1);
    CHECK_I64(rg_thrift_read_i64(&reader, list.type), 2);
    CHECK_I64(rg_thrift_read_i64(&reader, list.type), -3);
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));

    reader = READER(short_form);
    CHECK_U64(rg_thrift_read_list(&reader, RG_THRIFT_LIST, RG_THRIFT_I32, 2).count, 0);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "bytes left can hold");
    reader = READER(long_form);
    CHECK_U64(rg_thrift_read_list(&reader, RG_THRIFT_LIST, RG_THRIFT_I32, 1).count, 0);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "bytes left can hold");
    reader = READER(empty_of_another);
    CHECK_U64(rg_thrift_read_list(&reader, RG_THRIFT_SET, RG_THRIFT_STRUCT, 9).count, 0);
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
    reader = READER(of_another);
    CHECK_U64(rg_thrift_read_list(&reader, RG_THRIFT_LIST, RG_THRIFT_STRUCT, 1).count, 0);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "elements of another");
    reader = READER(short_form);
    CHECK_U64(rg_thrift_read_list(&reader, RG_THRIFT_MAP, RG_THRIFT_I32, 1).count, 0);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "a list belongs");
}

TEST(booleans_in_lists_have_two_forms_of_false)
{
    static const uint8_t bytes[] = {0x01, 0x02, 0x00, 0x03};
    struct rg_thrift_reader reader = READER(bytes);

    CHECK(rg_thrift_read_bool_element(&reader));
    CHECK(!rg_thrift_read_bool_element(&reader));
    CHECK(!rg_thrift_read_bool_element(&reader));
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
    CHECK(!rg_thrift_read_bool_element(&reader));
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "neither true nor false");
}

TEST(doubles_are_little_endian)
{
    static const uint8_t bytes[] = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0};
    struct rg_thrift_reader reader = READER(bytes);

    CHECK(rg_thrift_read_double(&reader, RG_THRIFT_DOUBLE) == 1.0);
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
    (void)rg_thrift_read_double(&reader, RG_THRIFT_DOUBLE);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "inside a double");
}

/* Each row is the value of a field and ends with a byte 0x99 that does not belong to it. */
TEST(values_of_every_type_are_passed_over)
{
    static const struct {
        const char *about;
        uint8_t type;
        uint8_t bytes[40];
        size_t count;
    } rows[] = {
        {"true is in the header", RG_THRIFT_TRUE, {0x99}, 0},
        {"false too", RG_THRIFT_FALSE, {0x99}, 0},
        {"i8", RG_THRIFT_I8, {0xff, 0x99}, 1},
        {"i16", RG_THRIFT_I16, {0xff, 0x01, 0x99}, 2},
        {"i64", RG_THRIFT_I64, {0xff, 0xff, 0xff, 0x01, 0x99}, 4},
        {"double", RG_THRIFT_DOUBLE, {1, 2, 3, 4, 5, 6, 7, 8, 0x99}, 8},
        {"binary", RG_THRIFT_BINARY, {2, 'a', 'b', 0x99}, 3},
        {"uuid", RG_THRIFT_UUID, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0x99}, 16},
        {"list of booleans", RG_THRIFT_LIST, {0x31, 1, 2, 1, 0x99}, 4},
        {"list of binaries", RG_THRIFT_LIST, {0x28, 1, 'a', 0, 0x99}, 4},
        {"empty list without a type", RG_THRIFT_LIST, {0x00, 0x99}, 1},
        {"empty map", RG_THRIFT_MAP, {0x00, 0x99}, 1},
        {"map of binary to i32", RG_THRIFT_MAP, {0x02, 0x85, 1, 'a', 4, 1, 'b', 0x80, 1, 0x99}, 9},
        {"empty struct", RG_THRIFT_STRUCT, {0x00, 0x99}, 1},
        {"struct with booleans and an inner struct",
         RG_THRIFT_STRUCT,
         {0x11, 0x12, 0x1c, 0x15, 0x02, 0x00, 0x15, 0x04, 0x00, 0x99},
         9},
        {"list of structs of lists",
         RG_THRIFT_LIST,
         {0x2c, 0x19, 0x23, 1, 2, 0x00, 0x19, 0x13, 3, 0x00, 0x99},
         10},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_thrift_reader reader = reader_of(rows[i].bytes, sizeof rows[i].bytes);

        rg_thrift_skip(&reader, rows[i].type);
        CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
        if (rg_thrift_offset(&reader) != rows[i].count)
            test_fail(__FILE__, __LINE__, "%s: %zu instead of %zu bytes", rows[i].about,
                      rg_thrift_offset(&reader), rows[i].count);
        CHECK_U64(rows[i].bytes[rows[i].count], 0x99);
        for (size_t cut = 0; cut < rows[i].count; cut++) {
            reader = reader_of(rows[i].bytes, cut);
            rg_thrift_skip(&reader, rows[i].type);
            CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "thrift");
        }
    }
}

TEST(depth_is_bounded)
{
    uint8_t bytes[2 * RG_THRIFT_DEPTH_MAX + 2];
    struct rg_thrift_reader reader;

    for (size_t depth = RG_THRIFT_DEPTH_MAX; depth <= RG_THRIFT_DEPTH_MAX + 1; depth++) {
        /* A struct in field 1 of a struct, and so on; then as many stop bytes. */
        memset(bytes, 0x1c, depth - 1);
        memset(bytes + depth - 1, 0, depth);
        reader = reader_of(bytes, 2 * depth - 1);
        rg_thrift_skip(&reader, RG_THRIFT_STRUCT);
        if (depth == RG_THRIFT_DEPTH_MAX) {
            CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
            CHECK_U64(rg_thrift_offset(&reader), 2 * depth - 1);
        }
    }
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "nested too deeply");
}

TEST(types_that_do_not_exist_are_refused)
{
    static const uint8_t bytes[] = {0x1e, 0x00, 0x00};
    static const uint8_t untyped[] = {0x10, 0x00};
    struct rg_thrift_reader reader = READER(bytes);

    rg_thrift_skip(&reader, RG_THRIFT_STRUCT);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "unknown type");
    reader = READER(untyped);
    rg_thrift_skip(&reader, RG_THRIFT_STRUCT);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "unknown type");
}

TEST(the_first_failure_sticks)
{
    static const uint8_t bytes[] = {0x15, 0x02, 0x15, 0x02, 0x00};
    struct rg_thrift_reader reader = READER(bytes);
    struct rg_thrift_field field = {0};

    CHECK(rg_thrift_next_field(&reader, &field));
    (void)rg_thrift_read_binary(&reader, field.type);
    CHECK(!rg_thrift_next_field(&reader, &field));
    CHECK_I64(rg_thrift_read_i64(&reader, RG_THRIFT_I32), 0);
    rg_thrift_skip(&reader, RG_THRIFT_STRUCT);
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT,
                "field of another type where text or bytes belong (thrift, at byte 1 of 5)");
}

TEST(no_bytes_are_no_struct)
{
    struct rg_thrift_reader reader = reader_of(NULL, 0);
    struct rg_thrift_field field = {0};

    CHECK(!rg_thrift_next_field(&reader, &field));
    CHECK_ERROR(rg_thrift_reader_check(&reader, &t->err), RG_ERR_CORRUPT, "at byte 0 of 0");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"numbers_of_every_length_are_read", numbers_of_every_length_are_read},
        {"numbers_equal_their_definition", numbers_equal_their_definition},
        {"numbers_that_are_none_are_refused", numbers_that_are_none_are_refused},
        {"integers_are_zigzag_and_kept_in_range", integers_are_zigzag_and_kept_in_range},
        {"fields_are_numbered_in_both_forms", fields_are_numbered_in_both_forms},
        {"field_numbers_stay_within_16_bits", field_numbers_stay_within_16_bits},
        {"binaries_are_borrowed_and_bounded", binaries_are_borrowed_and_bounded},
        {"lists_hold_no_more_than_the_bytes_can", lists_hold_no_more_than_the_bytes_can},
        {"booleans_in_lists_have_two_forms_of_false", booleans_in_lists_have_two_forms_of_false},
        {"doubles_are_little_endian", doubles_are_little_endian},
        {"values_of_every_type_are_passed_over", values_of_every_type_are_passed_over},
        {"depth_is_bounded", depth_is_bounded},
        {"types_that_do_not_exist_are_refused", types_that_do_not_exist_are_refused},
        {"the_first_failure_sticks", the_first_failure_sticks},
        {"no_bytes_are_no_struct", no_bytes_are_no_struct},
    };

    return test_main("thrift/reader", cases, sizeof cases / sizeof cases[0], argc, argv);
}
