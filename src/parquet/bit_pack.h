/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bit-packed integers, least significant bit first (parquet-format Encodings.md): the kernels.
 *
 * Values come in groups of 8, which fill `width` bytes each. Nothing is read past the last group
 * and nothing is written past its values. Where the machine has AVX2 it is used; the twins ending
 * in _scalar do the same anywhere, and are external only to be tested against.
 */

#ifndef PARQUET_BIT_PACK_H
#define PARQUET_BIT_PACK_H

#include <stddef.h>
#include <stdint.h>

/* Groups of width 0 to 32 to 32-bit values. */
void rg_unpack_groups(const uint8_t *packed, uint32_t width, size_t group_count,
                      uint32_t *ret_values);
void rg_unpack_groups_scalar(const uint8_t *packed, uint32_t width, size_t group_count,
                             uint32_t *ret_values);

/* Groups of width 0 to 8 to bytes. */
void rg_unpack_groups_u8(const uint8_t *packed, uint32_t width, size_t group_count,
                         uint8_t *ret_values);
void rg_unpack_groups_u8_scalar(const uint8_t *packed, uint32_t width, size_t group_count,
                                uint8_t *ret_values);

/* Groups of width 0 to 64 to 64-bit values. */
void rg_unpack_groups_u64(const uint8_t *packed, uint32_t width, size_t group_count,
                          uint64_t *ret_values);

/* The way back: bits of a value above `width` must be 0. Writes group_count * width bytes. */
void rg_pack_groups(const uint32_t *values, uint32_t width, size_t group_count,
                    uint8_t *ret_packed);
void rg_pack_groups_u64(const uint64_t *values, uint32_t width, size_t group_count,
                        uint8_t *ret_packed);

#endif
