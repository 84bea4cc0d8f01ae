/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A window of the file is kept: all of a small file; otherwise a chunk and what follows it, because
 * chunks are wanted in the order in which they mostly lie.
 *
 * Invariant: window_bytes of the window are the file's; rg_slack_bytes lie behind its capacity.
 */

#include "verify/file_reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"

/* A file up to this size is read with one request. */
static const uint64_t whole_bytes_max = UINT64_C(1) << 20;

/* First guess of a footer's length: that of some hundred columns. */
static const uint64_t tail_bytes_first = UINT64_C(64) << 10;

/* A request reads at least this much ahead. */
static const uint64_t window_bytes_min = UINT64_C(2) << 20;

void rg_file_reader_init(struct rg_file_reader *reader, const struct rg_allocator *allocator)
{
    *reader = (struct rg_file_reader){.allocator = allocator};
    rg_arena_init(&reader->arena, allocator, SIZE_MAX);
}

static void release(struct rg_file_reader *reader, uint8_t **memory, size_t *capacity)
{
    if (*memory != NULL)
        rg_release(reader->allocator, *memory, *capacity + rg_slack_bytes);
    *memory = NULL;
    *capacity = 0;
}

void rg_file_reader_fini(struct rg_file_reader *reader)
{
    rg_arena_fini(&reader->arena);
    release(reader, &reader->footer, &reader->footer_capacity);
    release(reader, &reader->window, &reader->window_capacity);
}

/* Room for `bytes`, and slack behind them; what was there is gone. */
static enum rg_status make_room(struct rg_file_reader *reader, uint8_t **memory, size_t *capacity,
                                uint64_t bytes, struct rg_error *err)
{
    if (*memory != NULL && *capacity >= bytes)
        return RG_OK;
    release(reader, memory, capacity);
    *memory = rg_alloc(reader->allocator, (size_t)bytes + rg_slack_bytes);
    if (*memory == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %" PRIu64 " bytes of the file", bytes);
    *capacity = (size_t)bytes;
    return RG_OK;
}

/* Bytes offset .. offset + bytes of the file into `buffer`. */
static enum rg_status read_range(struct rg_file_reader *reader, uint64_t offset, uint64_t bytes,
                                 uint8_t *buffer, struct rg_error *err)
{
    const struct rg_verify_file *file = reader->file;
    struct rg_store_op op = {
        .verb = RG_STORE_GET,
        .key = file->key,
        .buffer = buffer,
        .offset = offset,
        .in_bytes = bytes,
        .expected = &file->id,
    };

    RG_TRY(rg_store_wait(file->store, &op, err));
    reader->read_bytes += op.out_bytes;
    if (op.out_bytes != bytes)
        return rg_fail(err, RG_ERR_CHANGED, "%" PRIu64 " bytes came where %" PRIu64 " were wanted",
                       op.out_bytes, bytes);
    return RG_OK;
}

/* Makes the window begin at `offset` and hold `bytes`, or more where the file goes on. */
static enum rg_status move_window(struct rg_file_reader *reader, uint64_t offset, uint64_t bytes,
                                  struct rg_error *err)
{
    const uint64_t left = reader->file->id.bytes - offset;
    const uint64_t aim = bytes < window_bytes_min ? window_bytes_min : bytes;
    const uint64_t wanted = aim < left ? aim : left;

    reader->window_bytes = 0;
    RG_TRY(make_room(reader, &reader->window, &reader->window_capacity, wanted, err));
    RG_TRY(read_range(reader, offset, wanted, reader->window, err));
    reader->window_begin = offset;
    reader->window_bytes = wanted;
    return RG_OK;
}

/* Reads the last `bytes` of the file; where that is all of it, they are the window, too. */
static enum rg_status read_tail(struct rg_file_reader *reader, uint64_t bytes,
                                const uint8_t **ret_tail, struct rg_error *err)
{
    const uint64_t file_bytes = reader->file->id.bytes;

    if (bytes == file_bytes && file_bytes <= whole_bytes_max) {
        RG_TRY(move_window(reader, 0, bytes, err));
        RG_TRY(make_room(reader, &reader->footer, &reader->footer_capacity, bytes, err));
        memcpy(reader->footer, reader->window, (size_t)bytes);
    } else {
        RG_TRY(make_room(reader, &reader->footer, &reader->footer_capacity, bytes, err));
        RG_TRY(read_range(reader, file_bytes - bytes, bytes, reader->footer, err));
    }
    *ret_tail = reader->footer;
    return RG_OK;
}

static enum rg_status read_footer(struct rg_file_reader *reader, struct rg_span *ret_footer,
                                  struct rg_error *err)
{
    const uint64_t file_bytes = reader->file->id.bytes;
    const uint8_t *tail = NULL;
    uint64_t footer_bytes = 0;
    uint64_t tail_bytes = file_bytes <= whole_bytes_max ? file_bytes : tail_bytes_first;

    if (file_bytes < sizeof rg_parquet_magic + RG_FOOTER_TAIL_BYTES)
        return rg_fail(err, RG_ERR_CORRUPT, "file of %" PRIu64 " bytes is no Parquet file",
                       file_bytes);
    RG_TRY(read_tail(reader, tail_bytes, &tail, err));
    RG_TRY(rg_footer_tail_parse(tail + tail_bytes - RG_FOOTER_TAIL_BYTES, file_bytes, &footer_bytes,
                                err));
    if (footer_bytes + RG_FOOTER_TAIL_BYTES > tail_bytes) {
        tail_bytes = footer_bytes + RG_FOOTER_TAIL_BYTES;
        RG_TRY(read_tail(reader, tail_bytes, &tail, err));
    }
    *ret_footer = (struct rg_span){tail + tail_bytes - RG_FOOTER_TAIL_BYTES - footer_bytes,
                                   (size_t)footer_bytes};
    return RG_OK;
}

enum rg_status rg_file_reader_open(struct rg_file_reader *reader, const struct rg_verify_file *file,
                                   struct rg_error *err)
{
    struct rg_span footer;

    reader->file = file;
    reader->window_bytes = 0;
    rg_arena_reset(&reader->arena);
    RG_TRY(read_footer(reader, &footer, err));
    RG_TRY(rg_footer_parse(footer, &reader->arena, &reader->meta, err));
    if (reader->meta.is_encrypted)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "the file is encrypted");
    reader->writer = rg_writer_parse(reader->meta.created_by);
    if (file->row_group > reader->meta.row_group_count ||
        file->row_group_count > reader->meta.row_group_count - file->row_group)
        return rg_fail(err, RG_ERR_CORRUPT, "row groups %u to %u are wanted of %u", file->row_group,
                       file->row_group + file->row_group_count, reader->meta.row_group_count);
    return RG_OK;
}

uint32_t rg_file_reader_group_end(const struct rg_file_reader *reader)
{
    const struct rg_verify_file *file = reader->file;

    return file->row_group_count > 0 ? file->row_group + file->row_group_count
                                     : reader->meta.row_group_count;
}

enum rg_status rg_file_reader_chunk(struct rg_file_reader *reader, uint32_t group,
                                    uint32_t leaf_index, struct rg_chunk_source *ret_chunk,
                                    struct rg_error *err)
{
    const struct rg_row_group *row_group = &reader->meta.row_groups[group];
    const struct rg_column_chunk *chunk = &row_group->columns[leaf_index];
    const uint64_t file_bytes = reader->file->id.bytes;
    const uint64_t begin = rg_chunk_begin(chunk);

    if (chunk->is_encrypted)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "the column is encrypted");
    if (chunk->is_elsewhere)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "the column lies in another file");
    if (begin > file_bytes || chunk->compressed_bytes > file_bytes - begin)
        return rg_fail(err, RG_ERR_CORRUPT,
                       "chunk of %" PRIu64 " bytes at %" PRIu64 " in a file of %" PRIu64,
                       chunk->compressed_bytes, begin, file_bytes);
    uint64_t bytes = chunk->compressed_bytes + rg_chunk_tail_bytes;
    bytes = bytes < file_bytes - begin ? bytes : file_bytes - begin;
    const bool is_inside = begin >= reader->window_begin &&
                           begin + bytes <= reader->window_begin + reader->window_bytes;
    if (!is_inside)
        RG_TRY(move_window(reader, begin, bytes, err));
    *ret_chunk = (struct rg_chunk_source){
        .chunk = chunk,
        .leaf = &reader->meta.schema.leaves[leaf_index],
        .bytes = {reader->window + (begin - reader->window_begin), (size_t)bytes},
        .row_count = row_group->row_count,
        .has_dictionary_outside = reader->writer.has_dictionary_outside,
        .has_lying_v2_flag = reader->writer.has_lying_v2_flag,
        .has_linked_delta_pages = reader->writer.has_linked_delta_pages,
    };
    return RG_OK;
}
