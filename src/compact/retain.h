/* SPDX-License-Identifier: Apache-2.0 */

/* Deep copies of metadata into another arena, for what must outlive the job that made it. */

#ifndef COMPACT_RETAIN_H
#define COMPACT_RETAIN_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"

/* Errors:  RG_ERR_NOMEM. */
RG_MUST_CHECK enum rg_status rg_retain_schema(const struct rg_schema *schema,
                                              struct rg_arena *arena, struct rg_schema *ret_schema,
                                              struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_retain_chunk(const struct rg_column_chunk *chunk,
                                             struct rg_arena *arena,
                                             struct rg_column_chunk *ret_chunk,
                                             struct rg_error *err);

/* A copy of count * bytes_each bytes; NULL stays NULL and is no error. */
RG_MUST_CHECK enum rg_status rg_retain_array(const void *array, size_t count, size_t bytes_each,
                                             struct rg_arena *arena, void **ret_copy,
                                             struct rg_error *err);

#endif
