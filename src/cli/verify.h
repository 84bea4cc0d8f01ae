/* SPDX-License-Identifier: Apache-2.0 */

/* regroup verify. */

#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "cli/arguments.h"

int rg_verify_command(const struct arguments *arguments);

#endif
