/* SPDX-License-Identifier: Apache-2.0 */

#include "base/hash.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t rg_hash_xxh64(struct rg_span span)
{
    return XXH64(span.data, span.bytes, 0);
}

uint64_t rg_hash_fast(struct rg_span span)
{
    return XXH3_64bits(span.data, span.bytes);
}

uint64_t rg_hash_seeded(struct rg_span span, uint64_t seed)
{
    return XXH3_64bits_withSeed(span.data, span.bytes, seed);
}

/* Written once: tables of one process may well have one seed, and none has to carry it along. */
static pthread_once_t is_seeded = PTHREAD_ONCE_INIT;
static uint64_t process_seed;

/* Where the system has no random bits, the place of a program in memory is not known either. */
static void seed_process(void)
{
    if (getrandom(&process_seed, sizeof process_seed, 0) != (ssize_t)sizeof process_seed)
        process_seed = (uint64_t)(uintptr_t)&process_seed;
}

uint64_t rg_hash_name(struct rg_span name)
{
    (void)pthread_once(&is_seeded, seed_process);
    return XXH3_64bits_withSeed(name.data, name.bytes, process_seed);
}

void rg_hasher_init(struct rg_hasher *hasher)
{
    *hasher = (struct rg_hasher){{0, 0}};
}

/*
 * The state after a field is the hash of (state before, length, hash of the field): every field is
 * bound to its place and its length. Written out in little-endian bytes, so that it is the same on
 * all machines.
 */
void rg_hasher_add(struct rg_hasher *hasher, struct rg_span field)
{
    const XXH128_hash_t of_field = XXH3_128bits(field.data, field.bytes);
    const uint64_t words[5] = {hasher->state.high, hasher->state.low, field.bytes, of_field.high64,
                               of_field.low64};
    uint8_t bytes[sizeof words];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(words[i / 8] >> (i % 8 * 8));
    const XXH128_hash_t mixed = XXH3_128bits(bytes, sizeof bytes);
    hasher->state = (struct rg_hash128){mixed.high64, mixed.low64};
}

void rg_hasher_add_text(struct rg_hasher *hasher, const char *field)
{
    rg_hasher_add(hasher, rg_span_of(field));
}

void rg_hasher_add_u64(struct rg_hasher *hasher, uint64_t field)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(field >> (i * 8));
    rg_hasher_add(hasher, (struct rg_span){bytes, sizeof bytes});
}

struct rg_hash128 rg_hasher_result(const struct rg_hasher *hasher)
{
    return hasher->state;
}

void rg_hex_u64(uint64_t value, char ret_digits[17])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < 16; i++)
        ret_digits[i] = digits[value >> (60 - i * 4) & 15];
    ret_digits[16] = '\0';
}
