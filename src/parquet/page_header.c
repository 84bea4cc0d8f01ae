/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/page_header.h"

#include "base/limits.h"
#include "parquet/meta_parser_impl.h"
#include "parquet/meta_statistics_impl.h"
#include "thrift/reader.h"
#include "thrift/writer.h"

/* Fields of PageHeader that hold the struct of a page type. */
enum {
    FIELD_DATA = 5,
    FIELD_INDEX = 6,
    FIELD_DICTIONARY = 7,
    FIELD_DATA_V2 = 8,
};

static const struct rg_meta_fields page_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_INTEGER,
            [2] = RG_WIRE_INTEGER,
            [3] = RG_WIRE_INTEGER,
            [4] = RG_WIRE_INTEGER,
            [FIELD_DATA] = RG_WIRE_STRUCT,
            [FIELD_INDEX] = RG_WIRE_STRUCT,
            [FIELD_DICTIONARY] = RG_WIRE_STRUCT,
            [FIELD_DATA_V2] = RG_WIRE_STRUCT,
        },
    .required = 0xe,
};

static const struct rg_meta_fields data_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_INTEGER,
            [2] = RG_WIRE_INTEGER,
            [3] = RG_WIRE_INTEGER,
            [4] = RG_WIRE_INTEGER,
            [5] = RG_WIRE_STRUCT,
        },
    .required = 0x1e,
};

static const struct rg_meta_fields dictionary_fields = {
    .wire_types = {[1] = RG_WIRE_INTEGER, [2] = RG_WIRE_INTEGER, [3] = RG_WIRE_BOOL},
    .required = 0x6,
};

static const struct rg_meta_fields data_v2_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_INTEGER,
            [2] = RG_WIRE_INTEGER,
            [3] = RG_WIRE_INTEGER,
            [4] = RG_WIRE_INTEGER,
            [5] = RG_WIRE_INTEGER,
            [6] = RG_WIRE_INTEGER,
            [7] = RG_WIRE_BOOL,
            [8] = RG_WIRE_STRUCT,
        },
    .required = 0x7e,
};

static void parse_data(struct rg_meta_parser *parser, struct rg_page_header *header)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &data_fields, &at)) {
        switch (at.field.id) {
        case 1:
            header->value_count = rg_thrift_read_u31(reader, at.field.type);
            break;
        case 2:
            header->encoding = rg_thrift_read_u8(reader, at.field.type);
            break;
        case 3:
            header->def_encoding = rg_thrift_read_u8(reader, at.field.type);
            break;
        case 4:
            header->rep_encoding = rg_thrift_read_u8(reader, at.field.type);
            break;
        case 5:
            rg_statistics_parse(parser, at.field.type, &header->statistics);
            header->has_statistics = true;
            break;
        default:
            break;
        }
    }
}

static void parse_dictionary(struct rg_meta_parser *parser, struct rg_page_header *header)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &dictionary_fields, &at)) {
        switch (at.field.id) {
        case 1:
            header->value_count = rg_thrift_read_u31(reader, at.field.type);
            break;
        case 2:
            header->encoding = rg_thrift_read_u8(reader, at.field.type);
            break;
        case 3:
            header->is_sorted = rg_thrift_read_bool(reader, at.field.type);
            break;
        default:
            break;
        }
    }
}

/* -1 in pages without statistics of parquet-java before 1.18 (its issue 3585). */
static void parse_null_count(struct rg_thrift_reader *reader, uint8_t type,
                             struct rg_page_header *header)
{
    const int32_t count = rg_thrift_read_i32(reader, type);

    header->lacks_null_count = count == -1;
    if (count < -1)
        rg_thrift_fail(reader, "negative number of nulls");
    else if (count >= 0)
        header->null_count = (uint32_t)count;
}

static void parse_data_v2(struct rg_meta_parser *parser, struct rg_page_header *header)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &data_v2_fields, &at)) {
        switch (at.field.id) {
        case 1:
            header->value_count = rg_thrift_read_u31(reader, at.field.type);
            break;
        case 2:
            parse_null_count(reader, at.field.type, header);
            break;
        case 3:
            header->row_count = rg_thrift_read_u31(reader, at.field.type);
            break;
        case 4:
            header->encoding = rg_thrift_read_u8(reader, at.field.type);
            break;
        case 5:
            header->def_bytes = rg_thrift_read_u31(reader, at.field.type);
            break;
        case 6:
            header->rep_bytes = rg_thrift_read_u31(reader, at.field.type);
            break;
        case 7:
            header->is_compressed = rg_thrift_read_bool(reader, at.field.type);
            break;
        case 8:
            rg_statistics_parse(parser, at.field.type, &header->statistics);
            header->has_statistics = true;
            break;
        default:
            break;
        }
    }
}

/* The field that a page type's struct is in; 0 for a type without one. */
static int32_t find_body_field(uint8_t page_type)
{
    switch (page_type) {
    case RG_PAGE_DATA:
        return FIELD_DATA;
    case RG_PAGE_DICTIONARY:
        return FIELD_DICTIONARY;
    case RG_PAGE_DATA_V2:
        return FIELD_DATA_V2;
    default:
        return 0;
    }
}

/* One of the structs; those that are not the type's own are passed over. */
static void parse_body(struct rg_meta_parser *parser, const struct rg_thrift_field *field,
                       struct rg_page_header *header)
{
    struct rg_thrift_reader *reader = &parser->reader;

    if (field->id != find_body_field(header->type)) {
        rg_thrift_skip(reader, field->type);
        return;
    }
    if (field->id == FIELD_DATA)
        parse_data(parser, header);
    else if (field->id == FIELD_DICTIONARY)
        parse_dictionary(parser, header);
    else
        parse_data_v2(parser, header);
}

static void parse_fields(struct rg_meta_parser *parser, struct rg_page_header *header)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &page_fields, &at)) {
        switch (at.field.id) {
        case 1:
            header->type = rg_thrift_read_u8(reader, at.field.type);
            break;
        case 2:
            header->uncompressed_bytes = rg_thrift_read_u31(reader, at.field.type);
            break;
        case 3:
            header->compressed_bytes = rg_thrift_read_u31(reader, at.field.type);
            break;
        case 4:
            header->crc = (uint32_t)rg_thrift_read_i32(reader, at.field.type);
            header->has_crc = true;
            break;
        case FIELD_DATA:
        case FIELD_INDEX:
        case FIELD_DICTIONARY:
        case FIELD_DATA_V2:
            /* The type says which of them counts, and comes first in every writer's output. */
            if ((at.seen & 2) == 0)
                rg_thrift_fail(reader, "page header that gives its type too late");
            parse_body(parser, &at.field, header);
            break;
        default:
            break;
        }
    }
    const int32_t body_field = find_body_field(header->type);
    if (body_field > 0 && (at.seen >> body_field & 1) == 0)
        rg_thrift_fail(reader, "page header without the struct of its type");
}

static enum rg_status check_levels(const struct rg_page_header *header, struct rg_error *err)
{
    const uint64_t level_bytes = (uint64_t)header->def_bytes + header->rep_bytes;

    if (header->type != RG_PAGE_DATA_V2)
        return RG_OK;
    if (level_bytes > header->compressed_bytes || level_bytes > header->uncompressed_bytes)
        return rg_fail(
            err, RG_ERR_CORRUPT, "levels of %llu bytes in a page of %u bytes (%u uncompressed)",
            (unsigned long long)level_bytes, header->compressed_bytes, header->uncompressed_bytes);
    if (header->null_count > header->value_count)
        return rg_fail(err, RG_ERR_CORRUPT, "page with %u nulls among %u values",
                       header->null_count, header->value_count);
    return RG_OK;
}

enum rg_status rg_page_header_parse(struct rg_span bytes, struct rg_page_header *ret_header,
                                    size_t *ret_header_bytes, struct rg_error *err)
{
    struct rg_meta_parser parser = {0};
    struct rg_page_header header = {.is_compressed = true};

    rg_thrift_reader_init(&parser.reader, bytes);
    parse_fields(&parser, &header);
    RG_TRY(rg_thrift_reader_check(&parser.reader, err));
    const size_t header_bytes = rg_thrift_offset(&parser.reader);
    if (header_bytes > rg_page_header_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "page header of %zu bytes; at most %u", header_bytes,
                       rg_page_header_bytes_max);
    RG_TRY(check_levels(&header, err));
    *ret_header_bytes = header_bytes;
    *ret_header = header;
    return RG_OK;
}

static void emit_body(struct rg_thrift_writer *writer, const struct rg_page_header *header)
{
    const int32_t body_field = find_body_field(header->type);

    if (header->type == RG_PAGE_INDEX)
        rg_thrift_write_empty_struct(writer, FIELD_INDEX);
    if (body_field == 0)
        return;
    const int32_t outer = rg_thrift_struct_begin(writer, body_field);
    rg_thrift_write_i32(writer, 1, (int32_t)header->value_count);
    if (header->type == RG_PAGE_DATA_V2) {
        rg_thrift_write_i32(writer, 2, (int32_t)header->null_count);
        rg_thrift_write_i32(writer, 3, (int32_t)header->row_count);
        rg_thrift_write_i32(writer, 4, header->encoding);
        rg_thrift_write_i32(writer, 5, (int32_t)header->def_bytes);
        rg_thrift_write_i32(writer, 6, (int32_t)header->rep_bytes);
        rg_thrift_write_bool(writer, 7, header->is_compressed);
    } else {
        rg_thrift_write_i32(writer, 2, header->encoding);
    }
    if (header->type == RG_PAGE_DATA) {
        rg_thrift_write_i32(writer, 3, header->def_encoding);
        rg_thrift_write_i32(writer, 4, header->rep_encoding);
    }
    if (header->type == RG_PAGE_DICTIONARY && header->is_sorted)
        rg_thrift_write_bool(writer, 3, true);
    rg_thrift_struct_end(writer, outer);
}

size_t rg_page_header_emit(const struct rg_page_header *header,
                           uint8_t out[RG_PAGE_HEADER_EMIT_BYTES_MAX])
{
    struct rg_thrift_writer writer;

    rg_thrift_writer_init_fixed(&writer, out, RG_PAGE_HEADER_EMIT_BYTES_MAX);
    rg_thrift_write_i32(&writer, 1, header->type);
    rg_thrift_write_i32(&writer, 2, (int32_t)header->uncompressed_bytes);
    rg_thrift_write_i32(&writer, 3, (int32_t)header->compressed_bytes);
    if (header->has_crc)
        rg_thrift_write_i32(&writer, 4, (int32_t)header->crc);
    emit_body(&writer, header);
    rg_thrift_struct_end(&writer, 0);
    return rg_thrift_writer_finish(&writer);
}
