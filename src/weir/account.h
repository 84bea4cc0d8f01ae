/* SPDX-License-Identifier: Apache-2.0 */

/* What a stage is doing, and in words what limits the run. */

#ifndef WEIR_ACCOUNT_H
#define WEIR_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

#include "weir/sched.h"

/* Why the next task of the stage is not running now. */
enum weir_state weir_account_state(const struct weir_sched *s, uint32_t stage_index);

/* Fills all but the times and sums that the engine keeps. */
void weir_account_sample(const struct weir_sched *s, struct weir_sample *ret_sample,
                         struct weir_stage_sample *ret_stages, uint32_t stages_max,
                         struct weir_resource_sample *ret_resources, uint32_t resources_max);

#endif
