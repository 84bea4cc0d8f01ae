/* SPDX-License-Identifier: Apache-2.0 */

#include "weir/policy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/machine.h"
#include "weir/engine.h"
#include "weir/line.h"

enum {
    FETCH,
    WORK,
    JOIN,
    UPLOAD,
    STAGE_COUNT,
};

struct run {
    const struct load *load;
    const struct policy *policy;
    struct sim *m;        /* NULL: on threads. */
    struct weir *w;       /* NULL: simulated. */
    struct weir_sched *s; /* Of either. */
    struct line *line;    /* On threads: the network. */
    struct sim_item items[LOAD_ITEMS_MAX];
    struct sim_item joins[LOAD_ITEMS_MAX];
    uint32_t next;
    int stages[STAGE_COUNT];
    int down, up;
};

/*
 * What a simulated step costs: a request on the line, or time on a worker. That is slept and not
 * burnt, so that the workers are as many as the load says and nothing else on the machine counts.
 */
static enum weir_status spend(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    const struct run *r = call->user;
    const struct sim_item *item = pointer;
    const struct sim_cost *cost = &item->costs[job->step];

    if (cost->kind == SIM_REQUEST) {
        line_send(r->line, &(struct line_request){
                               .job = job,
                               .part = call->part,
                               .link = cost->link,
                               .bytes = cost->bytes,
                               .latency_ns = cost->ns,
                           });
        return WEIR_PENDING;
    }
    const uint64_t ns = cost->ns / job->route[job->step].part_count;
    const struct timespec t = {
        .tv_sec = (time_t)(ns / 1000000000U),
        .tv_nsec = (long)(ns % 1000000000U),
    };
    (void)nanosleep(&t, NULL);
    return WEIR_OK;
}

static int add_io(struct run *r, const char *name)
{
    const uint32_t max = r->load->machine.slots_max;
    const uint32_t fixed = r->policy->slots;

    const struct weir_resource resource = {
        .size = sizeof resource,
        .name = name,
        .kind = WEIR_ASYNC,
        .slots_min = fixed > 0 ? fixed : 1,
        .slots_max = fixed > 0 ? fixed : max,
        .slots_first = fixed,
    };

    return r->w != NULL ? weir_resource_add(r->w, &resource)
                        : weir_sched_add_resource(r->s, &resource);
}

static void add_stages(struct run *r)
{
    const bool is_static = r->policy->kind == POLICY_STATIC;

    r->down = add_io(r, "down");
    r->up = add_io(r, "up");
    const struct {
        const char *name;
        int resource;
        uint32_t threads;
    } stages[STAGE_COUNT] = {
        [FETCH] = {"fetch", r->down, r->policy->fetch_threads},
        [WORK] = {"work", WEIR_CPU, r->policy->cpu_threads},
        [JOIN] = {"join", WEIR_CPU, r->policy->cpu_threads},
        [UPLOAD] = {"upload", r->up, r->policy->upload_threads},
    };
    for (int i = 0; i < STAGE_COUNT; i++) {
        const struct weir_stage stage = {
            .size = sizeof stage,
            .name = stages[i].name,
            .resource = stages[i].resource,
            .run = spend,
            .parallel_max = is_static ? stages[i].threads : 0,
            .user = r,
        };

        r->stages[i] =
            r->w != NULL ? weir_stage_add(r->w, &stage) : weir_sched_add_stage(r->s, &stage);
    }
}

static uint64_t jobs_at(const struct weir_sched *s, int stage)
{
    return s->stages[stage].waiting + s->stages[stage].running;
}

/* The rules that are compared with ours, asked before a step begins. */
static bool may_begin(const struct weir_sched *s, const struct weir_job *job, void *context)
{
    const struct run *r = context;
    const struct policy *p = r->policy;
    const int stage = job->route[job->step].stage;
    const bool is_first = job->state == WEIR_JOB_FRESH && !job->unit->is_begun;
    uint64_t begun = 0;

    switch (p->kind) {
    case POLICY_STATIC:
        /* A thread that has finished keeps its item until the channel has room. */
        if (stage == r->stages[FETCH])
            return jobs_at(s, r->stages[WORK]) < p->cpu_threads + p->channel;
        if (stage == r->stages[WORK] && r->load->fan_in == 1)
            return jobs_at(s, r->stages[UPLOAD]) < p->upload_threads + p->channel;
        return true;
    case POLICY_SEQUENTIAL:
    case POLICY_TOKENS:
        for (const struct weir_link *link = s->purses[WEIR_DATA].begun.next;
             link != &s->purses[WEIR_DATA].begun; link = link->next)
            begun++;
        return !is_first || begun < p->tokens;
    case POLICY_RAY: {
        const uint64_t budget = (uint64_t)p->budget_bytes;
        const uint64_t reserved = budget / 2 / STAGE_COUNT;
        uint64_t shared_used = 0;
        const uint64_t grow = job->route[job->step].grow_bytes;

        for (int i = 0; i < STAGE_COUNT; i++) {
            const uint64_t held = s->stages[i].held + (i == stage ? grow : 0);

            shared_used += held > reserved ? held - reserved : 0;
        }
        return shared_used <= budget / 2 || s->purses[WEIR_DATA].running == 0;
    }
    case POLICY_UNBOUNDED:
    case POLICY_SEMAPHORE:
    case POLICY_UP_FRONT:
    case POLICY_BANKER:
    case POLICY_WEIR:
        return true;
    }
    return true;
}

static uint32_t parts_of(const struct run *r)
{
    return r->policy->kind == POLICY_SEQUENTIAL || r->policy->parts == 0 ? 1 : r->policy->parts;
}

static void set_item(struct run *r, uint32_t index, struct weir_step *route)
{
    const struct load_item *item = &r->load->items[index];
    const uint64_t input = (uint64_t)item->input_bytes;
    const uint64_t work = (uint64_t)item->work_bytes;
    const uint64_t output = r->load->fan_in == 1 ? (uint64_t)item->output_bytes : 0;

    route[0] = (struct weir_step){
        .stage = r->stages[FETCH],
        .part_count = item->requests,
        .grow_bytes = input,
    };
    route[1] = (struct weir_step){
        .stage = r->stages[WORK],
        .part_count = parts_of(r),
        .grow_bytes = work + output,
        .drop_bytes = input + work,
    };
    route[2] = (struct weir_step){
        .stage = r->stages[UPLOAD],
        .part_count = load_upload_requests(r->load, item->output_bytes),
        .drop_bytes = output,
    };
    r->items[index].costs[0] = (struct sim_cost){
        .kind = SIM_REQUEST,
        .ns = r->load->machine.latency_ns,
        .bytes = item->input_bytes / item->requests,
        .link = 0,
    };
    r->items[index].costs[1] = (struct sim_cost){.ns = (uint64_t)item->cpu_ns};
    r->items[index].costs[2] = (struct sim_cost){
        .kind = SIM_REQUEST,
        .ns = r->load->machine.latency_ns,
        .bytes = item->output_bytes / load_upload_requests(r->load, item->output_bytes),
        .link = 1,
    };
}

static void submit(struct run *r, uint32_t index, struct weir_group *group)
{
    struct weir_step route[3];

    set_item(r, index, route);
    const struct weir_submission job = {
        .group = group,
        .budget = WEIR_DATA,
        .route = route,
        .step_count = group == NULL ? 3 : 2,
        .item = &r->items[index],
        .source = 0,
    };
    const enum weir_status status =
        r->w != NULL ? weir_submit(r->w, group, WEIR_DATA, route, job.step_count, job.item, NULL)
                     : weir_sched_submit(r->s, &job);
    if (status != WEIR_OK)
        abort();
}

static void submit_file(struct run *r, uint32_t first)
{
    double bytes = 0;

    for (uint32_t i = 0; i < r->load->fan_in; i++)
        bytes += r->load->items[first + i].output_bytes;
    const struct weir_step join[] = {
        {.stage = r->stages[JOIN], .part_count = parts_of(r)},
        {
            .stage = r->stages[UPLOAD],
            .part_count = load_upload_requests(r->load, bytes),
            .drop_bytes = (uint64_t)bytes,
        },
    };
    struct sim_item *item = &r->joins[first];
    item->costs[0] = (struct sim_cost){.ns = (uint64_t)(bytes * r->load->join_ns_per_byte)};
    item->costs[1] = (struct sim_cost){
        .kind = SIM_REQUEST,
        .ns = r->load->machine.latency_ns,
        .bytes = bytes / load_upload_requests(r->load, bytes),
        .link = 1,
    };
    const struct weir_submission job = {
        .budget = WEIR_DATA,
        .route = join,
        .step_count = 2,
        .item = item,
        .source = -1,
    };
    struct weir_group *group =
        r->w != NULL ? weir_group_new(r->w, WEIR_DATA, (uint64_t)bytes, join, 2, item, NULL)
                     : weir_sched_open_group(r->s, &job, (uint64_t)bytes);
    if (group == NULL)
        abort();
    for (uint32_t i = 0; i < r->load->fan_in; i++)
        submit(r, first + i, group);
    if (r->w != NULL)
        weir_group_close(group);
    else
        weir_sched_close_group(r->s, group);
}

static enum weir_status next(struct weir *w, void *user)
{
    struct run *r = user;

    (void)w;
    if (r->next + r->load->fan_in > r->load->item_count)
        return WEIR_END;
    if (r->load->fan_in == 1)
        submit(r, r->next, NULL);
    else
        submit_file(r, r->next);
    r->next += r->load->fan_in;
    return WEIR_OK;
}

static uint32_t rules_of(enum policy_kind kind)
{
    if (kind == POLICY_WEIR)
        return WEIR_RULE_ALL;
    return kind == POLICY_BANKER || kind == POLICY_UP_FRONT ? WEIR_RULE_SAFE : 0;
}

static bool has_budget(enum policy_kind kind)
{
    return kind == POLICY_SEMAPHORE || kind == POLICY_UP_FRONT || kind == POLICY_BANKER ||
           kind == POLICY_WEIR;
}

static struct run *new_run(const struct load *load, const struct policy *policy)
{
    struct run *r = calloc(1, sizeof *r);

    if (r == NULL)
        abort();
    r->load = load;
    r->policy = policy;
    return r;
}

static struct weir_config config_of(const struct run *r)
{
    const bool is_bounded = has_budget(r->policy->kind);

    return (struct weir_config){
        .size = sizeof(struct weir_config),
        .data_budget_bytes = is_bounded ? (uint64_t)r->policy->budget_bytes : UINT64_MAX / 4,
        .worker_count = r->load->machine.cores,
        .is_simplest = r->policy->kind == POLICY_UP_FRONT,
    };
}

static void set_rules(struct run *r)
{
    r->s->rules = rules_of(r->policy->kind);
    r->s->baseline = may_begin;
    r->s->baseline_context = r;
}

static void set_result(const struct run *r, struct policy_result *ret)
{
    const struct weir_sched *s = r->s;
    const double seconds = ret->wall_ns / 1e9;
    struct weir_mark window;

    ret->peak_bytes = (double)s->purses[WEIR_DATA].used_max;
    ret->cpu_share = (double)s->resources[WEIR_CPU].busy_ns / ret->wall_ns / s->worker_count;
    ret->down_share = (double)s->resources[r->down].amount / (r->load->machine.down_rate * seconds);
    ret->up_share = (double)s->resources[r->up].amount / (r->load->machine.up_rate * seconds);
    weir_mark_set(&window, s);
    ret->limit = weir_explain_limit(s, &window);
    (void)weir_explain_text(s, &window, ret->explanation, sizeof ret->explanation);
}

void policy_run(const struct load *load, const struct policy *policy, struct policy_result *ret)
{
    struct run *r = new_run(load, policy);
    struct sim_result result;

    r->m = sim_new(&(struct sim_config){
        .weir = config_of(r),
        .links =
            {
                {.rate = load->machine.down_rate, .stream_rate = load->machine.stream_rate},
                {.rate = load->machine.up_rate, .stream_rate = load->machine.stream_rate},
            },
        .link_count = 2,
    });
    if (r->m == NULL)
        abort();
    r->s = sim_sched(r->m);
    set_rules(r);
    add_stages(r);
    (void)sim_add_source(r->m, next, r);
    sim_run(r->m, &result);
    *ret = (struct policy_result){
        .wall_ns = (double)result.wall_ns,
        .is_stuck = result.is_stuck,
    };
    set_result(r, ret);
    sim_free(r->m);
    free(r);
}

void policy_run_on_threads(const struct load *load, const struct policy *policy,
                           struct policy_result *ret)
{
    const struct weir_hooks hooks = weir_hooks_system();
    struct run *r = new_run(load, policy);
    const struct weir_config config = config_of(r);

    r->w = weir_new_with_hooks(&config, &hooks);
    r->line = line_new(load->machine.down_rate, load->machine.up_rate, load->machine.stream_rate);
    if (r->w == NULL || r->line == NULL)
        abort();
    r->s = weir_sched_of(r->w);
    set_rules(r);
    add_stages(r);
    if (weir_source_add(r->w, next, r) != WEIR_OK || weir_run(r->w) != WEIR_OK)
        abort();
    line_free(r->line);
    *ret = (struct policy_result){.wall_ns = (double)r->s->clocked_ns};
    set_result(r, ret);
    weir_free(r->w);
    free(r);
}
