/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Values are summed in 64 bits and cut to 4 bytes on delivery where the type is INT32; that is the
 * same as wrapping at 32 bits all along.
 *
 * Invariants of a decoder:
 *
 *   (1) mini_index < mini_count: `mini` points to the packed bytes of a miniblock, and the bytes of
 *       the values still wanted from it were checked to be there.
 *   (2) mini_used < mini_values. Where a caller's count cut a group of 8, the group is unpacked
 *       again for the rest.
 *
 * A hostile header cannot make us work more than the bytes and the caller's counts allow: blocks
 * are only entered for values that are wanted, and each block has a byte at least.
 */

#include "parquet/encoding/delta.h"

#include <assert.h>

#include "base/limits.h"
#include "parquet/bit_pack.h"

enum {
    GROUP = 8,
    PIECE = 64, /* Values unpacked at a time. */
    ENCODED_BLOCK = 128,
    ENCODED_MINIS = 4,
    ENCODED_MINI = ENCODED_BLOCK / ENCODED_MINIS,
    VARINT_BYTES_MAX = 10,
};

static enum rg_status read_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret_value,
                                  struct rg_error *err)
{
    uint64_t value = 0;

    for (uint32_t shift = 0; shift < 64; shift += 7) {
        if (*at == end)
            return rg_fail(err, RG_ERR_CORRUPT, "delta stream ends inside a number");
        const uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return RG_OK;
        }
    }
    return rg_fail(err, RG_ERR_CORRUPT, "delta stream has a number of more than 64 bits");
}

static uint64_t undo_zigzag(uint64_t n)
{
    return n >> 1 ^ (0 - (n & 1));
}

enum rg_status rg_delta_decoder_init(struct rg_delta_decoder *decoder, uint32_t width_bytes,
                                     struct rg_span bytes, struct rg_error *err)
{
    uint64_t block_values = 0;
    uint64_t mini_count = 0;
    uint64_t value_count = 0;
    uint64_t first = 0;
    static const uint8_t nothing[1] = {0};
    const uint8_t *at = bytes.data != NULL ? bytes.data : nothing;
    const uint8_t *end = at + bytes.bytes;

    assert(width_bytes == 4 || width_bytes == 8);
    RG_TRY(read_varint(&at, end, &block_values, err));
    RG_TRY(read_varint(&at, end, &mini_count, err));
    RG_TRY(read_varint(&at, end, &value_count, err));
    RG_TRY(read_varint(&at, end, &first, err));
    if (block_values == 0 || block_values > INT32_MAX || mini_count == 0 ||
        block_values % mini_count != 0 || block_values / mini_count % GROUP != 0)
        return rg_fail(err, RG_ERR_CORRUPT, "delta blocks of %llu values in %llu miniblocks",
                       (unsigned long long)block_values, (unsigned long long)mini_count);
    if (value_count > rg_page_bytes_max)
        return rg_fail(err, RG_ERR_CORRUPT, "delta stream of %llu values",
                       (unsigned long long)value_count);
    *decoder = (struct rg_delta_decoder){
        .width_bytes = width_bytes,
        .block_values = (uint32_t)block_values,
        .mini_count = (uint32_t)mini_count,
        .mini_values = (uint32_t)(block_values / mini_count),
        .values_left = (uint32_t)value_count,
        .is_at_first = true,
        .last = undo_zigzag(first),
        .mini_index = (uint32_t)mini_count,
        .mini = at,
        .end = end,
    };
    return RG_OK;
}

/* Reads a block's header at `mini`; the widths of its miniblocks are not looked at. */
static enum rg_status enter_block(struct rg_delta_decoder *decoder, struct rg_error *err)
{
    const uint8_t *at = decoder->mini;
    uint64_t min_delta = 0;

    RG_TRY(read_varint(&at, decoder->end, &min_delta, err));
    if ((uint64_t)(decoder->end - at) < decoder->mini_count)
        return rg_fail(err, RG_ERR_CORRUPT, "delta stream ends inside the widths of a block");
    decoder->min_delta = undo_zigzag(min_delta);
    decoder->widths = at;
    decoder->mini = at + decoder->mini_count;
    decoder->mini_index = 0;
    decoder->mini_used = 0;
    return RG_OK;
}

/*
 * Makes (1) true for the miniblock that `mini` points to. Of the stream's last one only the groups
 * that hold values must be there: some writers leave the padding out.
 */
static enum rg_status check_mini(const struct rg_delta_decoder *decoder, struct rg_error *err)
{
    const uint32_t width = decoder->widths[decoder->mini_index];
    const uint32_t values =
        decoder->values_left < decoder->mini_values ? decoder->values_left : decoder->mini_values;
    const uint64_t bytes = ((uint64_t)values + GROUP - 1) / GROUP * width;
    const uint64_t left = (uint64_t)(decoder->end - decoder->mini);

    if (width > 64)
        return rg_fail(err, RG_ERR_CORRUPT, "delta miniblock of %u bits", width);
    if (bytes > left)
        return rg_fail(err, RG_ERR_CORRUPT, "delta miniblock of %llu bytes where %llu are left",
                       (unsigned long long)bytes, (unsigned long long)left);
    return RG_OK;
}

/* Behind the miniblock under way, or at the end of the bytes if its padding was left out. */
static void leave_mini(struct rg_delta_decoder *decoder)
{
    const uint64_t bytes =
        (uint64_t)decoder->mini_values / GROUP * decoder->widths[decoder->mini_index];
    const uint64_t left = (uint64_t)(decoder->end - decoder->mini);

    decoder->mini += bytes < left ? bytes : left;
    decoder->mini_index++;
    decoder->mini_used = 0;
}

/* Sums up `count` differences, and stores them as the type's values. */
static void sum_u32(struct rg_delta_decoder *decoder, const uint32_t *deltas, uint32_t count,
                    uint8_t *ret_values)
{
    const uint64_t min_delta = decoder->min_delta;
    uint64_t last = decoder->last;

    if (decoder->width_bytes == 4) {
        for (uint32_t i = 0; i < count; i++) {
            last += min_delta + deltas[i];
            const uint32_t value = (uint32_t)last;
            memcpy(ret_values + (size_t)i * 4, &value, 4);
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            last += min_delta + deltas[i];
            memcpy(ret_values + (size_t)i * 8, &last, 8);
        }
    }
    decoder->last = last;
}

static void sum_u64(struct rg_delta_decoder *decoder, const uint64_t *deltas, uint32_t count,
                    uint8_t *ret_values)
{
    const uint64_t min_delta = decoder->min_delta;
    uint64_t last = decoder->last;

    if (decoder->width_bytes == 4) {
        for (uint32_t i = 0; i < count; i++) {
            last += min_delta + deltas[i];
            const uint32_t value = (uint32_t)last;
            memcpy(ret_values + (size_t)i * 4, &value, 4);
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            last += min_delta + deltas[i];
            memcpy(ret_values + (size_t)i * 8, &last, 8);
        }
    }
    decoder->last = last;
}

/* Up to PIECE values of the miniblock under way; returns how many. */
static uint32_t next_piece(struct rg_delta_decoder *decoder, uint32_t count, uint8_t *ret_values)
{
    const uint32_t width = decoder->widths[decoder->mini_index];
    const uint32_t skipped = decoder->mini_used % GROUP;
    const uint8_t *packed = decoder->mini + (size_t)(decoder->mini_used / GROUP) * width;
    const uint32_t mini_left = decoder->mini_values - decoder->mini_used;
    uint32_t here = count < mini_left ? count : mini_left;

    here = here < PIECE - skipped ? here : PIECE - skipped;
    const size_t groups = (skipped + here + GROUP - 1) / GROUP;
    if (width <= 32) {
        uint32_t deltas[PIECE];

        rg_unpack_groups(packed, width, groups, deltas);
        sum_u32(decoder, deltas + skipped, here, ret_values);
    } else {
        uint64_t deltas[PIECE];

        rg_unpack_groups_u64(packed, width, groups, deltas);
        sum_u64(decoder, deltas + skipped, here, ret_values);
    }
    return here;
}

enum rg_status rg_delta_decoder_next(struct rg_delta_decoder *decoder, uint32_t count,
                                     uint8_t *ret_values, struct rg_error *err)
{
    if (count > decoder->values_left)
        return rg_fail(err, RG_ERR_CORRUPT, "delta stream has %u values where %u are wanted",
                       decoder->values_left, count);
    if (count > 0 && decoder->is_at_first) {
        memcpy(ret_values, &decoder->last, decoder->width_bytes);
        ret_values += decoder->width_bytes;
        decoder->is_at_first = false;
        decoder->values_left--;
        count--;
    }
    while (count > 0) {
        if (decoder->mini_index == decoder->mini_count)
            RG_TRY(enter_block(decoder, err));
        if (decoder->mini_used == 0)
            RG_TRY(check_mini(decoder, err));
        const uint32_t here = next_piece(decoder, count, ret_values);
        ret_values += (size_t)here * decoder->width_bytes;
        decoder->mini_used += here;
        decoder->values_left -= here;
        count -= here;
        if (decoder->mini_used == decoder->mini_values)
            leave_mini(decoder);
    }
    return RG_OK;
}

enum rg_status rg_delta_find_end(const struct rg_delta_decoder *decoder, const uint8_t **ret_end,
                                 struct rg_error *err)
{
    struct rg_delta_decoder walker = *decoder;

    assert(walker.is_at_first);
    if (walker.values_left > 0)
        walker.values_left--;
    while (walker.values_left > 0) {
        if (walker.mini_index == walker.mini_count)
            RG_TRY(enter_block(&walker, err));
        RG_TRY(check_mini(&walker, err));
        walker.values_left -=
            walker.values_left < walker.mini_values ? walker.values_left : walker.mini_values;
        leave_mini(&walker);
    }
    *ret_end = walker.mini;
    return RG_OK;
}

static void append_varint(uint64_t value, struct rg_buffer *out)
{
    uint8_t bytes[VARINT_BYTES_MAX];
    size_t count = 0;

    while (value >= 0x80) {
        bytes[count++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[count++] = (uint8_t)value;
    rg_buffer_append(out, bytes, count);
}

static void append_zigzag(int64_t value, struct rg_buffer *out)
{
    append_varint((uint64_t)value << 1 ^ (uint64_t)(value >> 63), out);
}

/* The value as a signed number; differences of INT32 wrap at 32 bits. */
static int64_t load(const uint8_t *values, uint32_t width_bytes, uint32_t index)
{
    if (width_bytes == 4) {
        int32_t value;
        memcpy(&value, values + (size_t)index * 4, 4);
        return value;
    }
    int64_t value;
    memcpy(&value, values + (size_t)index * 8, 8);
    return value;
}

static int64_t difference(int64_t a, int64_t b, uint32_t width_bytes)
{
    const uint64_t wide = (uint64_t)a - (uint64_t)b;

    return width_bytes == 4 ? (int32_t)(uint32_t)wide : (int64_t)wide;
}

static uint32_t width_of(uint64_t value)
{
    return value == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(value);
}

/* One block of `count` differences. Miniblocks without values have width 0 and no bytes. */
static void encode_block(const int64_t *deltas, uint32_t count, struct rg_buffer *out)
{
    uint64_t offsets[ENCODED_BLOCK] = {0};
    uint8_t widths[ENCODED_MINIS] = {0};
    int64_t min = deltas[0];

    for (uint32_t i = 1; i < count; i++)
        min = deltas[i] < min ? deltas[i] : min;
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = (uint64_t)deltas[i] - (uint64_t)min;
        const uint8_t width = (uint8_t)width_of(offsets[i]);
        if (width > widths[i / ENCODED_MINI])
            widths[i / ENCODED_MINI] = width;
    }
    append_zigzag(min, out);
    rg_buffer_append(out, widths, sizeof widths);
    for (uint32_t mini = 0; mini * ENCODED_MINI < count; mini++) {
        const size_t bytes = (size_t)widths[mini] * (ENCODED_MINI / GROUP);
        uint8_t *room = rg_buffer_reserve(out, bytes);

        if (room == NULL)
            return;
        rg_pack_groups_u64(offsets + (size_t)mini * ENCODED_MINI, widths[mini],
                           ENCODED_MINI / GROUP, room);
        out->bytes += bytes;
    }
}

void rg_delta_encode(const uint8_t *values, uint32_t width_bytes, uint32_t count,
                     struct rg_buffer *out)
{
    int64_t last = count == 0 ? 0 : load(values, width_bytes, 0);

    append_varint(ENCODED_BLOCK, out);
    append_varint(ENCODED_MINIS, out);
    append_varint(count, out);
    append_zigzag(last, out);
    for (uint32_t first = 1; first < count; first += ENCODED_BLOCK) {
        int64_t deltas[ENCODED_BLOCK] = {0};
        const uint32_t left = count - first;
        const uint32_t here = left < ENCODED_BLOCK ? left : ENCODED_BLOCK;

        for (uint32_t i = 0; i < here; i++) {
            const int64_t value = load(values, width_bytes, first + i);
            deltas[i] = difference(value, last, width_bytes);
            last = value;
        }
        encode_block(deltas, here, out);
    }
}
