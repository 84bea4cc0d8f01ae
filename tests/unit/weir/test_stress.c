/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Thousands of jobs on real threads: plans that open groups and wait for them, requests that end on
 * another thread, steps of several parts, ordered stages, overruns, skips, failures, cancellation.
 * What counts: every item is dropped once, memory is never shared, the budget holds, and it ends.
 * Run it under the thread sanitizer.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/test.h"
#include "weir/weir.h"

enum {
    KIB = 1024,
    PLANS = 24,
    GROUPS_MAX = 4,
    MEMBERS_MAX = 12,
    LONE = 200,
    ITEMS_MAX = PLANS * (1 + GROUPS_MAX * (1 + MEMBERS_MAX)) + LONE,
    REQUESTS_MAX = 4096,
    BUDGET = 3000 * KIB,
};

struct world;

struct item {
    struct world *world;
    uint32_t seed;
    uint32_t number; /* In its group. */
    atomic_uint drops;
    atomic_uint steps;
    unsigned char *memory;
    size_t bytes;
    struct item *plan;        /* Whose output it is; of a join. */
    struct weir_group *group; /* Of a member. */
    struct item *join;        /* Of a member. */
    uint32_t passed;          /* Of a join: members that passed the ordered stage. */
    atomic_uint outputs_left; /* Of a plan; plus one until it waits. */
    struct weir_job *waiting;
};

struct request {
    struct weir_job *job;
    uint32_t part;
    enum weir_status status;
};

struct world {
    struct weir *w;
    int fetch, work, append, join, plan, outputs;
    struct item items[ITEMS_MAX];
    atomic_uint item_count;
    uint32_t plans_given;
    uint32_t trouble; /* One in so many steps has some; 0: none. */
    bool is_to_fail;
    atomic_uint wrong;
    uint64_t seed;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct request requests[REQUESTS_MAX]; /* A ring. Guarded by lock. */
    uint32_t request_first, request_count;
    bool is_over;
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void expect(struct world *world, bool is_so)
{
    if (!is_so)
        atomic_fetch_add(&world->wrong, 1);
}

static void sleep_some(uint32_t *seed, uint32_t us_max)
{
    const struct timespec t = {.tv_nsec = (long)(next_random(seed) % us_max) * 1000};

    (void)nanosleep(&t, NULL);
}

static struct item *new_item(struct world *world)
{
    const uint32_t index = atomic_fetch_add(&world->item_count, 1);
    struct item *item = &world->items[index];

    if (index >= ITEMS_MAX)
        abort();
    item->world = world;
    item->seed = (uint32_t)world->seed * 7919 + index;
    return item;
}

static bool has_trouble(struct item *item, uint32_t step)
{
    uint32_t seed = item->seed ^ step * 2654435761U;

    return item->world->trouble != 0 && next_random(&seed) % item->world->trouble == 0;
}

/* The other side: answers requests after a while, on a thread of its own. */
static void *serve(void *argument)
{
    struct world *world = argument;
    uint32_t seed = 1;

    (void)pthread_mutex_lock(&world->lock);
    for (;;) {
        while (world->request_count == 0 && !world->is_over)
            (void)pthread_cond_wait(&world->wake, &world->lock);
        if (world->request_count == 0)
            break;
        const struct request request = world->requests[world->request_first];
        world->request_first = (world->request_first + 1) % REQUESTS_MAX;
        world->request_count--;
        (void)pthread_mutex_unlock(&world->lock);
        if (next_random(&seed) % 4 == 0)
            sleep_some(&seed, 200);
        weir_done(request.job, request.part, request.status, 1000);
        (void)pthread_mutex_lock(&world->lock);
    }
    (void)pthread_mutex_unlock(&world->lock);
    return NULL;
}

static void send_request(struct world *world, struct request request)
{
    (void)pthread_mutex_lock(&world->lock);
    if (world->request_count == REQUESTS_MAX)
        abort();
    world->requests[(world->request_first + world->request_count++) % REQUESTS_MAX] = request;
    (void)pthread_cond_signal(&world->wake);
    (void)pthread_mutex_unlock(&world->lock);
}

static enum weir_status run_fetch(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;
    struct world *world = item->world;

    expect(world, call->thread <= 4);
    if (call->part == 0) {
        item->memory = weir_alloc(job, item->bytes);
        expect(world, item->memory != NULL);
        if (item->memory != NULL)
            memset(item->memory, (int)item->seed & 0xff, item->bytes);
    }
    const enum weir_status status = has_trouble(item, 1) ? WEIR_SKIP : WEIR_OK;
    if (item->seed % 3 == 0) {
        weir_moved(job, 1000);
        return status;
    }
    send_request(world, (struct request){job, call->part, status});
    return WEIR_PENDING;
}

static bool is_intact(const struct item *item)
{
    const unsigned char mark = (unsigned char)(item->seed & 0xff);

    return item->memory != NULL && item->memory[0] == mark &&
           item->memory[item->bytes / 2] == mark && item->memory[item->bytes - 1] == mark;
}

static enum weir_status run_work(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;
    uint32_t seed = item->seed + call->part;

    expect(item->world, is_intact(item));
    if (next_random(&seed) % 8 == 0)
        sleep_some(&seed, 300);
    if (call->part == 0 && has_trouble(item, 2) && call->attempt < 3) {
        const enum weir_status status = weir_grow(job, 20 * KIB);

        if (status != WEIR_OK)
            return status == WEIR_RETRY ? WEIR_RETRY : WEIR_SKIP;
        weir_shrink(job, 10 * KIB);
    }
    void *scratch = weir_alloc(job, 8 * KIB);
    expect(item->world, scratch != NULL);
    if (scratch != NULL)
        memset(scratch, 0x55, 8 * KIB);
    weir_release(job, scratch, 8 * KIB);
    if (item->world->is_to_fail && call->part == 1 && item->seed % 97 == 0)
        return WEIR_FAILED;
    return WEIR_OK;
}

static enum weir_status run_append(struct weir_job *job, void *pointer,
                                   const struct weir_call *call)
{
    struct item *item = pointer;

    (void)job;
    (void)call;
    expect(item->world, is_intact(item));
    if (item->join != NULL) {
        /* Without a lock: one at a time, in order. */
        expect(item->world, item->join->passed == item->number);
        item->join->passed++;
        expect(item->world, weir_alloc(weir_group_job(item->group), 100) != NULL);
    }
    return WEIR_OK;
}

static enum weir_status run_join(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    const struct item *item = pointer;
    uint32_t seed = item->seed + call->part;

    (void)job;
    sleep_some(&seed, 100);
    return WEIR_OK;
}

static void drop_item(void *pointer, enum weir_status why)
{
    struct item *item = pointer;

    (void)why;
    atomic_fetch_add(&item->drops, 1);
    if (item->plan != NULL && atomic_fetch_sub(&item->plan->outputs_left, 1) == 1)
        weir_done(item->plan->waiting, 0, WEIR_OK, 0);
}

static void open_group(struct world *world, struct item *plan)
{
    struct item *join = new_item(world);
    const struct weir_step join_route[] = {
        {.stage = world->join, .part_count = 2, .grow_bytes = 10 * KIB},
    };
    const uint32_t members = 1 + next_random(&plan->seed) % MEMBERS_MAX;

    join->plan = plan;
    atomic_fetch_add(&plan->outputs_left, 1);
    struct weir_group *group =
        weir_group_new(world->w, WEIR_DATA, 2000, join_route, 1, join, drop_item);
    expect(world, group != NULL);
    for (uint32_t i = 0; i < members; i++) {
        struct item *item = new_item(world);

        item->bytes = 1 + next_random(&plan->seed) % (200 * KIB);
        item->group = group;
        item->join = join;
        item->number = i;
        const struct weir_step route[] = {
            {.stage = world->fetch, .part_count = 1 + i % 2, .grow_bytes = item->bytes},
            {.stage = world->work, .part_count = 3, .grow_bytes = 24 * KIB, .drop_bytes = 24 * KIB},
            {.stage = world->append, .drop_bytes = item->bytes},
        };
        if (weir_submit(world->w, group, WEIR_DATA, route, 3, item, drop_item) != WEIR_OK) {
            /* Given up or cancelled meanwhile. */
            atomic_fetch_add(&item->drops, 1);
        }
    }
    weir_group_close(group);
}

static enum weir_status run_plan(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *plan = pointer;
    const uint32_t groups = 1 + plan->seed % GROUPS_MAX;

    (void)job;
    (void)call;
    if (has_trouble(plan, 3) && call->attempt == 0)
        return WEIR_RESTART;
    atomic_store(&plan->outputs_left, 1);
    for (uint32_t i = 0; i < groups; i++)
        open_group(plan->world, plan);
    return WEIR_OK;
}

static enum weir_status run_outputs(struct weir_job *job, void *pointer,
                                    const struct weir_call *call)
{
    struct item *plan = pointer;

    (void)call;
    plan->waiting = job;
    return atomic_fetch_sub(&plan->outputs_left, 1) == 1 ? WEIR_OK : WEIR_PENDING;
}

static enum weir_status next_plan(struct weir *w, void *user)
{
    struct world *world = user;
    const struct weir_step route[] = {
        {.stage = world->plan, .grow_bytes = KIB},
        {.stage = world->outputs},
    };

    if (world->plans_given == PLANS)
        return WEIR_END;
    world->plans_given++;
    /* Others make items at the same time: the last one made need not be this one. */
    struct item *plan = new_item(world);
    const enum weir_status status = weir_submit(w, NULL, WEIR_META, route, 2, plan, drop_item);
    if (status != WEIR_OK)
        atomic_fetch_add(&plan->drops, 1);
    return status == WEIR_CANCELLED ? WEIR_END : status;
}

static void submit_lone(struct world *world)
{
    for (uint32_t i = 0; i < LONE; i++) {
        struct item *item = new_item(world);

        item->bytes = 1 + next_random(&item->seed) % (300 * KIB);
        const struct weir_step route[] = {
            {.stage = world->fetch, .grow_bytes = item->bytes},
            {.stage = world->work, .part_count = 2, .grow_bytes = 24 * KIB, .drop_bytes = 24 * KIB},
            {.stage = world->append, .drop_bytes = item->bytes},
        };
        expect(world, weir_submit(world->w, NULL, WEIR_DATA, route, 3, item, drop_item) == WEIR_OK);
    }
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
                                    });
}

static int add_resource(struct world *world, const char *name, enum weir_kind kind, uint32_t min,
                        uint32_t max)
{
    return weir_resource_add(world->w, &(struct weir_resource){
                                           .size = sizeof(struct weir_resource),
                                           .name = name,
                                           .kind = kind,
                                           .slots_min = min,
                                           .slots_max = max,
                                       });
}

static void build(struct world *world)
{
    world->w = weir_new(&(struct weir_config){
        .size = sizeof(struct weir_config),
        .data_budget_bytes = BUDGET,
        .meta_budget_bytes = 8 * KIB,
        .worker_count = 4,
    });
    const int io = add_resource(world, "io", WEIR_ASYNC, 1, 64);
    const int wait = add_resource(world, "wait", WEIR_ASYNC, PLANS, PLANS);
    const int blocking = add_resource(world, "blocking", WEIR_BLOCKING, 2, 2);

    world->plan = add_stage(world, "plan", blocking, run_plan, false);
    world->fetch = add_stage(world, "fetch", io, run_fetch, false);
    world->work = add_stage(world, "work", WEIR_CPU, run_work, false);
    world->append = add_stage(world, "append", WEIR_CPU, run_append, true);
    world->join = add_stage(world, "join", WEIR_CPU, run_join, false);
    world->outputs = add_stage(world, "outputs", wait, run_outputs, false);
    (void)weir_source_add(world->w, next_plan, world);
    submit_lone(world);
}

/* Somebody who looks, and in some rounds cancels. */
static void *watch(void *argument)
{
    struct world *world = argument;
    uint32_t seed = (uint32_t)world->seed;
    const bool is_to_cancel = world->seed % 5 == 4;

    for (int i = 0; i < 20; i++) {
        struct weir_sample sample = {.size = sizeof sample};
        struct weir_stage_sample stages[8];
        struct weir_resource_sample resources[8];
        char text[400];

        sleep_some(&seed, 2000);
        weir_sample(world->w, &sample, stages, 8, resources, 8);
        expect(world, sample.data_used <= BUDGET && sample.data_used_max <= BUDGET);
        for (uint32_t k = 0; k < sample.stage_count; k++) {
            uint64_t sum = 0;

            for (int state = 0; state < WEIR_STATE_COUNT; state++)
                sum += stages[k].state_ns[state];
            expect(world, sum == sample.wall_ns);
        }
        expect(world, weir_explain(world->w, &sample, text, sizeof text) > 0);
        if (is_to_cancel && i == 10)
            weir_cancel(world->w);
    }
    return NULL;
}

static void run_round(struct test *t __attribute__((unused)), uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);
    pthread_t server;
    pthread_t watcher;

    CHECK(world != NULL);
    world->seed = seed;
    world->trouble = seed % 2 == 0 ? 0 : 20;
    world->is_to_fail = seed % 7 == 3;
    (void)pthread_mutex_init(&world->lock, NULL);
    (void)pthread_cond_init(&world->wake, NULL);
    build(world);
    CHECK(pthread_create(&server, NULL, serve, world) == 0);
    CHECK(pthread_create(&watcher, NULL, watch, world) == 0);
    const enum weir_status status = weir_run(world->w);
    (void)pthread_join(watcher, NULL);
    (void)pthread_mutex_lock(&world->lock);
    world->is_over = true;
    (void)pthread_cond_signal(&world->wake);
    (void)pthread_mutex_unlock(&world->lock);
    (void)pthread_join(server, NULL);

    struct weir_sample sample = {.size = sizeof sample};
    weir_sample(world->w, &sample, NULL, 0, NULL, 0);
    CHECK_U64(sample.data_used, 0);
    CHECK_U64(sample.meta_used, 0);
    CHECK(sample.data_used_max <= BUDGET);
    if (seed % 5 != 4 && !world->is_to_fail && status != WEIR_OK) {
        char text[400];

        (void)weir_explain(world->w, NULL, text, sizeof text);
        test_fail(__FILE__, __LINE__, "round %u: status %d: %s", (unsigned)seed, (int)status, text);
    }
    weir_free(world->w);
    const uint32_t count = atomic_load(&world->item_count);
    for (uint32_t i = 0; i < count; i++)
        CHECK_U64(atomic_load(&world->items[i].drops), 1);
    CHECK_U64(atomic_load(&world->wrong), 0);
    (void)pthread_cond_destroy(&world->wake);
    (void)pthread_mutex_destroy(&world->lock);
    free(world);
}

TEST(every_item_leaves_once_and_the_budget_holds)
{
    const char *times = getenv("TEST_TIMES");
    const uint64_t rounds = 10 * (times == NULL ? 1 : strtoull(times, NULL, 10));

    for (uint64_t seed = 0; seed < rounds; seed++)
        run_round(t, seed);
}

static const struct test_case cases[] = {
    {"every_item_leaves_once_and_the_budget_holds", every_item_leaves_once_and_the_budget_holds},
};

int main(int argc, char **argv)
{
    return test_main("weir/stress", cases, sizeof cases / sizeof cases[0], argc, argv);
}
