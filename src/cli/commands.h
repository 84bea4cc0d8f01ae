/* SPDX-License-Identifier: Apache-2.0 */

/* All commands. */

#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/arguments.h"

/* Ends with a row without a name. */
extern const struct command rg_commands[];

#endif
