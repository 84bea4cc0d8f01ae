/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Uses of <weir/weir.h> that are odd and allowed, with the engine's real threads and all its rules:
 * budgets that fit to the byte, one worker and very many, calls from drop(), requests that end
 * before they have begun, cancelling at the worst moment.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/test.h"
#include "weir/weir.h"

enum {
    KIB = 1024,
    JOBS = 2000,
    RING = 64,
};

/* What a test counts. The stages' `user`. */
struct world {
    struct weir *w;
    int work, more, ordered, request, waiting;
    int io;
    atomic_uint runs, drops, drops_ok, wrong;
    uint32_t left;
    struct weir_group *group;
    enum weir_status answer;
    uint64_t budget;

    /* Requests in flight, that a thread of our own ends. */
    pthread_t ender;
    pthread_t canceller; /* Joined before the engine is gone, if has_canceller. */
    bool has_canceller;
    pthread_mutex_t lock;
    struct weir_job *pending[RING];
    uint32_t parts[RING];
    uint32_t pending_count;
    bool is_over;
};

static struct world the_world;

static void pause_us(long us)
{
    const struct timespec interval = {.tv_nsec = us * 1000};

    (void)nanosleep(&interval, NULL);
}

static void *end_requests(void *argument)
{
    struct world *world = argument;
    bool is_over = false;

    while (!is_over) {
        struct weir_job *job = NULL;
        uint32_t part = 0;

        (void)pthread_mutex_lock(&world->lock);
        if (world->pending_count > 0) {
            job = world->pending[--world->pending_count];
            part = world->parts[world->pending_count];
        }
        is_over = world->is_over && job == NULL;
        (void)pthread_mutex_unlock(&world->lock);
        if (job != NULL)
            weir_done(job, part, WEIR_OK, 100);
        else
            pause_us(20);
    }
    return NULL;
}

/* Sometimes done before run() is back, by itself or by the other thread. */
static enum weir_status run_request(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct world *world = call->user;

    (void)item;
    const uint32_t number = atomic_fetch_add(&world->runs, 1);
    if (number % 5 == 0)
        return WEIR_OK;
    if (number % 5 == 1) {
        weir_done(job, call->part, WEIR_OK, 100);
        return WEIR_PENDING;
    }
    (void)pthread_mutex_lock(&world->lock);
    const bool is_noted = world->pending_count < RING;
    if (is_noted) {
        world->parts[world->pending_count] = call->part;
        world->pending[world->pending_count++] = job;
    }
    (void)pthread_mutex_unlock(&world->lock);
    if (is_noted && number % 5 == 2)
        pause_us(50);
    return is_noted ? WEIR_PENDING : WEIR_OK;
}

static enum weir_status run_work(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct world *world = call->user;

    (void)item;
    atomic_fetch_add(&world->runs, 1);
    const size_t bytes = weir_available(job) / 2;
    void *memory = weir_alloc(job, bytes);
    if (memory == NULL)
        atomic_fetch_add(&world->wrong, 1);
    else
        memset(memory, 1, bytes);
    weir_release(job, memory, bytes);
    weir_release(job, NULL, 0);
    return WEIR_OK;
}

static enum weir_status answer(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct world *world = call->user;

    (void)job;
    return item == world ? world->answer : WEIR_OK;
}

static void drop(void *item, enum weir_status why)
{
    (void)item;
    atomic_fetch_add(&the_world.drops, 1);
    atomic_fetch_add(&the_world.drops_ok, why == WEIR_OK);
}

static int add_stage(struct world *world, const char *name, int resource, weir_run_fn *run,
                     bool in_order)
{
    return weir_stage_add(world->w, &(struct weir_stage){
                                        .size = sizeof(struct weir_stage),
                                        .name = name,
                                        .resource = resource,
                                        .run = run,
                                        .in_order = in_order,
                                        .user = world,
                                    });
}

static struct world *begin(struct test *t, uint64_t budget, uint32_t workers)
{
    struct world *world = &the_world;

    memset(world, 0, sizeof *world);
    world->budget = budget;
    world->w = weir_new(&(struct weir_config){
        .size = sizeof(struct weir_config),
        .data_budget_bytes = budget,
        .meta_budget_bytes = 64 * KIB,
        .worker_count = workers,
    });
    CHECK_MEMORY(world->w);
    world->io = weir_resource_add(world->w, &(struct weir_resource){
                                                .size = sizeof(struct weir_resource),
                                                .name = "io",
                                                .kind = WEIR_ASYNC,
                                                .slots_min = 0,
                                                .slots_max = 8,
                                            });
    world->request = add_stage(world, "request", world->io, run_request, false);
    world->work = add_stage(world, "work", WEIR_CPU, run_work, false);
    world->ordered = add_stage(world, "ordered", WEIR_CPU, answer, true);
    world->more = add_stage(world, "more", WEIR_CPU, answer, false);
    (void)pthread_mutex_init(&world->lock, NULL);
    if (pthread_create(&world->ender, NULL, end_requests, world) != 0)
        abort();
    return world;
}

/* Whether the run ended as it should, with nothing held and nothing above the budget. */
static bool end(struct world *world, enum weir_status wanted)
{
    const enum weir_status status = weir_run(world->w);
    struct weir_sample sample = {.size = sizeof sample};
    struct weir_stage_sample stages[8];
    bool is_good = status == wanted;

    (void)pthread_mutex_lock(&world->lock);
    world->is_over = true;
    (void)pthread_mutex_unlock(&world->lock);
    (void)pthread_join(world->ender, NULL);
    if (world->has_canceller)
        (void)pthread_join(world->canceller, NULL);
    weir_sample(world->w, &sample, stages, 8, NULL, 0);
    is_good = is_good && sample.data_used == 0 && sample.meta_used == 0 &&
              sample.data_used_max <= world->budget;
    for (uint32_t i = 0; i < sample.stage_count && i < 8; i++) {
        uint64_t sum = 0;

        for (int k = 0; k < WEIR_STATE_COUNT; k++)
            sum += stages[i].state_ns[k];
        is_good = is_good && sum == sample.wall_ns && stages[i].held_bytes == 0 &&
                  stages[i].running == 0 && stages[i].waiting == 0;
    }
    weir_free(world->w);
    (void)pthread_mutex_destroy(&world->lock);
    return is_good && atomic_load(&world->wrong) == 0;
}

static enum weir_status submit(struct world *world, const struct weir_step *route, uint32_t count)
{
    return weir_submit(world->w, NULL, WEIR_DATA, route, count, NULL, drop);
}

TEST(a_budget_of_exactly_the_need_and_one_worker)
{
    struct world *world = begin(t, 100 * KIB, 1);
    const struct weir_step route[] = {
        {.stage = world->request, .grow_bytes = 40 * KIB},
        {.stage = world->work, .part_count = 3, .grow_bytes = 60 * KIB, .drop_bytes = 70 * KIB},
        {.stage = world->request, .drop_bytes = UINT64_MAX},
    };

    for (uint32_t i = 0; i < JOBS; i++)
        CHECK_U64(submit(world, route, 3), WEIR_OK);
    CHECK(end(world, WEIR_OK));
    CHECK_U64(atomic_load(&world->drops_ok), JOBS);
    CHECK_U64(atomic_load(&world->runs), 5 * JOBS);
}

TEST(claims_that_are_nothing_and_claims_that_are_all)
{
    struct world *world = begin(t, 100 * KIB, 70);
    const struct weir_step nothing[] = {{.stage = world->more}, {.stage = world->request}};
    const struct weir_step all[] = {{.stage = world->work, .grow_bytes = 100 * KIB}};
    const struct weir_step above[] = {{.stage = world->work, .grow_bytes = 100 * KIB + 1}};
    const struct weir_step huge[] = {{.stage = world->work, .grow_bytes = UINT64_MAX},
                                     {.stage = world->work, .grow_bytes = UINT64_MAX}};
    const struct weir_step largest[] = {{.stage = world->work, .grow_bytes = 10},
                                        {.stage = world->work, .grow_bytes = UINT64_MAX - 9}};
    const struct weir_step cut[] = {
        {.stage = world->work, .grow_bytes = UINT64_MAX / 4, .is_estimate = true}};

    for (uint32_t i = 0; i < JOBS; i++) {
        CHECK_U64(submit(world, nothing, 2), WEIR_OK);
        if (i % 16 == 0)
            CHECK_U64(submit(world, i % 32 == 0 ? all : cut, 1), WEIR_OK);
    }
    CHECK_U64(submit(world, above, 1), WEIR_OVERSIZE);
    CHECK_U64(submit(world, huge, 2), WEIR_OVERSIZE);
    CHECK_U64(submit(world, largest, 2), WEIR_OVERSIZE);
    CHECK(weir_group_new(world->w, WEIR_DATA, 100 * KIB + 1, NULL, 0, NULL, drop) == NULL);
    CHECK(end(world, WEIR_OK));
    CHECK_U64(atomic_load(&world->drops_ok), JOBS + JOBS / 16);
}

TEST(the_version_of_the_header_is_that_of_the_library)
{
    char own[40];

    snprintf(own, sizeof own, "%d.%d.%d", WEIR_VERSION_MAJOR, WEIR_VERSION_MINOR,
             WEIR_VERSION_PATCH);
    CHECK_TEXT(weir_version(), own);
}

TEST(what_makes_no_sense_is_refused)
{
    struct world *world = begin(t, 100 * KIB, 1);
    struct weir_step route[WEIR_STEPS_MAX + 1];
    const enum weir_budget no_budget = (enum weir_budget)(WEIR_META + 1);
    struct weir_resource resource = {
        .size = sizeof resource, .name = "?", .kind = WEIR_ASYNC, .slots_max = 2};
    struct weir_stage stage = {.size = sizeof stage, .name = "?", .run = run_work};

    for (uint32_t i = 0; i <= WEIR_STEPS_MAX; i++)
        route[i] = (struct weir_step){.stage = world->more};
    CHECK_U64(submit(world, route, 0), WEIR_FAILED);
    CHECK_U64(submit(world, route, WEIR_STEPS_MAX + 1), WEIR_FAILED);
    CHECK_U64(weir_submit(world->w, NULL, no_budget, route, 1, NULL, drop), WEIR_FAILED);
    CHECK(weir_group_new(world->w, no_budget, 0, route, 1, NULL, drop) == NULL);
    route[0].stage = 99;
    CHECK_U64(submit(world, route, 1), WEIR_FAILED);
    CHECK(weir_group_new(world->w, WEIR_DATA, 0, route, 1, NULL, drop) == NULL);
    route[0].stage = -1;
    CHECK_U64(submit(world, route, 1), WEIR_FAILED);

    resource.slots_min = 3;
    CHECK(weir_resource_add(world->w, &resource) == -1);
    resource.slots_min = resource.slots_max = 0;
    CHECK(weir_resource_add(world->w, &resource) == -1);
    resource.slots_max = 2;
    resource.kind = (enum weir_kind)(WEIR_BLOCKING + 1);
    CHECK(weir_resource_add(world->w, &resource) == -1);
    stage.resource = 99;
    CHECK(weir_stage_add(world->w, &stage) == -1);
    stage.resource = WEIR_CPU;
    stage.run = NULL;
    CHECK(weir_stage_add(world->w, &stage) == -1);
    CHECK_U64(weir_source_add(world->w, NULL, world), WEIR_FAILED);
    CHECK(end(world, WEIR_OK));
    CHECK_U64(atomic_load(&world->drops), 0);
}

/* Each job that leaves brings the next, in a group of its own. */
static void drop_and_submit(void *item, enum weir_status why)
{
    struct world *world = &the_world;
    const struct weir_step join[] = {{.stage = world->more, .drop_bytes = 10 * KIB}};
    const struct weir_step route[] = {
        {.stage = world->work, .grow_bytes = 30 * KIB},
        {.stage = world->ordered, .drop_bytes = 30 * KIB},
    };

    (void)item;
    atomic_fetch_add(&world->drops, 1);
    atomic_fetch_add(&world->drops_ok, why == WEIR_OK);
    if (world->left == 0)
        return;
    world->left--;
    struct weir_group *group =
        weir_group_new(world->w, WEIR_DATA, 10 * KIB, join, 1, NULL, drop_and_submit);
    if (group == NULL) {
        atomic_fetch_add(&world->wrong, 1);
        return;
    }
    for (uint32_t i = 0; i < 3; i++) {
        if (weir_submit(world->w, group, WEIR_DATA, route, 2, NULL, drop) != WEIR_OK)
            atomic_fetch_add(&world->wrong, 1);
    }
    weir_group_close(group);
}

TEST(groups_that_are_submitted_from_drop)
{
    struct world *world = begin(t, 40 * KIB, 2);
    const struct weir_step first[] = {{.stage = world->more}};

    world->left = JOBS;
    CHECK_U64(weir_submit(world->w, NULL, WEIR_META, first, 1, NULL, drop_and_submit), WEIR_OK);
    CHECK(end(world, WEIR_OK));
    CHECK_U64(atomic_load(&world->drops_ok), 1 + 4 * JOBS);
}

static enum weir_status next_group(struct weir *w, void *user)
{
    struct world *world = user;
    const struct weir_step join[] = {{.stage = world->work, .grow_bytes = KIB}};
    const struct weir_step route[] = {
        {.stage = world->request, .part_count = 4, .grow_bytes = 10 * KIB},
        {.stage = world->more, .part_count = 2},
        {.stage = world->ordered, .drop_bytes = 5 * KIB},
    };

    if (world->left == 0)
        return WEIR_END;
    world->left--;
    struct weir_group *group = weir_group_new(w, WEIR_DATA, 7 * KIB, join, 1, NULL, drop);
    if (group == NULL)
        return WEIR_NOMEM;
    for (uint32_t i = 0; i < 8; i++) {
        void *item = world->left % 3 == 0 && i == world->left % 8 ? world : NULL;

        if (weir_submit(w, group, WEIR_DATA, route, 3, item, drop) != WEIR_OK)
            atomic_fetch_add(&world->drops, 1);
    }
    weir_group_close(group);
    return WEIR_OK;
}

TEST(groups_with_one_job_that_fails_it)
{
    struct world *world = begin(t, 60 * KIB, 4);

    world->left = JOBS / 5;
    world->answer = WEIR_SKIP;
    CHECK_U64(weir_source_add(world->w, next_group, world), WEIR_OK);
    CHECK(end(world, WEIR_OK));
    CHECK_U64(atomic_load(&world->drops), JOBS / 5 * 9);
}

/* The other thread cancels while requests are in flight. */
static void *cancel(void *argument)
{
    struct world *world = argument;

    while (atomic_load(&world->runs) < 300)
        pause_us(50);
    weir_cancel(world->w);
    weir_cancel(world->w);
    return NULL;
}

TEST(cancelling_while_requests_are_in_flight)
{
    for (uint32_t round = 0; round < 20; round++) {
        struct world *world = begin(t, 60 * KIB, 1 + round % 5);

        world->left = JOBS;
        CHECK_U64(weir_source_add(world->w, next_group, world), WEIR_OK);
        CHECK(pthread_create(&world->canceller, NULL, cancel, world) == 0);
        world->has_canceller = true;
        CHECK(end(world, WEIR_CANCELLED));
        CHECK_U64(atomic_load(&world->drops), (JOBS - world->left) * 9);
    }
}

/* Takes what is left to the last byte, gives it back, and asks for one byte too many. */
static enum weir_status run_grow(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct world *world = call->user;
    const uint64_t rest = world->budget - 10 * KIB;

    (void)item;
    if (call->attempt > 0 || weir_available(job) > 10 * KIB) {
        void *memory = weir_alloc(job, world->budget);
        atomic_fetch_add(&world->wrong, memory == NULL);
        return WEIR_OK;
    }
    atomic_fetch_add(&world->wrong, weir_grow(job, rest + 1) != WEIR_OVERSIZE);
    atomic_fetch_add(&world->wrong, weir_grow(job, UINT64_MAX) != WEIR_OVERSIZE);
    atomic_fetch_add(&world->wrong, weir_grow(job, 0) != WEIR_OK);
    const bool has_had_it = weir_try_grow(job, rest);
    if (has_had_it) {
        atomic_fetch_add(&world->wrong, weir_available(job) != world->budget);
        weir_shrink(job, rest);
        /* Others take it now: what was given back must not be asked for twice. */
        pause_us(200);
    }
    return weir_grow(job, rest);
}

TEST(growing_to_the_last_byte)
{
    struct world *world = begin(t, 100 * KIB, 4);
    const int grow = add_stage(world, "grow", WEIR_CPU, run_grow, false);
    const struct weir_step route[] = {
        {.stage = grow, .grow_bytes = 10 * KIB},
        {.stage = world->more, .drop_bytes = 100 * KIB},
    };

    for (uint32_t i = 0; i < 200; i++)
        CHECK_U64(submit(world, route, 2), WEIR_OK);
    CHECK(end(world, WEIR_OK));
    CHECK_U64(atomic_load(&world->drops_ok), 200);
}

/* With the later step's claim more than a little would never fit: told at once, and no failure. */
static enum weir_status run_grow_before_more(struct weir_job *job, void *item,
                                             const struct weir_call *call)
{
    struct world *world = call->user;

    (void)item;
    const enum weir_status status = weir_grow(job, 25 * KIB);
    if (status == WEIR_OK)
        weir_shrink(job, 25 * KIB);
    atomic_fetch_add(&world->wrong, status == WEIR_RETRY);
    return WEIR_OK;
}

TEST(growing_what_would_never_fit_later)
{
    struct world *world = begin(t, 100 * KIB, 3);
    const int grow = add_stage(world, "grow", WEIR_CPU, run_grow_before_more, false);
    const struct weir_step route[] = {
        {.stage = grow, .grow_bytes = 10 * KIB},
        {.stage = world->work, .grow_bytes = 70 * KIB, .drop_bytes = 80 * KIB},
    };

    for (uint32_t i = 0; i < 200; i++)
        CHECK_U64(submit(world, route, 2), WEIR_OK);
    CHECK(end(world, WEIR_OK));
    CHECK_U64(atomic_load(&world->drops_ok), 200);
}

/* 1: the second job of the group runs; 2: the first one was dropped. */
static atomic_uint scene;

static void wait_for_scene(const struct world *world, unsigned number)
{
    while (atomic_load(&scene) < number && !weir_is_cancelled(world->w))
        pause_us(20);
}

/* Asks for all that is there, while another job of its group holds some of it. */
static enum weir_status run_greedy(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct world *world = call->user;

    (void)item;
    wait_for_scene(world, 1);
    const enum weir_status status = weir_grow(job, 90 * KIB);
    atomic_fetch_add(&world->wrong, status != WEIR_RETRY);
    return status;
}

static enum weir_status run_patient(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct world *world = call->user;

    (void)job;
    (void)item;
    atomic_store(&scene, 1);
    wait_for_scene(world, 2);
    return WEIR_OK;
}

static void drop_of_group(void *item, enum weir_status why)
{
    drop(item, why);
    atomic_fetch_add(&the_world.wrong, why != WEIR_OVERSIZE);
    atomic_store(&scene, 2);
}

/*
 * Its other job still runs then, and ends well, or has parts that never begin; the jobs behind the
 * group come to their turn.
 */
TEST(a_group_that_is_in_its_own_way_is_dropped_alone)
{
    for (uint32_t parts = 1; parts <= 7; parts += 6) {
        struct world *world = begin(t, 100 * KIB, 2);
        const int greedy = add_stage(world, "greedy", WEIR_CPU, run_greedy, false);
        const int patient = add_stage(world, "patient", WEIR_CPU, run_patient, false);
        const struct weir_step routes[2][2] = {
            {{.stage = greedy, .grow_bytes = 10 * KIB}, {.stage = world->more}},
            {{.stage = patient, .grow_bytes = 10 * KIB, .part_count = parts},
             {.stage = world->more}},
        };
        const struct weir_step lone[] = {{.stage = world->more}};

        atomic_store(&scene, 0);
        struct weir_group *group =
            weir_group_new(world->w, WEIR_DATA, 0, NULL, 0, NULL, drop_of_group);
        CHECK(group != NULL);
        for (int i = 0; i < 2; i++)
            CHECK_U64(weir_submit(world->w, group, WEIR_DATA, routes[i], 2, NULL, drop_of_group),
                      WEIR_OK);
        weir_group_close(group);
        for (uint32_t i = 0; i < 20; i++)
            CHECK_U64(submit(world, lone, 1), WEIR_OK);
        CHECK(end(world, WEIR_OK));
        CHECK_U64(atomic_load(&world->drops), 23);
        CHECK_U64(atomic_load(&world->drops_ok), 20);
    }
}

/* Says "later" each time, and is woken from elsewhere, sometimes before it has said so. */
static enum weir_status next_later(struct weir *w, void *user)
{
    struct world *world = user;
    const struct weir_step route[] = {{.stage = world->request, .part_count = 2}};

    if (world->left == 0)
        return WEIR_END;
    if (world->left-- % 2 == 0)
        return WEIR_LATER;
    return weir_submit(w, NULL, WEIR_META, route, 1, NULL, drop);
}

static void *wake(void *argument)
{
    struct world *world = argument;
    bool is_over = false;

    while (!is_over) {
        weir_wake(world->w);
        (void)pthread_mutex_lock(&world->lock);
        is_over = world->is_over;
        (void)pthread_mutex_unlock(&world->lock);
    }
    return NULL;
}

TEST(a_source_that_is_woken_again_and_again)
{
    struct world *world = begin(t, 0, 2);
    pthread_t waker;

    world->left = JOBS;
    CHECK_U64(weir_source_add(world->w, next_later, world), WEIR_OK);
    CHECK(pthread_create(&waker, NULL, wake, world) == 0);
    const enum weir_status status = weir_run(world->w);
    (void)pthread_mutex_lock(&world->lock);
    world->is_over = true;
    (void)pthread_mutex_unlock(&world->lock);
    (void)pthread_join(waker, NULL);
    CHECK_U64(status, WEIR_OK);
    CHECK(end(world, WEIR_OK)); /* A second run, with nothing left to do. */
    CHECK_U64(atomic_load(&world->drops_ok), JOBS / 2);
}

static enum weir_status run_parts(struct weir_job *job, void *item, const struct weir_call *call)
{
    (void)item;
    (void)call;
    weir_set_parts(job, 1, 500);
    weir_set_parts(job, 2, 0);
    return WEIR_OK;
}

TEST(very_many_parts)
{
    struct world *world = begin(t, 10 * KIB, 3);
    const int parts = add_stage(world, "parts", WEIR_CPU, run_parts, false);
    const struct weir_step route[] = {
        {.stage = parts, .grow_bytes = KIB},
        {.stage = world->request, .part_count = 1},
        {.stage = world->more, .part_count = 9, .drop_bytes = KIB},
    };

    for (uint32_t i = 0; i < 20; i++)
        CHECK_U64(submit(world, route, 3), WEIR_OK);
    CHECK(end(world, WEIR_OK));
    CHECK_U64(atomic_load(&world->runs), 20 * 500);
}

static void end_unrun(struct world *world)
{
    (void)pthread_mutex_lock(&world->lock);
    world->is_over = true;
    (void)pthread_mutex_unlock(&world->lock);
    (void)pthread_join(world->ender, NULL);
    weir_free(world->w);
    (void)pthread_mutex_destroy(&world->lock);
}

TEST(jobs_that_are_never_run)
{
    struct world *world = begin(t, 10 * KIB, 1);
    const struct weir_step route[] = {{.stage = world->work, .grow_bytes = KIB}};
    struct weir_group *group = weir_group_new(world->w, WEIR_DATA, KIB, route, 1, NULL, drop);

    CHECK(group != NULL);
    CHECK_U64(submit(world, route, 1), WEIR_OK);
    CHECK_U64(weir_submit(world->w, group, WEIR_DATA, route, 1, NULL, drop), WEIR_OK);
    CHECK(weir_submit(world->w, group, WEIR_META, route, 1, NULL, drop) != WEIR_OK);
    end_unrun(world);
    CHECK_U64(atomic_load(&world->drops), 3);
    CHECK_U64(atomic_load(&world->drops_ok), 0);
}

/* 2^32 - 1 threads and some workers are no small number of threads. */
TEST(more_threads_than_any_system_has)
{
    struct world *world = begin(t, 10 * KIB, 2);
    const struct weir_step route[] = {{.stage = world->work, .grow_bytes = KIB}};
    const int id = weir_resource_add(world->w, &(struct weir_resource){
                                                   .size = sizeof(struct weir_resource),
                                                   .name = "blocking",
                                                   .kind = WEIR_BLOCKING,
                                                   .slots_max = UINT32_MAX,
                                               });

    CHECK(id > 0);
    CHECK_U64(submit(world, route, 1), WEIR_OK);
    CHECK_U64(weir_run(world->w), WEIR_NOMEM);
    end_unrun(world);
    CHECK_U64(atomic_load(&world->runs), 0);
    CHECK_U64(atomic_load(&world->drops), 1);
}

static const struct test_case cases[] = {
    {"a_budget_of_exactly_the_need_and_one_worker", a_budget_of_exactly_the_need_and_one_worker},
    {"claims_that_are_nothing_and_claims_that_are_all",
     claims_that_are_nothing_and_claims_that_are_all},
    {"the_version_of_the_header_is_that_of_the_library",
     the_version_of_the_header_is_that_of_the_library},
    {"what_makes_no_sense_is_refused", what_makes_no_sense_is_refused},
    {"groups_that_are_submitted_from_drop", groups_that_are_submitted_from_drop},
    {"groups_with_one_job_that_fails_it", groups_with_one_job_that_fails_it},
    {"cancelling_while_requests_are_in_flight", cancelling_while_requests_are_in_flight},
    {"growing_to_the_last_byte", growing_to_the_last_byte},
    {"growing_what_would_never_fit_later", growing_what_would_never_fit_later},
    {"a_group_that_is_in_its_own_way_is_dropped_alone",
     a_group_that_is_in_its_own_way_is_dropped_alone},
    {"a_source_that_is_woken_again_and_again", a_source_that_is_woken_again_and_again},
    {"very_many_parts", very_many_parts},
    {"jobs_that_are_never_run", jobs_that_are_never_run},
    {"more_threads_than_any_system_has", more_threads_than_any_system_has},
};

int main(int argc, char **argv)
{
    return test_main("weir/odd", cases, sizeof cases / sizeof cases[0], argc, argv);
}
