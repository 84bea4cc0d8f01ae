/* SPDX-License-Identifier: Apache-2.0 */

/* Which outputs are there and ours, and which records hold because of that. */

#ifndef JOURNAL_LOOK_OUTPUTS_H
#define JOURNAL_LOOK_OUTPUTS_H

#include "journal/look_impl.h"

enum rg_look_body {
    RG_LOOK_FOREIGN,
    RG_LOOK_OURS,
    RG_LOOK_GONE, /* Somebody deleted it after it was listed. */
};

/* What an object under a name of ours is: `recorded` (may be NULL) is its id, or the ask says. */
RG_MUST_CHECK enum rg_status rg_look_body_of(const struct rg_commit *commit,
                                             const struct rg_object *object,
                                             const struct rg_object_id *recorded,
                                             enum rg_look_body *ret_body, struct rg_error *err);

/* What is there under an output's name; NULL: nothing. */
const struct rg_object *rg_look_object_of(const struct rg_ledger *ledger,
                                          const struct rg_ledger_output *output);

/* Sets is_ours of live outputs, and names those that are not as they should be. */
RG_MUST_CHECK enum rg_status rg_look_check_outputs(const struct rg_commit *commit,
                                                   struct rg_look *look, struct rg_error *err);

/* Sets rg_ledger_record.holds: (1) of look_outputs.c. */
void rg_look_find_holding(struct rg_ledger *ledger);

/* The output because of which a record does not hold. */
const struct rg_ledger_output *rg_look_find_culprit(const struct rg_ledger *ledger, size_t record);

/* Fills look->live. */
RG_MUST_CHECK enum rg_status rg_look_list_live(const struct rg_commit *commit, struct rg_look *look,
                                               struct rg_error *err);

#endif
