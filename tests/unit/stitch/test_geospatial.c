/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/geospatial.h"

#include <math.h>

#include "support/test.h"

static struct rg_schema_element element = {.has_type = true, .logical = RG_LOGICAL_GEOGRAPHY};
static struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY};
static const struct rg_schema schema = {&element, &leaf, 1, 1};

static struct rg_geospatial_statistics box(double xmin, double xmax, double ymin, double ymax)
{
    return (struct rg_geospatial_statistics){
        .has_box = true, .box = {.xmin = xmin, .xmax = xmax, .ymin = ymin, .ymax = ymax}};
}

TEST(x_wraps_where_a_part_wraps)
{
    static const struct {
        const char *about;
        double a[2], b[2];
        double sum[2]; /* NaN: no box on a plane. */
        bool is_all;   /* -180 to 180 on the globe. */
    } rows[] = {
        {"two straight", {1, 3}, {2, 9}, {1, 9}, false},
        {"far apart stay straight", {170, 175}, {-175, -170}, {-175, 175}, false},
        {"two around", {170, -170}, {160, -175}, {160, -170}, false},
        {"inside the west", {170, -170}, {-179, -172}, {170, -170}, false},
        {"inside the east", {170, -170}, {171, 179}, {170, -170}, false},
        {"on from the west", {170, -170}, {-175, -100}, {170, -100}, false},
        {"on from the east", {170, -170}, {100, 175}, {100, -170}, false},
        {"in the gap, nearer the west", {170, -170}, {-120, -100}, {170, -100}, false},
        {"in the gap, nearer the east", {170, -170}, {100, 120}, {100, -170}, false},
        {"over the gap", {170, -170}, {-175, 175}, {NAN, NAN}, true},
        {"two around that meet", {10, -170}, {170, 20}, {NAN, NAN}, true},
    };
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 4; i++) {
        const size_t row = i / 4;
        const bool is_swapped = (i & 1) != 0;
        const double *a = is_swapped ? rows[row].b : rows[row].a;
        const double *b = is_swapped ? rows[row].a : rows[row].b;
        const struct rg_geospatial_statistics first = box(a[0], a[1], 0, 5);
        const struct rg_geospatial_statistics second = box(b[0], b[1], -2, 3);
        struct rg_geospatial_merge merge;

        element.logical = (i & 2) != 0 ? RG_LOGICAL_GEOMETRY : RG_LOGICAL_GEOGRAPHY;
        rg_geospatial_merge_init(&merge, &schema, 0, &arena);
        CHECK_OK(rg_geospatial_merge_add(&merge, &first, true, &t->err));
        CHECK_OK(rg_geospatial_merge_add(&merge, &second, true, &t->err));
        const struct rg_geospatial_statistics sum = rg_geospatial_merge_finish(&merge);
        const bool is_globe = element.logical == RG_LOGICAL_GEOGRAPHY;
        CHECK(sum.has_box == (!rows[row].is_all || is_globe));
        if (!sum.has_box)
            continue;
        const double xmin = rows[row].is_all ? -180 : rows[row].sum[0];
        const double xmax = rows[row].is_all ? 180 : rows[row].sum[1];
        if (sum.box.xmin != xmin || sum.box.xmax != xmax)
            test_fail(__FILE__, __LINE__, "%s: %g to %g", rows[row].about, sum.box.xmin,
                      sum.box.xmax);
        CHECK(sum.box.ymin == -2 && sum.box.ymax == 5);
    }
    rg_arena_fini(&arena);
}

/* Every X of the parts is in the union, whatever they are. */
static void unions_cover_their_parts(struct test *t, struct choices *c)
{
    struct rg_geospatial_merge merge;
    struct rg_arena arena;
    double ends[4][2];
    enum rg_status status = RG_OK;
    const size_t count = 1 + choose(c, 3);

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    element.logical = choose_bool(c) ? RG_LOGICAL_GEOGRAPHY : RG_LOGICAL_GEOMETRY;
    rg_geospatial_merge_init(&merge, &schema, 0, &arena);
    for (size_t i = 0; i < count && status == RG_OK; i++) {
        ends[i][0] = (double)choose(c, 36) * 10 - 180;
        ends[i][1] = (double)choose(c, 36) * 10 - 180;
        const struct rg_geospatial_statistics part = box(ends[i][0], ends[i][1], 0, 1);
        status = rg_geospatial_merge_add(&merge, &part, true, &t->err);
    }
    const struct rg_geospatial_statistics sum = rg_geospatial_merge_finish(&merge);
    for (double x = -180; x <= 180 && sum.has_box && status == RG_OK; x += 5) {
        const bool is_in_sum = sum.box.xmin <= sum.box.xmax
                                   ? x >= sum.box.xmin && x <= sum.box.xmax
                                   : x >= sum.box.xmin || x <= sum.box.xmax;
        for (size_t i = 0; i < count; i++) {
            const bool is_in = ends[i][0] <= ends[i][1] ? x >= ends[i][0] && x <= ends[i][1]
                                                        : x >= ends[i][0] || x <= ends[i][1];
            CHECK(!is_in || is_in_sum);
        }
    }
    rg_arena_fini(&arena);
}

TEST(boxes_cover_their_parts)
{
    test_property(t, "boxes", 5000, unions_cover_their_parts);
}

TEST(what_cannot_be_vouched_for_goes)
{
    static int32_t point[1] = {1};
    static int32_t lines[2] = {1002, 2};
    static const struct {
        const char *about;
        struct rg_geospatial_statistics part; /* Beside one with box, Z, M and type 1. */
        bool has_values;
        bool has_box, has_z, has_m;
        int type_count; /* -1: absent. */
    } rows[] = {
        {"everything",
         {true, {0, 1, 0, 1, 0, 1, 0, 1, true, true}, lines, 2},
         true,
         true,
         true,
         true,
         3},
        {"nothing, all null", {.has_box = false}, false, true, true, true, 1},
        {"nothing", {.has_box = false}, true, false, false, false, -1},
        {"no types",
         {true, {0, 1, 0, 1, 0, 1, 0, 1, true, true}, NULL, 0},
         true,
         true,
         true,
         true,
         -1},
        {"unknown types",
         {true, {0, 1, 0, 1, 0, 1, 0, 1, true, true}, point, 0},
         true,
         true,
         true,
         true,
         0},
        {"no z",
         {true, {0, 1, 0, 1, 0, 0, 0, 1, false, true}, lines, 2},
         true,
         true,
         false,
         true,
         3},
        {"no m",
         {true, {0, 1, 0, 1, 0, 1, 0, 0, true, false}, lines, 2},
         true,
         true,
         true,
         false,
         3},
        {"NaN in x",
         {true, {NAN, 1, 0, 1, 0, 1, 0, 1, true, true}, lines, 2},
         true,
         false,
         false,
         false,
         3},
        {"NaN in z",
         {true, {0, 1, 0, 1, NAN, 1, 0, 1, true, true}, lines, 2},
         true,
         false,
         false,
         false,
         3},
        {"y backwards",
         {true, {0, 1, 3, 1, 0, 1, 0, 1, true, true}, lines, 2},
         true,
         false,
         false,
         false,
         3},
    };
    const struct rg_geospatial_statistics whole = {
        true, {0, 1, 0, 1, 0, 1, 0, 1, true, true}, point, 1};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_geospatial_merge merge;

        rg_geospatial_merge_init(&merge, &schema, 0, &arena);
        CHECK_OK(rg_geospatial_merge_add(&merge, &whole, true, &t->err));
        const struct rg_geospatial_statistics *part = &rows[i].part;
        const bool is_absent = !part->has_box && part->types == NULL;
        CHECK_OK(
            rg_geospatial_merge_add(&merge, is_absent ? NULL : part, rows[i].has_values, &t->err));
        CHECK_OK(rg_geospatial_merge_add(&merge, &whole, true, &t->err));
        const struct rg_geospatial_statistics sum = rg_geospatial_merge_finish(&merge);
        const int count = sum.types == NULL ? -1 : (int)sum.type_count;
        if (sum.has_box != rows[i].has_box || sum.box.has_z != rows[i].has_z ||
            sum.box.has_m != rows[i].has_m || count != rows[i].type_count)
            test_fail(__FILE__, __LINE__, "%s: box %d z %d m %d types %d", rows[i].about,
                      sum.has_box, sum.box.has_z, sum.box.has_m, count);
        if (count == 3)
            CHECK(sum.types[0] == 1 && sum.types[1] == 2 && sum.types[2] == 1002);
    }
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"x_wraps_where_a_part_wraps", x_wraps_where_a_part_wraps},
        {"boxes_cover_their_parts", boxes_cover_their_parts},
        {"what_cannot_be_vouched_for_goes", what_cannot_be_vouched_for_goes},
    };

    return test_main("stitch/geospatial", cases, sizeof cases / sizeof cases[0], argc, argv);
}
