/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a bin's job knows while it runs. All of it is in the job's memory; see bin_job.c for who
 * holds what until when.
 */

#ifndef COMPACT_BIN_STATE_H
#define COMPACT_BIN_STATE_H

#include "compact/open_batch.h"
#include "compact/ranges.h"
#include "compact/request.h"
#include "parquet/writer.h"
#include "stitch/chunk.h"
#include "stitch/estimate.h"

/* What one column of one source row group needs from its file. */
enum rg_bin_wanted {
    RG_BIN_WANTED_CHUNK,
    RG_BIN_WANTED_OFFSET_INDEX,
    RG_BIN_WANTED_COLUMN_INDEX,
    RG_BIN_WANTED_BLOOM,
    RG_BIN_WANTED_COUNT,
};

/* An input of the bin; row groups of one input follow one another or not. */
struct rg_bin_file {
    struct rg_input *input;
    uint32_t input_index;
    struct rg_part_request reload;
    uint64_t reload_bytes; /* Of its end; 0: enough of it was kept. */
    struct rg_span end;    /* What is in memory: the footer and what is behind it, or all of it. */
    bool is_whole;         /* `end` is the whole file. */
    struct rg_file_meta meta;
    struct rg_writer writer;
    /* Of the slice. */
    struct rg_extent *extents; /* For each of its row groups, columns, kinds. */
    size_t extent_count;
    size_t extents_filled;
    uint8_t *buffer;
    uint64_t buffer_bytes;
};

/* A source row group. */
struct rg_bin_source {
    struct rg_bin_file *file;
    uint32_t group_index;
    size_t first_extent; /* In its file, of the slice. */
    char *name;
};

/* One column of the slice. */
struct rg_bin_column {
    struct rg_arena arena;
    struct rg_stitch_output output;
    bool is_stitched;
    bool lacks_memory;
};

struct rg_bin_request {
    struct rg_part_request request;
    struct rg_bin_file *file;
};

/* Requests of a part of the reading step. */
struct rg_bin_read_part {
    struct rg_part_requests requests;
    uint32_t first;
    uint32_t count;
};

/* Files of a part of the reload step. */
struct rg_bin_reload_part {
    struct rg_part_requests requests;
    uint8_t *memory; /* What is read. */
    size_t bytes;
};

struct rg_bin_job {
    struct rg_allocator memory;
    struct rg_arena arena;     /* Until the bin is done. */
    struct rg_bin_file *files; /* Distinct inputs, in order of first appearance. */
    uint32_t file_count;
    struct rg_bin_source *sources;
    uint32_t source_count;
    uint32_t reload_part_files; /* In each part of the reload step but the last. */
    struct rg_bin_reload_part *reload_parts;
    uint32_t reload_part_count;
    bool is_located;
    struct rg_sorting_column *sorting_columns;
    uint32_t sorting_column_count;
    struct rg_stitch_estimate *estimates; /* For each column. */
    uint64_t *column_in_bytes;            /* For each column: extents. */

    struct rg_arena slice; /* Until the slice is appended. */
    atomic_bool reads_are_good;
    uint64_t gaps_bytes_left; /* Of the claim: for bytes between those that are wanted. */
    uint32_t column_count;
    struct rg_bin_column *columns;
    uint32_t *part_columns; /* Of the slice, for each part of stitching. */
    struct rg_bin_request *requests;
    uint32_t request_count;
    struct rg_bin_read_part *read_parts;
    uint32_t read_part_count;

    /* Of the slice that is being sent. */
    struct weir_job *sender;
    struct rg_part_addition *addition;
    uint32_t sent_count; /* Its columns. */
    atomic_uint meetings;
};

#endif
