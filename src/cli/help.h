/* SPDX-License-Identifier: Apache-2.0 */

/* What -h shows, made from the tables of commands and options. */

#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/arguments.h"

/* Of one command, or of all with NULL. */
void rg_help_write(FILE *out, const struct command *commands, const struct command *command);

#endif
