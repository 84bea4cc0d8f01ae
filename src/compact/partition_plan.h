/* SPDX-License-Identifier: Apache-2.0 */

/* The steps that read footers, and plan with them. */

#ifndef COMPACT_PARTITION_PLAN_H
#define COMPACT_PARTITION_PLAN_H

#include <weir/weir.h>

enum weir_status rg_partition_run_footers(struct weir_job *job, void *item,
                                          const struct weir_call *call);
enum weir_status rg_partition_run_plan(struct weir_job *job, void *item,
                                       const struct weir_call *call);

#endif
