/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A column chunk of a test as a Parquet file, so that a case that fails can be looked at with any
 * reader, and kept.
 */

#ifndef SUPPORT_CASE_FILE_H
#define SUPPORT_CASE_FILE_H

#include "support/column.h"

/* The file's bytes. False without memory. */
bool case_file_make(const struct rg_schema *schema, const struct built_chunk *built,
                    uint64_t file_offset, uint64_t row_count, struct rg_buffer *out);

/*
 * Writes it as FOLDER/NAME-SEED-INDEX.parquet and says so; FOLDER is TEST_CASES of the environment,
 * or where the test runs. What fails here is only said: the test fails for a better reason.
 */
void case_file_keep(const char *name, uint64_t seed, size_t index, const struct rg_schema *schema,
                    const struct built_chunk *built, uint64_t file_offset, uint64_t row_count);

#endif
