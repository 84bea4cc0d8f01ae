/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/value_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parquet/schema.h"

static const char dots[] = "...";

static bool is_text(const struct rg_schema_element *element)
{
    const struct rg_annotation annotation = rg_schema_annotation(element);

    return annotation.logical == RG_LOGICAL_STRING || annotation.logical == RG_LOGICAL_ENUM ||
           annotation.logical == RG_LOGICAL_JSON;
}

static bool is_unsigned(const struct rg_schema_element *element)
{
    const struct rg_annotation annotation = rg_schema_annotation(element);

    return annotation.logical == RG_LOGICAL_INTEGER && !annotation.is_signed;
}

/* In quotes; what does not print, and quotes, as \xHH. Bytes above 0x7f stay: they may be UTF-8. */
static void write_string(struct rg_span value, char text[RG_VALUE_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    const size_t room = RG_VALUE_TEXT_BYTES - sizeof dots - 2; /* Quote and NUL. */
    size_t at = 0;
    size_t i = 0;

    text[at++] = '"';
    for (; i < value.bytes && at + 4 <= room; i++) {
        const uint8_t byte = value.data[i];
        const bool is_plain = byte >= 0x20 && byte != 0x7f && byte != '"' && byte != '\\';

        if (is_plain) {
            text[at++] = (char)byte;
        } else {
            text[at++] = '\\';
            text[at++] = 'x';
            text[at++] = digits[byte >> 4];
            text[at++] = digits[byte & 15];
        }
    }
    text[at++] = '"';
    (void)snprintf(text + at, RG_VALUE_TEXT_BYTES - at, "%s", i < value.bytes ? dots : "");
}

static void write_hex(struct rg_span value, char text[RG_VALUE_TEXT_BYTES])
{
    const size_t fitting = (RG_VALUE_TEXT_BYTES - sizeof dots - 2) / 2;
    const size_t shown = value.bytes < fitting ? value.bytes : fitting;
    size_t at = 2;

    (void)snprintf(text, RG_VALUE_TEXT_BYTES, "0x");
    for (size_t i = 0; i < shown; i++, at += 2)
        (void)snprintf(text + at, RG_VALUE_TEXT_BYTES - at, "%02x", value.data[i]);
    if (shown < value.bytes)
        (void)snprintf(text + at, RG_VALUE_TEXT_BYTES - at, "%s", dots);
}

static void write_integer(uint64_t bits, bool is_unsigned_one, char text[RG_VALUE_TEXT_BYTES])
{
    if (is_unsigned_one)
        (void)snprintf(text, RG_VALUE_TEXT_BYTES, "%" PRIu64, bits);
    else
        (void)snprintf(text, RG_VALUE_TEXT_BYTES, "%" PRId64, (int64_t)bits);
}

void rg_value_text(const struct rg_schema_element *element, struct rg_span value,
                   char ret_text[RG_VALUE_TEXT_BYTES])
{
    uint32_t word = 0;
    uint64_t wide = 0;
    float single = 0;
    double number = 0;

    if (value.bytes == 4)
        memcpy(&word, value.data, sizeof word);
    if (value.bytes == 8)
        memcpy(&wide, value.data, sizeof wide);
    if (element->type == RG_TYPE_BOOLEAN && value.bytes == 1) {
        (void)snprintf(ret_text, RG_VALUE_TEXT_BYTES, "%s", value.data[0] != 0 ? "true" : "false");
    } else if (element->type == RG_TYPE_INT32 && value.bytes == 4) {
        write_integer(is_unsigned(element) ? word : (uint64_t)(int64_t)(int32_t)word,
                      is_unsigned(element), ret_text);
    } else if (element->type == RG_TYPE_INT64 && value.bytes == 8) {
        write_integer(wide, is_unsigned(element), ret_text);
    } else if (element->type == RG_TYPE_FLOAT && value.bytes == 4) {
        memcpy(&single, &word, sizeof single);
        (void)snprintf(ret_text, RG_VALUE_TEXT_BYTES, "%.9g", (double)single);
    } else if (element->type == RG_TYPE_DOUBLE && value.bytes == 8) {
        memcpy(&number, &wide, sizeof number);
        (void)snprintf(ret_text, RG_VALUE_TEXT_BYTES, "%.17g", number);
    } else if (is_text(element)) {
        write_string(value, ret_text);
    } else {
        write_hex(value, ret_text);
    }
}
