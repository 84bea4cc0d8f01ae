/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A body is its raw length and elements: literals, and copies that look back over what came out so
 * far (google/snappy format_description.txt). Most elements behind a cut mean the same without what
 * is in front of it. Those that do not are the one that the cut goes through and copies that look
 * back over it: what they take from the front becomes a literal, the rest stays a copy. Writers
 * match the most recent bytes, so that these are few and come soon; from the last of them on, the
 * body is used as it lies.
 */

#include "stitch/snappy_cut.h"

#include <string.h>

/* Where a walk over the elements of a body stands. */
struct walk {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t produced; /* Raw bytes of the elements so far. */
    uint64_t raw_bytes;
};

/* An element. */
struct element {
    const uint8_t *literal; /* Its bytes; NULL: a copy. */
    uint32_t bytes;         /* Raw. */
    uint32_t distance;      /* Of a copy. */
};

enum {
    LITERAL_SHORT_MAX = 60, /* Bytes of a literal whose length is in its tag. */
    /* A literal whose tag tells of any number of bytes, and a copy. */
    PASS_BYTES_MIN = 1 + 64 + 3,
};

static enum rg_status refuse(const struct walk *walk, const char *what, struct rg_error *err)
{
    return rg_fail(err, RG_ERR_CORRUPT, "snappy: %s at raw byte %llu of %llu", what,
                   (unsigned long long)walk->produced, (unsigned long long)walk->raw_bytes);
}

/* The raw length in front, which is 1 to 5 bytes, and the elements. */
static enum rg_status begin(struct walk *walk, struct rg_span body, uint32_t raw_bytes,
                            struct rg_error *err)
{
    uint64_t length = 0;
    size_t at = 0;
    bool is_more = true;

    *walk = (struct walk){.raw_bytes = raw_bytes};
    for (; is_more && at < body.bytes && at < 5; at++) {
        length |= (uint64_t)(body.data[at] & 127) << (7 * at);
        is_more = (body.data[at] & 128) != 0;
    }
    if (is_more || length != raw_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "snappy block is %llu bytes long, its page says %u",
                       (unsigned long long)length, raw_bytes);
    walk->at = body.data + at;
    walk->end = body.data + body.bytes;
    return RG_OK;
}

static uint32_t little_endian(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

static enum rg_status next_literal(struct walk *walk, struct element *ret_element,
                                   struct rg_error *err)
{
    const size_t left = (size_t)(walk->end - walk->at);
    uint64_t bytes = (*walk->at >> 2) + UINT64_C(1);
    size_t tag_bytes = 1;

    if (bytes > LITERAL_SHORT_MAX) {
        const size_t more = (size_t)bytes - LITERAL_SHORT_MAX;

        if (left < 1 + more)
            return refuse(walk, "the body ends in a tag", err);
        bytes = little_endian(walk->at + 1, more) + UINT64_C(1);
        tag_bytes += more;
    }
    if (bytes > left - tag_bytes || bytes > walk->raw_bytes - walk->produced)
        return refuse(walk, "a literal is too long", err);
    *ret_element = (struct element){.literal = walk->at + tag_bytes, .bytes = (uint32_t)bytes};
    walk->at += tag_bytes + (size_t)bytes;
    return RG_OK;
}

static enum rg_status next_copy(struct walk *walk, struct element *ret_element,
                                struct rg_error *err)
{
    static const uint8_t tag_bytes[4] = {1, 2, 3, 5};
    const uint32_t tag = *walk->at;
    const uint32_t kind = tag & 3;
    uint32_t bytes = (tag >> 2) + 1;
    uint32_t distance;

    if (walk->end - walk->at < tag_bytes[kind])
        return refuse(walk, "the body ends in a tag", err);
    if (kind == 1) {
        bytes = (tag >> 2 & 7) + 4;
        distance = (tag >> 5) << 8 | walk->at[1];
    } else {
        distance = little_endian(walk->at + 1, kind == 2 ? 2 : 4);
    }
    if (distance == 0 || distance > walk->produced || bytes > walk->raw_bytes - walk->produced)
        return refuse(walk, "a copy from outside", err);
    *ret_element = (struct element){.bytes = bytes, .distance = distance};
    walk->at += tag_bytes[kind];
    return RG_OK;
}

/* The next element; the caller adds its bytes to walk->produced. */
static inline enum rg_status next(struct walk *walk, struct element *ret_element,
                                  struct rg_error *err)
{
    return (*walk->at & 3) == 0 ? next_literal(walk, ret_element, err)
                                : next_copy(walk, ret_element, err);
}

enum rg_status rg_snappy_front(struct rg_span body, uint32_t raw_bytes, size_t count, uint8_t *out,
                               struct rg_error *err)
{
    struct element element;
    struct walk walk;

    RG_TRY(begin(&walk, body, raw_bytes, err));
    while (walk.produced < count) {
        if (walk.at == walk.end)
            return refuse(&walk, "the body ends", err);
        RG_TRY(next(&walk, &element, err));
        const size_t left = count - (size_t)walk.produced;
        const size_t step = element.bytes < left ? element.bytes : left;
        uint8_t *to = out + walk.produced;

        if (element.literal != NULL) {
            memcpy(to, element.literal, step);
        } else {
            /* Byte by byte: a copy may reach into what it makes. */
            for (size_t i = 0; i < step; i++)
                to[i] = (to - element.distance)[i];
        }
        walk.produced += element.bytes;
    }
    return RG_OK;
}

/* What stands in front of a literal's bytes. */
static void put_literal_tag(struct rg_buffer *out, size_t bytes)
{
    uint8_t tag[5];
    size_t tag_bytes = 1;

    if (bytes <= LITERAL_SHORT_MAX) {
        tag[0] = (uint8_t)((bytes - 1) << 2);
    } else {
        for (size_t left = bytes - 1; left > 0; left >>= 8)
            tag[tag_bytes++] = (uint8_t)left;
        tag[0] = (uint8_t)((LITERAL_SHORT_MAX - 1 + tag_bytes - 1) << 2);
    }
    rg_buffer_append(out, tag, tag_bytes);
}

static void put_copy(struct rg_buffer *out, uint32_t bytes, uint32_t distance)
{
    const bool is_far = distance > UINT16_MAX;
    const uint8_t tag[5] = {(uint8_t)((bytes - 1) << 2 | (is_far ? 3 : 2)), (uint8_t)distance,
                            (uint8_t)(distance >> 8), (uint8_t)(distance >> 16),
                            (uint8_t)(distance >> 24)};

    if (bytes > 0)
        rg_buffer_append(out, tag, is_far ? 5 : 3);
}

/*
 * What the element yields behind the front, without looking into it. A copy from inside the front
 * takes bytes of it up to its end, or to where it began to repeat itself; from there on it stays.
 * The answer is where the body goes on as it lies: of a literal, with its bytes.
 */
static const uint8_t *put_free(const struct walk *walk, const struct element *element,
                               struct rg_span front, struct rg_buffer *head)
{
    const uint64_t skipped =
        walk->produced < front.bytes ? front.bytes - walk->produced : UINT64_C(0);

    if (element->bytes <= skipped)
        return walk->at;
    const uint32_t bytes = element->bytes - (uint32_t)skipped;
    if (element->literal != NULL) {
        put_literal_tag(head, bytes);
        return element->literal + skipped;
    }
    const uint64_t from = walk->produced + skipped - element->distance;
    const uint64_t in_front = from < front.bytes ? front.bytes - from : 0;
    const uint32_t step = in_front < bytes ? (uint32_t)in_front : bytes;

    if (step > 0) {
        put_literal_tag(head, step);
        rg_buffer_append(head, front.data + from, step);
    }
    put_copy(head, bytes - step, element->distance);
    return walk->at;
}

/*
 * Passes by what needs no care: a short literal, or none, and a copy of a usual kind that looks
 * back no further than the front, again and again. Stops in front of anything else. There is one
 * step of it for every value where values have little in common, hence no branch depends on the
 * data but those that stop it.
 */
static void pass_by(struct walk *walk, size_t front_bytes)
{
    const uint8_t *at = walk->at;
    uint64_t produced = walk->produced;

    while (walk->end - at >= PASS_BYTES_MIN && produced >= front_bytes) {
        const uint32_t first = *at;
        const uint32_t is_literal = (first & 3) == 0;
        const uint32_t literal = -is_literal & ((first >> 2) + 1);
        const uint8_t *copy = at + literal + is_literal;

        if (literal > LITERAL_SHORT_MAX)
            break;
        /* Kind 1 has a length of 4 to 11 and a distance of 11 bits, kind 2 64 and 16. */
        const uint32_t tag = *copy;
        const uint32_t kind = tag & 3;
        const uint32_t is_short = -(kind & 1);
        const uint32_t high = (is_short & tag >> 5) | (~is_short & copy[2]);
        const uint32_t distance = copy[1] | high << 8;
        const uint32_t bytes = 1 + (tag >> 2 & (63 - (is_short & 56))) + (is_short & 3);
        const uint64_t before = produced + literal;

        if ((kind != 1 && kind != 2) || distance == 0 || distance > before)
            break;
        if (before - distance < front_bytes || before + bytes > walk->raw_bytes)
            break;
        produced = before + bytes;
        at = copy + 1 + kind;
    }
    walk->at = at;
    walk->produced = produced;
}

enum rg_status rg_snappy_cut(struct rg_span body, uint32_t raw_bytes, struct rg_span front,
                             struct rg_buffer *head, struct rg_span *ret_tail, struct rg_error *err)
{
    const uint8_t *tail;
    struct element element;
    struct walk walk;

    RG_TRY(begin(&walk, body, raw_bytes, err));
    tail = walk.at;
    while (pass_by(&walk, front.bytes), walk.at < walk.end) {
        const uint8_t *begins = walk.at;

        RG_TRY(next(&walk, &element, err));
        /* Distance is 0 for literals. */
        if (walk.produced < front.bytes || walk.produced - element.distance < front.bytes) {
            rg_buffer_append(head, tail, (size_t)(begins - tail));
            tail = put_free(&walk, &element, front, head);
        }
        walk.produced += element.bytes;
    }
    if (walk.produced != raw_bytes)
        return refuse(&walk, "the body ends", err);
    *ret_tail = (struct rg_span){tail, (size_t)(walk.end - tail)};
    return RG_OK;
}
