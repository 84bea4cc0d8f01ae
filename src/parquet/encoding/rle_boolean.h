/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RLE as an encoding of values: BOOLEAN only. A length of 4 bytes, in V1 and V2 pages alike, then
 * runs of width 1.
 */

#ifndef PARQUET_ENCODING_RLE_BOOLEAN_H
#define PARQUET_ENCODING_RLE_BOOLEAN_H

#include "parquet/rle.h"
#include "parquet/values.h"

struct rg_rle_boolean_decoder {
    struct rg_rle_decoder runs;
};

/* `value_count` is the page's. Errors: RG_ERR_CORRUPT when the length does not fit the bytes. */
RG_MUST_CHECK enum rg_status rg_rle_boolean_decoder_init(struct rg_rle_boolean_decoder *decoder,
                                                         struct rg_span bytes, uint32_t value_count,
                                                         struct rg_error *err);

/* The next `count` values, at most room->count_max. Errors: those of rg_run_next(). */
RG_MUST_CHECK enum rg_status rg_rle_boolean_decoder_next(struct rg_rle_boolean_decoder *decoder,
                                                         uint32_t count, struct rg_value_room *room,
                                                         struct rg_values *ret_values,
                                                         struct rg_error *err);

/*
 * Appends `count` booleans (a byte each) as one page's values; `scratch` gets four bytes for each.
 */
void rg_rle_boolean_encode(const uint8_t *values, uint32_t count, uint32_t *scratch,
                           struct rg_buffer *out);

#endif
