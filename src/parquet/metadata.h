/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a Parquet footer says, as plain structs: parquet.thrift of apache/parquet-format, field by
 * field. Nothing here is believed yet; what may be trusted is decided where it is used.
 *
 * Lifetimes: everything a parsed struct points to lies in the arena that was given to the parser,
 * or in the footer's bytes where the parser's header says so.
 *
 * Conventions: counts and sizes that are negative in the file are refused by the parser, so they
 * are unsigned here; a negative count of nulls, NaNs or distinct values, or one in a histogram, is
 * taken as absent, which is what those writers mean. A span with data == NULL is an absent field;
 * an empty one that is present has data != NULL.
 */

#ifndef PARQUET_METADATA_H
#define PARQUET_METADATA_H

#include "base/span.h"
#include "parquet/types.h"

/* Statistics, of a chunk or of a page. */
struct rg_statistics {
    struct rg_span max; /* Field 1, deprecated: signed order only. */
    struct rg_span min; /* Field 2, deprecated. */
    struct rg_span max_value;
    struct rg_span min_value;
    uint64_t null_count;
    uint64_t distinct_count;
    uint64_t nan_count;
    bool has_null_count;
    bool has_distinct_count;
    bool has_nan_count;
    bool has_min_exact; /* is_min_value_exact was given. */
    bool has_max_exact;
    bool is_min_exact;
    bool is_max_exact;
};

/*
 * SizeStatistics. Histograms have max level + 1 entries, or are NULL and count 0 where they are
 * absent or have another length.
 */
struct rg_size_statistics {
    bool is_present;
    bool has_unencoded_bytes;
    uint64_t unencoded_bytes; /* unencoded_byte_array_data_bytes. */
    uint64_t *rep_histogram;
    uint64_t *def_histogram;
    uint32_t rep_histogram_count;
    uint32_t def_histogram_count;
};

struct rg_key_value {
    struct rg_span key;
    struct rg_span value; /* data == NULL: no value, which differs from an empty one. */
};

/* PageEncodingStats. */
struct rg_page_encoding_stats {
    uint8_t page_type;
    uint8_t encoding;
    uint32_t page_count;
};

struct rg_sorting_column {
    uint32_t column_index; /* Of a leaf. */
    bool is_descending;
    bool is_nulls_first;
};

/* BoundingBox of GeospatialStatistics; NaN where absent. */
struct rg_bounding_box {
    double xmin, xmax, ymin, ymax;
    double zmin, zmax, mmin, mmax;
    bool has_z, has_m;
};

struct rg_geospatial_statistics {
    bool has_box;
    struct rg_bounding_box box;
    int32_t *types; /* NULL: absent; count 0 with a pointer: present and empty. */
    uint32_t type_count;
};

/* ColumnChunk and its ColumnMetaData in one. */
struct rg_column_chunk {
    uint8_t type;  /* enum rg_type. */
    uint8_t codec; /* enum rg_codec, or an unknown number. */
    bool has_dictionary_offset;
    bool has_index_page_offset;
    bool has_bloom_filter_offset;
    bool has_bloom_filter_length;
    bool is_encrypted;      /* Carries crypto_metadata or encrypted_column_metadata. */
    bool is_elsewhere;      /* file_path is set and not empty: data in another file. */
    bool has_extension;     /* Carries binary protocol extension field 32767. */
    bool has_counted_sizes; /* By its file's writer (writer.h). */
    uint32_t encodings;     /* Bit n: encoding n is listed. Numbers above 31 set bit 31. */
    uint64_t value_count;
    uint64_t uncompressed_bytes; /* total_uncompressed_size: headers included. */
    uint64_t compressed_bytes;   /* total_compressed_size: headers included. */
    uint64_t file_offset;
    uint64_t data_page_offset;
    uint64_t dictionary_page_offset;
    uint64_t index_page_offset;
    uint64_t bloom_filter_offset;
    uint32_t bloom_filter_length;
    uint64_t offset_index_offset; /* 0: none. */
    uint64_t column_index_offset; /* 0: none. */
    uint32_t offset_index_length;
    uint32_t column_index_length;
    struct rg_statistics statistics;
    struct rg_size_statistics size_statistics;
    struct rg_geospatial_statistics *geospatial_statistics; /* NULL: absent. */
    struct rg_page_encoding_stats *encoding_stats;
    uint32_t encoding_stats_count;
    struct rg_key_value *key_values;
    uint32_t key_value_count;
};

struct rg_row_group {
    struct rg_column_chunk *columns; /* As many as the schema has leaves, in their order. */
    uint64_t row_count;
    uint64_t total_bytes;            /* total_byte_size: uncompressed. */
    uint64_t total_compressed_bytes; /* 0 where absent. */
    uint64_t file_offset;
    int32_t ordinal; /* -1: absent. */
    bool has_file_offset;
    bool has_total_compressed_bytes;
    struct rg_sorting_column *sorting_columns; /* NULL: not said. */
    uint32_t sorting_column_count;
};

/* SchemaElement. */
struct rg_schema_element {
    /*
     * Its Thrift struct, stop byte included, copied verbatim on writing; only extension field 32767
     * is taken out. data == NULL: made by us, written from the fields below.
     */
    struct rg_span raw;
    struct rg_span name;
    struct rg_span annotation; /* The LogicalType union in Thrift form; data == NULL: none. */
    bool has_type;             /* False: a group. */
    bool has_repetition;
    bool has_field_id;
    bool has_unknown;      /* Carries fields that no rule of ours knows. */
    uint8_t type;          /* enum rg_type. */
    uint8_t repetition;    /* enum rg_repetition; REQUIRED where absent. */
    int8_t converted_type; /* enum rg_converted_type. */
    uint8_t logical;       /* enum rg_logical, or an unknown field number. */
    uint8_t time_unit;     /* enum rg_time_unit, of TIME and TIMESTAMP. */
    bool is_utc;           /* is_adjusted_to_utc, of TIME and TIMESTAMP. */
    bool is_signed;        /* Of INTEGER. */
    uint8_t bit_width;     /* Of INTEGER. */
    int32_t type_length;   /* Of FIXED_LEN_BYTE_ARRAY; 0 otherwise. */
    int32_t scale;
    int32_t precision;
    int32_t field_id;
    uint32_t child_count;
    uint32_t parent_index; /* In elements; the root's is 0. */
};

/* A leaf: a column that has values. */
struct rg_leaf {
    uint32_t element_index;
    uint8_t type;                  /* enum rg_type. */
    uint8_t def_max;               /* Definition level of a value that is there. */
    uint8_t rep_max;               /* Number of repeated ancestors, itself included. */
    uint8_t column_order;          /* enum rg_column_order, or an unknown field number. */
    int32_t type_length;           /* Of FIXED_LEN_BYTE_ARRAY; 0 otherwise. */
    struct rg_span path;           /* Names below the root joined by '.', for messages. */
    struct rg_span path_in_schema; /* The same as a Thrift list of names. */
};

struct rg_schema {
    struct rg_schema_element *elements; /* Depth first; [0] is the root. */
    struct rg_leaf *leaves;             /* In the order of column chunks. */
    uint32_t element_count;
    uint32_t leaf_count;
};

struct rg_file_meta {
    int32_t version;
    struct rg_schema schema;
    struct rg_span schema_bytes; /* Its elements in the footer; data == NULL: some were changed. */
    uint64_t row_count; /* FileMetaData.num_rows; lies in some files: sum the row groups. */
    struct rg_row_group *row_groups;
    uint32_t row_group_count;
    struct rg_key_value *key_values;
    uint32_t key_value_count;
    struct rg_span created_by; /* data == NULL: absent. */
    bool has_column_orders;
    bool is_encrypted;            /* encryption_algorithm or footer_signing_key_metadata is set. */
    bool has_extension;           /* Extension field 32767 somewhere in the footer. */
    uint32_t unknown_field_count; /* Fields skipped because no rule of ours knows them. */
};

/* OffsetIndex. */
struct rg_page_location {
    uint64_t offset;
    uint32_t compressed_bytes; /* Header included. */
    uint64_t first_row_index;
};

struct rg_offset_index {
    struct rg_page_location *pages;
    uint64_t *unencoded_bytes; /* One for each page, or NULL. */
    uint32_t page_count;
};

/* ColumnIndex: one entry for each data page. */
struct rg_column_index {
    uint32_t page_count;
    uint8_t boundary_order; /* enum rg_boundary_order. */
    bool *is_null_page;
    struct rg_span *min_values; /* Empty for null pages. */
    struct rg_span *max_values;
    uint64_t *null_counts;        /* NULL: absent. */
    uint64_t *nan_counts;         /* NULL: absent. */
    uint64_t *rep_histograms;     /* page_count times rep_max + 1, or NULL. */
    uint64_t *def_histograms;     /* page_count times def_max + 1, or NULL. */
    uint32_t rep_histogram_count; /* In all: a multiple of page_count, unchecked against levels. */
    uint32_t def_histogram_count;
};

/* PageHeader with the one page-specific header that is set. */
struct rg_page_header {
    uint8_t type; /* enum rg_page_type, or an unknown number. */
    uint8_t encoding;
    uint8_t def_encoding; /* V1 only. */
    uint8_t rep_encoding; /* V1 only. */
    bool has_crc;
    bool is_compressed; /* V2; true where absent. True for other types. */
    bool is_sorted;     /* Dictionary. */
    bool has_statistics;
    bool lacks_null_count; /* V2: it says -1, and null_count is 0; never written. */
    uint32_t crc;
    uint32_t uncompressed_bytes; /* Of the body, levels included. */
    uint32_t compressed_bytes;   /* Of the body as it lies in the file. */
    uint32_t value_count;        /* num_values: nulls included; entries of a dictionary. */
    uint32_t null_count;         /* V2 only. */
    uint32_t row_count;          /* V2 only. */
    uint32_t def_bytes;          /* V2 only. */
    uint32_t rep_bytes;          /* V2 only. */
    struct rg_statistics statistics;
};

#endif
