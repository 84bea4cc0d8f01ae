/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where pages of the output chunk go: a list of segments, some of which lie in the sources, and the
 * metadata that is counted from what was really written.
 */

#ifndef STITCH_SINK_H
#define STITCH_SINK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "parquet/metadata.h"
#include "stitch/bench.h"
#include "stitch/chunk.h"
#include "stitch/index_merge.h"

/* Bytes of a page's body. */
struct rg_piece {
    struct rg_span bytes;
    bool is_lasting; /* They lie in a source: the output may point to them. */
};

/* What the page index says of a page. */
struct rg_page_facts {
    uint64_t row_count;
    bool is_row_count_known;
    bool has_unencoded_bytes;
    uint64_t unencoded_bytes;
    struct rg_statistics statistics;
    const uint64_t *rep_histogram; /* NULL: not known. */
    const uint64_t *def_histogram;
};

struct rg_sink_piece;
struct rg_sink_block;

struct rg_sink {
    struct rg_bench *bench; /* Set at init, then constant. */
    struct rg_index_merge *index;
    struct rg_sink_piece *pieces; /* In scratch, in the order of the output. */
    size_t piece_count;
    size_t piece_capacity;
    bool is_closed; /* The last piece must not grow. */
    uint8_t *block; /* In the arena: the next bytes to be filled. */
    size_t block_left;
    size_t block_bytes;
    uint64_t bytes;     /* Of all data pages so far, headers included. */
    uint64_t raw_bytes; /* The same, uncompressed. */
    uint64_t value_count;
    uint64_t row_count;          /* Rows that begin in these pages. */
    uint32_t page_counts[2][16]; /* [is V2][encoding]. */
    bool has_values_written;     /* A page with values that are no indices. */
    bool has_indices_ended;      /* The order rule: no page with indices may come any more. */
    bool has_levels_v1;
};

/*
 * Whether pages without values count for the order rule: in columns that repeat. Spark's vectorised
 * reader gives them places among the values of a batch, but none among its indices, and writes the
 * next page's indices behind the end of their room (run: 4.3.0, ArrayIndexOutOfBoundsException).
 */
bool rg_sink_counts_null_pages(const struct rg_leaf *leaf);

RG_MUST_CHECK enum rg_status rg_sink_init(struct rg_sink *sink, struct rg_bench *bench,
                                          struct rg_error *err);

/*
 * Writes a data page. `header` needs type, encoding, counts and, for V2, lengths of levels and
 * is_compressed; its sizes and CRC are filled here: uncompressed_bytes is kept, compressed_bytes
 * follows from the pieces, and a CRC is computed where has_crc is set unless `is_crc_known`.
 * `present_count` values of the page are not null; where that is not known, all of them.
 * *ret_bytes is what the page takes in the output.
 *
 * Errors:  RG_ERR_NOMEM; RG_ERR_BUG when the page would break the order rule; RG_ERR_LIMIT when
 *          the chunk becomes too large.
 */
RG_MUST_CHECK enum rg_status rg_sink_page(struct rg_sink *sink, struct rg_page_header *header,
                                          bool is_crc_known, const struct rg_piece *pieces,
                                          size_t piece_count, uint32_t present_count,
                                          const struct rg_page_facts *facts, uint64_t *ret_bytes,
                                          struct rg_error *err);

/* The dictionary page, which goes to the front; `body` as it is written. */
struct rg_sink_dictionary {
    struct rg_piece body;
    uint32_t raw_bytes;
    uint32_t entry_count;
    uint8_t encoding; /* PLAIN or PLAIN_DICTIONARY. */
    bool has_crc;
};

/*
 * Puts everything together: segments, offsets, encodings, indexes. `dictionary` may be NULL.
 * Statistics, bloom filter and moves are the caller's.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_LIMIT.
 */
RG_MUST_CHECK enum rg_status rg_sink_finish(struct rg_sink *sink,
                                            const struct rg_sink_dictionary *dictionary,
                                            struct rg_stitch_output *ret_output,
                                            struct rg_error *err);

#endif
