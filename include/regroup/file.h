/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Looks into one Parquet file: footer, schema, row groups, pages. Nothing is decoded.
 *
 * Lifetimes: text and arrays live until rg_file_close(), or, where said so, until the next call.
 * Threads: a file is used by one thread at a time.
 */

#ifndef REGROUP_FILE_H
#define REGROUP_FILE_H

#include <regroup/options.h>
#include <regroup/report.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rg_file;

/* A leaf of the schema, with sums over all row groups. */
struct rg_column_info {
    const char *path;       /* Names below the root joined by '.'. */
    const char *type;       /* "INT64", "FIXED_LEN_BYTE_ARRAY(16)", ... */
    const char *annotation; /* "STRING", "TIMESTAMP(MICROS, UTC)", "DECIMAL(9,2)", ...; or "". */
    const char *repetition; /* "REQUIRED", "OPTIONAL", "REPEATED": of the leaf itself. */
    const char *codec;      /* "snappy", or "mixed". */
    const char *encodings;  /* Of all chunks, as the footer lists them: "PLAIN RLE_DICTIONARY". */
    uint32_t def_max;       /* Levels. */
    uint32_t rep_max;
    bool has_field_id;
    int32_t field_id;
    uint64_t value_count; /* Nulls included. */
    uint64_t compressed_bytes;
    uint64_t uncompressed_bytes;
    uint32_t dictionary_count; /* Chunks that have one. */
    uint32_t offset_index_count;
    uint32_t column_index_count;
    uint32_t bloom_filter_count;
};

struct rg_key_value_info {
    const char *key;
    const char *value; /* NULL: none. Bytes that are no UTF-8 and NULs may be in it. */
    size_t value_bytes;
};

struct rg_file_info {
    size_t size; /* sizeof(struct rg_file_info) of the library. */
    const char *path;
    uint64_t bytes;
    uint64_t footer_bytes; /* Without length and magic. */
    int32_t version;
    const char *created_by;  /* NULL: not said. */
    uint64_t row_count;      /* Sum over row groups. */
    uint64_t row_count_said; /* What the footer says of the file as a whole. */
    uint64_t compressed_bytes;
    uint64_t uncompressed_bytes;
    bool is_encrypted;
    const struct rg_column_info *columns;
    uint32_t column_count;
    uint32_t row_group_count;
    const struct rg_key_value_info *key_values;
    uint32_t key_value_count;
};

/* One column of one row group. */
struct rg_chunk_info {
    const char *codec;
    const char *encodings;
    uint64_t value_count;
    uint64_t compressed_bytes;
    uint64_t uncompressed_bytes;
    uint64_t data_page_offset;
    bool has_dictionary;
    uint64_t dictionary_page_offset;
    bool has_null_count;
    uint64_t null_count;
    const char *min; /* As people write such values; NULL: none. */
    const char *max;
    bool is_min_exact; /* Said so by the file. */
    bool is_max_exact;
    uint64_t offset_index_bytes; /* 0: none. */
    uint64_t column_index_bytes;
    bool has_bloom_filter;
    uint64_t bloom_filter_offset;
    uint64_t bloom_filter_bytes; /* 0: not said. */
};

struct rg_row_group_info {
    size_t size; /* sizeof(struct rg_row_group_info) of the library. */
    uint64_t row_count;
    uint64_t compressed_bytes;
    uint64_t uncompressed_bytes;
    const char *sorting;                /* "a, b desc nulls first"; "": not said. */
    const struct rg_chunk_info *chunks; /* One for each column. */
    uint32_t chunk_count;
};

struct rg_page_info {
    size_t size;          /* sizeof(struct rg_page_info) of the library. */
    const char *kind;     /* "dictionary", "data", "data v2", "index", "?". */
    const char *encoding; /* Of its values. */
    uint64_t offset;      /* Of the header, in the file. */
    uint32_t header_bytes;
    uint32_t compressed_bytes; /* Of the body as it lies there. */
    uint32_t uncompressed_bytes;
    uint32_t value_count; /* Nulls included; entries of a dictionary. */
    bool has_row_count;   /* V2 only, and has_null_count. */
    uint32_t row_count;
    bool has_null_count;
    uint32_t null_count;
    bool is_compressed;
    bool has_crc;
    uint32_t crc;
    bool has_statistics;
};

/*
 * Opens `path` (a path, file:///... or s3://...) and reads its footer. Of the options those count
 * that say how to reach a store; NULL is fine.
 *
 * Errors:  RG_ERR_ABSENT, RG_ERR_DENIED, RG_ERR_IO, RG_ERR_AGAIN from the store; RG_ERR_CORRUPT
 *          and RG_ERR_LIMIT when it is no Parquet file, or one with a broken footer;
 *          RG_ERR_UNSUPPORTED with an encrypted footer; RG_ERR_CHANGED when it is written to
 *          meanwhile; RG_ERR_INVALID for what is no path, or a folder; RG_ERR_NOMEM.
 */
RG_API RG_MUST_CHECK enum rg_status rg_file_open(const char *path, const struct rg_options *options,
                                                 struct rg_file **ret_file, struct rg_error *err);

/* NULL is fine. */
RG_API void rg_file_close(struct rg_file *file);

RG_API const struct rg_file_info *rg_file_describe(const struct rg_file *file);

/*
 * What the footer says of one row group; valid until the next call of this function.
 *
 * Errors:  RG_ERR_INVALID for an index that is not there; RG_ERR_NOMEM.
 */
RG_API RG_MUST_CHECK enum rg_status
rg_file_row_group(struct rg_file *file, uint32_t row_group_index,
                  const struct rg_row_group_info **ret_row_group, struct rg_error *err);

/* Returns false to stop. The page is valid during the call. */
typedef bool rg_page_fn(void *user, const struct rg_page_info *page);

/*
 * Walks the page headers of one chunk.
 *
 * Errors:  as rg_file_open() and rg_file_row_group(); RG_ERR_CORRUPT at the first header that
 *          makes no sense, after the pages before it were shown; RG_ERR_UNSUPPORTED for an
 *          encrypted column; RG_ERR_CHANGED when the file is not the one any more that was opened.
 */
RG_API RG_MUST_CHECK enum rg_status rg_file_pages(struct rg_file *file, uint32_t row_group_index,
                                                  uint32_t column_index, rg_page_fn *show,
                                                  void *user, struct rg_error *err);

/* How rg_file_show() shows. */
struct rg_file_view {
    size_t size;     /* sizeof(struct rg_file_view) of the caller's header. */
    bool is_json;    /* One document, in one line. */
    bool has_pages;  /* Every page. */
    bool is_verbose; /* In text: every chunk. */
};

/*
 * Writes all of it, for people or as JSON.
 *
 * Errors:  as rg_file_pages(); RG_ERR_IO when `write` gives up. Where the file cannot be read, or
 *          makes no sense, what comes before that place is written all the same, and a JSON
 *          document ends with `error`.
 */
RG_API RG_MUST_CHECK enum rg_status rg_file_show(struct rg_file *file,
                                                 const struct rg_file_view *view,
                                                 rg_write_fn *write, void *user,
                                                 struct rg_error *err);

#ifdef __cplusplus
}
#endif

#endif
