/* SPDX-License-Identifier: Apache-2.0 */

/* Finds out what a store can do, by trying it. */

#ifndef STORE_S3_S3_PROBE_H
#define STORE_S3_S3_PROBE_H

#include "store/s3/s3_impl.h"

/* The driver's probe(): see store/store.h. Blocks. */
RG_MUST_CHECK enum rg_status rg_s3_probe(struct rg_store *store, bool may_write,
                                         struct rg_store_caps *ret_caps, struct rg_error *err);

#endif
