/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Invariants of what a scan has read so far, by which later records are checked:
 *
 *   (1) records[i].number rises by one each; only records[0] may be a snapshot.
 *   (2) outputs are in name order: of one record because it is checked, of several because N is in
 *       front.
 *   (3) An output is taken or retired at most once, by a later record.
 */

#include "journal/ledger.h"

#include <inttypes.h>
#include <stdlib.h>

#include "journal/array.h"

struct scan {
    struct rg_ledger *ledger;
    const struct rg_document_reader *reader;
    const char *key; /* Of the document that is being read, for messages. */
    bool is_snapshot;
    bool is_in_place;
    bool is_void;
};

/* The index of the first file whose name is not below `name`. */
static size_t lower_bound(const struct rg_ledger_files *files, const char *name)
{
    size_t begin = 0;
    size_t end = files->count;

    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;

        if (strcmp(files->items[middle].name, name) < 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

struct rg_ledger_file *rg_ledger_find(const struct rg_ledger_files *files, const char *name)
{
    const size_t index = lower_bound(files, name);

    if (index == files->count || strcmp(files->items[index].name, name) != 0)
        return NULL;
    return &files->items[index];
}

static enum rg_status no_memory(const struct scan *s, struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "%s: no memory to read the ledger", s->key);
}

static uint32_t current_record(const struct scan *s)
{
    return (uint32_t)s->ledger->record_count; /* One more than its index. */
}

static enum rg_status scan_head(void *user, const struct rg_batch *head, struct rg_error *err)
{
    struct scan *s = user;
    struct rg_ledger *ledger = s->ledger;

    ledger->records = rg_array_room(ledger->arena, ledger->records, ledger->record_count,
                                    &ledger->record_capacity, sizeof *ledger->records);
    if (ledger->records == NULL)
        return no_memory(s, err);
    ledger->records[ledger->record_count++] = (struct rg_ledger_record){
        .number = head->number,
        .first_output = (uint32_t)ledger->output_count,
        .is_snapshot = s->is_snapshot,
    };
    ledger->is_in_place = ledger->is_in_place || (head->is_in_place && !head->is_void);
    s->is_in_place = head->is_in_place;
    s->is_void = head->is_void;
    return RG_OK;
}

static enum rg_status keep_input(struct scan *s, const struct rg_batch_input *input,
                                 struct rg_error *err)
{
    struct rg_ledger *ledger = s->ledger;

    ledger->inputs = rg_array_room(ledger->arena, ledger->inputs, ledger->input_count,
                                   &ledger->input_capacity, sizeof *ledger->inputs);
    struct rg_batch_input copy = *input;
    copy.name = rg_arena_text(ledger->arena, input->name);
    copy.id.tag = rg_arena_text(ledger->arena, input->id.tag);
    if (ledger->inputs == NULL || copy.name == NULL || copy.id.tag == NULL)
        return no_memory(s, err);
    ledger->inputs[ledger->input_count++] = copy;
    return RG_OK;
}

static enum rg_status note_gone(struct scan *s, const char *name, struct rg_error *err)
{
    struct rg_ledger *ledger = s->ledger;

    if (ledger->gone_count < rg_ledger_gone_max) {
        ledger->gone[ledger->gone_count] = rg_arena_text(ledger->arena, name);
        if (ledger->gone[ledger->gone_count] == NULL)
            return no_memory(s, err);
    }
    ledger->gone_count++;
    return RG_OK;
}

/*
 * A link that was there when the record was made, and whose target is gone: the sweep deletes files
 * in any order, and may be killed in between. A younger one is a user's. (A snapshot may be younger
 * than that.)
 */
static bool is_cut_link(const struct scan *s, const struct rg_object *object)
{
    return object->lacks_target && !s->is_snapshot &&
           object->id.modified_ns <= s->reader->id.modified_ns;
}

static enum rg_status scan_input(void *user, const struct rg_batch_input *input,
                                 struct rg_error *err)
{
    struct scan *s = user;
    struct rg_ledger *ledger = s->ledger;
    const bool is_in_place = s->is_in_place;

    if (s->is_void)
        return rg_fail(err, RG_ERR_CORRUPT, "%s: a void record has an input", s->key);
    ledger->has_in_place = ledger->has_in_place || is_in_place;
    ledger->has_from_source = ledger->has_from_source || !is_in_place;
    if (ledger->keeps_inputs)
        RG_TRY(keep_input(s, input, err));
    const struct rg_ledger_files *files = is_in_place ? &ledger->files : &ledger->sources;
    struct rg_ledger_file *file = rg_ledger_find(files, input->name);
    if (file != NULL) {
        file->is_named = true;
        if (rg_object_id_equal(&file->object->id, &input->id,
                               is_in_place || ledger->home->compares_input_tags) ||
            (is_in_place && is_cut_link(s, file->object)))
            file->taken_by = current_record(s);
        else if (is_in_place)
            file->is_touched =
                file->is_touched || rg_object_id_moved(&file->object->id, &input->id);
    } else if (!is_in_place) {
        RG_TRY(note_gone(s, input->name, err));
    }
    for (size_t i = lower_bound(&ledger->trash, input->name);
         is_in_place && i < ledger->trash.count &&
         strcmp(ledger->trash.items[i].name, input->name) == 0;
         i++) {
        const struct rg_object *object = ledger->trash.items[i].object;

        if (rg_object_id_moved(&object->id, &input->id) || is_cut_link(s, object))
            ledger->trash.items[i].taken_by = current_record(s);
    }
    return RG_OK;
}

struct rg_ledger_output *rg_ledger_find_output(const struct rg_ledger *ledger, const char *name)
{
    size_t begin = 0;
    size_t end = ledger->output_count;

    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        const int order = strcmp(ledger->outputs[middle].name, name);

        if (order == 0)
            return &ledger->outputs[middle];
        if (order < 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

static enum rg_status scan_taken(void *user, const char *name, struct rg_error *err)
{
    struct scan *s = user;
    struct rg_ledger_output *output = rg_ledger_find_output(s->ledger, name);

    if (output == NULL || output->taken_by != 0 || s->is_void || s->is_snapshot)
        return rg_fail(err, RG_ERR_CORRUPT, "%s: takes \"%s\", which is not live then", s->key,
                       name);
    output->taken_by = current_record(s);
    return RG_OK;
}

static enum rg_status scan_output(void *user, const struct rg_batch_output *output,
                                  struct rg_error *err)
{
    struct scan *s = user;
    struct rg_ledger *ledger = s->ledger;
    const size_t count = ledger->output_count;

    if (s->is_void)
        return rg_fail(err, RG_ERR_CORRUPT, "%s: a void record has an output", s->key);
    if (count > 0 && strcmp(ledger->outputs[count - 1].name, output->name) >= 0)
        return rg_fail(err, RG_ERR_CORRUPT, "%s: \"%s\" is out of order", s->key, output->name);
    if (count == UINT32_MAX - 1)
        return rg_fail(err, RG_ERR_LIMIT, "%s: the ledger has more than 2^32 outputs", s->key);
    ledger->outputs = rg_array_room(ledger->arena, ledger->outputs, count, &ledger->output_capacity,
                                    sizeof *ledger->outputs);
    struct rg_ledger_output copy = {
        .name = rg_arena_text(ledger->arena, output->name),
        .id = output->id,
        .rows = output->rows,
        .row_groups = output->row_groups,
        .record = (uint32_t)ledger->record_count - 1,
    };
    copy.id.tag = rg_arena_text(ledger->arena, output->id.tag);
    if (ledger->outputs == NULL || copy.name == NULL || copy.id.tag == NULL)
        return no_memory(s, err);
    struct rg_ledger_file *file = rg_ledger_find(&ledger->files, copy.name);
    if (file != NULL) {
        file->output = (uint32_t)count + 1;
        copy.file = (uint32_t)(file - ledger->files.items) + 1;
    }
    ledger->outputs[count] = copy;
    ledger->output_count++;
    ledger->records[ledger->record_count - 1].output_count++;
    return RG_OK;
}

static void forget_marks(struct rg_ledger_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        files->items[i].is_named = false;
        files->items[i].is_touched = false;
        files->items[i].taken_by = 0;
        files->items[i].output = 0;
    }
}

static void forget_scan(struct rg_ledger *ledger)
{
    forget_marks(&ledger->files);
    forget_marks(&ledger->trash);
    forget_marks(&ledger->sources);
    ledger->record_count = 0;
    ledger->output_count = 0;
    ledger->input_count = 0;
    ledger->last = 0;
    ledger->gone_count = 0;
    ledger->has_in_place = false;
    ledger->has_from_source = false;
    ledger->is_in_place = false;
}

/* RG_ERR_ABSENT where there is no such document. */
static enum rg_status scan_document(struct scan *s, struct rg_document_reader *reader,
                                    uint32_t number, struct rg_arena *keys, struct rg_error *err)
{
    const struct rg_document_visitor visitor = {
        .head = scan_head,
        .input = scan_input,
        .taken = scan_taken,
        .retired = scan_taken,
        .output = scan_output,
        .user = s,
    };
    const struct rg_ledger_name ledger_name = {
        .kind = s->is_snapshot ? RG_LEDGER_SNAPSHOT : RG_LEDGER_RECORD,
        .number = number,
    };
    char name[rg_minted_name_bytes];

    rg_ledger_name_make(&ledger_name, name);
    s->reader = reader;
    s->key = rg_ledger_key(s->ledger->partition, name, keys);
    if (s->key == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to read the ledger");
    RG_TRY(rg_document_read(reader, s->key,
                            s->is_snapshot ? RG_DOCUMENT_SNAPSHOT : RG_DOCUMENT_RECORD, number,
                            &visitor, err));
    struct rg_ledger_record *record = &s->ledger->records[s->ledger->record_count - 1];
    record->modified_ns = reader->id.modified_ns;
    record->bytes = reader->id.bytes;
    s->ledger->last = number;
    return RG_OK;
}

static enum rg_status scan_documents(struct rg_ledger *ledger, uint32_t snapshot,
                                     struct rg_document_reader *reader, struct rg_arena *keys,
                                     struct rg_error *err)
{
    struct scan s = {.ledger = ledger, .is_snapshot = true};

    if (snapshot > 0)
        RG_TRY(scan_document(&s, reader, snapshot, keys, err));
    s.is_snapshot = false;
    while (ledger->last < rg_record_number_max) {
        rg_arena_reset(keys);
        const enum rg_status status = scan_document(&s, reader, ledger->last + 1, keys, err);

        if (status == RG_ERR_ABSENT)
            return RG_OK;
        if (status != RG_OK)
            return status;
    }
    /* A full one is still read; rg_commit_intent() and _record() add nothing to it. */
    return RG_OK;
}

enum rg_status rg_ledger_scan(struct rg_ledger *ledger, uint32_t snapshot,
                              const struct rg_allocator *allocator, struct rg_error *err)
{
    struct rg_document_reader reader;
    struct rg_arena keys;

    forget_scan(ledger);
    rg_document_reader_init(&reader, ledger->home, ledger->partition, allocator);
    rg_arena_init(&keys, allocator, SIZE_MAX);
    const enum rg_status status = scan_documents(ledger, snapshot, &reader, &keys, err);
    rg_arena_fini(&keys);
    rg_document_reader_fini(&reader);
    return status;
}
