/* SPDX-License-Identifier: Apache-2.0 */

/* OffsetIndex and ColumnIndex, in and out (parquet-format PageIndex.md). */

#ifndef PARQUET_PAGE_INDEX_H
#define PARQUET_PAGE_INDEX_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "parquet/metadata.h"

/*
 * Spans in the results point into `bytes`, arrays lie in `arena`.
 *
 * Errors:  RG_ERR_CORRUPT (lists of different lengths, negative sizes, offsets that do not grow,
 * row indexes that do not grow or do not begin at 0), RG_ERR_LIMIT, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_offset_index_parse(struct rg_span bytes, struct rg_arena *arena,
                                                   struct rg_offset_index *ret_index,
                                                   struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_column_index_parse(struct rg_span bytes, struct rg_arena *arena,
                                                   struct rg_column_index *ret_index,
                                                   struct rg_error *err);

RG_MUST_CHECK enum rg_status rg_offset_index_emit(const struct rg_offset_index *index,
                                                  struct rg_buffer *out, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_column_index_emit(const struct rg_column_index *index,
                                                  struct rg_buffer *out, struct rg_error *err);

#endif
