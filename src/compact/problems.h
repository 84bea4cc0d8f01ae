/* SPDX-License-Identifier: Apache-2.0 */

/* What a look found wrong with a partition, told once. */

#ifndef COMPACT_PROBLEMS_H
#define COMPACT_PROBLEMS_H

#include "compact/partition.h"

/*
 * Tells the problems of this turn's look that no turn before has told. The look after the record of
 * --all tells what that has left.
 */
void rg_problems_tell(struct rg_partition *partition);

/* --all cannot do without a file that cannot be used: tells all problems and ends the partition. */
enum weir_status rg_problems_refuse(struct rg_partition *partition);

#endif
