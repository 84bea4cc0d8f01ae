/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Memory with one lifetime: objects are handed out one after another and go all at once.
 *
 * "Valid until the arena's fini" is the only lifetime an arena knows. A large request gets a block
 * of its own, so an arena is also fit for buffers of megabytes.
 */

#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/allocator.h"
#include "base/span.h"

struct rg_arena_block;

struct rg_arena {
    const struct rg_allocator *allocator; /* Set at init, then constant. */
    size_t bytes_max;                     /* Set at init, then constant: blocks together. */
    struct rg_arena_block *blocks;        /* Newest first. */
    size_t bytes;                         /* Held from the allocator now. */
};

/* An arena that never holds more than `bytes_max`; nothing is allocated yet. */
void rg_arena_init(struct rg_arena *arena, const struct rg_allocator *allocator, size_t bytes_max);

/* Gives everything back; fine on zeroed memory, and twice. */
void rg_arena_fini(struct rg_arena *arena);

/* Forgets all objects; keeps the largest block for reuse. */
void rg_arena_reset(struct rg_arena *arena);

/* All that `from` holds is `to`'s, and stays where it is; both have one allocator. `from` is empty.
 */
void rg_arena_join(struct rg_arena *to, struct rg_arena *from);

/* Uninitialised, 16-aligned, never NULL for 0 bytes; NULL at the cap or without memory. */
void *rg_arena_alloc(struct rg_arena *arena, size_t bytes);

/* Zeroed array of count * bytes_each; NULL also when that product overflows. */
void *rg_arena_array(struct rg_arena *arena, size_t count, size_t bytes_each);

/* A copy of `span`, NUL-terminated behind its end; data is NULL when there was no memory. */
struct rg_span rg_arena_copy(struct rg_arena *arena, struct rg_span span);

#endif
