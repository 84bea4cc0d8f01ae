/* SPDX-License-Identifier: Apache-2.0 */

/*
 *   (1) Deletions are: dead outputs that are ours; in place also files that a record took; both
 *       only if that record holds and is older than --grace. An output that no record names needs
 *       neither, but where two runs at once are not protected it stays.
 *   (2) What a snapshot stands for is one record: of outputs up to its number that it does not name
 *       nobody knows whether a record took them, so they wait until the snapshot holds.
 */

#include "journal/look_dead.h"

#include <inttypes.h>

#include "journal/array.h"
#include "journal/look_inputs.h"
#include "journal/look_outputs.h"

static enum rg_status add_deletion(const struct rg_commit *commit, struct rg_look *look,
                                   const struct rg_object *object, struct rg_error *err)
{
    struct rg_look_state *state = look->state;

    look->dead_count++;
    state->deletions = rg_array_room(state->arena, state->deletions, state->deletion_count,
                                     &state->deletion_capacity, sizeof *state->deletions);
    if (state->deletions == NULL)
        return rg_look_no_memory(commit, err);
    state->deletions[state->deletion_count++] = (struct rg_look_deletion){object->key, &object->id};
    return RG_OK;
}

/* Whether what this record took may go: (2). */
static bool may_delete(const struct rg_commit *commit, const struct rg_look_state *state,
                       uint32_t record)
{
    const struct rg_ledger_record *r = &state->ledger.records[record];

    return r->holds && (commit->options.grace_ns == 0 ||
                        rg_look_is_older(state, r->modified_ns, commit->options.grace_ns));
}

/* A dead output: (2), (3). */
static enum rg_status sweep_dead(const struct rg_commit *commit, struct rg_look *look,
                                 const struct rg_ledger_file *file, struct rg_error *err)
{
    const struct rg_ledger *ledger = &look->state->ledger;
    const struct rg_ledger_output *output =
        file->output == 0 ? NULL : &ledger->outputs[file->output - 1];
    enum rg_look_body body;
    uint32_t taker = output == NULL ? 0 : output->taken_by;

    bool is_unprotected = false;
    if (output == NULL)
        RG_TRY(rg_home_settle(commit->options.home, &is_unprotected, err));
    if (is_unprotected)
        return RG_OK;
    const bool is_in_snapshot = output == NULL && ledger->records[0].is_snapshot &&
                                file->number <= ledger->records[0].number;
    if (is_in_snapshot)
        taker = 1;
    if (taker != 0 && !may_delete(commit, look->state, taker - 1)) {
        look->dead_count++;
        return RG_OK;
    }
    RG_TRY(rg_look_body_of(commit, file->object, output == NULL ? NULL : &output->id, &body, err));
    if (body == RG_LOOK_OURS)
        return add_deletion(commit, look, file->object, err);
    if (body == RG_LOOK_GONE)
        return RG_OK;
    return rg_look_problem(look, RG_PROBLEM_DEAD_FOREIGN, file->object->key, err,
                           "%s has the name of an output that was given up, but is not it",
                           file->object->key);
}

/* In place: a foreign file that a record took. */
static enum rg_status sweep_taken(const struct rg_commit *commit, struct rg_look *look,
                                  const struct rg_ledger_file *file, bool *told,
                                  struct rg_error *err)
{
    const struct rg_ledger *ledger = &look->state->ledger;
    const uint32_t taker = file->taken_by - 1;

    if (may_delete(commit, look->state, taker))
        return add_deletion(commit, look, file->object, err);
    look->dead_count++;
    if (ledger->records[taker].holds || told[taker])
        return RG_OK;
    told[taker] = true;
    const struct rg_ledger_output *culprit = rg_look_find_culprit(ledger, taker);
    if (culprit != NULL && culprit->is_unknown)
        return RG_OK;
    return rg_look_problem(
        look, RG_PROBLEM_INPUTS_KEPT, file->object->key, err,
        "%s and other inputs of record %" PRIu32 " are kept: its rows may not be in \"%s\"",
        file->object->key, ledger->records[taker].number, culprit == NULL ? "" : culprit->name);
}

/* Sorts the home's files into what is dead, pending, foreign. */
enum rg_status rg_look_sort_files(const struct rg_commit *commit, struct rg_look *look,
                                  struct rg_error *err)
{
    const struct rg_ledger *ledger = &look->state->ledger;
    const bool is_in_place = commit->options.home->options.is_in_place;
    bool *told = rg_arena_array(look->state->arena, ledger->record_count, sizeof *told);

    if (told == NULL)
        return rg_look_no_memory(commit, err);
    for (size_t i = 0; i < ledger->files.count; i++) {
        const struct rg_ledger_file *file = &ledger->files.items[i];
        const bool is_live = file->output != 0 && ledger->outputs[file->output - 1].taken_by == 0;

        if (file->number > ledger->last)
            look->pending_count++;
        else if (file->number != 0 && !is_live)
            RG_TRY(sweep_dead(commit, look, file, err));
        else if (file->number == 0 && file->taken_by != 0)
            RG_TRY(sweep_taken(commit, look, file, told, err));
        else if (file->number == 0 && !is_in_place &&
                 rg_look_is_data(commit, file->object, false)) {
            if (look->foreign_count == 0)
                look->foreign_first = file->object->key;
            look->foreign_count++;
        }
    }
    return RG_OK;
}

enum rg_status rg_look_sort_trash(const struct rg_commit *commit, struct rg_look *look,
                                  struct rg_error *err)
{
    struct rg_look_state *state = look->state;
    const struct rg_ledger *ledger = &state->ledger;

    state->trash = rg_arena_array(state->arena, ledger->trash.count, sizeof *state->trash);
    if (state->trash == NULL)
        return rg_look_no_memory(commit, err);
    for (size_t i = 0; i < ledger->trash.count; i++) {
        const struct rg_ledger_file *file = &ledger->trash.items[i];
        bool is_dead = file->taken_by != 0;

        if (file->number != 0) {
            const struct rg_ledger_output *output = rg_ledger_find_output(ledger, file->name);
            const bool is_live = output != NULL && output->taken_by == 0;
            is_dead = file->number <= ledger->last && !is_live;
            enum rg_look_body body = RG_LOOK_OURS;
            if (is_dead)
                RG_TRY(rg_look_body_of(commit, file->object, output == NULL ? NULL : &output->id,
                                       &body, err));
            is_dead = is_dead && body != RG_LOOK_FOREIGN;
        }
        state->trash[i] = (struct rg_look_trash){file->object->key, is_dead};
    }
    state->trash_count = ledger->trash.count;
    return RG_OK;
}
