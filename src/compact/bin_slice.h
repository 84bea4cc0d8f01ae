/* SPDX-License-Identifier: Apache-2.0 */

/* Columns of a bin that are handled together: how many, what must be read for them, and where it
 * is. */

#ifndef COMPACT_BIN_SLICE_H
#define COMPACT_BIN_SLICE_H

#include "compact/bin_state.h"

/* What these columns need besides what the job holds already. */
uint64_t rg_bin_slice_bytes(const struct rg_bin *bin, uint32_t first, uint32_t count);

/* The least claim that the job of a bin which is located can be made in: one column at a time. */
uint64_t rg_bin_claim_bytes_needed(struct rg_bin *bin, const struct weir_job *job);

/*
 * Chooses as many columns, from bin->column_first on, as the claim bears; enlarges it where that is
 * free. False when not even each column alone fits: then the claim lacks so many bytes, and this is
 * found before anything is read.
 */
bool rg_bin_choose_columns(struct rg_bin *bin, struct weir_job *job, uint64_t *ret_lacking_bytes);

/*
 * Buffers and requests for the chosen columns. Reads over gaps of local files as far as
 * state->gaps_bytes_left goes, and enlarges the job's claim for more where that is free; `job`
 * NULL: it is not. Those of other files are read over always.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bin_open_slice(struct rg_bin *bin, struct weir_job *job,
                                               struct rg_error *err);

/* Gives the slice's memory back. */
void rg_bin_close_slice(struct rg_bin_job *state);

/*
 * What stitching wants to know of each source, for one column of the slice; in `arena`.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bin_list_sources(struct rg_bin *bin, uint32_t slice_column,
                                                 struct rg_arena *arena,
                                                 struct rg_stitch_source **ret_sources,
                                                 struct rg_error *err);

#endif
