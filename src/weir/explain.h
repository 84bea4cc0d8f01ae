/* SPDX-License-Identifier: Apache-2.0 */

/* What limits a run, out of the clocks; in numbers and in words. */

#ifndef WEIR_EXPLAIN_H
#define WEIR_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/sched.h"

/* The clocks and sums at a time. Zeroed: at the beginning. */
struct weir_mark {
    uint64_t ns; /* Since the clocks began. */
    uint64_t memory_wait_ns;
    uint64_t purse_wait_ns[2];
    uint64_t tail_ns;
    double needed_byte_ns;
    struct {
        uint64_t state_ns[WEIR_STATE_COUNT];
        uint64_t busy_ns;
        uint64_t worker_ns;
        uint64_t wait_ns;
        uint64_t moved;
        uint64_t parts_done;
        uint64_t one_ns; /* With one part running. */
    } stages[WEIR_STAGES_MAX];
    struct {
        uint64_t in_use_ns;
        uint64_t full_ns;
        struct weir_slope slope;
        uint64_t busy_ns;
        uint64_t amount;
        uint64_t steps;
    } resources[WEIR_RESOURCES_MAX];
};

enum weir_limit_kind {
    WEIR_LIMIT_NONE,   /* Nothing stands out. */
    WEIR_LIMIT_CPU,    /* The workers; most in `stage`. */
    WEIR_LIMIT_WAIT,   /* The workers, but waiting for I/O inside `stage`. */
    WEIR_LIMIT_RATE,   /* `resource` moves no more with more in flight. */
    WEIR_LIMIT_SLOTS,  /* `resource` is at its highest limit, or all its threads are busy. */
    WEIR_LIMIT_MEMORY, /* Steps wait for memory while nothing else is full. */
    WEIR_LIMIT_SERIAL, /* `stage` runs one at a time, or at its cap. */
    WEIR_LIMIT_SOURCE, /* Nothing comes in. */
    WEIR_LIMIT_TAIL,   /* The last few items. */
};

struct weir_limit {
    enum weir_limit_kind kind;
    uint32_t stage;
    uint32_t resource;
    double share; /* Of the time, of what is limiting. */
};

/* Times that the run could not be shorter than, from what was measured. */
struct weir_terms {
    double cpu_ns;
    double io_ns[WEIR_RESOURCES_MAX];
    double memory_ns;
    double serial_ns;
};

void weir_mark_set(struct weir_mark *mark, const struct weir_sched *s);
/* mark -= since. */
void weir_mark_subtract(struct weir_mark *mark, const struct weir_mark *since);

/* `window` is the difference of two marks. */
struct weir_limit weir_explain_limit(const struct weir_sched *s, const struct weir_mark *window);
struct weir_terms weir_explain_terms(const struct weir_sched *s, const struct weir_mark *window);

/* The data budget at which memory would stop to matter. */
uint64_t weir_explain_needed(const struct weir_sched *s, const struct weir_mark *window);

/* Two sentences. Returns the length, which may be more than `bytes`. */
size_t weir_explain_text(const struct weir_sched *s, const struct weir_mark *window, char *text,
                         size_t bytes);

#endif
