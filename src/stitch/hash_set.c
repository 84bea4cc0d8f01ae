/* SPDX-License-Identifier: Apache-2.0 */

/* Invariant: no hash is more than probes_max slots behind the one where its probe begins. */

#include "stitch/hash_set.h"

/* A table that is half full has no longer probes by chance (dict_union.c). */
static const uint32_t probes_max = 256;
static const size_t slot_count_min = 16;

enum rg_status rg_hash_set_init(struct rg_hash_set *set, struct rg_arena *arena, uint32_t count_max,
                                struct rg_error *err)
{
    *set = (struct rg_hash_set){.slot_count = slot_count_min};
    while (set->slot_count < 2 * (size_t)count_max)
        set->slot_count *= 2;
    set->slots = rg_arena_array(arena, set->slot_count, sizeof *set->slots);
    if (set->slots == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a sample of %u", count_max);
    return RG_OK;
}

bool rg_hash_set_is_full(const struct rg_hash_set *set)
{
    return set->count >= set->slot_count / 2;
}

/* The slot where a hash is, or would be put; NULL where it is crowded. */
static uint64_t *find_slot(const struct rg_hash_set *set, uint64_t hash)
{
    const size_t mask = set->slot_count - 1;
    size_t at = (size_t)(hash >> 8) & mask;

    for (uint32_t probes = 0; probes <= probes_max; probes++, at = (at + 1) & mask) {
        if (set->slots[at] == 0 || set->slots[at] == hash)
            return &set->slots[at];
    }
    return NULL;
}

void rg_hash_set_add(struct rg_hash_set *set, uint64_t hash)
{
    uint64_t *slot = find_slot(set, hash);

    if (slot == NULL)
        return;
    set->count += *slot == 0;
    *slot = hash;
}

uint32_t rg_hash_set_shared_count(const struct rg_hash_set *a, const struct rg_hash_set *b)
{
    uint32_t count = 0;

    for (size_t i = 0; i < a->slot_count; i++) {
        if (a->slots[i] == 0)
            continue;
        const uint64_t *slot = find_slot(b, a->slots[i]);

        count += slot != NULL && *slot != 0;
    }
    return count;
}
