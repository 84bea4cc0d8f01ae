/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two chunks of a column that is another in one file than in the other: it is missing, its type is
 * narrower, or fields that are required in one may be null in the other. Their schemas are united,
 * and what the union says of each is done by the stitcher.
 */

#include <string.h>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_pages.h"
#include "fuzz/stitched.h"
#include "parquet/schema.h"

enum {
    COUNTS_AT = 6, /* Of values, of rows; of both chunks. */
    SPLIT_AT = COUNTS_AT + 8,
    PAGES_AT = SPLIT_AT + 2,
    SOURCES = 2,
    GROUPS_MAX = 2,
    ELEMENTS_MAX = 2 * GROUPS_MAX + 3,
    BYTES_MAX = 65536,
};

/* Bits of the byte that tells of a source. */
enum {
    IS_WIDE = 1,
    LACKS_COLUMN = 2,
    LACKS_GROUPS = 4,
    IS_LEAF_REQUIRED = 8,
    ARE_GROUPS_REQUIRED = 16,
};

struct kind {
    uint8_t type;
    int32_t length;
    int32_t precision; /* DECIMAL with two digits behind the point; 0: none. */
    bool is_unsigned;
    uint8_t bit_width;
};

/* Narrow and wide; also some that do not go together. */
static const struct kind kinds[][2] = {
    {{.type = RG_TYPE_INT32}, {.type = RG_TYPE_INT64}},
    {{.type = RG_TYPE_INT32, .bit_width = 16, .is_unsigned = true},
     {.type = RG_TYPE_INT64, .bit_width = 64, .is_unsigned = true}},
    {{.type = RG_TYPE_INT32}, {.type = RG_TYPE_DOUBLE}},
    {{.type = RG_TYPE_FLOAT}, {.type = RG_TYPE_DOUBLE}},
    {{.type = RG_TYPE_INT32, .precision = 6},
     {.type = RG_TYPE_FIXED_LEN_BYTE_ARRAY, .length = 5, .precision = 11}},
    {{.type = RG_TYPE_INT64, .precision = 18},
     {.type = RG_TYPE_FIXED_LEN_BYTE_ARRAY, .length = 9, .precision = 20}},
    {{.type = RG_TYPE_FIXED_LEN_BYTE_ARRAY, .length = 3, .precision = 5},
     {.type = RG_TYPE_FIXED_LEN_BYTE_ARRAY, .length = 5, .precision = 11}},
    {{.type = RG_TYPE_INT32, .precision = 6}, {.type = RG_TYPE_INT64, .precision = 12}},
    {{.type = RG_TYPE_BYTE_ARRAY}, {.type = RG_TYPE_BYTE_ARRAY}},
    {{.type = RG_TYPE_BOOLEAN}, {.type = RG_TYPE_BOOLEAN}},
    {{.type = RG_TYPE_INT64}, {.type = RG_TYPE_INT32}},
};

/* Groups above the column. */
static const uint8_t groups[][GROUPS_MAX] = {{RG_REQUIRED, RG_REQUIRED},
                                             {RG_OPTIONAL, RG_REQUIRED},
                                             {RG_OPTIONAL, RG_REPEATED},
                                             {RG_REPEATED, RG_OPTIONAL}};
static const uint32_t group_counts[] = {0, 1, 2, 2};

struct scene {
    const uint8_t *data; /* The head. */
    struct rg_schema schemas[SOURCES];
    struct rg_schema_map map;
    uint32_t leaf_index; /* Of the output. */
};

static void add_element(struct rg_schema_element *elements, uint32_t *count, const char *name,
                        uint8_t repetition, const struct kind *kind, uint32_t child_count)
{
    struct rg_schema_element *element = &elements[(*count)++];

    *element = (struct rg_schema_element){
        .name = rg_span_of(name),
        .converted_type = RG_CONVERTED_NONE,
        .has_repetition = true,
        .repetition = repetition,
        .child_count = child_count,
    };
    if (kind == NULL)
        return;
    element->has_type = true;
    element->type = kind->type;
    element->type_length = kind->length;
    if (kind->precision > 0) {
        element->converted_type = RG_CONVERTED_DECIMAL;
        element->logical = RG_LOGICAL_DECIMAL;
        element->precision = kind->precision;
        element->scale = 2;
    }
    if (kind->bit_width > 0) {
        element->logical = RG_LOGICAL_INTEGER;
        element->bit_width = kind->bit_width;
        element->is_signed = !kind->is_unsigned;
    }
}

/* A row's number, and groups with the column and a sibling. */
static bool make_schema(struct scene *scene, size_t index, struct rg_arena *arena)
{
    static const struct kind number = {.type = RG_TYPE_INT32};
    const uint8_t shape = scene->data[1] % 4;
    const uint8_t own = scene->data[2 + index];
    const struct kind *kind =
        &kinds[scene->data[0] % (sizeof kinds / sizeof *kinds)][(own & IS_WIDE) != 0];
    const bool has_column = (own & LACKS_COLUMN) == 0;
    const bool has_groups = (own & LACKS_GROUPS) == 0;
    struct rg_schema_element *elements = rg_arena_array(arena, ELEMENTS_MAX, sizeof *elements);
    struct rg_error err;
    uint32_t count = 0;

    FUZZ_CHECK(elements != NULL);
    const uint32_t children = 1 + has_column;
    const uint32_t top = group_counts[shape] > 0 ? 1 : children;
    add_element(elements, &count, "root", RG_REQUIRED, NULL, 1 + (has_groups ? top : 0));
    add_element(elements, &count, "number", RG_OPTIONAL, &number, 0);
    for (uint32_t i = 0; has_groups && i < group_counts[shape]; i++) {
        const uint8_t repetition = groups[shape][i];
        const bool is_required = repetition == RG_OPTIONAL && (own & ARE_GROUPS_REQUIRED) != 0;

        add_element(elements, &count, "group", is_required ? RG_REQUIRED : repetition, NULL,
                    i + 1 < group_counts[shape] ? 1 : children);
    }
    if (has_groups)
        add_element(elements, &count, "sibling", RG_OPTIONAL, &number, 0);
    if (has_groups && has_column)
        add_element(elements, &count, "column",
                    (own & IS_LEAF_REQUIRED) != 0 ? RG_REQUIRED : RG_OPTIONAL, kind, 0);
    return rg_schema_build(elements, count, arena, &scene->schemas[index], &err) == RG_OK;
}

/* False: schemas that nobody can unite, or without the column. */
static bool make_scene(struct scene *scene, struct rg_arena *arena)
{
    struct rg_schema_source sources[SOURCES];
    struct rg_error err;
    size_t culprit = SIZE_MAX;

    for (size_t i = 0; i < SOURCES; i++) {
        if (!make_schema(scene, i, arena))
            return false;
        sources[i] = (struct rg_schema_source){.schema = &scene->schemas[i]};
    }
    const enum rg_status status =
        rg_schema_map_make(sources, SOURCES, arena, &scene->map, &culprit, &err);
    FUZZ_CHECK(status == RG_OK || (status == RG_ERR_UNSUPPORTED && culprit < SOURCES));
    if (status != RG_OK)
        return false;
    const uint32_t leaf_count = scene->map.schema.leaf_count;
    scene->leaf_index = leaf_count - 1;
    return true;
}

static uint64_t number_at(const uint8_t *at)
{
    return at[0] | (uint64_t)at[1] << 8;
}

static void stitch(const struct scene *scene, struct rg_span bytes)
{
    static const struct rg_writer writer = {.is_parsed = true};
    const struct rg_leaf_map *maps = scene->map.leaves + scene->leaf_index;
    const size_t first = number_at(scene->data + SPLIT_AT) % (bytes.bytes + 1);
    const struct rg_span pieces[SOURCES] = {{bytes.data, first},
                                            {bytes.data + first, bytes.bytes - first}};
    struct rg_stitch_source sources[SOURCES];
    struct rg_column_chunk chunks[SOURCES];
    struct rg_stitch_column out = {.schema = &scene->map.schema, .leaf_index = scene->leaf_index};

    for (size_t i = 0; i < SOURCES; i++) {
        const struct rg_leaf_map *map = &maps[i * scene->map.schema.leaf_count];
        const bool is_missing = map->origin == RG_LEAF_NULLS;
        const struct rg_leaf *leaf = &scene->schemas[i].leaves[is_missing ? 0 : map->leaf_index];

        chunks[i] = (struct rg_column_chunk){
            .type = leaf->type,
            .codec = fuzz_codec(scene->data[4]),
            .compressed_bytes = pieces[i].bytes,
            .uncompressed_bytes = rg_chunk_bytes_max,
            .value_count = number_at(scene->data + COUNTS_AT + 4 * i),
        };
        sources[i] = (struct rg_stitch_source){
            .chunk = is_missing ? NULL : &chunks[i],
            .leaf = leaf,
            .writer = &writer,
            .bytes = is_missing ? (struct rg_span){NULL, 0} : pieces[i],
            .row_count = number_at(scene->data + COUNTS_AT + 4 * i + 2),
            .name = "input",
            .schema = &scene->schemas[i],
            .map = scene->map.is_unchanged[i] ? NULL : map,
        };
        out.has_other_levels = out.has_other_levels || !scene->map.is_unchanged[i];
    }
    fuzz_stitch(&out, scene->data[5], sources, SOURCES);
}

bool fuzz_describe(const uint8_t *data, size_t bytes, struct fuzz_pages *ret_pages)
{
    if (bytes <= PAGES_AT)
        return false;
    *ret_pages = (struct fuzz_pages){
        .pages_at = PAGES_AT,
        .counts_at = COUNTS_AT,
        .count_bytes = 2,
        .split_at = SPLIT_AT,
        .has_counts_of_both = true,
        .codec = fuzz_codec(data[4]),
        .is_flat = data[1] % 4 < 2,
    };
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static uint8_t pages[BYTES_MAX + 64]; /* rg_slack_bytes */
    struct scene scene = {.data = data};
    struct rg_arena arena;

    if (bytes < PAGES_AT || bytes - PAGES_AT > BYTES_MAX)
        return 0;
    memcpy(pages, data + PAGES_AT, bytes - PAGES_AT);
    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    if (make_scene(&scene, &arena))
        stitch(&scene, (struct rg_span){pages, bytes - PAGES_AT});
    rg_arena_fini(&arena);
    return 0;
}
