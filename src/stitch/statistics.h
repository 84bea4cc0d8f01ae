/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Statistics of an output chunk from those of its sources (README.md section 3).
 *
 * First the trust filter for each source, then the merge. A bound that cannot be vouched for is
 * left out: an absent bound costs a reader work, a wrong one costs rows.
 */

#ifndef STITCH_STATISTICS_H
#define STITCH_STATISTICS_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "stitch/order.h"
#include "stitch/plain_bounds.h"
#include "stitch/writer.h"

/* Longer bounds of chunks are shortened: they make footers heavy, and nobody prunes by them. */
static const size_t rg_bound_bytes_max = 256;

/*
 * What of `given` can be believed: bounds end up in min_value/max_value or are absent, the
 * deprecated pair is gone, distinct_count too. A null_count above `value_count` is dropped, and one
 * that leaves no values where there are bounds; that of a column whose values cannot be null is 0.
 * `leaf` is the source's own: its column_order counts.
 */
struct rg_statistics rg_statistics_trusted(const struct rg_writer *writer, enum rg_order order,
                                           const struct rg_leaf *leaf,
                                           const struct rg_statistics *given, uint64_t value_count);

/*
 * The same of a chunk with so many data pages (0: nobody knows), without what its writer gets wrong
 * of chunks though not of pages.
 */
struct rg_statistics rg_statistics_of_chunk(const struct rg_writer *writer, enum rg_order order,
                                            const struct rg_leaf *leaf,
                                            const struct rg_column_chunk *chunk,
                                            uint64_t page_count);

/* Null counts of a chunk of several pages, and of these pages, may be too large. */
bool rg_statistics_repeat_nulls(const struct rg_writer *writer,
                                const struct rg_column_chunk *chunk);

/* Null counts of a chunk and of its pages may be any: nothing but its levels tells. */
bool rg_statistics_must_count_nulls(const struct rg_writer *writer, const struct rg_leaf *leaf,
                                    const struct rg_column_chunk *chunk);

/* Bounds of a chunk and of its pages may leave values out; those of its dictionary do not. */
bool rg_statistics_has_part_bounds(const struct rg_writer *writer, const struct rg_leaf *leaf,
                                   const struct rg_column_chunk *chunk);

/* Bounds of pages are right where those of the chunk they make are not. */
bool rg_statistics_has_wrong_unions(const struct rg_writer *writer, enum rg_order order,
                                    const struct rg_leaf *leaf);

/*
 * A running merge. Bounds point into what was added; rg_statistics_merge_finish() copies them.
 */
struct rg_statistics_merge {
    enum rg_order order;
    const struct rg_leaf *leaf;
    struct rg_statistics sum;
    bool has_any;   /* Something was added. */
    bool lacks_min; /* Some part with values has no trusted bound. */
    bool lacks_max;
    bool lacks_nulls; /* Some part has no null count. */
    bool lacks_nans;  /* Some part with values has no NaN count. */
};

void rg_statistics_merge_init(struct rg_statistics_merge *merge, enum rg_order order,
                              const struct rg_leaf *leaf);

/* Adds trusted statistics of a part with `value_count` values, nulls included. */
void rg_statistics_merge_add(struct rg_statistics_merge *merge, const struct rg_statistics *part,
                             uint64_t value_count);

/*
 * The sum, its bounds copied into `arena`; those longer than rg_bound_bytes_max are shortened or,
 * where that cannot be done, left out.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_statistics_merge_finish(const struct rg_statistics_merge *merge,
                                                        struct rg_arena *arena,
                                                        struct rg_statistics *ret_statistics,
                                                        struct rg_error *err);

/*
 * Bounds of a column are in all row groups of a file or in none: DataFusion to 55.0.0 passes over a
 * file by those of some (its issue 25226). Chunks of nothing but nulls need none.
 */
void rg_statistics_level(struct rg_row_group *groups, uint32_t group_count, uint32_t leaf_count);

#endif
