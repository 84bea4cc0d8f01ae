/* SPDX-License-Identifier: Apache-2.0 */

#include "api/walk.h"

#include <string.h>

#include "base/allocator.h"
#include "compact/choose.h"
#include "plan/select.h"

/* Prefixes that wait, and one level of a listing. */
static const size_t walk_bytes_max = (size_t)1 << 30;
static const size_t level_bytes_max = (size_t)4 << 30;

struct walker {
    const struct rg_walk *walk;
    size_t ledger_next;   /* Ledgers before it were visited. */
    const char **pending; /* Prefixes that are still to be listed, the next one on top. */
    size_t pending_count;
    size_t pending_room;
    struct rg_arena prefixes;
    struct rg_arena level;
    struct rg_error *err;
};

bool rg_walk_is_data(struct rg_store *store, const struct rg_options *select,
                     const struct rg_object *object)
{
    const enum rg_select by_name = rg_select_file(select, rg_span_of(object->key));

    return by_name == RG_SELECT_YES ||
           (by_name == RG_SELECT_MAGIC && rg_choose_may_be_data(store, object));
}

/* Visits what only the ledger knows and comes before `prefix`; NULL: all the rest. */
static enum rg_status visit_ledgers(struct walker *w, const char *prefix)
{
    const struct rg_walk *walk = w->walk;

    while (w->ledger_next < walk->ledger_count) {
        const char *ledger = walk->ledgers[w->ledger_next];

        if (prefix != NULL && strcmp(ledger, prefix) >= 0)
            break;
        w->ledger_next++;
        RG_TRY(walk->visit(walk->user, ledger, w->err));
    }
    return RG_OK;
}

static enum rg_status push(struct walker *w, const char *prefix)
{
    if (w->pending_count == w->pending_room) {
        const size_t room = w->pending_room == 0 ? 64 : w->pending_room * 2;
        const char **pending = rg_arena_array(&w->prefixes, room, sizeof *pending);

        if (pending == NULL)
            return rg_fail(w->err, RG_ERR_NOMEM, "no memory for the partitions of a place");
        if (w->pending_count > 0)
            memcpy(pending, w->pending, w->pending_count * sizeof *pending);
        w->pending = pending;
        w->pending_room = room;
    }
    const char *copy = (const char *)rg_arena_copy(&w->prefixes, rg_span_of(prefix)).data;
    if (copy == NULL)
        return rg_fail(w->err, RG_ERR_NOMEM, "no memory for the partitions of a place");
    w->pending[w->pending_count++] = copy;
    return RG_OK;
}

/* Lists one level; prefixes below it wait, the first one on top. */
static enum rg_status expand(struct walker *w, const char *prefix, bool *ret_has_files)
{
    struct rg_object *objects;
    size_t count;

    rg_arena_reset(&w->level);
    *ret_has_files = false;
    RG_TRY(rg_store_list_all(w->walk->store, prefix, &w->level, &objects, &count, w->err));
    for (size_t i = count; i > 0; i--) {
        const struct rg_object *object = &objects[i - 1];

        if (!object->is_prefix)
            *ret_has_files = true;
        else if (rg_select_prefix(w->walk->select, rg_span_of(object->key)))
            RG_TRY(push(w, object->key));
    }
    return RG_OK;
}

static enum rg_status walk_tree(struct walker *w)
{
    const struct rg_walk *walk = w->walk;

    if (walk->only_file != NULL)
        return walk->visit(walk->user, "", w->err);
    RG_TRY(push(w, ""));
    while (w->pending_count > 0) {
        const char *prefix = w->pending[--w->pending_count];
        bool has_files = false;

        const enum rg_status status = expand(w, prefix, &has_files);
        const bool is_lost = status != RG_OK && *prefix != '\0';
        if (is_lost)
            RG_TRY(walk->lost(walk->user, prefix, w->err));
        else
            RG_TRY(status);
        RG_TRY(visit_ledgers(w, prefix));
        const bool has_ledger = w->ledger_next < walk->ledger_count &&
                                strcmp(walk->ledgers[w->ledger_next], prefix) == 0;
        w->ledger_next += has_ledger;
        if ((has_files || has_ledger) && !is_lost)
            RG_TRY(walk->visit(walk->user, prefix, w->err));
    }
    return visit_ledgers(w, NULL);
}

enum rg_status rg_walk_partitions(const struct rg_walk *walk, struct rg_error *err)
{
    struct walker w = {.walk = walk, .err = err};

    rg_arena_init(&w.prefixes, &rg_allocator_system, walk_bytes_max);
    rg_arena_init(&w.level, &rg_allocator_system, level_bytes_max);
    const enum rg_status status = walk_tree(&w);
    rg_arena_fini(&w.prefixes);
    rg_arena_fini(&w.level);
    return status;
}
