/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes that say they are a column chunk, stitched with themselves: refused by name, or an output
 * whose parts add up. The first bytes choose type, nesting, codec, options and counts.
 */

#include <string.h>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "stitch/chunk.h"
#include "stitch/estimate.h"

enum {
    CHOICES = 9,
    SOURCES_MAX = 3,
    ELEMENTS_MAX = 4,
};

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
    FUZZ_CHECK(status != RG_ERR_BUG);
    if (status == RG_OK)
        check_output(&output, sources[0].chunk->value_count * count);
    else
        FUZZ_CHECK(culprit < count);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
    rg_stitch_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const uint8_t codecs[] = {RG_CODEC_NONE, RG_CODEC_SNAPPY, RG_CODEC_ZSTD, RG_CODEC_LZ4};
    static uint8_t chunk_bytes[65536 + 64];
    static const struct rg_writer writer = {.is_parsed = true};
    struct rg_stitch_source sources[SOURCES_MAX];
    struct column column;
    struct rg_column_chunk chunk;

    if (bytes < CHOICES || bytes - CHOICES > 65536)
        return 0;
    make_schema(&column, data[0] % 8, paths[data[1] % 4]);
    memcpy(chunk_bytes, data + CHOICES, bytes - CHOICES);
    chunk = (struct rg_column_chunk){
        .type = data[0] % 8,
        .codec = codecs[data[2] % sizeof codecs],
        .compressed_bytes = bytes - CHOICES,
        .uncompressed_bytes = rg_chunk_bytes_max,
        .value_count = data[5] | (uint64_t)data[6] << 8,
    };
    const size_t count = 1 + data[4] % SOURCES_MAX;
    for (size_t i = 0; i < count; i++)
        sources[i] = (struct rg_stitch_source){
            .chunk = &chunk,
            .leaf = &column.leaf,
            .writer = &writer,
            .bytes = {chunk_bytes, bytes - CHOICES},
            .row_count = data[7] | (uint64_t)data[8] << 8,
            .name = "input",
            .schema = &column.schema,
        };
    const struct rg_stitch_options options = {
        .codec = (data[3] & 1) != 0 ? RG_CODEC_SNAPPY : RG_CODEC_KEEP,
        .page_rows_target = (data[3] & 2) != 0 ? 7 : 0,
        .has_crc = (data[3] & 4) != 0,
        .has_bloom = (data[3] & 8) != 0,
    };
    const struct rg_stitch_column out = {&column.schema, 0, &options, false};
    stitch(&out, sources, count);
    return 0;
}
