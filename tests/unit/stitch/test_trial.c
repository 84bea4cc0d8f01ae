/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/trial.h"

#include <math.h>

#include "support/test.h"

TEST(distinct_values_are_told_from_how_they_grow)
{
    static const struct {
        const char *about;
        double first_count, first_distinct, sample_count, sample_distinct, value_count;
        double least, most;
    } rows[] = {
        {"all seen", 20000, 50, 60000, 50, 1e6, 50, 50},
        {"draws from 50,000", 20000, 16484, 60000, 34940, 5e5, 49000, 51000},
        {"three days a file", 20000, 3, 60000, 9, 2e6, 299, 301},
        {"nearly unique", 20000, 19800, 60000, 58800, 1e6, 7e5, 1e6},
        {"one window of draws from 1,000", 5000, 993, 5000, 993, 1e6, 990, 1010},
        {"the sample is the column", 700, 300, 1000, 400, 1000, 400, 400},
        {"one value", 20000, 1, 60000, 1, 1e9, 1, 1.01},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double found =
            rg_trial_distinct(rows[i].first_count, rows[i].first_distinct, rows[i].sample_count,
                              rows[i].sample_distinct, rows[i].value_count);

        if (found < rows[i].least || found > rows[i].most)
            test_fail(__FILE__, __LINE__, "%s: %f", rows[i].about, found);
    }
}

TEST(the_smallest_is_chosen_where_it_is_worth_it)
{
    static const struct {
        const char *about;
        struct rg_trial_figures figures;
        bool is_dictionary, is_delta;
    } rows[] = {
        {"nothing better than PLAIN", {1000, 1000, 1200, 1100}, false, false},
        {"a little better is not worth it", {1000, 1000, 980, 975}, false, false},
        {"a dictionary", {1000, 1000, 1200, 500}, true, false},
        {"deltas", {1000, 1000, 500, 900}, false, true},
        {"a dictionary, and deltas behind it", {1000, 1000, 500, 400}, true, true},
        {"a dictionary hardly smaller than deltas", {1000, 1000, 500, 490}, false, true},
        {"no dictionary, no deltas", {1000, 1000, UINT64_MAX, UINT64_MAX}, false, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_trial_choice choice = rg_trial_choose(&rows[i].figures);

        CHECK_TEXT(rows[i].about, rows[i].about);
        CHECK(choice.is_dictionary == rows[i].is_dictionary);
        CHECK(choice.is_delta == rows[i].is_delta);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"distinct_values_are_told_from_how_they_grow",
         distinct_values_are_told_from_how_they_grow},
        {"the_smallest_is_chosen_where_it_is_worth_it",
         the_smallest_is_chosen_where_it_is_worth_it},
    };

    return test_main("stitch/trial", cases, sizeof cases / sizeof cases[0], argc, argv);
}
