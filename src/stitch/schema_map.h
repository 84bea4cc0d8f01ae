/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One schema out of several, for --schema union (README.md section 7): columns that some inputs
 * lack become nulls there, REQUIRED and OPTIONAL mixes are OPTIONAL, types widen where nothing is
 * lost. Everything else is refused by name. Pure.
 */

#ifndef STITCH_SCHEMA_MAP_H
#define STITCH_SCHEMA_MAP_H

#include "base/arena.h"
#include "base/error.h"
#include "parquet/metadata.h"
#include "stitch/order.h"
#include "stitch/widen.h"

struct rg_schema_source {
    const struct rg_schema *schema;
    bool ids_are_given; /* rg_field_ids_are_given(). */
};

enum rg_leaf_origin {
    RG_LEAF_VALUES, /* Values and levels are those of leaf_index. */
    RG_LEAF_LEVELS, /* All null; where in a row, the levels of leaf_index tell. */
    RG_LEAF_NULLS,  /* All null: one entry for each row, of level `def_level`. */
};

/* Where an output leaf comes from in one source. */
struct rg_leaf_map {
    enum rg_leaf_origin origin;
    uint32_t leaf_index;           /* Of the source. */
    enum rg_conversion conversion; /* Of values. */
    uint8_t def_level;             /* RG_LEAF_NULLS only. */
    uint8_t rep_max;               /* Entries of a higher repetition level are to be left out. */
    const uint8_t *def_map; /* Output's definition level for each of leaf_index; NULL: same. */
};

struct rg_schema_map {
    struct rg_schema schema; /* Of the output; column_order is RG_COLUMN_ORDER_WRITTEN. */
    size_t source_count;
    struct rg_leaf_map *leaves; /* For each source one after another, leaf_count of them. */
    bool *is_unchanged;         /* Sources with the output's own schema. */
};

/*
 * The union of `count` sources, from oldest to newest: names of columns and of inner levels are the
 * newest's, and so is the order; columns that it lacks follow. Columns are matched by field id
 * where all sources have given ids, else by name. What LIST and MAP call their inner levels makes
 * no difference. The result lies in `arena` and points into the sources' schemas.
 *
 * Errors:  RG_ERR_UNSUPPORTED naming the column; *ret_culprit is the source that does not go with
 *          newer ones. RG_ERR_LIMIT, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_schema_map_make(const struct rg_schema_source *sources,
                                                size_t count, struct rg_arena *arena,
                                                struct rg_schema_map *ret_map, size_t *ret_culprit,
                                                struct rg_error *err);

#endif
