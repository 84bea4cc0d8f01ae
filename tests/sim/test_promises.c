/* SPDX-License-Identifier: Apache-2.0 */

/* What the engine promises beyond that all ends well, one case each, under virtual time. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine.h"
#include "weir/account.h"

enum {
    ITEMS_MAX = 2000,
    MS = 1000000,
};

/* One or two sources, each of whose items is a job of one step. */
struct stream {
    struct scene *scene;
    uint64_t bytes; /* Of each item. */
    uint64_t ns;
    uint64_t first_ns; /* Of the first item, in place of `ns`; so that not all end together. */
    uint32_t left;
    uint32_t begun;
    struct sim_item items[ITEMS_MAX];
};

struct scene {
    struct sim *m;
    int work, request;
    struct stream streams[2];
    uint64_t shares[2]; /* Bytes begun of each, when the first of the two has ended. */
};

static struct scene scene;

static enum weir_status no_run(struct weir_job *job, void *item, const struct weir_call *call)
{
    (void)job;
    (void)item;
    (void)call;
    return WEIR_OK;
}

static void submit(struct sim_item *item, const struct weir_step *route, int source)
{
    if (weir_sched_submit(sim_sched(scene.m), &(struct weir_submission){
                                                  .budget = WEIR_DATA,
                                                  .route = route,
                                                  .step_count = 1,
                                                  .item = item,
                                                  .source = source,
                                              }) != WEIR_OK)
        abort();
}

static void build(uint64_t budget, uint32_t workers)
{
    memset(&scene, 0, sizeof scene);
    scene.m = sim_new(&(struct sim_config){
        .weir = {.size = sizeof(struct weir_config),
                 .data_budget_bytes = budget,
                 .worker_count = workers},
        .is_checked = true,
    });
    if (scene.m == NULL)
        abort();
    const int io = weir_sched_add_resource(
        sim_sched(scene.m),
        &(struct weir_resource){
            .name = "io", .kind = WEIR_ASYNC, .slots_min = 4, .slots_max = 4, .slots_first = 4});
    scene.request = weir_sched_add_stage(
        sim_sched(scene.m), &(struct weir_stage){.name = "request", .resource = io, .run = no_run});
    scene.work = weir_sched_add_stage(
        sim_sched(scene.m),
        &(struct weir_stage){.name = "work", .resource = WEIR_CPU, .run = no_run});
}

static enum weir_status next(struct weir *w, void *user)
{
    struct stream *stream = user;
    const struct weir_step route[] = {{.stage = scene.work, .grow_bytes = stream->bytes}};

    (void)w;
    if (stream->left == 0)
        return WEIR_END;
    struct sim_item *item = &stream->items[--stream->left];
    const bool is_first = stream->begun++ == 0;
    item->user = stream;
    item->costs[0].ns = is_first && stream->first_ns > 0 ? stream->first_ns : stream->ns;
    submit(item, route, (int)(stream - scene.streams));
    return WEIR_OK;
}

static void add_stream(uint32_t index, uint32_t count, uint64_t bytes, uint64_t ns)
{
    struct stream *stream = &scene.streams[index];

    stream->left = count;
    stream->bytes = bytes;
    stream->ns = ns;
    (void)sim_add_source(scene.m, next, stream);
}

static bool finish(const char *about, bool is_good, uint64_t figure)
{
    sim_free(scene.m);
    printf("%-60s %s (%" PRIu64 ")\n", about, is_good ? "so" : "NOT SO", figure);
    return is_good;
}

/* Parts that wait for a slot are not being served. */
static bool service_times_are_those_of_the_part(void)
{
    static struct sim_item item;
    struct sim_result result;

    build(100, 2);
    const struct weir_step route[] = {
        {.stage = scene.request, .part_count = 64, .grow_bytes = 100}};
    item = (struct sim_item){.costs[0] = {.kind = SIM_REQUEST, .ns = 10 * MS}};
    submit(&item, route, -1);
    sim_run(scene.m, &result);
    const struct weir_sched_stage *stage = &sim_sched(scene.m)->stages[scene.request];
    const uint64_t p99 = weir_account_percentile(stage, 99);
    const bool is_good =
        p99 <= 10 * MS && p99 > 8 * MS && stage->busy_ns == UINT64_C(640) * MS && !result.is_stuck;
    return finish("a part's time counts from its own start", is_good, p99);
}

/* Eight small ones fit, or one large one; small ones come for 50 s. */
static bool a_large_job_is_not_passed_for_ever(void)
{
    static struct sim_item large;
    struct sim_result result;

    build(100, 8);
    add_stream(0, 2000, 12, 200 * MS);
    const struct weir_step route[] = {{.stage = scene.work, .grow_bytes = 95}};
    large = (struct sim_item){.costs[0] = {.ns = 100 * MS}};
    scene.streams[0].first_ns = 130 * MS;
    /* The source's first job is there before it. */
    (void)next(NULL, &scene.streams[0]);
    submit(&large, route, -1);
    sim_run(scene.m, &result);
    const bool is_good = !result.is_stuck && large.dropped_ns < UINT64_C(5000) * MS;
    return finish("a large job is not passed by small ones for ever", is_good,
                  large.dropped_ns / MS);
}

int main(void)
{
    bool is_good = service_times_are_those_of_the_part();

    is_good = a_large_job_is_not_passed_for_ever() && is_good;
    return is_good ? 0 : 1;
}
