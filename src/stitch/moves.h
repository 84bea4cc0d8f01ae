/* SPDX-License-Identifier: Apache-2.0 */

/* Plain counts of how pages moved; the counts themselves are public, in <regroup/moves.h>. */

#ifndef STITCH_MOVES_H
#define STITCH_MOVES_H

#include <regroup/moves.h>

void rg_moves_add(struct rg_moves *moves, const struct rg_moves *more);

#endif
