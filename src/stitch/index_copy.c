/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/index_copy.h"

#include <string.h>

/* A copy of `count` items, or NULL without memory; NULL stays NULL and is no failure. */
static bool copy_array(struct rg_arena *arena, void *array_address, size_t count, size_t bytes_each)
{
    void *array;

    memcpy(&array, array_address, sizeof array);
    if (array == NULL)
        return true;
    void *copy = rg_arena_alloc(arena, count * bytes_each);
    if (copy == NULL)
        return false;
    if (count > 0)
        memcpy(copy, array, count * bytes_each);
    memcpy(array_address, &copy, sizeof copy);
    return true;
}

/* All bounds one behind the other. */
static bool copy_bounds(struct rg_arena *arena, struct rg_span *bounds, uint32_t count)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < count; i++)
        bytes += bounds[i].bytes;
    uint8_t *at = rg_arena_alloc(arena, bytes);
    if (at == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (bounds[i].bytes > 0)
            memcpy(at, bounds[i].data, bounds[i].bytes);
        bounds[i].data = at;
        at += bounds[i].bytes;
    }
    return true;
}

enum rg_status rg_offset_index_copy(struct rg_offset_index *index, struct rg_arena *arena,
                                    struct rg_error *err)
{
    const uint32_t count = index->page_count;

    if (copy_array(arena, &index->pages, count, sizeof *index->pages) &&
        copy_array(arena, &index->unencoded_bytes, count, sizeof *index->unencoded_bytes))
        return RG_OK;
    return rg_fail(err, RG_ERR_NOMEM, "no memory for an index of %u pages", count);
}

enum rg_status rg_column_index_copy(struct rg_column_index *index, struct rg_arena *arena,
                                    struct rg_error *err)
{
    const uint32_t count = index->page_count;

    if (copy_array(arena, &index->is_null_page, count, sizeof *index->is_null_page) &&
        copy_array(arena, &index->min_values, count, sizeof *index->min_values) &&
        copy_array(arena, &index->max_values, count, sizeof *index->max_values) &&
        copy_bounds(arena, index->min_values, count) &&
        copy_bounds(arena, index->max_values, count) &&
        copy_array(arena, &index->null_counts, count, sizeof *index->null_counts) &&
        copy_array(arena, &index->nan_counts, count, sizeof *index->nan_counts) &&
        copy_array(arena, &index->rep_histograms, index->rep_histogram_count,
                   sizeof *index->rep_histograms) &&
        copy_array(arena, &index->def_histograms, index->def_histogram_count,
                   sizeof *index->def_histograms))
        return RG_OK;
    return rg_fail(err, RG_ERR_NOMEM, "no memory for an index of %u pages", count);
}
