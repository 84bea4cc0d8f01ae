/* SPDX-License-Identifier: Apache-2.0 */

/* The verbs HEAD and GET. */

#ifndef STORE_LOCAL_LOCAL_READ_H
#define STORE_LOCAL_LOCAL_READ_H

#include "store/local/local_impl.h"

RG_MUST_CHECK enum rg_status rg_local_head(struct rg_local_store *store, struct rg_store_op *op,
                                           struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_local_get(struct rg_local_store *store, struct rg_store_op *op,
                                          struct rg_error *err);

#endif
