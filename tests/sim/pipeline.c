/* SPDX-License-Identifier: Apache-2.0 */

#include "sim/pipeline.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine.h"

enum {
    ITEMS_MAX = 160,
    GROUPS_MAX = 24,
    PLANS_MAX = 6,
};

/* One item may be a lone job, a member, a join, or a plan that opens groups. */
struct item {
    struct sim_item sim;
    struct weir_step route[WEIR_STEPS_MAX];
    uint32_t step_count;
    uint64_t peak;
    enum weir_budget budget;
    bool is_submitted;
};

struct group_plan {
    struct item *join;
    struct item *members[16];
    uint32_t member_count;
    uint64_t retained;
    enum weir_budget budget;
    uint32_t submitted_before_pause; /* Members submitted at once; the rest and the close follow. */
    struct weir_group *open;
};

struct plan {
    struct item *item;
    struct group_plan *groups[4];
    uint32_t group_count;
    uint32_t groups_left;
    uint32_t waits_at; /* The step that waits. */
};

struct pipeline {
    uint64_t seed;
    const struct pipeline_options *options;
    struct sim *m;
    struct item items[ITEMS_MAX];
    uint32_t item_count;
    struct group_plan groups[GROUPS_MAX];
    uint32_t group_count;
    struct plan plans[PLANS_MAX];
    uint32_t plan_count;
    uint32_t stage_count;
    int io_resource, wait_resource, blocking_resource;
    int wait_stage;
    uint64_t peak_max[2];
    uint32_t next_item; /* For the source. */
    uint32_t lone_count;
    struct pipeline_outcome *outcome;
};

/* A source of lone jobs. */
struct pull {
    struct pipeline *pipeline;
    int source;
};

static uint64_t pick(struct pipeline *p, uint64_t max)
{
    return sim_random(&p->seed) % (max + 1);
}

/* Mostly small, sometimes very large. */
static uint64_t heavy(struct pipeline *p, uint64_t scale)
{
    const uint64_t tail = pick(p, 9) == 0 ? 1 + pick(p, 20) : 1;

    return (1 + pick(p, scale)) * tail;
}

static enum weir_status no_run(struct weir_job *job, void *item, const struct weir_call *call)
{
    (void)job;
    (void)item;
    (void)call;
    return WEIR_OK;
}

static void add_stages(struct pipeline *p)
{
    struct weir_sched *s = sim_sched(p->m);
    /* One draw to a statement: the order within an initialiser is the compiler's. */
    const uint32_t slots_max = 1 + (uint32_t)pick(p, 15);
    const uint32_t slots_first = 1 + (uint32_t)pick(p, 7);
    const bool is_by_item = pick(p, 1) == 0;
    const uint32_t threads = 1 + (uint32_t)pick(p, 2);

    p->io_resource = weir_sched_add_resource(s, &(struct weir_resource){
                                                    .name = "io",
                                                    .kind = WEIR_ASYNC,
                                                    .slots_min = 1,
                                                    .slots_max = slots_max,
                                                    .slots_first = slots_first,
                                                    .is_counted_by_item = is_by_item,
                                                });
    p->wait_resource = weir_sched_add_resource(s, &(struct weir_resource){
                                                      .name = "wait",
                                                      .kind = WEIR_ASYNC,
                                                      .slots_min = PLANS_MAX,
                                                      .slots_max = PLANS_MAX,
                                                  });
    p->blocking_resource = weir_sched_add_resource(s, &(struct weir_resource){
                                                          .name = "blocking",
                                                          .kind = WEIR_BLOCKING,
                                                          .slots_min = 1,
                                                          .slots_max = threads,
                                                      });
    p->stage_count = 3 + (uint32_t)pick(p, 6);
    for (uint32_t i = 0; i < p->stage_count; i++) {
        const uint64_t kind = pick(p, 5);
        const bool is_capped = pick(p, 4) == 0;
        const bool in_order = pick(p, 3) == 0;

        (void)weir_sched_add_stage(s, &(struct weir_stage){
                                          .name = "stage",
                                          .resource = kind < 3   ? WEIR_CPU
                                                      : kind < 5 ? p->io_resource
                                                                 : p->blocking_resource,
                                          .run = no_run,
                                          .parallel_max = is_capped ? 1 : 0,
                                          .in_order = in_order,
                                      });
    }
    p->wait_stage = weir_sched_add_stage(
        s, &(struct weir_stage){.name = "wait", .resource = p->wait_resource, .run = no_run});
}

static struct sim_cost draw_cost(struct pipeline *p, int stage)
{
    const struct weir_sched *s = sim_sched(p->m);
    const int resource = s->stages[stage].config.resource;

    struct sim_cost cost = {.kind = SIM_TIME};

    cost.ns = 1 + pick(p, 1000000);
    cost.bytes = (double)heavy(p, 1000);
    if (resource == p->io_resource && pick(p, 3) > 0)
        cost.kind = SIM_REQUEST;
    return cost;
}

/* Steps go downstream, mostly. Drops are what keeps the sum from falling below 0. */
static void draw_route(struct pipeline *p, struct item *item, uint64_t held_first)
{
    uint64_t planned = held_first;
    uint64_t peak = planned;
    uint32_t stage = (uint32_t)pick(p, p->stage_count - 1);

    item->step_count = 1 + (uint32_t)pick(p, 4);
    for (uint32_t i = 0; i < item->step_count; i++) {
        struct weir_step *step = &item->route[i];
        const uint32_t parts = pick(p, 2) == 0 ? 1 + (uint32_t)pick(p, 5) : 1;
        const uint64_t grow = pick(p, 3) == 0 ? 0 : heavy(p, 100);

        *step = (struct weir_step){
            .stage = (int)stage,
            .part_count = parts,
            .grow_bytes = grow,
        };
        planned += step->grow_bytes;
        peak = planned > peak ? planned : peak;
        step->drop_bytes = pick(p, planned);
        planned -= step->drop_bytes;
        item->sim.costs[i] = draw_cost(p, step->stage);
        stage =
            pick(p, 7) == 0 ? (uint32_t)pick(p, p->stage_count - 1) : stage + (uint32_t)pick(p, 2);
        if (stage >= p->stage_count)
            stage = p->stage_count - 1;
    }
    item->sim.user = p;
    item->peak = peak;
    if (peak > p->peak_max[item->budget])
        p->peak_max[item->budget] = peak;
}

static void draw_trouble(struct pipeline *p, struct item *item)
{
    static const enum weir_status answers[] = {WEIR_SKIP, WEIR_RETRY, WEIR_RETRY, WEIR_RESTART};
    struct sim_cost *cost = &item->sim.costs[pick(p, item->step_count - 1)];

    if (!p->options->has_trouble || pick(p, 5) != 0 || cost->answer_count > 0)
        return;
    cost->answer = answers[pick(p, 3)];
    cost->answer_count = 1 + (uint32_t)pick(p, 1);
    if (cost->answer == WEIR_RETRY)
        cost->grow_bytes = heavy(p, 60);
    if (pick(p, 60) == 0)
        cost->answer = WEIR_FAILED;
}

/* Handles its item in slices, inside one claim. */
static void slice(struct pipeline *p, struct item *item)
{
    const struct weir_sched *s = sim_sched(p->m);
    const uint32_t last = item->step_count - 1;
    uint64_t sum = 0;

    if (item->step_count < 2 || pick(p, 6) != 0)
        return;
    for (uint32_t i = 1; i < last; i++) {
        if (s->stages[item->route[i].stage].config.in_order)
            return;
    }
    for (uint32_t i = 0; i < item->step_count; i++) {
        sum += item->route[i].grow_bytes;
        item->route[i].grow_bytes = 0;
        item->route[i].drop_bytes = 0;
    }
    sum = sum > item->peak ? item->peak : sum;
    item->route[0].grow_bytes = sum;
    item->route[last].drop_bytes = sum;
    item->route[last].part_count = 1;
    item->sim.costs[last].answer = WEIR_AGAIN;
    item->sim.costs[last].answer_count = 1 + (uint32_t)pick(p, 3);
}

static struct item *draw_item(struct pipeline *p, enum weir_budget budget, uint64_t held_first)
{
    assert(p->item_count < ITEMS_MAX);
    struct item *item = &p->items[p->item_count++];

    item->budget = budget;
    draw_route(p, item, held_first);
    return item;
}

/* Only a lone job's step of one part may begin again. */
static void soften(struct item *item, bool is_alone)
{
    for (uint32_t i = 0; i < item->step_count; i++) {
        if (item->sim.costs[i].answer == WEIR_RESTART &&
            (!is_alone || item->route[i].part_count > 1))
            item->sim.costs[i].answer_count = 0;
    }
}

static struct group_plan *draw_group(struct pipeline *p, enum weir_budget budget)
{
    struct group_plan *g = &p->groups[p->group_count++];

    g->budget = budget;
    g->retained = pick(p, 2) == 0 ? 0 : heavy(p, 50);
    g->join = draw_item(p, budget, g->retained);
    if (pick(p, 9) == 0)
        g->join->step_count = 0;
    g->member_count = (uint32_t)pick(p, 6);
    for (uint32_t i = 0; i < g->member_count; i++) {
        g->members[i] = draw_item(p, budget, 0);
        slice(p, g->members[i]);
        draw_trouble(p, g->members[i]);
        soften(g->members[i], false);
        if (g->retained + g->members[i]->peak > p->peak_max[budget])
            p->peak_max[budget] = g->retained + g->members[i]->peak;
    }
    g->submitted_before_pause = pick(p, 3) == 0 ? (uint32_t)pick(p, g->member_count) : UINT32_MAX;
    return g;
}

static enum weir_status submit(struct pipeline *p, struct item *item, struct weir_group *group,
                               int source)
{
    const enum weir_status status =
        weir_sched_submit(sim_sched(p->m), &(struct weir_submission){
                                               .group = group,
                                               .budget = item->budget,
                                               .route = item->route,
                                               .step_count = item->step_count,
                                               .item = item,
                                               .source = source,
                                           });

    item->is_submitted = status == WEIR_OK;
    return status;
}

static void submit_members(struct pipeline *p, struct group_plan *g, uint32_t first)
{
    for (uint32_t i = first; i < g->member_count; i++) {
        if (i == g->submitted_before_pause)
            return;
        (void)submit(p, g->members[i], g->open, -1);
    }
    weir_sched_close_group(sim_sched(p->m), g->open);
    g->open = NULL;
}

static void open_group(struct pipeline *p, struct group_plan *g)
{
    g->open = weir_sched_open_group(sim_sched(p->m),
                                    &(struct weir_submission){
                                        .budget = g->budget,
                                        .route = g->join->route,
                                        .step_count = g->join->step_count,
                                        .item = g->join,
                                        .source = -1,
                                    },
                                    g->retained);
    if (g->open == NULL)
        return;
    g->join->is_submitted = true;
    submit_members(p, g, 0);
}

/* A group that was left open goes on when any job leaves or ends a part. */
static void go_on_with_open_groups(struct pipeline *p)
{
    for (uint32_t i = 0; i < p->group_count; i++) {
        struct group_plan *g = &p->groups[i];

        if (g->open != NULL && pick(p, 1) == 0) {
            const uint32_t first = g->submitted_before_pause;

            g->submitted_before_pause = UINT32_MAX;
            submit_members(p, g, first);
        }
    }
}

static bool on_idle(struct sim *m, void *user)
{
    struct pipeline *p = user;

    (void)m;
    for (uint32_t i = 0; i < p->group_count; i++) {
        if (p->groups[i].open != NULL) {
            go_on_with_open_groups(p);
            return true;
        }
    }
    return false;
}

static struct plan *plan_of(struct pipeline *p, const struct sim_item *item)
{
    for (uint32_t i = 0; i < p->plan_count; i++) {
        if (&p->plans[i].item->sim == item)
            return &p->plans[i];
    }
    return NULL;
}

static void on_part(struct sim *m, struct weir_job *job, uint32_t part, void *user)
{
    struct pipeline *p = user;
    struct plan *plan = plan_of(p, job->item);

    (void)m;
    if (plan != NULL && job->step + 1 == plan->waits_at && part == 0 && plan->groups_left == 0) {
        plan->groups_left = plan->group_count;
        for (uint32_t i = 0; i < plan->group_count; i++) {
            open_group(p, plan->groups[i]);
            if (!plan->groups[i]->join->is_submitted)
                plan->groups_left--;
        }
        if (plan->groups_left == 0)
            sim_end_wait(p->m, &plan->item->sim);
    }
    go_on_with_open_groups(p);
}

static void on_drop(struct sim *m, struct sim_item *item, void *user)
{
    struct pipeline *p = user;

    (void)m;
    for (uint32_t i = 0; i < p->plan_count; i++) {
        struct plan *plan = &p->plans[i];

        for (uint32_t k = 0; k < plan->group_count; k++) {
            if (&plan->groups[k]->join->sim == item && --plan->groups_left == 0)
                sim_end_wait(m, &plan->item->sim);
        }
    }
    go_on_with_open_groups(p);
}

/* A meta job: some steps, a plan, a wait for the groups, perhaps a step more. */
static void draw_plan(struct pipeline *p)
{
    struct plan *plan = &p->plans[p->plan_count++];
    struct item *item = draw_item(p, WEIR_META, 0);

    plan->item = item;
    if (item->step_count > 4)
        item->step_count = 4;
    plan->waits_at = item->step_count;
    item->route[item->step_count] = (struct weir_step){.stage = p->wait_stage, .part_count = 1};
    item->sim.costs[item->step_count] = (struct sim_cost){.kind = SIM_WAIT};
    item->step_count++;
    plan->group_count = 1 + (uint32_t)pick(p, 2);
    for (uint32_t i = 0; i < plan->group_count; i++)
        plan->groups[i] = draw_group(p, WEIR_DATA);
}

static enum weir_status next(struct weir *w, void *user)
{
    const struct pull *pull = user;
    struct pipeline *p = pull->pipeline;
    uint32_t count = 1 + (uint32_t)pick(p, 1);

    (void)w;
    if (pick(p, 1) == 0)
        weir_sched_source_left(sim_sched(p->m), pull->source, 1 + pick(p, 1000));
    while (count-- > 0) {
        if (p->next_item == p->lone_count)
            return WEIR_END;
        if (submit(p, &p->items[p->next_item++], NULL, pull->source) == WEIR_CANCELLED)
            return WEIR_END;
    }
    return WEIR_OK;
}

static void draw_all(struct pipeline *p)
{
    const uint32_t lone = (uint32_t)pick(p, 24);
    const uint32_t groups = (uint32_t)pick(p, 4);
    const uint32_t plans = (uint32_t)pick(p, 3);

    for (uint32_t i = 0; i < lone; i++) {
        struct item *item = draw_item(p, pick(p, 4) == 0 ? WEIR_META : WEIR_DATA, 0);

        slice(p, item);

        draw_trouble(p, item);
        soften(item, true);
    }
    p->lone_count = lone;
    for (uint32_t i = 0; i < groups; i++)
        (void)draw_group(p, pick(p, 4) == 0 ? WEIR_META : WEIR_DATA);
    for (uint32_t i = 0; i < plans; i++)
        draw_plan(p);
}

static void complain(struct pipeline *p, const char *what, uint64_t number)
{
    if (p->outcome->what[0] == '\0')
        (void)snprintf(p->outcome->what, sizeof p->outcome->what, "%s (%" PRIu64 ")", what, number);
}

static void judge_items(struct pipeline *p)
{
    for (uint32_t i = 0; i < p->item_count; i++) {
        const struct item *item = &p->items[i];

        if (item->sim.drop_count != (item->is_submitted ? 1U : 0U)) {
            p->outcome->is_wrong = true;
            complain(p, "an item was not dropped exactly once", i);
        }
        p->outcome->jobs += item->is_submitted;
    }
}

static void judge_clocks(struct pipeline *p, const struct sim_result *result)
{
    const struct weir_sched *s = sim_sched(p->m);

    for (uint32_t i = 0; i < s->stage_count; i++) {
        uint64_t sum = 0;

        for (uint32_t k = 0; k < WEIR_STATE_COUNT; k++)
            sum += s->stages[i].state_ns[k];
        if (sum != result->wall_ns || s->stages[i].expected != 0 || s->stages[i].held != 0) {
            p->outcome->is_wrong = true;
            complain(p, "the clocks of a stage do not add up", i);
        }
    }
}

static void judge(struct pipeline *p, const struct sim_result *result)
{
    const struct weir_sched *s = sim_sched(p->m);

    for (int i = 0; i < 2; i++) {
        if (s->purses[i].used_max > s->purses[i].bytes_max) {
            p->outcome->is_over_budget = true;
            complain(p, "over budget", s->purses[i].used_max);
        }
        if (s->purses[i].used != 0) {
            p->outcome->is_wrong = true;
            complain(p, "memory is left", s->purses[i].used);
        }
    }
    if (result->is_stuck) {
        p->outcome->is_stuck = true;
        complain(p, "stuck", result->events);
        return;
    }
    judge_items(p);
    judge_clocks(p, result);
}

/* The budgets depend on what is drawn, and drawing needs the stages: so the sim is made twice. */
static bool make(struct pipeline *p, uint64_t seed, uint64_t data, uint64_t meta)
{
    p->seed = seed;
    const uint32_t workers = 1 + (uint32_t)pick(p, 5);
    const double rate = 1e9 * (0.1 + sim_uniform(&p->seed));
    const uint64_t cancel_at = pick(p, 9) == 0 ? 1 + pick(p, 200) : 0;
    const uint64_t end_ns_max = pick(p, 1) == 0 ? 200000 : 0;

    p->m = sim_new(&(struct sim_config){
        .weir =
            {
                .size = sizeof(struct weir_config),
                .data_budget_bytes = data,
                .meta_budget_bytes = meta,
                .worker_count = workers,
                .is_simplest = p->options->is_simplest,
            },
        .links = {{.rate = rate, .stream_rate = 1e8}},
        .link_count = 1,
        .is_checked = p->options->is_checked,
        .cancel_at = p->options->has_trouble ? cancel_at : 0,
        .end_ns_max = end_ns_max,
        .events_max = 100000,
    });
    if (p->m == NULL)
        return false;
    if (!p->options->is_simplest)
        sim_sched(p->m)->rules = p->options->rules;
    add_stages(p);
    p->item_count = 0;
    p->group_count = 0;
    p->plan_count = 0;
    p->peak_max[0] = 1;
    p->peak_max[1] = 1;
    draw_all(p);
    return true;
}

void pipeline_run(uint64_t seed, const struct pipeline_options *options,
                  struct pipeline_outcome *ret)
{
    struct pipeline *p = calloc(1, sizeof *p);
    struct sim_result result;
    uint64_t scale_seed = seed;
    const double scale = options->budget_scale > 0
                             ? options->budget_scale
                             : 1 + 3 * sim_uniform(&scale_seed) * sim_uniform(&scale_seed);

    *ret = (struct pipeline_outcome){.is_wrong = true};
    if (p == NULL)
        return;
    p->options = options;
    p->outcome = ret;
    if (!make(p, seed, 1, 1))
        abort();
    const uint64_t data = (uint64_t)((double)p->peak_max[WEIR_DATA] * scale);
    const uint64_t meta = (uint64_t)((double)p->peak_max[WEIR_META] * scale);
    sim_free(p->m);
    memset(p->items, 0, sizeof p->items);
    memset(p->groups, 0, sizeof p->groups);
    memset(p->plans, 0, sizeof p->plans);
    if (!make(p, seed, data, meta))
        abort();
    if (seed % 4 == 0)
        weir_sched_lower(sim_sched(p->m), sim_random(&scale_seed) % (data + 1));
    ret->is_wrong = false;
    sim_on_part(p->m, on_part, p);
    sim_on_drop(p->m, on_drop, p);
    sim_on_idle(p->m, on_idle, p);
    for (uint32_t i = 0; i < p->group_count; i++) {
        bool is_of_plan = false;

        for (uint32_t k = 0; k < p->plan_count; k++) {
            for (uint32_t l = 0; l < p->plans[k].group_count; l++)
                is_of_plan = is_of_plan || p->plans[k].groups[l] == &p->groups[i];
        }
        if (!is_of_plan)
            open_group(p, &p->groups[i]);
    }
    for (uint32_t i = 0; i < p->plan_count; i++)
        (void)submit(p, p->plans[i].item, NULL, -1);
    /* Some share the lone jobs between two sources. */
    struct pull pulls[2];
    for (int i = 0; i < (seed % 3 == 0 ? 2 : 1); i++) {
        pulls[i] = (struct pull){.pipeline = p, .source = i};
        (void)sim_add_source(p->m, next, &pulls[i]);
    }
    sim_run(p->m, &result);
    ret->events = result.events;
    ret->wall_ns = result.wall_ns;
    ret->retries = result.retries;
    judge(p, &result);
    sim_free(p->m);
    free(p);
}
