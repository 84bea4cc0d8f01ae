/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One look, in the order of the protocol: (a) list the home and its trash, (b) list SOURCE, (c)
 * list the ledger's directory for intents and snapshots, (d) read the ledger, record after record,
 * (e) with --all from SOURCE list that again, (f) read the intents for the next record. What is
 * derived from them, nothing of it by asking the store again, except whether a file with another id
 * is ours, and whether a live output that was not listed is there by now:
 *
 *   (1) A record holds when each of its outputs is there and ours, or was taken or retired by a
 *       later record that holds. Takers are later, so one pass from the last record to the first
 *       decides.
 *   (2) Deletions are: dead outputs that are ours; in place also files that a record took; both
 *       only if that record holds and is older than --grace. An output that no record names needs
 *       neither, but where two runs at once are not protected it stays.
 *   (3) What a snapshot stands for is one record: of outputs up to its number that it does not name
 *       nobody knows whether a record took them, so they wait until the snapshot holds.
 */

#include "journal/look.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "journal/array.h"
#include "journal/look_impl.h"

/* Looks without a record of our own before a run gives up. */
static const uint32_t looks_max = 20;

/* Outputs that are not there are asked for one by one, so many; then all were removed. */
static const uint32_t gone_asked_max = 64;

/* Tries of older snapshots when newer ones cannot be read. */
static const size_t snapshot_tries_max = 3;

static enum rg_status no_memory(const struct rg_commit *commit, struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "%s/%s: no memory to look at it",
                   commit->options.home->store->url, commit->options.partition);
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

enum rg_status rg_look_body_of(const struct rg_commit *commit, const struct rg_object *object,
                               const struct rg_object_id *recorded, enum rg_look_body *ret_body,
                               struct rg_error *err)
{
    const struct rg_commit_asks *asks = &commit->options.asks;
    const bool compares_tags = !commit->options.home->caps.is_local;
    bool is_ours = false;

    *ret_body = RG_LOOK_OURS;
    if (recorded != NULL && rg_object_id_equal(&object->id, recorded, compares_tags))
        return RG_OK;
    if (asks->is_ours == NULL)
        return RG_OK;
    const enum rg_status status =
        asks->is_ours(asks->user, object->key, &object->id, &is_ours, err);
    if (status == RG_ERR_ABSENT) {
        *ret_body = RG_LOOK_GONE;
        return RG_OK;
    }
    *ret_body = is_ours ? RG_LOOK_OURS : RG_LOOK_FOREIGN;
    return status;
}

static int compare_files(const void *a, const void *b)
{
    const struct rg_ledger_file *left = a;
    const struct rg_ledger_file *right = b;

    return strcmp(left->name, right->name);
}

/* Objects become files: those that are no prefixes; names are what follows the last '/'. */
static enum rg_status make_files(const struct rg_commit *commit, struct rg_arena *arena,
                                 const struct rg_object *objects, size_t count,
                                 struct rg_ledger_files *ret_files, struct rg_error *err)
{
    const struct rg_commit_options *options = &commit->options;
    struct rg_ledger_file *items = rg_arena_array(arena, count, sizeof *items);
    size_t end = 0;

    if (items == NULL)
        return no_memory(commit, err);
    for (size_t i = 0; i < count; i++) {
        struct rg_ledger_file file = {.object = &objects[i]};

        if (objects[i].is_prefix)
            continue;
        const char *slash = strrchr(objects[i].key, '/');
        file.name = slash == NULL ? objects[i].key : slash + 1;
        file.is_minted = rg_minted_parse(file.name, &file.minted) &&
                         rg_minted_is_of(&file.minted, &options->home->id, options->partition);
        items[end++] = file;
    }
    if (end > 1)
        qsort(items, end, sizeof *items, compare_files);
    *ret_files = (struct rg_ledger_files){items, end};
    return RG_OK;
}

enum rg_status rg_look_list_home(const struct rg_commit *commit, struct rg_arena *arena,
                                 struct rg_ledger_files *ret_files, struct rg_error *err)
{
    struct rg_object *objects;
    size_t count;

    RG_TRY(rg_store_list_all(commit->options.home->store, commit->options.partition, arena,
                             &objects, &count, err));
    return make_files(commit, arena, objects, count, ret_files, err);
}

/* Each run that deletes has a directory in the trash. */
static enum rg_status list_trash(const struct rg_commit *commit, struct rg_look_state *state,
                                 struct rg_error *err)
{
    const struct rg_home *home = commit->options.home;
    struct rg_object *runs;
    size_t run_count;
    struct rg_object *all = NULL;
    size_t all_count = 0;
    size_t all_capacity = 0;

    if (!home->caps.is_local)
        return RG_OK;
    const char *prefix = rg_ledger_key(commit->options.partition, "_trash/", state->arena);
    if (prefix == NULL)
        return no_memory(commit, err);
    RG_TRY(rg_store_list_all(home->store, prefix, state->arena, &runs, &run_count, err));
    for (size_t i = 0; i < run_count; i++) {
        struct rg_object *objects;
        size_t count;

        if (!runs[i].is_prefix)
            continue;
        RG_TRY(rg_store_list_all(home->store, runs[i].key, state->arena, &objects, &count, err));
        for (size_t k = 0; k < count; k++) {
            all = rg_array_room(state->arena, all, all_count, &all_capacity, sizeof *all);
            if (all == NULL)
                return no_memory(commit, err);
            all[all_count++] = objects[k];
        }
    }
    return make_files(commit, state->arena, all, all_count, &state->ledger.trash, err);
}

static enum rg_status list_source(const struct rg_commit *commit, struct rg_arena *arena,
                                  struct rg_ledger_files *ret_files, struct rg_error *err)
{
    const struct rg_commit_options *options = &commit->options;
    struct rg_object *objects;
    size_t count;

    if (options->asks.list_source != NULL)
        RG_TRY(options->asks.list_source(options->asks.user, arena, &objects, &count, err));
    else
        RG_TRY(
            rg_store_list_all(options->source, options->partition, arena, &objects, &count, err));
    for (size_t i = 0; i < count && !options->home->compares_input_tags; i++)
        objects[i].id.tag = "";
    return make_files(commit, arena, objects, count, ret_files, err);
}

static int compare_numbers_down(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;

    return *left < *right ? 1 : *left > *right ? -1 : 0;
}

static bool is_older(const struct rg_look_state *state, uint64_t modified_ns, uint64_t age_ns)
{
    return state->now_ns >= modified_ns && state->now_ns - modified_ns >= age_ns;
}

/* Whether reading may begin at a snapshot that was made then. */
static bool may_start_from(const struct rg_commit *commit, const struct rg_look_state *state,
                           uint64_t modified_ns)
{
    return commit->options.grace_ns == 0 || is_older(state, modified_ns, commit->options.grace_ns);
}

static enum rg_status add_intent(const struct rg_commit *commit, struct rg_look_state *state,
                                 const struct rg_object *object, uint32_t number,
                                 struct rg_error *err)
{
    state->intents = rg_array_room(state->arena, state->intents, state->intent_count,
                                   &state->intent_capacity, sizeof *state->intents);
    if (state->intents == NULL)
        return no_memory(commit, err);
    state->intents[state->intent_count++] = (struct rg_look_intent){
        .key = object->key,
        .number = number,
        .modified_ns = object->id.modified_ns,
    };
    return RG_OK;
}

static enum rg_status add_old_snapshot(const struct rg_commit *commit, struct rg_look_state *state,
                                       const char *key, struct rg_error *err)
{
    state->old_snapshots =
        rg_array_room(state->arena, state->old_snapshots, state->old_snapshot_count,
                      &state->old_snapshot_capacity, sizeof *state->old_snapshots);
    if (state->old_snapshots == NULL)
        return no_memory(commit, err);
    state->old_snapshots[state->old_snapshot_count++] = key;
    return RG_OK;
}

enum rg_status rg_look_list_ledger(const struct rg_commit *commit, struct rg_look_state *state,
                                   uint32_t **ret_snapshots, size_t *ret_count,
                                   struct rg_error *err)
{
    const char *prefix = rg_ledger_key(commit->options.partition, "", state->arena);
    struct rg_object *objects;
    size_t count;
    uint32_t start = 0; /* The newest snapshot that reading may begin at. */

    if (prefix == NULL)
        return no_memory(commit, err);
    RG_TRY(rg_store_list_all(commit->options.home->store, prefix, state->arena, &objects, &count,
                             err));
    uint32_t *snapshots = rg_arena_array(state->arena, count, sizeof *snapshots);
    if (snapshots == NULL)
        return no_memory(commit, err);
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text = objects[i].key + strlen(prefix);
        const struct rg_ledger_name name = rg_ledger_name_parse(text);

        state->has_trash = state->has_trash || strcmp(text, "_trash/") == 0;
        if (objects[i].is_prefix)
            continue;
        if (name.kind == RG_LEDGER_INTENT)
            RG_TRY(add_intent(commit, state, &objects[i], name.number, err));
        if (name.kind != RG_LEDGER_SNAPSHOT)
            continue;
        state->snapshot_newest = name.number;
        if (may_start_from(commit, state, objects[i].id.modified_ns)) {
            snapshots[end++] = name.number;
            start = name.number;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct rg_ledger_name name = rg_ledger_name_parse(objects[i].key + strlen(prefix));

        if (!objects[i].is_prefix && name.kind == RG_LEDGER_SNAPSHOT && name.number < start)
            RG_TRY(add_old_snapshot(commit, state, objects[i].key, err));
    }
    if (end > 1)
        qsort(snapshots, end, sizeof *snapshots, compare_numbers_down);
    *ret_snapshots = snapshots;
    *ret_count = end;
    return RG_OK;
}

/* Snapshots only save work: one that cannot be read is passed over. */
static enum rg_status read_ledger(const struct rg_commit *commit, struct rg_look_state *state,
                                  const uint32_t *snapshots, size_t count, struct rg_error *err)
{
    for (size_t i = 0; i < count && i < snapshot_tries_max; i++) {
        const enum rg_status status =
            rg_ledger_scan(&state->ledger, snapshots[i], commit->allocator, err);
        const bool is_unusable = status == RG_ERR_CORRUPT || status == RG_ERR_ABSENT;

        if (!is_unusable)
            return status;
    }
    return rg_ledger_scan(&state->ledger, 0, commit->allocator, err);
}

static bool is_data(const struct rg_commit *commit, const struct rg_object *object)
{
    const struct rg_commit_asks *asks = &commit->options.asks;

    if (asks->is_data != NULL)
        return asks->is_data(asks->user, object);
    return asks->is_input == NULL || asks->is_input(asks->user, object);
}

static bool is_input(const struct rg_commit *commit, const struct rg_object *object)
{
    const struct rg_commit_asks *asks = &commit->options.asks;

    return asks->is_input == NULL || asks->is_input(asks->user, object);
}

/* What is there under an output's name; NULL: nothing. */
static const struct rg_object *object_of(const struct rg_ledger *ledger,
                                         const struct rg_ledger_output *output)
{
    return output->file != 0 ? ledger->files.items[output->file - 1].object : output->late;
}

static enum rg_status head(const struct rg_commit *commit, const char *key, struct rg_arena *arena,
                           const struct rg_object **ret_object, struct rg_error *err)
{
    struct rg_object *object = rg_arena_array(arena, 1, sizeof *object);
    struct rg_store_op op = {.verb = RG_STORE_HEAD, .key = key, .arena = arena};

    if (object == NULL)
        return no_memory(commit, err);
    *ret_object = NULL;
    const enum rg_status status = rg_store_wait(commit->options.home->store, &op, err);
    if (status == RG_ERR_ABSENT)
        return RG_OK;
    if (status != RG_OK)
        return status;
    *object = (struct rg_object){.key = key, .id = op.id};
    *ret_object = object;
    return RG_OK;
}

/* Whether there is a record by now that was not when the ledger was read. */
static enum rg_status has_moved_on(const struct rg_commit *commit, struct rg_look *look,
                                   bool *ret_has, struct rg_error *err)
{
    const struct rg_ledger_name name = {.kind = RG_LEDGER_RECORD, .number = look->next_number};
    char text[rg_minted_name_bytes];
    const struct rg_object *object;

    rg_ledger_name_make(&name, text);
    const char *key = rg_ledger_key(commit->options.partition, text, look->state->arena);
    if (key == NULL)
        return no_memory(commit, err);
    RG_TRY(head(commit, key, look->state->arena, &object, err));
    *ret_has = object != NULL;
    return RG_OK;
}

/*
 * A live output that was not listed. The home is listed before the ledger is read, so that another
 * run's output and its record may both have come in between; and that one may be taken already.
 */
static enum rg_status look_for_output(const struct rg_commit *commit, struct rg_look *look,
                                      struct rg_ledger_output *output, const char *key,
                                      struct rg_error *err)
{
    struct rg_look_state *state = look->state;

    if (state->gone_count >= gone_asked_max)
        return RG_OK;
    RG_TRY(head(commit, key, state->arena, &output->late, err));
    if (output->late != NULL)
        return RG_OK;
    state->gone_count++;
    return has_moved_on(commit, look, &output->is_unknown, err);
}

/* Sets is_ours of a live output, and names one that is not as it should be. */
static enum rg_status check_output(const struct rg_commit *commit, struct rg_look *look,
                                   struct rg_ledger_output *output, struct rg_error *err)
{
    struct rg_ledger *ledger = &look->state->ledger;
    const uint32_t number = ledger->records[output->record].number;
    enum rg_look_body body = RG_LOOK_FOREIGN;
    const char *key = rg_look_key(look->state->arena, commit->options.partition, output->name);

    if (key == NULL)
        return no_memory(commit, err);
    if (output->file == 0)
        RG_TRY(look_for_output(commit, look, output, key, err));
    const struct rg_object *object = object_of(ledger, output);
    if (object != NULL)
        RG_TRY(rg_look_body_of(commit, object, &output->id, &body, err));
    output->is_ours = body == RG_LOOK_OURS;
    /* One that went just now was perhaps taken: the next look tells. */
    output->is_unknown = output->is_unknown || body == RG_LOOK_GONE;
    if (output->is_ours || output->is_unknown)
        return RG_OK;
    return rg_look_problem(
        look, object != NULL ? RG_PROBLEM_OUTPUT_FOREIGN : RG_PROBLEM_OUTPUT_GONE, key, err,
        object != NULL ? "%s is not the output that record %" PRIu32 " names"
                       : "%s, an output that record %" PRIu32 " names, is not there",
        key, number);
}

static enum rg_status check_outputs(const struct rg_commit *commit, struct rg_look *look,
                                    struct rg_error *err)
{
    struct rg_ledger *ledger = &look->state->ledger;

    for (size_t i = 0; i < ledger->output_count; i++) {
        if (ledger->outputs[i].taken_by == 0)
            RG_TRY(check_output(commit, look, &ledger->outputs[i], err));
    }
    return RG_OK;
}

/* Are its rows in something that is there and ours? */
static bool is_safe(const struct rg_ledger *ledger, const struct rg_ledger_output *output)
{
    if (output->taken_by != 0)
        return ledger->records[output->taken_by - 1].holds;
    return object_of(ledger, output) != NULL && output->is_ours;
}

/* (1). */
static void find_holding_records(struct rg_ledger *ledger)
{
    for (size_t i = ledger->record_count; i-- > 0;) {
        struct rg_ledger_record *record = &ledger->records[i];

        record->holds = true;
        for (uint32_t k = 0; k < record->output_count; k++) {
            const struct rg_ledger_output *output = &ledger->outputs[record->first_output + k];

            record->holds = record->holds && is_safe(ledger, output);
        }
    }
}

/* The output because of which a record does not hold. */
static const struct rg_ledger_output *find_culprit(const struct rg_ledger *ledger, size_t record)
{
    for (;;) {
        const struct rg_ledger_record *r = &ledger->records[record];
        const struct rg_ledger_output *culprit = NULL;

        for (uint32_t k = 0; k < r->output_count && culprit == NULL; k++) {
            const struct rg_ledger_output *output = &ledger->outputs[r->first_output + k];

            if (!is_safe(ledger, output))
                culprit = output;
        }
        if (culprit == NULL || culprit->taken_by == 0)
            return culprit;
        record = culprit->taken_by - 1;
    }
}

static enum rg_status add_deletion(const struct rg_commit *commit, struct rg_look *look,
                                   const struct rg_object *object, struct rg_error *err)
{
    struct rg_look_state *state = look->state;

    look->dead_count++;
    state->deletions = rg_array_room(state->arena, state->deletions, state->deletion_count,
                                     &state->deletion_capacity, sizeof *state->deletions);
    if (state->deletions == NULL)
        return no_memory(commit, err);
    state->deletions[state->deletion_count++] = (struct rg_look_deletion){object->key, &object->id};
    return RG_OK;
}

/* Whether what this record took may go: (2). */
static bool may_delete(const struct rg_commit *commit, const struct rg_look_state *state,
                       uint32_t record)
{
    const struct rg_ledger_record *r = &state->ledger.records[record];

    return r->holds && (commit->options.grace_ns == 0 ||
                        is_older(state, r->modified_ns, commit->options.grace_ns));
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

    if (output == NULL && commit->options.home->is_unprotected)
        return RG_OK;
    const bool is_in_snapshot = output == NULL && ledger->records[0].is_snapshot &&
                                file->minted.number <= ledger->records[0].number;
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
    const struct rg_ledger_output *culprit = find_culprit(ledger, taker);
    if (culprit != NULL && culprit->is_unknown)
        return RG_OK;
    return rg_look_problem(
        look, RG_PROBLEM_INPUTS_KEPT, file->object->key, err,
        "%s and other inputs of record %" PRIu32 " are kept: its rows may not be in \"%s\"",
        file->object->key, ledger->records[taker].number, culprit == NULL ? "" : culprit->name);
}

/* Sorts the home's files into what is dead, pending, foreign. */
static enum rg_status sort_files(const struct rg_commit *commit, struct rg_look *look,
                                 struct rg_error *err)
{
    const struct rg_ledger *ledger = &look->state->ledger;
    const bool is_in_place = commit->options.home->options.is_in_place;
    bool *told = rg_arena_array(look->state->arena, ledger->record_count, sizeof *told);

    if (told == NULL)
        return no_memory(commit, err);
    for (size_t i = 0; i < ledger->files.count; i++) {
        const struct rg_ledger_file *file = &ledger->files.items[i];
        const bool is_live = file->output != 0 && ledger->outputs[file->output - 1].taken_by == 0;

        if (file->is_minted && file->minted.number > ledger->last)
            look->pending_count++;
        else if (file->is_minted && !is_live)
            RG_TRY(sweep_dead(commit, look, file, err));
        else if (!file->is_minted && file->taken_by != 0)
            RG_TRY(sweep_taken(commit, look, file, told, err));
        else if (!file->is_minted && !is_in_place && is_data(commit, file->object)) {
            if (look->foreign_count == 0)
                look->foreign_first = file->object->key;
            look->foreign_count++;
        }
    }
    return RG_OK;
}

static enum rg_status sort_trash(const struct rg_commit *commit, struct rg_look *look,
                                 struct rg_error *err)
{
    struct rg_look_state *state = look->state;
    const struct rg_ledger *ledger = &state->ledger;

    state->trash = rg_arena_array(state->arena, ledger->trash.count, sizeof *state->trash);
    if (state->trash == NULL)
        return no_memory(commit, err);
    for (size_t i = 0; i < ledger->trash.count; i++) {
        const struct rg_ledger_file *file = &ledger->trash.items[i];
        bool is_dead = file->taken_by != 0;

        if (file->is_minted) {
            const struct rg_ledger_output *output = NULL;

            for (size_t k = 0; k < ledger->output_count && output == NULL; k++) {
                if (strcmp(ledger->outputs[k].name, file->name) == 0)
                    output = &ledger->outputs[k];
            }
            const bool is_live = output != NULL && output->taken_by == 0;
            is_dead = file->minted.number <= ledger->last && !is_live;
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

static enum rg_status list_live(const struct rg_commit *commit, struct rg_look *look,
                                struct rg_error *err)
{
    const struct rg_ledger *ledger = &look->state->ledger;
    struct rg_look_output *live =
        rg_arena_array(look->state->arena, ledger->output_count, sizeof *live);
    size_t count = 0;

    if (live == NULL)
        return no_memory(commit, err);
    for (size_t i = 0; i < ledger->output_count; i++) {
        const struct rg_ledger_output *output = &ledger->outputs[i];
        const struct rg_object *object = object_of(ledger, output);

        if (output->taken_by != 0)
            continue;
        live[count++] = (struct rg_look_output){
            .name = output->name,
            .id = object == NULL ? output->id : object->id,
            .rows = output->rows,
            .row_groups = output->row_groups,
            .is_there = object != NULL,
            .is_ours = output->is_ours,
        };
    }
    look->live = live;
    look->live_count = count;
    return RG_OK;
}

static struct rg_look_input input_of(const struct rg_ledger_file *file)
{
    return (struct rg_look_input){
        .name = file->name,
        .key = file->object->key,
        .id = file->object->id,
        .is_named = file->is_named,
    };
}

/* Free and changed files, from SOURCE or from the home. */
static enum rg_status list_inputs(const struct rg_commit *commit, struct rg_look *look,
                                  struct rg_error *err)
{
    struct rg_look_state *state = look->state;
    const bool is_in_place = commit->options.home->options.is_in_place;
    const struct rg_ledger_files *files =
        is_in_place ? &state->ledger.files : &state->ledger.sources;
    struct rg_look_input *free = rg_arena_array(state->arena, files->count, sizeof *free);
    struct rg_look_input *changed = NULL;
    size_t changed_capacity = 0;

    if (free == NULL)
        return no_memory(commit, err);
    for (size_t i = 0; i < files->count; i++) {
        const struct rg_ledger_file *file = &files->items[i];
        const bool is_foreign = !is_in_place || !file->is_minted;
        const bool is_changed =
            is_foreign && file->is_named && file->taken_by == 0 && is_data(commit, file->object);

        look->named_count += is_foreign && file->taken_by > 0;
        if (is_foreign && file->taken_by == 0 && (!file->is_named || look->is_all) &&
            is_input(commit, file->object))
            free[look->free_count++] = input_of(file);
        if (!is_changed || look->is_all)
            continue;
        changed = rg_array_room(state->arena, changed, look->changed_count, &changed_capacity,
                                sizeof *changed);
        if (changed == NULL)
            return no_memory(commit, err);
        changed[look->changed_count++] = input_of(file);
        RG_TRY(rg_look_problem(look, RG_PROBLEM_INPUT_CHANGED, file->object->key, err,
                               "%s was rewritten after it had been taken", file->object->key));
    }
    look->free = free;
    look->changed = changed;
    return RG_OK;
}

static bool is_listed_input(const struct rg_commit *commit, const struct rg_ledger_files *files,
                            const char *name)
{
    const struct rg_ledger_file *file = rg_ledger_find(files, name);

    return file != NULL && is_input(commit, file->object);
}

/* A path that a record names and that is no input any more; NULL: there is none. */
static const char *find_gone(const struct rg_commit *commit, const struct rg_ledger *ledger,
                             const struct rg_ledger_files *now)
{
    if (ledger->gone_count > rg_ledger_gone_max)
        return ledger->gone[0];
    for (size_t i = 0; i < ledger->gone_count; i++) {
        if (!is_listed_input(commit, now, ledger->gone[i]))
            return ledger->gone[i];
    }
    for (size_t i = 0; i < ledger->sources.count; i++) {
        const struct rg_ledger_file *file = &ledger->sources.items[i];

        if (file->is_named && !is_listed_input(commit, now, file->name))
            return file->name;
    }
    return NULL;
}

static bool is_named_before(const struct rg_ledger *ledger, const char *name)
{
    const struct rg_ledger_file *before = rg_ledger_find(&ledger->sources, name);
    bool is_gone = false;

    for (size_t i = 0; i < ledger->gone_count && i < rg_ledger_gone_max; i++)
        is_gone = is_gone || strcmp(ledger->gone[i], name) == 0;
    return is_gone || (before != NULL && before->is_named);
}

/*
 * --all from SOURCE: everything that is listed now, after the ledger was read. Rows of a file that
 * a record names and that is no input now are in outputs only, which would be retired.
 */
static enum rg_status list_mirror(const struct rg_commit *commit, struct rg_look *look,
                                  struct rg_error *err)
{
    struct rg_look_state *state = look->state;
    const struct rg_ledger *ledger = &state->ledger;
    struct rg_ledger_files now;

    RG_TRY(list_source(commit, state->arena, &now, err));
    struct rg_look_input *free = rg_arena_array(state->arena, now.count, sizeof *free);
    if (free == NULL)
        return no_memory(commit, err);
    const char *gone = find_gone(commit, ledger, &now);
    if (gone != NULL) {
        look->is_all_refused = true;
        return rg_look_problem(look, RG_PROBLEM_SOURCE_GONE, gone, err,
                               "%s%s, whose rows are in outputs, is not among the inputs any more",
                               commit->options.partition, gone);
    }
    for (size_t i = 0; i < now.count; i++) {
        if (!is_input(commit, now.items[i].object))
            continue;
        now.items[i].is_named = is_named_before(ledger, now.items[i].name);
        free[look->free_count++] = input_of(&now.items[i]);
    }
    look->free = free;
    return RG_OK;
}

/* An intent for the next record, while it is compared with what is there. */
struct intent_reading {
    const struct rg_commit *commit;
    struct rg_look *look;
    bool is_adoptable; /* By us. */
    bool is_stale;     /* By nobody. */
    bool collects;     /* Second reading: into the look. */
    struct rg_look_input *inputs;
    size_t input_capacity;
    const char **taken;
    size_t taken_capacity;
};

static enum rg_status intent_head(void *user, const struct rg_batch *head, struct rg_error *err)
{
    struct intent_reading *reading = user;
    const struct rg_commit_options *options = &reading->commit->options;

    (void)err;
    const bool is_like_ours = strcmp(head->options, options->options) == 0 && !head->is_all &&
                              head->is_in_place == options->home->options.is_in_place;
    reading->is_adoptable = is_like_ours && !reading->look->is_all;
    return RG_OK;
}

static enum rg_status intent_input(void *user, const struct rg_batch_input *input,
                                   struct rg_error *err)
{
    struct intent_reading *reading = user;
    struct rg_look *look = reading->look;
    const struct rg_commit *commit = reading->commit;
    const struct rg_home *home = commit->options.home;
    const struct rg_ledger *ledger = &look->state->ledger;
    const struct rg_ledger_file *file =
        rg_ledger_find(home->options.is_in_place ? &ledger->files : &ledger->sources, input->name);

    const bool is_usable =
        file != NULL && !file->is_named && !(home->options.is_in_place && file->is_minted) &&
        rg_object_id_equal(&file->object->id, &input->id, home->compares_input_tags);
    reading->is_stale = reading->is_stale || !is_usable;
    reading->is_adoptable = reading->is_adoptable && is_usable && is_input(commit, file->object);
    if (!reading->collects || !is_usable)
        return RG_OK;
    reading->inputs = rg_array_room(look->state->arena, reading->inputs, look->adopted_count,
                                    &reading->input_capacity, sizeof *reading->inputs);
    if (reading->inputs == NULL)
        return no_memory(commit, err);
    reading->inputs[look->adopted_count++] = input_of(file);
    return RG_OK;
}

static int compare_output_name(const void *name, const void *output)
{
    return strcmp(name, ((const struct rg_look_output *)output)->name);
}

static enum rg_status intent_taken(void *user, const char *name, struct rg_error *err)
{
    struct intent_reading *reading = user;
    struct rg_look *look = reading->look;
    const struct rg_look_output *output =
        bsearch(name, look->live, look->live_count, sizeof *look->live, compare_output_name);

    const bool is_usable = output != NULL && output->is_there && output->is_ours;
    reading->is_stale = reading->is_stale || !is_usable;
    reading->is_adoptable = reading->is_adoptable && is_usable;
    if (!reading->collects || !is_usable)
        return RG_OK;
    reading->taken = rg_array_room(look->state->arena, reading->taken, look->adopted_taken_count,
                                   &reading->taken_capacity, sizeof *reading->taken);
    if (reading->taken == NULL)
        return no_memory(reading->commit, err);
    reading->taken[look->adopted_taken_count++] = output->name;
    return RG_OK;
}

static enum rg_status read_intent(struct intent_reading *reading, struct rg_document_reader *reader,
                                  const struct rg_look_intent *intent, struct rg_error *err)
{
    const struct rg_document_visitor visitor = {
        .head = intent_head,
        .input = intent_input,
        .taken = intent_taken,
        .user = reading,
    };
    const enum rg_status status =
        rg_document_read(reader, intent->key, RG_DOCUMENT_INTENT, intent->number, &visitor, err);

    /* A hint that is gone or garbled is no hint, and nobody can finish it. */
    if (status != RG_ERR_CORRUPT && status != RG_ERR_ABSENT && status != RG_ERR_CHANGED)
        return status;
    reading->is_adoptable = false;
    reading->is_stale = true;
    return RG_OK;
}

static enum rg_status collect_adopted(struct intent_reading *reading,
                                      struct rg_document_reader *reader,
                                      const struct rg_look_intent *intent, struct rg_error *err)
{
    struct rg_look *look = reading->look;

    reading->collects = true;
    RG_TRY(read_intent(reading, reader, intent, err));
    look->has_adopted = reading->is_adoptable && look->adopted_count > 0;
    look->adopted = reading->inputs;
    look->adopted_taken = reading->taken;
    if (!look->has_adopted) {
        look->adopted_count = 0;
        look->adopted_taken_count = 0;
    }
    return RG_OK;
}

/* Adopts the first intent (in name order) that can be; tells which ones nobody can finish. */
static enum rg_status read_intents(const struct rg_commit *commit, struct rg_look *look,
                                   struct rg_error *err)
{
    struct rg_look_state *state = look->state;
    struct rg_document_reader reader;
    enum rg_status status = RG_OK;

    rg_document_reader_init(&reader, commit->options.home, commit->options.partition,
                            commit->allocator);
    for (size_t i = 0; i < state->intent_count && status == RG_OK; i++) {
        struct rg_look_intent *intent = &state->intents[i];
        struct intent_reading reading = {.commit = commit, .look = look};

        if (intent->number != look->next_number)
            continue;
        look->intent_count++;
        status = read_intent(&reading, &reader, intent, err);
        intent->is_stale = reading.is_stale;
        if (status == RG_OK && reading.is_adoptable && !look->has_adopted)
            status = collect_adopted(&reading, &reader, intent, err);
    }
    rg_document_reader_fini(&reader);
    return status;
}

static enum rg_status list_everything(const struct rg_commit *commit, struct rg_look_state *state,
                                      struct rg_error *err)
{
    uint32_t *snapshots;
    size_t snapshot_count;

    RG_TRY(rg_look_list_home(commit, state->arena, &state->ledger.files, err));
    RG_TRY(list_trash(commit, state, err));
    const bool has_source =
        commit->options.source != NULL || commit->options.asks.list_source != NULL;
    if (has_source && !commit->options.home->options.is_in_place)
        RG_TRY(list_source(commit, state->arena, &state->ledger.sources, err));
    RG_TRY(rg_look_list_ledger(commit, state, &snapshots, &snapshot_count, err));
    return read_ledger(commit, state, snapshots, snapshot_count, err);
}

static uint64_t now_of(const struct rg_commit *commit)
{
    const struct rg_commit_asks *asks = &commit->options.asks;

    return asks->now_ns == NULL ? rg_clock_wall_ns() : asks->now_ns(asks->user);
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
        return no_memory(commit, err);
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
    };
    RG_TRY(check_outputs(commit, &look, err));
    find_holding_records(&state->ledger);
    RG_TRY(sort_files(commit, &look, err));
    RG_TRY(sort_trash(commit, &look, err));
    RG_TRY(list_live(commit, &look, err));
    if (look.is_all && !options->home->options.is_in_place)
        RG_TRY(list_mirror(commit, &look, err));
    else
        RG_TRY(list_inputs(commit, &look, err));
    RG_TRY(read_intents(commit, &look, err));
    *ret_look = look;
    return RG_OK;
}
