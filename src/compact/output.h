/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Steps 8 to 10: row groups are appended to their file, then the file gets its footer and its name.
 *
 * A file is one ordered stream: bins append in order, columns of a bin in order.
 */

#ifndef COMPACT_OUTPUT_H
#define COMPACT_OUTPUT_H

#include "compact/open_batch.h"
#include "stitch/chunk.h"

/* What an output's group must be able to hold: metadata of its row groups and the footer. */
uint64_t rg_output_retained_bytes(const struct rg_output *output);

/* The most that one of its bins can claim. */
uint64_t rg_output_claim_bytes_max(const struct rg_output *output);

/* The same of a run that is not dry: what it would have to leave alone, or make smaller. */
uint64_t rg_output_claim_bytes_job(const struct rg_output *output);

/* Columns of a bin, ready to be written; in column order. */
struct rg_output_columns {
    const struct rg_schema *schema; /* Of the output. */
    const struct rg_stitch_output *columns;
    uint32_t column_first;
    uint32_t column_count;
    const struct rg_sorting_column *sorting_columns;
    uint32_t sorting_column_count;
    struct rg_arena *arena; /* What sending them takes, until they are sent. */
};

/*
 * Appends columns to the file and notes their metadata. Only by the bin whose turn it is. On a
 * local store they are written when this returns, and *ret_addition is NULL; on others they are
 * sent by the caller, who starts and ends the addition.
 *
 * Errors:  those of the store; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_output_append(struct rg_output *output, const struct rg_bin *bin,
                                              const struct rg_output_columns *columns,
                                              struct rg_part_addition **ret_addition,
                                              struct rg_error *err);

/* Bytes that rg_output_append() takes from columns->arena. */
uint64_t rg_output_scratch_bytes(const struct rg_output *output,
                                 const struct rg_output_columns *columns);

/* Merges an input's key-value metadata, once for each input; only by the bin whose turn it is. */
RG_MUST_CHECK enum rg_status rg_output_add_key_values(struct rg_output *output,
                                                      uint32_t input_index,
                                                      const struct rg_file_meta *meta,
                                                      struct rg_error *err);

/* Puts the output's name, and the number of `bin` (NULL: none), before an error that names neither
   it nor its path. */
void rg_output_name_error(const struct rg_output *output, const struct rg_bin *bin,
                          struct rg_error *err);

/* Forgets the upload of an output that has no name yet. */
void rg_output_abandon(struct rg_output *output);

/* The steps of the join, for the stage table. */
enum weir_status rg_output_run_serialise(struct weir_job *job, void *item,
                                         const struct weir_call *call);
enum weir_status rg_output_run_publish(struct weir_job *job, void *item,
                                       const struct weir_call *call);

#endif
