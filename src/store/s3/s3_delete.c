/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A conditional delete is a look and a DELETE with If-Match. Where the store does not honour that
 * header, a user's overwrite between the two is lost (journal/README.md tells so); where it refuses
 * it, it is left out. Some refuse it by saying that a tag of their own does not match
 * (versitygw issue 1835): what is unchanged when it is looked at again is deleted without it.
 */

#include "store/s3/s3_delete.h"

#include "store/s3/s3_read.h"

static enum rg_status describe_delete(struct rg_s3_task *task, struct rg_s3_description *ret,
                                      struct rg_error *err)
{
    const struct rg_store_op *op = task->op;

    ret->method = "DELETE";
    ret->key = op->key;
    task->is_conditional = op->expected != NULL && !task->store->features.refuses_delete_if_match &&
                           rg_s3_is_strong(op->expected->tag);
    if (!task->is_conditional)
        return RG_OK;
    const char *tag = rg_s3_quote(task, op->expected->tag);
    if (tag == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
    rg_s3_add_header(ret, "if-match", tag);
    return RG_OK;
}

static void on_looked(struct rg_s3_task *task)
{
    if (!task->headers.has_length)
        rg_s3_task_retry(task, "no Content-Length");
    else if (rg_s3_is_other(task, task->op->expected, task->headers.length))
        rg_s3_task_fail(task, RG_ERR_CHANGED, "it was changed");
    else
        rg_s3_task_call(task, task->write);
}

static void on_looked_again(struct rg_s3_task *task)
{
    const bool is_other =
        task->headers.has_length && rg_s3_is_other(task, task->op->expected, task->headers.length);

    if (task->headers.has_length && !is_other)
        task->store->features.refuses_delete_if_match = true;
    on_looked(task);
}

static bool on_absent(struct rg_s3_task *task)
{
    if (task->http.status != 404)
        return false;
    rg_s3_task_end(task);
    return true;
}

static const struct rg_s3_call look_call = {
    .name = "HEAD",
    .describe = rg_s3_describe_head,
    .on_success = on_looked,
    .on_refusal = on_absent,
};

static const struct rg_s3_call look_again_call = {
    .name = "HEAD",
    .describe = rg_s3_describe_head,
    .on_success = on_looked_again,
    .on_refusal = on_absent,
};

static void on_deleted(struct rg_s3_task *task)
{
    rg_s3_task_end(task);
}

static bool on_delete_refused(struct rg_s3_task *task)
{
    const uint32_t status = task->http.status;

    if (status == 404) {
        rg_s3_task_end(task);
        return true;
    }
    if (status == 412 && task->is_conditional) {
        rg_s3_task_call(task, &look_again_call);
        return true;
    }
    if (status == 412) {
        rg_s3_task_fail(task, RG_ERR_CHANGED, "it was changed");
        return true;
    }
    if ((status == 501 || status == 400) && task->is_conditional) {
        task->store->features.refuses_delete_if_match = true;
        rg_s3_task_call(task, task->call);
        return true;
    }
    return false;
}

static const struct rg_s3_call delete_call = {
    .name = "DELETE",
    .describe = describe_delete,
    .on_success = on_deleted,
    .on_refusal = on_delete_refused,
};

void rg_s3_begin_delete(struct rg_s3_task *task)
{
    task->write = &delete_call;
    rg_s3_task_call(task, task->op->expected != NULL ? &look_call : &delete_call);
}
