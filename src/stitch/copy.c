/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What becomes of a page is decided in this order:
 *
 *   all null          levels only: into the page in the making, or mended, or copied
 *   tiny, PLAIN       into the page in the making
 *   RLE booleans      into the page in the making, as PLAIN, where the chunk has PLAIN ones
 *   same codec        body as it is; levels in front rewritten where theirs differ
 *   another codec     compressed anew
 *
 * Levels of a compressed V1 page lie under the compression: where they must change, the page
 * becomes V2 and its values are compressed anew, unless its rows are split, which V2 forbids.
 */

#include "stitch/copy.h"

#include <string.h>

#include "parquet/types.h"
#include "stitch/page_walk.h"
#include "stitch/survey_facts.h"
#include "stitch/values.h"

/* Raw bytes from which on a page is compressed well enough by itself. */
static const uint32_t lone_bytes_min = 4096;

/*
 * A page's levels counted, as the source's column index has them; NULL where its list is of another
 * length (empty ones are met) or counts another number of values.
 */
static const uint64_t *histogram_of(const struct rg_column_index *index, const uint64_t *all,
                                    uint32_t all_count, uint32_t level_max,
                                    const struct rg_source_page *page)
{
    const size_t level_count = (size_t)level_max + 1;
    uint64_t left = page->header.value_count;

    if (all == NULL || all_count != index->page_count * (uint64_t)level_count)
        return NULL;
    const uint64_t *counts = all + page->index_ordinal * level_count;
    for (size_t level = 0; level < level_count; level++) {
        if (counts[level] > left)
            return NULL;
        left -= counts[level];
    }
    return left == 0 ? counts : NULL;
}

void rg_copy_facts(const struct rg_bench *bench, const struct rg_survey *survey,
                   const struct rg_source_page *page, bool are_levels_same,
                   struct rg_page_facts *ret_facts)
{
    const struct rg_stitch_source *source = survey->source;
    const struct rg_column_index *index = source->column_index;

    *ret_facts = (struct rg_page_facts){
        .row_count = page->row_count,
        .is_row_count_known = page->has_row_count && !survey->has_split_rows,
    };
    rg_survey_page_statistics(bench, survey, page, &ret_facts->statistics);
    ret_facts->has_unencoded_bytes =
        rg_survey_unencoded_bytes(survey, page, &ret_facts->unencoded_bytes);
    if (!survey->has_column_index || !are_levels_same)
        return;
    ret_facts->rep_histogram = histogram_of(
        index, index->rep_histograms, index->rep_histogram_count, source->leaf->rep_max, page);
    ret_facts->def_histogram = histogram_of(
        index, index->def_histograms, index->def_histogram_count, source->leaf->def_max, page);
}

/* How a page's codec and the output's go together. */
static bool is_codec_kept(const struct rg_bench *bench, const struct rg_stitch_source *source,
                          const struct rg_source_page *page)
{
    if (source->chunk->codec == bench->codec)
        return true;
    /* Stored pages fit any codec, but those of an uncompressed chunk are to be compressed. */
    return page->header.type == RG_PAGE_DATA_V2 && !page->header.is_compressed &&
           source->chunk->codec != RG_CODEC_NONE;
}

static enum rg_reason codec_reason(const struct rg_bench *bench)
{
    return bench->is_codec_asked ? RG_REASON_CODEC_ASKED : RG_REASON_CODECS_DIFFER;
}

/* Why levels are written anew, and what that is. */
static enum rg_reason levels_reason(const struct rg_survey *survey)
{
    return survey->has_packed_levels ? RG_REASON_ENCODING : RG_REASON_LEVELS_DIFFER;
}

static enum rg_verdict levels_verdict(const struct rg_survey *survey, enum rg_verdict verdict)
{
    return survey->has_packed_levels ? RG_VERDICT_RECODE : verdict;
}

/* The page's header with everything that does not depend on how the page is carried over. */
static struct rg_page_header fresh_header(const struct rg_joiner *joiner,
                                          const struct rg_source_page *page)
{
    struct rg_page_header header = page->header;

    header.has_statistics = false;
    header.def_encoding = RG_ENCODING_RLE;
    header.rep_encoding = RG_ENCODING_RLE;
    if (rg_encoding_is_dictionary(header.encoding))
        header.encoding = joiner->index_encoding;
    return header;
}

static uint32_t present_or_all(const struct rg_source_page *page)
{
    return page->has_present_count ? page->present_count : page->header.value_count;
}

static enum rg_status write(struct rg_joiner *joiner, const struct rg_survey *survey,
                            const struct rg_source_page *page, struct rg_page_header *header,
                            bool is_crc_known, const struct rg_piece *pieces, size_t piece_count,
                            uint32_t present_count, bool are_levels_same, enum rg_verdict verdict,
                            struct rg_error *err)
{
    struct rg_page_facts facts;
    uint64_t out_bytes;

    rg_copy_facts(joiner->bench, survey, page, are_levels_same, &facts);
    RG_TRY(rg_sink_page(joiner->sink, header, is_crc_known, pieces, piece_count, present_count,
                        &facts, &out_bytes, err));
    joiner->bench->moves.out_bytes[verdict] += out_bytes;
    return RG_OK;
}

static enum rg_status copy_verbatim(struct rg_joiner *joiner, const struct rg_survey *survey,
                                    const struct rg_source_page *page, struct rg_error *err)
{
    struct rg_page_header header = fresh_header(joiner, page);
    const struct rg_piece piece = {page->body, !survey->are_bytes_made};

    RG_TRY(rg_joiner_flush(joiner, err));
    rg_bench_count(joiner->bench, RG_VERDICT_COPY, RG_REASON_NONE, page->body.bytes);
    return write(joiner, survey, page, &header, header.has_crc, &piece, 1, present_or_all(page),
                 true, RG_VERDICT_COPY, err);
}

/* A V1 page compressed anew as a whole. */
static enum rg_status recompress_v1(struct rg_joiner *joiner, const struct rg_survey *survey,
                                    const struct rg_source_page *page, struct rg_error *err)
{
    struct rg_bench *bench = joiner->bench;
    struct rg_page_header header = fresh_header(joiner, page);
    struct rg_span raw;
    struct rg_piece piece = {{NULL, 0}, false};

    RG_TRY(rg_bench_decompress(bench, &bench->page, survey->source->chunk->codec,
                               header.is_compressed, page->body, header.uncompressed_bytes, &raw,
                               err));
    RG_TRY(rg_bench_compress(bench, raw, &piece.bytes, err));
    header.is_compressed = true;
    rg_bench_count(bench, RG_VERDICT_RECOMPRESS, codec_reason(bench), page->body.bytes);
    return write(joiner, survey, page, &header, false, &piece, 1, present_or_all(page), true,
                 RG_VERDICT_RECOMPRESS, err);
}

/* Levels of a page in the output's terms; they lie in the joiner's writers until it is cleared. */
static enum rg_status translate_levels(struct rg_joiner *joiner, const struct rg_survey *survey,
                                       const struct rg_parts *parts, struct rg_parts *ret_parts,
                                       struct rg_error *err)
{
    const uint8_t *def_map = survey->def_map;
    struct rg_level_cursor cursor;
    struct rg_level_sum sum;

    *ret_parts = *parts;
    if (def_map == NULL)
        return RG_OK;
    rg_level_cursor_init(&cursor, survey->source->leaf, parts, def_map);
    RG_TRY(rg_level_copy(&cursor.def, &joiner->def, def_map, parts->value_count, &sum, err));
    ret_parts->def = rg_level_writer_finish(&joiner->def);
    return rg_buffer_check(&joiner->def.out, "definition levels", err);
}

/* The values of a page as they go into a V2 page of the output. */
static enum rg_status pack_values(struct rg_bench *bench, struct rg_parts *parts, bool is_packed,
                                  struct rg_error *err)
{
    struct rg_span packed;

    if (is_packed || parts->values.bytes == 0)
        return RG_OK;
    RG_TRY(rg_bench_compress(bench, parts->values, &packed, err));
    parts->is_compressed = packed.bytes < parts->values.bytes;
    if (parts->is_compressed)
        parts->values = packed;
    return RG_OK;
}

static bool is_in_page(const struct rg_source_page *page, struct rg_span span)
{
    const uintptr_t begin = (uintptr_t)page->body.data;
    const uintptr_t at = (uintptr_t)span.data;

    return at >= begin && at < begin + page->body.bytes;
}

/* A V2 page with these levels and values. */
static enum rg_status write_v2(struct rg_joiner *joiner, const struct rg_survey *survey,
                               const struct rg_source_page *page, const struct rg_parts *parts,
                               bool are_levels_same, enum rg_verdict verdict, struct rg_error *err)
{
    const bool is_lasting = !survey->are_bytes_made;
    const struct rg_piece pieces[] = {
        {parts->rep, is_lasting && is_in_page(page, parts->rep)},
        {parts->def, is_lasting && is_in_page(page, parts->def)},
        {parts->values, is_lasting && is_in_page(page, parts->values)}};
    struct rg_page_header header = fresh_header(joiner, page);

    header.type = RG_PAGE_DATA_V2;
    header.is_compressed = parts->is_compressed && parts->values.bytes > 0;
    header.rep_bytes = (uint32_t)parts->rep.bytes;
    header.def_bytes = (uint32_t)parts->def.bytes;
    header.row_count = parts->row_count;
    header.null_count = parts->value_count - parts->present_count;
    header.uncompressed_bytes = header.rep_bytes + header.def_bytes + parts->values_raw_bytes;
    if (parts->present_count == 0)
        header.encoding = parts->values.bytes == 0 ? RG_ENCODING_PLAIN : joiner->index_encoding;
    return write(joiner, survey, page, &header, false, pieces, 3, parts->present_count,
                 are_levels_same, verdict, err);
}

/* The levels of a page that turned out to have no values, as a page of no values or no indices. */
static enum rg_status write_nulls(struct rg_joiner *joiner, const struct rg_survey *survey,
                                  const struct rg_source_page *page, struct rg_parts *parts,
                                  bool are_indices, struct rg_error *err)
{
    static const uint8_t width = 0;

    parts->values = (struct rg_span){&width, are_indices ? sizeof width : 0};
    parts->values_raw_bytes = (uint32_t)parts->values.bytes;
    parts->is_compressed = false;
    RG_TRY(translate_levels(joiner, survey, parts, parts, err));
    const enum rg_verdict verdict = levels_verdict(survey, RG_VERDICT_COPY);
    rg_bench_count(joiner->bench, verdict,
                   survey->def_map != NULL ? levels_reason(survey) : RG_REASON_REPAIR,
                   page->body.bytes);
    RG_TRY(write_v2(joiner, survey, page, parts, survey->def_map == NULL, verdict, err));
    rg_level_writer_reset(&joiner->def);
    return RG_OK;
}

/* A page that becomes V2: other levels, or V2 and another codec. */
static enum rg_status rewrite_v2(struct rg_joiner *joiner, const struct rg_survey *survey,
                                 const struct rg_source_page *page, struct rg_error *err)
{
    struct rg_bench *bench = joiner->bench;
    const bool is_codec_same = is_codec_kept(bench, survey->source, page);
    struct rg_parts parts;

    RG_TRY(rg_parts_take(bench, survey->source, page, !is_codec_same, &parts, err));
    if (parts.present_count == 0)
        return write_nulls(joiner, survey, page, &parts,
                           rg_encoding_is_dictionary(page->header.encoding) &&
                               rg_sink_counts_null_pages(bench->leaf),
                           err);
    const bool is_whole_v1 = page->header.type == RG_PAGE_DATA && !parts.is_compressed;
    const bool is_packed = is_codec_same && !is_whole_v1;

    RG_TRY(translate_levels(joiner, survey, &parts, &parts, err));
    RG_TRY(pack_values(bench, &parts, is_packed, err));
    const enum rg_verdict verdict =
        levels_verdict(survey, is_packed ? RG_VERDICT_COPY : RG_VERDICT_RECOMPRESS);
    rg_bench_count(bench, verdict,
                   survey->def_map != NULL ? levels_reason(survey) : codec_reason(bench),
                   page->body.bytes);
    RG_TRY(write_v2(joiner, survey, page, &parts, survey->def_map == NULL, verdict, err));
    rg_level_writer_reset(&joiner->def);
    return RG_OK;
}

/* Levels without values, into the page in the making whatever it holds. */
static enum rg_status join_nulls(struct rg_joiner *joiner, const struct rg_survey *survey,
                                 const struct rg_source_page *page,
                                 const struct rg_copy_options *options, struct rg_error *err)
{
    const enum rg_join_kind first = options->are_nulls_indices ? RG_JOIN_INDICES : RG_JOIN_VALUES;
    struct rg_join_part part = {
        .survey = survey, .page = page, .verdict = RG_VERDICT_JOIN, .in_bytes = page->body.bytes};
    struct rg_level_cursor cursor;
    struct rg_level_step step;
    struct rg_parts parts;

    RG_TRY(rg_parts_take(joiner->bench, survey->source, page, false, &parts, err));
    RG_TRY(rg_joiner_make_room(joiner, parts.value_count, 0, err));
    const enum rg_join_kind kind = joiner->kind == RG_JOIN_NOTHING ? first : joiner->kind;
    RG_TRY(rg_joiner_begin(joiner, kind, false, err));
    rg_level_cursor_init(&cursor, survey->source->leaf, &parts, survey->def_map);
    RG_TRY(rg_joiner_levels(joiner, &cursor, parts.value_count, &step, err));
    part.value_count = step.value_count;
    part.present_count = step.present_count;
    rg_joiner_add_part(joiner, &part);
    rg_bench_count(joiner->bench, RG_VERDICT_JOIN, RG_REASON_TINY_PAGES, page->body.bytes);
    return RG_OK;
}

/*
 * All null, and such that some reader stumbles on it (README.md section 1), or in an encoding that
 * the type of the output may not have: deltas of a column that is DOUBLE by now. Deltas and runs of
 * no values want a header that is often not there: pyarrow reads none without.
 */
static bool needs_mending(const struct rg_source_page *page)
{
    if (page->header.encoding != RG_ENCODING_PLAIN)
        return true;
    return page->header.type == RG_PAGE_DATA_V2 &&
           (page->header.is_compressed ||
            page->body.bytes > page->header.rep_bytes + page->header.def_bytes);
}

static enum rg_status mend_nulls(struct rg_joiner *joiner, const struct rg_survey *survey,
                                 const struct rg_source_page *page,
                                 const struct rg_copy_options *options, struct rg_error *err)
{
    struct rg_parts parts;

    RG_TRY(rg_parts_take(joiner->bench, survey->source, page, false, &parts, err));
    return write_nulls(joiner, survey, page, &parts, options->are_nulls_indices, err);
}

static bool is_tiny(const struct rg_bench *bench, const struct rg_source_page *page)
{
    return page->header.value_count < bench->tiny_values && page->body.bytes < rg_tiny_bytes;
}

/*
 * Would one compression of many pages make them much smaller? Pages of 800 bytes that shrink at
 * all: by 34 %. Pages of 200 uuids, which hardly shrink: 4 %; small integers and rounded doubles of
 * 16 KiB a page: 11 and 7 %, for twice the time of the whole column. Those are left to --encoding
 * small (issue 11).
 */
static bool gains_by_joining(const struct rg_page_header *header)
{
    return header->uncompressed_bytes < lone_bytes_min &&
           header->compressed_bytes * UINT64_C(4) < header->uncompressed_bytes * UINT64_C(3);
}

/*
 * Can the values stay under the compression that they share with the levels? Bounds must be known:
 * they cannot be taken from values that nobody sees.
 */
static bool may_stay_packed(const struct rg_joiner *joiner, const struct rg_survey *survey,
                            const struct rg_source_page *page)
{
    const struct rg_bench *bench = joiner->bench;

    if (bench->codec != RG_CODEC_SNAPPY || bench->is_codec_asked || bench->is_small ||
        joiner->kind == RG_JOIN_VALUES)
        return false;
    return bench->leaf->type != RG_TYPE_BOOLEAN && !survey->has_split_rows &&
           rg_survey_has_bounds(survey) && rg_parts_has_front(survey->source, page) &&
           !gains_by_joining(&page->header);
}

/* PLAIN values of a whole page into the page in the making. */
static enum rg_status join_values(struct rg_joiner *joiner, const struct rg_survey *survey,
                                  const struct rg_source_page *page, struct rg_error *err)
{
    struct rg_join_part part = {
        .survey = survey, .page = page, .verdict = RG_VERDICT_JOIN, .in_bytes = page->body.bytes};
    struct rg_level_cursor cursor;
    struct rg_level_step step;
    struct rg_parts parts;
    size_t extent = 0;

    if (may_stay_packed(joiner, survey, page))
        RG_TRY(rg_parts_take_front(joiner->bench, survey->source, page, &parts, err));
    else
        RG_TRY(rg_parts_take(joiner->bench, survey->source, page, false, &parts, err));
    const struct rg_plain_values values = {
        .body = parts.values,
        .front = parts.front,
        .raw_bytes = parts.values_raw_bytes,
        .value_count = parts.present_count,
        .encoding = page->header.encoding,
        .codec = survey->source->chunk->codec,
        .is_compressed = parts.is_compressed,
        .is_lasting = !survey->are_bytes_made,
        .has_bounds = rg_survey_has_bounds(survey),
    };
    RG_TRY(rg_joiner_make_room(joiner, parts.value_count, parts.values_raw_bytes, err));
    RG_TRY(rg_joiner_begin(joiner, rg_values_kind(joiner, &values), survey->has_split_rows, err));
    rg_level_cursor_init(&cursor, survey->source->leaf, &parts, survey->def_map);
    RG_TRY(rg_joiner_levels(joiner, &cursor, parts.value_count, &step, err));
    if (parts.present_count > 0)
        RG_TRY(rg_values_move(joiner, &values, &extent, err));
    part.value_count = step.value_count;
    part.present_count = step.present_count;
    part.has_unencoded_bytes = joiner->bench->leaf->type == RG_TYPE_BYTE_ARRAY;
    if (part.has_unencoded_bytes)
        part.unencoded_bytes = extent - UINT64_C(4) * parts.present_count;
    rg_joiner_add_part(joiner, &part);
    rg_bench_count(joiner->bench, RG_VERDICT_JOIN, RG_REASON_TINY_PAGES, page->body.bytes);
    if (joiner->is_alone || rg_joiner_is_full(joiner))
        return rg_joiner_flush(joiner, err);
    return RG_OK;
}

/*
 * A page whose rows are split goes through the page in the making by itself and stays V1; its
 * values keep their encoding.
 */
static enum rg_status join_alone(struct rg_joiner *joiner, const struct rg_survey *survey,
                                 const struct rg_source_page *page, enum rg_join_kind kind,
                                 struct rg_error *err)
{
    const enum rg_verdict verdict = levels_verdict(survey, RG_VERDICT_RECOMPRESS);
    struct rg_join_part part = {
        .survey = survey, .page = page, .verdict = verdict, .in_bytes = page->body.bytes};
    struct rg_level_cursor cursor;
    struct rg_level_step step;
    struct rg_parts parts;

    RG_TRY(rg_parts_take(joiner->bench, survey->source, page, true, &parts, err));
    RG_TRY(rg_joiner_begin(joiner, kind, true, err));
    rg_level_cursor_init(&cursor, survey->source->leaf, &parts, survey->def_map);
    RG_TRY(rg_joiner_levels(joiner, &cursor, parts.value_count, &step, err));
    if (parts.present_count > 0) {
        joiner->encoding = fresh_header(joiner, page).encoding;
        rg_buffer_append(&joiner->values, parts.values.data, parts.values.bytes);
        RG_TRY(rg_buffer_check(&joiner->values, "page", err));
    }
    part.value_count = step.value_count;
    part.present_count = step.present_count;
    rg_joiner_add_part(joiner, &part);
    rg_bench_count(joiner->bench, verdict,
                   survey->def_map != NULL ? levels_reason(survey) : RG_REASON_REPAIR,
                   page->body.bytes);
    return rg_joiner_flush(joiner, err);
}

static enum rg_status copy_nulls(struct rg_joiner *joiner, const struct rg_survey *survey,
                                 const struct rg_source_page *page,
                                 const struct rg_copy_options *options, struct rg_error *err)
{
    const bool is_alone = survey->has_split_rows;

    if (options->may_join && is_tiny(joiner->bench, page) && !is_alone)
        return join_nulls(joiner, survey, page, options, err);
    RG_TRY(rg_joiner_flush(joiner, err));
    const bool is_same =
        survey->def_map == NULL && is_codec_kept(joiner->bench, survey->source, page);
    if (is_same && !options->are_nulls_indices && !needs_mending(page))
        return copy_verbatim(joiner, survey, page, err);
    if (!is_alone)
        return mend_nulls(joiner, survey, page, options, err);
    return join_alone(joiner, survey, page,
                      options->are_nulls_indices ? RG_JOIN_INDICES : RG_JOIN_VALUES, err);
}

static bool is_rle_boolean(const struct rg_joiner *joiner, const struct rg_source_page *page)
{
    return joiner->bench->leaf->type == RG_TYPE_BOOLEAN && page->header.encoding == RG_ENCODING_RLE;
}

enum rg_status rg_copy_page(struct rg_joiner *joiner, const struct rg_survey *survey,
                            const struct rg_source_page *page,
                            const struct rg_copy_options *options, struct rg_error *err)
{
    const bool is_plain = page->header.encoding == RG_ENCODING_PLAIN;
    const bool is_alone = survey->has_split_rows;

    if (rg_is_null_page(page))
        return copy_nulls(joiner, survey, page, options, err);
    if (options->may_join && is_plain && is_tiny(joiner->bench, page) && !is_alone)
        return join_values(joiner, survey, page, err);
    if (is_rle_boolean(joiner, page) && options->are_booleans_plain)
        return join_values(joiner, survey, page, err);
    RG_TRY(rg_joiner_flush(joiner, err));
    const bool is_codec_same = is_codec_kept(joiner->bench, survey->source, page);
    if (survey->def_map == NULL && is_codec_same)
        return copy_verbatim(joiner, survey, page, err);
    if (survey->def_map == NULL && page->header.type == RG_PAGE_DATA)
        return recompress_v1(joiner, survey, page, err);
    if (is_alone)
        return join_alone(joiner, survey, page, RG_JOIN_VALUES, err);
    return rewrite_v2(joiner, survey, page, err);
}
