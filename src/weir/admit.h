/* SPDX-License-Identifier: Apache-2.0 */

/* The admission rule: whether a job's next step gets its memory now. README.md has the proof. */

#ifndef WEIR_ADMIT_H
#define WEIR_ADMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/sched.h"

/*
 * Grants the job's next step, its first of all or a later one, or says which rule is against it.
 * A refusal leaves no trace but the time since when the unit is refused.
 */
enum weir_refusal weir_admit(struct weir_sched *s, struct weir_job *job);

/* More for a step that runs. `is_optional`: only what the next steps can spare. */
enum weir_refusal weir_admit_more(struct weir_sched *s, struct weir_job *job, uint64_t bytes,
                                  bool is_optional);

/* Keeps purse->ahead: call when a job has begun a step, waits for one, or leaves. */
void weir_ahead_update(struct weir_job *job);

#endif
