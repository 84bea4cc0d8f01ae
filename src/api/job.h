/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/job.h>. */

#ifndef API_JOB_H
#define API_JOB_H

#include <regroup/job.h>

#include <stdint.h>

/* Of a dry run: memory that is left to whoever keeps what its events tell. */
uint64_t rg_job_plan_bytes(const struct rg_job *job);

#endif
