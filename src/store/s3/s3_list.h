/* SPDX-License-Identifier: Apache-2.0 */

/* Listings: of keys, page by page, and of uploads. */

#ifndef STORE_S3_S3_LIST_H
#define STORE_S3_S3_LIST_H

#include "store/s3/s3_impl.h"

void rg_s3_begin_list(struct rg_s3_task *task);
void rg_s3_begin_list_uploads(struct rg_s3_task *task);

#endif
