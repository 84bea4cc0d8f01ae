/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/kernels.h"

#include <string.h>

#include "parquet/bit_pack.h"
#include "support/test.h"

enum {
    COUNT_MAX = 300,
};

static void draw(struct choices *c, uint32_t *values, size_t count, uint32_t max)
{
    for (size_t i = 0; i < count; i++)
        values[i] = choose(c, max);
}

static void property_kernels_do_what_their_twins_do(struct test *t, struct choices *c)
{
    const size_t count = choose(c, COUNT_MAX);
    const uint32_t max = choose_bool(c) ? 7 : COUNT_MAX - 1;
    uint32_t values[COUNT_MAX];
    uint32_t mapped[2][COUNT_MAX];
    uint32_t map[COUNT_MAX];
    uint8_t table[COUNT_MAX * 8];
    uint8_t gathered[2][COUNT_MAX * 8 + 8];

    (void)t;
    draw(c, values, count, max);
    draw(c, map, COUNT_MAX, UINT32_MAX - 1);
    for (size_t i = 0; i < sizeof table; i++)
        table[i] = (uint8_t)choose(c, 255);

    CHECK(rg_kernel_max(values, count) == rg_kernel_max_scalar(values, count));

    memcpy(mapped[0], values, sizeof values[0] * count);
    memcpy(mapped[1], values, sizeof values[0] * count);
    CHECK(rg_kernel_map(mapped[0], count, map) == rg_kernel_map_scalar(mapped[1], count, map));
    CHECK(memcmp(mapped[0], mapped[1], sizeof values[0] * count) == 0);

    const uint32_t width = choose(c, 32);
    const size_t groups = count / 8;
    const uint32_t mask = width == 32 ? UINT32_MAX : (UINT32_C(1) << width) - 1;
    for (size_t i = 0; i < count; i++)
        mapped[0][i] = map[values[i]] & mask;
    rg_kernel_pack(mapped[0], width, groups, gathered[0]);
    rg_pack_groups(mapped[0], width, groups, gathered[1]);
    CHECK(memcmp(gathered[0], gathered[1], groups * width) == 0);

    rg_kernel_gather4(table, values, count, gathered[0]);
    rg_kernel_gather4_scalar(table, values, count, gathered[1]);
    CHECK(memcmp(gathered[0], gathered[1], count * 4) == 0);
    rg_kernel_gather8(table, values, count, gathered[0]);
    rg_kernel_gather8_scalar(table, values, count, gathered[1]);
    CHECK(memcmp(gathered[0], gathered[1], count * 8) == 0);
}

TEST(kernels_do_what_their_twins_do)
{
    test_property(t, "kernels do what their twins do", 3000,
                  property_kernels_do_what_their_twins_do);
}

static void property_ramps_are_told_from_what_nearly_is_one(struct test *t, struct choices *c)
{
    const size_t count = choose(c, COUNT_MAX);
    const uint32_t first = choose_bool(c) ? choose(c, 100) : UINT32_MAX - choose(c, 100);
    uint32_t values[COUNT_MAX];

    (void)t;
    for (size_t i = 0; i < count; i++)
        values[i] = first + (uint32_t)i;
    CHECK(rg_kernel_is_ramp(values, count, first));
    CHECK(rg_kernel_is_ramp_scalar(values, count, first));
    if (count == 0)
        return;
    const size_t at = choose(c, (uint32_t)count - 1);
    values[at] ^= UINT32_C(1) << choose(c, 31);
    CHECK(!rg_kernel_is_ramp(values, count, first));
    CHECK(!rg_kernel_is_ramp_scalar(values, count, first));
}

TEST(ramps_are_told_from_what_nearly_is_one)
{
    test_property(t, "ramps", 3000, property_ramps_are_told_from_what_nearly_is_one);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"kernels_do_what_their_twins_do", kernels_do_what_their_twins_do},
        {"ramps_are_told_from_what_nearly_is_one", ramps_are_told_from_what_nearly_is_one},
    };

    return test_main("stitch/kernels", cases, sizeof cases / sizeof cases[0], argc, argv);
}
