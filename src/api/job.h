/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/job.h>. */

#ifndef API_JOB_H
#define API_JOB_H

#include <regroup/job.h>

#include <stdint.h>

/* Of a dry run: memory that is left to whoever keeps the columns that its events tell of. */
uint64_t rg_job_plan_bytes(const struct rg_job *job);
/* What --memory comes to. */
uint64_t rg_job_memory_bytes(const struct rg_job *job);

#endif
