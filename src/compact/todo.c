/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Of a partition's part of the totals, todo_bytes and todo_row_groups can still change: they are
 * what is neither recorded nor given up. Everything here runs where the partition's turns run, one
 * at a time; only the totals are shared.
 */

#include "compact/todo.h"

#include "plan/take.h"

/* A counter has no sign: never below what other partitions have put into it. */
static void set_part(atomic_uint_fast64_t *total, uint64_t *part, uint64_t now)
{
    if (now >= *part)
        atomic_fetch_add(total, now - *part);
    else
        atomic_fetch_sub(total, *part - now);
    *part = now;
}

static void set_todo(struct rg_partition *partition, uint64_t bytes, uint64_t row_groups)
{
    struct rg_counters *counters = &partition->run->counters;

    set_part(&counters->planned_in_bytes, &partition->todo_bytes, bytes);
    set_part(&counters->planned_row_groups, &partition->todo_row_groups, row_groups);
}

uint64_t rg_todo_bytes(const struct rg_partition *partition, uint64_t file_bytes)
{
    const struct rg_run *run = partition->run;
    const struct rg_take_file file = {.bytes = file_bytes, .row_group_count = 1};

    if (run->is_in_place && rg_take_file(&file, run->options, file.shape) != RG_TAKE_YES)
        return 0;
    return file_bytes;
}

/* Before footers were read; outputs of ours are among the inputs because they are taken. */
static uint64_t likely_bytes(const struct rg_partition *partition)
{
    const struct rg_turn *turn = partition->turn;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < turn->input_count; i++)
        bytes += turn->inputs[i].is_home ? turn->inputs[i].id.bytes
                                         : rg_todo_bytes(partition, turn->inputs[i].id.bytes);
    return bytes;
}

static uint64_t input_bytes(const struct rg_turn *turn)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < turn->input_count; i++)
        bytes += turn->inputs[i].id.bytes;
    return bytes;
}

static uint64_t input_row_groups(const struct rg_turn *turn)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < turn->input_count; i++)
        count += turn->inputs[i].plan.row_group_count;
    return count;
}

void rg_todo_look(struct rg_partition *partition)
{
    const struct rg_turn *turn = partition->turn;

    if (turn->input_count == 0)
        rg_todo_end(partition);
    else
        set_todo(partition, likely_bytes(partition) + turn->later_bytes, 0);
}

void rg_todo_plan(struct rg_partition *partition)
{
    const struct rg_turn *turn = partition->turn;

    set_todo(partition, input_bytes(turn) + turn->later_bytes, input_row_groups(turn));
}

void rg_todo_done(struct rg_partition *partition)
{
    /* What is left of the part is what later turns will take; the total keeps the rest. */
    partition->todo_bytes = partition->turn->later_bytes;
    partition->todo_row_groups = 0;
    partition->turn->is_done = true;
}

void rg_todo_take_back(struct rg_partition *partition)
{
    struct rg_open_batch *open = &partition->turn->open;
    uint64_t bytes = 0;

    if (partition->turn->is_done)
        return;
    for (uint32_t o = 0; o < open->output_count; o++) {
        for (uint32_t b = 0; b < open->outputs[o].bin_count; b++)
            bytes += open->outputs[o].bins[b].moved_bytes;
    }
    atomic_fetch_sub(&partition->run->counters.moved_in_bytes, bytes);
}

void rg_todo_end(struct rg_partition *partition)
{
    set_todo(partition, 0, 0);
}
