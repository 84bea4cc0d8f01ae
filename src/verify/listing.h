/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The files of one partition on one side: those that were listed, and those that the ledger, which
 * is read later, names and that have come since.
 */

#ifndef VERIFY_LISTING_H
#define VERIFY_LISTING_H

#include <stdbool.h>

#include "store/store.h"

struct rg_listing {
    /* Set by the caller, then constant. Borrowed. */
    struct rg_store *store;
    const char *partition;
    const char *only_file; /* The key of the only one that counts; NULL: all do. */
    struct rg_arena *arena;

    const struct rg_object *objects; /* Sorted by key. */
    size_t count;
    bool *is_used;      /* By a group; or the ledger tells why it is there. The caller's to set. */
    uint32_t *taken_by; /* Number of the last record that took one of its name; 0: none did. The
                           caller's to set. */

    struct rg_object *late; /* What was asked for and is there. */
    size_t late_count;
    size_t late_capacity;
    size_t gone_count; /* What was and is not. */
};

/*
 * From now on it has these. Errors: RG_ERR_NOMEM.
 *
 * Owns:    borrows `objects`, as long as it lives.
 */
RG_MUST_CHECK enum rg_status rg_listing_set(struct rg_listing *listing,
                                            const struct rg_object *objects, size_t count,
                                            struct rg_error *err);

/* The index of the file of that name in the partition, or listing->count. */
size_t rg_listing_find(const struct rg_listing *listing, const char *name);

/* The key of a file of that name, in `arena`; NULL without memory. */
const char *rg_listing_key(const struct rg_listing *listing, const char *name,
                           struct rg_arena *arena);

/*
 * Asks the store for a file that was not listed. Where many are gone, it asks no more.
 *
 * Errors:  RG_ERR_NOMEM; those of the store, but for RG_ERR_ABSENT.
 */
RG_MUST_CHECK enum rg_status rg_listing_ask(struct rg_listing *listing, const char *name,
                                            struct rg_error *err);

/* Adds what was asked for and found; nothing is used or taken then. Errors: RG_ERR_NOMEM. */
RG_MUST_CHECK enum rg_status rg_listing_add_late(struct rg_listing *listing, struct rg_error *err);

#endif
