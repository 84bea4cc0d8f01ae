/* SPDX-License-Identifier: Apache-2.0 */

/* Index pages of one dictionary rewritten as index pages of the united one. */

#ifndef STITCH_REMAP_H
#define STITCH_REMAP_H

#include "base/error.h"
#include "stitch/dict_union.h"
#include "stitch/join.h"

/*
 * Moves a dictionary-encoded page into the page in the making, its indices translated; writes that
 * as often as it is full.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM, RG_ERR_LIMIT.
 */
RG_MUST_CHECK enum rg_status rg_remap_page(struct rg_joiner *joiner, const struct rg_survey *survey,
                                           const struct rg_source_page *page,
                                           const struct rg_dict_map *map, enum rg_verdict verdict,
                                           struct rg_error *err);

#endif
