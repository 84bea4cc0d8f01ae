/* SPDX-License-Identifier: Apache-2.0 */

/* regroup inspect. */

#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include "cli/arguments.h"

int rg_inspect_command(const struct arguments *arguments);

#endif
