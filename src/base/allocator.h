/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where memory comes from.
 *
 * All allocation of the library goes through one of these, so that whoever pays for memory (a job's
 * claim, a test that counts) is the one who hands it out.
 */

#ifndef BASE_ALLOCATOR_H
#define BASE_ALLOCATOR_H

#include <stddef.h>

/*
 * Threads: an allocator is used by one thread at a time unless its maker says otherwise.
 */
struct rg_allocator {
    /* NULL when there is no memory or the claim is used up; alignment 16. */
    void *(*alloc)(void *context, size_t bytes);
    /* `bytes` is what was asked for; memory may be NULL. */
    void (*release)(void *context, void *memory, size_t bytes);
    void *context;
};

/* malloc and free; any number of threads. */
extern const struct rg_allocator rg_allocator_system;

void *rg_alloc(const struct rg_allocator *allocator, size_t bytes);
void rg_release(const struct rg_allocator *allocator, void *memory, size_t bytes);

#endif
