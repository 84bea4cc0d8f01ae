/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/tally.h"

#include <string.h>

#include "base/hash.h"

/* A power of two. */
static const size_t capacity_first = 64;

static size_t slot_count(const struct rg_tally *tally)
{
    return tally->column_capacity * 2;
}

static void release_columns(struct rg_tally *tally)
{
    const size_t capacity = tally->column_capacity;

    rg_release(tally->allocator, tally->columns, capacity * sizeof *tally->columns);
    rg_release(tally->allocator, tally->slots, slot_count(tally) * sizeof *tally->slots);
}

void rg_tally_init(struct rg_tally *tally, const struct rg_allocator *allocator)
{
    *tally = (struct rg_tally){.allocator = allocator};
    rg_arena_init(&tally->texts, allocator, SIZE_MAX);
}

void rg_tally_fini(struct rg_tally *tally)
{
    if (tally->allocator == NULL)
        return;
    release_columns(tally);
    rg_arena_fini(&tally->texts);
    *tally = (struct rg_tally){.allocator = NULL};
}

void rg_tally_reset(struct rg_tally *tally)
{
    rg_arena_reset(&tally->texts);
    tally->sum = (struct rg_moves){.copied_bytes = 0};
    tally->column_count = 0;
    tally->column_next = 0;
    if (tally->slots != NULL)
        memset(tally->slots, 0, slot_count(tally) * sizeof *tally->slots);
}

/* The slot of this path, or the free one where it belongs. */
static uint32_t *find_slot(const struct rg_tally *tally, struct rg_span path, uint64_t hash)
{
    const size_t mask = slot_count(tally) - 1;
    size_t at = (size_t)hash & mask;

    for (; tally->slots[at] != 0; at = (at + 1) & mask) {
        const struct rg_tally_column *column = &tally->columns[tally->slots[at] - 1];

        if (column->hash == hash && rg_span_equal(column->path, path))
            break;
    }
    return &tally->slots[at];
}

static bool make_room(struct rg_tally *tally)
{
    const size_t capacity =
        tally->column_capacity == 0 ? capacity_first : tally->column_capacity * 2;
    struct rg_tally larger = *tally;

    if (tally->column_count < tally->column_capacity)
        return true;
    larger.column_capacity = capacity;
    larger.columns = rg_alloc(tally->allocator, capacity * sizeof *larger.columns);
    larger.slots = rg_alloc(tally->allocator, slot_count(&larger) * sizeof *larger.slots);
    if (larger.columns == NULL || larger.slots == NULL) {
        release_columns(&larger);
        return false;
    }
    if (tally->column_count > 0)
        memcpy(larger.columns, tally->columns, tally->column_count * sizeof *larger.columns);
    memset(larger.slots, 0, slot_count(&larger) * sizeof *larger.slots);
    for (size_t i = 0; i < tally->column_count; i++)
        *find_slot(&larger, larger.columns[i].path, larger.columns[i].hash) = (uint32_t)i + 1;
    release_columns(tally);
    *tally = larger;
    return true;
}

/* The column's place, a new one if need be; NULL without memory. */
static struct rg_tally_column *find_column(struct rg_tally *tally, struct rg_span path)
{
    const size_t next = tally->column_next;

    if (next < tally->column_count && rg_span_equal(tally->columns[next].path, path)) {
        tally->column_next++;
        return &tally->columns[next];
    }
    const uint64_t hash = rg_hash_name(path);
    uint32_t *slot = tally->slots != NULL ? find_slot(tally, path, hash) : NULL;
    if (slot == NULL || *slot == 0) {
        if (!make_room(tally))
            return NULL;
        slot = find_slot(tally, path, hash);
        const struct rg_span copy = rg_arena_copy(&tally->texts, path);

        if (copy.data == NULL)
            return NULL;
        tally->columns[tally->column_count++] =
            (struct rg_tally_column){.path = copy, .hash = hash};
        *slot = (uint32_t)tally->column_count;
    }
    tally->column_next = *slot;
    return &tally->columns[*slot - 1];
}

void rg_tally_add(struct rg_tally *tally, struct rg_span path, const struct rg_moves *moves)
{
    struct rg_tally_column *column = find_column(tally, path);

    rg_moves_add(&tally->sum, moves);
    if (column != NULL)
        rg_moves_add(&column->moves, moves);
}

void rg_tally_add_all(struct rg_tally *tally, const struct rg_tally *more)
{
    for (size_t i = 0; i < more->column_count; i++) {
        struct rg_tally_column *column = find_column(tally, more->columns[i].path);

        if (column != NULL)
            rg_moves_add(&column->moves, &more->columns[i].moves);
    }
    rg_moves_add(&tally->sum, &more->sum);
}
