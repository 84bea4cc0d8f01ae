/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GET of a range. What is got stays: when the connection breaks, only what is missing is asked for
 * again, of the same body.
 *
 *   (1) buffer[0 .. got_bytes) are bytes of the object from `first` on, all of the body that `tag`
 *       names.
 *   (2) A byte goes into the buffer only after the answer's headers have said that it belongs
 *       there: status, Content-Range and ETag are looked at before the first byte.
 */

#include "store/s3/s3_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/s3/s3_send.h"

static const uint64_t rounding_ns = UINT64_C(1000000000);

/* How often a store may say that a range is not there which is, and how long is waited then. */
static const uint32_t contradictions_max = 4;
static const uint64_t contradiction_pause_ns = UINT64_C(300000000);

void rg_s3_add_header(struct rg_s3_description *d, const char *name, const char *value)
{
    d->headers[d->header_count++] = (struct rg_sigv4_header){name, value};
}

void rg_s3_add_parameter(struct rg_s3_description *d, const char *name, const char *value)
{
    d->parameters[d->parameter_count++] = (struct rg_uri_parameter){name, value};
}

const char *rg_s3_quote(struct rg_s3_task *task, const char *tag)
{
    const size_t bytes = strlen(tag) + 3;
    char *text = rg_arena_alloc(&task->arena, bytes);

    if (text != NULL)
        (void)snprintf(text, bytes, "\"%s\"", tag);
    return text;
}

bool rg_s3_is_strong(const char *tag)
{
    return tag[0] != '\0' && strncmp(tag, "W/", 2) != 0 && strchr(tag, '"') == NULL;
}

enum rg_status rg_s3_take_id(struct rg_s3_task *task, uint64_t bytes, struct rg_error *err)
{
    struct rg_store_op *op = task->op;

    op->id = (struct rg_object_id){bytes, task->headers.modified_ns, ""};
    if (op->arena == NULL)
        return RG_OK;
    char tag[RG_S3_TAG_BYTES];
    (void)snprintf(tag, sizeof tag, "%s", task->headers.tag);
    rg_s3_unquote(tag);
    const struct rg_span copy = rg_arena_copy(op->arena, rg_span_of(tag));
    const struct rg_span token = rg_arena_copy(op->arena, rg_span_of(task->headers.token));
    if (copy.data == NULL || token.data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for an id");
    op->id.tag = (const char *)copy.data;
    op->found_token = (const char *)token.data;
    return RG_OK;
}

bool rg_s3_is_other(const struct rg_s3_task *task, const struct rg_object_id *expected,
                    uint64_t bytes)
{
    const uint64_t then_ns = expected->modified_ns;
    const uint64_t now_ns = task->headers.modified_ns;
    const uint64_t apart_ns = then_ns < now_ns ? now_ns - then_ns : then_ns - now_ns;
    char tag[RG_S3_TAG_BYTES];

    if (expected->bytes != bytes)
        return true;
    (void)snprintf(tag, sizeof tag, "%s", task->headers.tag);
    rg_s3_unquote(tag);
    const bool has_tags = expected->tag[0] != '\0' && tag[0] != '\0';
    if (has_tags && strcmp(expected->tag, tag) != 0)
        return true;
    /*
     * Swift rounds the seconds of HEAD upwards and those of listings downwards (pyrax issue 337):
     * so far apart, times tell nothing that tags do not.
     */
    const uint64_t apart_max_ns = has_tags ? rounding_ns : 0;
    return then_ns != 0 && now_ns != 0 && apart_ns > apart_max_ns;
}

enum rg_status rg_s3_describe_head(struct rg_s3_task *task, struct rg_s3_description *ret,
                                   struct rg_error *err)
{
    (void)err;
    ret->method = "HEAD";
    ret->key = task->op->key;
    return RG_OK;
}

static void on_head(struct rg_s3_task *task)
{
    struct rg_store_op *op = task->op;
    struct rg_error err;

    if (!task->headers.has_length) {
        rg_s3_task_retry(task, "no Content-Length");
        return;
    }
    if (op->expected != NULL && rg_s3_is_other(task, op->expected, task->headers.length)) {
        rg_s3_task_fail(task, RG_ERR_CHANGED, "it was changed");
        return;
    }
    if (rg_s3_take_id(task, task->headers.length, &err) != RG_OK) {
        rg_s3_task_fail(task, RG_ERR_NOMEM, "%s", err.text);
        return;
    }
    rg_s3_task_end(task);
}

static const struct rg_s3_call head_call = {
    .name = "HEAD",
    .describe = rg_s3_describe_head,
    .on_success = on_head,
};

void rg_s3_begin_head(struct rg_s3_task *task)
{
    rg_s3_task_call(task, &head_call);
}

static enum rg_status describe_get(struct rg_s3_task *task, struct rg_s3_description *ret,
                                   struct rg_error *err)
{
    const struct rg_store_op *op = task->op;
    const char *tag = task->got_bytes > 0    ? task->tag
                      : op->expected != NULL ? op->expected->tag
                                             : "";
    char *range = rg_arena_alloc(&task->arena, 64);

    if (range == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
    if (task->is_first_known)
        (void)snprintf(range, 64, "bytes=%" PRIu64 "-%" PRIu64, task->first + task->got_bytes,
                       task->first + task->wanted_bytes - 1);
    else
        (void)snprintf(range, 64, "bytes=-%" PRIu64, task->wanted_bytes);
    ret->method = "GET";
    ret->key = op->key;
    rg_s3_add_header(ret, "range", range);
    task->is_conditional = rg_s3_is_strong(tag) && !task->store->features.refuses_get_if_match;
    if (task->is_conditional) {
        const char *quoted = rg_s3_quote(task, tag);

        if (quoted == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
        rg_s3_add_header(ret, "if-match", quoted);
    }
    return RG_OK;
}

/* Stops the body; the answer is tried again or ends the operation, as `status` says. */
static bool refuse_body(struct rg_s3_task *task, enum rg_status status, const char *text)
{
    task->body_status = rg_fail(&task->body_err, status, "%s", text);
    return false;
}

/* The whole object came although a part was asked for: good only where they are the same. */
static bool take_whole(struct rg_s3_task *task)
{
    struct rg_s3_headers *headers = &task->headers;
    const bool begins_at_0 =
        task->is_first_known ? task->first + task->got_bytes == 0 : task->got_bytes == 0;

    if (!headers->has_length || headers->length == 0 || !begins_at_0 ||
        headers->length > task->wanted_bytes)
        return refuse_body(task, RG_ERR_AGAIN, "the store ignored the range");
    headers->has_range = true;
    headers->range_first = 0;
    headers->range_last = headers->length - 1;
    headers->has_total = true;
    headers->total = headers->length;
    return true;
}

/* Holds what the headers say against what was asked for, before the first byte. */
static bool check_head(struct rg_s3_task *task)
{
    struct rg_s3_headers *headers = &task->headers;
    char tag[RG_S3_TAG_BYTES];
    char text[160];

    if (task->http.status != 206 && !take_whole(task))
        return false;
    if (!headers->has_range || !headers->has_total || headers->range_last >= headers->total)
        return refuse_body(task, RG_ERR_AGAIN, "no valid Content-Range");
    const uint64_t suffix_first =
        headers->total > task->wanted_bytes ? headers->total - task->wanted_bytes : 0;
    const uint64_t first = task->is_first_known ? task->first + task->got_bytes : suffix_first;
    const uint64_t asked_last =
        task->is_first_known ? task->first + task->wanted_bytes - 1 : headers->total - 1;
    const uint64_t last = asked_last < headers->total ? asked_last : headers->total - 1;
    if (headers->range_first != first || headers->range_last != last) {
        (void)snprintf(text, sizeof text,
                       "bytes %" PRIu64 " to %" PRIu64 " were asked for, %" PRIu64 " to %" PRIu64
                       " came",
                       first, last, headers->range_first, headers->range_last);
        return refuse_body(task, RG_ERR_AGAIN, text);
    }
    (void)snprintf(tag, sizeof tag, "%s", headers->tag);
    rg_s3_unquote(tag);
    const struct rg_object_id *expected = task->op->expected;
    const bool is_other = (expected != NULL && rg_s3_is_other(task, expected, headers->total)) ||
                          (task->got_bytes > 0 && strcmp(tag, task->tag) != 0);
    if (is_other)
        return refuse_body(task, RG_ERR_CHANGED, "it was changed");
    (void)snprintf(task->tag, sizeof task->tag, "%s", tag);
    if (!task->is_first_known) {
        task->first = first;
        task->wanted_bytes = headers->total - first;
        task->is_first_known = true;
    }
    return true;
}

static bool on_get_body(struct rg_s3_task *task, struct rg_span bytes)
{
    struct rg_store_op *op = task->op;
    const bool is_begin = task->text_bytes == 0;

    /* Counts this attempt's bytes; XML is not read here. */
    if (is_begin && !check_head(task))
        return false;
    task->text_bytes += bytes.bytes;
    const uint64_t end = task->headers.range_last + 1 - task->first;
    if (bytes.bytes > end - task->got_bytes)
        return refuse_body(task, RG_ERR_AGAIN, "more bytes came than the range has");
    memcpy(op->buffer + task->got_bytes, bytes.data, bytes.bytes);
    task->got_bytes += bytes.bytes;
    return true;
}

/* The store says that the object ends before the range. Is that so? */
static void on_length(struct rg_s3_task *task)
{
    const struct rg_store_op *op = task->op;
    const struct rg_s3_headers *headers = &task->headers;
    const uint64_t first = (task->is_first_known ? task->first : 0) + task->got_bytes;
    const bool is_other =
        op->expected != NULL && rg_s3_is_other(task, op->expected, headers->length);

    if (task->got_bytes > 0 && headers->has_length && headers->length <= first) {
        rg_s3_task_fail(task, RG_ERR_CHANGED, "it is shorter than it was");
        return;
    }
    if (!headers->has_length || is_other || headers->length <= first) {
        on_head(task);
        return;
    }
    /* What was not read must not be taken for the end of the object. */
    if (++task->round < contradictions_max)
        rg_s3_task_call_later(task, task->write, contradiction_pause_ns);
    else
        rg_s3_task_fail(task, RG_ERR_AGAIN,
                        "no bytes from %" PRIu64 " on, says the store, of %" PRIu64, first,
                        headers->length);
}

static const struct rg_s3_call length_call = {
    .name = "HEAD",
    .describe = rg_s3_describe_head,
    .on_success = on_length,
};

/*
 * The whole object, which has nothing: what some answer in place of 416 (Go's ServeContent() does).
 * What is known to have bytes has them.
 */
static bool is_whole_empty(const struct rg_s3_task *task)
{
    const struct rg_s3_headers *headers = &task->headers;

    return task->http.status == 200 && headers->has_length && headers->length == 0 &&
           task->got_bytes == 0 && task->op->expected == NULL;
}

static void on_get(struct rg_s3_task *task)
{
    struct rg_store_op *op = task->op;
    struct rg_error err;

    if (is_whole_empty(task)) {
        rg_s3_task_call(task, &length_call);
        return;
    }
    if (task->text_bytes == 0 && !check_head(task)) {
        if (task->body_status == RG_ERR_CHANGED)
            rg_s3_task_fail(task, RG_ERR_CHANGED, "%s", task->body_err.text);
        else
            rg_s3_task_retry(task, "%s", task->body_err.text);
        return;
    }
    if (task->first + task->got_bytes != task->headers.range_last + 1) {
        rg_s3_task_retry(task, "%" PRIu64 " of %" PRIu64 " bytes came", task->got_bytes,
                         task->headers.range_last + 1 - task->first);
        return;
    }
    op->out_bytes = task->got_bytes;
    if (rg_s3_take_id(task, task->headers.total, &err) != RG_OK) {
        rg_s3_task_fail(task, RG_ERR_NOMEM, "%s", err.text);
        return;
    }
    rg_s3_task_end(task);
}

/*
 * GET was told that the tag does not match, and HEAD tells the same tag (SeaweedFS issue 7274):
 * then the condition is left out, here. It is only a short cut: what every answer says of its body
 * is held against what was expected before the first byte is taken.
 */
static void on_same_looked_at(struct rg_s3_task *task)
{
    const struct rg_object_id *expected = task->op->expected;
    const struct rg_s3_headers *headers = &task->headers;
    char tag[RG_S3_TAG_BYTES];

    (void)snprintf(tag, sizeof tag, "%s", headers->tag);
    rg_s3_unquote(tag);
    const bool has_changed =
        !headers->has_length ||
        (expected != NULL && rg_s3_is_other(task, expected, headers->length)) ||
        strcmp(tag, task->got_bytes > 0 ? task->tag
                    : expected != NULL  ? expected->tag
                                        : "") != 0;
    if (has_changed) {
        rg_s3_task_fail(task, RG_ERR_CHANGED, "it was changed");
        return;
    }
    task->store->features.refuses_get_if_match = true;
    rg_s3_task_call(task, task->write);
}

static const struct rg_s3_call same_call = {
    .name = "HEAD",
    .describe = rg_s3_describe_head,
    .on_success = on_same_looked_at,
};

static bool on_get_refused(struct rg_s3_task *task)
{
    if (task->http.status == 412 && task->is_conditional) {
        rg_s3_task_call(task, &same_call);
        return true;
    }
    if (task->http.status == 412) {
        rg_s3_task_fail(task, RG_ERR_CHANGED, "it was changed");
        return true;
    }
    if (task->http.status != 416)
        return false;
    task->op->out_bytes = 0;
    rg_s3_task_call(task, &length_call);
    return true;
}

static const struct rg_s3_call get_call = {
    .name = "GET",
    .describe = describe_get,
    .on_body = on_get_body,
    .on_success = on_get,
    .on_refusal = on_get_refused,
};

void rg_s3_begin_get(struct rg_s3_task *task)
{
    struct rg_store_op *op = task->op;

    op->out_bytes = 0;
    task->write = &get_call;
    task->first = op->offset;
    task->wanted_bytes = op->in_bytes;
    task->is_first_known = !op->is_suffix;
    if (op->expected != NULL) {
        const uint64_t total = op->expected->bytes;

        if (op->is_suffix) {
            task->wanted_bytes = op->in_bytes < total ? op->in_bytes : total;
            task->first = total - task->wanted_bytes;
            task->is_first_known = true;
        } else if (op->offset >= total) {
            task->wanted_bytes = 0;
        } else if (op->in_bytes > total - op->offset) {
            task->wanted_bytes = total - op->offset;
        }
    }
    if (task->wanted_bytes > UINT64_MAX - task->first)
        task->wanted_bytes = UINT64_MAX - task->first;
    /* No range has no bytes. */
    rg_s3_task_call(task, task->wanted_bytes > 0 ? &get_call : &head_call);
}
