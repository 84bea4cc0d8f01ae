/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/describe.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "parquet/schema.h"
#include "stitch/order.h"
#include "stitch/statistics.h"
#include "stitch/writer.h"

/* More rows than that in one row group are a lie, and would make sums overflow. */
static const uint64_t row_count_max = UINT64_C(1) << 40;

enum {
    NUMBER_BYTES = 9,   /* Of the longest integer and a sign bit. */
    KEY_HEAD_BYTES = 3, /* Sign and length in front of two's complement of any length. */
};

/* The bytes of a little-endian integer, most significant first. */
static void reverse(struct rg_span value, uint8_t *out)
{
    for (size_t i = 0; i < value.bytes; i++)
        out[i] = value.data[value.bytes - 1 - i];
}

static size_t width_of(enum rg_order order)
{
    switch (order) {
    case RG_ORDER_BOOLEAN:
        return 1;
    case RG_ORDER_FLOAT16:
        return 2;
    case RG_ORDER_INT32:
    case RG_ORDER_UINT32:
    case RG_ORDER_FLOAT:
        return 4;
    case RG_ORDER_INT64:
    case RG_ORDER_UINT64:
    case RG_ORDER_DOUBLE:
        return 8;
    case RG_ORDER_NONE:
    case RG_ORDER_BYTES:
    case RG_ORDER_SIGNED_BYTES:
        break;
    }
    return 0;
}

/* How wide the exponent of a float of so many bytes is (IEEE 754). */
static unsigned exponent_bits(size_t bytes)
{
    return bytes == 2 ? 5 : bytes == 4 ? 8 : 11;
}

/* True when all exponent bits are set and some bit of the fraction is. */
static bool is_nan(const uint8_t *big_endian, size_t bytes)
{
    const unsigned fraction_bits = (unsigned)bytes * 8 - 1 - exponent_bits(bytes);
    uint64_t bits = 0;

    for (size_t i = 0; i < bytes; i++)
        bits = bits << 8 | big_endian[i];
    const uint64_t exponent = bits >> fraction_bits & ((UINT64_C(1) << exponent_bits(bytes)) - 1);
    const uint64_t fraction = bits & ((UINT64_C(1) << fraction_bits) - 1);
    return exponent == (UINT64_C(1) << exponent_bits(bytes)) - 1 && fraction != 0;
}

/* Floats: as integers of sign and magnitude; negative ones are turned round altogether. */
static struct rg_span bound_of_float(struct rg_span value, uint8_t *key)
{
    bool is_zero = true;

    reverse(value, key);
    if (is_nan(key, value.bytes))
        return (struct rg_span){0};
    for (size_t i = 0; i < value.bytes; i++)
        is_zero = is_zero && (key[i] & (i == 0 ? 0x7f : 0xff)) == 0;
    if (is_zero)
        key[0] = 0;
    const bool is_negative = (key[0] & 0x80) != 0;
    for (size_t i = 0; i < value.bytes; i++)
        key[i] = is_negative ? (uint8_t)~key[i] : key[i];
    if (!is_negative)
        key[0] |= 0x80;
    return (struct rg_span){key, value.bytes};
}

/*
 * Two's complement of any length: sign, then how many bytes matter, then those. Of negative numbers
 * the longer one is the smaller, so their length is counted down.
 */
static struct rg_span bound_of_signed_bytes(struct rg_span value, uint8_t *key)
{
    const bool is_negative = value.bytes > 0 && (value.data[0] & 0x80) != 0;
    const uint8_t filler = is_negative ? 0xff : 0;

    while (value.bytes > 0 && value.data[0] == filler) {
        value.data++;
        value.bytes--;
    }
    if (value.bytes > UINT16_MAX)
        return (struct rg_span){0};
    const size_t length = is_negative ? UINT16_MAX - value.bytes : value.bytes;
    key[0] = is_negative ? 0 : 1;
    key[1] = (uint8_t)(length >> 8);
    key[2] = (uint8_t)length;
    if (value.bytes > 0)
        memcpy(key + 3, value.data, value.bytes);
    return (struct rg_span){key, value.bytes + 3};
}

/* Integers, decimals and booleans of all widths go by one order: columns may widen. */
static struct rg_span bound_of_integer(enum rg_order order, struct rg_span value, uint8_t *key)
{
    const bool is_signed = order == RG_ORDER_INT32 || order == RG_ORDER_INT64;
    uint8_t number[NUMBER_BYTES] = {0};
    const struct rg_span all = {number, value.bytes + 1};

    reverse(value, number + 1);
    if (is_signed && (number[1] & 0x80) != 0)
        number[0] = 0xff;
    return bound_of_signed_bytes(all, key);
}

/* Likewise. */
static struct rg_span bound_of_single(struct rg_span value, uint8_t *key)
{
    uint8_t wide[sizeof(double)];
    uint32_t bits = 0;
    uint64_t wide_bits;
    double number;
    float single;

    for (size_t i = 0; i < value.bytes; i++)
        bits |= (uint32_t)value.data[i] << (8 * i);
    memcpy(&single, &bits, sizeof single);
    number = (double)single;
    memcpy(&wide_bits, &number, sizeof wide_bits);
    for (size_t i = 0; i < sizeof wide; i++)
        wide[i] = (uint8_t)(wide_bits >> (8 * i));
    return bound_of_float((struct rg_span){wide, sizeof wide}, key);
}

enum rg_status rg_plan_bound(enum rg_order order, struct rg_span value, struct rg_arena *arena,
                             struct rg_span *ret_bound, struct rg_error *err)
{
    const size_t width = width_of(order);
    uint8_t *key;

    *ret_bound = (struct rg_span){0};
    if (value.data == NULL || order == RG_ORDER_NONE || (width != 0 && value.bytes != width))
        return RG_OK;
    key = rg_arena_alloc(arena, (value.bytes > NUMBER_BYTES ? value.bytes : NUMBER_BYTES) +
                                    KEY_HEAD_BYTES);
    if (key == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a bound of %zu bytes", value.bytes);
    switch (order) {
    case RG_ORDER_FLOAT:
        *ret_bound = bound_of_single(value, key);
        break;
    case RG_ORDER_DOUBLE:
    case RG_ORDER_FLOAT16:
        *ret_bound = bound_of_float(value, key);
        break;
    case RG_ORDER_BYTES:
        if (value.bytes > 0)
            memcpy(key, value.data, value.bytes);
        *ret_bound = (struct rg_span){key, value.bytes};
        break;
    case RG_ORDER_SIGNED_BYTES:
        *ret_bound = bound_of_signed_bytes(value, key);
        break;
    case RG_ORDER_BOOLEAN:
    case RG_ORDER_INT32:
    case RG_ORDER_INT64:
    case RG_ORDER_UINT32:
    case RG_ORDER_UINT64:
    case RG_ORDER_NONE:
        *ret_bound = bound_of_integer(order, value, key);
        break;
    }
    return RG_OK;
}

/* What the order wants to know of the file once. */
struct sort_column {
    uint32_t leaf_index; /* leaf_count: the file has no such column. */
    enum rg_order order;
};

struct describer {
    const struct rg_file_meta *meta;
    const struct rg_options *options;
    struct rg_arena *arena;
    struct rg_writer writer;
    struct sort_column columns[RG_SORT_TERMS_MAX];
};

static void find_sort_columns(struct describer *d)
{
    const struct rg_sort *sort = &d->options->order;
    const struct rg_schema *schema = &d->meta->schema;
    uint32_t count = 0;

    for (uint32_t i = 0; i < sort->term_count; i++) {
        struct sort_column *column;

        if (sort->terms[i].key != RG_SORT_COLUMN)
            continue;
        column = &d->columns[count++];
        column->leaf_index = rg_schema_find_leaf(schema, rg_span_of(sort->terms[i].column));
        column->order = column->leaf_index < schema->leaf_count
                            ? rg_order_of(schema, column->leaf_index)
                            : RG_ORDER_NONE;
    }
}

static enum rg_status describe_bounds(const struct describer *d, const struct rg_row_group *from,
                                      struct rg_plan_row_group *to, struct rg_error *err)
{
    const uint32_t count = d->options->order.column_count;
    struct rg_span *bounds;

    if (count == 0)
        return RG_OK;
    bounds = rg_arena_array(d->arena, count, sizeof *bounds);
    if (bounds == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for bounds");
    for (uint32_t i = 0; i < count; i++) {
        const struct sort_column *column = &d->columns[i];

        if (column->order == RG_ORDER_NONE)
            continue;
        const struct rg_column_chunk *chunk = &from->columns[column->leaf_index];
        const struct rg_statistics trusted = rg_statistics_trusted(
            &d->writer, column->order, &d->meta->schema.leaves[column->leaf_index],
            &chunk->statistics, chunk->value_count);
        RG_TRY(rg_plan_bound(column->order, trusted.min_value, d->arena, &bounds[i], err));
    }
    to->bounds = bounds;
    return RG_OK;
}

/* The most that a chunk can become when its dictionary is dissolved, as far as its footer tells. */
static uint64_t plain_bytes(const struct rg_leaf *leaf, const struct rg_column_chunk *chunk)
{
    const uint64_t width = rg_plain_bytes(leaf);

    if (chunk->value_count >= row_count_max)
        return 0;
    if (leaf->type == RG_TYPE_BYTE_ARRAY)
        return chunk->size_statistics.has_unencoded_bytes &&
                       chunk->size_statistics.unencoded_bytes < row_count_max
                   ? chunk->size_statistics.unencoded_bytes + 4 * chunk->value_count
                   : 0;
    /* At most 2^40 times 2^31: cut to what matters before it can overflow. */
    return width > rg_chunk_bytes_max / (chunk->value_count + 1) ? rg_chunk_bytes_max
                                                                 : width * chunk->value_count;
}

static enum rg_status describe_chunk(const struct describer *d, uint32_t leaf_index,
                                     const struct rg_column_chunk *chunk,
                                     struct rg_plan_row_group *to, struct rg_error *err)
{
    const struct rg_leaf *leaf = &d->meta->schema.leaves[leaf_index];
    const uint8_t codec = d->options->codec.codec;
    const bool is_kept = codec == RG_CODEC_KEEP || codec == chunk->codec;
    const uint64_t larger = chunk->compressed_bytes > chunk->uncompressed_bytes
                                ? chunk->compressed_bytes
                                : chunk->uncompressed_bytes;
    const uint64_t plain = plain_bytes(leaf, chunk);

    if (larger > rg_chunk_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT,
                       "a chunk of %" PRIu64 " bytes; outputs hold at most %" PRIu64, larger,
                       rg_chunk_bytes_max);
    to->compressed_bytes += chunk->compressed_bytes;
    to->uncompressed_bytes += chunk->uncompressed_bytes;
    to->weight_bytes += is_kept ? chunk->compressed_bytes : chunk->uncompressed_bytes / 3;
    if (larger > to->chunk_bytes_max)
        to->chunk_bytes_max = larger;
    if (plain > to->chunk_bytes_max)
        to->chunk_bytes_max = plain < rg_chunk_bytes_max ? plain : rg_chunk_bytes_max;
    /* A number that passes the cap alone is as good as any, and adds up without overflow. */
    const uint64_t values =
        chunk->value_count <= rg_chunk_values_max ? chunk->value_count : rg_chunk_values_max + 1;
    if (values > to->chunk_values_max)
        to->chunk_values_max = values;
    return RG_OK;
}

static enum rg_status describe_row_group(const struct describer *d, uint32_t index,
                                         struct rg_plan_row_group *to, struct rg_error *err)
{
    const struct rg_row_group *from = &d->meta->row_groups[index];
    char path[RG_PATH_TEXT_BYTES];

    *to = (struct rg_plan_row_group){.index = index, .row_count = from->row_count};
    if (from->row_count > row_count_max) {
        (void)rg_fail(err, RG_ERR_LIMIT, "%" PRIu64 " rows; at most %" PRIu64 " are read",
                      from->row_count, row_count_max);
        return rg_within(err, "row group %u", index);
    }
    for (uint32_t leaf = 0; leaf < d->meta->schema.leaf_count; leaf++)
        if (describe_chunk(d, leaf, &from->columns[leaf], to, err) != RG_OK)
            return rg_within(err, "row group %u: column %s", index,
                             rg_schema_path_text(&d->meta->schema,
                                                 d->meta->schema.leaves[leaf].element_index, path));
    return describe_bounds(d, from, to, err);
}

enum rg_status rg_plan_describe(const struct rg_file_meta *meta, const struct rg_options *options,
                                struct rg_arena *arena, struct rg_plan_file *file,
                                struct rg_error *err)
{
    struct describer d = {
        .meta = meta,
        .options = options,
        .arena = arena,
        .writer = rg_writer_parse(meta->created_by),
    };
    struct rg_plan_row_group *row_groups =
        rg_arena_array(arena, meta->row_group_count, sizeof *row_groups);
    uint32_t count = 0;

    if (row_groups == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %u row groups", meta->row_group_count);
    find_sort_columns(&d);
    for (uint32_t i = 0; i < meta->row_group_count; i++) {
        if (meta->row_groups[i].row_count == 0)
            continue;
        RG_TRY(describe_row_group(&d, i, &row_groups[count], err));
        count++;
    }
    file->row_groups = row_groups;
    file->row_group_count = count;
    return RG_OK;
}
