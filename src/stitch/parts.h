/* SPDX-License-Identifier: Apache-2.0 */

/* A data page taken apart: levels, values, counts. */

#ifndef STITCH_PARTS_H
#define STITCH_PARTS_H

#include "base/error.h"
#include "stitch/bench.h"
#include "stitch/source.h"

struct rg_parts {
    uint32_t value_count;
    uint32_t present_count;
    uint32_t row_count; /* Rows that begin in the page. */
    bool is_row_begin;  /* The first level begins a row. */
    struct rg_span rep; /* Level streams, in the source's levels. */
    struct rg_span def;
    struct rg_span values;
    uint32_t values_raw_bytes;
    bool is_compressed; /* The values are, by the source's codec. */
    /* Raw bytes that come out in front of the values when they are decompressed. */
    struct rg_span front;
};

/*
 * Takes a page apart. Values are left compressed where the page keeps them apart from the levels,
 * unless `is_raw_wanted`. Memory is the source or the bench's, until the next page is taken or
 * peeked at. BIT_PACKED levels come out as runs.
 *
 * Errors:  RG_ERR_CORRUPT when levels or lengths contradict the header; as rg_codec_decompress().
 */
RG_MUST_CHECK enum rg_status rg_parts_take(struct rg_bench *bench,
                                           const struct rg_stitch_source *source,
                                           const struct rg_source_page *page, bool is_raw_wanted,
                                           struct rg_parts *ret_parts, struct rg_error *err);

/*
 * Only the levels of a page that has them outside of the compressed bytes (V2, or codec none).
 * Values are not touched. *ret_has_levels false: they cannot be seen.
 */
RG_MUST_CHECK enum rg_status rg_parts_peek(struct rg_bench *bench,
                                           const struct rg_stitch_source *source,
                                           const struct rg_source_page *page, bool *ret_has_levels,
                                           struct rg_parts *ret_parts, struct rg_error *err);

/* May rg_parts_take_front() be asked for this page? */
bool rg_parts_has_front(const struct rg_stitch_source *source, const struct rg_source_page *page);

/*
 * Takes a snappy V1 page apart whose levels are runs, and leaves its values where they are: under
 * the compression that they share with the levels. Only the levels are decompressed, into the
 * bench's memory, until the next page is taken this way.
 *
 * Errors:  as rg_parts_take().
 */
RG_MUST_CHECK enum rg_status rg_parts_take_front(struct rg_bench *bench,
                                                 const struct rg_stitch_source *source,
                                                 const struct rg_source_page *page,
                                                 struct rg_parts *ret_parts, struct rg_error *err);

#endif
