/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes Thrift's compact protocol, to a growing buffer or into a given piece of memory.
 *
 * Fields of a struct are written in the order of their numbers. A failure sticks, as in the buffer:
 * who wrote everything checks once.
 *
 *     rg_thrift_write_i64(writer, 1, row_count);
 *     const int32_t outer = rg_thrift_struct_begin(writer, 2);
 *     rg_thrift_write_binary(writer, 1, name);
 *     rg_thrift_struct_end(writer, outer);
 */

#ifndef THRIFT_WRITER_H
#define THRIFT_WRITER_H

#include "base/buffer.h"
#include "base/span.h"
#include "thrift/wire.h"

struct rg_thrift_writer {
    struct rg_buffer *out; /* NULL: fixed memory. */
    uint8_t *begin;        /* Of fixed memory. */
    uint8_t *next;
    uint8_t *end;
    int32_t field_id; /* The last one written in the struct that is open. */
    bool failed;      /* Fixed memory was too short, or the buffer failed. */
};

/* Appends to `out`, which nobody else appends to until rg_thrift_writer_finish(). */
void rg_thrift_writer_init(struct rg_thrift_writer *writer, struct rg_buffer *out);

/* Fills `bytes` bytes at `memory`. */
void rg_thrift_writer_init_fixed(struct rg_thrift_writer *writer, uint8_t *memory, size_t bytes);

/*
 * Gives the bytes over to the buffer, whose rg_buffer_check() then tells of failures. The result
 * is their count; 0 when fixed memory was too short.
 */
size_t rg_thrift_writer_finish(struct rg_thrift_writer *writer);

/* `type` is one of the integer types but I8; readers of ours take any. */
void rg_thrift_write_integer(struct rg_thrift_writer *writer, int32_t id, uint8_t type,
                             int64_t value);
void rg_thrift_write_i8(struct rg_thrift_writer *writer, int32_t id, int8_t value);
void rg_thrift_write_bool(struct rg_thrift_writer *writer, int32_t id, bool value);
void rg_thrift_write_double(struct rg_thrift_writer *writer, int32_t id, double value);
void rg_thrift_write_binary(struct rg_thrift_writer *writer, int32_t id, struct rg_span value);

static inline void rg_thrift_write_i32(struct rg_thrift_writer *writer, int32_t id, int32_t value)
{
    rg_thrift_write_integer(writer, id, RG_THRIFT_I32, value);
}

static inline void rg_thrift_write_i64(struct rg_thrift_writer *writer, int32_t id, int64_t value)
{
    rg_thrift_write_integer(writer, id, RG_THRIFT_I64, value);
}

/* Opens a struct that is a field; the result is for rg_thrift_struct_end(). */
int32_t rg_thrift_struct_begin(struct rg_thrift_writer *writer, int32_t id);
/* Opens one that is an element of a list, or the outermost. */
int32_t rg_thrift_element_begin(struct rg_thrift_writer *writer);
void rg_thrift_struct_end(struct rg_thrift_writer *writer, int32_t outer);

/* A struct without fields: what unions use for their bare choices. */
void rg_thrift_write_empty_struct(struct rg_thrift_writer *writer, int32_t id);

/* Begins a list; exactly `count` elements follow. */
void rg_thrift_list_begin(struct rg_thrift_writer *writer, int32_t id, uint8_t element_type,
                          uint32_t count);
/* The same for a list that is an element of a list, or stands alone. */
void rg_thrift_element_list_begin(struct rg_thrift_writer *writer, uint8_t element_type,
                                  uint32_t count);
void rg_thrift_write_integer_element(struct rg_thrift_writer *writer, int64_t value);
void rg_thrift_write_bool_element(struct rg_thrift_writer *writer, bool value);
void rg_thrift_write_binary_element(struct rg_thrift_writer *writer, struct rg_span value);

/* A field's header alone; its value follows as rg_thrift_write_raw(). */
void rg_thrift_write_header(struct rg_thrift_writer *writer, int32_t id, uint8_t type);
/* Bytes that are in Thrift's form already. */
void rg_thrift_write_raw(struct rg_thrift_writer *writer, struct rg_span bytes);

#endif
