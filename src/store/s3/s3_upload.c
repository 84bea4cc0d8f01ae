/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An upload is created by its first part; parts that come while that is under way wait for its id.
 *
 *   (1) upload_id is set once; parts are sent only with it.
 *   (2) parts[i].tag is set exactly when part i + 1 is there; an upload is completed only with all.
 *   (3) Completing is believed when </CompleteMultipartUploadResult> was read and HEAD shows our
 *       mark and length. Whatever else happens to it (a lost answer, NoSuchUpload after a retry,
 *       412, 409), HEAD decides.
 */

#include "store/s3/s3_upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/s3/s3_read.h"
#include "store/s3/s3_write.h"

static const uint32_t part_number_max = 10000;
static const uint32_t parts_first = 16;
static const uint32_t abort_rounds_max = 4;
static const uint64_t abort_pause_ns = UINT64_C(500000000);
static const size_t document_bytes_max = (size_t)4 << 20;

static char *copy_text(struct rg_arena *arena, const char *text)
{
    return (char *)(uintptr_t)rg_arena_copy(arena, rg_span_of(text)).data;
}

enum rg_status rg_s3_upload_begin(struct rg_s3_store *store, struct rg_store_op *op,
                                  struct rg_error *err)
{
    struct rg_upload *upload = rg_alloc(&store->allocator, sizeof *upload);

    if (upload == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for an upload");
    memset(upload, 0, sizeof *upload);
    rg_arena_init(&upload->arena, &store->allocator, SIZE_MAX);
    atomic_init(&upload->checksum, atomic_load(&store->checksum));
    upload->token = copy_text(&upload->arena, op->token != NULL ? op->token : "");
    if (upload->token == NULL) {
        rg_arena_fini(&upload->arena);
        rg_release(&store->allocator, upload, sizeof *upload);
        return rg_fail(err, RG_ERR_NOMEM, "no memory for an upload");
    }
    rg_s3_make_mark(store, upload->mark);
    op->upload = upload;
    return RG_OK;
}

static void free_upload(struct rg_s3_store *store, struct rg_upload *upload)
{
    if (upload->parts != NULL)
        rg_release(&store->allocator, upload->parts, upload->part_capacity * sizeof *upload->parts);
    rg_arena_fini(&upload->arena);
    rg_release(&store->allocator, upload, sizeof *upload);
}

static enum rg_status describe_part(struct rg_s3_task *task, struct rg_s3_description *ret,
                                    struct rg_error *err)
{
    const struct rg_store_op *op = task->op;
    char *number = rg_arena_alloc(&task->arena, 16);

    if (number == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
    (void)snprintf(number, 16, "%" PRIu32, op->part_number);
    ret->method = "PUT";
    ret->key = op->key;
    rg_s3_add_parameter(ret, "partNumber", number);
    rg_s3_add_parameter(ret, "uploadId", op->upload->upload_id);
    rg_s3_add_body(task, ret);
    return RG_OK;
}

static bool make_room(struct rg_s3_store *store, struct rg_upload *upload, uint32_t count)
{
    uint32_t capacity = upload->part_capacity > 0 ? upload->part_capacity : parts_first;

    if (count <= upload->part_capacity)
        return true;
    while (capacity < count)
        capacity *= 2;
    struct rg_s3_upload_part *parts = rg_alloc(&store->allocator, capacity * sizeof *parts);
    if (parts == NULL)
        return false;
    memset(parts, 0, capacity * sizeof *parts);
    if (upload->parts != NULL) {
        memcpy(parts, upload->parts, upload->part_capacity * sizeof *parts);
        rg_release(&store->allocator, upload->parts, upload->part_capacity * sizeof *parts);
    }
    upload->parts = parts;
    upload->part_capacity = capacity;
    return true;
}

static void on_part(struct rg_s3_task *task)
{
    const struct rg_store_op *op = task->op;
    struct rg_upload *upload = op->upload;

    if (task->headers.tag[0] == '\0') {
        rg_s3_task_retry(task, "a part without an ETag");
        return;
    }
    const char *tag = copy_text(&upload->arena, task->headers.tag);
    if (tag == NULL || !make_room(task->store, upload, op->part_number)) {
        rg_s3_task_fail(task, RG_ERR_NOMEM, "no memory for part %" PRIu32, op->part_number);
        return;
    }
    struct rg_s3_upload_part *part = &upload->parts[op->part_number - 1];
    part->tag = tag;
    memcpy(part->checksum, task->checksum, sizeof part->checksum);
    if (op->part_number > upload->part_count)
        upload->part_count = op->part_number;
    upload->bytes += task->body_bytes;
    rg_s3_task_end(task);
}

static bool on_part_refused(struct rg_s3_task *task)
{
    if (rg_s3_drops_checksum(task))
        return true;
    if (task->http.status != 404)
        return false;
    rg_s3_task_fail(task, RG_ERR_CHANGED, "the upload is gone");
    return true;
}

static const struct rg_s3_call part_call = {
    .name = "PUT",
    .describe = describe_part,
    .on_success = on_part,
    .on_refusal = on_part_refused,
};

static enum rg_status describe_create(struct rg_s3_task *task, struct rg_s3_description *ret,
                                      struct rg_error *err)
{
    const struct rg_store_op *op = task->op;

    (void)err;
    ret->method = "POST";
    ret->key = op->key;
    ret->has_body = true;
    rg_s3_add_parameter(ret, "uploads", "");
    rg_s3_add_marks(ret, op->upload->mark, op->upload->token);
    if (atomic_load(&op->upload->checksum) == RG_S3_CHECKSUM_CRC32C)
        rg_s3_add_header(ret, "x-amz-checksum-algorithm", "CRC32C");
    return RG_OK;
}

static void release_waiting(struct rg_upload *upload)
{
    struct rg_s3_task *task;

    for (task = rg_s3_queue_pop(&upload->waiting); task != NULL;
         task = rg_s3_queue_pop(&upload->waiting))
        rg_s3_task_ready(task);
}

static void on_created(struct rg_s3_task *task)
{
    struct rg_upload *upload = task->op->upload;

    if (task->answer->upload_id[0] == '\0') {
        rg_s3_task_retry(task, "no UploadId");
        return;
    }
    upload->upload_id = copy_text(&upload->arena, task->answer->upload_id);
    if (upload->upload_id == NULL) {
        rg_s3_task_fail(task, RG_ERR_NOMEM, "no memory for an upload");
        return;
    }
    upload->is_creating = false;
    release_waiting(upload);
    rg_s3_task_call(task, &part_call);
}

static const struct rg_s3_call create_call = {
    .name = "POST",
    .wanted = RG_ANSWER_UPLOAD,
    .describe = describe_create,
    .on_success = on_created,
    .on_refusal = rg_s3_drops_checksum,
};

void rg_s3_begin_part(struct rg_s3_task *task)
{
    const struct rg_store_op *op = task->op;
    struct rg_upload *upload = op->upload;

    if (op->part_number == 0 || op->part_number > part_number_max) {
        rg_s3_task_fail(task, RG_ERR_LIMIT, "part %" PRIu32 ": an upload has at most %" PRIu32,
                        op->part_number, part_number_max);
    } else if (upload->is_broken) {
        rg_s3_task_fail(task, RG_ERR_AGAIN, "its upload could not be created");
    } else if (upload->upload_id != NULL) {
        rg_s3_task_call(task, &part_call);
    } else if (upload->is_creating) {
        rg_s3_queue_push(&upload->waiting, task);
    } else {
        upload->is_creating = true;
        rg_s3_task_call(task, &create_call);
    }
}

static enum rg_status write_document(struct rg_s3_task *task, struct rg_error *err)
{
    const struct rg_upload *upload = task->op->upload;
    struct rg_allocator *allocator = &task->store->allocator;
    struct rg_buffer out;

    if (task->document.data != NULL)
        return RG_OK;
    rg_buffer_init(&out, allocator, document_bytes_max);
    rg_buffer_append_text(&out, "<CompleteMultipartUpload "
                                "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (uint32_t i = 0; i < upload->part_count; i++) {
        rg_buffer_printf(&out, "<Part><PartNumber>%" PRIu32 "</PartNumber><ETag>", i + 1);
        for (const char *c = upload->parts[i].tag; *c != '\0'; c++) {
            if (*c == '"')
                rg_buffer_append_text(&out, "&quot;");
            else if (*c == '&')
                rg_buffer_append_text(&out, "&amp;");
            else if (*c == '<')
                rg_buffer_append_text(&out, "&lt;");
            else
                rg_buffer_append_byte(&out, (uint8_t)*c);
        }
        rg_buffer_append_text(&out, "</ETag>");
        if (upload->parts[i].checksum[0] != '\0')
            rg_buffer_printf(&out, "<ChecksumCRC32C>%s</ChecksumCRC32C>",
                             upload->parts[i].checksum);
        rg_buffer_append_text(&out, "</Part>");
    }
    rg_buffer_append_text(&out, "</CompleteMultipartUpload>");
    enum rg_status status = rg_buffer_check(&out, "the list of parts", err);
    uint8_t *document = status == RG_OK ? rg_alloc(allocator, out.bytes) : NULL;
    if (document != NULL) {
        memcpy(document, out.data, out.bytes);
        task->document = (struct rg_segment){document, out.bytes};
    } else if (status == RG_OK) {
        status = rg_fail(err, RG_ERR_NOMEM, "no memory for the list of parts");
    }
    rg_buffer_fini(&out);
    return status;
}

static enum rg_status describe_complete(struct rg_s3_task *task, struct rg_s3_description *ret,
                                        struct rg_error *err)
{
    const struct rg_store_op *op = task->op;
    uint8_t digest[RG_SHA256_BYTES];

    RG_TRY(write_document(task, err));
    rg_sha256_segments(&task->document, 1, digest);
    rg_sha256_hex(digest, task->payload);
    ret->method = "POST";
    ret->key = op->key;
    ret->has_body = true;
    ret->segments = &task->document;
    ret->segment_count = 1;
    ret->body_bytes = task->document.bytes;
    ret->payload = task->payload;
    ret->is_slow = true;
    rg_s3_add_parameter(ret, "uploadId", op->upload->upload_id);
    if (op->must_be_absent && task->store->features.has_complete_if_absent)
        rg_s3_add_header(ret, "if-none-match", "*");
    return RG_OK;
}

static void on_completed(struct rg_s3_task *task)
{
    /* Always looked at: it is what "done" means. */
    rg_s3_find_out(task, task->op->upload->bytes);
}

static bool on_complete_refused(struct rg_s3_task *task)
{
    if (task->http.status != 404 && task->http.status != 412)
        return false;
    rg_s3_find_out(task, task->op->upload->bytes);
    return true;
}

static bool on_complete_lost(struct rg_s3_task *task)
{
    rg_s3_find_out(task, task->op->upload->bytes);
    return true;
}

static const struct rg_s3_call complete_call = {
    .name = "POST",
    .wanted = RG_ANSWER_COMPLETED,
    .describe = describe_complete,
    .on_success = on_completed,
    .on_refusal = on_complete_refused,
    .on_lost = on_complete_lost,
    /* radosgw 16 answers 500, for ever, when the upload is gone. */
    .fault_count_max = 5,
};

static enum rg_status describe_parts(struct rg_s3_task *task, struct rg_s3_description *ret,
                                     struct rg_error *err)
{
    (void)err;
    ret->method = "GET";
    ret->key = task->op->key;
    rg_s3_add_parameter(ret, "max-parts", "1");
    rg_s3_add_parameter(ret, "uploadId", task->op->upload->upload_id);
    return RG_OK;
}

static void on_upload_there(struct rg_s3_task *task)
{
    rg_s3_task_fail(task, RG_ERR_AGAIN, "the upload could not be completed: %s", task->lost_to);
}

static bool on_upload_gone(struct rg_s3_task *task)
{
    if (task->http.status == 404)
        rg_s3_task_fail(task, RG_ERR_CHANGED, "the upload is gone, and no object was made of it");
    else
        on_upload_there(task);
    return true;
}

static const struct rg_s3_call parts_call = {
    .name = "GET",
    .describe = describe_parts,
    .on_success = on_upload_there,
    .on_refusal = on_upload_gone,
};

void rg_s3_ask_upload(struct rg_s3_task *task)
{
    rg_s3_task_call(task, &parts_call);
}

void rg_s3_begin_finish(struct rg_s3_task *task)
{
    const struct rg_store_op *op = task->op;
    const struct rg_upload *upload = op->upload;

    if (upload->has_lost_parts) {
        rg_s3_task_fail(task, RG_ERR_IO, "an earlier part failed");
        return;
    }
    if (upload->part_count == 0) {
        rg_s3_begin_put_marked(task, upload->mark);
        return;
    }
    for (uint32_t i = 0; i < upload->part_count; i++) {
        if (upload->parts[i].tag != NULL)
            continue;
        rg_s3_task_fail(task, RG_ERR_INVALID, "part %" PRIu32 " of %" PRIu32 " is not there", i + 1,
                        upload->part_count);
        return;
    }
    memcpy(task->mark, upload->mark, sizeof task->mark);
    const bool looks_first = op->must_be_absent && !task->store->features.has_complete_if_absent;
    if (looks_first)
        rg_s3_look_first(task, &complete_call, upload->bytes);
    else
        rg_s3_task_call(task, &complete_call);
}

static enum rg_status describe_abort(struct rg_s3_task *task, struct rg_s3_description *ret,
                                     struct rg_error *err)
{
    const struct rg_store_op *op = task->op;
    const bool is_stale = op->verb == RG_STORE_ABORT_STALE;

    (void)err;
    ret->method = "DELETE";
    ret->key = op->key;
    rg_s3_add_parameter(ret, "uploadId", is_stale ? op->upload_id : op->upload->upload_id);
    return RG_OK;
}

static bool on_abort_refused(struct rg_s3_task *task)
{
    if (task->http.status != 404)
        return false;
    rg_s3_task_end(task);
    return true;
}

/*
 * A part that was on its way may arrive after the abort and stay for ever (Amazon's documentation
 * of AbortMultipartUpload): then it is repeated until the upload is not known any more.
 */
static void on_aborted(struct rg_s3_task *task)
{
    const struct rg_upload *upload = task->op->upload;
    const bool may_leave_parts = task->op->verb == RG_STORE_UPLOAD_ABORT && upload->has_lost_parts;

    if (may_leave_parts && ++task->round < abort_rounds_max)
        rg_s3_task_call_later(task, task->call, abort_pause_ns);
    else
        rg_s3_task_end(task);
}

static const struct rg_s3_call abort_call = {
    .name = "DELETE",
    .describe = describe_abort,
    .on_success = on_aborted,
    .on_refusal = on_abort_refused,
};

void rg_s3_begin_abort(struct rg_s3_task *task)
{
    const struct rg_store_op *op = task->op;

    if (op->verb == RG_STORE_UPLOAD_ABORT && op->upload->upload_id == NULL)
        rg_s3_task_end(task);
    else
        rg_s3_task_call(task, &abort_call);
}

void rg_s3_upload_ended(struct rg_s3_task *task)
{
    const struct rg_store_op *op = task->op;
    struct rg_upload *upload = op->upload;

    if (op->verb == RG_STORE_UPLOAD_PART && op->status != RG_OK) {
        upload->has_lost_parts = true;
        if (task->call == &create_call) {
            upload->is_creating = false;
            upload->is_broken = true;
            release_waiting(upload);
        }
    }
    const bool is_over = op->verb == RG_STORE_UPLOAD_ABORT ||
                         (op->verb == RG_STORE_UPLOAD_FINISH && op->status == RG_OK);
    if (is_over)
        free_upload(task->store, upload);
}
