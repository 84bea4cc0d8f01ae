/* SPDX-License-Identifier: Apache-2.0 */

/*
 * All reachable states of small instances: every order in which jobs may be granted their steps and
 * steps may end, however the scheduler would choose. In no state may all wait for ever; in each the
 * invariants hold. Lone jobs, groups with retained memory and ordered stages, and steps that turn
 * out to need more than they claimed.
 *
 * A state is reached again by repeating the actions that led to it from the beginning.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine.h"
#include "weir/job.h"
#include "weir/life.h"
#include "weir/sched.h"

enum {
    JOBS_MAX = 6,
    DEPTH_MAX = 64,
    STATES_MAX = 1 << 16,
    STAGES = 3,
};

struct spec {
    struct weir_step route[3];
    uint32_t step_count;
    uint64_t overrun; /* Asked for on top at the end of overrun_step, until it is there. */
    uint32_t overrun_step;
    int group; /* -1: alone. */
};

struct instance {
    uint64_t budget;
    uint32_t rules;
    bool in_order[STAGES];
    struct spec jobs[JOBS_MAX];
    uint32_t job_count;
    struct spec joins[2];
    uint64_t retained[2];
    uint32_t group_count;
};

/* An action: end the running step of a job, or try to grant it its next one. */
struct action {
    bool is_end;
    uint32_t job; /* Index in `live`; joins follow the jobs. */
};

struct item {
    const struct spec *spec;
    struct weir_job *job; /* NULL: not there any more. */
    uint64_t got;         /* Of the overrun. */
};

struct world {
    const struct instance *instance;
    struct weir_sched s;
    struct item items[JOBS_MAX + 2];
    uint32_t item_count;
    struct weir_task running[JOBS_MAX + 2];
    bool is_running[JOBS_MAX + 2];
    const struct weir_job *allowed;
};

static enum weir_status no_run(struct weir_job *job, void *item, const struct weir_call *call)
{
    (void)job;
    (void)item;
    (void)call;
    return WEIR_OK;
}

static bool is_allowed(const struct weir_sched *s, const struct weir_job *job, void *context)
{
    const struct world *w = context;

    (void)s;
    return job == w->allowed;
}

static uint32_t index_of(const struct world *w, const struct item *item)
{
    return (uint32_t)(item - w->items);
}

/* What has ended goes at once: its memory first, then its record. */
static void clear_ends(struct world *w)
{
    while (!weir_list_is_empty(&w->s.ends)) {
        struct weir_task task;

        if (!weir_sched_pick(&w->s, WEIR_CPU, 0, &task) || task.kind != WEIR_TASK_END)
            abort();
        struct item *item = task.job->item;
        if (weir_sched_released(&w->s, task.job, 0)) {
            item->job = NULL;
            weir_sched_dropped(&w->s, task.job, 0);
        }
    }
}

/* Jobs are found through `all`, in the order of their making. */
static void submit(struct world *w, const struct spec *spec, struct weir_group *group)
{
    struct item *item = &w->items[w->item_count++];

    item->spec = spec;
    if (weir_sched_submit(&w->s, &(struct weir_submission){
                                     .group = group,
                                     .budget = WEIR_DATA,
                                     .route = spec->route,
                                     .step_count = spec->step_count,
                                     .item = item,
                                     .source = -1,
                                 }) == WEIR_OK)
        item->job = WEIR_OBJECT(w->s.all.previous, struct weir_job, all_link);
}

static void build(struct world *w, const struct instance *instance)
{
    const struct weir_hooks hooks = weir_hooks_system();
    const struct weir_config config = {
        .size = sizeof config,
        .data_budget_bytes = instance->budget,
        .worker_count = 64,
    };
    struct weir_group *groups[2];

    memset(w, 0, sizeof *w);
    w->instance = instance;
    if (!weir_sched_init(&w->s, NULL, &config, &hooks))
        abort();
    w->s.rules = instance->rules;
    w->s.baseline = is_allowed;
    w->s.baseline_context = w;
    for (int i = 0; i < STAGES; i++)
        (void)weir_sched_add_stage(&w->s, &(struct weir_stage){
                                              .name = "stage",
                                              .resource = WEIR_CPU,
                                              .run = no_run,
                                              .in_order = instance->in_order[i],
                                          });
    for (uint32_t i = 0; i < instance->group_count; i++) {
        struct item *item = &w->items[w->item_count++];

        item->spec = &instance->joins[i];
        groups[i] = weir_sched_open_group(&w->s,
                                          &(struct weir_submission){
                                              .budget = WEIR_DATA,
                                              .route = item->spec->route,
                                              .step_count = item->spec->step_count,
                                              .item = item,
                                              .source = -1,
                                          },
                                          instance->retained[i]);
        if (groups[i] == NULL)
            abort();
        item->job = groups[i]->join;
    }
    for (uint32_t i = 0; i < instance->job_count; i++) {
        const struct spec *spec = &instance->jobs[i];

        submit(w, spec, spec->group < 0 ? NULL : groups[spec->group]);
    }
    for (uint32_t i = 0; i < instance->group_count; i++)
        weir_sched_close_group(&w->s, groups[i]);
    clear_ends(w);
}

static void tear_down(struct world *w)
{
    weir_sched_cancel(&w->s);
    for (uint32_t i = 0; i < w->item_count; i++) {
        if (w->is_running[i])
            weir_sched_returned(&w->s, &w->running[i], WEIR_OK, 0, 0);
    }
    clear_ends(w);
    weir_sched_fini(&w->s);
}

static enum weir_status answer(struct world *w, struct item *item)
{
    const struct spec *spec = item->spec;
    struct weir_job *job = item->job;

    if (spec->overrun == 0 || job->step != spec->overrun_step || item->got >= spec->overrun)
        return WEIR_OK;
    /* With what a retry has added to the claim, the step has it. */
    if (job->route[job->step].grow_bytes >= spec->route[job->step].grow_bytes + spec->overrun)
        return WEIR_OK;
    const enum weir_status status = weir_sched_grow(&w->s, job, spec->overrun, false);
    if (status == WEIR_OK)
        item->got = spec->overrun;
    return status == WEIR_OVERSIZE ? WEIR_SKIP : status;
}

/* False: it is not possible in this state. */
static bool apply(struct world *w, struct action action)
{
    struct item *item = &w->items[action.job];
    struct weir_task task;

    if (item->job == NULL || w->is_running[action.job] != action.is_end)
        return false;
    if (action.is_end) {
        w->is_running[action.job] = false;
        weir_sched_returned(&w->s, &w->running[action.job], answer(w, item), 0, 0);
        clear_ends(w);
        return true;
    }
    w->allowed = item->job;
    w->s.version++;
    if (!weir_sched_pick(&w->s, WEIR_CPU, 0, &task))
        return false;
    if (task.kind != WEIR_TASK_PART || index_of(w, task.job->item) != action.job)
        abort();
    w->running[action.job] = task;
    w->is_running[action.job] = true;
    return true;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    uint64_t seed = hash ^ value * UINT64_C(0x9e3779b97f4a7c15);

    return sim_random(&seed);
}

static uint64_t hash_state(const struct world *w)
{
    uint64_t hash = 1;

    for (uint32_t i = 0; i < w->item_count; i++) {
        const struct item *item = &w->items[i];

        hash = mix(hash, i);
        if (item->job == NULL)
            continue;
        hash = mix(hash, 1 + (uint64_t)item->job->state);
        hash = mix(hash, item->job->step);
        hash = mix(hash, item->job->held);
        hash = mix(hash, item->got);
        hash = mix(hash, item->job->unit->is_begun);
        for (uint32_t k = 0; k < item->job->step_count; k++)
            hash = mix(hash, item->job->route[k].grow_bytes);
    }
    return hash | 1;
}

struct walk {
    const struct instance *instance;
    uint64_t seen[2 * STATES_MAX];
    uint32_t state_count;
    uint32_t stuck_count;
    struct action path[DEPTH_MAX];
    uint32_t depth;
};

/* False: it is there already, or there is no more room. */
static bool remember(struct walk *walk, uint64_t hash)
{
    uint64_t i = hash % (2 * STATES_MAX);

    while (walk->seen[i] != 0) {
        if (walk->seen[i] == hash)
            return false;
        i = (i + 1) % (2 * STATES_MAX);
    }
    if (walk->state_count == STATES_MAX)
        return false;
    walk->seen[i] = hash;
    walk->state_count++;
    return true;
}

/* The state that the path leads to; nothing on a path is ever refused. */
static void go_to(const struct walk *walk, struct world *w)
{
    build(w, walk->instance);
    for (uint32_t i = 0; i < walk->depth; i++) {
        if (!apply(w, walk->path[i]))
            abort();
    }
}

/* The next action to try at this depth is kept in `next`; no recursion. */
static void explore(struct walk *walk)
{
    static uint32_t next[DEPTH_MAX + 1];
    static bool is_live[DEPTH_MAX + 1]; /* Some action was possible there. */
    static struct world w;
    const uint32_t count = 2 * (walk->instance->job_count + walk->instance->group_count);

    walk->depth = 0;
    next[0] = 0;
    is_live[0] = false;
    for (;;) {
        if (next[walk->depth] == count) {
            go_to(walk, &w);
            walk->stuck_count += !is_live[walk->depth] && !weir_sched_is_over(&w.s);
            tear_down(&w);
            if (walk->depth-- == 0)
                return;
            continue;
        }
        const uint32_t number = next[walk->depth]++;
        const struct action action = {.is_end = number % 2 == 0, .job = number / 2};
        go_to(walk, &w);
        const bool is_possible = apply(&w, action);
        if (is_possible) {
            is_live[walk->depth] = true;
            if ((walk->instance->rules & WEIR_RULE_SAFE) != 0)
                weir_sched_check(&w.s);
        }
        const bool is_new = is_possible && remember(walk, hash_state(&w));
        tear_down(&w);
        if (!is_new)
            continue;
        if (walk->depth + 1 == DEPTH_MAX)
            abort();
        walk->path[walk->depth++] = action;
        next[walk->depth] = 0;
        is_live[walk->depth] = false;
    }
}

static uint64_t draw(uint64_t *seed, uint64_t max)
{
    return sim_random(seed) % (max + 1);
}

static uint64_t draw_spec(uint64_t *seed, struct spec *spec, uint64_t held_first)
{
    uint64_t planned = held_first;
    uint64_t peak = held_first;

    *spec = (struct spec){.step_count = 1 + (uint32_t)draw(seed, 2), .group = -1};
    for (uint32_t i = 0; i < spec->step_count; i++) {
        struct weir_step *step = &spec->route[i];

        step->stage = (int)draw(seed, STAGES - 1);
        step->part_count = 1;
        step->grow_bytes = draw(seed, 4);
        planned += step->grow_bytes;
        peak = planned > peak ? planned : peak;
        step->drop_bytes = draw(seed, planned);
        planned -= step->drop_bytes;
    }
    if (draw(seed, 4) == 0) {
        spec->overrun_step = (uint32_t)draw(seed, spec->step_count - 1);
        spec->overrun = 1 + draw(seed, 2);
    }
    return peak;
}

static void draw_instance(uint64_t seed, uint32_t rules, struct instance *ret)
{
    uint64_t largest = 1;
    const uint32_t shape = (uint32_t)draw(&seed, 2);

    *ret = (struct instance){.rules = rules};
    ret->group_count = shape;
    ret->job_count =
        ret->group_count == 2 ? 4 + (uint32_t)draw(&seed, 1) : 3 + (uint32_t)draw(&seed, 1);
    for (int i = 0; i < STAGES; i++)
        ret->in_order[i] = draw(&seed, 2) == 0;
    for (uint32_t i = 0; i < ret->group_count; i++) {
        ret->retained[i] = draw(&seed, 3);
        const uint64_t peak = draw_spec(&seed, &ret->joins[i], ret->retained[i]);

        ret->joins[i].overrun = 0;
        largest = peak > largest ? peak : largest;
    }
    for (uint32_t i = 0; i < ret->job_count; i++) {
        /* A third of the jobs beside a group is alone. */
        const int group = shape == 0 ? -1 : (int)(i % 3);
        uint64_t peak = draw_spec(&seed, &ret->jobs[i], 0);

        ret->jobs[i].group = group < (int)ret->group_count ? group : -1;
        if (ret->jobs[i].group >= 0)
            peak += ret->retained[ret->jobs[i].group];
        largest = peak > largest ? peak : largest;
    }
    ret->budget = largest + draw(&seed, 3);
}

static bool walk_all(const char *name, uint32_t rules, uint64_t count, bool may_be_stuck)
{
    static struct walk walk;
    static struct instance instance;
    uint64_t states = 0;
    uint64_t stuck = 0;
    uint64_t instances_stuck = 0;

    for (uint64_t seed = 1; seed <= count; seed++) {
        draw_instance(seed, rules, &instance);
        memset(&walk, 0, sizeof walk);
        walk.instance = &instance;
        explore(&walk);
        states += walk.state_count;
        stuck += walk.stuck_count;
        instances_stuck += walk.stuck_count > 0;
        if (walk.stuck_count > 0 && !may_be_stuck) {
            printf("%s: seed %" PRIu64 " has %u states in which all wait for ever\n", name, seed,
                   walk.stuck_count);
            return false;
        }
    }
    printf("%-12s %6" PRIu64 " instances %9" PRIu64 " states %7" PRIu64 " stuck, in %" PRIu64
           " instances\n",
           name, count, states, stuck, instances_stuck);
    if (may_be_stuck && stuck == 0) {
        printf("%s: none was stuck, so the walk sees nothing\n", name);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 12;

    const bool is_good = walk_all("all rules", WEIR_RULE_ALL, count, false) &&
                         walk_all("hard rules", WEIR_RULE_SAFE, count, false) &&
                         walk_all("no banker", 0, count, true);
    return is_good ? 0 : 1;
}
