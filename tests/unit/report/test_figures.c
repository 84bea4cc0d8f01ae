/* SPDX-License-Identifier: Apache-2.0 */

#include "report/figures.h"

#include "support/test.h"

static const uint64_t ms = 1000000;
static const uint64_t second = 1000000000;

TEST(bytes)
{
    static const struct {
        uint64_t bytes;
        const char *wanted;
    } rows[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {10230, "9.99 KiB"},
        {10240, "10.0 KiB"},
        {UINT64_C(1048575), "1.00 MiB"},
        {UINT64_C(1) << 20, "1.00 MiB"},
        {UINT64_C(413064652390), "384.7 GiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    char text[RG_FIGURE_BYTES_MAX];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_TEXT(rg_figure_bytes(rows[i].bytes, text), rows[i].wanted);
    CHECK_TEXT(rg_figure_bytes_tight(1536, text), "1.50KiB");
}

TEST(counts_and_plurals)
{
    char text[RG_FIGURE_BYTES_MAX];

    CHECK_TEXT(rg_figure_count(0, text), "0");
    CHECK_TEXT(rg_figure_count(999, text), "999");
    CHECK_TEXT(rg_figure_count(1000, text), "1,000");
    CHECK_TEXT(rg_figure_count(1234567, text), "1,234,567");
    CHECK_TEXT(rg_figure_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
    CHECK_TEXT(rg_figure_plural(1), "");
    CHECK_TEXT(rg_figure_plural(0), "s");
}

TEST(durations)
{
    char text[RG_FIGURE_BYTES_MAX];

    CHECK_TEXT(rg_figure_duration(0, text), "0 ms");
    CHECK_TEXT(rg_figure_duration(999 * ms, text), "999 ms");
    CHECK_TEXT(rg_figure_duration(1250 * ms, text), "1.2 s");
    CHECK_TEXT(rg_figure_duration(59 * second, text), "59 s");
    CHECK_TEXT(rg_figure_duration(192 * second, text), "3m12s");
    CHECK_TEXT(rg_figure_duration(29100 * second, text), "8h05m");
    CHECK_TEXT(rg_figure_duration(273600 * second, text), "3d04h");
    CHECK_TEXT(rg_figure_duration(UINT64_MAX, text), "213503d23h");
}

TEST(rates_and_shares)
{
    char text[RG_FIGURE_BYTES_MAX];

    CHECK_TEXT(rg_figure_rate(1000, 0, text), "-");
    CHECK_TEXT(rg_figure_rate(812000000, second, text), "812 MB/s");
    CHECK_TEXT(rg_figure_rate(1500000, second, text), "1.5 MB/s");
    CHECK_TEXT(rg_figure_share(0, 0, text), "-");
    CHECK_TEXT(rg_figure_share(0, 5, text), "0 %");
    CHECK_TEXT(rg_figure_share(1, 100000, text), "0.1 %");
    CHECK_TEXT(rg_figure_share(99999, 100000, text), "99.9 %");
    CHECK_TEXT(rg_figure_share(1, 3, text), "33.3 %");
    CHECK_TEXT(rg_figure_share(5, 5, text), "100 %");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"bytes", bytes},
        {"counts_and_plurals", counts_and_plurals},
        {"durations", durations},
        {"rates_and_shares", rates_and_shares},
    };

    return test_main("report/figures", cases, sizeof cases / sizeof cases[0], argc, argv);
}
