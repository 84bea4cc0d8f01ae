/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The scheduler under virtual time, over random pipelines. Without arguments ten thousand of each
 * kind; "runs N" for more, "seed N" for one of them, told what went wrong.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pipeline.h"
#include "weir/sched.h"

struct kind {
    const char *name;
    struct pipeline_options options;
    bool may_be_stuck; /* To show that the test can see it. */
};

static const struct kind kinds[] = {
    {"all rules", {.rules = WEIR_RULE_ALL}, false},
    {"all rules, trouble", {.rules = WEIR_RULE_ALL, .has_trouble = true}, false},
    {"all rules, least budget",
     {.rules = WEIR_RULE_ALL, .has_trouble = true, .budget_scale = 1},
     false},
    {"hard rules only", {.rules = WEIR_RULE_SAFE, .has_trouble = true}, false},
    {"claimed up front", {.is_simplest = true, .has_trouble = true}, false},
    {"no banker", {.rules = 0}, true},
};

static bool run_kind(const struct kind *kind, uint64_t first, uint64_t count)
{
    uint64_t stuck = 0;
    uint64_t jobs = 0;
    uint64_t events = 0;
    uint64_t retries = 0;

    for (uint64_t seed = first; seed < first + count; seed++) {
        struct pipeline_options options = kind->options;
        struct pipeline_outcome outcome;

        /* The invariants cost more than the run. */
        options.is_checked = seed % 8 == 0 || count == 1;
        pipeline_run(seed, &options, &outcome);
        stuck += outcome.is_stuck;
        jobs += outcome.jobs;
        events += outcome.events;
        retries += outcome.retries;
        if (outcome.is_wrong || outcome.is_over_budget ||
            (outcome.is_stuck && !kind->may_be_stuck)) {
            printf("%s: seed %" PRIu64 ": %s\n", kind->name, seed, outcome.what);
            return false;
        }
    }
    printf("%-24s %8" PRIu64 " pipelines %9" PRIu64 " jobs %10" PRIu64 " events %7" PRIu64
           " retries %6" PRIu64 " stuck\n",
           kind->name, count, jobs, events, retries, stuck);
    if (kind->may_be_stuck && count >= 1000 && stuck == 0) {
        printf("%s: was never stuck, so the test sees nothing\n", kind->name);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t first = 1;
    uint64_t count = 2500;
    bool is_good = true;

    if (argc > 2 && strcmp(argv[1], "runs") == 0)
        count = strtoull(argv[2], NULL, 10);
    if (argc > 2 && strcmp(argv[1], "seed") == 0) {
        first = strtoull(argv[2], NULL, 10);
        count = 1;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        is_good = run_kind(&kinds[i], first, count) && is_good;
    return is_good ? 0 : 1;
}
