/* SPDX-License-Identifier: Apache-2.0 */

#include "support/column.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "parquet/page_header.h"
#include "parquet/rle.h"
#include "parquet/types.h"
#include "stitch/order.h"

static void *need(struct test *t, struct rg_arena *arena, size_t count, size_t bytes_each)
{
    void *memory = rg_arena_array(arena, count, bytes_each);

    CHECK_MEMORY(memory);
    return memory;
}

/* Repetitions below the root, ending with a number that is none. */
static const uint8_t paths[NESTING_COUNT][7] = {
    [NESTING_REQUIRED] = {RG_REQUIRED, 9},
    [NESTING_OPTIONAL] = {RG_OPTIONAL, 9},
    [NESTING_STRUCT] = {RG_OPTIONAL, RG_OPTIONAL, 9},
    [NESTING_REQUIRED_PAIR] = {RG_REQUIRED, RG_OPTIONAL, 9},
    [NESTING_LIST] = {RG_OPTIONAL, RG_REPEATED, RG_OPTIONAL, 9},
    [NESTING_LIST_LIST] = {RG_OPTIONAL, RG_REPEATED, RG_OPTIONAL, RG_REPEATED, RG_REQUIRED, 9},
};

static struct rg_schema *schema_of_path(struct test *t, struct rg_arena *arena, const uint8_t *path,
                                        enum rg_type type, int32_t type_length)
{
    struct rg_schema *schema = need(t, arena, 1, sizeof *schema);
    struct rg_leaf *leaf = need(t, arena, 1, sizeof *leaf);
    uint32_t depth = 0;

    while (path[depth] != 9)
        depth++;
    schema->elements = need(t, arena, depth + 1, sizeof *schema->elements);
    schema->element_count = depth + 1;
    schema->leaves = leaf;
    schema->leaf_count = 1;
    for (uint32_t i = 0; i <= depth; i++) {
        struct rg_schema_element *element = &schema->elements[i];

        element->name = rg_span_of("x");
        element->converted_type = RG_CONVERTED_NONE;
        element->parent_index = i == 0 ? 0 : i - 1;
        element->child_count = i < depth;
        element->has_repetition = i > 0;
        element->repetition = i == 0 ? RG_REQUIRED : path[i - 1];
        leaf->def_max = (uint8_t)(leaf->def_max + (element->repetition != RG_REQUIRED));
        leaf->rep_max = (uint8_t)(leaf->rep_max + (element->repetition == RG_REPEATED));
    }
    schema->elements[depth].has_type = true;
    schema->elements[depth].type = (uint8_t)type;
    schema->elements[depth].type_length = type_length;
    leaf->element_index = depth;
    leaf->type = (uint8_t)type;
    leaf->type_length = type_length;
    leaf->column_order = RG_COLUMN_ORDER_TYPE;
    leaf->path = rg_span_of("x");
    return schema;
}

struct rg_schema *column_schema(struct test *t, struct rg_arena *arena, enum column_nesting nesting,
                                enum rg_type type, int32_t type_length)
{
    return schema_of_path(t, arena, paths[nesting], type, type_length);
}

struct rg_schema *column_schema_widened(struct test *t, struct rg_arena *arena,
                                        const struct rg_schema *schema)
{
    uint8_t path[8];
    uint32_t i;

    for (i = 1; i < schema->element_count; i++) {
        const uint8_t repetition = schema->elements[i].repetition;

        path[i - 1] = repetition == RG_REQUIRED ? RG_OPTIONAL : repetition;
    }
    path[i - 1] = 9;
    return schema_of_path(t, arena, path, schema->leaves[0].type, schema->leaves[0].type_length);
}

/* Value number `n` of a type: equal numbers give equal bytes. */
static struct rg_span value_of(struct test *t, struct rg_arena *arena, const struct rg_leaf *leaf,
                               uint64_t n, const struct value_style *style)
{
    const uint64_t mixed = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    uint8_t *bytes = need(t, arena, 1, 64 + style->string_bytes);
    size_t length = 8;
    double d = n % 7 == 3 ? -(double)n : (double)n / 4;
    float f = (float)d;

    memcpy(bytes, &n, sizeof n);
    memcpy(bytes + 8, &mixed, sizeof mixed);
    switch ((enum rg_type)leaf->type) {
    case RG_TYPE_BOOLEAN:
        bytes[0] = mixed >> 40 & 1;
        length = 1;
        break;
    case RG_TYPE_INT32:
        length = 4;
        break;
    case RG_TYPE_INT64:
        break;
    case RG_TYPE_INT96:
        length = 12;
        break;
    case RG_TYPE_FLOAT:
        f = n % 50 == 49 ? NAN : n % 50 == 48 ? -0.0F : f;
        memcpy(bytes, &f, sizeof f);
        length = 4;
        break;
    case RG_TYPE_DOUBLE:
        d = n % 50 == 49 ? NAN : n % 50 == 48 ? -0.0 : d;
        memcpy(bytes, &d, sizeof d);
        break;
    case RG_TYPE_FIXED_LEN_BYTE_ARRAY:
        length = (size_t)leaf->type_length;
        for (size_t i = 8; i < length; i++)
            bytes[i] = (uint8_t)(mixed >> i % 8 * 8);
        break;
    case RG_TYPE_BYTE_ARRAY:
        length = (size_t)snprintf((char *)bytes, 32, "%llx", (unsigned long long)n);
        for (size_t more = style->string_bytes == 0 ? 0 : mixed % style->string_bytes; more > 0;
             more--, length++)
            bytes[length] = (uint8_t)('a' + (n + more) % 26);
        if (n % 61 == 60)
            length = 0;
        break;
    }
    return (struct rg_span){bytes, length};
}

/* Numbers of a row's slots are put together by walking the path. */
struct maker {
    struct test *t;
    struct rg_arena *arena;
    struct choices *c;
    const struct rg_leaf *leaf;
    const struct value_style *style;
    struct column *column;
    uint32_t capacity;
    uint64_t next_value;
};

static void add_slot(struct maker *m, uint8_t rep, uint8_t def)
{
    struct test *t = m->t;
    struct column *column = m->column;

    if (column->slot_count == m->capacity) {
        const uint32_t capacity = m->capacity * 2 + 64;
        struct slot *slots = need(t, m->arena, capacity, sizeof *slots);

        if (column->slot_count > 0)
            memcpy(slots, column->slots, column->slot_count * sizeof *slots);
        column->slots = slots;
        m->capacity = capacity;
    }
    struct slot *slot = &column->slots[column->slot_count++];
    *slot = (struct slot){.rep = rep, .def = def};
    if (def != m->leaf->def_max)
        return;
    const uint64_t number =
        m->style->distinct == 0 ? m->next_value++ : choose(m->c, m->style->distinct - 1);
    slot->value = value_of(t, m->arena, m->leaf, number + m->style->first, m->style);
}

static bool is_null(struct maker *m)
{
    return choose(m->c, 99) < m->style->null_percent;
}

/* Levels of a row by what the leaf's maxima say: 0, 1 or 2 lists around it. */
static void add_row(struct maker *m)
{
    const uint8_t def_max = m->leaf->def_max;

    if (m->leaf->rep_max == 0) {
        uint8_t def = def_max;

        while (def > 0 && is_null(m))
            def--;
        add_slot(m, 0, def);
        return;
    }
    const uint32_t outer = is_null(m) ? 0 : choose(m->c, 4);
    if (outer == 0) {
        add_slot(m, 0, (uint8_t)choose(m->c, 1)); /* Null or empty. */
        return;
    }
    for (uint32_t i = 0; i < outer; i++) {
        if (m->leaf->rep_max == 1) {
            add_slot(m, i > 0, is_null(m) && def_max > 2 ? (uint8_t)(def_max - 1) : def_max);
            continue;
        }
        const uint32_t inner = is_null(m) ? 0 : choose(m->c, 3);
        if (inner == 0)
            add_slot(m, i > 0, (uint8_t)(2 + choose(m->c, 1)));
        for (uint32_t k = 0; k < inner; k++)
            add_slot(m, k > 0 ? 2 : i > 0, def_max);
    }
}

struct column column_make(struct test *t, struct rg_arena *arena, struct choices *c,
                          const struct rg_leaf *leaf, uint32_t row_count,
                          const struct value_style *style)
{
    struct column column = {.row_count = row_count};
    struct maker m = {
        .t = t, .arena = arena, .c = c, .leaf = leaf, .style = style, .column = &column};

    for (uint32_t i = 0; i < row_count; i++)
        add_row(&m);
    return column;
}

static void append_varint(struct rg_buffer *out, uint32_t value)
{
    for (; value >= 128; value >>= 7)
        rg_buffer_append_byte(out, (uint8_t)(value | 128));
    rg_buffer_append_byte(out, (uint8_t)value);
}

static void append_packed(const uint32_t *values, uint32_t count, uint32_t width,
                          struct rg_buffer *out)
{
    const uint32_t groups = (count + 7) / 8;
    uint64_t bits = 0;
    uint32_t bit_count = 0;

    append_varint(out, groups << 1 | 1);
    for (uint32_t i = 0; i < groups * 8; i++) {
        bits |= (uint64_t)(i < count ? values[i] : 0) << bit_count;
        for (bit_count += width; bit_count >= 8; bit_count -= 8, bits >>= 8)
            rg_buffer_append_byte(out, (uint8_t)bits);
    }
}

void naive_rle(struct choices *c, const uint32_t *values, uint32_t count, uint32_t width,
               struct rg_buffer *out)
{
    uint32_t at = 0;

    while (at < count) {
        uint32_t equal = 1;

        while (at + equal < count && values[at + equal] == values[at])
            equal++;
        if (equal > 7 || choose(c, 3) == 0) {
            equal = equal > 1 && choose(c, 4) == 0 ? 1 + choose(c, equal - 1) : equal;
            append_varint(out, equal << 1);
            for (uint32_t i = 0; i < (width + 7) / 8; i++)
                rg_buffer_append_byte(out, (uint8_t)(values[at] >> i * 8));
            at += equal;
            continue;
        }
        uint32_t packed = 8 * (1 + choose(c, choose(c, 3) == 0 ? 90 : 5));
        if (packed > count - at)
            packed = count - at;
        append_packed(values + at, packed, width, out);
        at += packed;
    }
}

/* A chunk in the making. */
struct builder {
    struct test *t;
    struct rg_arena *arena;
    struct choices *c;
    const struct rg_leaf *leaf;
    const struct chunk_style *style;
    const struct column *column;
    enum rg_order order;
    struct rg_codec_context *codecs;
    struct rg_buffer out;
    struct built_chunk *built;
    struct rg_span *dictionary; /* Entries. */
    uint32_t dictionary_count;
    uint32_t *index_of; /* Of each slot; UINT32_MAX: not in the dictionary. */
    uint32_t page_count;
    uint64_t row_count; /* Of the pages so far. */
    uint64_t raw_bytes;
    uint64_t file_offset;
    uint32_t page_counts[4][16]; /* [type][encoding], of pages with values. */
    struct rg_span last;         /* The last value that was written, where pages are linked. */
    bool has_runs;               /* Some levels are RLE. */
    bool has_packed;             /* Some are BIT_PACKED. */
};

static void compress(struct builder *b, struct rg_span raw, struct rg_buffer *out)
{
    struct test *t = b->t;
    const size_t bound = rg_codec_compress_bound(b->style->codec, raw.bytes);
    size_t bytes = 0;
    uint8_t *room = rg_buffer_reserve(out, bound + 1);

    CHECK_MEMORY(room);
    CHECK_OK(rg_codec_compress(b->codecs, b->style->codec, rg_codec_level_default(b->style->codec),
                               raw, room, bound, &bytes, &t->err));
    out->bytes += bytes;
}

/* Header and body. */
static void append_page(struct builder *b, struct rg_page_header *header, struct rg_span body)
{
    uint8_t out[RG_PAGE_HEADER_EMIT_BYTES_MAX];

    header->compressed_bytes = (uint32_t)body.bytes;
    header->has_crc = b->style->has_crc && choose(b->c, 9) != 0;
    if (header->has_crc)
        header->crc = rg_crc32(body);
    const size_t bytes = rg_page_header_emit(header, out);
    rg_buffer_append(&b->out, out, bytes);
    rg_buffer_append(&b->out, body.data, body.bytes);
    b->raw_bytes += bytes + header->uncompressed_bytes;
}

static void append_value(const struct rg_leaf *leaf, struct rg_span value, struct rg_buffer *out)
{
    if (leaf->type == RG_TYPE_BYTE_ARRAY) {
        const uint32_t length = (uint32_t)value.bytes;

        rg_buffer_append(out, &length, sizeof length);
    }
    rg_buffer_append(out, value.data, value.bytes);
}

static void append_length(struct rg_buffer *out, size_t bytes)
{
    const uint32_t length = (uint32_t)bytes;

    rg_buffer_append(out, &length, sizeof length);
}

static void append_varint64(struct rg_buffer *out, uint64_t value)
{
    for (; value >= 128; value >>= 7)
        rg_buffer_append_byte(out, (uint8_t)(value | 128));
    rg_buffer_append_byte(out, (uint8_t)value);
}

static uint64_t zigzag(uint64_t value)
{
    return value << 1 ^ (value >> 63 != 0 ? UINT64_MAX : 0);
}

/* A block of DELTA_BINARY_PACKED: 128 differences in 4 miniblocks; 32-bit ones wrap at 32 bits. */
static void append_block(const uint64_t *deltas, uint32_t count, unsigned bits,
                         struct rg_buffer *out)
{
    uint64_t lowest = deltas[0];
    uint8_t widths[4] = {0};

    for (uint32_t i = 1; i < count; i++)
        lowest = (int64_t)deltas[i] < (int64_t)lowest ? deltas[i] : lowest;
    append_varint64(out, zigzag(lowest));
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t rest = (deltas[i] - lowest) & (bits == 32 ? UINT32_MAX : UINT64_MAX);

        while (widths[i / 32] < bits && rest >> widths[i / 32] != 0)
            widths[i / 32]++;
    }
    for (uint32_t m = 0; m < 4; m++)
        rg_buffer_append_byte(out, widths[m]);
    for (uint32_t m = 0; m * 32 < count; m++) {
        uint8_t packed[32 * 8] = {0};

        for (uint32_t i = 0; i < 32 && m * 32 + i < count; i++) {
            for (uint32_t b = 0; b < widths[m]; b++) {
                const uint32_t bit = i * widths[m] + b;

                packed[bit / 8] |= (uint8_t)(((deltas[m * 32 + i] - lowest) >> b & 1) << bit % 8);
            }
        }
        rg_buffer_append(out, packed, (size_t)widths[m] * 4);
    }
}

/* `values` are sign-extended where bits is 32. */
static void append_delta(const uint64_t *values, uint32_t count, unsigned bits,
                         struct rg_buffer *out)
{
    append_varint64(out, 128);
    append_varint64(out, 4);
    append_varint64(out, count);
    append_varint64(out, zigzag(count > 0 ? values[0] : 0));
    for (uint32_t at = 1; at < count; at += 128) {
        const uint32_t step = count - at < 128 ? count - at : 128;
        uint64_t deltas[128] = {0};

        for (uint32_t i = 0; i < step; i++) {
            deltas[i] = values[at + i] - values[at + i - 1];
            if (bits == 32)
                deltas[i] = (uint64_t)(int64_t)(int32_t)deltas[i];
        }
        append_block(deltas, step, bits, out);
    }
}

static void append_lengths(const uint32_t *lengths, uint32_t count, uint64_t *room,
                           struct rg_buffer *out)
{
    for (uint32_t i = 0; i < count; i++)
        room[i] = lengths[i];
    append_delta(room, count, 32, out);
}

/* Values of slots first .. end in one of the DELTA encodings. */
static void encode_delta(struct builder *b, uint32_t first, uint32_t end, struct rg_buffer *out)
{
    struct test *t = b->t;
    struct rg_span *values = need(t, b->arena, end - first, sizeof *values);
    uint64_t *numbers = need(t, b->arena, end - first, sizeof *numbers);
    uint32_t *prefixes = need(t, b->arena, end - first, sizeof *prefixes);
    uint32_t *suffixes = need(t, b->arena, end - first, sizeof *suffixes);
    struct rg_span last = b->style->has_links ? b->last : (struct rg_span){NULL, 0};
    uint32_t count = 0;

    for (uint32_t i = first; i < end; i++) {
        if (b->column->slots[i].def == b->leaf->def_max)
            values[count++] = b->column->slots[i].value;
    }
    for (uint32_t i = 0; i < count; i++) {
        const bool may_share = b->style->encoding == RG_ENCODING_DELTA_BYTE_ARRAY;

        if (b->style->encoding == RG_ENCODING_DELTA_BINARY_PACKED) {
            memcpy(&numbers[i], values[i].data, values[i].bytes);
            if (values[i].bytes == 4)
                numbers[i] = (uint64_t)(int64_t)(int32_t)numbers[i];
            continue;
        }
        while (may_share && prefixes[i] < last.bytes && prefixes[i] < values[i].bytes &&
               last.data[prefixes[i]] == values[i].data[prefixes[i]])
            prefixes[i]++;
        suffixes[i] = (uint32_t)values[i].bytes - prefixes[i];
        last = values[i];
    }
    b->last = last;
    if (b->style->encoding == RG_ENCODING_DELTA_BINARY_PACKED) {
        append_delta(numbers, count, b->leaf->type == RG_TYPE_INT32 ? 32 : 64, out);
        return;
    }
    if (b->style->encoding == RG_ENCODING_DELTA_BYTE_ARRAY)
        append_lengths(prefixes, count, numbers, out);
    append_lengths(suffixes, count, numbers, out);
    for (uint32_t i = 0; i < count; i++)
        rg_buffer_append(out, values[i].data + prefixes[i], suffixes[i]);
}

static bool is_delta(uint8_t encoding)
{
    return encoding == RG_ENCODING_DELTA_BINARY_PACKED ||
           encoding == RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY ||
           encoding == RG_ENCODING_DELTA_BYTE_ARRAY;
}

/* Values of slots first .. end, all encodings but those with indices. */
static void append_loose_end(struct builder *b, struct rg_buffer *out)
{
    for (uint8_t i = 0; i < 11 && b->style->has_loose_ends; i++)
        rg_buffer_append_byte(out, i);
}

static void encode_values(struct builder *b, uint32_t first, uint32_t end, struct rg_buffer *out)
{
    struct test *t = b->t;
    const struct slot *slots = b->column->slots;
    uint32_t *bits = need(t, b->arena, end - first, sizeof *bits);
    uint32_t count = 0;

    if (is_delta(b->style->encoding)) {
        encode_delta(b, first, end, out);
        return;
    }
    if (b->leaf->type == RG_TYPE_BOOLEAN) {
        struct rg_buffer runs;

        for (uint32_t i = first; i < end; i++) {
            if (slots[i].def == b->leaf->def_max)
                bits[count++] = slots[i].value.data[0];
        }
        rg_buffer_init(&runs, b->out.allocator, SIZE_MAX);
        if (b->style->encoding == RG_ENCODING_RLE) {
            naive_rle(b->c, bits, count, 1, &runs);
            append_length(out, runs.bytes);
            rg_buffer_append(out, runs.data, runs.bytes);
        } else if (count > 0) {
            append_packed(bits, count, 1, &runs);
            CHECK_OK(rg_buffer_check(&runs, "page", &t->err));
            const size_t bytes = (count + 7) / 8;
            rg_buffer_append(out, runs.data + runs.bytes - bytes, bytes);
        }
        rg_buffer_fini(&runs);
        return;
    }
    if (b->style->encoding != RG_ENCODING_BYTE_STREAM_SPLIT) {
        for (uint32_t i = first; i < end; i++) {
            if (slots[i].def == b->leaf->def_max)
                append_value(b->leaf, slots[i].value, out);
        }
        append_loose_end(b, out);
        return;
    }
    const size_t width = b->leaf->type == RG_TYPE_FLOAT || b->leaf->type == RG_TYPE_INT32 ? 4 : 8;
    for (size_t k = 0; k < width; k++) {
        for (uint32_t i = first; i < end; i++) {
            if (slots[i].def == b->leaf->def_max)
                rg_buffer_append_byte(out, slots[i].value.data[k]);
        }
    }
}

static void encode_indices(struct builder *b, uint32_t first, uint32_t end, struct rg_buffer *out)
{
    struct test *t = b->t;
    uint32_t *indices = need(t, b->arena, end - first, sizeof *indices);
    uint32_t count = 0;
    uint32_t highest = 0;

    for (uint32_t i = first; i < end; i++) {
        if (b->column->slots[i].def != b->leaf->def_max)
            continue;
        highest = b->index_of[i] > highest ? b->index_of[i] : highest;
        indices[count++] = b->index_of[i];
    }
    /* Without values: the byte of width, or not even that. */
    if (count == 0 && choose_bool(b->c))
        return;
    const uint32_t width = rg_bit_width(highest) + (choose(b->c, 9) == 0);
    rg_buffer_append_byte(out, (uint8_t)width);
    naive_rle(b->c, indices, count, width, out);
}

static void encode_levels(struct builder *b, uint32_t first, uint32_t end, bool is_rep,
                          struct rg_buffer *out)
{
    struct test *t = b->t;
    uint32_t *levels = need(t, b->arena, end - first, sizeof *levels);
    const uint32_t max = is_rep ? b->leaf->rep_max : b->leaf->def_max;

    for (uint32_t i = first; i < end; i++)
        levels[i - first] = is_rep ? b->column->slots[i].rep : b->column->slots[i].def;
    if (max > 0)
        naive_rle(b->c, levels, end - first, rg_bit_width(max), out);
}

static uint32_t count_of(const struct builder *b, uint32_t first, uint32_t end, bool is_row)
{
    uint32_t count = 0;

    for (uint32_t i = first; i < end; i++) {
        const struct slot *slot = &b->column->slots[i];

        count += is_row ? slot->rep == 0 : slot->def == b->leaf->def_max;
    }
    return count;
}

/* Levels in front of a V1 page's values: runs with their length, or bits and nothing else. */
static void append_levels(struct builder *b, uint32_t first, uint32_t end, bool is_rep,
                          const struct rg_buffer *runs, uint8_t *ret_encoding,
                          struct rg_buffer *out)
{
    const uint32_t max = is_rep ? b->leaf->rep_max : b->leaf->def_max;
    const uint32_t width = rg_bit_width(max);
    uint32_t bits = 0;
    uint32_t bit_count = 0;

    *ret_encoding = RG_ENCODING_BIT_PACKED;
    if (max == 0)
        return;
    if (!b->style->has_packed_levels || choose(b->c, 3) == 0) {
        b->has_runs = true;
        *ret_encoding = RG_ENCODING_RLE;
        append_length(out, runs->bytes);
        rg_buffer_append(out, runs->data, runs->bytes);
        return;
    }
    b->has_packed = true;
    for (uint32_t i = first; i < end; i++) {
        const struct slot *slot = &b->column->slots[i];

        bits = bits << width | (is_rep ? slot->rep : slot->def);
        for (bit_count += width; bit_count >= 8; bit_count -= 8)
            rg_buffer_append_byte(out, (uint8_t)(bits >> (bit_count - 8)));
    }
    if (bit_count > 0)
        rg_buffer_append_byte(out, (uint8_t)(bits << (8 - bit_count)));
}

static void write_v1(struct builder *b, uint32_t first, uint32_t end, struct rg_page_header *header,
                     const struct rg_buffer *rep, const struct rg_buffer *def,
                     const struct rg_buffer *values)
{
    struct rg_buffer raw;
    struct rg_buffer body;

    rg_buffer_init(&raw, b->out.allocator, SIZE_MAX);
    rg_buffer_init(&body, b->out.allocator, SIZE_MAX);
    append_levels(b, first, end, true, rep, &header->rep_encoding, &raw);
    append_levels(b, first, end, false, def, &header->def_encoding, &raw);
    rg_buffer_append(&raw, values->data, values->bytes);
    compress(b, rg_buffer_span(&raw), &body);
    header->type = RG_PAGE_DATA;
    header->uncompressed_bytes = (uint32_t)raw.bytes;
    header->value_count = end - first;
    append_page(b, header, rg_buffer_span(&body));
    rg_buffer_fini(&raw);
    rg_buffer_fini(&body);
}

static void write_v2(struct builder *b, uint32_t first, uint32_t end, struct rg_page_header *header,
                     const struct rg_buffer *rep, const struct rg_buffer *def,
                     const struct rg_buffer *values)
{
    const uint32_t present = count_of(b, first, end, false);
    /* A page without values may be compressed nothing, or nothing that says it is compressed. */
    const bool is_nothing = values->bytes == 0 && choose_bool(b->c);
    struct rg_buffer body;

    rg_buffer_init(&body, b->out.allocator, SIZE_MAX);
    rg_buffer_append(&body, rep->data, rep->bytes);
    rg_buffer_append(&body, def->data, def->bytes);
    header->is_compressed = choose(b->c, 3) != 0;
    if (header->is_compressed && !is_nothing)
        compress(b, rg_buffer_span(values), &body);
    else
        rg_buffer_append(&body, values->data, values->bytes);
    header->type = RG_PAGE_DATA_V2;
    header->uncompressed_bytes = (uint32_t)(rep->bytes + def->bytes + values->bytes);
    header->value_count = end - first;
    header->null_count = end - first - present;
    header->row_count = count_of(b, first, end, true);
    header->rep_bytes = (uint32_t)rep->bytes;
    header->def_bytes = (uint32_t)def->bytes;
    append_page(b, header, rg_buffer_span(&body));
    rg_buffer_fini(&body);
}

static bool is_bound(const struct builder *b, struct rg_span value)
{
    return rg_order_accepts(b->order, b->leaf, value);
}

/* Bounds and counts of slots, one by one. */
static struct rg_statistics naive_statistics(const struct builder *b, uint32_t first, uint32_t end)
{
    const bool has_nans = b->style->has_size_statistics && rg_order_is_floating(b->order);
    struct rg_statistics s = {.has_null_count = true, .has_nan_count = has_nans};

    for (uint32_t i = first; i < end; i++) {
        const struct slot *slot = &b->column->slots[i];

        if (slot->def != b->leaf->def_max) {
            s.null_count++;
            continue;
        }
        if (b->order == RG_ORDER_NONE || !is_bound(b, slot->value)) {
            s.nan_count += has_nans;
            continue;
        }
        if (s.min_value.data == NULL || rg_order_compare(b->order, slot->value, s.min_value) < 0)
            s.min_value = slot->value;
        if (s.max_value.data == NULL || rg_order_compare(b->order, slot->value, s.max_value) > 0)
            s.max_value = slot->value;
    }
    return s;
}

static uint64_t unencoded_bytes(const struct builder *b, uint32_t first, uint32_t end)
{
    uint64_t bytes = 0;

    for (uint32_t i = first; i < end; i++)
        bytes += b->column->slots[i].value.bytes;
    return bytes;
}

static void add_to_index(struct builder *b, uint64_t offset, uint32_t first, uint32_t end)
{
    struct built_chunk *built = b->built;
    const struct rg_statistics s = naive_statistics(b, first, end);
    const uint32_t at = b->page_count;

    built->offset_index.pages[at] = (struct rg_page_location){
        .offset = b->file_offset + offset,
        .compressed_bytes = (uint32_t)(b->out.bytes - offset),
        .first_row_index = b->row_count,
    };
    built->column_index.is_null_page[at] = s.null_count == end - first;
    built->column_index.min_values[at] = s.min_value;
    built->column_index.max_values[at] = s.max_value;
    built->column_index.null_counts[at] = s.null_count;
    if (s.has_nan_count)
        built->column_index.nan_counts[at] = s.nan_count;
    /* A page of NaNs only has no bounds, and then there is no index. */
    if (s.min_value.data == NULL && s.null_count != end - first)
        built->has_index = false;
    built->offset_index.unencoded_bytes[at] = unencoded_bytes(b, first, end);
    b->page_count++;
    b->row_count += count_of(b, first, end, true);
}

static void write_page(struct builder *b, uint32_t first, uint32_t end, bool has_indices)
{
    const bool is_v2 = b->style->versions == 2 || (b->style->versions == 3 && choose_bool(b->c));
    struct rg_page_header header = {.is_compressed = true};
    struct rg_buffer parts[3];
    const uint64_t offset = b->out.bytes;

    for (unsigned i = 0; i < 3; i++)
        rg_buffer_init(&parts[i], b->out.allocator, SIZE_MAX);
    encode_levels(b, first, end, true, &parts[0]);
    encode_levels(b, first, end, false, &parts[1]);
    if (has_indices)
        encode_indices(b, first, end, &parts[2]);
    else
        encode_values(b, first, end, &parts[2]);
    header.encoding = !has_indices              ? b->style->encoding
                      : b->style->has_old_names ? RG_ENCODING_PLAIN_DICTIONARY
                                                : RG_ENCODING_RLE_DICTIONARY;
    if (is_v2)
        write_v2(b, first, end, &header, &parts[0], &parts[1], &parts[2]);
    else
        write_v1(b, first, end, &header, &parts[0], &parts[1], &parts[2]);
    b->page_counts[header.type][header.encoding]++;
    add_to_index(b, offset, first, end);
    for (unsigned i = 0; i < 3; i++)
        rg_buffer_fini(&parts[i]);
}

/* What readers pass over, or stumble on. */
static void write_odd_page(struct builder *b)
{
    struct rg_page_header header = {.type = RG_PAGE_INDEX, .is_compressed = true};
    static const uint8_t body[] = {1, 2, 3};
    struct rg_buffer nothing;

    if (b->built->has_index || choose_bool(b->c)) {
        header.uncompressed_bytes = sizeof body;
        append_page(b, &header, (struct rg_span){body, sizeof body});
        return;
    }
    rg_buffer_init(&nothing, b->out.allocator, SIZE_MAX);
    write_v1(b, 0, 0, &header, &nothing, &nothing, &nothing);
    rg_buffer_fini(&nothing);
}

static uint32_t find_entry(const struct builder *b, struct rg_span value)
{
    for (uint32_t i = 0; i < b->dictionary_count; i++) {
        if (rg_span_equal(b->dictionary[i], value))
            return i;
    }
    return UINT32_MAX;
}

static void add_entry(struct builder *b, struct rg_span value)
{
    b->dictionary[b->dictionary_count++] = value;
}

/* An entry that no value is, as long as the first value is. */
static void add_unused_entry(struct builder *b)
{
    static const uint8_t letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ";

    for (uint32_t i = 0; i < b->column->slot_count; i++) {
        const struct slot *slot = &b->column->slots[i];

        if (slot->def != b->leaf->def_max)
            continue;
        if (slot->value.bytes < sizeof letters)
            add_entry(b, (struct rg_span){letters, slot->value.bytes});
        return;
    }
}

/* Fills the dictionary, and index_of for the slots that come before it is full. */
static void make_dictionary(struct builder *b)
{
    struct test *t = b->t;
    const struct column *column = b->column;
    const uint32_t limit = b->style->dictionary_entries;
    bool is_full = limit == 0;

    b->dictionary = need(t, b->arena, 2 * (size_t)limit + 4, sizeof *b->dictionary);
    b->index_of = need(t, b->arena, column->slot_count, sizeof *b->index_of);
    if (b->style->has_unused && limit > 0)
        add_unused_entry(b);
    for (uint32_t i = 0; i < column->slot_count; i++) {
        b->index_of[i] = UINT32_MAX;
        if (column->slots[i].def != b->leaf->def_max)
            continue;
        if (!is_full)
            b->index_of[i] = find_entry(b, column->slots[i].value);
        if (is_full || b->index_of[i] != UINT32_MAX)
            continue;
        is_full = b->dictionary_count >= limit;
        if (is_full)
            continue;
        b->index_of[i] = b->dictionary_count;
        add_entry(b, column->slots[i].value);
        if (b->style->has_duplicates && choose(b->c, 3) == 0)
            add_entry(b, column->slots[i].value);
    }
}

/* Exchanges entries at random, and the indices with them. */
static void shuffle_dictionary(struct builder *b)
{
    struct test *t = b->t;
    uint32_t *new_index = need(t, b->arena, b->dictionary_count, sizeof *new_index);
    struct rg_span *entries = need(t, b->arena, b->dictionary_count, sizeof *entries);

    for (uint32_t i = 0; i < b->dictionary_count; i++)
        new_index[i] = i;
    for (uint32_t i = b->dictionary_count; i > 1; i--) {
        const uint32_t k = choose(b->c, i - 1);
        const uint32_t swapped = new_index[i - 1];

        new_index[i - 1] = new_index[k];
        new_index[k] = swapped;
    }
    for (uint32_t i = 0; i < b->dictionary_count; i++)
        entries[new_index[i]] = b->dictionary[i];
    b->dictionary = entries;
    for (uint32_t i = 0; i < b->column->slot_count; i++) {
        if (b->index_of[i] != UINT32_MAX)
            b->index_of[i] = new_index[b->index_of[i]];
    }
}

/* Some uses of an entry go to its twin. */
static void use_duplicates(struct builder *b)
{
    for (uint32_t i = 0; i < b->column->slot_count; i++) {
        const uint32_t at = b->index_of[i];

        if (at == UINT32_MAX || at + 1 >= b->dictionary_count || choose_bool(b->c))
            continue;
        if (rg_span_equal(b->dictionary[at], b->dictionary[at + 1]))
            b->index_of[i] = at + 1;
    }
}

/* PLAIN: a bit each. */
static void append_booleans(const struct rg_span *values, uint32_t count, struct rg_buffer *out)
{
    for (uint32_t at = 0; at < count; at += 8) {
        uint8_t bits = 0;

        for (uint32_t i = 0; i < 8 && at + i < count; i++)
            bits |= (uint8_t)((values[at + i].data[0] & 1) << i);
        rg_buffer_append_byte(out, bits);
    }
}

static void write_dictionary(struct builder *b)
{
    struct rg_buffer raw;
    struct rg_buffer body;
    struct rg_page_header header = {
        .type = RG_PAGE_DICTIONARY,
        .encoding = b->style->has_old_names ? RG_ENCODING_PLAIN_DICTIONARY : RG_ENCODING_PLAIN,
        .value_count = b->dictionary_count,
        .is_compressed = true,
    };

    rg_buffer_init(&raw, b->out.allocator, SIZE_MAX);
    rg_buffer_init(&body, b->out.allocator, SIZE_MAX);
    for (uint32_t i = 0; i < b->dictionary_count && b->leaf->type != RG_TYPE_BOOLEAN; i++)
        append_value(b->leaf, b->dictionary[i], &raw);
    if (b->leaf->type == RG_TYPE_BOOLEAN)
        append_booleans(b->dictionary, b->dictionary_count, &raw);
    append_loose_end(b, &raw);
    compress(b, rg_buffer_span(&raw), &body);
    header.uncompressed_bytes = (uint32_t)raw.bytes;
    append_page(b, &header, rg_buffer_span(&body));
    rg_buffer_fini(&raw);
    rg_buffer_fini(&body);
}

/* Where a page that begins at `first` may end. */
static uint32_t page_end(const struct builder *b, uint32_t first)
{
    const uint32_t wanted = 1 + choose(b->c, 2 * b->style->page_slots);
    uint32_t end = first + wanted < b->column->slot_count ? first + wanted : b->column->slot_count;

    while (!b->style->has_split_rows && end < b->column->slot_count &&
           b->column->slots[end].rep != 0)
        end++;
    return end;
}

static bool has_no_index(const struct builder *b, uint32_t i)
{
    return b->column->slots[i].def == b->leaf->def_max && b->index_of[i] == UINT32_MAX;
}

static void write_pages(struct builder *b)
{
    bool has_fallen_back = b->style->dictionary_entries == 0;

    for (uint32_t first = 0, end; first < b->column->slot_count; first = end) {
        if (b->style->has_odd_pages && choose(b->c, 3) == 0)
            write_odd_page(b);
        end = page_end(b, first);
        bool has_indices = !has_fallen_back;
        for (uint32_t i = first; i < end; i++)
            has_indices = has_indices && !has_no_index(b, i);
        if (has_indices && b->style->is_alternating)
            has_indices = choose_bool(b->c);
        else
            has_fallen_back = has_fallen_back || !has_indices;
        write_page(b, first, end, has_indices);
    }
}

static void allocate_index(struct builder *b)
{
    struct test *t = b->t;
    const size_t count = b->column->slot_count + 1;
    struct rg_column_index *index = &b->built->column_index;

    b->built->offset_index.pages = need(t, b->arena, count, sizeof *b->built->offset_index.pages);
    b->built->offset_index.unencoded_bytes =
        need(t, b->arena, count, sizeof *b->built->offset_index.unencoded_bytes);
    index->is_null_page = need(t, b->arena, count, sizeof *index->is_null_page);
    index->min_values = need(t, b->arena, count, sizeof *index->min_values);
    index->max_values = need(t, b->arena, count, sizeof *index->max_values);
    index->null_counts = need(t, b->arena, count, sizeof *index->null_counts);
    if (b->style->has_size_statistics && rg_order_is_floating(b->order))
        index->nan_counts = need(t, b->arena, count, sizeof *index->nan_counts);
}

static uint64_t *histogram_of(struct builder *b, bool is_rep, uint32_t count)
{
    struct test *t = b->t;
    uint64_t *histogram = need(t, b->arena, count, sizeof *histogram);

    for (uint32_t i = 0; i < b->column->slot_count; i++)
        histogram[is_rep ? b->column->slots[i].rep : b->column->slots[i].def]++;
    return histogram;
}

static void add_size_statistics(struct builder *b, struct rg_size_statistics *sizes)
{
    sizes->is_present = true;
    sizes->rep_histogram_count = (uint32_t)b->leaf->rep_max + 1;
    sizes->def_histogram_count = (uint32_t)b->leaf->def_max + 1;
    sizes->rep_histogram = histogram_of(b, true, sizes->rep_histogram_count);
    sizes->def_histogram = histogram_of(b, false, sizes->def_histogram_count);
    sizes->has_unencoded_bytes = b->leaf->type == RG_TYPE_BYTE_ARRAY;
    sizes->unencoded_bytes = unencoded_bytes(b, 0, b->column->slot_count);
}

static void add_encoding_stats(struct builder *b, struct rg_column_chunk *chunk)
{
    struct test *t = b->t;

    chunk->encoding_stats = need(t, b->arena, 65, sizeof *chunk->encoding_stats);
    for (uint8_t type = 0; type < 4; type++) {
        for (uint8_t encoding = 0; encoding < 16; encoding++) {
            if (b->page_counts[type][encoding] > 0)
                chunk->encoding_stats[chunk->encoding_stats_count++] =
                    (struct rg_page_encoding_stats){type, encoding, b->page_counts[type][encoding]};
        }
    }
}

static uint32_t encodings_of(const struct builder *b)
{
    uint32_t encodings = 0;

    /* Those of levels: beside the other one, RLE may or may not be told. */
    if (b->has_packed)
        encodings |= UINT32_C(1) << RG_ENCODING_BIT_PACKED;
    else if (b->leaf->def_max > 0 || choose_bool(b->c))
        encodings |= UINT32_C(1) << RG_ENCODING_RLE;
    if (b->has_runs && (!b->has_packed || b->leaf->rep_max > 0))
        encodings |= UINT32_C(1) << RG_ENCODING_RLE;
    for (uint8_t type = 0; type < 4; type++) {
        for (uint8_t encoding = 0; encoding < 16; encoding++)
            encodings |= (uint32_t)(b->page_counts[type][encoding] > 0) << encoding;
    }
    return encodings;
}

static void finish_metadata(struct builder *b)
{
    struct rg_column_chunk *chunk = &b->built->chunk;
    const uint64_t dictionary_bytes = chunk->data_page_offset;

    *chunk = (struct rg_column_chunk){
        .type = b->leaf->type,
        .codec = b->style->codec,
        .value_count = b->column->slot_count,
        .compressed_bytes = b->out.bytes,
        .uncompressed_bytes = b->raw_bytes,
        .has_dictionary_offset = b->style->dictionary_entries > 0,
        .dictionary_page_offset = b->file_offset,
        .data_page_offset = b->file_offset + dictionary_bytes,
        .encodings = encodings_of(b),
    };
    if (b->style->has_statistics)
        chunk->statistics = naive_statistics(b, 0, b->column->slot_count);
    if (b->style->has_encoding_stats)
        add_encoding_stats(b, chunk);
    if (b->style->has_size_statistics)
        add_size_statistics(b, &chunk->size_statistics);
    b->built->offset_index.page_count = b->page_count;
    b->built->column_index.page_count = b->page_count;
}

struct built_chunk chunk_build(struct test *t, struct rg_arena *arena, struct choices *c,
                               const struct rg_schema *schema, const struct column *column,
                               const struct chunk_style *style, uint64_t file_offset)
{
    struct built_chunk built = {.has_index = style->has_index};
    struct builder b = {
        .t = t,
        .arena = arena,
        .c = c,
        .leaf = &schema->leaves[0],
        .style = style,
        .column = column,
        .order = rg_order_of(schema, 0),
        .codecs = rg_codec_context_new(&t->allocator),
        .built = &built,
        .file_offset = file_offset,
    };

    CHECK_MEMORY(b.codecs);
    rg_buffer_init(&b.out, &t->allocator, SIZE_MAX);
    allocate_index(&b);
    make_dictionary(&b);
    if (style->has_duplicates)
        use_duplicates(&b);
    if (style->is_shuffled)
        shuffle_dictionary(&b);
    if (style->dictionary_entries > 0)
        write_dictionary(&b);
    built.chunk.data_page_offset = b.out.bytes;
    write_pages(&b);
    CHECK_OK(rg_buffer_check(&b.out, "chunk", &t->err));
    finish_metadata(&b);
    uint8_t *bytes = need(t, arena, 1, b.out.bytes + 64);
    if (b.out.bytes > 0)
        memcpy(bytes, b.out.data, b.out.bytes);
    built.bytes = (struct rg_span){bytes, b.out.bytes};
    built.memory = bytes;
    rg_buffer_fini(&b.out);
    rg_codec_context_free(b.codecs);
    return built;
}

static uint8_t draw_delta(struct choices *c, uint8_t type)
{
    if (type == RG_TYPE_INT32 || type == RG_TYPE_INT64)
        return RG_ENCODING_DELTA_BINARY_PACKED;
    if (type == RG_TYPE_BYTE_ARRAY && choose_bool(c))
        return RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY;
    if (type == RG_TYPE_BYTE_ARRAY || type == RG_TYPE_FIXED_LEN_BYTE_ARRAY)
        return RG_ENCODING_DELTA_BYTE_ARRAY;
    return RG_ENCODING_PLAIN;
}

struct chunk_style chunk_style_draw(struct choices *c, const struct rg_leaf *leaf)
{
    static const uint8_t codecs[] = {RG_CODEC_NONE,   RG_CODEC_SNAPPY, RG_CODEC_SNAPPY,
                                     RG_CODEC_SNAPPY, RG_CODEC_ZSTD,   RG_CODEC_GZIP,
                                     RG_CODEC_LZ4_RAW};
    struct chunk_style style = {
        .codec = codecs[choose(c, sizeof codecs - 1)],
        .versions = (uint8_t)(1 + choose(c, 2)),
        .page_slots = choose_bool(c) ? 1 + choose(c, 30) : 1 + choose(c, 1000),
        .encoding = RG_ENCODING_PLAIN,
        .has_old_names = choose(c, 4) == 0,
        .is_shuffled = choose(c, 3) == 0,
        .has_unused = choose(c, 5) == 0,
        .has_duplicates = choose(c, 7) == 0,
        .has_crc = choose_bool(c),
        .has_index = choose_bool(c),
        .has_statistics = choose(c, 4) != 0,
        .has_encoding_stats = choose(c, 3) != 0,
        .has_size_statistics = choose_bool(c),
        .has_odd_pages = choose(c, 5) == 0,
        .is_alternating = choose(c, 6) == 0,
    };

    style.has_packed_levels = choose(c, 7) == 0;
    if (leaf->type == RG_TYPE_BOOLEAN) {
        style.encoding = choose_bool(c) ? RG_ENCODING_RLE : RG_ENCODING_PLAIN;
        style.dictionary_entries = choose(c, 5) == 0 ? 1 + choose(c, 1) : 0;
        return style;
    }
    if (choose(c, 3) != 0)
        style.dictionary_entries = choose_bool(c) ? 1 + choose(c, 20) : 1 + choose(c, 3000);
    const bool is_splittable = leaf->type == RG_TYPE_FLOAT || leaf->type == RG_TYPE_DOUBLE;
    if (is_splittable && choose(c, 5) == 0)
        style.encoding = RG_ENCODING_BYTE_STREAM_SPLIT;
    if (!is_splittable && choose(c, 4) == 0)
        style.encoding = draw_delta(c, leaf->type);
    style.has_links = style.encoding == RG_ENCODING_DELTA_BYTE_ARRAY && choose_bool(c);
    if (leaf->rep_max > 0 && style.versions == 1 && choose(c, 2) == 0) {
        style.has_split_rows = true;
        style.has_index = false;
    }
    return style;
}
