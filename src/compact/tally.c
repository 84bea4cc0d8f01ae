/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/tally.h"

#include <string.h>

void rg_tally_init(struct rg_tally *tally, const struct rg_allocator *allocator)
{
    *tally = (struct rg_tally){.allocator = allocator};
    rg_arena_init(&tally->texts, allocator, SIZE_MAX);
}

void rg_tally_fini(struct rg_tally *tally)
{
    if (tally->allocator == NULL)
        return;
    if (tally->columns != NULL)
        rg_release(tally->allocator, tally->columns,
                   tally->column_capacity * sizeof *tally->columns);
    rg_arena_fini(&tally->texts);
    *tally = (struct rg_tally){.allocator = NULL};
}

void rg_tally_reset(struct rg_tally *tally)
{
    rg_arena_reset(&tally->texts);
    tally->sum = (struct rg_moves){.copied_bytes = 0};
    tally->column_count = 0;
    tally->column_next = 0;
}

static bool make_room(struct rg_tally *tally)
{
    const size_t capacity = tally->column_capacity == 0 ? 64 : tally->column_capacity * 2;

    if (tally->column_count < tally->column_capacity)
        return true;
    struct rg_tally_column *columns = rg_alloc(tally->allocator, capacity * sizeof *columns);
    if (columns == NULL)
        return false;
    if (tally->columns != NULL) {
        memcpy(columns, tally->columns, tally->column_count * sizeof *columns);
        rg_release(tally->allocator, tally->columns,
                   tally->column_capacity * sizeof *tally->columns);
    }
    tally->columns = columns;
    tally->column_capacity = capacity;
    return true;
}

/* The column's place, a new one if need be; NULL without memory. */
static struct rg_tally_column *find_column(struct rg_tally *tally, struct rg_span path)
{
    for (size_t i = 0; i < tally->column_count; i++) {
        const size_t at = (tally->column_next + i) % tally->column_count;

        if (rg_span_equal(tally->columns[at].path, path)) {
            tally->column_next = at + 1;
            return &tally->columns[at];
        }
    }
    const struct rg_span copy = rg_arena_copy(&tally->texts, path);
    if (copy.data == NULL || !make_room(tally))
        return NULL;
    tally->columns[tally->column_count] = (struct rg_tally_column){.path = copy};
    return &tally->columns[tally->column_count++];
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
