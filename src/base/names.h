/* SPDX-License-Identifier: Apache-2.0 */

/* Names, each once, numbered in the order in which they came first, and found again at once. */

#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct rg_name {
    struct rg_span text; /* Ends in a NUL behind its bytes. */
    uint64_t hash;
};

/* Caller's storage; fields are the names', to read. */
struct rg_names {
    const struct rg_allocator *allocator;
    struct rg_arena texts;
    struct rg_name *items;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* Twice the capacity: number + 1, or 0, from the place that its hash says. */
};

void rg_names_init(struct rg_names *names, const struct rg_allocator *allocator);

/* Fine on zeroed memory, and twice. */
void rg_names_fini(struct rg_names *names);

/* Forgets all names, keeps the memory. */
void rg_names_reset(struct rg_names *names);

/* The number of a name, or SIZE_MAX. Looks at number `likely` first: names come in order, mostly.
 */
size_t rg_names_find(const struct rg_names *names, struct rg_span text, size_t likely);

/* Adds a copy of a name that is not there. False without memory: then nothing has changed. */
bool rg_names_add(struct rg_names *names, struct rg_span text);

#endif
