/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The memory of a bin's job, all of it from its claim:
 *
 * - Files: what was not kept by the batch, that is footers, or whole files where they are small and
 *   that leaves enough; and all footers parsed. They stay until the bin is done.
 * - The slice, the columns that are handled now: bytes read, arenas of the columns, scratch while
 *   they are stitched. Given back after each slice.
 *
 * What holds:
 *
 * (1) bin->column_first .. + column_count is the slice; columns before it are appended. It is not
 *     in the job's memory, because it outlives a beginning anew.
 * (2) A slice holds at least one column. When its claim is too small for one, files that were read
 *     whole are given back, then the claim is enlarged, or the input is more than --memory can do
 *     and is left alone.
 * (3) What comes out does not depend on how columns were cut into slices.
 *
 * When a column runs out of memory nevertheless (estimates are estimates), the columns before it
 * are appended and it begins a slice of its own, with all of the claim.
 */

#include "compact/bin_job.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "compact/bin_files.h"
#include "compact/bin_slice.h"
#include "compact/forecast.h"
#include "compact/output.h"
#include "parquet/footer.h"

/*
 * Parsed footers against their bytes, in halves: 3.2 measured on tables of 8, 12 and 500 columns.
 * And what a job needs beside its columns.
 */
static const uint64_t parse_expansion_halves = 7;
static const uint64_t job_bytes_min = UINT64_C(2) << 20;

/* Files of a part of the reload step, where reading is local. */
static const uint32_t reload_files_max = 16;

enum step {
    STEP_OPEN,
    STEP_RELOAD,
    STEP_LOCATE,
    STEP_READ,
    STEP_STITCH,
    STEP_APPEND,
    STEP_COUNT,
};

/* What stays until the bin is done. */
static uint64_t fixed_bytes(const struct rg_bin *bin, bool reads_files)
{
    return job_bytes_min + rg_bin_reload_bytes(bin, reads_files) +
           rg_bin_footers_bytes(bin) * parse_expansion_halves / 2 + bin->ref_count * (uint64_t)512;
}

/*
 * The claim: all columns at once where that is not too much, else what the run allows for a bin.
 * The estimate is rough; rg_bin_locate knows better and the slice adapts to the claim.
 */
static uint64_t claim_bytes(const struct rg_bin *bin)
{
    const struct rg_run *run = bin->output->batch->run;
    const uint64_t fixed = fixed_bytes(bin, false);
    const uint64_t whole = fixed + bin->in_bytes + bin->in_bytes / 4;
    const uint64_t all = rg_output_claim_bytes_max(bin->output);
    uint64_t claim = run->bin_claim_max > fixed * 2 ? run->bin_claim_max : fixed * 2;

    if (whole < claim)
        claim = whole;
    if (claim < bin->output->claim_bytes_min)
        claim = bin->output->claim_bytes_min;
    /* What an output keeps may have grown since the least was asked for. */
    return claim < all ? claim : all;
}

/*
 * Small files are read whole, once and not for each slice anew, where every worker can have a bin
 * of that kind: its claim is a worker's share, and slices go on growing into what there is of it.
 * Not in a bin that failed for lack of memory.
 */
static void choose_claim(struct rg_bin *bin)
{
    const struct rg_run *run = bin->output->batch->run;
    const uint64_t share = rg_output_claim_bytes_max(bin->output) / run->context_count;
    const uint64_t wanted = fixed_bytes(bin, true) + bin->in_bytes + bin->in_bytes / 4;

    bin->reads_files = !run->is_dry && bin->output->claim_bytes_min == 0 &&
                       rg_bin_reload_bytes(bin, true) > rg_bin_reload_bytes(bin, false) &&
                       fixed_bytes(bin, true) + bin->in_bytes / 2 <= share;
    if (bin->reads_files)
        bin->claim_bytes = wanted < share ? wanted : share;
    else
        bin->claim_bytes = claim_bytes(bin);
}

uint32_t rg_bin_route(struct rg_bin *bin, struct weir_step route[WEIR_STEPS_MAX])
{
    const struct rg_stages *stages = &bin->output->batch->run->stages;

    choose_claim(bin);
    route[STEP_OPEN] = (struct weir_step){.stage = stages->open, .grow_bytes = bin->claim_bytes};
    route[STEP_RELOAD] = (struct weir_step){.stage = stages->reload};
    route[STEP_LOCATE] = (struct weir_step){.stage = stages->locate};
    if (bin->output->batch->run->is_dry)
        return STEP_LOCATE + 1;
    route[STEP_READ] = (struct weir_step){.stage = stages->read};
    route[STEP_STITCH] = (struct weir_step){.stage = stages->stitch};
    route[STEP_APPEND] = (struct weir_step){.stage = stages->append};
    return STEP_COUNT;
}

static struct rg_store *store_of(const struct rg_bin *bin, const struct rg_bin_file *file)
{
    const struct rg_run *run = bin->output->batch->run;

    return file->input->is_home ? run->home : run->source;
}

/* Gives the output up for now; it is tried again with bins that claim at least so much. */
static enum weir_status want_claim(struct rg_bin *bin, uint64_t bytes)
{
    struct rg_output *output = bin->output;

    (void)pthread_mutex_lock(output->batch->lock);
    if (bytes > output->claim_bytes_min) {
        output->claim_bytes_min = bytes;
        output->wanting = bin;
    }
    (void)pthread_mutex_unlock(output->batch->lock);
    atomic_store(&output->lacks_memory, true);
    return WEIR_SKIP;
}

/* What a step returns for a failure that is no input's fault. */
static enum weir_status answer_failure(struct rg_bin *bin, struct rg_error *err)
{
    if (err->status == RG_ERR_NOMEM)
        return want_claim(bin, bin->claim_bytes * 2);
    rg_output_name_error(bin->output, bin, err);
    return rg_open_batch_fail(bin->output->batch, err);
}

static void note_opened(struct rg_bin *bin)
{
    if (bin->is_open)
        return;
    bin->is_open = true;
    if (atomic_fetch_add(&bin->output->open_bins, 1) == 0)
        (void)atomic_fetch_add(&bin->output->batch->run->open_outputs, 1);
}

void rg_bin_closed(struct rg_bin *bin)
{
    if (bin->is_open && atomic_fetch_sub(&bin->output->open_bins, 1) == 1)
        (void)atomic_fetch_sub(&bin->output->batch->run->open_outputs, 1);
    bin->is_open = false;
}

/* Files are read again by parts of some where that is local. */
static enum rg_status divide_reload(struct rg_bin *bin, struct rg_error *err)
{
    const struct rg_run *run = bin->output->batch->run;
    const bool is_local = run->source_caps.is_local && run->home_caps.is_local;
    struct rg_bin_job *state = bin->job;

    if (rg_bin_reload_bytes(bin, bin->reads_files) == 0)
        return RG_OK;
    state->reload_part_files = is_local ? reload_files_max : 1;
    const uint32_t count =
        (state->file_count + state->reload_part_files - 1) / state->reload_part_files;
    state->reload_parts = rg_arena_array(&state->arena, count, sizeof *state->reload_parts);
    if (state->reload_parts == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to read %u files", state->file_count);
    state->reload_part_count = count;
    return RG_OK;
}

static enum rg_status open_files(struct rg_bin *bin, struct weir_job *job, struct rg_error *err)
{
    RG_TRY(rg_bin_list_files(bin, job, err));
    return divide_reload(bin, err);
}

/*
 * Whole files leave too little for their columns: on at the second step without them, as if they
 * had never been read.
 */
static enum weir_status read_by_ranges(struct rg_bin *bin, struct weir_job *job)
{
    struct rg_bin_job *state = bin->job;
    struct rg_error err = {0};

    for (uint32_t i = 0; i < state->reload_part_count; i++) {
        if (state->reload_parts[i].memory != NULL)
            weir_release(job, state->reload_parts[i].memory, state->reload_parts[i].bytes);
    }
    rg_arena_fini(&state->slice);
    rg_arena_fini(&state->arena);
    weir_release(job, state, sizeof *state);
    bin->job = NULL;
    bin->reads_files = false;
    if (open_files(bin, job, &err) != RG_OK)
        return answer_failure(bin, &err);
    return WEIR_AGAIN;
}

/* The first step; also of the next slices, which find everything open. */
enum weir_status rg_bin_run_open(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_error err = {0};

    (void)call;
    if (bin->job != NULL)
        return WEIR_OK;
    note_opened(bin);
    if (open_files(bin, job, &err) != RG_OK)
        return answer_failure(bin, &err);
    if (bin->job->reload_part_count > 0)
        weir_set_parts(job, STEP_RELOAD, bin->job->reload_part_count);
    return WEIR_OK;
}

/* One block for what a part reads again. */
static bool place_ends(struct weir_job *job, struct rg_bin_reload_part *part,
                       struct rg_bin_file *files, uint32_t count)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < count; i++)
        bytes += files[i].reload_bytes > 0 ? files[i].reload_bytes + rg_slack_bytes : 0;
    uint8_t *buffer = bytes > 0 ? weir_alloc(job, (size_t)bytes) : NULL;
    if (bytes > 0 && buffer == NULL)
        return false;
    part->memory = buffer;
    part->bytes = (size_t)bytes;
    for (uint32_t i = 0; i < count; i++) {
        if (files[i].reload_bytes == 0)
            continue;
        files[i].end = (struct rg_span){buffer, (size_t)files[i].reload_bytes};
        buffer += files[i].reload_bytes + rg_slack_bytes;
    }
    return true;
}

static void start_reload(struct rg_bin *bin, struct rg_part_requests *requests,
                         struct rg_bin_file *file)
{
    struct rg_run *run = bin->output->batch->run;

    file->reload.op = (struct rg_store_op){
        .verb = RG_STORE_GET,
        .key = file->input->key,
        .buffer = (uint8_t *)(uintptr_t)file->end.data,
        .offset = file->input->id.bytes - file->reload_bytes,
        .in_bytes = file->reload_bytes,
        .expected = &file->input->id,
    };
    atomic_fetch_add(&run->counters.requests, 1);
    atomic_fetch_add(&run->counters.read_bytes, file->reload_bytes);
    rg_part_requests_add(requests, &file->reload, store_of(bin, file));
}

enum weir_status rg_bin_run_reload(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    struct rg_error err = {0};
    const uint32_t first = call->part * state->reload_part_files;

    if (state->is_located || call->part >= state->reload_part_count)
        return WEIR_OK;
    struct rg_bin_reload_part *part = &state->reload_parts[call->part];
    struct rg_bin_file *files = state->files + first;
    const uint32_t left = state->file_count - first;
    const uint32_t count = left < state->reload_part_files ? left : state->reload_part_files;
    if (!place_ends(job, part, files, count)) {
        (void)rg_fail(&err, RG_ERR_NOMEM, "no memory to read %u files", count);
        return answer_failure(bin, &err);
    }
    rg_part_requests_begin(&part->requests, job, call->part);
    for (uint32_t i = 0; i < count; i++) {
        if (files[i].reload_bytes > 0)
            start_reload(bin, &part->requests, &files[i]);
    }
    return rg_part_requests_end(&part->requests);
}

/* What the job would find out when it has tried with all the memory that there is. */
static enum weir_status foresee_claim(struct rg_bin *bin, const struct weir_job *job)
{
    const uint64_t needed = rg_bin_claim_bytes_needed(bin, job);

    if (needed <= rg_output_claim_bytes_job(bin->output))
        return WEIR_OK;
    rg_open_batch_give_up_bin(bin->output->batch, bin, needed);
    return WEIR_SKIP;
}

enum weir_status rg_bin_run_locate(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    struct rg_error err = {0};
    uint32_t culprit = UINT32_MAX;
    uint64_t lacking_bytes = 0;

    (void)call;
    if (!state->is_located && rg_bin_locate(bin, &culprit, &err) != RG_OK) {
        if (err.status == RG_ERR_NOMEM && bin->reads_files)
            return read_by_ranges(bin, job);
        if (culprit == UINT32_MAX || !rg_bin_is_files_fault(bin, culprit, err.status))
            return answer_failure(bin, &err);
        rg_open_batch_leave_input(bin->output->batch, culprit, &err);
        return WEIR_SKIP;
    }
    if (!bin->is_told) {
        rg_forecast_add(bin, state->estimates, state->column_in_bytes, rg_bin_schema(bin));
        bin->is_told = true;
    }
    if (bin->output->batch->run->is_dry)
        return foresee_claim(bin, job);
    if (!rg_bin_choose_columns(bin, job, &lacking_bytes))
        return bin->reads_files ? read_by_ranges(bin, job)
                                : want_claim(bin, bin->claim_bytes + lacking_bytes);
    if (rg_bin_open_slice(bin, job, &err) != RG_OK)
        return answer_failure(bin, &err);
    weir_set_parts(job, STEP_READ, state->read_part_count > 0 ? state->read_part_count : 1);
    weir_set_parts(job, STEP_STITCH, state->column_count);
    return WEIR_OK;
}

enum weir_status rg_bin_run_read(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    struct rg_run *run = bin->output->batch->run;

    if (call->part >= state->read_part_count)
        return WEIR_OK;
    struct rg_bin_read_part *part = &state->read_parts[call->part];
    rg_part_requests_begin(&part->requests, job, call->part);
    for (uint32_t i = 0; i < part->count; i++) {
        struct rg_bin_request *request = &state->requests[part->first + i];

        atomic_fetch_add(&run->counters.requests, 1);
        atomic_fetch_add(&run->counters.read_bytes, request->request.op.in_bytes);
        rg_part_requests_add(&part->requests, &request->request, store_of(bin, request->file));
    }
    return rg_part_requests_end(&part->requests);
}

/* Row group, column, page: the text begins with the first ("row group 2") already, mostly. */
static void blame(struct rg_bin *bin, uint32_t source_index, uint32_t column, struct rg_error *err)
{
    const struct rg_bin_source *source = &bin->job->sources[source_index];
    const struct rg_leaf *leaf = &rg_bin_schema(bin)->leaves[column];
    const size_t name_bytes = strlen(source->name);

    if (strncmp(err->text, source->name, name_bytes) == 0 &&
        strncmp(err->text + name_bytes, ": ", 2) == 0)
        memmove(err->text, err->text + name_bytes + 2, strlen(err->text + name_bytes + 2) + 1);
    (void)rg_within(err, "%s: column %.*s", source->name, (int)leaf->path.bytes,
                    (const char *)leaf->path.data);
    rg_open_batch_leave_input(bin->output->batch, source->file->input_index, err);
}

static const struct rg_bin_request *find_failed_read(const struct rg_bin_job *state)
{
    for (uint32_t i = 0; i < state->request_count; i++) {
        if (state->requests[i].request.op.status != RG_OK)
            return &state->requests[i];
    }
    return NULL;
}

static enum weir_status answer_failed_read(struct rg_bin *bin, const struct rg_bin_request *failed)
{
    struct rg_error err = failed->request.op.err;

    if (!rg_bin_is_files_fault(bin, failed->file->input_index, err.status))
        return answer_failure(bin, &err);
    rg_open_batch_leave_input(bin->output->batch, failed->file->input_index, &err);
    return WEIR_SKIP;
}

enum weir_status rg_bin_run_stitch(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    struct rg_run *run = bin->output->batch->run;
    const uint32_t slice_column = state->part_columns[call->part];
    struct rg_bin_column *slot = &state->columns[slice_column];
    const struct rg_stitch_column column = rg_bin_column(bin, bin->column_first + slice_column);
    struct rg_stitch_source *sources = NULL;
    struct rg_error err = {0};
    struct rg_arena scratch;
    size_t culprit = SIZE_MAX;

    (void)job;
    if (weir_is_cancelled(run->weir))
        return WEIR_CANCELLED;
    if (!atomic_load(&state->reads_are_good)) {
        const struct rg_bin_request *failed = find_failed_read(state);

        if (failed != NULL)
            return answer_failed_read(bin, failed);
        atomic_store(&state->reads_are_good, true);
    }
    rg_arena_init(&scratch, &state->memory, SIZE_MAX);
    enum rg_status status = rg_bin_list_sources(bin, slice_column, &slot->arena, &sources, &err);
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
    if (culprit < state->source_count && rg_bin_is_inputs_fault(status)) {
        blame(bin, (uint32_t)culprit, column.leaf_index, &err);
        return WEIR_SKIP;
    }
    (void)rg_within(&err, "column %u", column.leaf_index);
    return answer_failure(bin, &err);
}

/* Columns of the slice that are ready without a gap. */
static uint32_t count_stitched(const struct rg_bin_job *state)
{
    uint32_t count = 0;

    while (count < state->column_count && state->columns[count].is_stitched)
        count++;
    return count;
}

static enum rg_status append_columns(struct rg_bin *bin, struct weir_job *job, uint32_t count,
                                     struct rg_error *err)
{
    struct rg_bin_job *state = bin->job;
    struct rg_stitch_output *outputs = rg_arena_array(&state->slice, count, sizeof *outputs);

    if (outputs == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to append %u columns", count);
    for (uint32_t c = 0; c < count; c++)
        outputs[c] = state->columns[c].output;
    const struct rg_output_columns columns = {
        .schema = rg_bin_schema(bin),
        .columns = outputs,
        .column_first = bin->column_first,
        .column_count = count,
        .sorting_columns = state->sorting_columns,
        .sorting_column_count = state->sorting_column_count,
        .arena = &state->slice,
    };
    const uint64_t scratch = rg_output_scratch_bytes(bin->output, &columns);
    if (scratch > weir_available(job))
        (void)weir_try_grow(job, scratch - weir_available(job));
    RG_TRY(rg_output_append(bin->output, bin, &columns, &state->addition, err));
    if (bin->column_first == 0) {
        for (uint32_t i = 0; i < state->file_count; i++)
            RG_TRY(rg_output_add_key_values(bin->output, state->files[i].input_index,
                                            &state->files[i].meta, err));
    }
    return RG_OK;
}

static void count_moved(struct rg_bin *bin, uint32_t count)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < bin->job->source_count; i++) {
        for (uint32_t c = 0; c < count; c++) {
            const uint32_t column = bin->column_first + c;
            const struct rg_leaf_map *map = rg_bin_map(&bin->job->sources[i], column);

            if (map == NULL || map->origin == RG_LEAF_VALUES)
                bytes += rg_bin_chunk(&bin->job->sources[i], column)->compressed_bytes;
        }
    }
    bin->moved_bytes += bytes;
    atomic_fetch_add(&bin->output->batch->run->counters.moved_in_bytes, bytes);
}

/* The slice is in the file: on to the next, or the end. */
static enum weir_status end_slice(struct rg_bin *bin, uint32_t count)
{
    count_moved(bin, count);
    rg_bin_close_slice(bin->job);
    bin->column_first += count;
    return bin->column_first < rg_bin_schema(bin)->leaf_count ? WEIR_AGAIN : WEIR_OK;
}

static enum weir_status end_sending(struct rg_bin *bin)
{
    struct rg_bin_job *state = bin->job;
    struct rg_run *run = bin->output->batch->run;
    struct rg_error err = {0};

    if (rg_part_addition_end(state->addition, &err) != RG_OK) {
        rg_output_name_error(bin->output, bin, &err);
        return rg_open_batch_fail(bin->output->batch, &err);
    }
    atomic_fetch_add(&run->counters.written_bytes, state->addition->sent_bytes);
    return end_slice(bin, state->sent_count);
}

/* Whoever comes second, the step or the last part, says how it ended; see request.h. */
static void on_sent(struct rg_part_addition *addition)
{
    struct rg_bin *bin = addition->user;
    struct rg_bin_job *state = bin->job;
    const uint64_t bytes = addition->sent_bytes;

    if (atomic_fetch_add(&state->meetings, 1) == 1)
        weir_done(state->sender, 0, end_sending(bin), bytes);
}

static enum weir_status send_slice(struct rg_bin *bin, struct weir_job *job, uint32_t count)
{
    struct rg_bin_job *state = bin->job;
    const uint64_t bytes = state->addition->sent_bytes;

    state->sender = job;
    state->sent_count = count;
    atomic_init(&state->meetings, 0);
    const bool is_over = rg_part_addition_start(state->addition, on_sent, bin);
    if (!is_over && atomic_fetch_add(&state->meetings, 1) == 0)
        return WEIR_PENDING;
    weir_moved(job, bytes);
    return end_sending(bin);
}

enum weir_status rg_bin_run_append(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct rg_bin *bin = item;
    struct rg_bin_job *state = bin->job;
    const uint32_t count = count_stitched(state);
    struct rg_error err = {0};

    (void)call;
    if (count == 0 && bin->reads_files) {
        rg_bin_close_slice(state);
        return read_by_ranges(bin, job);
    }
    if (count == 0) {
        /* Not even the first column fits, whatever was likely; the bound of it is far off. */
        const struct rg_stitch_estimate *estimate = &state->estimates[bin->column_first];
        const uint64_t bound =
            bin->claim_bytes + estimate->arena_bytes_max + estimate->scratch_bytes_max;

        return want_claim(bin, bound < bin->claim_bytes * 2 ? bound : bin->claim_bytes * 2);
    }
    if (append_columns(bin, job, count, &err) != RG_OK)
        return bin->output->lacks_retained ? want_claim(bin, 0) : answer_failure(bin, &err);
    return state->addition != NULL ? send_slice(bin, job, count) : end_slice(bin, count);
}
