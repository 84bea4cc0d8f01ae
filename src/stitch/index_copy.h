/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Page indexes copied into an arena of just their size: they grow in scratch memory, where room
 * that was grown out of costs nothing in the end.
 */

#ifndef STITCH_INDEX_COPY_H
#define STITCH_INDEX_COPY_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"

/* Replaces what `index` points to by copies in `arena`. Errors: RG_ERR_NOMEM. */
RG_MUST_CHECK enum rg_status rg_offset_index_copy(struct rg_offset_index *index,
                                                  struct rg_arena *arena, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_column_index_copy(struct rg_column_index *index,
                                                  struct rg_arena *arena, struct rg_error *err);

#endif
