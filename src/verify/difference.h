/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first difference between two sequences of chunks of one column: a second pass, for columns
 * whose digests differ. Both sides are decoded side by side, a batch at a time.
 */

#ifndef VERIFY_DIFFERENCE_H
#define VERIFY_DIFFERENCE_H

#include "parquet/value_text.h"
#include "verify/column_digest.h"

/* A chunk of one side, or rows of a column that its file lacks. Valid until the next one. */
struct rg_side_chunk {
    struct rg_chunk_source chunk; /* Unless column->has_no_levels. */
    const struct rg_column_source *column;
    uint64_t null_row_count; /* If column->has_no_levels. */
};

/* The next chunk of a side; *ret_is_end when there are no more. */
typedef enum rg_status rg_next_chunk_fn(void *user, struct rg_side_chunk *ret_chunk,
                                        bool *ret_is_end, struct rg_error *err);

struct rg_difference_request {
    const struct rg_schema *reference;
    uint32_t leaf_index; /* Of the reference. */
    rg_next_chunk_fn *next_chunk;
    void *users[2]; /* Of the two sides. */
    struct rg_codec_context *codecs;
    const struct rg_allocator *allocator;
};

struct rg_difference {
    bool is_found;
    uint64_t row_index; /* Of the row, counted from the first one of the sequence. */
    char texts[2][RG_VALUE_TEXT_BYTES]; /* What each side has there. */
};

/*
 * Searches. Values differ when their bytes do.
 *
 * Errors:  those of next_chunk and of rg_chunk_next(); RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_difference_find(const struct rg_difference_request *request,
                                                struct rg_difference *ret_difference,
                                                struct rg_error *err);

#endif
