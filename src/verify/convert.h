/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Values of a narrower type as those of the reference's: an input's type may have been widened
 * where nothing is lost (src/stitch/README.md section 7). Written for itself, so that a mistake in
 * how files are merged is not made here, too.
 */

#ifndef VERIFY_CONVERT_H
#define VERIFY_CONVERT_H

#include "parquet/metadata.h"
#include "parquet/values.h"

enum rg_convert {
    RG_CONVERT_NONE,            /* Bytes stay as they are. */
    RG_CONVERT_SIGNED,          /* INT32 to INT64. */
    RG_CONVERT_UNSIGNED,        /* INT32 to INT64. */
    RG_CONVERT_INT_TO_DOUBLE,   /* INT32. */
    RG_CONVERT_FLOAT_TO_DOUBLE, /* NaNs keep their payload. */
    RG_CONVERT_DECIMAL, /* INT32, INT64 or FIXED_LEN_BYTE_ARRAY to a longer big-endian one. */
    RG_CONVERT_NEVER,   /* The two cannot be compared. */
};

enum {
    RG_CONVERT_WIDTH_MAX = 1024 /* Bytes of a decimal; longer ones are not compared. */
};

/* How values of leaf `from` become those of leaf `to`. */
enum rg_convert rg_convert_of(const struct rg_schema_element *from,
                              const struct rg_schema_element *to);

/*
 * Converts values first .. first + count to `to_width` bytes each at `out`. `values` are of a fixed
 * width; decimals that are integers are little-endian, others big-endian.
 */
void rg_convert_values(enum rg_convert convert, bool is_integer, const struct rg_values *values,
                       uint32_t first, uint32_t count, uint32_t to_width, uint8_t *out);

#endif
