/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/take.h"

#include "support/test.h"

static const uint64_t mib = UINT64_C(1) << 20;

TEST(batches_are_cut_from_the_listing)
{
    static const uint64_t bytes[] = {4, 4, 4, 20, 1, 9, 1};
    static const size_t wanted[] = {2, 3, 4, 6, 7};
    struct rg_options o;
    size_t at = 0;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK_OK(rg_options_set(&o, "batch-size", "10", RG_ORIGIN_FLAG, &t->err));
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        at = rg_take_batch_end(bytes, 7, at, &o);
        CHECK_U64(at, wanted[i]);
    }
    CHECK_U64(rg_take_batch_end(bytes, 7, 7, &o), 7);
    rg_options_fini(&o);
}

TEST(good_files_and_stamped_ones_are_left)
{
    static const uint8_t today[] = "row-group-size=...";
    static const uint8_t other[] = "row-group-size=,,,";
    struct rg_options o;
    const struct rg_span shape = SPAN(today);

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    const struct {
        const char *about;
        struct rg_take_file file;
        enum rg_take wanted;
    } rows[] = {
        {"3/4 of 384 MiB in 3 row groups", {288 * mib, 3, {0}}, RG_TAKE_NO_GOOD},
        {"a byte less", {288 * mib - 1, 3, {0}}, RG_TAKE_YES},
        {"row groups of just half", {384 * mib, 6, {0}}, RG_TAKE_NO_GOOD},
        {"row groups of less than half", {384 * mib, 7, {0}}, RG_TAKE_YES},
        {"no row groups", {500 * mib, 0, {0}}, RG_TAKE_YES},
        {"our stamp", {1, 1, SPAN(today)}, RG_TAKE_NO_STAMP},
        {"our stamp of other options", {1, 1, SPAN(other)}, RG_TAKE_YES},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rg_take_file(&rows[i].file, &o, shape) != rows[i].wanted)
            test_fail(__FILE__, __LINE__, "%s", rows[i].about);
    CHECK_OK(rg_options_set(&o, "all", "true", RG_ORIGIN_FLAG, &t->err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK(rg_take_file(&rows[i].file, &o, shape) == RG_TAKE_YES);
    rg_options_fini(&o);
}

TEST(short_trailing_outputs_are_taken_from_the_last_backwards)
{
    struct rg_options o;
    static const uint64_t growing[] = {390, 100, 60, 30, 10};
    static const uint64_t stepped[] = {20, 90, 10};
    static const uint64_t whole[] = {10, 192};
    static const uint64_t twice[] = {100, 21};
    uint64_t bytes[5];

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    for (size_t i = 0; i < 5; i++)
        bytes[i] = growing[i] * mib;
    /* 10 <= 2*10, 30 <= 2*20, 60 <= 2*50, 100 <= 2*110, but 390 is no short file. */
    CHECK_U64(rg_take_trailing(bytes, 5, 10 * mib, &o), 4);
    CHECK_U64(rg_take_trailing(bytes, 5, 4 * mib, &o), 0);
    CHECK_U64(rg_take_trailing(bytes, 5, 0, &o), 0);
    CHECK_U64(rg_take_trailing(bytes, 0, 10 * mib, &o), 0);
    for (size_t i = 0; i < 3; i++)
        bytes[i] = stepped[i] * mib;
    CHECK_U64(rg_take_trailing(bytes, 3, 10 * mib, &o), 1);
    for (size_t i = 0; i < 2; i++)
        bytes[i] = whole[i] * mib;
    CHECK_U64(rg_take_trailing(bytes, 2, 200 * mib, &o), 0);
    for (size_t i = 0; i < 2; i++)
        bytes[i] = twice[i];
    CHECK_U64(rg_take_trailing(bytes, 2, 10, &o), 0);
    bytes[1] = 20;
    CHECK_U64(rg_take_trailing(bytes, 2, 10, &o), 1);
    bytes[0] = 60;
    CHECK_U64(rg_take_trailing(bytes, 2, 10, &o), 2);
    rg_options_fini(&o);
}

/* Deliveries of one size each hour for a year: bytes written for one delivered, and short files. */
static void simulate(uint64_t delivery, const struct rg_options *o, double *ret_written,
                     size_t *ret_short_max)
{
    static const size_t hours = 8760;
    uint64_t outputs[64];
    size_t count = 0;
    uint64_t written = 0;

    *ret_short_max = 0;
    for (size_t hour = 0; hour < hours; hour++) {
        const size_t taken = rg_take_trailing(outputs, count, delivery, o);
        uint64_t bytes = delivery;

        for (size_t i = 0; i < taken; i++)
            bytes += outputs[--count];
        written += bytes;
        outputs[count++] = bytes;
        if (count > *ret_short_max && bytes < rg_options_file_bytes(o) / 2)
            *ret_short_max = count;
        /* What is not short any more is never looked at behind it: forget it. */
        if (bytes >= rg_options_file_bytes(o) / 2)
            count = 0;
    }
    *ret_written = (double)written / ((double)delivery * (double)hours);
}

TEST(a_year_of_deliveries_costs_what_the_documentation_says)
{
    struct rg_options o;
    double written;
    size_t short_max;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    simulate(10 * mib, &o, &written, &short_max);
    CHECK(written < 3.9 && short_max <= 3);
    simulate(mib, &o, &written, &short_max);
    CHECK(written < 6.1 && short_max <= 6);
    simulate(mib / 10, &o, &written, &short_max);
    CHECK(written < 8.2 && short_max <= 8);
    rg_options_fini(&o);
}

TEST(few_files_are_not_worth_it)
{
    struct rg_options o;

    CHECK_OK(rg_options_init(&o, &t->allocator, &t->err));
    CHECK(!rg_take_is_enough(1, &o));
    CHECK(rg_take_is_enough(2, &o));
    CHECK_OK(rg_options_set(&o, "all", "true", RG_ORIGIN_FLAG, &t->err));
    CHECK(rg_take_is_enough(1, &o));
    CHECK(!rg_take_is_enough(0, &o));
    rg_options_fini(&o);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"batches_are_cut_from_the_listing", batches_are_cut_from_the_listing},
        {"good_files_and_stamped_ones_are_left", good_files_and_stamped_ones_are_left},
        {"short_trailing_outputs_are_taken_from_the_last_backwards",
         short_trailing_outputs_are_taken_from_the_last_backwards},
        {"a_year_of_deliveries_costs_what_the_documentation_says",
         a_year_of_deliveries_costs_what_the_documentation_says},
        {"few_files_are_not_worth_it", few_files_are_not_worth_it},
    };

    return test_main("plan/take", cases, sizeof cases / sizeof cases[0], argc, argv);
}
