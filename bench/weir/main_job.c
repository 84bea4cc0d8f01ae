/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The real main job on the engine, or on the engine's simplest body (whole routes claimed up front,
 * first come first served), which no option of the command chooses:
 *
 *     bench_main_job full|simplest SOURCE DEST MEMORY ROW_GROUP_SIZE
 *
 * Prints one line of JSON.
 */

#include <inttypes.h>
#include <regroup/regroup.h>
#include <stdio.h>
#include <string.h>

#include "plan/options.h"

static int complain(const struct rg_error *err)
{
    (void)fprintf(stderr, "bench_main_job: %s\n", err->text);
    return 1;
}

static enum rg_status run(struct rg_options *options, char **argv, struct rg_error *err)
{
    struct rg_job_sample sample = {.size = sizeof sample};
    char text[512];
    struct rg_job *job;
    enum rg_status status = rg_job_new(&(struct rg_job_config){.size = sizeof(struct rg_job_config),
                                                               .options = options,
                                                               .source = argv[2],
                                                               .dest = argv[3]},
                                       &job, err);

    if (status != RG_OK)
        return status;
    status = rg_job_run(job, err);
    const struct rg_report *report = rg_job_report(job);
    rg_job_sample(job, &sample);
    (void)rg_job_explain(job, NULL, text, sizeof text);
    if (status == RG_OK)
        printf("{\"wall_s\": %.4f, \"cpu_s\": %.4f, \"peak_bytes\": %" PRIu64
               ", \"data_budget\": %" PRIu64 ", \"data_used_max\": %" PRIu64
               ", \"data_needed\": %" PRIu64 ", \"retries\": %" PRIu64 ", \"alone\": %" PRIu64
               ", \"row_groups\": %" PRIu64 ", \"explanation\": \"%s\"}\n",
               (double)report->wall_ns / 1e9, (double)report->cpu_ns / 1e9,
               report->memory_peak_bytes, sample.engine.data_budget, sample.engine.data_used_max,
               sample.engine.data_needed, sample.engine.retries, report->file_alone_count,
               report->row_group_out_count, text);
    rg_job_free(job);
    return status;
}

int main(int argc, char **argv)
{
    struct rg_error err = {0};

    if (argc != 6) {
        (void)fprintf(stderr, "bench_main_job full|simplest SOURCE DEST MEMORY ROW_GROUP_SIZE\n");
        return 2;
    }
    struct rg_options *options = rg_options_new();
    if (options == NULL)
        return 1;
    enum rg_status status = rg_options_set(options, "memory", argv[4], RG_ORIGIN_FLAG, &err);
    if (status == RG_OK)
        status = rg_options_set(options, "row-group-size", argv[5], RG_ORIGIN_FLAG, &err);
    options->is_engine_simplest = strcmp(argv[1], "simplest") == 0;
    if (status == RG_OK)
        status = run(options, argv, &err);
    rg_options_free(options);
    return status == RG_OK ? 0 : complain(&err);
}
