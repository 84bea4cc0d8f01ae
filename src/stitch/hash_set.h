/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Hashes of a sample, and how many of them two samples share. What it says may be a little too
 * small: hashes that crowd in one place, which only happens when somebody made them so, are left
 * out.
 */

#ifndef STITCH_HASH_SET_H
#define STITCH_HASH_SET_H

#include "base/arena.h"
#include "base/error.h"

struct rg_hash_set {
    uint64_t *slots; /* Open addressing; 0: free. */
    size_t slot_count;
    uint32_t count;
};

/*
 * An empty set for about `count_max` hashes in memory of the arena.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_hash_set_init(struct rg_hash_set *set, struct rg_arena *arena,
                                              uint32_t count_max, struct rg_error *err);

/* Nothing can be added any more. */
bool rg_hash_set_is_full(const struct rg_hash_set *set);

/* Adds a hash, which is not 0, to a set that is not full. */
void rg_hash_set_add(struct rg_hash_set *set, uint64_t hash);

uint32_t rg_hash_set_shared_count(const struct rg_hash_set *a, const struct rg_hash_set *b);

#endif
