/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How a target's inputs hold pages, for mutate_pages.c. A target that is linked with that file
 * defines fuzz_describe().
 */

#ifndef FUZZ_MUTATE_PAGES_H
#define FUZZ_MUTATE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_pages {
    size_t pages_at;    /* The first page header. */
    size_t counts_at;   /* Number of values, then of rows; little-endian. */
    size_t count_bytes; /* Of each of the two. */
    size_t split_at;    /* 0: one chunk. Else of 16 bits, how long the first of two chunks is. */
    bool has_counts_of_both; /* Counts of the second chunk follow; else those are of either. */
    unsigned codec;
    bool is_flat; /* A row is a value. */
};

/* False: `bytes` are too few for a head. */
bool fuzz_describe(const uint8_t *data, size_t bytes, struct fuzz_pages *ret_pages);

#endif
