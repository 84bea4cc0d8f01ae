/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DELTA_BINARY_PACKED, of INT32 and INT64 (parquet-format Encodings.md): a header with the first
 * value, then blocks of bit-packed differences to a block's smallest difference.
 *
 * Arithmetic wraps at the width of the type, as the specification demands.
 */

#ifndef PARQUET_ENCODING_DELTA_H
#define PARQUET_ENCODING_DELTA_H

#include "parquet/values.h"

struct rg_delta_decoder {
    uint32_t width_bytes;  /* 4 or 8. */
    uint32_t block_values; /* Of a block. */
    uint32_t mini_count;   /* Miniblocks of a block. */
    uint32_t mini_values;  /* Of a miniblock: a multiple of 8. */
    uint32_t values_left;  /* By the header's count. */
    bool is_at_first;      /* The header's value was not delivered. */
    uint64_t last;         /* The value that was delivered last, or the first one. */
    uint64_t min_delta;    /* Of the block under way. */
    uint32_t mini_index;   /* The miniblock under way; mini_count: none. */
    uint32_t mini_used;    /* Values of it that were delivered. */
    const uint8_t *widths; /* Of the block's miniblocks: mini_count bytes. */
    const uint8_t *mini;   /* Where the packed bytes of the miniblock under way begin. */
    const uint8_t *end;
};

/*
 * Reads the header. `width_bytes` is 4 or 8.
 *
 * Errors:  RG_ERR_CORRUPT when the header is cut or makes no sense.
 */
RG_MUST_CHECK enum rg_status rg_delta_decoder_init(struct rg_delta_decoder *decoder,
                                                   uint32_t width_bytes, struct rg_span bytes,
                                                   struct rg_error *err);

/* The next `count` values of 4 or 8 bytes, little endian. Errors: RG_ERR_CORRUPT. */
RG_MUST_CHECK enum rg_status rg_delta_decoder_next(struct rg_delta_decoder *decoder, uint32_t count,
                                                   uint8_t *ret_values, struct rg_error *err);

/* Walks to the end of the stream without decoding; what follows it begins at *ret_end. The decoder
 * must be new. Errors: RG_ERR_CORRUPT. */
RG_MUST_CHECK enum rg_status rg_delta_find_end(const struct rg_delta_decoder *decoder,
                                               const uint8_t **ret_end, struct rg_error *err);

/* Appends `count` values of `width_bytes` (4 or 8) as one stream: blocks of 128 in miniblocks of
 * 32, as parquet-java and arrow write them. */
void rg_delta_encode(const uint8_t *values, uint32_t width_bytes, uint32_t count,
                     struct rg_buffer *out);

#endif
