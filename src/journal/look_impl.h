/* SPDX-License-Identifier: Apache-2.0 */

/* What a look keeps for those who act on it. */

#ifndef JOURNAL_LOOK_IMPL_H
#define JOURNAL_LOOK_IMPL_H

#include "journal/commit.h"
#include "journal/ledger.h"

/* An intent, or what has the name of one. */
struct rg_look_intent {
    const char *key;
    uint32_t number;
    uint64_t hash; /* H of the outputs that it is for. */
    uint64_t modified_ns;
    bool is_of_this_run;
    bool is_stale; /* Nobody can finish it: it names an input that is gone, changed or taken. */
    /* Each output that it takes again and that is live is there; in place also one of the inputs
       that it names, if it names any, whatever its id (those in SOURCE are the user's to delete).
       Or it cannot be read. */
    bool has_inputs;
};

/* A file that the sweep deletes if it is still the one that was listed. */
struct rg_look_deletion {
    const char *key;
    const struct rg_object_id *id;
};

/* An entry of the trash. */
struct rg_look_trash {
    const char *key;
    bool is_dead; /* Delete it; else it gets its name back. */
};

struct rg_look_state {
    struct rg_arena *arena;
    struct rg_ledger ledger;
    uint64_t now_ns;
    uint32_t snapshot_newest;   /* Number of the newest one that is there; 0: none. */
    const char **old_snapshots; /* Keys of those that no look needs any more. */
    size_t old_snapshot_count;
    size_t old_snapshot_capacity;

    struct rg_look_intent *intents;
    size_t intent_count;
    size_t intent_capacity;

    struct rg_look_deletion *deletions;
    size_t deletion_count;
    size_t deletion_capacity;

    struct rg_look_trash *trash;
    size_t trash_count;
    bool has_trash; /* There are directories of the trash, perhaps empty. */

    uint32_t gone_count; /* Live outputs that were asked for by name and are not there. */

    struct rg_problem *problems;
    size_t problem_count;
    size_t problem_capacity;
};

/* Adds a problem to the look; `key` is borrowed as long as the look, the text is made here. */
RG_MUST_CHECK enum rg_status rg_look_problem(struct rg_look *look, enum rg_problem_kind kind,
                                             const char *key, struct rg_error *err,
                                             const char *format, ...) RG_PRINTF(5, 6);

/* RG_ERR_NOMEM, with the partition that is looked at. */
enum rg_status rg_look_no_memory(const struct rg_commit *commit, struct rg_error *err);

/* Whether what was made then is that old. */
bool rg_look_is_older(const struct rg_look_state *state, uint64_t modified_ns, uint64_t age_ns);

/* prefix + name, in `arena`; NULL without memory. */
const char *rg_look_key(struct rg_arena *arena, const char *prefix, const char *name);

#endif
