/* SPDX-License-Identifier: Apache-2.0 */

/* Where jobs and groups come in; declared in weir/sched.h. */

#ifndef WEIR_SUBMIT_H
#define WEIR_SUBMIT_H

#include "weir/sched.h"

/*
 * Lessens estimates so that the route's peak, `held_first` included, fits `bytes_max`; what a step
 * keeps stays the same. False: it cannot.
 */
bool weir_submit_clamp(struct weir_step *route, uint32_t step_count, uint64_t held_first,
                       uint64_t bytes_max);

/* The turn of a unit that comes from `source`; -1: from elsewhere. */
double weir_submit_turn(struct weir_sched *s, int source);

#endif
