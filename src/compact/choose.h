/* SPDX-License-Identifier: Apache-2.0 */

/* Which files of a partition a turn takes: what the look offers, less what is left alone. */

#ifndef COMPACT_CHOOSE_H
#define COMPACT_CHOOSE_H

#include "compact/partition.h"

/*
 * Of a file without an extension: true when it has the magic at both ends. One that cannot be read
 * counts as data: whoever opens it then says why not, and what is omitted in silence looks whole;
 * Hive gives no extension to any file.
 */
bool rg_choose_may_be_data(struct rg_store *store, const struct rg_object *object);

/* The questions that the journal asks while it looks; they block on the store. */
struct rg_commit_asks rg_choose_asks(struct rg_partition *partition);

/*
 * Fills turn->inputs from turn->look: the intent that is to be finished, or the next batch of free
 * files with the short trailing outputs; none at all when there is nothing to do.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_choose_inputs(struct rg_partition *partition, struct rg_error *err);

/*
 * After the footers are read: takes out of turn->inputs what cannot be used (told, and not asked
 * for again in this run) and in place what is good as it is. *ret_is_done: nothing is left to do
 * with this choice, look again.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_choose_usable(struct rg_partition *partition, bool *ret_is_done,
                                              struct rg_error *err);

/*
 * Candidates of this turn will not be looked at again in this run: there is nothing to take of
 * them, or it was recorded, or planned (dry). Not before: what goes wrong with a batch is made good
 * by another that has the same candidates.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_choose_note_scanned(struct rg_partition *partition,
                                                    struct rg_error *err);

/* Leaves a file alone for the rest of this run, and tells why unless that is told already. */
RG_MUST_CHECK enum rg_status rg_choose_leave(struct rg_partition *partition,
                                             const struct rg_input *input, bool is_told,
                                             struct rg_error *err);

/*
 * Notes that this input was gone or another file when it was read. The third time in a run it is
 * left alone like a bad one: a link that leads nowhere, a file that is being written all the time.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_choose_note_missed(struct rg_partition *partition,
                                                   const struct rg_input *input,
                                                   struct rg_error *err);

#endif
