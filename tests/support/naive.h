/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A second opinion on column chunks: decodes them bit by bit, and checks every promise that a
 * stitched chunk makes. A chunk that breaks one fails the test.
 */

#ifndef SUPPORT_NAIVE_H
#define SUPPORT_NAIVE_H

#include "stitch/chunk.h"
#include "support/column.h"

/* One page, decoded. */
struct naive_page {
    struct rg_page_header header;
    uint64_t offset; /* Of its header. */
    uint64_t bytes;  /* Header and body. */
    uint32_t header_bytes;
    uint32_t first_slot;
    uint32_t slot_count;
    uint32_t present_count;
    uint32_t row_count; /* Rows that begin in it. */
    bool is_dictionary;
};

struct naive_chunk {
    struct column column;
    struct naive_page *pages; /* The dictionary page too. */
    uint32_t page_count;
    uint32_t dictionary_count;
};

struct naive_chunk naive_decode(struct test *t, struct rg_arena *arena, const struct rg_leaf *leaf,
                                uint8_t codec, struct rg_span bytes);

/* The segments of an output joined. */
struct rg_span naive_join(struct test *t, struct rg_arena *arena,
                          const struct rg_stitch_output *output);

/* A bloom filter over the column's values, as a writer would have made it. */
struct rg_span naive_bloom(struct test *t, struct rg_arena *arena, const struct rg_leaf *leaf,
                           const struct column *column);

/* Everything: values and order, and all that readers trust. */
void naive_check(struct test *t, struct rg_arena *arena, const struct rg_schema *schema,
                 const struct rg_stitch_output *output, const struct column *expected);

#endif
