/* SPDX-License-Identifier: Apache-2.0 */

/* Geospatial statistics, merged (parquet-format Geospatial.md). */

#ifndef STITCH_GEOSPATIAL_H
#define STITCH_GEOSPATIAL_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"

/* A running union. A part that cannot be vouched for takes its half (box, types) out of the sum. */
struct rg_geospatial_merge {
    struct rg_arena *arena;
    bool is_geography; /* X wraps at 180 degrees. */
    bool has_any;
    bool lacks_box;
    bool lacks_types;
    bool types_are_unknown; /* Some part has the empty list, which absorbs the others. */
    struct rg_bounding_box box;
    bool has_z, has_m;
    int32_t *types; /* Ascending, each once. */
    uint32_t type_count;
};

void rg_geospatial_merge_init(struct rg_geospatial_merge *merge, const struct rg_schema *schema,
                              uint32_t leaf_index, struct rg_arena *arena);

/*
 * Adds a part (NULL: it has none); `has_values` false (all null) makes it neutral.
 *
 * Errors:  RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_geospatial_merge_add(struct rg_geospatial_merge *merge,
                                                     const struct rg_geospatial_statistics *part,
                                                     bool has_values, struct rg_error *err);

/* The union; without box and types when nothing is left to say. Points into the arena. */
struct rg_geospatial_statistics rg_geospatial_merge_finish(const struct rg_geospatial_merge *merge);

#endif
