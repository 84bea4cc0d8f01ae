/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A value is written by what its annotation says it means, if the physical type and the length fit
 * that; else by its physical type; else as hexadecimal digits. Nothing here fails.
 */

#include "parquet/value_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "parquet/schema.h"

static const int64_t day_seconds = 86400;

/* Text under construction; what does not fit is marked as cut. */
struct writer {
    char *text;
    size_t bytes;
    bool is_cut;
};

/* Room is kept for "..." and a NUL. */
static void put(struct writer *w, const char *piece)
{
    const size_t length = strlen(piece);

    if (w->is_cut || w->bytes + length > RG_VALUE_TEXT_BYTES - 4) {
        w->is_cut = true;
        return;
    }
    memcpy(w->text + w->bytes, piece, length);
    w->bytes += length;
}

static const char *finish(struct writer *w)
{
    memcpy(w->text + w->bytes, w->is_cut ? "..." : "", w->is_cut ? 4 : 1);
    return w->text;
}

static void put_hex(struct writer *w, struct rg_span value)
{
    char digits[3];

    put(w, "0x");
    for (size_t i = 0; i < value.bytes && !w->is_cut; i++) {
        snprintf(digits, sizeof digits, "%02x", (unsigned)value.data[i]);
        put(w, digits);
    }
}

/* How many bytes of a UTF-8 sequence are at `at`, or 0 where it is none or is a control. */
static size_t printable_length(struct rg_span value, size_t at)
{
    const uint8_t first = value.data[at];
    const size_t length = first < 0x80   ? 1
                          : first < 0xc2 ? 0
                          : first < 0xe0 ? 2
                          : first < 0xf0 ? 3
                          : first < 0xf5 ? 4
                                         : 0;

    if (length == 0 || length > value.bytes - at)
        return 0;
    if (length == 1)
        return first < 0x20 || first == 0x7f ? 0 : 1;
    for (size_t i = 1; i < length; i++)
        if ((value.data[at + i] & 0xc0) != 0x80)
            return 0;
    /* C1 controls. */
    if (first == 0xc2 && value.data[at + 1] < 0xa0)
        return 0;
    return length;
}

static void put_string(struct writer *w, struct rg_span value)
{
    char piece[5];

    put(w, "'");
    for (size_t i = 0; i < value.bytes && !w->is_cut;) {
        const size_t length = printable_length(value, i);

        if (length == 0) {
            snprintf(piece, sizeof piece, "\\x%02x", (unsigned)value.data[i]);
        } else if (value.data[i] == '\'' || value.data[i] == '\\') {
            snprintf(piece, sizeof piece, "\\%c", value.data[i]);
        } else {
            memcpy(piece, value.data + i, length);
            piece[length] = 0;
        }
        put(w, piece);
        i += length == 0 ? 1 : length;
    }
    put(w, "'");
}

static uint64_t load(struct rg_span value)
{
    uint64_t number = 0;

    for (size_t i = value.bytes; i > 0; i--)
        number = number << 8 | value.data[i - 1];
    return number;
}

/* A little-endian two's complement number of 4 or 8 bytes. */
static int64_t load_signed(struct rg_span value)
{
    const uint64_t number = load(value);

    return value.bytes == 4 ? (int64_t)(int32_t)(uint32_t)number : (int64_t)number;
}

/* Days since 1970-01-01 to a date of the proleptic Gregorian calendar (Howard Hinnant's method). */
static void put_date(struct writer *w, int64_t days)
{
    char piece[64];
    const int64_t shifted = days + 719468; /* Days since 0000-03-01. */
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const int64_t day_of_era = shifted - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const int64_t year = year_of_era + era * 400 + (month <= 2);

    snprintf(piece, sizeof piece, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, year, month, day);
    put(w, piece);
}

static int64_t units_of_second(uint8_t time_unit)
{
    return time_unit == RG_TIME_UNIT_MILLIS   ? 1000
           : time_unit == RG_TIME_UNIT_MICROS ? 1000000
                                              : 1000000000;
}

static void put_time(struct writer *w, int64_t units, uint8_t time_unit)
{
    char piece[96];
    const int64_t second = units_of_second(time_unit);
    const int64_t seconds = units / second;
    const int digits = second == 1000 ? 3 : second == 1000000 ? 6 : 9;

    snprintf(piece, sizeof piece, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%0*" PRId64,
             seconds / 3600, seconds / 60 % 60, seconds % 60, digits, units % second);
    put(w, piece);
}

static void put_timestamp(struct writer *w, int64_t units, const struct rg_annotation *annotation)
{
    const int64_t day = units_of_second(annotation->time_unit) * day_seconds;
    const int64_t rest = units % day;
    const int64_t days = units / day - (rest < 0);

    put_date(w, days);
    put(w, " ");
    put_time(w, rest < 0 ? rest + day : rest, annotation->time_unit);
    if (annotation->is_utc)
        put(w, "Z");
}

/* Divides a big-endian number by ten in place; returns the rest. */
static unsigned divide_by_ten(uint8_t *number, size_t bytes)
{
    unsigned rest = 0;

    for (size_t i = 0; i < bytes; i++) {
        const unsigned part = rest << 8 | number[i];

        number[i] = (uint8_t)(part / 10);
        rest = part % 10;
    }
    return rest;
}

/* A decimal of at most 32 bytes, big-endian two's complement. */
static void put_decimal(struct writer *w, struct rg_span value, int32_t scale)
{
    enum {
        BYTES_MAX = 32,
        SCALE_MAX = 78,
        DIGITS_MAX = 84
    };
    uint8_t number[BYTES_MAX];
    char digits[DIGITS_MAX + 1];
    size_t at = DIGITS_MAX;
    int32_t count = 0;

    const bool is_negative = value.bytes > 0 && (value.data[0] & 0x80) != 0;
    if (value.bytes == 0 || value.bytes > BYTES_MAX || scale < 0 || scale > SCALE_MAX) {
        put_hex(w, value);
        return;
    }
    memcpy(number, value.data, value.bytes);
    if (is_negative) {
        unsigned carry = 1;

        for (size_t i = value.bytes; i > 0; i--) {
            carry += (uint8_t)~number[i - 1];
            number[i - 1] = (uint8_t)carry;
            carry >>= 8;
        }
    }
    digits[at] = 0;
    /* 32 bytes have at most 78 digits, and the scale at most 78: point and sign fit. */
    for (bool is_zero = false; (!is_zero || count <= scale) && at > 2; count++) {
        if (scale > 0 && count == scale)
            digits[--at] = '.';
        digits[--at] = (char)('0' + divide_by_ten(number, value.bytes));
        is_zero = true;
        for (size_t i = 0; i < value.bytes; i++)
            is_zero = is_zero && number[i] == 0;
    }
    if (is_negative)
        digits[--at] = '-';
    put(w, digits + at);
}

/* A decimal in an INT32 or INT64. */
static void put_small_decimal(struct writer *w, struct rg_span value, int32_t scale)
{
    uint8_t big_endian[8];

    for (size_t i = 0; i < value.bytes; i++)
        big_endian[i] = value.data[value.bytes - 1 - i];
    put_decimal(w, (struct rg_span){big_endian, value.bytes}, scale);
}

/* Julian day and nanoseconds of the day (the deprecated INT96 timestamps). */
static void put_int96(struct writer *w, struct rg_span value)
{
    static const int64_t julian_of_1970 = 2440588;
    const int64_t ns = (int64_t)load((struct rg_span){value.data, 8});
    const int64_t day = (int64_t)load((struct rg_span){value.data + 8, 4});

    if (ns < 0 || ns >= day_seconds * 1000000000) {
        put_hex(w, value);
        return;
    }
    put_date(w, day - julian_of_1970);
    put(w, " ");
    put_time(w, ns, RG_TIME_UNIT_NANOS);
}

/* INT32 and INT64, by annotation. */
static void put_integer(struct writer *w, struct rg_span value,
                        const struct rg_annotation *annotation)
{
    char piece[32];
    const int64_t number = load_signed(value);

    switch (annotation->logical) {
    case RG_LOGICAL_DATE:
        if (value.bytes != 4)
            break;
        put_date(w, number);
        return;
    case RG_LOGICAL_TIME:
        if (number < 0 || number / units_of_second(annotation->time_unit) >= day_seconds)
            break;
        put_time(w, number, annotation->time_unit);
        return;
    case RG_LOGICAL_TIMESTAMP:
        put_timestamp(w, number, annotation);
        return;
    case RG_LOGICAL_DECIMAL:
        put_small_decimal(w, value, annotation->scale);
        return;
    case RG_LOGICAL_INTEGER:
        if (annotation->is_signed)
            break;
        snprintf(piece, sizeof piece, "%" PRIu64, load(value));
        put(w, piece);
        return;
    default:
        break;
    }
    snprintf(piece, sizeof piece, "%" PRId64, number);
    put(w, piece);
}

static void put_float(struct writer *w, struct rg_span value)
{
    char piece[64];
    const uint64_t bits = load(value);
    const uint32_t low_bits = (uint32_t)bits;
    float single;
    double number;

    if (value.bytes == 4) {
        memcpy(&single, &low_bits, sizeof single);
        snprintf(piece, sizeof piece, "%.9g", (double)single);
    } else {
        memcpy(&number, &bits, sizeof number);
        snprintf(piece, sizeof piece, "%.17g", number);
    }
    rg_decimal_mend(piece);
    put(w, piece);
}

/* Sign, 5 bits of exponent, 10 of fraction (IEEE 754 binary16). */
static void put_float16(struct writer *w, struct rg_span value)
{
    char piece[64];
    const uint64_t bits = load(value);
    const unsigned exponent = bits >> 10 & 0x1f;
    const double fraction = (double)(bits & 0x3ff) / 1024.0;
    double number = exponent == 0 ? fraction / 16384.0 : 1.0 + fraction;

    for (unsigned i = 15; exponent != 0 && i < exponent; i++)
        number *= 2.0;
    for (unsigned i = exponent; exponent != 0 && i < 15; i++)
        number /= 2.0;
    if (exponent == 31)
        snprintf(piece, sizeof piece, "%s%s", bits >> 15 != 0 ? "-" : "",
                 fraction != 0.0 ? "nan" : "inf");
    else
        snprintf(piece, sizeof piece, "%s%.5g", bits >> 15 != 0 ? "-" : "", number);
    rg_decimal_mend(piece);
    put(w, piece);
}

static void put_uuid(struct writer *w, struct rg_span value)
{
    char piece[4];

    for (size_t i = 0; i < 16; i++) {
        const bool has_dash = i == 4 || i == 6 || i == 8 || i == 10;

        snprintf(piece, sizeof piece, "%s%02x", has_dash ? "-" : "", (unsigned)value.data[i]);
        put(w, piece);
    }
}

static void put_bytes(struct writer *w, struct rg_span value,
                      const struct rg_annotation *annotation)
{
    switch (annotation->logical) {
    case RG_LOGICAL_STRING:
    case RG_LOGICAL_ENUM:
    case RG_LOGICAL_JSON:
        put_string(w, value);
        return;
    case RG_LOGICAL_DECIMAL:
        put_decimal(w, value, annotation->scale);
        return;
    case RG_LOGICAL_UUID:
        if (value.bytes != 16)
            break;
        put_uuid(w, value);
        return;
    case RG_LOGICAL_FLOAT16:
        if (value.bytes != 2)
            break;
        put_float16(w, value);
        return;
    default:
        break;
    }
    put_hex(w, value);
}

/* The length that values of the type have; 0: any. */
static size_t width_of(uint8_t type)
{
    switch (type) {
    case RG_TYPE_BOOLEAN:
        return 1;
    case RG_TYPE_INT32:
    case RG_TYPE_FLOAT:
        return 4;
    case RG_TYPE_INT64:
    case RG_TYPE_DOUBLE:
        return 8;
    case RG_TYPE_INT96:
        return 12;
    default:
        return 0;
    }
}

const char *rg_value_text(const struct rg_schema *schema, uint32_t leaf_index, struct rg_span value,
                          char text[RG_VALUE_TEXT_BYTES])
{
    const struct rg_leaf *leaf = &schema->leaves[leaf_index];
    const struct rg_annotation annotation =
        rg_schema_annotation(&schema->elements[leaf->element_index]);
    struct writer w = {.text = text};
    const size_t width = width_of(leaf->type);

    if (width != 0 && value.bytes != width) {
        put_hex(&w, value);
        return finish(&w);
    }
    switch (leaf->type) {
    case RG_TYPE_BOOLEAN:
        put(&w, value.data[0] != 0 ? "true" : "false");
        break;
    case RG_TYPE_INT32:
    case RG_TYPE_INT64:
        put_integer(&w, value, &annotation);
        break;
    case RG_TYPE_INT96:
        put_int96(&w, value);
        break;
    case RG_TYPE_FLOAT:
    case RG_TYPE_DOUBLE:
        put_float(&w, value);
        break;
    default:
        put_bytes(&w, value, &annotation);
        break;
    }
    return finish(&w);
}

const char *rg_leaf_type_text(const struct rg_leaf *leaf, char text[RG_VALUE_TEXT_BYTES])
{
    if (leaf->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY)
        snprintf(text, RG_VALUE_TEXT_BYTES, "%s(%" PRId32 ")", rg_type_name(leaf->type),
                 leaf->type_length);
    else
        snprintf(text, RG_VALUE_TEXT_BYTES, "%s", rg_type_name(leaf->type));
    return text;
}

static const char *logical_name(uint8_t logical)
{
    switch (logical) {
    case RG_LOGICAL_STRING:
        return "STRING";
    case RG_LOGICAL_MAP:
        return "MAP";
    case RG_LOGICAL_LIST:
        return "LIST";
    case RG_LOGICAL_ENUM:
        return "ENUM";
    case RG_LOGICAL_DECIMAL:
        return "DECIMAL";
    case RG_LOGICAL_DATE:
        return "DATE";
    case RG_LOGICAL_TIME:
        return "TIME";
    case RG_LOGICAL_TIMESTAMP:
        return "TIMESTAMP";
    case RG_LOGICAL_INTEGER:
        return "INTEGER";
    case RG_LOGICAL_UNKNOWN:
        return "UNKNOWN";
    case RG_LOGICAL_JSON:
        return "JSON";
    case RG_LOGICAL_BSON:
        return "BSON";
    case RG_LOGICAL_UUID:
        return "UUID";
    case RG_LOGICAL_FLOAT16:
        return "FLOAT16";
    case RG_LOGICAL_VARIANT:
        return "VARIANT";
    case RG_LOGICAL_GEOMETRY:
        return "GEOMETRY";
    case RG_LOGICAL_GEOGRAPHY:
        return "GEOGRAPHY";
    case RG_LOGICAL_FILE:
        return "FILE";
    default:
        return "?";
    }
}

static const char *unit_name(uint8_t time_unit)
{
    switch (time_unit) {
    case RG_TIME_UNIT_MILLIS:
        return "MILLIS";
    case RG_TIME_UNIT_MICROS:
        return "MICROS";
    case RG_TIME_UNIT_NANOS:
        return "NANOS";
    default:
        return "?";
    }
}

const char *rg_annotation_text(const struct rg_schema_element *element,
                               char text[RG_VALUE_TEXT_BYTES])
{
    const struct rg_annotation annotation = rg_schema_annotation(element);
    const char *name = logical_name(annotation.logical);

    switch (annotation.logical) {
    case RG_LOGICAL_NONE:
        snprintf(text, RG_VALUE_TEXT_BYTES, "%s",
                 annotation.converted_type == RG_CONVERTED_INTERVAL ? "INTERVAL" : "");
        break;
    case RG_LOGICAL_DECIMAL:
        snprintf(text, RG_VALUE_TEXT_BYTES, "%s(%" PRId32 ",%" PRId32 ")", name,
                 annotation.precision, annotation.scale);
        break;
    case RG_LOGICAL_TIME:
    case RG_LOGICAL_TIMESTAMP:
        snprintf(text, RG_VALUE_TEXT_BYTES, "%s(%s%s)", name, unit_name(annotation.time_unit),
                 annotation.is_utc ? ", UTC" : "");
        break;
    case RG_LOGICAL_INTEGER:
        snprintf(text, RG_VALUE_TEXT_BYTES, "%s(%u, %s)", name, (unsigned)annotation.bit_width,
                 annotation.is_signed ? "signed" : "unsigned");
        break;
    default:
        snprintf(text, RG_VALUE_TEXT_BYTES, "%s", name);
        break;
    }
    return text;
}
