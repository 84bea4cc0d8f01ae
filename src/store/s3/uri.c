/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/uri.h"

#include <string.h>

enum {
    PARAMETERS_MAX = 16
};

static bool is_unreserved(uint8_t byte)
{
    const bool is_letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');

    return is_letter || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
           byte == '~';
}

void rg_uri_encode(struct rg_buffer *out, struct rg_span text, bool keeps_slash)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.bytes; i++) {
        const uint8_t byte = text.data[i];

        if (is_unreserved(byte) || (byte == '/' && keeps_slash)) {
            rg_buffer_append_byte(out, byte);
            continue;
        }
        rg_buffer_append_byte(out, '%');
        rg_buffer_append_byte(out, (uint8_t)digits[byte >> 4]);
        rg_buffer_append_byte(out, (uint8_t)digits[byte & 15]);
    }
}

/* 0 .. 15, or -1. */
static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

size_t rg_uri_decode(char *text, size_t bytes, bool plus_is_blank)
{
    size_t end = 0;

    for (size_t i = 0; i < bytes; i++) {
        const bool has_triple = text[i] == '%' && bytes - i > 2 && digit_value(text[i + 1]) >= 0 &&
                                digit_value(text[i + 2]) >= 0;

        if (has_triple) {
            text[end++] = (char)(digit_value(text[i + 1]) << 4 | digit_value(text[i + 2]));
            i += 2;
        } else {
            text[end++] = text[i] == '+' && plus_is_blank ? ' ' : text[i];
        }
    }
    return end;
}

/* Sorts before encoding: the order of encoded bytes is asked for, so both are encoded first. */
enum rg_status rg_uri_query(struct rg_buffer *out, const struct rg_uri_parameter *parameters,
                            size_t count, struct rg_error *err)
{
    struct rg_buffer encoded;
    struct {
        size_t begin;
        size_t name_bytes;
        size_t end;
    } pairs[PARAMETERS_MAX];

    if (count > PARAMETERS_MAX)
        return rg_fail(err, RG_ERR_LIMIT, "a query of %zu parameters", count);
    rg_buffer_init(&encoded, out->allocator, out->bytes_max);
    for (size_t i = 0; i < count; i++) {
        pairs[i].begin = encoded.bytes;
        rg_uri_encode(&encoded, rg_span_of(parameters[i].name), false);
        pairs[i].name_bytes = encoded.bytes - pairs[i].begin;
        rg_buffer_append_byte(&encoded, '=');
        rg_uri_encode(&encoded, rg_span_of(parameters[i].value), false);
        pairs[i].end = encoded.bytes;
    }
    if (encoded.failed)
        out->failed = true;
    for (size_t i = 1; i < count && !encoded.failed; i++) {
        for (size_t k = i; k > 0; k--) {
            const struct rg_span a = {encoded.data + pairs[k - 1].begin, pairs[k - 1].name_bytes};
            const struct rg_span b = {encoded.data + pairs[k].begin, pairs[k].name_bytes};
            const struct rg_span a_value = {a.data + a.bytes,
                                            pairs[k - 1].end - pairs[k - 1].begin - a.bytes};
            const struct rg_span b_value = {b.data + b.bytes,
                                            pairs[k].end - pairs[k].begin - b.bytes};
            const int by_name = rg_span_compare(a, b);

            if (by_name < 0 || (by_name == 0 && rg_span_compare(a_value, b_value) <= 0))
                break;
            const __typeof__(pairs[0]) swapped = pairs[k];
            pairs[k] = pairs[k - 1];
            pairs[k - 1] = swapped;
        }
    }
    for (size_t i = 0; i < count && !encoded.failed; i++) {
        if (i > 0)
            rg_buffer_append_byte(out, '&');
        rg_buffer_append(out, encoded.data + pairs[i].begin, pairs[i].end - pairs[i].begin);
    }
    rg_buffer_fini(&encoded);
    return RG_OK;
}
