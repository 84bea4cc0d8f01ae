/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The memory of a bin's job, all of it from its claim:
 *
 *   footers   bytes of footers that were not kept by the batch, and all footers parsed; they stay
 * until the bin is done. slice     for the columns that are handled now: bytes read, arenas of the
 * columns, scratch while they are stitched. Given back after each slice.
 *
 *   (1) bin->column_first .. + column_count is the slice; columns before it are appended. It is not
 * in the job's memory, because it outlives a beginning anew. (2) A slice holds at least one column.
 * When its claim is too small for one, it is enlarged, or the input is more than --memory can do
 * and is left alone. (3) What comes out does not depend on how columns were cut into slices.
 *
 * When a column runs out of memory nevertheless (estimates are estimates), the columns before it
 * are appended and it begins a slice of its own, with all of the claim.
 */

#include "compact/bin_job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "compact/forecast.h"
#include "compact/job_memory.h"
#include "compact/output.h"
#include "compact/ranges.h"
#include "compact/request.h"
#include "parquet/footer.h"
#include "parquet/page_index.h"
#include "stitch/chunk.h"
#include "stitch/estimate.h"
#include "stitch/file_merge.h"

/*
 * Parsed footers against their bytes, in halves: 3.2 measured on tables of 8, 12 and 500 columns.
 * And what a job needs beside its columns.
 */
static const uint64_t parse_expansion_halves = 7;
static const uint64_t job_bytes_min = UINT64_C(2) << 20;

/* How ranges of a file are read: see store/README.md for the figures. */
static const struct rg_range_options range_options = {
    .gap_bytes_max = UINT64_C(64) << 10,
    .request_bytes_max = UINT64_C(8) << 20,
};

/* Tails of old chunks: a dictionary's header that their length leaves out (PARQUET-816). */
static const uint64_t chunk_slop_bytes = 32;

/* What one column of one source row group needs from its file. */
enum wanted {
    WANTED_CHUNK,
    WANTED_OFFSET_INDEX,
    WANTED_COLUMN_INDEX,
    WANTED_BLOOM,
    WANTED_COUNT,
};

enum step {
    STEP_OPEN,
    STEP_RELOAD,
    STEP_LOCATE,
    STEP_READ,
    STEP_STITCH,
    STEP_APPEND,
    STEP_COUNT,
};

/* An input of the bin; row groups of one input follow one another or not. */
struct bin_file {
    struct rg_input *input;
    uint32_t input_index;
    struct rg_part_request reload;
    uint8_t *footer; /* When it was not kept. */
    struct rg_file_meta meta;
    struct rg_writer writer;
    /* Of the slice. */
    struct rg_extent *extents; /* For each of its row groups, columns, kinds. */
    size_t extent_count;
    size_t extents_filled;
    uint8_t *buffer;
    uint64_t buffer_bytes;
};

/* A source row group. */
struct bin_source {
    struct bin_file *file;
    uint32_t group_index;
    size_t first_extent; /* In its file, of the slice. */
    char *name;
};

/* One column of the slice. */
struct bin_column {
    struct rg_arena arena;
    struct rg_stitch_output output;
    bool is_stitched;
    bool lacks_memory;
};

struct slice_request {
    struct rg_part_request request;
    struct bin_file *file;
};

struct rg_bin_job {
    struct rg_allocator memory;
    struct rg_arena arena;  /* Until the bin is done. */
    struct bin_file *files; /* Distinct inputs, in order of first appearance. */
    uint32_t file_count;
    struct bin_source *sources;
    uint32_t source_count;
    bool is_located;
    bool is_told;
    struct rg_sorting_column *sorting_columns;
    uint32_t sorting_column_count;
    struct rg_stitch_estimate *estimates; /* For each column. */
    uint64_t *column_in_bytes;            /* For each column: extents. */

    struct rg_arena slice; /* Until the slice is appended. */
    atomic_bool reads_are_good;
    uint32_t column_count;
    struct bin_column *columns;
    struct slice_request *requests;
    uint32_t request_count;
};

static uint64_t footers_bytes(const struct rg_bin *bin, bool only_missing)
{
    const struct rg_open_batch *batch = bin->output->batch;
    uint64_t bytes = 0;
    uint32_t last = UINT32_MAX;

    for (uint32_t i = 0; i < bin->ref_count; i++) {
        const struct rg_input *input = &batch->inputs[bin->refs[i].input_index];

        if (bin->refs[i].input_index == last)
            continue;
        last = bin->refs[i].input_index;
        if (!only_missing || rg_input_footer(input).data == NULL)
            bytes += input->footer_bytes;
    }
    return bytes;
}

/*
 * The claim: all columns at once where that is not too much, else what the run allows for a bin.
 * The estimate is rough; locate knows better and the slice adapts to the claim.
 */
static uint64_t claim_bytes(const struct rg_bin *bin)
{
    const struct rg_run *run = bin->output->batch->run;
    const uint64_t fixed = job_bytes_min + footers_bytes(bin, true) +
                           footers_bytes(bin, false) * parse_expansion_halves / 2 +
                           bin->ref_count * (uint64_t)512;
    const uint64_t whole = fixed + bin->in_bytes + bin->in_bytes / 4;
    const uint64_t all = rg_output_claim_bytes_max(bin->output);
    uint64_t claim = run->bin_claim_max > fixed * 2 ? run->bin_claim_max : fixed * 2;

    if (whole < claim)
        claim = whole;
    if (claim > all)
        claim = all;
    return claim > bin->output->claim_bytes_min ? claim : bin->output->claim_bytes_min;
}

uint32_t rg_bin_route(const struct rg_bin *bin, struct weir_step route[WEIR_STEPS_MAX])
{
    const struct rg_stages *stages = &bin->output->batch->run->stages;
    const uint64_t claim = claim_bytes(bin);

    route[STEP_OPEN] = (struct weir_step){.stage = stages->open, .grow_bytes = claim};
    route[STEP_RELOAD] = (struct weir_step){.stage = stages->reload};
    route[STEP_LOCATE] = (struct weir_step){.stage = stages->locate};
    if (bin->output->batch->run->is_dry)
        return STEP_LOCATE + 1;
    route[STEP_READ] = (struct weir_step){.stage = stages->read};
    route[STEP_STITCH] = (struct weir_step){.stage = stages->stitch};
    route[STEP_APPEND] = (struct weir_step){.stage = stages->append};
    return STEP_COUNT;
}

/* --- Footers of the bin's files ------------------------------------------------------------- */

/* Lists the bin's distinct files and its sources. */
static enum rg_status list_files(struct rg_bin *bin, struct weir_job *job, struct rg_error *err)
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
            state->files[state->file_count].input = &batch->inputs[input_index];
            state->files[state->file_count].input_index = input_index;
            file_of[input_index] = ++state->file_count;
        }
        state->sources[i].file = &state->files[file_of[input_index] - 1];
        state->sources[i].group_index = bin->refs[i].group_index;
    }
    state->source_count = bin->ref_count;
    bin->job = state;
    return RG_OK;
}

static struct rg_store *store_of(const struct rg_bin *bin, const struct bin_file *file)
{
    const struct rg_run *run = bin->output->batch->run;

    return file->input->is_home ? run->home : run->source;
}

/* Gives the output up for now; it is tried again with bins that claim at least so much. */
static enum weir_status want_claim(struct rg_bin *bin, uint64_t bytes)
{
    struct rg_output *output = bin->output;

    (void)pthread_mutex_lock(output->batch->lock);
    if (bytes > output->claim_bytes_min)
        output->claim_bytes_min = bytes;
    (void)pthread_mutex_unlock(output->batch->lock);
    atomic_store(&output->lacks_memory, true);
    return WEIR_SKIP;
}

/* What a step returns for a failure that is no input's fault. */
static enum weir_status answer_failure(struct rg_bin *bin, struct rg_error *err)
{
    if (err->status == RG_ERR_NOMEM)
        return want_claim(bin, claim_bytes(bin) * 2);
    (void)rg_within(err, "%s: bin %u", bin->output->key, bin->bin_index);
    return rg_open_batch_fail(bin->output->batch, err);
}

/* The first step; also of the next slices, which find everything open. */
enum weir_status rg_bin_run_open(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_error err = {0};

    (void)call;
    if (bin->job != NULL)
        return WEIR_OK;
    if (list_files(bin, job, &err) != RG_OK)
        return answer_failure(bin, &err);
    if (footers_bytes(bin, true) > 0)
        weir_set_parts(job, STEP_RELOAD, bin->job->file_count);
    return WEIR_OK;
}

enum weir_status rg_bin_run_reload(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    struct rg_error err = {0};

    (void)job;
    if (call->part >= state->file_count)
        return WEIR_OK;
    struct bin_file *file = &state->files[call->part];
    if (state->is_located || rg_input_footer(file->input).data != NULL)
        return WEIR_OK;
    const size_t bytes = (size_t)file->input->footer_bytes;
    file->footer = weir_alloc(job, bytes + RG_FOOTER_TAIL_BYTES + rg_slack_bytes);
    if (file->footer == NULL) {
        (void)rg_fail(&err, RG_ERR_NOMEM, "no memory to read a footer of %zu bytes", bytes);
        return answer_failure(bin, &err);
    }
    file->reload.op = (struct rg_store_op){
        .verb = RG_STORE_GET,
        .key = file->input->key,
        .buffer = file->footer,
        .offset = file->input->id.bytes - RG_FOOTER_TAIL_BYTES - bytes,
        .in_bytes = bytes,
        .expected = &file->input->id,
    };
    return rg_part_request_start(&file->reload, store_of(bin, file), job, call->part);
}

static enum rg_status parse_footer(const struct rg_bin *bin, struct rg_bin_job *state,
                                   struct bin_file *file, struct rg_error *err)
{
    struct rg_span footer = rg_input_footer(file->input);
    struct rg_hasher hasher;

    (void)bin;
    if (footer.data == NULL) {
        if (file->reload.op.status != RG_OK) {
            *err = file->reload.op.err;
            return file->reload.op.status;
        }
        footer = (struct rg_span){file->footer, (size_t)file->input->footer_bytes};
        rg_hasher_init(&hasher);
        rg_hasher_add(&hasher, footer);
        if (rg_hasher_result(&hasher).low != file->input->footer_hash.low)
            return rg_fail(err, RG_ERR_CHANGED, "the footer changed since it was read first");
    }
    RG_TRY(rg_footer_parse(footer, &state->arena, &file->meta, err));
    file->writer = rg_writer_parse(file->meta.created_by);
    return RG_OK;
}

/* True for failures that are the input's own: it is left alone and the rest goes on. */
static bool is_inputs_fault(enum rg_status status)
{
    return status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED || status == RG_ERR_LIMIT ||
           status == RG_ERR_CHANGED || status == RG_ERR_ABSENT;
}

static enum rg_status name_sources(struct rg_bin_job *state, struct rg_error *err)
{
    for (uint32_t i = 0; i < state->source_count; i++) {
        char name[64];
        struct bin_source *source = &state->sources[i];

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

    if (sources == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to compare sorting columns");
    for (uint32_t i = 0; i < state->source_count; i++) {
        const struct bin_source *source = &state->sources[i];

        sources[i] = (struct rg_sorting_source){
            .group = &source->file->meta.row_groups[source->group_index],
            .schema = &source->file->meta.schema,
            .writer = &source->file->writer,
        };
    }
    return rg_sorting_merge(sources, state->source_count, &state->arena, &state->sorting_columns,
                            &state->sorting_column_count, err);
}

static const struct rg_column_chunk *chunk_of(const struct bin_source *source, uint32_t column)
{
    return &source->file->meta.row_groups[source->group_index].columns[column];
}

static struct rg_stitch_column column_of(const struct rg_bin *bin, uint32_t column)
{
    return (struct rg_stitch_column){
        .schema = &bin->job->files[0].meta.schema,
        .leaf_index = column,
        .options = &bin->output->batch->run->stitch_options,
    };
}

/* Where in the file one kind of bytes of a chunk lies; 0 bytes: it has none. */
static struct rg_extent extent_of(const struct bin_source *source, uint32_t column,
                                  enum wanted kind)
{
    const struct rg_column_chunk *chunk = chunk_of(source, column);
    const uint64_t file_bytes = source->file->input->id.bytes;
    struct rg_extent extent = {0};

    switch (kind) {
    case WANTED_CHUNK:
        extent.offset = rg_chunk_begin(chunk);
        extent.bytes = chunk->compressed_bytes + chunk_slop_bytes;
        break;
    case WANTED_OFFSET_INDEX:
        extent.offset = chunk->offset_index_offset;
        extent.bytes = chunk->offset_index_offset > 0 ? chunk->offset_index_length : 0;
        break;
    case WANTED_COLUMN_INDEX:
        extent.offset = chunk->column_index_offset;
        extent.bytes = chunk->column_index_offset > 0 ? chunk->column_index_length : 0;
        break;
    case WANTED_BLOOM:
        extent.offset = chunk->bloom_filter_offset;
        extent.bytes = chunk->has_bloom_filter_offset && chunk->has_bloom_filter_length
                           ? chunk->bloom_filter_length
                           : 0;
        break;
    case WANTED_COUNT:
        break;
    }
    if (extent.offset >= file_bytes)
        extent.bytes = 0;
    else if (extent.bytes > file_bytes - extent.offset)
        extent.bytes = file_bytes - extent.offset;
    return extent;
}

static enum rg_status estimate_columns(struct rg_bin *bin, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;
    const uint32_t leaf_count = state->files[0].meta.schema.leaf_count;
    const struct rg_column_chunk **chunks =
        rg_arena_array(&state->arena, state->source_count, sizeof *chunks);

    state->estimates = rg_arena_array(&state->arena, leaf_count, sizeof *state->estimates);
    state->column_in_bytes =
        rg_arena_array(&state->arena, leaf_count, sizeof *state->column_in_bytes);
    if (chunks == NULL || state->estimates == NULL || state->column_in_bytes == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to estimate %u columns", leaf_count);
    for (uint32_t c = 0; c < leaf_count; c++) {
        const struct rg_stitch_column column = column_of(bin, c);

        for (uint32_t i = 0; i < state->source_count; i++) {
            chunks[i] = chunk_of(&state->sources[i], c);
            if (state->sources[i].file->input->is_whole)
                continue;
            for (int kind = 0; kind < WANTED_COUNT; kind++)
                state->column_in_bytes[c] +=
                    extent_of(&state->sources[i], c, (enum wanted)kind).bytes;
        }
        rg_stitch_estimate(&column, chunks, state->source_count, &state->estimates[c]);
    }
    return RG_OK;
}

static enum rg_status parse_files(struct rg_bin *bin, uint32_t *ret_culprit, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;
    const uint32_t leaf_count = bin->output->batch->inputs[bin->refs[0].input_index].column_count;

    for (uint32_t i = 0; i < state->file_count; i++) {
        struct bin_file *file = &state->files[i];

        *ret_culprit = file->input_index;
        RG_TRY(parse_footer(bin, state, file, err));
        if (file->meta.schema.leaf_count != leaf_count ||
            file->meta.row_group_count < file->input->plan.row_group_count)
            return rg_fail(err, RG_ERR_CHANGED, "the footer changed since it was read first");
    }
    return RG_OK;
}

/* --- The slice ------------------------------------------------------------------------------ */

static uint64_t worker_count(const struct rg_bin *bin, uint32_t column_count)
{
    const uint32_t workers = bin->output->batch->run->context_count;

    return column_count < workers ? column_count : workers;
}

/* What these columns need besides what the job holds already. */
static uint64_t slice_bytes(const struct rg_bin *bin, uint32_t first, uint32_t count)
{
    const struct rg_bin_job *state = bin->job;
    uint64_t bytes = job_bytes_min / 2;
    uint64_t scratch_max = 0;

    for (uint32_t c = first; c < first + count; c++) {
        bytes += state->column_in_bytes[c] + state->estimates[c].arena_bytes;
        bytes += state->source_count *
                 (WANTED_COUNT * sizeof(struct rg_extent) + sizeof(struct rg_stitch_source));
        if (state->estimates[c].scratch_bytes > scratch_max)
            scratch_max = state->estimates[c].scratch_bytes;
    }
    return bytes + scratch_max * worker_count(bin, count);
}

/* What the column that needs most needs when it goes alone. */
static uint64_t largest_column_bytes(const struct rg_bin *bin)
{
    const uint32_t leaf_count = bin->job->files[0].meta.schema.leaf_count;
    uint64_t largest = 0;

    for (uint32_t c = 0; c < leaf_count; c++) {
        const uint64_t bytes = slice_bytes(bin, c, 1);

        largest = bytes > largest ? bytes : largest;
    }
    return largest;
}

/*
 * As many columns as the claim bears. False when not even each column alone fits: then the claim is
 * too small, and this is found before anything is read.
 */
static bool choose_columns(struct rg_bin *bin, struct weir_job *job, uint64_t *ret_lacking_bytes)
{
    struct rg_bin_job *state = bin->job;
    const uint32_t leaf_count = state->files[0].meta.schema.leaf_count;
    const uint32_t left = leaf_count - bin->column_first;
    const uint64_t wanted = slice_bytes(bin, bin->column_first, left);
    uint64_t available = weir_available(job);
    uint32_t count = 0;

    if (wanted > available && weir_try_grow(job, wanted - available))
        available = weir_available(job);
    if (wanted <= available) {
        state->column_count = left;
        return true;
    }
    const uint64_t largest = largest_column_bytes(bin);
    if (largest > available) {
        *ret_lacking_bytes = largest - available;
        return false;
    }
    while (slice_bytes(bin, bin->column_first, count + 1) <= available)
        count++;
    state->column_count = count;
    return true;
}

static enum rg_status place_file(struct rg_bin_job *state, struct bin_file *file,
                                 struct rg_request **ret_requests, size_t *ret_count,
                                 struct rg_error *err)
{
    *ret_count = 0;
    if (file->input->is_whole) {
        file->buffer = (uint8_t *)(uintptr_t)file->input->kept.data;
        for (size_t i = 0; i < file->extents_filled; i++)
            file->extents[i].buffer_offset = file->extents[i].offset;
        return RG_OK;
    }
    RG_TRY(rg_ranges_plan(file->extents, file->extents_filled, &range_options, &state->slice,
                          ret_requests, ret_count, &file->buffer_bytes, err));
    file->buffer = rg_arena_alloc(&state->slice, (size_t)file->buffer_bytes + rg_slack_bytes);
    if (file->buffer == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to read %" PRIu64 " bytes",
                       file->buffer_bytes);
    return RG_OK;
}

/* Requests of one file are added to the slice's; called once to count and once to fill. */
static enum rg_status list_requests(struct rg_bin *bin, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;
    struct rg_request **requests =
        rg_arena_array(&state->slice, state->file_count, sizeof(struct rg_request *));
    size_t *counts = rg_arena_array(&state->slice, state->file_count, sizeof *counts);
    size_t total = 0;

    if (requests == NULL || counts == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to plan reads");
    for (uint32_t i = 0; i < state->file_count; i++) {
        RG_TRY(place_file(state, &state->files[i], &requests[i], &counts[i], err));
        total += counts[i];
    }
    state->requests = rg_arena_array(&state->slice, total, sizeof *state->requests);
    if (state->requests == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu reads", total);
    state->request_count = 0;
    for (uint32_t i = 0; i < state->file_count; i++) {
        struct bin_file *file = &state->files[i];

        for (size_t r = 0; r < counts[i]; r++) {
            struct slice_request *request = &state->requests[state->request_count++];

            request->file = file;
            request->request.op = (struct rg_store_op){
                .verb = RG_STORE_GET,
                .key = file->input->key,
                .buffer = file->buffer + requests[i][r].buffer_offset,
                .offset = requests[i][r].offset,
                .in_bytes = requests[i][r].bytes,
                .expected = &file->input->id,
            };
        }
    }
    return RG_OK;
}

/* Extents of the slice, requests for them, columns to fill. */
static enum rg_status open_slice(struct rg_bin *bin, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;

    for (uint32_t i = 0; i < state->file_count; i++) {
        state->files[i].extent_count = 0;
        state->files[i].extents_filled = 0;
    }
    for (uint32_t i = 0; i < state->source_count; i++)
        state->sources[i].file->extent_count += (size_t)state->column_count * WANTED_COUNT;
    for (uint32_t i = 0; i < state->file_count; i++) {
        struct bin_file *file = &state->files[i];

        file->extents = rg_arena_array(&state->slice, file->extent_count, sizeof *file->extents);
        if (file->extents == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu ranges", file->extent_count);
    }
    for (uint32_t i = 0; i < state->source_count; i++) {
        struct bin_source *source = &state->sources[i];

        source->first_extent = source->file->extents_filled;
        for (uint32_t c = 0; c < state->column_count; c++) {
            for (int kind = 0; kind < WANTED_COUNT; kind++)
                source->file->extents[source->file->extents_filled++] =
                    extent_of(source, bin->column_first + c, (enum wanted)kind);
        }
    }
    state->columns = rg_arena_array(&state->slice, state->column_count, sizeof *state->columns);
    if (state->columns == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u columns", state->column_count);
    for (uint32_t c = 0; c < state->column_count; c++)
        rg_arena_init(&state->columns[c].arena, &state->memory, SIZE_MAX);
    atomic_store(&state->reads_are_good, false);
    return list_requests(bin, err);
}

/* Everything that the footers of the bin tell, once. */
static enum rg_status locate(struct rg_bin *bin, uint32_t *ret_culprit, struct rg_error *err)
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

enum weir_status rg_bin_run_locate(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    struct rg_error err = {0};
    uint32_t culprit = UINT32_MAX;
    uint64_t lacking_bytes = 0;

    (void)call;
    if (!state->is_located && locate(bin, &culprit, &err) != RG_OK) {
        if (culprit == UINT32_MAX || !is_inputs_fault(err.status))
            return answer_failure(bin, &err);
        rg_open_batch_leave_input(bin->output->batch, culprit, &err);
        return WEIR_SKIP;
    }
    if (!state->is_told) {
        rg_forecast_add(bin, state->estimates, state->column_in_bytes,
                        &state->files[0].meta.schema);
        state->is_told = true;
    }
    if (bin->output->batch->run->is_dry)
        return WEIR_OK;
    if (!choose_columns(bin, job, &lacking_bytes))
        return want_claim(bin, claim_bytes(bin) + lacking_bytes);
    if (open_slice(bin, &err) != RG_OK)
        return answer_failure(bin, &err);
    weir_set_parts(job, STEP_READ, state->request_count > 0 ? state->request_count : 1);
    weir_set_parts(job, STEP_STITCH, state->column_count);
    return WEIR_OK;
}

enum weir_status rg_bin_run_read(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    struct rg_run *run = bin->output->batch->run;

    if (call->part >= state->request_count)
        return WEIR_OK;
    struct slice_request *request = &state->requests[call->part];
    atomic_fetch_add(&run->counters.requests, 1);
    atomic_fetch_add(&run->counters.read_bytes, request->request.op.in_bytes);
    return rg_part_request_start(&request->request, store_of(bin, request->file), job, call->part);
}

/* --- Stitching ------------------------------------------------------------------------------ */

static struct rg_span bytes_of(const struct bin_source *source, uint32_t column, enum wanted kind)
{
    const struct rg_extent *extent =
        &source->file->extents[source->first_extent + (size_t)column * WANTED_COUNT + kind];

    if (extent->bytes == 0)
        return (struct rg_span){NULL, 0};
    return (struct rg_span){source->file->buffer + extent->buffer_offset, (size_t)extent->bytes};
}

/*
 * An index that does not parse is none: it is not needed, and what it says of pages is checked by
 * the walk anyway.
 */
static enum rg_status parse_indexes(const struct bin_source *source, uint32_t column,
                                    struct rg_arena *arena, struct rg_stitch_source *ret_source,
                                    struct rg_error *err)
{
    const struct rg_span offsets = bytes_of(source, column, WANTED_OFFSET_INDEX);
    const struct rg_span bounds = bytes_of(source, column, WANTED_COLUMN_INDEX);
    struct rg_offset_index *offset_index = rg_arena_array(arena, 1, sizeof *offset_index);
    struct rg_column_index *column_index = rg_arena_array(arena, 1, sizeof *column_index);

    if (offset_index == NULL || column_index == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a page index");
    if (offsets.bytes > 0) {
        const enum rg_status status = rg_offset_index_parse(offsets, arena, offset_index, err);

        if (status == RG_ERR_NOMEM)
            return status;
        ret_source->offset_index = status == RG_OK ? offset_index : NULL;
    }
    if (bounds.bytes > 0 && ret_source->offset_index != NULL) {
        const enum rg_status status = rg_column_index_parse(bounds, arena, column_index, err);

        if (status == RG_ERR_NOMEM)
            return status;
        ret_source->column_index = status == RG_OK ? column_index : NULL;
    }
    return RG_OK;
}

static enum rg_status list_sources(struct rg_bin *bin, uint32_t slice_column,
                                   struct rg_arena *arena, struct rg_stitch_source **ret_sources,
                                   struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;
    const uint32_t column = bin->column_first + slice_column;
    struct rg_stitch_source *sources = rg_arena_array(arena, state->source_count, sizeof *sources);

    if (sources == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u sources", state->source_count);
    for (uint32_t i = 0; i < state->source_count; i++) {
        const struct bin_source *source = &state->sources[i];
        const struct rg_column_chunk *chunk = chunk_of(source, column);

        sources[i] = (struct rg_stitch_source){
            .chunk = chunk,
            .leaf = &source->file->meta.schema.leaves[column],
            .writer = &source->file->writer,
            .bytes = bytes_of(source, slice_column, WANTED_CHUNK),
            .row_count = source->file->meta.row_groups[source->group_index].row_count,
            .file_offset = rg_chunk_begin(chunk),
            .bloom = bytes_of(source, slice_column, WANTED_BLOOM),
            .name = source->name,
            .schema = &source->file->meta.schema,
        };
        RG_TRY(parse_indexes(source, slice_column, arena, &sources[i], err));
    }
    *ret_sources = sources;
    return RG_OK;
}

/* The text begins with the source's name ("row group 2") already. */
static void blame(struct rg_bin *bin, uint32_t source_index, uint32_t column, struct rg_error *err)
{
    const struct bin_source *source = &bin->job->sources[source_index];
    const struct rg_leaf *leaf = &source->file->meta.schema.leaves[column];

    (void)rg_within(err, "column %.*s", (int)leaf->path.bytes, (const char *)leaf->path.data);
    rg_open_batch_leave_input(bin->output->batch, source->file->input_index, err);
}

static const struct slice_request *find_failed_read(const struct rg_bin_job *state)
{
    for (uint32_t i = 0; i < state->request_count; i++) {
        if (state->requests[i].request.op.status != RG_OK)
            return &state->requests[i];
    }
    return NULL;
}

static enum weir_status answer_failed_read(struct rg_bin *bin, const struct slice_request *failed)
{
    struct rg_error err = failed->request.op.err;

    if (!is_inputs_fault(err.status))
        return answer_failure(bin, &err);
    rg_open_batch_leave_input(bin->output->batch, failed->file->input_index, &err);
    return WEIR_SKIP;
}

enum weir_status rg_bin_run_stitch(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    struct rg_run *run = bin->output->batch->run;
    struct bin_column *slot = &state->columns[call->part];
    const struct rg_stitch_column column = column_of(bin, bin->column_first + call->part);
    struct rg_stitch_source *sources = NULL;
    struct rg_error err = {0};
    struct rg_arena scratch;
    size_t culprit = SIZE_MAX;

    (void)job;
    if (weir_is_cancelled(run->weir))
        return WEIR_CANCELLED;
    if (!atomic_load(&state->reads_are_good)) {
        const struct slice_request *failed = find_failed_read(state);

        if (failed != NULL)
            return answer_failed_read(bin, failed);
        atomic_store(&state->reads_are_good, true);
    }
    rg_arena_init(&scratch, &state->memory, SIZE_MAX);
    enum rg_status status = list_sources(bin, call->part, &slot->arena, &sources, &err);
    if (status == RG_OK)
        status = rg_stitch_chunk(run->contexts[call->thread], &column, sources, state->source_count,
                                 &slot->arena, &scratch, &slot->output, &culprit, &err);
    rg_arena_fini(&scratch);
    slot->is_stitched = status == RG_OK;
    if (status == RG_OK)
        return WEIR_OK;
    rg_arena_fini(&slot->arena);
    if (status == RG_ERR_NOMEM) {
        slot->lacks_memory = true; /* See append. */
        return WEIR_OK;
    }
    if (culprit < state->source_count && is_inputs_fault(status)) {
        blame(bin, (uint32_t)culprit, column.leaf_index, &err);
        return WEIR_SKIP;
    }
    (void)rg_within(&err, "column %u", column.leaf_index);
    return answer_failure(bin, &err);
}

/* --- Appending ------------------------------------------------------------------------------ */

static void close_slice(struct rg_bin_job *state)
{
    for (uint32_t c = 0; c < state->column_count; c++)
        rg_arena_fini(&state->columns[c].arena);
    rg_arena_fini(&state->slice);
    state->column_count = 0;
}

/* Columns of the slice that are ready without a gap. */
static uint32_t count_stitched(const struct rg_bin_job *state)
{
    uint32_t count = 0;

    while (count < state->column_count && state->columns[count].is_stitched)
        count++;
    return count;
}

static enum rg_status append_columns(struct rg_bin *bin, uint32_t count, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;
    struct rg_stitch_output *outputs = rg_arena_array(&state->slice, count, sizeof *outputs);

    if (outputs == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to append %u columns", count);
    for (uint32_t c = 0; c < count; c++)
        outputs[c] = state->columns[c].output;
    RG_TRY(rg_output_append(bin->output, bin,
                            &(struct rg_output_columns){
                                .first_meta = &state->files[0].meta,
                                .columns = outputs,
                                .column_first = bin->column_first,
                                .column_count = count,
                                .sorting_columns = state->sorting_columns,
                                .sorting_column_count = state->sorting_column_count,
                            },
                            err));
    if (bin->column_first == 0) {
        for (uint32_t i = 0; i < state->file_count; i++)
            RG_TRY(rg_output_add_key_values(bin->output, state->files[i].input_index,
                                            &state->files[i].meta, err));
    }
    for (uint32_t c = 0; c < count; c++)
        rg_run_add_moves(bin->output->batch->run,
                         state->files[0].meta.schema.leaves[bin->column_first + c].path,
                         &outputs[c].moves);
    return RG_OK;
}

enum weir_status rg_bin_run_append(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    const uint32_t count = count_stitched(state);
    struct rg_error err = {0};

    (void)job;
    (void)call;
    if (count == 0) {
        /* Not even the first column fits, whatever the estimate said. */
        const struct rg_stitch_estimate *estimate = &state->estimates[bin->column_first];

        return want_claim(bin, claim_bytes(bin) + estimate->arena_bytes_max +
                                   estimate->scratch_bytes_max);
    }
    if (append_columns(bin, count, &err) != RG_OK) {
        (void)rg_within(&err, "%s", bin->output->key);
        return rg_open_batch_fail(bin->output->batch, &err);
    }
    close_slice(state);
    bin->column_first += count;
    return bin->column_first < state->files[0].meta.schema.leaf_count ? WEIR_AGAIN : WEIR_OK;
}
