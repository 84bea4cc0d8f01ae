/* SPDX-License-Identifier: Apache-2.0 */

/* What a run may take. */

#ifndef JOURNAL_LOOK_INPUTS_H
#define JOURNAL_LOOK_INPUTS_H

#include "journal/look_impl.h"

/* Is it data at all, and an input that the run's options select? As the caller answers. */
bool rg_look_is_data(const struct rg_commit *commit, const struct rg_object *object,
                     bool is_changed_input);

bool rg_look_is_input(const struct rg_commit *commit, const struct rg_object *object);

struct rg_look_input rg_look_input_of(const struct rg_ledger_file *file);

/* Free and changed files, from SOURCE or from the home. */
RG_MUST_CHECK enum rg_status rg_look_list_inputs(const struct rg_commit *commit,
                                                 struct rg_look *look, struct rg_error *err);

/* The same for --all from SOURCE, which is listed again. */
RG_MUST_CHECK enum rg_status rg_look_list_mirror(const struct rg_commit *commit,
                                                 struct rg_look *look, struct rg_error *err);

#endif
