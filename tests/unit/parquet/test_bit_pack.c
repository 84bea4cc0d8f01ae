/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/bit_pack.h"

#include <string.h>

#include "support/test.h"

enum {
    GROUPS_MAX = 60,
    VALUES_MAX = GROUPS_MAX * 8,
};
static const uint8_t fence = 0xA5;

/* The definition: bit k of the stream is bit k % 8 of byte k / 8. */
static uint64_t value_at(const uint8_t *packed, uint32_t width, size_t index)
{
    uint64_t value = 0;

    for (uint32_t k = 0; k < width; k++) {
        const size_t bit = index * width + k;
        value |= (uint64_t)(packed[bit / 8] >> (bit % 8) & 1) << k;
    }
    return value;
}

/* Exactly as many bytes as the groups have, so that a sanitizer sees reads past them. */
static uint8_t *random_groups(struct test *t, struct choices *c, size_t bytes)
{
    uint8_t *packed = rg_alloc(&t->allocator, bytes);

    CHECK_MEMORY(packed);
    for (size_t i = 0; i < bytes; i++)
        packed[i] = (uint8_t)choose(c, 255);
    return packed;
}

static void unpacks_u32(struct test *t, struct choices *c)
{
    const uint32_t width = choose(c, 32);
    const size_t groups = choose(c, GROUPS_MAX);
    uint8_t *packed = random_groups(t, c, groups * width);
    uint32_t fast[VALUES_MAX + 1];
    uint32_t plain[VALUES_MAX + 1];
    uint8_t back[GROUPS_MAX * 32 + 1];

    fast[groups * 8] = fence;
    plain[groups * 8] = fence;
    rg_unpack_groups(packed, width, groups, fast);
    rg_unpack_groups_scalar(packed, width, groups, plain);
    for (size_t i = 0; i < groups * 8; i++) {
        CHECK_U64(fast[i], value_at(packed, width, i));
        CHECK_U64(plain[i], fast[i]);
    }
    CHECK_U64(fast[groups * 8], fence);
    CHECK_U64(plain[groups * 8], fence);

    back[groups * width] = fence;
    rg_pack_groups(fast, width, groups, back);
    CHECK(memcmp(back, packed, groups * width) == 0);
    CHECK_U64(back[groups * width], fence);
    rg_release(&t->allocator, packed, groups * width);
}

static void unpacks_u8(struct test *t, struct choices *c)
{
    const uint32_t width = choose(c, 8);
    const size_t groups = choose(c, GROUPS_MAX);
    uint8_t *packed = random_groups(t, c, groups * width);
    uint8_t fast[VALUES_MAX + 1];
    uint8_t plain[VALUES_MAX + 1];

    fast[groups * 8] = fence;
    plain[groups * 8] = fence;
    rg_unpack_groups_u8(packed, width, groups, fast);
    rg_unpack_groups_u8_scalar(packed, width, groups, plain);
    for (size_t i = 0; i < groups * 8; i++) {
        CHECK_U64(fast[i], value_at(packed, width, i));
        CHECK_U64(plain[i], fast[i]);
    }
    CHECK_U64(fast[groups * 8], fence);
    CHECK_U64(plain[groups * 8], fence);
    rg_release(&t->allocator, packed, groups * width);
}

static void unpacks_u64(struct test *t, struct choices *c)
{
    const uint32_t width = choose(c, 64);
    const size_t groups = choose(c, GROUPS_MAX);
    uint8_t *packed = random_groups(t, c, groups * width);
    uint64_t values[VALUES_MAX + 1];
    uint8_t back[GROUPS_MAX * 64 + 1];

    values[groups * 8] = fence;
    back[groups * width] = fence;
    rg_unpack_groups_u64(packed, width, groups, values);
    for (size_t i = 0; i < groups * 8; i++)
        CHECK_U64(values[i], value_at(packed, width, i));
    rg_pack_groups_u64(values, width, groups, back);
    CHECK(memcmp(back, packed, groups * width) == 0);
    CHECK_U64(values[groups * 8], fence);
    CHECK_U64(back[groups * width], fence);
    rg_release(&t->allocator, packed, groups * width);
}

TEST(values_of_all_widths_come_out_and_go_back)
{
    test_property(t, "unpacks_u32", 4000, unpacks_u32);
    test_property(t, "unpacks_u8", 1500, unpacks_u8);
    test_property(t, "unpacks_u64", 3000, unpacks_u64);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"values_of_all_widths_come_out_and_go_back", values_of_all_widths_come_out_and_go_back},
    };

    return test_main("parquet/bit_pack", cases, sizeof cases / sizeof cases[0], argc, argv);
}
