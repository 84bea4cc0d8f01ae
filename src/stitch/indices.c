/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/indices.h"

#include <string.h>

#include "base/limits.h"
#include "parquet/bit_pack.h"
#include "parquet/rle.h"
#include "stitch/kernels.h"

enum {
    PACKED_VALUES = 256, /* Longer bit-packed runs are slower to read. */
    REPEAT_MIN = 64,
    PROBE = REPEAT_MIN / 2,
};

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
                          struct rg_buffer *out)
{
    while (count > 0) {
        const uint32_t step = count < PACKED_VALUES ? count : PACKED_VALUES;
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
 * The next repeat of at least REPEAT_MIN from `begin` on; its end is the return value, its begin
 * *ret_begin. A repeat that long holds a whole stretch of PROBE values that begins at a multiple of
 * PROBE, so that looking there finds it.
 */
static uint32_t find_repeat(const uint32_t *indices, uint32_t begin, uint32_t count,
                            uint32_t *ret_begin)
{
    for (uint32_t at = (begin + PROBE - 1) / PROBE * PROBE; at + PROBE <= count; at += PROBE) {
        const uint32_t value = indices[at];
        uint32_t first = at;
        uint32_t end = at;

        if (indices[at + PROBE - 1] != value || indices[at + PROBE / 2] != value)
            continue;
        while (end < count && indices[end] == value)
            end++;
        while (first > begin && indices[first - 1] == value)
            first--;
        /* What is packed in front must be whole groups: it takes what it lacks. */
        first += (8 - (first - begin) % 8) % 8;
        if (end > first && end - first >= REPEAT_MIN) {
            *ret_begin = first;
            return end;
        }
    }
    *ret_begin = count;
    return count;
}

void rg_index_encode(const uint32_t *indices, uint32_t count, uint32_t width, struct rg_buffer *out)
{
    uint32_t first;

    rg_buffer_append_byte(out, (uint8_t)width);
    for (uint32_t at = 0, end; at < count; at = end) {
        end = find_repeat(indices, at, count, &first);
        append_packed(indices + at, first - at, width, out);
        if (end > first)
            rg_rle_emit_run(indices[first], end - first, width, out);
    }
}
