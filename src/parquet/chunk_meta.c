/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The part of a footer that there is most of: this is where the time of reading one goes. Each
 * chunk is filled in place, front to back; its path is compared with the leaf's in Thrift form and
 * so passed over in one step.
 */

#include "parquet/chunk_meta_impl.h"

#include <string.h>

#include "parquet/meta_statistics_impl.h"

/* Type, encoding and count of PageEncodingStats, and the stop byte. */
static const size_t encoding_stats_bytes_min = 7;

static const struct rg_meta_fields encoding_stats_fields = {
    .wire_types = {[1] = RG_WIRE_INTEGER, [2] = RG_WIRE_INTEGER, [3] = RG_WIRE_INTEGER},
    .required = 0xe,
};

static const struct rg_meta_fields meta_data_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_INTEGER,
            [2] = RG_WIRE_LIST,
            [3] = RG_WIRE_LIST,
            [4] = RG_WIRE_INTEGER,
            [5] = RG_WIRE_INTEGER,
            [6] = RG_WIRE_INTEGER,
            [7] = RG_WIRE_INTEGER,
            [8] = RG_WIRE_LIST,
            [9] = RG_WIRE_INTEGER,
            [10] = RG_WIRE_INTEGER,
            [11] = RG_WIRE_INTEGER,
            [12] = RG_WIRE_STRUCT,
            [13] = RG_WIRE_LIST,
            [14] = RG_WIRE_INTEGER,
            [15] = RG_WIRE_INTEGER,
            [16] = RG_WIRE_STRUCT,
            [17] = RG_WIRE_STRUCT,
        },
    .required = 0x2f6, /* 1 to 9 but for key-values and the path, which the place implies. */
};

static const struct rg_meta_fields chunk_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_BINARY,
            [2] = RG_WIRE_INTEGER,
            [3] = RG_WIRE_STRUCT,
            [4] = RG_WIRE_INTEGER,
            [5] = RG_WIRE_INTEGER,
            [6] = RG_WIRE_INTEGER,
            [7] = RG_WIRE_INTEGER,
            [8] = RG_WIRE_STRUCT,
            [9] = RG_WIRE_BINARY,
        },
};

/*
 * path_in_schema: as a rule the very bytes that we would write. Where they differ (other forms of
 * the same numbers are legal), name by name.
 */
static void parse_path(struct rg_meta_parser *parser, uint8_t type, const struct rg_leaf *leaf)
{
    struct rg_thrift_reader *reader = &parser->reader;
    const struct rg_span wanted = leaf->path_in_schema;
    struct rg_thrift_reader names;

    if (type == RG_THRIFT_LIST && (size_t)(reader->end - reader->next) >= wanted.bytes &&
        memcmp(reader->next, wanted.data, wanted.bytes) == 0) {
        reader->next += wanted.bytes;
        return;
    }
    rg_thrift_reader_init(&names, wanted);
    const struct rg_thrift_list wanted_list =
        rg_thrift_read_list(&names, RG_THRIFT_LIST, RG_THRIFT_BINARY, 1);
    const struct rg_thrift_list list = rg_thrift_read_list(reader, type, RG_THRIFT_BINARY, 1);
    bool is_same = list.count == wanted_list.count;
    for (uint32_t i = 0; i < list.count && is_same; i++)
        is_same = rg_span_equal(rg_thrift_read_binary(reader, list.type),
                                rg_thrift_read_binary(&names, wanted_list.type));
    if (!is_same)
        rg_thrift_fail(reader, "path that is not the path of the column");
}

static uint32_t parse_encodings(struct rg_meta_parser *parser, uint8_t type)
{
    const struct rg_thrift_list list = rg_thrift_read_list(&parser->reader, type, RG_THRIFT_I32, 1);
    uint32_t encodings = 0;

    for (uint32_t i = 0; i < list.count; i++) {
        const uint8_t encoding = rg_thrift_read_u8(&parser->reader, list.type);

        encodings |= UINT32_C(1) << (encoding < 31 ? encoding : 31);
    }
    return encodings;
}

static void parse_one_encoding_stats(struct rg_meta_parser *parser,
                                     struct rg_page_encoding_stats *stats)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &encoding_stats_fields, &at)) {
        if (at.field.id == 1)
            stats->page_type = rg_thrift_read_u8(reader, at.field.type);
        else if (at.field.id == 2)
            stats->encoding = rg_thrift_read_u8(reader, at.field.type);
        else
            stats->page_count = rg_thrift_read_u31(reader, at.field.type);
    }
}

static enum rg_status parse_encoding_stats(struct rg_meta_parser *parser, uint8_t type,
                                           struct rg_column_chunk *chunk, struct rg_error *err)
{
    const struct rg_thrift_list list =
        rg_thrift_read_list(&parser->reader, type, RG_THRIFT_STRUCT, encoding_stats_bytes_min);

    chunk->encoding_stats =
        rg_arena_array(parser->arena, list.count, sizeof *chunk->encoding_stats);
    if (chunk->encoding_stats == NULL)
        return rg_meta_no_memory(list.count, "encoding statistics", err);
    chunk->encoding_stats_count = list.count;
    for (uint32_t i = 0; i < list.count; i++)
        parse_one_encoding_stats(parser, &chunk->encoding_stats[i]);
    return RG_OK;
}

/* Fields 8 and 10 to 17 of ColumnMetaData: those that need not be there. */
static enum rg_status parse_optional(struct rg_meta_parser *parser,
                                     const struct rg_thrift_field *field,
                                     struct rg_column_chunk *chunk, struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->reader;

    switch (field->id) {
    case 8:
        return rg_key_values_parse(parser, field->type, &chunk->key_values, &chunk->key_value_count,
                                   err);
    case 10:
        chunk->index_page_offset = rg_thrift_read_u63(reader, field->type);
        chunk->has_index_page_offset = true;
        return RG_OK;
    case 11:
        chunk->dictionary_page_offset = rg_thrift_read_u63(reader, field->type);
        chunk->has_dictionary_offset = true;
        return RG_OK;
    case 12:
        rg_statistics_parse(parser, field->type, &chunk->statistics);
        return RG_OK;
    case 13:
        return parse_encoding_stats(parser, field->type, chunk, err);
    case 14:
        chunk->bloom_filter_offset = rg_thrift_read_u63(reader, field->type);
        chunk->has_bloom_filter_offset = true;
        return RG_OK;
    case 15:
        chunk->bloom_filter_length = rg_thrift_read_u31(reader, field->type);
        chunk->has_bloom_filter_length = true;
        return RG_OK;
    case 16:
        return rg_size_statistics_parse(parser, field->type, &chunk->size_statistics, err);
    case 17:
        return rg_geospatial_statistics_parse(parser, field->type, &chunk->geospatial_statistics,
                                              err);
    default:
        return RG_OK;
    }
}

/* A histogram has an entry for each level; one that has not can mean nothing. */
static void check_histograms(const struct rg_leaf *leaf, struct rg_size_statistics *sizes)
{
    if (sizes->rep_histogram_count != leaf->rep_max + 1U) {
        sizes->rep_histogram = NULL;
        sizes->rep_histogram_count = 0;
    }
    if (sizes->def_histogram_count != leaf->def_max + 1U) {
        sizes->def_histogram = NULL;
        sizes->def_histogram_count = 0;
    }
}

static enum rg_status parse_meta_data(struct rg_meta_parser *parser, const struct rg_leaf *leaf,
                                      struct rg_column_chunk *chunk, struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &meta_data_fields, &at)) {
        switch (at.field.id) {
        case 1:
            chunk->type = rg_thrift_read_u8(reader, at.field.type);
            break;
        case 2:
            chunk->encodings = parse_encodings(parser, at.field.type);
            break;
        case 3:
            parse_path(parser, at.field.type, leaf);
            break;
        case 4:
            chunk->codec = rg_thrift_read_u8(reader, at.field.type);
            break;
        case 5:
            chunk->value_count = rg_thrift_read_u63(reader, at.field.type);
            break;
        case 6:
            chunk->uncompressed_bytes = rg_thrift_read_u63(reader, at.field.type);
            break;
        case 7:
            chunk->compressed_bytes = rg_thrift_read_u63(reader, at.field.type);
            break;
        case 9:
            chunk->data_page_offset = rg_thrift_read_u63(reader, at.field.type);
            break;
        default:
            RG_TRY(parse_optional(parser, &at.field, chunk, err));
        }
    }
    check_histograms(leaf, &chunk->size_statistics);
    if (chunk->type != leaf->type)
        rg_thrift_fail(reader, "type that is not the type of the column");
    return RG_OK;
}

/* Fields of ColumnChunk besides its metadata. */
static void parse_place(struct rg_meta_parser *parser, const struct rg_thrift_field *field,
                        struct rg_column_chunk *chunk)
{
    struct rg_thrift_reader *reader = &parser->reader;

    switch (field->id) {
    case 1:
        chunk->is_elsewhere = rg_thrift_read_binary(reader, field->type).bytes > 0;
        break;
    case 2:
        chunk->file_offset = rg_thrift_read_u63(reader, field->type);
        break;
    case 4:
        chunk->offset_index_offset = rg_thrift_read_u63(reader, field->type);
        break;
    case 5:
        chunk->offset_index_length = rg_thrift_read_u31(reader, field->type);
        break;
    case 6:
        chunk->column_index_offset = rg_thrift_read_u63(reader, field->type);
        break;
    case 7:
        chunk->column_index_length = rg_thrift_read_u31(reader, field->type);
        break;
    case 8: /* crypto_metadata. */
    case 9: /* encrypted_column_metadata. */
        chunk->is_encrypted = true;
        rg_thrift_skip(reader, field->type);
        break;
    default:
        break;
    }
}

enum rg_status rg_column_chunk_parse(struct rg_meta_parser *parser, const struct rg_leaf *leaf,
                                     struct rg_column_chunk *ret_chunk, struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};
    const uint32_t extension_count = parser->extension_count;

    ret_chunk->type = leaf->type;
    while (rg_meta_next(parser, &chunk_fields, &at)) {
        if (at.field.id == 3)
            RG_TRY(parse_meta_data(parser, leaf, ret_chunk, err));
        else
            parse_place(parser, &at.field, ret_chunk);
    }
    /* Encryption.md 5.3: with a key of its own, a column's metadata lies in field 9 instead. */
    if ((at.seen & 1 << 3) == 0 && !ret_chunk->is_encrypted)
        rg_thrift_fail(reader, "column chunk without metadata");
    ret_chunk->has_extension = parser->extension_count != extension_count;
    return rg_thrift_reader_check(reader, err);
}

static void emit_encodings(struct rg_thrift_writer *writer, uint32_t encodings)
{
    rg_thrift_list_begin(writer, 2, RG_THRIFT_I32, (uint32_t)__builtin_popcount(encodings));
    for (; encodings != 0; encodings &= encodings - 1)
        rg_thrift_write_integer_element(writer, __builtin_ctz(encodings));
}

static void emit_encoding_stats(struct rg_thrift_writer *writer,
                                const struct rg_column_chunk *chunk)
{
    rg_thrift_list_begin(writer, 13, RG_THRIFT_STRUCT, chunk->encoding_stats_count);
    for (uint32_t i = 0; i < chunk->encoding_stats_count; i++) {
        const struct rg_page_encoding_stats *stats = &chunk->encoding_stats[i];
        const int32_t outer = rg_thrift_element_begin(writer);

        rg_thrift_write_i32(writer, 1, stats->page_type);
        rg_thrift_write_i32(writer, 2, stats->encoding);
        rg_thrift_write_i32(writer, 3, (int32_t)stats->page_count);
        rg_thrift_struct_end(writer, outer);
    }
}

static void emit_meta_data(struct rg_thrift_writer *writer, const struct rg_leaf *leaf,
                           const struct rg_column_chunk *chunk)
{
    rg_thrift_write_i32(writer, 1, chunk->type);
    emit_encodings(writer, chunk->encodings);
    rg_thrift_write_header(writer, 3, RG_THRIFT_LIST);
    rg_thrift_write_raw(writer, leaf->path_in_schema);
    rg_thrift_write_i32(writer, 4, chunk->codec);
    rg_thrift_write_i64(writer, 5, (int64_t)chunk->value_count);
    rg_thrift_write_i64(writer, 6, (int64_t)chunk->uncompressed_bytes);
    rg_thrift_write_i64(writer, 7, (int64_t)chunk->compressed_bytes);
    if (chunk->key_value_count > 0)
        rg_key_values_emit(writer, 8, chunk->key_values, chunk->key_value_count);
    rg_thrift_write_i64(writer, 9, (int64_t)chunk->data_page_offset);
    if (chunk->has_index_page_offset)
        rg_thrift_write_i64(writer, 10, (int64_t)chunk->index_page_offset);
    if (chunk->has_dictionary_offset)
        rg_thrift_write_i64(writer, 11, (int64_t)chunk->dictionary_page_offset);
    if (rg_statistics_is_any(&chunk->statistics))
        rg_statistics_emit(writer, 12, &chunk->statistics);
    if (chunk->encoding_stats_count > 0)
        emit_encoding_stats(writer, chunk);
    if (chunk->has_bloom_filter_offset)
        rg_thrift_write_i64(writer, 14, (int64_t)chunk->bloom_filter_offset);
    if (chunk->has_bloom_filter_length)
        rg_thrift_write_i32(writer, 15, (int32_t)chunk->bloom_filter_length);
    if (chunk->size_statistics.is_present)
        rg_size_statistics_emit(writer, 16, &chunk->size_statistics);
    if (chunk->geospatial_statistics != NULL)
        rg_geospatial_statistics_emit(writer, 17, chunk->geospatial_statistics);
}

void rg_column_chunk_emit(struct rg_thrift_writer *writer, const struct rg_leaf *leaf,
                          const struct rg_column_chunk *chunk)
{
    const int32_t outer = rg_thrift_element_begin(writer);

    /* Field 2 is deprecated but required: "Writers should set this field to 0" (parquet.thrift). */
    rg_thrift_write_i64(writer, 2, 0);
    const int32_t outer_meta_data = rg_thrift_struct_begin(writer, 3);
    emit_meta_data(writer, leaf, chunk);
    rg_thrift_struct_end(writer, outer_meta_data);
    if (chunk->offset_index_offset != 0) {
        rg_thrift_write_i64(writer, 4, (int64_t)chunk->offset_index_offset);
        rg_thrift_write_i32(writer, 5, (int32_t)chunk->offset_index_length);
    }
    if (chunk->column_index_offset != 0) {
        rg_thrift_write_i64(writer, 6, (int64_t)chunk->column_index_offset);
        rg_thrift_write_i32(writer, 7, (int32_t)chunk->column_index_length);
    }
    rg_thrift_struct_end(writer, outer);
}
