/* SPDX-License-Identifier: Apache-2.0 */

/*
 * BYTE_STREAM_SPLIT, of all types of a fixed width but BOOLEAN and INT96: first the first bytes of
 * all values, then the second bytes, and so on. Read only: it is never introduced.
 */

#ifndef PARQUET_ENCODING_BYTE_STREAM_SPLIT_H
#define PARQUET_ENCODING_BYTE_STREAM_SPLIT_H

#include "parquet/values.h"

struct rg_byte_stream_split_decoder {
    uint32_t width_bytes;
    struct rg_span bytes;
    size_t value_count; /* Of the page: the length of a stream. */
    size_t at;
};

/* Errors: RG_ERR_CORRUPT when the bytes are no whole number of values, RG_ERR_UNSUPPORTED. */
RG_MUST_CHECK enum rg_status
rg_byte_stream_split_decoder_init(struct rg_byte_stream_split_decoder *decoder,
                                  const struct rg_value_kind *kind, struct rg_span bytes,
                                  struct rg_error *err);

/* The next `count` values, at most room->count_max. Errors: RG_ERR_CORRUPT when there are fewer. */
RG_MUST_CHECK enum rg_status
rg_byte_stream_split_decoder_next(struct rg_byte_stream_split_decoder *decoder, uint32_t count,
                                  struct rg_value_room *room, struct rg_values *ret_values,
                                  struct rg_error *err);

#endif
