/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/bin_files.h"

#include <stdio.h>
#include <string.h>

#include "compact/forecast.h"
#include "compact/job_memory.h"
#include "compact/unite.h"
#include "parquet/bloom_length.h"
#include "parquet/footer.h"
#include "stitch/file_merge.h"

/* Tails of old chunks: a dictionary's header that their length leaves out (PARQUET-816). */
static const uint64_t chunk_slop_bytes = 32;

/* Larger local files are read by ranges, which are as cheap then. */
static const uint64_t small_bytes = UINT64_C(128) << 10;

/* The next of the bin's files: row groups of one file stand together, mostly. */
static const struct rg_input *next_input(const struct rg_bin *bin, uint32_t *at)
{
    const struct rg_bin_ref *ref = &bin->refs[*at];

    while (*at < bin->ref_count && bin->refs[*at].input_index == ref->input_index)
        ++*at;
    return &bin->output->batch->inputs[ref->input_index];
}

uint64_t rg_bin_footers_bytes(const struct rg_bin *bin)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < bin->ref_count;)
        bytes += next_input(bin, &i)->footer_bytes;
    return bytes;
}

/* Bytes of a file's end that are read again. */
static uint64_t reload_bytes_of(const struct rg_bin *bin, const struct rg_input *input,
                                bool reads_files)
{
    const struct rg_run *run = bin->output->batch->run;
    const bool is_local = input->is_home ? run->home_caps.is_local : run->source_caps.is_local;

    if (input->is_whole)
        return 0;
    if (reads_files && is_local && input->id.bytes <= small_bytes)
        return input->id.bytes;
    return rg_input_footer(input).data == NULL ? input->footer_bytes + RG_FOOTER_TAIL_BYTES : 0;
}

uint64_t rg_bin_reload_bytes(const struct rg_bin *bin, bool reads_files)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < bin->ref_count;)
        bytes += reload_bytes_of(bin, next_input(bin, &i), reads_files);
    return bytes;
}

static struct rg_bin_file make_file(const struct rg_bin *bin, uint32_t input_index)
{
    struct rg_input *input = &bin->output->batch->inputs[input_index];
    const uint64_t reload_bytes = reload_bytes_of(bin, input, bin->reads_files);

    return (struct rg_bin_file){
        .input = input,
        .input_index = input_index,
        .reload_bytes = reload_bytes,
        .end = input->kept,
        .is_whole = input->is_whole || reload_bytes == input->id.bytes,
    };
}

/* Lists the bin's distinct files and its sources. */
enum rg_status rg_bin_list_files(struct rg_bin *bin, struct weir_job *job, struct rg_error *err)
{
    const struct rg_allocator memory = rg_job_allocator(job);
    struct rg_open_batch *batch = bin->output->batch;
    struct rg_bin_job *state = rg_alloc(&memory, sizeof *state);

    if (state == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a bin");
    memset(state, 0, sizeof *state);
    state->memory = memory;
    rg_arena_init(&state->arena, &state->memory, SIZE_MAX);
    rg_arena_init(&state->slice, &state->memory, SIZE_MAX);
    state->files = rg_arena_array(&state->arena, bin->ref_count, sizeof *state->files);
    state->sources = rg_arena_array(&state->arena, bin->ref_count, sizeof *state->sources);
    uint32_t *file_of = rg_arena_array(&state->arena, batch->input_count, sizeof *file_of);
    if (state->files == NULL || state->sources == NULL || file_of == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the %u sources of a bin", bin->ref_count);

    for (uint32_t i = 0; i < bin->ref_count; i++) {
        const uint32_t input_index = bin->refs[i].input_index;

        if (file_of[input_index] == 0) {
            state->files[state->file_count] = make_file(bin, input_index);
            file_of[input_index] = ++state->file_count;
        }
        state->sources[i].file = &state->files[file_of[input_index] - 1];
        state->sources[i].group_index = bin->refs[i].group_index;
    }
    state->source_count = bin->ref_count;
    bin->job = state;
    return RG_OK;
}

/* True for failures that are the input's own: it is left alone and the rest goes on. */
bool rg_bin_is_inputs_fault(enum rg_status status)
{
    return status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED || status == RG_ERR_LIMIT ||
           status == RG_ERR_CHANGED || status == RG_ERR_ABSENT;
}

bool rg_bin_is_files_fault(const struct rg_bin *bin, uint32_t input_index, enum rg_status status)
{
    const struct rg_open_batch *batch = bin->output->batch;
    const bool is_local = batch->inputs[input_index].is_home ? batch->run->home_caps.is_local
                                                             : batch->run->source_caps.is_local;
    const bool is_unreadable = status == RG_ERR_IO || status == RG_ERR_DENIED;

    return rg_bin_is_inputs_fault(status) || (is_local && is_unreadable);
}

const struct rg_schema *rg_bin_schema(const struct rg_bin *bin)
{
    const struct rg_bin_file *first = &bin->job->files[0];
    const struct rg_kept_schema *kept = first->input->schema;

    return kept != NULL && kept->united != NULL ? &kept->united->schema : &first->meta.schema;
}

const struct rg_leaf_map *rg_bin_map(const struct rg_bin_source *source, uint32_t column)
{
    const struct rg_kept_schema *kept = source->file->input->schema;

    return kept != NULL && kept->leaves != NULL ? &kept->leaves[column] : NULL;
}

/* The source's own number of a column of the output. */
static uint32_t leaf_index(const struct rg_bin_source *source, uint32_t column)
{
    const struct rg_leaf_map *map = rg_bin_map(source, column);

    return map != NULL ? map->leaf_index : column;
}

const struct rg_column_chunk *rg_bin_chunk(const struct rg_bin_source *source, uint32_t column)
{
    const struct rg_row_group *group = &source->file->meta.row_groups[source->group_index];
    const struct rg_leaf_map *map = rg_bin_map(source, column);

    if (map != NULL && map->origin == RG_LEAF_NULLS)
        return NULL;
    return &group->columns[leaf_index(source, column)];
}

struct rg_stitch_source rg_bin_stitch_source(const struct rg_bin_source *source, uint32_t column)
{
    const struct rg_bin_file *file = source->file;
    const struct rg_column_chunk *chunk = rg_bin_chunk(source, column);

    return (struct rg_stitch_source){
        .chunk = chunk,
        .leaf = &file->meta.schema.leaves[leaf_index(source, column)],
        .writer = &file->writer,
        .row_count = file->meta.row_groups[source->group_index].row_count,
        .file_offset = chunk != NULL ? rg_chunk_begin(chunk) : 0,
        .name = source->name,
        .schema = &file->meta.schema,
        .map = rg_bin_map(source, column),
    };
}

static bool has_mapped_source(const struct rg_bin_job *state)
{
    for (uint32_t i = 0; i < state->file_count; i++) {
        const struct rg_kept_schema *kept = state->files[i].input->schema;

        if (kept != NULL && kept->leaves != NULL)
            return true;
    }
    return false;
}

struct rg_stitch_column rg_bin_column(const struct rg_bin *bin, uint32_t column)
{
    const struct rg_run *run = bin->output->batch->run;
    const struct rg_schema *schema = rg_bin_schema(bin);

    return (struct rg_stitch_column){
        .schema = schema,
        .leaf_index = column,
        .options = &run->stitch_options,
        .is_bloom_asked = rg_column_list_has(&run->options->bloom, schema->leaves[column].path),
        .has_other_levels = has_mapped_source(bin->job),
    };
}

/* Where in the file one kind of bytes of a chunk lies; 0 bytes: it has none. */
struct rg_extent rg_bin_extent(const struct rg_bin_source *source, uint32_t column,
                               enum rg_bin_wanted kind)
{
    const struct rg_column_chunk *chunk = rg_bin_chunk(source, column);
    const struct rg_leaf_map *map = rg_bin_map(source, column);
    const bool has_values = map == NULL || map->origin == RG_LEAF_VALUES;
    const uint64_t file_bytes = source->file->input->id.bytes;
    struct rg_extent extent = {0};

    /* Of a sibling only levels are wanted. */
    if (chunk == NULL || (!has_values && kind != RG_BIN_WANTED_CHUNK))
        return extent;
    switch (kind) {
    case RG_BIN_WANTED_CHUNK:
        extent.offset = rg_chunk_begin(chunk);
        extent.bytes = chunk->compressed_bytes + chunk_slop_bytes;
        break;
    case RG_BIN_WANTED_OFFSET_INDEX:
        extent.offset = chunk->offset_index_offset;
        extent.bytes = chunk->offset_index_offset > 0 ? chunk->offset_index_length : 0;
        break;
    case RG_BIN_WANTED_COLUMN_INDEX:
        extent.offset = chunk->column_index_offset;
        extent.bytes = chunk->column_index_offset > 0 ? chunk->column_index_length : 0;
        break;
    case RG_BIN_WANTED_BLOOM:
        extent.offset = chunk->bloom_filter_offset;
        extent.bytes = chunk->has_bloom_filter_offset && chunk->has_bloom_filter_length
                           ? chunk->bloom_filter_length
                           : 0;
        break;
    case RG_BIN_WANTED_COUNT:
        break;
    }
    if (extent.offset >= file_bytes)
        extent.bytes = 0;
    else if (extent.bytes > file_bytes - extent.offset)
        extent.bytes = file_bytes - extent.offset;
    return extent;
}

/* `like`: a file before, or NULL. */
static enum rg_status parse_footer(struct rg_bin_job *state, const struct rg_file_meta *like,
                                   struct rg_bin_file *file, struct rg_error *err)
{
    const size_t footer_bytes = (size_t)file->input->footer_bytes;
    const struct rg_span footer = {
        file->end.data + file->end.bytes - footer_bytes - RG_FOOTER_TAIL_BYTES, footer_bytes};
    struct rg_hasher hasher;

    if (file->reload_bytes > 0) {
        if (file->reload.op.status != RG_OK) {
            *err = file->reload.op.err;
            return file->reload.op.status;
        }
        rg_hasher_init(&hasher);
        rg_hasher_add(&hasher, footer);
        if (rg_hasher_result(&hasher).low != file->input->footer_hash.low)
            return rg_fail(err, RG_ERR_CHANGED, "the footer changed since it was read first");
    }
    RG_TRY(rg_footer_parse_like(footer, like, &state->arena, &file->meta, err));
    rg_bloom_lengths_complete(&file->meta,
                              file->input->id.bytes - footer_bytes - RG_FOOTER_TAIL_BYTES);
    file->writer = rg_writer_parse(file->meta.created_by);
    return RG_OK;
}

static enum rg_status name_sources(struct rg_bin_job *state, struct rg_error *err)
{
    for (uint32_t i = 0; i < state->source_count; i++) {
        char name[64];
        struct rg_bin_source *source = &state->sources[i];

        (void)snprintf(name, sizeof name, "row group %u", source->group_index);
        source->name = (char *)(uintptr_t)rg_arena_copy(&state->arena, rg_span_of(name)).data;
        if (source->name == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for names");
    }
    return RG_OK;
}

static enum rg_status prove_sorting(struct rg_bin_job *state, struct rg_error *err)
{
    struct rg_sorting_source *sources =
        rg_arena_array(&state->arena, state->source_count, sizeof *sources);

    /* Columns have other numbers in some sources. */
    if (has_mapped_source(state))
        return RG_OK;
    if (sources == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to compare sorting columns");
    for (uint32_t i = 0; i < state->source_count; i++) {
        const struct rg_bin_source *source = &state->sources[i];

        sources[i] = (struct rg_sorting_source){
            .group = &source->file->meta.row_groups[source->group_index],
            .schema = &source->file->meta.schema,
            .writer = &source->file->writer,
        };
    }
    return rg_sorting_merge(sources, state->source_count, &state->arena, &state->sorting_columns,
                            &state->sorting_column_count, err);
}

static enum rg_status estimate_columns(struct rg_bin *bin, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;
    const uint32_t leaf_count = rg_bin_schema(bin)->leaf_count;
    struct rg_stitch_source *sources =
        rg_arena_array(&state->arena, state->source_count, sizeof *sources);

    state->estimates = rg_arena_array(&state->arena, leaf_count, sizeof *state->estimates);
    state->column_in_bytes =
        rg_arena_array(&state->arena, leaf_count, sizeof *state->column_in_bytes);
    if (sources == NULL || state->estimates == NULL || state->column_in_bytes == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to estimate %u columns", leaf_count);
    for (uint32_t c = 0; c < leaf_count; c++) {
        const struct rg_stitch_column column = rg_bin_column(bin, c);

        for (uint32_t i = 0; i < state->source_count; i++) {
            sources[i] = rg_bin_stitch_source(&state->sources[i], c);
            if (state->sources[i].file->is_whole)
                continue;
            for (int kind = 0; kind < RG_BIN_WANTED_COUNT; kind++)
                state->column_in_bytes[c] +=
                    rg_bin_extent(&state->sources[i], c, (enum rg_bin_wanted)kind).bytes;
        }
        rg_stitch_estimate(&column, sources, state->source_count, &state->estimates[c]);
    }
    return RG_OK;
}

static enum rg_status parse_files(struct rg_bin *bin, uint32_t *ret_culprit, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;

    for (uint32_t i = 0; i < state->file_count; i++) {
        struct rg_bin_file *file = &state->files[i];

        *ret_culprit = file->input_index;
        RG_TRY(parse_footer(state, i > 0 ? &file[-1].meta : NULL, file, err));
        if (file->meta.schema.leaf_count != file->input->column_count ||
            file->meta.row_group_count < file->input->plan.row_group_count)
            return rg_fail(err, RG_ERR_CHANGED, "the footer changed since it was read first");
    }
    return RG_OK;
}

/* Everything that the footers of the bin tell, once. */
enum rg_status rg_bin_locate(struct rg_bin *bin, uint32_t *ret_culprit, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;

    RG_TRY(parse_files(bin, ret_culprit, err));
    *ret_culprit = UINT32_MAX;
    RG_TRY(name_sources(state, err));
    RG_TRY(prove_sorting(state, err));
    RG_TRY(estimate_columns(bin, err));
    state->is_located = true;
    return RG_OK;
}
