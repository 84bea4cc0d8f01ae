/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The last 64 bytes are eight hashes, what is in front a bloom filter: a filter that is taken is
 * written as it was read, and what it may contain stays in every filter that it is merged into.
 */

#include <string.h>

#include "base/arena.h"
#include "fuzz/fuzz.h"
#include "stitch/bloom.h"

enum {
    HASHES = 8
};

static void check_merge(const struct rg_bloom *bloom, const uint64_t *hashes,
                        struct rg_arena *arena)
{
    static const uint32_t sizes[] = {1, 3, 8, 21};
    struct rg_bloom filters[2] = {*bloom, {NULL, 0}};
    struct rg_bloom sum;
    struct rg_error err;
    bool is_kept;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint8_t *empty = rg_arena_array(arena, sizes[i], 32);
        FUZZ_CHECK(empty != NULL);
        filters[1] = (struct rg_bloom){empty, sizes[i]};
        FUZZ_CHECK(rg_bloom_merge(filters, 2, i % 2 == 0 ? 1 : 0.5, arena, &sum, &is_kept, &err) ==
                   RG_OK);
        FUZZ_CHECK(is_kept || i % 2 != 0);
        for (size_t j = 0; is_kept && j < HASHES; j++)
            FUZZ_CHECK(!rg_bloom_may_contain(bloom, hashes[j]) ||
                       rg_bloom_may_contain(&sum, hashes[j]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint64_t hashes[HASHES];
    struct rg_arena arena;
    struct rg_bloom bloom;
    struct rg_error err;

    if (bytes < sizeof hashes)
        return 0;
    const struct rg_span input = {data, bytes - sizeof hashes};
    memcpy(hashes, data + input.bytes, sizeof hashes);
    if (rg_bloom_parse(input, &bloom, &err) != RG_OK) {
        FUZZ_CHECK(err.status == RG_ERR_CORRUPT || err.status == RG_ERR_UNSUPPORTED);
        return 0;
    }
    FUZZ_CHECK(bloom.blocks + (size_t)bloom.block_count * 32 <= input.data + input.bytes);
    const double rate = rg_bloom_false_positives(&bloom);
    FUZZ_CHECK(rate >= 0 && rate <= 1);

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    struct rg_span out;
    struct rg_bloom again;
    FUZZ_CHECK(rg_bloom_emit(&bloom, &arena, &out, &err) == RG_OK);
    FUZZ_CHECK(rg_bloom_parse(out, &again, &err) == RG_OK);
    FUZZ_CHECK(again.block_count == bloom.block_count);
    FUZZ_CHECK(memcmp(again.blocks, bloom.blocks, (size_t)bloom.block_count * 32) == 0);
    check_merge(&bloom, hashes, &arena);
    rg_arena_fini(&arena);
    return 0;
}
