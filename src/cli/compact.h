/* SPDX-License-Identifier: Apache-2.0 */

/* regroup compact and regroup plan. */

#ifndef CLI_COMPACT_H
#define CLI_COMPACT_H

#include "cli/arguments.h"

int rg_compact_command(const struct arguments *arguments);
int rg_plan_command(const struct arguments *arguments);

#endif
