/* SPDX-License-Identifier: Apache-2.0 */

/* Memory up to a limit, for what nothing else bounds. */

#ifndef BASE_PURSE_H
#define BASE_PURSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/allocator.h"

/* Caller's storage, which stays where it is: `allocator` points into it. */
struct rg_purse {
    const struct rg_allocator *from; /* Set at init, then constant. */
    struct rg_allocator allocator;   /* Set at init, then constant: gives what is left. */
    atomic_uint_fast64_t bytes_left; /* Atomic. */
    atomic_bool was_short;           /* Atomic: something was refused for the limit's sake. */
};

/* Threads: as many as `from` can have. */
void rg_purse_init(struct rg_purse *purse, const struct rg_allocator *from, uint64_t bytes_max);

#endif
