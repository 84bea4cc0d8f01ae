/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Random pipelines for the machine: chains, groups with ordered stages and joins, plans that open
 * groups and wait for them, sources, wrong estimates, failures, cancellation. All from one seed.
 */

#ifndef SIM_PIPELINE_H
#define SIM_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

struct pipeline_options {
    uint32_t rules; /* WEIR_RULE_*. */
    bool is_simplest;
    bool has_trouble;    /* Failures, skips, cancellation, overruns. */
    bool is_checked;     /* Invariants after each event. */
    double budget_scale; /* Of the largest claim, from 1 up; 0: drawn. */
};

struct pipeline_outcome {
    bool is_stuck;
    bool is_over_budget;
    bool is_wrong;  /* An item was not dropped exactly once, or the clocks do not add up. */
    char what[160]; /* The first thing wrong. */
    uint64_t jobs;
    uint64_t events;
    uint64_t wall_ns;
    uint64_t retries;
};

void pipeline_run(uint64_t seed, const struct pipeline_options *options,
                  struct pipeline_outcome *ret);

#endif
