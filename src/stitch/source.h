/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a source chunk is made of, told by a first walk over its pages: sizes, counts, CRCs, levels
 * and indexes are checked there, before anything is decided.
 */

#ifndef STITCH_SOURCE_H
#define STITCH_SOURCE_H

#include "base/error.h"
#include "parquet/metadata.h"
#include "stitch/bench.h"
#include "stitch/chunk.h"

/* A data page as the walk delivers it. */
struct rg_source_page {
    struct rg_page_header header; /* is_compressed is what is true, not what is said. */
    struct rg_span body;
    uint32_t ordinal;       /* Among the data pages with values, from 0. */
    uint32_t index_ordinal; /* Its place in the source's page index. */
    uint64_t offset;        /* Of the header, from the start of the chunk. */
    uint32_t row_count;     /* Rows that begin in it. */
    uint32_t present_count; /* Values that are not null. */
    bool has_row_count;
    bool has_present_count;
    bool is_recoded; /* Its values cannot be moved as they are encoded; see recode.h. */
};

static const uint32_t rg_page_not_opened = UINT32_MAX;

/* What opening a page told in the first walk. */
struct rg_page_look {
    uint32_t row_count;
    uint32_t present_count; /* Or rg_page_not_opened. */
};

/* What the first walk tells of a source. */
struct rg_survey {
    struct rg_bench *bench;
    const struct rg_stitch_source *source;
    struct rg_leaf bounds_leaf; /* The source's, but for its type, which bounds are in: ours. */
    struct rg_span dictionary;  /* Its body as it lies there, or converted; data NULL: none. */
    uint64_t dictionary_hash;   /* Equal bodies have equal ones. */
    uint32_t dictionary_entries;
    uint32_t dictionary_raw_bytes;
    uint32_t dictionary_in_bytes; /* Of its body in the source, and raw there. */
    uint32_t dictionary_in_raw_bytes;
    uint8_t dictionary_codec; /* The source's, or none for a converted one. */
    uint8_t dictionary_encoding;
    bool is_dictionary_made; /* Converted: it lies in scratch. */
    bool are_bytes_made;     /* So do all pages: null pages of a column that is missing. */
    bool has_dictionary_crc;
    uint32_t dictionary_crc;

    uint32_t page_count;         /* Data pages with values, nulls included. */
    uint32_t index_page_count;   /* Of these: dictionary-encoded, not all null. */
    uint32_t value_page_count;   /* Of these: other encodings, not all null as far as is known. */
    uint32_t recoded_page_count; /* Of value pages: those that are recoded. */
    uint32_t encodings;          /* Bit n: such pages have encoding n; recoded ones are PLAIN. */
    uint32_t source_encodings;   /* The same, but as they are in the source. */
    uint64_t index_values;       /* Nulls included. */
    uint64_t index_bytes;        /* Bodies, compressed. */
    uint64_t index_raw_bytes;
    uint64_t value_values;
    uint64_t value_bytes;
    uint64_t null_count; /* Where every page tells. */
    bool has_null_count;
    bool are_index_pages_together; /* No other page lies between two of them. */
    bool are_index_pages_done;     /* While counting: another page came behind. */
    bool breaks_order;             /* A page with indices lies behind one with other values. */
    bool has_crc;                  /* Some page has one. */
    bool has_offset_index;         /* It fits the pages, and may be used. */
    bool has_column_index;
    bool are_rows_known;    /* The first rows of all pages. */
    bool has_split_rows;    /* Some page does not begin with a row. */
    bool has_packed_levels; /* Some page has BIT_PACKED levels. */
    bool may_have_links;    /* Some page may lean on the page before (PARQUET-246). */
    bool has_links;         /* Some page does. */
    bool needs_look;        /* Some page must be opened before the chunk is understood. */
    bool needs_all_looks;   /* All pages must: their rows are not known otherwise. */
    bool is_complete;       /* The first walk is over. */
    uint32_t page_raw_bytes_max;
    uint64_t raw_bytes;              /* Of all pages, their bodies only. */
    struct rg_source_page only_page; /* Where page_count is 1: as the first walk met it. */
    struct rg_page_look *looks;      /* page_count of them, in scratch, or NULL. */
    struct rg_statistics statistics; /* The chunk's, trusted. */
    const uint8_t *def_map;          /* Definition levels in the output's terms; NULL: the same. */
};

/*
 * Its dictionary's entries, PLAIN, in the bench's room for dictionaries (until that is used again)
 * or where they lie; there must be one.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_UNSUPPORTED, RG_ERR_NOMEM of its codec.
 */
RG_MUST_CHECK enum rg_status rg_survey_dictionary(struct rg_bench *bench,
                                                  const struct rg_survey *survey,
                                                  struct rg_span *ret_plain, struct rg_error *err);

/* Values that are not null, as far as its pages or the footer tell; hardly ever fewer. */
uint64_t rg_survey_present_count(const struct rg_survey *survey);

/*
 * The first walk.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_UNSUPPORTED, RG_ERR_LIMIT with the page and what is wrong.
 */
RG_MUST_CHECK enum rg_status rg_survey_make(struct rg_bench *bench,
                                            const struct rg_stitch_source *source,
                                            struct rg_survey *ret_survey, struct rg_error *err);

/*
 * Opens the pages that the first walk could not understand from outside, where there are any: V1
 * pages of nested columns without an offset index, and those that may be all null. To be called
 * for every source, after all first walks.
 *
 * Errors:  as before, and RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_survey_look(struct rg_bench *bench, struct rg_survey *survey,
                                            struct rg_error *err);

#endif
