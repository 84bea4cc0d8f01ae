/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/adapt.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/page_header.h"
#include "parquet/rle.h"
#include "parquet/types.h"
#include "stitch/dict_table.h"
#include "stitch/page_walk.h"
#include "stitch/parts.h"

enum {
    BLOCK_LEVELS = 256, /* Decoded at a time. */
};

/* Of a page; only a row's end ends one. */
static const uint32_t page_values_target = 1U << 20;

/* Of a chunk, as readers count them (parquet-java#1939). */
static const uint64_t chunk_values_max = INT32_MAX;

/* Null pages in the making. */
struct nulls {
    struct rg_bench *bench;
    struct rg_level_writer rep;
    struct rg_level_writer def;
    struct rg_buffer pages;
    uint32_t page_values; /* Of the page in the making. */
    uint32_t page_rows;
    uint32_t page_count;
    uint64_t value_count;
    uint64_t *rep_histogram;
    uint64_t *def_histogram;
};

/* Pages are made by us: nothing that other writers are known for bears on them. */
static const struct rg_writer own_writer = {.major = 1, .is_parsed = true};

bool rg_adapt_is_needed(const struct rg_stitch_source *source)
{
    return source->map != NULL &&
           (source->map->origin != RG_LEAF_VALUES || source->map->conversion != RG_CONVERSION_NONE);
}

static enum rg_status init_nulls(struct nulls *nulls, struct rg_bench *bench, struct rg_error *err)
{
    const struct rg_leaf *leaf = bench->leaf;

    *nulls = (struct nulls){.bench = bench};
    rg_level_writer_init(&nulls->rep, &bench->memory, leaf->rep_max);
    rg_level_writer_init(&nulls->def, &bench->memory, leaf->def_max);
    rg_buffer_init(&nulls->pages, &bench->memory, rg_chunk_bytes_max);
    nulls->rep_histogram =
        rg_arena_array(bench->scratch, (size_t)leaf->rep_max + 1, sizeof *nulls->rep_histogram);
    nulls->def_histogram =
        rg_arena_array(bench->scratch, (size_t)leaf->def_max + 1, sizeof *nulls->def_histogram);
    if (nulls->rep_histogram == NULL || nulls->def_histogram == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a histogram");
    return RG_OK;
}

/* Ends the page in the making, if there is one. */
static enum rg_status end_page(struct nulls *nulls, struct rg_error *err)
{
    const struct rg_leaf *leaf = nulls->bench->leaf;
    uint8_t header_bytes[RG_PAGE_HEADER_EMIT_BYTES_MAX];
    struct rg_span rep = {NULL, 0};
    struct rg_span def = {NULL, 0};

    if (nulls->page_values == 0)
        return RG_OK;
    if (leaf->rep_max > 0)
        rep = rg_level_writer_finish(&nulls->rep);
    if (leaf->def_max > 0)
        def = rg_level_writer_finish(&nulls->def);
    RG_TRY(rg_buffer_check(&nulls->rep.out, "levels", err));
    RG_TRY(rg_buffer_check(&nulls->def.out, "levels", err));
    const struct rg_page_header header = {
        .type = RG_PAGE_DATA_V2,
        .encoding = RG_ENCODING_PLAIN,
        .uncompressed_bytes = (uint32_t)(rep.bytes + def.bytes),
        .compressed_bytes = (uint32_t)(rep.bytes + def.bytes),
        .value_count = nulls->page_values,
        .null_count = nulls->page_values,
        .row_count = nulls->page_rows,
        .rep_bytes = (uint32_t)rep.bytes,
        .def_bytes = (uint32_t)def.bytes,
    };
    rg_buffer_append(&nulls->pages, header_bytes, rg_page_header_emit(&header, header_bytes));
    rg_buffer_append(&nulls->pages, rep.data, rep.bytes);
    rg_buffer_append(&nulls->pages, def.data, def.bytes);
    rg_level_writer_reset(&nulls->rep);
    rg_level_writer_reset(&nulls->def);
    nulls->value_count += nulls->page_values;
    nulls->page_count++;
    nulls->page_values = 0;
    nulls->page_rows = 0;
    return rg_buffer_check(&nulls->pages, "null pages", err);
}

/* One null for each row. */
static enum rg_status add_rows(struct nulls *nulls, uint64_t row_count, uint8_t def_level,
                               struct rg_error *err)
{
    if (row_count > chunk_values_max)
        return rg_fail(err, RG_ERR_LIMIT, "a chunk of %llu nulls; outputs hold at most %llu",
                       (unsigned long long)row_count, (unsigned long long)chunk_values_max);
    while (row_count > 0) {
        const uint32_t most = nulls->bench->page_rows;
        const uint32_t step = row_count < most ? (uint32_t)row_count : most;

        rg_level_writer_repeat(&nulls->rep, 0, step);
        rg_level_writer_repeat(&nulls->def, def_level, step);
        nulls->rep_histogram[0] += step;
        nulls->def_histogram[def_level] += step;
        nulls->page_values = step;
        nulls->page_rows = step;
        RG_TRY(end_page(nulls, err));
        row_count -= step;
    }
    return RG_OK;
}

static enum rg_status add_level(struct nulls *nulls, uint32_t rep, uint8_t def,
                                struct rg_error *err)
{
    const bool is_full =
        nulls->page_rows >= nulls->bench->page_rows || nulls->page_values >= page_values_target;

    if (rep == 0 && is_full)
        RG_TRY(end_page(nulls, err));
    if (rep > 0 && nulls->value_count + nulls->page_values == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "the first row does not begin with a row");
    rg_level_writer_repeat(&nulls->rep, rep, 1);
    rg_level_writer_repeat(&nulls->def, def, 1);
    nulls->rep_histogram[rep]++;
    nulls->def_histogram[def]++;
    nulls->page_values++;
    nulls->page_rows += rep == 0;
    return RG_OK;
}

/* The levels of one of the sibling's pages, cut down. */
static enum rg_status add_page(struct nulls *nulls, const struct rg_stitch_source *sibling,
                               const struct rg_source_page *page, struct rg_error *err)
{
    const struct rg_leaf *leaf = sibling->leaf;
    const struct rg_leaf_map *map = sibling->map;
    uint32_t reps[BLOCK_LEVELS] = {0};
    uint32_t defs[BLOCK_LEVELS];
    struct rg_level_reader rep;
    struct rg_level_reader def;
    struct rg_parts parts;

    RG_TRY(rg_parts_take(nulls->bench, sibling, page, false, &parts, err));
    rg_level_reader_init(&rep, parts.rep, rg_bit_width(leaf->rep_max), leaf->rep_max,
                         parts.value_count);
    rg_level_reader_init(&def, parts.def, rg_bit_width(leaf->def_max), leaf->def_max,
                         parts.value_count);
    for (uint32_t at = 0; at < parts.value_count; at += BLOCK_LEVELS) {
        const uint32_t left = parts.value_count - at;
        const uint32_t step = left < BLOCK_LEVELS ? left : BLOCK_LEVELS;

        if (leaf->rep_max > 0)
            RG_TRY(rg_level_read(&rep, step, reps, err));
        RG_TRY(rg_level_read(&def, step, defs, err));
        for (uint32_t i = 0; i < step; i++) {
            const uint8_t level = map->def_map != NULL ? map->def_map[defs[i]] : (uint8_t)defs[i];

            if (reps[i] <= map->rep_max)
                RG_TRY(add_level(nulls, reps[i], level, err));
        }
    }
    return RG_OK;
}

/* Nulls where the sibling says that something is there that could have had a value. */
static enum rg_status add_siblings(struct nulls *nulls, const struct rg_stitch_source *source,
                                   struct rg_error *err)
{
    struct rg_column_chunk chunk = *source->chunk;
    struct rg_stitch_source sibling = *source;
    struct rg_survey survey;
    struct rg_page_walk walk;
    struct rg_source_page page;
    bool is_end;

    if (source->leaf->def_max == 0 || source->map->rep_max > nulls->bench->leaf->rep_max)
        return rg_fail(err, RG_ERR_BUG, "the levels of a column that has none are asked for");
    if (chunk.value_count > chunk_values_max)
        return rg_fail(err, RG_ERR_LIMIT, "a chunk of %llu values; outputs hold at most %llu",
                       (unsigned long long)chunk.value_count, (unsigned long long)chunk_values_max);
    /* Its bounds are of another type. */
    chunk.statistics = (struct rg_statistics){.has_min_exact = false};
    sibling.chunk = &chunk;
    sibling.column_index = NULL;
    sibling.offset_index = NULL;
    RG_TRY(rg_survey_make(nulls->bench, &sibling, &survey, err));
    rg_page_walk_init(&walk, &survey);
    for (;;) {
        RG_TRY(rg_page_walk_next(&walk, &page, &is_end, err));
        if (is_end)
            return end_page(nulls, err);
        if (add_page(nulls, &sibling, &page, err) != RG_OK)
            return rg_within(err, "page %u", page.ordinal);
    }
}

/* The pages as a chunk. */
static enum rg_status finish_nulls(const struct nulls *nulls, const struct rg_stitch_source *source,
                                   struct rg_stitch_source *ret_source, struct rg_error *err)
{
    const struct rg_bench *bench = nulls->bench;
    struct rg_column_chunk *chunk = rg_arena_array(bench->scratch, 1, sizeof *chunk);
    struct rg_page_encoding_stats *stats = rg_arena_array(bench->scratch, 1, sizeof *stats);

    if (chunk == NULL || stats == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a chunk of nulls");
    *stats = (struct rg_page_encoding_stats){
        .page_type = RG_PAGE_DATA_V2,
        .encoding = RG_ENCODING_PLAIN,
        .page_count = nulls->page_count,
    };
    *chunk = (struct rg_column_chunk){
        .type = bench->leaf->type,
        .codec = bench->codec,
        .encodings = UINT32_C(1) << RG_ENCODING_PLAIN | UINT32_C(1) << RG_ENCODING_RLE,
        .value_count = nulls->value_count,
        .uncompressed_bytes = nulls->pages.bytes,
        .compressed_bytes = nulls->pages.bytes,
        .statistics = {.has_null_count = true, .null_count = nulls->value_count},
        .size_statistics =
            {
                .is_present = true,
                .has_unencoded_bytes = bench->leaf->type == RG_TYPE_BYTE_ARRAY,
                .rep_histogram = nulls->rep_histogram,
                .def_histogram = nulls->def_histogram,
                .rep_histogram_count = (uint32_t)bench->leaf->rep_max + 1,
                .def_histogram_count = (uint32_t)bench->leaf->def_max + 1,
            },
        .encoding_stats = stats,
        .encoding_stats_count = 1,
    };
    *ret_source = (struct rg_stitch_source){
        .chunk = chunk,
        .leaf = bench->leaf,
        .writer = &own_writer,
        .bytes = rg_buffer_span(&nulls->pages),
        .row_count = source->row_count,
        .name = source->name,
        .schema = bench->schema,
    };
    return RG_OK;
}

static enum rg_status make_nulls(struct rg_bench *bench, const struct rg_stitch_source *source,
                                 struct rg_stitch_source *ret_source, struct rg_error *err)
{
    struct nulls nulls;

    RG_TRY(init_nulls(&nulls, bench, err));
    if (source->map->origin == RG_LEAF_NULLS)
        RG_TRY(add_rows(&nulls, source->row_count, source->map->def_level, err));
    else
        RG_TRY(add_siblings(&nulls, source, err));
    return finish_nulls(&nulls, source, ret_source, err);
}

enum rg_status rg_adapt_dictionary(struct rg_bench *bench, const struct rg_stitch_source *source,
                                   struct rg_span plain, uint32_t entry_count,
                                   struct rg_span *ret_plain, struct rg_error *err)
{
    const size_t bytes = (size_t)entry_count * rg_plain_bytes(bench->leaf);
    uint8_t *out;

    if ((uint64_t)entry_count * rg_plain_bytes(source->leaf) != plain.bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "a dictionary of %zu bytes does not hold %u values",
                       plain.bytes, entry_count);
    out = rg_arena_alloc(bench->scratch, bytes + rg_slack_bytes);
    if (out == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to convert %u entries", entry_count);
    *ret_plain = (struct rg_span){out, bytes};
    return rg_widen_plain(source->map->conversion, source->leaf, bench->leaf, plain, entry_count,
                          out, err);
}

/* One bound; one that is none of its type is gone. */
static enum rg_status convert_bound(struct rg_bench *bench, const struct rg_stitch_source *source,
                                    struct rg_span *bound, struct rg_error *err)
{
    if (bound->data == NULL)
        return RG_OK;
    if (bound->bytes != rg_plain_bytes(source->leaf)) {
        *bound = (struct rg_span){NULL, 0};
        return RG_OK;
    }
    return rg_adapt_dictionary(bench, source, *bound, 1, bound, err);
}

static enum rg_status convert_index(struct rg_bench *bench, const struct rg_stitch_source *source,
                                    struct rg_column_index *index, struct rg_error *err)
{
    const size_t bytes = (size_t)index->page_count * sizeof(struct rg_span);
    struct rg_span *bounds[2];

    for (int side = 0; side < 2; side++) {
        bounds[side] = rg_arena_array(bench->scratch, index->page_count, sizeof(struct rg_span));
        if (bounds[side] == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for bounds of %u pages",
                           index->page_count);
        if (bytes > 0)
            memcpy(bounds[side], side == 0 ? index->min_values : index->max_values, bytes);
        for (uint32_t i = 0; i < index->page_count; i++) {
            if (!index->is_null_page[i])
                RG_TRY(convert_bound(bench, source, &bounds[side][i], err));
        }
    }
    index->min_values = bounds[0];
    index->max_values = bounds[1];
    return RG_OK;
}

static enum rg_status convert(struct rg_bench *bench, const struct rg_stitch_source *source,
                              struct rg_stitch_source *ret_source, struct rg_error *err)
{
    struct rg_column_chunk *chunk = rg_arena_array(bench->scratch, 1, sizeof *chunk);
    struct rg_column_index *index = rg_arena_array(bench->scratch, 1, sizeof *index);

    if (chunk == NULL || index == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to convert bounds");
    *chunk = *source->chunk;
    RG_TRY(convert_bound(bench, source, &chunk->statistics.min, err));
    RG_TRY(convert_bound(bench, source, &chunk->statistics.max, err));
    RG_TRY(convert_bound(bench, source, &chunk->statistics.min_value, err));
    RG_TRY(convert_bound(bench, source, &chunk->statistics.max_value, err));
    *ret_source = *source;
    ret_source->chunk = chunk;
    /* A filter holds hashes of values as they were. */
    ret_source->bloom = (struct rg_span){NULL, 0};
    if (source->column_index == NULL)
        return RG_OK;
    *index = *source->column_index;
    ret_source->column_index = index;
    return convert_index(bench, source, index, err);
}

enum rg_status rg_adapt_source(struct rg_bench *bench, const struct rg_stitch_source *source,
                               struct rg_stitch_source *ret_source, bool *ret_are_bytes_made,
                               struct rg_error *err)
{
    *ret_are_bytes_made = source->map->origin != RG_LEAF_VALUES;
    if (*ret_are_bytes_made)
        return make_nulls(bench, source, ret_source, err);
    return convert(bench, source, ret_source, err);
}
