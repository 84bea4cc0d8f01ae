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
 * order. (2) GRANTED: in stage->granted exactly while a part has not been taken and the step is not
 *       failing.
 *   (3) The claims in the purses are those of the jobs' positions (job.c), and the state is safe
 *       after each grant (budget.c).
 *   (4) A job leaves in two steps: its memory goes back (weir_sched_released), then it is forgotten
 *       (weir_sched_dropped). A join begins when all jobs of the group are forgotten.
 *
 * Not here: threads, time, memory blocks (engine.c, blocks.c).
 */

#include "weir/sched.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "weir/job.h"

static struct weir_job *job_of_queue(struct weir_link *link)
{
    return WEIR_OBJECT(link, struct weir_job, queue_link);
}

static enum weir_budget budget_of(const struct weir_job *job)
{
    return job->unit->purse == &job->sched->purses[WEIR_META] ? WEIR_META : WEIR_DATA;
}

bool weir_sched_init(struct weir_sched *s, struct weir *w, const struct weir_config *config,
                     const struct weir_hooks *hooks)
{
    *s = (struct weir_sched){
        .hooks = *hooks,
        .w = w,
        .is_simplest = config->is_simplest,
        .worker_count = config->worker_count,
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
        resource->slots_min > resource->slots_max)
        return -1;

    struct weir_sched_resource *r = &s->resources[s->resource_count];
    *r = (struct weir_sched_resource){.config = *resource, .slots = resource->slots_max};
    return (int)s->resource_count++;
}

int weir_sched_add_stage(struct weir_sched *s, const struct weir_stage *stage)
{
    if (s->stage_count == WEIR_STAGES_MAX || stage->run == NULL || stage->resource < 0 ||
        (uint32_t)stage->resource >= s->resource_count)
        return -1;

    struct weir_sched_stage *t = &s->stages[s->stage_count];
    t->config = *stage;
    weir_list_init(&t->granted);
    weir_list_init(&t->ready);
    weir_list_init(&t->fresh);
    return (int)s->stage_count++;
}

int weir_sched_add_source(struct weir_sched *s, weir_next_fn *next, void *user)
{
    if (s->source_count == WEIR_SOURCES_MAX || next == NULL)
        return -1;
    s->sources[s->source_count] = (struct weir_sched_source){.next = next, .user = user};
    return (int)s->source_count++;
}

static void fail_run(struct weir_sched *s, enum weir_status why)
{
    if (s->status == WEIR_OK)
        s->status = why;
    weir_sched_cancel(s);
}

/* The caller broke the rules of the header; the run ends, and weir_explain() tells why. */
static void note_breach(struct weir_sched *s, struct weir_job *job, const char *what,
                        uint64_t bytes)
{
    if (s->failure[0] == '\0')
        (void)snprintf(s->failure, sizeof s->failure, "stage %s: %s (%" PRIu64 " bytes)",
                       job->step_count == 0 ? "-" : weir_job_stage(job)->config.name, what, bytes);
}

bool weir_job_take_room(struct weir_job *job, uint64_t bytes)
{
    uint64_t room = atomic_load_explicit(&job->room, memory_order_relaxed);

    do {
        if (room < bytes)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&job->room, &room, room - bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

static void add_room(struct weir_job *job, uint64_t bytes)
{
    atomic_fetch_add_explicit(&job->room, bytes, memory_order_relaxed);
}

/* Puts the job where it waits for its next step. */
static void enqueue(struct weir_job *job)
{
    struct weir_sched_stage *stage = weir_job_stage(job);

    assert(job->step < job->step_count);
    weir_job_enqueue(job->unit->is_begun ? &stage->ready : &stage->fresh, job);
    stage->waiting++;
}

static void dequeue(struct weir_job *job)
{
    weir_job_stage(job)->waiting--;
    weir_link_remove(&job->queue_link);
}

/* A fresh job is fresh no longer: it begins, or it is given up. The next of its group shows up. */
static void leave_fresh(struct weir_job *job)
{
    struct weir_group *group = job->group;

    if (job->source >= 0) {
        job->sched->sources[job->source].fresh_count--;
        job->source = -1;
    }
    if (group != NULL && group->fresh == job) {
        group->fresh = weir_job_next_member(job);
        if (group->fresh != NULL && group->why == WEIR_OK)
            enqueue(group->fresh);
    }
}

static void finish(struct weir_job *job, enum weir_status why)
{
    if (job->state == WEIR_JOB_FRESH || job->state == WEIR_JOB_READY) {
        if (!weir_list_is_empty(&job->queue_link))
            dequeue(job);
        if (job->state == WEIR_JOB_FRESH)
            leave_fresh(job);
    }
    weir_link_remove(&job->queue_link);
    job->state = WEIR_JOB_ENDING;
    job->why = why;
    job->is_started = false;
    weir_list_append(&job->sched->ends, &job->queue_link);
}

static bool is_in_flight(const struct weir_job *job)
{
    return job->calls_inside > 0 || job->parts_ended < job->parts_started;
}

/* Ends the job if nothing of it runs; what runs will see the reason when it returns. */
static void give_up(struct weir_job *job, enum weir_status why)
{
    if (job->state == WEIR_JOB_ENDING || job->state == WEIR_JOB_JOIN)
        return;
    if (job->state == WEIR_JOB_EMPTIED) {
        /* It is in `ends`, or somebody is releasing its memory: weir_sched_released() looks. */
        job->why = why;
        return;
    }
    if (job->state == WEIR_JOB_GRANTED) {
        weir_link_remove(&job->queue_link);
        if (is_in_flight(job))
            return;
        job->sched->running[budget_of(job)]--;
    }
    finish(job, why);
}

/* All jobs of a closed group have left: its join is next, or its end. */
static void begin_join(struct weir_group *group)
{
    struct weir_job *join = group->join;

    assert(join->state == WEIR_JOB_JOIN);
    if (group->why != WEIR_OK || join->step_count == 0) {
        finish(join, group->why);
        return;
    }
    join->state = group->unit.is_begun ? WEIR_JOB_READY : WEIR_JOB_FRESH;
    enqueue(join);
}

static void give_up_group(struct weir_group *group, enum weir_status why)
{
    if (group->why != WEIR_OK)
        return;
    group->why = why;
    for (struct weir_link *link = group->members.next; link != &group->members; link = link->next)
        give_up(WEIR_OBJECT(link, struct weir_job, member_link), why);
    give_up(group->join, why);
    weir_job_refresh(group->join);
}

static bool can_fit(const struct weir_sched *s, const struct weir_submission *submission,
                    uint64_t held_first)
{
    const uint64_t bytes_max = s->purses[submission->budget].bytes_max;

    return held_first <= bytes_max &&
           weir_route_peak(submission->route, submission->step_count, held_first) <= bytes_max;
}

static bool is_sound(const struct weir_sched *s, const struct weir_submission *submission)
{
    if (submission->step_count > WEIR_STEPS_MAX)
        return false;
    for (uint32_t i = 0; i < submission->step_count; i++) {
        if (submission->route[i].stage < 0 ||
            (uint32_t)submission->route[i].stage >= s->stage_count)
            return false;
    }
    return weir_route_is_sound(submission->route, submission->step_count);
}

enum weir_status weir_sched_submit(struct weir_sched *s, const struct weir_submission *submission)
{
    struct weir_group *group = submission->group;

    if (!is_sound(s, submission) || submission->step_count == 0 ||
        (group != NULL &&
         (group->is_closed || group->unit.purse != &s->purses[submission->budget])))
        return WEIR_FAILED;
    if (s->is_cancelled || (group != NULL && group->why != WEIR_OK))
        return WEIR_CANCELLED;
    /* A job of a group is added to what the group retains, which its own drops do not lessen. */
    const uint64_t peak = weir_route_peak(submission->route, submission->step_count, 0);
    const uint64_t retained = group == NULL ? 0 : group->retained_max;
    if (peak > s->purses[submission->budget].bytes_max - retained)
        return WEIR_OVERSIZE;

    struct weir_job *job = weir_job_new(s, submission, 0);
    if (job == NULL)
        return WEIR_NOMEM;
    if (group == NULL) {
        if (!weir_purse_register(&s->purses[submission->budget], &job->own_unit, &s->hooks)) {
            weir_job_free(job);
            return WEIR_NOMEM;
        }
        job->own_unit.seq = job->seq;
    }
    job->state = WEIR_JOB_FRESH;
    if (job->source >= 0)
        s->sources[job->source].fresh_count++;
    if (group == NULL) {
        enqueue(job);
        return WEIR_OK;
    }
    weir_list_append(&group->members, &job->member_link);
    if (group->fresh == NULL) {
        group->fresh = job;
        enqueue(job);
    }
    weir_job_refresh(job);
    return WEIR_OK;
}

struct weir_group *weir_sched_open_group(struct weir_sched *s,
                                         const struct weir_submission *submission,
                                         uint64_t retained_max)
{
    struct weir_submission own = *submission;

    if (!is_sound(s, submission) || !can_fit(s, submission, retained_max))
        return NULL;

    struct weir_group *group = weir_hooks_alloc(&s->hooks, sizeof *group);
    if (group == NULL)
        return NULL;
    weir_list_init(&group->members);
    group->retained_max = retained_max;
    if (!weir_purse_register(&s->purses[submission->budget], &group->unit, &s->hooks)) {
        weir_hooks_release(&s->hooks, group, sizeof *group);
        return NULL;
    }
    own.group = group;
    group->join = weir_job_new(s, &own, retained_max);
    if (group->join == NULL) {
        weir_purse_unregister(&group->unit);
        weir_hooks_release(&s->hooks, group, sizeof *group);
        return NULL;
    }
    group->unit.seq = group->join->seq;
    group->join->state = WEIR_JOB_JOIN;
    group->join->source = -1;
    if (s->is_cancelled)
        give_up_group(group, WEIR_CANCELLED);
    return group;
}

void weir_sched_close_group(struct weir_sched *s, struct weir_group *group)
{
    uint64_t peak = 0;

    (void)s;
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
        begin_join(group);
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

/* H1 and H2. True: the step's memory is granted and the claims say so. */
static bool try_grant(struct weir_sched *s, struct weir_job *job)
{
    struct weir_group *group = job->group;
    struct weir_purse *purse = job->unit->purse;
    const uint64_t retained = group != NULL && !job->unit->is_begun ? group->retained_max : 0;
    const uint64_t bytes = weir_job_step(job)->grow_bytes + retained;

    (void)s;
    if (!weir_purse_fits(purse, bytes))
        return false;

    struct weir_job *fresh = group == NULL ? NULL : group->fresh;
    if (job->state == WEIR_JOB_FRESH && fresh == job)
        group->fresh = weir_job_next_member(job);
    if (retained > 0)
        set_retained(group, retained);
    set_started(job, true);
    weir_job_refresh(job);
    if (bytes == 0 || weir_purse_is_safe(purse)) {
        if (group != NULL)
            group->fresh = fresh;
        if (retained > 0)
            add_room(group->join, retained);
        add_room(job, weir_job_step(job)->grow_bytes);
        return true;
    }
    set_started(job, false);
    if (retained > 0)
        set_retained(group, 0);
    if (group != NULL)
        group->fresh = fresh;
    weir_job_refresh(job);
    return false;
}

/* The job has its grant: from its queue to the granted ones. */
static void begin_step(struct weir_sched *s, struct weir_job *job, uint64_t now_ns)
{
    dequeue(job);
    job->unit->is_begun = true;
    if (job->state == WEIR_JOB_FRESH)
        leave_fresh(job);
    job->state = WEIR_JOB_GRANTED;
    job->status = WEIR_OK;
    job->parts_started = 0;
    job->parts_ended = 0;
    job->grown = 0;
    job->grow_wanted = 0;
    job->step_start_ns = now_ns;
    s->running[budget_of(job)]++;
    weir_job_enqueue(&weir_job_stage(job)->granted, job);
}

static bool grant_from(struct weir_sched *s, struct weir_link *queue, uint64_t now_ns)
{
    for (struct weir_link *link = queue->next; link != queue; link = link->next) {
        struct weir_job *job = job_of_queue(link);

        if (weir_job_is_in_turn(job) && try_grant(s, job)) {
            begin_step(s, job, now_ns);
            return true;
        }
    }
    return false;
}

static void take_part(struct weir_sched *s, struct weir_sched_stage *stage, struct weir_task *ret)
{
    struct weir_job *job = job_of_queue(stage->granted.next);

    *ret = (struct weir_task){
        .kind = WEIR_TASK_PART,
        .job = job,
        .stage = weir_job_step(job)->stage,
        .part = job->parts_started++,
        .source = -1,
    };
    if (job->parts_started == weir_job_step(job)->part_count)
        weir_link_remove(&job->queue_link);
    job->calls_inside++;
    stage->running++;
    s->resources[stage->config.resource].in_use++;
}

static bool pick_in_stage(struct weir_sched *s, struct weir_sched_stage *stage, uint64_t now_ns,
                          struct weir_task *ret)
{
    const struct weir_sched_resource *r = &s->resources[stage->config.resource];

    if (stage->config.parallel_max != 0 && stage->running >= stage->config.parallel_max)
        return false;
    if (stage->config.resource != WEIR_CPU && r->in_use >= r->slots)
        return false;
    if (weir_list_is_empty(&stage->granted) &&
        (s->is_cancelled ||
         (!grant_from(s, &stage->ready, now_ns) && !grant_from(s, &stage->fresh, now_ns))))
        return false;
    take_part(s, stage, ret);
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
        *ret = (struct weir_task){
            .kind = WEIR_TASK_NEXT,
            .stage = -1,
            .source = (int)index,
        };
        s->calls++;
        return true;
    }
    return false;
}

bool weir_sched_pick(struct weir_sched *s, int resource, uint64_t now_ns, struct weir_task *ret)
{
    s->transitions++;
    if (pick_end(s, ret))
        return true;
    for (uint32_t i = s->stage_count; i-- > 0;) {
        struct weir_sched_stage *stage = &s->stages[i];
        const int wanted = stage->config.resource;
        const bool is_mine = wanted == resource || (resource == WEIR_CPU && wanted != WEIR_CPU &&
                                                    s->resources[wanted].config.kind == WEIR_ASYNC);

        if (is_mine && pick_in_stage(s, stage, now_ns, ret))
            return true;
    }
    return resource == WEIR_CPU && pick_source(s, ret);
}

/* Of two answers the one that decides: a failure before a retry before all is well. */
static enum weir_status worse(enum weir_status a, enum weir_status b)
{
    static const uint8_t rank[] = {
        [WEIR_OK] = 0,        [WEIR_RESTART] = 1, [WEIR_RETRY] = 2,    [WEIR_SKIP] = 3,
        [WEIR_CANCELLED] = 4, [WEIR_NOMEM] = 5,   [WEIR_OVERSIZE] = 6, [WEIR_FAILED] = 7,
        [WEIR_PENDING] = 7,   [WEIR_END] = 7,     [WEIR_LATER] = 7,
    };

    return rank[b] > rank[a] ? (rank[b] == 7 ? WEIR_FAILED : b) : a;
}

/* Lowers the grant to `held`; false when more than that is allocated. */
static bool lower(struct weir_job *job, uint64_t held)
{
    if (held >= job->held)
        return true;
    if (!weir_job_take_room(job, job->held - held))
        return false;
    weir_job_set(job, job->step, held);
    return true;
}

/* Its memory goes back, then it begins its route again. */
static void empty(struct weir_job *job)
{
    job->state = WEIR_JOB_EMPTIED;
    job->why = WEIR_OK;
    weir_list_append(&job->sched->ends, &job->queue_link);
    weir_job_refresh(job);
}

static void go_on(struct weir_job *job)
{
    if (job->group != NULL && weir_job_stage(job)->config.in_order)
        job->has_passed_order = true;
    job->planned = weir_route_planned_after(weir_job_step(job), job->planned);
    if (!lower(job, job->planned < job->held ? job->planned : job->held)) {
        note_breach(job->sched, job, "a step ends with more allocated than its route keeps",
                    job->held - job->planned);
        finish(job, WEIR_FAILED);
        fail_run(job->sched, WEIR_FAILED);
        return;
    }
    job->is_started = false;
    if (job->step + 1 < job->step_count) {
        weir_job_set(job, job->step + 1, job->held);
        job->state = WEIR_JOB_READY;
        weir_job_refresh(job);
        enqueue(job);
    } else {
        finish(job, WEIR_OK);
        weir_job_refresh(job);
    }
}

/* Overrun: the step's memory goes back, its claim is what it turned out to be. */
static void retry(struct weir_sched *s, struct weir_job *job)
{
    struct weir_step *step = weir_job_step(job);
    const uint64_t extra = job->grown + job->grow_wanted;
    const uint64_t added = step->grow_bytes + job->grown;
    const uint64_t retained =
        weir_job_is_join(job) || job->group == NULL ? 0 : job->group->retained_max;

    s->retries++;
    job->planned = job->planned > added ? job->planned - added : 0;
    if (!lower(job, job->planned < job->held ? job->planned : job->held)) {
        note_breach(s, job, "a step that retries has not released what it allocated",
                    job->held - job->planned);
        finish(job, WEIR_FAILED);
        fail_run(s, WEIR_FAILED);
        return;
    }
    job->is_started = false;
    step->grow_bytes += extra;
    if (weir_route_peak(job->route, job->step_count, 0) > job->unit->purse->bytes_max - retained) {
        step->grow_bytes -= extra;
        finish(job, WEIR_OVERSIZE);
        fail_run(s, WEIR_OVERSIZE);
        return;
    }
    job->state = WEIR_JOB_READY;
    weir_job_refresh(job);
    if (weir_purse_is_safe(job->unit->purse))
        enqueue(job);
    else
        empty(job);
}

static void count_step(struct weir_sched_stage *stage, struct weir_job *job)
{
    stage->jobs_done++;
    stage->moved += atomic_exchange_explicit(&job->moved, 0, memory_order_relaxed);
    stage->claimed += weir_job_step(job)->grow_bytes;
}

static bool is_last(const struct weir_job *job)
{
    return job->step + 1 >= job->step_count;
}

static void end_step(struct weir_sched *s, struct weir_job *job)
{
    enum weir_status status = job->status;
    const bool may_go_on = is_last(job) && status == WEIR_OK;

    weir_link_remove(&job->queue_link);
    s->running[budget_of(job)]--;
    count_step(weir_job_stage(job), job);
    if (!may_go_on && job->group != NULL)
        status = worse(status, job->group->why);
    if (!may_go_on && s->is_cancelled)
        status = worse(status, WEIR_CANCELLED);
    if (status == WEIR_RESTART && (weir_job_step(job)->part_count > 1 || job->group != NULL)) {
        note_breach(s, job, "a step of several parts, or of a group, cannot restart its job", 0);
        status = WEIR_FAILED;
    }
    if (status == WEIR_OK) {
        go_on(job);
    } else if (status == WEIR_RETRY) {
        retry(s, job);
    } else if (status == WEIR_RESTART) {
        /* Behind the others: one that always begins again keeps nobody waiting. */
        job->seq = s->seq++;
        job->own_unit.seq = job->seq;
        empty(job);
    } else {
        finish(job, status);
        if (job->group != NULL)
            give_up_group(job->group, status);
        if (status != WEIR_SKIP && status != WEIR_CANCELLED)
            fail_run(s, status);
    }
}

static void end_part(struct weir_sched *s, struct weir_job *job, enum weir_status status)
{
    weir_job_stage(job)->running--;
    s->resources[weir_job_stage(job)->config.resource].in_use--;
    weir_job_stage(job)->parts_done++;
    job->parts_ended++;
    assert(job->parts_ended <= job->parts_started);
    job->status = worse(job->status, status);
}

/* The last part has ended, or the last that was begun before one of them failed. */
static void end_step_if_over(struct weir_sched *s, struct weir_job *job)
{
    const bool has_trouble = job->status != WEIR_OK || s->is_cancelled ||
                             (job->group != NULL && job->group->why != WEIR_OK);

    if (has_trouble)
        weir_link_remove(&job->queue_link);
    if (!is_in_flight(job) && (has_trouble || job->parts_ended == weir_job_step(job)->part_count)) {
        if (job->parts_ended < weir_job_step(job)->part_count && job->status == WEIR_OK)
            job->status =
                job->group != NULL && job->group->why != WEIR_OK ? job->group->why : WEIR_CANCELLED;
        end_step(s, job);
    }
}

void weir_sched_returned(struct weir_sched *s, const struct weir_task *task,
                         enum weir_status status, uint64_t busy_ns, uint64_t now_ns)
{
    struct weir_job *job = task->job;

    (void)now_ns;
    s->transitions++;
    s->stages[task->stage].busy_ns += busy_ns;
    job->calls_inside--;
    if (status != WEIR_PENDING)
        end_part(s, job, status);
    end_step_if_over(s, job);
}

void weir_sched_done(struct weir_sched *s, struct weir_job *job, enum weir_status status,
                     uint64_t moved, uint64_t now_ns)
{
    struct weir_sched_stage *stage = weir_job_stage(job);

    s->transitions++;
    if (now_ns > job->step_start_ns)
        stage->busy_ns += now_ns - job->step_start_ns;
    stage->moved += moved;
    end_part(s, job, status == WEIR_PENDING ? WEIR_FAILED : status);
    end_step_if_over(s, job);
}

void weir_sched_source_returned(struct weir_sched *s, int source, enum weir_status status)
{
    struct weir_sched_source *t = &s->sources[source];

    s->calls--;
    s->transitions++;
    assert(t->state == WEIR_SOURCE_CALLED);
    t->state = status == WEIR_OK ? WEIR_SOURCE_IDLE : WEIR_SOURCE_ENDED;
    if (status == WEIR_LATER)
        t->state = t->is_woken ? WEIR_SOURCE_IDLE : WEIR_SOURCE_LATER;
    else if (status == WEIR_CANCELLED)
        weir_sched_cancel(s);
    else if (status != WEIR_OK && status != WEIR_END)
        fail_run(s, status == WEIR_NOMEM || status == WEIR_OVERSIZE ? status : WEIR_FAILED);
}

/* Back to the beginning of its route, or away if it was given up in the meantime. */
static void begin_again(struct weir_sched *s, struct weir_job *job)
{
    job->status = WEIR_OK;
    if (job->why != WEIR_OK || s->is_cancelled ||
        (job->group != NULL && job->group->why != WEIR_OK)) {
        job->state = WEIR_JOB_READY;
        finish(job, job->why != WEIR_OK ? job->why
                    : s->is_cancelled   ? WEIR_CANCELLED
                                        : job->group->why);
        return;
    }
    job->state = job->group == NULL ? WEIR_JOB_FRESH : WEIR_JOB_READY;
    if (job->group == NULL)
        job->own_unit.is_begun = false;
    weir_job_refresh(job);
    if (!weir_purse_is_safe(job->unit->purse)) {
        /* Other jobs of the group, or what it retains, are in the way of the larger claim. */
        finish(job, WEIR_OVERSIZE);
        give_up_group(job->group, WEIR_OVERSIZE);
        return;
    }
    enqueue(job);
}

bool weir_sched_released(struct weir_sched *s, struct weir_job *job)
{
    const bool is_leaving = job->state == WEIR_JOB_ENDING;

    s->transitions++;
    assert(atomic_load(&job->room) == job->held);
    atomic_store(&job->room, 0);
    job->planned = 0;
    job->is_started = false;
    weir_job_set(job, is_leaving ? job->step : 0, 0);
    weir_job_refresh(job);
    if (is_leaving)
        return true;
    s->calls--;
    begin_again(s, job);
    return false;
}

void weir_sched_dropped(struct weir_sched *s, struct weir_job *job)
{
    struct weir_group *group = job->group;
    const bool is_join = weir_job_is_join(job);

    s->calls--;
    s->transitions++;
    if (group == NULL)
        weir_purse_unregister(&job->own_unit);
    if (group != NULL && !is_join && job->why == WEIR_OK)
        group->done_count++;
    weir_job_free(job);
    if (is_join) {
        weir_purse_unregister(&group->unit);
        weir_hooks_release(&s->hooks, group, sizeof *group);
    } else if (group != NULL && group->is_closed && weir_list_is_empty(&group->members)) {
        begin_join(group);
    }
}

void weir_sched_wake(struct weir_sched *s)
{
    for (uint32_t i = 0; i < s->source_count; i++) {
        struct weir_sched_source *source = &s->sources[i];

        if (source->state == WEIR_SOURCE_LATER)
            source->state = WEIR_SOURCE_IDLE;
        source->is_woken = true;
    }
}

void weir_sched_cancel(struct weir_sched *s)
{
    struct weir_link *next;

    if (s->is_cancelled)
        return;
    s->is_cancelled = true;
    if (s->status == WEIR_OK)
        s->status = WEIR_CANCELLED;
    for (struct weir_link *link = s->all.next; link != &s->all; link = next) {
        struct weir_job *job = WEIR_OBJECT(link, struct weir_job, all_link);

        next = link->next;
        if (weir_job_is_join(job))
            give_up_group(job->group, WEIR_CANCELLED);
        else
            give_up(job, WEIR_CANCELLED);
    }
}

static bool can_begin_again(const struct weir_job *job)
{
    return job->state == WEIR_JOB_GRANTED && !job->has_passed_order && !weir_job_is_join(job) &&
           !job->sched->stages[job->route[job->step].stage].config.in_order;
}

enum weir_status weir_sched_grow(struct weir_sched *s, struct weir_job *job, uint64_t bytes,
                                 bool is_optional)
{
    struct weir_purse *purse = job->unit->purse;
    const uint64_t retained =
        job->group == NULL || weir_job_is_join(job) ? 0 : job->group->retained_max;

    (void)s;
    if (bytes == 0)
        return WEIR_OK;
    if (bytes > purse->bytes_max - retained ||
        job->held + job->grow_wanted > purse->bytes_max - retained - bytes)
        return WEIR_OVERSIZE;
    if (weir_purse_fits(purse, bytes)) {
        weir_job_set(job, job->step, job->held + bytes);
        job->planned += bytes;
        weir_job_refresh(job);
        if (weir_purse_is_safe(purse)) {
            job->grown += bytes;
            add_room(job, bytes);
            return WEIR_OK;
        }
        weir_job_set(job, job->step, job->held - bytes);
        job->planned -= bytes;
        weir_job_refresh(job);
    }
    if (is_optional)
        return WEIR_RETRY;
    if (!can_begin_again(job))
        return WEIR_OVERSIZE;
    job->grow_wanted += bytes;
    return WEIR_RETRY;
}

void weir_sched_shrink(struct weir_sched *s, struct weir_job *job, uint64_t bytes)
{
    s->transitions++;
    if (bytes > job->held || !lower(job, job->held - bytes)) {
        note_breach(s, job, "weir_shrink() of memory that is allocated", bytes);
        fail_run(s, WEIR_FAILED);
        return;
    }
    weir_job_refresh(job);
}

void weir_sched_set_parts(struct weir_sched *s, struct weir_job *job, uint32_t step_index,
                          uint32_t part_count)
{
    if (step_index >= job->step_count || step_index <= job->step) {
        note_breach(s, job, "weir_set_parts() of a step that is not ahead", step_index);
        fail_run(s, WEIR_FAILED);
        return;
    }
    job->route[step_index].part_count = part_count == 0 ? 1 : part_count;
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

void weir_sched_check(const struct weir_sched *s)
{
    uint64_t held[2] = {0, 0};
    uint64_t count = 0;

    for (struct weir_link *link = s->all.next; link != &s->all; link = link->next) {
        const struct weir_job *job = WEIR_OBJECT(link, struct weir_job, all_link);
        const bool is_queued = !weir_list_is_empty(&job->queue_link);

        count++;
        held[budget_of(job)] += job->held;
        assert(job->held <= job->planned || job->planned == 0 || job->state == WEIR_JOB_ENDING);
        assert(job->state != WEIR_JOB_READY || is_queued);
        assert(job->state != WEIR_JOB_JOIN || !is_queued);
        (void)is_queued;
    }
    assert(count == s->job_count);
    for (int i = 0; i < 2; i++) {
        weir_purse_check(&s->purses[i]);
        assert(held[i] == s->purses[i].used);
        assert(weir_purse_is_safe(&s->purses[i]));
    }
}
