/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/pandas_merge.h"

#include "support/test.h"

#define RANGE(start, stop, step)                                                                   \
    "{\"index_columns\": [{\"kind\": \"range\", \"name\": null, \"start\": " start                 \
    ", \"stop\": " stop ", \"step\": " step "}], \"columns\": [{\"name\": \"a\"}]}"
#define COLUMN(name) "{\"index_columns\": [\"" name "\"], \"columns\": [{\"name\": \"a\"}]}"

TEST(ranges_are_made_those_of_the_output)
{
    static const struct {
        const char *about;
        const char *a;
        uint64_t a_rows;
        const char *b; /* NULL: one input. */
        uint64_t b_rows;
        uint64_t rows;
        const char *wanted; /* NULL: they do not go together. */
    } rows[] = {
        {"each from 0", RANGE("0", "3", "1"), 3, RANGE("0", "4", "1"), 4, 7, RANGE("0", "7", "1")},
        {"one after another", RANGE("10", "13", "1"), 3, RANGE("13", "17", "1"), 4, 7,
         RANGE("10", "17", "1")},
        {"one after another in steps", RANGE("0", "6", "2"), 3, RANGE("6", "8", "2"), 1, 4,
         RANGE("0", "8", "2")},
        {"downwards", RANGE("9", "6", "-1"), 3, RANGE("6", "5", "-1"), 1, 4, RANGE("9", "5", "-1")},
        {"one after another, part of the rows", RANGE("10", "13", "1"), 3, RANGE("13", "17", "1"),
         4, 5, RANGE("0", "5", "1")},
        {"a range of another length", RANGE("10", "12", "1"), 3, RANGE("12", "16", "1"), 4, 7,
         RANGE("0", "7", "1")},
        {"another step", RANGE("0", "3", "1"), 3, RANGE("3", "11", "2"), 4, 7,
         RANGE("0", "7", "1")},
        {"one input, other rows", RANGE("5", "8", "1"), 3, NULL, 0, 2, RANGE("0", "2", "1")},
        {"one input, all rows", RANGE("5", "8", "1"), 3, NULL, 0, 3, RANGE("5", "8", "1")},
        {"numbers that do not fit", RANGE("9223372036854775807", "1", "2"), 3, NULL, 0, 3,
         RANGE("0", "3", "1")},
        {"an index of a column", COLUMN("i"), 3, COLUMN("i"), 4, 7, COLUMN("i")},
        {"an index of another column", COLUMN("i"), 3, COLUMN("j"), 4, 7, NULL},
        {"a range and a column", RANGE("0", "3", "1"), 3, COLUMN("j"), 4, 7, NULL},
        {"no json", RANGE("0", "3", "1"), 3, "{", 4, 7, NULL},
        {"other columns", RANGE("0", "3", "1"), 3,
         "{\"index_columns\": [{\"kind\": \"range\", \"name\": null, \"start\": 0, \"stop\": 4,"
         " \"step\": 1}], \"columns\": [{\"name\": \"b\"}]}",
         4, 7, NULL},
        {"a range with a name",
         "{\"index_columns\":[{\"step\":1,\"name\":\"x\",\"kind\":\"range\",\"start\":0,"
         "\"stop\":3}],\"c\":1}",
         3,
         "{\"index_columns\":[{\"step\":1,\"name\":\"x\",\"kind\":\"range\",\"start\":0,"
         "\"stop\":4}],\"c\":1}",
         4, 7,
         "{\"index_columns\":[{\"step\": 1, \"name\": \"x\", \"kind\": \"range\", \"start\": 0,"
         " \"stop\": 7}],\"c\":1}"},
        {"versions do not count", "{\"index_columns\": [], \"pandas_version\": \"1\"}", 3,
         "{\"index_columns\": [], \"creator\": {\"library\": \"x\"}}", 4, 7,
         "{\"index_columns\": [], \"pandas_version\": \"1\"}"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_pandas_merge merge;
        struct rg_buffer out;
        bool is_alike = rg_pandas_merge_begin(&merge, rg_span_of(rows[i].a), rows[i].a_rows);

        if (is_alike && rows[i].b != NULL)
            is_alike = rg_pandas_merge_add(&merge, rg_span_of(rows[i].b), rows[i].b_rows);
        if (is_alike != (rows[i].wanted != NULL))
            test_fail(__FILE__, __LINE__, "%s: alike %d", rows[i].about, is_alike);
        if (!is_alike)
            continue;
        rg_buffer_init(&out, &t->allocator, SIZE_MAX);
        rg_pandas_merge_emit(&merge, rows[i].rows, &out);
        CHECK_OK(rg_buffer_check(&out, "pandas", &t->err));
        if (!rg_span_equal(rg_buffer_span(&out), rg_span_of(rows[i].wanted)))
            test_fail(__FILE__, __LINE__, "%s: %.*s", rows[i].about, (int)out.bytes,
                      (const char *)out.data);
        rg_buffer_fini(&out);
    }
}

TEST(other_forms_are_told)
{
    struct rg_pandas_merge merge;

    CHECK(!rg_pandas_merge_begin(&merge, (struct rg_span){NULL, 0}, 1));
    CHECK(!rg_pandas_merge_begin(&merge, rg_span_of("[]"), 1));
    CHECK(!rg_pandas_merge_begin(&merge, rg_span_of("{\"index_columns\": NaN}"), 1));
    CHECK(rg_pandas_merge_begin(&merge, rg_span_of("{\"index_columns\": 1}"), 1));
    CHECK(!merge.has_range);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"ranges_are_made_those_of_the_output", ranges_are_made_those_of_the_output},
        {"other_forms_are_told", other_forms_are_told},
    };

    return test_main("stitch/pandas_merge", cases, sizeof cases / sizeof cases[0], argc, argv);
}
