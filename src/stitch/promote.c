/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The levels of all index pages are gathered while their indices are tested; a test that fails has
 * touched nothing but the promoter.
 *
 * Not promoted, though they are identities: dictionaries that would make a page too large to read
 * well, those whose index pages do not stand together or do not hold whole rows, and those that are
 * longer than their entries, as far as can be seen without opening them.
 */

#include "stitch/promote.h"

#include "stitch/dict_table.h"
#include "stitch/indices.h"
#include "stitch/kernels.h"
#include "stitch/page_walk.h"
#include "stitch/parts.h"
#include "stitch/survey_facts.h"
#include "stitch/values.h"

/* A page: at most about a million rows and 8 MiB. */
static const uint32_t promoted_values_max = 1000000;
static const uint32_t promoted_bytes_max = UINT32_C(8) << 20;

enum {
    STEP_VALUES = 1024,
};

void rg_promoter_init(struct rg_promoter *promoter, struct rg_bench *bench,
                      struct rg_proven *proven)
{
    *promoter = (struct rg_promoter){.bench = bench, .proven = proven};
    rg_level_writer_init(&promoter->rep, &bench->memory, bench->leaf->rep_max);
    rg_level_writer_init(&promoter->def, &bench->memory, bench->leaf->def_max);
}

static void clear(struct rg_promoter *promoter)
{
    rg_level_writer_reset(&promoter->rep);
    rg_level_writer_reset(&promoter->def);
    rg_statistics_merge_init(&promoter->statistics, promoter->bench->order, promoter->bench->leaf);
    promoter->value_count = 0;
    promoter->present_count = 0;
    promoter->row_count = 0;
    promoter->index_bytes = 0;
    promoter->unencoded_bytes = 0;
    promoter->has_unencoded_bytes = true;
    promoter->page_count = 0;
}

/* What can be seen without opening a page. */
static bool may_be_identity(const struct rg_promoter *promoter, const struct rg_survey *survey)
{
    const uint32_t entry_bytes = rg_plain_bytes(promoter->bench->leaf);
    const uint64_t raw_bytes = survey->dictionary_raw_bytes;

    if (survey->index_page_count == 0 || !survey->are_index_pages_together ||
        survey->has_split_rows)
        return false;
    if (survey->index_values < survey->dictionary_entries ||
        survey->index_values > promoted_values_max || raw_bytes > promoted_bytes_max)
        return false;
    return entry_bytes == 0 || raw_bytes == (uint64_t)survey->dictionary_entries * entry_bytes;
}

/* Are the next `count` indices first, first + 1, ...? */
static enum rg_status test_indices(struct rg_span values, uint32_t count, uint32_t first,
                                   uint32_t entry_count, bool *ret_is_identity,
                                   struct rg_error *err)
{
    struct rg_index_reader reader;
    uint32_t indices[STEP_VALUES];

    *ret_is_identity = true;
    RG_TRY(rg_index_reader_init(&reader, values, count, entry_count, err));
    for (uint32_t at = 0; at < count && *ret_is_identity; at += STEP_VALUES) {
        const uint32_t step = count - at < STEP_VALUES ? count - at : STEP_VALUES;

        RG_TRY(rg_index_read(&reader, step, indices, err));
        *ret_is_identity = rg_kernel_is_ramp(indices, step, first + at);
    }
    return RG_OK;
}

static enum rg_status gather_levels(struct rg_promoter *promoter, const struct rg_survey *survey,
                                    const struct rg_parts *parts, struct rg_error *err)
{
    const struct rg_leaf *leaf = survey->source->leaf;
    const uint8_t *def_map = survey->def_map;
    struct rg_level_cursor cursor;
    struct rg_level_sum sum;

    /* One run, however the source says it: what is made must not depend on what was remembered. */
    if (leaf->rep_max == 0 && parts->present_count == parts->value_count) {
        rg_level_writer_repeat(&promoter->def, promoter->bench->leaf->def_max, parts->value_count);
        return RG_OK;
    }
    rg_level_cursor_init(&cursor, leaf, parts, def_map);
    if (leaf->rep_max > 0)
        RG_TRY(rg_level_copy(&cursor.rep, &promoter->rep, NULL, parts->value_count, &sum, err));
    RG_TRY(rg_level_copy(&cursor.def, &promoter->def, def_map, parts->value_count, &sum, err));
    RG_TRY(rg_buffer_check(&promoter->rep.out, "repetition levels", err));
    return rg_buffer_check(&promoter->def.out, "definition levels", err);
}

static void add_page(struct rg_promoter *promoter, const struct rg_survey *survey,
                     const struct rg_source_page *page, uint32_t present_count, uint32_t row_count)
{
    struct rg_statistics statistics;
    uint64_t unencoded = 0;

    promoter->has_unencoded_bytes =
        promoter->has_unencoded_bytes && rg_survey_unencoded_bytes(survey, page, &unencoded);
    promoter->unencoded_bytes += unencoded;
    rg_survey_page_statistics(promoter->bench, survey, page, &statistics);
    statistics.has_null_count = true;
    statistics.null_count = page->header.value_count - present_count;
    rg_statistics_merge_add(&promoter->statistics, &statistics, page->header.value_count);
    promoter->value_count += page->header.value_count;
    promoter->present_count += present_count;
    promoter->row_count += row_count;
    promoter->index_bytes += page->body.bytes;
    promoter->page_count++;
    promoter->page_type = page->header.type;
}

static enum rg_status test_page(struct rg_promoter *promoter, const struct rg_survey *survey,
                                const struct rg_source_page *page, bool *ret_is_identity,
                                struct rg_error *err)
{
    const struct rg_stitch_source *source = survey->source;
    const uint32_t count = page->header.value_count;
    const uint32_t first = promoter->present_count;
    struct rg_parts parts;

    /* Bodies are remembered without how their levels are encoded. */
    const bool may_know = !survey->has_packed_levels;

    if (may_know && rg_proven_find(promoter->proven, source, page, first)) {
        rg_level_writer_repeat(&promoter->def, promoter->bench->leaf->def_max, count);
        *ret_is_identity = count <= survey->dictionary_entries - first;
        if (*ret_is_identity)
            add_page(promoter, survey, page, count, count);
        return RG_OK;
    }
    RG_TRY(rg_parts_take(promoter->bench, source, page, true, &parts, err));
    *ret_is_identity = parts.present_count <= survey->dictionary_entries - first;
    if (!*ret_is_identity)
        return RG_OK;
    RG_TRY(test_indices(parts.values, parts.present_count, first, survey->dictionary_entries,
                        ret_is_identity, err));
    if (!*ret_is_identity)
        return RG_OK;
    RG_TRY(gather_levels(promoter, survey, &parts, err));
    if (may_know && parts.present_count == count)
        rg_proven_add(promoter->proven, source, page, first);
    add_page(promoter, survey, page, parts.present_count, parts.row_count);
    return RG_OK;
}

/* Bytes of the strings in index pages, as the source says: of each page, or of all there are. */
static bool stated_bytes(const struct rg_promoter *promoter, const struct rg_survey *survey,
                         uint64_t *ret_bytes)
{
    const struct rg_size_statistics *sizes = &survey->source->chunk->size_statistics;

    const bool has_sizes =
        sizes->is_present && sizes->has_unencoded_bytes && survey->value_page_count == 0;

    if (promoter->bench->leaf->type != RG_TYPE_BYTE_ARRAY)
        return false;
    *ret_bytes = promoter->has_unencoded_bytes ? promoter->unencoded_bytes : sizes->unencoded_bytes;
    return promoter->has_unencoded_bytes || has_sizes;
}

/*
 * A dictionary is as long as its strings. Where the source says something else of them, bytes lie
 * behind its last entry, which are not to become part of a page.
 */
static bool is_size_right(const struct rg_promoter *promoter, const struct rg_survey *survey)
{
    uint64_t bytes;

    return !stated_bytes(promoter, survey, &bytes) ||
           bytes + UINT64_C(4) * survey->dictionary_entries == survey->dictionary_raw_bytes;
}

enum rg_status rg_promoter_test(struct rg_promoter *promoter, const struct rg_survey *survey,
                                bool *ret_is_identity, struct rg_error *err)
{
    struct rg_page_walk walk;
    struct rg_source_page page;
    bool is_identity = may_be_identity(promoter, survey);
    bool is_end;

    clear(promoter);
    rg_page_walk_init(&walk, survey);
    while (is_identity) {
        RG_TRY(rg_page_walk_next(&walk, &page, &is_end, err));
        if (is_end)
            break;
        if (rg_is_index_page(&page))
            RG_TRY(test_page(promoter, survey, &page, &is_identity, err));
    }
    *ret_is_identity = is_identity && promoter->present_count == survey->dictionary_entries &&
                       is_size_right(promoter, survey);
    return RG_OK;
}

/* A tiny page: too small to be read well by itself. */
static bool is_tiny(const struct rg_promoter *promoter, const struct rg_survey *survey)
{
    return promoter->value_count < promoter->bench->tiny_values &&
           survey->dictionary.bytes < rg_tiny_bytes;
}

static enum rg_status gathered_parts(struct rg_promoter *promoter, struct rg_parts *ret_parts,
                                     struct rg_error *err)
{
    *ret_parts = (struct rg_parts){
        .value_count = promoter->value_count,
        .present_count = promoter->present_count,
        .row_count = (uint32_t)promoter->row_count,
        .is_row_begin = true,
        .rep = rg_level_writer_finish(&promoter->rep),
        .def = rg_level_writer_finish(&promoter->def),
    };
    RG_TRY(rg_buffer_check(&promoter->rep.out, "repetition levels", err));
    return rg_buffer_check(&promoter->def.out, "definition levels", err);
}

static enum rg_status join(struct rg_promoter *promoter, const struct rg_survey *survey,
                           const struct rg_parts *parts, struct rg_joiner *joiner,
                           struct rg_error *err)
{
    const struct rg_plain_values values = {
        .body = survey->dictionary,
        .raw_bytes = survey->dictionary_raw_bytes,
        .value_count = survey->dictionary_entries,
        .encoding = RG_ENCODING_PLAIN,
        .codec = survey->dictionary_codec,
        .is_compressed = true,
        .is_lasting = !survey->is_dictionary_made,
        .has_bounds = rg_survey_has_bounds(survey),
    };
    struct rg_join_facts facts = {
        .verdict = RG_VERDICT_PROMOTE,
        .value_count = promoter->value_count,
        .in_bytes = promoter->index_bytes + survey->dictionary_in_bytes,
        .body_bytes = survey->dictionary.bytes,
        .body_raw_bytes = survey->dictionary_raw_bytes,
        .has_crc = survey->has_crc,
        .statistics = rg_statistics_merge_settled(&promoter->statistics),
    };
    struct rg_level_cursor cursor;
    struct rg_level_step step;
    size_t extent;

    RG_TRY(rg_joiner_make_room(joiner, promoter->value_count, survey->dictionary_raw_bytes, err));
    RG_TRY(rg_joiner_begin(joiner, rg_values_kind(joiner, &values), false, err));
    rg_level_cursor_init(&cursor, promoter->bench->leaf, parts, NULL);
    RG_TRY(rg_joiner_levels(joiner, &cursor, promoter->value_count, &step, err));
    RG_TRY(rg_values_move(joiner, &values, &extent, err));
    facts.has_unencoded_bytes = promoter->bench->leaf->type == RG_TYPE_BYTE_ARRAY;
    if (facts.has_unencoded_bytes)
        facts.unencoded_bytes = extent - UINT64_C(4) * survey->dictionary_entries;
    rg_joiner_add_facts(joiner, &facts);
    return RG_OK;
}

/* The dictionary's body in the output's codec. */
static enum rg_status pack_body(struct rg_promoter *promoter, const struct rg_survey *survey,
                                struct rg_piece *ret_body, struct rg_error *err)
{
    struct rg_bench *bench = promoter->bench;
    const uint8_t codec = survey->dictionary_codec;
    struct rg_span raw;

    *ret_body = (struct rg_piece){survey->dictionary, !survey->is_dictionary_made};
    if (codec == bench->codec)
        return RG_OK;
    RG_TRY(rg_bench_decompress(bench, &bench->page, codec, true, survey->dictionary,
                               survey->dictionary_raw_bytes, &raw, err));
    ret_body->is_lasting = false;
    return rg_bench_compress(bench, raw, &ret_body->bytes, err);
}

/* A page of its own: V1 as its index pages were where there are no levels, else V2. */
static enum rg_status write_page(struct rg_promoter *promoter, const struct rg_survey *survey,
                                 const struct rg_parts *parts, struct rg_sink *sink,
                                 struct rg_error *err)
{
    const struct rg_leaf *leaf = promoter->bench->leaf;
    const bool is_v1 =
        leaf->def_max == 0 && leaf->rep_max == 0 && promoter->page_type == RG_PAGE_DATA;
    struct rg_piece pieces[3] = {{parts->rep, false}, {parts->def, false}, {{NULL, 0}, false}};
    struct rg_page_facts facts = {
        .row_count = promoter->row_count,
        .is_row_count_known = true,
        .statistics = rg_statistics_merge_settled(&promoter->statistics),
    };
    uint64_t out_bytes;

    /* Where nobody states it, the dictionary's size is not enough to go by. */
    facts.has_unencoded_bytes = stated_bytes(promoter, survey, &facts.unencoded_bytes);
    RG_TRY(pack_body(promoter, survey, &pieces[2], err));
    const uint32_t level_bytes = (uint32_t)(parts->rep.bytes + parts->def.bytes);
    const bool is_body_whole = level_bytes == 0 && pieces[2].bytes.data == survey->dictionary.data;
    struct rg_page_header header = {
        .type = is_v1 ? RG_PAGE_DATA : RG_PAGE_DATA_V2,
        .encoding = RG_ENCODING_PLAIN,
        .def_encoding = RG_ENCODING_RLE,
        .rep_encoding = RG_ENCODING_RLE,
        .has_crc = survey->has_crc,
        .crc = survey->dictionary_crc,
        .is_compressed = promoter->bench->codec != RG_CODEC_NONE,
        .uncompressed_bytes = level_bytes + survey->dictionary_raw_bytes,
        .value_count = promoter->value_count,
        .null_count = promoter->value_count - promoter->present_count,
        .row_count = (uint32_t)promoter->row_count,
        .rep_bytes = (uint32_t)parts->rep.bytes,
        .def_bytes = (uint32_t)parts->def.bytes,
    };

    RG_TRY(rg_sink_page(sink, &header, is_body_whole && survey->has_dictionary_crc, pieces, 3,
                        promoter->present_count, &facts, &out_bytes, err));
    promoter->bench->moves.out_bytes[RG_VERDICT_PROMOTE] += out_bytes;
    return RG_OK;
}

enum rg_status rg_promoter_write(struct rg_promoter *promoter, const struct rg_survey *survey,
                                 struct rg_joiner *joiner, bool may_join, struct rg_error *err)
{
    struct rg_moves *moves = &promoter->bench->moves;
    struct rg_parts parts;

    RG_TRY(gathered_parts(promoter, &parts, err));
    moves->pages[RG_VERDICT_PROMOTE] += promoter->page_count;
    moves->in_bytes[RG_VERDICT_PROMOTE] += promoter->index_bytes + survey->dictionary_in_bytes;
    moves->reason_pages[RG_REASON_NONE] += promoter->page_count;
    if (may_join && is_tiny(promoter, survey))
        return join(promoter, survey, &parts, joiner, err);
    RG_TRY(rg_joiner_flush(joiner, err));
    return write_page(promoter, survey, &parts, joiner->sink, err);
}
