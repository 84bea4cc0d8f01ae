/* SPDX-License-Identifier: Apache-2.0 */

/* What a look lists. */

#ifndef JOURNAL_LOOK_LIST_H
#define JOURNAL_LOOK_LIST_H

#include "journal/look_impl.h"

/* The home's partition as files sorted by name, in `arena`; prefixes are left out. */
RG_MUST_CHECK enum rg_status rg_look_list_home(const struct rg_commit *commit,
                                               struct rg_arena *arena,
                                               struct rg_ledger_files *ret_files,
                                               struct rg_error *err);

/* What deletions under way have in the trash, of all runs; only local homes have one. */
RG_MUST_CHECK enum rg_status rg_look_list_trash(const struct rg_commit *commit,
                                                struct rg_look_state *state, struct rg_error *err);

/* The partition of SOURCE likewise, with ids as records have them. */
RG_MUST_CHECK enum rg_status rg_look_list_source(const struct rg_commit *commit,
                                                 struct rg_arena *arena,
                                                 struct rg_ledger_files *ret_files,
                                                 struct rg_error *err);

/* Whether there is an intent for outputs of record `number` and H, or that record, in a listing of
   now; sets *ret_has_makers, or leaves it alone. */
RG_MUST_CHECK enum rg_status rg_look_has_makers(const struct rg_commit *commit,
                                                struct rg_arena *arena, uint32_t number,
                                                uint64_t hash, bool *ret_has_makers,
                                                struct rg_error *err);

/* What the ledger's directory holds: intents and old snapshots go into `state`; numbers of
   snapshots that reading may start from, newest first, to the caller. */
RG_MUST_CHECK enum rg_status rg_look_list_ledger(const struct rg_commit *commit,
                                                 struct rg_look_state *state,
                                                 uint32_t **ret_snapshots, size_t *ret_count,
                                                 struct rg_error *err);

#endif
