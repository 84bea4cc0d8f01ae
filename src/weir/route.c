/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A job's grant follows two rules, which everything here only repeats:
 *
 *   a step that starts adds its grow to `planned` and to `held`;
 *   a step that ends takes its drop from `planned`, and what is then held above `planned` goes
 *   back.
 *
 * So memory that was given back early (weir_shrink) is not given back twice, and the claim held +
 * need never grows on the way, which is what the proof in README.md stands on.
 */

#include "weir/route.h"

uint64_t weir_route_planned_after(const struct weir_step *step, uint64_t planned)
{
    return step->drop_bytes < planned ? planned - step->drop_bytes : 0;
}

uint64_t weir_route_need(const struct weir_step *route, uint32_t step_count,
                         struct weir_position position)
{
    const uint64_t held_now = position.held;
    uint64_t held_most = held_now;

    for (uint32_t i = position.step; i < step_count; i++) {
        if (!position.is_started) {
            position.held += route[i].grow_bytes;
            position.planned += route[i].grow_bytes;
        }
        position.is_started = false;
        if (position.held > held_most)
            held_most = position.held;
        position.planned = weir_route_planned_after(&route[i], position.planned);
        if (position.held > position.planned)
            position.held = position.planned;
    }
    return held_most - held_now;
}

uint64_t weir_route_peak(const struct weir_step *route, uint32_t step_count, uint64_t held_first)
{
    return held_first + weir_route_need(route, step_count,
                                        (struct weir_position){
                                            .held = held_first,
                                            .planned = held_first,
                                        });
}
