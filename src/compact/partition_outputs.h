/* SPDX-License-Identifier: Apache-2.0 */

/* The steps that write the intent, and wait for the outputs that other jobs make. */

#ifndef COMPACT_PARTITION_OUTPUTS_H
#define COMPACT_PARTITION_OUTPUTS_H

#include <weir/weir.h>

enum weir_status rg_partition_run_intent(struct weir_job *job, void *item,
                                         const struct weir_call *call);
enum weir_status rg_partition_run_outputs(struct weir_job *job, void *item,
                                          const struct weir_call *call);

#endif
