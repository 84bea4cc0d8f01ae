/* SPDX-License-Identifier: Apache-2.0 */

/* A snappy body without its first raw bytes, and without decompressing the rest. */

#ifndef STITCH_SNAPPY_CUT_H
#define STITCH_SNAPPY_CUT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"

/*
 * Decompresses the first `count` raw bytes of a snappy body of `raw_bytes` into `out`.
 *
 * Errors:  RG_ERR_CORRUPT when the body is unsound as far as it was read, or has another length.
 */
RG_MUST_CHECK enum rg_status rg_snappy_front(struct rg_span body, uint32_t raw_bytes, size_t count,
                                             uint8_t *out, struct rg_error *err);

/*
 * Elements that yield the raw bytes of `body` behind `front`, which are its first raw bytes: those
 * appended to `head`, and behind them *ret_tail, which lies in `body`. They look back no further
 * than the first of these bytes. The whole body is checked; with an empty front that is all that is
 * done. Whoever is done with `head` does rg_buffer_check().
 *
 * Errors:  RG_ERR_CORRUPT where a decompressor would refuse the body as one of `raw_bytes`.
 */
RG_MUST_CHECK enum rg_status rg_snappy_cut(struct rg_span body, uint32_t raw_bytes,
                                           struct rg_span front, struct rg_buffer *head,
                                           struct rg_span *ret_tail, struct rg_error *err);

#endif
