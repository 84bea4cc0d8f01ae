/* SPDX-License-Identifier: Apache-2.0 */

/* The facts that the layout is decided by, from three sources (README.md section 8). */

#ifndef STITCH_SAMPLE_H
#define STITCH_SAMPLE_H

#include "base/error.h"
#include "stitch/bench.h"
#include "stitch/dict_groups.h"
#include "stitch/promote.h"
#include "stitch/source.h"
#include "stitch/verdict.h"

/*
 * Fills `ret_facts` from all surveys, and from the dictionaries of the first, the middle and the
 * last source that has values. `trial` is an empty buffer, and empty again afterwards.
 *
 * Errors:  RG_ERR_CORRUPT with *ret_culprit, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_sample_take(struct rg_bench *bench, struct rg_promoter *promoter,
                                            const struct rg_survey *surveys, size_t survey_count,
                                            const struct rg_dict_groups *groups,
                                            struct rg_buffer *trial,
                                            struct rg_layout_facts *ret_facts, size_t *ret_culprit,
                                            struct rg_error *err);

#endif
