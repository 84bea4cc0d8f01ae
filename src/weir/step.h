/* SPDX-License-Identifier: Apache-2.0 */

/* The end of parts and steps. Inside the scheduler only. */

#ifndef WEIR_STEP_H
#define WEIR_STEP_H

#include "weir/sched.h"

/* A part of the job's step has ended with `status`, after `service_ns`. */
void weir_step_end_part(struct weir_job *job, enum weir_status status, uint64_t moved,
                        uint64_t service_ns);

/* Ends the step if nothing of it is left to run. The job may be ENDING afterwards. */
void weir_step_end_if_over(struct weir_job *job);

/* Lowers the grant to `held`; false, and nothing changed, when more than that is allocated. */
bool weir_step_lower(struct weir_job *job, uint64_t held);

/* Whether weir_grow() of so much more may answer WEIR_RETRY: the job would fit, begun again. */
bool weir_step_can_retry(struct weir_job *job, uint64_t extra);

#endif
