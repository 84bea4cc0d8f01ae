/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/hash_set.h"

#include "support/test.h"

static void set_up(struct test *t, struct rg_arena *arena, struct rg_hash_set *set, uint32_t count)
{
    rg_arena_init(arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_hash_set_init(set, arena, count, &t->err));
}

static bool is_in(const struct rg_hash_set *set, uint64_t hash)
{
    uint64_t slots[16] = {0};
    struct rg_hash_set one = {slots, 16, 0};

    rg_hash_set_add(&one, hash);
    return rg_hash_set_shared_count(&one, set) == 1;
}

/* Any hash; neighbours differ in all bits. */
static uint64_t hash_of(uint64_t number)
{
    return (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

TEST(what_two_sets_share_is_counted)
{
    struct rg_arena arenas[2];
    struct rg_hash_set sets[2];

    set_up(t, &arenas[0], &sets[0], 1000);
    set_up(t, &arenas[1], &sets[1], 3000);
    for (uint64_t i = 0; i < 1000; i++) {
        rg_hash_set_add(&sets[0], hash_of(i));
        rg_hash_set_add(&sets[0], hash_of(i / 2));
    }
    for (uint64_t i = 700; i < 3700; i++)
        rg_hash_set_add(&sets[1], hash_of(i));
    CHECK_U64(sets[0].count, 1000);
    CHECK_U64(sets[1].count, 3000);
    CHECK_U64(rg_hash_set_shared_count(&sets[0], &sets[1]), 300);
    CHECK_U64(rg_hash_set_shared_count(&sets[1], &sets[0]), 300);
    rg_arena_fini(&arenas[0]);
    rg_arena_fini(&arenas[1]);
}

TEST(it_is_full_when_half_of_it_is)
{
    struct rg_hash_set set;
    struct rg_arena arena;
    uint64_t added = 0;

    set_up(t, &arena, &set, 9);
    for (; !rg_hash_set_is_full(&set); added++)
        rg_hash_set_add(&set, hash_of(added));
    CHECK_U64(added, 16);
    rg_arena_fini(&arena);
}

/* Hashes that all begin at one slot: there is room for some of them, and probes stay short. */
TEST(crowds_are_left_out)
{
    struct rg_hash_set set;
    struct rg_arena arena;

    set_up(t, &arena, &set, 5000);
    for (uint64_t i = 1; i <= 5000; i++)
        rg_hash_set_add(&set, i << 40 | 77);
    CHECK_U64(set.count, 257);
    CHECK(is_in(&set, UINT64_C(257) << 40 | 77));
    CHECK(!is_in(&set, UINT64_C(258) << 40 | 77));
    CHECK(!rg_hash_set_is_full(&set));
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"what_two_sets_share_is_counted", what_two_sets_share_is_counted},
        {"it_is_full_when_half_of_it_is", it_is_full_when_half_of_it_is},
        {"crowds_are_left_out", crowds_are_left_out},
    };

    return test_main("stitch/hash_set", cases, sizeof cases / sizeof cases[0], argc, argv);
}
