/* SPDX-License-Identifier: Apache-2.0 */

/* Sorting columns of an output row group: declared only where statistics prove them. */

#ifndef STITCH_SORTING_H
#define STITCH_SORTING_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "stitch/writer.h"

struct rg_sorting_source {
    const struct rg_row_group *group;
    const struct rg_schema *schema; /* Its file's; leaves mean the same columns in all sources. */
    const struct rg_writer *writer;
};

/*
 * Sorting columns of an output row group made of `count` source row groups one after another: the
 * longest prefix of keys that all declare and that their statistics prove, or none.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_sorting_merge(const struct rg_sorting_source *sources, size_t count,
                                              struct rg_arena *arena,
                                              struct rg_sorting_column **ret_columns,
                                              uint32_t *ret_count, struct rg_error *err);

#endif
