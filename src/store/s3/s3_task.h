/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The life of an operation in the event thread: it waits for its turn, is sent, judged, tried again
 * after a while, and ends. What its verb asks for in which order is in s3_read.c, s3_write.c,
 * s3_upload.c, s3_list.c and s3_delete.c; the functions they use are in s3_impl.h.
 */

#ifndef STORE_S3_S3_TASK_H
#define STORE_S3_S3_TASK_H

#include "store/s3/s3_impl.h"

/* The store's turn, for rg_http_options. */
uint64_t rg_s3_on_turn(void *user, uint64_t now_ns);

/* The driver's start(). Threads: any. */
void rg_s3_start(struct rg_store *store, struct rg_store_op *op);

#endif
