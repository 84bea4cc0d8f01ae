/* SPDX-License-Identifier: Apache-2.0 */

/* Walks the data pages of a source chunk, in their order. */

#ifndef STITCH_PAGE_WALK_H
#define STITCH_PAGE_WALK_H

#include "stitch/source.h"

struct rg_page_walk {
    const struct rg_stitch_source *source;
    const struct rg_survey *survey;
    size_t offset;        /* Of the next header. */
    size_t lacking_bytes; /* The chunk's length may leave out so many: of its dictionary page. */
    uint64_t values_left;
    uint32_t ordinal;
    uint32_t index_ordinal;
};

/* Begins a walk over the data pages that have values; the rest is passed over. */
void rg_page_walk_init(struct rg_page_walk *walk, const struct rg_survey *survey);

/*
 * The next data page; *ret_is_end after the last.
 *
 * Errors:  none that the survey did not meet.
 */
RG_MUST_CHECK enum rg_status rg_page_walk_next(struct rg_page_walk *walk,
                                               struct rg_source_page *ret_page, bool *ret_is_end,
                                               struct rg_error *err);

/*
 * The next page that is a dictionary or has values, for the first walk, which checks them.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_UNSUPPORTED, RG_ERR_LIMIT with what is wrong.
 */
RG_MUST_CHECK enum rg_status rg_page_walk_any(struct rg_page_walk *walk,
                                              struct rg_source_page *page, bool *ret_is_end,
                                              struct rg_error *err);

/* The source's values become those of a wider type. */
bool rg_source_is_converted(const struct rg_stitch_source *source);

/* Dictionary-encoded, not all null and not recoded: it needs its dictionary. */
bool rg_is_index_page(const struct rg_source_page *page);

/* All its values are null, and that is known. */
bool rg_is_null_page(const struct rg_source_page *page);

#endif
