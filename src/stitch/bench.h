/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The workbench of one output chunk: what is decided once for it (codec, targets), the memory that
 * its steps use again and again, and the counts of its moves.
 */

#ifndef STITCH_BENCH_H
#define STITCH_BENCH_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/codec.h"
#include "stitch/chunk.h"
#include "stitch/levels.h"
#include "stitch/moves.h"
#include "stitch/order.h"

/* Targets where the options say none, as readers like them best: value pages of 10,000 to 100,000
 * rows and a MiB at most, index pages of 100,000. */
static const uint32_t rg_page_bytes_default = UINT32_C(1) << 20;
static const uint32_t rg_page_rows_default = 20000;
static const uint32_t rg_index_rows_default = 100000;

/* Pages below both are tiny: too small to be read well by themselves. */
static const uint32_t rg_tiny_values = 8192;
static const uint32_t rg_tiny_bytes = 65536;

/* Reusable memory of the scratch arena; grows when it must. Zeroed is empty. */
struct rg_room {
    uint8_t *data;
    size_t capacity; /* rg_slack_bytes behind it not counted. */
};

struct rg_bench {
    /* Set at init, then constant. */
    const struct rg_schema *schema; /* Of the output. */
    const struct rg_leaf *leaf;     /* Of the output. */
    uint32_t leaf_index;
    enum rg_order order;
    uint8_t codec; /* Of the output chunk. */
    int level;
    uint32_t page_bytes; /* Raw bytes, rows that pages made anew aim at. */
    uint32_t page_rows;
    uint32_t tiny_values; /* Pages below are tiny. */
    uint32_t index_rows;  /* The same for index pages. */
    uint32_t dictionary_bytes_max;
    bool has_crc;
    bool has_bloom;
    bool is_bloom_asked;
    bool is_codec_asked;
    bool is_small; /* Bytes go before time: RG_STITCH_ENCODING_SMALL. */
    enum rg_stitch_layout layout;
    struct rg_codec_context *codecs;
    struct rg_arena *arena;
    struct rg_arena *scratch;
    struct rg_allocator memory; /* Scratch as an allocator; what it releases stays in the arena. */
    /* Working memory and counts. */
    struct rg_room page;       /* A page's body, decompressed. */
    struct rg_room dictionary; /* A dictionary's body, decompressed. */
    struct rg_room packed;     /* What the compressor made. */
    struct rg_room front;      /* Levels in front of a page's values. */
    /* BIT_PACKED levels of a page as the runs that they are now. */
    struct rg_level_writer unpacked_rep;
    struct rg_level_writer unpacked_def;
    size_t page_bytes_hint; /* The largest body that any step will decompress. */
    size_t dictionary_bytes_hint;
    size_t values_bytes_hint;   /* Raw bytes of values that may come together. */
    uint64_t index_values_hint; /* In all index pages. */
    struct rg_moves moves;
};

/*
 * Settles codec and targets for these sources. `codecs`, arenas and everything in `column` must
 * outlive the bench; there is no fini.
 */
void rg_bench_init(struct rg_bench *bench, struct rg_codec_context *codecs,
                   const struct rg_stitch_column *column, const struct rg_stitch_source *sources,
                   size_t source_count, struct rg_arena *arena, struct rg_arena *scratch);

/* The codec that these sources get under --codec keep: the one with most bytes; never LZ4. */
uint8_t rg_codec_kept(const struct rg_stitch_source *sources, size_t count);

/*
 * Makes `room` hold `bytes`, at least `hint` where it has to be made; what was in it is lost when
 * it grows.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bench_room(struct rg_bench *bench, struct rg_room *room,
                                           size_t bytes, size_t hint, struct rg_error *err);

/*
 * Decompresses `body`, `raw_bytes` long when raw, into `room`; where it is not compressed the
 * answer is `body` itself.
 *
 * Errors:  as rg_codec_decompress(); RG_ERR_CORRUPT when an uncompressed body has another length.
 */
RG_MUST_CHECK enum rg_status rg_bench_decompress(struct rg_bench *bench, struct rg_room *room,
                                                 uint8_t codec, bool is_compressed,
                                                 struct rg_span body, uint32_t raw_bytes,
                                                 struct rg_span *ret_raw, struct rg_error *err);

/*
 * Compresses `raw` for the output into bench->packed. With codec none the answer is `raw` itself.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_bench_compress(struct rg_bench *bench, struct rg_span raw,
                                               struct rg_span *ret_packed, struct rg_error *err);

/* Notes that the output's codec compressed something. */
void rg_bench_note_codec(struct rg_bench *bench);

/* Counts a source's data page. */
void rg_bench_count(struct rg_bench *bench, enum rg_verdict verdict, enum rg_reason reason,
                    uint64_t in_bytes);

#endif
