/* SPDX-License-Identifier: Apache-2.0 */

/* The clocks: what each stage is doing or waits for, and how long it has. */

#ifndef WEIR_ACCOUNT_H
#define WEIR_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

#include "weir/sched.h"

/* Something has changed: every stage's time until now goes to the state that it was in. */
void weir_account_settle(struct weir_sched *s);

/* A part has ended. */
void weir_account_part(struct weir_sched_stage *stage, uint64_t moved, uint64_t service_ns);

/* A step has ended; called before anything of it is given back. */
void weir_account_step(struct weir_job *job);

/* All jobs of a group are done: what it retained for them counts. */
void weir_account_join(struct weir_group *group);

/* A run begins at s->now_ns: time before it is nobody's. */
void weir_account_start(struct weir_sched *s);

/* Of the parts' durations, 0 .. 100. */
uint64_t weir_account_percentile(const struct weir_sched_stage *stage, uint32_t percent);

/* Fills all but the times and sums that the engine keeps. */
void weir_account_sample(const struct weir_sched *s, struct weir_sample *ret_sample,
                         struct weir_stage_sample *ret_stages, uint32_t stages_max,
                         struct weir_resource_sample *ret_resources, uint32_t resources_max);

#endif
