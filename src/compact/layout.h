/* SPDX-License-Identifier: Apache-2.0 */

/* From usable inputs to named outputs with their bins, and to what the ledger says of them. */

#ifndef COMPACT_LAYOUT_H
#define COMPACT_LAYOUT_H

#include "compact/partition.h"

/*
 * Plans turn->inputs and fills turn->plan, turn->batch and turn->open. Pure but for memory: the
 * same inputs, options and ledger make the same names.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_LIMIT when a batch is too large for the ledger's names.
 */
RG_MUST_CHECK enum rg_status rg_layout_turn(struct rg_partition *partition,
                                            const struct rg_home *home, struct rg_error *err);

/* Fills turn->batch.outputs from what was made. */
RG_MUST_CHECK enum rg_status rg_layout_note_outputs(struct rg_partition *partition,
                                                    struct rg_error *err);

#endif
