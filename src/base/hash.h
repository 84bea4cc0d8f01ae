/* SPDX-License-Identifier: Apache-2.0 */

/* xxHash, and its 128-bit form as 32 hexadecimal digits. */

#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/span.h"

/* XXH64 with seed 0: what Parquet's bloom filters demand. */
uint64_t rg_hash_xxh64(struct rg_span span);

/* XXH3, for tables in memory only; never stored. */
uint64_t rg_hash_fast(struct rg_span span);

/* The same, but another one for every seed; with seed 0, rg_hash_fast(). */
uint64_t rg_hash_seeded(struct rg_span span, uint64_t seed);

/*
 * The same, but another one in every process: nobody can make up names that meet in a table and
 * turn its constant time into a linear one. For tables in which places say nothing: an order of
 * output that came from them would differ from run to run.
 */
uint64_t rg_hash_name(struct rg_span name);

struct rg_hash128 {
    uint64_t high;
    uint64_t low;
};

/*
 * A running XXH3-128 over fields. Every field goes in with its length, so that ("ab", "c") and
 * ("a", "bc") differ. The result is stable: names and ledgers are made from it.
 */
struct rg_hasher {
    struct rg_hash128 state;
};

void rg_hasher_init(struct rg_hasher *hasher);
void rg_hasher_add(struct rg_hasher *hasher, struct rg_span field);
void rg_hasher_add_text(struct rg_hasher *hasher, const char *field);
void rg_hasher_add_u64(struct rg_hasher *hasher, uint64_t field);
struct rg_hash128 rg_hasher_result(const struct rg_hasher *hasher);

/* Lower-case hexadecimal digits of `value`, most significant first, and a NUL. */
void rg_hex_u64(uint64_t value, char ret_digits[17]);

#endif
