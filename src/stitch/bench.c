/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/bench.h"

#include "base/checked.h"
#include "base/limits.h"

static void *scratch_alloc(void *context, size_t bytes)
{
    return rg_arena_alloc(context, bytes);
}

static void scratch_release(void *context, void *memory, size_t bytes)
{
    (void)context;
    (void)memory;
    (void)bytes;
}

static uint8_t kept_as(uint8_t codec)
{
    return codec == RG_CODEC_LZ4 ? RG_CODEC_LZ4_RAW : codec;
}

/* Adds a chunk's bytes to those of its codec, unless we could not write that. */
static void tally_codec(uint64_t bytes[RG_CODEC_LZ4_RAW + 1], const struct rg_column_chunk *chunk)
{
    const uint8_t codec = kept_as(chunk->codec);

    if (codec <= RG_CODEC_LZ4_RAW && rg_codec_can_compress(codec))
        bytes[codec] += chunk->compressed_bytes;
}

static uint8_t heaviest_codec(const uint64_t bytes[RG_CODEC_LZ4_RAW + 1])
{
    uint8_t best = RG_CODEC_NONE;

    for (uint8_t codec = 0; codec <= RG_CODEC_LZ4_RAW; codec++) {
        if (bytes[codec] > bytes[best])
            best = codec;
    }
    return best;
}

uint8_t rg_codec_kept(const struct rg_stitch_source *sources, size_t count)
{
    uint64_t bytes[RG_CODEC_LZ4_RAW + 1] = {0};

    for (size_t i = 0; i < count; i++) {
        if (sources[i].map == NULL || sources[i].map->origin == RG_LEAF_VALUES)
            tally_codec(bytes, sources[i].chunk);
    }
    return heaviest_codec(bytes);
}

static void settle_codec(struct rg_bench *bench, const struct rg_stitch_options *options,
                         const struct rg_stitch_source *sources, size_t source_count)
{
    bench->is_codec_asked = options->codec != RG_CODEC_KEEP;
    if (bench->is_codec_asked) {
        bench->codec = options->codec;
        bench->level = options->level;
        return;
    }
    bench->codec = rg_codec_kept(sources, source_count);
    bench->level = rg_codec_level_default(bench->codec);
}

static uint32_t or_default(uint32_t given, uint32_t fallback)
{
    return given != 0 ? given : fallback;
}

void rg_bench_init(struct rg_bench *bench, struct rg_codec_context *codecs,
                   const struct rg_stitch_column *column, const struct rg_stitch_source *sources,
                   size_t source_count, struct rg_arena *arena, struct rg_arena *scratch)
{
    const struct rg_stitch_options *options = column->options;

    *bench = (struct rg_bench){
        .schema = column->schema,
        .leaf = &column->schema->leaves[column->leaf_index],
        .leaf_index = column->leaf_index,
        .order = rg_order_of(column->schema, column->leaf_index),
        .page_bytes = or_default(options->page_bytes_target, rg_page_bytes_default),
        .page_rows = or_default(options->page_rows_target, rg_page_rows_default),
        .index_rows = or_default(options->page_rows_target, rg_index_rows_default),
        .dictionary_bytes_max =
            or_default(options->dictionary_bytes_max, rg_dictionary_bytes_default),
        .has_crc = options->has_crc,
        .has_bloom = options->has_bloom,
        .is_bloom_asked = column->is_bloom_asked,
        .layout = options->layout,
        .is_small = options->encoding == RG_STITCH_ENCODING_SMALL,
        .codecs = codecs,
        .arena = arena,
        .scratch = scratch,
        .memory = {scratch_alloc, scratch_release, scratch},
    };
    rg_level_writer_init(&bench->unpacked_rep, &bench->memory, 0);
    rg_level_writer_init(&bench->unpacked_def, &bench->memory, 0);
    bench->tiny_values = bench->page_rows < rg_tiny_values ? bench->page_rows : rg_tiny_values;
    if (bench->dictionary_bytes_max > rg_dictionary_bytes_max)
        bench->dictionary_bytes_max = rg_dictionary_bytes_max;
    settle_codec(bench, options, sources, source_count);
}

enum rg_status rg_bench_room(struct rg_bench *bench, struct rg_room *room, size_t bytes,
                             size_t hint, struct rg_error *err)
{
    size_t all;

    if (bytes <= room->capacity && room->data != NULL)
        return RG_OK;
    bytes = bytes < hint ? hint : bytes;
    if (!rg_add_size(bytes, rg_slack_bytes, &all))
        return rg_fail(err, RG_ERR_NOMEM, "%zu bytes of working memory overflow", bytes);
    uint8_t *data = rg_arena_alloc(bench->scratch, all);
    if (data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no working memory for %zu bytes", bytes);
    *room = (struct rg_room){data, bytes};
    return RG_OK;
}

enum rg_status rg_bench_decompress(struct rg_bench *bench, struct rg_room *room, uint8_t codec,
                                   bool is_compressed, struct rg_span body, uint32_t raw_bytes,
                                   struct rg_span *ret_raw, struct rg_error *err)
{
    if (!is_compressed || codec == RG_CODEC_NONE) {
        if (body.bytes != raw_bytes)
            return rg_fail(err, RG_ERR_CORRUPT, "an uncompressed body has %zu bytes, not %u",
                           body.bytes, raw_bytes);
        *ret_raw = body;
        return RG_OK;
    }
    RG_TRY(rg_bench_room(
        bench, room, raw_bytes,
        room == &bench->dictionary ? bench->dictionary_bytes_hint : bench->page_bytes_hint, err));
    RG_TRY(rg_codec_decompress(bench->codecs, codec, body, room->data, raw_bytes, err));
    bench->moves.copied_bytes += raw_bytes;
    *ret_raw = (struct rg_span){room->data, raw_bytes};
    return RG_OK;
}

enum rg_status rg_bench_compress(struct rg_bench *bench, struct rg_span raw,
                                 struct rg_span *ret_packed, struct rg_error *err)
{
    if (bench->codec == RG_CODEC_NONE) {
        *ret_packed = raw;
        return RG_OK;
    }
    const size_t bound = rg_codec_compress_bound(bench->codec, raw.bytes);
    size_t bytes;

    /* Pages grow by the odd value: room for that first, and twice as much when it is not enough. */
    size_t hint = bench->packed.data == NULL ? bound + bound / 8 : 2 * bench->packed.capacity;

    if (bench->packed.data == NULL && raw.bytes > bench->values_bytes_hint / 2)
        hint = rg_codec_compress_bound(bench->codec, bench->values_bytes_hint);
    RG_TRY(rg_bench_room(bench, &bench->packed, bound, hint, err));
    RG_TRY(rg_codec_compress(bench->codecs, bench->codec, bench->level, raw, bench->packed.data,
                             bound, &bytes, err));
    bench->moves.copied_bytes += bytes;
    rg_bench_note_codec(bench);
    *ret_packed = (struct rg_span){bench->packed.data, bytes};
    return RG_OK;
}

void rg_bench_note_codec(struct rg_bench *bench)
{
    if (bench->codec == RG_CODEC_NONE || bench->codec >= RG_MOVES_CODECS)
        return;
    bench->moves.codecs |= 1U << bench->codec;
    bench->moves.levels[bench->codec] = bench->level;
}

void rg_bench_count(struct rg_bench *bench, enum rg_verdict verdict, enum rg_reason reason,
                    uint64_t in_bytes)
{
    bench->moves.pages[verdict]++;
    bench->moves.in_bytes[verdict] += in_bytes;
    bench->moves.reason_pages[reason]++;
}
