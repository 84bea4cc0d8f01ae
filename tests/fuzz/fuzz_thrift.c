/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bytes are a Thrift struct. It is copied value by value, from a reader to a writer; the copy
 * can be copied again, which changes nothing any more, and passing over it ends where it ends.
 * What copying refuses, passing over refuses too, save for what only it looks at.
 */

#include "fuzz/fuzz.h"
#include "thrift/reader.h"
#include "thrift/writer.h"

enum {
    DEPTH_MAX = 16 /* Of what is copied; deeper is left to rg_thrift_skip(). */
};

/* What a list's elements are read as; 0 for those that are not copied: lists, maps, doubles. */
static uint8_t element_type(const struct rg_thrift_reader *reader)
{
    static const uint8_t types[16] = {
        [RG_THRIFT_TRUE] = RG_THRIFT_TRUE,     [RG_THRIFT_FALSE] = RG_THRIFT_TRUE,
        [RG_THRIFT_I8] = RG_THRIFT_I64,        [RG_THRIFT_I16] = RG_THRIFT_I64,
        [RG_THRIFT_I32] = RG_THRIFT_I64,       [RG_THRIFT_I64] = RG_THRIFT_I64,
        [RG_THRIFT_BINARY] = RG_THRIFT_BINARY, [RG_THRIFT_STRUCT] = RG_THRIFT_STRUCT,
    };

    return reader->next == reader->end ? 0 : types[*reader->next & 15];
}

static void copy_element(struct rg_thrift_reader *reader, struct rg_thrift_writer *writer,
                         uint8_t type)
{
    if (type == RG_THRIFT_TRUE || type == RG_THRIFT_FALSE)
        rg_thrift_write_bool_element(writer, rg_thrift_read_bool_element(reader));
    else if (type == RG_THRIFT_BINARY)
        rg_thrift_write_binary_element(writer, rg_thrift_read_binary(reader, type));
    else
        rg_thrift_write_integer_element(writer, rg_thrift_read_i64(reader, type));
}

/* A field without a struct in it; false for types that are not copied. */
static bool copy_field(struct rg_thrift_reader *reader, struct rg_thrift_writer *writer,
                       const struct rg_thrift_field *field)
{
    switch (field->type) {
    case RG_THRIFT_TRUE:
    case RG_THRIFT_FALSE:
        rg_thrift_write_bool(writer, field->id, rg_thrift_read_bool(reader, field->type));
        return true;
    case RG_THRIFT_I8:
        rg_thrift_write_i8(writer, field->id, (int8_t)rg_thrift_read_i64(reader, field->type));
        return true;
    case RG_THRIFT_I16:
    case RG_THRIFT_I32:
    case RG_THRIFT_I64:
        rg_thrift_write_integer(writer, field->id, field->type,
                                rg_thrift_read_i64(reader, field->type));
        return true;
    case RG_THRIFT_DOUBLE:
        rg_thrift_write_double(writer, field->id, rg_thrift_read_double(reader, field->type));
        return true;
    case RG_THRIFT_BINARY:
        rg_thrift_write_binary(writer, field->id, rg_thrift_read_binary(reader, field->type));
        return true;
    default:
        return false;
    }
}

static bool copy_struct(struct rg_thrift_reader *reader, struct rg_thrift_writer *writer,
                        uint32_t depth)
{
    struct rg_thrift_field field = {0};
    const int32_t outer = rg_thrift_element_begin(writer);

    if (depth == DEPTH_MAX)
        return false;
    while (rg_thrift_next_field(reader, &field)) {
        struct rg_thrift_list list = {.count = 1, .type = field.type};

        if (field.type == RG_THRIFT_LIST) {
            const uint8_t type = element_type(reader);

            if (type == 0)
                return false;
            list = rg_thrift_read_list(reader, RG_THRIFT_LIST, type, 1);
            rg_thrift_list_begin(writer, field.id, type, list.count);
        } else if (field.type == RG_THRIFT_STRUCT) {
            rg_thrift_write_header(writer, field.id, RG_THRIFT_STRUCT);
        } else if (!copy_field(reader, writer, &field)) {
            return false;
        } else {
            continue;
        }
        for (uint32_t i = 0; i < list.count; i++) {
            if (list.type != RG_THRIFT_STRUCT)
                copy_element(reader, writer, list.type);
            else if (!copy_struct(reader, writer, depth + 1))
                return false;
        }
    }
    rg_thrift_struct_end(writer, outer);
    return true;
}

/* True when `input` was copied whole; `out` is then the copy. */
static bool copy(struct rg_span input, struct rg_buffer *out)
{
    struct rg_thrift_reader reader;
    struct rg_thrift_writer writer;
    struct rg_error err;

    rg_thrift_reader_init(&reader, input);
    rg_thrift_writer_init(&writer, out);
    const bool is_whole = copy_struct(&reader, &writer, 0);
    (void)rg_thrift_writer_finish(&writer);
    FUZZ_CHECK(reader.begin <= reader.next && reader.next <= reader.end);
    return is_whole && rg_thrift_reader_check(&reader, &err) == RG_OK;
}

/* How far passing over the struct goes; 0 when it fails. */
static size_t skip(struct rg_span input)
{
    struct rg_thrift_reader reader;
    struct rg_error err;

    rg_thrift_reader_init(&reader, input);
    rg_thrift_skip(&reader, RG_THRIFT_STRUCT);
    FUZZ_CHECK(reader.begin <= reader.next && reader.next <= reader.end);
    return rg_thrift_reader_check(&reader, &err) == RG_OK ? rg_thrift_offset(&reader) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const struct rg_span input = {data, bytes};
    struct rg_buffer once;
    struct rg_buffer twice;

    rg_buffer_init(&once, &rg_allocator_system, SIZE_MAX);
    rg_buffer_init(&twice, &rg_allocator_system, SIZE_MAX);
    const size_t skipped = skip(input);
    if (copy(input, &once)) {
        FUZZ_CHECK(skipped > 0);
        FUZZ_CHECK(copy(rg_buffer_span(&once), &twice));
        FUZZ_CHECK(rg_span_equal(rg_buffer_span(&once), rg_buffer_span(&twice)));
        FUZZ_CHECK(skip(rg_buffer_span(&once)) == once.bytes);
    }
    rg_buffer_fini(&twice);
    rg_buffer_fini(&once);
    return 0;
}
