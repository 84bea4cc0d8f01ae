/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Extents are sorted by offset and melted into regions; each region has one place in the buffer,
 * and is cut into requests. Passes over the sorted extents: some to find how wide a gap may be, one
 * counts, one writes.
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

/* What is read between extents that are no farther apart. */
static uint64_t sum_gaps(struct rg_extent *const *sorted, size_t count, uint64_t gap_bytes_max)
{
    uint64_t sum = 0;
    size_t next;

    for (size_t i = 0; i < count; i = next) {
        const uint64_t end = find_region_end(sorted, count, i, 0, &next);

        if (next < count && sorted[next]->offset - end <= gap_bytes_max)
            sum += sorted[next]->offset - end;
    }
    return sum;
}

static enum rg_status sort_extents(struct rg_extent *extents, size_t count, struct rg_arena *arena,
                                   struct rg_extent ***ret_sorted, size_t *ret_sorted_count,
                                   struct rg_error *err)
{
    struct rg_extent **sorted = rg_arena_array(arena, count, sizeof *sorted);
    size_t sorted_count = 0;

    if (sorted == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to plan %zu ranges", count);
    for (size_t i = 0; i < count; i++) {
        extents[i].buffer_offset = 0;
        if (extents[i].bytes > 0)
            sorted[sorted_count++] = &extents[i];
    }
    qsort(sorted, sorted_count, sizeof(struct rg_extent *), compare_offsets);
    *ret_sorted = sorted;
    *ret_sorted_count = sorted_count;
    return RG_OK;
}

enum rg_status rg_ranges_plan(struct rg_extent *extents, size_t count,
                              const struct rg_range_options *options, struct rg_arena *arena,
                              struct rg_range_plan *ret_plan, struct rg_error *err)
{
    const uint64_t piece_max = options->request_bytes_max;
    uint64_t gap_max = options->gap_bytes_max;
    struct rg_range_plan plan = {0};
    struct rg_extent **sorted = NULL;
    size_t sorted_count = 0;
    size_t next;

    RG_TRY(sort_extents(extents, count, arena, &sorted, &sorted_count, err));
    plan.gaps_bytes_wanted = sum_gaps(sorted, sorted_count, gap_max);
    plan.gaps_bytes = plan.gaps_bytes_wanted;
    while (plan.gaps_bytes > options->gaps_bytes_max && gap_max > options->gap_bytes_min) {
        gap_max = gap_max / 2 > options->gap_bytes_min ? gap_max / 2 : options->gap_bytes_min;
        plan.gaps_bytes = sum_gaps(sorted, sorted_count, gap_max);
    }
    for (size_t i = 0; i < sorted_count; i = next) {
        const uint64_t end = find_region_end(sorted, sorted_count, i, gap_max, &next);

        plan.request_count += (size_t)((end - sorted[i]->offset + piece_max - 1) / piece_max);
    }
    plan.requests = rg_arena_array(arena, plan.request_count, sizeof *plan.requests);
    if (plan.requests == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu requests", plan.request_count);

    size_t written = 0;
    for (size_t i = 0; i < sorted_count; i = next) {
        const uint64_t begin = sorted[i]->offset;
        const uint64_t end = find_region_end(sorted, sorted_count, i, gap_max, &next);

        cut(plan.requests + written, begin, end - begin, plan.buffer_bytes, piece_max);
        written += (size_t)((end - begin + piece_max - 1) / piece_max);
        for (size_t j = i; j < next; j++)
            sorted[j]->buffer_offset = plan.buffer_bytes + (sorted[j]->offset - begin);
        plan.buffer_bytes += end - begin;
    }
    *ret_plan = plan;
    return RG_OK;
}
