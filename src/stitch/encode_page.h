/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pages without a dictionary that get one: their values are looked up in the output's dictionary,
 * which grows by those that are new, and become an index page.
 */

#ifndef STITCH_ENCODE_PAGE_H
#define STITCH_ENCODE_PAGE_H

#include "base/error.h"
#include "stitch/dict_table.h"
#include "stitch/dict_union.h"
#include "stitch/join.h"
#include "stitch/recode.h"

/* Working memory, used again from page to page. */
struct rg_page_encoder {
    struct rg_bench *bench; /* Set at init, then constant. */
    struct rg_recoder *recoder;
    struct rg_buffer plain; /* Values of a page that is not PLAIN. */
    struct rg_dict_table values;
    uint32_t *indices;
    uint32_t index_capacity;
};

void rg_page_encoder_init(struct rg_page_encoder *encoder, struct rg_bench *bench,
                          struct rg_recoder *recoder);

/*
 * The PLAIN values of a page without indices that was taken apart, raw; of the output's type, at
 * most `count_max` of them. They lie in the page or are the encoder's until its next call. Of a
 * source with links all pages in order: each is decoded whole, whatever `count_max` is.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_page_encoder_plain(struct rg_page_encoder *encoder,
                                                   const struct rg_survey *survey,
                                                   const struct rg_source_page *page,
                                                   const struct rg_parts *parts, uint32_t count_max,
                                                   struct rg_span *ret_plain, struct rg_error *err);

/*
 * The indices of `value_count` PLAIN values in the dictionary, which gets those that it lacks. They
 * are the encoder's until its next call. *ret_fits false: the dictionary would pass its cap, and is
 * what it was.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_page_encoder_look_up(struct rg_page_encoder *encoder,
                                                     struct rg_span plain, uint32_t value_count,
                                                     struct rg_dict_union *united,
                                                     const uint32_t **ret_indices, bool *ret_fits,
                                                     struct rg_error *err);

/*
 * Decodes what a source with links has in front of `page`, from its beginning: a page leans on the
 * values before it, and one that is to be decoded again on those that were read before.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_page_encoder_rewind(struct rg_page_encoder *encoder,
                                                    const struct rg_survey *survey,
                                                    const struct rg_source_page *page,
                                                    struct rg_error *err);

/*
 * Moves a page into the page in the making, as indices; or nothing of it where *ret_fits is false.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM, RG_ERR_LIMIT.
 */
RG_MUST_CHECK enum rg_status
rg_page_encoder_move(struct rg_page_encoder *encoder, struct rg_joiner *joiner,
                     const struct rg_survey *survey, const struct rg_source_page *page,
                     struct rg_dict_union *united, bool *ret_fits, struct rg_error *err);

/*
 * Puts the other zero beside one that stands alone in a dictionary of floats, at its end: where all
 * values are in a dictionary parquet-java looks for the one that is asked for, and finds no 0.0
 * where -0.0 is, although the two are equal (run). As PLAIN values they would have been found, and
 * in a dictionary that encoding_stats do not tell of. `is_made`: of PLAIN values; else only -0.0 is
 * given its pair, so that dictionaries with 0.0, the most, stay as they are.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_page_encoder_pair_zeros(struct rg_page_encoder *encoder,
                                                        struct rg_dict_union *united, bool is_made,
                                                        struct rg_error *err);

#endif
