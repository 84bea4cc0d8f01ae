/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/ranges.h"

#include "support/test.h"

static const struct rg_range_options small_gaps = {.gap_bytes_max = 10, .request_bytes_max = 100};

TEST(neighbours_are_read_together)
{
    struct rg_extent extents[] = {{500, 20, 0}, {100, 50, 0}, {155, 10, 0}, {300, 0, 0}};
    struct rg_request *requests;
    size_t request_count;
    uint64_t bytes;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_ranges_plan(extents, 4, &small_gaps, &arena, &requests, &request_count, &bytes,
                            &t->err));
    CHECK_U64(request_count, 2);
    CHECK_U64(requests[0].offset, 100);
    CHECK_U64(requests[0].bytes, 65);
    CHECK_U64(requests[1].offset, 500);
    CHECK_U64(requests[1].buffer_offset, 65);
    CHECK_U64(extents[2].buffer_offset, 55);
    CHECK_U64(extents[0].buffer_offset, 65);
    CHECK_U64(bytes, 85);
    rg_arena_fini(&arena);
}

TEST(long_ranges_are_cut)
{
    struct rg_extent extents[] = {{7, 250, 0}};
    struct rg_request *requests;
    size_t request_count;
    uint64_t bytes;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_ranges_plan(extents, 1, &small_gaps, &arena, &requests, &request_count, &bytes,
                            &t->err));
    CHECK_U64(request_count, 3);
    CHECK_U64(requests[2].offset, 207);
    CHECK_U64(requests[2].bytes, 50);
    CHECK_U64(requests[2].buffer_offset, 200);
    rg_arena_fini(&arena);
}

/* A file whose byte i has the value i mod 251, fetched by the plan, gives every extent its bytes.
 */
static void every_extent_gets_its_bytes(struct test *t, struct choices *c)
{
    struct rg_extent extents[20];
    uint8_t buffer[8000];
    const uint32_t count = choose(c, 20);
    const struct rg_range_options options = {choose(c, 60), 1 + choose(c, 200)};
    struct rg_request *requests;
    size_t request_count;
    uint64_t bytes;
    struct rg_arena arena;

    for (uint32_t i = 0; i < count; i++)
        extents[i] = (struct rg_extent){choose(c, 2000), choose(c, 150), 0};
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_ranges_plan(extents, count, &options, &arena, &requests, &request_count, &bytes,
                            &t->err));
    CHECK(bytes <= sizeof buffer);
    uint64_t fetched = 0;
    for (size_t i = 0; i < request_count; i++) {
        CHECK(requests[i].bytes > 0 && requests[i].bytes <= options.request_bytes_max);
        for (uint64_t j = 0; j < requests[i].bytes; j++)
            buffer[requests[i].buffer_offset + j] = (uint8_t)((requests[i].offset + j) % 251);
        fetched += requests[i].bytes;
    }
    CHECK_U64(fetched, bytes);
    for (uint32_t i = 0; i < count; i++) {
        for (uint64_t j = 0; j < extents[i].bytes; j++)
            CHECK_U64(buffer[extents[i].buffer_offset + j], (extents[i].offset + j) % 251);
    }
    rg_arena_fini(&arena);
}

TEST(any_extents)
{
    test_property(t, "every_extent_gets_its_bytes", 2000, every_extent_gets_its_bytes);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"neighbours_are_read_together", neighbours_are_read_together},
        {"long_ranges_are_cut", long_ranges_are_cut},
        {"any_extents", any_extents},
    };

    return test_main("compact/ranges", cases, sizeof cases / sizeof cases[0], argc, argv);
}
