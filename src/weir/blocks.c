/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A block has a header of 64 bytes in front of it and is in its owner's list. Small blocks come
 * from malloc, large ones are mapped page-wise, so that they go back to the system whole.
 */

#include "weir/blocks.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    ALIGNMENT = 64
};
static const size_t mapped_bytes_min = 65536;
static const size_t page_bytes = 4096;

struct weir_block {
    struct weir_block *previous;
    struct weir_block *next;
    size_t bytes;        /* As asked for. */
    size_t mapped_bytes; /* 0: from malloc. */
    char padding[ALIGNMENT - 2 * sizeof(void *) - 2 * sizeof(size_t)];
};

_Static_assert(sizeof(struct weir_block) == ALIGNMENT, "the header keeps the alignment");

bool weir_blocks_init(struct weir_blocks *pool)
{
    *pool = (struct weir_blocks){0};
    return pthread_mutex_init(&pool->lock, NULL) == 0;
}

void weir_blocks_fini(struct weir_blocks *pool)
{
    (void)pthread_mutex_destroy(&pool->lock);
}

static struct weir_block *get_memory(size_t bytes)
{
    if (bytes > SIZE_MAX - sizeof(struct weir_block) - page_bytes)
        return NULL;

    const size_t whole = bytes + sizeof(struct weir_block);
    if (bytes < mapped_bytes_min) {
        void *memory;

        if (posix_memalign(&memory, ALIGNMENT, whole) != 0)
            return NULL;
        struct weir_block *block = memory;
        *block = (struct weir_block){.bytes = bytes};
        return block;
    }
    const size_t mapped = (whole + page_bytes - 1) / page_bytes * page_bytes;
    void *memory = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    struct weir_block *block = memory;
    *block = (struct weir_block){.bytes = bytes, .mapped_bytes = mapped};
    return block;
}

static void put_memory(struct weir_block *block)
{
    if (block->mapped_bytes == 0)
        free(block);
    else
        (void)munmap(block, block->mapped_bytes);
}

void *weir_blocks_alloc(struct weir_blocks *pool, struct weir_block **list, size_t bytes)
{
    struct weir_block *block = get_memory(bytes);

    if (block == NULL)
        return NULL;
    (void)pthread_mutex_lock(&pool->lock);
    block->next = *list;
    if (*list != NULL)
        (*list)->previous = block;
    *list = block;
    (void)pthread_mutex_unlock(&pool->lock);
    return block + 1;
}

size_t weir_blocks_release(struct weir_blocks *pool, struct weir_block **list, void *memory)
{
    struct weir_block *block = (struct weir_block *)memory - 1;
    const size_t bytes = block->bytes;

    (void)pthread_mutex_lock(&pool->lock);
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        *list = block->next;
    if (block->next != NULL)
        block->next->previous = block->previous;
    (void)pthread_mutex_unlock(&pool->lock);
    put_memory(block);
    return bytes;
}

uint64_t weir_blocks_release_all(struct weir_blocks *pool, struct weir_block **list)
{
    uint64_t bytes = 0;

    (void)pthread_mutex_lock(&pool->lock);
    struct weir_block *block = *list;
    *list = NULL;
    (void)pthread_mutex_unlock(&pool->lock);
    while (block != NULL) {
        struct weir_block *next = block->next;

        bytes += block->bytes;
        put_memory(block);
        block = next;
    }
    return bytes;
}
