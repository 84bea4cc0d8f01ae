/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the parsers of a footer's parts share.
 *
 * Each struct has a table of the fields that parquet.thrift gives it, with the wire types they may
 * have. As readers made by the Thrift compiler do, a field of another type is passed over like one
 * that is unknown (dict-page-offset-zero.parquet of parquet-testing has a list in field 15 of
 * ColumnMetaData); should it be a field that is required, that is missed in the end.
 */

#ifndef PARQUET_META_PARSER_IMPL_H
#define PARQUET_META_PARSER_IMPL_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "thrift/reader.h"
#include "thrift/writer.h"

/* Any struct may have a binary field of this number (BinaryProtocolExtensions.md). */
static const int32_t rg_extension_field_id = 32767;

struct rg_meta_parser {
    struct rg_thrift_reader reader;
    struct rg_arena *arena;
    uint32_t unknown_field_count;
    uint32_t extension_count;
};

/* Sets of wire types: bit n for type n. */
enum {
    RG_WIRE_BOOL = 1 << RG_THRIFT_TRUE | 1 << RG_THRIFT_FALSE,
    RG_WIRE_INTEGER =
        1 << RG_THRIFT_I8 | 1 << RG_THRIFT_I16 | 1 << RG_THRIFT_I32 | 1 << RG_THRIFT_I64,
    RG_WIRE_DOUBLE = 1 << RG_THRIFT_DOUBLE,
    RG_WIRE_BINARY = 1 << RG_THRIFT_BINARY,
    RG_WIRE_LIST = 1 << RG_THRIFT_LIST | 1 << RG_THRIFT_SET,
    RG_WIRE_STRUCT = 1 << RG_THRIFT_STRUCT,
};

enum {
    RG_META_FIELDS_MAX = 20 /* More than any struct has, and at most 32. */
};

struct rg_meta_fields {
    uint16_t wire_types[RG_META_FIELDS_MAX]; /* By field number; 0: no such field. */
    uint32_t required;                       /* Bit n: field n must be there. */
};

/* Zeroed at the begin of a struct. */
struct rg_meta_cursor {
    struct rg_thrift_field field;
    uint32_t seen; /* Bit n: field n was there. */
};

/* Passes over a field that the specification does not have, and counts it. */
void rg_meta_skip_unknown(struct rg_meta_parser *parser, const struct rg_thrift_field *field);

/*
 * The next field that is in the table; false behind the last one. A field that comes twice, or a
 * required one that did not come, is a failure of the reader.
 */
static inline bool rg_meta_next(struct rg_meta_parser *parser, const struct rg_meta_fields *fields,
                                struct rg_meta_cursor *at)
{
    while (rg_thrift_next_field(&parser->reader, &at->field)) {
        const uint32_t id = (uint32_t)at->field.id;
        const bool is_known =
            id < RG_META_FIELDS_MAX && (fields->wire_types[id] >> at->field.type & 1) != 0;

        if (is_known && (at->seen >> id & 1) == 0) {
            at->seen |= UINT32_C(1) << id;
            return true;
        }
        if (is_known)
            rg_thrift_fail(&parser->reader, "field that comes twice");
        rg_meta_skip_unknown(parser, &at->field);
    }
    if ((at->seen & fields->required) != fields->required)
        rg_thrift_fail(&parser->reader, "struct without a field that must be there");
    return false;
}

/*
 * The number of the field that is set in a union of empty structs, whose type was read already; 0
 * for none, 255 for numbers that do not fit.
 */
uint8_t rg_meta_parse_choice(struct rg_meta_parser *parser);

/* RG_ERR_NOMEM for `count` things called `what`. */
enum rg_status rg_meta_no_memory(uint32_t count, const char *what, struct rg_error *err);

/*
 * A list<KeyValue>. A malformed list sticks to the reader.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_key_values_parse(struct rg_meta_parser *parser, uint8_t type,
                                                 struct rg_key_value **ret_pairs,
                                                 uint32_t *ret_count, struct rg_error *err);
void rg_key_values_emit(struct rg_thrift_writer *writer, int32_t id,
                        const struct rg_key_value *pairs, uint32_t count);

#endif
