/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whose jobs begin first: start-time fair queueing over the sources. A unit's turn is where its
 * source stands, or where the engine stands, if that is further on; and each job moves its source
 * on by its bytes over the source's weight. Units begin in the order of their turns. What comes
 * from elsewhere, and what begins again, queues behind all that is there.
 *
 * P. Goyal, H. M. Vin, H. Cheng: Start-time Fair Queueing. SIGCOMM 1996.
 */

#include "weir/submit.h"

#include <assert.h>
#include <string.h>

#include "weir/account.h"
#include "weir/job.h"
#include "weir/life.h"

bool weir_submit_clamp(struct weir_step *route, uint32_t step_count, uint64_t held_first,
                       uint64_t bytes_max)
{
    uint64_t planned = held_first;

    for (uint32_t i = 0; i < step_count; i++) {
        if (planned > bytes_max)
            return false;
        if (route[i].grow_bytes > bytes_max - planned) {
            const uint64_t excess = route[i].grow_bytes - (bytes_max - planned);

            if (!route[i].is_estimate)
                return false;
            route[i].grow_bytes -= excess;
            route[i].drop_bytes -= excess < route[i].drop_bytes ? excess : route[i].drop_bytes;
        }
        planned = weir_route_planned_after(&route[i], planned + route[i].grow_bytes);
    }
    return planned <= bytes_max;
}

static bool is_sound(const struct weir_sched *s, const struct weir_submission *submission)
{
    if (submission->step_count > WEIR_STEPS_MAX || (unsigned)submission->budget > WEIR_META)
        return false;
    for (uint32_t i = 0; i < submission->step_count; i++) {
        if (submission->route[i].stage < 0 ||
            (uint32_t)submission->route[i].stage >= s->stage_count)
            return false;
    }
    return true;
}

static void expect_steps(struct weir_job *job)
{
    for (uint32_t i = 0; i < job->step_count; i++)
        job->sched->stages[job->route[i].stage].expected++;
}

static void settle(struct weir_sched *s)
{
    s->transitions++;
    s->version++;
    weir_account_settle(s);
}

double weir_submit_turn(struct weir_sched *s, int source)
{
    double turn = s->turn_last;

    if (source >= 0)
        turn = s->sources[source].turn > s->turn ? s->sources[source].turn : s->turn;
    if (turn > s->turn_last)
        s->turn_last = turn;
    return turn;
}

/* The source of a job, whose unit has its turn, comes to stand behind it. */
static void move_source_on(struct weir_sched *s, const struct weir_job *job)
{
    const uint64_t bytes = weir_route_peak(job->route, job->step_count, 0);

    if (job->source < 0)
        return;
    struct weir_sched_source *source = &s->sources[job->source];
    if (source->turn < job->unit->turn)
        source->turn = job->unit->turn;
    source->turn += (double)bytes / (source->left > 0 ? source->left : 1);
}

static void add_alone(struct weir_sched *s, struct weir_job *job)
{
    job->own_unit.seq = job->seq;
    job->own_unit.turn = weir_submit_turn(s, job->source);
    move_source_on(s, job);
    job->state = WEIR_JOB_FRESH;
    if (job->source >= 0)
        s->sources[job->source].fresh_count++;
    expect_steps(job);
    weir_life_enqueue(job);
    settle(s);
}

static void add_to_group(struct weir_sched *s, struct weir_group *group, struct weir_job *job)
{
    move_source_on(s, job);
    job->state = WEIR_JOB_FRESH;
    if (job->source >= 0)
        s->sources[job->source].fresh_count++;
    expect_steps(job);
    weir_list_append(&group->members, &job->member_link);
    if (group->fresh == NULL) {
        group->fresh = job;
        weir_life_enqueue(job);
        weir_job_refresh(job);
    }
    settle(s);
}

enum weir_status weir_sched_submit(struct weir_sched *s, const struct weir_submission *submission)
{
    struct weir_step route[WEIR_STEPS_MAX];
    struct weir_submission own = *submission;
    struct weir_group *group = submission->group;

    if (!is_sound(s, submission) || submission->step_count == 0)
        return WEIR_FAILED;
    struct weir_purse *purse = &s->purses[submission->budget];
    if (group != NULL && (group->is_closed || group->unit.purse != purse))
        return WEIR_FAILED;
    if (s->is_cancelled || (group != NULL && group->why != WEIR_OK))
        return WEIR_CANCELLED;
    memcpy(route, submission->route, submission->step_count * sizeof *route);
    own.route = route;
    /* A job of a group comes on top of what the group retains. */
    if (!weir_submit_clamp(route, own.step_count, 0,
                           purse->bytes_max - (group == NULL ? 0 : group->retained_max)))
        return WEIR_OVERSIZE;

    struct weir_job *job = weir_job_new(s, &own, 0);
    if (job == NULL)
        return WEIR_NOMEM;
    if (group != NULL) {
        add_to_group(s, group, job);
        return WEIR_OK;
    }
    if (!weir_purse_register(purse, &job->own_unit, &s->hooks)) {
        weir_job_free(job);
        return WEIR_NOMEM;
    }
    add_alone(s, job);
    return WEIR_OK;
}

struct weir_group *weir_sched_open_group(struct weir_sched *s,
                                         const struct weir_submission *submission,
                                         uint64_t retained_max)
{
    struct weir_step route[WEIR_STEPS_MAX];
    struct weir_submission own = *submission;

    if (!is_sound(s, submission))
        return NULL;
    struct weir_purse *purse = &s->purses[submission->budget];
    if (retained_max > purse->bytes_max)
        return NULL;
    if (own.step_count > 0)
        memcpy(route, submission->route, own.step_count * sizeof *route);
    own.route = route;
    if (!weir_submit_clamp(route, own.step_count, retained_max, purse->bytes_max))
        return NULL;

    struct weir_group *group = weir_hooks_alloc(&s->hooks, sizeof *group);
    if (group == NULL)
        return NULL;
    weir_list_init(&group->members);
    group->retained_max = retained_max;
    if (!weir_purse_register(purse, &group->unit, &s->hooks)) {
        weir_hooks_release(&s->hooks, group, sizeof *group);
        return NULL;
    }
    own.group = group;
    own.source = -1;
    group->join = weir_job_new(s, &own, retained_max);
    if (group->join == NULL) {
        weir_purse_unregister(&group->unit);
        weir_hooks_release(&s->hooks, group, sizeof *group);
        return NULL;
    }
    group->unit.seq = group->join->seq;
    group->unit.turn = weir_submit_turn(s, submission->source);
    group->join->state = WEIR_JOB_JOIN;
    expect_steps(group->join);
    if (s->is_cancelled)
        weir_life_give_up_group(group, WEIR_CANCELLED);
    settle(s);
    return group;
}

void weir_sched_close_group(struct weir_sched *s, struct weir_group *group)
{
    uint64_t peak = 0;

    assert(!group->is_closed);
    group->is_closed = true;
    for (struct weir_link *link = group->members.previous; link != &group->members;
         link = link->previous) {
        struct weir_job *job = WEIR_OBJECT(link, struct weir_job, member_link);
        const uint64_t own = weir_route_peak(job->route, job->step_count, 0);

        if (own > peak)
            peak = own;
        job->suffix_peak = peak;
    }
    weir_job_refresh(group->join);
    if (weir_list_is_empty(&group->members))
        weir_life_begin_join(group);
    settle(s);
}
