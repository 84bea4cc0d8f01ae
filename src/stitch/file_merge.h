/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a footer says of the file as a whole, merged: key-value metadata by the table of
 * stitching.md section 5, sorting columns where they can be proven, and which files may share an
 * output at all.
 */

#ifndef STITCH_FILE_MERGE_H
#define STITCH_FILE_MERGE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "parquet/metadata.h"

/*
 * Inputs with equal shape may share an output row group under --schema strict: hash of the
 * structural schema (names, types, repetition, annotations, field ids), of the key-values with
 * value semantics (calendar, time zone), of created_by where the schema has INT96, and of the kinds
 * of column order.
 */
struct rg_hash128 rg_file_shape(const struct rg_file_meta *meta);

/*
 * Whether a file can be an input at all, from its footer alone.
 *
 * Errors:  RG_ERR_UNSUPPORTED (encrypted, Iceberg delete file, Hudi base file, data in another
 * file, FILE self-references, ...), RG_ERR_CORRUPT (chunks outside the file, overlapping it), with
 * the reason.
 */
RG_MUST_CHECK enum rg_status rg_file_acceptable(const struct rg_file_meta *meta,
                                                uint64_t file_bytes, struct rg_error *err);

/* A running merge of key-value metadata over the inputs of one output file. */
struct rg_key_value_merge;

struct rg_key_value_merge *rg_key_value_merge_new(struct rg_arena *arena);
RG_MUST_CHECK enum rg_status rg_key_value_merge_add(struct rg_key_value_merge *merge,
                                                    const struct rg_file_meta *meta,
                                                    struct rg_error *err);
/*
 * The merged pairs, in order of first appearance; `row_count` is the output's (pandas' RangeIndex).
 * Our own keys (regroup.*) of inputs are dropped; "original.created.by" is added.
 */
RG_MUST_CHECK enum rg_status rg_key_value_merge_finish(struct rg_key_value_merge *merge,
                                                       uint64_t row_count,
                                                       struct rg_key_value **ret_pairs,
                                                       uint32_t *ret_count, struct rg_error *err);

/*
 * Sorting columns of an output row group made of `count` source row groups one after another: the
 * longest prefix of keys that all declare and that their statistics prove, or none.
 */
RG_MUST_CHECK enum rg_status rg_sorting_merge(const struct rg_schema *schema,
                                              const struct rg_row_group *const *groups,
                                              size_t count, struct rg_arena *arena,
                                              struct rg_sorting_column **ret_columns,
                                              uint32_t *ret_count, struct rg_error *err);

/* created_by of what we write: "regroup version X.Y.Z (build HASH)". */
extern const char rg_created_by[];

#endif
