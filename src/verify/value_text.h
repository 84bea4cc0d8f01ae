/* SPDX-License-Identifier: Apache-2.0 */

/* Values as people read them in a message. */

#ifndef VERIFY_VALUE_TEXT_H
#define VERIFY_VALUE_TEXT_H

#include "parquet/metadata.h"

enum {
    RG_VALUE_TEXT_BYTES = 96
};

/*
 * Writes `value` (of a fixed width in PLAIN's byte order, a BOOLEAN as one byte) by the type and
 * the annotation of its column: numbers, strings in quotes, other bytes as 0x.... Cut to fit, with
 * "..." where something is missing.
 */
void rg_value_text(const struct rg_schema_element *element, struct rg_span value,
                   char ret_text[RG_VALUE_TEXT_BYTES]);

#endif
