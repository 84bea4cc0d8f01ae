/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/column_map.h"

#include <string.h>

#include "parquet/field_ids.h"
#include "parquet/schema.h"
#include "support/test.h"

/* A schema in short: name, depth, 'r' 'o' or '*', type (-1: group), and what it stands for. */
struct line {
    const char *name;
    uint8_t depth;
    char repetition;
    int type;
    int8_t converted_type;
    int32_t field_id; /* 0: none. */
};

static void build(struct test *t, const struct line *lines, uint32_t count, struct rg_arena *arena,
                  struct rg_schema *ret_schema)
{
    struct rg_schema_element *elements = rg_arena_array(arena, count + 1, sizeof *elements);

    CHECK_MEMORY(elements);
    elements[0] =
        (struct rg_schema_element){.name = rg_span_of("root"), .converted_type = RG_CONVERTED_NONE};
    for (uint32_t i = 0; i < count; i++) {
        elements[i + 1] = (struct rg_schema_element){
            .name = rg_span_of(lines[i].name),
            .has_repetition = true,
            .repetition = lines[i].repetition == 'r'   ? RG_REQUIRED
                          : lines[i].repetition == 'o' ? RG_OPTIONAL
                                                       : RG_REPEATED,
            .has_type = lines[i].type >= 0,
            .type = (uint8_t)(lines[i].type < 0 ? 0 : lines[i].type),
            .converted_type = lines[i].converted_type,
            .has_field_id = lines[i].field_id != 0,
            .field_id = lines[i].field_id,
        };
        for (uint32_t k = i; k-- > 0;) {
            if (lines[k].depth + 1 == lines[i].depth) {
                elements[k + 1].child_count++;
                break;
            }
        }
        elements[0].child_count += lines[i].depth == 0;
    }
    CHECK_OK(rg_schema_build(elements, count + 1, arena, ret_schema, &t->err));
}

#define COUNT(lines) ((uint32_t)(sizeof(lines) / sizeof(lines)[0]))

static void map(struct test *t, const struct line *file, uint32_t file_count,
                const struct line *reference, uint32_t reference_count, struct rg_arena *arena,
                struct rg_column_map *ret_map, struct rg_column_conflict *ret_conflict)
{
    struct rg_schema a;
    struct rg_schema b;

    build(t, file, file_count, arena, &a);
    build(t, reference, reference_count, arena, &b);
    const struct rg_file_meta a_meta = {.schema = a};
    const struct rg_file_meta b_meta = {.schema = b};
    const struct rg_column_schema from = {&a, rg_field_ids_are_given(&a_meta)};
    const struct rg_column_schema to = {&b, rg_field_ids_are_given(&b_meta)};
    CHECK_OK(rg_column_map_init(&from, &to, arena, ret_map, ret_conflict, &t->err));
}

enum {
    NO = RG_CONVERTED_NONE
};

TEST(columns_are_found_whatever_their_order)
{
    static const struct line file[] = {{"a", 0, 'r', RG_TYPE_INT32, NO, 0},
                                       {"b", 0, 'o', RG_TYPE_DOUBLE, NO, 0}};
    static const struct line reference[] = {{"b", 0, 'o', RG_TYPE_DOUBLE, NO, 0},
                                            {"a", 0, 'o', RG_TYPE_INT32, NO, 0}};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    map(t, file, 2, reference, 2, &arena, &columns, &conflict);
    CHECK(conflict.what == NULL);
    CHECK_U64(columns.column_count, 2);
    CHECK_U64(columns.columns[0].leaf_index, 1);
    CHECK_U64(columns.columns[1].leaf_index, 0);
    /* REQUIRED: level 0 is a value, and so is level 1 of the OPTIONAL one. */
    CHECK_U64(columns.columns[1].depths[0], 1);
    CHECK_U64(columns.columns[0].depths[0], 0);
    CHECK_U64(columns.columns[0].depths[1], 1);
    rg_arena_fini(&arena);
}

TEST(levels_translate_through_nested_changes)
{
    /* s { l [ e { x } ] } with different parts REQUIRED. */
    static const struct line file[] = {{"s", 0, 'r', -1, NO, 0},
                                       {"l", 1, 'o', -1, RG_CONVERTED_LIST, 0},
                                       {"bag", 2, '*', -1, NO, 0},
                                       {"array_element", 3, 'r', -1, NO, 0},
                                       {"x", 4, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line reference[] = {{"s", 0, 'o', -1, NO, 0},
                                            {"l", 1, 'o', -1, RG_CONVERTED_LIST, 0},
                                            {"list", 2, '*', -1, NO, 0},
                                            {"element", 3, 'o', -1, NO, 0},
                                            {"x", 4, 'o', RG_TYPE_INT32, NO, 0}};
    static const uint8_t wanted[] = {1, 2, 4, 5};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    map(t, file, COUNT(file), reference, COUNT(reference), &arena, &columns, &conflict);
    CHECK(conflict.what == NULL);
    for (size_t d = 0; d < sizeof wanted; d++)
        CHECK_U64(columns.columns[0].depths[d], wanted[d]);
    rg_arena_fini(&arena);
}

TEST(nulls_stay_nulls_where_the_reference_has_none)
{
    /* The same columns, and in the reference all is there. */
    static const struct line file[] = {
        {"x", 0, 'o', RG_TYPE_INT32, NO, 0}, {"g", 0, 'o', -1, NO, 0},
        {"a", 1, 'o', RG_TYPE_INT32, NO, 0}, {"l", 0, 'o', -1, RG_CONVERTED_LIST, 0},
        {"list", 1, '*', -1, NO, 0},         {"element", 2, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line reference[] = {
        {"x", 0, 'r', RG_TYPE_INT32, NO, 0}, {"g", 0, 'r', -1, NO, 0},
        {"a", 1, 'r', RG_TYPE_INT32, NO, 0}, {"l", 0, 'r', -1, RG_CONVERTED_LIST, 0},
        {"list", 1, '*', -1, NO, 0},         {"element", 2, 'r', RG_TYPE_INT32, NO, 0}};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    map(t, file, COUNT(file), reference, COUNT(reference), &arena, &columns, &conflict);
    CHECK(conflict.what == NULL);
    for (uint32_t i = 0; i < columns.column_count; i++) {
        for (uint32_t d = 0; d <= i + 1; d++)
            CHECK_U64(columns.columns[i].depths[d], d);
    }
    /* A value, a value, and of a list: empty, or a value. */
    map(t, reference, COUNT(reference), reference, COUNT(reference), &arena, &columns, &conflict);
    CHECK_U64(columns.columns[0].depths[0], 1);
    CHECK_U64(columns.columns[1].depths[0], 2);
    CHECK_U64(columns.columns[2].depths[0], 1);
    CHECK_U64(columns.columns[2].depths[1], 3);
    rg_arena_fini(&arena);
}

TEST(fields_of_a_list_of_two_levels_go_by_their_names)
{
    static const struct line file[] = {{"l", 0, 'o', -1, RG_CONVERTED_LIST, 0},
                                       {"array", 1, '*', -1, NO, 0},
                                       {"x", 2, 'o', RG_TYPE_INT32, NO, 0},
                                       {"y", 2, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line reference[] = {{"l", 0, 'o', -1, RG_CONVERTED_LIST, 0},
                                            {"element", 1, '*', -1, NO, 0},
                                            {"y", 2, 'o', RG_TYPE_INT32, NO, 0},
                                            {"x", 2, 'o', RG_TYPE_INT32, NO, 0}};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    map(t, file, COUNT(file), reference, COUNT(reference), &arena, &columns, &conflict);
    CHECK(conflict.what == NULL);
    CHECK_U64(columns.columns[0].leaf_index, 1);
    CHECK_U64(columns.columns[1].leaf_index, 0);
    rg_arena_fini(&arena);
}

TEST(entries_of_a_map_go_by_their_place)
{
    static const struct line file[] = {{"m", 0, 'o', -1, RG_CONVERTED_MAP_KEY_VALUE, 0},
                                       {"map", 1, '*', -1, RG_CONVERTED_MAP_KEY_VALUE, 0},
                                       {"value", 2, 'r', RG_TYPE_INT32, NO, 0},
                                       {"key", 2, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line reference[] = {{"m", 0, 'o', -1, RG_CONVERTED_MAP, 0},
                                            {"key_value", 1, '*', -1, NO, 0},
                                            {"key", 2, 'r', RG_TYPE_INT32, NO, 0},
                                            {"value", 2, 'o', RG_TYPE_INT32, NO, 0}};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    map(t, file, COUNT(file), reference, COUNT(reference), &arena, &columns, &conflict);
    CHECK(conflict.what == NULL);
    CHECK_U64(columns.columns[0].leaf_index, 0);
    CHECK_U64(columns.columns[1].leaf_index, 1);
    rg_arena_fini(&arena);
}

TEST(a_missing_column_borrows_the_levels_of_a_neighbour)
{
    static const struct line file[] = {{"k", 0, 'r', RG_TYPE_INT32, NO, 0},
                                       {"l", 0, 'o', -1, RG_CONVERTED_LIST, 0},
                                       {"list", 1, '*', -1, NO, 0},
                                       {"element", 2, 'o', -1, NO, 0},
                                       {"tags", 3, '*', RG_TYPE_BYTE_ARRAY, NO, 0}};
    static const struct line reference[] = {
        {"k", 0, 'r', RG_TYPE_INT32, NO, 0},     {"new", 0, 'o', RG_TYPE_INT64, NO, 0},
        {"l", 0, 'o', -1, RG_CONVERTED_LIST, 0}, {"list", 1, '*', -1, NO, 0},
        {"element", 2, 'o', -1, NO, 0},          {"tags", 3, '*', RG_TYPE_BYTE_ARRAY, NO, 0},
        {"y", 3, 'o', RG_TYPE_FLOAT, NO, 0}};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    map(t, file, COUNT(file), reference, COUNT(reference), &arena, &columns, &conflict);
    CHECK(conflict.what == NULL);
    CHECK(columns.columns[1].is_missing && columns.columns[1].has_no_levels);
    const struct rg_column_source *y = &columns.columns[3];
    CHECK(y->is_missing && !y->has_no_levels);
    CHECK_U64(y->leaf_index, 1);
    CHECK_U64(y->rep_kept_max, 1);
    /* Levels of tags: no list 0, empty 1, null element 2, element without tags 3, a tag 4. */
    static const uint8_t wanted[] = {0, 1, 2, 3, 3};
    for (size_t d = 0; d < sizeof wanted; d++)
        CHECK_U64(y->depths[d], wanted[d]);
    rg_arena_fini(&arena);
}

TEST(ids_go_before_names_where_every_column_has_one)
{
    static const struct line file[] = {{"old", 0, 'o', RG_TYPE_INT32, NO, 7},
                                       {"other", 0, 'o', RG_TYPE_INT32, NO, 8}};
    static const struct line reference[] = {{"other", 0, 'o', RG_TYPE_INT32, NO, 7},
                                            {"old", 0, 'o', RG_TYPE_INT32, NO, 8}};
    /* Columns are all that have ids here, not what they lie in. */
    static const struct line below[] = {{"g", 0, 'o', -1, NO, 0},
                                        {"x", 1, 'o', RG_TYPE_INT32, NO, 1}};
    static const struct line below_other[] = {{"g", 0, 'o', -1, NO, 0},
                                              {"x", 1, 'o', RG_TYPE_INT32, NO, 2}};
    static const struct line half[] = {{"other", 0, 'o', RG_TYPE_INT32, NO, 7},
                                       {"old", 0, 'o', RG_TYPE_INT32, NO, 0}};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    map(t, file, 2, reference, 2, &arena, &columns, &conflict);
    CHECK(conflict.what == NULL);
    CHECK_U64(columns.columns[0].leaf_index, 0);
    CHECK_U64(columns.columns[1].leaf_index, 1);
    map(t, file, 2, half, 2, &arena, &columns, &conflict);
    CHECK_U64(columns.columns[0].leaf_index, 1);
    CHECK_U64(columns.columns[1].leaf_index, 0);
    map(t, below, 2, below_other, 2, &arena, &columns, &conflict);
    CHECK(conflict.what == NULL && !columns.columns[0].is_missing);
    rg_arena_fini(&arena);
}

TEST(what_cannot_be_compared_is_named)
{
    static const struct line reference[] = {{"a", 0, 'o', RG_TYPE_INT32, NO, 0},
                                            {"g", 0, 'o', -1, NO, 0},
                                            {"x", 1, 'r', RG_TYPE_INT32, NO, 0}};
    static const struct line type[] = {{"a", 0, 'o', RG_TYPE_INT64, NO, 0},
                                       {"g", 0, 'o', -1, NO, 0},
                                       {"x", 1, 'r', RG_TYPE_INT32, NO, 0}};
    static const struct line group[] = {{"a", 0, 'o', RG_TYPE_INT32, NO, 0},
                                        {"g", 0, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line repeated[] = {{"a", 0, 'o', RG_TYPE_INT32, NO, 0},
                                           {"g", 0, '*', -1, NO, 0},
                                           {"x", 1, 'r', RG_TYPE_INT32, NO, 0}};
    static const struct line more[] = {{"a", 0, 'o', RG_TYPE_INT32, NO, 0},
                                       {"g", 0, 'o', -1, NO, 0},
                                       {"x", 1, 'r', RG_TYPE_INT32, NO, 0},
                                       {"y", 1, 'r', RG_TYPE_INT32, NO, 0}};
    static const struct {
        const struct line *lines;
        uint32_t count;
        const char *path;
        const char *what;
    } rows[] = {
        {type, 3, "a", "has another physical type"},
        {group, 2, "g.x", "is a group in one of them only"},
        {repeated, 3, "g.x", "is repeated in one of them only"},
        {more, 4, "g.y", "is not in what it is compared with"},
    };
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    for (size_t i = 0; i < COUNT(rows); i++) {
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        map(t, rows[i].lines, rows[i].count, reference, 3, &arena, &columns, &conflict);
        CHECK(conflict.what != NULL);
        CHECK_TEXT(conflict.what, rows[i].what);
        CHECK_SPAN(conflict.path, rg_span_of(rows[i].path));
        rg_arena_fini(&arena);
    }
}

TEST(equal_bytes_that_mean_something_else_are_named)
{
    static const struct {
        int type;
        int8_t file, reference;
        bool is_same;
    } rows[] = {
        {RG_TYPE_INT64, RG_CONVERTED_TIMESTAMP_MILLIS, RG_CONVERTED_TIMESTAMP_MICROS, false},
        {RG_TYPE_INT64, RG_CONVERTED_TIMESTAMP_MILLIS, RG_CONVERTED_TIMESTAMP_MILLIS, true},
        {RG_TYPE_INT64, RG_CONVERTED_TIMESTAMP_MILLIS, NO, false},
        {RG_TYPE_INT64, RG_CONVERTED_TIME_MICROS, RG_CONVERTED_TIMESTAMP_MICROS, false},
        {RG_TYPE_INT32, RG_CONVERTED_DATE, NO, false},
        {RG_TYPE_INT32, NO, RG_CONVERTED_UINT_32, false},
        {RG_TYPE_INT32, RG_CONVERTED_UINT_8, RG_CONVERTED_UINT_32, true},
        {RG_TYPE_INT32, RG_CONVERTED_INT_8, NO, true},
        {RG_TYPE_BYTE_ARRAY, RG_CONVERTED_UTF8, NO, true},
    };
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct line file = {"a", 0, 'o', rows[i].type, rows[i].file, 0};
        const struct line reference = {"a", 0, 'r', rows[i].type, rows[i].reference, 0};

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        map(t, &file, 1, &reference, 1, &arena, &columns, &conflict);
        if ((conflict.what == NULL) != rows[i].is_same)
            test_fail(__FILE__, __LINE__, "row %zu: %s", i,
                      conflict.what != NULL ? conflict.what : "the same");
        rg_arena_fini(&arena);
    }
}

/* Nothing tells where such a group is null; a REQUIRED one is there in every row. */
TEST(groups_without_columns_are_not_read)
{
    static const struct line full[] = {{"a", 0, 'o', RG_TYPE_INT32, NO, 0},
                                       {"g", 0, 'o', -1, NO, 0},
                                       {"x", 1, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line empty[] = {{"a", 0, 'o', RG_TYPE_INT32, NO, 0},
                                        {"g", 0, 'o', -1, NO, 0}};
    static const struct line first[] = {{"g", 0, 'o', -1, NO, 0},
                                        {"a", 0, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line required[] = {{"g", 0, 'r', -1, NO, 0},
                                           {"a", 0, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line leaf[] = {{"a", 0, 'o', RG_TYPE_INT32, NO, 0},
                                       {"g", 0, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct {
        const struct line *file, *reference;
        uint32_t file_count, reference_count;
        const char *path; /* NULL: no conflict. */
    } rows[] = {
        {empty, full, 2, 3, "g.x"}, {first, full, 2, 3, "g.x"}, {required, full, 2, 3, NULL},
        {leaf, empty, 2, 2, "g"},   {leaf, first, 2, 2, "g"},   {empty, empty, 2, 2, NULL},
    };
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    for (size_t i = 0; i < COUNT(rows); i++) {
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        map(t, rows[i].file, rows[i].file_count, rows[i].reference, rows[i].reference_count, &arena,
            &columns, &conflict);
        CHECK((conflict.what == NULL) == (rows[i].path == NULL));
        if (rows[i].path != NULL)
            CHECK_SPAN(conflict.path, rg_span_of(rows[i].path));
        else if (rows[i].file == required)
            CHECK(columns.columns[1].is_missing && columns.columns[1].has_no_levels);
        rg_arena_fini(&arena);
    }
}

TEST(a_list_is_no_struct_and_no_map)
{
    static const struct line list[] = {{"g", 0, 'o', -1, RG_CONVERTED_LIST, 0},
                                       {"list", 1, '*', -1, NO, 0},
                                       {"element", 2, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line bare[] = {{"g", 0, 'o', -1, NO, 0},
                                       {"list", 1, '*', -1, NO, 0},
                                       {"element", 2, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct line map_of_keys[] = {{"g", 0, 'o', -1, RG_CONVERTED_MAP, 0},
                                              {"list", 1, '*', -1, NO, 0},
                                              {"element", 2, 'o', RG_TYPE_INT32, NO, 0}};
    static const struct {
        const struct line *file, *reference;
        bool is_same;
    } rows[] = {{list, list, true},
                {bare, bare, true},
                {list, bare, false},
                {bare, list, false},
                {map_of_keys, list, false}};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    for (size_t i = 0; i < COUNT(rows); i++) {
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        map(t, rows[i].file, 3, rows[i].reference, 3, &arena, &columns, &conflict);
        CHECK((conflict.what == NULL) == rows[i].is_same);
        rg_arena_fini(&arena);
    }
}

TEST(an_unknown_type_is_part_of_any_and_none_is_part_of_it)
{
    static const struct line column = {"a", 0, 'o', RG_TYPE_INT32, NO, 0};
    static const struct line date = {"a", 0, 'o', RG_TYPE_INT32, RG_CONVERTED_DATE, 0};
    const struct line *const typed[] = {&column, &date};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_schema unknown;
    struct rg_schema other;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    build(t, &column, 1, &arena, &unknown);
    unknown.elements[1].logical = RG_LOGICAL_UNKNOWN;
    const struct rg_column_schema nulls = {&unknown, false};
    const struct rg_column_schema some = {&other, false};
    for (size_t i = 0; i < COUNT(typed); i++) {
        build(t, typed[i], 1, &arena, &other);
        CHECK_OK(rg_column_map_init(&nulls, &some, &arena, &columns, &conflict, &t->err));
        CHECK(conflict.what == NULL && columns.columns[0].is_missing);
        CHECK_OK(rg_column_map_init(&some, &nulls, &arena, &columns, &conflict, &t->err));
        CHECK(conflict.what != NULL);
        CHECK_TEXT(conflict.what, "has a type in one of them only");
    }
    CHECK_OK(rg_column_map_init(&nulls, &nulls, &arena, &columns, &conflict, &t->err));
    CHECK(conflict.what == NULL);
    rg_arena_fini(&arena);
}

/* A column of well-known binary; the annotation is a LogicalType union in Thrift form. */
static void build_places(struct test *t, uint8_t logical, const char *annotation, size_t bytes,
                         struct rg_arena *arena, struct rg_schema *ret_schema)
{
    const struct line column = {"a", 0, 'o', RG_TYPE_BYTE_ARRAY, NO, 0};

    build(t, &column, 1, arena, ret_schema);
    ret_schema->elements[1].logical = logical;
    ret_schema->elements[1].annotation = (struct rg_span){(const uint8_t *)annotation, bytes};
}

TEST(places_are_equal_in_one_coordinate_system)
{
#define ANNOTATED(logical, bytes)                                                                  \
    {                                                                                              \
        logical, bytes, sizeof(bytes) - 1                                                          \
    }
    static const struct {
        uint8_t logical;
        const char *annotation;
        size_t bytes;
    } types[] = {
        ANNOTATED(RG_LOGICAL_NONE, ""),
        /* An id above 15 has bytes of its own (zigzag); then a struct without a field: the default.
         */
        ANNOTATED(RG_LOGICAL_GEOMETRY, "\x0c\x22\x00\x00"),
        ANNOTATED(RG_LOGICAL_GEOMETRY, "\x0c\x22\x18\x09OGC:CRS84\x00\x00"),
        ANNOTATED(RG_LOGICAL_GEOMETRY, "\x0c\x22\x18\x09EPSG:3857\x00\x00"),
        ANNOTATED(RG_LOGICAL_GEOGRAPHY, "\x0c\x24\x00\x00"),
        ANNOTATED(RG_LOGICAL_GEOGRAPHY, "\x0c\x24\x25\x00\x00\x00"),
        ANNOTATED(RG_LOGICAL_GEOGRAPHY, "\x0c\x24\x25\x02\x00\x00"),
    };
#undef ANNOTATED
    /* Types of equal numbers hold equal places where their bytes are equal; 0 is like all. */
    static const int kinds[] = {0, 1, 1, 2, 3, 3, 4};
    struct rg_column_map columns;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    for (size_t i = 0; i < COUNT(types) * COUNT(types); i++) {
        const size_t one = i / COUNT(types);
        const size_t other = i % COUNT(types);
        const bool is_same = kinds[one] == kinds[other] || kinds[one] == 0 || kinds[other] == 0;
        struct rg_schema a;
        struct rg_schema b;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        build_places(t, types[one].logical, types[one].annotation, types[one].bytes, &arena, &a);
        build_places(t, types[other].logical, types[other].annotation, types[other].bytes, &arena,
                     &b);
        CHECK_OK(rg_column_map_init(&(struct rg_column_schema){&a, false},
                                    &(struct rg_column_schema){&b, false}, &arena, &columns,
                                    &conflict, &t->err));
        if ((conflict.what == NULL) != is_same)
            test_fail(__FILE__, __LINE__, "types %zu and %zu: %s", one, other,
                      conflict.what != NULL ? conflict.what : "the same");
        rg_arena_fini(&arena);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"columns_are_found_whatever_their_order", columns_are_found_whatever_their_order},
        {"levels_translate_through_nested_changes", levels_translate_through_nested_changes},
        {"nulls_stay_nulls_where_the_reference_has_none",
         nulls_stay_nulls_where_the_reference_has_none},
        {"fields_of_a_list_of_two_levels_go_by_their_names",
         fields_of_a_list_of_two_levels_go_by_their_names},
        {"entries_of_a_map_go_by_their_place", entries_of_a_map_go_by_their_place},
        {"a_missing_column_borrows_the_levels_of_a_neighbour",
         a_missing_column_borrows_the_levels_of_a_neighbour},
        {"ids_go_before_names_where_every_column_has_one",
         ids_go_before_names_where_every_column_has_one},
        {"what_cannot_be_compared_is_named", what_cannot_be_compared_is_named},
        {"equal_bytes_that_mean_something_else_are_named",
         equal_bytes_that_mean_something_else_are_named},
        {"groups_without_columns_are_not_read", groups_without_columns_are_not_read},
        {"a_list_is_no_struct_and_no_map", a_list_is_no_struct_and_no_map},
        {"an_unknown_type_is_part_of_any_and_none_is_part_of_it",
         an_unknown_type_is_part_of_any_and_none_is_part_of_it},
        {"places_are_equal_in_one_coordinate_system", places_are_equal_in_one_coordinate_system},
    };

    return test_main("verify/column_map", cases, sizeof cases / sizeof cases[0], argc, argv);
}
