/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How it is done. The loops for one width are the same text with the width a constant: the compiler
 * turns offsets, shifts and masks into immediates. They load 8 or 16 bytes where fewer are wanted,
 * so they run over the groups whose loads stay inside the input, and over a padded copy of the few
 * groups that are left.
 *
 * AVX2, up to 25 bits: a value and the bits in front of it in its first byte fit 32 bits. Four
 * values lie within 16 bytes, so one shuffle for each half of a register puts every value's bytes
 * into its lane, and a shift for each lane and a mask do the rest. To bytes, up to 8 bits: the same
 * with 16-bit lanes, where a multiplication by a power of two stands in for the missing shift.
 *
 * Not here: runs (parquet/rle.h), and blocks with deltas (parquet/encoding/delta.h).
 */

#include "parquet/bit_pack.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "loads of words expect little endian");

#define ALWAYS_INLINE inline __attribute__((always_inline))

enum {
    GROUP = 8,
    /* More than any kernel loads from the start of a group, and more than one such load. */
    LOAD_BYTES_MAX = 40,
    TAIL_BYTES_MAX = LOAD_BYTES_MAX + 32,
};

static ALWAYS_INLINE uint64_t load_u64(const uint8_t *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return word;
}

static inline uint32_t mask_u32(uint32_t width)
{
    return (uint32_t)((UINT64_C(1) << width) - 1);
}

/* How many leading groups can be loaded by a kernel that touches `load_bytes` from a group's start.
 */
static size_t count_safe_groups(uint32_t width, size_t group_count, size_t load_bytes)
{
    const size_t bytes = group_count * width;

    if (bytes < load_bytes)
        return 0;
    const size_t safe = (bytes - load_bytes) / width + 1;
    return safe < group_count ? safe : group_count;
}

/* Any machine, to 32 bits. */

static ALWAYS_INLINE void unpack_width(const uint8_t *packed, size_t group_count, uint32_t *values,
                                       const uint32_t width)
{
    const uint32_t mask = mask_u32(width);

    for (size_t i = 0; i < group_count; i++) {
        if (width <= 8) {
            const uint64_t word = load_u64(packed);
            for (uint32_t k = 0; k < GROUP; k++)
                values[k] = (uint32_t)(word >> (k * width)) & mask;
        } else {
            for (uint32_t k = 0; k < GROUP; k++)
                values[k] = (uint32_t)(load_u64(packed + k * width / 8) >> (k * width % 8)) & mask;
        }
        packed += width;
        values += GROUP;
    }
}

#define UNPACK(w)                                                                                  \
    static void unpack_##w(const uint8_t *packed, size_t group_count, uint32_t *values)            \
    {                                                                                              \
        unpack_width(packed, group_count, values, w);                                              \
    }
UNPACK(1)
UNPACK(2)
UNPACK(3)
UNPACK(4)
UNPACK(5)
UNPACK(6)
UNPACK(7)
UNPACK(8)
UNPACK(9)
UNPACK(10)
UNPACK(11)
UNPACK(12)
UNPACK(13)
UNPACK(14)
UNPACK(15)
UNPACK(16)
UNPACK(17)
UNPACK(18)
UNPACK(19)
UNPACK(20)
UNPACK(21)
UNPACK(22)
UNPACK(23)
UNPACK(24)
UNPACK(25)
UNPACK(26)
UNPACK(27)
UNPACK(28)
UNPACK(29)
UNPACK(30)
UNPACK(31)
UNPACK(32)

typedef void unpack_fn(const uint8_t *packed, size_t group_count, uint32_t *values);

static unpack_fn *const unpack_of_width[] = {
    NULL,      unpack_1,  unpack_2,  unpack_3,  unpack_4,  unpack_5,  unpack_6,
    unpack_7,  unpack_8,  unpack_9,  unpack_10, unpack_11, unpack_12, unpack_13,
    unpack_14, unpack_15, unpack_16, unpack_17, unpack_18, unpack_19, unpack_20,
    unpack_21, unpack_22, unpack_23, unpack_24, unpack_25, unpack_26, unpack_27,
    unpack_28, unpack_29, unpack_30, unpack_31, unpack_32};

/* Runs `unpack` over a copy that may be loaded past its end. */
static void unpack_tail(unpack_fn *unpack, const uint8_t *packed, uint32_t width,
                        size_t group_count, uint32_t *values)
{
    uint8_t copy[TAIL_BYTES_MAX + LOAD_BYTES_MAX];
    const size_t bytes = group_count * width;

    assert(bytes <= TAIL_BYTES_MAX);
    memcpy(copy, packed, bytes);
    memset(copy + bytes, 0, LOAD_BYTES_MAX);
    unpack(copy, group_count, values);
}

void rg_unpack_groups_scalar(const uint8_t *packed, uint32_t width, size_t group_count,
                             uint32_t *ret_values)
{
    if (group_count == 0)
        return;
    if (width == 0) {
        memset(ret_values, 0, group_count * GROUP * sizeof *ret_values);
        return;
    }
    unpack_fn *const unpack = unpack_of_width[width];
    const size_t safe = count_safe_groups(width, group_count, 7 * width / 8 + 8);

    unpack(packed, safe, ret_values);
    if (safe < group_count)
        unpack_tail(unpack, packed + safe * width, width, group_count - safe,
                    ret_values + safe * GROUP);
}

/* Any machine, to bytes. */

/* Eight bits to eight bytes: each byte keeps its own bit, and becomes 1 where that is set. */
static void unpack_bits(const uint8_t *packed, size_t group_count, uint8_t *values)
{
    for (size_t i = 0; i < group_count; i++) {
        const uint64_t each = packed[i] * UINT64_C(0x0101010101010101);
        const uint64_t own = each & UINT64_C(0x8040201008040201);
        const uint64_t ones =
            (own + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101);

        memcpy(values + i * GROUP, &ones, sizeof ones);
    }
}

static void unpack_to_bytes(const uint8_t *packed, uint32_t width, size_t group_count,
                            uint8_t *values)
{
    const uint8_t mask = (uint8_t)mask_u32(width);

    for (size_t i = 0; i < group_count; i++) {
        uint64_t word = 0;

        for (uint32_t k = 0; k < width; k++)
            word |= (uint64_t)packed[k] << (8 * k);
        for (uint32_t k = 0; k < GROUP; k++)
            values[k] = (uint8_t)(word >> (k * width)) & mask;
        packed += width;
        values += GROUP;
    }
}

void rg_unpack_groups_u8_scalar(const uint8_t *packed, uint32_t width, size_t group_count,
                                uint8_t *ret_values)
{
    if (width == 0 && group_count > 0)
        memset(ret_values, 0, group_count * GROUP);
    else if (width == 1)
        unpack_bits(packed, group_count, ret_values);
    else if (group_count > 0)
        unpack_to_bytes(packed, width, group_count, ret_values);
}

/* AVX2. */

#if defined(__x86_64__)

#define BYTES_4(bit) (bit) / 8, (bit) / 8 + 1, (bit) / 8 + 2, (bit) / 8 + 3
#define SHUFFLE(w)                                                                                 \
    {                                                                                              \
        BYTES_4(0), BYTES_4(w), BYTES_4(2 * w), BYTES_4(3 * w), BYTES_4(4 * (w % 2)),              \
            BYTES_4(4 * (w % 2) + w), BYTES_4(4 * (w % 2) + 2 * w), BYTES_4(4 * (w % 2) + 3 * w)   \
    }
#define SHIFTS(w)                                                                                  \
    {                                                                                              \
        0, w % 8, 2 * w % 8, 3 * w % 8, 4 * w % 8, 5 * w % 8, 6 * w % 8, 7 * w % 8                 \
    }

enum {
    AVX2_WIDTH_MAX = 25
};

static const uint8_t shuffle_of_width[AVX2_WIDTH_MAX + 1][32] = {
    {0},         SHUFFLE(1),  SHUFFLE(2),  SHUFFLE(3),  SHUFFLE(4),  SHUFFLE(5),  SHUFFLE(6),
    SHUFFLE(7),  SHUFFLE(8),  SHUFFLE(9),  SHUFFLE(10), SHUFFLE(11), SHUFFLE(12), SHUFFLE(13),
    SHUFFLE(14), SHUFFLE(15), SHUFFLE(16), SHUFFLE(17), SHUFFLE(18), SHUFFLE(19), SHUFFLE(20),
    SHUFFLE(21), SHUFFLE(22), SHUFFLE(23), SHUFFLE(24), SHUFFLE(25)};
static const uint32_t shifts_of_width[AVX2_WIDTH_MAX + 1][8] = {
    {0},        SHIFTS(1),  SHIFTS(2),  SHIFTS(3),  SHIFTS(4),  SHIFTS(5),  SHIFTS(6),
    SHIFTS(7),  SHIFTS(8),  SHIFTS(9),  SHIFTS(10), SHIFTS(11), SHIFTS(12), SHIFTS(13),
    SHIFTS(14), SHIFTS(15), SHIFTS(16), SHIFTS(17), SHIFTS(18), SHIFTS(19), SHIFTS(20),
    SHIFTS(21), SHIFTS(22), SHIFTS(23), SHIFTS(24), SHIFTS(25)};

/* Loads width / 2 + 16 bytes from the start of a group. */
__attribute__((target("avx2"))) static void unpack_avx2(const uint8_t *packed, uint32_t width,
                                                        size_t group_count, uint32_t *values)
{
    const __m256i shuffle =
        _mm256_loadu_si256((const __m256i *)(const void *)shuffle_of_width[width]);
    const __m256i shifts =
        _mm256_loadu_si256((const __m256i *)(const void *)shifts_of_width[width]);
    const __m256i mask = _mm256_set1_epi32((int)mask_u32(width));
    const size_t half = width / 2;

    for (size_t i = 0; i < group_count; i++) {
        const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)packed);
        const __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(packed + half));
        __m256i lanes = _mm256_set_m128i(high, low);

        lanes = _mm256_shuffle_epi8(lanes, shuffle);
        lanes = _mm256_and_si256(_mm256_srlv_epi32(lanes, shifts), mask);
        _mm256_storeu_si256((__m256i *)(void *)values, lanes);
        packed += width;
        values += GROUP;
    }
}

static void unpack_groups_avx2(const uint8_t *packed, uint32_t width, size_t group_count,
                               uint32_t *values)
{
    uint8_t copy[TAIL_BYTES_MAX + LOAD_BYTES_MAX];
    const size_t safe = count_safe_groups(width, group_count, width / 2 + 16);
    const size_t bytes = (group_count - safe) * width;

    unpack_avx2(packed, width, safe, values);
    if (bytes == 0)
        return;
    assert(bytes <= TAIL_BYTES_MAX);
    memcpy(copy, packed + safe * width, bytes);
    memset(copy + bytes, 0, LOAD_BYTES_MAX);
    unpack_avx2(copy, width, group_count - safe, values + safe * GROUP);
}

#define BYTES_2(bit) (bit) / 8, (bit) / 8 + 1
#define SHUFFLE_U8(w)                                                                              \
    {                                                                                              \
        BYTES_2(0), BYTES_2(w), BYTES_2(2 * w), BYTES_2(3 * w), BYTES_2(4 * w), BYTES_2(5 * w),    \
            BYTES_2(6 * w), BYTES_2(7 * w)                                                         \
    }
#define FACTOR(bit) 256 >> (bit) % 8
#define FACTORS_U8(w)                                                                              \
    {                                                                                              \
        FACTOR(0), FACTOR(w), FACTOR(2 * w), FACTOR(3 * w), FACTOR(4 * w), FACTOR(5 * w),          \
            FACTOR(6 * w), FACTOR(7 * w)                                                           \
    }

static const uint8_t shuffle_u8_of_width[9][16] = {{0},           SHUFFLE_U8(1), SHUFFLE_U8(2),
                                                   SHUFFLE_U8(3), SHUFFLE_U8(4), SHUFFLE_U8(5),
                                                   SHUFFLE_U8(6), SHUFFLE_U8(7), SHUFFLE_U8(8)};
static const uint16_t factors_u8_of_width[9][8] = {{0},           FACTORS_U8(1), FACTORS_U8(2),
                                                   FACTORS_U8(3), FACTORS_U8(4), FACTORS_U8(5),
                                                   FACTORS_U8(6), FACTORS_U8(7), FACTORS_U8(8)};

/* Four groups at a time; loads 3 * width + 16 bytes from the start of the first. */
__attribute__((target("avx2"))) static void unpack_u8_avx2(const uint8_t *packed, uint32_t width,
                                                           size_t quad_count, uint8_t *values)
{
    const __m256i shuffle = _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(const void *)shuffle_u8_of_width[width]));
    const __m256i factors = _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(const void *)factors_u8_of_width[width]));
    const __m256i mask = _mm256_set1_epi16((short)mask_u32(width));

    for (size_t i = 0; i < quad_count; i++) {
        const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)packed);
        const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(packed + width));
        const __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(packed + 2 * width));
        const __m128i d = _mm_loadu_si128((const __m128i *)(const void *)(packed + 3 * width));
        /* _mm256_packus_epi16() packs each half by itself: so a and b lie in the lower halves. */
        __m256i even = _mm256_shuffle_epi8(_mm256_set_m128i(c, a), shuffle);
        __m256i odd = _mm256_shuffle_epi8(_mm256_set_m128i(d, b), shuffle);

        even = _mm256_srli_epi16(_mm256_mullo_epi16(even, factors), 8);
        odd = _mm256_srli_epi16(_mm256_mullo_epi16(odd, factors), 8);
        even = _mm256_and_si256(even, mask);
        odd = _mm256_and_si256(odd, mask);
        _mm256_storeu_si256((__m256i *)(void *)values, _mm256_packus_epi16(even, odd));
        packed += 4 * (size_t)width;
        values += (size_t)4 * GROUP;
    }
}

/* The same for width 1, which needs no byte more than it has: four bytes to 32. */
__attribute__((target("avx2"))) static void unpack_bits_avx2(const uint8_t *packed,
                                                             size_t quad_count, uint8_t *values)
{
    const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2,
                                            2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i bits = _mm256_set1_epi64x((long long)UINT64_C(0x8040201008040201));
    const __m256i one = _mm256_set1_epi8(1);

    for (size_t i = 0; i < quad_count; i++) {
        int word;
        memcpy(&word, packed + 4 * i, sizeof word);
        const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(word), spread);
        const __m256i own = _mm256_and_si256(bytes, bits);
        const __m256i ones = _mm256_and_si256(_mm256_cmpeq_epi8(own, bits), one);

        _mm256_storeu_si256((__m256i *)(void *)(values + i * 4 * GROUP), ones);
    }
}

static size_t unpack_quads_avx2(const uint8_t *packed, uint32_t width, size_t group_count,
                                uint8_t *values)
{
    if (width == 1) {
        unpack_bits_avx2(packed, group_count / 4, values);
        return group_count / 4 * 4;
    }
    const size_t safe = count_safe_groups(4 * width, group_count / 4, 3 * (size_t)width + 16);

    unpack_u8_avx2(packed, width, safe, values);
    return safe * 4;
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

#endif

/* What is called. */

void rg_unpack_groups(const uint8_t *packed, uint32_t width, size_t group_count,
                      uint32_t *ret_values)
{
#if defined(__x86_64__)
    if (width > 0 && width <= AVX2_WIDTH_MAX && group_count > 0 && has_avx2()) {
        unpack_groups_avx2(packed, width, group_count, ret_values);
        return;
    }
#endif
    rg_unpack_groups_scalar(packed, width, group_count, ret_values);
}

void rg_unpack_groups_u8(const uint8_t *packed, uint32_t width, size_t group_count,
                         uint8_t *ret_values)
{
    size_t done = 0;

#if defined(__x86_64__)
    if (width > 0 && group_count >= 4 && has_avx2())
        done = unpack_quads_avx2(packed, width, group_count, ret_values);
#endif
    rg_unpack_groups_u8_scalar(packed + done * width, width, group_count - done,
                               ret_values + done * GROUP);
}

/* Any width, whatever lies behind the input. */
static void unpack_u64_slow(const uint8_t *packed, uint32_t width, size_t group_count,
                            uint64_t *values)
{
    const uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;

    for (size_t i = 0; i < group_count; i++) {
        /* A value spans at most 9 bytes. */
        uint8_t group[64 + 9];

        if (width > 0)
            memcpy(group, packed, width);
        memset(group + width, 0, 9);
        for (uint32_t k = 0; k < GROUP; k++) {
            const uint32_t bit = k * width;
            const uint32_t shift = bit % 8;
            uint64_t value = load_u64(group + bit / 8) >> shift;

            if (shift > 0)
                value |= (uint64_t)group[bit / 8 + 8] << (64 - shift);
            values[k] = value & mask;
        }
        packed += width;
        values += GROUP;
    }
}

/* Loads at most 9 bytes from where the last value of a group begins. */
static ALWAYS_INLINE void unpack_u64_width(const uint8_t *packed, size_t group_count,
                                           uint64_t *values, const uint32_t width)
{
    const uint64_t mask = UINT64_MAX >> (64 - width);

    for (size_t i = 0; i < group_count; i++) {
        for (uint32_t k = 0; k < GROUP; k++) {
            const uint8_t *at = packed + k * width / 8;
            const uint32_t shift = k * width % 8;
            uint64_t value = load_u64(at) >> shift;

            if (shift + width > 64)
                value |= (uint64_t)at[8] << (64 - shift);
            values[k] = value & mask;
        }
        packed += width;
        values += GROUP;
    }
}

#define UNPACK_WIDE(w)                                                                             \
    static void unpack_u64_##w(const uint8_t *packed, size_t group_count, uint64_t *values)        \
    {                                                                                              \
        unpack_u64_width(packed, group_count, values, w);                                          \
    }
UNPACK_WIDE(33)
UNPACK_WIDE(34)
UNPACK_WIDE(35)
UNPACK_WIDE(36)
UNPACK_WIDE(37)
UNPACK_WIDE(38)
UNPACK_WIDE(39)
UNPACK_WIDE(40)
UNPACK_WIDE(41)
UNPACK_WIDE(42)
UNPACK_WIDE(43)
UNPACK_WIDE(44)
UNPACK_WIDE(45)
UNPACK_WIDE(46)
UNPACK_WIDE(47)
UNPACK_WIDE(48)
UNPACK_WIDE(49)
UNPACK_WIDE(50)
UNPACK_WIDE(51)
UNPACK_WIDE(52)
UNPACK_WIDE(53)
UNPACK_WIDE(54)
UNPACK_WIDE(55)
UNPACK_WIDE(56)
UNPACK_WIDE(57)
UNPACK_WIDE(58)
UNPACK_WIDE(59)
UNPACK_WIDE(60)
UNPACK_WIDE(61)
UNPACK_WIDE(62)
UNPACK_WIDE(63)
UNPACK_WIDE(64)

typedef void unpack_u64_fn(const uint8_t *packed, size_t group_count, uint64_t *values);

/* From 33 bits on. */
static unpack_u64_fn *const unpack_u64_of_width[] = {
    unpack_u64_33, unpack_u64_34, unpack_u64_35, unpack_u64_36, unpack_u64_37, unpack_u64_38,
    unpack_u64_39, unpack_u64_40, unpack_u64_41, unpack_u64_42, unpack_u64_43, unpack_u64_44,
    unpack_u64_45, unpack_u64_46, unpack_u64_47, unpack_u64_48, unpack_u64_49, unpack_u64_50,
    unpack_u64_51, unpack_u64_52, unpack_u64_53, unpack_u64_54, unpack_u64_55, unpack_u64_56,
    unpack_u64_57, unpack_u64_58, unpack_u64_59, unpack_u64_60, unpack_u64_61, unpack_u64_62,
    unpack_u64_63, unpack_u64_64};

void rg_unpack_groups_u64(const uint8_t *packed, uint32_t width, size_t group_count,
                          uint64_t *ret_values)
{
    size_t safe = 0;

    if (width > 32) {
        safe = count_safe_groups(width, group_count, 7 * width / 8 + (width == 64 ? 8 : 9));
        unpack_u64_of_width[width - 33](packed, safe, ret_values);
    }
    unpack_u64_slow(packed + safe * width, width, group_count - safe, ret_values + safe * GROUP);
}

void rg_pack_groups(const uint32_t *values, uint32_t width, size_t group_count, uint8_t *ret_packed)
{
    const size_t value_count = width == 0 ? 0 : group_count * GROUP;
    uint64_t word = 0;
    uint32_t bits = 0;

    for (size_t i = 0; i < value_count; i++) {
        word |= (uint64_t)values[i] << bits;
        bits += width;
        if (bits >= 32) {
            const uint32_t low = (uint32_t)word;
            memcpy(ret_packed, &low, sizeof low);
            ret_packed += sizeof low;
            word >>= 32;
            bits -= 32;
        }
    }
    /* Groups are whole bytes. */
    assert(bits % 8 == 0);
    for (; bits > 0; bits -= 8) {
        *ret_packed++ = (uint8_t)word;
        word >>= 8;
    }
}

void rg_pack_groups_u64(const uint64_t *values, uint32_t width, size_t group_count,
                        uint8_t *ret_packed)
{
    for (size_t i = 0; i < group_count; i++) {
        uint8_t group[64 + 9] = {0};

        for (uint32_t k = 0; k < GROUP; k++) {
            const uint32_t bit = k * width;
            const uint32_t shift = bit % 8;
            const uint64_t word = load_u64(group + bit / 8) | values[k] << shift;

            memcpy(group + bit / 8, &word, sizeof word);
            if (shift > 0)
                group[bit / 8 + 8] |= (uint8_t)(values[k] >> (64 - shift));
        }
        if (width > 0)
            memcpy(ret_packed, group, width);
        ret_packed += width;
        values += GROUP;
    }
}
