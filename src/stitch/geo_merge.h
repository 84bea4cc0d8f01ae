/* SPDX-License-Identifier: Apache-2.0 */

/* The "geo" key of GeoParquet (geoparquet.md of opengeospatial/geoparquet), merged. */

#ifndef STITCH_GEO_MERGE_H
#define STITCH_GEO_MERGE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"

/*
 * What the value says of how coordinates are to be read: all of it but the columns' bbox and
 * geometry_types. Text that is no JSON is hashed as it is.
 */
struct rg_hash128 rg_geo_semantics(struct rg_span text);

/* A running merge of values with equal semantics. */
struct rg_geo_merge;

/*
 * Begins with `text`, which stays in use. NULL when it is not of the form (then only equal values
 * can be kept), or without memory: *ret_is_starved tells.
 */
struct rg_geo_merge *rg_geo_merge_new(struct rg_arena *arena, struct rg_span text,
                                      bool *ret_is_starved);

/*
 * Adds a value with the same semantics; nothing of it is needed afterwards.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_geo_merge_add(struct rg_geo_merge *merge, struct rg_span text,
                                              struct rg_error *err);

/* The first value with the union of geometry types and boxes in it, at the end of `out`. */
void rg_geo_merge_emit(const struct rg_geo_merge *merge, struct rg_buffer *out);

#endif
