/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/page_index.h"

#include <string.h>

#include "base/limits.h"
#include "support/test.h"

enum {
    PAGES_MAX = 40,
    HISTOGRAM_MAX = 3,
};

static const size_t bytes_max = 1 << 20;

struct offset_case {
    struct rg_page_location pages[PAGES_MAX];
    uint64_t unencoded_bytes[PAGES_MAX];
    struct rg_offset_index index;
};

static void random_offset_index(struct choices *c, struct offset_case *o)
{
    uint64_t offset = choose(c, 1000);
    uint64_t row = 0;

    *o = (struct offset_case){.index.pages = o->pages};
    o->index.page_count = choose(c, PAGES_MAX);
    o->index.unencoded_bytes = choose_bool(c) ? o->unencoded_bytes : NULL;
    for (uint32_t i = 0; i < o->index.page_count; i++) {
        o->pages[i] = (struct rg_page_location){offset, choose(c, INT32_MAX), row};
        o->unencoded_bytes[i] = choose(c, INT32_MAX);
        offset += UINT64_C(1) + choose(c, INT32_MAX) * (uint64_t)choose(c, 1000);
        row += UINT64_C(1) + choose(c, INT32_MAX);
    }
}

static void check_offset_cuts(struct test *t, struct rg_span whole)
{
    for (size_t cut = 0; cut < whole.bytes; cut++) {
        struct rg_arena arena;
        struct rg_offset_index index;
        const struct rg_span bytes = {whole.data, cut};

        rg_arena_init(&arena, &t->allocator, bytes_max);
        CHECK_ERROR(rg_offset_index_parse(bytes, &arena, &index, &t->err), RG_ERR_CORRUPT, "");
        rg_arena_fini(&arena);
    }
}

static void offset_round_trip(struct test *t, struct choices *c)
{
    struct offset_case o;
    struct rg_arena arena;
    struct rg_buffer out;
    struct rg_offset_index got;

    random_offset_index(c, &o);
    rg_arena_init(&arena, &t->allocator, bytes_max);
    rg_buffer_init(&out, &t->allocator, bytes_max);
    CHECK_OK(rg_offset_index_emit(&o.index, &out, &t->err));
    CHECK_OK(rg_offset_index_parse(rg_buffer_span(&out), &arena, &got, &t->err));
    CHECK_U64(got.page_count, o.index.page_count);
    CHECK((got.unencoded_bytes == NULL) == (o.index.unencoded_bytes == NULL));
    for (uint32_t i = 0; i < got.page_count; i++) {
        CHECK_U64(got.pages[i].offset, o.pages[i].offset);
        CHECK_U64(got.pages[i].compressed_bytes, o.pages[i].compressed_bytes);
        CHECK_U64(got.pages[i].first_row_index, o.pages[i].first_row_index);
        if (got.unencoded_bytes != NULL)
            CHECK_U64(got.unencoded_bytes[i], o.unencoded_bytes[i]);
    }
    check_offset_cuts(t, rg_buffer_span(&out));
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
}

TEST(offset_indexes_are_read_as_written)
{
    test_property(t, "offset_indexes_are_read_as_written", 500, offset_round_trip);
}

struct column_case {
    bool is_null_page[PAGES_MAX];
    struct rg_span min_values[PAGES_MAX];
    struct rg_span max_values[PAGES_MAX];
    uint64_t counts[PAGES_MAX * HISTOGRAM_MAX];
    uint8_t bytes[2 * PAGES_MAX];
    struct rg_column_index index;
};

static void random_column_index(struct choices *c, struct column_case *k)
{
    struct rg_column_index *index = &k->index;

    *k = (struct column_case){.index = {.is_null_page = k->is_null_page,
                                        .min_values = k->min_values,
                                        .max_values = k->max_values}};
    index->page_count = choose(c, PAGES_MAX);
    index->boundary_order = (uint8_t)choose(c, RG_BOUNDARY_DESCENDING);
    for (uint32_t i = 0; i < index->page_count; i++) {
        k->is_null_page[i] = choose_bool(c);
        k->min_values[i] = (struct rg_span){k->bytes, k->is_null_page[i] ? 0 : choose(c, 40)};
        k->max_values[i] = (struct rg_span){k->bytes + i, k->is_null_page[i] ? 0 : choose(c, 40)};
    }
    for (size_t i = 0; i < sizeof k->bytes; i++)
        k->bytes[i] = (uint8_t)choose(c, 255);
    for (uint32_t i = 0; i < PAGES_MAX * HISTOGRAM_MAX; i++)
        k->counts[i] = choose_u64(c) >> 1 >> choose(c, 60);
    index->null_counts = choose_bool(c) ? k->counts : NULL;
    index->nan_counts = choose_bool(c) ? k->counts + 1 : NULL;
    if (index->page_count > 0 && choose_bool(c)) {
        index->rep_histograms = k->counts;
        index->rep_histogram_count = index->page_count * (1 + choose(c, HISTOGRAM_MAX - 1));
    }
    if (index->page_count > 0 && choose_bool(c)) {
        index->def_histograms = k->counts;
        index->def_histogram_count = index->page_count * (1 + choose(c, HISTOGRAM_MAX - 1));
    }
}

static void check_same_counts(const uint64_t *got, const uint64_t *wanted, uint32_t count)
{
    CHECK((got == NULL) == (wanted == NULL));
    for (uint32_t i = 0; i < count && got != NULL; i++)
        CHECK_U64(got[i], wanted[i]);
}

static void check_column_cuts(struct test *t, struct rg_span whole)
{
    for (size_t cut = 0; cut < whole.bytes; cut++) {
        struct rg_arena arena;
        struct rg_column_index index;
        const struct rg_span bytes = {whole.data, cut};

        rg_arena_init(&arena, &t->allocator, bytes_max);
        CHECK_ERROR(rg_column_index_parse(bytes, &arena, &index, &t->err), RG_ERR_CORRUPT, "");
        rg_arena_fini(&arena);
    }
}

static void column_round_trip(struct test *t, struct choices *c)
{
    struct column_case k;
    struct rg_arena arena;
    struct rg_buffer out;
    struct rg_column_index got;

    random_column_index(c, &k);
    rg_arena_init(&arena, &t->allocator, bytes_max);
    rg_buffer_init(&out, &t->allocator, bytes_max);
    CHECK_OK(rg_column_index_emit(&k.index, &out, &t->err));
    CHECK_OK(rg_column_index_parse(rg_buffer_span(&out), &arena, &got, &t->err));
    CHECK_U64(got.page_count, k.index.page_count);
    CHECK_U64(got.boundary_order, k.index.boundary_order);
    for (uint32_t i = 0; i < got.page_count; i++) {
        CHECK_U64(got.is_null_page[i], k.is_null_page[i]);
        CHECK_SPAN(got.min_values[i], k.min_values[i]);
        CHECK_SPAN(got.max_values[i], k.max_values[i]);
    }
    CHECK_U64(got.rep_histogram_count, k.index.rep_histogram_count);
    CHECK_U64(got.def_histogram_count, k.index.def_histogram_count);
    check_same_counts(got.null_counts, k.index.null_counts, got.page_count);
    check_same_counts(got.nan_counts, k.index.nan_counts, got.page_count);
    check_same_counts(got.rep_histograms, k.index.rep_histograms, got.rep_histogram_count);
    check_same_counts(got.def_histograms, k.index.def_histograms, got.def_histogram_count);
    if (out.bytes < 500)
        check_column_cuts(t, rg_buffer_span(&out));
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
}

TEST(column_indexes_are_read_as_written)
{
    test_property(t, "column_indexes_are_read_as_written", 500, column_round_trip);
}

TEST(locations_that_do_not_grow_are_corrupt)
{
    static const struct {
        const char *about;
        struct rg_page_location pages[3];
        const char *text;
    } rows[] = {
        {"rows begin late", {{4, 1, 1}, {5, 1, 2}, {6, 1, 3}}, "first page begins at row 1"},
        {"same row", {{4, 1, 0}, {5, 1, 7}, {6, 1, 7}}, "page 2 begins at row 7"},
        {"row goes back", {{4, 1, 0}, {5, 1, 7}, {6, 1, 6}}, "page 2 begins at row 6"},
        {"same offset", {{4, 1, 0}, {4, 1, 7}, {6, 1, 9}}, "page 1 lies at 4"},
        {"offset goes back", {{4, 1, 0}, {9, 1, 7}, {6, 1, 9}}, "page 2 lies at 6"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct offset_case o = {.index = {.page_count = 3}};
        struct rg_arena arena;
        struct rg_buffer out;
        struct rg_offset_index index;

        memcpy(o.pages, rows[i].pages, sizeof rows[i].pages);
        o.index.pages = o.pages;
        rg_arena_init(&arena, &t->allocator, bytes_max);
        rg_buffer_init(&out, &t->allocator, bytes_max);
        CHECK_OK(rg_offset_index_emit(&o.index, &out, &t->err));
        CHECK_ERROR(rg_offset_index_parse(rg_buffer_span(&out), &arena, &index, &t->err),
                    RG_ERR_CORRUPT, rows[i].text);
        rg_buffer_fini(&out);
        rg_arena_fini(&arena);
    }
}

/* Two pages; one list of another length or a number out of place. */
TEST(lists_of_another_length_are_corrupt)
{
    static const struct {
        const char *about;
        uint8_t bytes[40];
        const char *text;
    } rows[] = {
        {"one maximum",
         {0x19, 0x21, 2, 2, 0x19, 0x28, 0, 0, 0x19, 0x18, 0, 0x15, 0, 0x00},
         "2 minima and 1 maxima for 2 pages"},
        {"one null count",
         {0x19, 0x21, 2, 2, 0x19, 0x28, 0, 0, 0x19, 0x28, 0, 0, 0x15, 0, 0x19, 0x16, 2, 0x00},
         "1 null counts for 2 pages"},
        {"three NaN counts",
         {0x19, 0x21, 2, 2, 0x19, 0x28, 0, 0, 0x19, 0x28, 0, 0, 0x15, 0, 0x49, 0x36, 2, 2, 2, 0x00},
         "3 NaN counts for 2 pages"},
        {"a histogram of three",
         {0x19, 0x21, 2, 2, 0x19, 0x28, 0, 0, 0x19, 0x28, 0, 0, 0x15, 0, 0x39, 0x36, 2, 2, 2, 0x00},
         "level histograms of 0 and 3 entries for 2 pages"},
        {"a histogram without pages",
         {0x19, 0x01, 0x19, 0x08, 0x19, 0x08, 0x15, 0, 0x39, 0x16, 2, 0x00},
         "level histograms of 0 and 1 entries for 0 pages"},
        {"an order that is none",
         {0x19, 0x21, 2, 2, 0x19, 0x28, 0, 0, 0x19, 0x28, 0, 0, 0x15, 6, 0x00},
         "boundary order 3"},
        {"no order",
         {0x19, 0x21, 2, 2, 0x19, 0x28, 0, 0, 0x19, 0x28, 0, 0, 0x00},
         "field that must be there"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_arena arena;
        struct rg_column_index index;

        rg_arena_init(&arena, &t->allocator, bytes_max);
        CHECK_ERROR(rg_column_index_parse(SPAN(rows[i].bytes), &arena, &index, &t->err),
                    RG_ERR_CORRUPT, rows[i].text);
        rg_arena_fini(&arena);
    }
}

/* Some writers say -1 where they do not know, and put bounds beside null pages. */
TEST(unknown_counts_are_absent_and_bounds_of_null_pages_empty)
{
    static const uint8_t bytes[] = {0x19, 0x21, 1, 2,    0x19, 0x28, 1,    'a', 0, 0x19, 0x28,
                                    1,    'z',  0, 0x15, 2,    0x19, 0x26, 1,   2, 0x00};
    struct rg_arena arena;
    struct rg_column_index index;

    rg_arena_init(&arena, &t->allocator, bytes_max);
    CHECK_OK(rg_column_index_parse(SPAN(bytes), &arena, &index, &t->err));
    CHECK_U64(index.page_count, 2);
    CHECK(index.null_counts == NULL);
    CHECK(index.is_null_page[0] && !index.is_null_page[1]);
    CHECK_U64(index.min_values[0].bytes, 0);
    CHECK_U64(index.max_values[0].bytes, 0);
    CHECK_U64(index.boundary_order, RG_BOUNDARY_ASCENDING);
    rg_arena_fini(&arena);
}

TEST(too_many_pages_are_a_limit)
{
    static uint8_t bytes[3 + 4 + 1000001 + 1] = {0x19, 0xf1, 0xc1, 0x84, 0x3d};
    struct rg_arena arena;
    struct rg_column_index index;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_U64(rg_pages_max, 1000000);
    CHECK_ERROR(rg_column_index_parse(SPAN(bytes), &arena, &index, &t->err), RG_ERR_LIMIT,
                "index of 1000001 pages; at most 1000000");
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"offset_indexes_are_read_as_written", offset_indexes_are_read_as_written},
        {"column_indexes_are_read_as_written", column_indexes_are_read_as_written},
        {"locations_that_do_not_grow_are_corrupt", locations_that_do_not_grow_are_corrupt},
        {"lists_of_another_length_are_corrupt", lists_of_another_length_are_corrupt},
        {"unknown_counts_are_absent_and_bounds_of_null_pages_empty",
         unknown_counts_are_absent_and_bounds_of_null_pages_empty},
        {"too_many_pages_are_a_limit", too_many_pages_are_a_limit},
    };

    return test_main("parquet/page_index", cases, sizeof cases / sizeof cases[0], argc, argv);
}
