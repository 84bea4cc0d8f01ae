/* SPDX-License-Identifier: Apache-2.0 */

/* Completions for shells, made from the tables of commands and options. */

#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <stdio.h>

#include "cli/arguments.h"

void rg_completion_bash(FILE *out, const struct command *commands);
void rg_completion_zsh(FILE *out, const struct command *commands);
void rg_completion_fish(FILE *out, const struct command *commands);

#endif
