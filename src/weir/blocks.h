/* SPDX-License-Identifier: Apache-2.0 */

/* The memory behind the grants: blocks, each in the list of the job that owns it. Thread-safe. */

#ifndef WEIR_BLOCKS_H
#define WEIR_BLOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/hooks.h"
#include "weir/list.h"

struct weir_small_block;
struct weir_run;

/* What one owner has. Zeroed is empty. Guarded by the pool's lock. */
struct weir_block_list {
    struct weir_small_block *small;
    struct weir_run *large;
};

enum {
    WEIR_BLOCK_CLASSES = 128,
};

struct weir_segment {
    struct weir_segment *next;
    char *memory;
    size_t pages;
    struct weir_run *runs; /* One for each page, and one behind the last that is always used. */
};

struct weir_blocks {
    pthread_mutex_t lock;

    /* Set at init, then constant. */
    struct weir_hooks hooks;
    size_t segment_pages;

    /* Guarded by lock. */
    uint64_t pages_max; /* In use and dirty together stay within it, if those in use do. */
    struct weir_segment *segments;
    struct weir_run *dirty[WEIR_BLOCK_CLASSES]; /* Free runs that are resident. */
    struct weir_run *clean[WEIR_BLOCK_CLASSES]; /* Free runs that are not. */
    uint64_t used_pages;
    uint64_t dirty_pages;
    uint64_t small_bytes;
    uint64_t mapped_pages; /* Address space. */
    uint64_t fresh_pages;  /* Taken from clean runs, so far: what page faults were paid for. */
    uint64_t purged_pages; /* Given back to the system, so far. */
};

/* `bytes_max`: all grants together, which the pool's resident memory follows. */
bool weir_blocks_init(struct weir_blocks *pool, uint64_t bytes_max, const struct weir_hooks *hooks);
/* All blocks have been released. */
void weir_blocks_fini(struct weir_blocks *pool);

/* `bytes`, aligned to 64, put into `list`. NULL when the system has none. */
void *weir_blocks_alloc(struct weir_blocks *pool, struct weir_block_list *list, size_t bytes);

/* Takes `memory` from `list`. Returns the bytes that it was allocated with. */
size_t weir_blocks_release(struct weir_blocks *pool, struct weir_block_list *list, void *memory);

/* The same for all of the list. Returns their sum. */
uint64_t weir_blocks_release_all(struct weir_blocks *pool, struct weir_block_list *list);

/*
 * From now on `excess` less than what is resident now, if that is less than before; what is dirty
 * beyond that goes back. Returns the limit.
 */
uint64_t weir_blocks_lower(struct weir_blocks *pool, uint64_t excess);

/* Gives what is free back to the system. */
void weir_blocks_purge(struct weir_blocks *pool);

/* Asserts the invariants; slow. */
void weir_blocks_check(struct weir_blocks *pool);

#endif
