/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Events are in a heap by time, then by age. A link serves its requests by processor sharing: each
 * gets rate / count, but not more than stream_rate; so all on it have been served the same since
 * any moment, and one number, `served`, tells when each is over: a request that comes at served = v
 * with b bytes leaves at v + b. Its requests are in a heap by that number.
 */

#include "sim/machine.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum event_kind {
    EVENT_RETURN,  /* A thread's part is over. */
    EVENT_ARRIVE,  /* A request's latency is over. */
    EVENT_LINK,    /* A link's first request may be over. */
    EVENT_WAITED,  /* A wait is over. */
    EVENT_RELEASE, /* An ended job's memory is back. */
    EVENT_DROP,    /* Its drop() returns. */
};

struct event {
    double key; /* Time in ns; in a link's heap: `served`. */
    uint64_t order;
    enum event_kind kind;
    uint32_t link;
    uint64_t generation; /* EVENT_LINK: of the link. */
    uint64_t start_ns;
    int thread_kind;
    struct weir_task task;
};

struct heap {
    struct event *events;
    size_t count;
    size_t capacity;
};

struct link_state {
    struct sim_link config;
    struct heap requests;
    double served;
    double changed_ns;
    uint64_t generation;
};

struct sim {
    struct sim_config config;
    struct weir_sched sched;
    struct heap events;
    struct link_state links[SIM_LINKS_MAX];
    double now_ns;
    uint64_t order;
    uint64_t event_count;
    uint64_t seed; /* Of the durations that the machine draws itself. */
    uint32_t idle[WEIR_RESOURCES_MAX];
    void (*on_drop)(struct sim *m, struct sim_item *item, void *user);
    void *on_drop_user;
    void (*on_part)(struct sim *m, struct weir_job *job, uint32_t part, void *user);
    void *on_part_user;
    bool (*on_idle)(struct sim *m, void *user);
    void *on_idle_user;
};

uint64_t sim_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

double sim_uniform(uint64_t *seed)
{
    return (double)(sim_random(seed) >> 11) / 9007199254740992.0;
}

static bool is_before(const struct event *a, const struct event *b)
{
    return a->key < b->key || (a->key <= b->key && a->order < b->order);
}

static void heap_push(struct heap *h, struct event event)
{
    if (h->count == h->capacity) {
        h->capacity = h->capacity == 0 ? 64 : 2 * h->capacity;
        h->events = realloc(h->events, h->capacity * sizeof *h->events);
        if (h->events == NULL)
            abort();
    }
    size_t i = h->count++;
    while (i > 0 && is_before(&event, &h->events[(i - 1) / 2])) {
        h->events[i] = h->events[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->events[i] = event;
}

static struct event heap_pop(struct heap *h)
{
    const struct event first = h->events[0];
    const struct event last = h->events[--h->count];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= h->count)
            break;
        if (child + 1 < h->count && is_before(&h->events[child + 1], &h->events[child]))
            child++;
        if (!is_before(&h->events[child], &last))
            break;
        h->events[i] = h->events[child];
        i = child;
    }
    if (h->count > 0)
        h->events[i] = last;
    return first;
}

struct sim *sim_new(const struct sim_config *config)
{
    const struct weir_hooks system = weir_hooks_system();
    struct sim *m = calloc(1, sizeof *m);

    if (m == NULL)
        return NULL;
    m->config = *config;
    for (uint32_t i = 0; i < config->link_count; i++)
        m->links[i].config = config->links[i];
    if (!weir_sched_init(&m->sched, NULL, &config->weir,
                         config->hooks != NULL ? config->hooks : &system)) {
        free(m);
        return NULL;
    }
    return m;
}

void sim_free(struct sim *m)
{
    weir_sched_fini(&m->sched);
    free(m->events.events);
    for (uint32_t i = 0; i < SIM_LINKS_MAX; i++)
        free(m->links[i].requests.events);
    free(m);
}

struct weir_sched *sim_sched(struct sim *m)
{
    return &m->sched;
}

uint64_t sim_now_ns(const struct sim *m)
{
    return (uint64_t)m->now_ns;
}

int sim_add_source(struct sim *m, weir_next_fn *next, void *user)
{
    return weir_sched_add_source(&m->sched, next, user);
}

void sim_on_drop(struct sim *m, void (*on_drop)(struct sim *m, struct sim_item *item, void *user),
                 void *user)
{
    m->on_drop = on_drop;
    m->on_drop_user = user;
}

void sim_on_part(struct sim *m,
                 void (*on_part)(struct sim *m, struct weir_job *job, uint32_t part, void *user),
                 void *user)
{
    m->on_part = on_part;
    m->on_part_user = user;
}

void sim_on_idle(struct sim *m, bool (*on_idle)(struct sim *m, void *user), void *user)
{
    m->on_idle = on_idle;
    m->on_idle_user = user;
}

static bool has_more(struct sim *m)
{
    return m->on_idle != NULL && m->on_idle(m, m->on_idle_user);
}

static double stream_rate(const struct link_state *link)
{
    const double share = link->config.rate / (double)link->requests.count;

    return share < link->config.stream_rate ? share : link->config.stream_rate;
}

/* Brings `served` up to now. */
static void serve(struct sim *m, struct link_state *link)
{
    if (link->requests.count > 0)
        link->served += stream_rate(link) * (m->now_ns - link->changed_ns) / 1e9;
    link->changed_ns = m->now_ns;
}

static void expect_next(struct sim *m, uint32_t index)
{
    struct link_state *link = &m->links[index];

    link->generation++;
    if (link->requests.count == 0)
        return;
    const double left = link->requests.events[0].key - link->served;
    heap_push(&m->events, (struct event){
                              .key = m->now_ns + (left > 0 ? left : 0) / stream_rate(link) * 1e9,
                              .order = m->order++,
                              .kind = EVENT_LINK,
                              .link = index,
                              .generation = link->generation,
                          });
}

static struct sim_cost *cost_of(const struct weir_job *job)
{
    struct sim_item *item = job->item;

    return &item->costs[job->step];
}

/* What run() would have answered: only the last part of a step tells more than that all is well. */
static enum weir_status answer_of(struct sim *m, struct weir_job *job, uint32_t part)
{
    struct sim_cost *cost = cost_of(job);

    if (m->on_part != NULL)
        m->on_part(m, job, part, m->on_part_user);
    if (part + 1 < job->route[job->step].part_count || cost->answer_count == 0)
        return WEIR_OK;
    if (cost->answer == WEIR_RETRY && cost->grow_bytes > 0) {
        const uint64_t grow = cost->grow_bytes;

        cost->answer_count--;
        return weir_sched_grow(&m->sched, job, grow, false);
    }
    if (cost->answer == WEIR_OK)
        return WEIR_OK;
    cost->answer_count--;
    return cost->answer;
}

static void push_waited(struct sim *m, struct weir_job *job)
{
    heap_push(&m->events, (struct event){
                              .key = m->now_ns,
                              .order = m->order++,
                              .kind = EVENT_WAITED,
                              .task = {.job = job},
                          });
}

void sim_end_wait(struct sim *m, struct sim_item *item)
{
    item->is_wait_over = true;
    if (item->waiting != NULL)
        push_waited(m, item->waiting);
    item->waiting = NULL;
}

static void start_wait(struct sim *m, const struct weir_task *task)
{
    struct sim_item *item = task->job->item;

    if (item->is_wait_over)
        push_waited(m, task->job);
    else
        item->waiting = task->job;
    weir_sched_returned(&m->sched, task, WEIR_PENDING, 0, (uint64_t)m->now_ns);
}

static void start_part(struct sim *m, const struct weir_task *task, int thread_kind)
{
    struct weir_job *job = task->job;
    const struct sim_cost *cost = cost_of(job);
    struct event event = {
        .order = m->order++,
        .start_ns = (uint64_t)m->now_ns,
        .task = *task,
        .thread_kind = thread_kind,
        .link = cost->link,
    };

    if (cost->kind == SIM_WAIT) {
        start_wait(m, task);
        return;
    }
    if (cost->kind == SIM_REQUEST) {
        event.kind = EVENT_ARRIVE;
        event.key = m->now_ns + (double)cost->ns;
        heap_push(&m->events, event);
        weir_sched_returned(&m->sched, task, WEIR_PENDING, 0, (uint64_t)m->now_ns);
        return;
    }
    event.kind = EVENT_RETURN;
    event.key = m->now_ns + (double)cost->ns / job->route[job->step].part_count;
    if (thread_kind >= 0)
        m->idle[thread_kind]--;
    heap_push(&m->events, event);
}

static void drop_job(struct sim *m, struct weir_job *job)
{
    struct sim_item *item = job->item;

    if (item != NULL) {
        item->drop_count++;
        item->why = job->why;
        item->dropped_ns = (uint64_t)m->now_ns;
        if (m->on_drop != NULL)
            m->on_drop(m, item, m->on_drop_user);
    }
    weir_sched_dropped(&m->sched, job, (uint64_t)m->now_ns);
}

static void push_end(struct sim *m, enum event_kind kind, struct weir_job *job, int thread_kind)
{
    const uint64_t ns = sim_random(&m->seed) % m->config.end_ns_max;

    heap_push(&m->events, (struct event){
                              .key = m->now_ns + (double)ns,
                              .order = m->order++,
                              .kind = kind,
                              .thread_kind = thread_kind,
                              .task = {.job = job},
                          });
}

/* The simulation allocates nothing, so all that is granted is room. */
static void end_job(struct sim *m, struct weir_job *job, int thread_kind)
{
    if (m->config.end_ns_max > 0) {
        if (thread_kind >= 0)
            m->idle[thread_kind]--;
        push_end(m, EVENT_RELEASE, job, thread_kind);
    } else if (weir_sched_released(&m->sched, job, (uint64_t)m->now_ns)) {
        drop_job(m, job);
    }
}

static void go_on_ending(struct sim *m, const struct event *event)
{
    struct weir_job *job = event->task.job;

    if (event->kind == EVENT_RELEASE && weir_sched_released(&m->sched, job, (uint64_t)m->now_ns)) {
        push_end(m, EVENT_DROP, job, event->thread_kind);
        return;
    }
    if (event->thread_kind >= 0)
        m->idle[event->thread_kind]++;
    if (event->kind == EVENT_DROP)
        drop_job(m, job);
}

static void start_task(struct sim *m, const struct weir_task *task, int thread_kind)
{
    const struct weir_sched_source *source;

    switch (task->kind) {
    case WEIR_TASK_PART:
        start_part(m, task, thread_kind);
        break;
    case WEIR_TASK_NEXT:
        source = &m->sched.sources[task->source];
        weir_sched_source_returned(&m->sched, task->source, source->next(NULL, source->user),
                                   (uint64_t)m->now_ns);
        break;
    case WEIR_TASK_END:
        end_job(m, task->job, thread_kind);
        break;
    }
}

static void check(struct sim *m)
{
    if (m->config.is_checked)
        weir_sched_check(&m->sched);
}

/* Gives all idle threads something to do, as long as there is something. */
static void start_all(struct sim *m)
{
    struct weir_task task;
    bool is_found = true;

    while (is_found) {
        is_found = false;
        for (int i = 0; i < (int)m->sched.resource_count; i++) {
            while (m->idle[i] > 0 && weir_sched_pick(&m->sched, i, (uint64_t)m->now_ns, &task)) {
                start_task(m, &task, i);
                check(m);
                is_found = true;
            }
        }
        while (m->idle[WEIR_CPU] == 0 &&
               weir_sched_pick(&m->sched, WEIR_STARTER, (uint64_t)m->now_ns, &task)) {
            start_task(m, &task, WEIR_STARTER);
            check(m);
            is_found = true;
        }
    }
}

static void end_request(struct sim *m, const struct event *event)
{
    struct weir_job *job = event->task.job;
    const uint64_t bytes = (uint64_t)cost_of(job)->bytes;

    weir_sched_done(&m->sched, job, event->task.part, answer_of(m, job, event->task.part), bytes,
                    (uint64_t)m->now_ns);
}

static void end_requests(struct sim *m, uint32_t index)
{
    struct link_state *link = &m->links[index];
    /* So that rounding never leaves a request with next to nothing for ever. */
    const double nearly = link->served * (1 + 1e-12) + 1e-6;

    while (link->requests.count > 0 && link->requests.events[0].key <= nearly) {
        const struct event event = heap_pop(&link->requests);

        end_request(m, &event);
    }
    expect_next(m, index);
}

static void handle(struct sim *m, const struct event *event)
{
    struct link_state *link = &m->links[event->link];

    switch (event->kind) {
    case EVENT_WAITED:
        end_request(m, event);
        break;
    case EVENT_RELEASE:
    case EVENT_DROP:
        go_on_ending(m, event);
        break;
    case EVENT_RETURN:
        if (event->thread_kind >= 0)
            m->idle[event->thread_kind]++;
        weir_sched_returned(&m->sched, &event->task,
                            answer_of(m, event->task.job, event->task.part),
                            (uint64_t)m->now_ns - event->start_ns, (uint64_t)m->now_ns);
        break;
    case EVENT_ARRIVE:
        if (m->config.link_count == 0 || cost_of(event->task.job)->bytes <= 0) {
            end_request(m, event);
            break;
        }
        serve(m, link);
        struct event request = *event;
        request.key = link->served + cost_of(event->task.job)->bytes;
        heap_push(&link->requests, request);
        expect_next(m, event->link);
        break;
    case EVENT_LINK:
        if (event->generation != link->generation)
            break;
        serve(m, link);
        end_requests(m, event->link);
        break;
    }
}

static void prepare_threads(struct sim *m)
{
    for (uint32_t i = 0; i < m->sched.resource_count; i++) {
        const struct weir_sched_resource *r = &m->sched.resources[i];

        m->idle[i] = i == WEIR_CPU || r->config.kind == WEIR_BLOCKING ? r->slots : 0;
    }
}

/* Nothing is left to do. False: and all is over. What is stuck is taken apart by cancelling. */
static bool is_to_go_on(struct sim *m, struct sim_result *ret)
{
    if (has_more(m))
        return true;
    if (weir_sched_is_over(&m->sched) || ret->is_stuck)
        return false;
    ret->is_stuck = true;
    weir_sched_cancel(&m->sched);
    return true;
}

void sim_run(struct sim *m, struct sim_result *ret)
{
    *ret = (struct sim_result){.status = WEIR_OK};
    prepare_threads(m);
    weir_sched_start(&m->sched, (uint64_t)m->now_ns);
    for (;;) {
        start_all(m);
        if (m->events.count == 0) {
            if (!is_to_go_on(m, ret))
                break;
            continue;
        }
        const struct event event = heap_pop(&m->events);
        assert(event.key >= m->now_ns);
        m->now_ns = event.key;
        handle(m, &event);
        check(m);
        m->event_count++;
        if (m->event_count == m->config.cancel_at)
            weir_sched_cancel(&m->sched);
        if (m->config.events_max != 0 && m->event_count > m->config.events_max)
            break;
    }
    weir_sched_stop(&m->sched, (uint64_t)m->now_ns);
    ret->wall_ns = (uint64_t)m->now_ns;
    ret->status = m->sched.status;
    ret->events = m->event_count;
    ret->data_used_max = m->sched.purses[WEIR_DATA].used_max;
    ret->meta_used_max = m->sched.purses[WEIR_META].used_max;
    ret->cpu_busy_ns = m->sched.resources[WEIR_CPU].busy_ns;
    ret->retries = m->sched.retries;
}
