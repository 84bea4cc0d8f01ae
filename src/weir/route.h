/* SPDX-License-Identifier: Apache-2.0 */

/* What a job still has to do, as numbers. */

#ifndef WEIR_ROUTE_H
#define WEIR_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/weir.h"

/* Where a job is on its route, in memory. */
struct weir_position {
    uint64_t held;    /* Granted now. At most `planned`. */
    uint64_t planned; /* What the route so far has added and not given back. */
    uint32_t step;
    bool is_started; /* The step's grow is in `held` already. */
};

/* The most that a route holds at any time, `held_first` included, from its beginning. */
uint64_t weir_route_peak(const struct weir_step *route, uint32_t step_count, uint64_t held_first);

/* The most that can still be asked for on top of `position.held`. */
uint64_t weir_route_need(const struct weir_step *route, uint32_t step_count,
                         struct weir_position position);

/* What is planned after the current step has ended. */
uint64_t weir_route_planned_after(const struct weir_step *step, uint64_t planned);

#endif
