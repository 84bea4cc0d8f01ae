/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The stream is its raw length and then literals and copies (google/snappy format_description.txt).
 * For a value whose upper 48 bits were seen not long ago: a literal of its two low bytes, a copy of
 * the six others. Values that find nothing are joined into the literal in front of the next copy.
 */

#include "stitch/snappy_int64.h"

#include <string.h>

enum {
    TABLE_BITS = 9,
    LOW_BYTES = 2,       /* In a literal. */
    HIGH_BYTES = 6,      /* Copied. */
    NEAR_MAX = 2047,     /* Bytes that a copy of two bytes can look back. */
    FAR_MAX = 65535,     /* Bytes that a copy of three bytes can look back. */
    LITERAL_MAX = 65536, /* Bytes of a literal with two bytes of length. */
};

size_t rg_snappy_int64_bound(size_t bytes)
{
    return bytes + bytes / 64 + 64;
}

static uint64_t value_at(const uint8_t *raw, size_t i)
{
    uint64_t value;

    memcpy(&value, raw + i * 8, sizeof value);
    return value;
}

static uint8_t *put_literal(uint8_t *out, const uint8_t *data, size_t bytes)
{
    while (bytes > 0) {
        const size_t step = bytes < LITERAL_MAX ? bytes : LITERAL_MAX;
        const size_t length = step - 1;

        if (length < 60) {
            *out++ = (uint8_t)(length << 2);
        } else if (length < 256) {
            *out++ = 60 << 2;
            *out++ = (uint8_t)length;
        } else {
            *out++ = 61 << 2;
            *out++ = (uint8_t)length;
            *out++ = (uint8_t)(length >> 8);
        }
        memcpy(out, data, step);
        out += step;
        data += step;
        bytes -= step;
    }
    return out;
}

/* A copy of 4 to 11 bytes. */
static uint8_t *put_copy(uint8_t *out, size_t bytes, size_t distance)
{
    if (distance <= NEAR_MAX) {
        *out++ = (uint8_t)(1 | (bytes - 4) << 2 | distance >> 8 << 5);
        *out++ = (uint8_t)distance;
        return out;
    }
    *out++ = (uint8_t)(2 | (bytes - 1) << 2);
    *out++ = (uint8_t)distance;
    *out++ = (uint8_t)(distance >> 8);
    return out;
}

/* The raw length in front, seven bits a byte. */
static uint8_t *put_length(uint8_t *out, size_t bytes)
{
    for (; bytes >= 128; bytes >>= 7)
        *out++ = (uint8_t)(bytes | 128);
    *out++ = (uint8_t)bytes;
    return out;
}

size_t rg_snappy_int64(struct rg_span raw, uint8_t *out)
{
    uint32_t last[1 << TABLE_BITS] = {0}; /* Where a hash was seen last: a value's number + 1. */
    const size_t count = raw.bytes / 8;
    const uint8_t *literal = raw.data;
    uint8_t *at = out;

    at = put_length(at, raw.bytes);
    for (size_t i = 0; i < count; i++) {
        const uint64_t value = value_at(raw.data, i);
        const uint64_t high = value >> 16;
        const size_t slot = (size_t)(high * UINT64_C(0x9e3779b97f4a7c15) >> (64 - TABLE_BITS));
        const size_t seen = last[slot];
        const size_t distance = (i + 1 - seen) * 8;

        last[slot] = (uint32_t)(i + 1);
        if (seen == 0 || distance > FAR_MAX)
            continue;
        const uint64_t before = value_at(raw.data, seen - 1);
        const uint8_t *begin = raw.data + i * 8;
        if (before == value) {
            at = put_literal(at, literal, (size_t)(begin - literal));
            at = put_copy(at, 8, distance);
            literal = begin + 8;
        } else if (before >> 16 == high) {
            at = put_literal(at, literal, (size_t)(begin + LOW_BYTES - literal));
            at = put_copy(at, HIGH_BYTES, distance);
            literal = begin + 8;
        }
    }
    at = put_literal(at, literal, (size_t)(raw.data + raw.bytes - literal));
    return (size_t)(at - out);
}
