/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bottleneck is named by the first of these that holds in the window:
 *
 *   1  workers busy for 87 % of the time: CPU, and the stage that took most of it
 *      (or I/O, when they spend 40 % of that time waiting inside run());
 *   2  a resource whose steps took much longer than they can: they share a full line, its rate;
 *   3  a resource with all its slots in use and more waiting for half of the time: its rate, if its
 *      limit stays below the highest because more in flight, when tried last, moved nothing more;
 *      else its slots;
 *   4  a stage at its cap for 80 % of the time: that stage;
 *   5  steps refused for memory for 20 % of the time: memory;
 *   6  a stage that ran one part at a time for 80 % of the time: that stage;
 *   7  a resource with 90 % of its threads busy; workers busy for 60 %: those;
 *   8  nothing more to begin, and workers idle, for half of the time: the tail;
 *   9  else the sources.
 *
 * The what-if line takes the lower bound that the measured costs add up to, once as it is and once
 * with a little more of one thing. What a run could gain by that is at most the difference, but
 * for memory: see gain_of_memory().
 */

#include "weir/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void weir_mark_set(struct weir_mark *mark, const struct weir_sched *s)
{
    memset(mark, 0, sizeof *mark);
    mark->ns = s->clocked_ns;
    mark->memory_wait_ns = s->memory_wait_ns;
    for (int i = 0; i < 2; i++)
        mark->purse_wait_ns[i] = s->purse_wait_ns[i];
    mark->tail_ns = s->tail_ns;
    mark->needed_byte_ns = s->needed_byte_ns;
    for (uint32_t i = 0; i < s->stage_count; i++) {
        const struct weir_sched_stage *stage = &s->stages[i];

        for (uint32_t k = 0; k < WEIR_STATE_COUNT; k++)
            mark->stages[i].state_ns[k] = stage->state_ns[k];
        mark->stages[i].busy_ns = stage->busy_ns;
        mark->stages[i].worker_ns = stage->worker_ns;
        mark->stages[i].wait_ns = stage->wait_ns;
        mark->stages[i].moved = stage->moved;
        mark->stages[i].parts_done = stage->parts_done;
        mark->stages[i].one_ns = stage->one_ns;
    }
    for (uint32_t i = 0; i < s->resource_count; i++) {
        const struct weir_sched_resource *r = &s->resources[i];

        mark->resources[i].in_use_ns = r->in_use_ns;
        mark->resources[i].full_ns = weir_iolimit_full_ns(&r->limit, s->now_ns);
        mark->resources[i].slope = r->limit.slope;
        mark->resources[i].busy_ns = r->busy_ns;
        mark->resources[i].amount = r->amount;
        mark->resources[i].steps = r->steps;
    }
}

static const double slope_max = 0.85;
static const double crowding_min = 1.4;
static const double crowding_min_unsure = 1.6;
static const double use_min = 0.6;

static void subtract_slope(struct weir_slope *slope, const struct weir_slope *since)
{
    slope->count -= since->count;
    slope->x -= since->x;
    slope->y -= since->y;
    slope->xx -= since->xx;
    slope->xy -= since->xy;
}

void weir_mark_subtract(struct weir_mark *mark, const struct weir_mark *since)
{
    mark->ns -= since->ns;
    mark->memory_wait_ns -= since->memory_wait_ns;
    for (int i = 0; i < 2; i++)
        mark->purse_wait_ns[i] -= since->purse_wait_ns[i];
    mark->tail_ns -= since->tail_ns;
    mark->needed_byte_ns -= since->needed_byte_ns;
    for (uint32_t i = 0; i < WEIR_STAGES_MAX; i++) {
        for (uint32_t k = 0; k < WEIR_STATE_COUNT; k++)
            mark->stages[i].state_ns[k] -= since->stages[i].state_ns[k];
        mark->stages[i].busy_ns -= since->stages[i].busy_ns;
        mark->stages[i].worker_ns -= since->stages[i].worker_ns;
        mark->stages[i].wait_ns -= since->stages[i].wait_ns;
        mark->stages[i].moved -= since->stages[i].moved;
        mark->stages[i].parts_done -= since->stages[i].parts_done;
        mark->stages[i].one_ns -= since->stages[i].one_ns;
    }
    for (uint32_t i = 0; i < WEIR_RESOURCES_MAX; i++) {
        mark->resources[i].in_use_ns -= since->resources[i].in_use_ns;
        mark->resources[i].full_ns -= since->resources[i].full_ns;
        subtract_slope(&mark->resources[i].slope, &since->resources[i].slope);
        mark->resources[i].busy_ns -= since->resources[i].busy_ns;
        mark->resources[i].amount -= since->resources[i].amount;
        mark->resources[i].steps -= since->resources[i].steps;
    }
}

static double share_of(const struct weir_mark *window, uint64_t ns)
{
    return window->ns == 0 ? 0 : (double)ns / (double)window->ns;
}

static double largest(double a, double b)
{
    return a > b ? a : b;
}

static double cpu_share(const struct weir_sched *s, const struct weir_mark *window)
{
    return share_of(window, window->resources[WEIR_CPU].in_use_ns) / s->worker_count;
}

static bool is_of_workers(const struct weir_sched *s, uint32_t stage)
{
    const int resource = s->stages[stage].config.resource;

    return resource == WEIR_CPU ||
           (s->resources[resource].config.kind == WEIR_ASYNC && !s->stages[stage].is_pending);
}

/* Its requests are under way by themselves, not inside a worker's run(). */
static bool is_pending(const struct weir_sched *s, uint32_t resource)
{
    for (uint32_t i = 0; i < s->stage_count; i++) {
        if (s->stages[i].config.resource == (int)resource && s->stages[i].is_pending)
            return true;
    }
    return false;
}

/* What took most of the workers' time: on a core, or (is_waiting) waiting inside run(). */
static uint32_t busiest_stage(const struct weir_sched *s, const struct weir_mark *window,
                              bool is_waiting)
{
    uint32_t busiest = 0;
    uint64_t most_ns = 0;

    for (uint32_t i = 0; i < s->stage_count; i++) {
        const uint64_t wait_ns = window->stages[i].wait_ns;
        const uint64_t ns = is_waiting ? wait_ns : window->stages[i].worker_ns - wait_ns;

        if (ns > most_ns) {
            most_ns = ns;
            busiest = i;
        }
    }
    return busiest;
}

/* Of the workers' busy time, what they waited inside run(). */
static double wait_share(const struct weir_sched *s, const struct weir_mark *window)
{
    const double busy = (double)window->resources[WEIR_CPU].in_use_ns;
    double wait = 0;

    for (uint32_t i = 0; i < s->stage_count; i++)
        wait += (double)window->stages[i].wait_ns;
    return busy > 0 ? wait / busy : 0;
}

static struct weir_limit limit_of_workers(const struct weir_sched *s,
                                          const struct weir_mark *window, double cpu)
{
    const bool is_waiting = wait_share(s, window) >= 0.4;

    return (struct weir_limit){
        .kind = is_waiting ? WEIR_LIMIT_WAIT : WEIR_LIMIT_CPU,
        .stage = busiest_stage(s, window, is_waiting),
        .share = cpu,
    };
}

/*
 * How many times longer a step took in the window than the best ever did. Requests that share a
 * full line wait for one another; so do those of a store that is slow that day, but then the rate
 * still follows the number in flight, and they do not count as crowded.
 */
static double crowding_of(const struct weir_sched *s, const struct weir_mark *window,
                          uint32_t resource)
{
    const double amount = (double)window->resources[resource].amount;
    const double best = weir_iolimit_cost_best(&s->resources[resource].limit);
    const double slope = weir_slope_value(&window->resources[resource].slope);

    if (amount <= 0 || best <= 0 || slope > slope_max)
        return 0;
    const double crowding = (double)window->resources[resource].in_use_ns / amount / best;
    return crowding >= (slope < 0 ? crowding_min_unsure : crowding_min) ? crowding : 0;
}

struct weir_terms weir_explain_terms(const struct weir_sched *s, const struct weir_mark *window)
{
    struct weir_terms terms = {
        .cpu_ns = (double)window->resources[WEIR_CPU].in_use_ns / s->worker_count,
    };

    for (uint32_t i = 1; i < s->resource_count; i++) {
        const struct weir_sched_resource *r = &s->resources[i];
        const double rate = r->limit.peak_rate;
        const bool is_adaptive = r->config.kind == WEIR_ASYNC &&
                                 r->config.slots_min < r->config.slots_max && is_pending(s, i);

        /* What a line can move is known only where it was full. */
        if (is_adaptive && rate > 0 && crowding_of(s, window, i) > 0)
            terms.io_ns[i] = (double)window->resources[i].amount / rate * 1e9;
        else
            terms.io_ns[i] = (double)window->resources[i].in_use_ns / r->config.slots_max;
    }
    for (uint32_t i = 0; i < s->stage_count; i++) {
        const uint32_t cap = s->stages[i].config.parallel_max;

        if (cap != 0 && is_of_workers(s, i))
            terms.serial_ns = largest(terms.serial_ns, (double)window->stages[i].busy_ns / cap);
    }
    if (s->purses[WEIR_DATA].bytes_max > 0)
        terms.memory_ns = window->needed_byte_ns / (double)s->purses[WEIR_DATA].bytes_max;
    return terms;
}

static double other_ns(const struct weir_terms *terms)
{
    double ns = largest(terms->cpu_ns, terms->serial_ns);

    for (uint32_t i = 0; i < WEIR_RESOURCES_MAX; i++)
        ns = largest(ns, terms->io_ns[i]);
    return ns;
}

uint64_t weir_explain_needed(const struct weir_sched *s, const struct weir_mark *window)
{
    const struct weir_terms terms = weir_explain_terms(s, window);
    const double ns = other_ns(&terms);

    return ns > 0 ? (uint64_t)(window->needed_byte_ns / ns) : 0;
}

static double mean_amount(const struct weir_mark *window, uint32_t resource)
{
    const uint64_t steps = window->resources[resource].steps;

    return steps > 0 ? (double)window->resources[resource].amount / (double)steps : 0;
}

/* Of the best rate that it kept up for a while. */
static double use_of(const struct weir_sched *s, const struct weir_mark *window, uint32_t resource)
{
    const double rate = s->resources[resource].limit.peak_rate;

    return rate > 0 ? (double)window->resources[resource].amount / rate * 1e9 / (double)window->ns
                    : 0;
}

/*
 * Of several crowded lines the one that has most bytes in flight beyond what its rate would need:
 * there the memory stands in a queue. Others are only crowded in bursts.
 */
static struct weir_limit find_full_line(const struct weir_sched *s, const struct weir_mark *window)
{
    struct weir_limit limit = {0};
    double most = 0;

    for (uint32_t i = 1; i < s->resource_count; i++) {
        const double use = use_of(s, window, i);
        const double crowding = crowding_of(s, window, i);

        if (crowding <= 0 || use < use_min || !is_pending(s, i))
            continue;
        const double in_flight = share_of(window, window->resources[i].in_use_ns);
        const double queue = in_flight * (1 - 1 / crowding) * mean_amount(window, i);
        if (queue <= most)
            continue;
        most = queue;
        limit = (struct weir_limit){.kind = WEIR_LIMIT_RATE, .resource = i, .share = use};
    }
    return limit;
}

static struct weir_limit find_full_resource(const struct weir_sched *s,
                                            const struct weir_mark *window)
{
    struct weir_limit limit = {.share = 0.5};

    for (uint32_t i = 1; i < s->resource_count; i++) {
        const struct weir_sched_resource *r = &s->resources[i];
        const double share = share_of(window, window->resources[i].full_ns);

        if (share < limit.share || r->config.slots_min == r->config.slots_max || !is_pending(s, i))
            continue;
        limit.share = share;
        limit.resource = i;
        limit.kind =
            r->slots < r->config.slots_max && r->limit.is_flat ? WEIR_LIMIT_RATE : WEIR_LIMIT_SLOTS;
    }
    return limit;
}

/* Resources whose slots do not adapt: threads, or a fixed limit. */
static struct weir_limit find_busy_resource(const struct weir_sched *s,
                                            const struct weir_mark *window)
{
    struct weir_limit limit = {.share = 0.9};

    for (uint32_t i = 1; i < s->resource_count; i++) {
        const struct weir_sched_resource *r = &s->resources[i];
        const double busy = share_of(window, window->resources[i].in_use_ns) / r->slots;
        const double share = share_of(window, window->resources[i].full_ns);

        if (busy >= limit.share && share >= 0.5) {
            limit.share = busy;
            limit.resource = i;
            limit.kind = WEIR_LIMIT_SLOTS;
        }
    }
    return limit;
}

/* A stage at its cap; or (is_any) one that ran one part at a time, whatever the reason. */
static struct weir_limit find_serial_stage(const struct weir_sched *s,
                                           const struct weir_mark *window, bool is_any)
{
    struct weir_limit limit = {.share = 0.8};

    for (uint32_t i = 0; i < s->stage_count; i++) {
        const double cap = share_of(window, window->stages[i].state_ns[WEIR_STATE_CAP]);
        const double one = is_any ? share_of(window, window->stages[i].one_ns) : 0;
        const double share = largest(cap, one);

        /* A step that only waits for others runs all the time and limits nothing. */
        if (share < limit.share || !is_of_workers(s, i))
            continue;
        limit.share = share;
        limit.stage = i;
        limit.kind = WEIR_LIMIT_SERIAL;
    }
    return limit;
}

struct weir_limit weir_explain_limit(const struct weir_sched *s, const struct weir_mark *window)
{
    const double cpu = cpu_share(s, window);
    const struct weir_limit by_cpu = limit_of_workers(s, window, cpu);
    const double memory = share_of(window, window->memory_wait_ns);
    const double tail = share_of(window, window->tail_ns);

    if (window->ns == 0)
        return (struct weir_limit){0};
    if (cpu >= 0.87)
        return by_cpu;
    struct weir_limit limit = find_full_line(s, window);
    if (limit.kind != WEIR_LIMIT_NONE)
        return limit;
    limit = find_full_resource(s, window);
    if (limit.kind != WEIR_LIMIT_NONE)
        return limit;
    limit = find_serial_stage(s, window, false);
    if (limit.kind != WEIR_LIMIT_NONE)
        return limit;
    if (memory >= 0.2 && cpu < 0.8)
        return (struct weir_limit){.kind = WEIR_LIMIT_MEMORY, .share = memory};
    if (cpu >= 0.8)
        return by_cpu;
    limit = find_serial_stage(s, window, true);
    if (limit.kind != WEIR_LIMIT_NONE)
        return limit;
    limit = find_busy_resource(s, window);
    if (limit.kind != WEIR_LIMIT_NONE)
        return limit;
    if (cpu >= 0.6)
        return by_cpu;
    if (tail >= 0.5)
        return (struct weir_limit){.kind = WEIR_LIMIT_TAIL, .share = tail};
    return (struct weir_limit){.kind = WEIR_LIMIT_SOURCE, .share = 1 - cpu};
}

struct text {
    char *at;
    size_t bytes;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    const size_t used = t->length < t->bytes ? t->length : t->bytes;
    va_list arguments;

    va_start(arguments, format);
    const int length =
        vsnprintf(t->bytes > 0 ? t->at + used : NULL, t->bytes - used, format, arguments);
    va_end(arguments);
    if (length > 0)
        t->length += (size_t)length;
}

/* With one digit behind a point, or two: printf() would write the locale's. */
static void add_fraction(struct text *t, double value, int digits)
{
    const uint64_t scale = digits == 1 ? 10 : 100;
    const double value_max = 1e6;

    if (value >= value_max) {
        add(t, "%.0f", value);
        return;
    }
    const uint64_t rounded = (uint64_t)(value * (double)scale + 0.5);
    add(t, "%" PRIu64 ".%0*" PRIu64, rounded / scale, digits, rounded % scale);
}

static void add_bytes(struct text *t, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    uint32_t i = 0;

    while (bytes >= 1024 && i < 4) {
        bytes /= 1024;
        i++;
    }
    if (bytes < 10 && i > 0)
        add_fraction(t, bytes, 1);
    else
        add(t, "%.0f", bytes);
    add(t, " %s", units[i]);
}

static void add_rate(struct text *t, const struct weir_sched *s, const struct weir_mark *window,
                     uint32_t resource)
{
    const double rate = (double)window->resources[resource].amount / ((double)window->ns / 1e9);

    if (s->resources[resource].config.is_counted_by_item) {
        add(t, "%.0f a second", rate);
        return;
    }
    add_bytes(t, rate);
    add(t, "/s");
}

static void add_cpu(struct text *t, const struct weir_sched *s, const struct weir_mark *window,
                    const struct weir_limit *limit)
{
    const uint64_t moved = window->stages[limit->stage].moved;
    const double busy = (double)window->stages[limit->stage].worker_ns / 1e9;

    add(t, "CPU limits: %u workers are %.0f %% busy, most in %s", s->worker_count,
        100 * limit->share, s->stages[limit->stage].config.name);
    if (moved > 0) {
        add(t, " (");
        add_fraction(t, busy / ((double)moved / 1e9), 2);
        add(t, " core seconds a GB)");
    }
    add(t, ".");
}

/*
 * Of the budget that most wait for; of the data budget it is known what would do: with twice what
 * the jobs hold at full speed the order in which they come stops to matter.
 */
static void add_memory_advice(struct text *t, const struct weir_sched *s,
                              const struct weir_mark *window)
{
    const double ample = 2 * (double)weir_explain_needed(s, window);
    const double budget = (double)s->purses[WEIR_DATA].bytes_max;

    if (window->purse_wait_ns[WEIR_META] > window->purse_wait_ns[WEIR_DATA]) {
        add(t, "most for the ");
        add_bytes(t, (double)s->purses[WEIR_META].bytes_max);
        add(t, " of those that list and plan, more memory would help.");
    } else if (ample > budget) {
        add_bytes(t, ample);
        add(t, " for the jobs instead of ");
        add_bytes(t, budget);
        add(t, " would be enough.");
    } else {
        add(t, "the jobs are large for the ");
        add_bytes(t, budget);
        add(t, " that they have, smaller ones would help.");
    }
}

static void add_limit(struct text *t, const struct weir_sched *s, const struct weir_mark *window,
                      const struct weir_limit *limit)
{
    const struct weir_sched_resource *r = &s->resources[limit->resource];

    switch (limit->kind) {
    case WEIR_LIMIT_NONE:
        add(t, "Nothing has run yet.");
        break;
    case WEIR_LIMIT_CPU:
        add_cpu(t, s, window, limit);
        break;
    case WEIR_LIMIT_WAIT:
        add(t, "I/O limits: %u workers are %.0f %% busy, %.0f %% of that waiting, most in %s.",
            s->worker_count, 100 * limit->share, 100 * wait_share(s, window),
            s->stages[limit->stage].config.name);
        break;
    case WEIR_LIMIT_RATE:
        add(t, "%s limits: ", r->config.name);
        add_rate(t, s, window, limit->resource);
        add(t, " with %u in flight, and more of them bring nothing.", r->slots);
        break;
    case WEIR_LIMIT_SLOTS:
        add(t, "%s limits: all %u slots", r->config.name, r->slots);
        if (r->config.slots_set_by != NULL && r->slots == r->config.slots_max)
            add(t, ", which %s sets,", r->config.slots_set_by);
        add(t, " are in use for %.0f %% of the time.", 100 * limit->share);
        break;
    case WEIR_LIMIT_MEMORY:
        add(t,
            "Memory limits: steps wait for it for %.0f %% of the time while CPU is %.0f %% busy; ",
            100 * limit->share, 100 * cpu_share(s, window));
        add_memory_advice(t, s, window);
        break;
    case WEIR_LIMIT_SERIAL:
        add(t, "%s limits: it runs at its cap or one at a time for %.0f %% of the time.",
            s->stages[limit->stage].config.name, 100 * limit->share);
        break;
    case WEIR_LIMIT_SOURCE:
        add(t, "The sources limit: nothing waits, and the workers are %.0f %% busy.",
            100 * cpu_share(s, window));
        break;
    case WEIR_LIMIT_TAIL:
        add(t, "The last items limit: for %.0f %% of the time there was nothing else left.",
            100 * limit->share);
        break;
    }
}

/* What the lower bound loses, in percent, when one term is divided by `factor`. */
static double gain(const struct weir_terms *terms, double *term, double factor)
{
    const double before = largest(other_ns(terms), terms->memory_ns);
    const double kept = *term;

    *term = kept / factor;
    const double after = largest(other_ns(terms), terms->memory_ns);
    *term = kept;
    return before > 0 ? 100 * (before - after) / before : 0;
}

/*
 * Where memory limits although its term is not the largest (items come in bursts, large ones meet),
 * the time in which steps wait for it goes down with more of it, at best in proportion; but what
 * the other terms need stays.
 */
static double gain_of_memory(const struct weir_sched *s, const struct weir_mark *window,
                             struct weir_terms *terms, double factor)
{
    const double by_terms = gain(terms, &terms->memory_ns, factor);

    if (weir_explain_limit(s, window).kind != WEIR_LIMIT_MEMORY)
        return by_terms;
    const double wait = 100 * share_of(window, window->memory_wait_ns) * (1 - 1 / factor);
    const double idle = 100 * (1 - other_ns(terms) / (double)window->ns);
    const double by_wait = wait < idle ? wait : idle;
    return by_wait > by_terms ? by_wait : by_terms;
}

static void add_what_if(struct text *t, const struct weir_sched *s, const struct weir_mark *window)
{
    struct weir_terms terms = weir_explain_terms(s, window);
    const double cores = s->worker_count;

    add(t, " At most, one more core would save %.0f %%, a quarter more memory %.0f %%",
        gain(&terms, &terms.cpu_ns, (cores + 1) / cores), gain_of_memory(s, window, &terms, 1.25));
    for (uint32_t i = 1; i < s->resource_count; i++) {
        const double saved = gain(&terms, &terms.io_ns[i], 2);

        if (saved >= 1)
            add(t, ", twice the rate of %s %.0f %%", s->resources[i].config.name, saved);
    }
    add(t, " of the time.");
}

static void add_lowered(struct text *t, const struct weir_purse *purse)
{
    if (purse->bytes_now >= purse->bytes_max)
        return;
    add(t, " The process took more memory than it should: ");
    add_bytes(t, (double)purse->bytes_now);
    add(t, " instead of ");
    add_bytes(t, (double)purse->bytes_max);
    add(t, " of the budget were used.");
}

size_t weir_explain_text(const struct weir_sched *s, const struct weir_mark *window, char *text,
                         size_t bytes)
{
    struct text t = {text, bytes, 0};

    if (bytes > 0)
        text[0] = '\0';
    if (s->failure[0] != '\0') {
        add(&t, "%s", s->failure);
        return t.length;
    }
    const struct weir_limit limit = weir_explain_limit(s, window);
    add_limit(&t, s, window, &limit);
    if (limit.kind != WEIR_LIMIT_NONE)
        add_what_if(&t, s, window);
    add_lowered(&t, &s->purses[WEIR_DATA]);
    return t.length;
}
