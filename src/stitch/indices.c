/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/indices.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/bit_pack.h"
#include "parquet/rle.h"
#include "stitch/kernels.h"

/* How long runs are. */
struct run_lengths {
    uint32_t packed_values; /* Of a bit-packed run at most; a multiple of 8. */
    uint32_t repeat_min;    /* Equal values that become a run of their own; a multiple of 8. */
};

/* Longer bit-packed runs are slower to read, and so are many short ones. */
static const struct run_lengths few_runs = {256, 64};
/* Headers are few, and runs still short enough for readers. */
static const uint32_t packed_values_max = 1016;

enum rg_status rg_index_reader_init(struct rg_index_reader *reader, struct rg_span values,
                                    uint32_t index_count, uint32_t entry_count,
                                    struct rg_error *err)
{
    uint32_t width = 0;

    if (index_count > 0) {
        if (values.bytes == 0)
            return rg_fail(err, RG_ERR_CORRUPT, "%u indices in no bytes", index_count);
        width = values.data[0];
        values.data++;
        values.bytes--;
    }
    if (width > 32)
        return rg_fail(err, RG_ERR_CORRUPT, "indices of %u bits", width);
    rg_level_reader_init(&reader->runs, values, width, UINT32_MAX, index_count);
    reader->entry_count = entry_count;
    return RG_OK;
}

enum rg_status rg_index_read(struct rg_index_reader *reader, uint32_t count, uint32_t *ret_indices,
                             struct rg_error *err)
{
    RG_TRY(rg_level_read(&reader->runs, count, ret_indices, err));
    const uint32_t highest = rg_kernel_max(ret_indices, count);
    if (count > 0 && highest >= reader->entry_count)
        return rg_fail(err, RG_ERR_CORRUPT, "index %u into a dictionary of %u entries", highest,
                       reader->entry_count);
    return RG_OK;
}

static void append_header(uint32_t header, struct rg_buffer *out)
{
    for (; header >= 128; header >>= 7)
        rg_buffer_append_byte(out, (uint8_t)(header | 128));
    rg_buffer_append_byte(out, (uint8_t)header);
}

/* Bit-packed runs. Only the last indices of a stream may leave a group of 8 incomplete. */
static void append_packed(const uint32_t *indices, uint32_t count, uint32_t width,
                          uint32_t run_values, struct rg_buffer *out)
{
    while (count > 0) {
        const uint32_t step = count < run_values ? count : run_values;
        const uint32_t whole = step / 8;
        const uint32_t odd = step % 8;
        const size_t bytes = (size_t)(whole + (odd > 0)) * width;

        append_header((whole + (odd > 0)) << 1 | 1, out);
        uint8_t *room = rg_buffer_reserve(out, bytes + rg_slack_bytes);
        if (room == NULL)
            return;
        rg_kernel_pack(indices, width, whole, room);
        if (odd > 0) {
            uint32_t group[8] = {0};

            memcpy(group, indices + (size_t)whole * 8, odd * sizeof *group);
            rg_pack_groups(group, width, 1, room + (size_t)whole * width);
        }
        out->bytes += bytes;
        indices += step;
        count -= step;
    }
}

/*
 * The next repeat of at least `repeat_min` from `begin` on; its end is the return value, its begin
 * *ret_begin. A repeat that long holds a whole stretch of half as many values that begins at a
 * multiple of that, so that looking there finds it.
 */
static uint32_t find_repeat(const uint32_t *indices, uint32_t begin, uint32_t count,
                            uint32_t repeat_min, uint32_t *ret_begin)
{
    const uint32_t probe = repeat_min / 2;

    for (uint32_t at = (begin + probe - 1) / probe * probe; at + probe <= count; at += probe) {
        const uint32_t value = indices[at];
        uint32_t first = at;
        uint32_t end = at;

        if (indices[at + probe - 1] != value || indices[at + probe / 2] != value)
            continue;
        while (end < count && indices[end] == value)
            end++;
        while (first > begin && indices[first - 1] == value)
            first--;
        /* What is packed in front must be whole groups: it takes what it lacks. */
        first += (8 - (first - begin) % 8) % 8;
        if (end > first && end - first >= repeat_min) {
            *ret_begin = first;
            return end;
        }
    }
    *ret_begin = count;
    return count;
}

/* Repeats become runs as soon as these are shorter: with their header and the next one's. */
static struct run_lengths shortest_runs(uint32_t width)
{
    const uint32_t repeat_min = width == 0 ? few_runs.repeat_min : (32 + width - 1) / width;

    return (struct run_lengths){packed_values_max, (repeat_min + 7) / 8 * 8};
}

void rg_index_encode(const uint32_t *indices, uint32_t count, uint32_t width,
                     enum rg_index_runs runs, struct rg_buffer *out)
{
    const struct run_lengths lengths =
        runs == RG_INDEX_RUNS_SHORTEST ? shortest_runs(width) : few_runs;
    uint32_t first;

    rg_buffer_append_byte(out, (uint8_t)width);
    for (uint32_t at = 0, end; at < count; at = end) {
        end = find_repeat(indices, at, count, lengths.repeat_min, &first);
        append_packed(indices + at, first - at, width, lengths.packed_values, out);
        if (end > first)
            rg_rle_emit_run(indices[first], end - first, width, out);
    }
}
