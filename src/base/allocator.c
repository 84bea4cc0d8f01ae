/* SPDX-License-Identifier: Apache-2.0 */

#include "base/allocator.h"

#include <stdlib.h>

static void *system_alloc(void *context, size_t bytes)
{
    (void)context;
    return malloc(bytes == 0 ? 1 : bytes);
}

static void system_release(void *context, void *memory, size_t bytes)
{
    (void)context;
    (void)bytes;
    free(memory);
}

const struct rg_allocator rg_allocator_system = {system_alloc, system_release, NULL};

void *rg_alloc(const struct rg_allocator *allocator, size_t bytes)
{
    return allocator->alloc(allocator->context, bytes);
}

void rg_release(const struct rg_allocator *allocator, void *memory, size_t bytes)
{
    if (memory != NULL)
        allocator->release(allocator->context, memory, bytes);
}
