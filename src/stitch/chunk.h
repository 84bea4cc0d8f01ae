/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes one output column chunk out of many source chunks of the same column: the heart of regroup.
 *
 * A pure function from spans to spans: no I/O, no clock, no shared state; the same sources and
 * options give the same bytes. Pages that are copied stay where they are: the output is a list of
 * segments that point into the sources' bytes or into the arena, to be written one after another.
 *
 * The order rule (README.md section 1) holds in every output: once a data page that is not
 * dictionary-encoded and holds a value was written, no dictionary-encoded page follows.
 */

#ifndef STITCH_CHUNK_H
#define STITCH_CHUNK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/segment.h"
#include "parquet/codec.h"
#include "parquet/metadata.h"
#include "stitch/moves.h"
#include "stitch/schema_map.h"
#include "stitch/writer.h"

/* --codec keep: the codec with most bytes among the sources. */
enum {
    RG_CODEC_KEEP = 255
};

/* How dictionaries are laid out; all but the first are for measurements. */
enum rg_stitch_layout {
    RG_STITCH_LAYOUT_BY_RULE,
    RG_STITCH_LAYOUT_DICTIONARY,
    RG_STITCH_LAYOUT_PLAIN,
};

/* What values are encoded in. */
enum rg_stitch_encoding {
    RG_STITCH_ENCODING_KEEP,  /* What the sources chose, wherever pages need not be opened. */
    RG_STITCH_ENCODING_SMALL, /* A dictionary or deltas where a sample says that it saves bytes. */
};

struct rg_stitch_options {
    uint8_t codec;                 /* enum rg_codec, or RG_CODEC_KEEP. */
    int level;                     /* Of that codec; with keep: ignored, defaults are used. */
    uint32_t page_bytes_target;    /* Raw, of pages that are made anew. 0: 1 MiB. */
    uint32_t page_rows_target;     /* 0: 20,000 for values, 100,000 for index pages. */
    uint32_t dictionary_bytes_max; /* 0: rg_dictionary_bytes_default. */
    bool has_crc;                  /* Write a CRC on pages that we make, whatever the sources do. */
    bool has_bloom;                /* Bloom filters on dictionary columns. */
    enum rg_stitch_layout layout;
    enum rg_stitch_encoding encoding;
};

/* A column of the output. */
struct rg_stitch_column {
    const struct rg_schema *schema; /* Of the output. */
    uint32_t leaf_index;
    const struct rg_stitch_options *options;
    bool has_other_levels; /* Sources have other levels: fields that are required in them. */
    bool is_bloom_asked;   /* A bloom filter whatever the values are encoded in. */
};

/* That column in one source row group. */
struct rg_stitch_source {
    const struct rg_column_chunk *chunk;
    const struct rg_leaf
        *leaf; /* Of the source's own schema; levels may differ from the output's. */
    const struct rg_writer *writer;
    struct rg_span bytes; /* The chunk, first page first; rg_slack_bytes may be read behind it. */
    uint64_t row_count;
    const struct rg_offset_index *offset_index; /* NULL: none. Offsets are the source file's. */
    const struct rg_column_index *column_index; /* NULL: none. */
    uint64_t file_offset;                       /* Of bytes.data in the source file. */
    struct rg_span bloom;                       /* Header and bitset; empty: none. */
    const char *name;                           /* For messages: "a/b.parquet: row group 2". */
    const struct rg_schema *schema; /* The source's own. NULL: its levels mean what ours do. */
    const struct rg_leaf_map *map;  /* How it becomes a part of the output. NULL: by its levels. */
};

struct rg_stitch_output {
    struct rg_segment *segments; /* In the arena; point into sources and arena. */
    size_t segment_count;
    uint64_t bytes;               /* Of the segments together. */
    struct rg_column_chunk chunk; /* Page offsets are relative to the first segment. */
    bool has_offset_index;
    bool has_column_index;
    struct rg_offset_index offset_index; /* Offsets relative likewise. */
    struct rg_column_index column_index;
    struct rg_span bloom; /* Header and bitset as they are written; empty: none. */
    struct rg_moves moves;
    uint32_t changed_crc; /* CRC-32 over the segments that do not point into a source, in order. */
};

/*
 * What a worker keeps between chunks: codec contexts, scratch memory, bodies known to be
 * identities. Its content never influences an output's bytes. One thread at a time.
 */
struct rg_stitch_context;

/* `allocator` pays for codec contexts and tables; scratch of a chunk comes from that chunk's call.
 */
struct rg_stitch_context *rg_stitch_context_new(const struct rg_allocator *allocator);
void rg_stitch_context_free(struct rg_stitch_context *context);
/* What a context can hold at most between calls, measured. */
size_t rg_stitch_context_bytes_max(void);

/*
 * Stitches. `arena` holds the result; `scratch` is working memory, empty again on return. What
 * codecs take for a call is from scratch's allocator, beside the arena; estimates count it.
 *
 * Errors:  RG_ERR_CORRUPT (source, page and reason in the text; *ret_culprit tells which source),
 *          RG_ERR_UNSUPPORTED, RG_ERR_LIMIT: this source cannot be used. RG_ERR_NOMEM: arena or
 * scratch reached their caps; with larger ones the call may be made again and gives the same bytes.
 */
RG_MUST_CHECK enum rg_status
rg_stitch_chunk(struct rg_stitch_context *context, const struct rg_stitch_column *column,
                const struct rg_stitch_source *sources, size_t source_count, struct rg_arena *arena,
                struct rg_arena *scratch, struct rg_stitch_output *ret_output, size_t *ret_culprit,
                struct rg_error *err);

#endif
