/* SPDX-License-Identifier: Apache-2.0 */

/* Ways to run a workload: the engine's, and those that people use instead. */

#ifndef BENCH_POLICY_H
#define BENCH_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/explain.h"
#include "weir/load.h"

enum policy_kind {
    POLICY_UNBOUNDED,  /* Whatever can run, runs. */
    POLICY_STATIC,     /* Threads for each stage, bounded channels between them, blocking I/O. */
    POLICY_SEQUENTIAL, /* N pipelines side by side, each of them one thread. */
    POLICY_TOKENS,     /* At most N items inside. */
    POLICY_SEMAPHORE,  /* Each step takes its bytes when they are there. */
    POLICY_RAY, /* A reservation for each stage, the rest shared; breaks its limit when idle. */
    POLICY_UP_FRONT, /* The whole route claimed with the first step. */
    POLICY_BANKER,   /* Only the hard rules. */
    POLICY_WEIR,
};

struct policy {
    enum policy_kind kind;
    uint32_t fetch_threads, cpu_threads, upload_threads, channel; /* STATIC. */
    uint32_t tokens;                                              /* SEQUENTIAL, TOKENS. */
    uint32_t parts;                                               /* Cores at one item. */
    uint32_t slots; /* Requests in flight; 0: adaptive. */
    double budget_bytes;
};

struct policy_result {
    double wall_ns;
    double peak_bytes;
    double cpu_share;
    bool is_stuck;
    double down_share; /* Of what the line can move. */
    double up_share;
    struct weir_limit limit; /* What the engine says about it. */
    char explanation[400];
};

/* In the simulator. */
void policy_run(const struct load *load, const struct policy *policy, struct policy_result *ret);

/* With the engine's threads; work is slept, and a line delays: as long as the load says. */
void policy_run_on_threads(const struct load *load, const struct policy *policy,
                           struct policy_result *ret);

#endif
