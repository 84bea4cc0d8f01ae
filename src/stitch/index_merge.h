/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Builds the page index of an output chunk, page by page, in the order in which pages are written
 * (README.md section 4).
 */

#ifndef STITCH_INDEX_MERGE_H
#define STITCH_INDEX_MERGE_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "stitch/statistics.h"

struct rg_index_page {
    uint64_t bytes; /* In the output, header included. */
    uint64_t row_count;
    uint32_t value_count;                   /* Nulls included. */
    const struct rg_statistics *statistics; /* Trusted; NULL: nothing known of this page. */
    bool has_unencoded_bytes;               /* Of BYTE_ARRAY values. */
    uint64_t unencoded_bytes;
    const uint64_t *rep_histogram; /* rep_max + 1 entries, or NULL. */
    const uint64_t *def_histogram; /* def_max + 1 entries, or NULL. */
};

struct rg_index_merge; /* Grows with the pages; lives in the arena. */

struct rg_index_merge *rg_index_merge_new(struct rg_arena *arena, enum rg_order order,
                                          const struct rg_leaf *leaf);

/*
 * Pages' bounds are copied, long ones shortened. `rows_are_known` false, or a page that begins no
 * row: no offset index can be written any more.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_index_merge_add(struct rg_index_merge *merge,
                                                const struct rg_index_page *page,
                                                bool rows_are_known, struct rg_error *err);

/*
 * The first data page lies at `first_page_offset`; offsets count from where that does. A column
 * index is given only beside an offset index, where every page has bounds or is all null, and the
 * order allows one; optional lists only where every page has them. boundary_order is recomputed.
 * Neither is given for more than rg_pages_max pages.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status
rg_index_merge_finish(struct rg_index_merge *merge, uint64_t first_page_offset,
                      bool *ret_has_offset_index, struct rg_offset_index *ret_offset_index,
                      bool *ret_has_column_index, struct rg_column_index *ret_column_index,
                      struct rg_error *err);

/*
 * A running sum of size statistics; absent where a part lacks them and they cannot be derived
 * (histograms of flat columns follow from value and null counts).
 */
struct rg_size_merge {
    const struct rg_leaf *leaf;
    uint64_t *rep_histogram; /* NULL: not kept (any more, or not needed for this leaf). */
    uint64_t *def_histogram;
    uint64_t unencoded_bytes;
    bool has_unencoded_bytes;
};

/* Histograms of the sum lie in `arena`. */
RG_MUST_CHECK enum rg_status rg_size_merge_init(struct rg_size_merge *merge,
                                                const struct rg_leaf *leaf, struct rg_arena *arena,
                                                struct rg_error *err);

/*
 * Adds a part of `value_count` values, nulls included. A part that contradicts itself (a histogram
 * of another length, or one that does not add up to value_count) counts as one that lacks it.
 */
void rg_size_merge_add(struct rg_size_merge *merge, const struct rg_size_statistics *part,
                       uint64_t value_count);

/* is_present is false when nothing is left to say. Points into the arena of init. */
struct rg_size_statistics rg_size_merge_finish(const struct rg_size_merge *merge);

#endif
