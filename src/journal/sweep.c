/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Everything here may be done by any number of runs at once, and again: what is deleted is dead for
 * ever (or was taken, by an id that is checked once more when it is deleted), and to find it gone
 * is success. Which files those are was decided by the look.
 */

#include "journal/sweep.h"

#include "base/failpoint.h"
#include "journal/array.h"
#include "journal/look_impl.h"
#include "journal/snapshot.h"

/* Deletions in flight at once; each is small. */
enum {
    deletions_at_once = 32
};

/* What other runs and users do to a file meanwhile is no error of ours. */
static bool is_settled(enum rg_status status)
{
    return status == RG_OK || status == RG_ERR_CHANGED || status == RG_ERR_ABSENT;
}

static enum rg_status delete_some(struct rg_store *store, struct rg_look *look,
                                  const struct rg_look_deletion *deletions, size_t count,
                                  struct rg_error *err)
{
    struct rg_store_op ops[deletions_at_once];

    for (size_t i = 0; i < count; i++)
        ops[i] = (struct rg_store_op){
            .verb = RG_STORE_DELETE,
            .key = deletions[i].key,
            .expected = deletions[i].id,
            .id_is_strict = true,
        };
    RG_FAILPOINT("journal.before_delete");
    rg_store_wait_all(store, ops, count);
    RG_FAILPOINT("journal.after_delete");
    for (size_t i = 0; i < count; i++) {
        look->deleted_count += ops[i].status == RG_OK;
        look->deleted_bytes += ops[i].status == RG_OK ? deletions[i].id->bytes : 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_settled(ops[i].status))
            continue;
        *err = ops[i].err;
        return ops[i].status;
    }
    return RG_OK;
}

static enum rg_status delete_dead(struct rg_store *store, struct rg_look *look,
                                  struct rg_error *err)
{
    const struct rg_look_state *state = look->state;

    for (size_t i = 0; i < state->deletion_count; i += deletions_at_once) {
        const size_t left = state->deletion_count - i;

        RG_TRY(delete_some(store, look, &state->deletions[i],
                           left < deletions_at_once ? left : deletions_at_once, err));
    }
    return RG_OK;
}

/* Of the ledger: what nobody else writes, so without a condition. */
static enum rg_status delete_key(struct rg_store *store, const char *key, struct rg_error *err)
{
    struct rg_store_op op = {.verb = RG_STORE_DELETE, .key = key};

    RG_FAILPOINT("journal.before_ledger_delete");
    const enum rg_status status = rg_store_wait(store, &op, err);
    RG_FAILPOINT("journal.after_ledger_delete");
    return is_settled(status) ? RG_OK : status;
}

static enum rg_status delete_hints(struct rg_store *store, const struct rg_look_state *state,
                                   struct rg_error *err)
{
    for (size_t i = 0; i < state->intent_count; i++) {
        if (state->intents[i].number <= state->ledger.last)
            RG_TRY(delete_key(store, state->intents[i].key, err));
    }
    for (size_t i = 0; i < state->old_snapshot_count; i++)
        RG_TRY(delete_key(store, state->old_snapshots[i], err));
    return RG_OK;
}

static enum rg_status restore(struct rg_store *store, struct rg_look *look, const char *key,
                              struct rg_error *err)
{
    struct rg_store_op op = {.verb = RG_STORE_RESTORE, .key = key, .arena = look->state->arena};

    RG_FAILPOINT("journal.before_restore");
    const enum rg_status status = rg_store_wait(store, &op, err);
    RG_FAILPOINT("journal.after_restore");
    if (status == RG_ERR_ABSENT)
        return RG_OK;
    if (status != RG_OK)
        return status;
    return rg_look_problem(look, RG_PROBLEM_RESTORED, op.new_key, err,
                           "%s had been moved away by a run that was killed; it is back",
                           op.new_key);
}

/* Directories of the trash, and the trash itself: each goes if it is empty. */
static enum rg_status remove_trash(const struct rg_commit *commit, struct rg_arena *arena,
                                   struct rg_error *err)
{
    struct rg_store *store = commit->options.home->store;
    const char *prefix = rg_ledger_key(commit->options.partition, "_trash/", arena);
    struct rg_object *runs;
    size_t count;

    if (prefix == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to clear the trash");
    RG_TRY(rg_store_list_all(store, prefix, arena, &runs, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (runs[i].is_prefix)
            RG_TRY(delete_key(store, runs[i].key, err));
    }
    return delete_key(store, prefix, err);
}

static enum rg_status clear_trash(const struct rg_commit *commit, struct rg_look *look,
                                  struct rg_error *err)
{
    struct rg_store *store = commit->options.home->store;
    const struct rg_look_state *state = look->state;

    for (size_t i = 0; i < state->trash_count; i++) {
        if (state->trash[i].is_dead)
            RG_TRY(delete_key(store, state->trash[i].key, err));
        else
            RG_TRY(restore(store, look, state->trash[i].key, err));
    }
    const bool has_trash = state->has_trash || state->deletion_count > 0;
    if (!commit->options.home->caps.is_local || !has_trash)
        return RG_OK;
    return remove_trash(commit, state->arena, err);
}

/*
 * What is deleted is made up for by records alone, so they come first when the power is cut. Ours
 * are safe when they are made; of another run's we only know that it is there: it may have been
 * killed between the name and the sync.
 */
static enum rg_status settle_records(struct rg_commit *commit, const struct rg_look_state *state,
                                     struct rg_error *err)
{
    struct rg_store *store = commit->options.home->store;
    const uint32_t last = state->ledger.last;
    const struct rg_ledger_name name = {.kind = RG_LEDGER_RECORD, .number = last};
    char text[rg_minted_name_bytes];

    if (!commit->options.home->caps.is_local || last == 0 || last == commit->safe_number)
        return RG_OK;
    rg_ledger_name_make(&name, text);
    const char *key = rg_ledger_key(commit->options.partition, text, state->arena);
    struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = key, .must_be_durable = true};
    if (key == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %s", text);
    const enum rg_status status = rg_store_wait(store, &head, err);
    /* Absent: a snapshot stands for it, which is as old as the record would be. */
    if (status != RG_ERR_ABSENT)
        RG_TRY(status);
    commit->safe_number = last;
    return RG_OK;
}

static bool needs_snapshot(const struct rg_commit *commit, const struct rg_look_state *state)
{
    return !commit->has_given_up_snapshot && rg_snapshot_is_due(state);
}

static bool has_work(const struct rg_commit *commit, const struct rg_look_state *state)
{
    bool has_hints = state->old_snapshot_count > 0;

    for (size_t i = 0; i < state->intent_count; i++)
        has_hints = has_hints || state->intents[i].number <= state->ledger.last;
    return state->deletion_count > 0 || state->trash_count > 0 || has_hints ||
           needs_snapshot(commit, state);
}

enum rg_status rg_commit_sweep(struct rg_commit *commit, struct rg_look *look, struct rg_error *err)
{
    struct rg_store *store = commit->options.home->store;
    bool is_unprotected;

    if (has_work(commit, look->state))
        RG_TRY(rg_home_settle(commit->options.home, &is_unprotected, err));
    if (look->state->deletion_count > 0 || look->state->trash_count > 0)
        RG_TRY(settle_records(commit, look->state, err));
    RG_TRY(delete_dead(store, look, err));
    RG_TRY(clear_trash(commit, look, err));
    RG_TRY(delete_hints(store, look->state, err));
    if (needs_snapshot(commit, look->state))
        return rg_snapshot_write(commit, look->state, err);
    return RG_OK;
}
