/* SPDX-License-Identifier: Apache-2.0 */

#include "support/naive.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "parquet/page_header.h"
#include "parquet/rle.h"
#include "parquet/types.h"
#include "stitch/bloom.h"
#include "stitch/order.h"

enum {
    PAGES_MAX = 100000,
};

/* A chunk being read. */
struct reader {
    struct test *t;
    struct rg_arena *arena;
    const struct rg_leaf *leaf;
    struct rg_codec_context *codecs;
    uint8_t codec;
    struct naive_chunk *chunk;
    struct rg_span *dictionary;
    uint32_t slot_capacity;
};

static void *need(struct test *t, struct rg_arena *arena, size_t count, size_t bytes_each)
{
    void *memory = rg_arena_array(arena, count, bytes_each);

    CHECK_MEMORY(memory);
    return memory;
}

static uint32_t read_varint(struct rg_span *in)
{
    uint32_t value = 0;

    for (unsigned shift = 0;; shift += 7) {
        CHECK(in->bytes > 0);
        const uint8_t byte = *in->data++;
        in->bytes--;
        value |= (uint32_t)(byte & 127) << shift;
        if (byte < 128)
            return value;
    }
}

/* `count` values of an RLE hybrid, bit by bit. */
static void decode_runs(struct rg_span in, uint32_t width, uint32_t count, uint32_t *out)
{
    uint32_t at = 0;

    while (at < count) {
        const uint32_t header = read_varint(&in);
        const uint32_t run = header >> 1;

        CHECK(run > 0);
        if ((header & 1) == 0) {
            uint32_t value = 0;

            for (uint32_t i = 0; i < (width + 7) / 8; i++, in.data++, in.bytes--) {
                CHECK(in.bytes > 0);
                value |= (uint32_t)*in.data << 8 * i;
            }
            for (uint32_t i = 0; i < run && at < count; i++)
                out[at++] = value;
            continue;
        }
        const size_t bytes = (size_t)run * width;
        CHECK(bytes <= in.bytes);
        for (uint32_t i = 0; i < run * 8 && at < count; i++, at++) {
            out[at] = 0;
            for (uint32_t b = 0; b < width; b++) {
                const size_t bit = (size_t)i * width + b;

                out[at] |= (uint32_t)(in.data[bit / 8] >> bit % 8 & 1) << b;
            }
        }
        in.data += bytes;
        in.bytes -= bytes;
    }
}

static uint32_t take_u32(struct rg_span *in)
{
    uint32_t value;

    CHECK(in->bytes >= sizeof value);
    memcpy(&value, in->data, sizeof value);
    in->data += sizeof value;
    in->bytes -= sizeof value;
    return value;
}

static size_t width_of(const struct rg_leaf *leaf)
{
    switch ((enum rg_type)leaf->type) {
    case RG_TYPE_INT32:
    case RG_TYPE_FLOAT:
        return 4;
    case RG_TYPE_INT64:
    case RG_TYPE_DOUBLE:
        return 8;
    case RG_TYPE_INT96:
        return 12;
    case RG_TYPE_FIXED_LEN_BYTE_ARRAY:
        return (size_t)leaf->type_length;
    case RG_TYPE_BOOLEAN:
    case RG_TYPE_BYTE_ARRAY:
        break;
    }
    return 0;
}

static void decode_plain(struct reader *r, struct rg_span in, uint32_t count, struct rg_span *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const size_t bytes =
            r->leaf->type == RG_TYPE_BYTE_ARRAY ? take_u32(&in) : width_of(r->leaf);

        CHECK(bytes <= in.bytes);
        out[i] = (struct rg_span){in.data, bytes};
        in.data += bytes;
        in.bytes -= bytes;
    }
    /* Nothing may be left behind the last value. */
    CHECK_U64(in.bytes, 0);
}

static void decode_booleans(struct reader *r, struct rg_span in, uint8_t encoding, uint32_t count,
                            struct rg_span *out)
{
    struct test *t = r->t;
    uint32_t *bits = need(t, r->arena, count, sizeof *bits);
    uint8_t *bytes = need(t, r->arena, count, 1);

    if (encoding == RG_ENCODING_RLE) {
        const uint32_t length = take_u32(&in);

        CHECK(length <= in.bytes);
        decode_runs((struct rg_span){in.data, length}, 1, count, bits);
    } else {
        CHECK_U64(in.bytes, (count + 7) / 8);
        for (uint32_t i = 0; i < count; i++)
            bits[i] = in.data[i / 8] >> i % 8 & 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)bits[i];
        out[i] = (struct rg_span){bytes + i, 1};
    }
}

static void decode_split(struct reader *r, struct rg_span in, uint32_t count, struct rg_span *out)
{
    struct test *t = r->t;
    const size_t width = width_of(r->leaf);
    uint8_t *bytes = need(t, r->arena, count, width);

    CHECK_U64(in.bytes, count * width);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < width; k++)
            bytes[i * width + k] = in.data[k * count + i];
        out[i] = (struct rg_span){bytes + i * width, width};
    }
}

static uint64_t read_varint64(struct rg_span *in)
{
    uint64_t value = 0;

    for (unsigned shift = 0;; shift += 7) {
        CHECK(in->bytes > 0);
        const uint8_t byte = *in->data++;
        in->bytes--;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return value;
    }
}

static uint64_t read_zigzag(struct rg_span *in)
{
    const uint64_t value = read_varint64(in);

    return value >> 1 ^ ((value & 1) != 0 ? UINT64_MAX : 0);
}

/* One stream of DELTA_BINARY_PACKED off the front of `in`, bit by bit. */
static void decode_delta(struct rg_span *in, uint32_t count, uint64_t *out)
{
    const uint64_t block = read_varint64(in);
    const uint64_t minis = read_varint64(in);

    CHECK(block > 0 && minis > 0 && block % minis == 0 && block / minis % 32 == 0);
    CHECK_U64(read_varint64(in), count);
    uint64_t last = read_zigzag(in);
    if (count > 0)
        out[0] = last;
    for (uint32_t at = 1; at < count;) {
        const uint64_t lowest = read_zigzag(in);
        const struct rg_span widths = *in;

        CHECK(in->bytes >= minis);
        in->data += minis;
        in->bytes -= minis;
        for (uint64_t m = 0; m < minis && at < count; m++) {
            const uint64_t width = widths.data[m];
            const uint64_t bytes = block / minis * width / 8;

            CHECK(bytes <= in->bytes && width <= 64);
            for (uint64_t i = 0; i < block / minis && at < count; i++) {
                uint64_t delta = 0;

                for (uint64_t b = 0; b < width; b++) {
                    const uint64_t bit = i * width + b;

                    delta |= (uint64_t)(in->data[bit / 8] >> bit % 8 & 1) << b;
                }
                last += delta + lowest;
                out[at++] = last;
            }
            in->data += bytes;
            in->bytes -= bytes;
        }
    }
}

/* Bytes in DELTA form: every page stands alone. */
static void decode_delta_bytes(struct reader *r, struct rg_span in, bool has_prefixes,
                               uint32_t count, struct rg_span *out)
{
    struct test *t = r->t;
    uint64_t *prefixes = need(t, r->arena, count, sizeof *prefixes);
    uint64_t *suffixes = need(t, r->arena, count, sizeof *suffixes);
    struct rg_span last = {NULL, 0};

    /* A page of nulls may hold anything. */
    if (count == 0)
        return;
    if (has_prefixes)
        decode_delta(&in, count, prefixes);
    decode_delta(&in, count, suffixes);
    for (uint32_t i = 0; i < count; i++) {
        const size_t prefix = (size_t)(uint32_t)prefixes[i];
        const size_t suffix = (size_t)(uint32_t)suffixes[i];
        uint8_t *bytes = need(t, r->arena, 1, prefix + suffix);

        CHECK(prefix <= last.bytes && suffix <= in.bytes);
        if (prefix > 0)
            memcpy(bytes, last.data, prefix);
        if (suffix > 0)
            memcpy(bytes + prefix, in.data, suffix);
        in.data += suffix;
        in.bytes -= suffix;
        out[i] = last = (struct rg_span){bytes, prefix + suffix};
    }
    CHECK_U64(in.bytes, 0);
}

static void decode_delta_numbers(struct reader *r, struct rg_span in, uint32_t count,
                                 struct rg_span *out)
{
    struct test *t = r->t;
    uint64_t *numbers = need(t, r->arena, count, sizeof *numbers);

    if (count > 0)
        decode_delta(&in, count, numbers);
    for (uint32_t i = 0; i < count; i++)
        out[i] = (struct rg_span){(const uint8_t *)&numbers[i], width_of(r->leaf)};
}

static void decode_indices(struct reader *r, struct rg_span in, uint32_t count, struct rg_span *out)
{
    struct test *t = r->t;
    uint32_t *indices = need(t, r->arena, count, sizeof *indices);

    if (count == 0)
        return;
    CHECK(in.bytes > 0 && in.data[0] <= 32);
    decode_runs((struct rg_span){in.data + 1, in.bytes - 1}, in.data[0], count, indices);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(indices[i] < r->chunk->dictionary_count);
        out[i] = r->dictionary[indices[i]];
    }
}

static void decode_values(struct reader *r, struct rg_span in, uint8_t encoding, uint32_t count,
                          struct rg_span *out)
{
    struct test *t = r->t;

    if (encoding == RG_ENCODING_PLAIN_DICTIONARY || encoding == RG_ENCODING_RLE_DICTIONARY)
        decode_indices(r, in, count, out);
    else if (r->leaf->type == RG_TYPE_BOOLEAN)
        decode_booleans(r, in, encoding, count, out);
    else if (encoding == RG_ENCODING_BYTE_STREAM_SPLIT)
        decode_split(r, in, count, out);
    else if (encoding == RG_ENCODING_DELTA_BINARY_PACKED)
        decode_delta_numbers(r, in, count, out);
    else if (encoding == RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY)
        decode_delta_bytes(r, in, false, count, out);
    else if (encoding == RG_ENCODING_DELTA_BYTE_ARRAY)
        decode_delta_bytes(r, in, true, count, out);
    else if (encoding == RG_ENCODING_PLAIN)
        decode_plain(r, in, count, out);
    else
        test_fail(__FILE__, __LINE__, "encoding %u", encoding);
    (void)t;
}

static struct rg_span decompress(struct reader *r, struct rg_span in, size_t raw_bytes,
                                 bool is_compressed)
{
    struct test *t = r->t;

    if (!is_compressed || r->codec == RG_CODEC_NONE) {
        CHECK_U64(in.bytes, raw_bytes);
        return in;
    }
    uint8_t *out = need(t, r->arena, 1, raw_bytes + rg_slack_bytes);
    CHECK_OK(rg_codec_decompress(r->codecs, r->codec, in, out, raw_bytes, &t->err));
    return (struct rg_span){out, raw_bytes};
}

static struct slot *slot_room(struct reader *r, uint32_t count)
{
    struct test *t = r->t;
    struct column *column = &r->chunk->column;

    if (column->slot_count + count > r->slot_capacity) {
        const uint32_t capacity = (column->slot_count + count) * 2;
        struct slot *slots = need(t, r->arena, capacity, sizeof *slots);

        if (column->slot_count > 0)
            memcpy(slots, column->slots, column->slot_count * sizeof *slots);
        column->slots = slots;
        r->slot_capacity = capacity;
    }
    return column->slots + column->slot_count;
}

static void decode_levels(struct rg_span in, uint32_t max, uint32_t count, uint32_t *out)
{
    if (max > 0)
        decode_runs(in, rg_bit_width(max), count, out);
    for (uint32_t i = 0; i < count; i++)
        CHECK(out[i] <= max);
}

static void decode_data_page(struct reader *r, struct naive_page *page, struct rg_span body)
{
    struct test *t = r->t;
    const struct rg_page_header *header = &page->header;
    const uint32_t count = header->value_count;
    uint32_t *rep = need(t, r->arena, count, sizeof *rep);
    uint32_t *def = need(t, r->arena, count, sizeof *def);
    struct rg_span *values = need(t, r->arena, count, sizeof *values);
    struct rg_span rest = body;

    CHECK(count > 0);
    if (header->type == RG_PAGE_DATA_V2) {
        const size_t levels = header->rep_bytes + header->def_bytes;

        decode_levels((struct rg_span){body.data, header->rep_bytes}, r->leaf->rep_max, count, rep);
        decode_levels((struct rg_span){body.data + header->rep_bytes, header->def_bytes},
                      r->leaf->def_max, count, def);
        rest = (struct rg_span){body.data + levels, body.bytes - levels};
        rest = decompress(r, rest, header->uncompressed_bytes - levels, header->is_compressed);
    } else {
        rest = decompress(r, body, header->uncompressed_bytes, true);
        for (unsigned i = 0; i < 2; i++) {
            const uint32_t max = i == 0 ? r->leaf->rep_max : r->leaf->def_max;
            const uint32_t bytes = max > 0 ? take_u32(&rest) : 0;
            const uint8_t encoding = i == 0 ? header->rep_encoding : header->def_encoding;

            CHECK(max == 0 || encoding == RG_ENCODING_RLE);
            CHECK(bytes <= rest.bytes);
            decode_levels((struct rg_span){rest.data, bytes}, max, count, i == 0 ? rep : def);
            rest.data += bytes;
            rest.bytes -= bytes;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        page->present_count += def[i] == r->leaf->def_max;
        page->row_count += rep[i] == 0;
    }
    decode_values(r, rest, header->encoding, page->present_count, values);
    if (header->type == RG_PAGE_DATA_V2) {
        CHECK_U64(header->null_count, count - page->present_count);
        CHECK_U64(header->row_count, page->row_count);
        CHECK_U64(rep[0], 0);
        CHECK(!header->is_compressed || rest.bytes > 0);
    }
    struct slot *slots = slot_room(r, count);
    for (uint32_t i = 0, next = 0; i < count; i++) {
        slots[i] = (struct slot){.rep = (uint8_t)rep[i], .def = (uint8_t)def[i]};
        if (def[i] == r->leaf->def_max)
            slots[i].value = values[next++];
    }
    page->first_slot = r->chunk->column.slot_count;
    page->slot_count = count;
    r->chunk->column.slot_count += count;
    r->chunk->column.row_count += page->row_count;
}

static void decode_dictionary(struct reader *r, struct naive_page *page, struct rg_span body)
{
    struct test *t = r->t;
    const uint32_t count = page->header.value_count;

    CHECK(r->dictionary == NULL);
    CHECK(r->chunk->page_count == 0);
    CHECK(count > 0);
    r->dictionary = need(t, r->arena, count, sizeof *r->dictionary);
    const struct rg_span raw = decompress(r, body, page->header.uncompressed_bytes, true);
    decode_plain(r, raw, count, r->dictionary);
    r->chunk->dictionary_count = count;
    page->is_dictionary = true;
    if (r->leaf->type != RG_TYPE_BYTE_ARRAY)
        return;
    /* Twins are read wrong by pyarrow as categories. */
    for (uint32_t i = 0; i < count && count < 5000; i++) {
        for (uint32_t k = i + 1; k < count; k++)
            CHECK(!rg_span_equal(r->dictionary[i], r->dictionary[k]));
    }
}

struct naive_chunk naive_decode(struct test *t, struct rg_arena *arena, const struct rg_leaf *leaf,
                                uint8_t codec, struct rg_span bytes)
{
    struct naive_chunk chunk = {.pages = need(t, arena, PAGES_MAX, sizeof *chunk.pages)};
    struct reader r = {
        .t = t,
        .arena = arena,
        .leaf = leaf,
        .codecs = rg_codec_context_new(&t->allocator),
        .codec = codec,
        .chunk = &chunk,
    };
    size_t at = 0;

    CHECK_MEMORY(r.codecs);
    while (at < bytes.bytes) {
        struct naive_page *page = &chunk.pages[chunk.page_count];
        size_t header_bytes = 0;

        CHECK(chunk.page_count < PAGES_MAX);
        CHECK_OK(rg_page_header_parse((struct rg_span){bytes.data + at, bytes.bytes - at},
                                      &page->header, &header_bytes, &t->err));
        const struct rg_span body = {bytes.data + at + header_bytes, page->header.compressed_bytes};
        CHECK(body.bytes <= bytes.bytes - at - header_bytes);
        if (page->header.has_crc)
            CHECK_U64(page->header.crc, rg_crc32(body));
        page->offset = at;
        page->bytes = header_bytes + body.bytes;
        page->header_bytes = (uint32_t)header_bytes;
        if (page->header.type == RG_PAGE_DICTIONARY) {
            decode_dictionary(&r, page, body);
        } else {
            CHECK(page->header.type == RG_PAGE_DATA || page->header.type == RG_PAGE_DATA_V2);
            decode_data_page(&r, page, body);
        }
        chunk.page_count++;
        at += page->bytes;
    }
    rg_codec_context_free(r.codecs);
    return chunk;
}

struct rg_span naive_join(struct test *t, struct rg_arena *arena,
                          const struct rg_stitch_output *output)
{
    uint8_t *bytes = need(t, arena, 1, (size_t)output->bytes + rg_slack_bytes);
    size_t at = 0;

    for (size_t i = 0; i < output->segment_count; i++) {
        CHECK(output->segments[i].bytes > 0);
        CHECK(at + output->segments[i].bytes <= output->bytes);
        memcpy(bytes + at, output->segments[i].data, output->segments[i].bytes);
        at += output->segments[i].bytes;
    }
    CHECK_U64(at, output->bytes);
    return (struct rg_span){bytes, at};
}

static void check_values(const struct column *got, const struct column *wanted)
{
    CHECK_U64(got->slot_count, wanted->slot_count);
    CHECK_U64(got->row_count, wanted->row_count);
    for (uint32_t i = 0; i < got->slot_count; i++) {
        const struct slot *a = &got->slots[i];
        const struct slot *b = &wanted->slots[i];

        if (a->rep != b->rep || a->def != b->def || !rg_span_equal(a->value, b->value))
            test_fail(__FILE__, __LINE__,
                      "slot %" PRIu32 ": levels %u %u, %zu bytes instead of %u %u, %zu bytes", i,
                      a->rep, a->def, a->value.bytes, b->rep, b->def, b->value.bytes);
    }
}

static bool is_dictionary_encoding(uint8_t encoding)
{
    return encoding == RG_ENCODING_PLAIN_DICTIONARY || encoding == RG_ENCODING_RLE_DICTIONARY;
}

/*
 * Dictionary pages before all others that hold a value, or before all others at all where a column
 * repeats; one encoding of booleans.
 */
static void check_order(const struct rg_leaf *leaf, const struct naive_chunk *chunk)
{
    const bool is_repeated = leaf->rep_max > 0;
    bool has_others = false;
    uint32_t boolean_encodings = 0;
    bool has_indices = false;

    for (uint32_t i = 0; i < chunk->page_count; i++) {
        const struct naive_page *page = &chunk->pages[i];

        if (page->is_dictionary)
            continue;
        const bool has_values = page->present_count > 0;
        if (is_dictionary_encoding(page->header.encoding)) {
            /* Pages without values must not need a dictionary, but for the order's sake. */
            CHECK(has_values || is_repeated);
            CHECK(!has_others);
            has_indices = true;
        } else {
            has_others = has_others || has_values || is_repeated;
        }
        if (has_values)
            boolean_encodings |= UINT32_C(1) << page->header.encoding;
    }
    CHECK(has_indices == (chunk->dictionary_count > 0));
    if (leaf->type == RG_TYPE_BOOLEAN)
        CHECK((boolean_encodings & (boolean_encodings - 1)) == 0);
}

/* Whether readers that look at V1 pages alone would take the dictionary for all there is. */
static bool misleads(const struct naive_chunk *chunk)
{
    bool has_hidden = false;

    for (uint32_t i = 0; i < chunk->page_count; i++) {
        const struct rg_page_header *header = &chunk->pages[i].header;

        if (header->type == RG_PAGE_DICTIONARY || rg_encoding_is_dictionary(header->encoding))
            continue;
        if (header->type == RG_PAGE_DATA)
            return false;
        has_hidden = has_hidden || header->null_count < header->value_count;
    }
    return has_hidden && chunk->dictionary_count > 0;
}

static void check_encodings(const struct rg_leaf *leaf, const struct rg_column_chunk *meta,
                            const struct naive_chunk *chunk)
{
    uint32_t counts[4][32] = {{0}};
    uint32_t encodings = 0;
    bool has_levels = leaf->def_max > 0;

    for (uint32_t i = 0; i < chunk->page_count; i++) {
        const struct rg_page_header *header = &chunk->pages[i].header;

        counts[header->type][header->encoding]++;
        encodings |= UINT32_C(1) << header->encoding;
        has_levels = has_levels || header->type == RG_PAGE_DATA;
    }
    if (has_levels)
        encodings |= UINT32_C(1) << RG_ENCODING_RLE;
    CHECK_U64(meta->encodings, encodings);
    CHECK((meta->encoding_stats_count == 0) == (misleads(chunk) || chunk->page_count == 0));
    if (meta->encoding_stats_count == 0)
        return;
    for (uint32_t i = 0; i < meta->encoding_stats_count; i++) {
        const struct rg_page_encoding_stats *stats = &meta->encoding_stats[i];

        CHECK((stats->page_type == RG_PAGE_DICTIONARY) == (i == 0 && chunk->dictionary_count > 0));
        CHECK_U64(stats->page_count, counts[stats->page_type][stats->encoding]);
        CHECK(stats->page_count > 0);
        counts[stats->page_type][stats->encoding] = 0;
    }
    for (unsigned type = 0; type < 4; type++) {
        for (unsigned encoding = 0; encoding < 32; encoding++)
            CHECK_U64(counts[type][encoding], 0);
    }
}

static void check_sizes(const struct rg_stitch_output *output, const struct naive_chunk *chunk)
{
    const struct rg_column_chunk *meta = &output->chunk;
    const bool has_dictionary = chunk->dictionary_count > 0;
    uint64_t raw_bytes = 0;

    for (uint32_t i = 0; i < chunk->page_count; i++)
        raw_bytes += chunk->pages[i].header_bytes + chunk->pages[i].header.uncompressed_bytes;
    CHECK_U64(meta->compressed_bytes, output->bytes);
    CHECK_U64(meta->uncompressed_bytes, raw_bytes);
    CHECK_U64(meta->value_count, chunk->column.slot_count);
    CHECK(meta->has_dictionary_offset == has_dictionary);
    CHECK_U64(meta->dictionary_page_offset, 0);
    CHECK_U64(meta->data_page_offset, has_dictionary ? chunk->pages[0].bytes : 0);
}

/* Bounds hold, counts are right: for slots first .. first + count. */
static void check_statistics(enum rg_order order, const struct rg_leaf *leaf,
                             const struct rg_statistics *s, const struct column *column,
                             uint32_t first, uint32_t count)
{
    uint64_t nulls = 0;
    uint64_t nans = 0;

    for (uint32_t i = first; i < first + count; i++) {
        const struct slot *slot = &column->slots[i];

        if (slot->def != leaf->def_max) {
            nulls++;
            continue;
        }
        if (order == RG_ORDER_NONE) {
            CHECK(s->min_value.data == NULL && s->max_value.data == NULL);
            continue;
        }
        if (!rg_order_accepts(order, leaf, slot->value)) {
            nans++;
            continue;
        }
        if (s->min_value.data != NULL)
            CHECK(rg_order_compare(order, s->min_value, slot->value) <= 0);
        if (s->max_value.data != NULL)
            CHECK(rg_order_compare(order, s->max_value, slot->value) >= 0);
    }
    if (s->has_null_count)
        CHECK_U64(s->null_count, nulls);
    if (s->has_nan_count)
        CHECK_U64(s->nan_count, nans);
}

/* A bound that is said to be exact is a value of the column. */
static void check_exact(enum rg_order order, const struct rg_leaf *leaf, struct rg_span bound,
                        const struct column *column)
{
    for (uint32_t i = 0; i < column->slot_count; i++) {
        const struct slot *slot = &column->slots[i];

        if (slot->def == leaf->def_max && rg_order_accepts(order, leaf, slot->value) &&
            rg_order_compare(order, slot->value, bound) == 0)
            return;
    }
    CHECK(bound.data == NULL);
}

static void check_page_index(enum rg_order order, const struct rg_leaf *leaf,
                             const struct rg_stitch_output *output, const struct naive_chunk *chunk)
{
    const uint32_t first = chunk->dictionary_count > 0;
    const uint32_t count = chunk->page_count - first;
    const struct rg_offset_index *offsets = &output->offset_index;
    const struct rg_column_index *columns = &output->column_index;
    uint64_t row = 0;

    CHECK(output->has_offset_index || !output->has_column_index);
    if (!output->has_offset_index)
        return;
    CHECK_U64(offsets->page_count, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct naive_page *page = &chunk->pages[first + i];
        uint64_t unencoded = 0;

        CHECK_U64(offsets->pages[i].offset, page->offset);
        CHECK_U64(offsets->pages[i].compressed_bytes, page->bytes);
        CHECK_U64(offsets->pages[i].first_row_index, row);
        CHECK_U64(chunk->column.slots[page->first_slot].rep, 0);
        row += page->row_count;
        for (uint32_t k = 0; k < page->slot_count; k++)
            unencoded += chunk->column.slots[page->first_slot + k].value.bytes;
        if (offsets->unencoded_bytes != NULL)
            CHECK_U64(offsets->unencoded_bytes[i], unencoded);
        if (!output->has_column_index)
            continue;
        const struct rg_statistics s = {
            .has_null_count = columns->null_counts != NULL,
            .null_count = columns->null_counts != NULL ? columns->null_counts[i] : 0,
            .has_nan_count = columns->nan_counts != NULL,
            .nan_count = columns->nan_counts != NULL ? columns->nan_counts[i] : 0,
            .min_value = columns->min_values[i],
            .max_value = columns->max_values[i],
        };
        CHECK(columns->is_null_page[i] == (page->present_count == 0));
        if (!columns->is_null_page[i])
            check_statistics(order, leaf, &s, &chunk->column, page->first_slot, page->slot_count);
    }
    if (output->has_column_index)
        CHECK_U64(columns->page_count, count);
}

static void check_histogram(const struct column *column, bool is_rep, const uint64_t *histogram,
                            uint32_t count)
{
    for (uint32_t level = 0; level < count; level++) {
        uint64_t sum = 0;

        for (uint32_t i = 0; i < column->slot_count; i++)
            sum += (is_rep ? column->slots[i].rep : column->slots[i].def) == level;
        CHECK_U64(histogram[level], sum);
    }
}

struct rg_span naive_bloom(struct test *t, struct rg_arena *arena, const struct rg_leaf *leaf,
                           const struct column *column)
{
    struct rg_buffer plain;
    struct rg_bloom bloom;
    struct rg_span bytes = {NULL, 0};
    uint32_t count = 0;

    rg_buffer_init(&plain, &t->allocator, SIZE_MAX);
    for (uint32_t i = 0; i < column->slot_count; i++) {
        const struct rg_span value = column->slots[i].value;
        const uint32_t length = (uint32_t)value.bytes;

        if (column->slots[i].def != leaf->def_max)
            continue;
        if (leaf->type == RG_TYPE_BYTE_ARRAY)
            rg_buffer_append(&plain, &length, sizeof length);
        rg_buffer_append(&plain, value.data, value.bytes);
        count++;
    }
    CHECK_OK(rg_buffer_check(&plain, "values", &t->err));
    CHECK_OK(rg_bloom_of_dictionary(leaf, rg_buffer_span(&plain), count, 0.0001, arena, &bloom,
                                    &t->err));
    CHECK_OK(rg_bloom_emit(&bloom, arena, &bytes, &t->err));
    rg_buffer_fini(&plain);
    return bytes;
}

/* No value may be missed. */
static void check_bloom(struct test *t, const struct rg_leaf *leaf,
                        const struct rg_stitch_output *output, const struct column *expected)
{
    struct rg_bloom bloom;

    if (output->bloom.bytes == 0)
        return;
    CHECK_OK(rg_bloom_parse(output->bloom, &bloom, &t->err));
    for (uint32_t i = 0; i < expected->slot_count; i++) {
        if (expected->slots[i].def == leaf->def_max)
            CHECK(rg_bloom_may_contain(&bloom, rg_hash_xxh64(expected->slots[i].value)));
    }
}

void naive_check(struct test *t, struct rg_arena *arena, const struct rg_schema *schema,
                 const struct rg_stitch_output *output, const struct column *expected)
{
    const struct rg_leaf *leaf = &schema->leaves[0];
    const struct rg_column_chunk *meta = &output->chunk;
    const struct rg_statistics *s = &meta->statistics;
    const enum rg_order order = rg_order_of(schema, 0);
    const struct rg_span bytes = naive_join(t, arena, output);
    const struct naive_chunk chunk = naive_decode(t, arena, leaf, meta->codec, bytes);

    check_values(&chunk.column, expected);
    check_order(leaf, &chunk);
    check_encodings(leaf, meta, &chunk);
    check_sizes(output, &chunk);
    check_statistics(order, leaf, s, &chunk.column, 0, chunk.column.slot_count);
    if (s->has_min_exact && s->is_min_exact)
        check_exact(order, leaf, s->min_value, &chunk.column);
    if (s->has_max_exact && s->is_max_exact)
        check_exact(order, leaf, s->max_value, &chunk.column);
    check_page_index(order, leaf, output, &chunk);
    check_histogram(&chunk.column, true, meta->size_statistics.rep_histogram,
                    meta->size_statistics.rep_histogram_count);
    check_histogram(&chunk.column, false, meta->size_statistics.def_histogram,
                    meta->size_statistics.def_histogram_count);
    check_bloom(t, leaf, output, expected);
}
