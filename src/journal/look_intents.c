/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/look_intents.h"

#include <stdlib.h>

#include "journal/array.h"
#include "journal/look_inputs.h"

/* An intent for the next record, while it is compared with what is there. */
struct intent_reading {
    const struct rg_commit *commit;
    struct rg_look *look;
    bool is_adoptable; /* By us. */
    bool is_stale;     /* By nobody. */
    bool is_in_place;  /* It is for a batch in place, */
    bool has_named;    /* which names inputs, */
    bool has_input;    /* of which one is there. */
    bool lacks_output; /* A live one that it takes again is not there. */
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
    reading->is_in_place = head->is_in_place;
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
        file != NULL && !file->is_named && !(home->options.is_in_place && file->number != 0) &&
        rg_object_id_equal(&file->object->id, &input->id, home->compares_input_tags);
    reading->has_named = true;
    reading->has_input = reading->has_input || rg_ledger_find(&ledger->files, input->name) != NULL;
    reading->is_stale = reading->is_stale || !is_usable;
    reading->is_adoptable =
        reading->is_adoptable && is_usable && rg_look_is_input(commit, file->object);
    if (!reading->collects || !is_usable)
        return RG_OK;
    reading->inputs = rg_array_room(look->state->arena, reading->inputs, look->adopted_count,
                                    &reading->input_capacity, sizeof *reading->inputs);
    if (reading->inputs == NULL)
        return rg_look_no_memory(commit, err);
    reading->inputs[look->adopted_count++] = rg_look_input_of(file);
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
    reading->lacks_output = reading->lacks_output || (output != NULL && !output->is_there);
    reading->is_stale = reading->is_stale || !is_usable;
    reading->is_adoptable = reading->is_adoptable && is_usable;
    if (!reading->collects || !is_usable)
        return RG_OK;
    reading->taken = rg_array_room(look->state->arena, reading->taken, look->adopted_taken_count,
                                   &reading->taken_capacity, sizeof *reading->taken);
    if (reading->taken == NULL)
        return rg_look_no_memory(reading->commit, err);
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
    reading->is_in_place = false;
    reading->lacks_output = false;
    return RG_OK;
}

/* As rg_look_intent has it. */
static bool has_inputs(const struct intent_reading *reading)
{
    const bool lacks_input = reading->is_in_place && reading->has_named && !reading->has_input;

    return !lacks_input && !reading->lacks_output;
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
enum rg_status rg_look_read_intents(const struct rg_commit *commit, struct rg_look *look,
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
        intent->has_inputs = has_inputs(&reading);
        if (status == RG_OK && reading.is_adoptable && !look->has_adopted)
            status = collect_adopted(&reading, &reader, intent, err);
    }
    rg_document_reader_fini(&reader);
    return status;
}
