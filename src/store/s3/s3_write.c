/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A write that may have been carried out although no answer said so is looked for: every object
 * carries a mark that no other operation has. So "exists" is never told of what we wrote ourselves,
 * and "done" never of what somebody else did.
 */

#include "store/s3/s3_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/s3/s3_read.h"
#include "store/s3/s3_upload.h"

static const char unsigned_payload[] = "UNSIGNED-PAYLOAD";

static uint64_t segments_bytes(const struct rg_store_op *op)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < op->segment_count; i++)
        bytes += op->segments[i].bytes;
    return bytes;
}

void rg_s3_make_mark(struct rg_s3_store *store, char ret_mark[RG_S3_MARK_BYTES])
{
    const uint32_t number = atomic_fetch_add(&store->counter, 1);

    (void)snprintf(ret_mark, RG_S3_MARK_BYTES, "%016" PRIx64 "%08" PRIx32, store->random, number);
}

void rg_s3_prepare_body(struct rg_s3_task *task)
{
    const struct rg_store_op *op = task->op;
    uint8_t digest[RG_SHA256_BYTES];
    uint32_t crc = 0;

    if (op->verb == RG_STORE_PUT)
        rg_s3_make_mark(task->store, task->mark);
    if (op->verb != RG_STORE_PUT && op->verb != RG_STORE_UPLOAD_PART)
        return;
    task->body_bytes = segments_bytes(op);
    /* Amazon completes no upload that was begun with checksums and has a part without. */
    const int checksum =
        atomic_load(op->verb == RG_STORE_PUT ? &task->store->checksum : &op->upload->checksum);
    if (checksum == RG_S3_CHECKSUM_CRC32C) {
        for (size_t i = 0; i < op->segment_count; i++)
            crc = rg_crc32c(crc, (struct rg_span){op->segments[i].data, op->segments[i].bytes});
        rg_crc32c_base64(crc, task->checksum);
        if (task->store->is_https) {
            memcpy(task->payload, unsigned_payload, sizeof unsigned_payload);
            return;
        }
    }
    rg_sha256_segments(op->segments, op->segment_count, digest);
    rg_sha256_hex(digest, task->payload);
}

void rg_s3_add_marks(struct rg_s3_description *d, const char *mark, const char *token)
{
    rg_s3_add_header(d, RG_S3_MARK_HEADER, mark);
    if (token != NULL && token[0] != '\0')
        rg_s3_add_header(d, RG_S3_TOKEN_HEADER, token);
}

void rg_s3_add_body(struct rg_s3_task *task, struct rg_s3_description *d)
{
    const struct rg_store_op *op = task->op;

    d->has_body = true;
    d->segments = op->segments;
    d->segment_count = op->segment_count;
    d->body_bytes = task->body_bytes;
    if (task->payload[0] != '\0')
        d->payload = task->payload;
    /* Of a part only if its upload was created with checksums. */
    const bool is_wanted = op->verb == RG_STORE_PUT || op->upload == NULL ||
                           atomic_load(&op->upload->checksum) == RG_S3_CHECKSUM_CRC32C;
    if (!is_wanted)
        task->checksum[0] = '\0';
    if (task->checksum[0] != '\0')
        rg_s3_add_header(d, "x-amz-checksum-crc32c", task->checksum);
}

bool rg_s3_drops_checksum(struct rg_s3_task *task)
{
    struct rg_s3_store *store = task->store;
    struct rg_upload *upload = task->op->upload;
    const uint32_t status = task->http.status;
    const bool may_be = status == 501 || (status == 400 && strcmp(task->code, "BadDigest") != 0);

    if (!may_be || task->checksum[0] == '\0')
        return false;
    /* Of its other parts the store has taken them. */
    if (upload != NULL && upload->part_count > 0 &&
        atomic_load(&upload->checksum) == RG_S3_CHECKSUM_CRC32C)
        return false;
    atomic_store(&store->checksum, RG_S3_CHECKSUM_SHA256);
    if (upload != NULL)
        atomic_store(&upload->checksum, RG_S3_CHECKSUM_SHA256);
    task->checksum[0] = '\0';
    rg_s3_task_call(task, task->call);
    return true;
}

/* The answer to the look of rg_s3_find_out(). */
static void on_found(struct rg_s3_task *task)
{
    struct rg_store_op *op = task->op;
    struct rg_error err;
    const bool is_ours = strcmp(task->headers.mark, task->mark) == 0;

    if (!is_ours) {
        if (op->must_be_absent)
            rg_s3_task_fail(task, RG_ERR_EXISTS, "it exists");
        else
            rg_s3_task_fail(task, RG_ERR_AGAIN, "the answer was lost, and it was not written");
        return;
    }
    if (!task->headers.has_length || task->headers.length != task->wanted_bytes) {
        rg_s3_task_fail(task, RG_ERR_IO, "%" PRIu64 " bytes were written, the store has %" PRIu64,
                        task->wanted_bytes, task->headers.length);
        return;
    }
    if (rg_s3_take_id(task, task->headers.length, &err) != RG_OK) {
        rg_s3_task_fail(task, RG_ERR_NOMEM, "%s", err.text);
        return;
    }
    rg_s3_task_end(task);
}

static bool on_not_found(struct rg_s3_task *task)
{
    const struct rg_store_op *op = task->op;
    /* An empty one was written as any other object. */
    const bool is_upload = op->verb == RG_STORE_UPLOAD_FINISH && op->upload->upload_id != NULL;

    if (task->http.status != 404)
        return false;
    if (is_upload && task->lost_to[0] != '\0')
        rg_s3_ask_upload(task);
    else if (is_upload)
        rg_s3_task_fail(task, RG_ERR_CHANGED, "the upload is gone, and no object was made of it");
    else
        rg_s3_task_fail(task, RG_ERR_AGAIN, "%s, and nothing was written",
                        task->lost_to[0] != '\0' ? task->lost_to : "the answer was lost");
    return true;
}

static const struct rg_s3_call find_out_call = {
    .name = "HEAD",
    .describe = rg_s3_describe_head,
    .on_success = on_found,
    .on_refusal = on_not_found,
};

void rg_s3_find_out(struct rg_s3_task *task, uint64_t bytes)
{
    task->wanted_bytes = bytes;
    rg_s3_task_call(task, &find_out_call);
}

/* The look after a write that was answered with yes. */
static void on_looked(struct rg_s3_task *task)
{
    const struct rg_s3_headers *headers = &task->headers;
    struct rg_error err;

    if (!headers->has_length) {
        rg_s3_task_retry(task, "no Content-Length");
        return;
    }
    /* Somebody's later write; where names may be replaced that is theirs to know. */
    const bool is_other = headers->mark[0] != '\0' && strcmp(headers->mark, task->mark) != 0;
    if (is_other || headers->length != task->wanted_bytes) {
        rg_s3_task_fail(task, is_other ? RG_ERR_CHANGED : RG_ERR_IO,
                        "%" PRIu64 " bytes were written, the store has %" PRIu64 "%s",
                        task->wanted_bytes, headers->length, is_other ? " of another's" : "");
        return;
    }
    if (rg_s3_take_id(task, headers->length, &err) != RG_OK) {
        rg_s3_task_fail(task, RG_ERR_NOMEM, "%s", err.text);
        return;
    }
    rg_s3_task_end(task);
}

static const struct rg_s3_call look_call = {
    .name = "HEAD",
    .describe = rg_s3_describe_head,
    .on_success = on_looked,
};

void rg_s3_written(struct rg_s3_task *task, uint64_t bytes)
{
    task->op->id = (struct rg_object_id){bytes, 0, ""};
    task->wanted_bytes = bytes;
    if (task->op->arena == NULL)
        rg_s3_task_end(task);
    else
        rg_s3_task_call(task, &look_call);
}

/* Ours, if the operation is done again after an answer was lost. */
static void on_taken(struct rg_s3_task *task)
{
    if (strcmp(task->headers.mark, task->mark) == 0)
        rg_s3_find_out(task, task->wanted_bytes);
    else
        rg_s3_task_fail(task, RG_ERR_EXISTS, "it exists");
}

static bool on_free(struct rg_s3_task *task)
{
    if (task->http.status != 404)
        return false;
    rg_s3_task_call(task, task->write);
    return true;
}

static const struct rg_s3_call look_first_call = {
    .name = "HEAD",
    .describe = rg_s3_describe_head,
    .on_success = on_taken,
    .on_refusal = on_free,
};

void rg_s3_look_first(struct rg_s3_task *task, const struct rg_s3_call *write, uint64_t bytes)
{
    task->write = write;
    task->wanted_bytes = bytes;
    rg_s3_task_call(task, &look_first_call);
}

static enum rg_status describe_put(struct rg_s3_task *task, struct rg_s3_description *ret,
                                   struct rg_error *err)
{
    const struct rg_store_op *op = task->op;
    const struct rg_s3_features *features = &task->store->features;

    (void)err;
    ret->method = "PUT";
    ret->key = op->key;
    rg_s3_add_body(task, ret);
    rg_s3_add_marks(ret, task->mark, op->token);
    if (op->must_be_absent && (features->has_put_if_absent || !features->is_probed))
        rg_s3_add_header(ret, "if-none-match", "*");
    return RG_OK;
}

static void on_put(struct rg_s3_task *task)
{
    rg_s3_written(task, task->body_bytes);
}

static bool on_put_refused(struct rg_s3_task *task)
{
    if (rg_s3_drops_checksum(task))
        return true;
    if (task->http.status != 412)
        return false;
    /* Perhaps by us: libcurl itself sends again what it sent into a dead connection. */
    rg_s3_find_out(task, task->body_bytes);
    return true;
}

static bool on_put_lost(struct rg_s3_task *task)
{
    rg_s3_find_out(task, task->body_bytes);
    return true;
}

static const struct rg_s3_call put_call = {
    .name = "PUT",
    .describe = describe_put,
    .on_success = on_put,
    .on_refusal = on_put_refused,
    .on_lost = on_put_lost,
};

void rg_s3_begin_put(struct rg_s3_task *task)
{
    const struct rg_s3_features *features = &task->store->features;
    const bool looks_first =
        task->op->must_be_absent && features->is_probed && !features->has_put_if_absent;

    if (looks_first)
        rg_s3_look_first(task, &put_call, task->body_bytes);
    else
        rg_s3_task_call(task, &put_call);
}

void rg_s3_begin_put_marked(struct rg_s3_task *task, const char *mark)
{
    memcpy(task->mark, mark, RG_S3_MARK_BYTES);
    rg_s3_begin_put(task);
}
