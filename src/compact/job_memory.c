/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/job_memory.h"

/* Asked for at once, so that small allocations do not each go to the scheduler. */
static const size_t growth_bytes_min = (size_t)256 << 10;

static void *job_alloc(void *context, size_t bytes)
{
    struct weir_job *job = context;
    void *memory = weir_alloc(job, bytes);

    if (memory != NULL)
        return memory;
    const size_t growth = bytes < growth_bytes_min ? growth_bytes_min : bytes;
    if (!weir_try_grow(job, growth))
        return NULL;
    return weir_alloc(job, bytes);
}

static void job_release(void *context, void *memory, size_t bytes)
{
    weir_release(context, memory, bytes);
}

struct rg_allocator rg_job_allocator(struct weir_job *job)
{
    return (struct rg_allocator){job_alloc, job_release, job};
}
