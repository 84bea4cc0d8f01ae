/* SPDX-License-Identifier: Apache-2.0 */

/* Key-value metadata of files and chunks, merged by the table of README.md section 6. */

#ifndef STITCH_KEY_VALUES_H
#define STITCH_KEY_VALUES_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"

/* created_by of what we write: "regroup version X.Y.Z (build HASH)". */
extern const char rg_created_by[];

/* More than this in a file is nothing that metadata is for. */
static const uint32_t rg_key_values_max = 65536;

/* Whether readers that ask created_by take INT96 timestamps for those of parquet-mr. */
bool rg_created_by_is_parquet_mr(struct rg_span created_by);

/* A running merge of key-value metadata over the inputs of one output file. */
struct rg_key_value_merge;

/* A key that did not make it into the output as it was. */
struct rg_key_value_note {
    struct rg_span key;
    const char *reason; /* "differs between inputs", ... */
};

/*
 * `schema` is the output's; `is_schema_changed` when some input's differs from it (--schema union):
 * keys that describe the schema are dropped then. NULL without memory.
 */
struct rg_key_value_merge *rg_key_value_merge_new(struct rg_arena *arena,
                                                  const struct rg_schema *schema,
                                                  bool is_schema_changed);

/*
 * Adds an input; nothing of `meta` is needed afterwards.
 *
 * Errors:  RG_ERR_UNSUPPORTED when it may not share an output with those before it
 *          (rg_file_semantics()); RG_ERR_LIMIT above rg_key_values_max; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_key_value_merge_add(struct rg_key_value_merge *merge,
                                                    const struct rg_file_meta *meta,
                                                    struct rg_error *err);
/*
 * What became of the pages, before merging is finished. Arrow makes dictionary arrays inside of
 * others of one dictionary only; pages of nulls without indices before those with them are too
 * much.
 */
void rg_key_value_merge_note_pages(struct rg_key_value_merge *merge,
                                   const struct rg_row_group *row_groups, uint32_t count);

/*
 * The merged pairs, in order of first appearance; `row_count` is the output's (pandas' RangeIndex).
 * Our own keys (regroup.*) of inputs are dropped; "original.created.by" is added. May be called
 * again, for another output of the same inputs.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_key_value_merge_finish(struct rg_key_value_merge *merge,
                                                       uint64_t row_count,
                                                       struct rg_key_value **ret_pairs,
                                                       uint32_t *ret_count, struct rg_error *err);

/*
 * created_by of the output: ours, except that INT96 columns of parquet-mr keep the words of the
 * newest of them, because readers shift such timestamps by it.
 */
struct rg_span rg_key_value_merge_created_by(const struct rg_key_value_merge *merge);

/* Which keys were dropped or changed, each once and not more than a cap of them; valid after
 * finish. */
const struct rg_key_value_note *rg_key_value_merge_notes(const struct rg_key_value_merge *merge,
                                                         uint32_t *ret_count);

/* Key-values of a column's chunks: those of the first if all have the same, else none. */
void rg_chunk_key_values_merge(const struct rg_column_chunk *const *chunks, size_t chunk_count,
                               struct rg_key_value **ret_pairs, uint32_t *ret_count);

#endif
