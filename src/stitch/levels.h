/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Level streams (and other RLE hybrid streams) counted, cut anywhere, joined and translated, run by
 * run: no level is decoded that need not be (README.md section 8).
 *
 * A stream is the bare sequence of runs, without the length that V1 pages put in front. A stream of
 * level_max 0 is empty, and all its levels are 0.
 */

#ifndef STITCH_LEVELS_H
#define STITCH_LEVELS_H

#include "base/allocator.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"
#include "parquet/rle.h"

/* What a walk over levels tells. */
struct rg_level_sum {
    uint32_t max_count;  /* Levels equal to level_max: of definition levels, the values present. */
    uint32_t zero_count; /* Levels equal to 0: of repetition levels, the rows. */
    uint32_t first;      /* The first level. */
};

/*
 * Walks `value_count` levels.
 *
 * Errors:  RG_ERR_CORRUPT where the stream ends early or holds a level above `level_max`.
 */
RG_MUST_CHECK enum rg_status rg_levels_count(struct rg_span stream, uint32_t level_max,
                                             uint32_t value_count, struct rg_level_sum *ret_sum,
                                             struct rg_error *err);

/* Reads a stream in pieces of any length. A copy of the struct reads on independently. */
struct rg_level_reader {
    struct rg_run_reader runs;
    struct rg_run run; /* The current one; `used` of its values were delivered. */
    uint32_t used;
    uint32_t width;
    uint32_t level_max;
};

void rg_level_reader_init(struct rg_level_reader *reader, struct rg_span stream, uint32_t width,
                          uint32_t level_max, uint32_t value_count);

/* Decodes the next `count` values; of dictionary indices too. Same errors as rg_levels_count(). */
RG_MUST_CHECK enum rg_status rg_level_read(struct rg_level_reader *reader, uint32_t count,
                                           uint32_t *ret_values, struct rg_error *err);

/*
 * Makes a stream from pieces. Equal neighbouring runs become one; padding never gets into the
 * middle. Memory comes from `allocator` and is kept by a reset.
 */
struct rg_level_writer {
    struct rg_buffer out;
    uint32_t width;
    uint32_t repeat_value;
    uint32_t repeat_count;  /* Of a run that is not written yet. */
    size_t open_run_offset; /* Of the one-byte header of a bit-packed run at the end of `out`. */
    uint32_t open_groups;   /* In that run; 0: there is none. */
};

void rg_level_writer_init(struct rg_level_writer *writer, const struct rg_allocator *allocator,
                          uint32_t level_max);
void rg_level_writer_reset(struct rg_level_writer *writer);

void rg_level_writer_repeat(struct rg_level_writer *writer, uint32_t level, uint32_t count);

/* Appends levels one by one. */
void rg_level_writer_append(struct rg_level_writer *writer, const uint32_t *levels, uint32_t count);

/* The stream so far; valid until the next call. Nothing may be added before a reset. */
struct rg_span rg_level_writer_finish(struct rg_level_writer *writer);

/*
 * Copies the next `count` levels from `reader` to `writer`, translated by `map` (level_max + 1
 * entries) unless that is NULL. ret_sum is in the reader's levels.
 *
 * Errors:  as rg_levels_count(). Lack of memory shows in writer->out.failed.
 */
RG_MUST_CHECK enum rg_status rg_level_copy(struct rg_level_reader *reader,
                                           struct rg_level_writer *writer, const uint8_t *map,
                                           uint32_t count, struct rg_level_sum *ret_sum,
                                           struct rg_error *err);

/*
 * How many of the next values, at most `count`, make whole rows: the next level after them is 0 or
 * the stream is at its end. Where not even one row ends in time, as many as that row has. `reader`
 * stays where it is. `values_left` are left in the stream.
 */
RG_MUST_CHECK enum rg_status rg_level_find_rows(const struct rg_level_reader *reader,
                                                uint32_t values_left, uint32_t count,
                                                uint32_t *ret_count, struct rg_error *err);

#endif
