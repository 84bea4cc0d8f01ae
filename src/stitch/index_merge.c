/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One entry for each page, in arrays that double in the arena as pages come.
 *
 * Invariants, checked by index_merge_check() in debug builds:
 *
 *   (1) page_count <= capacity, and all arrays have room for capacity entries; the histograms,
 * where kept, for that many times the levels. (2) rows_are_known: every page begins at
 * first_row_indexes[i], and these grow strictly. (3) can_have_bounds: every page is null, with
 * empty bounds, or has both bounds, which are at most bound_bytes_max long or could not be
 * shortened. (4) Once a has_/can_ flag is down it stays down, and its arrays are not read any more.
 *
 * Once neither index can be written any more, pages are only counted.
 *
 * Not here: what of a page's statistics can be trusted (stitch/statistics.h), and the bytes of the
 * indexes (parquet/page_index.h).
 */

#include "stitch/index_merge.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"

/* As parquet-java and arrow-rs do; what pruning needs to know of a long string. */
static const size_t bound_bytes_max = 64;

/* Bounds that cannot be shortened and are longer than this cost more than they are good for. */
static const size_t bound_bytes_refused = 4096;

static const uint32_t capacity_min = 16;

struct rg_index_merge {
    /* Set at init, then constant. */
    struct rg_arena *arena;
    const struct rg_leaf *leaf;
    enum rg_order order;

    uint32_t page_count;
    uint32_t capacity;
    uint64_t row_count;
    bool rows_are_known;
    bool can_have_bounds;
    bool has_unencoded_bytes;
    bool has_null_counts;
    bool has_nan_counts;
    bool has_rep_histograms;
    bool has_def_histograms;

    uint64_t *page_bytes;
    uint64_t *first_row_indexes;
    uint64_t *unencoded_bytes;
    bool *is_null_page;
    struct rg_span *min_values;
    struct rg_span *max_values;
    uint64_t *null_counts;
    uint64_t *nan_counts;
    uint64_t *rep_histograms;
    uint64_t *def_histograms;
};

static void index_merge_check(const struct rg_index_merge *m)
{
#ifndef NDEBUG
    const uint32_t last = m->page_count - 1;

    assert(m->page_count <= m->capacity || !m->rows_are_known); /* (1) */
    if (m->page_count == 0 || !m->rows_are_known)
        return;
    assert(m->first_row_indexes[last] < m->row_count); /* (2) */
    assert(last == 0 || m->first_row_indexes[last - 1] < m->first_row_indexes[last]);
    if (!m->can_have_bounds)
        return;
    if (m->is_null_page[last]) /* (3) */
        assert(m->min_values[last].bytes == 0 && m->max_values[last].bytes == 0);
    else
        assert(m->min_values[last].data != NULL && m->max_values[last].data != NULL);
#else
    (void)m;
#endif
}

struct rg_index_merge *rg_index_merge_new(struct rg_arena *arena, enum rg_order order,
                                          const struct rg_leaf *leaf)
{
    struct rg_index_merge *merge = rg_arena_array(arena, 1, sizeof *merge);

    if (merge == NULL)
        return NULL;
    *merge = (struct rg_index_merge){
        .arena = arena,
        .leaf = leaf,
        .order = order,
        .rows_are_known = true,
        .can_have_bounds = order != RG_ORDER_NONE,
        .has_unencoded_bytes = leaf->type == RG_TYPE_BYTE_ARRAY,
        .has_null_counts = true,
        .has_nan_counts = rg_order_is_floating(order),
        /* Nothing can be learned from the histogram of a level that has one value only. */
        .has_rep_histograms = leaf->rep_max > 0,
        .has_def_histograms = leaf->def_max > 0,
    };
    return merge;
}

/* Moves an array of `count` entries into one for `capacity`; false without memory. */
static bool grow_array(struct rg_arena *arena, void *array_address, size_t bytes_each, size_t count,
                       size_t capacity)
{
    void *old;
    void *array = rg_arena_array(arena, capacity, bytes_each);

    if (array == NULL)
        return false;
    memcpy(&old, array_address, sizeof old);
    if (count > 0)
        memcpy(array, old, count * bytes_each);
    memcpy(array_address, &array, sizeof array);
    return true;
}

static bool grow(struct rg_index_merge *m)
{
    const size_t count = m->page_count;
    const uint32_t capacity = m->capacity == 0 ? capacity_min : m->capacity * 2;
    const size_t rep_levels = (size_t)m->leaf->rep_max + 1;
    const size_t def_levels = (size_t)m->leaf->def_max + 1;
    struct rg_arena *a = m->arena;

    const bool is_grown =
        grow_array(a, &m->page_bytes, sizeof *m->page_bytes, count, capacity) &&
        grow_array(a, &m->first_row_indexes, sizeof *m->first_row_indexes, count, capacity) &&
        (!m->has_unencoded_bytes ||
         grow_array(a, &m->unencoded_bytes, sizeof *m->unencoded_bytes, count, capacity)) &&
        (!m->can_have_bounds ||
         (grow_array(a, &m->is_null_page, sizeof *m->is_null_page, count, capacity) &&
          grow_array(a, &m->min_values, sizeof *m->min_values, count, capacity) &&
          grow_array(a, &m->max_values, sizeof *m->max_values, count, capacity))) &&
        (!m->has_null_counts ||
         grow_array(a, &m->null_counts, sizeof *m->null_counts, count, capacity)) &&
        (!m->has_nan_counts ||
         grow_array(a, &m->nan_counts, sizeof *m->nan_counts, count, capacity)) &&
        (!m->has_rep_histograms ||
         grow_array(a, &m->rep_histograms, sizeof *m->rep_histograms * rep_levels, count,
                    capacity)) &&
        (!m->has_def_histograms ||
         grow_array(a, &m->def_histograms, sizeof *m->def_histograms * def_levels, count,
                    capacity));
    if (is_grown)
        m->capacity = capacity;
    return is_grown;
}

static bool is_null_page(const struct rg_index_page *page)
{
    const struct rg_statistics *s = page->statistics;

    return s != NULL && s->has_null_count && s->null_count == page->value_count;
}

/* A copy of a bound, shortened; data NULL without memory. */
static struct rg_span copy_bound(const struct rg_index_merge *m, struct rg_span bound, bool is_max)
{
    bool is_shorter;

    if (is_max) {
        bound = rg_order_shorten_upper(m->order, m->leaf, rg_order_upper_bound(m->order, bound),
                                       bound_bytes_max, m->arena, &is_shorter);
        if (is_shorter || bound.data == NULL)
            return bound;
    } else {
        bound = rg_order_shorten_lower(m->order, m->leaf, rg_order_lower_bound(m->order, bound),
                                       bound_bytes_max, &is_shorter);
    }
    return rg_arena_copy(m->arena, bound);
}

/* False without memory. */
static bool add_bounds(struct rg_index_merge *m, const struct rg_index_page *page)
{
    const struct rg_statistics *s = page->statistics;
    const uint32_t i = m->page_count;

    m->is_null_page[i] = is_null_page(page);
    if (m->is_null_page[i])
        return true; /* Arrays are zeroed: empty bounds. */

    if (s == NULL || s->min_value.data == NULL || s->max_value.data == NULL ||
        (m->order != RG_ORDER_BYTES && s->max_value.bytes > bound_bytes_refused)) {
        m->can_have_bounds = false;
        return true;
    }
    m->min_values[i] = copy_bound(m, s->min_value, false);
    m->max_values[i] = copy_bound(m, s->max_value, true);
    if (m->min_values[i].data == NULL || m->max_values[i].data == NULL)
        return false;
    if (m->max_values[i].bytes > bound_bytes_refused ||
        m->min_values[i].bytes > bound_bytes_refused)
        m->can_have_bounds = false;
    return true;
}

static void add_counts(struct rg_index_merge *m, const struct rg_index_page *page)
{
    const struct rg_statistics *s = page->statistics;
    const uint32_t i = m->page_count;
    const bool is_required = m->leaf->def_max == 0;

    m->has_null_counts = m->has_null_counts && (is_required || (s != NULL && s->has_null_count));
    if (m->has_null_counts)
        m->null_counts[i] = is_required ? 0 : s->null_count;

    const bool is_null = is_null_page(page);
    m->has_nan_counts = m->has_nan_counts && (is_null || (s != NULL && s->has_nan_count));
    if (m->has_nan_counts)
        m->nan_counts[i] = is_null ? 0 : s->nan_count;

    m->has_unencoded_bytes = m->has_unencoded_bytes && (is_null || page->has_unencoded_bytes);
    if (m->has_unencoded_bytes)
        m->unencoded_bytes[i] = page->has_unencoded_bytes ? page->unencoded_bytes : 0;
}

static void add_histograms(struct rg_index_merge *m, const struct rg_index_page *page)
{
    const size_t rep_levels = (size_t)m->leaf->rep_max + 1;
    const size_t def_levels = (size_t)m->leaf->def_max + 1;
    const size_t i = m->page_count;

    m->has_rep_histograms = m->has_rep_histograms && page->rep_histogram != NULL;
    if (m->has_rep_histograms)
        memcpy(m->rep_histograms + i * rep_levels, page->rep_histogram,
               rep_levels * sizeof *page->rep_histogram);
    m->has_def_histograms = m->has_def_histograms && page->def_histogram != NULL;
    if (m->has_def_histograms)
        memcpy(m->def_histograms + i * def_levels, page->def_histogram,
               def_levels * sizeof *page->def_histogram);
}

enum rg_status rg_index_merge_add(struct rg_index_merge *merge, const struct rg_index_page *page,
                                  bool rows_are_known, struct rg_error *err)
{
    const bool is_indexable = rows_are_known && page->row_count > 0 && page->value_count > 0 &&
                              page->bytes <= INT32_MAX && merge->page_count < rg_pages_max;

    merge->rows_are_known = merge->rows_are_known && is_indexable;
    if (!merge->rows_are_known)
        return RG_OK;
    if (merge->page_count == merge->capacity && !grow(merge))
        return rg_fail(err, RG_ERR_NOMEM, "no memory for an index of %u pages",
                       merge->page_count + 1);

    merge->page_bytes[merge->page_count] = page->bytes;
    merge->first_row_indexes[merge->page_count] = merge->row_count;
    if (merge->can_have_bounds && !add_bounds(merge, page))
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the bounds of page %u", merge->page_count);
    add_counts(merge, page);
    add_histograms(merge, page);
    merge->row_count += page->row_count;
    merge->page_count++;
    index_merge_check(merge);
    return RG_OK;
}

/*
 * parquet-java's rule (ColumnIndexBuilder): both lists must be in order, null pages do not count,
 * and fewer than two others are ascending.
 */
static uint8_t boundary_order(const struct rg_index_merge *m)
{
    bool is_ascending = true;
    bool is_descending = true;
    uint32_t last = UINT32_MAX;

    for (uint32_t i = 0; i < m->page_count && (is_ascending || is_descending); i++) {
        if (m->is_null_page[i])
            continue;
        if (last != UINT32_MAX) {
            const int min = rg_order_compare(m->order, m->min_values[last], m->min_values[i]);
            const int max = rg_order_compare(m->order, m->max_values[last], m->max_values[i]);
            is_ascending = is_ascending && min <= 0 && max <= 0;
            is_descending = is_descending && min >= 0 && max >= 0;
        }
        last = i;
    }
    if (is_ascending)
        return RG_BOUNDARY_ASCENDING;
    return is_descending ? RG_BOUNDARY_DESCENDING : RG_BOUNDARY_UNORDERED;
}

static void finish_column_index(const struct rg_index_merge *m, struct rg_column_index *ret)
{
    *ret = (struct rg_column_index){
        .page_count = m->page_count,
        .boundary_order = boundary_order(m),
        .is_null_page = m->is_null_page,
        .min_values = m->min_values,
        .max_values = m->max_values,
        .null_counts = m->has_null_counts ? m->null_counts : NULL,
        .nan_counts = m->has_nan_counts ? m->nan_counts : NULL,
    };
    /* Readers that take no list longer than rg_pages_max would refuse the index for these. */
    const uint64_t rep_count = m->page_count * ((uint64_t)m->leaf->rep_max + 1);
    const uint64_t def_count = m->page_count * ((uint64_t)m->leaf->def_max + 1);
    if (m->has_rep_histograms && rep_count <= rg_pages_max) {
        ret->rep_histograms = m->rep_histograms;
        ret->rep_histogram_count = (uint32_t)rep_count;
    }
    if (m->has_def_histograms && def_count <= rg_pages_max) {
        ret->def_histograms = m->def_histograms;
        ret->def_histogram_count = (uint32_t)def_count;
    }
}

enum rg_status rg_index_merge_finish(struct rg_index_merge *merge, uint64_t first_page_offset,
                                     bool *ret_has_offset_index,
                                     struct rg_offset_index *ret_offset_index,
                                     bool *ret_has_column_index,
                                     struct rg_column_index *ret_column_index, struct rg_error *err)
{
    *ret_has_offset_index = merge->rows_are_known && merge->page_count > 0;
    *ret_has_column_index = *ret_has_offset_index && merge->can_have_bounds;
    if (!*ret_has_offset_index)
        return RG_OK;

    struct rg_page_location *pages = rg_arena_array(merge->arena, merge->page_count, sizeof *pages);
    if (pages == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for an index of %u pages", merge->page_count);
    uint64_t offset = first_page_offset;
    for (uint32_t i = 0; i < merge->page_count; i++) {
        pages[i] = (struct rg_page_location){
            .offset = offset,
            .compressed_bytes = (uint32_t)merge->page_bytes[i],
            .first_row_index = merge->first_row_indexes[i],
        };
        offset += merge->page_bytes[i];
    }
    *ret_offset_index = (struct rg_offset_index){
        .pages = pages,
        .unencoded_bytes = merge->has_unencoded_bytes ? merge->unencoded_bytes : NULL,
        .page_count = merge->page_count,
    };
    if (*ret_has_column_index)
        finish_column_index(merge, ret_column_index);
    return RG_OK;
}

enum rg_status rg_size_merge_init(struct rg_size_merge *merge, const struct rg_leaf *leaf,
                                  struct rg_arena *arena, struct rg_error *err)
{
    *merge = (struct rg_size_merge){
        .leaf = leaf,
        .has_unencoded_bytes = leaf->type == RG_TYPE_BYTE_ARRAY,
    };
    if (leaf->rep_max > 0) {
        merge->rep_histogram =
            rg_arena_array(arena, (size_t)leaf->rep_max + 1, sizeof *merge->rep_histogram);
        if (merge->rep_histogram == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a histogram");
    }
    /* A single level, or two in a flat column: value and null counts say the same. */
    if (leaf->def_max > 1 || leaf->rep_max > 0) {
        merge->def_histogram =
            rg_arena_array(arena, (size_t)leaf->def_max + 1, sizeof *merge->def_histogram);
        if (merge->def_histogram == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a histogram");
    }
    return RG_OK;
}

/* Adds `part` to `*sum`, or gives the sum up. */
static void add_histogram(uint64_t **sum, uint32_t level_max, const uint64_t *part,
                          uint32_t part_count, uint64_t value_count)
{
    uint64_t total = 0;

    if (*sum == NULL)
        return;
    if (part_count != level_max + 1) {
        *sum = NULL;
        return;
    }
    for (uint32_t level = 0; level <= level_max; level++) {
        if (part[level] > value_count - total) {
            *sum = NULL;
            return;
        }
        total += part[level];
        (*sum)[level] += part[level];
    }
    if (total != value_count)
        *sum = NULL;
}

void rg_size_merge_add(struct rg_size_merge *merge, const struct rg_size_statistics *part,
                       uint64_t value_count)
{
    const uint32_t rep_count = part->is_present ? part->rep_histogram_count : 0;
    const uint32_t def_count = part->is_present ? part->def_histogram_count : 0;

    if (value_count == 0)
        return;
    add_histogram(&merge->rep_histogram, merge->leaf->rep_max, part->rep_histogram, rep_count,
                  value_count);
    add_histogram(&merge->def_histogram, merge->leaf->def_max, part->def_histogram, def_count,
                  value_count);
    merge->has_unencoded_bytes =
        merge->has_unencoded_bytes && part->is_present && part->has_unencoded_bytes;
    if (merge->has_unencoded_bytes)
        merge->unencoded_bytes += part->unencoded_bytes;
}

struct rg_size_statistics rg_size_merge_finish(const struct rg_size_merge *merge)
{
    struct rg_size_statistics sum = {
        .is_present = merge->has_unencoded_bytes || merge->rep_histogram != NULL ||
                      merge->def_histogram != NULL,
        .has_unencoded_bytes = merge->has_unencoded_bytes,
        .unencoded_bytes = merge->unencoded_bytes,
        .rep_histogram = merge->rep_histogram,
        .def_histogram = merge->def_histogram,
    };

    if (sum.rep_histogram != NULL)
        sum.rep_histogram_count = (uint32_t)merge->leaf->rep_max + 1;
    if (sum.def_histogram != NULL)
        sum.def_histogram_count = (uint32_t)merge->leaf->def_max + 1;
    return sum;
}
