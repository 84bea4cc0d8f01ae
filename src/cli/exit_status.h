/* SPDX-License-Identifier: Apache-2.0 */

/* What the process tells its caller, and how an error is said. */

#ifndef CLI_EXIT_STATUS_H
#define CLI_EXIT_STATUS_H

#include <regroup/error.h>

enum {
    RG_EXIT_DONE = 0,
    RG_EXIT_FAILED = 1,
    RG_EXIT_USAGE = 2,
    RG_EXIT_LEFT_ALONE = 3, /* Done, but some inputs were left alone. */
    RG_EXIT_BAD_INPUT = 65, /* No retry can help. */
    RG_EXIT_TEMPORARY = 75, /* A retry may help. */
    RG_EXIT_INTERRUPTED = 130,
};

int rg_exit_status(enum rg_status status);

/* Writes "error: ..." and returns rg_exit_status(). */
int rg_exit_with(const struct rg_error *err);

#endif
