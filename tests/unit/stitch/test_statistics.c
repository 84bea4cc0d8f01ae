/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/statistics.h"

#include <string.h>

#include "support/test.h"

#define NONE                                                                                       \
    {                                                                                              \
        NULL, 0                                                                                    \
    }

static struct rg_span text(const char *bytes)
{
    return bytes == NULL ? (struct rg_span)NONE : rg_span_of(bytes);
}

/* Bounds are text of the type's length: "aaaa" is a fine INT32. */
TEST(trust_follows_writer_type_and_order)
{
    static const struct {
        const char *about;
        const char *created_by;
        enum rg_type type;
        enum rg_order order;
        uint8_t column_order;
        const char *old_min, *old_max, *new_min, *new_max;
        const char *min, *max; /* What is left. */
    } rows[] = {
        {"modern string", "parquet-mr version 1.12.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 1, NULL,
         NULL, "a", "b", "a", "b"},
        {"one bound only", "x version 1.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 1, NULL, NULL,
         "a", NULL, "a", NULL},
        {"PARQUET-251 deprecated", "parquet-mr version 1.7.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES,
         0, "a", "a", NULL, NULL, NULL, NULL},
        {"PARQUET-251 whatever the field", "parquet-mr version 1.7.0", RG_TYPE_BYTE_ARRAY,
         RG_ORDER_BYTES, 1, NULL, NULL, "a", "a", NULL, NULL},
        {"PARQUET-251 does not touch ints", "parquet-mr version 1.7.0", RG_TYPE_INT32,
         RG_ORDER_INT32, 0, "aaaa", "bbbb", NULL, NULL, "aaaa", "bbbb"},
        {"cdh5.5 of 1.5.0, equal", "parquet-mr version 1.5.0-cdh5.7.0 (build x)",
         RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 0, "a", "a", NULL, NULL, "a", "a"},
        {"PARQUET-297: no name, deprecated", NULL, RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 0, "a", "a",
         NULL, NULL, NULL, NULL},
        {"no name, fixed, deprecated", "", RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_ORDER_BYTES, 0, "aaaa",
         "aaaa", NULL, NULL, NULL, NULL},
        {"no name, but the fields of 2.4", "Polars", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 1, NULL,
         NULL, "a", "b", "a", "b"},
        {"no name, int", NULL, RG_TYPE_INT64, RG_ORDER_INT64, 0, "aaaaaaaa", "bbbbbbbb", NULL, NULL,
         "aaaaaaaa", "bbbbbbbb"},
        {"signed order only: string", "parquet-cpp version 1.2.0", RG_TYPE_BYTE_ARRAY,
         RG_ORDER_BYTES, 1, NULL, NULL, "a", "b", NULL, NULL},
        {"signed order only: equal string", "parquet-cpp version 1.2.0", RG_TYPE_BYTE_ARRAY,
         RG_ORDER_BYTES, 0, "a", "a", NULL, NULL, "a", "a"},
        {"signed order only: unsigned", "parquet-mr version 1.9.0", RG_TYPE_INT32, RG_ORDER_UINT32,
         1, NULL, NULL, "aaaa", "bbbb", NULL, NULL},
        {"signed order only: int", "parquet-mr version 1.9.0", RG_TYPE_INT32, RG_ORDER_INT32, 1,
         NULL, NULL, "aaaa", "bbbb", "aaaa", "bbbb"},
        {"NaN of parquet-cpp", "parquet-cpp version 1.3.1", RG_TYPE_DOUBLE, RG_ORDER_DOUBLE, 1,
         NULL, NULL, "aaaaaaaa", "bbbbbbbb", NULL, NULL},
        {"NaN of parquet-mr, equal", "parquet-mr version 1.9.0", RG_TYPE_FLOAT, RG_ORDER_FLOAT, 0,
         "aaaa", "aaaa", NULL, NULL, NULL, NULL},
        {"NaN of Impala", "impala version 2.9.0", RG_TYPE_FLOAT, RG_ORDER_FLOAT, 0, "aaaa", "bbbb",
         NULL, NULL, NULL, NULL},
        {"floats of later Impala", "impala version 3.2.0", RG_TYPE_FLOAT, RG_ORDER_FLOAT, 0, "aaaa",
         "bbbb", NULL, NULL, "aaaa", "bbbb"},
        {"NaN where it stands", "x version 1.0.0", RG_TYPE_FLOAT, RG_ORDER_FLOAT, 1, NULL, NULL,
         "aaaa", "aa\xff\x7f", "aaaa", NULL},
        {"deprecated of a string", "x version 1.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 1, "a",
         "b", NULL, NULL, NULL, NULL},
        {"deprecated of an equal string, anybody's", "x version 1.0.0", RG_TYPE_BYTE_ARRAY,
         RG_ORDER_BYTES, 1, "a", "a", NULL, NULL, NULL, NULL},
        {"deprecated of unsigned", "x version 1.0.0", RG_TYPE_INT64, RG_ORDER_UINT64, 1, "aaaaaaaa",
         "bbbbbbbb", NULL, NULL, NULL, NULL},
        {"deprecated of a decimal in bytes", "x version 1.0.0", RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         RG_ORDER_SIGNED_BYTES, 1, "aaaa", "bbbb", NULL, NULL, NULL, NULL},
        {"decimals of old Arrow", "parquet-cpp-arrow version 3.0.0", RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         RG_ORDER_SIGNED_BYTES, 1, NULL, NULL, "aaaa", "bbbb", NULL, NULL},
        {"decimals of old Arrow, equal", "parquet-cpp-arrow version 3.0.0",
         RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_ORDER_SIGNED_BYTES, 1, NULL, NULL, "aaaa", "aaaa", "aaaa",
         "aaaa"},
        {"other bytes of old Arrow", "parquet-cpp-arrow version 3.0.0",
         RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_ORDER_BYTES, 1, NULL, NULL, "aaaa", "bbbb", "aaaa",
         "bbbb"},
        {"decimals of later Arrow", "parquet-cpp-arrow version 4.0.0", RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         RG_ORDER_SIGNED_BYTES, 1, NULL, NULL, "aaaa", "bbbb", "aaaa", "bbbb"},
        {"long decimals of parquet-rs", "parquet-rs version 58.0.0", RG_TYPE_BYTE_ARRAY,
         RG_ORDER_SIGNED_BYTES, 1, NULL, NULL, "a", "b", NULL, NULL},
        {"fixed decimals of parquet-rs", "parquet-rs version 58.0.0", RG_TYPE_FIXED_LEN_BYTE_ARRAY,
         RG_ORDER_SIGNED_BYTES, 1, NULL, NULL, "aaaa", "bbbb", "aaaa", "bbbb"},
        {"deprecated of a half", "x version 1.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_FLOAT16, 1, "aa",
         "bb", NULL, NULL, NULL, NULL},
        {"deprecated of booleans", "x version 1.0.0", RG_TYPE_BOOLEAN, RG_ORDER_BOOLEAN, 1, "\1",
         "\1", NULL, NULL, "\1", "\1"},
        {"new before deprecated", "x version 1.0.0", RG_TYPE_INT32, RG_ORDER_INT32, 1, "bbbb",
         "cccc", "aaaa", "dddd", "aaaa", "dddd"},
        {"no column order: new", "x version 1.0.0", RG_TYPE_INT32, RG_ORDER_INT32, 0, NULL, NULL,
         "aaaa", "bbbb", NULL, NULL},
        {"no column order: deprecated", "x version 1.0.0", RG_TYPE_INT32, RG_ORDER_INT32, 0, "aaaa",
         "bbbb", "cccc", "dddd", "aaaa", "bbbb"},
        {"unknown column order", "x version 1.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 9, NULL,
         NULL, "a", "b", NULL, NULL},
        {"total order of floats", "x version 1.0.0", RG_TYPE_FLOAT, RG_ORDER_FLOAT, 2, NULL, NULL,
         "aaaa", "bbbb", "aaaa", "bbbb"},
        {"total order of ints", "x version 1.0.0", RG_TYPE_INT32, RG_ORDER_INT32, 2, NULL, NULL,
         "aaaa", "bbbb", NULL, NULL},
        {"INT96 in its order", "x version 1.0.0", RG_TYPE_INT96, RG_ORDER_NONE, 3, NULL, NULL,
         "aaaaaaaaaaaa", "bbbbbbbbbbbb", NULL, NULL},
        {"INT96 in type order", "x version 1.0.0", RG_TYPE_INT96, RG_ORDER_NONE, 1, NULL, NULL,
         "aaaaaaaaaaaa", "bbbbbbbbbbbb", NULL, NULL},
        {"wrong length", "x version 1.0.0", RG_TYPE_INT32, RG_ORDER_INT32, 1, NULL, NULL, "aaa",
         "bbbb", NULL, "bbbb"},
        {"cut, and not raised", "x version 1.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 1, NULL,
         NULL, "a", "\xff\xff\xff\xff\xff\xff\xff\xff", "a", NULL},
        {"raised", "x version 1.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 1, NULL, NULL, "a",
         "\xff\xff\xff\xff\xff\xff\xff\xfe", "a", "\xff\xff\xff\xff\xff\xff\xff\xfe"},
        {"nothing to raise", "x version 1.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, 1, NULL, NULL,
         "a", "\xff", "a", "\xff"},
        {"lower above upper", "x version 1.0.0", RG_TYPE_INT32, RG_ORDER_INT32, 1, NULL, NULL,
         "bbbb", "aaaa", NULL, NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const bool is_fixed = rows[i].type == RG_TYPE_FIXED_LEN_BYTE_ARRAY;
        const struct rg_leaf leaf = {.type = (uint8_t)rows[i].type,
                                     .column_order = rows[i].column_order,
                                     .type_length = is_fixed ? 4 : 0,
                                     .def_max = 1};
        const struct rg_writer writer = rg_writer_parse(text(rows[i].created_by));
        const struct rg_statistics given = {.min = text(rows[i].old_min),
                                            .max = text(rows[i].old_max),
                                            .min_value = text(rows[i].new_min),
                                            .max_value = text(rows[i].new_max),
                                            .has_distinct_count = true,
                                            .distinct_count = 3};
        const struct rg_statistics s =
            rg_statistics_trusted(&writer, rows[i].order, &leaf, &given, 10);
        const struct rg_span min = text(rows[i].min);
        const struct rg_span max = text(rows[i].max);

        if (!rg_span_equal(s.min_value, min) || !rg_span_equal(s.max_value, max) ||
            (s.min_value.data == NULL) != (min.data == NULL) ||
            (s.max_value.data == NULL) != (max.data == NULL))
            test_fail(__FILE__, __LINE__, "%s: '%.*s' to '%.*s'", rows[i].about,
                      (int)s.min_value.bytes, (const char *)s.min_value.data,
                      (int)s.max_value.bytes, (const char *)s.max_value.data);
        CHECK(s.min.data == NULL && s.max.data == NULL && !s.has_distinct_count);
        CHECK(!s.has_null_count);
    }
}

TEST(counts_that_cannot_be_are_dropped)
{
    static const struct {
        const char *about;
        uint8_t def_max;
        bool has_nulls, has_nans;
        uint64_t nulls, nans;
        bool keeps_nulls, keeps_nans;
        uint64_t null_count, nan_count;
    } rows[] = {
        {"absent", 1, false, false, 0, 0, false, false, 0, 0},
        {"in range", 1, true, true, 4, 6, true, true, 4, 6},
        {"too many nulls", 1, true, true, 11, 1, false, true, 0, 1},
        {"too many NaN", 1, true, true, 4, 7, true, false, 4, 0},
        {"required", 0, false, false, 0, 0, true, false, 0, 0},
        {"required, lies", 0, true, true, 3, 10, true, true, 0, 10},
    };
    const struct rg_writer writer = rg_writer_parse(rg_span_of("x version 1.0.0"));

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_leaf leaf = {
            .type = RG_TYPE_FLOAT, .column_order = 1, .def_max = rows[i].def_max};
        const struct rg_statistics given = {.has_null_count = rows[i].has_nulls,
                                            .null_count = rows[i].nulls,
                                            .has_nan_count = rows[i].has_nans,
                                            .nan_count = rows[i].nans};
        const struct rg_statistics s =
            rg_statistics_trusted(&writer, RG_ORDER_FLOAT, &leaf, &given, 10);

        if (s.has_null_count != rows[i].keeps_nulls || s.has_nan_count != rows[i].keeps_nans ||
            s.null_count != rows[i].null_count || s.nan_count != rows[i].nan_count)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
    }
    /* All null, and yet there are bounds: one of these is of more than this. */
    static const uint8_t bound[4] = {1};
    for (int field = 0; field < 5; field++) {
        const struct rg_leaf leaf = {.type = RG_TYPE_INT32, .column_order = 1, .def_max = 1};
        struct rg_statistics given = {.has_null_count = true, .null_count = 10};
        struct rg_span *const bounds[] = {&given.min, &given.max, &given.min_value,
                                          &given.max_value};

        if (field < 4)
            *bounds[field] = (struct rg_span){bound, 4};
        CHECK(rg_statistics_trusted(&writer, RG_ORDER_INT32, &leaf, &given, 10).has_null_count ==
              (field == 4));
        CHECK(rg_statistics_trusted(&writer, RG_ORDER_INT32, &leaf, &given, 11).has_null_count);
    }
    /* Ints have no NaN, whatever a file says. */
    const struct rg_leaf leaf = {.type = RG_TYPE_INT32, .column_order = 1};
    const struct rg_statistics given = {.has_nan_count = true};
    CHECK(!rg_statistics_trusted(&writer, RG_ORDER_INT32, &leaf, &given, 10).has_nan_count);
}

/* What a writer says of a chunk may be wrong where what it says of pages is right. */
TEST(chunks_that_are_not_what_their_pages_are)
{
    static const struct {
        const char *about;
        const char *created_by;
        enum rg_type type;
        enum rg_order order;
        bool has_dictionary;
        uint64_t page_count;
        bool is_kept;
    } rows[] = {
        {"strings of many pages", "Polars", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, false, 2, false},
        {"nobody knows how many", "Polars", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, false, 0, false},
        {"one page", "Polars", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, false, 1, true},
        {"one length", "Polars", RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_ORDER_BYTES, false, 2, true},
        {"strings since 2.0", "Polars (python) version 2.0.0 (build x)", RG_TYPE_BYTE_ARRAY,
         RG_ORDER_BYTES, false, 2, true},
        {"unsigned before 2.1", "Polars (python) version 2.0.0 (build x)", RG_TYPE_INT64,
         RG_ORDER_UINT64, false, 2, false},
        {"unsigned, 32 bits", "Polars", RG_TYPE_INT32, RG_ORDER_UINT32, false, 2, false},
        {"unsigned, one page", "Polars", RG_TYPE_INT32, RG_ORDER_UINT32, false, 1, true},
        {"signed", "Polars", RG_TYPE_INT64, RG_ORDER_INT64, false, 2, true},
        {"floats", "Polars", RG_TYPE_DOUBLE, RG_ORDER_DOUBLE, false, 2, false},
        {"floats since 2.1", "Polars (python) version 2.1.0 (build x)", RG_TYPE_DOUBLE,
         RG_ORDER_DOUBLE, false, 2, true},
        {"unsigned since 2.1", "Polars (python) version 2.1.0 (build x)", RG_TYPE_INT64,
         RG_ORDER_UINT64, false, 2, true},
        {"categories", "fastparquet-python version 2024.11.0 (build 0)", RG_TYPE_INT64,
         RG_ORDER_INT64, true, 1, false},
        {"no categories", "fastparquet-python version 2024.11.0 (build 0)", RG_TYPE_INT64,
         RG_ORDER_INT64, false, 1, true},
        {"first parts", "parquet-cpp-arrow version 6.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, true,
         1, false},
        {"first parts, numbers", "parquet-cpp-arrow version 6.0.0", RG_TYPE_INT64, RG_ORDER_INT64,
         true, 1, true},
        {"first parts, no dictionary", "parquet-cpp-arrow version 6.0.0", RG_TYPE_BYTE_ARRAY,
         RG_ORDER_BYTES, false, 1, true},
        {"since 11", "parquet-cpp-arrow version 11.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, true,
         1, true},
        {"others", "x version 1.0.0", RG_TYPE_BYTE_ARRAY, RG_ORDER_BYTES, true, 2, true},
    };
    static const uint8_t bound[8] = {1};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_leaf leaf = {
            .type = (uint8_t)rows[i].type, .column_order = 1, .type_length = 4};
        const struct rg_writer writer = rg_writer_parse(rg_span_of(rows[i].created_by));
        const bool is_long = rows[i].type == RG_TYPE_INT64 || rows[i].type == RG_TYPE_DOUBLE;
        const struct rg_span span = {bound, is_long ? 8 : 4};
        const struct rg_column_chunk chunk = {
            .value_count = 10,
            .encodings = rows[i].has_dictionary ? UINT32_C(1) << RG_ENCODING_RLE_DICTIONARY : 1,
            .statistics = {.min_value = span,
                           .max_value = span,
                           .has_min_exact = true,
                           .has_max_exact = true,
                           .is_min_exact = true,
                           .is_max_exact = true}};
        const struct rg_statistics s =
            rg_statistics_of_chunk(&writer, rows[i].order, &leaf, &chunk, rows[i].page_count);
        const bool has_min = s.min_value.data != NULL && s.has_min_exact && s.is_min_exact;
        const bool has_max = s.max_value.data != NULL && s.has_max_exact && s.is_max_exact;
        const bool has_some = s.min_value.data != NULL || s.max_value.data != NULL ||
                              s.has_min_exact || s.has_max_exact;

        if (rows[i].is_kept ? !has_min || !has_max : has_some)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
        CHECK(s.has_null_count && s.null_count == 0);
    }
}

TEST(null_counts_of_pages_that_are_those_of_all)
{
    static const struct {
        const char *about;
        const char *created_by;
        bool has_dictionary;
        uint64_t page_count, null_count;
        bool is_kept;
    } rows[] = {
        {"many pages", "Polars", true, 2, 4, false},
        {"nobody knows how many", "Polars", true, 0, 4, false},
        {"one page", "Polars", true, 1, 4, true},
        {"no nulls", "Polars", true, 2, 0, true},
        {"no indices", "Polars", false, 2, 4, true},
        {"since 2.0", "Polars (python) version 2.0.0 (build x)", true, 2, 4, true},
    };
    const struct rg_leaf leaf = {.type = RG_TYPE_INT64, .column_order = 1, .def_max = 1};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_writer writer = rg_writer_parse(rg_span_of(rows[i].created_by));
        const struct rg_column_chunk chunk = {
            .value_count = 10,
            .encodings = rows[i].has_dictionary ? UINT32_C(1) << RG_ENCODING_RLE_DICTIONARY : 1,
            .statistics = {.has_null_count = true, .null_count = rows[i].null_count}};
        const struct rg_statistics s =
            rg_statistics_of_chunk(&writer, RG_ORDER_INT64, &leaf, &chunk, rows[i].page_count);

        if (s.has_null_count != rows[i].is_kept ||
            s.null_count != (rows[i].is_kept ? rows[i].null_count : 0))
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
    }
}

TEST(null_counts_that_only_levels_tell)
{
    static const struct {
        const char *about;
        const char *created_by;
        enum rg_type type;
        bool has_dictionary;
        uint16_t rep_max, def_max;
        uint64_t null_count;
        bool is_kept;
    } rows[] = {
        {"arrow", "parquet-cpp-arrow version 11.0.0", RG_TYPE_BYTE_ARRAY, true, 0, 1, 0, false},
        {"older", "parquet-cpp version 1.5.1", RG_TYPE_BYTE_ARRAY, true, 0, 1, 4, false},
        {"required", "parquet-cpp-arrow version 11.0.0", RG_TYPE_BYTE_ARRAY, true, 0, 0, 0, true},
        {"numbers", "parquet-cpp-arrow version 11.0.0", RG_TYPE_INT64, true, 0, 1, 4, true},
        {"plain", "parquet-cpp-arrow version 11.0.0", RG_TYPE_BYTE_ARRAY, false, 0, 1, 4, true},
        {"since 12", "parquet-cpp-arrow version 12.0.0", RG_TYPE_BYTE_ARRAY, true, 0, 1, 4, true},
        {"lists", "parquet-cpp-arrow version 5.0.0", RG_TYPE_INT64, false, 1, 3, 4, false},
        {"lists since 6", "parquet-cpp-arrow version 6.0.0", RG_TYPE_INT64, false, 1, 3, 4, true},
        {"DuckDB", "DuckDB", RG_TYPE_INT64, false, 0, 1, 4, false},
        {"DuckDB, none", "DuckDB", RG_TYPE_INT64, false, 0, 1, 0, true},
        {"DuckDB since", "DuckDB version v1.1.3", RG_TYPE_INT64, false, 0, 1, 4, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_writer writer = rg_writer_parse(rg_span_of(rows[i].created_by));
        const struct rg_leaf leaf = {.type = (uint8_t)rows[i].type,
                                     .column_order = 1,
                                     .rep_max = (uint8_t)rows[i].rep_max,
                                     .def_max = (uint8_t)rows[i].def_max};
        const struct rg_column_chunk chunk = {
            .value_count = 10,
            .encodings = rows[i].has_dictionary ? UINT32_C(1) << RG_ENCODING_RLE_DICTIONARY : 1,
            .statistics = {.has_null_count = true, .null_count = rows[i].null_count}};
        const struct rg_statistics s =
            rg_statistics_of_chunk(&writer, RG_ORDER_NONE, &leaf, &chunk, 1);

        if (s.has_null_count != rows[i].is_kept ||
            rg_statistics_must_count_nulls(&writer, &leaf, &chunk) == rows[i].is_kept)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
    }
}

/* One part of a merge; exactness: '+' exact, '-' not exact, '?' not said. */
struct part {
    uint64_t values;
    int nulls, nans; /* -1: absent. */
    const char *min, *max;
    char min_exact, max_exact;
};

static struct rg_statistics statistics_of(const struct part *p)
{
    return (struct rg_statistics){
        .min_value = text(p->min),
        .max_value = text(p->max),
        .has_null_count = p->nulls >= 0,
        .null_count = p->nulls >= 0 ? (uint64_t)p->nulls : 0,
        .has_nan_count = p->nans >= 0,
        .nan_count = p->nans >= 0 ? (uint64_t)p->nans : 0,
        .has_min_exact = p->min_exact == '+' || p->min_exact == '-',
        .is_min_exact = p->min_exact == '+',
        .has_max_exact = p->max_exact == '+' || p->max_exact == '-',
        .is_max_exact = p->max_exact == '+',
    };
}

TEST(merging_follows_the_rules)
{
    static const struct {
        const char *about;
        enum rg_order order;
        struct part parts[3];
        struct part sum;
    } rows[] = {
        {"bounds and counts",
         RG_ORDER_BYTES,
         {{5, 1, -1, "b", "d", '+', '+'}, {5, 2, -1, "a", "c", '-', '+'}},
         {10, 3, -1, "a", "d", '-', '+'}},
        {"a null count is missing",
         RG_ORDER_BYTES,
         {{5, 1, -1, "b", "d", '+', '+'}, {5, -1, -1, "a", "c", '+', '+'}},
         {10, -1, -1, NULL, NULL, 0, 0}},
        {"all null is neutral",
         RG_ORDER_BYTES,
         {{5, 5, -1, NULL, NULL, 0, 0}, {5, 0, -1, "a", "c", '+', '+'}},
         {10, 5, -1, "a", "c", '+', '+'}},
        {"all null with bounds is neutral",
         RG_ORDER_BYTES,
         {{5, 5, -1, "0", "z", 0, 0}, {5, 0, -1, "a", "c", '+', '+'}},
         {10, 5, -1, "a", "c", '+', '+'}},
        {"no values at all are neutral",
         RG_ORDER_BYTES,
         {{0, -1, -1, NULL, NULL, 0, 0}, {5, 0, -1, "a", "c", '+', '+'}},
         {5, 0, -1, "a", "c", '+', '+'}},
        {"a lower bound is missing",
         RG_ORDER_BYTES,
         {{5, 1, -1, NULL, "d", 0, '+'}, {5, 2, -1, "a", "c", '+', '+'}},
         {10, 3, -1, NULL, NULL, 0, 0}},
        {"bounds are missing, later ones do not help",
         RG_ORDER_BYTES,
         {{5, 1, -1, "a", "d", '+', '+'},
          {5, 1, -1, NULL, NULL, 0, 0},
          {5, 1, -1, "a", "d", '+', '+'}},
         {15, 3, -1, NULL, NULL, 0, 0}},
        {"everything null",
         RG_ORDER_BYTES,
         {{5, 5, -1, NULL, NULL, 0, 0}, {5, 5, -1, NULL, NULL, 0, 0}},
         {10, 10, -1, NULL, NULL, 0, 0}},
        {"equal bounds: exact wins",
         RG_ORDER_BYTES,
         {{5, 0, -1, "a", "d", '-', '?'}, {5, 0, -1, "a", "d", '+', '+'}},
         {10, 0, -1, "a", "d", '+', '+'}},
        {"equal bounds: unsaid and inexact leave it open",
         RG_ORDER_BYTES,
         {{5, 0, -1, "a", "d", '-', '-'}, {5, 0, -1, "a", "d", '?', '-'}},
         {10, 0, -1, "a", "d", '?', '-'}},
        {"unsaid stays unsaid",
         RG_ORDER_BYTES,
         {{5, 0, -1, "a", "d", '?', '+'}, {5, 0, -1, "b", "e", '+', '?'}},
         {10, 0, -1, "a", "e", '?', '?'}},
        {"signed numbers",
         RG_ORDER_INT32,
         {{1, 0, -1, "\xff\xff\xff\xff", "\xff\xff\xff\xff", '+', '+'},
          {1, 0, -1, "\1\1\1\1", "\1\1\1\1", '+', '+'}},
         {2, 0, -1, "\xff\xff\xff\xff", "\1\1\1\1", '+', '+'}},
        {"unsigned numbers",
         RG_ORDER_UINT32,
         {{1, 0, -1, "\xff\xff\xff\xff", "\xff\xff\xff\xff", '+', '+'},
          {1, 0, -1, "\1\1\1\1", "\1\1\1\1", '+', '+'}},
         {2, 0, -1, "\1\1\1\1", "\xff\xff\xff\xff", '+', '+'}},
        {"NaN counts add up",
         RG_ORDER_FLOAT,
         {{5, 0, 2, "aaaa", "bbbb", 0, 0}, {5, 0, 1, "aaaa", "cccc", 0, 0}},
         {10, 0, 3, "aaaa", "cccc", 0, 0}},
        {"a NaN count is missing",
         RG_ORDER_FLOAT,
         {{5, 0, 2, "aaaa", "bbbb", 0, 0}, {5, 0, -1, "aaaa", "cccc", 0, 0}},
         {10, 0, -1, "aaaa", "cccc", 0, 0}},
        {"nulls have no NaN",
         RG_ORDER_FLOAT,
         {{5, 0, 2, "aaaa", "bbbb", 0, 0}, {5, 5, -1, NULL, NULL, 0, 0}},
         {10, 5, 2, "aaaa", "bbbb", 0, 0}},
        {"nothing but NaN: bounds of the others would not speak of it",
         RG_ORDER_FLOAT,
         {{5, 1, 4, NULL, NULL, 0, 0}, {5, 0, 0, "aaaa", "cccc", 0, 0}},
         {10, 1, 4, NULL, NULL, 0, 0}},
        {"no NaN: exact",
         RG_ORDER_FLOAT,
         {{5, 0, 0, "aaaa", "bbbb", '+', '+'}, {5, 0, 0, "aaaa", "cccc", '+', '+'}},
         {10, 0, 0, "aaaa", "cccc", '+', '+'}},
        {"NaN among them is no extreme, but larger than it",
         RG_ORDER_FLOAT,
         {{5, 0, 1, "aaaa", "bbbb", '+', '+'}, {5, 0, 0, "aaaa", "cccc", '+', '+'}},
         {10, 0, 1, "aaaa", "cccc", '?', '?'}},
        {"NaN may be among them",
         RG_ORDER_FLOAT,
         {{5, 0, -1, "aaaa", "bbbb", '+', '+'}, {5, 0, 0, "aaaa", "cccc", '+', '+'}},
         {10, 0, -1, "aaaa", "cccc", '?', '?'}},
        {"no order, no bounds",
         RG_ORDER_NONE,
         {{5, 1, -1, "a", "b", 0, 0}, {5, 1, -1, "a", "b", 0, 0}},
         {10, 2, -1, NULL, NULL, 0, 0}},
    };
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY, .def_max = 1};
        struct rg_statistics_merge merge;
        struct rg_statistics sum;
        const struct rg_statistics wanted = statistics_of(&rows[i].sum);

        rg_statistics_merge_init(&merge, rows[i].order, &leaf);
        for (size_t j = 0; j < 3; j++) {
            const struct rg_statistics part = statistics_of(&rows[i].parts[j]);
            rg_statistics_merge_add(&merge, &part, rows[i].parts[j].values);
        }
        CHECK_OK(rg_statistics_merge_finish(&merge, &arena, &sum, &t->err));
        const bool are_counts_right =
            sum.has_null_count == wanted.has_null_count && sum.null_count == wanted.null_count &&
            sum.has_nan_count == wanted.has_nan_count && sum.nan_count == wanted.nan_count;
        const bool are_bounds_right =
            rg_span_equal(sum.min_value, wanted.min_value) &&
            rg_span_equal(sum.max_value, wanted.max_value) &&
            (sum.min_value.data == NULL) == (wanted.min_value.data == NULL) &&
            (sum.max_value.data == NULL) == (wanted.max_value.data == NULL);
        const bool are_flags_right =
            sum.has_min_exact == wanted.has_min_exact && sum.is_min_exact == wanted.is_min_exact &&
            sum.has_max_exact == wanted.has_max_exact && sum.is_max_exact == wanted.is_max_exact;
        if (!are_counts_right || !are_bounds_right || !are_flags_right)
            test_fail(__FILE__, __LINE__, "%s: counts %d bounds %d flags %d", rows[i].about,
                      are_counts_right, are_bounds_right, are_flags_right);
    }
    rg_arena_fini(&arena);
}

TEST(long_bounds_are_shortened_and_not_exact)
{
    static uint8_t value[1000];
    static uint8_t lower[256];
    static uint8_t upper[255];
    const struct rg_leaf leaf = {.type = RG_TYPE_BYTE_ARRAY, .def_max = 1};
    struct rg_statistics_merge merge;
    struct rg_statistics sum;
    struct rg_arena arena;
    const struct rg_statistics part = {.min_value = SPAN(value),
                                       .max_value = SPAN(value),
                                       .has_null_count = true,
                                       .has_min_exact = true,
                                       .is_min_exact = true,
                                       .has_max_exact = true,
                                       .is_max_exact = true};

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    memset(value, 'a', sizeof value);
    memset(lower, 'a', sizeof lower);
    memset(upper, 'a', sizeof upper);
    upper[254] = 'b';
    rg_statistics_merge_init(&merge, RG_ORDER_BYTES, &leaf);
    rg_statistics_merge_add(&merge, &part, 5);
    CHECK_OK(rg_statistics_merge_finish(&merge, &arena, &sum, &t->err));
    CHECK_SPAN(sum.min_value, SPAN(lower));
    CHECK_SPAN(sum.max_value, SPAN(upper));
    CHECK(sum.has_min_exact && !sum.is_min_exact && sum.has_max_exact && !sum.is_max_exact);

    /* Nothing shorter is an upper bound of these, and a lower one does not stay alone. */
    memset(value, 0xff, sizeof value);
    rg_statistics_merge_init(&merge, RG_ORDER_BYTES, &leaf);
    rg_statistics_merge_add(&merge, &part, 5);
    CHECK_OK(rg_statistics_merge_finish(&merge, &arena, &sum, &t->err));
    CHECK(sum.min_value.data == NULL && !sum.has_min_exact);
    CHECK(sum.max_value.data == NULL && !sum.has_max_exact);
    rg_arena_fini(&arena);
}

/* A column's bounds in the row groups of one file: "ab" has them, "-" not, "0" is all null. */
TEST(bounds_are_in_all_row_groups_or_in_none)
{
    static const struct {
        const char *groups[3];
        bool is_kept;
    } rows[] = {
        {{"ab", "ab", "ab"}, true}, {{"ab", "0", "ab"}, true},  {{"0", "0", "0"}, false},
        {{"ab", "-", "ab"}, false}, {{"-", "ab", "ab"}, false}, {{"0", "ab", "-"}, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_column_chunk chunks[3][2];
        struct rg_row_group groups[3];

        memset(chunks, 0, sizeof chunks);
        memset(groups, 0, sizeof groups);
        for (int g = 0; g < 3; g++) {
            const struct rg_statistics given = {.min_value = text("a"),
                                                .max_value = text("b"),
                                                .has_null_count = true,
                                                .has_min_exact = true};
            struct rg_column_chunk *chunk = &chunks[g][1];

            groups[g].columns = chunks[g];
            chunks[g][0] = (struct rg_column_chunk){.value_count = 10, .statistics = given};
            chunk->value_count = 10;
            chunk->statistics.has_null_count = true;
            chunk->statistics.null_count = rows[i].groups[g][0] == '0' ? 10 : 1;
            if (rows[i].groups[g][0] == 'a')
                chunk->statistics = given;
        }
        rg_statistics_level(groups, 3, 2);
        for (int g = 0; g < 3; g++) {
            CHECK(chunks[g][0].statistics.min_value.data != NULL);
            CHECK((chunks[g][1].statistics.max_value.data != NULL) ==
                  (rows[i].is_kept && rows[i].groups[g][0] == 'a'));
            CHECK(chunks[g][1].statistics.has_null_count);
        }
    }
}

enum {
    VALUES = 60
};

static void merged_is_recomputed(struct test *t, struct choices *c)
{
    static const float usual[] = {0.0F, 1.0F, -1.0F, 7.5F, -3.25F};
    const struct rg_leaf leaf = {.type = RG_TYPE_FLOAT, .def_max = 1};
    float values[VALUES];
    struct rg_statistics_merge merge;
    struct rg_statistics merged;
    struct rg_statistics whole;
    struct rg_arena arena;
    size_t used = 0;
    uint64_t null_count = 0;
    const uint32_t count = choose(c, VALUES);

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    rg_statistics_merge_init(&merge, RG_ORDER_FLOAT, &leaf);
    while (used < count) {
        const uint32_t part = 1 + choose(c, count - (uint32_t)used - 1);
        const uint32_t nulls = choose(c, 3);
        struct rg_statistics s;

        for (uint32_t i = 0; i < part; i++) {
            const uint32_t n = choose(c, 7);
            values[used + i] = n < 5 ? usual[n] : n == 5 ? -0.0F : __builtin_nanf("");
        }
        const struct rg_span plain = {(const uint8_t *)(values + used), part * sizeof(float)};
        CHECK_OK(rg_statistics_of_plain(RG_ORDER_FLOAT, &leaf, plain, part, true, &s, &t->err));
        s.has_null_count = true;
        s.null_count = nulls;
        rg_statistics_merge_add(&merge, &s, (uint64_t)part + nulls);
        used += part;
        null_count += nulls;
    }
    const enum rg_status status = rg_statistics_merge_finish(&merge, &arena, &merged, &t->err);
    if (status == RG_OK) {
        const struct rg_span plain = {(const uint8_t *)values, used * sizeof(float)};
        CHECK_OK(rg_statistics_of_plain(RG_ORDER_FLOAT, &leaf, plain, (uint32_t)used, true, &whole,
                                        &t->err));
        CHECK_SPAN(merged.min_value, whole.min_value);
        CHECK_SPAN(merged.max_value, whole.max_value);
        CHECK_U64(merged.nan_count, whole.nan_count);
        CHECK_U64(merged.null_count, null_count);
        CHECK(merged.is_min_exact == whole.is_min_exact);
        CHECK(merged.is_max_exact == whole.is_max_exact);
    }
    rg_arena_fini(&arena);
}

TEST(merged_statistics_are_those_of_all_values)
{
    test_property(t, "merged", 5000, merged_is_recomputed);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"trust_follows_writer_type_and_order", trust_follows_writer_type_and_order},
        {"counts_that_cannot_be_are_dropped", counts_that_cannot_be_are_dropped},
        {"chunks_that_are_not_what_their_pages_are", chunks_that_are_not_what_their_pages_are},
        {"null_counts_of_pages_that_are_those_of_all", null_counts_of_pages_that_are_those_of_all},
        {"null_counts_that_only_levels_tell", null_counts_that_only_levels_tell},
        {"merging_follows_the_rules", merging_follows_the_rules},
        {"long_bounds_are_shortened_and_not_exact", long_bounds_are_shortened_and_not_exact},
        {"bounds_are_in_all_row_groups_or_in_none", bounds_are_in_all_row_groups_or_in_none},
        {"merged_statistics_are_those_of_all_values", merged_statistics_are_those_of_all_values},
    };

    return test_main("stitch/statistics", cases, sizeof cases / sizeof cases[0], argc, argv);
}
