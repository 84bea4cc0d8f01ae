/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/gc.h"

#include <string.h>

#include "base/failpoint.h"
#include "journal/array.h"
#include "journal/look_impl.h"
#include "journal/minted.h"

/* As in step 3 of a run, but with the age that the caller asks for, and of all intents. */
static bool may_void(const struct rg_look *look, uint64_t older_than_ns)
{
    const struct rg_look_state *state = look->state;

    if ((look->pending_count == 0 && look->intent_count == 0) || look->is_ledger_lost)
        return false;
    for (size_t i = 0; i < state->intent_count; i++) {
        const struct rg_look_intent *intent = &state->intents[i];
        const bool is_old = rg_look_is_older(state, intent->modified_ns, older_than_ns);

        if (intent->number == look->next_number && !is_old)
            return false;
    }
    return true;
}

/*
 * Where uploads carry no mark of ours, their keys tell: outputs are the only uploads that we make,
 * and C in their names proves that they are of this home and partition.
 */
static bool is_ours(const struct rg_commit *commit, const char *prefix,
                    const struct rg_object *upload)
{
    const struct rg_home *home = commit->options.home;
    struct rg_minted minted;

    if (home->caps.is_local)
        return true;
    return rg_minted_parse(upload->key + strlen(prefix), &minted) &&
           rg_minted_is_of(&minted, &home->id, commit->options.partition);
}

/* Of some uploads a store does not tell when they were begun (SeaweedFS): they may be a run's. */
static bool is_old(uint64_t now_ns, uint64_t then_ns, uint64_t older_than_ns)
{
    if (then_ns == 0)
        return older_than_ns == 0;
    return now_ns >= then_ns && now_ns - then_ns >= older_than_ns;
}

static enum rg_status forget_uploads(const struct rg_commit *commit, const char *prefix,
                                     uint64_t now_ns, uint64_t older_than_ns,
                                     struct rg_arena *arena, struct rg_gc_result *result,
                                     struct rg_error *err)
{
    struct rg_store *store = commit->options.home->store;
    struct rg_store_op list = {.verb = RG_STORE_LIST_UPLOADS, .key = prefix, .arena = arena};

    RG_TRY(rg_store_wait(store, &list, err));
    for (size_t i = 0; i < list.object_count; i++) {
        const struct rg_object *upload = &list.objects[i];
        struct rg_store_op forget = {
            .verb = RG_STORE_ABORT_STALE, .key = upload->key, .upload_id = upload->id.tag};

        if (!is_ours(commit, prefix, upload))
            continue;
        if (!is_old(now_ns, upload->id.modified_ns, older_than_ns))
            continue;
        RG_FAILPOINT("journal.before_forget_upload");
        RG_TRY(rg_store_wait(store, &forget, err));
        RG_FAILPOINT("journal.after_forget_upload");
        result->upload_count++;
    }
    return RG_OK;
}

static enum rg_status look_and_sweep(struct rg_commit *commit, struct rg_arena *arena,
                                     struct rg_look *look, struct rg_gc_result *result,
                                     struct rg_error *err)
{
    RG_TRY(rg_commit_look(commit, arena, look, err));
    RG_TRY(rg_commit_sweep(commit, look, err));
    result->dead_count += look->state->deletion_count;
    return RG_OK;
}

enum rg_status rg_gc(struct rg_commit *commit, uint64_t older_than_ns, struct rg_arena *arena,
                     struct rg_look *ret_look, struct rg_gc_result *ret_result,
                     struct rg_error *err)
{
    const char *partition = commit->options.partition;
    struct rg_gc_result result = {.dead_count = 0};
    struct rg_look look;

    RG_TRY(look_and_sweep(commit, arena, &look, &result, err));
    bool is_unprotected = true;
    if (may_void(&look, older_than_ns))
        RG_TRY(rg_home_settle(commit->options.home, &is_unprotected, err));
    if (!is_unprotected) {
        RG_TRY(rg_commit_void(commit, look.next_number, err));
        result.has_voided = true;
        RG_TRY(look_and_sweep(commit, arena, &look, &result, err));
    }
    const char *ledger = rg_ledger_key(partition, "", arena);
    if (ledger == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to clear the home");
    const uint64_t now_ns = look.state->now_ns;
    RG_TRY(forget_uploads(commit, partition, now_ns, older_than_ns, arena, &result, err));
    RG_TRY(forget_uploads(commit, ledger, now_ns, older_than_ns, arena, &result, err));
    *ret_look = look;
    *ret_result = result;
    return RG_OK;
}

static bool is_old_probe(const struct rg_home *home, const struct rg_object *object,
                         uint64_t older_than_ns)
{
    static const char probe_prefix[] = "_regroup/_probe-";

    return !object->is_prefix && strncmp(object->key, probe_prefix, sizeof probe_prefix - 1) == 0 &&
           is_old(rg_store_now_ns(home->store), object->id.modified_ns, older_than_ns);
}

enum rg_status rg_gc_probes(const struct rg_home *home, uint64_t older_than_ns,
                            struct rg_arena *arena, size_t *ret_upload_count, struct rg_error *err)
{
    struct rg_store_op list = {.verb = RG_STORE_LIST_UPLOADS, .key = "_regroup/", .arena = arena};
    struct rg_object *objects;
    size_t object_count;

    *ret_upload_count = 0;
    if (home->caps.is_local)
        return RG_OK;
    RG_TRY(rg_store_wait(home->store, &list, err));
    for (size_t i = 0; i < list.object_count; i++) {
        struct rg_store_op forget = {.verb = RG_STORE_ABORT_STALE,
                                     .key = list.objects[i].key,
                                     .upload_id = list.objects[i].id.tag};

        if (!is_old_probe(home, &list.objects[i], older_than_ns))
            continue;
        RG_TRY(rg_store_wait(home->store, &forget, err));
        ++*ret_upload_count;
    }
    RG_TRY(rg_store_list_all(home->store, "_regroup/", arena, &objects, &object_count, err));
    for (size_t i = 0; i < object_count; i++) {
        struct rg_store_op forget = {.verb = RG_STORE_DELETE, .key = objects[i].key};

        if (is_old_probe(home, &objects[i], older_than_ns))
            RG_TRY(rg_store_wait(home->store, &forget, err));
    }
    return RG_OK;
}
