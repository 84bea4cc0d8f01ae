/* SPDX-License-Identifier: Apache-2.0 */

/* Multipart uploads. */

#ifndef STORE_S3_S3_UPLOAD_H
#define STORE_S3_S3_UPLOAD_H

#include "store/s3/s3_impl.h"

/* Makes op->upload; sends nothing. Any thread. Errors: RG_ERR_NOMEM. */
RG_MUST_CHECK enum rg_status rg_s3_upload_begin(struct rg_s3_store *store, struct rg_store_op *op,
                                                struct rg_error *err);

void rg_s3_begin_part(struct rg_s3_task *task);
void rg_s3_begin_finish(struct rg_s3_task *task);
void rg_s3_begin_abort(struct rg_s3_task *task);

/* A task is over: whoever waits for it goes on, and what it ended is freed. Any verb. */
void rg_s3_upload_ended(struct rg_s3_task *task);

/*
 * After a completion that never succeeded, and made no object: is the upload still there? Ends the
 * task with RG_ERR_AGAIN and what the last attempt died of, or with RG_ERR_CHANGED when it is gone
 * (aborted by somebody else: radosgw 16 answers 500 then).
 */
void rg_s3_ask_upload(struct rg_s3_task *task);

#endif
