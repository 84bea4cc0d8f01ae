/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/schema.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/footer.h"
#include "support/test.h"

enum {
    ELEMENTS_MAX = 80
};

/* A schema on paper: one element a row, in depth-first order below the root. */
struct row {
    const char *name;
    uint32_t child_count; /* 0: a leaf of `type`. */
    uint8_t repetition;
    uint8_t type;
};

static void make_elements(const struct row *rows, uint32_t count, uint32_t root_child_count,
                          struct rg_schema_element elements[ELEMENTS_MAX])
{
    memset(elements, 0, ELEMENTS_MAX * sizeof *elements);
    elements[0].name = rg_span_of("root");
    elements[0].child_count = root_child_count;
    elements[0].converted_type = RG_CONVERTED_NONE;
    elements[0].repetition = RG_REPEATED; /* As Impala writes it: must not count. */
    for (uint32_t i = 0; i < count; i++) {
        struct rg_schema_element *element = &elements[i + 1];

        element->name = rg_span_of(rows[i].name);
        element->child_count = rows[i].child_count;
        element->repetition = rows[i].repetition;
        element->has_repetition = true;
        element->has_type = rows[i].child_count == 0;
        element->type = rows[i].type;
        element->type_length = rows[i].type == RG_TYPE_FIXED_LEN_BYTE_ARRAY ? 16 : 0;
        element->converted_type = RG_CONVERTED_NONE;
    }
}

static const struct row nested[] = {
    {"id", 0, RG_REQUIRED, RG_TYPE_INT64},
    {"tags", 1, RG_OPTIONAL, 0},
    {"list", 1, RG_REPEATED, 0},
    {"element", 0, RG_OPTIONAL, RG_TYPE_BYTE_ARRAY},
    {"point", 2, RG_REQUIRED, 0},
    {"x", 0, RG_REQUIRED, RG_TYPE_DOUBLE},
    {"names", 0, RG_REPEATED, RG_TYPE_FIXED_LEN_BYTE_ARRAY},
    {"last", 0, RG_OPTIONAL, RG_TYPE_BOOLEAN},
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

static enum rg_status build_nested(struct test *t, struct rg_arena *arena,
                                   struct rg_schema_element elements[ELEMENTS_MAX],
                                   struct rg_schema *ret_schema)
{
    make_elements(nested, COUNT(nested), 4, elements);
    return rg_schema_build(elements, COUNT(nested) + 1, arena, ret_schema, &t->err);
}

TEST(levels_and_paths_follow_from_the_tree)
{
    static const struct {
        const char *path;
        uint8_t def_max, rep_max;
        uint32_t element_index, parent_index;
    } wanted[] = {
        {"id", 0, 0, 1, 0},      {"tags.list.element", 3, 1, 4, 3},
        {"point.x", 0, 0, 6, 5}, {"point.names", 1, 1, 7, 5},
        {"last", 1, 0, 8, 0},
    };
    static const uint8_t tags_list[] = "\x38\x04tags\x04list\x07"
                                       "element";
    struct rg_schema_element elements[ELEMENTS_MAX];
    struct rg_arena arena;
    struct rg_schema schema;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(build_nested(t, &arena, elements, &schema));
    CHECK_U64(schema.leaf_count, COUNT(wanted));
    for (uint32_t i = 0; i < schema.leaf_count; i++) {
        const struct rg_leaf *leaf = &schema.leaves[i];
        char text[RG_PATH_TEXT_BYTES];

        CHECK_SPAN(leaf->path, rg_span_of(wanted[i].path));
        CHECK_U64(leaf->def_max, wanted[i].def_max);
        CHECK_U64(leaf->rep_max, wanted[i].rep_max);
        CHECK_U64(leaf->element_index, wanted[i].element_index);
        CHECK_U64(elements[leaf->element_index].parent_index, wanted[i].parent_index);
        CHECK_TEXT(rg_schema_path_text(&schema, leaf->element_index, text), wanted[i].path);
        CHECK_U64(rg_schema_find_leaf(&schema, leaf->path), i);
    }
    CHECK_I64(schema.leaves[3].type_length, 16);
    CHECK_I64(schema.leaves[0].type_length, 0);
    const struct rg_span list = {tags_list, sizeof tags_list - 1};
    CHECK_SPAN(schema.leaves[1].path_in_schema, list);
    CHECK_U64(rg_schema_find_leaf(&schema, rg_span_of("point")), 5);
    CHECK_U64(rg_schema_find_leaf(&schema, rg_span_of("tags.list")), 5);
    rg_arena_fini(&arena);
}

TEST(child_counts_that_make_no_tree_are_corrupt)
{
    static const struct {
        const char *about;
        uint32_t root_child_count;
        uint32_t changed;
        uint32_t child_count;
        bool has_type;
        uint8_t repetition;
        const char *text;
    } rows[] = {
        {"a child too few", 3, 0, 0, true, 0, "tree ends after 8"},
        {"a child too many", 5, 0, 0, true, 0, "lacks children of element 0"},
        {"a group that takes what follows", 4, 4, 9, false, 0, "lacks children of element 5"},
        {"a column with children", 4, 0, 1, true, 0, "element 1 (id): a column of type INT64"},
        {"no such repetition", 4, 7, 0, true, 3, "element 8 (last): repetition type 3"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rg_schema_element elements[ELEMENTS_MAX];
        struct rg_arena arena;
        struct rg_schema schema;

        make_elements(nested, COUNT(nested), rows[i].root_child_count, elements);
        elements[rows[i].changed + 1].child_count = rows[i].child_count;
        elements[rows[i].changed + 1].has_type = rows[i].has_type;
        elements[rows[i].changed + 1].repetition = rows[i].repetition;
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        CHECK_ERROR(rg_schema_build(elements, COUNT(nested) + 1, &arena, &schema, &t->err),
                    RG_ERR_CORRUPT, rows[i].text);
        rg_arena_fini(&arena);
    }
}

TEST(fixed_length_needs_a_length)
{
    struct rg_schema_element elements[ELEMENTS_MAX];
    struct rg_arena arena;
    struct rg_schema schema;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    make_elements(nested, COUNT(nested), 4, elements);
    elements[7].type_length = 0;
    CHECK_ERROR(rg_schema_build(elements, COUNT(nested) + 1, &arena, &schema, &t->err),
                RG_ERR_CORRUPT, "element 7 (point.names): FIXED_LEN_BYTE_ARRAY of length 0");
    rg_arena_fini(&arena);
}

/* `depth` groups inside one another with one column in the innermost; the root is one of them. */
static enum rg_status build_deep(struct test *t, uint32_t depth, struct rg_arena *arena,
                                 struct rg_schema *ret_schema)
{
    static struct rg_schema_element elements[ELEMENTS_MAX];
    struct row rows[ELEMENTS_MAX];

    for (uint32_t i = 0; i < depth; i++)
        rows[i] = (struct row){"n", i + 1 < depth, RG_REPEATED, RG_TYPE_INT32};
    make_elements(rows, depth, 1, elements);
    return rg_schema_build(elements, depth + 1, arena, ret_schema, &t->err);
}

TEST(depth_is_limited)
{
    struct rg_arena arena;
    struct rg_schema schema;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(build_deep(t, rg_schema_depth_max, &arena, &schema));
    CHECK_U64(schema.leaves[0].def_max, rg_schema_depth_max);
    CHECK_U64(schema.leaves[0].rep_max, rg_schema_depth_max);
    CHECK_U64(schema.leaves[0].path.bytes, 2 * rg_schema_depth_max - 1);
    CHECK_ERROR(build_deep(t, rg_schema_depth_max + 1, &arena, &schema), RG_ERR_LIMIT,
                "nested more than 64 deep");
    rg_arena_fini(&arena);
}

TEST(long_paths_are_limited_in_all)
{
    static uint8_t name[1 << 20];
    struct row rows[20];
    struct rg_schema_element elements[ELEMENTS_MAX];
    struct rg_arena arena;
    struct rg_schema schema;

    memset(name, 'n', sizeof name);
    rows[0] = (struct row){"", 19, RG_REQUIRED, 0};
    for (uint32_t i = 1; i < 20; i++)
        rows[i] = (struct row){"x", 0, RG_REQUIRED, RG_TYPE_INT32};
    make_elements(rows, 20, 1, elements);
    elements[1].name = SPAN(name);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_ERROR(rg_schema_build(elements, 21, &arena, &schema, &t->err), RG_ERR_LIMIT,
                "paths of columns longer than 16777216 bytes");
    rg_arena_fini(&arena);
}

/* A root and as many leaves or empty groups. */
static enum rg_status build_wide(struct test *t, uint32_t count, bool are_leaves,
                                 struct rg_schema *ret_schema)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_schema_element *elements =
        rg_arena_array(&arena, (size_t)count + 1, sizeof *elements);
    CHECK_MEMORY(elements);
    for (uint32_t i = 0; i <= count; i++) {
        elements[i].name = rg_span_of("x");
        elements[i].converted_type = RG_CONVERTED_NONE;
        elements[i].has_type = i > 0 && are_leaves;
        elements[i].type = RG_TYPE_INT32;
    }
    elements[0].child_count = count;
    const enum rg_status status = rg_schema_build(elements, count + 1, &arena, ret_schema, &t->err);
    rg_arena_fini(&arena);
    return status;
}

TEST(columns_and_elements_are_limited)
{
    struct rg_schema schema;

    CHECK_OK(build_wide(t, rg_columns_max, true, &schema));
    CHECK_U64(schema.leaf_count, rg_columns_max);
    CHECK_ERROR(build_wide(t, rg_columns_max + 1, true, &schema), RG_ERR_LIMIT,
                "100001 columns; at most 100000");
    CHECK_ERROR(build_wide(t, rg_schema_elements_max, false, &schema), RG_ERR_LIMIT,
                "schema of 250001 elements; at most 250000");
}

TEST(paths_in_messages_are_cut_and_printable)
{
    static const struct row rows[] = {
        {"a\nb", 1, RG_REQUIRED, 0},
        {"0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789012345678901234567890123456789",
         0, RG_REQUIRED, RG_TYPE_INT32},
    };
    struct rg_schema_element elements[ELEMENTS_MAX];
    struct rg_arena arena;
    struct rg_schema schema;
    char text[RG_PATH_TEXT_BYTES];

    make_elements(rows, COUNT(rows), 1, elements);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_schema_build(elements, COUNT(rows) + 1, &arena, &schema, &t->err));
    CHECK_U64(strlen(rg_schema_path_text(&schema, 2, text)), RG_PATH_TEXT_BYTES - 1);
    CHECK(memcmp(text, "a?b.0123", 8) == 0);
    CHECK_TEXT(rg_schema_path_text(&schema, 0, text), "");
    rg_arena_fini(&arena);
}

static struct rg_hash128 hash_of(const struct rg_schema *schema)
{
    struct rg_hasher hasher;

    rg_hasher_init(&hasher);
    rg_schema_hash(schema, &hasher);
    return rg_hasher_result(&hasher);
}

static bool is_same_hash(const struct rg_schema *a, const struct rg_schema *b)
{
    const struct rg_hash128 x = hash_of(a);
    const struct rg_hash128 y = hash_of(b);

    return x.high == y.high && x.low == y.low;
}

TEST(differences_are_named)
{
    enum {
        NAME,
        TYPE,
        LENGTH,
        REPETITION,
        ANNOTATION,
        FIELD_ID,
        FIELD_ID_VALUE,
        ROOT
    };
    static const struct {
        int change;
        uint32_t element_index;
        const char *what; /* NULL: still equal. */
    } rows[] = {
        {NAME, 4, "name"},
        {TYPE, 6, "type"},
        {LENGTH, 7, "type"},
        {LENGTH, 6, NULL},
        {REPETITION, 2, "repetition"},
        {ANNOTATION, 1, "logical type"},
        {FIELD_ID, 8, "field id"},
        {FIELD_ID_VALUE, 8, "field id"},
        {ROOT, 0, NULL},
    };
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rg_schema_element elements_a[ELEMENTS_MAX];
        struct rg_schema_element elements_b[ELEMENTS_MAX];
        struct rg_schema a;
        struct rg_schema b;
        struct rg_schema_difference difference = {0};

        CHECK_OK(build_nested(t, &arena, elements_a, &a));
        CHECK_OK(build_nested(t, &arena, elements_b, &b));
        CHECK(rg_schema_is_equal(&a, &b, &difference));
        CHECK(is_same_hash(&a, &b));
        struct rg_schema_element *element = &elements_b[rows[i].element_index];
        element->name = rows[i].change == NAME ? rg_span_of("Element") : element->name;
        element->type = rows[i].change == TYPE ? RG_TYPE_FLOAT : element->type;
        element->type_length = rows[i].change == LENGTH ? 12 : element->type_length;
        element->repetition = rows[i].change == REPETITION ? RG_REQUIRED : element->repetition;
        element->converted_type =
            rows[i].change == ANNOTATION ? RG_CONVERTED_UINT_64 : element->converted_type;
        element->has_field_id = rows[i].change == FIELD_ID || rows[i].change == FIELD_ID_VALUE;
        elements_a[8].has_field_id = rows[i].change == FIELD_ID_VALUE;
        element->field_id = rows[i].change == FIELD_ID_VALUE ? 9 : 0;
        element->name = rows[i].change == ROOT ? rg_span_of("spark_schema") : element->name;
        const bool is_equal = rg_schema_is_equal(&a, &b, &difference);
        CHECK_U64(is_equal, rows[i].what == NULL);
        CHECK_U64(is_same_hash(&a, &b), is_equal);
        if (!is_equal) {
            CHECK_TEXT(difference.what, rows[i].what);
            CHECK_U64(difference.element_index, rows[i].element_index);
        }
    }
    rg_arena_fini(&arena);
}

TEST(a_column_more_is_another_schema)
{
    struct rg_schema_element elements_a[ELEMENTS_MAX];
    struct rg_schema_element elements_b[ELEMENTS_MAX];
    struct rg_schema_difference difference;
    struct rg_arena arena;
    struct rg_schema a;
    struct rg_schema b;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(build_nested(t, &arena, elements_a, &a));
    make_elements(nested, COUNT(nested) - 1, 3, elements_b);
    CHECK_OK(rg_schema_build(elements_b, COUNT(nested), &arena, &b, &t->err));
    CHECK(!rg_schema_is_equal(&a, &b, &difference));
    CHECK_TEXT(difference.what, "number of columns");
    CHECK(!is_same_hash(&a, &b));
    rg_arena_fini(&arena);
}

/* LogicalTypes.md: each converted type has a logical type that means the same. */
/* LogicalTypes.md: INTEGER(32, signed) and (64, signed) are implied by the physical type. */
TEST(integers_of_full_width_need_no_annotation)
{
    static const struct {
        uint8_t type, bit_width;
        bool is_signed, is_same;
    } rows[] = {
        {RG_TYPE_INT32, 32, true, true},   {RG_TYPE_INT64, 64, true, true},
        {RG_TYPE_INT32, 32, false, false}, {RG_TYPE_INT64, 64, false, false},
        {RG_TYPE_INT32, 16, true, false},  {RG_TYPE_INT64, 32, true, false},
        {RG_TYPE_INT32, 64, true, false},
    };
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rg_schema_element elements_a[ELEMENTS_MAX];
        struct rg_schema_element elements_b[ELEMENTS_MAX];
        struct rg_schema a;
        struct rg_schema b;

        CHECK_OK(build_nested(t, &arena, elements_a, &a));
        CHECK_OK(build_nested(t, &arena, elements_b, &b));
        elements_a[1].type = rows[i].type;
        elements_b[1].type = rows[i].type;
        elements_b[1].logical = RG_LOGICAL_INTEGER;
        elements_b[1].bit_width = rows[i].bit_width;
        elements_b[1].is_signed = rows[i].is_signed;
        CHECK(rg_schema_is_equal(&a, &b, NULL) == rows[i].is_same);
        CHECK(is_same_hash(&a, &b) == rows[i].is_same);
    }
    rg_arena_fini(&arena);
}

TEST(converted_types_mean_their_logical_types)
{
    static const struct {
        int8_t converted_type;
        struct rg_schema_element logical;
    } rows[] = {
        {RG_CONVERTED_UTF8, {.logical = RG_LOGICAL_STRING}},
        {RG_CONVERTED_DATE, {.logical = RG_LOGICAL_DATE}},
        {RG_CONVERTED_TIME_MICROS,
         {.logical = RG_LOGICAL_TIME, .time_unit = RG_TIME_UNIT_MICROS, .is_utc = true}},
        {RG_CONVERTED_TIMESTAMP_MILLIS,
         {.logical = RG_LOGICAL_TIMESTAMP, .time_unit = RG_TIME_UNIT_MILLIS, .is_utc = true}},
        {RG_CONVERTED_UINT_16, {.logical = RG_LOGICAL_INTEGER, .bit_width = 16}},
        {RG_CONVERTED_INT_16, {.logical = RG_LOGICAL_INTEGER, .bit_width = 16, .is_signed = true}},
        {RG_CONVERTED_MAP, {.logical = RG_LOGICAL_MAP}},
        {RG_CONVERTED_DECIMAL, {.logical = RG_LOGICAL_DECIMAL, .scale = 2, .precision = 9}},
    };
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rg_schema_element elements_a[ELEMENTS_MAX];
        struct rg_schema_element elements_b[ELEMENTS_MAX];
        struct rg_schema a;
        struct rg_schema b;
        struct rg_schema_difference difference;

        CHECK_OK(build_nested(t, &arena, elements_a, &a));
        CHECK_OK(build_nested(t, &arena, elements_b, &b));
        elements_a[1].converted_type = rows[i].converted_type;
        elements_a[1].scale = rows[i].logical.scale;
        elements_a[1].precision = rows[i].logical.precision;
        elements_b[1].logical = rows[i].logical.logical;
        elements_b[1].time_unit = rows[i].logical.time_unit;
        elements_b[1].is_utc = rows[i].logical.is_utc;
        elements_b[1].bit_width = rows[i].logical.bit_width;
        elements_b[1].is_signed = rows[i].logical.is_signed;
        elements_b[1].scale = rows[i].logical.scale;
        elements_b[1].precision = rows[i].logical.precision;
        CHECK(rg_schema_is_equal(&a, &b, &difference));
        CHECK(is_same_hash(&a, &b));
        elements_b[1].is_utc = !elements_b[1].is_utc;
        CHECK(!rg_schema_is_equal(&a, &b, &difference));
        CHECK(!is_same_hash(&a, &b));
        elements_b[1].logical = RG_LOGICAL_BSON;
        CHECK(!rg_schema_is_equal(&a, &b, &difference));
        CHECK_TEXT(difference.what, "logical type");
    }
    const struct rg_schema_element interval = {.converted_type = RG_CONVERTED_INTERVAL};
    CHECK_I64(rg_schema_annotation(&interval).converted_type, RG_CONVERTED_INTERVAL);
    CHECK_U64(rg_schema_annotation(&interval).logical, RG_LOGICAL_NONE);
    rg_arena_fini(&arena);
}

/* It means a map all the same, but no reader is to meet it who did not before. */
TEST(map_key_value_is_another_shape_than_map)
{
    struct rg_schema_element elements_a[ELEMENTS_MAX];
    struct rg_schema_element elements_b[ELEMENTS_MAX];
    struct rg_schema a;
    struct rg_schema b;
    struct rg_schema_difference difference;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(build_nested(t, &arena, elements_a, &a));
    CHECK_OK(build_nested(t, &arena, elements_b, &b));
    elements_a[2].converted_type = RG_CONVERTED_MAP;
    elements_b[2].converted_type = RG_CONVERTED_MAP_KEY_VALUE;
    CHECK_U64(rg_schema_annotation(&elements_b[2]).logical, RG_LOGICAL_MAP);
    CHECK(!rg_schema_is_equal(&a, &b, &difference));
    CHECK(!is_same_hash(&a, &b));
    elements_a[2].converted_type = RG_CONVERTED_MAP_KEY_VALUE;
    CHECK(rg_schema_is_equal(&a, &b, &difference));
    CHECK(is_same_hash(&a, &b));
    rg_arena_fini(&arena);
}

TEST(lists_and_maps_are_told_by_their_shape)
{
    static const struct {
        const char *about;
        struct row rows[4];
        uint32_t count;
        uint8_t annotation; /* Of the first. */
        uint8_t nesting;
        bool is_two_level; /* Of lists. */
        bool has_entry;
    } cases[] = {
        {"three levels",
         {{"x", 1, RG_OPTIONAL, 0}, {"bag", 1, RG_REPEATED, 0}, {"e", 0, RG_OPTIONAL, 1}},
         3,
         RG_LOGICAL_LIST,
         RG_LOGICAL_LIST,
         false,
         false},
        {"a leaf",
         {{"x", 1, RG_OPTIONAL, 0}, {"bag", 0, RG_REPEATED, 1}},
         2,
         RG_LOGICAL_LIST,
         RG_LOGICAL_LIST,
         true,
         false},
        {"two fields",
         {{"x", 1, RG_OPTIONAL, 0},
          {"bag", 2, RG_REPEATED, 0},
          {"a", 0, RG_OPTIONAL, 1},
          {"b", 0, RG_OPTIONAL, 1}},
         4,
         RG_LOGICAL_LIST,
         RG_LOGICAL_LIST,
         true,
         false},
        {"named array",
         {{"x", 1, RG_OPTIONAL, 0}, {"array", 1, RG_REPEATED, 0}, {"e", 0, RG_OPTIONAL, 1}},
         3,
         RG_LOGICAL_LIST,
         RG_LOGICAL_LIST,
         true,
         false},
        {"named x_tuple",
         {{"x", 1, RG_OPTIONAL, 0}, {"x_tuple", 1, RG_REPEATED, 0}, {"e", 0, RG_OPTIONAL, 1}},
         3,
         RG_LOGICAL_LIST,
         RG_LOGICAL_LIST,
         true,
         false},
        {"named for another",
         {{"x", 1, RG_OPTIONAL, 0}, {"y_tuple", 1, RG_REPEATED, 0}, {"e", 0, RG_OPTIONAL, 1}},
         3,
         RG_LOGICAL_LIST,
         RG_LOGICAL_LIST,
         false,
         false},
        {"what it has repeats, too",
         {{"x", 1, RG_OPTIONAL, 0}, {"list", 1, RG_REPEATED, 0}, {"e", 0, RG_REPEATED, 1}},
         3,
         RG_LOGICAL_LIST,
         RG_LOGICAL_LIST,
         true,
         false},
        {"nothing repeats",
         {{"x", 1, RG_OPTIONAL, 0}, {"list", 1, RG_OPTIONAL, 0}, {"e", 0, RG_OPTIONAL, 1}},
         3,
         RG_LOGICAL_LIST,
         RG_LOGICAL_NONE,
         false,
         false},
        {"two children",
         {{"x", 2, RG_OPTIONAL, 0}, {"e", 0, RG_REPEATED, 1}, {"f", 0, RG_REPEATED, 1}},
         3,
         RG_LOGICAL_MAP,
         RG_LOGICAL_NONE,
         false,
         false},
        {"a map",
         {{"x", 1, RG_OPTIONAL, 0},
          {"map", 2, RG_REPEATED, 0},
          {"k", 0, RG_REQUIRED, 1},
          {"v", 0, RG_OPTIONAL, 1}},
         4,
         RG_LOGICAL_MAP,
         RG_LOGICAL_MAP,
         false,
         true},
        {"a struct",
         {{"x", 1, RG_OPTIONAL, 0}, {"list", 1, RG_REPEATED, 0}, {"e", 0, RG_OPTIONAL, 1}},
         3,
         RG_LOGICAL_NONE,
         RG_LOGICAL_NONE,
         false,
         false},
    };
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rg_schema_element elements[ELEMENTS_MAX];
        struct rg_schema schema;

        make_elements(cases[i].rows, cases[i].count, 1, elements);
        elements[1].logical = cases[i].annotation;
        CHECK_OK(rg_schema_build(elements, cases[i].count + 1, &arena, &schema, &t->err));
        const bool is_list = cases[i].nesting == RG_LOGICAL_LIST;
        const bool is_right =
            rg_schema_nesting(&schema, 1) == cases[i].nesting &&
            rg_schema_is_map_entry(&schema, 2) == cases[i].has_entry &&
            (!is_list || rg_schema_is_two_level_list(&schema, 1) == cases[i].is_two_level);
        if (!is_right)
            test_fail(__FILE__, __LINE__, "%s", cases[i].about);
        CHECK(!rg_schema_is_map_entry(&schema, 0) && !rg_schema_is_map_entry(&schema, 1));
        for (uint32_t j = 2; j <= cases[i].count; j++)
            CHECK_U64(rg_schema_nesting(&schema, j), RG_LOGICAL_NONE);
    }
    rg_arena_fini(&arena);
}

TEST(column_orders_are_summed_up)
{
    struct rg_schema_element elements[ELEMENTS_MAX];
    struct rg_arena arena;
    struct rg_schema schema;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(build_nested(t, &arena, elements, &schema));
    CHECK_U64(rg_schema_column_orders(&schema), 1 << RG_COLUMN_ORDER_UNDEFINED);
    for (uint32_t i = 0; i < schema.leaf_count; i++)
        schema.leaves[i].column_order = RG_COLUMN_ORDER_TYPE;
    schema.leaves[2].column_order = RG_COLUMN_ORDER_IEEE_754_TOTAL;
    schema.leaves[4].column_order = 77;
    CHECK_U64(rg_schema_column_orders(&schema), 0x80000006);
    rg_arena_fini(&arena);
}

/*
 * A footer by hand: the root has field 32767, "g" is a geometry whose crs is "x", "v" carries an
 * unknown field 12, and both have a field id.
 */
static const uint8_t rich_footer[] = {
    0x15, 2,    0x19, 0x3c, 0x48, 1,    'r',  0x15, 4,    0x08, 0xfe, 0xff, 0x03, 2,
    9,    9,    0x00, 0x15, 12,   0x25, 0,    0x18, 1,    'g',  0x55, 6,    0x1c, 0x0c,
    34,   0x18, 1,    'x',  0x00, 0x00, 0x00, 0x15, 12,   0x25, 2,    0x18, 1,    'v',
    0x55, 8,    0x38, 3,    'n',  'e',  'w',  0x00, 0x16, 0,    0x19, 0x0c, 0x00,
};

TEST(elements_survive_but_for_the_extension)
{
    struct rg_arena arena;
    struct rg_file_meta meta;
    struct rg_buffer out;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_buffer_init(&out, &t->allocator, 10000);
    CHECK_OK(rg_footer_parse(SPAN(rich_footer), &arena, &meta, &t->err));
    CHECK(meta.has_extension);
    CHECK_U64(meta.unknown_field_count, 1);
    CHECK_U64(meta.schema.elements[1].logical, RG_LOGICAL_GEOMETRY);
    CHECK(!meta.schema.elements[0].has_unknown && meta.schema.elements[2].has_unknown);
    CHECK_OK(rg_footer_emit(&meta, &out, &t->err));
    /* The same bytes without the 7 of the extension. */
    CHECK_U64(out.bytes, sizeof rich_footer - 7);
    CHECK(memcmp(out.data, rich_footer, 9) == 0);
    CHECK(memcmp(out.data + 9, rich_footer + 16, sizeof rich_footer - 16) == 0);
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
}

TEST(parameters_and_unknown_fields_are_compared_as_bytes)
{
    uint8_t other[sizeof rich_footer];
    struct rg_schema_difference difference;
    struct rg_arena arena;
    struct rg_file_meta a;
    struct rg_file_meta b;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    memcpy(other, rich_footer, sizeof other);
    CHECK_OK(rg_footer_parse(SPAN(rich_footer), &arena, &a, &t->err));
    CHECK_OK(rg_footer_parse(SPAN(other), &arena, &b, &t->err));
    CHECK(rg_schema_is_equal(&a.schema, &b.schema, &difference));
    CHECK(is_same_hash(&a.schema, &b.schema));

    uint8_t *crs = memchr(other, 'x', sizeof other);
    *crs = 'y';
    CHECK_OK(rg_footer_parse(SPAN(other), &arena, &b, &t->err));
    CHECK(!rg_schema_is_equal(&a.schema, &b.schema, &difference));
    CHECK_TEXT(difference.what, "logical type");
    CHECK_U64(difference.element_index, 1);
    CHECK(!is_same_hash(&a.schema, &b.schema));

    *crs = 'x';
    *(uint8_t *)memchr(other, 'w', sizeof other) = 't';
    CHECK_OK(rg_footer_parse(SPAN(other), &arena, &b, &t->err));
    CHECK(!rg_schema_is_equal(&a.schema, &b.schema, &difference));
    CHECK_TEXT(difference.what, "unknown fields");
    CHECK(!is_same_hash(&a.schema, &b.schema));
    rg_arena_fini(&arena);
}

TEST(changed_elements_keep_the_rest)
{
    struct rg_arena arena;
    struct rg_file_meta meta;
    struct rg_schema_element element;
    const struct rg_schema_change to_optional = {.sets_repetition = true,
                                                 .repetition = RG_OPTIONAL};
    const struct rg_schema_change to_seven = {.sets_child_count = true, .child_count = 7};

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_footer_parse(SPAN(rich_footer), &arena, &meta, &t->err));
    const struct rg_schema_element *g = &meta.schema.elements[1];
    CHECK_OK(rg_schema_element_change(g, &to_optional, &arena, &element, &t->err));
    CHECK_U64(element.repetition, RG_OPTIONAL);
    CHECK_U64(element.raw.bytes, g->raw.bytes);
    CHECK_SPAN(element.annotation, g->annotation);
    CHECK_SPAN(element.name, g->name);
    CHECK_I64(element.field_id, 3);

    const struct rg_schema_element *v = &meta.schema.elements[2];
    CHECK_OK(rg_schema_element_change(v, &to_optional, &arena, &element, &t->err));
    CHECK(element.has_unknown);

    /* The root has no repetition: it is put in, in front of the name. */
    const struct rg_schema_element *root = &meta.schema.elements[0];
    CHECK_OK(rg_schema_element_change(root, &to_seven, &arena, &element, &t->err));
    CHECK_U64(element.child_count, 7);
    CHECK(!element.has_repetition);
    CHECK_OK(rg_schema_element_change(&element, &to_optional, &arena, &element, &t->err));
    CHECK_U64(element.child_count, 7);
    CHECK(element.has_repetition);
    CHECK_SPAN(element.name, rg_span_of("r"));
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"levels_and_paths_follow_from_the_tree", levels_and_paths_follow_from_the_tree},
        {"child_counts_that_make_no_tree_are_corrupt", child_counts_that_make_no_tree_are_corrupt},
        {"fixed_length_needs_a_length", fixed_length_needs_a_length},
        {"depth_is_limited", depth_is_limited},
        {"long_paths_are_limited_in_all", long_paths_are_limited_in_all},
        {"columns_and_elements_are_limited", columns_and_elements_are_limited},
        {"paths_in_messages_are_cut_and_printable", paths_in_messages_are_cut_and_printable},
        {"differences_are_named", differences_are_named},
        {"a_column_more_is_another_schema", a_column_more_is_another_schema},
        {"integers_of_full_width_need_no_annotation", integers_of_full_width_need_no_annotation},
        {"converted_types_mean_their_logical_types", converted_types_mean_their_logical_types},
        {"map_key_value_is_another_shape_than_map", map_key_value_is_another_shape_than_map},
        {"lists_and_maps_are_told_by_their_shape", lists_and_maps_are_told_by_their_shape},
        {"column_orders_are_summed_up", column_orders_are_summed_up},
        {"elements_survive_but_for_the_extension", elements_survive_but_for_the_extension},
        {"parameters_and_unknown_fields_are_compared_as_bytes",
         parameters_and_unknown_fields_are_compared_as_bytes},
        {"changed_elements_keep_the_rest", changed_elements_keep_the_rest},
    };

    return test_main("parquet/schema", cases, sizeof cases / sizeof cases[0], argc, argv);
}
