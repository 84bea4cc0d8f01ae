/* SPDX-License-Identifier: Apache-2.0 */

/*
 * FileMetaData and RowGroup. The footer is read once from front to back; memory for a list is made
 * when its count is known and found to fit the bytes that are left.
 *
 * Thrift lets fields come in any order, and what is parsed last here (row groups, column orders)
 * needs the schema. Where a writer put them in front of it they are passed over first and read when
 * the schema is there.
 *
 * Not here: column chunks (parquet/chunk_meta_impl.h), schema elements
 * (parquet/schema_element_impl.h), the tree (parquet/schema.h).
 */

#include "parquet/footer.h"

#include <string.h>

#include "base/checked.h"
#include "base/limits.h"
#include "parquet/chunk_meta_impl.h"
#include "parquet/meta_parser_impl.h"
#include "parquet/schema.h"
#include "parquet/schema_element_impl.h"
#include "parquet/writer.h"
#include "thrift/reader.h"
#include "thrift/writer.h"

const uint8_t rg_parquet_magic[4] = {'P', 'A', 'R', '1'};

static const uint8_t encrypted_magic[4] = {'P', 'A', 'R', 'E'};

/* Fields 1 to 3 of RowGroup with empty columns; three fields of SortingColumn; a stop byte each. */
static const size_t row_group_bytes_min = 7;
static const size_t sorting_column_bytes_min = 5;

static const struct rg_meta_fields sorting_column_fields = {
    .wire_types = {[1] = RG_WIRE_INTEGER, [2] = RG_WIRE_BOOL, [3] = RG_WIRE_BOOL},
    .required = 0xe,
};

static const struct rg_meta_fields row_group_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_LIST,
            [2] = RG_WIRE_INTEGER,
            [3] = RG_WIRE_INTEGER,
            [4] = RG_WIRE_LIST,
            [5] = RG_WIRE_INTEGER,
            [6] = RG_WIRE_INTEGER,
            [7] = RG_WIRE_INTEGER,
        },
    .required = 0xe,
};

static const struct rg_meta_fields file_fields = {
    .wire_types =
        {
            [1] = RG_WIRE_INTEGER,
            [2] = RG_WIRE_LIST,
            [3] = RG_WIRE_INTEGER,
            [4] = RG_WIRE_LIST,
            [5] = RG_WIRE_LIST,
            [6] = RG_WIRE_BINARY,
            [7] = RG_WIRE_LIST,
            [8] = RG_WIRE_STRUCT,
            [9] = RG_WIRE_BINARY,
        },
    .required = 0x1e,
};

enum {
    CHUNKS_ZEROED = 8
};

/* FileMetaData while it is being parsed. */
struct file_parser {
    struct rg_meta_parser meta;
    struct rg_file_meta *file;
    const struct rg_file_meta *like;       /* Or NULL. */
    bool are_leaves_shared;                /* With `like`. */
    struct rg_thrift_reader row_groups;    /* At a list that came before the schema. */
    struct rg_thrift_reader column_orders; /* The same. */
    uint8_t row_groups_type;               /* RG_THRIFT_STOP: none was put off. */
    uint8_t column_orders_type;
};

static uint32_t load_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

enum rg_status rg_footer_tail_parse(const uint8_t tail[RG_FOOTER_TAIL_BYTES], uint64_t file_bytes,
                                    uint64_t *ret_footer_bytes, struct rg_error *err)
{
    const uint64_t footer_bytes = load_u32(tail);
    const uint8_t *magic = tail + 4;
    const uint64_t around_bytes = sizeof rg_parquet_magic + RG_FOOTER_TAIL_BYTES;

    if (memcmp(magic, encrypted_magic, sizeof encrypted_magic) == 0)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "encrypted footer (magic PARE)");
    if (memcmp(magic, rg_parquet_magic, sizeof rg_parquet_magic) != 0)
        return rg_fail(err, RG_ERR_CORRUPT,
                       "no Parquet file: it ends in %02x %02x %02x %02x instead of PAR1", magic[0],
                       magic[1], magic[2], magic[3]);
    if (file_bytes < around_bytes || footer_bytes > file_bytes - around_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "footer of %llu bytes in a file of %llu bytes",
                       (unsigned long long)footer_bytes, (unsigned long long)file_bytes);
    if (footer_bytes > rg_footer_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "footer of %llu bytes; at most %llu",
                       (unsigned long long)footer_bytes, (unsigned long long)rg_footer_bytes_max);
    *ret_footer_bytes = footer_bytes;
    return RG_OK;
}

enum rg_status rg_footer_locate(struct rg_span tail, uint64_t file_bytes,
                                struct rg_footer_place *ret_place, struct rg_error *err)
{
    struct rg_footer_place place = {0};
    uint64_t footer_bytes = 0;

    if (tail.bytes < RG_FOOTER_TAIL_BYTES)
        return rg_fail(err, RG_ERR_CORRUPT, "no Parquet file: it has %zu bytes", tail.bytes);
    const uint8_t *end = tail.data + tail.bytes - RG_FOOTER_TAIL_BYTES;
    RG_TRY(rg_footer_tail_parse(end, file_bytes, &footer_bytes, err));
    place.tail_bytes_needed = footer_bytes + RG_FOOTER_TAIL_BYTES;
    if (place.tail_bytes_needed <= tail.bytes)
        place.footer = (struct rg_span){end - footer_bytes, (size_t)footer_bytes};
    *ret_place = place;
    return RG_OK;
}

/* Takes the schema of `like` where its bytes come next. */
static bool share_schema(struct file_parser *parser, uint32_t element_count)
{
    const struct rg_file_meta *like = parser->like;
    struct rg_thrift_reader *reader = &parser->meta.reader;

    if (like == NULL || like->schema_bytes.data == NULL ||
        like->schema.element_count != element_count ||
        (size_t)(reader->end - reader->next) < like->schema_bytes.bytes ||
        memcmp(reader->next, like->schema_bytes.data, like->schema_bytes.bytes) != 0)
        return false;
    parser->file->schema = like->schema;
    parser->file->schema_bytes = like->schema_bytes;
    parser->are_leaves_shared = true;
    reader->next += like->schema_bytes.bytes;
    return true;
}

/* Before one of them is changed. */
static enum rg_status own_leaves(struct file_parser *parser, struct rg_error *err)
{
    struct rg_schema *schema = &parser->file->schema;
    struct rg_leaf *leaves;

    if (!parser->are_leaves_shared)
        return RG_OK;
    leaves = rg_arena_array(parser->meta.arena, schema->leaf_count, sizeof *leaves);
    if (leaves == NULL)
        return rg_meta_no_memory(schema->leaf_count, "columns", err);
    if (schema->leaf_count > 0)
        memcpy(leaves, schema->leaves, schema->leaf_count * sizeof *leaves);
    schema->leaves = leaves;
    parser->are_leaves_shared = false;
    return RG_OK;
}

static enum rg_status parse_schema(struct file_parser *parser, uint8_t type, struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->meta.reader;
    const struct rg_thrift_list list =
        rg_thrift_read_list(reader, type, RG_THRIFT_STRUCT, rg_schema_element_bytes_min);
    const uint8_t *begin = reader->next;
    const uint32_t strange_count = parser->meta.unknown_field_count + parser->meta.extension_count;

    RG_TRY(rg_thrift_reader_check(reader, err));
    if (share_schema(parser, list.count))
        return RG_OK;
    if (list.count > rg_schema_elements_max)
        return rg_fail(err, RG_ERR_LIMIT, "schema of %u elements; at most %u", list.count,
                       rg_schema_elements_max);
    struct rg_schema_element *elements =
        rg_arena_array(parser->meta.arena, list.count, sizeof *elements);
    if (elements == NULL)
        return rg_meta_no_memory(list.count, "schema elements", err);
    for (uint32_t i = 0; i < list.count; i++) {
        RG_TRY(rg_schema_element_parse(&parser->meta, &elements[i], err));
        if (rg_thrift_reader_check(reader, err) != RG_OK)
            return rg_within(err, "schema element %u", i);
    }
    /* What is strange in them counts for each file. */
    if (parser->meta.unknown_field_count + parser->meta.extension_count == strange_count)
        parser->file->schema_bytes = (struct rg_span){begin, (size_t)(reader->next - begin)};
    return rg_schema_build(elements, list.count, parser->meta.arena, &parser->file->schema, err);
}

static void parse_sorting_column(struct rg_meta_parser *parser, struct rg_sorting_column *column)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &sorting_column_fields, &at)) {
        if (at.field.id == 1)
            column->column_index = rg_thrift_read_u31(reader, at.field.type);
        else if (at.field.id == 2)
            column->is_descending = rg_thrift_read_bool(reader, at.field.type);
        else
            column->is_nulls_first = rg_thrift_read_bool(reader, at.field.type);
    }
}

/*
 * What sorts by a column that does not exist says nothing: DataFusion of early 2026 counted the
 * columns of a table, with those that are in its folders' names only.
 */
static enum rg_status parse_sorting_columns(struct file_parser *parser, uint8_t type,
                                            struct rg_row_group *group, struct rg_error *err)
{
    const uint32_t leaf_count = parser->file->schema.leaf_count;
    const struct rg_thrift_list list =
        rg_thrift_read_list(&parser->meta.reader, type, RG_THRIFT_STRUCT, sorting_column_bytes_min);

    struct rg_sorting_column *columns =
        rg_arena_array(parser->meta.arena, list.count, sizeof *columns);
    bool exist = true;

    if (columns == NULL)
        return rg_meta_no_memory(list.count, "sorting columns", err);
    for (uint32_t i = 0; i < list.count; i++) {
        parse_sorting_column(&parser->meta, &columns[i]);
        exist = exist && columns[i].column_index < leaf_count;
    }
    group->sorting_columns = exist ? columns : NULL;
    group->sorting_column_count = exist ? list.count : 0;
    return RG_OK;
}

/* Chunks are zeroed a few at a time: what is filled next lies in the first-level cache then. */
static void zero_chunks(struct rg_column_chunk *chunks, uint32_t count)
{
    memset(chunks, 0, (count < CHUNKS_ZEROED ? count : CHUNKS_ZEROED) * sizeof *chunks);
}

static enum rg_status parse_columns(struct file_parser *parser, uint8_t type,
                                    struct rg_row_group *group, struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->meta.reader;
    const struct rg_schema *schema = &parser->file->schema;
    const struct rg_thrift_list list =
        rg_thrift_read_list(reader, type, RG_THRIFT_STRUCT, rg_column_chunk_bytes_min);
    size_t bytes;

    RG_TRY(rg_thrift_reader_check(reader, err));
    if (list.count != schema->leaf_count)
        return rg_fail(err, RG_ERR_CORRUPT, "%u column chunks for %u columns", list.count,
                       schema->leaf_count);
    if (!rg_mul_size(list.count, sizeof *group->columns, &bytes))
        return rg_meta_no_memory(list.count, "column chunks", err);
    group->columns = rg_arena_alloc(parser->meta.arena, bytes);
    if (group->columns == NULL)
        return rg_meta_no_memory(list.count, "column chunks", err);
    for (uint32_t i = 0; i < list.count; i++) {
        const struct rg_leaf *leaf = &schema->leaves[i];
        char text[RG_PATH_TEXT_BYTES];

        if (i % CHUNKS_ZEROED == 0)
            zero_chunks(&group->columns[i], list.count - i);
        if (rg_column_chunk_parse(&parser->meta, leaf, &group->columns[i], err) != RG_OK)
            return rg_within(err, "column %u (%s)", i,
                             rg_schema_path_text(schema, leaf->element_index, text));
    }
    return RG_OK;
}

static enum rg_status parse_row_group(struct file_parser *parser, struct rg_row_group *group,
                                      struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->meta.reader;
    struct rg_meta_cursor at = {0};

    group->ordinal = -1;
    while (rg_meta_next(&parser->meta, &row_group_fields, &at)) {
        switch (at.field.id) {
        case 1:
            RG_TRY(parse_columns(parser, at.field.type, group, err));
            break;
        case 2:
            group->total_bytes = rg_thrift_read_u63(reader, at.field.type);
            break;
        case 3:
            group->row_count = rg_thrift_read_u63(reader, at.field.type);
            break;
        case 4:
            RG_TRY(parse_sorting_columns(parser, at.field.type, group, err));
            break;
        case 5:
            group->file_offset = rg_thrift_read_u63(reader, at.field.type);
            group->has_file_offset = true;
            break;
        case 6:
            group->total_compressed_bytes = rg_thrift_read_u63(reader, at.field.type);
            group->has_total_compressed_bytes = true;
            break;
        case 7:
            group->ordinal = rg_thrift_read_i32(reader, at.field.type);
            break;
        default:
            break;
        }
    }
    return rg_thrift_reader_check(reader, err);
}

static enum rg_status parse_row_groups(struct file_parser *parser, uint8_t type,
                                       struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->meta.reader;
    const struct rg_thrift_list list =
        rg_thrift_read_list(reader, type, RG_THRIFT_STRUCT, row_group_bytes_min);

    RG_TRY(rg_thrift_reader_check(reader, err));
    if (list.count > rg_row_groups_max)
        return rg_fail(err, RG_ERR_LIMIT, "%u row groups; at most %u", list.count,
                       rg_row_groups_max);
    struct rg_row_group *groups = rg_arena_array(parser->meta.arena, list.count, sizeof *groups);
    if (groups == NULL)
        return rg_meta_no_memory(list.count, "row groups", err);
    for (uint32_t i = 0; i < list.count; i++) {
        if (parse_row_group(parser, &groups[i], err) != RG_OK)
            return rg_within(err, "row group %u", i);
    }
    parser->file->row_groups = groups;
    parser->file->row_group_count = list.count;
    return RG_OK;
}

static enum rg_status set_column_order(struct file_parser *parser, uint32_t column, uint8_t order,
                                       struct rg_error *err)
{
    if (parser->file->schema.leaves[column].column_order == order)
        return RG_OK;
    RG_TRY(own_leaves(parser, err));
    parser->file->schema.leaves[column].column_order = order;
    return RG_OK;
}

static enum rg_status parse_column_orders(struct file_parser *parser, uint8_t type,
                                          struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->meta.reader;
    const struct rg_schema *schema = &parser->file->schema;
    const struct rg_thrift_list list = rg_thrift_read_list(reader, type, RG_THRIFT_STRUCT, 1);

    RG_TRY(rg_thrift_reader_check(reader, err));
    if (list.count != schema->leaf_count)
        return rg_fail(err, RG_ERR_CORRUPT, "%u column orders for %u columns", list.count,
                       schema->leaf_count);
    for (uint32_t i = 0; i < list.count; i++)
        RG_TRY(set_column_order(parser, i, rg_meta_parse_choice(&parser->meta), err));
    parser->file->has_column_orders = true;
    return RG_OK;
}

static bool has_schema(const struct file_parser *parser)
{
    return parser->file->schema.element_count > 0;
}

/* Fields 2, 4 and 7, of which the schema must be read first. */
static enum rg_status parse_list(struct file_parser *parser, const struct rg_thrift_field *field,
                                 struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->meta.reader;

    if (field->id == 2)
        return parse_schema(parser, field->type, err);
    if (has_schema(parser))
        return field->id == 4 ? parse_row_groups(parser, field->type, err)
                              : parse_column_orders(parser, field->type, err);
    if (field->id == 4) {
        parser->row_groups = *reader;
        parser->row_groups_type = field->type;
    } else {
        parser->column_orders = *reader;
        parser->column_orders_type = field->type;
    }
    rg_thrift_skip(reader, field->type);
    return RG_OK;
}

/* What parse_list() put off. */
static enum rg_status parse_rest(struct file_parser *parser, struct rg_error *err)
{
    if (parser->row_groups_type != RG_THRIFT_STOP) {
        parser->meta.reader = parser->row_groups;
        RG_TRY(parse_row_groups(parser, parser->row_groups_type, err));
    }
    if (parser->column_orders_type != RG_THRIFT_STOP) {
        parser->meta.reader = parser->column_orders;
        RG_TRY(parse_column_orders(parser, parser->column_orders_type, err));
    }
    for (uint32_t i = 0; i < parser->file->schema.leaf_count && !parser->file->has_column_orders;
         i++)
        RG_TRY(set_column_order(parser, i, RG_COLUMN_ORDER_UNDEFINED, err));
    return rg_thrift_reader_check(&parser->meta.reader, err);
}

static enum rg_status parse_file_field(struct file_parser *parser,
                                       const struct rg_thrift_field *field, struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->meta.reader;
    struct rg_file_meta *file = parser->file;

    switch (field->id) {
    case 1:
        file->version = rg_thrift_read_i32(reader, field->type);
        return RG_OK;
    case 2:
    case 4:
    case 7:
        return parse_list(parser, field, err);
    case 3:
        file->row_count = rg_thrift_read_u63(reader, field->type);
        return RG_OK;
    case 5:
        return rg_key_values_parse(&parser->meta, field->type, &file->key_values,
                                   &file->key_value_count, err);
    case 6:
        file->created_by = rg_thrift_read_binary(reader, field->type);
        return RG_OK;
    case 8: /* encryption_algorithm. */
    case 9: /* footer_signing_key_metadata. */
        file->is_encrypted = true;
        rg_thrift_skip(reader, field->type);
        return RG_OK;
    default:
        return RG_OK;
    }
}

/* What chunks have from their writer, who stands behind them. */
static void note_writer(struct rg_file_meta *file)
{
    const struct rg_writer writer = rg_writer_parse(file->created_by);

    for (uint32_t g = 0; g < file->row_group_count; g++) {
        for (uint32_t c = 0; c < file->schema.leaf_count; c++)
            file->row_groups[g].columns[c].has_counted_sizes = writer.has_counted_sizes;
    }
}

static enum rg_status check_length(struct rg_span footer, struct rg_error *err)
{
    if (footer.bytes > rg_footer_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "footer of %zu bytes; at most %llu", footer.bytes,
                       (unsigned long long)rg_footer_bytes_max);
    return RG_OK;
}

enum rg_status rg_footer_key_values(struct rg_span footer, struct rg_arena *arena,
                                    struct rg_key_value **ret_pairs, uint32_t *ret_count,
                                    struct rg_error *err)
{
    struct rg_meta_parser parser = {.arena = arena};
    struct rg_thrift_field field = {0};

    *ret_pairs = NULL;
    *ret_count = 0;
    RG_TRY(check_length(footer, err));
    rg_thrift_reader_init(&parser.reader, footer);
    while (rg_thrift_next_field(&parser.reader, &field)) {
        if (field.id == 5 && (file_fields.wire_types[5] >> field.type & 1) != 0)
            RG_TRY(rg_key_values_parse(&parser, field.type, ret_pairs, ret_count, err));
        else
            rg_thrift_skip(&parser.reader, field.type);
    }
    return rg_thrift_reader_check(&parser.reader, err);
}

enum rg_status rg_footer_parse(struct rg_span footer, struct rg_arena *arena,
                               struct rg_file_meta *ret_meta, struct rg_error *err)
{
    return rg_footer_parse_like(footer, NULL, arena, ret_meta, err);
}

enum rg_status rg_footer_parse_like(struct rg_span footer, const struct rg_file_meta *like,
                                    struct rg_arena *arena, struct rg_file_meta *ret_meta,
                                    struct rg_error *err)
{
    struct rg_file_meta file = {0};
    struct file_parser parser = {.meta.arena = arena, .file = &file, .like = like};
    struct rg_meta_cursor at = {0};

    RG_TRY(check_length(footer, err));
    rg_thrift_reader_init(&parser.meta.reader, footer);
    while (rg_meta_next(&parser.meta, &file_fields, &at))
        RG_TRY(parse_file_field(&parser, &at.field, err));
    RG_TRY(rg_thrift_reader_check(&parser.meta.reader, err));
    RG_TRY(parse_rest(&parser, err));
    note_writer(&file);
    file.unknown_field_count = parser.meta.unknown_field_count;
    file.has_extension = parser.meta.extension_count > 0;
    *ret_meta = file;
    return RG_OK;
}

static void emit_schema(struct rg_thrift_writer *writer, const struct rg_schema *schema)
{
    rg_thrift_list_begin(writer, 2, RG_THRIFT_STRUCT, schema->element_count);
    for (uint32_t i = 0; i < schema->element_count; i++)
        rg_schema_element_emit(writer, &schema->elements[i]);
}

static void emit_sorting_columns(struct rg_thrift_writer *writer, const struct rg_row_group *group)
{
    rg_thrift_list_begin(writer, 4, RG_THRIFT_STRUCT, group->sorting_column_count);
    for (uint32_t i = 0; i < group->sorting_column_count; i++) {
        const struct rg_sorting_column *column = &group->sorting_columns[i];
        const int32_t outer = rg_thrift_element_begin(writer);

        rg_thrift_write_i32(writer, 1, (int32_t)column->column_index);
        rg_thrift_write_bool(writer, 2, column->is_descending);
        rg_thrift_write_bool(writer, 3, column->is_nulls_first);
        rg_thrift_struct_end(writer, outer);
    }
}

static void emit_row_group(struct rg_thrift_writer *writer, const struct rg_schema *schema,
                           const struct rg_row_group *group)
{
    const int32_t outer = rg_thrift_element_begin(writer);

    rg_thrift_list_begin(writer, 1, RG_THRIFT_STRUCT, schema->leaf_count);
    for (uint32_t i = 0; i < schema->leaf_count; i++)
        rg_column_chunk_emit(writer, &schema->leaves[i], &group->columns[i]);
    rg_thrift_write_i64(writer, 2, (int64_t)group->total_bytes);
    rg_thrift_write_i64(writer, 3, (int64_t)group->row_count);
    if (group->sorting_columns != NULL)
        emit_sorting_columns(writer, group);
    if (group->has_file_offset)
        rg_thrift_write_i64(writer, 5, (int64_t)group->file_offset);
    if (group->has_total_compressed_bytes)
        rg_thrift_write_i64(writer, 6, (int64_t)group->total_compressed_bytes);
    if (group->ordinal >= 0)
        rg_thrift_write_integer(writer, 7, RG_THRIFT_I16, group->ordinal);
    rg_thrift_struct_end(writer, outer);
}

static void emit_column_orders(struct rg_thrift_writer *writer, const struct rg_schema *schema)
{
    rg_thrift_list_begin(writer, 7, RG_THRIFT_STRUCT, schema->leaf_count);
    for (uint32_t i = 0; i < schema->leaf_count; i++) {
        const uint8_t order = schema->leaves[i].column_order;
        const int32_t outer = rg_thrift_element_begin(writer);

        rg_thrift_write_empty_struct(
            writer, order == RG_COLUMN_ORDER_UNDEFINED ? RG_COLUMN_ORDER_TYPE : order);
        rg_thrift_struct_end(writer, outer);
    }
}

enum rg_status rg_footer_emit(const struct rg_file_meta *meta, struct rg_buffer *out,
                              struct rg_error *err)
{
    struct rg_thrift_writer writer;

    rg_thrift_writer_init(&writer, out);
    rg_thrift_write_i32(&writer, 1, meta->version);
    emit_schema(&writer, &meta->schema);
    rg_thrift_write_i64(&writer, 3, (int64_t)meta->row_count);
    rg_thrift_list_begin(&writer, 4, RG_THRIFT_STRUCT, meta->row_group_count);
    for (uint32_t i = 0; i < meta->row_group_count; i++)
        emit_row_group(&writer, &meta->schema, &meta->row_groups[i]);
    if (meta->key_value_count > 0)
        rg_key_values_emit(&writer, 5, meta->key_values, meta->key_value_count);
    if (meta->created_by.data != NULL)
        rg_thrift_write_binary(&writer, 6, meta->created_by);
    if (meta->has_column_orders)
        emit_column_orders(&writer, &meta->schema);
    rg_thrift_struct_end(&writer, 0);
    (void)rg_thrift_writer_finish(&writer);
    return rg_buffer_check(out, "the footer", err);
}

uint64_t rg_chunk_begin(const struct rg_column_chunk *chunk)
{
    const uint64_t dictionary = chunk->dictionary_page_offset;
    const bool has_dictionary = chunk->has_dictionary_offset &&
                                dictionary >= sizeof rg_parquet_magic &&
                                dictionary < chunk->data_page_offset;

    return has_dictionary ? dictionary : chunk->data_page_offset;
}
