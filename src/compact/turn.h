/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How a turn of a partition's loop begins, waits and ends. What the steps return to the engine they
 * get from here, so that `goes_on` is always set by what ended the turn.
 */

#ifndef COMPACT_TURN_H
#define COMPACT_TURN_H

#include "compact/partition.h"

/*
 * The memory of a turn: an arena over the job, with the turn in it.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_turn_begin(struct rg_partition *partition, struct weir_job *job,
                                           struct rg_error *err);

/* Ends the turn; another one follows. */
enum weir_status rg_turn_again(struct rg_partition *partition);

/* The same after something that was our own decision: it does not count as a disturbed look. */
enum weir_status rg_turn_again_undisturbed(struct rg_partition *partition);

/* Ends the partition. */
enum weir_status rg_turn_stop(struct rg_partition *partition);

/*
 * Ends the turn for an error, which is told; only lack of memory is followed by another turn, with
 * more memory or fewer files, while there are such.
 */
enum weir_status rg_turn_fail(struct rg_partition *partition, struct rg_error *err);

/* Warns once of row groups that are smaller than asked for. */
void rg_turn_tell_rows(struct rg_partition *partition);

/*
 * What is waited for may be over before the step has returned: the second of the two says so to the
 * engine. A step sets `meetings` to 0, starts what it waits for, whose end calls rg_turn_wake()
 * (from any thread), and returns rg_turn_wait().
 */
enum weir_status rg_turn_wait(struct rg_partition *partition);
void rg_turn_wake(struct rg_partition *partition);

#endif
