/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keys and paths, ids, directories that are made on demand and survive a power cut, and what errno
 * means.
 */

#ifndef STORE_LOCAL_LOCAL_TREE_H
#define STORE_LOCAL_LOCAL_TREE_H

#include "store/local/local_impl.h"

/*
 * The status that belongs to `error_number`, with a text that names the object:
 * "file:///data/a.parquet: <verb>: no space left on device".
 */
enum rg_status rg_local_fail(const struct rg_local_store *store, const char *key, const char *verb,
                             int error_number, struct rg_error *err);

/* The same of an operation, whose key may count from "/". */
enum rg_status rg_local_fail_op(const struct rg_local_store *store, const struct rg_store_op *op,
                                const char *verb, int error_number, struct rg_error *err);

/* Whether that says that the file system, or its user's share of it, is full. */
bool rg_local_is_full(int error_number);

/*
 * The path of a key or prefix ("" is the root).
 *
 * Errors:  RG_ERR_INVALID: a component is "", "." or ".."; RG_ERR_LIMIT: the path is too long.
 */
RG_MUST_CHECK enum rg_status rg_local_path_of(const struct rg_local_store *store, const char *key,
                                              struct rg_local_path *ret_path, struct rg_error *err);

/* The same of an operation, whose key may count from "/". */
RG_MUST_CHECK enum rg_status rg_local_path_of_op(const struct rg_local_store *store,
                                                 const struct rg_store_op *op,
                                                 struct rg_local_path *ret_path,
                                                 struct rg_error *err);

/* The path of the directory that holds `path`. */
void rg_local_parent_of(const struct rg_local_path *path, struct rg_local_path *ret_parent);

/* The name in the directory: what follows the last '/'. */
const char *rg_local_name_of(const struct rg_local_path *path);

uint64_t rg_local_modified_ns(const struct stat *stat);

/* Fills an id; the tag goes into `arena`, and is "" without one. */
RG_MUST_CHECK enum rg_status rg_local_id_of(const struct stat *stat, struct rg_arena *arena,
                                            struct rg_object_id *ret_id, struct rg_error *err);

/* True when `stat` is of the body that `id` names. */
bool rg_local_id_matches(const struct stat *stat, const struct rg_object_id *id, bool is_strict);

/* Makes `directory` and what lies above it; 0 or errno. */
int rg_local_make_directories(struct rg_local_store *store, const struct rg_local_path *directory);

/*
 * Returns when a power cut can neither take the entries of `directory` nor any directory of the
 * tree above it; 0 or errno. What is above is done once for each directory.
 */
int rg_local_sync_directory(struct rg_local_store *store, const struct rg_local_path *directory);

#endif
