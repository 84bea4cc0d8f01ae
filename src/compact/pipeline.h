/* SPDX-License-Identifier: Apache-2.0 */

/* The ten steps as stages of the engine, in one table. */

#ifndef COMPACT_PIPELINE_H
#define COMPACT_PIPELINE_H

#include "base/error.h"
#include "compact/run.h"

/*
 * Adds resources and stages to run->weir and notes their ids.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_pipeline_add(struct rg_run *run, struct rg_error *err);

#endif
