/* SPDX-License-Identifier: Apache-2.0 */

/* The end of a Parquet file: from bytes to struct rg_file_meta, and back. */

#ifndef PARQUET_FOOTER_H
#define PARQUET_FOOTER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "parquet/metadata.h"

/* The last bytes of every file: length of the footer (u32 LE) and the magic. */
enum {
    RG_FOOTER_TAIL_BYTES = 8
};

/* The four bytes at both ends of a file. */
extern const uint8_t rg_parquet_magic[4];

/*
 * Reads the last 8 bytes of a file of `file_bytes` bytes: how long the footer in front of them is.
 *
 * Errors:  RG_ERR_CORRUPT without the magic, or where the length does not fit the file;
 *          RG_ERR_UNSUPPORTED for an encrypted footer (magic PARE); RG_ERR_LIMIT above
 *          rg_footer_bytes_max.
 */
RG_MUST_CHECK enum rg_status rg_footer_tail_parse(const uint8_t tail[RG_FOOTER_TAIL_BYTES],
                                                  uint64_t file_bytes, uint64_t *ret_footer_bytes,
                                                  struct rg_error *err);

struct rg_footer_place {
    struct rg_span footer;      /* Without length and magic; data == NULL: not whole in it. */
    uint64_t tail_bytes_needed; /* So many last bytes of the file hold it, length and magic too. */
};

/*
 * Looks for the footer in `tail`, the last bytes of a file of `file_bytes` bytes: at least 8 of
 * them, or the whole file. Where it is not whole, reading tail_bytes_needed bytes brings it.
 *
 * Errors:  as rg_footer_tail_parse(); RG_ERR_CORRUPT for a file too short to be one.
 */
RG_MUST_CHECK enum rg_status rg_footer_locate(struct rg_span tail, uint64_t file_bytes,
                                              struct rg_footer_place *ret_place,
                                              struct rg_error *err);

/*
 * Parses a whole footer. Spans in the result point into `footer`, arrays lie in `arena`; both must
 * outlive it. Checked here: shape of the schema tree, levels, one chunk for each leaf with the
 * leaf's type and path, counts not negative, caps of base/limits.h. Not checked: offsets against
 * the file, whether statistics mean anything.
 *
 * An encrypted file parses as far as its plaintext goes and has is_encrypted set. Bytes behind the
 * struct (the signature of such a file) are ignored.
 *
 * Cost: the arena grows to some 3.5 times the footer's bytes, and to no more than 64 times for
 * crafted ones (plus twice rg_schema_path_bytes_max); 1 ns a byte.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_LIMIT, RG_ERR_NOMEM; the text names row group and column.
 */
RG_MUST_CHECK enum rg_status rg_footer_parse(struct rg_span footer, struct rg_arena *arena,
                                             struct rg_file_meta *ret_meta, struct rg_error *err);

/*
 * The same, but where its schema is that of `like`, byte for byte, it is that one: a lake has one
 * schema and very many files. `like`, its footer and its arena must outlive the result then; NULL:
 * there is none. Whether it is the same, rg_schema_is_shared() tells.
 */
RG_MUST_CHECK enum rg_status
rg_footer_parse_like(struct rg_span footer, const struct rg_file_meta *like, struct rg_arena *arena,
                     struct rg_file_meta *ret_meta, struct rg_error *err);

/*
 * The key-values alone, in `arena`; their bytes are the footer's. Row groups and schema are passed
 * over, whatever they hold, and take no memory; that nests at most RG_THRIFT_DEPTH_MAX deep.
 *
 * Errors:  RG_ERR_CORRUPT, RG_ERR_LIMIT, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_footer_key_values(struct rg_span footer, struct rg_arena *arena,
                                                  struct rg_key_value **ret_pairs,
                                                  uint32_t *ret_count, struct rg_error *err);

/*
 * Appends the Thrift form of `meta`: without the length and the magic behind it. Schema elements go
 * out as their `raw` bytes, path_in_schema from the schema. Written: what the format demands and
 * the fields that are set; never file_path, never the deprecated min and max,
 * ColumnChunk.file_offset 0. Where there are column orders, a leaf without one is written as
 * TYPE_ORDER: it must have no bounds then.
 *
 * Errors:  RG_ERR_NOMEM or RG_ERR_LIMIT from the buffer.
 */
RG_MUST_CHECK enum rg_status rg_footer_emit(const struct rg_file_meta *meta, struct rg_buffer *out,
                                            struct rg_error *err);

/* How far the pages of PARQUET-816 reach beyond their chunk, at most: a page header. */
static const uint32_t rg_chunk_tail_bytes = 100;

/*
 * Where a chunk's pages begin: the smallest of its dictionary and data page offsets that can be one
 * (a dictionary offset of 0, or one behind the data pages, is found in the wild and ignored). Its
 * end is that plus compressed_bytes, plus up to `rg_chunk_tail_bytes` for old writers that left the
 * dictionary's header out (PARQUET-816).
 */
uint64_t rg_chunk_begin(const struct rg_column_chunk *chunk);

#endif
