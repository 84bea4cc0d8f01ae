/* SPDX-License-Identifier: Apache-2.0 */

#include "base/hash.h"

#include "support/test.h"

TEST(xxh64_is_the_one_of_parquet)
{
    /* xxHash's own published value for the empty input with seed 0. */
    CHECK_U64(rg_hash_xxh64((struct rg_span){NULL, 0}), UINT64_C(0xef46db3751d8e999));
}

TEST(fields_keep_their_borders)
{
    struct rg_hasher a;
    struct rg_hasher b;

    rg_hasher_init(&a);
    rg_hasher_add_text(&a, "ab");
    rg_hasher_add_text(&a, "c");
    rg_hasher_init(&b);
    rg_hasher_add_text(&b, "a");
    rg_hasher_add_text(&b, "bc");
    CHECK(rg_hasher_result(&a).low != rg_hasher_result(&b).low);
    CHECK(rg_hasher_result(&a).high != rg_hasher_result(&b).high);
}

/* Names and ledgers on disk depend on this value: it may never change. */
TEST(result_is_stable)
{
    struct rg_hasher hasher;
    char digits[17];

    rg_hasher_init(&hasher);
    rg_hasher_add_text(&hasher, "regroup");
    rg_hasher_add_u64(&hasher, 42);
    rg_hex_u64(rg_hasher_result(&hasher).high, digits);
    CHECK_TEXT(digits, "b1d1ac680d55b290");
}

/* Names that all meet in a table under a hash that is known do not under this one. */
TEST(names_cannot_be_made_to_meet)
{
    enum {
        NAMES = 1000,
        PLACES = 4096
    };
    static bool is_taken[PLACES];
    uint32_t found = 0;
    uint32_t taken = 0;

    for (uint32_t i = 0; found < NAMES; i++) {
        const struct rg_span name = {(const uint8_t *)&i, sizeof i};

        if (rg_hash_fast(name) % PLACES != 77)
            continue;
        found++;
        bool *is_here = &is_taken[rg_hash_name(name) % PLACES];
        taken += !*is_here;
        *is_here = true;
        CHECK(rg_hash_name(name) == rg_hash_name(name));
    }
    /* 887 of 1,000 by chance, with a deviation of 9. */
    CHECK(taken > NAMES / 2);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"xxh64_is_the_one_of_parquet", xxh64_is_the_one_of_parquet},
        {"fields_keep_their_borders", fields_keep_their_borders},
        {"result_is_stable", result_is_stable},
        {"names_cannot_be_made_to_meet", names_cannot_be_made_to_meet},
    };

    return test_main("base/hash", cases, sizeof cases / sizeof cases[0], argc, argv);
}
