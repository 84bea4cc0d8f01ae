/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first walk goes over all pages once, and checks what can be checked from outside. What it
 * could not understand is opened in a second one, for which the survey remembers what each page
 * told (`looks`); every later walk delivers it with the page.
 */

#include "stitch/source.h"

#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "parquet/codec.h"
#include "parquet/decoder.h"
#include "parquet/page_header.h"
#include "parquet/rle.h"
#include "parquet/schema.h"
#include "stitch/adapt.h"
#include "stitch/chunk_facts.h"
#include "stitch/estimate.h"
#include "stitch/level_map.h"
#include "stitch/page_walk.h"
#include "stitch/parts.h"
#include "stitch/statistics.h"
#include "stitch/survey_facts.h"

static bool has_packed_levels(const struct rg_leaf *leaf, const struct rg_page_header *header)
{
    if (header->type != RG_PAGE_DATA)
        return false;
    return (leaf->rep_max > 0 && header->rep_encoding == RG_ENCODING_BIT_PACKED) ||
           (leaf->def_max > 0 && header->def_encoding == RG_ENCODING_BIT_PACKED);
}

static enum rg_status check_crc(const struct rg_source_page *page, struct rg_error *err)
{
    if (!page->header.has_crc)
        return RG_OK;
    const uint32_t crc = rg_crc32(page->body);
    if (crc != page->header.crc)
        return rg_fail(err, RG_ERR_CORRUPT, "CRC is %08x, its header says %08x", crc,
                       page->header.crc);
    return RG_OK;
}

/* A hash of both ends: enough to tell most dictionaries apart; who finds equal ones compares. */
static uint64_t mark_of(struct rg_span body)
{
    const size_t end_bytes = 256;

    if (body.bytes <= 2 * end_bytes)
        return rg_hash_fast(body);
    const struct rg_span head = {body.data, end_bytes};
    const struct rg_span tail = {body.data + body.bytes - end_bytes, end_bytes};
    return rg_hash_fast(head) ^ (rg_hash_fast(tail) * UINT64_C(0x9e3779b97f4a7c15)) ^ body.bytes;
}

enum rg_status rg_survey_dictionary(struct rg_bench *bench, const struct rg_survey *survey,
                                    struct rg_span *ret_plain, struct rg_error *err)
{
    return rg_bench_decompress(bench, &bench->dictionary, survey->dictionary_codec, true,
                               survey->dictionary, survey->dictionary_raw_bytes, ret_plain, err);
}

uint64_t rg_survey_present_count(const struct rg_survey *survey)
{
    const struct rg_column_chunk *chunk = survey->source->chunk;

    return survey->has_null_count ? chunk->value_count - survey->null_count
                                  : rg_chunk_present_count(chunk);
}

/* The dictionary in the output's type. */
static enum rg_status convert_dictionary(struct rg_survey *survey, struct rg_error *err)
{
    const struct rg_stitch_source *source = survey->source;
    struct rg_bench *bench = survey->bench;
    const uint64_t raw_bytes_max = rg_raw_bytes_bound(source->chunk);
    struct rg_span plain;

    /* The estimate was made from it, and memory claimed. */
    if (survey->dictionary_raw_bytes > raw_bytes_max)
        return rg_fail(err, RG_ERR_CORRUPT,
                       "a dictionary of %u raw bytes where the footer tells "
                       "of %llu",
                       survey->dictionary_raw_bytes, (unsigned long long)raw_bytes_max);
    RG_TRY(rg_survey_dictionary(bench, survey, &plain, err));
    RG_TRY(rg_adapt_dictionary(bench, source, plain, survey->dictionary_entries,
                               &survey->dictionary, err));
    if (survey->dictionary.bytes > rg_page_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "a dictionary of %zu bytes", survey->dictionary.bytes);
    survey->dictionary_hash = mark_of(survey->dictionary);
    survey->dictionary_raw_bytes = (uint32_t)survey->dictionary.bytes;
    survey->dictionary_codec = RG_CODEC_NONE;
    survey->is_dictionary_made = true;
    survey->has_dictionary_crc = false;
    return RG_OK;
}

/* Entries take no less than this: nobody makes room for more than there can be. */
static bool may_hold_entries(const struct rg_leaf *leaf, const struct rg_page_header *header)
{
    const uint64_t entry_bits = leaf->type == RG_TYPE_BOOLEAN      ? 1
                                : leaf->type == RG_TYPE_BYTE_ARRAY ? 32
                                                                   : 8 * rg_plain_bytes(leaf);

    return header->value_count * entry_bits <= UINT64_C(8) * header->uncompressed_bytes;
}

static enum rg_status survey_dictionary(struct rg_survey *survey, const struct rg_source_page *page,
                                        struct rg_error *err)
{
    const struct rg_page_header *header = &page->header;

    if (survey->dictionary.data != NULL)
        return rg_fail(err, RG_ERR_CORRUPT, "a second dictionary page");
    if (survey->page_count > 0)
        return rg_fail(err, RG_ERR_CORRUPT, "a dictionary page behind data pages");
    if (header->encoding != RG_ENCODING_PLAIN && header->encoding != RG_ENCODING_PLAIN_DICTIONARY)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "a dictionary page with encoding %s",
                       rg_encoding_name(header->encoding));
    if (survey->source->chunk->codec == RG_CODEC_NONE &&
        header->compressed_bytes != header->uncompressed_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "an uncompressed page of %u bytes says %u",
                       header->compressed_bytes, header->uncompressed_bytes);
    if (!may_hold_entries(survey->source->leaf, header))
        return rg_fail(err, RG_ERR_CORRUPT, "a dictionary of %u raw bytes says %u entries",
                       header->uncompressed_bytes, header->value_count);
    survey->dictionary = page->body;
    survey->dictionary_hash = mark_of(page->body);
    survey->dictionary_entries = header->value_count;
    survey->dictionary_raw_bytes = header->uncompressed_bytes;
    survey->dictionary_in_bytes = header->compressed_bytes;
    survey->dictionary_in_raw_bytes = header->uncompressed_bytes;
    survey->dictionary_codec = survey->source->chunk->codec;
    survey->raw_bytes += header->uncompressed_bytes;
    survey->dictionary_encoding = header->encoding;
    survey->has_dictionary_crc = header->has_crc;
    survey->dictionary_crc = header->crc;
    survey->has_crc = survey->has_crc || header->has_crc;
    return rg_source_is_converted(survey->source) ? convert_dictionary(survey, err) : RG_OK;
}

static enum rg_status check_data_page(const struct rg_survey *survey,
                                      const struct rg_source_page *page, struct rg_error *err)
{
    const struct rg_page_header *header = &page->header;

    RG_TRY(check_crc(page, err));
    if (header->encoding > RG_ENCODING_ALP)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "a page with encoding %u", header->encoding);
    if (page->is_recoded && !rg_decoder_can_read(header->encoding, survey->source->leaf->type))
        return rg_fail(err, RG_ERR_UNSUPPORTED, "values of encoding %s cannot be converted",
                       rg_encoding_name(header->encoding));
    if (!header->is_compressed && header->compressed_bytes != header->uncompressed_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "an uncompressed page of %u bytes says %u",
                       header->compressed_bytes, header->uncompressed_bytes);
    return RG_OK;
}

/*
 * A page whose nulls are hidden under compression, and that may hold nothing else: it is small, or
 * there is no dictionary for its indices.
 * Whether it does matters twice: to the order rule, and because all-null pages need mending.
 */
static bool may_be_all_null(const struct rg_survey *survey, const struct rg_source_page *page)
{
    const struct rg_leaf *leaf = survey->source->leaf;
    const struct rg_statistics *statistics = &survey->statistics;
    const uint64_t count = page->header.value_count;
    const uint64_t width = rg_bit_width(leaf->rep_max) + rg_bit_width(leaf->def_max);

    if (page->has_present_count)
        return false;
    /* Without a dictionary it can hold nothing else, however its levels are written. */
    if (rg_encoding_is_dictionary(page->header.encoding) && survey->dictionary_entries == 0)
        return true;
    /* Below lists some writers count no nulls for empty ones (README.md section 2). */
    if (leaf->rep_max == 0 && statistics->has_null_count && statistics->null_count < count)
        return false;
    /* Two lengths, a byte of width, levels bit by bit, run headers. */
    return page->header.uncompressed_bytes <= 64 + count * width / 8 + count / 32;
}

/* The page may lean on the page before: what its writer is known for (PARQUET-246). */
static bool may_be_linked(const struct rg_survey *survey, const struct rg_source_page *page)
{
    return page->header.encoding == RG_ENCODING_DELTA_BYTE_ARRAY &&
           survey->source->writer->has_linked_delta_pages && !rg_is_null_page(page);
}

/* Adds what kind of page this is. */
static void count_page(struct rg_survey *survey, const struct rg_source_page *page)
{
    const struct rg_page_header *header = &page->header;

    survey->page_count++;
    survey->has_crc = survey->has_crc || header->has_crc;
    survey->raw_bytes += header->uncompressed_bytes;
    if (header->uncompressed_bytes > survey->page_raw_bytes_max)
        survey->page_raw_bytes_max = header->uncompressed_bytes;
    if (page->has_present_count)
        survey->null_count += header->value_count - page->present_count;
    else
        survey->has_null_count = false;
    if (!page->has_row_count)
        survey->are_rows_known = false;
    if (!rg_is_index_page(page))
        survey->are_index_pages_done = survey->index_page_count > 0;
    if (rg_is_null_page(page))
        return;

    survey->source_encodings |= UINT32_C(1) << header->encoding;
    survey->encodings |= UINT32_C(1)
                         << (page->is_recoded ? (uint8_t)RG_ENCODING_PLAIN : header->encoding);
    if (!rg_is_index_page(page)) {
        survey->value_page_count++;
        survey->recoded_page_count += page->is_recoded;
        survey->value_values += header->value_count;
        survey->value_bytes += header->compressed_bytes;
        return;
    }
    survey->breaks_order = survey->breaks_order || survey->value_page_count > 0;
    survey->are_index_pages_together =
        survey->are_index_pages_together && !survey->are_index_pages_done;
    survey->index_page_count++;
    survey->index_values += header->value_count;
    survey->index_bytes += header->compressed_bytes;
    survey->index_raw_bytes += header->uncompressed_bytes;
}

static void begin_count(struct rg_survey *survey)
{
    survey->page_count = 0;
    survey->index_page_count = 0;
    survey->value_page_count = 0;
    survey->recoded_page_count = 0;
    survey->encodings = 0;
    survey->source_encodings = 0;
    survey->index_values = 0;
    survey->index_bytes = 0;
    survey->index_raw_bytes = 0;
    survey->value_values = 0;
    survey->value_bytes = 0;
    survey->raw_bytes = survey->dictionary_in_raw_bytes;
    survey->null_count = 0;
    survey->has_null_count = true;
    survey->breaks_order = false;
    survey->are_index_pages_together = true;
    survey->are_index_pages_done = false;
    survey->are_rows_known = true;
}

/* Does the offset index say the same of this page as the walk? */
static bool fits_index(const struct rg_stitch_source *source, const struct rg_source_page *page)
{
    const struct rg_offset_index *index = source->offset_index;
    const uint32_t at = page->index_ordinal;

    if (at >= index->page_count || index->pages[at].offset != source->file_offset + page->offset)
        return false;
    const uint64_t end =
        at + 1 < index->page_count ? index->pages[at + 1].first_row_index : source->row_count;
    const uint64_t begin = index->pages[at].first_row_index;
    return begin < end && end - begin <= page->header.value_count;
}

/* What must hold of the indices before anything is decided on them. */
static enum rg_status check_whole(const struct rg_survey *survey, struct rg_error *err)
{
    const struct rg_stitch_source *source = survey->source;
    const uint64_t pages = rg_pages_bound(source->chunk);
    const uint64_t raw_bytes = rg_raw_bytes_bound(source->chunk);

    /* The estimate was made from these, and memory claimed by it. */
    if (survey->page_count > pages)
        return rg_fail(err, RG_ERR_CORRUPT, "%u data pages where the footer tells of %llu",
                       survey->page_count, (unsigned long long)pages);
    if (survey->raw_bytes > raw_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "%llu raw bytes where the footer tells of %llu",
                       (unsigned long long)survey->raw_bytes, (unsigned long long)raw_bytes);

    if (survey->index_page_count > 0 && !survey->needs_look &&
        (survey->dictionary.data == NULL || survey->dictionary_entries == 0))
        return rg_fail(err, RG_ERR_CORRUPT, "indices without a dictionary");
    if (source->leaf->rep_max == 0 && source->chunk->value_count != source->row_count)
        return rg_fail(err, RG_ERR_CORRUPT, "%llu values in %llu rows",
                       (unsigned long long)source->chunk->value_count,
                       (unsigned long long)source->row_count);
    return RG_OK;
}

/*
 * Nobody but its levels tells how many nulls a page has. They must be known: readers take bounds
 * without a count of nulls for those of values that are all there.
 */
static bool must_count_nulls(const struct rg_survey *survey)
{
    const struct rg_stitch_source *source = survey->source;
    const bool is_repeated =
        survey->page_count > 1 && rg_statistics_repeat_nulls(source->writer, source->chunk);

    if (survey->has_null_count || source->leaf->def_max == 0)
        return false;
    return !survey->statistics.has_null_count || is_repeated;
}

/* Which pages must be opened is known once all were seen. */
static void end_first_walk(struct rg_survey *survey, const struct rg_page_walk *walk,
                           bool does_index_fit)
{
    const struct rg_stitch_source *source = survey->source;

    survey->is_complete = true;
    survey->has_offset_index =
        does_index_fit && source->offset_index->page_count == walk->index_ordinal;
    survey->has_column_index = survey->has_offset_index && source->column_index != NULL &&
                               source->column_index->page_count == walk->index_ordinal;
    survey->needs_all_looks =
        (!survey->are_rows_known && !survey->has_offset_index && survey->page_count > 1) ||
        must_count_nulls(survey);
    survey->are_rows_known = !survey->needs_all_looks;
    survey->needs_look = survey->needs_look || survey->needs_all_looks;
}

static enum rg_status walk_first(struct rg_survey *survey, uint32_t *page_number,
                                 struct rg_error *err)
{
    struct rg_page_walk walk;
    struct rg_source_page page;
    bool does_index_fit = survey->source->offset_index != NULL;
    bool is_end;

    rg_page_walk_init(&walk, survey);
    for (;; (*page_number)++) {
        RG_TRY(rg_page_walk_any(&walk, &page, &is_end, err));
        if (is_end)
            break;
        if (page.header.type == RG_PAGE_DICTIONARY) {
            RG_TRY(check_crc(&page, err));
            RG_TRY(survey_dictionary(survey, &page, err));
            continue;
        }
        RG_TRY(check_data_page(survey, &page, err));
        survey->has_packed_levels =
            survey->has_packed_levels || has_packed_levels(survey->source->leaf, &page.header);
        survey->may_have_links = survey->may_have_links || may_be_linked(survey, &page);
        survey->needs_look =
            survey->needs_look || survey->may_have_links || may_be_all_null(survey, &page);
        does_index_fit = does_index_fit && fits_index(survey->source, &page);
        survey->only_page = page;
        count_page(survey, &page);
    }
    end_first_walk(survey, &walk, does_index_fit);
    return check_whole(survey, err);
}

/* Keeps the map of definition levels where one is needed. */
static enum rg_status make_def_map(struct rg_bench *bench, struct rg_survey *survey,
                                   struct rg_error *err)
{
    const struct rg_stitch_source *source = survey->source;
    struct rg_level_map map;

    if (source->map != NULL) {
        survey->def_map = source->map->def_map;
        return RG_OK;
    }
    if (source->schema != NULL && rg_schema_is_shared(source->schema, bench->schema))
        return RG_OK;
    RG_TRY(rg_level_map_make(bench->schema, bench->leaf, source->schema, source->leaf, &map, err));
    if (!map.is_needed)
        return RG_OK;
    survey->def_map =
        rg_arena_copy(bench->scratch, (struct rg_span){map.levels, sizeof map.levels}).data;
    if (survey->def_map == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a map of levels");
    return RG_OK;
}

/* Levels that are not as we write them are written anew, if only as what they are. */
static enum rg_status make_same_map(struct rg_bench *bench, struct rg_survey *survey,
                                    struct rg_error *err)
{
    const size_t count = (size_t)survey->source->leaf->def_max + 1;

    if (!survey->has_packed_levels || survey->def_map != NULL)
        return RG_OK;
    uint8_t *map = rg_arena_alloc(bench->scratch, count);
    if (map == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a map of levels");
    for (size_t i = 0; i < count; i++)
        map[i] = (uint8_t)i;
    survey->def_map = map;
    return RG_OK;
}

enum rg_status rg_survey_make(struct rg_bench *bench, const struct rg_stitch_source *source,
                              struct rg_survey *ret_survey, struct rg_error *err)
{
    uint32_t page_number = 0;

    *ret_survey = (struct rg_survey){
        .bench = bench,
        .source = source,
        .bounds_leaf = *source->leaf,
    };
    if (rg_source_is_converted(source)) {
        ret_survey->bounds_leaf.type = bench->leaf->type;
        ret_survey->bounds_leaf.type_length = bench->leaf->type_length;
    }
    /* The walk needs to know how many nulls there are. */
    ret_survey->statistics =
        rg_statistics_trusted(source->writer, bench->order, &ret_survey->bounds_leaf,
                              &source->chunk->statistics, source->chunk->value_count);
    if (rg_statistics_must_count_nulls(source->writer, source->leaf, source->chunk))
        ret_survey->statistics.has_null_count = false;
    RG_TRY(make_def_map(bench, ret_survey, err));
    begin_count(ret_survey);
    if (walk_first(ret_survey, &page_number, err) != RG_OK)
        return rg_within(err, "page %u", page_number);
    rg_survey_settle_statistics(ret_survey);
    return make_same_map(bench, ret_survey, err);
}

/* Opens one page; the walk's counts are made anew with what it says. */
static enum rg_status look_at(struct rg_bench *bench, struct rg_survey *survey,
                              struct rg_source_page *page, struct rg_error *err)
{
    struct rg_page_look *look = &survey->looks[page->ordinal];
    struct rg_parts parts;

    RG_TRY(rg_parts_take(bench, survey->source, page, false, &parts, err));
    *look = (struct rg_page_look){parts.row_count, parts.present_count};
    page->has_row_count = true;
    page->row_count = parts.row_count;
    page->has_present_count = true;
    page->present_count = parts.present_count;
    if (parts.is_row_begin)
        return RG_OK;
    if (page->ordinal == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "the first page does not begin with a row");
    survey->has_split_rows = true;
    return RG_OK;
}

static enum rg_status look_at_all(struct rg_bench *bench, struct rg_survey *survey,
                                  uint32_t *page_number, struct rg_error *err)
{
    struct rg_page_walk walk;
    struct rg_source_page page;
    uint64_t row_count = 0;
    bool is_end;

    begin_count(survey);
    rg_page_walk_init(&walk, survey);
    for (;; (*page_number)++) {
        RG_TRY(rg_page_walk_next(&walk, &page, &is_end, err));
        if (is_end)
            break;
        if (survey->needs_all_looks || may_be_all_null(survey, &page))
            RG_TRY(look_at(bench, survey, &page, err));
        row_count += page.row_count;
        count_page(survey, &page);
    }
    if (survey->are_rows_known && row_count != survey->source->row_count)
        return rg_fail(err, RG_ERR_CORRUPT, "pages hold %llu rows, the row group %llu",
                       (unsigned long long)row_count,
                       (unsigned long long)survey->source->row_count);
    survey->are_rows_known = survey->are_rows_known && !survey->has_split_rows;
    survey->needs_look = false;
    return check_whole(survey, err);
}

/* The first value shares bytes with the one before it, which the page before must have. */
static enum rg_status is_linked(struct rg_bench *bench, const struct rg_survey *survey,
                                const struct rg_source_page *page, bool *ret_is_linked,
                                struct rg_error *err)
{
    struct rg_delta_decoder prefixes;
    struct rg_parts parts;
    uint32_t prefix = 0;

    RG_TRY(rg_parts_take(bench, survey->source, page, true, &parts, err));
    if (parts.present_count > 0) {
        RG_TRY(rg_delta_decoder_init(&prefixes, sizeof prefix, parts.values, err));
        RG_TRY(rg_delta_decoder_next(&prefixes, 1, (uint8_t *)&prefix, err));
    }
    *ret_is_linked = prefix > 0;
    return RG_OK;
}

/* A writer that is known for links may have written none: then its pages stand alone. */
static enum rg_status look_for_links(struct rg_bench *bench, struct rg_survey *survey,
                                     uint32_t *page_number, struct rg_error *err)
{
    struct rg_page_walk walk;
    struct rg_source_page page;
    bool is_end;

    rg_page_walk_init(&walk, survey);
    for (*page_number = 0; survey->may_have_links && !survey->has_links; (*page_number)++) {
        RG_TRY(rg_page_walk_next(&walk, &page, &is_end, err));
        if (is_end)
            break;
        if (may_be_linked(survey, &page))
            RG_TRY(is_linked(bench, survey, &page, &survey->has_links, err));
    }
    *page_number = 0;
    return RG_OK;
}

enum rg_status rg_survey_look(struct rg_bench *bench, struct rg_survey *survey,
                              struct rg_error *err)
{
    uint32_t page_number = 0;

    if (!survey->needs_look)
        return RG_OK;
    if (look_for_links(bench, survey, &page_number, err) != RG_OK)
        return rg_within(err, "page %u", page_number);
    const uint32_t page_count = survey->page_count;
    survey->looks = rg_arena_array(bench->scratch, page_count, sizeof *survey->looks);
    if (survey->looks == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u pages", page_count);
    for (uint32_t i = 0; i < page_count; i++)
        survey->looks[i].present_count = rg_page_not_opened;
    if (look_at_all(bench, survey, &page_number, err) != RG_OK)
        return rg_within(err, "page %u", page_number);
    return RG_OK;
}
