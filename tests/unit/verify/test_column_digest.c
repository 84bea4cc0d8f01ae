/* SPDX-License-Identifier: Apache-2.0 */

/* One column cut and encoded in two ways has one digest; a changed column has another. */

#include "verify/column_digest.h"

#include "base/limits.h"
#include "support/column.h"

struct tools {
    struct rg_arena *arena;
    struct rg_codec_context *codecs;
    struct rg_chunk_reader *reader;
    struct rg_digest_room *room;
};

/* Slots first .. last of a column, which begin and end with rows. */
static struct column cut(const struct column *column, uint32_t first, uint32_t last)
{
    struct column piece = {.slots = column->slots + first, .slot_count = last - first};

    for (uint32_t i = first; i < last; i++)
        piece.row_count += column->slots[i].rep == 0;
    return piece;
}

static void add_chunk(struct test *t, struct choices *c, const struct tools *tools,
                      const struct rg_schema *schema, const struct column *column,
                      const struct rg_column_source *source, struct rg_column_digest *digest)
{
    const struct chunk_style style = chunk_style_draw(c, &schema->leaves[0]);
    const struct built_chunk built = chunk_build(t, tools->arena, c, schema, column, &style, 4);
    /* The page builder does not tell that its buffers ran dry under torture. */
    if (t->allocations == t->allocations_allowed)
        CHECK_MEMORY(NULL);
    const struct rg_chunk_source chunk = {.chunk = &built.chunk,
                                          .leaf = &schema->leaves[0],
                                          .bytes = built.bytes,
                                          .row_count = column->row_count,
                                          .has_linked_delta_pages = style.has_links};

    CHECK_OK(rg_column_digest_add(digest, source, &chunk, tools->reader, tools->room, &t->err));
}

/* Cuts the column into chunks anywhere between rows, and joins their digests in any grouping. */
static struct rg_column_digest digest_of(struct test *t, struct choices *c,
                                         const struct tools *tools, const struct rg_schema *schema,
                                         const struct column *column,
                                         const struct rg_column_source *source)
{
    struct rg_column_digest digest = {.row_count = 0};
    uint32_t first = 0;

    while (first < column->slot_count) {
        uint32_t last = first + 1 + choose(c, 200);
        struct rg_column_digest part = {.row_count = 0};

        while (last < column->slot_count && column->slots[last].rep != 0)
            last++;
        last = last < column->slot_count ? last : column->slot_count;
        const struct column piece = cut(column, first, last);
        if (choose_bool(c)) {
            add_chunk(t, c, tools, schema, &piece, source, &part);
            rg_column_digest_join(&digest, &part);
        } else {
            add_chunk(t, c, tools, schema, &piece, source, &digest);
        }
        first = last;
    }
    CHECK_U64(digest.row_count, column->row_count);
    return digest;
}

/* The same column with the levels of a schema in which all may be null: those are its depths. */
static struct column translate(struct test *t, struct rg_arena *arena, const struct column *column,
                               const struct rg_column_source *source)
{
    struct column other = *column;

    other.slots = rg_arena_array(arena, column->slot_count + 1, sizeof *other.slots);
    CHECK_MEMORY(other.slots);
    for (uint32_t i = 0; i < column->slot_count; i++) {
        other.slots[i] = column->slots[i];
        other.slots[i].def = source->depths[column->slots[i].def];
    }
    return other;
}

/* Changes one thing; false when nothing could be changed. */
static bool change(struct choices *c, struct column *column, uint8_t def_max)
{
    if (column->slot_count < 2)
        return false;
    struct slot *a = &column->slots[choose(c, column->slot_count - 1)];
    struct slot *b = &column->slots[choose(c, column->slot_count - 1)];

    if (a->def != def_max || b->def != def_max || rg_span_equal(a->value, b->value))
        return false;
    const struct rg_span kept = a->value;
    a->value = b->value;
    if (choose_bool(c))
        b->value = kept;
    return true;
}

static void any_form(struct test *t, struct choices *c)
{
    static const enum rg_type types[] = {
        RG_TYPE_BOOLEAN, RG_TYPE_INT32,  RG_TYPE_INT64,      RG_TYPE_INT96,
        RG_TYPE_FLOAT,   RG_TYPE_DOUBLE, RG_TYPE_BYTE_ARRAY, RG_TYPE_FIXED_LEN_BYTE_ARRAY,
    };
    const enum rg_type type = types[choose(c, 7)];
    const struct value_style values = {
        .distinct = choose(c, 1) * 20, .null_percent = choose(c, 2) * 30, .string_bytes = 12};
    struct rg_chunk_reader *reader = rg_alloc(&t->allocator, sizeof *reader);
    struct rg_digest_room *room = rg_alloc(&t->allocator, sizeof *room);
    struct rg_codec_context *codecs = rg_codec_context_new(&t->allocator);
    struct rg_column_map to_wide;
    struct rg_column_map of_wide;
    struct rg_column_conflict conflict;
    struct rg_arena arena;

    CHECK_MEMORY(reader);
    CHECK_MEMORY(room);
    CHECK_MEMORY(codecs);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_chunk_reader_init(reader, codecs, &t->allocator);
    rg_digest_room_init(room, &t->allocator);
    const struct tools tools = {&arena, codecs, reader, room};
    struct rg_schema *schema =
        column_schema(t, &arena, (enum column_nesting)choose(c, NESTING_COUNT - 1), type,
                      type == RG_TYPE_FIXED_LEN_BYTE_ARRAY ? 1 + (int32_t)choose(c, 19) : 0);
    struct rg_schema *wide = column_schema_widened(t, &arena, schema);
    const struct rg_column_schema from = {schema, false};
    const struct rg_column_schema to = {wide, false};
    CHECK_OK(rg_column_map_init(&from, &to, &arena, &to_wide, &conflict, &t->err));
    CHECK(conflict.what == NULL);
    CHECK_OK(rg_column_map_init(&to, &to, &arena, &of_wide, &conflict, &t->err));
    CHECK(conflict.what == NULL);

    struct column column = column_make(t, &arena, c, &schema->leaves[0], choose(c, 400), &values);
    const struct rg_column_digest narrow =
        digest_of(t, c, &tools, schema, &column, &to_wide.columns[0]);
    const struct column other = translate(t, &arena, &column, &to_wide.columns[0]);
    const struct rg_column_digest widened =
        digest_of(t, c, &tools, wide, &other, &of_wide.columns[0]);
    CHECK(rg_column_digest_equal(&narrow, &widened));
    if (change(c, &column, schema->leaves[0].def_max)) {
        const struct rg_column_digest changed =
            digest_of(t, c, &tools, schema, &column, &to_wide.columns[0]);
        CHECK(!rg_column_digest_equal(&narrow, &changed));
    }
    rg_digest_room_fini(room);
    rg_digest_room_fini(room);
    rg_chunk_reader_fini(reader);
    rg_codec_context_free(codecs);
    rg_arena_fini(&arena);
    rg_release(&t->allocator, room, sizeof *room);
    rg_release(&t->allocator, reader, sizeof *reader);
}

TEST(borders_encodings_and_repetition_make_no_difference)
{
    test_property(t, "any_form", 400, any_form);
}

/* A list column lends its levels to one that is missing beside it. */
TEST(missing_columns_are_nulls)
{
    struct rg_chunk_reader *reader = rg_alloc(&t->allocator, sizeof *reader);
    struct rg_digest_room *room = rg_alloc(&t->allocator, sizeof *room);
    struct rg_codec_context *codecs = rg_codec_context_new(&t->allocator);
    struct rg_column_digest borrowed = {.row_count = 0};
    struct rg_column_digest wanted = {.row_count = 0};
    struct rg_column_source source = {
        .is_missing = true, .rep_kept_max = 0, .depths = {0, 1, 1, 1}};
    struct choices c = {.seed = 5};
    struct rg_arena arena;
    uint64_t elements[600];
    uint32_t rows = 0;

    CHECK_MEMORY(reader);
    CHECK_MEMORY(room);
    CHECK_MEMORY(codecs);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_chunk_reader_init(reader, codecs, &t->allocator);
    rg_digest_room_init(room, &t->allocator);
    const struct tools tools = {&arena, codecs, reader, room};
    struct rg_schema *schema = column_schema(t, &arena, NESTING_LIST, RG_TYPE_INT32, 0);
    const struct value_style values = {.null_percent = 30};
    const struct column column = column_make(t, &arena, &c, &schema->leaves[0], 300, &values);
    add_chunk(t, &c, &tools, schema, &column, &source, &borrowed);
    for (uint32_t i = 0; i < column.slot_count; i++) {
        if (column.slots[i].rep == 0)
            elements[rows++] = 1 + (column.slots[i].def > 0);
    }
    rg_sequence_add(&wanted.levels, elements, rows);
    wanted.row_count = rows;
    CHECK(rg_column_digest_equal(&borrowed, &wanted));

    struct rg_column_digest nulls = {.row_count = 0};
    struct rg_column_digest zeros = {.row_count = 7};
    static const uint64_t ones[7] = {1, 1, 1, 1, 1, 1, 1};
    source = (struct rg_column_source){.is_missing = true, .has_no_levels = true};
    rg_column_digest_add_nulls(&nulls, &source, 7);
    rg_sequence_add(&zeros.levels, ones, 7);
    CHECK(rg_column_digest_equal(&nulls, &zeros));

    rg_digest_room_fini(room);
    rg_chunk_reader_fini(reader);
    rg_codec_context_free(codecs);
    rg_arena_fini(&arena);
    rg_release(&t->allocator, room, sizeof *room);
    rg_release(&t->allocator, reader, sizeof *reader);
}

/* A null that changed places leaves the values as they were. */
TEST(levels_count_as_values_do)
{
    static const uint64_t null_first[] = {1, 2};
    static const uint64_t null_last[] = {2, 1};
    static const uint64_t value[] = {77};
    struct rg_column_digest a = {.row_count = 2};
    struct rg_column_digest b = {.row_count = 2};

    (void)t;
    rg_sequence_add(&a.values, value, 1);
    rg_sequence_add(&b.values, value, 1);
    rg_sequence_add(&a.levels, null_first, 2);
    rg_sequence_add(&b.levels, null_first, 2);
    CHECK(rg_column_digest_equal(&a, &b));
    b.levels = (struct rg_sequence){0, 0};
    rg_sequence_add(&b.levels, null_last, 2);
    CHECK(!rg_column_digest_equal(&a, &b));
    b = a;
    b.row_count = 3;
    CHECK(!rg_column_digest_equal(&a, &b));
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"borders_encodings_and_repetition_make_no_difference",
         borders_encodings_and_repetition_make_no_difference},
        {"levels_count_as_values_do", levels_count_as_values_do},
        {"missing_columns_are_nulls", missing_columns_are_nulls},
    };

    return test_main("verify/column_digest", cases, sizeof cases / sizeof cases[0], argc, argv);
}
