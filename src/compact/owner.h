/* SPDX-License-Identifier: Apache-2.0 */

/* Who else replaces the files of a folder: a table format's own log, or a ledger of regroup. */

#ifndef COMPACT_OWNER_H
#define COMPACT_OWNER_H

#include "base/error.h"
#include "store/store.h"

struct rg_owner {
    const char *prefix; /* Of the folder: "" or ends in '/'. */
    const char *format; /* "Delta Lake", of a table; NULL: it is none. Static. */
    bool has_ledger;
    uint64_t ledger_ns; /* When the ledger was made, by the clock of the store. */
};

/* Whether there is any. */
bool rg_owner_is_known(const struct rg_owner *owner);

/*
 * The format of the table whose own files lie where `path` (components joined by '/') leads, though
 * some are Parquet: those of a log, or of changes. NULL: none. Static. Asks nobody.
 */
const char *rg_owner_of_log(const char *path);

/*
 * Whether a ledger of regroup lies in the folder at `prefix`, which is "" or ends in '/'.
 *
 * Errors:  RG_ERR_LIMIT: the path is too long; those of HEAD, and of LIST where HEAD is forbidden.
 */
RG_MUST_CHECK enum rg_status rg_owner_has_ledger(struct rg_store *store, const char *prefix,
                                                 bool *ret_has_ledger, struct rg_error *err);

/*
 * Whether the ledger in the folder at `prefix` has nothing but its home: whoever began it has not
 * written anything, or not yet. One that cannot be looked at is not blank.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_AGAIN, RG_ERR_CANCELLED.
 */
RG_MUST_CHECK enum rg_status rg_owner_is_blank(struct rg_store *store, const char *prefix,
                                               bool is_from_top, bool *ret_is_blank,
                                               struct rg_error *err);

/*
 * The owner of the folder at `prefix` that was listed: `objects` are one level of it. What cannot
 * be looked at has none; but a ledger is one that may not be looked into.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_AGAIN, RG_ERR_CANCELLED.
 */
RG_MUST_CHECK enum rg_status rg_owner_of_listing(struct rg_store *store, const char *prefix,
                                                 const struct rg_object *objects, size_t count,
                                                 struct rg_arena *arena, struct rg_owner *ret_owner,
                                                 struct rg_error *err);

/*
 * The owners of the folder at `path` (components joined by '/') and of those above it, in `arena`,
 * one for each folder, known or not: (*ret_owners)[0] is that of `path` itself, the next that of
 * the folder above. Not beyond a hidden component: nobody lists what is below one. Paths count from
 * the root of the store, which is not asked itself, or, with `is_from_top`, from the bucket or the
 * file system, which is. Folders that cannot be looked at have no owner. Blocks: all is asked at
 * once, but for long listings.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_AGAIN, RG_ERR_CANCELLED.
 */
RG_MUST_CHECK enum rg_status rg_owner_walk(struct rg_store *store, const char *path,
                                           bool is_from_top, struct rg_arena *arena,
                                           struct rg_owner **ret_owners, size_t *ret_count,
                                           struct rg_error *err);

#endif
