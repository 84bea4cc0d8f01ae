/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/owner.h"

#include <stdio.h>
#include <string.h>

#include "plan/select.h"

/* As in journal/README.md. */
static const char ledger_name[] = "_regroup/_home";

/* What tells of an owner, below a folder: all are asked for at once. */
enum sign {
    SIGN_DELTA,
    SIGN_HUDI,
    SIGN_ICEBERG,
    SIGN_LEDGER,
    sign_count
};

static const char *const sign_names[sign_count] = {
    [SIGN_DELTA] = "_delta_log/",
    [SIGN_HUDI] = ".hoodie/",
    [SIGN_ICEBERG] = "metadata/",
    [SIGN_LEDGER] = ledger_name,
};

enum {
    level_count_max = 512 /* A key of 1,024 bytes has no more. */
};

/* The folders above a path, nearest first, and what is asked of each: sign_count operations. */
struct walk {
    struct rg_store *store;
    struct rg_arena *arena;
    bool is_from_top;
    size_t level_count;
    const char **prefixes;
    struct rg_store_op *ops;
};

bool rg_owner_is_known(const struct rg_owner *owner)
{
    return owner->format != NULL || owner->has_ledger;
}

/* Prefix and name together, in the arena; NULL without memory. */
static const char *key_below(struct rg_arena *arena, const char *prefix, const char *name)
{
    const size_t bytes = strlen(prefix) + strlen(name) + 1;
    char *key = rg_arena_alloc(arena, bytes);

    if (key != NULL)
        (void)snprintf(key, bytes, "%s%s", prefix, name);
    return key;
}

/* Of what is absent some stores say that it is forbidden to ask. A listing is not. */
static enum rg_status is_listed(struct rg_store *store, const char *key, const char *folder,
                                struct rg_arena *arena, bool *ret_is_listed, struct rg_error *err)
{
    struct rg_object *objects;
    size_t count;

    *ret_is_listed = false;
    const enum rg_status status = rg_store_list_names(store, folder, arena, &objects, &count, err);
    for (size_t i = 0; status == RG_OK && i < count; i++)
        *ret_is_listed = *ret_is_listed || strcmp(objects[i].key, key) == 0;
    return status == RG_ERR_ABSENT ? RG_OK : status;
}

static enum rg_status has_ledger(struct rg_store *store, const char *prefix, struct rg_arena *arena,
                                 bool *ret_has_ledger, struct rg_error *err)
{
    const char *key = key_below(arena, prefix, ledger_name);
    const char *folder = key_below(arena, prefix, "_regroup/");
    struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = key};

    if (key == NULL || folder == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    const enum rg_status status = rg_store_wait(store, &head, err);
    *ret_has_ledger = status == RG_OK;
    if (status == RG_ERR_DENIED)
        return is_listed(store, key, folder, arena, ret_has_ledger, err);
    return status == RG_ERR_ABSENT ? RG_OK : status;
}

enum rg_status rg_owner_has_ledger(struct rg_store *store, const char *prefix, bool *ret_has_ledger,
                                   struct rg_error *err)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &rg_allocator_system, (size_t)256 << 20);
    const enum rg_status status = has_ledger(store, prefix, &arena, ret_has_ledger, err);
    rg_arena_fini(&arena);
    return status;
}

/* The format of which a name below `prefix` tells, or NULL. */
static const char *table_format(const char *prefix, const struct rg_object *objects, size_t count)
{
    const char *format = NULL;

    for (size_t i = 0; i < count && format == NULL; i++)
        format = rg_select_table_format(rg_span_of(objects[i].key + strlen(prefix)));
    return format;
}

enum rg_status rg_owner_of_listing(struct rg_store *store, const char *prefix,
                                   const struct rg_object *objects, size_t count,
                                   struct rg_arena *arena, struct rg_owner *ret_owner,
                                   struct rg_error *err)
{
    struct rg_owner owner = {.format = table_format(prefix, objects, count)};

    for (size_t i = 0; i < count && owner.format == NULL; i++) {
        const char *name = objects[i].key + strlen(prefix);
        struct rg_object *below;
        size_t below_count;

        if (strcmp(name, "_regroup/") == 0)
            RG_TRY(has_ledger(store, prefix, arena, &owner.has_ledger, err));
        if (strcmp(name, sign_names[SIGN_ICEBERG]) != 0)
            continue;
        RG_TRY(rg_store_list_names(store, objects[i].key, arena, &below, &below_count, err));
        owner.format = table_format(prefix, below, below_count);
    }
    *ret_owner = owner;
    return RG_OK;
}

/*
 * Cuts the last component off and what is then at the end, its '/'. False: nothing is above, or
 * nothing that lists what is below a hidden name.
 */
static bool cut_component(char *path)
{
    char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;

    if (*name == '\0' || rg_select_is_hidden(rg_span_of(name)))
        return false;
    *(slash != NULL ? slash : path) = '\0';
    return true;
}

static enum rg_status add_level(struct walk *walk, const char *folder, struct rg_error *err)
{
    struct rg_store_op *ops = &walk->ops[walk->level_count * sign_count];
    const char *prefix = key_below(walk->arena, folder, *folder != '\0' ? "/" : "");
    bool is_whole = prefix != NULL;

    for (size_t sign = 0; is_whole && sign < sign_count; sign++) {
        ops[sign] = (struct rg_store_op){
            .verb = sign == SIGN_LEDGER ? RG_STORE_HEAD : RG_STORE_LIST,
            .key = key_below(walk->arena, prefix, sign_names[sign]),
            .arena = walk->arena,
            .names_only = true,
            .page_key_max = sign == SIGN_ICEBERG ? 0 : 1,
            .is_from_top = walk->is_from_top,
        };
        is_whole = ops[sign].key != NULL;
    }
    if (!is_whole)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    walk->prefixes[walk->level_count++] = prefix;
    return RG_OK;
}

static enum rg_status add_levels(struct walk *walk, const char *path, struct rg_error *err)
{
    char *folder = (char *)(uintptr_t)key_below(walk->arena, path, "");
    size_t level_max = 1;

    for (const char *at = path; *at != '\0' && level_max < level_count_max; at++)
        level_max += *at == '/';
    walk->prefixes = rg_arena_array(walk->arena, level_max, sizeof *walk->prefixes);
    walk->ops = rg_arena_array(walk->arena, level_max * sign_count, sizeof *walk->ops);
    if (folder == NULL || walk->prefixes == NULL || walk->ops == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the folders above %s", path);
    while (walk->level_count < level_max && cut_component(folder)) {
        if (*folder != '\0' || walk->is_from_top)
            RG_TRY(add_level(walk, folder, err));
    }
    return RG_OK;
}

/* Whether an operation found what it asked for; what cannot be looked at is not found. */
static enum rg_status is_found(const struct rg_store_op *op, bool *ret_is_found,
                               struct rg_error *err)
{
    const bool is_unclear =
        op->status == RG_ERR_NOMEM || op->status == RG_ERR_AGAIN || op->status == RG_ERR_CANCELLED;

    *ret_is_found = op->status == RG_OK && (op->verb == RG_STORE_HEAD || op->object_count > 0);
    if (is_unclear)
        *err = op->err;
    return is_unclear ? op->status : RG_OK;
}

/* A folder of that name is common; Iceberg's has its metadata in it, before most other names. */
static enum rg_status find_iceberg(const struct walk *walk, const char *prefix,
                                   struct rg_store_op *op, const char **ret_format,
                                   struct rg_error *err)
{
    bool has_objects;

    for (;;) {
        RG_TRY(is_found(op, &has_objects, err));
        if (!has_objects)
            return RG_OK;
        *ret_format = table_format(prefix, op->objects, op->object_count);
        op->page_token = op->next_page_token;
        if (*ret_format != NULL || op->page_token == NULL)
            return RG_OK;
        rg_store_wait_all(walk->store, op, 1);
    }
}

static enum rg_status judge_level(const struct walk *walk, size_t level, struct rg_owner *ret_owner,
                                  struct rg_error *err)
{
    struct rg_store_op *ops = &walk->ops[level * sign_count];
    struct rg_owner owner = {.format = NULL};
    bool is_delta;
    bool is_hudi;

    RG_TRY(is_found(&ops[SIGN_DELTA], &is_delta, err));
    RG_TRY(is_found(&ops[SIGN_HUDI], &is_hudi, err));
    RG_TRY(is_found(&ops[SIGN_LEDGER], &owner.has_ledger, err));
    if (is_delta || is_hudi)
        owner.format =
            rg_select_table_format(rg_span_of(sign_names[is_delta ? SIGN_DELTA : SIGN_HUDI]));
    else
        RG_TRY(find_iceberg(walk, walk->prefixes[level], &ops[SIGN_ICEBERG], &owner.format, err));
    *ret_owner = owner;
    return RG_OK;
}

enum rg_status rg_owner_above(struct rg_store *store, const char *path, bool is_from_top,
                              struct rg_arena *arena, const char **ret_folder,
                              struct rg_owner *ret_owner, struct rg_error *err)
{
    struct walk walk = {.store = store, .arena = arena, .is_from_top = is_from_top};

    *ret_folder = NULL;
    RG_TRY(add_levels(&walk, path, err));
    rg_store_wait_all(store, walk.ops, walk.level_count * sign_count);
    for (size_t level = 0; level < walk.level_count && *ret_folder == NULL; level++) {
        RG_TRY(judge_level(&walk, level, ret_owner, err));
        if (rg_owner_is_known(ret_owner))
            *ret_folder = walk.prefixes[level];
    }
    return RG_OK;
}
