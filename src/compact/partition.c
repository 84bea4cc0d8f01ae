/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The loop of commit.h as a job's route: list -> footers -> plan -> intent -> outputs -> commit.
 * Every turn of the loop is a job of its own, submitted when the one before has left the engine, so
 * that each begins with empty hands and a claim that fits what was learnt.
 *
 *   (1) Everything of a turn is in its job's memory; what outlives a turn (what was left alone,
 * what was told) is in the partition itself and small. (2) `goes_on` says whether another job
 * follows; drop() is the only place that submits it or frees the partition. (3) A turn that runs
 * out of memory gives up and follows with twice the claim, until that is all the budget there is;
 * then with half the files (turn.c).
 *
 * Not here: the steps (partition_list.c, partition_plan.c, partition_outputs.c,
 * partition_commit.c), and how a turn ends (turn.c).
 */

#include "compact/partition.h"

#include <string.h>

#include "compact/choose.h"
#include "compact/todo.h"

static const uint64_t claim_bytes_first = UINT64_C(1) << 20;

static void drop(void *item, enum weir_status why);

static enum weir_status submit(struct rg_partition *partition)
{
    struct rg_run *run = partition->run;
    const struct weir_step route[] = {
        {.stage = run->stages.list, .grow_bytes = partition->claim_bytes},
        {.stage = run->stages.footers},
        {.stage = run->stages.plan},
        {.stage = run->stages.intent},
        {.stage = run->stages.outputs},
        {.stage = run->stages.commit},
    };

    partition->goes_on = false;
    return weir_submit(run->weir, NULL, WEIR_META, route, sizeof route / sizeof route[0], partition,
                       drop);
}

static void free_partition(struct rg_partition *partition)
{
    const struct rg_allocator *allocator = partition->run->allocator;

    rg_left_files_fini(&partition->left);
    rg_left_files_fini(&partition->carried);
    if (partition->told != NULL)
        rg_release(allocator, partition->told, partition->told_capacity * sizeof *partition->told);
    if (partition->scanned_to != NULL)
        rg_release(allocator, partition->scanned_to, strlen(partition->scanned_to) + 1);
    rg_forecast_free(partition->forecast, allocator);
    rg_forecast_free(partition->forecast_turn, allocator);
    rg_tally_fini(&partition->tally);
    rg_commit_fini(&partition->commit);
    (void)pthread_mutex_destroy(&partition->intent_lock);
    (void)pthread_mutex_destroy(&partition->lock);
    rg_release(allocator, partition->prefix, strlen(partition->prefix) + 1);
    rg_release(allocator, partition, sizeof *partition);
}

/* Submits the next turn. */
static bool follow(struct rg_partition *partition)
{
    const enum weir_status status = submit(partition);
    struct rg_error err = {0};

    if (status == WEIR_OK)
        return true;
    if (status != WEIR_CANCELLED) {
        (void)rg_fail(&err, RG_ERR_NOMEM, "%s: no memory to go on with this partition",
                      *partition->prefix != '\0' ? partition->prefix : "./");
        rg_run_fail(partition->run, &err);
    }
    return false;
}

/* The turn's job has left the engine, and its memory with it. */
static void drop(void *item, enum weir_status why)
{
    struct rg_partition *partition = item;

    (void)why;
    partition->turn = NULL;
    if (!partition->goes_on && partition->forecast != NULL)
        rg_forecast_tell(partition);
    if (partition->goes_on && follow(partition))
        return;
    if (!rg_run_is_stopping(partition->run))
        rg_todo_end(partition);
    if (!partition->is_listed)
        rg_discover_listed(partition->discover);
    atomic_fetch_add(&partition->run->counters.files_waiting, partition->waiting_count);
    atomic_fetch_add(&partition->run->counters.partitions_done, partition->is_counted);
    free_partition(partition);
}

enum rg_status rg_partition_start(struct rg_run *run, struct rg_discover *discover, char *prefix,
                                  struct rg_error *err)
{
    struct rg_partition *partition = rg_alloc(run->allocator, sizeof *partition);

    if (partition == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a partition");
    memset(partition, 0, sizeof *partition);
    partition->run = run;
    partition->discover = discover;
    partition->prefix = prefix;
    partition->claim_bytes = claim_bytes_first;
    partition->only_names = rg_discover_names(discover, prefix, &partition->only_count);
    partition->is_restricted = partition->only_names != NULL;
    partition->left.allocator = run->allocator;
    partition->carried.allocator = run->allocator;
    rg_tally_init(&partition->tally, &run->batch_purse.allocator);
    (void)pthread_mutex_init(&partition->lock, NULL);
    (void)pthread_mutex_init(&partition->intent_lock, NULL);
    rg_commit_init(&partition->commit,
                   &(struct rg_commit_options){
                       .home = &run->journal_home,
                       .partition = partition->prefix,
                       .source = run->is_in_place ? NULL : run->source,
                       .options = run->shape_text,
                       .takes_all = run->options->takes_all,
                       .grace_ns = run->options->grace_ns,
                       .asks = rg_choose_asks(partition),
                   },
                   run->allocator);
    const enum weir_status status = submit(partition);
    if (status == WEIR_OK)
        return RG_OK;
    rg_commit_fini(&partition->commit);
    (void)pthread_mutex_destroy(&partition->intent_lock);
    (void)pthread_mutex_destroy(&partition->lock);
    rg_release(run->allocator, partition, sizeof *partition);
    if (status == WEIR_CANCELLED)
        return rg_fail(err, RG_ERR_CANCELLED, "cancelled");
    return rg_fail(err, RG_ERR_NOMEM, "no memory for a partition");
}
