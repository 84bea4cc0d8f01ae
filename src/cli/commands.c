/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"

#include <limits.h>

#include "cli/inspect.h"

const struct command rg_commands[] = {
    {
        .name = "inspect",
        .bit = RG_COMMAND_INSPECT,
        .usage = {"inspect FILE... [options]", NULL},
        .summary = "shows footers and pages of Parquet files",
        .place_min = 1,
        .place_max = UINT_MAX,
        .run = rg_inspect_command,
    },
    {0},
};
