/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step 1: which partitions there are. Prefixes that were found and not yet looked at wait here; the
 * engine pulls them one by one, as it has memory for another partition.
 */

#ifndef COMPACT_DISCOVER_H
#define COMPACT_DISCOVER_H

#include "base/error.h"
#include "compact/places.h"
#include "compact/run.h"

struct rg_discover;

/*
 * Adds itself to run->weir as a source. The walk begins at the root, at source->only_file, or with
 * what --files-from lists: names below SOURCE, with or without SOURCE in front. `source` is
 * borrowed.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_INVALID when the list of --files-from cannot be read, or names
 *          something that is not below SOURCE.
 */
RG_MUST_CHECK enum rg_status rg_discover_new(struct rg_run *run, const struct rg_place *source,
                                             struct rg_discover **ret_discover,
                                             struct rg_error *err);

/*
 * Partitions begin when the engine runs. Apart, so that the list of --files-from is in memory
 * before that is divided.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_discover_start(struct rg_discover *discover, struct rg_error *err);
void rg_discover_free(struct rg_discover *discover);

/*
 * The prefixes below one that is being listed; copied. All of them or, where that fails, none: it
 * may be listed again. Threads: any.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_LIMIT when too many wait.
 */
RG_MUST_CHECK enum rg_status rg_discover_add(struct rg_discover *discover,
                                             const char *const *prefixes, size_t count,
                                             struct rg_error *err);

/* A partition that was started has been listed, or has ended. Once for each. Threads: any. */
void rg_discover_listed(struct rg_discover *discover);

/* Names (sorted, whole keys) that a partition is restricted to; *ret_count 0 and NULL: all. */
const char *const *rg_discover_names(const struct rg_discover *discover, const char *prefix,
                                     size_t *ret_count);

/* Whether it is a list that leads to a partition, past the folders above it, and no walk. */
bool rg_discover_is_entry(const struct rg_discover *discover, const char *prefix);

/* True when no further partition can turn up. Threads: any. */
bool rg_discover_is_complete(struct rg_discover *discover);

#endif
