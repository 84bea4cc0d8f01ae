/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/adapt.h"

#include <string.h>

#include "parquet/types.h"
#include "stitch/estimate.h"
#include "support/case_file.h"
#include "support/column.h"
#include "support/naive.h"
#include "support/test.h"

enum {
    SOURCES_MAX = 6,
};

/* What sources are, next to such as are of the output's own schema. */
struct scene {
    const char *about;
    enum column_nesting nesting; /* Of the output. */
    enum rg_type type;
    int32_t type_length;
    bool is_decimal;
    /* The other sources. */
    enum rg_leaf_origin origin;
    enum column_nesting from_nesting;
    enum rg_type from_type;
    int32_t from_length;
    enum rg_conversion conversion;
    uint8_t rep_max;
    uint8_t def_map[8]; /* Of LEVELS. */
};

static const struct scene scenes[] = {
    {"int32 in int64",
     NESTING_OPTIONAL,
     RG_TYPE_INT64,
     0,
     false,
     RG_LEAF_VALUES,
     NESTING_OPTIONAL,
     RG_TYPE_INT32,
     0,
     RG_CONVERSION_INT32_INT64,
     0,
     {0}},
    {"int32 in a list",
     NESTING_LIST,
     RG_TYPE_INT64,
     0,
     false,
     RG_LEAF_VALUES,
     NESTING_LIST,
     RG_TYPE_INT32,
     0,
     RG_CONVERSION_INT32_INT64,
     0,
     {0}},
    {"int32 in double",
     NESTING_REQUIRED,
     RG_TYPE_DOUBLE,
     0,
     false,
     RG_LEAF_VALUES,
     NESTING_REQUIRED,
     RG_TYPE_INT32,
     0,
     RG_CONVERSION_INT32_DOUBLE,
     0,
     {0}},
    {"float in double",
     NESTING_OPTIONAL,
     RG_TYPE_DOUBLE,
     0,
     false,
     RG_LEAF_VALUES,
     NESTING_OPTIONAL,
     RG_TYPE_FLOAT,
     0,
     RG_CONVERSION_FLOAT_DOUBLE,
     0,
     {0}},
    {"decimal of 5 bytes in 16",
     NESTING_OPTIONAL,
     RG_TYPE_FIXED_LEN_BYTE_ARRAY,
     16,
     true,
     RG_LEAF_VALUES,
     NESTING_OPTIONAL,
     RG_TYPE_FIXED_LEN_BYTE_ARRAY,
     5,
     RG_CONVERSION_DECIMAL_FIXED,
     0,
     {0}},
    {"decimal of an int64 in 16 bytes",
     NESTING_OPTIONAL,
     RG_TYPE_FIXED_LEN_BYTE_ARRAY,
     16,
     true,
     RG_LEAF_VALUES,
     NESTING_OPTIONAL,
     RG_TYPE_INT64,
     0,
     RG_CONVERSION_DECIMAL_FIXED,
     0,
     {0}},
    {"no column",
     NESTING_OPTIONAL,
     RG_TYPE_BYTE_ARRAY,
     0,
     false,
     RG_LEAF_NULLS,
     NESTING_OPTIONAL,
     RG_TYPE_INT32,
     0,
     RG_CONVERSION_NONE,
     0,
     {0}},
    {"no list",
     NESTING_LIST,
     RG_TYPE_INT32,
     0,
     false,
     RG_LEAF_NULLS,
     NESTING_OPTIONAL,
     RG_TYPE_INT32,
     0,
     RG_CONVERSION_NONE,
     0,
     {0}},
    {"no field in a struct",
     NESTING_STRUCT,
     RG_TYPE_BOOLEAN,
     0,
     false,
     RG_LEAF_LEVELS,
     NESTING_STRUCT,
     RG_TYPE_BYTE_ARRAY,
     0,
     RG_CONVERSION_NONE,
     0,
     {0, 1, 1}},
    {"no field in a list",
     NESTING_LIST,
     RG_TYPE_BYTE_ARRAY,
     0,
     false,
     RG_LEAF_LEVELS,
     NESTING_LIST,
     RG_TYPE_INT64,
     0,
     RG_CONVERSION_NONE,
     1,
     {0, 1, 2, 2}},
    {"a sibling that repeats more",
     NESTING_LIST,
     RG_TYPE_DOUBLE,
     0,
     false,
     RG_LEAF_LEVELS,
     NESTING_LIST_LIST,
     RG_TYPE_INT32,
     0,
     RG_CONVERSION_NONE,
     1,
     {0, 1, 2, 2, 2}},
};

/* Everything that one case is made of. */
struct world {
    const struct scene *scene;
    struct rg_arena arena;
    const struct rg_schema *schema;
    const struct rg_schema *from;
    struct rg_leaf_map map;
    struct rg_stitch_source items[SOURCES_MAX];
    struct built_chunk built[SOURCES_MAX];
    size_t count;
    bool is_bloom_asked;
    struct column expected;
};

static const struct rg_writer writer = {.major = 1, .is_parsed = true};

static void *need(struct test *t, struct rg_arena *arena, size_t count, size_t bytes_each)
{
    void *memory = rg_arena_array(arena, count, bytes_each);

    CHECK_MEMORY(memory);
    return memory;
}

static uint64_t little_endian(struct rg_span value)
{
    uint64_t number = 0;

    for (size_t i = 0; i < value.bytes; i++)
        number |= (uint64_t)value.data[i] << 8 * i;
    return number;
}

static uint64_t bits_of(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static uint64_t widened_float(uint32_t bits)
{
    float number;

    memcpy(&number, &bits, sizeof number);
    if (number == number)
        return bits_of((double)number);
    return (uint64_t)(bits >> 31) << 63 | UINT64_C(0x7ff) << 52 | (uint64_t)(bits & 0x7fffff) << 29;
}

/* The value in the output's type, digit by digit. */
static struct rg_span widened(struct test *t, struct world *w, struct rg_span value)
{
    const struct scene *scene = w->scene;
    const bool is_fixed = scene->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY;
    const size_t bytes = is_fixed ? (size_t)scene->type_length : 8;
    const uint32_t low = (uint32_t)little_endian(value);
    uint8_t *out = need(t, &w->arena, 1, bytes);
    uint64_t number = 0;

    if (is_fixed) {
        const bool is_reversed = scene->from_type != RG_TYPE_FIXED_LEN_BYTE_ARRAY;
        const uint8_t top = value.data[is_reversed ? value.bytes - 1 : 0];

        for (size_t i = 0; i < bytes; i++) {
            const size_t from_end = bytes - 1 - i;
            const size_t at = is_reversed ? from_end : value.bytes - 1 - from_end;

            out[i] = from_end < value.bytes ? value.data[at] : (uint8_t)(top >= 128 ? 255 : 0);
        }
        return (struct rg_span){out, bytes};
    }
    if (scene->conversion == RG_CONVERSION_INT32_INT64)
        number = (uint64_t)(int64_t)(int32_t)low;
    else if (scene->conversion == RG_CONVERSION_INT32_DOUBLE)
        number = bits_of((double)(int32_t)low);
    else
        number = widened_float(low);
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> 8 * i);
    return (struct rg_span){out, 8};
}

/* What the output is to have of this column. */
static void expect(struct test *t, struct world *w, const struct column *column, bool is_other)
{
    const struct scene *scene = w->scene;
    struct column *sum = &w->expected;
    struct slot *slots = need(t, &w->arena, sum->slot_count + column->slot_count, sizeof *slots);

    if (sum->slot_count > 0)
        memcpy(slots, sum->slots, sum->slot_count * sizeof *slots);
    sum->slots = slots;
    sum->row_count += column->row_count;
    for (uint32_t i = 0; i < column->slot_count; i++) {
        struct slot slot = column->slots[i];

        if (is_other && scene->origin == RG_LEAF_NULLS) {
            if (slot.rep > 0)
                continue;
            slot = (struct slot){.rep = 0};
        } else if (is_other && scene->origin == RG_LEAF_LEVELS) {
            if (slot.rep > scene->rep_max)
                continue;
            slot = (struct slot){.rep = slot.rep, .def = scene->def_map[slot.def]};
        } else if (is_other && slot.def == w->from->leaves[0].def_max) {
            slot.value = widened(t, w, slot.value);
        }
        slots[sum->slot_count++] = slot;
    }
}

static void add_source(struct test *t, struct world *w, struct choices *c, bool is_other)
{
    const struct rg_schema *schema = is_other ? w->from : w->schema;
    const struct value_style values = {
        .distinct = choose_bool(c) ? 0 : 1 + choose(c, 200),
        .first = choose(c, 300),
        .null_percent = choose_bool(c) ? 0 : choose(c, 100),
        .string_bytes = choose(c, 20),
    };
    struct chunk_style style = chunk_style_draw(c, &schema->leaves[0]);
    const uint32_t rows = 1 + choose(c, choose(c, 3) == 0 ? 2000 : 50);
    const struct column column = column_make(t, &w->arena, c, &schema->leaves[0], rows, &values);
    struct rg_stitch_source *source = &w->items[w->count];
    struct built_chunk *built = &w->built[w->count++];

    style.has_links = false;
    *built = chunk_build(t, &w->arena, c, schema, &column, &style, 4);
    *source = (struct rg_stitch_source){
        .chunk = &built->chunk,
        .leaf = &schema->leaves[0],
        .writer = &writer,
        .bytes = built->bytes,
        .row_count = column.row_count,
        .offset_index = built->has_index ? &built->offset_index : NULL,
        .column_index = built->has_index ? &built->column_index : NULL,
        .file_offset = 4,
        .name = "source",
        .schema = schema,
        .map = is_other ? &w->map : NULL,
    };
    if (choose(c, 2) == 0 && schema->leaves[0].type != RG_TYPE_BOOLEAN)
        source->bloom = naive_bloom(t, &w->arena, &schema->leaves[0], &column);
    if (is_other && w->scene->origin == RG_LEAF_NULLS) {
        source->chunk = NULL;
        source->bytes = (struct rg_span){NULL, 0};
        source->offset_index = NULL;
        source->column_index = NULL;
    }
    expect(t, w, &column, is_other);
}

static void mark_decimal(struct rg_schema *schema)
{
    struct rg_schema_element *element = &schema->elements[schema->element_count - 1];

    element->logical = RG_LOGICAL_DECIMAL;
    element->converted_type = RG_CONVERTED_DECIMAL;
    element->precision = 9;
    element->scale = 2;
}

static void make_world(struct test *t, struct world *w, struct choices *c,
                       const struct scene *scene)
{
    const uint32_t count = 1 + choose(c, SOURCES_MAX - 1);
    struct rg_schema *to;
    struct rg_schema *from;

    *w = (struct world){.scene = scene};
    rg_arena_init(&w->arena, &t->allocator, SIZE_MAX);
    to = column_schema(t, &w->arena, scene->nesting, scene->type, scene->type_length);
    from = column_schema(t, &w->arena, scene->from_nesting, scene->from_type, scene->from_length);
    if (scene->is_decimal) {
        mark_decimal(to);
        mark_decimal(from);
    }
    w->schema = to;
    w->from = from;
    w->map = (struct rg_leaf_map){
        .origin = scene->origin,
        .conversion = scene->conversion,
        .rep_max = scene->origin == RG_LEAF_VALUES ? to->leaves[0].rep_max : scene->rep_max,
        .def_map = scene->origin == RG_LEAF_LEVELS ? scene->def_map : NULL,
    };
    for (uint32_t i = 0; i < count; i++)
        add_source(t, w, c, choose(c, 2) != 0);
}

static struct rg_stitch_options draw_options(struct choices *c)
{
    struct rg_stitch_options options = {
        .codec = choose_bool(c) ? RG_CODEC_KEEP : RG_CODEC_ZSTD,
        .level = 1,
        .has_crc = choose(c, 3) == 0,
        .has_bloom = choose_bool(c),
        .encoding = choose(c, 2) == 0 ? RG_STITCH_ENCODING_SMALL : RG_STITCH_ENCODING_KEEP,
        .layout = choose(c, 2) == 0 ? choose(c, 2) : RG_STITCH_LAYOUT_BY_RULE,
    };

    if (choose(c, 2) == 0)
        options.page_rows_target = 1 + choose(c, choose_bool(c) ? 3 : 200);
    if (choose(c, 2) == 0)
        options.page_bytes_target = 1 + choose(c, 5000);
    if (choose(c, 3) == 0)
        options.dictionary_bytes_max = 1 + choose(c, 4000);
    return options;
}

/* Stitches with as much memory as was estimated; the segments, joined. */
static struct rg_span stitch(struct test *t, struct world *w,
                             const struct rg_stitch_options *options,
                             struct rg_stitch_context *context, struct rg_arena *arena,
                             struct rg_stitch_output *output)
{
    const struct rg_stitch_column column = {w->schema, 0, options, true, w->is_bloom_asked};
    struct rg_stitch_estimate estimate;
    struct rg_arena scratch;
    size_t culprit = SIZE_MAX;

    rg_stitch_estimate(&column, w->items, w->count, &estimate);
    rg_arena_init(arena, &t->allocator, estimate.arena_bytes_max);
    rg_arena_init(&scratch, &t->allocator, estimate.scratch_bytes_max);
    CHECK_OK(rg_stitch_chunk(context, &column, w->items, w->count, arena, &scratch, output,
                             &culprit, &t->err));
    CHECK(output->bytes <= estimate.output_bytes_max);
    rg_arena_fini(&scratch);
    return naive_join(t, &w->arena, output);
}

/* A case that fails is written out, a file for each source that has values or lends its levels. */
static void keep_sources(void *user, uint64_t seed)
{
    const struct world *w = user;

    for (size_t i = 0; i < w->count; i++) {
        const struct rg_stitch_source *source = &w->items[i];

        if (source->chunk != NULL)
            case_file_keep("adapt", seed, i, source->schema, &w->built[i], source->file_offset,
                           source->row_count);
    }
}

static void property_other_sources_are_as_if_they_were_ours(struct test *t, struct choices *c)
{
    const struct scene *scene = &scenes[choose(c, sizeof scenes / sizeof scenes[0] - 1)];
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct world w;

    CHECK_MEMORY(context);
    make_world(t, &w, c, scene);
    w.is_bloom_asked = choose(c, 2) == 0;
    test_on_failure(keep_sources, &w);
    const struct rg_stitch_options options = draw_options(c);
    const struct rg_span bytes = stitch(t, &w, &options, context, &arena, &output);
    naive_check(t, &w.arena, w.schema, &output, &w.expected);
    rg_arena_fini(&arena);
    CHECK_SPAN(stitch(t, &w, &options, context, &arena, &output), bytes);
    test_on_failure(NULL, NULL);
    rg_arena_fini(&arena);
    rg_arena_fini(&w.arena);
    rg_stitch_context_free(context);
}

TEST(other_sources_are_as_if_they_were_ours)
{
    test_property(t, "other sources are as if they were ours", 400,
                  property_other_sources_are_as_if_they_were_ours);
}

/* Bytes that lie, in a source that is converted or lends its levels. */
static void property_damage_is_refused_or_does_no_harm(struct test *t, struct choices *c)
{
    const struct scene *scene = &scenes[choose(c, sizeof scenes / sizeof scenes[0] - 1)];
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct rg_arena scratch;
    struct world w;
    size_t culprit = SIZE_MAX;

    CHECK_MEMORY(context);
    make_world(t, &w, c, scene);
    const struct rg_stitch_options options = draw_options(c);
    const struct rg_stitch_column column = {w.schema, 0, &options, true, false};
    const uint32_t victim = choose(c, (uint32_t)w.count - 1);
    const uint32_t bytes = (uint32_t)w.built[victim].bytes.bytes;
    for (uint32_t i = 1 + choose(c, 3); i > 0 && bytes > 0; i--) {
        /* Headers and levels are in front. */
        const uint32_t reach = choose_bool(c) && bytes > 100 ? 100 : bytes;

        w.built[victim].memory[choose(c, reach - 1)] = (uint8_t)choose(c, 255);
    }
    if (choose(c, 3) == 0)
        w.built[victim].chunk.value_count += choose(c, 2) - UINT64_C(1);
    /* A page that says it is huge must not make us take as much. */
    rg_arena_init(&arena, &t->allocator, (size_t)64 << 20);
    rg_arena_init(&scratch, &t->allocator, (size_t)64 << 20);
    const enum rg_status status = rg_stitch_chunk(context, &column, w.items, w.count, &arena,
                                                  &scratch, &output, &culprit, &t->err);
    CHECK(status != RG_ERR_BUG);
    if (status == RG_OK)
        (void)naive_join(t, &w.arena, &output);
    else if (status != RG_ERR_NOMEM)
        CHECK(culprit < w.count && strncmp(t->err.text, "source: ", 8) == 0);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
    rg_arena_fini(&w.arena);
    rg_stitch_context_free(context);
}

TEST(damage_is_refused_or_does_no_harm)
{
    test_property(t, "damage is refused or does no harm", 400,
                  property_damage_is_refused_or_does_no_harm);
}

/* Sources of INT32 for an output of INT64. */
static void make_narrow_world(struct test *t, struct world *w)
{
    *w = (struct world){.scene = &scenes[0]};
    rg_arena_init(&w->arena, &t->allocator, SIZE_MAX);
    w->schema = column_schema(t, &w->arena, NESTING_OPTIONAL, RG_TYPE_INT64, 0);
    w->from = column_schema(t, &w->arena, NESTING_OPTIONAL, RG_TYPE_INT32, 0);
    w->map =
        (struct rg_leaf_map){.origin = RG_LEAF_VALUES, .conversion = RG_CONVERSION_INT32_INT64};
}

static void add_narrow(struct test *t, struct world *w, struct choices *c,
                       const struct value_style *values, const struct chunk_style *style,
                       uint32_t rows)
{
    const struct column column = column_make(t, &w->arena, c, &w->from->leaves[0], rows, values);
    struct built_chunk *built = &w->built[w->count];

    *built = chunk_build(t, &w->arena, c, w->from, &column, style, 4);
    w->items[w->count++] = (struct rg_stitch_source){
        .chunk = &built->chunk,
        .leaf = &w->from->leaves[0],
        .writer = &writer,
        .bytes = built->bytes,
        .row_count = column.row_count,
        .offset_index = built->has_index ? &built->offset_index : NULL,
        .column_index = built->has_index ? &built->column_index : NULL,
        .file_offset = 4,
        .name = "source",
        .schema = w->from,
        .map = &w->map,
    };
    expect(t, w, &column, true);
}

/* A dictionary is all that is converted: index pages go over as they are. */
TEST(index_pages_of_a_narrow_column_are_copied)
{
    struct choices c = {.seed = 7};
    const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    const struct chunk_style style = {.codec = RG_CODEC_SNAPPY,
                                      .versions = 1,
                                      .page_slots = 20000,
                                      .dictionary_entries = 500,
                                      .has_index = true};
    const struct value_style values = {.distinct = 50};
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct world w;

    CHECK_MEMORY(context);
    make_narrow_world(t, &w);
    add_narrow(t, &w, &c, &values, &style, 40000);
    (void)stitch(t, &w, &options, context, &arena, &output);
    naive_check(t, &w.arena, w.schema, &output, &w.expected);
    CHECK_U64(output.moves.pages[RG_VERDICT_COPY], 2);
    CHECK(output.chunk.statistics.min_value.bytes == 8 && output.has_column_index);
    rg_arena_fini(&arena);
    rg_arena_fini(&w.arena);
    rg_stitch_context_free(context);
}

/*
 * A dictionary that is converted lies in scratch, which is gone when the output is read:
 * uncompressed and promoted into a page in the making, it must be copied.
 */
TEST(promoted_values_of_a_narrow_column_outlive_scratch)
{
    struct choices c = {.seed = 8};
    const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    const struct chunk_style style = {.codec = RG_CODEC_NONE,
                                      .versions = 1,
                                      .page_slots = 20000,
                                      .dictionary_entries = 20000,
                                      .has_statistics = true,
                                      .has_encoding_stats = true};
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct world w;

    CHECK_MEMORY(context);
    make_narrow_world(t, &w);
    for (uint32_t i = 0; i < 4; i++) {
        const struct value_style values = {.distinct = 0, .first = 10000 * i};

        add_narrow(t, &w, &c, &values, &style, 600);
    }
    (void)stitch(t, &w, &options, context, &arena, &output);
    naive_check(t, &w.arena, w.schema, &output, &w.expected);
    CHECK_U64(output.moves.pages[RG_VERDICT_PROMOTE], 4);
    rg_arena_fini(&arena);
    rg_arena_fini(&w.arena);
    rg_stitch_context_free(context);
}

/* Pages that are decoded get bounds of the values themselves, whatever their source says. */
TEST(recoded_pages_have_exact_bounds)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    static const struct value_style values = {.distinct = 0, .first = 1000};
    static const struct chunk_style style = {
        .codec = RG_CODEC_SNAPPY, .versions = 1, .page_slots = 5000, .has_index = true};
    static const uint8_t low[4] = {1, 0, 0, 0};
    static const uint8_t high[4] = {0, 0, 1, 0};
    struct choices c = {.seed = 10};
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct world w;
    uint64_t min;
    uint64_t max;

    CHECK_MEMORY(context);
    make_narrow_world(t, &w);
    add_narrow(t, &w, &c, &values, &style, 600);
    for (uint32_t i = 0; i < w.built[0].column_index.page_count; i++) {
        w.built[0].column_index.min_values[i] = SPAN(low);
        w.built[0].column_index.max_values[i] = SPAN(high);
    }
    (void)stitch(t, &w, &options, context, &arena, &output);
    CHECK(output.has_column_index && output.moves.pages[RG_VERDICT_RECODE] > 0);
    memcpy(&min, output.column_index.min_values[0].data, sizeof min);
    memcpy(&max, output.column_index.max_values[0].data, sizeof max);
    CHECK_U64(min, 1000);
    CHECK_U64(max, 1599);
    rg_arena_fini(&arena);
    rg_arena_fini(&w.arena);
    rg_stitch_context_free(context);
}

/* Narrow columns whose writer gave the dictionary up, or not. */
struct narrow {
    const char *about;
    uint32_t distinct; /* 0: all values are different. */
    uint32_t dictionary_entries;
    enum rg_verdict verdict; /* Of most bytes, as footers tell. */
    enum rg_reason reason;
};

/* Likely memory is enough, and a plan tells what becomes of most bytes and how many there will be.
 */
static void check_foretold(struct test *t, const struct narrow *row)
{
    const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    const struct chunk_style style = {.codec = RG_CODEC_SNAPPY,
                                      .versions = 1,
                                      .page_slots = 1500,
                                      .dictionary_entries = row->dictionary_entries,
                                      .has_statistics = true,
                                      .has_encoding_stats = true};
    const bool is_starved = t->allocations_allowed != UINT64_MAX;
    const uint32_t rows = is_starved ? 200 : 9000;
    struct choices c = {.seed = 9};
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    struct rg_stitch_estimate estimate;
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct rg_arena scratch;
    struct world w;
    size_t culprit;

    CHECK_MEMORY(context);
    make_narrow_world(t, &w);
    for (uint32_t i = 0; i < 4; i++) {
        const struct value_style values = {.distinct = row->distinct, .first = rows * i};

        add_narrow(t, &w, &c, &values, &style, rows);
    }
    const struct rg_stitch_column column = {w.schema, 0, &options, true, false};
    rg_stitch_estimate(&column, w.items, w.count, &estimate);
    rg_arena_init(&arena, &t->allocator, estimate.arena_bytes);
    rg_arena_init(&scratch, &t->allocator, estimate.scratch_bytes);
    CHECK_OK(rg_stitch_chunk(context, &column, w.items, w.count, &arena, &scratch, &output,
                             &culprit, &t->err));
    rg_arena_fini(&scratch);
    (void)naive_join(t, &w.arena, &output);
    naive_check(t, &w.arena, w.schema, &output, &w.expected);
    const bool is_told = estimate.verdict == row->verdict && estimate.reason == row->reason;
    const bool is_size_near = output.bytes * 4 > estimate.output_bytes * 3 &&
                              output.bytes * 3 < estimate.output_bytes * 4;
    if (!is_starved && !(is_told && is_size_near))
        test_fail(__FILE__, __LINE__, "%s: footers tell %s, %llu bytes, not %llu", row->about,
                  rg_verdict_name(estimate.verdict), (unsigned long long)estimate.output_bytes,
                  (unsigned long long)output.bytes);
    rg_arena_fini(&arena);
    rg_arena_fini(&w.arena);
    rg_stitch_context_free(context);
}

TEST(narrow_columns_are_foretold)
{
    static const struct narrow rows[] = {
        {"few values", 50, 100, RG_VERDICT_REMAP, RG_REASON_DICTIONARIES_DIFFER},
        {"unique values", 0, 9000, RG_VERDICT_PROMOTE, RG_REASON_NONE},
        {"a short tail", 0, 6700, RG_VERDICT_PROMOTE, RG_REASON_NONE},
        {"as much tail as dictionary", 0, 4500, RG_VERDICT_PROMOTE, RG_REASON_NONE},
        {"a long tail", 0, 2200, RG_VERDICT_RECODE, RG_REASON_TYPE_WIDENED},
        {"a tail of few values", 2000, 1700, RG_VERDICT_RECODE, RG_REASON_TYPE_WIDENED},
    };

    const bool is_starved = t->allocations_allowed != UINT64_MAX;

    for (size_t i = is_starved ? 5 : 0; i < sizeof rows / sizeof rows[0]; i++)
        check_foretold(t, &rows[i]);
}

/* The edge of docs/limits.md: 2^31 - 1 rows that lack the column, and one more. */
TEST(as_many_nulls_as_a_chunk_may_count)
{
    const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    struct rg_arena keep;

    CHECK_MEMORY(context);
    rg_arena_init(&keep, &t->allocator, SIZE_MAX);
    const struct rg_schema *schema =
        column_schema(t, &keep, NESTING_OPTIONAL, RG_TYPE_BYTE_ARRAY, 0);
    const struct rg_leaf_map map = {.origin = RG_LEAF_NULLS};
    const struct rg_stitch_column column = {
        .schema = schema, .options = &options, .has_other_levels = true};
    for (uint64_t more = 0; more < 2; more++) {
        const struct rg_stitch_source source = {
            .leaf = &schema->leaves[0],
            .writer = &writer,
            .row_count = INT32_MAX + more,
            .name = "source",
            .schema = schema,
            .map = &map,
        };
        struct rg_stitch_output output;
        struct rg_arena arena;
        struct rg_arena scratch;
        size_t culprit = SIZE_MAX;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        rg_arena_init(&scratch, &t->allocator, SIZE_MAX);
        const enum rg_status status = rg_stitch_chunk(context, &column, &source, 1, &arena,
                                                      &scratch, &output, &culprit, &t->err);
        if (more == 0) {
            CHECK_OK(status);
            CHECK_U64(output.chunk.value_count, INT32_MAX);
            CHECK_U64(output.chunk.statistics.null_count, INT32_MAX);
        } else {
            CHECK(status == RG_ERR_NOMEM || status == RG_ERR_LIMIT);
            CHECK(culprit == 0);
        }
        rg_arena_fini(&scratch);
        rg_arena_fini(&arena);
    }
    rg_arena_fini(&keep);
    rg_stitch_context_free(context);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"other_sources_are_as_if_they_were_ours", other_sources_are_as_if_they_were_ours},
        {"damage_is_refused_or_does_no_harm", damage_is_refused_or_does_no_harm},
        {"index_pages_of_a_narrow_column_are_copied", index_pages_of_a_narrow_column_are_copied},
        {"promoted_values_of_a_narrow_column_outlive_scratch",
         promoted_values_of_a_narrow_column_outlive_scratch},
        {"recoded_pages_have_exact_bounds", recoded_pages_have_exact_bounds},
        {"narrow_columns_are_foretold", narrow_columns_are_foretold},
        {"as_many_nulls_as_a_chunk_may_count", as_many_nulls_as_a_chunk_may_count},
    };

    return test_main("stitch/adapt", cases, sizeof cases / sizeof cases[0], argc, argv);
}
