/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What there is to do, and how much of it is moved, for those who watch: the run's counters
 * planned_in_bytes, planned_row_groups and moved_in_bytes have of each partition what is recorded,
 * what its turn takes and what later turns will. So a total is one from the first listing on, and
 * what is planned or made twice counts once.
 */

#ifndef COMPACT_TODO_H
#define COMPACT_TODO_H

#include "compact/partition.h"

/*
 * What a file of so many bytes adds to what there is to do, as far as a listing tells: in place
 * nothing, if it can be good already.
 */
uint64_t rg_todo_bytes(const struct rg_partition *partition, uint64_t file_bytes);

/* What a look found: inputs of this turn and `later_bytes`, until the plan knows it better. */
void rg_todo_look(struct rg_partition *partition);

/* The inputs of this turn are those that there are now. */
void rg_todo_plan(struct rg_partition *partition);

/* They are done: recorded, or planned where no more is asked for. */
void rg_todo_done(struct rg_partition *partition);

/* Outputs of this turn that no record names were moved for nothing. */
void rg_todo_take_back(struct rg_partition *partition);

/* Nothing more is done in this partition. Of a run that stops the total stays what it was. */
void rg_todo_end(struct rg_partition *partition);

#endif
