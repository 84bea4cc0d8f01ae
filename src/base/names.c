/* SPDX-License-Identifier: Apache-2.0 */

#include "base/names.h"

#include <string.h>

#include "base/hash.h"

/* A power of two. */
static const size_t capacity_first = 64;

/* So that a number, and one more, fits a slot. */
static const size_t capacity_max = (size_t)1 << 30;

static size_t slot_count(const struct rg_names *names)
{
    return names->capacity * 2;
}

static void release_arrays(struct rg_names *names)
{
    rg_release(names->allocator, names->items, names->capacity * sizeof *names->items);
    rg_release(names->allocator, names->slots, slot_count(names) * sizeof *names->slots);
}

void rg_names_init(struct rg_names *names, const struct rg_allocator *allocator)
{
    *names = (struct rg_names){.allocator = allocator};
    rg_arena_init(&names->texts, allocator, SIZE_MAX);
}

void rg_names_fini(struct rg_names *names)
{
    if (names->allocator == NULL)
        return;
    release_arrays(names);
    rg_arena_fini(&names->texts);
    *names = (struct rg_names){.allocator = NULL};
}

void rg_names_reset(struct rg_names *names)
{
    rg_arena_reset(&names->texts);
    names->count = 0;
    if (names->slots != NULL)
        memset(names->slots, 0, slot_count(names) * sizeof *names->slots);
}

/* The slot of this name, or the free one where it belongs. */
static uint32_t *find_slot(const struct rg_names *names, struct rg_span text, uint64_t hash)
{
    const size_t mask = slot_count(names) - 1;
    size_t at = (size_t)hash & mask;

    for (; names->slots[at] != 0; at = (at + 1) & mask) {
        const struct rg_name *name = &names->items[names->slots[at] - 1];

        if (name->hash == hash && rg_span_equal(name->text, text))
            break;
    }
    return &names->slots[at];
}

static bool make_room(struct rg_names *names)
{
    struct rg_names larger = *names;

    if (names->count < names->capacity)
        return true;
    if (names->capacity == capacity_max)
        return false;
    larger.capacity = names->capacity == 0 ? capacity_first : names->capacity * 2;
    larger.items = rg_alloc(names->allocator, larger.capacity * sizeof *larger.items);
    larger.slots = rg_alloc(names->allocator, slot_count(&larger) * sizeof *larger.slots);
    if (larger.items == NULL || larger.slots == NULL) {
        release_arrays(&larger);
        return false;
    }
    if (names->count > 0)
        memcpy(larger.items, names->items, names->count * sizeof *larger.items);
    memset(larger.slots, 0, slot_count(&larger) * sizeof *larger.slots);
    for (size_t i = 0; i < names->count; i++)
        *find_slot(&larger, larger.items[i].text, larger.items[i].hash) = (uint32_t)i + 1;
    release_arrays(names);
    *names = larger;
    return true;
}

size_t rg_names_find(const struct rg_names *names, struct rg_span text, size_t likely)
{
    if (likely < names->count && rg_span_equal(names->items[likely].text, text))
        return likely;
    if (names->count == 0)
        return SIZE_MAX;
    const uint32_t *slot = find_slot(names, text, rg_hash_name(text));
    return *slot != 0 ? *slot - 1 : SIZE_MAX;
}

bool rg_names_add(struct rg_names *names, struct rg_span text)
{
    const uint64_t hash = rg_hash_name(text);

    if (!make_room(names))
        return false;
    const struct rg_span copy = rg_arena_copy(&names->texts, text);
    if (copy.data == NULL)
        return false;
    names->items[names->count++] = (struct rg_name){.text = copy, .hash = hash};
    *find_slot(names, copy, hash) = (uint32_t)names->count;
    return true;
}
