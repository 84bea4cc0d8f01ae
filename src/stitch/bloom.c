/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Split block bloom filters (parquet-format BloomFilter.md).
 *
 * The upper half of a value's hash picks a block: the hash space is cut into as many equal ranges
 * as there are blocks. The lower half picks one bit in each of the block's eight words, whatever
 * the number of blocks. Hence block i of a filter with z blocks speaks for the hashes of range i,
 * and in a filter of any other size it may be put (by OR) into every block whose range overlaps
 * it: what was in the filter is found in the new one, so a union has no false negatives. Where one
 * size divides the other, nothing but the block's own values gets more positives by that.
 *
 * The rate of false positives needs no values: a value that is not there hits block i with
 * probability 1 / z, and passes it if its bit is set in each of the eight words. The mean over
 * blocks is counted in integers, so that decisions do not hang on how a machine rounds.
 */

#include "stitch/bloom.h"

#include <string.h>

#include "base/checked.h"
#include "base/hash.h"
#include "parquet/schema.h"

enum {
    BLOCK_BYTES = 32,
    BLOCK_WORDS = 8,
};

/* parquet-java reads no more than this: 128 MiB (BlockSplitBloomFilter.UPPER_BOUND_BYTES). */
static const uint32_t blocks_max = UINT32_C(1) << 22;
/* Of filters over values, not dictionaries: 16 MiB, 1 % of 12 million different values. Beyond that
 * a row group has more positives, rather than a filter that readers fetch for every lookup. */
static const uint32_t built_blocks_max = UINT32_C(1) << 19;

static const uint32_t salt[BLOCK_WORDS] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                           0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

/* Of the header: Thrift's compact protocol, four small fields. */
struct header_reader {
    const uint8_t *next;
    const uint8_t *end;
};

static bool next_header_byte(struct header_reader *r, uint8_t *ret_byte)
{
    if (r->next == r->end)
        return false;
    *ret_byte = *r->next++;
    return true;
}

static bool next_i32(struct header_reader *r, int32_t *ret_number)
{
    uint32_t zigzag = 0;
    uint8_t byte;

    for (uint32_t shift = 0; shift < 35; shift += 7) {
        if (!next_header_byte(r, &byte))
            return false;
        if (shift == 28 && byte > 15)
            return false;
        zigzag |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_number = (int32_t)(zigzag >> 1) ^ -(int32_t)(zigzag & 1);
            return true;
        }
    }
    return false;
}

/* A union in which the empty struct of field 1 is set; *ret_is_known false for another field. */
static bool next_choice(struct header_reader *r, bool *ret_is_known)
{
    static const uint8_t first_struct = 0x1c; /* Field + 1, type 12: struct. */
    uint8_t byte;

    if (!next_header_byte(r, &byte))
        return false;
    *ret_is_known = byte == first_struct;
    if (!*ret_is_known)
        return true;
    return next_header_byte(r, &byte) && byte == 0 && next_header_byte(r, &byte) && byte == 0;
}

enum rg_status rg_bloom_parse(struct rg_span bytes, struct rg_bloom *ret_bloom,
                              struct rg_error *err)
{
    static const char *const choices[] = {"algorithm", "hash", "compression"};
    int32_t bitset_bytes = -1;
    uint8_t byte;

    if (bytes.bytes == 0)
        return rg_fail(err, RG_ERR_CORRUPT, "bloom filter without a header");
    struct header_reader r = {bytes.data, bytes.data + bytes.bytes};
    /* Field 1, type 5: i32; then fields 2, 3, 4, type 12: unions. */
    if (!next_header_byte(&r, &byte) || byte != 0x15 || !next_i32(&r, &bitset_bytes))
        return rg_fail(err, RG_ERR_CORRUPT, "bloom filter header does not begin with its size");
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        bool is_known;

        if (!next_header_byte(&r, &byte) || byte != 0x1c || !next_choice(&r, &is_known))
            return rg_fail(err, RG_ERR_CORRUPT, "bloom filter header ends before its %s",
                           choices[i]);
        if (!is_known)
            return rg_fail(err, RG_ERR_UNSUPPORTED, "bloom filter with an unknown %s", choices[i]);
    }
    if (!next_header_byte(&r, &byte))
        return rg_fail(err, RG_ERR_CORRUPT, "bloom filter header does not end");
    if (byte != 0)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "bloom filter header with unknown fields");

    if (bitset_bytes <= 0 || bitset_bytes % BLOCK_BYTES != 0)
        return rg_fail(err, RG_ERR_CORRUPT, "bloom filter of %d bytes is not made of blocks",
                       bitset_bytes);
    if ((size_t)(r.end - r.next) < (size_t)bitset_bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "bloom filter has %zu of %d bytes",
                       (size_t)(r.end - r.next), bitset_bytes);
    *ret_bloom = (struct rg_bloom){r.next, (uint32_t)bitset_bytes / BLOCK_BYTES};
    return RG_OK;
}

enum rg_status rg_bloom_emit(const struct rg_bloom *bloom, struct rg_arena *arena,
                             struct rg_span *ret_bytes, struct rg_error *err)
{
    static const uint8_t behind_size[] = {0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0};
    const size_t bitset_bytes = (size_t)bloom->block_count * BLOCK_BYTES;
    uint8_t *bytes = rg_arena_alloc(arena, 6 + sizeof behind_size + bitset_bytes);
    uint32_t zigzag = (uint32_t)bitset_bytes * 2;
    size_t used = 0;

    if (bytes == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a bloom filter of %zu bytes",
                       bitset_bytes);
    bytes[used++] = 0x15;
    for (; zigzag >= 0x80; zigzag >>= 7)
        bytes[used++] = (uint8_t)(zigzag | 0x80);
    bytes[used++] = (uint8_t)zigzag;
    memcpy(bytes + used, behind_size, sizeof behind_size);
    used += sizeof behind_size;
    if (bitset_bytes > 0)
        memcpy(bytes + used, bloom->blocks, bitset_bytes);
    *ret_bytes = (struct rg_span){bytes, used + bitset_bytes};
    return RG_OK;
}

static uint32_t load_word(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t block_of(uint64_t hash, uint32_t block_count)
{
    return (uint32_t)(((hash >> 32) * block_count) >> 32);
}

/* The bit in the bytes of a block's word `i`: its place and its mask. */
static size_t byte_of(uint32_t low_hash, size_t i, uint8_t *ret_mask)
{
    const uint32_t bit = (low_hash * salt[i]) >> 27;

    *ret_mask = (uint8_t)(1U << (bit & 7));
    return i * 4 + bit / 8;
}

static void insert(uint8_t *blocks, uint32_t block_count, uint64_t hash)
{
    uint8_t *block = blocks + (size_t)block_of(hash, block_count) * BLOCK_BYTES;

    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        uint8_t mask;
        const size_t place = byte_of((uint32_t)hash, i, &mask);
        block[place] |= mask;
    }
}

bool rg_bloom_may_contain(const struct rg_bloom *bloom, uint64_t hash)
{
    if (bloom->block_count == 0)
        return true;
    const uint8_t *block = bloom->blocks + (size_t)block_of(hash, bloom->block_count) * BLOCK_BYTES;

    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        uint8_t mask;
        const size_t place = byte_of((uint32_t)hash, i, &mask);
        if ((block[place] & mask) == 0)
            return false;
    }
    return true;
}

/*
 * Sum over blocks of the products of their words' set bits: at most 2^40 for each of at most 2^26
 * blocks of a file (numBytes is an i32), so a double holds the sum of sums to 2^-13 at worst.
 */
double rg_bloom_false_positives(const struct rg_bloom *bloom)
{
    static const double combinations = 1099511627776.0; /* 32 to the power of 8. */
    uint64_t sum = 0;
    double total = 0;

    if (bloom->block_count == 0)
        return 1;
    for (uint32_t i = 0; i < bloom->block_count; i++) {
        const uint8_t *block = bloom->blocks + (size_t)i * BLOCK_BYTES;
        uint64_t product = 1;

        for (size_t word = 0; word < BLOCK_WORDS; word++)
            product *= (uint64_t)__builtin_popcount(load_word(block + word * 4));
        sum += product;
        if ((i & 0xfffff) == 0xfffff) {
            total += (double)sum;
            sum = 0;
        }
    }
    total += (double)sum;
    return total / combinations / bloom->block_count;
}

static void or_block(uint8_t *into, const uint8_t *from)
{
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        into[i] |= from[i];
}

/*
 * Every block into the blocks whose hashes it shares: block i of z speaks for upper halves h with
 * (h * z) >> 32 == i.
 */
static void or_filter(uint8_t *blocks, uint32_t block_count, const struct rg_bloom *filter)
{
    const uint64_t z = filter->block_count;

    for (uint64_t i = 0; i < z; i++) {
        const uint64_t first_hash = ((i << 32) + z - 1) / z;
        const uint64_t last_hash = (((i + 1) << 32) + z - 1) / z - 1;
        const uint64_t first = (first_hash * block_count) >> 32;
        const uint64_t last = (last_hash * block_count) >> 32;

        for (uint64_t j = first; j <= last; j++)
            or_block(blocks + j * BLOCK_BYTES, filter->blocks + i * BLOCK_BYTES);
    }
}

/* Adjacent blocks in pairs into the front half: the same filter with half the blocks. */
static void fold(uint8_t *into, const uint8_t *blocks, uint32_t block_count)
{
    for (uint32_t i = 0; i < block_count / 2; i++) {
        uint8_t pair[BLOCK_BYTES];

        memcpy(pair, blocks + (size_t)i * 2 * BLOCK_BYTES, BLOCK_BYTES);
        or_block(pair, blocks + ((size_t)i * 2 + 1) * BLOCK_BYTES);
        memcpy(into + (size_t)i * BLOCK_BYTES, pair, BLOCK_BYTES);
    }
}

/* The false positives that folding would leave. */
static double folded_false_positives(const struct rg_bloom *bloom)
{
    uint8_t piece[64 * BLOCK_BYTES];
    double sum = 0;

    for (uint32_t i = 0; i < bloom->block_count; i += 128) {
        const uint32_t left = bloom->block_count - i;
        const uint32_t count = left < 128 ? left : 128;
        const struct rg_bloom folded = {piece, count / 2};

        fold(piece, bloom->blocks + (size_t)i * BLOCK_BYTES, count);
        sum += rg_bloom_false_positives(&folded) * (count / 2);
    }
    return sum / (bloom->block_count / 2);
}

/* Some readers take powers of two only (ClickHouse#119230, parquet-java). */
static uint32_t power_of_two_from(uint64_t count)
{
    uint32_t power = 1;

    while (power < count && power < blocks_max)
        power *= 2;
    return power;
}

enum rg_status rg_bloom_merge(const struct rg_bloom *filters, size_t count, double rate_max,
                              struct rg_arena *arena, struct rg_bloom *ret_bloom, bool *ret_is_kept,
                              struct rg_error *err)
{
    uint32_t largest = 0;

    *ret_is_kept = count == 1 && filters[0].block_count > 0;
    if (count == 1) {
        *ret_bloom = filters[0];
        return RG_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (filters[i].blocks == NULL || filters[i].block_count == 0)
            return RG_OK;
        if (filters[i].block_count > largest)
            largest = filters[i].block_count;
    }
    if (largest == 0)
        return RG_OK;

    const uint32_t block_count = power_of_two_from(largest);
    uint8_t *blocks = rg_arena_array(arena, block_count, BLOCK_BYTES);
    if (blocks == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a bloom filter of %u blocks", block_count);
    for (size_t i = 0; i < count; i++)
        or_filter(blocks, block_count, &filters[i]);

    struct rg_bloom sum = {blocks, block_count};
    if (rg_bloom_false_positives(&sum) > rate_max)
        return RG_OK;
    while (sum.block_count > 1 && folded_false_positives(&sum) <= rate_max) {
        fold(blocks, blocks, sum.block_count);
        sum.block_count /= 2;
    }
    *ret_bloom = sum;
    *ret_is_kept = true;
    return RG_OK;
}

/*
 * The table of BloomFilter.md, Sizing: tenths of bits for each value; the next better row where
 * `rate` lies between two. Sizes are rounded up to powers of two, so more precision is of no use.
 */
static uint64_t decibits_for(double rate)
{
    static const struct {
        double rate;
        uint64_t decibits;
    } rows[] = {{0.1, 60}, {0.01, 105}, {0.001, 169}, {0.0001, 264}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rate >= rows[i].rate)
            return rows[i].decibits;
    }
    return 410;
}

static bool is_zero(struct rg_span value)
{
    for (size_t i = 0; i + 1 < value.bytes; i++) {
        if (value.data[i] != 0)
            return false;
    }
    return (value.data[value.bytes - 1] & 0x7f) == 0;
}

/* FLOAT or DOUBLE: the exponent has ones only, the fraction some. */
static bool is_nan(struct rg_span value)
{
    const uint32_t top = load_word(value.data + value.bytes - 4) & 0x7fffffff;
    const uint32_t infinity = value.bytes == 4 ? 0x7f800000 : 0x7ff00000;
    const bool has_more = value.bytes == 8 && load_word(value.data) != 0;

    return top > infinity || (top == infinity && has_more);
}

/*
 * Zeros go in with both signs: they are equal, but their bytes and hashes are not. So are all NaN
 * to Spark, which asks for the one that Java knows (run); other processors make that of the other
 * sign.
 */
static void insert_value(uint8_t *blocks, uint32_t block_count, const struct rg_leaf *leaf,
                         struct rg_span value)
{
    static const uint8_t zeros[2][8] = {{0}, {0, 0, 0, 0, 0, 0, 0, 0x80}};
    static const uint8_t float_nans[2][4] = {{0, 0, 0xc0, 0x7f}, {0, 0, 0xc0, 0xff}};
    static const uint8_t double_nans[2][8] = {{0, 0, 0, 0, 0, 0, 0xf8, 0x7f},
                                              {0, 0, 0, 0, 0, 0, 0xf8, 0xff}};
    const bool is_float = leaf->type == RG_TYPE_FLOAT || leaf->type == RG_TYPE_DOUBLE;

    insert(blocks, block_count, rg_hash_xxh64(value));
    if (!is_float)
        return;
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *zero = zeros[i] + 8 - value.bytes;
        const uint8_t *nan = value.bytes == 4 ? float_nans[i] : double_nans[i];
        const uint8_t *equal = is_zero(value) ? zero : is_nan(value) ? nan : NULL;

        if (equal != NULL)
            insert(blocks, block_count, rg_hash_xxh64((struct rg_span){equal, value.bytes}));
    }
}

/* Takes a BYTE_ARRAY off the front of `plain`; false when it ends early. */
static bool next_byte_array(struct rg_span *plain, struct rg_span *ret_value)
{
    if (plain->bytes < 4)
        return false;
    const size_t bytes = load_word(plain->data);
    if (bytes > plain->bytes - 4)
        return false;
    *ret_value = (struct rg_span){plain->data + 4, bytes};
    plain->data += 4 + bytes;
    plain->bytes -= 4 + bytes;
    return true;
}

static uint32_t blocks_for(uint64_t value_count, double rate, uint32_t count_max)
{
    const uint64_t bits = value_count * decibits_for(rate) / 10;
    const uint32_t count = power_of_two_from(bits / (8 * BLOCK_BYTES) + 1);

    return count < count_max ? count : count_max;
}

static enum rg_status begin(struct rg_bloom_build *build, const struct rg_leaf *leaf,
                            uint32_t block_count, struct rg_arena *arena, struct rg_error *err)
{
    if (leaf->type == RG_TYPE_BOOLEAN)
        return rg_fail(err, RG_ERR_UNSUPPORTED, "no bloom filters of booleans");
    uint8_t *blocks = rg_arena_array(arena, block_count, BLOCK_BYTES);
    if (blocks == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a bloom filter of %u blocks", block_count);
    *build = (struct rg_bloom_build){leaf, blocks, block_count};
    return RG_OK;
}

enum rg_status rg_bloom_add(struct rg_bloom_build *build, struct rg_span plain,
                            uint32_t value_count, struct rg_error *err)
{
    const size_t width = rg_plain_bytes(build->leaf);
    size_t needed;

    if (!rg_mul_size(width, value_count, &needed) || needed > plain.bytes)
        return rg_fail(err, RG_ERR_CORRUPT, "%zu bytes cannot hold %u dictionary entries",
                       plain.bytes, value_count);
    for (uint32_t i = 0; i < value_count; i++) {
        struct rg_span value = {plain.data + (size_t)i * width, width};

        if (build->leaf->type == RG_TYPE_BYTE_ARRAY && !next_byte_array(&plain, &value))
            return rg_fail(err, RG_ERR_CORRUPT, "dictionary ends at entry %u of %u", i,
                           value_count);
        insert_value(build->blocks, build->block_count, build->leaf, value);
    }
    return RG_OK;
}

enum rg_status rg_bloom_of_dictionary(const struct rg_leaf *leaf, struct rg_span plain,
                                      uint32_t entry_count, double rate, struct rg_arena *arena,
                                      struct rg_bloom *ret_bloom, struct rg_error *err)
{
    struct rg_bloom_build build;

    RG_TRY(begin(&build, leaf, blocks_for(entry_count, rate, blocks_max), arena, err));
    RG_TRY(rg_bloom_add(&build, plain, entry_count, err));
    *ret_bloom = (struct rg_bloom){build.blocks, build.block_count};
    return RG_OK;
}

enum rg_status rg_bloom_begin(struct rg_bloom_build *build, const struct rg_leaf *leaf,
                              uint64_t value_count, double rate, struct rg_arena *arena,
                              struct rg_error *err)
{
    return begin(build, leaf, blocks_for(value_count, rate, built_blocks_max), arena, err);
}

struct rg_bloom rg_bloom_end(struct rg_bloom_build *build, double rate)
{
    struct rg_bloom bloom = {build->blocks, build->block_count};

    while (bloom.block_count > 1 && folded_false_positives(&bloom) <= rate) {
        fold(build->blocks, build->blocks, bloom.block_count);
        bloom.block_count /= 2;
    }
    return bloom;
}

uint64_t rg_bloom_bytes_for(uint64_t value_count, double rate)
{
    return (uint64_t)blocks_for(value_count, rate, built_blocks_max) * BLOCK_BYTES;
}
