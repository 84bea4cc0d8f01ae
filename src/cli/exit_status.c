/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/exit_status.h"

#include "cli/output.h"

int rg_exit_status(enum rg_status status)
{
    switch (status) {
    case RG_OK:
        return RG_EXIT_DONE;
    case RG_ERR_AGAIN:
    case RG_ERR_CHANGED:
        return RG_EXIT_TEMPORARY;
    case RG_ERR_CORRUPT:
    case RG_ERR_UNSUPPORTED:
    case RG_ERR_LIMIT:
        return RG_EXIT_BAD_INPUT;
    case RG_ERR_INVALID:
        return RG_EXIT_USAGE;
    case RG_ERR_CANCELLED:
        return RG_EXIT_INTERRUPTED;
    case RG_ERR_NOMEM:
    case RG_ERR_DENIED:
    case RG_ERR_EXISTS:
    case RG_ERR_ABSENT:
    case RG_ERR_IO:
    case RG_ERR_BUG:
        return RG_EXIT_FAILED;
    }
    return RG_EXIT_FAILED;
}

int rg_exit_with(const struct rg_error *err)
{
    rg_output_say("error: %s", err->text);
    return rg_exit_status(err->status);
}
