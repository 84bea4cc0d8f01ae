/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/tally.h"

#include <string.h>

static const size_t room_first = 64;

void rg_tally_init(struct rg_tally *tally, const struct rg_allocator *allocator)
{
    *tally = (struct rg_tally){.column_count = 0};
    rg_names_init(&tally->names, allocator);
}

void rg_tally_fini(struct rg_tally *tally)
{
    if (tally->names.allocator == NULL)
        return;
    rg_release(tally->names.allocator, tally->columns, tally->column_room * sizeof *tally->columns);
    rg_names_fini(&tally->names);
    *tally = (struct rg_tally){.column_count = 0};
}

void rg_tally_reset(struct rg_tally *tally)
{
    rg_names_reset(&tally->names);
    tally->sum = (struct rg_moves){.copied_bytes = 0};
    tally->column_count = 0;
    tally->column_next = 0;
    tally->lacks_columns = false;
}

static bool make_room(struct rg_tally *tally, size_t room)
{
    const struct rg_allocator *allocator = tally->names.allocator;
    struct rg_column_moves *columns = rg_alloc(allocator, room * sizeof *columns);
    if (columns == NULL)
        return false;
    if (tally->column_count > 0)
        memcpy(columns, tally->columns, tally->column_count * sizeof *columns);
    rg_release(allocator, tally->columns, tally->column_room * sizeof *columns);
    tally->columns = columns;
    tally->column_room = room;
    return true;
}

static bool make_room_for_one(struct rg_tally *tally)
{
    if (tally->column_count < tally->column_room)
        return true;
    return make_room(tally, tally->column_room == 0 ? room_first : tally->column_room * 2);
}

/* A new column; NULL without memory. */
static struct rg_column_moves *add_column(struct rg_tally *tally, struct rg_span path)
{
    const size_t at = tally->column_count;

    if (!make_room_for_one(tally) || !rg_names_add(&tally->names, path))
        return NULL;
    tally->columns[at] =
        (struct rg_column_moves){.column = (const char *)tally->names.items[at].text.data};
    tally->column_count++;
    tally->column_next = tally->column_count;
    return &tally->columns[at];
}

static void add_to_column(struct rg_tally *tally, struct rg_span path, const struct rg_moves *moves)
{
    const size_t at = rg_names_find(&tally->names, path, tally->column_next);
    struct rg_column_moves *column = at != SIZE_MAX ? &tally->columns[at] : add_column(tally, path);

    if (at != SIZE_MAX)
        tally->column_next = at + 1;
    if (column != NULL)
        rg_moves_add(&column->moves, moves);
    else
        tally->lacks_columns = true;
}

void rg_tally_expect(struct rg_tally *tally, size_t column_count)
{
    if (column_count > tally->column_room)
        (void)make_room(tally, column_count); /* Else there is less room for them, by and by. */
}

void rg_tally_add(struct rg_tally *tally, struct rg_span path, const struct rg_moves *moves)
{
    add_to_column(tally, path, moves);
    rg_moves_add(&tally->sum, moves);
}

void rg_tally_add_all(struct rg_tally *tally, const struct rg_tally *more)
{
    rg_tally_expect(tally, more->column_count);
    for (size_t i = 0; i < more->column_count; i++)
        add_to_column(tally, more->names.items[i].text, &more->columns[i].moves);
    rg_moves_add(&tally->sum, &more->sum);
    tally->lacks_columns = tally->lacks_columns || more->lacks_columns;
}
