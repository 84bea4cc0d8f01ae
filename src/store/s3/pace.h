/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How many requests at once, and how long to wait before trying again. Pure: time and chance are
 * arguments.
 *
 * One controller serves all requests of a store, because a store that asks to be spared asks all of
 * them: the limit is halved (once for each wave of refusals, not for each refusal) and grows by
 * about one for each round of answers. What a single request waits is another matter: exponential,
 * with full jitter, longer for SlowDown than for a connection that broke.
 */

#ifndef STORE_S3_PACE_H
#define STORE_S3_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum rg_retry {
    RG_RETRY_FAULT,    /* A broken connection, an internal error. */
    RG_RETRY_THROTTLE, /* SlowDown, 429. */
    RG_RETRY_AT_ONCE,  /* Something was learnt: a region, the time, new credentials. */
};

/* Before attempt `attempt` (2 is the first retry); `chance` is any number, `asked_ns` what
 * Retry-After said, or 0. */
uint64_t rg_retry_delay_ns(enum rg_retry retry, uint32_t attempt, uint64_t chance,
                           uint64_t asked_ns);

struct rg_pace {
    double limit; /* Requests at once; at least 1. */
    double limit_max;
    uint64_t cut_ns;  /* When the limit was halved last. */
    uint64_t hold_ns; /* Nothing begins before. */
};

void rg_pace_init(struct rg_pace *pace, uint32_t limit_max);

/* True when one more may begin now. */
bool rg_pace_allows(const struct rg_pace *pace, uint32_t in_flight, uint64_t now_ns);

/* An answer that was none of these refusals. */
void rg_pace_note_answer(struct rg_pace *pace);

/*
 * A body that did not get through in time: the limit becomes half of what was in flight, unless
 * that was done for this wave already.
 */
void rg_pace_note_stall(struct rg_pace *pace, uint64_t now_ns, uint32_t in_flight);

/* A refusal: halves the limit unless that was done for this wave already. */
void rg_pace_note_throttle(struct rg_pace *pace, uint64_t now_ns, uint64_t asked_ns);

#endif
