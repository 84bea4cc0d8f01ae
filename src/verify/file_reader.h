/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads one Parquet file from a store, footer first and then chunk by chunk, and blocks while it
 * does. Neighbouring chunks come with one request.
 */

#ifndef VERIFY_FILE_READER_H
#define VERIFY_FILE_READER_H

#include "base/arena.h"
#include "parquet/footer.h"
#include "parquet/page_reader.h"
#include "parquet/writer.h"
#include "store/store.h"

/* A file, and which of its row groups count. Borrowed. */
struct rg_verify_file {
    struct rg_store *store;
    const char *key;
    const char *name; /* For messages. */
    struct rg_object_id id;
    uint32_t row_group;       /* The first one that counts. */
    uint32_t row_group_count; /* 0: all that follow. */
};

struct rg_file_reader {
    const struct rg_allocator *allocator; /* Set at init, then constant. */
    const struct rg_verify_file *file;    /* Set at open, then constant. */
    struct rg_arena arena;                /* Of the footer as it was parsed. */
    struct rg_file_meta meta;
    struct rg_writer writer;
    uint8_t *footer; /* What spans of meta point into. */
    size_t footer_capacity;
    /* Bytes window_begin .. window_begin + window_bytes of the file. */
    uint8_t *window;
    size_t window_capacity;
    uint64_t window_begin;
    uint64_t window_bytes;
    uint64_t read_bytes; /* By all requests. */
};

void rg_file_reader_init(struct rg_file_reader *reader, const struct rg_allocator *allocator);
/* Fine after a failure, and twice. */
void rg_file_reader_fini(struct rg_file_reader *reader);

/*
 * Reads the footer.
 *
 * Errors:  those of the store (RG_ERR_CHANGED: it is another body than file->id says), of
 *          rg_footer_tail_parse() and rg_footer_parse(); RG_ERR_UNSUPPORTED for encrypted files.
 */
RG_MUST_CHECK enum rg_status rg_file_reader_open(struct rg_file_reader *reader,
                                                 const struct rg_verify_file *file,
                                                 struct rg_error *err);

/* One more than the last row group that counts. */
uint32_t rg_file_reader_group_end(const struct rg_file_reader *reader);

/*
 * Makes a chunk ready; valid until the next one is wanted.
 *
 * Errors:  those of the store; RG_ERR_CORRUPT when the chunk does not lie in the file;
 *          RG_ERR_UNSUPPORTED when it is encrypted or lies in another file; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_file_reader_chunk(struct rg_file_reader *reader, uint32_t group,
                                                  uint32_t leaf_index,
                                                  struct rg_chunk_source *ret_chunk,
                                                  struct rg_error *err);

#endif
