/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Step 7: one bin becomes one output row group, some columns at a time.
 *
 * Route: open -> reload (footers that were not kept, or whole files) -> locate (parse footers,
 * choose columns that fit the claim) -> read -> stitch (each column a part) -> append (in the order
 * of the file's bins). While columns are left, the job goes back to the second step inside the same
 * claim.
 */

#ifndef COMPACT_BIN_JOB_H
#define COMPACT_BIN_JOB_H

#include "compact/open_batch.h"

/* The route of a bin's job; returns the number of steps. */
uint32_t rg_bin_route(struct rg_bin *bin, struct weir_step route[WEIR_STEPS_MAX]);

/* For the engine's drop(): the bin's job is gone. */
void rg_bin_closed(struct rg_bin *bin);

/* The steps, for the stage table. */
enum weir_status rg_bin_run_open(struct weir_job *job, void *item, const struct weir_call *call);
enum weir_status rg_bin_run_reload(struct weir_job *job, void *item, const struct weir_call *call);
enum weir_status rg_bin_run_locate(struct weir_job *job, void *item, const struct weir_call *call);
enum weir_status rg_bin_run_read(struct weir_job *job, void *item, const struct weir_call *call);
enum weir_status rg_bin_run_stitch(struct weir_job *job, void *item, const struct weir_call *call);
enum weir_status rg_bin_run_append(struct weir_job *job, void *item, const struct weir_call *call);

#endif
