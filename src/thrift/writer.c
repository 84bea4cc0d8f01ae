/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes go straight into the room that the buffer has; it hears of them when the room is used up
 * and at the end.
 *
 *   (1) begin or the buffer's data <= next <= end, and end is the end of what may be written.
 *   (2) After a failure next == end == NULL is never written to: make_room() answers false.
 */

#include "thrift/writer.h"

#include <assert.h>
#include <string.h>

enum {
    HEADER_BYTES_MAX = 4, /* A type byte and a 16-bit number. */
    VARINT_BYTES_MAX = 10,
};

void rg_thrift_writer_init(struct rg_thrift_writer *writer, struct rg_buffer *out)
{
    *writer = (struct rg_thrift_writer){.out = out, .failed = out->failed};
    if (out->data != NULL) {
        writer->next = out->data + out->bytes;
        writer->end = out->data + out->capacity;
        writer->begin = writer->next;
    }
}

void rg_thrift_writer_init_fixed(struct rg_thrift_writer *writer, uint8_t *memory, size_t bytes)
{
    *writer = (struct rg_thrift_writer){.begin = memory, .next = memory, .end = memory + bytes};
}

static __attribute__((cold, noinline)) bool make_room_slowly(struct rg_thrift_writer *writer,
                                                             size_t bytes)
{
    struct rg_buffer *out = writer->out;

    if (!writer->failed && out != NULL) {
        if (writer->next != NULL)
            out->bytes = (size_t)(writer->next - out->data);
        writer->next = rg_buffer_reserve(out, bytes);
        if (writer->next != NULL) {
            writer->end = out->data + out->capacity;
            return true;
        }
    }
    writer->failed = true;
    return false;
}

/* True when `bytes` bytes may be written at next. */
static inline bool make_room(struct rg_thrift_writer *writer, size_t bytes)
{
    if (writer->failed || (size_t)(writer->end - writer->next) < bytes)
        return make_room_slowly(writer, bytes);
    return true;
}

size_t rg_thrift_writer_finish(struct rg_thrift_writer *writer)
{
    struct rg_buffer *out = writer->out;

    if (writer->failed || writer->next == NULL)
        return 0;
    if (out == NULL)
        return (size_t)(writer->next - writer->begin);
    out->bytes = (size_t)(writer->next - out->data);
    return out->bytes;
}

/* Needs VARINT_BYTES_MAX of room. */
static inline uint8_t *put_varint(uint8_t *next, uint64_t value)
{
    while (value >= 0x80) {
        *next++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *next++ = (uint8_t)value;
    return next;
}

static inline uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/* Needs HEADER_BYTES_MAX of room. */
static inline uint8_t *put_header(struct rg_thrift_writer *writer, int32_t id, uint8_t type)
{
    uint8_t *next = writer->next;
    const int32_t step = id - writer->field_id;

    assert(id >= INT16_MIN && id <= INT16_MAX);
    writer->field_id = id;
    if (step > 0 && step <= 15) {
        *next++ = (uint8_t)(step << 4 | type);
        return next;
    }
    *next++ = type;
    return put_varint(next, zigzag(id));
}

void rg_thrift_write_integer(struct rg_thrift_writer *writer, int32_t id, uint8_t type,
                             int64_t value)
{
    if (!make_room(writer, HEADER_BYTES_MAX + VARINT_BYTES_MAX))
        return;
    writer->next = put_varint(put_header(writer, id, type), zigzag(value));
}

void rg_thrift_write_header(struct rg_thrift_writer *writer, int32_t id, uint8_t type)
{
    if (make_room(writer, HEADER_BYTES_MAX))
        writer->next = put_header(writer, id, type);
}

static void write_byte(struct rg_thrift_writer *writer, uint8_t byte)
{
    if (make_room(writer, 1))
        *writer->next++ = byte;
}

void rg_thrift_write_i8(struct rg_thrift_writer *writer, int32_t id, int8_t value)
{
    rg_thrift_write_header(writer, id, RG_THRIFT_I8);
    write_byte(writer, (uint8_t)value);
}

void rg_thrift_write_bool(struct rg_thrift_writer *writer, int32_t id, bool value)
{
    rg_thrift_write_header(writer, id, value ? RG_THRIFT_TRUE : RG_THRIFT_FALSE);
}

void rg_thrift_write_double(struct rg_thrift_writer *writer, int32_t id, double value)
{
    uint64_t bits;

    rg_thrift_write_header(writer, id, RG_THRIFT_DOUBLE);
    if (!make_room(writer, sizeof bits))
        return;
    memcpy(&bits, &value, sizeof bits);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    memcpy(writer->next, &bits, sizeof bits);
    writer->next += sizeof bits;
}

void rg_thrift_write_raw(struct rg_thrift_writer *writer, struct rg_span bytes)
{
    if (bytes.bytes == 0 || !make_room(writer, bytes.bytes))
        return;
    memcpy(writer->next, bytes.data, bytes.bytes);
    writer->next += bytes.bytes;
}

void rg_thrift_write_binary(struct rg_thrift_writer *writer, int32_t id, struct rg_span value)
{
    rg_thrift_write_header(writer, id, RG_THRIFT_BINARY);
    rg_thrift_write_binary_element(writer, value);
}

int32_t rg_thrift_element_begin(struct rg_thrift_writer *writer)
{
    const int32_t outer = writer->field_id;

    writer->field_id = 0;
    return outer;
}

int32_t rg_thrift_struct_begin(struct rg_thrift_writer *writer, int32_t id)
{
    rg_thrift_write_header(writer, id, RG_THRIFT_STRUCT);
    return rg_thrift_element_begin(writer);
}

void rg_thrift_struct_end(struct rg_thrift_writer *writer, int32_t outer)
{
    write_byte(writer, RG_THRIFT_STOP);
    writer->field_id = outer;
}

void rg_thrift_write_empty_struct(struct rg_thrift_writer *writer, int32_t id)
{
    rg_thrift_struct_end(writer, rg_thrift_struct_begin(writer, id));
}

void rg_thrift_element_list_begin(struct rg_thrift_writer *writer, uint8_t element_type,
                                  uint32_t count)
{
    if (!make_room(writer, 1 + VARINT_BYTES_MAX))
        return;
    if (count < 15) {
        *writer->next++ = (uint8_t)(count << 4 | element_type);
        return;
    }
    *writer->next++ = (uint8_t)(0xf0 | element_type);
    writer->next = put_varint(writer->next, count);
}

void rg_thrift_list_begin(struct rg_thrift_writer *writer, int32_t id, uint8_t element_type,
                          uint32_t count)
{
    rg_thrift_write_header(writer, id, RG_THRIFT_LIST);
    rg_thrift_element_list_begin(writer, element_type, count);
}

void rg_thrift_write_integer_element(struct rg_thrift_writer *writer, int64_t value)
{
    if (make_room(writer, VARINT_BYTES_MAX))
        writer->next = put_varint(writer->next, zigzag(value));
}

void rg_thrift_write_bool_element(struct rg_thrift_writer *writer, bool value)
{
    write_byte(writer, value ? RG_THRIFT_TRUE : RG_THRIFT_FALSE);
}

void rg_thrift_write_binary_element(struct rg_thrift_writer *writer, struct rg_span value)
{
    if (make_room(writer, VARINT_BYTES_MAX))
        writer->next = put_varint(writer->next, value.bytes);
    rg_thrift_write_raw(writer, value);
}
