/* SPDX-License-Identifier: Apache-2.0 */

/* Who else replaces the files of a folder: a table format's own log, or a ledger of regroup. */

#ifndef COMPACT_OWNER_H
#define COMPACT_OWNER_H

#include "base/error.h"
#include "store/store.h"

struct rg_owner {
    const char *format; /* "Delta Lake", of a table; NULL: it is none. Static. */
    bool has_ledger;
};

/* Whether there is any. */
bool rg_owner_is_known(const struct rg_owner *owner);

/*
 * Whether a ledger of regroup lies in the folder at `prefix`, which is "" or ends in '/'.
 *
 * Errors:  RG_ERR_LIMIT: the path is too long; those of HEAD, and of LIST where HEAD is forbidden.
 */
RG_MUST_CHECK enum rg_status rg_owner_has_ledger(struct rg_store *store, const char *prefix,
                                                 bool *ret_has_ledger, struct rg_error *err);

/*
 * The owner of the folder at `prefix` that was listed: `objects` are one level of it.
 *
 * Errors:  RG_ERR_NOMEM; those of LIST and HEAD.
 */
RG_MUST_CHECK enum rg_status rg_owner_of_listing(struct rg_store *store, const char *prefix,
                                                 const struct rg_object *objects, size_t count,
                                                 struct rg_arena *arena, struct rg_owner *ret_owner,
                                                 struct rg_error *err);

/*
 * The nearest folder above `path` (components joined by '/', none at either end) that has an owner
 * who would list what is below `path`: not beyond a hidden component. Paths count from the root of
 * the store and the root itself is not asked, or, with `is_from_top`, from the bucket or the file
 * system, and those are asked too. Folders that cannot be looked at have no owner. *ret_folder,
 * in `arena`, is its prefix; NULL: there is none. Blocks for one request's time, or, with tables
 * about, a few.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_AGAIN, RG_ERR_CANCELLED.
 */
RG_MUST_CHECK enum rg_status rg_owner_above(struct rg_store *store, const char *path,
                                            bool is_from_top, struct rg_arena *arena,
                                            const char **ret_folder, struct rg_owner *ret_owner,
                                            struct rg_error *err);

#endif
