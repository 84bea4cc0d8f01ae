/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A snappy body is its raw length and then elements that only look back, so that bodies can be
 * joined by adding the lengths and putting the elements one behind the other. That is only safe
 * when each body is sound by itself: a copy that looks back too far would find the bytes of the
 * body in front and yield wrong values in silence. Hence the elements of every body are checked;
 * and strings are looked at, so that every value lies inside its own body.
 *
 * Uncompressed values are spliced, too: nothing but the list of pieces is made of them.
 *
 * Levels of V1 pages lie under the same compression, in front of the values: the elements behind
 * them are used (snappy_cut.h).
 */

#include "stitch/values.h"

#include <string.h>

#include "base/limits.h"
#include "stitch/dict_table.h"
#include "stitch/snappy_cut.h"

static enum rg_status refuse_short(uint32_t got, uint32_t wanted, struct rg_error *err)
{
    return rg_fail(err, RG_ERR_CORRUPT, "page ends at value %u of %u", got, wanted);
}

static enum rg_status string_extent(struct rg_span plain, uint32_t value_count, size_t *ret_bytes,
                                    struct rg_error *err)
{
    size_t at = 0;

    for (uint32_t i = 0; i < value_count; i++) {
        uint32_t bytes;

        if (plain.bytes - at < sizeof bytes)
            return refuse_short(i, value_count, err);
        memcpy(&bytes, plain.data + at, sizeof bytes);
        at += sizeof bytes;
        if (bytes > plain.bytes - at)
            return refuse_short(i, value_count, err);
        at += bytes;
    }
    *ret_bytes = at;
    return RG_OK;
}

enum rg_status rg_plain_extent(const struct rg_leaf *leaf, struct rg_span plain,
                               uint32_t value_count, size_t *ret_bytes, struct rg_error *err)
{
    const uint32_t each = rg_plain_bytes(leaf);
    const size_t bytes =
        leaf->type == RG_TYPE_BOOLEAN ? ((size_t)value_count + 7) / 8 : (size_t)value_count * each;

    if (leaf->type == RG_TYPE_BYTE_ARRAY)
        return string_extent(plain, value_count, ret_bytes, err);
    if (bytes > plain.bytes)
        return refuse_short(each == 0 ? 0 : (uint32_t)(plain.bytes / each), value_count, err);
    *ret_bytes = bytes;
    return RG_OK;
}

/*
 * Splicing costs no codec, but a match never reaches into another source page: of 200 rows each,
 * pages of uuids are 4.8 % larger than compressed as one (issue 11). Who names a codec wants that.
 */
static bool can_splice(const struct rg_joiner *joiner, const struct rg_plain_values *values)
{
    const struct rg_bench *bench = joiner->bench;

    if (bench->codec == RG_CODEC_NONE)
        return values->codec == RG_CODEC_NONE && values->has_bounds;
    return !bench->is_codec_asked && !bench->is_small && values->is_compressed &&
           values->codec == RG_CODEC_SNAPPY && bench->codec == RG_CODEC_SNAPPY;
}

enum rg_join_kind rg_values_kind(const struct rg_joiner *joiner,
                                 const struct rg_plain_values *values)
{
    if (joiner->bench->leaf->type == RG_TYPE_BOOLEAN)
        return RG_JOIN_BITS;
    if (joiner->kind == RG_JOIN_VALUES)
        return RG_JOIN_VALUES;
    if (joiner->kind == RG_JOIN_SPLICED && values->has_bounds)
        return RG_JOIN_SPLICED;
    return can_splice(joiner, values) ? RG_JOIN_SPLICED : RG_JOIN_VALUES;
}

/* The body's elements behind its levels, as they lie there but for some at their beginning. */
static enum rg_status splice_as_it_is(struct rg_joiner *joiner,
                                      const struct rg_plain_values *values, struct rg_error *err)
{
    const uint32_t all_bytes = values->raw_bytes + (uint32_t)values->front.bytes;
    struct rg_buffer *head = &joiner->body;
    uint64_t raw_bytes = values->raw_bytes;
    struct rg_span tail;

    rg_buffer_reset(head);
    RG_TRY(rg_snappy_cut(values->body, all_bytes, values->front, head, &tail, err));
    RG_TRY(rg_buffer_check(head, "page", err));
    if (head->bytes > 0) {
        RG_TRY(rg_joiner_splice(joiner, rg_buffer_span(head), false, raw_bytes, err));
        raw_bytes = 0;
    }
    return tail.bytes == 0 ? RG_OK
                           : rg_joiner_splice(joiner, tail, values->is_lasting, raw_bytes, err);
}

/* The same of values that must be compressed first. */
static enum rg_status splice_packed(struct rg_joiner *joiner, struct rg_span raw,
                                    struct rg_error *err)
{
    struct rg_span body;
    size_t at = 0;

    RG_TRY(rg_bench_compress(joiner->bench, raw, &body, err));
    while (at < body.bytes && (body.data[at] & 128) != 0)
        at++;
    at += at < body.bytes;
    const struct rg_span elements = {body.data + at, body.bytes - at};
    return rg_joiner_splice(joiner, elements, false, raw.bytes, err);
}

static enum rg_status splice(struct rg_joiner *joiner, const struct rg_plain_values *values,
                             struct rg_span raw, bool is_whole, struct rg_error *err)
{
    const bool can_stay = can_splice(joiner, values);

    if (joiner->bench->codec == RG_CODEC_NONE)
        return rg_joiner_splice(joiner, raw, can_stay && values->is_lasting, raw.bytes, err);
    return can_stay && is_whole ? splice_as_it_is(joiner, values, err)
                                : splice_packed(joiner, raw, err);
}

/* Values that need not be seen: their bytes say how many there are. */
static bool may_stay_packed(const struct rg_joiner *joiner, const struct rg_plain_values *values)
{
    const uint64_t each = rg_plain_bytes(joiner->bench->leaf);

    return joiner->kind == RG_JOIN_SPLICED && joiner->bench->codec == RG_CODEC_SNAPPY &&
           can_splice(joiner, values) && each > 0 &&
           values->raw_bytes == values->value_count * each;
}

/* Appends `count` bits behind the present_count - count that are there. */
static void append_bits(struct rg_joiner *joiner, const uint8_t *bits, uint32_t count)
{
    const uint32_t shift = (joiner->present_count - count) % 8;
    const size_t bytes = ((size_t)count + 7) / 8;
    uint8_t *room = rg_buffer_reserve(&joiner->values, bytes + 1);

    if (room == NULL || count == 0)
        return;
    for (size_t i = 0; i < bytes; i++) {
        const uint32_t left = count - (uint32_t)i * 8;
        const uint8_t mask = left < 8 ? (uint8_t)((1U << left) - 1) : 255;
        const uint8_t byte = bits[i] & mask;

        if (shift == 0) {
            room[i] = byte;
        } else {
            room[(ptrdiff_t)i - 1] |= (uint8_t)(byte << shift);
            room[i] = (uint8_t)(byte >> (8 - shift));
        }
    }
    joiner->values.bytes = ((size_t)joiner->present_count + 7) / 8;
}

/* RLE booleans: a length, then runs of one bit (Encodings.md). */
static enum rg_status append_runs(struct rg_joiner *joiner, struct rg_span raw, uint32_t count,
                                  struct rg_error *err)
{
    const uint32_t before = joiner->present_count - count;
    struct rg_level_reader reader;
    uint32_t values[256];

    if (raw.bytes < 4)
        return refuse_short(0, count, err);
    raw.data += 4;
    raw.bytes -= 4;
    rg_level_reader_init(&reader, raw, 1, 1, count);
    joiner->present_count = before;
    for (uint32_t at = 0; at < count; at += 256) {
        const uint32_t step = count - at < 256 ? count - at : 256;
        uint8_t bits[32] = {0};

        RG_TRY(rg_level_read(&reader, step, values, err));
        for (uint32_t i = 0; i < step; i++)
            bits[i / 8] |= (uint8_t)(values[i] << i % 8);
        joiner->present_count += step;
        append_bits(joiner, bits, step);
    }
    return RG_OK;
}

/* The values decompressed. */
static enum rg_status unpack(struct rg_joiner *joiner, const struct rg_plain_values *values,
                             struct rg_span *ret_raw, struct rg_error *err)
{
    const size_t front_bytes = values->front.bytes;

    RG_TRY(rg_bench_decompress(joiner->bench, &joiner->bench->page, values->codec,
                               values->is_compressed, values->body,
                               values->raw_bytes + (uint32_t)front_bytes, ret_raw, err));
    ret_raw->data += front_bytes;
    ret_raw->bytes -= front_bytes;
    return RG_OK;
}

enum rg_status rg_values_move(struct rg_joiner *joiner, const struct rg_plain_values *values,
                              size_t *ret_extent, struct rg_error *err)
{
    struct rg_span raw;

    *ret_extent = values->raw_bytes;
    if (may_stay_packed(joiner, values))
        return splice_as_it_is(joiner, values, err);
    RG_TRY(unpack(joiner, values, &raw, err));
    if (values->encoding == RG_ENCODING_RLE) {
        *ret_extent = 0;
        RG_TRY(append_runs(joiner, raw, values->value_count, err));
        return rg_buffer_check(&joiner->values, "page", err);
    }
    RG_TRY(rg_plain_extent(joiner->bench->leaf, raw, values->value_count, ret_extent, err));
    const bool is_whole = *ret_extent == raw.bytes;
    raw.bytes = *ret_extent;
    if (joiner->kind == RG_JOIN_BITS) {
        append_bits(joiner, raw.data, values->value_count);
    } else if (joiner->kind == RG_JOIN_SPLICED) {
        return splice(joiner, values, raw, is_whole, err);
    } else {
        rg_buffer_append(&joiner->values, raw.data, raw.bytes);
        joiner->bench->moves.copied_bytes += raw.bytes;
    }
    return rg_buffer_check(&joiner->values, "page", err);
}
