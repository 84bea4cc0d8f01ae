/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where the engine's own records come from: malloc, or what a test puts in its place. Called by
 * several threads at the same time.
 */

#ifndef WEIR_HOOKS_H
#define WEIR_HOOKS_H

#include <stddef.h>

struct weir_hooks {
    void *(*alloc)(void *context, size_t bytes); /* NULL when there is none. */
    void (*release)(void *context, void *memory, size_t bytes);
    void *context;
};

/* malloc and free. */
struct weir_hooks weir_hooks_system(void);

/* Zeroed, or NULL. */
void *weir_hooks_alloc(const struct weir_hooks *hooks, size_t bytes);
void weir_hooks_release(const struct weir_hooks *hooks, void *memory, size_t bytes);

#endif
