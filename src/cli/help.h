/* SPDX-License-Identifier: Apache-2.0 */

/* What -h shows, made from the tables of commands and options. */

#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/arguments.h"

/* What holds for every command. */
struct exit_meaning {
    int status;
    const char *text;
};
extern const struct exit_meaning rg_exit_meanings[]; /* Ends with a row without a text. */
extern const char rg_sizes_text[];
extern const char rg_origins_text[];

/* Of one command, or of all with NULL. */
void rg_help_write(FILE *out, const struct command *commands, const struct command *command);

#endif
