/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/partition_plan.h"

#include "compact/choose.h"
#include "compact/footers.h"
#include "compact/layout.h"
#include "compact/problems.h"
#include "compact/todo.h"
#include "compact/turn.h"

static void on_footers(void *user, enum rg_status status)
{
    struct rg_partition *partition = user;

    partition->footers_status = status;
    rg_turn_wake(partition);
}

enum weir_status rg_partition_run_footers(struct weir_job *job, void *item,
                                          const struct weir_call *call)
{
    struct rg_partition *partition = item;
    struct rg_turn *turn = partition->turn;
    struct rg_error err = {0};

    (void)call;
    atomic_store(&partition->meetings, 0);
    const struct rg_footers_order order = {
        .run = partition->run,
        .keeper = job,
        .arena = &partition->arena,
        .lock = &partition->lock,
        .shelf = partition->run->options->schema == RG_SCHEMA_UNION ? &turn->shelf : NULL,
        .inputs = turn->inputs,
        .input_count = turn->input_count,
        .keep_bytes_max = partition->run->keep_bytes_max,
        .done = on_footers,
        .user = partition,
    };
    if (rg_footers_start(&order, &err) != RG_OK)
        return rg_turn_fail(partition, &err);
    return rg_turn_wait(partition);
}

static enum rg_status plan_turn(struct rg_partition *partition, bool *ret_is_done,
                                struct rg_error *err)
{
    if (partition->footers_status != RG_OK)
        return rg_fail(err, partition->footers_status, "the footers were not all read");
    RG_TRY(rg_choose_usable(partition, ret_is_done, err));
    if (*ret_is_done)
        return RG_OK;
    return rg_layout_turn(partition, partition->commit.options.home, err);
}

enum weir_status rg_partition_run_plan(struct weir_job *job, void *item,
                                       const struct weir_call *call)
{
    struct rg_partition *partition = item;
    const struct rg_turn *turn = partition->turn;
    struct rg_error err = {0};
    bool is_done = false;

    (void)job;
    (void)call;
    if (plan_turn(partition, &is_done, &err) != RG_OK)
        return rg_turn_fail(partition, &err);
    if (partition->is_refused)
        return rg_problems_refuse(partition);
    if (is_done)
        return turn->is_disturbed ? rg_turn_again(partition) : rg_turn_again_undisturbed(partition);
    rg_todo_plan(partition);
    return WEIR_OK;
}
