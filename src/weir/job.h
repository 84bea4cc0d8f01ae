/* SPDX-License-Identifier: Apache-2.0 */

/* Jobs and groups as records: making them, what they claim, where they stand in a queue. */

#ifndef WEIR_JOB_H
#define WEIR_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/sched.h"

/*
 * Makes a job, in no queue. `held_first`: what it holds before its first step (a join's retained
 * memory). NULL without memory.
 */
struct weir_job *weir_job_new(struct weir_sched *s, const struct weir_submission *submission,
                              uint64_t held_first);
/* The job holds nothing and is in no queue. */
void weir_job_free(struct weir_job *job);

bool weir_job_is_join(const struct weir_job *job);

/* The job's current step, its stage. Not for a route without steps. */
struct weir_step *weir_job_step(struct weir_job *job);
struct weir_sched_stage *weir_job_stage(struct weir_job *job);

/* Room for the times at which the parts of its step begin; without memory, or need, there is none.
 */
void weir_job_time_parts(struct weir_job *job);

/* Sets position and grant, and keeps the stages' sums. Does not touch room, nor the claim. */
void weir_job_set(struct weir_job *job, uint32_t step, uint64_t held);

/* The most that it can still ask for. */
uint64_t weir_job_need(const struct weir_job *job);

/* Brings the claim of the job's unit up to date with the jobs' positions. */
void weir_job_refresh(struct weir_job *job);

/* The next member of its group, or NULL. */
struct weir_job *weir_job_next_member(const struct weir_job *job);

/* The job has not left, nor ended its last step in `stage`. */
bool weir_job_is_to_pass(const struct weir_job *job, int stage);

/* No earlier job of its group is still to pass the stage that it wants to enter. */
bool weir_job_is_in_turn(const struct weir_job *job);

bool weir_job_is_older(const struct weir_job *a, const struct weir_job *b);

/* The order in which units begin. */
bool weir_unit_is_before(const struct weir_unit *a, const struct weir_unit *b);

/* Queues by age. */
void weir_job_enqueue(struct weir_link *queue, struct weir_job *job);
/* Of units that have not begun: by turn. */
void weir_job_enqueue_fresh(struct weir_link *queue, struct weir_job *job);

#endif
