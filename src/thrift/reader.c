/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The compact protocol's rare cases, and everything that is not worth a place in the caller's loop.
 *
 *   (1) begin <= next <= end, and nothing at or behind end is read.
 *   (2) After a failure next == end, which every reader treats as one more failure: no loop that
 *       reads at least one byte each time round can go on.
 *   (3) Every element of a list takes at least one byte, so a loop over a list is bounded by the
 *       bytes that are there.
 */

#include "thrift/reader.h"

#include <string.h>

enum {
    VARINT_BYTES_MAX = 10, /* Of a 64-bit number. */
    UUID_BYTES = 16,
};

/* A struct, list or map that is being passed over. */
struct level {
    bool is_struct;
    uint8_t type;       /* Of the next element; a struct's fields say theirs. */
    uint8_t type_after; /* Of the one after it: keys and values of a map take turns. */
    uint32_t left;      /* Elements still to come. */
};

void rg_thrift_reader_init(struct rg_thrift_reader *reader, struct rg_span bytes)
{
    static const uint8_t nothing[1];
    const uint8_t *begin = bytes.data == NULL ? nothing : bytes.data;

    *reader = (struct rg_thrift_reader){begin, begin + bytes.bytes, begin, NULL, 0};
}

__attribute__((cold)) void rg_thrift_fail(struct rg_thrift_reader *reader, const char *failure)
{
    if (reader->failure == NULL) {
        reader->failure = failure;
        reader->failure_offset = rg_thrift_offset(reader);
    }
    reader->next = reader->end;
}

enum rg_status rg_thrift_reader_check(const struct rg_thrift_reader *reader, struct rg_error *err)
{
    if (reader->failure == NULL)
        return RG_OK;
    return rg_fail(err, RG_ERR_CORRUPT, "%s (thrift, at byte %zu of %zu)", reader->failure,
                   reader->failure_offset, (size_t)(reader->end - reader->begin));
}

static size_t bytes_left(const struct rg_thrift_reader *reader)
{
    return (size_t)(reader->end - reader->next);
}

/* The end, or an id that is written out or near the end of its range. */
bool rg_thrift_next_long_field(struct rg_thrift_reader *reader, struct rg_thrift_field *field)
{
    if (reader->next == reader->end) {
        rg_thrift_fail(reader, "bytes end inside a struct");
        return false;
    }
    const uint8_t header = *reader->next++;
    const int64_t id =
        header < 0x10 ? rg_thrift_read_i64(reader, RG_THRIFT_I16) : field->id + (header >> 4);
    if (id < INT16_MIN || id > INT16_MAX)
        rg_thrift_fail(reader, "field number out of range");
    if (reader->failure != NULL)
        return false;
    field->id = (int32_t)id;
    field->type = header & 15;
    return true;
}

/* Says why rg_thrift_long_number() found none. */
__attribute__((cold)) void rg_thrift_long_number_fail(struct rg_thrift_reader *reader)
{
    const bool is_cut = bytes_left(reader) < VARINT_BYTES_MAX;

    rg_thrift_fail(reader, is_cut ? "bytes end inside a number" : "number of more than 64 bits");
}

/* The bytes one at a time: near the end of the span, and numbers of more than 56 bits. */
static struct rg_thrift_number read_number_slowly(const uint8_t *next, const uint8_t *end)
{
    const size_t left = (size_t)(end - next);
    const uint32_t count_max = left < VARINT_BYTES_MAX ? (uint32_t)left : VARINT_BYTES_MAX;
    uint64_t value = 0;

    for (uint32_t i = 0; i < count_max; i++) {
        const uint8_t byte = next[i];

        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80)
            return (struct rg_thrift_number){value, next + i + 1};
    }
    return (struct rg_thrift_number){0, NULL};
}

/*
 * Eight bytes at once where there are eight: lengths vary from number to number, so a loop over the
 * bytes would be mispredicted each time.
 */
struct rg_thrift_number rg_thrift_long_number(const uint8_t *next, const uint8_t *end)
{
    uint64_t word;

    if ((size_t)(end - next) < sizeof word)
        return read_number_slowly(next, end);
    memcpy(&word, next, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    const uint64_t ends = ~word & UINT64_C(0x8080808080808080);
    if (ends == 0)
        return read_number_slowly(next, end);
    /* Bits up to the first byte without a continuation bit, then the sevens moved together. */
    word &= ends ^ (ends - 1);
    word &= UINT64_C(0x7f7f7f7f7f7f7f7f);
    word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
    word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
    word = (word & UINT64_C(0x000000000fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
    return (struct rg_thrift_number){word, next + (uint32_t)__builtin_ctzll(ends) / 8 + 1};
}

/* False is 2 by the specification, and 0 from some writers (its section "List and Set"). */
bool rg_thrift_read_bool_element(struct rg_thrift_reader *reader)
{
    if (reader->next == reader->end) {
        rg_thrift_fail(reader, "bytes end inside a list of booleans");
        return false;
    }
    const uint8_t byte = *reader->next++;
    if (byte > RG_THRIFT_FALSE)
        rg_thrift_fail(reader, "boolean that is neither true nor false");
    return byte == RG_THRIFT_TRUE;
}

double rg_thrift_read_double(struct rg_thrift_reader *reader, uint8_t type)
{
    uint64_t bits;
    double value;

    if (type != RG_THRIFT_DOUBLE) {
        rg_thrift_fail(reader, "field of another type where a double belongs");
        return 0;
    }
    if (bytes_left(reader) < sizeof bits) {
        rg_thrift_fail(reader, "bytes end inside a double");
        return 0;
    }
    memcpy(&bits, reader->next, sizeof bits);
    reader->next += sizeof bits;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool is_integer(uint8_t type)
{
    return type >= RG_THRIFT_I8 && type <= RG_THRIFT_I64;
}

static bool is_same_kind(uint8_t given, uint8_t wanted)
{
    if (wanted == RG_THRIFT_TRUE || wanted == RG_THRIFT_FALSE)
        return given == RG_THRIFT_TRUE || given == RG_THRIFT_FALSE;
    return given == wanted || (is_integer(given) && is_integer(wanted));
}

/* Size and element type. */
static struct rg_thrift_list read_list_header(struct rg_thrift_reader *reader,
                                              size_t element_bytes_min)
{
    if (reader->next == reader->end) {
        rg_thrift_fail(reader, "bytes end before a list");
        return (struct rg_thrift_list){0, 0};
    }
    const uint8_t header = *reader->next++;
    const uint64_t count = header >> 4 == 15 ? rg_thrift_varint(reader) : header >> 4;
    if (count > bytes_left(reader) / element_bytes_min || count > UINT32_MAX) {
        rg_thrift_fail(reader, "list of more elements than the bytes left can hold");
        return (struct rg_thrift_list){0, 0};
    }
    return (struct rg_thrift_list){(uint32_t)count, header & 15};
}

struct rg_thrift_list rg_thrift_read_list(struct rg_thrift_reader *reader, uint8_t type,
                                          uint8_t element_type, size_t element_bytes_min)
{
    if (type != RG_THRIFT_LIST && type != RG_THRIFT_SET) {
        rg_thrift_fail(reader, "field of another type where a list belongs");
        return (struct rg_thrift_list){0, 0};
    }
    const struct rg_thrift_list list = read_list_header(reader, element_bytes_min);
    /* Writers differ in what type an empty list has. */
    if (list.count > 0 && !is_same_kind(list.type, element_type)) {
        rg_thrift_fail(reader, "list with elements of another type");
        return (struct rg_thrift_list){0, 0};
    }
    return list;
}

static void skip_bytes(struct rg_thrift_reader *reader, uint64_t bytes)
{
    if (bytes > bytes_left(reader))
        rg_thrift_fail(reader, "bytes end inside a field that is passed over");
    else
        reader->next += bytes;
}

static struct level enter_list(struct rg_thrift_reader *reader)
{
    const struct rg_thrift_list list = read_list_header(reader, 1);

    return (struct level){false, list.type, list.type, list.count};
}

static struct level enter_map(struct rg_thrift_reader *reader)
{
    const uint64_t count = rg_thrift_varint(reader);

    if (count == 0)
        return (struct level){0};
    if (reader->next == reader->end || count > (bytes_left(reader) - 1) / 2 ||
        count > UINT32_MAX / 2) {
        rg_thrift_fail(reader, "map of more entries than the bytes left can hold");
        return (struct level){0};
    }
    const uint8_t types = *reader->next++;
    return (struct level){false, types >> 4, types & 15, (uint32_t)count * 2};
}

/* Passes over one value that holds no others; enters one that does, and then gives true. */
static bool skip_or_enter(struct rg_thrift_reader *reader, uint8_t type, struct level *ret_level)
{
    switch (type) {
    case RG_THRIFT_TRUE: /* In a list: a byte. */
    case RG_THRIFT_FALSE:
    case RG_THRIFT_I8:
        skip_bytes(reader, 1);
        return false;
    case RG_THRIFT_I16:
    case RG_THRIFT_I32:
    case RG_THRIFT_I64:
        (void)rg_thrift_varint(reader);
        return false;
    case RG_THRIFT_DOUBLE:
        skip_bytes(reader, sizeof(double));
        return false;
    case RG_THRIFT_BINARY:
        skip_bytes(reader, rg_thrift_varint(reader));
        return false;
    case RG_THRIFT_UUID:
        skip_bytes(reader, UUID_BYTES);
        return false;
    case RG_THRIFT_LIST:
    case RG_THRIFT_SET:
        *ret_level = enter_list(reader);
        return true;
    case RG_THRIFT_MAP:
        *ret_level = enter_map(reader);
        return true;
    case RG_THRIFT_STRUCT:
        *ret_level = (struct level){.is_struct = true};
        return true;
    default:
        rg_thrift_fail(reader, "field of an unknown type");
        return false;
    }
}

/* The type of the next value inside `level`; false behind its last. */
static bool next_inside(struct rg_thrift_reader *reader, struct level *level, uint8_t *ret_type)
{
    struct rg_thrift_field field = {0};

    if (!level->is_struct) {
        if (level->left == 0)
            return false;
        level->left--;
        *ret_type = level->type;
        level->type = level->type_after;
        level->type_after = *ret_type;
        return true;
    }
    while (rg_thrift_next_field(reader, &field)) {
        if (field.type == RG_THRIFT_TRUE || field.type == RG_THRIFT_FALSE)
            continue;
        *ret_type = field.type;
        return true;
    }
    return false;
}

void rg_thrift_skip_element(struct rg_thrift_reader *reader, uint8_t type)
{
    struct level levels[RG_THRIFT_DEPTH_MAX];
    uint32_t depth = 0;

    for (;;) {
        struct level inner;

        if (skip_or_enter(reader, type, &inner)) {
            if (depth == RG_THRIFT_DEPTH_MAX) {
                rg_thrift_fail(reader, "fields nested too deeply");
                return;
            }
            levels[depth++] = inner;
        }
        while (depth > 0 && !next_inside(reader, &levels[depth - 1], &type))
            depth--;
        if (depth == 0 || reader->failure != NULL)
            return;
    }
}

void rg_thrift_skip(struct rg_thrift_reader *reader, uint8_t type)
{
    if (type != RG_THRIFT_TRUE && type != RG_THRIFT_FALSE)
        rg_thrift_skip_element(reader, type);
}
