/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/partition_list.h"

#include <stdio.h>
#include <string.h>

#include "compact/choose.h"
#include "compact/problems.h"
#include "compact/todo.h"
#include "compact/turn.h"
#include "journal/minted.h"

/* Of a partition; where it lies, names in it and in the ledger need room in a path, too. */
static const size_t prefix_bytes_max = 3000;
static const size_t names_bytes_max = sizeof "_regroup/" + rg_minted_name_bytes;

static size_t path_bytes_max(const struct rg_partition *partition)
{
    const size_t key_bytes_max = partition->run->home_caps.key_bytes_max;

    if (key_bytes_max == 0 || key_bytes_max >= prefix_bytes_max + names_bytes_max)
        return prefix_bytes_max;
    return key_bytes_max > names_bytes_max ? key_bytes_max - names_bytes_max : 0;
}

static enum weir_status leave_long_path(struct rg_partition *partition)
{
    char text[100];

    snprintf(text, sizeof text, "the path is too long: %zu bytes, at most %zu are taken here",
             strlen(partition->prefix), path_bytes_max(partition));
    rg_run_leave_alone(partition->run, partition->prefix, RG_ERR_LIMIT, text);
    return rg_turn_stop(partition);
}

static enum rg_status refuse_foreign(const struct rg_partition *partition, struct rg_error *err)
{
    const struct rg_look *look = &partition->turn->look;

    if (partition->run->is_in_place || look->foreign_count == 0)
        return RG_OK;
    return rg_fail(err, RG_ERR_INVALID,
                   "the destination holds %zu Parquet file%s that regroup did not write here, the "
                   "first is %s; use an empty destination",
                   look->foreign_count, look->foreign_count == 1 ? "" : "s", look->foreign_first);
}

static void count_seen(struct rg_partition *partition)
{
    struct rg_counters *counters = &partition->run->counters;
    const struct rg_look *look = &partition->turn->look;

    if (partition->is_seen)
        return;
    partition->is_seen = true;
    if (look->free_count + look->changed_count + look->named_count + look->live_count == 0)
        return;
    partition->is_counted = true;
    atomic_fetch_add(&counters->partitions_found, 1);
    atomic_fetch_add(&counters->files_seen,
                     look->free_count + look->changed_count + look->named_count);
    atomic_fetch_add(&counters->files_recorded, look->named_count);
    partition->done_count = look->named_count;
}

/* In place the journal lists; the prefixes below are found by a listing of our own, once. */
static enum rg_status walk_in_place(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_arena scratch;
    struct rg_object *objects;
    size_t count;

    if (partition->is_listed || !partition->run->is_in_place)
        return RG_OK;
    rg_arena_init(&scratch, &partition->memory, SIZE_MAX);
    const enum rg_status status =
        rg_choose_asks(partition).list_source(partition, &scratch, &objects, &count, err);
    rg_arena_fini(&scratch);
    return status;
}

/* In place our own outputs are the data, and good, while there is nothing to add to them. */
static void count_live(struct rg_partition *partition)
{
    struct rg_counters *counters = &partition->run->counters;
    const struct rg_turn *turn = partition->turn;

    if (!partition->run->is_in_place || turn->input_count > 0)
        return;
    atomic_fetch_add(&counters->files_seen, turn->look.live_count);
    atomic_fetch_add(&counters->files_good, turn->look.live_count);
    partition->good_count += turn->look.live_count;
}

static enum rg_status sweep(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_counters *counters = &partition->run->counters;
    struct rg_look *look = &partition->turn->look;

    if (partition->run->is_dry)
        return RG_OK;
    const uint64_t available = weir_available(partition->job);
    const enum rg_status status = rg_commit_sweep(&partition->commit, look, err);
    const uint64_t left = weir_available(partition->job);
    /* What a snapshot was made in may be much, and the turn long. */
    if (left > available)
        weir_shrink(partition->job, left - available);
    atomic_fetch_add(&counters->deleted_files, look->deleted_count);
    atomic_fetch_add(&counters->deleted_bytes, look->deleted_bytes);
    return status;
}

static enum rg_status look(struct rg_partition *partition, struct rg_error *err)
{
    const bool is_first = !partition->is_seen;

    RG_TRY(walk_in_place(partition, err));
    if (!partition->is_table)
        RG_TRY(rg_commit_look(&partition->commit, &partition->arena, &partition->turn->look, err));
    if (partition->is_table)
        return RG_OK;
    RG_TRY(refuse_foreign(partition, err));
    RG_TRY(sweep(partition, err));
    rg_problems_tell(partition);
    count_seen(partition);
    RG_TRY(rg_choose_inputs(partition, err));
    rg_todo_look(partition);
    partition->turn->is_chosen = true;
    if (is_first)
        count_live(partition);
    return RG_OK;
}

enum weir_status rg_partition_run_list(struct weir_job *job, void *item,
                                       const struct weir_call *call)
{
    struct rg_partition *partition = item;
    struct rg_error err = {0};
    bool looks_again = false;

    (void)call;
    if (rg_run_is_stopping(partition->run))
        return rg_turn_stop(partition);
    if (strlen(partition->prefix) > path_bytes_max(partition))
        return leave_long_path(partition);
    enum rg_status status = rg_turn_begin(partition, job, &err);
    if (status == RG_OK)
        status = look(partition, &err);
    if (status != RG_OK)
        return rg_turn_fail(partition, &err);
    if (partition->turn->input_count > 0)
        return WEIR_OK;
    if (partition->run->is_dry || partition->is_table)
        return rg_turn_stop(partition);
    if (rg_commit_end(&partition->commit, &partition->turn->look, &looks_again, &err) != RG_OK)
        return rg_turn_fail(partition, &err);
    return looks_again ? rg_turn_again(partition) : rg_turn_stop(partition);
}
