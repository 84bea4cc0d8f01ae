/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/turn.h"

#include <inttypes.h>

#include "compact/choose.h"
#include "compact/crowd.h"
#include "compact/forecast.h"
#include "compact/job_memory.h"

enum rg_status rg_turn_begin(struct rg_partition *partition, struct weir_job *job,
                             struct rg_error *err)
{
    partition->job = job;
    rg_tally_reset(&partition->tally);
    rg_forecast_begin_turn(partition);
    partition->lacks_footer = false;
    partition->memory = rg_job_allocator(job);
    partition->commit.memory = &partition->memory;
    rg_arena_init(&partition->arena, &partition->memory, SIZE_MAX);
    partition->turn = rg_arena_array(&partition->arena, 1, sizeof *partition->turn);
    if (partition->turn == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to look at a partition");
    return RG_OK;
}

enum weir_status rg_turn_again(struct rg_partition *partition)
{
    partition->goes_on = true;
    return WEIR_SKIP;
}

enum weir_status rg_turn_again_undisturbed(struct rg_partition *partition)
{
    if (partition->commit.looks_since > 0)
        partition->commit.looks_since--;
    return rg_turn_again(partition);
}

enum weir_status rg_turn_stop(struct rg_partition *partition)
{
    partition->goes_on = false;
    return WEIR_SKIP;
}

/* What did not fit is tried with a larger claim, then with fewer files; false: there is nothing. */
static bool can_shrink(struct rg_partition *partition)
{
    const uint64_t budget = partition->run->meta_budget_bytes;
    const struct rg_turn *turn = partition->turn;

    if (partition->claim_bytes < budget) {
        partition->claim_bytes =
            partition->claim_bytes * 2 < budget ? partition->claim_bytes * 2 : budget;
        return true;
    }
    if (turn == NULL || turn->is_all)
        return false;
    if (turn->is_adopted) {
        /* Begun with more memory; our own smaller batches come instead. */
        partition->batch_files = turn->input_count;
        return partition->batch_files > 1;
    }
    if (turn->listed_count < 2)
        return false;
    partition->is_crowded = rg_crowd_is_met(turn, turn->listed_count / 2);
    if (partition->is_crowded)
        return false;
    partition->batch_files = (size_t)turn->listed_count / 2;
    return true;
}

/* The only new file of a batch is left alone where there is no memory for it: others may do. */
static bool leave_alone(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;

    if (turn == NULL || !turn->is_chosen || turn->is_all || partition->is_crowded ||
        turn->input_count != turn->taken_count + 1)
        return false;
    struct rg_input *input = &turn->inputs[turn->taken_count];
    struct rg_error reason = {.status = RG_OK};
    if (input->is_described)
        (void)rg_fail(&reason, RG_ERR_LIMIT,
                      "planning its %u row groups takes more memory than --memory gives",
                      input->plan.row_group_count);
    else
        (void)rg_fail(&reason, RG_ERR_LIMIT, "its metadata take more memory than --memory gives");
    input->status = reason.status;
    input->reason = reason.text;
    partition->batch_files = 0; /* What is left may fit as it was asked for. */
    return rg_choose_leave(partition, input, false, err) == RG_OK;
}

enum weir_status rg_turn_fail(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_run *run = partition->run;
    const char *name = *partition->prefix != '\0' ? partition->prefix : "./";

    if (err->status == RG_ERR_NOMEM && can_shrink(partition))
        return rg_turn_again_undisturbed(partition);
    if (err->status == RG_ERR_NOMEM && leave_alone(partition, err))
        return rg_turn_again_undisturbed(partition);
    if (err->status == RG_ERR_NOMEM && !partition->lacks_footer &&
        (partition->turn == NULL || !partition->turn->is_chosen || partition->is_crowded))
        rg_crowd_name_memory(partition, err);
    if (err->status == RG_ERR_CANCELLED)
        return rg_turn_stop(partition);
    /* Of SOURCE itself there are no others that could be done. */
    const bool is_too_much = err->status == RG_ERR_NOMEM && *partition->prefix != '\0';
    if (partition->is_unreadable || is_too_much) {
        rg_run_leave_alone(run, name, err->status, err->text);
        return rg_turn_stop(partition);
    }
    (void)rg_within(err, "%s", name);
    const bool has_looked = partition->turn != NULL && partition->turn->is_chosen;
    if (!rg_run_fail_for_now(run, err) && !rg_run_fail_partition(run, err) &&
        (has_looked || !rg_run_fail_look(run, err)))
        rg_run_fail(run, err);
    return rg_turn_stop(partition);
}

void rg_turn_tell_rows(struct rg_partition *partition)
{
    if (partition->bin_rows_max > 0 && !partition->has_told_rows)
        rg_run_warn(partition->run,
                    "%s: row groups of more than %" PRIu64
                    " rows do not fit into --memory, and are smaller than asked for",
                    *partition->prefix != '\0' ? partition->prefix : "./", partition->bin_rows_max);
    partition->has_told_rows = partition->bin_rows_max > 0;
}

enum weir_status rg_turn_wait(struct rg_partition *partition)
{
    return atomic_fetch_add(&partition->meetings, 1) == 0 ? WEIR_PENDING : WEIR_OK;
}

void rg_turn_wake(struct rg_partition *partition)
{
    if (atomic_fetch_add(&partition->meetings, 1) == 1)
        weir_done(partition->job, 0, WEIR_OK, 0);
}
