/* SPDX-License-Identifier: Apache-2.0 */

/* The one call of snappy that may throw. */

#ifndef PARQUET_CODEC_SNAPPY_CALL_H
#define PARQUET_CODEC_SNAPPY_CALL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rg_snappy_answer {
    RG_SNAPPY_DONE,
    RG_SNAPPY_NO_ROOM,
    RG_SNAPPY_NO_MEMORY,
};

/* As snappy_compress(): *ret_bytes is the room first. Compresses nothing without memory. */
enum rg_snappy_answer rg_snappy_compress(const char *data, size_t data_bytes, char *out,
                                         size_t *ret_bytes);

#ifdef __cplusplus
}
#endif

#endif
