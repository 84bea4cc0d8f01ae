/* SPDX-License-Identifier: Apache-2.0 */

/* The first step of a turn: look, sweep, choose what the turn takes. */

#ifndef COMPACT_PARTITION_LIST_H
#define COMPACT_PARTITION_LIST_H

#include <weir/weir.h>

enum weir_status rg_partition_run_list(struct weir_job *job, void *item,
                                       const struct weir_call *call);

#endif
