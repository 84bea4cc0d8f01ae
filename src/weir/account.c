/* SPDX-License-Identifier: Apache-2.0 */

/*
 * With one pool of workers "an idle thread of this stage" means nothing. So each stage has one
 * clock on the question: why is the next task of this stage not running now? It is in exactly one
 * state at a time, so its states add up to the time of the run.
 *
 *     waits for its turn in the group, or for the rest of the group   order
 *     a part is granted or could be, and
 *         the stage is at its own limit                               cap
 *         its resource is at its limit                                no-slot
 *         all workers are busy                                        no-cpu
 *         the admission rule refuses its memory                       no-memory
 *     nothing waits, and
 *         something runs                                              run
 *         more may come                                               starved
 *         nothing will                                                done
 */

#include "weir/account.h"

#include <assert.h>

#include "weir/job.h"
#include "weir/life.h"

/* What cpu_share is smoothed over. Between 0.5 and 5 s simulations show no difference. */
static const double cpu_share_ns = 2e9;

const char *weir_state_name(enum weir_state state)
{
    static const char *const names[WEIR_STATE_COUNT] = {
        "run", "no-cpu", "no-slot", "no-memory", "starved", "order", "cap", "done",
    };

    return (unsigned)state < WEIR_STATE_COUNT ? names[state] : "?";
}

static bool have_sources_ended(const struct weir_sched *s)
{
    if (s->is_cancelled)
        return true;
    for (uint32_t i = 0; i < s->source_count; i++) {
        if (s->sources[i].state != WEIR_SOURCE_ENDED)
            return false;
    }
    return true;
}

static bool has_in_turn(const struct weir_sched_stage *stage)
{
    return !weir_list_is_empty(&stage->ready) || !weir_list_is_empty(&stage->fresh);
}

static enum weir_state waiting_state(const struct weir_sched *s,
                                     const struct weir_sched_stage *stage, bool is_granted)
{
    const struct weir_sched_resource *cpu = &s->resources[WEIR_CPU];
    const struct weir_sched_resource *r = &s->resources[stage->config.resource];
    const bool is_on_cpu = stage->config.resource == WEIR_CPU;
    const bool needs_worker = is_on_cpu || r->config.kind == WEIR_ASYNC;

    if (stage->config.parallel_max != 0 && stage->running >= stage->config.parallel_max)
        return WEIR_STATE_CAP;
    if (!is_on_cpu && r->in_use >= r->slots)
        return WEIR_STATE_NO_SLOT;
    if (is_granted)
        return WEIR_STATE_NO_CPU;
    /* The rules of a stage for workers are asked when one is free, so the refusal may be old. */
    if (needs_worker && cpu->in_use >= cpu->slots &&
        (is_on_cpu || stage->refusal == WEIR_REFUSED_NOT))
        return WEIR_STATE_NO_CPU;
    return stage->refusal == WEIR_REFUSED_NOT ? WEIR_STATE_NO_CPU : WEIR_STATE_NO_MEMORY;
}

/* `has_upstream`: a stage in front of it has something to do. */
static enum weir_state state_of(const struct weir_sched *s, const struct weir_sched_stage *stage,
                                bool has_upstream)
{
    const bool is_granted = !weir_list_is_empty(&stage->granted);

    if (is_granted || has_in_turn(stage))
        return waiting_state(s, stage, is_granted);
    if (stage->running > 0)
        return WEIR_STATE_RUN;
    if (stage->waiting > 0 || stage->joins_waiting > 0)
        return WEIR_STATE_ORDER;
    if (has_upstream || stage->expected > 0)
        return WEIR_STATE_STARVED;
    return WEIR_STATE_DONE;
}

static void settle_stage(struct weir_sched *s, struct weir_sched_stage *stage, bool has_upstream)
{
    const enum weir_state state = state_of(s, stage, has_upstream);
    const uint64_t elapsed = s->now_ns - stage->state_since_ns;

    if (stage->held > stage->held_max)
        stage->held_max = stage->held;
    stage->state_ns[stage->state] += elapsed;
    if (stage->state == WEIR_STATE_NO_MEMORY)
        stage->refused_ns[stage->refused] += elapsed;
    if (stage->running_settled == 1)
        stage->one_ns += elapsed;
    stage->running_settled = stage->running;
    stage->state_since_ns = s->now_ns;
    stage->state = state;
    stage->refused = stage->refusal;
}

static void settle_resource(struct weir_sched *s, uint32_t index, bool is_wanted)
{
    struct weir_sched_resource *r = &s->resources[index];
    const bool is_full = is_wanted && r->in_use >= r->slots;

    r->in_use_ns += (s->now_ns - s->settled_ns) * r->in_use_settled;
    r->in_use_settled = r->in_use;
    if (is_full != r->is_full || is_full) {
        weir_iolimit_set_full(&r->limit, is_full, s->now_ns);
        r->is_full = is_full;
    }
}

static void smooth_cpu_share(struct weir_sched *s)
{
    const double elapsed = (double)(s->now_ns - s->settled_ns);
    const double share = (double)s->resources[WEIR_CPU].in_use_settled / s->worker_count;

    s->cpu_share += (share - s->cpu_share) * elapsed / (elapsed + cpu_share_ns);
}

void weir_account_settle(struct weir_sched *s)
{
    bool has_upstream = !have_sources_ended(s);
    bool is_wanted[WEIR_RESOURCES_MAX] = {false};
    bool is_refused[2] = {false, false};
    bool is_tail = !has_upstream && s->resources[WEIR_CPU].in_use < s->worker_count;

    if (!s->is_clocked)
        return;
    for (uint32_t i = 0; i < s->stage_count; i++) {
        struct weir_sched_stage *stage = &s->stages[i];

        settle_stage(s, stage, has_upstream);
        has_upstream = has_upstream || stage->expected > 0;
        is_wanted[stage->config.resource] |=
            !weir_list_is_empty(&stage->granted) || has_in_turn(stage);
        is_refused[stage->refusal_budget] |= stage->state == WEIR_STATE_NO_MEMORY;
        is_tail &= !has_in_turn(stage) && weir_list_is_empty(&stage->granted);
    }
    smooth_cpu_share(s);
    for (uint32_t i = 0; i < s->resource_count; i++)
        settle_resource(s, i, is_wanted[i]);
    const uint64_t elapsed = s->now_ns - s->settled_ns;
    s->clocked_ns += elapsed;
    s->memory_wait_ns += s->is_refused[WEIR_DATA] || s->is_refused[WEIR_META] ? elapsed : 0;
    for (int i = 0; i < 2; i++) {
        s->purse_wait_ns[i] += s->is_refused[i] ? elapsed : 0;
        s->is_refused[i] = is_refused[i];
    }
    s->tail_ns += s->is_tail ? elapsed : 0;
    s->is_tail = is_tail;
    s->settled_ns = s->now_ns;
}

void weir_account_start(struct weir_sched *s)
{
    for (uint32_t i = 0; i < s->stage_count; i++)
        s->stages[i].state_since_ns = s->now_ns;
    s->settled_ns = s->now_ns;
    s->is_clocked = true;
    weir_account_settle(s);
}

/* Eight to an octave, from 2^10 ns to 2^42 ns. */
static uint32_t histogram_index(uint64_t ns)
{
    uint32_t octave = 0;

    ns >>= 7;
    while (ns >= 16 && octave < 31) {
        ns >>= 1;
        octave++;
    }
    if (ns < 8)
        return 0;
    return 8 * octave + (ns >= 16 ? 7 : (uint32_t)ns - 8);
}

static uint64_t histogram_ns(uint32_t index)
{
    return (UINT64_C(8) + index % 8) << (7 + index / 8);
}

uint64_t weir_account_percentile(const struct weir_sched_stage *stage, uint32_t percent)
{
    const uint64_t wanted = stage->parts_done * percent / 100;
    uint64_t count = 0;

    if (stage->parts_done == 0)
        return 0;
    for (uint32_t i = 0; i < WEIR_HISTOGRAM_COUNT; i++) {
        count += stage->histogram[i];
        if (count > wanted)
            return histogram_ns(i);
    }
    return histogram_ns(WEIR_HISTOGRAM_COUNT - 1);
}

void weir_account_part(struct weir_sched_stage *stage, uint64_t moved, uint64_t service_ns)
{
    stage->parts_done++;
    stage->busy_ns += service_ns;
    stage->moved += moved;
    stage->histogram[histogram_index(service_ns)]++;
}

void weir_account_step(struct weir_job *job)
{
    struct weir_sched *s = job->sched;
    struct weir_sched_stage *stage = weir_job_stage(job);
    const uint64_t room_min = atomic_load_explicit(&job->room_min, memory_order_relaxed);
    const struct weir_sched_resource *r = &s->resources[stage->config.resource];
    const uint32_t parts = weir_job_step(job)->part_count;
    const uint32_t together = parts < r->slots ? parts : r->slots;

    stage->jobs_done++;
    stage->claimed += job->held;
    stage->used += job->held > room_min ? job->held - room_min : 0;
    const double ns = (double)job->step_best_ns / together;
    job->best_ns += ns;
    if (job->group != NULL && !weir_job_is_join(job) && job->best_ns > job->group->longest_ns)
        job->group->longest_ns = job->best_ns;
    if (weir_life_budget(job) == WEIR_DATA)
        s->needed_byte_ns += (double)job->held * ns;
}

void weir_account_join(struct weir_group *group)
{
    if (weir_life_budget(group->join) == WEIR_DATA)
        group->join->sched->needed_byte_ns += (double)group->retained_max * group->longest_ns;
}

void weir_account_sample(const struct weir_sched *s, struct weir_sample *ret_sample,
                         struct weir_stage_sample *ret_stages, uint32_t stages_max,
                         struct weir_resource_sample *ret_resources, uint32_t resources_max)
{
    ret_sample->data_used = s->purses[WEIR_DATA].used;
    ret_sample->data_used_max = s->purses[WEIR_DATA].used_max;
    ret_sample->data_budget = s->purses[WEIR_DATA].bytes_max;
    ret_sample->data_budget_now = s->purses[WEIR_DATA].bytes_now;
    ret_sample->meta_used = s->purses[WEIR_META].used;
    ret_sample->meta_used_max = s->purses[WEIR_META].used_max;
    ret_sample->meta_budget = s->purses[WEIR_META].bytes_max;
    ret_sample->cpu_busy_ns = s->resources[WEIR_CPU].busy_ns;
    ret_sample->transitions = s->transitions;
    ret_sample->retries = s->retries;
    ret_sample->worker_count = s->worker_count;
    ret_sample->stage_count = s->stage_count;
    ret_sample->resource_count = s->resource_count;
    for (uint32_t i = 0; i < s->stage_count && i < stages_max; i++) {
        const struct weir_sched_stage *stage = &s->stages[i];

        ret_stages[i] = (struct weir_stage_sample){
            .name = stage->config.name,
            .resource = stage->config.resource,
            .state = stage->state,
            .busy_ns = stage->busy_ns,
            .parts_done = stage->parts_done,
            .jobs_done = stage->jobs_done,
            .moved_bytes = stage->moved,
            .p50_ns = weir_account_percentile(stage, 50),
            .p99_ns = weir_account_percentile(stage, 99),
            .held_bytes = stage->held,
            .held_bytes_max = stage->held_max,
            .claimed_bytes = stage->claimed,
            .used_bytes = stage->used,
            .running = stage->running,
            .waiting = stage->waiting,
        };
        for (uint32_t k = 0; k < WEIR_STATE_COUNT; k++)
            ret_stages[i].state_ns[k] = stage->state_ns[k];
    }
    for (uint32_t i = 0; i < s->resource_count && i < resources_max; i++) {
        const struct weir_sched_resource *r = &s->resources[i];

        ret_resources[i] = (struct weir_resource_sample){
            .name = r->config.name,
            .slots = r->slots,
            .in_use = r->in_use,
            .rate = (uint64_t)r->limit.rate,
            .rate_max = (uint64_t)r->limit.peak_rate,
            .full_ns = weir_iolimit_full_ns(&r->limit, s->now_ns),
        };
    }
}
