/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/look_inputs.h"

#include <string.h>

#include "journal/array.h"
#include "journal/look_list.h"

bool rg_look_is_data(const struct rg_commit *commit, const struct rg_object *object,
                     bool is_changed_input)
{
    const struct rg_commit_asks *asks = &commit->options.asks;

    if (asks->is_data != NULL)
        return asks->is_data(asks->user, object, is_changed_input);
    return asks->is_input == NULL || asks->is_input(asks->user, object);
}

bool rg_look_is_input(const struct rg_commit *commit, const struct rg_object *object)
{
    const struct rg_commit_asks *asks = &commit->options.asks;

    return asks->is_input == NULL || asks->is_input(asks->user, object);
}

struct rg_look_input rg_look_input_of(const struct rg_ledger_file *file)
{
    return (struct rg_look_input){
        .name = file->name,
        .key = file->object->key,
        .id = file->object->id,
        .is_named = file->is_named,
    };
}

/* Mostly all are taken: room for those that are not. */
static size_t count_untaken(const struct rg_ledger_files *files)
{
    size_t count = 0;

    for (size_t i = 0; i < files->count; i++)
        count += files->items[i].taken_by == 0;
    return count;
}

/*
 * A rename into the trash changes a file's ctime while it still has its name (Linux: a file system
 * sets it before vfs_rename() takes the name away), so that a listing beside another run's sweep
 * shows a file that a record took as if a user had touched it. A rename and the reading of its
 * directory exclude one another: where one was under way, a listing that begins now lacks the name.
 */
static enum rg_status find_gone_since(const struct rg_commit *commit, struct rg_look_state *state,
                                      struct rg_error *err)
{
    struct rg_ledger_files *files = &state->ledger.files;
    struct rg_ledger_files now;
    bool has_touched = false;

    for (size_t i = 0; i < files->count; i++)
        has_touched = has_touched || (files->items[i].is_touched && files->items[i].taken_by == 0);
    if (!has_touched)
        return RG_OK;
    RG_TRY(rg_look_list_home(commit, state->arena, &now, err));
    for (size_t i = 0; i < files->count; i++) {
        struct rg_ledger_file *file = &files->items[i];

        file->is_gone = file->is_touched && rg_ledger_find(&now, file->name) == NULL;
    }
    return RG_OK;
}

static bool is_selected(const struct rg_commit *commit, const char *name)
{
    const struct rg_commit_asks *asks = &commit->options.asks;

    return asks->is_selected == NULL || asks->is_selected(asks->user, name);
}

/* Free and changed files, from SOURCE or from the home. */
enum rg_status rg_look_list_inputs(const struct rg_commit *commit, struct rg_look *look,
                                   struct rg_error *err)
{
    struct rg_look_state *state = look->state;
    const bool is_in_place = commit->options.home->options.is_in_place;
    const struct rg_ledger_files *files =
        is_in_place ? &state->ledger.files : &state->ledger.sources;
    struct rg_look_input *free = rg_arena_array(state->arena, count_untaken(files), sizeof *free);
    struct rg_look_input *changed = NULL;
    size_t changed_capacity = 0;

    if (free == NULL)
        return rg_look_no_memory(commit, err);
    if (is_in_place)
        RG_TRY(find_gone_since(commit, state, err));
    for (size_t i = 0; i < files->count; i++) {
        const struct rg_ledger_file *file = &files->items[i];
        const bool is_foreign = (!is_in_place || file->number == 0) && !file->is_gone;
        const bool is_changed = is_foreign && file->is_named && file->taken_by == 0 &&
                                rg_look_is_data(commit, file->object, true);

        look->named_count += is_foreign && file->taken_by > 0 && is_selected(commit, file->name);
        if (is_foreign && file->taken_by == 0 && (!file->is_named || look->is_all) &&
            rg_look_is_input(commit, file->object))
            free[look->free_count++] = rg_look_input_of(file);
        if (!is_changed || look->is_all)
            continue;
        changed = rg_array_room(state->arena, changed, look->changed_count, &changed_capacity,
                                sizeof *changed);
        if (changed == NULL)
            return rg_look_no_memory(commit, err);
        changed[look->changed_count++] = rg_look_input_of(file);
        RG_TRY(rg_look_problem(look, RG_PROBLEM_INPUT_CHANGED, file->object->key, err,
                               file->is_touched
                                   ? "%s was rewritten, or its mode, owner or links changed, "
                                     "after it had been taken"
                                   : "%s was rewritten after it had been taken",
                               file->object->key));
    }
    look->free = free;
    look->changed = changed;
    return RG_OK;
}

static bool is_listed_input(const struct rg_commit *commit, const struct rg_ledger_files *files,
                            const char *name)
{
    const struct rg_ledger_file *file = rg_ledger_find(files, name);

    return file != NULL && rg_look_is_input(commit, file->object);
}

/*
 * Is this partition none of those that the options choose: no input is there, and no path that a
 * record names would be one?
 */
static bool is_out_of_selection(const struct rg_commit *commit, const struct rg_ledger *ledger,
                                const struct rg_ledger_files *now)
{
    if (commit->options.asks.is_selected == NULL || ledger->gone_count > rg_ledger_gone_max)
        return false;
    for (size_t i = 0; i < now->count; i++) {
        if (rg_look_is_input(commit, now->items[i].object))
            return false;
    }
    for (size_t i = 0; i < ledger->gone_count; i++) {
        if (is_selected(commit, ledger->gone[i]))
            return false;
    }
    for (size_t i = 0; i < ledger->sources.count; i++) {
        const struct rg_ledger_file *file = &ledger->sources.items[i];

        if (file->is_named && is_selected(commit, file->name))
            return false;
    }
    return true;
}

/* A path that a record names and that is no input of this run; NULL: there is none. */
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

static const char *join_path(struct rg_arena *arena, const char *partition, const char *name)
{
    const size_t partition_bytes = strlen(partition);
    const size_t name_bytes = strlen(name) + 1;
    char *path = rg_arena_alloc(arena, partition_bytes + name_bytes);

    if (path == NULL)
        return NULL;
    memcpy(path, partition, partition_bytes);
    memcpy(path + partition_bytes, name, name_bytes);
    return path;
}

/*
 * --all from SOURCE: everything that is listed now, after the ledger was read. Rows of a file that
 * a record names and that is no input now are in outputs only, which would be retired.
 */
enum rg_status rg_look_list_mirror(const struct rg_commit *commit, struct rg_look *look,
                                   struct rg_error *err)
{
    struct rg_look_state *state = look->state;
    const struct rg_ledger *ledger = &state->ledger;
    struct rg_ledger_files now;

    RG_TRY(rg_look_list_source(commit, state->arena, &now, err));
    struct rg_look_input *free = rg_arena_array(state->arena, now.count, sizeof *free);
    if (free == NULL)
        return rg_look_no_memory(commit, err);
    const char *gone = find_gone(commit, ledger, &now);
    if (gone != NULL) {
        look->is_all_refused = true;
        if (is_out_of_selection(commit, ledger, &now))
            return RG_OK;
        const char *key = join_path(state->arena, commit->options.partition, gone);
        if (key == NULL)
            return rg_look_no_memory(commit, err);
        return rg_look_problem(
            look, RG_PROBLEM_SOURCE_GONE, key, err,
            "%s is not among the inputs of this run, and its rows are in outputs", key);
    }
    for (size_t i = 0; i < now.count; i++) {
        if (!rg_look_is_input(commit, now.items[i].object))
            continue;
        now.items[i].is_named = is_named_before(ledger, now.items[i].name);
        free[look->free_count++] = rg_look_input_of(&now.items[i]);
    }
    look->free = free;
    return RG_OK;
}
