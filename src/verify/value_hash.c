/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/value_hash.h"

#include "base/hash.h"

__extension__ typedef unsigned __int128 wide;

/* Random, without a meaning; the first is odd. */
static const uint64_t factor = UINT64_C(0xdb60e08461ac724f);
static const uint64_t salt = UINT64_C(0x9b5d8881aec3a953);

/* Both halves of a 128-bit product: every bit of the word counts for every bit of the result. */
static inline uint64_t mix(uint64_t word)
{
    const wide product = (wide)(word ^ salt) * factor;

    return ((uint64_t)product ^ (uint64_t)(product >> 64)) >> 4;
}

static void hash_u32(const uint8_t *fixed, uint32_t count, uint64_t *ret_hashes)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, fixed + (size_t)i * 4, sizeof word);
        ret_hashes[i] = mix(word);
    }
}

static void hash_u64(const uint8_t *fixed, uint32_t count, uint64_t *ret_hashes)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, fixed + (size_t)i * 8, sizeof word);
        ret_hashes[i] = mix(word);
    }
}

void rg_value_hash(const struct rg_values *values, uint64_t *ret_hashes)
{
    if (!values->is_variable && values->width_bytes == 4) {
        hash_u32(values->fixed, values->count, ret_hashes);
        return;
    }
    if (!values->is_variable && values->width_bytes == 8) {
        hash_u64(values->fixed, values->count, ret_hashes);
        return;
    }
    for (uint32_t i = 0; i < values->count; i++)
        ret_hashes[i] = rg_hash_fast(rg_values_at(values, i)) >> 4;
}
