/* SPDX-License-Identifier: Apache-2.0 */

/* One attempt of a call: described, signed, sent; and what its headers said. */

#ifndef STORE_S3_S3_SEND_H
#define STORE_S3_S3_SEND_H

#include "store/s3/s3_impl.h"

/*
 * Sends the task's call. The answer comes to rg_s3_task_answered().
 *
 * Errors:  those of describing and signing; nothing was sent then.
 */
RG_MUST_CHECK enum rg_status rg_s3_send(struct rg_s3_task *task, struct rg_error *err);

/* s3_task.c: the exchange is over. */
void rg_s3_task_answered(struct rg_s3_task *task);

#endif
