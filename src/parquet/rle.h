/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The RLE / bit-packed hybrid (parquet-format Encodings.md): levels, dictionary indices, booleans.
 *
 * A stream is a sequence of runs; its value count is known from outside, and the last bit-packed
 * run may hold up to 7 values of padding, which the reader cuts off. Padding anywhere else is
 * corrupt.
 */

#ifndef PARQUET_RLE_H
#define PARQUET_RLE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"

struct rg_run {
    bool is_packed;
    uint32_t value_count;  /* Padding already cut off. */
    uint32_t value;        /* Of a repeated run. */
    const uint8_t *packed; /* Of a bit-packed run: (value_count * width + 7) / 8 bytes are there;
                              the rest of the stream's last group may be missing (Impala). */
};

struct rg_run_reader {
    const uint8_t *next;
    const uint8_t *end;
    uint32_t width;       /* Bits of a value: 0 to 32. */
    uint32_t values_left; /* Of the stream. */
};

/* Reads runs from `bytes`, which hold `value_count` values (and maybe more, which are ignored). */
void rg_run_reader_init(struct rg_run_reader *reader, struct rg_span bytes, uint32_t width,
                        uint32_t value_count);

/*
 * The next run; *ret_is_end when all values were delivered.
 *
 * Errors:  RG_ERR_CORRUPT when the bytes end early, a run is empty, or a repeated value does not
 * fit its width.
 */
RG_MUST_CHECK enum rg_status rg_run_next(struct rg_run_reader *reader, struct rg_run *ret_run,
                                         bool *ret_is_end, struct rg_error *err);

/* Unpacks values first .. first + count of a bit-packed run. Reads only the bytes that hold them.
 */
void rg_unpack(const uint8_t *packed, uint32_t width, uint32_t first, uint32_t count,
               uint32_t *ret_values);

/* A stream that is decoded piece by piece. */
struct rg_rle_decoder {
    struct rg_run_reader reader;
    struct rg_run run; /* The one under way. */
    uint32_t used;     /* Values of it that were delivered. */
};

void rg_rle_decoder_init(struct rg_rle_decoder *decoder, struct rg_span bytes, uint32_t width,
                         uint32_t value_count);

/* The next `count` values, which must be left. Values are not checked against anything but the
 * width. Same errors as rg_run_next(). */
RG_MUST_CHECK enum rg_status rg_rle_decoder_next(struct rg_rle_decoder *decoder, uint32_t count,
                                                 uint32_t *ret_values, struct rg_error *err);
/* The same for levels and booleans: width 0 to 8, a byte for each value. */
RG_MUST_CHECK enum rg_status rg_rle_decoder_next_u8(struct rg_rle_decoder *decoder, uint32_t count,
                                                    uint8_t *ret_values, struct rg_error *err);

/* A whole stream at once. */
RG_MUST_CHECK enum rg_status rg_rle_decode(struct rg_span bytes, uint32_t width,
                                           uint32_t value_count, uint32_t *ret_values,
                                           struct rg_error *err);
RG_MUST_CHECK enum rg_status rg_rle_decode_u8(struct rg_span bytes, uint32_t width,
                                              uint32_t value_count, uint8_t *ret_values,
                                              struct rg_error *err);

/* Encodes `values`: bit-packed runs of at most 256, repeated runs from `repeat_min` equal values
 * on. */
void rg_rle_encode(const uint32_t *values, uint32_t value_count, uint32_t width,
                   uint32_t repeat_min, struct rg_buffer *out);

/* One repeated run. */
void rg_rle_emit_run(uint32_t value, uint32_t count, uint32_t width, struct rg_buffer *out);

/* Bits that `value_max` needs: 0 for 0. */
static inline uint32_t rg_bit_width(uint32_t value_max)
{
    return value_max == 0 ? 0 : 32 - (uint32_t)__builtin_clz(value_max);
}

/* How many of `value_count` levels equal `level`; walks runs. Same errors as rg_run_next(). */
RG_MUST_CHECK enum rg_status rg_rle_count_equal(struct rg_span bytes, uint32_t width,
                                                uint32_t value_count, uint32_t level,
                                                uint32_t *ret_count, struct rg_error *err);

#endif
