/* SPDX-License-Identifier: Apache-2.0 */

/* regroup list and regroup gc. */

#ifndef CLI_LEDGER_H
#define CLI_LEDGER_H

#include "cli/arguments.h"

int rg_list_command(const struct arguments *arguments);
int rg_gc_command(const struct arguments *arguments);

#endif
