/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/chunk.h"

#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "parquet/footer.h"
#include "parquet/page_header.h"
#include "parquet/types.h"
#include "stitch/bloom.h"
#include "stitch/estimate.h"
#include "support/case_file.h"
#include "support/column.h"
#include "support/naive.h"
#include "support/test.h"

enum {
    SOURCES_MAX = 8,
};

/* Sources of one column, and what they hold together. */
struct sources {
    const struct rg_schema *schema; /* Of the output. */
    struct rg_stitch_source items[SOURCES_MAX];
    struct built_chunk built[SOURCES_MAX];
    size_t count;
    bool is_bloom_asked;
    struct column expected;
};

static void *need(struct test *t, struct rg_arena *arena, size_t count, size_t bytes_each)
{
    void *memory = rg_arena_array(arena, count, bytes_each);

    CHECK_MEMORY(memory);
    return memory;
}

/* What a definition level of `from` is in `to`, whose elements may be optional where its are not.
 */
static uint8_t widened_level(const struct rg_schema *from, const struct rg_schema *to, uint8_t def)
{
    uint8_t from_level = 0;
    uint8_t to_level = 0;

    for (uint32_t i = 1; i < from->element_count; i++) {
        if (from->elements[i].repetition != RG_REQUIRED && from_level++ == def)
            return to_level;
        to_level = (uint8_t)(to_level + (to->elements[i].repetition != RG_REQUIRED));
    }
    return to_level;
}

static void append_column(struct test *t, struct rg_arena *arena, struct sources *sources,
                          const struct rg_schema *schema, const struct column *column)
{
    struct column *sum = &sources->expected;
    struct slot *slots = need(t, arena, sum->slot_count + column->slot_count, sizeof *slots);

    if (sum->slot_count > 0)
        memcpy(slots, sum->slots, sum->slot_count * sizeof *slots);
    for (uint32_t i = 0; i < column->slot_count; i++) {
        slots[sum->slot_count + i] = column->slots[i];
        slots[sum->slot_count + i].def =
            widened_level(schema, sources->schema, column->slots[i].def);
    }
    sum->slots = slots;
    sum->slot_count += column->slot_count;
    sum->row_count += column->row_count;
}

static const struct rg_writer any_writer = {.major = 1, .is_parsed = true};
/* One that is known for pages that lean on the page before. */
static const struct rg_writer old_writer = {
    .major = 1, .is_parsed = true, .has_linked_delta_pages = true};

static void add_source(struct test *t, struct rg_arena *arena, struct choices *c,
                       struct sources *sources, const struct rg_schema *schema,
                       const struct column *column, const struct chunk_style *style)
{
    const size_t at = sources->count++;
    struct built_chunk *built = &sources->built[at];
    const uint64_t file_offset = 4 + choose(c, 1000);

    *built = chunk_build(t, arena, c, schema, column, style, file_offset);
    sources->items[at] = (struct rg_stitch_source){
        .chunk = &built->chunk,
        .leaf = &schema->leaves[0],
        .writer = style->has_links || choose(c, 5) == 0 ? &old_writer : &any_writer,
        .bytes = built->bytes,
        .row_count = column->row_count,
        .offset_index = built->has_index ? &built->offset_index : NULL,
        .column_index = built->has_index ? &built->column_index : NULL,
        .file_offset = file_offset,
        .name = "source",
        .schema = schema,
    };
    if (choose(c, 3) == 0 && schema->leaves[0].type != RG_TYPE_BOOLEAN) {
        sources->items[at].bloom = naive_bloom(t, arena, &schema->leaves[0], column);
        built->chunk.has_bloom_filter_length = true;
        built->chunk.bloom_filter_length = (uint32_t)sources->items[at].bloom.bytes;
    }
    append_column(t, arena, sources, schema, column);
}

static struct rg_stitch_column column_of(const struct sources *sources,
                                         const struct rg_stitch_options *options)
{
    struct rg_stitch_column column = {sources->schema, 0, options, false, sources->is_bloom_asked};

    for (size_t i = 0; i < sources->count; i++)
        column.has_other_levels =
            column.has_other_levels || sources->items[i].schema != sources->schema;
    return column;
}

/* Stitches and joins the segments; NULL data when there was no memory. */
static struct rg_span stitch(struct test *t, struct rg_arena *keep,
                             struct rg_stitch_context *context, const struct sources *sources,
                             const struct rg_stitch_options *options, struct rg_arena *arena,
                             struct rg_arena *scratch, bool may_lack_memory,
                             struct rg_stitch_output *output)
{
    const struct rg_stitch_column column = column_of(sources, options);
    size_t culprit = SIZE_MAX;
    const enum rg_status status = rg_stitch_chunk(context, &column, sources->items, sources->count,
                                                  arena, scratch, output, &culprit, &t->err);

    if (status == RG_ERR_NOMEM && may_lack_memory)
        return (struct rg_span){NULL, 0};
    CHECK_OK(status);
    rg_arena_fini(scratch); /* No segment points there. */
    return naive_join(t, keep, output);
}

static bool is_in_sources(const struct sources *sources, const uint8_t *at)
{
    for (size_t i = 0; i < sources->count; i++) {
        const struct rg_span bytes = sources->items[i].bytes;

        if ((uintptr_t)at >= (uintptr_t)bytes.data &&
            (uintptr_t)at < (uintptr_t)bytes.data + bytes.bytes)
            return true;
    }
    return false;
}

static void check_crc(const struct sources *sources, const struct rg_stitch_output *output)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < output->segment_count; i++) {
        const struct rg_segment *segment = &output->segments[i];

        if (!is_in_sources(sources, segment->data))
            crc = rg_crc32_update(crc, (struct rg_span){segment->data, segment->bytes});
    }
    CHECK_U64(output->changed_crc, crc);
}

/* Bodies of a source's pages that hold values. */
struct page_sum {
    uint64_t page_count;
    uint64_t body_bytes;
    uint64_t dictionary_bytes;
};

static void add_pages(struct test *t, struct rg_span bytes, struct page_sum *sum)
{
    struct rg_page_header header;
    size_t header_bytes;

    for (; bytes.bytes > 0; bytes.bytes -= header.compressed_bytes) {
        CHECK_OK(rg_page_header_parse(bytes, &header, &header_bytes, &t->err));
        bytes.data += header_bytes + header.compressed_bytes;
        bytes.bytes -= header_bytes;
        if (header.type == RG_PAGE_DICTIONARY) {
            sum->dictionary_bytes += header.compressed_bytes;
        } else if (header.type != RG_PAGE_INDEX && header.value_count > 0) {
            sum->page_count++;
            sum->body_bytes += header.compressed_bytes;
        }
    }
}

/* Every page and byte is accounted for; dictionaries as far as pages need them. */
static void check_moves(struct test *t, const struct sources *sources,
                        const struct rg_stitch_output *output)
{
    const struct rg_moves *moves = &output->moves;
    struct page_sum sum = {0, 0, 0};
    uint64_t pages = 0;
    uint64_t in_bytes = 0;
    uint64_t out_bytes = 0;
    uint64_t reasons = 0;

    for (size_t i = 0; i < sources->count; i++)
        add_pages(t, sources->items[i].bytes, &sum);
    for (unsigned i = 0; i < RG_VERDICT_COUNT; i++) {
        pages += moves->pages[i];
        in_bytes += moves->in_bytes[i];
        out_bytes += moves->out_bytes[i];
    }
    for (unsigned i = 0; i < RG_REASON_COUNT; i++)
        reasons += moves->reason_pages[i];
    CHECK_U64(pages, sum.page_count);
    CHECK_U64(reasons, sum.page_count);
    CHECK_U64(out_bytes, output->bytes);
    CHECK(in_bytes >= sum.body_bytes && in_bytes <= sum.body_bytes + sum.dictionary_bytes);
}

/* The same bytes come out again, from a used context and with just the memory that is needed. */
static void check_again(struct test *t, struct rg_arena *keep, struct rg_stitch_context *context,
                        const struct sources *sources, const struct rg_stitch_options *options,
                        struct rg_span wanted, size_t arena_bytes)
{
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct rg_arena scratch;

    rg_arena_init(&arena, &t->allocator, arena_bytes);
    rg_arena_init(&scratch, &t->allocator, SIZE_MAX);
    const struct rg_span again =
        stitch(t, keep, context, sources, options, &arena, &scratch, false, &output);
    CHECK_SPAN(again, wanted);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
    rg_arena_init(&arena, &t->allocator, arena_bytes / 2);
    const struct rg_span half =
        stitch(t, keep, context, sources, options, &arena, &scratch, true, &output);
    if (half.data != NULL)
        CHECK_SPAN(half, wanted);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
}

/* What was estimated is enough. */
static void check_estimate(struct test *t, struct rg_arena *keep, struct rg_stitch_context *context,
                           const struct sources *sources, const struct rg_stitch_options *options,
                           const struct rg_stitch_output *wanted)
{
    const struct rg_stitch_column column = column_of(sources, options);
    struct rg_stitch_estimate estimate;
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct rg_arena scratch;

    rg_stitch_estimate(&column, sources->items, sources->count, &estimate);
    CHECK(wanted->bytes <= estimate.output_bytes_max);
    CHECK(estimate.arena_bytes <= estimate.arena_bytes_max);
    CHECK(estimate.scratch_bytes <= estimate.scratch_bytes_max);
    rg_arena_init(&arena, &t->allocator, estimate.arena_bytes_max);
    rg_arena_init(&scratch, &t->allocator, estimate.scratch_bytes_max);
    (void)stitch(t, keep, context, sources, options, &arena, &scratch, false, &output);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
}

static void check_stitch(struct test *t, struct rg_arena *keep, const struct sources *sources,
                         const struct rg_stitch_options *options)
{
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct rg_arena scratch;

    CHECK_MEMORY(context);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_arena_init(&scratch, &t->allocator, SIZE_MAX);
    const struct rg_span bytes =
        stitch(t, keep, context, sources, options, &arena, &scratch, false, &output);
    naive_check(t, keep, sources->schema, &output, &sources->expected);
    check_crc(sources, &output);
    check_moves(t, sources, &output);
    CHECK(output.bloom.bytes > 0 || !sources->is_bloom_asked ||
          sources->schema->leaves[0].type == RG_TYPE_BOOLEAN);
    const size_t arena_bytes = arena.bytes;
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
    check_again(t, keep, context, sources, options, bytes, arena_bytes);
    check_estimate(t, keep, context, sources, options, &output);
    rg_stitch_context_free(context);
}

static struct rg_schema *draw_schema(struct test *t, struct rg_arena *arena, struct choices *c)
{
    static const struct {
        enum rg_type type;
        int32_t type_length;
    } types[] = {
        {RG_TYPE_INT64, 0},   {RG_TYPE_BYTE_ARRAY, 0},
        {RG_TYPE_INT32, 0},   {RG_TYPE_DOUBLE, 0},
        {RG_TYPE_BOOLEAN, 0}, {RG_TYPE_FIXED_LEN_BYTE_ARRAY, 16},
        {RG_TYPE_FLOAT, 0},   {RG_TYPE_FIXED_LEN_BYTE_ARRAY, 5},
        {RG_TYPE_INT96, 0},
    };
    const uint32_t at = choose(c, sizeof types / sizeof types[0] - 1);
    const enum column_nesting nesting =
        choose_bool(c) ? choose(c, 1) : (enum column_nesting)choose(c, NESTING_COUNT - 1);

    return column_schema(t, arena, nesting, types[at].type, types[at].type_length);
}

static struct rg_stitch_options draw_options(struct choices *c)
{
    static const uint8_t codecs[] = {RG_CODEC_KEEP,   RG_CODEC_KEEP, RG_CODEC_KEEP,
                                     RG_CODEC_SNAPPY, RG_CODEC_ZSTD, RG_CODEC_NONE};
    struct rg_stitch_options options = {
        .codec = codecs[choose(c, sizeof codecs - 1)],
        .has_crc = choose(c, 3) == 0,
        .has_bloom = choose_bool(c),
        .encoding = choose(c, 2) == 0 ? RG_STITCH_ENCODING_SMALL : RG_STITCH_ENCODING_KEEP,
        .layout = choose(c, 4) == 0 ? choose(c, 2) : RG_STITCH_LAYOUT_BY_RULE,
    };

    options.level = options.codec == RG_CODEC_KEEP ? 0 : rg_codec_level_default(options.codec);
    if (choose(c, 2) == 0)
        options.page_rows_target = 1 + choose(c, choose_bool(c) ? 3 : 200);
    if (choose(c, 2) == 0)
        options.page_bytes_target = 1 + choose(c, 5000);
    if (choose(c, 3) == 0)
        options.dictionary_bytes_max = 1 + choose(c, 4000);
    return options;
}

/* A column of random sources; `rows_max` in one of them. */
static void draw_sources(struct test *t, struct rg_arena *keep, struct choices *c,
                         uint32_t rows_max, struct sources *sources)
{
    struct value_style values = {
        .distinct = choose_bool(c) ? 0 : 1 + choose(c, choose_bool(c) ? 5 : 1000),
        .null_percent = choose_bool(c) ? 0 : choose(c, 100),
        .string_bytes = choose(c, 40),
    };
    const struct rg_schema *narrow = draw_schema(t, keep, c);
    const struct rg_schema *wide = column_schema_widened(t, keep, narrow);
    const bool is_widened = choose(c, 4) == 0;
    const uint32_t count = 1 + choose(c, SOURCES_MAX - 1);
    const bool is_uniform = choose_bool(c);
    const struct chunk_style shared = chunk_style_draw(c, &narrow->leaves[0]);

    *sources =
        (struct sources){.schema = is_widened ? wide : narrow, .is_bloom_asked = choose(c, 2) == 0};
    for (uint32_t i = 0; i < count; i++) {
        const bool is_wide = is_widened && choose_bool(c);
        const struct rg_schema *schema = is_wide ? wide : narrow;
        const struct chunk_style style =
            is_uniform ? shared : chunk_style_draw(c, &schema->leaves[0]);
        const uint32_t rows = 1 + choose(c, choose(c, 5) == 0 ? rows_max : rows_max / 50);

        values.first = choose(c, 3) == 0 ? 0 : choose(c, 300);
        if (choose(c, 9) == 0)
            values.null_percent = 100;
        const struct column column = column_make(t, keep, c, &schema->leaves[0], rows, &values);
        add_source(t, keep, c, sources, schema, &column, &style);
    }
}

/* A case that fails is written out, a file for each source. */
static void keep_sources(void *user, uint64_t seed)
{
    const struct sources *sources = user;

    for (size_t i = 0; i < sources->count; i++) {
        const struct rg_stitch_source *source = &sources->items[i];

        case_file_keep("chunk", seed, i, source->schema, &sources->built[i], source->file_offset,
                       source->row_count);
    }
}

static void stitch_some(struct test *t, struct choices *c, uint32_t rows_max)
{
    const struct rg_stitch_options options = draw_options(c);
    struct sources sources;
    struct rg_arena keep;

    rg_arena_init(&keep, &t->allocator, SIZE_MAX);
    draw_sources(t, &keep, c, rows_max, &sources);
    test_on_failure(keep_sources, &sources);
    check_stitch(t, &keep, &sources, &options);
    test_on_failure(NULL, NULL);
    rg_arena_fini(&keep);
}

static void property_stitched_rows_are_all_rows_in_order(struct test *t, struct choices *c)
{
    stitch_some(t, c, 3000);
}

static void property_small_chunks_of_every_kind(struct test *t, struct choices *c)
{
    stitch_some(t, c, 100);
}

static void property_larger_chunks_too(struct test *t, struct choices *c)
{
    stitch_some(t, c, 20000);
}

TEST(larger_chunks_too)
{
    if (t->allocations_allowed != UINT64_MAX)
        return; /* The property below starves small chunks, in the same ways. */
    test_property(t, "larger chunks too", 20, property_larger_chunks_too);
}

/* Few rows and many settings: most of what differs between writers shows in a page or two. */
TEST(small_chunks_of_every_kind)
{
    test_property(t, "small chunks of every kind", 2600, property_small_chunks_of_every_kind);
}

TEST(stitched_rows_are_all_rows_in_order)
{
    test_property(t, "stitched rows are all rows in order", 1500,
                  property_stitched_rows_are_all_rows_in_order);
}

/* Changes some bytes of a source, or what is said about it. */
static void damage(struct choices *c, struct sources *sources)
{
    struct rg_stitch_source *source = &sources->items[choose(c, (uint32_t)sources->count - 1)];
    struct rg_column_chunk *chunk = &sources->built[source - sources->items].chunk;
    uint8_t *bytes = sources->built[source - sources->items].memory;

    switch (choose(c, 5)) {
    case 0:
        source->bytes.bytes = choose(c, (uint32_t)source->bytes.bytes);
        break;
    case 1:
        chunk->value_count += choose(c, 2) - UINT64_C(1);
        break;
    case 2:
        source->row_count += choose(c, 2) - UINT64_C(1);
        break;
    default:
        for (uint32_t i = 1 + choose(c, 3); i > 0; i--) {
            /* Headers and levels are in front. */
            const uint32_t reach =
                (uint32_t)(choose_bool(c) && source->bytes.bytes > 100 ? 100 : source->bytes.bytes);

            bytes[choose(c, reach - 1)] = (uint8_t)choose(c, 255);
        }
        break;
    }
}

static void property_damage_is_refused_or_does_no_harm(struct test *t, struct choices *c)
{
    const struct rg_stitch_options options = draw_options(c);
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    struct rg_stitch_output output;
    struct sources sources;
    struct rg_arena keep;
    struct rg_arena arena;
    struct rg_arena scratch;
    size_t culprit = SIZE_MAX;

    CHECK_MEMORY(context);
    rg_arena_init(&keep, &t->allocator, SIZE_MAX);
    draw_sources(t, &keep, c, 1000, &sources);
    damage(c, &sources);
    const struct rg_stitch_column column = column_of(&sources, &options);
    /* A page that says it is huge must not make us take as much. */
    rg_arena_init(&arena, &t->allocator, (size_t)64 << 20);
    rg_arena_init(&scratch, &t->allocator, (size_t)64 << 20);
    const enum rg_status status = rg_stitch_chunk(context, &column, sources.items, sources.count,
                                                  &arena, &scratch, &output, &culprit, &t->err);
    CHECK(status != RG_ERR_BUG);
    if (status == RG_OK)
        (void)naive_join(t, &keep, &output);
    else if (status != RG_ERR_NOMEM)
        CHECK(culprit < sources.count && strncmp(t->err.text, "source: ", 8) == 0);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
    rg_arena_fini(&keep);
    rg_stitch_context_free(context);
}

TEST(damage_is_refused_or_does_no_harm)
{
    test_property(t, "damage is refused or does no harm", 1000,
                  property_damage_is_refused_or_does_no_harm);
}

/* A column of `count` equal or different sources that a test describes. */
static void make_sources(struct test *t, struct rg_arena *keep, struct choices *c, size_t count,
                         const struct rg_schema *schema, uint32_t rows,
                         const struct value_style *values, const struct chunk_style *style,
                         struct sources *sources)
{
    struct value_style each = *values;

    *sources = (struct sources){.schema = schema};
    for (size_t i = 0; i < count; i++) {
        const struct column column = column_make(t, keep, c, &schema->leaves[0], rows, &each);

        add_source(t, keep, c, sources, schema, &column, style);
        each.first += values->first;
    }
}

/* Two nested sources, of which the second's row group has a row more than its pages. */
static void check_wrong_rows(struct test *t, const struct chunk_style *style,
                             const struct rg_stitch_options *options)
{
    const struct value_style values = {.distinct = 40, .null_percent = 20};
    struct choices c = {.seed = 7};
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    struct rg_stitch_output output;
    struct sources sources;
    struct rg_arena keep;
    struct rg_arena arena;
    struct rg_arena scratch;
    size_t culprit = SIZE_MAX;

    CHECK_MEMORY(context);
    rg_arena_init(&keep, &t->allocator, SIZE_MAX);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_arena_init(&scratch, &t->allocator, SIZE_MAX);
    const struct rg_schema *schema = column_schema(t, &keep, NESTING_LIST, RG_TYPE_INT64, 0);
    make_sources(t, &keep, &c, 2, schema, 300, &values, style, &sources);
    const struct rg_stitch_column column = column_of(&sources, options);
    CHECK_OK(rg_stitch_chunk(context, &column, sources.items, sources.count, &arena, &scratch,
                             &output, &culprit, &t->err));
    sources.items[1].row_count++;
    const enum rg_status status = rg_stitch_chunk(context, &column, sources.items, sources.count,
                                                  &arena, &scratch, &output, &culprit, &t->err);
    test_check_error(t, status, RG_ERR_CORRUPT, "the row group 301", __FILE__, __LINE__);
    CHECK_U64(culprit, 1);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
    rg_arena_fini(&keep);
    rg_stitch_context_free(context);
}

TEST(rows_that_no_page_has_are_missed)
{
    const struct rg_stitch_options keep = {.codec = RG_CODEC_KEEP};
    const struct rg_stitch_options pages = {.codec = RG_CODEC_KEEP, .page_rows_target = 10};
    struct chunk_style style = {.codec = RG_CODEC_SNAPPY, .versions = 2, .page_slots = 5000};

    check_wrong_rows(t, &style, &pages); /* copied */
    check_wrong_rows(t, &style, &keep);  /* joined */
    style.dictionary_entries = 100;
    check_wrong_rows(t, &style, &keep);
    style.is_shuffled = true; /* remapped */
    check_wrong_rows(t, &style, &keep);
    style.versions = 1;
    check_wrong_rows(t, &style, &keep);
    style.dictionary_entries = 0;
    check_wrong_rows(t, &style, &keep);
}

/* How pages of sources like these move. */
struct example {
    const char *about;
    struct value_style values;
    struct chunk_style style;
    struct rg_stitch_options options;
    enum rg_verdict verdict;
    enum rg_reason reason;
    uint32_t rows;
    uint32_t source_count;
    uint8_t type; /* 0: INT64. */
};

/* The footers of such sources told as much before. */
static void check_foretold(const struct sources *sources, const struct example *example)
{
    const struct rg_stitch_column column = column_of(sources, &example->options);
    struct rg_stitch_estimate estimate;
    uint64_t bytes = 0;

    for (size_t i = 0; i < sources->count; i++)
        bytes += sources->items[i].chunk->compressed_bytes;
    rg_stitch_estimate(&column, sources->items, sources->count, &estimate);
    CHECK_U64(estimate.input_bytes, bytes);
    /* Footers do not tell whether a dictionary of unique values is in order. */
    const enum rg_verdict wanted =
        example->style.is_shuffled ? RG_VERDICT_PROMOTE : example->verdict;
    if (sources->expected.slot_count >= 2500 && estimate.verdict != wanted)
        test_fail(__FILE__, __LINE__, "%s: footers tell %s", example->about,
                  rg_verdict_name(estimate.verdict));
}

/* A starved run is about memory: few rows make it cheap, and then pages move otherwise. */
static void check_example(struct test *t, const struct example *example)
{
    const bool is_starved = t->allocations_allowed != UINT64_MAX;
    const uint32_t rows = is_starved ? example->rows / 30 : example->rows;
    struct choices c = {.seed = 5};
    struct rg_stitch_context *context = rg_stitch_context_new(&t->allocator);
    struct rg_stitch_output output;
    struct sources sources;
    struct rg_arena keep;
    struct rg_arena arena;
    struct rg_arena scratch;
    uint64_t pages = 0;

    CHECK_MEMORY(context);
    rg_arena_init(&keep, &t->allocator, SIZE_MAX);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_arena_init(&scratch, &t->allocator, SIZE_MAX);
    const uint8_t type = example->type != 0 ? example->type : RG_TYPE_INT64;
    const struct rg_schema *schema = column_schema(t, &keep, NESTING_OPTIONAL, type, 0);
    make_sources(t, &keep, &c, example->source_count, schema, rows, &example->values,
                 &example->style, &sources);
    (void)stitch(t, &keep, context, &sources, &example->options, &arena, &scratch, false, &output);
    naive_check(t, &keep, sources.schema, &output, &sources.expected);
    for (unsigned v = 0; v < RG_VERDICT_COUNT; v++)
        pages += output.moves.pages[v];
    if (!is_starved && (output.moves.pages[example->verdict] * 2 <= pages ||
                        output.moves.reason_pages[example->reason] == 0))
        test_fail(__FILE__, __LINE__, "%s: %llu of %llu pages %s", example->about,
                  (unsigned long long)output.moves.pages[example->verdict],
                  (unsigned long long)pages, rg_verdict_name(example->verdict));
    check_foretold(&sources, example);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
    rg_arena_fini(&keep);
    rg_stitch_context_free(context);
}

TEST(pages_move_as_they_should)
{
    const struct chunk_style dictionary = {.codec = RG_CODEC_SNAPPY,
                                           .versions = 1,
                                           .page_slots = 5000,
                                           .dictionary_entries = 20000,
                                           .has_statistics = true,
                                           .has_encoding_stats = true};
    const struct rg_stitch_options keep = {.codec = RG_CODEC_KEEP};
    const struct rg_stitch_options zstd = {.codec = RG_CODEC_ZSTD, .level = 1};
    const struct rg_stitch_options small = {.codec = RG_CODEC_KEEP,
                                            .encoding = RG_STITCH_ENCODING_SMALL};
    struct chunk_style plain = dictionary;
    struct chunk_style tiny = dictionary;
    struct chunk_style shuffled = dictionary;
    struct chunk_style linked = dictionary;
    struct chunk_style packed = dictionary;

    plain.dictionary_entries = 0;
    plain.page_slots = 20000;
    tiny.dictionary_entries = 0;
    tiny.page_slots = 100;
    shuffled.is_shuffled = true;
    linked.dictionary_entries = 0;
    linked.encoding = RG_ENCODING_DELTA_BYTE_ARRAY;
    linked.has_links = true;
    packed.dictionary_entries = 0;
    packed.page_slots = 20000;
    packed.has_packed_levels = true;
    const struct value_style unique = {.distinct = 0, .first = 10000};
    const struct value_style few = {.distinct = 50};
    const struct value_style moving = {.distinct = 200, .first = 20};
    const struct example rows[] = {
        {"unique values are promoted", unique, dictionary, keep, RG_VERDICT_PROMOTE, RG_REASON_NONE,
         9000, 4, 0},
        {"few values are remapped", few, dictionary, keep, RG_VERDICT_REMAP,
         RG_REASON_DICTIONARIES_DIFFER, 20000, 4, 0},
        {"overlapping dictionaries are united", moving, dictionary, keep, RG_VERDICT_REMAP,
         RG_REASON_DICTIONARIES_DIFFER, 9000, 6, 0},
        {"one alone is copied", few, dictionary, keep, RG_VERDICT_COPY, RG_REASON_NONE, 20000, 1,
         0},
        {"plain pages are copied", unique, plain, keep, RG_VERDICT_COPY, RG_REASON_NONE, 20000, 3,
         0},
        {"another codec", unique, plain, zstd, RG_VERDICT_RECOMPRESS, RG_REASON_CODEC_ASKED, 20000,
         3, 0},
        {"tiny pages are joined", unique, tiny, keep, RG_VERDICT_JOIN, RG_REASON_TINY_PAGES, 500, 5,
         0},
        {"what does not repeat is dissolved", unique, shuffled, keep, RG_VERDICT_DISSOLVE,
         RG_REASON_VALUES_HARDLY_REPEAT, 9000, 4, 0},
        {"pages that lean on the page before are decoded", unique, linked, keep, RG_VERDICT_RECODE,
         RG_REASON_ENCODING, 20000, 3, RG_TYPE_BYTE_ARRAY},
        {"they get a dictionary where bytes go before time", few, linked, small, RG_VERDICT_RECODE,
         RG_REASON_ENCODING, 20000, 3, RG_TYPE_BYTE_ARRAY},
        {"and so they are where a trial decides", unique, linked, small, RG_VERDICT_RECODE,
         RG_REASON_ENCODING, 20000, 3, RG_TYPE_BYTE_ARRAY},
        {"plain values that repeat get a dictionary where bytes go before time", few, plain, small,
         RG_VERDICT_RECODE, RG_REASON_ENCODING_ASKED, 20000, 3, 0},
        {"integers that grow become deltas there", unique, plain, small, RG_VERDICT_RECODE,
         RG_REASON_ENCODING_ASKED, 20000, 3, 0},
        {"levels that nobody writes any more are written anew", unique, packed, keep,
         RG_VERDICT_RECODE, RG_REASON_ENCODING, 60000, 3, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_example(t, &rows[i]);
}

/*
 * The base has a value twice, and another source brings a new one: as many entries as the base has,
 * but not the base's.
 */
TEST(a_union_of_the_same_size_is_not_the_base)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    static const struct chunk_style twins = {.codec = RG_CODEC_SNAPPY,
                                             .versions = 1,
                                             .page_slots = 20000,
                                             .dictionary_entries = 100,
                                             .has_duplicates = true};
    struct chunk_style single = twins;
    struct choices c = {.seed = 3};
    struct sources sources = {0};
    struct rg_arena keep;

    single.has_duplicates = false;
    rg_arena_init(&keep, &t->allocator, SIZE_MAX);
    const struct rg_schema *schema = column_schema(t, &keep, NESTING_REQUIRED, RG_TYPE_INT64, 0);
    sources.schema = schema;
    const uint32_t others = t->allocations_allowed == UINT64_MAX ? 12 : 2;
    const uint32_t rows = t->allocations_allowed == UINT64_MAX ? 9000 : 600;
    for (uint32_t other = 1; other < others; other++) {
        const struct value_style few = {.distinct = 8};
        const struct value_style more = {.distinct = other, .first = 7};
        const struct column base = column_make(t, &keep, &c, &schema->leaves[0], rows, &few);
        const struct column second =
            column_make(t, &keep, &c, &schema->leaves[0], rows - 500, &more);

        sources.count = 0;
        sources.expected = (struct column){NULL, 0, 0};
        add_source(t, &keep, &c, &sources, schema, &base, &twins);
        add_source(t, &keep, &c, &sources, schema, &second, &single);
        check_stitch(t, &keep, &sources, &options);
    }
    rg_arena_fini(&keep);
}

/* Sources, and what becomes of them when they are stitched once. */
struct run {
    struct rg_arena keep;
    struct sources sources;
    struct rg_stitch_output output;
    struct rg_span bytes;
    struct rg_arena arena;
    struct rg_stitch_context *context;
};

static void begin_run(struct test *t, struct run *run)
{
    *run = (struct run){.context = rg_stitch_context_new(&t->allocator)};
    CHECK_MEMORY(run->context);
    rg_arena_init(&run->keep, &t->allocator, SIZE_MAX);
    rg_arena_init(&run->arena, &t->allocator, SIZE_MAX);
}

static void stitch_only(struct test *t, struct run *run, const struct rg_stitch_options *options)
{
    struct rg_arena scratch;

    rg_arena_init(&scratch, &t->allocator, SIZE_MAX);
    run->bytes = stitch(t, &run->keep, run->context, &run->sources, options, &run->arena, &scratch,
                        false, &run->output);
}

static void check_run(struct test *t, struct run *run)
{
    naive_check(t, &run->keep, run->sources.schema, &run->output, &run->sources.expected);
}

static void stitch_run(struct test *t, struct run *run, const struct rg_stitch_options *options)
{
    stitch_only(t, run, options);
    check_run(t, run);
}

static void end_run(struct run *run)
{
    rg_arena_fini(&run->arena);
    rg_arena_fini(&run->keep);
    rg_stitch_context_free(run->context);
}

/*
 * Pages that lean on the page before, looked up in a dictionary that proves too small in the middle
 * of a source: the trial saw none of the second one.
 */
static void linked_pages_go_on_behind_a_dictionary(struct test *t, struct choices *c)
{
    const struct chunk_style style = {.codec = RG_CODEC_SNAPPY,
                                      .versions = (uint8_t)(1 + choose(c, 2)),
                                      .page_slots = 100 + choose(c, 900),
                                      .encoding = RG_ENCODING_DELTA_BYTE_ARRAY,
                                      .has_links = true,
                                      .has_statistics = choose_bool(c),
                                      .has_encoding_stats = true};
    const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP,
                                              .dictionary_bytes_max = 1500 + choose(c, 3000),
                                              .encoding = RG_STITCH_ENCODING_SMALL};
    const uint32_t nulls = choose(c, 20);
    /* Strings of hexadecimal digits, which begin alike. */
    const struct value_style few = {
        .distinct = 30, .first = 0x51000, .null_percent = nulls, .string_bytes = 20};
    struct value_style many = few;
    const bool is_starved = t->allocations_allowed != UINT64_MAX;
    struct run run;

    begin_run(t, &run);
    many.distinct = 400 + choose(c, 4000);
    const struct rg_schema *schema =
        column_schema(t, &run.keep, NESTING_OPTIONAL, RG_TYPE_BYTE_ARRAY, 0);
    run.sources = (struct sources){.schema = schema};
    for (uint32_t i = 0; i < 6; i++) {
        const struct column column = column_make(t, &run.keep, c, &schema->leaves[0],
                                                 is_starved ? 200 : 4000, i == 1 ? &many : &few);

        add_source(t, &run.keep, c, &run.sources, schema, &column, &style);
    }
    stitch_run(t, &run, &options);
    const uint32_t encodings = run.output.chunk.encodings;
    CHECK(is_starved || run.output.moves.reason_pages[RG_REASON_ENCODING] > 0);
    CHECK(is_starved || run.output.chunk.has_dictionary_offset);
    /* Some pages are indices, and some are not. */
    CHECK(is_starved || (encodings & UINT32_C(1) << RG_ENCODING_RLE_DICTIONARY) != 0);
    CHECK(is_starved || (encodings & UINT32_C(1) << RG_ENCODING_DELTA_BYTE_ARRAY) != 0);
    end_run(&run);
}

TEST(dictionaries_of_linked_pages_may_prove_too_small)
{
    test_property(t, "linked_pages_go_on_behind_a_dictionary", 40,
                  linked_pages_go_on_behind_a_dictionary);
}

/* One value of 20,000 bytes in four of five rows, and short ones that are different all. */
static void add_skewed(struct test *t, struct run *run, const struct chunk_style *style,
                       uint32_t rows)
{
    static const struct value_style values = {.distinct = 0, .first = 70, .string_bytes = 8};
    static const uint32_t long_bytes = 20000;
    struct choices c = {.seed = 13};
    struct column column =
        column_make(t, &run->keep, &c, &run->sources.schema->leaves[0], rows, &values);
    uint8_t *text = rg_arena_alloc(&run->keep, long_bytes);

    CHECK_MEMORY(text);
    for (uint32_t i = 0; i < long_bytes; i++)
        text[i] = (uint8_t)(choose(&c, 256));
    for (uint32_t i = 0; i < column.slot_count; i++) {
        if (i % 5 != 0)
            column.slots[i].value = (struct rg_span){text, long_bytes};
    }
    add_source(t, &run->keep, &c, &run->sources, run->sources.schema, &column, style);
}

/* What they take without a dictionary is known only to who counts: on average entries are short. */
TEST(long_values_among_short_ones_stay_in_a_dictionary)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    struct chunk_style style = {.codec = RG_CODEC_SNAPPY,
                                .versions = 1,
                                .page_slots = 100,
                                .dictionary_entries = 1000,
                                .has_encoding_stats = true};
    const uint32_t rows = t->allocations_allowed == UINT64_MAX ? 500 : 50;
    struct run run;

    begin_run(t, &run);
    run.sources = (struct sources){
        .schema = column_schema(t, &run.keep, NESTING_REQUIRED, RG_TYPE_BYTE_ARRAY, 0)};
    add_skewed(t, &run, &style, rows);
    add_skewed(t, &run, &style, rows);
    /* One without: from it on all would be PLAIN. */
    style.dictionary_entries = 0;
    add_skewed(t, &run, &style, 2);
    style.dictionary_entries = 1000;
    add_skewed(t, &run, &style, rows);
    stitch_run(t, &run, &options);
    CHECK(run.output.bytes < 200000);
    CHECK(run.output.moves.reason_pages[RG_REASON_LONG_VALUES] > 0);
    end_run(&run);
}

/* A page that becomes several is counted by what all of them take, beside one that is copied. */
TEST(all_pages_that_come_of_one_count_with_it)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP,
                                                     .page_rows_target = 100};
    static const struct value_style unique = {.distinct = 0, .first = 1 << 20};
    static const struct value_style few = {.distinct = 50};
    struct chunk_style style = {.codec = RG_CODEC_NONE, .versions = 1, .page_slots = 20000};
    const uint32_t rows = t->allocations_allowed == UINT64_MAX ? 9000 : 300;
    struct choices c = {.seed = 17};
    struct run run;

    begin_run(t, &run);
    run.sources =
        (struct sources){.schema = column_schema(t, &run.keep, NESTING_REQUIRED, RG_TYPE_INT64, 0)};
    const struct rg_leaf *leaf = &run.sources.schema->leaves[0];
    const struct column plain = column_make(t, &run.keep, &c, leaf, 9000, &unique);
    const struct column indexed = column_make(t, &run.keep, &c, leaf, rows, &few);
    add_source(t, &run.keep, &c, &run.sources, run.sources.schema, &plain, &style);
    style.dictionary_entries = 1000;
    add_source(t, &run.keep, &c, &run.sources, run.sources.schema, &indexed, &style);
    stitch_run(t, &run, &options);
    const struct rg_moves *moves = &run.output.moves;
    CHECK_U64(moves->pages[RG_VERDICT_COPY], 1);
    CHECK_U64(moves->pages[RG_VERDICT_DISSOLVE], 1);
    CHECK(moves->out_bytes[RG_VERDICT_COPY] < 8 * 9000 + 100);
    CHECK(moves->out_bytes[RG_VERDICT_DISSOLVE] > UINT64_C(8) * rows);
    end_run(&run);
}

/* PLAIN bytes of all values. */
static uint64_t plain_bytes_of(const struct column *column)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < column->slot_count; i++)
        bytes += column->slots[i].def > 0 ? 4 + column->slots[i].value.bytes : 0;
    return bytes;
}

/* Whatever else is in a dictionary, short values go over in long pieces, as do their levels. */
TEST(one_long_entry_does_not_cut_levels_to_pieces)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    static const struct value_style few = {
        .distinct = 50, .first = 70, .null_percent = 50, .string_bytes = 8};
    struct chunk_style style = {.codec = RG_CODEC_NONE, .versions = 1, .page_slots = 5000};
    const bool is_starved = t->allocations_allowed != UINT64_MAX;
    const uint32_t long_bytes = is_starved ? 1000 : UINT32_C(3) << 19;
    struct choices c = {.seed = 23};
    struct run run;

    begin_run(t, &run);
    run.sources = (struct sources){
        .schema = column_schema(t, &run.keep, NESTING_OPTIONAL, RG_TYPE_BYTE_ARRAY, 0)};
    const struct rg_leaf *leaf = &run.sources.schema->leaves[0];
    const struct column plain = column_make(t, &run.keep, &c, leaf, 100, &few);
    struct column indexed = column_make(t, &run.keep, &c, leaf, is_starved ? 200 : 4000, &few);
    uint8_t *text = rg_arena_alloc(&run.keep, long_bytes);
    CHECK_MEMORY(text);
    memset(text, 'x', long_bytes);
    indexed.slots[0] = (struct slot){.def = 1, .value = {text, long_bytes}};
    add_source(t, &run.keep, &c, &run.sources, run.sources.schema, &plain, &style);
    style.dictionary_entries = 1000;
    add_source(t, &run.keep, &c, &run.sources, run.sources.schema, &indexed, &style);
    stitch_run(t, &run, &options);
    CHECK(run.output.moves.pages[RG_VERDICT_DISSOLVE] > 0);
    CHECK(run.output.chunk.uncompressed_bytes <
          plain_bytes_of(&plain) + plain_bytes_of(&indexed) + 1500);
    end_run(&run);
}

/* Pages of nulls do not make a filter smaller that is asked for. */
TEST(a_filter_has_room_for_all_values_beside_nulls)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    static const struct value_style unique = {.distinct = 0, .first = 1 << 20};
    static const struct chunk_style style = {
        .codec = RG_CODEC_SNAPPY, .versions = 2, .page_slots = 500};
    const uint32_t rows = t->allocations_allowed == UINT64_MAX ? 2000 : 200;
    struct choices c = {.seed = 19};
    struct rg_bloom bloom = {NULL, 0};
    struct run run;

    begin_run(t, &run);
    run.sources = (struct sources){
        .schema = column_schema(t, &run.keep, NESTING_OPTIONAL, RG_TYPE_INT64, 0),
        .is_bloom_asked = true,
    };
    struct column column =
        column_make(t, &run.keep, &c, &run.sources.schema->leaves[0], 2 * rows, &unique);
    for (uint32_t i = 0; i < rows; i++)
        column.slots[i] = (struct slot){.def = 0};
    add_source(t, &run.keep, &c, &run.sources, run.sources.schema, &column, &style);
    run.sources.items[0].bloom = (struct rg_span){NULL, 0};
    stitch_run(t, &run, &options);
    CHECK_OK(rg_bloom_parse(run.output.bloom, &bloom, &t->err));
    CHECK(rg_bloom_false_positives(&bloom) < 0.03);
    end_run(&run);
}

/* Dictionaries with bytes behind their last entry, or not. */
struct loose_end {
    const char *about;
    bool is_loose;
    bool is_stated;     /* The source says how long its strings are. */
    bool is_tiny;       /* Such pages are joined. */
    bool is_page_loose; /* They stay behind the last value of a page. */
    bool has_sizes;     /* The output says how long its strings are. */
    enum rg_verdict verdict;
};

static void check_loose_end(struct test *t, const struct loose_end *row)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    /* Strings that are different all, and so long that they are not tiny, if they must. */
    const struct value_style values = {
        .distinct = 0, .first = 61, .string_bytes = row->is_tiny ? 100 : 4000};
    /* Tiny ones are spliced: what is behind the last string is then seen by the count only. */
    const struct chunk_style style = {.codec = row->is_tiny ? RG_CODEC_SNAPPY : RG_CODEC_NONE,
                                      .versions = 1,
                                      .page_slots = 5000,
                                      .dictionary_entries = 1000,
                                      .has_loose_ends = row->is_loose,
                                      .has_index = true,
                                      .has_size_statistics = true};
    struct choices c = {.seed = 11};
    struct run run;

    begin_run(t, &run);
    const struct rg_schema *schema =
        column_schema(t, &run.keep, NESTING_REQUIRED, RG_TYPE_BYTE_ARRAY, 0);
    make_sources(t, &run.keep, &c, 3, schema, 60, &values, &style, &run.sources);
    for (size_t i = 0; i < run.sources.count && !row->is_stated; i++) {
        run.sources.built[i].chunk.size_statistics.has_unencoded_bytes = false;
        run.sources.built[i].offset_index.unencoded_bytes = NULL;
    }
    stitch_only(t, &run, &options);
    CHECK(run.output.has_offset_index);
    if (run.output.moves.pages[row->verdict] != 3 ||
        (run.output.offset_index.unencoded_bytes != NULL) != row->has_sizes)
        test_fail(__FILE__, __LINE__, "%s: %llu pages %s", row->about,
                  (unsigned long long)run.output.moves.pages[row->verdict],
                  rg_verdict_name(row->verdict));
    /* It minds what is behind a page's last value. */
    if (!row->is_page_loose)
        check_run(t, &run);
    end_run(&run);
}

/* What a page's strings take is stated or counted, never guessed from a dictionary's size. */
TEST(what_lies_behind_a_dictionary_is_no_string)
{
    static const struct loose_end rows[] = {
        {"whole", .is_stated = true, .has_sizes = true, .verdict = RG_VERDICT_PROMOTE},
        {"whole, nothing stated", .verdict = RG_VERDICT_PROMOTE},
        {"loose", .is_loose = true, .is_stated = true, .has_sizes = true,
         .verdict = RG_VERDICT_DISSOLVE},
        {"loose, nothing stated", .is_loose = true, .is_page_loose = true,
         .verdict = RG_VERDICT_PROMOTE},
        {"tiny", .is_stated = true, .is_tiny = true, .has_sizes = true,
         .verdict = RG_VERDICT_PROMOTE},
        {"tiny, nothing stated", .is_tiny = true, .has_sizes = true, .verdict = RG_VERDICT_PROMOTE},
        {"tiny and loose", .is_loose = true, .is_stated = true, .is_tiny = true, .has_sizes = true,
         .verdict = RG_VERDICT_DISSOLVE},
        {"tiny and loose, nothing stated", .is_loose = true, .is_tiny = true, .has_sizes = true,
         .verdict = RG_VERDICT_PROMOTE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_loose_end(t, &rows[i]);
}

/*
 * Pages of which nothing is said have their chunk's bounds, unless one of them may hold nothing but
 * NaN (docs of ColumnIndex in parquet.thrift): then there is no column index.
 */
TEST(bounds_of_a_chunk_are_those_of_pages_but_for_nan)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    static const struct {
        enum rg_type type;
        uint32_t page_slots;
        bool is_nan_counted;
        bool has_index;
    } rows[] = {
        {RG_TYPE_FLOAT, 20000, false, true}, {RG_TYPE_FLOAT, 20, false, false},
        {RG_TYPE_DOUBLE, 20, false, false},  {RG_TYPE_DOUBLE, 20, true, true},
        {RG_TYPE_INT64, 20, false, true},
    };
    static const struct value_style values = {.distinct = 5, .first = 0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct chunk_style style = {.codec = RG_CODEC_SNAPPY,
                                          .versions = 1,
                                          .page_slots = rows[i].page_slots,
                                          .dictionary_entries = 10,
                                          .has_statistics = true};
        struct choices c = {.seed = 12};
        struct run run;

        begin_run(t, &run);
        make_sources(t, &run.keep, &c, 2,
                     column_schema(t, &run.keep, NESTING_REQUIRED, rows[i].type, 0), 100, &values,
                     &style, &run.sources);
        for (size_t s = 0; s < run.sources.count; s++) {
            struct rg_statistics *statistics = &run.sources.built[s].chunk.statistics;

            statistics->has_nan_count = rows[i].is_nan_counted;
            statistics->nan_count = 0;
        }
        stitch_run(t, &run, &options);
        if (run.output.has_column_index != rows[i].has_index)
            test_fail(__FILE__, __LINE__, "row %zu", i);
        CHECK(run.output.chunk.statistics.min_value.bytes > 0);
        end_run(&run);
    }
}

/*
 * Tiny PLAIN pages without statistics become one page with bounds, wherever their values lie; and
 * what is behind the last value of one is not taken for a value.
 */
TEST(tiny_pages_are_joined_with_their_bounds)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    static const struct {
        enum column_nesting nesting;
        enum rg_type type;
        uint8_t codec;
        uint8_t version;
        bool has_loose_ends;
        bool has_bounds;
    } rows[] = {
        {NESTING_OPTIONAL, RG_TYPE_INT64, RG_CODEC_SNAPPY, 1, false, true},
        {NESTING_OPTIONAL, RG_TYPE_INT64, RG_CODEC_SNAPPY, 1, true, true},
        {NESTING_REQUIRED, RG_TYPE_INT64, RG_CODEC_NONE, 1, false, true},
        {NESTING_REQUIRED, RG_TYPE_INT64, RG_CODEC_NONE, 2, true, true},
        /* Elements of snappy that lie there by themselves are not opened. */
        {NESTING_REQUIRED, RG_TYPE_INT64, RG_CODEC_SNAPPY, 1, true, false},
        {NESTING_OPTIONAL, RG_TYPE_INT64, RG_CODEC_SNAPPY, 2, true, false},
        {NESTING_OPTIONAL, RG_TYPE_BYTE_ARRAY, RG_CODEC_SNAPPY, 2, true, false},
        {NESTING_OPTIONAL, RG_TYPE_BYTE_ARRAY, RG_CODEC_ZSTD, 1, true, true},
    };
    static const struct value_style values = {.distinct = 0, .first = 70, .string_bytes = 20};
    const uint32_t row_count = t->allocations_allowed == UINT64_MAX ? 3000 : 40;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct chunk_style style = {.codec = rows[i].codec,
                                          .versions = rows[i].version,
                                          .page_slots = 600,
                                          .has_loose_ends = rows[i].has_loose_ends};
        struct choices c = {.seed = 6};
        struct run run;

        begin_run(t, &run);
        const struct rg_schema *schema =
            column_schema(t, &run.keep, rows[i].nesting, rows[i].type, 0);
        make_sources(t, &run.keep, &c, 3, schema, row_count, &values, &style, &run.sources);
        stitch_run(t, &run, &options);
        CHECK(run.output.moves.pages[RG_VERDICT_JOIN] > 2);
        if (run.output.has_column_index != rows[i].has_bounds)
            test_fail(__FILE__, __LINE__, "row %zu: bounds, or none", i);
        end_run(&run);
    }
}

/* Pages whose rows are split stay one to one, as they must not be V2. */
TEST(pages_whose_rows_are_split_stay_apart)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP};
    static const struct value_style values = {.distinct = 50};
    struct chunk_style style = {.codec = RG_CODEC_SNAPPY,
                                .versions = 1,
                                .page_slots = 50,
                                .dictionary_entries = 100,
                                .has_split_rows = true};
    struct choices c = {.seed = 12};
    struct page_sum in = {0};
    struct page_sum out = {0};
    struct run run;

    begin_run(t, &run);
    const struct rg_schema *schema = column_schema(t, &run.keep, NESTING_LIST, RG_TYPE_INT64, 0);
    make_sources(t, &run.keep, &c, 2, schema, 100, &values, &style, &run.sources);
    stitch_run(t, &run, &options);
    for (size_t i = 0; i < run.sources.count; i++)
        add_pages(t, run.sources.items[i].bytes, &in);
    add_pages(t, run.bytes, &out);
    CHECK(run.output.moves.pages[RG_VERDICT_REMAP] > 1);
    CHECK_U64(out.page_count, in.page_count);
    end_run(&run);
}

/* What a trial put into the dictionary is taken out again: entries come as values first do. */
TEST(a_trial_leaves_no_entries_behind)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_KEEP,
                                                     .encoding = RG_STITCH_ENCODING_SMALL};
    static const struct chunk_style style = {
        .codec = RG_CODEC_NONE, .versions = 1, .page_slots = 500};
    static const struct value_style unique = {.distinct = 0};
    const uint32_t rows = t->allocations_allowed == UINT64_MAX ? 20000 : 5000;
    struct choices c = {.seed = 13};
    struct rg_page_header header;
    struct run run;
    size_t header_bytes;

    begin_run(t, &run);
    const struct rg_schema *schema =
        column_schema(t, &run.keep, NESTING_REQUIRED, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 12);
    struct column column = column_make(t, &run.keep, &c, &schema->leaves[0], rows, &unique);
    /* Every value many times, one value after the other. */
    for (uint32_t i = 0; i < rows; i++)
        column.slots[i].value = column.slots[i / 100 * 100 + 1].value;
    run.sources.schema = schema;
    add_source(t, &run.keep, &c, &run.sources, schema, &column, &style);
    stitch_run(t, &run, &options);
    CHECK_OK(rg_page_header_parse(run.bytes, &header, &header_bytes, &t->err));
    CHECK_U64(header.type, RG_PAGE_DICTIONARY);
    CHECK(header.uncompressed_bytes == header.value_count * 12);
    for (uint32_t i = 0; i < header.value_count; i++)
        CHECK(memcmp(run.bytes.data + header_bytes + (size_t)i * 12,
                     column.slots[(size_t)i * 100].value.data, 12) == 0);
    end_run(&run);
}

static void property_a_case_is_kept_as_a_file(struct test *t, struct choices *c)
{
    struct sources sources;
    struct rg_buffer bytes;
    struct rg_file_meta meta;
    struct rg_arena keep;
    uint64_t footer_bytes;

    rg_arena_init(&keep, &t->allocator, SIZE_MAX);
    draw_sources(t, &keep, c, 50, &sources);
    const struct rg_stitch_source *source = &sources.items[0];
    rg_buffer_init(&bytes, &t->allocator, SIZE_MAX);
    if (!case_file_make(source->schema, &sources.built[0], source->file_offset, source->row_count,
                        &bytes))
        CHECK_MEMORY(NULL);
    CHECK_OK(rg_footer_tail_parse(bytes.data + bytes.bytes - RG_FOOTER_TAIL_BYTES, bytes.bytes,
                                  &footer_bytes, &t->err));
    const size_t end = bytes.bytes - RG_FOOTER_TAIL_BYTES;
    const struct rg_span footer = {bytes.data + end - footer_bytes, (size_t)footer_bytes};
    CHECK_OK(rg_footer_parse(footer, &keep, &meta, &t->err));
    const struct rg_column_chunk *chunk = &meta.row_groups[0].columns[0];
    const struct rg_span there = {bytes.data + rg_chunk_begin(chunk),
                                  (size_t)chunk->compressed_bytes};
    CHECK_SPAN(there, source->bytes);
    CHECK_U64(meta.row_groups[0].row_count, source->row_count);
    rg_buffer_fini(&bytes);
    rg_arena_fini(&keep);
}

/* What is written of a failing case is a file that says the same. */
TEST(a_case_is_kept_as_a_file)
{
    test_property(t, "a case is kept as a file", 50, property_a_case_is_kept_as_a_file);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"stitched_rows_are_all_rows_in_order", stitched_rows_are_all_rows_in_order},
        {"small_chunks_of_every_kind", small_chunks_of_every_kind},
        {"larger_chunks_too", larger_chunks_too},
        {"a_case_is_kept_as_a_file", a_case_is_kept_as_a_file},
        {"damage_is_refused_or_does_no_harm", damage_is_refused_or_does_no_harm},
        {"rows_that_no_page_has_are_missed", rows_that_no_page_has_are_missed},
        {"dictionaries_of_linked_pages_may_prove_too_small",
         dictionaries_of_linked_pages_may_prove_too_small},
        {"pages_move_as_they_should", pages_move_as_they_should},
        {"a_union_of_the_same_size_is_not_the_base", a_union_of_the_same_size_is_not_the_base},
        {"all_pages_that_come_of_one_count_with_it", all_pages_that_come_of_one_count_with_it},
        {"one_long_entry_does_not_cut_levels_to_pieces",
         one_long_entry_does_not_cut_levels_to_pieces},
        {"a_filter_has_room_for_all_values_beside_nulls",
         a_filter_has_room_for_all_values_beside_nulls},
        {"what_lies_behind_a_dictionary_is_no_string", what_lies_behind_a_dictionary_is_no_string},
        {"long_values_among_short_ones_stay_in_a_dictionary",
         long_values_among_short_ones_stay_in_a_dictionary},
        {"bounds_of_a_chunk_are_those_of_pages_but_for_nan",
         bounds_of_a_chunk_are_those_of_pages_but_for_nan},
        {"tiny_pages_are_joined_with_their_bounds", tiny_pages_are_joined_with_their_bounds},
        {"pages_whose_rows_are_split_stay_apart", pages_whose_rows_are_split_stay_apart},
        {"a_trial_leaves_no_entries_behind", a_trial_leaves_no_entries_behind},
    };

    return test_main("stitch/chunk", cases, sizeof cases / sizeof cases[0], argc, argv);
}
