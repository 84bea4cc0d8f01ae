/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Definition and repetition levels of a page, decoded piece by piece to a byte each.
 *
 * Two encodings: RLE, and the deprecated BIT_PACKED, which packs from the most significant bit
 * (parquet-format Encodings.md) and is found in V1 pages only.
 */

#ifndef PARQUET_LEVELS_H
#define PARQUET_LEVELS_H

#include "parquet/rle.h"

struct rg_level_decoder {
    bool is_bit_packed;
    uint8_t level_max; /* 0: there are no bytes, and all levels are 0. */
    uint32_t width;
    struct rg_rle_decoder runs; /* Unless is_bit_packed. */
    struct rg_span packed;      /* If is_bit_packed. */
    uint64_t bit;               /* In packed. */
};

/*
 * Reads `value_count` levels of 0 .. level_max from `bytes`, which may hold more.
 *
 * Errors:  RG_ERR_CORRUPT when bit-packed levels are too few; RG_ERR_UNSUPPORTED for an encoding
 *          that levels cannot have.
 */
RG_MUST_CHECK enum rg_status rg_level_decoder_init(struct rg_level_decoder *decoder,
                                                   unsigned encoding, uint8_t level_max,
                                                   struct rg_span bytes, uint32_t value_count,
                                                   struct rg_error *err);

/* The next `count` levels. Errors: RG_ERR_CORRUPT, also for levels above level_max. */
RG_MUST_CHECK enum rg_status rg_level_decoder_next(struct rg_level_decoder *decoder, uint32_t count,
                                                   uint8_t *ret_levels, struct rg_error *err);

/* How many of the `value_count` levels equal `level`; leaves the decoder as it was. */
RG_MUST_CHECK enum rg_status rg_level_count_equal(const struct rg_level_decoder *decoder,
                                                  uint32_t value_count, uint8_t level,
                                                  uint32_t *ret_count, struct rg_error *err);

/* Bytes of `value_count` bit-packed levels. */
uint64_t rg_level_packed_bytes(uint8_t level_max, uint32_t value_count);

#endif
