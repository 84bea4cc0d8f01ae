/* SPDX-License-Identifier: Apache-2.0 */

/* Rows written as two lists of files on a disk, and compared. */

#include "verify/compare.h"

#include <stdio.h>
#include <string.h>

#include "parquet/footer.h"
#include "parquet/schema.h"
#include "store/local.h"
#include "support/column.h"
#include "support/scratch.h"

enum {
    COLUMNS = 3,
    FILES_MAX = 12,
    NAME_BYTES = 32,
};

/* Columns a, b and c, each directly below the root. */
static const enum rg_type types[COLUMNS] = {RG_TYPE_INT64, RG_TYPE_BYTE_ARRAY, RG_TYPE_DOUBLE};
static const char *const names[COLUMNS] = {"a", "b", "c"};

struct world {
    const char *directory;
    struct rg_store *store;
    struct rg_arena arena;
    struct column columns[COLUMNS]; /* Of OPTIONAL leaves; column a has no nulls. */
    struct rg_verify_file files[2][FILES_MAX];
    char file_names[2][FILES_MAX][NAME_BYTES];
    size_t file_counts[2];
};

/* SchemaElement as Thrift's compact protocol has it. */
static struct rg_span encode_element(struct test *t, struct rg_arena *arena, int type,
                                     int repetition, const char *name, uint32_t child_count)
{
    struct rg_buffer out;
    const size_t name_bytes = strlen(name);

    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    if (type >= 0) {
        rg_buffer_append_byte(&out, 0x15);
        rg_buffer_append_byte(&out, (uint8_t)(type * 2));
        rg_buffer_append_byte(&out, 0x25);
        rg_buffer_append_byte(&out, (uint8_t)(repetition * 2));
        rg_buffer_append_byte(&out, 0x18);
    } else {
        rg_buffer_append_byte(&out, 0x48);
    }
    rg_buffer_append_byte(&out, (uint8_t)name_bytes);
    rg_buffer_append(&out, name, name_bytes);
    if (child_count > 0) {
        rg_buffer_append_byte(&out, 0x15);
        rg_buffer_append_byte(&out, (uint8_t)(child_count * 2));
    }
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "schema", &t->err));
    const struct rg_span raw = rg_arena_copy(arena, rg_buffer_span(&out));
    CHECK_MEMORY(raw.data);
    rg_buffer_fini(&out);
    return raw;
}

/* A schema of `columns`, in which column a is REQUIRED if asked for. */
static struct rg_schema make_schema(struct test *t, struct rg_arena *arena, uint32_t column_count,
                                    bool is_a_required)
{
    struct rg_schema_element *elements = rg_arena_array(arena, column_count + 1, sizeof *elements);
    struct rg_schema schema;

    CHECK_MEMORY(elements);
    elements[0] =
        (struct rg_schema_element){.raw = encode_element(t, arena, -1, 0, "root", column_count),
                                   .name = rg_span_of("root"),
                                   .converted_type = RG_CONVERTED_NONE,
                                   .child_count = column_count};
    for (uint32_t i = 0; i < column_count; i++) {
        const int repetition = i == 0 && is_a_required ? RG_REQUIRED : RG_OPTIONAL;

        elements[i + 1] = (struct rg_schema_element){
            .raw = encode_element(t, arena, (int)types[i], repetition, names[i], 0),
            .name = rg_span_of(names[i]),
            .has_type = true,
            .type = (uint8_t)types[i],
            .has_repetition = true,
            .repetition = (uint8_t)repetition,
            .converted_type = RG_CONVERTED_NONE,
        };
    }
    CHECK_OK(rg_schema_build(elements, column_count + 1, arena, &schema, &t->err));
    return schema;
}

/* Rows first .. first + count of a column, for a leaf that is REQUIRED or not. */
static struct column slice(struct test *t, struct rg_arena *arena, const struct column *column,
                           uint32_t first, uint32_t count, bool is_required)
{
    struct column piece = {.slot_count = count, .row_count = count};

    piece.slots = rg_arena_array(arena, count + 1, sizeof *piece.slots);
    CHECK_MEMORY(piece.slots);
    for (uint32_t i = 0; i < count; i++) {
        piece.slots[i] = column->slots[first + i];
        piece.slots[i].def = is_required ? 0 : piece.slots[i].def;
    }
    return piece;
}

static void append_row_group(struct test *t, struct choices *c, struct world *w,
                             const struct rg_schema *schema, uint32_t first, uint32_t count,
                             struct rg_row_group *ret_group, struct rg_buffer *out)
{
    *ret_group = (struct rg_row_group){.row_count = count, .ordinal = -1};
    ret_group->columns = rg_arena_array(&w->arena, schema->leaf_count, sizeof *ret_group->columns);
    CHECK_MEMORY(ret_group->columns);
    for (uint32_t i = 0; i < schema->leaf_count; i++) {
        const bool is_required = schema->leaves[i].def_max == 0;
        struct rg_schema *alone = column_schema(
            t, &w->arena, is_required ? NESTING_REQUIRED : NESTING_OPTIONAL, types[i], 0);
        struct chunk_style style = chunk_style_draw(c, &alone->leaves[0]);
        const struct column piece = slice(t, &w->arena, &w->columns[i], first, count, is_required);

        style.has_index = false;
        style.has_statistics = false;
        style.has_links = false; /* No created_by tells of them. */
        const struct built_chunk built =
            chunk_build(t, &w->arena, c, alone, &piece, &style, out->bytes);
        ret_group->columns[i] = built.chunk;
        rg_buffer_append(out, built.bytes.data, built.bytes.bytes);
    }
}

static void write_file(struct test *t, struct choices *c, struct world *w, int side, size_t index,
                       const struct rg_schema *schema, uint32_t first, uint32_t count)
{
    struct rg_file_meta meta = {.version = 1, .schema = *schema, .row_count = count};
    struct rg_buffer out;
    char *name = w->file_names[side][index];

    meta.row_groups = rg_arena_array(&w->arena, 8, sizeof *meta.row_groups);
    CHECK_MEMORY(meta.row_groups);
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_buffer_append(&out, rg_parquet_magic, 4);
    while (count > 0) {
        const uint32_t here = meta.row_group_count == 7 ? count : 1 + choose(c, count - 1);

        append_row_group(t, c, w, schema, first, here, &meta.row_groups[meta.row_group_count++],
                         &out);
        first += here;
        count -= here;
    }
    const size_t begin = out.bytes;
    CHECK_OK(rg_footer_emit(&meta, &out, &t->err));
    const uint32_t footer_bytes = (uint32_t)(out.bytes - begin);
    rg_buffer_append(&out, &footer_bytes, 4);
    rg_buffer_append(&out, rg_parquet_magic, 4);
    CHECK_OK(rg_buffer_check(&out, "file", &t->err));
    /* The page builder does not tell that its buffers ran dry under torture. */
    if (t->allocations == t->allocations_allowed)
        CHECK_MEMORY(NULL);
    (void)snprintf(name, NAME_BYTES, "%s%02zu.parquet", side == 0 ? "in" : "out", index);
    scratch_write(w->directory, name, out.data, out.bytes);
    rg_buffer_fini(&out);

    struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = name};
    CHECK_OK(rg_store_wait(w->store, &head, &t->err));
    w->files[side][index] =
        (struct rg_verify_file){.store = w->store, .key = name, .name = name, .id = head.id};
    w->files[side][index].id.tag = "";
}

/* All rows as a list of files of any number; outputs have column a OPTIONAL. */
static void write_side(struct test *t, struct choices *c, struct world *w, int side)
{
    const uint32_t rows = w->columns[0].slot_count;
    uint32_t first = 0;
    size_t count = 0;

    do {
        const uint32_t left = rows - first;
        const uint32_t here = count == FILES_MAX - 1 ? left : choose(c, left);
        const struct rg_schema schema =
            make_schema(t, &w->arena, COLUMNS, side == 0 && choose_bool(c));

        write_file(t, c, w, side, count++, &schema, first, here);
        first += here;
    } while (first < rows);
    w->file_counts[side] = count;
}

static void init_world(struct test *t, struct choices *c, struct world *w, uint32_t rows)
{
    const struct rg_local_options options = {.must_exist = true, .keeps_page_cache = true};
    const struct value_style values = {
        .distinct = choose(c, 1) * 20, .null_percent = 20, .string_bytes = 12};

    *w = (struct world){.directory = scratch_new()};
    rg_arena_init(&w->arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_local_store_new(w->directory, &options, &rg_allocator_system, &w->store, &t->err));
    for (uint32_t i = 0; i < COLUMNS; i++) {
        struct rg_schema *schema =
            column_schema(t, &w->arena, i == 0 ? NESTING_REQUIRED : NESTING_OPTIONAL, types[i], 0);

        w->columns[i] = column_make(t, &w->arena, c, &schema->leaves[0], rows, &values);
        for (uint32_t k = 0; i == 0 && k < rows; k++)
            w->columns[i].slots[k].def = 1;
    }
}

static void fini_world(struct world *w)
{
    rg_store_free(w->store);
    scratch_remove(w->directory);
    rg_arena_fini(&w->arena);
}

static enum rg_status compare(struct test *t, const struct world *w, uint64_t memory_bytes,
                              struct rg_compare_result *ret_result)
{
    const struct rg_compare_request request = {
        .files = {w->files[0], w->files[1]},
        .file_counts = {w->file_counts[0], w->file_counts[1]},
        .memory_bytes = memory_bytes,
        .thread_count = 2,
        .allocator = &rg_allocator_system,
    };

    return rg_compare(&request, ret_result, &t->err);
}

static void same_rows(struct test *t, struct choices *c)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct rg_compare_result result;

    CHECK_MEMORY(w);
    init_world(t, c, w, choose(c, 500));
    write_side(t, c, w, 0);
    write_side(t, c, w, 1);
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK_TEXT(result.text, "");
    CHECK(result.is_equal);
    CHECK_U64(result.row_counts[0], w->columns[0].slot_count);
    CHECK_U64(result.row_counts[1], w->columns[0].slot_count);
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

TEST(rows_in_other_files_are_equal)
{
    test_property(t, "same_rows", 25, same_rows);
}

TEST(one_changed_value_is_found)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct choices c = {.seed = 11};
    struct rg_compare_result result;
    static const uint8_t changed[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    CHECK_MEMORY(w);
    init_world(t, &c, w, 400);
    write_side(t, &c, w, 0);
    w->columns[0].slots[123].value = SPAN(changed);
    w->columns[1].slots[7].def = 0;
    write_side(t, &c, w, 1);
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK_U64(result.different_count, 2);
    CHECK(strstr(result.text, "column a, row 123: ") == result.text);
    CHECK(strstr(result.text, " in the inputs, -1 in the outputs") != NULL);
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

TEST(missing_rows_are_found)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct choices c = {.seed = 12};
    struct rg_compare_result result;

    CHECK_MEMORY(w);
    init_world(t, &c, w, 300);
    write_side(t, &c, w, 0);
    for (uint32_t i = 0; i < COLUMNS; i++)
        w->columns[i].slot_count = 299;
    write_side(t, &c, w, 1);
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK_U64(result.row_counts[0], 300);
    CHECK_U64(result.row_counts[1], 299);
    CHECK(strstr(result.text, "no more rows in the outputs") != NULL);
    w->file_counts[1] = 0;
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    w->file_counts[0] = 0;
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(result.is_equal);
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

TEST(a_column_that_inputs_lack_must_be_null)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct choices c = {.seed = 13};
    struct rg_compare_result result;

    CHECK_MEMORY(w);
    init_world(t, &c, w, 200);
    const struct rg_schema two = make_schema(t, &w->arena, 2, false);
    const struct rg_schema three = make_schema(t, &w->arena, 3, false);
    write_file(t, &c, w, 0, 0, &two, 0, 200);
    write_file(t, &c, w, 1, 0, &three, 0, 200);
    w->file_counts[0] = 1;
    w->file_counts[1] = 1;
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK(strstr(result.text, "column c, row ") == result.text);
    CHECK(strstr(result.text, ": null in the inputs, ") != NULL);

    for (uint32_t i = 0; i < 200; i++)
        w->columns[2].slots[i].def = 0;
    write_file(t, &c, w, 1, 0, &three, 0, 200);
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(result.is_equal);

    /* The other way round the rows of column c would be lost. */
    write_file(t, &c, w, 0, 0, &three, 0, 200);
    write_file(t, &c, w, 1, 0, &two, 0, 200);
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK_TEXT(result.text, "in00.parquet: column c is not in what it is compared with");
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

TEST(outputs_may_be_of_several_kinds)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct choices c = {.seed = 15};
    struct rg_compare_result result;

    CHECK_MEMORY(w);
    init_world(t, &c, w, 300);
    const struct rg_schema one = make_schema(t, &w->arena, 1, false);
    const struct rg_schema two = make_schema(t, &w->arena, 2, false);
    const struct rg_schema three = make_schema(t, &w->arena, 3, false);
    for (int side = 0; side < 2; side++) {
        write_file(t, &c, w, side, 0, &two, 0, 100);
        write_file(t, &c, w, side, 1, &three, 100, 100);
        write_file(t, &c, w, side, 2, &one, 200, 100);
        w->file_counts[side] = 3;
    }
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(result.is_equal);
    CHECK_U64(result.column_count, 3);

    /* What one of them lacks is null there. */
    write_file(t, &c, w, 1, 0, &one, 0, 100);
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK(strstr(result.text, "column b, row ") == result.text);
    CHECK(strstr(result.text, ", null in the outputs") != NULL);

    /* No output has column c. */
    write_file(t, &c, w, 1, 1, &two, 100, 100);
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK_TEXT(result.text, "in01.parquet: column c is not in what it is compared with");
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

TEST(nulls_are_compared_with_what_is_never_null)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct choices c = {.seed = 17};
    struct rg_compare_result result;

    CHECK_MEMORY(w);
    init_world(t, &c, w, 300);
    const struct rg_schema required = make_schema(t, &w->arena, 1, true);
    const struct rg_schema optional = make_schema(t, &w->arena, 1, false);
    struct slot *slots = w->columns[0].slots;

    /* Values, and behind them a null that is somewhere else on the other side. */
    for (int side = 0; side < 2; side++) {
        slots[200].def = side == 0 ? 1 : 0;
        slots[250].def = side == 0 ? 0 : 1;
        slots[200].value = slots[side == 0 ? 200 : 250].value;
        write_file(t, &c, w, side, 0, &required, 0, 200);
        write_file(t, &c, w, side, 1, &optional, 200, 100);
        w->file_counts[side] = 2;
    }
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK(strstr(result.text, "column a, row 200: ") == result.text);
    CHECK(strstr(result.text, " in the inputs, null in the outputs") != NULL);

    /* Nulls in the inputs, and values in an output that has no nulls. */
    w->file_counts[1] = 1;
    for (uint32_t i = 0; i < 200; i++)
        slots[i].def = i < 100;
    write_file(t, &c, w, 0, 0, &optional, 0, 200);
    w->file_counts[0] = 1;
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK(strstr(result.text, "column a, row 100: null in the inputs, ") == result.text);
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

/* The schema with a logical type of an element: the union in Thrift form. */
static struct rg_schema annotated(struct test *t, struct rg_arena *arena,
                                  const struct rg_schema *schema, uint32_t element,
                                  const char *annotation, size_t bytes)
{
    const struct rg_span raw = schema->elements[element].raw;
    struct rg_schema copy = *schema;
    struct rg_buffer out;

    copy.elements = rg_arena_array(arena, schema->element_count, sizeof *copy.elements);
    CHECK_MEMORY(copy.elements);
    memcpy(copy.elements, schema->elements, schema->element_count * sizeof *copy.elements);
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    rg_buffer_append(&out, raw.data, raw.bytes - 1);
    rg_buffer_append_byte(&out, 0x6c); /* Field 10, behind the name. */
    rg_buffer_append(&out, annotation, bytes);
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "schema", &t->err));
    copy.elements[element].raw = rg_arena_copy(arena, rg_buffer_span(&out));
    CHECK_MEMORY(copy.elements[element].raw.data);
    rg_buffer_fini(&out);
    return copy;
}

#define ANNOTATED(schema, element, bytes)                                                          \
    annotated(t, &w->arena, schema, element, bytes, sizeof(bytes) - 1)

TEST(places_in_one_coordinate_system_are_compared)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct choices c = {.seed = 16};
    struct rg_compare_result result;

    CHECK_MEMORY(w);
    init_world(t, &c, w, 50);
    const struct rg_schema two = make_schema(t, &w->arena, 2, false);
    const struct rg_schema mercator = ANNOTATED(&two, 2,
                                                "\x0c\x22\x18\x09"
                                                "EPSG:3857\0\0");
    const struct rg_schema degrees = ANNOTATED(&two, 2,
                                               "\x0c\x22\x18\x09"
                                               "OGC:CRS84\0\0");
    write_file(t, &c, w, 0, 0, &mercator, 0, 50);
    write_file(t, &c, w, 1, 0, &mercator, 0, 50);
    w->file_counts[0] = 1;
    w->file_counts[1] = 1;
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK_TEXT(result.text, "");
    CHECK(result.is_equal);

    write_file(t, &c, w, 0, 0, &degrees, 0, 50);
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK_TEXT(result.text, "in00.parquet: column b means something else, by its annotation");
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

/* An output of which nobody knew the type is not what the others are compared with. */
TEST(types_are_compared_beside_an_output_of_unknown_type)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct choices c = {.seed = 18};
    struct rg_compare_result result;

    CHECK_MEMORY(w);
    init_world(t, &c, w, 100);
    for (uint32_t i = 0; i < 50; i++)
        w->columns[0].slots[i].def = 0;
    const struct rg_schema number = make_schema(t, &w->arena, 1, false);
    const struct rg_schema unknown = ANNOTATED(&number, 1, "\xbc\0\0");
    const struct rg_schema moment = ANNOTATED(&number, 1, "\x8c\x11\x1c\x1c\0\0\0\0");
    for (int side = 0; side < 2; side++) {
        write_file(t, &c, w, side, 0, &unknown, 0, 50);
        write_file(t, &c, w, side, 1, &number, 50, 50);
        w->file_counts[side] = 2;
    }
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK_TEXT(result.text, "");
    CHECK(result.is_equal);

    write_file(t, &c, w, 0, 1, &moment, 50, 50);
    CHECK_OK(compare(t, w, UINT64_C(32) << 20, &result));
    CHECK(!result.is_equal);
    CHECK_TEXT(result.text, "in01.parquet: column a means something else, by its annotation");
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

TEST(files_that_cannot_be_read_are_named)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct choices c = {.seed = 14};
    struct rg_compare_result result;

    CHECK_MEMORY(w);
    init_world(t, &c, w, 200);
    write_side(t, &c, w, 0);
    write_side(t, &c, w, 1);
    scratch_write(w->directory, "in00.parquet", "PAR1....PAR1", 12);
    CHECK_ERROR(compare(t, w, UINT64_C(32) << 20, &result), RG_ERR_CHANGED, "in00.parquet");
    w->files[0][0].id.bytes = 12;
    struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = "in00.parquet"};
    CHECK_OK(rg_store_wait(w->store, &head, &t->err));
    w->files[0][0].id = head.id;
    CHECK_ERROR(compare(t, w, UINT64_C(32) << 20, &result), RG_ERR_CORRUPT, "in00.parquet: ");
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

/* With too little memory it says so; with a little more it gets by, one chunk at a time. */
TEST(memory_is_asked_for_and_has_an_end)
{
    struct world *w = rg_alloc(&t->allocator, sizeof *w);
    struct choices c = {.seed = 15};
    struct rg_compare_result result;

    CHECK_MEMORY(w);
    init_world(t, &c, w, 3000);
    write_side(t, &c, w, 0);
    write_side(t, &c, w, 1);
    CHECK_ERROR(compare(t, w, 100000, &result), RG_ERR_LIMIT,
                "no memory to begin with a file (memory for verifying is 100000");
    CHECK_OK(compare(t, w, UINT64_C(4) << 20, &result));
    CHECK(result.is_equal);
    fini_world(w);
    rg_release(&t->allocator, w, sizeof *w);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"rows_in_other_files_are_equal", rows_in_other_files_are_equal},
        {"one_changed_value_is_found", one_changed_value_is_found},
        {"missing_rows_are_found", missing_rows_are_found},
        {"a_column_that_inputs_lack_must_be_null", a_column_that_inputs_lack_must_be_null},
        {"outputs_may_be_of_several_kinds", outputs_may_be_of_several_kinds},
        {"nulls_are_compared_with_what_is_never_null", nulls_are_compared_with_what_is_never_null},
        {"places_in_one_coordinate_system_are_compared",
         places_in_one_coordinate_system_are_compared},
        {"types_are_compared_beside_an_output_of_unknown_type",
         types_are_compared_beside_an_output_of_unknown_type},
        {"files_that_cannot_be_read_are_named", files_that_cannot_be_read_are_named},
        {"memory_is_asked_for_and_has_an_end", memory_is_asked_for_and_has_an_end},
    };

    return test_main("verify/compare", cases, sizeof cases / sizeof cases[0], argc, argv);
}
