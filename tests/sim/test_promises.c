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
    uint64_t bytes; /* Of each item. */
    uint64_t ns;
    uint64_t first_ns; /* Of the first item, in place of `ns`; so that not all end together. */
    uint32_t left;
    uint32_t begun;
    bool tells_what_is_left;
    uint64_t ended_ns;
    struct sim_item items[ITEMS_MAX];
};

struct scene {
    struct sim *m;
    int work, request;
    struct stream streams[2];
    uint64_t shares[2]; /* Bytes begun of each, when the first of the two has ended. */
    bool has_ended;
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

static void note_end(struct stream *stream)
{
    stream->ended_ns = sim_now_ns(scene.m);
    for (uint32_t i = 0; i < 2 && !scene.has_ended; i++)
        scene.shares[i] = scene.streams[i].bytes * scene.streams[i].begun;
    scene.has_ended = true;
}

static enum weir_status next(struct weir *w, void *user)
{
    struct stream *stream = user;
    const struct weir_step route[] = {{.stage = scene.work, .grow_bytes = stream->bytes}};

    (void)w;
    if (stream->left == 0) {
        note_end(stream);
        return WEIR_END;
    }
    if (stream->tells_what_is_left)
        weir_sched_source_left(sim_sched(scene.m), (int)(stream - scene.streams),
                               stream->left * stream->bytes);
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

/* The process takes too much: less of the budget is used, but for what could not go on else. */
static bool less_is_used_when_the_process_takes_too_much(void)
{
    static struct sim_item large;
    struct sim_result result;

    build(100, 16);
    add_stream(0, 200, 10, 100 * MS);
    weir_sched_lower(sim_sched(scene.m), 45);
    sim_run(scene.m, &result);
    uint64_t most = result.data_used_max;
    bool is_good = most == 40 && !result.is_stuck;
    sim_free(scene.m);

    build(100, 16);
    const struct weir_step route[] = {{.stage = scene.work, .grow_bytes = 90}};
    large = (struct sim_item){.costs[0] = {.ns = 100 * MS}};
    submit(&large, route, -1);
    weir_sched_lower(sim_sched(scene.m), 0);
    sim_run(scene.m, &result);
    is_good = is_good && result.data_used_max == 90 && !result.is_stuck;
    return finish("less is used when the process takes too much", is_good, most);
}

/* Items of one are ten times as large as those of the other; memory is what both want. */
static bool sources_begin_the_same_bytes(void)
{
    struct sim_result result;

    build(100, 16);
    add_stream(0, 2000, 2, 100 * MS);
    add_stream(1, 2000, 20, 100 * MS);
    sim_run(scene.m, &result);
    const uint64_t percent = 100 * scene.shares[0] / (scene.shares[0] + scene.shares[1]);
    return finish("sources begin the same bytes, whatever their items",
                  percent >= 45 && percent <= 55 && !result.is_stuck, percent);
}

/* One has ten times as much as the other. */
static bool sources_that_tell_what_is_left_end_together(void)
{
    struct sim_result result;

    build(100, 16);
    add_stream(0, 2000, 10, 100 * MS);
    add_stream(1, 200, 10, 100 * MS);
    for (uint32_t i = 0; i < 2; i++)
        scene.streams[i].tells_what_is_left = true;
    sim_run(scene.m, &result);
    const uint64_t percent = 100 * scene.streams[1].ended_ns / scene.streams[0].ended_ns;
    return finish("sources that tell what they have left end together",
                  percent >= 90 && percent <= 110 && !result.is_stuck, percent);
}

int main(void)
{
    bool is_good = service_times_are_those_of_the_part();

    is_good = a_large_job_is_not_passed_for_ever() && is_good;
    is_good = less_is_used_when_the_process_takes_too_much() && is_good;
    is_good = sources_begin_the_same_bytes() && is_good;
    is_good = sources_that_tell_what_is_left_end_together() && is_good;
    return is_good ? 0 : 1;
}
