/* SPDX-License-Identifier: Apache-2.0 */

#include "verify/convert.h"

#include <assert.h>

#include "parquet/schema.h"

static bool is_unsigned(const struct rg_schema_element *element)
{
    const struct rg_annotation annotation = rg_schema_annotation(element);

    return annotation.logical == RG_LOGICAL_INTEGER && !annotation.is_signed;
}

static bool is_decimal(const struct rg_schema_element *element)
{
    return rg_schema_annotation(element).logical == RG_LOGICAL_DECIMAL;
}

static bool is_same_scale(const struct rg_schema_element *a, const struct rg_schema_element *b)
{
    return rg_schema_annotation(a).scale == rg_schema_annotation(b).scale;
}

/* Bytes of an unscaled decimal; 0 where they vary. */
static int32_t decimal_bytes(const struct rg_schema_element *element)
{
    if (element->type == RG_TYPE_INT32)
        return 4;
    if (element->type == RG_TYPE_INT64)
        return 8;
    return element->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY ? element->type_length : 0;
}

enum rg_convert rg_convert_of(const struct rg_schema_element *from,
                              const struct rg_schema_element *to)
{
    const bool are_decimals = is_decimal(from) && is_decimal(to) && is_same_scale(from, to);

    /* fastparquet writes lengths of other types too, which mean nothing. */
    if (from->type == to->type &&
        (from->type != RG_TYPE_FIXED_LEN_BYTE_ARRAY || from->type_length == to->type_length))
        return RG_CONVERT_NONE;
    if (from->type == RG_TYPE_INT32 && to->type == RG_TYPE_INT64) {
        if (is_decimal(from) != is_decimal(to) || (is_decimal(from) && !are_decimals) ||
            is_unsigned(from) != is_unsigned(to))
            return RG_CONVERT_NEVER;
        return is_unsigned(from) ? RG_CONVERT_UNSIGNED : RG_CONVERT_SIGNED;
    }
    if (from->type == RG_TYPE_INT32 && to->type == RG_TYPE_DOUBLE && !is_unsigned(from) &&
        !is_decimal(from))
        return RG_CONVERT_INT_TO_DOUBLE;
    if (from->type == RG_TYPE_FLOAT && to->type == RG_TYPE_DOUBLE)
        return RG_CONVERT_FLOAT_TO_DOUBLE;
    if (are_decimals && to->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY && decimal_bytes(from) > 0 &&
        decimal_bytes(from) <= to->type_length && to->type_length <= RG_CONVERT_WIDTH_MAX)
        return RG_CONVERT_DECIMAL;
    return RG_CONVERT_NEVER;
}

static uint64_t double_bits_of_float(uint32_t bits)
{
    const uint64_t sign = (uint64_t)(bits >> 31) << 63;
    const uint32_t fraction = bits & 0x7fffff;
    const bool is_nan = (bits >> 23 & 0xff) == 0xff && fraction != 0;
    float single;
    double number;
    uint64_t wide;

    if (is_nan)
        return sign | UINT64_C(0x7ff) << 52 | (uint64_t)fraction << 29;
    memcpy(&single, &bits, sizeof single);
    number = (double)single;
    memcpy(&wide, &number, sizeof wide);
    return wide;
}

static uint64_t widen(enum rg_convert convert, uint32_t word)
{
    double number;
    uint64_t wide = word;

    switch (convert) {
    case RG_CONVERT_SIGNED:
        return (uint64_t)(int64_t)(int32_t)word;
    case RG_CONVERT_INT_TO_DOUBLE:
        number = (double)(int32_t)word;
        memcpy(&wide, &number, sizeof wide);
        return wide;
    case RG_CONVERT_FLOAT_TO_DOUBLE:
        return double_bits_of_float(word);
    case RG_CONVERT_NONE:
    case RG_CONVERT_UNSIGNED:
    case RG_CONVERT_DECIMAL:
    case RG_CONVERT_NEVER:
        break;
    }
    return wide;
}

/* A two's complement number to a longer big-endian one. */
static void widen_decimal(const uint8_t *bytes, uint32_t width, bool is_little_endian,
                          uint32_t to_width, uint8_t *out)
{
    const uint8_t highest = is_little_endian ? bytes[width - 1] : bytes[0];

    memset(out, (highest & 0x80) != 0 ? 0xff : 0, to_width - width);
    for (uint32_t i = 0; i < width; i++)
        out[to_width - width + i] = bytes[is_little_endian ? width - 1 - i : i];
}

void rg_convert_values(enum rg_convert convert, bool is_integer, const struct rg_values *values,
                       uint32_t first, uint32_t count, uint32_t to_width, uint8_t *out)
{
    const uint32_t width = values->width_bytes;
    const uint8_t *from = values->fixed + (size_t)first * width;

    assert(!values->is_variable && width <= to_width);
    for (uint32_t i = 0; i < count; i++, from += width, out += to_width) {
        if (convert == RG_CONVERT_DECIMAL) {
            widen_decimal(from, width, is_integer, to_width, out);
        } else {
            uint32_t word;
            memcpy(&word, from, sizeof word);
            const uint64_t wide = widen(convert, word);
            memcpy(out, &wide, sizeof wide);
        }
    }
}
