/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The union is the PLAIN bytes of its entries one after another, and an open-addressing hash table
 * over them. A slot holds 32 bits of an entry's hash and its number plus one, so that a zeroed
 * table is an empty one, and most probes end without looking at an entry.
 *
 * Invariants, checked by dict_union_check() in debug builds:
 *
 *   (1) slot_count is a power of two and at least twice entry_count: probing always ends.
 *   (2) Probing from the hash of entry i ends at entry i, and no other slots are in use.
 *   (3) plain_bytes is the size of the PLAIN encoding of all entries, and at most plain_bytes_max.
 *   (4) No two entries are equal.
 *
 * A dictionary that does not fit leaves no trace: its new entries are taken out again.
 *
 * Not here: decoding index runs (levels.h), rewriting them (remap.h), and the choice of when a
 * union is worth its cost (verdict.h).
 */

#include "stitch/dict_union.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"

struct rg_dict_slot {
    uint32_t hash;
    uint32_t number; /* Of the entry, plus one; 0: free. */
};

static const uint32_t slot_count_min = 64;
static const size_t plain_capacity_min = 1024;

void rg_dict_union_init(struct rg_dict_union *u, struct rg_bench *bench, size_t plain_bytes_max)
{
    *u = (struct rg_dict_union){
        .bench = bench,
        .plain_bytes_max = plain_bytes_max,
        .entry_bytes = rg_plain_bytes(bench->leaf),
    };
}

static struct rg_span entry_of(const struct rg_dict_union *u, uint32_t i)
{
    if (u->entry_bytes != 0)
        return (struct rg_span){u->plain + (size_t)i * u->entry_bytes, u->entry_bytes};
    const size_t end = i + 1 < u->entry_count ? u->offsets[i + 1] : u->plain_bytes;
    return (struct rg_span){u->plain + u->offsets[i], end - u->offsets[i]};
}

static uint64_t hash_of(struct rg_span entry)
{
    return rg_hash_fast(entry);
}

/* The slot where an entry is, or would be put. */
static struct rg_dict_slot *find_slot(const struct rg_dict_union *u, struct rg_span entry,
                                      uint64_t hash)
{
    const uint32_t mask = u->slot_count - 1;
    const uint32_t mark = (uint32_t)(hash >> 32);

    for (uint32_t at = (uint32_t)hash & mask;; at = (at + 1) & mask) {
        struct rg_dict_slot *slot = &u->slots[at];

        if (slot->number == 0)
            return slot;
        if (slot->hash == mark && rg_span_equal(entry_of(u, slot->number - 1), entry))
            return slot;
    }
}

static void dict_union_check(const struct rg_dict_union *u)
{
#ifdef RG_CHECKS
    uint32_t used = 0;

    assert(u->plain_bytes <= u->plain_bytes_max);
    assert(u->slot_count == 0 || (u->slot_count & (u->slot_count - 1)) == 0);
    assert(u->entry_count <= u->slot_count / 2);
    for (uint32_t i = 0; i < u->slot_count; i++)
        used += u->slots[i].number != 0;
    assert(used == u->entry_count);
    for (uint32_t i = 0; i < u->entry_count; i++) {
        const struct rg_span entry = entry_of(u, i);

        assert(find_slot(u, entry, hash_of(entry))->number == i + 1);
    }
#endif
    (void)u;
}

/* Puts all entries into the empty table. */
static void fill_slots(struct rg_dict_union *u)
{
    for (uint32_t i = 0; i < u->entry_count; i++) {
        const struct rg_span entry = entry_of(u, i);
        const uint64_t hash = hash_of(entry);

        *find_slot(u, entry, hash) = (struct rg_dict_slot){(uint32_t)(hash >> 32), i + 1};
    }
}

static enum rg_status rebuild(struct rg_dict_union *u, uint32_t slot_count, struct rg_error *err)
{
    struct rg_dict_slot *slots = rg_arena_array(u->bench->scratch, slot_count, sizeof *slots);

    if (slots == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u dictionary slots", slot_count);
    u->slots = slots;
    u->slot_count = slot_count;
    fill_slots(u);
    return RG_OK;
}

static enum rg_status need_slots(struct rg_dict_union *u, struct rg_error *err)
{
    if (u->entry_count + 1 <= u->slot_count / 2)
        return RG_OK;
    return rebuild(u, u->slot_count == 0 ? slot_count_min : u->slot_count * 2, err);
}

static enum rg_status need_plain(struct rg_dict_union *u, size_t bytes, struct rg_error *err)
{
    size_t capacity =
        u->plain_capacity < plain_capacity_min ? plain_capacity_min : u->plain_capacity;

    if (u->plain_bytes + bytes <= u->plain_capacity)
        return RG_OK;
    while (capacity < u->plain_bytes + bytes)
        capacity *= 2;
    if (capacity > u->plain_bytes_max)
        capacity = u->plain_bytes_max;
    uint8_t *plain = rg_arena_alloc(u->bench->scratch, capacity + rg_slack_bytes);
    if (plain == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a dictionary of %zu bytes", capacity);
    if (u->plain_bytes > 0)
        memcpy(plain, u->plain, u->plain_bytes);
    u->plain = plain;
    u->plain_capacity = capacity;
    return RG_OK;
}

static enum rg_status need_offset(struct rg_dict_union *u, struct rg_error *err)
{
    if (u->entry_bytes != 0 || u->entry_count < u->offset_capacity)
        return RG_OK;
    const uint32_t capacity = u->offset_capacity == 0 ? slot_count_min : u->offset_capacity * 2;
    uint32_t *offsets = rg_arena_array(u->bench->scratch, capacity, sizeof *offsets);
    if (offsets == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u dictionary entries", capacity);
    if (u->entry_count > 0)
        memcpy(offsets, u->offsets, u->entry_count * sizeof *offsets);
    u->offsets = offsets;
    u->offset_capacity = capacity;
    return RG_OK;
}

static enum rg_status append(struct rg_dict_union *u, struct rg_span entry, uint64_t hash,
                             struct rg_error *err)
{
    RG_TRY(need_slots(u, err));
    RG_TRY(need_plain(u, entry.bytes, err));
    RG_TRY(need_offset(u, err));
    struct rg_dict_slot *slot = find_slot(u, entry, hash);
    if (u->entry_bytes == 0)
        u->offsets[u->entry_count] = (uint32_t)u->plain_bytes;
    memcpy(u->plain + u->plain_bytes, entry.data, entry.bytes);
    u->plain_bytes += entry.bytes;
    u->entry_count++;
    *slot = (struct rg_dict_slot){(uint32_t)(hash >> 32), u->entry_count};
    return RG_OK;
}

/* Takes the entries from `count` on out again. */
static void undo(struct rg_dict_union *u, uint32_t count, size_t plain_bytes)
{
    if (u->entry_count == count)
        return;
    u->entry_count = count;
    u->plain_bytes = plain_bytes;
    memset(u->slots, 0, u->slot_count * sizeof *u->slots);
    fill_slots(u);
}

enum rg_status rg_dict_union_add(struct rg_dict_union *u, const struct rg_dict_table *table,
                                 uint32_t *new_index, bool *ret_fits, struct rg_dict_map *ret_map,
                                 struct rg_error *err)
{
    const uint32_t before = u->entry_count;
    const size_t bytes_before = u->plain_bytes;
    struct rg_dict_map map = {
        .new_index = new_index, .entry_count = table->entry_count, .is_identity = true};

    if (u->slot_count == 0)
        RG_TRY(rebuild(u, slot_count_min, err));
    for (uint32_t i = 0; i < table->entry_count; i++) {
        const struct rg_span entry = rg_dict_table_entry(table, i);
        const uint64_t hash = hash_of(entry);
        const struct rg_dict_slot *slot = find_slot(u, entry, hash);
        const bool is_new = slot->number == 0;

        new_index[i] = is_new ? u->entry_count : slot->number - 1;
        map.is_identity = map.is_identity && new_index[i] == i;
        map.index_max = new_index[i] > map.index_max ? new_index[i] : map.index_max;
        if (!is_new) {
            map.has_duplicates = map.has_duplicates || new_index[i] >= before;
            continue;
        }
        if (entry.bytes > u->plain_bytes_max - u->plain_bytes) {
            *ret_fits = false;
            undo(u, before, bytes_before);
            dict_union_check(u);
            return RG_OK;
        }
        RG_TRY(append(u, entry, hash, err));
    }
    map.has_additions = u->entry_count > before;
    *ret_fits = true;
    *ret_map = map;
    dict_union_check(u);
    return RG_OK;
}
