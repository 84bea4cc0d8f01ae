/* SPDX-License-Identifier: Apache-2.0 */

/* The bloom filter of an output chunk: from its dictionary, or merged from the sources. */

#ifndef STITCH_CHUNK_BLOOM_H
#define STITCH_CHUNK_BLOOM_H

#include "base/error.h"
#include "stitch/bench.h"
#include "stitch/encode_page.h"
#include "stitch/source.h"

/* What a filter can be made of. */
struct rg_chunk_bloom {
    struct rg_bench *bench;
    struct rg_page_encoder *encoder; /* For values that are not in a dictionary. */
    const struct rg_survey *surveys;
    size_t survey_count;
    struct rg_span dictionary; /* All values of the chunk are in it; data NULL: there is none. */
    uint32_t entry_count;
};

/*
 * From the dictionary where it has all values; else sources' filters are merged where at least one
 * source has one, and every other has its values in a dictionary; else, if a filter was asked for,
 * from all values of all sources. No filter is an empty span: dropping is legal.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_CORRUPT when values cannot be read, *ret_culprit tells whose.
 */
RG_MUST_CHECK enum rg_status rg_chunk_bloom_make(const struct rg_chunk_bloom *of,
                                                 struct rg_span *ret_bloom, size_t *ret_culprit,
                                                 struct rg_error *err);

/* False positives of a filter that is made. */
static const double rg_bloom_rate = 0.01;

#endif
