/* SPDX-License-Identifier: Apache-2.0 */

/* Prefixes that were found: partitions, or what is still to be looked at. */

#ifndef VERIFY_PREFIXES_H
#define VERIFY_PREFIXES_H

#include "base/arena.h"

struct rg_prefix {
    const char *text;
    const char *trouble; /* Why it could not be listed; NULL: it could, or was not yet. */
};

/* Begins as zeros. */
struct rg_prefixes {
    struct rg_prefix *items; /* In the arena that they were pushed with. */
    size_t count;
    size_t capacity;
};

/* Adds one; texts are borrowed. False: the arena has no room. */
bool rg_prefixes_push(struct rg_arena *arena, struct rg_prefixes *prefixes, const char *text,
                      const char *trouble);

/* Sorts them by bytes, each once: with its trouble, if it had any. */
void rg_prefixes_sort(struct rg_prefixes *prefixes);

#endif
