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
 *   (5) No entry is more than probes_max slots behind the one where its probe begins.
 *
 * A dictionary that does not fit leaves no trace: its new entries are taken out again.
 *
 * Hashes are not secret, so that somebody can make entries that crowd in one stretch of the table,
 * where every probe is long. By (5) none is too long: the table is filled anew, with another seed,
 * seeds_max times in all. Who crowds it after that knows the seeds; then it is given up,
 * is_crowded, for which (1) to (5) do not hold, and values are laid out PLAIN instead. So work
 * stays linear in the number of entries.
 *
 * Not here: decoding index runs (levels.h), rewriting them (remap.h), and the choice of when a
 * union is worth its cost (verdict.h).
 */

#include "stitch/dict_union.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "stitch/kernels.h"

struct rg_dict_slot {
    uint32_t hash;
    uint32_t number; /* Of the entry, plus one; 0: free. */
};

/* The compiler makes a loop for every width that a caller names. */
#define INLINE static inline __attribute__((always_inline))

enum {
    BLOCK_ENTRIES = 32, /* Hashed and looked up together. */
};

static const uint32_t slot_count_min = 64;
/*
 * A table that is half full has no crowds like that, unless somebody wants it to: the longest probe
 * among n entries is about ln(n) / 0.19, 75 slots for two million.
 */
static const uint32_t probes_max = 256;
static const uint32_t seeds_max = 8;
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

static uint64_t mix(uint64_t value)
{
    value *= UINT64_C(0x9e3779b97f4a7c15);
    value ^= value >> 32;
    value *= UINT64_C(0xd6e8feb86659fd93);
    return value ^ value >> 32;
}

static uint64_t hash_of(const struct rg_dict_union *u, struct rg_span entry)
{
    uint64_t value = 0;

    /* Copies of constant length are a load. */
    if (u->entry_bytes == 8)
        memcpy(&value, entry.data, 8);
    else if (u->entry_bytes == 4)
        memcpy(&value, entry.data, 4);
    else
        return u->seed == 0 ? rg_hash_fast(entry) : rg_hash_seeded(entry, u->seed);
    return mix(value ^ u->seed);
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
    if (u->is_crowded)
        return;
    assert(u->slot_count == 0 || (u->slot_count & (u->slot_count - 1)) == 0);
    assert(u->entry_count <= u->slot_count / 2);
    for (uint32_t i = 0; i < u->slot_count; i++)
        used += u->slots[i].number != 0;
    assert(used == u->entry_count);
    for (uint32_t i = 0; i < u->entry_count; i++) {
        const struct rg_span entry = entry_of(u, i);
        const uint64_t hash = hash_of(u, entry);
        const struct rg_dict_slot *slot = find_slot(u, entry, hash);
        const uint32_t probes = (uint32_t)(slot - u->slots) - (uint32_t)hash;

        assert(slot->number == i + 1);
        assert((probes & (u->slot_count - 1)) <= probes_max);
    }
#endif
    (void)u;
}

/* Puts a new entry into the first free slot of its probe; the slots that were passed. */
static uint32_t put_slot(struct rg_dict_union *u, uint64_t hash, uint32_t number)
{
    const uint32_t mask = u->slot_count - 1;
    uint32_t at = (uint32_t)hash & mask;
    uint32_t probes = 0;

    for (; u->slots[at].number != 0; probes++)
        at = (at + 1) & mask;
    u->slots[at] = (struct rg_dict_slot){(uint32_t)(hash >> 32), number};
    return probes;
}

/* Puts all entries into the empty table; false as soon as some stretch of it gets crowded. */
static bool fill_slots(struct rg_dict_union *u)
{
    for (uint32_t i = 0; i < u->entry_count; i++) {
        if (put_slot(u, hash_of(u, entry_of(u, i)), i + 1) > probes_max)
            return false;
    }
    return true;
}

/* The same table with the entries that there are. Crowds are broken up by another seed. */
static void refill(struct rg_dict_union *u)
{
    for (;;) {
        memset(u->slots, 0, u->slot_count * sizeof *u->slots);
        if (fill_slots(u))
            return;
        u->is_crowded = u->seed_count == seeds_max;
        if (u->is_crowded)
            return;
        u->seed += UINT64_C(0xa0761d6478bd642f);
        u->seed_count++;
    }
}

/* A table of `slot_count` slots. */
static enum rg_status rebuild(struct rg_dict_union *u, uint32_t slot_count, struct rg_error *err)
{
    struct rg_dict_slot *slots = rg_arena_alloc(u->bench->scratch, slot_count * sizeof *slots);

    if (slots == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u dictionary slots", slot_count);
    u->slots = slots;
    u->slot_count = slot_count;
    refill(u);
    return RG_OK;
}

/* A table with room for `more` entries. */
static enum rg_status need_slots(struct rg_dict_union *u, uint32_t more, struct rg_error *err)
{
    const uint64_t wanted = 2 * ((uint64_t)u->entry_count + more);
    uint64_t slot_count = u->slot_count == 0 ? slot_count_min : u->slot_count;

    while (slot_count < wanted)
        slot_count *= 2;
    if (slot_count == u->slot_count)
        return RG_OK;
    if (slot_count > UINT32_MAX)
        return rg_fail(err, RG_ERR_LIMIT, "a dictionary of %llu entries",
                       (unsigned long long)wanted / 2);
    return rebuild(u, (uint32_t)slot_count, err);
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
    RG_TRY(need_slots(u, 1, err));
    RG_TRY(need_plain(u, entry.bytes, err));
    RG_TRY(need_offset(u, err));
    if (u->entry_bytes == 0)
        u->offsets[u->entry_count] = (uint32_t)u->plain_bytes;
    if (entry.bytes > 0)
        memcpy(u->plain + u->plain_bytes, entry.data, entry.bytes);
    u->plain_bytes += entry.bytes;
    u->entry_count++;
    if (put_slot(u, hash, u->entry_count) > probes_max)
        refill(u);
    return RG_OK;
}

/* Takes the entries from `count` on out again. */
static void undo(struct rg_dict_union *u, uint32_t count, size_t plain_bytes)
{
    if (u->entry_count == count)
        return;
    u->entry_count = count;
    u->plain_bytes = plain_bytes;
    if (!u->is_crowded)
        refill(u);
}

/* Finds or adds one entry; *ret_fits false when there is no room for it. */
static enum rg_status add_entry(struct rg_dict_union *u, struct rg_span entry, uint64_t hash,
                                uint32_t *ret_index, bool *ret_fits, struct rg_error *err)
{
    const struct rg_dict_slot *slot = find_slot(u, entry, hash);

    if (slot->number != 0) {
        *ret_index = slot->number - 1;
        return RG_OK;
    }
    *ret_index = u->entry_count;
    *ret_fits = entry.bytes <= u->plain_bytes_max - u->plain_bytes;
    return *ret_fits ? append(u, entry, hash, err) : RG_OK;
}

/* Entries first .. first + count of any kind: all hashes first, so that slots come into the
 * cache. */
static enum rg_status add_any(struct rg_dict_union *u, const struct rg_dict_table *table,
                              uint32_t first, uint32_t count, uint32_t *new_index, bool *ret_fits,
                              struct rg_error *err)
{
    uint64_t hashes[BLOCK_ENTRIES];
    const uint64_t seed = u->seed;

    for (uint32_t i = 0; i < count; i++) {
        hashes[i] = hash_of(u, rg_dict_table_entry(table, first + i));
        __builtin_prefetch(&u->slots[(uint32_t)hashes[i] & (u->slot_count - 1)]);
    }
    for (uint32_t i = 0; i < count && *ret_fits; i++) {
        const struct rg_span entry = rg_dict_table_entry(table, first + i);
        const uint64_t hash = seed == u->seed ? hashes[i] : hash_of(u, entry);

        RG_TRY(add_entry(u, entry, hash, &new_index[i], ret_fits, err));
    }
    return RG_OK;
}

/* A value of `bytes`, which the compiler knows. */
INLINE uint64_t value_at(const uint8_t *plain, size_t i, uint32_t bytes)
{
    uint64_t value = 0;

    memcpy(&value, plain + i * bytes, bytes);
    return value;
}

/*
 * The same for `count` entries of 4 or 8 bytes, for which there are slots and memory. Most of them
 * are known as a rule: what finds them is a handful of instructions. Ends early, at the entry
 * behind the one returned, when the table was filled anew by another seed.
 */
INLINE uint32_t add_values(struct rg_dict_union *u, const uint8_t *entries, uint32_t count,
                           uint32_t bytes, uint32_t *new_index, bool *ret_fits)
{
    const uint32_t mask = u->slot_count - 1;
    struct rg_dict_slot *slots = u->slots;
    uint8_t *plain = u->plain;
    uint64_t hashes[BLOCK_ENTRIES];

    for (uint32_t i = 0; i < count; i++) {
        hashes[i] = mix(value_at(entries, i, bytes) ^ u->seed);
        __builtin_prefetch(&slots[(uint32_t)hashes[i] & mask]);
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t value = value_at(entries, i, bytes);
        uint32_t at = (uint32_t)hashes[i] & mask;
        uint32_t probes = 0;

        while (slots[at].number != 0 && value_at(plain, slots[at].number - 1, bytes) != value) {
            at = (at + 1) & mask;
            probes++;
        }
        if (slots[at].number != 0) {
            new_index[i] = slots[at].number - 1;
            continue;
        }
        *ret_fits = bytes <= u->plain_bytes_max - u->plain_bytes;
        if (!*ret_fits)
            return i;
        new_index[i] = u->entry_count;
        memcpy(plain + u->plain_bytes, &value, bytes);
        u->plain_bytes += bytes;
        slots[at] = (struct rg_dict_slot){(uint32_t)(hashes[i] >> 32), ++u->entry_count};
        if (probes > probes_max) {
            refill(u);
            return i + 1;
        }
    }
    return count;
}

/* A block of entries; *ret_done of them are in the map, fewer than `count` where one does not fit
 * or the seed changed. */
static enum rg_status add_block(struct rg_dict_union *u, const struct rg_dict_table *table,
                                uint32_t first, uint32_t count, uint32_t *new_index, bool *ret_fits,
                                uint32_t *ret_done, struct rg_error *err)
{
    const size_t room = u->plain_bytes_max - u->plain_bytes;
    const size_t bytes = (size_t)count * u->entry_bytes;
    const uint8_t *entries = table->plain.data + (size_t)first * u->entry_bytes;

    *ret_done = count;
    if (u->entry_bytes != 4 && u->entry_bytes != 8)
        return add_any(u, table, first, count, new_index, ret_fits, err);
    RG_TRY(need_slots(u, count, err));
    RG_TRY(need_plain(u, bytes < room ? bytes : room, err));
    *ret_done = u->entry_bytes == 8 ? add_values(u, entries, count, 8, new_index, ret_fits)
                                    : add_values(u, entries, count, 4, new_index, ret_fits);
    return RG_OK;
}

/* What the map as a whole is like; `before`: entries of the union without this dictionary. */
static void describe(struct rg_dict_map *map, uint32_t before, uint32_t after)
{
    uint32_t added = 0;

    map->new_index = map->room;
    map->has_additions = after > before;
    map->index_max = rg_kernel_max(map->room, map->entry_count);
    map->is_identity = rg_kernel_is_ramp(map->room, map->entry_count, 0);
    if (!map->has_additions)
        return;
    for (uint32_t i = 0; i < map->entry_count; i++)
        added += map->room[i] >= before;
    map->has_duplicates = added > after - before;
}

/* Adds all entries of the table. */
static enum rg_status add_all(struct rg_dict_union *u, const struct rg_dict_table *table,
                              uint32_t *new_index, bool *ret_fits, struct rg_error *err)
{
    const uint32_t before = u->entry_count;
    const size_t bytes_before = u->plain_bytes;
    uint32_t done;

    *ret_fits = !u->is_crowded;
    RG_TRY(need_slots(u, 1, err));
    for (uint32_t at = 0; at < table->entry_count && *ret_fits; at += done) {
        const uint32_t left = table->entry_count - at;

        RG_TRY(add_block(u, table, at, left < BLOCK_ENTRIES ? left : BLOCK_ENTRIES, new_index + at,
                         ret_fits, &done, err));
        *ret_fits = *ret_fits && !u->is_crowded;
    }
    if (!*ret_fits)
        undo(u, before, bytes_before);
    dict_union_check(u);
    return RG_OK;
}

/* Memory for the first dictionary, in one piece. */
static enum rg_status make_room(struct rg_dict_union *u, const struct rg_dict_table *table,
                                struct rg_error *err)
{
    const size_t bytes = table->plain.bytes;

    RG_TRY(need_slots(u, table->entry_count, err));
    return need_plain(u, bytes < u->plain_bytes_max ? bytes : u->plain_bytes_max, err);
}

enum rg_status rg_dict_union_add(struct rg_dict_union *u, const struct rg_dict_table *table,
                                 uint32_t *new_index, bool *ret_fits, struct rg_dict_map *ret_map,
                                 struct rg_error *err)
{
    const uint32_t before = u->entry_count;
    struct rg_dict_map map = {.room = new_index, .entry_count = table->entry_count};

    if (before == 0)
        RG_TRY(make_room(u, table, err));
    RG_TRY(add_all(u, table, new_index, ret_fits, err));
    if (*ret_fits)
        describe(&map, before, u->entry_count);
    *ret_map = map;
    return RG_OK;
}

enum rg_status rg_dict_union_encode(struct rg_dict_union *u, const struct rg_dict_table *values,
                                    uint32_t *new_index, bool *ret_fits, struct rg_error *err)
{
    return add_all(u, values, new_index, ret_fits, err);
}

void rg_dict_union_reset(struct rg_dict_union *u)
{
    u->entry_count = 0;
    u->plain_bytes = 0;
    u->seed_count = 0;
    u->is_crowded = false;
    if (u->slot_count > 0)
        memset(u->slots, 0, u->slot_count * sizeof *u->slots);
    dict_union_check(u);
}
