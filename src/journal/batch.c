/* SPDX-License-Identifier: Apache-2.0 */

#include "journal/batch.h"

#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"
#include "journal/array.h"
#include "journal/document.h"
#include "journal/home.h"

uint64_t rg_batch_hash(const struct rg_batch *batch, const char *partition)
{
    struct rg_hasher hasher;

    rg_hasher_init(&hasher);
    rg_hasher_add_text(&hasher, "regroup batch");
    rg_hasher_add_text(&hasher, batch->content);
    rg_hasher_add_text(&hasher, partition);
    rg_hasher_add_u64(&hasher, batch->input_count);
    for (size_t i = 0; i < batch->input_count; i++) {
        const struct rg_batch_input *input = &batch->inputs[i];

        rg_hasher_add_text(&hasher, input->name);
        rg_hasher_add_u64(&hasher, input->id.bytes);
        rg_hasher_add_u64(&hasher, input->id.modified_ns);
        rg_hasher_add_text(&hasher, input->id.tag);
    }
    rg_hasher_add_u64(&hasher, batch->taken_count);
    for (size_t i = 0; i < batch->taken_count; i++)
        rg_hasher_add_text(&hasher, batch->taken[i]);
    return rg_hasher_result(&hasher).low;
}

static bool is_utf8(const char *name)
{
    const uint8_t *at = (const uint8_t *)name;
    size_t left = strlen(name);

    while (left > 0) {
        const size_t length = rg_utf8_sequence_bytes(at, left);

        if (length == 0)
            return false;
        at += length;
        left -= length;
    }
    return true;
}

/* Text where it is UTF-8, else {"hex":"..."}: names must come back byte for byte. */
static void emit_name(struct rg_json *json, const char *member, const char *name)
{
    if (is_utf8(name)) {
        rg_json_text(json, member, name);
        return;
    }
    rg_json_object_begin(json, member);
    rg_buffer_append_text(json->out, "\"hex\":\"");
    for (const char *c = name; *c != '\0'; c++)
        rg_buffer_printf(json->out, "%02x", (unsigned)(unsigned char)*c);
    rg_buffer_append_byte(json->out, '"');
    rg_json_object_end(json);
}

static void emit_id(struct rg_json *json, const struct rg_object_id *id)
{
    rg_json_u64(json, NULL, id->bytes);
    /* Times outside 1970 .. 2262 wrap; as signed numbers they fit every JSON reader. */
    rg_json_i64(json, NULL, (int64_t)id->modified_ns);
    rg_json_text(json, NULL, id->tag);
}

static void begin_line(struct rg_json *json)
{
    rg_buffer_append_byte(json->out, '\n');
}

static void begin_list(struct rg_json *json, const char *name)
{
    begin_line(json);
    rg_json_array_begin(json, name);
}

static void end_list(struct rg_json *json)
{
    begin_line(json);
    rg_json_array_end(json);
}

static void emit_inputs(struct rg_json *json, const struct rg_batch *batch)
{
    begin_list(json, "inputs");
    for (size_t i = 0; i < batch->input_count; i++) {
        begin_line(json);
        rg_json_array_begin(json, NULL);
        emit_name(json, NULL, batch->inputs[i].name);
        emit_id(json, &batch->inputs[i].id);
        rg_json_u64(json, NULL, batch->inputs[i].rows);
        rg_json_array_end(json);
    }
    end_list(json);
}

static void emit_names(struct rg_json *json, const char *list, const char *const *names,
                       size_t count)
{
    begin_list(json, list);
    for (size_t i = 0; i < count; i++) {
        begin_line(json);
        rg_json_text(json, NULL, names[i]);
    }
    end_list(json);
}

static void emit_outputs(struct rg_json *json, const struct rg_batch *batch)
{
    begin_list(json, "outputs");
    for (size_t i = 0; i < batch->output_count; i++) {
        begin_line(json);
        rg_json_array_begin(json, NULL);
        rg_json_text(json, NULL, batch->outputs[i].name);
        emit_id(json, &batch->outputs[i].id);
        rg_json_u64(json, NULL, batch->outputs[i].rows);
        rg_json_u64(json, NULL, batch->outputs[i].row_groups);
        rg_json_array_end(json);
    }
    end_list(json);
}

static void emit_runs(struct rg_json *json, const struct rg_batch *batch)
{
    begin_list(json, "runs");
    for (size_t i = 0; i < batch->run_count; i++) {
        begin_line(json);
        rg_json_array_begin(json, NULL);
        rg_json_u64(json, NULL, batch->runs[i].output);
        rg_json_u64(json, NULL, batch->runs[i].input);
        rg_json_u64(json, NULL, batch->runs[i].input_count);
        rg_json_u64(json, NULL, batch->runs[i].row_group);
        rg_json_u64(json, NULL, batch->runs[i].row_group_count);
        rg_json_array_end(json);
    }
    end_list(json);
}

/*
 * What a document takes if names are plain text: room for it is made once, because a buffer that
 * grows takes three times as much for a moment.
 */
static size_t likely_bytes(const struct rg_batch *batch)
{
    enum {
        head_bytes = 512,
        line_bytes = 52, /* Numbers and what is between them. */
        name_bytes = 64  /* A minted one. */
    };
    const size_t outputs = batch->taken_count + batch->retired_count + batch->output_count;
    size_t bytes = head_bytes + (batch->options == NULL ? 0 : strlen(batch->options));

    for (size_t i = 0; i < batch->input_count; i++)
        bytes += line_bytes + strlen(batch->inputs[i].name) + strlen(batch->inputs[i].id.tag);
    return bytes + outputs * (line_bytes + name_bytes) + batch->run_count * line_bytes;
}

void rg_batch_emit(const struct rg_batch *batch, enum rg_document kind,
                   const struct rg_home_id *home, const char *partition, struct rg_buffer *out)
{
    static const char *const kinds[] = {
        [RG_DOCUMENT_RECORD] = "record",
        [RG_DOCUMENT_INTENT] = "intent",
        [RG_DOCUMENT_SNAPSHOT] = "snapshot",
    };
    const size_t room = out->bytes_max - out->bytes;
    const size_t likely = likely_bytes(batch);
    struct rg_json json;

    (void)rg_buffer_reserve(out, likely < room ? likely : room);
    rg_json_init(&json, out);
    rg_json_object_begin(&json, NULL);
    rg_json_u64(&json, "v", 1);
    rg_json_text(&json, "kind", kinds[kind]);
    rg_json_text(&json, "home", home->digits);
    emit_name(&json, "partition", partition);
    rg_json_u64(&json, "number", batch->number);
    rg_json_bool(&json, "in_place", batch->is_in_place);
    rg_json_bool(&json, "all", batch->is_all);
    rg_json_bool(&json, "void", batch->is_void);
    rg_json_text(&json, "options", batch->options == NULL ? "" : batch->options);
    rg_json_text(&json, "content", batch->content == NULL ? "" : batch->content);
    emit_inputs(&json, batch);
    emit_names(&json, "taken", batch->taken, batch->taken_count);
    emit_names(&json, "retired", batch->retired, batch->retired_count);
    emit_outputs(&json, batch);
    emit_runs(&json, batch);
    rg_json_object_end(&json);
    begin_line(&json);
}

/* A batch that is being read into an arena. */
struct collection {
    struct rg_arena *arena;
    struct rg_batch head;
    struct rg_batch_input *inputs;
    const char **taken;
    const char **retired;
    struct rg_batch_output *outputs;
    struct rg_batch_run *runs;
    size_t input_capacity;
    size_t taken_capacity;
    size_t retired_capacity;
    size_t output_capacity;
    size_t run_capacity;
};

static enum rg_status no_memory(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory for a record of the ledger");
}

static enum rg_status collect_head(void *user, const struct rg_batch *head, struct rg_error *err)
{
    struct collection *c = user;

    c->head = *head;
    c->head.options = rg_arena_text(c->arena, head->options);
    c->head.content = rg_arena_text(c->arena, head->content);
    return c->head.options == NULL || c->head.content == NULL ? no_memory(err) : RG_OK;
}

static enum rg_status copy_id(struct rg_arena *arena, struct rg_object_id *id, struct rg_error *err)
{
    id->tag = id->tag[0] == '\0' ? "" : rg_arena_text(arena, id->tag);
    return id->tag == NULL ? no_memory(err) : RG_OK;
}

static enum rg_status collect_input(void *user, const struct rg_batch_input *input,
                                    struct rg_error *err)
{
    struct collection *c = user;

    c->inputs = rg_array_room(c->arena, c->inputs, c->head.input_count, &c->input_capacity,
                              sizeof *c->inputs);
    const char *name = rg_arena_text(c->arena, input->name);
    if (c->inputs == NULL || name == NULL)
        return no_memory(err);
    struct rg_batch_input *copy = &c->inputs[c->head.input_count++];
    *copy = *input;
    copy->name = name;
    return copy_id(c->arena, &copy->id, err);
}

static enum rg_status collect_name(struct rg_arena *arena, const char *name, const char ***names,
                                   size_t *count, size_t *capacity, struct rg_error *err)
{
    *names = rg_array_room(arena, *names, *count, capacity, sizeof **names);
    const char *copy = rg_arena_text(arena, name);
    if (*names == NULL || copy == NULL)
        return no_memory(err);
    (*names)[(*count)++] = copy;
    return RG_OK;
}

static enum rg_status collect_taken(void *user, const char *name, struct rg_error *err)
{
    struct collection *c = user;

    return collect_name(c->arena, name, &c->taken, &c->head.taken_count, &c->taken_capacity, err);
}

static enum rg_status collect_retired(void *user, const char *name, struct rg_error *err)
{
    struct collection *c = user;

    return collect_name(c->arena, name, &c->retired, &c->head.retired_count, &c->retired_capacity,
                        err);
}

static enum rg_status collect_output(void *user, const struct rg_batch_output *output,
                                     struct rg_error *err)
{
    struct collection *c = user;

    c->outputs = rg_array_room(c->arena, c->outputs, c->head.output_count, &c->output_capacity,
                               sizeof *c->outputs);
    const char *name = rg_arena_text(c->arena, output->name);
    if (c->outputs == NULL || name == NULL)
        return no_memory(err);
    struct rg_batch_output *copy = &c->outputs[c->head.output_count++];
    *copy = *output;
    copy->name = name;
    return copy_id(c->arena, &copy->id, err);
}

static enum rg_status collect_run(void *user, const struct rg_batch_run *run, struct rg_error *err)
{
    struct collection *c = user;

    c->runs =
        rg_array_room(c->arena, c->runs, c->head.run_count, &c->run_capacity, sizeof *c->runs);
    if (c->runs == NULL)
        return no_memory(err);
    c->runs[c->head.run_count++] = *run;
    return RG_OK;
}

enum rg_status rg_batch_read(const struct rg_home *home, const char *partition, uint32_t number,
                             struct rg_arena *arena, struct rg_batch *ret_batch,
                             struct rg_error *err)
{
    struct collection c = {.arena = arena};
    const struct rg_document_visitor visitor = {
        .head = collect_head,
        .input = collect_input,
        .taken = collect_taken,
        .retired = collect_retired,
        .output = collect_output,
        .run = collect_run,
        .user = &c,
    };
    struct rg_document_reader reader;
    char name[rg_minted_name_bytes];

    rg_ledger_name_make(&(const struct rg_ledger_name){.kind = RG_LEDGER_RECORD, .number = number},
                        name);
    const char *key = rg_ledger_key(partition, name, arena);
    if (key == NULL)
        return no_memory(err);
    rg_document_reader_init(&reader, home, partition, arena->allocator);
    const enum rg_status status =
        rg_document_read(&reader, key, RG_DOCUMENT_RECORD, number, &visitor, err);
    rg_document_reader_fini(&reader);
    if (status != RG_OK)
        return status;
    c.head.inputs = c.inputs;
    c.head.taken = c.taken;
    c.head.retired = c.retired;
    c.head.outputs = c.outputs;
    c.head.runs = c.runs;
    *ret_batch = c.head;
    return RG_OK;
}
