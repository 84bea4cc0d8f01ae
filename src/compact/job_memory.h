/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The allocator of a job: memory comes out of its grant, and a grant that is used up is enlarged
 * where that harms nobody.
 */

#ifndef COMPACT_JOB_MEMORY_H
#define COMPACT_JOB_MEMORY_H

#include <weir/weir.h>

#include "base/allocator.h"

/* Valid as long as the job. Threads: as weir_alloc(). */
struct rg_allocator rg_job_allocator(struct weir_job *job);

#endif
