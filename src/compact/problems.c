/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/problems.h"

#include <string.h>

#include "base/hash.h"
#include "compact/turn.h"

static uint64_t hash_text(const char *text)
{
    return rg_hash_fast(rg_span_of(text));
}

/* True the first time that a problem is met. */
static bool is_news(struct rg_partition *partition, const char *text)
{
    const uint64_t hash = hash_text(text);
    const struct rg_allocator *allocator = partition->run->allocator;

    for (size_t i = 0; i < partition->told_count; i++) {
        if (partition->told[i] == hash)
            return false;
    }
    if (partition->told_count == partition->told_capacity) {
        const size_t capacity = partition->told_capacity == 0 ? 16 : partition->told_capacity * 2;
        uint64_t *told = rg_alloc(allocator, capacity * sizeof *told);

        if (told == NULL)
            return true; /* Told twice is better than not at all. */
        if (partition->told_count > 0)
            memcpy(told, partition->told, partition->told_count * sizeof *told);
        if (partition->told != NULL)
            rg_release(allocator, partition->told, partition->told_capacity * sizeof *told);
        partition->told = told;
        partition->told_capacity = capacity;
    }
    partition->told[partition->told_count++] = hash;
    return true;
}

static void tell_problem(struct rg_partition *partition, const struct rg_problem *problem)
{
    struct rg_run *run = partition->run;
    struct rg_error err;

    if (!is_news(partition, problem->text))
        return;
    switch (problem->kind) {
    case RG_PROBLEM_INPUT_CHANGED:
    case RG_PROBLEM_DEAD_FOREIGN:
    case RG_PROBLEM_SOURCE_GONE:
        partition->alone_count++;
        rg_run_leave_alone(run, problem->key, RG_ERR_CHANGED, problem->text);
        break;
    case RG_PROBLEM_RESTORED:
        rg_run_warn(run, "%s", problem->text);
        break;
    case RG_PROBLEM_OUTPUT_GONE:
    case RG_PROBLEM_OUTPUT_FOREIGN:
    case RG_PROBLEM_INPUTS_KEPT:
    case RG_PROBLEM_LEDGER_LOST:
        /* The rest of the run goes on; it ends with exit status 1. */
        (void)rg_fail(&err, RG_ERR_IO, "%s", problem->text);
        rg_run_note_partition(run, &err);
        break;
    }
}

/* --all from SOURCE retires every output: what is wrong with them is over with its record. */
static bool is_mended(const struct rg_partition *partition, const struct rg_problem *problem)
{
    const struct rg_look *look = &partition->turn->look;
    const bool is_of_output =
        problem->kind == RG_PROBLEM_OUTPUT_GONE || problem->kind == RG_PROBLEM_OUTPUT_FOREIGN;

    return is_of_output && look->is_all && !look->is_all_refused && !partition->run->is_in_place &&
           !partition->is_refused;
}

void rg_problems_tell(struct rg_partition *partition)
{
    const struct rg_look *look = &partition->turn->look;

    for (size_t i = 0; i < look->problem_count; i++) {
        if (!is_mended(partition, &look->problems[i]))
            tell_problem(partition, &look->problems[i]);
    }
}

enum weir_status rg_problems_refuse(struct rg_partition *partition)
{
    rg_problems_tell(partition);
    return rg_turn_stop(partition);
}
