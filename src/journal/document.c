/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A document is a head, five lists in a fixed order and an end; `section` says which of them the
 * next line belongs to. Lines come from a window over the document: bytes [begin, end) of the
 * buffer, followed by what is left in the store from `offset` on.
 */

#include "journal/document.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

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

/*
 * `line` becomes JSON; jansson reads strings of valid UTF-8 without NUL only. It has a text for all
 * that is wrong with a line, and none where it had no memory.
 */
static enum rg_status parse_line(const struct reading *r, struct rg_span line, const char *what,
                                 json_t **ret_value, struct rg_error *err)
{
    json_error_t error;

    *ret_value = json_loadb((const char *)line.data, line.bytes,
                            JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (*ret_value != NULL)
        return RG_OK;
    if (error.text[0] == '\0')
        return rg_fail(err, RG_ERR_NOMEM, "%s: no memory to read it", r->name);
    return corrupt(r, what, err);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes digits in place of themselves: text of half the length, without NUL. */
static bool decode_hex(char *text)
{
    size_t end = 0;

    for (size_t i = 0; text[i] != '\0'; i += 2) {
        const int high = hex_digit(text[i]);
        const int low = text[i + 1] == '\0' ? -1 : hex_digit(text[i + 1]);

        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return false;
        text[end++] = (char)(high * 16 + low);
    }
    text[end] = '\0';
    return true;
}

/* A name: text, or {"hex":"..."}. Valid as long as `value`; NULL when it is neither. */
static const char *name_of(const json_t *value)
{
    if (json_is_string(value))
        return json_string_value(value);
    const char *digits = json_string_value(json_object_get(value, "hex"));
    if (digits == NULL || json_object_size(value) != 1)
        return NULL;
    /* The text is jansson's and ours until `value` goes; nobody else looks at it. */
    char *text = (char *)(uintptr_t)digits;
    return decode_hex(text) ? text : NULL;
}

/* A name that is one component of a key. */
static const char *component_of(const json_t *value)
{
    const char *name = name_of(value);
    const bool is_odd = name == NULL || name[0] == '\0' || strchr(name, '/') != NULL ||
                        strcmp(name, ".") == 0 || strcmp(name, "..") == 0;

    return is_odd ? NULL : name;
}

static bool u64_of(const json_t *value, uint64_t max, uint64_t *ret_value)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > max)
        return false;
    *ret_value = (uint64_t)json_integer_value(value);
    return true;
}

static bool u32_of(const json_t *value, uint32_t *ret_value)
{
    uint64_t wide;

    if (!u64_of(value, UINT32_MAX, &wide))
        return false;
    *ret_value = (uint32_t)wide;
    return true;
}

static bool id_of(const json_t *array, struct rg_object_id *ret_id)
{
    const json_t *modified = json_array_get(array, 2);
    const json_t *tag = json_array_get(array, 3);

    if (!u64_of(json_array_get(array, 1), INT64_MAX, &ret_id->bytes) ||
        !json_is_integer(modified) || !json_is_string(tag))
        return false;
    /* Times before 1970 and after 2262 are written as negative numbers. */
    ret_id->modified_ns = (uint64_t)json_integer_value(modified);
    ret_id->tag = json_string_value(tag);
    return true;
}

static enum rg_status take_input(const struct reading *r, const json_t *value, struct rg_error *err)
{
    struct rg_batch_input input;

    input.name = component_of(json_array_get(value, 0));
    if (json_array_size(value) != 5 || input.name == NULL || !id_of(value, &input.id) ||
        !u64_of(json_array_get(value, 4), INT64_MAX, &input.rows))
        return corrupt(r, "is no input", err);
    if (r->visitor->input == NULL)
        return RG_OK;
    return r->visitor->input(r->visitor->user, &input, err);
}

static enum rg_status take_output(const struct reading *r, const json_t *value,
                                  struct rg_error *err)
{
    struct rg_batch_output output;
    struct rg_minted minted;

    output.name = json_string_value(json_array_get(value, 0));
    if (json_array_size(value) != 6 || output.name == NULL || !id_of(value, &output.id) ||
        !u64_of(json_array_get(value, 4), INT64_MAX, &output.rows) ||
        !u32_of(json_array_get(value, 5), &output.row_groups))
        return corrupt(r, "is no output", err);
    if (!rg_minted_parse(output.name, &minted) ||
        !rg_minted_is_of(&minted, &r->reader->home->id, r->reader->partition) ||
        (r->kind == RG_DOCUMENT_RECORD ? minted.number != r->number : minted.number > r->number))
        return corrupt(r, "names an output that this record cannot have", err);
    if (r->visitor->output == NULL)
        return RG_OK;
    return r->visitor->output(r->visitor->user, &output, err);
}

static enum rg_status take_run(const struct reading *r, const json_t *value, struct rg_error *err)
{
    struct rg_batch_run run;

    if (json_array_size(value) != 5 || !u32_of(json_array_get(value, 0), &run.output) ||
        !u32_of(json_array_get(value, 1), &run.input) ||
        !u32_of(json_array_get(value, 2), &run.input_count) ||
        !u32_of(json_array_get(value, 3), &run.row_group) ||
        !u32_of(json_array_get(value, 4), &run.row_group_count))
        return corrupt(r, "is no run", err);
    return r->visitor->run == NULL ? RG_OK : r->visitor->run(r->visitor->user, &run, err);
}

static enum rg_status take_name(const struct reading *r, const json_t *value, bool is_retired,
                                struct rg_error *err)
{
    struct rg_minted minted;
    const char *name = json_string_value(value);
    enum rg_status (*visit)(void *, const char *, struct rg_error *) =
        is_retired ? r->visitor->retired : r->visitor->taken;

    if (name == NULL || !rg_minted_parse(name, &minted))
        return corrupt(r, "is no name of an output", err);
    return visit == NULL ? RG_OK : visit(r->visitor->user, name, err);
}

static enum rg_status take_element(const struct reading *r, enum section section,
                                   const json_t *value, struct rg_error *err)
{
    switch (section) {
    case SECTION_INPUTS:
        return take_input(r, value, err);
    case SECTION_TAKEN:
        return take_name(r, value, false, err);
    case SECTION_RETIRED:
        return take_name(r, value, true, err);
    case SECTION_OUTPUTS:
        return take_output(r, value, err);
    case SECTION_RUNS:
        return take_run(r, value, err);
    case SECTION_COUNT:
        break;
    }
    return rg_fail(err, RG_ERR_BUG, "a document has no section %d", (int)section);
}

static bool bool_member(const json_t *head, const char *name, bool *ret_value)
{
    const json_t *value = json_object_get(head, name);

    *ret_value = json_is_true(value);
    return json_is_boolean(value);
}

static enum rg_status take_head(const struct reading *r, const json_t *head, struct rg_error *err)
{
    struct rg_batch batch = {.number = r->number};
    const char *kind = json_string_value(json_object_get(head, "kind"));
    const char *home = json_string_value(json_object_get(head, "home"));
    uint32_t number;
    uint32_t version;

    if (!u32_of(json_object_get(head, "v"), &version))
        return corrupt(r, "has no version", err);
    if (version != 1)
        return rg_fail(err, RG_ERR_CORRUPT, "%s: version %" PRIu32 ", made by a newer regroup",
                       r->name, version);
    if (kind == NULL || strcmp(kind, kind_names[r->kind]) != 0)
        return corrupt(r, "is of another kind", err);
    if (r->reader->home->id.digits[0] == '\0')
        return rg_fail(err, RG_ERR_AGAIN, "%s: the home was made after it had been looked for",
                       r->name);
    if (home == NULL || strcmp(home, r->reader->home->id.digits) != 0)
        return corrupt(r, "belongs to another home: _regroup/_home is not the one it was made with",
                       err);
    const char *partition = name_of(json_object_get(head, "partition"));
    if (partition == NULL || strcmp(partition, r->reader->partition) != 0)
        return corrupt(r, "belongs to another partition", err);
    if (!u32_of(json_object_get(head, "number"), &number) || number != r->number)
        return corrupt(r, "has another number", err);
    batch.options = json_string_value(json_object_get(head, "options"));
    batch.content = json_string_value(json_object_get(head, "content"));
    if (!bool_member(head, "in_place", &batch.is_in_place) ||
        !bool_member(head, "all", &batch.is_all) || !bool_member(head, "void", &batch.is_void) ||
        batch.options == NULL || batch.content == NULL)
        return corrupt(r, "is no head of a document", err);
    return r->visitor->head == NULL ? RG_OK : r->visitor->head(r->visitor->user, &batch, err);
}

static enum rg_status read_head(struct reading *r, struct rg_error *err)
{
    char *line;
    size_t bytes = 0;

    RG_TRY(next_line(r, &line, &bytes, err));
    if (line == NULL)
        return corrupt(r, "the document is empty", err);
    /* The object goes on for the whole document: close it where the line ended. */
    line[bytes] = '}';
    json_t *head;
    const struct rg_span text = {(const uint8_t *)line, bytes + 1};
    RG_TRY(parse_line(r, text, "is no JSON object", &head, err));
    const enum rg_status status =
        json_is_object(head) ? take_head(r, head, err) : corrupt(r, "is no JSON object", err);
    json_decref(head);
    return status;
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
        json_t *value;
        const struct rg_span text = {(const uint8_t *)line + skip, bytes - skip};
        RG_TRY(parse_line(r, text, "is no JSON", &value, err));
        const enum rg_status status = take_element(r, section, value, err);
        json_decref(value);
        RG_TRY(status);
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
