/* SPDX-License-Identifier: Apache-2.0 */

/* How pages moved, in sum and column by column. */

#ifndef COMPACT_TALLY_H
#define COMPACT_TALLY_H

#include <stddef.h>

#include "base/arena.h"
#include "stitch/moves.h"

struct rg_tally_column {
    struct rg_span path; /* Ends in a NUL behind its bytes. */
    uint64_t hash;       /* Of the path. */
    struct rg_moves moves;
};

/* Caller's storage; fields are the tally's, to read. */
struct rg_tally {
    const struct rg_allocator *allocator;
    struct rg_arena texts;
    struct rg_moves sum;
    struct rg_tally_column *columns; /* In the order in which they came first. */
    size_t column_count;
    size_t column_capacity;
    size_t column_next; /* Where the search begins: columns come in order. */
    uint32_t *slots; /* Twice the capacity: column + 1, or 0, from the place that its hash says. */
};

void rg_tally_init(struct rg_tally *tally, const struct rg_allocator *allocator);

/* Fine on zeroed memory, and twice. */
void rg_tally_fini(struct rg_tally *tally);

/* Forgets all counts, keeps the memory. */
void rg_tally_reset(struct rg_tally *tally);

/* Adds to the sum and to the column with this path; without memory for one more only to the sum. */
void rg_tally_add(struct rg_tally *tally, struct rg_span path, const struct rg_moves *moves);

/* Adds all of `more`. */
void rg_tally_add_all(struct rg_tally *tally, const struct rg_tally *more);

#endif
