/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/meta_parser_impl.h"

/* The fields of KeyValue, at least: a key's header and its length, the stop byte. */
static const size_t key_value_bytes_min = 3;

static const struct rg_meta_fields key_value_fields = {
    .wire_types = {[1] = RG_WIRE_BINARY, [2] = RG_WIRE_BINARY},
    .required = 1 << 1,
};

void rg_meta_skip_unknown(struct rg_meta_parser *parser, const struct rg_thrift_field *field)
{
    if (field->id == rg_extension_field_id)
        parser->extension_count++;
    else
        parser->unknown_field_count++;
    rg_thrift_skip(&parser->reader, field->type);
}

uint8_t rg_meta_parse_choice(struct rg_meta_parser *parser)
{
    struct rg_thrift_field field = {0};
    uint8_t choice = 0;

    while (rg_thrift_next_field(&parser->reader, &field)) {
        if (choice != 0)
            rg_thrift_fail(&parser->reader, "union with two choices");
        choice = field.id > 0 && field.id < UINT8_MAX ? (uint8_t)field.id : UINT8_MAX;
        rg_thrift_skip(&parser->reader, field.type);
    }
    return choice;
}

enum rg_status rg_meta_no_memory(uint32_t count, const char *what, struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory for %u %s", count, what);
}

static void parse_key_value(struct rg_meta_parser *parser, struct rg_key_value *pair)
{
    struct rg_thrift_reader *reader = &parser->reader;
    struct rg_meta_cursor at = {0};

    while (rg_meta_next(parser, &key_value_fields, &at)) {
        if (at.field.id == 1)
            pair->key = rg_thrift_read_binary(reader, at.field.type);
        else
            pair->value = rg_thrift_read_binary(reader, at.field.type);
    }
}

enum rg_status rg_key_values_parse(struct rg_meta_parser *parser, uint8_t type,
                                   struct rg_key_value **ret_pairs, uint32_t *ret_count,
                                   struct rg_error *err)
{
    const struct rg_thrift_list list =
        rg_thrift_read_list(&parser->reader, type, RG_THRIFT_STRUCT, key_value_bytes_min);
    struct rg_key_value *pairs = rg_arena_array(parser->arena, list.count, sizeof *pairs);

    if (pairs == NULL)
        return rg_meta_no_memory(list.count, "key-value pairs", err);
    for (uint32_t i = 0; i < list.count; i++)
        parse_key_value(parser, &pairs[i]);
    *ret_pairs = pairs;
    *ret_count = list.count;
    return RG_OK;
}

void rg_key_values_emit(struct rg_thrift_writer *writer, int32_t id,
                        const struct rg_key_value *pairs, uint32_t count)
{
    rg_thrift_list_begin(writer, id, RG_THRIFT_STRUCT, count);
    for (uint32_t i = 0; i < count; i++) {
        const int32_t outer = rg_thrift_element_begin(writer);

        rg_thrift_write_binary(writer, 1, pairs[i].key);
        if (pairs[i].value.data != NULL)
            rg_thrift_write_binary(writer, 2, pairs[i].value);
        rg_thrift_struct_end(writer, outer);
    }
}
