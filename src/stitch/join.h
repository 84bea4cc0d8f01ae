/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The page in the making: parts of source pages come in until it is large enough, and then it is
 * written. Remapped and dissolved pages are made here, and tiny pages become one.
 */

#ifndef STITCH_JOIN_H
#define STITCH_JOIN_H

#include "base/buffer.h"
#include "base/error.h"
#include "stitch/bench.h"
#include "stitch/dict_union.h"
#include "stitch/indices.h"
#include "stitch/levels.h"
#include "stitch/parts.h"
#include "stitch/sink.h"
#include "stitch/statistics.h"

/* What a page in the making holds. Only parts of one kind can be joined. */
enum rg_join_kind {
    RG_JOIN_NOTHING,
    RG_JOIN_INDICES, /* Of the output's dictionary. */
    RG_JOIN_VALUES,  /* PLAIN, raw. */
    RG_JOIN_SPLICED, /* PLAIN, as elements of a snappy stream. */
    RG_JOIN_BITS,    /* PLAIN booleans. */
    RG_JOIN_DELTA,   /* PLAIN, raw, to be delta-encoded when the page is written. */
};

/* Levels of a source page that go over in pieces. */
struct rg_level_cursor {
    struct rg_level_reader rep;
    struct rg_level_reader def;
    const uint8_t *def_map; /* NULL: levels stay what they are. */
    uint32_t values_left;
    uint8_t rep_max; /* The source's. */
};

/* What one step took from a cursor. */
struct rg_level_step {
    uint32_t value_count;
    uint32_t present_count;
    uint32_t row_count;
};

/* Places for levels and preamble in front of a page's values. */
enum {
    RG_JOIN_PIECES_FIRST = 3,
};

/* Which compressor is used for INT64 values; the first page decides. */
enum rg_join_compressor {
    RG_JOIN_COMPRESSOR_UNDECIDED,
    RG_JOIN_COMPRESSOR_GENERAL,
    RG_JOIN_COMPRESSOR_INT64,
};

/* How indices are written. */
struct rg_index_style {
    enum rg_index_runs runs;
    bool is_aligned; /* In 4 or 8 bits where they need a little less. */
};

struct rg_joiner {
    struct rg_bench *bench; /* Set at init, then constant. */
    struct rg_sink *sink;
    uint8_t index_encoding;             /* PLAIN_DICTIONARY or RLE_DICTIONARY. */
    uint8_t delta_encoding;             /* Of DELTA; PLAIN: there is none. */
    const struct rg_dict_union *united; /* What indices are indices of. */
    enum rg_join_compressor compressor;
    struct rg_index_style style; /* The last page's; where bytes go before time, the first's. */
    bool has_style;
    struct rg_room packed_int64; /* What the compressor for INT64 made. */
    /* The page in the making. */
    enum rg_join_kind kind;
    uint8_t encoding; /* Of VALUES: PLAIN, but for a page that is alone. */
    bool is_alone; /* One source page whose rows are split: a V1 page that is joined to nothing. */
    bool has_crc;
    bool are_rows_known;
    bool are_bounds_wide; /* Some part's bounds are those of more than that part. */
    bool has_unencoded_bytes;
    uint32_t value_count;
    uint32_t present_count;
    uint64_t row_count;
    struct rg_level_writer rep;
    struct rg_level_writer def;
    uint32_t *indices;
    uint32_t index_count;
    uint32_t index_capacity;
    uint32_t index_max;
    struct rg_buffer values; /* Raw values; of SPLICED: elements that are too short for a piece. */
    struct rg_piece *pieces; /* Of the page; the first RG_JOIN_PIECES_FIRST are kept free. */
    uint32_t piece_count;
    uint32_t piece_capacity;
    uint64_t spliced_bytes;     /* Raw length of the elements. */
    struct rg_buffer body;      /* Of a V1 page. */
    struct rg_buffer encoded;   /* Values of DELTA. */
    struct rg_room encode_room; /* What encoding them takes. */
    uint64_t unencoded_bytes;
    struct rg_statistics_merge statistics;
    uint64_t part_bytes; /* As they lay in the sources, and raw: how well they compress. */
    uint64_t part_raw_bytes;
    uint64_t in_bytes[RG_VERDICT_COUNT];
};

void rg_joiner_init(struct rg_joiner *joiner, struct rg_bench *bench, struct rg_sink *sink);

/* Takes over the levels of `parts`; `def_map` as rg_level_copy(). */
void rg_level_cursor_init(struct rg_level_cursor *cursor, const struct rg_leaf *leaf,
                          const struct rg_parts *parts, const uint8_t *def_map);

/*
 * Makes the page in the making one of this kind; what is of another kind is written first.
 *
 * Errors:  as rg_joiner_flush().
 */
RG_MUST_CHECK enum rg_status rg_joiner_begin(struct rg_joiner *joiner, enum rg_join_kind kind,
                                             bool is_alone, struct rg_error *err);

/* How many values may still come in; without end where is_alone. */
uint32_t rg_joiner_room(const struct rg_joiner *joiner);

/* The page in the making has its size. */
bool rg_joiner_is_full(const struct rg_joiner *joiner);

/*
 * Writes the page in the making when `value_count` more values, `raw_bytes` of them, would make it
 * larger than pages should be.
 */
RG_MUST_CHECK enum rg_status rg_joiner_make_room(struct rg_joiner *joiner, uint32_t value_count,
                                                 size_t raw_bytes, struct rg_error *err);

/*
 * Moves levels of about `count` values into the page in the making: whole rows, so it can be more
 * where a row is long.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_joiner_levels(struct rg_joiner *joiner,
                                              struct rg_level_cursor *cursor, uint32_t count,
                                              struct rg_level_step *ret_step, struct rg_error *err);

/* Room for `count` more indices, which the caller fills and counts in index_count and index_max. */
RG_MUST_CHECK enum rg_status rg_joiner_index_room(struct rg_joiner *joiner, uint32_t count,
                                                  uint32_t **ret_room, struct rg_error *err);

/* The merged statistics as they are, nothing copied: spans point into what was added. */
struct rg_statistics rg_statistics_merge_settled(const struct rg_statistics_merge *merge);

/*
 * Adds elements of a snappy stream, which stand for `raw_bytes`. Those that are lasting are not
 * copied unless they are short.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_joiner_splice(struct rg_joiner *joiner, struct rg_span elements,
                                              bool is_lasting, uint64_t raw_bytes,
                                              struct rg_error *err);

/* What is known of a part that was moved into the page in the making. */
struct rg_join_facts {
    enum rg_verdict verdict;
    uint32_t value_count;
    uint64_t in_bytes;   /* Of the source, for the moves. */
    uint64_t body_bytes; /* Of the page it comes from, compressed and raw. */
    uint64_t body_raw_bytes;
    bool has_crc;
    bool are_bounds_wide; /* They are those of more than this part. */
    bool has_unencoded_bytes;
    uint64_t unencoded_bytes;
    struct rg_statistics statistics; /* null_count is exact. */
};

void rg_joiner_add_facts(struct rg_joiner *joiner, const struct rg_join_facts *facts);

/* Where a part of the page in the making comes from. */
struct rg_join_part {
    const struct rg_survey *survey;
    const struct rg_source_page *page;
    enum rg_verdict verdict;
    uint64_t in_bytes;
    uint32_t value_count; /* Of the part: moved in since the last call. */
    uint32_t present_count;
    /* Bytes of its strings, where who moved them in knows. */
    uint64_t unencoded_bytes;
    bool has_unencoded_bytes;
    bool are_bounds_wide; /* Those of the source's page are not the part's. */
};

/* Adds the facts of a part of a page, and makes the next part empty. */
void rg_joiner_add_part(struct rg_joiner *joiner, struct rg_join_part *part);

/*
 * Writes the page in the making, if there is one.
 *
 * Errors:  RG_ERR_NOMEM, RG_ERR_LIMIT.
 */
RG_MUST_CHECK enum rg_status rg_joiner_flush(struct rg_joiner *joiner, struct rg_error *err);

#endif
