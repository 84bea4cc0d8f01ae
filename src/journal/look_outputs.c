/* SPDX-License-Identifier: Apache-2.0 */

/*
 *   (1) A record holds when each of its outputs is there and ours, or was taken or retired by a
 *       later record that holds. Takers are later, so one pass from the last record to the first
 *       decides.
 */

#include "journal/look_outputs.h"

#include <inttypes.h>

/* Outputs that are not there are asked for one by one, so many; then all were removed. */
static const uint32_t gone_asked_max = 64;

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

/* What is there under an output's name; NULL: nothing. */
const struct rg_object *rg_look_object_of(const struct rg_ledger *ledger,
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
        return rg_look_no_memory(commit, err);
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
        return rg_look_no_memory(commit, err);
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
        return rg_look_no_memory(commit, err);
    if (output->file == 0)
        RG_TRY(look_for_output(commit, look, output, key, err));
    const struct rg_object *object = rg_look_object_of(ledger, output);
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

enum rg_status rg_look_check_outputs(const struct rg_commit *commit, struct rg_look *look,
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
    return rg_look_object_of(ledger, output) != NULL && output->is_ours;
}

/* (1). */
void rg_look_find_holding(struct rg_ledger *ledger)
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
const struct rg_ledger_output *rg_look_find_culprit(const struct rg_ledger *ledger, size_t record)
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

enum rg_status rg_look_list_live(const struct rg_commit *commit, struct rg_look *look,
                                 struct rg_error *err)
{
    const struct rg_ledger *ledger = &look->state->ledger;
    struct rg_look_output *live =
        rg_arena_array(look->state->arena, ledger->output_count, sizeof *live);
    size_t count = 0;

    if (live == NULL)
        return rg_look_no_memory(commit, err);
    for (size_t i = 0; i < ledger->output_count; i++) {
        const struct rg_ledger_output *output = &ledger->outputs[i];
        const struct rg_object *object = rg_look_object_of(ledger, output);

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
