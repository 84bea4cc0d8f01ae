/* SPDX-License-Identifier: Apache-2.0 */

/*
 * snappy_compress() of a test's program that can be made to find no memory. (Not operator new,
 * which is what throws: the sanitizers have their own.)
 */

#ifndef UNIT_PARQUET_STARVED_SNAPPY_H
#define UNIT_PARQUET_STARVED_SNAPPY_H

#include <stdbool.h>
#include <stddef.h>

#include <snappy-c.h>

#ifdef __cplusplus
extern "C" {
#endif

void starved_snappy_set(bool is_starved);

/* Linked with --wrap=snappy_compress. */
snappy_status __real_snappy_compress(const char *data, size_t bytes, char *out, size_t *ret_bytes);
snappy_status __wrap_snappy_compress(const char *data, size_t bytes, char *out, size_t *ret_bytes);

#ifdef __cplusplus
}
#endif

#endif
