/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/page_header.h"

#include <string.h>

#include "support/test.h"

static const struct rg_page_header data_page = {
    .type = RG_PAGE_DATA,
    .encoding = RG_ENCODING_RLE_DICTIONARY,
    .def_encoding = RG_ENCODING_RLE,
    .rep_encoding = RG_ENCODING_BIT_PACKED,
    .is_compressed = true,
    .has_crc = true,
    .crc = 0xdeadbeef,
    .uncompressed_bytes = INT32_MAX,
    .compressed_bytes = 1234567,
    .value_count = 20000,
};

static const struct rg_page_header data_page_v2 = {
    .type = RG_PAGE_DATA_V2,
    .encoding = RG_ENCODING_DELTA_BINARY_PACKED,
    .is_compressed = false,
    .uncompressed_bytes = 5000,
    .compressed_bytes = 5000,
    .value_count = 300,
    .null_count = 100,
    .row_count = 77,
    .def_bytes = 40,
    .rep_bytes = 60,
};

static const struct rg_page_header dictionary_page = {
    .type = RG_PAGE_DICTIONARY,
    .encoding = RG_ENCODING_PLAIN,
    .is_compressed = true,
    .is_sorted = true,
    .uncompressed_bytes = 1,
    .compressed_bytes = 0,
    .value_count = 0,
};

static void check_same(const struct rg_page_header *got, const struct rg_page_header *wanted)
{
    CHECK_U64(got->type, wanted->type);
    CHECK_U64(got->encoding, wanted->encoding);
    CHECK_U64(got->def_encoding, wanted->def_encoding);
    CHECK_U64(got->rep_encoding, wanted->rep_encoding);
    CHECK_U64(got->has_crc, wanted->has_crc);
    CHECK_U64(got->crc, wanted->crc);
    CHECK_U64(got->is_compressed, wanted->is_compressed);
    CHECK_U64(got->is_sorted, wanted->is_sorted);
    CHECK_U64(got->has_statistics, wanted->has_statistics);
    CHECK_U64(got->uncompressed_bytes, wanted->uncompressed_bytes);
    CHECK_U64(got->compressed_bytes, wanted->compressed_bytes);
    CHECK_U64(got->value_count, wanted->value_count);
    CHECK_U64(got->null_count, wanted->null_count);
    CHECK_U64(got->row_count, wanted->row_count);
    CHECK_U64(got->def_bytes, wanted->def_bytes);
    CHECK_U64(got->rep_bytes, wanted->rep_bytes);
}

TEST(what_is_written_is_read_back)
{
    const struct rg_page_header *const pages[] = {&data_page, &data_page_v2, &dictionary_page};

    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        uint8_t bytes[RG_PAGE_HEADER_EMIT_BYTES_MAX + 3] = {0};
        struct rg_page_header got;
        size_t got_bytes;

        const size_t emitted = rg_page_header_emit(pages[i], bytes);
        CHECK(emitted > 0);
        const struct rg_span span = {bytes, emitted + 3};
        CHECK_OK(rg_page_header_parse(span, &got, &got_bytes, &t->err));
        CHECK_U64(got_bytes, emitted);
        check_same(&got, pages[i]);
    }
}

TEST(a_header_that_ends_early_is_corrupt)
{
    const struct rg_page_header *const pages[] = {&data_page, &data_page_v2, &dictionary_page};

    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        uint8_t bytes[RG_PAGE_HEADER_EMIT_BYTES_MAX];
        const size_t emitted = rg_page_header_emit(pages[i], bytes);

        for (size_t cut = 0; cut < emitted; cut++) {
            struct rg_page_header got;
            size_t got_bytes;
            const struct rg_span span = {bytes, cut};

            CHECK_ERROR(rg_page_header_parse(span, &got, &got_bytes, &t->err), RG_ERR_CORRUPT,
                        "bytes end");
        }
    }
}

TEST(the_longest_header_fits)
{
    struct rg_page_header longest = data_page_v2;
    uint8_t bytes[RG_PAGE_HEADER_EMIT_BYTES_MAX];

    longest.has_crc = true;
    longest.crc = 0x80000000;
    longest.encoding = 255;
    longest.uncompressed_bytes = INT32_MAX;
    longest.compressed_bytes = INT32_MAX;
    longest.value_count = INT32_MAX;
    longest.null_count = INT32_MAX;
    longest.row_count = INT32_MAX;
    longest.def_bytes = INT32_MAX;
    longest.rep_bytes = INT32_MAX;
    CHECK(rg_page_header_emit(&longest, bytes) > 0);
}

/* Thrift bytes by hand: 0x15 is "one field on, i32", 0x1c "one field on, struct". */
TEST(lies_are_found)
{
    static const struct {
        const char *about;
        uint8_t bytes[40];
        const char *text;
    } rows[] = {
        {"negative size", {0x15, 0x00, 0x15, 0x01, 0x15, 0x02, 0x00}, "out of the range"},
        {"no struct for the type", {0x15, 0x00, 0x15, 0x02, 0x15, 0x02, 0x00}, "of its type"},
        {"no sizes", {0x15, 0x02, 0x00}, "field that must be there"},
        {"type behind its struct", {0x5c, 0x00, 0x00}, "type too late"},
        {"levels longer than the page",
         {0x15, 0x06, 0x15, 0x10, 0x15, 0x10, 0x5c, 0x15, 0x02, 0x15, 0x00,
          0x15, 0x02, 0x15, 0x00, 0x15, 0x10, 0x15, 0x02, 0x00, 0x00},
         "levels of 9 bytes in a page of 8 bytes"},
        {"levels longer than the compressed page",
         {0x15, 0x06, 0x15, 0x40, 0x15, 0x10, 0x5c, 0x15, 0x02, 0x15, 0x00,
          0x15, 0x02, 0x15, 0x00, 0x15, 0x10, 0x15, 0x02, 0x00, 0x00},
         "levels of 9 bytes in a page of 8 bytes (32 uncompressed)"},
        {"more nulls than values",
         {0x15, 0x06, 0x15, 0x10, 0x15, 0x10, 0x5c, 0x15, 0x02, 0x15, 0x04,
          0x15, 0x02, 0x15, 0x00, 0x15, 0x00, 0x15, 0x00, 0x00, 0x00},
         "2 nulls among 1 values"},
        {"fewer nulls than -1",
         {0x15, 0x06, 0x15, 0x10, 0x15, 0x10, 0x5c, 0x15, 0x02, 0x15, 0x03,
          0x15, 0x02, 0x15, 0x00, 0x15, 0x00, 0x15, 0x00, 0x00, 0x00},
         "negative number of nulls"},
        {"a field twice",
         {0x15, 0x02, 0x15, 0x02, 0x05, 0x04, 0x02, 0x15, 0x02, 0x00},
         "comes twice"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_page_header header;
        size_t bytes;
        const struct rg_span span = SPAN(rows[i].bytes);

        CHECK_ERROR(rg_page_header_parse(span, &header, &bytes, &t->err), RG_ERR_CORRUPT,
                    rows[i].text);
    }
}

/* A V2 page of one value, and -1 nulls. */
TEST(nulls_that_nobody_counted_are_not_told)
{
    static const uint8_t bytes[] = {0x15, 0x06, 0x15, 0x10, 0x15, 0x10, 0x5c,
                                    0x15, 0x02, 0x15, 0x01, 0x15, 0x02, 0x15,
                                    0x00, 0x15, 0x00, 0x15, 0x00, 0x00, 0x00};
    uint8_t again[RG_PAGE_HEADER_EMIT_BYTES_MAX];
    struct rg_page_header header;
    size_t header_bytes;

    CHECK_OK(rg_page_header_parse(SPAN(bytes), &header, &header_bytes, &t->err));
    CHECK(header.lacks_null_count);
    CHECK_U64(header.null_count, 0);
    CHECK_U64(header.row_count, 1);

    const struct rg_span emitted = {again, rg_page_header_emit(&header, again)};
    CHECK_OK(rg_page_header_parse(emitted, &header, &header_bytes, &t->err));
    CHECK(!header.lacks_null_count);
}

/* type 0, sizes 3 and 3, a DataPageHeader with statistics, and a field 20 that nobody knows. */
TEST(statistics_are_read_and_unknown_fields_passed_over)
{
    static const uint8_t bytes[] = {0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x2c, 0x15, 0x0a,
                                    0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x1c, 0x36, 0x02,
                                    0x28, 0x01, 'z',  0x18, 0x01, 'a',  0x11, 0x12, 0x00,
                                    0x00, 0xfb, 0x01, 0x55, 0x02, 0x04, 0x00, 0x99};
    struct rg_page_header header;
    size_t header_bytes;

    CHECK_OK(rg_page_header_parse(SPAN(bytes), &header, &header_bytes, &t->err));
    CHECK_U64(header_bytes, sizeof bytes - 1);
    CHECK_U64(header.value_count, 5);
    CHECK(header.has_statistics);
    CHECK(header.is_compressed);
    CHECK(header.statistics.has_null_count);
    CHECK_U64(header.statistics.null_count, 1);
    CHECK_SPAN(header.statistics.max_value, rg_span_of("z"));
    CHECK_SPAN(header.statistics.min_value, rg_span_of("a"));
    CHECK(header.statistics.has_max_exact && header.statistics.is_max_exact);
    CHECK(header.statistics.has_min_exact && !header.statistics.is_min_exact);
    CHECK(header.statistics.min.data == NULL);
}

TEST(a_header_of_megabytes_is_a_limit)
{
    static uint8_t bytes[(17 << 20) + 32] = {
        0x15, 0x04, 0x15, 0x00, 0x15, 0x00, 0x4c, 0x15, 0x00, 0x15, 0x00, 0x00, /* Dictionary. */
        0x08, 0xfe, 0xff, 0x03, 0x80, 0x80, 0xc0, 0x08,                         /* 17 MiB. */
    };
    struct rg_page_header header;
    size_t header_bytes;

    CHECK_ERROR(rg_page_header_parse(SPAN(bytes), &header, &header_bytes, &t->err), RG_ERR_LIMIT,
                "page header of 17825813 bytes; at most 16777216");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_is_written_is_read_back", what_is_written_is_read_back},
        {"nulls_that_nobody_counted_are_not_told", nulls_that_nobody_counted_are_not_told},
        {"a_header_that_ends_early_is_corrupt", a_header_that_ends_early_is_corrupt},
        {"the_longest_header_fits", the_longest_header_fits},
        {"lies_are_found", lies_are_found},
        {"statistics_are_read_and_unknown_fields_passed_over",
         statistics_are_read_and_unknown_fields_passed_over},
        {"a_header_of_megabytes_is_a_limit", a_header_of_megabytes_is_a_limit},
    };

    return test_main("parquet/page_header", cases, sizeof cases / sizeof cases[0], argc, argv);
}
