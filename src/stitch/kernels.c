/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/kernels.h"

#include <string.h>

#include "parquet/bit_pack.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define HAS_AVX2 (__builtin_cpu_supports("avx2") != 0)
#define AVX2     __attribute__((target("avx2")))
#define BMI2     __attribute__((target("avx2,bmi2")))
#endif

enum {
    LANES = 8,
};

uint32_t rg_kernel_max_scalar(const uint32_t *values, size_t count)
{
    uint32_t highest = 0;

    for (size_t i = 0; i < count; i++)
        highest = values[i] > highest ? values[i] : highest;
    return highest;
}

uint32_t rg_kernel_map_scalar(uint32_t *values, size_t count, const uint32_t *map)
{
    uint32_t highest = 0;

    for (size_t i = 0; i < count; i++) {
        values[i] = map[values[i]];
        highest = values[i] > highest ? values[i] : highest;
    }
    return highest;
}

bool rg_kernel_is_ramp_scalar(const uint32_t *values, size_t count, uint32_t first)
{
    uint32_t wrong = 0;

    for (size_t i = 0; i < count; i++)
        wrong |= values[i] ^ (first + (uint32_t)i);
    return wrong == 0;
}

void rg_kernel_gather4_scalar(const uint8_t *table, const uint32_t *indices, size_t count,
                              uint8_t *out)
{
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * 4, table + (size_t)indices[i] * 4, 4);
}

void rg_kernel_gather8_scalar(const uint8_t *table, const uint32_t *indices, size_t count,
                              uint8_t *out)
{
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * 8, table + (size_t)indices[i] * 8, 8);
}

#if defined(__x86_64__)
static AVX2 __m256i load(const uint32_t *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

static AVX2 void store(void *at, __m256i value)
{
    _mm256_storeu_si256((__m256i *)at, value);
}

static AVX2 uint32_t highest_lane(__m256i lanes)
{
    uint32_t values[LANES];

    store(values, lanes);
    return rg_kernel_max_scalar(values, LANES);
}

static AVX2 uint32_t max_avx2(const uint32_t *values, size_t count)
{
    __m256i highest = _mm256_setzero_si256();
    size_t i = 0;

    for (; count - i >= LANES; i += LANES)
        highest = _mm256_max_epu32(highest, load(values + i));
    const uint32_t here = highest_lane(highest);
    const uint32_t rest = rg_kernel_max_scalar(values + i, count - i);
    return here > rest ? here : rest;
}

static AVX2 uint32_t map_avx2(uint32_t *values, size_t count, const uint32_t *map)
{
    __m256i highest = _mm256_setzero_si256();
    size_t i = 0;

    for (; count - i >= LANES; i += LANES) {
        const __m256i mapped =
            _mm256_i32gather_epi32((const int *)(const void *)map, load(values + i), 4);

        highest = _mm256_max_epu32(highest, mapped);
        store(values + i, mapped);
    }
    const uint32_t here = highest_lane(highest);
    const uint32_t rest = rg_kernel_map_scalar(values + i, count - i, map);
    return here > rest ? here : rest;
}

static AVX2 bool is_ramp_avx2(const uint32_t *values, size_t count, uint32_t first)
{
    const __m256i step = _mm256_set1_epi32(LANES);
    __m256i wanted =
        _mm256_add_epi32(_mm256_set1_epi32((int)first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    __m256i wrong = _mm256_setzero_si256();
    size_t i = 0;

    for (; count - i >= LANES; i += LANES) {
        wrong = _mm256_or_si256(wrong, _mm256_xor_si256(load(values + i), wanted));
        wanted = _mm256_add_epi32(wanted, step);
    }
    return _mm256_testz_si256(wrong, wrong) != 0 &&
           rg_kernel_is_ramp_scalar(values + i, count - i, first + (uint32_t)i);
}

static AVX2 void gather4_avx2(const uint8_t *table, const uint32_t *indices, size_t count,
                              uint8_t *out)
{
    size_t i = 0;

    for (; count - i >= LANES; i += LANES)
        store(out + i * 4,
              _mm256_i32gather_epi32((const int *)(const void *)table, load(indices + i), 4));
    rg_kernel_gather4_scalar(table, indices + i, count - i, out + i * 4);
}

/* Eight values of at most 8 bits: each a byte, then the bytes' unused bits are pressed out. */
static BMI2 void pack_bytes(const uint32_t *values, uint32_t width, size_t group_count,
                            uint8_t *out)
{
    const uint64_t mask = UINT64_C(0x0101010101010101) * ((UINT64_C(1) << width) - 1);

    for (size_t i = 0; i < group_count; i++) {
        const __m256i lanes = load(values + i * LANES);
        const __m128i shorts =
            _mm_packus_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
        const __m128i bytes = _mm_packus_epi16(shorts, shorts);
        const uint64_t packed = _pext_u64((uint64_t)_mm_cvtsi128_si64(bytes), mask);

        memcpy(out, &packed, sizeof packed);
        out += width;
    }
}

/* Eight values of 9 to 15 bits: four to a word, two words that meet in the middle of a byte. */
static BMI2 void pack_shorts(const uint32_t *values, uint32_t width, size_t group_count,
                             uint8_t *out)
{
    const uint64_t mask = UINT64_C(0x0001000100010001) * ((UINT64_C(1) << width) - 1);
    const uint32_t odd = width % 2 * 4;

    for (size_t i = 0; i < group_count; i++) {
        const __m256i lanes = load(values + i * LANES);
        const __m128i shorts =
            _mm_packus_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
        const uint64_t low = _pext_u64((uint64_t)_mm_cvtsi128_si64(shorts), mask);
        const uint64_t high = _pext_u64((uint64_t)_mm_extract_epi64(shorts, 1), mask);
        const uint64_t rest = odd == 0 ? high : high << 4 | low >> (4 * width - 4);

        memcpy(out, &low, sizeof low);
        memcpy(out + width / 2, &rest, sizeof rest);
        out += width;
    }
}

/* The instruction exists on the first Zens too, but takes them hundreds of cycles. */
static bool has_fast_pext(void)
{
    return HAS_AVX2 && __builtin_cpu_supports("bmi2") != 0 && !__builtin_cpu_is("znver1") &&
           !__builtin_cpu_is("znver2");
}
#endif

void rg_kernel_pack(const uint32_t *values, uint32_t width, size_t group_count, uint8_t *out)
{
#if defined(__x86_64__)
    if (width > 0 && width <= 8 && has_fast_pext()) {
        pack_bytes(values, width, group_count, out);
        return;
    }
    if (width > 8 && width < 16 && has_fast_pext()) {
        pack_shorts(values, width, group_count, out);
        return;
    }
#endif
    rg_pack_groups(values, width, group_count, out);
}

uint32_t rg_kernel_max(const uint32_t *values, size_t count)
{
#if defined(__x86_64__)
    if (HAS_AVX2)
        return max_avx2(values, count);
#endif
    return rg_kernel_max_scalar(values, count);
}

uint32_t rg_kernel_map(uint32_t *values, size_t count, const uint32_t *map)
{
#if defined(__x86_64__)
    if (HAS_AVX2)
        return map_avx2(values, count, map);
#endif
    return rg_kernel_map_scalar(values, count, map);
}

bool rg_kernel_is_ramp(const uint32_t *values, size_t count, uint32_t first)
{
#if defined(__x86_64__)
    if (HAS_AVX2)
        return is_ramp_avx2(values, count, first);
#endif
    return rg_kernel_is_ramp_scalar(values, count, first);
}

void rg_kernel_gather4(const uint8_t *table, const uint32_t *indices, size_t count, uint8_t *out)
{
#if defined(__x86_64__)
    if (HAS_AVX2) {
        gather4_avx2(table, indices, count, out);
        return;
    }
#endif
    rg_kernel_gather4_scalar(table, indices, count, out);
}

void rg_kernel_gather8(const uint8_t *table, const uint32_t *indices, size_t count, uint8_t *out)
{
    /* Eight bytes a load and a store: gather instructions are no faster here. */
    rg_kernel_gather8_scalar(table, indices, count, out);
}
