/* SPDX-License-Identifier: Apache-2.0 */

#include "weir/hooks.h"

#include <stdlib.h>
#include <string.h>

static void *system_alloc(void *context, size_t bytes)
{
    (void)context;
    return malloc(bytes);
}

static void system_release(void *context, void *memory, size_t bytes)
{
    (void)context;
    (void)bytes;
    free(memory);
}

struct weir_hooks weir_hooks_system(void)
{
    return (struct weir_hooks){system_alloc, system_release, NULL};
}

void *weir_hooks_alloc(const struct weir_hooks *hooks, size_t bytes)
{
    void *memory = hooks->alloc(hooks->context, bytes);

    if (memory != NULL)
        memset(memory, 0, bytes);
    return memory;
}

void weir_hooks_release(const struct weir_hooks *hooks, void *memory, size_t bytes)
{
    if (memory != NULL)
        hooks->release(hooks->context, memory, bytes);
}
