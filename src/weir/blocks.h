/* SPDX-License-Identifier: Apache-2.0 */

/* The memory behind the grants: blocks from the system, each owned by a job. Thread-safe. */

#ifndef WEIR_BLOCKS_H
#define WEIR_BLOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_block;

struct weir_blocks {
    pthread_mutex_t lock;
};

bool weir_blocks_init(struct weir_blocks *pool);
/* All blocks have been released. */
void weir_blocks_fini(struct weir_blocks *pool);

/* At least `bytes`, aligned to 64, put into `list`. NULL when the system has none. */
void *weir_blocks_alloc(struct weir_blocks *pool, struct weir_block **list, size_t bytes);

/* Takes `memory` from `list`. Returns the bytes that it was allocated with. */
size_t weir_blocks_release(struct weir_blocks *pool, struct weir_block **list, void *memory);

/* The same for all of the list. Returns their sum. */
uint64_t weir_blocks_release_all(struct weir_blocks *pool, struct weir_block **list);

#endif
