/* SPDX-License-Identifier: Apache-2.0 */

/* How many steps of an I/O resource are in flight: found by trying, for as long as it runs. */

#ifndef WEIR_IOLIMIT_H
#define WEIR_IOLIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum weir_iolimit_phase {
    WEIR_IOLIMIT_START, /* Doubling, while the rate follows. */
    WEIR_IOLIMIT_BASE,  /* Measures at `base`. */
    WEIR_IOLIMIT_PROBE, /* Measures above it. */
};

struct weir_iolimit {
    double slots_min; /* Set at init, then constant. */
    double slots_max;
    bool is_counted_by_item;

    double slots;
    double base;
    double base_rate;
    enum weir_iolimit_phase phase;
    uint32_t flat_windows;  /* Since the last probe. */
    uint64_t hold_until_ns; /* No growth before: the other side asked to be spared. */

    uint64_t window_start_ns;
    uint64_t completions; /* In this window. */
    uint64_t amount;
    uint64_t full_ns;       /* Time of the window at the limit with something waiting. */
    uint64_t full_since_ns; /* 0: not at the limit now. */
    double service_ns;      /* Of a step, smoothed. */

    double rate; /* Per second, last window. */
    double rate_max;
    uint64_t full_total_ns;
};

void weir_iolimit_init(struct weir_iolimit *l, uint32_t slots_min, uint32_t slots_max,
                       uint32_t slots_first, bool is_counted_by_item);

/* The limit now. */
uint32_t weir_iolimit_slots(const struct weir_iolimit *l);

/* Whether all slots are in use while something waits. Call at each change. */
void weir_iolimit_set_full(struct weir_iolimit *l, bool is_full, uint64_t now_ns);

/* A step has ended. */
void weir_iolimit_done(struct weir_iolimit *l, uint64_t moved, uint64_t service_ns,
                       uint64_t now_ns);

/* The other side asked to be spared. */
void weir_iolimit_throttled(struct weir_iolimit *l, uint64_t now_ns);

/* Time at the limit so far. */
uint64_t weir_iolimit_full_ns(const struct weir_iolimit *l, uint64_t now_ns);

#endif
