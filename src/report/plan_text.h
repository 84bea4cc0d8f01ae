/* SPDX-License-Identifier: Apache-2.0 */

/* A plan of many partitions, as a table for people or as one JSON document. */

#ifndef REPORT_PLAN_TEXT_H
#define REPORT_PLAN_TEXT_H

#include <regroup/plan.h>

#include "report/outlet.h"

/* What is shown: partitions in the order of their gain, and all of them together. */
struct rg_plan_text {
    const struct rg_partition_plan *partitions;
    size_t partition_count;
    const struct rg_partition_plan *total;
    const struct rg_report *report;
};

/*
 * Errors of both: RG_ERR_NOMEM; RG_ERR_IO when the outlet's function gave up.
 */
RG_MUST_CHECK enum rg_status rg_plan_text_write(const struct rg_plan_text *plan, bool is_verbose,
                                                struct rg_outlet *outlet, struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_plan_text_json(const struct rg_plan_text *plan,
                                               struct rg_outlet *outlet, struct rg_error *err);

/* Most gain first: most row groups fewer, then most files fewer, then by path. For sorting. */
int rg_plan_text_compare(const struct rg_partition_plan *a, const struct rg_partition_plan *b);

#endif
