/* SPDX-License-Identifier: Apache-2.0 */

/* DELETE: of any body, or of the one that is expected. */

#ifndef STORE_S3_S3_DELETE_H
#define STORE_S3_S3_DELETE_H

#include "store/s3/s3_impl.h"

void rg_s3_begin_delete(struct rg_s3_task *task);

#endif
