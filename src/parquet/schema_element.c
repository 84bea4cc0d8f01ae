/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/schema_element_impl.h"

#include "parquet/schema.h"

/* Field numbers of SchemaElement. */
enum {
    FIELD_TYPE = 1,
    FIELD_TYPE_LENGTH = 2,
    FIELD_REPETITION = 3,
    FIELD_NAME = 4,
    FIELD_CHILD_COUNT = 5,
    FIELD_CONVERTED_TYPE = 6,
    FIELD_SCALE = 7,
    FIELD_PRECISION = 8,
    FIELD_FIELD_ID = 9,
    FIELD_LOGICAL = 10,
};

/* An unknown logical type whose number does not fit a byte, or a union without a choice. */
static const uint8_t logical_other = 255;

static const struct rg_meta_fields element_fields = {
    .wire_types =
        {
            [FIELD_TYPE] = RG_WIRE_INTEGER,
            [FIELD_TYPE_LENGTH] = RG_WIRE_INTEGER,
            [FIELD_REPETITION] = RG_WIRE_INTEGER,
            [FIELD_NAME] = RG_WIRE_BINARY,
            [FIELD_CHILD_COUNT] = RG_WIRE_INTEGER,
            [FIELD_CONVERTED_TYPE] = RG_WIRE_INTEGER,
            [FIELD_SCALE] = RG_WIRE_INTEGER,
            [FIELD_PRECISION] = RG_WIRE_INTEGER,
            [FIELD_FIELD_ID] = RG_WIRE_INTEGER,
            [FIELD_LOGICAL] = RG_WIRE_STRUCT,
        },
    .required = 1 << FIELD_NAME,
};

/* DecimalType, TimeType and TimestampType, IntType. */
static const struct rg_meta_fields decimal_fields = {
    .wire_types = {[1] = RG_WIRE_INTEGER, [2] = RG_WIRE_INTEGER},
    .required = 0x6,
};
static const struct rg_meta_fields time_fields = {
    .wire_types = {[1] = RG_WIRE_BOOL, [2] = RG_WIRE_STRUCT},
    .required = 0x6,
};
static const struct rg_meta_fields integer_fields = {
    .wire_types = {[1] = RG_WIRE_INTEGER, [2] = RG_WIRE_BOOL},
    .required = 0x6,
};

static void parse_decimal(struct rg_meta_parser *parser, struct rg_schema_element *element)
{
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &decimal_fields, &at)) {
        const int32_t value = rg_thrift_read_i32(&parser->reader, at.field.type);

        *(at.field.id == 1 ? &element->scale : &element->precision) = value;
    }
}

static void parse_time(struct rg_meta_parser *parser, struct rg_schema_element *element)
{
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &time_fields, &at)) {
        if (at.field.id == 1)
            element->is_utc = rg_thrift_read_bool(&parser->reader, at.field.type);
        else
            element->time_unit = rg_meta_parse_choice(parser);
    }
}

static void parse_integer(struct rg_meta_parser *parser, struct rg_schema_element *element)
{
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &integer_fields, &at)) {
        if (at.field.id == 1)
            element->bit_width = rg_thrift_read_u8(&parser->reader, at.field.type);
        else
            element->is_signed = rg_thrift_read_bool(&parser->reader, at.field.type);
    }
}

static void parse_logical(struct rg_meta_parser *parser, struct rg_schema_element *element)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_thrift_field field = {0};
    const uint8_t *begin = reader->next;

    element->logical = logical_other;
    while (rg_thrift_next_field(reader, &field)) {
        const bool fits = field.id > 0 && field.id < logical_other;

        if (element->logical != logical_other)
            rg_thrift_fail(reader, "logical type that is two at once");
        element->logical = fits ? (uint8_t)field.id : logical_other;
        if (!rg_thrift_read_struct(reader, field.type))
            return;
        switch (field.id) {
        case RG_LOGICAL_DECIMAL:
            parse_decimal(parser, element);
            break;
        case RG_LOGICAL_TIME:
        case RG_LOGICAL_TIMESTAMP:
            parse_time(parser, element);
            break;
        case RG_LOGICAL_INTEGER:
            parse_integer(parser, element);
            break;
        default:
            rg_thrift_skip(reader, field.type); /* Whatever it says survives as raw bytes. */
        }
    }
    element->annotation = (struct rg_span){begin, (size_t)(reader->next - begin)};
}

/* Converted types end at 21; what lies far above is unknown in any case. */
static int8_t narrow(uint8_t converted_type)
{
    return converted_type > INT8_MAX ? INT8_MAX : (int8_t)converted_type;
}

/* A field but scale and precision; they are used only where the logical type does not say them. */
static void parse_field(struct rg_meta_parser *parser, const struct rg_thrift_field *field,
                        struct rg_schema_element *element)
{
    struct rg_thrift_reader *reader = &parser->reader;

    switch (field->id) {
    case FIELD_TYPE:
        element->type = rg_thrift_read_u8(reader, field->type);
        element->has_type = true;
        break;
    case FIELD_TYPE_LENGTH:
        element->type_length = rg_thrift_read_i32(reader, field->type);
        break;
    case FIELD_REPETITION:
        element->repetition = rg_thrift_read_u8(reader, field->type);
        element->has_repetition = true;
        break;
    case FIELD_NAME:
        element->name = rg_thrift_read_binary(reader, field->type);
        break;
    case FIELD_CHILD_COUNT:
        element->child_count = rg_thrift_read_u31(reader, field->type);
        break;
    case FIELD_CONVERTED_TYPE:
        element->converted_type = narrow(rg_thrift_read_u8(reader, field->type));
        break;
    case FIELD_FIELD_ID:
        element->field_id = rg_thrift_read_i32(reader, field->type);
        element->has_field_id = true;
        break;
    case FIELD_LOGICAL:
        parse_logical(parser, element);
        break;
    default:
        break;
    }
}

/* Copies the fields of `raw` but for those that change, which are written in their places. */
static void copy_raw(struct rg_thrift_reader *reader, const struct rg_schema_change *change,
                     struct rg_thrift_writer *writer)
{
    struct rg_thrift_field field = {0};
    bool owes_repetition = change->sets_repetition;
    bool owes_child_count = change->sets_child_count;
    bool is_more = true;

    while (is_more) {
        is_more = rg_thrift_next_field(reader, &field);
        if (owes_repetition && (!is_more || field.id >= FIELD_REPETITION)) {
            rg_thrift_write_i32(writer, FIELD_REPETITION, change->repetition);
            owes_repetition = false;
        }
        if (owes_child_count && (!is_more || field.id >= FIELD_CHILD_COUNT)) {
            rg_thrift_write_i32(writer, FIELD_CHILD_COUNT, (int32_t)change->child_count);
            owes_child_count = false;
        }
        if (!is_more)
            break;
        const bool is_changed = (change->sets_repetition && field.id == FIELD_REPETITION) ||
                                (change->sets_child_count && field.id == FIELD_CHILD_COUNT);
        const uint8_t *value = reader->next;
        rg_thrift_skip(reader, field.type);
        if (is_changed || field.id == rg_extension_field_id)
            continue;
        const struct rg_span bytes = {value, (size_t)(reader->next - value)};
        rg_thrift_write_header(writer, field.id, field.type);
        rg_thrift_write_raw(writer, bytes);
    }
    rg_thrift_struct_end(writer, 0);
}

/* A changed copy of a struct's bytes in the arena. */
static enum rg_status change_raw(struct rg_span raw, const struct rg_schema_change *change,
                                 struct rg_arena *arena, struct rg_span *ret_raw,
                                 struct rg_error *err)
{
    /* Two numbers more, and long headers where a field that followed closely is gone. */
    const size_t bytes_max = 2 * raw.bytes + 32;
    uint8_t *memory = rg_arena_alloc(arena, bytes_max);
    struct rg_thrift_reader reader;
    struct rg_thrift_writer writer;

    if (memory == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a schema element of %zu bytes", raw.bytes);
    rg_thrift_reader_init(&reader, raw);
    rg_thrift_writer_init_fixed(&writer, memory, bytes_max);
    copy_raw(&reader, change, &writer);
    RG_TRY(rg_thrift_reader_check(&reader, err));
    const size_t bytes = rg_thrift_writer_finish(&writer);
    if (bytes == 0)
        return rg_fail(err, RG_ERR_BUG, "schema element of %zu bytes grew beyond %zu", raw.bytes,
                       bytes_max);
    *ret_raw = (struct rg_span){memory, bytes};
    return RG_OK;
}

enum rg_status rg_schema_element_parse(struct rg_meta_parser *parser,
                                       struct rg_schema_element *ret_element, struct rg_error *err)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};
    struct rg_schema_element *const element = ret_element;
    const uint8_t *begin = reader->next;
    const uint32_t extension_count = parser->extension_count;
    const uint32_t unknown_field_count = parser->unknown_field_count;
    int32_t scale = 0;
    int32_t precision = 0;

    *element = (struct rg_schema_element){.converted_type = RG_CONVERTED_NONE};
    while (rg_meta_next(parser, &element_fields, &at)) {
        if (at.field.id == FIELD_SCALE)
            scale = rg_thrift_read_i32(reader, at.field.type);
        else if (at.field.id == FIELD_PRECISION)
            precision = rg_thrift_read_i32(reader, at.field.type);
        else
            parse_field(parser, &at.field, element);
    }
    if (reader->failure != NULL)
        return RG_OK;
    if (element->logical != RG_LOGICAL_DECIMAL) {
        element->scale = scale;
        element->precision = precision;
    }
    element->has_unknown = parser->unknown_field_count != unknown_field_count;
    element->raw = (struct rg_span){begin, (size_t)(reader->next - begin)};
    if (parser->extension_count != extension_count) {
        const struct rg_schema_change nothing = {0};

        return change_raw(element->raw, &nothing, parser->arena, &element->raw, err);
    }
    return RG_OK;
}

enum rg_status rg_schema_element_change(const struct rg_schema_element *element,
                                        const struct rg_schema_change *change,
                                        struct rg_arena *arena,
                                        struct rg_schema_element *ret_element, struct rg_error *err)
{
    struct rg_meta_parser parser = {.arena = arena};
    struct rg_schema_element copy = *element;
    struct rg_span raw;

    if (element->raw.data == NULL) {
        if (change->sets_repetition) {
            copy.repetition = change->repetition;
            copy.has_repetition = true;
        }
        if (change->sets_child_count)
            copy.child_count = change->child_count;
        *ret_element = copy;
        return RG_OK;
    }
    RG_TRY(change_raw(element->raw, change, arena, &raw, err));
    rg_thrift_reader_init(&parser.reader, raw);
    RG_TRY(rg_schema_element_parse(&parser, &copy, err));
    RG_TRY(rg_thrift_reader_check(&parser.reader, err));
    copy.parent_index = element->parent_index;
    *ret_element = copy;
    return RG_OK;
}

static void emit_time(struct rg_thrift_writer *writer, const struct rg_schema_element *element)
{
    rg_thrift_write_bool(writer, 1, element->is_utc);
    const int32_t outer = rg_thrift_struct_begin(writer, 2);
    rg_thrift_write_empty_struct(writer, element->time_unit);
    rg_thrift_struct_end(writer, outer);
}

/* The LogicalType union from the fields: parameters that have no field there are left out. */
static void emit_logical(struct rg_thrift_writer *writer, const struct rg_schema_element *element)
{
    const int32_t outer_union = rg_thrift_struct_begin(writer, FIELD_LOGICAL);
    const int32_t outer = rg_thrift_struct_begin(writer, element->logical);

    if (element->logical == RG_LOGICAL_DECIMAL) {
        rg_thrift_write_i32(writer, 1, element->scale);
        rg_thrift_write_i32(writer, 2, element->precision);
    } else if (element->logical == RG_LOGICAL_TIME || element->logical == RG_LOGICAL_TIMESTAMP) {
        emit_time(writer, element);
    } else if (element->logical == RG_LOGICAL_INTEGER) {
        rg_thrift_write_i8(writer, 1, (int8_t)element->bit_width);
        rg_thrift_write_bool(writer, 2, element->is_signed);
    }
    rg_thrift_struct_end(writer, outer);
    rg_thrift_struct_end(writer, outer_union);
}

static void emit_fields(struct rg_thrift_writer *writer, const struct rg_schema_element *element)
{
    const bool is_decimal = element->converted_type == RG_CONVERTED_DECIMAL;
    const int32_t outer = rg_thrift_element_begin(writer);

    if (element->has_type)
        rg_thrift_write_i32(writer, FIELD_TYPE, element->type);
    if (element->type_length != 0)
        rg_thrift_write_i32(writer, FIELD_TYPE_LENGTH, element->type_length);
    if (element->has_repetition)
        rg_thrift_write_i32(writer, FIELD_REPETITION, element->repetition);
    rg_thrift_write_binary(writer, FIELD_NAME, element->name);
    if (!element->has_type)
        rg_thrift_write_i32(writer, FIELD_CHILD_COUNT, (int32_t)element->child_count);
    if (element->converted_type != RG_CONVERTED_NONE)
        rg_thrift_write_i32(writer, FIELD_CONVERTED_TYPE, element->converted_type);
    if (is_decimal) {
        rg_thrift_write_i32(writer, FIELD_SCALE, element->scale);
        rg_thrift_write_i32(writer, FIELD_PRECISION, element->precision);
    }
    if (element->has_field_id)
        rg_thrift_write_i32(writer, FIELD_FIELD_ID, element->field_id);
    if (element->annotation.data != NULL) {
        rg_thrift_write_header(writer, FIELD_LOGICAL, RG_THRIFT_STRUCT);
        rg_thrift_write_raw(writer, element->annotation);
    } else if (element->logical != RG_LOGICAL_NONE) {
        emit_logical(writer, element);
    }
    rg_thrift_struct_end(writer, outer);
}

void rg_schema_element_emit(struct rg_thrift_writer *writer,
                            const struct rg_schema_element *element)
{
    if (element->raw.data != NULL)
        rg_thrift_write_raw(writer, element->raw);
    else
        emit_fields(writer, element);
}
