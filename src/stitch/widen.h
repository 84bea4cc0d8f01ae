/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which types can be kept as values of another without loss and in the same order, and how
 * (README.md section 7). Anything else is refused: a change of unit, scale or meaning is not
 * ours to make.
 */

#ifndef STITCH_WIDEN_H
#define STITCH_WIDEN_H

#include "base/error.h"
#include "parquet/metadata.h"

enum rg_conversion {
    RG_CONVERSION_NONE,          /* PLAIN bytes stay as they are. */
    RG_CONVERSION_INT32_INT64,   /* Sign-extended; DECIMAL among them. */
    RG_CONVERSION_UINT32_UINT64, /* Zero-extended. */
    RG_CONVERSION_INT32_DOUBLE,
    RG_CONVERSION_FLOAT_DOUBLE,
    RG_CONVERSION_DECIMAL_FIXED, /* INT32, INT64 or a shorter FIXED_LEN_BYTE_ARRAY: big-endian. */
};

/*
 * True when values of leaf `from` can be kept as values of leaf `to`: equal types, wider integers
 * of the same sign, FLOAT in DOUBLE, INT32 in DOUBLE, DECIMAL of more digits and the same scale.
 */
bool rg_widen_is_lossless(const struct rg_schema_element *from, const struct rg_schema_element *to,
                          enum rg_conversion *ret_conversion);

/*
 * Converts `value_count` PLAIN values: a page, a dictionary, or a bound. `out` has room for as many
 * values of `to`, and rg_slack_bytes behind them.
 *
 * Errors:  RG_ERR_CORRUPT when `plain` is not exactly that many values of `from`.
 */
RG_MUST_CHECK enum rg_status rg_widen_plain(enum rg_conversion conversion,
                                            const struct rg_leaf *from, const struct rg_leaf *to,
                                            struct rg_span plain, uint32_t value_count,
                                            uint8_t *out, struct rg_error *err);

#endif
