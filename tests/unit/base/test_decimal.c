/* SPDX-License-Identifier: Apache-2.0 */

#include "base/decimal.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

TEST(the_point_of_any_locale_becomes_a_point)
{
    static const char *const pairs[][2] = {
        {"0,5", "0.5"},
        {"-12,25", "-12.25"},
        {"18,4 KiB", "18.4 KiB"},
        {"1,5e-07", "1.5e-07"},
        {"1,5e+300", "1.5e+300"},
        /* U+066B, as in ps_AF. */
        {"3\xd9\xab"
         "25 %",
         "3.25 %"},
        {"0.5", "0.5"},
        {"384.7GiB", "384.7GiB"},
        {"5", "5"},
        {"-5", "-5"},
        {"5e-07", "5e-07"},
        {"12 MB/s", "12 MB/s"},
        {"100 %", "100 %"},
        {"nan", "nan"},
        {"-inf", "-inf"},
        {"", ""},
        {"-", "-"},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[32];

        snprintf(text, sizeof text, "%s", pairs[i][0]);
        rg_decimal_mend(text);
        CHECK_TEXT(text, pairs[i][1]);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"the_point_of_any_locale_becomes_a_point", the_point_of_any_locale_becomes_a_point},
    };

    return test_main("base/decimal", cases, sizeof cases / sizeof cases[0], argc, argv);
}
