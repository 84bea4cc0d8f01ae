/* SPDX-License-Identifier: Apache-2.0 */

#include "weir/tables.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/explain.h"
#include "weir/load.h"
#include "weir/policy.h"

/* Loads are large. The tables are made one after another. */
static struct load load;

enum {
    PARTS = 4,
    CELL = 16,
    STATIC_MAX = 270,
    NAMED_MAX = 10,
};

static void run(const struct policy *policy, struct policy_result *ret)
{
    policy_run(&load, policy, ret);
}

/* T / bound, "dead", and "!" where the budget was exceeded (0: there is none). */
static void cell(char *text, const struct policy *policy, double bound_ns)
{
    struct policy_result r;

    run(policy, &r);
    const bool is_over = policy->budget_bytes > 0 && r.peak_bytes > policy->budget_bytes * 1.0001;
    if (r.is_stuck)
        (void)snprintf(text, CELL, "dead");
    else
        (void)snprintf(text, CELL, "%.2f%s", r.wall_ns / bound_ns, is_over ? "!" : "");
}

/* As the planner sizes items for a budget. */
static void get_named(uint32_t index, double budget_bytes)
{
    load_named(index, &load);
    if (budget_bytes > 0)
        load_slice(&load, budget_bytes / 2);
}

static void print_ours(uint32_t index, enum policy_kind kind, const double *scales, uint32_t count,
                       double need, double bound_ns)
{
    char text[CELL];

    printf(" | ");
    for (uint32_t i = 0; i < count; i++) {
        get_named(index, scales[i] * need);
        cell(text,
             &(struct policy){
                 .kind = kind,
                 .parts = PARTS,
                 .budget_bytes = scales[i] * need,
             },
             bound_ns);
        printf("%s%s", i > 0 ? "/" : "", text);
    }
}

static void print_static(uint32_t fetch, uint32_t cpu, uint32_t upload, double bound_ns)
{
    char text[CELL];

    cell(text,
         &(struct policy){
             .kind = POLICY_STATIC,
             .fetch_threads = fetch,
             .cpu_threads = cpu,
             .upload_threads = upload,
             .channel = 4,
             .slots = 512,
             .parts = 1,
         },
         bound_ns);
    printf(" | %s", text);
}

static void print_simple(enum policy_kind kind, uint32_t tokens, uint32_t slots, double budget,
                         double bound_ns)
{
    char text[CELL];

    cell(text,
         &(struct policy){
             .kind = kind,
             .tokens = tokens,
             .slots = slots,
             .parts = PARTS,
             .budget_bytes = budget,
         },
         bound_ns);
    printf(" | %s", text);
}

static uint32_t static_settings(struct policy *ret)
{
    static const uint32_t fetch[] = {2, 4, 8, 16, 32, 64};
    static const uint32_t cpu[] = {2, 4, 8};
    static const uint32_t upload[] = {2, 4, 8, 16, 32};
    static const uint32_t channel[] = {1, 4, 16};
    uint32_t count = 0;

    for (size_t f = 0; f < sizeof fetch / sizeof *fetch; f++)
        for (size_t c = 0; c < sizeof cpu / sizeof *cpu; c++)
            for (size_t u = 0; u < sizeof upload / sizeof *upload; u++)
                for (size_t h = 0; h < sizeof channel / sizeof *channel; h++)
                    ret[count++] = (struct policy){
                        .kind = POLICY_STATIC,
                        .fetch_threads = fetch[f],
                        .cpu_threads = cpu[c],
                        .upload_threads = upload[u],
                        .channel = channel[h],
                        .slots = 512,
                        .parts = 1,
                    };
    return count;
}

/* Every static setting on every named workload. */
static struct search {
    struct policy settings[STATIC_MAX];
    double wall_ns[STATIC_MAX][NAMED_MAX];
    double peak_bytes[STATIC_MAX][NAMED_MAX];
    double need[NAMED_MAX];
    double bound_ns[NAMED_MAX];
    uint32_t setting_count;
    uint32_t load_count;
} search;

static void search_static(void)
{
    search.setting_count = static_settings(search.settings);
    search.load_count = load_named_count() < NAMED_MAX ? load_named_count() : NAMED_MAX;
    for (uint32_t k = 0; k < search.load_count; k++) {
        load_named(k, &load);
        search.need[k] = load_needed_bytes(&load, 1);
        search.bound_ns[k] = load_bound(&load, PARTS, 0).ns;
        for (uint32_t i = 0; i < search.setting_count; i++) {
            struct policy_result r;

            run(&search.settings[i], &r);
            search.wall_ns[i][k] = r.wall_ns;
            search.peak_bytes[i][k] = r.peak_bytes;
        }
    }
}

static bool is_within(uint32_t setting, uint32_t workload, double scale)
{
    return search.peak_bytes[setting][workload] <= scale * search.need[workload];
}

/* The best setting for a workload that keeps to its memory; on how many others it does not. */
static void print_best_static(uint32_t index, double scale)
{
    uint32_t best = STATIC_MAX;
    uint32_t broken = 0;

    for (uint32_t i = 0; i < search.setting_count; i++) {
        if (is_within(i, index, scale) &&
            (best == STATIC_MAX || search.wall_ns[i][index] < search.wall_ns[best][index]))
            best = i;
    }
    if (best == STATIC_MAX) {
        printf(" | none fits");
        return;
    }
    for (uint32_t other = 0; other < search.load_count; other++)
        broken += !is_within(best, other, scale);
    printf(" | %.2f (%u/%u/%u, breaks %u)", search.wall_ns[best][index] / search.bound_ns[index],
           search.settings[best].fetch_threads, search.settings[best].cpu_threads,
           search.settings[best].upload_threads, broken);
}

/* The one setting for all workloads that keeps to the memory of each, with the least mean time. */
static void print_one_static(uint32_t index, double scale)
{
    uint32_t best = STATIC_MAX;
    double least = 0;

    for (uint32_t i = 0; i < search.setting_count; i++) {
        double product = 1;

        for (uint32_t k = 0; k < search.load_count; k++) {
            product *= search.wall_ns[i][k] / search.bound_ns[k];
            if (!is_within(i, k, scale))
                product = 0;
        }
        if (product > 0 && (best == STATIC_MAX || product < least)) {
            best = i;
            least = product;
        }
    }
    if (best == STATIC_MAX)
        printf(" | none fits");
    else
        printf(" | %.2f (%u/%u/%u)", search.wall_ns[best][index] / search.bound_ns[index],
               search.settings[best].fetch_threads, search.settings[best].cpu_threads,
               search.settings[best].upload_threads);
}

static void print_named(uint32_t index)
{
    static const double one_two[] = {1, 2};
    static const double scales[] = {0.5, 1, 2, 4};
    struct policy_result r;

    get_named(index, 0);
    const double need = load_needed_bytes(&load, 1);
    const struct load_bound bound = load_bound(&load, PARTS, 0);
    printf("%s | %.1f s, %s | %.2f GB", load.name, bound.ns / 1e9, load_term_name(bound.term),
           need / 1e9);
    run(&(struct policy){.kind = POLICY_UNBOUNDED, .slots = 256, .parts = 1}, &r);
    printf(" | %.2f, %.1fx", r.wall_ns / bound.ns, r.peak_bytes / need);
    print_static(4, 4, 2, bound.ns);
    print_static(1, 8, 1, bound.ns);
    print_simple(POLICY_SEQUENTIAL, load.machine.cores, 512, 0, bound.ns);
    print_best_static(index, 1);
    print_best_static(index, 4);
    print_one_static(index, 4);
    get_named(index, 2 * need);
    print_simple(POLICY_TOKENS, (uint32_t)(2 * need / load_largest_bytes(&load)), 64, 2 * need,
                 bound.ns);
    print_simple(POLICY_SEMAPHORE, 0, 64, 2 * need, bound.ns);
    print_simple(POLICY_RAY, 0, 64, 2 * need, bound.ns);
    print_ours(index, POLICY_UP_FRONT, one_two, 2, need, bound.ns);
    print_ours(index, POLICY_BANKER, one_two, 2, need, bound.ns);
    print_ours(index, POLICY_WEIR, scales, 4, need, bound.ns);
    printf("\n");
}

void tables_named(void)
{
    printf("workload | bound | needed | unbounded: T, peak | static 4/4/2 | static 1/8/1 "
           "| 8 sequential | best static of 270 at 1x | at 4x | one static for all at 4x "
           "| tokens 2x | semaphore 2x | ray-like 2x "
           "| up front 1x/2x | banker 1x/2x | weir 0.5x/1x/2x/4x\n");
    printf("---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---\n");
    search_static();
    for (uint32_t i = 0; i < load_named_count(); i++)
        print_named(i);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

struct spread {
    double *ratios;
    uint32_t count;
    uint32_t dead;
    uint32_t over;
};

static void get_random(uint64_t seed, double scale, double *ret_budget, double *ret_bound_ns)
{
    load_random(seed, 400, &load);
    *ret_budget = scale * load_needed_bytes(&load, 1);
    load_slice(&load, *ret_budget / 2);
    *ret_bound_ns = load_bound(&load, PARTS, *ret_budget).ns;
}

static struct spread spread_of(enum policy_kind kind, uint32_t parts, double scale, uint32_t count)
{
    struct spread s = {.ratios = calloc(count, sizeof(double))};

    if (s.ratios == NULL)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        struct policy_result r;
        double budget;
        double bound_ns;

        get_random(i + 1, scale, &budget, &bound_ns);
        run(&(struct policy){.kind = kind, .parts = parts, .budget_bytes = budget}, &r);
        s.over += r.peak_bytes > budget * 1.0001;
        if (r.is_stuck)
            s.dead++;
        else
            s.ratios[s.count++] = r.wall_ns / bound_ns;
    }
    qsort(s.ratios, s.count, sizeof *s.ratios, by_value);
    return s;
}

static double share_within(const struct spread *s, double ratio)
{
    uint32_t count = 0;

    while (count < s->count && s->ratios[count] <= ratio)
        count++;
    return s->count > 0 ? 100.0 * count / s->count : 0;
}

static void print_spread(const char *name, enum policy_kind kind, uint32_t parts, double scale,
                         uint32_t count)
{
    const struct spread s = spread_of(kind, parts, scale, count);

    printf("%.1f | %s | %u | %u", scale, name, s.dead, s.over);
    if (s.count == 0)
        printf(" | - | - | - | - | -\n");
    else
        printf(" | %.2f | %.2f | %.2f | %.0f %% | %.0f %%\n", s.ratios[s.count / 2],
               s.ratios[(uint64_t)s.count * 9 / 10], s.ratios[(uint64_t)s.count * 99 / 100],
               share_within(&s, 1.1), share_within(&s, 1.25));
    free(s.ratios);
}

void tables_random(uint32_t count)
{
    static const double scales[] = {0.5, 1, 1.5, 2, 4};

    printf("memory / needed | policy | dead | over | median | p90 | p99 | within 1.1 "
           "| within 1.25\n");
    printf("---|---|---|---|---|---|---|---|---\n");
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        print_spread("semaphore", POLICY_SEMAPHORE, PARTS, scales[i], count);
        print_spread("ray-like", POLICY_RAY, PARTS, scales[i], count);
        print_spread("up front", POLICY_UP_FRONT, PARTS, scales[i], count);
        print_spread("banker", POLICY_BANKER, PARTS, scales[i], count);
        print_spread("weir, 1 core an item", POLICY_WEIR, 1, scales[i], count);
        print_spread("weir, 4 cores an item", POLICY_WEIR, PARTS, scales[i], count);
    }
}

/*
 * What limits, by what the simulator knows and the engine does not: how much of each line and of
 * the cores was used. Clear if one is nearly full and no other comes near; memory, if none is full.
 */
static bool truth_of(const struct policy_result *r, double budget, enum load_term *ret)
{
    const struct load_bound bound = load_bound(&load, PARTS, budget);
    const double shares[] = {
        [LOAD_CPU] = r->cpu_share, [LOAD_DOWN] = r->down_share, [LOAD_UP] = r->up_share};
    double first = 0;
    double second = 0;

    for (int i = 0; i <= LOAD_UP; i++) {
        if (shares[i] > first) {
            second = first;
            first = shares[i];
            *ret = (enum load_term)i;
        } else if (shares[i] > second) {
            second = shares[i];
        }
    }
    if (bound.term == LOAD_MEMORY && first < 0.7) {
        *ret = LOAD_MEMORY;
        return true;
    }
    /* Memory that is used to the half by the fastest residences is near its limit. */
    const double memory =
        load_needed_bytes(&load, PARTS) / budget * load_bound(&load, PARTS, 0).ns / r->wall_ns;
    return first >= 0.85 && second < 0.75 && memory < 0.5;
}

static bool is_right(enum load_term truth, const struct policy_result *r)
{
    switch (truth) {
    case LOAD_CPU:
        return r->limit.kind == WEIR_LIMIT_CPU;
    case LOAD_DOWN:
        return r->limit.kind == WEIR_LIMIT_RATE && r->limit.resource == 1;
    case LOAD_UP:
        return r->limit.kind == WEIR_LIMIT_RATE && r->limit.resource == 2;
    case LOAD_SLOTS:
        return r->limit.kind == WEIR_LIMIT_SLOTS;
    case LOAD_MEMORY:
        return r->limit.kind == WEIR_LIMIT_MEMORY;
    case LOAD_LONGEST:
    case LOAD_TERM_COUNT:
        break;
    }
    return r->limit.kind == WEIR_LIMIT_TAIL;
}

void tables_bottleneck(uint32_t count)
{
    static const double scales[] = {0.25, 0.5, 4};
    uint32_t clear[LOAD_TERM_COUNT] = {0};
    uint32_t right[LOAD_TERM_COUNT] = {0};
    uint32_t all = 0;
    uint32_t good = 0;

    for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
        for (uint32_t i = 0; i < count; i++) {
            struct policy_result r;
            enum load_term truth = LOAD_TERM_COUNT;
            double budget;
            double bound_ns;

            get_random(10000 + i, scales[k], &budget, &bound_ns);
            run(&(struct policy){.kind = POLICY_WEIR, .parts = PARTS, .budget_bytes = budget}, &r);
            if (!truth_of(&r, budget, &truth))
                continue;
            const bool is_named = is_right(truth, &r);
            clear[truth]++;
            right[truth] += is_named;
            all++;
            good += is_named;
            if (!is_named && getenv("BENCH_VERBOSE") != NULL)
                printf("  seed %u, %.2fx, %s: %s\n", 10000 + i, scales[k], load_term_name(truth),
                       r.explanation);
        }
    }
    printf("limit | clear cases | named right\n---|---|---\n");
    for (int i = 0; i < LOAD_TERM_COUNT; i++) {
        if (clear[i] > 0)
            printf("%s | %u | %u\n", load_term_name((enum load_term)i), clear[i], right[i]);
    }
    printf("all | %u | %u (%.1f %%)\n", all, good, all > 0 ? 100.0 * good / all : 0);
}
