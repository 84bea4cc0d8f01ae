/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pages whose values keep their encoding: copied as they are, under a new header, or compressed
 * anew; joined where they are tiny; mended where readers stumble.
 */

#ifndef STITCH_COPY_H
#define STITCH_COPY_H

#include "base/error.h"
#include "stitch/join.h"

struct rg_copy_options {
    bool may_join;           /* Tiny pages may become part of the page in the making. */
    bool are_booleans_plain; /* RLE booleans become PLAIN ones: never both in one chunk. */
    bool are_nulls_indices;  /* Pages without values become pages of no indices. */
};

/*
 * Writes the page, or moves it into the page in the making. A dictionary-encoded page must mean the
 * output's dictionary.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM, RG_ERR_LIMIT.
 */
RG_MUST_CHECK enum rg_status rg_copy_page(struct rg_joiner *joiner, const struct rg_survey *survey,
                                          const struct rg_source_page *page,
                                          const struct rg_copy_options *options,
                                          struct rg_error *err);

/* Fills the facts of a whole source page that becomes a whole page of the output. */
void rg_copy_facts(const struct rg_bench *bench, const struct rg_survey *survey,
                   const struct rg_source_page *page, bool are_levels_same,
                   struct rg_page_facts *ret_facts);

#endif
