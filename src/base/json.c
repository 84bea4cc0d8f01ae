/* SPDX-License-Identifier: Apache-2.0 */

#include "base/json.h"

#include <math.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/utf8.h"

void rg_json_init(struct rg_json *json, struct rg_buffer *out)
{
    *json = (struct rg_json){.out = out};
}

static void write_escaped(struct rg_buffer *out, uint8_t byte)
{
    switch (byte) {
    case '"':
        rg_buffer_append_text(out, "\\\"");
        break;
    case '\\':
        rg_buffer_append_text(out, "\\\\");
        break;
    case '\n':
        rg_buffer_append_text(out, "\\n");
        break;
    case '\r':
        rg_buffer_append_text(out, "\\r");
        break;
    case '\t':
        rg_buffer_append_text(out, "\\t");
        break;
    default:
        if (byte < 0x20 || byte == 0x7f)
            rg_buffer_printf(out, "\\u%04x", (unsigned)byte);
        else
            rg_buffer_append_byte(out, byte);
        break;
    }
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void write_quoted(struct rg_buffer *out, struct rg_span text)
{
    rg_buffer_append_byte(out, '"');
    for (size_t i = 0; i < text.bytes;) {
        size_t plain = 0;

        while (i + plain < text.bytes && is_plain(text.data[i + plain]))
            plain++;
        rg_buffer_append(out, text.data + i, plain);
        i += plain;
        if (i == text.bytes)
            break;
        const size_t length = rg_utf8_sequence_bytes(text.data + i, text.bytes - i);

        if (length == 0) {
            rg_buffer_append_text(out, "\xef\xbf\xbd");
            i++;
        } else if (length == 1) {
            write_escaped(out, text.data[i]);
            i++;
        } else {
            rg_buffer_append(out, text.data + i, length);
            i += length;
        }
    }
    rg_buffer_append_byte(out, '"');
}

static void begin_value(struct rg_json *json, const char *name)
{
    if (json->needs_comma)
        rg_buffer_append_byte(json->out, ',');
    json->needs_comma = true;
    if (name != NULL) {
        write_quoted(json->out, rg_span_of(name));
        rg_buffer_append_byte(json->out, ':');
    }
}

void rg_json_object_begin(struct rg_json *json, const char *name)
{
    begin_value(json, name);
    rg_buffer_append_byte(json->out, '{');
    json->needs_comma = false;
}

void rg_json_object_end(struct rg_json *json)
{
    rg_buffer_append_byte(json->out, '}');
    json->needs_comma = true;
}

void rg_json_array_begin(struct rg_json *json, const char *name)
{
    begin_value(json, name);
    rg_buffer_append_byte(json->out, '[');
    json->needs_comma = false;
}

void rg_json_array_end(struct rg_json *json)
{
    rg_buffer_append_byte(json->out, ']');
    json->needs_comma = true;
}

void rg_json_text(struct rg_json *json, const char *name, const char *value)
{
    rg_json_span(json, name, rg_span_of(value));
}

void rg_json_span(struct rg_json *json, const char *name, struct rg_span value)
{
    begin_value(json, name);
    write_quoted(json->out, value);
}

/* Without printf(): records have several for each of very many files. */
static void write_digits(struct rg_buffer *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    rg_buffer_append(out, digits + at, sizeof digits - at);
}

void rg_json_u64(struct rg_json *json, const char *name, uint64_t value)
{
    begin_value(json, name);
    write_digits(json->out, value);
}

void rg_json_i64(struct rg_json *json, const char *name, int64_t value)
{
    begin_value(json, name);
    if (value < 0)
        rg_buffer_append_byte(json->out, '-');
    write_digits(json->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void rg_json_double(struct rg_json *json, const char *name, double value)
{
    begin_value(json, name);
    if (isfinite(value)) {
        char text[32];

        (void)snprintf(text, sizeof text, "%.17g", value);
        rg_decimal_mend(text);
        rg_buffer_append_text(json->out, text);
    } else {
        rg_buffer_append_text(json->out, "null");
    }
}

void rg_json_bool(struct rg_json *json, const char *name, bool value)
{
    begin_value(json, name);
    rg_buffer_append_text(json->out, value ? "true" : "false");
}

void rg_json_null(struct rg_json *json, const char *name)
{
    begin_value(json, name);
    rg_buffer_append_text(json->out, "null");
}
