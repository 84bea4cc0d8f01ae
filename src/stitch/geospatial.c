/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/geospatial.h"

#include <math.h>
#include <string.h>

#include "parquet/schema.h"

/* Codes known today are 28; more than this is nothing a reader would prune by. */
static const uint32_t types_max = 64;

void rg_geospatial_merge_init(struct rg_geospatial_merge *merge, const struct rg_schema *schema,
                              uint32_t leaf_index, struct rg_arena *arena)
{
    const struct rg_annotation a =
        rg_schema_annotation(&schema->elements[schema->leaves[leaf_index].element_index]);

    *merge = (struct rg_geospatial_merge){
        .arena = arena,
        .is_geography = a.logical == RG_LOGICAL_GEOGRAPHY,
    };
}

/* Neither is NaN. */
static double lower(double a, double b)
{
    return b < a ? b : a;
}

static double higher(double a, double b)
{
    return b > a ? b : a;
}

/* Values of X in [min, max], or outside of (max, min) where min is above max: around the globe. */
struct x_range {
    double min, max;
};

static bool is_around(struct x_range r)
{
    return r.min > r.max;
}

/* `straight` into `around`; false when everything would be covered. */
static bool join_around(struct x_range around, struct x_range straight, struct x_range *ret)
{
    const double west_max = around.max;
    const double east_min = around.min;

    *ret = around;
    if (straight.max <= west_max || straight.min >= east_min)
        return true;
    if (straight.min <= west_max && straight.max >= east_min)
        return false;
    /* Into the gap from the side where less of it is given up. */
    const bool touches_west = straight.min <= west_max;
    const bool touches_east = straight.max >= east_min;
    const bool from_west =
        touches_west || (!touches_east && straight.max - west_max <= east_min - straight.min);
    if (from_west)
        ret->max = straight.max;
    else
        ret->min = straight.min;
    return true;
}

/*
 * Geospatial.md, Bounding Box: X alone may wrap. A union of two boxes that do not is never made
 * to, although on a sphere it might be the smaller one: it is right as it is, in any system.
 */
static bool join_x(struct x_range a, struct x_range b, struct x_range *ret)
{
    if (is_around(a) && is_around(b)) {
        *ret = (struct x_range){lower(a.min, b.min), higher(a.max, b.max)};
        return ret->max < ret->min;
    }
    if (is_around(a))
        return join_around(a, b, ret);
    if (is_around(b))
        return join_around(b, a, ret);
    *ret = (struct x_range){lower(a.min, b.min), higher(a.max, b.max)};
    return true;
}

static bool is_box(const struct rg_bounding_box *b)
{
    const bool has_xy = !isnan(b->xmin) && !isnan(b->xmax) && b->ymin <= b->ymax;
    const bool is_z = !b->has_z || b->zmin <= b->zmax;
    const bool is_m = !b->has_m || b->mmin <= b->mmax;

    return has_xy && is_z && is_m;
}

static void add_box(struct rg_geospatial_merge *merge, const struct rg_bounding_box *part)
{
    struct rg_bounding_box *sum = &merge->box;
    struct x_range x;

    if (!merge->has_any) {
        *sum = *part;
        return;
    }
    if (!join_x((struct x_range){sum->xmin, sum->xmax}, (struct x_range){part->xmin, part->xmax},
                &x)) {
        /* All of X: a number for both ends there is only on the globe. */
        merge->lacks_box = !merge->is_geography;
        x = (struct x_range){-180, 180};
    }
    sum->xmin = x.min;
    sum->xmax = x.max;
    sum->ymin = lower(sum->ymin, part->ymin);
    sum->ymax = higher(sum->ymax, part->ymax);
    /*
     * A part without Z has no Z values, or comes from a writer that looks at two dimensions only;
     * nothing tells which.
     */
    sum->has_z = sum->has_z && part->has_z;
    if (sum->has_z) {
        sum->zmin = lower(sum->zmin, part->zmin);
        sum->zmax = higher(sum->zmax, part->zmax);
    }
    sum->has_m = sum->has_m && part->has_m;
    if (sum->has_m) {
        sum->mmin = lower(sum->mmin, part->mmin);
        sum->mmax = higher(sum->mmax, part->mmax);
    }
}

/* Keeps the list ascending. */
static void add_type(struct rg_geospatial_merge *merge, int32_t type)
{
    uint32_t i = merge->type_count;

    while (i > 0 && merge->types[i - 1] > type)
        i--;
    if (i > 0 && merge->types[i - 1] == type)
        return;
    if (merge->type_count == types_max) {
        merge->types_are_unknown = true;
        return;
    }
    memmove(&merge->types[i + 1], &merge->types[i], (merge->type_count - i) * sizeof *merge->types);
    merge->types[i] = type;
    merge->type_count++;
}

enum rg_status rg_geospatial_merge_add(struct rg_geospatial_merge *merge,
                                       const struct rg_geospatial_statistics *part, bool has_values,
                                       struct rg_error *err)
{
    if (!has_values)
        return RG_OK;
    if (merge->types == NULL) {
        merge->types = rg_arena_array(merge->arena, types_max, sizeof *merge->types);
        if (merge->types == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for geospatial types");
    }
    if (part == NULL || !part->has_box || !is_box(&part->box))
        merge->lacks_box = true;
    else if (!merge->lacks_box)
        add_box(merge, &part->box);

    if (part == NULL || part->types == NULL)
        merge->lacks_types = true;
    else if (part->type_count == 0)
        merge->types_are_unknown = true;
    for (uint32_t i = 0; part != NULL && i < part->type_count; i++)
        add_type(merge, part->types[i]);
    merge->has_any = true;
    return RG_OK;
}

struct rg_geospatial_statistics rg_geospatial_merge_finish(const struct rg_geospatial_merge *merge)
{
    const bool has_box = merge->has_any && !merge->lacks_box;
    const bool has_types = merge->has_any && !merge->lacks_types;
    struct rg_geospatial_statistics sum = {.has_box = has_box};

    if (has_box)
        sum.box = merge->box;
    if (has_types) {
        sum.types = merge->types;
        sum.type_count = merge->types_are_unknown ? 0 : merge->type_count;
    }
    return sum;
}
