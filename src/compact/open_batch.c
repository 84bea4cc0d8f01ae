/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The life of a batch between plan and record.
 *
 *   (1) `pending` counts outputs whose group has not been dropped, and the starter; who brings it
 * to 0 calls done(), so done() is called once and nothing of the batch is used by a data job later.
 *   (2) The outcome only gets worse.
 *   (3) An output that lacked memory is tried again, alone, from its begin: with larger claims of
 * its bins or of its metadata, up to all there is, then column by column. What fails even so asks
 * for a plan with smaller row groups, and leaves an input only where a row group of it stands
 * alone.
 */

#include "compact/open_batch.h"

#include <inttypes.h>
#include <string.h>

#include "compact/bin_job.h"
#include "compact/output.h"

void rg_open_batch_note(struct rg_open_batch *batch, enum rg_batch_outcome outcome)
{
    int seen = atomic_load(&batch->outcome);

    while ((int)outcome > seen &&
           !atomic_compare_exchange_weak(&batch->outcome, &seen, (int)outcome))
        continue;
}

void rg_open_batch_leave_input(struct rg_open_batch *batch, uint32_t input_index,
                               const struct rg_error *err)
{
    struct rg_input *input = &batch->inputs[input_index];

    (void)pthread_mutex_lock(batch->lock);
    if (input->status == RG_OK) {
        const struct rg_span reason = rg_arena_copy(batch->arena, rg_span_of(err->text));

        input->reason =
            reason.data != NULL ? (const char *)reason.data : "no memory for the reason";
        input->status = err->status;
    }
    (void)pthread_mutex_unlock(batch->lock);
    rg_open_batch_note(batch, RG_BATCH_REPLAN);
}

enum weir_status rg_open_batch_fail(struct rg_open_batch *batch, const struct rg_error *err)
{
    if (err->status == RG_ERR_CANCELLED) {
        rg_open_batch_note(batch, RG_BATCH_CANCELLED);
        return WEIR_SKIP;
    }
    if (err->status == RG_ERR_CHANGED || err->status == RG_ERR_ABSENT) {
        rg_open_batch_note(batch, RG_BATCH_REPLAN);
        return WEIR_SKIP;
    }
    rg_open_batch_note(batch, RG_BATCH_FAILED);
    /* Of one batch once: its outputs mostly have the same trouble. */
    if (atomic_exchange(&batch->has_failed, true) || rg_run_fail_for_now(batch->run, err) ||
        rg_run_fail_partition(batch->run, err))
        return WEIR_SKIP;
    rg_run_fail(batch->run, err);
    return WEIR_SKIP;
}

static void release_one(struct rg_open_batch *batch)
{
    if (atomic_fetch_sub(&batch->pending, 1) == 1)
        batch->done(batch);
}

static void submit_output(struct rg_open_batch *batch, struct rg_output *output);

/* Back to where it was before its first job. */
static void reset_output(struct rg_output *output)
{
    rg_output_abandon(output);
    output->arena = NULL;
    output->part_count = 0;
    output->writer = (struct rg_part_writer){.part_count = 0};
    output->bytes = 0;
    output->last_input_index = 0;
    output->tail_count = 0;
    for (uint32_t i = 0; i < output->bin_count; i++) {
        output->bins[i].job = NULL;
        output->bins[i].column_first = 0;
        atomic_fetch_sub(&output->batch->run->counters.moved_in_bytes, output->bins[i].moved_bytes);
        output->bins[i].moved_bytes = 0;
    }
}

/* Those of row groups that take no less than so much. */
static void leave_inputs(struct rg_open_batch *batch, const struct rg_output *output,
                         uint64_t bytes_min, const struct rg_error *err)
{
    for (uint32_t b = 0; b < output->bin_count; b++) {
        if (output->bins[b].in_bytes < bytes_min)
            continue;
        for (uint32_t i = 0; i < output->bins[b].ref_count; i++)
            rg_open_batch_leave_input(batch, output->bins[b].refs[i].input_index, err);
    }
}

/* Row groups of so many rows do not fit: of half as many perhaps. */
static void ask_for_smaller(struct rg_open_batch *batch, uint64_t row_count)
{
    (void)pthread_mutex_lock(batch->lock);
    if (row_count / 2 > batch->bin_rows_max)
        batch->bin_rows_max = row_count > 2 ? row_count / 2 : 1;
    (void)pthread_mutex_unlock(batch->lock);
    rg_open_batch_note(batch, RG_BATCH_REPLAN);
}

void rg_open_batch_give_up_bin(struct rg_open_batch *batch, const struct rg_bin *bin,
                               uint64_t needed_bytes)
{
    const struct rg_run *run = batch->run;
    const uint64_t all = rg_output_claim_bytes_job(bin->output);
    const uint64_t lacking = needed_bytes > all ? needed_bytes - all : all;
    const char *codec = rg_options_get(run->options, "codec");
    const bool is_for_codec = bin->is_mostly_scratch && strcmp(codec, "keep") != 0;
    struct rg_error err = {0};

    if (bin->ref_count > 1) {
        ask_for_smaller(batch, bin->row_count);
        return;
    }
    (void)rg_fail(&err, RG_ERR_LIMIT,
                  "row group %u: a column needs more than the %" PRIu64
                  " MiB that --memory leaves for it%s%s; --memory %" PRIu64 "MiB would do",
                  bin->refs[0].group_index, all >> 20,
                  is_for_codec ? ", most of it for --codec " : "", is_for_codec ? codec : "",
                  rg_run_limit_bytes_for(run, lacking) >> 20);
    rg_open_batch_leave_input(batch, bin->refs[0].input_index, &err);
}

static void give_up(struct rg_open_batch *batch, const struct rg_output *output, uint64_t bytes_min,
                    const struct rg_error *err)
{
    uint64_t rows = 0;

    for (uint32_t b = 0; b < output->bin_count; b++) {
        if (output->bins[b].ref_count > 1 && output->bins[b].row_count > rows)
            rows = output->bins[b].row_count;
    }
    if (rows > 0)
        ask_for_smaller(batch, rows);
    else
        leave_inputs(batch, output, bytes_min, err);
}

void rg_open_batch_give_up(struct rg_open_batch *batch, const struct rg_output *output,
                           const struct rg_error *err)
{
    give_up(batch, output, 0, err);
}

void rg_open_batch_give_up_large(struct rg_open_batch *batch, const struct rg_output *output,
                                 const struct rg_error *err)
{
    uint64_t largest = 0;

    for (uint32_t b = 0; b < output->bin_count; b++)
        largest = output->bins[b].in_bytes > largest ? output->bins[b].in_bytes : largest;
    give_up(batch, output, largest / 2, err);
}

/*
 * A bin could not be made inside its claim. It gets what it asked for, and fewer bins go at a time;
 * more than all there is cannot be had.
 */
static void try_larger_claims(struct rg_open_batch *batch, struct rg_output *output)
{
    const uint64_t all = rg_output_claim_bytes_max(output);

    if (output->claim_bytes_min < all || !output->had_all) {
        output->had_all = output->claim_bytes_min >= all;
        if (output->had_all)
            output->claim_bytes_min = all;
        submit_output(batch, output);
        return;
    }
    rg_open_batch_give_up_bin(batch, output->wanting != NULL ? output->wanting : &output->bins[0],
                              output->claim_bytes_min);
}

/* What bins learn and columns say is kept until the file ends; that did not fit its claim. */
static void try_more_retained(struct rg_open_batch *batch, struct rg_output *output)
{
    const uint64_t had = rg_output_retained_bytes(output);
    struct rg_error err = {0};

    output->lacks_retained = false;
    output->retained_more += had;
    if (had < batch->run->data_budget_bytes / 4) {
        submit_output(batch, output);
        return;
    }
    (void)rg_fail(&err, RG_ERR_LIMIT,
                  "the metadata of its output need more than %" PRIu64 " of the %" PRIu64
                  " MiB that --memory leaves for outputs",
                  had >> 20, batch->run->data_budget_bytes >> 20);
    rg_open_batch_give_up(batch, output, &err);
}

static void drop_output(void *item, enum weir_status why)
{
    struct rg_output *output = item;
    struct rg_open_batch *batch = output->batch;

    if (why == WEIR_CANCELLED)
        rg_open_batch_note(batch, RG_BATCH_CANCELLED);
    const bool lacks_memory = atomic_exchange(&output->lacks_memory, false);
    const bool is_tried_again = lacks_memory && atomic_load(&batch->outcome) == RG_BATCH_MADE;

    if (is_tried_again)
        reset_output(output);
    else
        rg_output_abandon(output);
    if (is_tried_again && output->lacks_retained)
        try_more_retained(batch, output);
    else if (is_tried_again)
        try_larger_claims(batch, output);
    release_one(batch);
}

static void drop_bin(void *item, enum weir_status why)
{
    (void)why;
    rg_bin_closed(item);
}

/* An output could not even be submitted. */
static void note_refusal(struct rg_open_batch *batch, enum weir_status status,
                         const struct rg_output *output)
{
    struct rg_error err = {0};

    if (status == WEIR_OVERSIZE) {
        (void)rg_fail(&err, RG_ERR_LIMIT,
                      "its output needs %" PRIu64 " MiB for metadata and more for its columns, "
                      "--memory leaves %" PRIu64 " MiB for both",
                      rg_output_retained_bytes(output) >> 20, batch->run->data_budget_bytes >> 20);
        rg_open_batch_give_up(batch, output, &err);
        return;
    }
    if (status == WEIR_CANCELLED)
        (void)rg_fail(&err, RG_ERR_CANCELLED, "cancelled");
    else
        (void)rg_fail(&err, RG_ERR_NOMEM, "%s: no memory to begin this output", output->key);
    (void)rg_open_batch_fail(batch, &err);
}

static bool is_too_large(const struct rg_output *output)
{
    return rg_output_retained_bytes(output) > output->batch->run->data_budget_bytes;
}

static void submit_output(struct rg_open_batch *batch, struct rg_output *output)
{
    struct rg_run *run = batch->run;
    if (run->is_dry && is_too_large(output)) {
        note_refusal(batch, WEIR_OVERSIZE, output);
        return;
    }
    const struct weir_step join[] = {
        {.stage = run->stages.serialise},
        {.stage = run->stages.publish},
    };

    output->group =
        weir_group_new(run->weir, WEIR_DATA, run->is_dry ? 0 : rg_output_retained_bytes(output),
                       join, run->is_dry ? 0 : 2, output, drop_output);
    if (output->group == NULL) {
        note_refusal(batch, is_too_large(output) ? WEIR_OVERSIZE : WEIR_NOMEM, output);
        return;
    }
    atomic_fetch_add(&batch->pending, 1);
    for (uint32_t i = 0; i < output->bin_count; i++) {
        struct weir_step route[WEIR_STEPS_MAX];
        const uint32_t step_count = rg_bin_route(&output->bins[i], route);
        const enum weir_status status = weir_submit(run->weir, output->group, WEIR_DATA, route,
                                                    step_count, &output->bins[i], drop_bin);

        if (status == WEIR_CANCELLED && !weir_is_cancelled(run->weir))
            break; /* A bin that was quick has ended the group already: see drop_output(). */
        if (status != WEIR_OK) {
            note_refusal(batch, status, output);
            break;
        }
    }
    weir_group_close(output->group);
}

void rg_open_batch_start(struct rg_open_batch *batch)
{
    atomic_init(&batch->pending, 1);
    for (uint32_t i = 0; i < batch->output_count; i++) {
        if (atomic_load(&batch->outcome) != RG_BATCH_MADE)
            break;
        submit_output(batch, &batch->outputs[i]);
    }
    release_one(batch);
}
