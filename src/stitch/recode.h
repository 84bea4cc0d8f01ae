/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pages whose values cannot be moved as they are encoded: they are decoded into the page in the
 * making, which is PLAIN, or delta-encoded where all sources are (rg_recode_encoding()) or a sample
 * says that it is worth it (trial.h). Which pages these are, a page itself says
 * (rg_source_page.is_recoded): dictionaries of booleans, pages that lean on the page before
 * (PARQUET-246), values of a type that is widened; or bytes go before time.
 */

#ifndef STITCH_RECODE_H
#define STITCH_RECODE_H

#include "base/error.h"
#include "parquet/decoder.h"
#include "stitch/join.h"
#include "stitch/statistics.h"

enum {
    RG_RECODE_ROOMS = 8,
};

/*
 * Invariants: `survey` is the source whose pages come, in order; room->last is the last value of
 * its last page of DELTA_BYTE_ARRAY; page_count pages of it were recoded, and `statistics` are of
 * their values where has_bounds.
 */
struct rg_recoder {
    struct rg_bench *bench;                      /* Set at init, then constant. */
    struct rg_value_room rooms[RG_RECODE_ROOMS]; /* One for each kind of value that came. */
    uint32_t room_count;
    struct rg_value_room *room; /* The source's. */
    const struct rg_survey *survey;
    struct rg_dict dictionary;
    bool has_dictionary;
    uint32_t page_count;
    struct rg_statistics statistics; /* Bounds lie in min and max. */
    bool has_bounds;                 /* They are of every value so far but NaN. */
    struct rg_buffer min;
    struct rg_buffer max;
};

void rg_recoder_init(struct rg_recoder *recoder, struct rg_bench *bench);

/*
 * Moves a page's values into the page in the making. Pages of a source come in order.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM, RG_ERR_LIMIT.
 */
RG_MUST_CHECK enum rg_status rg_recode_page(struct rg_recoder *recoder, struct rg_joiner *joiner,
                                            const struct rg_survey *survey,
                                            const struct rg_source_page *page,
                                            struct rg_error *err);

/* Why the page is recoded. */
enum rg_reason rg_recode_reason(const struct rg_survey *survey, const struct rg_source_page *page);

/*
 * Appends values of a page that was taken apart, raw, to `out`: PLAIN, of the output's type, at
 * most `count_max` of them. Of a source with links (survey->has_links) all pages, whole, in order.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_recode_values(struct rg_recoder *recoder,
                                              const struct rg_survey *survey,
                                              const struct rg_source_page *page,
                                              const struct rg_parts *parts, uint32_t count_max,
                                              struct rg_buffer *out, struct rg_error *err);

/*
 * Bounds of the source's values as they are in the output, where all of them were recoded. Spans
 * are the recoder's, until the next source. False: they are not known.
 */
bool rg_recoder_bounds(const struct rg_recoder *recoder, const struct rg_survey *survey,
                       struct rg_statistics *ret_statistics);

/*
 * The encoding that recoded values get: PLAIN, or a delta encoding if all pages of all sources have
 * it. `encodings` are those of the sources' pages with values, as bits.
 */
uint8_t rg_recode_encoding(const struct rg_leaf *leaf, uint32_t encodings);

/*
 * Encodes `value_count` PLAIN values as rg_recode_encoding() says. `room` is used again and again.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_CORRUPT.
 */
RG_MUST_CHECK enum rg_status rg_recode_encode(struct rg_bench *bench, struct rg_room *room,
                                              uint8_t encoding, struct rg_span plain,
                                              uint32_t value_count, struct rg_buffer *out,
                                              struct rg_error *err);

#endif
