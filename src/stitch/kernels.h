/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Inner loops over indices. Where the machine has AVX2 it is used; the twins that end in _scalar do
 * the same anywhere, and are external only to be tested against.
 *
 * Nothing is read beyond the counts that are given, nor written where it is not said. No tables are
 * shared.
 */

#ifndef STITCH_KERNELS_H
#define STITCH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest of `count` values; 0 of none. */
uint32_t rg_kernel_max(const uint32_t *values, size_t count);
uint32_t rg_kernel_max_scalar(const uint32_t *values, size_t count);

/* Replaces every value by map[value]; all are in range. The answer is the largest new one. */
uint32_t rg_kernel_map(uint32_t *values, size_t count, const uint32_t *map);
uint32_t rg_kernel_map_scalar(uint32_t *values, size_t count, const uint32_t *map);

/* True when values[i] == first + i for all. */
bool rg_kernel_is_ramp(const uint32_t *values, size_t count, uint32_t first);
bool rg_kernel_is_ramp_scalar(const uint32_t *values, size_t count, uint32_t first);

/* out[i] = table[indices[i]], of 4 and of 8 bytes each; `table` and `out` need no alignment. */
void rg_kernel_gather4(const uint8_t *table, const uint32_t *indices, size_t count, uint8_t *out);
void rg_kernel_gather4_scalar(const uint8_t *table, const uint32_t *indices, size_t count,
                              uint8_t *out);
void rg_kernel_gather8(const uint8_t *table, const uint32_t *indices, size_t count, uint8_t *out);
void rg_kernel_gather8_scalar(const uint8_t *table, const uint32_t *indices, size_t count,
                              uint8_t *out);

/*
 * Bit-packs groups of 8 values of `width` bits (0 to 32; higher bits are 0): group_count * width
 * bytes. Up to 8 bytes behind them may be overwritten. Its twin is rg_pack_groups().
 */
void rg_kernel_pack(const uint32_t *values, uint32_t width, size_t group_count, uint8_t *out);

#endif
