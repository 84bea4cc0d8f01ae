/* SPDX-License-Identifier: Apache-2.0 */

/* Public structs whose first member is their size as the caller's header knows it. */

#ifndef API_SIZED_H
#define API_SIZED_H

#include <stddef.h>

#include "base/error.h"

/*
 * Takes a caller's struct into our own of `bytes` bytes: what an older header does not have is 0,
 * what a newer one has besides is not looked at. The size becomes ours.
 *
 * Errors:  RG_ERR_INVALID when the size was not set.
 */
RG_MUST_CHECK enum rg_status rg_sized_take(void *to, size_t bytes, const void *from,
                                           struct rg_error *err);

/* Gives our struct of `bytes` bytes to a caller: as much as `to`'s size says, which stays. */
void rg_sized_give(void *to, const void *from, size_t bytes);

#endif
