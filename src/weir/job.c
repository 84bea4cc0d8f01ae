/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The claim of a group is that of finishing it serially, in the order of submission: each job that
 * has begun, then the largest of those that have not, then the join; every job in turn has what
 * those before it have given back. Jobs of a group begin in the order of submission, so those that
 * have not begun are the tail of the list, and the largest of a tail is kept in its first job.
 *
 * A group that is not closed may still get larger jobs. It counts as needing the whole rest of the
 * budget: all others must be able to finish without it, so that one such group at a time holds
 * memory.
 */

#include "weir/job.h"

#include <assert.h>
#include <string.h>

static const uint32_t parts_timed_max = 65536;

static size_t record_bytes(uint32_t step_count)
{
    return sizeof(struct weir_job) + step_count * sizeof(struct weir_step);
}

/* The simplest engine claims all that a route needs with its first step. */
static void claim_up_front(struct weir_job *job, uint64_t held_first)
{
    const uint64_t peak = weir_route_peak(job->route, job->step_count, held_first);

    for (uint32_t i = 0; i < job->step_count; i++) {
        job->route[i].grow_bytes = i == 0 ? peak - held_first : 0;
        job->route[i].drop_bytes = 0;
    }
}

struct weir_job *weir_job_new(struct weir_sched *s, const struct weir_submission *submission,
                              uint64_t held_first)
{
    struct weir_job *job = weir_hooks_alloc(&s->hooks, record_bytes(submission->step_count));

    if (job == NULL)
        return NULL;
    job->w = s->w;
    job->sched = s;
    job->group = submission->group;
    job->unit = job->group == NULL ? &job->own_unit : &job->group->unit;
    job->item = submission->item;
    job->drop = submission->drop;
    job->source = submission->source;
    job->step_count = submission->step_count;
    for (uint32_t i = 0; i < job->step_count; i++) {
        job->route[i] = submission->route[i];
        if (job->route[i].part_count == 0)
            job->route[i].part_count = 1;
    }
    if (s->is_simplest)
        claim_up_front(job, held_first);
    job->seq = s->seq++;
    weir_list_init(&job->queue_link);
    weir_list_init(&job->member_link);
    weir_list_init(&job->ahead_link);
    job->ahead_step = job->step_count;
    weir_list_append(&s->all, &job->all_link);
    s->job_count++;
    return job;
}

static void forget_parts(struct weir_job *job)
{
    weir_hooks_release(&job->sched->hooks, job->part_starts_ns,
                       job->part_starts_count * sizeof *job->part_starts_ns);
    job->part_starts_ns = NULL;
    job->part_starts_count = 0;
}

/*
 * A part that waits for a slot is not being served yet: its time is not the resource's, and must
 * not look as if the resource were slow.
 */
void weir_job_time_parts(struct weir_job *job)
{
    const uint32_t count = weir_job_step(job)->part_count;
    const int resource = weir_job_stage(job)->config.resource;

    forget_parts(job);
    if (count < 2 || count > parts_timed_max || resource == WEIR_CPU ||
        job->sched->resources[resource].config.kind != WEIR_ASYNC)
        return;
    job->part_starts_ns = weir_hooks_alloc(&job->sched->hooks, count * sizeof *job->part_starts_ns);
    job->part_starts_count = job->part_starts_ns == NULL ? 0 : count;
}

void weir_job_free(struct weir_job *job)
{
    struct weir_sched *s = job->sched;

    assert(job->held == 0);
    forget_parts(job);
    weir_link_remove(&job->queue_link);
    weir_link_remove(&job->member_link);
    weir_link_remove(&job->ahead_link);
    weir_link_remove(&job->all_link);
    s->job_count--;
    weir_hooks_release(&s->hooks, job, record_bytes(job->step_count));
}

bool weir_job_is_join(const struct weir_job *job)
{
    return job->group != NULL && job->group->join == job;
}

struct weir_step *weir_job_step(struct weir_job *job)
{
    assert(job->step_count > 0);
    return &job->route[job->step < job->step_count ? job->step : job->step_count - 1];
}

struct weir_sched_stage *weir_job_stage(struct weir_job *job)
{
    return &job->sched->stages[weir_job_step(job)->stage];
}

void weir_job_set(struct weir_job *job, uint32_t step, uint64_t held)
{
    if (job->step_count > 0) {
        weir_job_stage(job)->held -= job->held;
        job->step = step;

        struct weir_sched_stage *stage = weir_job_stage(job);
        stage->held += held;
    }
    job->held = held;
}

uint64_t weir_job_need(const struct weir_job *job)
{
    /* These give back all they hold and ask for nothing before. */
    if (job->state == WEIR_JOB_ENDING || job->state == WEIR_JOB_EMPTIED)
        return 0;
    return weir_route_need(job->route, job->step_count,
                           (struct weir_position){
                               .held = job->held,
                               .planned = job->planned,
                               .step = job->step,
                               .is_started = job->is_started,
                           });
}

static struct weir_job *member_of(const struct weir_group *group, struct weir_link *link)
{
    return link == &group->members ? NULL : WEIR_OBJECT(link, struct weir_job, member_link);
}

struct weir_job *weir_job_next_member(const struct weir_job *job)
{
    return member_of(job->group, job->member_link.next);
}

/* `need` or, if larger, what of `wanted` the `held` of those before does not cover. */
static uint64_t raise(uint64_t need, uint64_t wanted, uint64_t held)
{
    const uint64_t rest = wanted > held ? wanted - held : 0;

    return rest > need ? rest : need;
}

static void refresh_group(struct weir_group *group)
{
    uint64_t held = 0;
    uint64_t need = 0;

    for (struct weir_job *job = member_of(group, group->members.next);
         job != NULL && job != group->fresh; job = weir_job_next_member(job)) {
        need = raise(need, weir_job_need(job), held);
        held += job->held;
    }
    if (group->fresh != NULL)
        need = raise(need, group->fresh->suffix_peak, held);
    need = raise(need, weir_job_need(group->join), held);
    held += group->join->held;
    if (group->why != WEIR_OK)
        need = 0;
    else if (!group->is_closed && need < group->unit.purse->bytes_max - held)
        need = group->unit.purse->bytes_max - held;
    weir_purse_set(&group->unit, held, need);
}

void weir_job_refresh(struct weir_job *job)
{
    if (job->group != NULL)
        refresh_group(job->group);
    else
        weir_purse_set(job->unit, job->held, weir_job_need(job));
}

bool weir_job_is_to_pass(const struct weir_job *job, int stage)
{
    if (job->state == WEIR_JOB_ENDING)
        return false;
    for (uint32_t i = job->step; i < job->step_count; i++) {
        if (job->route[i].stage == stage)
            return true;
    }
    return false;
}

bool weir_job_is_in_turn(const struct weir_job *job)
{
    const int stage = job->route[job->step].stage;

    if (job->group == NULL || weir_job_is_join(job) || !job->sched->stages[stage].config.in_order)
        return true;
    for (struct weir_link *link = job->member_link.previous; link != &job->group->members;
         link = link->previous) {
        if (weir_job_is_to_pass(WEIR_OBJECT(link, struct weir_job, member_link), stage))
            return false;
    }
    return true;
}

bool weir_job_is_older(const struct weir_job *a, const struct weir_job *b)
{
    if (a->unit != b->unit)
        return a->unit->seq < b->unit->seq;
    return a->seq < b->seq;
}

void weir_job_enqueue(struct weir_link *queue, struct weir_job *job)
{
    struct weir_link *place = queue->previous;

    while (place != queue &&
           weir_job_is_older(job, WEIR_OBJECT(place, struct weir_job, queue_link)))
        place = place->previous;
    weir_link_insert_after(place, &job->queue_link);
}

bool weir_unit_is_before(const struct weir_unit *a, const struct weir_unit *b)
{
    return a->turn < b->turn || (a->turn <= b->turn && a->seq < b->seq);
}

void weir_job_enqueue_fresh(struct weir_link *queue, struct weir_job *job)
{
    struct weir_link *place = queue->previous;

    while (place != queue &&
           weir_unit_is_before(job->unit, WEIR_OBJECT(place, struct weir_job, queue_link)->unit))
        place = place->previous;
    weir_link_insert_after(place, &job->queue_link);
}
