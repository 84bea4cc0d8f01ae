/* SPDX-License-Identifier: Apache-2.0 */

#include "api/sized.h"

#include <string.h>

static size_t size_of(const void *sized)
{
    size_t size;

    memcpy(&size, sized, sizeof size);
    return size;
}

enum rg_status rg_sized_take(void *to, size_t bytes, const void *from, struct rg_error *err)
{
    const size_t given = size_of(from);

    if (given < sizeof given)
        return rg_fail(err, RG_ERR_INVALID, "the size of an options struct is not set: %zu", given);
    memset(to, 0, bytes);
    memcpy(to, from, given < bytes ? given : bytes);
    memcpy(to, &bytes, sizeof bytes);
    return RG_OK;
}

void rg_sized_give(void *to, const void *from, size_t bytes)
{
    const size_t wanted = size_of(to);

    if (wanted < sizeof wanted)
        return;
    memcpy(to, from, wanted < bytes ? wanted : bytes);
    memcpy(to, &wanted, sizeof wanted);
}
