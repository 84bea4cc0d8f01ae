/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A job goes through these states (enum weir_job_state):
 *
 *     FRESH -> GRANTED -> READY -> GRANTED -> ... -> ENDING -> gone
 *       ^         |
 *       '- EMPTIED (WEIR_RESTART, or an overrun that would not be safe)
 *
 * and can go to ENDING from each of them, though from GRANTED only when no part of it runs. A
 * group's own job is in JOIN while jobs of the group are left, and then like any other.
 *
 *   (1) A job is FRESH or READY exactly when it waits in a queue of the stage of its next step;
 *       but of a group's fresh jobs only the first is in a queue. So jobs of a group begin in
 * order. It waits in `ordered` while an earlier job of its group is still to pass that stage. (2)
 * GRANTED: in stage->granted exactly while a part has not been taken and the step is not failing.
 *   (3) stage->expected counts the steps in it that live jobs have not ended.
 *   (4) A job leaves in two steps: its memory goes back (weir_sched_released), then it is forgotten
 *       (weir_sched_dropped). A join begins when all jobs of the group are forgotten.
 */

#include "weir/life.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "weir/account.h"
#include "weir/admit.h"
#include "weir/job.h"

enum weir_budget weir_life_budget(const struct weir_job *job)
{
    return job->unit->purse == &job->sched->purses[WEIR_META] ? WEIR_META : WEIR_DATA;
}

bool weir_life_is_in_flight(const struct weir_job *job)
{
    return job->calls_inside > 0 || job->parts_ended < job->parts_started;
}

void weir_life_breach(struct weir_job *job, const char *what, uint64_t bytes)
{
    struct weir_sched *s = job->sched;

    if (s->failure[0] == '\0')
        (void)snprintf(s->failure, sizeof s->failure, "stage %s: %s (%" PRIu64 " bytes)",
                       job->step_count == 0 ? "-" : weir_job_stage(job)->config.name, what, bytes);
    weir_life_fail_run(s, WEIR_FAILED);
}

void weir_life_enqueue(struct weir_job *job)
{
    struct weir_sched_stage *stage = weir_job_stage(job);

    assert(job->step < job->step_count);
    if (!weir_job_is_in_turn(job))
        weir_job_enqueue(&stage->ordered, job);
    else if (job->unit->is_begun)
        weir_job_enqueue(&stage->ready, job);
    else
        weir_job_enqueue_fresh(&stage->fresh, job);
    stage->waiting++;
}

static void dequeue(struct weir_job *job)
{
    if (weir_list_is_empty(&job->queue_link))
        return;
    weir_job_stage(job)->waiting--;
    weir_link_remove(&job->queue_link);
}

/* A fresh job is fresh no longer: it begins, or it is given up. The next of its group shows up. */
static void leave_fresh(struct weir_job *job)
{
    struct weir_group *group = job->group;

    if (job->unit->purse->kept_out == job->unit)
        job->unit->purse->kept_out = NULL;
    if (job->source >= 0) {
        job->sched->sources[job->source].fresh_count--;
        job->source = -1;
    }
    if (group != NULL && group->fresh == job) {
        group->fresh = weir_job_next_member(job);
        if (group->fresh != NULL && group->why == WEIR_OK)
            weir_life_enqueue(group->fresh);
    }
}

/* Units that have begun are kept by age. */
static void begin_unit(struct weir_sched *s, struct weir_unit *unit)
{
    struct weir_link *list = &unit->purse->begun;
    struct weir_link *place = list->previous;

    while (place != list && WEIR_OBJECT(place, struct weir_unit, begun_link)->seq > unit->seq)
        place = place->previous;
    weir_link_insert_after(place, &unit->begun_link);
    unit->is_begun = true;
    if (unit->turn > s->turn)
        s->turn = unit->turn;
}

void weir_life_begin_step(struct weir_job *job)
{
    dequeue(job);
    if (!job->unit->is_begun)
        begin_unit(job->sched, job->unit);
    if (job->state == WEIR_JOB_FRESH)
        leave_fresh(job);
    job->state = WEIR_JOB_GRANTED;
    job->status = WEIR_OK;
    job->parts_started = 0;
    job->parts_ended = 0;
    job->grown = 0;
    job->grown_back = 0;
    job->grow_wanted = 0;
    job->step_busy_ns = 0;
    job->step_best_ns = 0;
    atomic_store_explicit(&job->room_min, atomic_load_explicit(&job->room, memory_order_relaxed),
                          memory_order_relaxed);
    job->step_start_ns = job->sched->now_ns;
    weir_job_time_parts(job);
    job->unit->purse->running++;
    weir_job_enqueue(&weir_job_stage(job)->granted, job);
    weir_ahead_update(job);
}

/* A job has passed an ordered stage: it is the turn of the next that wants to. */
static void give_turn(const struct weir_job *job, int stage)
{
    for (struct weir_job *next = weir_job_next_member(job); next != NULL;
         next = weir_job_next_member(next)) {
        if (!weir_job_is_to_pass(next, stage))
            continue;
        const bool is_waiting_for_it =
            (next->state == WEIR_JOB_READY || next->state == WEIR_JOB_FRESH) &&
            next->route[next->step].stage == stage && !weir_list_is_empty(&next->queue_link);
        if (is_waiting_for_it) {
            dequeue(next);
            weir_life_enqueue(next);
        }
        return;
    }
}

static bool is_ordered(const struct weir_job *job, int stage)
{
    return job->group != NULL && !weir_job_is_join(job) &&
           job->sched->stages[stage].config.in_order;
}

/* The current step counts as ended. */
static void pass_step(struct weir_job *job)
{
    const int stage = weir_job_step(job)->stage;

    job->sched->stages[stage].expected--;
    weir_job_set(job, job->step + 1, job->held);
    if (is_ordered(job, stage)) {
        job->has_passed_order = true;
        give_turn(job, stage);
    }
}

void weir_life_next_step(struct weir_job *job)
{
    pass_step(job);
    job->state = WEIR_JOB_READY;
    weir_job_refresh(job);
    weir_ahead_update(job);
    weir_life_enqueue(job);
}

void weir_life_step_back(struct weir_job *job)
{
    for (uint32_t i = 1; i < job->step; i++)
        job->sched->stages[job->route[i].stage].expected++;
    weir_job_set(job, 1, job->held);
    job->is_started = false;
    job->state = WEIR_JOB_READY;
    weir_job_refresh(job);
    weir_ahead_update(job);
    weir_life_enqueue(job);
}

static void forget_join(struct weir_job *join)
{
    if (join->group->is_join_waiting && join->step_count > 0)
        weir_job_stage(join)->joins_waiting--;
    join->group->is_join_waiting = false;
}

void weir_life_finish(struct weir_job *job, enum weir_status why)
{
    if (job->state == WEIR_JOB_FRESH || job->state == WEIR_JOB_READY) {
        dequeue(job);
        if (job->state == WEIR_JOB_FRESH)
            leave_fresh(job);
    }
    if (weir_job_is_join(job))
        forget_join(job);
    weir_link_remove(&job->queue_link);
    job->state = WEIR_JOB_ENDING;
    job->why = why;
    job->is_started = false;
    if (why == WEIR_OK && job->step < job->step_count)
        pass_step(job);
    for (uint32_t i = job->step; i < job->step_count; i++)
        job->sched->stages[job->route[i].stage].expected--;
    weir_job_set(job, job->step_count, job->held);
    weir_ahead_update(job);
    weir_list_append(&job->sched->ends, &job->queue_link);
}

void weir_life_empty(struct weir_job *job)
{
    for (uint32_t i = 0; i < job->step; i++)
        job->sched->stages[job->route[i].stage].expected++;
    job->state = WEIR_JOB_EMPTIED;
    job->why = WEIR_OK;
    job->is_started = false;
    weir_job_set(job, 0, job->held);
    weir_list_append(&job->sched->ends, &job->queue_link);
    weir_job_refresh(job);
    weir_ahead_update(job);
}

void weir_life_begin_again(struct weir_job *job)
{
    struct weir_group *group = job->group;

    job->state = group == NULL ? WEIR_JOB_FRESH : WEIR_JOB_READY;
    job->status = WEIR_OK;
    job->attempt++;
    job->best_ns = 0;
    if (job->why == WEIR_OK && job->sched->is_cancelled)
        job->why = WEIR_CANCELLED;
    if (job->why == WEIR_OK && group != NULL)
        job->why = group->why;
    if (job->why != WEIR_OK) {
        weir_life_finish(job, job->why);
        return;
    }
    if (group == NULL) {
        job->own_unit.is_begun = false;
        job->own_unit.refused_ns = 0;
        weir_link_remove(&job->own_unit.begun_link);
    }
    weir_job_refresh(job);
    const bool must_be_safe = (job->sched->rules & WEIR_RULE_SAFE) != 0;
    if (group != NULL && must_be_safe && !weir_purse_is_safe(job->unit->purse)) {
        /* Other jobs of the group, or what it retains, are in the way of the larger claim. */
        weir_life_finish(job, WEIR_OVERSIZE);
        weir_life_give_up_group(group, WEIR_OVERSIZE);
        return;
    }
    weir_ahead_update(job);
    weir_life_enqueue(job);
}

void weir_life_begin_join(struct weir_group *group)
{
    struct weir_job *join = group->join;

    assert(join->state == WEIR_JOB_JOIN);
    if (group->why != WEIR_OK || join->step_count == 0) {
        weir_life_finish(join, group->why);
        return;
    }
    forget_join(join);
    weir_account_join(group);
    join->state = group->unit.is_begun ? WEIR_JOB_READY : WEIR_JOB_FRESH;
    weir_ahead_update(join);
    weir_life_enqueue(join);
}

void weir_life_give_up(struct weir_job *job, enum weir_status why)
{
    switch (job->state) {
    case WEIR_JOB_ENDING:
    case WEIR_JOB_JOIN:
        return;
    case WEIR_JOB_EMPTIED:
        /* Somebody may be releasing its memory; weir_life_begin_again() looks. */
        job->why = why;
        return;
    case WEIR_JOB_GRANTED:
        weir_link_remove(&job->queue_link);
        if (weir_life_is_in_flight(job))
            return;
        job->unit->purse->running--;
        break;
    case WEIR_JOB_FRESH:
    case WEIR_JOB_READY:
        break;
    }
    weir_life_finish(job, why);
}

void weir_life_give_up_group(struct weir_group *group, enum weir_status why)
{
    if (group->why != WEIR_OK)
        return;
    group->why = why;
    for (struct weir_link *link = group->members.next; link != &group->members; link = link->next)
        weir_life_give_up(WEIR_OBJECT(link, struct weir_job, member_link), why);
    weir_life_give_up(group->join, why);
    weir_job_refresh(group->join);
}

void weir_life_fail_run(struct weir_sched *s, enum weir_status why)
{
    if (s->status == WEIR_OK)
        s->status = why;
    weir_life_cancel(s);
}

void weir_life_cancel(struct weir_sched *s)
{
    if (s->is_cancelled)
        return;
    s->is_cancelled = true;
    if (s->status == WEIR_OK)
        s->status = WEIR_CANCELLED;
    for (struct weir_link *link = s->all.next; link != &s->all; link = link->next) {
        struct weir_job *job = WEIR_OBJECT(link, struct weir_job, all_link);

        if (weir_job_is_join(job))
            weir_life_give_up_group(job->group, WEIR_CANCELLED);
        else
            weir_life_give_up(job, WEIR_CANCELLED);
    }
}
