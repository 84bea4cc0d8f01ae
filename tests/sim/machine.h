/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A machine that does not exist, for the engine's own scheduler: workers, links that requests
 * share, and a clock that jumps to the next event. Everything follows from its arguments, so that a
 * run with the same seed is the same run.
 *
 * Items are the jobs' items; each step of theirs has a cost: time on a thread, or a request (its
 * latency, then bytes over a link). What run() would have answered is part of the item too.
 */

#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/sched.h"

enum {
    SIM_LINKS_MAX = 4,
    SIM_STAGES_MAX = 16,
};

/* Bytes that all requests on it share equally, none of them faster than `stream_rate`. */
struct sim_link {
    double rate; /* Bytes a second. */
    double stream_rate;
};

enum sim_cost_kind {
    SIM_TIME,    /* Holds its thread: ASYNC steps are then done by the worker that takes them. */
    SIM_REQUEST, /* ASYNC: pending until it is over. */
    SIM_WAIT,    /* ASYNC: pending until sim_end_wait(). */
};

struct sim_cost {
    uint64_t ns;   /* Of all parts together; SIM_REQUEST: latency. */
    double bytes;  /* SIM_REQUEST. */
    uint32_t link; /* SIM_REQUEST. */
    enum sim_cost_kind kind;
    enum weir_status answer; /* Of the last part of the step. */
    uint32_t answer_count;   /* So many times; after that WEIR_OK. */
    uint64_t grow_bytes;     /* For WEIR_RETRY: asked of weir_grow() before. */
};

struct sim_item {
    struct sim_cost costs[WEIR_STEPS_MAX];
    uint64_t wanted_ns; /* The time that it was submitted. */
    uint64_t dropped_ns;
    uint32_t drop_count;
    enum weir_status why;
    struct weir_job *waiting; /* In a SIM_WAIT step. */
    bool is_wait_over;
    void *user;
};

struct sim;

struct sim_config {
    struct weir_config weir;
    struct sim_link links[SIM_LINKS_MAX];
    uint32_t link_count;
    bool is_checked;                /* All invariants after each event. */
    uint64_t end_ns_max;            /* Giving memory back and drop() take up to this; 0: no time. */
    uint64_t cancel_at;             /* The event after which it is cancelled; 0: never. */
    uint64_t events_max;            /* A run that takes more is stuck; 0: no limit. */
    const struct weir_hooks *hooks; /* NULL: malloc. */
};

struct sim_result {
    enum weir_status status;
    bool is_stuck; /* Jobs were left, and nothing ran. */
    uint64_t wall_ns;
    uint64_t events;
    uint64_t data_used_max;
    uint64_t meta_used_max;
    uint64_t cpu_busy_ns;
    uint64_t retries;
};

/* NULL without memory. */
struct sim *sim_new(const struct sim_config *config);
void sim_free(struct sim *m);

/* For adding stages, resources, rules; and jobs before the run. */
struct weir_sched *sim_sched(struct sim *m);
uint64_t sim_now_ns(const struct sim *m);

/* next() gets `user`, and may submit with weir_sched_submit(). */
int sim_add_source(struct sim *m, weir_next_fn *next, void *user);

/* Called for each job that leaves, in place of its drop(). May submit. NULL: none. */
void sim_on_drop(struct sim *m, void (*on_drop)(struct sim *m, struct sim_item *item, void *user),
                 void *user);

/* Called before a part of a step ends: where a real run() would submit jobs. NULL: none. */
void sim_on_part(struct sim *m,
                 void (*on_part)(struct sim *m, struct weir_job *job, uint32_t part, void *user),
                 void *user);

/* Called when nothing is left to do. True: it has done something, go on. NULL: none. */
void sim_on_idle(struct sim *m, bool (*on_idle)(struct sim *m, void *user), void *user);

/* What the item's SIM_WAIT step waits for, or will wait for, has come. */
void sim_end_wait(struct sim *m, struct sim_item *item);

void sim_run(struct sim *m, struct sim_result *ret);

/* splitmix64, so that simulations need nothing else. */
uint64_t sim_random(uint64_t *seed);
/* 0 <= x < 1. */
double sim_uniform(uint64_t *seed);

#endif
