/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A document is a head, five lists in a fixed order and an end; `section` says which of them the
 * next line belongs to. Lines come from a window over the document: bytes [begin, end) of the
 * buffer, followed by what is left in the store from `offset` on.
 */

#include "journal/document.h"

#include <inttypes.h>
#include <string.h>

#include "journal/line.h"

enum section {
    SECTION_INPUTS,
    SECTION_TAKEN,
    SECTION_RETIRED,
    SECTION_OUTPUTS,
    SECTION_RUNS,
    SECTION_COUNT,
};

static const char *const section_lines[SECTION_COUNT] = {
    ",\"inputs\":[", ",\"taken\":[", ",\"retired\":[", ",\"outputs\":[", ",\"runs\":[",
};

/* Members of the head. */
enum head_member {
    HEAD_VERSION,
    HEAD_KIND,
    HEAD_HOME,
    HEAD_PARTITION,
    HEAD_NUMBER,
    HEAD_IN_PLACE,
    HEAD_ALL,
    HEAD_VOID,
    HEAD_OPTIONS,
    HEAD_CONTENT,
    HEAD_MEMBER_COUNT,
};

static const char *const head_names[HEAD_MEMBER_COUNT] = {
    "v", "kind", "home", "partition", "number", "in_place", "all", "void", "options", "content",
};

static const char *const kind_names[] = {
    [RG_DOCUMENT_RECORD] = "record",
    [RG_DOCUMENT_INTENT] = "intent",
    [RG_DOCUMENT_SNAPSHOT] = "snapshot",
};

struct reading {
    struct rg_document_reader *reader;
    const char *name; /* For messages. */
    const struct rg_document_visitor *visitor;
    enum rg_document kind;
    uint32_t number;
    uint64_t line_number;

    /* The window. */
    char *bytes;
    size_t begin;
    size_t end;

    /* Where more comes from; nothing is left once is_at_end. */
    const char *key;
    uint64_t offset;
    bool is_at_end;
};

static enum rg_status corrupt(const struct reading *r, const char *what, struct rg_error *err)
{
    return rg_fail(err, RG_ERR_CORRUPT, "%s: line %" PRIu64 ": %s", r->name, r->line_number, what);
}

static enum rg_status fill(struct reading *r, struct rg_error *err)
{
    struct rg_document_reader *reader = r->reader;

    memmove(r->bytes, r->bytes + r->begin, r->end - r->begin);
    r->end -= r->begin;
    r->begin = 0;
    struct rg_store_op op = {
        .verb = RG_STORE_GET,
        .key = r->key,
        .buffer = (uint8_t *)r->bytes + r->end,
        .offset = r->offset,
        .in_bytes = rg_document_line_max - r->end,
    };
    RG_TRY(rg_store_wait(reader->home->store, &op, err));
    if (r->offset > 0 && !rg_object_id_equal(&op.id, &reader->id, false))
        return rg_fail(err, RG_ERR_CHANGED, "%s: changed while it was read", r->name);
    reader->id = op.id;
    reader->id.tag = "";
    r->offset += op.out_bytes;
    r->end += (size_t)op.out_bytes;
    r->is_at_end = op.out_bytes < op.in_bytes;
    return RG_OK;
}

/* The next line without its end, or data NULL behind the last one. It may be written into. */
static enum rg_status next_line(struct reading *r, char **ret_line, size_t *ret_bytes,
                                struct rg_error *err)
{
    const char *end;

    for (;;) {
        end = memchr(r->bytes + r->begin, '\n', r->end - r->begin);
        if (end != NULL || r->is_at_end)
            break;
        if (r->begin == 0 && r->end == rg_document_line_max)
            return corrupt(r, "is too long", err);
        RG_TRY(fill(r, err));
    }
    r->line_number++;
    if (end == NULL && r->begin == r->end) {
        *ret_line = NULL;
        return RG_OK;
    }
    if (end == NULL)
        return corrupt(r, "ends before its end", err);
    *ret_line = r->bytes + r->begin;
    *ret_bytes = (size_t)(end - *ret_line);
    r->begin += *ret_bytes + 1;
    return RG_OK;
}

/* Texts of values are valid until the next line is read; NULL where a value is none. */
static const char *text_of(const struct rg_line_value *value)
{
    return value->kind == RG_LINE_TEXT ? value->text : NULL;
}

/* A name: text, or {"hex":"..."}. */
static const char *name_of(const struct rg_line_value *value)
{
    return value->kind == RG_LINE_HEX ? value->text : text_of(value);
}

/* A name that is one component of a key. */
static const char *component_of(const struct rg_line_value *value)
{
    const char *name = name_of(value);
    const bool is_odd = name == NULL || name[0] == '\0' || strchr(name, '/') != NULL ||
                        strcmp(name, ".") == 0 || strcmp(name, "..") == 0;

    return is_odd ? NULL : name;
}

static bool u64_of(const struct rg_line_value *value, uint64_t *ret_value)
{
    if (value->kind != RG_LINE_INTEGER || value->integer < 0)
        return false;
    *ret_value = (uint64_t)value->integer;
    return true;
}

static bool u32_of(const struct rg_line_value *value, uint32_t *ret_value)
{
    if (value->kind != RG_LINE_INTEGER || value->integer < 0 || value->integer > UINT32_MAX)
        return false;
    *ret_value = (uint32_t)value->integer;
    return true;
}

static bool bool_of(const struct rg_line_value *value, bool *ret_value)
{
    *ret_value = value->integer != 0;
    return value->kind == RG_LINE_BOOL;
}

/* Whether it is an array of so many values. */
static bool is_array_of(const struct rg_line_element *element, size_t count)
{
    return element->is_array && element->count == count;
}

/* Of three values. */
static bool id_of(const struct rg_line_value *values, struct rg_object_id *ret_id)
{
    ret_id->tag = text_of(&values[2]);
    if (!u64_of(&values[0], &ret_id->bytes) || values[1].kind != RG_LINE_INTEGER ||
        ret_id->tag == NULL)
        return false;
    /* Times before 1970 and after 2262 are written as negative numbers. */
    ret_id->modified_ns = (uint64_t)values[1].integer;
    return true;
}

static enum rg_status take_input(const struct reading *r, const struct rg_line_element *element,
                                 struct rg_error *err)
{
    const struct rg_line_value *values = element->values;
    struct rg_batch_input input;

    input.name = component_of(&values[0]);
    if (!is_array_of(element, 5) || input.name == NULL || !id_of(values + 1, &input.id) ||
        !u64_of(&values[4], &input.rows))
        return corrupt(r, "is no input", err);
    if (r->visitor->input == NULL)
        return RG_OK;
    return r->visitor->input(r->visitor->user, &input, err);
}

static enum rg_status take_output(const struct reading *r, const struct rg_line_element *element,
                                  struct rg_error *err)
{
    const struct rg_line_value *values = element->values;
    struct rg_batch_output output;
    struct rg_minted minted;

    output.name = text_of(&values[0]);
    if (!is_array_of(element, 6) || output.name == NULL || !id_of(values + 1, &output.id) ||
        !u64_of(&values[4], &output.rows) || !u32_of(&values[5], &output.row_groups))
        return corrupt(r, "is no output", err);
    if (!rg_minted_parse(output.name, &minted) ||
        !rg_minted_is_of(&minted, &r->reader->home->id, r->reader->partition) ||
        (r->kind == RG_DOCUMENT_RECORD ? minted.number != r->number : minted.number > r->number))
        return corrupt(r, "names an output that this record cannot have", err);
    if (r->visitor->output == NULL)
        return RG_OK;
    return r->visitor->output(r->visitor->user, &output, err);
}

static enum rg_status take_run(const struct reading *r, const struct rg_line_element *element,
                               struct rg_error *err)
{
    const struct rg_line_value *values = element->values;
    struct rg_batch_run run;

    if (!is_array_of(element, 5) || !u32_of(&values[0], &run.output) ||
        !u32_of(&values[1], &run.input) || !u32_of(&values[2], &run.input_count) ||
        !u32_of(&values[3], &run.row_group) || !u32_of(&values[4], &run.row_group_count))
        return corrupt(r, "is no run", err);
    return r->visitor->run == NULL ? RG_OK : r->visitor->run(r->visitor->user, &run, err);
}

static enum rg_status take_name(const struct reading *r, const struct rg_line_element *element,
                                bool is_retired, struct rg_error *err)
{
    struct rg_minted minted;
    const char *name = element->is_array ? NULL : text_of(&element->values[0]);
    enum rg_status (*visit)(void *, const char *, struct rg_error *) =
        is_retired ? r->visitor->retired : r->visitor->taken;

    if (name == NULL || !rg_minted_parse(name, &minted))
        return corrupt(r, "is no name of an output", err);
    return visit == NULL ? RG_OK : visit(r->visitor->user, name, err);
}

static enum rg_status take_element(const struct reading *r, enum section section,
                                   const struct rg_line_element *element, struct rg_error *err)
{
    switch (section) {
    case SECTION_INPUTS:
        return take_input(r, element, err);
    case SECTION_TAKEN:
        return take_name(r, element, false, err);
    case SECTION_RETIRED:
        return take_name(r, element, true, err);
    case SECTION_OUTPUTS:
        return take_output(r, element, err);
    case SECTION_RUNS:
        return take_run(r, element, err);
    case SECTION_COUNT:
        break;
    }
    return rg_fail(err, RG_ERR_BUG, "a document has no section %d", (int)section);
}

static enum rg_status take_head(const struct reading *r,
                                const struct rg_line_value head[HEAD_MEMBER_COUNT],
                                struct rg_error *err)
{
    struct rg_batch batch = {.number = r->number};
    const char *kind = text_of(&head[HEAD_KIND]);
    const char *home = text_of(&head[HEAD_HOME]);
    const char *partition = name_of(&head[HEAD_PARTITION]);
    uint32_t number;
    uint32_t version;

    if (!u32_of(&head[HEAD_VERSION], &version))
        return corrupt(r, "has no version", err);
    if (version != 1)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "%s: version %" PRIu32 ", made by a newer regroup",
                       r->name, version);
    if (kind == NULL || strcmp(kind, kind_names[r->kind]) != 0)
        return corrupt(r, "is of another kind", err);
    if (r->reader->home->id.digits[0] == '\0')
        return rg_fail(err, RG_ERR_AGAIN, "%s: the home was made after it had been looked for",
                       r->name);
    if (home == NULL || strcmp(home, r->reader->home->id.digits) != 0)
        return corrupt(r, "belongs to another home: _regroup/_home is not the one it was made with",
                       err);
    if (partition == NULL || strcmp(partition, r->reader->partition) != 0)
        return corrupt(r, "belongs to another partition", err);
    if (!u32_of(&head[HEAD_NUMBER], &number) || number != r->number)
        return corrupt(r, "has another number", err);
    batch.options = text_of(&head[HEAD_OPTIONS]);
    batch.content = text_of(&head[HEAD_CONTENT]);
    if (!bool_of(&head[HEAD_IN_PLACE], &batch.is_in_place) ||
        !bool_of(&head[HEAD_ALL], &batch.is_all) || !bool_of(&head[HEAD_VOID], &batch.is_void) ||
        batch.options == NULL || batch.content == NULL)
        return corrupt(r, "is no head of a document", err);
    return r->visitor->head == NULL ? RG_OK : r->visitor->head(r->visitor->user, &batch, err);
}

static enum rg_status read_head(struct reading *r, struct rg_error *err)
{
    struct rg_line_value head[HEAD_MEMBER_COUNT];
    char *line;
    size_t bytes = 0;

    RG_TRY(next_line(r, &line, &bytes, err));
    if (line == NULL)
        return corrupt(r, "the document is empty", err);
    /* The object goes on for the whole document. */
    if (!rg_line_read_members(line, bytes, true, head_names, HEAD_MEMBER_COUNT, head))
        return corrupt(r, "is no JSON object", err);
    return take_head(r, head, err);
}

static bool is_line(const char *line, size_t bytes, const char *wanted)
{
    return strlen(wanted) == bytes && memcmp(line, wanted, bytes) == 0;
}

static enum rg_status read_section(struct reading *r, enum section section, struct rg_error *err)
{
    const char *last = section + 1 == SECTION_COUNT ? "]}" : "]";
    bool is_first = true;
    char *line;
    size_t bytes = 0;

    RG_TRY(next_line(r, &line, &bytes, err));
    if (line == NULL || !is_line(line, bytes, section_lines[section]))
        return corrupt(r, "does not begin the list that belongs here", err);
    for (;;) {
        RG_TRY(next_line(r, &line, &bytes, err));
        if (line == NULL)
            return corrupt(r, "the document ends in a list", err);
        if (is_line(line, bytes, last))
            return RG_OK;
        const size_t skip = is_first ? 0 : 1;
        if (bytes < skip || (skip > 0 && line[0] != ','))
            return corrupt(r, "has no comma in front", err);
        struct rg_line_element element;
        if (!rg_line_read_element(line + skip, bytes - skip, &element))
            return corrupt(r, "is no JSON", err);
        RG_TRY(take_element(r, section, &element, err));
        is_first = false;
    }
}

static enum rg_status read_document(struct reading *r, struct rg_error *err)
{
    char *line;
    size_t bytes = 0;

    RG_TRY(read_head(r, err));
    for (int section = 0; section < SECTION_COUNT; section++)
        RG_TRY(read_section(r, (enum section)section, err));
    RG_TRY(next_line(r, &line, &bytes, err));
    return line == NULL ? RG_OK : corrupt(r, "comes after the end", err);
}

void rg_document_reader_init(struct rg_document_reader *reader, const struct rg_home *home,
                             const char *partition, const struct rg_allocator *allocator)
{
    *reader = (struct rg_document_reader){
        .home = home, .partition = partition, .allocator = allocator, .id = {.tag = ""}};
}

void rg_document_reader_fini(struct rg_document_reader *reader)
{
    if (reader->buffer != NULL)
        rg_release(reader->allocator, reader->buffer, rg_document_line_max);
    reader->buffer = NULL;
}

static enum rg_status need_buffer(struct rg_document_reader *reader, const char *name,
                                  struct rg_error *err)
{
    if (reader->buffer == NULL)
        reader->buffer = rg_alloc(reader->allocator, rg_document_line_max);
    return reader->buffer != NULL ? RG_OK
                                  : rg_fail(err, RG_ERR_NOMEM, "%s: no memory to read it", name);
}

enum rg_status rg_document_read(struct rg_document_reader *reader, const char *key,
                                enum rg_document kind, uint32_t number,
                                const struct rg_document_visitor *visitor, struct rg_error *err)
{
    RG_TRY(need_buffer(reader, key, err));
    struct reading r = {
        .reader = reader,
        .name = key,
        .visitor = visitor,
        .kind = kind,
        .number = number,
        .bytes = reader->buffer,
        .key = key,
    };
    RG_TRY(fill(&r, err));
    return read_document(&r, err);
}

enum rg_status rg_document_parse(struct rg_document_reader *reader, const char *name,
                                 struct rg_span bytes, enum rg_document kind, uint32_t number,
                                 const struct rg_document_visitor *visitor, struct rg_error *err)
{
    char *copy = rg_alloc(reader->allocator, bytes.bytes + 1);

    if (copy == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "%s: no memory to read it", name);
    if (bytes.bytes > 0)
        memcpy(copy, bytes.data, bytes.bytes);
    struct reading r = {
        .reader = reader,
        .name = name,
        .visitor = visitor,
        .kind = kind,
        .number = number,
        .bytes = copy,
        .end = bytes.bytes,
        .is_at_end = true,
    };
    const enum rg_status status = read_document(&r, err);
    rg_release(reader->allocator, copy, bytes.bytes + 1);
    return status;
}

enum rg_status rg_document_check(const char *name, struct rg_span bytes, struct rg_error *err)
{
    uint64_t line_number = 1;

    for (size_t begin = 0; begin < bytes.bytes; line_number++) {
        const uint8_t *end = memchr(bytes.data + begin, '\n', bytes.bytes - begin);
        const size_t next = end == NULL ? bytes.bytes : (size_t)(end - bytes.data) + 1;

        if (next - begin > rg_document_line_max)
            return rg_fail(err, RG_ERR_LIMIT,
                           "%s: line %" PRIu64 " would have %zu bytes, and none may have more than "
                           "%zu",
                           name, line_number, next - begin, rg_document_line_max);
        begin = next;
    }
    return RG_OK;
}

const char *rg_ledger_key(const char *partition, const char *name, struct rg_arena *arena)
{
    static const char front[] = "_regroup/";
    const size_t partition_bytes = strlen(partition);
    const size_t name_bytes = strlen(name);
    char *key = rg_arena_alloc(arena, sizeof front + partition_bytes + name_bytes);

    if (key == NULL)
        return NULL;
    memcpy(key, front, sizeof front - 1);
    memcpy(key + sizeof front - 1, partition, partition_bytes);
    memcpy(key + sizeof front - 1 + partition_bytes, name, name_bytes + 1);
    return key;
}
