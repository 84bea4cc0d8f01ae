/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Walks the tree of fields where it stands, decoding base64 byte by byte, so that no memory is
 * needed. Every offset is checked against the length, and the number of fields is capped: offsets
 * may go in circles.
 *
 * A table begins with the distance back to its vtable; that is two 16-bit sizes and the 16-bit
 * offsets of its members, 0 for one that is not there. Offsets to tables and vectors are 32 bits,
 * from where they stand.
 */

#include "stitch/arrow_schema.h"

#include <string.h>

enum {
    STACK_MAX = 64,
    FIELDS_MAX = 100000,

    MESSAGE_HEADER_TYPE = 1,
    MESSAGE_HEADER = 2,
    HEADER_IS_SCHEMA = 1,
    SCHEMA_FIELDS = 1,
    FIELD_DICTIONARY = 4,
    FIELD_CHILDREN = 5,
};

struct message {
    struct rg_span text;
    size_t bytes; /* Decoded. */
};

static int digit_of(uint8_t letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* Little-endian, `width` bytes at `place`; false outside and where a letter is none of base64. */
static bool read_number(const struct message *m, uint64_t place, uint32_t width, uint32_t *ret)
{
    uint32_t number = 0;

    if (place > m->bytes || width > m->bytes - place)
        return false;
    for (uint32_t i = 0; i < width; i++) {
        const size_t at = (size_t)place + i;
        const uint8_t *letters = m->text.data + at / 3 * 4 + at % 3;
        const int left = digit_of(letters[0]);
        const int right = digit_of(letters[1]);

        if (left < 0 || right < 0)
            return false;
        const uint32_t twelve_bits = (uint32_t)left << 6 | (uint32_t)right;
        number |= (twelve_bits >> (4 - at % 3 * 2) & 0xff) << (8 * i);
    }
    *ret = number;
    return true;
}

/* Where member `index` of a table stands; 0 when it is not there. False for what is no table. */
static bool find_member(const struct message *m, uint64_t table, uint32_t index, uint64_t *ret)
{
    uint32_t back;
    uint32_t vtable_bytes;
    uint32_t offset = 0;

    if (!read_number(m, table, 4, &back))
        return false;
    const int64_t vtable = (int64_t)table - (int32_t)back;
    if (vtable < 0 || !read_number(m, (uint64_t)vtable, 2, &vtable_bytes))
        return false;
    const uint64_t slot = 4 + (uint64_t)index * 2;
    if (slot + 2 <= vtable_bytes && !read_number(m, (uint64_t)vtable + slot, 2, &offset))
        return false;
    *ret = offset == 0 ? 0 : table + offset;
    return true;
}

/* What the offset at `place` points to. */
static bool follow(const struct message *m, uint64_t place, uint64_t *ret)
{
    uint32_t offset;

    if (!read_number(m, place, 4, &offset))
        return false;
    *ret = place + offset;
    return true;
}

/* A vector of tables, partly seen. */
struct fields {
    uint64_t next; /* Place of the next offset. */
    uint32_t left;
};

static bool open_fields(const struct message *m, uint64_t member, struct fields *ret)
{
    uint64_t vector;

    *ret = (struct fields){0, 0};
    if (member == 0)
        return true;
    if (!follow(m, member, &vector) || !read_number(m, vector, 4, &ret->left))
        return false;
    ret->next = vector + 4;
    return true;
}

static bool find_schema_fields(const struct message *m, struct fields *ret)
{
    uint32_t first;
    uint32_t type;
    uint64_t member;
    uint64_t message;
    uint64_t schema;

    /* A length in front, behind 0xffffffff since Arrow 0.15. */
    if (!read_number(m, 0, 4, &first) || !follow(m, first == UINT32_MAX ? 8 : 4, &message))
        return false;
    if (!find_member(m, message, MESSAGE_HEADER_TYPE, &member) || member == 0 ||
        !read_number(m, member, 1, &type) || type != HEADER_IS_SCHEMA)
        return false;
    if (!find_member(m, message, MESSAGE_HEADER, &member) || member == 0 ||
        !follow(m, member, &schema) || !find_member(m, schema, SCHEMA_FIELDS, &member))
        return false;
    return open_fields(m, member, ret);
}

bool rg_arrow_schema_may_have_dictionary(struct rg_span base64)
{
    struct message m = {base64, base64.bytes / 4 * 3};
    struct fields stack[STACK_MAX];
    uint32_t depth = 1;

    if (base64.bytes == 0 || base64.bytes % 4 != 0)
        return true;
    if (base64.data[base64.bytes - 1] == '=')
        m.bytes--;
    if (base64.data[base64.bytes - 2] == '=')
        m.bytes--;
    if (!find_schema_fields(&m, &stack[0]))
        return true;

    for (uint32_t seen = 0; depth > 0;) {
        struct fields *top = &stack[depth - 1];
        uint64_t field;
        uint64_t member;

        if (top->left == 0) {
            depth--;
            continue;
        }
        if (++seen > FIELDS_MAX || !follow(&m, top->next, &field) ||
            !find_member(&m, field, FIELD_DICTIONARY, &member) || member != 0)
            return true;
        top->next += 4;
        top->left--;
        if (!find_member(&m, field, FIELD_CHILDREN, &member))
            return true;
        if (member == 0)
            continue;
        if (depth == STACK_MAX || !open_fields(&m, member, &stack[depth]))
            return true;
        depth++;
    }
    return false;
}
