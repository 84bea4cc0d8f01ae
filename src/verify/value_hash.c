/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/value_hash.h"

#include "base/hash.h"

__extension__ typedef unsigned __int128 wide;

enum {
    PIECE_BYTES = RG_CONVERT_WIDTH_MAX * 4 /* Of values that are converted at a time. */
};

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

void rg_value_hash_converted(const struct rg_column_source *column, const struct rg_values *values,
                             uint64_t *ret_hashes)
{
    uint8_t room[PIECE_BYTES];
    const uint32_t piece_max = PIECE_BYTES / (column->to_width == 0 ? 1 : column->to_width);

    if (column->convert == RG_CONVERT_NONE) {
        rg_value_hash(values, ret_hashes);
        return;
    }
    for (uint32_t first = 0; first < values->count; first += piece_max) {
        const uint32_t left = values->count - first;
        const struct rg_values piece = {.count = left < piece_max ? left : piece_max,
                                        .width_bytes = column->to_width,
                                        .fixed = room};

        rg_convert_values(column->convert, column->is_integer, values, first, piece.count,
                          column->to_width, room);
        rg_value_hash(&piece, ret_hashes + first);
    }
}
