/* SPDX-License-Identifier: Apache-2.0 */

/* What the sweep may delete. */

#ifndef JOURNAL_LOOK_DEAD_H
#define JOURNAL_LOOK_DEAD_H

#include "journal/look_impl.h"

/* Sorts the home's files into what is dead, pending, foreign. */
RG_MUST_CHECK enum rg_status rg_look_sort_files(const struct rg_commit *commit,
                                                struct rg_look *look, struct rg_error *err);

/* Decides for each entry of the trash whether it is deleted or gets its name back. */
RG_MUST_CHECK enum rg_status rg_look_sort_trash(const struct rg_commit *commit,
                                                struct rg_look *look, struct rg_error *err);

#endif
