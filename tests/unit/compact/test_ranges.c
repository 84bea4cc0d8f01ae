/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/ranges.h"

#include "support/test.h"

static const struct rg_range_options small_gaps = {
    .gap_bytes_max = 10,
    .gaps_bytes_max = UINT64_MAX,
    .request_bytes_max = 100,
};

TEST(neighbours_are_read_together)
{
    struct rg_extent extents[] = {{500, 20, 0}, {100, 50, 0}, {155, 10, 0}, {300, 0, 0}};
    struct rg_range_plan plan;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_ranges_plan(extents, 4, &small_gaps, &arena, &plan, &t->err));
    CHECK_U64(plan.request_count, 2);
    CHECK_U64(plan.requests[0].offset, 100);
    CHECK_U64(plan.requests[0].bytes, 65);
    CHECK_U64(plan.requests[1].offset, 500);
    CHECK_U64(plan.requests[1].buffer_offset, 65);
    CHECK_U64(extents[2].buffer_offset, 55);
    CHECK_U64(extents[0].buffer_offset, 65);
    CHECK_U64(plan.buffer_bytes, 85);
    CHECK_U64(plan.gaps_bytes, 5);
    rg_arena_fini(&arena);
}

TEST(long_ranges_are_cut)
{
    struct rg_extent extents[] = {{7, 250, 0}};
    struct rg_range_plan plan;
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_ranges_plan(extents, 1, &small_gaps, &arena, &plan, &t->err));
    CHECK_U64(plan.request_count, 3);
    CHECK_U64(plan.requests[2].offset, 207);
    CHECK_U64(plan.requests[2].bytes, 50);
    CHECK_U64(plan.requests[2].buffer_offset, 200);
    rg_arena_fini(&arena);
}

TEST(gaps_take_no_more_than_they_may)
{
    static const struct {
        const char *about;
        uint64_t gaps_bytes_max;
        uint64_t gap_bytes_min;
        size_t requests;
        uint64_t gaps_bytes;
    } rows[] = {
        {"both gaps", 12, 0, 1, 12},          {"only the small one", 11, 0, 2, 3},
        {"just the small one", 3, 0, 2, 3},   {"none", 2, 0, 3, 0},
        {"the small one always", 2, 3, 2, 3}, {"both always", 0, 10, 1, 12},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_range_options options = {
            .gap_bytes_max = 10,
            .gaps_bytes_max = rows[i].gaps_bytes_max,
            .gap_bytes_min = rows[i].gap_bytes_min,
            .request_bytes_max = 1000,
        };
        struct rg_extent extents[] = {{0, 10, 0}, {19, 10, 0}, {32, 10, 0}};
        struct rg_range_plan plan;
        struct rg_arena arena;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        CHECK_OK(rg_ranges_plan(extents, 3, &options, &arena, &plan, &t->err));
        if (plan.request_count != rows[i].requests)
            test_fail(__FILE__, __LINE__, "%s: %zu requests", rows[i].about, plan.request_count);
        CHECK_U64(plan.gaps_bytes, rows[i].gaps_bytes);
        CHECK_U64(plan.gaps_bytes_wanted, 12);
        rg_arena_fini(&arena);
    }
}

enum {
    file_bytes = 2200
};

/*
 * The rule in its naive form, byte by byte: fills `is_read` with what is read of a file when gaps
 * up to gap_bytes_max are, and returns how many bytes of that nobody wants.
 */
static uint64_t mark_read(const bool is_wanted[file_bytes], uint64_t gap_bytes_max,
                          bool is_read[file_bytes])
{
    uint64_t gaps = 0;
    size_t after = SIZE_MAX; /* Behind the last byte that is wanted. */

    for (size_t i = 0; i < file_bytes; i++) {
        is_read[i] = is_wanted[i];
        if (!is_wanted[i])
            continue;
        if (after != SIZE_MAX && i - after <= gap_bytes_max) {
            for (size_t j = after; j < i; j++)
                is_read[j] = true;
            gaps += i - after;
        }
        after = i + 1;
    }
    return gaps;
}

/* The naive plan: a request ends where bytes are not read any more, or where it is full. */
static size_t list_naive(const bool is_read[file_bytes], uint64_t request_bytes_max,
                         struct rg_request requests[file_bytes])
{
    size_t count = 0;
    uint64_t placed = 0;

    for (size_t i = 0; i < file_bytes; i++) {
        if (!is_read[i])
            continue;
        const bool goes_on = i > 0 && is_read[i - 1];
        if (!goes_on || requests[count - 1].bytes == request_bytes_max)
            requests[count++] = (struct rg_request){i, 0, placed};
        requests[count - 1].bytes++;
        placed++;
    }
    return count;
}

static void requests_are_those_of_the_naive_plan(struct test *t, struct choices *c)
{
    struct rg_extent extents[20];
    bool is_wanted[file_bytes] = {false};
    bool is_read[file_bytes];
    struct rg_request naive[file_bytes];
    const uint32_t count = choose(c, 20);
    const uint32_t gap_bytes_max = choose(c, 60);
    const struct rg_range_options options = {
        .gap_bytes_max = gap_bytes_max,
        .gaps_bytes_max = choose_bool(c) ? UINT64_MAX : choose(c, 200),
        .gap_bytes_min = choose_bool(c) ? 0 : choose(c, gap_bytes_max),
        .request_bytes_max = 1 + choose(c, 200),
    };
    struct rg_range_plan plan;
    struct rg_arena arena;

    for (uint32_t i = 0; i < count; i++) {
        extents[i] = (struct rg_extent){choose(c, 2000), choose(c, 150), 0};
        for (uint64_t j = 0; j < extents[i].bytes; j++)
            is_wanted[extents[i].offset + j] = true;
    }
    uint64_t gap_max = options.gap_bytes_max;
    const uint64_t gaps_wanted = mark_read(is_wanted, gap_max, is_read);
    while (gap_max > options.gap_bytes_min &&
           mark_read(is_wanted, gap_max, is_read) > options.gaps_bytes_max)
        gap_max = gap_max / 2 < options.gap_bytes_min ? options.gap_bytes_min : gap_max / 2;
    (void)mark_read(is_wanted, gap_max, is_read);
    const size_t naive_count = list_naive(is_read, options.request_bytes_max, naive);

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_ranges_plan(extents, count, &options, &arena, &plan, &t->err));
    CHECK_U64(plan.request_count, naive_count);
    uint64_t bytes = 0;
    for (size_t i = 0; i < naive_count; i++) {
        CHECK_U64(plan.requests[i].offset, naive[i].offset);
        CHECK_U64(plan.requests[i].bytes, naive[i].bytes);
        CHECK_U64(plan.requests[i].buffer_offset, naive[i].buffer_offset);
        bytes += naive[i].bytes;
    }
    CHECK_U64(plan.buffer_bytes, bytes);
    CHECK_U64(plan.gaps_bytes_wanted, gaps_wanted);
    CHECK_U64(plan.gaps_bytes, mark_read(is_wanted, gap_max, is_read));

    /* A file whose byte i has the value i mod 251: every extent gets its bytes. */
    uint8_t buffer[file_bytes];
    for (size_t i = 0; i < plan.request_count; i++) {
        const struct rg_request *request = &plan.requests[i];

        for (uint64_t j = 0; j < request->bytes; j++)
            buffer[request->buffer_offset + j] = (uint8_t)((request->offset + j) % 251);
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint64_t j = 0; j < extents[i].bytes; j++)
            CHECK_U64(buffer[extents[i].buffer_offset + j], (extents[i].offset + j) % 251);
    }
    rg_arena_fini(&arena);
}

TEST(any_extents)
{
    test_property(t, "requests_are_those_of_the_naive_plan", 3000,
                  requests_are_those_of_the_naive_plan);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"neighbours_are_read_together", neighbours_are_read_together},
        {"long_ranges_are_cut", long_ranges_are_cut},
        {"gaps_take_no_more_than_they_may", gaps_take_no_more_than_they_may},
        {"any_extents", any_extents},
    };

    return test_main("compact/ranges", cases, sizeof cases / sizeof cases[0], argc, argv);
}
