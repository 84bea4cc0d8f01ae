/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Snapshots: what records 1 .. N say together, so that a look need not read them all. A pure
 * function of those records: all named inputs in their order, and the outputs that are live then.
 * They only save work. A ledger that holds inputs of SOURCE and of the home gets none.
 */

#ifndef JOURNAL_SNAPSHOT_H
#define JOURNAL_SNAPSHOT_H

#include "journal/look_impl.h"

/* Whether one is due after this look. */
bool rg_snapshot_is_due(const struct rg_look_state *state);

/*
 * Writes the snapshot of all records there are, if it is absent. Where memory does not suffice, or
 * it would be too large, nothing happens but that commit->has_given_up_snapshot is set.
 *
 * Errors:  those of the store; RG_ERR_CORRUPT, RG_ERR_UNSUPPORTED.
 */
RG_MUST_CHECK enum rg_status rg_snapshot_write(struct rg_commit *commit,
                                               const struct rg_look_state *state,
                                               struct rg_error *err);

#endif
