/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DELTA_LENGTH_BYTE_ARRAY: lengths as one delta stream, then all bytes. DELTA_BYTE_ARRAY: lengths
 * of what a value shares with the value before it, then the rest of the values as
 * DELTA_LENGTH_BYTE_ARRAY; also of FIXED_LEN_BYTE_ARRAY.
 */

#ifndef PARQUET_ENCODING_DELTA_BYTES_H
#define PARQUET_ENCODING_DELTA_BYTES_H

#include "parquet/encoding/delta.h"
#include "parquet/values.h"

struct rg_delta_length_decoder {
    struct rg_delta_decoder lengths;
    struct rg_span bytes; /* Behind the lengths. */
    size_t at;            /* In bytes. */
};

/* Errors: those of rg_delta_decoder_init() and rg_delta_find_end(). */
RG_MUST_CHECK enum rg_status rg_delta_length_decoder_init(struct rg_delta_length_decoder *decoder,
                                                          struct rg_span bytes,
                                                          struct rg_error *err);

/* The next `count` values. Errors: RG_ERR_CORRUPT. */
RG_MUST_CHECK enum rg_status rg_delta_length_decoder_next(struct rg_delta_length_decoder *decoder,
                                                          uint32_t count,
                                                          struct rg_value_room *room,
                                                          struct rg_values *ret_values,
                                                          struct rg_error *err);

/* Appends a page's values; `scratch` gets four bytes for each. */
void rg_delta_length_encode(const struct rg_values *values, uint32_t *scratch,
                            struct rg_buffer *out);

enum {
    RG_DELTA_BYTES_AHEAD = 64
};

struct rg_delta_bytes_decoder {
    struct rg_value_kind kind;
    struct rg_delta_decoder prefixes;
    struct rg_delta_length_decoder suffixes;
    uint32_t values_left; /* Of the page: not read from the two streams yet. */
    uint32_t ahead_count; /* Read from the streams together. */
    uint32_t ahead_used;  /* Of these, put together. */
    uint32_t prefix_bytes[RG_DELTA_BYTES_AHEAD];
    struct rg_view suffix_views[RG_DELTA_BYTES_AHEAD];
};

/*
 * The value before the page's first one is empty; or, with `is_linked`, what room->last holds:
 * pages of parquet-mr before 1.8.0 lean on the page before (PARQUET-246).
 *
 * Errors: RG_ERR_CORRUPT.
 */
RG_MUST_CHECK enum rg_status rg_delta_bytes_decoder_init(struct rg_delta_bytes_decoder *decoder,
                                                         struct rg_span bytes, uint32_t value_count,
                                                         bool is_linked, struct rg_value_room *room,
                                                         struct rg_error *err);

/* Appends a page's values, which stand alone; `scratch` gets eight bytes for each. */
void rg_delta_bytes_encode(const struct rg_values *values, uint32_t *scratch,
                           struct rg_buffer *out);

/*
 * Up to `count` next values, and at least one of them: a batch ends early when its values together
 * become large, because few bytes can stand for very many.
 *
 * Errors: RG_ERR_CORRUPT; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_delta_bytes_decoder_next(struct rg_delta_bytes_decoder *decoder,
                                                         uint32_t count, struct rg_value_room *room,
                                                         struct rg_values *ret_values,
                                                         struct rg_error *err);

#endif
