/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A hill climber on the aggregate rate of the resource, never on the speed of single requests:
 * that falls as soon as requests share the line, long before the line is full.
 *
 *   - A window ends after 0.5 s or two service times, whichever is longer, but not before as many
 *     steps have ended that the ones in flight at its edges cannot mislead by more than 15 %.
 *   - It says nothing unless the limit was what held back the resource for 80 % of it: without
 *     memory or input to use more slots, more slots could not have helped.
 *   - Start: a slot more with each step that ends, so that they double in a service time, while the
 *     rate of (short) windows follows by 10 %. That overshoots; it goes on from what the best rate
 *     had, or from twice what would move that rate if no request were in another's way.
 *   - Then measure, try 1/8 more, keep it if that brings 3 %; otherwise go down by 3 % (each slot
 *     holds memory; by 10 % where there are far too many) and try again six windows later, for
 *     ever: what the other side can do changes.
 *   - When the other side asks to be spared: 0.7 of the slots, and no growth for 2 s.
 *
 * Beside that it keeps what tells a full line from a shortage of requests (explain.c): what a step
 * costs at best, the best rate, and how the rate follows the steps in flight.
 */

#include "weir/iolimit.h"

#include <math.h>

static const uint64_t window_ns_min = 500000000;
static const uint64_t start_ns_min = 200000000;
static const uint64_t peak_ns_min = 1000000000;
static const uint64_t peak_completions_min = 64;
static const uint64_t hold_ns = 2000000000;
static const double edge_error_max = 0.15;
static const double full_share_min = 0.8;
static const uint32_t flat_windows_max = 6;
static const uint32_t slots_first_default = 16;
static const uint64_t cost_completions_min = 32;
static const double slope_count_min = 8;
static const double slope_variance_min = 0.02; /* Steps in flight vary by a seventh. */

static double clamp(const struct weir_iolimit *l, double slots)
{
    if (slots < l->slots_min)
        return l->slots_min;
    return slots > l->slots_max ? l->slots_max : slots;
}

void weir_iolimit_init(struct weir_iolimit *l, uint32_t slots_min, uint32_t slots_max,
                       uint32_t slots_first, bool is_counted_by_item)
{
    *l = (struct weir_iolimit){
        .slots_min = slots_min > 0 ? slots_min : 1,
        .slots_max = slots_max,
        .is_counted_by_item = is_counted_by_item,
    };
    l->slots = clamp(l, slots_first > 0 ? slots_first : slots_first_default);
    l->base = l->slots;
}

uint32_t weir_iolimit_slots(const struct weir_iolimit *l)
{
    return (uint32_t)(l->slots + 0.5);
}

static void add_full(struct weir_iolimit *l, uint64_t now_ns)
{
    if (l->full_since_ns == 0 || now_ns <= l->full_since_ns)
        return;
    l->full_ns += now_ns - l->full_since_ns;
    l->full_total_ns += now_ns - l->full_since_ns;
    l->full_since_ns = now_ns;
}

void weir_iolimit_set_full(struct weir_iolimit *l, bool is_full, uint64_t now_ns)
{
    add_full(l, now_ns);
    l->full_since_ns = is_full ? (now_ns > 0 ? now_ns : 1) : 0;
}

uint64_t weir_iolimit_full_ns(const struct weir_iolimit *l, uint64_t now_ns)
{
    const bool is_open = l->full_since_ns != 0 && now_ns > l->full_since_ns;

    return l->full_total_ns + (is_open ? now_ns - l->full_since_ns : 0);
}

static void begin_window(struct weir_iolimit *l, uint64_t now_ns)
{
    l->window_start_ns = now_ns;
    l->completions = 0;
    l->amount = 0;
    l->full_ns = 0;
}

/* Tries 1/8 more than the base, and at least one slot more. */
static void probe(struct weir_iolimit *l, double rate)
{
    l->base = l->slots;
    l->base_rate = rate;
    l->slots = clamp(l, l->base * 1.125 > l->base + 1 ? l->base * 1.125 : l->base + 1);
    l->phase = WEIR_IOLIMIT_PROBE;
    l->flat_windows = 0;
}

double weir_iolimit_cost_best(const struct weir_iolimit *l)
{
    return l->cost_best[WEIR_COSTS_KEPT - 1];
}

/* So many would move the rate if each took as little as the best: Little's law. */
static double enough(const struct weir_iolimit *l, double rate)
{
    const double best = weir_iolimit_cost_best(l);

    return best > 0 ? rate * best / 1e9 : l->slots;
}

/* Where to go on from after the start, which overshoots. */
static double settled(const struct weir_iolimit *l, double slots, double rate)
{
    const double least = slots / 4;
    const double wanted = 2 * enough(l, rate);

    if (wanted >= slots)
        return slots;
    return clamp(l, wanted > least ? wanted : least);
}

static void climb(struct weir_iolimit *l, double rate)
{
    switch (l->phase) {
    case WEIR_IOLIMIT_START:
        if (rate >= 1.1 * l->base_rate) {
            l->base = l->slots;
            l->base_rate = rate;
            l->flat_windows = 0;
        } else if (++l->flat_windows >= 2) {
            l->slots = settled(l, l->base, rate);
            l->phase = WEIR_IOLIMIT_BASE;
            l->flat_windows = 0;
        }
        break;
    case WEIR_IOLIMIT_BASE:
        if (++l->flat_windows >= flat_windows_max) {
            probe(l, rate);
        } else if (rate < 0.97 * l->base_rate) {
            /* Going down has cost something. */
            l->slots = clamp(l, l->slots * 1.06);
            l->base_rate = rate;
        } else {
            l->base_rate += (rate - l->base_rate) / 4;
            l->slots = clamp(l, l->slots * (l->slots > 2 * enough(l, rate) ? 0.9 : 0.97));
        }
        break;
    case WEIR_IOLIMIT_PROBE:
        l->is_flat = rate <= 1.03 * l->base_rate;
        if (!l->is_flat) {
            probe(l, rate);
        } else {
            l->slots = l->base;
            l->phase = WEIR_IOLIMIT_BASE;
        }
        break;
    }
}

static void begin_cost(struct weir_iolimit *l, uint64_t now_ns)
{
    l->cost_start_ns = now_ns;
    l->cost_completions = 0;
    l->cost_service_ns = 0;
    l->cost_amount = 0;
}

/* The best rate over windows that are long against the bursts of completions. */
static void add_peak(struct weir_iolimit *l, double amount, uint64_t now_ns)
{
    if (l->peak_start_ns == 0)
        l->peak_start_ns = l->cost_start_ns;
    l->peak_amount += amount;
    l->peak_completions++;

    const double elapsed = (double)(now_ns - l->peak_start_ns);
    if (elapsed < (double)peak_ns_min || elapsed < 4 * l->service_ns ||
        l->peak_completions < peak_completions_min)
        return;
    const double rate = l->peak_amount * 1e9 / elapsed;
    if (rate > l->peak_rate)
        l->peak_rate = rate;
    l->peak_start_ns = now_ns;
    l->peak_amount = 0;
    l->peak_completions = 0;
}

static void keep_best(struct weir_iolimit *l, double cost)
{
    int i = WEIR_COSTS_KEPT - 1;

    if (l->cost_best[i] > 0 && cost >= l->cost_best[i])
        return;
    for (; i > 0 && (l->cost_best[i - 1] <= 0 || cost < l->cost_best[i - 1]); i--)
        l->cost_best[i] = l->cost_best[i - 1];
    l->cost_best[i] = cost;
}

/* Notes every few dozen steps how many are in flight and what they move. */
static void add_cost(struct weir_iolimit *l, double amount, uint64_t service_ns, uint64_t now_ns)
{
    if (l->cost_start_ns == 0)
        begin_cost(l, now_ns > service_ns ? now_ns - service_ns : 1);
    l->cost_completions++;
    l->cost_service_ns += (double)service_ns;
    l->cost_amount += amount;
    if (amount > 0 && service_ns > 0)
        keep_best(l, (double)service_ns / amount);
    if (l->cost_completions < cost_completions_min || l->cost_amount <= 0)
        return;

    const double elapsed = (double)(now_ns - l->cost_start_ns);
    if (elapsed > 0) {
        const double x = log(l->cost_service_ns / elapsed);
        const double y = log(l->cost_amount / elapsed);

        l->slope.count += 1;
        l->slope.x += x;
        l->slope.y += y;
        l->slope.xx += x * x;
        l->slope.xy += x * y;
    }
    begin_cost(l, now_ns);
}

double weir_slope_value(const struct weir_slope *sums)
{
    if (sums->count < slope_count_min)
        return -1;
    const double variance = (sums->xx - sums->x * sums->x / sums->count) / sums->count;
    const double covariance = (sums->xy - sums->x * sums->y / sums->count) / sums->count;
    if (variance < slope_variance_min)
        return -1;
    return covariance > 0 ? covariance / variance : 0;
}

void weir_iolimit_done(struct weir_iolimit *l, uint64_t moved, uint64_t service_ns, uint64_t now_ns)
{
    if (l->window_start_ns == 0)
        begin_window(l, now_ns > service_ns ? now_ns - service_ns : 1);
    add_full(l, now_ns);
    l->completions++;
    l->amount += l->is_counted_by_item ? 1 : moved;
    add_cost(l, l->is_counted_by_item ? 1 : (double)moved, service_ns, now_ns);
    add_peak(l, l->is_counted_by_item ? 1 : (double)moved, now_ns);
    l->service_ns += ((double)service_ns - l->service_ns) * (l->service_ns == 0 ? 1.0 : 0.1);
    const bool is_starting = l->phase == WEIR_IOLIMIT_START;
    if (is_starting && l->full_since_ns != 0 && now_ns >= l->hold_until_ns)
        l->slots = clamp(l, l->slots + 1);

    const double elapsed = (double)(now_ns - l->window_start_ns);
    if (is_starting) {
        /* Measured once: service takes the longer the more are in flight. */
        if (l->start_service_ns <= 0 && l->completions >= 8)
            l->start_service_ns = l->service_ns;
        if (elapsed < (double)start_ns_min || l->completions < 8 || elapsed < l->start_service_ns)
            return;
    } else if (elapsed < (double)window_ns_min || elapsed < 2 * l->service_ns ||
               (l->slots - 1) > edge_error_max * (double)l->completions) {
        return;
    }
    l->rate = (double)l->amount * 1e9 / elapsed;
    if ((double)l->full_ns >= full_share_min * elapsed && now_ns >= l->hold_until_ns)
        climb(l, l->rate);
    begin_window(l, now_ns);
}

void weir_iolimit_throttled(struct weir_iolimit *l, uint64_t now_ns)
{
    /* Once a hold: what is in flight was sent before the answer. */
    if (now_ns < l->hold_until_ns)
        return;
    l->slots = clamp(l, l->slots * 0.7);
    l->base = l->slots;
    l->phase = WEIR_IOLIMIT_BASE;
    l->is_flat = false;
    l->flat_windows = 0;
    l->hold_until_ns = now_ns + hold_ns;
    begin_window(l, now_ns);
}
