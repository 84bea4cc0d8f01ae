/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/verdict.h"

#include "parquet/types.h"
#include "support/test.h"

/* 50 sources of 10,000 INT64 values each, snappy. */
static struct rg_layout_facts facts_of(double entries, double common, double trial_bytes)
{
    const double sources = 50;

    return (struct rg_layout_facts){
        .source_count = (uint64_t)sources,
        .distinct_count = 50,
        .value_count = 500000,
        .index_bytes = 98,
        .index_raw_bytes = 100,
        .entry_count = (uint64_t)(entries * sources),
        .entry_bytes = (uint64_t)(entries * sources * 7),
        .entry_raw_bytes = (uint64_t)(entries * sources * 8),
        .sample_entries = entries,
        .pair_products = 3 * entries * entries,
        .pair_hits = 3 * common,
        .trial_bytes = trial_bytes,
        .dictionary_bytes_max = 4 << 20,
        .codec = RG_CODEC_SNAPPY,
    };
}

TEST(layouts_follow_the_rule)
{
    static const struct {
        const char *about;
        double entries, common, trial_bytes;
        enum rg_layout layout;
        enum rg_reason reason;
    } rows[] = {
        {"few values, all common", 100, 100, 7, RG_LAYOUT_DICTIONARY, RG_REASON_NONE},
        {"half of what there is", 5000, 2500, 7, RG_LAYOUT_DICTIONARY, RG_REASON_NONE},
        {"hardly in common, hardly repeated", 9500, 10, 5, RG_LAYOUT_PLAIN,
         RG_REASON_VALUES_HARDLY_REPEAT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rg_layout_facts facts =
            facts_of(rows[i].entries, rows[i].common, rows[i].trial_bytes);
        enum rg_reason reason;

        if (rg_layout_choose(&facts, &reason) != rows[i].layout || reason != rows[i].reason)
            test_fail(__FILE__, __LINE__, "%s: %s", rows[i].about, rg_reason_text(reason));
    }
}

TEST(some_things_are_clear)
{
    struct rg_layout_facts facts = facts_of(100, 100, 0.1);
    enum rg_reason reason;

    facts.has_sampled_values = true;
    CHECK(rg_layout_choose(&facts, &reason) == RG_LAYOUT_PLAIN);
    CHECK(reason == RG_REASON_PLAIN_TAIL);

    facts = facts_of(100, 100, 7);
    facts.are_samples_identity = true;
    CHECK(rg_layout_choose(&facts, &reason) == RG_LAYOUT_PLAIN);

    facts = facts_of(100, 100, 0.1);
    facts.distinct_count = 1;
    CHECK(rg_layout_choose(&facts, &reason) == RG_LAYOUT_DICTIONARY);

    facts = facts_of(100, 100, 0.1);
    facts.source_count = 1;
    CHECK(rg_layout_choose(&facts, &reason) == RG_LAYOUT_DICTIONARY);

    facts = facts_of(9000, 100, 100);
    facts.dictionary_bytes_max = 1 << 20;
    CHECK(rg_layout_choose(&facts, &reason) == RG_LAYOUT_PLAIN);
    CHECK(reason == RG_REASON_DICTIONARY_CAP);
}

TEST(the_union_is_estimated_from_what_samples_share)
{
    struct rg_layout_facts facts = facts_of(1000, 1000, 1);

    /* The same values everywhere. */
    CHECK(rg_layout_union_entries(&facts) < 1001);
    /* Nothing in common: all of them. */
    facts = facts_of(1000, 0, 1);
    CHECK(rg_layout_union_entries(&facts) == 50000);
    /* Two samples of 1000 out of 10,000 share a hundred. */
    facts = facts_of(1000, 100, 1);
    CHECK(rg_layout_union_entries(&facts) > 9500 && rg_layout_union_entries(&facts) < 10001);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"layouts_follow_the_rule", layouts_follow_the_rule},
        {"some_things_are_clear", some_things_are_clear},
        {"the_union_is_estimated_from_what_samples_share",
         the_union_is_estimated_from_what_samples_share},
    };

    return test_main("stitch/verdict", cases, sizeof cases / sizeof cases[0], argc, argv);
}
