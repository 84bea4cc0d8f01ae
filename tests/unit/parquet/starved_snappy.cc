/* SPDX-License-Identifier: Apache-2.0 */

#include "starved_snappy.h"

#include <new>

static bool refuses;

void starved_snappy_set(bool is_starved)
{
    refuses = is_starved;
}

snappy_status __wrap_snappy_compress(const char *data, size_t bytes, char *out, size_t *ret_bytes)
{
    if (refuses)
        throw std::bad_alloc();
    return __real_snappy_compress(data, bytes, out, ret_bytes);
}
