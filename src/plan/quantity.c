/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/quantity.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked.h"

/* Nine digits behind the point are looked at: then products of two fractions fit 64 bits. */
static const uint64_t fraction_scale_max = UINT64_C(1000000000);

struct quantity {
    uint64_t whole;
    uint64_t fraction;       /* In units of 1 / fraction_scale. */
    uint64_t fraction_scale; /* A power of ten. */
    const char *unit;        /* What stands behind the number, blanks skipped. */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* False when there is no number, or it is above 2^63 - 1. */
static bool parse_quantity(const char *text, struct quantity *ret_quantity)
{
    struct quantity quantity = {.fraction_scale = 1};
    const char *at = text;

    if (!is_digit(*at))
        return false;
    for (; is_digit(*at); at++) {
        const bool fits = rg_mul_u64(quantity.whole, 10, &quantity.whole) &&
                          rg_add_u64(quantity.whole, (uint64_t)(*at - '0'), &quantity.whole);

        if (!fits || quantity.whole > INT64_MAX)
            return false;
    }
    if (*at == '.') {
        at++;
        if (!is_digit(*at))
            return false;
        for (; is_digit(*at); at++) {
            if (quantity.fraction_scale == fraction_scale_max)
                continue;
            quantity.fraction = quantity.fraction * 10 + (uint64_t)(*at - '0');
            quantity.fraction_scale *= 10;
        }
    }
    quantity.unit = at + strspn(at, " \t");
    *ret_quantity = quantity;
    return true;
}

/* whole and fraction times `unit`, or false above 2^63 - 1. */
static bool multiply(const struct quantity *quantity, uint64_t unit, uint64_t *ret_product)
{
    uint64_t product;

    if (!rg_mul_u64(quantity->whole, unit, &product))
        return false;
    /* floor(fraction * unit / scale) in two steps, because fraction * unit may not fit. */
    const uint64_t scale = quantity->fraction_scale;
    const uint64_t part = unit / scale * quantity->fraction;
    const uint64_t rest = unit % scale * quantity->fraction / scale;
    if (!rg_add_u64(product, part + rest, &product))
        return false;
    if (product > INT64_MAX)
        return false;
    *ret_product = product;
    return true;
}

/* Whatever the case, in any locale: strcasecmp() tells "MIB" from "MiB" in Turkish. */
static bool is_same_unit(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0' && (*a | 0x20) == (*b | 0x20)) {
        a++;
        b++;
    }
    return *a == *b;
}

static bool find_size_unit(const char *name, uint64_t *ret_unit)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {
        {"", 1},
        {"B", 1},
        {"K", UINT64_C(1) << 10},
        {"KiB", UINT64_C(1) << 10},
        {"KB", UINT64_C(1000)},
        {"M", UINT64_C(1) << 20},
        {"MiB", UINT64_C(1) << 20},
        {"MB", UINT64_C(1000000)},
        {"G", UINT64_C(1) << 30},
        {"GiB", UINT64_C(1) << 30},
        {"GB", UINT64_C(1000000000)},
        {"T", UINT64_C(1) << 40},
        {"TiB", UINT64_C(1) << 40},
        {"TB", UINT64_C(1000000000000)},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (is_same_unit(name, units[i].name)) {
            *ret_unit = units[i].bytes;
            return true;
        }
    return false;
}

enum rg_status rg_size_parse(const char *text, uint64_t *ret_bytes, struct rg_error *err)
{
    struct quantity quantity;
    uint64_t unit;

    if (!parse_quantity(text, &quantity) || !find_size_unit(quantity.unit, &unit))
        return rg_fail(err, RG_ERR_INVALID, "'%.40s' is no size; sizes are like 512MiB, 4G, 500MB",
                       text);
    if (!multiply(&quantity, unit, ret_bytes))
        return rg_fail(err, RG_ERR_INVALID, "'%.40s' is too large", text);
    return RG_OK;
}

enum rg_status rg_percent_parse(const char *text, uint32_t *ret_percent, struct rg_error *err)
{
    struct quantity quantity;
    const bool is_percent = parse_quantity(text, &quantity) && strcmp(quantity.unit, "%") == 0 &&
                            quantity.fraction_scale == 1;

    if (!is_percent || quantity.whole < 1 || quantity.whole > 100)
        return rg_fail(err, RG_ERR_INVALID, "'%.40s' is no share; shares are 1%% to 100%%", text);
    *ret_percent = (uint32_t)quantity.whole;
    return RG_OK;
}

enum rg_status rg_duration_parse(const char *text, uint64_t *ret_ns, struct rg_error *err)
{
    static const uint64_t second_ns = UINT64_C(1000000000);
    static const uint64_t ns_max = UINT64_C(36525) * 86400 * UINT64_C(1000000000);
    struct quantity quantity;
    uint64_t unit = 0;

    if (parse_quantity(text, &quantity)) {
        if (strcmp(quantity.unit, "s") == 0)
            unit = second_ns;
        else if (strcmp(quantity.unit, "m") == 0)
            unit = 60 * second_ns;
        else if (strcmp(quantity.unit, "h") == 0)
            unit = 3600 * second_ns;
        else if (strcmp(quantity.unit, "d") == 0)
            unit = 86400 * second_ns;
        else if (*quantity.unit == 0 && quantity.whole == 0 && quantity.fraction == 0)
            unit = 1;
    }
    if (unit == 0)
        return rg_fail(err, RG_ERR_INVALID,
                       "'%.40s' is no duration; durations are like 90s, 15m, 2h, 1d", text);
    if (!multiply(&quantity, unit, ret_ns) || *ret_ns > ns_max)
        return rg_fail(err, RG_ERR_INVALID, "'%.40s' is too long", text);
    return RG_OK;
}

enum rg_status rg_number_parse(const char *text, uint64_t *ret_number, struct rg_error *err)
{
    struct quantity quantity;
    const bool is_number = parse_quantity(text, &quantity) && text[strspn(text, "0123456789")] == 0;

    if (!is_number)
        return rg_fail(err, RG_ERR_INVALID, "'%.40s' is no whole number", text);
    *ret_number = quantity.whole;
    return RG_OK;
}
