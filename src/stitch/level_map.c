/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/level_map.h"

#include "base/limits.h"
#include "parquet/types.h"

enum {
    DEPTH_MAX = 64,
};

/* Repetition of the elements from the one below the root down to the leaf; their number. */
static uint32_t path_of(const struct rg_schema *schema, const struct rg_leaf *leaf,
                        uint8_t ret_path[DEPTH_MAX])
{
    uint32_t depth = 0;

    for (uint32_t at = leaf->element_index; at != 0 && depth < DEPTH_MAX;
         at = schema->elements[at].parent_index)
        ret_path[depth++] = schema->elements[at].repetition;
    for (uint32_t i = 0; i < depth / 2; i++) {
        const uint8_t repetition = ret_path[i];

        ret_path[i] = ret_path[depth - 1 - i];
        ret_path[depth - 1 - i] = repetition;
    }
    return depth;
}

static enum rg_status refuse(const struct rg_leaf *to, const struct rg_leaf *from,
                             struct rg_error *err)
{
    return rg_fail(err, RG_ERR_UNSUPPORTED, "levels up to %u and %u cannot become %u and %u",
                   from->def_max, from->rep_max, to->def_max, to->rep_max);
}

/* Without the source's schema. */
static enum rg_status map_blindly(const struct rg_leaf *to, const struct rg_leaf *from,
                                  struct rg_level_map *map, struct rg_error *err)
{
    if (to->def_max == from->def_max && to->rep_max == from->rep_max)
        return RG_OK;
    if (from->def_max != 0 || to->rep_max != 0)
        return refuse(to, from, err);
    map->is_needed = true;
    map->levels[0] = to->def_max;
    return RG_OK;
}

enum rg_status rg_level_map_make(const struct rg_schema *to_schema, const struct rg_leaf *to,
                                 const struct rg_schema *from_schema, const struct rg_leaf *from,
                                 struct rg_level_map *ret_map, struct rg_error *err)
{
    uint8_t to_path[DEPTH_MAX];
    uint8_t from_path[DEPTH_MAX];
    uint8_t to_level = 0;
    uint8_t from_level = 0;

    *ret_map = (struct rg_level_map){.is_needed = false};
    if (from_schema == NULL)
        return map_blindly(to, from, ret_map, err);
    const uint32_t depth = path_of(to_schema, to, to_path);
    if (path_of(from_schema, from, from_path) != depth || to->rep_max != from->rep_max)
        return refuse(to, from, err);
    for (uint32_t i = 0; i < depth; i++) {
        const bool is_widened = from_path[i] == RG_REQUIRED && to_path[i] == RG_OPTIONAL;

        if (from_path[i] != to_path[i] && !is_widened)
            return refuse(to, from, err);
        /* A source that stops above this element was there down to here in the output. */
        if (from_path[i] != RG_REQUIRED)
            ret_map->levels[from_level++] = to_level;
        to_level = (uint8_t)(to_level + (to_path[i] != RG_REQUIRED));
    }
    ret_map->levels[from_level] = to_level;
    ret_map->is_needed = to->def_max != from->def_max;
    return RG_OK;
}
