/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The verbs DELETE, RESTORE and ABORT_STALE.
 *
 * POSIX cannot delete a file on the condition that it is the one that was looked at. So a file that
 * must not be lost is first renamed away to where nobody writes, looked at there, and then either
 * unlinked or given its name back.
 */

#ifndef STORE_LOCAL_LOCAL_DELETE_H
#define STORE_LOCAL_LOCAL_DELETE_H

#include "store/local/local_impl.h"

RG_MUST_CHECK enum rg_status rg_local_delete(struct rg_local_store *store, struct rg_store_op *op,
                                             struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_local_restore(struct rg_local_store *store, struct rg_store_op *op,
                                              struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_local_abort_stale(struct rg_local_store *store,
                                                  struct rg_store_op *op, struct rg_error *err);

#endif
