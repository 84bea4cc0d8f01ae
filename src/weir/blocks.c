/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Small blocks come from malloc. Large ones are runs of pages of our own: steps of megabytes come
 * and go all the time, and memory that is mapped anew costs a page fault for every 4 KiB (0.25 us
 * and more: as much as copying the page twice), so what was resident is used again first.
 *
 * Segments of address space are mapped as needed. A segment is cut into runs, each of them used,
 * dirty (free and resident) or clean (free and not resident). A run is described by the entries of
 * its first and its last page in the segment's table; entries in between mean nothing.
 *
 *   (1) Runs of a segment follow one another without gap; the entries of a run's first and last
 *       page have its kind and its length.
 *   (2) Of two neighbours not both are dirty, nor both clean.
 *   (3) A free run is in the list of its kind and size class; a used one in its owner's list.
 *   (4) used_pages and dirty_pages are the sums over all segments.
 *   (5) After an allocation used_pages + dirty_pages <= pages_max, unless used_pages alone is more.
 *
 * So the resident memory of large blocks is at most the budgets, with each block rounded up to a
 * page. A request is served from a dirty run, the smallest class that fits, then from a clean one;
 * a clean page may only become resident when a dirty one goes if (5) asks for it.
 *
 * Where an address sanitizer is at work every block comes from malloc: it shall see each of them.
 */

#include "weir/blocks.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    ALIGNMENT = 64,
    PAGE_BYTES = 4096,
    SCAN_MAX = 16, /* Runs of one class that are tried. */
};

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef HAS_ADDRESS_SANITIZER
static const size_t large_bytes_min = SIZE_MAX;
#else
static const size_t large_bytes_min = 65536;
#endif

static const uint64_t segment_bytes_min = 16 * 1048576;
static const uint64_t segment_bytes_max = UINT64_C(1) << 30;

enum run_kind {
    RUN_USED = 1,
    RUN_DIRTY,
    RUN_CLEAN,
};

/* One page's entry. */
struct weir_run {
    struct weir_run *previous; /* In a list of free runs, or the owner's. */
    struct weir_run *next;
    size_t bytes; /* Used: as asked for. */
    uint32_t pages;
    uint32_t kind;
};

struct weir_small_block {
    struct weir_small_block *previous;
    struct weir_small_block *next;
    size_t bytes;
    char padding[ALIGNMENT - 2 * sizeof(void *) - sizeof(size_t)];
};

_Static_assert(sizeof(struct weir_small_block) == ALIGNMENT, "the header keeps the alignment");

bool weir_blocks_init(struct weir_blocks *pool, uint64_t bytes_max, const struct weir_hooks *hooks)
{
    uint64_t segment = bytes_max / 8;

    if (segment < segment_bytes_min)
        segment = segment_bytes_min;
    if (segment > segment_bytes_max)
        segment = segment_bytes_max;
    *pool = (struct weir_blocks){
        .hooks = *hooks,
        .pages_max = bytes_max / PAGE_BYTES,
        .segment_pages = (size_t)(segment / PAGE_BYTES),
    };
    return pthread_mutex_init(&pool->lock, NULL) == 0;
}

static void lock(struct weir_blocks *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
}

static void unlock(struct weir_blocks *pool)
{
    (void)pthread_mutex_unlock(&pool->lock);
}

static size_t table_bytes(size_t pages)
{
    const size_t bytes = (pages + 1) * sizeof(struct weir_run);

    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static void unmap_segment(const struct weir_blocks *pool, struct weir_segment *segment)
{
    (void)munmap(segment->memory, segment->pages * PAGE_BYTES);
    (void)munmap(segment->runs, table_bytes(segment->pages));
    weir_hooks_release(&pool->hooks, segment, sizeof *segment);
}

void weir_blocks_fini(struct weir_blocks *pool)
{
    while (pool->segments != NULL) {
        struct weir_segment *segment = pool->segments;

        pool->segments = segment->next;
        unmap_segment(pool, segment);
    }
    (void)pthread_mutex_destroy(&pool->lock);
}

/* Four to an octave. */
static uint32_t class_of(size_t pages)
{
    uint32_t octave = 0;

    while (pages >= 8) {
        pages >>= 1;
        octave++;
    }
    return pages < 4 ? (uint32_t)pages : 4 * octave + (uint32_t)pages;
}

static struct weir_run **list_of(struct weir_blocks *pool, uint32_t kind, size_t pages)
{
    return kind == RUN_DIRTY ? &pool->dirty[class_of(pages)] : &pool->clean[class_of(pages)];
}

static void link_run(struct weir_run **list, struct weir_run *run)
{
    run->previous = NULL;
    run->next = *list;
    if (*list != NULL)
        (*list)->previous = run;
    *list = run;
}

static void unlink_run(struct weir_run **list, struct weir_run *run)
{
    if (run->previous != NULL)
        run->previous->next = run->next;
    else
        *list = run->next;
    if (run->next != NULL)
        run->next->previous = run->previous;
}

static void set_run(struct weir_run *run, uint32_t pages, uint32_t kind)
{
    run->pages = pages;
    run->kind = kind;
    run[pages - 1].pages = pages;
    run[pages - 1].kind = kind;
}

static void take_free(struct weir_blocks *pool, struct weir_run *run)
{
    unlink_run(list_of(pool, run->kind, run->pages), run);
    if (run->kind == RUN_DIRTY)
        pool->dirty_pages -= run->pages;
}

static void put_free(struct weir_blocks *pool, struct weir_run *run, uint32_t pages, uint32_t kind)
{
    set_run(run, pages, kind);
    link_run(list_of(pool, kind, pages), run);
    if (kind == RUN_DIRTY)
        pool->dirty_pages += pages;
}

/* Makes a run free, together with neighbours of the same kind. */
static void merge_free(struct weir_blocks *pool, const struct weir_segment *segment,
                       struct weir_run *run, uint32_t kind)
{
    uint32_t pages = run->pages;
    struct weir_run *after = run + pages;

    /* The entry behind the last page is used, so that `after` needs no test. */
    if (after->kind == kind) {
        take_free(pool, after);
        pages += after->pages;
    }
    if (run > segment->runs && run[-1].kind == kind) {
        struct weir_run *before = run - run[-1].pages;

        take_free(pool, before);
        pages += before->pages;
        run = before;
    }
    put_free(pool, run, pages, kind);
}

static struct weir_segment *segment_of_run(const struct weir_blocks *pool,
                                           const struct weir_run *run)
{
    struct weir_segment *segment = pool->segments;

    while (run < segment->runs || run >= segment->runs + segment->pages)
        segment = segment->next;
    return segment;
}

static char *memory_of(const struct weir_segment *segment, const struct weir_run *run)
{
    return segment->memory + (size_t)(run - segment->runs) * PAGE_BYTES;
}

static void purge_run(struct weir_blocks *pool, struct weir_run *run)
{
    const struct weir_segment *segment = segment_of_run(pool, run);

    take_free(pool, run);
    pool->purged_pages += run->pages;
    (void)madvise(memory_of(segment, run), (size_t)run->pages * PAGE_BYTES, MADV_DONTNEED);
    merge_free(pool, segment, run, RUN_CLEAN);
}

/* Gives back dirty runs, large ones first, until `pages` more may become resident. */
static void make_room(struct weir_blocks *pool, uint64_t pages)
{
    for (uint32_t i = WEIR_BLOCK_CLASSES; i-- > 0;) {
        while (pool->dirty[i] != NULL &&
               pool->used_pages + pool->dirty_pages + pages > pool->pages_max)
            purge_run(pool, pool->dirty[i]);
    }
}

static void *map_pages(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static bool map_segment(struct weir_segment *segment, size_t pages)
{
    segment->pages = pages;
    segment->memory = map_pages(pages * PAGE_BYTES);
    segment->runs = map_pages(table_bytes(pages));
    if (segment->memory != NULL && segment->runs != NULL)
        return true;
    if (segment->memory != NULL)
        (void)munmap(segment->memory, pages * PAGE_BYTES);
    if (segment->runs != NULL)
        (void)munmap(segment->runs, table_bytes(pages));
    return false;
}

/* A smaller one than usual where address space is short: it has a limit of its own (ulimit -v). */
static bool add_segment(struct weir_blocks *pool, size_t pages_min)
{
    size_t pages = pages_min > pool->segment_pages ? pages_min : pool->segment_pages;

    if (pages > UINT32_MAX - 1 || pages > SIZE_MAX / PAGE_BYTES)
        return false;
    struct weir_segment *segment = weir_hooks_alloc(&pool->hooks, sizeof *segment);
    if (segment == NULL)
        return false;
    while (!map_segment(segment, pages)) {
        if (pages == pages_min) {
            weir_hooks_release(&pool->hooks, segment, sizeof *segment);
            return false;
        }
        pages = pages / 2 > pages_min ? pages / 2 : pages_min;
    }
    segment->next = pool->segments;
    pool->segments = segment;
    pool->mapped_pages += pages;
    segment->runs[pages].kind = RUN_USED;
    put_free(pool, segment->runs, (uint32_t)pages, RUN_CLEAN);
    return true;
}

static struct weir_run *find_free(struct weir_run *const *lists, size_t pages)
{
    for (uint32_t i = class_of(pages); i < WEIR_BLOCK_CLASSES; i++) {
        struct weir_run *run = lists[i];

        for (uint32_t k = 0; run != NULL && k < SCAN_MAX; k++) {
            if (run->pages >= pages)
                return run;
            run = run->next;
        }
    }
    return NULL;
}

static struct weir_run *find_run(struct weir_blocks *pool, size_t pages)
{
    struct weir_run *run = find_free(pool->dirty, pages);

    if (run != NULL)
        return run;
    make_room(pool, pages);
    run = find_free(pool->clean, pages);
    if (run == NULL && add_segment(pool, pages))
        run = find_free(pool->clean, pages);
    return run;
}

static void *alloc_large(struct weir_blocks *pool, struct weir_block_list *list, size_t bytes)
{
    const size_t pages = bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
    void *memory = NULL;

    if (pages > UINT32_MAX - 1)
        return NULL;
    lock(pool);
    struct weir_run *run = find_run(pool, pages);
    if (run != NULL) {
        const uint32_t kind = run->kind;
        const uint32_t rest = run->pages - (uint32_t)pages;

        take_free(pool, run);
        if (rest > 0)
            put_free(pool, run + pages, rest, kind);
        if (kind == RUN_CLEAN)
            pool->fresh_pages += pages;
        set_run(run, (uint32_t)pages, RUN_USED);
        run->bytes = bytes;
        link_run(&list->large, run);
        pool->used_pages += pages;
        memory = memory_of(segment_of_run(pool, run), run);
    }
    unlock(pool);
    return memory;
}

static void *alloc_small(struct weir_blocks *pool, struct weir_block_list *list, size_t bytes)
{
    void *memory;

    if (bytes > SIZE_MAX - ALIGNMENT ||
        posix_memalign(&memory, ALIGNMENT, sizeof(struct weir_small_block) + bytes) != 0)
        return NULL;
    struct weir_small_block *block = memory;
    lock(pool);
    *block = (struct weir_small_block){.next = list->small, .bytes = bytes};
    if (block->next != NULL)
        block->next->previous = block;
    list->small = block;
    pool->small_bytes += bytes;
    unlock(pool);
    return block + 1;
}

void *weir_blocks_alloc(struct weir_blocks *pool, struct weir_block_list *list, size_t bytes)
{
    return bytes < large_bytes_min ? alloc_small(pool, list, bytes)
                                   : alloc_large(pool, list, bytes);
}

static struct weir_run *run_of(const struct weir_blocks *pool, const char *memory,
                               struct weir_segment **ret_segment)
{
    for (struct weir_segment *segment = pool->segments; segment != NULL; segment = segment->next) {
        if (memory >= segment->memory && memory < segment->memory + segment->pages * PAGE_BYTES) {
            *ret_segment = segment;
            return segment->runs + (size_t)(memory - segment->memory) / PAGE_BYTES;
        }
    }
    return NULL;
}

static size_t release_run(struct weir_blocks *pool, struct weir_block_list *list,
                          const struct weir_segment *segment, struct weir_run *run)
{
    assert(run->kind == RUN_USED);
    unlink_run(&list->large, run);
    pool->used_pages -= run->pages;
    const size_t bytes = run->bytes;
    merge_free(pool, segment, run, RUN_DIRTY);
    return bytes;
}

/* The caller frees it, without the lock. */
static size_t take_small(struct weir_blocks *pool, struct weir_block_list *list,
                         struct weir_small_block *block)
{
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        list->small = block->next;
    if (block->next != NULL)
        block->next->previous = block->previous;
    pool->small_bytes -= block->bytes;
    return block->bytes;
}

size_t weir_blocks_release(struct weir_blocks *pool, struct weir_block_list *list, void *memory)
{
    struct weir_segment *segment = NULL;
    size_t bytes;

    lock(pool);
    struct weir_run *run = run_of(pool, memory, &segment);
    if (run != NULL) {
        bytes = release_run(pool, list, segment, run);
        unlock(pool);
        return bytes;
    }
    struct weir_small_block *block = (struct weir_small_block *)memory - 1;
    bytes = take_small(pool, list, block);
    unlock(pool);
    free(block);
    return bytes;
}

uint64_t weir_blocks_release_all(struct weir_blocks *pool, struct weir_block_list *list)
{
    uint64_t bytes = 0;

    lock(pool);
    while (list->large != NULL)
        bytes += release_run(pool, list, segment_of_run(pool, list->large), list->large);
    while (list->small != NULL) {
        struct weir_small_block *block = list->small;

        bytes += take_small(pool, list, block);
        free(block);
    }
    unlock(pool);
    return bytes;
}

uint64_t weir_blocks_lower(struct weir_blocks *pool, uint64_t excess)
{
    const uint64_t pages = excess / PAGE_BYTES + 1;

    lock(pool);
    const uint64_t resident = pool->used_pages + pool->dirty_pages;
    const uint64_t kept = resident > pages ? resident - pages : 0;
    if (kept < pool->pages_max)
        pool->pages_max = kept;
    make_room(pool, 0);
    const uint64_t bytes_max = pool->pages_max * PAGE_BYTES;
    unlock(pool);
    return bytes_max;
}

void weir_blocks_purge(struct weir_blocks *pool)
{
    lock(pool);
    for (uint32_t i = 0; i < WEIR_BLOCK_CLASSES; i++) {
        while (pool->dirty[i] != NULL)
            purge_run(pool, pool->dirty[i]);
    }
    unlock(pool);
}

void weir_blocks_check(struct weir_blocks *pool)
{
    uint64_t used = 0;
    uint64_t dirty = 0;

    lock(pool);
    for (const struct weir_segment *segment = pool->segments; segment != NULL;
         segment = segment->next) {
        uint32_t before = RUN_USED;

        for (size_t i = 0; i < segment->pages; i += segment->runs[i].pages) {
            const struct weir_run *run = &segment->runs[i];

            assert(run->pages > 0 && i + run->pages <= segment->pages);
            assert(run[run->pages - 1].pages == run->pages);
            assert(run[run->pages - 1].kind == run->kind);
            assert(run->kind == RUN_USED || run->kind != before);
            used += run->kind == RUN_USED ? run->pages : 0;
            dirty += run->kind == RUN_DIRTY ? run->pages : 0;
            before = run->kind;
        }
        assert(segment->runs[segment->pages].kind == RUN_USED);
        (void)before;
    }
    assert(used == pool->used_pages);
    assert(dirty == pool->dirty_pages);
    unlock(pool);
    (void)used;
    (void)dirty;
}
