/* SPDX-License-Identifier: Apache-2.0 */

/* Sizes, durations and numbers as people write them. */

#ifndef PLAN_QUANTITY_H
#define PLAN_QUANTITY_H

#include <stdint.h>

#include "base/error.h"

/*
 * "1048576", "512MiB", "4G", "1.5 GB": B; K, M, G, T and KiB, MiB, GiB, TiB are powers of 1024; KB,
 * MB, GB, TB powers of 1000. Letters in any case. Fractions of a byte are dropped.
 *
 * Errors:  RG_ERR_INVALID, also above 2^63 - 1.
 */
RG_MUST_CHECK enum rg_status rg_size_parse(const char *text, uint64_t *ret_bytes,
                                           struct rg_error *err);

/*
 * "25%": a whole number, 1 .. 100.
 *
 * Errors:  RG_ERR_INVALID.
 */
RG_MUST_CHECK enum rg_status rg_percent_parse(const char *text, uint32_t *ret_percent,
                                              struct rg_error *err);

/*
 * "90s", "15m", "2h", "1d", "1.5h"; "0" needs no unit. In nanoseconds.
 *
 * Errors:  RG_ERR_INVALID, also above 100 years.
 */
RG_MUST_CHECK enum rg_status rg_duration_parse(const char *text, uint64_t *ret_ns,
                                               struct rg_error *err);

/*
 * Decimal digits and nothing else.
 *
 * Errors:  RG_ERR_INVALID, also above 2^63 - 1.
 */
RG_MUST_CHECK enum rg_status rg_number_parse(const char *text, uint64_t *ret_number,
                                             struct rg_error *err);

#endif
