/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading walks the tree of fields where it stands, decoding base64 byte by byte, so that no memory
 * is needed. Every offset is checked against the length, and the number of fields is capped:
 * offsets may go in circles.
 *
 * A table begins with the distance back to its vtable; that is two 16-bit sizes and the 16-bit
 * offsets of its members, 0 for one that is not there. Offsets to tables, vectors and strings are
 * 32 bits, from where they stand; vectors and strings begin with their length.
 *
 * Rewriting appends new key-values behind the message and has the schema's member point to them;
 * what it pointed to before stays, unreachable. So nothing else moves. Dictionaries are forgotten
 * where they stand: the vtable says that there is none.
 */

#include "stitch/arrow_schema.h"

#include <string.h>

#include "parquet/schema.h"

enum {
    STACK_MAX = 64,
    FIELDS_MAX = 100000,
    PAIRS_MAX = 1000,

    /* Members, in the order of Message.fbs and Schema.fbs. */
    MESSAGE_HEADER_TYPE = 1,
    MESSAGE_HEADER = 2,
    HEADER_IS_SCHEMA = 1,
    SCHEMA_ENDIANNESS = 0,
    SCHEMA_FIELDS = 1,
    SCHEMA_PAIRS = 2,
    FIELD_NAME = 0,
    FIELD_NULLABLE = 1,
    FIELD_TYPE_TYPE = 2,
    FIELD_TYPE = 3,
    FIELD_DICTIONARY = 4,
    FIELD_CHILDREN = 5,
    FIELD_PAIRS = 6,
    DICTIONARY_INDEX_TYPE = 1,
    TYPE_INT = 2,
    TYPE_DATE = 8,
    TYPE_TIME = 9,
    TYPE_TIMESTAMP = 10,
    TYPE_DURATION = 18,
    TYPE_RUN_END_ENCODED = 22,
    PAIR_KEY = 0,
    PAIR_VALUE = 1,

    PAIR_VTABLE_BYTES = 8,
    PAIR_TABLE_BYTES = 12,
};

/*
 * Members of the tables of type, by their number in the union Type: b a byte, h 16 bits, i 32 bits,
 * q 64 bits, s a string, v a vector of 32-bit numbers, ? another table.
 */
static const char *const type_members[] = {
    NULL, "",  "ib", "h", "",  "", "", "iii", "h", "hi", "hs", "h", "", "",
    "hv", "i", "i",  "b", "h", "", "", "",    "",  "",   "",   "",  "",
};

static const char int_members[] = "ib";
static const char dictionary_members[] = "q?bh";

struct message {
    struct rg_span text;
    size_t bytes; /* Decoded. */
};

/* What a letter of base64 stands for, plus one; 0: it is none. A table: letters are as good as
 * random, and comparing them takes thrice as long. */
static const uint8_t digit_of[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

static bool open_message(struct rg_span base64, struct message *ret)
{
    *ret = (struct message){base64, base64.bytes / 4 * 3};
    if (base64.bytes == 0 || base64.bytes % 4 != 0)
        return false;
    if (base64.data[base64.bytes - 1] == '=')
        ret->bytes--;
    if (base64.data[base64.bytes - 2] == '=')
        ret->bytes--;
    return true;
}

/* False outside and where a letter is none of base64. */
static bool read_byte(const struct message *m, uint64_t place, uint8_t *ret)
{
    if (place >= m->bytes)
        return false;
    const size_t at = (size_t)place;
    const uint8_t *letters = m->text.data + at / 3 * 4 + at % 3;
    const uint32_t left = digit_of[letters[0]];
    const uint32_t right = digit_of[letters[1]];

    if (left == 0 || right == 0)
        return false;
    const uint32_t twelve_bits = (left - 1) << 6 | (right - 1);
    *ret = (uint8_t)(twelve_bits >> (4 - at % 3 * 2));
    return true;
}

/* Little-endian, up to four bytes. */
static bool read_number(const struct message *m, uint64_t place, uint32_t width, uint32_t *ret)
{
    uint32_t number = 0;

    for (uint32_t i = 0; i < width; i++) {
        uint8_t byte;
        if (!read_byte(m, place + i, &byte))
            return false;
        number |= (uint32_t)byte << (8 * i);
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
struct tables {
    uint64_t next; /* Place of the next offset. */
    uint32_t left;
};

/* The vector that `member` points to; empty where that is 0. */
static bool open_tables(const struct message *m, uint64_t member, struct tables *ret)
{
    uint64_t vector;

    *ret = (struct tables){0, 0};
    if (member == 0)
        return true;
    if (!follow(m, member, &vector) || !read_number(m, vector, 4, &ret->left))
        return false;
    ret->next = vector + 4;
    return true;
}

static bool next_table(const struct message *m, struct tables *tables, uint64_t *ret)
{
    if (!follow(m, tables->next, ret))
        return false;
    tables->next += 4;
    tables->left--;
    return true;
}

/* *ret_base is where the flatbuffer begins: behind its length, with 0xffffffff in front by now. */
static bool find_schema(const struct message *m, uint64_t *ret_base, uint64_t *ret_schema)
{
    uint32_t first;
    uint32_t type;
    uint64_t member;
    uint64_t message;

    if (!read_number(m, 0, 4, &first))
        return false;
    *ret_base = first == UINT32_MAX ? 8 : 4;
    if (!follow(m, *ret_base, &message) || !find_member(m, message, MESSAGE_HEADER_TYPE, &member) ||
        member == 0 || !read_number(m, member, 1, &type) || type != HEADER_IS_SCHEMA)
        return false;
    return find_member(m, message, MESSAGE_HEADER, &member) && member != 0 &&
           follow(m, member, ret_schema);
}

/* `count` bytes at `place`, in pieces. */
static bool add_bytes(const struct message *m, struct rg_hasher *hasher, uint64_t place,
                      uint64_t count)
{
    uint8_t piece[256];
    size_t used = 0;

    rg_hasher_add_u64(hasher, count);
    for (uint64_t i = 0; i < count; i++) {
        if (!read_byte(m, place + i, &piece[used++]))
            return false;
        if (used == sizeof piece || i + 1 == count) {
            rg_hasher_add(hasher, (struct rg_span){piece, used});
            used = 0;
        }
    }
    return true;
}

static bool add_vector(const struct message *m, struct rg_hasher *hasher, uint64_t member,
                       uint32_t width)
{
    uint64_t vector;
    uint32_t count;

    return follow(m, member, &vector) && read_number(m, vector, 4, &count) && count <= m->bytes &&
           add_bytes(m, hasher, vector + 4, (uint64_t)count * width);
}

static bool add_member(const struct message *m, struct rg_hasher *hasher, uint64_t member,
                       char kind)
{
    rg_hasher_add_u64(hasher, member == 0 ? 0 : 1);
    if (member == 0)
        return true;
    switch (kind) {
    case 'b':
        return add_bytes(m, hasher, member, 1);
    case 'h':
        return add_bytes(m, hasher, member, 2);
    case 'i':
        return add_bytes(m, hasher, member, 4);
    case 'q':
        return add_bytes(m, hasher, member, 8);
    case 's':
        return add_vector(m, hasher, member, 1);
    case 'v':
        return add_vector(m, hasher, member, 4);
    default: /* A letter, not an enum. */
        return true;
    }
}

static bool add_members(const struct message *m, struct rg_hasher *hasher, uint64_t table,
                        const char *kinds)
{
    for (uint32_t i = 0; kinds[i] != 0; i++) {
        uint64_t member;

        if (!find_member(m, table, i, &member) || !add_member(m, hasher, member, kinds[i]))
            return false;
    }
    return true;
}

static bool add_pairs(const struct message *m, struct rg_hasher *hasher, uint64_t member)
{
    struct tables pairs;
    uint64_t pair;

    if (!open_tables(m, member, &pairs) || pairs.left > PAIRS_MAX)
        return false;
    rg_hasher_add_u64(hasher, pairs.left);
    while (pairs.left > 0) {
        if (!next_table(m, &pairs, &pair) || !add_members(m, hasher, pair, "ss"))
            return false;
    }
    return true;
}

static bool read_type(const struct message *m, uint64_t field, uint32_t *ret)
{
    uint64_t member;

    return find_member(m, field, FIELD_TYPE_TYPE, &member) && member != 0 &&
           read_number(m, member, 1, ret);
}

static bool add_type(const struct message *m, struct rg_hasher *hasher, uint64_t field)
{
    uint64_t member;
    uint64_t table;
    uint32_t type;

    if (!read_type(m, field, &type))
        return false;
    if (type == 0 || type >= sizeof type_members / sizeof type_members[0])
        return false; /* Its members are not known. */
    rg_hasher_add_u64(hasher, type);
    return find_member(m, field, FIELD_TYPE, &member) && member != 0 && follow(m, member, &table) &&
           add_members(m, hasher, table, type_members[type]);
}

static bool add_dictionary(const struct message *m, struct rg_hasher *hasher, uint64_t field,
                           bool *ret_has)
{
    uint64_t member;
    uint64_t table;
    uint64_t index_type;

    if (!find_member(m, field, FIELD_DICTIONARY, &member))
        return false;
    rg_hasher_add_u64(hasher, member == 0 ? 0 : 1);
    if (member == 0)
        return true;
    *ret_has = true;
    if (!follow(m, member, &table) || !add_members(m, hasher, table, dictionary_members) ||
        !find_member(m, table, DICTIONARY_INDEX_TYPE, &member))
        return false;
    return member == 0 ||
           (follow(m, member, &index_type) && add_members(m, hasher, index_type, int_members));
}

/* All of a field but its children. */
static bool add_field(const struct message *m, struct rg_hasher *hasher, uint64_t field,
                      bool *ret_has_dictionary)
{
    uint64_t name;
    uint64_t nullable;
    uint64_t pairs;

    return find_member(m, field, FIELD_NAME, &name) && add_member(m, hasher, name, 's') &&
           find_member(m, field, FIELD_NULLABLE, &nullable) &&
           add_member(m, hasher, nullable, 'b') && add_type(m, hasher, field) &&
           add_dictionary(m, hasher, field, ret_has_dictionary) &&
           find_member(m, field, FIELD_PAIRS, &pairs) && add_pairs(m, hasher, pairs);
}

bool rg_arrow_schema_read(struct rg_span base64, struct rg_arrow_facts *ret_facts)
{
    struct tables stack[STACK_MAX];
    struct rg_hasher hasher;
    struct rg_arrow_facts facts = {.has_dictionary = false};
    uint32_t depth = 1;
    struct message m;
    uint64_t schema;
    uint64_t member;
    uint64_t base;

    rg_hasher_init(&hasher);
    if (!open_message(base64, &m) || !find_schema(&m, &base, &schema) ||
        !find_member(&m, schema, SCHEMA_ENDIANNESS, &member) ||
        !add_member(&m, &hasher, member, 'h') || !find_member(&m, schema, SCHEMA_FIELDS, &member) ||
        !open_tables(&m, member, &stack[0]))
        return false;
    rg_hasher_add_u64(&hasher, stack[0].left);
    for (uint32_t seen = 0; depth > 0;) {
        struct tables *top = &stack[depth - 1];
        bool has_dictionary = false;
        uint64_t field;

        if (top->left == 0) {
            depth--;
            continue;
        }
        if (++seen > FIELDS_MAX || !next_table(&m, top, &field) ||
            !add_field(&m, &hasher, field, &has_dictionary) ||
            !find_member(&m, field, FIELD_CHILDREN, &member) || depth == STACK_MAX ||
            !open_tables(&m, member, &stack[depth]))
            return false;
        facts.has_dictionary = facts.has_dictionary || has_dictionary;
        facts.has_nested_dictionary = facts.has_nested_dictionary || (has_dictionary && depth > 1);
        rg_hasher_add_u64(&hasher, stack[depth].left);
        depth++;
    }
    facts.semantics = rg_hasher_result(&hasher);
    *ret_facts = facts;
    return true;
}

/* Without a word of what they are; signed and as wide as their type says nothing, too. */
static bool is_bare_integer(const struct rg_schema_element *element)
{
    const struct rg_annotation annotation = rg_schema_annotation(element);

    return element->has_type &&
           (element->type == RG_TYPE_INT32 || element->type == RG_TYPE_INT64) &&
           annotation.converted_type == RG_CONVERTED_NONE &&
           (annotation.logical == RG_LOGICAL_NONE ||
            (annotation.logical == RG_LOGICAL_INTEGER && annotation.is_signed));
}

static bool has_unit(uint32_t type)
{
    return type == TYPE_DATE || type == TYPE_TIME || type == TYPE_TIMESTAMP ||
           type == TYPE_DURATION;
}

/* The columns of the file, as Arrow's fields are met. */
struct columns {
    const struct rg_schema *schema;
    uint32_t element; /* Of the next column. */
    uint32_t leaf;    /* Its first one. */
};

/* Whether what Arrow says of the next column may matter; *ret_leaf is its first leaf. */
static bool next_column(struct columns *c, uint32_t *ret_leaf)
{
    const struct rg_schema *schema = c->schema;
    const struct rg_schema_element *column = &schema->elements[c->element];

    while (c->leaf < schema->leaf_count && schema->leaves[c->leaf].element_index < c->element)
        c->leaf++;
    *ret_leaf = c->leaf;
    do
        c->element++;
    while (c->element < schema->element_count && schema->elements[c->element].parent_index != 0);
    return !column->has_type || is_bare_integer(column);
}

bool rg_arrow_schema_names_units(struct rg_span base64, const struct rg_schema *schema)
{
    struct columns columns = {.schema = schema, .element = 1};
    struct tables stack[STACK_MAX];
    struct message m;
    uint32_t depth = 1;
    uint32_t leaf = 0;
    uint64_t member;
    uint64_t found;

    if (!open_message(base64, &m) || !find_schema(&m, &member, &found) ||
        !find_member(&m, found, SCHEMA_FIELDS, &member) || !open_tables(&m, member, &stack[0]))
        return false;
    for (uint32_t seen = 0; depth > 0;) {
        struct tables *top = &stack[depth - 1];
        uint64_t field;
        uint32_t type;

        if (top->left == 0) {
            depth--;
            continue;
        }
        if (++seen > FIELDS_MAX || (depth == 1 && columns.element >= schema->element_count))
            return false;
        if (depth == 1 && !next_column(&columns, &leaf)) {
            top->next += 4;
            top->left--;
            continue;
        }
        if (!next_table(&m, top, &field) || !read_type(&m, field, &type))
            return false;
        if (type == TYPE_INT) { /* As a rule; it has no fields inside. */
            leaf++;
            continue;
        }
        if (depth == STACK_MAX || !find_member(&m, field, FIELD_CHILDREN, &member) ||
            !open_tables(&m, member, &stack[depth]))
            return false;
        if (stack[depth].left == 0) {
            if (leaf < schema->leaf_count && has_unit(type) &&
                is_bare_integer(&schema->elements[schema->leaves[leaf].element_index]))
                return true;
            leaf++;
        } else if (type == TYPE_RUN_END_ENCODED && !next_table(&m, &stack[depth], &field)) {
            return false; /* The ends of runs are no column. */
        }
        depth++;
    }
    return false;
}

/* The schema's own key-values: those that stay, with what they are to say. */
struct exchange {
    struct rg_key_value *kept; /* Room for all of them. */
    uint32_t count;
    bool has_change;
};

/* A string in decoded bytes; false outside. */
static bool string_at(struct rg_span bytes, uint64_t place, struct rg_span *ret)
{
    if (place > bytes.bytes || bytes.bytes - place < 4)
        return false;
    const uint8_t *p = bytes.data + place;
    const uint32_t length =
        p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    if (length > bytes.bytes - place - 4)
        return false;
    *ret = (struct rg_span){p + 4, length};
    return true;
}

static bool string_of(const struct message *m, struct rg_span bytes, uint64_t table, uint32_t index,
                      struct rg_span *ret)
{
    uint64_t member;
    uint64_t string;

    *ret = (struct rg_span){NULL, 0};
    if (!find_member(m, table, index, &member))
        return false;
    return member == 0 || (follow(m, member, &string) && string_at(bytes, string, ret));
}

static const struct rg_key_value *find_pair(const struct rg_key_value *pairs, uint32_t count,
                                            struct rg_span key)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rg_span_equal(pairs[i].key, key))
            return &pairs[i];
    }
    return NULL;
}

static bool exchange_pairs(const struct message *m, struct rg_span bytes, struct tables own,
                           const struct rg_key_value *pairs, uint32_t pair_count,
                           struct exchange *x)
{
    while (own.left > 0) {
        struct rg_span key;
        struct rg_span value;
        uint64_t table;

        if (!next_table(m, &own, &table) || !string_of(m, bytes, table, PAIR_KEY, &key) ||
            !string_of(m, bytes, table, PAIR_VALUE, &value))
            return false;
        const struct rg_key_value *pair = find_pair(pairs, pair_count, key);
        x->has_change = x->has_change || pair == NULL || !rg_span_equal(pair->value, value);
        if (pair != NULL)
            x->kept[x->count++] = *pair;
    }
    return true;
}

static bool decode(const struct message *m, uint8_t *out)
{
    for (size_t i = 0; i < m->bytes; i++) {
        if (!read_byte(m, i, &out[i]))
            return false;
    }
    return true;
}

static void store_u32(uint8_t *out, uint32_t number)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(number >> (8 * i));
}

/* A string, its NUL, and zeros up to four bytes. */
static size_t string_room(struct rg_span text)
{
    return 4 + ((text.bytes + 1 + 3) & ~(size_t)3);
}

static size_t exchange_room(const struct exchange *x)
{
    size_t bytes = 4 + PAIR_VTABLE_BYTES;

    for (uint32_t i = 0; i < x->count; i++)
        bytes += 4 + PAIR_TABLE_BYTES + string_room(x->kept[i].key) + string_room(x->kept[i].value);
    return (bytes + 7) & ~(size_t)7; /* Messages are padded to eight bytes. */
}

/* Puts a string at out + at, and its offset at out + from; returns where the next one goes. */
static size_t put_string(uint8_t *out, size_t from, size_t at, struct rg_span text)
{
    store_u32(out + from, (uint32_t)(at - from));
    store_u32(out + at, (uint32_t)text.bytes);
    if (text.bytes > 0)
        memcpy(out + at + 4, text.data, text.bytes);
    return at + string_room(text);
}

/* A vector of offsets, the vtable of pairs, the tables, then their strings. `out` is zeroed. */
static void put_pairs(const struct exchange *x, uint8_t *out)
{
    static const uint8_t vtable[PAIR_VTABLE_BYTES] = {
        PAIR_VTABLE_BYTES, 0, PAIR_TABLE_BYTES, 0, 4, 0, 8, 0};
    const size_t vtable_at = 4 + 4 * (size_t)x->count;
    const size_t tables_at = vtable_at + PAIR_VTABLE_BYTES;
    size_t at = tables_at + (size_t)x->count * PAIR_TABLE_BYTES;

    store_u32(out, x->count);
    memcpy(out + vtable_at, vtable, sizeof vtable);
    for (uint32_t i = 0; i < x->count; i++) {
        const size_t slot = 4 + 4 * (size_t)i;
        const size_t table = tables_at + (size_t)i * PAIR_TABLE_BYTES;

        store_u32(out + slot, (uint32_t)(table - slot));
        store_u32(out + table, (uint32_t)(table - vtable_at));
        at = put_string(out, table + 4, at, x->kept[i].key);
        at = put_string(out, table + 8, at, x->kept[i].value);
    }
}

static struct rg_span encode(struct rg_arena *arena, struct rg_span bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t out_bytes = (bytes.bytes + 2) / 3 * 4;
    uint8_t *out = rg_arena_alloc(arena, out_bytes);

    if (out == NULL)
        return (struct rg_span){NULL, 0};
    for (size_t i = 0, o = 0; i < bytes.bytes; i += 3, o += 4) {
        const size_t left = bytes.bytes - i;
        const uint32_t group = (uint32_t)bytes.data[i] << 16 |
                               (left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)bytes.data[i + 2] : 0);

        out[o] = (uint8_t)digits[group >> 18];
        out[o + 1] = (uint8_t)digits[group >> 12 & 63];
        out[o + 2] = (uint8_t)(left > 1 ? digits[group >> 6 & 63] : '=');
        out[o + 3] = (uint8_t)(left > 2 ? digits[group & 63] : '=');
    }
    return (struct rg_span){out, out_bytes};
}

/* Where the key-values of a schema stand, and where its message ends. */
struct place {
    uint64_t base;
    uint64_t member; /* Of the schema: points to them. */
    struct tables own;
    size_t message_end;
};

static bool find_place(const struct message *m, struct place *ret)
{
    uint64_t schema;
    uint32_t length;

    if (!find_schema(m, &ret->base, &schema) ||
        !find_member(m, schema, SCHEMA_PAIRS, &ret->member) ||
        !open_tables(m, ret->member, &ret->own) || ret->own.left > PAIRS_MAX ||
        !read_number(m, ret->base - 4, 4, &length))
        return false;
    ret->message_end = (size_t)ret->base + length;
    return length <= m->bytes - ret->base;
}

/* `bytes` has `room` more behind the message. */
static bool append_pairs(const struct exchange *x, uint8_t *bytes, const struct place *place,
                         size_t room)
{
    const size_t end = place->message_end;
    const size_t length = end - (size_t)place->base + room;

    /* Flatbuffers keep numbers at multiples of four. */
    if (length > INT32_MAX || end % 4 != 0 || place->member + 4 > end)
        return false;
    memset(bytes + end, 0, room);
    put_pairs(x, bytes + end);
    store_u32(bytes + place->member, (uint32_t)(end - place->member));
    store_u32(bytes + place->base - 4, (uint32_t)length);
    return true;
}

static enum rg_status not_arrow(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_CORRUPT, "ARROW:schema is no arrow schema");
}

static enum rg_status no_memory(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory for an arrow schema");
}

enum rg_status rg_arrow_schema_rewrite(struct rg_span base64, const struct rg_key_value *pairs,
                                       uint32_t pair_count, struct rg_arena *arena,
                                       struct rg_span *ret_base64, struct rg_error *err)
{
    struct exchange x = {.count = 0};
    struct place place;
    struct message m;

    if (!open_message(base64, &m) || !find_place(&m, &place))
        return not_arrow(err);
    x.kept = rg_arena_array(arena, place.own.left, sizeof *x.kept);
    uint8_t *bytes = rg_arena_alloc(arena, m.bytes);
    if (x.kept == NULL || bytes == NULL)
        return no_memory(err);
    const struct rg_span decoded = {bytes, m.bytes};
    if (!decode(&m, bytes) || !exchange_pairs(&m, decoded, place.own, pairs, pair_count, &x))
        return not_arrow(err);
    if (!x.has_change) {
        *ret_base64 = base64;
        return RG_OK;
    }
    const size_t room = exchange_room(&x);
    uint8_t *longer = rg_arena_alloc(arena, place.message_end + room);
    if (longer == NULL)
        return no_memory(err);
    memcpy(longer, bytes, place.message_end);
    if (!append_pairs(&x, longer, &place, room))
        return not_arrow(err);
    const struct rg_span text = encode(arena, (struct rg_span){longer, place.message_end + room});
    if (text.data == NULL)
        return no_memory(err);
    *ret_base64 = text;
    return RG_OK;
}

/*
 * Takes the member out of the field's vtable. Whoever shares that is a field with a dictionary,
 * too: no other table has as many members.
 */
static bool forget_dictionary(const struct message *m, uint64_t field, uint8_t *bytes)
{
    uint64_t member;
    uint32_t back;

    if (!find_member(m, field, FIELD_DICTIONARY, &member) || !read_number(m, field, 4, &back))
        return false;
    if (member == 0)
        return true;
    const int64_t vtable = (int64_t)field - (int32_t)back;
    memset(bytes + vtable + 4 + 2 * FIELD_DICTIONARY, 0, 2);
    return true;
}

static bool forget_in_fields(const struct message *m, uint8_t *bytes)
{
    struct tables stack[STACK_MAX];
    uint32_t depth = 1;
    uint64_t schema;
    uint64_t member;
    uint64_t base;

    if (!find_schema(m, &base, &schema) || !find_member(m, schema, SCHEMA_FIELDS, &member) ||
        !open_tables(m, member, &stack[0]))
        return false;
    for (uint32_t seen = 0; depth > 0;) {
        struct tables *top = &stack[depth - 1];
        uint64_t field;

        if (top->left == 0) {
            depth--;
            continue;
        }
        if (++seen > FIELDS_MAX || depth == STACK_MAX || !next_table(m, top, &field) ||
            !forget_dictionary(m, field, bytes) ||
            !find_member(m, field, FIELD_CHILDREN, &member) ||
            !open_tables(m, member, &stack[depth]))
            return false;
        depth++;
    }
    return true;
}

enum rg_status rg_arrow_schema_forget_dictionaries(struct rg_span base64, struct rg_arena *arena,
                                                   struct rg_span *ret_base64, struct rg_error *err)
{
    struct rg_arrow_facts facts;
    struct message m;

    if (!open_message(base64, &m))
        return not_arrow(err);
    uint8_t *bytes = rg_arena_alloc(arena, m.bytes);
    if (bytes == NULL)
        return no_memory(err);
    if (!decode(&m, bytes) || !forget_in_fields(&m, bytes))
        return not_arrow(err);
    const struct rg_span text = encode(arena, (struct rg_span){bytes, m.bytes});
    if (text.data == NULL)
        return no_memory(err);
    if (!rg_arrow_schema_read(text, &facts) || facts.has_dictionary)
        return not_arrow(err);
    *ret_base64 = text;
    return RG_OK;
}
