/* SPDX-License-Identifier: Apache-2.0 */

/* PUT, and what it shares with uploads. */

#ifndef STORE_S3_S3_WRITE_H
#define STORE_S3_S3_WRITE_H

#include "store/s3/s3_impl.h"

/* Digests of the operation's segments and a mark; in the thread that starts it. */
void rg_s3_prepare_body(struct rg_s3_task *task);

void rg_s3_begin_put(struct rg_s3_task *task);

/* The same with a mark of the caller's: an upload without parts. */
void rg_s3_begin_put_marked(struct rg_s3_task *task, const char *mark);

/* A mark that no other operation has. */
void rg_s3_make_mark(struct rg_s3_store *store, char ret_mark[RG_S3_MARK_BYTES]);

/* RG_S3_MARK_HEADER and RG_S3_TOKEN_HEADER. */
void rg_s3_add_marks(struct rg_s3_description *d, const char *mark, const char *token);

/*
 * True when a refusal can be of the checksum's header: then this store gets none any more, and the
 * task goes on with the same call.
 */
bool rg_s3_drops_checksum(struct rg_s3_task *task);

/* Body, digest and checksum of the operation's segments. */
void rg_s3_add_body(struct rg_s3_task *task, struct rg_s3_description *d);

/*
 * Looks at what is there now and ends the operation: well if it is ours (by task->mark and
 * `bytes`), else with RG_ERR_EXISTS, or as lost when nothing is there.
 */
void rg_s3_find_out(struct rg_s3_task *task, uint64_t bytes);

/*
 * Where the store cannot create only if absent: looks, and then writes `bytes` bytes by `write` if
 * nothing is there; else as rg_s3_find_out().
 */
void rg_s3_look_first(struct rg_s3_task *task, const struct rg_s3_call *write, uint64_t bytes);

/* Ends a write that the store said yes to; looks at the object if the caller wants its id. */
void rg_s3_written(struct rg_s3_task *task, uint64_t bytes);

#endif
