/* SPDX-License-Identifier: Apache-2.0 */

#include "base/span.h"

#include <string.h>

bool rg_span_equal(struct rg_span a, struct rg_span b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.data, b.data, a.bytes) == 0);
}

int rg_span_compare(struct rg_span a, struct rg_span b)
{
    const size_t common = a.bytes < b.bytes ? a.bytes : b.bytes;
    const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    if (order != 0)
        return order;
    return (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

struct rg_span rg_span_of(const char *text)
{
    return (struct rg_span){(const uint8_t *)text, strlen(text)};
}
