/* SPDX-License-Identifier: Apache-2.0 */

/* Types and values of columns as people write them, for messages and for inspect. */

#ifndef PARQUET_VALUE_TEXT_H
#define PARQUET_VALUE_TEXT_H

#include "parquet/metadata.h"

enum {
    RG_VALUE_TEXT_BYTES = 160
};

/*
 * One value in its PLAIN form (a BYTE_ARRAY without its length): "42", "2024-05-01",
 * "2024-05-01 12:00:00.000001Z", "12.50", "'text'", "0x00ff"; what is longer than the room is cut
 * and ends in "...". Bytes of a wrong length for the type come out in hexadecimal. Text has its
 * control bytes and what is not UTF-8 written as \xHH.
 */
const char *rg_value_text(const struct rg_schema *schema, uint32_t leaf_index, struct rg_span value,
                          char text[RG_VALUE_TEXT_BYTES]);

/* "INT64", "FIXED_LEN_BYTE_ARRAY(16)". */
const char *rg_leaf_type_text(const struct rg_leaf *leaf, char text[RG_VALUE_TEXT_BYTES]);

/* "STRING", "TIMESTAMP(MICROS, UTC)", "DECIMAL(9,2)", "INTEGER(8, signed)"; "" for none. */
const char *rg_annotation_text(const struct rg_schema_element *element,
                               char text[RG_VALUE_TEXT_BYTES]);

#endif
