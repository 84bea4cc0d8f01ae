/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/pace.h"

static const uint64_t ms = 1000000;

/* First delay and longest one. Together with the attempts (s3.h) they bridge a minute. */
static const uint64_t fault_first_ms = 50;
static const uint64_t fault_max_ms = 5000;
static const uint64_t throttle_first_ms = 300;
static const uint64_t throttle_max_ms = 20000;

/* What a server may ask for: beyond that it is not waited for but tried. */
static const uint64_t asked_max_ms = 30000;

/* Refusals within this time belong to one wave. */
static const uint64_t wave_ms = 500;

/* After a refusal nothing new begins for so long. */
static const uint64_t hold_ms = 50;

uint64_t rg_retry_delay_ns(enum rg_retry retry, uint32_t attempt, uint64_t chance,
                           uint64_t asked_ns)
{
    const bool is_throttle = retry == RG_RETRY_THROTTLE;
    const uint64_t max_ns = (is_throttle ? throttle_max_ms : fault_max_ms) * ms;
    uint64_t delay_ns = (is_throttle ? throttle_first_ms : fault_first_ms) * ms;

    if (retry == RG_RETRY_AT_ONCE)
        return 0;
    for (uint32_t i = 2; i < attempt && delay_ns < max_ns; i++)
        delay_ns *= 2;
    delay_ns = delay_ns < max_ns ? delay_ns : max_ns;
    /* At least a tenth, so that a run of small chances does not use up all attempts at once. */
    delay_ns = delay_ns / 10 + chance % (delay_ns - delay_ns / 10);
    if (asked_ns > asked_max_ms * ms)
        asked_ns = asked_max_ms * ms;
    return delay_ns > asked_ns ? delay_ns : asked_ns;
}

void rg_pace_init(struct rg_pace *pace, uint32_t limit_max)
{
    const double limit = limit_max > 0 ? limit_max : 1;

    *pace = (struct rg_pace){.limit = limit, .limit_max = limit};
}

bool rg_pace_allows(const struct rg_pace *pace, uint32_t in_flight, uint64_t now_ns)
{
    return now_ns >= pace->hold_ns && in_flight < (uint32_t)pace->limit;
}

void rg_pace_note_answer(struct rg_pace *pace)
{
    pace->limit += 1 / pace->limit;
    if (pace->limit > pace->limit_max)
        pace->limit = pace->limit_max;
}

/* Halves the limit, or `width` if that is less; once for each wave. */
static void cut_limit(struct rg_pace *pace, uint64_t now_ns, double width)
{
    const double half = (width < pace->limit ? width : pace->limit) / 2;

    if (pace->cut_ns != 0 && now_ns - pace->cut_ns < wave_ms * ms)
        return;
    pace->cut_ns = now_ns;
    pace->limit = half < 1 ? 1 : half;
}

void rg_pace_note_stall(struct rg_pace *pace, uint64_t now_ns, uint32_t in_flight)
{
    cut_limit(pace, now_ns, in_flight);
}

void rg_pace_note_throttle(struct rg_pace *pace, uint64_t now_ns, uint64_t asked_ns)
{
    const uint64_t hold_ns = asked_ns < asked_max_ms * ms ? asked_ns : asked_max_ms * ms;
    const uint64_t until_ns = now_ns + (hold_ns > hold_ms * ms ? hold_ns : hold_ms * ms);

    cut_limit(pace, now_ns, pace->limit);
    if (until_ns > pace->hold_ns)
        pace->hold_ns = until_ns;
}
