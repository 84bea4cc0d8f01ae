/* SPDX-License-Identifier: Apache-2.0 */

/* Listings of one directory. */

#ifndef STORE_LOCAL_LOCAL_LIST_H
#define STORE_LOCAL_LOCAL_LIST_H

#include "store/local/local_impl.h"

/* The verbs LIST and LIST_UPLOADS. */
RG_MUST_CHECK enum rg_status rg_local_list(struct rg_local_store *store, struct rg_store_op *op,
                                           struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_local_list_uploads(struct rg_local_store *store,
                                                   struct rg_store_op *op, struct rg_error *err);

/* True for the names that temporary files of ours have. */
bool rg_local_is_temporary(const char *name);

#endif
