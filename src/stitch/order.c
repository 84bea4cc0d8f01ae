/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/order.h"

#include <string.h>

#include "base/utf8.h"
#include "parquet/schema.h"

/* Zeros as PLAIN bytes, longest type; a shorter type's are the last bytes. */
static const uint8_t negative_zero[8] = {0, 0, 0, 0, 0, 0, 0, 0x80};
static const uint8_t positive_zero[8] = {0};

static enum rg_order order_of_int32(const struct rg_annotation *a)
{
    switch (a->logical) {
    case RG_LOGICAL_NONE:
    case RG_LOGICAL_DATE:
    case RG_LOGICAL_TIME:
    case RG_LOGICAL_DECIMAL:
        return RG_ORDER_INT32;
    case RG_LOGICAL_INTEGER:
        if (a->bit_width > 32)
            return RG_ORDER_NONE;
        return a->is_signed ? RG_ORDER_INT32 : RG_ORDER_UINT32;
    default: /* A number, not an enum. */
        return RG_ORDER_NONE;
    }
}

static enum rg_order order_of_int64(const struct rg_annotation *a)
{
    switch (a->logical) {
    case RG_LOGICAL_NONE:
    case RG_LOGICAL_TIME:
    case RG_LOGICAL_TIMESTAMP:
    case RG_LOGICAL_DECIMAL:
        return RG_ORDER_INT64;
    case RG_LOGICAL_INTEGER:
        return a->is_signed ? RG_ORDER_INT64 : RG_ORDER_UINT64;
    default: /* A number, not an enum. */
        return RG_ORDER_NONE;
    }
}

static enum rg_order order_of_byte_array(const struct rg_annotation *a)
{
    switch (a->logical) {
    case RG_LOGICAL_NONE:
    case RG_LOGICAL_STRING:
    case RG_LOGICAL_ENUM:
    case RG_LOGICAL_JSON:
    case RG_LOGICAL_BSON:
        return RG_ORDER_BYTES;
    case RG_LOGICAL_DECIMAL:
        return RG_ORDER_SIGNED_BYTES;
    default: /* A number, not an enum: GEOMETRY, GEOGRAPHY, and what does not belong here. */
        return RG_ORDER_NONE;
    }
}

static enum rg_order order_of_fixed(const struct rg_annotation *a, int32_t type_length)
{
    switch (a->logical) {
    case RG_LOGICAL_NONE:
        return RG_ORDER_BYTES;
    case RG_LOGICAL_UUID:
        return type_length == 16 ? RG_ORDER_BYTES : RG_ORDER_NONE;
    case RG_LOGICAL_FLOAT16:
        return type_length == 2 ? RG_ORDER_FLOAT16 : RG_ORDER_NONE;
    case RG_LOGICAL_DECIMAL:
        return RG_ORDER_SIGNED_BYTES;
    default: /* A number, not an enum. */
        return RG_ORDER_NONE;
    }
}

enum rg_order rg_order_of(const struct rg_schema *schema, uint32_t leaf_index)
{
    const struct rg_leaf *leaf = &schema->leaves[leaf_index];
    const struct rg_annotation a = rg_schema_annotation(&schema->elements[leaf->element_index]);
    const bool is_bare = a.logical == RG_LOGICAL_NONE;

    if (a.converted_type != RG_CONVERTED_NONE) /* INTERVAL, and what is not known. */
        return RG_ORDER_NONE;
    switch ((enum rg_type)leaf->type) {
    case RG_TYPE_BOOLEAN:
        return is_bare ? RG_ORDER_BOOLEAN : RG_ORDER_NONE;
    case RG_TYPE_INT32:
        return order_of_int32(&a);
    case RG_TYPE_INT64:
        return order_of_int64(&a);
    case RG_TYPE_INT96:
        return RG_ORDER_NONE;
    case RG_TYPE_FLOAT:
        return is_bare ? RG_ORDER_FLOAT : RG_ORDER_NONE;
    case RG_TYPE_DOUBLE:
        return is_bare ? RG_ORDER_DOUBLE : RG_ORDER_NONE;
    case RG_TYPE_BYTE_ARRAY:
        return order_of_byte_array(&a);
    case RG_TYPE_FIXED_LEN_BYTE_ARRAY:
        return order_of_fixed(&a, leaf->type_length);
    }
    return RG_ORDER_NONE;
}

bool rg_order_is_floating(enum rg_order order)
{
    return order == RG_ORDER_FLOAT || order == RG_ORDER_DOUBLE || order == RG_ORDER_FLOAT16;
}

bool rg_order_is_signed(enum rg_order order)
{
    return order == RG_ORDER_BOOLEAN || order == RG_ORDER_INT32 || order == RG_ORDER_INT64 ||
           order == RG_ORDER_FLOAT || order == RG_ORDER_DOUBLE;
}

static uint64_t load(struct rg_span value, size_t bytes)
{
    uint64_t number = 0;

    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)value.data[i] << (8 * i);
    return number;
}

static float load_float(struct rg_span value)
{
    const uint32_t bits = (uint32_t)load(value, 4);
    float number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

static double load_double(struct rg_span value)
{
    const uint64_t bits = load(value, 8);
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

/* An IEEE half as an integer in the same order, its two zeros equal. */
static int32_t load_half(struct rg_span value)
{
    const int32_t bits = (int32_t)load(value, 2);
    const int32_t magnitude = bits & 0x7fff;

    return bits >= 0x8000 ? -magnitude : magnitude;
}

/* Numbers of different length: the shorter one is extended by its sign. */
static int compare_signed(struct rg_span a, struct rg_span b)
{
    const bool a_is_negative = a.data[0] >= 0x80;
    const bool b_is_negative = b.data[0] >= 0x80;

    if (a_is_negative != b_is_negative)
        return a_is_negative ? -1 : 1;

    const bool a_is_longer = a.bytes > b.bytes;
    const struct rg_span longer = a_is_longer ? a : b;
    const size_t extra = longer.bytes - (a_is_longer ? b : a).bytes;
    const uint8_t sign = a_is_negative ? 0xff : 0;
    for (size_t i = 0; i < extra; i++) {
        if (longer.data[i] != sign)
            return a_is_longer == a_is_negative ? -1 : 1;
    }
    if (a_is_longer)
        return memcmp(a.data + extra, b.data, b.bytes);
    return memcmp(a.data, b.data + extra, a.bytes);
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

int rg_order_compare(enum rg_order order, struct rg_span a, struct rg_span b)
{
    switch (order) {
    case RG_ORDER_NONE:
        return 0;
    case RG_ORDER_BOOLEAN:
        return COMPARE(a.data[0], b.data[0]);
    case RG_ORDER_INT32:
        return COMPARE((int32_t)load(a, 4), (int32_t)load(b, 4));
    case RG_ORDER_INT64:
        return COMPARE((int64_t)load(a, 8), (int64_t)load(b, 8));
    case RG_ORDER_UINT32:
        return COMPARE(load(a, 4), load(b, 4));
    case RG_ORDER_UINT64:
        return COMPARE(load(a, 8), load(b, 8));
    case RG_ORDER_FLOAT:
        return COMPARE(load_float(a), load_float(b));
    case RG_ORDER_DOUBLE:
        return COMPARE(load_double(a), load_double(b));
    case RG_ORDER_FLOAT16:
        return COMPARE(load_half(a), load_half(b));
    case RG_ORDER_BYTES:
        return rg_span_compare(a, b);
    case RG_ORDER_SIGNED_BYTES:
        return compare_signed(a, b);
    }
    return 0;
}

bool rg_order_accepts(enum rg_order order, const struct rg_leaf *leaf, struct rg_span value)
{
    const bool is_fixed = leaf->type == RG_TYPE_FIXED_LEN_BYTE_ARRAY;

    if (value.data == NULL)
        return false;
    if (is_fixed && (leaf->type_length < 0 || value.bytes != (size_t)leaf->type_length))
        return false;
    switch (order) {
    case RG_ORDER_NONE:
        return false;
    case RG_ORDER_BOOLEAN:
        return value.bytes == 1 && value.data[0] <= 1;
    case RG_ORDER_INT32:
    case RG_ORDER_UINT32:
        return value.bytes == 4;
    case RG_ORDER_INT64:
    case RG_ORDER_UINT64:
        return value.bytes == 8;
    case RG_ORDER_FLOAT:
        return value.bytes == 4 && (load(value, 4) & 0x7fffffff) <= 0x7f800000;
    case RG_ORDER_DOUBLE:
        return value.bytes == 8 &&
               (load(value, 8) & UINT64_C(0x7fffffffffffffff)) <= UINT64_C(0x7ff0000000000000);
    case RG_ORDER_FLOAT16:
        return value.bytes == 2 && (load(value, 2) & 0x7fff) <= 0x7c00;
    case RG_ORDER_BYTES:
        return true;
    case RG_ORDER_SIGNED_BYTES:
        return value.bytes > 0;
    }
    return false;
}

static bool is_zero(enum rg_order order, struct rg_span bound)
{
    if (!rg_order_is_floating(order) || bound.bytes == 0 || bound.bytes > sizeof positive_zero)
        return false;
    return memcmp(bound.data, positive_zero, bound.bytes - 1) == 0 &&
           (bound.data[bound.bytes - 1] & 0x7f) == 0;
}

struct rg_span rg_order_lower_bound(enum rg_order order, struct rg_span bound)
{
    if (is_zero(order, bound))
        bound.data = negative_zero + sizeof negative_zero - bound.bytes;
    return bound;
}

struct rg_span rg_order_upper_bound(enum rg_order order, struct rg_span bound)
{
    if (is_zero(order, bound))
        bound.data = positive_zero;
    return bound;
}

/*
 * Where to cut `text`: at most bytes_max, and between characters if it is UTF-8 up to there. It is
 * taken for UTF-8 when its bytes are, whatever the annotation says: a cut there is a bound for
 * other bytes too.
 */
static size_t cut(struct rg_span text, size_t bytes_max, bool *ret_is_utf8)
{
    size_t i = 0;

    while (i < bytes_max) {
        const size_t bytes = rg_utf8_sequence_bytes(text.data + i, text.bytes - i);

        if (bytes == 0) {
            *ret_is_utf8 = false;
            return bytes_max;
        }
        if (i + bytes > bytes_max)
            break;
        i += bytes;
    }
    *ret_is_utf8 = true;
    return i;
}

static bool is_shortened(enum rg_order order, const struct rg_leaf *leaf, struct rg_span bound,
                         size_t bytes_max)
{
    return order == RG_ORDER_BYTES && leaf->type == RG_TYPE_BYTE_ARRAY && bound.bytes > bytes_max;
}

struct rg_span rg_order_shorten_lower(enum rg_order order, const struct rg_leaf *leaf,
                                      struct rg_span bound, size_t bytes_max, bool *ret_is_shorter)
{
    bool is_utf8;

    *ret_is_shorter = is_shortened(order, leaf, bound, bytes_max);
    if (*ret_is_shorter)
        bound.bytes = cut(bound, bytes_max, &is_utf8);
    return bound;
}

/* Raises the last character that can be raised and cuts behind it; 0 when there is none. */
static size_t raise_utf8(uint8_t *text, size_t bytes)
{
    while (bytes > 0) {
        size_t begin = bytes - 1;
        uint32_t point;

        while ((text[begin] & 0xc0) == 0x80)
            begin--;
        (void)rg_utf8_read(text + begin, bytes - begin, &point);
        if (point < 0x10ffff) {
            point = point == 0xd7ff ? 0xe000 : point + 1;
            return begin + rg_utf8_write(point, text + begin);
        }
        bytes = begin;
    }
    return 0;
}

static size_t raise_bytes(uint8_t *text, size_t bytes)
{
    while (bytes > 0 && text[bytes - 1] == 0xff)
        bytes--;
    if (bytes > 0)
        text[bytes - 1]++;
    return bytes;
}

struct rg_span rg_order_shorten_upper(enum rg_order order, const struct rg_leaf *leaf,
                                      struct rg_span bound, size_t bytes_max,
                                      struct rg_arena *arena, bool *ret_is_shorter)
{
    bool is_utf8;

    *ret_is_shorter = false;
    if (!is_shortened(order, leaf, bound, bytes_max))
        return bound;
    const size_t bytes = cut(bound, bytes_max - 1, &is_utf8); /* A raised character may grow. */
    uint8_t *text = rg_arena_alloc(arena, bytes_max);
    if (text == NULL)
        return (struct rg_span){NULL, 0};
    memcpy(text, bound.data, bytes);
    const size_t raised = is_utf8 ? raise_utf8(text, bytes) : raise_bytes(text, bytes);
    if (raised == 0)
        return bound;
    *ret_is_shorter = true;
    return (struct rg_span){text, raised};
}
