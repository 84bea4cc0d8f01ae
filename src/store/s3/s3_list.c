/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/s3_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/s3/s3_read.h"

static const uint32_t upload_pages_max = 1000;

/* Root and prefix together, in the task's arena; NULL without memory. */
static const char *whole_prefix(struct rg_s3_task *task)
{
    const char *root = rg_s3_root_of(task->store, task->op);
    const char *prefix = task->op->key != NULL ? task->op->key : "";
    const size_t bytes = strlen(root) + strlen(prefix) + 1;
    char *whole = rg_arena_alloc(&task->arena, bytes);

    if (whole != NULL)
        (void)snprintf(whole, bytes, "%s%s", root, prefix);
    return whole;
}

static enum rg_status describe_list(struct rg_s3_task *task, struct rg_s3_description *ret,
                                    struct rg_error *err)
{
    const struct rg_store_op *op = task->op;
    const char *prefix = whole_prefix(task);
    char *count = rg_arena_alloc(&task->arena, 16);

    if (prefix == NULL || count == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
    rg_s3_add_parameter(ret, "list-type", "2");
    rg_s3_add_parameter(ret, "prefix", prefix);
    rg_s3_add_parameter(ret, "delimiter", "/");
    /* Keys may hold what XML cannot. */
    rg_s3_add_parameter(ret, "encoding-type", "url");
    if (op->page_token != NULL)
        rg_s3_add_parameter(ret, "continuation-token", op->page_token);
    if (op->page_key_max > 0) {
        (void)snprintf(count, 16, "%" PRIu32, op->page_key_max);
        rg_s3_add_parameter(ret, "max-keys", count);
    }
    return RG_OK;
}

static void on_list(struct rg_s3_task *task)
{
    struct rg_store_op *op = task->op;
    const struct rg_answer *answer = task->answer;

    op->next_page_token = NULL;
    if (answer->list.is_truncated) {
        if (answer->next_token[0] == '\0') {
            rg_s3_task_fail(task, RG_ERR_IO, "the listing goes on, but no token tells where");
            return;
        }
        if (op->page_token != NULL && strcmp(op->page_token, answer->next_token) == 0) {
            rg_s3_task_fail(task, RG_ERR_IO, "the listing does not advance");
            return;
        }
        op->next_page_token =
            (const char *)rg_arena_copy(op->arena, rg_span_of(answer->next_token)).data;
        if (op->next_page_token == NULL) {
            rg_s3_task_fail(task, RG_ERR_NOMEM, "no memory for a listing");
            return;
        }
    }
    op->objects = answer->list.objects;
    op->object_count = answer->list.count;
    rg_s3_task_end(task);
}

static const struct rg_s3_call list_call = {
    .name = "LIST",
    .wanted = RG_ANSWER_LIST,
    .describe = describe_list,
    .on_success = on_list,
};

void rg_s3_begin_list(struct rg_s3_task *task)
{
    rg_s3_task_call(task, &list_call);
}

static enum rg_status describe_list_uploads(struct rg_s3_task *task, struct rg_s3_description *ret,
                                            struct rg_error *err)
{
    const char *prefix = whole_prefix(task);

    if (prefix == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
    rg_s3_add_parameter(ret, "uploads", "");
    rg_s3_add_parameter(ret, "prefix", prefix);
    rg_s3_add_parameter(ret, "delimiter", "/");
    rg_s3_add_parameter(ret, "encoding-type", "url");
    if (task->marker != NULL)
        rg_s3_add_parameter(ret, "key-marker", task->marker);
    /* A page that ends with a prefix has none, and Google takes no empty one (syslog-ng 4956). */
    if (task->marker != NULL && task->upload_marker[0] != '\0')
        rg_s3_add_parameter(ret, "upload-id-marker", task->upload_marker);
    return RG_OK;
}

/* Puts this page's uploads behind those of the pages before. */
static bool append_uploads(struct rg_store_op *op, const struct rg_answer_list *list)
{
    const size_t count = op->object_count + list->count;
    struct rg_object *objects = rg_arena_array(op->arena, count, sizeof *objects);

    if (objects == NULL)
        return false;
    if (op->object_count > 0)
        memcpy(objects, op->objects, op->object_count * sizeof *objects);
    if (list->count > 0)
        memcpy(objects + op->object_count, list->objects, list->count * sizeof *objects);
    op->objects = objects;
    op->object_count = count;
    return true;
}

static bool keep_markers(struct rg_s3_task *task)
{
    struct rg_allocator *allocator = &task->store->allocator;

    if (task->marker == NULL)
        task->marker = rg_alloc(allocator, RG_ANSWER_TOKEN_BYTES);
    if (task->upload_marker == NULL)
        task->upload_marker = rg_alloc(allocator, RG_ANSWER_ID_BYTES);
    if (task->marker == NULL || task->upload_marker == NULL)
        return false;
    memcpy(task->marker, task->answer->next_token, RG_ANSWER_TOKEN_BYTES);
    memcpy(task->upload_marker, task->answer->next_upload_id, RG_ANSWER_ID_BYTES);
    return true;
}

static void on_list_uploads(struct rg_s3_task *task)
{
    struct rg_store_op *op = task->op;
    const struct rg_answer *answer = task->answer;

    if (!append_uploads(op, &answer->list)) {
        rg_s3_task_fail(task, RG_ERR_NOMEM, "no memory for a listing");
        return;
    }
    if (!answer->list.is_truncated) {
        rg_s3_task_end(task);
        return;
    }
    const bool is_stuck = task->marker != NULL && strcmp(task->marker, answer->next_token) == 0 &&
                          strcmp(task->upload_marker, answer->next_upload_id) == 0;
    if (is_stuck || answer->next_token[0] == '\0' || ++task->round == upload_pages_max)
        rg_s3_task_fail(task, RG_ERR_IO, "the listing of uploads does not advance");
    else if (!keep_markers(task))
        rg_s3_task_fail(task, RG_ERR_NOMEM, "no memory for a listing");
    else
        rg_s3_task_call(task, task->call);
}

static const struct rg_s3_call list_uploads_call = {
    .name = "LIST",
    .wanted = RG_ANSWER_LIST_UPLOADS,
    .describe = describe_list_uploads,
    .on_success = on_list_uploads,
};

void rg_s3_begin_list_uploads(struct rg_s3_task *task)
{
    task->op->objects = NULL;
    task->op->object_count = 0;
    rg_s3_task_call(task, &list_uploads_call);
}
