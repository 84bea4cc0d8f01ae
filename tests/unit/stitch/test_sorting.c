/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/sorting.h"

#include <string.h>

#include "support/test.h"

enum {
    KEYS = 3,
    GROUPS_MAX = 4,
};

static struct rg_schema_element elements[KEYS];
static struct rg_leaf leaves[KEYS];
static struct rg_schema schema = {elements, leaves, KEYS, KEYS};
static struct rg_writer writer = {.application = {(const uint8_t *)"x", 1}};

/* Columns of INT32. */
static void set_up(void)
{
    for (size_t i = 0; i < KEYS; i++) {
        elements[i] = (struct rg_schema_element){
            .has_type = true, .type = RG_TYPE_INT32, .converted_type = RG_CONVERTED_NONE};
        leaves[i] = (struct rg_leaf){.element_index = (uint32_t)i,
                                     .type = RG_TYPE_INT32,
                                     .def_max = 1,
                                     .column_order = RG_COLUMN_ORDER_TYPE};
    }
}

/* A row group of 10 rows, made from text: for each column "min max nulls". */
struct group {
    struct rg_row_group group;
    struct rg_column_chunk chunks[KEYS];
    struct rg_sorting_column sorting[KEYS];
    int32_t bounds[KEYS][2];
};

static void set_column(struct group *g, size_t column, int32_t min, int32_t max, int nulls)
{
    struct rg_column_chunk *chunk = &g->chunks[column];

    g->bounds[column][0] = min;
    g->bounds[column][1] = max;
    chunk->value_count = 10;
    chunk->statistics = (struct rg_statistics){.has_null_count = nulls >= 0,
                                               .null_count = nulls >= 0 ? (uint64_t)nulls : 0};
    if (nulls < 10) {
        chunk->statistics.min_value = (struct rg_span){(uint8_t *)&g->bounds[column][0], 4};
        chunk->statistics.max_value = (struct rg_span){(uint8_t *)&g->bounds[column][1], 4};
    }
}

static void set_sorting(struct group *g, uint32_t count, bool is_descending, bool is_nulls_first)
{
    for (uint32_t i = 0; i < KEYS; i++)
        g->sorting[i] = (struct rg_sorting_column){i, is_descending, is_nulls_first};
    g->group = (struct rg_row_group){.columns = g->chunks,
                                     .row_count = 10,
                                     .sorting_columns = count == 0 ? NULL : g->sorting,
                                     .sorting_column_count = count};
}

static uint32_t merge(struct test *t, struct group *groups, size_t count)
{
    struct rg_sorting_source sources[GROUPS_MAX];
    struct rg_sorting_column *columns;
    struct rg_arena arena;
    uint32_t kept;

    for (size_t i = 0; i < count; i++)
        sources[i] = (struct rg_sorting_source){&groups[i].group, &schema, &writer};
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_sorting_merge(sources, count, &arena, &columns, &kept, &t->err));
    for (uint32_t i = 0; i < kept; i++)
        CHECK_U64(columns[i].column_index, i);
    rg_arena_fini(&arena);
    return kept;
}

struct column {
    int32_t min, max;
    int nulls;
};

TEST(the_longest_proven_prefix_stays)
{
    static const struct {
        const char *about;
        bool is_descending, is_nulls_first;
        struct column a[KEYS], b[KEYS];
        uint32_t kept;
    } rows[] = {
        {"strictly before: all keys",
         false,
         false,
         {{1, 3, 0}, {5, 9, 0}, {0, 9, 0}},
         {{4, 6, 0}, {0, 9, 0}, {0, 9, 0}},
         3},
        {"a tie: one key",
         false,
         false,
         {{1, 4, 0}, {5, 9, 0}, {0, 9, 0}},
         {{4, 6, 0}, {0, 9, 0}, {0, 9, 0}},
         1},
        {"a tie, and the next strictly before",
         false,
         false,
         {{1, 4, 0}, {5, 6, 0}, {0, 9, 0}},
         {{4, 6, 0}, {7, 9, 0}, {0, 9, 0}},
         3},
        {"two ties",
         false,
         false,
         {{4, 4, 0}, {5, 6, 0}, {0, 9, 0}},
         {{4, 4, 0}, {6, 9, 0}, {0, 9, 0}},
         2},
        {"three ties",
         false,
         false,
         {{4, 4, 0}, {5, 6, 0}, {0, 9, 0}},
         {{4, 4, 0}, {6, 9, 0}, {9, 9, 0}},
         3},
        {"overlap",
         false,
         false,
         {{1, 5, 0}, {5, 6, 0}, {0, 9, 0}},
         {{4, 6, 0}, {7, 9, 0}, {0, 9, 0}},
         0},
        {"descending",
         true,
         false,
         {{4, 6, 0}, {0, 9, 0}, {0, 9, 0}},
         {{1, 3, 0}, {0, 9, 0}, {0, 9, 0}},
         3},
        {"descending, wrong way",
         true,
         false,
         {{1, 3, 0}, {0, 9, 0}, {0, 9, 0}},
         {{4, 6, 0}, {0, 9, 0}, {0, 9, 0}},
         0},
        {"nulls last, in the last only",
         false,
         false,
         {{1, 3, 0}, {0, 9, 0}, {0, 9, 0}},
         {{4, 6, 2}, {0, 9, 0}, {0, 9, 0}},
         3},
        {"nulls last, in the first",
         false,
         false,
         {{1, 3, 2}, {0, 9, 0}, {0, 9, 0}},
         {{4, 6, 0}, {0, 9, 0}, {0, 9, 0}},
         0},
        {"nulls last, then nothing but nulls",
         false,
         false,
         {{1, 3, 2}, {0, 9, 0}, {0, 9, 0}},
         {{0, 0, 10}, {0, 9, 0}, {0, 9, 0}},
         1},
        {"nulls first, in the first only",
         false,
         true,
         {{1, 3, 2}, {0, 9, 0}, {0, 9, 0}},
         {{4, 6, 0}, {0, 9, 0}, {0, 9, 0}},
         3},
        {"nulls first, in the last",
         false,
         true,
         {{1, 3, 0}, {0, 9, 0}, {0, 9, 0}},
         {{4, 6, 1}, {0, 9, 0}, {0, 9, 0}},
         0},
        {"nulls first, nothing else before",
         false,
         true,
         {{0, 0, 10}, {0, 9, 0}, {0, 9, 0}},
         {{4, 6, 1}, {0, 9, 0}, {0, 9, 0}},
         1},
        {"nulls first, descending",
         true,
         true,
         {{4, 6, 3}, {0, 9, 0}, {0, 9, 0}},
         {{1, 3, 0}, {0, 9, 0}, {0, 9, 0}},
         3},
        {"null count missing",
         false,
         false,
         {{1, 3, -1}, {0, 9, 0}, {0, 9, 0}},
         {{4, 6, 0}, {0, 9, 0}, {0, 9, 0}},
         0},
        {"null count missing behind a tie",
         false,
         false,
         {{1, 4, 0}, {0, 9, -1}, {0, 9, 0}},
         {{4, 6, 0}, {0, 9, 0}, {0, 9, 0}},
         1},
    };

    set_up();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct group groups[2];

        memset(groups, 0, sizeof groups);
        for (size_t g = 0; g < 2; g++) {
            set_sorting(&groups[g], KEYS, rows[i].is_descending, rows[i].is_nulls_first);
            for (size_t k = 0; k < KEYS; k++) {
                const struct column *c = g == 0 ? &rows[i].a[k] : &rows[i].b[k];
                set_column(&groups[g], k, c->min, c->max, c->nulls);
            }
        }
        const uint32_t kept = merge(t, groups, 2);
        if (kept != rows[i].kept)
            test_fail(__FILE__, __LINE__, "%s: %u keys", rows[i].about, kept);
    }
}

static void three_ordered(struct group groups[3])
{
    memset(groups, 0, 3 * sizeof groups[0]);
    set_up();
    for (int g = 0; g < 3; g++) {
        set_sorting(&groups[g], KEYS, false, false);
        for (size_t k = 0; k < KEYS; k++)
            set_column(&groups[g], k, g * 10, g * 10 + 5, 0);
    }
}

TEST(all_sources_must_declare_and_prove)
{
    struct group groups[3];

    three_ordered(groups);
    CHECK_U64(merge(t, groups, 3), 3);
    CHECK_U64(merge(t, groups, 1), 3);
    CHECK_U64(merge(t, groups, 0), 0);

    set_sorting(&groups[2], 2, false, false);
    CHECK_U64(merge(t, groups, 3), 2);
    set_sorting(&groups[2], 0, false, false);
    CHECK_U64(merge(t, groups, 3), 0);

    three_ordered(groups);
    groups[1].sorting[1].is_descending = true;
    CHECK_U64(merge(t, groups, 3), 1);

    /* Groups without rows are no sources. */
    three_ordered(groups);
    set_sorting(&groups[1], 0, false, false);
    groups[1].group.row_count = 0;
    CHECK_U64(merge(t, groups, 3), 3);

    three_ordered(groups);
    groups[0].sorting[1].column_index = KEYS;
    CHECK_U64(merge(t, groups, 1), 1);
}

TEST(columns_that_prove_nothing)
{
    struct group groups[3];

    three_ordered(groups);
    leaves[0].rep_max = 1;
    CHECK_U64(merge(t, groups, 3), 0);

    /* Bounds of no defined order. */
    three_ordered(groups);
    leaves[0].column_order = RG_COLUMN_ORDER_UNDEFINED;
    CHECK_U64(merge(t, groups, 3), 0);

    /* Small positive ints are small positive floats; but NaN may be among them. */
    three_ordered(groups);
    elements[0].type = RG_TYPE_FLOAT;
    leaves[0].type = RG_TYPE_FLOAT;
    CHECK_U64(merge(t, groups, 3), 0);
    for (size_t g = 0; g < 3; g++)
        groups[g].chunks[0].statistics.has_nan_count = true;
    CHECK_U64(merge(t, groups, 3), 3);
    groups[1].chunks[0].statistics.nan_count = 1;
    CHECK_U64(merge(t, groups, 3), 0);
}

/* Bounds of chunks that are no bounds of their pages (Polars) prove nothing. */
TEST(bounds_that_were_united_wrongly)
{
    struct rg_page_encoding_stats one_page = {RG_PAGE_DATA, RG_ENCODING_PLAIN, 1};
    struct group groups[3];

    writer.has_wrong_unions = false;
    three_ordered(groups);
    elements[0].logical = RG_LOGICAL_INTEGER;
    elements[0].bit_width = 32;
    CHECK_U64(merge(t, groups, 3), 3);
    writer.has_wrong_unions = true;
    CHECK_U64(merge(t, groups, 3), 0);
    for (size_t g = 0; g < 3; g++) {
        groups[g].chunks[0].encoding_stats = &one_page;
        groups[g].chunks[0].encoding_stats_count = 1;
    }
    CHECK_U64(merge(t, groups, 3), 3);
    writer.has_wrong_unions = false;
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"the_longest_proven_prefix_stays", the_longest_proven_prefix_stays},
        {"all_sources_must_declare_and_prove", all_sources_must_declare_and_prove},
        {"columns_that_prove_nothing", columns_that_prove_nothing},
        {"bounds_that_were_united_wrongly", bounds_that_were_united_wrongly},
    };

    return test_main("stitch/sorting", cases, sizeof cases / sizeof cases[0], argc, argv);
}
