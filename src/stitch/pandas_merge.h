/* SPDX-License-Identifier: Apache-2.0 */

/* The "pandas" key, merged: alike but for the index, whose range is made that of the output. */

#ifndef STITCH_PANDAS_MERGE_H
#define STITCH_PANDAS_MERGE_H

#include "base/buffer.h"
#include "base/hash.h"

/* A RangeIndex: start, start + step, ... below (or above) stop. */
struct rg_pandas_range {
    int64_t start, stop, step;
};

struct rg_pandas_merge {
    struct rg_span text; /* The first value. */
    struct rg_hash128 semantics;
    bool has_range;
    bool is_contiguous; /* Ranges so far follow one another, and each is as long as its file. */
    struct rg_pandas_range first; /* The first value's range; the same again needs no reading. */
    struct rg_pandas_range range; /* From the first to the last. */
    uint64_t row_count;
};

/* Begins with `text` of a file of `row_count` rows; false when it is not of the form. */
bool rg_pandas_merge_begin(struct rg_pandas_merge *merge, struct rg_span text, uint64_t row_count);

/*
 * Adds another; false when it says something else of columns or index. Version and creator of
 * pandas do not count.
 */
bool rg_pandas_merge_add(struct rg_pandas_merge *merge, struct rg_span text, uint64_t row_count);

/*
 * The first value, with the range for `row_count` rows: that of the inputs where they follow one
 * another and the output has all their rows, else 0, 1, 2, ... (pyarrow passes over a range of
 * another length: pandas_compat.py, "munged metadata").
 */
void rg_pandas_merge_emit(const struct rg_pandas_merge *merge, uint64_t row_count,
                          struct rg_buffer *out);

#endif
