/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One look, in the order of the protocol: (a) list the home and its trash, (b) list SOURCE, (c)
 * list the ledger's directory for intents and snapshots, (d) read the ledger, record after record,
 * (e) with --all from SOURCE list that again, (f) read the intents for the next record. What is
 * derived from them, nothing of it by asking the store again, except whether a file with another id
 * is ours, whether a live output that was not listed is there by now, and whether an input that was
 * listed while it was moved away is gone by now.
 *
 * look_list.c is (a) to (c); look_outputs.c says which records hold, look_dead.c what the sweep may
 * delete because of that, look_inputs.c what may be taken, look_intents.c is (f).
 */

#include "journal/look.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "journal/array.h"
#include "journal/look_dead.h"
#include "journal/look_impl.h"
#include "journal/look_inputs.h"
#include "journal/look_intents.h"
#include "journal/look_list.h"
#include "journal/look_outputs.h"

/* Looks without a record of our own before a run gives up. */
static const uint32_t looks_max = 20;

/* Tries of older snapshots when newer ones cannot be read. */
static const size_t snapshot_tries_max = 3;

enum rg_status rg_look_no_memory(const struct rg_commit *commit, struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "%s/%s: no memory to look at it",
                   commit->options.home->store->url, commit->options.partition);
}

bool rg_look_is_older(const struct rg_look_state *state, uint64_t modified_ns, uint64_t age_ns)
{
    return state->now_ns >= modified_ns && state->now_ns - modified_ns >= age_ns;
}

const char *rg_look_key(struct rg_arena *arena, const char *prefix, const char *name)
{
    const size_t prefix_bytes = strlen(prefix);
    const size_t name_bytes = strlen(name);
    char *key = rg_arena_alloc(arena, prefix_bytes + name_bytes + 1);

    if (key == NULL)
        return NULL;
    memcpy(key, prefix, prefix_bytes);
    memcpy(key + prefix_bytes, name, name_bytes + 1);
    return key;
}

enum rg_status rg_look_problem(struct rg_look *look, enum rg_problem_kind kind, const char *key,
                               struct rg_error *err, const char *format, ...)
{
    struct rg_look_state *state = look->state;
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    state->problems = rg_array_room(state->arena, state->problems, state->problem_count,
                                    &state->problem_capacity, sizeof *state->problems);
    const char *copy = rg_arena_text(state->arena, text);
    if (state->problems == NULL || copy == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for: %s", text);
    state->problems[state->problem_count++] = (struct rg_problem){kind, key, copy};
    look->problems = state->problems;
    look->problem_count = state->problem_count;
    return RG_OK;
}

/* Snapshots only save work: one that cannot be read is passed over. */
static enum rg_status read_ledger(const struct rg_commit *commit, struct rg_look_state *state,
                                  const uint32_t *snapshots, size_t count, struct rg_error *err)
{
    for (size_t i = 0; i < count && i < snapshot_tries_max; i++) {
        const enum rg_status status =
            rg_ledger_scan(&state->ledger, snapshots[i], commit->allocator, err);
        const bool is_unusable =
            status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED || status == RG_ERR_ABSENT;

        if (!is_unusable)
            return status;
    }
    return rg_ledger_scan(&state->ledger, 0, commit->allocator, err);
}

static enum rg_status list_everything(const struct rg_commit *commit, struct rg_look_state *state,
                                      struct rg_error *err)
{
    uint32_t *snapshots;
    size_t snapshot_count;

    RG_TRY(rg_look_list_home(commit, state->arena, &state->ledger.files, err));
    RG_TRY(rg_look_list_trash(commit, state, err));
    const bool has_source =
        commit->options.source != NULL || commit->options.asks.list_source != NULL;
    if (has_source && !commit->options.home->options.is_in_place)
        RG_TRY(rg_look_list_source(commit, state->arena, &state->ledger.sources, err));
    RG_TRY(rg_look_list_ledger(commit, state, &snapshots, &snapshot_count, err));
    return read_ledger(commit, state, snapshots, snapshot_count, err);
}

static uint64_t now_of(const struct rg_commit *commit)
{
    const struct rg_commit_asks *asks = &commit->options.asks;

    return asks->now_ns == NULL ? rg_store_now_ns(commit->options.home->store)
                                : asks->now_ns(asks->user);
}

/* The pending output of the highest number, or NULL. */
static const struct rg_ledger_file *last_pending(const struct rg_ledger *ledger)
{
    const struct rg_ledger_file *last = NULL;

    for (size_t i = 0; i < ledger->files.count; i++) {
        const struct rg_ledger_file *file = &ledger->files.items[i];

        if (file->number > ledger->last && (last == NULL || file->number > last->number))
            last = file;
    }
    return last;
}

/* What the intents for the next record say of pending outputs of that H. */
static enum rg_status find_makers(const struct rg_commit *commit, const struct rg_look *look,
                                  uint64_t hash, bool *ret_are_there, struct rg_error *err)
{
    const struct rg_look_state *state = look->state;
    bool is_listed = false;

    *ret_are_there = false;
    for (size_t i = 0; i < state->intent_count; i++) {
        const struct rg_look_intent *intent = &state->intents[i];

        if (intent->number != look->next_number || intent->hash != hash)
            continue;
        is_listed = true;
        *ret_are_there = *ret_are_there || intent->has_inputs || intent->is_of_this_run;
    }
    if (is_listed)
        return RG_OK;
    /* A listing may miss a name that was replaced meanwhile, as a refreshed intent is. */
    return rg_look_has_makers(commit, state->arena, look->next_number, hash, ret_are_there, err);
}

/* A pending output that no intent tells of; NULL: there is none. */
static enum rg_status find_untold(const struct rg_commit *commit, const struct rg_look *look,
                                  const struct rg_ledger_file **ret_untold, struct rg_error *err)
{
    const struct rg_ledger_files *files = &look->state->ledger.files;
    uint64_t told_hash = 0;
    bool is_told = false; /* That one is. */

    *ret_untold = NULL;
    for (size_t i = 0; i < files->count; i++) {
        struct rg_minted minted;

        if (files->items[i].number != look->next_number ||
            !rg_minted_parse(files->items[i].name, &minted))
            continue;
        if (is_told && minted.hash == told_hash)
            continue;
        RG_TRY(find_makers(commit, look, minted.hash, &is_told, err));
        told_hash = minted.hash;
        if (is_told)
            continue;
        *ret_untold = &files->items[i];
        return RG_OK;
    }
    return RG_OK;
}

static enum rg_status find_lost_ledger(const struct rg_commit *commit, struct rg_look *look,
                                       struct rg_error *err)
{
    static const char advice[] = "if what was below _regroup was removed or is an older copy, put "
                                 "it back; else delete the file, or give it another name if its "
                                 "rows are wanted";
    const struct rg_ledger *ledger = &look->state->ledger;
    const struct rg_ledger_file *pending = last_pending(ledger);
    const struct rg_ledger_file *untold;

    /* Who makes outputs for record N has seen N - 1, and this ledger is newer than the listing. */
    if (pending != NULL && pending->number > look->next_number) {
        look->is_ledger_lost = true;
        return rg_look_problem(
            look, RG_PROBLEM_LEDGER_LOST, pending->object->key, err,
            "%s was made for record %" PRIu32 ", but _regroup/%s has %" PRIu32 "; %s",
            pending->object->key, pending->number, commit->options.partition, ledger->last, advice);
    }
    RG_TRY(find_untold(commit, look, &untold, err));
    if (untold == NULL)
        return RG_OK;
    look->is_ledger_lost = true;
    return rg_look_problem(look, RG_PROBLEM_LEDGER_LOST, untold->object->key, err,
                           "%s is in no record, and no intent in _regroup/%s tells of files that "
                           "it is being made of; %s",
                           untold->object->key, commit->options.partition, advice);
}

enum rg_status rg_commit_look(struct rg_commit *commit, struct rg_arena *arena,
                              struct rg_look *ret_look, struct rg_error *err)
{
    const struct rg_commit_options *options = &commit->options;

    if (commit->looks_since > looks_max)
        return rg_fail(err, RG_ERR_AGAIN,
                       "%s/%s: other runs or changing inputs were faster %" PRIu32 " times",
                       options->home->store->url, options->partition, looks_max);
    commit->looks_since++;

    struct rg_look_state *state = rg_arena_array(arena, 1, sizeof *state);
    if (state == NULL)
        return rg_look_no_memory(commit, err);
    *state = (struct rg_look_state){
        .arena = arena,
        .ledger = {.home = options->home, .partition = options->partition, .arena = arena},
        .now_ns = now_of(commit),
    };
    RG_TRY(list_everything(commit, state, err));

    struct rg_look look = {
        .state = state,
        .next_number = state->ledger.last + 1,
        .is_all = commit->is_all_left,
        .has_in_place = state->ledger.is_in_place,
        .has_from_source = state->ledger.has_from_source,
    };
    RG_TRY(rg_look_check_outputs(commit, &look, err));
    rg_look_find_holding(&state->ledger);
    RG_TRY(rg_look_sort_files(commit, &look, err));
    RG_TRY(rg_look_sort_trash(commit, &look, err));
    RG_TRY(rg_look_list_live(commit, &look, err));
    if (look.is_all && !options->home->options.is_in_place)
        RG_TRY(rg_look_list_mirror(commit, &look, err));
    else
        RG_TRY(rg_look_list_inputs(commit, &look, err));
    RG_TRY(rg_look_read_intents(commit, &look, err));
    RG_TRY(find_lost_ledger(commit, &look, err));
    *ret_look = look;
    return RG_OK;
}
