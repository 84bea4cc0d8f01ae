/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/page_index.h"

#include "base/limits.h"
#include "parquet/meta_parser_impl.h"
#include "parquet/meta_statistics_impl.h"
#include "thrift/reader.h"
#include "thrift/writer.h"

/* Fields 1 to 3 of PageLocation, and the stop byte. */
static const size_t page_location_bytes_min = 7;

static const struct rg_meta_fields page_location_fields = {
    .wire_types = {[1] = RG_WIRE_INTEGER, [2] = RG_WIRE_INTEGER, [3] = RG_WIRE_INTEGER},
    .required = 0xe,
};

static const struct rg_meta_fields offset_index_fields = {
    .wire_types = {[1] = RG_WIRE_LIST, [2] = RG_WIRE_LIST},
    .required = 0x2,
};

static const struct rg_meta_fields column_index_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_LIST,
            [2] = RG_WIRE_LIST,
            [3] = RG_WIRE_LIST,
            [4] = RG_WIRE_INTEGER,
            [5] = RG_WIRE_LIST,
            [6] = RG_WIRE_LIST,
            [7] = RG_WIRE_LIST,
            [8] = RG_WIRE_LIST,
        },
    .required = 0x1e,
};

/* ColumnIndex while it is being parsed. */
struct column_index_parser {
    struct rg_meta_parser meta;
    struct rg_column_index index;
    uint32_t counts[9]; /* Of the list in field n. */
};

/* The header of a list that has an entry for each page. */
static enum rg_status read_page_list(struct rg_meta_parser *parser, uint8_t type,
                                     uint8_t element_type, size_t element_bytes_min,
                                     struct rg_thrift_list *ret_list, struct rg_error *err)
{
    const struct rg_thrift_list list =
        rg_thrift_read_list(&parser->reader, type, element_type, element_bytes_min);

    if (list.count > rg_pages_max)
        return rg_fail(err, RG_ERR_LIMIT, "index of %u pages; at most %u", list.count,
                       rg_pages_max);
    *ret_list = list;
    return RG_OK;
}

static void parse_page_location(struct rg_meta_parser *parser, struct rg_page_location *page)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &page_location_fields, &at)) {
        if (at.field.id == 1)
            page->offset = rg_thrift_read_u63(reader, at.field.type);
        else if (at.field.id == 2)
            page->compressed_bytes = rg_thrift_read_u31(reader, at.field.type);
        else
            page->first_row_index = rg_thrift_read_u63(reader, at.field.type);
    }
}

static enum rg_status parse_pages(struct rg_meta_parser *parser, uint8_t type,
                                  struct rg_offset_index *index, struct rg_error *err)
{
    struct rg_thrift_list list = {0};

    RG_TRY(read_page_list(parser, type, RG_THRIFT_STRUCT, page_location_bytes_min, &list, err));
    index->pages = rg_arena_array(parser->arena, list.count, sizeof *index->pages);
    if (index->pages == NULL)
        return rg_meta_no_memory(list.count, "page locations", err);
    index->page_count = list.count;
    for (uint32_t i = 0; i < list.count; i++)
        parse_page_location(parser, &index->pages[i]);
    return RG_OK;
}

/* PageIndex.md: pages in the order of their rows, each beginning at a row of its own. */
static enum rg_status check_pages(const struct rg_offset_index *index, struct rg_error *err)
{
    const struct rg_page_location *pages = index->pages;

    if (index->page_count > 0 && pages[0].first_row_index != 0)
        return rg_fail(err, RG_ERR_CORRUPT, "first page begins at row %llu",
                       (unsigned long long)pages[0].first_row_index);
    for (uint32_t i = 1; i < index->page_count; i++) {
        if (pages[i].offset <= pages[i - 1].offset)
            return rg_fail(err, RG_ERR_CORRUPT, "page %u lies at %llu, the one before it at %llu",
                           i, (unsigned long long)pages[i].offset,
                           (unsigned long long)pages[i - 1].offset);
        if (pages[i].first_row_index <= pages[i - 1].first_row_index)
            return rg_fail(err, RG_ERR_CORRUPT,
                           "page %u begins at row %llu, the one before it at %llu", i,
                           (unsigned long long)pages[i].first_row_index,
                           (unsigned long long)pages[i - 1].first_row_index);
    }
    return RG_OK;
}

enum rg_status rg_offset_index_parse(struct rg_span bytes, struct rg_arena *arena,
                                     struct rg_offset_index *ret_index, struct rg_error *err)
{
    struct rg_meta_parser parser = {.arena = arena};
    struct rg_thrift_reader *reader = &parser.reader;
    struct rg_meta_cursor at = {0};
    struct rg_offset_index index = {0};
    uint32_t count = 0;

    rg_thrift_reader_init(reader, bytes);
    while (rg_meta_next(&parser, &offset_index_fields, &at)) {
        if (at.field.id == 1)
            RG_TRY(parse_pages(&parser, at.field.type, &index, err));
        else
            RG_TRY(rg_counts_parse(&parser, at.field.type, &index.unencoded_bytes, &count, err));
    }
    RG_TRY(rg_thrift_reader_check(reader, err));
    if (index.unencoded_bytes != NULL && count != index.page_count)
        return rg_fail(err, RG_ERR_CORRUPT, "%u unencoded sizes for %u pages", count,
                       index.page_count);
    RG_TRY(check_pages(&index, err));
    *ret_index = index;
    return RG_OK;
}

static enum rg_status parse_null_pages(struct column_index_parser *parser, uint8_t type,
                                       struct rg_error *err)
{
    struct rg_column_index *index = &parser->index;
    struct rg_thrift_list list = {0};

    RG_TRY(read_page_list(&parser->meta, type, RG_THRIFT_TRUE, 1, &list, err));
    index->is_null_page = rg_arena_array(parser->meta.arena, list.count, sizeof(bool));
    if (index->is_null_page == NULL)
        return rg_meta_no_memory(list.count, "pages of a column index", err);
    for (uint32_t i = 0; i < list.count; i++)
        index->is_null_page[i] = rg_thrift_read_bool_element(&parser->meta.reader);
    index->page_count = list.count;
    return RG_OK;
}

static enum rg_status parse_bounds(struct column_index_parser *parser, uint8_t type,
                                   struct rg_span **ret_bounds, uint32_t *ret_count,
                                   struct rg_error *err)
{
    struct rg_thrift_list list = {0};

    RG_TRY(read_page_list(&parser->meta, type, RG_THRIFT_BINARY, 1, &list, err));
    struct rg_span *bounds = rg_arena_array(parser->meta.arena, list.count, sizeof *bounds);
    if (bounds == NULL)
        return rg_meta_no_memory(list.count, "bounds of a column index", err);
    for (uint32_t i = 0; i < list.count; i++)
        bounds[i] = rg_thrift_read_binary(&parser->meta.reader, list.type);
    *ret_bounds = bounds;
    *ret_count = list.count;
    return RG_OK;
}

static enum rg_status parse_column_index_field(struct column_index_parser *parser,
                                               const struct rg_thrift_field *field,
                                               struct rg_error *err)
{
    struct rg_column_index *index = &parser->index;
    uint32_t *counts = parser->counts;

    switch (field->id) {
    case 1:
        return parse_null_pages(parser, field->type, err);
    case 2:
        return parse_bounds(parser, field->type, &index->min_values, &counts[2], err);
    case 3:
        return parse_bounds(parser, field->type, &index->max_values, &counts[3], err);
    case 4:
        index->boundary_order = rg_thrift_read_u8(&parser->meta.reader, field->type);
        return RG_OK;
    case 5:
        return rg_counts_parse(&parser->meta, field->type, &index->null_counts, &counts[5], err);
    case 6:
        return rg_counts_parse(&parser->meta, field->type, &index->rep_histograms,
                               &index->rep_histogram_count, err);
    case 7:
        return rg_counts_parse(&parser->meta, field->type, &index->def_histograms,
                               &index->def_histogram_count, err);
    case 8:
        return rg_counts_parse(&parser->meta, field->type, &index->nan_counts, &counts[8], err);
    default:
        return RG_OK;
    }
}

static bool is_whole_multiple(uint32_t count, uint32_t page_count)
{
    return page_count == 0 ? count == 0 : count % page_count == 0;
}

static enum rg_status check_lists(const struct column_index_parser *parser, struct rg_error *err)
{
    const struct rg_column_index *index = &parser->index;
    const uint32_t *counts = parser->counts;
    const uint32_t page_count = index->page_count;

    if (counts[2] != page_count || counts[3] != page_count)
        return rg_fail(err, RG_ERR_CORRUPT, "%u minima and %u maxima for %u pages", counts[2],
                       counts[3], page_count);
    if (index->null_counts != NULL && counts[5] != page_count)
        return rg_fail(err, RG_ERR_CORRUPT, "%u null counts for %u pages", counts[5], page_count);
    if (index->nan_counts != NULL && counts[8] != page_count)
        return rg_fail(err, RG_ERR_CORRUPT, "%u NaN counts for %u pages", counts[8], page_count);
    if (!is_whole_multiple(index->rep_histogram_count, page_count) ||
        !is_whole_multiple(index->def_histogram_count, page_count))
        return rg_fail(err, RG_ERR_CORRUPT, "level histograms of %u and %u entries for %u pages",
                       index->rep_histogram_count, index->def_histogram_count, page_count);
    if (index->boundary_order > RG_BOUNDARY_DESCENDING)
        return rg_fail(err, RG_ERR_CORRUPT, "boundary order %u", index->boundary_order);
    return RG_OK;
}

enum rg_status rg_column_index_parse(struct rg_span bytes, struct rg_arena *arena,
                                     struct rg_column_index *ret_index, struct rg_error *err)
{
    struct column_index_parser parser = {.meta.arena = arena};
    struct rg_thrift_reader *reader = &parser.meta.reader;
    struct rg_meta_cursor at = {0};

    rg_thrift_reader_init(reader, bytes);
    while (rg_meta_next(&parser.meta, &column_index_fields, &at))
        RG_TRY(parse_column_index_field(&parser, &at.field, err));
    RG_TRY(rg_thrift_reader_check(reader, err));
    RG_TRY(check_lists(&parser, err));
    for (uint32_t i = 0; i < parser.index.page_count; i++) {
        if (parser.index.is_null_page[i]) {
            parser.index.min_values[i].bytes = 0;
            parser.index.max_values[i].bytes = 0;
        }
    }
    *ret_index = parser.index;
    return RG_OK;
}

enum rg_status rg_offset_index_emit(const struct rg_offset_index *index, struct rg_buffer *out,
                                    struct rg_error *err)
{
    struct rg_thrift_writer writer;

    rg_thrift_writer_init(&writer, out);
    rg_thrift_list_begin(&writer, 1, RG_THRIFT_STRUCT, index->page_count);
    for (uint32_t i = 0; i < index->page_count; i++) {
        const struct rg_page_location *page = &index->pages[i];
        const int32_t outer = rg_thrift_element_begin(&writer);

        rg_thrift_write_i64(&writer, 1, (int64_t)page->offset);
        rg_thrift_write_i32(&writer, 2, (int32_t)page->compressed_bytes);
        rg_thrift_write_i64(&writer, 3, (int64_t)page->first_row_index);
        rg_thrift_struct_end(&writer, outer);
    }
    if (index->unencoded_bytes != NULL)
        rg_counts_emit(&writer, 2, index->unencoded_bytes, index->page_count);
    rg_thrift_struct_end(&writer, 0);
    (void)rg_thrift_writer_finish(&writer);
    return rg_buffer_check(out, "an offset index", err);
}

static void emit_bounds(struct rg_thrift_writer *writer, int32_t id, const struct rg_span *bounds,
                        uint32_t count)
{
    rg_thrift_list_begin(writer, id, RG_THRIFT_BINARY, count);
    for (uint32_t i = 0; i < count; i++)
        rg_thrift_write_binary_element(writer, bounds[i]);
}

enum rg_status rg_column_index_emit(const struct rg_column_index *index, struct rg_buffer *out,
                                    struct rg_error *err)
{
    struct rg_thrift_writer writer;

    rg_thrift_writer_init(&writer, out);
    rg_thrift_list_begin(&writer, 1, RG_THRIFT_TRUE, index->page_count);
    for (uint32_t i = 0; i < index->page_count; i++)
        rg_thrift_write_bool_element(&writer, index->is_null_page[i]);
    emit_bounds(&writer, 2, index->min_values, index->page_count);
    emit_bounds(&writer, 3, index->max_values, index->page_count);
    rg_thrift_write_i32(&writer, 4, index->boundary_order);
    if (index->null_counts != NULL)
        rg_counts_emit(&writer, 5, index->null_counts, index->page_count);
    if (index->rep_histograms != NULL)
        rg_counts_emit(&writer, 6, index->rep_histograms, index->rep_histogram_count);
    if (index->def_histograms != NULL)
        rg_counts_emit(&writer, 7, index->def_histograms, index->def_histogram_count);
    if (index->nan_counts != NULL)
        rg_counts_emit(&writer, 8, index->nan_counts, index->page_count);
    rg_thrift_struct_end(&writer, 0);
    (void)rg_thrift_writer_finish(&writer);
    return rg_buffer_check(out, "a column index", err);
}
