/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A dictionary whose entries are used once each, in order, is the body of a PLAIN page: the
 * identity test, and the page (README.md section 8).
 */

#ifndef STITCH_PROMOTE_H
#define STITCH_PROMOTE_H

#include "base/error.h"
#include "stitch/join.h"
#include "stitch/levels.h"
#include "stitch/proven.h"
#include "stitch/sink.h"

struct rg_promoter {
    struct rg_bench *bench; /* Set at init, then constant. */
    struct rg_proven *proven;
    /* Of the source that was tested last: all its index pages together. */
    struct rg_level_writer rep;
    struct rg_level_writer def;
    struct rg_statistics_merge statistics;
    uint32_t value_count;
    uint32_t present_count;
    uint64_t row_count;
    uint64_t index_bytes;     /* Bodies of the index pages. */
    uint64_t unencoded_bytes; /* Of their strings, where the source says so of each. */
    bool has_unencoded_bytes;
    uint32_t page_count;
    uint8_t page_type;
};

void rg_promoter_init(struct rg_promoter *promoter, struct rg_bench *bench,
                      struct rg_proven *proven);

/*
 * Whether the source's dictionary can become a page. The answer is proven on the indices, every one
 * of them.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM, when an index page cannot be read.
 */
RG_MUST_CHECK enum rg_status rg_promoter_test(struct rg_promoter *promoter,
                                              const struct rg_survey *survey, bool *ret_is_identity,
                                              struct rg_error *err);

/*
 * Writes the dictionary of the source that was tested last, and found to be one, as a page; into
 * the page in the making where it is tiny.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM, RG_ERR_LIMIT.
 */
RG_MUST_CHECK enum rg_status rg_promoter_write(struct rg_promoter *promoter,
                                               const struct rg_survey *survey,
                                               struct rg_joiner *joiner, bool may_join,
                                               struct rg_error *err);

#endif
