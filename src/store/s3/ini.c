/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/ini.h"

#include <string.h>

static const size_t entries_first = 32;

struct reader {
    struct rg_arena *arena;
    struct rg_ini *ini;
    size_t capacity;
    const char *section; /* NULL before the first. */
    const char *parent;  /* The key without a value that indented lines belong to; or NULL. */
};

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\f' || byte == '\v';
}

static struct rg_span trim(struct rg_span span)
{
    while (span.bytes > 0 && is_blank(span.data[0])) {
        span.data++;
        span.bytes--;
    }
    while (span.bytes > 0 && is_blank(span.data[span.bytes - 1]))
        span.bytes--;
    return span;
}

static char lower(uint8_t byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
}

/* "[ profile  "my name" ]" is "profile my name". */
static const char *copy_section(struct rg_arena *arena, struct rg_span name)
{
    char *text = rg_arena_alloc(arena, name.bytes + 1);
    size_t end = 0;
    bool has_blank = false;

    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < name.bytes; i++) {
        if (name.data[i] == '"' || name.data[i] == '\'')
            continue;
        if (is_blank(name.data[i])) {
            has_blank = end > 0;
            continue;
        }
        if (has_blank)
            text[end++] = ' ';
        has_blank = false;
        text[end++] = (char)name.data[i];
    }
    text[end] = '\0';
    return text;
}

/* "parent.key" in lower case. */
static const char *copy_key(struct rg_arena *arena, const char *parent, struct rg_span key)
{
    const size_t parent_bytes = parent != NULL ? strlen(parent) + 1 : 0;
    char *text = rg_arena_alloc(arena, parent_bytes + key.bytes + 1);

    if (text == NULL)
        return NULL;
    if (parent != NULL) {
        memcpy(text, parent, parent_bytes - 1);
        text[parent_bytes - 1] = '.';
    }
    for (size_t i = 0; i < key.bytes; i++)
        text[parent_bytes + i] = lower(key.data[i]);
    text[parent_bytes + key.bytes] = '\0';
    return text;
}

static bool add_entry(struct reader *reader, const char *key, struct rg_span value)
{
    struct rg_ini *ini = reader->ini;

    if (ini->count == reader->capacity) {
        const size_t capacity = reader->capacity > 0 ? reader->capacity * 2 : entries_first;
        struct rg_ini_entry *entries = rg_arena_array(reader->arena, capacity, sizeof *entries);

        if (entries == NULL)
            return false;
        if (ini->count > 0)
            memcpy(entries, ini->entries, ini->count * sizeof *entries);
        ini->entries = entries;
        reader->capacity = capacity;
    }
    const char *text = (const char *)rg_arena_copy(reader->arena, value).data;
    if (key == NULL || text == NULL)
        return false;
    ini->entries[ini->count++] = (struct rg_ini_entry){reader->section, key, text};
    return true;
}

static bool take_line(struct reader *reader, struct rg_span line)
{
    const bool is_indented = line.bytes > 0 && is_blank(line.data[0]);
    const struct rg_span text = trim(line);

    if (text.bytes == 0 || text.data[0] == '#' || text.data[0] == ';')
        return true;
    if (text.data[0] == '[' && !is_indented) {
        const uint8_t *end = memchr(text.data, ']', text.bytes);

        if (end == NULL)
            return true;
        reader->parent = NULL;
        reader->section = copy_section(
            reader->arena, (struct rg_span){text.data + 1, (size_t)(end - text.data) - 1});
        return reader->section != NULL;
    }
    const uint8_t *equals = memchr(text.data, '=', text.bytes);
    if (equals == NULL || reader->section == NULL)
        return true;
    const struct rg_span key = trim((struct rg_span){text.data, (size_t)(equals - text.data)});
    const struct rg_span value =
        trim((struct rg_span){equals + 1, text.bytes - (size_t)(equals - text.data) - 1});
    const char *parent = is_indented ? reader->parent : NULL;
    const char *name = copy_key(reader->arena, parent, key);
    if (!is_indented)
        reader->parent = value.bytes == 0 ? name : NULL;
    return add_entry(reader, name, value);
}

enum rg_status rg_ini_parse(struct rg_span text, struct rg_arena *arena, struct rg_ini *ret_ini,
                            struct rg_error *err)
{
    struct rg_ini ini = {NULL, 0};
    struct reader reader = {.arena = arena, .ini = &ini};
    size_t begin = 0;

    if (text.bytes > rg_ini_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "a file of %zu bytes; at most %zu are read", text.bytes,
                       rg_ini_bytes_max);
    while (begin < text.bytes) {
        const uint8_t *at = text.data + begin;
        const uint8_t *newline = memchr(at, '\n', text.bytes - begin);
        const size_t bytes = newline != NULL ? (size_t)(newline - at) : text.bytes - begin;

        /* A NUL would cut texts short. */
        const bool is_text = bytes == 0 || memchr(at, 0, bytes) == NULL;
        if (is_text && !take_line(&reader, (struct rg_span){at, bytes}))
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a file of %zu bytes", text.bytes);
        begin += bytes + 1;
    }
    *ret_ini = ini;
    return RG_OK;
}

const char *rg_ini_find(const struct rg_ini *ini, const char *section, const char *key)
{
    const char *value = NULL;

    for (size_t i = 0; i < ini->count; i++) {
        if (strcmp(ini->entries[i].section, section) == 0 && strcmp(ini->entries[i].key, key) == 0)
            value = ini->entries[i].value;
    }
    return value;
}

bool rg_ini_has_section(const struct rg_ini *ini, const char *section)
{
    for (size_t i = 0; i < ini->count; i++) {
        if (strcmp(ini->entries[i].section, section) == 0)
            return true;
    }
    return false;
}
