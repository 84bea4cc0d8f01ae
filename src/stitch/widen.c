/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/widen.h"

#include <string.h>

#include "base/checked.h"
#include "parquet/schema.h"

/* Integers as LogicalTypes.md knows them; bit_width 0: not one. */
struct integer {
    uint8_t bit_width;
    bool is_signed;
};

static struct integer integer_of(const struct rg_schema_element *e, const struct rg_annotation *a)
{
    const bool is_int32 = e->type == RG_TYPE_INT32;
    const uint8_t width_max = is_int32 ? 32 : 64;
    const struct integer none = {0, false};

    if (!is_int32 && e->type != RG_TYPE_INT64)
        return none;
    if (a->converted_type != RG_CONVERTED_NONE)
        return none;
    if (a->logical == RG_LOGICAL_NONE)
        return (struct integer){width_max, true};
    if (a->logical != RG_LOGICAL_INTEGER || a->bit_width > width_max)
        return none;
    return (struct integer){a->bit_width, a->is_signed};
}

static bool is_bare(const struct rg_annotation *a)
{
    return a->logical == RG_LOGICAL_NONE && a->converted_type == RG_CONVERTED_NONE;
}

static bool is_wider_integer(const struct rg_schema_element *from, const struct integer *f,
                             const struct rg_schema_element *to, const struct integer *t,
                             enum rg_conversion *ret)
{
    if (f->bit_width == 0 || t->bit_width == 0 || f->is_signed != t->is_signed ||
        f->bit_width > t->bit_width)
        return false;
    if (from->type == to->type)
        *ret = RG_CONVERSION_NONE;
    else if (from->type == RG_TYPE_INT32)
        *ret = f->is_signed ? RG_CONVERSION_INT32_INT64 : RG_CONVERSION_UINT32_UINT64;
    else
        return false;
    return true;
}

/* Bytes of a decimal that is an integer, or has a fixed length; 0 for BYTE_ARRAY. */
static int32_t decimal_width(const struct rg_schema_element *e)
{
    if (e->type == RG_TYPE_INT32)
        return 4;
    if (e->type == RG_TYPE_INT64)
        return 8;
    return e->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY ? e->type_length : 0;
}

static bool is_wider_decimal(const struct rg_schema_element *from, const struct rg_annotation *f,
                             const struct rg_schema_element *to, const struct rg_annotation *t,
                             enum rg_conversion *ret)
{
    if (f->logical != RG_LOGICAL_DECIMAL || t->logical != RG_LOGICAL_DECIMAL ||
        f->scale != t->scale || f->precision > t->precision)
        return false;
    const int32_t from_width = decimal_width(from);
    const int32_t to_width = decimal_width(to);
    *ret = RG_CONVERSION_NONE;
    if (from->type == to->type && from_width == to_width)
        return true;
    if (from->type == RG_TYPE_INT32 && to->type == RG_TYPE_INT64) {
        *ret = RG_CONVERSION_INT32_INT64;
        return true;
    }
    *ret = RG_CONVERSION_DECIMAL_FIXED;
    return to->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY && from_width > 0 && from_width <= to_width;
}

static bool is_equal(const struct rg_schema_element *from, const struct rg_annotation *f,
                     const struct rg_schema_element *to, const struct rg_annotation *t)
{
    const bool is_opaque = f->logical > RG_LOGICAL_FLOAT16;

    if (from->type != to->type || f->logical != t->logical ||
        f->converted_type != t->converted_type)
        return false;
    if (from->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY && from->type_length != to->type_length)
        return false;
    if (is_opaque) /* Their parameters are known as bytes only: CRS, and what may come. */
        return rg_span_equal(from->annotation, to->annotation);
    return f->time_unit == t->time_unit && f->bit_width == t->bit_width && f->is_utc == t->is_utc &&
           f->is_signed == t->is_signed && f->scale == t->scale && f->precision == t->precision;
}

bool rg_widen_is_lossless(const struct rg_schema_element *from, const struct rg_schema_element *to,
                          enum rg_conversion *ret_conversion)
{
    const struct rg_annotation f = rg_schema_annotation(from);
    const struct rg_annotation t = rg_schema_annotation(to);

    if (!from->has_type || !to->has_type)
        return false;
    if (is_equal(from, &f, to, &t)) {
        *ret_conversion = RG_CONVERSION_NONE;
        return true;
    }
    const struct integer from_integer = integer_of(from, &f);
    const struct integer to_integer = integer_of(to, &t);
    if (is_wider_integer(from, &from_integer, to, &to_integer, ret_conversion) ||
        is_wider_decimal(from, &f, to, &t, ret_conversion))
        return true;
    if (to->type != RG_TYPE_DOUBLE || !is_bare(&t))
        return false;
    if (from->type == RG_TYPE_FLOAT && is_bare(&f)) {
        *ret_conversion = RG_CONVERSION_FLOAT_DOUBLE;
        return true;
    }
    *ret_conversion = RG_CONVERSION_INT32_DOUBLE;
    return from->type == RG_TYPE_INT32 && from_integer.bit_width > 0 && from_integer.is_signed;
}

static uint32_t load_u32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store_u64(uint8_t *out, uint64_t number)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> (8 * i));
}

static void store_double(uint8_t *out, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    store_u64(out, bits);
}

/* NaN keeps its payload: what a processor makes of a signalling one is its own affair. */
static uint64_t double_of_float(uint32_t bits)
{
    const uint32_t fraction = bits & 0x7fffff;
    float number;
    double wide;
    uint64_t result;

    if ((bits & 0x7f800000) == 0x7f800000)
        return (uint64_t)(bits >> 31) << 63 | UINT64_C(0x7ff0000000000000) |
               (uint64_t)fraction << 29;
    memcpy(&number, &bits, sizeof number);
    wide = (double)number;
    memcpy(&result, &wide, sizeof result);
    return result;
}

/* Two's complement, most significant byte first, extended by its sign. */
static void widen_decimal(const uint8_t *value, size_t width, bool is_little_endian, uint8_t *out,
                          size_t out_width)
{
    const uint8_t top = is_little_endian ? value[width - 1] : value[0];
    const size_t extra = out_width - width;

    memset(out, top >= 0x80 ? 0xff : 0, extra);
    for (size_t i = 0; i < width; i++)
        out[extra + i] = is_little_endian ? value[width - 1 - i] : value[i];
}

enum rg_status rg_widen_plain(enum rg_conversion conversion, const struct rg_leaf *from,
                              const struct rg_leaf *to, struct rg_span plain, uint32_t value_count,
                              uint8_t *out, struct rg_error *err)
{
    const bool is_little_endian = from->type != RG_TYPE_FIXED_LEN_BYTE_ARRAY;
    const size_t width = rg_plain_bytes(from);
    const size_t out_width = rg_plain_bytes(to);
    size_t bytes;

    if (conversion == RG_CONVERSION_NONE) {
        if (plain.bytes > 0)
            memcpy(out, plain.data, plain.bytes);
        return RG_OK;
    }
    if (!rg_mul_size(width, value_count, &bytes) || plain.bytes != bytes || width > out_width)
        return rg_fail(err, RG_ERR_CORRUPT, "%zu bytes are not %u plain values", plain.bytes,
                       value_count);
    for (size_t i = 0; i < value_count; i++) {
        const uint8_t *value = plain.data + i * width;
        uint8_t *place = out + i * out_width;

        switch (conversion) {
        case RG_CONVERSION_NONE:
            break;
        case RG_CONVERSION_INT32_INT64:
            store_u64(place, (uint64_t)(int64_t)(int32_t)load_u32(value));
            break;
        case RG_CONVERSION_UINT32_UINT64:
            store_u64(place, load_u32(value));
            break;
        case RG_CONVERSION_INT32_DOUBLE:
            store_double(place, (double)(int32_t)load_u32(value));
            break;
        case RG_CONVERSION_FLOAT_DOUBLE:
            store_u64(place, double_of_float(load_u32(value)));
            break;
        case RG_CONVERSION_DECIMAL_FIXED:
            widen_decimal(value, width, is_little_endian, place, out_width);
            break;
        }
    }
    return RG_OK;
}
