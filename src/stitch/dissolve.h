/* SPDX-License-Identifier: Apache-2.0 */

/* Index pages looked up in their dictionary and written as PLAIN pages. */

#ifndef STITCH_DISSOLVE_H
#define STITCH_DISSOLVE_H

#include "base/error.h"
#include "stitch/dict_table.h"
#include "stitch/join.h"

/*
 * Moves a dictionary-encoded page into the page in the making as PLAIN values; writes that as often
 * as it is full.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM, RG_ERR_LIMIT.
 */
RG_MUST_CHECK enum rg_status rg_dissolve_page(struct rg_joiner *joiner,
                                              const struct rg_survey *survey,
                                              const struct rg_source_page *page,
                                              const struct rg_dict_table *table,
                                              struct rg_error *err);

/* Appends the entries that `indices` name to `out`, in PLAIN form. Every index is below the count.
 */
void rg_dissolve_gather(const struct rg_dict_table *table, const uint32_t *indices, uint32_t count,
                        struct rg_buffer *out);

#endif
