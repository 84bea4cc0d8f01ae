/* SPDX-License-Identifier: Apache-2.0 */

/* The files of a bin: which they are, what their footers say, and where in them things lie. */

#ifndef COMPACT_BIN_FILES_H
#define COMPACT_BIN_FILES_H

#include "compact/bin_state.h"

/* Bytes of the footers of a bin's files. */
uint64_t rg_bin_footers_bytes(const struct rg_bin *bin);

/* Bytes that are read again of its files: see reads_files of a bin. */
uint64_t rg_bin_reload_bytes(const struct rg_bin *bin, bool reads_files);

/*
 * Makes bin->job: the bin's distinct files and its sources.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bin_list_files(struct rg_bin *bin, struct weir_job *job,
                                               struct rg_error *err);

/*
 * Parses the footers, which are all in memory, and takes from them what is needed for the whole
 * bin. *ret_culprit is the input whose footer is at fault, or UINT32_MAX.
 *
 * Errors:  those of rg_footer_parse(); RG_ERR_CHANGED; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bin_locate(struct rg_bin *bin, uint32_t *ret_culprit,
                                           struct rg_error *err);

/* True for failures that are the input's own: it is left alone and the rest goes on. */
bool rg_bin_is_inputs_fault(enum rg_status status);

/*
 * The same of a failure to read an input: a disk may be unable to give one file, or we may not open
 * it, where any other can be read. Of a store that is not local that is told of all of it.
 */
bool rg_bin_is_files_fault(const struct rg_bin *bin, uint32_t input_index, enum rg_status status);

/* Of the output. */
const struct rg_schema *rg_bin_schema(const struct rg_bin *bin);

/* How a column of the output comes out of this source; NULL: it is the source's own. */
const struct rg_leaf_map *rg_bin_map(const struct rg_bin_source *source, uint32_t column);

/* What a column of the output is made of; NULL: of nothing, the source has no such column. */
const struct rg_column_chunk *rg_bin_chunk(const struct rg_bin_source *source, uint32_t column);

/* A column in one source row group, as far as footers tell. */
struct rg_stitch_source rg_bin_stitch_source(const struct rg_bin_source *source, uint32_t column);

/* A column of the output. */
struct rg_stitch_column rg_bin_column(const struct rg_bin *bin, uint32_t column);

/* Where in the file one kind of bytes of a chunk lies; 0 bytes: it has none. */
struct rg_extent rg_bin_extent(const struct rg_bin_source *source, uint32_t column,
                               enum rg_bin_wanted kind);

#endif
