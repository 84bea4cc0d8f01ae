/* SPDX-License-Identifier: Apache-2.0 */

/*
 * In C++, because only that can catch what is thrown: snappy's C functions let std::bad_alloc of
 * operator new pass, and where there is nothing but C above them the process ends.
 */

#include "parquet/codec/snappy_call.h"

#include <new>

#include <snappy-c.h>

enum rg_snappy_answer rg_snappy_compress(const char *data, size_t data_bytes, char *out,
                                         size_t *ret_bytes)
{
    try {
        return snappy_compress(data, data_bytes, out, ret_bytes) == SNAPPY_OK ? RG_SNAPPY_DONE
                                                                              : RG_SNAPPY_NO_ROOM;
    } catch (const std::bad_alloc &) {
        return RG_SNAPPY_NO_MEMORY;
    }
}
