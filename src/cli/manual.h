/* SPDX-License-Identifier: Apache-2.0 */

/* The manual page regroup(1), made from the tables of commands and options. */

#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <stdio.h>

#include "cli/arguments.h"

void rg_manual_write(FILE *out, const struct command *commands, const char *version);

#endif
