/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/snappy_int64.h"

#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "parquet/codec.h"
#include "support/test.h"

/* What a snappy library makes of it again. */
static void check_round_trip(struct test *t, const uint64_t *values, size_t count)
{
    const struct rg_span raw = {(const uint8_t *)values, count * 8};
    struct rg_codec_context *codecs = rg_codec_context_new(&t->allocator);
    struct rg_arena arena;

    CHECK_MEMORY(codecs);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    uint8_t *packed = rg_arena_alloc(&arena, rg_snappy_int64_bound(raw.bytes));
    uint8_t *again = rg_arena_alloc(&arena, raw.bytes + rg_slack_bytes);
    CHECK_MEMORY(packed);
    CHECK_MEMORY(again);
    const size_t bytes = rg_snappy_int64(raw, packed);
    CHECK(bytes <= rg_snappy_int64_bound(raw.bytes));
    CHECK_OK(rg_codec_decompress(codecs, RG_CODEC_SNAPPY, (struct rg_span){packed, bytes}, again,
                                 raw.bytes, &t->err));
    const struct rg_span got = {again, raw.bytes};
    CHECK_SPAN(got, raw);
    rg_arena_fini(&arena);
    rg_codec_context_free(codecs);
}

static void property_any_values_come_back(struct test *t, struct choices *c)
{
    uint64_t values[20000];
    const size_t count = choose(c, choose(c, 9) == 0 ? 20000 : 300);
    const uint32_t style = choose(c, 4);
    uint64_t last = choose_u64(c);

    for (size_t i = 0; i < count; i++) {
        switch (style) {
        case 0: /* Close to one another. */
            last += choose(c, 70000);
            break;
        case 1: /* Small. */
            last = choose(c, 1000000);
            break;
        case 2: /* Few. */
            last = choose(c, 3);
            break;
        case 3: /* Many high parts, so that copies look back far. */
            last = (uint64_t)choose(c, 2000) << 16 | choose(c, 65535);
            break;
        default:
            last = choose_u64(c);
            break;
        }
        values[i] = last;
    }
    check_round_trip(t, values, count);
}

TEST(any_values_come_back)
{
    test_property(t, "any values come back", 500, property_any_values_come_back);
}

TEST(close_values_shrink)
{
    static uint64_t values[1000];
    static uint8_t packed[9000];

    for (size_t i = 0; i < 1000; i++)
        values[i] = UINT64_C(1700000000000000) + i * 37;
    const struct rg_span raw = SPAN(values);
    CHECK(rg_snappy_int64(raw, packed) < 5100);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"any_values_come_back", any_values_come_back},
        {"close_values_shrink", close_values_shrink},
    };

    return test_main("stitch/snappy_int64", cases, sizeof cases / sizeof cases[0], argc, argv);
}
