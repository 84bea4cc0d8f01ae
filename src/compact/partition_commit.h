/* SPDX-License-Identifier: Apache-2.0 */

/* The last step of a turn: what is done with how its outputs ended. */

#ifndef COMPACT_PARTITION_COMMIT_H
#define COMPACT_PARTITION_COMMIT_H

#include <weir/weir.h>

enum weir_status rg_partition_run_commit(struct weir_job *job, void *item,
                                         const struct weir_call *call);

#endif
