/* SPDX-License-Identifier: Apache-2.0 */

/* A partition of so many files that the memory cannot hold what is known of each. */

#ifndef COMPACT_CROWD_H
#define COMPACT_CROWD_H

#include "compact/partition.h"

/*
 * True when batches of so many files are not worth while: every batch lists all files again, and of
 * many files it must take a good part.
 */
bool rg_crowd_is_met(const struct rg_turn *turn, uint64_t batch_files);

/*
 * Puts into `err`, instead of what is there, how many files there are and the --memory that would
 * do. Lists the partition again, and leaves `err` as it is where that fails.
 */
void rg_crowd_name_memory(const struct rg_partition *partition, struct rg_error *err);

#endif
