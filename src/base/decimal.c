/* SPDX-License-Identifier: Apache-2.0 */

#include "base/decimal.h"

#include <stdbool.h>
#include <string.h>

static const char digits[] = "0123456789";

void rg_decimal_mend(char *text)
{
    char *point = text + (text[0] == '-');
    const size_t whole_digits = strspn(point, digits);

    point += whole_digits;
    const size_t point_bytes = strcspn(point, digits);
    const char *fraction = point + point_bytes;
    /* "nan", "5", "5 MB/s", "5e-07" have none: no point has an ASCII letter or a blank. */
    const bool is_point = whole_digits > 0 && *fraction != '\0' && *point != ' ' && *point != 'e';

    if (!is_point)
        return;
    *point = '.';
    memmove(point + 1, fraction, strlen(fraction) + 1);
}
