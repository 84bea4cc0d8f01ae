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

/* Of those that lie in a folder of their own below a table. */
static const struct {
    const char *name;
    const char *format;
} log_folders[] = {
    {"_delta_log", "Delta Lake"},
    {"_change_data", "Delta Lake"},
    {".hoodie", "Hudi"},
};

enum {
    level_count_max = 512, /* A key of 1,024 bytes has no more. */
    page_count_max = 100   /* Of a folder called metadata: 100,000 names. */
};

/* The folders of a path, deepest first, and what is asked of each: sign_count operations. */
struct walk {
    struct rg_store *store;
    struct rg_arena *arena;
    bool is_from_top;
    size_t level_count;
    struct rg_owner *owners;
    struct rg_store_op *ops;
};

bool rg_owner_is_known(const struct rg_owner *owner)
{
    return owner->format != NULL || owner->has_ledger;
}

const char *rg_owner_of_log(const char *path)
{
    for (size_t bytes; *path != '\0'; path += bytes + (path[bytes] == '/')) {
        const struct rg_span name = {(const uint8_t *)path, strcspn(path, "/")};

        bytes = name.bytes;
        for (size_t i = 0; i < sizeof log_folders / sizeof log_folders[0]; i++) {
            if (rg_span_equal(name, rg_span_of(log_folders[i].name)))
                return log_folders[i].format;
        }
    }
    return NULL;
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

/*
 * Reads on, from the page that a LIST brought, until one has a name that `tells`, or to the end.
 * Pages after the first are not kept. *ret_told: what it told of, or NULL.
 */
static enum rg_status read_pages(struct rg_store *store, const struct rg_store_op *first,
                                 const char *(*tells)(const char *prefix,
                                                      const struct rg_object *object),
                                 const char **ret_told, struct rg_error *err)
{
    struct rg_arena pages[2];
    struct rg_store_op op = *first;

    *ret_told = NULL;
    for (int i = 0; i < 2; i++)
        rg_arena_init(&pages[i], &rg_allocator_system, (size_t)64 << 20);
    for (uint32_t number = 1; op.status == RG_OK && *ret_told == NULL; number++) {
        for (size_t i = 0; i < op.object_count && *ret_told == NULL; i++)
            *ret_told = tells(op.key, &op.objects[i]);
        op.page_token = op.next_page_token;
        if (*ret_told != NULL || op.page_token == NULL || number == page_count_max)
            break;
        op.page_key_max = 0;
        op.arena = &pages[number % 2]; /* The token of this page lies in the other one. */
        rg_arena_reset(op.arena);
        rg_store_wait_all(store, &op, 1);
    }
    for (int i = 0; i < 2; i++)
        rg_arena_fini(&pages[i]);
    if (op.status != RG_OK)
        *err = op.err;
    return op.status;
}

/* What cannot be looked at is not there; but these say nothing of it. */
static bool is_unclear(enum rg_status status)
{
    return status == RG_ERR_NOMEM || status == RG_ERR_AGAIN || status == RG_ERR_CANCELLED;
}

static const char *any_name(const char *prefix, const struct rg_object *object)
{
    (void)prefix;
    (void)object;
    return "";
}

static const char *name_of_home(const char *prefix, const struct rg_object *object)
{
    return strcmp(object->key + strlen(prefix), "_home") == 0 ? "" : NULL;
}

static const char *name_of_iceberg(const char *prefix, const struct rg_object *object)
{
    const size_t folder_bytes = strlen(sign_names[SIGN_ICEBERG]);

    return rg_select_table_format(rg_span_of(object->key + strlen(prefix) - folder_bytes));
}

/*
 * Whether a folder of a table's own is there, by the LIST of it. A folder on a local disk is there
 * if it may not be looked into.
 */
static enum rg_status has_folder(struct rg_store *store, const struct rg_store_op *list,
                                 bool *ret_has, struct rg_error *err)
{
    struct rg_store_caps caps;
    const char *told;

    enum rg_status status = read_pages(store, list, any_name, &told, err);
    *ret_has = status == RG_OK && told != NULL;
    if (status == RG_ERR_DENIED) {
        RG_TRY(rg_store_probe(store, false, &caps, err));
        *ret_has = caps.is_local;
    }
    return is_unclear(status) ? status : RG_OK;
}

/*
 * Iceberg's metadata, by the LIST of their folder. Names begin with the numbers of versions, before
 * most others; where those are v1, v2, a hint tells of them.
 */
static enum rg_status find_iceberg(struct rg_store *store, const struct rg_store_op *list,
                                   struct rg_arena *arena, const char **ret_format,
                                   struct rg_error *err)
{
    struct rg_store_op hint = {.verb = RG_STORE_HEAD, .is_from_top = list->is_from_top};
    const char *format;

    enum rg_status status = read_pages(store, list, name_of_iceberg, &format, err);
    if (status == RG_OK && format == NULL && list->next_page_token != NULL) {
        hint.key = key_below(arena, list->key, "version-hint.text");
        if (hint.key == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
        status = rg_store_wait(store, &hint, err);
        format = status == RG_OK ? "Iceberg" : NULL;
    }
    if (status == RG_OK && format != NULL)
        *ret_format = format;
    return is_unclear(status) ? status : RG_OK;
}

/*
 * Whether a ledger is there, by the HEAD of its home. Of what is absent some stores say that it is
 * forbidden to ask. A listing is not; where it is, on a local disk, the ledger is there.
 */
static enum rg_status has_home(struct rg_store *store, const struct rg_store_op *head,
                               const char *prefix, struct rg_arena *arena, bool *ret_has,
                               struct rg_error *err)
{
    struct rg_store_caps caps;
    struct rg_store_op list = {
        .verb = RG_STORE_LIST,
        .key = key_below(arena, prefix, "_regroup/"),
        .arena = arena,
        .names_only = true,
        .is_from_top = head->is_from_top,
    };
    const char *told;

    *ret_has = head->status == RG_OK;
    if (is_unclear(head->status))
        *err = head->err;
    if (head->status != RG_ERR_DENIED)
        return is_unclear(head->status) ? head->status : RG_OK;
    RG_TRY(rg_store_probe(store, false, &caps, err));
    *ret_has = caps.is_local;
    if (caps.is_local)
        return RG_OK;
    if (list.key == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    rg_store_wait_all(store, &list, 1);
    const enum rg_status status = read_pages(store, &list, name_of_home, &told, err);
    *ret_has = status == RG_OK && told != NULL;
    return is_unclear(status) ? status : RG_OK;
}

enum rg_status rg_owner_has_ledger(struct rg_store *store, const char *prefix, bool *ret_has_ledger,
                                   struct rg_error *err)
{
    struct rg_store_op head = {.verb = RG_STORE_HEAD};
    struct rg_arena arena;

    rg_arena_init(&arena, &rg_allocator_system, (size_t)256 << 20);
    head.key = key_below(&arena, prefix, ledger_name);
    enum rg_status status = RG_ERR_NOMEM;
    if (head.key == NULL)
        (void)rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    else
        status = rg_store_wait(store, &head, err);
    if (status == RG_OK || status == RG_ERR_ABSENT || status == RG_ERR_DENIED)
        status = has_home(store, &head, prefix, &arena, ret_has_ledger, err);
    rg_arena_fini(&arena);
    return status;
}

static const char *name_of_more(const char *prefix, const struct rg_object *object)
{
    static const char probe[] = "_probe-"; /* As the stores call them. */
    const char *name = object->key + strlen(prefix);

    if (strcmp(name, "_home") == 0 || strncmp(name, probe, sizeof probe - 1) == 0)
        return NULL;
    return "";
}

enum rg_status rg_owner_is_blank(struct rg_store *store, const char *prefix, bool is_from_top,
                                 bool *ret_is_blank, struct rg_error *err)
{
    struct rg_arena arena;
    struct rg_store_op list = {
        .verb = RG_STORE_LIST, .arena = &arena, .names_only = true, .is_from_top = is_from_top};
    enum rg_status status = RG_ERR_NOMEM;
    const char *told = NULL;

    rg_arena_init(&arena, &rg_allocator_system, (size_t)256 << 20);
    list.key = key_below(&arena, prefix, "_regroup/");
    if (list.key == NULL) {
        (void)rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    } else {
        rg_store_wait_all(store, &list, 1);
        status = read_pages(store, &list, name_of_more, &told, err);
    }
    rg_arena_fini(&arena);
    *ret_is_blank = status == RG_OK && told == NULL;
    return is_unclear(status) ? status : RG_OK;
}

enum rg_status rg_owner_of_listing(struct rg_store *store, const char *prefix,
                                   const struct rg_object *objects, size_t count,
                                   struct rg_arena *arena, struct rg_owner *ret_owner,
                                   struct rg_error *err)
{
    struct rg_owner owner = {.prefix = prefix};

    for (size_t i = 0; i < count && owner.format == NULL; i++) {
        const char *name = objects[i].key + strlen(prefix);

        owner.format = rg_select_table_format(rg_span_of(name));
        if (strcmp(name, "_regroup/") == 0) {
            struct rg_store_op head = {.verb = RG_STORE_HEAD,
                                       .key = key_below(arena, prefix, ledger_name)};
            if (head.key == NULL)
                return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
            rg_store_wait_all(store, &head, 1);
            RG_TRY(has_home(store, &head, prefix, arena, &owner.has_ledger, err));
        } else if (strcmp(name, sign_names[SIGN_ICEBERG]) == 0) {
            struct rg_store_op list = {
                .verb = RG_STORE_LIST, .key = objects[i].key, .arena = arena, .names_only = true};
            rg_store_wait_all(store, &list, 1);
            RG_TRY(find_iceberg(store, &list, arena, &owner.format, err));
        }
    }
    *ret_owner = owner;
    return RG_OK;
}

/*
 * Cuts the last component off with the '/' before it. False: nothing is above, or nothing that
 * lists what is below a hidden name.
 */
static bool cut_component(char *path)
{
    char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;

    if (*path == '\0' || rg_select_is_hidden(rg_span_of(name)))
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
            /* The first may be a marker of the folder, which is no object. */
            .page_key_max = sign == SIGN_ICEBERG ? 0 : 2,
            .is_from_top = walk->is_from_top,
        };
        is_whole = ops[sign].key != NULL;
    }
    if (!is_whole)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    walk->owners[walk->level_count++] = (struct rg_owner){.prefix = prefix};
    return RG_OK;
}

static enum rg_status add_levels(struct walk *walk, const char *path, struct rg_error *err)
{
    char *folder = (char *)(uintptr_t)key_below(walk->arena, path, "");
    size_t level_max = 2;

    for (const char *at = path; *at != '\0' && level_max < level_count_max; at++)
        level_max += *at == '/';
    walk->owners = rg_arena_array(walk->arena, level_max, sizeof *walk->owners);
    walk->ops = rg_arena_array(walk->arena, level_max * sign_count, sizeof *walk->ops);
    if (folder == NULL || walk->owners == NULL || walk->ops == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the folders above %s", path);
    do {
        if (*folder != '\0' || walk->is_from_top)
            RG_TRY(add_level(walk, folder, err));
    } while (walk->level_count < level_max && cut_component(folder));
    return RG_OK;
}

static enum rg_status judge_level(const struct walk *walk, size_t level, struct rg_error *err)
{
    const struct rg_store_op *ops = &walk->ops[level * sign_count];
    struct rg_owner *owner = &walk->owners[level];
    bool is_delta;
    bool is_hudi;

    RG_TRY(has_folder(walk->store, &ops[SIGN_DELTA], &is_delta, err));
    RG_TRY(has_folder(walk->store, &ops[SIGN_HUDI], &is_hudi, err));
    if (is_delta || is_hudi)
        owner->format =
            rg_select_table_format(rg_span_of(sign_names[is_delta ? SIGN_DELTA : SIGN_HUDI]));
    else
        RG_TRY(find_iceberg(walk->store, &ops[SIGN_ICEBERG], walk->arena, &owner->format, err));
    RG_TRY(has_home(walk->store, &ops[SIGN_LEDGER], owner->prefix, walk->arena, &owner->has_ledger,
                    err));
    owner->ledger_ns = ops[SIGN_LEDGER].status == RG_OK ? ops[SIGN_LEDGER].id.modified_ns : 0;
    return RG_OK;
}

enum rg_status rg_owner_walk(struct rg_store *store, const char *path, bool is_from_top,
                             struct rg_arena *arena, struct rg_owner **ret_owners,
                             size_t *ret_count, struct rg_error *err)
{
    struct walk walk = {.store = store, .arena = arena, .is_from_top = is_from_top};

    RG_TRY(add_levels(&walk, path, err));
    rg_store_wait_all(store, walk.ops, walk.level_count * sign_count);
    for (size_t level = 0; level < walk.level_count; level++)
        RG_TRY(judge_level(&walk, level, err));
    *ret_owners = walk.owners;
    *ret_count = walk.level_count;
    return RG_OK;
}
