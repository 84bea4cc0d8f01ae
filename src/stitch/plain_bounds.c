/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Smallest and largest of many values, at the speed of memory where values have a fixed width.
 *
 * Numbers are taken in blocks: a vector kernel finds the extremes of a block, and only the block in
 * which an extreme lies is searched again for its place, because a bound is handed out as the bytes
 * of `plain` it stands in. Byte strings are compared by their first eight bytes, and in full only
 * where those are equal.
 *
 * The kernels are written with the compiler's vector types, once, and compiled twice on x86-64: for
 * AVX2 and for what every such processor has. Both give the same results.
 */

#include "stitch/plain_bounds.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "parquet/schema.h"

enum {
    BLOCK_VALUES = 1024
};

#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define HAS_AVX2 __builtin_cpu_supports("avx2")
#define FOR_AVX2 __attribute__((target("avx2")))
#else
#define HAS_AVX2 0
#define FOR_AVX2
#endif

/*
 * Defines name_base() and name_avx2(): extremes of `count` numbers of `type` at `data`, and how
 * many are NaN. `mask_type` is the signed integer of the same width. NaN compares false with
 * everything, so it never gets into an extreme.
 */
#define DEFINE_KERNEL(name, type, mask_type, lowest, highest)                                      \
    struct name##_extremes {                                                                       \
        type min, max;                                                                             \
        size_t nan_count;                                                                          \
    };                                                                                             \
    typedef type name##_vector __attribute__((vector_size(32)));                                   \
    typedef mask_type name##_mask __attribute__((vector_size(32)));                                \
    INLINE void name##_body(const uint8_t *data, size_t count, struct name##_extremes *ret)        \
    {                                                                                              \
        enum {                                                                                     \
            LANES = 32 / sizeof(type)                                                              \
        };                                                                                         \
        struct name##_extremes e = {highest, lowest, 0};                                           \
        size_t i = 0;                                                                              \
        if (count >= LANES) {                                                                      \
            type lanes_min[LANES], lanes_max[LANES];                                               \
            mask_type lanes_nan[LANES];                                                            \
            name##_mask nan = {0};                                                                 \
            name##_vector min, max;                                                                \
            for (size_t lane = 0; lane < LANES; lane++) {                                          \
                lanes_min[lane] = highest;                                                         \
                lanes_max[lane] = lowest;                                                          \
            }                                                                                      \
            memcpy(&min, lanes_min, sizeof min);                                                   \
            memcpy(&max, lanes_max, sizeof max);                                                   \
            for (; i + LANES <= count; i += LANES) {                                               \
                name##_vector v;                                                                   \
                memcpy(&v, data + i * sizeof(type), sizeof v);                                     \
                const name##_mask below = (name##_mask)(v < min);                                  \
                const name##_mask above = (name##_mask)(v > max);                                  \
                min = (name##_vector)(((name##_mask)v & below) | ((name##_mask)min & ~below));     \
                max = (name##_vector)(((name##_mask)v & above) | ((name##_mask)max & ~above));     \
                nan -= (name##_mask)(v != v);                                                      \
            }                                                                                      \
            memcpy(lanes_min, &min, sizeof min);                                                   \
            memcpy(lanes_max, &max, sizeof max);                                                   \
            memcpy(lanes_nan, &nan, sizeof nan);                                                   \
            for (size_t lane = 0; lane < LANES; lane++) {                                          \
                e.min = lanes_min[lane] < e.min ? lanes_min[lane] : e.min;                         \
                e.max = lanes_max[lane] > e.max ? lanes_max[lane] : e.max;                         \
                e.nan_count += (size_t)lanes_nan[lane];                                            \
            }                                                                                      \
        }                                                                                          \
        for (; i < count; i++) {                                                                   \
            type v;                                                                                \
            memcpy(&v, data + i * sizeof(type), sizeof v);                                         \
            e.min = v < e.min ? v : e.min;                                                         \
            e.max = v > e.max ? v : e.max;                                                         \
            e.nan_count += v != v;                                                                 \
        }                                                                                          \
        *ret = e;                                                                                  \
    }                                                                                              \
    FOR_AVX2 static void name##_avx2(const uint8_t *data, size_t count,                            \
                                     struct name##_extremes *ret)                                  \
    {                                                                                              \
        name##_body(data, count, ret);                                                             \
    }                                                                                              \
    static void name##_base(const uint8_t *data, size_t count, struct name##_extremes *ret)        \
    {                                                                                              \
        name##_body(data, count, ret);                                                             \
    }                                                                                              \
    /* The place of `wanted` in a block that holds it. */                                          \
    static struct rg_span name##_place(const uint8_t *data, type wanted)                           \
    {                                                                                              \
        for (;; data += sizeof(type)) {                                                            \
            type v;                                                                                \
            memcpy(&v, data, sizeof v);                                                            \
            if (v == wanted)                                                                       \
                return (struct rg_span){data, sizeof(type)};                                       \
        }                                                                                          \
    }                                                                                              \
    static void name##_bounds(const uint8_t *data, size_t count, struct bounds *ret)               \
    {                                                                                              \
        const bool has_avx2 = HAS_AVX2;                                                            \
        const uint8_t *min_block = NULL;                                                           \
        const uint8_t *max_block = NULL;                                                           \
        type min = highest;                                                                        \
        type max = lowest;                                                                         \
        for (size_t i = 0; i < count; i += BLOCK_VALUES) {                                         \
            const uint8_t *block = data + i * sizeof(type);                                        \
            const size_t values = count - i < BLOCK_VALUES ? count - i : BLOCK_VALUES;             \
            struct name##_extremes e;                                                              \
            (has_avx2 ? name##_avx2 : name##_base)(block, values, &e);                             \
            ret->nan_count += e.nan_count;                                                         \
            if (e.nan_count == values)                                                             \
                continue;                                                                          \
            if (min_block == NULL || e.min < min) {                                                \
                min_block = block;                                                                 \
                min = e.min;                                                                       \
            }                                                                                      \
            if (max_block == NULL || e.max > max) {                                                \
                max_block = block;                                                                 \
                max = e.max;                                                                       \
            }                                                                                      \
        }                                                                                          \
        if (min_block != NULL)                                                                     \
            ret->min = name##_place(min_block, min);                                               \
        if (max_block != NULL)                                                                     \
            ret->max = name##_place(max_block, max);                                               \
    }

/* What was found: data NULL where there is no value. */
struct bounds {
    struct rg_span min, max;
    uint64_t nan_count;
};

DEFINE_KERNEL(int32, int32_t, int32_t, INT32_MIN, INT32_MAX)
DEFINE_KERNEL(int64, int64_t, int64_t, INT64_MIN, INT64_MAX)
DEFINE_KERNEL(uint32, uint32_t, int32_t, 0, UINT32_MAX)
DEFINE_KERNEL(uint64, uint64_t, int64_t, 0, UINT64_MAX)
DEFINE_KERNEL(float, float, int32_t, -INFINITY, INFINITY)
DEFINE_KERNEL(double, double, int64_t, -(double)INFINITY, (double)INFINITY)

static const uint8_t booleans[2] = {0, 1};

static void boolean_bounds(const uint8_t *data, size_t count, struct bounds *ret)
{
    bool has_false = false;
    bool has_true = false;

    for (size_t i = 0; i < count && !(has_false && has_true); i += 8) {
        const size_t bits = count - i < 8 ? count - i : 8;
        const uint8_t mask = (uint8_t)(0xff >> (8 - bits));

        has_true = has_true || (data[i / 8] & mask) != 0;
        has_false = has_false || (data[i / 8] & mask) != mask;
    }
    if (count > 0) {
        ret->min = (struct rg_span){booleans + (has_false ? 0 : 1), 1};
        ret->max = (struct rg_span){booleans + (has_true ? 1 : 0), 1};
    }
}

static void half_bounds(const uint8_t *data, size_t count, struct bounds *ret)
{
    int32_t min = INT32_MAX;
    int32_t max = INT32_MIN;

    for (size_t i = 0; i < count; i++) {
        const struct rg_span value = {data + 2 * i, 2};
        const int32_t bits = value.data[0] | value.data[1] << 8;
        const int32_t magnitude = bits & 0x7fff;
        const int32_t key = bits >= 0x8000 ? -magnitude : magnitude;

        if (magnitude > 0x7c00) {
            ret->nan_count++;
            continue;
        }
        if (key < min) {
            min = key;
            ret->min = value;
        }
        if (key > max) {
            max = key;
            ret->max = value;
        }
    }
}

static bool is_big_endian(void)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

/* The first eight bytes as a number that orders like them, zeros behind a shorter value. */
INLINE uint64_t prefix_of(struct rg_span value, const uint8_t *end)
{
    uint64_t word = 0;

    if (value.bytes >= 8 || (size_t)(end - value.data) >= 8)
        memcpy(&word, value.data, 8);
    else
        memcpy(&word, value.data, value.bytes);
    if (!is_big_endian())
        word = __builtin_bswap64(word);
    if (value.bytes >= 8)
        return word;
    return value.bytes == 0 ? 0 : word & ~(UINT64_MAX >> (8 * value.bytes));
}

/* Extremes of byte strings so far, with their prefixes. */
struct strings {
    struct rg_span min, max;
    uint64_t min_prefix, max_prefix;
};

/* `flip` is the sign bit of a prefix where values of one length compare as signed numbers. */
INLINE void add_string(struct strings *s, struct rg_span value, const uint8_t *end, uint64_t flip)
{
    const uint64_t prefix = prefix_of(value, end) ^ flip;

    if (prefix <= s->min_prefix) {
        const bool is_tie = prefix == s->min_prefix && s->min.data != NULL;
        if (!is_tie || rg_span_compare(value, s->min) < 0) {
            s->min = value;
            s->min_prefix = prefix;
        }
    }
    if (prefix >= s->max_prefix) {
        const bool is_tie = prefix == s->max_prefix && s->max.data != NULL;
        if (!is_tie || rg_span_compare(value, s->max) > 0) {
            s->max = value;
            s->max_prefix = prefix;
        }
    }
}

static void fixed_bounds(struct rg_span plain, size_t width, size_t count, bool is_signed,
                         struct bounds *ret)
{
    const uint64_t flip = is_signed ? UINT64_C(1) << 63 : 0;
    struct strings s = {.min_prefix = UINT64_MAX, .max_prefix = 0};

    if (is_signed && width == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct rg_span value = {plain.data + i * width, width};
        add_string(&s, value, plain.data + plain.bytes, flip);
    }
    ret->min = s.min;
    ret->max = s.max;
}

/*
 * The next BYTE_ARRAY, length in front; false when the bytes end.
 */
INLINE bool next_string(const uint8_t **next, const uint8_t *end, struct rg_span *ret_value)
{
    const size_t left = (size_t)(end - *next);

    if (left < 4)
        return false;
    const uint8_t *p = *next;
    const size_t bytes =
        p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24; /* Little-endian. */
    if (bytes > left - 4)
        return false;
    *ret_value = (struct rg_span){p + 4, bytes};
    *next = p + 4 + bytes;
    return true;
}

/* How many values were there: `count`, or fewer when the bytes end. */
static size_t string_bounds(struct rg_span plain, size_t count, struct bounds *ret)
{
    const uint8_t *next = plain.data;
    const uint8_t *end = plain.data + plain.bytes;
    struct strings s = {.min_prefix = UINT64_MAX, .max_prefix = 0};

    for (size_t i = 0; i < count; i++) {
        struct rg_span value;
        if (!next_string(&next, end, &value))
            return i;
        add_string(&s, value, end, 0);
    }
    ret->min = s.min;
    ret->max = s.max;
    return count;
}

/* The same for numbers of any length; no bounds when one has no bytes, which is no number. */
static size_t signed_string_bounds(struct rg_span plain, size_t count, struct bounds *ret)
{
    const uint8_t *next = plain.data;
    const uint8_t *end = plain.data + plain.bytes;
    bool has_empty = false;
    struct bounds b = {{NULL, 0}, {NULL, 0}, 0};

    for (size_t i = 0; i < count; i++) {
        struct rg_span value;
        if (!next_string(&next, end, &value))
            return i;
        if (value.bytes == 0) {
            has_empty = true;
            continue;
        }
        if (b.min.data == NULL || rg_order_compare(RG_ORDER_SIGNED_BYTES, value, b.min) < 0)
            b.min = value;
        if (b.max.data == NULL || rg_order_compare(RG_ORDER_SIGNED_BYTES, value, b.max) > 0)
            b.max = value;
    }
    if (!has_empty)
        *ret = b;
    return count;
}

/* Bytes of a value of fixed width; 0 for BYTE_ARRAY. */
static size_t byte_array_bounds(enum rg_order order, struct rg_span plain, size_t count,
                                struct bounds *ret)
{
    if (plain.bytes == 0)
        return 0;
    if (order == RG_ORDER_BYTES)
        return string_bounds(plain, count, ret);
    if (order == RG_ORDER_SIGNED_BYTES)
        return signed_string_bounds(plain, count, ret);
    return count;
}

/* Enough bytes are there. */
static void fixed_width_bounds(enum rg_order order, const struct rg_leaf *leaf,
                               struct rg_span plain, size_t count, struct bounds *ret)
{
    switch (order) {
    case RG_ORDER_NONE:
        return;
    case RG_ORDER_BOOLEAN:
        boolean_bounds(plain.data, count, ret);
        return;
    case RG_ORDER_INT32:
        int32_bounds(plain.data, count, ret);
        return;
    case RG_ORDER_INT64:
        int64_bounds(plain.data, count, ret);
        return;
    case RG_ORDER_UINT32:
        uint32_bounds(plain.data, count, ret);
        return;
    case RG_ORDER_UINT64:
        uint64_bounds(plain.data, count, ret);
        return;
    case RG_ORDER_FLOAT:
        float_bounds(plain.data, count, ret);
        return;
    case RG_ORDER_DOUBLE:
        double_bounds(plain.data, count, ret);
        return;
    case RG_ORDER_FLOAT16:
        half_bounds(plain.data, count, ret);
        return;
    case RG_ORDER_BYTES:
    case RG_ORDER_SIGNED_BYTES:
        fixed_bounds(plain, rg_plain_bytes(leaf), count, order == RG_ORDER_SIGNED_BYTES, ret);
        return;
    }
}

enum rg_status rg_statistics_of_plain(enum rg_order order, const struct rg_leaf *leaf,
                                      struct rg_span plain, uint32_t value_count, bool is_exact,
                                      struct rg_statistics *ret_statistics, struct rg_error *err)
{
    struct bounds b = {{NULL, 0}, {NULL, 0}, 0};

    if (leaf->type == RG_TYPE_BYTE_ARRAY) {
        const size_t count = byte_array_bounds(order, plain, value_count, &b);
        if (count < value_count)
            return rg_fail(err, RG_ERR_CORRUPT, "plain values end at %zu of %u", count,
                           value_count);
    } else {
        const bool is_bits = leaf->type == RG_TYPE_BOOLEAN;
        size_t bytes = ((size_t)value_count + 7) / 8;

        if (!is_bits && !rg_mul_size(value_count, rg_plain_bytes(leaf), &bytes))
            bytes = SIZE_MAX;
        if (plain.bytes < bytes)
            return rg_fail(err, RG_ERR_CORRUPT, "%zu bytes cannot hold %u plain values",
                           plain.bytes, value_count);
        if (value_count > 0 && plain.data != NULL)
            fixed_width_bounds(order, leaf, plain, value_count, &b);
    }
    if (b.nan_count > 0)
        b.min = b.max = (struct rg_span){NULL, 0};
    *ret_statistics = (struct rg_statistics){
        .min_value = rg_order_lower_bound(order, b.min),
        .max_value = rg_order_upper_bound(order, b.max),
        .has_nan_count = rg_order_is_floating(order),
        .nan_count = b.nan_count,
        .has_min_exact = b.min.data != NULL,
        .has_max_exact = b.max.data != NULL,
        .is_min_exact = b.min.data != NULL && is_exact,
        .is_max_exact = b.max.data != NULL && is_exact,
    };
    return RG_OK;
}
