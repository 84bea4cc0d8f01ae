/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A column chunk, decoded: levels and values of one page after another, in batches of at most
 * RG_BATCH_VALUES_MAX levels. What a reader holds depends on the largest page and the dictionary,
 * never on what a page claims to contain.
 */

#ifndef PARQUET_CHUNK_READER_H
#define PARQUET_CHUNK_READER_H

#include "parquet/decoder.h"
#include "parquet/levels.h"
#include "parquet/page_reader.h"

/*
 * A piece of one page: level_count entries, of which values.count are there and the rest is null.
 * Everything is valid until the reader is asked for more.
 */
struct rg_chunk_batch {
    uint32_t level_count;
    uint32_t value_count;
    const uint8_t *def_levels; /* NULL: all are def_max, nothing is null. */
    const uint8_t *rep_levels; /* NULL: all are 0, every entry is a row. */
    uint32_t row_count;        /* Entries with repetition level 0. */
    bool is_dictionary;        /* indices and dictionary are set, values is not. */
    const uint32_t *indices;   /* value_count of them, all within the dictionary. */
    const struct rg_values *dictionary;
    struct rg_values values;
    uint8_t encoding;    /* Of the page. */
    uint32_t page_index; /* Data pages before it. */
};

struct rg_chunk_reader {
    /* Set at init, then constant. */
    struct rg_codec_context *codecs;
    const struct rg_allocator *allocator;
    /* Of the chunk. */
    struct rg_chunk_source source;
    struct rg_page_reader pages;
    struct rg_page_room dictionary_room;
    struct rg_dict dict;
    bool has_dict;
    struct rg_value_room values; /* Kept for the next chunk of the same kind. */
    uint64_t rows_seen;
    /* Of the page. */
    struct rg_page_room page_room;
    struct rg_level_decoder def_decoder;
    struct rg_level_decoder rep_decoder;
    struct rg_decoder decoder;
    uint8_t encoding;
    uint32_t page_index;
    uint32_t levels_left; /* Not decoded yet. */
    bool is_all_defined;  /* Every level of the page has a value. */
    /* Levels that were decoded and not delivered: level_at .. level_end. */
    uint32_t level_at;
    uint32_t level_end;
    uint8_t def_levels[RG_BATCH_VALUES_MAX];
    uint8_t rep_levels[RG_BATCH_VALUES_MAX];
};

/* A reader without a chunk; `allocator` pays for everything that it will hold. */
void rg_chunk_reader_init(struct rg_chunk_reader *reader, struct rg_codec_context *codecs,
                          const struct rg_allocator *allocator);
/* Fine on zeroed memory, and twice. */
void rg_chunk_reader_fini(struct rg_chunk_reader *reader);

/*
 * Begins with a chunk; what `source` points to is borrowed until the next one or the end. Memory is
 * kept from chunk to chunk.
 *
 * Errors:  RG_ERR_UNSUPPORTED for types and codecs that we do not know; RG_ERR_CORRUPT for a
 *          negative type length; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_chunk_reader_open(struct rg_chunk_reader *reader,
                                                  const struct rg_chunk_source *source,
                                                  struct rg_error *err);

/*
 * The next batch. *ret_is_end when the chunk is over: then it had as many values as it claims, and
 * as many rows as the row group.
 *
 * Errors:  those of rg_page_next(), rg_page_open() and rg_decoder_next(); RG_ERR_CORRUPT also when
 *          the chunk does not begin with a row or rows are too few or many.
 */
RG_MUST_CHECK enum rg_status rg_chunk_next(struct rg_chunk_reader *reader,
                                           struct rg_chunk_batch *ret_batch, bool *ret_is_end,
                                           struct rg_error *err);

/* The values of a batch, looked up where it is dictionary-encoded. */
void rg_chunk_batch_values(struct rg_chunk_reader *reader, const struct rg_chunk_batch *batch,
                           struct rg_values *ret_values);

/*
 * Walks the headers and tells what a reader will allocate for this chunk; codecs come on top (and
 * DELTA_BYTE_ARRAY, see rg_value_room_init()).
 *
 * Errors:  those of rg_page_next() and rg_chunk_reader_open().
 */
RG_MUST_CHECK enum rg_status rg_chunk_measure(const struct rg_chunk_source *source,
                                              size_t *ret_bytes, struct rg_error *err);

#endif
