/* SPDX-License-Identifier: Apache-2.0 */

/* The index stream of a dictionary-encoded page, read in pieces, every index checked. */

#ifndef STITCH_INDICES_H
#define STITCH_INDICES_H

#include "base/error.h"
#include "stitch/levels.h"

struct rg_index_reader {
    struct rg_level_reader runs;
    uint32_t entry_count; /* Of the dictionary: every index is below. */
};

/*
 * Begins to read `values`: a byte of width, then runs (Encodings.md, RLE_DICTIONARY).
 *
 * Errors:  RG_ERR_CORRUPT without the byte, or when it is above 32.
 */
RG_MUST_CHECK enum rg_status rg_index_reader_init(struct rg_index_reader *reader,
                                                  struct rg_span values, uint32_t index_count,
                                                  uint32_t entry_count, struct rg_error *err);

/*
 * The next `count` indices.
 *
 * Errors:  RG_ERR_CORRUPT where the stream ends early or an index is out of range.
 */
RG_MUST_CHECK enum rg_status rg_index_read(struct rg_index_reader *reader, uint32_t count,
                                           uint32_t *ret_indices, struct rg_error *err);

/* Which runs indices are written in. */
enum rg_index_runs {
    RG_INDEX_RUNS_FAST,     /* Bit-packed ones of 256, repeats of 64 and more: fastest to read. */
    RG_INDEX_RUNS_SHORTEST, /* A repeat becomes a run as soon as that saves bytes. */
};

/* Appends indices as they stand in a page: the byte of width, then runs. */
void rg_index_encode(const uint32_t *indices, uint32_t count, uint32_t width,
                     enum rg_index_runs runs, struct rg_buffer *out);

#endif
