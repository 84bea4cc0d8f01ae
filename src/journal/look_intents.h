/* SPDX-License-Identifier: Apache-2.0 */

/* Intents for the next record. */

#ifndef JOURNAL_LOOK_INTENTS_H
#define JOURNAL_LOOK_INTENTS_H

#include "journal/look_impl.h"

/* Adopts the first intent (in name order) that can be; tells which ones nobody can finish. */
RG_MUST_CHECK enum rg_status rg_look_read_intents(const struct rg_commit *commit,
                                                  struct rg_look *look, struct rg_error *err);

#endif
