/* SPDX-License-Identifier: Apache-2.0 */

/* Values to numbers that a sequence can take: equal bytes, equal numbers, and hardly ever else. */

#ifndef VERIFY_VALUE_HASH_H
#define VERIFY_VALUE_HASH_H

#include "parquet/values.h"
#include "verify/column_map.h"

/* One number for each of the values, below rg_sequence_element_end. */
void rg_value_hash(const struct rg_values *values, uint64_t *ret_hashes);

/* The same of what the values are after conversion. */
void rg_value_hash_converted(const struct rg_column_source *column, const struct rg_values *values,
                             uint64_t *ret_hashes);

#endif
