/* SPDX-License-Identifier: Apache-2.0 */

/* What a source says of the values of its pages, as far as it is to be trusted. */

#ifndef STITCH_SURVEY_FACTS_H
#define STITCH_SURVEY_FACTS_H

#include "stitch/source.h"

/* Sets survey->statistics, at the end of the first walk, from what the footer says of the chunk. */
void rg_survey_settle_statistics(struct rg_survey *survey);

/*
 * Trusted statistics of a page: from the column index, else its header, else the chunk's (valid
 * for each of its pages). Spans point into the source.
 */
void rg_survey_page_statistics(const struct rg_bench *bench, const struct rg_survey *survey,
                               const struct rg_source_page *page,
                               struct rg_statistics *ret_statistics);

/* Will pages have bounds without anybody looking at their values? Also where there is no order. */
bool rg_survey_has_bounds(const struct rg_survey *survey);

/* Bytes of the page's BYTE_ARRAY values as the source's index tells. */
bool rg_survey_unencoded_bytes(const struct rg_survey *survey, const struct rg_source_page *page,
                               uint64_t *ret_bytes);

#endif
