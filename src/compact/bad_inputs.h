/* SPDX-License-Identifier: Apache-2.0 */

/* Inputs that turned out bad while they were stitched. */

#ifndef COMPACT_BAD_INPUTS_H
#define COMPACT_BAD_INPUTS_H

#include "compact/partition.h"

/*
 * Leaves them alone for the rest of the run, and notes those that were gone or another file. Sets
 * turn->has_left when that is a step forward.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bad_inputs_leave(struct rg_partition *partition,
                                                 struct rg_error *err);

#endif
