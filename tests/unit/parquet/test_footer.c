/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/footer.h"

#include <string.h>

#include "base/limits.h"
#include "meta_random.h"
#include "parquet/schema.h"
#include "support/test.h"
#include "thrift/writer.h"

static const size_t arena_bytes_max = (size_t)1 << 28;
static const size_t footer_bytes_max = (size_t)1 << 26;

TEST(the_tail_tells_the_footers_length)
{
    static const struct {
        const char *about;
        uint8_t tail[RG_FOOTER_TAIL_BYTES];
        uint64_t file_bytes;
        enum rg_status status;
        const char *text;
    } rows[] = {
        {"no magic", {1, 0, 0, 0, 'P', 'A', 'R', '2'}, 100, RG_ERR_CORRUPT, "50 41 52 32"},
        {"encrypted", {1, 0, 0, 0, 'P', 'A', 'R', 'E'}, 100, RG_ERR_UNSUPPORTED, "PARE"},
        {"longer than the file",
         {9, 0, 0, 0, 'P', 'A', 'R', '1'},
         20,
         RG_ERR_CORRUPT,
         "footer of 9 bytes in a file of 20"},
        {"file too short", {0, 0, 0, 0, 'P', 'A', 'R', '1'}, 11, RG_ERR_CORRUPT, "0 bytes in a"},
        {"top bit",
         {0, 0, 0, 0x80, 'P', 'A', 'R', '1'},
         UINT64_C(1) << 40,
         RG_ERR_LIMIT,
         "2147483648 bytes; at most"},
    };
    static const uint8_t good[] = {8, 1, 0, 0, 'P', 'A', 'R', '1'};
    uint64_t footer_bytes = 0;

    CHECK_OK(rg_footer_tail_parse(good, 276, &footer_bytes, &t->err));
    CHECK_U64(footer_bytes, 264);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ERROR(rg_footer_tail_parse(rows[i].tail, rows[i].file_bytes, &footer_bytes, &t->err),
                    rows[i].status, rows[i].text);
}

TEST(the_footer_is_found_in_what_was_read)
{
    uint8_t file[] = {'P', 'A', 'R', '1', 'x', 'f', 'o', 'o', 3, 0, 0, 0, 'P', 'A', 'R', '1'};
    struct rg_footer_place place;

    for (size_t bytes = 8; bytes <= sizeof file; bytes++) {
        const struct rg_span tail = {file + sizeof file - bytes, bytes};

        CHECK_OK(rg_footer_locate(tail, sizeof file, &place, &t->err));
        CHECK_U64(place.tail_bytes_needed, 11);
        CHECK((place.footer.data != NULL) == (bytes >= 11));
        if (place.footer.data != NULL)
            CHECK_SPAN(place.footer, rg_span_of("foo"));
    }
    const struct rg_span end = {file + sizeof file - 7, 7};
    CHECK_ERROR(rg_footer_locate(end, 7, &place, &t->err), RG_ERR_CORRUPT, "it has 7 bytes");
    const struct rg_span no_footer = {file + sizeof file - 8, 8};
    CHECK_ERROR(rg_footer_locate(no_footer, 8, &place, &t->err), RG_ERR_CORRUPT, "in a file of 8");
}

static void emit(struct test *t, const struct rg_file_meta *meta, struct rg_buffer *out)
{
    rg_buffer_init(out, &t->allocator, footer_bytes_max);
    CHECK_OK(rg_footer_emit(meta, out, &t->err));
}

/* Those of the whole footer, alone; an arena for the pairs and nothing else. */
static void check_key_values(struct test *t, struct rg_span footer, const struct rg_file_meta *meta)
{
    struct rg_key_value *pairs;
    uint32_t count;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, 4096 + meta->key_value_count * sizeof *pairs * 2);
    CHECK_OK(rg_footer_key_values(footer, &arena, &pairs, &count, &t->err));
    CHECK_U64(count, meta->key_value_count);
    for (uint32_t i = 0; i < count; i++) {
        CHECK_SPAN(pairs[i].key, meta->key_values[i].key);
        CHECK(rg_span_equal(pairs[i].value, meta->key_values[i].value));
    }
    rg_arena_fini(&arena);
}

static void emit_and_parse(struct test *t, struct choices *c)
{
    struct rg_arena source;
    struct rg_arena arena;
    struct rg_buffer out;
    struct rg_buffer again;
    struct rg_file_meta wanted;
    struct rg_file_meta got;
    struct rg_file_meta got_again;

    rg_arena_init(&source, &t->allocator, arena_bytes_max);
    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    random_meta(t, c, &source, &wanted);
    emit(t, &wanted, &out);
    CHECK_OK(rg_footer_parse(rg_buffer_span(&out), &arena, &got, &t->err));
    check_same_meta(&got, &wanted);
    check_key_values(t, rg_buffer_span(&out), &got);
    /* From raw elements now, not from their fields. */
    emit(t, &got, &again);
    CHECK_SPAN(rg_buffer_span(&again), rg_buffer_span(&out));
    CHECK_OK(rg_footer_parse(rg_buffer_span(&again), &arena, &got_again, &t->err));
    CHECK(rg_schema_is_equal(&got.schema, &got_again.schema, NULL));
    rg_buffer_fini(&again);
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
    rg_arena_fini(&source);
}

TEST(what_is_emitted_is_parsed)
{
    test_property(t, "what_is_emitted_is_parsed", 1500, emit_and_parse);
}

/* Other files with that schema, or nearly that: their parsed form is the same as without it. */
static void parse_like(struct test *t, struct choices *c)
{
    struct rg_arena source;
    struct rg_arena arena;
    struct rg_buffer out;
    struct rg_buffer other;
    struct rg_file_meta wanted;
    struct rg_file_meta like;
    struct rg_file_meta got;

    rg_arena_init(&source, &t->allocator, arena_bytes_max);
    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    random_meta(t, c, &source, &wanted);
    emit(t, &wanted, &out);
    CHECK_OK(rg_footer_parse(rg_buffer_span(&out), &arena, &like, &t->err));
    wanted.has_column_orders = choose_bool(c);
    for (uint32_t i = 0; i < wanted.schema.leaf_count; i++) {
        uint8_t *order = &wanted.schema.leaves[i].column_order;

        if (!wanted.has_column_orders)
            *order = RG_COLUMN_ORDER_UNDEFINED;
        else if (*order == RG_COLUMN_ORDER_UNDEFINED || choose(c, 3) == 0)
            *order = (uint8_t)(1 + choose(c, 1));
    }
    if (choose(c, 3) == 0)
        wanted.schema.elements[0].name = rg_span_of("another root");
    const bool is_shared =
        rg_span_equal(wanted.schema.elements[0].name, like.schema.elements[0].name);
    emit(t, &wanted, &other);
    CHECK_OK(rg_footer_parse_like(rg_buffer_span(&other), &like, &arena, &got, &t->err));
    check_same_meta(&got, &wanted);
    CHECK(rg_schema_is_shared(&got.schema, &like.schema) == is_shared);
    CHECK_U64(got.unknown_field_count, 0);
    /* It left the other one as it was. */
    CHECK_OK(rg_footer_parse(rg_buffer_span(&out), &arena, &got, &t->err));
    check_same_meta(&like, &got);
    rg_buffer_fini(&other);
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
    rg_arena_fini(&source);
}

TEST(a_schema_that_is_known_is_shared)
{
    test_property(t, "a_schema_that_is_known_is_shared", 500, parse_like);
}

/* Bytes in memory of exactly their length, so that a sanitizer sees what is read behind it. */
static uint8_t *copy_exactly(struct test *t, struct rg_span bytes)
{
    uint8_t *copy = rg_alloc(&t->allocator, bytes.bytes);

    CHECK_MEMORY(copy);
    if (bytes.bytes > 0)
        memcpy(copy, bytes.data, bytes.bytes);
    return copy;
}

/* A footer cut anywhere is corrupt: the outermost struct is not over. */
static void check_cuts(struct test *t, struct rg_span footer, size_t step)
{
    for (size_t cut = 0; cut < footer.bytes; cut += step) {
        struct rg_arena arena;
        struct rg_file_meta meta;
        uint8_t *copy = copy_exactly(t, (struct rg_span){footer.data, cut});
        const struct rg_span bytes = {copy, cut};

        rg_arena_init(&arena, &t->allocator, arena_bytes_max);
        CHECK_ERROR(rg_footer_parse(bytes, &arena, &meta, &t->err), RG_ERR_CORRUPT, "");
        rg_arena_fini(&arena);
        rg_release(&t->allocator, copy, cut);
    }
}

static void cut_anywhere(struct test *t, struct choices *c)
{
    struct rg_arena source;
    struct rg_buffer out;
    struct rg_file_meta meta;

    rg_arena_init(&source, &t->allocator, arena_bytes_max);
    random_meta(t, c, &source, &meta);
    emit(t, &meta, &out);
    check_cuts(t, rg_buffer_span(&out), out.bytes < 2000 ? 1 : 97);
    rg_buffer_fini(&out);
    rg_arena_fini(&source);
}

TEST(a_footer_that_ends_early_is_corrupt)
{
    test_property(t, "a_footer_that_ends_early_is_corrupt", 60, cut_anywhere);
}

/* What comes out of changed bytes may be anything, but it is consistent and bounded. */
static void change_bytes(struct test *t, struct choices *c)
{
    struct rg_arena source;
    struct rg_arena arena;
    struct rg_buffer out;
    struct rg_file_meta meta;

    rg_arena_init(&source, &t->allocator, arena_bytes_max);
    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    random_meta(t, c, &source, &meta);
    emit(t, &meta, &out);
    uint8_t *copy = copy_exactly(t, rg_buffer_span(&out));
    for (uint32_t i = 1 + choose(c, 5); i > 0; i--)
        copy[choose(c, (uint32_t)out.bytes - 1)] = (uint8_t)choose(c, 255);
    const struct rg_span bytes = {copy, out.bytes};
    const enum rg_status status = rg_footer_parse(bytes, &arena, &meta, &t->err);
    if (status != RG_ERR_CORRUPT && status != RG_ERR_LIMIT) {
        CHECK_OK(status);
        check_key_values(t, bytes, &meta);
        rg_buffer_reset(&out);
        CHECK_OK(rg_footer_emit(&meta, &out, &t->err));
    }
    CHECK(arena.bytes < 64 * bytes.bytes + 65536);
    rg_release(&t->allocator, copy, bytes.bytes);
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
    rg_arena_fini(&source);
}

TEST(changed_bytes_do_no_harm)
{
    test_property(t, "changed_bytes_do_no_harm", 3000, change_bytes);
}

/* A schema {a: INT32 required}, one row group with its chunk; rows of tests change it. */
struct small {
    struct rg_schema_element elements[2];
    struct rg_leaf leaf;
    struct rg_column_chunk chunk;
    struct rg_row_group group;
    struct rg_file_meta meta;
    uint8_t path[4];
};

static void make_small(struct small *s)
{
    *s = (struct small){.path = {0x18, 1, 'a'}};
    s->elements[0] = (struct rg_schema_element){
        .name = rg_span_of("root"), .child_count = 1, .converted_type = RG_CONVERTED_NONE};
    s->elements[1] = (struct rg_schema_element){
        .name = rg_span_of("a"),
        .has_type = true,
        .type = RG_TYPE_INT32,
        .has_repetition = true,
        .converted_type = RG_CONVERTED_NONE,
    };
    s->leaf =
        (struct rg_leaf){.element_index = 1, .type = RG_TYPE_INT32, .path_in_schema = {s->path, 3}};
    s->chunk = (struct rg_column_chunk){.type = RG_TYPE_INT32, .data_page_offset = 4};
    s->group = (struct rg_row_group){.columns = &s->chunk, .ordinal = -1};
    s->meta = (struct rg_file_meta){
        .version = 1,
        .schema = {s->elements, &s->leaf, 2, 1},
        .row_groups = &s->group,
        .row_group_count = 1,
    };
}

static enum rg_status parse_small(struct test *t, const struct small *s, struct rg_arena *arena,
                                  struct rg_file_meta *ret_meta)
{
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, footer_bytes_max);
    CHECK_OK(rg_footer_emit(&s->meta, &out, &t->err));
    /* The arena keeps the bytes that spans of the result point into. */
    const struct rg_span bytes = rg_arena_copy(arena, rg_buffer_span(&out));
    CHECK_MEMORY(bytes.data);
    rg_buffer_fini(&out);
    return rg_footer_parse(bytes, arena, ret_meta, &t->err);
}

TEST(chunks_belong_to_their_columns)
{
    struct small s;
    struct rg_arena arena;
    struct rg_file_meta meta;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    make_small(&s);
    CHECK_OK(parse_small(t, &s, &arena, &meta));
    CHECK_U64(meta.row_groups[0].columns[0].data_page_offset, 4);
    CHECK(!meta.row_groups[0].columns[0].has_counted_sizes);
    s.meta.created_by = rg_span_of("parquet-cpp-arrow version 1.0.1");
    CHECK_OK(parse_small(t, &s, &arena, &meta));
    CHECK(!meta.row_groups[0].columns[0].has_counted_sizes);
    s.meta.created_by = rg_span_of("parquet-cpp-arrow version 26.0.1");
    CHECK_OK(parse_small(t, &s, &arena, &meta));
    CHECK(meta.row_groups[0].columns[0].has_counted_sizes);

    s.chunk.type = RG_TYPE_INT64;
    CHECK_ERROR(parse_small(t, &s, &arena, &meta), RG_ERR_CORRUPT,
                "row group 0: column 0 (a): type that is not the type of the column");
    make_small(&s);
    s.path[2] = 'b';
    CHECK_ERROR(parse_small(t, &s, &arena, &meta), RG_ERR_CORRUPT,
                "row group 0: column 0 (a): path that is not the path of the column");
    make_small(&s);
    s.meta.schema.leaf_count = 0; /* Says so when writing; the elements still have one. */
    CHECK_ERROR(parse_small(t, &s, &arena, &meta), RG_ERR_CORRUPT,
                "row group 0: 0 column chunks for 1 columns");
    rg_arena_fini(&arena);
}

TEST(a_path_in_another_form_is_the_same_path)
{
    static const uint8_t other_form[] = {0xf8, 0x81, 0x00, 0x81, 0x80, 0x00, 'a'};
    struct small s;
    struct rg_arena arena;
    struct rg_file_meta meta;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    make_small(&s);
    s.leaf.path_in_schema = SPAN(other_form);
    CHECK_OK(parse_small(t, &s, &arena, &meta));
    const struct rg_span wanted = {s.path, 3};
    CHECK_SPAN(meta.schema.leaves[0].path_in_schema, wanted);
    rg_arena_fini(&arena);
}

/* Row groups and column orders in front of the schema: legal Thrift, though nobody writes it. */
TEST(fields_may_come_in_any_order)
{
    struct small s;
    struct rg_buffer out;
    struct rg_buffer moved;
    struct rg_arena arena;
    struct rg_file_meta meta;
    struct rg_thrift_writer writer;

    make_small(&s);
    s.meta.has_column_orders = true;
    s.leaf.column_order = RG_COLUMN_ORDER_IEEE_754_TOTAL;
    emit(t, &s.meta, &out);
    /* The version takes two bytes; 0x16 is the header of num_rows and nothing in the schema. */
    const uint8_t *rows = memchr(out.data + 2, 0x16, out.bytes - 2);
    CHECK(rows != NULL);
    const struct rg_span schema = {out.data + 2, (size_t)(rows - out.data) - 2};
    const struct rg_span rest = {rows + 1, out.bytes - 2 - (size_t)(rows - out.data)};

    rg_buffer_init(&moved, &t->allocator, footer_bytes_max);
    rg_thrift_writer_init(&writer, &moved);
    rg_thrift_write_header(&writer, 3, RG_THRIFT_I64);
    rg_thrift_write_raw(&writer, rest);
    rg_thrift_write_header(&writer, 1, RG_THRIFT_I32);
    rg_thrift_write_raw(&writer, (struct rg_span){out.data + 1, 1});
    rg_thrift_write_raw(&writer, schema);
    rg_thrift_struct_end(&writer, 0);
    (void)rg_thrift_writer_finish(&writer);
    CHECK_OK(rg_buffer_check(&moved, "bytes", &t->err));

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    CHECK_OK(rg_footer_parse(rg_buffer_span(&moved), &arena, &meta, &t->err));
    CHECK_U64(meta.schema.leaf_count, 1);
    CHECK_U64(meta.row_group_count, 1);
    CHECK_U64(meta.row_groups[0].columns[0].data_page_offset, 4);
    CHECK_U64(meta.schema.leaves[0].column_order, RG_COLUMN_ORDER_IEEE_754_TOTAL);
    check_cuts(t, rg_buffer_span(&moved), 1);
    rg_arena_fini(&arena);
    rg_buffer_fini(&moved);
    rg_buffer_fini(&out);
}

/* `fields` appended to the outermost struct of a small footer, or to its only chunk. */
static enum rg_status parse_with(struct test *t, struct rg_span fields, bool in_chunk,
                                 struct rg_arena *arena, struct rg_file_meta *ret_meta)
{
    struct small s;
    struct rg_buffer out;
    struct rg_buffer more;

    make_small(&s);
    emit(t, &s.meta, &out);
    /* A small footer ends: ..., stop of the chunk, total_byte_size, num_rows, two stops. */
    const size_t at = out.bytes - (in_chunk ? 1 + 2 + 2 + 1 + 1 : 1);
    CHECK_U64(out.data[at], RG_THRIFT_STOP);
    rg_buffer_init(&more, &t->allocator, footer_bytes_max);
    rg_buffer_append(&more, out.data, at);
    rg_buffer_append(&more, fields.data, fields.bytes);
    rg_buffer_append(&more, out.data + at, out.bytes - at);
    CHECK_OK(rg_buffer_check(&more, "bytes", &t->err));
    const struct rg_span bytes = rg_arena_copy(arena, rg_buffer_span(&more));
    CHECK_MEMORY(bytes.data);
    rg_buffer_fini(&more);
    rg_buffer_fini(&out);
    return rg_footer_parse(bytes, arena, ret_meta, &t->err);
}

TEST(unknown_fields_and_extensions_are_noticed)
{
    static const uint8_t unknown[] = {0x05, 0x50, 0x02, 0x11};            /* 40, 41. */
    static const uint8_t extension[] = {0x08, 0xfe, 0xff, 0x03, 0x01, 9}; /* 32767. */
    static const uint8_t wrong_type[] = {0x05, 0x0a, 0x02};               /* 5 is a list. */
    struct rg_arena arena;
    struct rg_file_meta meta;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    CHECK_OK(parse_with(t, SPAN(unknown), false, &arena, &meta));
    CHECK_U64(meta.unknown_field_count, 2);
    CHECK(!meta.has_extension);
    CHECK_OK(parse_with(t, SPAN(unknown), true, &arena, &meta));
    CHECK_U64(meta.unknown_field_count, 2);
    CHECK_OK(parse_with(t, SPAN(extension), false, &arena, &meta));
    CHECK_U64(meta.unknown_field_count, 0);
    CHECK(meta.has_extension);
    CHECK(!meta.row_groups[0].columns[0].has_extension);
    CHECK_OK(parse_with(t, SPAN(extension), true, &arena, &meta));
    CHECK(meta.has_extension);
    CHECK(meta.row_groups[0].columns[0].has_extension);
    CHECK_OK(parse_with(t, SPAN(wrong_type), false, &arena, &meta));
    CHECK_U64(meta.unknown_field_count, 1);
    CHECK_U64(meta.key_value_count, 0);
    rg_arena_fini(&arena);
}

TEST(encryption_is_noticed)
{
    static const uint8_t algorithm[] = {0x4c, 0x1c, 0x00, 0x00};       /* 8: AES_GCM_V1. */
    static const uint8_t crypto_metadata[] = {0x5c, 0x1c, 0x00, 0x00}; /* 8, behind 3. */
    struct rg_arena arena;
    struct rg_file_meta meta;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    CHECK_OK(parse_with(t, SPAN(algorithm), false, &arena, &meta));
    CHECK(meta.is_encrypted);
    CHECK(!meta.row_groups[0].columns[0].is_encrypted);
    CHECK_OK(parse_with(t, SPAN(crypto_metadata), true, &arena, &meta));
    CHECK(!meta.is_encrypted);
    CHECK(meta.row_groups[0].columns[0].is_encrypted);
    rg_arena_fini(&arena);
}

/* Whole footers by hand. */
TEST(footers_that_lack_something_are_corrupt)
{
    static const struct {
        const char *about;
        uint8_t bytes[40];
        size_t count;
        enum rg_status status;
        const char *text;
    } rows[] = {
        {"nothing", {0}, 0, RG_ERR_CORRUPT, "bytes end inside a struct"},
        {"no fields", {0x00}, 1, RG_ERR_CORRUPT, "field that must be there"},
        {"no schema", {0x15, 2, 0x26, 0, 0x19, 0x0c, 0x00}, 7, RG_ERR_CORRUPT, "must be there"},
        {"empty schema",
         {0x15, 2, 0x19, 0x0c, 0x16, 0, 0x19, 0x0c, 0},
         9,
         RG_ERR_CORRUPT,
         "schema without a root"},
        {"element without a name",
         {0x15, 2, 0x19, 0x1c, 0x15, 0, 0x00},
         7,
         RG_ERR_CORRUPT,
         "schema element 0: struct without"},
        {"root without its child",
         {0x15, 2, 0x19, 0x1c, 0x48, 1, 'r', 0x15, 2, 0x00, 0x16, 0, 0x19, 0x0c, 0x00},
         15,
         RG_ERR_CORRUPT,
         "lacks children of element 0"},
        {"schema twice",
         {0x15, 2, 0x19, 0x1c, 0x48, 1, 'r', 0x00, 0x09, 0x04, 0x1c, 0x48, 1, 'r', 0, 0x00},
         16,
         RG_ERR_CORRUPT,
         "comes twice"},
        {"more row groups than bytes",
         {0x15, 2, 0x19, 0x1c, 0x48, 1, 'r', 0x00, 0x16, 0, 0x19, 0xfc, 0xff, 0xff, 3, 0, 0},
         17,
         RG_ERR_CORRUPT,
         "more elements than the bytes left"},
        {"two logical types",
         {0x15, 2, 0x19, 0x1c, 0x48, 1, 'r', 0x6c, 0x1c, 0x00, 0x1c, 0x00, 0x00, 0x00},
         14,
         RG_ERR_CORRUPT,
         "logical type that is two at once"},
        {"row group without rows",
         {0x15, 2,    0x19, 0x1c, 0x48, 1,    'r', 0x00, 0x16, 0, 0x19,
          0x1c, 0x19, 0x0c, 0x16, 0,    0x00, 0,   0,    0,    0, 0},
         22,
         RG_ERR_CORRUPT,
         "row group 0: struct without a field"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_arena arena;
        struct rg_file_meta meta;
        const struct rg_span bytes = {rows[i].bytes, rows[i].count};

        rg_arena_init(&arena, &t->allocator, arena_bytes_max);
        CHECK_ERROR(rg_footer_parse(bytes, &arena, &meta, &t->err), rows[i].status, rows[i].text);
        rg_arena_fini(&arena);
    }
}

/* ColumnMetaData of an INT32 column without the field `left_out` (0: with all) and its path. */
static void write_meta_data(struct rg_thrift_writer *writer, int32_t left_out)
{
    for (int32_t id = 1; id <= 9; id++) {
        if (id == left_out || id == 3 || id == 8)
            continue;
        if (id == 2)
            rg_thrift_list_begin(writer, id, RG_THRIFT_I32, 0);
        else
            rg_thrift_write_i64(writer, id, id == 1 ? RG_TYPE_INT32 : 0);
    }
}

static enum rg_status parse_without(struct test *t, int32_t left_out, struct rg_arena *arena)
{
    struct small s;
    struct rg_buffer out;
    struct rg_thrift_writer writer;
    struct rg_file_meta meta;

    make_small(&s);
    s.meta.row_group_count = 0;
    emit(t, &s.meta, &out);
    /* Ends: an empty list of row groups and a stop, instead of which one comes that is written. */
    out.bytes -= 3;
    rg_thrift_writer_init(&writer, &out);
    writer.field_id = 3;
    rg_thrift_list_begin(&writer, 4, RG_THRIFT_STRUCT, 1);
    const int32_t outer = rg_thrift_element_begin(&writer);
    rg_thrift_list_begin(&writer, 1, RG_THRIFT_STRUCT, 1);
    const int32_t outer_group = rg_thrift_element_begin(&writer);
    const int32_t outer_chunk = rg_thrift_struct_begin(&writer, 3);
    write_meta_data(&writer, left_out);
    rg_thrift_struct_end(&writer, outer_chunk);
    rg_thrift_struct_end(&writer, outer_group);
    rg_thrift_write_i64(&writer, 2, 0);
    rg_thrift_write_i64(&writer, 3, 0);
    rg_thrift_struct_end(&writer, outer);
    rg_thrift_struct_end(&writer, 0);
    (void)rg_thrift_writer_finish(&writer);
    CHECK_OK(rg_buffer_check(&out, "bytes", &t->err));
    const struct rg_span bytes = rg_arena_copy(arena, rg_buffer_span(&out));
    CHECK_MEMORY(bytes.data);
    rg_buffer_fini(&out);
    return rg_footer_parse(bytes, arena, &meta, &t->err);
}

TEST(chunks_lack_no_field_but_the_path)
{
    static const int32_t required[] = {1, 2, 4, 5, 6, 7, 9};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    CHECK_OK(parse_without(t, 0, &arena));
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        CHECK_ERROR(parse_without(t, required[i], &arena), RG_ERR_CORRUPT,
                    "row group 0: column 0 (a): struct without a field that must be there");
    rg_arena_fini(&arena);
}

TEST(a_table_without_columns_is_legal)
{
    static const uint8_t bytes[] = {0x15, 2,    0x19, 0x1c, 0x48, 1, 'r',  0x00, 0x16, 6,
                                    0x19, 0x1c, 0x19, 0x0c, 0x16, 0, 0x16, 6,    0x00, 0x00};
    struct rg_arena arena;
    struct rg_file_meta meta;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    CHECK_OK(rg_footer_parse(SPAN(bytes), &arena, &meta, &t->err));
    CHECK_U64(meta.schema.leaf_count, 0);
    CHECK_U64(meta.row_groups[0].row_count, 3);
    rg_arena_fini(&arena);
}

TEST(caps_are_limits_and_not_corruption)
{
    struct small s;
    struct rg_arena arena;
    struct rg_file_meta meta;
    struct rg_row_group *groups;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    groups = rg_arena_array(&arena, rg_row_groups_max + 1, sizeof *groups);
    CHECK_MEMORY(groups);
    make_small(&s);
    for (uint32_t i = 0; i <= rg_row_groups_max; i++)
        groups[i] = s.group;
    s.meta.row_groups = groups;
    s.meta.row_group_count = rg_row_groups_max;
    CHECK_OK(parse_small(t, &s, &arena, &meta));
    CHECK_U64(meta.row_group_count, rg_row_groups_max);
    s.meta.row_group_count = rg_row_groups_max + 1;
    CHECK_ERROR(parse_small(t, &s, &arena, &meta), RG_ERR_LIMIT, "32768 row groups; at most 32767");
    rg_arena_fini(&arena);
}

TEST(an_arena_at_its_cap_is_no_memory)
{
    struct small s;
    struct rg_buffer out;
    struct rg_arena arena;
    struct rg_file_meta meta;

    make_small(&s);
    emit(t, &s.meta, &out);
    for (size_t cap = 0; cap < 1000; cap += 50) {
        rg_arena_init(&arena, &t->allocator, cap);
        const enum rg_status status = rg_footer_parse(rg_buffer_span(&out), &arena, &meta, &t->err);
        CHECK(status == RG_OK || status == RG_ERR_NOMEM);
        CHECK(cap >= 200 || status == RG_ERR_NOMEM);
        CHECK(arena.bytes <= cap);
        rg_arena_fini(&arena);
    }
    rg_buffer_fini(&out);
}

TEST(a_column_without_order_is_written_as_ordered_by_type)
{
    struct small s;
    struct rg_arena arena;
    struct rg_file_meta meta;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    make_small(&s);
    s.meta.has_column_orders = true;
    CHECK_OK(parse_small(t, &s, &arena, &meta));
    CHECK(meta.has_column_orders);
    CHECK_U64(meta.schema.leaves[0].column_order, RG_COLUMN_ORDER_TYPE);
    rg_arena_fini(&arena);
}

TEST(deprecated_statistics_are_read_and_never_written)
{
    static const uint8_t bytes[] = {0x18, 1, 'z', 0x18, 1, 'a', 0x16, 0x01, 0x00};
    struct small s;
    struct rg_arena arena;
    struct rg_file_meta meta;
    struct rg_buffer out;

    make_small(&s);
    s.chunk.statistics.max = rg_span_of("z");
    s.chunk.statistics.min = rg_span_of("a");
    emit(t, &s.meta, &out);
    /* Put the struct in: field 12 behind field 9, in front of the stops of chunk and metadata. */
    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    const size_t at = out.bytes - (1 + 1 + 2 + 2 + 1 + 1);
    struct rg_buffer more;
    rg_buffer_init(&more, &t->allocator, footer_bytes_max);
    rg_buffer_append(&more, out.data, at);
    rg_buffer_append_byte(&more, 0x3c);
    rg_buffer_append(&more, bytes, sizeof bytes);
    rg_buffer_append(&more, out.data + at, out.bytes - at);
    CHECK_OK(rg_buffer_check(&more, "bytes", &t->err));
    CHECK_OK(rg_footer_parse(rg_buffer_span(&more), &arena, &meta, &t->err));
    const struct rg_statistics *statistics = &meta.row_groups[0].columns[0].statistics;
    CHECK_SPAN(statistics->max, rg_span_of("z"));
    CHECK_SPAN(statistics->min, rg_span_of("a"));
    CHECK(!statistics->has_null_count); /* -1: not known. */
    CHECK(statistics->max_value.data == NULL);
    rg_buffer_fini(&more);
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
}

TEST(sorting_columns_that_do_not_exist_are_none)
{
    struct rg_sorting_column sorting[] = {{.column_index = 0, .is_descending = true},
                                          {.column_index = 1}};
    struct small s;
    struct rg_arena arena;
    struct rg_file_meta meta;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    make_small(&s);
    s.group.sorting_columns = sorting;
    s.group.sorting_column_count = 1;
    CHECK_OK(parse_small(t, &s, &arena, &meta));
    CHECK_U64(meta.row_groups[0].sorting_column_count, 1);
    CHECK(meta.row_groups[0].sorting_columns[0].is_descending);
    s.group.sorting_column_count = 2;
    CHECK_OK(parse_small(t, &s, &arena, &meta));
    CHECK(meta.row_groups[0].sorting_columns == NULL);
    CHECK_U64(meta.row_groups[0].sorting_column_count, 0);
    rg_arena_fini(&arena);
}

TEST(histograms_of_another_length_are_absent)
{
    uint64_t counts[] = {7, 8};
    struct small s;
    struct rg_arena arena;
    struct rg_file_meta meta;

    rg_arena_init(&arena, &t->allocator, arena_bytes_max);
    make_small(&s); /* A required column: both have one entry. */
    s.chunk.size_statistics = (struct rg_size_statistics){
        .is_present = true,
        .rep_histogram = counts,
        .rep_histogram_count = 1,
        .def_histogram = counts,
        .def_histogram_count = 2,
    };
    CHECK_OK(parse_small(t, &s, &arena, &meta));
    const struct rg_size_statistics *got = &meta.row_groups[0].columns[0].size_statistics;
    CHECK_U64(got->rep_histogram_count, 1);
    CHECK_U64(got->rep_histogram[0], 7);
    CHECK_U64(got->def_histogram_count, 0);
    CHECK(got->def_histogram == NULL);
    rg_arena_fini(&arena);
}

/* They are what a plan over thousands of files holds: growth should be a decision. */
TEST(structs_stay_small)
{
    CHECK(sizeof(struct rg_column_chunk) <= 288);
    CHECK(sizeof(struct rg_row_group) <= 64);
    CHECK(sizeof(struct rg_schema_element) <= 96);
    CHECK(sizeof(struct rg_leaf) <= 48);
}

TEST(pages_begin_at_the_smallest_offset_that_can_be_one)
{
    static const struct {
        const char *about;
        bool has_dictionary;
        uint64_t dictionary;
        uint64_t begin;
    } rows[] = {
        {"no dictionary", false, 0, 100},     {"dictionary first", true, 60, 60},
        {"dictionary at 0", true, 0, 100},    {"inside the magic", true, 3, 100},
        {"behind the pages", true, 140, 100}, {"at the pages", true, 100, 100},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_column_chunk chunk = {
            .data_page_offset = 100,
            .has_dictionary_offset = rows[i].has_dictionary,
            .dictionary_page_offset = rows[i].dictionary,
        };

        CHECK_U64(rg_chunk_begin(&chunk), rows[i].begin);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"the_tail_tells_the_footers_length", the_tail_tells_the_footers_length},
        {"the_footer_is_found_in_what_was_read", the_footer_is_found_in_what_was_read},
        {"what_is_emitted_is_parsed", what_is_emitted_is_parsed},
        {"a_schema_that_is_known_is_shared", a_schema_that_is_known_is_shared},
        {"a_footer_that_ends_early_is_corrupt", a_footer_that_ends_early_is_corrupt},
        {"changed_bytes_do_no_harm", changed_bytes_do_no_harm},
        {"chunks_belong_to_their_columns", chunks_belong_to_their_columns},
        {"a_path_in_another_form_is_the_same_path", a_path_in_another_form_is_the_same_path},
        {"fields_may_come_in_any_order", fields_may_come_in_any_order},
        {"unknown_fields_and_extensions_are_noticed", unknown_fields_and_extensions_are_noticed},
        {"encryption_is_noticed", encryption_is_noticed},
        {"footers_that_lack_something_are_corrupt", footers_that_lack_something_are_corrupt},
        {"chunks_lack_no_field_but_the_path", chunks_lack_no_field_but_the_path},
        {"a_table_without_columns_is_legal", a_table_without_columns_is_legal},
        {"caps_are_limits_and_not_corruption", caps_are_limits_and_not_corruption},
        {"an_arena_at_its_cap_is_no_memory", an_arena_at_its_cap_is_no_memory},
        {"a_column_without_order_is_written_as_ordered_by_type",
         a_column_without_order_is_written_as_ordered_by_type},
        {"deprecated_statistics_are_read_and_never_written",
         deprecated_statistics_are_read_and_never_written},
        {"sorting_columns_that_do_not_exist_are_none", sorting_columns_that_do_not_exist_are_none},
        {"histograms_of_another_length_are_absent", histograms_of_another_length_are_absent},
        {"structs_stay_small", structs_stay_small},
        {"pages_begin_at_the_smallest_offset_that_can_be_one",
         pages_begin_at_the_smallest_offset_that_can_be_one},
    };

    return test_main("parquet/footer", cases, sizeof cases / sizeof cases[0], argc, argv);
}
