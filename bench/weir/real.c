/* SPDX-License-Identifier: Apache-2.0 */

#include "weir/real.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "weir/load.h"
#include "weir/policy.h"
#include "weir/weir.h"

static struct load load;

static uint64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_ns(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000U +
           ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000U;
}

struct empty {
    int stages[3];
    uint32_t left;
};

static enum weir_status do_nothing(struct weir_job *job, void *item, const struct weir_call *call)
{
    (void)job;
    (void)item;
    (void)call;
    return WEIR_OK;
}

static enum weir_status next_empty(struct weir *w, void *user)
{
    struct empty *e = user;
    const struct weir_step route[] = {
        {.stage = e->stages[0], .grow_bytes = 1000},
        {.stage = e->stages[1], .grow_bytes = 2000, .drop_bytes = 2500},
        {.stage = e->stages[2], .drop_bytes = 500},
    };

    if (e->left == 0)
        return WEIR_END;
    e->left--;
    return weir_submit(w, NULL, WEIR_DATA, route, 3, e, NULL);
}

static void measure(uint32_t workers, uint32_t jobs, uint64_t budget)
{
    struct empty e = {.left = jobs};
    struct weir *w = weir_new(&(struct weir_config){
        .size = sizeof(struct weir_config),
        .data_budget_bytes = budget,
        .worker_count = workers,
    });

    if (w == NULL)
        abort();
    for (int i = 0; i < 3; i++)
        e.stages[i] = weir_stage_add(w, &(struct weir_stage){
                                            .size = sizeof(struct weir_stage),
                                            .name = "step",
                                            .resource = WEIR_CPU,
                                            .run = do_nothing,
                                        });
    if (weir_source_add(w, next_empty, &e) != WEIR_OK)
        abort();
    const uint64_t begin = now_ns();
    const uint64_t cpu_begin = cpu_ns();
    if (weir_run(w) != WEIR_OK)
        abort();
    const double wall = (double)(now_ns() - begin);
    const double cpu = (double)(cpu_ns() - cpu_begin);
    struct weir_sample sample = {.size = sizeof sample};
    weir_sample(w, &sample, NULL, 0, NULL, 0);
    const double steps = 3.0 * jobs;
    printf("%u | %.0f | %.2f | %.2f | %.2f | %.2f %%\n", workers, steps, wall / steps / 1e3,
           (double)sample.scheduler_ns / steps / 1e3, cpu / steps / 1e3,
           100 * (double)sample.scheduler_ns / steps * 1e4 / 1e9 / workers);
    weir_free(w);
}

void real_overhead(void)
{
    printf("workers | empty steps | us wall a step | us under the lock | us CPU a step "
           "| scheduler at 10,000 steps/s\n---|---|---|---|---|---\n");
    measure(1, 200000, 1000000);
    measure(2, 200000, 1000000);
    measure(2, 200000, 20000);
    measure(8, 200000, 1000000);
}

static void get_load(uint32_t index, double budget_bytes)
{
    load_named(index, &load);
    load_shrink(&load, 8, 200, 0.01, 10);
    if (budget_bytes > 0)
        load_slice(&load, budget_bytes / 2);
}

static void print_real(const char *name, const struct policy *policy, double need, double bound_ns)
{
    struct policy_result real;
    struct policy_result simulated;

    policy_run(&load, policy, &simulated);
    policy_run_on_threads(&load, policy, &real);
    printf("%s | %s | %.2f | %.2f | %.0f %% | %.1fx\n", load.name, name, real.wall_ns / bound_ns,
           simulated.wall_ns / bound_ns, 100 * (real.wall_ns / simulated.wall_ns - 1),
           real.peak_bytes / need);
    (void)fflush(stdout);
}

static void compare(uint32_t index)
{
    static const double scales[] = {1, 2, 4};

    get_load(index, 0);
    const double need = load_needed_bytes(&load, 1);
    const double bound_ns = load_bound(&load, 4, 0).ns;
    const uint32_t cores = load.machine.cores;
    print_real("unbounded", &(struct policy){.kind = POLICY_UNBOUNDED, .slots = 256, .parts = 1},
               need, bound_ns);
    print_real("static 4/4/2",
               &(struct policy){
                   .kind = POLICY_STATIC,
                   .fetch_threads = 4,
                   .cpu_threads = 4,
                   .upload_threads = 2,
                   .channel = 4,
                   .slots = 512,
                   .parts = 1,
               },
               need, bound_ns);
    print_real("one thread but for the heavy step",
               &(struct policy){
                   .kind = POLICY_STATIC,
                   .fetch_threads = 1,
                   .cpu_threads = cores,
                   .upload_threads = 1,
                   .channel = 4,
                   .slots = 512,
                   .parts = 1,
               },
               need, bound_ns);
    print_real("N sequential pipelines",
               &(struct policy){.kind = POLICY_SEQUENTIAL, .tokens = cores, .slots = 512}, need,
               bound_ns);
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        char name[32];

        get_load(index, scales[i] * need);
        (void)snprintf(name, sizeof name, "weir, %.0fx", scales[i]);
        print_real(name,
                   &(struct policy){
                       .kind = POLICY_WEIR,
                       .parts = 4,
                       .budget_bytes = scales[i] * need,
                   },
                   need, bound_ns);
    }
}

void real_policies(void)
{
    static const uint32_t loads[] = {0, 1, 2, 6, 7};

    printf("workload | policy | T on threads | T simulated | off by | peak / needed\n"
           "---|---|---|---|---|---\n");
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        compare(loads[i]);
}
