/* SPDX-License-Identifier: Apache-2.0 */

/* Arithmetic on sizes that come from outside: false instead of a wrapped result. */

#ifndef BASE_CHECKED_H
#define BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool rg_add_size(size_t a, size_t b, size_t *ret_sum)
{
    return !__builtin_add_overflow(a, b, ret_sum);
}

static inline bool rg_mul_size(size_t a, size_t b, size_t *ret_product)
{
    return !__builtin_mul_overflow(a, b, ret_product);
}

static inline bool rg_add_u64(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    return !__builtin_add_overflow(a, b, ret_sum);
}

static inline bool rg_mul_u64(uint64_t a, uint64_t b, uint64_t *ret_product)
{
    return !__builtin_mul_overflow(a, b, ret_product);
}

#endif
