/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/annotation.h"

static struct rg_annotation integer(uint8_t bit_width, bool is_signed)
{
    return (struct rg_annotation){
        .kind = RG_LOGICAL_INTEGER, .bit_width = bit_width, .is_signed = is_signed};
}

/* ConvertedTypes of times mean instants: isAdjustedToUTC is true (LogicalTypes.md). */
static struct rg_annotation in_utc(uint8_t kind, uint8_t time_unit)
{
    return (struct rg_annotation){.kind = kind, .time_unit = time_unit, .is_utc = true};
}

static struct rg_annotation plain(uint8_t kind)
{
    return (struct rg_annotation){.kind = kind};
}

static struct rg_annotation decimal(const struct rg_schema_element *element)
{
    return (struct rg_annotation){
        .kind = RG_LOGICAL_DECIMAL, .scale = element->scale, .precision = element->precision};
}

static struct rg_annotation of_converted(const struct rg_schema_element *element)
{
    switch (element->converted_type) {
    case RG_CONVERTED_UTF8:
        return plain(RG_LOGICAL_STRING);
    case RG_CONVERTED_MAP:
        return plain(RG_LOGICAL_MAP);
    case RG_CONVERTED_MAP_KEY_VALUE:
        return plain(RG_ANNOTATION_MAP_KEY_VALUE);
    case RG_CONVERTED_LIST:
        return plain(RG_LOGICAL_LIST);
    case RG_CONVERTED_ENUM:
        return plain(RG_LOGICAL_ENUM);
    case RG_CONVERTED_DECIMAL:
        return decimal(element);
    case RG_CONVERTED_DATE:
        return plain(RG_LOGICAL_DATE);
    case RG_CONVERTED_TIME_MILLIS:
        return in_utc(RG_LOGICAL_TIME, RG_TIME_UNIT_MILLIS);
    case RG_CONVERTED_TIME_MICROS:
        return in_utc(RG_LOGICAL_TIME, RG_TIME_UNIT_MICROS);
    case RG_CONVERTED_TIMESTAMP_MILLIS:
        return in_utc(RG_LOGICAL_TIMESTAMP, RG_TIME_UNIT_MILLIS);
    case RG_CONVERTED_TIMESTAMP_MICROS:
        return in_utc(RG_LOGICAL_TIMESTAMP, RG_TIME_UNIT_MICROS);
    case RG_CONVERTED_UINT_8:
        return integer(8, false);
    case RG_CONVERTED_UINT_16:
        return integer(16, false);
    case RG_CONVERTED_UINT_32:
        return integer(32, false);
    case RG_CONVERTED_UINT_64:
        return integer(64, false);
    case RG_CONVERTED_INT_8:
        return integer(8, true);
    case RG_CONVERTED_INT_16:
        return integer(16, true);
    case RG_CONVERTED_INT_32:
        return integer(32, true);
    case RG_CONVERTED_INT_64:
        return integer(64, true);
    case RG_CONVERTED_JSON:
        return plain(RG_LOGICAL_JSON);
    case RG_CONVERTED_BSON:
        return plain(RG_LOGICAL_BSON);
    case RG_CONVERTED_INTERVAL:
        return plain(RG_ANNOTATION_INTERVAL);
    default: /* A number, not an enum: NONE and what is not known. */
        return plain(RG_LOGICAL_NONE);
    }
}

static struct rg_annotation of_logical(const struct rg_schema_element *element)
{
    switch (element->logical) {
    case RG_LOGICAL_DECIMAL:
        return decimal(element);
    case RG_LOGICAL_TIME:
    case RG_LOGICAL_TIMESTAMP:
        return (struct rg_annotation){
            .kind = element->logical, .time_unit = element->time_unit, .is_utc = element->is_utc};
    case RG_LOGICAL_INTEGER:
        return integer(element->bit_width, element->is_signed);
    default: /* A number, not an enum: the kinds without parameters, and opaque ones. */
        return plain(element->logical);
    }
}

struct rg_annotation rg_annotation_of(const struct rg_schema_element *element)
{
    const struct rg_annotation given =
        element->logical == RG_LOGICAL_NONE ? of_converted(element) : of_logical(element);

    if (given.kind == RG_LOGICAL_INTEGER && given.is_signed && element->has_type) {
        const bool is_implied = (element->type == RG_TYPE_INT32 && given.bit_width == 32) ||
                                (element->type == RG_TYPE_INT64 && given.bit_width == 64);
        if (is_implied)
            return plain(RG_LOGICAL_NONE);
    }
    return given;
}

bool rg_annotation_is_opaque(const struct rg_annotation *annotation)
{
    const bool is_known = annotation->kind <= RG_LOGICAL_FLOAT16 ||
                          annotation->kind == RG_ANNOTATION_INTERVAL ||
                          annotation->kind == RG_ANNOTATION_MAP_KEY_VALUE;
    return !is_known;
}

bool rg_annotation_equal(const struct rg_annotation *a, const struct rg_annotation *b)
{
    return a->kind == b->kind && a->time_unit == b->time_unit && a->is_utc == b->is_utc &&
           a->is_signed == b->is_signed && a->bit_width == b->bit_width && a->scale == b->scale &&
           a->precision == b->precision;
}
