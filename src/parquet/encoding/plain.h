/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PLAIN, of all types; also what dictionary pages hold.
 *
 * Every encoding has the same functions: _decoder_init() looks at what stands in front,
 * _decoder_next() gives the next values, and _encode() appends a whole page's.
 */

#ifndef PARQUET_ENCODING_PLAIN_H
#define PARQUET_ENCODING_PLAIN_H

#include "parquet/values.h"

struct rg_plain_decoder {
    struct rg_value_kind kind;
    struct rg_span bytes;
    uint64_t at; /* In bits for BOOLEAN, in bytes for others. */
};

void rg_plain_decoder_init(struct rg_plain_decoder *decoder, const struct rg_value_kind *kind,
                           struct rg_span bytes);

/*
 * The next `count` values, at most room->count_max. BYTE_ARRAY views and fixed values point into
 * the bytes.
 *
 * Errors:  RG_ERR_CORRUPT when the bytes end before.
 */
RG_MUST_CHECK enum rg_status rg_plain_decoder_next(struct rg_plain_decoder *decoder, uint32_t count,
                                                   struct rg_value_room *room,
                                                   struct rg_values *ret_values,
                                                   struct rg_error *err);

/*
 * Reads `count` BYTE_ARRAY values from `bytes` + *at into `ret_views`, and moves *at behind them.
 *
 * Errors:  RG_ERR_CORRUPT when the bytes end before.
 */
RG_MUST_CHECK enum rg_status rg_plain_read_views(struct rg_span bytes, uint64_t *at, uint32_t count,
                                                 struct rg_view *ret_views, struct rg_error *err);

/* Appends `values`. Of BOOLEAN: `bit_count` values are in `out` already; whole bytes otherwise. */
void rg_plain_encode(const struct rg_value_kind *kind, const struct rg_values *values,
                     uint64_t bit_count, struct rg_buffer *out);

#endif
