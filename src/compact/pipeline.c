/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The ten steps (ARCHITECTURE.md) are: partitions, list, batch, footers, order, bin, stitch,
 * group, serialise, upload; then commit. Where a step is a line of the plan or of a neighbour it
 * has no stage of its own: partitions are found by listing, batch, order and bin are parts of
 * planning, read belongs to stitch, group is the engine's joining of row groups to a file.
 *
 * Jobs of three kinds run through them:
 *   partition (meta): list -> footers -> plan -> outputs (waits for the others) -> commit, and
 * again footers   (data): footers read -> footers parse bin       (data): bin -> reload -> locate
 * -> read -> stitch -> append; joined by serialise -> upload
 */

#include "compact/pipeline.h"

#include <stddef.h>

#include "compact/bin_job.h"
#include "compact/footers.h"
#include "compact/output.h"
#include "compact/partition_commit.h"
#include "compact/partition_list.h"
#include "compact/partition_outputs.h"
#include "compact/partition_plan.h"

/* Where a stage works. */
enum place {
    ON_CPU,
    ON_HEADS, /* Requests for footers and small files: so many a second. */
    ON_READS, /* Those for columns: so many bytes. (A worker does both itself on a local store.) */
    ON_WRITES,
    WAITING,  /* For other jobs: no slot is ever short. */
    BLOCKING, /* Ledger and listings: plain code on threads of its own. */
    PLACE_COUNT,
};

struct stage {
    const char *name;
    enum place place;
    weir_run_fn *run;
    size_t id_at; /* In struct rg_stages. */
    bool in_order;
};

#define ID_AT(field) offsetof(struct rg_stages, field)

static const struct stage stages[] = {
    {"list", BLOCKING, rg_partition_run_list, ID_AT(list), false},
    {"footers", WAITING, rg_partition_run_footers, ID_AT(footers), false},
    {"footers read", ON_HEADS, rg_footers_run_read, ID_AT(footers_read), false},
    {"footers parse", ON_CPU, rg_footers_run_parse, ID_AT(footers_parse), false},
    {"plan", ON_CPU, rg_partition_run_plan, ID_AT(plan), false},
    {"intent", BLOCKING, rg_partition_run_intent, ID_AT(intent), false},
    {"bin", ON_CPU, rg_bin_run_open, ID_AT(open), false},
    {"reload", ON_HEADS, rg_bin_run_reload, ID_AT(reload), false},
    {"locate", ON_CPU, rg_bin_run_locate, ID_AT(locate), false},
    {"read", ON_READS, rg_bin_run_read, ID_AT(read), false},
    {"stitch", ON_CPU, rg_bin_run_stitch, ID_AT(stitch), false},
    {"append", ON_WRITES, rg_bin_run_append, ID_AT(append), true},
    {"serialise", ON_CPU, rg_output_run_serialise, ID_AT(serialise), false},
    {"upload", BLOCKING, rg_output_run_publish, ID_AT(publish), false},
    {"outputs", WAITING, rg_partition_run_outputs, ID_AT(outputs), false},
    {"commit", BLOCKING, rg_partition_run_commit, ID_AT(commit), false},
};

/* Threads for code that blocks: enough to hide fsync and requests, few enough to be free. */
static const uint32_t blocking_threads = 16;
static const uint32_t waiting_slots = 1000000;

/* Requests in flight. How many there may be is set by --io, or by the memory that they take. */
static struct weir_resource requests_of(const struct rg_run *run, const char *name,
                                        bool is_counted_by_item)
{
    const bool is_local = run->source_caps.is_local && run->home_caps.is_local;
    const uint32_t io_max = is_local ? run->options->io_max : run->request_count_max;

    return (struct weir_resource){
        .size = sizeof(struct weir_resource),
        .name = name,
        .kind = WEIR_ASYNC,
        .slots_min = 1,
        .slots_max = io_max > 0 ? io_max : 1,
        .is_counted_by_item = is_counted_by_item,
        .slots_set_by = io_max < run->options->io_max ? "--memory" : "--io",
    };
}

enum rg_status rg_pipeline_add(struct rg_run *run, struct rg_error *err)
{
    const struct weir_resource resources[PLACE_COUNT] = {
        [ON_HEADS] = requests_of(run, "heads", true),
        [ON_READS] = requests_of(run, "reads", false),
        [ON_WRITES] = requests_of(run, "writes", false),
        [WAITING] = {.size = sizeof(struct weir_resource),
                     .name = "waiting",
                     .kind = WEIR_ASYNC,
                     .slots_min = waiting_slots,
                     .slots_max = waiting_slots,
                     .slots_first = waiting_slots},
        [BLOCKING] = {.size = sizeof(struct weir_resource),
                      .name = "ledger",
                      .kind = WEIR_BLOCKING,
                      .slots_max = blocking_threads},
    };
    int ids[PLACE_COUNT] = {[ON_CPU] = WEIR_CPU};

    for (int i = ON_CPU + 1; i < PLACE_COUNT; i++) {
        ids[i] = weir_resource_add(run->weir, &resources[i]);
        if (ids[i] < 0)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for the engine");
    }
    run->heads = ids[ON_HEADS];
    run->reads = ids[ON_READS];
    run->writes = ids[ON_WRITES];
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        const struct weir_stage stage = {
            .size = sizeof stage,
            .name = stages[i].name,
            .resource = ids[stages[i].place],
            .run = stages[i].run,
            .in_order = stages[i].in_order,
        };
        const int id = weir_stage_add(run->weir, &stage);

        if (id < 0)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for the engine");
        *(int *)(void *)((char *)&run->stages + stages[i].id_at) = id;
    }
    return RG_OK;
}
