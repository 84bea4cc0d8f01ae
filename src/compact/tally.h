/* SPDX-License-Identifier: Apache-2.0 */

/* How pages moved, in sum and column by column. */

#ifndef COMPACT_TALLY_H
#define COMPACT_TALLY_H

#include <stdbool.h>
#include <stddef.h>

#include <regroup/report.h>

#include "base/names.h"
#include "stitch/moves.h"

/* Caller's storage; fields are the tally's, to read. */
struct rg_tally {
    struct rg_names names;
    struct rg_moves sum;
    struct rg_column_moves *columns; /* Of names, by their number. */
    size_t column_count;
    size_t column_room;
    size_t column_next; /* Where the search begins: columns come in order. */
    bool lacks_columns; /* There was no memory for all: those are in `sum` only. */
};

void rg_tally_init(struct rg_tally *tally, const struct rg_allocator *allocator);

/* Fine on zeroed memory, and twice. */
void rg_tally_fini(struct rg_tally *tally);

/* Forgets all counts, keeps the memory. */
void rg_tally_reset(struct rg_tally *tally);

/* So many columns are about to be added: takes no more memory than they need. */
void rg_tally_expect(struct rg_tally *tally, size_t column_count);

/* Adds to the sum and to the column with this path; without memory for one more only to the sum. */
void rg_tally_add(struct rg_tally *tally, struct rg_span path, const struct rg_moves *moves);

/* Adds all of `more`. */
void rg_tally_add_all(struct rg_tally *tally, const struct rg_tally *more);

#endif
