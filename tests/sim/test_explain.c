/* SPDX-License-Identifier: Apache-2.0 */

/* Is the limit named that the machine was given? One case for each sentence. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine.h"
#include "weir/explain.h"

enum {
    ITEMS = 300,
    MB = 1000000,
};

/* Fetch, work, upload: what each item costs, and what the machine has. */
struct scene {
    const char *about;
    enum weir_limit_kind kind;
    const char *says; /* A piece of the sentence. */
    uint32_t workers;
    double down_rate, up_rate; /* Bytes a second; a request moves at most a 16th of 1 GB/s. */
    uint64_t budget;
    uint64_t work_ns;
    uint32_t slots_max; /* Of each direction; 0: 256, adaptive. */
    uint32_t work_cap;
    uint64_t source_ns;   /* Time until the source has one more. */
    uint64_t meta_budget; /* Where jobs are of that kind; else 0. */
};

static const struct scene scenes[] = {
    {"workers", WEIR_LIMIT_CPU, "most in work", 4, 10e9, 10e9, 2000 * MB, 400000000, 0, 0, 0, 0},
    {"the line down", WEIR_LIMIT_RATE, "down limits", 8, 0.2e9, 1e9, 2000 * MB, 1000000, 0, 0, 0,
     0},
    {"the line up", WEIR_LIMIT_RATE, "up limits", 8, 1e9, 0.2e9, 2000 * MB, 1000000, 0, 0, 0, 0},
    {"memory", WEIR_LIMIT_MEMORY, "for the jobs instead of 57 MiB would be enough", 8, 10e9, 10e9,
     60 * MB, 50000000, 0, 0, 0, 0},
    {"memory of jobs that list and plan", WEIR_LIMIT_MEMORY,
     "most for the 57 MiB of those that list and plan, more memory would help", 8, 10e9, 10e9,
     2000 * MB, 50000000, 0, 0, 0, 60 * MB},
    {"a fixed number of requests", WEIR_LIMIT_SLOTS, "all 2 slots, which --io sets,", 8, 10e9, 10e9,
     2000 * MB, 1000000, 2, 0, 0, 0},
    {"one at a time", WEIR_LIMIT_SERIAL, "work limits", 8, 10e9, 10e9, 2000 * MB, 100000000, 0, 1,
     0, 0},
    {"nothing comes in", WEIR_LIMIT_SOURCE, "and the workers are", 8, 10e9, 10e9, 2000 * MB,
     10000000, 0, 0, 500000000, 0},
};

struct show {
    const struct scene *scene;
    struct sim *m;
    struct sim_item items[ITEMS];
    struct sim_item ticks[ITEMS]; /* The slow source: jobs whose end brings the next item. */
    uint32_t next;
    int fetch, work, upload, tick;
};

static enum weir_status no_run(struct weir_job *job, void *item, const struct weir_call *call)
{
    (void)job;
    (void)item;
    (void)call;
    return WEIR_OK;
}

static int add_io(struct show *show, const char *name)
{
    const uint32_t fixed = show->scene->slots_max;

    return weir_sched_add_resource(sim_sched(show->m), &(struct weir_resource){
                                                           .name = name,
                                                           .kind = WEIR_ASYNC,
                                                           .slots_min = fixed > 0 ? fixed : 1,
                                                           .slots_max = fixed > 0 ? fixed : 256,
                                                           .slots_set_by = "--io",
                                                       });
}

static int add_stage(struct show *show, const char *name, int resource, uint32_t cap)
{
    return weir_sched_add_stage(sim_sched(show->m), &(struct weir_stage){
                                                        .name = name,
                                                        .resource = resource,
                                                        .run = no_run,
                                                        .parallel_max = cap,
                                                    });
}

static void submit(struct show *show, uint32_t index)
{
    const uint64_t input = (8 + index % 5) * (uint64_t)MB;
    const struct weir_step route[] = {
        {.stage = show->fetch, .grow_bytes = input},
        {.stage = show->work, .grow_bytes = 2 * input, .drop_bytes = 2 * input},
        {.stage = show->upload, .drop_bytes = input},
    };
    struct sim_item *item = &show->items[index];

    for (int i = 0; i < 3; i += 2)
        item->costs[i] = (struct sim_cost){
            .kind = SIM_REQUEST, .ns = 20000000, .bytes = (double)input, .link = i == 0 ? 0 : 1};
    item->costs[1] = (struct sim_cost){.ns = show->scene->work_ns};
    if (weir_sched_submit(sim_sched(show->m),
                          &(struct weir_submission){
                              .budget = show->scene->meta_budget > 0 ? WEIR_META : WEIR_DATA,
                              .route = route,
                              .step_count = 3,
                              .item = item,
                              .source = 0,
                          }) != WEIR_OK)
        abort();
}

static void submit_tick(struct show *show, uint32_t index)
{
    const struct weir_step route[] = {{.stage = show->tick}};

    show->ticks[index].costs[0] =
        (struct sim_cost){.kind = SIM_REQUEST, .ns = show->scene->source_ns};
    if (weir_sched_submit(sim_sched(show->m), &(struct weir_submission){
                                                  .budget = WEIR_META,
                                                  .route = route,
                                                  .step_count = 1,
                                                  .item = &show->ticks[index],
                                                  .source = -1,
                                              }) != WEIR_OK)
        abort();
}

static enum weir_status next(struct weir *w, void *user)
{
    struct show *show = user;

    (void)w;
    if (show->next == ITEMS)
        return WEIR_END;
    submit(show, show->next++);
    if (show->scene->source_ns == 0)
        return WEIR_OK;
    submit_tick(show, show->next - 1);
    return WEIR_LATER;
}

static void on_drop(struct sim *m, struct sim_item *item, void *user)
{
    const struct show *show = user;

    if (item >= show->ticks && item < show->ticks + ITEMS)
        weir_sched_wake(sim_sched(m));
}

static bool is_named(const struct scene *scene)
{
    static struct show show;
    struct sim_result result;
    struct weir_mark window;
    char text[512];

    memset(&show, 0, sizeof show);
    show.scene = scene;
    show.m = sim_new(&(struct sim_config){
        .weir =
            {
                .size = sizeof(struct weir_config),
                .data_budget_bytes = scene->budget,
                .meta_budget_bytes = scene->meta_budget,
                .worker_count = scene->workers,
            },
        .links = {{.rate = scene->down_rate, .stream_rate = 60e6},
                  {.rate = scene->up_rate, .stream_rate = 60e6}},
        .link_count = 2,
    });
    if (show.m == NULL)
        abort();
    const int down = add_io(&show, "down");
    const int up = add_io(&show, "up");
    show.tick = add_stage(&show, "tick", add_io(&show, "clock"), 0);
    show.fetch = add_stage(&show, "fetch", down, 0);
    show.work = add_stage(&show, "work", WEIR_CPU, scene->work_cap);
    show.upload = add_stage(&show, "upload", up, 0);
    (void)sim_add_source(show.m, next, &show);
    sim_on_drop(show.m, on_drop, &show);
    sim_run(show.m, &result);
    weir_mark_set(&window, sim_sched(show.m));
    const struct weir_limit limit = weir_explain_limit(sim_sched(show.m), &window);
    const size_t length = weir_explain_text(sim_sched(show.m), &window, text, sizeof text);
    const bool is_right = limit.kind == scene->kind && strstr(text, scene->says) != NULL &&
                          length == strlen(text) && !result.is_stuck;
    /* A short buffer gets what fits, and the same length is told. */
    char piece[8];
    const bool is_cut =
        weir_explain_text(sim_sched(show.m), &window, piece, sizeof piece) == length &&
        strncmp(piece, text, sizeof piece - 1) == 0 && piece[sizeof piece - 1] == '\0';
    sim_free(show.m);
    printf("%-28s %s%s\n", scene->about, is_right && is_cut ? "" : "WRONG: ", text);
    return is_right && is_cut;
}

int main(void)
{
    bool is_good = true;

    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
        is_good = is_named(&scenes[i]) && is_good;
    return is_good ? 0 : 1;
}
