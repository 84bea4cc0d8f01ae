/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The pages of one column chunk that lies in memory: walked one after another, and opened.
 *
 * Walking looks at headers only and costs next to nothing. Opening checks the CRC where there is
 * one, decompresses, and finds levels and values in the page.
 */

#ifndef PARQUET_PAGE_READER_H
#define PARQUET_PAGE_READER_H

#include "parquet/codec.h"
#include "parquet/metadata.h"

/* A chunk and what must be known to read it. Everything is borrowed while it is read. */
struct rg_chunk_source {
    const struct rg_column_chunk *chunk;
    const struct rg_leaf *leaf; /* Of the file's own schema. */
    /* From rg_chunk_begin() on: compressed_bytes, and what is there of rg_chunk_tail_bytes more. */
    struct rg_span bytes;
    uint64_t row_count;          /* Of the row group. */
    bool has_dictionary_outside; /* fastparquet: lengths of chunks may lack the dictionary page. */
    bool has_lying_v2_flag;      /* ARROW-10353: V2 pages say uncompressed but are compressed. */
    bool has_linked_delta_pages; /* PARQUET-246: DELTA_BYTE_ARRAY pages lean on the page before. */
};

struct rg_page {
    struct rg_page_header header;
    struct rg_span body; /* As it lies in the file. */
    size_t offset;       /* Of the header, in source->bytes. */
    size_t header_bytes;
    uint32_t data_index;   /* Data pages before this one. */
    uint64_t value_offset; /* Values (with nulls) before this page. */
};

/*
 * Invariants: what lies in front of `at` was delivered or skipped; values_seen is the sum of
 * value_count of the data pages delivered, and never above the chunk's.
 */
struct rg_page_reader {
    const struct rg_chunk_source *source;
    size_t at;
    uint64_t values_seen;
    uint32_t data_count;
    uint32_t page_count;
    bool has_dictionary;
    size_t lacking_bytes; /* The chunk's length may leave out so many: of its dictionary page. */
};

/* Begins with the chunk's first page. */
void rg_page_reader_init(struct rg_page_reader *reader, const struct rg_chunk_source *source);

/*
 * The next page that means something: the dictionary page, or a data page with values. Index pages,
 * pages of unknown type and data pages without values are passed over. *ret_is_end when the chunk
 * is over: then its pages have exactly the values that the chunk claims.
 *
 * Errors:  RG_ERR_CORRUPT: a header is broken, a page is longer than what is left of the chunk (and
 *          of what its length leaves out of a dictionary page: PARQUET-816), a dictionary page is
 *          not the first one, or the numbers of values differ; RG_ERR_LIMIT above rg_pages_max or
 *          rg_page_header_bytes_max.
 */
RG_MUST_CHECK enum rg_status rg_page_next(struct rg_page_reader *reader, struct rg_page *ret_page,
                                          bool *ret_is_end, struct rg_error *err);

/* Memory for one page's raw bytes, used again for the next. */
struct rg_page_room {
    const struct rg_allocator *allocator; /* Set at init, then constant. */
    uint8_t *data;
    size_t capacity; /* Usable; rg_slack_bytes lie behind it. */
};

void rg_page_room_init(struct rg_page_room *room, const struct rg_allocator *allocator);
/* Fine on zeroed memory, and twice. */
void rg_page_room_fini(struct rg_page_room *room);

/* A page, opened. Spans point into the page's body or into the room. */
struct rg_page_content {
    uint8_t encoding;
    uint8_t def_encoding;
    uint8_t rep_encoding;
    uint32_t value_count;      /* Levels: nulls included. Entries of a dictionary. */
    struct rg_span rep_levels; /* Without their length. Empty where there are none. */
    struct rg_span def_levels;
    struct rg_span values;
};

/*
 * Opens a page. The content is valid until `room` is used again. Errors do not name the page.
 *
 * Errors:  RG_ERR_CORRUPT: the CRC differs, the body is no frame of the codec or has another
 *          length, levels are longer than the page; RG_ERR_UNSUPPORTED for a codec or an encoding
 *          of levels that we cannot read; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_page_open(struct rg_codec_context *codecs,
                                          const struct rg_chunk_source *source,
                                          const struct rg_page *page, struct rg_page_room *room,
                                          struct rg_page_content *ret_content,
                                          struct rg_error *err);

/* How many raw bytes rg_page_open() will ask of the room: 0 when the body is used as it lies. */
size_t rg_page_room_bytes_needed(const struct rg_chunk_source *source, const struct rg_page *page);

#endif
