/* SPDX-License-Identifier: Apache-2.0 */

/* HEAD and GET. */

#ifndef STORE_S3_S3_READ_H
#define STORE_S3_S3_READ_H

#include "store/s3/s3_impl.h"

void rg_s3_begin_head(struct rg_s3_task *task);
void rg_s3_begin_get(struct rg_s3_task *task);

/* For the verbs that look before or after: describes a HEAD of the operation's key. */
enum rg_status rg_s3_describe_head(struct rg_s3_task *task, struct rg_s3_description *ret,
                                   struct rg_error *err);

/* The id that the answer's headers tell, its tag in the operation's arena. Errors: RG_ERR_NOMEM. */
RG_MUST_CHECK enum rg_status rg_s3_take_id(struct rg_s3_task *task, uint64_t bytes,
                                           struct rg_error *err);

/* True when the answer's headers tell another body than `expected`. */
bool rg_s3_is_other(const struct rg_s3_task *task, const struct rg_object_id *expected,
                    uint64_t bytes);

/* Adds a header. */
void rg_s3_add_header(struct rg_s3_description *d, const char *name, const char *value);
void rg_s3_add_parameter(struct rg_s3_description *d, const char *name, const char *value);

/* A tag in quotes, in the task's arena; NULL without memory. */
const char *rg_s3_quote(struct rg_s3_task *task, const char *tag);

/* True when If-Match can be asked with this tag: weak ones never match. */
bool rg_s3_is_strong(const char *tag);

#endif
