/* SPDX-License-Identifier: Apache-2.0 */

#include "weir/blocks.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "support/test.h"

enum {
    KIB = 1024,
    MIB = 1024 * 1024,
    PAGE = 4096,
    LIVE_MAX = 64,
};

#if defined(__SANITIZE_ADDRESS__)
static const bool has_runs = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
static const bool has_runs = false;
#else
static const bool has_runs = true;
#endif
#else
static const bool has_runs = true;
#endif

static void *hook_alloc(void *context, size_t bytes)
{
    return rg_alloc(context, bytes);
}

static void hook_release(void *context, void *memory, size_t bytes)
{
    rg_release(context, memory, bytes);
}

static void init_pool(struct test *t, struct weir_blocks *pool, uint64_t bytes_max)
{
    const struct weir_hooks hooks = {hook_alloc, hook_release, &t->allocator};

    CHECK(weir_blocks_init(pool, bytes_max, &hooks));
}

/* Pages of all segments that the system has given memory to. */
static uint64_t resident_pages(const struct weir_blocks *pool, unsigned char *map, size_t map_bytes)
{
    uint64_t count = 0;

    for (const struct weir_segment *segment = pool->segments; segment != NULL;
         segment = segment->next) {
        if (segment->pages > map_bytes || mincore(segment->memory, segment->pages * PAGE, map) != 0)
            return UINT64_MAX;
        for (size_t i = 0; i < segment->pages; i++)
            count += map[i] & 1;
    }
    return count;
}

TEST(memory_is_used_again_without_being_mapped_anew)
{
    struct weir_blocks pool;
    struct weir_block_list list = {0};

    init_pool(t, &pool, 64 * MIB);
    for (int i = 0; i < 20; i++) {
        void *a = weir_blocks_alloc(&pool, &list, 5 * MIB);
        void *b = weir_blocks_alloc(&pool, &list, 3 * MIB + 17);

        CHECK_MEMORY(a);
        CHECK_MEMORY(b);
        CHECK((uintptr_t)a % 64 == 0);
        memset(a, i, 5 * MIB);
        memset(b, i, 3 * MIB + 17);
        CHECK_U64(weir_blocks_release(&pool, &list, a), 5 * MIB);
        CHECK_U64(weir_blocks_release(&pool, &list, b), 3 * MIB + 17);
    }
    CHECK(!has_runs || pool.fresh_pages == 8 * MIB / PAGE + 1);
    CHECK_U64(pool.used_pages, 0);
    weir_blocks_purge(&pool);
    CHECK_U64(pool.dirty_pages, 0);
    weir_blocks_check(&pool);
    weir_blocks_fini(&pool);
}

TEST(free_memory_goes_back_before_more_becomes_resident)
{
    static unsigned char map[64 * MIB / PAGE];
    struct weir_blocks pool;
    struct weir_block_list list = {0};
    void *blocks[8];

    init_pool(t, &pool, 8 * MIB);
    for (int i = 0; i < 8; i++) {
        blocks[i] = weir_blocks_alloc(&pool, &list, MIB);
        CHECK_MEMORY(blocks[i]);
        memset(blocks[i], 1, MIB);
    }
    /* Every second one goes: four free runs of a MiB, none of which serves two. */
    for (int i = 0; i < 8; i += 2)
        (void)weir_blocks_release(&pool, &list, blocks[i]);
    void *large = weir_blocks_alloc(&pool, &list, 4 * MIB);
    CHECK_MEMORY(large);
    memset(large, 1, 4 * MIB);
    CHECK(!has_runs || pool.used_pages + pool.dirty_pages <= 8 * MIB / PAGE);
    CHECK(!has_runs || resident_pages(&pool, map, sizeof map) <= 8 * MIB / PAGE);
    weir_blocks_check(&pool);
    CHECK_U64(weir_blocks_release_all(&pool, &list), 8 * MIB);
    weir_blocks_fini(&pool);
}

static void allocate_and_release(struct test *t, struct choices *c)
{
    static unsigned char map[256 * MIB / PAGE];
    struct weir_blocks pool;
    struct weir_block_list lists[3] = {{0}, {0}, {0}};
    struct {
        unsigned char *memory;
        size_t bytes;
        uint32_t list;
        unsigned char mark;
    } live[LIVE_MAX];
    uint32_t count = 0;
    const uint64_t bytes_max = (uint64_t)(1 + choose(c, 31)) * MIB;
    uint64_t bytes_now = 0;

    init_pool(t, &pool, bytes_max);
    for (int step = 0; step < 200; step++) {
        const bool is_alloc = count == 0 || (count < LIVE_MAX && choose(c, 9) < 6);

        if (is_alloc) {
            const size_t scale = (size_t)1 << choose(c, 22);
            const size_t bytes = 1 + choose(c, (uint32_t)scale);
            const uint32_t list = choose(c, 2);

            if (bytes_now + bytes > bytes_max)
                continue;
            unsigned char *memory = weir_blocks_alloc(&pool, &lists[list], bytes);
            if (memory == NULL) {
                for (int i = 0; i < 3; i++)
                    (void)weir_blocks_release_all(&pool, &lists[i]);
                weir_blocks_fini(&pool);
                CHECK_MEMORY(NULL);
            }
            bytes_now += bytes;
            memset(memory, step, bytes);
            live[count].memory = memory;
            live[count].bytes = bytes;
            live[count].list = list;
            live[count++].mark = (unsigned char)step;
        } else {
            const uint32_t i = choose(c, count - 1);

            CHECK_U64(live[i].memory[0], live[i].mark);
            CHECK_U64(live[i].memory[live[i].bytes / 2], live[i].mark);
            CHECK_U64(live[i].memory[live[i].bytes - 1], live[i].mark);
            CHECK_U64(weir_blocks_release(&pool, &lists[live[i].list], live[i].memory),
                      live[i].bytes);
            bytes_now -= live[i].bytes;
            live[i] = live[--count];
        }
        weir_blocks_check(&pool);
        CHECK(pool.used_pages + pool.dirty_pages <=
              (pool.used_pages > pool.pages_max ? pool.used_pages : pool.pages_max));
    }
    CHECK(!has_runs ||
          resident_pages(&pool, map, sizeof map) <= pool.used_pages + pool.dirty_pages);
    uint64_t released = 0;
    for (int i = 0; i < 3; i++)
        released += weir_blocks_release_all(&pool, &lists[i]);
    CHECK_U64(released, bytes_now);
    weir_blocks_check(&pool);
    CHECK_U64(pool.used_pages, 0);
    CHECK_U64(pool.small_bytes, 0);
    weir_blocks_fini(&pool);
}

TEST(any_sequence_keeps_contents_and_bounds)
{
    test_property(t, "any_sequence_keeps_contents_and_bounds", 100, allocate_and_release);
}

/* What of address space is taken; a sanitizer takes more than there is memory in the world. */
static uint64_t address_space_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        (void)fclose(file);
    return (uint64_t)pages * PAGE;
}

TEST(where_address_space_is_short_segments_are_smaller)
{
    struct weir_blocks pool;
    struct weir_block_list list = {0};
    struct rlimit before;
    const uint64_t taken = address_space_bytes();
    uint32_t count = 0;

    if (!has_runs || taken == 0 || taken > (uint64_t)1 << 40)
        return;
    init_pool(t, &pool, (uint64_t)1 << 40);
    CHECK(getrlimit(RLIMIT_AS, &before) == 0);
    const struct rlimit tight = {.rlim_cur = taken + 24 * MIB, .rlim_max = before.rlim_max};
    CHECK(setrlimit(RLIMIT_AS, &tight) == 0);
    while (count < LIVE_MAX && weir_blocks_alloc(&pool, &list, MIB) != NULL)
        count++;
    CHECK(setrlimit(RLIMIT_AS, &before) == 0);
    if (count < 16)
        CHECK_MEMORY(NULL);
    CHECK(count <= 24);
    CHECK_U64(weir_blocks_release_all(&pool, &list), (uint64_t)count * MIB);
    weir_blocks_fini(&pool);
}

static const struct test_case cases[] = {
    {"memory_is_used_again_without_being_mapped_anew",
     memory_is_used_again_without_being_mapped_anew},
    {"free_memory_goes_back_before_more_becomes_resident",
     free_memory_goes_back_before_more_becomes_resident},
    {"any_sequence_keeps_contents_and_bounds", any_sequence_keeps_contents_and_bounds},
    {"where_address_space_is_short_segments_are_smaller",
     where_address_space_is_short_segments_are_smaller},
};

int main(int argc, char **argv)
{
    return test_main("weir/blocks", cases, sizeof cases / sizeof cases[0], argc, argv);
}
