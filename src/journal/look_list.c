/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/look_list.h"

#include <stdlib.h>

#include "journal/array.h"

static int compare_files(const void *a, const void *b)
{
    const struct rg_ledger_file *left = a;
    const struct rg_ledger_file *right = b;

    return strcmp(left->name, right->name);
}

static void begin_scratch(struct rg_arena *scratch, const struct rg_arena *arena)
{
    rg_arena_init(scratch, arena->allocator, arena->bytes_max - arena->bytes);
}

/* Copies objects that are no prefixes. */
static enum rg_status copy_files(const struct rg_commit *commit, struct rg_arena *arena,
                                 const struct rg_object *objects, size_t count,
                                 struct rg_object *files, struct rg_error *err)
{
    size_t end = 0;

    for (size_t i = 0; i < count; i++) {
        if (objects[i].is_prefix)
            continue;
        struct rg_object *file = &files[end++];
        *file = objects[i];
        file->key = rg_arena_text(arena, objects[i].key);
        file->id.tag = rg_arena_text(arena, objects[i].id.tag);
        if (file->key == NULL || file->id.tag == NULL)
            return rg_look_no_memory(commit, err);
    }
    return RG_OK;
}

/*
 * Of a listing in `scratch`: what is no prefix, in `arena`. A folder of partitions has thousands of
 * prefixes and few files; where it is not so, the listing stays as it is, prefixes and all.
 */
static enum rg_status keep_files(const struct rg_commit *commit, struct rg_arena *scratch,
                                 struct rg_arena *arena, struct rg_object **objects, size_t *count,
                                 struct rg_error *err)
{
    size_t file_count = 0;

    for (size_t i = 0; i < *count; i++)
        file_count += !(*objects)[i].is_prefix;
    if (file_count >= *count / 2) {
        rg_arena_join(arena, scratch);
        return RG_OK;
    }
    struct rg_object *files = rg_arena_array(arena, file_count, sizeof *files);
    if (files == NULL)
        return rg_look_no_memory(commit, err);
    RG_TRY(copy_files(commit, arena, *objects, *count, files, err));
    *objects = files;
    *count = file_count;
    return RG_OK;
}

/* Objects become files: those that are no prefixes; names are what follows the last '/'. */
static enum rg_status make_files(const struct rg_commit *commit, struct rg_arena *arena,
                                 const struct rg_object *objects, size_t count,
                                 struct rg_ledger_files *ret_files, struct rg_error *err)
{
    const struct rg_commit_options *options = &commit->options;
    size_t file_count = 0;
    size_t end = 0;

    for (size_t i = 0; i < count; i++)
        file_count += !objects[i].is_prefix;
    struct rg_ledger_file *items = rg_arena_array(arena, file_count, sizeof *items);
    if (items == NULL)
        return rg_look_no_memory(commit, err);
    for (size_t i = 0; i < count; i++) {
        struct rg_ledger_file file = {.object = &objects[i]};
        struct rg_minted minted;

        if (objects[i].is_prefix)
            continue;
        const char *slash = strrchr(objects[i].key, '/');
        file.name = slash == NULL ? objects[i].key : slash + 1;
        if (rg_minted_parse(file.name, &minted) &&
            rg_minted_is_of(&minted, &options->home->id, options->partition))
            file.number = minted.number;
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
    struct rg_arena scratch;
    struct rg_object *objects;
    size_t count;

    begin_scratch(&scratch, arena);
    enum rg_status status = rg_store_list_all(
        commit->options.home->store, commit->options.partition, &scratch, &objects, &count, err);
    if (status == RG_OK)
        status = keep_files(commit, &scratch, arena, &objects, &count, err);
    rg_arena_fini(&scratch);
    RG_TRY(status);
    return make_files(commit, arena, objects, count, ret_files, err);
}

/* Each run that deletes has a directory in the trash. */
enum rg_status rg_look_list_trash(const struct rg_commit *commit, struct rg_look_state *state,
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
        return rg_look_no_memory(commit, err);
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
                return rg_look_no_memory(commit, err);
            all[all_count++] = objects[k];
        }
    }
    return make_files(commit, state->arena, all, all_count, &state->ledger.trash, err);
}

static enum rg_status list_source(const struct rg_commit *commit, struct rg_arena *arena,
                                  struct rg_object **ret_objects, size_t *ret_count,
                                  struct rg_error *err)
{
    const struct rg_commit_options *options = &commit->options;

    if (options->asks.list_source != NULL)
        return options->asks.list_source(options->asks.user, arena, ret_objects, ret_count, err);
    return rg_store_list_all(options->source, options->partition, arena, ret_objects, ret_count,
                             err);
}

enum rg_status rg_look_list_source(const struct rg_commit *commit, struct rg_arena *arena,
                                   struct rg_ledger_files *ret_files, struct rg_error *err)
{
    struct rg_arena scratch;
    struct rg_object *objects;
    size_t count;

    begin_scratch(&scratch, arena);
    enum rg_status status = list_source(commit, &scratch, &objects, &count, err);
    if (status == RG_OK)
        status = keep_files(commit, &scratch, arena, &objects, &count, err);
    rg_arena_fini(&scratch);
    RG_TRY(status);
    for (size_t i = 0; i < count && !commit->options.home->compares_input_tags; i++)
        objects[i].id.tag = "";
    return make_files(commit, arena, objects, count, ret_files, err);
}

static int compare_numbers_down(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;

    return *left < *right ? 1 : *left > *right ? -1 : 0;
}

/* Whether reading may begin at a snapshot that was made then. */
static bool may_start_from(const struct rg_commit *commit, const struct rg_look_state *state,
                           uint64_t modified_ns)
{
    return commit->options.grace_ns == 0 ||
           rg_look_is_older(state, modified_ns, commit->options.grace_ns);
}

static enum rg_status add_intent(const struct rg_commit *commit, struct rg_look_state *state,
                                 const struct rg_object *object, const struct rg_ledger_name *name,
                                 struct rg_error *err)
{
    state->intents = rg_array_room(state->arena, state->intents, state->intent_count,
                                   &state->intent_capacity, sizeof *state->intents);
    const char *key = rg_arena_text(state->arena, object->key);
    if (state->intents == NULL || key == NULL)
        return rg_look_no_memory(commit, err);
    state->intents[state->intent_count++] = (struct rg_look_intent){
        .key = key,
        .number = name->number,
        .hash = name->hash,
        .modified_ns = object->id.modified_ns,
        .is_of_this_run = name->token == commit->options.home->token,
    };
    return RG_OK;
}

static enum rg_status add_old_snapshot(const struct rg_commit *commit, struct rg_look_state *state,
                                       const char *key, struct rg_error *err)
{
    state->old_snapshots =
        rg_array_room(state->arena, state->old_snapshots, state->old_snapshot_count,
                      &state->old_snapshot_capacity, sizeof *state->old_snapshots);
    const char *copy = rg_arena_text(state->arena, key);
    if (state->old_snapshots == NULL || copy == NULL)
        return rg_look_no_memory(commit, err);
    state->old_snapshots[state->old_snapshot_count++] = copy;
    return RG_OK;
}

static enum rg_status list_ledger(const struct rg_commit *commit, const char *prefix,
                                  struct rg_arena *scratch, struct rg_object **ret_objects,
                                  size_t *ret_count, struct rg_error *err)
{
    return rg_store_list_all(commit->options.home->store, prefix, scratch, ret_objects, ret_count,
                             err);
}

enum rg_status rg_look_has_makers(const struct rg_commit *commit, struct rg_arena *arena,
                                  uint32_t number, uint64_t hash, bool *ret_has_makers,
                                  struct rg_error *err)
{
    const char *prefix = rg_ledger_key(commit->options.partition, "", arena);
    struct rg_arena scratch;
    struct rg_object *objects;
    size_t count = 0;

    if (prefix == NULL)
        return rg_look_no_memory(commit, err);
    begin_scratch(&scratch, arena);
    const enum rg_status status = list_ledger(commit, prefix, &scratch, &objects, &count, err);
    for (size_t i = 0; i < count && status == RG_OK; i++) {
        const struct rg_ledger_name name = rg_ledger_name_parse(objects[i].key + strlen(prefix));
        const bool tells =
            name.kind == RG_LEDGER_RECORD || (name.kind == RG_LEDGER_INTENT && name.hash == hash);

        *ret_has_makers = *ret_has_makers || (tells && name.number == number);
    }
    rg_arena_fini(&scratch);
    return status;
}

/* What lies below `prefix_bytes` of these keys; numbers of snapshots are in no order. */
static enum rg_status sort_ledger(const struct rg_commit *commit, struct rg_look_state *state,
                                  const struct rg_object *objects, size_t count,
                                  size_t prefix_bytes, uint32_t **ret_snapshots, size_t *ret_count,
                                  struct rg_error *err)
{
    size_t snapshot_count = 0;
    uint32_t start = 0; /* The newest snapshot that reading may begin at. */
    size_t end = 0;

    for (size_t i = 0; i < count; i++)
        snapshot_count +=
            rg_ledger_name_parse(objects[i].key + prefix_bytes).kind == RG_LEDGER_SNAPSHOT;
    uint32_t *snapshots = rg_arena_array(state->arena, snapshot_count, sizeof *snapshots);
    if (snapshots == NULL)
        return rg_look_no_memory(commit, err);
    for (size_t i = 0; i < count; i++) {
        const char *text = objects[i].key + prefix_bytes;
        const struct rg_ledger_name name = rg_ledger_name_parse(text);

        state->has_trash = state->has_trash || strcmp(text, "_trash/") == 0;
        if (objects[i].is_prefix)
            continue;
        if (name.kind == RG_LEDGER_INTENT)
            RG_TRY(add_intent(commit, state, &objects[i], &name, err));
        if (name.kind != RG_LEDGER_SNAPSHOT)
            continue;
        state->snapshot_newest = name.number;
        if (may_start_from(commit, state, objects[i].id.modified_ns)) {
            snapshots[end++] = name.number;
            start = name.number;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct rg_ledger_name name = rg_ledger_name_parse(objects[i].key + prefix_bytes);

        if (!objects[i].is_prefix && name.kind == RG_LEDGER_SNAPSHOT && name.number < start)
            RG_TRY(add_old_snapshot(commit, state, objects[i].key, err));
    }
    *ret_snapshots = snapshots;
    *ret_count = end;
    return RG_OK;
}

enum rg_status rg_look_list_ledger(const struct rg_commit *commit, struct rg_look_state *state,
                                   uint32_t **ret_snapshots, size_t *ret_count,
                                   struct rg_error *err)
{
    const char *prefix = rg_ledger_key(commit->options.partition, "", state->arena);
    struct rg_arena scratch;
    struct rg_object *objects;
    size_t count;

    if (prefix == NULL)
        return rg_look_no_memory(commit, err);
    begin_scratch(&scratch, state->arena);
    enum rg_status status = list_ledger(commit, prefix, &scratch, &objects, &count, err);
    if (status == RG_OK)
        status = sort_ledger(commit, state, objects, count, strlen(prefix), ret_snapshots,
                             ret_count, err);
    rg_arena_fini(&scratch);
    if (status == RG_OK && *ret_count > 1)
        qsort(*ret_snapshots, *ret_count, sizeof **ret_snapshots, compare_numbers_down);
    return status;
}
