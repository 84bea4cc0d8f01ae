/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A cursor that only goes forward. What it passes is checked, whether anybody wants it or not;
 * values that nobody can want (arrays and objects within others) are passed with one bit for each
 * open bracket. Decoded text is never longer than what stands for it, and the closing quote leaves
 * room for its NUL.
 */

#include "journal/line.h"

#include <string.h>

#include "base/utf8.h"

enum {
    DEPTH_MAX = 64
};

struct scan {
    char *at;
    char *end;
};

/* The next byte after blanks, or 0 at the end. */
static char peek(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n'))
        s->at++;
    return s->at < s->end ? *s->at : '\0';
}

static bool take(struct scan *s, char wanted)
{
    if (peek(s) != wanted)
        return false;
    s->at++;
    return true;
}

static bool is_at_end(struct scan *s)
{
    (void)peek(s);
    return s->at == s->end;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits, of either case. */
static bool take_unit(struct scan *s, uint32_t *ret_unit)
{
    uint32_t unit = 0;

    if (s->end - s->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        const char c = *s->at++;
        const int value = hex_digit(c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c);

        if (value < 0)
            return false;
        unit = unit << 4 | (uint32_t)value;
    }
    *ret_unit = unit;
    return true;
}

/* What follows \u: a character, in two halves if it is beyond 16 bits. */
static bool take_escaped_point(struct scan *s, uint32_t *ret_point)
{
    uint32_t unit;
    uint32_t low;

    if (!take_unit(s, &unit))
        return false;
    *ret_point = unit;
    if (unit < 0xd800 || unit > 0xdfff)
        return unit != 0;
    if (unit > 0xdbff || s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
        return false;
    s->at += 2;
    if (!take_unit(s, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    *ret_point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* What follows a backslash goes to *out, which is moved on. */
static bool take_escape(struct scan *s, char **out)
{
    static const char codes[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    uint32_t point;

    if (s->at == s->end)
        return false;
    const char code = *s->at++;
    const char *known = code == '\0' ? NULL : strchr(codes, code);
    if (known != NULL) {
        *(*out)++ = meant[known - codes];
        return true;
    }
    if (code != 'u' || !take_escaped_point(s, &point))
        return false;
    *out += rg_utf8_write(point, (uint8_t *)*out);
    return true;
}

static bool take_text(struct scan *s, char **ret_text)
{
    if (!take(s, '"'))
        return false;
    char *const text = s->at;
    char *out = text;
    while (s->at < s->end) {
        const char byte = *s->at;

        if (byte == '"') {
            s->at++;
            *out = '\0';
            *ret_text = text;
            return true;
        }
        if (byte == '\\') {
            s->at++;
            if (!take_escape(s, &out))
                return false;
            continue;
        }
        const size_t length =
            rg_utf8_sequence_bytes((const uint8_t *)s->at, (size_t)(s->end - s->at));
        if (length == 0 || (length == 1 && byte < ' '))
            return false;
        memmove(out, s->at, length);
        out += length;
        s->at += length;
    }
    return false;
}

static bool is_digit(const struct scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool skip_digits(struct scan *s)
{
    const char *begin = s->at;

    while (is_digit(s))
        s->at++;
    return s->at > begin;
}

/* The digits of an integer; false where it is more than `max`. */
static bool integer_of(const char *digits, const char *end, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (; digits < end; digits++) {
        const uint64_t digit = (uint64_t)(*digits - '0');

        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

static bool take_number(struct scan *s, struct rg_line_value *value)
{
    const bool is_negative = *s->at == '-';
    uint64_t magnitude;

    s->at += is_negative;
    const char *digits = s->at;
    if (!skip_digits(s) || (*digits == '0' && s->at - digits > 1))
        return false;
    const char *end = s->at;
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (!skip_digits(s))
            return false;
    }
    if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
        s->at++;
        s->at += s->at < s->end && (*s->at == '+' || *s->at == '-');
        if (!skip_digits(s))
            return false;
    }
    value->kind = s->at == end ? RG_LINE_INTEGER : RG_LINE_OTHER;
    if (value->kind == RG_LINE_OTHER)
        return true;
    if (!integer_of(digits, end, (uint64_t)INT64_MAX + is_negative, &magnitude))
        return false;
    value->integer = (int64_t)(is_negative ? 0 - magnitude : magnitude);
    return true;
}

static bool take_word(struct scan *s, const char *word)
{
    const size_t bytes = strlen(word);

    if ((size_t)(s->end - s->at) < bytes || memcmp(s->at, word, bytes) != 0)
        return false;
    s->at += bytes;
    return true;
}

/* A value that is neither array nor object. */
static bool take_scalar(struct scan *s, struct rg_line_value *value)
{
    const char next = peek(s);

    *value = (struct rg_line_value){.kind = RG_LINE_OTHER};
    if (next == '"') {
        value->kind = RG_LINE_TEXT;
        return take_text(s, &value->text);
    }
    if (next == '-' || is_digit(s))
        return take_number(s, value);
    if (take_word(s, "null"))
        return true;
    value->kind = RG_LINE_BOOL;
    value->integer = next == 't';
    return take_word(s, "true") || take_word(s, "false");
}

/* A name and its colon. */
static bool take_name(struct scan *s, char **ret_name)
{
    return take_text(s, ret_name) && take(s, ':');
}

/* Past an array or object, whatever is in it. */
static bool skip_nested(struct scan *s)
{
    struct rg_line_value ignored;
    uint64_t is_object = 0; /* Bit 0: the innermost open bracket is '{'. */
    uint32_t depth = 0;
    char *name;

    do {
        const char next = peek(s);
        bool has_more = false;

        if (next == '{' || next == '[') {
            if (depth == DEPTH_MAX)
                return false;
            is_object = is_object << 1 | (next == '{');
            depth++;
            s->at++;
            has_more = peek(s) != (next == '{' ? '}' : ']');
        } else if (!take_scalar(s, &ignored)) {
            return false;
        }
        while (depth > 0 && !has_more) {
            has_more = take(s, ',');
            if (has_more)
                break;
            if (!take(s, (is_object & 1) != 0 ? '}' : ']'))
                return false;
            is_object >>= 1;
            depth--;
        }
        if (has_more && (is_object & 1) != 0 && !take_name(s, &name))
            return false;
    } while (depth > 0);
    return true;
}

static bool take_any(struct scan *s, struct rg_line_value *value)
{
    const char next = peek(s);

    if (next != '{' && next != '[')
        return take_scalar(s, value);
    *value = (struct rg_line_value){.kind = RG_LINE_OTHER};
    return skip_nested(s);
}

/* Digits become what they stand for, in place; no NUL. */
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

static bool take_object(struct scan *s, struct rg_line_value *value)
{
    struct rg_line_value member = {.kind = RG_LINE_ABSENT};
    size_t count = 0;
    char *name = NULL;

    *value = (struct rg_line_value){.kind = RG_LINE_OTHER};
    if (!take(s, '{'))
        return false;
    if (take(s, '}'))
        return true;
    do {
        if (!take_name(s, &name) || !take_any(s, &member))
            return false;
        count++;
    } while (take(s, ','));
    if (!take(s, '}'))
        return false;
    const bool is_hex = count == 1 && strcmp(name, "hex") == 0 && member.kind == RG_LINE_TEXT;
    if (is_hex && decode_hex(member.text))
        *value = (struct rg_line_value){.kind = RG_LINE_HEX, .text = member.text};
    return true;
}

static bool take_value(struct scan *s, struct rg_line_value *value)
{
    return peek(s) == '{' ? take_object(s, value) : take_any(s, value);
}

bool rg_line_read_element(char *line, size_t bytes, struct rg_line_element *ret_element)
{
    struct scan s = {line, line + bytes};
    struct rg_line_element element = {.is_array = take(&s, '[')};
    struct rg_line_value ignored;

    if (!element.is_array || !take(&s, ']')) {
        do {
            const bool fits = element.count < RG_LINE_VALUES_MAX;

            if (!take_value(&s, fits ? &element.values[element.count] : &ignored))
                return false;
            element.count++;
        } while (element.is_array && take(&s, ','));
        if (element.is_array && !take(&s, ']'))
            return false;
    }
    if (!is_at_end(&s))
        return false;
    *ret_element = element;
    return true;
}

bool rg_line_read_members(char *line, size_t bytes, bool is_open, const char *const *names,
                          size_t name_count, struct rg_line_value *ret_values)
{
    struct scan s = {line, line + bytes};
    struct rg_line_value value;
    char *name;

    for (size_t i = 0; i < name_count; i++)
        ret_values[i] = (struct rg_line_value){.kind = RG_LINE_ABSENT};
    if (!take(&s, '{'))
        return false;
    const bool is_empty = is_open ? is_at_end(&s) : peek(&s) == '}';
    do {
        if (is_empty)
            break;
        if (!take_name(&s, &name) || !take_value(&s, &value))
            return false;
        for (size_t i = 0; i < name_count; i++) {
            if (strcmp(name, names[i]) != 0)
                continue;
            if (ret_values[i].kind != RG_LINE_ABSENT)
                return false;
            ret_values[i] = value;
        }
    } while (take(&s, ','));
    return (is_open || take(&s, '}')) && is_at_end(&s);
}
