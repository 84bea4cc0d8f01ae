/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/bloom.h"

#include <string.h>

#include "base/hash.h"
#include "support/test.h"

enum {
    BLOCK_BYTES = 32
};

/* A filter of given size over the numbers first .. first + count, by way of the module itself. */
static enum rg_status filter_of(uint64_t first, uint32_t count, uint32_t block_count,
                                struct rg_arena *arena, struct rg_bloom *ret, struct rg_error *err)
{
    uint8_t *bits = rg_arena_array(arena, block_count, BLOCK_BYTES);

    if (bits == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory");
    for (uint32_t i = 0; i < count; i++) {
        /* The specification's own words, bit by bit, as a model of what the module does. */
        static const uint32_t salt[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                         0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
        const uint64_t value = first + i;
        const uint64_t h = rg_hash_xxh64((struct rg_span){(const uint8_t *)&value, 8});
        const uint64_t block = ((h >> 32) * block_count) >> 32;
        for (size_t word = 0; word < 8; word++) {
            const uint32_t bit = ((uint32_t)h * salt[word]) >> 27;
            bits[block * BLOCK_BYTES + word * 4 + bit / 8] |= (uint8_t)(1U << bit % 8);
        }
    }
    *ret = (struct rg_bloom){bits, block_count};
    return RG_OK;
}

static bool contains(const struct rg_bloom *bloom, uint64_t value)
{
    return rg_bloom_may_contain(bloom, rg_hash_xxh64((struct rg_span){(const uint8_t *)&value, 8}));
}

/* Filters of any sizes, at a rate that keeps all of them. */
static void merged_filters_forget_nothing(struct test *t, struct choices *c)
{
    struct rg_bloom filters[4];
    uint32_t counts[4];
    struct rg_arena arena;
    struct rg_bloom sum;
    bool is_kept = false;
    const size_t count = 1 + choose(c, 3);
    enum rg_status status = RG_OK;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < count && status == RG_OK; i++) {
        const bool is_power = choose_bool(c);
        const uint32_t blocks = is_power ? UINT32_C(1) << choose(c, 9) : 1 + choose(c, 700);
        counts[i] = choose(c, 60);
        status = filter_of(i * 1000, counts[i], blocks, &arena, &filters[i], &t->err);
    }
    const double rate = choose_bool(c) ? 1 : 0.01;
    if (status == RG_OK)
        status = rg_bloom_merge(filters, count, rate, &arena, &sum, &is_kept, &t->err);
    if (status == RG_OK && is_kept) {
        CHECK(count == 1 || (sum.block_count & (sum.block_count - 1)) == 0);
        CHECK(count == 1 || rg_bloom_false_positives(&sum) <= rate);
        for (size_t i = 0; i < count; i++) {
            for (uint32_t j = 0; j < counts[i]; j++)
                CHECK(contains(&sum, i * 1000 + j));
        }
    }
    CHECK(status != RG_OK || is_kept || rate < 1);
    rg_arena_fini(&arena);
}

TEST(a_merge_has_no_false_negatives)
{
    test_property(t, "bloom merge", 2000, merged_filters_forget_nothing);
}

/* Values of any type in a dictionary; each is found by the hash of its bytes. */
static void dictionaries_are_found(struct test *t, struct choices *c)
{
    static const struct rg_leaf leaves[] = {
        {.type = RG_TYPE_INT32},      {.type = RG_TYPE_INT64},
        {.type = RG_TYPE_INT96},      {.type = RG_TYPE_FLOAT},
        {.type = RG_TYPE_DOUBLE},     {.type = RG_TYPE_FIXED_LEN_BYTE_ARRAY, .type_length = 5},
        {.type = RG_TYPE_BYTE_ARRAY},
    };
    static const size_t widths[] = {4, 8, 12, 4, 8, 5, 0};
    static const double rates[] = {0.3, 0.05, 0.01, 0.002, 0.0005, 0.00001};
    const uint32_t kind = choose(c, 6);
    const uint32_t count = choose(c, 100);
    uint8_t plain[100 * 24];
    struct rg_span values[100];
    struct rg_arena arena;
    struct rg_bloom bloom;
    size_t used = 0;

    for (uint32_t i = 0; i < count; i++) {
        size_t width = widths[kind];
        if (width == 0) {
            width = choose(c, 20);
            memset(plain + used, 0, 4);
            plain[used] = (uint8_t)width;
            used += 4;
        }
        values[i] = (struct rg_span){plain + used, width};
        for (size_t j = 0; j < width; j++)
            plain[used++] = (uint8_t)choose(c, 255);
    }
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const double rate = rates[choose(c, 5)];
    const enum rg_status status = rg_bloom_of_dictionary(
        &leaves[kind], (struct rg_span){plain, used}, count, rate, &arena, &bloom, &t->err);
    if (status == RG_OK) {
        for (uint32_t i = 0; i < count; i++)
            CHECK(rg_bloom_may_contain(&bloom, rg_hash_xxh64(values[i])));
        CHECK((bloom.block_count & (bloom.block_count - 1)) == 0);
    } else {
        CHECK(status == RG_ERR_NOMEM);
    }
    rg_arena_fini(&arena);
}

TEST(a_dictionary_has_no_false_negatives)
{
    test_property(t, "bloom of dictionary", 2000, dictionaries_are_found);
}

/* Values that come again and again: the filter shrinks to those that are different. */
static void built_filters_forget_nothing(struct test *t, struct choices *c)
{
    const struct rg_leaf leaf = {.type = RG_TYPE_INT64};
    const uint32_t distinct = 1 + choose(c, choose_bool(c) ? 20 : 3000);
    const uint32_t parts = 1 + choose(c, 3);
    struct rg_bloom_build build;
    struct rg_bloom bloom;
    struct rg_arena arena;
    uint64_t values[500];

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_bloom_begin(&build, &leaf, parts * 500, 0.01, &arena, &t->err));
    for (uint32_t part = 0; part < parts; part++) {
        for (uint32_t i = 0; i < 500; i++)
            values[i] = (part * 500 + i) % distinct;
        CHECK_OK(rg_bloom_add(&build, (struct rg_span){(const uint8_t *)values, sizeof values}, 500,
                              &t->err));
    }
    bloom = rg_bloom_end(&build, 0.02);
    for (uint32_t i = 0; i < distinct && i < parts * 500; i++)
        CHECK(contains(&bloom, i));
    /* Smaller than for as many different values, unless there are as many. */
    CHECK(bloom.block_count * 32 <= rg_bloom_bytes_for(parts * 500, 0.01));
    CHECK(distinct > 20 || bloom.block_count <= 2);
    rg_arena_fini(&arena);
}

TEST(a_filter_over_values_has_no_false_negatives)
{
    test_property(t, "bloom of values", 500, built_filters_forget_nothing);
}

TEST(zeros_are_found_under_both_signs)
{
    static const double zeros[2] = {0.0, -0.0};
    const struct rg_leaf leaf = {.type = RG_TYPE_DOUBLE};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < 2; i++) {
        const struct rg_span plain = {(const uint8_t *)&zeros[i], 8};
        struct rg_bloom bloom;

        CHECK_OK(rg_bloom_of_dictionary(&leaf, plain, 1, 0.01, &arena, &bloom, &t->err));
        for (size_t j = 0; j < 2; j++)
            CHECK(rg_bloom_may_contain(
                &bloom, rg_hash_xxh64((struct rg_span){(const uint8_t *)&zeros[j], 8})));
    }
    rg_arena_fini(&arena);
}

/* On little-endian machines a FLOAT is the first four bytes. */
TEST(nan_is_found_under_its_usual_names)
{
    static const struct {
        enum rg_type type;
        uint64_t value;
        uint64_t usual[2];
        bool is_nan;
    } rows[] = {
        {RG_TYPE_FLOAT, 0x7f800001, {0x7fc00000, 0xffc00000}, true},
        {RG_TYPE_FLOAT, 0xffc00000, {0x7fc00000, 0xffc00000}, true},
        {RG_TYPE_FLOAT, 0x7f800000, {0x7fc00000, 0xffc00000}, false}, /* Infinity. */
        {RG_TYPE_DOUBLE,
         UINT64_C(0xfff0000000000001),
         {UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000)},
         true},
        {RG_TYPE_DOUBLE,
         UINT64_C(0x7ff8000000000000),
         {UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000)},
         true},
        {RG_TYPE_DOUBLE,
         UINT64_C(0xfff0000000000000),
         {UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000)},
         false},
    };
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_leaf leaf = {.type = (uint8_t)rows[i].type};
        const size_t bytes = rows[i].type == RG_TYPE_FLOAT ? 4 : 8;
        const struct rg_span plain = {(const uint8_t *)&rows[i].value, bytes};
        struct rg_bloom bloom;

        CHECK_OK(rg_bloom_of_dictionary(&leaf, plain, 1, 0.0001, &arena, &bloom, &t->err));
        CHECK(rg_bloom_may_contain(&bloom, rg_hash_xxh64(plain)));
        for (size_t j = 0; j < 2; j++) {
            const struct rg_span usual = {(const uint8_t *)&rows[i].usual[j], bytes};

            CHECK(rg_bloom_may_contain(&bloom, rg_hash_xxh64(usual)) == rows[i].is_nan);
        }
    }
    rg_arena_fini(&arena);
}

TEST(false_positives_are_what_the_bits_say)
{
    static uint8_t empty[64];
    static uint8_t full[32];
    static uint8_t half[64];
    const struct rg_bloom none = {empty, 2};
    const struct rg_bloom all = {full, 1};
    const struct rg_bloom one_of_two = {half, 2};

    memset(full, 0xff, sizeof full);
    memset(half, 0xff, 32);
    CHECK(rg_bloom_false_positives(&none) == 0);
    CHECK(rg_bloom_false_positives(&all) == 1);
    CHECK(rg_bloom_false_positives(&one_of_two) == 0.5);
    /* Half of the bits in each of eight words: 2^-8. */
    memset(full, 0x55, sizeof full);
    CHECK(rg_bloom_false_positives(&all) == 1.0 / 256);
}

/* BloomFilter.md, Sizing: 26,214 values in 1,024 blocks give 1.26 %, twice as many 18 %. */
TEST(false_positives_are_those_of_the_specification)
{
    struct rg_arena arena;
    struct rg_bloom bloom;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(filter_of(0, 26214, 1024, &arena, &bloom, &t->err));
    const double once = rg_bloom_false_positives(&bloom);
    CHECK(once > 0.0120 && once < 0.0132);
    uint32_t found = 0;
    for (uint64_t i = 0; i < 100000; i++)
        found += contains(&bloom, 1000000 + i);
    CHECK(found > 1100 && found < 1420);
    CHECK_OK(filter_of(0, 52428, 1024, &arena, &bloom, &t->err));
    const double twice = rg_bloom_false_positives(&bloom);
    CHECK(twice > 0.17 && twice < 0.19);
    rg_arena_fini(&arena);
}

TEST(tight_filters_do_not_merge_and_loose_ones_shrink)
{
    struct rg_bloom filters[3];
    struct rg_arena arena;
    struct rg_bloom sum;
    bool is_kept;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < 3; i++)
        CHECK_OK(filter_of(i * 100000, 26214, 1024, &arena, &filters[i], &t->err));
    CHECK_OK(rg_bloom_merge(filters, 3, 0.02, &arena, &sum, &is_kept, &t->err));
    CHECK(!is_kept);
    CHECK_OK(rg_bloom_merge(filters, 1, 0.001, &arena, &sum, &is_kept, &t->err));
    CHECK(is_kept && sum.blocks == filters[0].blocks);

    /* parquet-java's default of a million values for 100: 3,300 values need 2^8 blocks. */
    for (size_t i = 0; i < 3; i++)
        CHECK_OK(filter_of(i * 100000, 1100, 32768, &arena, &filters[i], &t->err));
    CHECK_OK(rg_bloom_merge(filters, 3, 0.01, &arena, &sum, &is_kept, &t->err));
    CHECK(is_kept);
    CHECK_U64(sum.block_count, 256);

    filters[1].blocks = NULL;
    CHECK_OK(rg_bloom_merge(filters, 3, 1, &arena, &sum, &is_kept, &t->err));
    CHECK(!is_kept);
    CHECK_OK(rg_bloom_merge(filters, 0, 1, &arena, &sum, &is_kept, &t->err));
    CHECK(!is_kept);
    rg_arena_fini(&arena);
}

/* The first and the last hash of every block are found wherever the block went. */
TEST(blocks_reach_to_the_ends_of_their_ranges)
{
    static const uint32_t sizes[] = {3, 5, 6, 7, 12, 100, 513};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint64_t z = sizes[i];
        uint8_t *bits = rg_arena_array(&arena, z, BLOCK_BYTES);
        CHECK_MEMORY(bits);
        const struct rg_bloom filters[2] = {{bits, (uint32_t)z}, {bits, (uint32_t)z}};
        double block_count = 1; /* Of the union. */

        while (block_count < (double)z)
            block_count *= 2;

        for (uint64_t block = 0; block < z; block++) {
            const uint64_t first = ((block << 32) + z - 1) / z;
            const uint64_t last = (((block + 1) << 32) + z - 1) / z - 1;
            struct rg_bloom sum;
            bool is_kept;

            /* Room for the three blocks that a range can overlap, so that little is folded. */
            memset(bits + block * BLOCK_BYTES, 0xff, BLOCK_BYTES);
            CHECK(rg_bloom_may_contain(&filters[0], first << 32));
            CHECK(rg_bloom_may_contain(&filters[0], last << 32));
            CHECK_OK(rg_bloom_merge(filters, 2, 3.0 / (double)z, &arena, &sum, &is_kept, &t->err));
            CHECK(is_kept && rg_bloom_may_contain(&sum, first << 32) &&
                  rg_bloom_may_contain(&sum, last << 32));
            memset(bits + block * BLOCK_BYTES, 0, BLOCK_BYTES);
        }
    }
    rg_arena_fini(&arena);
}

TEST(what_is_emitted_is_parsed_back)
{
    static const uint32_t counts[] = {1, 2, 3, 255, 256, 4096};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct rg_bloom bloom;
        struct rg_bloom parsed;
        struct rg_span bytes;

        CHECK_OK(filter_of(0, 20, counts[i], &arena, &bloom, &t->err));
        CHECK_OK(rg_bloom_emit(&bloom, &arena, &bytes, &t->err));
        CHECK_OK(rg_bloom_parse(bytes, &parsed, &t->err));
        CHECK_U64(parsed.block_count, counts[i]);
        CHECK(memcmp(parsed.blocks, bloom.blocks, (size_t)counts[i] * BLOCK_BYTES) == 0);
        CHECK_U64((uint64_t)(parsed.blocks - bytes.data) + (uint64_t)counts[i] * BLOCK_BYTES,
                  bytes.bytes);
    }
    rg_arena_fini(&arena);
}

#define UNION_ 0x1c, 0x1c, 0, 0

TEST(headers_that_are_none_are_refused)
{
    static const struct {
        const char *about;
        uint8_t bytes[52];
        size_t used;
        enum rg_status status;
        const char *text;
    } rows[] = {
        {"empty", {0}, 0, RG_ERR_CORRUPT, "without a header"},
        {"size missing", {0x15}, 1, RG_ERR_CORRUPT, "does not begin"},
        {"size too long",
         {0x15, 0xff, 0xff, 0xff, 0xff, 0x1f},
         6,
         RG_ERR_CORRUPT,
         "does not begin"},
        {"ends early", {0x15, 64, UNION_}, 6, RG_ERR_CORRUPT, "before its hash"},
        {"other algorithm",
         {0x15, 64, 0x1c, 0x2c, 0, 0},
         6,
         RG_ERR_UNSUPPORTED,
         "unknown algorithm"},
        {"other hash",
         {0x15, 64, UNION_, 0x1c, 0x3c, 0, 0},
         10,
         RG_ERR_UNSUPPORTED,
         "unknown hash"},
        {"compressed",
         {0x15, 64, UNION_, UNION_, 0x1c, 0x2c, 0, 0},
         14,
         RG_ERR_UNSUPPORTED,
         "unknown compression"},
        {"more fields",
         {0x15, 64, UNION_, UNION_, UNION_, 0x15, 2, 0},
         17,
         RG_ERR_UNSUPPORTED,
         "unknown fields"},
        {"no end", {0x15, 64, UNION_, UNION_, UNION_}, 14, RG_ERR_CORRUPT, "does not end"},
        {"no blocks", {0x15, 0, UNION_, UNION_, UNION_, 0}, 15, RG_ERR_CORRUPT, "0 bytes"},
        {"half a block", {0x15, 32, UNION_, UNION_, UNION_, 0}, 31, RG_ERR_CORRUPT, "16 bytes"},
        {"negative", {0x15, 1, UNION_, UNION_, UNION_, 0}, 15, RG_ERR_CORRUPT, "-1 bytes"},
        {"bitset ends", {0x15, 64, UNION_, UNION_, UNION_, 0}, 46, RG_ERR_CORRUPT, "31 of 32"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_span bytes = {rows[i].bytes, rows[i].used};
        struct rg_bloom bloom;

        CHECK_ERROR(rg_bloom_parse(bytes, &bloom, &t->err), rows[i].status, rows[i].text);
    }
}

TEST(dictionaries_that_end_early_are_corrupt)
{
    static const uint8_t plain[] = {1, 0, 0, 0, 'a', 9, 0, 0, 0, 'b'};
    const struct rg_leaf strings = {.type = RG_TYPE_BYTE_ARRAY};
    const struct rg_leaf ints = {.type = RG_TYPE_INT32};
    const struct rg_leaf booleans = {.type = RG_TYPE_BOOLEAN};
    struct rg_arena arena;
    struct rg_bloom bloom;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_ERROR(rg_bloom_of_dictionary(&strings, SPAN(plain), 2, 0.01, &arena, &bloom, &t->err),
                RG_ERR_CORRUPT, "ends at entry 1 of 2");
    CHECK_ERROR(rg_bloom_of_dictionary(&ints, SPAN(plain), 3, 0.01, &arena, &bloom, &t->err),
                RG_ERR_CORRUPT, "10 bytes cannot hold 3");
    CHECK_ERROR(rg_bloom_of_dictionary(&booleans, SPAN(plain), 3, 0.01, &arena, &bloom, &t->err),
                RG_ERR_UNSUPPORTED, "booleans");
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_merge_has_no_false_negatives", a_merge_has_no_false_negatives},
        {"a_dictionary_has_no_false_negatives", a_dictionary_has_no_false_negatives},
        {"a_filter_over_values_has_no_false_negatives",
         a_filter_over_values_has_no_false_negatives},
        {"zeros_are_found_under_both_signs", zeros_are_found_under_both_signs},
        {"nan_is_found_under_its_usual_names", nan_is_found_under_its_usual_names},
        {"false_positives_are_what_the_bits_say", false_positives_are_what_the_bits_say},
        {"false_positives_are_those_of_the_specification",
         false_positives_are_those_of_the_specification},
        {"tight_filters_do_not_merge_and_loose_ones_shrink",
         tight_filters_do_not_merge_and_loose_ones_shrink},
        {"blocks_reach_to_the_ends_of_their_ranges", blocks_reach_to_the_ends_of_their_ranges},
        {"what_is_emitted_is_parsed_back", what_is_emitted_is_parsed_back},
        {"headers_that_are_none_are_refused", headers_that_are_none_are_refused},
        {"dictionaries_that_end_early_are_corrupt", dictionaries_that_end_early_are_corrupt},
    };

    return test_main("stitch/bloom", cases, sizeof cases / sizeof cases[0], argc, argv);
}
