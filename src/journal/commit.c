/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/commit.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/failpoint.h"
#include "base/hash.h"
#include "journal/array.h"
#include "journal/look_list.h"
#include "journal/look_outputs.h"

/* Records and intents are built in memory: about 100 bytes for each input. */
static const size_t document_bytes_max = (size_t)1 << 30;

void rg_commit_init(struct rg_commit *commit, const struct rg_commit_options *options,
                    const struct rg_allocator *allocator)
{
    *commit = (struct rg_commit){
        .options = *options,
        .allocator = allocator,
        .is_all_left = options->takes_all,
    };
    if (commit->options.options == NULL)
        commit->options.options = "";
}

void rg_commit_fini(struct rg_commit *commit)
{
    *commit = (struct rg_commit){.is_all_left = false};
}

static bool is_own(const struct rg_look *look, const struct rg_look_intent *intent)
{
    return intent->number == look->next_number && intent->is_of_this_run;
}

/* Everything that is left of `number`'s makers is old or cannot be finished, or ours: given up. */
static bool are_makers_dead(const struct rg_look *look, uint64_t age_ns)
{
    const struct rg_look_state *state = look->state;

    for (size_t i = 0; i < state->intent_count; i++) {
        const struct rg_look_intent *intent = &state->intents[i];
        const bool is_old = rg_look_is_older(state, intent->modified_ns, age_ns);

        if (intent->number == look->next_number && !is_old && !intent->is_stale &&
            !is_own(look, intent))
            return false;
    }
    return true;
}

/*
 * Intents of batches that this run gave up, because an input turned out bad: to whoever comes next
 * they would be a run that is at work. Not while there are outputs, nor where one may still come:
 * those need an intent.
 */
static enum rg_status forget_own(const struct rg_commit *commit, const struct rg_look *look,
                                 struct rg_error *err)
{
    const struct rg_look_state *state = look->state;
    const bool may_go = look->pending_count == 0 && !commit->keeps_intents;

    for (size_t i = 0; i < state->intent_count && may_go; i++) {
        struct rg_store_op op = {.verb = RG_STORE_DELETE, .key = state->intents[i].key};

        if (!is_own(look, &state->intents[i]))
            continue;
        const enum rg_status status = rg_store_wait(commit->options.home->store, &op, err);
        if (status != RG_OK && status != RG_ERR_ABSENT && status != RG_ERR_AGAIN)
            return status;
    }
    return RG_OK;
}

/* Is there something that no record will ever name, and is nobody at it? */
static bool must_void(const struct rg_commit *commit, const struct rg_look *look)
{
    const struct rg_look_state *state = look->state;
    size_t own_count = 0;

    for (size_t i = 0; i < state->intent_count; i++)
        own_count += is_own(look, &state->intents[i]);
    const bool has_left_overs = look->pending_count > 0 || look->intent_count > own_count;
    return has_left_overs && !commit->has_voided && !look->is_ledger_lost &&
           look->next_number <= rg_record_number_max && are_makers_dead(look, rg_intent_age_max_ns);
}

enum rg_status rg_commit_end(struct rg_commit *commit, const struct rg_look *look,
                             bool *ret_looks_again, struct rg_error *err)
{
    bool is_unprotected = false;

    *ret_looks_again = false;
    if (look->is_all) {
        commit->is_all_left = false;
        *ret_looks_again = !look->is_all_refused;
        return RG_OK;
    }
    if (!must_void(commit, look))
        return forget_own(commit, look, err);
    RG_TRY(rg_home_settle(commit->options.home, &is_unprotected, err));
    if (is_unprotected)
        return forget_own(commit, look, err);
    RG_TRY(rg_commit_void(commit, look->next_number, err));
    commit->has_voided = true;
    *ret_looks_again = true;
    return RG_OK;
}

static enum rg_status check_number(const struct rg_commit *commit, uint32_t number,
                                   struct rg_error *err)
{
    if (number <= rg_record_number_max)
        return RG_OK;
    return rg_fail(err, RG_ERR_LIMIT,
                   "%s/_regroup/%s: the ledger is full: it has %" PRIu32
                   " records, and a home cannot have more",
                   commit->options.home->store->url, commit->options.partition,
                   rg_record_number_max);
}

static enum rg_status make_document(const struct rg_commit *commit, const struct rg_batch *batch,
                                    const struct rg_ledger_name *name,
                                    const struct rg_allocator *memory, struct rg_buffer *out,
                                    struct rg_error *err)
{
    const enum rg_document kind =
        name->kind == RG_LEDGER_RECORD ? RG_DOCUMENT_RECORD : RG_DOCUMENT_INTENT;
    char text[rg_minted_name_bytes];

    rg_ledger_name_make(name, text);
    rg_buffer_init(out, memory, document_bytes_max);
    rg_batch_emit(batch, kind, &commit->options.home->id, commit->options.partition, out);
    return rg_buffer_check(out, text, err);
}

/* PUTs the document of that name into the ledger. */
static enum rg_status put_document(struct rg_commit *commit, const struct rg_batch *batch,
                                   const struct rg_ledger_name *name, bool must_be_absent,
                                   struct rg_error *err)
{
    const struct rg_home *home = commit->options.home;
    char text[rg_minted_name_bytes];
    char token[17];
    struct rg_buffer out = {0};
    struct rg_arena arena;
    enum rg_status status = RG_ERR_NOMEM;

    rg_ledger_name_make(name, text);
    rg_hex_u64(home->token, token);
    rg_arena_init(&arena, commit->allocator, SIZE_MAX);
    const char *key = rg_ledger_key(commit->options.partition, text, &arena);
    if (commit->memory != NULL)
        status = make_document(commit, batch, name, commit->memory, &out, err);
    if (status == RG_ERR_NOMEM) {
        rg_buffer_fini(&out);
        status = make_document(commit, batch, name, commit->allocator, &out, err);
    }
    if (status == RG_OK && key == NULL)
        status = rg_fail(err, RG_ERR_NOMEM, "no memory for %s", text);
    /* What cannot be read again would keep everybody from the partition for ever. */
    if (status == RG_OK)
        status = rg_document_check(key, rg_buffer_span(&out), err);
    if (status == RG_OK) {
        const struct rg_segment segment = {out.data, out.bytes};
        struct rg_store_op op = {
            .verb = RG_STORE_PUT,
            .key = key,
            .segments = &segment,
            .segment_count = 1,
            .must_be_absent = must_be_absent,
            .must_be_durable = true,
            .token = token,
        };

        status = rg_store_wait(home->store, &op, err);
    }
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
    return status;
}

enum rg_status rg_commit_intent(struct rg_commit *commit, const struct rg_batch *batch,
                                struct rg_error *err)
{
    const struct rg_ledger_name name = {
        .kind = RG_LEDGER_INTENT,
        .number = batch->number,
        .token = commit->options.home->token,
        .hash = rg_batch_hash(batch, commit->options.partition),
    };

    bool is_unprotected;

    RG_TRY(check_number(commit, batch->number, err));
    RG_TRY(rg_home_settle(commit->options.home, &is_unprotected, err));
    RG_FAILPOINT("journal.before_intent");
    /* As a new one first: a local file is replaced by way of a temporary one, which could stay. */
    enum rg_status status = put_document(commit, batch, &name, true, err);
    if (status == RG_ERR_EXISTS || status == RG_ERR_AGAIN)
        status = put_document(commit, batch, &name, false, err);
    RG_FAILPOINT("journal.after_intent");
    return status;
}

static int compare_output_names(const void *name, const void *output)
{
    return strcmp(name, ((const struct rg_look_output *)output)->name);
}

static enum rg_status is_body_ours(const struct rg_commit *commit, const struct rg_object *object,
                                   const struct rg_object_id *wanted, bool *ret_is_ours,
                                   struct rg_error *err)
{
    enum rg_look_body body;

    RG_TRY(rg_look_body_of(commit, object, wanted, &body, err));
    *ret_is_ours = body == RG_LOOK_OURS;
    return RG_OK;
}

/* What was taken again is there, and is what the look saw or another make of it. */
static enum rg_status check_taken(const struct rg_commit *commit, const struct rg_look *look,
                                  const char *name, const struct rg_ledger_files *files,
                                  bool *ret_is_good, struct rg_error *err)
{
    const struct rg_ledger_file *file = rg_ledger_find(files, name);
    const struct rg_look_output *seen =
        bsearch(name, look->live, look->live_count, sizeof *look->live, compare_output_names);

    *ret_is_good = false;
    if (file == NULL || seen == NULL)
        return RG_OK;
    return is_body_ours(commit, file->object, &seen->id, ret_is_good, err);
}

static enum rg_status check_listed(const struct rg_commit *commit, const struct rg_look *look,
                                   const struct rg_batch *batch,
                                   const struct rg_ledger_files *files, bool *ret_is_good,
                                   struct rg_error *err)
{
    bool is_good = true;

    for (size_t i = 0; i < batch->input_count && batch->is_in_place; i++) {
        const struct rg_ledger_file *file = rg_ledger_find(files, batch->inputs[i].name);

        is_good = is_good && file != NULL &&
                  rg_object_id_equal(&file->object->id, &batch->inputs[i].id, true);
    }
    for (size_t i = 0; i < batch->taken_count && is_good; i++)
        RG_TRY(check_taken(commit, look, batch->taken[i], files, &is_good, err));
    for (size_t i = 0; i < batch->output_count && is_good; i++) {
        const struct rg_ledger_file *file = rg_ledger_find(files, batch->outputs[i].name);

        is_good = file != NULL;
        if (is_good)
            RG_TRY(is_body_ours(commit, file->object, &batch->outputs[i].id, &is_good, err));
    }
    *ret_is_good = is_good;
    return RG_OK;
}

enum rg_status rg_commit_check(struct rg_commit *commit, const struct rg_look *look,
                               const struct rg_batch *batch, struct rg_arena *scratch,
                               bool *ret_is_good, struct rg_error *err)
{
    struct rg_ledger_files files;

    RG_TRY(rg_look_list_home(commit, scratch, &files, err));
    return check_listed(commit, look, batch, &files, ret_is_good, err);
}

enum rg_status rg_commit_record(struct rg_commit *commit, const struct rg_batch *batch,
                                bool *ret_is_made, struct rg_error *err)
{
    const struct rg_ledger_name name = {.kind = RG_LEDGER_RECORD, .number = batch->number};

    *ret_is_made = false;
    RG_TRY(check_number(commit, batch->number, err));
    RG_FAILPOINT("journal.before_record");
    const enum rg_status status = put_document(commit, batch, &name, true, err);
    RG_FAILPOINT("journal.after_record");
    /* Whether an answer was lost, the next look tells. */
    if (status == RG_ERR_EXISTS || status == RG_ERR_AGAIN)
        return RG_OK;
    RG_TRY(status);
    *ret_is_made = true;
    commit->looks_since = 0;
    commit->safe_number = batch->number;
    commit->is_all_left = commit->is_all_left && !batch->is_all;
    return RG_OK;
}

enum rg_status rg_commit_void(struct rg_commit *commit, uint32_t number, struct rg_error *err)
{
    const struct rg_home *home = commit->options.home;
    const struct rg_batch batch = {
        .number = number,
        .is_in_place = home->options.is_in_place,
        .is_void = true,
    };
    bool is_unprotected;
    bool is_made;

    RG_TRY(rg_home_settle(home, &is_unprotected, err));
    if (is_unprotected)
        return rg_fail(err, RG_ERR_INVALID,
                       "%s/%s: record %" PRIu32 " cannot be given up: the store cannot create a "
                       "file only if it is absent, so another run may be at it; --alone promises "
                       "that there is none",
                       home->store->url, commit->options.partition, number);
    return rg_commit_record(commit, &batch, &is_made, err);
}
