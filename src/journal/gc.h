/* SPDX-License-Identifier: Apache-2.0 */

/* `regroup gc`: removes what dead runs left behind in a partition. */

#ifndef JOURNAL_GC_H
#define JOURNAL_GC_H

#include "journal/commit.h"
#include "journal/home.h"

struct rg_gc_result {
    size_t dead_count;   /* Files deleted. */
    size_t upload_count; /* Unfinished uploads and temporary files forgotten. */
    bool has_voided;
};

/*
 * Looks and sweeps; makes the next record void if outputs or intents for it exist and all those
 * intents are older than `older_than_ns`, and looks and sweeps again; then forgets unfinished
 * uploads that are older; those without a time only where that is 0. `ret_look` is the last look,
 * in `arena`, for its problems.
 */
RG_MUST_CHECK enum rg_status rg_gc(struct rg_commit *commit, uint64_t older_than_ns,
                                   struct rg_arena *arena, struct rg_look *ret_look,
                                   struct rg_gc_result *ret_result, struct rg_error *err);

/*
 * Forgets what a run that was killed while it tried out the store left below "_regroup/": objects
 * and uploads called "_probe-...", if they are older. Nothing on a local store.
 */
RG_MUST_CHECK enum rg_status rg_gc_probes(const struct rg_home *home, uint64_t older_than_ns,
                                          struct rg_arena *arena, size_t *ret_upload_count,
                                          struct rg_error *err);

#endif
