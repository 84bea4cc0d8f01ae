/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A list of blocks, newest first; objects are cut from the newest. Blocks double from 4 KiB to 1
 * MiB, so that a small footer costs little and a large one few calls. A request above a quarter of
 * the block size gets a block of its own, which is put second in the list: the newest keeps its
 * rest.
 *
 *   (1) arena->bytes is the sum of all blocks' bytes, headers included, and at most bytes_max.
 *   (2) In every block used <= bytes.
 */

#include "base/arena.h"

#include <string.h>

#include "base/checked.h"

static const size_t block_bytes_min = 4096;
static const size_t block_bytes_max = (size_t)1 << 20;
enum {
    ALIGNMENT = 16
};

struct rg_arena_block {
    struct rg_arena_block *next;
    size_t bytes; /* This header included. */
    size_t used;  /* This header included. */
    size_t padding;
};

void rg_arena_init(struct rg_arena *arena, const struct rg_allocator *allocator, size_t bytes_max)
{
    *arena = (struct rg_arena){.allocator = allocator, .bytes_max = bytes_max};
}

static void release_from(struct rg_arena *arena, struct rg_arena_block *block)
{
    while (block != NULL) {
        struct rg_arena_block *next = block->next;

        arena->bytes -= block->bytes;
        rg_release(arena->allocator, block, block->bytes);
        block = next;
    }
}

void rg_arena_fini(struct rg_arena *arena)
{
    release_from(arena, arena->blocks);
    arena->blocks = NULL;
}

void rg_arena_reset(struct rg_arena *arena)
{
    struct rg_arena_block **largest = &arena->blocks;

    if (arena->blocks == NULL)
        return;
    for (struct rg_arena_block **at = &arena->blocks; *at != NULL; at = &(*at)->next) {
        if ((*at)->bytes > (*largest)->bytes)
            largest = at;
    }
    struct rg_arena_block *kept = *largest;
    *largest = kept->next;
    release_from(arena, arena->blocks);
    kept->next = NULL;
    kept->used = sizeof *kept;
    arena->blocks = kept;
}

void rg_arena_join(struct rg_arena *to, struct rg_arena *from)
{
    struct rg_arena_block **end = &to->blocks;

    while (*end != NULL)
        end = &(*end)->next;
    *end = from->blocks;
    to->bytes += from->bytes;
    from->blocks = NULL;
    from->bytes = 0;
}

static struct rg_arena_block *add_block(struct rg_arena *arena, size_t payload)
{
    size_t bytes;

    if (!rg_add_size(payload, sizeof(struct rg_arena_block), &bytes))
        return NULL;
    if (bytes > arena->bytes_max - arena->bytes)
        return NULL;
    struct rg_arena_block *block = rg_alloc(arena->allocator, bytes);
    if (block == NULL)
        return NULL;
    *block = (struct rg_arena_block){.bytes = bytes, .used = sizeof *block};
    arena->bytes += bytes;
    return block;
}

/* A fresh newest block with room for `bytes`, smaller than usual when the cap is near. */
static struct rg_arena_block *add_newest(struct rg_arena *arena, size_t bytes)
{
    size_t payload = arena->bytes < block_bytes_min ? block_bytes_min : arena->bytes;
    const size_t room = arena->bytes_max - arena->bytes;

    if (payload > block_bytes_max)
        payload = block_bytes_max;
    if (room > sizeof(struct rg_arena_block) && payload > room - sizeof(struct rg_arena_block))
        payload = room - sizeof(struct rg_arena_block);
    if (payload < bytes)
        payload = bytes;

    struct rg_arena_block *block = add_block(arena, payload);
    if (block == NULL)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

static struct rg_arena_block *add_own(struct rg_arena *arena, size_t bytes)
{
    struct rg_arena_block *block = add_block(arena, bytes);

    if (block == NULL)
        return NULL;
    block->next = arena->blocks->next;
    arena->blocks->next = block;
    return block;
}

void *rg_arena_alloc(struct rg_arena *arena, size_t bytes)
{
    struct rg_arena_block *block = arena->blocks;
    size_t rounded;

    if (!rg_add_size(bytes, ALIGNMENT - 1, &rounded))
        return NULL;
    rounded &= ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;

    if (block == NULL || block->bytes - block->used < rounded) {
        const bool is_large = rounded > block_bytes_max / 4;

        block = block != NULL && is_large ? add_own(arena, rounded) : add_newest(arena, rounded);
        if (block == NULL)
            return NULL;
    }
    void *memory = (uint8_t *)block + block->used;
    block->used += rounded;
    return memory;
}

void *rg_arena_array(struct rg_arena *arena, size_t count, size_t bytes_each)
{
    size_t bytes;

    if (!rg_mul_size(count, bytes_each, &bytes))
        return NULL;
    void *memory = rg_arena_alloc(arena, bytes);
    if (memory != NULL)
        memset(memory, 0, bytes);
    return memory;
}

struct rg_span rg_arena_copy(struct rg_arena *arena, struct rg_span span)
{
    size_t bytes;

    if (!rg_add_size(span.bytes, 1, &bytes))
        return (struct rg_span){NULL, 0};
    uint8_t *memory = rg_arena_alloc(arena, bytes);
    if (memory == NULL)
        return (struct rg_span){NULL, 0};
    if (span.bytes > 0)
        memcpy(memory, span.data, span.bytes);
    memory[span.bytes] = 0;
    return (struct rg_span){memory, span.bytes};
}
