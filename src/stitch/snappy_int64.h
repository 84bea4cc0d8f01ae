/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A snappy compressor that knows that its input is INT64 values, little-endian: it only looks for a
 * value before that has the same upper 48 bits. Where values are small or close to one another that
 * finds what a general compressor finds, several times faster.
 */

#ifndef STITCH_SNAPPY_INT64_H
#define STITCH_SNAPPY_INT64_H

#include "base/span.h"

/* The most that rg_snappy_int64() writes for `bytes`. */
size_t rg_snappy_int64_bound(size_t bytes);

/*
 * Compresses `raw`, a multiple of 8 bytes and at most 2^31, to a whole snappy stream at `out`;
 * returns its length. Any snappy decoder reads it.
 */
size_t rg_snappy_int64(struct rg_span raw, uint8_t *out);

#endif
