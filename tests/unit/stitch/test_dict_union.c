/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/dict_union.h"

#include <string.h>

#include "base/hash.h"
#include "support/column.h"
#include "support/test.h"

enum {
    ENTRIES_MAX = 400,
};

/* A bench with just what the union needs. */
struct fixture {
    struct rg_arena keep;
    struct rg_arena scratch;
    struct rg_bench bench;
};

static void set_up(struct test *t, struct fixture *f, enum rg_type type, int32_t type_length)
{
    static const struct rg_stitch_options options = {.codec = RG_CODEC_NONE};

    rg_arena_init(&f->keep, &t->allocator, SIZE_MAX);
    rg_arena_init(&f->scratch, &t->allocator, SIZE_MAX);
    const struct rg_schema *schema =
        column_schema(t, &f->keep, NESTING_REQUIRED, type, type_length);
    const struct rg_stitch_column column = {schema, 0, &options, false, false};

    rg_bench_init(&f->bench, NULL, &column, NULL, 0, &f->keep, &f->scratch);
}

static void tear_down(struct fixture *f)
{
    rg_arena_fini(&f->keep);
    rg_arena_fini(&f->scratch);
}

static void fill(struct test *t, struct fixture *f, struct rg_dict_table *table,
                 struct rg_span plain, uint32_t count)
{
    CHECK_OK(rg_dict_table_fill(table, &f->bench, plain, count, &t->err));
}

TEST(new_entries_come_behind_the_old)
{
    static const uint32_t first[] = {7, 8, 9};
    static const uint32_t second[] = {9, 5, 7, 6};
    struct rg_dict_table table = {0};
    struct rg_dict_union u;
    struct rg_dict_map map;
    struct fixture f;
    uint32_t room[4];
    bool fits;

    set_up(t, &f, RG_TYPE_INT32, 0);
    rg_dict_union_init(&u, &f.bench, 1000);
    fill(t, &f, &table, SPAN(first), 3);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits && map.is_identity && map.has_additions && !map.has_duplicates);

    fill(t, &f, &table, SPAN(second), 4);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits && !map.is_identity && map.has_additions && !map.has_duplicates);
    CHECK_U64(room[0], 2);
    CHECK_U64(room[1], 3);
    CHECK_U64(room[2], 0);
    CHECK_U64(room[3], 4);
    CHECK_U64(map.index_max, 4);
    CHECK_U64(u.entry_count, 5);

    /* A prefix of the union is free. */
    fill(t, &f, &table, SPAN(first), 2);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits && map.is_identity && !map.has_additions);
    tear_down(&f);
}

TEST(refusal_leaves_no_trace)
{
    static const uint8_t first[] = {1, 0, 0, 0, 'a'};
    static const uint8_t second[] = {1, 0, 0, 0, 'b', 1, 0, 0, 0, 'c'};
    static const uint8_t third[] = {1, 0, 0, 0, 'c'};
    struct rg_dict_table table = {0};
    struct rg_dict_union u;
    struct rg_dict_map map;
    struct fixture f;
    uint32_t room[4];
    bool fits;

    set_up(t, &f, RG_TYPE_BYTE_ARRAY, 0);
    rg_dict_union_init(&u, &f.bench, 12);
    fill(t, &f, &table, SPAN(first), 1);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    fill(t, &f, &table, SPAN(second), 2);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(!fits);
    CHECK_U64(u.entry_count, 1);
    CHECK_U64(u.plain_bytes, 5);

    /* 'c' gets index 1: the refused 'b' did not keep it. */
    fill(t, &f, &table, SPAN(third), 1);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits);
    CHECK_U64(room[0], 1);
    tear_down(&f);
}

/* Their table would have more slots than can be counted. */
TEST(more_entries_than_there_are_slots_are_refused)
{
    const struct rg_dict_table table = {.entry_count = (UINT32_C(1) << 30) + 1};
    struct rg_dict_union u;
    struct rg_dict_map map;
    struct fixture f;
    bool fits;

    set_up(t, &f, RG_TYPE_FIXED_LEN_BYTE_ARRAY, 1);
    rg_dict_union_init(&u, &f.bench, INT32_MAX);
    CHECK_ERROR(rg_dict_union_add(&u, &table, NULL, &fits, &map, &t->err), RG_ERR_LIMIT,
                "a dictionary of 1073741825 entries");
    tear_down(&f);
}

TEST(twins_become_one)
{
    static const uint8_t page[] = {1, 0, 0, 0, 'a', 1, 0, 0, 0, 'b', 1, 0, 0, 0, 'a'};
    struct rg_dict_table table = {0};
    struct rg_dict_union u;
    struct rg_dict_map map;
    struct fixture f;
    uint32_t room[3];
    bool fits;

    set_up(t, &f, RG_TYPE_BYTE_ARRAY, 0);
    rg_dict_union_init(&u, &f.bench, 100);
    fill(t, &f, &table, SPAN(page), 3);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits && map.has_duplicates && !map.is_identity);
    CHECK_U64(room[2], 0);
    CHECK_U64(u.entry_count, 2);
    tear_down(&f);
}

/* The value whose hash, with seed 0, is `hash`: every step of the hash can be undone. */
static uint64_t value_with_hash(uint64_t hash)
{
    const uint64_t first_inverse = UINT64_C(0xf1de83e19937733d);  /* Of 0x9e3779b97f4a7c15. */
    const uint64_t second_inverse = UINT64_C(0xcfee444d8b59a89b); /* Of 0xd6e8feb86659fd93. */

    hash ^= hash >> 32;
    hash *= second_inverse;
    hash ^= hash >> 32;
    return hash * first_inverse;
}

TEST(values_made_to_collide_do_no_harm)
{
    enum {
        COUNT = 3000,
    };
    static uint64_t values[COUNT];
    static uint32_t room[COUNT];
    struct rg_dict_table table = {0};
    struct rg_dict_union u;
    struct rg_dict_map map;
    struct fixture f;
    bool fits;

    for (uint64_t i = 0; i < COUNT; i++)
        values[i] = value_with_hash(i << 40 | 77);
    set_up(t, &f, RG_TYPE_INT64, 0);
    rg_dict_union_init(&u, &f.bench, sizeof values);
    fill(t, &f, &table, SPAN(values), COUNT);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits && map.is_identity);
    CHECK(u.seed != 0);
    tear_down(&f);
}

/*
 * Whoever knows all seeds gets no union, and no endless search either. The crowd of the first seed
 * comes last: when it shows, those of the others are there.
 */
TEST(values_made_to_collide_under_every_seed_are_given_up)
{
    enum {
        EACH = 300,
        COUNT = 12 * EACH,
    };
    static const uint64_t innocent[] = {1, 2, 3};
    static uint64_t values[COUNT];
    static uint32_t room[COUNT];
    struct rg_dict_table table = {0};
    struct rg_dict_union u;
    struct rg_dict_map map;
    struct fixture f;
    bool fits;

    for (uint64_t i = 0; i < COUNT; i++) {
        const uint64_t seed = (COUNT - 1 - i) / EACH * UINT64_C(0xa0761d6478bd642f);

        values[i] = value_with_hash(i << 40 | 77) ^ seed;
    }
    set_up(t, &f, RG_TYPE_INT64, 0);
    rg_dict_union_init(&u, &f.bench, sizeof innocent + sizeof values);
    fill(t, &f, &table, SPAN(innocent), 3);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits);

    fill(t, &f, &table, SPAN(values), COUNT);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(!fits && u.is_crowded);
    CHECK_U64(u.entry_count, 3);
    CHECK_U64(u.plain_bytes, sizeof innocent);
    CHECK(memcmp(u.plain, innocent, sizeof innocent) == 0);

    /* It is given up for others too, until it begins anew. */
    fill(t, &f, &table, SPAN(innocent), 3);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(!fits);
    CHECK_U64(u.entry_count, 3);
    rg_dict_union_reset(&u);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits && map.is_identity);
    tear_down(&f);
}

/* Strings whose hashes agree in the bits that slots are found by. */
static uint32_t draw_colliding(uint8_t *plain, uint32_t count, uint32_t mask)
{
    uint32_t at = 0;

    for (uint32_t i = 0, number = 0; i < count; number++) {
        const uint32_t length = sizeof number;

        memcpy(plain + at, &length, sizeof length);
        memcpy(plain + at + 4, &number, sizeof number);
        if ((rg_hash_fast((struct rg_span){plain + at, 8}) & mask) != 77)
            continue;
        at += 8;
        i++;
    }
    return at;
}

TEST(strings_made_to_collide_do_no_harm)
{
    enum {
        COUNT = 900,
    };
    static uint8_t plain[COUNT * 8 + 8];
    static uint32_t room[COUNT];
    struct rg_dict_table table = {0};
    struct rg_dict_union u;
    struct rg_dict_map map;
    struct fixture f;
    bool fits;

    set_up(t, &f, RG_TYPE_BYTE_ARRAY, 0);
    rg_dict_union_init(&u, &f.bench, sizeof plain);
    fill(t, &f, &table, (struct rg_span){plain, draw_colliding(plain, COUNT, 2047)}, COUNT);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits && map.is_identity);
    CHECK_U64(u.seed_count, 1);
    CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
    CHECK(fits && map.is_identity && !map.has_additions);
    tear_down(&f);
}

/* The union as an array that is searched from its beginning. */
struct model {
    struct rg_span entries[4096];
    uint32_t count;
    size_t bytes;
};

static uint32_t model_add(struct model *model, struct rg_span entry)
{
    for (uint32_t i = 0; i < model->count; i++) {
        if (rg_span_equal(model->entries[i], entry))
            return i;
    }
    model->entries[model->count] = entry;
    model->bytes += entry.bytes;
    return model->count++;
}

static struct rg_span draw_page(struct test *t, struct fixture *f, struct choices *c,
                                uint32_t *ret_count)
{
    const bool are_strings = f->bench.leaf->type == RG_TYPE_BYTE_ARRAY;
    const uint32_t count = choose(c, choose_bool(c) ? 10 : ENTRIES_MAX);
    uint8_t *bytes = rg_arena_alloc(&f->keep, 64 * (size_t)count);
    size_t at = 0;

    CHECK_MEMORY(bytes);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = choose(c, 600);

        if (are_strings) {
            const uint32_t length = value % 30;

            memcpy(bytes + at, &length, 4);
            memset(bytes + at + 4, (int)('a' + value % 7), length);
            at += 4 + length;
        } else {
            memset(bytes + at, 0, f->bench.leaf->type_length == 0 ? 8 : 3);
            memcpy(bytes + at, &value, 3);
            at += rg_plain_bytes(f->bench.leaf);
        }
    }
    *ret_count = count;
    return (struct rg_span){bytes, at};
}

static void property_the_union_is_what_a_search_would_make(struct test *t, struct choices *c)
{
    static const struct {
        enum rg_type type;
        int32_t type_length;
    } types[] = {{RG_TYPE_INT64, 0},
                 {RG_TYPE_INT32, 0},
                 {RG_TYPE_BYTE_ARRAY, 0},
                 {RG_TYPE_FIXED_LEN_BYTE_ARRAY, 3}};
    static struct model model;
    static struct model before;
    const uint32_t at = choose(c, 3);
    struct rg_dict_table table = {0};
    struct rg_dict_union u;
    struct rg_dict_map map;
    struct fixture f;
    uint32_t room[ENTRIES_MAX];
    uint32_t count;
    bool fits;

    memset(&model, 0, sizeof model);
    set_up(t, &f, types[at].type, types[at].type_length);
    rg_dict_union_init(&u, &f.bench, 50 + choose(c, 5000));
    for (uint32_t page = choose(c, 6); page > 0; page--) {
        const struct rg_span plain = draw_page(t, &f, c, &count);

        fill(t, &f, &table, plain, count);
        CHECK_OK(rg_dict_union_add(&u, &table, room, &fits, &map, &t->err));
        before = model;
        bool is_identity = true;
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t wanted = model_add(&model, rg_dict_table_entry(&table, i));

            if (fits)
                CHECK_U64(room[i], wanted);
            is_identity = is_identity && wanted == i;
        }
        CHECK(fits == (model.bytes <= u.plain_bytes_max));
        if (fits)
            CHECK(map.is_identity == is_identity);
        else
            model = before;
        CHECK_U64(u.entry_count, model.count);
        CHECK_U64(u.plain_bytes, model.bytes);
    }
    tear_down(&f);
}

TEST(the_union_is_what_a_search_would_make)
{
    test_property(t, "the union is what a search would make", 400,
                  property_the_union_is_what_a_search_would_make);
}

TEST(dictionaries_that_lie_are_refused)
{
    static const struct {
        const char *about;
        uint8_t bytes[16];
        size_t count;
        uint32_t entry_count;
        const char *text;
    } rows[] = {
        {"half a prefix", {1, 0, 0}, 3, 1, "ends at entry 0 of 1"},
        {"length past the end", {255, 255, 255, 255, 'a'}, 5, 1, "ends at entry 0 of 1"},
        {"one too few", {1, 0, 0, 0, 'a'}, 5, 2, "ends at entry 1 of 2"},
    };
    struct rg_dict_table table = {0};
    struct fixture f;

    set_up(t, &f, RG_TYPE_BYTE_ARRAY, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_span plain = {rows[i].bytes, rows[i].count};

        CHECK_ERROR(rg_dict_table_fill(&table, &f.bench, plain, rows[i].entry_count, &t->err),
                    RG_ERR_CORRUPT, rows[i].text);
    }
    tear_down(&f);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"new_entries_come_behind_the_old", new_entries_come_behind_the_old},
        {"refusal_leaves_no_trace", refusal_leaves_no_trace},
        {"more_entries_than_there_are_slots_are_refused",
         more_entries_than_there_are_slots_are_refused},
        {"twins_become_one", twins_become_one},
        {"values_made_to_collide_do_no_harm", values_made_to_collide_do_no_harm},
        {"values_made_to_collide_under_every_seed_are_given_up",
         values_made_to_collide_under_every_seed_are_given_up},
        {"strings_made_to_collide_do_no_harm", strings_made_to_collide_do_no_harm},
        {"the_union_is_what_a_search_would_make", the_union_is_what_a_search_would_make},
        {"dictionaries_that_lie_are_refused", dictionaries_that_lie_are_refused},
    };

    return test_main("stitch/dict_union", cases, sizeof cases / sizeof cases[0], argc, argv);
}
