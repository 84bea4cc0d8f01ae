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

/* So many that a stray one does not count. */
enum {
    WEIR_COSTS_KEPT = 4
};

/* Sums for the slope of log rate over log steps in flight. */
struct weir_slope {
    double count;
    double x, y, xx, xy;
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
    bool is_flat;           /* The last probe moved nothing more, and nothing has changed since. */
    uint64_t hold_until_ns; /* No growth before: the other side asked to be spared. */

    uint64_t window_start_ns;
    uint64_t completions; /* In this window. */
    uint64_t amount;
    uint64_t full_ns;        /* Time of the window at the limit with something waiting. */
    uint64_t full_since_ns;  /* 0: not at the limit now. */
    double service_ns;       /* Of a step, smoothed. */
    double start_service_ns; /* The same when it began. */

    /* What an amount costs in service time, at best: the cheapest single steps. */
    double cost_best[WEIR_COSTS_KEPT];
    uint64_t cost_start_ns;
    uint64_t cost_completions;
    double cost_service_ns;
    double cost_amount;
    struct weir_slope slope;
    uint64_t peak_start_ns;
    uint64_t peak_completions;
    double peak_amount;
    double peak_rate; /* The best that it moved for a while, per second. */

    double rate; /* Per second, last window. */
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

/*
 * How the rate follows the steps in flight: 1, each moves what it can alone; 0, they share a full
 * line. Negative when the sums cannot tell.
 */
double weir_slope_value(const struct weir_slope *sums);

/* The service time of an amount of one when nothing is in its way; 0: not known. */
double weir_iolimit_cost_best(const struct weir_iolimit *l);

/* Time at the limit so far. */
uint64_t weir_iolimit_full_ns(const struct weir_iolimit *l, uint64_t now_ns);

#endif
