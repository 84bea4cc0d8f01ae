/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One budget and the claims on it. Pure arithmetic: who holds what, what each can still ask for,
 * and whether all of them can finish.
 */

#ifndef WEIR_BUDGET_H
#define WEIR_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/hooks.h"
#include "weir/list.h"

struct weir_purse;

/* What holds memory as one: a group with all its jobs, or a job that is alone. */
struct weir_unit {
    struct weir_purse *purse;
    uint64_t seq;           /* Age. */
    double turn;            /* The order in which units begin; equal ones by age. */
    uint64_t held;          /* Granted now. */
    uint64_t need;          /* The most it can still ask for on top, finished alone and serially. */
    uint32_t live_index;    /* In purse->live, while held > 0. */
    bool is_begun;          /* A step of it was granted. */
    uint64_t refused_ns;    /* Since when its next step is refused for memory; 0: it is not. */
    uint64_t refused_at;    /* purse->granted at that time. */
    uint64_t refused_bytes; /* What it asked for, the last time; UINT64_MAX: it is not that. */
    struct weir_link begun_link; /* In purse->begun. */
};

struct weir_purse {
    uint64_t bytes_max; /* Set at init, then constant. */
    uint64_t bytes_now; /* A soft limit below it, that only falls. */
    uint64_t used;
    uint64_t used_max;
    struct weir_unit **live; /* Those that hold something, by need. */
    uint32_t live_count;
    uint32_t live_capacity;
    uint32_t unit_count; /* Registered. */

    /* Kept by the scheduler. */
    struct weir_link begun;     /* Units that have begun, by age. */
    struct weir_link ahead;     /* Jobs of them that have a CPU step with memory ahead, by age. */
    uint64_t running;           /* Jobs with a step that is granted and not over. */
    uint64_t granted;           /* Bytes with which units began, so far. */
    struct weir_unit *kept_out; /* The oldest that has not begun for lack of memory; or NULL. */
};

void weir_purse_init(struct weir_purse *purse, uint64_t bytes_max);
void weir_purse_fini(struct weir_purse *purse, const struct weir_hooks *hooks);

/* Makes room for one more unit, so that setting its claim cannot fail. False without memory. */
bool weir_purse_register(struct weir_purse *purse, struct weir_unit *unit,
                         const struct weir_hooks *hooks);
/* The unit must hold nothing. */
void weir_purse_unregister(struct weir_unit *unit);

/* Sets what a unit holds and needs. `held` must fit: the caller asked weir_purse_fits(). */
void weir_purse_set(struct weir_unit *unit, uint64_t held, uint64_t need);

/* What is set now is meant so, and no trial: it counts for used_max. */
void weir_purse_commit(struct weir_purse *purse);

/* Lowers the soft limit, if it is not as low already. */
void weir_purse_lower(struct weir_purse *purse, uint64_t bytes);

/* H1: the bytes are there. */
bool weir_purse_fits(const struct weir_purse *purse, uint64_t bytes);

/* H2: there is an order in which all that hold something can finish. */
bool weir_purse_is_safe(const struct weir_purse *purse);

/* Asserts the invariants. */
void weir_purse_check(const struct weir_purse *purse);

#endif
