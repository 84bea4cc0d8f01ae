/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two hard rules and three soft ones (engine's README.md):
 *
 *   H1  the bytes are there;
 *   H2  all that hold memory can still finish afterwards, one after the other;
 *   Q1  look-ahead: a step that is followed by another that needs memory leaves what the next CPU
 *       steps will need;
 *   Q3  no starvation: such a step, and what has not begun, waits while the oldest that has begun
 *       has been refused for long; and what has not begun waits while something older has, and has
 *       been passed by as many bytes as there are.
 *
 *   Q4  while the process takes more than it should (weir_config.resident_bytes_max), less than the
 *       budget is used.
 *
 * Soft rules do not hold for the oldest, nor when nothing of the budget runs: so they cannot stop
 * the whole. (The design's Q2, no memory for requests that cannot start, needs no rule: memory is
 * granted when a slot is free and not before.)
 */

#include "weir/admit.h"

#include "weir/job.h"

static const uint64_t hold_after_ns = 1000000000;

/* The first CPU step with memory of its own from `step` on; step_count: none. */
static uint32_t next_cpu_step(const struct weir_job *job, uint32_t step)
{
    const struct weir_sched *s = job->sched;

    while (step < job->step_count &&
           (job->route[step].grow_bytes == 0 ||
            s->stages[job->route[step].stage].config.resource != WEIR_CPU))
        step++;
    return step;
}

static struct weir_job *job_of_ahead(struct weir_link *link)
{
    return WEIR_OBJECT(link, struct weir_job, ahead_link);
}

void weir_ahead_update(struct weir_job *job)
{
    struct weir_link *list = &job->unit->purse->ahead;
    const uint32_t step = job->is_started ? job->step + 1 : job->step;
    const bool is_waiting = job->state == WEIR_JOB_GRANTED || job->state == WEIR_JOB_READY;

    job->ahead_step =
        is_waiting && job->unit->is_begun ? next_cpu_step(job, step) : job->step_count;
    if (job->ahead_step == job->step_count) {
        weir_link_remove(&job->ahead_link);
    } else if (weir_list_is_empty(&job->ahead_link)) {
        struct weir_link *place = list->previous;

        while (place != list && weir_job_is_older(job, job_of_ahead(place)))
            place = place->previous;
        weir_link_insert_after(place, &job->ahead_link);
    }
}

static uint32_t parts_of(const struct weir_step *step, uint32_t worker_count)
{
    return step->part_count < worker_count ? step->part_count : worker_count;
}

/*
 * What the next CPU steps need. Of the jobs that have begun, oldest first, those count that wait
 * for a CPU step, until they would keep all workers busy; and those that still read, until they
 * would keep as many busy as have been of late, but always one. (With all of them counted to the
 * number of workers, a run that is limited by the network kept most of its memory free for workers
 * that had nothing to do: at the needed memory it took 1.20 of the lower bound instead of 1.07.)
 */
static uint64_t ahead_bytes(const struct weir_sched *s, const struct weir_job *job)
{
    struct weir_link *list = &job->unit->purse->ahead;
    const double reading_max = s->cpu_share * s->worker_count;
    uint64_t bytes = 0;
    uint32_t parts = 0;
    uint32_t reading_parts = 0;

    for (struct weir_link *link = list->next; link != list && parts < s->worker_count;
         link = link->next) {
        const struct weir_job *other = job_of_ahead(link);
        const struct weir_step *step = &other->route[other->ahead_step];
        const bool is_reading = other->state != WEIR_JOB_READY || other->step != other->ahead_step;

        if (other == job || (is_reading && reading_parts > 0 && reading_parts >= reading_max))
            continue;
        bytes += step->grow_bytes;
        parts += parts_of(step, s->worker_count);
        reading_parts += is_reading ? parts_of(step, s->worker_count) : 0;
    }
    /* The job itself is about to become one of those that read. */
    const uint32_t own = next_cpu_step(job, job->step + 1);
    const bool is_counted = reading_parts == 0 || reading_parts < reading_max;
    if (parts < s->worker_count && is_counted && own < job->step_count)
        bytes += job->route[own].grow_bytes;
    return bytes;
}

static bool is_early(const struct weir_job *job)
{
    for (uint32_t i = job->step + 1; i < job->step_count; i++) {
        if (job->route[i].grow_bytes > 0)
            return true;
    }
    return false;
}

static const struct weir_unit *oldest_of(const struct weir_purse *purse)
{
    return weir_list_is_empty(&purse->begun)
               ? NULL
               : WEIR_OBJECT(purse->begun.next, struct weir_unit, begun_link);
}

/* It has been refused for long, and would be with no more than `free_bytes`. */
static bool is_kept_waiting(const struct weir_sched *s, const struct weir_unit *unit,
                            uint64_t free_bytes)
{
    return unit->refused_ns != 0 && s->now_ns - unit->refused_ns > hold_after_ns &&
           unit->refused_bytes > free_bytes;
}

/*
 * Small units that begin as soon as a little is free would keep a large one out until there are no
 * more of them. It lets one budget full of them pass.
 */
static bool is_passing(const struct weir_sched *s, const struct weir_unit *unit,
                       uint64_t free_bytes)
{
    const struct weir_purse *purse = unit->purse;
    const struct weir_unit *other = purse->kept_out;

    return other != NULL && weir_unit_is_before(other, unit) &&
           is_kept_waiting(s, other, free_bytes) &&
           purse->granted - other->refused_at >= purse->bytes_max;
}

static enum weir_refusal ask_soft_rules(const struct weir_sched *s, const struct weir_job *job,
                                        uint64_t bytes)
{
    const struct weir_purse *purse = job->unit->purse;
    const struct weir_unit *oldest = oldest_of(purse);
    const bool is_beginning = !job->unit->is_begun;
    const uint64_t free_after = purse->bytes_max - purse->used - bytes;

    if (bytes == 0 || purse->running == 0 || oldest == NULL || oldest == job->unit)
        return WEIR_REFUSED_NOT;
    if (free_after < purse->bytes_max - purse->bytes_now)
        return WEIR_REFUSED_RESIDENT;
    if ((s->rules & WEIR_RULE_SOFT) == 0 || !(is_beginning || is_early(job)))
        return WEIR_REFUSED_NOT;
    if (is_kept_waiting(s, oldest, free_after) ||
        (is_beginning && is_passing(s, job->unit, free_after)))
        return WEIR_REFUSED_HOLD;
    if (!is_early(job))
        return WEIR_REFUSED_NOT;
    if (free_after < ahead_bytes(s, job))
        return WEIR_REFUSED_AHEAD;
    return WEIR_REFUSED_NOT;
}

/* What the group's first grant brings along: the retained memory. */
static void set_retained(struct weir_group *group, uint64_t bytes)
{
    weir_job_set(group->join, group->join->step, bytes);
    group->join->planned = bytes;
}

static void set_started(struct weir_job *job, bool is_started)
{
    const uint64_t grow = weir_job_step(job)->grow_bytes;

    job->is_started = is_started;
    job->planned = is_started ? job->planned + grow : job->planned - grow;
    weir_job_set(job, job->step, is_started ? job->held + grow : job->held - grow);
}

static bool is_safe(const struct weir_sched *s, const struct weir_purse *purse)
{
    return (s->rules & WEIR_RULE_SAFE) == 0 || weir_purse_is_safe(purse);
}

/* Makes the grant, and takes it back if H2 is against it. */
static bool try_grant(struct weir_sched *s, struct weir_job *job, uint64_t retained)
{
    struct weir_group *group = job->group;
    struct weir_purse *purse = job->unit->purse;
    const uint64_t grow = weir_job_step(job)->grow_bytes;
    struct weir_job *fresh = group == NULL ? NULL : group->fresh;

    if (group != NULL && fresh == job)
        group->fresh = weir_job_next_member(job);
    if (retained > 0)
        set_retained(group, retained);
    set_started(job, true);
    weir_job_refresh(job);

    const bool is_granted = grow + retained == 0 || is_safe(s, purse);
    if (is_granted) {
        weir_purse_commit(purse);
        if (retained > 0)
            weir_job_add_room(group->join, retained);
        weir_job_add_room(job, grow);
    } else {
        set_started(job, false);
        if (retained > 0)
            set_retained(group, 0);
    }
    /* Whether it is fresh is the scheduler's to change. */
    if (group != NULL)
        group->fresh = fresh;
    if (!is_granted)
        weir_job_refresh(job);
    return is_granted;
}

static uint64_t retained_with(const struct weir_job *job)
{
    return job->group != NULL && !job->unit->is_begun ? job->group->retained_max : 0;
}

static uint64_t bytes_of_next(struct weir_job *job)
{
    return weir_job_step(job)->grow_bytes + retained_with(job);
}

static enum weir_refusal ask(struct weir_sched *s, struct weir_job *job)
{
    struct weir_purse *purse = job->unit->purse;
    const uint64_t retained = retained_with(job);
    const uint64_t bytes = bytes_of_next(job);

    if (s->baseline != NULL && !s->baseline(s, job, s->baseline_context))
        return WEIR_REFUSED_BASELINE;
    if (!weir_purse_fits(purse, bytes))
        return WEIR_REFUSED_FIT;
    const enum weir_refusal refusal = ask_soft_rules(s, job, bytes);
    if (refusal != WEIR_REFUSED_NOT)
        return refusal;
    return try_grant(s, job, retained) ? WEIR_REFUSED_NOT : WEIR_REFUSED_SAFE;
}

/* Before it counts as begun. */
static void note_grant(struct weir_unit *unit)
{
    unit->refused_ns = 0;
    if (unit->is_begun)
        return;
    unit->purse->granted += unit->held;
}

enum weir_refusal weir_admit(struct weir_sched *s, struct weir_job *job)
{
    const enum weir_refusal refusal = ask(s, job);
    struct weir_unit *unit = job->unit;

    if (refusal == WEIR_REFUSED_NOT) {
        note_grant(unit);
        return refusal;
    }
    if (unit->refused_ns == 0) {
        unit->refused_ns = s->now_ns > 0 ? s->now_ns : 1;
        unit->refused_at = unit->purse->granted;
    }
    /* Enough may be free, and yet not all could finish. */
    unit->refused_bytes = refusal == WEIR_REFUSED_SAFE ? UINT64_MAX : bytes_of_next(job);
    const bool is_for_memory = refusal == WEIR_REFUSED_FIT || refusal == WEIR_REFUSED_SAFE;
    const struct weir_unit *other = unit->purse->kept_out;
    if (is_for_memory && !unit->is_begun && (other == NULL || weir_unit_is_before(unit, other)))
        unit->purse->kept_out = unit;
    return refusal;
}

enum weir_refusal weir_admit_more(struct weir_sched *s, struct weir_job *job, uint64_t bytes,
                                  bool is_optional)
{
    struct weir_purse *purse = job->unit->purse;

    if (!weir_purse_fits(purse, bytes))
        return WEIR_REFUSED_FIT;
    const uint64_t free_after = purse->bytes_max - purse->used - bytes;
    if (is_optional && free_after < purse->bytes_max - purse->bytes_now)
        return WEIR_REFUSED_RESIDENT;
    if (is_optional && (s->rules & WEIR_RULE_SOFT) != 0 && free_after < ahead_bytes(s, job))
        return WEIR_REFUSED_AHEAD;
    weir_job_set(job, job->step, job->held + bytes);
    job->planned += bytes;
    weir_job_refresh(job);
    if (!is_safe(s, purse)) {
        weir_job_set(job, job->step, job->held - bytes);
        job->planned -= bytes;
        weir_job_refresh(job);
        return WEIR_REFUSED_SAFE;
    }
    weir_purse_commit(purse);
    weir_job_add_room(job, bytes);
    return WEIR_REFUSED_NOT;
}
