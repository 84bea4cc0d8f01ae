/* SPDX-License-Identifier: Apache-2.0 */

#include "report/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"

static const uint64_t second_ns = UINT64_C(1000000000);

static const char *write_bytes(uint64_t bytes, const char *blank, char text[RG_FIGURE_BYTES_MAX])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    double value = (double)bytes;

    /* 1023.95 would be printed as 1024.0. */
    while (value >= (unit == 0 ? 1024.0 : 1023.95)) {
        value /= 1024.0;
        unit++;
    }
    if (unit == 0)
        snprintf(text, RG_FIGURE_BYTES_MAX, "%" PRIu64 "%sB", bytes, blank);
    else
        snprintf(text, RG_FIGURE_BYTES_MAX, "%.*f%s%s", value < 9.995 ? 2 : 1, value, blank,
                 units[unit]);
    rg_decimal_mend(text);
    return text;
}

const char *rg_figure_bytes(uint64_t bytes, char text[RG_FIGURE_BYTES_MAX])
{
    return write_bytes(bytes, " ", text);
}

const char *rg_figure_bytes_tight(uint64_t bytes, char text[RG_FIGURE_BYTES_MAX])
{
    return write_bytes(bytes, "", text);
}

const char *rg_figure_count(uint64_t count, char text[RG_FIGURE_BYTES_MAX])
{
    char digits[24];
    const size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, count);
    size_t at = 0;

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = 0;
    return text;
}

const char *rg_figure_duration(uint64_t ns, char text[RG_FIGURE_BYTES_MAX])
{
    const uint64_t seconds = ns / second_ns;
    const uint64_t minutes = seconds / 60;
    const uint64_t hours = minutes / 60;

    if (ns < second_ns)
        snprintf(text, RG_FIGURE_BYTES_MAX, "%" PRIu64 " ms", ns / 1000000);
    else if (seconds < 10)
        snprintf(text, RG_FIGURE_BYTES_MAX, "%" PRIu64 ".%" PRIu64 " s", seconds,
                 ns % second_ns / 100000000);
    else if (seconds < 60)
        snprintf(text, RG_FIGURE_BYTES_MAX, "%" PRIu64 " s", seconds);
    else if (minutes < 60)
        snprintf(text, RG_FIGURE_BYTES_MAX, "%" PRIu64 "m%02" PRIu64 "s", minutes, seconds % 60);
    else if (hours < 24)
        snprintf(text, RG_FIGURE_BYTES_MAX, "%" PRIu64 "h%02" PRIu64 "m", hours, minutes % 60);
    else
        snprintf(text, RG_FIGURE_BYTES_MAX, "%" PRIu64 "d%02" PRIu64 "h", hours / 24, hours % 24);
    return text;
}

const char *rg_figure_rate(uint64_t bytes, uint64_t ns, char text[RG_FIGURE_BYTES_MAX])
{
    if (ns == 0) {
        snprintf(text, RG_FIGURE_BYTES_MAX, "-");
        return text;
    }
    const double rate = (double)bytes / ((double)ns / 1e9) / 1e6;
    snprintf(text, RG_FIGURE_BYTES_MAX, "%.*f MB/s", rate < 9.95 ? 1 : 0, rate);
    rg_decimal_mend(text);
    return text;
}

const char *rg_figure_share(uint64_t part, uint64_t whole, char text[RG_FIGURE_BYTES_MAX])
{
    if (whole == 0) {
        snprintf(text, RG_FIGURE_BYTES_MAX, "-");
        return text;
    }
    const double share = (double)part / (double)whole * 100.0;
    const double shown = part > 0 && share < 0.1        ? 0.1
                         : part < whole && share > 99.9 ? 99.9
                                                        : share;
    const int is_round = part == 0 || part == whole;
    snprintf(text, RG_FIGURE_BYTES_MAX, "%.*f %%", is_round ? 0 : 1, shown);
    rg_decimal_mend(text);
    return text;
}

const char *rg_figure_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
