/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compares two sequences of files, row for row and column for column: both are decoded, each to one
 * digest for a column; where digests differ, the first difference is looked for in a second pass.
 * Columns are those of the first output; where that cannot be, those of the output whose schema has
 * what all other outputs have, and all is read once more.
 *
 * Memory: what files take while they are read comes out of an engine's budget; on top comes what is
 * kept of a side, some 40 bytes for each column of the files under way, and the reference schema.
 */

#ifndef VERIFY_COMPARE_H
#define VERIFY_COMPARE_H

#include <stdatomic.h>

#include "verify/difference.h"
#include "verify/file_reader.h"

enum rg_verify_side {
    RG_SIDE_INPUTS = 0,
    RG_SIDE_OUTPUTS = 1,
};

struct rg_compare_request {
    const struct rg_verify_file *files[2]; /* In the order of rows; by enum rg_verify_side. */
    size_t file_counts[2];
    uint64_t memory_bytes;                /* The engine's budget. */
    uint32_t thread_count;                /* Files that are read at a time. */
    const struct rg_allocator *allocator; /* For what is kept; any number of threads. */
    const atomic_bool *is_cancelled;      /* NULL: never. */
    atomic_uint_fast64_t *read_bytes;     /* Added to as files are read; NULL: not counted. */
};

enum {
    RG_COMPARE_TEXT_BYTES = 400
};

struct rg_compare_result {
    bool is_equal;
    uint64_t row_counts[2];
    uint32_t column_count;
    uint32_t different_count; /* Columns whose digests differ. */
    /* Where they differ: column, row and both values; or what cannot be compared. */
    char text[RG_COMPARE_TEXT_BYTES];
};

/*
 * Compares. That they differ is a result, not an error.
 *
 * Errors:  those of rg_file_reader_open() and rg_chunk_next(), with the file's name: one of the
 *          files cannot be read; RG_ERR_LIMIT when a column needs more memory than there is;
 *          RG_ERR_NOMEM; RG_ERR_CANCELLED.
 */
RG_MUST_CHECK enum rg_status rg_compare(const struct rg_compare_request *request,
                                        struct rg_compare_result *ret_result, struct rg_error *err);

#endif
