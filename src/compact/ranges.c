/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Extents are sorted by offset and melted into regions; each region has one place in the buffer,
 * and is cut into requests. Two passes over the sorted extents: one counts, one writes.
 */

#include "compact/ranges.h"

#include <stdlib.h>

static int compare_offsets(const void *a, const void *b)
{
    const struct rg_extent *const *left = a;
    const struct rg_extent *const *right = b;

    return ((*left)->offset > (*right)->offset) - ((*left)->offset < (*right)->offset);
}

/* The end of the region that begins with sorted[first]; *ret_next is the first extent behind it. */
static uint64_t find_region_end(struct rg_extent *const *sorted, size_t count, size_t first,
                                uint64_t gap_bytes_max, size_t *ret_next)
{
    uint64_t end = sorted[first]->offset + sorted[first]->bytes;
    size_t i = first + 1;

    for (; i < count; i++) {
        const uint64_t begin = sorted[i]->offset;

        if (begin > end && begin - end > gap_bytes_max)
            break;
        if (begin + sorted[i]->bytes > end)
            end = begin + sorted[i]->bytes;
    }
    *ret_next = i;
    return end;
}

static void cut(struct rg_request *requests, uint64_t offset, uint64_t bytes,
                uint64_t buffer_offset, uint64_t request_bytes_max)
{
    while (bytes > 0) {
        const uint64_t piece = bytes < request_bytes_max ? bytes : request_bytes_max;

        *requests++ = (struct rg_request){offset, piece, buffer_offset};
        offset += piece;
        buffer_offset += piece;
        bytes -= piece;
    }
}

enum rg_status rg_ranges_plan(struct rg_extent *extents, size_t count,
                              const struct rg_range_options *options, struct rg_arena *arena,
                              struct rg_request **ret_requests, size_t *ret_request_count,
                              uint64_t *ret_buffer_bytes, struct rg_error *err)
{
    const uint64_t piece_max = options->request_bytes_max;
    struct rg_extent **sorted = rg_arena_array(arena, count, sizeof *sorted);
    size_t sorted_count = 0;
    size_t request_count = 0;
    size_t next;

    if (sorted == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to plan %zu ranges", count);
    for (size_t i = 0; i < count; i++) {
        extents[i].buffer_offset = 0;
        if (extents[i].bytes > 0)
            sorted[sorted_count++] = &extents[i];
    }
    qsort(sorted, sorted_count, sizeof(struct rg_extent *), compare_offsets);

    for (size_t i = 0; i < sorted_count; i = next) {
        const uint64_t end =
            find_region_end(sorted, sorted_count, i, options->gap_bytes_max, &next);

        request_count += (size_t)((end - sorted[i]->offset + piece_max - 1) / piece_max);
    }
    struct rg_request *requests = rg_arena_array(arena, request_count, sizeof *requests);
    if (requests == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu requests", request_count);

    uint64_t placed = 0;
    size_t written = 0;
    for (size_t i = 0; i < sorted_count; i = next) {
        const uint64_t begin = sorted[i]->offset;
        const uint64_t end =
            find_region_end(sorted, sorted_count, i, options->gap_bytes_max, &next);

        cut(requests + written, begin, end - begin, placed, piece_max);
        written += (size_t)((end - begin + piece_max - 1) / piece_max);
        for (size_t j = i; j < next; j++)
            sorted[j]->buffer_offset = placed + (sorted[j]->offset - begin);
        placed += end - begin;
    }
    *ret_requests = requests;
    *ret_request_count = request_count;
    *ret_buffer_bytes = placed;
    return RG_OK;
}
