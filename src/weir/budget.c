/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The banker's side of the engine.
 *
 *   (1) used is the sum of held over all units, and at most bytes_max.
 *   (2) live holds exactly the units with held > 0, in order of need; live[u->live_index] == u.
 *   (3) live_capacity >= unit_count: setting a claim never allocates.
 *
 * A unit that holds nothing is not in the table: it can always be put last in the order of
 * finishing, where everything is free, because its need is at most the budget.
 *
 * The table stays sorted by moving the one unit that changed, which is seldom far.
 */

#include "weir/budget.h"

#include <assert.h>
#include <string.h>

void weir_purse_init(struct weir_purse *purse, uint64_t bytes_max)
{
    *purse = (struct weir_purse){.bytes_max = bytes_max, .bytes_now = bytes_max};
    weir_list_init(&purse->begun);
    weir_list_init(&purse->ahead);
}

void weir_purse_fini(struct weir_purse *purse, const struct weir_hooks *hooks)
{
    weir_hooks_release(hooks, purse->live, purse->live_capacity * sizeof *purse->live);
    purse->live = NULL;
    purse->live_capacity = 0;
}

bool weir_purse_register(struct weir_purse *purse, struct weir_unit *unit,
                         const struct weir_hooks *hooks)
{
    if (purse->unit_count == purse->live_capacity) {
        const uint32_t capacity = purse->live_capacity == 0 ? 64 : 2 * purse->live_capacity;
        struct weir_unit **live;

        if (capacity < purse->live_capacity)
            return false;
        live = weir_hooks_alloc(hooks, capacity * sizeof *live);
        if (live == NULL)
            return false;
        if (purse->live_count > 0)
            memcpy(live, purse->live, purse->live_count * sizeof *live);
        weir_hooks_release(hooks, purse->live, purse->live_capacity * sizeof *live);
        purse->live = live;
        purse->live_capacity = capacity;
    }
    purse->unit_count++;
    unit->purse = purse;
    weir_list_init(&unit->begun_link);
    return true;
}

void weir_purse_unregister(struct weir_unit *unit)
{
    assert(unit->held == 0);
    assert(unit->purse->unit_count > 0);
    weir_link_remove(&unit->begun_link);
    if (unit->purse->kept_out == unit)
        unit->purse->kept_out = NULL;
    unit->purse->unit_count--;
    unit->purse = NULL;
}

static void put(struct weir_purse *purse, uint32_t index, struct weir_unit *unit)
{
    purse->live[index] = unit;
    unit->live_index = index;
}

static void move_to_place(struct weir_purse *purse, struct weir_unit *unit)
{
    uint32_t i = unit->live_index;

    for (; i > 0 && purse->live[i - 1]->need > unit->need; i--)
        put(purse, i, purse->live[i - 1]);
    for (; i + 1 < purse->live_count && purse->live[i + 1]->need < unit->need; i++)
        put(purse, i, purse->live[i + 1]);
    put(purse, i, unit);
}

static void take_out(struct weir_purse *purse, const struct weir_unit *unit)
{
    purse->live_count--;
    for (uint32_t i = unit->live_index; i < purse->live_count; i++)
        put(purse, i, purse->live[i + 1]);
}

void weir_purse_set(struct weir_unit *unit, uint64_t held, uint64_t need)
{
    struct weir_purse *purse = unit->purse;
    const bool was_live = unit->held > 0;

    purse->used -= unit->held;
    purse->used += held;
    assert(purse->used <= purse->bytes_max);
    unit->held = held;
    unit->need = need;
    if (held == 0) {
        if (was_live)
            take_out(purse, unit);
    } else {
        if (!was_live)
            put(purse, purse->live_count++, unit);
        move_to_place(purse, unit);
    }
}

void weir_purse_commit(struct weir_purse *purse)
{
    if (purse->used > purse->used_max)
        purse->used_max = purse->used;
}

void weir_purse_lower(struct weir_purse *purse, uint64_t bytes)
{
    if (bytes < purse->bytes_now)
        purse->bytes_now = bytes;
}

bool weir_purse_fits(const struct weir_purse *purse, uint64_t bytes)
{
    return bytes <= purse->bytes_max - purse->used;
}

bool weir_purse_is_safe(const struct weir_purse *purse)
{
    uint64_t free_bytes = purse->bytes_max - purse->used;

    if (purse->live_count == 0 || purse->live[purse->live_count - 1]->need <= free_bytes)
        return true;
    for (uint32_t i = 0; i < purse->live_count; i++) {
        if (purse->live[i]->need > free_bytes)
            return false;
        free_bytes += purse->live[i]->held;
    }
    return true;
}

void weir_purse_check(const struct weir_purse *purse)
{
    uint64_t used = 0;

    for (uint32_t i = 0; i < purse->live_count; i++) {
        assert(purse->live[i]->live_index == i);
        assert(purse->live[i]->held > 0);
        assert(i == 0 || purse->live[i - 1]->need <= purse->live[i]->need);
        used += purse->live[i]->held;
    }
    assert(used == purse->used);
    assert(purse->used <= purse->bytes_max);
    assert(purse->used_max >= purse->used);
    assert(purse->live_count <= purse->unit_count);
    assert(purse->unit_count <= purse->live_capacity);
    (void)used;
}
