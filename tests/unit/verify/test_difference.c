/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/difference.h"

#include "support/column.h"

enum {
    CHUNKS_MAX = 64
};

/* One side: the chunks of a column, and which comes next. */
struct script {
    struct rg_column_source column;
    struct rg_side_chunk chunks[CHUNKS_MAX];
    struct rg_column_chunk metas[CHUNKS_MAX];
    uint32_t count;
    uint32_t next;
};

static enum rg_status next_chunk(void *user, struct rg_side_chunk *ret_chunk, bool *ret_is_end,
                                 struct rg_error *err)
{
    struct script *script = user;

    (void)err;
    *ret_is_end = script->next == script->count;
    if (!*ret_is_end)
        *ret_chunk = script->chunks[script->next++];
    return RG_OK;
}

/* Cuts a column into chunks. */
static struct script *write_script(struct test *t, struct choices *c, struct rg_arena *arena,
                                   const struct rg_schema *schema, const struct column *column)
{
    const struct rg_column_schema self = {schema, false};
    struct script *script = rg_arena_array(arena, 1, sizeof *script);
    struct rg_column_conflict conflict;
    struct rg_column_map map;
    uint32_t first = 0;

    CHECK_MEMORY(script);
    CHECK_OK(rg_column_map_init(&self, &self, arena, &map, &conflict, &t->err));
    script->column = map.columns[0];
    while (first < column->slot_count) {
        const struct chunk_style style = chunk_style_draw(c, &schema->leaves[0]);
        struct column piece = {.slots = column->slots + first};
        uint32_t last = first + 10 + choose(c, 200);

        while (last < column->slot_count && column->slots[last].rep != 0)
            last++;
        last = last < column->slot_count ? last : column->slot_count;
        piece.slot_count = last - first;
        for (uint32_t i = first; i < last; i++)
            piece.row_count += column->slots[i].rep == 0;
        const struct built_chunk built = chunk_build(t, arena, c, schema, &piece, &style, 4);
        /* The page builder does not tell that its buffers ran dry under torture. */
        if (t->allocations == t->allocations_allowed)
            CHECK_MEMORY(NULL);
        script->metas[script->count] = built.chunk;
        script->chunks[script->count] = (struct rg_side_chunk){
            .chunk = {.chunk = &script->metas[script->count],
                      .leaf = &schema->leaves[0],
                      .bytes = built.bytes,
                      .row_count = piece.row_count,
                      .has_linked_delta_pages = style.has_links},
            .column = &script->column,
        };
        script->count++;
        first = last;
    }
    return script;
}

static struct rg_difference find(struct test *t, const struct rg_schema *schema, struct script *a,
                                 struct script *b)
{
    struct rg_codec_context *codecs = rg_codec_context_new(&t->allocator);
    struct rg_difference difference = {.is_found = false};

    CHECK_MEMORY(codecs);
    const struct rg_difference_request request = {.reference = schema,
                                                  .next_chunk = next_chunk,
                                                  .users = {a, b},
                                                  .codecs = codecs,
                                                  .allocator = &t->allocator};
    CHECK_OK(rg_difference_find(&request, &difference, &t->err));
    rg_codec_context_free(codecs);
    return difference;
}

static bool is_same_slot(const struct slot *a, const struct slot *b, uint8_t def_max)
{
    return a->rep == b->rep && a->def == b->def &&
           (a->def != def_max || rg_span_equal(a->value, b->value));
}

/* The naive search: slot by slot. *ret_row is set if there is a difference. */
static bool find_naively(const struct column *a, const struct column *b, uint8_t def_max,
                         uint64_t *ret_row)
{
    uint64_t rows = 0;

    for (uint32_t i = 0;; i++) {
        const bool a_begins = i == a->slot_count || a->slots[i].rep == 0;
        const bool b_begins = i == b->slot_count || b->slots[i].rep == 0;

        *ret_row = a_begins && b_begins ? rows : rows - 1;
        if (i == a->slot_count || i == b->slot_count)
            return a->slot_count != b->slot_count;
        if (!is_same_slot(&a->slots[i], &b->slots[i], def_max))
            return true;
        rows += a_begins;
    }
}

/* A copy with a change somewhere, or without one. */
static struct column change(struct test *t, struct choices *c, struct rg_arena *arena,
                            const struct column *column, uint8_t def_max)
{
    struct column other = *column;

    other.slots = rg_arena_array(arena, column->slot_count + 1, sizeof *other.slots);
    CHECK_MEMORY(other.slots);
    for (uint32_t i = 0; i < column->slot_count; i++)
        other.slots[i] = column->slots[i];
    if (column->slot_count < 2)
        return other;
    const uint32_t at = choose(c, column->slot_count - 1);
    const uint32_t from = choose(c, column->slot_count - 1);
    switch (choose(c, 3)) {
    case 0: /* A value. */
        if (other.slots[at].def == def_max && other.slots[from].def == def_max)
            other.slots[at].value = other.slots[from].value;
        break;
    case 1: /* A value goes. */
        if (def_max > 0 && other.slots[at].def == def_max)
            other.slots[at].def--;
        break;
    case 2: /* The end goes, with whole rows. */
        for (other.slot_count = at; other.slot_count > 0 && other.slots[other.slot_count].rep != 0;)
            other.slot_count--;
        break;
    default:
        break;
    }
    return other;
}

static void search(struct test *t, struct choices *c)
{
    static const enum rg_type types[] = {RG_TYPE_INT32, RG_TYPE_BYTE_ARRAY, RG_TYPE_BOOLEAN};
    const struct value_style values = {
        .distinct = choose(c, 1) * 20, .null_percent = choose(c, 2) * 30, .string_bytes = 12};
    struct rg_arena arena;
    uint64_t row = 0;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_schema *schema = column_schema(
        t, &arena, (enum column_nesting)choose(c, NESTING_COUNT - 1), types[choose(c, 2)], 0);
    const uint8_t def_max = schema->leaves[0].def_max;
    const struct column a = column_make(t, &arena, c, &schema->leaves[0], choose(c, 300), &values);
    const struct column b = change(t, c, &arena, &a, def_max);
    struct script *left = write_script(t, c, &arena, schema, &a);
    struct script *right = write_script(t, c, &arena, schema, &b);
    const struct rg_difference difference = find(t, schema, left, right);
    CHECK(difference.is_found == find_naively(&a, &b, def_max, &row));
    if (difference.is_found)
        CHECK_U64(difference.row_index, row);
    rg_arena_fini(&arena);
}

TEST(the_first_difference_is_that_of_the_naive_search)
{
    test_property(t, "search", 400, search);
}

TEST(both_sides_are_shown)
{
    static const uint8_t one[] = {1, 0, 0, 0};
    static const uint8_t minus[] = {0xfe, 0xff, 0xff, 0xff};
    struct slot slots_a[] = {{0, 1, SPAN(one)}, {0, 1, SPAN(one)}, {0, 0, {NULL, 0}}};
    struct slot slots_b[] = {{0, 1, SPAN(one)}, {0, 1, SPAN(minus)}, {0, 1, SPAN(one)}};
    struct column a = {slots_a, 3, 3};
    struct column b = {slots_b, 3, 3};
    struct choices c = {.seed = 3};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_schema *schema = column_schema(t, &arena, NESTING_OPTIONAL, RG_TYPE_INT32, 0);
    struct script *left = write_script(t, &c, &arena, schema, &a);
    struct script *right = write_script(t, &c, &arena, schema, &b);
    struct rg_difference difference = find(t, schema, left, right);
    CHECK(difference.is_found);
    CHECK_U64(difference.row_index, 1);
    CHECK_TEXT(difference.texts[0], "1");
    CHECK_TEXT(difference.texts[1], "-2");

    slots_b[1] = slots_a[1];
    right = write_script(t, &c, &arena, schema, &b);
    left->next = 0;
    difference = find(t, schema, left, right);
    CHECK_U64(difference.row_index, 2);
    CHECK_TEXT(difference.texts[0], "null");
    CHECK_TEXT(difference.texts[1], "1");

    b.slot_count = 2;
    b.row_count = 2;
    right = write_script(t, &c, &arena, schema, &b);
    left->next = 0;
    difference = find(t, schema, left, right);
    CHECK_U64(difference.row_index, 2);
    CHECK_TEXT(difference.texts[1], "no more rows");
    rg_arena_fini(&arena);
}

/* Compares columns of one value each; texts of what is different. */
static struct rg_difference find_one(struct test *t, uint8_t type, struct rg_span x,
                                     struct rg_span y)
{
    struct slot slots[2] = {{0, 1, x}, {0, 1, y}};
    struct choices c = {.seed = 5};
    struct script *scripts[2];
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_schema *schema = column_schema(t, &arena, NESTING_OPTIONAL, type, 0);
    for (int i = 0; i < 2; i++) {
        const struct column column = {&slots[i], 1, 1};
        scripts[i] = write_script(t, &c, &arena, schema, &column);
    }
    const struct rg_difference difference = find(t, schema, scripts[0], scripts[1]);
    CHECK(difference.is_found);
    rg_arena_fini(&arena);
    return difference;
}

TEST(values_of_one_text_are_told_apart)
{
    static const uint8_t nan_a[] = {1, 0, 0xc0, 0x7f};
    static const uint8_t nan_b[] = {2, 0, 0xc0, 0x7f};
    uint8_t bytes[2][1000];

    struct rg_difference difference = find_one(t, RG_TYPE_FLOAT, SPAN(nan_a), SPAN(nan_b));
    CHECK_TEXT(difference.texts[0], "nan (0x7fc00001)");
    CHECK_TEXT(difference.texts[1], "nan (0x7fc00002)");

    memset(bytes, 7, sizeof bytes);
    bytes[1][990] = 0xab;
    difference = find_one(t, RG_TYPE_BYTE_ARRAY, (struct rg_span){bytes[0], 995},
                          (struct rg_span){bytes[1], 1000});
    CHECK(strstr(difference.texts[0], "... (995 bytes, from byte 990 on 0x0707070707)") != NULL);
    CHECK(strstr(difference.texts[1], "... (1000 bytes, from byte 990 on 0xab07070707070707...)") !=
          NULL);

    bytes[1][990] = 7;
    difference = find_one(t, RG_TYPE_BYTE_ARRAY, (struct rg_span){bytes[0], 995},
                          (struct rg_span){bytes[1], 1000});
    CHECK(strstr(difference.texts[0], "... (995 bytes)") != NULL);
    CHECK(strstr(difference.texts[1], "... (1000 bytes, from byte 995 on 0x0707070707)") != NULL);
}

/* [[1, 1]] and [[1], [1]]. */
TEST(lists_that_end_elsewhere_are_told_apart)
{
    static const uint8_t one[] = {1, 0, 0, 0};
    struct choices c = {.seed = 11};
    struct script *scripts[2];
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_schema *schema = column_schema(t, &arena, NESTING_LIST_LIST, RG_TYPE_INT32, 0);
    const uint8_t def_max = schema->leaves[0].def_max;
    for (int i = 0; i < 2; i++) {
        const uint8_t rep = i == 0 ? 2 : 1;
        struct slot slots[2] = {{0, def_max, SPAN(one)}, {rep, def_max, SPAN(one)}};
        const struct column column = {slots, 2, 1};

        scripts[i] = write_script(t, &c, &arena, schema, &column);
    }
    const struct rg_difference difference = find(t, schema, scripts[0], scripts[1]);
    CHECK(difference.is_found);
    CHECK_TEXT(difference.texts[0], "1 (repetition level 2 of 2)");
    CHECK_TEXT(difference.texts[1], "1 (repetition level 1 of 2)");
    rg_arena_fini(&arena);
}

/* [] and null, where a list has no other levels than its own and that of its values. */
TEST(what_is_not_there_is_told_by_its_depth)
{
    struct choices c = {.seed = 12};
    struct script *scripts[2];
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_schema *schema = column_schema(t, &arena, NESTING_LIST, RG_TYPE_INT32, 0);
    for (int i = 0; i < 2; i++) {
        struct slot slots[1] = {{0, (uint8_t)i, {NULL, 0}}};
        const struct column column = {slots, 1, 1};

        scripts[i] = write_script(t, &c, &arena, schema, &column);
    }
    const struct rg_difference difference = find(t, schema, scripts[0], scripts[1]);
    CHECK(difference.is_found);
    CHECK_TEXT(difference.texts[0], "null (depth 0 of 3)");
    CHECK_TEXT(difference.texts[1], "null (depth 1 of 3)");
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"the_first_difference_is_that_of_the_naive_search",
         the_first_difference_is_that_of_the_naive_search},
        {"both_sides_are_shown", both_sides_are_shown},
        {"values_of_one_text_are_told_apart", values_of_one_text_are_told_apart},
        {"lists_that_end_elsewhere_are_told_apart", lists_that_end_elsewhere_are_told_apart},
        {"what_is_not_there_is_told_by_its_depth", what_is_not_there_is_told_by_its_depth},
    };

    return test_main("verify/difference", cases, sizeof cases / sizeof cases[0], argc, argv);
}
