/* SPDX-License-Identifier: Apache-2.0 */

/* A job's way from state to state. Inside the scheduler only. */

#ifndef WEIR_LIFE_H
#define WEIR_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/sched.h"

enum weir_budget weir_life_budget(const struct weir_job *job);

/* Parts of it are in run() or pending. */
bool weir_life_is_in_flight(const struct weir_job *job);

/* FRESH or READY: to the queue of its next step's stage. */
void weir_life_enqueue(struct weir_job *job);

/* Its step was granted: GRANTED. */
void weir_life_begin_step(struct weir_job *job);

/* Its step has ended and another follows: READY. */
void weir_life_next_step(struct weir_job *job);

/* Its step has ended and its second step follows again: READY. */
void weir_life_step_back(struct weir_job *job);

/* ENDING. Nothing of it runs. */
void weir_life_finish(struct weir_job *job, enum weir_status why);

/* EMPTIED: it will begin its route again. */
void weir_life_empty(struct weir_job *job);

/* An emptied job has given its memory back: FRESH or READY again, or ENDING. */
void weir_life_begin_again(struct weir_job *job);

/* All jobs of a closed group have left: its join is next, or its end. */
void weir_life_begin_join(struct weir_group *group);

/* Ends the job if nothing of it runs; what runs is looked at when it returns. */
void weir_life_give_up(struct weir_job *job, enum weir_status why);
void weir_life_give_up_group(struct weir_group *group, enum weir_status why);

/* Cancels all; the run's status is the first failure. */
void weir_life_fail_run(struct weir_sched *s, enum weir_status why);
void weir_life_cancel(struct weir_sched *s);

/* The caller broke a rule of the header; the run ends, and weir_explain() tells why. */
void weir_life_breach(struct weir_job *job, const char *what, uint64_t bytes);

#endif
