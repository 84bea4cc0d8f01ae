/* SPDX-License-Identifier: Apache-2.0 */

#include "thrift/writer.h"

#include <string.h>

#include "support/test.h"
#include "thrift/reader.h"

static const uint8_t every_form[] = {
    0x15, 0x03,                                     /* 1: i32 -2. */
    0x01, 0xfe, 0xff, 0x03,                         /* 32767: true. */
    0x03, 0x14, 0x80,                               /* 10, backwards: i8 -128. */
    0x12,                                           /* 11: false. */
    0x17, 0,    0,    0,    0,    0, 0, 0xf0, 0x3f, /* 12: double 1. */
    0x18, 0x02, 'a',  'b',                          /* 13: binary. */
    0x1c, 0x26, 0x80, 0x01, 0x00,                   /* 14: struct {2: i64 64}. */
    0x1c, 0x00,                                     /* 15: struct {}. */
    0x19, 0x26, 0x02, 0x01,                         /* 16: list<i64> {1, -1}. */
    0x19, 0x21, 0x01, 0x02,                         /* 17: list<bool> {true, false}. */
    0x19, 0x28, 0x00, 0x01, 'x',                    /* 18: list<binary> {"", "x"}. */
    0x19, 0x1c, 0x11, 0x00,                         /* 19: list<struct> {{1: true}}. */
    0xf4, 0x06,                                     /* 34: i16 3. */
    0x00,
};

static void write_every_form(struct rg_thrift_writer *writer)
{
    rg_thrift_write_i32(writer, 1, -2);
    rg_thrift_write_bool(writer, 32767, true);
    rg_thrift_write_i8(writer, 10, -128);
    rg_thrift_write_bool(writer, 11, false);
    rg_thrift_write_double(writer, 12, 1.0);
    rg_thrift_write_binary(writer, 13, rg_span_of("ab"));
    int32_t outer = rg_thrift_struct_begin(writer, 14);
    rg_thrift_write_i64(writer, 2, 64);
    rg_thrift_struct_end(writer, outer);
    rg_thrift_write_empty_struct(writer, 15);
    rg_thrift_list_begin(writer, 16, RG_THRIFT_I64, 2);
    rg_thrift_write_integer_element(writer, 1);
    rg_thrift_write_integer_element(writer, -1);
    rg_thrift_list_begin(writer, 17, RG_THRIFT_TRUE, 2);
    rg_thrift_write_bool_element(writer, true);
    rg_thrift_write_bool_element(writer, false);
    rg_thrift_list_begin(writer, 18, RG_THRIFT_BINARY, 2);
    rg_thrift_write_binary_element(writer, rg_span_of(""));
    rg_thrift_write_binary_element(writer, rg_span_of("x"));
    rg_thrift_list_begin(writer, 19, RG_THRIFT_STRUCT, 1);
    outer = rg_thrift_element_begin(writer);
    rg_thrift_write_bool(writer, 1, true);
    rg_thrift_struct_end(writer, outer);
    rg_thrift_write_integer(writer, 34, RG_THRIFT_I16, 3);
    rg_thrift_struct_end(writer, 0);
}

TEST(every_form_is_written_to_the_byte)
{
    struct rg_buffer out;
    struct rg_thrift_writer writer;

    rg_buffer_init(&out, &t->allocator, 1000);
    rg_buffer_append_text(&out, "kept");
    rg_thrift_writer_init(&writer, &out);
    write_every_form(&writer);
    (void)rg_thrift_writer_finish(&writer);
    CHECK_OK(rg_buffer_check(&out, "bytes", &t->err));
    const struct rg_span got = {out.data + 4, out.bytes - 4};
    CHECK_SPAN(got, SPAN(every_form));
    rg_buffer_fini(&out);
}

TEST(fixed_memory_is_filled_to_the_last_byte_or_refused)
{
    uint8_t memory[sizeof every_form + 16];
    struct rg_thrift_writer writer;

    for (size_t bytes = 0; bytes <= sizeof memory; bytes++) {
        memset(memory, 0xee, sizeof memory);
        rg_thrift_writer_init_fixed(&writer, memory, bytes);
        write_every_form(&writer);
        const size_t written = rg_thrift_writer_finish(&writer);
        for (size_t i = bytes; i < sizeof memory; i++)
            CHECK_U64(memory[i], 0xee);
        if (bytes < sizeof every_form)
            CHECK_U64(written, 0);
        if (bytes >= sizeof every_form + 14)
            CHECK_U64(written, sizeof every_form);
    }
}

TEST(a_capped_buffer_fails_and_stays_within_its_cap)
{
    for (size_t bytes_max = 1; bytes_max < sizeof every_form; bytes_max++) {
        struct rg_buffer out;
        struct rg_thrift_writer writer;

        rg_buffer_init(&out, &t->allocator, bytes_max);
        rg_thrift_writer_init(&writer, &out);
        write_every_form(&writer);
        CHECK_U64(rg_thrift_writer_finish(&writer), 0);
        CHECK(out.failed);
        CHECK(out.bytes <= bytes_max);
        CHECK(rg_buffer_check(&out, "bytes", &t->err) != RG_OK);
        rg_buffer_fini(&out);
    }
}

TEST(long_lists_have_their_count_behind_the_header)
{
    static const uint8_t wanted[] = {0x19, 0xf5, 0xac, 0x02};
    uint8_t memory[32];
    struct rg_thrift_writer writer;

    rg_thrift_writer_init_fixed(&writer, memory, sizeof memory);
    rg_thrift_list_begin(&writer, 1, RG_THRIFT_I32, 300);
    const struct rg_span got = {memory, rg_thrift_writer_finish(&writer)};
    CHECK_SPAN(got, SPAN(wanted));
}

/* Random fields, written and read again. */
static void write_and_read(struct test *t, struct choices *c)
{
    enum {
        COUNT = 12
    };
    int32_t ids[COUNT];
    int64_t values[COUNT];
    struct rg_buffer out;
    struct rg_thrift_writer writer;
    struct rg_thrift_reader reader;
    struct rg_thrift_field field = {0};
    const uint32_t count = choose(c, COUNT);

    rg_buffer_init(&out, &t->allocator, 10000);
    rg_thrift_writer_init(&writer, &out);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t shift = choose(c, 63);

        ids[i] = (int32_t)choose(c, choose_bool(c) ? 40 : INT16_MAX);
        values[i] = (int64_t)choose_u64(c) >> shift;
        rg_thrift_write_i64(&writer, ids[i], values[i]);
    }
    rg_thrift_struct_end(&writer, 0);
    (void)rg_thrift_writer_finish(&writer);
    CHECK_OK(rg_buffer_check(&out, "bytes", &t->err));
    rg_thrift_reader_init(&reader, rg_buffer_span(&out));
    for (uint32_t i = 0; i < count; i++) {
        CHECK(rg_thrift_next_field(&reader, &field));
        CHECK_I64(field.id, ids[i]);
        CHECK_I64(rg_thrift_read_i64(&reader, field.type), values[i]);
    }
    CHECK(!rg_thrift_next_field(&reader, &field));
    CHECK_OK(rg_thrift_reader_check(&reader, &t->err));
    CHECK_U64(rg_thrift_offset(&reader), out.bytes);
    rg_buffer_fini(&out);
}

TEST(what_is_written_is_read)
{
    test_property(t, "what_is_written_is_read", 20000, write_and_read);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"every_form_is_written_to_the_byte", every_form_is_written_to_the_byte},
        {"fixed_memory_is_filled_to_the_last_byte_or_refused",
         fixed_memory_is_filled_to_the_last_byte_or_refused},
        {"a_capped_buffer_fails_and_stays_within_its_cap",
         a_capped_buffer_fails_and_stays_within_its_cap},
        {"long_lists_have_their_count_behind_the_header",
         long_lists_have_their_count_behind_the_header},
        {"what_is_written_is_read", what_is_written_is_read},
    };

    return test_main("thrift/writer", cases, sizeof cases / sizeof cases[0], argc, argv);
}
