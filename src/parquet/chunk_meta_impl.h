/* SPDX-License-Identifier: Apache-2.0 */

/* ColumnChunk with its ColumnMetaData, in and out. */

#ifndef PARQUET_CHUNK_META_IMPL_H
#define PARQUET_CHUNK_META_IMPL_H

#include "parquet/meta_parser_impl.h"

/*
 * The fields that a chunk must have, at their shortest. An encrypted one is longer: the nonce and
 * the tag of its metadata alone take 28 bytes (Encryption.md 4.2.1).
 */
static const size_t rg_column_chunk_bytes_min = 16;

/*
 * Parses the chunk of `leaf` into *ret_chunk, which is zeroed.
 *
 * Errors:  RG_ERR_CORRUPT when malformed, when a field is missing that the format demands, or when
 *          type or path are not the leaf's; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_column_chunk_parse(struct rg_meta_parser *parser,
                                                   const struct rg_leaf *leaf,
                                                   struct rg_column_chunk *ret_chunk,
                                                   struct rg_error *err);

/* Writes the chunk as an element of RowGroup.columns. */
void rg_column_chunk_emit(struct rg_thrift_writer *writer, const struct rg_leaf *leaf,
                          const struct rg_column_chunk *chunk);

#endif
