/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a job would do, without doing it: a job with the option "dry-run" tells each partition's
 * plan by RG_EVENT_PLANNED; a plan gathers them, and shows those first that gain most.
 */

#ifndef REGROUP_PLAN_H
#define REGROUP_PLAN_H

#include <regroup/job.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the footers tell of one column's way, over all bins of a partition. */
struct rg_column_forecast {
    const char *column;
    enum rg_verdict verdict; /* What most of its bytes will need. */
    enum rg_reason reason;
    uint64_t in_bytes[RG_VERDICT_COUNT]; /* Compressed, by predicted verdict. */
};

/* The plan of one partition. Valid during the event; a plan keeps copies. */
struct rg_partition_plan {
    size_t size;      /* sizeof(struct rg_partition_plan) of whoever made it. */
    const char *path; /* "dt=2024-05-01/", "" for the root. */
    uint64_t batch_count;
    uint64_t file_in_count, file_out_count;
    uint64_t row_group_in_count, row_group_out_count;
    uint64_t row_count;
    uint64_t in_bytes;
    uint64_t out_bytes;     /* Estimate; with --encoding small: if no encoding is better. */
    uint64_t out_bytes_max; /* Never more. */
    uint64_t request_count;
    uint64_t memory_bytes;     /* At which nothing would wait for memory. */
    uint64_t memory_bytes_min; /* Below this some bin cannot be made at all. */
    uint64_t file_alone_count;
    uint64_t file_done_count; /* Named by a record already. */
    uint64_t file_good_count;
    const struct rg_column_forecast *columns; /* None where --memory lacks, but for the total. */
    size_t column_count;
    uint64_t out_bytes_min; /* out_bytes, but for what another encoding may make of it. */
    bool lacks_columns;     /* Of the total: --memory has no room for more. */
};

struct rg_plan_view;

/*
 * Plans: runs a job of that configuration dry. config.event is still called for what is left alone.
 *
 * What a plan tells lives until rg_plan_free(). Threads: one plan is made by one thread; any may
 * read it then.
 *
 * Errors:  as rg_job_new() and rg_job_run().
 */
RG_API RG_MUST_CHECK enum rg_status rg_plan_run(const struct rg_job_config *config,
                                                struct rg_plan_view **ret_plan,
                                                struct rg_error *err);

/* Partitions, most gain first: most row groups fewer, then most files fewer, then by path. */
RG_API const struct rg_partition_plan *rg_plan_partitions(const struct rg_plan_view *plan,
                                                          size_t *ret_count);

/* All partitions together (path NULL; memory is the largest of them), those without a plan, too. */
RG_API const struct rg_partition_plan *rg_plan_total(const struct rg_plan_view *plan);

RG_API const struct rg_report *rg_plan_report(const struct rg_plan_view *plan);

/* For people, or as one JSON document. Errors: RG_ERR_NOMEM; RG_ERR_IO when `write` gave up. */
RG_API RG_MUST_CHECK enum rg_status rg_plan_text(const struct rg_plan_view *plan, bool is_verbose,
                                                 rg_write_fn *write, void *user,
                                                 struct rg_error *err);
RG_API RG_MUST_CHECK enum rg_status
rg_plan_json(const struct rg_plan_view *plan, rg_write_fn *write, void *user, struct rg_error *err);

/* NULL is fine. */
RG_API void rg_plan_free(struct rg_plan_view *plan);

#ifdef __cplusplus
}
#endif

#endif
