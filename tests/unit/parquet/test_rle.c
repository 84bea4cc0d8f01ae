/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/rle.h"

#include <string.h>

#include "support/test.h"

enum {
    VALUES_MAX = 3000
};

static uint32_t random_value(struct choices *c, uint32_t width)
{
    return width == 0 ? 0 : (uint32_t)choose_u64(c) >> (32 - width);
}

/* Noise and repeats of all lengths. */
static uint32_t fill(struct choices *c, uint32_t width, uint32_t *values)
{
    const uint32_t count = choose(c, 2) == 0 ? choose(c, VALUES_MAX) : choose(c, 40);
    uint32_t at = 0;

    while (at < count) {
        const bool is_repeated = choose_bool(c);
        const uint32_t left = count - at;
        uint32_t here = 1 + choose(c, choose(c, 3) == 0 ? 700 : 12);
        const uint32_t value = random_value(c, width);

        here = here < left ? here : left;
        for (uint32_t i = 0; i < here; i++)
            values[at++] = is_repeated ? value : random_value(c, width);
    }
    return count;
}

/* The naive model: one value after another, one bit after another. */
static void decode_naively(struct test *t, struct rg_span bytes, uint32_t width, uint32_t count,
                           uint32_t *ret_values)
{
    size_t at = 0;

    (void)t;
    while (count > 0) {
        uint32_t header = 0;
        for (uint32_t shift = 0;; shift += 7) {
            CHECK(at < bytes.bytes);
            header |= (uint32_t)(bytes.data[at] & 0x7f) << shift;
            if (bytes.data[at++] < 0x80)
                break;
        }
        uint32_t here = (header & 1) != 0 ? (header >> 1) * 8 : header >> 1;
        CHECK(here > 0);
        const size_t run_bytes =
            (header & 1) != 0 ? (size_t)(header >> 1) * width : (width + 7) / 8;
        CHECK(run_bytes <= bytes.bytes - at);
        for (uint32_t i = 0; i < here && count > 0; i++) {
            uint32_t value = 0;
            for (uint32_t k = 0; k < width; k++) {
                const size_t bit = (header & 1) != 0 ? (size_t)i * width + k : k;
                value |= (uint32_t)(bytes.data[at + bit / 8] >> (bit % 8) & 1) << k;
            }
            *ret_values++ = value;
            count--;
        }
        at += run_bytes;
    }
    CHECK_U64(at, bytes.bytes);
}

static void round_trip(struct test *t, struct choices *c)
{
    uint32_t values[VALUES_MAX];
    uint32_t decoded[VALUES_MAX + 1];
    uint8_t bytes[VALUES_MAX + 1];
    uint32_t matches = 0;
    uint32_t counted = 0;
    const uint32_t width = choose(c, 32);
    const uint32_t count = fill(c, width, values);
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_rle_encode(values, count, width, choose(c, 70), &out);
    CHECK_OK(rg_buffer_check(&out, "runs", &t->err));
    /* An exact copy, so that a sanitizer sees reads past its end. */
    uint8_t *exact = rg_alloc(&t->allocator, out.bytes);
    CHECK_MEMORY(exact);
    if (out.bytes > 0)
        memcpy(exact, out.data, out.bytes);
    const struct rg_span span = {exact, out.bytes};

    decode_naively(t, span, width, count, decoded);
    CHECK(memcmp(decoded, values, count * sizeof *values) == 0);
    decoded[count] = 77;
    CHECK_OK(rg_rle_decode(span, width, count, decoded, &t->err));
    CHECK(memcmp(decoded, values, count * sizeof *values) == 0);
    CHECK_U64(decoded[count], 77);
    if (width <= 8) {
        bytes[count] = 77;
        CHECK_OK(rg_rle_decode_u8(span, width, count, bytes, &t->err));
        for (uint32_t i = 0; i < count; i++)
            CHECK_U64(bytes[i], values[i]);
        CHECK_U64(bytes[count], 77);
    }
    const uint32_t level = count > 0 ? values[choose(c, count - 1)] : 0;
    for (uint32_t i = 0; i < count; i++)
        matches += values[i] == level;
    CHECK_OK(rg_rle_count_equal(span, width, count, level, &counted, &t->err));
    CHECK_U64(counted, matches);
    rg_release(&t->allocator, exact, out.bytes);
    rg_buffer_fini(&out);
}

TEST(what_is_encoded_comes_back)
{
    test_property(t, "round_trip", 2000, round_trip);
}

static void unpack_parts(struct test *t, struct choices *c)
{
    uint8_t packed[32 * 20];
    uint32_t whole[160];
    uint32_t part[161];
    const uint32_t width = choose(c, 32);
    const uint32_t first = choose(c, 160);
    const uint32_t count = choose(c, 160 - first);

    (void)t;
    for (size_t i = 0; i < sizeof packed; i++)
        packed[i] = (uint8_t)choose(c, 255);
    rg_unpack(packed, width, 0, 160, whole);
    part[count] = 77;
    rg_unpack(packed, width, first, count, part);
    CHECK(memcmp(part, whole + first, count * sizeof *part) == 0);
    CHECK_U64(part[count], 77);
}

TEST(unpacks_from_anywhere)
{
    test_property(t, "unpack_parts", 2000, unpack_parts);
}

static void any_bytes(struct test *t, struct choices *c)
{
    const size_t bytes = choose(c, 60);
    const uint32_t width = choose(c, 32);
    const uint32_t count = choose(c, VALUES_MAX);
    uint32_t values[VALUES_MAX];
    uint8_t *data = rg_alloc(&t->allocator, bytes);

    CHECK_MEMORY(data);
    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(choose_bool(c) ? choose(c, 8) : choose(c, 255));
    const enum rg_status status =
        rg_rle_decode((struct rg_span){data, bytes}, width, count, values, &t->err);
    CHECK(status == RG_OK || status == RG_ERR_CORRUPT);
    rg_release(&t->allocator, data, bytes);
}

TEST(no_bytes_are_read_past_the_end)
{
    test_property(t, "any_bytes", 5000, any_bytes);
}

static const uint8_t no_bytes[1] = {0};
static const uint8_t empty_packed[] = {1, 0};
static const uint8_t empty_repeated[] = {0, 0};
static const uint8_t cut_value[] = {4};
static const uint8_t wide_value[] = {4, 8};
static const uint8_t cut_group[] = {3};
static const uint8_t endless_header[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0};
static const uint8_t large_header[] = {0xff, 0xff, 0xff, 0xff, 0x1f};
static const uint8_t one_of_two[] = {2, 1};

TEST(broken_runs_are_named)
{
    static const struct {
        const char *about;
        struct rg_span bytes;
        const char *text;
    } rows[] = {
        {"nothing at all", {no_bytes, 0}, "runs end with 2 values to come"},
        {"packed run of nothing", {empty_packed, 2}, "bit-packed run of 0 groups"},
        {"repeated run of nothing", {empty_repeated, 2}, "repeated run of 0 values"},
        {"no value", {cut_value, 1}, "inside the value"},
        {"value too wide", {wide_value, 2}, "repeated value 8 does not fit 3 bits"},
        {"group cut", {cut_group, 1}, "bit-packed run of 1 bytes where 0 are left"},
        {"header without end", {endless_header, 7}, "more than 32 bits"},
        {"header above 32 bits", {large_header, 5}, "more than 32 bits"},
        {"one value too few", {one_of_two, 2}, "runs end with 1 values to come"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t values[8];
        uint8_t bytes[8];
        uint32_t count = 0;

        CHECK_ERROR(rg_rle_decode(rows[i].bytes, 3, 2, values, &t->err), RG_ERR_CORRUPT,
                    rows[i].text);
        CHECK_ERROR(rg_rle_decode_u8(rows[i].bytes, 3, 2, bytes, &t->err), RG_ERR_CORRUPT,
                    rows[i].text);
        CHECK_ERROR(rg_rle_count_equal(rows[i].bytes, 3, 2, 1, &count, &t->err), RG_ERR_CORRUPT,
                    rows[i].text);
    }
}

/* Streams long enough for the short way to a run. */
TEST(runs_that_lack_one_byte_are_refused)
{
    static const uint8_t packed[] = {3, 1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t wide[] = {4, 8, 0, 0, 0, 0};
    const struct rg_span short_by_one = {packed, sizeof packed - 1};
    uint8_t bytes[8];
    uint32_t values[8];

    CHECK_OK(rg_rle_decode_u8(SPAN(packed), 8, 8, bytes, &t->err));
    CHECK_U64(bytes[7], 8);
    CHECK_ERROR(rg_rle_decode_u8(short_by_one, 8, 8, bytes, &t->err), RG_ERR_CORRUPT,
                "bit-packed run of 8 bytes where 7 are left");
    CHECK_ERROR(rg_rle_decode(short_by_one, 8, 8, values, &t->err), RG_ERR_CORRUPT,
                "bit-packed run of 8 bytes where 7 are left");
    CHECK_ERROR(rg_rle_decode_u8(SPAN(wide), 3, 2, bytes, &t->err), RG_ERR_CORRUPT,
                "repeated value 8 does not fit 3 bits");
}

/* Impala leaves out what pads the last group. */
TEST(padding_of_the_last_group_may_be_missing)
{
    static const uint8_t bytes[] = {3, 0x4a, 0x05}; /* 10, 10, 1 in 5 bits. */
    uint8_t *exact = rg_alloc(&t->allocator, sizeof bytes);
    uint32_t values[3];
    uint8_t small[3];
    uint32_t count = 0;

    CHECK_MEMORY(exact);
    memcpy(exact, bytes, sizeof bytes);
    const struct rg_span span = {exact, sizeof bytes};
    CHECK_OK(rg_rle_decode(span, 5, 3, values, &t->err));
    CHECK_OK(rg_rle_decode_u8(span, 5, 3, small, &t->err));
    CHECK_OK(rg_rle_count_equal(span, 5, 3, 10, &count, &t->err));
    CHECK_U64(values[0], 10);
    CHECK_U64(values[1], 10);
    CHECK_U64(values[2], 1);
    CHECK(small[0] == 10 && small[1] == 10 && small[2] == 1);
    CHECK_U64(count, 2);
    rg_release(&t->allocator, exact, sizeof bytes);
}

/* Impala wrote more levels than the page has values. */
TEST(surplus_is_ignored)
{
    static const uint8_t bytes[] = {200, 1, 1, 3, 0xff};
    uint32_t values[5];
    uint32_t count = 0;

    CHECK_OK(rg_rle_decode(SPAN(bytes), 1, 5, values, &t->err));
    CHECK_U64(values[4], 1);
    CHECK_OK(rg_rle_count_equal(SPAN(bytes), 1, 5, 1, &count, &t->err));
    CHECK_U64(count, 5);
}

TEST(runs_have_the_shape_that_readers_like)
{
    uint32_t values[1000];
    struct rg_buffer out;
    struct rg_run_reader reader;
    struct rg_run run = {0};
    bool is_end = false;

    for (uint32_t i = 0; i < 1000; i++)
        values[i] = i < 603 ? i % 5 : 7;
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_rle_encode(values, 1000, 3, 64, &out);
    CHECK_OK(rg_buffer_check(&out, "runs", &t->err));
    rg_run_reader_init(&reader, rg_buffer_span(&out), 3, 1000);
    static const uint32_t lengths[] = {256, 256, 96, 392};
    for (size_t i = 0; i < 4; i++) {
        CHECK_OK(rg_run_next(&reader, &run, &is_end, &t->err));
        CHECK(!is_end && run.is_packed == (i < 3));
        CHECK_U64(run.value_count, lengths[i]);
    }
    CHECK_OK(rg_run_next(&reader, &run, &is_end, &t->err));
    CHECK(is_end && reader.next == reader.end);
    rg_buffer_fini(&out);
}

TEST(bit_width_is_that_of_the_largest_value)
{
    CHECK_U64(rg_bit_width(0), 0);
    CHECK_U64(rg_bit_width(1), 1);
    CHECK_U64(rg_bit_width(255), 8);
    CHECK_U64(rg_bit_width(256), 9);
    CHECK_U64(rg_bit_width(UINT32_MAX), 32);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_is_encoded_comes_back", what_is_encoded_comes_back},
        {"unpacks_from_anywhere", unpacks_from_anywhere},
        {"no_bytes_are_read_past_the_end", no_bytes_are_read_past_the_end},
        {"broken_runs_are_named", broken_runs_are_named},
        {"runs_that_lack_one_byte_are_refused", runs_that_lack_one_byte_are_refused},
        {"padding_of_the_last_group_may_be_missing", padding_of_the_last_group_may_be_missing},
        {"surplus_is_ignored", surplus_is_ignored},
        {"runs_have_the_shape_that_readers_like", runs_have_the_shape_that_readers_like},
        {"bit_width_is_that_of_the_largest_value", bit_width_is_that_of_the_largest_value},
    };

    return test_main("parquet/rle", cases, sizeof cases / sizeof cases[0], argc, argv);
}
