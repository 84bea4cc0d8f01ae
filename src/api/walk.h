/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Walks the partitions of a place in byte order, by a thread that may block: those that its
 * directories show, and those that only a ledger knows. The walk is depth first with sorted
 * siblings, and prefixes end in '/', so it meets prefixes in byte order and can be merged with a
 * sorted list.
 */

#ifndef API_WALK_H
#define API_WALK_H

#include "base/arena.h"
#include "base/error.h"
#include "plan/options.h"
#include "store/store.h"

/* Called for each partition that has files or is in the list. */
typedef enum rg_status rg_walk_fn(void *user, const char *partition, struct rg_error *err);

/*
 * Called for a directory that could not be listed, and that is therefore not visited: `err` says
 * why. RG_OK: go on without it and what is below it.
 */
typedef enum rg_status rg_walk_lost_fn(void *user, const char *prefix, struct rg_error *err);

struct rg_walk {
    struct rg_store *store;
    const char *only_file;           /* The place is that file: only the root is visited. */
    const struct rg_options *select; /* Which prefixes are gone into. */
    const char *const *ledgers;      /* Sorted; may be NULL. */
    size_t ledger_count;
    rg_walk_fn *visit;
    rg_walk_lost_fn *lost; /* Not asked about the place itself. */
    void *user;
};

/*
 * Errors:  those of listing the place itself, of `lost` and of `visit`, which end the walk;
 *          RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_walk_partitions(const struct rg_walk *walk, struct rg_error *err);

/*
 * True when the object is data: by its name, or without an extension by rg_choose_may_be_data().
 */
bool rg_walk_is_data(struct rg_store *store, const struct rg_options *select,
                     const struct rg_object *object);

#endif
