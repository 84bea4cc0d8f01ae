/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The threads around the scheduler. All of its state is guarded by one lock, and what the
 * scheduler says is done without it: run(), next(), drop(), giving memory back.
 *
 *   (1) drop() is called by threads of the engine only, never inside a call that the user makes.
 *   (2) A thread that finds nothing to do waits on its resource's condition. Whatever may make
 *       work possible signals one idle thread; a thread that found work signals the next, so that
 *       as many wake up as there is work for.
 *   (3) A job's memory is touched by the threads that run its parts (weir_alloc, without the lock)
 *       and, once it is in a WEIR_TASK_END, by the thread that has that task.
 *
 * Lock order: 1. weir.lock, 2. weir_blocks.lock; in fact never both.
 */

#include "weir/engine.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "weir/account.h"
#include "weir/blocks.h"
#include "weir/cpus.h"
#include "weir/explain.h"
#include "weir/resident.h"
#include "weir/sched.h"

enum {
    WAKES_MAX =
        WEIR_RESOURCES_MAX + 1, /* A condition for the starter, and one for each resource. */
    MARKS_MAX = 32,
};
static const uint64_t mark_interval_ns = 500000000;
static const uint64_t resident_interval_ns = 100000000;
/* More than any Linux has (PID_MAX_LIMIT, include/linux/threads.h). */
static const uint64_t threads_max = (uint64_t)1 << 22;

struct thread {
    struct weir *w;
    int resource;
    uint32_t index; /* Within the resource. */
    pthread_t id;
    int source; /* In whose next() it is; -1: none. Guarded by lock. */
};

struct weir {
    struct weir_hooks hooks;     /* Set at init, then constant. */
    struct weir_blocks blocks;   /* Has a lock of its own. */
    uint64_t resident_bytes_max; /* Set at init, then constant. */
    pthread_mutex_t lock;

    /* Guarded by lock. */
    pthread_cond_t wake[WAKES_MAX]; /* [0, wake_count) are initialised; see wake_index(). */
    uint32_t wake_count;
    uint32_t idle[WAKES_MAX];
    struct weir_sched sched;
    struct thread *threads;
    uint32_t thread_count;
    uint32_t threads_started;
    bool is_running;
    bool is_stopping;
    struct weir_mark marks[MARKS_MAX]; /* A ring of earlier clocks, for weir_explain(). */
    uint32_t mark_next;
    uint64_t resident_seen_ns; /* When the process's memory was looked at. */
    uint64_t locked_ns;        /* When the lock was taken. */
    uint64_t scheduler_ns;     /* Time under the lock. */
};

static uint64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void lock(struct weir *w)
{
    (void)pthread_mutex_lock(&w->lock);
    w->locked_ns = now_ns();
}

static void unlock(struct weir *w)
{
    w->scheduler_ns += now_ns() - w->locked_ns;
    (void)pthread_mutex_unlock(&w->lock);
}

/* Waits for something to do. */
static void wait_idle(struct weir *w, uint32_t wake)
{
    w->idle[wake]++;
    w->scheduler_ns += now_ns() - w->locked_ns;
    (void)pthread_cond_wait(&w->wake[wake], &w->lock);
    w->locked_ns = now_ns();
    w->idle[wake]--;
}

static uint32_t wake_index(int resource)
{
    return (uint32_t)(resource + 1);
}

/* True: a thread of `resource` was woken for what it may have to do. */
static bool wake_one(struct weir *w, int resource, bool has_ends)
{
    const uint32_t index = wake_index(resource);

    if (w->idle[index] == 0 || (!has_ends && !weir_sched_may_pick(&w->sched, resource)))
        return false;
    (void)pthread_cond_signal(&w->wake[index]);
    return true;
}

static void stop(struct weir *w)
{
    w->is_stopping = true;
    for (uint32_t i = 0; i < w->wake_count; i++)
        (void)pthread_cond_broadcast(&w->wake[i]);
}

/* Something has changed. The starter is for when no worker is free; any thread will do for ends. */
static void wake_some(struct weir *w)
{
    if (w->is_running && weir_sched_is_over(&w->sched))
        stop(w);
    const bool has_ends = !weir_list_is_empty(&w->sched.ends);
    bool is_woken = wake_one(w, WEIR_CPU, has_ends) || wake_one(w, WEIR_STARTER, has_ends);
    for (uint32_t i = 1; i < w->sched.resource_count; i++)
        is_woken = wake_one(w, (int)i, has_ends && !is_woken) || is_woken;
}

static uint64_t thread_cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Where a worker may do I/O itself it is worth asking what of its time it worked. */
static bool may_wait(const struct weir_sched *s, const struct weir_task *task)
{
    return task->is_on_worker && s->stages[task->stage].config.resource != WEIR_CPU;
}

static void run_part(struct thread *thread, struct weir_task *task)
{
    struct weir *w = thread->w;
    const struct weir_stage *stage = &w->sched.stages[task->stage].config;
    const struct weir_call call = {
        .part = task->part,
        .thread = thread->index,
        .attempt = task->job->attempt,
        .user = stage->user,
    };
    struct weir_job *job = task->job;
    const bool is_asked = may_wait(&w->sched, task);

    unlock(w);
    const uint64_t cpu_begin = is_asked ? thread_cpu_ns() : 0;
    const uint64_t begin = now_ns();
    const enum weir_status status = stage->run(job, job->item, &call);
    const uint64_t end = now_ns();
    if (is_asked) {
        const uint64_t worked = thread_cpu_ns() - cpu_begin;

        task->wait_ns = end - begin > worked ? end - begin - worked : 0;
    }
    lock(w);
    weir_sched_returned(&w->sched, task, status, end - begin, end);
}

static void run_source(struct thread *thread, const struct weir_task *task)
{
    struct weir *w = thread->w;
    const struct weir_sched_source *source = &w->sched.sources[task->source];

    thread->source = task->source;
    unlock(w);
    const enum weir_status status = source->next(w, source->user);
    lock(w);
    thread->source = -1;
    weir_sched_source_returned(&w->sched, task->source, status, now_ns());
}

static void run_end(struct weir *w, const struct weir_task *task)
{
    struct weir_job *job = task->job;

    unlock(w);
    const uint64_t bytes = weir_blocks_release_all(&w->blocks, &job->blocks);
    atomic_fetch_add_explicit(&job->room, bytes, memory_order_relaxed);
    lock(w);
    if (!weir_sched_released(&w->sched, job, now_ns()))
        return;
    wake_some(w);
    unlock(w);
    if (job->drop != NULL)
        job->drop(job->item, job->why);
    lock(w);
    weir_sched_dropped(&w->sched, job, now_ns());
}

static void run_task(struct thread *thread, struct weir_task *task)
{
    switch (task->kind) {
    case WEIR_TASK_PART:
        run_part(thread, task);
        break;
    case WEIR_TASK_NEXT:
        run_source(thread, task);
        break;
    case WEIR_TASK_END:
        run_end(thread->w, task);
        break;
    }
}

/*
 * Before more is granted: does the process take what it should? The accounted memory is within its
 * budgets always; this is for what nobody accounts for. Looking needs no thread: while no thread
 * asks for work, nothing is granted.
 */
static void look_at_resident(struct weir *w)
{
    if (w->resident_bytes_max == 0 || w->locked_ns < w->resident_seen_ns + resident_interval_ns)
        return;
    w->resident_seen_ns = w->locked_ns;
    unlock(w);
    const uint64_t bytes = weir_resident_bytes();
    const bool is_too_much = bytes > w->resident_bytes_max;
    const uint64_t kept =
        is_too_much ? weir_blocks_lower(&w->blocks, bytes - w->resident_bytes_max) : 0;
    lock(w);
    if (is_too_much)
        weir_sched_lower(&w->sched, kept);
}

static void *work(void *argument)
{
    struct thread *thread = argument;
    struct weir *w = thread->w;
    const uint32_t index = wake_index(thread->resource);
    struct weir_task task;

    lock(w);
    for (;;) {
        look_at_resident(w);
        if (w->is_stopping)
            break;
        if (weir_sched_pick(&w->sched, thread->resource, now_ns(), &task)) {
            wake_some(w);
            run_task(thread, &task);
            wake_some(w);
        } else if (weir_sched_is_over(&w->sched)) {
            stop(w);
        } else {
            wait_idle(w, index);
        }
    }
    unlock(w);
    return NULL;
}

static void release_engine(struct weir *w)
{
    const struct weir_hooks hooks = w->hooks;

    for (uint32_t i = 0; i < w->wake_count; i++)
        (void)pthread_cond_destroy(&w->wake[i]);
    (void)pthread_mutex_destroy(&w->lock);
    weir_hooks_release(&hooks, w, sizeof *w);
}

static bool add_condition(struct weir *w)
{
    if (w->wake_count == WAKES_MAX || pthread_cond_init(&w->wake[w->wake_count], NULL) != 0)
        return false;
    w->wake_count++;
    return true;
}

struct weir *weir_new_with_hooks(const struct weir_config *config, const struct weir_hooks *hooks)
{
    struct weir_config own = {0};
    struct weir *w;

    memcpy(&own, config, config->size < sizeof own ? config->size : sizeof own);
    if (config->size == 0 || own.data_budget_bytes > UINT64_MAX / 4 ||
        own.meta_budget_bytes > UINT64_MAX / 4)
        return NULL;
    if (own.worker_count == 0)
        own.worker_count = weir_cpu_count();
    w = weir_hooks_alloc(hooks, sizeof *w);
    if (w == NULL)
        return NULL;
    w->hooks = *hooks;
    w->resident_bytes_max = own.resident_bytes_max;
    if (pthread_mutex_init(&w->lock, NULL) != 0) {
        weir_hooks_release(hooks, w, sizeof *w);
        return NULL;
    }
    if (!weir_blocks_init(&w->blocks, own.data_budget_bytes + own.meta_budget_bytes, hooks)) {
        release_engine(w);
        return NULL;
    }
    if (!add_condition(w) || !add_condition(w) || !weir_sched_init(&w->sched, w, &own, hooks)) {
        weir_blocks_fini(&w->blocks);
        release_engine(w);
        return NULL;
    }
    return w;
}

struct weir_sched *weir_sched_of(struct weir *w)
{
    return &w->sched;
}

const char *weir_version(void)
{
    return WEIR_VERSION;
}

struct weir *weir_new(const struct weir_config *config)
{
    const struct weir_hooks hooks = weir_hooks_system();

    return weir_new_with_hooks(config, &hooks);
}

/* Closes a group that its user left open. False: there is none. */
static bool close_some_group(struct weir_sched *s)
{
    for (struct weir_link *link = s->all.next; link != &s->all; link = link->next) {
        struct weir_job *job = WEIR_OBJECT(link, struct weir_job, all_link);

        if (job->state == WEIR_JOB_JOIN && !job->group->is_closed) {
            weir_sched_close_group(s, job->group);
            return true;
        }
    }
    return false;
}

void weir_free(struct weir *w)
{
    struct weir_task task;

    if (w == NULL)
        return;
    lock(w);
    assert(!w->is_running);
    weir_sched_cancel(&w->sched);
    do {
        while (weir_sched_pick(&w->sched, WEIR_CPU, now_ns(), &task)) {
            assert(task.kind == WEIR_TASK_END);
            run_end(w, &task);
        }
    } while (close_some_group(&w->sched));
    weir_sched_fini(&w->sched);
    unlock(w);
    weir_blocks_fini(&w->blocks);
    release_engine(w);
}

int weir_resource_add(struct weir *w, const struct weir_resource *resource)
{
    struct weir_resource own = {0};
    int id = -1;

    memcpy(&own, resource, resource->size < sizeof own ? resource->size : sizeof own);
    lock(w);
    if (!w->is_running && w->sched.resource_count < WEIR_RESOURCES_MAX && add_condition(w)) {
        id = weir_sched_add_resource(&w->sched, &own);
        if (id < 0)
            (void)pthread_cond_destroy(&w->wake[--w->wake_count]);
    }
    unlock(w);
    return id;
}

int weir_stage_add(struct weir *w, const struct weir_stage *stage)
{
    struct weir_stage own = {0};

    memcpy(&own, stage, stage->size < sizeof own ? stage->size : sizeof own);
    lock(w);
    const int id = w->is_running ? -1 : weir_sched_add_stage(&w->sched, &own);
    unlock(w);
    return id;
}

enum weir_status weir_source_add(struct weir *w, weir_next_fn *next, void *user)
{
    lock(w);
    const int id = w->is_running ? -1 : weir_sched_add_source(&w->sched, next, user);
    unlock(w);
    return id < 0 ? WEIR_FAILED : WEIR_OK;
}

void weir_wake(struct weir *w)
{
    lock(w);
    weir_sched_wake(&w->sched);
    wake_some(w);
    unlock(w);
}

/* The source in whose next() the calling thread is. */
static int source_of_caller(const struct weir *w)
{
    const pthread_t self = pthread_self();

    for (uint32_t i = 0; i < w->threads_started; i++) {
        if (w->threads[i].source >= 0 && pthread_equal(w->threads[i].id, self))
            return w->threads[i].source;
    }
    return -1;
}

void weir_source_left(struct weir *w, uint64_t bytes)
{
    lock(w);
    weir_sched_source_left(&w->sched, source_of_caller(w), bytes);
    unlock(w);
}

struct weir_group *weir_group_new(struct weir *w, enum weir_budget budget, uint64_t retained_max,
                                  const struct weir_step *join, uint32_t step_count, void *item,
                                  weir_drop_fn *drop)
{
    lock(w);
    struct weir_group *group = weir_sched_open_group(&w->sched,
                                                     &(struct weir_submission){
                                                         .budget = budget,
                                                         .route = join,
                                                         .step_count = step_count,
                                                         .item = item,
                                                         .drop = drop,
                                                         .source = source_of_caller(w),
                                                     },
                                                     retained_max);
    unlock(w);
    return group;
}

void weir_group_close(struct weir_group *group)
{
    struct weir *w = group->join->w;

    lock(w);
    weir_sched_close_group(&w->sched, group);
    wake_some(w);
    unlock(w);
}

struct weir_job *weir_group_job(struct weir_group *group)
{
    return group->join;
}

enum weir_status weir_submit(struct weir *w, struct weir_group *group, enum weir_budget budget,
                             const struct weir_step *route, uint32_t step_count, void *item,
                             weir_drop_fn *drop)
{
    lock(w);
    const enum weir_status status = weir_sched_submit(&w->sched, &(struct weir_submission){
                                                                     .group = group,
                                                                     .budget = budget,
                                                                     .route = route,
                                                                     .step_count = step_count,
                                                                     .item = item,
                                                                     .drop = drop,
                                                                     .source = source_of_caller(w),
                                                                 });
    if (status == WEIR_OK)
        wake_some(w);
    unlock(w);
    return status;
}

void weir_done(struct weir_job *job, uint32_t part, enum weir_status status, uint64_t moved_bytes)
{
    struct weir *w = job->w;

    lock(w);
    weir_sched_done(&w->sched, job, part, status, moved_bytes, now_ns());
    wake_some(w);
    unlock(w);
}

void weir_moved(struct weir_job *job, uint64_t bytes)
{
    atomic_fetch_add_explicit(&job->moved, bytes, memory_order_relaxed);
}

void weir_throttled(struct weir *w, int resource)
{
    lock(w);
    weir_sched_throttled(&w->sched, resource, now_ns());
    unlock(w);
}

void *weir_alloc(struct weir_job *job, size_t bytes)
{
    if (!weir_job_take_room(job, bytes))
        return NULL;
    void *memory = weir_blocks_alloc(&job->w->blocks, &job->blocks, bytes);
    if (memory == NULL)
        atomic_fetch_add_explicit(&job->room, bytes, memory_order_relaxed);
    return memory;
}

void weir_release(struct weir_job *job, void *memory, size_t bytes)
{
    if (memory == NULL)
        return;
    const size_t real = weir_blocks_release(&job->w->blocks, &job->blocks, memory);
    assert(real == bytes);
    (void)bytes;
    atomic_fetch_add_explicit(&job->room, real, memory_order_relaxed);
}

static enum weir_status grow(struct weir_job *job, uint64_t bytes, bool is_optional)
{
    struct weir *w = job->w;

    lock(w);
    const enum weir_status status = weir_sched_grow(&w->sched, job, bytes, is_optional);
    unlock(w);
    return status;
}

enum weir_status weir_grow(struct weir_job *job, uint64_t extra_bytes)
{
    return grow(job, extra_bytes, false);
}

bool weir_try_grow(struct weir_job *job, uint64_t extra_bytes)
{
    return grow(job, extra_bytes, true) == WEIR_OK;
}

void weir_shrink(struct weir_job *job, uint64_t bytes)
{
    struct weir *w = job->w;

    lock(w);
    weir_sched_shrink(&w->sched, job, bytes);
    wake_some(w);
    unlock(w);
}

uint64_t weir_available(const struct weir_job *job)
{
    return atomic_load_explicit(&job->room, memory_order_relaxed);
}

void weir_set_parts(struct weir_job *job, uint32_t step_index, uint32_t part_count)
{
    struct weir *w = job->w;

    lock(w);
    weir_sched_set_parts(&w->sched, job, step_index, part_count);
    unlock(w);
}

static bool has_async(const struct weir_sched *s)
{
    for (uint32_t i = 1; i < s->resource_count; i++) {
        if (s->resources[i].config.kind == WEIR_ASYNC)
            return true;
    }
    return false;
}

static uint32_t threads_of(const struct weir_sched *s, int resource)
{
    if (resource == WEIR_STARTER)
        return has_async(s) ? 1 : 0;
    if (resource == WEIR_CPU)
        return s->worker_count;
    return s->resources[resource].config.kind == WEIR_BLOCKING ? s->resources[resource].slots : 0;
}

static bool start_threads(struct weir *w)
{
    for (int i = WEIR_STARTER; i < (int)w->sched.resource_count; i++) {
        for (uint32_t k = 0; k < threads_of(&w->sched, i); k++) {
            struct thread *thread = &w->threads[w->threads_started];
            const uint32_t index = i == WEIR_STARTER ? w->sched.worker_count : k;

            *thread = (struct thread){.w = w, .resource = i, .index = index, .source = -1};
            if (pthread_create(&thread->id, NULL, work, thread) != 0)
                return false;
            w->threads_started++;
        }
    }
    return true;
}

/* Room for what start_threads() makes; false where no system could make them. */
static bool make_room_for_threads(struct weir *w)
{
    uint64_t count = 0;

    for (int i = WEIR_STARTER; i < (int)w->sched.resource_count; i++)
        count += threads_of(&w->sched, i);
    if (count > threads_max)
        return false;
    w->thread_count = (uint32_t)count;
    w->threads = weir_hooks_alloc(&w->hooks, w->thread_count * sizeof *w->threads);
    return w->threads != NULL;
}

enum weir_status weir_run(struct weir *w)
{
    lock(w);
    assert(!w->is_running);
    if (!make_room_for_threads(w)) {
        unlock(w);
        return WEIR_NOMEM;
    }
    w->is_running = true;
    w->is_stopping = false;
    w->threads_started = 0;
    weir_sched_start(&w->sched, now_ns());
    const bool is_started = start_threads(w);
    if (!is_started) {
        weir_sched_cancel(&w->sched);
        if (w->threads_started == 0)
            w->is_stopping = true;
    }
    const uint32_t started = w->threads_started;
    unlock(w);
    for (uint32_t i = 0; i < started; i++)
        (void)pthread_join(w->threads[i].id, NULL);
    lock(w);
    weir_sched_stop(&w->sched, now_ns());
    weir_blocks_purge(&w->blocks);
    w->is_running = false;
    w->threads_started = 0;
    weir_hooks_release(&w->hooks, w->threads, w->thread_count * sizeof *w->threads);
    w->threads = NULL;
    const enum weir_status status = is_started ? w->sched.status : WEIR_NOMEM;
    unlock(w);
    return status;
}

void weir_cancel(struct weir *w)
{
    lock(w);
    weir_sched_cancel(&w->sched);
    wake_some(w);
    unlock(w);
}

bool weir_is_cancelled(const struct weir *w)
{
    return atomic_load_explicit(&w->sched.is_cancelled, memory_order_relaxed);
}

struct weir *weir_of(const struct weir_job *job)
{
    return job->w;
}

/* Keeps the clocks of samples that are some time apart, so that later ones can be compared. */
static void set_mark(struct weir *w, struct weir_sample *sample)
{
    struct weir_mark now;
    const struct weir_mark *last = &w->marks[(w->mark_next + MARKS_MAX - 1) % MARKS_MAX];

    weir_mark_set(&now, &w->sched);
    sample->data_needed = weir_explain_needed(&w->sched, &now);
    sample->wall_ns = now.ns;
    if (now.ns < last->ns + mark_interval_ns)
        return;
    w->marks[w->mark_next] = now;
    w->mark_next = (w->mark_next + 1) % MARKS_MAX;
}

void weir_sample(struct weir *w, struct weir_sample *ret_sample,
                 struct weir_stage_sample *ret_stages, uint32_t stages_max,
                 struct weir_resource_sample *ret_resources, uint32_t resources_max)
{
    struct weir_sample own = {0};
    const size_t bytes = ret_sample->size < sizeof own ? ret_sample->size : sizeof own;

    own.size = ret_sample->size;
    lock(w);
    own.scheduler_ns = w->scheduler_ns;
    if (w->is_running)
        weir_sched_tick(&w->sched, now_ns());
    weir_account_sample(&w->sched, &own, ret_stages, stages_max, ret_resources, resources_max);
    set_mark(w, &own);
    unlock(w);
    memcpy(ret_sample, &own, bytes);
}

/* The last mark that was set at `wall_ns` or before; NULL: the beginning. */
static const struct weir_mark *mark_at(const struct weir *w, uint64_t wall_ns)
{
    const struct weir_mark *best = NULL;

    for (uint32_t i = 0; i < MARKS_MAX; i++) {
        const struct weir_mark *mark = &w->marks[i];

        if (mark->ns > 0 && mark->ns <= wall_ns && (best == NULL || mark->ns > best->ns))
            best = mark;
    }
    return best;
}

size_t weir_explain(struct weir *w, const struct weir_sample *since, char *text, size_t bytes)
{
    struct weir_mark window;

    lock(w);
    if (w->is_running)
        weir_sched_tick(&w->sched, now_ns());
    weir_mark_set(&window, &w->sched);
    const struct weir_mark *mark = since == NULL ? NULL : mark_at(w, since->wall_ns);
    if (mark != NULL)
        weir_mark_subtract(&window, mark);
    const size_t length = weir_explain_text(&w->sched, &window, text, bytes);
    unlock(w);
    return length;
}
