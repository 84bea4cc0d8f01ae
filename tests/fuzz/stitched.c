/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz/stitched.h"

#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "parquet/chunk_reader.h"

enum {
    VALUE_BYTES_MAX = 64, /* Of one that is widened. */
    SLACK = 64,           /* rg_slack_bytes */
};

static const size_t memory_max = (size_t)64 << 20;

uint8_t fuzz_codec(uint8_t choice)
{
    static const uint8_t codecs[] = {RG_CODEC_NONE,  RG_CODEC_SNAPPY,  RG_CODEC_ZSTD,
                                     RG_CODEC_LZ4,   RG_CODEC_LZ4_RAW, RG_CODEC_GZIP,
                                     RG_CODEC_BROTLI};

    return codecs[choice % sizeof codecs];
}

static void check_output(const struct rg_stitch_output *output)
{
    uint64_t bytes = 0;
    uint64_t pages = 0;

    for (size_t i = 0; i < output->segment_count; i++)
        bytes += output->segments[i].bytes;
    for (uint32_t i = 0; i < output->chunk.encoding_stats_count; i++)
        pages += output->chunk.encoding_stats[i].page_count;
    FUZZ_CHECK(bytes == output->bytes && bytes == output->chunk.compressed_bytes);
    FUZZ_CHECK(!output->has_offset_index || output->chunk.encoding_stats_count == 0 ||
               output->offset_index.page_count + output->chunk.has_dictionary_offset == pages);
}

/* What a chunk decodes to, as the output has it. */
struct decoded {
    const struct rg_leaf *leaf;    /* Of the output. */
    const struct rg_leaf_map *map; /* NULL: as it is. */
    uint64_t hash;
    uint64_t slots;
};

static void add_slot(struct decoded *decoded, uint8_t def, uint8_t rep)
{
    decoded->hash = fuzz_mix(fuzz_mix(decoded->hash, def), rep);
    decoded->slots++;
}

static void add_value(struct decoded *decoded, const struct rg_leaf *from, struct rg_span value)
{
    const enum rg_conversion conversion =
        decoded->map == NULL ? RG_CONVERSION_NONE : decoded->map->conversion;
    uint8_t wide[VALUE_BYTES_MAX + SLACK];
    struct rg_error err;

    if (conversion != RG_CONVERSION_NONE) {
        const int32_t length = decoded->leaf->type_length;

        FUZZ_CHECK(length <= VALUE_BYTES_MAX);
        FUZZ_CHECK(rg_widen_plain(conversion, from, decoded->leaf, value, 1, wide, &err) == RG_OK);
        value = (struct rg_span){wide, length > 0 ? (size_t)length : 8};
    }
    decoded->hash = fuzz_mix(decoded->hash, rg_hash_fast(value));
}

static void add_batch(struct decoded *decoded, struct rg_chunk_reader *reader,
                      const struct rg_leaf *from, const struct rg_chunk_batch *batch)
{
    const struct rg_leaf_map *map = decoded->map;
    const bool has_values = map == NULL || map->origin == RG_LEAF_VALUES;
    struct rg_values values;
    uint32_t at = 0;

    rg_chunk_batch_values(reader, batch, &values);
    for (uint32_t i = 0; i < batch->level_count; i++) {
        const uint8_t def = batch->def_levels == NULL ? from->def_max : batch->def_levels[i];
        const uint8_t rep = batch->rep_levels == NULL ? 0 : batch->rep_levels[i];

        if (has_values || rep <= map->rep_max)
            add_slot(decoded, map != NULL && map->def_map != NULL ? map->def_map[def] : def, rep);
        if (has_values && def == from->def_max)
            add_value(decoded, from, rg_values_at(&values, at++));
    }
    FUZZ_CHECK(!has_values || at == values.count);
}

/* Adds all levels and values of a chunk, however they lie in pages; false: broken. */
static bool add_chunk(struct decoded *decoded, struct rg_chunk_reader *reader,
                      const struct rg_chunk_source *source)
{
    struct rg_chunk_batch batch;
    struct rg_error err;
    bool is_end = false;

    if (rg_chunk_reader_open(reader, source, &err) != RG_OK)
        return false;
    for (;;) {
        if (rg_chunk_next(reader, &batch, &is_end, &err) != RG_OK)
            return false;
        if (is_end)
            return true;
        add_batch(decoded, reader, source->leaf, &batch);
    }
}

static bool add_source(struct decoded *decoded, struct rg_chunk_reader *reader,
                       const struct rg_stitch_source *source)
{
    decoded->map = source->map;
    if (source->map != NULL && source->map->origin == RG_LEAF_NULLS) {
        for (uint64_t i = 0; i < source->row_count; i++)
            add_slot(decoded, source->map->def_level, 0);
        return true;
    }
    return add_chunk(decoded, reader,
                     &(struct rg_chunk_source){.chunk = source->chunk,
                                               .leaf = source->leaf,
                                               .bytes = source->bytes,
                                               .row_count = source->row_count});
}

/* Entries that sources say they have; false: where a sibling's levels are cut, only they tell. */
static bool count_entries(const struct rg_stitch_source *sources, size_t count,
                          uint64_t *ret_entries)
{
    *ret_entries = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rg_leaf_map *map = sources[i].map;

        if (map != NULL && map->origin == RG_LEAF_LEVELS)
            return false;
        *ret_entries += map != NULL && map->origin == RG_LEAF_NULLS ? sources[i].row_count
                                                                    : sources[i].chunk->value_count;
    }
    return true;
}

/* The output's values are those of its sources. */
static void compare(const struct rg_leaf *leaf, const struct rg_stitch_source *sources,
                    size_t count, const struct rg_stitch_output *output)
{
    struct rg_codec_context *context = rg_codec_context_new(&rg_allocator_system);
    struct rg_chunk_reader *reader = malloc(sizeof *reader);
    uint8_t *bytes = malloc((size_t)output->bytes + rg_slack_bytes);
    struct decoded before = {.leaf = leaf};
    struct decoded after = {.leaf = leaf};
    uint64_t row_count = 0;
    size_t used = 0;
    bool is_sound = true;

    FUZZ_CHECK(context != NULL && reader != NULL && bytes != NULL);
    rg_chunk_reader_init(reader, context, &rg_allocator_system);
    for (size_t i = 0; i < count; i++) {
        is_sound = is_sound && add_source(&before, reader, &sources[i]);
        row_count += sources[i].row_count;
    }
    for (size_t i = 0; i < output->segment_count; i++) {
        memcpy(bytes + used, output->segments[i].data, output->segments[i].bytes);
        used += output->segments[i].bytes;
    }
    const struct rg_chunk_source whole = {
        .chunk = &output->chunk, .leaf = leaf, .bytes = {bytes, used}, .row_count = row_count};
    if (is_sound) {
        FUZZ_CHECK(add_chunk(&after, reader, &whole));
        FUZZ_CHECK(before.slots == after.slots && before.hash == after.hash);
        FUZZ_CHECK(output->chunk.value_count == after.slots);
    }
    rg_chunk_reader_fini(reader);
    rg_codec_context_free(context);
    free(reader);
    free(bytes);
}

static struct rg_stitch_options options_of(uint8_t choice)
{
    return (struct rg_stitch_options){
        .codec = (choice & FUZZ_IS_SNAPPY) != 0 ? RG_CODEC_SNAPPY : RG_CODEC_KEEP,
        .page_bytes_target = (choice & FUZZ_HAS_SHORT_PAGES) != 0 ? 100 : 0,
        .page_rows_target = (choice & FUZZ_HAS_SMALL_PAGES) != 0 ? 7 : 0,
        .dictionary_bytes_max = (choice & FUZZ_HAS_SMALL_DICTIONARY) != 0 ? 64 : 0,
        .has_crc = (choice & FUZZ_HAS_CRC) != 0,
        .has_bloom = (choice & FUZZ_HAS_BLOOM) != 0,
        .encoding = (choice & FUZZ_IS_ENCODING_SMALL) != 0 ? RG_STITCH_ENCODING_SMALL
                                                           : RG_STITCH_ENCODING_KEEP,
    };
}

void fuzz_stitch(const struct rg_stitch_column *column, uint8_t choice,
                 const struct rg_stitch_source *sources, size_t count)
{
    const struct rg_stitch_options options = options_of(choice);
    struct rg_stitch_column out = *column;
    struct rg_stitch_context *context = rg_stitch_context_new(&rg_allocator_system);
    struct rg_stitch_output output;
    struct rg_arena arena;
    struct rg_arena scratch;
    struct rg_error err;
    uint64_t entries;
    size_t culprit = SIZE_MAX;

    FUZZ_CHECK(context != NULL);
    out.options = &options;
    out.is_bloom_asked = (choice & FUZZ_IS_BLOOM_ASKED) != 0;
    rg_arena_init(&arena, &rg_allocator_system, memory_max);
    rg_arena_init(&scratch, &rg_allocator_system, memory_max);
    const enum rg_status status =
        rg_stitch_chunk(context, &out, sources, count, &arena, &scratch, &output, &culprit, &err);
    if (status == RG_ERR_BUG)
        (void)fprintf(stderr, "%s\n", err.text);
    FUZZ_CHECK(status != RG_ERR_BUG);
    if (status == RG_OK) {
        check_output(&output);
        FUZZ_CHECK(!count_entries(sources, count, &entries) || output.chunk.value_count == entries);
        compare(&out.schema->leaves[out.leaf_index], sources, count, &output);
    } else
        FUZZ_CHECK(culprit < count);
    rg_arena_fini(&arena);
    rg_arena_fini(&scratch);
    rg_stitch_context_free(context);
}
