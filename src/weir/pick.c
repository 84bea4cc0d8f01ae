/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The order of work: what has ended gives its memory back; then what only starts I/O; then stages
 * from the most downstream to the first, in each of them parts of granted steps, then jobs that
 * have begun, then new ones, always the oldest first; then sources.
 *
 * The scan of a queue is cut after a number of refusals, but not when nothing of the budget runs:
 * the one job that could go on may be anywhere in it.
 */

#include "weir/pick.h"

#include "weir/account.h"
#include "weir/admit.h"
#include "weir/job.h"
#include "weir/life.h"

static const uint32_t refusals_max = 16;

static struct weir_job *job_of_queue(struct weir_link *link)
{
    return WEIR_OBJECT(link, struct weir_job, queue_link);
}

static bool grant_from(struct weir_sched *s, struct weir_sched_stage *stage,
                       struct weir_link *queue)
{
    uint32_t refusals = 0;

    for (struct weir_link *link = queue->next; link != queue; link = link->next) {
        struct weir_job *job = job_of_queue(link);
        const bool is_quiet = job->unit->purse->running == 0;

        if (refusals >= refusals_max && !is_quiet) {
            if (s->purses[WEIR_DATA].running > 0 && s->purses[WEIR_META].running > 0)
                break;
            continue;
        }
        const enum weir_refusal refusal = weir_admit(s, job);
        if (refusal == WEIR_REFUSED_NOT) {
            weir_life_begin_step(job);
            s->version++;
            return true;
        }
        if (refusals++ == 0) {
            stage->refusal = refusal;
            stage->refusal_budget =
                job->unit->purse == &s->purses[WEIR_META] ? WEIR_META : WEIR_DATA;
        }
    }
    return false;
}

static void take_part(struct weir_sched *s, struct weir_sched_stage *stage, bool is_on_worker,
                      struct weir_task *ret)
{
    struct weir_job *job = job_of_queue(stage->granted.next);

    *ret = (struct weir_task){
        .kind = WEIR_TASK_PART,
        .job = job,
        .stage = weir_job_step(job)->stage,
        .part = job->parts_started++,
        .source = -1,
        .is_on_worker = is_on_worker,
    };
    if (ret->part < job->part_starts_count)
        job->part_starts_ns[ret->part] = s->now_ns;
    if (job->parts_started == weir_job_step(job)->part_count)
        weir_link_remove(&job->queue_link);
    job->calls_inside++;
    stage->running++;
    if (stage->config.resource != WEIR_CPU)
        s->resources[stage->config.resource].in_use++;
    if (is_on_worker)
        s->resources[WEIR_CPU].in_use++;
}

static bool pick_in_stage(struct weir_sched *s, struct weir_sched_stage *stage, int taker,
                          struct weir_task *ret)
{
    const struct weir_sched_resource *r = &s->resources[stage->config.resource];

    if (stage->config.parallel_max != 0 && stage->running >= stage->config.parallel_max)
        return false;
    if (stage->config.resource != WEIR_CPU && r->in_use >= r->slots)
        return false;
    if (weir_list_is_empty(&stage->granted)) {
        if (stage->scanned == s->version || s->is_cancelled)
            return false;
        stage->refusal = WEIR_REFUSED_NOT;
        if (!grant_from(s, stage, &stage->ready) && !grant_from(s, stage, &stage->fresh)) {
            stage->scanned = s->version;
            return false;
        }
    }
    stage->refusal = WEIR_REFUSED_NOT;
    take_part(s, stage, taker == WEIR_CPU, ret);
    return true;
}

static bool pick_end(struct weir_sched *s, struct weir_task *ret)
{
    if (weir_list_is_empty(&s->ends))
        return false;

    struct weir_job *job = job_of_queue(s->ends.next);
    weir_link_remove(&job->queue_link);
    *ret = (struct weir_task){.kind = WEIR_TASK_END, .job = job, .stage = -1, .source = -1};
    s->calls++;
    return true;
}

static bool pick_source(struct weir_sched *s, struct weir_task *ret)
{
    for (uint32_t i = 0; i < s->source_count && !s->is_cancelled; i++) {
        const uint32_t index = (s->source_next + i) % s->source_count;
        struct weir_sched_source *source = &s->sources[index];

        if (source->state != WEIR_SOURCE_IDLE || source->fresh_count > 0)
            continue;
        s->source_next = (index + 1) % s->source_count;
        source->state = WEIR_SOURCE_CALLED;
        source->is_woken = false;
        *ret = (struct weir_task){.kind = WEIR_TASK_NEXT, .stage = -1, .source = (int)index};
        s->calls++;
        return true;
    }
    return false;
}

static bool is_async(const struct weir_sched *s, const struct weir_sched_stage *stage)
{
    return stage->config.resource != WEIR_CPU &&
           s->resources[stage->config.resource].config.kind == WEIR_ASYNC;
}

static bool is_source_ready(const struct weir_sched *s)
{
    for (uint32_t i = 0; i < s->source_count && !s->is_cancelled; i++) {
        if (s->sources[i].state == WEIR_SOURCE_IDLE && s->sources[i].fresh_count == 0)
            return true;
    }
    return false;
}

static bool is_for(const struct weir_sched *s, const struct weir_sched_stage *stage, int taker)
{
    if (taker == WEIR_STARTER)
        return stage->is_pending && is_async(s, stage);
    return stage->config.resource == taker || (taker == WEIR_CPU && is_async(s, stage));
}

bool weir_sched_may_pick(const struct weir_sched *s, int resource)
{
    for (uint32_t i = 0; i < s->stage_count; i++) {
        const struct weir_sched_stage *stage = &s->stages[i];
        const bool has_work = !weir_list_is_empty(&stage->granted) ||
                              (stage->waiting > 0 && stage->scanned != s->version);

        if (has_work && is_for(s, stage, resource))
            return true;
    }
    return (resource == WEIR_CPU || resource == WEIR_STARTER) && is_source_ready(s);
}

static bool pick_for_worker(struct weir_sched *s, struct weir_task *ret)
{
    for (uint32_t i = s->stage_count; i-- > 0;) {
        struct weir_sched_stage *stage = &s->stages[i];

        if (stage->is_pending && is_async(s, stage) && pick_in_stage(s, stage, WEIR_CPU, ret))
            return true;
    }
    for (uint32_t i = s->stage_count; i-- > 0;) {
        struct weir_sched_stage *stage = &s->stages[i];
        const bool is_mine =
            stage->config.resource == WEIR_CPU || (is_async(s, stage) && !stage->is_pending);

        if (is_mine && pick_in_stage(s, stage, WEIR_CPU, ret))
            return true;
    }
    return pick_source(s, ret);
}

static bool pick_for_starter(struct weir_sched *s, struct weir_task *ret)
{
    for (uint32_t i = s->stage_count; i-- > 0;) {
        struct weir_sched_stage *stage = &s->stages[i];

        if (stage->is_pending && is_async(s, stage) && pick_in_stage(s, stage, WEIR_STARTER, ret))
            return true;
    }
    return pick_source(s, ret);
}

static bool pick_for_blocking(struct weir_sched *s, int resource, struct weir_task *ret)
{
    for (uint32_t i = s->stage_count; i-- > 0;) {
        if (s->stages[i].config.resource == resource &&
            pick_in_stage(s, &s->stages[i], resource, ret))
            return true;
    }
    return false;
}

bool weir_sched_pick(struct weir_sched *s, int resource, uint64_t now_ns, struct weir_task *ret)
{
    bool is_found = true;

    if (now_ns > s->now_ns)
        s->now_ns = now_ns;
    if (!pick_end(s, ret)) {
        if (resource == WEIR_CPU)
            is_found = pick_for_worker(s, ret);
        else if (resource == WEIR_STARTER)
            is_found = pick_for_starter(s, ret);
        else
            is_found = pick_for_blocking(s, resource, ret);
    }
    s->transitions += is_found;
    weir_account_settle(s);
    return is_found;
}
