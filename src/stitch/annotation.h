/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a schema element is annotated with, once and for all: LogicalType where it is given, else
 * what ConvertedType means by it (parquet-format LogicalTypes.md).
 */

#ifndef STITCH_ANNOTATION_H
#define STITCH_ANNOTATION_H

#include "parquet/metadata.h"

/* Beside the numbers of enum rg_logical: those that only ConvertedType has. */
enum {
    RG_ANNOTATION_INTERVAL = 200,
    RG_ANNOTATION_MAP_KEY_VALUE = 201,
};

/* Parameters that a kind does not have are 0, so that equal annotations are equal field by field.
 */
struct rg_annotation {
    uint8_t kind; /* enum rg_logical, one of the above, or an unknown field number. */
    uint8_t time_unit;
    bool is_utc;
    bool is_signed;
    uint8_t bit_width;
    int32_t scale;
    int32_t precision;
};

/* INTEGER(32, signed) on INT32 and (64, signed) on INT64 say nothing: they are NONE. */
struct rg_annotation rg_annotation_of(const struct rg_schema_element *element);

/*
 * True for kinds whose parameters struct rg_annotation does not hold (CRS, VARIANT's version,
 * whatever is not known yet): two such elements are alike only if their Thrift bytes are.
 */
bool rg_annotation_is_opaque(const struct rg_annotation *annotation);

bool rg_annotation_equal(const struct rg_annotation *a, const struct rg_annotation *b);

#endif
