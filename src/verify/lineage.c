/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A trace is a list of pieces: row groups of an input or of an output. It begins with the runs of a
 * record for its live outputs; then, round by round, pieces of outputs are replaced by the runs of
 * the records that made them, and neighbouring ranges of one file become one. Records only take
 * outputs of records before them, so the rounds end. Where a record does not say at which runs the
 * row groups of an output begin, only the whole output can be replaced.
 *
 * An output stays where the source has it, and has not all that its record took.
 *
 * A ledger may have millions of inputs: lists while they grow, of a record that is read or of a
 * group that is traced, lie in memory that is given back, and what stays is a copy of the size that
 * it takes.
 */

#include "verify/lineage.h"

#include <inttypes.h>
#include <string.h>

#include "journal/array.h"
#include "journal/document.h"

struct piece {
    uint32_t record; /* Index of the record that names the input, or made the output. */
    uint32_t index;  /* Among its inputs or outputs. */
    uint32_t row_group;
    uint32_t row_group_count; /* 0: all. */
    bool is_output;
};

struct list {
    struct piece *items;
    size_t count;
    size_t capacity;
};

struct tracer {
    const struct rg_batch *records;
    uint32_t record_count;
    const struct rg_lineage_source *source; /* NULL: only inputs are in it. */
    struct rg_arena *arena;
    struct rg_arena scratch; /* Of one group. */
    bool **is_dead;          /* By record and output. */
    bool *is_there; /* By record: the source has all that it took, or what that was made of. */
};

static enum rg_status no_memory(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory for the ledger's records");
}

/* For what is given back soon: half of what `arena` may still take, which gets the other. */
static void begin_scratch(struct rg_arena *scratch, const struct rg_arena *arena)
{
    rg_arena_fini(scratch);
    rg_arena_init(scratch, arena->allocator, (arena->bytes_max - arena->bytes) / 2);
}

/* The output of that name: its number tells the record. */
static enum rg_status find_output(const struct tracer *tracer, uint32_t record, const char *name,
                                  uint32_t *ret_record, uint32_t *ret_index, struct rg_error *err)
{
    struct rg_minted minted;

    if (!rg_minted_parse(name, &minted) || minted.number == 0 || minted.number > record)
        return rg_fail(err, RG_ERR_CORRUPT, "record %u takes %s, which no record before it made",
                       record + 1, name);
    const struct rg_batch *maker = &tracer->records[minted.number - 1];
    for (size_t i = 0; i < maker->output_count; i++) {
        if (strcmp(maker->outputs[i].name, name) == 0) {
            *ret_record = minted.number - 1;
            *ret_index = (uint32_t)i;
            return RG_OK;
        }
    }
    return rg_fail(err, RG_ERR_CORRUPT, "record %u takes %s, which record %u did not make",
                   record + 1, name, minted.number);
}

static enum rg_status bury(struct tracer *tracer, uint32_t record, const char *const *names,
                           size_t count, struct rg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t maker = 0;
        uint32_t index = 0;

        RG_TRY(find_output(tracer, record, names[i], &maker, &index, err));
        tracer->is_dead[maker][index] = true;
    }
    return RG_OK;
}

/* A record's outputs hold all rows of what it took, no less and no more. */
static enum rg_status check_rows(const struct tracer *tracer, uint32_t record, struct rg_error *err)
{
    const struct rg_batch *batch = &tracer->records[record];
    uint64_t in = 0;
    uint64_t out = 0;

    for (size_t i = 0; i < batch->input_count; i++)
        in += batch->inputs[i].rows;
    for (size_t i = 0; i < batch->taken_count; i++) {
        uint32_t maker = 0;
        uint32_t index = 0;

        RG_TRY(find_output(tracer, record, batch->taken[i], &maker, &index, err));
        in += tracer->records[maker].outputs[index].rows;
    }
    for (size_t i = 0; i < batch->output_count; i++)
        out += batch->outputs[i].rows;
    if (in == out)
        return RG_OK;
    return rg_fail(err, RG_ERR_CORRUPT,
                   "record %u took %" PRIu64 " rows, and its outputs have %" PRIu64, record + 1, in,
                   out);
}

/* Records before this one are known. */
static enum rg_status find_there(struct tracer *tracer, uint32_t record, struct rg_error *err)
{
    const struct rg_lineage_source *source = tracer->source;
    const struct rg_batch *batch = &tracer->records[record];
    bool is_there = source != NULL && batch->is_in_place;

    for (size_t i = 0; is_there && i < batch->input_count; i++)
        is_there = source->has(source->user, batch->inputs[i].name, batch->inputs[i].id.bytes);
    for (size_t i = 0; is_there && i < batch->taken_count; i++) {
        uint32_t maker = 0;
        uint32_t index = 0;

        RG_TRY(find_output(tracer, record, batch->taken[i], &maker, &index, err));
        is_there =
            tracer->is_there[maker] || source->has(source->user, batch->taken[i],
                                                   tracer->records[maker].outputs[index].id.bytes);
    }
    tracer->is_there[record] = is_there;
    return RG_OK;
}

/* The source has the output, and not what that was made of. */
static bool is_kept(const struct tracer *tracer, uint32_t record, uint32_t index)
{
    const struct rg_batch *batch = &tracer->records[record];

    return tracer->source != NULL && batch->is_in_place && !tracer->is_there[record] &&
           tracer->source->has(tracer->source->user, batch->outputs[index].name,
                               batch->outputs[index].id.bytes);
}

static enum rg_status find_dead(struct tracer *tracer, struct rg_error *err)
{
    tracer->is_dead = rg_arena_array(tracer->arena, tracer->record_count, sizeof(bool *));
    tracer->is_there = rg_arena_array(tracer->arena, tracer->record_count, sizeof(bool));
    if (tracer->is_dead == NULL || tracer->is_there == NULL)
        return no_memory(err);
    for (uint32_t r = 0; r < tracer->record_count; r++) {
        const struct rg_batch *record = &tracer->records[r];

        tracer->is_dead[r] = rg_arena_array(tracer->arena, record->output_count, sizeof(bool));
        if (tracer->is_dead[r] == NULL)
            return no_memory(err);
        RG_TRY(bury(tracer, r, record->taken, record->taken_count, err));
        RG_TRY(bury(tracer, r, record->retired, record->retired_count, err));
        RG_TRY(check_rows(tracer, r, err));
        RG_TRY(find_there(tracer, r, err));
    }
    return RG_OK;
}

/* Adds a piece; one that goes on where the last one ended becomes part of it. */
static enum rg_status append(struct tracer *tracer, struct list *list, const struct piece *piece,
                             struct rg_error *err)
{
    struct piece *last = list->count > 0 ? &list->items[list->count - 1] : NULL;
    const bool goes_on = last != NULL && last->is_output == piece->is_output &&
                         last->record == piece->record && last->index == piece->index &&
                         last->row_group_count > 0 && piece->row_group_count > 0 &&
                         last->row_group + last->row_group_count == piece->row_group;

    if (goes_on) {
        last->row_group_count += piece->row_group_count;
        return RG_OK;
    }
    list->items = rg_array_room(&tracer->scratch, list->items, list->count, &list->capacity,
                                sizeof *list->items);
    if (list->items == NULL)
        return no_memory(err);
    list->items[list->count++] = *piece;
    return RG_OK;
}

/* Adds what one run names. */
static enum rg_status append_run(struct tracer *tracer, struct list *list, uint32_t record,
                                 const struct rg_batch_run *run, struct rg_error *err)
{
    const struct rg_batch *batch = &tracer->records[record];

    for (uint32_t i = 0; i < run->input_count; i++) {
        const uint64_t input = (uint64_t)run->input + i;
        struct piece piece = {
            .record = record, .row_group = run->row_group, .row_group_count = run->row_group_count};

        if (input < batch->taken_count) {
            piece.is_output = true;
            RG_TRY(
                find_output(tracer, record, batch->taken[input], &piece.record, &piece.index, err));
        } else if (input - batch->taken_count < batch->input_count) {
            piece.index = (uint32_t)(input - batch->taken_count);
        } else {
            return rg_fail(err, RG_ERR_CORRUPT, "record %u has a run of input %llu of %zu",
                           record + 1, (unsigned long long)input,
                           batch->taken_count + batch->input_count);
        }
        RG_TRY(append(tracer, list, &piece, err));
    }
    return RG_OK;
}

/* Adds the runs of an output's row groups from `first` until `end`. */
static enum rg_status append_groups(struct tracer *tracer, struct list *list, uint32_t record,
                                    uint32_t output, uint64_t first, uint64_t end,
                                    struct rg_error *err)
{
    const struct rg_batch *batch = &tracer->records[record];
    uint64_t row_group = 0;

    for (size_t i = 0; i < batch->run_count; i++) {
        const struct rg_batch_run *run = &batch->runs[i];

        if (run->output != output)
            continue;
        row_group += run->input_count == 0;
        if (row_group >= first && row_group < end)
            RG_TRY(append_run(tracer, list, record, run, err));
    }
    return RG_OK;
}

/* Adds all runs of one output, or the output itself. */
static enum rg_status append_output(struct tracer *tracer, struct list *list, uint32_t record,
                                    uint32_t output, struct rg_error *err)
{
    const struct piece itself = {.record = record, .index = output, .is_output = true};

    if (is_kept(tracer, record, output))
        return append(tracer, list, &itself, err);
    return append_groups(tracer, list, record, output, 0, UINT64_MAX, err);
}

static bool is_whole_output(const struct tracer *tracer, const struct piece *piece)
{
    const struct rg_batch_output *output = &tracer->records[piece->record].outputs[piece->index];

    if (!piece->is_output)
        return false;
    return piece->row_group_count == 0 ||
           (piece->row_group == 0 && piece->row_group_count == output->row_groups);
}

/* The piece is of an output whose record tells where each of its row groups begins. */
static bool is_known_part(const struct tracer *tracer, const struct piece *piece)
{
    const struct rg_batch *batch = &tracer->records[piece->record];
    const uint32_t row_groups = batch->outputs[piece->index].row_groups;
    uint64_t known = 1;

    if (piece->row_group_count > row_groups ||
        piece->row_group > row_groups - piece->row_group_count)
        return false;
    for (size_t i = 0; i < batch->run_count; i++)
        known += batch->runs[i].output == piece->index && batch->runs[i].input_count == 0;
    return known == row_groups;
}

/* The piece is of an output, and what it was made of is known. */
static bool is_replaced(const struct tracer *tracer, const struct piece *piece)
{
    if (!piece->is_output || is_kept(tracer, piece->record, piece->index))
        return false;
    return is_whole_output(tracer, piece) || is_known_part(tracer, piece);
}

/* Replaces outputs by what they were made of; *ret_is_final when there were none. */
static enum rg_status expand(struct tracer *tracer, struct list *list, bool *ret_is_final,
                             struct rg_error *err)
{
    struct list longer = {.items = NULL};

    *ret_is_final = true;
    for (size_t i = 0; *ret_is_final && i < list->count; i++)
        *ret_is_final = !is_replaced(tracer, &list->items[i]);
    for (size_t i = 0; !*ret_is_final && i < list->count; i++) {
        const struct piece *piece = &list->items[i];

        if (!is_replaced(tracer, piece)) {
            RG_TRY(append(tracer, &longer, piece, err));
        } else if (is_whole_output(tracer, piece)) {
            RG_TRY(append_output(tracer, &longer, piece->record, piece->index, err));
        } else {
            const uint64_t end = (uint64_t)piece->row_group + piece->row_group_count;

            RG_TRY(append_groups(tracer, &longer, piece->record, piece->index, piece->row_group,
                                 end, err));
        }
    }
    if (*ret_is_final)
        return RG_OK;
    *list = longer;
    return RG_OK;
}

/* Expands until nothing is left to expand; *ret_is_broken when parts of outputs are left. */
static enum rg_status trace_list(struct tracer *tracer, struct list *list, bool *ret_is_broken,
                                 struct rg_error *err)
{
    bool is_final = false;

    while (!is_final)
        RG_TRY(expand(tracer, list, &is_final, err));
    *ret_is_broken = false;
    for (size_t i = 0; i < list->count; i++) {
        const struct piece *piece = &list->items[i];

        *ret_is_broken =
            *ret_is_broken || (piece->is_output && !is_kept(tracer, piece->record, piece->index));
    }
    return RG_OK;
}

static enum rg_status finish_group(struct tracer *tracer, const struct list *list,
                                   struct rg_lineage_group *group, struct rg_error *err)
{
    struct rg_lineage_part *parts = rg_arena_array(tracer->arena, list->count, sizeof *parts);

    if (parts == NULL)
        return no_memory(err);
    for (size_t i = 0; i < list->count; i++) {
        const struct piece *piece = &list->items[i];
        const struct rg_batch *batch = &tracer->records[piece->record];

        parts[i] = (struct rg_lineage_part){.record = batch->number,
                                            .row_group = piece->row_group,
                                            .row_group_count = piece->row_group_count};
        if (piece->is_output) {
            parts[i].name = batch->outputs[piece->index].name;
            parts[i].id = batch->outputs[piece->index].id;
        } else {
            parts[i].name = batch->inputs[piece->index].name;
            parts[i].id = batch->inputs[piece->index].id;
        }
    }
    const struct rg_batch_output **outputs =
        rg_arena_array(tracer->arena, group->output_count + 1, sizeof *outputs);
    if (outputs == NULL)
        return no_memory(err);
    for (size_t i = 0; i < group->output_count; i++)
        outputs[i] = group->outputs[i];
    group->outputs = outputs;
    group->parts = parts;
    group->part_count = list->count;
    return RG_OK;
}

/*
 * Live outputs from `first` on: one alone where what it was made of is known; else as many as it
 * takes, because an output that was taken again may have been cut between them. Where no number of
 * them helps, the first one alone, as broken.
 */
static enum rg_status trace_group(struct tracer *tracer, uint32_t record, uint32_t first,
                                  struct rg_lineage_group *group, uint32_t *ret_next,
                                  struct rg_error *err)
{
    const struct rg_batch *batch = &tracer->records[record];
    const struct rg_batch_output **outputs =
        rg_arena_array(&tracer->scratch, batch->output_count, sizeof(struct rg_batch_output *));
    struct list list = {.items = NULL};
    bool is_broken = true;
    uint32_t next = first;

    *group = (struct rg_lineage_group){.record = record + 1, .outputs = outputs};
    if (outputs == NULL)
        return no_memory(err);
    for (; next < batch->output_count && is_broken; next++) {
        if (tracer->is_dead[record][next])
            continue;
        outputs[group->output_count++] = &batch->outputs[next];
        RG_TRY(append_output(tracer, &list, record, next, err));
        RG_TRY(trace_list(tracer, &list, &is_broken, err));
    }
    if (is_broken && group->output_count > 0) {
        group->output_count = 1;
        group->is_broken = true;
        next = (uint32_t)(outputs[0] - batch->outputs) + 1;
    }
    *ret_next = next;
    return finish_group(tracer, &list, group, err);
}

static enum rg_status trace_groups(struct tracer *tracer, struct rg_lineage *ret_lineage,
                                   struct rg_error *err)
{
    struct rg_lineage_group *groups = NULL;
    size_t capacity = 0;
    size_t count = 0;

    RG_TRY(find_dead(tracer, err));
    for (uint32_t r = 0; r < tracer->record_count; r++) {
        for (uint32_t next = 0; next < tracer->records[r].output_count;) {
            groups = rg_array_room(tracer->arena, groups, count, &capacity, sizeof *groups);
            if (groups == NULL)
                return no_memory(err);
            begin_scratch(&tracer->scratch, tracer->arena);
            RG_TRY(trace_group(tracer, r, next, &groups[count], &next, err));
            count += groups[count].output_count > 0;
        }
    }
    *ret_lineage = (struct rg_lineage){.records = tracer->records,
                                       .record_count = tracer->record_count,
                                       .groups = groups,
                                       .group_count = count};
    return RG_OK;
}

enum rg_status rg_lineage_trace(const struct rg_batch *records, uint32_t record_count,
                                const struct rg_lineage_source *source, struct rg_arena *arena,
                                struct rg_lineage *ret_lineage, struct rg_error *err)
{
    struct tracer tracer = {
        .records = records, .record_count = record_count, .source = source, .arena = arena};
    const enum rg_status status = trace_groups(&tracer, ret_lineage, err);

    rg_arena_fini(&tracer.scratch);
    return status;
}

struct records {
    struct rg_batch *items;
    size_t count;
    size_t capacity;
};

/* Strings of one record, one behind the other. */
struct texts {
    char *end;
    size_t bytes; /* That are needed, while they are counted. */
};

static void count_text(struct texts *texts, const char *text)
{
    texts->bytes += *text != '\0' ? strlen(text) + 1 : 0;
}

static const char *keep_text(struct texts *texts, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *kept = texts->end;

    if (bytes == 1)
        return "";
    memcpy(kept, text, bytes);
    texts->end += bytes;
    return kept;
}

static void count_texts(struct texts *texts, const struct rg_batch *record)
{
    count_text(texts, record->options);
    count_text(texts, record->content);
    for (size_t i = 0; i < record->input_count; i++) {
        count_text(texts, record->inputs[i].name);
        count_text(texts, record->inputs[i].id.tag);
    }
    for (size_t i = 0; i < record->output_count; i++) {
        count_text(texts, record->outputs[i].name);
        count_text(texts, record->outputs[i].id.tag);
    }
    for (size_t i = 0; i < record->taken_count; i++)
        count_text(texts, record->taken[i]);
    for (size_t i = 0; i < record->retired_count; i++)
        count_text(texts, record->retired[i]);
}

/* A copy of `items`, or NULL. */
static void *keep_items(struct rg_arena *arena, const void *items, size_t count, size_t item_bytes)
{
    void *kept = rg_arena_array(arena, count, item_bytes);

    if (kept != NULL && count > 0)
        memcpy(kept, items, count * item_bytes);
    return kept;
}

/* A copy of `record` in as little memory as it takes. */
static enum rg_status keep_record(const struct rg_batch *record, struct rg_arena *arena,
                                  struct rg_batch *ret_record, struct rg_error *err)
{
    struct texts texts = {.bytes = 0};
    struct rg_batch_input *inputs =
        keep_items(arena, record->inputs, record->input_count, sizeof *inputs);
    struct rg_batch_output *outputs =
        keep_items(arena, record->outputs, record->output_count, sizeof *outputs);
    const char **taken = keep_items(arena, record->taken, record->taken_count, sizeof *taken);
    const char **retired = keep_items(arena, record->retired, record->retired_count, sizeof *taken);
    struct rg_batch_run *runs = keep_items(arena, record->runs, record->run_count, sizeof *runs);

    count_texts(&texts, record);
    texts.end = rg_arena_alloc(arena, texts.bytes);
    const bool has_lists =
        inputs != NULL && outputs != NULL && taken != NULL && retired != NULL && runs != NULL;
    if (!has_lists || texts.end == NULL)
        return no_memory(err);
    for (size_t i = 0; i < record->input_count; i++) {
        inputs[i].name = keep_text(&texts, inputs[i].name);
        inputs[i].id.tag = keep_text(&texts, inputs[i].id.tag);
    }
    for (size_t i = 0; i < record->output_count; i++) {
        outputs[i].name = keep_text(&texts, outputs[i].name);
        outputs[i].id.tag = keep_text(&texts, outputs[i].id.tag);
    }
    for (size_t i = 0; i < record->taken_count; i++)
        taken[i] = keep_text(&texts, taken[i]);
    for (size_t i = 0; i < record->retired_count; i++)
        retired[i] = keep_text(&texts, retired[i]);
    *ret_record = *record;
    ret_record->options = keep_text(&texts, record->options);
    ret_record->content = keep_text(&texts, record->content);
    ret_record->inputs = inputs;
    ret_record->outputs = outputs;
    ret_record->taken = taken;
    ret_record->retired = retired;
    ret_record->runs = runs;
    return RG_OK;
}

/* Reads those that follow, until one is absent. */
static enum rg_status read_in_scratch(const struct rg_home *home, const char *partition,
                                      struct rg_arena *scratch, struct rg_arena *arena,
                                      struct records *records, struct rg_error *err)
{
    while (records->count < rg_record_number_max) {
        struct rg_batch record;

        records->items = rg_array_room(arena, records->items, records->count, &records->capacity,
                                       sizeof *records->items);
        if (records->items == NULL)
            return no_memory(err);
        begin_scratch(scratch, arena);
        const enum rg_status status =
            rg_batch_read(home, partition, (uint32_t)records->count + 1, scratch, &record, err);
        if (status == RG_ERR_ABSENT)
            return RG_OK;
        if (status != RG_OK)
            return status;
        RG_TRY(keep_record(&record, arena, &records->items[records->count], err));
        records->count++;
    }
    return RG_OK;
}

static enum rg_status read_records(const struct rg_home *home, const char *partition,
                                   struct rg_arena *arena, struct records *records,
                                   struct rg_error *err)
{
    struct rg_arena scratch = {.blocks = NULL};
    const enum rg_status status = read_in_scratch(home, partition, &scratch, arena, records, err);

    rg_arena_fini(&scratch);
    return status;
}

/*
 * The intents that there are. *ret_newest: the highest number that a record or a snapshot has; 0:
 * none has.
 */
static enum rg_status list_ledger(const struct rg_home *home, const char *partition,
                                  struct rg_arena *arena, struct rg_lineage *lineage,
                                  uint32_t *ret_newest, struct rg_error *err)
{
    const char *prefix = rg_ledger_key(partition, "", arena);
    struct rg_object *objects;
    size_t count;

    if (prefix == NULL)
        return no_memory(err);
    *ret_newest = 0;
    const enum rg_status status =
        rg_store_list_all(home->store, prefix, arena, &objects, &count, err);
    if (status == RG_ERR_ABSENT)
        return RG_OK;
    if (status != RG_OK)
        return status;
    struct rg_ledger_name *intents = rg_arena_array(arena, count, sizeof *intents);
    if (intents == NULL)
        return no_memory(err);
    lineage->intents = intents;
    for (size_t i = 0; i < count; i++) {
        const struct rg_ledger_name name = rg_ledger_name_parse(objects[i].key + strlen(prefix));
        const bool is_told = name.kind == RG_LEDGER_RECORD || name.kind == RG_LEDGER_SNAPSHOT;

        if (is_told && name.number > *ret_newest)
            *ret_newest = name.number;
        if (name.kind == RG_LEDGER_INTENT)
            intents[lineage->intent_count++] = name;
    }
    return RG_OK;
}

enum rg_status rg_lineage_read(const struct rg_home *home, const char *partition,
                               const struct rg_lineage_source *source, struct rg_arena *arena,
                               struct rg_lineage *ret_lineage, struct rg_error *err)
{
    struct rg_lineage told = {.records = NULL};
    struct records records = {.items = NULL};
    uint32_t newest = 0;

    RG_TRY(read_records(home, partition, arena, &records, err));
    RG_TRY(list_ledger(home, partition, arena, &told, &newest, err));
    /* Either somebody has just made records, or one in front of them was lost. */
    if (newest > records.count)
        RG_TRY(read_records(home, partition, arena, &records, err));
    if (newest > records.count)
        return rg_fail(err, RG_ERR_CORRUPT, "record %zu is missing", records.count + 1);
    RG_TRY(
        rg_lineage_trace(records.items, (uint32_t)records.count, source, arena, ret_lineage, err));
    ret_lineage->intents = told.intents;
    ret_lineage->intent_count = told.intent_count;
    return RG_OK;
}

enum rg_status rg_lineage_has_more(const struct rg_home *home, const char *partition,
                                   uint32_t record_count, struct rg_arena *arena,
                                   bool *ret_has_more, struct rg_error *err)
{
    const struct rg_ledger_name next = {.kind = RG_LEDGER_RECORD, .number = record_count + 1};
    char name[rg_minted_name_bytes];

    rg_ledger_name_make(&next, name);
    struct rg_store_op op = {.verb = RG_STORE_HEAD, .key = rg_ledger_key(partition, name, arena)};
    if (op.key == NULL)
        return no_memory(err);
    const enum rg_status status = rg_store_wait(home->store, &op, err);
    if (status != RG_OK && status != RG_ERR_ABSENT)
        return status;
    *ret_has_more = status == RG_OK;
    return RG_OK;
}
