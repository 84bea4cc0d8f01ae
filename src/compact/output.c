/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An output file on its way: magic, row groups, bloom filters, column indexes, offset indexes,
 * footer.
 *
 *   (1) `bytes` is the length of what the store was given; every offset in the metadata is relative
 * to the file's begin and was computed from it. (2) Columns of a row group are appended in order,
 * and row groups in order: row_groups[i].columns[c] is filled for all that come before. (3) The
 * file has no name until publish.
 *
 * Verification "meta": what was sent is compared with what was planned before the name is given:
 * rows and values of each chunk, pages against the offset index, and the footer parsed back from
 * its bytes.
 */

#include "compact/output.h"

#include <inttypes.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/limits.h"
#include "compact/job_memory.h"
#include "compact/partition.h"
#include "compact/retain.h"
#include "parquet/footer.h"
#include "parquet/page_index.h"
#include "stitch/file_merge.h"
#include "stitch/order.h"
#include "stitch/statistics.h"

/* Of a column chunk's metadata, its index, its share of the footer in three forms. */
static const uint64_t retained_bytes_each_chunk = 3072;
static const uint64_t retained_bytes_each_source = 96;
static const uint64_t bloom_bytes_each_chunk = 16384;
static const uint64_t retained_bytes_min = UINT64_C(1) << 20;

/* What finishing an upload takes: its last parts, segments once more. */
static const uint64_t finish_bytes = UINT64_C(128) << 10;
static const uint64_t finish_bytes_each_chunk = 64;

/* Of uploads: so that an output that grows to four times its inputs still fits 10,000 parts. */
static const uint64_t parts_planned_max = 9000;
static const uint64_t growth_max = 4;

static const char shape_key[] = "regroup.shape";
static const char batch_key[] = "regroup.batch";

static uint64_t in_bytes(const struct rg_output *output)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < output->bin_count; i++)
        bytes += output->bins[i].in_bytes;
    return bytes;
}

static uint64_t part_bytes(const struct rg_output *output)
{
    const uint64_t usual = output->batch->run->part_bytes;
    const uint64_t needed = in_bytes(output) / parts_planned_max * growth_max;
    const uint64_t mib = UINT64_C(1) << 20;

    return needed > usual ? (needed + mib - 1) / mib * mib : usual;
}

/* Room for what does not fill a part: all of a small output, mostly. */
static uint64_t carry_bytes(const struct rg_output *output)
{
    const uint64_t part = part_bytes(output);
    const uint64_t in = in_bytes(output);
    const uint64_t likely = in + in / 4 + (UINT64_C(64) << 10);

    return likely < part && !output->carries_parts ? likely : part;
}

/* What blooms of dictionary columns usually take; where they take more, a second try has it. */
static uint64_t bloom_bytes(const struct rg_output *output, uint64_t chunks)
{
    const uint64_t usual = chunks * bloom_bytes_each_chunk;
    const uint64_t of_input = in_bytes(output) / 32;

    return usual < of_input ? usual : of_input;
}

uint64_t rg_output_retained_bytes(const struct rg_output *output)
{
    const struct rg_open_batch *batch = output->batch;
    uint64_t chunks = 0;
    uint64_t sources = 0;

    for (uint32_t i = 0; i < output->bin_count; i++) {
        const struct rg_bin *bin = &output->bins[i];
        const uint64_t columns = rg_input_output_columns(&batch->inputs[bin->refs[0].input_index]);

        chunks += columns;
        sources += columns * bin->ref_count;
    }
    uint64_t bytes = retained_bytes_min + chunks * retained_bytes_each_chunk +
                     sources * retained_bytes_each_source + bloom_bytes(output, chunks) +
                     output->retained_more;
    if (batch->run->part_bytes > 0)
        bytes += carry_bytes(output) + finish_bytes + chunks * finish_bytes_each_chunk;
    return bytes;
}

uint64_t rg_output_claim_bytes_job(const struct rg_output *output)
{
    const uint64_t retained = rg_output_retained_bytes(output) + (UINT64_C(1) << 20);
    const uint64_t budget = output->batch->run->data_budget_bytes;

    return budget > retained ? budget - retained : 0;
}

uint64_t rg_output_claim_bytes_max(const struct rg_output *output)
{
    const struct rg_run *run = output->batch->run;
    const uint64_t left = run->data_budget_bytes - run->plan_bytes;
    const uint64_t most = rg_output_claim_bytes_job(output);

    return most < left ? most : left;
}

static enum rg_status write_segments(struct rg_output *output, const struct rg_segment *segments,
                                     size_t count, struct rg_error *err)
{
    struct rg_run *run = output->batch->run;
    uint64_t bytes = 0;
    struct rg_store_op op = {
        .verb = RG_STORE_UPLOAD_PART,
        .key = output->key,
        .segments = segments,
        .segment_count = count,
        .upload = output->upload,
        .part_number = ++output->part_count,
    };

    RG_TRY(rg_store_wait(run->home, &op, err));
    for (size_t i = 0; i < count; i++)
        bytes += segments[i].bytes;
    output->bytes += bytes;
    atomic_fetch_add(&run->counters.written_bytes, bytes);
    return RG_OK;
}

static enum rg_status begin_upload(struct rg_output *output, struct rg_error *err)
{
    const struct rg_segment magic = {rg_parquet_magic, sizeof rg_parquet_magic};
    struct rg_store_op op = {
        .verb = RG_STORE_UPLOAD_BEGIN,
        .key = output->key,
        .token = output->batch->token,
    };

    RG_TRY(rg_store_wait(output->batch->run->home, &op, err));
    output->upload = op.upload;
    return write_segments(output, &magic, 1, err);
}

/* The magic is the first that is carried over; the upload begins with its first part. */
static enum rg_status begin_parts(struct rg_output *output, struct rg_error *err)
{
    const uint64_t capacity = carry_bytes(output);

    output->writer = (struct rg_part_writer){
        .store = output->batch->run->home,
        .key = output->key,
        .token = output->batch->token,
        .part_bytes = part_bytes(output),
        .carry = weir_alloc(weir_group_job(output->group), (size_t)capacity),
        .carry_capacity = capacity,
        .carry_bytes = sizeof rg_parquet_magic,
    };
    if (output->writer.carry == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to begin an output");
    memcpy(output->writer.carry, rg_parquet_magic, sizeof rg_parquet_magic);
    output->bytes = sizeof rg_parquet_magic;
    return RG_OK;
}

/* Whether some input of it has another schema than it will have. */
static bool has_other_schemas(const struct rg_output *output)
{
    for (uint32_t b = 0; b < output->bin_count; b++) {
        for (uint32_t i = 0; i < output->bins[b].ref_count; i++) {
            const struct rg_input *input =
                &output->batch->inputs[output->bins[b].refs[i].input_index];

            if (input->schema != NULL && input->schema->leaves != NULL)
                return true;
        }
    }
    return false;
}

/* The first append opens the file and keeps what all row groups share. */
static enum rg_status begin(struct rg_output *output, const struct rg_output_columns *columns,
                            struct rg_error *err)
{
    struct rg_run *run = output->batch->run;
    const struct rg_allocator job_memory = rg_job_allocator(weir_group_job(output->group));
    struct rg_arena first;

    /* The arena, and the allocator it points to, live in their own first block. */
    rg_arena_init(&first, &job_memory, SIZE_MAX);
    struct rg_arena *arena = rg_arena_array(&first, 1, sizeof *arena);
    struct rg_allocator *allocator = rg_arena_array(&first, 1, sizeof *allocator);
    if (arena == NULL || allocator == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to begin an output");
    *allocator = job_memory;
    first.allocator = allocator;
    *arena = first;
    output->arena = arena;

    RG_TRY(rg_retain_schema(columns->schema, arena, &output->schema, err));
    for (uint32_t i = 0; i < output->schema.leaf_count; i++)
        output->schema.leaves[i].column_order = RG_COLUMN_ORDER_WRITTEN;
    const size_t chunk_count = (size_t)output->bin_count * output->schema.leaf_count;
    output->row_groups = rg_arena_array(arena, output->bin_count, sizeof *output->row_groups);
    output->column_indexes = rg_arena_array(arena, chunk_count, sizeof(struct rg_span));
    output->offset_indexes = rg_arena_array(arena, chunk_count, sizeof(struct rg_span));
    output->blooms = rg_arena_array(arena, chunk_count, sizeof(struct rg_span));
    output->moves = rg_arena_array(arena, output->schema.leaf_count, sizeof *output->moves);
    output->key_values = rg_key_value_merge_new(arena, &output->schema, has_other_schemas(output));
    if (output->row_groups == NULL || output->column_indexes == NULL ||
        output->offset_indexes == NULL || output->blooms == NULL || output->moves == NULL ||
        output->key_values == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for metadata of %zu chunks", chunk_count);

    return run->part_bytes > 0 ? begin_parts(output, err) : begin_upload(output, err);
}

/* What meta verification asks of a chunk before it is written. */
static enum rg_status check_column(const struct rg_stitch_output *column, uint64_t row_count,
                                   uint32_t rep_max, struct rg_error *err)
{
    uint64_t page_bytes = 0;

    if (column->chunk.compressed_bytes != column->bytes)
        return rg_fail(err, RG_ERR_BUG, "a chunk of %" PRIu64 " bytes says it has %" PRIu64,
                       column->bytes, column->chunk.compressed_bytes);
    if (rep_max == 0 && column->chunk.value_count != row_count)
        return rg_fail(err, RG_ERR_BUG, "a chunk of %" PRIu64 " values in %" PRIu64 " rows",
                       column->chunk.value_count, row_count);
    if (!column->has_offset_index)
        return RG_OK;
    for (uint32_t i = 0; i < column->offset_index.page_count; i++)
        page_bytes += column->offset_index.pages[i].compressed_bytes;
    if (page_bytes + column->chunk.data_page_offset != column->bytes)
        return rg_fail(err, RG_ERR_BUG, "pages of %" PRIu64 " bytes in a chunk of %" PRIu64,
                       page_bytes, column->bytes);
    return RG_OK;
}

/* Thrift bytes of an index, kept in the output's arena. */
static enum rg_status keep_bytes(struct rg_output *output, const struct rg_buffer *buffer,
                                 struct rg_span *ret_kept, struct rg_error *err)
{
    *ret_kept = rg_arena_copy(output->arena, rg_buffer_span(buffer));
    if (ret_kept->data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to keep a page index");
    return RG_OK;
}

static enum rg_status keep_indexes(struct rg_output *output, const struct rg_stitch_output *column,
                                   size_t slot, uint64_t chunk_offset, struct rg_buffer *buffer,
                                   struct rg_error *err)
{
    if (column->has_offset_index) {
        struct rg_offset_index index = column->offset_index;

        for (uint32_t i = 0; i < index.page_count; i++)
            index.pages[i].offset += chunk_offset;
        RG_TRY(rg_offset_index_emit(&index, buffer, err));
        RG_TRY(keep_bytes(output, buffer, &output->offset_indexes[slot], err));
        rg_buffer_reset(buffer);
    }
    if (column->has_column_index && column->has_offset_index) {
        RG_TRY(rg_column_index_emit(&column->column_index, buffer, err));
        RG_TRY(keep_bytes(output, buffer, &output->column_indexes[slot], err));
        rg_buffer_reset(buffer);
    }
    if (column->bloom.bytes > 0) {
        output->blooms[slot] = rg_arena_copy(output->arena, column->bloom);
        if (output->blooms[slot].data == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory to keep a bloom filter");
    }
    return RG_OK;
}

/* Notes one column's metadata with its place in the file. */
static enum rg_status keep_column(struct rg_output *output, const struct rg_bin *bin,
                                  uint32_t column_index, const struct rg_stitch_output *column,
                                  uint64_t chunk_offset, struct rg_error *err)
{
    struct rg_row_group *group = &output->row_groups[bin->bin_index];
    struct rg_column_chunk *chunk = &group->columns[column_index];
    const size_t slot = (size_t)bin->bin_index * output->schema.leaf_count + column_index;
    const struct rg_allocator memory = rg_job_allocator(weir_group_job(output->group));
    struct rg_buffer buffer;

    RG_TRY(rg_retain_chunk(&column->chunk, output->arena, chunk, err));
    chunk->data_page_offset += chunk_offset;
    if (chunk->has_dictionary_offset)
        chunk->dictionary_page_offset += chunk_offset;
    group->total_bytes += chunk->uncompressed_bytes;
    group->total_compressed_bytes += chunk->compressed_bytes;
    if (column_index == 0) {
        group->file_offset = chunk_offset;
        group->has_file_offset = true;
    }

    rg_buffer_init(&buffer, &memory, SIZE_MAX / 4);
    const enum rg_status status = keep_indexes(output, column, slot, chunk_offset, &buffer, err);
    rg_buffer_fini(&buffer);
    return status;
}

static enum rg_status begin_row_group(struct rg_output *output, const struct rg_bin *bin,
                                      const struct rg_output_columns *columns, struct rg_error *err)
{
    struct rg_row_group *group = &output->row_groups[bin->bin_index];
    void *sorting;

    *group = (struct rg_row_group){
        .row_count = bin->row_count,
        .ordinal = (int32_t)bin->bin_index,
        .has_total_compressed_bytes = true,
        .sorting_column_count = columns->sorting_column_count,
    };
    RG_TRY(rg_retain_array(columns->sorting_columns, columns->sorting_column_count,
                           sizeof *columns->sorting_columns, output->arena, &sorting, err));
    group->sorting_columns = sorting;
    group->columns =
        rg_arena_array(output->arena, output->schema.leaf_count, sizeof *group->columns);
    if (group->columns == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a row group");
    return RG_OK;
}

static size_t segment_count(const struct rg_output_columns *columns)
{
    size_t count = 0;

    for (uint32_t i = 0; i < columns->column_count; i++)
        count += columns->columns[i].segment_count;
    return count;
}

uint64_t rg_output_scratch_bytes(const struct rg_output *output,
                                 const struct rg_output_columns *columns)
{
    const struct rg_part_writer writer = {.part_bytes = part_bytes(output)};
    const size_t count = segment_count(columns);
    uint64_t bytes = 0;

    if (output->batch->run->part_bytes == 0)
        return 0;
    for (uint32_t i = 0; i < columns->column_count; i++)
        bytes += columns->columns[i].bytes;
    return count * sizeof(struct rg_segment) + rg_part_writer_scratch_bytes(&writer, count, bytes);
}

/* All segments of the columns, in one list, cut into parts. */
static enum rg_status add_parts(struct rg_output *output, const struct rg_output_columns *columns,
                                struct rg_part_addition **ret_addition, struct rg_error *err)
{
    const size_t count = segment_count(columns);
    struct rg_segment *segments = rg_arena_array(columns->arena, count, sizeof *segments);
    size_t end = 0;

    if (segments == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to append %u columns", columns->column_count);
    for (uint32_t i = 0; i < columns->column_count; i++) {
        const struct rg_stitch_output *column = &columns->columns[i];

        if (column->segment_count > 0)
            memcpy(segments + end, column->segments, column->segment_count * sizeof *segments);
        end += column->segment_count;
    }
    const enum rg_status status =
        rg_part_writer_add(&output->writer, segments, count, columns->arena, ret_addition, err);
    if (status == RG_ERR_NOMEM)
        output->carries_parts = true;
    return status;
}

/* Writes one column where that can be done now; else only counts its bytes. */
static enum rg_status write_column(struct rg_output *output, const struct rg_stitch_output *column,
                                   struct rg_error *err)
{
    if (output->batch->run->part_bytes == 0)
        return write_segments(output, column->segments, column->segment_count, err);
    for (size_t i = 0; i < column->segment_count; i++)
        output->bytes += column->segments[i].bytes;
    return RG_OK;
}

/* Writes local columns, and keeps the metadata of all in the group's memory. */
static enum rg_status keep_columns(struct rg_output *output, const struct rg_bin *bin,
                                   const struct rg_output_columns *columns, struct rg_error *err)
{
    if (output->bytes == 0)
        RG_TRY(begin(output, columns, err));
    if (columns->column_first == 0)
        RG_TRY(begin_row_group(output, bin, columns, err));

    for (uint32_t i = 0; i < columns->column_count; i++) {
        const uint32_t column_index = columns->column_first + i;
        const struct rg_stitch_output *column = &columns->columns[i];
        const uint64_t chunk_offset = output->bytes;

        RG_TRY(
            check_column(column, bin->row_count, output->schema.leaves[column_index].rep_max, err));
        RG_TRY(write_column(output, column, err));
        if (output->bytes - chunk_offset != column->bytes)
            return rg_fail(err, RG_ERR_BUG, "segments do not add up to their chunk");
        RG_TRY(keep_column(output, bin, column_index, column, chunk_offset, err));
        rg_moves_add(&output->moves[column_index], &column->moves);
    }
    return RG_OK;
}

/* The group's memory ended: the next try gets more of it. */
static enum rg_status note_lack(struct rg_output *output, enum rg_status status)
{
    output->lacks_retained |= status == RG_ERR_NOMEM;
    return status;
}

enum rg_status rg_output_append(struct rg_output *output, const struct rg_bin *bin,
                                const struct rg_output_columns *columns,
                                struct rg_part_addition **ret_addition, struct rg_error *err)
{
    *ret_addition = NULL;
    RG_TRY(note_lack(output, keep_columns(output, bin, columns, err)));
    if (output->batch->run->part_bytes > 0)
        return add_parts(output, columns, ret_addition, err);
    return RG_OK;
}

enum rg_status rg_output_add_key_values(struct rg_output *output, uint32_t input_index,
                                        const struct rg_file_meta *meta, struct rg_error *err)
{
    if (output->last_input_index == input_index + 1)
        return RG_OK;
    output->last_input_index = input_index + 1;
    return note_lack(output, rg_key_value_merge_add(output->key_values, meta, err));
}

/* Gives one kind of trailing bytes their places; the caller writes the segments in that order. */
static void place(struct rg_output *output, const struct rg_span *spans, uint64_t *offset,
                  void (*set)(struct rg_column_chunk *chunk, uint64_t offset, uint32_t bytes))
{
    const uint32_t columns = output->schema.leaf_count;

    for (uint32_t g = 0; g < output->bin_count; g++) {
        for (uint32_t c = 0; c < columns; c++) {
            const struct rg_span span = spans[(size_t)g * columns + c];

            if (span.bytes == 0)
                continue;
            set(&output->row_groups[g].columns[c], *offset, (uint32_t)span.bytes);
            output->tail[output->tail_count++] = (struct rg_segment){span.data, span.bytes};
            *offset += span.bytes;
        }
    }
}

static void set_bloom(struct rg_column_chunk *chunk, uint64_t offset, uint32_t bytes)
{
    chunk->bloom_filter_offset = offset;
    chunk->has_bloom_filter_offset = true;
    chunk->bloom_filter_length = bytes;
    chunk->has_bloom_filter_length = true;
}

static void set_column_index(struct rg_column_chunk *chunk, uint64_t offset, uint32_t bytes)
{
    chunk->column_index_offset = offset;
    chunk->column_index_length = bytes;
}

static void set_offset_index(struct rg_column_chunk *chunk, uint64_t offset, uint32_t bytes)
{
    chunk->offset_index_offset = offset;
    chunk->offset_index_length = bytes;
}

/* What became of the inputs' key-values is worth a line to whoever asks for more. */
static void tell_dropped_keys(const struct rg_output *output)
{
    uint32_t count;
    const struct rg_key_value_note *notes = rg_key_value_merge_notes(output->key_values, &count);

    for (uint32_t i = 0; i < count; i++)
        rg_run_note(output->batch->run, "%s: key-value %.*s: %s", output->key,
                    (int)notes[i].key.bytes, (const char *)notes[i].key.data, notes[i].reason);
}

static enum rg_status merge_key_values(struct rg_output *output, struct rg_file_meta *meta,
                                       struct rg_error *err)
{
    struct rg_key_value *merged;
    uint32_t count;

    rg_key_value_merge_note_pages(output->key_values, meta->row_groups, meta->row_group_count);
    RG_TRY(rg_key_value_merge_finish(output->key_values, output->row_count, &merged, &count, err));
    struct rg_key_value *pairs =
        rg_arena_array(output->arena, (size_t)count + 2, sizeof *meta->key_values);
    if (pairs == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for key-value metadata");
    if (count > 0)
        memcpy(pairs, merged, count * sizeof *merged);
    pairs[count] =
        (struct rg_key_value){rg_span_of(shape_key), rg_span_of(output->batch->shape_text)};
    pairs[count + 1] =
        (struct rg_key_value){rg_span_of(batch_key), rg_span_of(output->batch->batch_text)};
    meta->key_values = pairs;
    meta->key_value_count = count + 2;
    meta->created_by = rg_key_value_merge_created_by(output->key_values);
    tell_dropped_keys(output);
    return RG_OK;
}

/* The footer must say, when it is parsed back, what was planned and written. */
static enum rg_status check_footer(const struct rg_output *output, struct rg_span footer,
                                   struct rg_error *err)
{
    const struct rg_allocator memory = rg_job_allocator(weir_group_job(output->group));
    struct rg_file_meta parsed;
    struct rg_arena arena;
    uint64_t rows = 0;

    rg_arena_init(&arena, &memory, SIZE_MAX);
    enum rg_status status = rg_footer_parse(footer, &arena, &parsed, err);
    if (status == RG_OK)
        status = rg_file_acceptable(&parsed, output->bytes + output->tail_bytes, &arena, err);
    if (status == RG_OK) {
        for (uint32_t g = 0; g < parsed.row_group_count; g++)
            rows += parsed.row_groups[g].row_count;
        if (parsed.row_group_count != output->bin_count || rows != output->row_count ||
            parsed.row_count != output->row_count)
            status = rg_fail(err, RG_ERR_BUG,
                             "the footer says %" PRIu64
                             " rows in %u row groups, planned were %" PRIu64 " in %u",
                             rows, parsed.row_group_count, output->row_count, output->bin_count);
    }
    rg_arena_fini(&arena);
    return status;
}

static enum rg_status serialise(struct rg_output *output, struct rg_error *err)
{
    const struct rg_allocator memory = rg_job_allocator(weir_group_job(output->group));
    const size_t chunk_count = (size_t)output->bin_count * output->schema.leaf_count;
    uint64_t offset = output->bytes;
    struct rg_file_meta meta = {
        .version = 1,
        .schema = output->schema,
        .row_count = output->row_count,
        .row_groups = output->row_groups,
        .row_group_count = output->bin_count,
        .has_column_orders = true,
    };
    struct rg_buffer footer;

    output->tail = rg_arena_array(output->arena, chunk_count * 3 + 1, sizeof *output->tail);
    if (output->tail == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the end of the file");
    place(output, output->blooms, &offset, set_bloom);
    place(output, output->column_indexes, &offset, set_column_index);
    place(output, output->offset_indexes, &offset, set_offset_index);
    rg_statistics_level(meta.row_groups, meta.row_group_count, output->schema.leaf_count);
    RG_TRY(merge_key_values(output, &meta, err));

    /* The buffer's memory is the group's and goes with it. */
    rg_buffer_init(&footer, &memory, (size_t)rg_footer_bytes_max);
    RG_TRY(rg_footer_emit(&meta, &footer, err));
    const size_t footer_bytes = footer.bytes;
    for (uint32_t shift = 0; shift < 32; shift += 8)
        rg_buffer_append_byte(&footer, (uint8_t)(footer_bytes >> shift));
    rg_buffer_append(&footer, rg_parquet_magic, sizeof rg_parquet_magic);
    RG_TRY(rg_buffer_check(&footer, "the footer", err));
    output->tail[output->tail_count++] = (struct rg_segment){footer.data, footer.bytes};
    output->tail_bytes = offset - output->bytes + footer.bytes;
    return check_footer(output, (struct rg_span){footer.data, footer_bytes}, err);
}

void rg_output_name_error(const struct rg_output *output, const struct rg_bin *bin,
                          struct rg_error *err)
{
    if (strstr(err->text, output->key) != NULL)
        return;
    if (bin != NULL)
        (void)rg_within(err, "%s: bin %u", output->key, bin->bin_index);
    else
        (void)rg_within(err, "%s", output->key);
}

/* What a step of the join returns for a failure. */
static enum weir_status answer_failure(struct rg_output *output, struct rg_error *err)
{
    if (err->status == RG_ERR_NOMEM) {
        atomic_store(&output->lacks_memory, true);
        return WEIR_SKIP;
    }
    rg_output_name_error(output, NULL, err);
    return rg_open_batch_fail(output->batch, err);
}

enum weir_status rg_output_run_serialise(struct weir_job *job, void *item,
                                         const struct weir_call *call)
{
    struct rg_output *output = item;
    struct rg_error err = {0};

    (void)job;
    (void)call;
    if (atomic_load(&output->batch->outcome) != RG_BATCH_MADE)
        return WEIR_SKIP; /* Not all of its bins could be submitted; or it is in vain. */
    if (note_lack(output, serialise(output, &err)) == RG_OK)
        return WEIR_OK;
    return answer_failure(output, &err);
}

/* The id outlives the group: its tag goes to the batch's arena. */
static enum rg_status keep_id(struct rg_output *output, const struct rg_object_id *id,
                              struct rg_error *err)
{
    struct rg_open_batch *batch = output->batch;

    (void)pthread_mutex_lock(batch->lock);
    const struct rg_span tag = rg_arena_copy(batch->arena, rg_span_of(id->tag));
    (void)pthread_mutex_unlock(batch->lock);
    if (tag.data == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for an output's id");
    output->id = (struct rg_object_id){id->bytes, id->modified_ns, (const char *)tag.data};
    return RG_OK;
}

/* The name is taken: right if by the same bytes, which equal sizes and equal footers prove. */
static enum rg_status compare_with_existing(struct rg_output *output, bool *ret_is_same,
                                            struct rg_error *err)
{
    struct rg_run *run = output->batch->run;
    const struct rg_segment footer = output->tail[output->tail_count - 1];
    uint8_t *there = weir_alloc(weir_group_job(output->group), footer.bytes + rg_slack_bytes);
    struct rg_store_op op = {
        .verb = RG_STORE_GET,
        .key = output->key,
        .buffer = there,
        .in_bytes = footer.bytes,
        .is_suffix = true,
        .arena = output->arena,
    };

    if (there == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to compare with the file that is there");
    RG_TRY(rg_store_wait(run->home, &op, err));
    *ret_is_same = op.id.bytes == output->bytes && op.out_bytes == footer.bytes &&
                   memcmp(there, footer.data, footer.bytes) == 0;
    return keep_id(output, &op.id, err);
}

/* Writes the rest of the file and gives it its name. */
static enum rg_status finish(struct rg_output *output, struct rg_object_id *ret_id,
                             struct rg_error *err)
{
    struct rg_run *run = output->batch->run;

    if (run->part_bytes > 0) {
        output->bytes += output->tail_bytes;
        atomic_fetch_add(&run->counters.written_bytes,
                         output->writer.carry_bytes + output->tail_bytes);
        return rg_part_writer_finish(&output->writer, output->tail, output->tail_count,
                                     output->arena, ret_id, err);
    }
    RG_TRY(write_segments(output, output->tail, output->tail_count, err));
    RG_FAILPOINT("output.before_finish");
    struct rg_store_op op = {
        .verb = RG_STORE_UPLOAD_FINISH,
        .key = output->key,
        .upload = output->upload,
        .must_be_absent = true,
        .must_be_durable = true,
        .token = output->batch->token,
        .arena = output->arena,
    };
    RG_TRY(rg_store_wait(run->home, &op, err));
    output->upload = NULL;
    *ret_id = op.id;
    return RG_OK;
}

static enum rg_status publish(struct rg_output *output, bool *ret_is_foreign, struct rg_error *err)
{
    struct rg_object_id id = {0, 0, ""};
    bool is_same = true;

    const enum rg_status status = finish(output, &id, err);
    RG_FAILPOINT("output.after_finish");
    if (status == RG_ERR_EXISTS) {
        RG_TRY(compare_with_existing(output, &is_same, err));
        *ret_is_foreign = !is_same;
        return RG_OK;
    }
    RG_TRY(status);
    if (id.bytes != output->bytes)
        return rg_fail(err, RG_ERR_IO, "%" PRIu64 " bytes were written, the store has %" PRIu64,
                       output->bytes, id.bytes);
    return keep_id(output, &id, err);
}

/* They are the run's when the batch is recorded. */
static void count_moves(struct rg_output *output)
{
    struct rg_open_batch *batch = output->batch;

    (void)pthread_mutex_lock(batch->lock);
    rg_tally_expect(&batch->partition->tally, output->schema.leaf_count);
    for (uint32_t c = 0; c < output->schema.leaf_count; c++)
        rg_tally_add(&batch->partition->tally, output->schema.leaves[c].path, &output->moves[c]);
    (void)pthread_mutex_unlock(batch->lock);
}

enum weir_status rg_output_run_publish(struct weir_job *job, void *item,
                                       const struct weir_call *call)
{
    struct rg_output *output = item;
    struct rg_error err = {0};
    bool is_foreign = false;

    (void)call;
    if (note_lack(output, publish(output, &is_foreign, &err)) != RG_OK) {
        atomic_store(&output->batch->is_unclear, true);
        return answer_failure(output, &err);
    }
    if (output->batch->refresh(output->batch, &err) != RG_OK) {
        rg_output_name_error(output, NULL, &err);
        return rg_open_batch_fail(output->batch, &err);
    }
    if (is_foreign) {
        rg_open_batch_note(output->batch, RG_BATCH_VOID);
        return WEIR_SKIP;
    }
    weir_moved(job, output->bytes);
    count_moves(output);
    output->is_made = true;
    return WEIR_OK;
}

void rg_output_abandon(struct rg_output *output)
{
    struct rg_upload *upload = output->upload != NULL ? output->upload : output->writer.upload;
    struct rg_error err = {0};

    output->upload = NULL;
    output->writer.upload = NULL;
    if (upload == NULL)
        return;
    struct rg_store_op op = {
        .verb = RG_STORE_UPLOAD_ABORT,
        .key = output->key,
        .upload = upload,
    };
    /* What is left behind when this fails is found and removed by gc. */
    (void)!rg_store_wait(output->batch->run->home, &op, &err);
}
