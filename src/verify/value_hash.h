/* SPDX-License-Identifier: Apache-2.0 */

/* Values to numbers that a sequence can take: equal bytes, equal numbers, and hardly ever else. */

#ifndef VERIFY_VALUE_HASH_H
#define VERIFY_VALUE_HASH_H

#include "parquet/values.h"

/* One number for each of the values, below rg_sequence_element_end. */
void rg_value_hash(const struct rg_values *values, uint64_t *ret_hashes);

#endif
