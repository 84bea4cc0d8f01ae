/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/geo_merge.h"

#include <string.h>

#include "support/test.h"

#define GEO(members)                                                                               \
    "{\"version\": \"1.1.0\", \"columns\": {\"g\": {\"encoding\": \"WKB\"" members "}}}"

/* Merges two values and compares with what is wanted. */
static void check_merge(struct test *t, const char *about, const char *a, const char *b,
                        const char *wanted)
{
    struct rg_arena arena;
    struct rg_buffer out;
    bool is_starved;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_buffer_init(&out, &t->allocator, SIZE_MAX);
    struct rg_geo_merge *merge = rg_geo_merge_new(&arena, rg_span_of(a), &is_starved);
    if (merge == NULL && !is_starved)
        test_fail(__FILE__, __LINE__, "%s: not of the form", about);
    CHECK_MEMORY(merge);
    CHECK_OK(rg_geo_merge_add(merge, rg_span_of(b), &t->err));
    rg_geo_merge_emit(merge, &out);
    CHECK_OK(rg_buffer_check(&out, "geo", &t->err));
    if (!rg_span_equal(rg_buffer_span(&out), rg_span_of(wanted)))
        test_fail(__FILE__, __LINE__, "%s: %.*s", about, (int)out.bytes, (const char *)out.data);
    rg_buffer_fini(&out);
    rg_arena_fini(&arena);
}

TEST(types_and_boxes_are_united)
{
    static const struct {
        const char *about, *a, *b, *sum;
    } rows[] = {
        {"types", GEO(", \"geometry_types\": [\"Point\"]"),
         GEO(", \"geometry_types\": [\"Polygon\", \"P\\u006fint\"]"),
         GEO(", \"geometry_types\": [\"Point\", \"Polygon\"]")},
        {"no types means any", GEO(", \"geometry_types\": [\"Point\"]"),
         GEO(", \"geometry_types\": []"), GEO(", \"geometry_types\": []")},
        {"types missing", GEO(", \"geometry_types\": [\"Point\"]"), GEO(""),
         GEO(", \"geometry_types\": []")},
        {"types of no use", GEO(", \"geometry_types\": [\"Point\"]"),
         GEO(", \"geometry_types\": [7]"), GEO(", \"geometry_types\": []")},
        {"boxes", GEO(", \"bbox\": [1.50, 2, 3, 4e0]"), GEO(", \"bbox\": [1.6, -2, 3.1, 4]"),
         GEO(", \"bbox\": [1.50, -2, 3.1, 4e0]")},
        {"boxes with z", GEO(", \"bbox\": [1, 2, 3, 4, 5, 6]"),
         GEO(", \"bbox\": [0, 3, 2, 3, 6, 7]"), GEO(", \"bbox\": [0, 2, 2, 4, 6, 7]")},
        {"box missing, members stay in order",
         GEO(", \"bbox\": [1, 2, 3, 4], \"edges\": \"planar\""), GEO(", \"edges\": \"planar\""),
         GEO(", \"edges\": \"planar\"")},
        {"box with z and one without", GEO(", \"bbox\": [1, 2, 3, 4, 5, 6]"),
         GEO(", \"bbox\": [1, 2, 3, 4]"), GEO("")},
        {"y backwards", GEO(", \"bbox\": [1, 2, 3, 4]"), GEO(", \"bbox\": [1, 4, 3, 2]"), GEO("")},
        {"five numbers", GEO(", \"bbox\": [1, 2, 3, 4]"), GEO(", \"bbox\": [1, 2, 3, 4, 5]"),
         GEO("")},
        {"around the globe", GEO(", \"bbox\": [170, 0, -170, 1]"),
         GEO(", \"bbox\": [-175, 0, -160, 1]"), GEO(", \"bbox\": [170, 0, -160, 1]")},
        {"around the globe, second", GEO(", \"bbox\": [100, 0, 175, 1]"),
         GEO(", \"bbox\": [170, 0, -170, 1]"), GEO(", \"bbox\": [100, 0, -170, 1]")},
        {"two around", GEO(", \"bbox\": [170, 0, -170, 1]"), GEO(", \"bbox\": [160, 0, -175, 1]"),
         GEO(", \"bbox\": [160, 0, -170, 1]")},
        {"all of the globe", GEO(", \"bbox\": [170, 0, -170, 1]"),
         GEO(", \"bbox\": [-175, 0, 175, 1]"), GEO("")},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_merge(t, rows[i].about, rows[i].a, rows[i].b, rows[i].sum);
}

TEST(columns_are_matched_by_name)
{
    check_merge(t, "two columns",
                "{\"columns\": {\"a\": {\"bbox\": [0, 0, 1, 1]}, \"b\": {\"bbox\": [5, 5, 6, 6]}},"
                " \"x\": [1]}",
                "{\"x\": [1], \"columns\": {\"b\": {\"bbox\": [4, 4, 6, 6]}, \"\\u0061\":"
                " {\"bbox\": [0, 0, 2, 2]}}}",
                "{\"columns\": {\"a\": {\"bbox\": [0, 0, 2, 2]}, \"b\": {\"bbox\": [4, 4, 6, 6]}},"
                " \"x\": [1]}");
}

TEST(semantics_pass_over_what_is_merged)
{
    static const struct {
        const char *about, *a, *b;
        bool is_alike;
    } rows[] = {
        {"boxes and types", GEO(", \"bbox\": [1], \"geometry_types\": []"), GEO(""), true},
        {"members in another order", GEO(", \"a\": 1, \"b\": 2"), GEO(", \"b\": 2, \"a\": 1"),
         true},
        {"another crs", GEO(", \"crs\": {\"id\": 1}"), GEO(", \"crs\": {\"id\": 2}"), false},
        {"absent crs is not null crs", GEO(", \"crs\": null"), GEO(""), false},
        {"edges", GEO(", \"edges\": \"spherical\""), GEO(""), false},
        {"orientation", GEO(", \"orientation\": \"counterclockwise\""), GEO(""), false},
        {"epoch", GEO(", \"epoch\": 2021.5"), GEO(", \"epoch\": 2022.5"), false},
        {"covering", GEO(", \"covering\": {\"bbox\": 1}"), GEO(""), false},
        {"no json", "{", "[", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_hash128 a = rg_geo_semantics(rg_span_of(rows[i].a));
        const struct rg_hash128 b = rg_geo_semantics(rg_span_of(rows[i].b));
        if ((a.high == b.high && a.low == b.low) != rows[i].is_alike)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
    }
}

TEST(other_forms_are_told)
{
    static const char *const texts[] = {"", "[]", "{}", "{\"columns\": 1}",
                                        "{\"columns\": {\"a\": 1}}"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct rg_arena arena;
        bool is_starved;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        CHECK(rg_geo_merge_new(&arena, rg_span_of(texts[i]), &is_starved) == NULL);
        CHECK(!is_starved);
        rg_arena_fini(&arena);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"types_and_boxes_are_united", types_and_boxes_are_united},
        {"columns_are_matched_by_name", columns_are_matched_by_name},
        {"semantics_pass_over_what_is_merged", semantics_pass_over_what_is_merged},
        {"other_forms_are_told", other_forms_are_told},
    };

    return test_main("stitch/geo_merge", cases, sizeof cases / sizeof cases[0], argc, argv);
}
