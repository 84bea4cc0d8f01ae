/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One pass that checks what it passes: strings, literals, numbers, and that brackets nest, with one
 * bit for each open bracket.
 */

#include "store/s3/json_field.h"

#include <string.h>

enum {
    DEPTH_MAX = 64
};

struct scan {
    struct rg_span text;
    size_t at;
    uint64_t is_object; /* Bit d: the bracket at depth d is '{'. */
    uint32_t depth;
};

static void skip_blanks(struct scan *s)
{
    while (s->at < s->text.bytes && strchr(" \t\r\n", s->text.data[s->at]) != NULL &&
           s->text.data[s->at] != '\0')
        s->at++;
}

/* The next byte after blanks, or 0 at the end. */
static uint8_t peek(struct scan *s)
{
    skip_blanks(s);
    return s->at < s->text.bytes ? s->text.data[s->at] : 0;
}

static bool skip(struct scan *s, uint8_t wanted)
{
    if (peek(s) != wanted)
        return false;
    s->at++;
    return true;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_unit(struct scan *s, uint32_t *ret_unit)
{
    uint32_t unit = 0;

    if (s->text.bytes - s->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        const int value = hex_value(s->text.data[s->at++]);

        if (value < 0)
            return false;
        unit = unit << 4 | (uint32_t)value;
    }
    *ret_unit = unit;
    return true;
}

struct sink {
    char *text;
    size_t room;
    size_t bytes;
    bool is_whole; /* Everything fitted, and there was no NUL. */
};

static void put(struct sink *sink, uint32_t byte)
{
    if (byte == 0 || sink->bytes + 1 >= sink->room) {
        sink->is_whole = false;
        return;
    }
    sink->text[sink->bytes++] = (char)byte;
}

static void put_code_point(struct sink *sink, uint32_t c)
{
    if (c < 0x80) {
        put(sink, c);
    } else if (c < 0x800) {
        put(sink, 0xc0 | c >> 6);
        put(sink, 0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        put(sink, 0xe0 | c >> 12);
        put(sink, 0x80 | (c >> 6 & 0x3f));
        put(sink, 0x80 | (c & 0x3f));
    } else {
        put(sink, 0xf0 | c >> 18);
        put(sink, 0x80 | (c >> 12 & 0x3f));
        put(sink, 0x80 | (c >> 6 & 0x3f));
        put(sink, 0x80 | (c & 0x3f));
    }
}

static bool take_escape(struct scan *s, struct sink *sink)
{
    static const char codes[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    uint32_t unit;
    uint32_t low;

    if (s->at == s->text.bytes)
        return false;
    const uint8_t code = s->text.data[s->at++];
    const char *known = code != 0 ? strchr(codes, code) : NULL;
    if (known != NULL) {
        put(sink, (uint32_t)meant[known - codes]);
        return true;
    }
    if (code != 'u' || !take_unit(s, &unit))
        return false;
    if (unit >= 0xd800 && unit < 0xdc00) {
        const bool has_low = s->text.bytes - s->at >= 6 && s->text.data[s->at] == '\\' &&
                             s->text.data[s->at + 1] == 'u';

        s->at += 2;
        if (!has_low || !take_unit(s, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    put_code_point(sink, unit);
    return true;
}

static bool take_string(struct scan *s, struct sink *sink)
{
    sink->bytes = 0;
    sink->is_whole = true;
    if (!skip(s, '"'))
        return false;
    while (s->at < s->text.bytes) {
        const uint8_t byte = s->text.data[s->at++];

        if (byte == '"') {
            if (sink->room > 0)
                sink->text[sink->bytes] = '\0';
            return true;
        }
        if (byte < 0x20)
            return false;
        if (byte != '\\')
            put(sink, byte);
        else if (!take_escape(s, sink))
            return false;
    }
    return false;
}

/* Numbers and literals: what JSON allows in them, loosely; their text goes to the sink. */
static bool take_plain(struct scan *s, struct sink *sink)
{
    const size_t begin = s->at;

    sink->bytes = 0;
    sink->is_whole = true;
    while (s->at < s->text.bytes && s->text.data[s->at] > ' ' &&
           strchr(",]}:\"[{", s->text.data[s->at]) == NULL)
        put(sink, s->text.data[s->at++]);
    if (sink->room > 0)
        sink->text[sink->bytes] = '\0';
    const struct rg_span text = {s->text.data + begin, s->at - begin};
    const bool is_number = text.bytes > 0 && (text.data[0] == '-' || hex_value(text.data[0]) >= 0);
    if (is_number && text.data[0] <= '9')
        return true;
    sink->is_whole = false;
    return rg_span_equal(text, rg_span_of("true")) || rg_span_equal(text, rg_span_of("false")) ||
           rg_span_equal(text, rg_span_of("null"));
}

static bool open_bracket(struct scan *s, bool is_object)
{
    if (s->depth == DEPTH_MAX)
        return false;
    s->is_object &= ~(UINT64_C(1) << s->depth);
    s->is_object |= (uint64_t)is_object << s->depth;
    s->depth++;
    s->at++;
    return true;
}

/* After a value: closes brackets, or goes to the next. False for what is no JSON. */
static bool go_on(struct scan *s)
{
    while (s->depth > 0) {
        const bool is_object = (s->is_object >> (s->depth - 1) & 1) != 0;

        if (skip(s, ','))
            return true;
        if (!skip(s, is_object ? '}' : ']'))
            return false;
        s->depth--;
    }
    return peek(s) == 0 && s->at == s->text.bytes;
}

struct wanted {
    const char *name;
    struct sink *sink;
    bool is_there;
};

static bool is_closing(struct scan *s)
{
    const bool is_object = s->depth > 0 && (s->is_object >> (s->depth - 1) & 1) != 0;

    return peek(s) == (is_object ? '}' : ']');
}

/* One value, with its name if it has one. */
static bool take_value(struct scan *s, struct wanted *wanted)
{
    char name[64];
    char ignored[1];
    struct sink name_sink = {name, sizeof name, 0, true};
    struct sink ignored_sink = {ignored, 0, 0, true};
    const bool has_name = s->depth > 0 && (s->is_object >> (s->depth - 1) & 1) != 0;

    name[0] = '\0';
    if (has_name && (!take_string(s, &name_sink) || !skip(s, ':')))
        return false;
    const bool is_wanted =
        s->depth == 1 && has_name && name_sink.is_whole && strcmp(name, wanted->name) == 0;
    struct sink *sink = is_wanted ? wanted->sink : &ignored_sink;
    const uint8_t next = peek(s);
    if (next == '{' || next == '[') {
        if (is_wanted)
            wanted->is_there = false;
        if (!open_bracket(s, next == '{'))
            return false;
        return !is_closing(s) || go_on(s);
    }
    if (!(next == '"' ? take_string(s, sink) : take_plain(s, sink)))
        return false;
    if (is_wanted)
        wanted->is_there = sink->is_whole;
    return go_on(s);
}

enum rg_status rg_json_field(struct rg_span document, const char *name, char *ret_text, size_t room,
                             bool *ret_is_there, struct rg_error *err)
{
    struct scan s = {.text = document};
    struct sink sink = {ret_text, room, 0, true};
    struct wanted wanted = {name, &sink, false};

    *ret_text = '\0';
    if (peek(&s) != '{')
        return rg_fail(err, RG_ERR_CORRUPT, "no JSON object");
    do {
        if (!take_value(&s, &wanted))
            return rg_fail(err, RG_ERR_CORRUPT, "no valid JSON at byte %zu", s.at);
    } while (s.depth > 0);
    *ret_is_there = wanted.is_there;
    if (!wanted.is_there)
        *ret_text = '\0';
    return RG_OK;
}
