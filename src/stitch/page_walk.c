/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A walk stands on a page header. It ends when all values of the chunk were delivered and the
 * chunk's bytes are used up; old writers leave the dictionary's header out of the chunk's size
 * (PARQUET-816), and fastparquet the whole page, so a walk that still misses values goes on so far
 * into the bytes behind, and no further: there the next column begins.
 *
 *   (1) values_left is what the chunk's metadata says minus what was delivered: pages that hold
 *       more or fewer values than that are an error, and no row is ever lost in silence.
 *   (2) A dictionary page is met once at most, before all data pages.
 *
 * Passed over: data pages without values, which several readers stumble on, index pages and page
 * types that the format may get some day (README.md section 1).
 *
 * Not here: whether an index fits its dictionary; that is checked where indices are read.
 */

#include "stitch/page_walk.h"

#include "parquet/codec.h"
#include "parquet/page_header.h"
#include "stitch/parts.h"

void rg_page_walk_init(struct rg_page_walk *walk, const struct rg_survey *survey)
{
    *walk = (struct rg_page_walk){
        .source = survey->source,
        .survey = survey,
        .values_left = survey->source->chunk->value_count,
    };
}

/* Where the chunk's pages end, if its size lacks `lacking_bytes`. */
static uint64_t find_end(const struct rg_page_walk *walk, size_t lacking_bytes)
{
    const struct rg_stitch_source *source = walk->source;
    const uint64_t end = source->chunk->compressed_bytes + lacking_bytes;

    return end < source->bytes.bytes ? end : source->bytes.bytes;
}

/* Is there another page to look for? */
static bool is_at_end(const struct rg_page_walk *walk)
{
    return walk->offset >= find_end(walk, walk->values_left > 0 ? walk->lacking_bytes : 0);
}

/* Takes the page at the walk's offset, whatever its type. */
static enum rg_status take_page(struct rg_page_walk *walk, struct rg_source_page *page,
                                struct rg_error *err)
{
    const struct rg_span bytes = walk->source->bytes;
    const struct rg_span rest = {bytes.data + walk->offset, bytes.bytes - walk->offset};
    size_t header_bytes;

    RG_TRY(rg_page_header_parse(rest, &page->header, &header_bytes, err));
    if (page->header.type == RG_PAGE_DICTIONARY)
        walk->lacking_bytes =
            header_bytes +
            (walk->source->writer->has_dictionary_outside ? page->header.compressed_bytes : 0);
    const uint64_t end = find_end(walk, walk->lacking_bytes);
    const uint64_t begin = walk->offset + header_bytes;
    if (begin > end)
        return rg_fail(err, RG_ERR_CORRUPT,
                       "a page header of %zu bytes where the chunk has %llu left", header_bytes,
                       (unsigned long long)(end - walk->offset));
    if (page->header.compressed_bytes > end - begin)
        return rg_fail(err, RG_ERR_CORRUPT, "a page of %u bytes where the chunk has %llu left",
                       page->header.compressed_bytes, (unsigned long long)(end - begin));
    page->body = (struct rg_span){rest.data + header_bytes, page->header.compressed_bytes};
    page->offset = walk->offset;
    walk->offset += header_bytes + page->body.bytes;
    return RG_OK;
}

/* Makes is_compressed say what is true. */
static void normalise_compression(const struct rg_stitch_source *source,
                                  struct rg_page_header *header)
{
    const bool is_lie = header->type == RG_PAGE_DATA_V2 && source->writer->has_lying_v2_flag;

    /* parquet-cpp below 2.0.0 wrote "not compressed" on pages that are (ARROW-10353). */
    if (is_lie)
        header->is_compressed = true;
    if (source->chunk->codec == RG_CODEC_NONE)
        header->is_compressed = false;
}

static void tell_rows(const struct rg_page_walk *walk, struct rg_source_page *page)
{
    const struct rg_stitch_source *source = walk->source;
    const struct rg_offset_index *index = source->offset_index;
    const uint32_t at = page->index_ordinal;

    page->has_row_count = true;
    if (source->leaf->rep_max == 0) {
        page->row_count = page->header.value_count;
    } else if (page->header.type == RG_PAGE_DATA_V2) {
        page->row_count = page->header.row_count;
    } else if (walk->survey->has_offset_index) {
        const uint64_t end =
            at + 1 < index->page_count ? index->pages[at + 1].first_row_index : source->row_count;

        page->row_count = (uint32_t)(end - index->pages[at].first_row_index);
    } else if (walk->survey->is_complete && walk->survey->page_count == 1) {
        page->row_count = (uint32_t)source->row_count;
    } else {
        page->has_row_count = false;
    }
}

/*
 * What the levels say, where they can be seen. Counts in V2 headers are not taken at their word:
 * parquet-dotnet below 4 wrote no nulls and as many rows as values.
 */
static enum rg_status tell_present(const struct rg_page_walk *walk, struct rg_source_page *page,
                                   struct rg_error *err)
{
    struct rg_parts parts;

    RG_TRY(rg_parts_peek(walk->survey->bench, walk->source, page, &page->has_present_count, &parts,
                         err));
    if (page->has_present_count)
        page->present_count = parts.present_count;
    if (walk->source->leaf->def_max == 0) {
        page->has_present_count = true;
        page->present_count = page->header.value_count;
    }
    if (page->header.type != RG_PAGE_DATA_V2)
        return RG_OK;
    page->row_count = parts.row_count;
    page->header.row_count = parts.row_count;
    page->header.null_count = parts.value_count - parts.present_count;
    return RG_OK;
}

/* What the first walk found out by opening the page goes before everything else. */
static void tell_looks(const struct rg_page_walk *walk, struct rg_source_page *page)
{
    if (walk->survey->looks == NULL)
        return;
    const struct rg_page_look *look = &walk->survey->looks[page->ordinal];
    if (look->present_count == rg_page_not_opened)
        return;
    page->row_count = look->row_count;
    page->present_count = look->present_count;
    page->has_row_count = true;
    page->has_present_count = true;
}

static bool is_level_encoding(uint8_t encoding)
{
    return encoding == RG_ENCODING_RLE || encoding == RG_ENCODING_BIT_PACKED;
}

/* Levels in front of the values can be read, or there are none. */
static enum rg_status check_level_encodings(const struct rg_leaf *leaf,
                                            const struct rg_page_header *header,
                                            struct rg_error *err)
{
    if (header->type != RG_PAGE_DATA)
        return RG_OK;
    if (leaf->rep_max > 0 && !is_level_encoding(header->rep_encoding))
        return rg_fail(err, RG_ERR_UNSUPPORTED, "repetition levels have encoding %s",
                       rg_encoding_name(header->rep_encoding));
    if (leaf->def_max > 0 && !is_level_encoding(header->def_encoding))
        return rg_fail(err, RG_ERR_UNSUPPORTED, "definition levels have encoding %s",
                       rg_encoding_name(header->def_encoding));
    return RG_OK;
}

bool rg_source_is_converted(const struct rg_stitch_source *source)
{
    return source->map != NULL && source->map->conversion != RG_CONVERSION_NONE;
}

/* Values that can only be moved by decoding them. */
static bool is_recoded(const struct rg_survey *survey, const struct rg_source_page *page)
{
    const struct rg_stitch_source *source = survey->source;
    const uint8_t encoding = page->header.encoding;

    if (encoding == RG_ENCODING_DELTA_BYTE_ARRAY && survey->has_links)
        return true;
    /* Of dictionary-encoded pages the dictionary is converted. */
    if (rg_source_is_converted(source))
        return !rg_encoding_is_dictionary(encoding);
    return source->leaf->type == RG_TYPE_BOOLEAN && rg_encoding_is_dictionary(encoding);
}

static enum rg_status take_data_page(struct rg_page_walk *walk, struct rg_source_page *page,
                                     struct rg_error *err)
{
    if (page->header.value_count > walk->values_left)
        return rg_fail(err, RG_ERR_CORRUPT, "pages hold more than the %llu values of the chunk",
                       (unsigned long long)walk->source->chunk->value_count);
    RG_TRY(check_level_encodings(walk->source->leaf, &page->header, err));
    walk->values_left -= page->header.value_count;
    normalise_compression(walk->source, &page->header);
    page->ordinal = walk->ordinal++;
    tell_rows(walk, page);
    RG_TRY(tell_present(walk, page, err));
    tell_looks(walk, page);
    page->is_recoded = is_recoded(walk->survey, page);
    return RG_OK;
}

static bool is_data_page(const struct rg_source_page *page)
{
    return page->header.type == RG_PAGE_DATA || page->header.type == RG_PAGE_DATA_V2;
}

enum rg_status rg_page_walk_any(struct rg_page_walk *walk, struct rg_source_page *page,
                                bool *ret_is_end, struct rg_error *err)
{
    while (!is_at_end(walk)) {
        const enum rg_status status = take_page(walk, page, err);

        *ret_is_end = false;
        if (status != RG_OK && walk->values_left > 0)
            return status;
        if (status != RG_OK)
            break; /* Bytes that are no page, behind all that was promised: nothing is lost. */
        if (page->header.type == RG_PAGE_DICTIONARY)
            return RG_OK;
        if (!is_data_page(page))
            continue;
        page->index_ordinal = walk->index_ordinal++;
        if (page->header.value_count > 0)
            return take_data_page(walk, page, err);
    }
    *ret_is_end = true;
    if (walk->values_left > 0)
        return rg_fail(err, RG_ERR_CORRUPT, "%llu of %llu values are missing",
                       (unsigned long long)walk->values_left,
                       (unsigned long long)walk->source->chunk->value_count);
    return RG_OK;
}

/* Chunks of small files have one page each: it need not be parsed and checked once more. */
static void give_only_page(struct rg_page_walk *walk, struct rg_source_page *ret_page)
{
    *ret_page = walk->survey->only_page;
    walk->offset = walk->source->bytes.bytes;
    walk->values_left = 0;
    walk->ordinal++;
    walk->index_ordinal = ret_page->index_ordinal + 1;
    tell_rows(walk, ret_page);
    tell_looks(walk, ret_page);
    ret_page->is_recoded = is_recoded(walk->survey, ret_page);
}

enum rg_status rg_page_walk_next(struct rg_page_walk *walk, struct rg_source_page *ret_page,
                                 bool *ret_is_end, struct rg_error *err)
{
    *ret_is_end = false;
    if (walk->offset == 0 && walk->survey->is_complete && walk->survey->page_count == 1) {
        give_only_page(walk, ret_page);
        return RG_OK;
    }
    do {
        RG_TRY(rg_page_walk_any(walk, ret_page, ret_is_end, err));
    } while (!*ret_is_end && !is_data_page(ret_page));
    return RG_OK;
}

bool rg_is_null_page(const struct rg_source_page *page)
{
    return page->has_present_count && page->present_count == 0;
}

bool rg_is_index_page(const struct rg_source_page *page)
{
    return rg_encoding_is_dictionary(page->header.encoding) && !page->is_recoded &&
           !rg_is_null_page(page);
}
