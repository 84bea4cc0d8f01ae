/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How errors are made and passed on; what they mean is in <regroup/error.h>.
 *
 * Inside the library `err` is never NULL.
 */

#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <regroup/error.h>

/* Sets `err` and returns `status`, so that a failure is one line: return rg_fail(err, ...). */
enum rg_status rg_fail(struct rg_error *err, enum rg_status status, const char *format, ...)
    RG_PRINTF(3, 4);

/*
 * Puts "context: " in front of an error on its way up and returns its status unchanged. When both
 * do not fit, the context is cut, not the cause.
 */
enum rg_status rg_within(struct rg_error *err, const char *format, ...) RG_PRINTF(2, 3);

/* Returns from the calling function with the status of `call` unless it is RG_OK. */
#define RG_TRY(call)                                                                               \
    do {                                                                                           \
        const enum rg_status rg_try_status = (call);                                               \
        if (rg_try_status != RG_OK)                                                                \
            return rg_try_status;                                                                  \
    } while (0)

#endif
