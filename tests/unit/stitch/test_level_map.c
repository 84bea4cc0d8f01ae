/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/level_map.h"

#include "support/column.h"
#include "support/test.h"

TEST(levels_grow_by_what_became_optional)
{
    static const struct {
        enum column_nesting nesting;
        bool is_needed;
        uint8_t levels[5];
        uint8_t count;
    } rows[] = {
        {NESTING_REQUIRED, true, {1}, 1},
        {NESTING_OPTIONAL, false, {0, 1}, 2},
        {NESTING_REQUIRED_PAIR, true, {1, 2}, 2},
        {NESTING_LIST, false, {0, 1, 2, 3}, 4},
        {NESTING_LIST_LIST, true, {0, 1, 2, 3, 5}, 5},
    };
    struct rg_arena arena;
    struct rg_level_map map;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_schema *from = column_schema(t, &arena, rows[i].nesting, RG_TYPE_INT32, 0);
        const struct rg_schema *to = column_schema_widened(t, &arena, from);

        CHECK_OK(rg_level_map_make(to, &to->leaves[0], from, &from->leaves[0], &map, &t->err));
        CHECK(map.is_needed == rows[i].is_needed);
        for (uint8_t level = 0; level < rows[i].count; level++)
            CHECK_U64(map.levels[level], rows[i].levels[level]);
    }
    rg_arena_fini(&arena);
}

TEST(other_changes_are_refused)
{
    struct rg_arena arena;
    struct rg_level_map map;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const struct rg_schema *flat = column_schema(t, &arena, NESTING_REQUIRED, RG_TYPE_INT32, 0);
    const struct rg_schema *optional = column_schema(t, &arena, NESTING_OPTIONAL, RG_TYPE_INT32, 0);
    const struct rg_schema *list = column_schema(t, &arena, NESTING_LIST, RG_TYPE_INT32, 0);

    CHECK_ERROR(
        rg_level_map_make(flat, &flat->leaves[0], optional, &optional->leaves[0], &map, &t->err),
        RG_ERR_UNSUPPORTED, "levels up to 1 and 0");
    CHECK_ERROR(
        rg_level_map_make(list, &list->leaves[0], optional, &optional->leaves[0], &map, &t->err),
        RG_ERR_UNSUPPORTED, "cannot become 3 and 1");
    CHECK_ERROR(
        rg_level_map_make(list, &list->leaves[0], NULL, &optional->leaves[0], &map, &t->err),
        RG_ERR_UNSUPPORTED, "levels up to 1 and 0");

    /* Without the source's schema only what is flat can be told. */
    CHECK_OK(
        rg_level_map_make(optional, &optional->leaves[0], NULL, &flat->leaves[0], &map, &t->err));
    CHECK(map.is_needed && map.levels[0] == 1);
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"levels_grow_by_what_became_optional", levels_grow_by_what_became_optional},
        {"other_changes_are_refused", other_changes_are_refused},
    };

    return test_main("stitch/level_map", cases, sizeof cases / sizeof cases[0], argc, argv);
}
