/* SPDX-License-Identifier: Apache-2.0 */

/* What tests may do to an engine beyond <weir/weir.h>. */

#ifndef WEIR_ENGINE_H
#define WEIR_ENGINE_H

#include "weir/hooks.h"
#include "weir/sched.h"
#include "weir/weir.h"

/* weir_new() with records from `hooks`. */
struct weir *weir_new_with_hooks(const struct weir_config *config, const struct weir_hooks *hooks);

/* For looking and for setting rules, while it does not run. */
struct weir_sched *weir_sched_of(struct weir *w);

#endif
