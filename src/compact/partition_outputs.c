/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/partition_outputs.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "compact/turn.h"

/* A batch that takes long says every hour that it is alive. */
static enum rg_status refresh_intent(struct rg_open_batch *batch, struct rg_error *err)
{
    struct rg_partition *partition = batch->partition;
    enum rg_status status = RG_OK;

    (void)pthread_mutex_lock(&partition->intent_lock);
    if (rg_clock_monotonic_ns() - partition->intent_ns > rg_intent_refresh_ns) {
        partition->intent_ns = rg_clock_monotonic_ns();
        status = rg_commit_intent(&partition->commit, &partition->turn->batch, err);
    }
    (void)pthread_mutex_unlock(&partition->intent_lock);
    return status == RG_ERR_AGAIN ? RG_OK : status; /* What is there is merely older. */
}

static void on_batch(struct rg_open_batch *batch)
{
    rg_turn_wake(batch->partition);
}

/* The home is about to be written to, for the first time maybe. */
static enum rg_status settle_home(struct rg_run *run, struct rg_error *err)
{
    bool is_unprotected;

    RG_TRY(rg_home_settle(&run->journal_home, &is_unprotected, err));
    if (is_unprotected && !atomic_exchange(&run->has_warned, true))
        rg_run_warn(run, "the destination cannot create a file only if it is absent: two runs at "
                         "once may double rows");
    return RG_OK;
}

enum weir_status rg_partition_run_intent(struct weir_job *job, void *item,
                                         const struct weir_call *call)
{
    struct rg_partition *partition = item;
    struct rg_error err = {0};

    (void)job;
    (void)call;
    if (partition->run->is_dry)
        return WEIR_OK;
    if (settle_home(partition->run, &err) != RG_OK) {
        /* Nor could any other partition be written. */
        if (err.status == RG_ERR_DENIED)
            rg_run_fail(partition->run, &err);
        return rg_turn_fail(partition, &err);
    }
    RG_FAILPOINT("partition.before_intent");
    partition->intent_ns = rg_clock_monotonic_ns();
    if (rg_commit_intent(&partition->commit, &partition->turn->batch, &err) != RG_OK)
        return rg_turn_fail(partition, &err);
    RG_FAILPOINT("partition.after_intent");
    return WEIR_OK;
}

enum weir_status rg_partition_run_outputs(struct weir_job *job, void *item,
                                          const struct weir_call *call)
{
    struct rg_partition *partition = item;
    struct rg_open_batch *open = &partition->turn->open;

    (void)job;
    (void)call;
    open->done = on_batch;
    open->refresh = refresh_intent;
    atomic_store(&partition->meetings, 0);
    partition->commit.memory = NULL; /* Other jobs refresh the intent. */
    rg_open_batch_start(open);
    return rg_turn_wait(partition);
}
