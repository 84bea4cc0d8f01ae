/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/turn_record.h"

#include <inttypes.h>
#include <string.h>

#include "base/failpoint.h"
#include "compact/choose.h"
#include "compact/forecast.h"
#include "compact/layout.h"
#include "compact/todo.h"
#include "compact/turn.h"

static void count_made(struct rg_partition *partition)
{
    struct rg_counters *counters = &partition->run->counters;
    const struct rg_turn *turn = partition->turn;
    uint64_t in_bytes = 0;
    uint64_t moved_bytes = 0;

    if (!partition->has_written)
        atomic_fetch_add(&counters->partitions_written, 1);
    partition->has_written = true;
    atomic_fetch_add(&counters->records, 1);
    atomic_fetch_add(&counters->records_smaller, partition->bin_rows_max > 0);
    atomic_fetch_add(&counters->in_files, turn->input_count);
    /* Our own outputs that went in again are none of the files that were seen. */
    atomic_fetch_add(&counters->files_done, turn->input_count - turn->taken_count);
    for (uint32_t i = 0; i < turn->input_count; i++) {
        atomic_fetch_add(&counters->in_row_groups, turn->inputs[i].plan.row_group_count);
        in_bytes += turn->inputs[i].id.bytes;
    }
    atomic_fetch_add(&counters->in_bytes, in_bytes);
    for (uint32_t o = 0; o < turn->open.output_count; o++) {
        atomic_fetch_add(&counters->out_files, 1);
        atomic_fetch_add(&counters->out_row_groups, turn->open.outputs[o].bin_count);
        atomic_fetch_add(&counters->out_rows, turn->open.outputs[o].row_count);
        atomic_fetch_add(&counters->out_bytes, turn->open.outputs[o].id.bytes);
        for (uint32_t b = 0; b < turn->open.outputs[o].bin_count; b++)
            moved_bytes += turn->open.outputs[o].bins[b].moved_bytes;
    }
    rg_forecast_count(&turn->open);
    rg_run_add_tally(partition->run, &partition->tally);
    rg_todo_done(partition);
    /* What is not in chunks, footers above all, is done with, too. */
    if (in_bytes > moved_bytes)
        atomic_fetch_add(&counters->moved_in_bytes, in_bytes - moved_bytes);
}

static enum rg_status tell_committed(struct rg_partition *partition, struct rg_error *err)
{
    const struct rg_turn *turn = partition->turn;
    struct rg_batch_file *inputs =
        rg_arena_array(&partition->arena, turn->input_count, sizeof *inputs);
    struct rg_batch_file *outputs =
        rg_arena_array(&partition->arena, turn->open.output_count, sizeof *outputs);

    if (inputs == NULL || outputs == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to report a batch");
    for (uint32_t i = 0; i < turn->input_count; i++)
        inputs[i] = (struct rg_batch_file){
            .path = turn->inputs[i].key,
            .row_count = turn->inputs[i].row_count,
            .bytes = turn->inputs[i].id.bytes,
            .is_home = turn->inputs[i].is_home,
        };
    for (uint32_t o = 0; o < turn->open.output_count; o++)
        outputs[o] = (struct rg_batch_file){
            .path = turn->open.outputs[o].key,
            .row_count = turn->open.outputs[o].row_count,
            .bytes = turn->open.outputs[o].id.bytes,
        };
    const struct rg_report_batch batch = {
        .partition = partition->prefix,
        .record_number = turn->batch.number,
        .inputs = inputs,
        .input_count = turn->input_count,
        .outputs = outputs,
        .output_count = turn->open.output_count,
    };
    rg_run_tell(partition->run, &(struct rg_event){.size = sizeof(struct rg_event),
                                                   .kind = RG_EVENT_COMMITTED,
                                                   .batch = &batch});
    return RG_OK;
}

/* True if the run goes on where the file's row groups end. */
static bool is_going_on(const struct rg_compare_file *file, const struct rg_input *input,
                        const struct rg_batch_run *run)
{
    return file->key == input->key && file->row_group_count > 0 && run->row_group_count > 0 &&
           file->row_group + file->row_group_count == run->row_group;
}

/* Inputs of one output, as the ledger will name them. */
static enum rg_status compare_output(struct rg_partition *partition, uint32_t output_index,
                                     struct rg_error *err)
{
    const struct rg_run *run = partition->run;
    const struct rg_turn *turn = partition->turn;
    const struct rg_output *output = &turn->open.outputs[output_index];
    struct rg_compare_file *inputs = rg_arena_array(
        &partition->arena, turn->input_count + turn->batch.run_count, sizeof *inputs);
    size_t count = 0;

    if (inputs == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to compare an output");
    for (size_t r = 0; r < turn->batch.run_count; r++) {
        const struct rg_batch_run *from = &turn->batch.runs[r];

        for (uint32_t i = 0; i < from->input_count && from->output == output_index; i++) {
            const struct rg_input *input = &turn->inputs[from->input + i];

            if (count > 0 && is_going_on(&inputs[count - 1], input, from)) {
                inputs[count - 1].row_group_count += from->row_group_count;
                continue;
            }
            inputs[count++] = (struct rg_compare_file){
                .store = input->is_home ? run->home : run->source,
                .key = input->key,
                .id = input->id,
                .row_group = from->row_group,
                .row_group_count = from->row_group_count,
            };
        }
    }
    const struct rg_compare_call call = {
        .inputs = inputs,
        .input_count = count,
        .output = {.store = run->home, .key = output->key, .id = output->id},
        .memory_bytes = run->compare_bytes,
        .thread_count = run->context_count,
    };
    return run->compare(&call, err);
}

/* What reading says of a file, and what another one does not have for it. */
static bool is_of_a_file(enum rg_status status)
{
    return status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED || status == RG_ERR_CHANGED ||
           status == RG_ERR_ABSENT;
}

/* Of an input by itself; its name is told beside the reason. */
static void leave_if_bad(struct rg_partition *partition, uint32_t input_index)
{
    struct rg_run *run = partition->run;
    struct rg_turn *turn = partition->turn;
    const struct rg_input *input = &turn->inputs[input_index];
    const struct rg_compare_file file = {
        .store = input->is_home ? run->home : run->source,
        .key = input->key,
        .id = input->id,
    };
    const struct rg_compare_call call = {
        .inputs = &file,
        .input_count = 1,
        .output = file,
        .memory_bytes = run->compare_bytes,
        .thread_count = run->context_count,
    };
    const size_t key_bytes = strlen(input->key);
    struct rg_error err = {.status = RG_OK};

    if (!is_of_a_file(run->compare(&call, &err)))
        return;
    if (strncmp(err.text, input->key, key_bytes) == 0 && err.text[key_bytes] == ':')
        memmove(err.text, err.text + key_bytes + 2, strlen(err.text + key_bytes + 2) + 1);
    rg_open_batch_leave_input(&turn->open, input_index, &err);
}

/*
 * A file could not be read while it was compared, and which one is not told: each input of the
 * output is read by itself. An output that is gone was swept by another run, whose record came
 * first; one that cannot be read although its inputs can is no input's fault.
 */
static bool leave_culprits(struct rg_partition *partition, uint32_t output_index,
                           enum rg_status status)
{
    const struct rg_turn *turn = partition->turn;
    struct rg_open_batch *open = &partition->turn->open;
    uint32_t done = UINT32_MAX; /* Of two runs that meet in an input, it counts once. */

    for (size_t r = 0; r < turn->batch.run_count; r++) {
        const struct rg_batch_run *from = &turn->batch.runs[r];

        for (uint32_t i = 0; i < from->input_count && from->output == output_index; i++) {
            if (from->input + i != done)
                leave_if_bad(partition, from->input + i);
            done = from->input + i;
        }
    }
    if (status == RG_ERR_CHANGED || status == RG_ERR_ABSENT)
        rg_open_batch_note(open, RG_BATCH_REPLAN);
    return atomic_load(&open->outcome) != RG_BATCH_MADE;
}

/* The output will go, and its name helps nobody: what is left alone is what it was made of. */
static void name_no_output(struct rg_error *err, const char *key)
{
    const struct rg_error cause = *err;
    const size_t bytes = strlen(key);

    if (strncmp(cause.text, key, bytes) == 0 && strncmp(cause.text + bytes, ": ", 2) == 0)
        (void)rg_fail(err, cause.status, "--verify full of what was made of it: %s",
                      cause.text + bytes + 2);
    else
        (void)rg_within(err, "--verify full");
}

/*
 * --verify full: before the record, because only what is verified counts as done. What can be made
 * but not compared inside the memory is made smaller, too.
 */
static enum rg_status compare_outputs(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_run *run = partition->run;
    struct rg_open_batch *open = &partition->turn->open;
    enum rg_status status = RG_OK;
    uint32_t o = 0;

    if (run->compare == NULL)
        return RG_OK;
    (void)pthread_mutex_lock(&run->compare_lock);
    while (o < open->output_count && status == RG_OK) {
        status = compare_output(partition, o, err);
        o += status == RG_OK;
    }
    const bool has_culprit = is_of_a_file(status) && leave_culprits(partition, o, status);
    (void)pthread_mutex_unlock(&run->compare_lock);
    if (status == RG_ERR_LIMIT) {
        name_no_output(err, open->outputs[o].key);
        rg_open_batch_give_up_large(open, &open->outputs[o], err);
        return RG_OK;
    }
    return status == RG_OK || has_culprit ? RG_OK : status;
}

/* What goes in comes out: rows that were planned for no output would be lost with their inputs. */
static enum rg_status check_rows(const struct rg_turn *turn, struct rg_error *err)
{
    uint64_t in = 0;
    uint64_t out = 0;

    for (uint32_t i = 0; i < turn->input_count; i++)
        in += turn->inputs[i].row_count;
    for (uint32_t o = 0; o < turn->open.output_count; o++)
        out += turn->open.outputs[o].row_count;
    if (in == out)
        return RG_OK;
    return rg_fail(err, RG_ERR_BUG,
                   "inputs of %" PRIu64 " rows became outputs of %" PRIu64 ": not recorded", in,
                   out);
}

enum rg_status rg_turn_record(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    struct rg_arena scratch;
    bool is_good = false;
    bool is_made = false;

    for (uint32_t o = 0; o < turn->open.output_count; o++) {
        if (!turn->open.outputs[o].is_made)
            return rg_fail(err, RG_ERR_BUG, "%s was not made, but its batch is to be recorded",
                           turn->open.outputs[o].key);
    }

    RG_TRY(check_rows(turn, err));
    RG_TRY(rg_layout_note_outputs(partition, err));
    RG_TRY(compare_outputs(partition, err));
    if (atomic_load(&turn->open.outcome) != RG_BATCH_MADE)
        return RG_OK;
    rg_arena_init(&scratch, &partition->memory, SIZE_MAX);
    const enum rg_status status =
        rg_commit_check(&partition->commit, &turn->look, &turn->batch, &scratch, &is_good, err);
    rg_arena_fini(&scratch);
    RG_TRY(status);
    if (!is_good)
        return RG_OK;
    RG_FAILPOINT("partition.before_record");
    partition->commit.memory = &partition->memory;
    RG_TRY(rg_commit_record(&partition->commit, &turn->batch, &is_made, err));
    RG_FAILPOINT("partition.after_record");
    if (!is_made)
        return RG_OK;
    count_made(partition);
    rg_turn_tell_rows(partition);
    RG_TRY(tell_committed(partition, err));
    return rg_choose_note_scanned(partition, err);
}
