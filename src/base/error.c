/* SPDX-License-Identifier: Apache-2.0 */

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum rg_status rg_fail(struct rg_error *err, enum rg_status status, const char *format, ...)
{
    va_list args;

    err->status = status;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

enum rg_status rg_within(struct rg_error *err, const char *format, ...)
{
    char context[sizeof err->text];
    const size_t text_length = strlen(err->text);
    va_list args;

    va_start(args, format);
    const int printed = vsnprintf(context, sizeof context, format, args);
    va_end(args);
    if (printed <= 0)
        return err->status;

    /* Cut the context, not the cause: 2 for ": ", 1 for the NUL. */
    size_t context_length = strlen(context);
    const size_t room = sizeof err->text - 1 - text_length;
    if (room < 3)
        return err->status;
    if (context_length > room - 2)
        context_length = room - 2;

    memmove(err->text + context_length + 2, err->text, text_length + 1);
    memcpy(err->text, context, context_length);
    memcpy(err->text + context_length, ": ", 2);
    return err->status;
}

const char *rg_status_name(enum rg_status status)
{
    switch (status) {
    case RG_OK:
        return "ok";
    case RG_ERR_AGAIN:
        return "temporary";
    case RG_ERR_CHANGED:
        return "changed";
    case RG_ERR_CORRUPT:
        return "corrupt";
    case RG_ERR_UNSUPPORTED:
        return "unsupported";
    case RG_ERR_LIMIT:
        return "over a limit";
    case RG_ERR_NOMEM:
        return "out of memory";
    case RG_ERR_DENIED:
        return "denied";
    case RG_ERR_INVALID:
        return "invalid";
    case RG_ERR_EXISTS:
        return "exists";
    case RG_ERR_ABSENT:
        return "absent";
    case RG_ERR_CANCELLED:
        return "cancelled";
    case RG_ERR_IO:
        return "i/o error";
    case RG_ERR_BUG:
        return "internal error";
    }
    return "?";
}
