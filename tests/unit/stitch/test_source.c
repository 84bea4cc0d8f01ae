/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/page_walk.h"
#include "stitch/source.h"

#include <string.h>

#include "parquet/codec.h"
#include "parquet/page_header.h"
#include "parquet/types.h"
#include "support/column.h"
#include "support/test.h"

/* A chunk of pages that a test writes one by one, uncompressed. */
struct fixture {
    struct rg_arena keep;
    struct rg_arena scratch;
    struct rg_bench bench;
    struct rg_buffer bytes;
    struct rg_column_chunk chunk;
    struct rg_writer writer;
    struct rg_stitch_source source;
};

static void set_up(struct test *t, struct fixture *f, enum column_nesting nesting)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};

    *f = (struct fixture){.chunk = {.type = RG_TYPE_INT32, .codec = RG_CODEC_NONE}};
    rg_arena_init(&f->keep, &t->allocator, SIZE_MAX);
    rg_arena_init(&f->scratch, &t->allocator, SIZE_MAX);
    rg_buffer_init(&f->bytes, &t->allocator, SIZE_MAX);
    const struct rg_schema *schema = column_schema(t, &f->keep, nesting, RG_TYPE_INT32, 0);
    const struct rg_stitch_column column = {schema, 0, &options, false, false};

    f->source = (struct rg_stitch_source){
        .chunk = &f->chunk,
        .leaf = &schema->leaves[0],
        .writer = &f->writer,
        .name = "file",
        .schema = schema,
    };
    rg_bench_init(&f->bench, NULL, &column, &f->source, 1, &f->keep, &f->scratch);
}

static void tear_down(struct fixture *f)
{
    rg_buffer_fini(&f->bytes);
    rg_arena_fini(&f->keep);
    rg_arena_fini(&f->scratch);
}

static const uint8_t body_bytes[64];

/* A V1 page of `value_count` PLAIN values. */
static struct rg_page_header plain_page(uint32_t value_count)
{
    return (struct rg_page_header){
        .type = RG_PAGE_DATA,
        .encoding = RG_ENCODING_PLAIN,
        .def_encoding = RG_ENCODING_RLE,
        .rep_encoding = RG_ENCODING_RLE,
        .value_count = value_count,
        .compressed_bytes = 4 * value_count,
        .uncompressed_bytes = 4 * value_count,
    };
}

static struct rg_page_header dictionary_page(void)
{
    struct rg_page_header header = plain_page(2);

    header.type = RG_PAGE_DICTIONARY;
    return header;
}

static void add_body(struct fixture *f, const struct rg_page_header *header, const uint8_t *body)
{
    uint8_t out[RG_PAGE_HEADER_EMIT_BYTES_MAX];
    const size_t bytes = rg_page_header_emit(header, out);

    rg_buffer_append(&f->bytes, out, bytes);
    rg_buffer_append(&f->bytes, body, header->compressed_bytes);
}

static void add(struct fixture *f, const struct rg_page_header *header)
{
    add_body(f, header, body_bytes);
}

static enum rg_status survey(struct test *t, struct fixture *f, uint64_t value_count,
                             struct rg_survey *ret_survey)
{
    f->source.bytes = rg_buffer_span(&f->bytes);
    f->chunk.value_count = value_count;
    f->source.row_count = value_count;
    if (f->chunk.compressed_bytes == 0)
        f->chunk.compressed_bytes = f->bytes.bytes;
    if (f->chunk.uncompressed_bytes == 0)
        f->chunk.uncompressed_bytes = f->bytes.bytes;
    CHECK_OK(rg_buffer_check(&f->bytes, "chunk", &t->err));
    return rg_survey_make(&f->bench, &f->source, ret_survey, &t->err);
}

TEST(pages_are_counted_by_what_they_hold)
{
    struct rg_page_header index = plain_page(3);
    struct rg_page_header odd = plain_page(1);
    struct rg_page_header dictionary = dictionary_page();
    struct rg_page_header plain = plain_page(5);
    struct rg_page_header empty = plain_page(0);
    struct rg_page_walk walk;
    struct rg_source_page page;
    struct rg_survey found;
    struct fixture f;
    bool is_end;

    set_up(t, &f, NESTING_REQUIRED);
    index.encoding = RG_ENCODING_RLE_DICTIONARY;
    odd.type = RG_PAGE_INDEX;
    add(&f, &dictionary);
    add(&f, &odd);
    add(&f, &index);
    add(&f, &empty);
    add(&f, &plain);
    CHECK_OK(survey(t, &f, 8, &found));
    CHECK_U64(found.page_count, 2);
    CHECK_U64(found.index_page_count, 1);
    CHECK_U64(found.value_page_count, 1);
    CHECK_U64(found.dictionary_entries, 2);
    CHECK(found.are_rows_known && !found.breaks_order && !found.needs_look);

    rg_page_walk_init(&walk, &found);
    CHECK_OK(rg_page_walk_next(&walk, &page, &is_end, &t->err));
    CHECK(!is_end && rg_is_index_page(&page) && page.ordinal == 0 && page.index_ordinal == 0);
    CHECK_OK(rg_page_walk_next(&walk, &page, &is_end, &t->err));
    CHECK(!is_end && !rg_is_index_page(&page) && page.ordinal == 1 && page.index_ordinal == 2);
    CHECK(page.has_row_count && page.row_count == 5);
    CHECK_OK(rg_page_walk_next(&walk, &page, &is_end, &t->err));
    CHECK(is_end);
    tear_down(&f);
}

TEST(order_is_told)
{
    struct rg_page_header index = plain_page(3);
    struct rg_page_header dictionary = dictionary_page();
    struct rg_page_header plain = plain_page(5);
    struct rg_survey found;
    struct fixture f;

    set_up(t, &f, NESTING_REQUIRED);
    index.encoding = RG_ENCODING_RLE_DICTIONARY;
    add(&f, &dictionary);
    add(&f, &index);
    add(&f, &plain);
    add(&f, &index);
    CHECK_OK(survey(t, &f, 11, &found));
    CHECK(found.breaks_order && !found.are_index_pages_together);
    tear_down(&f);
}

/* Pages of one chunk, most of it right. */
struct bad_chunk {
    const char *about;
    struct rg_page_header pages[3];
    unsigned page_count;
    uint64_t value_count;
    enum column_nesting nesting;
    enum rg_status status;
    const char *text;
};

static void check_refused(struct test *t, const struct bad_chunk *bad)
{
    struct rg_survey found;
    struct fixture f;

    set_up(t, &f, bad->nesting);
    for (unsigned i = 0; i < bad->page_count; i++)
        add(&f, &bad->pages[i]);
    CHECK_ERROR(survey(t, &f, bad->value_count, &found), bad->status, bad->text);
    tear_down(&f);
}

TEST(pages_that_cannot_be_are_refused)
{
    struct rg_page_header dictionary = dictionary_page();
    struct rg_page_header plain = plain_page(3);
    struct rg_page_header index = plain_page(3);
    struct rg_page_header strange = plain_page(3);
    struct rg_page_header wrong_crc = plain_page(3);
    struct rg_page_header plain_levels = plain_page(3);
    struct rg_page_header odd_dictionary = dictionary_page();
    struct rg_page_header full_dictionary = dictionary_page();
    struct rg_page_header short_page = plain_page(3);
    struct rg_page_header split = plain_page(1);

    index.encoding = RG_ENCODING_RLE_DICTIONARY;
    strange.encoding = 31;
    wrong_crc.has_crc = true;
    plain_levels.def_encoding = RG_ENCODING_PLAIN;
    odd_dictionary.encoding = RG_ENCODING_DELTA_BINARY_PACKED;
    full_dictionary.value_count = INT32_MAX;
    short_page.uncompressed_bytes = 14;
    split.type = RG_PAGE_DATA_V2;
    split.rep_bytes = 2;
    split.def_bytes = 0;
    split.compressed_bytes = 2;
    split.uncompressed_bytes = 2;
    const struct bad_chunk rows[] = {
        {"two dictionaries",
         {dictionary, dictionary, index},
         3,
         3,
         NESTING_REQUIRED,
         RG_ERR_CORRUPT,
         "page 1: a second dictionary page"},
        {"late dictionary",
         {plain, dictionary},
         2,
         3,
         NESTING_REQUIRED,
         RG_ERR_CORRUPT,
         "behind data pages"},
        {"too many values",
         {plain, plain},
         2,
         5,
         NESTING_REQUIRED,
         RG_ERR_CORRUPT,
         "pages hold more than the 5 values"},
        {"too few values",
         {plain, plain},
         2,
         7,
         NESTING_REQUIRED,
         RG_ERR_CORRUPT,
         "1 of 7 values are missing"},
        {"unknown encoding", {strange}, 1, 3, NESTING_REQUIRED, RG_ERR_UNSUPPORTED, "encoding 31"},
        {"wrong CRC", {plain, wrong_crc}, 2, 6, NESTING_REQUIRED, RG_ERR_CORRUPT, "page 1: CRC is"},
        {"PLAIN levels",
         {plain_levels},
         1,
         3,
         NESTING_OPTIONAL,
         RG_ERR_UNSUPPORTED,
         "definition levels have encoding PLAIN"},
        {"dictionary in DELTA",
         {odd_dictionary, index},
         2,
         3,
         NESTING_REQUIRED,
         RG_ERR_UNSUPPORTED,
         "a dictionary page with encoding"},
        {"more entries than fit",
         {full_dictionary, index},
         2,
         3,
         NESTING_REQUIRED,
         RG_ERR_CORRUPT,
         "page 0: a dictionary of 8 raw bytes says 2147483647 entries"},
        {"indices without dictionary",
         {index},
         1,
         3,
         NESTING_REQUIRED,
         RG_ERR_CORRUPT,
         "indices without a dictionary"},
        {"lengths that differ",
         {short_page},
         1,
         3,
         NESTING_REQUIRED,
         RG_ERR_CORRUPT,
         "an uncompressed page of 12 bytes says 14"},
        {"levels that are none", {split}, 1, 1, NESTING_LIST, RG_ERR_CORRUPT, "repetition levels"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_refused(t, &rows[i]);
}

TEST(more_than_the_footer_tells_is_refused)
{
    struct rg_page_encoding_stats stats = {RG_PAGE_DATA, RG_ENCODING_PLAIN, 1};
    struct rg_page_header plain = plain_page(3);
    struct rg_survey found;
    struct fixture f;

    set_up(t, &f, NESTING_REQUIRED);
    add(&f, &plain);
    add(&f, &plain);
    f.chunk.encoding_stats = &stats;
    f.chunk.encoding_stats_count = 1;
    CHECK_ERROR(survey(t, &f, 6, &found), RG_ERR_CORRUPT, "2 data pages where the footer tells");
    stats.page_count = 2;
    CHECK_OK(survey(t, &f, 6, &found));
    tear_down(&f);
}

TEST(v2_counts_come_from_the_levels)
{
    /* Levels 1 0 1 1: one null, whatever the header says. */
    static const uint8_t body[] = {2, 1, 2, 0, 4, 1, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
    struct rg_page_header header = {
        .type = RG_PAGE_DATA_V2,
        .encoding = RG_ENCODING_PLAIN,
        .value_count = 4,
        .null_count = 0,
        .row_count = 9,
        .def_bytes = 6,
        .compressed_bytes = sizeof body,
        .uncompressed_bytes = sizeof body,
    };
    struct rg_page_walk walk;
    struct rg_source_page page;
    struct rg_survey found;
    struct fixture f;
    bool is_end;

    set_up(t, &f, NESTING_OPTIONAL);
    add_body(&f, &header, body);
    CHECK_OK(survey(t, &f, 4, &found));
    rg_page_walk_init(&walk, &found);
    CHECK_OK(rg_page_walk_next(&walk, &page, &is_end, &t->err));
    CHECK(page.has_present_count && page.present_count == 3);
    CHECK_U64(page.header.null_count, 1);
    CHECK_U64(page.header.row_count, 4);
    tear_down(&f);
}

TEST(a_dictionary_header_left_out_of_the_size_is_found)
{
    struct rg_page_header dictionary = dictionary_page();
    struct rg_page_header index = plain_page(3);
    struct rg_survey found;
    struct fixture f;

    set_up(t, &f, NESTING_REQUIRED);
    index.encoding = RG_ENCODING_PLAIN_DICTIONARY;
    add(&f, &dictionary);
    const size_t header_bytes = f.bytes.bytes - dictionary.compressed_bytes;
    add(&f, &index);
    /* PARQUET-816: the chunk's size lacks the dictionary's header. */
    f.chunk.compressed_bytes = f.bytes.bytes - header_bytes;
    CHECK_OK(survey(t, &f, 3, &found));
    CHECK_U64(found.index_page_count, 1);
    tear_down(&f);
}

TEST(pages_of_the_next_column_are_not_taken)
{
    struct rg_page_header dictionary = dictionary_page();
    struct rg_page_header plain = plain_page(3);
    struct rg_page_header next = plain_page(1);
    struct rg_survey found;
    struct fixture f;

    for (int has_dictionary = 0; has_dictionary < 2; has_dictionary++) {
        set_up(t, &f, NESTING_REQUIRED);
        if (has_dictionary != 0)
            add(&f, &dictionary);
        add(&f, &plain);
        f.chunk.compressed_bytes = f.bytes.bytes;
        add(&f, &next);
        CHECK_ERROR(survey(t, &f, 4, &found), RG_ERR_CORRUPT,
                    has_dictionary != 0 ? "where the chunk has" : "1 of 4 values are missing");
        tear_down(&f);
    }
}

TEST(null_pages_need_no_dictionary_however_long_their_levels)
{
    /* 800 nulls, each eight in a run of their own, and the byte of width. */
    uint8_t raw[4 + 200 + 1] = {200};
    struct rg_codec_context *codecs = rg_codec_context_new(&t->allocator);
    struct rg_page_header header = plain_page(800);
    struct rg_page_walk walk;
    struct rg_source_page page;
    struct rg_survey found;
    struct fixture f;
    uint8_t body[1024];
    size_t packed_bytes = 0;
    bool is_end;

    for (size_t i = 4; i < sizeof raw - 1; i += 2)
        raw[i] = 1 << 1 | 1;
    CHECK_MEMORY(codecs);
    set_up(t, &f, NESTING_OPTIONAL);
    f.bench.codecs = codecs;
    f.chunk.codec = RG_CODEC_SNAPPY;
    CHECK_OK(rg_codec_compress(codecs, RG_CODEC_SNAPPY, 0, (struct rg_span){raw, sizeof raw}, body,
                               sizeof body, &packed_bytes, &t->err));
    header.encoding = RG_ENCODING_RLE_DICTIONARY;
    header.compressed_bytes = (uint32_t)packed_bytes;
    header.uncompressed_bytes = sizeof raw;
    f.chunk.uncompressed_bytes = 1024;
    add_body(&f, &header, body);
    CHECK_OK(survey(t, &f, 800, &found));
    CHECK(found.needs_look);
    CHECK_OK(rg_survey_look(&f.bench, &found, &t->err));
    CHECK_U64(found.index_page_count, 0);
    rg_page_walk_init(&walk, &found);
    CHECK_OK(rg_page_walk_next(&walk, &page, &is_end, &t->err));
    CHECK(!is_end && rg_is_null_page(&page));
    rg_codec_context_free(codecs);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"pages_are_counted_by_what_they_hold", pages_are_counted_by_what_they_hold},
        {"order_is_told", order_is_told},
        {"pages_that_cannot_be_are_refused", pages_that_cannot_be_are_refused},
        {"more_than_the_footer_tells_is_refused", more_than_the_footer_tells_is_refused},
        {"v2_counts_come_from_the_levels", v2_counts_come_from_the_levels},
        {"a_dictionary_header_left_out_of_the_size_is_found",
         a_dictionary_header_left_out_of_the_size_is_found},
        {"pages_of_the_next_column_are_not_taken", pages_of_the_next_column_are_not_taken},
        {"null_pages_need_no_dictionary_however_long_their_levels",
         null_pages_need_no_dictionary_however_long_their_levels},
    };

    return test_main("stitch/source", cases, sizeof cases / sizeof cases[0], argc, argv);
}
