/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Builds the page index of an output chunk, page by page, in the order in which pages are written
 * (stitching.md section 5).
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

/* Pages' bounds are copied. `rows_are_known` false: no offset index can be written any more. */
RG_MUST_CHECK enum rg_status rg_index_merge_add(struct rg_index_merge *merge,
                                                const struct rg_index_page *page,
                                                bool rows_are_known, struct rg_error *err);

/*
 * Offsets are relative to the first data page at `first_page_offset` of the chunk. A column index
 * is given only where every page has bounds or is all null, and the order allows one; optional
 * lists only where every page has them. boundary_order is recomputed.
 */
RG_MUST_CHECK enum rg_status
rg_index_merge_finish(struct rg_index_merge *merge, uint64_t first_page_offset,
                      bool *ret_has_offset_index, struct rg_offset_index *ret_offset_index,
                      bool *ret_has_column_index, struct rg_column_index *ret_column_index,
                      struct rg_error *err);

/*
 * Element-wise sum of size statistics; absent where a part lacks them and they cannot be derived
 * (histograms of flat columns follow from value and null counts).
 */
void rg_size_statistics_merge(struct rg_size_statistics *sum, const struct rg_size_statistics *part,
                              bool is_first);

#endif
