/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A reader stands inside a run; a piece is taken from it in steps, each from one run. The writer
 * has three places where a level can be: `out`, the run in repeat_value/repeat_count, and, as the
 * last bytes of `out`, an open bit-packed run whose header still grows.
 *
 *   (1) reader.used <= reader.run.value_count; equal means that the next run is due.
 *   (2) open_groups is below 64, so that the header of the open run is one byte.
 *   (3) Bit-packed runs that the writer makes hold whole groups of 8; odd values go into repeated
 *       runs (Encodings.md allows any length from 1 on). So there is no padding inside a stream,
 *       which all readers would take for values.
 */

#include "stitch/levels.h"

#include <assert.h>
#include <string.h>

enum {
    BLOCK_VALUES = 256,   /* Decoded at a time. */
    OPEN_GROUPS_MAX = 63, /* (2) */
    REPEAT_MIN = 8,       /* Equal levels that are worth a run of their own. */
};

/* Not every processor has an instruction for it, and without it the compiler makes a call. */
static uint32_t count_ones(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

/*
 * The bits from `*at` on up to `end` or to the end of eight bytes, from bit 0 of the word on; *at
 * moves behind them. No byte is touched that has none of them.
 */
static uint64_t next_bits(const uint8_t *packed, uint64_t *at, uint64_t end, uint32_t *ret_count)
{
    const uint32_t skipped = *at % 8;
    const uint64_t left = end - *at;
    const uint32_t count = left < 64 - skipped ? (uint32_t)left : 64 - skipped;
    uint64_t word = 0;

    if (skipped + count > 56)
        memcpy(&word, packed + *at / 8, sizeof word);
    else
        memcpy(&word, packed + *at / 8, (skipped + count + 7) / 8);
    *at += count;
    *ret_count = count;
    word >>= skipped;
    return count < 64 ? word & ((UINT64_C(1) << count) - 1) : word;
}

/* Set bits among the first `count` bits from bit `first` on. */
static uint32_t count_bits(const uint8_t *packed, uint32_t first, uint32_t count)
{
    const uint64_t end = (uint64_t)first + count;
    uint32_t sum = 0;
    uint32_t step;

    for (uint64_t at = first; at < end;)
        sum += count_ones(next_bits(packed, &at, end, &step));
    return sum;
}

/* Pairs of bits that are `level` among the first `count` from pair `first` on. */
static uint32_t count_pairs(const uint8_t *packed, uint32_t first, uint32_t count, uint32_t level)
{
    const uint64_t low_bits = UINT64_C(0x5555555555555555);
    const uint64_t wanted = low_bits * level;
    const uint64_t end = 2 * ((uint64_t)first + count);
    uint32_t sum = 0;
    uint32_t step;

    for (uint64_t at = UINT64_C(2) * first; at < end;) {
        const uint64_t word = next_bits(packed, &at, end, &step) ^ wanted;
        const uint64_t here = step < 64 ? (UINT64_C(1) << step) - 1 : UINT64_MAX;

        sum += step / 2 - count_ones((word | word >> 1) & low_bits & here);
    }
    return sum;
}

static enum rg_status refuse_level(uint32_t level, uint32_t level_max, struct rg_error *err)
{
    return rg_fail(err, RG_ERR_CORRUPT, "level %u where at most %u is possible", level, level_max);
}

static enum rg_status add_values(const uint32_t *values, uint32_t count, uint32_t level_max,
                                 struct rg_level_sum *sum, struct rg_error *err)
{
    uint32_t highest = 0;

    for (uint32_t i = 0; i < count; i++) {
        sum->max_count += values[i] == level_max;
        sum->zero_count += values[i] == 0;
        highest = values[i] > highest ? values[i] : highest;
    }
    if (highest > level_max)
        return refuse_level(highest, level_max, err);
    return RG_OK;
}

/* Adds values first .. first + count of a bit-packed run to the sum. */
static enum rg_status add_packed(const struct rg_level_reader *reader, uint32_t first,
                                 uint32_t count, struct rg_level_sum *sum, struct rg_error *err)
{
    const uint8_t *packed = reader->run.packed;
    uint32_t values[BLOCK_VALUES];

    if (reader->width == 1) {
        const uint32_t ones = count_bits(packed, first, count);

        sum->max_count += ones;
        sum->zero_count += count - ones;
        return RG_OK;
    }
    if (reader->width == 2) {
        sum->max_count += count_pairs(packed, first, count, reader->level_max);
        sum->zero_count += count_pairs(packed, first, count, 0);
        if (reader->level_max == 2 && count_pairs(packed, first, count, 3) > 0)
            return refuse_level(3, 2, err);
        return RG_OK;
    }
    for (uint32_t done = 0; done < count; done += BLOCK_VALUES) {
        const uint32_t step = count - done < BLOCK_VALUES ? count - done : BLOCK_VALUES;

        rg_unpack(packed, reader->width, first + done, step, values);
        RG_TRY(add_values(values, step, reader->level_max, sum, err));
    }
    return RG_OK;
}

static enum rg_status add_repeated(uint32_t level, uint32_t count, uint32_t level_max,
                                   struct rg_level_sum *sum, struct rg_error *err)
{
    if (level > level_max)
        return refuse_level(level, level_max, err);
    if (level == level_max)
        sum->max_count += count;
    if (level == 0)
        sum->zero_count += count;
    return RG_OK;
}

void rg_level_reader_init(struct rg_level_reader *reader, struct rg_span stream, uint32_t width,
                          uint32_t level_max, uint32_t value_count)
{
    *reader = (struct rg_level_reader){.width = width, .level_max = level_max};
    rg_run_reader_init(&reader->runs, stream, width, value_count);
}

/* Makes the current run one with something left; a stream of width 0 is one run of zeros. */
static enum rg_status need_run(struct rg_level_reader *reader, struct rg_error *err)
{
    bool is_end = false;

    if (reader->used < reader->run.value_count)
        return RG_OK;
    reader->used = 0;
    if (reader->width == 0) {
        reader->run = (struct rg_run){.value_count = reader->runs.values_left};
        reader->runs.values_left = 0;
    } else {
        RG_TRY(rg_run_next(&reader->runs, &reader->run, &is_end, err));
    }
    if (is_end || reader->run.value_count == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "a stream of runs ends early");
    return RG_OK;
}

static uint32_t piece_of_run(const struct rg_level_reader *reader, uint32_t count)
{
    const uint32_t left = reader->run.value_count - reader->used;

    return left < count ? left : count;
}

enum rg_status rg_level_read(struct rg_level_reader *reader, uint32_t count, uint32_t *ret_values,
                             struct rg_error *err)
{
    while (count > 0) {
        RG_TRY(need_run(reader, err));
        const uint32_t piece = piece_of_run(reader, count);

        if (reader->run.is_packed) {
            rg_unpack(reader->run.packed, reader->width, reader->used, piece, ret_values);
        } else {
            for (uint32_t i = 0; i < piece; i++)
                ret_values[i] = reader->run.value;
        }
        reader->used += piece;
        ret_values += piece;
        count -= piece;
    }
    return RG_OK;
}

static uint32_t peek_level(const struct rg_level_reader *reader)
{
    uint32_t level;

    if (!reader->run.is_packed)
        return reader->run.value;
    rg_unpack(reader->run.packed, reader->width, reader->used, 1, &level);
    return level;
}

enum rg_status rg_levels_count(struct rg_span stream, uint32_t level_max, uint32_t value_count,
                               struct rg_level_sum *ret_sum, struct rg_error *err)
{
    struct rg_level_sum sum = {0};
    struct rg_level_reader reader;
    bool is_first = true;

    rg_level_reader_init(&reader, stream, rg_bit_width(level_max), level_max, value_count);
    while (value_count > 0) {
        RG_TRY(need_run(&reader, err));
        const uint32_t piece = piece_of_run(&reader, value_count);

        if (is_first)
            sum.first = peek_level(&reader);
        is_first = false;
        if (reader.run.is_packed)
            RG_TRY(add_packed(&reader, reader.used, piece, &sum, err));
        else
            RG_TRY(add_repeated(reader.run.value, piece, level_max, &sum, err));
        reader.used += piece;
        value_count -= piece;
    }
    *ret_sum = sum;
    return RG_OK;
}

void rg_level_writer_init(struct rg_level_writer *writer, const struct rg_allocator *allocator,
                          uint32_t level_max)
{
    *writer = (struct rg_level_writer){.width = rg_bit_width(level_max)};
    rg_buffer_init(&writer->out, allocator, INT32_MAX);
}

void rg_level_writer_reset(struct rg_level_writer *writer)
{
    rg_buffer_reset(&writer->out);
    writer->repeat_count = 0;
    writer->open_groups = 0;
}

static void flush_repeat(struct rg_level_writer *writer)
{
    if (writer->repeat_count == 0)
        return;
    if (writer->width > 0)
        rg_rle_emit_run(writer->repeat_value, writer->repeat_count, writer->width, &writer->out);
    writer->repeat_count = 0;
    writer->open_groups = 0;
}

void rg_level_writer_repeat(struct rg_level_writer *writer, uint32_t level, uint32_t count)
{
    if (count == 0)
        return;
    if (writer->repeat_count > 0 && writer->repeat_value == level &&
        count <= INT32_MAX - writer->repeat_count) {
        writer->repeat_count += count;
        return;
    }
    flush_repeat(writer);
    writer->repeat_value = level;
    writer->repeat_count = count;
}

static void append_varint(struct rg_buffer *out, uint32_t value)
{
    for (; value >= 128; value >>= 7)
        rg_buffer_append_byte(out, (uint8_t)(value | 128));
    rg_buffer_append_byte(out, (uint8_t)value);
}

/* Appends whole groups of 8 bit-packed values, to the open run where there is one with room. */
static void append_groups(struct rg_level_writer *writer, const uint8_t *packed, uint32_t groups)
{
    flush_repeat(writer);
    if (writer->open_groups > 0 && groups <= OPEN_GROUPS_MAX - writer->open_groups) {
        writer->open_groups += groups;
        if (!writer->out.failed)
            writer->out.data[writer->open_run_offset] = (uint8_t)(writer->open_groups << 1 | 1);
    } else {
        writer->open_run_offset = writer->out.bytes;
        writer->open_groups = groups <= OPEN_GROUPS_MAX ? groups : 0;
        append_varint(&writer->out, groups << 1 | 1);
    }
    rg_buffer_append(&writer->out, packed, (size_t)groups * writer->width);
}

static void append_packed(struct rg_level_writer *writer, const uint8_t *packed, uint32_t first,
                          uint32_t count)
{
    uint32_t odd[8];
    const uint32_t to_group = (8 - first % 8) % 8;
    const uint32_t head = to_group < count ? to_group : count;
    const uint32_t groups = (count - head) / 8;
    const uint32_t tail = (count - head) % 8;

    rg_unpack(packed, writer->width, first, head, odd);
    for (uint32_t i = 0; i < head; i++)
        rg_level_writer_repeat(writer, odd[i], 1);
    if (groups > 0)
        append_groups(writer, packed + (size_t)((first + head) / 8) * writer->width, groups);
    rg_unpack(packed, writer->width, first + head + groups * 8, tail, odd);
    for (uint32_t i = 0; i < tail; i++)
        rg_level_writer_repeat(writer, odd[i], 1);
}

void rg_level_writer_append(struct rg_level_writer *writer, const uint32_t *levels, uint32_t count)
{
    uint32_t at = 0;

    for (; count - at >= REPEAT_MIN; at += 8) {
        uint8_t packed[32] = {0};
        bool is_repeat = true;

        for (uint32_t i = 1; i < 8; i++)
            is_repeat = is_repeat && levels[at + i] == levels[at];
        if (is_repeat) {
            rg_level_writer_repeat(writer, levels[at], 8);
            continue;
        }
        for (uint32_t i = 0, bit = 0; i < 8; i++) {
            for (uint32_t b = 0; b < writer->width; b++, bit++)
                packed[bit / 8] |= (uint8_t)((levels[at + i] >> b & 1U) << bit % 8);
        }
        append_groups(writer, packed, 1);
    }
    for (; at < count; at++)
        rg_level_writer_repeat(writer, levels[at], 1);
}

static void translate_packed(const struct rg_level_reader *reader, struct rg_level_writer *writer,
                             const uint8_t *map, uint32_t count)
{
    uint32_t values[BLOCK_VALUES];

    for (uint32_t done = 0; done < count; done += BLOCK_VALUES) {
        const uint32_t step = count - done < BLOCK_VALUES ? count - done : BLOCK_VALUES;

        rg_unpack(reader->run.packed, reader->width, reader->used + done, step, values);
        for (uint32_t i = 0; i < step; i++)
            values[i] = map[values[i]];
        rg_level_writer_append(writer, values, step);
    }
}

enum rg_status rg_level_copy(struct rg_level_reader *reader, struct rg_level_writer *writer,
                             const uint8_t *map, uint32_t count, struct rg_level_sum *ret_sum,
                             struct rg_error *err)
{
    struct rg_level_sum sum = {0};
    bool is_first = true;

    while (count > 0) {
        RG_TRY(need_run(reader, err));
        const uint32_t piece = piece_of_run(reader, count);

        if (is_first)
            sum.first = peek_level(reader);
        is_first = false;
        if (!reader->run.is_packed) {
            const uint32_t level = reader->run.value;

            RG_TRY(add_repeated(level, piece, reader->level_max, &sum, err));
            rg_level_writer_repeat(writer, map != NULL ? map[level] : level, piece);
        } else {
            RG_TRY(add_packed(reader, reader->used, piece, &sum, err));
            if (map != NULL)
                translate_packed(reader, writer, map, piece);
            else
                append_packed(writer, reader->run.packed, reader->used, piece);
        }
        reader->used += piece;
        count -= piece;
    }
    *ret_sum = sum;
    return RG_OK;
}

struct rg_span rg_level_writer_finish(struct rg_level_writer *writer)
{
    flush_repeat(writer);
    return rg_buffer_span(&writer->out);
}

/* Looks at levels at .. at + step; true when the answer is known. */
static bool find_row_end(const uint32_t *levels, uint32_t at, uint32_t step, uint32_t count,
                         uint32_t *found)
{
    for (uint32_t i = at == 0 ? 1 : 0; i < step; i++) {
        if (at + i > count && *found > 0)
            return true;
        if (levels[i] == 0)
            *found = at + i;
    }
    return false;
}

/* Passes over `count` values. */
static enum rg_status skip(struct rg_level_reader *reader, uint32_t count, struct rg_error *err)
{
    while (count > 0) {
        RG_TRY(need_run(reader, err));
        const uint32_t piece = piece_of_run(reader, count);

        reader->used += piece;
        count -= piece;
    }
    return RG_OK;
}

/* The search from position `begin` on; *ret_found 0: no row begins there. */
static enum rg_status find_row_end_from(const struct rg_level_reader *reader, uint32_t begin,
                                        uint32_t values_left, uint32_t count, uint32_t *ret_found,
                                        struct rg_error *err)
{
    struct rg_level_reader ahead = *reader;
    uint32_t levels[BLOCK_VALUES];
    uint32_t step;

    *ret_found = 0;
    RG_TRY(skip(&ahead, begin, err));
    for (uint32_t at = begin; at < values_left; at += step) {
        step = values_left - at < BLOCK_VALUES ? values_left - at : BLOCK_VALUES;
        RG_TRY(rg_level_read(&ahead, step, levels, err));
        if (find_row_end(levels, at, step, count, ret_found))
            break;
    }
    return RG_OK;
}

enum rg_status rg_level_find_rows(const struct rg_level_reader *reader, uint32_t values_left,
                                  uint32_t count, uint32_t *ret_count, struct rg_error *err)
{
    uint32_t found = 0;

    if (count >= values_left) {
        *ret_count = values_left;
        return RG_OK;
    }
    /* Rows are short, mostly: one begins in the last values that would fit. */
    if (count > BLOCK_VALUES)
        RG_TRY(find_row_end_from(reader, count - BLOCK_VALUES, values_left, count, &found, err));
    if (found == 0 || found > count)
        RG_TRY(find_row_end_from(reader, 0, values_left, count, &found, err));
    *ret_count = found > 0 ? found : values_left;
    return RG_OK;
}
