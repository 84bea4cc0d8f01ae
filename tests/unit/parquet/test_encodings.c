/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes by hand: the examples of parquet-format Encodings.md, and what must be refused. */

#include "parquet/decoder.h"
#include "support/test.h"

/* One page of one column. */
struct page {
    struct rg_value_kind kind;
    struct rg_value_room room;
    struct rg_decoder decoder;
};

static enum rg_status open_page(struct test *t, struct page *page, unsigned type, int32_t length,
                                unsigned encoding, struct rg_span bytes, uint32_t value_count)
{
    const struct rg_encoded_values encoded = {
        .encoding = (uint8_t)encoding, .bytes = bytes, .value_count = value_count};

    CHECK_OK(rg_value_kind_init(&page->kind, type, length, &t->err));
    CHECK_OK(rg_value_room_init(&page->room, &t->allocator, &page->kind, &t->err));
    return rg_decoder_init(&page->decoder, &encoded, &page->room, &t->err);
}

static void close_page(struct page *page)
{
    rg_value_room_fini(&page->room);
}

static void check_i32(struct test *t, struct rg_span bytes, const int32_t *wanted, uint32_t count)
{
    struct page page;
    struct rg_values values = {0};

    CHECK_OK(open_page(t, &page, RG_TYPE_INT32, 0, RG_ENCODING_DELTA_BINARY_PACKED, bytes, count));
    CHECK_OK(rg_decoder_next(&page.decoder, count, &page.room, &values, &t->err));
    for (uint32_t i = 0; i < count; i++) {
        int32_t value;
        memcpy(&value, values.fixed + (size_t)i * 4, 4);
        CHECK_I64(value, wanted[i]);
    }
    close_page(&page);
}

/* Encodings.md, DELTA_BINARY_PACKED, examples 1 and 2, in blocks of 8 values in one miniblock. */
TEST(reads_the_delta_examples_of_the_specification)
{
    static const uint8_t even[] = {8, 1, 5, 2, 2, 0};
    static const int32_t even_values[] = {1, 2, 3, 4, 5};
    static const uint8_t odd[] = {8, 1, 8, 14, 3, 2, 0xC0, 0x3F};
    static const int32_t odd_values[] = {7, 5, 3, 1, 2, 3, 4, 5};

    check_i32(t, SPAN(even), even_values, 5);
    check_i32(t, SPAN(odd), odd_values, 8);
}

TEST(deltas_wrap_at_the_width_of_the_type)
{
    static const int32_t narrow[] = {INT32_MAX, INT32_MIN, -1, INT32_MAX, 0};
    static const int64_t wide[] = {INT64_MAX, INT64_MIN, -1, INT64_MAX, 0, INT64_MIN};
    struct rg_buffer out;
    struct page page;
    struct rg_values values = {0};

    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_delta_encode((const uint8_t *)narrow, 4, 5, &out);
    CHECK_OK(rg_buffer_check(&out, "page", &t->err));
    check_i32(t, rg_buffer_span(&out), narrow, 5);
    rg_buffer_reset(&out);
    rg_delta_encode((const uint8_t *)wide, 8, 6, &out);
    CHECK_OK(rg_buffer_check(&out, "page", &t->err));
    CHECK_OK(open_page(t, &page, RG_TYPE_INT64, 0, RG_ENCODING_DELTA_BINARY_PACKED,
                       rg_buffer_span(&out), 6));
    CHECK_OK(rg_decoder_next(&page.decoder, 6, &page.room, &values, &t->err));
    CHECK(memcmp(values.fixed, wide, sizeof wide) == 0);
    close_page(&page);
    rg_buffer_fini(&out);
}

/* Encodings.md, DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY; streams in blocks of 8. */
static const uint8_t lengths[] = {8,   1,   4,   10,  0,   2,   0x04, 0,   'H', 'e',
                                  'l', 'l', 'o', 'W', 'o', 'r', 'l',  'd', 'F', 'o',
                                  'o', 'b', 'a', 'r', 'A', 'B', 'C',  'D', 'E', 'F'};

TEST(reads_byte_arrays_with_lengths_in_front)
{
    static const char *const wanted[] = {"Hello", "World", "Foobar", "ABCDEF"};
    struct page page;
    struct rg_values values = {0};

    CHECK_OK(open_page(t, &page, RG_TYPE_BYTE_ARRAY, 0, RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY,
                       SPAN(lengths), 4));
    CHECK_OK(rg_decoder_next(&page.decoder, 4, &page.room, &values, &t->err));
    for (uint32_t i = 0; i < 4; i++)
        CHECK_SPAN(rg_values_at(&values, i), rg_span_of(wanted[i]));
    close_page(&page);
}

/* "axis", "axle", "babble", "babyhood" as in Encodings.md, through our own delta streams. */
static void encode_shared(struct test *t, struct rg_buffer *out)
{
    static const uint32_t prefixes[] = {0, 2, 0, 3};
    static const uint8_t suffix_bytes[] = "axislebabbleyhood";
    static const struct rg_view views[] = {{0, 4}, {4, 2}, {6, 6}, {12, 5}};
    const struct rg_values suffixes = {
        .count = 4, .is_variable = true, .views = views, .bytes = suffix_bytes};
    uint32_t scratch[4];

    rg_delta_encode((const uint8_t *)prefixes, 4, 4, out);
    rg_delta_length_encode(&suffixes, scratch, out);
    CHECK_OK(rg_buffer_check(out, "page", &t->err));
}

TEST(reads_byte_arrays_that_share_a_prefix)
{
    static const char *const wanted[] = {"axis", "axle", "babble", "babyhood"};
    struct page page;
    struct rg_values values = {0};
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    encode_shared(t, &out);
    CHECK_OK(open_page(t, &page, RG_TYPE_BYTE_ARRAY, 0, RG_ENCODING_DELTA_BYTE_ARRAY,
                       rg_buffer_span(&out), 4));
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_OK(rg_decoder_next(&page.decoder, 1, &page.room, &values, &t->err));
        CHECK_SPAN(rg_values_at(&values, 0), rg_span_of(wanted[i]));
    }
    close_page(&page);
    rg_buffer_fini(&out);
}

/* PARQUET-246. */
TEST(a_linked_page_goes_on_where_the_last_one_ended)
{
    static const uint32_t prefixes[] = {4};
    static const struct rg_view views[] = {{0, 2}};
    const struct rg_values suffix = {
        .count = 1, .is_variable = true, .views = views, .bytes = (const uint8_t *)"ly"};
    struct page page;
    struct rg_values values = {0};
    struct rg_buffer first;
    struct rg_buffer second;
    uint32_t scratch[1];

    rg_buffer_init(&first, &t->allocator, SIZE_MAX);
    rg_buffer_init(&second, &t->allocator, SIZE_MAX);
    encode_shared(t, &first);
    rg_delta_encode((const uint8_t *)prefixes, 4, 1, &second);
    rg_delta_length_encode(&suffix, scratch, &second);
    CHECK_OK(rg_buffer_check(&second, "page", &t->err));
    CHECK_OK(open_page(t, &page, RG_TYPE_BYTE_ARRAY, 0, RG_ENCODING_DELTA_BYTE_ARRAY,
                       rg_buffer_span(&first), 4));
    CHECK_OK(rg_decoder_next(&page.decoder, 4, &page.room, &values, &t->err));

    struct rg_encoded_values next = {.encoding = RG_ENCODING_DELTA_BYTE_ARRAY,
                                     .bytes = rg_buffer_span(&second),
                                     .value_count = 1,
                                     .is_linked = true};
    CHECK_OK(rg_decoder_init(&page.decoder, &next, &page.room, &t->err));
    CHECK_OK(rg_decoder_next(&page.decoder, 1, &page.room, &values, &t->err));
    CHECK_SPAN(rg_values_at(&values, 0), rg_span_of("babyly"));

    next.is_linked = false;
    CHECK_OK(rg_decoder_init(&page.decoder, &next, &page.room, &t->err));
    CHECK_ERROR(rg_decoder_next(&page.decoder, 1, &page.room, &values, &t->err), RG_ERR_CORRUPT,
                "shares 4 bytes with one of 0");
    close_page(&page);
    rg_buffer_fini(&second);
    rg_buffer_fini(&first);
}

/* A few bytes stand for 600 values of 100,000 bytes each: they must not be in memory together. */
TEST(shared_prefixes_cannot_fill_the_memory)
{
    enum {
        COUNT = 600,
        LENGTH = 100000,
    };
    uint32_t prefixes[COUNT];
    struct rg_view views[COUNT] = {{0, LENGTH}};
    uint8_t *text = rg_alloc(&t->allocator, LENGTH);
    struct rg_values suffixes = {.count = COUNT, .is_variable = true, .views = views};
    uint32_t scratch[COUNT];
    struct rg_buffer out;
    struct page page;
    struct rg_values values = {0};

    CHECK_MEMORY(text);
    memset(text, 'x', LENGTH);
    suffixes.bytes = text;
    for (uint32_t i = 0; i < COUNT; i++)
        prefixes[i] = i == 0 ? 0 : LENGTH;
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_delta_encode((const uint8_t *)prefixes, 4, COUNT, &out);
    rg_delta_length_encode(&suffixes, scratch, &out);
    CHECK_OK(rg_buffer_check(&out, "page", &t->err));
    CHECK_OK(open_page(t, &page, RG_TYPE_BYTE_ARRAY, 0, RG_ENCODING_DELTA_BYTE_ARRAY,
                       rg_buffer_span(&out), COUNT));
    for (uint32_t done = 0; done < COUNT; done += values.count) {
        CHECK_OK(rg_decoder_next(&page.decoder, COUNT - done, &page.room, &values, &t->err));
        CHECK(values.count > 0 && values.count < 20);
        CHECK_U64(rg_values_at(&values, values.count - 1).bytes, LENGTH);
        CHECK(t->live_bytes < 6000000);
    }
    close_page(&page);
    rg_buffer_fini(&out);
    rg_release(&t->allocator, text, LENGTH);
}

static const uint8_t nothing[1] = {0};
static const uint8_t one_byte[] = {1};
static const uint8_t long_value[] = {9, 0, 0, 0, 'x'};
static const uint8_t bool_length[] = {9, 0, 0, 0, 2, 1};
static const uint8_t wide_index[] = {33, 2, 0};
static const uint8_t delta_no_block[] = {0, 1, 4, 0, 0, 0};
static const uint8_t delta_odd_block[] = {8, 3, 4, 0, 0, 0};
static const uint8_t delta_cut_widths[] = {16, 2, 9, 0, 0, 1};
static const uint8_t delta_wide[] = {8, 1, 5, 0, 0, 65, 1, 2, 3};
static const uint8_t delta_cut[] = {8, 1, 5, 0, 0, 9, 1, 2, 3};
static const uint8_t delta_few[] = {8, 1, 3, 0, 0, 1, 255};
static const uint8_t delta_number[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xff, 1};
static const uint8_t length_negative[] = {8, 1, 1, 1, 'x'};
static const uint8_t prefix_first[] = {8, 1, 1, 2, 8, 1, 1, 2, 'x'};

TEST(broken_pages_are_named)
{
    static const struct {
        const char *about;
        unsigned type;
        unsigned encoding;
        struct rg_span bytes;
        const char *text;
    } rows[] = {
        {"plain", RG_TYPE_INT32, RG_ENCODING_PLAIN, {one_byte, 1}, "5 values of 4 bytes where 1"},
        {"plain text", RG_TYPE_BYTE_ARRAY, RG_ENCODING_PLAIN, {one_byte, 1}, "end at value 0 of 5"},
        {"plain long", RG_TYPE_BYTE_ARRAY, RG_ENCODING_PLAIN, {long_value, 5}, "9 bytes where 1"},
        {"plain bits", RG_TYPE_BOOLEAN, RG_ENCODING_PLAIN, {nothing, 0}, "0 booleans where 5"},
        {"rle", RG_TYPE_BOOLEAN, RG_ENCODING_RLE, {one_byte, 1}, "no length in 1 bytes"},
        {"rle length", RG_TYPE_BOOLEAN, RG_ENCODING_RLE, {bool_length, 6}, "9 bytes of boolean"},
        {"split", RG_TYPE_DOUBLE, RG_ENCODING_BYTE_STREAM_SPLIT, {long_value, 5}, "no streams"},
        {"split few",
         RG_TYPE_INT32,
         RG_ENCODING_BYTE_STREAM_SPLIT,
         {long_value, 4},
         "have 1 values"},
        {"no block",
         RG_TYPE_INT32,
         RG_ENCODING_DELTA_BINARY_PACKED,
         {delta_no_block, 6},
         "of 0 values"},
        {"odd block",
         RG_TYPE_INT32,
         RG_ENCODING_DELTA_BINARY_PACKED,
         {delta_odd_block, 6},
         "in 3 mini"},
        {"no header",
         RG_TYPE_INT64,
         RG_ENCODING_DELTA_BINARY_PACKED,
         {delta_wide, 3},
         "inside a number"},
        {"no widths",
         RG_TYPE_INT32,
         RG_ENCODING_DELTA_BINARY_PACKED,
         {delta_cut_widths, 6},
         "inside the widths"},
        {"wide", RG_TYPE_INT32, RG_ENCODING_DELTA_BINARY_PACKED, {delta_wide, 9}, "of 65 bits"},
        {"cut", RG_TYPE_INT64, RG_ENCODING_DELTA_BINARY_PACKED, {delta_cut, 9}, "9 bytes where 3"},
        {"few", RG_TYPE_INT64, RG_ENCODING_DELTA_BINARY_PACKED, {delta_few, 7}, "3 values where 5"},
        {"number", RG_TYPE_INT64, RG_ENCODING_DELTA_BINARY_PACKED, {delta_number, 12}, "64 bits"},
        {"length",
         RG_TYPE_BYTE_ARRAY,
         RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY,
         {length_negative, 5},
         "1 values where 5"},
        {"lengths",
         RG_TYPE_BYTE_ARRAY,
         RG_ENCODING_DELTA_BYTE_ARRAY,
         {prefix_first, 3},
         "inside a number"},
        {"index",
         RG_TYPE_INT32,
         RG_ENCODING_RLE_DICTIONARY,
         {wide_index, 3},
         "without a dictionary"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct page page;
        struct rg_values values;

        enum rg_status status =
            open_page(t, &page, rows[i].type, 0, rows[i].encoding, rows[i].bytes, 5);
        if (status == RG_OK)
            status = rg_decoder_next(&page.decoder, 5, &page.room, &values, &t->err);
        CHECK_ERROR(status, RG_ERR_CORRUPT, rows[i].text);
        close_page(&page);
    }
}

TEST(a_delta_stream_gives_no_value_more_than_it_has)
{
    struct rg_delta_decoder decoder;
    uint8_t values[4 * 8];

    CHECK_OK(rg_delta_decoder_init(&decoder, 8, SPAN(delta_few), &t->err));
    CHECK_OK(rg_delta_decoder_next(&decoder, 2, values, &t->err));
    CHECK_ERROR(rg_delta_decoder_next(&decoder, 2, values, &t->err), RG_ERR_CORRUPT,
                "1 values where 2 are wanted");
    CHECK_OK(rg_delta_decoder_next(&decoder, 1, values, &t->err));
}

TEST(lengths_below_zero_are_refused)
{
    struct page page;
    struct rg_values values;

    CHECK_OK(open_page(t, &page, RG_TYPE_BYTE_ARRAY, 0, RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY,
                       SPAN(length_negative), 1));
    CHECK_ERROR(rg_decoder_next(&page.decoder, 1, &page.room, &values, &t->err), RG_ERR_CORRUPT,
                "byte array of 4294967295 bytes where 1 are left");
    close_page(&page);
    CHECK_OK(open_page(t, &page, RG_TYPE_BYTE_ARRAY, 0, RG_ENCODING_DELTA_BYTE_ARRAY,
                       SPAN(prefix_first), 1));
    CHECK_ERROR(rg_decoder_next(&page.decoder, 1, &page.room, &values, &t->err), RG_ERR_CORRUPT,
                "shares 1 bytes with one of 0");
    close_page(&page);
    CHECK_OK(open_page(t, &page, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 7, RG_ENCODING_DELTA_BYTE_ARRAY,
                       SPAN(prefix_first), 1));
    CHECK_ERROR(rg_decoder_next(&page.decoder, 1, &page.room, &values, &t->err), RG_ERR_CORRUPT,
                "shares 1 bytes");
    close_page(&page);
}

static const uint8_t entries[] = {1, 0, 0, 0, 'a', 0, 0, 0, 0};
static const uint8_t indices[] = {2, 6, 1, 2, 3};

TEST(dictionaries_check_their_entries_and_indices)
{
    struct rg_dict dict = {.allocator = NULL};
    struct rg_dict_decoder decoder;
    struct rg_value_kind kind;
    uint32_t got[4];

    CHECK_OK(rg_value_kind_init(&kind, RG_TYPE_BYTE_ARRAY, 0, &t->err));
    CHECK_OK(rg_dict_init(&dict, &t->allocator, &kind, SPAN(entries), 2, &t->err));
    CHECK_SPAN(rg_values_at(&dict.values, 0), rg_span_of("a"));
    CHECK_U64(rg_values_at(&dict.values, 1).bytes, 0);
    rg_dict_fini(&dict);
    rg_dict_fini(&dict);
    CHECK_ERROR(rg_dict_init(&dict, &t->allocator, &kind, SPAN(entries), 3, &t->err),
                RG_ERR_CORRUPT, "3 byte arrays in 9 bytes");
    const struct rg_span cut = {entries, 8};
    CHECK_ERROR(rg_dict_init(&dict, &t->allocator, &kind, cut, 2, &t->err), RG_ERR_CORRUPT,
                "end at value 1 of 2");
    CHECK_OK(rg_value_kind_init(&kind, RG_TYPE_INT64, 0, &t->err));
    CHECK_ERROR(rg_dict_init(&dict, &t->allocator, &kind, SPAN(entries), 2, &t->err),
                RG_ERR_CORRUPT, "2 values of 8 bytes in 9 bytes");
    CHECK_OK(rg_value_kind_init(&kind, RG_TYPE_BOOLEAN, 0, &t->err));
    CHECK_ERROR(rg_dict_init(&dict, &t->allocator, &kind, SPAN(entries), 73, &t->err),
                RG_ERR_CORRUPT, "73 booleans in 9 bytes");

    CHECK_OK(rg_dict_decoder_init(&decoder, SPAN(indices), 4, 3, &t->err));
    CHECK_OK(rg_dict_decoder_next(&decoder, 3, got, &t->err));
    CHECK_U64(got[2], 1);
    CHECK_ERROR(rg_dict_decoder_next(&decoder, 1, got, &t->err), RG_ERR_CORRUPT,
                "index 3 into a dictionary of 3 entries");
    CHECK_ERROR(rg_dict_decoder_init(&decoder, SPAN(wide_index), 1, 9, &t->err), RG_ERR_CORRUPT,
                "indices of 33 bits");
    CHECK_ERROR(rg_dict_decoder_init(&decoder, (struct rg_span){indices, 0}, 1, 9, &t->err),
                RG_ERR_CORRUPT, "1 indices in an empty page");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"reads_the_delta_examples_of_the_specification",
         reads_the_delta_examples_of_the_specification},
        {"deltas_wrap_at_the_width_of_the_type", deltas_wrap_at_the_width_of_the_type},
        {"reads_byte_arrays_with_lengths_in_front", reads_byte_arrays_with_lengths_in_front},
        {"reads_byte_arrays_that_share_a_prefix", reads_byte_arrays_that_share_a_prefix},
        {"a_linked_page_goes_on_where_the_last_one_ended",
         a_linked_page_goes_on_where_the_last_one_ended},
        {"shared_prefixes_cannot_fill_the_memory", shared_prefixes_cannot_fill_the_memory},
        {"broken_pages_are_named", broken_pages_are_named},
        {"a_delta_stream_gives_no_value_more_than_it_has",
         a_delta_stream_gives_no_value_more_than_it_has},
        {"lengths_below_zero_are_refused", lengths_below_zero_are_refused},
        {"dictionaries_check_their_entries_and_indices",
         dictionaries_check_their_entries_and_indices},
    };

    return test_main("parquet/encodings", cases, sizeof cases / sizeof cases[0], argc, argv);
}
