/* SPDX-License-Identifier: Apache-2.0 */

#include "base/purse.h"

static void *purse_alloc(void *context, size_t bytes)
{
    struct rg_purse *purse = context;
    uint_fast64_t left = atomic_load(&purse->bytes_left);

    do {
        if (bytes > left) {
            atomic_store(&purse->was_short, true);
            return NULL;
        }
    } while (!atomic_compare_exchange_weak(&purse->bytes_left, &left, left - bytes));
    void *memory = rg_alloc(purse->from, bytes);
    if (memory == NULL)
        atomic_fetch_add(&purse->bytes_left, bytes);
    return memory;
}

static void purse_release(void *context, void *memory, size_t bytes)
{
    struct rg_purse *purse = context;

    if (memory != NULL)
        atomic_fetch_add(&purse->bytes_left, bytes);
    rg_release(purse->from, memory, bytes);
}

void rg_purse_init(struct rg_purse *purse, const struct rg_allocator *from, uint64_t bytes_max)
{
    purse->from = from;
    purse->allocator = (struct rg_allocator){purse_alloc, purse_release, purse};
    atomic_init(&purse->bytes_left, bytes_max);
    atomic_init(&purse->was_short, false);
}
