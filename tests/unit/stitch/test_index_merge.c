/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/index_merge.h"

#include <string.h>

#include "base/limits.h"
#include "support/test.h"

struct result {
    bool has_offset_index;
    bool has_column_index;
    struct rg_offset_index offset_index;
    struct rg_column_index column_index;
};

static enum rg_status finish(struct rg_index_merge *merge, uint64_t offset, struct result *r,
                             struct rg_error *err)
{
    *r = (struct result){.has_offset_index = false};
    return rg_index_merge_finish(merge, offset, &r->has_offset_index, &r->offset_index,
                                 &r->has_column_index, &r->column_index, err);
}

static struct rg_statistics bounds(const char *min, const char *max, uint64_t null_count)
{
    return (struct rg_statistics){
        .min_value = min == NULL ? (struct rg_span){NULL, 0} : rg_span_of(min),
        .max_value = max == NULL ? (struct rg_span){NULL, 0} : rg_span_of(max),
        .has_null_count = true,
        .null_count = null_count,
    };
}

TEST(offsets_and_rows_add_up)
{
    const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY, .def_max = 1};
    const struct rg_statistics s = bounds("a", "b", 1);
    struct rg_index_merge *merge;
    struct rg_arena arena;
    struct result r;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    merge = rg_index_merge_new(&arena, RG_ORDER_BYTES, &leaf);
    CHECK_MEMORY(merge);
    for (uint64_t i = 0; i < 40; i++) {
        const struct rg_index_page page = {.bytes = 100 + i,
                                           .row_count = 10,
                                           .value_count = 10,
                                           .statistics = &s,
                                           .has_unencoded_bytes = true,
                                           .unencoded_bytes = i};
        CHECK_OK(rg_index_merge_add(merge, &page, true, &t->err));
    }
    CHECK_OK(finish(merge, 77, &r, &t->err));
    CHECK(r.has_offset_index && r.has_column_index);
    CHECK_U64(r.offset_index.page_count, 40);
    CHECK_U64(r.offset_index.pages[0].offset, 77);
    CHECK_U64(r.offset_index.pages[2].offset, 77 + 100 + 101);
    CHECK_U64(r.offset_index.pages[39].compressed_bytes, 139);
    CHECK_U64(r.offset_index.pages[39].first_row_index, 390);
    CHECK_U64(r.offset_index.unencoded_bytes[39], 39);
    CHECK_U64(r.column_index.null_counts[17], 1);
    CHECK(r.column_index.nan_counts == NULL && r.column_index.def_histograms == NULL);
    rg_arena_fini(&arena);
}

/* A page's bounds, "" for a null page, NULL for one without bounds. */
TEST(boundary_order_is_that_of_the_pages)
{
    static const struct {
        const char *about;
        const char *pages[4][2];
        uint8_t order; /* 9: no column index. */
    } rows[] = {
        {"one page", {{"a", "b"}}, RG_BOUNDARY_ASCENDING},
        {"ascending", {{"a", "b"}, {"b", "c"}, {"b", "c"}}, RG_BOUNDARY_ASCENDING},
        {"descending", {{"d", "e"}, {"c", "e"}, {"a", "b"}}, RG_BOUNDARY_DESCENDING},
        {"nulls between", {{"a", "b"}, {"", ""}, {"b", "c"}}, RG_BOUNDARY_ASCENDING},
        {"only nulls", {{"", ""}, {"", ""}}, RG_BOUNDARY_ASCENDING},
        {"equal", {{"a", "b"}, {"a", "b"}}, RG_BOUNDARY_ASCENDING},
        {"minima up, maxima down", {{"a", "z"}, {"b", "y"}}, RG_BOUNDARY_UNORDERED},
        {"minima down, maxima up", {{"b", "c"}, {"a", "d"}}, RG_BOUNDARY_UNORDERED},
        {"up and down", {{"a", "a"}, {"c", "c"}, {"b", "b"}}, RG_BOUNDARY_UNORDERED},
        {"a page without bounds", {{"a", "a"}, {NULL, "c"}, {"", ""}}, 9},
    };
    const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY, .def_max = 1};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_index_merge *merge = rg_index_merge_new(&arena, RG_ORDER_BYTES, &leaf);
        struct result r;

        CHECK_MEMORY(merge);
        for (size_t j = 0; j < 4 && rows[i].pages[j][1] != NULL; j++) {
            const char *const *p = rows[i].pages[j];
            const bool is_null = p[0] != NULL && p[0][0] == 0;
            const struct rg_statistics s = is_null ? bounds(NULL, NULL, 10) : bounds(p[0], p[1], 0);
            const struct rg_index_page page = {
                .bytes = 10, .row_count = 10, .value_count = 10, .statistics = &s};
            CHECK_OK(rg_index_merge_add(merge, &page, true, &t->err));
        }
        CHECK_OK(finish(merge, 0, &r, &t->err));
        CHECK(r.has_offset_index);
        if (r.has_column_index != (rows[i].order != 9) ||
            (r.has_column_index && r.column_index.boundary_order != rows[i].order))
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
    }
    rg_arena_fini(&arena);
}

TEST(what_is_not_known_of_every_page_is_left_out)
{
    static const uint64_t histogram[3] = {1, 2, 3};
    static const struct {
        const char *about;
        unsigned lacks; /* Of the second page. */
        bool has_offset_index, has_column_index, has_nulls, has_nans, has_rep, has_def;
    } rows[] = {
        {"nothing", 0, true, true, true, true, true, true},
        {"rows", 1, false, false, false, false, false, false},
        {"a row of its own", 2, false, false, false, false, false, false},
        {"statistics", 4, true, false, false, false, false, false},
        {"null count", 8, true, true, false, true, true, true},
        {"nan count", 16, true, true, true, false, true, true},
        {"rep histogram", 32, true, true, true, true, false, true},
        {"def histogram", 64, true, true, true, true, true, false},
        {"a size that fits", 128, false, false, false, false, false, false},
    };
    const struct rg_leaf leaf = {.type = RG_TYPE_FLOAT, .def_max = 2, .rep_max = 2};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_index_merge *merge = rg_index_merge_new(&arena, RG_ORDER_FLOAT, &leaf);
        struct result r;

        CHECK_MEMORY(merge);
        for (unsigned j = 0; j < 3; j++) {
            const unsigned lacks = j == 1 ? rows[i].lacks : 0;
            struct rg_statistics s = bounds("aaaa", "bbbb", 2);
            s.has_nan_count = (lacks & 16) == 0;
            s.has_null_count = (lacks & 8) == 0;
            const struct rg_index_page page = {
                .bytes = (lacks & 128) != 0 ? UINT64_C(1) << 31 : 10,
                .row_count = (lacks & 2) != 0 ? 0 : 3,
                .value_count = 6,
                .statistics = (lacks & 4) != 0 ? NULL : &s,
                .rep_histogram = (lacks & 32) != 0 ? NULL : histogram,
                .def_histogram = (lacks & 64) != 0 ? NULL : histogram,
            };
            CHECK_OK(rg_index_merge_add(merge, &page, (lacks & 1) == 0, &t->err));
        }
        CHECK_OK(finish(merge, 0, &r, &t->err));
        const struct rg_column_index *c = &r.column_index;
        bool is_right = r.has_offset_index == rows[i].has_offset_index &&
                        r.has_column_index == rows[i].has_column_index;
        if (r.has_column_index)
            is_right = is_right && (c->null_counts != NULL) == rows[i].has_nulls &&
                       (c->nan_counts != NULL) == rows[i].has_nans &&
                       (c->rep_histograms != NULL) == rows[i].has_rep &&
                       (c->def_histograms != NULL) == rows[i].has_def;
        if (!is_right)
            test_fail(__FILE__, __LINE__, "lacks %s", rows[i].about);
        if (r.has_column_index && rows[i].has_def)
            CHECK(c->def_histogram_count == 9 && c->def_histograms[5] == 3);
    }
    rg_arena_fini(&arena);
}

TEST(nan_pages_and_types_without_order_get_no_column_index)
{
    const struct rg_leaf floats = {.type = RG_TYPE_FLOAT};
    const struct rg_leaf int96 = {.type = RG_TYPE_INT96};
    const struct rg_statistics nan = {
        .has_nan_count = true, .nan_count = 6, .has_null_count = true};
    const struct rg_index_page page = {
        .bytes = 10, .row_count = 6, .value_count = 6, .statistics = &nan};
    struct rg_arena arena;
    struct result r;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (int i = 0; i < 2; i++) {
        struct rg_index_merge *merge = rg_index_merge_new(
            &arena, i == 0 ? RG_ORDER_FLOAT : RG_ORDER_NONE, i == 0 ? &floats : &int96);
        CHECK_MEMORY(merge);
        CHECK_OK(rg_index_merge_add(merge, &page, true, &t->err));
        CHECK_OK(finish(merge, 0, &r, &t->err));
        CHECK(r.has_offset_index && !r.has_column_index);
    }
    rg_arena_fini(&arena);
}

TEST(bounds_are_copied_and_cut)
{
    static char value[5000];
    const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY, .def_max = 1};
    struct rg_index_merge *merge;
    struct rg_arena arena;
    struct result r;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    merge = rg_index_merge_new(&arena, RG_ORDER_BYTES, &leaf);
    CHECK_MEMORY(merge);
    memset(value, 'x', 4999);
    const struct rg_statistics s = bounds(value, value, 0);
    const struct rg_index_page page = {
        .bytes = 10, .row_count = 6, .value_count = 6, .statistics = &s};
    CHECK_OK(rg_index_merge_add(merge, &page, true, &t->err));
    memset(value, 'q', 4999);
    CHECK_OK(finish(merge, 0, &r, &t->err));
    CHECK(r.has_column_index);
    CHECK_U64(r.column_index.min_values[0].bytes, 64);
    CHECK_U64(r.column_index.min_values[0].data[63], 'x');
    CHECK_U64(r.column_index.max_values[0].data[62], 'y');

    /* What cannot be cut costs more than it is worth. */
    memset(value, 0xff, 4999);
    CHECK_OK(rg_index_merge_add(merge, &page, true, &t->err));
    CHECK_OK(finish(merge, 0, &r, &t->err));
    CHECK(r.has_offset_index && !r.has_column_index);
    rg_arena_fini(&arena);
}

TEST(too_many_pages_get_no_index)
{
    const struct rg_leaf leaf = {.type = RG_TYPE_INT96};
    const struct rg_index_page page = {.bytes = 10, .row_count = 1, .value_count = 1};
    struct rg_index_merge *merge;
    struct rg_arena arena;
    struct result r;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    merge = rg_index_merge_new(&arena, RG_ORDER_NONE, &leaf);
    CHECK_MEMORY(merge);
    for (uint32_t i = 0; i < rg_pages_max; i++)
        CHECK_OK(rg_index_merge_add(merge, &page, true, &t->err));
    CHECK_OK(finish(merge, 0, &r, &t->err));
    CHECK(r.has_offset_index);
    CHECK_OK(rg_index_merge_add(merge, &page, true, &t->err));
    CHECK_OK(finish(merge, 0, &r, &t->err));
    CHECK(!r.has_offset_index && !r.has_column_index);
    rg_arena_fini(&arena);
}

TEST(size_statistics_add_up_or_go)
{
    static uint64_t two[2] = {4, 6};
    static uint64_t three[3] = {1, 2, 7};
    static uint64_t wrong[3] = {1, 2, 8};
    static uint64_t huge[3] = {UINT64_MAX, 11, 0};
    static const struct {
        const char *about;
        struct rg_size_statistics part; /* Of 10 values, beside one that has everything. */
        bool has_bytes, has_rep, has_def;
    } rows[] = {
        {"everything", {true, true, 5, two, three, 2, 3}, true, true, true},
        {"absent", {false, false, 0, NULL, NULL, 0, 0}, false, false, false},
        {"no bytes", {true, false, 0, two, three, 2, 3}, false, true, true},
        {"no rep", {true, true, 5, NULL, three, 0, 3}, true, false, true},
        {"no def", {true, true, 5, two, NULL, 2, 0}, true, true, false},
        {"short def", {true, true, 5, two, two, 2, 2}, true, true, false},
        {"def of 11", {true, true, 5, two, wrong, 2, 3}, true, true, false},
        {"def wraps", {true, true, 5, two, huge, 2, 3}, true, true, false},
    };
    const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY, .rep_max = 1, .def_max = 2};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_size_merge merge;

        CHECK_OK(rg_size_merge_init(&merge, &leaf, &arena, &t->err));
        rg_size_merge_add(&merge, &rows[0].part, 10);
        rg_size_merge_add(&merge, &rows[1].part, 0);
        rg_size_merge_add(&merge, &rows[i].part, 10);
        const struct rg_size_statistics sum = rg_size_merge_finish(&merge);
        if (sum.has_unencoded_bytes != rows[i].has_bytes ||
            (sum.rep_histogram_count == 2) != rows[i].has_rep ||
            (sum.def_histogram_count == 3) != rows[i].has_def ||
            sum.is_present != (rows[i].has_bytes || rows[i].has_rep || rows[i].has_def))
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
        if (rows[i].has_def)
            CHECK_U64(sum.def_histogram[2], 14);
        if (rows[i].has_bytes)
            CHECK_U64(sum.unencoded_bytes, 10);
    }
    rg_arena_fini(&arena);
}

TEST(flat_columns_need_no_histograms)
{
    const struct rg_leaf leaf = {.type = RG_TYPE_INT32, .def_max = 1};
    const struct rg_size_statistics part = {.is_present = false};
    struct rg_size_merge merge;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_size_merge_init(&merge, &leaf, &arena, &t->err));
    rg_size_merge_add(&merge, &part, 10);
    CHECK(!rg_size_merge_finish(&merge).is_present);
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"offsets_and_rows_add_up", offsets_and_rows_add_up},
        {"boundary_order_is_that_of_the_pages", boundary_order_is_that_of_the_pages},
        {"what_is_not_known_of_every_page_is_left_out",
         what_is_not_known_of_every_page_is_left_out},
        {"nan_pages_and_types_without_order_get_no_column_index",
         nan_pages_and_types_without_order_get_no_column_index},
        {"bounds_are_copied_and_cut", bounds_are_copied_and_cut},
        {"too_many_pages_get_no_index", too_many_pages_get_no_index},
        {"size_statistics_add_up_or_go", size_statistics_add_up_or_go},
        {"flat_columns_need_no_histograms", flat_columns_need_no_histograms},
    };

    return test_main("stitch/index_merge", cases, sizeof cases / sizeof cases[0], argc, argv);
}
