/* SPDX-License-Identifier: Apache-2.0 */

#include "weir/step.h"

#include <assert.h>

#include "weir/account.h"
#include "weir/admit.h"
#include "weir/job.h"
#include "weir/life.h"
#include "weir/submit.h"

/* Of two answers the one that decides: a failure before a retry before all is well. */
static enum weir_status worse(enum weir_status a, enum weir_status b)
{
    enum {
        BREACH = 7
    };
    static const uint8_t rank[] = {
        [WEIR_OK] = 0,          [WEIR_RESTART] = 1,      [WEIR_AGAIN] = 1,    [WEIR_RETRY] = 2,
        [WEIR_SKIP] = 3,        [WEIR_CANCELLED] = 4,    [WEIR_NOMEM] = 5,    [WEIR_OVERSIZE] = 6,
        [WEIR_FAILED] = BREACH, [WEIR_PENDING] = BREACH, [WEIR_END] = BREACH, [WEIR_LATER] = BREACH,
    };

    if (b > WEIR_FAILED || rank[b] == BREACH)
        return WEIR_FAILED;
    return rank[b] > rank[a] ? b : a;
}

bool weir_step_lower(struct weir_job *job, uint64_t held)
{
    if (held >= job->held)
        return true;
    if (!weir_job_take_room(job, job->held - held))
        return false;
    weir_job_set(job, job->step, held);
    return true;
}

/* The largest claim of the route, were the step to begin with what it turned out to need. */
static uint64_t peak_with(struct weir_job *job, uint64_t extra, uint64_t held_first)
{
    struct weir_step *step = weir_job_step(job);

    step->grow_bytes += extra;
    const uint64_t peak = weir_route_peak(job->route, job->step_count, held_first);
    step->grow_bytes -= extra;
    return peak;
}

bool weir_step_can_retry(struct weir_job *job, uint64_t extra)
{
    const uint64_t retained = job->group == NULL ? 0 : job->group->retained_max;

    extra += job->grown - job->grown_back + job->grow_wanted;
    return peak_with(job, extra, 0) <= job->unit->purse->bytes_max - retained &&
           job->state == WEIR_JOB_GRANTED && !job->has_passed_order && !weir_job_is_join(job) &&
           (job->group == NULL || !job->sched->stages[job->route[job->step].stage].config.in_order);
}

static bool lower_to_planned(struct weir_job *job, const char *breach)
{
    const uint64_t held = job->planned < job->held ? job->planned : job->held;

    if (weir_step_lower(job, held))
        return true;
    const uint64_t excess = job->held - held;
    weir_life_finish(job, WEIR_FAILED);
    weir_life_breach(job, breach, excess);
    return false;
}

static void go_on(struct weir_job *job)
{
    /* What is allocated at the end of the route goes back with the job. */
    if (job->step + 1 >= job->step_count) {
        weir_life_finish(job, WEIR_OK);
        weir_job_refresh(job);
        return;
    }
    job->planned = weir_route_planned_after(weir_job_step(job), job->planned);
    if (!lower_to_planned(job, "a step ends with more allocated than its route keeps"))
        return;
    job->is_started = false;
    weir_life_next_step(job);
}

/* Overrun: the step's memory goes back, its claim is what it turned out to be. */
static void retry(struct weir_sched *s, struct weir_job *job)
{
    struct weir_step *step = weir_job_step(job);
    const uint64_t extra = job->grown - job->grown_back + job->grow_wanted;
    const uint64_t added = step->grow_bytes + job->grown;
    const bool is_join = weir_job_is_join(job);
    const uint64_t beside = is_join || job->group == NULL ? 0 : job->group->retained_max;
    const uint64_t held_first = is_join ? job->group->retained_max : 0;

    s->retries++;
    s->retry_ns += job->step_busy_ns;
    job->planned = job->planned > added ? job->planned - added : 0;
    if (!lower_to_planned(job, "a step that retries has not released what it allocated"))
        return;
    job->is_started = false;
    if (peak_with(job, extra, held_first) > job->unit->purse->bytes_max - beside) {
        weir_job_refresh(job);
        weir_life_finish(job, WEIR_OVERSIZE);
        weir_life_fail_run(s, WEIR_OVERSIZE);
        return;
    }
    step->grow_bytes += extra;
    job->state = WEIR_JOB_READY;
    weir_job_refresh(job);
    if ((s->rules & WEIR_RULE_SAFE) == 0 || weir_purse_is_safe(job->unit->purse)) {
        weir_ahead_update(job);
        weir_life_enqueue(job);
    } else {
        weir_life_empty(job);
    }
}

static void restart(struct weir_sched *s, struct weir_job *job)
{
    if (job->group != NULL || weir_job_step(job)->part_count > 1) {
        weir_life_finish(job, WEIR_FAILED);
        weir_life_breach(job, "a step of several parts, or of a group, cannot restart its job", 0);
        return;
    }
    /* Behind the others: one that always begins again keeps nobody waiting. */
    job->seq = s->seq++;
    job->own_unit.seq = job->seq;
    job->own_unit.turn = weir_submit_turn(s, -1);
    weir_life_empty(job);
}

/* Back to the second step. What the steps since then need is nothing new: the claim stays. */
static void again(struct weir_job *job)
{
    /* An ordered stage that it has passed is somebody else's turn now. */
    bool is_level = job->step > 0 && weir_job_step(job)->part_count <= 1 &&
                    weir_job_step(job)->grow_bytes == 0 && !job->has_passed_order;

    for (uint32_t i = 1; i < job->step; i++)
        is_level = is_level && job->route[i].grow_bytes == 0 && job->route[i].drop_bytes == 0;
    if (!is_level) {
        weir_life_finish(job, WEIR_FAILED);
        weir_life_breach(job,
                         "a step of several parts, or behind steps that change the claim, "
                         "cannot go on at the second one",
                         0);
        return;
    }
    weir_life_step_back(job);
}

static void end_step(struct weir_sched *s, struct weir_job *job)
{
    const enum weir_status own = job->status;
    enum weir_status status = own;
    const bool is_last = job->step + 1 >= job->step_count;

    weir_link_remove(&job->queue_link);
    job->unit->purse->running--;
    weir_account_step(job);
    /* What was the end of the route is done, whatever happened elsewhere. */
    if (!is_last || status != WEIR_OK) {
        if (job->group != NULL)
            status = worse(status, job->group->why);
        if (s->is_cancelled)
            status = worse(status, WEIR_CANCELLED);
    }
    if (status == WEIR_OK) {
        go_on(job);
    } else if (status == WEIR_RETRY) {
        retry(s, job);
    } else if (status == WEIR_RESTART) {
        restart(s, job);
    } else if (status == WEIR_AGAIN) {
        again(job);
    } else {
        weir_life_finish(job, status);
        if (job->group != NULL)
            weir_life_give_up_group(job->group, status);
        /* What became of its group was no failure, or is told already. */
        if (own == WEIR_NOMEM || own == WEIR_OVERSIZE || own == WEIR_FAILED)
            weir_life_fail_run(s, own);
    }
}

void weir_step_end_part(struct weir_job *job, enum weir_status status, uint64_t moved,
                        uint64_t service_ns)
{
    struct weir_sched *s = job->sched;
    struct weir_sched_stage *stage = weir_job_stage(job);
    struct weir_sched_resource *r = &s->resources[stage->config.resource];

    moved += atomic_exchange_explicit(&job->moved, 0, memory_order_relaxed);
    uint64_t best_ns = service_ns;

    if (stage->config.resource != WEIR_CPU && r->config.kind == WEIR_ASYNC) {
        const double best = weir_iolimit_cost_best(&r->limit) * (double)moved;

        if (best > 0 && best < (double)service_ns && !r->config.is_counted_by_item)
            best_ns = (uint64_t)best;
        r->in_use--;
        r->steps++;
        r->amount += r->config.is_counted_by_item ? 1 : moved;
        weir_iolimit_done(&r->limit, moved, service_ns, s->now_ns);
        r->slots = weir_iolimit_slots(&r->limit);
    }
    stage->running--;
    job->parts_ended++;
    job->step_busy_ns += service_ns;
    job->step_best_ns += best_ns;
    assert(job->parts_ended <= job->parts_started);
    job->status = worse(job->status, status);
    weir_account_part(stage, moved, service_ns);
}

void weir_step_end_if_over(struct weir_job *job)
{
    struct weir_sched *s = job->sched;
    const enum weir_status group_why = job->group == NULL ? WEIR_OK : job->group->why;
    const bool has_trouble = job->status != WEIR_OK || s->is_cancelled || group_why != WEIR_OK;
    const bool has_all_parts = job->parts_ended == weir_job_step(job)->part_count;

    /* No further part begins. */
    if (has_trouble)
        weir_link_remove(&job->queue_link);
    if (weir_life_is_in_flight(job) || (!has_trouble && !has_all_parts))
        return;
    /* No answer of its own: the group's or the run's counts. */
    if (job->status == WEIR_OK && !has_all_parts)
        job->status = WEIR_SKIP;
    end_step(s, job);
}
