/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sources that lack a column, or have it in a narrower type (--schema union), made such that the
 * rest of stitching need not know.
 *
 * A column that is not there becomes a chunk of null pages: V2, PLAIN, not compressed, which every
 * reader takes and which do not count for the order rule. Inside
 * structs and lists their levels are those of a sibling, cut down to what the two have in common.
 *
 * Of a column that is widened, bounds are converted here and the dictionary when it is met; index
 * pages stay as they are, and other pages are recoded.
 */

#ifndef STITCH_ADAPT_H
#define STITCH_ADAPT_H

#include "base/error.h"
#include "stitch/bench.h"
#include "stitch/chunk.h"
#include "stitch/source.h"

/* Whether rg_adapt_source() has anything to do. */
bool rg_adapt_is_needed(const struct rg_stitch_source *source);

/*
 * Makes such a source into one of the output's. What is made lies in the bench's scratch;
 * *ret_are_bytes_made: the pages do too.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_UNSUPPORTED where a sibling's pages cannot be read; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_adapt_source(struct rg_bench *bench,
                                             const struct rg_stitch_source *source,
                                             struct rg_stitch_source *ret_source,
                                             bool *ret_are_bytes_made, struct rg_error *err);

/*
 * The source's dictionary, `plain`, as one of the output's type; in scratch.
 *
 * Errors:  RG_ERR_CORRUPT when it is not `entry_count` values; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_adapt_dictionary(struct rg_bench *bench,
                                                 const struct rg_stitch_source *source,
                                                 struct rg_span plain, uint32_t entry_count,
                                                 struct rg_span *ret_plain, struct rg_error *err);

#endif
