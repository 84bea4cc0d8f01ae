/* SPDX-License-Identifier: Apache-2.0 */

/* The engine with its real threads, seen through <weir/weir.h>. */

#include "weir/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "support/test.h"

enum {
    KIB = 1024,
    ITEMS_MAX = 64,
    LOG_MAX = 256,
};

/* What a test watches. Jobs are `struct item`s in it. */
struct world {
    struct test *t;
    struct weir *w;
    int cpu_a, cpu_b, ordered, async, blocking;
    int io, blocking_io;

    struct item {
        struct world *world;
        uint32_t number;
        atomic_uint runs;
        uint32_t drops;
        enum weir_status why;
        uint64_t bytes;
        void *memory;
    } items[ITEMS_MAX];
    struct item group_item;

    pthread_mutex_t lock;
    uint32_t log[LOG_MAX]; /* Guarded by lock. */
    uint32_t log_count;
    atomic_uint wrong;
    atomic_uint phase;
    struct weir_group *group;
};

/* The test's allocator is for one thread. */
static pthread_mutex_t hook_lock = PTHREAD_MUTEX_INITIALIZER;

static void *hook_alloc(void *context, size_t bytes)
{
    (void)pthread_mutex_lock(&hook_lock);
    void *memory = rg_alloc(context, bytes);
    (void)pthread_mutex_unlock(&hook_lock);
    return memory;
}

static void hook_release(void *context, void *memory, size_t bytes)
{
    (void)pthread_mutex_lock(&hook_lock);
    rg_release(context, memory, bytes);
    (void)pthread_mutex_unlock(&hook_lock);
}

static void note(struct world *world, uint32_t value)
{
    (void)pthread_mutex_lock(&world->lock);
    if (world->log_count < LOG_MAX)
        world->log[world->log_count++] = value;
    (void)pthread_mutex_unlock(&world->lock);
}

static void expect(struct world *world, bool is_so)
{
    if (!is_so)
        atomic_fetch_add(&world->wrong, 1);
}

static void drop_item(void *pointer, enum weir_status why)
{
    struct item *item = pointer;

    item->drops++;
    item->why = why;
}

static bool build_world(struct test *t, struct world *world, uint64_t data_budget)
{
    const struct weir_hooks hooks = {hook_alloc, hook_release, &t->allocator};
    const struct weir_config config = {
        .size = sizeof config,
        .data_budget_bytes = data_budget,
        .meta_budget_bytes = 64 * KIB,
        .worker_count = 3,
        .is_simplest = true,
    };

    memset(world, 0, sizeof *world);
    world->t = t;
    (void)pthread_mutex_init(&world->lock, NULL);
    for (uint32_t i = 0; i < ITEMS_MAX; i++)
        world->items[i] = (struct item){.world = world, .number = i};
    world->group_item = (struct item){.world = world, .number = 1000};
    world->w = weir_new_with_hooks(&config, &hooks);
    CHECK_MEMORY(world->w);
    world->io = weir_resource_add(world->w, &(struct weir_resource){
                                                .size = sizeof(struct weir_resource),
                                                .name = "io",
                                                .kind = WEIR_ASYNC,
                                                .slots_min = 1,
                                                .slots_max = 4,
                                            });
    world->blocking_io = weir_resource_add(world->w, &(struct weir_resource){
                                                         .size = sizeof(struct weir_resource),
                                                         .name = "blocking",
                                                         .kind = WEIR_BLOCKING,
                                                         .slots_min = 2,
                                                         .slots_max = 2,
                                                     });
    CHECK(world->io > 0);
    CHECK(world->blocking_io > 0);
    return true;
}

static int add_stage(struct world *world, const char *name, int resource, weir_run_fn *run,
                     bool in_order)
{
    const int id = weir_stage_add(world->w, &(struct weir_stage){
                                                .size = sizeof(struct weir_stage),
                                                .name = name,
                                                .resource = resource,
                                                .run = run,
                                                .in_order = in_order,
                                                .user = world,
                                            });

    return id;
}

static void end_world(struct world *world)
{
    weir_free(world->w);
    (void)pthread_mutex_destroy(&world->lock);
    CHECK_U64(atomic_load(&world->wrong), 0);
}

/* For torture: an engine without memory for its records ends the test. */
static void check_weir(struct world *world, enum weir_status status)
{
    struct test *t = world->t;

    if (status == WEIR_NOMEM) {
        weir_free(world->w);
        (void)pthread_mutex_destroy(&world->lock);
        CHECK_MEMORY(NULL);
    }
    CHECK_U64(status, WEIR_OK);
}

static enum weir_status fill(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;

    (void)call;
    item->runs++;
    item->memory = weir_alloc(job, item->bytes);
    expect(item->world, item->memory != NULL);
    expect(item->world, weir_alloc(job, 32 * KIB) == NULL);
    if (item->memory != NULL)
        memset(item->memory, (int)item->number, item->bytes);
    return WEIR_OK;
}

static enum weir_status look(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;
    const unsigned char *bytes = item->memory;

    (void)job;
    (void)call;
    if (bytes != NULL)
        expect(item->world, bytes[item->bytes - 1] == item->number);
    atomic_fetch_add(&item->world->phase, 1);
    return WEIR_OK;
}

TEST(jobs_pass_their_route_within_the_budget)
{
    struct world world;

    CHECK(build_world(t, &world, 30 * KIB));
    const int first = add_stage(&world, "first", WEIR_CPU, fill, false);
    const int second = add_stage(&world, "second", WEIR_CPU, look, false);
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        const struct weir_step route[] = {
            {.stage = first, .grow_bytes = 8 * KIB + i},
            {.stage = second, .part_count = 3, .drop_bytes = 8 * KIB + i},
        };

        world.items[i].bytes = 8 * KIB + i;
        check_weir(&world,
                   weir_submit(world.w, NULL, WEIR_DATA, route, 2, &world.items[i], drop_item));
    }
    check_weir(&world, weir_run(world.w));
    struct weir_sample sample = {.size = sizeof sample};
    struct weir_stage_sample stages[2];
    weir_sample(world.w, &sample, stages, 2, NULL, 0);
    CHECK_U64(sample.data_used, 0);
    CHECK(sample.data_used_max <= 30 * KIB);
    CHECK(sample.data_used_max >= 8 * KIB);
    CHECK_U64(stages[0].parts_done, ITEMS_MAX);
    CHECK_U64(stages[1].parts_done, 3 * ITEMS_MAX);
    CHECK_U64(atomic_load(&world.phase), 3 * ITEMS_MAX);
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        CHECK_U64(atomic_load(&world.items[i].runs), 1);
        CHECK_U64(world.items[i].drops, 1);
        CHECK_U64(world.items[i].why, WEIR_OK);
    }
    end_world(&world);
}

static enum weir_status append(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;
    struct world *world = item->world;

    (void)job;
    (void)call;
    note(world, item->number);
    /* The group's memory is there for its jobs, one at a time. */
    expect(world, weir_alloc(weir_group_job(world->group), 10) != NULL);
    return WEIR_OK;
}

static enum weir_status join(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;

    (void)call;
    expect(item->world, weir_available(job) == 4 * KIB - ITEMS_MAX * 10 + KIB);
    for (uint32_t i = 0; i < ITEMS_MAX; i++)
        expect(item->world, item->world->items[i].drops == 1);
    note(item->world, item->number);
    return WEIR_OK;
}

static void fill_group(struct world *world, int first, int second, int last)
{
    const struct weir_step join_route[] = {{.stage = last, .grow_bytes = KIB}};
    const struct weir_step route[] = {
        {.stage = first, .grow_bytes = 8 * KIB},
        {.stage = second, .drop_bytes = 8 * KIB},
    };

    world->group =
        weir_group_new(world->w, WEIR_DATA, 4 * KIB, join_route, 1, &world->group_item, drop_item);
    if (world->group == NULL)
        check_weir(world, WEIR_NOMEM);
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        world->items[i].bytes = 8 * KIB;
        check_weir(world, weir_submit(world->w, world->group, WEIR_DATA, route, 2, &world->items[i],
                                      drop_item));
    }
    weir_group_close(world->group);
}

TEST(jobs_of_a_group_pass_an_ordered_stage_in_order_and_then_join)
{
    struct world world;

    CHECK(build_world(t, &world, 30 * KIB));
    const int first = add_stage(&world, "first", WEIR_CPU, fill, false);
    const int second = add_stage(&world, "append", WEIR_CPU, append, true);
    const int last = add_stage(&world, "join", WEIR_CPU, join, false);
    fill_group(&world, first, second, last);
    check_weir(&world, weir_run(world.w));
    CHECK_U64(world.log_count, ITEMS_MAX + 1);
    for (uint32_t i = 0; i < ITEMS_MAX; i++)
        CHECK_U64(world.log[i], i);
    CHECK_U64(world.log[ITEMS_MAX], 1000);
    CHECK_U64(world.group_item.drops, 1);
    CHECK_U64(world.group_item.why, WEIR_OK);
    end_world(&world);
}

static enum weir_status skip_third(struct weir_job *job, void *pointer,
                                   const struct weir_call *call)
{
    const struct item *item = pointer;

    (void)job;
    (void)call;
    return item->number == 3 ? WEIR_SKIP : WEIR_OK;
}

TEST(a_skipped_job_takes_its_group_along_and_nothing_else)
{
    struct world world;

    CHECK(build_world(t, &world, 30 * KIB));
    const int first = add_stage(&world, "first", WEIR_CPU, skip_third, false);
    const int second = add_stage(&world, "append", WEIR_CPU, append, true);
    const int last = add_stage(&world, "join", WEIR_CPU, join, false);
    struct item other = {.world = &world, .number = 5};
    fill_group(&world, first, second, last);
    check_weir(&world, weir_submit(world.w, NULL, WEIR_DATA,
                                   (struct weir_step[]){{.stage = first, .grow_bytes = KIB}}, 1,
                                   &other, drop_item));
    check_weir(&world, weir_run(world.w));
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        CHECK_U64(world.items[i].drops, 1);
        CHECK(i < 3 || world.items[i].why == WEIR_SKIP);
    }
    CHECK_U64(world.group_item.drops, 1);
    CHECK_U64(world.group_item.why, WEIR_SKIP);
    CHECK_U64(other.drops, 1);
    CHECK_U64(other.why, WEIR_OK);
    end_world(&world);
}

static enum weir_status fail_third(struct weir_job *job, void *pointer,
                                   const struct weir_call *call)
{
    const struct item *item = pointer;

    (void)job;
    (void)call;
    return item->number == 3 ? WEIR_FAILED : WEIR_OK;
}

TEST(a_failure_stops_the_run_and_drops_the_rest)
{
    struct world world;

    CHECK(build_world(t, &world, 8 * KIB));
    const int first = add_stage(&world, "first", WEIR_CPU, fail_third, false);
    for (uint32_t i = 0; i < ITEMS_MAX; i++)
        check_weir(&world,
                   weir_submit(world.w, NULL, WEIR_DATA,
                               (struct weir_step[]){{.stage = first, .grow_bytes = 8 * KIB}}, 1,
                               &world.items[i], drop_item));
    const enum weir_status status = weir_run(world.w);
    if (status == WEIR_NOMEM)
        check_weir(&world, status);
    CHECK_U64(status, WEIR_FAILED);
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        CHECK_U64(world.items[i].drops, 1);
        CHECK_U64(world.items[i].why, i < 3 ? WEIR_OK : (i == 3 ? WEIR_FAILED : WEIR_CANCELLED));
    }
    end_world(&world);
}

static enum weir_status overrun(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;

    (void)call;
    item->runs++;
    void *scratch = weir_alloc(job, KIB);
    expect(item->world, scratch != NULL);
    const enum weir_status status =
        weir_available(job) >= 10 * KIB ? WEIR_OK : weir_grow(job, 10 * KIB);
    if (status != WEIR_OK) {
        expect(item->world, status == WEIR_RETRY);
        weir_release(job, scratch, KIB);
        return status;
    }
    void *memory = weir_alloc(job, 10 * KIB);
    expect(item->world, memory != NULL);
    weir_release(job, memory, 10 * KIB);
    weir_release(job, scratch, KIB);
    return WEIR_OK;
}

TEST(an_overrun_runs_again_with_what_it_needs)
{
    struct world world;

    CHECK(build_world(t, &world, 16 * KIB));
    const int first = add_stage(&world, "first", WEIR_CPU, fill, false);
    const int second = add_stage(&world, "second", WEIR_CPU, overrun, false);
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        const struct weir_step route[] = {
            {.stage = first, .grow_bytes = 2 * KIB},
            {.stage = second, .grow_bytes = KIB, .drop_bytes = 3 * KIB},
        };

        world.items[i].bytes = 2 * KIB;
        check_weir(&world,
                   weir_submit(world.w, NULL, WEIR_DATA, route, 2, &world.items[i], drop_item));
    }
    check_weir(&world, weir_run(world.w));
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        CHECK(world.items[i].runs >= 2);
        CHECK_U64(world.items[i].drops, 1);
        CHECK_U64(world.items[i].why, WEIR_OK);
    }
    end_world(&world);
}

static enum weir_status restart_thrice(struct weir_job *job, void *pointer,
                                       const struct weir_call *call)
{
    struct item *item = pointer;

    (void)call;
    expect(item->world, weir_available(job) == 4 * KIB);
    expect(item->world, weir_alloc(job, KIB) != NULL);
    return ++item->runs < 3 ? WEIR_RESTART : WEIR_OK;
}

TEST(a_job_may_begin_again_without_its_memory)
{
    struct world world;

    CHECK(build_world(t, &world, 16 * KIB));
    const int only = add_stage(&world, "only", world.blocking_io, restart_thrice, false);
    for (uint32_t i = 0; i < ITEMS_MAX; i++)
        check_weir(&world, weir_submit(world.w, NULL, WEIR_META,
                                       (struct weir_step[]){{.stage = only, .grow_bytes = 4 * KIB}},
                                       1, &world.items[i], drop_item));
    check_weir(&world, weir_run(world.w));
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        CHECK_U64(atomic_load(&world.items[i].runs), 3);
        CHECK_U64(world.items[i].drops, 1);
    }
    end_world(&world);
}

/* Slices inside one claim: the memory and the turn stay, so members pass one after another. */

static enum weir_status keep_memory(struct weir_job *job, void *pointer,
                                    const struct weir_call *call)
{
    struct item *item = pointer;

    (void)call;
    item->memory = weir_alloc(job, 3 * KIB);
    expect(item->world, item->memory != NULL);
    return WEIR_OK;
}

static enum weir_status pass_slices(struct weir_job *job, void *pointer,
                                    const struct weir_call *call)
{
    struct item *item = pointer;

    (void)call;
    expect(item->world, weir_available(job) == KIB);
    const uint32_t passed = (uint32_t)atomic_fetch_add(&item->world->phase, 1);
    expect(item->world, passed / 5 == (uint32_t)(item - item->world->items));
    return ++item->runs < 5 ? WEIR_AGAIN : WEIR_OK;
}

static enum weir_status do_slice(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;

    (void)call;
    expect(item->world, weir_available(job) == KIB);
    return WEIR_OK;
}

TEST(a_job_goes_again_with_its_memory_and_its_turn)
{
    struct world world;

    CHECK(build_world(t, &world, 16 * KIB));
    const int first = add_stage(&world, "first", WEIR_CPU, keep_memory, false);
    const int middle = add_stage(&world, "middle", WEIR_CPU, do_slice, false);
    const int last = add_stage(&world, "last", WEIR_CPU, pass_slices, true);
    const struct weir_step route[] = {{.stage = first, .grow_bytes = 4 * KIB},
                                      {.stage = middle, .part_count = 3},
                                      {.stage = last, .drop_bytes = 4 * KIB}};
    struct weir_group *group =
        weir_group_new(world.w, WEIR_DATA, 0, NULL, 0, &world.group_item, drop_item);
    if (group == NULL)
        check_weir(&world, WEIR_NOMEM);
    for (uint32_t i = 0; i < ITEMS_MAX; i++)
        check_weir(&world,
                   weir_submit(world.w, group, WEIR_DATA, route, 3, &world.items[i], drop_item));
    weir_group_close(group);
    check_weir(&world, weir_run(world.w));
    for (uint32_t i = 0; i < ITEMS_MAX; i++)
        CHECK_U64(atomic_load(&world.items[i].runs), 5);
    end_world(&world);
}

/* The shape of the main job: a partition opens a group and waits for it without a worker. */

static void drop_output(void *pointer, enum weir_status why)
{
    struct item *item = pointer;

    drop_item(item, why);
    atomic_store(&item->world->phase, 1);
}

static enum weir_status plan(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;
    struct world *world = item->world;
    const struct weir_step member[] = {{.stage = world->cpu_a, .grow_bytes = 5 * KIB}};
    const struct weir_step join_route[] = {{.stage = world->cpu_b}};

    (void)call;
    weir_set_parts(job, 1, 7);
    world->group =
        weir_group_new(world->w, WEIR_DATA, KIB, join_route, 1, &world->group_item, drop_output);
    if (world->group == NULL)
        return WEIR_NOMEM;
    for (uint32_t i = 1; i < ITEMS_MAX; i++) {
        if (weir_submit(world->w, world->group, WEIR_DATA, member, 1, &world->items[i],
                        drop_item) != WEIR_OK)
            break;
    }
    weir_group_close(world->group);
    return WEIR_OK;
}

static void *wait_for_output(void *pointer)
{
    struct weir_job *job = pointer;
    struct weir *w = weir_of(job);

    (void)w;
    weir_done(job, 0, WEIR_OK, 123);
    return NULL;
}

static enum weir_status outputs(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;
    pthread_t thread;

    (void)call;
    item->runs++;
    expect(item->world, call->part < 7);
    if (pthread_create(&thread, NULL, wait_for_output, job) != 0)
        return WEIR_FAILED;
    (void)pthread_detach(thread);
    return WEIR_PENDING;
}

static enum weir_status count(struct weir_job *job, void *pointer, const struct weir_call *call)
{
    struct item *item = pointer;

    (void)job;
    (void)call;
    atomic_fetch_add(&item->world->phase, 1);
    return WEIR_OK;
}

static enum weir_status next_partition(struct weir *w, void *user)
{
    struct world *world = user;
    const struct weir_step route[] = {
        {.stage = world->blocking, .grow_bytes = KIB},
        {.stage = world->async},
    };

    if (world->log_count++ > 0)
        return WEIR_END;
    return weir_submit(w, NULL, WEIR_META, route, 2, &world->items[0], drop_item);
}

TEST(a_source_a_plan_a_group_and_pending_parts)
{
    struct world world;

    CHECK(build_world(t, &world, 16 * KIB));
    world.blocking = add_stage(&world, "plan", world.blocking_io, plan, false);
    world.cpu_a = add_stage(&world, "member", WEIR_CPU, count, false);
    world.cpu_b = add_stage(&world, "join", WEIR_CPU, count, false);
    world.async = add_stage(&world, "outputs", world.io, outputs, false);
    CHECK_U64(weir_source_add(world.w, next_partition, &world), WEIR_OK);
    check_weir(&world, weir_run(world.w));
    CHECK_U64(world.items[0].drops, 1);
    CHECK_U64(world.items[0].why, WEIR_OK);
    CHECK_U64(atomic_load(&world.items[0].runs), 7);
    CHECK_U64(world.group_item.drops, 1);
    struct weir_sample sample = {.size = sizeof sample};
    struct weir_stage_sample stages[4];
    weir_sample(world.w, &sample, stages, 4, NULL, 0);
    CHECK_U64(stages[3].moved_bytes, 7 * 123);
    CHECK_U64(sample.data_used, 0);
    CHECK_U64(sample.meta_used, 0);
    end_world(&world);
}

TEST(what_can_never_fit_is_refused)
{
    struct world world;

    CHECK(build_world(t, &world, 16 * KIB));
    const int first = add_stage(&world, "first", WEIR_CPU, count, false);
    const struct weir_step too_large[] = {{.stage = first, .grow_bytes = 10 * KIB},
                                          {.stage = first, .grow_bytes = 7 * KIB}};
    CHECK_U64(weir_submit(world.w, NULL, WEIR_DATA, too_large, 2, &world.items[0], drop_item),
              WEIR_OVERSIZE);
    CHECK(weir_group_new(world.w, WEIR_DATA, KIB, too_large, 1, NULL, NULL) != NULL ||
          t->allocations == t->allocations_allowed);
    CHECK(weir_group_new(world.w, WEIR_DATA, 16 * KIB, too_large, 1, NULL, NULL) == NULL);
    end_world(&world);
}

TEST(cancelling_drops_all_that_does_not_run)
{
    struct world world;

    CHECK(build_world(t, &world, 16 * KIB));
    const int first = add_stage(&world, "first", WEIR_CPU, count, false);
    for (uint32_t i = 0; i < ITEMS_MAX; i++)
        check_weir(&world, weir_submit(world.w, NULL, WEIR_DATA,
                                       (struct weir_step[]){{.stage = first, .grow_bytes = KIB}}, 1,
                                       &world.items[i], drop_item));
    weir_cancel(world.w);
    CHECK(weir_is_cancelled(world.w));
    const enum weir_status status = weir_run(world.w);
    if (status == WEIR_NOMEM)
        check_weir(&world, status);
    CHECK_U64(status, WEIR_CANCELLED);
    for (uint32_t i = 0; i < ITEMS_MAX; i++) {
        CHECK_U64(world.items[i].drops, 1);
        CHECK_U64(world.items[i].why, WEIR_CANCELLED);
    }
    end_world(&world);
}

static const struct test_case cases[] = {
    {"jobs_pass_their_route_within_the_budget", jobs_pass_their_route_within_the_budget},
    {"jobs_of_a_group_pass_an_ordered_stage_in_order_and_then_join",
     jobs_of_a_group_pass_an_ordered_stage_in_order_and_then_join},
    {"a_skipped_job_takes_its_group_along_and_nothing_else",
     a_skipped_job_takes_its_group_along_and_nothing_else},
    {"a_failure_stops_the_run_and_drops_the_rest", a_failure_stops_the_run_and_drops_the_rest},
    {"an_overrun_runs_again_with_what_it_needs", an_overrun_runs_again_with_what_it_needs},
    {"a_job_may_begin_again_without_its_memory", a_job_may_begin_again_without_its_memory},
    {"a_job_goes_again_with_its_memory_and_its_turn",
     a_job_goes_again_with_its_memory_and_its_turn},
    {"a_job_goes_again_with_its_memory_and_its_turn",
     a_job_goes_again_with_its_memory_and_its_turn},
    {"a_source_a_plan_a_group_and_pending_parts", a_source_a_plan_a_group_and_pending_parts},
    {"what_can_never_fit_is_refused", what_can_never_fit_is_refused},
    {"cancelling_drops_all_that_does_not_run", cancelling_drops_all_that_does_not_run},
};

int main(int argc, char **argv)
{
    return test_main("weir/engine", cases, sizeof cases / sizeof cases[0], argc, argv);
}
