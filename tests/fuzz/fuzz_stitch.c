/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes that say they are one or two column chunks, stitched: refused by name, or an output whose
 * parts add up and which decodes to what its sources decode to, one behind another. Broken values
 * of a page that was only copied are broken in the output too: what cannot be decoded before is not
 * compared. The first bytes choose type, nesting, codec, options and counts, and whether sources
 * come with an offset index, a right one or not.
 */

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_pages.h"
#include "parquet/chunk_reader.h"
#include "parquet/page_header.h"
#include "stitch/chunk.h"
#include "stitch/estimate.h"

enum {
    CHOICES = 9,
    SOURCES_MAX = 3,
    ELEMENTS_MAX = 4,
    IS_TWO = 126, /* Of the byte that chooses the number of sources: two chunks take turns. */
    SPLIT_BYTES = 2,
    PAGES_MAX = 256, /* With an offset index. */
};

/* Bits of the byte that chooses nesting. */
enum {
    HAS_INDEX = 0x80,
    IS_INDEX_WRONG = 0x40,
};

/* Bits of the byte of options. */
enum {
    IS_SNAPPY = 1,
    HAS_SMALL_PAGES = 2,
    HAS_CRC = 4,
    HAS_BLOOM = 8,
    IS_ENCODING_SMALL = 16,
    IS_BLOOM_ASKED = 32,
    HAS_SMALL_DICTIONARY = 64,
    HAS_SHORT_PAGES = 128,
};

static const uint8_t codecs[] = {RG_CODEC_NONE,    RG_CODEC_SNAPPY, RG_CODEC_ZSTD,  RG_CODEC_LZ4,
                                 RG_CODEC_LZ4_RAW, RG_CODEC_GZIP,   RG_CODEC_BROTLI};

static const size_t memory_max = (size_t)64 << 20;

/* Repetition of the elements below the root. */
static const uint8_t paths[][ELEMENTS_MAX] = {{RG_REQUIRED, 9},
                                              {RG_OPTIONAL, 9},
                                              {RG_OPTIONAL, RG_OPTIONAL, 9},
                                              {RG_OPTIONAL, RG_REPEATED, RG_OPTIONAL, 9}};

struct column {
    struct rg_schema_element elements[ELEMENTS_MAX + 1];
    struct rg_leaf leaf;
    struct rg_schema schema;
};

static void make_schema(struct column *column, uint8_t type, const uint8_t *path)
{
    struct rg_leaf *leaf = &column->leaf;
    uint32_t depth = 0;

    *column = (struct column){.leaf = {.type = type, .column_order = RG_COLUMN_ORDER_TYPE}};
    for (; depth < ELEMENTS_MAX && path[depth] != 9; depth++) {
        column->elements[depth + 1] = (struct rg_schema_element){
            .converted_type = RG_CONVERTED_NONE, .parent_index = depth, .repetition = path[depth]};
        leaf->def_max = (uint8_t)(leaf->def_max + (path[depth] != RG_REQUIRED));
        leaf->rep_max = (uint8_t)(leaf->rep_max + (path[depth] == RG_REPEATED));
    }
    leaf->type_length = type == RG_TYPE_FIXED_LEN_BYTE_ARRAY ? 5 : 0;
    leaf->element_index = depth;
    column->elements[depth].has_type = true;
    column->elements[depth].type = type;
    column->elements[depth].type_length = leaf->type_length;
    column->schema =
        (struct rg_schema){column->elements, leaf, .element_count = depth + 1, .leaf_count = 1};
}

static void check_output(const struct rg_stitch_output *output, uint64_t value_count)
{
    uint64_t bytes = 0;
    uint64_t pages = 0;

    for (size_t i = 0; i < output->segment_count; i++)
        bytes += output->segments[i].bytes;
    for (uint32_t i = 0; i < output->chunk.encoding_stats_count; i++)
        pages += output->chunk.encoding_stats[i].page_count;
    FUZZ_CHECK(bytes == output->bytes && bytes == output->chunk.compressed_bytes);
    FUZZ_CHECK(output->chunk.value_count == value_count);
    FUZZ_CHECK(!output->has_offset_index ||
               output->offset_index.page_count + output->chunk.has_dictionary_offset == pages);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Adds all levels and values of a chunk to *hash, however they lie in pages; false: broken. */
static bool add_values(struct rg_chunk_reader *reader, const struct rg_chunk_source *source,
                       uint64_t *hash)
{
    const uint8_t def_max = source->leaf->def_max;
    struct rg_chunk_batch batch;
    struct rg_error err;
    bool is_end = false;

    if (rg_chunk_reader_open(reader, source, &err) != RG_OK)
        return false;
    for (;;) {
        struct rg_values values;
        uint32_t at = 0;

        if (rg_chunk_next(reader, &batch, &is_end, &err) != RG_OK)
            return false;
        if (is_end)
            return true;
        rg_chunk_batch_values(reader, &batch, &values);
        for (uint32_t i = 0; i < batch.level_count; i++) {
            const uint8_t def = batch.def_levels == NULL ? def_max : batch.def_levels[i];

            *hash = mix(*hash, def);
            *hash = mix(*hash, batch.rep_levels == NULL ? 0 : batch.rep_levels[i]);
            if (def == def_max)
                *hash = mix(*hash, rg_hash_fast(rg_values_at(&values, at++)));
        }
        FUZZ_CHECK(at == values.count);
    }
}

/* The output's values are those of its sources. */
static void compare(const struct rg_stitch_source *sources, size_t count,
                    const struct rg_stitch_output *output)
{
    struct rg_codec_context *context = rg_codec_context_new(&rg_allocator_system);
    struct rg_chunk_reader *reader = malloc(sizeof *reader);
    uint8_t *bytes = malloc((size_t)output->bytes + rg_slack_bytes);
    uint64_t before = 0;
    uint64_t after = 0;
    uint64_t row_count = 0;
    size_t used = 0;
    bool is_sound = true;

    FUZZ_CHECK(context != NULL && reader != NULL && bytes != NULL);
    rg_chunk_reader_init(reader, context, &rg_allocator_system);
    for (size_t i = 0; i < count; i++) {
        const struct rg_chunk_source source = {.chunk = sources[i].chunk,
                                               .leaf = sources[i].leaf,
                                               .bytes = sources[i].bytes,
                                               .row_count = sources[i].row_count};

        is_sound = is_sound && add_values(reader, &source, &before);
        row_count += source.row_count;
    }
    for (size_t i = 0; i < output->segment_count; i++) {
        memcpy(bytes + used, output->segments[i].data, output->segments[i].bytes);
        used += output->segments[i].bytes;
    }
    const struct rg_chunk_source whole = {.chunk = &output->chunk,
                                          .leaf = sources[0].leaf,
                                          .bytes = {bytes, used},
                                          .row_count = row_count};
    FUZZ_CHECK(!is_sound || (add_values(reader, &whole, &after) && before == after));
    rg_chunk_reader_fini(reader);
    rg_codec_context_free(context);
    free(reader);
    free(bytes);
}

/* One call under caps that must be enough for what was promised, or refuse. */
static void stitch(const struct rg_stitch_column *column, const struct rg_stitch_source *sources,
                   size_t count)
{
    struct rg_stitch_context *context = rg_stitch_context_new(&rg_allocator_system);
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct rg_arena scratch;
    struct rg_error err;
    size_t culprit = SIZE_MAX;

    FUZZ_CHECK(context != NULL);
    rg_arena_init(&arena, &rg_allocator_system, memory_max);
    rg_arena_init(&scratch, &rg_allocator_system, memory_max);
    const enum rg_status status =
        rg_stitch_chunk(context, column, sources, count, &arena, &scratch, &output, &culprit, &err);
    if (status == RG_ERR_BUG)
        (void)fprintf(stderr, "%s\n", err.text);
    FUZZ_CHECK(status != RG_ERR_BUG);
    if (status == RG_OK) {
        check_output(&output, sources[0].chunk->value_count * count);
        compare(sources, count, &output);
    } else
        FUZZ_CHECK(culprit < count);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
    rg_stitch_context_free(context);
}

/* The first two bytes tell how long the first of two chunks is. */
static void split(struct rg_span pieces[2])
{
    const struct rg_span whole = pieces[0];

    if (whole.bytes < SPLIT_BYTES)
        return;
    const size_t rest = whole.bytes - SPLIT_BYTES;
    const size_t first = (whole.data[0] | (size_t)whole.data[1] << 8) % (rest + 1);
    pieces[0] = (struct rg_span){whole.data + SPLIT_BYTES, first};
    pieces[1] = (struct rg_span){whole.data + SPLIT_BYTES + first, rest - first};
}

/* An offset index and the memory of its locations. */
struct index {
    struct rg_page_location pages[PAGES_MAX];
    struct rg_offset_index index;
};

/* What a writer would have written for these pages; a value is a row. */
static void make_index(struct index *index, struct rg_span chunk)
{
    uint64_t row = 0;
    size_t at = 0;

    index->index = (struct rg_offset_index){index->pages, NULL, 0};
    while (index->index.page_count < PAGES_MAX) {
        const struct rg_span rest = {chunk.data + at, chunk.bytes - at};
        struct rg_page_header header;
        struct rg_error err;
        size_t bytes;

        if (rg_page_header_parse(rest, &header, &bytes, &err) != RG_OK ||
            rest.bytes - bytes < header.compressed_bytes)
            break;
        bytes += header.compressed_bytes;
        if (header.type == RG_PAGE_DATA || header.type == RG_PAGE_DATA_V2) {
            index->pages[index->index.page_count++] = (struct rg_page_location){
                .offset = at, .compressed_bytes = (uint32_t)bytes, .first_row_index = row};
            row += header.value_count;
        }
        at += bytes;
    }
}

/* One of its numbers is another. */
static void falsify(struct index *index, uint8_t choice, uint8_t by)
{
    if (index->index.page_count == 0)
        return;
    struct rg_page_location *page = &index->pages[choice % index->index.page_count];

    switch (choice / 64) {
    case 0:
        page->offset += by;
        break;
    case 1:
        page->first_row_index += by;
        break;
    case 2:
        page->compressed_bytes -= by;
        break;
    default:
        index->index.page_count--;
    }
}

bool fuzz_describe(const uint8_t *data, size_t bytes, struct fuzz_pages *ret_pages)
{
    const bool is_two = bytes > CHOICES && data[4] >= IS_TWO;

    if (bytes <= CHOICES + SPLIT_BYTES)
        return false;
    *ret_pages = (struct fuzz_pages){
        .pages_at = is_two ? CHOICES + SPLIT_BYTES : CHOICES,
        .counts_at = 5,
        .count_bytes = 2,
        .split_at = is_two ? CHOICES : 0,
        .codec = codecs[data[2] % sizeof codecs],
        .is_flat = data[1] % 4 != 3,
    };
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static uint8_t chunk_bytes[65536 + 64];
    static struct index indexes[2];
    static const struct rg_writer writer = {.is_parsed = true};
    struct rg_stitch_source sources[SOURCES_MAX];
    struct column column;
    struct rg_column_chunk chunks[2];

    if (bytes < CHOICES || bytes - CHOICES > 65536)
        return 0;
    make_schema(&column, data[0] % 8, paths[data[1] % 4]);
    memcpy(chunk_bytes, data + CHOICES, bytes - CHOICES);
    const bool has_index = (data[1] & HAS_INDEX) != 0 && column.leaf.rep_max == 0;
    struct rg_span pieces[2] = {{chunk_bytes, bytes - CHOICES}, {chunk_bytes, bytes - CHOICES}};
    if (data[4] >= IS_TWO)
        split(pieces);
    for (size_t i = 0; i < 2; i++) {
        chunks[i] = (struct rg_column_chunk){
            .type = data[0] % 8,
            .codec = codecs[data[2] % sizeof codecs],
            .compressed_bytes = pieces[i].bytes,
            .uncompressed_bytes = rg_chunk_bytes_max,
            .value_count = data[5] | (uint64_t)data[6] << 8,
        };
        if (has_index)
            make_index(&indexes[i], pieces[i]);
    }
    if ((data[1] & IS_INDEX_WRONG) != 0)
        falsify(&indexes[0], data[0], data[3]);
    const size_t count = 1 + data[4] % SOURCES_MAX;
    for (size_t i = 0; i < count; i++)
        sources[i] = (struct rg_stitch_source){
            .chunk = &chunks[i % 2],
            .leaf = &column.leaf,
            .writer = &writer,
            .bytes = pieces[i % 2],
            .row_count = data[7] | (uint64_t)data[8] << 8,
            .offset_index = has_index ? &indexes[i % 2].index : NULL,
            .name = "input",
            .schema = &column.schema,
        };
    const struct rg_stitch_options options = {
        .codec = (data[3] & IS_SNAPPY) != 0 ? RG_CODEC_SNAPPY : RG_CODEC_KEEP,
        .page_bytes_target = (data[3] & HAS_SHORT_PAGES) != 0 ? 100 : 0,
        .page_rows_target = (data[3] & HAS_SMALL_PAGES) != 0 ? 7 : 0,
        .dictionary_bytes_max = (data[3] & HAS_SMALL_DICTIONARY) != 0 ? 64 : 0,
        .has_crc = (data[3] & HAS_CRC) != 0,
        .has_bloom = (data[3] & HAS_BLOOM) != 0,
        .encoding =
            (data[3] & IS_ENCODING_SMALL) != 0 ? RG_STITCH_ENCODING_SMALL : RG_STITCH_ENCODING_KEEP,
    };
    const struct rg_stitch_column out = {&column.schema, 0, &options, false,
                                         (data[3] & IS_BLOOM_ASKED) != 0};
    stitch(&out, sources, count);
    return 0;
}
