/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Columns out of the air, and column chunks made of them: a page builder for tests.
 *
 * Everything here is written the slow and plain way, bit by bit, so that it shares no mistake with
 * the code under test. Memory is an arena's.
 */

#ifndef SUPPORT_COLUMN_H
#define SUPPORT_COLUMN_H

#include "base/arena.h"
#include "base/buffer.h"
#include "parquet/codec.h"
#include "parquet/metadata.h"
#include "support/test.h"

/* Shapes of the path from the root to the leaf. */
enum column_nesting {
    NESTING_REQUIRED,      /* required leaf */
    NESTING_OPTIONAL,      /* optional leaf */
    NESTING_STRUCT,        /* optional group, optional leaf */
    NESTING_REQUIRED_PAIR, /* required group, optional leaf: as optional, one group more */
    NESTING_LIST,          /* optional group, repeated group, optional leaf */
    NESTING_LIST_LIST,     /* two lists in one another, required leaf */
    NESTING_COUNT,
};

/* A schema with one leaf. */
struct rg_schema *column_schema(struct test *t, struct rg_arena *arena, enum column_nesting nesting,
                                enum rg_type type, int32_t type_length);
/* The same with OPTIONAL where the other says REQUIRED, and no levels lost. */
struct rg_schema *column_schema_widened(struct test *t, struct rg_arena *arena,
                                        const struct rg_schema *schema);

/* One entry of a column: levels, and a value where def is at its maximum. */
struct slot {
    uint8_t rep;
    uint8_t def;
    struct rg_span value; /* PLAIN bytes; of BYTE_ARRAY without their length; BOOLEAN: a byte. */
};

struct column {
    struct slot *slots;
    uint32_t slot_count;
    uint32_t row_count;
};

/* How values are drawn. */
struct value_style {
    uint32_t distinct;     /* From how many values; 0: every one is new. */
    uint32_t first;        /* The number of the first value. */
    uint32_t null_percent; /* Also of empty lists. */
    uint32_t string_bytes; /* Of strings, at most. */
};

/* `row_count` rows of random shape. */
struct column column_make(struct test *t, struct rg_arena *arena, struct choices *c,
                          const struct rg_leaf *leaf, uint32_t row_count,
                          const struct value_style *style);

/* How a column becomes a chunk. */
struct chunk_style {
    uint8_t codec;
    uint8_t versions;            /* 1: V1 pages, 2: V2 pages, 3: both. */
    uint32_t page_slots;         /* About so many in a page. */
    uint32_t dictionary_entries; /* At most so many, then the rest falls back. 0: no dictionary. */
    uint8_t encoding;            /* Of pages without indices. */
    bool has_old_names;          /* PLAIN_DICTIONARY. */
    bool is_shuffled;            /* Dictionary not in order of appearance. */
    bool has_unused;             /* Entries that nothing refers to. */
    bool has_duplicates;         /* Entries that are there twice. */
    bool has_loose_ends;         /* Bytes behind the last value of dictionary and PLAIN pages. */
    bool has_crc;
    bool has_index;      /* Page index. */
    bool has_statistics; /* Of the chunk. */
    bool has_encoding_stats;
    bool has_size_statistics;
    bool has_split_rows;    /* V1 pages end anywhere. */
    bool has_packed_levels; /* BIT_PACKED ones, in V1 pages. */
    bool has_links;         /* DELTA_BYTE_ARRAY pages lean on the page before (PARQUET-246). */
    bool has_odd_pages;     /* Empty pages and index pages in between. */
    bool is_alternating;    /* Pages with and without indices by turns: breaks the order rule. */
};

struct built_chunk {
    struct rg_column_chunk chunk;
    struct rg_span bytes;
    uint8_t *memory; /* The same bytes, for those who want to change them. */
    struct rg_offset_index offset_index;
    struct rg_column_index column_index;
    bool has_index;
};

/* A random style that this leaf allows. */
struct chunk_style chunk_style_draw(struct choices *c, const struct rg_leaf *leaf);

/* Writes the column. `file_offset` is where the chunk begins in its file. */
struct built_chunk chunk_build(struct test *t, struct rg_arena *arena, struct choices *c,
                               const struct rg_schema *schema, const struct column *column,
                               const struct chunk_style *style, uint64_t file_offset);

/* RLE hybrid of random runs. */
void naive_rle(struct choices *c, const uint32_t *values, uint32_t count, uint32_t width,
               struct rg_buffer *out);

#endif
