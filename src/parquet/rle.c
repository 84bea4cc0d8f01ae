/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading is pulling runs; everything that decodes is a loop over them. Writing looks for repeats.
 *
 * Invariants of a reader:
 *
 *   (1) next <= end, and every run that was delivered lies in front of next.
 *   (2) The bytes of a packed run's values were checked to be there, so its kernels need no checks.
 *       The rest of the last group may be missing.
 *   (3) The value counts of delivered runs and values_left add up to the stream's count.
 */

#include "parquet/rle.h"

#include <assert.h>
#include <string.h>

#include "parquet/bit_pack.h"

enum {
    GROUP = 8,
    PACKED_RUN_VALUES_MAX = 256, /* Longer ones are slower to read (measured). */
    BATCH = 1024,
    SHORT_RUN = 32,
};

void rg_run_reader_init(struct rg_run_reader *reader, struct rg_span bytes, uint32_t width,
                        uint32_t value_count)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *data = bytes.data != NULL ? bytes.data : nothing;

    *reader = (struct rg_run_reader){data, data + bytes.bytes, width, value_count};
}

/* A run's header: ULEB128 of at most 32 bits. */
static enum rg_status read_header(struct rg_run_reader *reader, uint32_t *ret_header,
                                  struct rg_error *err)
{
    uint64_t header = 0;

    for (uint32_t shift = 0; shift < 35; shift += 7) {
        if (reader->next == reader->end)
            return rg_fail(err, RG_ERR_CORRUPT, "runs end with %u values to come",
                           reader->values_left);
        const uint8_t byte = *reader->next++;
        header |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            if (header > UINT32_MAX)
                break;
            *ret_header = (uint32_t)header;
            return RG_OK;
        }
    }
    return rg_fail(err, RG_ERR_CORRUPT, "run header of more than 32 bits");
}

static size_t bytes_of(uint32_t value_count, uint32_t width)
{
    return ((size_t)value_count * width + 7) / 8;
}

static enum rg_status read_packed(struct rg_run_reader *reader, uint32_t group_count,
                                  struct rg_run *ret_run, struct rg_error *err)
{
    const uint64_t values = (uint64_t)group_count * GROUP;
    const uint64_t left = (uint64_t)(reader->end - reader->next);
    /* What follows the last value is padding and need not be there: Impala leaves it out. */
    const uint32_t count = values < reader->values_left ? (uint32_t)values : reader->values_left;
    const uint64_t needed = bytes_of(count, reader->width);

    if (group_count == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "bit-packed run of 0 groups");
    if (needed > left)
        return rg_fail(err, RG_ERR_CORRUPT, "bit-packed run of %llu bytes where %llu are left",
                       (unsigned long long)needed, (unsigned long long)left);
    *ret_run = (struct rg_run){.is_packed = true, .value_count = count, .packed = reader->next};
    const uint64_t whole = (uint64_t)group_count * reader->width;
    reader->next += whole < left ? whole : left;
    return RG_OK;
}

static enum rg_status read_repeated(struct rg_run_reader *reader, uint32_t value_count,
                                    struct rg_run *ret_run, struct rg_error *err)
{
    const size_t bytes = (reader->width + 7) / 8;
    uint32_t value = 0;

    if (value_count == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "repeated run of 0 values");
    if ((size_t)(reader->end - reader->next) < bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "runs end inside the value of a repeated run");
    memcpy(&value, reader->next, bytes);
    if (reader->width < 32 && value >> reader->width != 0)
        return rg_fail(err, RG_ERR_CORRUPT, "repeated value %u does not fit %u bits", value,
                       reader->width);
    reader->next += bytes;
    *ret_run = (struct rg_run){
        .value = value,
        .value_count = value_count < reader->values_left ? value_count : reader->values_left,
    };
    return RG_OK;
}

enum rg_status rg_run_next(struct rg_run_reader *reader, struct rg_run *ret_run, bool *ret_is_end,
                           struct rg_error *err)
{
    uint32_t header = 0;

    *ret_is_end = reader->values_left == 0;
    if (*ret_is_end)
        return RG_OK;
    RG_TRY(read_header(reader, &header, err));
    if ((header & 1) != 0)
        RG_TRY(read_packed(reader, header >> 1, ret_run, err));
    else
        RG_TRY(read_repeated(reader, header >> 1, ret_run, err));
    reader->values_left -= ret_run->value_count;
    return RG_OK;
}

/* The first `value_count` values of a group that may end behind them. */
static void unpack_partial(const uint8_t *packed, uint32_t width, uint32_t value_count,
                           uint32_t group[GROUP])
{
    uint8_t copy[32] = {0};

    memcpy(copy, packed, bytes_of(value_count, width));
    rg_unpack_groups(copy, width, 1, group);
}

void rg_unpack(const uint8_t *packed, uint32_t width, uint32_t first, uint32_t count,
               uint32_t *ret_values)
{
    uint32_t group[GROUP];
    const uint8_t *next = packed + (size_t)(first / GROUP) * width;
    const uint32_t skipped = first % GROUP;

    if (skipped > 0 && count > 0) {
        const uint32_t here = GROUP - skipped < count ? GROUP - skipped : count;

        unpack_partial(next, width, skipped + here, group);
        memcpy(ret_values, group + skipped, here * sizeof *group);
        next += width;
        ret_values += here;
        count -= here;
    }
    const size_t whole = count / GROUP;
    rg_unpack_groups(next, width, whole, ret_values);
    const size_t rest = count % GROUP;
    if (rest > 0) {
        unpack_partial(next + whole * width, width, (uint32_t)rest, group);
        memcpy(ret_values + whole * GROUP, group, rest * sizeof *group);
    }
}

void rg_rle_decoder_init(struct rg_rle_decoder *decoder, struct rg_span bytes, uint32_t width,
                         uint32_t value_count)
{
    *decoder = (struct rg_rle_decoder){.used = 0};
    rg_run_reader_init(&decoder->reader, bytes, width, value_count);
}

/*
 * The next run where nothing is special: a header of one byte, all of the run there and wanted.
 * False: rg_run_next() must look. Streams with nulls here and there have a run for every few
 * values.
 */
static inline bool take_plain_run(struct rg_rle_decoder *decoder)
{
    struct rg_run_reader *reader = &decoder->reader;
    const uint8_t *next = reader->next;
    const size_t left = (size_t)(reader->end - next);

    if (left < 1 + sizeof(uint32_t) || next[0] >= 0x80 || next[0] < 2 || reader->width > 8)
        return false;
    const uint32_t count = next[0] >> 1;
    if ((next[0] & 1) != 0) {
        const size_t bytes = (size_t)count * reader->width;

        if (bytes >= left || count * GROUP > reader->values_left)
            return false;
        decoder->run =
            (struct rg_run){.is_packed = true, .value_count = count * GROUP, .packed = next + 1};
        reader->next = next + 1 + bytes;
    } else {
        const size_t bytes = (reader->width + 7) / 8;
        const uint32_t value = bytes == 0 ? 0 : next[1];

        if (count > reader->values_left || value >> reader->width != 0)
            return false;
        decoder->run = (struct rg_run){.value_count = count, .value = value};
        reader->next = next + 1 + bytes;
    }
    reader->values_left -= decoder->run.value_count;
    decoder->used = 0;
    return true;
}

/* Makes sure that a run with values left is under way, and tells how many of `count` it has. */
static enum rg_status advance(struct rg_rle_decoder *decoder, uint32_t count, uint32_t *ret_here,
                              struct rg_error *err)
{
    bool is_end = false;

    if (decoder->used == decoder->run.value_count && !take_plain_run(decoder)) {
        RG_TRY(rg_run_next(&decoder->reader, &decoder->run, &is_end, err));
        if (is_end)
            return rg_fail(err, RG_ERR_CORRUPT, "%u values more than the stream has", count);
        decoder->used = 0;
    }
    const uint32_t left = decoder->run.value_count - decoder->used;
    *ret_here = left < count ? left : count;
    return RG_OK;
}

enum rg_status rg_rle_decoder_next(struct rg_rle_decoder *decoder, uint32_t count,
                                   uint32_t *ret_values, struct rg_error *err)
{
    const struct rg_run *run = &decoder->run;

    while (count > 0) {
        uint32_t here = 0;

        RG_TRY(advance(decoder, count, &here, err));
        if (run->is_packed) {
            rg_unpack(run->packed, decoder->reader.width, decoder->used, here, ret_values);
        } else {
            const uint32_t value = run->value;
            for (uint32_t i = 0; i < here; i++)
                ret_values[i] = value;
        }
        decoder->used += here;
        ret_values += here;
        count -= here;
    }
    return RG_OK;
}

static void unpack_partial_u8(const uint8_t *packed, uint32_t width, uint32_t value_count,
                              uint8_t group[GROUP])
{
    uint8_t copy[GROUP] = {0};

    memcpy(copy, packed, bytes_of(value_count, width));
    rg_unpack_groups_u8(copy, width, 1, group);
}

/* Values first .. first + count of a packed run to bytes, of width 0 to 8. */
static void unpack_u8(const uint8_t *packed, uint32_t width, uint32_t first, uint32_t count,
                      uint8_t *ret_values)
{
    uint8_t group[GROUP];
    const uint8_t *next = packed + (size_t)(first / GROUP) * width;
    const uint32_t skipped = first % GROUP;

    if (skipped > 0 && count > 0) {
        const uint32_t here = GROUP - skipped < count ? GROUP - skipped : count;

        unpack_partial_u8(next, width, skipped + here, group);
        memcpy(ret_values, group + skipped, here);
        next += width;
        ret_values += here;
        count -= here;
    }
    const size_t whole = count / GROUP;
    rg_unpack_groups_u8(next, width, whole, ret_values);
    const size_t rest = count % GROUP;
    if (rest > 0) {
        unpack_partial_u8(next + whole * width, width, (uint32_t)rest, group);
        memcpy(ret_values + whole * GROUP, group, rest);
    }
}

/* `count` times the same byte; there is room for `room` of them, and the rest may be spoilt. */
static inline void fill_u8(uint8_t *bytes, uint8_t value, uint32_t count, uint32_t room)
{
    const uint64_t word = value * UINT64_C(0x0101010101010101);

    if (count > SHORT_RUN || room < SHORT_RUN) {
        memset(bytes, value, count);
        return;
    }
    for (uint32_t i = 0; i < SHORT_RUN; i += (uint32_t)sizeof word)
        memcpy(bytes + i, &word, sizeof word);
}

enum rg_status rg_rle_decoder_next_u8(struct rg_rle_decoder *decoder, uint32_t count,
                                      uint8_t *ret_values, struct rg_error *err)
{
    const struct rg_run *run = &decoder->run;

    assert(decoder->reader.width <= 8);
    while (count > 0) {
        uint32_t here = 0;

        RG_TRY(advance(decoder, count, &here, err));
        if (run->is_packed)
            unpack_u8(run->packed, decoder->reader.width, decoder->used, here, ret_values);
        else
            fill_u8(ret_values, (uint8_t)run->value, here, count);
        decoder->used += here;
        ret_values += here;
        count -= here;
    }
    return RG_OK;
}

enum rg_status rg_rle_decode(struct rg_span bytes, uint32_t width, uint32_t value_count,
                             uint32_t *ret_values, struct rg_error *err)
{
    struct rg_rle_decoder decoder;

    rg_rle_decoder_init(&decoder, bytes, width, value_count);
    return rg_rle_decoder_next(&decoder, value_count, ret_values, err);
}

enum rg_status rg_rle_decode_u8(struct rg_span bytes, uint32_t width, uint32_t value_count,
                                uint8_t *ret_values, struct rg_error *err)
{
    struct rg_rle_decoder decoder;

    rg_rle_decoder_init(&decoder, bytes, width, value_count);
    return rg_rle_decoder_next_u8(&decoder, value_count, ret_values, err);
}

static void append_uleb128(uint32_t value, struct rg_buffer *out)
{
    while (value >= 0x80) {
        rg_buffer_append_byte(out, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    rg_buffer_append_byte(out, (uint8_t)value);
}

void rg_rle_emit_run(uint32_t value, uint32_t count, uint32_t width, struct rg_buffer *out)
{
    assert(count <= INT32_MAX && rg_bit_width(value) <= width);
    append_uleb128(count << 1, out);
    rg_buffer_append(out, &value, (width + 7) / 8);
}

/* Bit-packed runs; only the last call for a stream may leave a group incomplete. */
static void emit_packed(const uint32_t *values, uint32_t value_count, uint32_t width,
                        struct rg_buffer *out)
{
    while (value_count > 0) {
        const uint32_t count =
            value_count < PACKED_RUN_VALUES_MAX ? value_count : PACKED_RUN_VALUES_MAX;
        const uint32_t whole = count / GROUP;
        const uint32_t rest = count % GROUP;
        const size_t bytes = (size_t)(whole + (rest > 0)) * width;

        append_uleb128((whole + (rest > 0)) << 1 | 1, out);
        uint8_t *room = rg_buffer_reserve(out, bytes);
        if (room == NULL)
            return;
        rg_pack_groups(values, width, whole, room);
        if (rest > 0) {
            uint32_t group[GROUP] = {0};

            memcpy(group, values + (size_t)whole * GROUP, rest * sizeof *group);
            rg_pack_groups(group, width, 1, room + (size_t)whole * width);
        }
        out->bytes += bytes;
        values += count;
        value_count -= count;
    }
}

void rg_rle_encode(const uint32_t *values, uint32_t value_count, uint32_t width,
                   uint32_t repeat_min, struct rg_buffer *out)
{
    uint32_t pending = 0; /* First value that was not written yet. */
    uint32_t at = 0;

    while (at < value_count) {
        uint32_t end = at + 1;
        while (end < value_count && values[end] == values[at])
            end++;
        /* What is packed in front of a repeated run must be whole groups: it takes what it lacks
         * from the repeats. */
        const uint32_t lacking = (GROUP - (at - pending) % GROUP) % GROUP;
        const bool is_worth_it = end - at >= lacking && end - at - lacking >= repeat_min;
        if (is_worth_it && end - at > lacking) {
            const uint32_t begin = at + lacking;

            emit_packed(values + pending, begin - pending, width, out);
            rg_rle_emit_run(values[at], end - begin, width, out);
            pending = end;
        }
        at = end;
    }
    emit_packed(values + pending, value_count - pending, width, out);
}

/* How many bits are set among the first `count`. */
static uint32_t count_ones(const uint8_t *bytes, uint32_t count)
{
    uint32_t ones = 0;

    for (; count >= 64; count -= 64, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        ones += (uint32_t)__builtin_popcountll(word);
    }
    for (; count >= 8; count -= 8, bytes++)
        ones += (uint32_t)__builtin_popcount(*bytes);
    if (count > 0)
        ones += (uint32_t)__builtin_popcount(*bytes & ((1u << count) - 1));
    return ones;
}

/* How many values of a packed run equal `level`. */
static uint32_t count_packed(const struct rg_run *run, uint32_t width, uint32_t level)
{
    uint32_t batch[BATCH];
    uint32_t count = 0;

    if (width == 1) {
        const uint32_t ones = count_ones(run->packed, run->value_count);
        return level == 1 ? ones : level == 0 ? run->value_count - ones : 0;
    }
    for (uint32_t first = 0; first < run->value_count; first += BATCH) {
        const uint32_t left = run->value_count - first;
        const uint32_t here = left < BATCH ? left : BATCH;

        rg_unpack(run->packed, width, first, here, batch);
        for (uint32_t i = 0; i < here; i++)
            count += batch[i] == level;
    }
    return count;
}

enum rg_status rg_rle_count_equal(struct rg_span bytes, uint32_t width, uint32_t value_count,
                                  uint32_t level, uint32_t *ret_count, struct rg_error *err)
{
    struct rg_rle_decoder decoder;
    const struct rg_run *run = &decoder.run;
    uint32_t count = 0;

    rg_rle_decoder_init(&decoder, bytes, width, value_count);
    for (uint32_t left = value_count; left > 0; left -= run->value_count) {
        uint32_t here = 0;

        RG_TRY(advance(&decoder, left, &here, err));
        if (run->is_packed)
            count += count_packed(run, width, level);
        else if (run->value == level)
            count += run->value_count;
        decoder.used = run->value_count;
    }
    *ret_count = count;
    return RG_OK;
}
