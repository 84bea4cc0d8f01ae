/* SPDX-License-Identifier: Apache-2.0 */

#include "parquet/writer.h"

#include "support/test.h"

enum {
    BINARY = 1,   /* has_wrong_binary_bounds */
    SIGNED = 2,   /* has_signed_order_only */
    NAN_ = 4,     /* has_nan_bounds */
    LINKED = 8,   /* has_linked_delta_pages */
    LYING = 16,   /* has_lying_v2_flag */
    SHORT = 32,   /* has_short_sizes */
    COUNTED = 64, /* has_counted_sizes */
    DECIMALS = 128,
    LONG_DECIMALS = 256,
    WRONG_UNIONS = 512,
    PREFIX_UNIONS = 1024,
    CATEGORIES = 2048, /* has_category_bounds */
    DOUBLED = 8192,    /* has_doubled_sizes */
    NULLS = 4096,      /* has_repeated_null_counts */
    ODD_NULLS = 16384,
    LIST_NULLS = 32768,
    RUNNING_NULLS = 65536,
    FIRST = 131072,    /* has_first_bounds */
    NO_NULLS = 262144, /* omits_no_nulls */
    ARROW_5 = ODD_NULLS | LIST_NULLS,
};

static unsigned flags_of(const struct rg_writer *w)
{
    return (w->has_wrong_binary_bounds ? BINARY : 0U) | (w->has_signed_order_only ? SIGNED : 0U) |
           (w->has_nan_bounds ? NAN_ : 0U) | (w->has_linked_delta_pages ? LINKED : 0U) |
           (w->has_lying_v2_flag ? LYING : 0U) | (w->has_short_sizes ? SHORT : 0U) |
           (w->has_counted_sizes ? COUNTED : 0U) | (w->has_wrong_decimals ? DECIMALS : 0U) |
           (w->has_wrong_long_decimals ? LONG_DECIMALS : 0U) |
           (w->has_wrong_unions ? WRONG_UNIONS : 0U) | (w->has_prefix_unions ? PREFIX_UNIONS : 0U) |
           (w->has_category_bounds ? CATEGORIES : 0U) | (w->has_repeated_null_counts ? NULLS : 0U) |
           (w->has_doubled_sizes ? DOUBLED : 0U) | (w->has_odd_null_counts ? ODD_NULLS : 0U) |
           (w->has_few_list_nulls ? LIST_NULLS : 0U) |
           (w->has_running_null_counts ? RUNNING_NULLS : 0U) | (w->has_first_bounds ? FIRST : 0U) |
           (w->omits_no_nulls ? NO_NULLS : 0U);
}

TEST(every_row_of_the_trust_table)
{
    static const struct {
        const char *created_by;
        const char *application;
        uint32_t major, minor, patch;
        unsigned flags;
    } rows[] = {
        {"parquet-mr version 1.6.0 (build abc)", "parquet-mr", 1, 6, 0,
         BINARY | SIGNED | NAN_ | LINKED},
        {"parquet-mr version 1.8.0-SNAPSHOT (build abc)", "parquet-mr", 1, 8, 0,
         BINARY | SIGNED | NAN_ | LINKED},
        {"parquet-mr version 1.8.0rc2 (build abc)", "parquet-mr", 1, 8, 0,
         BINARY | SIGNED | NAN_ | LINKED},
        {"parquet-mr version 1.8.0 (build abc)", "parquet-mr", 1, 8, 0, SIGNED | NAN_},
        {"parquet-mr version 1.9.0", "parquet-mr", 1, 9, 0, SIGNED | NAN_},
        {"parquet-mr version 1.10.0-rc1 (build x)", "parquet-mr", 1, 10, 0, SIGNED | NAN_},
        {"parquet-mr version 1.10.0 (build 031a6654009e3b82020012a18434c582bd74c73a)", "parquet-mr",
         1, 10, 0, 0},
        {"parquet-mr version 1.12.2-databricks-0002 (build x)", "parquet-mr", 1, 12, 2, 0},
        {"parquet-mr version 1.10.99.7.1.7.0-551 (build ${buildNumber})", "parquet-mr", 1, 10, 99,
         0},
        {"parquet-mr version 1.10.0.1 (build x)", "parquet-mr", 1, 10, 0, 0},
        /* Cloudera's 1.5.0 from cdh5.5.0 on has right binary bounds. */
        {"parquet-mr version 1.5.0-cdh5.4.0 (build x)", "parquet-mr", 1, 5, 0,
         BINARY | SIGNED | NAN_ | LINKED},
        {"parquet-mr version 1.5.0-cdh5.5.0 (build x)", "parquet-mr", 1, 5, 0,
         SIGNED | NAN_ | LINKED},
        {"parquet-mr version 1.5.0-cdh5.16.2-SNAPSHOT (build x)", "parquet-mr", 1, 5, 0,
         SIGNED | NAN_ | LINKED},
        {"parquet-mr version 1.5.0 (build x)", "parquet-mr", 1, 5, 0,
         BINARY | SIGNED | NAN_ | LINKED},
        {"parquet-mr version (build x)", "parquet-mr", 0, 0, 0, BINARY | SIGNED | NAN_ | LINKED},
        {"parquet-mr version 1.99999999999.0", "parquet-mr", 0, 0, 0,
         BINARY | SIGNED | NAN_ | LINKED},
        {"parquet-cpp version 1.0.0", "parquet-cpp", 1, 0, 0,
         SIGNED | NAN_ | LYING | DECIMALS | ARROW_5},
        {"parquet-cpp version 1.2.1-SNAPSHOT", "parquet-cpp", 1, 2, 1,
         SIGNED | NAN_ | LYING | DECIMALS | ARROW_5},
        {"parquet-cpp version 1.3.0", "parquet-cpp", 1, 3, 0, NAN_ | LYING | DECIMALS | ARROW_5},
        {"parquet-cpp version 1.4.0", "parquet-cpp", 1, 4, 0, LYING | DECIMALS | ARROW_5},
        {"parquet-cpp version 1.5.1-SNAPSHOT", "parquet-cpp", 1, 5, 1, LYING | DECIMALS | ARROW_5},
        {"parquet-cpp version 2.0.0", "parquet-cpp", 2, 0, 0, DECIMALS | ARROW_5},
        {"parquet-cpp-arrow version 14.0.2", "parquet-cpp-arrow", 14, 0, 2, SHORT | COUNTED},
        {"parquet-cpp-arrow version 2.0.0", "parquet-cpp-arrow", 2, 0, 0,
         SHORT | COUNTED | DECIMALS | ARROW_5},
        {"parquet-cpp-arrow version 1.0.1", "parquet-cpp-arrow", 1, 0, 1,
         SHORT | DECIMALS | ARROW_5},
        {"impala version 2.11.0-SNAPSHOT (build 8e5d)", "impala", 2, 11, 0, NAN_},
        {"impala version 2.12.0-RELEASE (build 8e5d)", "impala", 2, 12, 0, NAN_},
        {"impala version 2.12.0 (build 8e5d)", "impala", 2, 12, 0, 0},
        {"impala version 3.2.0-cdh6.3.2 (build 1bb9)", "impala", 3, 2, 0, 0},
        {"Impala version unknown", "Impala", 0, 0, 0, NAN_},
        {"parquet-rs version 53.0.0", "parquet-rs", 53, 0, 0, LONG_DECIMALS | NO_NULLS},
        {"parquet-rs version unknown", "parquet-rs", 0, 0, 0, LONG_DECIMALS},
        {"datafusion version 42.0.0", "datafusion", 42, 0, 0, NO_NULLS},
        {"datafusion version 42.1.0", "datafusion", 42, 1, 0, 0},
        {"parquet-rs version 53.1.0", "parquet-rs", 53, 1, 0, LONG_DECIMALS},
        {"DuckDB version v1.1.3 (build 19864453f7)", "DuckDB", 0, 0, 0, 0},
        {"fastparquet-python version 2024.2.0 (build 0)", "fastparquet-python", 2024, 2, 0,
         CATEGORIES},
        {"parquet-python", "", 0, 0, 0, BINARY | LINKED | CATEGORIES},
        {"Velox version 1 (build 2)", "Velox", 0, 0, 0, 0},
        {"Polars", "", 0, 0, 0, BINARY | LINKED | DECIMALS | WRONG_UNIONS | PREFIX_UNIONS | NULLS},
        {"Polars (python) version 2.0.4 (build x)", "Polars (python)", 2, 0, 4,
         DECIMALS | WRONG_UNIONS},
        {"Polars (python) version 2.1.0 (build x)", "Polars (python)", 2, 1, 0, 0},
        {"ClickHouse v24.3.1.2672", "", 0, 0, 0, BINARY | LINKED | DECIMALS | DOUBLED},
        {"ClickHouse version 25.8.1 (build x)", "ClickHouse", 25, 8, 1, DECIMALS | DOUBLED},
        {"ClickHouse version 26.9.2 (build x)", "ClickHouse", 26, 9, 2, DOUBLED},
        {"parquet-cpp-arrow version 3.0.0", "parquet-cpp-arrow", 3, 0, 0,
         SHORT | COUNTED | DECIMALS | ARROW_5},
        {"parquet-cpp-arrow version 4.0.0", "parquet-cpp-arrow", 4, 0, 0,
         SHORT | COUNTED | ARROW_5},
        {"parquet-cpp-arrow version 5.0.0", "parquet-cpp-arrow", 5, 0, 0,
         SHORT | COUNTED | ARROW_5},
        {"parquet-cpp-arrow version 6.0.0", "parquet-cpp-arrow", 6, 0, 0,
         SHORT | COUNTED | ODD_NULLS | FIRST},
        {"parquet-cpp-arrow version 10.0.1", "parquet-cpp-arrow", 10, 0, 1,
         SHORT | COUNTED | ODD_NULLS | FIRST},
        {"parquet-cpp-arrow version 11.0.0", "parquet-cpp-arrow", 11, 0, 0,
         SHORT | COUNTED | ODD_NULLS},
        {"parquet-cpp-arrow version 12.0.0", "parquet-cpp-arrow", 12, 0, 0, SHORT | COUNTED},
        {"parquet-cpp-arrow version unknown", "parquet-cpp-arrow", 0, 0, 0,
         SHORT | DECIMALS | ARROW_5 | FIRST},
        {"DuckDB", "", 0, 0, 0, BINARY | LINKED | RUNNING_NULLS},
        {"parquet-mr", "", 0, 0, 0, BINARY | LINKED},
        {" version 1.0.0", "", 0, 0, 0, BINARY | LINKED},
        {"", "", 0, 0, 0, BINARY | LINKED},
        {NULL, "", 0, 0, 0, BINARY | LINKED},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *text = rows[i].created_by;
        const struct rg_writer w =
            rg_writer_parse(text == NULL ? (struct rg_span){NULL, 0} : rg_span_of(text));
        const struct rg_span application = rg_span_of(rows[i].application);

        if (!rg_span_equal(w.application, application) || w.major != rows[i].major ||
            w.minor != rows[i].minor || w.patch != rows[i].patch || flags_of(&w) != rows[i].flags)
            test_fail(__FILE__, __LINE__, "'%s': '%.*s' %u.%u.%u, flags %u, not %u",
                      text == NULL ? "(absent)" : text, (int)w.application.bytes,
                      (const char *)w.application.data, w.major, w.minor, w.patch, flags_of(&w),
                      rows[i].flags);
    }
}

TEST(our_own_kind_of_name_is_trusted)
{
    const struct rg_writer w =
        rg_writer_parse(rg_span_of("regroup version 0.1.0 (build 0123456789ab)"));

    CHECK(w.is_parsed);
    CHECK_U64(flags_of(&w), 0);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"every_row_of_the_trust_table", every_row_of_the_trust_table},
        {"our_own_kind_of_name_is_trusted", our_own_kind_of_name_is_trusted},
    };

    return test_main("parquet/writer", cases, sizeof cases / sizeof cases[0], argc, argv);
}
