/* SPDX-License-Identifier: Apache-2.0 */

/*
 *   (1) The stream so far is: parts 1 .. part_count of part_bytes each, then carry[0 ..
 *       carry_bytes), with carry_bytes < part_bytes.
 *   (2) While an addition is on its way, part_count is that after it, and the buffer still holds
 *       what was carried over before: its first part points there.
 */

#include "compact/part_writer.h"

#include <inttypes.h>
#include <string.h>

#include "base/failpoint.h"

static uint64_t bytes_of(const struct rg_segment *segments, size_t count)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += segments[i].bytes;
    return bytes;
}

uint64_t rg_part_writer_scratch_bytes(const struct rg_part_writer *writer, size_t segment_count,
                                      uint64_t bytes)
{
    const uint64_t part_count = bytes / writer->part_bytes + 2;

    return part_count * (sizeof(struct rg_store_op) + 2 * sizeof(struct rg_segment)) +
           segment_count * sizeof(struct rg_segment) + sizeof(struct rg_part_addition) + 4096;
}

/* Where in a list of segments one is. */
struct cursor {
    const struct rg_segment *segments;
    size_t count;
    size_t at;
    size_t offset;
};

/* Takes `bytes` from the cursor as segments; returns how many. */
static size_t take(struct cursor *from, uint64_t bytes, struct rg_segment *to)
{
    size_t taken = 0;

    while (bytes > 0 && from->at < from->count) {
        const struct rg_segment *segment = &from->segments[from->at];
        const size_t left = segment->bytes - from->offset;
        const size_t piece = left < bytes ? left : (size_t)bytes;

        if (piece > 0)
            to[taken++] = (struct rg_segment){segment->data + from->offset, piece};
        bytes -= piece;
        from->offset += piece;
        if (from->offset == segment->bytes) {
            from->at++;
            from->offset = 0;
        }
    }
    return taken;
}

static enum rg_status begin_upload(struct rg_part_writer *writer, struct rg_error *err)
{
    struct rg_store_op op = {
        .verb = RG_STORE_UPLOAD_BEGIN,
        .key = writer->key,
        .token = writer->token,
    };

    /* Such stores do this without a request. */
    RG_TRY(rg_store_wait(writer->store, &op, err));
    writer->upload = op.upload;
    return RG_OK;
}

static void fill_part(struct rg_part_writer *writer, struct rg_store_op *op,
                      const struct rg_segment *segments, size_t count)
{
    *op = (struct rg_store_op){
        .verb = RG_STORE_UPLOAD_PART,
        .key = writer->key,
        .upload = writer->upload,
        .part_number = ++writer->part_count,
        .segments = segments,
        .segment_count = count,
    };
}

enum rg_status rg_part_writer_add(struct rg_part_writer *writer, const struct rg_segment *segments,
                                  size_t count, struct rg_arena *arena,
                                  struct rg_part_addition **ret_addition, struct rg_error *err)
{
    const uint64_t all_bytes = writer->carry_bytes + bytes_of(segments, count);
    const uint64_t part_count = all_bytes / writer->part_bytes;
    const uint64_t rest_bytes = all_bytes % writer->part_bytes;
    struct rg_part_addition *addition = rg_arena_array(arena, 1, sizeof *addition);
    struct rg_store_op *ops = rg_arena_array(arena, (size_t)part_count, sizeof *ops);
    struct rg_segment *pieces =
        rg_arena_array(arena, count + (size_t)part_count * 2 + 2, sizeof *pieces);
    struct cursor from = {.segments = segments, .count = count};
    size_t end = 0;

    if (addition == NULL || ops == NULL || pieces == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %" PRIu64 " parts", part_count);
    if (rest_bytes > writer->carry_capacity)
        return rg_fail(err, RG_ERR_NOMEM, "no room to carry %" PRIu64 " bytes over", rest_bytes);
    if (part_count > 0 && writer->upload == NULL)
        RG_TRY(begin_upload(writer, err));
    for (uint64_t i = 0; i < part_count; i++) {
        const size_t begin = end;
        uint64_t wanted = writer->part_bytes;

        if (i == 0 && writer->carry_bytes > 0) {
            pieces[end++] = (struct rg_segment){writer->carry, (size_t)writer->carry_bytes};
            wanted -= writer->carry_bytes;
        }
        end += take(&from, wanted, pieces + end);
        fill_part(writer, &ops[i], pieces + begin, end - begin);
    }
    *addition = (struct rg_part_addition){
        .writer = writer,
        .ops = ops,
        .op_count = (uint32_t)part_count,
        .rest = pieces + end,
        .rest_bytes = part_count > 0 ? rest_bytes : rest_bytes - writer->carry_bytes,
        .sent_bytes = part_count * writer->part_bytes,
    };
    addition->rest_count = take(&from, addition->rest_bytes, pieces + end);
    *ret_addition = addition;
    return RG_OK;
}

static void on_part(struct rg_store_op *op)
{
    struct rg_part_addition *addition = op->user;

    if (atomic_fetch_sub(&addition->pending, 1) == 1)
        addition->done(addition);
}

bool rg_part_addition_start(struct rg_part_addition *addition,
                            void (*done)(struct rg_part_addition *addition), void *user)
{
    if (addition->op_count == 0)
        return true;
    addition->done = done;
    addition->user = user;
    atomic_init(&addition->pending, addition->op_count + 1);
    for (uint32_t i = 0; i < addition->op_count; i++) {
        addition->ops[i].done = on_part;
        addition->ops[i].user = addition;
        rg_store_start(addition->writer->store, &addition->ops[i]);
    }
    if (atomic_fetch_sub(&addition->pending, 1) == 1)
        done(addition);
    return false;
}

enum rg_status rg_part_addition_end(struct rg_part_addition *addition, struct rg_error *err)
{
    struct rg_part_writer *writer = addition->writer;

    for (uint32_t i = 0; i < addition->op_count; i++) {
        if (addition->ops[i].status != RG_OK) {
            *err = addition->ops[i].err;
            return addition->ops[i].status;
        }
    }
    if (addition->op_count > 0)
        writer->carry_bytes = 0;
    for (size_t i = 0; i < addition->rest_count; i++) {
        memcpy(writer->carry + writer->carry_bytes, addition->rest[i].data,
               addition->rest[i].bytes);
        writer->carry_bytes += addition->rest[i].bytes;
    }
    return RG_OK;
}

static enum rg_status put_all(struct rg_part_writer *writer, const struct rg_segment *segments,
                              size_t count, struct rg_arena *arena, struct rg_object_id *ret_id,
                              struct rg_error *err)
{
    struct rg_store_op op = {
        .verb = RG_STORE_PUT,
        .key = writer->key,
        .segments = segments,
        .segment_count = count,
        .must_be_absent = true,
        .must_be_durable = true,
        .token = writer->token,
        .arena = arena,
    };

    RG_TRY(rg_store_wait(writer->store, &op, err));
    *ret_id = op.id;
    return RG_OK;
}

/* The last parts: all whole but the last one. */
static enum rg_status send_last(struct rg_part_writer *writer, const struct rg_segment *segments,
                                size_t count, struct rg_arena *arena, struct rg_error *err)
{
    const uint64_t bytes = bytes_of(segments, count);
    const uint64_t part_count = (bytes + writer->part_bytes - 1) / writer->part_bytes;
    struct rg_store_op *ops = rg_arena_array(arena, (size_t)part_count, sizeof *ops);
    struct rg_segment *pieces = rg_arena_array(arena, count + (size_t)part_count, sizeof *pieces);
    struct cursor from = {.segments = segments, .count = count};
    size_t end = 0;

    if (ops == NULL || pieces == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %" PRIu64 " parts", part_count);
    for (uint64_t i = 0; i < part_count; i++) {
        const size_t begin = end;

        end += take(&from, writer->part_bytes, pieces + end);
        fill_part(writer, &ops[i], pieces + begin, end - begin);
    }
    rg_store_wait_all(writer->store, ops, (size_t)part_count);
    for (uint64_t i = 0; i < part_count; i++) {
        if (ops[i].status != RG_OK) {
            *err = ops[i].err;
            return ops[i].status;
        }
    }
    return RG_OK;
}

enum rg_status rg_part_writer_finish(struct rg_part_writer *writer, const struct rg_segment *tail,
                                     size_t count, struct rg_arena *arena,
                                     struct rg_object_id *ret_id, struct rg_error *err)
{
    struct rg_segment *segments = rg_arena_array(arena, count + 1, sizeof *segments);

    if (segments == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the end of the file");
    segments[0] = (struct rg_segment){writer->carry, (size_t)writer->carry_bytes};
    if (count > 0)
        memcpy(segments + 1, tail, count * sizeof *segments);
    if (writer->upload == NULL)
        return put_all(writer, segments, count + 1, arena, ret_id, err);
    RG_TRY(send_last(writer, segments, count + 1, arena, err));
    RG_FAILPOINT("output.before_finish");
    struct rg_store_op op = {
        .verb = RG_STORE_UPLOAD_FINISH,
        .key = writer->key,
        .upload = writer->upload,
        .must_be_absent = true,
        .must_be_durable = true,
        .token = writer->token,
        .arena = arena,
    };
    RG_TRY(rg_store_wait(writer->store, &op, err));
    writer->upload = NULL;
    *ret_id = op.id;
    return RG_OK;
}
