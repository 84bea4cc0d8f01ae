/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The scheduler's events. Each of them hands its work to one of
 *
 *     submit.c  jobs and groups come in,
 *     pick.c    what runs next,
 *     admit.c   the rules for a grant,
 *     step.c    the end of parts and steps,
 *     life.c    a job's states,
 *     job.c     records and claims,
 *
 * and ends with settle(), which keeps the clocks (account.c). Between two events the claims in the
 * purses are those of the jobs' positions, and the state is safe: weir_sched_check().
 */

#include "weir/sched.h"

#include <assert.h>

#include "weir/account.h"
#include "weir/admit.h"
#include "weir/job.h"
#include "weir/life.h"
#include "weir/step.h"

static void set_now(struct weir_sched *s, uint64_t now_ns)
{
    if (now_ns > s->now_ns)
        s->now_ns = now_ns;
}

static void settle(struct weir_sched *s)
{
    s->transitions++;
    s->version++;
    weir_account_settle(s);
}

bool weir_sched_init(struct weir_sched *s, struct weir *w, const struct weir_config *config,
                     const struct weir_hooks *hooks)
{
    *s = (struct weir_sched){
        .hooks = *hooks,
        .w = w,
        .is_simplest = config->is_simplest,
        .rules = config->is_simplest ? WEIR_RULE_SAFE : WEIR_RULE_ALL,
        .worker_count = config->worker_count,
        .version = 1,
    };
    weir_purse_init(&s->purses[WEIR_DATA], config->data_budget_bytes);
    weir_purse_init(&s->purses[WEIR_META], config->meta_budget_bytes);
    weir_list_init(&s->all);
    weir_list_init(&s->ends);
    s->stages = weir_hooks_alloc(hooks, WEIR_STAGES_MAX * sizeof *s->stages);
    if (s->stages == NULL)
        return false;
    s->resources[WEIR_CPU].config.name = "cpu";
    s->resources[WEIR_CPU].slots = config->worker_count;
    s->resource_count = 1;
    return true;
}

void weir_sched_fini(struct weir_sched *s)
{
    assert(s->job_count == 0);
    for (int i = 0; i < 2; i++)
        weir_purse_fini(&s->purses[i], &s->hooks);
    weir_hooks_release(&s->hooks, s->stages, WEIR_STAGES_MAX * sizeof *s->stages);
    s->stages = NULL;
}

int weir_sched_add_resource(struct weir_sched *s, const struct weir_resource *resource)
{
    if (s->resource_count == WEIR_RESOURCES_MAX || resource->slots_max == 0 ||
        resource->slots_min > resource->slots_max || (unsigned)resource->kind > WEIR_BLOCKING)
        return -1;

    struct weir_sched_resource *r = &s->resources[s->resource_count];
    *r = (struct weir_sched_resource){.config = *resource, .slots = resource->slots_max};
    if (resource->kind == WEIR_ASYNC) {
        weir_iolimit_init(&r->limit, resource->slots_min, resource->slots_max,
                          resource->slots_first, resource->is_counted_by_item);
        r->slots = weir_iolimit_slots(&r->limit);
    }
    return (int)s->resource_count++;
}

int weir_sched_add_stage(struct weir_sched *s, const struct weir_stage *stage)
{
    if (s->stage_count == WEIR_STAGES_MAX || stage->run == NULL || stage->resource < 0 ||
        (uint32_t)stage->resource >= s->resource_count)
        return -1;

    struct weir_sched_stage *t = &s->stages[s->stage_count];
    t->config = *stage;
    t->state = WEIR_STATE_STARVED;
    t->state_since_ns = s->now_ns;
    weir_list_init(&t->granted);
    weir_list_init(&t->ready);
    weir_list_init(&t->fresh);
    weir_list_init(&t->ordered);
    return (int)s->stage_count++;
}

int weir_sched_add_source(struct weir_sched *s, weir_next_fn *next, void *user)
{
    if (s->source_count == WEIR_SOURCES_MAX || next == NULL)
        return -1;
    s->sources[s->source_count] = (struct weir_sched_source){.next = next, .user = user};
    return (int)s->source_count++;
}

bool weir_job_take_room(struct weir_job *job, uint64_t bytes)
{
    uint64_t room = atomic_load_explicit(&job->room, memory_order_relaxed);

    do {
        if (room < bytes)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&job->room, &room, room - bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    room -= bytes;
    uint64_t least = atomic_load_explicit(&job->room_min, memory_order_relaxed);
    while (room < least &&
           !atomic_compare_exchange_weak_explicit(&job->room_min, &least, room,
                                                  memory_order_relaxed, memory_order_relaxed))
        continue;
    return true;
}

void weir_job_add_room(struct weir_job *job, uint64_t bytes)
{
    atomic_fetch_add_explicit(&job->room, bytes, memory_order_relaxed);
}

void weir_sched_returned(struct weir_sched *s, const struct weir_task *task,
                         enum weir_status status, uint64_t busy_ns, uint64_t now_ns)
{
    struct weir_job *job = task->job;
    struct weir_sched_stage *stage = &s->stages[task->stage];
    struct weir_sched_resource *r = &s->resources[stage->config.resource];

    set_now(s, now_ns);
    job->calls_inside--;
    /* The first answer counts whole: requests are to get going. */
    stage->pending_share += ((status == WEIR_PENDING ? 1.0 : 0.0) - stage->pending_share) *
                            (stage->parts_done + stage->running <= 1 ? 1.0 : 0.25);
    stage->is_pending = stage->pending_share > 0.5;
    if (task->is_on_worker) {
        s->resources[WEIR_CPU].in_use--;
        s->resources[WEIR_CPU].busy_ns += busy_ns;
        stage->worker_ns += busy_ns;
        stage->wait_ns += task->wait_ns;
    }
    if (stage->config.resource != WEIR_CPU && r->config.kind == WEIR_BLOCKING)
        r->in_use--;
    if (status != WEIR_PENDING)
        weir_step_end_part(job, status, 0, busy_ns);
    weir_step_end_if_over(job);
    settle(s);
}

void weir_sched_done(struct weir_sched *s, struct weir_job *job, uint32_t part,
                     enum weir_status status, uint64_t moved, uint64_t now_ns)
{
    const uint64_t start_ns =
        part < job->part_starts_count ? job->part_starts_ns[part] : job->step_start_ns;

    set_now(s, now_ns);
    weir_step_end_part(job, status, moved, s->now_ns - start_ns);
    weir_step_end_if_over(job);
    settle(s);
}

void weir_sched_source_returned(struct weir_sched *s, int source, enum weir_status status,
                                uint64_t now_ns)
{
    struct weir_sched_source *t = &s->sources[source];

    set_now(s, now_ns);
    s->calls--;
    assert(t->state == WEIR_SOURCE_CALLED);
    t->state = status == WEIR_OK ? WEIR_SOURCE_IDLE : WEIR_SOURCE_ENDED;
    if (status == WEIR_LATER)
        t->state = t->is_woken ? WEIR_SOURCE_IDLE : WEIR_SOURCE_LATER;
    else if (status == WEIR_CANCELLED)
        weir_life_cancel(s);
    else if (status != WEIR_OK && status != WEIR_END)
        weir_life_fail_run(s,
                           status == WEIR_NOMEM || status == WEIR_OVERSIZE ? status : WEIR_FAILED);
    settle(s);
}

bool weir_sched_released(struct weir_sched *s, struct weir_job *job, uint64_t now_ns)
{
    const bool is_leaving = job->state == WEIR_JOB_ENDING;

    set_now(s, now_ns);
    assert(atomic_load(&job->room) == job->held);
    atomic_store(&job->room, 0);
    job->planned = 0;
    weir_job_set(job, job->step, 0);
    weir_job_refresh(job);
    if (!is_leaving) {
        s->calls--;
        weir_life_begin_again(job);
    }
    settle(s);
    return is_leaving;
}

static void count_done_member(struct weir_group *group)
{
    struct weir_job *join = group->join;

    group->done_count++;
    if (group->is_join_waiting || join->state != WEIR_JOB_JOIN || join->step_count == 0)
        return;
    group->is_join_waiting = true;
    weir_job_stage(join)->joins_waiting++;
}

void weir_sched_dropped(struct weir_sched *s, struct weir_job *job, uint64_t now_ns)
{
    struct weir_group *group = job->group;
    const bool is_join = weir_job_is_join(job);
    const bool is_done = job->why == WEIR_OK;

    set_now(s, now_ns);
    s->calls--;
    if (group == NULL)
        weir_purse_unregister(&job->own_unit);
    weir_job_free(job);
    if (is_join) {
        weir_purse_unregister(&group->unit);
        weir_hooks_release(&s->hooks, group, sizeof *group);
    } else if (group != NULL) {
        if (is_done)
            count_done_member(group);
        if (group->is_closed && weir_list_is_empty(&group->members))
            weir_life_begin_join(group);
    }
    settle(s);
}

void weir_sched_start(struct weir_sched *s, uint64_t now_ns)
{
    set_now(s, now_ns);
    weir_account_start(s);
}

void weir_sched_tick(struct weir_sched *s, uint64_t now_ns)
{
    set_now(s, now_ns);
    weir_account_settle(s);
}

void weir_sched_stop(struct weir_sched *s, uint64_t now_ns)
{
    weir_sched_tick(s, now_ns);
    s->is_clocked = false;
}

void weir_sched_source_left(struct weir_sched *s, int source, uint64_t bytes)
{
    if (source >= 0 && (uint32_t)source < s->source_count)
        s->sources[source].left = (double)bytes;
}

void weir_sched_wake(struct weir_sched *s)
{
    for (uint32_t i = 0; i < s->source_count; i++) {
        struct weir_sched_source *source = &s->sources[i];

        if (source->state == WEIR_SOURCE_LATER)
            source->state = WEIR_SOURCE_IDLE;
        source->is_woken = true;
    }
    settle(s);
}

void weir_sched_cancel(struct weir_sched *s)
{
    weir_life_cancel(s);
    settle(s);
}

void weir_sched_lower(struct weir_sched *s, uint64_t bytes)
{
    const uint64_t meta = s->purses[WEIR_META].used;

    weir_purse_lower(&s->purses[WEIR_DATA], bytes > meta ? bytes - meta : 0);
}

void weir_sched_throttled(struct weir_sched *s, int resource, uint64_t now_ns)
{
    set_now(s, now_ns);
    if (resource <= WEIR_CPU || (uint32_t)resource >= s->resource_count ||
        s->resources[resource].config.kind != WEIR_ASYNC)
        return;
    weir_iolimit_throttled(&s->resources[resource].limit, s->now_ns);
    s->resources[resource].slots = weir_iolimit_slots(&s->resources[resource].limit);
    settle(s);
}

enum weir_status weir_sched_grow(struct weir_sched *s, struct weir_job *job, uint64_t bytes,
                                 bool is_optional)
{
    struct weir_purse *purse = job->unit->purse;
    const uint64_t retained =
        job->group == NULL || weir_job_is_join(job) ? 0 : job->group->retained_max;

    if (bytes == 0)
        return WEIR_OK;
    if (bytes > purse->bytes_max - retained ||
        job->held + job->grow_wanted > purse->bytes_max - retained - bytes)
        return WEIR_OVERSIZE;
    s->version++;
    if (weir_admit_more(s, job, bytes, is_optional) == WEIR_REFUSED_NOT) {
        job->grown += bytes;
        settle(s);
        return WEIR_OK;
    }
    if (is_optional)
        return WEIR_RETRY;
    if (!weir_step_can_retry(job, bytes))
        return WEIR_OVERSIZE;
    job->grow_wanted += bytes;
    return WEIR_RETRY;
}

void weir_sched_shrink(struct weir_sched *s, struct weir_job *job, uint64_t bytes)
{
    const uint64_t growth = job->grown - job->grown_back;

    if (bytes > job->held || !weir_step_lower(job, job->held - bytes)) {
        weir_life_breach(job, "weir_shrink() of memory that is allocated", bytes);
    } else {
        /* What is asked for again after that is not needed twice. */
        job->grown_back += bytes < growth ? bytes : growth;
        weir_job_refresh(job);
    }
    settle(s);
}

void weir_sched_set_parts(struct weir_sched *s, struct weir_job *job, uint32_t step_index,
                          uint32_t part_count)
{
    if (step_index < job->step_count && step_index > job->step)
        job->route[step_index].part_count = part_count == 0 ? 1 : part_count;
    else
        weir_life_breach(job, "weir_set_parts() of a step that is not ahead", step_index);
    (void)s;
}

bool weir_sched_is_over(const struct weir_sched *s)
{
    if (s->job_count > 0 || s->calls > 0)
        return false;
    for (uint32_t i = 0; i < s->source_count; i++) {
        if (s->sources[i].state != WEIR_SOURCE_ENDED && !s->is_cancelled)
            return false;
    }
    return true;
}

static void check_job(const struct weir_job *job)
{
    const bool is_queued = !weir_list_is_empty(&job->queue_link);
    const bool is_hidden = job->group != NULL && job->group->fresh != job;

    assert(job->held <= job->planned || job->state == WEIR_JOB_ENDING ||
           job->state == WEIR_JOB_EMPTIED);
    assert(job->state != WEIR_JOB_READY || is_queued);
    assert(job->state != WEIR_JOB_FRESH || is_queued || is_hidden);
    assert(job->state != WEIR_JOB_FRESH || job->held == 0);
    assert(job->state != WEIR_JOB_JOIN || !is_queued);
    assert(job->parts_ended <= job->parts_started);
    assert(job->state == WEIR_JOB_GRANTED || !weir_life_is_in_flight(job));
    (void)is_queued;
    (void)is_hidden;
}

void weir_sched_check(const struct weir_sched *s)
{
    uint64_t held[2] = {0, 0};
    uint64_t granted[2] = {0, 0};
    uint64_t stage_held = 0;
    uint64_t job_held = 0;
    uint64_t count = 0;

    for (struct weir_link *link = s->all.next; link != &s->all; link = link->next) {
        const struct weir_job *job = WEIR_OBJECT(link, struct weir_job, all_link);

        count++;
        held[weir_life_budget(job)] += job->held;
        granted[weir_life_budget(job)] += job->state == WEIR_JOB_GRANTED;
        job_held += job->step_count > 0 ? job->held : 0;
        check_job(job);
    }
    for (uint32_t i = 0; i < s->stage_count; i++)
        stage_held += s->stages[i].held;
    assert(count == s->job_count);
    assert(stage_held == job_held);
    for (int i = 0; i < 2; i++) {
        weir_purse_check(&s->purses[i]);
        assert(held[i] == s->purses[i].used);
        assert(granted[i] == s->purses[i].running);
        assert((s->rules & WEIR_RULE_SAFE) == 0 || weir_purse_is_safe(&s->purses[i]));
    }
    (void)stage_held;
    (void)job_held;
    (void)count;
}
