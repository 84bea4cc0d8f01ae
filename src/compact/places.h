/* SPDX-License-Identifier: Apache-2.0 */

/* SOURCE and DEST as people write them: which store, and what may not go together. */

#ifndef COMPACT_PLACES_H
#define COMPACT_PLACES_H

#include "base/allocator.h"
#include "base/error.h"
#include "plan/options.h"
#include "store/cancel_watch.h"
#include "store/store.h"

struct rg_place {
    struct rg_store *store;
    struct rg_cancel_watch *watch; /* That of its request. */
    struct rg_store_caps caps;
    const char *only_file; /* SOURCE is one file: its key; else NULL. */
    char *text;            /* As given. */
    char *identity; /* Canonical path or URL, no trailing '/': equal places have equal ones. */
};

struct rg_place_request {
    const char *text;
    const struct rg_options *options;
    bool is_dest;
    bool has_dest_options;      /* Of --dest-endpoint-url and the like; is_dest has them, too. */
    bool has_bare_ids;          /* A local place: size and time are enough of an id. */
    uint32_t request_count_max; /* Of a store that is not local: at once; 0: its own default. */
    const struct rg_allocator *allocator;
    struct rg_cancel_watch *watch; /* Has its store while there is one; borrowed; NULL: none. */
};

/*
 * Opens a place and asks what it can do.
 *
 * Errors:  RG_ERR_INVALID (a form that is no path and no URL, DEST that looks like a file);
 *          RG_ERR_ABSENT, RG_ERR_DENIED, RG_ERR_NOMEM; RG_ERR_UNSUPPORTED for a scheme that this
 * build does not have.
 */
RG_MUST_CHECK enum rg_status rg_place_open(const struct rg_place_request *request,
                                           struct rg_place *ret_place, struct rg_error *err);
/* What it would be taken for. */
bool rg_place_is_s3(const char *text);

void rg_place_close(struct rg_place *place, const struct rg_allocator *allocator);

/*
 * Refuses pairs that would eat themselves.
 *
 * Errors:  RG_ERR_INVALID when they are equal or one lies inside the other.
 */
RG_MUST_CHECK enum rg_status rg_places_check(const struct rg_place *source,
                                             const struct rg_place *dest, struct rg_error *err);

/*
 * Refuses a place whose files somebody else replaces: a table, or where one keeps files of its own;
 * a place below a table or a folder that has a ledger of regroup (its rows would be taken twice),
 * unless its own ledger is the older one and that other has nothing of it; and, unless `is_home`, a
 * place that has a ledger itself. Folders that cannot be looked at are taken for nobody's. Blocks.
 *
 * Errors:  RG_ERR_INVALID naming the format or the folder; RG_ERR_NOMEM, RG_ERR_AGAIN,
 *          RG_ERR_CANCELLED; those of LIST.
 */
RG_MUST_CHECK enum rg_status rg_place_check_owner(const struct rg_place *place, bool is_home,
                                                  struct rg_error *err);

#endif
