/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads Thrift's compact protocol from a span, once and from front to back.
 *
 * A failure sticks: the reader goes to its end, every later read gives zero and every struct seems
 * to be over, so that a parser checks once where it is done instead of at each value.
 *
 *     struct rg_thrift_field field = {0};
 *
 *     while (rg_thrift_next_field(reader, &field)) {
 *         switch (field.id) {
 *         case 1:
 *             row_count = rg_thrift_read_u63(reader, field.type);
 *             break;
 *         default:
 *             rg_thrift_skip(reader, field.type);
 *         }
 *     }
 *     return rg_thrift_reader_check(reader, err);
 *
 * Values are read by the type that the field's header or the list's header gave. A type that does
 * not fit is a failure, except that integers of all widths stand for one another as long as the
 * value fits.
 */

#ifndef THRIFT_READER_H
#define THRIFT_READER_H

#include "base/error.h"
#include "base/span.h"
#include "thrift/wire.h"

struct rg_thrift_reader {
    const uint8_t *next;
    const uint8_t *end;
    const uint8_t *begin;
    const char *failure;   /* The first one, static text; NULL: none. */
    size_t failure_offset; /* Where it was noticed. */
};

/* Begin each struct with a zeroed one. */
struct rg_thrift_field {
    int32_t id;
    uint8_t type; /* enum rg_thrift_type, or a number that is none. */
};

struct rg_thrift_list {
    uint32_t count;
    uint8_t type; /* Of the elements. */
};

/* Borrows `bytes` as long as the reader, and what it gave, is in use. */
void rg_thrift_reader_init(struct rg_thrift_reader *reader, struct rg_span bytes);

/*
 * Says what stuck.
 *
 * Errors:  RG_ERR_CORRUPT after a failure.
 */
RG_MUST_CHECK enum rg_status rg_thrift_reader_check(const struct rg_thrift_reader *reader,
                                                    struct rg_error *err);

/* Bytes read so far. */
static inline size_t rg_thrift_offset(const struct rg_thrift_reader *reader)
{
    return (size_t)(reader->next - reader->begin);
}

/* Fails with `failure`, a static text, unless the reader failed before. */
void rg_thrift_fail(struct rg_thrift_reader *reader, const char *failure);

/*
 * What the readers below leave to a call. Numbers of several bytes are not rare: they come and go
 * in registers.
 */
struct rg_thrift_number {
    uint64_t value;
    const uint8_t *next; /* NULL: none there. */
};
struct rg_thrift_number rg_thrift_long_number(const uint8_t *next, const uint8_t *end);
void rg_thrift_long_number_fail(struct rg_thrift_reader *reader);
bool rg_thrift_next_long_field(struct rg_thrift_reader *reader, struct rg_thrift_field *field);

/* Reads a field header; false behind the last field of the struct, or after a failure. */
static inline bool rg_thrift_next_field(struct rg_thrift_reader *reader,
                                        struct rg_thrift_field *field)
{
    const int32_t id_before_max = INT16_MAX - 15;
    const uint8_t header = reader->next == reader->end ? 1 : *reader->next;

    if (header >= 0x10 && field->id <= id_before_max) {
        field->id += header >> 4;
        field->type = header & 15;
        reader->next++;
        return true;
    }
    if (header != RG_THRIFT_STOP)
        return rg_thrift_next_long_field(reader, field);
    reader->next++;
    return false;
}

/* A bare variable-length number. */
static inline uint64_t rg_thrift_varint(struct rg_thrift_reader *reader)
{
    if (reader->next != reader->end && *reader->next < 0x80)
        return *reader->next++;
    const struct rg_thrift_number number = rg_thrift_long_number(reader->next, reader->end);
    if (number.next == NULL)
        rg_thrift_long_number_fail(reader);
    else
        reader->next = number.next;
    return number.value;
}

/* An integer of any width. */
static inline int64_t rg_thrift_read_i64(struct rg_thrift_reader *reader, uint8_t type)
{
    if (type >= RG_THRIFT_I16 && type <= RG_THRIFT_I64) {
        const uint64_t zigzag = rg_thrift_varint(reader);

        return (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
    }
    if (type == RG_THRIFT_I8 && reader->next != reader->end)
        return (int8_t)*reader->next++;
    rg_thrift_fail(reader, type == RG_THRIFT_I8 ? "bytes end inside a number"
                                                : "field of another type where an integer belongs");
    return 0;
}

/* An integer of any width whose value must lie within those of the result. */
static inline int32_t rg_thrift_read_i32(struct rg_thrift_reader *reader, uint8_t type)
{
    const int64_t value = rg_thrift_read_i64(reader, type);

    if (value >= INT32_MIN && value <= INT32_MAX)
        return (int32_t)value;
    rg_thrift_fail(reader, "number out of the range of 32 bits");
    return 0;
}

/* One that must not be negative: what Thrift, which has no unsigned numbers, says of sizes. */
static inline uint64_t rg_thrift_read_u63(struct rg_thrift_reader *reader, uint8_t type)
{
    const int64_t value = rg_thrift_read_i64(reader, type);

    if (value >= 0)
        return (uint64_t)value;
    rg_thrift_fail(reader, "negative number where a count or a size belongs");
    return 0;
}

/* One in 0 .. 2^31 - 1. */
static inline uint32_t rg_thrift_read_u31(struct rg_thrift_reader *reader, uint8_t type)
{
    const int64_t value = rg_thrift_read_i64(reader, type);

    if (value >= 0 && value <= INT32_MAX)
        return (uint32_t)value;
    rg_thrift_fail(reader, "number out of the range of a count or a size");
    return 0;
}

/* An enumeration's number in 0 .. 255. */
static inline uint8_t rg_thrift_read_u8(struct rg_thrift_reader *reader, uint8_t type)
{
    const int64_t value = rg_thrift_read_i64(reader, type);

    if (value >= 0 && value <= UINT8_MAX)
        return (uint8_t)value;
    rg_thrift_fail(reader, "number out of the range of an enumeration");
    return 0;
}

/* The value of a boolean field. */
static inline bool rg_thrift_read_bool(struct rg_thrift_reader *reader, uint8_t type)
{
    if (type != RG_THRIFT_TRUE && type != RG_THRIFT_FALSE)
        rg_thrift_fail(reader, "field of another type where a boolean belongs");
    return type == RG_THRIFT_TRUE;
}

/* Points into the reader's bytes; data is NULL after a failure only. */
static inline struct rg_span rg_thrift_read_binary(struct rg_thrift_reader *reader, uint8_t type)
{
    const bool is_binary = type == RG_THRIFT_BINARY;
    const uint64_t bytes = is_binary ? rg_thrift_varint(reader) : 0;
    const bool fits = bytes <= (size_t)(reader->end - reader->next);

    if (is_binary && fits && reader->failure == NULL) {
        const struct rg_span span = {reader->next, (size_t)bytes};

        reader->next += bytes;
        return span;
    }
    rg_thrift_fail(reader, is_binary ? "text or bytes longer than what is there"
                                     : "field of another type where text or bytes belong");
    return (struct rg_span){NULL, 0};
}

/* True when `type` is a struct, whose fields come next. Otherwise fails. */
static inline bool rg_thrift_read_struct(struct rg_thrift_reader *reader, uint8_t type)
{
    if (type != RG_THRIFT_STRUCT)
        rg_thrift_fail(reader, "field of another type where a struct belongs");
    return type == RG_THRIFT_STRUCT;
}

/* A boolean in a list. */
bool rg_thrift_read_bool_element(struct rg_thrift_reader *reader);

double rg_thrift_read_double(struct rg_thrift_reader *reader, uint8_t type);

/*
 * The header of a list (or set) whose elements are of `element_type`, and no shorter than
 * `element_bytes_min` each: a count that the bytes left cannot hold is a failure, so that memory
 * made for the elements is bounded by the bytes that are there. `element_bytes_min` >= 1.
 */
struct rg_thrift_list rg_thrift_read_list(struct rg_thrift_reader *reader, uint8_t type,
                                          uint8_t element_type, size_t element_bytes_min);

/* Passes over the value of a field, to any depth up to RG_THRIFT_DEPTH_MAX. */
void rg_thrift_skip(struct rg_thrift_reader *reader, uint8_t type);

/* The same for an element of a list. */
void rg_thrift_skip_element(struct rg_thrift_reader *reader, uint8_t type);

#endif
