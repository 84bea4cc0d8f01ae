/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/partition_commit.h"

#include "compact/bad_inputs.h"
#include "compact/forecast.h"
#include "compact/problems.h"
#include "compact/todo.h"
#include "compact/turn.h"
#include "compact/turn_record.h"

/* An input is left alone, or row groups are to be smaller, or the store was changed meanwhile. */
static enum weir_status plan_again(struct rg_partition *partition)
{
    const struct rg_turn *turn = partition->turn;
    struct rg_error err = {0};

    if (atomic_load(&turn->open.is_unclear))
        partition->commit.keeps_intents = true;
    if (rg_bad_inputs_leave(partition, &err) != RG_OK)
        return rg_turn_fail(partition, &err);
    if (partition->is_refused)
        return rg_problems_refuse(partition);
    if (turn->open.bin_rows_max == 0)
        return turn->has_left ? rg_turn_again_undisturbed(partition) : rg_turn_again(partition);
    rg_forecast_keep_memory(partition);
    partition->bin_rows_max = turn->open.bin_rows_max;
    return rg_turn_again_undisturbed(partition);
}

static enum weir_status commit(struct rg_partition *partition)
{
    struct rg_turn *turn = partition->turn;
    struct rg_error err = {0};

    switch ((enum rg_batch_outcome)atomic_load(&turn->open.outcome)) {
    case RG_BATCH_MADE:
        break;
    case RG_BATCH_REPLAN:
        return plan_again(partition);
    case RG_BATCH_VOID:
        if (rg_commit_void(&partition->commit, turn->batch.number, &err) != RG_OK)
            return rg_turn_fail(partition, &err);
        return rg_turn_again(partition);
    case RG_BATCH_CANCELLED:
        if (!rg_run_is_stopping(partition->run)) {
            (void)rg_fail(&err, RG_ERR_BUG, "outputs were cancelled, but nobody asked for that");
            return rg_turn_fail(partition, &err);
        }
        return rg_turn_stop(partition);
    case RG_BATCH_FAILED:
        return rg_turn_stop(partition);
    }
    if (partition->run->is_dry)
        return rg_forecast_end_turn(partition, &err) == RG_OK ? rg_turn_again_undisturbed(partition)
                                                              : rg_turn_fail(partition, &err);
    if (rg_turn_record(partition, &err) != RG_OK)
        return rg_turn_fail(partition, &err);
    if (atomic_load(&turn->open.outcome) == RG_BATCH_REPLAN)
        return plan_again(partition);
    return rg_turn_again(partition);
}

enum weir_status rg_partition_run_commit(struct weir_job *job, void *item,
                                         const struct weir_call *call)
{
    struct rg_partition *partition = item;
    const enum weir_status status = commit(partition);

    (void)job;
    (void)call;
    rg_todo_take_back(partition);
    return status;
}
