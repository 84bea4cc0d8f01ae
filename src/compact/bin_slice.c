/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/bin_slice.h"

#include <inttypes.h>

#include "base/limits.h"
#include "compact/bin_files.h"
#include "parquet/footer.h"
#include "parquet/page_index.h"

/* How ranges of a file are read. */
static const uint64_t gap_bytes_max = UINT64_C(64) << 10;
static const uint64_t request_bytes_max = UINT64_C(8) << 20;

/* How far a slice may exceed the run's target for the sake of workers that would be idle. */
static const uint64_t targets_max = 3;

enum {
    sorted_parts_max = 64
};

/* Small requests are a part together where all of them are local. */
static const uint32_t part_requests_max = 16;
static const uint64_t part_bytes_max = UINT64_C(512) << 10;

/* What a slice needs beside its columns, and how much of it may be read though nobody wants it. */
static const uint64_t slice_bytes_min = UINT64_C(1) << 20;
static const uint64_t slice_gaps_bytes = UINT64_C(256) << 10;

static uint64_t worker_count(const struct rg_bin *bin, uint32_t column_count)
{
    const uint32_t workers = bin->output->batch->run->context_count;

    return column_count < workers ? column_count : workers;
}

/* A column's, but for scratch. */
static uint64_t column_bytes(const struct rg_bin_job *state, uint32_t column)
{
    return state->column_in_bytes[column] + state->estimates[column].arena_bytes +
           state->source_count *
               (RG_BIN_WANTED_COUNT * sizeof(struct rg_extent) + sizeof(struct rg_stitch_source));
}

/* What these columns need besides what the job holds already. */
uint64_t rg_bin_slice_bytes(const struct rg_bin *bin, uint32_t first, uint32_t count)
{
    const struct rg_bin_job *state = bin->job;
    uint64_t bytes = slice_bytes_min;
    uint64_t scratch_max = 0;

    for (uint32_t c = first; c < first + count; c++) {
        bytes += column_bytes(state, c);
        if (state->estimates[c].scratch_bytes > scratch_max)
            scratch_max = state->estimates[c].scratch_bytes;
    }
    return bytes + scratch_max * worker_count(bin, count);
}

/* What the column that needs most needs when it goes alone. */
static uint64_t largest_column_bytes(struct rg_bin *bin)
{
    const uint32_t leaf_count = rg_bin_schema(bin)->leaf_count;
    uint64_t largest = 0;

    for (uint32_t c = 0; c < leaf_count; c++) {
        const uint64_t bytes = rg_bin_slice_bytes(bin, c, 1);

        if (bytes <= largest)
            continue;
        largest = bytes;
        bin->is_mostly_scratch = bin->job->estimates[c].scratch_bytes > bytes / 2;
    }
    return largest;
}

uint64_t rg_bin_claim_bytes_needed(struct rg_bin *bin, const struct weir_job *job)
{
    return bin->claim_bytes - weir_available(job) + largest_column_bytes(bin);
}

/* How many columns, from the first that is to come, need no more than that. */
static uint32_t columns_within(const struct rg_bin *bin, uint32_t left, uint64_t bytes)
{
    const struct rg_bin_job *state = bin->job;
    uint64_t sum = slice_bytes_min;
    uint64_t scratch_max = 0;
    uint32_t count = 0;

    while (count < left) {
        const uint32_t c = bin->column_first + count;

        sum += column_bytes(state, c);
        if (state->estimates[c].scratch_bytes > scratch_max)
            scratch_max = state->estimates[c].scratch_bytes;
        if (sum + scratch_max * worker_count(bin, count + 1) > bytes)
            break;
        count++;
    }
    return count;
}

/*
 * The slice's columns and as many more as it takes until none of them is more than one worker's
 * share of it: a large column that goes alone leaves the others idle.
 */
static uint32_t columns_for_all(const struct rg_bin *bin, uint32_t left, uint32_t count,
                                uint64_t bytes_max)
{
    const struct rg_bin_job *state = bin->job;
    const uint64_t workers = worker_count(bin, left);
    uint64_t sum = 0;
    uint64_t largest = 0;

    for (uint32_t i = 0; i < left; i++) {
        const uint64_t bytes = state->column_in_bytes[bin->column_first + i];

        if (i >= count && (largest * workers <= sum ||
                           rg_bin_slice_bytes(bin, bin->column_first, i + 1) > bytes_max))
            return i;
        sum += bytes;
        largest = bytes > largest ? bytes : largest;
    }
    return left;
}

/* Takes so many columns, if there is memory for them and for each that comes later. */
static bool take_columns(struct rg_bin *bin, struct weir_job *job, uint32_t count)
{
    const uint64_t available = weir_available(job);
    const uint64_t largest = largest_column_bytes(bin);
    uint64_t needed = rg_bin_slice_bytes(bin, bin->column_first, count);

    if (needed < largest)
        needed = largest;
    if (needed > available && !weir_try_grow(job, needed - available))
        return false;
    bin->job->column_count = count;
    return true;
}

/*
 * Columns up to the target, if that is one at least; more where workers would be idle else: bins of
 * one output wait for each other, so that there is one slice to work on for each output.
 */
static bool choose_target(struct rg_bin *bin, struct weir_job *job, uint32_t left)
{
    const uint64_t target = bin->output->batch->run->slice_bytes_target;
    const uint32_t count = columns_within(bin, left, target);

    if (count == 0)
        return false;
    const struct rg_run *run = bin->output->batch->run;
    if (target <= UINT64_MAX / targets_max &&
        atomic_load(&run->open_outputs) < run->context_count) {
        const uint32_t wider = columns_for_all(bin, left, count, target * targets_max);

        if (wider > count && take_columns(bin, job, wider))
            return true;
    }
    return take_columns(bin, job, count);
}

/*
 * As many columns as the claim bears, and no more than the target. False when not even each column
 * alone fits: then the claim is too small, and this is found before anything is read.
 */
static bool choose_columns(struct rg_bin *bin, struct weir_job *job, uint64_t *ret_lacking_bytes)
{
    struct rg_bin_job *state = bin->job;
    const uint32_t leaf_count = rg_bin_schema(bin)->leaf_count;
    const uint32_t left = leaf_count - bin->column_first;
    const uint64_t wanted = rg_bin_slice_bytes(bin, bin->column_first, left);
    uint64_t available = weir_available(job);

    /* With all memory there is, one column at a time: what fits may not hang on what goes beside
     * it. */
    const bool is_last_try = bin->output->had_all;

    if (!is_last_try && choose_target(bin, job, left))
        return true;
    if (wanted > available && weir_try_grow(job, wanted - available))
        available = weir_available(job);
    if (wanted <= available && !is_last_try) {
        state->column_count = left;
        return true;
    }
    const uint64_t largest = largest_column_bytes(bin);
    if (largest > available) {
        *ret_lacking_bytes = largest - available;
        return false;
    }
    state->column_count = is_last_try ? 1 : columns_within(bin, left, available);
    return true;
}

bool rg_bin_choose_columns(struct rg_bin *bin, struct weir_job *job, uint64_t *ret_lacking_bytes)
{
    struct rg_bin_job *state = bin->job;

    if (!choose_columns(bin, job, ret_lacking_bytes))
        return false;
    const uint64_t available = weir_available(job);
    const uint64_t needed = rg_bin_slice_bytes(bin, bin->column_first, state->column_count);
    state->gaps_bytes_left = slice_gaps_bytes + (available > needed ? (available - needed) / 2 : 0);
    return true;
}

/*
 * Requests for a file's extents. Of a local file gaps for which there is no memory are left out,
 * and fewer bytes are read by more requests. Elsewhere a request costs more than what lies in a
 * gap, and the slice wants memory for all of it: 3200 row groups of 60 rows and 20 columns in 35
 * MiB would be 68,797 requests and 35 s (radosgw beside us, --memory 160MiB), not 74 and 2 s.
 */
static enum rg_status plan_file(const struct rg_bin *bin, struct weir_job *job,
                                struct rg_bin_file *file, struct rg_range_plan *ret_plan,
                                struct rg_error *err)
{
    const struct rg_run *run = bin->output->batch->run;
    struct rg_bin_job *state = bin->job;
    const bool is_local =
        file->input->is_home ? run->home_caps.is_local : run->source_caps.is_local;
    struct rg_range_options options = {
        .gap_bytes_max = gap_bytes_max,
        .gaps_bytes_max = state->gaps_bytes_left,
        .gap_bytes_min = is_local ? 0 : gap_bytes_max,
        .request_bytes_max = request_bytes_max,
    };

    RG_TRY(rg_ranges_plan(file->extents, file->extents_filled, &options, &state->slice, ret_plan,
                          err));
    if (ret_plan->gaps_bytes < ret_plan->gaps_bytes_wanted && job != NULL &&
        weir_try_grow(job, ret_plan->gaps_bytes_wanted - options.gaps_bytes_max)) {
        options.gaps_bytes_max = ret_plan->gaps_bytes_wanted;
        RG_TRY(rg_ranges_plan(file->extents, file->extents_filled, &options, &state->slice,
                              ret_plan, err));
    }
    state->gaps_bytes_left = ret_plan->gaps_bytes < options.gaps_bytes_max
                                 ? options.gaps_bytes_max - ret_plan->gaps_bytes
                                 : 0;
    return RG_OK;
}

static enum rg_status place_file(const struct rg_bin *bin, struct weir_job *job,
                                 struct rg_bin_file *file, struct rg_range_plan *ret_plan,
                                 struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;

    *ret_plan = (struct rg_range_plan){0};
    if (file->is_whole) {
        file->buffer = (uint8_t *)(uintptr_t)file->end.data;
        for (size_t i = 0; i < file->extents_filled; i++)
            file->extents[i].buffer_offset = file->extents[i].offset;
        return RG_OK;
    }
    RG_TRY(plan_file(bin, job, file, ret_plan, err));
    file->buffer_bytes = ret_plan->buffer_bytes;
    file->buffer = rg_arena_alloc(&state->slice, (size_t)file->buffer_bytes + rg_slack_bytes);
    if (file->buffer == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to read %" PRIu64 " bytes",
                       file->buffer_bytes);
    return RG_OK;
}

/* The requests of all files, in their order. */
static enum rg_status list_requests(struct rg_bin *bin, struct weir_job *job, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;
    struct rg_range_plan *plans = rg_arena_array(&state->slice, state->file_count, sizeof *plans);
    size_t total = 0;

    if (plans == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to plan reads");
    for (uint32_t i = 0; i < state->file_count; i++) {
        RG_TRY(place_file(bin, job, &state->files[i], &plans[i], err));
        total += plans[i].request_count;
    }
    state->requests = rg_arena_array(&state->slice, total, sizeof *state->requests);
    if (state->requests == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu reads", total);
    state->request_count = 0;
    for (uint32_t i = 0; i < state->file_count; i++) {
        struct rg_bin_file *file = &state->files[i];

        for (size_t r = 0; r < plans[i].request_count; r++) {
            const struct rg_request *wanted = &plans[i].requests[r];
            struct rg_bin_request *request = &state->requests[state->request_count++];

            request->file = file;
            request->request.op = (struct rg_store_op){
                .verb = RG_STORE_GET,
                .key = file->input->key,
                .buffer = file->buffer + wanted->buffer_offset,
                .offset = wanted->offset,
                .in_bytes = wanted->bytes,
                .expected = &file->input->id,
            };
        }
    }
    return RG_OK;
}

/*
 * Which column is stitched by which part: the largest first, so that no worker begins it when the
 * others end. Where columns are many each is little, and any order will do.
 */
static void sort_parts(const struct rg_bin *bin)
{
    const struct rg_bin_job *state = bin->job;
    const uint64_t *in_bytes = &state->column_in_bytes[bin->column_first];
    uint32_t *order = state->part_columns;

    for (uint32_t column = 0; column < state->column_count; column++) {
        uint32_t i = column;

        for (; i > 0 && i <= sorted_parts_max && in_bytes[order[i - 1]] < in_bytes[column]; i--)
            order[i] = order[i - 1];
        order[i] = column;
    }
}

/* Cuts the requests into the parts of the reading step. */
static enum rg_status divide_requests(struct rg_bin *bin, struct rg_error *err)
{
    const struct rg_run *run = bin->output->batch->run;
    struct rg_bin_job *state = bin->job;
    const bool is_local = run->source_caps.is_local && run->home_caps.is_local;
    uint64_t bytes = 0;

    state->read_part_count = 0;
    state->read_parts =
        rg_arena_array(&state->slice, state->request_count, sizeof *state->read_parts);
    if (state->read_parts == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u reads", state->request_count);
    for (uint32_t i = 0; i < state->request_count; i++) {
        const uint64_t wanted = state->requests[i].request.op.in_bytes;
        struct rg_bin_read_part *part = &state->read_parts[state->read_part_count];

        if (i > 0 && is_local && part[-1].count < part_requests_max &&
            bytes + wanted <= part_bytes_max) {
            part[-1].count++;
            bytes += wanted;
            continue;
        }
        *part = (struct rg_bin_read_part){.first = i, .count = 1};
        state->read_part_count++;
        bytes = wanted;
    }
    return RG_OK;
}

/* Extents of the slice, requests for them, columns to fill. */
enum rg_status rg_bin_open_slice(struct rg_bin *bin, struct weir_job *job, struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;

    for (uint32_t i = 0; i < state->file_count; i++) {
        state->files[i].extent_count = 0;
        state->files[i].extents_filled = 0;
    }
    for (uint32_t i = 0; i < state->source_count; i++)
        state->sources[i].file->extent_count += (size_t)state->column_count * RG_BIN_WANTED_COUNT;
    for (uint32_t i = 0; i < state->file_count; i++) {
        struct rg_bin_file *file = &state->files[i];

        file->extents = rg_arena_array(&state->slice, file->extent_count, sizeof *file->extents);
        if (file->extents == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu ranges", file->extent_count);
    }
    for (uint32_t i = 0; i < state->source_count; i++) {
        struct rg_bin_source *source = &state->sources[i];

        source->first_extent = source->file->extents_filled;
        for (uint32_t c = 0; c < state->column_count; c++) {
            for (int kind = 0; kind < RG_BIN_WANTED_COUNT; kind++)
                source->file->extents[source->file->extents_filled++] =
                    rg_bin_extent(source, bin->column_first + c, (enum rg_bin_wanted)kind);
        }
    }
    state->columns = rg_arena_array(&state->slice, state->column_count, sizeof *state->columns);
    state->part_columns =
        rg_arena_array(&state->slice, state->column_count, sizeof *state->part_columns);
    if (state->columns == NULL || state->part_columns == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u columns", state->column_count);
    for (uint32_t c = 0; c < state->column_count; c++)
        rg_arena_init(&state->columns[c].arena, &state->memory, SIZE_MAX);
    sort_parts(bin);
    atomic_store(&state->reads_are_good, false);
    RG_TRY(list_requests(bin, job, err));
    return divide_requests(bin, err);
}

void rg_bin_close_slice(struct rg_bin_job *state)
{
    for (uint32_t c = 0; c < state->column_count; c++)
        rg_arena_fini(&state->columns[c].arena);
    rg_arena_fini(&state->slice);
    state->column_count = 0;
}

static struct rg_span bytes_of(const struct rg_bin_source *source, uint32_t column,
                               enum rg_bin_wanted kind)
{
    const struct rg_extent *extent =
        &source->file->extents[source->first_extent + (size_t)column * RG_BIN_WANTED_COUNT + kind];

    if (extent->bytes == 0)
        return (struct rg_span){NULL, 0};
    return (struct rg_span){source->file->buffer + extent->buffer_offset, (size_t)extent->bytes};
}

/*
 * An index that does not parse is none: it is not needed, and what it says of pages is checked by
 * the walk anyway.
 */
static enum rg_status parse_indexes(const struct rg_bin_source *source, uint32_t column,
                                    struct rg_arena *arena, struct rg_stitch_source *ret_source,
                                    struct rg_error *err)
{
    const struct rg_span offsets = bytes_of(source, column, RG_BIN_WANTED_OFFSET_INDEX);
    const struct rg_span bounds = bytes_of(source, column, RG_BIN_WANTED_COLUMN_INDEX);
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

enum rg_status rg_bin_list_sources(struct rg_bin *bin, uint32_t slice_column,
                                   struct rg_arena *arena, struct rg_stitch_source **ret_sources,
                                   struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;
    const uint32_t column = bin->column_first + slice_column;
    struct rg_stitch_source *sources = rg_arena_array(arena, state->source_count, sizeof *sources);

    if (sources == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u sources", state->source_count);
    for (uint32_t i = 0; i < state->source_count; i++) {
        const struct rg_bin_source *source = &state->sources[i];

        sources[i] = rg_bin_stitch_source(source, column);
        sources[i].bytes = bytes_of(source, slice_column, RG_BIN_WANTED_CHUNK);
        sources[i].bloom = bytes_of(source, slice_column, RG_BIN_WANTED_BLOOM);
        RG_TRY(parse_indexes(source, slice_column, arena, &sources[i], err));
    }
    *ret_sources = sources;
    return RG_OK;
}
