/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/quantity.h"

#include "support/test.h"

TEST(sizes_mean_what_people_write)
{
    static const struct {
        const char *about;
        const char *text;
        uint64_t bytes;
    } rows[] = {
        {"bare bytes", "1048576", 1048576},
        {"zero", "0", 0},
        {"B", "10B", 10},
        {"K is binary", "1K", 1024},
        {"KiB", "3KiB", 3072},
        {"KB is decimal", "3KB", 3000},
        {"M", "512M", UINT64_C(512) << 20},
        {"MiB", "512MiB", UINT64_C(512) << 20},
        {"MB", "500MB", 500000000},
        {"G", "4G", UINT64_C(4) << 30},
        {"GiB", "1GiB", UINT64_C(1) << 30},
        {"GB", "1GB", 1000000000},
        {"T", "2T", UINT64_C(2) << 40},
        {"TiB", "1TiB", UINT64_C(1) << 40},
        {"TB", "1TB", UINT64_C(1000000000000)},
        {"small letters", "5gib", UINT64_C(5) << 30},
        {"a blank", "5 GiB", UINT64_C(5) << 30},
        {"a fraction", "1.5G", UINT64_C(3) << 29},
        {"a fraction", "0.25K", 256},
        {"a fraction of a byte is dropped", "1.9B", 1},
        {"many digits", "0.333333333333333333TiB", 366503875558},
        {"the largest", "9223372036854775807", INT64_MAX},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t bytes = 0;

        CHECK_OK(rg_size_parse(rows[i].text, &bytes, &t->err));
        if (bytes != rows[i].bytes)
            test_fail(__FILE__, __LINE__, "%s: %s is %llu", rows[i].about, rows[i].text,
                      (unsigned long long)bytes);
    }
}

TEST(what_is_no_size_is_refused)
{
    static const char *const texts[] = {"",    "G",   "-1",   "+1",  "1.G",  ".5G", "1e3", "1 2",
                                        "1GG", "1iB", "0x10", "1,5", "1G\n", "1%",  " 1",  "1Q"};
    uint64_t bytes;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK_ERROR(rg_size_parse(texts[i], &bytes, &t->err), RG_ERR_INVALID, "is no size");
    CHECK_ERROR(rg_size_parse("9223372036854775808B", &bytes, &t->err), RG_ERR_INVALID, "no size");
    CHECK_ERROR(rg_size_parse("99999999999999999999", &bytes, &t->err), RG_ERR_INVALID, "no size");
    CHECK_ERROR(rg_size_parse("8388608TiB", &bytes, &t->err), RG_ERR_INVALID, "too large");
}

TEST(durations_need_a_unit)
{
    uint64_t ns;

    CHECK_OK(rg_duration_parse("90s", &ns, &t->err));
    CHECK_U64(ns, UINT64_C(90000000000));
    CHECK_OK(rg_duration_parse("15m", &ns, &t->err));
    CHECK_U64(ns, UINT64_C(900000000000));
    CHECK_OK(rg_duration_parse("1.5h", &ns, &t->err));
    CHECK_U64(ns, UINT64_C(5400000000000));
    CHECK_OK(rg_duration_parse("1d", &ns, &t->err));
    CHECK_U64(ns, UINT64_C(86400000000000));
    CHECK_OK(rg_duration_parse("0", &ns, &t->err));
    CHECK_U64(ns, 0);
    CHECK_ERROR(rg_duration_parse("90", &ns, &t->err), RG_ERR_INVALID, "is no duration");
    CHECK_ERROR(rg_duration_parse("90S", &ns, &t->err), RG_ERR_INVALID, "is no duration");
    CHECK_ERROR(rg_duration_parse("", &ns, &t->err), RG_ERR_INVALID, "is no duration");
    CHECK_ERROR(rg_duration_parse("40000d", &ns, &t->err), RG_ERR_INVALID, "too long");
    CHECK_ERROR(rg_duration_parse("9223372036854775807d", &ns, &t->err), RG_ERR_INVALID,
                "too long");
}

TEST(shares_and_numbers)
{
    uint32_t percent;
    uint64_t number;

    CHECK_OK(rg_percent_parse("25%", &percent, &t->err));
    CHECK_U64(percent, 25);
    CHECK_ERROR(rg_percent_parse("0%", &percent, &t->err), RG_ERR_INVALID, "no share");
    CHECK_ERROR(rg_percent_parse("101%", &percent, &t->err), RG_ERR_INVALID, "no share");
    CHECK_ERROR(rg_percent_parse("1.5%", &percent, &t->err), RG_ERR_INVALID, "no share");
    CHECK_OK(rg_number_parse("007", &number, &t->err));
    CHECK_U64(number, 7);
    CHECK_ERROR(rg_number_parse("7 ", &number, &t->err), RG_ERR_INVALID, "no whole number");
    CHECK_ERROR(rg_number_parse("7.0", &number, &t->err), RG_ERR_INVALID, "no whole number");
    CHECK_ERROR(rg_number_parse("-7", &number, &t->err), RG_ERR_INVALID, "no whole number");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"sizes_mean_what_people_write", sizes_mean_what_people_write},
        {"what_is_no_size_is_refused", what_is_no_size_is_refused},
        {"durations_need_a_unit", durations_need_a_unit},
        {"shares_and_numbers", shares_and_numbers},
    };

    return test_main("plan/quantity", cases, sizeof cases / sizeof cases[0], argc, argv);
}
