/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A home: the place whose partitions we write, with its ledger in "_regroup/". DEST of `compact
 * SOURCE DEST`, SOURCE of `compact --in-place SOURCE`.
 *
 * Partitions are named by their prefix: "" or "dt=2024-05-01/". That of SOURCE is kept in DEST, and
 * its ledger is "_regroup/" + partition.
 */

#ifndef JOURNAL_HOME_H
#define JOURNAL_HOME_H

#include "base/arena.h"
#include "base/error.h"
#include "journal/minted.h"
#include "store/store.h"

struct rg_home_options {
    bool is_in_place;     /* Its foreign files are inputs. For gc false, for list true. */
    bool is_alone;        /* --alone. */
    bool may_write;       /* False: for looking only (plan, list, verify); nothing is created. */
    bool source_is_local; /* SOURCE to DEST: ids of inputs are size and time only. */
};

/* Set by rg_home_open(), then constant; any number of threads may use it. */
struct rg_home {
    struct rg_store *store;
    struct rg_store_caps caps;
    struct rg_home_options options;
    struct rg_home_id id;
    uint64_t token;           /* Random: tells runs apart in the names of intents. */
    bool is_new;              /* It was made just now. */
    bool is_settled;          /* No need to ask the store about writes: see rg_home_settle(). */
    bool is_unprotected;      /* If settled: two runs at once may double rows here. */
    bool compares_input_tags; /* Ids of inputs are compared with their tags. */
};

/*
 * Asks the store what it can do and reads the home's id, making one where there is none.
 *
 * Errors:  those of rg_home_settle(). RG_ERR_UNSUPPORTED: a ledger of a later version.
 *          RG_ERR_CORRUPT: "_regroup/_home" is not ours. Those of the store.
 */
RG_MUST_CHECK enum rg_status rg_home_open(struct rg_store *store,
                                          const struct rg_home_options *options,
                                          struct rg_home *ret_home, struct rg_error *err);

/*
 * Whether two runs at once may double rows here, because the store cannot create a file only if it
 * is absent and nobody promised to be alone. Where that is only found out by trying, it is tried
 * the first time that this is called; so whoever is about to write calls it before, and a run that
 * finds nothing to do writes nothing. Threads: any.
 *
 * Errors:  RG_ERR_INVALID: writing in place on such a store. Those of the store.
 */
RG_MUST_CHECK enum rg_status rg_home_settle(const struct rg_home *home, bool *ret_is_unprotected,
                                            struct rg_error *err);

/*
 * Reads the id again: whoever opened a home and then waited may be alone with it. For homes with an
 * id.
 *
 * Errors:  RG_ERR_CHANGED: it is gone, or another one is in its place. Those of rg_home_open().
 */
RG_MUST_CHECK enum rg_status rg_home_check(const struct rg_home *home, struct rg_error *err);

/*
 * The partitions that have a ledger, sorted by bytes, in `arena`: more than those that have files,
 * or fewer. A directory below "_regroup/" that may not be listed, or cannot be read, counts as the
 * ledger of one: who looks at that partition is told.
 */
RG_MUST_CHECK enum rg_status rg_home_partitions(const struct rg_home *home, struct rg_arena *arena,
                                                const char *const **ret_partitions,
                                                size_t *ret_count, struct rg_error *err);

#endif
