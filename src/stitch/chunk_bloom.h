/* SPDX-License-Identifier: Apache-2.0 */

/* The bloom filter of an output chunk: from its dictionary, or merged from the sources. */

#ifndef STITCH_CHUNK_BLOOM_H
#define STITCH_CHUNK_BLOOM_H

#include "base/error.h"
#include "stitch/bench.h"
#include "stitch/source.h"

/*
 * `dictionary` are the PLAIN entries of a chunk all whose values are in its dictionary; data NULL:
 * it is not such a chunk. Then sources' filters are merged where at least one source has one, and
 * every other has its values in a dictionary too. No filter is an empty span: dropping is legal.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_CORRUPT when a dictionary cannot be read, *ret_culprit tells whose.
 */
RG_MUST_CHECK enum rg_status rg_chunk_bloom_make(struct rg_bench *bench,
                                                 const struct rg_survey *surveys,
                                                 size_t survey_count, struct rg_span dictionary,
                                                 uint32_t entry_count, struct rg_span *ret_bloom,
                                                 size_t *ret_culprit, struct rg_error *err);

#endif
