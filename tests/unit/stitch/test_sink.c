/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/sink.h"

#include "parquet/types.h"
#include "support/column.h"
#include "support/test.h"

struct fixture {
    struct rg_arena arena;
    struct rg_arena scratch;
    struct rg_bench bench;
    struct rg_sink sink;
};

static void set_up_column(struct test *t, struct fixture *f, enum column_nesting nesting)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_NONE};

    rg_arena_init(&f->arena, &t->allocator, SIZE_MAX);
    rg_arena_init(&f->scratch, &t->allocator, SIZE_MAX);
    const struct rg_schema *schema = column_schema(t, &f->arena, nesting, RG_TYPE_INT32, 0);
    const struct rg_stitch_column column = {schema, 0, &options, false, false};

    rg_bench_init(&f->bench, NULL, &column, NULL, 0, &f->arena, &f->scratch);
    CHECK_OK(rg_sink_init(&f->sink, &f->bench, &t->err));
}

static void set_up(struct test *t, struct fixture *f)
{
    set_up_column(t, f, NESTING_REQUIRED);
}

static void tear_down(struct fixture *f)
{
    rg_arena_fini(&f->arena);
    rg_arena_fini(&f->scratch);
}

static const uint8_t body[1000];

/* A page of ten values whose body is `bytes` long. */
static enum rg_status write_as(struct test *t, struct fixture *f, uint8_t type, uint8_t encoding,
                               uint32_t present_count, size_t bytes, bool is_lasting)
{
    const struct rg_piece piece = {{body, bytes}, is_lasting};
    const struct rg_page_facts facts = {.row_count = 10, .is_row_count_known = true};
    struct rg_page_header header = {.type = type,
                                    .encoding = encoding,
                                    .value_count = 10,
                                    .uncompressed_bytes = (uint32_t)bytes};
    uint64_t out_bytes;

    return rg_sink_page(&f->sink, &header, false, &piece, 1, present_count, &facts, &out_bytes,
                        &t->err);
}

static enum rg_status write(struct test *t, struct fixture *f, uint8_t encoding,
                            uint32_t present_count, size_t bytes, bool is_lasting)
{
    return write_as(t, f, RG_PAGE_DATA, encoding, present_count, bytes, is_lasting);
}

/* Some readers look at entries of V1 pages alone. */
TEST(a_dictionary_is_not_said_to_be_all_there_is)
{
    const struct rg_sink_dictionary dictionary = {
        .body = {{body, 300}, true}, .raw_bytes = 300, .entry_count = 75};
    static const struct {
        uint8_t type;
        uint32_t present_count;
        uint32_t stats_count;
    } last_pages[] = {{RG_PAGE_DATA, 10, 3}, {RG_PAGE_DATA_V2, 10, 0}, {RG_PAGE_DATA_V2, 0, 3}};

    for (size_t i = 0; i < sizeof last_pages / sizeof *last_pages; i++) {
        struct rg_stitch_output output;
        struct fixture f;

        set_up(t, &f);
        CHECK_OK(write(t, &f, RG_ENCODING_RLE_DICTIONARY, 10, 40, false));
        CHECK_OK(write_as(t, &f, last_pages[i].type, RG_ENCODING_PLAIN, last_pages[i].present_count,
                          40, false));
        CHECK_OK(rg_sink_finish(&f.sink, &dictionary, &output, &t->err));
        CHECK_U64(output.chunk.encoding_stats_count, last_pages[i].stats_count);
        CHECK((output.chunk.encodings & 1U << RG_ENCODING_PLAIN) != 0);
        tear_down(&f);
    }
}

TEST(indices_behind_values_are_our_own_bug)
{
    struct fixture f;

    set_up(t, &f);
    CHECK_OK(write(t, &f, RG_ENCODING_RLE_DICTIONARY, 10, 40, false));
    /* Without values it does not count. */
    CHECK_OK(write(t, &f, RG_ENCODING_PLAIN, 0, 4, false));
    CHECK_OK(write(t, &f, RG_ENCODING_PLAIN_DICTIONARY, 10, 40, false));
    CHECK_OK(write(t, &f, RG_ENCODING_DELTA_BINARY_PACKED, 1, 40, false));
    CHECK_OK(write(t, &f, RG_ENCODING_PLAIN, 0, 4, false));
    CHECK_ERROR(write(t, &f, RG_ENCODING_RLE_DICTIONARY, 1, 40, false), RG_ERR_BUG,
                "indices behind");
    tear_down(&f);
}

TEST(pages_without_values_count_where_a_column_repeats)
{
    struct fixture f;

    set_up_column(t, &f, NESTING_LIST);
    CHECK_OK(write(t, &f, RG_ENCODING_RLE_DICTIONARY, 0, 4, false));
    CHECK_OK(write(t, &f, RG_ENCODING_RLE_DICTIONARY, 10, 40, false));
    CHECK_OK(write(t, &f, RG_ENCODING_PLAIN, 0, 4, false));
    CHECK(!f.sink.has_values_written);
    CHECK_ERROR(write(t, &f, RG_ENCODING_RLE_DICTIONARY, 1, 40, false), RG_ERR_BUG,
                "indices behind");
    tear_down(&f);
}

TEST(long_bodies_stay_where_they_are)
{
    const struct rg_sink_dictionary dictionary = {
        .body = {{body, 300}, true}, .raw_bytes = 300, .entry_count = 75};
    struct rg_stitch_output output;
    struct fixture f;

    set_up(t, &f);
    CHECK_OK(write(t, &f, RG_ENCODING_RLE_DICTIONARY, 10, 1000, true));
    CHECK_OK(write(t, &f, RG_ENCODING_RLE_DICTIONARY, 10, 30, true));
    CHECK_OK(write(t, &f, RG_ENCODING_RLE_DICTIONARY, 10, 30, false));
    CHECK_OK(rg_sink_finish(&f.sink, &dictionary, &output, &t->err));
    /* Header and body of the dictionary, header and long body, all the rest. */
    CHECK_U64(output.segment_count, 5);
    CHECK(output.segments[1].data == body && output.segments[1].bytes == 300);
    CHECK(output.segments[3].data == body && output.segments[3].bytes == 1000);
    CHECK_U64(output.chunk.data_page_offset, output.segments[0].bytes + 300);
    CHECK_U64(output.chunk.encoding_stats_count, 2);
    CHECK_U64(output.chunk.encoding_stats[0].page_type, RG_PAGE_DICTIONARY);
    CHECK_U64(output.chunk.encoding_stats[1].page_count, 3);
    tear_down(&f);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_dictionary_is_not_said_to_be_all_there_is",
         a_dictionary_is_not_said_to_be_all_there_is},
        {"indices_behind_values_are_our_own_bug", indices_behind_values_are_our_own_bug},
        {"pages_without_values_count_where_a_column_repeats",
         pages_without_values_count_where_a_column_repeats},
        {"long_bodies_stay_where_they_are", long_bodies_stay_where_they_are},
    };

    return test_main("stitch/sink", cases, sizeof cases / sizeof cases[0], argc, argv);
}
