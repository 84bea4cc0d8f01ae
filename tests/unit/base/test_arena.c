/* SPDX-License-Identifier: Apache-2.0 */

#include "base/arena.h"

#include <string.h>

#include "support/test.h"

TEST(arrays_are_zeroed_and_aligned)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    uint8_t *bytes = rg_arena_array(&arena, 5, 3);
    CHECK_MEMORY(bytes);
    for (size_t i = 0; i < 15; i++)
        CHECK_U64(bytes[i], 0);
    CHECK_U64((uintptr_t)bytes % 16, 0);
    rg_arena_fini(&arena);
    rg_arena_fini(&arena);
}

TEST(cap_holds_and_is_an_answer)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, 10000);
    CHECK_MEMORY(rg_arena_alloc(&arena, 4000));
    CHECK(rg_arena_alloc(&arena, 9000) == NULL);
    CHECK(arena.bytes <= 10000);
    CHECK(rg_arena_array(&arena, SIZE_MAX / 2, 3) == NULL);
    CHECK(rg_arena_alloc(&arena, SIZE_MAX) == NULL);
    rg_arena_fini(&arena);
    CHECK_U64(arena.bytes, 0);
}

TEST(copies_end_in_nul)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const struct rg_span copy = rg_arena_copy(&arena, rg_span_of("abc"));
    CHECK_MEMORY(copy.data);
    CHECK_TEXT((const char *)copy.data, "abc");
    rg_arena_fini(&arena);
}

TEST(what_is_joined_stays_where_it_is)
{
    struct rg_arena arena;
    struct rg_arena other;

    for (unsigned i = 0; i < 2; i++) {
        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        rg_arena_init(&other, &t->allocator, SIZE_MAX);
        /* Into an empty one, and into one that has something. */
        const struct rg_span first =
            i == 0 ? rg_span_of("first") : rg_arena_copy(&arena, rg_span_of("first"));
        CHECK_MEMORY(first.data);
        const struct rg_span small = rg_arena_copy(&other, rg_span_of("small"));
        CHECK_MEMORY(small.data);
        CHECK_MEMORY(rg_arena_alloc(&other, 1 << 20));
        rg_arena_join(&arena, &other);
        CHECK_U64(other.bytes, 0);
        CHECK_U64(arena.bytes, t->live_bytes);
        rg_arena_join(&arena, &other);
        CHECK_MEMORY(rg_arena_alloc(&other, 10));
        rg_arena_fini(&other);
        CHECK_TEXT((const char *)small.data, "small");
        CHECK_TEXT((const char *)first.data, "first");
        rg_arena_fini(&arena);
        CHECK_U64(t->live_bytes, 0);
    }
}

static void objects_do_not_overlap(struct test *t, struct choices *c)
{
    struct rg_arena arena;
    uint8_t *objects[64];
    size_t sizes[64];
    const uint32_t count = choose(c, 63);

    rg_arena_init(&arena, &t->allocator, (size_t)1 << 24);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < count; i++) {
            sizes[i] = choose(c, choose_bool(c) ? 100 : 400000);
            objects[i] = rg_arena_alloc(&arena, sizes[i]);
            if (objects[i] == NULL)
                sizes[i] = 0;
            else
                memset(objects[i], (int)i, sizes[i]);
        }
        for (uint32_t i = 0; i < count; i++) {
            for (size_t at = 0; at < sizes[i]; at += 97)
                CHECK_U64(objects[i][at], i);
        }
        CHECK_U64(arena.bytes, t->live_bytes);
        rg_arena_reset(&arena);
    }
    rg_arena_fini(&arena);
}

TEST(many_objects)
{
    test_property(t, "objects_do_not_overlap", 300, objects_do_not_overlap);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"arrays_are_zeroed_and_aligned", arrays_are_zeroed_and_aligned},
        {"cap_holds_and_is_an_answer", cap_holds_and_is_an_answer},
        {"copies_end_in_nul", copies_end_in_nul},
        {"what_is_joined_stays_where_it_is", what_is_joined_stays_where_it_is},
        {"many_objects", many_objects},
    };

    return test_main("base/arena", cases, sizeof cases / sizeof cases[0], argc, argv);
}
