/* SPDX-License-Identifier: Apache-2.0 */

/* Arrays that grow in an arena. */

#ifndef JOURNAL_ARRAY_H
#define JOURNAL_ARRAY_H

#include <string.h>

#include "base/arena.h"
#include "base/checked.h"

/*
 * `items` with room for one more than `count`: itself, or a longer copy (what it leaves behind
 * stays in the arena: at most as much again). NULL without memory.
 */
static inline void *rg_array_room(struct rg_arena *arena, void *items, size_t count,
                                  size_t *capacity, size_t item_bytes)
{
    if (count < *capacity)
        return items;
    const size_t wanted = *capacity == 0 ? 8 : 2 * *capacity;
    void *longer = rg_arena_array(arena, wanted, item_bytes);
    if (longer == NULL)
        return NULL;
    if (count > 0)
        memcpy(longer, items, count * item_bytes);
    *capacity = wanted;
    return longer;
}

/* A copy of a string; NULL without memory. */
static inline const char *rg_arena_text(struct rg_arena *arena, const char *text)
{
    return (const char *)rg_arena_copy(arena, rg_span_of(text)).data;
}

#endif
