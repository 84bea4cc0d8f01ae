/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The verbs PUT and UPLOAD_*.
 *
 * What they share: bytes are written into a file that no listing shows, made durable if that is
 * asked for, and then get their name, all at once.
 */

#ifndef STORE_LOCAL_LOCAL_WRITE_H
#define STORE_LOCAL_LOCAL_WRITE_H

#include "store/local/local_impl.h"

RG_MUST_CHECK enum rg_status rg_local_put(struct rg_local_store *store, struct rg_store_op *op,
                                          struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_local_upload_begin(struct rg_local_store *store,
                                                   struct rg_store_op *op, struct rg_error *err);

/*
 * Gives the part its place in the file. Called in the order in which parts are started; the writing
 * itself may then be done in any order.
 */
void rg_local_upload_part_place(struct rg_store_op *op);

RG_MUST_CHECK enum rg_status rg_local_upload_part(struct rg_local_store *store,
                                                  struct rg_store_op *op, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_local_upload_finish(struct rg_local_store *store,
                                                    struct rg_store_op *op, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_local_upload_abort(struct rg_local_store *store,
                                                   struct rg_store_op *op, struct rg_error *err);

/*
 * Gives `from` the name `to`, which must be free: 0 or errno (EEXIST). Where the file
 * system has no such rename, by link() and unlink().
 */
int rg_local_rename_absent(const struct rg_local_store *store, const struct rg_local_path *from,
                           const struct rg_local_path *to);

/*
 * What naming files does here; writes below "_regroup/". Where there is no room for that, what is
 * usual.
 */
RG_MUST_CHECK enum rg_status rg_local_probe_names(struct rg_local_store *store,
                                                  bool *ret_has_create_if_absent,
                                                  struct rg_error *err);

#endif
